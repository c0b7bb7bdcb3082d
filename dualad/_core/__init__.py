"""The number types: Cython over the C loops of csrc. Private; the public names are in `dualad`."""

from dualad._core.dual import Dual
from dualad._core.multidual import MultiDual
from dualad._core.number import Number, partials, simd_variant, table

__all__ = ["Dual", "MultiDual", "Number", "partials", "simd_variant", "table"]
