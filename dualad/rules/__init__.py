"""How NumPy and scipy.special functions act on numbers with derivatives, by family; one rule serves every type."""

import math

import numpy as np

from dualad._core.number import load_rules
from dualad.rules import (
    bilinear,
    calculus,
    elementwise,
    emath,
    flat,
    linalg,
    linear,
    packing,
    plain,
    printing,
    reductions,
    selection,
    series,
    statistics,
    ufuncs,
)
from dualad.rules.algebra import laid_out_as, primal
from dualad.rules.signatures import with_signature

FAMILIES = {
    "linear": linear.FUNCTIONS,
    "bilinear": bilinear.FUNCTIONS,
    "reductions": reductions.FUNCTIONS,
    "selection": selection.FUNCTIONS,
    "statistics": statistics.FUNCTIONS,
    "calculus": calculus.FUNCTIONS,
    "linear algebra": linalg.FUNCTIONS,
    "numpy.emath": emath.FUNCTIONS,
    "value only": plain.FUNCTIONS,
}


def support():
    """Names of the supported functions by family."""

    def name(function):
        module = getattr(function, "__module__", "") or ""
        prefix = {"numpy.linalg": "linalg.", "numpy.fft": "fft.", "numpy.lib.scimath": "emath."}.get(module, "")
        return prefix + function.__name__

    special = [f for f in elementwise.SPECIAL_PARTIALS]
    families = {
        "elementwise": [f for f in elementwise.PARTIALS if f not in elementwise.SPECIAL_PARTIALS],
        "scipy.special": special,
        "piecewise constant": [f for f in elementwise.PLAIN],
        "products of matrices": list(bilinear.GUFUNCS),
        **FAMILIES,
    }
    return {family: sorted({name(f) for f in functions}) for family, functions in families.items()}


def _unsupported(function, types, args, kwargs):
    """`__array_function__` for a function without a rule."""
    module = getattr(function, "__module__", "numpy") or "numpy"
    raise TypeError(
        f"{module}.{function.__name__} does not support numbers with derivatives. Use x.value where only the "
        "value is wanted, or compose it from supported functions (python -m dualad info lists them)"
    )


FUNCTIONS = {}
for _family in FAMILIES.values():
    FUNCTIONS.update(_family)
FUNCTIONS[np.sinc] = lambda x: elementwise.elementwise(np.sinc, (x,), {})
FUNCTIONS = {function: with_signature(function, rule) for function, rule in FUNCTIONS.items()}

ufuncs.register_reductions(reductions.METHODS)
load_rules(
    {
        "ufunc": ufuncs.dispatch,
        "function": _unsupported,
        "series": series.program,
        "laid out as": laid_out_as,
        "flat": flat.FlatIterator,
        "pack": packing.pack_if_needed,
        "objects": packing.unpack,
        "repr": printing.to_repr,
        "str": printing.to_repr,
        "format": printing.to_format,
        "integer": lambda name, value: getattr(math, name)(primal(value)),
    },
    FUNCTIONS,
)
