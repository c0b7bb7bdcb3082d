"""Uncertainty propagation and sensitivity analysis."""

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
    wrap,
)
from dualad.uq._numbers import UArray, UFloat
from dualad.uq._propagate import LinearityWarning, Propagation, propagate

__all__ = [
    "Budget", "LinearityWarning", "Propagation", "UArray", "UFloat", "correlated", "correlated_values",
    "correlated_values_norm", "correlation_matrix", "covariance_matrix", "format_value", "nominal_value",
    "nominal_values", "parse_value", "propagate", "std_dev", "std_devs", "uarray", "ufloat", "ufloat_fromstr", "wrap",
]
