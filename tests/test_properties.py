"""Properties that hold for any shape, stride, dtype and value."""

import operator

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

import dualad as da
from conftest import assert_close, assert_same_bits, is_number, tangents_of, value_of

SHAPES = nps.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)
DTYPES = st.sampled_from([np.float64, np.float32])
BINARY = st.sampled_from(
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod, np.arctan2, np.hypot,
     np.maximum, np.minimum, np.logaddexp, np.copysign, np.fmod, np.fmax]
)
UNARY = st.sampled_from(
    [np.sin, np.cos, np.tan, np.exp, np.log, np.sqrt, np.cbrt, np.tanh, np.sinh, np.arctan, np.arcsinh, np.log1p,
     np.expm1, np.exp2, np.abs, np.square, np.reciprocal, np.negative, np.rint, np.sign, np.arcsin, np.arccosh,
     operator.neg, abs, np.floor, np.isnan]
)


def floats(dtype, **bounds):
    return st.floats(width=np.dtype(dtype).itemsize * 8, **bounds)


@st.composite
def arrays(draw, shape=None, dtype=None, **bounds):
    """Any array of floats: NaN, infinities, signed zeros, subnormals, any strides."""
    dtype = draw(DTYPES) if dtype is None else dtype
    shape = draw(SHAPES) if shape is None else shape
    array = draw(nps.arrays(dtype, shape, elements=floats(dtype, **bounds)))
    return array


def finite(shape, bound=100.0):
    """Arrays whose products stay in range."""
    small = st.floats(-bound, bound).filter(lambda x: x == 0 or abs(x) > 1e-3)
    return nps.arrays(np.float64, shape, elements=small)


def strided(draw, x):
    """A view of x: transposed, reversed, or with every other element, as drawn."""
    if x.ndim and draw(st.booleans()):
        x = x[tuple(slice(None, None, draw(st.sampled_from([1, -1, 2, -2]))) for _ in x.shape)]
    return x.T if draw(st.booleans()) else x


def assert_values(y, expected):
    assert_same_bits(value_of(y), expected)


@given(st.data(), arrays(), UNARY)
def test_unary_values_are_numpys(data, v, f):
    x = strided(data.draw, da.Dual(v, np.ones_like(v)))
    with np.errstate(all="ignore"):
        assert_values(f(x), f(x.value))


@given(st.data(), arrays(), BINARY)
def test_binary_values_are_numpys(data, v, f):
    w = data.draw(arrays(shape=v.shape))
    x, y = da.Dual(v, np.ones_like(v)), da.Dual(w, np.ones_like(w))
    with np.errstate(all="ignore"):
        assert_values(f(x, y), f(x.value, y.value))
        assert_values(f(x, w), f(x.value, w))
        assert_values(f(v, y), f(v, y.value))


@given(st.data(), nps.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4), BINARY)
def test_broadcasting_is_numpys(data, shapes, f):
    v, w = (data.draw(finite(s, 10.0)) for s in shapes.input_shapes)
    x, y = da.MultiDual(v, np.ones((2, *v.shape))), da.MultiDual(w, np.ones((2, *w.shape)))
    with np.errstate(all="ignore"):
        z = f(x, y)
        assert_values(z, f(v, w) if v.ndim or w.ndim else f(x.value, y.value))
    assert tangents_of(z, da.MultiDual).shape == (2, *shapes.result_shape)


@given(st.data(), SHAPES)
def test_product_and_quotient_rules(data, shape):
    v, w, s, t = (data.draw(finite(shape)) for _ in range(4))
    x, y = da.Dual(v, s), da.Dual(w, t)
    assert_close((x * y).tangent, v * t + w * s, 1e-12, 1e-9)
    assert_close((x + y).tangent, s + t)
    assert_close((x - y).tangent, s - t)
    assume(np.all(w != 0))
    assert_close((x / y).tangent, (s * w - v * t) / (w * w), 1e-10, 1e-6)


@given(st.data(), SHAPES)
def test_jvp_is_linear_in_the_tangents(data, shape):
    v, s, t = (data.draw(finite(shape, 10.0)) for _ in range(3))

    def f(x):
        return np.sin(x) * x + np.exp(-x * x) - np.where(x > 0, x, x**2)

    def slope(tangent):
        return da.jvp(f, (v,), (tangent,))[1]

    assert_close(slope(2 * s - 3 * t), 2 * slope(s) - 3 * slope(t), 1e-10, 1e-9)
    assert_close(slope(0 * s), 0 * s)


@given(st.data(), arrays(), UNARY)
def test_columns_of_several_directions_equal_one_direction(data, v, f):
    rows = [data.draw(arrays(shape=v.shape, dtype=v.dtype.type)) for _ in range(3)]
    with np.errstate(all="ignore"):
        many = f(da.MultiDual(v, np.stack(rows)))
        for k, row in enumerate(rows):
            one = f(da.Dual(v, row))
            assert_values(many, value_of(one))
            if is_number(one):
                assert_same_bits(tangents_of(many, da.MultiDual)[k], np.asarray(one.tangent))


@given(st.data(), SHAPES, BINARY)
def test_columns_of_binary_functions_equal_one_direction(data, shape, f):
    v, w, s, t, q, r = (data.draw(finite(shape, 20.0)) for _ in range(6))
    with np.errstate(all="ignore"):
        many = f(da.MultiDual(v, np.stack([s, q])), da.MultiDual(w, np.stack([t, r])))
        for k, (a, b) in enumerate(((s, t), (q, r))):
            assert_close(many.tangents[k], f(da.Dual(v, a), da.Dual(w, b)).tangent, 1e-14, 0)


@given(arrays(), UNARY)
def test_zero_tangents_stay_zero_wherever_the_value_is(v, f):
    with np.errstate(all="ignore"):
        y = f(da.Dual(v, np.zeros_like(v)))
    if is_number(y):
        assert np.all(y.tangent == 0)


@given(st.data(), arrays(), BINARY)
def test_zero_tangents_of_both_operands_stay_zero(data, v, f):
    w = data.draw(arrays(shape=v.shape, dtype=v.dtype.type))
    with np.errstate(all="ignore"):
        y = f(da.Dual(v, np.zeros_like(v)), da.Dual(w, np.zeros_like(w)))
    assert np.all(y.tangent == 0)


@given(st.data(), nps.array_shapes(min_dims=1, max_dims=3, max_side=5))
def test_indexing_is_numpys_in_every_component(data, shape):
    v, t = np.random.default_rng(0).standard_normal((2, *shape))
    index = data.draw(nps.basic_indices(shape, allow_newaxis=True) | nps.integer_array_indices(shape))
    y = da.Dual(v, t)[index]
    assert_same_bits(y.value, v[index])
    assert_same_bits(y.tangent, t[index])


@given(st.data(), nps.array_shapes(min_dims=1, max_dims=3, max_side=5))
def test_assignment_is_numpys_in_every_component(data, shape):
    v, t = np.random.default_rng(0).standard_normal((2, *shape))
    index = data.draw(nps.basic_indices(shape) | nps.integer_array_indices(shape))
    x = da.Dual(v, t)
    item, slope = np.random.default_rng(1).standard_normal((2, *v[index].shape))
    x[index] = da.Dual(item, slope)
    v[index], t[index] = item, slope
    assert_same_bits(x.value, v)
    assert_same_bits(x.tangent, t)


REDUCERS = st.sampled_from(["sum", "mean", "prod", "max", "min", "var", "cumsum", "cumprod"])


@given(st.data(), nps.array_shapes(min_dims=1, max_dims=3, max_side=6), REDUCERS)
def test_reductions_have_numpys_value(data, shape, name):
    v = data.draw(arrays(shape=shape, dtype=np.float64))
    x = strided(data.draw, da.Dual(v, np.ones_like(v)))
    axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1))
    with np.errstate(all="ignore"):
        assert_values(getattr(np, name)(x, axis=axis), getattr(np, name)(x.value, axis=axis))


@given(st.data(), nps.array_shapes(min_dims=1, max_dims=3, max_side=4))
def test_reductions_are_sums_of_partials(data, shape):
    v, t = data.draw(finite(shape, 3.0)), data.draw(finite(shape, 3.0))
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    x = da.Dual(v, t)
    assert_close(np.sum(x, axis=axis).tangent, np.sum(t, axis=axis), 1e-12, 1e-12)
    assert_close(np.sum(x * x, axis=axis).tangent, np.sum(2 * v * t, axis=axis), 1e-10, 1e-10)
    step = np.imag(np.prod(v + 1e-150j * t, axis=axis)) / 1e-150
    assert_close(np.prod(x, axis=axis).tangent, step, 1e-9, 1e-9 * 3.0**v.size)


@given(st.data(), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_matrix_products_follow_the_product_rule(data, m, k, n):
    a, s = (data.draw(finite((m, k))) for _ in range(2))
    b, t = (data.draw(finite((k, n))) for _ in range(2))
    y = da.Dual(a, s) @ da.Dual(b, t)
    assert_same_bits(y.value, a @ b)
    assert_close(y.tangent, s @ b + a @ t, 1e-10, 1e-7)


@given(finite((4,), 2.0), st.integers(1, 6))
def test_jacobians_do_not_depend_on_the_chunks(x, chunk_size):
    def f(x):
        return np.cumsum(np.sin(x) * x[::-1])

    assert_close(da.jacobian(f, chunk_size=chunk_size)(x), da.jacobian(f)(x), 1e-14, 1e-15)


@given(arrays())
def test_comparisons_are_those_of_the_values(v):
    x = da.Dual(v, np.ones_like(v))
    w = v[..., ::-1] if v.ndim else v
    for compare in (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge):
        assert np.array_equal(compare(x, w), compare(v, w))


@given(st.floats(), st.floats(), BINARY)
def test_scalars_agree_with_numpy_scalars(a, b, f):
    x, y = np.float64(a), np.float64(b)
    with np.errstate(all="ignore"):
        assert_values(f(da.Dual(a, 1.0), da.Dual(b, 1.0)), f(x, y))
        assert_values(f(da.Dual(a, 1.0), b), f(x, b))
        assert_values(f(a, da.Dual(b, 1.0)), f(a, y))


@given(st.data(), SHAPES)
def test_nested_derivatives_commute(data, shape):
    v, s, t = (data.draw(finite(shape, 3.0)) for _ in range(3))

    def f(x):
        return np.sin(x * x) + x**3 - np.tanh(x)

    def twice(s, t):
        return da.jvp(lambda x: da.jvp(f, (x,), (s,))[1], (v,), (t,))[1]

    second = 2 * np.cos(v * v) - 4 * v * v * np.sin(v * v) + 6 * v + 2 * np.tanh(v) / np.cosh(v) ** 2
    assert_close(twice(s, t), second * s * t, 1e-9, 1e-7)
    assert_close(twice(s, t), twice(t, s), 1e-12, 1e-9)
