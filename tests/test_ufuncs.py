"""NumPy's ufuncs on dual numbers: NumPy's value to the bit, its arguments, methods and warnings."""

import functools
import itertools
import operator
import warnings

import numpy as np
import pytest

import dualad as da
from conftest import (
    assert_close,
    assert_number,
    assert_same_bits,
    complex_step,
    directions,
    is_number,
    number,
    random_number,
    tangents_of,
    value_of,
)

SIZES = [0, 1, 2, 3, 7, 8, 15, 16, 17, 63, 64, 65, 1000, 2047, 2048, 2049, 5000]

# what a ufunc with one argument is tried on: (low, high); everything else on (-3, 3)
DOMAINS = {
    **dict.fromkeys(["log", "log2", "log10", "sqrt", "reciprocal"], (0.01, 30.0)),
    **dict.fromkeys(["arcsin", "arccos", "arctanh"], (-1.0, 1.0)),
    **dict.fromkeys(["sin", "cos", "tan", "rint", "floor", "degrees", "radians"], (-40.0, 40.0)),
    "log1p": (-0.9, 10.0),
    "arccosh": (1.0, 20.0),
}

PLAIN = [
    "ceil", "floor", "rint", "trunc", "sign", "signbit", "isnan", "isinf", "isfinite", "logical_not", "equal",
    "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor",
    "floor_divide",
]

PRODUCTS = ["matmul", "matvec", "vecmat", "vecdot"]


def float_ufuncs(nin):
    """The distinct ufuncs of NumPy with this many floating-point arguments."""
    found = {f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc) and f.nin == nin and "d" * nin in
             {t.split("->")[0] for t in f.types}}
    return sorted(found - set(PRODUCTS))


UNARY, BINARY = float_ufuncs(1), float_ufuncs(2)
SMOOTH_UNARY = [name for name in UNARY if getattr(np, name).nout == 1 and name not in (*PLAIN, "spacing")]
SMOOTH_BINARY = [name for name in BINARY if name not in (*PLAIN, "divmod", "nextafter", "heaviside")]
each_unary = pytest.mark.parametrize("name", UNARY)
each_smooth_unary = pytest.mark.parametrize("name", SMOOTH_UNARY)
each_binary = pytest.mark.parametrize("name", BINARY)
each_smooth_binary = pytest.mark.parametrize("name", SMOOTH_BINARY)
each_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])


def samples(name, shape, rng, dtype=np.float64):
    """Points of the domain of a ufunc of one argument."""
    return rng.uniform(*DOMAINS.get(name, (-3.0, 3.0)), shape).astype(dtype)


def pair(name, shape, rng, dtype=np.float64):
    """Points of the domain of a ufunc of two arguments."""
    low = 0.05 if "power" in name else -3.0
    return (rng.uniform(low, 4.0, shape).astype(dtype) for _ in range(2))


def assert_values(result, expected):
    """The values of one or several results equal NumPy's to the bit."""
    if isinstance(expected, tuple):
        assert isinstance(result, tuple) and len(result) == len(expected)
        for r, e in zip(result, expected, strict=True):
            assert_values(r, e)
    else:
        assert_same_bits(value_of(result), expected)


# values


@each_unary
@each_dtype
def test_unary_value_is_numpys_at_every_size(kind, name, dtype, rng):
    f = getattr(np, name)
    for size in SIZES:
        x, _ = random_number(kind, samples(name, size, rng, dtype), rng)
        assert_values(f(x), f(x.value))


@each_binary
@each_dtype
def test_binary_value_is_numpys_at_every_size(kind, name, dtype, rng):
    f = getattr(np, name)
    for size in SIZES:
        (x, _), (y, _) = (random_number(kind, v, rng) for v in pair(name, size, rng, dtype))
        assert_values(f(x, y), f(x.value, y.value))
        assert_values(f(x, y.value), f(x.value, y.value))
        assert_values(f(x.value, y), f(x.value, y.value))
        assert_values(f(x, dtype(1.5)), f(x.value, dtype(1.5)))
        assert_values(f(2, y), f(2, y.value))


@each_unary
@each_dtype
def test_unary_value_is_numpys_for_scalars(kind, name, dtype, rng):
    f = getattr(np, name)
    for v in samples(name, 100, rng, dtype):
        result, expected = f(random_number(kind, v, rng)[0]), f(v)
        assert_values(result, expected)
        if f.nout == 1:
            assert type(value_of(result)) is type(expected)


@each_binary
@each_dtype
def test_binary_value_is_numpys_for_scalars(kind, name, dtype, rng):
    f = getattr(np, name)
    for v, w in zip(*pair(name, 100, rng, dtype), strict=True):
        assert_values(f(random_number(kind, v, rng)[0], random_number(kind, w, rng)[0]), f(v, w))
        assert_values(f(random_number(kind, v, rng)[0], w), f(v, w))


LAYOUTS = {
    "off by one": lambda a: a.reshape(-1)[1:],
    "off by three": lambda a: a.reshape(-1)[3:-2],
    "every other": lambda a: a.reshape(-1)[::2],
    "every third from one": lambda a: a.reshape(-1)[1::3],
    "reversed": lambda a: a.reshape(-1)[::-1],
    "reversed every other": lambda a: a.reshape(-1)[::-2],
    "transposed": lambda a: a.T,
    "columns": lambda a: a[:, 1:-1],
    "one column": lambda a: a[:, 7],
    "reversed rows": lambda a: a[::-1],
    "reversed columns": lambda a: a[:, ::-1],
    "rolled axes": lambda a: a.reshape(5, 10, -1).transpose(1, 2, 0),
    "broadcast": lambda a: np.broadcast_to(a[0], (3, a.shape[1])),
    "broadcast columns": lambda a: np.broadcast_to(a[:, :1], (a.shape[0], 70)),
    "fortran": lambda a: a.copy("F"),
    "fancy": lambda a: a[[3, 0, 3]],
    "fancy columns": lambda a: a[:, [3, 0, 3]],
    "mask": lambda a: a[np.arange(50) % 3 > 0],
}
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


@each_unary
@each_layout
def test_unary_value_is_numpys_at_every_stride(kind, name, layout, rng):
    f = getattr(np, name)
    for dtype in (np.float64, np.float32):
        x, _ = random_number(kind, samples(name, (50, 47), rng, dtype), rng)
        view, plain = layout(x), layout(x.value)
        assert_same_bits(view.value, plain)
        result, expected = f(view), f(plain)
        assert_values(result, expected)
        if f.nout == 1:
            assert value_of(result).strides == expected.strides


@each_binary
@each_layout
def test_binary_value_is_numpys_at_every_stride(kind, name, layout, rng):
    f = getattr(np, name)
    for dtype in (np.float64, np.float32):
        (x, _), (y, _) = (random_number(kind, v, rng) for v in pair(name, (50, 47), rng, dtype))
        v, w = layout(x.value), layout(y.value)
        assert_values(f(layout(x), layout(y)), f(v, w))
        assert_values(f(layout(x), w.copy()), f(v, w.copy()))
        assert_values(f(layout(x), 0.5), f(v, 0.5))


@each_smooth_unary
def test_value_is_numpys_when_the_argument_itself_is_strided(name, rng):
    """A transform keeps the strides of what it is given, because NumPy's loops differ in the last bit."""
    f = getattr(np, name)
    v = samples(name, (50, 47), rng)
    for layout in LAYOUTS.values():
        y, _ = da.jvp(f, (layout(v),), (np.ones_like(layout(v)),))
        assert_same_bits(y, f(layout(v)))
    for w in (v[:1, 0][::-1], v.astype(">f8"), v[0, 0].astype(">f8"), v[0].astype(">f4")):
        y, _ = da.jvp(f, (w,), (np.ones_like(w),))
        assert_same_bits(y, f(w))
    swapped = v[0].astype(">f8")
    assert_same_bits(da.jvp(lambda x: x[3], (swapped,), (swapped,))[0], v[0, 3])


def misaligned(a):
    """A copy that begins at an odd address."""
    copy = np.empty(a.nbytes + 1, np.uint8)[1:].view(a.dtype)
    copy[:] = a
    assert not copy.flags.aligned or not a.size
    return copy


@each_unary
@each_dtype
def test_unary_value_is_numpys_at_odd_addresses(kind, name, dtype, rng):
    f = getattr(np, name)
    for size in SIZES:
        plain = samples(name, size, rng, dtype)
        x, tx = random_number(kind, plain, rng)
        expected, derived = f(plain), f(x)
        result = f(kind(misaligned(plain), np.stack([misaligned(t) for t in np.atleast_2d(tx)])
                        if kind is da.MultiDual else misaligned(tx)))
        assert_values(result, f(misaligned(plain)))
        assert_values(result, expected)
        if f.nout == 1 and isinstance(derived, kind):
            assert_same_bits(result.components, derived.components)


@each_binary
@each_dtype
def test_binary_value_is_numpys_at_odd_addresses(kind, name, dtype, rng):
    f = getattr(np, name)
    for size in SIZES:
        v, w = pair(name, size, rng, dtype)
        x, _ = random_number(kind, v, rng)
        assert_values(f(x, misaligned(w)), f(v, misaligned(w)))
        assert_values(f(misaligned(w), x), f(misaligned(w), v))


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 0.3, -2.0])
@each_dtype
def test_powers_that_numpy_shortens_are_numpys(kind, exponent, dtype, rng):
    """NumPy takes another loop for some exponents if there is only one of them."""
    x, _ = random_number(kind, rng.uniform(0.05, 9.0, 2500).astype(dtype), rng)
    scalar = dtype(exponent)
    exponents = [exponent, scalar, np.array(scalar), np.full(1, scalar), np.full(2500, scalar),
                 np.broadcast_to(scalar, 2500), kind(np.full(2500, scalar)), kind(scalar)]
    if exponent == int(exponent):
        exponents += [int(exponent), np.int8(exponent)]
    for e in exponents:
        plain = value_of(e)
        assert_values(np.power(x, e), np.power(x.value, plain))
        assert_values(np.float_power(x, e), np.float_power(x.value, plain))
        assert_values(x**e, x.value**plain)
        with np.errstate(invalid="ignore"):
            assert_values(np.power(e, x), np.power(plain, x.value))
    assert_values(np.power(x[::2], np.broadcast_to(scalar, 1250)), np.power(x.value[::2], scalar))


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.0, 1e-320, 1e-300, 1e300, 710.0, -745.0, np.inf, -np.inf, np.nan]


@each_unary
@each_dtype
def test_unary_special_values_are_numpys(kind, name, dtype, rng):
    f = getattr(np, name)
    with np.errstate(all="ignore"):
        v = np.array(SPECIAL * 5, dtype)
        x, _ = random_number(kind, v, rng)
        assert_values(f(x), f(v))
        for e in v[: len(SPECIAL)]:
            assert_values(f(random_number(kind, e, rng)[0]), f(e))


@each_binary
@each_dtype
def test_binary_special_values_are_numpys(kind, name, dtype, rng):
    f = getattr(np, name)
    with np.errstate(all="ignore"):
        v, w = (a.ravel() for a in np.meshgrid(np.array(SPECIAL, dtype), np.array(SPECIAL, dtype)))
        x, y = random_number(kind, v, rng)[0], random_number(kind, w, rng)[0]
        assert_values(f(x, y), f(v, w))
        assert_values(f(x, w), f(v, w))


@pytest.mark.parametrize("name", PLAIN)
def test_piecewise_constant_ufuncs_give_plain_arrays(kind, name, rng):
    f = getattr(np, name)
    args = [random_number(kind, rng.uniform(0.5, 3, 5), rng)[0] for _ in range(f.nin)]
    assert not is_number(f(*args))
    assert not is_number(f(*(a[0] for a in args)))
    out = np.empty(5, f(*args).dtype)
    assert f(*args, out=out) is out
    assert_same_bits(out, f(*(a.value for a in args)))


# derivatives: those of holomorphic functions by complex step, the others by formula

FORMULAS = {
    "absolute": [lambda x: np.sign(x)],
    "fabs": [lambda x: np.sign(x)],
    "cbrt": [lambda x: 1 / (3 * np.cbrt(x) ** 2)],
    "degrees": [lambda x: np.full_like(x, 180 / np.pi)],
    "deg2rad": [lambda x: np.full_like(x, np.pi / 180)],
    "rad2deg": [lambda x: np.full_like(x, 180 / np.pi)],
    "radians": [lambda x: np.full_like(x, np.pi / 180)],
    "conjugate": [np.ones_like],
    "arctan2": [lambda x, y: y / (x * x + y * y), lambda x, y: -x / (x * x + y * y)],
    "hypot": [lambda x, y: x / np.sqrt(x * x + y * y), lambda x, y: y / np.sqrt(x * x + y * y)],
    "copysign": [lambda x, y: np.sign(x * y), lambda x, y: 0 * x],
    "maximum": [lambda x, y: 1.0 * (x > y), lambda x, y: 1.0 * (y > x)],
    "minimum": [lambda x, y: 1.0 * (x < y), lambda x, y: 1.0 * (y < x)],
    "fmax": [lambda x, y: 1.0 * (x > y), lambda x, y: 1.0 * (y > x)],
    "fmin": [lambda x, y: 1.0 * (x < y), lambda x, y: 1.0 * (y < x)],
    "fmod": [lambda x, y: 1 + 0 * x, lambda x, y: -np.trunc(x / y)],
    "remainder": [lambda x, y: 1 + 0 * x, lambda x, y: -np.floor(x / y)],
    "logaddexp": [lambda x, y: 1 / (1 + np.exp(y - x)), lambda x, y: 1 / (1 + np.exp(x - y))],
    "logaddexp2": [lambda x, y: 1 / (1 + np.exp2(y - x)), lambda x, y: 1 / (1 + np.exp2(x - y))],
}


def expected_tangents(name, values, tangents):
    """The derivative of a ufunc along each direction, from a source independent of the package."""
    if name not in FORMULAS:
        return np.stack([complex_step(getattr(np, name), values, rows) for rows in zip(*tangents, strict=True)])
    return sum(p(*values) * t for p, t in zip(FORMULAS[name], tangents, strict=True))


@each_smooth_unary
@pytest.mark.parametrize("shape", [(), (40,), (3, 4), (3000,)], ids=str)
def test_unary_derivatives(kind, name, shape, rng):
    v = np.asarray(samples(name, shape, rng)) * 0.999
    v = np.where(np.abs(v) < 1e-3, 0.5, v + (name == "arccosh") * 0.1)
    x, tx = random_number(kind, v, rng)
    f = getattr(np, name)
    assert_number(f(x), kind, f(x.value), expected_tangents(name, [v], [tx]), rtol=1e-10)


@each_smooth_binary
@pytest.mark.parametrize("shape", [(), (40,), (3, 4), (3000,)], ids=str)
def test_binary_derivatives(kind, name, shape, rng):
    (x, tx), (y, ty) = (random_number(kind, v, rng) for v in pair(name, shape, rng))
    v, w = x.value, y.value
    f = getattr(np, name)
    nothing = np.zeros_like(tx)
    assert_number(f(x, y), kind, f(v, w), expected_tangents(name, [v, w], [tx, ty]), rtol=1e-10)
    assert_number(f(x, w), kind, f(v, w), expected_tangents(name, [v, w], [tx, nothing]), rtol=1e-10)
    assert_number(f(v, y), kind, f(v, w), expected_tangents(name, [v, w], [nothing, ty]), rtol=1e-10)
    assert_number(f(x, kind(w)), kind, f(v, w), expected_tangents(name, [v, w], [tx, nothing]), rtol=1e-10)


@pytest.mark.parametrize("name", [*SMOOTH_BINARY, "floor_divide"])
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_operands_of_other_dtypes_keep_the_derivative_in_full_precision(kind, name, shape, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, rng.uniform(1.0, 4.0, shape), rng)
    for other in (3, True, np.int8(3), np.int64(3), np.float32(2.625), np.array(3), np.full(3, 3, np.int16),
                  np.array(2.625, np.float32), [1, 2, 3]):
        plain = np.asarray(other, float)
        for y, expected in ((f(x, other), f(x, plain)), (f(other, x), f(plain, x))):
            assert value_of(y).dtype == np.float64
            assert_close(tangents_of(y, kind), tangents_of(expected, kind), 1e-14, 1e-15)


@each_smooth_unary
def test_unary_derivatives_at_every_stride(kind, name, rng):
    f = getattr(np, name)
    x, tx = random_number(kind, samples(name, (50, 47), rng) * 0.99 + (name == "arccosh"), rng)
    slope = tangents_of(f(x), kind)
    for layout in LAYOUTS.values():
        expected = np.stack([layout(row) for row in slope])
        assert_close(tangents_of(f(layout(x)), kind), expected)


@each_smooth_unary
def test_single_precision_derivatives(kind, name, rng):
    f = getattr(np, name)
    v = np.abs(samples(name, 300, rng, np.float32)) * np.float32(0.9) + np.float32(0.05 + (name == "arccosh"))
    x, tx = random_number(kind, v, rng)
    y = f(x)
    assert tangents_of(y, kind).dtype == np.float32
    expected = expected_tangents(name, [v.astype(float)], [tx.astype(float)])
    assert_close(tangents_of(y, kind), expected, rtol=2e-5, atol=1e-6)


def test_sinc(kind, rng):
    v = np.array([0.0, 0.25, -1.5, 2.0])
    x, tx = random_number(kind, v, rng)
    u = np.where(v == 0, 1.0, np.pi * v)
    slope = np.where(v == 0, 0.0, np.pi * (np.cos(u) / u - np.sin(u) / u**2))
    assert_number(np.sinc(x), kind, np.sinc(v), slope * tx)


def test_ldexp_scales_tangents_whatever_the_power():
    """2**1024 is no float, its product with a small number is."""
    x, t = np.array([0.5, 2.0**-1000, 2.0**1000, 1.0]), np.array([0.25, 2.0**-1000, -(2.0**1000), 0.0])
    exponents = np.array([1024, 1500, -1500, 3])
    y = np.ldexp(da.Dual(x, t), exponents)
    assert_same_bits(y.value, np.ldexp(x, exponents))
    assert_same_bits(y.tangent, np.ldexp(t, exponents))
    assert da.derivative(da.derivative(lambda z: np.ldexp(z * z, 1020)))(2.0**-10) == 2.0**1021
    np.testing.assert_array_equal(np.ldexp(da.Dual(x, t), 2, where=[True, False, False, True],
                                           out=da.Dual(np.zeros(4), np.zeros(4))).tangent, [1, 0, 0, 0])


def test_ldexp_and_modf_and_frexp_and_divmod(kind, rng):
    v = np.array([7.25, -3.5, 0.75])
    x, tx = random_number(kind, v, rng)
    assert_number(np.ldexp(x, 3), kind, np.ldexp(v, 3), 8 * tx)
    fraction, whole = np.modf(x)
    assert_number(fraction, kind, np.modf(v)[0], tx)
    assert not is_number(whole)
    mantissa, exponent = np.frexp(x)
    assert_number(mantissa, kind, np.frexp(v)[0], tx / np.exp2(exponent))
    assert not is_number(exponent)
    quotient, rest = np.divmod(x, 2.0)
    assert not is_number(quotient)
    assert_number(rest, kind, v % 2.0, tx)


# out=, where=, dtype=


@each_smooth_unary
def test_out_of_unary_ufuncs(kind, name, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, np.abs(samples(name, (3, 4), rng)) * 0.9 + 0.05 + (name == "arccosh"), rng)
    out, _ = random_number(kind, np.zeros((3, 4)), rng)
    expected = f(x)
    assert f(x, out=out) is out
    assert_number(out, kind, expected.value, tangents_of(expected, kind))
    assert f(x, x) is x
    assert_number(x, kind, expected.value, tangents_of(expected, kind))


@each_smooth_binary
def test_out_of_binary_ufuncs(kind, name, rng):
    f = getattr(np, name)
    (x, _), (y, _) = (random_number(kind, v, rng) for v in pair(name, (3, 4), rng))
    out = np.zeros_like(x)
    expected = f(x, y)
    assert f(x, y, out=(out,)) is out
    assert_number(out, kind, expected.value, tangents_of(expected, kind))
    assert f(x, y, out=y) is y
    assert_number(y, kind, expected.value, tangents_of(expected, kind))


def test_out_may_be_a_view_or_overlap(kind, rng):
    x, _ = random_number(kind, rng.standard_normal(3000), rng)
    expected = np.sin(x[:-1])
    np.sin(x[:-1], out=x[1:])
    assert_number(x[1:], kind, expected.value, tangents_of(expected, kind))


def test_out_of_a_plain_computation_clears_the_tangents(kind, rng):
    x, _ = random_number(kind, rng.standard_normal(3), rng)
    np.sin(np.arange(3.0), out=x)
    assert_number(x, kind, np.sin(np.arange(3.0)), np.zeros((directions(kind), 3)))


def test_out_of_the_wrong_shape_is_an_error(kind, rng):
    x, _ = random_number(kind, rng.standard_normal(3), rng)
    with pytest.raises(ValueError):
        np.sin(x, out=np.zeros_like(x[:2]))


def test_out_broadcasts_its_arguments(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    out = np.zeros_like(np.stack([x, x]))
    np.add(x, 1.0, out=out)
    assert_number(out, kind, np.stack([x.value + 1] * 2), np.stack([tx, tx], axis=1))


def test_several_results_into_out(kind, rng):
    x, tx = random_number(kind, np.array([7.25, -3.5]), rng)
    rest, quotient = np.zeros_like(x), np.empty(2)
    np.divmod(x, 2.0, out=(quotient, rest))
    assert_same_bits(quotient, x.value // 2.0)
    assert_number(rest, kind, x.value % 2.0, tx)


def test_where_leaves_the_others_alone(kind, rng):
    x, tx = random_number(kind, np.array([1.0, 0.0, 4.0]), rng)
    out, to = random_number(kind, np.full(3, 7.0), rng)
    mask = np.array([True, False, True])
    assert np.sqrt(x, out=out, where=mask) is out
    assert_number(out, kind, np.array([1.0, 7.0, 2.0]), np.where(mask, tx * [0.5, 0, 0.25], to))
    y = np.log(x, where=mask, out=None)
    assert_close(y.value[mask], np.log(x.value[mask]))
    assert_close(tangents_of(y, kind)[:, mask], (tx / [1, 1, 4])[:, mask])


def test_where_broadcasts(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((2, 3)), rng)
    out = np.zeros_like(x)
    mask = np.array([True, False, True])
    np.multiply(x, 2.0, out=out, where=mask)
    assert_number(out, kind, np.where(mask, x.value * 2, 0), np.where(mask, tx * 2, 0))


def test_where_of_a_binary_ufunc_into_one_of_its_operands(kind, rng):
    x, tx = random_number(kind, np.array([1.0, 2.0, 3.0]), rng)
    y, ty = random_number(kind, np.array([2.0, 0.0, 4.0]), rng)
    mask = y != 0
    v = x.value.copy()
    np.divide(x, y, out=x, where=mask)
    safe = np.where(mask, y.value, 1.0)
    slope = np.where(mask, tx / safe - v / safe**2 * ty, tx)
    assert_number(x, kind, np.where(mask, v / safe, v), slope)


@pytest.mark.parametrize("name", ["sin", "exp", "sqrt", "negative", "square", "add", "multiply", "arctan2", "hypot"])
@pytest.mark.parametrize("dtypes", [(np.float64, np.float32), (np.float32, np.float64)], ids=["narrow", "widen"])
def test_dtype_argument(kind, name, dtypes, rng):
    given, asked = dtypes
    f = getattr(np, name)
    args = [random_number(kind, rng.uniform(0.5, 2, 100).astype(given), rng)[0] for _ in range(f.nin)]
    y = f(*args, dtype=asked)
    assert_same_bits(y.value, f(*(a.value for a in args), dtype=asked))
    assert tangents_of(y, kind).dtype == asked
    assert_close(tangents_of(y, kind), tangents_of(f(*args), kind), 1e-5, 1e-5)


def test_casting_argument(kind, rng):
    x, _ = random_number(kind, rng.standard_normal(3), rng)
    with pytest.raises(TypeError):
        np.sin(x, dtype=np.float32, casting="safe")
    with pytest.raises(TypeError):
        np.add(x, x, out=np.zeros_like(x.astype(np.float32)), casting="no")


def test_wrong_number_of_arguments_is_an_error(kind, rng):
    x, _ = random_number(kind, rng.standard_normal(3), rng)
    for call in (lambda: np.sin(), lambda: np.add(x), lambda: np.sin(x, x, x), lambda: np.sin(x, nonsense=1)):
        with pytest.raises(TypeError):
            call()


# methods of ufuncs


def fold(f, x, axis, accumulate=False):
    """The reduction written out as a loop over the slices of a number."""
    rows = list(np.moveaxis(x, axis, 0))
    steps = [functools.reduce(f, rows[: i + 1]) for i in range(len(rows))]
    return np.stack(steps, axis=axis) if accumulate else steps[-1]


REDUCIBLE = ["add", "multiply", "maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "hypot",
             "subtract", "divide", "arctan2", "power"]


@pytest.mark.parametrize("name", REDUCIBLE)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_reduce_and_accumulate(kind, name, axis, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, rng.uniform(0.5, 1.5, (3, 4, 5)), rng)
    reduced, steps = fold(f, x, axis), fold(f, x, axis, accumulate=True)
    assert_number(f.reduce(x, axis=axis), kind, f.reduce(x.value, axis=axis), tangents_of(reduced, kind), 1e-10)
    assert_number(
        f.accumulate(x, axis=axis), kind, f.accumulate(x.value, axis=axis), tangents_of(steps, kind), 1e-10
    )


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 127, 128, 129, 1000, 5000, 100_003])
@pytest.mark.parametrize("name", ["add", "multiply", "maximum"])
@each_dtype
def test_reduced_value_is_numpys_at_every_size(kind, name, size, dtype, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, rng.uniform(0.9, 1.1, size).astype(dtype), rng)
    for part in (x, x[1:], x[::2], x[::-1]):
        if part.size or name != "maximum":
            assert_same_bits(f.reduce(part).value, f.reduce(part.value))
        if size <= 5000:
            assert_same_bits(f.accumulate(part).value, f.accumulate(part.value))


@pytest.mark.parametrize("name", ["add", "multiply", "maximum"])
@each_layout
def test_reduced_value_is_numpys_at_every_stride(name, layout, rng):
    f = getattr(np, name)
    v, t = rng.uniform(0.9, 1.1, (50, 47)), rng.standard_normal((50, 47))
    x, v = layout(da.Dual(v, t)), layout(v)
    axes = [axis for n in range(v.ndim + 1) for axis in itertools.permutations(range(v.ndim), n)]
    for axis in (None, -1, *axes):
        assert_same_bits(value_of(f.reduce(x, axis=axis)), f.reduce(v, axis=axis))
        assert_same_bits(value_of(f.reduce(x, axis=axis, keepdims=True)), f.reduce(v, axis=axis, keepdims=True))


@each_layout
def test_sum_of_a_strided_argument_is_numpys(layout, rng):
    """A transform sums in the memory order of what it was given."""
    v = layout(rng.uniform(0.9, 1.1, (50, 47)))
    y, _ = da.jvp(np.sum, (v,), (np.ones_like(v),))
    assert_same_bits(y, np.sum(v))


def test_reduce_arguments(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((3, 4)), rng)
    v = x.value
    for kwargs in (
        {"axis": None}, {"axis": (0, 1)}, {"axis": 1, "keepdims": True}, {"axis": 0, "initial": 2.5},
        {"axis": 0, "where": v > 0}, {"axis": None, "keepdims": True, "initial": 1.0},
    ):
        linear = {**kwargs, "initial": 0.0}
        slope = np.stack([np.add.reduce(t, **linear) for t in tx])
        assert_number(np.add.reduce(x, **kwargs), kind, np.add.reduce(v, **kwargs), slope)


def test_reduce_with_a_dual_initial_value(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(4), rng)
    start, ts = random_number(kind, 2.0, rng)
    assert_number(np.add.reduce(x, initial=start), kind, np.add.reduce(x.value, initial=2.0), tx.sum(axis=1) + ts)


def test_reduce_and_accumulate_into_out(kind, rng):
    x, tx = random_number(kind, rng.standard_normal((3, 4)), rng)
    out = np.zeros_like(x[0])
    assert np.add.reduce(x, axis=0, out=out) is out
    assert_number(out, kind, x.value.sum(axis=0), tx.sum(axis=1))
    out = np.zeros_like(x)
    assert np.add.accumulate(x, axis=1, out=out) is out
    assert_number(out, kind, x.value.cumsum(axis=1), tx.cumsum(axis=2))


FOLDED = ["subtract", "divide", "power", "fmod", "remainder", "arctan2", "hypot", "logaddexp", "copysign", "fmin"]


@pytest.mark.parametrize("name", FOLDED)
@pytest.mark.parametrize("axis", [0, 1], ids=str)
def test_reduce_of_chosen_elements(kind, name, axis, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, rng.uniform(0.5, 1.5, (5, 4)), rng)
    start, _ = random_number(kind, 0.7, rng)
    where = rng.random((5, 4)) < 0.6
    out = f.reduce(x, axis=axis, initial=start, where=where)
    rows = [[y for y, here in zip(row, chosen, strict=True) if here]
            for row, chosen in zip(np.moveaxis(x, axis, 0).T, np.moveaxis(where, axis, 0).T, strict=True)]
    expected = np.stack([functools.reduce(f, row, start) for row in rows])
    value = f.reduce(x.value, axis=axis, initial=start.value, where=where)
    assert_number(out, kind, value, tangents_of(expected, kind))


@pytest.mark.parametrize("name", FOLDED)
def test_methods_with_dtype(kind, name, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, rng.uniform(0.5, 1.5, (5, 4)), rng)
    for call in (f.reduce, f.accumulate, lambda a, dtype: f.reduceat(a, [0, 2], dtype=dtype)):
        out, wide = call(x, dtype=np.float32), call(x, dtype=np.float64)
        assert_number(out, kind, call(x.value, dtype=np.float32), tangents_of(wide, kind), 1e-5, 1e-5)
        assert out.components.dtype == np.float32


def test_a_real_loop_sees_the_real_part(kind, rng):
    z, tz = random_number(kind, rng.uniform(0.5, 1, 3) + 1j, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        value = np.exp(z.value, dtype=float, casting="unsafe")
        assert_number(np.exp(z, dtype=float, casting="unsafe"), kind, value, value * tz.real)
        assert_number(np.divide.reduce(z, dtype=float), kind, np.divide.reduce(z.value, dtype=float),
                      tangents_of(np.divide.reduce(z.real), kind))


def test_results_that_cannot_carry_a_derivative_are_refused(kind, rng):
    x, _ = random_number(kind, rng.uniform(0.5, 1, 3), rng)
    for call in (lambda: np.add(x, 1, dtype=int, casting="unsafe"), lambda: np.multiply(x, np.timedelta64(1, "D")),
                 lambda: np.add(x, 1, dtype=object)):
        with pytest.raises(TypeError, match="cannot carry a derivative"):
            call()


def test_reduce_with_dtype(kind, rng):
    x, _ = random_number(kind, rng.uniform(size=1000).astype(np.float32), rng)
    assert_same_bits(np.add.reduce(x, dtype=np.float64).value, np.add.reduce(x.value, dtype=np.float64))


def test_product_with_zeros_has_the_right_derivative(kind, rng):
    for v in ([0.0, 2.0, 3.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [4.0, 0.0, 5.0], [0.0]):
        v = np.array(v)
        x, tx = random_number(kind, v, rng)
        others = np.array([np.prod(np.delete(v, i)) for i in range(v.size)])
        assert_number(np.multiply.reduce(x), kind, np.prod(v), tx @ others)
        steps = np.stack([tx[:, : i + 1] @ [np.prod(np.delete(v[: i + 1], j)) for j in range(i + 1)]
                          for i in range(v.size)], axis=1)
        assert_number(np.multiply.accumulate(x), kind, np.cumprod(v), steps)


@pytest.mark.parametrize("name", ["logical_and", "logical_or", "logical_xor"])
def test_logical_reductions_are_plain(kind, name, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, np.array([[1.0, 0.0], [2.0, 3.0]]), rng)
    assert_same_bits(f.reduce(x, axis=0), f.reduce(x.value, axis=0))


@pytest.mark.parametrize("name", ["add", "multiply", "subtract", "arctan2", "maximum", "hypot", "power"])
def test_outer(kind, name, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, rng.uniform(0.5, 2, 4), rng)
    y, _ = random_number(kind, rng.uniform(0.5, 2, (2, 3)), rng)
    expected = f(x[:, None, None], y)
    assert_number(f.outer(x, y), kind, f.outer(x.value, y.value), tangents_of(expected, kind))
    assert_number(
        f.outer(x.value, y), kind, f.outer(x.value, y.value), tangents_of(f(x.value[:, None, None], y), kind)
    )


@pytest.mark.parametrize("name", ["add", "multiply", "maximum"])
def test_reduceat(kind, name, rng):
    f = getattr(np, name)
    x, _ = random_number(kind, rng.uniform(0.5, 1.5, (8, 2)), rng)
    indices = [0, 3, 1, 6]
    parts = [f.reduce(x[0:3], axis=0), x[3], f.reduce(x[1:6], axis=0), f.reduce(x[6:], axis=0)]
    slope = np.stack([tangents_of(p, kind) for p in parts], axis=1)
    assert_number(f.reduceat(x, indices, axis=0), kind, f.reduceat(x.value, indices, axis=0), slope)


def test_at_with_repeated_indices(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(4), rng)
    y, ty = random_number(kind, rng.standard_normal(3), rng)
    v = x.value.copy()
    assert np.add.at(x, [1, 1, 3], y) is None
    np.add.at(v, [1, 1, 3], y.value)
    for t, s in zip(tx, ty, strict=True):
        np.add.at(t, [1, 1, 3], s)
    assert_number(x, kind, v, tx)
    np.subtract.at(x, ([0, 0],), 1.0)
    np.subtract.at(v, ([0, 0],), 1.0)
    assert_number(x, kind, v, tx)


def test_at_of_other_ufuncs(kind, rng):
    x, tx = random_number(kind, np.array([1.0, 2.0, 3.0]), rng)
    y, ty = random_number(kind, np.array([2.0, 5.0]), rng)
    np.multiply.at(x, [0, 0], y)
    slope = tx.copy()
    slope[:, 0] = 10 * tx[:, 0] + 5 * ty[:, 0] + 2 * ty[:, 1]
    assert_number(x, kind, np.array([10.0, 2.0, 3.0]), slope)
    np.negative.at(x, [1, 1, 2])
    slope[:, 2] *= -1
    assert_number(x, kind, np.array([10.0, 2.0, -3.0]), slope)


# warnings

WARNING_CALLS = {
    "divide": (lambda x: 1.0 / x, [0.0, 1.0]),
    "zero by zero": (lambda x: x / 0.0, [0.0, 1.0]),
    "log of zero": (np.log, [0.0, 1.0]),
    "log of negative": (np.log, [-1.0, 1.0]),
    "log1p": (np.log1p, [-1.0, 1.0]),
    "sqrt of negative": (np.sqrt, [-1.0, 1.0]),
    "sqrt of zero": (np.sqrt, [0.0, 1.0]),
    "cbrt of zero": (np.cbrt, [0.0, 1.0]),
    "exp overflow": (np.exp, [1000.0, 1.0]),
    "exp underflow": (np.exp, [-1000.0, 1.0]),
    "multiply overflow": (lambda x: x * 1e300, [1e300, 1.0]),
    "square overflow": (lambda x: x**2, [1e300, 1.0]),
    "power": (lambda x: x**-1.5, [0.0, 1.0]),
    "power zero": (lambda x: x**0.5, [0.0, 1.0]),
    "negative power": (lambda x: x**0.5, [-2.0, 1.0]),
    "arcsin": (np.arcsin, [2.0, 0.5]),
    "arcsin at one": (np.arcsin, [1.0, -1.0]),
    "arctanh": (np.arctanh, [1.0, 0.5]),
    "arccosh": (np.arccosh, [0.5, 1.5]),
    "reciprocal": (np.reciprocal, [0.0, 1.0]),
    "small reciprocal": (lambda x: 1 / x, [1e-200, 1.0]),
    "inf minus inf": (lambda x: x - x, [np.inf, 1.0]),
    "sin of inf": (np.sin, [np.inf, 1.0]),
    "remainder": (lambda x: x % 0.0, [1.0, 2.0]),
    "nan": (np.sin, [np.nan, 1.0]),
    "hypot at the origin": (lambda x: np.hypot(x, 0.0), [0.0, 1.0]),
    "arctan2 at the origin": (lambda x: np.arctan2(x, 0.0), [0.0, 1.0]),
    "tanh far out": (np.tanh, [400.0, 1000.0]),
    "large arctan": (np.arctan, [1e200, -1e200]),
    "sum": (lambda x: np.add.reduce(x), [1e308, 1e308]),
    "prod": (lambda x: np.multiply.reduce(x), [1e200, 1e200]),
}
each_call = pytest.mark.parametrize("call", WARNING_CALLS.values(), ids=WARNING_CALLS)


def warnings_of(f, x):
    with np.errstate(all="warn"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        f(x)
    return {(w.category, str(w.message)) for w in caught}


@each_call
@pytest.mark.parametrize("repeat", [1, 2000], ids=["small", "large"])
def test_warnings_are_those_of_the_value(kind, call, repeat, rng):
    f, v = call
    x, _ = random_number(kind, np.array(v * repeat), rng)
    assert warnings_of(f, x) == warnings_of(f, x.value)


@each_call
def test_warnings_of_scalars(kind, call, rng):
    f, v = call
    x, _ = random_number(kind, v[0], rng)
    kinds = [sorted({str(message).split(" encountered")[0] for _, message in warnings_of(f, a)}) for a in (x, x.value)]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("call", [np.divide.reduce, np.fmod.reduce, np.divide.accumulate, np.hypot.reduce,
                                  lambda x: np.divide.reduceat(x, [0, 2]), lambda x: np.add(x, -x, order="F")],
                         ids=["divide", "fmod", "accumulate", "hypot", "reduceat", "add"])
@pytest.mark.parametrize("v", [[1.0, 0.0, 0.0], [np.inf, np.inf, 0.0], [1e300, 1e-300, 1e-300]], ids=str)
def test_derivatives_of_methods_warn_of_nothing(kind, call, v, rng):
    x, _ = random_number(kind, np.array(v), rng)
    assert warnings_of(call, x) == warnings_of(call, x.value)


IN_PLACE = {"+=": operator.iadd, "-=": operator.isub,
            "*=": operator.imul, "/=": operator.itruediv, "**=": operator.ipow}
EXTREMES = [[1.0, 0.0, 2.0], [np.inf, 1e308, -1e308], [1e-308, 0.0, 3.0]]


@pytest.mark.parametrize("op", IN_PLACE.values(), ids=IN_PLACE)
@pytest.mark.parametrize("v", EXTREMES, ids=str)
@pytest.mark.parametrize("other", [0.0, np.inf, 1e308, 1e-308])
def test_warnings_of_in_place_operators(kind, op, v, other, rng):
    x, _ = random_number(kind, np.array(v), rng)
    assert warnings_of(lambda a: op(a.copy(), other), x) == warnings_of(lambda a: op(a.copy(), other), x.value)
    with np.errstate(all="raise"):
        raised = []
        for a in (x.copy(), x.value.copy()):
            try:
                op(a, other)
            except FloatingPointError as error:
                raised.append(str(error))
    assert len(raised) != 1 and len(set(raised)) < 2


@pytest.mark.parametrize("v", EXTREMES, ids=str)
@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv], ids=lambda f: f.__name__)
def test_warnings_of_temporaries_whose_memory_is_reused(kind, op, v, rng):
    x, _ = random_number(kind, np.resize(np.array(v), 100_000), rng)
    assert warnings_of(lambda a: op(a * 1, a[::-1] * 1), x) == warnings_of(lambda a: op(a * 1, a[::-1] * 1), x.value)


def test_no_warnings_but_numpys_from_arguments(kind, rng):
    x, _ = random_number(kind, np.array([1.0, 0.0, 4.0]), rng)
    mask, out = np.array([True, False, True]), np.zeros_like(x)
    for f in (
        lambda: np.log(x, where=mask, out=out),
        lambda: np.divide(1.0, x, where=mask, out=out),
        lambda: np.add.reduce(x, where=mask),
        lambda: np.sum(x, where=mask),
        lambda: np.log(x, where=mask, out=None),
    ):
        assert not warnings_of(lambda _, f=f: f(), None)


def outcome(f, x, **states):
    """What a computation does under these error states: the floating-point error or nothing."""
    try:
        with np.errstate(**states):
            f(x)
    except FloatingPointError as error:
        return str(error).split(" encountered")[0]
    return None


@each_call
@pytest.mark.parametrize("states", [{"all": "raise"}, {"all": "ignore", "divide": "raise"}, {"all": "ignore"}], ids=str)
def test_errstate_raises_where_numpy_raises(kind, call, states, rng):
    f, v = call
    for value in (np.array(v), np.array(v * 2000), v[0]):
        x, _ = random_number(kind, value, rng)
        assert outcome(f, x, **states) == outcome(f, x.value, **states)


def test_errstate_call(kind, rng):
    x, _ = random_number(kind, np.array([0.0, 1.0]), rng)
    seen = []
    with np.errstate(divide="call", call=lambda *args: seen.append(args)):
        np.log(x)
    assert len(seen) == 1 and seen[0][0] == "divide by zero"


def test_ufuncs_that_know_no_floats_raise_as_numpy_does(kind, rng):
    x, _ = random_number(kind, np.ones(3), rng)
    for name in ("bitwise_and", "left_shift", "gcd"):
        with pytest.raises(TypeError, match=name):
            getattr(np, name)(x, 1)
    with pytest.raises(TypeError, match="invert"):
        np.invert(x)


def test_own_ufuncs_raise_rather_than_lose_the_derivative(kind, rng):
    x, _ = random_number(kind, np.ones(3), rng)
    result = np.frompyfunc(lambda e: e * e, 1, 1)
    try:
        y = result(x)
    except TypeError:
        return
    assert all(type(e) is kind for e in np.ravel(y).tolist())


def test_number_as_a_scalar_operand_of_arrays(kind, rng):
    s, ts = random_number(kind, 2.0, rng)
    v = np.arange(1.0, 4.0)
    assert_number(v * s, kind, v * 2.0, np.multiply.outer(ts, v))
    assert_number(np.power(v, s), kind, v**2.0, np.multiply.outer(ts, v**2.0 * np.log(v)))
    assert_number(number(kind, 2.0, ts) ** v, kind, 2.0**v, np.multiply.outer(ts, v * 2.0 ** (v - 1)))
