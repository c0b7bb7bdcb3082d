from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, ParamSpec, TypeAlias, TypeVar

from dualad import integrate as integrate
from dualad import linalg as linalg
from dualad import memory as memory
from dualad import optimize as optimize
from dualad import plotting as plotting
from dualad import sparse as sparse
from dualad import testing as testing
from dualad import uq as uq
from dualad._core import Dual as Dual
from dualad._core import HyperDual as HyperDual
from dualad._core import MultiDual as MultiDual
from dualad._core import Taylor as Taylor
from dualad.sparse import coloring as coloring
from dualad.sparse import hessian_sparsity as hessian_sparsity
from dualad.sparse import jacobian_sparsity as jacobian_sparsity
from dualad.sparse import sparse_hessian as sparse_hessian
from dualad.sparse import sparse_jacobian as sparse_jacobian

__version__: str

_P = ParamSpec("_P")
_Y = TypeVar("_Y")
_ArgNums: TypeAlias = int | Sequence[int]

# What is differentiated by has the containers of the arguments, which no type can tell: it is Any.

def jvp(
    f: Callable[..., _Y], primals: Sequence[Any], tangents: Sequence[Any], *, intercept: bool = False
) -> tuple[_Y, _Y]: ...
def linearize(
    f: Callable[..., _Y], *primals: Any, intercept: bool = False
) -> tuple[_Y, Callable[..., _Y]]: ...
def derivative(
    f: Callable[_P, _Y], argnum: int = 0, order: int = 1, *, intercept: bool = False
) -> Callable[_P, _Y]: ...
def grad(f: Callable[_P, Any], argnums: _ArgNums = 0, *, intercept: bool = False) -> Callable[_P, Any]: ...
def value_and_grad(
    f: Callable[_P, _Y], argnums: _ArgNums = 0, *, intercept: bool = False
) -> Callable[_P, tuple[_Y, Any]]: ...
def jacobian(
    f: Callable[_P, Any], argnums: _ArgNums = 0, *, chunk_size: int | None = None, intercept: bool = False
) -> Callable[_P, Any]: ...
def value_and_jacobian(
    f: Callable[_P, _Y], argnums: _ArgNums = 0, *, chunk_size: int | None = None, intercept: bool = False
) -> Callable[_P, tuple[_Y, Any]]: ...
def hessian(
    f: Callable[_P, Any], argnums: _ArgNums = 0, *, chunk_size: int | None = None, intercept: bool = False
) -> Callable[_P, Any]: ...
def value_grad_and_hessian(
    f: Callable[_P, _Y], argnums: _ArgNums = 0, *, chunk_size: int | None = None, intercept: bool = False
) -> Callable[_P, tuple[_Y, Any, Any]]: ...
def hvp(
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    chunk_size: int | None = None,
    intercept: bool = False,
) -> tuple[Any, Any]: ...
def taylor(
    f: Callable[..., Any], x: Any, order: int, direction: Any = None, *, intercept: bool = False
) -> Any: ...
def laplacian(
    f: Callable[_P, _Y],
    argnums: _ArgNums = 0,
    *,
    axis: int | tuple[()] | None = None,
    intercept: bool = False,
) -> Callable[_P, _Y]: ...
def hessian_diagonal(
    f: Callable[_P, Any], argnums: _ArgNums = 0, *, intercept: bool = False
) -> Callable[_P, Any]: ...
def intercept_numpy(*where: ModuleType) -> AbstractContextManager[None]: ...
