"""How components are taken apart and put together: the only part of the rules that knows the number types.

A rule splits its arguments at the level of the innermost derivative into values and tangents, (K,) + shape, applies
a NumPy function to them and joins the results. Values and tangents may be numbers themselves; the NumPy function then
finds its way to their rule. That makes every rule of first derivatives a rule for

* nested numbers, whose values and tangents are numbers of an outer level;
* hyper-dual numbers, read as a MultiDual whose components are MultiDuals of the level below;
* power series: with y = f(x), y' = f'(x) x' in t holds between series of one degree less, so value and tangent are
  the series without its last coefficient and its derivative in t;
* other types that carry something linear, a `Carrier`, such as the arrays of `dualad.uq`.
"""

import itertools

import numpy as np

from dualad._core import HyperDual, MultiDual, Taylor
from dualad._core.hyperdual import symmetric_places
from dualad._core.number import (
    Carrier,
    Number,
    apart,
    components_like,
    differ,
    innermost,
    join,
    primal,
    refuse_whole_numbers,
    rewrap,
    split,
    spread,
    stack_components,
    tangent_product,
    together,
    wrap,
)
from dualad._core.number import wrap_view as view
from dualad._core.tracer import Tracer, as_direction, from_direction, plain

__all__ = [
    "Number",
    "apart",
    "as_view",
    "can_split",
    "expanded",
    "innermost",
    "is_axis_of_scalar",
    "is_number",
    "is_series",
    "join",
    "lift",
    "primal",
    "refuse_whole_numbers",
    "rewrap",
    "rows",
    "series_product",
    "shift_axis",
    "split",
    "tangent_product",
    "together",
    "view",
]


def is_number(x):
    """Whether x carries derivatives."""
    return isinstance(x, Number)


def can_split(x):
    """Whether x carries derivatives, or something linear in their place."""
    return isinstance(x, (Number, Carrier))


def is_series(x):
    """Whether x is a power series of degree two or more, in whose products many terms meet."""
    return type(x) is Taylor and x.degree > 1 and not x.isconstant


def wider(x, y):
    """Of two numbers of one type whose directions differ, the one that can hold the other."""
    if type(x) is HyperDual:
        n, m = (z.ndir if z.symmetric else z.directions[1] for z in (x, y))
        if x.ndir == y.ndir and n == m:
            return y if x.symmetric else x
    raise TypeError(differ(x, y))


# ---- apart ---------------------------------------------------------------------------------------------------------


def split_further(x):
    """`split` of what is not of first order, and of what is no number."""
    if isinstance(x, Carrier):
        return x.nominal_value, x.as_tangents()
    if type(x) is Tracer:
        return plain(x), as_direction(x)
    return _split_hyperdual(x) if type(x) is HyperDual else _split_series(x)


def _split_hyperdual(x):
    table = _product_table(x)
    count = table.shape[1] - 1
    value = wrap(MultiDual, table[0], x.level - 1, count)
    tangents = wrap(MultiDual, np.swapaxes(table[1:], 0, 1), x.level - 1, count)
    return value, tangents


def _product_table(x):
    """Components of a hyper-dual number as (1 + K1, 1 + K2) + shape: index 0 stands for no infinitesimal."""
    if x.symmetric:
        return x.components[symmetric_places(x.ndir)]
    return np.reshape(x.components, (1 + x.ndir, 1 + x.directions[1]) + x.shape)


def _split_series(x):
    coefficients = x.components
    value = wrap(Taylor, coefficients[:-1], x.level, x.degree - 1)
    powers = np.arange(1, len(coefficients), dtype=np.float32).reshape((-1,) + (1,) * (x.ndim + 1))
    return value, wrap(Taylor, powers * coefficients[1:, None], x.level, x.degree - 1)


def _in_one_row(table):
    """The first two axes as one, also of empty arrays."""
    return np.reshape(table, (table.shape[0] * table.shape[1], *table.shape[2:]))


# ---- together ------------------------------------------------------------------------------------------------------


def join_further(lead, value, tangents):
    """`join` of what is not of first order."""
    if type(lead) is HyperDual:
        return _join_hyperdual(lead, value, tangents)
    return _join_series(lead, value, tangents) if type(lead) is Taylor else together(lead, value, tangents)


def _with_axis(x):
    return x[None] if np.ndim(x) else np.reshape(x, (1,))


def _shared_dtype(value, rest):
    """The dtype of the value, as the value must keep it; only complex derivatives of a real value widen it."""
    dtype, other = value.dtype, rest.dtype
    if dtype.kind not in "fc":
        refuse_whole_numbers(dtype)
    if dtype.kind == "c" or (dtype.kind == "f" and other.kind != "c"):
        return dtype
    return np.result_type(dtype, other)


def _in_width_of(value, rest):
    dtype = _shared_dtype(value, rest)
    return rest if rest.dtype == dtype else rest.astype(dtype)


def _stacked(value, count, rest):
    """An array of `count` components: the value, laid out as it is, and the rest."""
    data = components_like(count, value, _shared_dtype(value, rest))
    data[0] = value
    data[1:] = rest
    return data


def _row(x, level, count):
    """Components (count,) + shape of a value or of tangents with regard to the lower level of a hyper-dual number."""
    if not isinstance(x, Number) or x.level != level:
        x = x if isinstance(x, Number) else np.asarray(x)
        return _padded(_with_axis(x), count)
    return _padded(x.components, count)


def _padded(components, count):
    missing = count - len(components)
    if missing == 0:
        return components
    return np.concatenate([components, np.zeros((missing, *components.shape[1:]), components.dtype)])


def _join_hyperdual(lead, value, tangents):
    level = lead.level - 1
    constant = not (isinstance(value, Number) and value.level == level and not value.isconstant)
    if tangents is None and constant:
        return rewrap(lead, _row(value, level, 1))
    count = 1 + (lead.ndir if lead.symmetric else lead.directions[1])
    v = _row(value, level, count)
    if tangents is None:
        t = np.zeros((count, lead.ndir, *v.shape[1:]), v.dtype)
    else:
        t = _row(tangents, level, count)
    if lead.symmetric:
        i, j = np.triu_indices(lead.ndir)
        parts = [v[1:], t[1 + j, i]]
    else:
        rows = np.concatenate([v[None], np.swapaxes(t, 0, 1)])
        parts = [_in_one_row(rows)[1:]]
    if isinstance(v, Number) or isinstance(t, Number):
        return rewrap(lead, np.concatenate([v[:1], *(_in_width_of(v, part) for part in parts)]))
    return rewrap(lead, _stacked(v[0], lead.ncomponents, np.concatenate(parts)))


def _join_series(lead, value, tangents):
    if isinstance(value, Number) and value.level == lead.level:
        value = value.components[0]
    if tangents is None:
        return rewrap(lead, _with_axis(value if isinstance(value, Number) else np.asarray(value)))
    slopes = tangents.components if isinstance(tangents, Number) and tangents.level == lead.level else tangents[None]
    slopes = _padded(slopes[:, 0], lead.degree)
    powers = np.arange(1, 1 + lead.degree, dtype=np.float32).reshape((-1,) + (1,) * (slopes.ndim - 1))
    rest = slopes / powers
    if isinstance(value, Number) or isinstance(rest, Number):
        return rewrap(lead, np.concatenate([_with_axis(value), _in_width_of(value, rest)]))
    return rewrap(lead, _stacked(np.asarray(value), 1 + lead.degree, rest))


def expanded(x, lead):
    """The components of x in the layout of the number `lead`; what a constant lacks is zero."""
    if isinstance(x, Number) and x.level == lead.level:
        components = x.components
        if len(components) == lead.ncomponents:
            return components
        if type(x) is HyperDual and not x.isconstant:
            table = _product_table(x)
            return _in_one_row(table)
    else:
        components = _with_axis(x if isinstance(x, Number) else np.asarray(x))
    if isinstance(components, Number):
        return _padded(components, lead.ncomponents)
    full = np.zeros((lead.ncomponents, *components.shape[1:]), components.dtype)
    full[0] = components[0]
    return full


def laid_out_as(x, lead):
    """The number x in the layout of `lead`, which is of its type and level."""
    return rewrap(lead, expanded(x, lead))


def apart_further(x, lead):
    """`apart` where the layouts of x and lead differ."""
    if type(x) is Tracer:
        return plain(x), as_direction(x)
    components = expanded(x, lead)
    return components[0], components[1:]


def together_further(lead, value, rest):
    """`together` for all that is not small, in C order and of one type."""
    if type(lead) is Tracer:
        return from_direction(lead, value, rest)
    if isinstance(lead, Carrier):
        return value if rest is None else lead.from_tangents(value, rest)
    if rest is None:
        return rewrap(lead, _with_axis(value if isinstance(value, Number) else np.asarray(value)))
    if isinstance(value, Number) or isinstance(rest, Number):
        return rewrap(lead, np.concatenate([_with_axis(value), _in_width_of(value, rest)]))
    return rewrap(lead, _stacked(np.asarray(value), 1 + len(rest), rest))


# ---- axes and products ---------------------------------------------------------------------------------------------


def lift(tangents, ndim):
    """Tangents (K,) + shape with axes of length one put in, so that they broadcast against ndim dimensions."""
    missing = ndim + 1 - tangents.ndim
    if missing <= 0:
        return tangents
    return tangents.reshape(tangents.shape[:1] + (1,) * missing + tangents.shape[1:])


def rows(function, tangents):
    """function of the tangent of each direction in turn, put together as (K,) + shape."""
    if len(tangents) == 1:
        return function(tangents[0])[None]
    return stack_components([function(t) for t in tangents])


def is_axis_of_scalar(a, axis):
    """Whether NumPy takes an array without axes for one with a single axis, which is meant: number 0 or -1."""
    return type(axis) is int and -1 <= axis <= 0 and np.ndim(a) == 0


def shift_axis(axis, ndim):
    """The axis (or axes; None for all) of an array as axes of its component array."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    if isinstance(axis, (tuple, list)):
        return tuple(shift_axis(a, ndim) for a in axis)
    if axis < -ndim:
        raise np.exceptions.AxisError(axis, ndim)  # -ndim - 1 would be the axis of the components
    return axis + 1 if axis >= 0 else axis


def series_product(function, operands, lead):
    """A function that is linear in each of its operands, of power series.

    Coefficient k is the sum over all choices of one coefficient from each operand whose indices add up to k.
    """

    def coefficients(x):
        if isinstance(x, Number) and x.level == lead.level:
            return x.components
        return [x]

    operands = [coefficients(x) for x in operands]
    terms = {}
    for places in itertools.product(*(range(len(x)) for x in operands)):
        k = sum(places)
        if k <= lead.degree:
            product = function(*(x[j] for x, j in zip(operands, places, strict=True)))
            terms[k] = terms[k] + product if k in terms else product
    terms = [terms[k] for k in range(len(terms))]
    if any(isinstance(t, Number) for t in terms):
        return rewrap(lead, _padded(np.stack(terms), lead.ncomponents))
    return rewrap(lead, stack_components(terms + [np.zeros_like(terms[0])] * (lead.ncomponents - len(terms))))


def tangent_product_further(derivative, tangents):
    """`tangent_product` of numbers, and of other types than the compiled loops know."""
    lead = innermost(derivative, tangents)
    if lead is None:
        with np.errstate(all="ignore"):
            product = np.multiply(derivative, tangents)
        return np.where(np.asarray(tangents) == 0, np.zeros((), product.dtype), product)
    if is_series(lead):
        return series_product(tangent_product, (derivative, tangents), lead)
    if type(lead) is Tracer or isinstance(lead, Carrier):
        return np.multiply(derivative, tangents)
    with np.errstate(all="ignore"):
        product = np.multiply(derivative, tangents)
    if _is_finite(product):  # so no zero met an infinity
        return product
    d, d_dot = split(derivative, lead.level)
    t, t_dot = split(tangents, lead.level)
    value = tangent_product(d, t)
    ndim = np.ndim(value)
    total = None
    if d_dot is not None:
        total = tangent_product(lift(d_dot, ndim), t)
    if t_dot is not None:
        term = tangent_product(d, lift(t_dot, ndim))
        total = term if total is None else total + term
    return join(lead, value, total)


def _is_finite(x):
    while isinstance(x, Number) and type(x) is not Tracer:
        x = x.components
    return type(x) is np.ndarray and bool(np.isfinite(np.sum(x)))


def as_view(x, function):
    """function(x): what it does with the memory of one component, it does with that of all."""
    data, depth = x, 0
    while isinstance(data, Number):
        data, depth = data.components, depth + 1
    first = data[(0,) * depth]
    result = function(first)
    if isinstance(result, (list, tuple)):
        return type(result)(as_view(x, lambda c, i=i: function(c)[i]) for i in range(len(result)))
    if not np.may_share_memory(result, first):
        known = [result] if depth == 1 else []
        return rewrap(x, stack_components(known + [function(c) for c in x.components[len(known) :]]))
    return spread(x, result)
