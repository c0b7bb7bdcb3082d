"""Uncertainty propagation and sensitivity analysis."""

from dualad.uq._budget import Budget
from dualad.uq._format import format_value, parse_value
from dualad.uq._propagate import LinearityWarning, Propagation, propagate

__all__ = ["Budget", "LinearityWarning", "Propagation", "format_value", "parse_value", "propagate"]
