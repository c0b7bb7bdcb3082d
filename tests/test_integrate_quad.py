"""Integrals of functions and of samples, and odeint: SciPy's values, derivatives from closed forms."""

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import dualad as da
from conftest import NUMBER_TYPES, assert_close, assert_same_bits
from dualad import integrate

# ---- odeint --------------------------------------------------------------------------------------------------------


def pendulum(y, t, b, c):
    return [y[1], -b * y[1] - c * np.sin(y[0])]


def test_odeint_gives_scipy_s_solution():
    t = np.linspace(0, 10, 11)
    args = ([np.pi - 0.1, 0.0], t, (0.25, 5.0))
    def jac(y, t, b, c):
        return [[0, 1], [-c * np.cos(y[0]), -b]]

    assert_same_bits(integrate.odeint(pendulum, *args, jac), scipy.integrate.odeint(pendulum, *args, jac))
    assert_same_bits(integrate.odeint(pendulum, *args), scipy.integrate.odeint(pendulum, *args, jac))
    y, info = integrate.odeint(pendulum, *args, full_output=True)
    assert_same_bits(y, scipy.integrate.odeint(pendulum, *args, jac))
    assert "nfe" in info
    swapped = integrate.odeint(lambda t, y, b, c: pendulum(y, t, b, c), *args, tfirst=True)
    assert_same_bits(swapped, y)


@pytest.mark.parametrize("tfirst", [False, True])
def test_odeint_of_logistic_growth(tfirst):
    def growth(y, t, r):
        return r * y * (1 - y)

    func = (lambda t, y, r: growth(y, t, r)) if tfirst else growth

    def f(r, y0, t):
        return integrate.odeint(func, y0, t, args=(r,), tfirst=tfirst, rtol=1e-10, atol=1e-10)[:, 0]

    r, y0, t = 1.3, 0.2, np.array([0.5, 1.0, 2.0])
    s = t - t[0]
    y = 1 / (1 + (1 / y0 - 1) * np.exp(-r * s))
    flow = r * y * (1 - y)
    by_r, by_y0, by_t = da.jacobian(f, (0, 1, 2))(r, y0, t)
    assert_close(by_r, s * y * (1 - y), 1e-7, 1e-9)
    assert_close(by_y0, y * (1 - y) / (y0 * (1 - y0)), 1e-7)
    assert_close(by_t, np.diag(flow) - np.outer(flow, [1, 0, 0]), 1e-6, 1e-8)
    assert_close(da.derivative(f, 0, 2)(r, y0, t), s * s * y * (1 - y) * (1 - 2 * y), 1e-6, 1e-8)


def test_odeint_of_a_stiff_system_with_bands_and_full_output():
    A = np.diag([-1000.0, -10.0, -1.0]) + np.diag([1.0, 0.5], 1)

    def f(k, **options):
        return integrate.odeint(lambda y, t: k * (A @ y), [1.0, 2.0, 3.0], [0, 0.5], rtol=1e-9, atol=1e-10, **options)

    expected = A @ scipy.linalg.expm(0.5 * A) @ [1.0, 2.0, 3.0] * 0.5
    for options in ({}, {"ml": 0, "mu": 1}, {"tangent_atol": 1e-10}):
        assert_close(da.jacobian(lambda k, o=options: f(k, **o)[-1])(1.0), expected, 1e-6)
    y, info = f(da.Dual(1.0, 1.0), full_output=True)
    assert_close(y.tangent[-1], expected, 1e-6)
    assert info["message"] == "Integration successful."


def test_odeint_errors():
    with pytest.raises(ValueError, match="one dimension"):
        integrate.odeint(lambda y, t: y, np.ones((2, 2)), [0, 1])
    with pytest.raises(ValueError, match="finite"):
        integrate.odeint(lambda y, t: y, da.Dual([1.0], [np.inf]), [0, 1])
    with pytest.warns(RuntimeWarning, match="finite differences"):
        integrate.odeint(lambda y, t: [float(y[0])], [1.0], [0, 1])


# ---- quad ----------------------------------------------------------------------------------------------------------

def gaussian(x, a, b):
    return a * np.exp(-b * x * x)


@pytest.mark.parametrize("ends", [(0.0, 1.0), (-1.0, np.inf), (-np.inf, np.inf)])
@pytest.mark.parametrize("kind", NUMBER_TYPES)
def test_parameters_of_the_integrand(ends, kind):
    """int a exp(-b x**2) = a sqrt(pi/b)/2 (erf(sqrt(b) v) - erf(sqrt(b) u))."""
    def closed(a, b):
        u, v = (scipy.special.erf(np.sqrt(b) * e) if np.isfinite(e) else np.sign(e) for e in ends)
        return a * np.sqrt(np.pi / b) / 2 * (v - u)

    p = np.array([2.0, 1.5])
    number = da.Dual(p, [0.0, 1.0]) if kind is da.Dual else da.MultiDual(p, np.eye(2))
    y, error = integrate.quad(gaussian, *ends, args=(number[0], number[1]))
    expected = scipy.integrate.quad(gaussian, *ends, args=tuple(p))
    assert (y.value, error) == expected
    slopes = [da.derivative(closed, i)(*p) for i in (0, 1)]
    assert_close(y.tangent if kind is da.Dual else y.tangents, slopes[1] if kind is da.Dual else slopes, 1e-8)
    second = da.grad(da.grad(lambda b: integrate.quad(gaussian, *ends, args=(2.0, b))[0]))(1.5)
    assert_close(second, da.derivative(closed, 1, 2)(*p), 1e-8)


def test_limits_to_third_order():
    def f(a, b):
        return integrate.quad(lambda x: np.exp(np.sin(x)), a, b)[0]

    a, b = 0.3, 1.2
    for order in (1, 2, 3):
        inner = da.derivative(lambda x: np.exp(np.sin(x)), 0, order - 1)
        assert_close(da.derivative(f, 0, order)(a, b), -inner(a), 1e-12)
        assert_close(da.derivative(f, 1, order)(a, b), inner(b), 1e-12)


def test_limits_and_parameters_together():
    """int_0^p exp(-p x) dx = (1 - exp(-p**2))/p."""
    f = lambda p: integrate.quad(lambda x: np.exp(-p * x), 0, p)[0]  # noqa: E731
    closed = lambda p: (1 - np.exp(-p * p)) / p  # noqa: E731
    for order in (1, 2):
        assert_close(da.derivative(f, 0, order)(0.7), da.derivative(closed, 0, order)(0.7), 1e-9)


@pytest.mark.parametrize(("weight", "wvar"), [("cos", 2.0), ("sin", 2.0), ("alg", (-0.5, 0.5)), ("cauchy", 0.3)])
def test_weights(weight, wvar):
    def f(a, b, p):
        return integrate.quad(lambda x: np.exp(p * x), a, b, weight=weight, wvar=wvar)[0]

    def w(a, b, x):
        forms = {"cos": lambda: np.cos(2 * x), "sin": lambda: np.sin(2 * x), "cauchy": lambda: 1 / (x - 0.3)}
        return forms[weight]()

    a, b, p = 0.0, 1.0, 0.5
    slope = scipy.integrate.quad(lambda x: x * np.exp(p * x), a, b, weight=weight, wvar=wvar)[0]
    assert_close(da.derivative(f, 2)(a, b, p), slope, 1e-10)
    if weight == "alg":
        step = 1e-5
        for i in (0, 1):
            ends = [np.array([a, b]) + s * step * np.eye(2)[i] for s in (1, -1)]
            assert_close(da.derivative(f, i)(a, b, p), (f(*ends[0], p) - f(*ends[1], p)) / (2 * step), 1e-7)
    else:
        assert_close(da.derivative(f, 1)(a, b, p), np.exp(p * b) * w(a, b, b), 1e-12)
        assert_close(da.derivative(f, 0)(a, b, p), -np.exp(p * a) * w(a, b, a), 1e-12)


def test_moving_break_points_count_the_jump():
    def f(c):
        return integrate.quad(lambda x: np.where(x < primal(c), 1.0, 3.0) * x, 0, 2, points=[c])[0]

    def primal(c):
        return c.value if isinstance(c, NUMBER_TYPES) else c

    assert_close(f(0.7), 0.7**2 / 2 + 3 * (4 - 0.7**2) / 2, 1e-12)
    assert_close(da.derivative(f)(0.7), -2 * 0.7, 1e-10)


def test_complex_integrands_and_full_output():
    f = lambda w: integrate.quad(lambda x: np.exp(1j * w * x), 0, 1, complex_func=True)[0]  # noqa: E731
    assert_close(da.jvp(f, (2.0,), (1.0,))[1], (np.exp(2j) * (2j - 1) + 1) / (1j * 4), 1e-10)
    result = integrate.quad(lambda x: da.Dual(1.0, 1.0) * x, 0, 1, full_output=1)
    assert len(result) == 3 and result[2]["neval"] == 21


def test_quad_of_plain_functions_is_scipy_s():
    assert integrate.quad(np.cos, 0, 1) == scipy.integrate.quad(np.cos, 0, 1)
    assert integrate.quad(np.cos, 0, 1, points=[0.5]) == scipy.integrate.quad(np.cos, 0, 1, points=[0.5])
    assert integrate.quad(lambda x, a: a * x, 0, 1, args=3) == scipy.integrate.quad(lambda x, a: a * x, 0, 1, args=3)
    x = da.Dual(1.0, 1.0)
    with pytest.raises(TypeError, match="wvar"):
        integrate.quad(np.cos, 0, 1, weight="cos", wvar=x)
    with pytest.raises(ValueError, match="infinite|is inf"):
        integrate.quad(lambda t: np.exp(-t), 0, da.Dual(np.inf, 1.0))
    with pytest.raises(TypeError, match="limits"):
        integrate.quad(np.cos, 0, x, weight="alg-loga", wvar=(0, 0))


def test_an_integrand_that_depends_on_the_parameter_only_somewhere():
    f = lambda p: integrate.quad(lambda x: p * x if x > 0.9999 else x, 0, 1, points=[0.9999])[0]  # noqa: E731
    assert_close(da.derivative(f)(1.0), (1 - 0.9999**2) / 2, 1e-10)


def test_quad_vec():
    rates = np.array([1.0, 2.0, 5.0])

    def f(b, s):
        return integrate.quad_vec(lambda x: np.exp(-s * rates * x), 0, b)[0]

    assert_same_bits(f(1.0, 1.0), scipy.integrate.quad_vec(lambda x: np.exp(-rates * x), 0, 1.0)[0])
    assert_close(da.jacobian(f)(1.0, 1.0), np.exp(-rates), 1e-12)
    assert_close(da.jacobian(f, 1)(1.0, 1.0), ((1 + rates) * np.exp(-rates) - 1) / rates, 1e-8)
    with pytest.raises(TypeError, match="workers"):
        integrate.quad_vec(lambda x: da.Dual(1.0, 1.0) * x, 0, 1, workers=map)


def test_fixed_quad():
    def f(a, b, p):
        return integrate.fixed_quad(lambda x: np.exp(p * x), a, b, n=8)[0]

    assert f(0.0, 1.0, 0.5) == scipy.integrate.fixed_quad(lambda x: np.exp(0.5 * x), 0.0, 1.0, n=8)[0]
    slopes = [da.derivative(f, i)(0.0, 1.0, 0.5) for i in range(3)]
    assert_close(slopes, [-1, np.exp(0.5), 4 + np.exp(0.5) * (2 - 4)], 1e-10)
    with pytest.raises(ValueError, match="finite"):
        integrate.fixed_quad(np.cos, 0, np.inf)


def test_several_variables():
    """The moment of inertia of a disc of radius r, and its like in a box."""
    def disc(r):
        edge = lambda x: np.sqrt(np.maximum(r * r - x * x, 0))  # noqa: E731
        return integrate.dblquad(lambda y, x: x * x + y * y, -r, r, lambda x: -edge(x), edge)[0]

    assert_close(disc(1.0), np.pi / 2, 1e-8)
    box = lambda a, p: integrate.tplquad(lambda z, y, x: p * x * y * z, 0, a, 0, lambda x: x, 0, 1)[0]  # noqa: E731
    a, p = 1.2, 2.0
    assert_close([box(a, p), da.derivative(box)(a, p), da.derivative(box, 1)(a, p)],
                 [p * a**4 / 16, p * a**3 / 4, a**4 / 16], 1e-10)
    assert_close(da.derivative(box, 0, 2)(a, p), 3 * p * a**2 / 4, 1e-9)
    plain = [lambda x, y: x * y, [[0, 1], [0, 2]]]
    assert integrate.nquad(*plain) == scipy.integrate.nquad(*plain)
    options = {"opts": [{"epsabs": 1e-10}, {}], "full_output": True}
    assert integrate.nquad(*plain, **options) == scipy.integrate.nquad(*plain, **options)
    ranges = [lambda y, k: (0, y), (0, 1)]
    assert integrate.nquad(lambda x, y, k: k * x, ranges, args=(2.0,)) == scipy.integrate.nquad(
        lambda x, y, k: k * x, ranges, args=(2.0,))


# ---- samples -------------------------------------------------------------------------------------------------------

RULES = (integrate.trapezoid, integrate.simpson, integrate.cumulative_trapezoid, integrate.cumulative_simpson)


@pytest.mark.parametrize("rule", RULES)
@given(st.data())
def test_rules_on_samples(rule, data):
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=6))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    numbers = st.floats(-10, 10, allow_subnormal=False)
    y, dy = (data.draw(arrays(float, shape, elements=numbers)) for _ in range(2))
    n = shape[axis]
    x = np.cumsum(data.draw(arrays(float, n, elements=st.floats(0.5, 2))))
    dx = data.draw(arrays(float, n, elements=numbers))
    value, slope = da.jvp(lambda y, x: rule(y, x=x, axis=axis), (y, x), (dy, dx))
    plain = getattr(scipy.integrate, rule.__name__)
    assert_same_bits(value, plain(y, x=x, axis=axis))
    h = 1e-6
    ahead, back = (plain(y + s * h * dy, x=x + s * h * dx, axis=axis) for s in (1, -1))
    assert_close(slope, (ahead - back) / (2 * h), 1e-5, 2e-5)
    slope = da.jvp(lambda y: rule(y, dx=0.5, axis=axis), (y,), (dy,))[1]
    assert_close(slope, plain(dy, dx=0.5, axis=axis), 1e-10, 1e-10)


def test_initial_values_and_romberg():
    y = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    for rule, initial in ((integrate.cumulative_trapezoid, 0), (integrate.cumulative_simpson, 3.0)):
        plain = getattr(scipy.integrate, rule.__name__)
        value, slope = da.jvp(lambda y, rule=rule, i=initial: rule(y, initial=i), (y,), (np.ones(5),))
        assert_same_bits(value, plain(y, initial=initial))
        assert_close(slope, plain(np.ones(5), initial=0), 1e-12)
    value, slope = da.jvp(integrate.romb, (y, 0.5), (y, 1.0))
    assert_same_bits(value, scipy.integrate.romb(y, 0.5))
    assert_close(slope, 3 * value, 1e-12)
    assert integrate.trapezoid([1, 2, 3]) == 4


@pytest.mark.skipif(not hasattr(scipy.integrate, "tanhsinh"), reason="new in SciPy 1.15")
def test_elementwise_integrals_and_sums():
    def integral(k):
        return integrate.tanhsinh(lambda x: np.exp(-k * x), 0.0, np.array([1.0, np.inf])).integral

    assert_close(da.jacobian(integral)(2.0), [(3 * np.exp(-2) - 1) / 4, -1 / 4], 1e-12)
    assert_close(da.hessian(lambda k: integral(k)[1])(2.0), 1 / 4, 1e-12)
    slope = da.derivative(lambda s: integrate.nsum(lambda k: k**-s, 1, np.inf).sum)(2.0)
    assert_close(slope, float(mpmath.zeta(2, derivative=1)), 1e-8)
    ours, plain = (m.tanhsinh(np.cos, 0.0, 1.0) for m in (integrate, scipy.integrate))
    assert ours.integral == plain.integral and ours.nfev == plain.nfev and ours.keys() == plain.keys()
    with pytest.raises(TypeError, match="b of tanhsinh must not carry derivatives"):
        da.derivative(lambda b: integrate.tanhsinh(np.cos, 0.0, b).integral)(1.0)
    with pytest.raises(TypeError, match="log=True"):
        da.derivative(lambda b: integrate.tanhsinh(lambda x: b * x, 0.0, 1.0, log=True).integral)(1.0)



def test_odeint_at_no_times():
    for y0 in ([1.0, 2.0], da.Dual([1.0, 2.0], [1.0, 0.0])):
        assert integrate.odeint(lambda y, t: -y, y0, []).shape == (0, 2)


SAMPLED = {
    "trapezoid": lambda y, x: integrate.trapezoid(y, x), "simpson": lambda y, x: integrate.simpson(y, x=x),
    "simpson of an even number": lambda y, x: integrate.simpson(y[:-1], x=x[:-1]),
    "cumulative_trapezoid": lambda y, x: integrate.cumulative_trapezoid(y, x, initial=0),
    "cumulative_simpson": lambda y, x: integrate.cumulative_simpson(y, x=x),
    "romb": lambda y, x: integrate.romb(y, dx=x[1] - x[0]),
}


@pytest.mark.parametrize("name", SAMPLED)
def test_samples_of_higher_order(name):
    """Second derivatives of every kind, also where NumPy's functions are replaced."""
    def f(t, rule=SAMPLED[name]):
        return np.sum(rule(np.sin(t[0] * grid), grid * t[1] ** 2) ** 2)

    t, grid = np.array([1.3, 0.8]), np.linspace(0.0, 1.0, 9) ** (1 if name == "romb" else 1.5)
    da.testing.check_derivatives(f, t, order=2)
    H = da.jacobian(da.grad(f))(t)
    for intercept in (False, True):
        found = da.hessian(f, intercept=intercept)(t)
        assert type(found) is np.ndarray
        assert_close(found, H, rtol=1e-10)
        assert_close(2 * da.taylor(f, t, 2, intercept=intercept)[2], H.sum(), rtol=1e-10)
