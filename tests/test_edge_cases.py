"""Where a derivative does not exist: the same answer from every number type at every nesting level."""

import operator

import numpy as np
import pytest

import dualad as da
from conftest import assert_close, assert_same_bits, is_number, tangents_of, value_of

inf, nan = np.inf, np.nan


# Ways to push a value and a tangent through a function: each takes (f, values, tangents), lists of arrays,
# and returns the value and the tangent of f(*values).


def through_dual(f, values, tangents):
    y = f(*map(da.Dual, values, tangents))
    return value_of(y), tangents_of(y, da.Dual)[0]


def through_multidual(f, values, tangents):
    """Three directions, one of them zero; the others must not disturb it."""
    rows = [np.stack([np.asarray(t), np.zeros_like(t), -2 * np.asarray(t)]) for t in tangents]
    y = f(*map(da.MultiDual, values, rows))
    first, zero, third = tangents_of(y, da.MultiDual) if is_number(y) else [np.zeros_like(y)] * 3
    assert_close(zero, np.zeros_like(zero))
    assert_close(third, -2 * first)
    return value_of(y), first


def through_jvp(f, values, tangents):
    return da.jvp(f, tuple(values), tuple(tangents))


def through_linearize(f, values, tangents):
    y, push = da.linearize(f, *values)
    return y, push(*tangents)


def through_inner_level(f, values, tangents):
    """The tangent belongs to an inner transform, whose components are numbers of an outer one."""

    def outer(one):
        return da.jvp(f, tuple(v * one for v in values), tuple(np.multiply(t, 1.0) for t in tangents))

    return da.jvp(outer, (1.0,), (0.0,))[0]


def through_outer_level(f, values, tangents):
    """The tangent belongs to an outer transform, and an inner one passes it through."""

    def outer(*args):
        return da.jvp(lambda one: f(*(a * one for a in args)), (1.0,), (0.0,))[0]

    return da.jvp(outer, tuple(values), tuple(tangents))


def through_dual_of_multidual(f, values, tangents):
    """A jvp of numbers that already carry directions of their own."""
    zeros = [np.zeros((2, *np.shape(v))) for v in values]
    y, slope = da.jvp(f, tuple(map(da.MultiDual, values, zeros)), tuple(tangents))
    return value_of(y), value_of(slope)


WAYS = [
    through_dual,
    through_multidual,
    through_jvp,
    through_linearize,
    through_inner_level,
    through_outer_level,
    through_dual_of_multidual,
]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__.removeprefix("through_"))
def push(request):
    way = request.param

    def quiet(f, values, tangents):
        with np.errstate(all="ignore"):
            return way(f, [np.asarray(v, float) for v in values], [np.asarray(t, float) for t in tangents])

    return quiet


def check(push, f, values, tangents, slope, rtol=1e-14):
    """f of values along tangents has NumPy's value and this derivative."""
    y, ydot = push(f, values, tangents)
    with np.errstate(all="ignore"):
        expected = f(*[np.asarray(v, float)[()] for v in values])
    assert_same_bits(y, expected)
    assert_close(ydot, np.broadcast_to(slope, np.shape(ydot)) if np.ndim(slope) == 0 else slope, rtol, 0)


# one function, one point: (function, point, derivative for tangent 1)

POINTS = [
    ("abs", np.abs, 0.0, 0.0),
    ("fabs", np.fabs, 0.0, 0.0),
    ("operator abs", abs, 0.0, 0.0),
    ("abs of minus zero", np.abs, -0.0, 0.0),
    ("sqrt", np.sqrt, 0.0, inf),
    ("cbrt", np.cbrt, 0.0, inf),
    ("sqrt ** 2", lambda x: np.sqrt(x) ** 2, 0.0, 1.0),
    ("square of sqrt", lambda x: np.square(np.sqrt(x)), 0.0, 1.0),
    ("product of roots", lambda x: np.sqrt(x) * np.sqrt(x), 0.0, 1.0),
    ("root squared in place", lambda x: operator.imul(np.sqrt(x), np.sqrt(x)), 0.0, 1.0),
    ("x ** 0.5 ** 2", lambda x: (x**0.5) ** 2.0, 0.0, 1.0),
    ("sqrt ** 4", lambda x: np.power(np.sqrt(x), 4), 0.0, 0.0),
    ("sqrt of a complex number", lambda x: np.real(np.sqrt(x + 0j) ** 2), 0.0, 1.0),
    ("abs ** 2", lambda x: abs(x) ** 2, 0.0, 0.0),
    ("hypot ** 2", lambda x: np.hypot(x, 0.0) ** 2, 0.0, 0.0),
    ("log", np.log, 0.0, inf),
    ("log2", np.log2, 0.0, inf),
    ("log10", np.log10, 0.0, inf),
    ("log1p", np.log1p, -1.0, inf),
    ("arcsin", np.arcsin, 1.0, inf),
    ("arccos", np.arccos, -1.0, -inf),
    ("arctanh", np.arctanh, 1.0, inf),
    ("arccosh", np.arccosh, 1.0, inf),
    ("reciprocal", np.reciprocal, 0.0, -inf),
    ("one over", lambda x: 1.0 / x, 0.0, -inf),
    ("divided by zero", lambda x: x / 0.0, 1.0, inf),
    ("x ** 0", lambda x: x**0, 0.0, 0.0),
    ("x ** 0 elsewhere", lambda x: x**0, -3.0, 0.0),
    ("x ** 0 at inf", lambda x: x**0, inf, 0.0),
    ("x ** 0.0", lambda x: x**0.0, 0.0, 0.0),
    ("x ** 1", lambda x: x**1, 0.0, 1.0),
    ("x ** 1.0", lambda x: x**1.0, 0.0, 1.0),
    ("x ** 1 negative", lambda x: x**1, -2.0, 1.0),
    ("x ** 2", lambda x: x**2, 0.0, 0.0),
    ("x ** 2.0", lambda x: x**2.0, 0.0, 0.0),
    ("x ** 2 negative", lambda x: x**2, -3.0, -6.0),
    ("x ** 3", lambda x: x**3, 0.0, 0.0),
    ("x ** 3 negative", lambda x: x**3, -2.0, 12.0),
    ("x ** 0.5", lambda x: x**0.5, 0.0, inf),
    ("x ** 1.5", lambda x: x**1.5, 0.0, 0.0),
    ("x ** -1", lambda x: x**-1, 0.0, -inf),
    ("float_power 0", lambda x: np.float_power(x, 0), 0.0, 0.0),
    ("float_power 1", lambda x: np.float_power(x, 1), 0.0, 1.0),
    ("float_power 2", lambda x: np.float_power(x, 2), 0.0, 0.0),
    ("power 1", lambda x: np.power(x, 1.0), 0.0, 1.0),
    ("x * x", lambda x: x * x, 0.0, 0.0),
    ("0 ** y", lambda y: 0.0**y, 2.0, 0.0),
    ("0 ** y small", lambda y: 0.0**y, 0.25, 0.0),
    ("0 ** y at 0", lambda y: 0.0**y, 0.0, -inf),
    ("0 ** y below", lambda y: 0.0**y, -1.0, -inf),
    ("1 ** y", lambda y: 1.0**y, 5.0, 0.0),
    ("hypot", lambda x: np.hypot(x, 0.0), 0.0, 0.0),
    ("hypot other", lambda x: np.hypot(0.0, x), 0.0, 0.0),
    ("arctan2", lambda x: np.arctan2(x, 0.0), 0.0, 0.0),
    ("arctan2 other", lambda x: np.arctan2(0.0, x), 0.0, 0.0),
    ("maximum with a constant", lambda x: np.maximum(x, 0.0), 0.0, 0.5),
    ("minimum with a constant", lambda x: np.minimum(1.0, x), 1.0, 0.5),
    ("fmax with a constant", lambda x: np.fmax(x, 0.0), 0.0, 0.5),
    ("fmin with a constant", lambda x: np.fmin(0.0, x), 0.0, 0.5),
    ("maximum of opposite zeros", lambda x: np.maximum(x, 0.0), -0.0, 0.5),
    ("maximum with itself", lambda x: np.maximum(x, x), 3.0, 1.0),
    ("fmax with nan", lambda x: np.fmax(x, nan), 2.0, 1.0),
    ("fmin with nan", lambda x: np.fmin(nan, x), 2.0, 1.0),
    ("clip at the lower end", lambda x: np.clip(x, 0.0, 1.0), 0.0, 0.5),
    ("clip at the upper end", lambda x: np.clip(x, 0.0, 1.0), 1.0, 0.5),
    ("clip inside", lambda x: np.clip(x, 0.0, 1.0), 0.25, 1.0),
    ("clip outside", lambda x: np.clip(x, 0.0, 1.0), 2.0, 0.0),
    ("clip one side", lambda x: np.clip(x, None, 1.0), 1.0, 0.5),
    ("mod", lambda x: np.mod(x, 2.0), 7.5, 1.0),
    ("mod negative", lambda x: x % 2.0, -7.5, 1.0),
    ("mod modulus", lambda y: np.mod(7.5, y), 2.0, -3.0),
    ("mod negative modulus", lambda y: np.mod(7.5, y), -2.0, 4.0),
    ("remainder modulus", lambda y: np.remainder(-7.5, y), 2.0, 4.0),
    ("fmod", lambda x: np.fmod(x, 2.0), -7.5, 1.0),
    ("fmod modulus", lambda y: np.fmod(7.5, y), -2.0, 3.0),
    ("fmod modulus negative", lambda y: np.fmod(-7.5, y), 2.0, 3.0),
    ("divmod", lambda x: divmod(x, 2.0)[1], 7.5, 1.0),
    ("divmod modulus", lambda y: divmod(7.5, y)[1], 2.0, -3.0),
    ("sinc", np.sinc, 0.0, 0.0),
    ("copysign", lambda x: np.copysign(x, -1.0), 2.0, -1.0),
    ("where sqrt", lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0.0),
    ("where log", lambda x: np.where(x > 0, np.log(x), x), -2.0, 1.0),
    ("where divide", lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0, 0.0),
    ("tanh far out", np.tanh, 400.0, 0.0),
    ("tanh further out", np.tanh, -1e300, 0.0),
    ("tanh at inf", np.tanh, inf, 0.0),
    ("exp far out", np.exp, -1000.0, 0.0),
    ("exp at -inf", np.exp, -inf, 0.0),
    ("arctan far out", np.arctan, 1e200, 0.0),
    ("arctan at inf", np.arctan, inf, 0.0),
    ("log at inf", np.log, inf, 0.0),
    ("log1p at inf", np.log1p, inf, 0.0),
    ("sqrt at inf", np.sqrt, inf, 0.0),
    ("cbrt at inf", np.cbrt, -inf, 0.0),
    ("arcsinh at inf", np.arcsinh, inf, 0.0),
    ("logaddexp left", lambda x: np.logaddexp(x, 0.0), 1000.0, 1.0),
    ("logaddexp right", lambda x: np.logaddexp(x, 0.0), -1000.0, 0.0),
    ("logaddexp2 left", lambda x: np.logaddexp2(x, 0.0), 5000.0, 1.0),
    ("logaddexp2 right", lambda x: np.logaddexp2(0.0, x), -5000.0, 0.0),
    ("logaddexp with -inf", lambda x: np.logaddexp(x, -inf), 2.0, 1.0),
    ("logaddexp tie", lambda x: np.logaddexp(x, 700.0), 700.0, 0.5),
]
each_point = pytest.mark.parametrize(
    ("f", "point", "slope"), [p[1:] for p in POINTS], ids=[p[0] for p in POINTS]
)


@each_point
def test_derivative_at_a_point(push, f, point, slope):
    for sign in (1.0, -1.0, 0.5):
        check(push, f, [point], [sign], slope * sign)


@each_point
def test_zero_tangent_stays_zero(push, f, point, slope):
    _, ydot = push(f, [point], [0.0])
    assert np.all(ydot == 0.0)


@each_point
def test_derivative_in_an_array_among_ordinary_points(push, f, point, slope):
    """Vector loops treat the point as the scalar code does, and its neighbours are not disturbed."""
    values, tangents = np.full(37, point), np.linspace(-1, 1, 37)
    tangents[5] = 0.0
    with np.errstate(all="ignore"):
        expected = np.where(tangents == 0, 0.0, slope * tangents)
    check(push, f, [values], [tangents], expected)


PAIRS = [
    ("maximum tie", np.maximum, (2.0, 2.0), (0.5, 0.5)),
    ("minimum tie", np.minimum, (2.0, 2.0), (0.5, 0.5)),
    ("fmax tie", np.fmax, (2.0, 2.0), (0.5, 0.5)),
    ("fmin tie", np.fmin, (2.0, 2.0), (0.5, 0.5)),
    ("infinite tie", np.maximum, (inf, inf), (0.5, 0.5)),
    ("maximum", np.maximum, (2.0, 3.0), (0.0, 1.0)),
    ("minimum", np.minimum, (2.0, 3.0), (1.0, 0.0)),
    ("fmax beside nan", np.fmax, (nan, 3.0), (0.0, 1.0)),
    ("hypot at the origin", np.hypot, (0.0, 0.0), (0.0, 0.0)),
    ("hypot of large", np.hypot, (3e200, 4e200), (0.6, 0.8)),
    ("hypot of small", np.hypot, (3e-200, 4e-200), (0.6, 0.8)),
    ("arctan2 at the origin", np.arctan2, (0.0, 0.0), (0.0, 0.0)),
    ("arctan2 of large", np.arctan2, (3e200, 4e200), (0.16e-200, -0.12e-200)),
    ("arctan2 of small", np.arctan2, (3e-200, 4e-200), (0.16e200, -0.12e200)),
    ("0 ** 2", np.power, (0.0, 2.0), (0.0, 0.0)),
    ("0 ** 1", np.power, (0.0, 1.0), (1.0, 0.0)),
    ("mod", np.mod, (-7.5, 2.0), (1.0, 4.0)),
    ("fmod", np.fmod, (-7.5, 2.0), (1.0, 3.0)),
    ("zero over one", np.divide, (0.0, 1.0), (1.0, 0.0)),
    ("copysign", np.copysign, (2.0, -3.0), (-1.0, 0.0)),
    ("logaddexp", np.logaddexp, (1000.0, 0.0), (1.0, 0.0)),
    ("inf times", np.multiply, (inf, 2.0), (2.0, inf)),
]


@pytest.mark.parametrize(("f", "point", "slopes"), [p[1:] for p in PAIRS], ids=[p[0] for p in PAIRS])
def test_partial_derivatives_at_a_point(push, f, point, slopes):
    for tangents in ((1.0, 0.0), (0.0, 1.0), (-0.5, 0.0), (0.0, 0.0)):
        slope = sum(s * t for s, t in zip(slopes, tangents, strict=True) if t)
        check(push, f, list(point), list(tangents), slope, rtol=1e-13)


@pytest.mark.parametrize("base", [-2.0, 0.0, nan, inf])
def test_power_with_a_variable_exponent_that_does_not_vary(push, base):
    """A base that allows no logarithm does no harm while the exponent's tangent is zero."""
    _, ydot = push(np.power, [base, 2.0], [1.0, 0.0])
    assert_close(ydot, np.float64(2.0 * base))


def test_power_of_a_negative_base_with_varying_exponent_has_no_derivative(push):
    _, ydot = push(np.power, [-2.0, 2.0], [0.0, 1.0])
    assert np.isnan(ydot)


def test_powers_with_an_array_of_exponents(push):
    exponents = np.array([0.0, 1.0, 2.0, 3.0, 0.5, -1.0])
    check(push, lambda x: x**exponents, [np.zeros(6)], [np.ones(6)], np.array([0.0, 1.0, 0.0, 0.0, inf, -inf]))
    whole = np.arange(4)
    check(push, lambda x: x**whole, [np.zeros(4)], [np.ones(4)], np.array([0.0, 1.0, 0.0, 0.0]))
    check(push, lambda y: 0.0**y, [exponents], [np.ones(6)], np.array([-inf, 0.0, 0.0, 0.0, 0.0, -inf]))


# reductions

REDUCTIONS = [
    ("max", np.max, [1.0, 3.0, 3.0, 3.0], [0, 1 / 3, 1 / 3, 1 / 3]),
    ("min", np.min, [1.0, 3.0, 1.0, 2.0], [0.5, 0, 0.5, 0]),
    ("maximum.reduce", np.maximum.reduce, [2.0, 2.0], [0.5, 0.5]),
    ("minimum.reduce of three", np.minimum.reduce, [2.0, 2.0, 2.0], [1 / 3, 1 / 3, 1 / 3]),
    ("method", lambda x: x.max(), [0.0, 0.0, -1.0], [0.5, 0.5, 0]),
    ("opposite zeros", np.max, [0.0, -0.0], [0.5, 0.5]),
    ("abs max", lambda x: np.max(np.abs(x)), [1.0, -1.0, 0.0], [0.5, -0.5, 0]),
    ("ptp", np.ptp, [1.0, 3.0, 3.0], [-1, 0.5, 0.5]),
    ("norm at the origin", np.linalg.norm, [0.0, 0.0, 0.0], [0, 0, 0]),
    ("norm with a zero", np.linalg.norm, [0.0, 3.0, 4.0], [0, 0.6, 0.8]),
    ("norm of ord 1", lambda x: np.linalg.norm(x, 1), [0.0, -3.0, 4.0], [0, -1, 1]),
    ("norm of ord inf", lambda x: np.linalg.norm(x, inf), [0.0, 0.0], [0, 0]),
    ("product of zeros", np.prod, [0.0, 0.0, 2.0], [0, 0, 0]),
    ("product with a zero", np.prod, [0.0, 3.0, 2.0], [6, 0, 0]),
    ("product with an infinity", np.prod, [inf, 2.0], [2, inf]),
    ("root of the sum of squares", lambda x: np.sqrt(np.sum(x * x)), [3.0, 4.0], [0.6, 0.8]),
]


@pytest.mark.parametrize(("f", "point", "slope"), [r[1:] for r in REDUCTIONS], ids=[r[0] for r in REDUCTIONS])
def test_reductions_at_a_point(push, f, point, slope):
    """Ties share equally; one direction after another, so that an infinite partial stays in its own."""
    for i, s in enumerate(slope):
        tangent = np.zeros(len(point))
        tangent[i] = 1.0
        check(push, f, [point], [tangent], float(s))


def test_extrema_along_an_axis_share_among_the_tied_of_each_row(push):
    v = np.array([[1.0, 1.0, 0.0], [2.0, 3.0, 1.0], [5.0, 5.0, 5.0]])
    t = np.array([[1.0, 2.0, 9.0], [9.0, 4.0, 9.0], [1.0, 2.0, 6.0]])
    check(push, lambda x: np.max(x, axis=1), [v], [t], np.array([1.5, 4.0, 3.0]))
    check(push, lambda x: np.min(x, axis=1), [v], [t], np.array([9.0, 9.0, 3.0]))


def test_sort_shares_among_the_tied(push):
    v, t = np.array([3.0, 1.0, 3.0, 2.0]), np.array([1.0, 5.0, 2.0, 7.0])
    check(push, np.sort, [v], [t], np.array([5.0, 7.0, 1.5, 1.5]))


@pytest.mark.parametrize("power, slope", [(1.5, inf), (2.5, 0.0), (3, 0.0)])
@pytest.mark.parametrize("number", [da.Dual, lambda x, t: da.MultiDual(x, t[None])], ids=["Dual", "MultiDual"])
def test_powers_of_a_root_at_zero(number, power, slope):
    y = number(np.array([0.0, 4.0]), np.ones(2))
    np.testing.assert_allclose(
        np.ravel((np.sqrt(y) ** power).components[1]), [slope, power / 2 * 4.0 ** (power / 2 - 1)], rtol=1e-15)


def test_a_root_remembers_what_it_was_the_root_of():
    """Neither the argument nor the root may change behind the back of the square."""
    x = da.Dual([0.0, 4.0], [3.0, 1.0])
    root, changed = np.sqrt(x), np.sqrt(x)
    x[0] = 7.0
    changed[1] = 5.0
    np.testing.assert_array_equal((root**2).components, [[0.0, 4.0], [3.0, 1.0]])
    np.testing.assert_array_equal((changed**2).components, [[0.0, 25.0], [nan, 0.0]])


def test_norm_of_rows_that_vanish(push):
    v, t = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [1.0, 0.0]])
    check(push, lambda x: np.linalg.norm(x, axis=1), [v], [t], np.array([0.0, 0.6]))


@pytest.mark.parametrize("norm", [np.linalg.norm, lambda x: np.hypot(x[0], x[1]), lambda x: np.linalg.norm(x, axis=0)])
def test_second_derivatives_of_norms_at_the_origin(norm):
    """As the first ones, 0, by every way."""
    origin = np.zeros(2)
    assert np.all(da.hessian(norm)(origin) == 0)
    assert np.all(da.jacobian(da.grad(norm))(origin) == 0)
    assert np.all(da.taylor(norm, origin, 3) == 0)


def test_clip_between_numbers_shares_at_the_ends(push):
    f, v = np.clip, [np.array([1.0, 2.0, 1.5]), np.full(3, 1.0), np.full(3, 2.0)]
    check(push, f, v, [np.ones(3), np.zeros(3), np.zeros(3)], np.array([0.5, 0.5, 1.0]))
    check(push, f, v, [np.zeros(3), np.ones(3), np.zeros(3)], np.array([0.5, 0.0, 0.0]))
    check(push, f, v, [np.zeros(3), np.zeros(3), np.ones(3)], np.array([0.0, 0.5, 0.0]))


# choosing branches


def test_only_the_branch_that_is_taken_counts(push):
    v, t = np.array([-1.0, 0.0, 4.0]), np.ones(3)
    check(push, lambda x: np.where(x > 0, np.sqrt(x), -x), [v], [t], np.array([-1.0, -1.0, 0.25]))
    check(push, lambda x: np.sqrt(x)[x > 0], [v], [t], np.array([0.25]))
    check(push, lambda x: np.select([x > 0, x == 0], [np.sqrt(x), 2 * x], 3 * x), [v], [t], np.array([3.0, 2.0, 0.25]))
    check(
        push,
        lambda x: np.piecewise(x, [x < 0, x > 0], [lambda u: u * u, np.sqrt, 0.0]),
        [v], [t], np.array([-2.0, 0.0, 0.25]),
    )


@pytest.mark.parametrize("name", ["floor", "ceil", "rint", "round", "trunc", "sign", "fix"])
def test_steps_are_plain_arrays_without_derivative(push, name):
    f = getattr(np, name)
    v = np.array([-1.5, 0.0, 2.0, 2.5])
    for kind, tangents in ((da.Dual, v), (da.MultiDual, np.stack([v, v]))):
        assert not is_number(f(kind(v, tangents)))
    check(push, f, [v], [np.ones(4)], np.zeros(4))
    check(push, lambda x: x * f(x), [v], [np.ones(4)], f(v))


# infinities and NaN must not spread


def test_infinite_factor_of_a_zero_tangent(push):
    v, w = np.array([inf, 2.0]), np.array([3.0, nan])
    check(push, lambda x: x * w, [np.ones(2)], [np.array([1.0, 0.0])], np.array([3.0, 0.0]))
    check(push, lambda x: v * x, [np.ones(2)], [np.array([0.0, 1.0])], np.array([0.0, 2.0]))
    check(push, np.multiply, [v, np.ones(2)], [np.array([1.0, 1.0]), np.array([0.0, 1.0])], np.array([1.0, 3.0]))
    check(push, np.divide, [np.ones(2), np.zeros(2)], [np.zeros(2), np.array([0.0, 1.0])], np.array([0.0, -inf]))


@pytest.mark.parametrize(
    "f", [lambda x: np.dot([inf, 2.0], x), lambda x: np.array([[inf, 2.0], [1.0, nan]])[:1] @ x,
          lambda x: np.einsum("i,i", [inf, 2.0], x), lambda x: np.sum(np.array([inf, 2.0]) * x)],
    ids=["dot", "matmul", "einsum", "sum"],
)
def test_infinite_factor_of_a_zero_tangent_in_products(push, f):
    _, ydot = push(f, [np.ones(2)], [np.array([0.0, 1.0])])
    assert_close(np.ravel(ydot), np.array([2.0]))


def test_one_singular_element_does_not_spoil_the_rest(push):
    v = np.array([0.0, 1.0, 4.0])
    check(push, np.sqrt, [v], [np.array([0.0, 1.0, 1.0])], np.array([0.0, 0.5, 0.25]))
    check(push, np.sqrt, [v], [np.ones(3)], np.array([inf, 0.5, 0.25]))
    jacobian = da.jacobian(lambda x: np.cumsum(np.cbrt(x)))(np.array([0.0, 1.0, 8.0]))
    assert_close(jacobian, np.array([[inf, 0, 0], [inf, 1 / 3, 0], [inf, 1 / 3, 1 / 12]]))


@pytest.mark.parametrize("shape", [(), (1,), (40,)], ids=str)
def test_zero_tangent_of_a_quotient_whose_slope_overflows(shape):
    """The quotient is a float, its slope -y/x**2 is not."""
    x = np.full(shape, 1e-300)
    y = 1.0 / da.MultiDual(x, np.stack([np.zeros(shape), np.ones(shape)]))
    assert_same_bits(y.tangents, np.stack([np.zeros(shape), np.full(shape, -inf)]))


def test_zero_tangents_survive_for_sizes_of_vector_loops(push):
    """Every position of a block and its remainder, for each function with a pole."""
    for f, pole in ((np.sqrt, 0.0), (np.log, 0.0), (np.cbrt, 0.0), (np.arcsin, 1.0), (np.reciprocal, 0.0)):
        v = np.full(67, 0.25)
        for i in (0, 1, 7, 8, 31, 63, 64, 66):
            v[i] = pole
        t = np.where(v == pole, 0.0, 1.0)
        _, ydot = push(f, [v], [t])
        assert np.all(np.isfinite(ydot)) and np.all(ydot[v == pole] == 0)


# second order, by nesting

SECOND = [
    ("x ** 0", lambda x: x**0, 0.0, 0.0, 0.0),
    ("x ** 1", lambda x: x**1, 0.0, 1.0, 0.0),
    ("x ** 2", lambda x: x**2, 0.0, 0.0, 2.0),
    ("x ** 2.0", lambda x: x**2.0, 0.0, 0.0, 2.0),
    ("x ** 3", lambda x: x**3, 0.0, 0.0, 0.0),
    ("x ** 3 elsewhere", lambda x: x**3, -2.0, 12.0, -12.0),
    ("np.power 2", lambda x: np.power(x, 2.0), 0.0, 0.0, 2.0),
    ("square", np.square, 0.0, 0.0, 2.0),
    ("x * x", lambda x: x * x, 0.0, 0.0, 2.0),
    ("abs", np.abs, 0.0, 0.0, 0.0),
    ("abs elsewhere", np.abs, -2.0, -1.0, 0.0),
    ("tanh", np.tanh, 400.0, 0.0, 0.0),
    ("logaddexp", lambda x: np.logaddexp(x, 0.0), 1000.0, 1.0, 0.0),
    ("logaddexp tie", lambda x: np.logaddexp(x, 0.0), 0.0, 0.5, 0.25),
    ("exp", np.exp, -1000.0, 0.0, 0.0),
    ("maximum tie", lambda x: np.maximum(x, 0.0), 0.0, 0.5, 0.0),
    ("where", lambda x: np.where(x > 0, np.sqrt(x), x * x), 0.0, 0.0, 2.0),
    ("sinc", np.sinc, 0.0, 0.0, -np.pi**2 / 3),
    ("0 ** y", lambda y: 0.0**y, 2.0, 0.0, 0.0),
    ("mod", lambda x: x % 2.0, 7.5, 1.0, 0.0),
]
each_second = pytest.mark.parametrize("case", SECOND, ids=[s[0] for s in SECOND])


@each_second
def test_second_derivative_by_nested_jvp(case):
    _, f, point, first, second = case
    (y, inner), (outer, curvature) = da.jvp(lambda x: da.jvp(f, (x,), (1.0,)), (point,), (1.0,))
    assert_same_bits(y, f(np.float64(point)))
    for actual, expected in ((inner, first), (outer, first), (curvature, second)):
        assert_close(actual, np.float64(expected), 1e-12)


@each_second
def test_second_derivative_of_arrays(case):
    _, f, point, first, second = case
    x = np.array([point, 0.75, point])
    slope, curvature = da.jvp(da.derivative(f), (x,), (np.ones(3),))
    for actual, expected in ((slope, first), (curvature, second)):
        assert_close(actual[[0, 2]], np.full(2, expected), 1e-12)


@each_second
def test_second_derivative_through_jacobians(case):
    _, f, point, first, second = case
    x = np.array([point, 0.75])
    gradient, hessian = da.value_and_jacobian(da.grad(lambda x: np.sum(f(x))))(x)
    assert_close(gradient[0], np.float64(first), 1e-12)
    assert_close(hessian[0], np.array([second, 0.0]), 1e-12)
    assert hessian[1, 0] == 0


# eigenvectors


@pytest.mark.parametrize("name", ["eigh", "svd"])
def test_undefined_eigenvectors_are_an_error(name):
    slope = np.array([[1.0, 0.5, 0.0], [0.5, 2.0, 0.25], [0.0, 0.25, 3.0]])
    with pytest.raises((TypeError, ValueError, np.linalg.LinAlgError)):
        getattr(np.linalg, name)(da.Dual(np.eye(3), slope))
