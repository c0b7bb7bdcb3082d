"""Order statistics, functions that leave NaN out, covariances, histograms."""

import numpy as np

from dualad.rules.algebra import apart, can_split, innermost, join, primal, together
from dualad.rules.formula import array, formula_of
from dualad.rules.packing import pack_if_needed

_NO = np._NoValue


def _given(**kwargs):
    """Only the options that were given."""
    return {k: v for k, v in kwargs.items() if v is not _NO}


# ---- without NaN ---------------------------------------------------------------------------------------------------

def _filled(a, fill):
    """a with `fill` in place of NaN."""
    return np.where(np.isnan(primal(a)), fill, a)


def _nan_total(function, total, fill):
    @formula_of(function)
    def rule(a, axis=None, dtype=None, out=None, keepdims=_NO, initial=_NO, where=_NO):
        return total(_filled(a, fill), axis, dtype, **_given(keepdims=keepdims, initial=initial, where=where))
    return rule


def _nan_extreme(function, extreme, fill):
    @formula_of(function)
    def rule(a, axis=None, out=None, keepdims=_NO, initial=_NO, where=_NO):
        return extreme(_filled(a, fill), axis, **_given(keepdims=keepdims, initial=initial, where=where))
    return rule


def _nan_running(function, total, fill):
    @formula_of(function)
    def rule(a, axis=None, dtype=None, out=None):
        return total(_filled(a, fill), axis, dtype)
    return rule


def _numbers_in(a, where):
    """Which elements are no NaN, and selected by where=."""
    mask = ~np.isnan(primal(a))
    return mask if where is _NO else mask & np.asarray(where, bool)


@formula_of(np.nanmean)
def _nanmean(a, axis=None, dtype=None, out=None, keepdims=_NO, *, where=_NO):
    mask = _numbers_in(a, where)
    return np.sum(np.where(mask, a, 0.0), axis) / np.maximum(np.sum(mask, axis), 1)


def _spread(a, axis, ddof, where, mean, correction):
    """The variance of what is no NaN."""
    ddof = ddof if correction is _NO else correction
    mask = _numbers_in(a, where)
    a = np.where(mask, a, 0.0)
    count = np.sum(mask, axis, keepdims=True)
    if mean is _NO:
        mean = np.sum(a, axis, keepdims=True) / np.maximum(count, 1)
    centred = np.where(mask, a - mean, 0.0)
    squares = np.real(centred * np.conj(centred)) if np.iscomplexobj(primal(a)) else centred * centred
    freedom = np.sum(mask, axis) - ddof
    return np.sum(squares, axis) / np.where(freedom > 0, freedom, np.nan)


@formula_of(np.nanvar)
def _nanvar(a, axis=None, dtype=None, out=None, ddof=0, keepdims=_NO, *, where=_NO, mean=_NO, correction=_NO):
    return _spread(a, axis, ddof, where, mean, correction)


@formula_of(np.nanstd)
def _nanstd(a, axis=None, dtype=None, out=None, ddof=0, keepdims=_NO, *, where=_NO, mean=_NO, correction=_NO):
    return np.sqrt(_spread(a, axis, ddof, where, mean, correction))


# ---- order statistics ----------------------------------------------------------------------------------------------

# the derivative of the place among n sorted elements with respect to q; 0 for the methods that only select
_PLACES_PER_Q = {
    "linear": lambda n: n - 1, "weibull": lambda n: n + 1, "hazen": lambda n: n,
    "interpolated_inverted_cdf": lambda n: n,
    "median_unbiased": lambda n: n + 1 / 3, "normal_unbiased": lambda n: n + 1 / 4,
}


def _sorted_slices(a, axis):
    """The elements along the axes sorted along the first axis, NaN last; the ties share their tangents."""
    ndim = np.ndim(a)
    axes = tuple(range(ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, ndim)
    if ndim == len(axes) == 1:
        return np.sort(a, 0)
    rest = [k for k in range(ndim) if k not in axes]
    shape = [np.shape(a)[k] for k in rest]
    count = int(np.prod([np.shape(a)[k] for k in axes], dtype=int))
    return np.sort(np.reshape(np.transpose(a, (*axes, *rest)), (count, *shape)), 0)


def _quantile_formula(a, q, axis, method, omit_nan):
    """Between two neighbours in sorted order.

    Their places depend on the number of elements alone: they are the quantiles of 0, 1, ..., n - 1. A NaN takes the
    place of every quantile of its slice unless NaN is left out.
    """
    x = _sorted_slices(a, axis)
    if not len(x):
        return join(innermost(a, q), 0.0, None)
    missing = np.isnan(primal(x))
    counts = np.sum(~missing, 0) if omit_nan else np.full(x.shape[1:], len(x))
    q0 = primal(q)
    place = np.zeros(np.shape(q0) + counts.shape)
    for n in np.unique(counts):
        if n:
            place[..., counts == n] = np.quantile(np.arange(float(n)), q0, method=method)[..., None]
    if not omit_nan:
        place = np.where(missing[-1], float(len(x) - 1), place)
    last = np.maximum(counts - 1, 0)
    lower = np.minimum(np.floor(place).astype(int), np.maximum(last - 1, 0))
    fraction = (place - lower).astype(np.result_type(primal(x).real, np.float32))
    if can_split(q) and method in _PLACES_PER_Q:
        inside = (method == "linear") | ((place > 0) & (place < last))
        rate = np.where(inside, _PLACES_PER_Q[method](counts), 0.0)
        fraction = fraction + rate * np.reshape(q - q0, np.shape(q0) + (1,) * counts.ndim)
    below = _elements(x, lower)
    return below + fraction * (_elements(x, np.minimum(lower + 1, last)) - below)


def _elements(x, places):
    """x[places] along the first axis, for places of shape Q + x.shape[1:]."""
    count = int(np.prod(places.shape[:places.ndim - x.ndim + 1], dtype=int))
    flat = np.reshape(places, (count, *x.shape[1:]))
    return np.reshape(np.take_along_axis(x, flat, 0), np.shape(places))


def _weighted_formula(function, a, q, axis, method, weights):
    """With weights the quantile is an element; its tied equals share."""
    a0, q0 = primal(a), primal(q)
    found = function(a0, q0, axis, method=method, keepdims=True, weights=primal(weights))
    hit = found == a0
    axes = range(np.ndim(a0)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, np.ndim(a0))
    axes = tuple(k + np.ndim(q0) for k in axes)
    return np.sum(np.where(hit, a, 0.0), axes) / np.maximum(np.sum(hit, axes), 1)


def _quantile_rule(function, scale, omit_nan, keep):
    @formula_of(function)
    def rule(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=keep, *, weights=None):
        if weights is not None:
            return _weighted_formula(function, a, q, axis, method, weights)
        return _quantile_formula(a, np.true_divide(q, scale), axis, method, omit_nan)
    return rule


@formula_of(np.median)
def _median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    x = _sorted_slices(a, axis)
    if not len(x) or np.isnan(primal(x)).any():
        return _quantile_formula(a, 0.5, axis, "linear", False)
    return 0.5 * (x[(len(x) - 1) // 2] + x[len(x) // 2])


@formula_of(np.nanmedian)
def _nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=_NO):
    return _quantile_formula(a, 0.5, axis, "linear", True)


# ---- covariances ---------------------------------------------------------------------------------------------------

def _variables(m, rowvar):
    """One variable a row."""
    m = array(m)
    return m if rowvar or m.ndim == 1 else m.T


@formula_of(np.cov)
def _cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, *, dtype=None):
    x = np.atleast_2d(_variables(m, rowvar))
    if y is not None:
        y = np.atleast_2d(y)
        x = np.concatenate([x, y.T if not rowvar and y.shape[0] != 1 else y])
    ddof = (0 if bias else 1) if ddof is None else ddof
    w = np.ones(x.shape[1])
    for weights in (fweights, aweights):
        w = w if weights is None else w * weights
    total = np.sum(w)
    freedom = total - ddof * (1 if aweights is None else np.sum(w * aweights) / total)
    centred = x - np.sum(x * w, 1, keepdims=True) / total
    return np.dot(centred, np.conj(centred * w).T) / np.where(primal(freedom) > 0, freedom, 0.0)


@formula_of(np.corrcoef)
def _corrcoef(x, y=None, rowvar=True, *, dtype=None):
    c = np.cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.real(np.diag(c)))
    return c / deviation[:, None] / deviation


# ---- histograms ----------------------------------------------------------------------------------------------------

def _edges(a, bins, range, number):
    """The edges of equal bins follow the outermost elements; given edges follow themselves."""
    bins = pack_if_needed(bins)
    if np.ndim(bins) == 1:
        return bins
    first, last = range if range is not None else (np.min(a), np.max(a)) if np.size(a) else (0.0, 1.0)
    return first + (last - first) * (np.arange(number + 1.0) / number)


def _in_bins(function, sample, bins, range, weights):
    """How much falls into each bin: linear in the weights, constant in everything else."""
    def count(w):
        return function(_strip(sample), _strip(bins), _strip(range), None, w)[0]

    lead = innermost(weights)
    if lead is None:
        return count(weights)
    w, rest = apart(weights, lead)
    return together(lead, count(w), None if rest is None else np.stack([count(t) for t in rest]))


def _strip(x):
    return type(x)(_strip(v) for v in x) if isinstance(x, (list, tuple)) else primal(x)


def _density(counts, edges):
    """Counts over their total and the volume of each bin."""
    total = np.sum(counts)
    for k, e in enumerate(edges):
        counts = counts / np.reshape(np.diff(e), [-1 if i == k else 1 for i, _ in enumerate(edges)])
    return counts / total


@formula_of(np.histogram)
def _histogram(a, bins=10, range=None, density=None, weights=None):
    counts = _in_bins(np.histogram, a, bins, range, weights)
    edges = _edges(a, bins, range, len(counts))
    return (_density(counts, [edges]) if density else counts), edges


@formula_of(np.histogram_bin_edges)
def _histogram_bin_edges(a, bins=10, range=None, weights=None):
    count = len(np.histogram_bin_edges(*(_strip(x) for x in (a, bins, range, weights)))) - 1
    return _edges(a, bins, range, count)


@formula_of(np.histogramdd, packs=False)
def _histogramdd(sample, bins=10, range=None, density=None, weights=None):
    counts = _in_bins(np.histogramdd, sample, bins, range, weights)
    columns = sample if isinstance(sample, (list, tuple)) else list(sample.T)
    bins = [bins] * counts.ndim if isinstance(bins, (int, np.integer)) else bins
    range = [None] * counts.ndim if range is None else range
    edges = [_edges(*part) for part in zip(columns, bins, range, counts.shape, strict=True)]
    return (_density(counts, edges) if density else counts), edges


def _histogram2d(x, y, bins=10, range=None, density=None, weights=None):
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    if not isinstance(bins, (int, np.integer)) and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, (first, second) = np.histogramdd(np.stack([x, y], 1), bins, range, density, weights)
    return counts, first, second


def _bincount(x, /, weights=None, minlength=0):
    lead = innermost(weights)
    if lead is None:
        return np.bincount(primal(x), weights, minlength)
    w, rest = apart(weights, lead)
    x = primal(x)
    if not np.size(x):  # NumPy forgets the weights
        return np.bincount(x, minlength=minlength)
    return together(lead, np.bincount(x, w, minlength),
                    None if rest is None else np.stack([np.bincount(x, t, minlength) for t in rest]))


# ---- sets ----------------------------------------------------------------------------------------------------------

def _distinct(x, axis=None, equal_nan=True):
    """The sorted distinct elements; those that are equal share."""
    if axis is None:
        x, axis = np.ravel(x), 0
    _, inverse, counts = np.unique(primal(x), return_inverse=True, return_counts=True, axis=axis, equal_nan=equal_nan)
    order = np.argsort(np.ravel(inverse), kind="stable")
    starts = np.cumsum(counts) - counts
    shape = [1] * x.ndim
    shape[axis] = -1
    return np.add.reduceat(np.take(x, order, axis), starts, axis) / np.reshape(counts, shape) if len(order) else x


def _members(value, *arrays):
    """Which distinct elements of the arrays the values are."""
    pool = _distinct(np.concatenate([np.ravel(a) for a in arrays]))
    return pool[np.searchsorted(primal(pool), value)]


@formula_of(np.unique)
def _unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True,
            sorted=True):
    derived = _distinct(ar, axis, equal_nan)
    if axis is None and not sorted:
        derived = _as_found(derived, np.unique(primal(ar), equal_nan=equal_nan, sorted=False))
    extra = bool(return_index) + bool(return_inverse) + bool(return_counts)
    return (derived, *[None] * extra) if extra else derived


def _as_found(derived, values):
    """The sorted elements in the order of the values."""
    return derived[np.argsort(np.argsort(values, kind="stable"), kind="stable")]


def _unique_parts(function):
    @formula_of(function)
    def rule(x):
        values = function(primal(x))
        parts = values if isinstance(values, tuple) else (values,)
        derived = _as_found(_distinct(x, equal_nan=False), parts[0])
        return (derived, *[None] * (len(parts) - 1)) if isinstance(values, tuple) else derived
    return rule


@formula_of(np.union1d)
def _union1d(ar1, ar2):
    return _members(np.union1d(primal(ar1), primal(ar2)), ar1, ar2)


@formula_of(np.intersect1d)
def _intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    derived = _members(np.intersect1d(primal(ar1), primal(ar2), assume_unique), ar1, ar2)
    return (derived, None, None) if return_indices else derived


@formula_of(np.setdiff1d)
def _setdiff1d(ar1, ar2, assume_unique=False):
    return _members(np.setdiff1d(primal(ar1), primal(ar2), assume_unique), ar1)


@formula_of(np.setxor1d)
def _setxor1d(ar1, ar2, assume_unique=False):
    return _members(np.setxor1d(primal(ar1), primal(ar2), assume_unique), ar1, ar2)


def _isin(element, test_elements, assume_unique=False, invert=False, *, kind=None):
    return np.isin(_strip(element), _strip(test_elements), assume_unique, invert, kind=kind)


FUNCTIONS = {
    np.nansum: _nan_total(np.nansum, np.sum, 0.0), np.nanprod: _nan_total(np.nanprod, np.prod, 1.0),
    np.nanmax: _nan_extreme(np.nanmax, np.max, -np.inf), np.nanmin: _nan_extreme(np.nanmin, np.min, np.inf),
    np.nancumsum: _nan_running(np.nancumsum, np.cumsum, 0.0),
    np.nancumprod: _nan_running(np.nancumprod, np.cumprod, 1.0),
    np.nanmean: _nanmean, np.nanvar: _nanvar, np.nanstd: _nanstd, np.median: _median, np.nanmedian: _nanmedian,
    np.quantile: _quantile_rule(np.quantile, 1.0, False, False),
    np.percentile: _quantile_rule(np.percentile, 100.0, False, False),
    np.nanquantile: _quantile_rule(np.nanquantile, 1.0, True, _NO),
    np.nanpercentile: _quantile_rule(np.nanpercentile, 100.0, True, _NO),
    np.cov: _cov, np.corrcoef: _corrcoef,
    np.histogram: _histogram, np.histogram_bin_edges: _histogram_bin_edges, np.histogramdd: _histogramdd,
    np.histogram2d: _histogram2d, np.bincount: _bincount,
    np.unique: _unique, np.union1d: _union1d, np.intersect1d: _intersect1d, np.setdiff1d: _setdiff1d,
    np.setxor1d: _setxor1d, np.isin: _isin,
}
for _function in (np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all):
    FUNCTIONS[_function] = _unique_parts(_function)
if hasattr(np, "in1d"):  # until NumPy 2.3
    FUNCTIONS[np.in1d] = lambda ar1, ar2, **options: np.ravel(_isin(ar1, ar2, **options))
