from collections.abc import Sequence
from typing import Any

from dualad.sparse import Coloring, SparseHessian, SparseJacobian
from dualad.uq import Budget, LocalSensitivity, MonteCarlo, Propagation

# axes are those of matplotlib, which need not be installed

def tornado(budget: Budget | Propagation, output: int | str = 0, ax: Any = None, *, most: int = 15) -> Any: ...
def sensitivity_series(
    sensitivity: LocalSensitivity,
    t: Any = None,
    ax: Any = None,
    *,
    by: str = "elasticity",
    names: Sequence[str] | None = None,
    output: Any = None,
) -> Any: ...
def propagation_histogram(
    propagation: Propagation,
    monte_carlo: MonteCarlo,
    output: int | str = 0,
    ax: Any = None,
    *,
    bins: Any = 60,
    probability: float = 0.95,
) -> Any: ...
def correlation_ellipse(
    result: Any,
    first: int | str = 0,
    second: int | str = 1,
    ax: Any = None,
    *,
    probability: float = 0.95,
    samples: MonteCarlo | None = None,
    **style: Any,
) -> Any: ...
def spy(plan: SparseJacobian[...] | SparseHessian[...] | Coloring, ax: Any = None) -> Any: ...
def spy_text(
    plan: SparseJacobian[...] | SparseHessian[...] | Coloring, *, width: int = 60, height: int = 30
) -> str: ...
