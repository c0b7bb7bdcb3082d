"""How components are taken apart and put together: the only part of the rules that knows the number types.

A rule splits its arguments at the level of the innermost derivative into values and tangents, (K,) + shape, applies
a NumPy function to them and joins the results. Values and tangents may be numbers of an outer level; the NumPy
function then finds its way to their rule, which makes every rule a rule for nested numbers as well.
"""

import numpy as np

from dualad._core.number import Number, components_like, primal, rewrap
from dualad._core.tracer import Tracer, as_direction, from_direction, plain

__all__ = [
    "Number",
    "innermost",
    "is_number",
    "join",
    "lift",
    "primal",
    "rewrap",
    "shift_axis",
    "split",
    "tangent_product",
]


def is_number(x):
    """Whether x carries derivatives."""
    return isinstance(x, Number)


def innermost(*args):
    """The number of the highest level among the arguments (of two, rather one with tangents), or None."""
    lead = None
    for x in args:
        if not isinstance(x, Number):
            continue
        if lead is None or x.level > lead.level or (x.level == lead.level and lead.isconstant):
            lead = x
    for x in args:
        if isinstance(x, Number) and x.level == lead.level and not x.isconstant:
            if type(x) is not type(lead):
                raise TypeError(
                    f"cannot mix {type(lead).__name__} and {type(x).__name__} numbers that were made side "
                    "by side: use one type, or nest transforms such as dualad.jvp"
                )
            if x.ndir != lead.ndir and not lead.isconstant:
                raise TypeError(f"cannot mix {type(x).__name__} numbers of {lead.ndir} and {x.ndir} directions")
    return lead


def split(x, level):
    """Value of x and its tangents, (K,) + shape, with regard to a level; None if it has none.

    A tracer has one tangent, whose pattern is its own.
    """
    if isinstance(x, Number) and x.level == level:
        if type(x) is Tracer:
            return plain(x), as_direction(x)
        components = x.components
        return components[0], (components[1:] if len(components) > 1 else None)
    return x, None


def lift(tangents, ndim):
    """Tangents (K,) + shape with axes of length one put in, so that they broadcast against ndim dimensions."""
    missing = ndim + 1 - tangents.ndim
    if missing <= 0:
        return tangents
    return tangents.reshape(tangents.shape[:1] + (1,) * missing + tangents.shape[1:])


def join(lead, value, tangents):
    """The number with this value and these tangents, (K,) + shape, None for a constant; typed like `lead`."""
    if type(lead) is Tracer:
        return from_direction(lead, value, tangents)
    if isinstance(value, Number) or isinstance(tangents, Number):
        value = value[None] if np.ndim(value) else np.reshape(value, (1,))
        return rewrap(lead, value if tangents is None else np.concatenate([value, tangents]))
    value = np.asarray(value)
    if tangents is None:
        return rewrap(lead, value[None])
    dtype = value.dtype if value.dtype.kind == tangents.dtype.kind else np.result_type(value, tangents)
    data = components_like(1 + len(tangents), value, dtype)
    data[0] = value
    data[1:] = tangents
    return rewrap(lead, data)


def shift_axis(axis, ndim):
    """The axis (or axes; None for all) of an array as axes of its component array."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    if isinstance(axis, (tuple, list)):
        return tuple(shift_axis(a, ndim) for a in axis)
    return axis + 1 if axis >= 0 else axis


def tangent_product(derivative, tangents):
    """derivative * tangents, and 0 where the tangent is 0, at every level of nesting."""
    lead = innermost(derivative, tangents)
    if lead is None:
        with np.errstate(all="ignore"):
            product = np.multiply(derivative, tangents)
        return np.where(np.asarray(tangents) == 0, np.zeros((), product.dtype), product)
    if type(lead) is Tracer:
        return np.multiply(derivative, tangents)
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
