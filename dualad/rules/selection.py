"""Functions that select elements by value: sorting, clipping, choosing, interpolating; the derivatives follow."""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dualad._core.number import clip_slopes, in_order
from dualad.rules.algebra import (
    apart,
    innermost,
    is_number,
    lift,
    primal,
    rewrap,
    rows,
    shift_axis,
    tangent_product,
    together,
)
from dualad.rules.bilinear import store
from dualad.rules.formula import array, formula_of
from dualad.rules.packing import operand


def _sorted_tangents(a, order, result, axis):
    """Tangents in sorted order; those of tied elements are replaced by their mean."""
    t = apart(a, a)[1]
    if t is None:
        return None
    if a.ndim == 1 and type(t) is np.ndarray:
        quick = in_order(t, order, result)
        if quick is not NotImplemented:
            return quick
    t = t[:, order] if a.ndim == 1 else np.take_along_axis(t, order[None], shift_axis(axis, a.ndim))
    keys = primal(result) if axis == a.ndim - 1 else np.moveaxis(primal(result), axis, -1)
    tied = (keys[..., 1:] == keys[..., :-1]) if keys.size else np.zeros(0, bool)
    if not tied.any():
        return t
    starts = np.flatnonzero(np.concatenate([np.ones(keys.shape[:-1] + (1,), bool), ~tied], -1))
    moved = np.moveaxis(t, shift_axis(axis, a.ndim), -1)
    means = rows(lambda row: np.reshape(_means(np.ravel(row), starts), np.shape(row)), moved)
    return np.moveaxis(means, -1, shift_axis(axis, a.ndim))


def _means(x, starts):
    """The mean of each run of elements, in place of all of them."""
    lengths = np.diff(np.append(starts, len(x)))
    return np.repeat(np.add.reduceat(x, starts) / lengths, lengths)


def _sort(a, axis=-1, kind=None, order=None, *, stable=None, **descending):
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    result = np.sort(apart(a, a)[0], axis, kind, order, stable=stable, **descending)
    places = np.argsort(primal(a), axis, **descending)  # the method takes no "no value", the default of NumPy 2.5
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


def _clip(a, a_min=np._NoValue, a_max=np._NoValue, out=None, *, min=np._NoValue, max=np._NoValue, where=True, **kwargs):
    _check_limits(a_min, a_max, min, max)
    low = a_min if a_min is not np._NoValue else min
    high = a_max if a_max is not np._NoValue else max
    low = None if low is np._NoValue else low
    high = None if high is np._NoValue else high
    a, low, high = operand(a), operand(low), operand(high)
    lead = innermost(a, low, high)
    result = np.clip(a, low, high, **kwargs) if lead is None else _clipped(a, low, high, lead, kwargs)
    if out is None:
        return result
    return store(out, result if where is True else np.where(where, result, out))


# without the protocol, which plain arrays have no need of
_CLIP = getattr(np.clip, "__wrapped__", np.clip)


def _check_limits(a_min, a_max, min, max):
    """As NumPy: the old names come in a pair, and not with the new ones."""
    low, high = a_min is not np._NoValue, a_max is not np._NoValue
    if low != high:
        raise TypeError(f"clip() missing 1 required positional argument: '{'a_min' if high else 'a_max'}'")
    if low and not (min is np._NoValue and max is np._NoValue):
        raise ValueError("Passing `min` or `max` keyword argument when `a_min` and `a_max` are provided is forbidden.")


def _clipped(a, low, high, lead, kwargs):
    slopes = clip_slopes(primal(a), low, high) if lead is a and not kwargs else None
    if slopes is not None:
        value, rest = apart(a, lead)
        value = (_CLIP if type(value) is np.ndarray else np.clip)(value, low, high)
        return together(lead, value, None if rest is None else tangent_product(slopes, rest))
    derived = a if low is None else np.maximum(a, low)
    derived = derived if high is None else np.minimum(derived, high)
    value = np.clip(*(apart(x, lead)[0] for x in (a, low, high)), **kwargs)
    t = apart(derived, lead)[1]
    if t is not None and t.shape[1:] != np.shape(value):
        t = np.broadcast_to(lift(t, np.ndim(value)), t.shape[:1] + np.shape(value))
    return together(lead, value, t)


def _replaced(x, nan, posinf, neginf):
    """x or what replaces it; where a limit of its type does, any constant."""
    x0 = primal(x)
    y = np.where(np.isnan(x0), nan, x)
    y = np.where(np.isposinf(x0), 0.0 if posinf is None else posinf, y)
    return np.where(np.isneginf(x0), 0.0 if neginf is None else neginf, y)


def _nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    replacements = nan, posinf, neginf
    lead = innermost(x, *replacements)
    value = np.nan_to_num(apart(x, lead)[0], True, *(apart(r, lead)[0] for r in replacements))
    if np.iscomplexobj(primal(x)):
        derived = _replaced(np.real(x), *replacements) + 1j * _replaced(np.imag(x), *replacements)
    else:
        derived = _replaced(x, *replacements)
    result = together(lead, value, apart(derived, lead)[1])
    if copy:
        return result
    x[...] = result
    return x


def _select(condlist, choicelist, default=0):
    derived = operand(default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        derived = np.where(condition, choice, derived)
    return derived


def _choose(a, choices, mode="raise"):
    choices = list(choices)
    lead = innermost(*choices)
    index = np.asarray(primal(a))
    if lead is None:
        return np.choose(index, choices, mode=mode)
    pairs = [apart(c, lead) for c in choices]
    value = np.choose(index, [v for v, _ in pairs], mode=mode)
    zero = np.zeros((1,) * (np.ndim(value) + 1))
    rows = [zero if t is None else lift(t, np.ndim(value)) for _, t in pairs]
    return together(lead, value, np.choose(index[None] if np.ndim(index) else index, rows, mode=mode))


def _interp(x, xp, fp, left=None, right=None, period=None):
    """Between given nodes the slope of a segment is all there is to know."""
    if is_number(x) and period is None and all(_is_given(nodes) for nodes in (xp, fp, left, right)):
        xp, fp = np.asarray(xp), np.asarray(fp)
        if xp.ndim == fp.ndim == 1 and len(xp) == len(fp) > 1 and not {xp.dtype.kind, fp.dtype.kind} - set("fiu"):
            value, rest = apart(x, x)
            value = (_INTERP if type(value) is np.ndarray else np.interp)(value, xp, fp, left, right)
            return together(x, value, None if rest is None else tangent_product(_slopes(primal(x), xp, fp), rest))
    return _line(x, xp, fp, left, right, period)


_INTERP = getattr(np.interp, "__wrapped__", np.interp)


def _is_given(a):
    """Whether it is an array, a list or a scalar of plain numbers."""
    return a is None or type(a) in (float, int, np.ndarray) or (type(a) is list and not {*map(type, a)} - {float, int})


def _slopes(x, xp, fp):
    """Of the segment to the right at a node, 0 outside."""
    with np.errstate(all="ignore"):
        slopes = (fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1])
    found = slopes[xp[1:-1].searchsorted(x, "right")]
    outside = (x < xp[0]) | (x > xp[-1])
    return np.where(outside, 0.0, found) if np.count_nonzero(outside) else found


@formula_of(np.interp)
def _line(x, xp, fp, left=None, right=None, period=None):
    """The line through two neighbours: of the segment to the right at a node, constant outside."""
    x, xp, fp = array(x), array(xp), array(fp)
    if period is not None:
        x, xp, fp, left, right = *_one_period(x, xp, fp, period), None, None
    x0, xp0 = primal(x), primal(xp)
    lower = xp0[1:-1].searchsorted(x0, "right")
    first, start = xp[lower], fp[lower]
    line = start
    if len(xp0) > 1:
        line = start + (x - first) * ((fp[lower + 1] - start) / (xp[lower + 1] - first))
    below, above = x0 < xp0[0], x0 > xp0[-1]
    if np.count_nonzero(below):
        line = np.where(below, fp[0] if left is None else left, line)
    return np.where(above, fp[-1] if right is None else right, line) if np.count_nonzero(above) else line


def _one_period(x, xp, fp, period):
    """The nodes in order within one period, and one more at either end."""
    period = np.abs(period)
    x, xp = x % period, xp % period
    order = np.argsort(primal(xp))
    xp, fp = xp[order], fp[order]
    xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return x, xp, np.concatenate([fp[-1:], fp, fp[:1]])


FUNCTIONS = {
    np.sort: _sort,
    np.partition: _partition,
    np.clip: _clip,
    np.nan_to_num: _nan_to_num,
    np.select: _select,
    np.choose: _choose,
    np.interp: _interp,
}
