"""Functions of SciPy with versions here, called by SciPy's own names under interception."""

import functools
import sys

import numpy as np
import pytest
import scipy.fft
import scipy.integrate
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.signal
import scipy.sparse.linalg
import scipy.special
import scipy.stats
from scipy.linalg import cho_factor, cho_solve

import dualad as da
import dualad.linalg
from conftest import assert_close
from dualad._scipy import carries

A = np.array([[2.0, 1.0], [1.0, 3.0]])
X = np.array([0.3, 0.7])
MODULES = ("scipy.linalg", "scipy.optimize", "scipy.integrate", "scipy.special", "scipy.sparse.linalg",
           "scipy.stats._multivariate", "scipy.stats._continuous_distns", "scipy.fft", "scipy.signal", "scipy.ndimage")
BEFORE = {name: dict(vars(sys.modules[name])) for name in MODULES if name in sys.modules}


@pytest.fixture(autouse=True)
def scipy_is_restored():
    yield
    for name, before in BEFORE.items():
        now = vars(sys.modules[name])
        assert not [n for n in before if now.get(n) is not before[n]]


def intercepted(f, x=X):
    """Value, which must be SciPy's, and Jacobian."""
    y, jacobian = da.value_and_jacobian(f, intercept=True)(x)
    assert np.array_equal(y, f(x))
    return jacobian


def test_linear_algebra():
    solution = np.linalg.solve(A + np.diag(X), X)
    expected = np.linalg.solve(A + np.diag(X), np.eye(2) - np.diag(solution))
    assert_close(intercepted(lambda x: scipy.linalg.solve(A + np.diag(x), x)), expected)
    assert_close(intercepted(lambda x: cho_solve(cho_factor(A + np.diag(x)), x)), expected)
    assert_close(intercepted(lambda x: scipy.linalg.expm(np.diag(x))[0, 0]), [np.exp(0.3), 0.0])
    sparse = scipy.sparse.csc_array(A)
    assert_close(intercepted(lambda x: scipy.sparse.linalg.spsolve(sparse, x)), np.linalg.inv(A))


def test_solvers():
    def cube_root(a):
        return scipy.optimize.brentq(lambda t: t**3 - a, 0, 3)

    def amount(k):
        return scipy.integrate.quad(lambda t: np.exp(-k * t), 0, np.inf)[0]

    def decay(k):
        return scipy.integrate.solve_ivp(lambda t, y: -k * y, (0, 1), [1.0], rtol=1e-10, atol=1e-12).y[0, -1]

    assert_close(da.derivative(cube_root, intercept=True)(8.0), 1 / 12)
    assert_close(da.derivative(amount, intercept=True)(2.0), -0.25, 1e-7)
    assert_close(da.derivative(amount, order=2, intercept=True)(2.0), 0.25, 1e-7)
    assert_close(da.derivative(decay, intercept=True)(0.7), -np.exp(-0.7), 1e-8)
    root = da.derivative(lambda a: scipy.optimize.fsolve(lambda t: t**3 - a, 1.0)[0], intercept=True)(8.0)
    assert_close(root, 1 / 12)
    fit = da.jacobian(lambda c: scipy.optimize.least_squares(lambda p: A @ p - c, [0.0, 0.0]).x, intercept=True)(X)
    assert_close(fit, np.linalg.inv(A), 1e-8)


def test_functions_of_python():
    assert_close(intercepted(scipy.special.logsumexp), scipy.special.softmax(X))
    assert_close(intercepted(lambda x: scipy.special.spherical_jn(2, x)),
                 np.diag(scipy.special.spherical_jn(2, X, derivative=True)))


def test_densities_of_vectors():
    def log_density(x):
        return scipy.stats.multivariate_normal.logpdf(x, X, A)

    x = X + 1
    assert_close(intercepted(log_density, x), np.linalg.solve(A, X - x))
    assert_close(da.hessian(log_density, intercept=True)(x), -np.linalg.inv(A))
    assert_close(intercepted(lambda a: scipy.stats.dirichlet.logpdf([0.4, 0.6], a)),
                 np.log([0.4, 0.6]) - scipy.special.psi(X) + scipy.special.psi(X.sum()))


def test_distributions_by_roots_and_integrals():
    """Quantiles of foldnorm and cumulative probabilities of argus have no formulas in SciPy."""
    p = np.array([0.2, 0.6])
    x = scipy.stats.foldnorm.isf(p, 1.5)
    assert_close(intercepted(lambda q: scipy.stats.foldnorm.isf(q, 1.5), p),
                 np.diag(-1 / scipy.stats.foldnorm.pdf(x, 1.5)), 1e-10)
    by_shape = scipy.stats.norm.pdf(x - 1.5) - scipy.stats.norm.pdf(x + 1.5)
    assert_close(da.derivative(lambda c: scipy.stats.foldnorm.isf(p, c), intercept=True)(1.5),
                 by_shape / scipy.stats.foldnorm.pdf(x, 1.5), 1e-9)
    assert_close(da.derivative(scipy.stats.argus.cdf, intercept=True)(0.4, 1.2), scipy.stats.argus.pdf(0.4, 1.2), 1e-7)


class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def force(self, u):
        return self.stiffness * u + u**3 - 1

    def __call__(self, u):
        return self.force(u)


@pytest.mark.parametrize("callable_of", [
    lambda k: Spring(k), lambda k: Spring(k).force, lambda k: functools.partial(lambda k, u: Spring(k)(u), k),
    lambda k: lambda u, k=k: Spring(k)(u), lambda k: lambda u: {"spring": [Spring(k)]}["spring"][0](u),
])
def test_numbers_that_a_function_refers_to_are_found(callable_of):
    root = scipy.optimize.brentq(Spring(2.0), 0, 1)
    assert_close(da.derivative(lambda k: scipy.optimize.brentq(callable_of(k), 0, 1), intercept=True)(2.0),
                 -root / (2 + 3 * root**2))


def test_without_numbers_scipy_is_called():
    def f(x):
        factors = scipy.linalg.lu_factor([[2.0, 0.0], [0.0, 4.0]])
        assert all(type(part) is np.ndarray for part in factors)
        assert type(scipy.optimize.minimize(lambda t: (t[0] - 1) ** 2, [0.0]).x) is np.ndarray
        return x * scipy.linalg.lu_solve(factors, [2.0, 4.0])[1]

    assert da.derivative(f, intercept=True)(3.0) == 1.0
    assert not carries(([1.0, {"a": X}], test_without_numbers_scipy_is_called, len, float))


def test_a_function_that_refers_to_itself():
    def countdown(u):
        return countdown(u - 1) if u > 1 else u - 0.5

    assert da.derivative(lambda x: x * scipy.optimize.brentq(countdown, 0, 1), intercept=True)(3.0) == 0.5


def test_only_under_interception():
    with pytest.raises(TypeError, match="intercept=True"):
        da.jacobian(lambda x: scipy.linalg.expm(np.outer(x, x)))(X)
    plain = scipy.linalg.solve
    with da.intercept_numpy():
        assert scipy.linalg.solve(A, X).tolist() == plain(A, X).tolist()
        assert scipy.linalg.solve.__wrapped__ is plain
        assert type(dualad.linalg.solve(da.MultiDual(A, A[None]), X)) is da.MultiDual


@pytest.mark.parametrize("make", [
    lambda a: scipy.stats.genextreme.logpdf([0.3, 0.5], a), lambda a: scipy.stats.truncnorm.ppf([0.3, 0.5], -a, 2.0),
    lambda a: scipy.stats.lomax.mean(2 + a), lambda a: scipy.stats.beta.ppf([0.3, 0.5], 2 + a, 3.0),
    lambda a: scipy.stats.t.cdf([0.3, 2.5], 3 + a), lambda a: scipy.stats.nct.pdf([0.3, 2.5], 3, a),
    lambda a: scipy.stats.skewnorm.ppf([0.3, 0.5], a), lambda a: scipy.stats.zipf.pmf(2, 2 + a),
    lambda a: scipy.stats.nbinom.cdf(2, 9 + a, 0.4), lambda a: scipy.stats.gamma.entropy(a),
    lambda a: scipy.stats.wishart.logpdf(A + a * np.eye(2), 4, A),
])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_distributions_by_their_parameters(make):
    """Against differences of SciPy's own values, extrapolated."""
    if tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 16):
        pytest.skip("formulas of this SciPy store into arrays that interception does not reach")
    a, h = 0.4, 1e-3
    y, slope = da.jvp(make, (a,), (1.0,), intercept=True)
    assert np.array_equal(y, make(a))
    wide, narrow = ((make(a + s) - make(a - s)) / (2 * s) for s in (h, h / 2))
    assert_close(slope, (4 * narrow - wide) / 3, 1e-8, 1e-10)


def test_plain_distributions_stay_plain_inside_of_a_transform():
    def f(x):
        assert type(scipy.stats.norm.ppf(0.975)) is np.float64
        assert type(scipy.stats.gamma.pdf([0.3, 0.5], 2.0)) is np.ndarray
        assert 0 < scipy.stats.multivariate_normal.cdf([0.3, 0.2], [0, 0], A) < 1
        return x * scipy.stats.norm.ppf(0.975)

    assert da.derivative(f, intercept=True)(2.0) == scipy.stats.norm.ppf(0.975)


def test_vectorized_functions_that_know_their_types():
    halves = np.vectorize(lambda x: x / 2 if x > 0 else 0.0, otypes=[float])

    def f(x):
        assert halves(x[:0]).shape == (0,)
        return halves(x) + np.vectorize(lambda i: x[i], otypes=[float])(np.arange(2))

    assert_close(da.jacobian(f, intercept=True)(X), 1.5 * np.eye(2))
    with pytest.raises(ValueError, match="otypes"):
        da.jacobian(lambda x: np.vectorize(np.sin)(x[:0]), intercept=True)(X)


# ---- functions that are linear in their data -------------------------------------------------------------------------

IMAGE = np.random.default_rng(3).standard_normal((6, 7))
STEP = np.random.default_rng(4).standard_normal((6, 7))
NUMERATOR, DENOMINATOR = scipy.signal.butter(2, 0.3)
SECTIONS = scipy.signal.butter(4, 0.3, output="sos")
FILTERS = {
    "fft": lambda x: scipy.fft.fft(x, 5, axis=0), "irfftn": lambda x: scipy.fft.irfftn(x),
    "hfft": lambda x: scipy.fft.hfft(x),
    "dct": lambda x: scipy.fft.dct(x, type=3, norm="ortho"), "idstn": lambda x: scipy.fft.idstn(x),
    "lfilter": lambda x: scipy.signal.lfilter(NUMERATOR, DENOMINATOR, x, axis=0),
    "lfilter_from_a_state": lambda x: scipy.signal.lfilter(NUMERATOR, DENOMINATOR, x[0], zi=x[1, :2])[1],
    "lfilter_from_a_plain_state": lambda x: scipy.signal.lfilter(NUMERATOR, DENOMINATOR, x[0], zi=[1.0, 2.0])[0],
    "filtfilt": lambda x: scipy.signal.filtfilt(NUMERATOR, DENOMINATOR, x.ravel()),
    "sosfilt": lambda x: scipy.signal.sosfilt(SECTIONS, x),
    "savgol": lambda x: scipy.signal.savgol_filter(x, 5, 2, mode="constant", cval=2.0),
    "detrend": lambda x: scipy.signal.detrend(x), "resample": lambda x: scipy.signal.resample(x, 4, axis=1),
    "envelope": lambda x: np.abs(scipy.signal.hilbert(x)), "stft": lambda x: scipy.signal.stft(x[0], nperseg=4)[2],
    "convolve": lambda x: scipy.signal.convolve(x, x[:2, :2], "same"),
    "fftconvolve": lambda x: scipy.signal.fftconvolve(x, [[1.0, 2.0]]),
    "convolve2d": lambda x: scipy.signal.convolve2d(x, x[:3, :3], boundary="fill", fillvalue=2.0),
    "correlate2d": lambda x: scipy.signal.correlate2d(np.ones((4, 4)), x[:3, :3], boundary="symm"),
    "gaussian_filter": lambda x: scipy.ndimage.gaussian_filter(x, 1.0, mode="constant", cval=3.0),
    "map_coordinates": lambda x: scipy.ndimage.map_coordinates(x, np.array([[1.2, 3.3], [2.0, 1.1]])),
    "shift": lambda x: scipy.ndimage.shift(x, 0.4, cval=x[0, 0]), "zoom": lambda x: scipy.ndimage.zoom(x, 1.5),
    "ndimage_convolve": lambda x: scipy.ndimage.convolve(x, x[:3, :3], mode="constant", cval=2.0),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters(name):
    """Differences of polynomials of degree two at most are exact; by nesting and by power series too."""
    f, h = FILTERS[name], 0.5 if name != "envelope" else 1e-4
    y, slope = da.jvp(f, (IMAGE,), (STEP,), intercept=True)
    assert np.array_equal(y, f(IMAGE))
    difference = (f(IMAGE + h * STEP) - f(IMAGE - h * STEP)) / (2 * h)
    assert_close(slope, difference, 1e-6, 1e-7 if name == "envelope" else 1e-12)
    curvature = da.jvp(lambda x: da.jvp(f, (x,), (STEP,), intercept=True)[1], (IMAGE,), (STEP,), intercept=True)[1]
    assert_close(da.taylor(f, IMAGE, 2, STEP, intercept=True)[2] * 2, curvature, 1e-9, 1e-11)
    if name != "envelope":
        assert_close(curvature, f(IMAGE + STEP) - 2 * f(IMAGE) + f(IMAGE - STEP), 1e-6, 1e-11)


def test_filters_have_derivatives_by_their_data_only():
    with pytest.raises(TypeError, match="lfilter has derivatives by x and zi only: pass b as a plain value"):
        da.grad(lambda x: scipy.signal.lfilter(x, [1.0, 0.5], IMAGE[0])[-1], intercept=True)(X)
    assert da.derivative(lambda x: x * scipy.signal.lfilter(np.array([1.0, 2.0]), [1.0], np.ones(3))[-1],
                         intercept=True)(2.0) == 3.0
    with da.intercept_numpy():
        assert da.jacobian_sparsity(lambda x: scipy.fft.dct(x), X).nnz == 4
