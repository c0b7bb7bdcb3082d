from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeAlias, TypeVar

from numpy import inf
from scipy.optimize import OptimizeResult, RootResults

_P = ParamSpec("_P")
_Y = TypeVar("_Y")
_Function: TypeAlias = Callable[..., Any]
_Options: TypeAlias = dict[str, Any] | None

def root(
    fun: _Function,
    x0: Any,
    args: Any = (),
    method: str = "auto",
    jac: Any = None,
    tol: float | None = None,
    callback: _Function | None = None,
    options: _Options = None,
    *,
    progress: bool | Callable[..., Any] = False,
) -> OptimizeResult: ...
def root_scalar(
    f: _Function,
    args: Any = (),
    method: str | None = None,
    bracket: Sequence[Any] | None = None,
    fprime: _Function | bool | None = None,
    fprime2: _Function | bool | None = None,
    x0: Any = None,
    x1: Any = None,
    xtol: float | None = None,
    rtol: float | None = None,
    maxiter: int | None = None,
    options: _Options = None,
) -> RootResults: ...
def newton(
    func: _Function,
    x0: Any,
    fprime: _Function | None = None,
    args: Any = (),
    tol: float = 1.48e-08,
    maxiter: int = 50,
    fprime2: _Function | None = None,
    x1: Any = None,
    rtol: float = 0.0,
    full_output: bool = False,
    disp: bool = True,
    *,
    order: int = 1,
) -> Any: ...
def least_squares(
    fun: _Function,
    x0: Any,
    jac: Any = None,
    bounds: Any = (-inf, inf),
    method: str = "trf",
    ftol: float | None = 1e-15,
    xtol: float | None = 1e-15,
    gtol: float | None = 1e-15,
    x_scale: Any = None,
    loss: Any = "linear",
    f_scale: float = 1.0,
    diff_step: Any = None,
    tr_solver: str | None = None,
    tr_options: _Options = None,
    jac_sparsity: Any = None,
    max_nfev: int | None = None,
    verbose: int = 0,
    args: Any = (),
    kwargs: dict[str, Any] | None = None,
    callback: _Function | None = None,
    workers: Any = None,
) -> OptimizeResult: ...
def curve_fit(
    f: _Function,
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: bool | None = None,
    bounds: Any = (-inf, inf),
    method: str | None = None,
    jac: Any = None,
    *,
    full_output: bool = False,
    nan_policy: str | None = None,
    **kwargs: Any,
) -> Any: ...
def minimize(
    fun: _Function,
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: _Function | None = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: _Function | None = None,
    options: _Options = None,
) -> OptimizeResult: ...
def implicit(residual: _Function, solver: Callable[_P, _Y]) -> Callable[_P, _Y]: ...
def continuation(
    fun: _Function,
    x0: Any,
    p_values: Any = None,
    p_span: Any = None,
    *,
    args: Any = (),
    method: str | None = None,
    step: float | None = None,
    min_step: float | None = None,
    max_step: float | None = None,
    max_points: int = 1000,
    tol: float = 1e-10,
    callback: _Function | None = None,
) -> OptimizeResult: ...
def fsolve(
    func: _Function,
    x0: Any,
    args: Any = (),
    fprime: Any = None,
    full_output: bool | int = 0,
    col_deriv: bool | int = 0,
    xtol: float = 1.49012e-08,
    maxfev: int = 0,
    band: tuple[int, int] | None = None,
    epsfcn: float | None = None,
    factor: float = 100,
    diag: Any = None,
) -> Any: ...
def leastsq(
    func: _Function,
    x0: Any,
    args: Any = (),
    Dfun: Any = None,
    full_output: bool | int = False,
    col_deriv: bool | int = False,
    ftol: float = 1.49012e-08,
    xtol: float = 1.49012e-08,
    gtol: float = 0.0,
    maxfev: int = 0,
    epsfcn: float | None = None,
    factor: float = 100,
    diag: Any = None,
) -> Any: ...

# what is not here is SciPy's
def __getattr__(name: str) -> Any: ...
