"""Exact derivatives of ordinary NumPy programs: forward mode with dual numbers."""

from dualad import memory, testing
from dualad import rules as _rules
from dualad._core import Dual, MultiDual
from dualad.transforms import derivative, grad, jacobian, jvp, linearize, value_and_grad, value_and_jacobian

__version__ = "0.1.0"

__all__ = [
    "Dual", "MultiDual", "derivative", "grad", "jacobian", "jvp", "linearize", "memory", "testing", "value_and_grad",
    "value_and_jacobian",
]

del _rules
