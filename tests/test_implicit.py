"""numpy.linalg.solve and inv with derivatives: the one factorisation, its dtypes, stacks and nesting."""

import numpy as np
import pytest

import dualad as da
from conftest import assert_close, assert_number, assert_same_bits, complex_step, random_number
from dualad.rules import lapack
from dualad.rules.implicit import graded_solve


def well_posed(rng, shape, dtype=float):
    a = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        a = a + 1j * rng.standard_normal(shape)
    return (a + 2 * np.sqrt(shape[-1]) * np.eye(shape[-1])).astype(dtype)


@pytest.mark.parametrize("order", [3, 50])
@pytest.mark.parametrize("columns", [(), (1,), (4,)], ids=str)
def test_solve(kind, rng, order, columns):
    a, a_dot = random_number(kind, well_posed(rng, (order, order)), rng)
    b, b_dot = random_number(kind, rng.standard_normal((order, *columns)), rng)
    x = np.linalg.solve(a, b)
    expected = [complex_step(np.linalg.solve, (a.value, b.value), t) for t in zip(a_dot, b_dot, strict=True)]
    assert_number(x, kind, np.linalg.solve(a.value, b.value), expected, 1e-10, 1e-11)
    only_a = [complex_step(np.linalg.solve, (a.value, b.value), (t, 0)) for t in a_dot]
    assert_number(np.linalg.solve(a, b.value), kind, x.value, only_a, 1e-10, 1e-11)
    only_b = [complex_step(np.linalg.solve, (a.value, b.value), (0, t)) for t in b_dot]
    assert_number(np.linalg.solve(a.value, b), kind, x.value, only_b, 1e-10, 1e-11)


STACKS = [((2, 3, 3), (3,)), ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 2)), ((2, 1, 3, 3), (4, 3, 2)), ((0, 0), (0,)),
          ((2, 0, 0), (2, 0, 1))]


@pytest.mark.parametrize(("left", "right"), STACKS, ids=str)
def test_solve_of_stacks(kind, rng, left, right):
    a, a_dot = random_number(kind, well_posed(rng, left), rng)
    b, b_dot = random_number(kind, rng.standard_normal(right), rng)
    expected = [complex_step(np.linalg.solve, (a.value, b.value), t) for t in zip(a_dot, b_dot, strict=True)]
    assert_number(np.linalg.solve(a, b), kind, np.linalg.solve(a.value, b.value), expected, 1e-10, 1e-11)


@pytest.mark.parametrize("left", "fdFD")
@pytest.mark.parametrize("right", "fdFD")
def test_solve_keeps_the_bits_of_every_dtype(rng, left, right):
    a, b = well_posed(rng, (40, 40), left), well_posed(rng, (40, 40), right)[0]
    x = np.linalg.solve(da.Dual(a, np.ones_like(a)), da.Dual(b, np.ones_like(b)))
    assert_same_bits(x.value, np.linalg.solve(a, b))
    width = 1e-2 if "f" in (left + right).lower() else 1e-10
    expected = np.linalg.solve(a.astype(complex), (1 - np.ones((40, 40)) @ np.linalg.solve(a, b)))
    assert np.allclose(x.tangent, expected, rtol=width, atol=width)


def test_solve_without_the_library_of_numpy(kind, rng, monkeypatch):
    monkeypatch.setattr(lapack, "_gesv", lambda char: None)
    test_solve(kind, rng, 50, ())


def test_library_that_disagrees_is_not_used(monkeypatch):
    monkeypatch.setattr(lapack, "_call", lambda found, a, b: (np.zeros_like(b), None))
    assert lapack._gesv.__wrapped__("d") is None


@pytest.mark.parametrize("order", [3, 40])
def test_second_derivatives(rng, order):
    a, v = well_posed(rng, (order, order)), rng.standard_normal((2, order, order))

    def first(a):
        return da.jvp(lambda m: np.linalg.solve(m, m[0] * m[1]) + np.linalg.inv(m)[0], (a,), (v[0],))[1]

    value, nested = da.jvp(first, (a,), (v[1],))
    assert_close(value, first(a), 1e-11)
    assert_close(nested, complex_step(first, (a,), (v[1],)), 1e-9, 1e-11)


def test_inverse(kind, rng):
    for shape in ((3, 3), (2, 3, 3), (0, 0)):
        a, a_dot = random_number(kind, well_posed(rng, shape), rng)
        expected = [complex_step(np.linalg.inv, (a.value,), (t,)) for t in a_dot]
        assert_number(np.linalg.inv(a), kind, np.linalg.inv(a.value), expected, 1e-10, 1e-12)


def test_matrix_is_factorised_once_for_all_levels(rng):
    calls = []
    a = well_posed(rng, (4, 4))

    def factorise(plain):
        calls.append(plain)
        return lambda stack: np.linalg.solve(plain, stack)

    def f(a):
        return graded_solve((a,), np.eye(4), np.linalg.solve, factorise, (lambda t, x, a: np.matmul(t, x),))

    third = da.jvp(lambda a: da.jvp(lambda a: da.jvp(f, (a,), (a,))[1], (a,), (a,))[1], (a,), (a,))[1]
    assert len(calls) == 1
    assert_close(third, -np.linalg.inv(a), 1e-12)  # of degree -1 in a


def test_errors_are_those_of_numpy(kind, rng):
    a, _ = random_number(kind, np.ones((40, 40)), rng)
    for call in (lambda: np.linalg.solve(a, np.ones(40)), lambda: np.linalg.inv(a)):
        with pytest.raises(np.linalg.LinAlgError, match="Singular"):
            call()
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.solve(a[:3], np.ones(3))
    with pytest.raises(ValueError):
        np.linalg.solve(a, np.ones(3))
    with pytest.raises((ValueError, np.linalg.LinAlgError)):
        np.linalg.solve(a, 1.0)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.inv(a[0])
