"""Functions that select or interpolate by value."""

import numpy as np
from scipy import sparse

from dualad._core.tracer import Partial
from dualad.rules.algebra import tangent_product
from dualad.rules.calculus import FUNCTIONS as CALCULUS
from dualad.sparse._tracing.base import (
    add_pairs,
    all_terms,
    broadcast,
    is_tracer,
    joined,
    leader,
    like,
    listed,
    plain,
    product_terms,
    shared_history,
    store,
    strip,
    terms_of,
    untraced,
)
from dualad.sparse._tracing.observed import is_observed, observe
from dualad.sparse._tracing.refusals import Unsupported
from dualad.transforms import jvp

_NO = np._NoValue
_GRADIENT, _PIECEWISE = CALCULUS[np.gradient], CALCULUS[np.piecewise]  # interception may replace the names later


def clip(a, a_min=_NO, a_max=_NO, out=None, *, min=_NO, max=_NO, where=True, **kwargs):
    """As minimum(maximum(a, low), high)."""
    low = a_min if a_min is not _NO else None if min is _NO else min
    high = a_max if a_max is not _NO else None if max is _NO else max
    a, low, high = listed(a), listed(low), listed(high)
    y = a if low is None else np.maximum(a, low)
    y = y if high is None else np.minimum(y, high)
    lead = leader(a, low, high)
    y = np.clip(a, low, high, **kwargs) if lead is None else _clipped(lead, y, (a, low, high), kwargs)
    return y if out is None else store(out, y if where is True else np.where(where, y, out))


def _clipped(lead, y, args, kwargs):
    value = np.clip(*(strip(x) for x in args), **kwargs)
    return like(lead, value, broadcast(terms_of(y, lead), np.shape(value)), shared_history(lead, [y]))


def interp(x, xp, fp, left=None, right=None, period=None):
    """Every value at the nodes for each element, where they are traced; for local patterns the two neighbours."""
    x, xp, fp = listed(x), listed(xp), listed(fp)
    lead = leader(x, xp, fp, left, right)
    value = np.interp(strip(x), strip(xp), strip(fp), strip(left), strip(right), period)
    shape = np.shape(value)
    if lead.run.partials is not None:
        return _of_partials(lead, np.interp, x, value, (xp, fp, left, right, period))
    nodes = all_terms(lead, [xp, fp, left, right], shape)
    if untraced(xp, lead) and untraced(x, lead) and period is None and not untraced(fp, lead):
        nodes = joined(lead, shape, _neighbours(lead, x, xp, fp, shape), *(terms_of(s, lead) for s in (left, right)))
    elif lead.run.local and untraced(xp, lead) and period is None and not untraced(fp, lead):
        nodes = joined(lead, shape, _neighbours(lead, x, xp, fp, shape), *(terms_of(s, lead) for s in (left, right)))
    terms = joined(lead, shape, terms_of(x, lead), nodes)
    history = shared_history(lead, [x, xp, fp, left, right])
    linear = untraced(xp, lead) and (untraced(x, lead) or not nodes)
    return like(lead, value, terms, history if linear else add_pairs(lead, history, (terms, terms)))


def _of_partials(lead, function, x, value, constants):
    """A function of the elements of x, whose derivative is that of numbers with a tangent of ones."""
    if leader(constants) is not None or not is_tracer(x):
        raise Unsupported(f"{function.__name__} of these arguments")
    slopes = jvp(lambda x: function(x, *constants), (plain(x),), (np.ones(x.shape, x.dtype),))[1]
    terms = tuple((None, Partial(p.node, tangent_product(slopes, p.full()))) for _, p in x.terms)
    return like(lead, value, terms)


def _neighbours(lead, x, xp, fp, shape):
    """The terms of the nodes on both sides of constant x."""
    nodes = np.asarray(strip(xp), float)
    right = np.clip(np.searchsorted(nodes, strip(x), "left"), 0, len(nodes) - 1)
    left = np.clip(np.searchsorted(nodes, strip(x), "right") - 1, 0, len(nodes) - 1)
    return [(t, np.asarray(rows[k]).reshape(shape)) for t, rows in fp.terms for k in (left, right)]


def bincount(x, /, weights=None, minlength=0):
    """Each bin takes the weights that fall into it; all of them where the bins depend on x."""
    lead = leader(x, weights)
    weights = listed(weights)
    value = np.bincount(strip(x), strip(weights), minlength)
    if weights is None or untraced(weights, lead):
        return observe(lead.run, value)
    if is_observed(x):
        return like(lead, value, all_terms(lead, [weights], value.shape), weights.history)
    bins = np.asarray(x)
    matrix = sparse.csr_array((np.ones(len(bins), bool), (bins, np.arange(len(bins)))), (len(value), len(bins)))
    return like(lead, value, product_terms(lead, matrix, weights.terms), weights.history)


def polyder(p, m=1):
    """Coefficients times their exponents, the last one dropped."""
    value = np.polyder(plain(p), m)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1.0, 0, -1)
    return like(p, value, p.terms, p.history)


def piecewise(x, condlist, funclist, *args, **kw):
    """Every piece for every element where the conditions depend on x, but for local patterns."""
    lead = leader(x, condlist)
    conditions = condlist.value if is_tracer(condlist) else condlist
    marked = is_observed(conditions) or any(is_observed(c) for c in np.atleast_1d(conditions)) \
        if not isinstance(conditions, list) else any(is_observed(c) for c in conditions)
    y = _PIECEWISE(x, _plain(conditions), funclist, *args, **kw)
    if not marked or lead.run.local or not is_tracer(x):
        return y
    pieces = [f(x, *args, **kw) if callable(f) else f for f in funclist]
    terms = joined(lead, np.shape(y), terms_of(y, lead), *(terms_of(p, lead) for p in pieces))
    return like(lead, strip(y), terms, shared_history(lead, [y, *pieces]))


def _plain(conditions):
    if isinstance(conditions, list):
        return [_plain(c) for c in conditions]
    return np.asarray(strip(conditions))


def gradient(f, *varargs, axis=None, edge_order=1):
    """With constant steps the inner differences skip the middle element."""
    f = listed(f)
    if not is_tracer(f) or any(np.ndim(h) or is_tracer(h) for h in varargs):
        return _GRADIENT(f, *varargs, axis=axis, edge_order=edge_order)
    value = np.gradient(strip(f), *varargs, axis=axis, edge_order=edge_order)
    axes = range(f.ndim) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, f.ndim)
    slopes = [np.moveaxis(_slope(np.moveaxis(f, k, -1), edge_order), -1, k) for k in axes]
    if not isinstance(value, (tuple, list)):
        return like(f, value, slopes[0].terms, f.history)
    return type(value)(like(f, v, s.terms, f.history) for v, s in zip(value, slopes, strict=True))


def _slope(f, edge_order):
    """Differences along the last axis."""
    n = edge_order
    first, last = np.sum(f[..., : n + 1], -1, keepdims=True), np.sum(f[..., -n - 1 :], -1, keepdims=True)
    return np.concatenate([first, f[..., 2:] - f[..., :-2], last], -1)


FUNCTIONS = {
    np.bincount: bincount,
    np.clip: clip,
    np.gradient: gradient,
    np.interp: interp,
    np.piecewise: piecewise,
    np.polyder: polyder,
}
