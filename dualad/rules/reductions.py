"""Functions that combine the elements along axes: sums, means, products, norms, extremes."""

import operator
import string

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from dualad._core.number import (
    Subscripts,
    all_finite,
    are_moderate,
    are_ordinary,
    difference,
    is_tame,
    quick_sum,
    quotient,
    tie_shares,
    weighted_sums,
)
from dualad.rules.algebra import (
    apart,
    can_split,
    innermost,
    is_axis_of_scalar,
    join,
    lift,
    primal,
    refuse_whole_numbers,
    shift_axis,
    split,
    tangent_product,
    together,
)
from dualad.rules.packing import operand
from dualad.rules.roots import hand_on, has_zero, note_square, squared_size

_NO = np._NoValue


def _options(keepdims=_NO, initial=_NO, where=_NO, mean=_NO):
    """Only the options that were given."""
    if keepdims is _NO and initial is _NO and where is _NO and mean is _NO:
        return {}
    options = {"keepdims": keepdims, "initial": initial, "where": where, "mean": mean}
    return {k: v for k, v in options.items() if v is not _NO}


def _linear_reduction(function):
    """sum and mean: the value gets a call of its own, so that it rounds as NumPy's does."""
    method = operator.attrgetter(function.__name__)  # the quicker way to the same loop
    is_mean = function is np.mean

    def rule(a, axis=None, dtype=None, keepdims=_NO, *, initial=_NO, where=_NO):
        lead = innermost(a, initial)
        value, tangents = apart(a, lead)
        start, start_dot = apart(initial, lead) if initial is not _NO else (_NO, None)
        options = _options(keepdims, where=where if where is _NO else primal(where))
        if start is not _NO:
            result = function(value, axis, dtype, **options, initial=start)
        else:
            result = method(value)(axis, dtype, **options)
        if tangents is not None and not options and dtype is None and value.size and _is_short(tangents):
            tangents = _along(result.size / value.size if is_mean else 1.0, tangents, axis)
        elif tangents is not None:
            if where is not _NO:
                options["where"] = np.broadcast_to(np.asarray(options["where"], bool), value.shape)[None]
            tangents = _quietly(function, tangents, shift_axis(axis, a.ndim), dtype, **options)
        if start_dot is not None:
            extra = lift(start_dot, np.ndim(result))
            tangents = (
                np.broadcast_to(extra, extra.shape[:1] + np.shape(result)) if tangents is None else tangents + extra
            )
        return together(lead, result, tangents)

    return rule


def _is_short(tangents):
    """Whether calls of NumPy would cost more than what they do."""
    return type(tangents) is np.ndarray and tangents.size <= 4096


def _quietly(function, tangents, *args, **kwargs):
    """The sum of tangents must not raise floating-point exceptions: the values have raised theirs."""
    if type(tangents) is np.ndarray and is_tame(tangents):
        return function(tangents, *args, **kwargs)
    with np.errstate(all="ignore"):
        return function(tangents, *args, **kwargs)


_SUM = _linear_reduction(np.sum)


def _sum(a, axis=None, dtype=None, keepdims=_NO, initial=_NO, where=_NO):
    if axis is None and dtype is None and keepdims is _NO and initial is _NO and where is _NO:
        result = quick_sum(a)
        if result is not NotImplemented:
            return result
    return _SUM(a, None if is_axis_of_scalar(a, axis) else axis, dtype, keepdims, initial=initial, where=where)


_mean = _linear_reduction(np.mean)


def _flatten_axes(a, axis):
    """The reduced axes first and as one, and the function that puts the result back for keepdims."""
    ndim = a.ndim
    if ndim == 1 and axis is None:
        return a
    axes = tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)
    if ndim == 1:
        return a if axes else a[None]
    rest = [k for k in range(ndim) if k not in axes]
    moved = np.transpose(a, (*axes, *rest))
    count = int(np.prod([a.shape[k] for k in axes], dtype=int))
    return np.reshape(moved, (count, *[a.shape[k] for k in rest]))


def _along(weights, tangents, axis):
    """sum of weights * tangents along the reduced axes; zero tangents stay zero."""
    axis = tuple(axis) if type(axis) is list else axis
    total = weighted_sums(weights, tangents, axis)
    if total is not NotImplemented:
        return total
    return _quietly(np.sum, tangent_product(weights, tangents), shift_axis(axis, tangents.ndim - 1))


def weighing(depth, ndim, axis):
    """What `weighted_sums` of tangents of ndim dimensions needs, with weights of `depth`."""
    if depth not in (0, ndim - 1) or ndim > 12:
        return None
    letters = string.ascii_letters[:ndim]
    reduced = range(ndim - 1) if axis is None else normalize_axis_tuple(axis, ndim - 1)
    left = "".join(letters[k + 1] for k in range(ndim - 1) if k not in reduced)
    return Subscripts(f"{letters[1:] if depth else ''},{letters}->{letters[0]}{left}")


def _prod(a, axis=None, dtype=None, keepdims=_NO, initial=_NO, where=_NO):
    """The factor of each tangent is the product of all others, so that zeros among the elements are no exception."""
    lead = innermost(a, initial)
    axis = None if is_axis_of_scalar(a, axis) else axis
    if where is not _NO:
        a = np.where(where, a, 1.0)
    start, start_dot = split(initial, lead.level) if initial is not _NO else (1.0, None)
    v, t = split(a, lead.level)
    value = np.multiply.reduce(v, axis, dtype, **_options(keepdims, _NO if initial is _NO else start))
    x = _flatten_axes(a, axis)
    v, t = (v, t) if x is a else split(x, lead.level)
    total = None
    if t is not None:
        total = _product_tangents(v, t, value if initial is _NO and dtype is None else None)
        if initial is not _NO:
            with np.errstate(all="ignore"):
                total = total * start
    if start_dot is not None:
        term = tangent_product(np.prod(v, axis=0), lift(start_dot, x.ndim - 1))
        total = term if total is None else total + term
    return join(lead, value, _shaped(total, value))


def _shaped(total, result):
    """Tangents in the shape of the result, which may have kept its axes."""
    if total is None or total.ndim == result.ndim + 1:
        return total
    return np.reshape(total, total.shape[:1] + result.shape)


def _product_tangents(v, t, product):
    """Tangents of the product along the first axis of v: sum(p / v * t), unless zeros or infinities are about."""
    if product is not None and are_moderate(product, v):
        product = product if product.ndim == v.ndim - 1 else np.reshape(product, v.shape[1:])
        return _along(quotient(product, v), t, None if v.ndim == 1 else 0)
    with np.errstate(all="ignore"):
        ones = np.ones((1, *v.shape[1:]), primal(v).dtype)
        before = np.concatenate([ones, np.cumprod(v, axis=0)[:-1]]) if len(v) else v
        after = np.concatenate([ones, np.cumprod(v[::-1], axis=0)[:-1]])[::-1] if len(v) else v
        return np.sum(tangent_product(before * after, t), axis=1)


def _extreme(ufunc):
    """max and min: the tied share the tangent equally."""

    def rule(a, axis=None, keepdims=_NO, initial=_NO, where=_NO):
        lead = innermost(a, initial)
        axis = None if is_axis_of_scalar(a, axis) else axis
        value, t = split(a, lead.level)
        start, start_dot = split(initial, lead.level) if initial is not _NO else (_NO, None)
        result = ufunc.reduce(value, axis, **_options(keepdims, start, where))
        shares, start_share = _shares(primal(value), primal(result), axis, keepdims, where, primal(start))
        total = None
        if t is not None:
            total = _shaped(_along(shares, t, axis), result)
        if start_dot is not None:
            part = np.reshape(start_share, np.shape(result))
            term = tangent_product(part, lift(start_dot, np.ndim(result)))
            total = term if total is None else total + term
        return join(lead, result, total)

    return rule


def _shares(value, result, axis, keepdims, where, start):
    """The shares of the elements, and of an initial value, in the extreme."""
    if where is _NO and start is _NO:
        quick = tie_shares(value, result, axis)
        if quick is not None:
            return quick, 0.0
    top = result if keepdims is True or axis is None else np.expand_dims(result, axis)
    hit = _ties(value, top, where)
    start_hit = False if start is _NO else top == start
    count = np.maximum(np.count_nonzero(hit, axis, keepdims=True) + start_hit, 1)
    return hit / count, start_hit / count


def _ties(value, top, where):
    """Which elements are the extreme; a NaN that NumPy returns counts as one."""
    hit = np.equal(value, top)
    if not all_finite(np.asarray(top)):
        hit = hit | (np.isnan(value) & np.isnan(top))
    return hit if where is _NO else hit & np.asarray(where, bool)


def _ptp(a, axis=None, keepdims=_NO):
    options = _options(keepdims=keepdims)
    return np.max(a, axis, **options) - np.min(a, axis, **options)


def _average(a, axis=None, weights=None, returned=False, *, keepdims=_NO):
    """sum(w x) / sum(w)"""
    options, a, weights = _options(keepdims=keepdims), operand(a), operand(weights)
    lead = innermost(a, weights)
    value, scale = np.average(apart(a, lead)[0], axis, apart(weights, lead)[0], returned=True, **options)
    if weights is None:
        derived, total = np.mean(a, axis, **options), scale
    else:
        weights = _weights_like(a, weights, axis)
        total = np.sum(weights, axis, **options)
        derived = np.sum(a * weights, axis, **options) / total
        total = _with_tangents_of(total, scale, lead) if can_split(total) else scale
    result = _with_tangents_of(derived, value, lead)
    return (result, total) if returned else result


def _weights_like(a, weights, axis):
    """Weights of the averaged axes alone, broadcast to the shape of a."""
    if np.shape(weights) == np.shape(a):
        return weights
    ndim, axes = np.ndim(a), normalize_axis_tuple(axis, np.ndim(a))
    weights = np.transpose(weights, np.argsort(axes))
    weights = np.reshape(weights, [np.shape(a)[k] if k in axes else 1 for k in range(ndim)])
    return np.broadcast_to(weights, np.shape(a))


def _var(a, axis=None, dtype=None, ddof=0, keepdims=_NO, *, where=_NO, mean=_NO, correction=_NO):
    """2 / (n - ddof) * sum((x - mean) * x'); a mean that is given has a tangent of its own."""
    ddof = _freedom(ddof, correction)
    lead = innermost(a, mean)
    value, t = split(a, lead.level)
    middle, middle_dot = split(mean, lead.level) if mean is not _NO else (_NO, None)
    result = value.var(axis, dtype, None, ddof, **_options(keepdims, where=where, mean=middle))
    if mean is _NO:
        middle = _middle(value, axis, where)
    off = difference(value, middle)
    off = np.conjugate(off) if off.dtype.kind == "c" else off
    total = None
    if t is not None:
        total = _mean_product(off, t, axis, ddof, where)
    if middle_dot is not None:
        term = _mean_product(-off, lift(middle_dot, np.ndim(off)), axis, ddof, where)
        total = term if total is None else total + term
    return join(lead, result, _shaped(total, result))


def _middle(value, axis, where):
    """The mean, in a shape that broadcasts against the elements."""
    if where is not _NO:
        return np.mean(value, axis, keepdims=True, where=where)
    if axis is None:
        return np.add.reduce(value, None) / max(value.size, 1)
    total = np.add.reduce(value, axis, keepdims=True)
    return total / max(value.size // max(total.size, 1), 1)


def _freedom(ddof, correction):
    if correction is _NO:
        return ddof
    if ddof != 0:
        raise ValueError("ddof and correction can't be provided simultaneously.")
    return correction


def _mean_product(off, t, axis, ddof, where):
    """2 sum(off * t) / (n - ddof), the real part of it."""
    if where is not _NO:
        off = np.where(where, off, 0.0)
        count = np.count_nonzero(np.broadcast_to(np.asarray(where, bool), np.shape(off)), axis)
    total = _along(off, t, axis)
    total = np.real(total) if total.dtype.kind == "c" else total
    if where is _NO:
        count = off.size // max(total.size // len(t), 1)
        if type(ddof) is int and count > ddof:
            return total * (2.0 / (count - ddof))
    with np.errstate(all="ignore"):
        return total * 2.0 / np.subtract(count, ddof, dtype=primal(total).dtype)


def _with_tangents_of(derived, value, lead):
    """The value that NumPy computes with the tangents of an expression for it."""
    t = apart(derived, lead)[1]
    result = together(lead, value, None if t is None else np.reshape(t, t.shape[:1] + np.shape(value)))
    return hand_on(derived, result)


def _std(a, axis=None, dtype=None, ddof=0, keepdims=_NO, *, where=_NO, mean=_NO, correction=_NO):
    ddof = _freedom(ddof, correction)
    derived = np.sqrt(_var(a, axis, dtype, ddof, keepdims, where=where, mean=mean))
    lead = innermost(derived)
    options = _options(keepdims, where=where, mean=apart(mean, lead)[0])
    value = np.std(apart(a, lead)[0], axis, dtype, None, ddof, **options)
    return _with_tangents_of(derived, value, lead)


# ---- running totals ------------------------------------------------------------------------------------------------


def _cumsum(a, axis=None, dtype=None):
    if axis is None or is_axis_of_scalar(a, axis):
        a, axis = np.ravel(a), 0
    lead = innermost(a)
    value, t = apart(a, lead)
    result = value.cumsum(axis, dtype)
    return together(lead, result, None if t is None else t.cumsum(shift_axis(axis, a.ndim), dtype))


def _cumprod(a, axis=None, dtype=None):
    """p_i' = p_i sum_(j <= i) x_j'/x_j, unless zeros or infinities are about."""
    if axis is None or is_axis_of_scalar(a, axis):
        a, axis = np.ravel(a), 0
    lead = innermost(a)
    value, t = split(a, lead.level)
    result = value.cumprod(axis, dtype)
    if t is not None:
        if primal(result).dtype.kind not in "fc":
            refuse_whole_numbers(primal(result).dtype)
        along = shift_axis(axis, a.ndim)
        if are_ordinary(primal(result)):
            t = result * (t / value).cumsum(along)
        else:
            t = split(np.multiply.accumulate(a, axis), lead.level)[1]
    return join(lead, result, t)


def _cumulative(function):
    def rule(x, /, *, axis=None, dtype=None, include_initial=False):
        if axis is None and x.ndim != 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0 if axis is None else axis
        result = function(x, axis, dtype)
        if include_initial:
            shape = list(result.shape)
            shape[axis] = 1
            first = np.full(shape, 1 if function is _cumprod else 0, primal(result).dtype)
            result = np.concatenate([first, result], axis)
        return result

    return rule


# ---- norms ---------------------------------------------------------------------------------------------------------


def _norm(x, ord=None, axis=None, keepdims=False):
    """Norms of vectors by their formulas; matrix norms that need singular values through svd."""
    function = np.linalg.norm
    if ord is None and axis is None:
        return _euclidean(lambda v: (_NORM if type(v) is np.ndarray else function)(v, None, None, keepdims), x, None)
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        return _euclidean(lambda v: function(v, ord, axis, keepdims), x, axes if len(axes) < x.ndim else None)
    lead = innermost(x)
    value = np.linalg.norm(apart(x, lead)[0], ord, axis, keepdims)
    derived = _vector_norm(x, ord, *axes) if len(axes) == 1 else _matrix_norm(np.moveaxis(x, axes, (-2, -1)), ord)
    return _with_tangents_of(derived, value, lead)


# without the protocol, which plain arrays have no need of
_NORM = getattr(np.linalg.norm, "__wrapped__", np.linalg.norm)


def _vector_norm_of_axes(x, /, *, axis=None, keepdims=False, ord=2):
    """The vectors run along any number of axes."""
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    if ord == 2:
        axes = axes if len(axes) < x.ndim else None
        return _euclidean(lambda v: np.linalg.vector_norm(v, axis=axis, keepdims=keepdims), x, axes)
    lead = innermost(x)
    value = np.linalg.vector_norm(apart(x, lead)[0], axis=axis, keepdims=keepdims, ord=ord)
    return _with_tangents_of(_vector_norm(_flatten_axes(x, axes), ord, 0), value, lead)


def _euclidean(norm, x, axes):
    """x'.x / |x|, and 0 at the origin, for vectors along these axes, all if None."""
    lead = innermost(x)
    value, t = split(x, lead.level)
    result = norm(value)
    if t is None:
        return join(lead, result, None)
    size = result
    if axes is not None:
        size = result.reshape([1 if k in axes else n for k, n in enumerate(x.shape)])
    is_complex, origin = value.dtype.kind == "c", None
    unit = np.conjugate(value) if is_complex else value
    if has_zero(primal(size)):
        origin = primal(size) == 0
        unit, size = np.where(origin, 0.0, unit), np.where(origin, 1.0, size)
    total = _along(quotient(unit, size), t, axes)
    total = np.real(total) if is_complex else total
    root = join(lead, result, _shaped(total, result))
    if origin is None:
        return root
    return note_square(root, lambda x: np.reshape(np.sum(squared_size(x), axes), result.shape), x)


def _vector_norm(x, ord, axis):
    size = np.abs(x)
    if ord == np.inf:
        return np.max(size, axis)
    if ord == -np.inf:
        return np.min(size, axis)
    if ord == 0:
        return np.sum(0.0 * size, axis)
    if ord == 1:
        return np.sum(size, axis)
    return np.sum(size**ord, axis) ** (1.0 / ord)


def _matrix_norm(x, ord):
    if ord in (1, -1):
        return (np.max if ord > 0 else np.min)(np.sum(np.abs(x), -2), -1)
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(np.sum(np.abs(x), -1), -1)
    singular = np.linalg.svd(x, compute_uv=False)
    return np.sum(singular, -1) if ord == "nuc" else singular[..., 0 if ord > 0 else -1]


_MAX, _MIN = _extreme(np.maximum), _extreme(np.minimum)
FUNCTIONS = {
    np.amax: _MAX,
    np.amin: _MIN,
    np.sum: _sum,
    np.mean: _mean,
    np.prod: _prod,
    np.max: _MAX,
    np.min: _MIN,
    np.ptp: _ptp,
    np.average: _average,
    np.var: _var,
    np.std: _std,
    np.cumsum: _cumsum,
    np.cumprod: _cumprod,
    np.linalg.norm: _norm,
    np.linalg.vector_norm: _vector_norm_of_axes,
    np.linalg.matrix_norm: lambda x, /, *, keepdims=False, ord="fro": _norm(x, ord, (-2, -1), keepdims),
    np.trapezoid: lambda y, x=None, dx=1.0, axis=-1: _trapezoid(y, x, dx, axis),
}
if hasattr(np, "cumulative_sum"):
    FUNCTIONS[np.cumulative_sum] = _cumulative(_cumsum)
    FUNCTIONS[np.cumulative_prod] = _cumulative(_cumprod)


def _trapezoid(y, x, dx, axis):
    if x is not None:
        dx = np.diff(x) if np.ndim(x) == 1 else np.diff(x, axis=axis)
        if np.ndim(x) == 1:
            shape = [1] * np.ndim(y)
            shape[axis] = np.shape(dx)[0]
            dx = np.reshape(dx, shape)
    y = y if can_split(y) else np.asarray(y)
    first, second = [slice(None)] * y.ndim, [slice(None)] * y.ndim
    first[axis], second[axis] = slice(None, -1), slice(1, None)
    return np.sum(dx * (y[tuple(second)] + y[tuple(first)]) / 2.0, axis)


if hasattr(np, "trapz"):  # until NumPy 2.3
    FUNCTIONS[np.trapz] = FUNCTIONS[np.trapezoid]

METHODS = {
    np.add: _sum,
    np.multiply: _prod,
    **{ufunc: _extreme(ufunc) for ufunc in (np.maximum, np.minimum, np.fmax, np.fmin)},
}
