"""How NumPy and scipy.special functions act on numbers with derivatives, by family; one rule serves every type."""

import math

import numpy as np

from dualad._core.number import load_rules
from dualad.rules import (
    elementwise,
    flat,
    packing,
    printing,
    reductions,
    series,
    sparse,
    ufuncs,
)
from dualad.rules.algebra import laid_out_as, primal
from dualad.rules.catalog import FAMILIES, reason, support
from dualad.rules.signatures import parameters_of, with_signature

__all__ = ["FAMILIES", "FUNCTIONS", "support"]


def _unsupported(function, types, args, kwargs):
    """`__array_function__` for a function without a rule."""
    raise TypeError(reason(function))


FUNCTIONS = {np.sinc: with_signature(np.sinc, lambda x: elementwise.elementwise(np.sinc, (x,), {}))}
for _family, _rules in FAMILIES.items():
    # plain results go to plain arrays, and where the price of a call counts the rule itself takes out=
    FUNCTIONS.update({
        function: with_signature(function, rule, _family != "value only" and "out" not in parameters_of(rule))
        for function, rule in _rules.items()
    })

ufuncs.register_reductions(reductions.METHODS)
load_rules(
    {
        "ufunc": ufuncs.dispatch,
        "function": _unsupported,
        "series": series.program,
        "laid out as": laid_out_as,
        "flat": flat.FlatIterator,
        "opaque": sparse.is_operator_of_sparse_array,
        "pack": packing.pack_if_needed,
        "refuse masked": packing.refuse_masked,
        "objects": packing.unpack,
        "repr": printing.to_repr,
        "str": printing.to_repr,
        "format": printing.to_format,
        "integer": lambda name, value: getattr(math, name)(primal(value)),
    },
    FUNCTIONS,
)
