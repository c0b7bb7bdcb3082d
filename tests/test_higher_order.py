"""Hyper-dual numbers and power series agree with nested dual numbers, function by function."""

import copy
import math
import pickle

import numpy as np
import pytest

import dualad as da
from conftest import assert_close, assert_same_bits
from dualad import HyperDual, MultiDual, Taylor
from dualad._core import Number, table
from dualad._core.number import primal
from test_array_function import BILINEAR, HOLOMORPHIC, JOINS, LINEAR, well_conditioned
from test_array_function_more import TABLE

LAYOUTS = ["full", "symmetric", "series"]
DEGREE = 3


# ---- seeds and what nested numbers say -----------------------------------------------------------------------------


def full(value, rng):
    """A hyper-dual number of 2 x 3 directions, and the same as nested numbers."""
    shape = np.shape(value)
    e1, e2, e12 = (rng.standard_normal(n + shape) for n in ((2,), (3,), (2, 3)))
    inner = MultiDual(value, e2)
    slopes = np.stack([MultiDual(e1[i], e12[i]) for i in range(2)])
    return HyperDual(value, e1, e2, e12), MultiDual(inner, slopes)


def symmetric(value, rng):
    """A symmetric hyper-dual number of 2 directions, and the same as nested numbers."""
    shape = np.shape(value)
    e1, e12 = rng.standard_normal((2, *shape)), rng.standard_normal((2, 2, *shape))
    e12 = e12 + np.swapaxes(e12, 0, 1)
    slopes = np.stack([MultiDual(e1[i], e12[i]) for i in range(2)])
    return HyperDual(value, e1, e12=e12), MultiDual(MultiDual(value, e1), slopes)


def nested_series(coefficients):
    """The series at t = e_1 + ... + e_d."""
    if len(coefficients) == 1:
        return coefficients[0]
    slopes = [k * c for k, c in enumerate(coefficients)][1:]
    return da.Dual(nested_series(coefficients[:-1]), nested_series(slopes))


def series(value, rng):
    shape = np.shape(value)
    c = [np.asarray(value, float), *(rng.standard_normal(shape) * 0.5 for _ in range(DEGREE))]
    return Taylor(np.stack(c)), nested_series(c)


SEEDS = {"full": full, "symmetric": symmetric, "series": series}


def parts_of(y):
    """All components of higher order: (1 + K1, 1 + K2) + S, or (d + 1,) + S."""
    if isinstance(y, Taylor):
        return np.asarray(y.coefficients)
    top = np.concatenate([np.asarray(y.value)[None], y.e2])
    rows = np.concatenate([np.asarray(y.e1)[:, None], y.e12], axis=1)
    return np.concatenate([top[None], rows])


def parts_of_nested(y, layout):
    """The same from nested numbers; constants among them have zeros."""
    if layout == "series":
        found = []
        for k in range(DEGREE + 1):
            found.append(np.asarray(primal(y)) / math.factorial(k))
            y = y.tangent if isinstance(y, da.Dual) else np.zeros(np.shape(y))
        return np.stack(np.broadcast_arrays(*found))
    n, m = (2, 3) if layout == "full" else (2, 2)

    def row(z):
        if isinstance(z, MultiDual):
            return np.concatenate([np.asarray(z.value)[None], z.tangents])
        return np.concatenate([np.asarray(z)[None], np.zeros((m, *np.shape(z)))])

    slopes = y.tangents
    return np.stack([row(y.value), *[row(slopes[i]) for i in range(n)]])


def compare(y, reference, layout, rtol=1e-11):
    if isinstance(y, (list, tuple)):
        assert len(y) == len(reference)
        for a, b in zip(y, reference, strict=True):
            compare(a, b, layout, rtol)
        return
    assert isinstance(y, Number) == isinstance(reference, Number)
    if not isinstance(y, Number):
        assert_same_bits(y, reference)
        return
    assert_same_bits(y.value, primal(reference))
    assert y.shape == reference.shape
    if not reference.isconstant:
        wanted = parts_of_nested(reference, layout)
        assert_close(parts_of(y), wanted, rtol, 1e-11 * max(1.0, np.max(np.abs(wanted), initial=0)))


def check(f, values, layout, rng, rtol=1e-11):
    pairs = [SEEDS[layout](v, rng) for v in values]
    with np.errstate(all="ignore"):
        y, reference = f(*[a for a, _ in pairs]), f(*[b for _, b in pairs])
    compare(y, reference, layout, rtol)


each_layout = pytest.mark.parametrize("layout", LAYOUTS)


# ---- every line of the table ---------------------------------------------------------------------------------------

POINTS = {"arccosh": [1.5, 2.0, 7.0], **dict.fromkeys(["arctanh", "arcsin", "arccos"], [0.2, -0.5, 0.8])}
ROWS = [row for row in table() if row[0] != "PLAIN" and row[1] not in ("ldexp",)]


@each_layout
@pytest.mark.parametrize("kind, name", [row[:2] for row in ROWS], ids=[row[1] for row in ROWS])
def test_table(kind, name, layout, rng):
    f = getattr(np, name)
    x = np.array(POINTS.get(name, [0.3, 1.7, 2.4]))
    y = np.array([1.1, 0.4, 3.3])
    arrays = [x] if kind == "UNARY" else [x, y]
    check(f, arrays, layout, rng)
    check(f, [a[0] for a in arrays], layout, rng)
    check(f, [np.repeat(a, 200).reshape(2, 300)[:, ::3] for a in arrays], layout, rng)
    if kind == "BINARY":
        check(lambda a: f(a, 1.5), [x], layout, rng)
        check(lambda a: f(1.5, a), [x], layout, rng)
        check(lambda a, b: f(a[:, None], b), [x, y], layout, rng)


@each_layout
@pytest.mark.parametrize("name", ["sin", "tanh", "log1p", "multiply", "divide", "hypot", "arctan2", "exp"])
def test_single_precision(name, layout, rng):
    f = getattr(np, name)
    values = [np.array([0.3, 1.7], np.float32), np.array([1.1, 0.4], np.float32)][: f.nin]
    numbers = [SEEDS[layout](v, rng)[0].astype(np.float32) for v in values]
    wide = [n.astype(np.float64) for n in numbers]
    y = f(*numbers)
    assert y.dtype == np.float32
    assert_same_bits(y.value, f(*values))
    assert_close(parts_of(y), parts_of(f(*wide)), 3e-6, 1e-6)


# ---- operators, indexing, assignment -------------------------------------------------------------------------------


def polynomial(x):
    return (x * x + 3 * x + 1) * (2 * x + 1) - x * x * x / (1 + x**2) + 2 ** x - x**-1.5


def in_place(x):
    y = x.copy()
    y += x * x
    y *= x
    y /= x + 3
    y -= 1.5
    y[0] = x[1] * x[2]
    y[1:] *= x[1:]
    y **= 2
    return y


def stores(x):
    y = np.zeros_like(x)
    y[0] = x[1] * x[0]
    y[1:] = np.sin(x[1:])
    y[-1] += 3.0
    return y


def in_constant(x):
    y = np.zeros(1) * x[:1].value * 0 + x[:1] * 0 + 1
    return np.concatenate([y, [1.0, 2.0], x * y[0]])


PROGRAMS = {
    "polynomial": polynomial,
    "in place": in_place,
    "stores": stores,
    "joined": in_constant,
    "fancy index": lambda x: x[[2, 0, 0]] * x[np.array([True, True, True])],
    "norm": lambda x: np.linalg.norm(x) ** 3,
    "erf": lambda x: __import__("scipy.special").special.erf(x) * x,
    "gammaln": lambda x: __import__("scipy.special").special.gammaln(x * x + 1),
    "where": lambda x: np.where(x > 1, x * x, np.sin(x)),
    "add at": lambda x: (np.add.at(y := x * 1.0, [0, 0, 1], x), y)[1] * x,
    "maximum": lambda x: np.maximum(x, 1.0) * np.sort(x)[::-1],
    "out": lambda x: np.multiply(x, x, out=np.zeros_like(x)),
    "complex": lambda x: np.abs(np.exp(1j * x) * x) ** 2,
    "fft": lambda x: np.real(np.fft.fft(x * x) * np.conj(np.fft.fft(x))),
    "power of numbers": lambda x: x ** (x * 0.5),
    "cumprod": np.cumprod,
    "multiply.reduce": lambda x: np.multiply.reduce(x * x),
    "eigh": lambda x: np.linalg.eigh(np.diag(x) + 0.1)[0],
    "cholesky": lambda x: np.linalg.cholesky(np.diag(x) + 0.1),
    "svd": lambda x: np.linalg.svd(np.outer(x, x + 1) + np.diag(x), compute_uv=False),
    "object array": lambda x: np.sum(np.array([x[0], x[1] * x[2]])) * np.sin(np.array([x[2]]))[0],
}


@each_layout
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name, layout, rng):
    check(PROGRAMS[name], [np.array([0.7, 1.9, 2.3])], layout, rng, 1e-9)


# ---- the families --------------------------------------------------------------------------------------------------


@each_layout
@pytest.mark.parametrize("name", LINEAR)
def test_linear(name, layout, rng):
    f, shape = LINEAR[name]
    check(f, [rng.standard_normal(shape)], layout, rng)


@each_layout
@pytest.mark.parametrize("name", JOINS)
def test_joins(name, layout, rng):
    check(JOINS[name], [rng.standard_normal((2, 3)), rng.standard_normal((2, 3))], layout, rng)


@each_layout
@pytest.mark.parametrize("name", BILINEAR)
def test_bilinear(name, layout, rng):
    f, left, right = BILINEAR[name]
    check(f, [rng.standard_normal(left), rng.standard_normal(right)], layout, rng)


@each_layout
@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_holomorphic(name, layout, rng):
    f, shapes = HOLOMORPHIC[name]

    def g(*args):
        return f(*map(well_conditioned, args))

    check(g, [rng.standard_normal(s) for s in shapes], layout, rng, 1e-8)


@each_layout
@pytest.mark.parametrize("name", [name for name, (_, x, _) in TABLE.items() if not np.iscomplexobj(x)])
def test_more(name, layout, rng):
    f, x, _ = TABLE[name]
    check(f, [np.asarray(x, float)], layout, rng, 1e-7)


# ---- copies --------------------------------------------------------------------------------------------------------


@each_layout
def test_pickle_and_copy(layout, rng):
    for value in (1.5, np.array([0.7, 1.9])):
        x, _ = SEEDS[layout](value, rng)
        for y in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.copy(x)):
            assert type(y) is type(x) and y.directions == x.directions
            assert_same_bits(parts_of(y), parts_of(x))
