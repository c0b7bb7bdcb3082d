"""Sums over axes, which group combinations, and what is composed of products and sums of uncertain arrays."""

import functools

import numpy as np
from scipy import sparse

from dualad.uq import _combination
from dualad.uq._general import as_array, linearised
from dualad.uq._numbers import UArray, UFloat, Uncertain, from_operands, from_row, make_array, nominal

_LARGEST_PRODUCT = 1 << 24
"""Factors of a product of matrices up to which it is composed of products and sums."""


def _summed(function, is_mean):
    """Rule of a sum or mean over axes."""
    def rule(a, axis=None, dtype=None, out=None, keepdims=np._NoValue, **kwargs):
        a = as_array(a)
        kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue and not (k == "where" and v is True)}
        if dtype is not None or out is not None or kwargs or not isinstance(a, UArray) or a.dtype.kind == "c":
            return linearised(function, (a, axis, dtype, out, keepdims is True), kwargs)
        value = function(a._value, axis, keepdims=keepdims is True)
        share = np.size(value) / max(a.size, 1) if is_mean else 1.0
        terms = a._terms if not is_mean else _combination.scaled(a._terms, np.array(share), a.shape)
        if np.ndim(value) == 0:
            return from_row(value, _combination.total(terms))
        kept = np.sum(np.empty(a.shape, bool), axis, keepdims=True).shape
        rows = np.broadcast_to(np.arange(np.size(value)).reshape(kept), a.shape)
        bases = _combination.grouped(terms, rows, np.size(value))
        return make_array(value, _combination.terms_of_bases(bases, value.shape))

    return rule


def _cumsum(a, axis=None, dtype=None, out=None):
    """Running sums: the rows of combinations times a triangle of ones."""
    a = as_array(a)
    if dtype is not None or out is not None or not isinstance(a, UArray) or a.dtype.kind == "c":
        return linearised(np.cumsum, (a, axis, dtype, out), {})
    value = np.cumsum(a._value, axis)
    along = np.moveaxis(np.ravel(a) if axis is None else a, -1 if axis is None else axis, -1)
    count = along.shape[-1]
    bases = _combination.mapped(_triangles(along.size // max(count, 1), count), along._terms)
    index = np.moveaxis(np.arange(along.size).reshape(along.shape), -1, -1 if axis is None else axis)
    return make_array(value, [(base, index, np.ones(value.shape)) for base in bases])


def _triangles(m, n):
    """m lower triangles of ones, n by n, along the diagonal."""
    places = np.arange(m * n, dtype=np.int32)
    columns = [places[first : first + k] for first in range(0, m * n, n or 1) for k in range(1, n + 1)]
    ends = np.cumsum(np.tile(np.arange(1, n + 1), m))
    columns = np.concatenate(columns) if columns else places
    indptr = np.concatenate([[0], ends]).astype(np.int32 if len(columns) < 2**31 else np.int64)
    return sparse.csr_array((np.ones(len(columns)), columns, indptr), shape=(m * n, m * n))


def _composed(function):
    """Decorator: derivatives from a formula of products and sums, the value from NumPy's own call."""
    def decorate(formula):
        @functools.wraps(formula)
        def rule(*args, **kwargs):
            args = [as_array(a) for a in args]
            has_complex = any(np.iscomplexobj(nominal(x)) for x in args)
            derived = NotImplemented if has_complex else formula(*args, **kwargs)
            if derived is NotImplemented:
                return linearised(function, args, kwargs)
            value = function(*(nominal(a) for a in args), **kwargs)
            if isinstance(derived, UFloat):
                return from_operands(float(value), ((1.0, derived),))
            return make_array(value, derived._terms)

        return rule

    return decorate


@_composed(np.matmul)
def _matmul(a, b):
    shape_a, shape_b = np.shape(a), np.shape(b)
    if not shape_a or not shape_b or np.size(a) * (shape_b[-1] if len(shape_b) > 1 else 1) > _LARGEST_PRODUCT:
        return NotImplemented
    if len(shape_b) == 1:
        return np.sum(a * b, axis=-1)
    if len(shape_a) == 1:
        return np.sum(np.reshape(a, (*shape_a, 1)) * b, axis=-2)
    b = np.expand_dims(b, -3)
    return np.sum(np.expand_dims(a, -1) * b, axis=-2)


@_composed(np.dot)
def _dot(a, b):
    if not np.ndim(a) or not np.ndim(b):
        return np.multiply(a, b)
    if np.ndim(b) <= 2 or np.ndim(a) == 1:
        return np.matmul(a, b) if np.ndim(a) <= 2 or np.ndim(b) == 1 else NotImplemented
    return NotImplemented


@_composed(np.inner)
def _inner(a, b):
    return np.dot(a, b) if np.ndim(a) <= 1 and np.ndim(b) <= 1 else NotImplemented


@_composed(np.vdot)
def _vdot(a, b):
    return np.dot(np.ravel(a), np.ravel(b))


@_composed(np.outer)
def _outer(a, b):
    return np.reshape(np.ravel(a), (-1, 1)) * np.ravel(b)


@_composed(np.linalg.inv)
def _inv(a):
    """x' = -x a' x, which is two products of matrices of n**3 coefficients, where the inverse has n**4."""
    x = np.linalg.inv(nominal(a))
    return -(x @ a @ x)


@_composed(np.linalg.solve)
def _solve(a, b):
    """a x' = b' - a' x"""
    x = np.linalg.solve(nominal(a), nominal(b))
    return np.linalg.inv(nominal(a)) @ (b - a @ x)


@_composed(np.var)
def _var(a, axis=None, ddof=0, keepdims=False, **kwargs):
    if kwargs or not isinstance(a, UArray):
        return NotImplemented
    gap = a - np.mean(a, axis, keepdims=True)
    count = a.size / max(np.size(np.sum(a._value, axis)), 1)
    return np.sum(gap * gap, axis, keepdims=keepdims) / max(count - ddof, 0)


@_composed(np.std)
def _std(a, axis=None, ddof=0, keepdims=False, **kwargs):
    return np.sqrt(np.var(a, axis, ddof=ddof, keepdims=keepdims)) if not kwargs else NotImplemented


def _extreme(function):
    """max and min: the tied share the derivative equally, as in dualad's rule."""
    @_composed(function)
    def rule(a, axis=None, keepdims=False, **kwargs):
        if kwargs or not isinstance(a, UArray):
            return NotImplemented
        tied = a._value == function(a._value, axis, keepdims=True)
        return np.sum(a * (tied / np.sum(tied, axis, keepdims=True)), axis, keepdims=keepdims)

    return rule


@_composed(np.ptp)
def _ptp(a, axis=None, **kwargs):
    return np.max(a, axis) - np.min(a, axis) if not kwargs else NotImplemented


@_composed(np.median)
def _median(a, axis=None, keepdims=False, **kwargs):
    if kwargs or not isinstance(a, UArray) or len(np.unique(a._value)) < a.size or np.isnan(a._value).any():
        return NotImplemented
    a, along = (np.ravel(a), 0) if axis is None else (a, axis)
    if not isinstance(along, int) or not a.size or (keepdims and axis is None):
        return NotImplemented
    half = a.shape[along] // 2
    middle = [half] if a.shape[along] % 2 else [half - 1, half]
    return np.mean(np.take(np.sort(a, along), middle, along), along, keepdims=keepdims)


@_composed(np.nansum)
def _nansum(a, axis=None, keepdims=False, **kwargs):
    return np.sum(np.where(np.isnan(a), 0.0, a), axis, keepdims=keepdims) if not kwargs else NotImplemented


@_composed(np.trapezoid)
def _trapezoid(y, x=None, dx=1.0, axis=-1):
    if isinstance(x, Uncertain) or np.ndim(x) > 1 or np.ndim(dx) or not isinstance(y, UArray):
        return NotImplemented
    y = np.moveaxis(y, axis, -1)
    return np.sum((y[..., 1:] + y[..., :-1]) * (dx if x is None else np.diff(x)), -1) / 2


@_composed(np.prod)
def _prod(a, axis=None, keepdims=False, **kwargs):
    with np.errstate(all="ignore"):
        others = np.prod(a._value, axis, keepdims=True) / a._value
    if kwargs or not isinstance(a, UArray) or not np.isfinite(others).all():
        return NotImplemented
    return np.sum(a * others, axis, keepdims=keepdims)


@_composed(np.linalg.norm)
def _norm(x, ord=None, axis=None, keepdims=False):
    if ord is not None or not isinstance(x, UArray) or not np.all(np.linalg.norm(x._value, None, axis)):
        return NotImplemented
    return np.sqrt(np.sum(x * x, axis, keepdims=keepdims))


@_composed(np.clip)
def _clip(a, a_min=None, a_max=None, **kwargs):
    if kwargs:
        return NotImplemented
    a = a if a_min is None else np.maximum(a, a_min)
    return a if a_max is None else np.minimum(a, a_max)


@_composed(np.diff)
def _diff(a, n=1, axis=-1, **kwargs):
    if kwargs:
        return NotImplemented
    for _ in range(n):
        a = np.moveaxis(a, axis, 0)
        a = np.moveaxis(a[1:] - a[:-1], 0, axis)
    return a


@_composed(np.average)
def _average(a, axis=None, weights=None, **kwargs):
    if kwargs or (weights is not None and np.shape(weights) != np.shape(a)):
        return NotImplemented
    return np.mean(a, axis) if weights is None else np.sum(a * weights, axis) / np.sum(weights, axis)


MATRIX_PRODUCTS = {np.matmul: _matmul}


FUNCTIONS = {
    np.sum: _summed(np.sum, False), np.mean: _summed(np.mean, True), np.cumsum: _cumsum, np.dot: _dot,
    np.inner: _inner, np.vdot: _vdot, np.outer: _outer, np.var: _var, np.std: _std, np.diff: _diff,
    np.average: _average, np.max: _extreme(np.max), np.min: _extreme(np.min), np.ptp: _ptp, np.median: _median,
    np.nansum: _nansum, np.trapezoid: _trapezoid, np.prod: _prod, np.linalg.norm: _norm, np.clip: _clip,
    np.linalg.inv: _inv, np.linalg.solve: _solve,
}
