"""Uncertainty propagation and sensitivity analysis."""

from dualad.uq import _rules, umath, unumpy
from dualad.uq._budget import Budget
from dualad.uq._format import format_value, parse_value
from dualad.uq._make import (
    correlated,
    correlated_values,
    correlated_values_norm,
    correlation_matrix,
    covariance_matrix,
    nominal_value,
    nominal_values,
    std_dev,
    std_devs,
    uarray,
    ufloat,
    ufloat_fromstr,
)
from dualad.uq._monte_carlo import Comparison, MonteCarlo, monte_carlo
from dualad.uq._numbers import UArray, UFloat
from dualad.uq._poincare import poincare_constant
from dualad.uq._propagate import LinearityWarning, Propagation, propagate
from dualad.uq._sensitivity import (
    DGSM,
    LocalSensitivity,
    Morris,
    dgsm,
    local_sensitivity,
    morris,
    sobol,
)
from dualad.uq._wrap import wrap

__all__ = [
    "DGSM", "Budget", "Comparison", "LinearityWarning", "LocalSensitivity", "MonteCarlo", "Morris", "Propagation",
    "UArray", "UFloat", "correlated", "correlated_values", "correlated_values_norm", "correlation_matrix",
    "covariance_matrix", "dgsm", "format_value", "local_sensitivity", "monte_carlo", "morris", "nominal_value",
    "nominal_values", "parse_value", "poincare_constant", "propagate", "sobol", "std_dev", "std_devs", "uarray",
    "ufloat", "ufloat_fromstr", "umath", "unumpy", "wrap",
]

del _rules  # imported for what it registers
