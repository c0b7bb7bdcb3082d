"""optimize.continuation along branches with known folds; sparse Jacobians in optimize.root."""

import numpy as np
import pytest
from scipy import sparse

import dualad as da
from dualad import optimize


def circle(x, p):
    return x**2 + p**2 - 1


def cubic(x, p):
    return x**3 - x - p


def bratu(n):
    """The discrete Bratu problem in one dimension, u'' + p exp(u) = 0."""
    h2 = 1 / (n + 1) ** 2

    def f(u, p):
        y = 2 * u - h2 * p * np.exp(u)
        y[1:] -= u[:-1]
        y[:-1] -= u[1:]
        return y

    return f


# ---- continuation ----------------------------------------------------------------------------------------------------


def test_the_circle_is_followed_through_its_fold_and_back():
    branch = optimize.continuation(circle, [1.0], p_span=(0.0, 2.0))
    assert branch.success and branch.status == 1 and "where it started" in branch.message
    np.testing.assert_allclose(branch.x[:, 0] ** 2 + branch.p**2, 1, atol=1e-9)
    assert branch.p[0] == branch.p[-1] == 0.0
    np.testing.assert_allclose(branch.x[[0, -1], 0], [1, -1], atol=1e-9)
    (x, p), = branch.folds
    assert p == pytest.approx(1.0, abs=1e-12) and x == pytest.approx(0.0, abs=1e-6)
    # tangents are at right angles to the radius
    np.testing.assert_allclose(branch.tangents[:, 0] * branch.x[:, 0] + branch.tangents[:, 1] * branch.p, 0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(branch.tangents, axis=1), 1, rtol=1e-14)


def test_both_folds_of_a_cubic():
    branch = optimize.continuation(cubic, [-1.5], p_span=(-1.5, 1.5))
    assert branch.success and branch.p[-1] == 1.5
    expected = 2 / (3 * np.sqrt(3))
    np.testing.assert_allclose([p for _, p in branch.folds], [expected, -expected], rtol=1e-12)
    np.testing.assert_allclose([x[0] for x, _ in branch.folds], [-1 / np.sqrt(3), 1 / np.sqrt(3)], rtol=1e-8)
    assert np.abs(cubic(branch.x[:, 0], branch.p)).max() < 1e-9
    back = optimize.continuation(cubic, branch.x[-1], p_span=(1.5, -1.5))
    np.testing.assert_allclose([p for _, p in back.folds], [-expected, expected], rtol=1e-12)


def test_the_fold_of_bratus_problem():
    # the fold of the differential equation is at 3.513830719; second order in h
    branch = optimize.continuation(bratu(79), np.zeros(79), p_span=(1.0, 4.0), max_step=1.0)
    assert branch.success and branch.p[-1] == 1.0
    (u, p), = branch.folds
    assert p == pytest.approx(3.513830719, rel=2e-4)
    assert u.shape == (79,) and u.max() == pytest.approx(1.1868, rel=1e-3)
    assert np.abs(bratu(79)(u, p)).max() < 1e-12


def test_published_folds_of_bratus_problem():
    # 3.513830719 in one dimension, 6.808124423 in two; extrapolated from three grids, and from two
    a, b, c = (optimize.continuation(bratu(n), np.zeros(n), p_span=(0.0, 4.0), max_points=60).folds[0][1]
               for n in (19, 39, 79))
    assert (16 * (4 * c - b) - (4 * b - a)) / 45 == pytest.approx(3.513830719, rel=1e-9)

    def square(u, p):
        y = 4 * u - p / (len(u) + 1) ** 2 * np.exp(u)
        y[1:] -= u[:-1]
        y[:-1] -= u[1:]
        y[:, 1:] -= u[:, :-1]
        y[:, :-1] -= u[:, 1:]
        return y

    a, b = (optimize.continuation(square, np.zeros((n, n)), p_span=(0.0, 8.0), max_points=25).folds[0][1]
            for n in (7, 15))
    assert (4 * b - a) / 3 == pytest.approx(6.808124423, rel=1e-4)


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e6])
def test_folds_do_not_depend_on_units(unit):
    expected = np.array([2.0, -2.0]) / 27**0.5
    branch = optimize.continuation(lambda x, p: (x / unit) ** 3 - x / unit - p, [-1.5 * unit], p_span=(-1.5, 1.5))
    assert branch.success and len(branch.p) < 60
    np.testing.assert_allclose([p for _, p in branch.folds], expected, rtol=1e-12)
    branch = optimize.continuation(lambda x, p: x**3 - x - p / unit, [-1.5], p_span=(-1.5 * unit, 1.5 * unit))
    np.testing.assert_allclose([p / unit for _, p in branch.folds], expected, rtol=1e-12)


def test_starts_of_any_size():
    grown = optimize.continuation(lambda x, p: x / 1e6 - p**2, [0.0], p_span=(0.0, 1.0))
    assert grown.success and grown.x[-1, 0] == pytest.approx(1e6)
    vanished = optimize.continuation(lambda x, p: p * x - x**3, [0.1], p_span=(-1.0, 1.0))
    assert vanished.success and len(vanished.p) < 60


def test_the_natural_parameter_does_not_jump_to_another_branch():
    branch = optimize.continuation(cubic, [-1.5], np.linspace(-1.5, 1.5, 20))
    assert not branch.success and "fold" in branch.message
    assert branch.p[-1] < 0.385 and np.all(branch.x < 0)


def test_values_by_the_natural_parameter():
    values = [0.0, 1.0, 5.0, -3.0]
    branch = optimize.continuation(lambda x, p: x**3 + x - p, [0.0], values)
    assert branch.success
    np.testing.assert_array_equal(branch.p, values)
    np.testing.assert_allclose(branch.x[:, 0] ** 3 + branch.x[:, 0], values, atol=1e-9)
    slopes = branch.tangents[:, 0] / branch.tangents[:, 1]
    np.testing.assert_allclose(slopes, 1 / (3 * branch.x[:, 0] ** 2 + 1), rtol=1e-9)


def test_the_natural_parameter_ends_at_a_fold_and_says_so():
    branch = optimize.continuation(circle, [1.0], [0.0, 0.5, 0.9, 1.5])
    assert not branch.success and "arclength" in branch.message
    np.testing.assert_array_equal(branch.p, [0.0, 0.5, 0.9])


def test_values_along_the_arc_are_met_on_each_part_of_the_branch():
    branch = optimize.continuation(cubic, [-1.5], [-1.5, 0.0, 0.1, 1.5], method="arclength")
    assert np.count_nonzero(branch.p == 0.0) == 3
    np.testing.assert_allclose(np.sort(branch.x[branch.p == 0.0, 0]), [-1, 0, 1], atol=1e-9)


def test_shapes_arguments_and_callbacks():
    seen = []
    branch = optimize.continuation(lambda x, p, a: a * x**2 - p, np.ones((2, 2)), p_span=(2.0, 8.0), args=(2.0,),
                                   callback=lambda x, p: seen.append((x, p)))
    assert branch.x.shape[1:] == (2, 2) and len(seen) == len(branch.p)
    np.testing.assert_allclose(branch.x[-1], 2.0)

    def stop(x, p):
        raise StopIteration

    stopped = optimize.continuation(circle, [1.0], p_span=(0.0, 2.0), callback=stop)
    assert stopped.status == 6 and not stopped.success and len(stopped.p) == 1
    short = optimize.continuation(circle, [1.0], p_span=(0.0, 2.0), max_points=5)
    assert short.status == 2 and not short.success and len(short.p) == 5


def test_bad_input_and_failures_of_continuation():
    with pytest.raises(ValueError, match="either p_values or p_span"):
        optimize.continuation(circle, [1.0])
    with pytest.raises(ValueError, match="two finite numbers"):
        optimize.continuation(circle, [1.0], p_span=(0.0, np.nan))
    with pytest.raises(ValueError, match="two different ends"):
        optimize.continuation(circle, [1.0], p_span=(1.0, 1.0))
    with pytest.raises(ValueError, match="method must be"):
        optimize.continuation(circle, [1.0], p_span=(0.0, 1.0), method="natural")
    with pytest.raises(TypeError, match="as many values as x"):
        optimize.continuation(lambda x, p: np.zeros(2), [1.0], p_span=(0.0, 1.0))
    with pytest.raises(TypeError, match="derivatives"):
        da.derivative(lambda a: optimize.continuation(lambda x, p: x - a * p, [1.0], p_span=(0.0, 1.0)).x)(1.0)
    none = optimize.continuation(lambda x, p: x**2 + 1 + p**2, [1.0], p_span=(0.0, 1.0))
    assert not none.success and "first p" in none.message


# ---- sparse Jacobians ------------------------------------------------------------------------------------------------


def tridiagonal(x):
    y = (3 - 2 * x) * x + 1
    y[1:] -= x[:-1]
    y[:-1] -= 2 * x[1:]
    return y


@pytest.mark.parametrize("method", ["newton", "dogleg", "halley", "auto"])
def test_large_systems_have_sparse_jacobians(method):
    x0 = -np.ones(300)
    sol = optimize.root(tridiagonal, x0, method=method)
    assert sol.success and isinstance(sol.jac, sparse.csc_array) and sol.jac.nnz == 898
    np.testing.assert_allclose(sol.jac.toarray(), da.jacobian(tridiagonal)(sol.x), rtol=1e-14)
    pattern = sparse.diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(300, 300))
    given = optimize.root(tridiagonal, x0, method="newton", options={"jac_sparsity": pattern})
    np.testing.assert_allclose(given.x, sol.x, rtol=1e-9)
    middle = optimize.root(tridiagonal, x0[:100], method=method)
    assert isinstance(middle.jac, np.ndarray) and middle.success


@pytest.mark.parametrize(("below", "above"), [(0, 0), (1, 1), (2, 0), (0, 3), (3, 2)])
def test_jacobians_of_any_bandwidth(rng, below, above):
    n = 220
    diagonals = [rng.uniform(-1, 1, n - abs(k)) / (below + above + 1) for k in range(-below, above + 1)]
    matrix = sparse.diags_array(diagonals, offsets=range(-below, above + 1), format="csc") + 2 * sparse.eye_array(n)
    right = rng.standard_normal(n)

    def solve(b):
        return optimize.root(lambda x: matrix @ x + x**3 - b, np.zeros(n), method="newton")

    found = solve(right)
    assert found.success and sparse.issparse(found.jac)
    np.testing.assert_allclose(found.jac.toarray(), matrix.toarray() + np.diag(3 * found.x**2), rtol=1e-13)
    inverse = np.linalg.inv(found.jac.toarray())
    np.testing.assert_allclose(da.jacobian(lambda b: solve(b).x)(right), inverse, atol=1e-13)
    singular = optimize.root(lambda x: (matrix @ x) * np.where(np.arange(n) == 7, 0.0, 1.0) + 1, np.zeros(n),
                             method="newton")
    assert not singular.success and singular.status in (3, 4)


def test_branches_and_what_cannot_be_traced_get_dense_jacobians():
    def branching(x):
        return tridiagonal(x) if x[0] < 0 else x**3 + np.mean(x)

    assert isinstance(optimize.root(branching, -np.ones(300), method="newton").jac, np.ndarray)
    full = optimize.root(lambda x: x**3 + np.mean(x) - 2, np.ones(300), method="newton")
    assert isinstance(full.jac, np.ndarray) and full.success


def test_derivatives_of_a_large_sparse_root():
    f = bratu(300)
    u = optimize.root(f, np.zeros(300), args=(2.0,)).x
    h2 = 1 / 301**2
    matrix = 2 * np.eye(300) - np.eye(300, k=1) - np.eye(300, k=-1) - np.diag(h2 * 2.0 * np.exp(u))
    expected = np.linalg.solve(matrix, h2 * np.exp(u))
    for solve in (lambda p: optimize.root(f, np.zeros(300), args=(p,)).x,
                  lambda p: optimize.root(lambda u: f(u, p), np.zeros(300)).x,
                  lambda p: optimize.root(f, np.zeros(300), args=(p,), method="newton-krylov",
                                          options={"preconditioner": "jacobian"}).x):
        np.testing.assert_allclose(da.derivative(solve)(2.0), expected, rtol=1e-9)
    second = da.derivative(lambda p: optimize.root(f, np.zeros(300), args=(p,)).x, order=2)(2.0)
    np.testing.assert_allclose(second, np.linalg.solve(matrix, h2 * np.exp(u) * (2 * expected + 2.0 * expected**2)),
                               rtol=1e-8)


def test_a_large_function_that_no_pattern_is_found_for():
    class Hidden:
        """Derivatives that no closure shows."""

        def __init__(self, p):
            self.p = p

        def f(self, x):
            return tridiagonal(x) + self.p

    expected = -np.linalg.solve(da.jacobian(tridiagonal)(optimize.root(tridiagonal, -np.ones(300)).x), np.ones(300))
    got = da.derivative(lambda p: optimize.root(Hidden(p).f, -np.ones(300)).x)(0.0)
    np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_fits_with_a_sparse_jacobian():
    x0, pattern = -np.ones(300), da.jacobian_sparsity(tridiagonal, -np.ones(300))
    fit = optimize.least_squares(tridiagonal, x0, jac_sparsity=pattern)
    assert sparse.issparse(fit.jac)
    np.testing.assert_allclose(fit.x, optimize.root(tridiagonal, x0).x, rtol=1e-7)
