"""Hessians, Taylor coefficients and nested transforms against mpmath, closed forms and each other."""

import math
import threading

import mpmath
import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import dualad as da
from conftest import assert_close

mpmath.mp.dps = 40


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_hessian(x):
    n = len(x)
    H = np.zeros((n, n))
    i = np.arange(n - 1)
    H[i, i] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    H[i + 1, i + 1] += 200
    H[i, i + 1] = H[i + 1, i] = -400 * x[:-1]
    return H


X = np.linspace(-1.2, 1.3, 11)


# ---- Hessians ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk_size", [None, 1, 3, 4, 11, 50])
def test_hessian_of_rosenbrock(chunk_size):
    assert_close(da.hessian(rosenbrock, chunk_size=chunk_size)(X), rosenbrock_hessian(X))


def test_value_gradient_and_hessian():
    y, g, H = da.value_grad_and_hessian(rosenbrock, chunk_size=4)(X)
    assert y == rosenbrock(X)
    assert_close(g, da.grad(rosenbrock)(X))
    assert_close(H, rosenbrock_hessian(X))


@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (0,), (3, 0)])
def test_shapes(shape):
    x = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    f = lambda x: np.sin(x)[..., None] * np.array([1.0, 2.0])  # noqa: E731
    H = da.hessian(f)(x)
    assert H.shape == shape + (2,) + shape + shape
    expected = da.jacobian(da.jacobian(f))(x)
    assert_close(H, expected)


def test_several_arguments():
    f = lambda a, b: a**2 * np.sum(b**3)  # noqa: E731
    a, b = 2.0, np.array([1.0, 3.0])
    (aa, ab), (ba, bb) = da.hessian(f, (0, 1))(a, b)
    assert_close(aa, 2 * np.sum(b**3))
    assert_close(ab, 2 * a * 3 * b**2)
    assert_close(ba, ab)
    assert_close(bb, np.diag(a**2 * 6 * b))


def test_containers():
    H = da.hessian(lambda d: {"r": d["u"] * d["v"][0]})({"u": 2.0, "v": np.array([1.0, 3.0])})["r"]
    assert H["u"]["u"] == 0
    assert_close(H["u"]["v"], [1.0, 0.0])
    assert_close(H["v"]["v"], np.zeros((2, 2)))


@pytest.mark.parametrize("f", [lambda x: 3.0, lambda x: np.zeros(2), lambda x: x])
def test_without_curvature(f):
    x = np.array([1.0, 2.0])
    assert_close(da.hessian(f)(x), np.zeros(np.shape(f(x)) + (2, 2)))


def test_hvp():
    v = np.cos(X)
    for chunk_size in (None, 1, 4):
        g, Hv = da.hvp(rosenbrock, (X,), (v,), chunk_size=chunk_size)
        assert_close(g, da.grad(rosenbrock)(X))
        assert_close(Hv, rosenbrock_hessian(X) @ v)
    (ga, gb), (Ha, Hb) = da.hvp(lambda a, b: a**2 * b**3, (2.0, 3.0), (1.0, -1.0))
    assert (ga, gb) == (2 * 2 * 27, 4 * 27)
    assert (Ha, Hb) == (2 * 27 - 4 * 27, 4 * 27 - 4 * 18)


def test_diagonal_and_laplacian():
    H = rosenbrock_hessian(X)
    assert_close(da.hessian_diagonal(rosenbrock)(X), np.diag(H))
    assert_close(da.laplacian(rosenbrock)(X), np.trace(H))
    x, y = np.array([0.3, 1.0]), np.array([2.0, 3.0])
    u = lambda x, y: np.sin(x) * np.exp(2 * y)  # noqa: E731
    assert_close(da.laplacian(u, (0, 1), axis=())(x, y), 3 * u(x, y))
    points = np.stack([x, y])
    assert_close(da.laplacian(lambda p: u(p[0], p[1]), axis=0)(points), 3 * u(x, y))
    diagonals = da.hessian_diagonal(u, (0, 1))(0.3, 2.0)
    assert_close(diagonals[1], 4 * u(0.3, 2.0))
    assert da.laplacian(np.sum)(np.zeros(0)) == 0


@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 1000))
def test_blocks_agree(n, chunk_size, seed):
    rng = np.random.default_rng(seed)
    x, A = rng.standard_normal(n), rng.standard_normal((n, n))
    f = lambda x: np.exp(-(x @ A @ x) / n) * np.prod(np.cos(x))  # noqa: E731
    H = da.hessian(f, chunk_size=chunk_size)(x)
    assert_close(H, H.T, 1e-15, 0)
    assert_close(H, da.jacobian(da.grad(f))(x), 1e-10, 1e-12)


# ---- series --------------------------------------------------------------------------------------------------------

ANALYTIC = {
    "sin": (np.sin, mpmath.sin, [0.3, -2.0, 7.5]),
    "cos": (np.cos, mpmath.cos, [0.3, -2.0, 7.5]),
    "exp": (np.exp, mpmath.exp, [0.3, -2.0, 5.0]),
    "log": (np.log, mpmath.log, [0.3, 1.7, 50.0]),
    "sqrt": (np.sqrt, mpmath.sqrt, [0.3, 1.7, 50.0]),
    "tanh": (np.tanh, mpmath.tanh, [0.3, -0.9, 2.0]),
    "arctan": (np.arctan, mpmath.atan, [0.3, -0.9, 2.0]),
    "power": (lambda x: x**2.7, lambda x: x ** mpmath.mpf(2.7), [0.3, 1.7, 50.0]),
    "cube": (lambda x: x**3, lambda x: x**3, [0.3, -1.7, 50.0]),
    "division": (lambda x: 1 / (2 + x), lambda x: 1 / (2 + x), [0.3, 1.7, 50.0]),
    "quotient": (lambda x: (1 + x) / (2 + x * x), lambda x: (1 + x) / (2 + x * x), [0.3, 1.7]),
    "gauss": (lambda x: np.exp(-x * x), lambda x: mpmath.exp(-x * x), [0.3, 1.7]),
    "log1p": (np.log1p, mpmath.log1p, [0.3, 1.7]),
    "arcsinh": (np.arcsinh, mpmath.asinh, [0.3, 1.7]),
    "sinc": (np.sinc, lambda x: mpmath.sinc(mpmath.pi * x), [0.25, 0.6]),
}


@pytest.mark.parametrize("name", ANALYTIC)
def test_series_of_order_twenty(name):
    """To 1e-12 of the size that the coefficients have thereabouts: single ones may be zero."""
    f, reference, points = ANALYTIC[name]
    order = 8 if name == "sinc" else 20
    c = da.taylor(f, np.array(points), order)
    for k, x in enumerate(points):
        wanted = np.array([float(v) for v in mpmath.taylor(reference, mpmath.mpf(x), order + 3)])
        near = np.abs(wanted)
        size = np.array([near[max(0, i - 3) : i + 4].max() for i in range(order + 1)])
        assert np.all(np.abs(c[:, k] - wanted[: order + 1]) <= 1e-12 * size)


def test_series_of_scalars_and_vectors_agree():
    x = np.array([0.3, 1.1])
    for order in range(1, 7):
        c = da.taylor(lambda x: np.tanh(x) / (1 + x) * np.log(x), x, order)
        for k in range(2):
            assert_close(c[:, k], da.taylor(lambda x: np.tanh(x) / (1 + x) * np.log(x), float(x[k]), order), 1e-14)


def test_taylor_along_a_direction():
    u = np.array([1.0, -2.0])
    c = da.taylor(lambda x: x[0] ** 2 * x[1], np.array([3.0, 5.0]), 3, u)
    t = np.polynomial.Polynomial([3.0, 1.0]) ** 2 * np.polynomial.Polynomial([5.0, -2.0])
    assert_close(c, t.coef)
    assert_close(da.taylor(np.sin, 0.5, 0), np.sin([0.5]))
    assert_close(da.taylor(lambda x: 4.0, 0.5, 2), [4.0, 0.0, 0.0])


@pytest.mark.parametrize("order", range(1, 7))
def test_derivatives_of_any_order(order):
    x = np.linspace(-2, 2, 9)
    wanted = [float(mpmath.diff(mpmath.tanh, mpmath.mpf(v), order)) for v in x]
    assert_close(da.derivative(np.tanh, order=order)(x), wanted, 1e-11, 1e-11)
    nested = np.tanh
    for _ in range(min(order, 4)):
        nested = da.derivative(nested)
    assert_close(da.derivative(np.tanh, order=min(order, 4))(x), nested(x), 1e-12, 1e-12)


# ---- nesting -------------------------------------------------------------------------------------------------------


def test_siskind_and_pearlmutter():
    """d/dx (x * d/dy (x + y)) is 1, and d/dx (x * d/dy (x * y)) is 2 x: "Perturbation confusion", IFL 2005."""
    assert da.derivative(lambda x: x * da.derivative(lambda y: x + y)(1.0))(1.0) == 1
    assert da.derivative(lambda x: x * da.derivative(lambda y: x * y)(2.0))(3.0) == 6


def test_manzyuk_and_others():
    """A derivative that returns a function: "Perturbation confusion in forward automatic differentiation of
    higher-order functions", J. Funct. Prog. 29, 2019."""
    shift = lambda u: lambda f: lambda x: f(x + u)  # noqa: E731
    direct = lambda f, x: da.derivative(lambda u: shift(u)(f)(x))(0.0)  # noqa: E731
    assert_close(direct(np.exp, 1.0), np.exp(1.0))
    twice = lambda f, x: da.derivative(lambda u: direct(shift(u)(f), x))(0.0)  # noqa: E731
    assert_close(twice(np.exp, 1.0), np.exp(1.0))
    assert_close(twice(lambda x: x**3, 2.0), 12.0)


TRANSFORMS = {
    "jvp": lambda f: lambda x: da.jvp(f, (x,), (1.0,))[1],
    "derivative": lambda f: da.derivative(f),
    "grad": lambda f: da.grad(f),
    "jacobian": lambda f: da.jacobian(f),
    "second": lambda f: da.derivative(f, order=2),
    "hessian": lambda f: da.hessian(f),
    "hvp": lambda f: lambda x: da.hvp(f, (x,), (1.0,))[1],
    "taylor": lambda f: lambda x: da.taylor(f, x, 3)[3],
    "laplacian": lambda f: da.laplacian(f),
    "diagonal": lambda f: da.hessian_diagonal(f),
}
ORDER = {"second": 2, "hessian": 2, "hvp": 2, "taylor": 3, "laplacian": 2, "diagonal": 2}


@pytest.mark.parametrize("inner", TRANSFORMS)
@pytest.mark.parametrize("outer", TRANSFORMS)
def test_every_transform_in_every_other(outer, inner):
    order = ORDER.get(outer, 1) + ORDER.get(inner, 1)
    scale = (6 if outer == "taylor" else 1) * (6 if inner == "taylor" else 1)
    found = TRANSFORMS[outer](TRANSFORMS[inner](lambda x: np.sin(x) * np.exp(2 * x)))(0.4)
    wanted = mpmath.diff(lambda x: mpmath.sin(x) * mpmath.exp(2 * x), mpmath.mpf(0.4), order)
    assert_close(found * scale, float(wanted), 1e-11)


def test_a_closure_over_numbers_of_all_kinds():
    f = lambda x: da.hessian(lambda y: np.sum(y**2 * x) * x[0])(x * 1.0)[0, 0]  # noqa: E731
    assert_close(da.grad(f)(np.array([2.0, 3.0])), [8.0, 0.0])
    g = lambda s: np.sum(da.hvp(rosenbrock, (X * s,), (X,))[1])  # noqa: E731
    h = lambda s: np.sum(rosenbrock_hessian(X * s) @ X)  # noqa: E731
    assert_close(da.derivative(g)(1.0), (h(1 + 1e-5) - h(1 - 1e-5)) / 2e-5, 1e-8)


def test_threads():
    results = {}

    def work(k):
        results[k] = [da.hessian(rosenbrock, chunk_size=3)(X * k) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, found in results.items():
        for H in found:
            assert_close(H, rosenbrock_hessian(X * k))


# ---- where it is delicate ------------------------------------------------------------------------------------------

EDGES = [
    ("square", lambda x: x**2, 0.0, 2.0),
    ("cube", lambda x: x**3, 0.0, 0.0),
    ("cube of second", lambda x: x**3 + x**2, 0.0, 2.0),
    ("identity", lambda x: x**1, 0.0, 0.0),
    ("one", lambda x: x**0, 0.0, 0.0),
    ("fifth half", lambda x: x**2.5, 0.0, 0.0),
    ("tanh far out", np.tanh, 400.0, 0.0),
    ("maximum", lambda x: np.maximum(x, 0.0) ** 2, -1.0, 0.0),
    ("abs", lambda x: np.abs(x), 2.0, 0.0),
    ("abs at 0", lambda x: np.abs(x), 0.0, 0.0),
    ("where", lambda x: np.where(x > 0, x * x, x), -1.0, 0.0),
]


@pytest.mark.parametrize("name, f, x, wanted", EDGES, ids=[e[0] for e in EDGES])
def test_edges(name, f, x, wanted):
    for second in (da.hessian(f), da.derivative(f, order=2), da.jacobian(da.jacobian(f)), da.laplacian(f)):
        assert second(x) == wanted
        assert np.all(second(np.array([x]))  == wanted)


@pytest.mark.parametrize("x", [-700.0, -40.0, -1.0, 0.5, 30.0, 700.0])
def test_tails_keep_their_relative_accuracy(x):
    from scipy.special import expit

    e = mpmath.exp(-mpmath.mpf(abs(x)))
    logistic = e * (1 - e) / (1 + e) ** 3 * (-1 if x > 0 else 1)
    assert_close(da.derivative(expit, order=2)(x), float(logistic), 1e-12, 0)
    assert_close(da.derivative(lambda x: np.logaddexp(x, 0.0), order=2)(x), float(e / (1 + e) ** 2), 1e-13, 0)


# ---- errors --------------------------------------------------------------------------------------------------------


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match="order must be"):
        da.taylor(np.sin, 1.0, -1)
    with pytest.raises(ValueError, match="order must be"):
        da.taylor(np.sin, 1.0, 1.5)
    with pytest.raises(ValueError, match="direction of argument 0 has shape"):
        da.taylor(np.sin, np.ones(2), 2, np.ones(3))
    with pytest.raises(ValueError, match="chunk_size"):
        da.hessian(np.sum, chunk_size=0)(np.ones(2))
    with pytest.raises(TypeError, match="complex"):
        da.hessian(np.sum)(np.ones(2) * 1j)
    with pytest.raises(TypeError, match="tuples"):
        da.hvp(np.sum, np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="shape"):
        da.hvp(np.sum, (np.ones(2),), (np.ones(3),))
    with pytest.raises(TypeError, match="arrays and scalars"):
        da.laplacian(lambda d: d["x"])({"x": 1.0})
    with pytest.raises(np.exceptions.AxisError):
        da.laplacian(np.sum, axis=2)(np.ones(2))


def test_numbers_check_their_parts():
    with pytest.raises(ValueError, match="e2 has shape"):
        da.HyperDual(1.0, 1.0, [1.0, 2.0])
    with pytest.raises(ValueError, match="e12 has shape"):
        da.HyperDual([1.0], [[1.0]], [[1.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="not symmetric"):
        da.HyperDual(1.0, [1.0, 2.0], e12=[[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match="need e1"):
        da.HyperDual(1.0, e2=1.0)
    with pytest.raises(ValueError, match="first axis"):
        da.Taylor(1.0)
    with pytest.raises(TypeError, match="degrees 1 and 2"):
        da.Taylor([1.0, 2.0]) * da.Taylor([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="directions"):
        da.HyperDual(1.0, [1.0, 2.0]) * da.HyperDual(1.0, [1.0])
    with pytest.raises(TypeError, match="HyperDual.*Taylor|Taylor.*HyperDual"):
        da.HyperDual(1.0, 1.0) * da.Taylor([1.0, 2.0, 3.0])
    for x in (da.HyperDual([1.0, 2.0], [1.0, 1.0]), da.Taylor([[1.0, 2.0], [1.0, 1.0], [0.0, 0.0]])):
        for lose in (lambda x: np.asarray(x, float), lambda x: float(x[0]), lambda x: np.zeros(2).__setitem__(0, x[0])):
            with pytest.raises((TypeError, ValueError), match="derivative|sequence"):
                lose(x)


# ---- squares of roots at zero ----------------------------------------------------------------------------------------

ROOTS = {
    "abs": lambda x: np.sum(np.abs(x) ** 2),
    "operator": lambda x: abs(x[0]) ** 2 + abs(x[1]) ** 2.0,
    "fabs": lambda x: np.sum(np.square(np.fabs(x))),
    "product": lambda x: np.sum(np.abs(x) * np.abs(x)),
    "sqrt": lambda x: np.sum(np.sqrt(x * x) ** 2),
    "hypot": lambda x: np.hypot(x[0], x[1]) ** 2,
    "complex": lambda x: abs(x[0] + 1j * x[1]) ** 2,
    "norm": lambda x: np.linalg.norm(x) ** 2,
    "norm of a matrix": lambda x: np.linalg.norm(x[:, None]) ** 2,
    "norms along an axis": lambda x: np.sum(np.linalg.norm(x[:, None], axis=1) ** 2),
    "vector_norm": lambda x: np.float_power(np.linalg.vector_norm(x), 2),
    "std": lambda x: np.std(np.concatenate([x, -x])) ** 2 * 2,
}


@pytest.mark.parametrize("second", [da.hessian, lambda f: da.jacobian(da.grad(f))], ids=["hessian", "nested"])
@pytest.mark.parametrize("f", ROOTS.values(), ids=ROOTS)
def test_squares_of_roots_are_smooth_at_zero(f, second):
    for x in (np.zeros(2), np.array([0.0, 0.3])):
        np.testing.assert_allclose(second(f)(x), 2 * np.eye(2), rtol=0, atol=1e-15)


def test_square_of_a_square_root_at_zero():
    with np.errstate(all="ignore"):
        value, gradient, second = da.value_grad_and_hessian(lambda x: np.sqrt(x) ** 2)(0.0)
    assert (value, gradient, second) == (0.0, 1.0, 0.0)


def test_fourth_power_of_a_norm():
    coefficients = da.taylor(lambda x: np.linalg.norm(x) ** 4, np.zeros(2), 5, direction=np.array([1.0, 2.0]))
    np.testing.assert_array_equal(coefficients, [0, 0, 0, 0, 25, 0])


def test_a_changed_root_forgets_its_square():
    def f(x):
        y = np.abs(x)
        view = y[:1]
        view[0] = x[0] * x[1]
        return np.sum(y**2)

    x = np.array([0.0, 3.0])
    np.testing.assert_allclose(da.hessian(f)(x)[0, 0], 2 * 9.0)


@pytest.mark.parametrize("name, order", [("j0", 16), ("expit", 16), ("ellipk", 10), ("gammaln", 16), ("i1e", 12)])
def test_long_series_of_special_functions(name, order):
    """The derivatives of these lead to themselves and to each other: what was computed once is not computed again."""
    function = {
        "j0": lambda t: mpmath.besselj(0, t),
        "expit": lambda t: 1 / (1 + mpmath.exp(-t)),
        "ellipk": mpmath.ellipk,
        "gammaln": mpmath.loggamma,
        "i1e": lambda t: mpmath.besseli(1, t) * mpmath.exp(-t),
    }[name]
    wanted = [float(c) for c in mpmath.taylor(function, mpmath.mpf(0.4), order)]
    np.testing.assert_allclose(da.taylor(getattr(scipy.special, name), 0.4, order), wanted, rtol=1e-8, atol=1e-11)


# ---- two levels that meet in one operation ---------------------------------------------------------------------------


MIXED = {
    "add": (np.add, lambda x, y: 0 * x * y),
    "subtract": (np.subtract, lambda x, y: 0 * x * y),
    "multiply": (np.multiply, lambda x, y: 1 + 0 * x * y),
    "divide": (np.divide, lambda x, y: -1 / y**2 + 0 * x),
    "power": (np.power, lambda x, y: x ** (y - 1) * (1 + y * np.log(x))),
    "arctan2": (np.arctan2, lambda x, y: (x**2 - y**2) / (x**2 + y**2) ** 2),
    "hypot": (np.hypot, lambda x, y: -x * y / np.hypot(x, y) ** 3),
    "logaddexp": (np.logaddexp, lambda x, y: -1 / (2 + np.exp(x - y) + np.exp(y - x))),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("shapes", [((), ()), ((3, 1), (4,)), ((6000,), (6000,)), ((0,), ()), ((2, 3), ())], ids=str)
def test_mixed_partial_derivatives(name, shapes, rng):
    """One operand carries derivatives of the outer level, the other of the inner; then both carry both."""
    f, mixed = MIXED[name]
    x, y = (rng.uniform(0.5, 2.0, shape) for shape in shapes)
    along = [np.ones(shape) for shape in shapes]

    def inner(x, y):
        return da.jvp(lambda y: f(x, y), (y,), (along[1],))[1]

    np.testing.assert_allclose(da.jvp(lambda x: inner(x, y), (x,), (along[0],))[1], mixed(x, y), rtol=1e-12, atol=1e-14)

    def again(x, y):
        return da.jvp(lambda y: f(x * y / y, y + x - x), (y,), (along[1],))[1]

    found = da.jvp(lambda x: again(x, y), (x,), (along[0],))[1]
    np.testing.assert_allclose(found, mixed(x, y), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("order", ["C", "F", "reversed", "float32"])
def test_mixed_partials_of_arrays_of_other_layouts(order, rng):
    x, y = rng.uniform(0.5, 2.0, (2, 4, 3))
    layout = {"C": np.ascontiguousarray, "F": np.asfortranarray, "reversed": lambda a: a[::-1, ::-1],
              "float32": np.float32}[order]
    x, y = layout(x), layout(y)
    J = da.jacobian(lambda x: da.jvp(lambda y: np.exp(x * y).sum(0), (y,), (np.ones_like(y),))[1])(x)
    wanted = (1 + x * y) * np.exp(x * y)
    assert J.dtype == x.dtype
    np.testing.assert_allclose(np.einsum("jij->ij", J), wanted, rtol=1e-5 if order == "float32" else 1e-12)
    assert np.count_nonzero(J) == x.size


@pytest.mark.parametrize("y", [2, 3.0, 2.5, -1, 0, 1, 0.5, np.float64(3.0), 7])
@pytest.mark.parametrize("x", [1.3, 0.2, 2.0])
def test_powers_of_scalars_to_second_order(x, y):
    """Against mpmath: the compiled power of shape-() numbers."""
    f1, f2 = (float(mpmath.diff(lambda t: t ** mpmath.mpf(float(y)), x, n)) for n in (1, 2))
    hyper = da.HyperDual(x, 0.5, -2.0, 0.25) ** y
    series = da.Taylor([x, 0.5, -2.0]) ** y
    assert hyper.value == series.value == np.float64(x) ** y
    np.testing.assert_allclose(hyper.components[1:], [-2.0 * f1, 0.5 * f1, 0.25 * f1 - f2], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(series.components[1:], [0.5 * f1, -2.0 * f1 + f2 / 8], rtol=1e-12, atol=1e-13)
