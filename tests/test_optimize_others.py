"""SciPy's other solvers: their own results on plain numbers, and derivatives of what they find."""

import inspect

import numpy as np
import pytest
import scipy.optimize

import dualad as da
from dualad import optimize

C = 1.0


def curve(x, c):
    return np.cosh(x - c) + 0.1 * x**4


def valley(x, c):
    return curve(x[0], c) + (x[1] - c * x[0]) ** 2


def slope(x, c):
    return da.grad(valley)(x, c)


def lowest(c):
    """Where the curve has its minimum, by the equation for it."""
    return optimize.root(lambda x: np.sinh(x - c) + 0.4 * x**3, [0.5], tol=1e-15).x[0]


X, DX = lowest(C), da.derivative(lowest)(C)
VALLEY, DVALLEY = np.array([X, C * X]), np.array([DX, X + C * DX])


def central(f, x, h=1e-5):
    return np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size)], -1)


# ---- SciPy's functions -----------------------------------------------------------------------------------------------


def test_every_name_of_scipys_is_there():
    assert set(scipy.optimize.__all__) <= set(optimize.__all__)
    assert {"continuation", "implicit"} <= set(optimize.__all__)
    names = {}
    exec("from dualad.optimize import *", names)
    assert set(optimize.__all__) <= set(names)
    assert optimize.OptimizeResult is scipy.optimize.OptimizeResult and optimize.Bounds is scipy.optimize.Bounds
    with pytest.raises(AttributeError):
        optimize.no_such_solver


@pytest.mark.parametrize("name", ["brentq", "toms748", "broyden1", "fmin", "minimize_scalar", "differential_evolution"])
def test_signatures_and_docstrings_are_scipys(name):
    mine, theirs = getattr(optimize, name), getattr(scipy.optimize, name)
    assert inspect.signature(mine) == inspect.signature(theirs)
    assert mine.__doc__ == theirs.__doc__


def test_plain_calls_are_scipys():
    def f(x):
        return x**3 - 8

    assert optimize.brentq(f, 0, 5, full_output=True)[1] == scipy.optimize.brentq(f, 0, 5, full_output=True)[1]
    assert optimize.minimize_scalar(curve, args=(C,)).x == scipy.optimize.minimize_scalar(curve, args=(C,)).x
    np.testing.assert_array_equal(optimize.fmin(valley, [0, 0], (C,), disp=0),
                                  scipy.optimize.fmin(valley, [0, 0], (C,), disp=0))


# ---- roots -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bisect", "brenth", "brentq", "ridder", "toms748"])
def test_derivatives_of_roots_in_brackets(name):
    solve = getattr(optimize, name)
    for order, expected in enumerate([2.0, 1 / 12, -1 / 144, 5 / 3456]):
        root = da.derivative(lambda a: solve(lambda x: x**3 - a, 0.0, 5.0), order=order)(8.0)
        assert float(root) == pytest.approx(expected, rel=1e-10)
    by_args = da.derivative(lambda a: solve(lambda x, a: x**3 - a, a - 8, a - 3, (a,), full_output=True)[1].root)(8.0)
    assert float(by_args) == pytest.approx(1 / 12)


@pytest.mark.parametrize("name", ["anderson", "broyden1", "broyden2", "diagbroyden", "newton_krylov"])
def test_derivatives_of_roots_of_systems(name):
    def f(x, p):
        return [x[0] + 0.1 * x[1] ** 2 - p[0], x[1] - 0.2 * np.sin(x[0]) - p[1]]

    p = np.array([1.0, 2.0])
    mine = da.jacobian(lambda p: getattr(optimize, name)(lambda x: f(x, p), [0.0, 0.0], f_tol=1e-9))(p)
    np.testing.assert_allclose(mine, da.jacobian(lambda p: optimize.root(f, [0.0, 0.0], (p,)).x)(p), rtol=1e-10)


def test_derivatives_of_fixed_points():
    c = np.array([1.0, 0.8])
    x = optimize.fixed_point(lambda x, c: np.cos(c * x), [1.0, 1.0], args=(c,))
    expected = -x * np.sin(c * x) / (1 + c * np.sin(c * x))
    by_args = da.jacobian(lambda c: optimize.fixed_point(lambda x, c: np.cos(c * x), [1.0, 1.0], args=(c,)))(c)
    np.testing.assert_allclose(by_args, np.diag(expected), rtol=1e-12, atol=1e-15)
    scalar = da.derivative(lambda c: optimize.fixed_point(lambda x: np.cos(c * x), 1.0))(1.0)
    assert float(scalar) == pytest.approx(expected[0], rel=1e-12)

    def stores(x, c):
        y = np.zeros(2)
        y[0], y[1] = np.cos(c * x[0]), np.cos(c * x[1])
        return y

    stored = da.derivative(lambda c: optimize.fixed_point(stores, [1.0, 1.0], args=(c,)))(1.0)
    np.testing.assert_allclose(stored, expected[0], rtol=1e-12)
    many = da.derivative(lambda c: optimize.fixed_point(lambda x: np.cos(c * x), np.ones(2000)))(1.0)
    np.testing.assert_allclose(many, expected[0], rtol=1e-12)


# ---- minima ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["brent", "golden", "bounded"])
def test_derivatives_of_minima_of_one_variable(method):
    bounds = (-3, 3) if method == "bounded" else None

    def best(c):
        return optimize.minimize_scalar(lambda x: curve(x, c), bounds=bounds, method=method)

    value, first = da.value_and_grad(lambda c: best(c).x)(C)
    assert value == best(C).x == scipy.optimize.minimize_scalar(curve, args=(C,), bounds=bounds, method=method).x
    assert float(first) == pytest.approx(DX, rel=1e-10)
    assert float(da.derivative(lambda c: best(c).fun)(C)) == pytest.approx(-np.sinh(X - C), rel=1e-6)
    second = (da.derivative(lowest)(C + 1e-5) - da.derivative(lowest)(C - 1e-5)) / 2e-5
    assert float(da.derivative(lambda c: best(c).x, order=2)(C)) == pytest.approx(second, rel=1e-8)


def test_older_names_of_minima_of_one_variable():
    for find in (lambda c: optimize.brent(curve, (c,)), lambda c: optimize.golden(curve, (c,)),
                 lambda c: optimize.fminbound(curve, -3, 3, (c,)),
                 lambda c: optimize.golden(curve, (c,), full_output=True)[0]):
        assert float(da.derivative(find)(C)) == pytest.approx(DX, rel=1e-10)
    moved = da.derivative(lambda b: optimize.minimize_scalar(curve, bounds=(-3, b), args=(C,)).x)(0.3)
    assert float(moved) == 1.0


@pytest.mark.parametrize("find", [
    lambda c: optimize.fmin(valley, [0, 0], (c,), disp=0),
    lambda c: optimize.fmin_powell(valley, [0, 0], (c,), disp=0),
    lambda c: optimize.fmin_cg(lambda x: valley(x, c), [0.0, 0], disp=0),
    lambda c: optimize.fmin_bfgs(valley, [0.0, 0], slope, (c,), disp=0),
    lambda c: optimize.fmin_bfgs(valley, [0.0, 0], None, (c,), disp=0, full_output=1)[0],
    lambda c: optimize.fmin_ncg(valley, [0.0, 0], slope, args=(c,), disp=0),
    lambda c: optimize.fmin_l_bfgs_b(valley, [0.0, 0], args=(c,), approx_grad=True)[0],
    lambda c: optimize.fmin_l_bfgs_b(lambda x, c: (valley(x, c), slope(x, c)), [0.0, 0], args=(c,))[0],
    lambda c: optimize.fmin_tnc(valley, [0.0, 0], slope, (c,), messages=0)[0],
    lambda c: optimize.brute(valley, ((-2, 2), (-2, 2)), (c,)),
    lambda c: optimize.differential_evolution(valley, [(-2, 2), (-2, 2)], (c,), seed=0).x,
    lambda c: optimize.basinhopping(lambda x: valley(x, c), [0.0, 0], 3, seed=0).x,
    lambda c: optimize.basinhopping(valley, [0.0, 0], 3, minimizer_kwargs={"args": (c,), "jac": slope}, seed=0).x,
    lambda c: optimize.shgo(valley, [(-2, 2), (-2, 2)], (c,)).x,
    lambda c: optimize.dual_annealing(valley, [(-2, 2), (-2, 2)], (c,), maxiter=30, seed=0).x,
    lambda c: optimize.direct(valley, [(-2, 2), (-2, 2)], args=(c,)).x,
], ids=["fmin", "powell", "cg", "bfgs", "bfgs-all", "ncg", "lbfgsb", "lbfgsb-pair", "tnc", "brute", "evolution",
        "hopping", "hopping-args", "shgo", "annealing", "direct"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_derivatives_of_minima(find):
    value, first = da.value_and_jacobian(find)(C)
    np.testing.assert_allclose(value, VALLEY, atol=1e-3)
    np.testing.assert_allclose(first, DVALLEY, rtol=1e-9)


def test_bounds_and_constraints_of_global_minima():
    held = da.derivative(lambda c: optimize.shgo(valley, [(-2, 0.2), (-2, 2)], (c,)).x)(C)
    np.testing.assert_allclose(held, [0.0, 0.2], atol=1e-12)

    def best(level):
        disc = scipy.optimize.NonlinearConstraint(lambda x: x[0] ** 2 + x[1] ** 2, -np.inf, level)
        return optimize.differential_evolution(lambda x: x[0] + x[1], [(-3, 3), (-3, 3)], constraints=disc, seed=0).x

    np.testing.assert_allclose(da.derivative(best)(2.0), [-0.25, -0.25], rtol=1e-8)


# ---- linear problems -------------------------------------------------------------------------------------------------


A = np.array([[1.0, 2, 0], [0, 1, -1], [3, 0, 1], [1, 1, 1], [0, 2, 1]])
B = np.array([1.0, -2, 3, 0.5, 1])


def test_derivatives_of_linear_least_squares():
    np.testing.assert_allclose(da.jacobian(lambda b: optimize.lsq_linear(A, b).x)(B), np.linalg.pinv(A), atol=1e-13)
    box = scipy.optimize.Bounds(np.zeros(3), np.full(3, 0.6))
    for solve in (lambda a, b: optimize.nnls(a, b)[0], lambda a, b: optimize.nnls(a, b)[1],
                  lambda a, b: optimize.lsq_linear(a, b, (0.0, 0.6), tol=1e-14).x,
                  lambda a, b: optimize.lsq_linear(a, b, box, tol=1e-14).cost):
        def find(z, solve=solve):
            return solve(z[:15].reshape(5, 3), z[15:])

        both = np.concatenate([A.ravel(), B])
        np.testing.assert_allclose(da.jacobian(find)(both), central(find, both), atol=1e-7)


def test_derivatives_of_linear_programs():
    costs, matrix, limits = np.array([-1.0, -2]), np.array([[1.0, 1], [1, 3]]), np.array([4.0, 6])
    np.testing.assert_allclose(da.jacobian(lambda b: optimize.linprog(costs, matrix, b).x)(limits),
                               np.linalg.inv(matrix), rtol=1e-12)
    vertex = optimize.linprog(costs, matrix, limits).x
    np.testing.assert_allclose(da.grad(lambda c: optimize.linprog(c, matrix, limits).fun)(costs), vertex, rtol=1e-12)
    box = [(0, 1), (0, None)]
    equation = da.derivative(lambda t: optimize.linprog([1.0, 2], A_eq=[[1, 1]], b_eq=[t], bounds=box).x)
    np.testing.assert_allclose(equation(1.5), [0.0, 1.0], atol=1e-12)
    slack = da.derivative(lambda t: optimize.linprog([1.0], [[1.0]], [t], bounds=(1, None)).slack)(3.0)
    np.testing.assert_allclose(slack, [1.0])
    with pytest.raises(np.linalg.LinAlgError, match="not found"):
        da.derivative(lambda t: optimize.linprog([1.0], A_eq=[[1.0]], b_eq=[t], bounds=(0, 1)).x)(5.0)


def test_assignments_are_indices():
    cost = np.array([[4.0, 1, 3], [2, 0, 5], [3, 2, 2]])

    def total(cost):
        rows, columns = optimize.linear_sum_assignment(cost)
        return np.sum(cost[rows, columns])

    np.testing.assert_array_equal(da.grad(total)(cost), [[0, 1, 0], [1, 0, 0], [0, 0, 1]])


def test_rosenbrocks_function_can_be_differentiated():
    x = np.array([1.0, 2.0, 0.5])
    np.testing.assert_allclose(da.grad(optimize.rosen)(x), scipy.optimize.rosen_der(x))
    np.testing.assert_allclose(da.hessian(optimize.rosen)(x), scipy.optimize.rosen_hess(x))
    assert da.value_and_grad(optimize.rosen)(x)[0] == optimize.rosen(x) == scipy.optimize.rosen(x)
