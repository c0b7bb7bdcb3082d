"""The number types: Cython over the C loops of csrc. Private; the public names are in `dualad`."""

try:
    from dualad._core.dual import Dual
    from dualad._core.hyperdual import HyperDual
    from dualad._core.multidual import MultiDual
    from dualad._core.number import Number, partials, simd_variant, table
    from dualad._core.taylor import Taylor
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("dualad._core."):
        raise
    raise ImportError(
        "dualad is being imported from a source tree that has not been compiled; run `pip install -e .` there, or "
        "start Python in another directory to use an installed dualad"
    ) from error

__all__ = ["Dual", "HyperDual", "MultiDual", "Number", "Taylor", "partials", "simd_variant", "table"]
