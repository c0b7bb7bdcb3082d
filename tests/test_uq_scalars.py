"""Uncertain scalars, which are compiled: values and derivatives to the last bit, long expressions, lifetimes."""

import gc
import multiprocessing
import operator
import pickle
import sys
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dualad as da
from dualad import uq
from dualad._core.uncertain import combination

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod]
TABLE = [getattr(np, name) for kind, name, *_ in da._core.table() if kind != "PLAIN"]
UNARY = [f for f in TABLE if getattr(f, "nin", 1) == 1]
BINARY = [f for f in TABLE if getattr(f, "nin", 1) == 2 and f not in (np.ldexp, np.divide)]  # a quotient is that of /
VALUES = st.floats(-1e3, 1e3) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 1e300, -1e300, 5e-324, np.inf, np.nan])


def same(a, b):
    """Equal to the last bit, up to the sign of zero."""
    return a == b or (a != a and b != b)


def check(f, *values):
    """Value and partial derivatives are those of dual numbers, with all arguments uncertain or one of them."""
    numbers = [uq.ufloat(v, 1.0) for v in values]
    with np.errstate(all="ignore"):
        result = f(*numbers)
        for k, x in enumerate(numbers):
            dual = f(*(da.Dual(v, 1.0) if i == k else v for i, v in enumerate(values)))
            alone = f(*(x if i == k else v for i, v in enumerate(values)))
            for y in (result, alone):
                assert type(y) is uq.UFloat and same(y.n, dual.value)
                assert same(coefficient(y, x), dual.tangent)


def coefficient(y, x):
    """The derivative of y by a variable of deviation one; the variable may be NaN, which equals nothing."""
    (_, place, _), = combination(x).variables()
    return next(c for source, k, c in combination(y).variables() if source in combination(x).sources and k == place)


@pytest.mark.parametrize("f", UNARY, ids=lambda f: f.__name__)
@given(x=VALUES)
def test_functions_of_one_number(f, x):
    check(f, x)


@pytest.mark.parametrize("f", [*OPERATORS, *BINARY], ids=lambda f: f.__name__)
@given(x=VALUES, y=VALUES)
def test_functions_of_two_numbers(f, x, y):
    check(f, x, y)


def test_errors_of_floats_are_numpys():
    x = uq.ufloat(0.0, 0.1)
    for f in (lambda: 1 / x, lambda: x / 0, lambda: np.log(x), lambda: (x + 1e200) * 1e200, lambda: x**-1):
        with np.errstate(all="raise"), pytest.raises(FloatingPointError):
            f()


def test_what_scalars_combine_with():
    x = uq.ufloat(2.0, 0.1)
    for y in (3, 3.0, np.float64(3), np.int64(3), np.float32(3), np.array(3.0), True + 2):
        for f in OPERATORS:
            for z in (f(x, y), f(y, x)):
                assert type(z) is uq.UFloat and z.n == f(2.0, 3.0) or z.n == f(3.0, 2.0)
    assert (x + 10**20).n == 2.0 + 1e20 and (x * 2**60).s == 0.1 * 2**60
    assert (x + (2**53 + 1)).n == 2.0 + float(2**53 + 1)
    for f in OPERATORS[:5]:
        for wrong in (None, "1", object()):
            with pytest.raises(TypeError):
                f(x, wrong)
            with pytest.raises(TypeError):
                f(wrong, x)


def test_powers_have_no_modulus():
    with pytest.raises(TypeError, match="modulus"):
        pow(uq.ufloat(2.0, 0.1), 2, 3)


def test_comparisons_of_scalars():
    x, y, exact = uq.ufloat(1.0, 0.1), uq.ufloat(1.0, 0.1), uq.ufloat(1.0, 0.0)
    assert exact == 1 and exact == 1.0 and hash(exact) == hash(1.0) and not exact != np.float64(1) and exact <= 1
    assert x * 2 == x + x and not x * 2 == x + y and x * 2 != x + y and x * 2 >= x + x and not x * 2 >= x + y
    assert not x == 1 and not x <= 1 and not x >= 1 and x != 1 and not 1 == x and x < 1.5 and 1.5 > x and 0.5 <= x
    nan = uq.ufloat(np.nan, 0.1)
    assert [nan == nan, nan != nan, nan < 1, nan >= 1, nan <= nan] == [False, True, False, False, False]
    assert x < 10**30 and not x > 10**30 and type(x < y) is type(x == y) is bool
    assert len({x * 2, x + x, x * 2 + 0, x + y}) == 2


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 33, 1000])
def test_sums_of_any_length(count, rng):
    """Few terms have room at hand, more of them take memory."""
    std, weights = rng.uniform(0.1, 0.5, count), rng.standard_normal(count)
    x = [uq.ufloat(v, s) for v, s in zip(rng.standard_normal(count), std, strict=True)]
    order = rng.permutation(count)
    y = sum(weights[i] * x[i] for i in order)
    assert y.s == pytest.approx(np.sqrt(np.sum((weights * std) ** 2)), rel=1e-14)
    found = y.derivatives
    assert [found[v] for v in x] == pytest.approx(weights, rel=1e-15)
    z = sum((v.s * y + v for v in x), 0 * y)  # of numbers whose combinations are long
    expected = np.sum(std) * weights + 1
    assert [z.derivatives[v] for v in x] == pytest.approx(expected, rel=1e-12)
    tree = list(x)  # waiting numbers many at a time
    while len(tree) > 1:
        tree = [a * 1.5 - b for a, b in zip(tree[::2], tree[1::2], strict=False)] + tree[len(tree) // 2 * 2:]
    assert len(tree[0].derivatives) == count


@pytest.mark.parametrize("scale", [1e-200, 1e-155, 1.0, 1e155, 1e200])
def test_deviations_whose_squares_are_no_floats(scale):
    x, y = uq.ufloat(1.0, 3 * scale), uq.ufloat(2.0, 4 * scale)
    assert (x + y).s == pytest.approx(5 * scale, rel=1e-14, abs=0)
    a = uq.uarray([1.0, 2.0, 3.0], np.array([3, 4, 12]) * scale)
    assert a.sum().s == pytest.approx(13 * scale, rel=1e-14, abs=0)
    assert np.cumsum(a).std_dev == pytest.approx(np.array([3, 5, 13]) * scale, rel=1e-14, abs=0)


def test_deviations_that_are_no_numbers():
    x, y = uq.ufloat(1.0, 0.1), uq.ufloat(2.0, np.inf)
    with np.errstate(all="ignore"):
        assert (x + y).s == np.inf and np.isnan((x + y - y).s) and (x * uq.ufloat(0.0, 0.0) + 0 * x).s == 0
        assert (np.sqrt(uq.ufloat(0.0, 0.1)) + x).s == np.inf and (np.sqrt(uq.ufloat(0.0, 0.0)) + x).s == 0.1


def test_long_expressions_die_without_recursion():
    y = x = uq.ufloat(1.0, 0.1)
    for _ in range(100_000):
        y = y * 0.5 + x
    kept = weakref.ref(y)
    del y
    assert kept() is None
    a, b = x, x
    for _ in range(50_000):  # operands shared by two
        a, b = 0.5 * (a + b), 0.5 * (a - b)
    del a, b
    assert x.s == 0.1


def test_operands_live_as_long_as_they_are_needed():
    x = uq.ufloat(2.0, 0.1)
    middle = x * x
    y = middle + 1
    seen = weakref.ref(middle)
    del middle
    assert seen() is not None
    assert y.s == pytest.approx(0.4) and seen() is None and y.s == pytest.approx(0.4)
    before = sys.getrefcount(x)
    for _ in range(100):
        (x * x - x / 3 + x**2).s
        (x + x).derivatives
        x - 1
    gc.collect()
    assert sys.getrefcount(x) == before


def test_threads_sum_up_one_expression():
    x = [uq.ufloat(1.0, 0.1) for _ in range(50)]
    nodes, y, found = [], x[0], []
    for v in x:
        y = y + v
        nodes.append(y)
    threads = [threading.Thread(target=lambda k=k: found.append([n.s for n in nodes[k:]])) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    expected = [0.1 * np.sqrt(k + 4) for k in range(50)]
    for part in found:
        assert part == pytest.approx(expected[50 - len(part):])


def test_functions_of_many_numbers(rng):
    x = [uq.ufloat(v, 0.1) for v in rng.standard_normal(7)]
    for count in range(1, 8):
        partials = tuple(0.5 + i for i in range(count))
        f = uq.wrap(lambda *v: float(np.dot(v, np.arange(len(v)) + 0.5)), [lambda *v, p=p: p for p in partials])
        y = f(*x[:count])
        assert [y.derivatives[v] for v in x[:count]] == pytest.approx(partials)


def test_combinations_take_variables_in_any_order():
    a, b, c = uq.uarray([1.0, 2.0, 3.0], [0.1, 0.2, 0.3])
    row = combination(a + b + c)
    ids, coefficients = row.arrays()
    assert np.all(np.diff(ids) > 0)
    shuffled = type(row)(row.sources, ids[[2, 0, 1, 0]], coefficients[[2, 0, 1, 0]])
    assert shuffled.mapping() == pytest.approx({ids[0]: 0.2, ids[1]: 0.2, ids[2]: 0.3})
    assert [k for _, k, _ in shuffled.variables()] == [0, 1, 2] and shuffled.deviation() == pytest.approx(0.17**0.5)


def number_elsewhere(x):
    return x * 2, uq.ufloat(1.0, 0.1)


def test_numbers_of_other_processes_are_independent():
    x = uq.ufloat(1.0, 0.1, "x")
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    with multiprocessing.get_context(method).Pool(1) as pool:
        double, other = pool.apply(number_elsewhere, (x,))
    assert (double - 2 * x).s == 0 and list(double.derivatives)[0].name == "x"
    mine = uq.ufloat(1.0, 0.1)
    assert (other - mine).s == pytest.approx(0.02**0.5) and (other - x).s == pytest.approx(0.02**0.5)
    twin = pickle.loads(pickle.dumps((mine, mine + other)))
    assert (twin[1] - twin[0] - other).s == 0
