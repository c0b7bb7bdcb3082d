"""Everyday calls of NumPy on numbers: the value to the bit, the derivative, and the derivative of the derivative.

Every line of `numpy_calls.py` runs on plain arrays, on `Dual`, on `MultiDual` and on nested numbers. Derivatives are
compared with difference quotients of the plain call, extrapolated to eighth order (L. F. Richardson, 1911).
"""

import ast

import numpy as np
import pytest

import dualad as da
import numpy_calls
from dualad.rules.algebra import Number

RNG = np.random.default_rng(5)


def _variables():
    x = np.array([0.7, -1.3, 2.1, 0.44, -0.62])
    y = np.array([1.2, 0.5, -0.8, 1.9, 0.35])
    a = np.array([[0.3, -1.1, 0.9, 1.7], [-0.4, 0.6, -1.9, 1.3], [2.2, -0.7, 0.1, -1.4]])
    t = RNG.permutation(np.linspace(-4.0, 4.0, 24)).reshape(2, 3, 4) + RNG.uniform(-0.05, 0.05, (2, 3, 4))
    m = RNG.standard_normal((4, 4)) + 2 * np.eye(4)
    nan = x.copy()
    nan[1] = np.nan
    return {
        "x": x, "y": y, "A": a, "B": t[1].T[:, ::-1].copy(), "F": np.asfortranarray(a[::-1] * 1.25), "T": t, "M": m,
        "P": m @ m.T / 4 + np.diag([0.5, 1.0, 2.0, 3.0]), "G": RNG.standard_normal((2, 3, 3)) + 2 * np.eye(3),
        "V": RNG.permutation(np.linspace(-2.0, 2.0, 42)).reshape(6, 7)[::2, ::2],
        "p": np.array([0.3, 1.7, 0.9, 2.45, 1.1]), "u": np.array([-0.8, 0.15, 0.6, -0.35, 0.45]), "N": nan,
        "s": np.float64(0.65), "r": np.float64(-1.45), "E": np.zeros((0, 3)), "e": np.zeros(0),
        "f": x.astype(np.float32), "g": a.astype(np.float32),
        "c": np.array([0.4 + 1.1j, -0.7 + 0.3j, 1.2 - 0.8j, -0.5 - 1.3j]),
        "C": RNG.standard_normal((3, 3)) + 1j * RNG.standard_normal((3, 3)) + 2 * np.eye(3),
    }


VARIABLES = _variables()
for _v in VARIABLES.values():
    np.asarray(_v).flags.writeable = False


def objects(x):
    """An object array of the elements of a number; a plain array as it is."""
    z = np.empty(5, object)
    z[:] = list(x)
    return z if isinstance(x, Number) else x


CONSTANTS = {
    "np": np, "objects": objects, "i": np.array([2, 0, 1]), "m": np.array([True, False, True, True, False]),
    "W": np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]], bool),
    "k": np.array([-1.2, 0.4, 1.6, 2.3, -0.5]), "k3": np.array([0.5, -1.5, 2.0]), "k4": np.array([1.0, 0.5, -0.7, 2.0]),
    "K": RNG.uniform(0.5, 2.0, (3, 4)),
}


def tangents(seed):
    """A direction for every variable, in the layout of the variable."""
    rng = np.random.default_rng(seed)

    def direction(v):
        t = rng.standard_normal(np.shape(v))
        if np.iscomplexobj(v):
            t = t + 1j * rng.standard_normal(np.shape(v))
        return t.astype(np.asarray(v).dtype, "F" if np.asfortranarray(v) is v else "C")
    return {name: direction(v) for name, v in VARIABLES.items()}


class Call:
    """A line of the list, compiled."""

    def __init__(self, line):
        body = ast.parse(line).body
        names = {node.id for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.Name)}
        self.names = sorted(names & set(VARIABLES))
        self.statements = compile(ast.Module(body[:-1], []), line, "exec")
        self.result = compile(ast.Expression(body[-1].value), line, "eval") if isinstance(body[-1], ast.Expr) else None
        if self.result is None:
            self.statements = compile(ast.Module(body, []), line, "exec")
            self.result = compile(ast.parse("z", mode="eval"), line, "eval")

    def __call__(self, variables):
        space = {**CONSTANTS, **{name: variables[name] for name in self.names}}
        with np.errstate(all="ignore"):
            exec(self.statements, space)
            return list(leaves(eval(self.result, space)))


def leaves(y):
    """The arrays and scalars of a result."""
    if isinstance(y, (list, tuple)):
        for part in y:
            yield from leaves(part)
    elif isinstance(y, np.ndarray) and y.dtype == object and y.size:
        yield np.reshape(np.stack(list(y.flat)), y.shape)
    else:
        yield y


def plain(dtype=None):
    """The variables, or those of them that are float32 in double precision."""
    return {n: v.astype(np.float64) if dtype and np.asarray(v).dtype == np.float32 else v for n, v in VARIABLES.items()}


def quotient(f, h=0.004):
    """df(e)/de at e = 0: central differences at h, h/2, h/4 and h/8, extrapolated; f returns a list of arrays."""
    table = []
    for k in range(4):
        step = h / 2 ** k
        table.append([(np.asarray(p) - np.asarray(q)) / (2 * step) for p, q in zip(f(step), f(-step), strict=True)])
    for order in range(1, 4):
        table = [[b + (b - a) / (4 ** order - 1) for a, b in zip(low, high, strict=True)]
                 for low, high in zip(table[:-1], table[1:], strict=True)]
    return table[0]


def moved(t, e):
    double = plain(np.float64)
    return {n: v + e * t[n] for n, v in double.items()}


def is_inexact(y):
    return np.asarray(y).dtype.kind in "fc"


def difference_quotients(call, t):
    """The derivative of every result; of results that are no floats there is none."""
    def f(e):
        return [y if is_inexact(y) else 0.0 for y in call(moved(t, e))]
    with np.errstate(all="ignore"):
        return quotient(f)


def primal(y):
    while isinstance(y, Number):
        y = y.value
    return y


def same_bits(y, expected):
    y, expected = np.asarray(primal(y)), np.asarray(expected)
    assert y.dtype == expected.dtype
    assert y.shape == expected.shape
    assert y.flags.f_contiguous == expected.flags.f_contiguous
    assert y.flags.c_contiguous == expected.flags.c_contiguous
    if expected.dtype.kind in "OSUV":
        assert np.all(y == expected)
        return
    equal = (y == expected) | (np.isnan(y) & np.isnan(expected))
    assert np.all(equal), f"values differ: {y} and {expected}"


def close(actual, expected, rtol):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    scale = np.max(np.abs(expected[np.isfinite(expected)]), initial=1.0)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol * scale)


def tangent_of(y):
    return y.tangent if isinstance(y, Number) else np.zeros(np.shape(y))


def width(call):
    return 1e-5 if {"f", "g"} & set(call.names) else 1e-9


FIRST, SECOND = tangents(1), tangents(2)


@pytest.mark.parametrize("line", [line for _, line in numpy_calls.listed()])
def test_call(line):
    call = Call(line)
    expected = call(VARIABLES)
    duals = {n: da.Dual(v, FIRST[n]) for n, v in VARIABLES.items()}
    results = call(duals)
    assert len(results) == len(expected)
    for y, z in zip(results, expected, strict=True):
        same_bits(y, z)
    rtol = width(call)
    for y, slope in zip(results, difference_quotients(call, FIRST), strict=True):
        if is_inexact(primal(y)):
            close(tangent_of(y), slope, rtol)
    check_views(call, expected, results, duals)
    check_intercepted(call, results)
    check_directions(call, results)
    check_nested(call, rtol)


def check_views(call, expected, results, duals):
    """What is a view of an argument in NumPy is one here, so that storing into it reaches the argument."""
    for y, z in zip(results, expected, strict=True):
        if isinstance(y, Number) and isinstance(z, np.ndarray):
            shared = [np.shares_memory(z, VARIABLES[n]) for n in call.names]
            assert [np.shares_memory(primal(y), primal(duals[n])) for n in call.names] == shared


def check_intercepted(call, results):
    """The same comes out while NumPy's functions are intercepted."""
    found = []

    def f(*arguments):
        found.extend(call(dict(zip(call.names, arguments, strict=True))))
        return 0.0

    if call.names:
        da.jvp(f, [VARIABLES[n] for n in call.names], [FIRST[n] for n in call.names], intercept=True)
        for y, z in zip(found, results, strict=True):
            same_bits(y, primal(z))
            if is_inexact(primal(z)):
                close(tangent_of(y), tangent_of(z), 1e-6 if width(call) > 1e-6 else 1e-13)


def check_directions(call, results):
    """MultiDual gives the same, direction by direction."""
    multis = {n: da.MultiDual(v, np.stack([FIRST[n], SECOND[n], 0 * FIRST[n]])) for n, v in VARIABLES.items()}
    for y, z in zip(call(multis), results, strict=True):
        same_bits(y, primal(z))
        if isinstance(y, Number) and not y.isconstant:
            close(y.tangents[0], tangent_of(z), 1e-6 if width(call) > 1e-6 else 1e-12)
            close(y.tangents[2], np.zeros(y.shape), 1e-15)
        else:
            close(np.zeros(np.shape(z)) if is_inexact(primal(z)) else 0.0,
                  tangent_of(z) if is_inexact(primal(z)) else 0.0, 1e-15)


def nested(first, second):
    """v + first e + second d: e of the inner level, d of the outer."""
    return {n: da.Dual(da.Dual(v, second[n]), da.Dual(first[n], np.zeros_like(first[n]))) for n, v in VARIABLES.items()}


def check_nested(call, rtol):
    """The tangent's derivative along another direction; hyper-dual numbers and power series have the same."""
    direction = {n: t.astype(np.result_type(t, np.float64)) for n, t in SECOND.items()}

    def f(e):
        shifted = moved(direction, e)
        results = call({n: da.Dual(v, FIRST[n].astype(np.asarray(v).dtype)) for n, v in shifted.items()})
        return [tangent_of(y) if is_inexact(primal(y)) else 0.0 for y in results]

    results = call(nested(FIRST, SECOND))
    twice = [tangent_of(tangent_of(y)) if is_inexact(primal(y)) else 0.0 for y in results]
    for y, t, slope in zip(results, twice, quotient(f), strict=True):
        if is_inexact(primal(y)):
            close(t, slope, rtol * 10)
    check_higher(call, twice, 1e-6 if rtol > 1e-6 else 1e-11)


def check_higher(call, twice, rtol):
    hyper = {n: da.HyperDual(v, FIRST[n], SECOND[n], np.zeros_like(FIRST[n])) for n, v in VARIABLES.items()}
    for y, expected in zip(call(hyper), twice, strict=True):
        if isinstance(y, Number):
            close(y.e12, expected, rtol)
    series = {n: da.Taylor(np.stack([v, FIRST[n], np.zeros_like(FIRST[n])])) for n, v in VARIABLES.items()}
    along = [tangent_of(tangent_of(y)) if is_inexact(primal(y)) else 0.0 for y in call(nested(FIRST, FIRST))]
    for y, expected in zip(call(series), along, strict=True):
        if isinstance(y, Number):
            close(2 * y.coefficients[2], expected, rtol) if not y.isconstant else close(0 * expected, expected, rtol)
