from collections.abc import Callable
from typing import Any

# matrices and vectors are plain or have derivatives

def spsolve(A: Any, b: Any, permc_spec: str | None = None, use_umfpack: bool = True) -> Any: ...
def splu(
    A: Any,
    permc_spec: str | None = None,
    diag_pivot_thresh: float | None = None,
    relax: int | None = None,
    panel_size: int | None = None,
    options: dict[str, Any] | None = None,
) -> SuperLU: ...
def factorized(A: Any) -> Callable[[Any], Any]: ...

class SuperLU:
    shape: tuple[int, int]
    lu: Any
    def __init__(self, matrix: Any, lu: Any) -> None: ...
    def solve(self, rhs: Any, trans: str = "N") -> Any: ...

# what is not here is SciPy's
def __getattr__(name: str) -> Any: ...
