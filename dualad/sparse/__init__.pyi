import os
from collections.abc import Callable, Sequence
from typing import IO, Any, Generic, Literal, ParamSpec, Self, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from dualad._core import Number
from dualad.sparse import linalg as linalg

_P = ParamSpec("_P")
_File: TypeAlias = str | os.PathLike[str] | IO[bytes]
_Format: TypeAlias = Literal["csc", "csr"]
# An array of scipy.sparse, which has no types, or a boolean matrix.
_Pattern: TypeAlias = Any
_Sparse: TypeAlias = Any

class Coloring:
    pattern: _Sparse
    colors: Any  # an array of int; for both partitions a tuple of two
    ncolors: int
    lower_bound: int
    partition: str
    structure: str
    decompression: str
    order: str
    details: Any
    def __init__(
        self,
        pattern: _Sparse,
        colors: Any,
        ncolors: int,
        details: Any,
        lower_bound: int,
        *,
        partition: str,
        structure: str,
        decompression: str,
        order: str,
    ) -> None: ...
    @property
    def groups(self) -> Any: ...
    @property
    def sides(self) -> tuple[npt.NDArray[Any] | None, npt.NDArray[Any] | None]: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    def explain(self) -> str: ...
    def verify(self) -> Self: ...
    def compress(self, matrix: Any) -> Any: ...
    def decompress(self, compressed: Any, *, format: _Format = "csc") -> _Sparse: ...
    def arrays(self) -> dict[str, Any]: ...

class Detection:
    followed_branches: bool
    local: bool
    shape: tuple[int, ...]
    def __init__(self, followed_branches: bool, local: bool, shape: tuple[int, ...]) -> None: ...

class _Plan(Generic[_P]):
    f: Callable[_P, Any]
    @property
    def sparsity(self) -> _Sparse: ...
    @property
    def coloring(self) -> Coloring: ...
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _Sparse: ...
    def prepare(self, *args: _P.args, **kwargs: _P.kwargs) -> Self: ...
    def check(self, *args: _P.args, **kwargs: _P.kwargs) -> Self: ...
    def explain(self) -> str: ...
    def save(self, file: _File) -> None: ...

class SparseJacobian(_Plan[_P]):
    def __init__(
        self,
        f: Callable[_P, Any],
        sparsity: _Pattern | None = None,
        *,
        coloring: Coloring | None = None,
        format: _Format = "csc",
        chunk_size: int | None = None,
        argnum: int = 0,
        intercept: bool = False,
    ) -> None: ...
    def value_and_jacobian(self, *args: _P.args, **kwargs: _P.kwargs) -> tuple[Any, _Sparse]: ...
    def update(self, matrix: _Sparse, *args: _P.args, **kwargs: _P.kwargs) -> _Sparse: ...
    @classmethod
    def load(cls, file: _File, f: Callable[_P, Any]) -> Self: ...

class SparseHessian(_Plan[_P]):
    def __init__(
        self,
        f: Callable[_P, Any],
        sparsity: _Pattern | None = None,
        *,
        coloring: Coloring | None = None,
        grad: Callable[_P, Any] | None = None,
        format: _Format = "csc",
        chunk_size: int | None = None,
        argnum: int = 0,
        intercept: bool = False,
    ) -> None: ...
    @property
    def route(self) -> Literal["terms", "gradient"]: ...
    def value_and_hessian(self, *args: _P.args, **kwargs: _P.kwargs) -> tuple[Any, _Sparse]: ...
    @classmethod
    def load(cls, file: _File, f: Callable[_P, Any], *, grad: Callable[_P, Any] | None = None) -> Self: ...

def sparse_jacobian(
    f: Callable[_P, Any],
    sparsity: _Pattern | None = None,
    *,
    coloring: Coloring | None = None,
    format: _Format = "csc",
    chunk_size: int | None = None,
    argnum: int = 0,
    intercept: bool = False,
) -> SparseJacobian[_P]: ...
def sparse_hessian(
    f: Callable[_P, Any],
    sparsity: _Pattern | None = None,
    *,
    coloring: Coloring | None = None,
    grad: Callable[_P, Any] | None = None,
    format: _Format = "csc",
    chunk_size: int | None = None,
    argnum: int = 0,
    intercept: bool = False,
) -> SparseHessian[_P]: ...
@overload
def jacobian_sparsity(
    f: Callable[..., Any],
    x: Any,
    *args: Any,
    local: bool = False,
    intercept: bool = False,
    return_info: Literal[False] = False,
    **kwargs: Any,
) -> _Sparse: ...
@overload
def jacobian_sparsity(
    f: Callable[..., Any],
    x: Any,
    *args: Any,
    local: bool = False,
    intercept: bool = False,
    return_info: Literal[True],
    **kwargs: Any,
) -> tuple[_Sparse, Detection]: ...
@overload
def hessian_sparsity(
    f: Callable[..., Any],
    x: Any,
    *args: Any,
    local: bool = False,
    intercept: bool = False,
    return_info: Literal[False] = False,
    **kwargs: Any,
) -> _Sparse: ...
@overload
def hessian_sparsity(
    f: Callable[..., Any],
    x: Any,
    *args: Any,
    local: bool = False,
    intercept: bool = False,
    return_info: Literal[True],
    **kwargs: Any,
) -> tuple[_Sparse, Detection]: ...
def coloring(
    pattern: _Pattern,
    *,
    partition: Literal["column", "row", "bidirectional"] = "column",
    structure: Literal["nonsymmetric", "symmetric"] = "nonsymmetric",
    order: str | None = None,
    decompression: Literal["direct", "substitution"] = "direct",
    seed: int = 0,
) -> Coloring: ...

class _Compressed:
    ndim: int
    data: npt.NDArray[Any] | Number
    indices: npt.NDArray[Any]
    indptr: npt.NDArray[Any]
    shape: tuple[int, int]
    def __init__(self, arg1: Any, shape: tuple[int, int] | None = None) -> None: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def nnz(self) -> int: ...
    @property
    def value(self) -> _Sparse: ...
    @property
    def coords(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]: ...
    @property
    def T(self) -> csc_array | csr_array: ...
    def transpose(self) -> csc_array | csr_array: ...
    def asformat(self, format: _Format) -> csc_array | csr_array: ...
    def tocsr(self) -> csr_array: ...
    def tocsc(self) -> csc_array: ...
    def with_data(self, data: Any) -> Self: ...
    def copy(self) -> Self: ...
    def conj(self) -> Self: ...
    def toarray(self) -> Any: ...
    def diagonal(self) -> Any: ...
    def dot(self, other: Any) -> Any: ...
    def multiply(self, other: Any) -> Any: ...
    def __neg__(self) -> Self: ...
    def __add__(self, other: Any) -> Any: ...
    def __radd__(self, other: Any) -> Any: ...
    def __sub__(self, other: Any) -> Any: ...
    def __rsub__(self, other: Any) -> Any: ...
    def __mul__(self, other: Any) -> Any: ...
    def __rmul__(self, other: Any) -> Any: ...
    def __truediv__(self, other: Any) -> Any: ...
    def __matmul__(self, other: Any) -> Any: ...
    def __rmatmul__(self, other: Any) -> Any: ...

class csc_array(_Compressed):
    format: str

class csr_array(_Compressed):
    format: str

def diags_array(
    diagonals: Sequence[Any],
    /,
    *,
    offsets: int | Sequence[int] = 0,
    shape: tuple[int, int] | None = None,
    format: _Format = "csr",
) -> csc_array | csr_array: ...
