"""Whatever would lose a derivative raises TypeError, names the operation and tells the way round it."""

import array
import ctypes
import json
import math
import operator
import re
import struct

import numpy as np
import pytest
import scipy.linalg
import scipy.special

import dualad as da
from conftest import (
    assert_close,
    assert_number,
    assert_same_bits,
    directions,
    error_text,
    number,
    random_number,
    tangents_of,
    value_of,
)

ADVICE = re.compile(r"\.value|_like|dualad|np\.|\bda\.|\buse\b|instead|\bpass\b", re.IGNORECASE)


@pytest.fixture
def scalar(kind):
    return number(kind, 1.5, np.ones(directions(kind)))


@pytest.fixture
def vector(kind):
    return number(kind, np.array([1.0, 2.0, 3.0]), np.ones((directions(kind), 3)))


@pytest.fixture
def floats():
    """A plain array into which nobody may put a number."""
    target = np.full(3, 7.0)
    yield target
    assert np.all(target == 7.0), "the value was stored without its derivative"


def assert_refused(call, names):
    """The call raises TypeError with advice; NumPy may have wrapped it in a ValueError of its own."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    text = error_text(caught.value)
    assert "TypeError" in text, text
    assert re.search(names, text), f"{names!r} is not named in: {text}"
    assert ADVICE.search(text), f"no advice in: {text}"


# conversion of scalars


@pytest.mark.parametrize(
    ("convert", "names"),
    [
        (float, "float"),
        (int, "int"),
        (complex, "complex"),
        (operator.index, "index"),
        (range, "index|int"),
        (hex, "index|int"),
        (lambda d: [1, 2, 3][d], "index"),
        (math.sin, "float"),
        (math.sqrt, "float"),
        (math.isnan, "float"),
        (math.factorial, "index|int"),
        (lambda d: math.hypot(d, 1.0), "float"),
        (lambda d: math.atan2(1.0, d), "float"),
        (lambda d: math.pow(d, 2), "float"),
        (lambda d: math.fsum([d, d]), "float"),
        (lambda d: "%f" % d, "float"),  # noqa: UP031
        (lambda d: array.array("d", [d]), "float"),
        (lambda d: "%d" % d, None),  # noqa: UP031
        (lambda d: "abc" * d, None),
        (lambda d: struct.pack("d", d), None),
        (ctypes.c_double, None),
        (np.float64, "float|array"),
        (np.float32, "float|array"),
        (np.complex128, "complex|float|array"),
        (np.int64, "int|float|array"),
    ],
    ids=lambda p: getattr(p, "__name__", None),
)
def test_scalar_conversions_are_refused(scalar, convert, names):
    """Without names, Python words the error itself."""
    if names is None:
        with pytest.raises((TypeError, struct.error)):
            convert(scalar)
    else:
        assert_refused(lambda: convert(scalar), names)


@pytest.mark.parametrize("convert", [float, int, complex, operator.index, math.sin])
def test_arrays_convert_to_no_scalar(vector, convert):
    for x in (vector, vector[:1], vector[:1, None]):
        with pytest.raises(TypeError):
            convert(x)


def test_math_prod_and_sum_keep_the_derivative(kind, scalar):
    assert_number(math.prod([scalar, scalar]), kind, 1.5 * 1.5, np.full(directions(kind), 3.0))
    assert_number(sum([scalar, 2.0, scalar]), kind, 5.0, np.full(directions(kind), 2.0))


def test_truth_and_comparison_are_allowed(scalar):
    assert scalar and scalar > 1 and max(scalar, 1.0) is scalar


# conversion of arrays

CONVERSIONS = {
    "asarray": lambda x: np.asarray(x),
    "asarray float": lambda x: np.asarray(x, dtype=float),
    "asarray float32": lambda x: np.asarray(x, dtype=np.float32),
    "asarray int": lambda x: np.asarray(x, dtype=int),
    "array": lambda x: np.array(x),
    "array float": lambda x: np.array(x, dtype=float),
    "array copy": lambda x: np.array(x, copy=True),
    "asanyarray": lambda x: np.asanyarray(x),
    "ascontiguousarray": lambda x: np.ascontiguousarray(x, dtype=float),
    "list": lambda x: np.array([x, x]),
    "list float": lambda x: np.array([x, x], dtype=float),
}


@pytest.mark.parametrize("convert", CONVERSIONS.values(), ids=CONVERSIONS)
def test_arrays_convert_to_no_plain_array(vector, convert):
    assert_refused(lambda: convert(vector), "array")
    assert_refused(lambda: convert(vector[None, ::2]), "array")


@pytest.mark.parametrize("dtype", [float, np.float32, int, complex], ids=lambda d: d.__name__)
def test_scalars_convert_to_no_plain_array_of_a_dtype(scalar, dtype):
    assert_refused(lambda: np.asarray(scalar, dtype=dtype), "array|float|int|complex")
    assert_refused(lambda: np.array([scalar, scalar], dtype=dtype), "array|float|int|complex")
    assert_refused(lambda: np.array([[scalar, 1.0]], dtype=dtype), "array|float|int|complex")
    assert_refused(lambda: np.fromiter([scalar], dtype=dtype), "float|int|complex|array")


WHOLE_NUMBERS = {
    **{name: lambda x, dtype, name=name: getattr(np, name)(x, dtype=dtype)
       for name in ("sum", "prod", "mean", "std", "var", "cumsum", "cumprod", "nansum", "nanprod", "nancumsum",
                    "nancumprod")},
    **{f".{name}": lambda x, dtype, name=name: getattr(x, name)(dtype=dtype)
       for name in ("sum", "prod", "mean", "std", "var", "cumsum", "cumprod")},
    "trace": lambda x, dtype: np.trace(x * np.eye(len(x)), dtype=dtype),
    "reduce": lambda x, dtype: np.multiply.reduce(x, dtype=dtype),
    "accumulate": lambda x, dtype: np.add.accumulate(x, dtype=dtype),
    "reduceat": lambda x, dtype: np.add.reduceat(x, [0, 1], dtype=dtype),
    "matmul": lambda x, dtype: np.matmul(x, x, dtype=dtype, casting="unsafe"),
    "einsum": lambda x, dtype: np.einsum("i,i", x, x, dtype=dtype, casting="unsafe"),
    "concatenate": lambda x, dtype: np.concatenate([x, x], dtype=dtype, casting="unsafe"),
    "stack": lambda x, dtype: np.stack([x, x], dtype=dtype, casting="unsafe"),
}


@pytest.mark.parametrize("function", WHOLE_NUMBERS.values(), ids=WHOLE_NUMBERS)
def test_no_function_rounds_tangents_to_whole_numbers(vector, function):
    """With dtype=int NumPy casts the elements, or the result: what is left has no derivative."""
    for dtype in (int, np.int8, bool):
        function(vector.value, dtype)
        assert_refused(lambda dtype=dtype: function(vector, dtype), "cannot carry a derivative")
    assert function(vector, np.float32).dtype == np.float32


def test_there_is_no_back_door(vector, scalar):
    for x in (vector, scalar):
        for name in ("__array_interface__", "__array_struct__", "__dlpack__"):
            assert not hasattr(x, name)
        with pytest.raises(TypeError):
            memoryview(x)
        with pytest.raises(TypeError):
            json.dumps(x)


def test_narrowing_that_drops_the_derivative_is_refused(vector):
    for dtype in (int, np.int8):
        assert_refused(lambda dtype=dtype: vector.astype(dtype), "astype")
    assert vector.astype(bool).tolist() == [True, True, True]  # as bool(x), a question about the value


# storing into plain arrays


@pytest.mark.parametrize("index", [0, -1, (0,), slice(0, 2), [0, 2], Ellipsis, np.array([True, False, True])], ids=repr)
def test_a_scalar_is_not_stored_in_a_float_array(scalar, floats, index):
    assert_refused(lambda: operator.setitem(floats, index, scalar), "float|array")


@pytest.mark.parametrize("index", [slice(None), Ellipsis, [2, 1, 0], np.ones(3, bool), slice(None, None, -1)], ids=repr)
def test_an_array_is_not_stored_in_a_float_array(vector, floats, index):
    assert_refused(lambda: operator.setitem(floats, index, vector), "array")


@pytest.mark.parametrize("dtype", [np.float32, int, complex, np.longdouble], ids=lambda d: d.__name__)
def test_nor_in_arrays_of_other_dtypes(scalar, vector, dtype):
    target = np.zeros(3, dtype)
    assert_refused(lambda: operator.setitem(target, 0, scalar), "float|int|array|complex")
    assert_refused(lambda: operator.setitem(target, slice(None), vector), "array")
    assert not np.any(target)


def test_other_ways_of_storing(scalar, vector, floats):
    for call in (
        lambda: floats.fill(scalar),
        lambda: floats.put([0], scalar),
        lambda: floats.put([0, 1, 2], vector),
        lambda: operator.setitem(floats.flat, slice(None), vector),
        lambda: np.put(floats, [0], scalar),
        lambda: np.copyto(floats, vector),
        lambda: np.place(floats, floats > 0, vector),
        lambda: np.putmask(floats, floats > 0, vector),
        lambda: np.fill_diagonal(floats.reshape(3, 1), scalar),
        lambda: np.put_along_axis(floats, np.array([0, 1, 2]), vector, 0),
    ):
        assert_refused(call, "float|array|put|copyto|place|fill|diagonal|axis")


def test_storing_through_an_iterator(scalar, floats):
    """NumPy raises an error of its own here and hides ours."""
    with pytest.raises((TypeError, ValueError)):
        floats.flat[0] = scalar


@pytest.mark.parametrize(
    "op",
    [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow, operator.imod],
    ids=lambda op: op.__name__,
)
def test_in_place_operators_of_plain_arrays_are_refused(vector, scalar, floats, op):
    alias = floats
    for other in (vector, scalar):
        assert_refused(lambda other=other: op(floats, other), "out|in.place|array")
    assert alias is floats


def test_in_place_matmul_of_a_plain_array_is_refused(kind):
    a = np.eye(2)
    x = number(kind, np.eye(2), np.ones((directions(kind), 2, 2)))
    assert_refused(lambda: operator.imatmul(a, x), "matmul|out|array")
    assert_same_bits(a, np.eye(2))


OUTPUTS = {
    "sin": lambda x, out: np.sin(x, out=out),
    "sin positional": lambda x, out: np.sin(x, out),
    "add": lambda x, out: np.add(x, 1.0, out=(out,)),
    "add plain first": lambda x, out: np.add(np.ones(3), x, out=out),
    "accumulate": lambda x, out: np.add.accumulate(x, out=out),
    "cumsum": lambda x, out: np.cumsum(x, out=out),
    "cumsum method": lambda x, out: x.cumsum(out=out),
    "clip": lambda x, out: np.clip(x, 0.0, 1.0, out=out),
    "sum": lambda x, out: np.sum(x, out=out[0, ...]),
    "reduce": lambda x, out: np.add.reduce(x, out=out[0, ...]),
    "mean": lambda x, out: np.mean(x, out=out[0, ...]),
    "max": lambda x, out: np.max(x, out=out[0, ...]),
    "prod": lambda x, out: np.prod(x, out=out[0, ...]),
    "dot": lambda x, out: np.dot(x, x, out=out[0, ...]),
    "matmul": lambda x, out: np.matmul(x[None] * np.eye(3), x, out=out),
    "einsum": lambda x, out: np.einsum("i,i->i", x, x, out=out),
    "stack": lambda x, out: np.stack([x[0], x[1], x[2]], out=out),
    "concatenate": lambda x, out: np.concatenate([x[:1], x[1:]], out=out),
    "take": lambda x, out: np.take(x, [0, 1, 2], out=out),
    "add.at": lambda x, out: np.add.at(out, [0, 1, 2], x),
}


@pytest.mark.parametrize("call", OUTPUTS.values(), ids=OUTPUTS)
def test_out_into_a_float_array_is_refused(vector, floats, call):
    assert_refused(lambda: call(vector, floats), "out|at|sum|array")


def test_out_of_plain_results_may_be_plain(vector):
    out = np.zeros(3)
    np.floor(vector, out=out)
    assert_same_bits(out, vector.value)


def test_initial_value_of_a_plain_reduction(kind, scalar):
    for call in (
        lambda: np.sum(np.ones(3), initial=scalar),
        lambda: np.add.reduce(np.ones(3), initial=scalar),
        lambda: np.ones(3).sum(initial=scalar),
        lambda: np.prod(np.ones(3), initial=scalar),
        lambda: np.max(np.ones(3), initial=scalar),
    ):
        try:
            y = call()
        except (TypeError, ValueError) as error:
            assert ADVICE.search(error_text(error))
        else:
            assert type(y) is kind and np.any(tangents_of(y, kind))


# functions that know nothing of numbers


@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential", "poisson", "gamma"])
def test_random_numbers_are_refused(scalar, vector, draw):
    for source in (np.random, np.random.default_rng(0), np.random.RandomState(0)):
        for x in (scalar, vector):
            assert_refused(lambda source=source, x=x: getattr(source, draw)(x), "float|array")


@pytest.mark.parametrize("name", ["packbits", "savetxt", "save", "busday_count", "is_busday"])
def test_unsupported_functions_are_named(vector, name):
    args = {"savetxt": ("/dev/null", vector), "save": ("/dev/null", vector), "busday_count": (vector, vector)}
    assert_refused(lambda: getattr(np, name)(*args.get(name, (vector,))), name)


def test_unsupported_keywords_are_refused(vector):
    for call in (
        lambda: np.sum(vector, nonsense=1),
        lambda: np.sin(vector, nonsense=1),
        lambda: np.concatenate([vector], nonsense=1),
        lambda: np.reshape(vector, 3, nonsense=1),
    ):
        with pytest.raises(TypeError):
            call()


def test_special_functions_without_a_derivative_are_named(scalar, vector):
    for x in (scalar, vector):
        assert_refused(lambda x=x: scipy.special.jv(x, 2.0), "jv")
        assert_refused(lambda x=x: scipy.special.hyp1f1(x, 2.0, 0.5), "hyp1f1")


def test_library_code_that_needs_plain_arrays_is_refused(kind):
    a = number(kind, np.eye(2) + 1, np.ones((directions(kind), 2, 2)))
    for call in (lambda: scipy.linalg.solve(a, np.ones(2)), lambda: scipy.linalg.expm(a)):
        with pytest.raises((TypeError, ValueError)) as caught:
            call()
        assert "TypeError" in error_text(caught.value) and ADVICE.search(error_text(caught.value))


def test_arrays_with_masks_and_matrices_are_refused(kind, vector):
    masked, matrix = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), np.array([[1.0, 2.0, 3.0]]).view(np.matrix)
    for call in (lambda: vector + masked, lambda: masked * vector, lambda: np.hypot(vector, masked),
                 lambda: kind(masked), lambda: da.grad(np.sum)(masked), lambda: vector * matrix,
                 lambda: matrix @ vector):
        with pytest.raises(TypeError, match=r"use numpy\.|x\.filled|x\.value"):
            call()
    assert np.all(vector == np.asarray(matrix)) == np.all(vector == matrix)


def test_unsupported_operand_of_a_protocol_stays_with_its_owner(vector):
    class Foreign:
        def __array_function__(self, func, types, args, kwargs):
            return "foreign"

        def __array_ufunc__(self, *args, **kwargs):
            return "foreign"

    assert np.concatenate([vector, Foreign()]) == "foreign"
    assert np.add(vector, Foreign()) == "foreign"


# array shapes


def test_shape_errors_are_numpys(vector):
    for call in (
        lambda x: x.reshape(2, 2),
        lambda x: x @ np.ones(4),
        lambda x: np.concatenate([x, x[None]]),
        lambda x: np.stack([x, x[:2]]),
        lambda x: x.sum(axis=3),
        lambda x: x.transpose(0, 1),
        lambda x: np.broadcast_to(x, (2, 2)),
        lambda x: x.squeeze(axis=0),
    ):
        with pytest.raises(ValueError) as expected:
            call(vector.value)
        with pytest.raises(type(expected.value)):
            call(vector)


# object arrays: what np.array makes of a list of numbers


@pytest.fixture
def objects(kind, rng):
    """Numbers in an object array, and the same as a packed array."""
    packed, _ = random_number(kind, rng.uniform(0.2, 0.8, (2, 3)), rng)
    return np.array([[packed[i, j] for j in range(3)] for i in range(2)]), packed


def assert_equal_elements(kind, unpacked, packed):
    """Every element of an object array, or a number, is that of the packed array."""
    assert np.shape(unpacked) == packed.shape
    if type(unpacked) is kind:
        assert_close(unpacked.value, packed.value)
        assert_close(tangents_of(unpacked, kind), tangents_of(packed, kind))
        return
    assert unpacked.dtype == object
    for index in np.ndindex(packed.shape):
        element = packed[index]
        assert_close(value_of(unpacked[index]), element.value)
        assert_close(tangents_of(unpacked[index], kind), tangents_of(element, kind))


def test_a_list_of_numbers_becomes_an_object_array(kind, objects):
    unpacked, packed = objects
    assert unpacked.dtype == object and unpacked.shape == (2, 3)
    assert type(unpacked[0, 0]) is kind
    assert_equal_elements(kind, unpacked, packed)


def test_a_scalar_becomes_an_object_array_without_shape(kind, scalar):
    for unpacked in (np.asarray(scalar), np.array(scalar), np.array(scalar, dtype=object)):
        assert unpacked.shape == () and unpacked.dtype == object
        assert_number(unpacked[()], kind, 1.5, np.ones(directions(kind)))


def test_a_mixed_list_keeps_the_derivative(kind, scalar):
    unpacked = np.array([scalar, 1.0, 2])
    assert unpacked.dtype == object
    assert_number((unpacked * 2)[0], kind, 3.0, np.full(directions(kind), 2.0))


OBJECT_ARITHMETIC = {
    "add": lambda a: a + a,
    "float": lambda a: 2.0 * a - 1,
    "divide": lambda a: 1 / a,
    "power": lambda a: a**2,
    "power of": lambda a: 2.0**a,
    "negative": lambda a: -a,
    "abs": lambda a: abs(a),
    "array": lambda a: a * np.arange(3.0),
    "remainder": lambda a: a % 0.3,
    "sum": lambda a: a.sum(),
    "sum axis": lambda a: a.sum(axis=0),
    "prod": lambda a: a.prod(axis=1),
    "dot": lambda a: a.dot(np.arange(3.0)),
    "np.dot": lambda a: np.dot(a, a.T),
    "matmul": lambda a: a @ a.T,
    "mean": lambda a: a.mean(axis=1),
    "cumsum": lambda a: np.cumsum(a, axis=1),
    "where": lambda a: np.where(np.array([True, False, True]), a, 2 * a),
    "take": lambda a: a[:, [2, 0]],
    "max": lambda a: a.max(axis=0),
    "concatenate": lambda a: np.concatenate([a, a]),
}


@pytest.mark.parametrize("f", OBJECT_ARITHMETIC.values(), ids=OBJECT_ARITHMETIC)
def test_object_arrays_calculate(kind, objects, f):
    unpacked, packed = objects
    assert_equal_elements(kind, f(unpacked), f(packed))


# ufuncs that have an object loop and a derivative
OBJECT_UNARY = """absolute arccos arccosh arcsin arcsinh arctan arctanh cbrt conjugate cos cosh deg2rad degrees exp
    exp2 expm1 fabs log log10 log1p log2 negative positive rad2deg radians reciprocal sin sinh sqrt square tan
    tanh""".split()
OBJECT_BINARY = """add arctan2 divide fmax fmin fmod hypot maximum minimum multiply power remainder subtract""".split()


@pytest.mark.parametrize("name", OBJECT_UNARY)
def test_unary_ufuncs_of_object_arrays(kind, objects, name):
    unpacked, packed = objects
    shift = 1.0 if name == "arccosh" else 0.0
    assert_equal_elements(kind, getattr(np, name)(unpacked + shift), getattr(np, name)(packed + shift))


@pytest.mark.parametrize("name", OBJECT_BINARY)
def test_binary_ufuncs_of_object_arrays(kind, objects, name):
    unpacked, packed = objects
    f = getattr(np, name)
    assert_equal_elements(kind, f(unpacked, unpacked[::-1]), f(packed, packed[::-1]))
    assert_equal_elements(kind, f(unpacked, 0.5), f(packed, 0.5))


def test_rounding_ufuncs_of_object_arrays(objects):
    unpacked, packed = objects
    for f in (np.floor, np.ceil, np.rint, np.trunc, np.sign):
        assert_same_bits(f(unpacked).astype(float), f(packed))


def test_comparison_of_object_arrays(objects):
    unpacked, packed = objects
    assert_same_bits((unpacked > 0.5).astype(bool), packed > 0.5)


def test_object_arrays_and_numbers_meet(kind, objects):
    unpacked, packed = objects
    scalar = packed[0, 0]
    assert_equal_elements(kind, unpacked * scalar, packed * scalar)
    assert_equal_elements(kind, scalar + unpacked, scalar + packed)
    assert_equal_elements(kind, unpacked * packed, packed * packed)
    assert_equal_elements(kind, packed - unpacked, packed - packed)


def test_object_arrays_take_numbers(kind, scalar):
    target = np.zeros(3, object)
    target[1] = scalar
    target[2] = scalar * 2
    assert_number(target.sum(), kind, 4.5, np.full(directions(kind), 3.0))


# the mistakes of other packages


def test_a_loop_over_a_float_array_does_not_drop_the_derivative(vector):
    y = np.zeros(3)
    with pytest.raises((TypeError, ValueError)) as caught:
        y[0] = vector[0]
    assert ADVICE.search(error_text(caught.value))
    assert y[0] == 0.0


def test_out_is_not_ignored(kind, vector):
    out = np.zeros_like(vector)
    assert np.multiply(vector, 2.0, out=out) is out
    assert_number(out, kind, vector.value * 2, np.full((directions(kind), 3), 2.0))


def test_transforms_refuse_a_function_that_leaves_the_numbers():
    for f in (lambda x: math.sin(x), lambda x: np.sum(np.asarray(x, float)), lambda x: float(x) ** 2):
        with pytest.raises((TypeError, ValueError)):
            da.grad(f)(1.0)


def test_advice_is_short(scalar):
    with pytest.raises(TypeError) as caught:
        float(scalar)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("call", [
    lambda x, A: x.reshape(7), lambda x, A: np.concatenate([x, A]), lambda x, A: np.sort(A, axis=4),
    lambda x, A: np.split(x, 2), lambda x, A: A.swapaxes(0, 3), lambda x, A: np.take(x, 9),
    lambda x, A: np.linalg.solve(A, np.ones(4)), lambda x, A: np.stack([x, A]), lambda x, A: np.broadcast_to(x, 4),
    lambda x, A: np.moveaxis(A, 5, 0), lambda x, A: np.einsum("ij,jk", x, x), lambda x, A: np.full_like(x, [1.0, 2.0]),
])
def test_errors_of_numpy_speak_of_the_values_shape(call):
    x, A = np.ones(3), np.ones((3, 3))
    with pytest.raises(Exception) as expected:
        call(x, A)
    for kind in (lambda v: da.Dual(v, v), lambda v: da.MultiDual(v, np.stack([v] * 4))):
        with pytest.raises(type(expected.value)) as found:
            call(kind(x), kind(A))
        assert str(found.value) == str(expected.value)


INVALID = """
np.var(x, ddof=1, correction=1)
np.std(x, ddof=1, correction=1)
np.clip(x, 1)
np.clip(x, 1, 2, min=0)
np.clip(x, a_max=1)
np.cumulative_sum(A)
np.where(x > 0, x)
np.place(x, [1, 0], 1)
np.place(x, x > 0, [])
np.putmask(x, [1], 1)
np.put(x, [9], 1)
np.trim_zeros(x, "q")
np.bincount([-1], x[:1])
np.bincount([0, 1], x)
np.histogram(x, bins=-1)
np.histogram(x, range=(3, 1))
np.lib.stride_tricks.sliding_window_view(x, 5)
np.select([x > 0], [x, x])
np.piecewise(x, [x > 0], [1, 2, 3])
np.choose([5], [x])
np.meshgrid(x, indexing="qq")
np.average(A, axis=0, weights=[1, 2])
np.average(x, weights=[1, -1, 0])
np.linalg.matrix_power(A, 2)
np.linalg.tensorinv(A[:, :3], ind=0)
np.linalg.qr(A, mode="zz")
np.linalg.norm(A, 3)
np.linalg.cholesky(-A[:, :3] @ A[:, :3].T)
np.einsum("ii", A)
np.tensordot(A, A, axes=([0], [1]))
np.moveaxis(A, [0, 0], [0, 1])
np.flip(x, 1)
np.rot90(A, 1, (0, 0))
np.repeat(x, [1, 2])
np.insert(x, 9, 1)
np.delete(x, 9)
np.pad(x, 1, "zzz")
np.pad(x, -1)
np.take(x, [0], mode="q")
np.sort(x, kind="zz")
np.partition(x, 9)
np.quantile(x, 0.5, method="qq")
np.percentile(x, 101)
np.diff(x, -1)
np.gradient(x[:1])
np.gradient(x, edge_order=3)
np.interp(x, x, x, period=0)
np.convolve(x, [])
np.polyfit(x, x[:2], 1)
np.fft.fft(x, 0)
np.fft.fft(x, norm="q")
np.max(x[:0])
np.add.reduceat(x, [5])
np.add.at(x, [9], 1)
np.apply_along_axis(np.sum, 5, x)
np.ravel(x, "Z")
np.copy(x, order="Q")
x.copy("Q")
x.flatten("Q")
x.reshape()
x.item(9)
x.flat[9]
x[[9]]
A[..., ...]
"""


@pytest.mark.parametrize("line", INVALID.strip().splitlines())
def test_what_numpy_refuses_is_refused(line):
    x, A = np.array([1.0, 2.0, 3.0]), np.arange(12.0).reshape(3, 4) + 1
    with pytest.raises(Exception) as expected:
        eval(line, {"np": np, "x": x, "A": A})
    with pytest.raises(expected.type):
        eval(line, {"np": np, "x": da.Dual(x, x), "A": da.Dual(A, A)})


@pytest.mark.parametrize("method", ["byteswap", "getfield", "resize", "setfield", "tobytes", "tofile", "view"])
def test_methods_that_show_memory_say_what_to_use(kind, method):
    x = kind(np.ones(2), np.ones((1, 2)) if kind is da.MultiDual else np.ones(2))
    with pytest.raises(TypeError, match=rf"^{method}\(\) .*(: use |: assign to )"):
        getattr(x, method)()
    np.testing.assert_array_equal(x.value, 1.0)


@pytest.mark.parametrize("attribute", ["ctypes", "data"])
def test_pointers_say_what_to_use(kind, attribute):
    x = kind(np.ones(2), np.ones((1, 2)) if kind is da.MultiDual else np.ones(2))
    with pytest.raises(TypeError, match=f"would lose its derivative: use x.value.{attribute}"):
        getattr(x, attribute)


@pytest.mark.parametrize("call, message", [
    (lambda: da.derivative(np.sin, order=10**30), "order must be at most 170"),
    (lambda: da.derivative(np.sin, order=True), "order must be a nonnegative integer"),
    (lambda: da.taylor(np.sin, 1.0, 10**30), "order must be at most"),
    (lambda: da.laplacian(np.sum, axis=np.nan)(np.ones(2)), "axis must be None"),
    (lambda: da.laplacian(np.sum, axis=np.zeros(0))(np.ones(2)), "axis must be None"),
    (lambda: da.laplacian(np.sum, axis=True)(np.ones(2)), "axis must be None"),
    (lambda: da.laplacian(np.sum, axis=10**30)(np.ones(2)), "axis is 1000000000000000000000000000000"),
    (lambda: da.jacobian_sparsity(np.sin, np.ones(2), local="no"), "local must be True or False"),
    (lambda: da.jacobian_sparsity(np.sin, np.ones(2), return_info=np.ones(2)), "return_info must be True or False"),
    (lambda: da.hessian_sparsity(np.sum, np.ones(2), local=None), "local must be True or False"),
    (lambda: da.testing.check_derivatives(None, 1.0), "f must be a function"),
    (lambda: da.testing.check_derivatives(np.sin, 1.0, order=np.inf), "order must be an integer"),
    (lambda: da.testing.check_derivatives(np.sin, 1.0, rtol="1e-6"), "rtol must be a nonnegative real number"),
    (lambda: da.testing.check_derivatives(np.sin, 1.0, atol=np.nan), "atol must be a nonnegative real number"),
])
def test_errors_name_the_argument(call, message):
    with pytest.raises((TypeError, ValueError, IndexError), match=f"^{message}"):
        call()


@pytest.mark.parametrize("axis", [0, -1, -2, 1])
def test_axes_of_laplacians_count_from_both_ends(axis):
    x = np.arange(1.0, 7.0).reshape(2, 3)
    found = da.laplacian(lambda x: np.sum(x**3, axis), axis=axis)(x)
    np.testing.assert_allclose(found, np.sum(6 * x, axis))
