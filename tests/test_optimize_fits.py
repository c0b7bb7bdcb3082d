"""optimize.least_squares, curve_fit, leastsq, minimize: SciPy's results, certified fits, derivatives of solutions."""

import inspect

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint
from scipy.sparse.linalg import aslinearoperator

import dualad as da
from dualad import demo, optimize
from dualad.optimize import rosen

T = np.linspace(0.0, 3.0, 12)
P = np.array([2.0, 0.7, 0.3])
NOISE = 0.05 * np.cos(7 * np.arange(12.0) ** 2)


def model(t, a, b, c):
    return a * np.exp(-b * t) + c


Y = model(T, *P) + NOISE


def residuals(p, y):
    return model(T, *p) - y


def central(f, x, h=1e-4):
    """Fourth-order differences along each element of x."""
    columns = []
    for e in np.eye(x.size):
        a, b, c, d = (f(x + k * h * e) for k in (-2, -1, 1, 2))
        columns.append((a - 8 * b + 8 * c - d) / (12 * h))
    return np.stack(columns, -1)


# ---- certified fits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", demo.MODELS)
def test_nist_fits(name, start):
    problem, f = demo.load(name), demo.MODELS[name]
    with np.errstate(all="ignore"):
        fit = optimize.least_squares(lambda b: f(b, problem.x) - problem.y, problem.starts[start])
        popt, pcov = optimize.curve_fit(lambda x, *b: f(b, x), problem.x, problem.y, p0=problem.starts[start])
    assert fit.success
    for values in (fit.x, popt):
        assert demo.agreeing_digits(values, problem.values).min() >= 8
    # float64 leaves the residuals of Lanczos1, whose data are exact to 13 digits, less than four digits
    enough = 2 if name == "Lanczos1" else 8
    assert demo.agreeing_digits(np.sqrt(np.diag(pcov)), problem.deviations).min() >= enough


def test_fits_do_not_end_on_a_plateau():
    """NIST's BoxBOD from the first start, where MINPACK runs to where the model is constant."""
    t, y = np.array([1.0, 2, 3, 5, 7, 10]), np.array([109.0, 149, 149, 191, 213, 224])
    popt, pcov = optimize.curve_fit(lambda t, a, b: a * (1 - np.exp(-b * t)), t, y, [1.0, 1.0])
    np.testing.assert_allclose(popt, [2.1380940889e02, 5.4723748542e-01], rtol=1e-10)
    np.testing.assert_allclose(np.sqrt(np.diag(pcov)), [1.2354515176e01, 1.0455993237e-01], rtol=1e-9)


KOWALIK = np.array([
    [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246],
    [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]])
BARD = np.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])


def bard(x):
    u = np.arange(1.0, 16.0)
    v = 16 - u
    return BARD - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


def box(x):
    t = np.arange(1, 11) / 10
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


def brown_dennis(x):
    t = np.arange(1, 21) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


def gulf(x):
    t = np.arange(1, 100) / 100
    y = 25 + (-50 * np.log(t)) ** (2 / 3)
    return np.exp(-np.abs(y - x[1]) ** x[2] / x[0]) - t


def kowalik_osborne(x):
    y, u = KOWALIK
    return y - x[0] * (u * u + u * x[1]) / (u * u + u * x[2] + x[3])


MORE_GARBOW_HILLSTROM = {  # residuals, start, published least sum of squares
    "beale": (lambda x: np.array([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** np.array([1, 2, 3])), [1, 1], 0.0),
    "jennrich_sampson": (lambda x: 2 + 2 * np.arange(1, 11) - np.exp(np.arange(1, 11) * x[0])
                         - np.exp(np.arange(1, 11) * x[1]), [0.3, 0.4], 124.362),
    "bard": (bard, [1, 1, 1], 8.21487e-3),
    "box_three_dimensional": (box, [0, 10, 20], 0.0),
    "brown_badly_scaled": (lambda x: np.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2]), [1, 1], 0.0),
    "brown_dennis": (brown_dennis, [25, 5, -5, -1], 85822.2),
    "gulf": (gulf, [5, 2.5, 0.15], 0.0),
    "kowalik_osborne": (kowalik_osborne, [0.25, 0.39, 0.415, 0.39], 3.07505e-4),
}


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
@pytest.mark.parametrize("name", MORE_GARBOW_HILLSTROM)
def test_published_least_squares(name, method):
    """J. J. More, B. S. Garbow and K. E. Hillstrom, ACM Trans. Math. Softw. 7 (1981) 17-41."""
    fun, start, least = MORE_GARBOW_HILLSTROM[name]
    fit = optimize.least_squares(fun, np.array(start, float), method=method)
    assert fit.success and abs(2 * fit.cost - least) <= 1e-5 * least + 1e-20


# ---- least squares ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares_is_scipys(method):
    mine = optimize.least_squares(residuals, [1.0, 1.0, 0.0], method=method, args=(Y,))
    theirs = scipy.optimize.least_squares(residuals, [1.0, 1.0, 0.0], method=method, args=(Y,), jac="3-point")
    np.testing.assert_allclose(mine.x, theirs.x, rtol=1e-5)
    assert mine.success and mine.keys() == theirs.keys()
    exact = da.jacobian(residuals)(mine.x, Y)
    np.testing.assert_array_equal(mine.jac, exact)
    assert np.abs(exact.T @ mine.fun).max() < 1e-14


def test_arguments_of_least_squares():
    by_keyword = optimize.least_squares(lambda p, *, y: residuals(p, y), [1.0, 1.0, 0.0], kwargs={"y": Y})
    np.testing.assert_allclose(by_keyword.x, optimize.least_squares(residuals, [1.0, 1, 0], args=(Y,)).x, rtol=1e-12)
    calls = []

    def jac(p, y):
        calls.append(p)
        return da.jacobian(residuals)(p, y)

    assert optimize.least_squares(residuals, [1.0, 1, 0], jac, args=(Y,)).success and calls
    assert optimize.least_squares(residuals, [1.0, 1, 0], "3-point", args=(Y,)).success
    assert optimize.least_squares(lambda x: x[0] ** 2 - 2, [1.0]).x == pytest.approx(np.sqrt(2))
    with pytest.raises(ValueError, match="bounds|infeasible"):
        optimize.least_squares(residuals, [1.0, 1, 0], bounds=(2, 3), args=(Y,))
    parameters = inspect.signature(scipy.optimize.least_squares).parameters
    assert set(parameters) <= set(inspect.signature(optimize.least_squares).parameters)


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_schemes_operators_and_bad_jacobians(method):
    expected = optimize.least_squares(residuals, [1.0, 1, 0], method=method, args=(Y,)).x
    for scheme in ("2-point", "3-point", "cs"):
        fit = optimize.least_squares(residuals, [1.0, 1, 0], scheme, method=method, args=(Y,))
        np.testing.assert_allclose(fit.x, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="jac"):
        optimize.least_squares(residuals, [1.0, 1, 0], "4-point", method=method, args=(Y,))
    with pytest.raises(ValueError, match="real"):
        optimize.least_squares(residuals, [1.0j, 1, 0], method=method, args=(Y,))
    if method != "lm":
        fit = optimize.least_squares(lambda x: x**2 - 2, np.ones(3), lambda x: aslinearoperator(np.diag(2 * x)),
                                     method=method)
        np.testing.assert_allclose(fit.x, np.sqrt(2), rtol=1e-12)
        assert optimize.least_squares(lambda x: x + 1, [0.5, 0.5], bounds=(0, 1), method=method).active_mask.all()


def test_a_fit_that_overflows_on_its_way():
    x = np.array([1.0, 2, 3, 5, 7, 10])
    y = np.array([109.0, 149, 149, 191, 213, 224])
    with np.errstate(all="ignore"):
        fit = optimize.least_squares(lambda b: b[0] * (1 - np.exp(-b[1] * x)) - y, [1.0, 1.0], method="lm")
    assert fit.success or "exceeded" in fit.message
    assert optimize.least_squares(residuals, [1.0, 1, 0], ftol=None, xtol=None, args=(Y,)).success


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_derivatives_of_a_fit(method):
    def fit(y):
        return optimize.least_squares(residuals, [1.0, 1.0, 0.0], method=method, args=(y,)).x

    jacobian = da.jacobian(fit)(Y)
    np.testing.assert_allclose(jacobian, central(fit, Y), rtol=1e-7, atol=1e-9)

    def along(s):
        return optimize.least_squares(lambda p: residuals(p, Y + s * NOISE), [1.0, 1.0, 0.0], method=method).x

    second = da.derivative(along, order=2)(0.0)
    differences = central(lambda s: da.derivative(along)(s[0]), np.zeros(1))[:, 0]
    np.testing.assert_allclose(second, differences, rtol=1e-6)


@pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy", "arctan"])
def test_derivatives_of_robust_fits(loss):
    def fit(y):
        return optimize.least_squares(residuals, [2.0, 1.0, 0.0], loss=loss, f_scale=0.03, args=(y,))

    rho = {"soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1), "cauchy": np.log1p, "arctan": np.arctan,
           "huber": lambda z: np.where(z > 1, 2 * np.sqrt(z) - 1, z)}[loss]

    def minimum(y):
        slope = da.grad(lambda p: np.sum(rho((residuals(p, y) / 0.03) ** 2)))
        return optimize.root(slope, fit(Y).x, method="newton", tol=1e-9).x

    np.testing.assert_allclose(da.jacobian(lambda y: fit(y).x)(Y), central(minimum, Y, 1e-6), rtol=1e-5, atol=1e-6)
    cost, slope = da.jvp(lambda y: fit(y).cost, (Y,), (NOISE,))
    assert float(cost) == pytest.approx(fit(Y).cost, rel=1e-12)
    differences = (fit(Y + 1e-5 * NOISE).cost - fit(Y - 1e-5 * NOISE).cost) / 2e-5
    assert float(slope) == pytest.approx(differences, rel=1e-6)


def test_losses_and_their_scale_carry_derivatives():
    def scaled(a):
        return optimize.least_squares(residuals, [2.0, 1.0, 0.0], loss="soft_l1", f_scale=a[0], x_scale=a, args=(Y,)).x

    scale = np.array([0.03, 1.0, 1.0])
    np.testing.assert_allclose(da.jacobian(scaled)(scale)[:, 0], central(scaled, scale, 1e-5)[:, 0], rtol=1e-5)

    def own(a):
        def loss(z):
            return np.stack([np.log1p(a * z), a / (1 + a * z), -((a / (1 + a * z)) ** 2)])

        return optimize.least_squares(residuals, [2.0, 1.0, 0.0], loss=loss, args=(Y,)).x

    np.testing.assert_allclose(da.derivative(own)(50.0), central(lambda a: own(a[0]), np.array([50.0]), 1e-3)[:, 0],
                               rtol=1e-5)


def test_a_parameter_at_its_bound_moves_with_the_bound():
    def fit(upper, y=Y):
        bounds = ([-np.inf] * 3, np.array([1.0, 0.0, 0.0]) * upper + np.array([0.0, 9.0, 9.0]))
        return optimize.least_squares(residuals, [1.0, 1.0, 0.0], bounds=bounds, args=(y,)).x

    assert fit(1.5)[0] == pytest.approx(1.5)
    np.testing.assert_array_equal(da.value_and_jacobian(fit)(1.5)[0], fit(1.5))
    slope = da.derivative(fit)(1.5)
    assert float(slope[0]) == 1.0
    np.testing.assert_allclose(slope, (fit(1.5 + 1e-4) - fit(1.5 - 1e-4)) / 2e-4, rtol=1e-3)
    jacobian = da.jacobian(lambda y: fit(1.5, y))(Y)
    np.testing.assert_array_equal(jacobian[0], 0)

    def others(y):
        return optimize.least_squares(lambda q: model(T, 1.5, *q) - y, fit(1.5)[1:]).x

    np.testing.assert_allclose(jacobian[1:], central(others, Y), rtol=1e-6, atol=1e-8)


def test_leastsq_is_scipys():
    mine = optimize.leastsq(residuals, [1.0, 1.0, 0.0], args=(Y,), full_output=True)
    theirs = scipy.optimize.leastsq(residuals, [1.0, 1.0, 0.0], args=(Y,), full_output=True)
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-6)
    np.testing.assert_allclose(mine[1], theirs[1], rtol=1e-5)
    transposed = optimize.leastsq(residuals, [1.0, 1, 0], (Y,), lambda p, y: da.jacobian(residuals)(p, y).T,
                                  col_deriv=True)
    np.testing.assert_allclose(transposed[0], mine[0], rtol=1e-7)
    jacobian = da.jacobian(lambda y: optimize.leastsq(residuals, [1.0, 1.0, 0.0], args=(y,))[0])(Y)
    expected = da.jacobian(lambda y: optimize.least_squares(residuals, [1.0, 1.0, 0.0], args=(y,)).x)(Y)
    np.testing.assert_allclose(jacobian, expected, rtol=1e-10)


# ---- curve_fit -------------------------------------------------------------------------------------------------------


COVARIANCE = 0.01 * (np.eye(12) + 0.3 * np.eye(12, k=1) + 0.3 * np.eye(12, k=-1))


@pytest.mark.parametrize("kwargs", [
    {}, {"method": "lm"}, {"method": "dogbox"}, {"sigma": np.linspace(0.1, 0.4, 12)}, {"sigma": 0.2},
    {"sigma": COVARIANCE, "absolute_sigma": True}, {"p0": [1.0, 2.0, 3.0], "bounds": (0, [3.0, 5.0, 9.0])},
    {"bounds": Bounds([0, 0, 0], [4, 5, 6])}, {"check_finite": False}, {"maxfev": 500},
], ids=str)
def test_curve_fit_is_scipys(kwargs):
    popt, pcov = optimize.curve_fit(model, T, Y, **kwargs)
    expected = scipy.optimize.curve_fit(model, T, Y, **kwargs)
    np.testing.assert_allclose(popt, expected[0], rtol=1e-5)
    np.testing.assert_allclose(pcov, expected[1], rtol=1e-4)


@pytest.mark.parametrize("bounds", [(0.0, [1.0, 0.6, 9.0]), ([0.0, 1.0, 0.0], np.inf), Bounds(0.0, 9.0)])
def test_curve_fit_by_lm_refuses_bounds(bounds):
    with pytest.raises(ValueError, match="'lm' only works for unconstrained problems. Use 'trf' or 'dogbox'"):
        optimize.curve_fit(model, T, Y, bounds=bounds, method="lm")
    free = optimize.curve_fit(model, T, Y, bounds=(-np.inf, np.inf), method="lm")
    np.testing.assert_array_equal(free[0], optimize.curve_fit(model, T, Y, method="lm")[0])


def test_further_results_and_errors_of_curve_fit():
    popt, pcov, info, message, status = optimize.curve_fit(model, T, Y, full_output=True)
    assert info["nfev"] > 0 and info["fvec"].shape == T.shape and isinstance(message, str) and status in (1, 2, 3, 4)
    theirs = scipy.optimize.curve_fit(model, T, Y, full_output=True)[2]
    assert info.keys() == theirs.keys() and np.ptp(info["ipvt"] - theirs["ipvt"]) == 0
    np.testing.assert_allclose(np.abs(np.triu(info["fjac"].T[:3])), np.abs(np.triu(theirs["fjac"].T[:3])), rtol=1e-5)
    with pytest.warns(scipy.optimize.OptimizeWarning, match="Covariance"):
        assert np.all(np.isinf(optimize.curve_fit(lambda t, a, b: a * b * t, T, Y)[1]))
    with_nan = np.where(np.arange(12) == 3, np.nan, Y)
    omitted = optimize.curve_fit(model, T, with_nan, nan_policy="omit", sigma=np.ones(12))[0]
    np.testing.assert_allclose(omitted, optimize.curve_fit(model, np.delete(T, 3), np.delete(Y, 3))[0], rtol=1e-9)
    with pytest.raises(ValueError, match="infs or NaNs"):
        optimize.curve_fit(model, T, with_nan)
    with pytest.raises(ValueError, match="nan"):
        optimize.curve_fit(model, T, with_nan, nan_policy="raise")
    with pytest.raises(ValueError, match="number of fit parameters"):
        optimize.curve_fit(lambda t: t, T, Y)
    with pytest.raises(ValueError, match="incorrect shape"):
        optimize.curve_fit(model, T, Y, sigma=np.ones(5))
    with pytest.raises(ValueError, match="positive definite"):
        optimize.curve_fit(model, T, Y, sigma=-np.eye(12))
    with pytest.raises(TypeError, match="must not exceed"):
        optimize.curve_fit(model, T[:2], Y[:2])
    with pytest.raises(RuntimeError, match="Optimal parameters not found"):
        optimize.curve_fit(model, T, Y, maxfev=1)
    with pytest.warns(scipy.optimize.OptimizeWarning, match="Covariance"):
        assert np.all(np.isinf(optimize.curve_fit(model, T[:3], model(T[:3], *P))[1]))
    jac = optimize.curve_fit(model, T, Y, jac=lambda t, a, b, c: np.stack([np.exp(-b * t), -a * t * np.exp(-b * t),
                                                                          np.ones_like(t)], -1), sigma=np.full(12, 0.1))
    np.testing.assert_allclose(jac[0], popt, rtol=1e-9)


def test_the_method_of_curve_fit():
    """MINPACK's without bounds; another where it fails, or for arguments that it does not have."""
    hard = [2.1, 3.7, -2.6]
    with pytest.raises(RuntimeError, match="Optimal parameters not found"):
        optimize.curve_fit(model, T, Y, hard, method="lm")
    np.testing.assert_allclose(optimize.curve_fit(model, T, Y, hard)[0], optimize.curve_fit(model, T, Y)[0], rtol=1e-9)
    robust = optimize.curve_fit(model, T, Y, loss="soft_l1", f_scale=0.1)[0]
    wanted = optimize.least_squares(residuals, np.ones(3), args=(Y,), loss="soft_l1", f_scale=0.1).x
    np.testing.assert_allclose(robust, wanted, rtol=1e-12)


def test_a_start_where_the_model_is_not_finite():
    """SciPy returns such a start as the fit."""
    def f(t, a, b):
        return np.log(a + b * t)

    with pytest.raises(ValueError, match="not finite"):
        optimize.curve_fit(f, T, f(T, *P[:2]), [-1.0, 0.5])
    with pytest.raises(RuntimeError, match="not finite"):
        optimize.curve_fit(f, T, f(T, *P[:2]), [-1.0, 0.5], method="lm")


@pytest.mark.parametrize("sigma", [None, np.linspace(0.1, 0.4, 12), COVARIANCE], ids=["none", "errors", "covariance"])
def test_parameters_and_covariances_have_derivatives(sigma):
    for which in (0, 1):
        def fit(y, which=which):
            return optimize.curve_fit(model, T, y, sigma=sigma)[which]

        np.testing.assert_array_equal(da.value_and_jacobian(fit)(Y)[0], fit(Y))

        np.testing.assert_allclose(da.jacobian(fit)(Y), central(fit, Y), rtol=1e-6, atol=1e-8)
    if sigma is not None:
        def scaled(s):
            return optimize.curve_fit(model, T, Y, sigma=sigma + s * np.diag(np.diag(sigma)) if sigma.ndim == 2
                                      else sigma * (1 + s * T))[0]

        differences = central(lambda s: scaled(s[0]), np.zeros(1))[:, 0]
        np.testing.assert_allclose(da.derivative(scaled)(0.0), differences, rtol=1e-6)
    moved = da.derivative(lambda s: optimize.curve_fit(model, T + s, Y)[0])(0.0)
    a, b, _ = optimize.curve_fit(model, T, Y)[0]
    np.testing.assert_allclose(moved, [a * b, 0.0, 0.0], atol=1e-10)

    def by_hand(s):
        def jac(t, a, b):
            return np.stack([t, s + 0 * t], -1)

        return optimize.curve_fit(lambda t, a, b: a * t + b * s, T, Y, jac=jac)[0]

    np.testing.assert_allclose(da.derivative(by_hand)(2.0), [0.0, -by_hand(2.0)[1] / 2], atol=1e-12)


# ---- minimize --------------------------------------------------------------------------------------------------------


GRADIENT = ("CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "dogleg", "trust-ncg", "trust-krylov", "trust-exact",
            "trust-constr")
FREE = ("Nelder-Mead", "Powell", "COBYLA")
CONSTRAINED = ["SLSQP", "trust-constr", "COBYLA"]
CONSTRAINED += ["COBYQA"] if tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 14) else []


def valley(x, a):
    return (a[0] - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2 + a[1] * np.sin(x[1]) * 0.1


A = np.array([0.5, 1.0])


@pytest.mark.parametrize("method", [None, *GRADIENT, *FREE])
def test_every_method_finds_the_minimum_and_its_derivatives(method):
    def best(a, tol=None):
        return optimize.minimize(valley, [0.4, 0.2], args=(a,), method=method, tol=tol)

    exact = optimize.minimize(valley, [0.4, 0.2], args=(A,), method="trust-exact", tol=1e-12)
    np.testing.assert_allclose(best(A).x, exact.x, atol=5e-3)
    jacobian = da.jacobian(lambda a: best(a).x)(A)

    def reference(a):
        return optimize.root(da.grad(valley), exact.x, args=(a,)).x

    np.testing.assert_allclose(jacobian, central(reference, A), rtol=1e-6, atol=1e-8)
    # the envelope theorem
    np.testing.assert_allclose(da.grad(lambda a: best(a, 1e-10 if method in GRADIENT else None).fun)(A),
                               [2 * (A[0] - exact.x[0]), 0.1 * np.sin(exact.x[1])], rtol=1e-2, atol=1e-3)


def test_second_derivatives_of_a_minimiser():
    def best(a):
        return optimize.minimize(valley, [0.4, 0.2], args=(a,), tol=1e-10).x

    second = da.jacobian(da.jacobian(best))(A)
    np.testing.assert_allclose(second, central(da.jacobian(best), A), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("method", ["Newton-CG", "trust-exact", "BFGS", "trust-ncg"])
def test_exact_derivatives_save_evaluations(method):
    calls = []

    def counted(x):
        calls.append(isinstance(x, np.ndarray))
        return rosen(x) if isinstance(x, np.ndarray) else np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    best = optimize.minimize(counted, np.full(5, 0.8), method=method)
    np.testing.assert_allclose(best.x, 1, atol=1e-4)
    # value and gradient at one point come from one evaluation
    assert len(calls) <= max(best.nfev, best.njev) + best.get("nhev", 0)


def test_given_derivatives_are_taken():
    both = optimize.minimize(lambda x: (np.sum((x - 1) ** 2), 2 * (x - 1)), [3.0, 4.0], jac=True, method="BFGS")
    np.testing.assert_allclose(both.x, 1)
    calls = []

    def hess(x, a):
        calls.append(a)
        return 2 * np.eye(2)

    best = optimize.minimize(lambda x, a: np.sum((x - a) ** 2), [3.0, 4.0], args=(2.0,), method="trust-exact",
                             hess=hess)
    np.testing.assert_allclose(best.x, 2)
    assert calls == [2.0] * len(calls) and calls
    for scheme in ("2-point", "3-point", "cs"):
        np.testing.assert_allclose(optimize.minimize(rosen, [0.8, 0.9], jac=scheme).x, 1, atol=1e-4)
    seen = []

    def pair(x):
        seen.append(float(x[0]))
        return np.sum((x - 1) ** 2), 2 * (x - 1)

    assert optimize.minimize(pair, [3.0, 4.0], jac=True).nfev == len(seen)


def test_bad_input_of_minimize():
    with pytest.raises(ValueError, match="scalar"):
        optimize.minimize(lambda x: x**2, [1.0, 2.0])
    with pytest.raises(TypeError, match="complex"):
        optimize.minimize(lambda x: x[0] + 1j, [1.0, 2.0])
    with pytest.raises(TypeError, match="complex"):
        optimize.minimize(rosen, [1.0, 2.0j])
    with pytest.raises(ValueError, match="jac must be"):
        optimize.minimize(rosen, [1.0, 2.0], jac="4-point")
    with pytest.raises(TypeError, match="plain numbers"):
        optimize.minimize(lambda x: float(np.sum(getattr(x, "value", x) ** 2)), [1.0, 2.0])


@pytest.mark.parametrize("method", [*GRADIENT, "Nelder-Mead", "Powell"])
def test_no_success_without_a_finite_value(method):
    with np.errstate(all="ignore"):
        assert not optimize.minimize(lambda x: np.nan, [1.0, 2.0], method=method, options={"maxiter": 50}).success
        best = optimize.minimize(lambda x: -(x[0] ** 2) + x[1], [-1.2, 1.0], method=method, options={"maxiter": 50})
    assert not best.success or np.isfinite(best.fun)


def test_constraints_and_starts_in_every_form():
    assert optimize.minimize(rosen, [0.9, 0.8], constraints=None).success
    kinds = []
    optimize.minimize(lambda x: kinds.append(x.dtype) or np.sum(x), np.float32([1.0, 2.0]), method="Nelder-Mead",
                      options={"maxiter": 3})
    assert set(kinds) == {np.dtype(np.float32)}

    def own(fun, x0, args=(), constraints=None, **options):
        return scipy.optimize.OptimizeResult(x=x0, fun=fun(x0), constraints=constraints)

    assert optimize.minimize(rosen, [1.0, 2.0], method=own, constraints="mine").constraints == "mine"


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_constraints_whose_numbers_hide_in_objects(method):
    class Line:
        def __init__(self, level):
            self.level = level

        def miss(self, x):
            return x[0] + x[1] - self.level

    def best(level):
        return optimize.minimize(lambda x: x[0] ** 2 + 2 * x[1] ** 2, [1.0, 1.0], method=method,
                                 constraints={"type": "eq", "fun": Line(level).miss}).x

    np.testing.assert_allclose(da.derivative(best)(1.0), [2 / 3, 1 / 3], rtol=1e-9)


@pytest.mark.parametrize("method", CONSTRAINED)
def test_bounds_and_constraints_that_hold_together(method):
    # x0 stays at its bound q0, and x1 = q1 - q0
    def best(q):
        return optimize.minimize(lambda x: x[0] ** 2 + x[1] ** 2, [0.1, 1.0], method=method, bounds=[(0, q[0]), (0, 5)],
                                 constraints=NonlinearConstraint(lambda x: x[0] + x[1], q[1], np.inf)).x

    value, slope = da.value_and_jacobian(best)(np.array([0.2, 1.0]))
    np.testing.assert_array_equal(value, best(np.array([0.2, 1.0])))
    np.testing.assert_allclose(slope, [[1.0, 0.0], [-1.0, 1.0]], atol=1e-9)


@pytest.mark.parametrize("method", CONSTRAINED)
def test_a_curved_constraint_to_second_order(method):
    # the lowest point x0 = x1 = -sqrt(a / 2) of a plane over a disc
    def best(a):
        return optimize.minimize(lambda x: x[0] + x[1], [-1.0, -1.5], method=method,
                                 constraints=NonlinearConstraint(lambda x: x[0] ** 2 + x[1] ** 2, -np.inf, a)).x

    np.testing.assert_allclose(da.derivative(best)(2.0), [-0.25, -0.25], rtol=1e-9)
    np.testing.assert_allclose(da.derivative(best, order=2)(2.0), [0.0625, 0.0625], rtol=1e-8)


def test_a_limit_that_is_near_but_does_not_press():
    def best(a):
        return optimize.minimize(lambda x: (x[0] - a) ** 2 + 2 * x[1] ** 2, [0.5, 1.0], method="SLSQP",
                                 bounds=[(None, 1.002), (None, None)],
                                 constraints={"type": "ineq", "fun": lambda x: 1.001 - x[0]}).x

    np.testing.assert_allclose(da.derivative(best)(1.0), [1.0, 0.0], atol=1e-9)


@pytest.mark.parametrize("method", ["L-BFGS-B", "TNC", "SLSQP", "trust-constr"])
@pytest.mark.parametrize("as_object", [False, True])
def test_active_bounds(method, as_object):
    def best(low, a):
        bounds = Bounds(np.array([1.0, 0.0]) * low + np.array([0.0, -5.0]), np.array([5.0, 5.0])) if as_object else \
            [(low, 5.0), (None, 5.0)]
        return optimize.minimize(valley, [2.0, 1.0], args=(a,), method=method, bounds=bounds, tol=1e-9).x

    slope = da.derivative(best)(0.9, A)
    x = best(0.9, A)
    assert x[0] == pytest.approx(0.9, abs=1e-5) and float(slope[0]) == 1.0
    # the second element solves 20 (x1 - x0^2) + 0.1 cos(x1) = 0
    assert float(slope[1]) == pytest.approx(40 * x[0] / (20 - 0.1 * np.sin(x[1])), rel=1e-5)
    assert float(da.jacobian(best, argnums=1)(0.9, A)[0, 0]) == 0.0


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr", "COBYLA"])
@pytest.mark.parametrize("form", ["dict", "nonlinear", "linear"])
def test_active_constraints(method, form):
    # nearest point to the origin on x + 2 y >= s is s (1, 2) / 5
    def best(s):
        if form == "linear":
            constraint = LinearConstraint([[1.0, 2.0]], 1.0, np.inf)
        elif form == "dict":
            constraint = {"type": "ineq", "fun": lambda x: x[0] + 2 * x[1] - s}
        else:
            constraint = NonlinearConstraint(lambda x: x[0] + 2 * x[1], s, np.inf)
        return optimize.minimize(lambda x: s * np.sum(x * x), [2.0, 3.0], method=method, constraints=constraint,
                                 tol=1e-10).x

    np.testing.assert_allclose(best(1.0), [0.2, 0.4], atol=1e-5)
    expected = [0.0, 0.0] if form == "linear" else [0.2, 0.4]
    np.testing.assert_allclose(da.derivative(best)(1.0), expected, atol=1e-8)


def test_no_derivative_where_there_is_none():
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        da.derivative(lambda a: optimize.minimize(lambda x: a * (x[0] + x[1] - 1) ** 2, [0.0, 3.0]).x)(1.0)
    with pytest.raises(np.linalg.LinAlgError, match="did not end at a root|singular"):
        da.derivative(lambda a: optimize.minimize(lambda x: a * np.sqrt(1 + x[0] ** 2), [1e6],
                                                  options={"maxiter": 1}).x)(1.0)


# ---- every number type -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solve", [
    lambda y: optimize.least_squares(residuals, [1.0, 1.0, 0.0], args=(y,)).x,
    lambda y: optimize.least_squares(residuals, [1.0, 1.0, 0.0], args=(y,)).cost,
    lambda y: optimize.curve_fit(model, T, y)[0],
    lambda y: optimize.curve_fit(model, T, y)[1],
    lambda y: optimize.minimize(lambda p: np.sum(residuals(p, y) ** 2), [1.0, 1.0, 0.0]).x,
    lambda y: optimize.newton(lambda x: x**3 + x - y, np.ones(12)),
    lambda y: optimize.newton(lambda x: x**3 + x - y[0], 1.0),
    lambda y: optimize.newton(lambda x: np.stack([x[:, 0] ** 3 + x[:, 0] - y, x[:, 1] + x[:, 0] * y], -1),
                              np.ones((12, 2))),
], ids=["least_squares", "cost", "curve_fit", "covariance", "minimize", "newton", "one equation", "systems"])
def test_power_series_and_hyper_dual_numbers_agree_with_nesting(solve):
    series = solve(da.Taylor(np.stack([Y, NOISE, 0 * Y, 0 * Y]))).coefficients
    hyper = solve(da.HyperDual(Y, NOISE, NOISE, np.zeros(12)))
    nested = [da.derivative(lambda s: solve(Y + s * NOISE), order=k)(0.0) for k in range(4)]
    for k, factorial in enumerate([1, 1, 2, 6]):
        np.testing.assert_allclose(series[k], nested[k] / factorial, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(hyper.e1, nested[1], rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(hyper.e12, nested[2], rtol=1e-9, atol=1e-12)


def test_fewer_residuals_than_unknowns_with_jacobian_by_the_user():
    """Whatever the bounds cut off; the last steps are those of least norm."""
    fit = optimize.least_squares(lambda x: 10 * (x[1:] - x[:1] ** 2), [-2.0, 1.0],
                                 jac=lambda x: np.array([[-20 * x[0], 10.0]]))
    assert fit.success and abs(fit.x[1] - fit.x[0] ** 2) < 1e-14
    exact = optimize.least_squares(lambda x: 10 * (x[1:] - x[:1] ** 2), [-2.0, 1.0])
    np.testing.assert_allclose(exact.x, fit.x, rtol=1e-6)


def test_functions_are_not_evaluated_twice_at_a_point():
    seen = []

    def line(t, a, b):
        seen.append((float(a), float(b)))
        return a * t + b

    t = np.linspace(0, 3, 30)
    optimize.curve_fit(line, t, 3 * t + 5, [1.0, 4.0], jac=lambda t, a, b: np.stack([t, np.ones_like(t)], -1))
    assert all(before != after for before, after in zip(seen, seen[1:], strict=False))
