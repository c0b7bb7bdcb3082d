"""Dual and MultiDual behave like an ndarray of their value and carry the tangents along."""

import array
import copy
import operator
import pickle
from fractions import Fraction

import numpy as np
import pytest

import dualad as da
from conftest import (
    assert_close,
    assert_number,
    assert_same_bits,
    directions,
    is_number,
    number,
    random_number,
    tangents_of,
    value_of,
)

# name: (operator, d/dx, d/dy), the partial derivatives as functions of x and y
OPERATORS = {
    "add": (operator.add, lambda x, y: 1 + 0 * x * y, lambda x, y: 1 + 0 * x * y),
    "sub": (operator.sub, lambda x, y: 1 + 0 * x * y, lambda x, y: -1 + 0 * x * y),
    "mul": (operator.mul, lambda x, y: y + 0 * x, lambda x, y: x + 0 * y),
    "truediv": (operator.truediv, lambda x, y: 1 / y + 0 * x, lambda x, y: -x / y / y),
    "pow": (operator.pow, lambda x, y: y * x ** (y - 1), lambda x, y: x**y * np.log(x)),
    "mod": (operator.mod, lambda x, y: 1 + 0 * x * y, lambda x, y: -np.floor(x / y)),
}

each_operator = pytest.mark.parametrize("name", OPERATORS)

SHAPES = [(), (0,), (1,), (3,), (2, 3), (2, 0, 3), (17,)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)

LAYOUTS = {
    "plain": lambda a: a,
    "transposed": lambda a: a.T,
    "every other": lambda a: a[:, ::2],
    "reversed": lambda a: a[::-1, ::-1],
    "off by one": lambda a: a[1:, 1:],
    "column": lambda a: a[:, :1],
    "row": lambda a: a[2],
    "new axis": lambda a: a[:, None, 3],
    "fancy": lambda a: a[[3, 0, 3]],
}

INDICES = {
    "int": 1,
    "negative int": -1,
    "numpy int": np.int64(2),
    "element": (1, 2),
    "slice": slice(1, 3),
    "step": slice(None, None, 2),
    "reversed": slice(None, None, -1),
    "empty slice": slice(2, 2),
    "columns": (slice(None), slice(1, 4)),
    "row of slice": (slice(None, None, 2), 3),
    "ellipsis": Ellipsis,
    "ellipsis element": (Ellipsis, 0),
    "newaxis": (None, slice(None), None, 2),
    "empty tuple": (),
    "list": [2, 0, 0],
    "int array": np.array([[1, 3], [0, 2]]),
    "two int arrays": (np.array([0, 1, 3]), np.array([4, 4, 0])),
    "ix": np.ix_([0, 2], [1, 3, 4]),
    "array and slice": (np.array([3, 1]), slice(1, None)),
    "separated arrays": (None, [1, 2], slice(None, 2)),
    "mask": np.arange(20).reshape(4, 5) % 3 == 0,
    "row mask": np.array([True, False, True, True]),
    "empty mask": np.zeros((4, 5), bool),
    "empty list": [],
}

each_index = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)


def product_rule(partials, values, tangents):
    """Sum of partial derivative times tangent, for tangents (K,)+S or None for a constant."""
    with np.errstate(all="ignore"):
        return sum(p(*values) * t for p, t in zip(partials, tangents, strict=True) if t is not None)


# construction


def test_value_and_tangents_are_what_was_given(kind):
    value = np.array([1.0, 2.0, 3.0])
    tangents = np.arange(3.0 * directions(kind)).reshape(-1, 3)
    x = number(kind, value, tangents)
    assert_number(x, kind, value, tangents, rtol=0, atol=0)
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((3,), 1, 3, np.float64, 3)
    assert not x.isconstant
    assert x.level == 0


def test_components_come_first_in_one_array(kind, rng):
    x, tangents = random_number(kind, rng.standard_normal((2, 3)), rng)
    assert x.components.shape == (1 + directions(kind), 2, 3)
    assert_same_bits(x.components[0], x.value)
    assert_same_bits(x.components[1:], tangents)


def test_number_owns_its_components(kind):
    value, tangents = np.ones(3), np.ones((directions(kind), 3))
    x = number(kind, value, tangents)
    value[:] = tangents[:] = 7.0
    assert_number(x, kind, np.ones(3), np.ones((directions(kind), 3)))


def test_value_and_tangents_are_views(kind, rng):
    x, tangents = random_number(kind, rng.standard_normal(4), rng)
    x.value[1] = 5.0
    assert float(x[1].value) == 5.0
    assert_same_bits(tangents_of(x, kind), tangents)


def test_scalar_value_is_a_numpy_scalar(kind):
    x = number(kind, 2.0, np.ones(directions(kind)))
    assert type(x.value) is np.float64
    assert x.shape == () and x.ndim == 0 and x.size == 1 and x.dtype == np.float64
    x = number(kind, np.float32(2.0), np.ones(directions(kind), np.float32))
    assert type(x.value) is np.float32


def test_scalar_tangents_are_numpy_scalars_and_arrays():
    assert type(da.Dual(2.0, 3.0).tangent) is np.float64
    assert_same_bits(da.MultiDual(2.0, [3.0, 4.0]).tangents, np.array([3.0, 4.0]))


@pytest.mark.parametrize("value", [2, True, np.int8(2), [1, 2], np.arange(3), np.array([True, False])], ids=repr)
def test_integers_are_promoted(kind, value):
    tangents = np.ones((directions(kind), *np.shape(value)), int)
    x = number(kind, value, tangents)
    assert x.dtype == np.float64
    assert_number(x, kind, np.asarray(value, float), tangents)


def test_single_precision_keeps_its_width(kind):
    x = number(kind, np.ones(3, np.float32), np.ones((directions(kind), 3), np.float32))
    assert x.dtype == np.float32
    assert tangents_of(x, kind).dtype == np.float32


def test_missing_tangent_is_a_constant(kind):
    for value in (2.0, np.ones((2, 3)), np.ones(0)):
        x = kind(value)
        assert x.isconstant
        assert_same_bits(x.value, np.asarray(value))
    x = da.Dual(np.ones((2, 3)))
    assert_same_bits(x.tangent, np.zeros((2, 3)))
    assert da.Dual(1.0).tangent == 0.0


def test_constant_combines_with_any_number(kind, rng):
    x, tangents = random_number(kind, rng.standard_normal(3), rng)
    constant = kind(np.array([2.0, 3.0, 4.0]))
    assert_number(x * constant, kind, x.value * constant.value, tangents * constant.value)
    assert_number(constant * x, kind, x.value * constant.value, tangents * constant.value)
    assert_number(constant + x, kind, x.value + constant.value, tangents)


def test_arithmetic_of_constants_is_constant(kind):
    x, y = kind(np.array([2.0, 3.0])), kind(4.0)
    for z in (x + y, x * y, -x, x / y, x**2, np.sin(x), x[1:], np.hypot(x, y), x.sum(), 3 - x):
        assert z.isconstant


@pytest.mark.parametrize(
    "shapes", [((3,), (2,)), ((3,), (1, 3)), ((), (3,)), ((2, 3), (3, 2)), ((3,), ())], ids=str
)
def test_mismatched_tangent_shape_is_an_error(shapes):
    with pytest.raises(ValueError, match="shape"):
        da.Dual(np.ones(shapes[0]), np.ones(shapes[1]))


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((3,), (2, 4)), ((), ()), ((2, 3), (2, 3))], ids=str)
def test_mismatched_shape_of_several_tangents_is_an_error(shapes):
    with pytest.raises(ValueError, match="shape"):
        da.MultiDual(np.ones(shapes[0]), np.ones(shapes[1]))


@pytest.mark.parametrize("value", ["abc", None, object(), np.array(["a"]), np.datetime64("2024-01-01")],
                         ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_an_error(kind, value):
    with pytest.raises((TypeError, ValueError)):
        kind(value)


def test_number_types_are_final(kind):
    with pytest.raises(TypeError):
        type("Mine", (kind,), {})


# operators


@each_operator
@each_shape
def test_operators_follow_the_product_rule(kind, name, shape, rng):
    op, *partials = OPERATORS[name]
    x, tx = random_number(kind, rng.uniform(0.5, 3, shape), rng)
    y, ty = random_number(kind, rng.uniform(0.5, 3, shape), rng)
    v, w = x.value, y.value
    assert_number(op(x, y), kind, op(v, w), product_rule(partials, (v, w), (tx, ty)))
    assert_number(op(x, w), kind, op(v, w), product_rule(partials, (v, w), (tx, None)))
    # np.float64.__pow__ hands a number on to np.power, whose last bit is not that of two np.float64
    reflected = np.power(v, w) if name == "pow" else op(v, w)
    assert_number(op(v, y), kind, reflected, product_rule(partials, (v, w), (None, ty)))


@each_operator
@pytest.mark.parametrize("scalar", [2, 0.75, True, np.float64(1.5), np.int32(3), np.array(2.5)], ids=repr)
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)], ids=str)
def test_operators_with_scalars(kind, name, scalar, shape, rng):
    op, *partials = OPERATORS[name]
    x, tx = random_number(kind, rng.uniform(0.5, 3, shape), rng)
    v, s = x.value, float(scalar)
    assert_number(op(x, scalar), kind, op(v, scalar), product_rule(partials, (v, s), (tx, None)))
    assert_number(op(scalar, x), kind, op(scalar, v), product_rule(partials, (s, v), (None, tx)))


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 0.5, 2.0, 1.7], ids=repr)
@pytest.mark.parametrize("shape", [(), (200,)], ids=str)
def test_constant_powers(kind, exponent, shape, rng):
    x, tx = random_number(kind, rng.uniform(0.1, 9, shape), rng)
    expected = exponent * x.value ** (exponent - 1.0) * tx
    assert_number(x**exponent, kind, x.value**exponent, expected)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 2.0, np.inf, np.nan])
@pytest.mark.parametrize("other", [np.array([1.0, 2.0, 3.0]), np.array([0, 1]), np.array([]), np.array([[0.5]])],
                         ids=lambda a: f"{a.dtype}{a.shape}")
def test_powers_of_scalars_and_arrays(kind, value, other, rng):
    """C's pow(1, y) and pow(x, 0) are 1 whatever the other argument is; the result still has its shape."""
    x, _ = random_number(kind, value, rng)
    with np.errstate(all="ignore"):
        for mine, ufunc, plain in ((x**other, np.power(x, other), value**other),
                                   (other**x, np.power(other, x), other**value)):
            assert_same_bits(mine.value, np.asarray(plain, float))
            for y, z in zip(tangents_of(mine, kind), tangents_of(ufunc, kind), strict=True):
                np.testing.assert_array_equal(y, z)


def test_scalar_powers_are_those_of_numpy_scalars(kind, rng):
    for v, w in zip(rng.uniform(0.1, 9, 300), rng.uniform(-3, 3, 300), strict=True):
        x = number(kind, v, np.ones(directions(kind)))
        assert_same_bits((x**w).value, v**w)
        assert_same_bits((w**2 * x**3).value, w**2 * v**3)


SCALARS = [np.float16, np.float32, np.float64, np.complex64, np.complex128]


@pytest.mark.parametrize("dtype", SCALARS, ids=lambda t: t.__name__)
@pytest.mark.parametrize("other", [*SCALARS, float, complex, np.int8, np.int64], ids=lambda t: t.__name__)
def test_scalar_powers_are_those_of_numpy_scalars_of_any_dtype(kind, dtype, other, rng):
    for v, w in zip(rng.uniform(0.1, 3, 60), rng.uniform(0.1, 3, 60), strict=True):
        v, w = dtype(v), other(w)
        x = number(kind, v, np.ones(directions(kind), dtype))
        assert_same_bits((x**w).value, v**w)
        assert_same_bits((w**x).value, w**v)
        assert_same_bits(da.jvp(lambda z, w=w: z**w, (x,), (x,))[0].value, v**w)


@pytest.mark.parametrize("other", [10**25, 2**63, -(2**64), Fraction(1, 3)], ids=str)
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_operands_beyond_the_integers_of_numpy(kind, other, shape, rng):
    x, tx = random_number(kind, rng.uniform(0.5, 2, shape), rng)
    v, w = x.value, float(other)
    assert_number(x + other, kind, v + w, tx)
    assert_number(other * x, kind, w * v, w * tx)
    assert_number(other / x, kind, w / v, -w / v**2 * tx)
    assert_number(x % other, kind, v % w, tx)
    assert_number(abs(other) ** (x / 9), kind, abs(w) ** (v / 9), np.log(abs(w)) * abs(w) ** (v / 9) / 9 * tx)
    assert_same_bits(x < other, v < w)


def test_operands_that_numpy_reads_as_arrays(kind, rng):
    x, tx = random_number(kind, rng.uniform(0.5, 2, 3), rng)
    for other in (range(3), memoryview(np.arange(3.0)), array.array("d", [0, 1, 2])):
        assert_number(x * other, kind, x.value * np.arange(3.0), tx * np.arange(3.0))
        assert_same_bits(x < other, x.value < np.arange(3.0))


def test_unary_operators(kind, rng):
    x, tx = random_number(kind, np.array([-1.5, 2.0, -0.0, 3.0]), rng)
    v = x.value
    assert_number(-x, kind, -v, -tx)
    assert_number(+x, kind, +v, tx)
    assert_number(abs(x), kind, abs(v), np.sign(v) * tx)


def test_divmod_and_floor_division(kind, rng):
    x, tx = random_number(kind, np.array([7.5, -7.5, 3.25]), rng)
    quotient, rest = divmod(x, 2.0)
    assert not is_number(quotient) and not is_number(x // 2.0)
    assert_same_bits(quotient, x.value // 2.0)
    assert_same_bits(x // 2.0, x.value // 2.0)
    assert_number(rest, kind, x.value % 2.0, tx)
    quotient, rest = divmod(9.0, x)
    assert_same_bits(quotient, 9.0 // x.value)
    assert_number(rest, kind, 9.0 % x.value, -quotient * tx)


@pytest.mark.parametrize("shapes", [((2, 3), (3,)), ((2, 3), (3, 2)), ((4, 2, 3), (3, 2))], ids=str)
def test_matmul_operator(kind, shapes, rng):
    (a, ta), (b, tb) = (random_number(kind, rng.standard_normal(s), rng) for s in shapes)
    v, w = a.value, b.value
    expected = np.stack([p @ w + v @ q for p, q in zip(ta, tb, strict=True)])
    assert_number(a @ b, kind, v @ w, expected)
    assert_number(a @ w, kind, v @ w, np.stack([p @ w for p in ta]))
    assert_number(v @ b, kind, v @ w, np.stack([v @ q for q in tb]))


@each_operator
@pytest.mark.parametrize("shapes", [((3,), ()), ((2, 1), (3,)), ((1,), (4, 3)), ((0,), (1,)), ((1, 1), (1,))], ids=str)
def test_operators_broadcast(kind, name, shapes, rng):
    op, *partials = OPERATORS[name]
    (x, tx), (y, ty) = (random_number(kind, rng.uniform(0.5, 3, s), rng) for s in shapes)
    v, w = x.value, y.value
    shape = np.broadcast_shapes(*shapes)

    def spread(t):
        return np.stack([np.broadcast_to(row, shape) for row in t])

    expected = product_rule(partials, (v, w), (spread(tx), spread(ty)))
    assert_number(op(x, y), kind, op(v, w), expected)
    expected = product_rule(partials, (w, v), (spread(ty), spread(tx)))
    assert_number(op(y, x), kind, op(w, v), expected)


def test_outer_product_by_newaxis_has_the_right_shape(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(4), rng)
    v = x.value
    expected = tx[:, :, None] * v[None, :] + v[:, None] * tx[:, None, :]
    assert_number(x[:, None] * x[None, :], kind, v[:, None] * v[None, :], expected)


def test_shapes_that_do_not_broadcast_are_an_error(kind):
    x = number(kind, np.ones(3), np.ones((directions(kind), 3)))
    for other in (np.ones(2), kind(np.ones(2)), np.ones((2, 2)), [1.0, 2.0]):
        with pytest.raises(ValueError):
            x + other
        with pytest.raises(ValueError):
            other * x


def test_operators_with_lists(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    assert_number(x + [1.0, 2.0, 3.0], kind, x.value + [1.0, 2.0, 3.0], tx)
    assert_number([1.0, 2.0, 3.0] * x, kind, [1.0, 2.0, 3.0] * x.value, tx * [1.0, 2.0, 3.0])


def test_foreign_types_get_their_turn(kind):
    class Foreign:
        __array_ufunc__ = None

        def __radd__(self, other):
            return "foreign"

    assert number(kind, 1.0, np.ones(directions(kind))) + Foreign() == "foreign"
    with pytest.raises(TypeError):
        number(kind, 1.0, np.ones(directions(kind))) + "text"
    with pytest.raises(TypeError):
        number(kind, np.ones(2), np.ones((directions(kind), 2))) * None


def test_arrays_with_rules_of_their_own_get_their_turn(kind):
    class Metres(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return "metres"

    metres = np.ones(2).view(Metres)
    x = number(kind, np.ones(2), np.ones((directions(kind), 2)))
    assert x * metres == metres * x == np.hypot(x, metres) == "metres"


@pytest.mark.parametrize("op", [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift])
def test_bit_operators_are_errors_as_for_floats(kind, op):
    x = number(kind, np.ones(3), np.ones((directions(kind), 3)))
    for args in ((x, 1), (1, x), (x, x)):
        with pytest.raises(TypeError):
            op(*args)
    with pytest.raises(TypeError):
        ~x


@each_operator
@pytest.mark.parametrize("right", LAYOUTS)
@pytest.mark.parametrize("left", LAYOUTS)
def test_operators_take_any_strides(name, left, right, rng):
    op, *partials = OPERATORS[name]
    base, tangent = rng.uniform(0.5, 3, (5, 5)), rng.standard_normal((5, 5))
    other, slope = rng.uniform(0.5, 3, (5, 5)), rng.standard_normal((5, 5))
    x, v, tx = (LAYOUTS[left](a) for a in (da.Dual(base, tangent), base, tangent))
    y, w, ty = (LAYOUTS[right](a) for a in (da.Dual(other, slope), other, slope))
    try:
        expected = op(v, w)
    except ValueError:
        with pytest.raises(ValueError):
            op(x, y)
        return
    z = op(x, y)
    assert_number(z, da.Dual, expected, product_rule(partials, (v, w), (tx, ty))[None])
    assert z.value.strides == expected.strides


@pytest.mark.parametrize("layout", LAYOUTS)
def test_views_have_the_strides_of_numpy_views(kind, layout, rng):
    x, _ = random_number(kind, rng.standard_normal((5, 5)), rng)
    assert LAYOUTS[layout](x).value.strides == LAYOUTS[layout](x.value).strides


def test_fortran_order_is_kept(kind, rng):
    v = np.asfortranarray(rng.standard_normal((4, 3)))
    x, tx = random_number(kind, v, rng)
    for z, expected in ((x * 2, v * 2), (np.sin(x), np.sin(v)), (x + x, v + v), (x.copy("K"), v.copy("K"))):
        assert_same_bits(z.value, expected)
        assert z.value.strides == expected.strides
    assert_number(x * 2, kind, v * 2, tx * 2)


# types of the result


@pytest.mark.parametrize(
    "other",
    [
        1, 1.5, True, 1j, np.float32(1.5), np.float64(1.5), np.int8(1), np.int64(1), np.complex64(1),
        np.array(1.5), np.ones(3), np.ones(3, np.float32), np.ones(3, np.int8), np.ones(3, int), np.ones(3, bool),
        np.ones(3, complex),
    ],
    ids=lambda other: f"{type(other).__name__} {getattr(other, 'dtype', '')}",
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_dtypes_promote_as_in_numpy(kind, dtype, other, shape):
    x = number(kind, np.full(shape, 2, dtype), np.ones((directions(kind), *shape), dtype))
    for op in (operator.add, operator.mul, operator.truediv):
        for z, expected in ((op(x, other), op(x.value, other)), (op(other, x), op(other, x.value))):
            assert type(z) is kind
            assert_same_bits(z.value, expected)
            assert tangents_of(z, kind).dtype == np.asarray(expected).dtype


def test_two_widths_meet_in_the_larger(kind, rng):
    x, tx = random_number(kind, np.ones(3, np.float32), rng)
    y, ty = random_number(kind, np.ones(3), rng)
    assert_number(x * y, kind, x.value * y.value, tx * y.value + x.value * ty, rtol=1e-7)


def test_complex_values_of_real_variables(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(4), rng)
    v = x.value
    z = np.exp(1j * x)
    assert_number(z, kind, np.exp(1j * v), 1j * np.exp(1j * v) * tx)
    w = z * (2 + x * 1j)
    slope = 1j * np.exp(1j * v) * (2 + 1j * v) * tx + 1j * np.exp(1j * v) * tx
    assert_number(w, kind, np.exp(1j * v) * (2 + v * 1j), slope)
    assert_number(w.real, kind, w.value.real, slope.real)
    assert_number(w.imag, kind, w.value.imag, slope.imag)
    assert_number(w.conj(), kind, w.value.conj(), slope.conj())
    assert_number(abs(w), kind, abs(w.value), (w.value.conj() * slope).real / abs(w.value))
    assert_number(1 / w, kind, 1 / w.value, -slope / w.value**2)


def test_complex_scalars(kind, rng):
    x, tx = random_number(kind, 0.5, rng)
    z = x * 1j + 2
    assert type(z.value) is np.complex128
    assert_number(z * z, kind, z.value * z.value, 2 * z.value * 1j * tx)
    assert_number(np.sqrt(z), kind, np.sqrt(z.value), 1j * tx / (2 * np.sqrt(z.value)))


def test_real_and_imag_of_real_numbers(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    assert_number(x.real, kind, x.value, tx)
    assert_same_bits(value_of(x.imag), np.zeros(3))
    assert not np.any(tangents_of(x.imag, kind))


def test_different_number_types_do_not_mix():
    x, y = da.Dual(np.ones(3), np.ones(3)), da.MultiDual(np.ones(3), np.ones((1, 3)))
    two, three = da.MultiDual(np.ones(3), np.ones((2, 3))), da.MultiDual(np.ones(3), np.ones((3, 3)))
    for left, right in ((x, y), (two, three), (three, x), (x[0], y[0]), (two[0], three), (x[0], two)):
        for op in (operator.add, operator.mul, operator.pow, np.arctan2, np.hypot, operator.iadd):
            with pytest.raises(TypeError):
                op(left, right)
    with pytest.raises(TypeError):
        x[0] = two[0]
    with pytest.raises(TypeError):
        np.concatenate([two, three])


# in place

IN_PLACE = {
    "add": operator.iadd,
    "sub": operator.isub,
    "mul": operator.imul,
    "truediv": operator.itruediv,
    "pow": operator.ipow,
    "mod": operator.imod,
}


@each_operator
@pytest.mark.parametrize("other_shape", [(), (3,), (2, 3), (2, 1)], ids=str)
def test_in_place_operators_change_the_object(kind, name, other_shape, rng):
    op, *partials = OPERATORS[name]
    x, tx = random_number(kind, rng.uniform(0.5, 3, (2, 3)), rng)
    y, ty = random_number(kind, rng.uniform(0.5, 3, other_shape), rng)
    v, w = x.value.copy(), y.value
    alias, row, before = x, x[1], op(x, y)
    x = IN_PLACE[name](x, y)
    assert x is alias
    assert_number(x, kind, op(v, w), tangents_of(before, kind))
    assert_number(row, kind, op(v, w)[1], tangents_of(before, kind)[:, 1])


@each_operator
@pytest.mark.parametrize("other", [2, 1.5, np.float64(1.5), np.array([1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]], ids=repr)
def test_in_place_operators_with_plain_operands(kind, name, other, rng):
    op = OPERATORS[name][0]
    x, _ = random_number(kind, rng.uniform(0.5, 3, 3), rng)
    alias, expected = x, op(x, other)
    numpy_value = x.value.copy()
    numpy_value = IN_PLACE[name](numpy_value, other)
    x = IN_PLACE[name](x, other)
    assert x is alias
    assert_number(x, kind, numpy_value, tangents_of(expected, kind))


def test_in_place_floor_division_leaves_no_derivative(kind, rng):
    x, _ = random_number(kind, np.array([7.5, -7.5]), rng)
    alias = x
    x //= 2.0
    assert_same_bits(value_of(x), np.array([3.0, -4.0]))
    assert not np.any(tangents_of(x, kind))
    assert x is alias or not is_number(x)


def test_in_place_matmul(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((3, 3)), rng)
    y, ty = random_number(kind, rng.standard_normal((3, 3)), rng)
    v, w, alias = x.value.copy(), y.value, x
    x @= y
    assert x is alias
    expected = np.stack([p @ w + v @ q for p, q in zip(tx, ty, strict=True)])
    assert_close(x.value, v @ w)
    assert_close(tangents_of(x, kind), expected)


def test_in_place_result_does_not_grow(kind):
    x = number(kind, np.ones(3), np.ones((directions(kind), 3)))
    with pytest.raises(ValueError):
        x += np.ones((2, 3))
    with pytest.raises(ValueError):
        x *= kind(np.ones((2, 3)))
    assert_number(x, kind, np.ones(3), np.ones((directions(kind), 3)))


@pytest.mark.parametrize("op", [operator.ipow, operator.imod, operator.ifloordiv, operator.iadd],
                         ids=lambda f: f.__name__)
def test_in_place_results_must_fit(kind, op, rng):
    x, tx = random_number(kind, rng.uniform(1, 2, 3), rng)
    before = x.components.copy()
    for other in (np.ones((1, 3)), np.ones((2, 3)), np.ones(3, np.complex128)):
        with pytest.raises((ValueError, TypeError)) as caught:
            op(x.value.copy(), other)
        with pytest.raises(type(caught.value)):
            op(x, other)
    assert_same_bits(x.components, before)


@pytest.mark.parametrize("other", [np.ones(3), np.ones((3, 1)), np.ones((2, 3, 3)), 2.0], ids=np.shape)
def test_in_place_matmul_must_fit(kind, other, rng):
    x, tx = random_number(kind, rng.uniform(1, 2, (3, 3)), rng)
    with pytest.raises((ValueError, TypeError)):
        operator.imatmul(x.value.copy(), other)
    with pytest.raises((ValueError, TypeError)):
        operator.imatmul(x, other)


def test_in_place_keeps_the_width(kind, rng):
    x, tx = random_number(kind, np.ones(3, np.float32), rng)
    alias = x
    x *= np.full(3, 2.0)
    assert x is alias and x.dtype == np.float32
    assert_number(x, kind, np.full(3, 2, np.float32), 2 * tx, rtol=1e-6)


def test_in_place_complex_into_real_is_an_error(kind):
    x = number(kind, np.ones(3), np.ones((directions(kind), 3)))
    with pytest.raises(TypeError):
        x += 1j


@pytest.mark.parametrize("op", [operator.iadd, operator.imul, operator.isub, operator.itruediv])
@pytest.mark.parametrize(
    "target, source",
    [(slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None)), (slice(None), slice(None, None, -1))],
    ids=["up", "down", "reversed"],
)
def test_in_place_operands_may_overlap(kind, op, target, source, rng):
    x, _ = random_number(kind, rng.uniform(1, 2, 5000), rng)
    expected = op(x[target].copy(), x[source].copy())
    view = x[target]
    op(view, x[source])
    assert_number(x[target], kind, expected.value, tangents_of(expected, kind), rtol=1e-14)


def test_in_place_with_itself(kind, rng):
    x, tx = random_number(kind, rng.uniform(1, 2, 3), rng)
    v = x.value.copy()
    x *= x
    assert_number(x, kind, v * v, 2 * v * tx)
    x /= x
    assert_number(x, kind, np.ones(3), np.zeros_like(tx))


def test_in_place_on_a_constant_takes_the_derivative_up(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    total = kind(np.zeros(3))
    alias = total
    total += x
    assert total is alias and not total.isconstant
    assert_number(total, kind, x.value, tx)


def test_in_place_on_a_scalar_leaves_other_names_alone(kind):
    x = number(kind, 2.0, np.ones(directions(kind)))
    y = x
    y += 1.0
    y *= 3.0
    assert_number(x, kind, 2.0, np.ones(directions(kind)))
    assert_number(y, kind, 9.0, np.full(directions(kind), 3.0))


def test_in_place_on_an_element_leaves_the_array_alone(kind, rng):
    x, tx = random_number(kind, np.array([1.0, 2.0]), rng)
    for element in (x[0], x.sum(), next(iter(x))):
        element += 5.0
    assert_number(x, kind, np.array([1.0, 2.0]), tx)


def test_augmented_assignment_to_an_element_changes_the_array(kind, rng):
    x, tx = random_number(kind, np.array([1.0, 2.0, 3.0]), rng)
    x[0] += 5.0
    x[1:] *= x[0]
    assert_same_bits(x.value, np.array([6.0, 12.0, 18.0]))
    expected = np.stack([tx[:, 0], 2 * tx[:, 0] + 6 * tx[:, 1], 3 * tx[:, 0] + 6 * tx[:, 2]], axis=1)
    assert_close(tangents_of(x, kind), expected)


# comparison, truth, hash

COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_comparisons_look_at_the_value_alone(kind, compare, rng):
    v, w = np.array([1.0, 2.0, np.nan, 3.0]), np.array([1.0, 3.0, 1.0, np.inf])
    x, y = random_number(kind, v, rng)[0], random_number(kind, w, rng)[0]
    expected = compare(v, w)
    for left, right in ((x, y), (x, w), (v, y), (x, list(w))):
        assert type(compare(left, right)) is np.ndarray
        assert_same_bits(compare(left, right), expected)
    assert_same_bits(compare(x, 2.0), compare(v, 2.0))
    assert_same_bits(compare(2.0, x), compare(2.0, v))


@pytest.mark.parametrize("compare", COMPARISONS)
def test_scalar_comparisons(kind, compare):
    x, y = number(kind, 1.0, np.ones(directions(kind))), number(kind, 1.0, np.zeros(directions(kind)))
    for other in (y, 1.0, 1, np.float64(1.0), 2.5):
        assert isinstance(compare(x, other), (bool, np.bool_))
        assert compare(x, other) == compare(1.0, value_of(other))
        assert compare(other, x) == compare(value_of(other), 1.0)


def test_comparison_with_strangers(kind):
    x = number(kind, 1.0, np.ones(directions(kind)))
    assert not x == "text"
    assert x != "text"
    assert not x == None  # noqa: E711
    with pytest.raises(TypeError):
        x < "text"


def test_comparison_of_an_array_is_an_array(kind, rng):
    x, _ = random_number(kind, np.array([1.0, 2.0]), rng)
    assert (x > 1.5).tolist() == [False, True]
    assert_number(x[x > 1.5], kind, np.array([2.0]), tangents_of(x, kind)[:, 1:])


@pytest.mark.parametrize("value", [0.0, 1.0, -0.0, np.nan, np.array([1.0]), np.array([[0.0]])], ids=repr)
def test_truth_is_that_of_the_value(kind, value, rng):
    assert bool(random_number(kind, value, rng)[0]) is bool(value)


@pytest.mark.parametrize("shape", [(2,), (0,), (2, 2)], ids=str)
@pytest.mark.filterwarnings("error")
def test_truth_of_an_array_is_an_error(kind, shape, rng):
    with pytest.raises((ValueError, DeprecationWarning), match="truth value"):  # a warning before NumPy 2.2
        bool(random_number(kind, np.ones(shape), rng)[0])


@pytest.mark.parametrize("value", [0.0, 1.0, -2.5, np.inf, 1e300, np.float32(0.1)], ids=repr)
def test_hash_of_a_scalar_is_that_of_its_value(kind, value, rng):
    x, _ = random_number(kind, value, rng)
    assert hash(x) == hash(x.value)
    assert {x: "found"}[x] == "found"


def test_hash_of_an_array_is_an_error(kind, rng):
    for shape in ((1,), (2, 3), (0,)):
        with pytest.raises(TypeError, match="unhashable"):
            hash(random_number(kind, np.ones(shape), rng)[0])


# indexing


@each_index
def test_indexing_acts_on_every_component(kind, index, rng):
    x, tx = random_number(kind, rng.standard_normal((4, 5)), rng)
    assert_number(x[index], kind, x.value[index], np.stack([t[index] for t in tx]), rtol=0, atol=0)


@each_index
def test_indexing_gives_a_view_where_numpy_does(kind, index, rng):
    x, tx = random_number(kind, rng.standard_normal((4, 5)), rng)
    v, part = x.value.copy(), x[index]
    if not isinstance(v[index], np.ndarray):  # an element is no view
        before = part.value
        x[index] = 7.0
        assert part.value == before != 7.0
        return
    assert np.shares_memory(part.value, x.value) == np.shares_memory(v[index], v)
    part[...] = 7.0
    v[index][...] = 7.0
    for t in tx:
        t[index][...] = 0.0
    assert_number(x, kind, v, tx, rtol=0, atol=0)


SCALARS = {
    "many directions": lambda f, x: da.jacobian(f)(x),
    "float32": lambda f, x: da.jacobian(f)(x.astype(np.float32)),
    "nested": lambda f, x: da.jacobian(da.jacobian(f))(x),
    "second order": lambda f, x: da.hessian(f)(x),
    "series": lambda f, x: da.taylor(f, x, 12, np.ones(x.size)),
    "complex": lambda f, x: da.jvp(lambda x: f(x * (1 + 2j)), (x,), (np.ones(x.size),))[1],
}


@pytest.mark.parametrize("transform", SCALARS.values(), ids=SCALARS)
@pytest.mark.parametrize("shape", [(12,), (3, 4)], ids=str)
def test_elements_are_copies_however_many_components_they_have(transform, shape):
    def swapped(x, swap):
        y = np.reshape(x**2 * np.roll(x, 1), shape).copy()
        first, second = ((1,), (2,)) if len(shape) == 1 else ((0, 1), (2, 3))
        swap(y, first, second)
        return y

    def by_elements(y, i, j):
        y[i], y[j] = y[j], y[i]

    def by_ints(y, i, j):
        one, other = (y[i[0]], y[j[0]]) if len(i) == 1 else (y[i[0]][i[1]], y[j[0]][j[1]])
        y[i], y[j] = other, one

    def by_copies(y, i, j):
        y[i], y[j] = y[j].copy(), y[i].copy()

    x = np.linspace(0.5, 1.5, 12)
    for swap in (by_elements, by_ints):
        found, expected = (transform(lambda x, s=s: swapped(x, s), x) for s in (swap, by_copies))
        np.testing.assert_array_equal(found, expected)


@each_index
@pytest.mark.parametrize("right", ["float", "int", "array", "number", "scalar number", "constant"])
def test_assignment_acts_on_every_component(kind, index, right, rng):
    x, tx = random_number(kind, rng.standard_normal((4, 5)), rng)
    v, shape = x.value.copy(), x.value[index].shape
    array, tangents = random_number(kind, rng.standard_normal(shape), rng)
    scalar, slopes = random_number(kind, 2.5, rng)
    zeros = np.zeros(directions(kind))
    item, value, rows = {
        "float": (1.5, 1.5, zeros),
        "int": (3, 3, zeros),
        "array": (array.value, array.value, zeros),
        "number": (array, array.value, tangents),
        "scalar number": (scalar, 2.5, slopes),
        "constant": (kind(array.value), array.value, zeros),
    }[right]
    x[index] = item
    v[index] = value
    for t, row in zip(tx, rows, strict=True):
        t[index] = row
    assert_number(x, kind, v, tx, rtol=0, atol=0)


def test_assignment_broadcasts(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((4, 5)), rng)
    row, slopes = random_number(kind, rng.standard_normal(5), rng)
    v = x.value.copy()
    x[1:3] = row
    v[1:3], tx[:, 1:3] = row.value, slopes[:, None]
    assert_number(x, kind, v, tx)
    with pytest.raises(ValueError):
        x[0] = row[:3]
    with pytest.raises(ValueError):
        x[0] = np.ones((2, 5))


def test_assignment_of_a_list_of_numbers(kind, rng):
    x, _ = random_number(kind, np.zeros(3), rng)
    y, ty = random_number(kind, rng.standard_normal(3), rng)
    x[:] = [y[0], y[1], 4.0]
    ty[:, 2] = 0.0
    assert_number(x, kind, np.array([*y.value[:2], 4.0]), ty)


def test_assignment_from_an_overlapping_part(kind, rng):
    for target, source in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        x, tx = random_number(kind, rng.standard_normal(3000), rng)
        v = x.value.copy()
        x[target] = x[source]
        v[target], tx[:, target] = v[source].copy(), tx[:, source].copy()
        assert_number(x, kind, v, tx, rtol=0, atol=0)
    x[...] = x[::-1]
    assert_number(x, kind, v[::-1], tx[:, ::-1], rtol=0, atol=0)


def test_assignment_to_a_constant_never_loses_the_derivative(kind, rng):
    element, slopes = random_number(kind, 2.0, rng)
    x = kind(np.zeros(3))
    try:
        x[1] = element
    except TypeError:
        return
    assert_number(x[1], kind, 2.0, slopes)


def test_assignment_through_a_view_of_a_constant_never_loses_the_derivative(kind, rng):
    element, slopes = random_number(kind, 2.0, rng)
    x = kind(np.zeros(3))
    view = x[1:]
    try:
        view[0] = element
    except TypeError:
        return
    assert_number(view[0], kind, 2.0, slopes)
    assert_number(x[1], kind, 2.0, slopes)


def test_zeros_like_takes_numbers_and_views_stay_views(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    y = np.zeros_like(x)
    view = y[1:]
    view[0] = x[2]
    y[0] = x[1]
    slopes = np.stack([tx[:, 1], tx[:, 2], np.zeros(directions(kind))], axis=1)
    assert_number(y, kind, np.array([x.value[1], x.value[2], 0.0]), slopes)


@pytest.mark.parametrize("index", [4, -5, (0, 5), (0, 0, 0), 1.5, "text", [7], (slice(None), [9])], ids=repr)
def test_bad_indices_are_index_errors(kind, index, rng):
    x, _ = random_number(kind, np.ones((4, 5)), rng)
    with pytest.raises(IndexError):
        x[index]
    with pytest.raises(IndexError):
        x[index] = 1.0


def test_scalars_take_no_index(kind):
    x = number(kind, 2.0, np.ones(directions(kind)))
    with pytest.raises(IndexError):
        x[0]
    for y in (x[()], x[...]):
        assert_number(y, kind, 2.0, np.ones(directions(kind)))


def test_index_arrays_may_come_from_comparisons_and_sorting(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(9), rng)
    order = np.argsort(x)
    assert_number(x[order], kind, np.sort(x.value), tx[:, order])
    assert_number(x[x > 0], kind, x.value[x.value > 0], tx[:, x.value > 0])


def test_iteration_gives_elements_and_rows(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((2, 3)), rng)
    rows = list(x)
    assert len(rows) == 2
    for i, row in enumerate(rows):
        assert_number(row, kind, x.value[i], tx[:, i])
        for j, element in enumerate(row):
            assert type(element.value) is np.float64
            assert_number(element, kind, x.value[i, j], tx[:, i, j])
    assert [e.value for e in reversed(x[0])] == list(reversed(x.value[0]))
    _, middle, _ = x[1]
    assert_number(middle, kind, x.value[1, 1], tx[:, 1, 1])


def test_scalars_have_no_length_and_no_elements(kind):
    x = number(kind, 2.0, np.ones(directions(kind)))
    with pytest.raises(TypeError):
        len(x)
    with pytest.raises(TypeError):
        iter(x)


def test_membership_looks_at_values(kind, rng):
    x, _ = random_number(kind, np.array([1.0, 2.0]), rng)
    assert 2.0 in x
    assert 3.0 not in x


# empty arrays


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (2, 0, 3)], ids=str)
def test_empty_arrays(kind, shape, rng):
    x, tx = random_number(kind, np.zeros(shape), rng)
    for z in (x + x, x * 2, np.sin(x), -x, x**2, x.copy(), x / x, np.hypot(x, 1.0)):
        assert_number(z, kind, np.zeros(shape), np.zeros(tx.shape))
    assert_number(x.sum(), kind, 0.0, np.zeros(directions(kind)))
    assert_number(x.prod(), kind, 1.0, np.zeros(directions(kind)))
    assert_number(x.sum(axis=0), kind, np.zeros(shape[1:]), np.zeros((directions(kind), *shape[1:])))
    with pytest.raises(ValueError):
        x.max()
    x += 1.0
    x[...] = 2.0
    assert x.size == 0 and x.shape == shape and list(x.ravel()) == []


# methods

LINEAR_METHODS = {
    "sum": lambda a: a.sum(),
    "sum axis": lambda a: a.sum(axis=0),
    "sum negative axis": lambda a: a.sum(-1),
    "sum axes": lambda a: a.sum(axis=(0, 1)),
    "sum keepdims": lambda a: a.sum(axis=1, keepdims=True),
    "mean": lambda a: a.mean(),
    "mean axis": lambda a: a.mean(axis=1),
    "cumsum": lambda a: a.cumsum(),
    "cumsum axis": lambda a: a.cumsum(axis=1),
    "reshape": lambda a: a.reshape(6, 4),
    "reshape tuple": lambda a: a.reshape((2, 12)),
    "reshape unknown": lambda a: a.reshape(3, -1),
    "reshape fortran": lambda a: a.reshape((6, 4), order="F"),
    "ravel": lambda a: a.ravel(),
    "ravel fortran": lambda a: a.ravel("F"),
    "ravel keep": lambda a: a.T.ravel("K"),
    "flatten": lambda a: a.flatten(),
    "flatten fortran": lambda a: a.flatten("F"),
    "transpose": lambda a: a.transpose(),
    "transpose axes": lambda a: a.reshape(2, 3, 4).transpose(2, 0, 1),
    "transpose tuple": lambda a: a.reshape(2, 3, 4).transpose((1, -1, 0)),
    "T": lambda a: a.T,
    "mT": lambda a: a.reshape(2, 3, 4).mT,
    "swapaxes": lambda a: a.reshape(2, 3, 4).swapaxes(0, -1),
    "squeeze": lambda a: a[:1].squeeze(),
    "squeeze axis": lambda a: a[:1, :, None].squeeze(axis=0),
    "copy": lambda a: a.copy(),
    "repeat": lambda a: a.repeat(2, axis=1),
    "repeat counts": lambda a: a.repeat([1, 0, 2, 3], axis=0),
    "take": lambda a: a.take([0, 5, 5], axis=1),
    "take flat": lambda a: a.take([[0, 23], [7, 7]]),
    "diagonal": lambda a: a.diagonal(),
    "diagonal offset": lambda a: a.diagonal(offset=1),
    "trace": lambda a: a.trace(),
    "compress": lambda a: a.compress([True, False, True, False], axis=0),
    "dot": lambda a: a.dot(np.arange(6.0)),
    "conj": lambda a: a.conj(),
    "conjugate": lambda a: a.conjugate(),
    "real": lambda a: a.real,
    "item": lambda a: a[1, 2:3].item(),
    "item index": lambda a: a.item(2, 3),
}


@pytest.mark.parametrize("method", LINEAR_METHODS.values(), ids=LINEAR_METHODS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_linear_methods_act_on_every_component(kind, method, dtype, rng):
    x, tx = random_number(kind, rng.standard_normal((4, 6)).astype(dtype), rng)
    value = method(x.value)
    expected = np.stack([np.asarray(method(t)) for t in tx])
    y = method(x)
    rtol = 1e-12 if dtype is np.float64 else 1e-5
    assert type(y) is kind
    assert_close(tangents_of(y, kind), expected, rtol, rtol)
    if not isinstance(value, float):  # item() of single precision is a Python float in NumPy
        assert_same_bits(y.value, value)


@pytest.mark.parametrize("name", ["reshape", "ravel", "T", "transpose", "diagonal", "swapaxes", "squeeze"])
def test_methods_give_views_where_numpy_does(kind, name, rng):
    x, _ = random_number(kind, rng.standard_normal((4, 6)), rng)
    if name != "diagonal":
        assert np.shares_memory(LINEAR_METHODS[name](x).value, x.value)
        LINEAR_METHODS[name](x)[..., 0] = 9.0
        assert x.value.flat[0] == 9.0 and not np.any(tangents_of(x, kind)[:, 0, 0])
    assert not np.shares_memory(x.flatten().value, x.value)
    assert not np.shares_memory(x.copy().value, x.value)


PLAIN_METHODS = {
    "argmax": lambda a: a.argmax(),
    "argmin axis": lambda a: a.argmin(axis=1),
    "argsort": lambda a: a.argsort(axis=0),
    "any": lambda a: a.any(),
    "all axis": lambda a: a.all(axis=0),
    "round": lambda a: a.round(1),
    "nonzero": lambda a: a.nonzero()[1],
}


@pytest.mark.parametrize("method", PLAIN_METHODS.values(), ids=PLAIN_METHODS)
def test_piecewise_constant_methods_give_plain_arrays(kind, method, rng):
    x, _ = random_number(kind, rng.standard_normal((4, 6)), rng)
    assert not is_number(method(x))
    assert_same_bits(method(x), method(x.value))


def test_product_and_extrema_methods(kind, rng):
    x, tx = random_number(kind, rng.uniform(1, 2, (3, 4)), rng)
    v = x.value
    slope = np.stack([(v.prod(axis=1, keepdims=True) / v * t).sum(axis=1) for t in tx])
    assert_number(x.prod(axis=1), kind, v.prod(axis=1), slope)
    rows = np.arange(3)
    assert_number(x.max(axis=1), kind, v.max(axis=1), tx[:, rows, v.argmax(axis=1)])
    assert_number(x.min(), kind, v.min(), tx.reshape(len(tx), -1)[:, v.argmin()])
    assert_number(x.clip(1.2, 1.7), kind, v.clip(1.2, 1.7), tx * ((v > 1.2) & (v < 1.7)))


def test_variance_methods(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((3, 4)), rng)
    v = x.value
    centred = v - v.mean(axis=1, keepdims=True)
    slope = np.stack([2 * (centred * t).mean(axis=1) for t in tx])
    assert_number(x.var(axis=1), kind, v.var(axis=1), slope)
    assert_number(x.std(axis=1), kind, v.std(axis=1), slope / (2 * v.std(axis=1)))
    assert_number(x.var(axis=1, ddof=1), kind, v.var(axis=1, ddof=1), slope * 4 / 3)


def test_sort_in_place(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((3, 4)), rng)
    order = x.value.argsort(axis=1)
    expected = np.stack([np.take_along_axis(t, order, axis=1) for t in tx])
    value = np.sort(x.value)
    assert x.sort() is None
    assert_number(x, kind, value, expected)


def test_fill_takes_numbers(kind, rng):
    x, _ = random_number(kind, rng.standard_normal(3), rng)
    scalar, slopes = random_number(kind, 2.5, rng)
    x.fill(scalar)
    assert_number(x, kind, np.full(3, 2.5), np.stack([slopes] * 3, axis=1))
    x.fill(1.0)
    assert_number(x, kind, np.ones(3), np.zeros((directions(kind), 3)))


def test_tolist_gives_lists_of_numbers(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((2, 2)), rng)
    items = x.tolist()
    assert isinstance(items, list) and isinstance(items[0], list)
    assert_number(items[1][0], kind, x.value[1, 0], tx[:, 1, 0])


def test_astype_changes_the_width_of_every_component(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    y = x.astype(np.float32)
    assert_number(y, kind, x.value.astype(np.float32), tx, rtol=1e-6)
    assert tangents_of(y, kind).dtype == np.float32
    assert_number(x.astype(complex), kind, x.value.astype(complex), tx.astype(complex))
    y = x.astype(float)
    y[0] = 7.0
    assert x.value[0] != 7.0


@pytest.mark.parametrize(
    "name", ["sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "arctan", "log1p", "expm1", "arcsinh", "cbrt"]
)
def test_scalars_know_the_elementary_functions(kind, name, rng):
    x, tx = random_number(kind, 0.7, rng)
    reference = getattr(np, name)(x)
    assert_number(getattr(x, name)(), kind, getattr(np, name)(0.7), tangents_of(reference, kind))


def test_round_of_a_scalar_is_plain(kind):
    x = number(kind, 2.567, np.ones(directions(kind)))
    assert round(x) == 3 and not is_number(round(x))
    assert round(x, 1) == 2.6 and not is_number(round(x, 1))


def test_shape_questions_work(kind, rng):
    x, _ = random_number(kind, rng.standard_normal((2, 3)), rng)
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((2, 3), 2, 6)


# printing


def test_printing_shows_value_and_tangents(kind):
    x = number(kind, np.array([1.5, 2.25]), np.full((directions(kind), 2), 0.125))
    for text in (repr(x), str(x)):
        assert kind.__name__ in text
        assert "1.5" in text and "2.25" in text and "0.125" in text


def test_printing_of_scalars(kind):
    text = repr(number(kind, 1.5, np.full(directions(kind), 0.125)))
    assert text.startswith(f"{kind.__name__}(") and text.endswith(")")
    assert "1.5" in text and "0.125" in text and "np.float64" not in text


def test_printing_of_constants_and_empty_arrays(kind):
    assert "1.5" in repr(kind(np.array([1.5])))
    assert kind.__name__ in repr(number(kind, np.ones(0), np.ones((directions(kind), 0))))


def test_printing_of_large_arrays_is_short(kind):
    x = number(kind, np.ones(10**5), np.ones((directions(kind), 10**5)))
    assert "..." in repr(x) and len(repr(x)) < 2000


def test_printing_follows_the_print_options(kind):
    x = number(kind, np.array([1 / 3, 2 / 3]), np.ones((directions(kind), 2)))
    with np.printoptions(precision=3):
        assert "0.333" in repr(x) and "0.3333" not in repr(x)


def test_scalars_can_be_formatted(kind):
    x = number(kind, 1.23456, np.ones(directions(kind)))
    assert "1.235" in f"{x:.3f}"
    assert f"{x}" == str(x)


# pickling and copying


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_pickling_keeps_everything(kind, protocol, shape, dtype, rng):
    x, tx = random_number(kind, rng.standard_normal(shape).astype(dtype), rng)
    y = pickle.loads(pickle.dumps(x, protocol))
    assert_number(y, kind, x.value, tx, rtol=0, atol=0)
    assert y.level == x.level and type(y.value) is type(x.value)


def test_pickling_keeps_constants_constant(kind):
    for value in (1.5, np.ones((2, 3))):
        y = pickle.loads(pickle.dumps(kind(value)))
        assert y.isconstant
        assert_same_bits(y.value, np.asarray(value))


def test_pickling_of_views(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((4, 5)), rng)
    for layout in LAYOUTS.values():
        y = pickle.loads(pickle.dumps(layout(x)))
        assert_number(y, kind, layout(x).value, np.stack([layout(t) for t in tx]), rtol=0, atol=0)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda x: x.copy(), np.copy])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (0,)], ids=str)
def test_copies_are_independent(kind, duplicate, shape, rng):
    x, tx = random_number(kind, rng.standard_normal(shape), rng)
    v = x.value.copy()
    y = duplicate(x)
    assert_number(y, kind, v, tx, rtol=0, atol=0)
    y[...] = 7.0
    assert_number(x, kind, v, tx, rtol=0, atol=0)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda x: x.copy()])
def test_copies_of_scalars(kind, duplicate, rng):
    x, tx = random_number(kind, 1.5, rng)
    assert_number(duplicate(x), kind, 1.5, tx, rtol=0, atol=0)


def test_deepcopy_of_containers(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    duplicate = copy.deepcopy({"a": [x, x]})["a"]
    assert duplicate[0] is duplicate[1] and duplicate[0] is not x
    assert_number(duplicate[0], kind, x.value, tx)


@pytest.mark.parametrize("view", [
    lambda s: s.reshape(1), lambda s: s.reshape(-1), np.ravel, np.atleast_1d, lambda s: s[None], lambda s: s[..., None],
    lambda s: np.expand_dims(s, 0), lambda s: np.reshape(s, (1, 1))[0], lambda s: s.real.reshape(1),
])
@pytest.mark.parametrize("ndirections", [1, 2, 8, 9, 30])
def test_views_of_scalars_are_copies_as_those_of_numpy_scalars_are(view, ndirections):
    """However many components a scalar has, and at every level of nesting."""
    def f(x):
        s = np.sum(x) * 2
        v = view(s)
        v += 100 * x[0]
        v[0] = v[0] * x[1]
        return s + 0 * v[0]

    x = np.linspace(1.0, 2.0, ndirections + 1)
    expected = 2 * np.sum(x)
    y = f(da.MultiDual(x, np.ones((ndirections, ndirections + 1))))
    assert_same_bits(y.value, expected)
    assert_same_bits(y.tangents, np.full(ndirections, 2.0 * (ndirections + 1)))
    y = f(da.Taylor(np.stack([x, *np.ones((ndirections, ndirections + 1))])))
    assert_same_bits(y.coefficients[1:], np.full(ndirections, 2.0 * (ndirections + 1)))
    assert_same_bits(da.jacobian(da.grad(f))(x), np.zeros((ndirections + 1, ndirections + 1)))
    assert_same_bits(da.grad(f)(x), np.full(ndirections + 1, 2.0))


@pytest.mark.parametrize("ndirections", [1, 30])
def test_one_element_with_an_ellipsis_stays_a_view(ndirections):
    x = da.MultiDual(np.zeros((2, 2)), np.ones((ndirections, 2, 2)))
    element = x[0, 1, ...]
    element.reshape(1)[0] = 5.0
    assert x[0, 1].value == 5.0 and not x[0, 1].tangents.any()
