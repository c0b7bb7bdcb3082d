"""Small arrays, for which rules have compiled loops: against the definition, for every number type and layout."""

import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dualad as da
from dualad._core.number import Subscripts, sums_of_products

# a name, a maker of numbers from a value and random components, and which two components meet in which other
KINDS = {
    "Dual": (lambda v, r: da.Dual(v, r(v.shape)), lambda p, q: [p + q] if p * q == 0 else []),
    "MultiDual": (lambda v, r: da.MultiDual(v, r((3, *v.shape))), lambda p, q: [p + q] if p * q == 0 else []),
    "HyperDual": (
        lambda v, r: da.HyperDual(v, r((2, *v.shape)), r((3, *v.shape)), r((2, 3, *v.shape))),
        lambda p, q: [p + q] if (p // 4) * (q // 4) == 0 and (p % 4) * (q % 4) == 0 else [],
    ),
    "HyperDual of one set": (
        lambda v, r: da.HyperDual(v, r((2, *v.shape)), None, _symmetric(r((2, 2, *v.shape)))),
        lambda p, q: _of_one_set(p, q),
    ),
    "Taylor": (lambda v, r: da.Taylor(np.stack([v, *r((4, *v.shape))])), lambda p, q: [p + q] if p + q < 5 else []),
}


def _symmetric(mixed):
    return mixed + np.swapaxes(mixed, 0, 1)


def _of_one_set(p, q):
    """Components 1, e1, e2, e1 h1, e1 h2, e2 h2, where each e also stands for its h."""
    if p * q == 0:
        return [p + q]
    if p > 2 or q > 2:
        return []
    place = {(1, 1): 3, (1, 2): 4, (2, 2): 5}[min(p, q), max(p, q)]
    return [place, place] if p == q else [place]


def product(meet, function, x, y):
    """The components of function(x, y), from those of x and y by the product table."""
    x, y = (z.components if hasattr(z, "components") else np.asarray(z)[None] for z in (x, y))
    total = None
    for (p, a), (q, b) in itertools.product(enumerate(x), enumerate(y)):
        for c in meet(p, q):
            term = np.asarray(function(a, b))
            if total is None:
                total = np.zeros((max(len(x), len(y)), *term.shape))
            total[c] += term
    return total


def laid_out(a, layout):
    """The same values in other memory."""
    if layout == "reversed":
        return np.flip(np.flip(a).copy())
    if layout == "strided":
        room = np.full([2 * n for n in a.shape], np.nan)
        room[(slice(None, None, 2),) * a.ndim] = a
        return room[(slice(None, None, 2),) * a.ndim]
    return np.asfortranarray(a) if layout == "columns" else a.copy()


def same_bits(a, b):
    return np.shape(a) == np.shape(b) and np.asarray(a).tobytes() == np.asarray(b).tobytes()


PRODUCTS = {
    "vector @ vector": (np.matmul, (4,), (4,)),
    "matrix @ vector": (np.matmul, (3, 4), (4,)),
    "vector @ matrix": (np.matmul, (3,), (3, 4)),
    "matrix @ matrix": (np.matmul, (3, 4), (4, 2)),
    "10 x 10": (np.matmul, (10, 10), (10, 10)),
    "stack @ stack": (np.matmul, (2, 3, 4), (2, 4, 2)),
    "stack @ matrix": (np.matmul, (2, 3, 4), (4, 2)),
    "stack @ vector": (np.matmul, (2, 3, 4), (4,)),
    "broadcast stack": (np.matmul, (1, 3, 4), (2, 4, 2)),
    "dot": (np.dot, (5,), (5,)),
    "dot of matrices": (np.dot, (2, 3), (3, 4)),
    "dot, matrix and vector": (np.dot, (2, 3), (3,)),
    "inner": (np.inner, (2, 3), (4, 3)),
    "inner, vector and matrix": (np.inner, (3,), (4, 3)),
    "vdot": (np.vdot, (5,), (5,)),
    "einsum, dot": (lambda a, b: np.einsum("i,i->", a, b), (6,), (6,)),
    "einsum, implicit": (lambda a, b: np.einsum("ij, jk", a, b), (2, 3), (3, 2)),
    "einsum, diagonal": (lambda a, b: np.einsum("ii,ij->j", a, b), (3, 3), (3, 2)),
    "einsum, outer": (lambda a, b: np.einsum("i,j->ji", a, b), (3,), (2,)),
    "einsum, elementwise": (lambda a, b: np.einsum("ij,ij->ij", a, b), (3, 2), (3, 2)),
    "einsum, broadcast": (lambda a, b: np.einsum("ij,ij->i", a, b), (3, 4), (3, 1)),
    "einsum, all of one": (lambda a, b: np.einsum("ij,k->k", a, b), (2, 2), (3,)),
    "empty": (np.matmul, (2, 0), (0, 3)),
    "no rows": (np.matmul, (0, 2), (2,)),
}


@pytest.mark.parametrize("layout", ["plain", "columns", "strided", "reversed"])
@pytest.mark.parametrize("both", ["number and number", "number and array", "array and number", "number and constant"])
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("case", PRODUCTS)
def test_products_follow_the_product_table(case, name, both, layout, rng):
    function, *shapes = PRODUCTS[case]
    make, meet = KINDS[name]
    values = [laid_out(rng.standard_normal(shape), layout) for shape in shapes]
    x, y = (make(v, rng.standard_normal) for v in values)
    x, y = (x, values[1]) if both == "number and array" else (values[0], y) if both == "array and number" else (x, y)
    if both == "number and constant":
        y = da.Taylor(y.components[:1]) if name == "Taylor" else type(y)(y.value)
    z = function(x, y)
    assert same_bits(z.value, function(getattr(x, "value", x), getattr(y, "value", y)))
    np.testing.assert_allclose(z.components, product(meet, function, x, y), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", PRODUCTS)
def test_products_of_nested_numbers(case, rng):
    """d/ds d/dt of a product along two lines is the sum of the products of both tangents."""
    function, *shapes = PRODUCTS[case]
    a, b, u, v = (rng.standard_normal(shape) for shape in shapes * 2)

    def slope(s):
        return da.jvp(lambda t: function(a + t * s * u, b + t * v), (0.0,), (1.0,))[1]

    result, change = da.jvp(slope, (0.5,), (1.0,))
    np.testing.assert_allclose(result, function(0.5 * u, b) + function(a, v), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(change, function(u, b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", PRODUCTS)
def test_products_of_narrow_and_read_only_numbers(case, kind, rng):
    function, *shapes = PRODUCTS[case]
    for dtype in (np.float32, np.float64):
        x, y = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
        t = rng.standard_normal((1, *shapes[0])).astype(dtype)
        d = kind(x, t[0] if kind is da.Dual else t)
        d.components.flags.writeable = False
        z = function(d, y)
        assert z.dtype == dtype and same_bits(z.value, function(d.value, y))
        np.testing.assert_allclose(z.components[1], function(t[0], y), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", PRODUCTS)
def test_zero_tangents_stay_zero_beside_infinities(case, kind, rng):
    function, *shapes = PRODUCTS[case]
    x, y = (rng.standard_normal(shape) for shape in shapes)
    y.reshape(-1)[:1] = np.inf
    zero = np.zeros((1, *shapes[0]))
    with np.errstate(invalid="ignore"):
        z = function(kind(x, zero[0] if kind is da.Dual else zero), y)
    assert not z.components[1:].any()


def test_errors_of_products_are_numpys(kind):
    x = kind(np.ones((2, 3)), np.ones((2, 3)) if kind is da.Dual else np.ones((1, 2, 3)))
    for function in (np.matmul, np.dot, np.inner, lambda a, b: np.einsum("ij,jk->ik", a, b)):
        with pytest.raises(ValueError) as own:
            function(x, np.ones((2, 4)))
        with pytest.raises(ValueError) as numpys:
            function(np.ones((2, 3)), np.ones((2, 4)))
        assert str(own.value) == str(numpys.value)


def test_a_product_warns_once_and_only_of_its_value(kind):
    big = np.full(3, 1e200)
    x = kind(np.ones(3), big if kind is da.Dual else big[None])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(np.einsum("i,i->", x, big).components[1:]).all()
        with pytest.raises(RuntimeWarning):
            np.matmul(kind(big, big if kind is da.Dual else big[None]), big)


def test_subscripts_that_do_not_fit_are_left_to_others():
    with pytest.raises(ValueError, match="two operands"):
        Subscripts("i,j,k->ijk")
    with pytest.raises(ValueError, match="two operands"):
        Subscripts("".join(map(chr, range(97, 97 + 20))) + ",a->a")
    x = da.Dual(np.ones(3), np.ones(3))
    assert sums_of_products(x, np.ones((2, 3)), Subscripts("i,i->")) is NotImplemented
    assert sums_of_products(x, np.ones(4), Subscripts("i,i->")) is NotImplemented
    assert sums_of_products(x, [1.0, 2.0, 3.0], Subscripts("i,i->")) is NotImplemented
    assert sums_of_products(x, np.ones(3), None) is NotImplemented


# ---- reductions ----------------------------------------------------------------------------------------------------


def mean_of(x):
    return sum(x[1:], x[0]) / len(x)


def variance_of(x):
    return mean_of([(a - mean_of(x)) * (a - mean_of(x)) for a in x])


def _plain(a):
    return float(a.components[0])


REDUCTIONS = {
    np.sum: lambda x: sum(x[1:], x[0]),
    np.mean: mean_of,
    np.prod: lambda x: math.prod(x[1:], start=x[0]),
    np.max: lambda x: max(x, key=_plain),
    np.min: lambda x: min(x, key=_plain),
    np.var: variance_of,
    np.std: lambda x: np.sqrt(variance_of(x)),
    np.linalg.norm: lambda x: np.sqrt(sum([a * a for a in x[1:]], x[0] * x[0])),
}


@pytest.mark.parametrize("layout", ["plain", "columns", "strided", "reversed"])
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_reductions_are_what_scalars_give(function, name, layout, rng):
    value = laid_out(rng.uniform(0.5, 2.0, (4, 3)) * rng.choice([-1.0, 1.0], (4, 3)), layout)
    x = KINDS[name][0](value, rng.standard_normal)
    by_scalars = REDUCTIONS[function]
    for axis in (None, 0, 1, -1, (0, 1)):
        if axis == (0, 1) and function is np.linalg.norm:
            continue
        result = function(x, axis=axis)
        assert same_bits(result.components[0], function(x.components[0], axis=axis))
        lines = [x.ravel()] if axis in (None, (0, 1)) else [x[:, j] for j in range(3)] if axis == 0 else list(x)
        wanted = [by_scalars([line[i] for i in range(len(line))]).components for line in lines]
        wanted = wanted[0] if axis in (None, (0, 1)) else np.stack(wanted, -1)
        np.testing.assert_allclose(result.components, wanted, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_reductions_keep_axes_width_and_read_only_memory(function, kind, rng):
    for dtype in (np.float32, np.float64):
        v = rng.uniform(0.5, 2.0, (3, 4)).astype(dtype)
        t = rng.standard_normal((1, 3, 4)).astype(dtype)
        x = kind(v, t[0] if kind is da.Dual else t)
        x.components.flags.writeable = False
        for axis in (None, 0, 1):
            kept, result = function(x, axis=axis, keepdims=True), function(x, axis=axis)
            assert kept.dtype == result.dtype == dtype
            assert same_bits(kept.value, function(v, axis=axis, keepdims=True))
            assert kept.components.shape[1:] == kept.shape
            np.testing.assert_allclose(kept.components.ravel(), result.components.ravel(), 10 * np.finfo(dtype).eps)


def product_slope(x, t):
    return math.fsum(t[i] * math.prod(x[:i]) * math.prod(x[i + 1:]) for i in range(len(x)) if t[i])


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=7), st.integers(0, 2**32 - 1))
def test_slope_of_a_product_needs_no_division(x, seed):
    t = np.random.default_rng(seed).integers(-2, 3, len(x)).astype(float)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        result = np.prod(da.Dual(np.array(x), t))
        assert same_bits(result.value, np.prod(np.array(x)))
        terms = [t[i] * math.prod(x[:i]) * math.prod(x[i + 1:]) for i in range(len(x))]
    scale = math.fsum(map(abs, terms))
    assert abs(result.tangent - product_slope(x, t)) <= 1e-13 * scale + 1e-300


@pytest.mark.parametrize("x", [
    [0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1e200, 1e-200, 3.0], [1e-300, 1e-20, 1e300], [1e160, 1e140, 1e-300, 2.0],
    [-0.0, 5.0], [5e-324, 1.0], [1e-150, 1e-150, 1e250],
])
def test_slope_of_a_product_of_all_sizes(x, kind):
    t = np.arange(1.0, 1.0 + len(x))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = np.prod(kind(np.array(x), t if kind is da.Dual else t[None]))
    assert result.components[1] == pytest.approx(product_slope(x, t), rel=1e-14, abs=0)


@pytest.mark.parametrize("function", [np.max, np.min])
def test_tied_extremes_share_the_tangent(function, kind):
    sign = 1.0 if function is np.max else -1.0
    for value, share in [
        ([1.0, 3.0, 3.0, 2.0], [0, 0.5, 0.5, 0]), ([2.0, 2.0, 2.0, 2.0], [0.25] * 4),
        ([1.0, 2.0, 3.0, 4.0], [0, 0, 0, 1]),
        ([1.0, np.nan, 3.0, np.nan], [0, 0.5, 0, 0.5]), ([np.inf, 1.0, np.inf, 0.0], [0.5, 0, 0.5, 0]),
        ([0.0, -0.0, -1.0, -2.0], [0.5, 0.5, 0, 0]),
    ]:
        t = np.array([1.0, 10.0, 100.0, 1000.0])
        for step in (1, 2, -1):
            v = np.repeat(sign * np.array(value), 2)[::2] if step == 2 else (sign * np.array(value))[::step]
            x = kind(v, t if kind is da.Dual else t[None])
            shares = share[::-1] if step == -1 else share
            assert same_bits(function(x).value, function(x.value))
            assert function(x).components[1] == np.dot(t, shares)


def test_reductions_of_nothing_are_numpys(kind):
    x = kind(np.zeros(0), np.zeros(0) if kind is da.Dual else np.zeros((2, 0)))
    assert np.sum(x).value == 0 and not np.sum(x).components[1:].any()
    assert np.prod(x).value == 1 and not np.prod(x).components[1:].any()
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"), np.errstate(invalid="ignore"):
        assert np.isnan(np.mean(x).value)
    with pytest.raises(ValueError, match="zero-size array"):
        np.max(x)


@pytest.mark.parametrize("function", [np.sum, np.mean, np.prod, np.linalg.norm, np.var], ids=lambda f: f.__name__)
def test_zero_tangents_of_reductions_stay_zero_beside_infinities(function, kind):
    v = np.array([1.0, np.inf, 2.0])
    zero = np.zeros((1, 3))
    with np.errstate(all="ignore"):
        result = function(kind(v, zero[0] if kind is da.Dual else zero))
    assert not result.components[1:].any()


def test_reductions_and_products_under_interception(kind, rng):
    """Interception puts other functions into numpy, which must not change what rules know by their names."""
    v, t = rng.standard_normal((2, 3, 3))
    x = kind(v, t if kind is da.Dual else t[None])
    functions = [lambda x: np.sum(x, 0), lambda x: np.mean(x, 0), np.prod, np.linalg.norm, np.inner, np.dot, np.vdot]
    for function in functions:
        call = function if function not in (np.inner, np.dot, np.vdot) else lambda x, f=function: f(x[0], x[1])
        expected = call(x)
        with da.intercept_numpy():
            np.testing.assert_array_equal(call(x).components, expected.components)


# ---- views ---------------------------------------------------------------------------------------------------------

KEYS = st.one_of(
    st.integers(-4, 4), st.just(None), st.just(Ellipsis),
    st.builds(slice, *[st.one_of(st.none(), st.integers(-5, 5))] * 2, st.sampled_from([None, -2, -1, 1, 2])),
)


@given(st.one_of(KEYS, st.lists(KEYS, max_size=5).map(tuple)), st.sampled_from([(3,), (2, 3), (3, 1, 2), (0, 2)]),
       st.sampled_from(["plain", "columns", "strided", "reversed"]), st.sampled_from(list(KINDS)))
def test_indexing_is_numpys(key, shape, layout, name):
    rng = np.random.default_rng(1)
    x = KINDS[name][0](laid_out(rng.standard_normal(shape), layout), rng.standard_normal)
    try:
        value = x.components[0][key]
    except IndexError as error:
        with pytest.raises(IndexError) as own:
            x[key]
        assert str(own.value) == str(error)
        return
    part = x[key]
    assert part.shape == np.shape(value)
    np.testing.assert_array_equal(part.components, np.stack([c[key] for c in x.components]))
    if np.ndim(value) or (Ellipsis in key if isinstance(key, tuple) else key is Ellipsis):
        assert np.shares_memory(part.components, x.components) == np.shares_memory(value, x.components)
        if value.size:
            part[...] = 7.0
            assert (x.components[0][key] == 7.0).all() and not part.components[1:].any()


@pytest.mark.parametrize("layout", ["plain", "columns", "strided", "reversed"])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 3, 1), (0, 2), (1, 1)])
@pytest.mark.parametrize("name", KINDS)
def test_views_are_numpys(name, shape, layout, rng):
    x = KINDS[name][0](laid_out(rng.standard_normal(shape), layout), rng.standard_normal)
    value = x.components[0]
    for function in (np.ravel, lambda a: a.ravel(), np.squeeze, np.flip, lambda a: np.flip(a, -1), np.real,
                     lambda a: a.T, lambda a: a[::-1], np.transpose):
        result = function(x)
        expected = [function(c) for c in x.components]
        np.testing.assert_array_equal(result.components, np.stack(expected))
        assert np.shares_memory(result.components, x.components) == np.shares_memory(function(value), value)
        assert result.value.strides == expected[0].strides or not value.size or not np.shares_memory(expected[0], value)


def test_views_of_nested_numbers_and_of_scalars():
    def f(x):
        return np.flip(np.squeeze(np.ravel(x)[None]))[1:, None].T[0, ::2] ** 2

    x = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(da.jacobian(da.jacobian(f))(x)[:, :, :].sum((1, 2)), [2.0, 2.0])
    s = da.Dual(2.0, 1.0)
    assert np.squeeze(s).shape == () and np.flip(s).tangent == 1.0 and np.ravel(s).shape == (1,)
    assert s[...].tangent == 1.0 and s[None].tangent.shape == (1,)
    with pytest.raises(IndexError):
        s[0]


@pytest.mark.parametrize("name", KINDS)
def test_traces_diagonals_and_determinants(name, rng):
    x = KINDS[name][0](rng.standard_normal((4, 3)), rng.standard_normal)
    for function in (np.trace, lambda a: np.trace(a, 1), lambda a: np.trace(a, axis1=1, axis2=0), np.linalg.trace,
                     lambda a: np.diag(a[0]), lambda a: np.diag(a, -1)):
        np.testing.assert_allclose(function(x).components, np.stack([function(c) for c in x.components]), rtol=1e-14)
        assert same_bits(function(x).components[0], function(x.components[0]))
    a = x[:3]
    places = [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    by_cofactors = sum(a[0, i] * (a[1, j] * a[2, k] - a[1, k] * a[2, j]) for i, j, k in places)
    np.testing.assert_allclose(np.linalg.det(a).components, by_cofactors.components, rtol=1e-11, atol=1e-12)


# ---- sums along both operands, orders, limits ----------------------------------------------------------------------


KRON_SHAPES = [(3, 2), ((2, 3), (1, 2)), (2, (2, 2))]


@pytest.mark.parametrize("both", ["number and number", "number and array", "array and number"])
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("function", [np.convolve, np.correlate, np.kron], ids=lambda f: f.__name__)
def test_convolutions_and_kronecker_products(function, name, both, rng):
    make, meet = KINDS[name]
    modes = ["full", "same", "valid"] if function is not np.kron else [None]
    shapes = [(5, 3), (4, 4), (6, 1), (3, 5), (1, 1)] if function is not np.kron else KRON_SHAPES
    for (n, m), mode, layout in itertools.product(shapes, modes, ["plain", "strided", "reversed"]):
        values = [laid_out(rng.standard_normal(k), layout) for k in (n, m)]
        x, y = (make(v, rng.standard_normal) for v in values)
        x = values[0] if both == "array and number" else x
        y = values[1] if both == "number and array" else y

        def call(a, b, mode=mode):
            return function(a, b) if mode is None else function(a, b, mode)

        z = call(x, y)
        assert same_bits(z.value, call(getattr(x, "value", x), getattr(y, "value", y)))
        np.testing.assert_allclose(z.components, product(meet, call, x, y), rtol=1e-12, atol=1e-12)


def test_errors_of_convolutions_are_numpys(kind):
    x = kind(np.ones(3), np.ones(3) if kind is da.Dual else np.ones((1, 3)))
    for arguments in [(x, np.ones(0)), (x, np.ones((2, 2))), (x, x, "some")]:
        with pytest.raises(ValueError) as own:
            np.convolve(*arguments)
        with pytest.raises(ValueError) as numpys:
            np.convolve(*(getattr(a, "value", a) for a in arguments))
        assert str(own.value) == str(numpys.value)


@given(st.lists(st.sampled_from([-1.0, 0.0, -0.0, 1.0, 2.0, 3.0, math.inf, math.nan]), max_size=9),
       st.sampled_from(list(KINDS)), st.sampled_from(["plain", "strided", "reversed"]))
def test_sorting_moves_derivatives_and_ties_share_them(values, name, layout):
    rng = np.random.default_rng(len(values))
    x = KINDS[name][0](laid_out(np.array(values), layout), rng.standard_normal)
    result = np.sort(x)
    assert same_bits(result.components[0], np.sort(x.components[0]))
    for key in set(values):
        if key != key:
            continue
        here, there = np.array(values) == key, result.components[0] == key
        mean = x.components[1:][:, here].mean(1, keepdims=True)
        moved = result.components[1:][:, there]
        np.testing.assert_allclose(moved, np.broadcast_to(mean, moved.shape), rtol=1e-13, atol=1e-13)
    nans = np.isnan(np.array(values))
    last = result.components[1][len(values) - nans.sum():]
    np.testing.assert_array_equal(np.sort(last), np.sort(x.components[1][nans]))


@pytest.mark.parametrize("layout", ["plain", "strided", "reversed"])
@pytest.mark.parametrize("name", KINDS)
def test_clip_is_the_smaller_of_the_larger(name, layout, rng):
    values = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, -np.inf, np.inf, np.nan])
    for v in (values, values[:-1], values[:0]):
        x = KINDS[name][0](laid_out(v, layout), rng.standard_normal)
        for low, high in [(-1.0, 1.0), (-1, None), (None, 0.5), (0.5, 0.5), (1.0, -1.0), (np.float64(0.0), 3),
                          (None, None), (np.full(len(v), -1.0), 1.0), (np.nan, 1.0)]:
            derived = x if low is None else np.maximum(x, low)
            derived = derived if high is None else np.minimum(derived, high)
            for result in (np.clip(x, low, high), x.clip(low, high)):
                assert same_bits(result.components[0], np.clip(x.components[0], low, high))
                np.testing.assert_allclose(result.components[1:], derived.components[1:], rtol=1e-14)


REARRANGED = {
    "diag": lambda a: np.diag(a[:, 0], 1), "diag below": lambda a: np.diag(a[0], -2), "diag of matrix": np.diag,
    "tril": lambda a: np.tril(a, -1), "triu": np.triu, "tril of vector": lambda a: np.tril(a[0]),
    "tile": lambda a: np.tile(a, 2), "tile rows": lambda a: np.tile(a, (2, 1)),
    "tile stack": lambda a: np.tile(a, (2, 1, 3)),
    "tile vector": lambda a: np.tile(a[0], [2, 2]), "tile nothing": lambda a: np.tile(a, 0),
    "pad": lambda a: np.pad(a, 1), "pad edge": lambda a: np.pad(a, ((1, 0), (0, 2)), "edge"),
    "pad reflect": lambda a: np.pad(a, 2, "reflect", reflect_type="odd"),
    "pad wrap": lambda a: np.pad(a, {-1: (1, 2)}, "wrap"),
}


@pytest.mark.parametrize("layout", ["plain", "columns", "strided", "reversed"])
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("case", REARRANGED)
def test_linear_functions_act_on_every_component(case, name, layout, rng):
    if case == "pad wrap" and np.lib.NumpyVersion(np.__version__) < "2.3.0":
        pytest.skip("pad takes no dictionary")
    function = REARRANGED[case]
    x = KINDS[name][0](laid_out(rng.standard_normal((3, 4)), layout), rng.standard_normal)
    result = function(x)
    assert same_bits(result.components[0], function(x.components[0]))
    np.testing.assert_array_equal(result.components, np.stack([function(c) for c in x.components]))
    narrow = x.astype(np.float32)
    assert function(narrow).dtype == np.float32
    nested = da.jvp(lambda t: da.jvp(lambda s: function(x.value * s * t), (1.0,), (1.0,))[1], (1.0,), (1.0,))[1]
    np.testing.assert_array_equal(nested, function(x.value))


def test_padding_with_numbers_and_with_constants():
    x, c = da.Dual([1.0, 2.0], [3.0, 4.0]), da.Dual(5.0, 6.0)
    assert np.pad(x, 1, constant_values=c).tangent.tolist() == [6.0, 3.0, 4.0, 6.0]
    assert np.pad(x, 1, constant_values=7.0).tangent.tolist() == [0.0, 3.0, 4.0, 0.0]
    assert np.pad(x, (2, 0), "linear_ramp", end_values=9.0).tangent.tolist() == [0.0, 1.5, 3.0, 4.0]


@pytest.mark.parametrize("x", [[-1.0, 0.0, 0.5, 1.0, 1.5, 3.0, 4.0], [0.2], []])
def test_interpolation_between_few_nodes(x, kind):
    for xp, fp in [([0.0, 1.0, 3.0], [1.0, 3.0, 2.0]), ([0.0, 1.0], [1.0, 3.0])]:
        v = np.array(x)
        result = np.interp(kind(v, np.ones(v.shape) if kind is da.Dual else np.ones((1, *v.shape))), xp, fp)
        slopes = np.diff(fp) / np.diff(xp)
        place = np.searchsorted(xp, v, "right") - 1
        wanted = np.where((v < xp[0]) | (v > xp[-1]), 0.0, slopes[np.clip(place, 0, len(xp) - 2)])
        assert same_bits(result.value, np.interp(v, xp, fp))
        np.testing.assert_allclose(result.components[1:], wanted[None])
        assert not getattr(np.interp(kind(v), [0.5], [2.0]), "tangents", np.zeros(1)).any()  # one node: a constant


@pytest.mark.parametrize("layout", ["plain", "strided", "reversed"])
@pytest.mark.parametrize("name", KINDS)
def test_interpolation_is_linear_in_every_component(name, layout, rng):
    xp, fp, slopes = [0.0, 1.0, 3.0], [1.0, 3.0, 2.0], np.array([0.0, 2.0, 2.0, -0.5, -0.5, -0.5, 0.0, -0.5])
    values = laid_out(np.array([-1.0, 0.0, 0.5, 1.0, 1.5, 3.0, 4.0, np.nan]), layout)
    x = KINDS[name][0](values, rng.standard_normal)
    for nodes in ((xp, fp), (np.array(xp), np.array(fp)), (xp, np.array([1, 3, 2]))):
        for ends in ({}, {"left": 7.0}, {"left": 1, "right": -2.0}):
            result = np.interp(x, *nodes, **ends)
            assert same_bits(result.components[0], np.interp(x.components[0], *nodes, **ends))
            np.testing.assert_allclose(result.components[1:], slopes * x.components[1:])
    point = np.interp(x[2], xp, fp)
    assert point.shape == () and np.all(point.components[1:] == 2.0 * x[2].components[1:])
    assert np.interp(x.astype(np.float32), xp, fp).dtype == np.float64
    with pytest.raises(ValueError, match="same length"):
        np.interp(x, xp, fp[:2])
    change = da.jvp(lambda t: da.jvp(lambda s: np.interp(0.5 * s * t, xp, fp), (1.0,), (1.0,))[1], (1.0,), (1.0,))[1]
    assert change == 1.0
    ramp = np.interp(x, da.Dual(xp, [0.0, 1.0, 0.0]).value, fp)
    np.testing.assert_array_equal(ramp.components, np.interp(x, xp, fp).components)
