"""optimize.root and optimize.implicit: classical problems, honest failures, derivatives of solutions."""

import types

import numpy as np
import pytest
import scipy.optimize

import dualad as da
import nonlinear_problems
from dualad import optimize

OWN = ("auto", "newton", "halley", "dogleg", "newton-krylov")
EXACT = (*OWN, "lm", "hybr")
FREE = ("broyden1", "broyden2", "anderson", "krylov", "df-sane", "diagbroyden")


def pair(x, p):
    return np.stack([x[0] ** 2 + p[0] * x[1] - 3, x[1] ** 2 * p[1] - x[0]])


PARAMETERS = np.array([1.0, 2.0])


def solve_pair(p, method="auto"):
    return optimize.root(pair, [1.0, 1.0], args=(p,), method=method, tol=1e-11).x


@pytest.mark.parametrize("problem", nonlinear_problems.PROBLEMS, ids=lambda p: p.name)
def test_auto_solves_the_classical_problems(problem):
    sol = optimize.root(problem.f, problem.x0)
    assert sol.success and sol.status == 1
    assert np.abs(problem.f(sol.x)).max() <= 1e-8
    np.testing.assert_array_equal(sol.fun, problem.f(sol.x))


@pytest.mark.parametrize("method", [*EXACT, *FREE])
def test_success_means_that_the_residual_is_small(method):
    for problem in nonlinear_problems.PROBLEMS:
        if method in FREE and problem.n > 5:
            continue
        with np.errstate(all="ignore"):
            sol = optimize.root(problem.f, problem.x0, method=method)
            residual = np.abs(problem.f(sol.x)).max()
        assert not sol.success or residual <= 1e-8
        assert sol.keys() >= {"x", "fun", "jac", "success", "status", "message", "nfev", "njev", "nit", "method"}
        assert (sol.status == 1) == sol.success


def test_the_trap_of_freudenstein_and_roth_is_no_success():
    f = nonlinear_problems.freudenstein_roth
    for method in ("newton", "dogleg", "halley", "lm", "hybr", "newton-krylov"):
        sol = optimize.root(f, [0.5, -2.0], method=method)
        assert not sol.success
        assert "residual" in sol.message
        assert np.abs(sol.fun).max() > 1


@pytest.mark.parametrize("method", EXACT)
def test_the_jacobian_of_the_result_is_that_at_the_solution(method):
    sol = optimize.root(pair, [1.0, 1.0], args=(PARAMETERS,), method=method)
    jac = sol.jac @ np.eye(2) if method == "newton-krylov" else sol.jac
    np.testing.assert_allclose(jac, [[2 * sol.x[0], 1.0], [-1.0, 4 * sol.x[1]]], rtol=1e-14)


def test_x_keeps_its_shape():
    target = np.arange(1.0, 7.0).reshape(2, 3)

    def f(x):
        assert x.shape == (2, 3)
        return x**2 - target

    sol = optimize.root(f, np.ones((2, 3)))
    assert sol.x.shape == sol.fun.shape == (2, 3)
    np.testing.assert_allclose(sol.x, np.sqrt(target), rtol=1e-15)
    assert optimize.root(np.cos, 1.0).x.shape == (1,)


def test_results_may_be_lists_and_tuples():
    for pack in (list, tuple, np.array):
        sol = optimize.root(lambda x, pack=pack: pack([x[0] + x[1] - 3, x[0] * x[1] - 2]), [3.0, 0.5])
        np.testing.assert_allclose(sol.x, [2, 1], rtol=1e-12)


def test_user_jacobians_are_taken():
    calls = []

    def jac(x, a):
        calls.append(x)
        return np.diag(2 * x)

    sol = optimize.root(lambda x, a: x**2 - a, [3.0, 2.0], args=(2.0,), jac=jac)
    assert sol.success and calls
    both = optimize.root(lambda x: (x**2 - 2, np.diag(2 * x)), [3.0, 2.0], jac=True)
    np.testing.assert_allclose(both.x, np.sqrt([2, 2]))
    with pytest.raises(TypeError, match=r"jac must return an array of shape \(2, 2\)"):
        optimize.root(lambda x: x**2 - 2, [3.0, 2.0], jac=lambda x: np.ones((3, 2)))


# ---- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [*EXACT, "broyden1", "krylov"])
def test_there_is_no_root(method):
    with np.errstate(all="ignore"):
        sol = optimize.root(lambda x: x**2 + 1, [1.0, 2.0], method=method)
    assert not sol.success
    assert "residual is" in sol.message


@pytest.mark.parametrize("method", EXACT)
def test_singular_jacobians(method):
    solvable = optimize.root(lambda x: [x[0] + x[1], 2 * (x[0] + x[1])], [-1.0, 2.0], method=method)
    assert solvable.success
    assert not optimize.root(lambda x: [x[0] + x[1], 2 * (x[0] + x[1]) - 1], [-1.0, 2.0], method=method).success
    assert not optimize.root(lambda x: 0 * x + 1, [-1.0, 2.0], method=method).success


@pytest.mark.parametrize("method", [*EXACT, "broyden1", "krylov", "df-sane"])
def test_nan_is_named_with_its_component(method):
    with np.errstate(all="ignore"):
        sol = optimize.root(lambda x: np.log(x), [2.0, -1.0], method=method)
    assert not sol.success and sol.status == 5
    assert "NaN" in sol.message and "component 1" in sol.message and "x0" in sol.message


def test_newton_comes_back_from_where_the_function_is_not_defined():
    with np.errstate(all="ignore"):
        sol = optimize.root(lambda x: np.log(x), [8.0], method="newton")
    assert sol.success
    np.testing.assert_allclose(sol.x, [1.0])


def test_bad_input():
    with pytest.raises(TypeError, match=r"x has shape \(2,\), but fun\(x\) has 1 value"):
        optimize.root(lambda x: x[:1], [1.0, 2.0])
    with pytest.raises(ValueError, match="jac must be a function"):
        optimize.root(lambda x: x, [1.0], jac="2-point")
    with pytest.raises(TypeError, match="complex"):
        optimize.root(lambda x: 1j * x, [1.0, 2.0])
    with pytest.raises(ValueError, match="x0 must be finite"):
        optimize.root(np.cos, np.nan)
    with pytest.raises(TypeError, match="x0 must hold real numbers"):
        optimize.root(np.cos, "a")
    with pytest.raises(ValueError, match="method must be one of auto, newton"):
        optimize.root(np.cos, 1.0, method="newtn")
    with pytest.raises(ValueError, match="no option max_iter: it has damping"):
        optimize.root(np.cos, 1.0, method="newton", options={"max_iter": 3})
    with pytest.raises(ValueError, match="'auto' has no option max_iter"):
        optimize.root(np.cos, 1.0, options={"max_iter": 3})
    with pytest.raises(ValueError, match="damping"):
        optimize.root(np.cos, 1.0, method="newton", options={"damping": 0.0})


def test_an_f_that_is_small_for_its_unit_alone_is_no_root():
    for unit in (1e-30, 1e-12, 1e-9, 1e30, 1e100):
        for method in ("auto", "newton", "halley", "dogleg", "newton-krylov"):
            sol = optimize.root(lambda x, unit=unit: unit * (x**2 - 2), [1.0], method=method)
            assert sol.success
            np.testing.assert_allclose(sol.x, np.sqrt(2), rtol=1e-7)
    assert optimize.root(lambda x: x**2 - 2, [np.sqrt(2)]).nit == 0
    assert optimize.root(lambda x: x + x**2, [1e-12]).nit <= 2
    assert optimize.root(lambda x: 1e-12 * (x**2 - 2), [1.0], tol=1e-10).nit == 0  # as asked for


def test_nothing_to_solve_for():
    for method in EXACT:
        sol = optimize.root(lambda x: x, [], method=method)
        assert sol.success and sol.x.shape == (0,) and np.shape(sol.jac) == (0, 0)


@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1", "krylov", "df-sane"])
def test_limits_of_scipys_methods_have_the_status_of_a_limit(method):
    few = {"maxfev" if method in ("hybr", "df-sane") else "maxiter": 1}
    sol = optimize.root(lambda x: x**3 - 2, [3.0], method=method, options=few)
    assert not sol.success and sol.status == 2 and "maxiter" in sol.message


def test_a_loose_tolerance_of_scipys_is_told():
    sol = optimize.root(lambda x: x**2 - 2, [1.0], method="hybr", options={"xtol": 1e-3})
    assert not sol.success and "own tolerance" in sol.message


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov", "df-sane"])
def test_what_scipys_result_holds_is_there(method):
    theirs = scipy.optimize.root(lambda x: x**2 - 2, [1.0], method=method)
    assert theirs.keys() <= optimize.root(lambda x: x**2 - 2, [1.0], method=method).keys()


def test_newton_does_not_crawl_for_ever():
    sol = optimize.root(lambda x: [x[0] ** 2 + x[1] ** 2 + 1, x[0] - x[1]], [1.0, 2.0], method="newton")
    assert sol.status == 4 and sol.nit < 60
    damped = optimize.root(lambda x: x**3 - 2, [3.0], method="newton", options={"damping": 0.01, "maxiter": 5000})
    assert damped.success


def test_methods_without_derivatives_take_functions_without():
    def f(x):
        return [float(x[0]) ** 2 - 2]

    sol = optimize.root(f, [1.0], method="broyden1")
    assert sol.success and sol.jac is None
    with pytest.raises(TypeError, match=r"float\(\)"):
        optimize.root(f, [1.0], method="newton")
    with pytest.warns(RuntimeWarning, match="does not use the jacobian"):
        optimize.root(lambda x: x**2 - 2, [1.0], jac=lambda x: 2 * x, method="krylov")


def test_functions_and_callbacks_may_write_into_their_arguments():
    def f(x):
        x -= 1
        return x**2 - 2

    def spoil(x, f):
        x[:] = f[:] = 0

    for method in (*EXACT, "broyden1", "krylov"):
        start = np.array([3.0, 4.0])
        sol = optimize.root(f, start, method=method, callback=spoil)
        np.testing.assert_allclose(sol.x, 1 + np.sqrt(2), rtol=1e-6)
        assert start.tolist() == [3.0, 4.0]


def test_a_pattern_that_lacks_entries_is_refused():
    with pytest.raises(ValueError, match="pattern lacks entries"):
        optimize.root(lambda x: [x[0] + x[1] - 3, x[0] * x[1] - 2], [0.0, 5.0], options={"jac_sparsity": np.eye(2)})
    with pytest.raises(ValueError, match="pattern lacks entries"):
        optimize.least_squares(lambda x: [x[0] + x[1] - 3, x[0] * x[1] - 2], [0.0, 5.0], jac_sparsity=np.eye(2))


def test_a_function_that_drops_derivatives_is_found_out():
    known = {}

    def cached(x):
        return known.setdefault(float(np.sum(plain_value(x))), plain_value(x) ** 2 - 2)

    def plain_value(x):
        return getattr(x, "value", x)

    for method in ("newton", "hybr", "newton-krylov"):
        with pytest.raises(TypeError, match="plain numbers"):
            optimize.root(cached, [1.0], method=method)
    assert not optimize.root(lambda x: np.ones(2), [1.0, 2.0]).success


def test_maxiter_and_tol():
    sol = optimize.root(lambda x: x**3, [1.0], method="newton", options={"maxiter": 3})
    assert not sol.success and sol.nit == 3 and "maxiter" in sol.message
    loose = optimize.root(lambda x: x**3, [1.0], method="newton", tol=1e-2)
    assert loose.success and loose.nit < 6


def test_a_residual_of_huge_terms_converges_to_their_rounding():
    def f(x):
        return 1e12 * (x**2 - 2)

    sol = optimize.root(f, [1.0], method="newton")
    assert sol.success
    np.testing.assert_allclose(sol.x, np.sqrt(2), rtol=4e-16)
    assert not optimize.root(f, [1.0], method="newton", tol=1e-10).success


def test_complex_starts():
    sol = optimize.root(lambda z: z**2 + 1, 1 + 1j)
    assert sol.success
    np.testing.assert_allclose(sol.x, [1j], atol=1e-12)


@pytest.mark.parametrize("method", [*EXACT, *FREE])
def test_callbacks(method):
    seen = []
    sol = optimize.root(pair, [1.0, 1.0], args=(PARAMETERS,), method=method, callback=lambda x, f: seen.append((x, f)))
    assert sol.success and len(seen) >= sol.nit > 0
    for x, f in seen:
        np.testing.assert_allclose(f, pair(x, PARAMETERS), atol=1e-12)

    def stop(x, f):
        raise StopIteration

    stopped = optimize.root(pair, [1.0, 9.0], args=(PARAMETERS,), method=method, callback=stop)
    assert not stopped.success and stopped.status == 6


def test_progress(capsys):
    sol = optimize.root(pair, [1.0, 1.0], args=(PARAMETERS,), progress=True)
    assert sol.success
    assert "|F|" in capsys.readouterr().err


def test_options_of_newton():
    full = optimize.root(np.arctan, [1.2], method="newton", options={"line_search": False})
    assert full.success
    damped = optimize.root(lambda x: x**2 - 2, [1.0], method="newton", options={"damping": 0.5})
    assert damped.success and damped.nit > 10
    with np.errstate(all="ignore"):
        assert not optimize.root(np.arctan, [3.0], method="newton", options={"line_search": False}).success
    assert optimize.root(np.arctan, [3.0], method="newton").success
    trusted = optimize.root(np.arctan, [3.0], method="newton", options={"trust_region": True, "factor": 1.0})
    assert trusted.success and trusted.method == "newton"


def test_newton_krylov_with_preconditioners():
    n = 200
    laplacian = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)

    def bratu(u):
        return laplacian @ u - 3.0 / (n + 1) ** 2 * np.exp(u)

    plain = optimize.root(bratu, np.zeros(n), method="newton")
    inverse = np.linalg.inv(laplacian)
    evaluations = {}
    for given in ("jacobian", inverse, inverse.__matmul__):
        sol = optimize.root(bratu, np.zeros(n), method="newton-krylov", options={"preconditioner": given})
        assert sol.success
        np.testing.assert_allclose(sol.x, plain.x, rtol=1e-5)
        evaluations[type(given)] = sol.njev
    without = optimize.root(bratu, np.zeros(n), method="newton-krylov", options={"inner_maxiter": 100})
    assert max(evaluations.values()) < 40 < without.njev
    with pytest.raises(ValueError, match="preconditioner"):
        optimize.root(bratu, np.zeros(n), method="newton-krylov", options={"preconditioner": "ilu"})


# ---- derivatives of solutions ----------------------------------------------------------------------------------------


def central(f, p, h=1e-5):
    """Fourth-order differences of a solution along each parameter."""
    columns = []
    for e in np.eye(p.size):
        a, b, c, d = (f(p + k * h * e) for k in (-2, -1, 1, 2))
        columns.append((a - 8 * b + 8 * c - d) / (12 * h))
    return np.stack(columns, -1)


@pytest.mark.parametrize("method", [*EXACT, *FREE])
def test_first_and_second_derivatives_of_a_root(method):
    jacobian = da.jacobian(lambda p: solve_pair(p, method))(PARAMETERS)
    x, p = solve_pair(PARAMETERS), PARAMETERS
    by_x = np.array([[2 * x[0], p[0]], [-1.0, 2 * p[1] * x[1]]])
    by_p = np.array([[x[1], 0.0], [0.0, x[1] ** 2]])
    np.testing.assert_allclose(jacobian, -np.linalg.solve(by_x, by_p), rtol=1e-12)
    second = da.jacobian(da.jacobian(lambda p: solve_pair(p, method)))(PARAMETERS)
    np.testing.assert_allclose(second, central(da.jacobian(solve_pair), p), rtol=1e-8)


def test_closures_and_arguments_give_the_same():
    def by_closure(p):
        def shift(y):
            return y * p[1]

        return optimize.root(lambda x: [x[0] ** 2 + p[0] * x[1] - 3, shift(x[1] ** 2) - x[0]], [1.0, 1.0]).x

    np.testing.assert_allclose(da.jacobian(by_closure)(PARAMETERS), da.jacobian(solve_pair)(PARAMETERS), rtol=1e-12)
    np.testing.assert_allclose(da.derivative(lambda a: by_closure(a * PARAMETERS), order=3)(1.0),
                               da.derivative(lambda a: solve_pair(a * PARAMETERS), order=3)(1.0), rtol=1e-10)


def test_hyper_dual_numbers_and_power_series():
    jacobian = da.jacobian(solve_pair)
    eye = np.eye(2)
    x = solve_pair(da.HyperDual(PARAMETERS, eye, eye, np.zeros((2, 2, 2))))
    np.testing.assert_array_equal(x.value, solve_pair(PARAMETERS))
    np.testing.assert_allclose(x.e1.T, jacobian(PARAMETERS), rtol=1e-12)
    np.testing.assert_allclose(np.moveaxis(x.e12, -1, 0), da.jacobian(jacobian)(PARAMETERS), rtol=1e-10)
    direction = np.array([0.3, 0.4])
    series = solve_pair(da.Taylor(np.stack([PARAMETERS, direction, *np.zeros((3, 2))])))
    for k, factorial in enumerate([1, 1, 2, 6, 24]):
        nested = da.derivative(lambda s: solve_pair(PARAMETERS + s * direction), order=k)(0.0)
        np.testing.assert_allclose(series.coefficients[k], nested / factorial, rtol=1e-9)


def test_the_value_is_that_of_the_plain_call_and_iterations_are_plain():
    plain = solve_pair(PARAMETERS)
    seen = []

    def watched(x, p):
        seen.append(type(p))
        return pair(x, p)

    x, _ = da.jvp(lambda p: optimize.root(watched, [1.0, 1.0], args=(p,), tol=1e-11).x, (PARAMETERS,), (PARAMETERS,))
    np.testing.assert_array_equal(x, plain)
    assert seen.count(da.Dual) == 1


def test_high_orders_against_the_known_series():
    # x + x^5 / 10 = a has the inverse series a - a^5 / 10 + 5 a^9 / 100 - ...
    def x(a):
        return optimize.root(lambda x, a: x + x**5 / 10 - a, [0.1], args=(a,)).x[0]

    assert float(da.derivative(x, order=3)(0.0)) == pytest.approx(0.0, abs=1e-12)
    assert float(da.derivative(x, order=5)(0.0)) == pytest.approx(-12.0, rel=1e-10)


def test_a_solve_inside_a_function_that_is_solved():
    def inner(y, a):
        return optimize.root(lambda x: x**3 + x - y * a, [1.0]).x

    def outer(a):
        return optimize.root(lambda y: inner(y, a) + y - 3.0, [1.0]).x[0]

    x = 3.0 - float(outer(1.5))
    y = float(outer(1.5))
    assert x**3 + x == pytest.approx(1.5 * y, rel=1e-12)
    # (3 x^2 + 1) x' = a y' + y with x' = -y'
    assert float(da.derivative(outer)(1.5)) == pytest.approx(-y / (3 * x**2 + 1 + 1.5), rel=1e-10)


def test_no_derivative_where_there_is_none():
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        da.derivative(lambda a: optimize.root(lambda x: [x[0] + a * x[1], 2 * (x[0] + a * x[1])], [-1.0, 2.0]).x)(1.0)
    with pytest.raises(np.linalg.LinAlgError, match="not found"):
        da.derivative(lambda a: optimize.root(lambda x: x**2 + a, [1.0]).x)(1.0)


# ---- implicit --------------------------------------------------------------------------------------------------------


def test_implicit_wraps_bisection():
    def bisect(a):
        return scipy.optimize.bisect(lambda x: x**3 - a, 0.0, 4.0)

    root = optimize.implicit(lambda x, a: x**3 - a, bisect)
    for order, expected in enumerate([8 ** (1 / 3), 1 / 12, -1 / 144, 5 / 3456]):
        assert float(da.derivative(root, order=order)(8.0)) == pytest.approx(expected, rel=1e-11)


def test_implicit_takes_closures_keywords_and_complex_solutions():
    assert float(da.derivative(lambda a: optimize.implicit(lambda x: x**2 - a, lambda: np.sqrt(a))())(4.0)) == 0.25
    keyed = optimize.implicit(lambda x, a, b: x**2 - a * b, lambda a, b: np.sqrt(a * b))
    assert float(da.derivative(lambda b: keyed(4.0, b=b))(1.0)) == 1.0
    imaginary = optimize.implicit(lambda x, a: x**2 + a, lambda a: 1j * np.sqrt(a))
    assert imaginary(4.0) == 2j
    assert complex(da.derivative(imaginary)(4.0)) == pytest.approx(0.25j, abs=1e-16)
    assert complex(da.derivative(imaginary, order=2)(4.0)) == pytest.approx(-1j / 32, abs=1e-16)


@pytest.mark.parametrize("pair_up", [False, True])
def test_an_approximate_jacobian_of_the_users_is_not_used_for_derivatives(pair_up):
    def rough(x, p):
        return np.array([[2.5 * x[0], p[0]], [-1.0, 3.5 * p[1] * x[1]]])

    def both(x, p):
        return pair(x, p), rough(x, p)

    def solve(p):
        return optimize.root(both if pair_up else pair, [1.0, 1.0], args=(p,), jac=pair_up or rough, method="newton",
                             tol=1e-11).x

    np.testing.assert_allclose(da.jacobian(solve)(PARAMETERS), da.jacobian(solve_pair)(PARAMETERS), rtol=1e-10)


def test_implicit_of_arrays_polishes_what_the_solver_left():
    def rough(a):
        return np.round(np.sqrt(a), 4)

    root = optimize.implicit(lambda x, a: x**2 - a, rough)
    a = np.array([[2.0, 3.0], [5.0, 7.0]])
    np.testing.assert_array_equal(root(a), rough(a))
    value, dot = da.jvp(root, (a,), (np.ones((2, 2)),))
    np.testing.assert_array_equal(value, rough(a))
    np.testing.assert_allclose(dot, 0.5 / np.sqrt(a), rtol=1e-14)


def test_implicit_errors():
    held = types.SimpleNamespace()

    def solve(a):
        held.a = a
        return optimize.implicit(lambda x: x - a, lambda: held.a)()

    with pytest.raises(TypeError, match="plain numbers"):
        da.derivative(solve)(1.0)
    with pytest.raises(TypeError, match="as many values"):
        da.derivative(optimize.implicit(lambda x, a: np.stack([x, x]) - a, lambda a: a))(1.0)
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        da.derivative(optimize.implicit(lambda x, a: x**2 - a, lambda a: 0.0))(0.0)


def test_fsolve_is_scipys():
    mine = optimize.fsolve(pair, [1.0, 1.0], args=(PARAMETERS,), full_output=True)
    theirs = scipy.optimize.fsolve(pair, [1.0, 1.0], args=(PARAMETERS,), full_output=True)
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-7)
    with pytest.raises(TypeError, match="real numbers"):
        optimize.fsolve(lambda x: x**2 + 1, [1.0j])
    assert mine[2] == theirs[2] == 1 and mine[1].keys() >= {"nfev", "njev", "fjac"}
    columns = optimize.fsolve(pair, [1.0, 1.0], args=(PARAMETERS,), col_deriv=True,
                              fprime=lambda x, p: np.array([[2 * x[0], -1.0], [p[0], 2 * p[1] * x[1]]]))
    np.testing.assert_allclose(columns, mine[0], rtol=1e-8)
    jacobian = da.jacobian(lambda p: optimize.fsolve(pair, [1.0, 1.0], args=(p,)))(PARAMETERS)
    np.testing.assert_allclose(jacobian, da.jacobian(solve_pair)(PARAMETERS), rtol=1e-10)


@pytest.mark.parametrize("method", ["newton", "newton-krylov"])
@pytest.mark.parametrize("cells, highest", [(64, 0.79667635000), (128, 0.79699917499)])
def test_bratu_on_a_square(cells, highest, method):
    """lambda = 6: the published maxima."""
    factor = 6.0 / (cells + 1) ** 2

    def f(u):
        padded = np.pad(u, 1)
        around = padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2]
        return 4 * u - around - factor * np.exp(u)

    sol = optimize.root(f, np.zeros((cells, cells)), method=method, tol=1e-12)
    assert sol.success
    assert sol.x.max() == pytest.approx(highest, abs=1e-10 if method == "newton" else 1e-8)
