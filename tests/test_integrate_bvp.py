"""Boundary value problems: exact Jacobians, and sensitivities against closed forms and mpmath."""

import mpmath
import numpy as np
import pytest
import scipy.integrate

import dualad as da
from conftest import NUMBER_TYPES, assert_close
from dualad import integrate

X = np.linspace(0, 1, 11)


def bratu(k, **options):
    """y'' + k exp(y) = 0 between zeros."""
    return integrate.solve_bvp(lambda x, y: np.stack([y[1], -k * np.exp(y[0])]), lambda a, b: [a[0], b[0]], X,
                               np.zeros((2, X.size)), tol=1e-9, max_nodes=10000, **options)


def bratu_middle(k):
    """y(1/2) = 2 log(cosh(c)) with c = sqrt(k/8) cosh(c)."""
    c = mpmath.findroot(lambda c: c - mpmath.sqrt(k / 8) * mpmath.cosh(c), 0.4)
    return 2 * mpmath.log(mpmath.cosh(c))


def test_plain_problems_need_no_jacobians():
    given = bratu(1.0, fun_jac=lambda x, y: [[0 * x, 1 + 0 * x], [-np.exp(y[0]), 0 * x]],
                  bc_jac=lambda a, b: ([[1, 0], [0, 0]], [[0, 0], [1, 0]]))
    result = bratu(1.0)
    assert type(result) is type(given)
    assert result.success
    assert_close(result.y, given.y, 1e-12, 1e-12)
    assert_close(result.sol(0.5)[0], float(bratu_middle(mpmath.mpf(1))), 1e-8)


@pytest.mark.parametrize("kind", NUMBER_TYPES)
def test_parameters_of_the_bratu_problem(kind):
    number = da.Dual(1.0, 1.0) if kind is da.Dual else da.MultiDual(1.0, [1.0, 2.0])
    result = bratu(number)
    middle = result.sol(0.5)[0]
    expected = float(mpmath.diff(bratu_middle, 1))
    if kind is da.Dual:
        assert_close(middle.tangent, expected, 1e-6)
    else:
        assert_close(middle.tangents, [expected, 2 * expected], 1e-6)
    assert result.y.shape == result.yp.shape
    second = da.derivative(lambda k: bratu(k).sol(0.5)[0], 0, 2)(1.0)
    assert_close(second, float(mpmath.diff(bratu_middle, 1, 2)), 1e-5)


def test_unknown_parameters_carry_derivatives():
    """y'' = -w**2 y on an interval of length a has w = pi/a."""
    def frequency(a):
        return integrate.solve_bvp(
            lambda x, y, w: a * np.stack([y[1], -(w[0] ** 2) * y[0]]), lambda u, v, w: [u[0], v[0], u[1] - w[0]], X,
            np.stack([np.sin(np.pi * X), np.pi * np.cos(np.pi * X)]), p=[3.0], tol=1e-8).p[0]

    assert_close(frequency(1.0), np.pi, 1e-7)
    assert_close(da.derivative(frequency)(1.1), -np.pi / 1.1**2, 1e-6)


def test_errors_and_differences():
    with pytest.raises(TypeError, match="x must not carry derivatives"):
        integrate.solve_bvp(lambda x, y: y, lambda a, b: a, da.Dual(X, X), np.zeros((1, X.size)))
    with pytest.warns(RuntimeWarning, match="finite differences"):
        result = integrate.solve_bvp(lambda x, y: np.array(y.tolist(), float), lambda a, b: a - 1, X,
                                     np.ones((1, X.size)))
    expected = scipy.integrate.solve_bvp(lambda x, y: y, lambda a, b: a - 1, X, np.ones((1, X.size)))
    assert_close(result.y, expected.y, 1e-6)
