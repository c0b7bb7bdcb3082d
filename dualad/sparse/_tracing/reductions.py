"""Functions along axes: sums and their like take unions, running totals triangles, whole-lane functions lanes."""

import math

import numpy as np

from dualad._core.number import primal
from dualad._core.tracer import MOST_TERMS
from dualad.rules import reductions
from dualad.rules.algebra import is_axis_of_scalar
from dualad.rules.roots import has_zero
from dualad.sparse._tracing import partials
from dualad.sparse._tracing.base import (
    add_pairs,
    all_terms,
    broadcast,
    group,
    joined,
    leader,
    like,
    listed,
    member_table,
    plain,
    refuse_dense,
    shared_history,
    strip,
    terms_of,
)
from dualad.sparse._tracing.blocks import as_block
from dualad.sparse._tracing.observed import is_observed, observe
from dualad.sparse._tracing.refusals import Unsupported

_NO = np._NoValue
# interception may replace the names later
_MEAN, _VAR, _PROD = np.mean, np.var, np.prod
_RUNNING_SUM = np.cumsum
_SUMS, _SPREADS = (np.sum, np.mean), (np.var, np.std)
_WITH_PARTIALS = (*_SUMS, *_SPREADS, np.prod, np.max, np.min)


def _axes(axis, ndim):
    if axis is None or (ndim == 0 and axis in (0, -1)):
        return tuple(range(ndim))
    return np.lib.array_utils.normalize_axis_tuple(axis, ndim)


def _mask(lead, where):
    """where= as a constant mask, or None: a mask that depends on x lets everything through."""
    if where is _NO or where is True or (is_observed(where) and not lead.run.local):
        return None
    return np.asarray(strip(where))


def reduction(function, *, linear, chosen=None, known=None):
    """Rule of a reduction over axes. `chosen(value, result)` tells which elements count for local patterns; `known` is
    NumPy's function, if that is another."""

    def rule(a, axis=None, dtype=None, keepdims=_NO, initial=_NO, where=_NO, **kwargs):
        a = listed(a)
        lead = leader(a, initial, kwargs)
        options = {"keepdims": keepdims, "initial": initial, "where": where, **kwargs}
        options = {k: strip(v) for k, v in options.items() if v is not _NO}
        if dtype is not None:
            options["dtype"] = dtype
        if lead.run.partials is not None:
            return _of_partials(lead, known or function, a, axis, options)
        value = function(strip(a), axis, **options)
        if np.asarray(value).dtype.kind not in "fc":
            return observe(lead.run, value)
        axes, ndim = _axes(axis, np.ndim(a)), np.ndim(a)
        mask = _mask(lead, where)
        if chosen is not None and lead.run.local:
            top = function(strip(a), axis, **{**options, "keepdims": True})
            mask = chosen(strip(a), top) if mask is None else mask & chosen(strip(a), top)
        mask = None if mask is None else np.broadcast_to(mask, np.shape(a))
        terms = group(lead, terms_of(a, lead), axes, ndim, mask)
        shape = np.shape(value)
        terms = [(t, rows.reshape(shape)) for t, rows in terms]
        extra = [terms_of(x, lead) for x in (initial, *kwargs.values())]
        terms = joined(lead, shape, terms, *(_fitting(t, shape) for t in extra))
        history = shared_history(lead, [a, initial, *kwargs.values()])
        history = history if linear else add_pairs(lead, history, (terms, terms))
        return like(lead, value, terms, history)

    rule.__name__ = function.__name__
    return rule


def _of_partials(lead, function, a, axis, options):
    """Reductions with the partial derivatives of the elements."""
    if function not in _WITH_PARTIALS or options.keys() - {"keepdims", "ddof"}:
        raise Unsupported("a reduction")
    value, axes = partials.as_array(function(plain(a), axis, **options)), _axes(axis, a.ndim)
    if function in _SPREADS:
        return like(lead, value, _spread(function, a, axes, options.get("ddof", 0), value.shape))
    kept, run = tuple(1 if k in axes else n for k, n in enumerate(a.shape)), lead.run.partials
    if function not in _SUMS:
        slopes = _slopes(function, a, np.reshape(value, kept), axes)
        return like(lead, value, as_block(run, value, [(a.terms, lambda g: np.reshape(g, kept) * slopes)]))
    count = a.size // max(value.size, 1)
    share = 1.0 / count if function is _MEAN else 1.0
    if count * len(a.terms) <= MOST_TERMS:
        rest = tuple(k for k in range(a.ndim) if k not in axes)
        moved = [np.reshape(np.transpose(p, rest + axes), (*value.shape, count)) for _, p in a.terms]
        return like(lead, value, partials.added([p[..., k] for p in moved for k in range(count)], share))
    pull = (lambda g: np.reshape(g, kept)) if share == 1 else (lambda g: np.reshape(g, kept) * share)
    return like(lead, value, as_block(run, value, [(a.terms, pull)], hold_values=False))


def _spread(function, a, axes, ddof, shape):
    """The terms of a variance or a standard deviation, as means have them."""
    off = a - np.mean(a, axes, keepdims=True)
    count = math.prod(a.shape[k] for k in axes)
    y = np.reshape(np.sum(off * off, axes), shape) * (1.0 / (count - ddof))
    return (y if function is _VAR else np.sqrt(y)).terms


def _slopes(function, a, value, axes):
    """The derivatives of an extreme or a product by all elements."""
    if not value.size or has_zero(primal(value)) and function is _PROD:
        raise Unsupported("a product with a zero")
    if function is _PROD:
        return value / plain(a)
    taken = primal(plain(a)) == primal(value)
    if np.any(np.count_nonzero(taken, axes) != 1):
        raise Unsupported("equal extremes")
    return taken.astype(a.dtype)


def _fitting(terms, shape):
    """Terms of an argument beside the array, which has the result's shape or that of keepdims=True."""
    size = int(np.prod(shape, dtype=int))
    return [(t, rows.reshape(shape) if rows.size == size else rows.reshape(())) for t, rows in terms]


def _extremes(value, top):
    return (value == top) | np.isnan(value)


def _positional(function, rule, names):
    """A rule whose further parameters stand in another order."""

    def ordered(a, *args, **kwargs):
        return rule(a, **dict(zip(names, args, strict=False)), **kwargs)

    ordered.__name__ = function.__name__
    return ordered


_EXTREME_NAMES = ("axis", "keepdims", "initial", "where")
_SPREAD_NAMES = ("axis", "dtype", "ddof", "keepdims")


def _extreme(function):
    def call(a, axis, dtype=None, **options):
        return function(a, axis, **options)

    return _positional(function, reduction(call, linear=True, chosen=_extremes, known=function), _EXTREME_NAMES)


def _ptp(a, axis=None, keepdims=_NO):
    options = {} if keepdims is _NO else {"keepdims": keepdims}
    return np.max(a, axis, **options) - np.min(a, axis, **options)


def trace(a, offset=0, axis1=0, axis2=1, dtype=None):
    """The sum of the diagonal."""
    return np.sum(np.diagonal(a, offset, axis1, axis2), -1, dtype)


def norm(x, ord=None, axis=None, keepdims=False):
    """A norm depends on every element of its vectors or matrices."""
    if x.run.partials is not None:
        return _norm_of_partials(x, ord, axis, keepdims)

    def call(a, axis, keepdims=False):
        return np.linalg.norm(a, ord, axis, keepdims)

    return reduction(call, linear=False)(x, axis, keepdims=bool(keepdims))


def _norm_of_partials(x, ord, axis, keepdims):
    value = np.linalg.norm(plain(x), ord, axis, keepdims)
    if ord is not None or axis is not None or keepdims or not value > 0:
        raise Unsupported("another norm, or one at zero")
    return like(x, value, np.sqrt(np.sum(x * x)).terms)


def vector_norm(x, axis, keepdims, ord):
    """Of all elements where no axis is given."""

    def call(a, axis, keepdims=False):
        return np.linalg.vector_norm(a, axis=axis, keepdims=keepdims, ord=ord)

    return reduction(call, linear=False)(x, axis, keepdims=bool(keepdims))


# ---- running totals ------------------------------------------------------------------------------------------------


def _along_lanes(terms, axis):
    """Rows with the axis last."""
    return [(t, np.moveaxis(rows, axis, -1)) for t, rows in terms]


def _running_of_partials(function, a, axis, value):
    """Running sums; what a sum weighs, all that went into it weighs."""
    if function is not _RUNNING_SUM:
        raise Unsupported("a running product")
    back = (slice(None),) * axis + (slice(None, None, -1),)
    return as_block(a.run.partials, value, [(a.terms, lambda g: np.cumsum(g[back], axis)[back])], hold_values=False)


def running_terms(lead, terms, shape, axis):
    """Element i of a lane takes the union of elements 0 to i: a triangle."""
    if not terms or not int(np.prod(shape, dtype=int)):
        return ()
    n = shape[axis]
    refuse_dense(lead, n * (n + 1) / 2, n)
    size = int(np.prod(shape, dtype=int))
    counts = np.tile(np.arange(1, n + 1), size // n)
    start = np.concatenate([[0], np.cumsum(counts)])
    lanes = np.repeat(np.arange(size // n) * n, n * (n + 1) // 2)
    members = np.arange(start[-1]) - np.repeat(start[:-1], counts) + lanes
    table = member_table(lead, _along_lanes(terms, axis), size, start, members, 0)
    moved = tuple(np.delete(shape, axis)) + (n,)
    return ((table, np.moveaxis(np.arange(size, dtype=np.int32).reshape(moved), -1, axis)),)


def running(function, *, linear):
    """Rule of a cumulative sum or product."""

    def rule(a, axis=None, dtype=None):
        a = listed(a)
        if axis is None or is_axis_of_scalar(a, axis):
            a, axis = np.ravel(a), 0
        axis = np.lib.array_utils.normalize_axis_index(axis, a.ndim)
        value = function(plain(a), axis, dtype)
        if a.run.partials is not None:
            return like(a, value, _running_of_partials(function, a, axis, value))
        terms = running_terms(a, a.terms, a.shape, axis)
        history = a.history if linear else add_pairs(a, a.history, (terms, terms))
        return like(a, value, terms, history)

    rule.__name__ = function.__name__
    return rule


def _cumulative(function, total, first):
    def rule(x, /, *, axis=None, dtype=None, include_initial=False):
        axis = axis if axis is not None or x.ndim > 1 else 0
        result = total(x, axis, dtype)
        if include_initial:
            shape = list(result.shape)
            shape[axis] = 1
            result = np.concatenate([np.full(shape, first), result], axis)
        return result

    rule.__name__ = function
    return rule


# ---- lanes ---------------------------------------------------------------------------------------------------------


def lane_terms(lead, terms, axes, ndim, shape):
    """Every element of a lane along the axes depends on all of it; `shape` is that of the result."""
    shared = group(lead, terms, axes, ndim)
    return broadcast([(t, np.expand_dims(rows, sorted(axes))) for t, rows in shared], shape)


def sort(a, axis=-1, kind=None, order=None, *, stable=None):
    """Dense along the axis, since the order depends on x; for local patterns the elements move, if none are equal."""
    return _ordered(np.sort, np.argsort, a, axis, (kind, order), {"stable": stable})


def partition(a, kth, axis=-1, kind="introselect", order=None):
    """As `sort`."""
    a = listed(a)
    if axis is None:
        a, axis = np.ravel(a), 0
    return _ordered(lambda v, k, *rest: np.partition(v, kth, k, *rest),
                    lambda v, k, *rest: np.argpartition(v, kth, k, *rest), a, axis, (kind, order), {})


def _ordered(function, argument, a, axis, args, kwargs):
    a = listed(a)
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = np.lib.array_utils.normalize_axis_index(axis, a.ndim)
    value = function(plain(a), axis, *args, **kwargs)
    if a.run.partials is not None:
        return like(a, value, _moved_terms(a, argument(primal(plain(a)), axis, *args, **kwargs), axis))
    if a.run.local and not np.any(np.diff(np.sort(plain(a), axis), axis=axis) == 0):
        places = argument(plain(a), axis, *args, **kwargs)
        terms = tuple((t, np.take_along_axis(rows, places, axis)) for t, rows in a.terms)
    else:
        terms = lane_terms(a, a.terms, (axis,), a.ndim, a.shape)
    return like(a, value, terms, a.history)


def _moved_terms(a, places, axis):
    """The terms of the elements in this order, which must not be one of several; it changes from run to run."""
    moved = np.take_along_axis(primal(plain(a)), places, axis)
    if a.run.partials.blocks is None or np.any(np.diff(np.sort(moved, axis), axis=axis) == 0):
        raise Unsupported("an order that changes, or is not the only one")
    return tuple((None, np.take_along_axis(p, places, axis)) for _, p in a.terms)


def fft(function):
    """Dense along the transformed axes."""

    def rule(a, *args, **kwargs):
        a = listed(a)
        value = function(plain(a), *args, **kwargs)
        axes = _transformed(function, a.ndim, args, kwargs)
        if all(value.shape[k] == a.shape[k] for k in range(a.ndim) if k not in axes):
            terms = lane_terms(a, a.terms, axes, a.ndim, value.shape)
        else:
            terms = all_terms(a, [a], value.shape)
        return like(a, value, terms, a.history)

    rule.__name__ = function.__name__
    return rule


def _transformed(function, ndim, args, kwargs):
    several = function.__name__.endswith(("2", "n"))
    given = args[1] if len(args) > 1 else kwargs.get("axes" if several else "axis", _NO)
    if given is _NO or given is None:
        sizes = (args[0] if args else kwargs.get("s")) if several else None
        count = 2 if function.__name__.endswith("2") else ndim if sizes is None else len(sizes)
        given = tuple(range(-count, 0)) if several else -1
    return np.lib.array_utils.normalize_axis_tuple(given, ndim)


def _nan_running(total, fill):
    def rule(a, axis=None, dtype=None):
        return total(np.where(np.isnan(plain(a)), fill, a), axis, dtype)

    return rule


SUM = reduction(np.sum, linear=True)
PROD = reduction(np.prod, linear=False)
MAX, MIN = _extreme(np.max), _extreme(np.min)
_CUMSUM, _CUMPROD = running(np.cumsum, linear=True), running(np.cumprod, linear=False)

FUNCTIONS = {
    np.sum: SUM, np.mean: reduction(np.mean, linear=True), np.prod: PROD, np.max: MAX, np.min: MIN,
    np.var: _positional(np.var, reduction(np.var, linear=False), _SPREAD_NAMES),
    np.std: _positional(np.std, reduction(np.std, linear=False), _SPREAD_NAMES),
    np.ptp: _ptp, np.average: reductions.FUNCTIONS[np.average], np.trapezoid: reductions.FUNCTIONS[np.trapezoid],
    np.nansum: reduction(np.nansum, linear=True), np.nanprod: reduction(np.nanprod, linear=False),
    np.nanmax: _extreme(np.nanmax), np.nanmin: _extreme(np.nanmin),
    np.nanmean: reduction(np.nanmean, linear=True),
    np.nanvar: _positional(np.nanvar, reduction(np.nanvar, linear=False), _SPREAD_NAMES),
    np.nanstd: _positional(np.nanstd, reduction(np.nanstd, linear=False), _SPREAD_NAMES),
    np.cumsum: _CUMSUM, np.cumprod: _CUMPROD, np.nancumsum: _nan_running(_CUMSUM, 0.0),
    np.nancumprod: _nan_running(_CUMPROD, 1.0),
    np.sort: sort, np.partition: partition,
    np.linalg.norm: norm,
    np.trace: trace, np.linalg.trace: lambda x, /, *, offset=0, dtype=None: trace(x, offset, -2, -1, dtype),
    np.linalg.vector_norm: lambda x, /, *, axis=None, keepdims=False, ord=2: vector_norm(x, axis, keepdims, ord),
    np.linalg.matrix_norm: lambda x, /, *, keepdims=False, ord="fro": norm(x, ord, (-2, -1), keepdims),
}
FUNCTIONS[np.amax], FUNCTIONS[np.amin] = MAX, MIN
if hasattr(np, "cumulative_sum"):
    FUNCTIONS[np.cumulative_sum] = _cumulative("cumulative_sum", _CUMSUM, 0.0)
    FUNCTIONS[np.cumulative_prod] = _cumulative("cumulative_prod", _CUMPROD, 1.0)
for _name in "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split():
    FUNCTIONS[getattr(np.fft, _name)] = fft(getattr(np.fft, _name))
METHODS = {np.add: SUM, np.multiply: PROD, np.maximum: MAX, np.minimum: MIN}
