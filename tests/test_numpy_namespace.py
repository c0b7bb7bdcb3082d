"""dualad.numpy: NumPy's names, whose new arrays can hold derivatives while a transform runs."""

import asyncio
import contextvars
import importlib
import inspect
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import mpmath
import numpy
import pytest

import dualad as da
import dualad.numpy as np
from conftest import assert_close, assert_same_bits, complex_step
from dualad.numpy._arrays import FUNCTIONS, TAKERS
from dualad.numpy._tools import NAMES

X = numpy.array([1.5, -0.5, 2.0])

# expressions that make new floating-point arrays of plain arguments; `a` is a plain array
MAKING = [
    "zeros(3)", "zeros((2, 3))", "zeros(())", "zeros(0)", "zeros((2, 3), order='F')",
    "zeros(2, numpy.float32)", "zeros(2, complex)", "ones(3)", "ones((2, 2), dtype='f4')", "full(3, 2.5)",
    "full((2, 3), [1.0, 2.0, 3.0])", "full(shape=2, fill_value=1.0, order='F')", "array([1.0, 2.0])",
    "array([[1.0, 2], [3, 4]], order='F')", "array(2.0)", "array([1, 2], dtype=float)",
    "array([1.0, 2.0], ndmin=2)", "array(a)", "array(object=[1.0])", "array(a.T)", "asarray([1.0, 2.0])",
    "asarray(a, dtype=numpy.float32)", "asarray(a=[1.0, 2.0])", "asanyarray([1.0])",
    "ascontiguousarray([1.0, 2.0])", "ascontiguousarray(a.T)", "ascontiguousarray(3.0)", "asfortranarray(a)",
    "asarray_chkfinite([1.0, 2.0])", "require([1.0, 2.0], requirements='C')", "arange(3.0)",
    "arange(0.5, 2, 0.1)", "linspace(0, 1, 7)", "linspace([0.0, 1.0], 2.0, 4, axis=1)", "logspace(0, 1, 5)",
    "geomspace(1, 3, 5)", "eye(3)", "eye(2, 3, 1)", "identity(3)", "tri(3)", "indices((2, 3), dtype=float)",
    "fromfunction(lambda i, j: i + j, (2, 3))", "fromiter((k * 0.5 for k in range(4)), float)",
    "zeros_like(a)", "ones_like(a)", "full_like(a, 3)", "full_like([1.0, 2.0], [3.0, 4.0])",
    "zeros_like(a.T)", "zeros_like(a, shape=4)", "zeros_like([1, 2], dtype=float)", "copy(a)",
    "concatenate([a, a])", "concat(([1.0], [2.0]))", "stack([a, a], axis=1)",
    "vstack([[1.0, 2.0], [3.0, 4.0]])", "hstack([a, a])", "dstack([a, a])",
    "column_stack([[1.0, 2.0], [3.0, 4.0]])", "block([[a, a]])", "append(a, 1.0)", "insert(a, 1, 5.0)",
    "diag([1.0, 2.0])", "diagflat([1.0, 2.0])", "tril(a)", "triu(a)", "vander([1.0, 2.0, 3.0])",
    "tile([1.0, 2.0], 2)", "repeat([1.0, 2.0], 2)", "resize(a, (3, 2))", "r_[1.0:4.0, 0.5]", "r_[a]",
    "c_[[1.0, 2.0], [3.0, 4.0]]", "mgrid[0:1:5j]", "mgrid[0:1:0.5, 0:2]", "kaiser(1, 2.0)[...] + zeros(1)",
]
# not numbers: of integers, booleans, objects, or no new memory
PLAIN = [
    "zeros(3, dtype=int)", "ones(3, bool)", "array([1, 2])", "arange(5)", "full(3, 7)", "eye(2, dtype=int)",
    "zeros(2, object)", "indices((2, 2))", "r_[1, 2, 3]", "mgrid[0:3]", "array(['a', 'b'])",
    "zeros(2, '>f8')", "zeros_like([1, 2])", "asarray(a)", "asanyarray(a)", "diag(a)", "ascontiguousarray(a)",
    "fromiter(range(3), int)", "array([None, 1.0])", "frombuffer(a)", "asarray(memoryview(a))",
    "array(a, copy=None, ndmin=3)",
]


def evaluate(text, module):
    a = numpy.arange(6.0).reshape(2, 3) / 7
    return eval(text, {**vars(module), "numpy": numpy, "a": a})


def inside(function, x=2.0):
    """What a function returns while a transform runs."""
    result = []
    da.jvp(lambda t: result.append(function(t)) or t, (x,), (numpy.ones_like(x),))
    return result[0]


class TestNamespace:
    def test_every_public_name_is_there(self):
        missing = [name for name in numpy.__all__ if not hasattr(np, name)]
        assert not missing
        assert np.__all__ == numpy.__all__
        assert set(dir(numpy)) <= set(dir(np))

    def test_all_but_the_table_is_numpys_own(self):
        replaced = {name for name in numpy.__all__ if getattr(np, name) is not getattr(numpy, name)}
        assert replaced == {*FUNCTIONS, *TAKERS, *NAMES, "linalg", "fft"} & set(numpy.__all__)

    @pytest.mark.parametrize("name", [*FUNCTIONS, *TAKERS, "isscalar", "kaiser"])
    def test_signatures_are_numpys(self, name):
        try:
            expected = inspect.signature(getattr(numpy, name))
        except ValueError:
            pytest.skip("this NumPy has no signature for it")
        assert inspect.signature(getattr(np, name)) == expected
        assert getattr(np, name).__doc__ == getattr(numpy, name).__doc__

    def test_submodules(self):
        for name in ("linalg", "fft"):
            own, plain = getattr(np, name), getattr(numpy, name)
            assert importlib.import_module(f"dualad.numpy.{name}") is own
            assert own.__all__ == plain.__all__
            for function in plain.__all__:
                assert getattr(own, function).__doc__ == getattr(plain, function).__doc__
        from dualad.numpy.fft import fft
        assert fft is np.fft.fft
        assert np.linalg.LinAlgError is numpy.linalg.LinAlgError
        assert np.random is numpy.random

    def test_star_import(self):
        names = {}
        exec("from dualad.numpy import *", names)
        assert names["zeros"] is np.zeros and names["sin"] is numpy.sin

    def test_unknown_name(self):
        with pytest.raises(AttributeError, match="dualad.numpy.*no_such_name"):
            np.no_such_name


@pytest.mark.parametrize("text", MAKING + PLAIN)
def test_plain_outside_a_transform(text):
    actual, expected = evaluate(text, np), evaluate(text, numpy)
    assert type(actual) is type(expected) is numpy.ndarray
    assert_same_bits(actual, expected) if actual.dtype != object else None
    assert actual.strides == expected.strides


@pytest.mark.parametrize("text", PLAIN)
def test_plain_inside_a_transform(text):
    actual = inside(lambda t: evaluate(text, np))
    assert type(actual) is numpy.ndarray
    assert actual.dtype == evaluate(text, numpy).dtype


@pytest.mark.parametrize("text", MAKING)
def test_numbers_inside_a_transform(text):
    def f(x):
        y = evaluate(text, np)
        assert_same_bits(y.value, expected)
        assert y.components.shape == (3, *expected.shape) and not numpy.any(y.components[1:])
        if expected.ndim > 1:
            assert y.value.flags.c_contiguous == expected.flags.c_contiguous
        if y.ndim and y.size:
            row = y[0]
            y[0] = x[1]
            assert row.ndim == 0 or float(row.value.flat[0]) == 4.0
        return y

    expected = numpy.asarray(evaluate(text, numpy))
    jacobian = da.jacobian(f)(numpy.array([3.0, 4.0]))
    stored = numpy.zeros((*expected.shape, 2))
    if expected.ndim and expected.size:
        stored[0, ..., 1] = 1
    assert_close(jacobian, stored)


def test_empty_inside_a_transform():
    y = inside(lambda t: np.empty((2, 3), order="F"))
    assert type(y) is da.Dual and y.shape == (2, 3) and y.value.flags.f_contiguous
    assert type(inside(lambda t: np.empty_like(X))) is da.Dual
    assert type(np.empty(3)) is numpy.ndarray


class TestPrograms:
    """Loops that store into arrays they made, in every transform."""

    @staticmethod
    def residual(x):
        n = len(x)
        y = np.zeros(n)
        y[0] = (3 - 2 * x[0]) * x[0] - 2 * x[1] + 1
        for i in range(1, n - 1):
            y[i] = (3 - 2 * x[i]) * x[i] - x[i - 1] - 2 * x[i + 1] + 1
        y[-1] = (3 - 2 * x[-1]) * x[-1] - x[-2] + 1
        return y

    @staticmethod
    def exact(x):
        return numpy.diag(3 - 4 * x) - numpy.eye(len(x), k=-1) - 2 * numpy.eye(len(x), k=1)

    def test_jacobian_in_chunks(self):
        for chunk_size in (None, 1, 2):
            assert_close(da.jacobian(self.residual, chunk_size=chunk_size)(X), self.exact(X))

    def test_jvp_and_value(self):
        v = numpy.array([1.0, 2.0, 3.0])
        y, ydot = da.jvp(self.residual, (X,), (v,))
        assert_same_bits(y, self.residual(X))
        assert_close(ydot, self.exact(X) @ v)

    def test_gradient_of_a_matrix_program(self):
        def f(x):
            A = np.identity(3)
            for i in range(3):
                A[i][2 - i] += x[i] ** 2  # through a view of a row
            A.T[0] = x
            return np.linalg.solve(A, np.ones(3)).sum()

        def plain(x):
            A = numpy.identity(3) + 0 * x[0]
            for i in range(3):
                A[i, 2 - i] += x[i] ** 2
            A[:, 0] = x
            return numpy.linalg.solve(A, numpy.ones(3)).sum()

        expected = [complex_step(plain, [X], [e]) for e in numpy.eye(3)]
        assert_close(da.grad(f)(X), expected, rtol=1e-11)

    def test_nested_derivatives(self):
        def f(x):
            def g(t):
                y = np.zeros((2, 2))
                y[0] = [t * x, t**2]
                y[1][0] = x**3
                z = np.array([x, t * x, 1.0])  # of the outer level, the inner one, and none
                z[2] = t
                w = np.full(2, x)
                w[0] = t**3
                s = np.linspace(0.0, x, 3)
                s[1] = t * t * x
                return y.sum() * z.sum() + w.sum() + s.sum()
            return da.derivative(g)(2.0)

        t, x = 2.0, 3.0
        p, px, pt, pxt = t * x + t**2 + x**3, t + 3 * x**2, x + 2 * t, 1.0
        q, qx, qt, qxt = x + t * x + t, 1 + t, x + 1, 1.0
        assert_close(da.derivative(f)(x), pxt * q + pt * qx + px * qt + p * qxt + 2 * t)

    def test_third_derivative(self):
        def f(x):
            y = np.empty(1)
            y[0] = x
            return np.array([y[0] ** 4, 1.0])[0]
        assert_close(da.derivative(f, order=3)(2.0), 48.0)

    def test_no_perturbation_confusion(self):
        def inner(x):
            def g(y):
                z = np.zeros(1)
                z[0] = x + y
                return z[0]
            return x * da.derivative(g)(2.0)
        assert_close(da.derivative(inner)(5.0), 1.0)

    def test_zeros_like_an_outer_number_takes_inner_ones(self):
        def f(x):
            def g(t):
                y = np.zeros_like(x)
                y[0] = t * x[1]
                return y
            return da.derivative(g)(1.0)
        assert_close(da.jacobian(f)(X), [[0, 1, 0], [0, 0, 0], [0, 0, 0]])

    def test_generators(self):
        def terms(x):
            for k in range(3):
                y = np.zeros(2)
                y[k % 2] = x**k
                yield y

        assert_close(da.derivative(lambda x: sum(terms(x)))(3.0), [6.0, 1.0])
        assert_close(da.derivative(lambda x: np.fromiter((x**k for k in range(3)), float, 2))(3.0), [0.0, 1.0])

        def arrays(x):
            while True:
                yield np.zeros(2)

        made = inside(arrays)
        assert type(next(made)) is numpy.ndarray  # resumed after the transform
        assert type(inside(lambda x: next(made))) is da.Dual

    def test_plain_again_after_an_error(self):
        def f(x):
            assert isinstance(np.zeros(1), da.Dual)
            raise RuntimeError("stop")
        with pytest.raises(RuntimeError, match="stop"):
            da.jvp(f, (1.0,), (1.0,))
        assert type(np.zeros(1)) is numpy.ndarray


class TestThreads:
    def test_each_thread_has_its_own_transform(self):
        barrier = threading.Barrier(4)

        def f(x):
            barrier.wait(10)
            y = np.zeros(2)
            y[0] = x[0] * x[1]
            barrier.wait(10)
            return y

        def work(k):
            if k == 3:
                barrier.wait(10)
                made = np.zeros(2)
                barrier.wait(10)
                return type(made) is numpy.ndarray
            return da.jacobian(f)(numpy.array([k, 2.0]))

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(work, range(4)))
        assert results.pop() is True
        for k, jacobian in enumerate(results):
            assert_close(jacobian, [[2.0, k], [0.0, 0.0]])

    def test_a_thread_in_a_copy_of_the_context_belongs_to_the_transform(self):
        def f(x):
            def part():
                y = np.zeros(1)
                y[0] = x * x
                return y
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(contextvars.copy_context().run, part).result()
        assert_close(da.derivative(f)(3.0), [6.0])

    def test_asynchronous_tasks(self):
        async def f(x):
            y = np.zeros(1)
            await asyncio.sleep(0)
            y[0] = x**2
            return y

        assert_close(da.derivative(lambda x: asyncio.run(f(x)))(3.0), [6.0])


class TestListsOfNumbers:
    d, v = da.Dual(2.0, 1.0), da.Dual([1.0, 2.0], [3.0, 4.0])

    @pytest.mark.parametrize(("text", "value", "tangent"), [
        ("array([d, 3.0])", [2.0, 3.0], [1.0, 0.0]),
        ("array((d, 3))", [2.0, 3.0], [1.0, 0.0]),
        ("array([[d, 1.0], [0, d]])", [[2.0, 1.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, 1.0]]),
        ("array([v, [5.0, 6.0]])", [[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [0.0, 0.0]]),
        ("array([v[0], v[1]], ndmin=2)", [[1.0, 2.0]], [[3.0, 4.0]]),
        ("asarray([d, d])", [2.0, 2.0], [1.0, 1.0]),
        ("asanyarray([d])", [2.0], [1.0]),
        ("ascontiguousarray(d)", [2.0], [1.0]),
        ("asarray_chkfinite([d, 1.0])", [2.0, 1.0], [1.0, 0.0]),
        ("array(d, ndmin=2)", [[2.0]], [[1.0]]),
        ("concatenate([[d], [5.0], v])", [2.0, 5.0, 1.0, 2.0], [1.0, 0.0, 3.0, 4.0]),
        ("stack([[d, 1.0], [2.0, 3.0]])", [[2.0, 1.0], [2.0, 3.0]], [[1.0, 0.0], [0.0, 0.0]]),
        ("stack([[v, v]])", [[[1.0, 2.0], [1.0, 2.0]]], [[[3.0, 4.0], [3.0, 4.0]]]),
        ("stack(arrays=[[v, v]])", [[[1.0, 2.0], [1.0, 2.0]]], [[[3.0, 4.0], [3.0, 4.0]]]),
        ("concatenate([[v, v], [[5, 6]]])", [[1, 2], [1, 2], [5, 6]], [[3, 4], [3, 4], [0, 0]]),
        ("linspace([d, 1.0], 5.0, 2)", [[2.0, 1.0], [5.0, 5.0]], [[1.0, 0.0], [0.0, 0.0]]),
        ("hstack([d, 1.0])", [2.0, 1.0], [1.0, 0.0]),
        ("vstack([[d, 1.0], [3.0, 4.0]])", [[2.0, 1.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 0.0]]),
        ("column_stack([[d, 1.0], v])", [[2.0, 1.0], [1.0, 2.0]], [[1.0, 3.0], [0.0, 4.0]]),
        ("append([1.0], d)", [1.0, 2.0], [0.0, 1.0]),
        ("diag([d, 1.0])", [[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]]),
        ("full(2, d)", [2.0, 2.0], [1.0, 1.0]),
        ("full((2, 2), v)", [[1.0, 2.0], [1.0, 2.0]], [[3.0, 4.0], [3.0, 4.0]]),
        ("full((), d)", 2.0, 1.0),
        ("full_like([0.0, 1.0], d)", [2.0, 2.0], [1.0, 1.0]),
        ("zeros(2, like=v)", [0.0, 0.0], [0.0, 0.0]),
        ("meshgrid([d, 1.0], [5.0])[0]", [[2.0, 1.0]], [[1.0, 0.0]]),
        ("fromfunction(lambda i: i * d, (3,))", [0.0, 2.0, 4.0], [0.0, 1.0, 2.0]),
        ("r_[0.0, v, d, 1:3]", [0.0, 1.0, 2.0, 2.0, 1.0, 2.0], [0.0, 3.0, 4.0, 1.0, 0.0, 0.0]),
        ("r_['0,2', v, v]", [[1.0, 2.0], [1.0, 2.0]], [[3.0, 4.0], [3.0, 4.0]]),
        ("c_[v, [5.0, 6.0]]", [[1.0, 5.0], [2.0, 6.0]], [[3.0, 0.0], [4.0, 0.0]]),
    ])
    def test_are_packed_inside_and_outside(self, text, value, tangent):
        y = eval(text, {**vars(np), "d": self.d, "v": self.v})
        assert type(y) is da.Dual
        assert_close(y.value, value)
        assert_close(y.tangent, tangent)

        def f(x):
            y = eval(text, {**vars(np), "d": 1.0 + x, "v": [-2.0, -2.0] + x * [3.0, 4.0]})
            assert y.level == x.level and not y.isconstant
            return y

        y, ydot = da.jvp(f, (1.0,), (1.0,))
        assert_close(y, value)
        assert_close(ydot, tangent)

    def test_dtype(self):
        assert np.array([self.d, 1], dtype=numpy.float32).dtype == numpy.float32
        assert np.array([self.d, 1], dtype=complex).dtype == complex
        for make in (lambda: np.array([self.d, 1], dtype=int), lambda: np.asarray(self.v, int),
                     lambda: np.full(2, self.d, dtype=int)):
            with pytest.raises((TypeError, ValueError), match="derivative|sequence"):
                make()
        truth = np.array(da.Dual([0.0, 2.0], [1.0, 1.0]), bool)
        assert type(truth) is numpy.ndarray and truth.tolist() == [False, True]
        objects = np.array([self.d, 1.0], dtype=object)
        assert type(objects) is numpy.ndarray and objects[0] is self.d
        assert np.array([self.d, None]).dtype == object

    def test_arrays_of_numbers_convert_as_arrays_do(self):
        v = self.v
        assert np.asarray(v) is v and np.asanyarray(v, dtype=float) is v and np.asarray(self.d) is self.d
        copy = np.array(v)
        copy[0] = 7.0
        assert v[0].value == 1.0
        matrix = np.stack([v, v])
        turned = np.asfortranarray(matrix)
        assert turned.value.flags.f_contiguous
        assert_close(turned.tangent, matrix.tangent)
        with pytest.raises(ValueError, match="copy"):
            np.asarray(v, dtype=numpy.float32, copy=False)
        with pytest.raises(ValueError, match="copy"):
            np.asarray([self.d], copy=False)
        with pytest.raises(ValueError, match="infs or NaNs"):
            np.asarray_chkfinite(v * numpy.inf)
        assert np.asarray_chkfinite(da.Dual([0.0], [numpy.inf])).tangent[0] == numpy.inf

    def test_ragged_lists(self):
        with pytest.raises(ValueError, match="shape"):
            np.array([self.d, [self.d]])

    def test_iterator_that_ends_early(self):
        with pytest.raises(ValueError, match="too short"):
            da.derivative(lambda x: np.fromiter(iter([x]), float, 2))(1.0)


class TestRanges:
    """Ends with derivatives: NumPy's value, and the derivative of the formula."""

    @pytest.mark.parametrize(("f", "formula"), [
        (lambda m, a, b: m.linspace(a, b, 7), lambda a, b: a + (b - a) * numpy.arange(7) / 6),
        (lambda m, a, b: m.linspace(a, b, 4, endpoint=False), lambda a, b: a + (b - a) * numpy.arange(4) / 4),
        (lambda m, a, b: m.linspace([a, b], b, 3), lambda a, b: numpy.linspace(numpy.array([a, b]), b, 3)),
        (lambda m, a, b: m.linspace(a, b, 5, retstep=True)[1], lambda a, b: (b - a) / 4),
        (lambda m, a, b: m.logspace(a, b, 5), lambda a, b: 10.0 ** (a + (b - a) * numpy.arange(5) / 4)),
        (lambda m, a, b: m.geomspace(a, b, 5), lambda a, b: a * (b / a) ** (numpy.arange(5) / 4)),
        (lambda m, a, b: m.arange(a, 6.0, b), lambda a, b: a + b * numpy.arange(5)),
        (lambda m, a, b: m.arange(a, b, 0.1), lambda a, b: a + 0.1 * numpy.arange(len(numpy.arange(0.7, 1.3, 0.1)))),
    ])
    def test_first_and_second_derivatives(self, f, formula):
        point = numpy.array([0.7, 1.3])
        y, jacobian = da.value_and_jacobian(lambda x: f(np, x[0], x[1]))(point)
        assert_same_bits(y, f(numpy, *point))
        columns = [complex_step(lambda x: formula(*x), [point], [e]) for e in numpy.eye(2)]
        assert_close(jacobian, numpy.stack(columns, axis=-1))
        hessian = da.jacobian(da.jacobian(lambda x: f(np, x[0], x[1])))(point)

        def plain_gradient(x, e):
            with mpmath.workdps(40):
                h = mpmath.mpf(10) ** -12
                ends = [[mpmath.mpf(float(p)) + s * h * d for p, d in zip(x, e, strict=True)] for s in (1, 0, -1)]
                p, q, r = (numpy.ravel(numpy.asarray(formula(*z), dtype=object)) for z in ends)
                return numpy.array([float((u - 2 * v + w) / h**2) for u, v, w in zip(p, q, r, strict=True)])

        if "linspace" not in inspect.getsource(formula):  # which is linear
            for e in numpy.eye(2):
                second = numpy.einsum("...ij,i,j", hessian, e, e)
                assert_close(numpy.ravel(second), plain_gradient(point, e), rtol=1e-9, atol=1e-9)

    def test_stop_alone(self):
        y = da.jvp(np.arange, (3.5,), (1.0,))
        assert_close(y[0], [0.0, 1.0, 2.0, 3.0])
        assert not numpy.any(y[1])


class TestConstants:
    """Numbers without tangents that differ from zero behave as arrays do."""

    def test_in_plain_programs(self):
        def f(x):
            weights, table, order = np.array([0.25, 0.75]), np.linspace(0, 1, 5), np.array([1, 0])
            assert (table > 0.4).sum() == 3 and table[np.arange(2)][1] == 0.25 and np.argmax(table) == 4
            assert np.all(np.zeros(3) + 1.0 == np.ones(3))
            return (weights[order] * x).sum() + table[-1]
        assert_close(da.grad(f)(numpy.array([1.0, 2.0])), [0.75, 0.25])

    def test_are_no_floats(self):
        with pytest.raises(TypeError, match="float"):
            inside(lambda x: float(np.zeros(3)[0]))

    def test_asarray_keeps_the_memory_of_plain_arrays(self):
        data = numpy.zeros(3)

        def f(x):
            np.asarray(data)[0] = 1.0
            return x
        da.derivative(f)(1.0)
        assert data[0] == 1.0

    def test_integer_arrays_refuse_numbers(self):
        with pytest.raises((TypeError, ValueError)):
            inside(lambda x: np.zeros(3, int).__setitem__(0, x))

    def test_components_are_one_allocation(self):
        def f(x):
            y = np.zeros((4, 5))
            memory = y.components
            assert memory.shape == (3, 4, 5) and memory.flags.c_contiguous
            y[1:3, 2][0] = x[0]
            assert memory[1, 1, 2] == 1.0
            assert numpy.shares_memory(y.value, memory)
            return y[1, 2]
        assert_close(da.grad(f)(numpy.array([1.0, 2.0])), [1.0, 0.0])

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_tangents_cost_no_memory_until_something_is_stored(self):
        def resident():
            with open("/proc/self/statm") as text:
                return int(text.read().split()[1]) * 4096

        def f(x):
            before = resident()
            y = np.zeros(4_000_000)  # 1.3 GB with its tangents
            y[5] = x[3]
            grown.append(resident() - before)
            return y[4:7]

        grown = []
        jacobian = da.jacobian(f)(numpy.arange(40.0))
        assert jacobian[1, 3] == 1.0 and numpy.count_nonzero(jacobian) == 1
        assert max(grown) < 200e6


class TestTools:
    def test_vectorize(self):
        square = np.vectorize(lambda x, a: a * x**2 if x > 0 else 0.0)
        assert_close(da.jacobian(square)(X, 2.0), numpy.diag([6.0, 0.0, 8.0]))
        assert_close(da.derivative(square, 1)(X, 2.0), [2.25, 0.0, 4.0])
        assert_same_bits(square(X, 2.0), numpy.vectorize(square.pyfunc)(X, 2.0))
        two = np.vectorize(lambda x: (x, x * x))
        first, second = da.jacobian(two)(X)
        assert_close(first, numpy.eye(3))
        assert_close(second, numpy.diag(2 * X))

        def closure(c):
            return np.vectorize(lambda t: t * c)(X)
        assert_close(da.derivative(closure)(2.0), X)

        power = np.vectorize(lambda p, x: numpy.polyval(p, x), excluded={0, "p"})
        assert_close(da.derivative(power, 1)([1.0, 0.0, 0.0], X), 2 * X)
        with pytest.raises(ValueError, match="size 0"):
            da.derivative(square)(numpy.zeros(0), 1.0)

    def test_vectorize_with_a_signature(self):
        A = numpy.arange(12.0).reshape(2, 3, 2) / 7
        combine = np.vectorize(lambda a, v, c=1.0: (c * a @ v, v.sum()), signature="(m,n),(n)->(m),()", excluded={"c"})

        def formula(A, v):
            return A @ v, numpy.broadcast_to(v.sum(), (2,))

        v = numpy.array([0.5, -2.0])
        for argnum in (0, 1):
            for actual, expected in zip(da.jacobian(combine, argnum)(A, v), da.jacobian(formula, argnum)(A, v),
                                        strict=True):
                assert_close(actual, expected)
        for plain, number in zip(combine(A, v), da.jvp(combine, (A, v), (A, v))[0], strict=True):
            assert_same_bits(number, plain)
        with pytest.raises(ValueError, match="does not have enough dimensions .* core"):
            da.jvp(combine, (v, v), (v, v))
        with pytest.raises(TypeError, match="takes 2 arrays, but got 1"):
            da.jvp(combine, (A,), (A,))

    def test_ndenumerate(self):
        M = numpy.arange(6.0).reshape(2, 3)

        def f(x):
            return [(i - j) * v**2 for (i, j), v in np.ndenumerate(x)]
        assert_close(da.jvp(f, (M,), (M,))[1], 2 * numpy.array(f(M)))
        assert list(np.ndenumerate(M)) == list(numpy.ndenumerate(M))
        assert isinstance(np.ndenumerate(da.Dual(M, M)), numpy.ndenumerate)
        assert [index for index, _ in np.ndenumerate([da.Dual(1.0, 1.0), 2.0])] == [(0,), (1,)]

    def test_ranges_in_r_and_c(self):
        def f(x):
            return np.r_[x[0]:3.0:0.5, 0.0:x[1]:4j, x] * np.c_[0.0:x[1]:10j][:, 0].sum()

        y, jacobian = da.value_and_jacobian(f)(numpy.array([0.7, 1.3]))

        def formula(x):
            first, second = x[0] + 0.5 * numpy.arange(5), x[1] * numpy.arange(4) / 3
            return numpy.concatenate([first, second, x]) * 5 * x[1]
        assert_close(y, formula(numpy.array([0.7, 1.3])))
        assert_close(jacobian, da.jacobian(formula)(numpy.array([0.7, 1.3])))

    def test_fromiter_of_a_list_outside_transforms(self):
        y = np.fromiter([da.Dual(2.0, 1.0), 3.0], float)
        assert_close(y.tangent, [1.0, 0.0])
        assert type(np.fromiter([1.0, 2.0], float)) is numpy.ndarray

    def test_vectorize_as_a_decorator(self):
        @np.vectorize(otypes=[float])
        def f(x):
            """Doc."""
            return 3 * x
        assert_close(da.derivative(f)(X), [3.0, 3.0, 3.0])
        assert f.__doc__ == "Doc." and f(1).dtype == float

    def test_isscalar(self):
        assert np.isscalar(da.Dual(1.0, 2.0)) and np.isscalar(1.0)
        assert not np.isscalar(da.Dual([1.0], [2.0])) and not np.isscalar(X)

    @pytest.mark.parametrize("size", [0, 1, 2, 5])
    def test_kaiser(self, size):
        y, ydot = da.jvp(lambda b: np.kaiser(size, b), (2.5,), (1.0,))
        assert_same_bits(y, numpy.kaiser(size, 2.5))

        def window(k, b):
            r = 2 * mpmath.mpf(k) / (size - 1) - 1 if size > 1 else mpmath.mpf(0)
            return mpmath.besseli(0, b * mpmath.sqrt(1 - r * r)) / mpmath.besseli(0, b)

        if size > 1:
            expected = [float(mpmath.diff(lambda b, k=k: window(k, b), 2.5)) for k in range(size)]
            assert_close(ydot, expected, rtol=1e-9)
        second = da.derivative(lambda b: np.kaiser(size, b), order=2)(2.5)
        assert second.shape == (size,)


LISTS = {
    "mean": lambda np, x: np.mean([x[0], x[1], 2.0]),
    "std": lambda np, x: np.std([x[0], x[1], 2.0], ddof=1),
    "var of rows": lambda np, x: np.var([x, 2 * x], axis=0),
    "median": lambda np, x: np.median([x[0], x[1], 2.0, x[0] * x[1]]),
    "average": lambda np, x: np.average([x[0], x[1]], weights=[x[1], 1.0]),
    "quantile": lambda np, x: np.quantile([x[0], x[1], 2.0], 0.3),
    "interp": lambda np, x: np.interp(0.25, [0.0, 1.0], [x[0], x[1]]),
    "gradient": lambda np, x: np.gradient([x[0], x[1], x[0] * x[1]]),
    "cov": lambda np, x: np.cov([x[0], x[1], x[0] * x[1]]),
    "nanmean": lambda np, x: np.nanmean([x[0], x[1], float("nan")]),
    "by name": lambda np, x: np.mean(a=[x[0], x[1]]),
}


@pytest.mark.parametrize("f", LISTS.values(), ids=LISTS)
def test_functions_of_lists_of_numbers(f):
    """The value is that of the list of floats, the derivative a difference quotient's."""
    x, t, h = np.array([0.7, 1.9]), np.array([0.3, -1.1]), 1e-5
    y, slope = da.jvp(lambda z: f(np, z), (x,), (t,))
    assert numpy.array_equal(y, f(numpy, x))
    numpy.testing.assert_allclose(slope, (f(numpy, x + h * t) - f(numpy, x - h * t)) / (2 * h), rtol=1e-8, atol=1e-8)


def test_errors_of_functions_of_lists_are_numpys():
    with pytest.raises(TypeError, match="mean"):
        np.mean()
    with pytest.raises(TypeError, match="NoneType"):
        np.mean(None)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("text", [
    "np.r_[x, 1.0]", "np.r_[1:4, x[0], 0, x]", "np.c_[x, x**2]", "np.c_[x[0], [1.0]]", "np.r_['0,3', x, x]",
    "np.r_['r', x, 2.0]", "np.r_['c', x, x]", "np.r_['0,2,0', x, x]", "np.r_[[1, 2], x, 2j]",
    "np.r_[np.float32(0.5) * x.astype('f4'), 1.0]", "np.r_[np.stack([x, x]).T, np.stack([x, x]).T]",
])
def test_index_expressions_of_every_kind_of_number(text):
    def f(x, np=np):
        return eval(text, {"np": np, "x": x})

    v = numpy.array([1.5, -0.5, 2.0])
    y, slopes = da.value_and_jacobian(f)(v)
    assert_same_bits(y, numpy.asarray(f(v, numpy)))
    steps = 0.5 * numpy.eye(3)  # central differences of quadratic functions are exact
    assert_close(slopes, numpy.stack([numpy.asarray(f(v + h, numpy) - f(v - h, numpy)) for h in steps], axis=-1))
    assert_close(da.sparse_jacobian(lambda x: numpy.real(f(x)))(v).toarray(), numpy.real(slopes).reshape(-1, 3))
    if "2j" not in text:
        uncertain = f(da.uq.uarray(v, 0.1))
        assert_close(uncertain.std_dev, 0.1 * numpy.linalg.norm(slopes, axis=-1), rtol=1e-7)


LISTS = {
    "sum": lambda np, x: np.sum([x, x**2], axis=0), "sum_of_scalars": lambda np, x: np.sum([x[0], 2.0]),
    "max": lambda np, x: np.max([x, 1 - x], axis=0), "outer_of_lists": lambda np, x: np.outer([x, x**2], [1.0, 2.0]),
    "diff": lambda np, x: np.diff([x[0], x[1] ** 2, 0.5]),
    "prod": lambda np, x: np.prod([x, x], axis=1), "outer": lambda np, x: np.outer([x[0], 2.0], x),
    "sort": lambda np, x: np.sort([x[2], x[0], 0.1]), "atleast_2d": lambda np, x: np.atleast_2d([x, x]),
    "trapezoid": lambda np, x: np.trapezoid([x, x**2], axis=0), "clip": lambda np, x: np.clip([x, x**2], 0.2, 0.9),
}


@pytest.mark.parametrize("name", LISTS)
def test_functions_take_lists_of_numbers(name):
    """As namespace and by interception: as of the array that NumPy makes of the list."""
    x, h = numpy.array([0.3, 0.7, 1.1]), 1e-20
    expected = numpy.stack([LISTS[name](numpy, x + h * 1j * e).imag / h for e in numpy.eye(3)], axis=-1)
    if name in ("max", "clip", "sort"):  # not by complex steps
        expected = numpy.stack([(LISTS[name](numpy, x + 1e-6 * e) - LISTS[name](numpy, x - 1e-6 * e)) / 2e-6
                                for e in numpy.eye(3)], axis=-1)
    for jacobian in (da.value_and_jacobian(lambda x: LISTS[name](np, x))(x),
                     da.value_and_jacobian(lambda x: LISTS[name](numpy, x), intercept=True)(x)):
        numpy.testing.assert_array_equal(jacobian[0], LISTS[name](numpy, x))
        numpy.testing.assert_allclose(jacobian[1], expected, rtol=1e-8, atol=1e-9)


def test_edges_and_grids_of_objects_are_refused_rather_than_plain():
    a, b = da.Dual(0.3, 1.0), da.Dual(1.3, 0.5)
    for make in (lambda: numpy.linspace(a, b, 3, dtype=object), lambda: numpy.histogram_bin_edges([a, b, 2.0])):
        with pytest.raises(TypeError, match="dtype object"):
            make()
    assert type(np.histogram_bin_edges(np.array([a, b]))) is da.Dual


@pytest.mark.parametrize("kind", ["f4", "c8", "f8"])
def test_running_sums_with_their_start_keep_the_type(kind):
    x = numpy.array([1.0, 2.0], kind)
    for function in (numpy.cumulative_sum, numpy.cumulative_prod):
        y = function(da.Dual(x, x), include_initial=True)
        assert_same_bits(y.value, function(x, include_initial=True))
        assert y.tangent[0] == 0
