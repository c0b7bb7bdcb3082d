"""optimize.newton and root_scalar: SciPy's own problems, many equations and systems at once, derivatives of roots."""

import inspect
import warnings

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import _tstutils

import dualad as da
from dualad import optimize

APS = _tstutils.get_tests("aps")


def kepler(E, e, M):
    return E - e * np.sin(E) - M


@pytest.fixture
def orbits():
    rng = np.random.default_rng(3)
    return rng.uniform(0, 0.9, 30_000), rng.uniform(0, 2 * np.pi, 30_000)


def is_root(case, x):
    return np.isclose(x, case["root"], rtol=1e-6, atol=1e-8) or abs(case["f"](x, *case["args"])) < 1e-10


def test_newton_solves_as_many_scalar_problems_as_scipys_with_derivatives_by_hand():
    solved = 0
    for case in APS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                solved += bool(is_root(case, optimize.newton(case["f"], case["x0"], args=case["args"])))
            except RuntimeError:
                pass
    assert solved >= 122


def test_brackets_solve_all_scalar_problems():
    for case in APS:
        found = optimize.root_scalar(case["f"], args=case["args"], bracket=case["bracket"])
        assert found.converged and is_root(case, found.root)


# ---- one equation ----------------------------------------------------------------------------------------------------


def test_one_equation_is_scipys():
    for kwargs in ({}, {"order": 2}, {"fprime2": True}, {"x1": 2.5}, {"fprime": lambda x: 3 * x**2},
                   {"fprime": lambda x: 3 * x**2, "fprime2": lambda x: 6 * x}, {"fprime": lambda x: 3 * x**2,
                                                                                "order": 2}):
        root, r = optimize.newton(lambda x: x**3 - 8, 3.0, full_output=True, **kwargs)
        assert root == pytest.approx(2.0, rel=1e-12) and r.converged and r.root == root
    theirs = scipy.optimize.newton(lambda x: x**3 - 8, 3.0, lambda x: 3 * x**2, full_output=True)[1]
    mine = optimize.newton(lambda x: x**3 - 8, 3.0, full_output=True)[1]
    assert mine.root == theirs.root and mine.iterations == theirs.iterations
    assert optimize.newton(lambda z: z**3 - 1, -1 + 1j) == pytest.approx(np.exp(2j * np.pi / 3))
    assert set(inspect.signature(scipy.optimize.newton).parameters) <= set(
        inspect.signature(optimize.newton).parameters)


def test_failures_of_one_equation():
    with pytest.raises(RuntimeError, match="Failed to converge"):
        optimize.newton(lambda x: x**2 + 1, 0.7)
    with pytest.raises(RuntimeError, match="Derivative was zero"):
        optimize.newton(lambda x: x**2 + 1, 0.0)
    assert not optimize.newton(lambda x: x**2 + 1, 0.7, disp=False, full_output=True)[1].converged
    with pytest.raises(ValueError, match="order must be 1"):
        optimize.newton(np.cos, 1.0, order=3)
    assert optimize.newton(np.cos, np.zeros((0, 3))).shape == (0, 3)
    with pytest.warns(RuntimeWarning, match="all derivatives were zero"):
        assert optimize.newton(lambda x: x**2 - 2, np.zeros(2)).tolist() == [0.0, 0.0]
    with pytest.raises(np.linalg.LinAlgError, match="derivative of func is zero"):
        da.derivative(lambda a: optimize.newton(lambda x: (x - a) ** 2 * a, 1.0))(1.0)


@pytest.mark.parametrize("solve", [
    lambda f: optimize.newton(f, 1.5), lambda f: optimize.newton(f, 1.5, order=2),
    lambda f: optimize.newton(f, 1.5, x1=2.0), lambda f: optimize.root_scalar(f, x0=1.5).root,
    lambda f: optimize.root_scalar(f, bracket=(1, 4)).root,
    lambda f: optimize.root_scalar(f, x0=1.5, method="halley").root,
    lambda f: optimize.root_scalar(f, x0=1.5, x1=2.0, method="secant").root,
    lambda f: optimize.root_scalar(f, bracket=(1, 4), method="bisect").root,
], ids=["newton", "halley", "secant", "root_scalar", "brentq", "root_scalar-halley", "root_scalar-secant", "bisect"])
def test_derivatives_of_a_root_to_third_order(solve):
    def root(a):
        return solve(lambda x: x**3 - a)

    for order, expected in enumerate([2.0, 1 / 12, -1 / 144, 5 / 3456]):
        assert float(da.derivative(root, order=order)(8.0)) == pytest.approx(expected, rel=1e-10)


def test_numbers_that_hide_in_objects_are_found():
    class Cube:
        def __init__(self, a):
            self.a = a

        def miss(self, x):
            return x**3 - self.a

    for solve in (lambda f: optimize.newton(f, 1.5), lambda f: optimize.root_scalar(f, bracket=(1, 4)).root,
                  lambda f: optimize.newton(f, 1.5, lambda x: 3 * x**2), lambda f: optimize.newton(f, 1.5, x1=2.0),
                  lambda f: optimize.newton(f, np.array([1.5]))):
        slope = da.derivative(lambda a, solve=solve: solve(Cube(a).miss))(8.0)
        np.testing.assert_allclose(slope, 1 / 12, rtol=1e-10)


def test_root_scalar_is_scipys():
    for case in APS[:20]:
        mine = optimize.root_scalar(case["f"], args=case["args"], x0=case["x0"])
        theirs = scipy.optimize.root_scalar(case["f"], args=case["args"], x0=case["x0"], fprime=case["fprime"])
        assert mine.iterations == theirs.iterations and mine.root == pytest.approx(theirs.root, rel=1e-12)
    both = optimize.root_scalar(lambda x: (x**2 - 2, 2 * x), x0=1.0, fprime=True)
    assert both.root == pytest.approx(np.sqrt(2))
    three = optimize.root_scalar(lambda x: (x**2 - 2, 2 * x, 2.0), x0=1.0, fprime=True, fprime2=True)
    assert three.root == pytest.approx(np.sqrt(2)) and three.method == "halley"
    three = optimize.root_scalar(lambda x: (x**2 - 2, 2 * x, 2.0), x0=1.0, fprime2=True, method="halley")
    assert three.root == pytest.approx(np.sqrt(2))
    calls = []
    for method in ("brentq", "bisect", "toms748"):
        calls.clear()
        found = optimize.root_scalar(lambda x: calls.append(x) or x**2 - 2, bracket=[0, 5], method=method)
        assert found.function_calls == len(calls)
    given = optimize.root_scalar(lambda x, a: x**2 - a, (2.0,), x0=1.0, fprime=lambda x, a: 2 * x)
    assert given.root == pytest.approx(np.sqrt(2))
    with pytest.raises(ValueError, match="bracket"):
        optimize.root_scalar(np.cos)


# ---- many equations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2])
def test_many_equations_in_blocks_and_at_once(orbits, order):
    e, M = orbits
    by_arguments = optimize.newton(kepler, M, args=(e, M), order=order)
    by_closure = optimize.newton(lambda E: kepler(E, e, M), M, order=order)
    np.testing.assert_allclose(by_arguments, by_closure, rtol=1e-14)
    assert np.abs(kepler(by_arguments, e, M)).max() < 1e-14
    small = optimize.newton(kepler, M[:50], args=(e[:50], M[:50]), order=order)
    np.testing.assert_allclose(small, by_arguments[:50], rtol=1e-14)
    by_hand = optimize.newton(kepler, M, lambda E, e, M: 1 - e * np.cos(E), (e, M), order=order)
    np.testing.assert_allclose(by_hand, by_arguments, rtol=1e-14)


def test_an_array_of_any_shape():
    a = np.arange(1.0, 25.0).reshape(2, 3, 4)
    np.testing.assert_allclose(optimize.newton(lambda x, a: x**2 - a, a, args=(a,)), np.sqrt(a), rtol=1e-15)
    row = np.arange(1.0, 6.0)
    x0 = np.ones((9000, 5))
    np.testing.assert_allclose(optimize.newton(lambda x: x**2 - row, x0), x0 * np.sqrt(row), rtol=1e-15)


def test_what_does_not_converge_is_told():
    a = np.array([4.0, -1.0, 9.0])
    with pytest.warns(RuntimeWarning, match="some failed to converge"):
        root, converged, zero = optimize.newton(lambda x: x**2 - a, np.full(3, 1.3), full_output=True)
    np.testing.assert_array_equal(converged, [True, False, True])
    np.testing.assert_allclose(root[converged], [2, 3])
    assert not zero.any()
    with pytest.warns(RuntimeWarning, match="derivatives were zero"):
        _, converged, zero = optimize.newton(lambda x: x**2 - 4.0, np.array([0.0, 1.0]), full_output=True)
    np.testing.assert_array_equal(zero, [True, False])
    np.testing.assert_array_equal(converged, [False, True])
    with pytest.raises(RuntimeError, match="all failed to converge"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimize.newton(lambda x: x**2 + 1, np.array([0.7, 0.3]))
    with pytest.raises(ValueError, match="must return an array of the shape"):
        optimize.newton(lambda x: np.sum(x), np.ones(3))
    with pytest.raises(ValueError, match="maxiter"):
        optimize.newton(np.cos, np.ones(3), maxiter=0)


def test_coupled_elements_are_refused():
    with pytest.raises(ValueError, match="elements of x0 depend on each other"):
        optimize.newton(lambda x: x**2 - np.mean(x), np.array([1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match="rows of x0 depend on each other"):
        optimize.newton(lambda x: x[::-1] ** 2 + x - 2, np.ones((4, 2)))


def test_derivatives_of_many_roots(orbits):
    e, M = (a[:9] for a in orbits)
    E = optimize.newton(kepler, M, args=(e, M))
    slope = 1 - e * np.cos(E)
    J = da.jacobian(lambda e: optimize.newton(kepler, M, args=(e, M)))(e)
    np.testing.assert_allclose(J, np.diag(np.sin(E) / slope), rtol=1e-13)
    second = da.derivative(lambda s: optimize.newton(kepler, M, args=(e, M + s)), order=2)(0.0)
    np.testing.assert_allclose(second, -e * np.sin(E) / slope**3, rtol=1e-12)
    closed = da.derivative(lambda s: optimize.newton(lambda E: kepler(E, e, M + s), M))(0.0)
    np.testing.assert_allclose(closed, 1 / slope, rtol=1e-13)
    with pytest.warns(RuntimeWarning, match="some failed"):
        partly = da.derivative(lambda a: optimize.newton(lambda x, a: x**2 - a, np.full(2, 1.3),
                                                         args=(a * np.array([4.0, -1.0]),)))(1.0)
    assert float(partly[0]) == pytest.approx(1.0) and np.isnan(float(partly[1]))


# ---- many small systems ----------------------------------------------------------------------------------------------


def system(x, p):
    """Any number n of unknowns; the root for p = 0 is 1."""
    n = x.shape[-1]
    matrix = np.eye(n) + 0.2 * np.cos(np.arange(n * n)).reshape(n, n)
    return (x**3 + x - 2) @ matrix + p * np.sin(np.roll(x, 1, axis=-1))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("batch", [2, 20_000])
def test_systems_in_the_rows_of_x(n, batch):
    rng = np.random.default_rng(n)
    p = rng.uniform(-0.2, 0.2, (batch, 1))
    x = optimize.newton(system, np.full((batch, n), 1.2), args=(p,))
    assert np.abs(system(x, p)).max() < 1e-13
    one = optimize.root(lambda z: system(z[None], p[1])[0], np.full(n, 1.2)).x
    np.testing.assert_allclose(x[1], one, rtol=1e-10)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_derivatives_of_systems(n):
    p = np.array([[0.1], [0.3], [-0.2]])
    x0 = np.full((3, n), 1.2)
    jacobian = da.derivative(lambda s: optimize.newton(system, x0, args=(p + s,)))(0.0)
    second = da.derivative(lambda s: optimize.newton(system, x0, args=(p + s,)), order=2)(0.0)
    for i in range(3):
        def one(s, i=i):
            return optimize.root(lambda z: system(z[None], p[i] + s)[0], x0[i], tol=1e-12).x

        np.testing.assert_allclose(jacobian[i], da.derivative(one)(0.0), rtol=1e-10)
        np.testing.assert_allclose(second[i], da.derivative(one, order=2)(0.0), rtol=1e-9)


def test_singular_systems_are_told():
    def f(x):
        return np.stack([x[:, 0] + x[:, 1] - 3, x[:, 0] * x[:, 1] - 2], -1)

    with pytest.warns(RuntimeWarning):
        root, converged, zero = optimize.newton(f, np.array([[1.0, 1.0], [3.0, 0.5]]), full_output=True)
    np.testing.assert_array_equal(converged, [False, True])
    np.testing.assert_array_equal(zero, [True, False])
    np.testing.assert_allclose(root[1], [2, 1])
    with pytest.raises(ValueError, match="independent equations"):
        optimize.newton(f, np.array([[1.0, 2.0], [3.0, 0.5]]), order=2)
    by_hand = optimize.newton(f, np.array([[4.0, 1.0], [3.0, 0.5]]), lambda x: np.stack(
        [np.ones_like(x), x[:, ::-1]], -2))
    np.testing.assert_allclose(by_hand, [[2, 1], [2, 1]])
