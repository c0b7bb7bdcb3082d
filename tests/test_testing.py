"""check_derivatives accepts right derivatives and names the worst of the wrong ones."""

import numpy as np
import pytest

import dualad as da
from dualad.testing import check_derivatives

A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.1, 0.3, 5.0]])
X = np.array([0.5, 1.5, -2.0])


@pytest.mark.parametrize(("f", "args"), [
    (np.sin, (1.0,)),
    (np.exp, (np.zeros((2, 3)),)),
    (np.log, (1e-8,)),
    (np.log, (np.array([1e-3, 1e3]),)),
    (lambda x: x * abs(x), (X,)),  # not analytic: the complex step is of no use
    (lambda x: np.where(x > 0, x**2, np.sin(x)), (X,)),
    (lambda x: np.maximum(x, X[::-1])[0] * x, (X,)),
    (np.linalg.solve, (A, X)),
    (lambda x: np.linalg.eigh(A + A.T + np.outer(x, x))[0], (X,)),
    (np.fft.fft, (X,)),  # a complex result
    (lambda x, y: np.outer(x, y), (X, np.array([1.0, 2.0]))),
    (lambda x: [x[0] * x[1], x[0]], ([1.0, 2.0],)),
    (lambda t: {"a": t["x"] * t["y"][0], "b": (t["y"][1].sum(), 2.0)}, ({"x": 3.0, "y": (X, A)},)),
    (lambda x: x**3, (2,)),
    (lambda x: x.sum(), (np.array([1.0, 2.0], np.float32),)),
    (lambda x: 3.0, (1.0,)),
    (lambda x: (), (1.0,)),
    (lambda x: x * 2, (np.zeros(0),)),
    (lambda x: np.sqrt(x - 1), (np.array([0.0, 2.0]),)),  # a value NaN: nothing to compare
])
def test_right_derivatives_pass(f, args):
    with np.errstate(invalid="ignore"):
        assert check_derivatives(f, *args) is None


@pytest.mark.parametrize("order", [1, 2, 3])
def test_orders(order):
    check_derivatives(lambda x, a: np.exp(-a * x) * x[0], X, 0.7, order=order)


def scaled_tangents(factor, at=slice(None), kind=(da.Dual, da.MultiDual)):
    """The square, some of whose tangents are wrong."""
    def f(x):
        y = x * x
        if isinstance(y, kind):
            y.components[1:][..., at] *= factor
        return y
    return f


def test_wrong_derivatives_raise():
    with pytest.raises(AssertionError, match=r"jvp along a random direction .* 1 of 3 entries, most at result\[1\]"):
        check_derivatives(scaled_tangents(1.00001, 1), X)
    with pytest.raises(AssertionError, match=r"jacobian is wrong .* most at result\[2\] by args\[0\]\[2\]: -4\.4"):
        check_derivatives(scaled_tangents(1.1, 2, da.MultiDual), X)


def test_names_in_containers():
    def f(t):
        return {"y": scaled_tangents(2.0, 1, da.MultiDual)(t["x"]), "z": t["x"]}
    with pytest.raises(AssertionError, match=r"result\['y'\]\[1\] by args\[0\]\['x'\]\[1\]"):
        check_derivatives(f, {"x": X})


def test_dropped_derivatives_raise():
    with pytest.raises(AssertionError, match="jvp"):
        check_derivatives(lambda x: x * (x.value if hasattr(x, "value") else x), 3.0)


def test_wrong_values_raise():
    with pytest.raises(AssertionError, match="the value under jvp is wrong"):
        check_derivatives(lambda x: x + 1 if isinstance(x, da.Dual) else x, 3.0)


def test_wrong_shapes_raise():
    with pytest.raises(AssertionError, match="has 3 elements instead of 6"):
        check_derivatives(lambda x: x if isinstance(x, da.Dual) else np.append(x, x), X)


def test_a_kink_raises():
    with pytest.raises(AssertionError, match="instead of"):
        check_derivatives(lambda x: np.where(x > 0, x, 2 * x), 0.0)


def test_wrong_second_derivatives_raise():
    def f(x):
        return x**2 if isinstance(x, da.Dual) and isinstance(x.components, da.Dual) else x**3
    with pytest.raises(AssertionError):
        check_derivatives(f, 1.5, order=2)
    check_derivatives(f, 1.5)


def test_tolerances():
    f = scaled_tangents(1 + 1e-4)
    check_derivatives(f, X, rtol=1e-3)
    check_derivatives(f, X, rtol=0.0, atol=1e-2)
    with pytest.raises(AssertionError):
        check_derivatives(f, X, rtol=1e-5)


def test_rounding_of_differences_does_not_matter_where_the_complex_step_works():
    check_derivatives(lambda x: 1e7 + np.sin(x), 1.0, rtol=1e-12, atol=0.0)


def test_arguments():
    with pytest.raises(ValueError, match="order must be"):
        check_derivatives(np.sin, 1.0, order=0)
    with pytest.raises(TypeError, match="real arguments"):
        check_derivatives(np.sin, 1j)
    with pytest.raises(TypeError, match="must hold real numbers"):
        check_derivatives(len, "abc")
