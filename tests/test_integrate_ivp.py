"""Initial value problems: SciPy's solution for plain arguments, and sensitivities against mpmath and closed forms."""

import functools
import warnings

import mpmath
import numpy as np
import pytest
import scipy.integrate
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import dualad as da
import dualad.integrate._stiff
import dualad.numpy as dnp
from conftest import NUMBER_TYPES, assert_close, assert_same_bits
from dualad import integrate

METHODS = ("RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA")
STIFF = ("Radau", "BDF", "LSODA")
TIGHT = {"rtol": 1e-10, "atol": 1e-10}


def lotka_volterra(t, u, p):
    return [p[0] * u[0] - p[1] * u[0] * u[1], -p[2] * u[1] + p[3] * u[0] * u[1]]


def robertson(t, y, k):
    slow, back, fast = k[0] * y[0], k[1] * y[1] * y[2], k[2] * y[1] ** 2
    return [back - slow, slow - back - fast, fast]


def van_der_pol(t, y, mu):
    return [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]]


def brusselator(t, y, p):
    return np.stack([p[0] + y[0] ** 2 * y[1] - (p[1] + 1) * y[0], p[1] * y[0] - y[0] ** 2 * y[1]])


def final(fun, span, y0, method="RK45", **options):
    """The final state as a function of the parameters."""
    return lambda p: integrate.solve_ivp(fun, span, y0, method, args=(p,), **options).y[:, -1]


def mp_sensitivities(fun, f_y, f_p, y0, p, t):
    """State and derivatives by p at t, (n,) and (n, m), from the Taylor series of the variational equations."""
    n, m = len(y0), len(p)

    def augmented(t, z):
        y, s = z[:n], [z[n + n * k:2 * n + n * k] for k in range(m)]
        J, P = f_y(y, p), f_p(y, p)
        rows = [sum(J[i][j] * s[k][j] for j in range(n)) + P[i][k] for k in range(m) for i in range(n)]
        return [*fun(t, y, p), *rows]

    with mpmath.workdps(25):
        z = mpmath.odefun(augmented, 0, [mpmath.mpf(v) for v in y0] + [mpmath.mpf(0)] * (n * m), tol=1e-18)(t)
    z = np.array([float(v) for v in z])
    return z[:n], z[n:].reshape(m, n).T


# ---- plain arguments -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("method", METHODS)
def test_plain_arguments_give_scipy_s_solution(method):
    p = np.array([1.5, 1.0, 3.0, 1.0])
    options = {"jac": lambda t, u, p: [[p[0] - p[1] * u[1], -p[1] * u[0]], [p[3] * u[1], p[3] * u[0] - p[2]]]}
    expected = scipy.integrate.solve_ivp(lotka_volterra, (0, 5), [1.0, 1.0], method, args=(p,), dense_output=True,
                                         events=lambda t, u, p: u[0] - 1, **(options if method in STIFF else {}))
    result = integrate.solve_ivp(lotka_volterra, (0, 5), [1.0, 1.0], method, args=(p,), dense_output=True,
                                 events=lambda t, u, p: u[0] - 1)
    assert type(result) is type(expected)
    assert set(result) == set(expected)
    if method in STIFF:
        assert_close(result.y[:, -1], expected.y[:, -1], 1e-9)
    else:
        assert_same_bits(result.y, expected.y)
        assert_same_bits(result.t_events[0], expected.t_events[0])
        assert_same_bits(result.sol(1.3), expected.sol(1.3))
        assert_same_bits(result.sol([0.2, 4.0]), expected.sol([0.2, 4.0]))
    assert (result.nfev, result.status, result.message) == (expected.nfev, expected.status, expected.message)


@pytest.mark.parametrize("method", STIFF)
def test_plain_stiff_problems_need_no_jacobian(method):
    k = np.array([0.04, 1e4, 3e7])
    tolerances = {"rtol": 1e-6, "atol": [1e-8, 1e-14, 1e-6]}
    result = integrate.solve_ivp(robertson, (0, 40), [1.0, 0, 0], method, args=(k,), **tolerances)
    assert_close(result.y[:, -1], [0.7158270688, 9.185534765e-6, 0.2841637458], 1e-3)
    scipys = scipy.integrate.solve_ivp(robertson, (0, 40), [1.0, 0, 0], method, args=(k,), **tolerances)
    assert result.nfev <= scipys.nfev


def test_a_given_jacobian_and_its_kin_are_left_alone():
    calls = []

    def jac(t, y, k):
        calls.append(t)
        return [[-k]]

    integrate.solve_ivp(lambda t, y, k: -k * y, (0, 1), [1.0], "BDF", args=(2.0,), jac=jac)
    assert calls
    options = {"jac": np.array([[-2.0]])}
    result = integrate.solve_ivp(lambda t, y: -2 * y, (0, 1), [1.0], "Radau", **options)
    assert_same_bits(result.y, scipy.integrate.solve_ivp(lambda t, y: -2 * y, (0, 1), [1.0], "Radau", **options).y)
    bands = {"lband": 0, "uband": 0}
    assert_same_bits(integrate.solve_ivp(lambda t, y: -2 * y, (0, 1), [1.0], "LSODA", **bands).y,
                     scipy.integrate.solve_ivp(lambda t, y: -2 * y, (0, 1), [1.0], "LSODA", **bands).y)


def test_a_function_that_takes_no_numbers_falls_back_to_differences():
    import math

    def fun(t, y):
        return [math.sin(y[0])]

    with pytest.warns(RuntimeWarning, match="finite differences"):
        result = integrate.solve_ivp(fun, (0, 1), [1.0], "BDF")
    assert_same_bits(result.y, scipy.integrate.solve_ivp(fun, (0, 1), [1.0], "BDF").y)


def test_complex_states():
    def fun(t, y):
        return 1j * y

    expected = scipy.integrate.solve_ivp(fun, (0, 1), [1.0 + 0j], "BDF", jac=np.array([[1j]]))
    assert_close(integrate.solve_ivp(fun, (0, 1), [1.0 + 0j], "BDF").y, expected.y)
    with pytest.raises(ValueError, match="complex"):
        integrate.solve_ivp(fun, (0, 1), [1.0 + 0j], "Radau")
    for method in ("RK45", "BDF"):
        f = final(lambda t, y, w: 1j * w * y, (0, 1), [1.0 + 0j], method, rtol=1e-8, atol=1e-8)
        slope = da.jvp(lambda w, f=f: f(w)[0], (2.0,), (1.0,))[1]
        assert_close(slope, 1j * np.exp(2j), 1e-6)


def heat(t, y, k):
    """A rod of many cells with a reaction; its ends are held at 0."""
    padded = np.concatenate([np.zeros(1), y, np.zeros(1)])
    return k * len(y) ** 2 * (padded[2:] - 2 * y + padded[:-2]) - y**3


@pytest.mark.parametrize("method", ["Radau", "BDF"])
@pytest.mark.parametrize("given", [False, True])
def test_large_systems_get_sparse_jacobians(method, given):
    n = 150
    pattern = scipy.sparse.diags_array([np.ones(n - 1), np.ones(n), np.ones(n - 1)], offsets=[-1, 0, 1])
    options = {"jac_sparsity": pattern} if given else {}
    y0 = np.sin(np.pi * np.arange(1, n + 1) / (n + 1))
    widest = []

    def fun(t, y, k):
        widest.append(y.ndir if isinstance(y, da.MultiDual) else 0)
        return heat(t, y, k)

    def f(k):
        return integrate.solve_ivp(fun, (0, 0.1), y0, method, args=(k,), rtol=1e-6, atol=1e-8, **options).y[:, -1]

    plain, slope = f(1.0), da.derivative(f)(1.0)
    assert max(widest) <= 8
    expected = scipy.integrate.solve_ivp(heat, (0, 0.1), y0, method, args=(1.0,), rtol=1e-6, atol=1e-8).y[:, -1]
    assert_close(plain, expected, 1e-4)
    ahead, back = (scipy.integrate.solve_ivp(heat, (0, 0.1), y0, "BDF", args=(k,), rtol=1e-9, atol=1e-11,
                                             jac_sparsity=pattern).y[:, -1] for k in (1.01, 0.99))
    assert_close(slope, (ahead - back) / 0.02, 1e-3, 1e-5)


@pytest.mark.parametrize("method", ["Radau", "BDF"])
def test_sparse_and_dense_jacobians_give_the_same_derivatives(method, monkeypatch):
    """Of first to third order, the columns compressed in one sweep or in several."""
    y0 = np.sin(np.linspace(0, 3, 100))

    def f(p):
        return integrate.solve_ivp(lambda t, y: heat(t, y, p[0] / 10) + p[1] * y, (0, 0.1), y0, method, rtol=1e-6,
                                   atol=1e-8).y[50, -1]

    def all_of_them():
        p = np.array([1.0, 0.5])
        return np.concatenate([da.grad(f)(p), da.hessian(f)(p).ravel(), da.taylor(f, p, 3, np.ones(2))])

    sparse = all_of_them()
    monkeypatch.setattr(dualad.integrate._stiff, "_LARGEST_SWEEP", 1)
    assert_close(all_of_them(), sparse, 1e-12)
    monkeypatch.setattr(dualad.integrate._stiff, "_LEAST_SPARSE", 1000)
    assert_close(all_of_them(), sparse, 1e-9)


# ---- published sensitivities ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("method", STIFF)
@pytest.mark.parametrize("closure", [False, True])
def test_robertson(method, closure):
    """The figures that CVODES documents for its example of forward sensitivities."""
    def states(k):
        fun, args = ((lambda t, y: robertson(t, y, k)), None) if closure else (robertson, (k,))
        return integrate.solve_ivp(fun, (0, 4e3), [1.0, 0, 0], method, t_eval=[0.4, 4e3], args=args,
                                   rtol=1e-4, atol=[1e-8, 1e-14, 1e-6]).y

    slopes = da.jacobian(states)(np.array([0.04, 1e4, 3e7]))[0]
    assert_close(slopes, [[-0.35595, 9.5431e-8, -1.5833e-11], [-4.7501, 1.8809e-5, -3.1348e-9]], 5e-4, 0)


@pytest.mark.parametrize(("method", "rtol"), [("DOP853", 1e-12), ("RK45", 1e-10), ("LSODA", 1e-12)])
def test_lotka_volterra(method, rtol):
    f = final(lotka_volterra, (0, 10), [1.0, 1.0], method, rtol=rtol, atol=rtol)
    slopes = da.jacobian(f)(np.array([1.5, 1.0, 3.0, 1.0]))
    assert_close(slopes, [[2.16055752, 0.18856878, 0.56318279, 0.93965129],
                          [-6.25677052, -0.69797759, -1.70901768, -2.74397916]], 0, 1e-8)


# ---- the test set for IVP solvers ----------------------------------------------------------------------------------
# F. Mazzia and C. Magherini, Test Set for Initial Value Problem Solvers, release 2.4, University of Bari 2008.

def hires(t, y, k=1.71):
    a, b, c, d, e, f, g, h = y
    return np.stack([
        0.43 * b + 8.32 * c + 0.0007 - k * a, k * a - 8.75 * b, 0.43 * d + 0.035 * e - 10.03 * c,
        8.32 * b + 1.71 * c - 1.12 * d, 0.43 * (f + g) - 1.745 * e,
        0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g - 280 * f * h, 280 * f * h - 1.81 * g, 1.81 * g - 280 * f * h])


def oregonator(t, y, k=77.27):
    a, b, c = y
    return np.stack([k * (b + a * (1 - 8.375e-6 * a - b)), (c - (1 + a) * b) / k, 0.161 * (a - c)])


def scaled_van_der_pol(t, y, k=1e-6):
    return np.stack([y[1], ((1 - y[0] ** 2) * y[1] - y[0]) / k])


def pleiades(t, y, k=1.0):
    x, z, u, v = np.reshape(y, (4, 7))
    dx, dz = x - x[:, None], z - z[:, None]
    pull = k * np.arange(1, 8) / (dx**2 + dz**2 + np.eye(7)) ** 1.5
    return np.concatenate([u, v, (pull * dx).sum(1), (pull * dz).sum(1)])


PLEIADES = [3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, 0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0]

IVP_SET = {  # right-hand side, start, end, final state as published
    "HIRES": (hires, [1, 0, 0, 0, 0, 0, 0, 0.0057], 321.8122, [
        0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2,
        0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2]),
    "ROBER": (lambda t, y, k=0.04: robertson(t, y, np.stack([k, 1e4, 3e7])), [1, 0, 0], 1e11, [
        0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050]),
    "OREGO": (oregonator, [1, 2, 3], 360.0, [0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3]),
    "VDPOL": (scaled_van_der_pol, [2, 0], 2.0, [0.1706167732170483e1, -0.8928097010247975]),
    "PLEI": (pleiades, PLEIADES, 3.0, [
        0.3706139143970502, 3.237284092057233, -3.222559032418324, 0.6597091455775310, 0.3425581707156584,
        1.562172101400631, -0.7003092922212495]),
}
CONSTANTS = {"HIRES": 1.71, "ROBER": 0.04, "OREGO": 77.27, "VDPOL": 1e-6, "PLEI": 1.0}


@pytest.mark.parametrize("name", IVP_SET)
def test_published_final_states(name):
    """And what changes them: the sensitivity is that of differences between accurate solutions."""
    rhs, y0, end, published = IVP_SET[name]
    constant, method = CONSTANTS[name], "DOP853" if name == "PLEI" else "LSODA"
    tolerances = {"rtol": 1e-11 if name == "VDPOL" else 1e-9, "atol": 1e-22 if name == "ROBER" else 1e-13}

    def f(k):
        return integrate.solve_ivp(rhs, (0, end), y0, method, args=(k,), **tolerances).y[:len(published), -1]

    y, slope = da.value_and_jacobian(f)(constant)
    assert_close(y, published, 3e-7, 0)
    h = 1e-3 * constant
    difference = (8 * (f(constant + h) - f(constant - h)) - f(constant + 2 * h) + f(constant - 2 * h)) / (12 * h)
    assert_close(slope, difference, 1e-3, 1e-4 * np.abs(difference).max())


class Oscillator:
    def __init__(self, k):
        self.k = k

    def rhs(self, t, y):
        return scaled_van_der_pol(t, y, self.k)

    __call__ = rhs


@pytest.mark.parametrize("hidden", [
    lambda k: lambda t, y: scaled_van_der_pol(t, y, k),
    lambda k: lambda t, y, k=k: scaled_van_der_pol(t, y, k),
    lambda k: (lambda given: lambda t, y: scaled_van_der_pol(t, y, *given["k"]))({"k": [k]}),
    lambda k: (lambda inner: lambda t, y: inner(t, y))(lambda t, y: scaled_van_der_pol(t, y, k)),
    lambda k: functools.partial(scaled_van_der_pol, k=k),
    lambda k: Oscillator(k), lambda k: Oscillator(k).rhs,
], ids=["closure", "default", "container", "function in a closure", "partial", "object", "method"])
@pytest.mark.filterwarnings("ignore:sensitivities passed a peak")
def test_hidden_parameters_set_the_scale_of_sensitivities(hidden):
    """A parameter of 1e-6 has sensitivities of 1e6 and more, which must not be held to the tolerance of the state."""
    k = da.Dual(1e-6, 1.0)
    by_args = integrate.solve_ivp(scaled_van_der_pol, (0, 0.9), [2.0, 0.0], "LSODA", args=(k,), rtol=1e-6, atol=1e-7)
    result = integrate.solve_ivp(hidden(k), (0, 0.9), [2.0, 0.0], "LSODA", rtol=1e-6, atol=1e-7)
    assert result.nfev == by_args.nfev
    assert_same_bits(result.y.tangent, by_args.y.tangent)


RELAXED = np.array([-174.10645783, -127.54970018])  # Radau at rtol 1e-11, and differences of it to five digits


@pytest.mark.parametrize("method, rtol", [("Radau", 1e-6), ("BDF", 1e-6), ("LSODA", 1e-6), ("BDF", 1e-4)])
def test_sensitivities_beyond_a_fast_transition_are_right_or_in_doubt(method, rtol):
    """At the transition they are 1e6 times larger than after it."""
    def f(k):
        return integrate.solve_ivp(scaled_van_der_pol, (0, 1), [2.0, -0.66], method, args=(k,), rtol=rtol,
                                   atol=rtol).y[:, -1]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        slope = da.derivative(f)(1e-6)
    assert_close(slope, RELAXED, 0.05)
    assert np.all(np.abs(slope / RELAXED - 1) < 2e-3) or any("passed a peak" in str(w.message) for w in caught)
    if method == "Radau":
        assert not caught


@pytest.mark.parametrize("method", METHODS)
def test_sensitivities_that_decay_are_not_in_doubt(method):
    """Their errors decay as well; the second integration says so."""
    def f(k):
        return integrate.solve_ivp(lambda t, y: -k * y, (0, 18), [1.0], method, rtol=1e-6, atol=1e-12).y[0]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_close(da.derivative(lambda k: f(k)[-1])(1.0), -18 * np.exp(-18.0), 1e-3)


# ---- against mpmath ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("method", METHODS)
def test_van_der_pol_against_mpmath(method):
    y0, mu, t = [2.0, 0.0], 5.0, 2.0
    y, s = mp_sensitivities(
        lambda t, y, p: van_der_pol(t, y, p[0]),
        lambda y, p: [[0, 1], [-2 * p[0] * y[0] * y[1] - 1, p[0] * (1 - y[0] ** 2)]],
        lambda y, p: [[0], [(1 - y[0] ** 2) * y[1]]], y0, [mu], t)
    f = final(van_der_pol, (0, t), y0, method, rtol=1e-8, atol=1e-10)
    value, slope = da.jvp(f, (mu,), (1.0,))
    assert_close(value, y, 1e-5)
    assert_close(slope, s[:, 0], 1e-5)


@pytest.mark.parametrize("kind", NUMBER_TYPES)
def test_brusselator_against_mpmath_with_either_type(kind):
    y0, p, t = [1.5, 3.0], [1.0, 3.0], 3.0
    y, s = mp_sensitivities(
        lambda t, y, p: [p[0] + y[0] ** 2 * y[1] - (p[1] + 1) * y[0], p[1] * y[0] - y[0] ** 2 * y[1]],
        lambda y, p: [[2 * y[0] * y[1] - p[1] - 1, y[0] ** 2], [p[1] - 2 * y[0] * y[1], -y[0] ** 2]],
        lambda y, p: [[1, -y[0]], [0, y[0]]], y0, p, t)
    number = da.Dual(p, [0.0, 1.0]) if kind is da.Dual else da.MultiDual(p, np.eye(2))
    result = final(brusselator, (0, t), y0, "DOP853", **TIGHT)(number)
    assert type(result) is kind
    assert_close(result.value, y, 1e-8)
    assert_close(result.tangent if kind is da.Dual else result.tangents.T, s[:, 1] if kind is da.Dual else s, 1e-8)


@given(st.floats(-2, 2), st.floats(-1, 1), st.sampled_from(METHODS), st.booleans())
def test_linear_equations_have_the_exponential(rate, y0, method, backward):
    """y' = r y: y = y0 exp(r t), differentiated by everything."""
    def f(rate, y0, t0, t1):
        return integrate.solve_ivp(lambda t, y, r: r * y, (t0, t1), np.stack([y0, 2 * y0]), method, args=(rate,),
                                   rtol=1e-7, atol=1e-9).y[:, -1]

    t0, t1 = (1.0, 0.25) if backward else (0.25, 1.0)
    growth = np.exp(rate * (t1 - t0)) * np.array([1, 2])
    slopes = da.jacobian(f, (0, 1, 2, 3))(rate, y0, t0, t1)
    expected = (y0 * (t1 - t0) * growth, growth, -rate * y0 * growth, rate * y0 * growth)
    for slope, right in zip(slopes, expected, strict=True):
        assert_close(slope, right, 1e-4, 1e-6)


# ---- second order and nesting --------------------------------------------------------------------------------------

@pytest.mark.parametrize("method", ["DOP853", "Radau", "BDF", "LSODA"])
def test_second_derivatives_of_logistic_growth(method):
    """y = 1/(1 + (1/y0 - 1) exp(-r t))."""
    r, y0, t = 1.3, 0.2, 1.5
    f = final(lambda t, y, r: r * y * (1 - y), (0, t), [y0], method, rtol=1e-9, atol=1e-11)
    y = 1 / (1 + (1 / y0 - 1) * np.exp(-r * t))
    assert_close(da.derivative(f)(r), [t * y * (1 - y)], 1e-6)
    assert_close(da.jacobian(da.jacobian(f))(r), [t * t * y * (1 - y) * (1 - 2 * y)], 1e-5)


def test_third_derivatives_and_mixed_transforms():
    def y(r, y0):
        return integrate.solve_ivp(lambda t, y: r * y, (0, 1), [y0], "DOP853", rtol=1e-11, atol=1e-11).y[0, -1]

    assert_close(da.derivative(y, 0, 3)(0.5, 2.0), 2 * np.exp(0.5), 1e-8)
    mixed = da.grad(lambda r: da.derivative(lambda y0: y(r, y0))(2.0))
    assert_close(mixed(0.5), np.exp(0.5), 1e-9)


def test_hessian_of_the_robertson_problem():
    """The third column of the Hessian by k, against differences of exact Jacobians at tight tolerances."""
    f = final(robertson, (0, 40), [1.0, 0, 0], "BDF", rtol=1e-9, atol=[1e-11, 1e-15, 1e-11])
    k, step = np.array([0.04, 1e4, 3e7]), 3e4
    H = da.jacobian(da.jacobian(f))(k)
    ahead, back = (da.jacobian(f)(k + s * np.array([0, 0, step])) for s in (1, -1))
    assert_close(H[:, :, 2] * k[2] * k, (ahead - back) / (2 * step) * k[2] * k, 2e-3, 1e-9)
    assert_close(H * k * k[:, None], np.swapaxes(H * k * k[:, None], 1, 2), 1e-4, 1e-9)


def test_a_solution_inside_the_right_hand_side():
    def outer(k):
        def fun(t, y):
            inner = integrate.solve_ivp(lambda s, z: k * z, (0, 1), [1.0], rtol=1e-9, atol=1e-9).y[0, -1]
            return y * 0 + inner
        return integrate.solve_ivp(fun, (0, 1), [0.0], rtol=1e-3).y[0, -1]

    assert_close(da.derivative(outer)(0.5), np.exp(0.5), 1e-7)


# ---- times, events, dense output -----------------------------------------------------------------------------------

def growth(t, y):
    """y = y0 exp((t**2 - t0**2)/2)."""
    return t * y


@pytest.mark.parametrize("method", ["DOP853", "Radau", "LSODA"])
def test_ends_of_the_interval(method):
    def f(t0, tf):
        return integrate.solve_ivp(growth, (t0, tf), [1.0, 2.0], method, **TIGHT).y[:, -1]

    t0, tf = 0.5, 1.5
    y = np.exp((tf**2 - t0**2) / 2) * np.array([1, 2])
    by_start, by_end = da.jacobian(f, (0, 1))(t0, tf)
    assert_close(by_start, -t0 * y, 1e-7)
    assert_close(by_end, tf * y, 1e-7)
    assert_close(da.derivative(f, 0, 2)(t0, tf), (t0**2 - 1) * y, 1e-6)
    assert_close(da.derivative(f, 1, 2)(t0, tf), (tf**2 + 1) * y, 1e-6)
    mixed = da.derivative(da.derivative(f, 0), 1)(t0, tf)
    assert_close(mixed, -t0 * tf * y, 1e-6)


def test_t_carries_the_derivatives_of_the_ends():
    t, rates = da.jvp(lambda t0, tf: integrate.solve_ivp(growth, (t0, tf), [1.0]).t, (0.0, 1.0), (2.0, 3.0))
    assert t[0] == 0 and t[-1] == 1
    assert rates[0] == 2 and rates[-1] == 3 and not np.any(rates[1:-1])


def test_times_of_evaluation_and_dense_output():
    def at(times, r):
        return integrate.solve_ivp(lambda t, y: r * t * y, (0, 1), [1.0], "DOP853", t_eval=times, **TIGHT).y[0]

    def dense(times, r):
        result = integrate.solve_ivp(lambda t, y: r * t * y, (0, 1), [1.0], "DOP853", dense_output=True, **TIGHT)
        return result.sol(times)[0]

    t = np.array([0.3, 0.6, 1.0])
    y = np.exp(t**2 / 2)
    for f in (at, dense):
        assert_close(da.jacobian(f)(t, 1.0), np.diag(t * y), 1e-6, 1e-9)
        assert_close(da.jacobian(f, 1)(t, 1.0), t**2 / 2 * y, 1e-6)
        assert_close(da.derivative(f, 0, 2)(t, 1.0), (1 + t**2) * y, 1e-6)
    assert_close(da.derivative(lambda t: dense(t, 1.0))(0.6), 0.6 * y[1], 1e-6)


def fall(t, y, g):
    return [y[1], -g]


def ground(t, y, g):
    return y[0]


ground.terminal, ground.direction = True, -1


@pytest.mark.parametrize("method", METHODS)
def test_a_terminal_event_of_free_fall(method):
    """From height h the ground is reached at sqrt(2 h/g) with speed sqrt(2 h g)."""
    def drop(h, g):
        result = integrate.solve_ivp(fall, (0, 10), [h, 0.0], method, args=(g,), events=ground, rtol=1e-9, atol=1e-9)
        return result.t[-1], result.y[:, -1], result.t_events[0], result.y_events[0]

    h, g = 2.0, 9.81
    by_h, by_g = (da.jacobian(drop, i)(h, g) for i in (0, 1))
    time, speed = np.sqrt(2 * h / g), np.sqrt(2 * h * g)
    assert_close(by_h[0], time / (2 * h), 1e-5)
    assert_close(by_g[0], -time / (2 * g), 1e-5)
    assert_close(by_h[1], [0, -speed / (2 * h)], 1e-5, 1e-7)
    assert_close(by_h[2], by_h[0][None], 1e-12)
    assert_close(by_h[3], by_h[1][None], 1e-12)
    if method == "DOP853":
        assert_close(da.derivative(lambda h: drop(h, g)[0], 0, 2)(h), -time / (4 * h**2), 1e-7)
        assert_close(da.derivative(lambda g: drop(h, g)[0], 0, 3)(g), -15 / 8 * time / g**3, 1e-6)


def test_an_event_that_moves_with_its_own_parameter():
    """y = exp(t) reaches c + t at a time with y' = c' + 1; the right-hand side carries no derivative."""
    def crossing(c):
        result = integrate.solve_ivp(lambda t, y: y, (0, 3), [1.0], events=lambda t, y: y[0] - c - t, **TIGHT)
        return result.t_events[0][0]

    t = crossing(2.0)
    assert_close(np.exp(t), 2 + t, 1e-8)
    assert_close(da.derivative(crossing)(2.0), 1 / (np.exp(t) - 1), 1e-7)
    assert_close(da.derivative(crossing, 0, 2)(2.0), -np.exp(t) / (np.exp(t) - 1) ** 3, 1e-6)


def test_several_events_of_a_pendulum():
    """The period of a pendulum of amplitude a is 4 sqrt(l/g) K(sin(a/2)): its derivative by l is half of it over l."""
    def swing(length):
        def bottom(t, y):
            return y[0]

        def top(t, y):
            return y[1]

        result = integrate.solve_ivp(lambda t, y: np.stack([y[1], -9.81 / length * np.sin(y[0])]), (0, 5), [1.0, 0.0],
                                     "DOP853", events=[bottom, top], **TIGHT)
        return result.t_events[0], result.t_events[1][1:]

    quarter = float(mpmath.sqrt(1 / mpmath.mpf("9.81")) * mpmath.ellipk(mpmath.sin(mpmath.mpf(1) / 2) ** 2))
    bottoms, tops = swing(1.0)
    slopes = da.jacobian(swing)(1.0)
    assert_close(bottoms, quarter * (1 + 2 * np.arange(len(bottoms))), 1e-7)
    assert_close(slopes[0], bottoms / 2, 1e-6)
    assert_close(slopes[1], tops / 2, 1e-6)


def test_a_bouncing_ball_of_three_arcs():
    """After two bounces with restitution e: each arc starts at a time that carries derivatives."""
    def third_impact(e):
        def fun(t, y):
            return [y[1], -9.81]

        def hit(t, y):
            return y[0]

        hit.terminal, hit.direction = True, -1
        t, y = 0.0, [2.0, 0.0]
        for _ in range(3):
            arc = integrate.solve_ivp(fun, (t, 20), y, events=hit, max_step=0.5, **TIGHT)
            t, y = arc.t[-1], [0.0 * arc.y[0, -1], -e * arc.y[1, -1]]
        return t

    first = np.sqrt(4 / 9.81)
    e = 0.8
    assert_close(third_impact(e), first * (1 + 2 * e + 2 * e * e), 1e-9)
    assert_close(da.derivative(third_impact)(e), first * (2 + 4 * e), 1e-8)
    assert_close(da.derivative(third_impact, 0, 2)(e), first * 4, 1e-7)


def test_a_run_that_ends_before_its_event():
    def stop(t, y):
        return y[0] - 100

    stop.terminal = True
    slope = da.jacobian(lambda tf: integrate.solve_ivp(growth, (0, tf), [1.0], events=stop, **TIGHT).t)(1.0)
    assert slope[-1] == 1


# ---- error control -------------------------------------------------------------------------------------------------

def forced(t, y, k):
    """The sensitivity by k oscillates fast; the state does not, as k is 0."""
    return -y + k * np.cos(200 * t)


def exact_forced(t):
    return (np.cos(200 * t) + 200 * np.sin(200 * t) - np.exp(-t)) / (1 + 200**2)


@pytest.mark.parametrize("method", METHODS)
def test_sensitivities_are_under_error_control(method):
    f = final(forced, (0, 1.003), [1.0], method, rtol=1e-5, atol=1e-9)
    assert_close(da.derivative(f)(0.0), [exact_forced(1.003)], 0.02)


def test_a_small_sensitivity_is_resolved_whatever_the_unit_of_its_parameter():
    """atol is far above the sensitivity itself, which is 1e-12 of the state."""
    def f(k):
        result = integrate.solve_ivp(lambda t, y: forced(t, y, 1e-12 * k), (0, 1.003), [1.0], rtol=1e-5, atol=1e-6)
        return result.y[0, -1]

    assert_close(da.derivative(f)(0.0), 1e-12 * exact_forced(1.003), 0.02, 0)


def test_sensitivities_can_be_kept_out_of_the_error_test():
    p = np.array([1.5, 1.0, 3.0, 1.0])
    for method in METHODS:
        plain = scipy.integrate.solve_ivp(lotka_volterra, (0, 5), [1.0, 1.0], method, args=(p,), rtol=1e-6)
        number = integrate.solve_ivp(lotka_volterra, (0, 5), [1.0, 1.0], method, args=(da.MultiDual(p, np.eye(4)),),
                                     rtol=1e-6, tangent_atol=np.inf)
        assert_close(number.y.value[:, -1], plain.y[:, -1], 1e-4)
        if method in METHODS[:3]:
            assert number.nfev == plain.nfev
            assert_close(number.y.value, plain.y, 1e-6)


def test_the_value_is_within_the_tolerance_of_the_plain_solution():
    p = np.array([1.5, 1.0, 3.0, 1.0])
    plain = final(lotka_volterra, (0, 10), [1.0, 1.0], **TIGHT)(p)
    number = final(lotka_volterra, (0, 10), [1.0, 1.0], **TIGHT)(da.MultiDual(p, np.eye(4)))
    assert_close(number.value, plain, 1e-7)


# ---- forms of input ------------------------------------------------------------------------------------------------

def test_right_hand_sides_of_all_forms():
    def loop(t, y, k):
        dy = dnp.zeros(2)
        for i in range(2):
            dy[i] = -k * y[i]
        return dy

    forms = [lambda t, y, k: -k * y, lambda t, y, k: [-k * y[0], -k * y[1]], lambda t, y, k: (-k * y[0], -k * y[1]),
             loop, lambda t, y, k: np.array([-k * y[0], -k * y[1]])]
    for fun in forms:
        for method in ("RK45", "Radau"):
            f = final(fun, (0, 1), [1.0, 2.0], method, rtol=1e-7, atol=1e-9)
            assert_close(da.derivative(f)(2.0), -np.exp(-2) * np.array([1, 2]), 1e-5)


def test_vectorized_functions():
    for method in ("RK45", "BDF"):
        f = final(lambda t, y, k: np.stack([-k * y[0], y[0]]), (0, 1), [1.0, 0.0], method, vectorized=True, rtol=1e-7,
                  atol=1e-9)
        assert_close(f(2.0)[0], np.exp(-2), 1e-5)
        assert_close(da.derivative(f)(2.0)[0], -np.exp(-2), 1e-5)


def test_initial_states_as_lists_of_numbers():
    def f(a, b):
        return integrate.solve_ivp(lambda t, y: [y[1], -y[0]], (0, 1), [a, b], **TIGHT).y[0, -1]

    assert_close(da.grad(f, (0, 1))(1.0, 1.0), [np.cos(1), np.sin(1)], 1e-8)


def test_a_parameter_that_matters_only_later():
    """At the start the right-hand side carries no derivative."""
    def f(k):
        return integrate.solve_ivp(lambda t, y: (k if t > 0.5 else 1.0) * y, (0, 1), [1.0], max_step=0.01).y[0, -1]

    assert_close(da.derivative(f)(1.0), 0.5 * np.e, 2e-2)


def test_no_dependence_gives_no_derivative():
    assert da.derivative(lambda k: integrate.solve_ivp(growth, (0, 1), [1.0]).y[0, -1])(2.0) == 0


@pytest.mark.parametrize("method", STIFF)
def test_a_user_s_jacobian_may_be_sparse_constant_or_a_function(method):
    from scipy.sparse import csc_array

    A = np.array([[-50.0, 1.0, 0.0], [1.0, -1.0, 0.5], [0.0, 0.5, -0.1]])

    def f(k, **options):
        return integrate.solve_ivp(lambda t, y, k: k * (A @ y), (0, 1), [1.0, 2.0, 3.0], method, args=(k,), rtol=1e-8,
                                   atol=1e-10, **options).y[:, -1]

    forms = [{}, {"jac": lambda t, y, k: k * A}]
    if method == "LSODA":
        forms += [{"lband": 1, "uband": 1}]
    else:
        forms += [{"jac": A}, {"jac": csc_array(A)}, {"jac": lambda t, y, k: csc_array(k * A)}]
    w, V = np.linalg.eigh(A)
    expected = V @ (w * np.exp(w) * (V.T @ [1.0, 2.0, 3.0]))
    for options in forms:
        assert_close(da.derivative(lambda k, options=options: f(k, **options))(1.0), expected, 2e-6)


@pytest.mark.parametrize("method", STIFF)
def test_many_directions(method):
    """More components than are factorised as a whole."""
    n = 24
    A = np.diag(-np.arange(1.0, n + 1))

    def f(y0):
        return integrate.solve_ivp(lambda t, y: A @ y, (0, 1), y0, method, rtol=1e-6, atol=1e-8).y[:, -1]

    assert_close(da.jacobian(f)(np.ones(n)), np.diag(np.exp(-np.arange(1.0, n + 1))), 1e-3, 1e-6)


@pytest.mark.parametrize("method", STIFF)
def test_blocks_and_the_whole_give_the_same(method, monkeypatch):
    """Systems of all components are solved as a whole if they are small, by blocks otherwise."""
    f = final(robertson, (0, 40), [1.0, 0, 0], method, rtol=1e-6, atol=[1e-8, 1e-14, 1e-6])
    k = np.array([0.04, 1e4, 3e7])
    whole = da.jacobian(f)(k) * k
    second = da.derivative(lambda s: f(k * s), 0, 2)(1.0)
    monkeypatch.setattr("dualad.integrate._stiff._SMALL", 0)
    monkeypatch.setattr("dualad.integrate._stiff._LARGEST_FULL", 0)
    assert_close(da.jacobian(f)(k) * k, whole, 1e-3, 1e-7)
    assert_close(da.derivative(lambda s: f(k * s), 0, 2)(1.0), second, 2e-3, 1e-7)


# ---- errors --------------------------------------------------------------------------------------------------------

def test_errors_name_what_is_wrong():
    k = da.Dual(1.0, 1.0)
    with pytest.raises(ValueError, match="method must be one of"):
        integrate.solve_ivp(growth, (0, 1), [1.0], "Euler")
    with pytest.raises(TypeError, match="args must be a tuple"):
        integrate.solve_ivp(growth, (0, 1), [1.0], args=k.value)
    with pytest.raises(ValueError, match=r"shape of y, \(2,\).*\(3,\)"):
        integrate.solve_ivp(lambda t, y: k * np.ones(3), (0, 1), [1.0, 2.0])
    with pytest.raises(ValueError, match="y0 must have one dimension"):
        integrate.solve_ivp(growth, (0, 1), da.Dual(1.0, 1.0))
    with pytest.raises(ValueError, match="derivatives must be finite"):
        integrate.solve_ivp(growth, (0, 1), da.Dual([1.0], [np.nan]))
    with pytest.raises(ValueError, match="tangent_atol"):
        integrate.solve_ivp(lambda t, y: k * y, (0, 1), [1.0], tangent_atol=-1.0)
    with pytest.raises(ValueError, match="jac must have shape"):
        integrate.solve_ivp(lambda t, y: k * y, (0, 1), [1.0], "BDF", jac=np.eye(2))
    with pytest.raises(ValueError):
        integrate.solve_ivp(lambda t, y: k * y, (0, 1), [1.0], t_eval=[2.0])
    with pytest.raises(TypeError, match="fun must return numbers"):
        integrate.solve_ivp(lambda t, y: None, (0, 1), [1.0])
    with pytest.raises(TypeError):
        integrate.solve_ivp(lambda t, y: [float(k * y[0])], (0, 1), [1.0])


@pytest.mark.parametrize("factor", [1.0, da.Dual(1.0, 1.0)])
@pytest.mark.parametrize("method", METHODS)
def test_nan_does_not_hang(factor, method):
    with pytest.raises(ValueError, match="NaN or infinity at the start"):
        integrate.solve_ivp(lambda t, y: factor * np.nan * y, (0, 1), [1.0], method)


def test_nan_on_the_way_is_a_failure():
    k = da.Dual(1.0, 1.0)
    assert not integrate.solve_ivp(lambda t, y: k * y * (1.0 if t < 0.5 else np.nan), (0, 1), [1.0]).success


def test_every_public_name_of_scipy_is_here():
    missing = [name for name in scipy.integrate.__all__ if name != "test" and not hasattr(integrate, name)]
    assert not missing


def test_solutions_made_of_interpolants_are_those_of_scipy():
    found = scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0], dense_output=True).sol
    made = integrate.OdeSolution(found.ts, found.interpolants)
    np.testing.assert_array_equal(made([0.25, 0.5]), found([0.25, 0.5]))
    with pytest.raises(TypeError, match="knows no right-hand side"):
        made(da.Dual(0.5, 1.0))
