"""Exact derivatives of ordinary NumPy programs: forward mode with dual numbers."""

from dualad import memory, testing
from dualad import rules as _rules
from dualad._core import Dual, HyperDual, MultiDual, Taylor
from dualad._intercept import intercept_numpy
from dualad.higher import hessian, hessian_diagonal, hvp, laplacian, taylor, value_grad_and_hessian
from dualad.transforms import derivative, grad, jacobian, jvp, linearize, value_and_grad, value_and_jacobian

__version__ = "0.1.0"

__all__ = [
    "Dual",
    "HyperDual",
    "MultiDual",
    "Taylor",
    "coloring",
    "derivative",
    "grad",
    "hessian_sparsity",
    "integrate",
    "intercept_numpy",
    "jacobian",
    "jacobian_sparsity",
    "jvp",
    "linalg",
    "linearize",
    "memory",
    "optimize",
    "sparse",
    "sparse_hessian",
    "sparse_jacobian",
    "testing",
    "uq",
    "value_and_grad",
    "hessian",
    "hessian_diagonal",
    "hvp",
    "laplacian",
    "taylor",
    "value_grad_and_hessian",
    "value_and_jacobian",
]

del _rules

_SUBPACKAGES = ("integrate", "linalg", "optimize", "plotting", "sparse", "uq")
"""Imported when they are first used, because SciPy's parts behind them take time to load."""

_FROM_SPARSE = ("coloring", "hessian_sparsity", "jacobian_sparsity", "sparse_hessian", "sparse_jacobian")
"""Names of dualad.sparse that stand here as well."""


def __getattr__(name):
    import importlib

    if name in _SUBPACKAGES:
        return importlib.import_module(f"dualad.{name}")
    if name in _FROM_SPARSE:
        return getattr(importlib.import_module("dualad.sparse"), name)
    raise AttributeError(f"module 'dualad' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
