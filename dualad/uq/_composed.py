"""Sums and products, which make new combinations, and the rules of dualad that do the rest with these."""

import functools

import numpy as np
from scipy import sparse

from dualad import rules
from dualad.uq import _combination
from dualad.uq._combination import mapped, terms_of_bases
from dualad.uq._general import as_array, leaves_of, linearised, replaced
from dualad.uq._numbers import (
    UArray,
    UFloat,
    Uncertain,
    as_zero_d,
    from_operands,
    from_row,
    make_array,
    nominal,
    reshaped,
)

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
        if np.size(value) == 1:
            row = _combination.total(terms)
            return make_array(value, reshaped(_combination.terms_of_row(row), value.shape)) if np.ndim(value) else \
                from_row(value, row)
        kept = np.sum(np.empty(a.shape, bool), axis, keepdims=True).shape
        rows = np.broadcast_to(np.arange(np.size(value)).reshape(kept), a.shape)
        bases = _combination.grouped(terms, rows, np.size(value))
        return make_array(value, terms_of_bases(bases, value.shape))

    return rule


def _cumsum(a, axis=None, dtype=None, out=None):
    """Running sums: the rows of combinations times a triangle of ones."""
    a = as_array(a)
    if dtype is not None or out is not None or not isinstance(a, UArray) or a.dtype.kind == "c":
        return linearised(np.cumsum, (a, axis, dtype, out), {})
    value = np.cumsum(a._value, axis)
    along = np.moveaxis(np.ravel(a) if axis is None else a, -1 if axis is None else axis, -1)
    count = along.shape[-1]
    bases = mapped(_triangles(along.size // max(count, 1), count), along._terms)
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
            args = [*args, *(kwargs.pop(name) for name in ("a", "b") if name in kwargs)]
            args = [as_array(a) for a in args]
            if not any(isinstance(x, Uncertain) for x in leaves_of([args, kwargs])):
                return function(*args, **kwargs)
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


def sparse_product(a, b):
    """The product of a plain scipy.sparse array and an uncertain array."""
    if 0 in (np.ndim(a), np.ndim(b)):
        raise ValueError("Scalar operands are not allowed, use '*' instead")
    value = nominal(a) @ nominal(b)
    uncertain, matrix = (b, a) if isinstance(b, Uncertain) else (a, b.T)
    columns = uncertain.shape[1:] if uncertain is b else uncertain.shape[:-1]
    if columns:  # of an array of two dimensions, as a vector
        ones = sparse.eye_array(columns[0], format="csr")
        matrix = sparse.kron(matrix, ones) if uncertain is b else sparse.kron(ones, matrix)
    return make_array(value, terms_of_bases(mapped(sparse.csr_array(matrix), uncertain._terms), value.shape))


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


@_composed(np.diff)
def _diff(a, n=1, axis=-1, **kwargs):
    if kwargs:
        return NotImplemented
    for _ in range(n):
        a = np.moveaxis(a, axis, 0)
        a = np.moveaxis(a[1:] - a[:-1], 0, axis)
    return a


def _packed(x):
    """Lists of scalars as an array; those of arrays stay lists."""
    return as_array(x) if isinstance(x, np.ndarray) or all(np.ndim(leaf) == 0 for leaf in leaves_of(x)) else x


def _shared(function, least=0):
    """dualad's rule, which takes arrays apart into their values and, in place of tangents, their combinations.

    It is not worth its while for less than so many elements.
    """
    found = rules.FUNCTIONS[function]

    def rule(*args, **kwargs):
        leaves = []
        if args and isinstance(args[0], UFloat):
            args = (as_zero_d(args[0]), *args[1:])
        packed, options = [_packed(x) for x in args], {key: _packed(x) for key, x in kwargs.items()}
        replaced((packed, options), leaves.append)
        has_complex = any(isinstance(x, UArray) and x.dtype.kind == "c" for x in leaves)
        if has_complex or kwargs.get("out") is not None or sum(x.size for x in leaves) < least:
            return linearised(function, args, kwargs)
        result = found(*packed, **options)
        if any(isinstance(x, Uncertain) for x in leaves_of(result)):
            return result
        return linearised(function, args, kwargs)  # a plain result must be one by all means

    return rule


_MANY = 400
"""Elements from which on matrices of combinations are quicker than one direction per variable."""

SHARED = [getattr(np, name) for name in """
    amax amin average clip corrcoef cov cumprod cumulative_prod cumulative_sum ediff1d interp max median min
    nan_to_num nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum nanvar
    percentile polyint polyval prod ptp quantile select sort std trapezoid trapz unwrap vander var
""".split() if hasattr(np, name)]
SHARED += [getattr(np.linalg, name) for name in "det inv matrix_norm norm slogdet solve vector_norm".split()]
SHARED_IF_LARGE = [getattr(np.linalg, name) for name in "eigvalsh matrix_power multi_dot pinv svdvals".split()]
"""Functions whose rules call none but linear functions on tangents, and those that are in FUNCTIONS here."""

MATRIX_PRODUCTS = {np.matmul: _matmul}

FUNCTIONS = {f: _shared(f) for f in SHARED} | {f: _shared(f, _MANY) for f in SHARED_IF_LARGE}
FUNCTIONS |= {
    np.sum: _summed(np.sum, False), np.mean: _summed(np.mean, True), np.cumsum: _cumsum, np.dot: _dot,
    np.inner: _inner, np.vdot: _vdot, np.outer: _outer, np.diff: _diff,
}
