"""jvp, linearize, derivative, grad and jacobian: arguments, containers, nesting and threads."""

import copy
import functools
import itertools
import math
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

import dualad as da
from conftest import assert_close, assert_same_bits, is_number


def assert_plain(y):
    """No number has escaped from its transform."""
    leaves = y.values() if isinstance(y, dict) else y if isinstance(y, (tuple, list)) else ()
    for leaf in leaves:
        assert_plain(leaf)
    assert not is_number(y)
    assert getattr(y, "dtype", None) != object


# jvp


def test_jvp_of_a_scalar():
    y, ydot = da.jvp(np.sin, (0.5,), (2.0,))
    assert_same_bits(y, np.sin(0.5))
    assert_close(ydot, 2 * np.cos(0.5))
    assert type(y) is np.float64 and type(ydot) is np.float64


def test_jvp_of_arrays(rng):
    x, t = rng.standard_normal((2, 3, 4))
    y, ydot = da.jvp(lambda x: x * np.sin(x), (x,), (t,))
    assert_same_bits(y, x * np.sin(x))
    assert_close(ydot, (np.sin(x) + x * np.cos(x)) * t)


def test_jvp_of_several_arguments(rng):
    a, b = rng.standard_normal((3, 4)), rng.standard_normal(4)
    s, t = rng.standard_normal((3, 4)), rng.standard_normal(4)
    y, ydot = da.jvp(lambda a, b: a @ b, (a, b), (s, t))
    assert_same_bits(y, a @ b)
    assert_close(ydot, s @ b + a @ t)


def test_jvp_of_the_identity(rng):
    x, t = rng.standard_normal((2, 5))
    y, ydot = da.jvp(lambda x: x, (x,), (t,))
    assert_same_bits(y, x)
    assert_same_bits(ydot, t)


def test_jvp_does_not_change_its_arguments(rng):
    x, t = rng.standard_normal((2, 5))
    before = x.copy(), t.copy()

    def f(x):
        x *= 2
        x[0] = 7.0
        return x

    y, ydot = da.jvp(f, (x,), (t,))
    assert_same_bits(x, before[0])
    assert_same_bits(t, before[1])
    assert_close(y, np.r_[7.0, 2 * x[1:]])
    assert_close(ydot, np.r_[0.0, 2 * t[1:]])


def test_results_are_independent_of_each_other_and_of_the_arguments(rng):
    x, t = rng.standard_normal((2, 5))
    y, ydot = da.jvp(lambda x: x, (x,), (t,))
    y[:] = 1.0
    ydot[:] = 2.0
    assert not np.any(x == 1.0) and not np.any(t == 2.0)
    assert np.all(y == 1.0)


@pytest.mark.parametrize("value", [3, np.int32(3), np.array([1, 2]), [1, 2, 3], np.ones((2, 1), np.int8)], ids=repr)
def test_integers_are_promoted(value):
    tangent = np.ones(np.shape(value), int)
    y, ydot = da.jvp(lambda x: x * x, (value,), (tangent,))
    assert_same_bits(y, np.asarray(value, float) ** 2)
    assert_same_bits(ydot, 2 * np.asarray(value, float))


def test_single_precision_keeps_its_width():
    y, ydot = da.jvp(np.exp, (np.ones(3, np.float32),), (np.ones(3, np.float32),))
    assert y.dtype == ydot.dtype == np.float32
    assert da.grad(lambda x: np.sum(x * x))(np.ones(3, np.float32)).dtype == np.float32
    assert da.jacobian(np.exp)(np.ones(3, np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("primals", "tangents"),
    [
        ((np.ones(3),), (np.ones(2),)),
        ((np.ones(3),), (np.ones((1, 3)),)),
        ((np.ones(3),), (1.0,)),
        ((1.0,), (np.ones(1),)),
        ((np.ones((2, 3)),), (np.ones((3, 2)),)),
    ],
    ids=str,
)
def test_wrong_tangent_shape_is_an_error(primals, tangents):
    with pytest.raises(ValueError, match="shape"):
        da.jvp(lambda x: x, primals, tangents)
    _, push = da.linearize(lambda x: x, *primals)
    with pytest.raises(ValueError, match="shape"):
        push(*tangents)


@pytest.mark.parametrize(
    ("primals", "tangents"),
    [
        ((1.0, 2.0), (1.0,)),
        ((1.0,), (1.0, 2.0)),
        (({"a": 1.0},), ({"b": 1.0},)),
        (((1.0, 2.0),), ((1.0,),)),
        (((np.ones(2), np.ones(2)),), (np.ones((2, 2)),)),
    ],
    ids=str,
)
def test_tangents_of_another_structure_are_an_error(primals, tangents):
    with pytest.raises((TypeError, ValueError)):
        da.jvp(lambda *args: 1.0, primals, tangents)


def test_primals_must_be_a_tuple_or_list():
    y, ydot = da.jvp(lambda x, y: x * y, [2.0, 3.0], [1.0, 0.0])
    assert (y, ydot) == (6.0, 3.0)


@pytest.mark.parametrize("primal", ["text", None, object(), np.array(["a", "b"])],
                         ids=lambda primal: type(primal).__name__)
def test_arguments_that_are_no_numbers_are_errors(primal):
    with pytest.raises((TypeError, ValueError)):
        da.jvp(lambda x: x, (primal,), (primal,))
    with pytest.raises((TypeError, ValueError)):
        da.grad(lambda x: 1.0)(primal)


def test_complex_results_of_real_arguments(rng):
    x, t = rng.standard_normal((2, 4))
    y, ydot = da.jvp(lambda x: np.exp(1j * x), (x,), (t,))
    assert_same_bits(y, np.exp(1j * x))
    assert_close(ydot, 1j * t * np.exp(1j * x))
    assert_close(da.jacobian(lambda x: np.exp(1j * x))(x), np.diag(1j * np.exp(1j * x)))


# containers


def nested_function(p, scale):
    return {
        "product": p["a"] * p["b"][0],
        "parts": (np.sum(p["b"][1]), [p["a"] + scale, p["b"][1] * scale]),
        "constant": np.arange(2.0),
    }


def nested_point(rng):
    return {"a": rng.standard_normal(3), "b": (1.5, rng.standard_normal((2, 2)))}


def test_jvp_of_nested_containers(rng):
    p, q = nested_point(rng), nested_point(rng)
    s, t = 2.0, 0.5
    y, ydot = da.jvp(nested_function, (p, s), (q, t))
    assert_plain(y)
    assert_plain(ydot)
    assert_close(ydot["product"], q["a"] * p["b"][0] + p["a"] * q["b"][0])
    assert isinstance(ydot["parts"], tuple) and isinstance(ydot["parts"][1], list)
    assert_close(ydot["parts"][0], np.sum(q["b"][1]))
    assert_close(ydot["parts"][1][0], q["a"] + t)
    assert_close(ydot["parts"][1][1], q["b"][1] * s + p["b"][1] * t)
    assert_same_bits(ydot["constant"], np.zeros(2))
    assert_same_bits(y["parts"][1][1], p["b"][1] * s)
    assert list(y) == list(ydot) == ["product", "parts", "constant"]


def test_linearize_of_nested_containers(rng):
    p, q = nested_point(rng), nested_point(rng)
    y, push = da.linearize(nested_function, p, 2.0)
    expected, slope = da.jvp(nested_function, (p, 2.0), (q, 0.5))
    assert_same_bits(y["product"], expected["product"])
    assert_close(push(q, 0.5)["parts"][1][1], slope["parts"][1][1])


def test_gradient_has_the_structure_of_the_argument(rng):
    p = nested_point(rng)
    g = da.grad(lambda p: np.sum(p["a"] ** 2) * p["b"][0] + np.sum(np.exp(p["b"][1])))(p)
    assert isinstance(g, dict) and isinstance(g["b"], tuple)
    assert_close(g["a"], 2 * p["a"] * 1.5)
    assert_close(g["b"][0], np.sum(p["a"] ** 2))
    assert_close(g["b"][1], np.exp(p["b"][1]))


def test_jacobian_has_the_structure_of_result_and_argument(rng):
    a, b = rng.standard_normal(3), rng.standard_normal(2)

    def f(p):
        return {"outer": np.outer(p[0], p[1]), "sum": np.sum(p[0])}

    jacobian = da.jacobian(f)((a, b))
    assert isinstance(jacobian, dict) and isinstance(jacobian["outer"], tuple)
    assert_close(jacobian["outer"][0], np.einsum("ik,j->ijk", np.eye(3), b))
    assert_close(jacobian["outer"][1], np.einsum("i,jk->ijk", a, np.eye(2)))
    assert_close(jacobian["sum"][0], np.ones(3))
    assert_close(jacobian["sum"][1], np.zeros(2))


def test_a_list_of_scalars_is_one_array():
    def f(x):
        assert x.shape == (3,)
        return np.sum(x * x)

    g = da.grad(f)([1.0, 2, 3.0])
    assert_same_bits(g, np.array([2.0, 4.0, 6.0]))
    y, ydot = da.jvp(f, ([1.0, 2.0, 3.0],), ([1.0, 0.0, 0.0],))
    assert (y, ydot) == (14.0, 2.0)
    assert_close(da.jacobian(lambda x: x * x)([1.0, 2.0]), np.diag([2.0, 4.0]))


def test_a_list_result_of_scalars_is_one_array(rng):
    x = rng.standard_normal(3)
    y, ydot = da.jvp(lambda x: [x[0] * x[1], 2.0, x[2], 1], (x,), (np.ones(3),))
    assert_same_bits(y, np.array([x[0] * x[1], 2.0, x[2], 1.0]))
    assert_close(ydot, np.array([x[0] + x[1], 0.0, 1.0, 0.0]))
    jacobian = da.jacobian(lambda x: [x[0] * x[1], 2.0, x[2]])(x)
    assert_close(jacobian, np.array([[x[1], x[0], 0], [0, 0, 0], [0, 0, 1]]))


def test_a_list_of_arrays_is_a_container(rng):
    a, b = rng.standard_normal(3), rng.standard_normal((2, 2))
    g = da.grad(lambda p: np.sum(p[0] ** 2) + np.sum(p[1] ** 3))([a, b])
    assert isinstance(g, list)
    assert_close(g[0], 2 * a)
    assert_close(g[1], 3 * b**2)
    y, ydot = da.jvp(lambda x: [x, 2 * x[:2]], (a,), (np.ones(3),))
    assert isinstance(y, list) and isinstance(ydot, list)
    assert_close(ydot[1], np.full(2, 2.0))


def test_a_ragged_list_is_a_container():
    """NumPy makes no array of it; its rows are arrays."""
    g = da.grad(lambda t: t[0][1] * t[1][0] * t[2])([[1.0, 2.0, 3.0], [4.0], 5.0])
    assert [np.shape(part) for part in g] == [(3,), (1,), ()]
    np.testing.assert_array_equal(np.hstack(g), [0, 20, 0, 10, 8])
    y, ydot = da.jvp(lambda x: [[x], [x * x, 3 * x]], (2.0,), (1.0,))
    np.testing.assert_array_equal(np.hstack(y), [2, 4, 6])
    np.testing.assert_array_equal(np.hstack(ydot), [1, 4, 3])


def test_a_tuple_result_is_a_container():
    y, ydot = da.jvp(lambda x: (x * x, 3.0), (2.0,), (1.0,))
    assert isinstance(y, tuple) and isinstance(ydot, tuple)
    assert y == (4.0, 3.0) and ydot == (4.0, 0.0)
    value, jacobian = da.value_and_jacobian(lambda x: (x, np.sum(x)))(np.ones(2))
    assert_close(jacobian[0], np.eye(2))
    assert_close(jacobian[1], np.ones(2))
    assert_same_bits(value[1], np.float64(2.0))


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1,), (2, 1, 2)], ids=str)
def test_object_array_results_are_packed(shape, rng):
    x = rng.standard_normal(4)

    def f(x):
        y = np.empty(shape, object)
        for i, index in enumerate(np.ndindex(shape)):
            y[index] = x[i % 4] * (i + 1)
        y[(0,) * len(shape)] = 3.0
        return y

    y, ydot = da.jvp(f, (x,), (np.ones(4),))
    size = math.prod(shape)
    expected = (np.arange(size) + 1.0) * np.resize(x, size)
    expected[0] = 3.0
    assert_close(y, expected.reshape(shape))
    assert y.dtype == ydot.dtype == np.float64
    assert_close(ydot, np.r_[0.0, np.arange(1, size) + 1.0].reshape(shape))
    jacobian = da.jacobian(f)(x)
    assert jacobian.shape == (*shape, 4)
    assert_close(jacobian.sum(axis=-1), ydot)


def test_object_array_of_numpy_array(rng):
    x = rng.standard_normal(2)
    jacobian = da.jacobian(lambda x: np.array([x[0] * x[1], np.sin(x[0]), 1.0]))(x)
    assert_close(jacobian, np.array([[x[1], x[0]], [np.cos(x[0]), 0], [0, 0]]))


def test_empty_containers():
    y, ydot = da.jvp(lambda x: ((), {}, x), (2.0,), (1.0,))
    assert y == ((), {}, 2.0) and ydot == ((), {}, 1.0)
    assert da.grad(lambda p: 1.0)(()) == ()
    assert da.grad(lambda p: 1.0)({}) == {}


def test_results_that_are_no_numbers_are_errors():
    for result in ("text", object(), None):
        with pytest.raises((TypeError, ValueError)):
            da.jvp(lambda x, result=result: result, (1.0,), (1.0,))
        with pytest.raises((TypeError, ValueError)):
            da.jacobian(lambda x, result=result: result)(np.ones(2))


# constant outputs and empty inputs


@pytest.mark.parametrize("constant", [3.0, 3, np.arange(4), np.ones((2, 3)), np.float64(2.0), [1.0, 2.0]], ids=repr)
def test_constant_outputs_have_zero_derivatives(constant):
    y, ydot = da.jvp(lambda x: constant, (np.ones(3),), (np.ones(3),))
    assert_close(y, np.asarray(constant, float))
    assert_close(ydot, np.zeros(np.shape(constant)))
    assert np.asarray(ydot).dtype == np.float64
    assert_close(da.jacobian(lambda x: constant)(np.ones(3)), np.zeros((*np.shape(constant), 3)))
    assert_close(da.linearize(lambda x: constant, np.ones(3))[1](np.ones(3)), np.zeros(np.shape(constant)))


def test_constant_scalar_has_zero_gradient():
    value, g = da.value_and_grad(lambda x: 3.0)(np.ones((2, 3)))
    assert value == 3.0
    assert_same_bits(g, np.zeros((2, 3)))
    assert da.derivative(lambda x: 1)(2.0) == 0.0


def test_plain_results_of_piecewise_constant_functions():
    y, ydot = da.jvp(np.floor, (np.array([1.5, -1.5]),), (np.ones(2),))
    assert_same_bits(y, np.array([1.0, -2.0]))
    assert_same_bits(ydot, np.zeros(2))
    assert da.jvp(np.argmax, (np.array([1.0, 5.0]),), (np.ones(2),))[0] == 1


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)], ids=str)
def test_empty_inputs(shape):
    x = np.zeros(shape)
    assert_same_bits(da.jacobian(np.sin)(x), np.zeros(shape + shape))
    assert_same_bits(da.grad(np.sum)(x), np.zeros(shape))
    assert_same_bits(da.jacobian(lambda x: np.ones(3))(x), np.zeros((3, *shape)))
    y, ydot = da.jvp(np.exp, (x,), (x,))
    assert_same_bits(y, x)
    assert_same_bits(ydot, x)
    assert_same_bits(da.derivative(np.sin)(x), x)
    value, jacobian = da.value_and_jacobian(lambda x: np.sum(x) + 1.0, chunk_size=2)(x)
    assert value == 1.0 and jacobian.shape == shape


def test_empty_outputs():
    x = np.ones(3)
    assert_same_bits(da.jacobian(lambda x: x[:0])(x), np.zeros((0, 3)))
    assert_same_bits(da.jvp(lambda x: x[:0] * 2, (x,), (x,))[1], np.zeros(0))
    assert_same_bits(da.jacobian(lambda x: x[:0])(x[:0]), np.zeros((0, 0)))


# linearize


def test_linearize_is_linear(rng):
    x, s, t = rng.standard_normal((3, 4))
    y, push = da.linearize(lambda x: np.cumsum(np.sin(x)), x)
    assert_same_bits(y, np.cumsum(np.sin(x)))
    assert_close(push(2 * s - t), 2 * push(s) - push(t))
    assert_close(push(s), np.cumsum(np.cos(x) * s))
    assert_same_bits(push(np.zeros(4)), np.zeros(4))


def test_linearize_of_several_arguments():
    y, push = da.linearize(lambda a, b: a * b, 2.0, 3.0)
    assert y == 6.0
    assert push(1.0, 0.0) == 3.0
    assert push(0.0, 1.0) == 2.0
    with pytest.raises((TypeError, ValueError)):
        push(1.0)


def test_linearize_is_fixed_at_its_point(rng):
    x = rng.standard_normal(3)
    at = x.copy()
    _, push = da.linearize(np.sin, x)
    x[:] = 0.0
    assert_close(push(np.ones(3)), np.cos(at))


# derivative


def test_derivative_of_scalar_functions():
    assert da.derivative(lambda x: x**3)(2.0) == 12.0
    assert type(da.derivative(np.sin)(0.5)) is np.float64
    assert_close(da.derivative(np.sin)(0.5), np.cos(0.5))


def test_derivative_of_elementwise_functions(rng):
    x = rng.standard_normal((2, 3))
    assert_close(da.derivative(np.sin)(x), np.cos(x))
    assert_close(da.derivative(lambda x: x * x * x)(x), 3 * x * x)


@pytest.mark.parametrize(("argnum", "expected"), [(0, 3.0), (1, 2.0), (-1, 2.0), (-2, 3.0)])
def test_derivative_in_an_argument(argnum, expected):
    assert da.derivative(lambda x, y: x * y, argnum)(2.0, 3.0) == expected
    assert da.derivative(lambda x, y: x * y, argnum=argnum)(2.0, 3.0) == expected


def test_derivative_of_vector_valued_functions_of_a_scalar():
    assert_close(da.derivative(lambda t: np.stack([np.cos(t), np.sin(t)]))(0.5), np.array([-np.sin(0.5), np.cos(0.5)]))
    assert_close(da.derivative(lambda t: [t * t, 3.0, t])(2.0), np.array([4.0, 0.0, 1.0]))
    assert da.derivative(lambda t: (t * t, {"a": 3 * t}))(2.0) == (4.0, {"a": 3.0})


def test_derivative_of_first_order_by_name():
    assert da.derivative(lambda x: x**3, order=1)(2.0) == 12.0


# gradients


def test_gradient_against_formula(rng):
    x = rng.standard_normal((3, 2))
    value, g = da.value_and_grad(lambda x: np.sum(np.sin(x) * x))(x)
    assert_same_bits(value, np.sum(np.sin(x) * x))
    assert type(value) is np.float64
    assert_close(g, np.cos(x) * x + np.sin(x))
    assert_same_bits(da.grad(lambda x: np.sum(np.sin(x) * x))(x), g)


def test_gradient_of_a_scalar_argument():
    g = da.grad(lambda x: x * x)(3)
    assert g == 6.0 and type(g) is np.float64


@pytest.mark.parametrize("argnums", [0, 1, 2, -1, -3])
def test_gradient_in_one_argument(argnums):
    args = (2.0, np.array([3.0, 4.0]), 5.0)
    expected = (35.0, np.full(2, 10.0), 14.0)
    g = da.grad(lambda a, b, c: a * np.sum(b) * c, argnums)(*args)
    assert_close(g, expected[argnums])


@pytest.mark.parametrize("argnums", [(0,), (0, 1), (2, 0), (-1, 1), (0, 1, 2), [0, 2]], ids=str)
def test_gradient_in_several_arguments(argnums):
    args = (2.0, np.array([3.0, 4.0]), 5.0)
    expected = (35.0, np.full(2, 10.0), 14.0)
    value, g = da.value_and_grad(lambda a, b, c: a * np.sum(b) * c, argnums)(*args)
    assert value == 70.0
    assert isinstance(g, tuple) and len(g) == len(argnums)
    for i, part in zip(argnums, g, strict=True):
        assert_close(part, expected[i])


@pytest.mark.parametrize("argnums", [3, -4, (0, 3), "x", 1.0], ids=repr)
def test_bad_argnums_are_errors(argnums):
    for transform in (da.grad, da.jacobian):
        with pytest.raises((TypeError, ValueError, IndexError)):
            transform(lambda a, b, c: a * b * c, argnums)(1.0, 2.0, 3.0)


def test_gradient_of_what_is_no_scalar_is_an_error():
    for f in (lambda x: x, lambda x: x[:1], lambda x: (x[0], x[1]), lambda x: [x[0], x[1]]):
        with pytest.raises((TypeError, ValueError), match="scalar"):
            da.grad(f)(np.ones(2))
        with pytest.raises((TypeError, ValueError), match="scalar"):
            da.value_and_grad(f)(np.ones(2))


def test_gradient_of_a_shape_less_array():
    assert_close(da.grad(lambda x: np.sum(x, keepdims=True)[0])(np.ones(2)), np.ones(2))
    g = da.grad(lambda x: x * x)(np.array(3.0))
    assert np.shape(g) == () and g == 6.0


# Jacobians


@pytest.mark.parametrize("xshape", [(), (1,), (4,), (2, 3), (2, 1, 2)], ids=str)
@pytest.mark.parametrize("chunk_size", [None, 1, 2, 3, 4, 100])
def test_jacobian_shape_and_values(xshape, chunk_size, rng):
    x = rng.standard_normal(xshape)
    weights = rng.standard_normal((2, 3, *xshape))
    axes = tuple(range(2, 2 + len(xshape)))

    def f(x):
        return np.sum(weights * np.sin(x), axis=axes)

    value, jacobian = da.value_and_jacobian(f, chunk_size=chunk_size)(x)
    assert_same_bits(value, f(x))
    assert_close(jacobian, weights * np.cos(x))
    assert_close(da.jacobian(f, chunk_size=chunk_size)(x), jacobian)


def test_jacobian_of_elementwise_functions(rng):
    x = rng.standard_normal((2, 3))
    jacobian = da.jacobian(np.sin)(x)
    assert jacobian.shape == (2, 3, 2, 3)
    assert_close(jacobian.reshape(6, 6), np.diag(np.cos(x).ravel()))


@pytest.mark.parametrize(("n", "chunk_size"), [(7, 1), (7, 2), (7, 7), (8, 3), (8, 8), (8, 20), (1, 1)])
def test_chunk_size_sets_the_number_of_evaluations(n, chunk_size):
    widths = []

    def f(x):
        widths.append(1 if isinstance(x, da.Dual) else len(x.tangents))
        return x * x

    assert_close(da.jacobian(f, chunk_size=chunk_size)(np.ones(n)), 2 * np.eye(n))
    assert len(widths) == -(-n // chunk_size)
    assert max(widths) <= chunk_size


def test_jacobian_chooses_few_evaluations():
    calls = itertools.count()

    def f(x):
        next(calls)
        return x[1:] * x[:-1]

    da.jacobian(f)(np.ones(100))
    assert next(calls) <= 25


@pytest.mark.parametrize("chunk_size", [0, -1, 1.5, "all"])
def test_bad_chunk_sizes_are_errors(chunk_size):
    with pytest.raises((TypeError, ValueError)):
        da.jacobian(np.sin, chunk_size=chunk_size)(np.ones(3))


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 3])
@pytest.mark.parametrize("argnums", [(0, 1), (1, 0), (-1,), (0, 1, 2)], ids=str)
def test_jacobian_in_several_arguments(argnums, chunk_size, rng):
    args = rng.standard_normal(3), rng.standard_normal((2, 3)), 1.5

    def f(a, b, c):
        return b @ a * c

    expected = (args[1] * 1.5, np.einsum("ik,l->ikl", np.eye(2), args[0]) * 1.5, args[1] @ args[0])
    value, jacobian = da.value_and_jacobian(f, argnums, chunk_size=chunk_size)(*args)
    assert_same_bits(value, f(*args))
    assert isinstance(jacobian, tuple)
    for i, part in zip(argnums, jacobian, strict=True):
        assert_close(part, expected[i])


def test_jacobian_of_mixed_containers_in_chunks(rng):
    p = {"a": rng.standard_normal(3), "b": 2.0, "c": rng.standard_normal((1, 2))}

    def f(p):
        return p["a"] * p["b"] + np.sum(p["c"])

    for chunk_size in (None, 1, 2, 4, 5):
        jacobian = da.jacobian(f, chunk_size=chunk_size)(p)
        assert_close(jacobian["a"], 2 * np.eye(3))
        assert_close(jacobian["b"], p["a"])
        assert_close(jacobian["c"], np.ones((3, 1, 2)))


def test_value_and_jacobian_value_is_numpys(rng):
    x = rng.standard_normal(2049)
    value, _ = da.value_and_jacobian(lambda x: np.sum(np.exp(x) * x**3), chunk_size=1025)(x)
    assert_same_bits(value, np.sum(np.exp(x) * x**3))


def test_a_function_that_depends_on_its_chunk_is_still_consistent(rng):
    """Branches on values are taken alike in each chunk."""
    x = rng.standard_normal(9)
    jacobian = da.jacobian(lambda x: np.where(x > 0, x * x, x) * (2.0 if x[0] > 0 else 3.0), chunk_size=2)(x)
    assert_close(jacobian, np.diag(np.where(x > 0, 2 * x, 1.0)) * (2.0 if x[0] > 0 else 3.0))


def test_broyden_tridiagonal(rng):
    def f(x):
        y = (3 - 2 * x) * x + 1
        y[1:] -= x[:-1]
        y[:-1] -= 2 * x[1:]
        return y

    x = rng.standard_normal(20)
    expected = np.diag(3 - 4 * x) - np.eye(20, k=-1) - 2 * np.eye(20, k=1)
    assert_close(da.jacobian(f)(x), expected)


# arguments that pass untouched


def test_other_arguments_pass_untouched():
    options, flag, array = {"a": [1]}, object(), np.arange(3)

    def f(x, options_, array_, *rest, flag_=None, **more):
        assert options_ is options and array_ is array and flag_ is flag
        assert rest == ("positional", None) and more == {"more": "keyword"}
        return x * x

    args, kwargs = (2.0, options, array, "positional", None), {"flag_": flag, "more": "keyword"}
    assert da.derivative(f)(*args, **kwargs) == 4.0
    assert da.grad(f)(*args, **kwargs) == 4.0
    assert da.value_and_grad(f)(*args, **kwargs) == (4.0, 4.0)
    assert da.jacobian(f)(*args, **kwargs) == 4.0
    assert da.value_and_jacobian(f, chunk_size=1)(*args, **kwargs) == (4.0, 4.0)


def test_transforms_keep_the_name_of_the_function():
    def energy(x):
        """The energy."""
        return x * x

    for transform in (da.derivative, da.grad, da.value_and_grad, da.jacobian, da.value_and_jacobian):
        assert "energy" in transform(energy).__name__


@pytest.mark.parametrize("transform", [da.derivative, da.grad, da.value_and_grad, da.jacobian, da.value_and_jacobian])
def test_transforms_want_a_function(transform):
    with pytest.raises(TypeError):
        transform(3.0)(1.0)


def test_errors_of_the_function_pass_through():
    class Mine(Exception):
        pass

    def f(x):
        raise Mine("here")

    for call in (
        lambda: da.jvp(f, (1.0,), (1.0,)),
        lambda: da.grad(f)(1.0),
        lambda: da.jacobian(f)(np.ones(2)),
        lambda: da.linearize(f, 1.0),
    ):
        with pytest.raises(Mine, match="here"):
            call()
    assert da.derivative(lambda x: x * da.derivative(lambda y: x + y)(1.0))(1.0) == 1.0


def test_methods_and_callables_can_be_differentiated():
    class Model:
        def __init__(self, k):
            self.k = k

        def energy(self, x):
            return self.k * x * x

        __call__ = energy

    assert da.grad(Model(3.0).energy)(2.0) == 12.0
    assert da.grad(Model(3.0))(2.0) == 12.0
    assert da.grad(functools.partial(Model.energy, Model(3.0)))(2.0) == 12.0
    assert_close(da.derivative(np.sin)(0.25), np.cos(0.25))


def test_python_scalar_programs():
    """In-place operators on a scalar rebind the name, as they do for floats."""

    def f(x):
        y = x
        y += 1
        total = x
        for _ in range(3):
            total *= y
        return total

    assert_close(da.derivative(f)(2.0), np.float64(3.0**3 + 2 * 3 * 3.0**2))


# numbers as arguments: transforms of numbers, and numbers of the user in closures


def test_jvp_of_user_numbers():
    y, ydot = da.jvp(np.sin, (da.Dual(0.5, 2.0),), (1.0,))
    assert_close(y.value, np.sin(0.5))
    assert_close(y.tangent, 2 * np.cos(0.5))
    assert_close(ydot.value, np.cos(0.5))
    assert_close(ydot.tangent, -2 * np.sin(0.5))


def test_user_numbers_in_a_closure():
    w = da.MultiDual(3.0, [1.0, 2.0])
    y, ydot = da.jvp(lambda x: w * x * x, (2.0,), (1.0,))
    assert_close(y.tangents, np.array([4.0, 8.0]))
    assert_close(ydot.value, np.float64(12.0))
    assert_close(ydot.tangents, np.array([4.0, 8.0]))


def test_user_arrays_through_a_jacobian(rng):
    v, t = rng.standard_normal((2, 3))
    jacobian = da.jacobian(lambda x: x * x)(da.Dual(v, t))
    assert_close(jacobian.value, 2 * np.diag(v))
    assert_close(jacobian.tangent, 2 * np.diag(t))


# nesting


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_higher_derivatives_of_elementary_functions(depth):
    x = 0.4
    expected = {
        "sin": [np.cos(x), -np.sin(x), -np.cos(x), np.sin(x)],
        "exp": [np.exp(x)] * 4,
        "log": [1 / x, -1 / x**2, 2 / x**3, -6 / x**4],
        "sqrt": [0.5 * x**-0.5, -0.25 * x**-1.5, 0.375 * x**-2.5, -0.9375 * x**-3.5],
    }
    for name, values in expected.items():
        f = getattr(np, name)
        for _ in range(depth):
            f = da.derivative(f)
        assert_close(f(x), values[depth - 1], 1e-11)
        assert_close(f(np.full(9, x)), np.full(9, values[depth - 1]), 1e-11)
        assert type(f(x)) is np.float64


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("transform", [da.derivative, da.grad, da.jacobian], ids=lambda t: t.__name__)
def test_every_transform_nests_in_itself(transform, depth):
    def f(x):
        return x**5 + 3 * x

    for _ in range(depth):
        f = transform(f)
    assert_close(f(2.0), np.float64({2: 160.0, 3: 240.0, 4: 240.0}[depth]))


TRANSFORMS = {
    "derivative": lambda f: da.derivative(f),
    "grad": lambda f: da.grad(f),
    "value_and_grad": lambda f: lambda x: da.value_and_grad(f)(x)[1],
    "jacobian": lambda f: da.jacobian(f),
    "value_and_jacobian": lambda f: lambda x: da.value_and_jacobian(f, chunk_size=1)(x)[1],
    "jvp": lambda f: lambda x: da.jvp(f, (x,), (1.0,))[1],
    "linearize": lambda f: lambda x: da.linearize(f, x)[1](1.0),
}


@pytest.mark.parametrize("outer", TRANSFORMS)
@pytest.mark.parametrize("inner", TRANSFORMS)
def test_every_transform_nests_in_every_other(outer, inner):
    f = TRANSFORMS[outer](TRANSFORMS[inner](lambda x: np.sin(x) * x))
    assert_close(f(0.7), 2 * np.cos(0.7) - 0.7 * np.sin(0.7))
    g = TRANSFORMS["grad"](lambda c: f(c * c))
    x = 0.8**2
    assert_close(g(0.8), (-3 * np.sin(x) - x * np.cos(x)) * 1.6)


def test_hessian_by_nesting(rng):
    x = rng.standard_normal(5)
    a = rng.standard_normal((5, 5))

    def f(x):
        return np.sum(np.sin(a @ x)) + x @ x

    expected = -a.T @ np.diag(np.sin(a @ x)) @ a + 2 * np.eye(5)
    for chunk_size in (None, 2):
        assert_close(da.jacobian(da.grad(f), chunk_size=chunk_size)(x), expected, atol=1e-12)
        assert_close(da.jacobian(da.jacobian(f, chunk_size=chunk_size))(x), expected, atol=1e-12)
    v = rng.standard_normal(5)
    g, hv = da.jvp(da.grad(f), (x,), (v,))
    assert_close(g, a.T @ np.cos(a @ x) + 2 * x)
    assert_close(hv, expected @ v, atol=1e-12)


def test_third_derivative_tensor(rng):
    x = rng.standard_normal(3)
    tensor = da.jacobian(da.jacobian(da.grad(lambda x: np.prod(x) + np.sum(x**3))))(x)
    expected = np.zeros((3, 3, 3))
    for i, j, k in itertools.permutations(range(3)):
        expected[i, j, k] = 1.0
    expected[range(3), range(3), range(3)] = 6.0
    assert_close(tensor, expected)


def test_mixed_partials():
    def f(x, y):
        return np.sin(x * y)

    expected = np.cos(0.6) - 0.6 * np.sin(0.6)
    assert_close(da.derivative(da.derivative(f, 0), 1)(0.3, 2.0), expected)
    assert_close(da.derivative(da.derivative(f, 1), 0)(0.3, 2.0), expected)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, np.copy, lambda x: x.copy(), lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_of_numbers_stay_at_their_level(duplicate):
    def f(x):
        return np.sum(duplicate(x) * x * x)

    for x in (3.0, np.array([1.0, 2.0])):
        assert_close(da.grad(f)(x), 3 * np.square(x))
        assert_close(da.derivative(da.derivative(lambda x: duplicate(x) * x * x))(x), 6 * np.asarray(x)[()])


def test_numbers_of_every_level_can_be_printed():
    texts = []

    def inner(y, x):
        texts.extend([repr(y), str(y), f"{y}", repr(y * x)])
        return y * x

    for x in (1.5, np.array([1.5, 2.5])):
        da.derivative(lambda x: da.derivative(inner)(x, x))(x)
    assert all("1.5" in text for text in texts[0:3]) and all("Dual" in text for text in texts)


def test_numbers_of_every_level_compare_by_value():
    def inner(y, x):
        assert (y > x) == (y.value > x) and bool(y == 2.0) and y != 3.0 and hash(y) == hash(2.0)
        return y * x if y > 1 and x < 5 else 0.0

    assert da.derivative(lambda x: da.derivative(inner)(2.0, x))(3.0) == 1.0


def test_levels_grow_inwards():
    levels = []

    def inner(y, x):
        levels.append((x.level, y.level))
        return x * y

    da.derivative(lambda x: da.derivative(inner)(2.0, x))(3.0)
    assert 0 < levels[0][0] < levels[0][1]


def test_nested_structural_operations(rng):
    """Indexing, joining, sums and products of numbers whose components are numbers."""
    x = rng.uniform(0.5, 1.5, 4)

    def f(x):
        y = np.concatenate([x[::-1], x[:2] * 2])
        z = np.stack([y[:3], y[3:]])
        z[0, 1:] *= z[1, :2]
        z[1, 2] = x[0] * x[3]
        return np.sum(z.T @ z) + np.prod(x) + np.max(x) ** 2 + np.where(x > 1, x**2, x**3).sum()

    hessian = da.jacobian(da.grad(f))(x)
    h = 1e-6
    numeric = np.array([(da.grad(f)(x + h * row) - da.grad(f)(x - h * row)) / (2 * h) for row in np.eye(4)])
    assert_close(hessian, hessian.T, 1e-10)
    assert_close(hessian, numeric, 1e-6, 1e-6)


# perturbation confusion


def test_the_standard_example():
    assert da.derivative(lambda x: x * da.derivative(lambda y: x + y)(1.0))(1.0) == 1.0


@pytest.mark.parametrize("outer", TRANSFORMS)
@pytest.mark.parametrize("inner", TRANSFORMS)
def test_the_standard_example_in_every_pair_of_transforms(outer, inner):
    f = TRANSFORMS[outer](lambda x: x * TRANSFORMS[inner](lambda y: x + y)(1.0))
    assert f(1.0) == 1.0


def test_siskind_and_pearlmutter():
    """Siskind, Pearlmutter 2005: d/dx [x d/dy (x y)] at y = 2 is 2 x, and further ones of that kind."""
    D = da.derivative
    assert D(lambda x: x * D(lambda y: x * y)(2.0))(3.0) == 6.0
    assert D(lambda x: D(lambda y: x * y * y)(x))(3.0) == 12.0
    assert D(lambda x: D(lambda y: x**3 * y**2)(x) * x)(2.0) == 2 * 5 * 2.0**4
    assert D(lambda x: x * D(lambda y: D(lambda z: x * y * z)(1.0))(1.0))(3.0) == 6.0


def test_variables_of_the_same_function_at_two_levels():
    D = da.derivative

    def f(x, y):
        return x * x * y

    assert D(lambda x: D(lambda y: f(x, y) * f(y, x))(3.0))(2.0) == 9 * 2.0**2 * 3.0**2


def test_manzyuk_et_al():
    """Manzyuk et al. 2019: a derivative with respect to a shift, applied twice, gives f'' and not 0."""

    def shift(u):
        return lambda f: lambda x: f(x + u)

    def at_zero(f):
        return lambda x: da.derivative(lambda u: shift(u)(f)(x))(0.0)

    assert_close(at_zero(np.exp)(1.0), np.exp(1.0))
    assert_close(at_zero(at_zero(np.exp))(1.0), np.exp(1.0))
    assert_close(at_zero(at_zero(np.sin))(1.0), -np.sin(1.0))
    assert_close(at_zero(at_zero(at_zero(np.sin)))(np.ones(3)), np.full(3, -np.cos(1.0)))


def test_inner_transform_of_a_constant_of_the_outer():
    D = da.derivative
    assert D(lambda x: D(lambda y: x * x)(1.0))(3.0) == 0.0
    assert D(lambda x: D(lambda y: y * y)(2.0) * x)(3.0) == 4.0
    assert D(lambda x: x + D(lambda y: 7.0)(x))(3.0) == 1.0


def test_inner_point_depends_on_the_outer_variable():
    D = da.derivative
    assert_close(D(lambda x: D(np.sin)(x * x))(0.7), -np.sin(0.49) * 1.4)
    assert_close(D(lambda x: D(lambda y: np.sin(x * y))(x))(0.7), -np.sin(0.49) * 2 * 0.49 + np.cos(0.49))


def test_siblings_at_one_level():
    D = da.derivative

    def f(x):
        return D(lambda y: x * y * y)(2.0) * D(lambda y: x * x * y)(1.0)

    assert D(f)(3.0) == 12 * 9.0


def test_inner_transform_in_an_inner_solver():
    """Newton's iterations with derivatives of their own, differentiated by an outer transform."""

    def root(a):
        x = 1.0
        for _ in range(8):
            g, slope = da.value_and_grad(lambda x: x * x - a)(x)
            x = x - g / slope
        return x

    assert_close(root(2.0), np.sqrt(2.0))
    assert_close(da.derivative(root)(2.0), 0.5 / np.sqrt(2.0))
    assert_close(da.derivative(da.derivative(root))(2.0), -0.25 * 2.0**-1.5, 1e-10)


def test_recursive_transforms():
    def tower(n, x):
        return x if n == 0 else da.derivative(lambda y: y * y * tower(n - 1, x))(0.5)

    assert da.derivative(lambda x: tower(6, x))(3.0) == 1.0


def test_closures_that_outlive_their_transform():
    """What a function leaves behind belongs to its own transform and disturbs no later one."""
    kept = []

    def f(x):
        kept.append(x)
        return x * x

    assert da.derivative(f)(3.0) == 6.0
    assert da.derivative(lambda x: x * kept[0].value)(5.0) == 3.0
    _, push = da.linearize(lambda x: x * x, 3.0)
    assert da.derivative(lambda x: x * push(2.0))(1.0) == 12.0


def test_linearized_function_of_an_outer_variable():
    def f(x):
        _, push = da.linearize(lambda y: x * y * y, x)
        return push(x)

    assert da.derivative(f)(2.0) == 6 * 2.0**2


def test_many_transforms_in_a_row():
    f = da.derivative(lambda x: x * da.derivative(lambda y: x * y)(2.0))
    assert all(f(float(i)) == 2.0 * i for i in range(5000))


# generators and threads


def test_a_generator_of_the_outer_variable_advanced_in_the_inner_transform():
    def f(x):
        def powers():
            y = x
            while True:
                yield y
                y = y * x

        source = powers()
        next(source)
        return da.derivative(lambda y: y * next(source))(3.0)

    assert da.derivative(f)(5.0) == 10.0


def test_interleaved_generators_with_transforms_of_their_own():
    def derivatives(x):
        for k in range(4):
            yield da.derivative(lambda y, k=k: x * y**k)(2.0)

    def f(x):
        return sum(a * b for a, b in zip(derivatives(x), derivatives(x * x), strict=True))

    squares = sum((k * 2.0 ** (k - 1)) ** 2 for k in range(4))
    assert_close(da.derivative(f)(3.0), np.float64(squares * 27.0))


def test_a_generator_suspended_across_transforms():
    def walk(x):
        y = x
        while True:
            y = da.derivative(lambda z, y=y: z * z * y)(0.5)
            yield y * x

    def f(x):
        source = walk(x)
        first = next(source)
        inner = da.derivative(lambda u: u * next(source))(1.0)
        return first * inner

    assert_close(da.derivative(f)(2.0), np.float64(4 * 2.0**3))


def in_threads(work, n=8):
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(work, range(4 * n)))


def test_threads_each_with_nested_transforms():
    def work(i):
        x = 1.0 + i
        f = da.derivative(lambda x: x * da.derivative(lambda y: np.sin(x) * y * y)(x))
        return all(abs(f(x) - (4 * x * np.sin(x) + 2 * x * x * np.cos(x))) < 1e-9 for _ in range(100))

    assert all(in_threads(work))


def test_a_thread_started_inside_a_transform():
    """The inner transform runs in another thread and still belongs inside."""

    def f(x):
        results = []
        thread = threading.Thread(target=lambda: results.append(x * da.derivative(lambda y: x + y)(1.0)))
        thread.start()
        thread.join()
        return results[0]

    assert da.derivative(f)(1.0) == 1.0
    assert da.derivative(da.derivative(lambda x: f(x) * x))(1.0) == 2.0


def test_threads_that_share_an_outer_variable():
    def f(x):
        return sum(in_threads(lambda i: da.derivative(lambda y: x * y * i)(1.0), 4))

    assert da.derivative(f)(2.0) == sum(range(16))


def test_threads_on_large_arrays(rng):
    v, t = rng.uniform(0.5, 1.5, (2, 100_000))
    shared = da.Dual(v, t)
    expected = np.sin(shared) * shared + np.exp(shared)

    def work(i):
        y = np.sin(shared) * shared + np.exp(shared)
        return np.array_equal(y.value, expected.value) and np.array_equal(y.tangent, expected.tangent)

    assert all(in_threads(work, 4))


def test_jacobians_in_threads(rng):
    x = rng.standard_normal(50)

    def work(i):
        return np.allclose(da.jacobian(np.sin, chunk_size=1 + i % 7)(x * i), np.diag(np.cos(x * i)), 1e-12, 0)

    assert all(in_threads(work, 4))


# a problem of every day


def test_gauss_newton_fits_a_model(rng):
    t = np.linspace(0, 2, 30)
    true = np.array([2.5, -1.3, 0.5])

    def model(p):
        return p[0] * np.exp(p[1] * t) + p[2]

    data, p = model(true), np.array([1.0, -1.0, 0.0])
    for _ in range(20):
        r, jacobian = da.value_and_jacobian(lambda p: model(p) - data)(p)
        p = p - np.linalg.lstsq(jacobian, r, rcond=None)[0]
    assert_close(p, true, 1e-10)


def test_a_time_stepping_program(rng):
    """A loop with slices, in-place updates and a list of states, against complex steps."""

    def simulate(u, k):
        states = []
        for _ in range(10):
            flux = k * (u[1:] - u[:-1])
            u = u.copy()
            u[:-1] += 0.1 * flux
            u[1:] -= 0.1 * flux
            u *= 1 - 0.01 * u
            states.append(np.sum(u * u))
        return np.stack(states)

    u, k = rng.uniform(1, 2, 8), 0.7
    by_u, by_k = da.jacobian(simulate, (0, 1))(u, k)
    step = 1e-30
    columns = [simulate(u + 1j * step * row, k).imag / step for row in np.eye(8)]
    assert_close(by_u, np.stack(columns, axis=1))
    assert_close(by_k, simulate(u + 0j, k + 1j * step).imag / step)


NARROW = {
    "power": lambda x: x**2.5, "quotient": lambda x: 2 / x, "arctan2": lambda x: np.arctan2(x, 2),
    "logaddexp": lambda x: np.logaddexp(x, 1.5), "fmod": lambda x: np.fmod(2.5, x), "std": np.std, "max": np.max,
    "chain": lambda x: np.hypot(2 * x, 3) * np.var(x) + 2.0**x,
}


@pytest.mark.parametrize("f", NARROW.values(), ids=NARROW)
@pytest.mark.parametrize("dtype", [np.float16, np.float32], ids=["float16", "float32"])
def test_nested_numbers_keep_the_width_of_the_value(f, dtype, rng):
    v = rng.uniform(0.3, 0.9, 5).astype(dtype)

    def twice(x):
        return da.jvp(f, (x,), (np.ones_like(x),))

    (y, slope), (_, curvature) = da.jvp(twice, (v,), (np.ones_like(v),))
    assert_same_bits(y, f(v))
    assert slope.dtype == curvature.dtype == dtype
    h = da.hessian(lambda x: np.sum(f(x)))(v)
    assert h.dtype == dtype
    np.testing.assert_allclose(h, da.hessian(lambda x: np.sum(f(x)))(v.astype(float)), rtol=0.05, atol=0.05)


def test_keys_of_tangents_may_come_in_another_order():
    p, t = {"a": 2.0, "b": (3.0, np.ones(2))}, {"b": (5.0, np.zeros(2)), "a": 7.0}

    def f(p):
        return p["a"] * p["b"][0] * p["b"][1].sum()

    assert da.jvp(f, (p,), (t,)) == (12.0, 62.0)
    assert da.hvp(f, (p,), (t,))[0]["a"] == 6.0
    with pytest.raises(ValueError, match="same containers"):
        da.jvp(f, (p,), ({"b": t["b"], "c": 7.0},))


@pytest.mark.parametrize("x", [10**30, Fraction(1, 3)], ids=str)
def test_exact_arguments_become_floats(x):
    assert da.value_and_grad(lambda x: x * x)(x) == (float(x) ** 2, 2 * float(x))


@pytest.mark.parametrize("transform", [da.grad, da.jacobian, da.derivative, da.value_and_grad, da.hessian,
                                       lambda f: da.jvp(f, (1.0,), (1.0,)), lambda f: da.linearize(f, 1.0)],
                         ids=["grad", "jacobian", "derivative", "value_and_grad", "hessian", "jvp", "linearize"])
def test_what_is_no_function_is_refused_at_once(transform):
    with pytest.raises(TypeError, match="f must be a function, not str"):
        transform("sin")


def test_argnum_of_derivative_is_one_integer():
    with pytest.raises(TypeError, match="argnum must be an integer, not"):
        da.derivative(lambda x, y: x * y, (0, 1))(1.0, 2.0)
