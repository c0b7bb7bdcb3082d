"""Functions that select elements by value: sorting, clipping, choosing, interpolating; the derivatives follow."""

import numpy as np

from dualad.rules.algebra import Number, apart, innermost, lift, primal, rewrap, shift_axis, together
from dualad.rules.bilinear import store


def _sorted_tangents(a, order, result, axis):
    """Tangents in sorted order; those of tied elements are replaced by their mean."""
    t = apart(a, a)[1]
    if t is None:
        return None
    t = np.take_along_axis(t, order[None], shift_axis(axis, a.ndim))
    keys = np.moveaxis(primal(result), axis, -1)
    tied = (keys[..., 1:] == keys[..., :-1]) if keys.size else np.zeros(0, bool)
    if not tied.any():
        return t
    groups = np.cumsum(np.concatenate([np.ones(keys.shape[:-1] + (1,), bool), ~tied], -1), -1) - 1
    n = keys.shape[-1]
    flat = (groups + n * np.arange(groups.size // n).reshape(groups.shape[:-1] + (1,))).ravel()
    moved = np.moveaxis(t, shift_axis(axis, a.ndim), -1)
    count = np.bincount(flat, minlength=groups.size)
    means = [np.reshape(_grouped(row, flat, groups.size, count), row.shape) for row in moved]
    return np.moveaxis(np.stack(means), -1, shift_axis(axis, a.ndim))


def _grouped(row, flat, size, count):
    total = np.zeros_like(row, shape=(size,)) if isinstance(row, Number) else np.zeros(size, row.dtype)
    np.add.at(total, flat, np.ravel(row))
    return total[flat] / count[flat]


def _sort(a, axis=-1, kind=None, order=None, *, stable=None):
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = np.lib.array_utils.normalize_axis_index(axis, a.ndim)
    result = np.sort(apart(a, a)[0], axis, kind, order, stable=stable)
    places = np.argsort(primal(a), axis, stable=True)
    return together(a, result, _sorted_tangents(a, places, result, axis))


def _partition(a, kth, axis=-1, kind="introselect", order=None):
    if axis is None:
        a, axis = np.ravel(a), 0
    value = primal(a)
    places = np.argpartition(primal(a), kth, axis, kind, order)
    return (
        rewrap(a, np.take_along_axis(a.components, places[None], shift_axis(axis % a.ndim, a.ndim)))
        if value.size
        else a.copy()
    )


def _clip(a, a_min=np._NoValue, a_max=np._NoValue, out=None, *, min=np._NoValue, max=np._NoValue, **kwargs):
    low = a_min if a_min is not np._NoValue else min
    high = a_max if a_max is not np._NoValue else max
    low = None if low is np._NoValue else low
    high = None if high is np._NoValue else high
    lead = innermost(a, low, high)
    derived = a if low is None else np.maximum(a, low)
    derived = derived if high is None else np.minimum(derived, high)
    value = np.clip(*(apart(x, lead)[0] for x in (a, low, high)), **kwargs)
    t = apart(derived, lead)[1]
    if t is not None and t.shape[1:] != np.shape(value):
        t = np.broadcast_to(lift(t, np.ndim(value)), t.shape[:1] + np.shape(value))
    result = together(lead, value, t)
    return result if out is None else store(out, result)


def _nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    value, t = apart(x, x)
    result = np.nan_to_num(value, True, nan, posinf, neginf)
    result = together(x, result, None if t is None else np.where(np.isfinite(primal(x)), t, 0))
    if copy:
        return result
    x[...] = result
    return x


def _select(condlist, choicelist, default=0):
    derived = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        derived = np.where(condition, choice, derived)
    return derived


def _choose(a, choices, out=None, mode="raise"):
    choices = list(choices)
    lead = innermost(*choices)
    index = np.asarray(primal(a))
    if lead is None:
        return np.choose(index, choices, out, mode)
    pairs = [apart(c, lead) for c in choices]
    value = np.choose(index, [v for v, _ in pairs], mode=mode)
    zero = np.zeros((1,) * (np.ndim(value) + 1))
    rows = [zero if t is None else lift(t, np.ndim(value)) for _, t in pairs]
    result = together(lead, value, np.choose(index[None] if np.ndim(index) else index, rows, mode=mode))
    return result if out is None else store(out, result)


def _interp(x, xp, fp, left=None, right=None, period=None):
    """Linear in fp; in x the slope of the segment, at a node that of the segment to its right, outside 0."""
    if innermost(xp) is not None or period is not None:
        raise TypeError("interp does not support derivatives with respect to xp, or period=: pass xp as a plain array")
    x0 = primal(x)
    if len(xp) == 0 or innermost(x) is None:
        return _interp_values(x0, xp, fp, left, right)
    nodes = np.asarray(xp, float)
    segment = np.clip(np.searchsorted(nodes, x0, "right") - 1, 0, len(nodes) - 2)
    slope = (np.diff(fp) / np.diff(nodes))[segment]
    inside = (x0 >= nodes[0]) & (x0 <= nodes[-1])
    # x less its value: the value of the result is that of NumPy
    return _interp_values(x0, nodes, fp, left, right) + np.where(inside, slope, 0.0) * (x - x0)


def _interp_values(x, xp, fp, left, right):
    """Linear interpolation at plain points, which is linear in fp, left and right."""
    lead = innermost(fp, left, right)
    if lead is None:
        return np.interp(x, xp, fp, left, right)
    (f, f_rest), (low, low_rest), (high, high_rest) = (apart(a, lead) for a in (fp, left, right))
    value = _interp_values(x, xp, f, low, high)
    if f_rest is None and low_rest is None and high_rest is None:
        return together(lead, value, None)

    def side(given, rest, k):
        return None if given is None else 0.0 if rest is None else rest[k]

    none = np.zeros(len(xp))
    rows = [
        _interp_values(x, xp, none if f_rest is None else f_rest[k], side(left, low_rest, k), side(right, high_rest, k))
        for k in range(lead.ncomponents - 1)
    ]
    return together(lead, value, np.stack(rows))


FUNCTIONS = {
    np.sort: _sort,
    np.partition: _partition,
    np.clip: _clip,
    np.nan_to_num: _nan_to_num,
    np.select: _select,
    np.choose: _choose,
    np.interp: _interp,
}
