"""How NumPy and scipy.special functions act on numbers with derivatives, by family; one rule serves every type."""

import math

import numpy as np

from dualad._core import HyperDual
from dualad._core.number import load_rules
from dualad.rules import (
    algebra,
    bilinear,
    elementwise,
    flat,
    linear,
    packing,
    printing,
    reductions,
    roots,
    series,
    sparse,
    ufuncs,
)
from dualad.rules.algebra import Number, primal
from dualad.rules.catalog import FAMILIES, reason, support
from dualad.rules.formula import leaves
from dualad.rules.signatures import parameters_of, with_signature

__all__ = ["FAMILIES", "FUNCTIONS", "support"]


def _unsupported(function, types, args, kwargs):
    """`__array_function__` for a function without a rule."""
    raise TypeError(reason(function))


def _as_numpy_says(function, args, kwargs, error):
    """The error that NumPy raises for the values alone, where it is of the same type: its text names their shapes."""
    if any(map(callable, leaves((*args, *kwargs.values())))):
        return None
    values = [_copied(a) for a in args], {name: _copied(a) for name, a in kwargs.items()}
    try:
        with np.errstate(all="ignore"):
            function(*values[0], **values[1])
    except type(error) as own:
        return own.with_traceback(None)
    except Exception:
        pass
    return None


def _copied(a):
    if isinstance(a, (list, tuple)):
        return type(a)([_copied(v) for v in a]) if type(a) in (list, tuple) else a
    return primal(a).copy() if isinstance(a, Number) else a


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
        "error": _as_numpy_says,
        "weighing": reductions.weighing,
        "matmul": bilinear.SUBSCRIPTS["matmul"][0],
        "order": linear.order_of,
        "series": series.program,
        "root": roots.note_root,
        "plain": frozenset(elementwise.PLAIN),
        "laid out as": algebra.laid_out_as,
        "wider": algebra.wider,
        "split": algebra.split_further,
        "apart": algebra.apart_further,
        "together": algebra.together_further,
        "join": algebra.join_further,
        "tangent product": algebra.tangent_product_further,
        "flat": flat.FlatIterator,
        "opaque": sparse.is_operator_of_sparse_array,
        "pack": packing.pack_if_needed,
        "second order": HyperDual,
        "refuse masked": packing.refuse_masked,
        "objects": packing.unpack,
        "repr": printing.to_repr,
        "str": printing.to_repr,
        "format": printing.to_format,
        "integer": lambda name, value: getattr(math, name)(primal(value)),
    },
    FUNCTIONS,
)
