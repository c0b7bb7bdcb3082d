"""Uncertain numbers: every function against J C J^T, and what users of the uncertainties package expect."""

import copy
import math
import pickle

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import dualad as da
from dualad import uq
from dualad.uq import _combination, _composed, _rules

RNG = np.random.default_rng(7)
A23, A32 = RNG.uniform(0.5, 1.5, (2, 3)), RNG.uniform(0.5, 1.5, (3, 2))
A33 = RNG.uniform(0.5, 1.5, (3, 3)) + 3 * np.eye(3)

# of a (3, 3) array; results may be tuples
FUNCTIONS = {
    # elementwise
    "arithmetic": lambda x: (2 - x) * x / (x + 1) - x**2 + 2**x + (-x) + abs(x) + x**x,
    "ufuncs": lambda x: np.arctan2(np.sin(x), np.exp(x)) + np.hypot(x, x.T) + np.maximum(x, x.T) + np.log1p(x),
    "special": lambda x: scipy.special.erf(x) + scipy.special.gammaln(x),
    "several outputs": lambda x: np.modf(x)[0] + np.divmod(x, 0.3)[1] + x % 0.7 + x // 5,
    "broadcasting": lambda x: x[:, None, :] * x[None, :, 0:1] + np.arange(3.0),
    "sinc": np.sinc,
    "where=": lambda x: np.multiply(x, x, where=np.ones((3, 3), bool), out=None),
    "outer": lambda x: np.multiply.outer(x[0], x[1]),
    # moving elements
    "shape": lambda x: np.moveaxis(x.reshape(3, 3, 1), 2, 0).squeeze().T.ravel(),
    "index": lambda x: (x[1], x[1, 2], x[::-1, 1:], x[[0, 2], [1, 1]], x[np.eye(3, dtype=bool)], x[..., None]),
    "join": lambda x: (np.concatenate([x, A23]), np.stack([x, x * 2, A33]), np.hstack([x, x])),
    "block": lambda x: np.block([[x, x], [A33, x]]),
    "append": lambda x: (np.append(x, [1.0, 2.0]), np.insert(x, 1, 5.0, axis=0), np.delete(x, 1, 1)),
    "repeat": lambda x: (np.tile(x, 2), np.repeat(x, 2, 0), np.roll(x, 1), np.flip(x), np.rot90(x)),
    "split": lambda x: tuple(np.array_split(x, 2)) + tuple(np.hsplit(x, 3)),
    "where": lambda x: np.where(x > 1.5, x, A33),
    "diagonal": lambda x: (np.diag(x), np.diag(np.diag(x)), np.tril(x), np.diagonal(x), np.trace(x)),
    "pad": lambda x: (np.pad(x, 1), np.pad(x, 1, constant_values=7.0), np.pad(x, 1, "edge")),
    "ramp": lambda x: np.pad(x, 1, "linear_ramp"),
    "odd": lambda x: (np.pad(x, 1, "reflect", reflect_type="odd"), np.pad(x, 1, "symmetric", reflect_type="even")),
    "insert": lambda x: (np.insert(x[0], 1, x[1, 1]), np.insert(x, [0, 1], [x[0, 0], 5.0], axis=1)),
    "many": lambda x: (np.concatenate([x[i % 3] * i for i in range(20)]), np.stack([*x[0], 2.0, *x[1], *x[2]])),
    "take": lambda x: (np.take(x, [0, 5]), np.take_along_axis(x, np.argsort(x.ravel())[:3].reshape(1, 3) % 3, 0)),
    "sort": lambda x: (np.sort(x), np.sort(x, axis=None), np.partition(x[0], 1)),
    "broadcast": lambda x: (np.broadcast_to(x, (2, 3, 3)), np.atleast_3d(x), np.expand_dims(x, 0)),
    # sums
    "sum": lambda x: (x.sum(), x.sum(0), x.sum(axis=1, keepdims=True), np.add.reduce(x), np.sum(x, (0, 1))),
    "mean": lambda x: (x.mean(), x.mean(1), np.average(x, weights=A33), np.average(x, 0)),
    "sum where": lambda x: np.sum(x, where=A33 > 1, initial=3.0),
    "var": lambda x: (x.var(), x.var(0, ddof=1), x.std(axis=1, keepdims=True), np.nanstd(x)),
    "cumulative": lambda x: (np.cumsum(x), np.cumprod(x, 0), np.add.accumulate(x), np.diff(x), np.diff(x, 2, axis=0)),
    "other reductions": lambda x: (x.max(), x.min(0), np.prod(x, 1), np.median(x), np.ptp(x), np.linalg.norm(x)),
    "products": lambda x: (x @ x, A23 @ x, x @ A32, x[0] @ x, x @ x[0], x[0] @ x[1], A33[0] @ x, np.dot(x, 2.0)),
    "more products": lambda x: (np.dot(x, x), np.inner(x[0], A33[0]), np.outer(x, x[0]), np.vdot(x, A33)),
    "kron": lambda x: np.kron(x, x),
    "einsum": lambda x: (np.einsum("ij,jk->ik", x, A33), np.tensordot(x, x), np.cross(x[0], A33[0])),
    "stacks": lambda x: np.stack([x, A33]) @ x,
    "linear algebra": lambda x: (np.linalg.solve(x, A33[0]), np.linalg.inv(x), np.linalg.det(x)),
    "eigenvalues": lambda x: np.linalg.eigvalsh(x + x.T),
    "calculus": lambda x: (np.interp(1.2, [1, 2, 3], x[0]), np.trapezoid(x, axis=0), np.gradient(x[0])),
    "convolve": lambda x: np.convolve(x[0], x[1]),
    "fft": lambda x: (np.abs(np.fft.fft(x[0])), np.real(np.fft.rfft(x[0]) * 1j)),
    "inverse fft": lambda x: np.fft.ifft(np.fft.fft(x[0])).real,
    "middle": lambda x: (np.median(x, 0), np.median(x, axis=1, keepdims=True), np.median(x[0, :2]), np.ptp(x, 0)),
    "integrals": lambda x: (np.trapezoid(x), np.trapezoid(x, [0, 1, 3], axis=0), np.trapezoid(x, dx=0.5)),
    "nansum": lambda x: np.nansum(x, 0),
    "clip": lambda x: (np.clip(x, 1, 1.8), np.round(x), np.floor(x)),
    "ties": lambda x: (np.max(x * 0 + x[0, 0]), np.min(np.stack([x[0], x[0], x[1]]), axis=0)),
    "zeros": lambda x: (np.prod(np.where(A33 > 3, x, 0.0), 1), np.linalg.norm(x * 0)),
    "norms": lambda x: (np.linalg.norm(x, 1), np.linalg.norm(x, axis=0), np.linalg.norm(x[0], np.inf)),
    "bounds": lambda x: (np.clip(x, 1.2, None), np.clip(x, x.T, 1.6), x.clip(1, 2)),
    "polynomials": lambda x: (np.polyval(x[0], x[1]), np.poly(x[0])),
}


def leaves(y):
    return [leaf for part in y for leaf in leaves(part)] if isinstance(y, (tuple, list)) else [y]


def flat_values(y):
    return np.concatenate([np.ravel(uq.nominal_value(leaf)) for leaf in leaves(y)])


def joint_covariance(y):
    return uq.covariance_matrix(np.concatenate([np.atleast_1d(np.ravel(leaf)) for leaf in leaves(y)]))


def jacobian(f, x):
    def flat(v):
        return np.concatenate([np.atleast_1d(np.ravel(leaf)) for leaf in leaves(f(v))])

    return da.jacobian(flat)(x).reshape(-1, 9)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kind", ["independent", "correlated", "not multiplied out"])
def test_every_function_propagates_as_its_jacobian_says(name, kind, rng, monkeypatch):
    f = FUNCTIONS[name]
    if kind == "not multiplied out":  # products of matrices that larger arrays have
        monkeypatch.setattr(_combination, "_SMALL", 0)
        monkeypatch.setattr(_combination, "_GROWTH", 0)
    value = A33 + rng.uniform(0.1, 0.4, (3, 3))
    if kind == "independent":
        std = rng.uniform(0.1, 0.5, (3, 3))
        x, cov = uq.uarray(value, std), np.diag(std.ravel() ** 2)
    else:
        root = rng.standard_normal((9, 9))
        cov = root @ root.T
        x = uq.correlated(value, cov)
    y = f(x)
    plain = f(value)
    assert [np.shape(leaf) for leaf in leaves(y)] == [np.shape(leaf) for leaf in leaves(plain)]
    np.testing.assert_array_equal(flat_values(y), flat_values(plain))
    J = jacobian(f, value)
    expected = J @ cov @ J.T
    np.testing.assert_allclose(joint_covariance(y), expected, rtol=1e-9, atol=1e-11)
    for leaf in leaves(y):
        if isinstance(leaf, (uq.UFloat, uq.UArray)):
            variances = np.diagonal(uq.covariance_matrix(np.atleast_1d(np.ravel(leaf)))).reshape(np.shape(leaf))
            np.testing.assert_allclose(np.square(leaf.std_dev), variances, rtol=1e-9, atol=1e-11)


W23 = np.array([[True, False, True], [True, True, False]])
# functions that have no rule here but that of numbers with derivatives, of (2, 3) arrays with ties, a zero and a NaN
SHARED = {
    "max": lambda x, y: [f(x, a) for f in (np.max, np.min, np.amax, np.ptp) for a in (None, 0, (0, 1), -1)],
    "max of some": lambda x, y: (np.max(x, 1, where=W23, initial=0.0), np.min(x, initial=y), np.max(x, keepdims=True)),
    "prod": lambda x, y: (np.prod(x), np.prod(x, 0), np.prod(x, 1, where=W23), np.prod(x, initial=y), np.cumprod(x, 1)),
    "var": lambda x, y: [f(x, a, ddof=1) for f in (np.var, np.std, np.nanvar, np.nanstd) for a in (None, 1)],
    "var of some": lambda x, y: (np.var(x, where=W23), np.var(x, mean=y), np.std(x, 0, keepdims=True)),
    "mean": lambda x, y: (np.mean(x, where=W23), np.nanmean(x, 0), np.nansum(x), np.nanprod(x, 1), np.nancumsum(x)),
    "average": lambda x, y: (np.average(x, 0, [1.0, 2.0]), np.average(x, weights=x), np.average(x, 1, x[0])),
    "lists": lambda x, y: (np.average(x[0], weights=[y, 1, y * y]), np.interp(y, [1, 2], [x[0, 0], 2]),
                           np.clip(x, [y, 1, y], 3), np.select([W23, x > 1], [y, x], x[0])),
    "average and weights": lambda x, y: np.average(x[0], weights=x[1] * y, returned=True),
    "norm": lambda x, y: [np.linalg.norm(x, p) for p in (None, 1, -1, np.inf, "fro")] + [np.linalg.norm(x, axis=0)],
    "norms of vectors": lambda x, y: [np.linalg.norm(x[1], p) for p in (0, 1, 3, np.inf, -np.inf, None)],
    "quantile": lambda x, y: (np.quantile(x, [0.2, 0.5], 1), np.percentile(x, 30), np.median(x, (0, 1), keepdims=True)),
    "uncertain quantile": lambda x, y: (np.quantile(x, y / 3), np.percentile(x, x[1] * 20, 0)),
    "quantile of some": lambda x, y: (np.nanmedian(x), np.nanquantile(x, 0.4, 0), np.nanmax(x, 0), np.nanmin(x)),
    "quantile with weights": lambda x, y: np.quantile(x, 0.5, weights=np.ones((2, 3)), method="inverted_cdf"),
    "clip": lambda x, y: (np.clip(x, 1.0, 2.0), np.clip(x, y, None), np.clip(1.5, x, 3.0), np.clip(x, x[0], x[1] + y)),
    "trapezoid": lambda x, y: (np.trapezoid(x), np.trapezoid(x[0], x[1]), np.trapezoid(x, None, y, 0)),
    "differences": lambda x, y: (np.ediff1d(x, to_begin=y), np.gradient(x[0], y), np.diff(x), np.diff(x, 2)),
    "cov": lambda x, y: (np.cov(x), np.cov(x[0], x[1], ddof=0), np.corrcoef(x), np.cov(x, rowvar=False)),
    "polyval": lambda x, y: (np.polyval(x[0], y), np.polyval([1.0, 2.0], x), np.polyval(x[0], x)),
    "where": lambda x, y: (np.where(W23, x, y), np.where(x > 1, x, 1.0), np.where(W23, 0.0, x), np.where(W23, x, x[0])),
    "moved": lambda x, y: (np.take_along_axis(x, np.argsort(x, 1), 1), np.tile(x, 2), x.T.ravel()),
    "sort": lambda x, y: (np.sort(x), np.sort(x, 0), np.sort(x, None), np.median(x, 1)),
}


SHARED_OF_MATRICES = {
    "det": lambda x: (np.linalg.det(x), *np.linalg.slogdet(x)),
    "values": lambda x: (np.linalg.eigvalsh(x + x.T), np.linalg.svdvals(x)),
    "products": lambda x: (np.linalg.matrix_power(x, 3), np.linalg.matrix_power(x, -1)),
    "more products": lambda x: (np.linalg.multi_dot([x, A33, x]), np.linalg.pinv(x), np.linalg.pinv(x[:2])),
    "choice": lambda x: (np.select([x > 1, x > 0.7], [x, 2 * x], x.T), np.choose([[0], [1], [0]], [x, x * x])),
    "others": lambda x: (np.interp(1.2, [1, 2, 3], x[0]), np.interp(x, [0, 5], [x[0, 0], 3]), np.vander(x[0])),
    "more": lambda x: (np.nan_to_num(x), np.unwrap(3 * x), np.polyint(x[0])),
    "inverses": lambda x: (np.linalg.solve(x, x[0]), np.linalg.solve(A33, x), np.linalg.inv(x), np.linalg.inv(x[None])),
}


@pytest.mark.parametrize("name", SHARED_OF_MATRICES)
def test_rules_of_numbers_serve_uncertain_matrices(name, rng, monkeypatch):
    for function in _composed.SHARED_IF_LARGE:
        monkeypatch.setitem(_rules.FUNCTIONS, function, _composed._shared(function))
    f, root = SHARED_OF_MATRICES[name], rng.standard_normal((9, 9))
    for x in (uq.uarray(A33, rng.uniform(0.1, 0.2, (3, 3))), uq.correlated(A33, root @ root.T)):
        found, expected = f(x), uq.wrap(f)(x)
        np.testing.assert_array_equal(flat_values(found), flat_values(expected))
        for one, other in zip(leaves(found), leaves(expected), strict=True):
            assert type(one) is type(other)
            if isinstance(one, (uq.UFloat, uq.UArray)):
                np.testing.assert_allclose(one.std_dev, other.std_dev, rtol=1e-8, atol=1e-12)
                np.testing.assert_allclose((one - other).std_dev, 0, atol=1e-8 * np.max(other.std_dev))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("data", ["plain", "ties", "zero", "nan"])
@pytest.mark.parametrize("name", SHARED)
def test_rules_of_numbers_serve_uncertain_arrays(name, data, rng):
    f = SHARED[name]
    value = np.array([[1.0, 2.5, 1.7], [2.0, 1.1, 3.0]])
    value[0, 1] = {"plain": 2.5, "ties": 1.7, "zero": 0.0, "nan": np.nan}[data]
    root = rng.standard_normal((6, 6))
    y = uq.ufloat(1.3, 0.2)
    for x in (uq.uarray(value, 0.1), uq.correlated(value, root @ root.T), uq.uarray(value, 0.1) + y):
        found, expected = f(x, y), uq.wrap(f)(x, y)
        np.testing.assert_array_equal(flat_values(found), flat_values(expected))
        for one, other in zip(leaves(found), leaves(expected), strict=True):
            assert type(one) is type(other) and np.shape(one) == np.shape(other)
            if isinstance(one, (uq.UFloat, uq.UArray)):
                np.testing.assert_allclose(one.std_dev, other.std_dev, rtol=1e-9, atol=1e-12)
                difference = np.nan_to_num((np.nan_to_num(one) - np.nan_to_num(other)).std_dev)
                np.testing.assert_allclose(difference, 0, atol=1e-12)


STEPS = st.sampled_from(["+", "-", "*", "/", "sin", "index", "sum", "matmul"])


@given(st.lists(STEPS, min_size=1, max_size=8), st.integers(0, 99))
def test_chains_of_operations_keep_all_correlations(steps, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(1, 2, (2, 4))
    sa, sb = rng.uniform(0, 0.3, (2, 4))
    order = rng.permutation(4)

    def f(p):
        x, y = p[:4], p[4:]
        for step in steps:
            x, y = {
                "+": lambda x, y: (x + y, x), "-": lambda x, y: (x - y / 3, y), "*": lambda x, y: (x * y, y),
                "/": lambda x, y: (x / (y * y + 1), x), "sin": lambda x, y: (np.sin(x) + 2, y),
                "index": lambda x, y: (x[order], y + x), "sum": lambda x, y: (x - x.mean(), y + 1),
                "matmul": lambda x, y: (np.outer(x, y) @ y / 9, y),
            }[step](x, y)
        return np.concatenate([x, y])

    p = np.concatenate([a, b])
    std = np.concatenate([sa, sb])
    J = da.jacobian(f)(p)
    result = f(np.concatenate([uq.uarray(a, sa), uq.uarray(b, sb)]))
    scale = 1 + np.abs(J).max() ** 2
    np.testing.assert_allclose(uq.covariance_matrix(result), J * std**2 @ J.T, rtol=1e-8, atol=1e-12 * scale)
    np.testing.assert_allclose(result.std_dev, np.sqrt(J**2 @ std**2), rtol=1e-6, atol=1e-7 * np.sqrt(scale))


# ---- scalars -------------------------------------------------------------------------------------------------------


def test_correlations_are_exact():
    x, y = uq.ufloat(0.1, 0.3), uq.ufloat(3.3, 0.7)
    for z in (x - x, (x + y) - y - x, x * y - y * x, x / x - 1, 2 * x - x - x):
        assert z.s == 0
    assert (3 * x).s == pytest.approx(0.9)
    assert (x + x).s == 0.6 and (x * x).s == pytest.approx(2 * 0.1 * 0.3)
    a = uq.uarray(RNG.standard_normal(5), 0.3)
    assert not (a - a).std_dev.any() and not (a[1:] - a[:-1] - np.diff(a)).std_dev.any()
    assert not (a.sum() - sum(a)).s


def test_deviations_of_numbers_less_what_they_share():
    """x - x.mean() and the like, where the variance must not come from differences of large sums."""
    n = 400
    x = uq.uarray(RNG.uniform(1, 2, (n, 3)), RNG.uniform(0, 0.3, (n, 3)))
    dense = uq.correlated([1.0, 1.0], np.eye(2)) * 0
    for y in (x - x.mean(), x / x.sum(), x - x.mean(0), x[::-1] - x.mean(0) + 1, x[0] - x[0].sum(),
              x - (x[0, 0] + x[1, 0]), x[:5, :1] - x[:5, 0].mean() + 0 * dense[0]):
        expected = np.sqrt(np.diagonal(uq.covariance_matrix(y))).reshape(y.shape)
        np.testing.assert_allclose(y.std_dev, expected, rtol=1e-12, atol=1e-17)
    one = x[:1, :1]
    assert not (one - one.mean()).std_dev.any()
    tiny = np.concatenate([uq.uarray([1.0], 1.0), uq.uarray([1.0], 1e-12)])
    assert (tiny - tiny.sum()).std_dev.tolist() == [1e-12, 1.0]


def test_many_operations_need_no_recursion():
    x = uq.ufloat(1, 0.1)
    y = x
    for _ in range(20000):
        y = y + x * 0.5
    assert y.s == pytest.approx(0.1 * 10001)
    for _ in range(200):  # 2**200 paths
        y = y * 0.5 + y * 0.5
    assert y.s == pytest.approx(0.1 * 10001)
    assert sum([x] * 1000).s == pytest.approx(100)


def test_matches_a_published_example():
    """The double-check of error components in the documentation of uncertainties: u + 2 v with 0.1 and 0.01."""
    u, v = uq.ufloat(1, 0.1, tag="u variable"), uq.ufloat(10, 0.1, name="v variable")
    s = u + 2 * v
    assert f"{s}" == "21.00+/-0.22"
    assert {var.tag: e for var, e in s.error_components().items()} == {"u variable": 0.1, "v variable": 0.2}
    assert s.derivatives[u] == 1 and s.derivatives[v] == 2
    assert s.error_components()[v] == 0.2
    assert s.name is None and u.name == "u variable"


def test_attributes_and_helpers():
    x = uq.ufloat(1.5, 0.25)
    assert (x.nominal_value, x.std_dev, x.n, x.s) == (1.5, 0.25, 1.5, 0.25)
    assert type(x.n) is float and type((x * 2).s) is float
    assert x.std_score(2) == 2
    assert (uq.nominal_value(x), uq.std_dev(x), uq.nominal_value(4), uq.std_dev(4)) == (1.5, 0.25, 4, 0.0)
    assert x.format(".1uS") == f"{x:.1uS}" == "1.5(2)"
    mixed = np.array([x, 2 * x])
    assert mixed.dtype == object
    np.testing.assert_array_equal(uq.nominal_values(mixed), [1.5, 3])
    np.testing.assert_array_equal(uq.std_devs([x, 7]), [0.25, 0])
    assert (mixed + 1)[1].s == 0.5 and np.sin(mixed)[0].s == pytest.approx(0.25 * np.cos(1.5))
    assert uq.covariance_matrix([x, -x]).tolist() == [[0.0625, -0.0625], [-0.0625, 0.0625]]
    assert uq.correlation_matrix(mixed).tolist() == [[1, 1], [1, 1]]


def test_repr_has_all_digits_and_str_rounds():
    x = uq.ufloat(3.14159, 0.1)
    assert repr(x) == "3.14159+/-0.1" and str(x) == f"{x}" == "3.14+/-0.10"
    assert repr(uq.ufloat(1, 0.1, tag="t")) == "< t = 1.0+/-0.1 >" and repr(x - x) == "0.0+/-0"
    assert repr(np.fft.fft(uq.uarray([1.0, 2.0], 0.1))).startswith("UArray(array([")


def test_names_of_the_math_module():
    x, y = uq.ufloat(0.5, 0.1), uq.ufloat(0.25, 0.1)
    assert uq.umath.asin(x).s == pytest.approx(0.1 / np.sqrt(0.75))
    assert uq.umath.atan2(x, y).s == np.arctan2(x, y).s and uq.umath.log(x, 2).s == pytest.approx(0.2 / np.log(2))
    assert uq.umath.erf(x).s == pytest.approx(0.1 * 2 / np.sqrt(np.pi) * np.exp(-0.25))
    assert uq.umath.sqrt(4.0) == 2 and uq.umath.fsum([x, -x, 1]).s == 0
    assert set(uq.umath.__all__) <= set(dir(uq.umath)) and set(uq.unumpy.__all__) <= set(dir(uq.unumpy))
    objects = np.array([x, y])
    assert uq.unumpy.exp(objects).std_dev == pytest.approx(0.1 * np.exp([0.5, 0.25]))
    inverse = uq.unumpy.ulinalg.inv(np.array([[x, 0.0], [0.0, y]], object))
    assert inverse.std_dev == pytest.approx(np.array([[0.4, 0], [0, 1.6]]))


def test_object_arrays_compute_as_arrays_do():
    x, y = uq.ufloat(1, 0.1), uq.ufloat(2, 0.1)
    scalars = [x, y, 2 * x * y]
    objects, array = np.array(scalars), uq.uarray(scalars)
    assert objects.dtype == object
    for f in (np.mean, np.std, np.var, np.sum, np.prod, np.max, np.median, np.linalg.norm, lambda o: o @ o,
              lambda o: np.dot(o, [1.0, 2.0, 3.0]), lambda o: np.arctan2(o, 1.5).sum(), lambda o: np.exp(o).sum()):
        one, other = f(objects), f(array)
        assert one.n == pytest.approx(other.n) and (one - other).s == pytest.approx(0, abs=1e-15)
        assert one.s == pytest.approx(other.s)
    assert (objects > 1).tolist() == [False, True, True] and np.sort(objects)[0] == x


def test_comparisons():
    x, y = uq.ufloat(1, 0.1), uq.ufloat(1, 0.1)
    assert x == x and x != y and x == x + 0 and not x == 1
    assert x < 2 and x <= 2 and x <= x and not x <= y and not y >= x and not x > y and not 1 <= x
    assert bool(x) and bool(uq.ufloat(0, 0.1)) and not bool(x - x)
    assert len({x, y, x + 0}) == 2
    a = uq.uarray([1.0, 2.0], 0.1)
    assert (a == a).all() and not (a == [1.0, 2.0]).any() and (a > 1.5).tolist() == [False, True]
    assert (a != a[::-1]).all()
    assert a[0] in a
    assert (a == [a[0], 2.0]).tolist() == [True, False] and (a >= [a[0], 1.0]).all() and not (a <= [1.0, 2.0]).any()
    assert x != "1" and not x == None and x not in ("1", None)  # noqa: E711
    assert type(x < 2) is bool and type(x != 1) is bool
    for wrong in ("1", None):
        with pytest.raises(TypeError, match="not supported"):
            x < wrong
    with pytest.raises(TypeError, match="cannot mix"):
        da.derivative(lambda t: x < t)(1.0)


def test_nothing_can_be_set():
    for x in (uq.ufloat(1, 0.1), uq.uarray([1, 2], 0.1)):
        for name in ("std_dev", "nominal_value"):
            with pytest.raises(AttributeError, match=f"{name} cannot be set, since what"):
                setattr(x, name, 1.0)
            assert x.std_dev is not None


def test_other_types():
    a = uq.uarray([1.0, 2.0], 0.1)
    assert a.astype(np.float32).dtype == np.float32 and a.astype(object)[1] == a[1]
    assert a.astype(complex).real.std_dev.tolist() == [0.1, 0.1]
    for dtype in (int, bool, str):
        with pytest.raises(TypeError, match="its uncertainty would be lost"):
            a.astype(dtype)
    x = uq.ufloat(1.26, 0.1)
    assert (math.floor(x), math.ceil(x), math.trunc(x), round(x, 1)) == (1, 2, 1, 1.3)
    assert uq.umath.ldexp(x, 2).s == pytest.approx(0.4)


def test_scalars_and_arrays_mix():
    x, a = uq.ufloat(2, 0.1), uq.uarray([1.0, 2.0], 0.1)
    for y in (x * a, a * x, np.array([1.0, 2.0]) * x * a / [1.0, 2.0]):
        assert isinstance(y, uq.UArray)
    assert ((x * a) / x - a).std_dev.tolist() == pytest.approx([0, 0], abs=1e-16)
    assert isinstance(np.float64(2) * x, uq.UFloat) and isinstance(np.sin(x), uq.UFloat)
    assert isinstance(x**2, uq.UFloat) and (x**2).s == pytest.approx(0.4) and (2**x).s == pytest.approx(0.4 * np.log(2))
    assert isinstance(divmod(x, 3)[1], uq.UFloat) and (7 % x).s == pytest.approx(0.3) and x // 1 == 2


def test_assignment():
    a, x = uq.uarray([1.0, 2.0, 3.0], 0.1, names="a"), uq.ufloat(7, 0.5)
    b = a.copy()
    b[1] = x
    b[2] += 1
    assert b.nominal_value.tolist() == [1, 7, 4] and b.std_dev.tolist() == [0.1, 0.5, 0.1]
    assert (b - a).std_dev.tolist() == pytest.approx([0, np.hypot(0.5, 0.1), 0])
    b[:] = 3
    assert not b.std_dev.any()
    b[a > 1.5] = a[::2]
    assert b.nominal_value.tolist() == [3, 1, 3]
    a *= 2
    assert a.std_dev.tolist() == [0.2, 0.2, 0.2] and a[0].name is None


VIEWS = {
    "slice": lambda x: x[1:, ::2], "row": lambda x: x[1], "transpose": lambda x: x.T, "ravel": np.ravel,
    "reshape": lambda x: x.reshape(4, 3), "swapaxes": lambda x: np.swapaxes(x, 0, 1), "flip": lambda x: np.flip(x, 1),
    "split": lambda x: np.split(x, 2, axis=1)[1], "slice of a view": lambda x: x.T[::2].reshape(-1)[1:4],
    "squeeze": lambda x: np.squeeze(x[None]), "atleast": np.atleast_3d, "mask": lambda x: x[[2, 0]], "real": np.real,
    "copy": np.copy, "flatten": lambda x: x.flatten(), "fortran": lambda x: x.reshape((6, 2), order="F"),
    "any order": lambda x: x.T.ravel("K"),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_those_of_numpy(name, rng):
    """Writing to a view writes to the array, and the other way round, where it does so with plain arrays."""
    values, y = rng.standard_normal((3, 4)), uq.ufloat(9.0, 0.9)
    plain, x = values.copy(), uq.uarray(values, rng.uniform(0.1, 0.2, (3, 4)))
    before = x.copy()
    for write in (lambda v, y: v.__setitem__(0, y), lambda v, y: v.__imul__(2.0), lambda v, y: v.__setitem__(..., y)):
        part, view = VIEWS[name](plain), VIEWS[name](x)
        kept = view[...].copy()
        write(part, 9.0)
        write(view, y)
        np.testing.assert_array_equal(view.n, part)
        np.testing.assert_array_equal(x.n, plain)
        same = x.n == before.n
        assert not (x - before)[same].std_dev.any()  # elements and their correlations stay together
        touched = view.n == 9.0
        assert not (view - y)[touched].std_dev.any()
        plain[-1], x[-1] = 7.0, y - 2  # now that of the array
        np.testing.assert_array_equal(view.n, part)
        assert not (view - y)[view.n == 7.0].std_dev.any()
        assert not (kept - kept.copy()).std_dev.any()
        before = x.copy()


MOVES = [lambda v: v.T, lambda v: v[::-1], lambda v: v.reshape(-1), np.flip, lambda v: v[..., 1:], lambda v: v[None],
         lambda v: np.swapaxes(v, 0, -1), lambda v: v.ravel(), lambda v: v.copy(), lambda v: v[[0]],
         lambda v: v[:, :0].T]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 14)), max_size=12))
def test_programs_with_views_are_those_of_object_arrays(steps):
    """An object array of the elements is NumPy's own array of them."""
    x = uq.uarray(np.arange(12.0).reshape(3, 4) + 1, 0.1)
    pairs = [(x, np.asarray(x))]
    for which, what in steps:
        array, objects = pairs[which % len(pairs)]
        if what < len(MOVES) and array.ndim and len(array) and (array.ndim > 1 or what < 10):
            pairs.append((MOVES[what](array), MOVES[what](objects)))
        elif what == 11 and array.ndim:
            number = uq.ufloat(7.0, 0.3)
            array[:1], objects[:1] = number, number
        elif what == 12:
            array *= 1.5
            objects *= 1.5
        elif what == 13:
            array[...], objects[...] = np.flip(array), np.flip(objects).copy()
    for array, objects in pairs:
        assert array.shape == objects.shape
        for u, v in zip(array.flat, objects.flat, strict=True):
            assert u.n == v.n and (u - v).s < 1e-12


def test_views_of_views_without_end():
    plain, y = np.arange(4000.0), uq.ufloat(-1.0, 0.3)
    x = uq.uarray(plain, 0.1)
    part, view = plain, x
    for k in range(1500):
        part, view = (part[1:], view[1:]) if k % 2 else (part[::-1], view[::-1])
    part[5], view[5] = -1.0, y
    np.testing.assert_array_equal(view.n, part)
    np.testing.assert_array_equal(x.n, plain)
    x *= 2
    assert view[5].n == -2.0 and (view[5] - 2 * y).s == 0


def test_views_that_cannot_be_written_to():
    x = uq.uarray([1.0, 2.0, 3.0], 0.1)
    for view in (np.broadcast_to(x, (2, 3)), np.diagonal(np.diag(x))):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1.0


WRITERS = {
    "put": lambda z, y: np.put(z, [0, 5, 7], y), "place": lambda z, y: np.place(z, z > 0, y),
    "putmask": lambda z, y: np.putmask(z, z > 0, y), "copyto": lambda z, y: np.copyto(z, y[:4]),
    "copyto where": lambda z, y: np.copyto(dst=z, src=y[0], where=z > 0), "method": lambda z, y: z.put([1, -1], y[:2]),
    "diagonal": lambda z, y: np.fill_diagonal(z, y[:3]), "constant": lambda z, y: np.fill_diagonal(z, 5.0),
    "along": lambda z, y: np.put_along_axis(z, np.array([[0], [1], [3]]), y[:3, None], axis=1),
    "fill": lambda z, y: z[1].fill(y[2]), "sort": lambda z, y: z.sort(), "partition": lambda z, y: z.partition(2, 0),
    "where": lambda z, y: np.sqrt(z, where=z > 0, out=z), "clip": lambda z, y: np.clip(z, -1, 1, where=z > 0, out=z),
    "add": lambda z, y: np.add(1.0, 2.0, out=z), "max": lambda z, y: np.max(np.ones((4, 3)), 1, out=z[0]),
    "flat": lambda z, y: setattr(z, "flat", y), "flat element": lambda z, y: z.flat.__setitem__(5, y[1]),
}


@pytest.mark.parametrize("name", WRITERS)
def test_functions_that_write(name, rng):
    value, other = rng.standard_normal((3, 4)), rng.standard_normal(5)
    x, y = uq.uarray(value, 0.1), uq.uarray(other, 0.2)
    plain = value.copy()
    WRITERS[name](plain, other)
    z = x.copy()
    WRITERS[name](z, y)
    np.testing.assert_array_equal(z.n, plain)
    all_of = np.concatenate([x.ravel(), y])
    for v, u in zip(z.ravel(), z.ravel(), strict=True):
        found = [w for w in all_of if w.n == v.n]
        assert not found or (u - found[0]).s == 0
    with pytest.raises((TypeError, ValueError)):
        WRITERS[name](value.copy(), y)
        raise TypeError  # those that write no uncertain numbers


def test_arguments_by_their_names(rng):
    x = uq.uarray(rng.standard_normal((3, 4)), 0.1)
    for found, expected in (
        (np.dot(a=x, b=x.T), x @ x.T), (np.flip(m=x, axis=0), x[::-1]), (np.diff(a=x, n=1, axis=-1), np.diff(x)),
        (np.split(ary=x, indices_or_sections=2, axis=1)[1], x[:, 2:]),
        (np.pad(x, 1, constant_values=x[0, 0])[0, 0], x[0, 0]),
        (np.tile(A=x, reps=2), np.tile(x, 2)), (np.full_like(x[:, 0], [x[0, 0], 1.0, 2.0])[0], x[0, 0]),
    ):
        np.testing.assert_array_equal(uq.nominal_values(found), uq.nominal_values(expected))
        assert not np.any(uq.std_dev(found - expected))
    with pytest.raises(TypeError, match="poly1d"):
        np.polyval(x[0], np.poly1d([1.0, 2.0]))


def test_copies_and_pickles_stay_correlated():
    x, a = uq.ufloat(1, 0.1, "x"), uq.uarray([1.0, 2.0], 0.1)
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert (twin - x).s == 0 and twin.name == "x"
    y = pickle.loads(pickle.dumps((x * a, x)))
    assert not (y[0] / a - x).std_dev.any() and not (y[0] - x * a).std_dev.any()


@pytest.mark.parametrize("axis", [None, 0, 1, -1, -3])
def test_running_sums_along_any_axis(axis, rng):
    x = uq.uarray(rng.standard_normal((3, 4, 5)), rng.uniform(0.1, 0.2, (3, 4, 5)))
    x = x * np.roll(x, 1)
    y, z = np.cumsum(x, axis), uq.wrap(lambda t: np.cumsum(t, axis))(x)
    np.testing.assert_array_equal(y.n, z.n)
    assert abs((y - z).std_dev).max() < 1e-14
    assert np.cumsum(uq.uarray(np.zeros((0, 3)), 1.0), 0).shape == (0, 3)


def test_wrap_of_functions_of_reals():
    x, y = uq.ufloat(3.0, 0.1), uq.ufloat(4.0, 0.2)
    partial = {0: lambda a, b=4.0: a / math.hypot(a, b), "b": lambda a, b: b / math.hypot(a, b)}
    hypot = uq.wrap(lambda a, b: math.hypot(a, b), [partial[0]], {"b": partial["b"]})
    assert (hypot(x, b=y) - np.hypot(x, y)).s == pytest.approx(0, abs=1e-15) and hypot(x, 4.0).s == pytest.approx(0.06)
    with pytest.warns(RuntimeWarning, match="sin does not take numbers with derivatives: finite differences"):
        assert uq.wrap(math.sin)(x).s == pytest.approx(np.sin(x).s, rel=1e-8)
    with pytest.warns(RuntimeWarning, match="finite differences"):
        assert math.isnan(uq.wrap(math.sqrt)(uq.ufloat(0.0, 0.1)).s)
    with pytest.warns(RuntimeWarning, match="finite differences"):  # one derivative is known
        half = uq.wrap(lambda a, b: math.hypot(a, b), [partial[0], None])(x, y)
    assert half.s == pytest.approx(np.hypot(x, y).s, rel=1e-8)
    with pytest.raises(TypeError, match="would drop the derivative"):
        uq.wrap(math.sin)(uq.uarray([1.0, 2.0], 0.1))
    with pytest.raises(TypeError, match="arguments must be numbers"):
        uq.wrap(math.sin, [math.cos])(uq.uarray([1.0, 2.0], 0.1))
    with pytest.raises(TypeError, match="must return a real number"):
        uq.wrap(lambda a: "1", [math.cos])(x)
    with pytest.raises(TypeError, match="functions as derivatives"):
        uq.wrap(math.sin, [2.0])


def test_wrapped_functions_of_plain_arguments_are_the_functions():
    f = uq.wrap(lambda a, unit, b: [a + 2 * b, unit], [lambda *args: 1.0, None, lambda *args: 2.0])
    assert f(10, "m", 1) == [12, "m"]


def test_wrap():
    @uq.wrap
    def root(a, b, *, c=1.0):
        return {"r": np.sqrt(b * b - a * c), "plain": 3}

    a, b = uq.ufloat(1, 0.1), uq.ufloat(2, 0.1)
    r = root(a, b, c=uq.ufloat(1, 0.2))
    assert r["plain"] == 3 and isinstance(r["r"], uq.UFloat)
    assert r["r"].s == pytest.approx(np.sqrt(0.05**2 + 0.2**2 + 0.1**2) / np.sqrt(3))
    with pytest.raises(TypeError, match="function"):
        uq.wrap(3)


@pytest.mark.parametrize("f", [
    np.gradient, np.cumsum, lambda x: np.convolve(x, [1.0, 2.0, 1.0]), lambda x: np.interp(3.3, range(300), x),
    lambda x: np.linalg.norm(x, 3), lambda x: np.modf(x)[0] * np.ediff1d(x, to_end=1),
])
def test_general_functions_of_many_elements(f):
    """Through sparse Jacobians where these have few colours."""
    value, std = RNG.uniform(1, 2, 300), RNG.uniform(0, 0.1, 300)
    y = f(uq.uarray(value, std))
    np.testing.assert_array_equal(y.nominal_value, f(value))
    np.testing.assert_allclose(np.square(y.std_dev), np.square(da.jacobian(f)(value)) @ std**2, rtol=1e-10)


def test_products_that_are_not_multiplied_out(rng):
    """An inverse, whose n**4 coefficients are not there, in all that can be asked of an array."""
    n = 24
    value, std = rng.standard_normal((n, n)) + n * np.eye(n), rng.uniform(0.1, 0.2, (n, n))
    a = uq.uarray(value, std)
    x, inverse = np.linalg.inv(a), np.linalg.inv(value)
    assert sum(base.matrix.nnz for base, _, _ in x._terms) <= n**3
    np.testing.assert_allclose(x.std_dev**2, inverse**2 @ std**2 @ inverse**2, rtol=1e-12)
    weights = rng.standard_normal((n, n))
    slope = inverse.T @ weights @ inverse.T  # of the weighted sum
    assert (x * weights).sum().s == pytest.approx(np.linalg.norm(slope * std))
    slope = -np.outer(inverse[:, 3], inverse[5])  # of one element
    assert [abs(e) for e in x[5, 3].error_components().values()] == pytest.approx(abs(slope.T * std).ravel(), rel=1e-9)
    one = pickle.loads(pickle.dumps(x))
    assert max((a @ x - np.eye(n))[:2].std_dev.ravel()) < 1e-13 and not (one - x)[0].std_dev.any()
    np.testing.assert_allclose((x[2] + x[2, ::-1]).std_dev**2, np.diagonal(uq.covariance_matrix(x[2] + x[2, ::-1])))
    np.testing.assert_allclose(np.linalg.solve(a, np.ones(n)).std_dev, x.sum(1).std_dev, rtol=1e-12)
    y = x
    for k in range(10):  # sums of many products
        y = y + weights[k] * np.linalg.inv(a + k) * x
    f = sum(weights[k] * np.linalg.inv(value + k) * inverse for k in range(10)) + inverse
    np.testing.assert_array_equal(y.n.shape, f.shape)
    small = (slice(0, 2), slice(0, 1))
    J = da.jacobian(lambda v: (np.linalg.inv(v) + sum(
        weights[k] * np.linalg.inv(v + k) * np.linalg.inv(v) for k in range(10)))[small])(value)
    np.testing.assert_allclose(y[small].std_dev**2, np.sum((J * std) ** 2, (-1, -2)), rtol=1e-9)


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_array, sparse.coo_array])
def test_products_with_sparse_arrays(kind, rng):
    dense = rng.standard_normal((4, 3)) * (rng.random((4, 3)) > 0.4)
    A = kind(dense)
    x, y = uq.uarray(rng.standard_normal(3), 0.1), uq.correlated(rng.standard_normal((3, 2)), np.eye(6) + 0.3)
    for found, expected in ((A @ x, dense @ x), (A @ y, dense @ y), (y.T @ A.T, y.T @ dense.T), (x @ A.T, x @ dense.T)):
        assert isinstance(found, uq.UArray) and found.shape == expected.shape
        np.testing.assert_allclose(found.n, expected.n, rtol=1e-14)
        np.testing.assert_allclose((found - expected).std_dev, 0, atol=1e-14)
    number = uq.ufloat(2.0, 0.1)
    for wrong in (lambda: A * number, lambda: number * A, lambda: A * x, lambda: A / number, lambda: number + A,
                  lambda: np.multiply(x, A)):
        with pytest.raises(TypeError, match="use A @ x"):
            wrong()
    with pytest.raises(ValueError, match="Scalar operands"):
        number @ A
    with pytest.raises(TypeError, match="would lose"):
        A.maximum(x)


def test_scalars_become_arrays(rng):
    a = uq.uarray(rng.standard_normal(50), 0.1)
    apart, products = [uq.ufloat(v, 0.1) for v in range(50)], [x * a[0] for x in a]
    for scalars in (list(a), apart, products, [*apart, 3, np.float32(2.5)], [a[0], 0 * a[1] - 0 * a[1], 1]):
        for gathered in (uq.uarray(scalars), np.stack(scalars), np.array(scalars) * uq.uarray([0.0], 0.0) + scalars):
            assert gathered.std_dev.tolist() == pytest.approx([uq.std_dev(x) for x in scalars], rel=1e-14)
            assert not [x for x, y in zip(gathered, scalars, strict=True) if (x - y).s]
    assert [type(base) for base, *_ in uq.uarray(list(a))._terms] == [_combination.Source]
    many = np.concatenate([uq.uarray([v, 2.0], [0.1, v]) * a[3] for v in range(1, 20)])
    assert many[2::2].std_dev.tolist() == pytest.approx([(many[2 * i] + 0).s for i in range(1, 19)])


def test_large_sums_of_products_are_not_multiplied_out(rng, monkeypatch):
    monkeypatch.setattr(_combination, "_SMALL", 0)
    n, count = 12, 14
    arrays = [uq.uarray(rng.standard_normal((n, n)) + n * np.eye(n), 0.1) for _ in range(count)]
    common = np.linalg.inv(arrays[0])
    total = sum((np.linalg.inv(a) * common for a in arrays), common)
    assert len(total._terms) <= _combination._MANY_TERMS
    inverses = [np.linalg.inv(a) for a in arrays]
    plain = sum(inverses)
    stored = sum(base.stored for base, *_ in plain._terms)
    assert stored <= 3 * count * n**3
    np.testing.assert_allclose(plain.std_dev**2, sum(x.std_dev**2 for x in inverses), rtol=1e-12)
    np.testing.assert_allclose((plain - sum(inverses[1:]) - inverses[0]).std_dev, 0, atol=1e-13)
    one = total[3, 4]
    parts = [(np.linalg.inv(a) * common)[3, 4] for a in arrays]
    assert (one - sum(parts) - common[3, 4]).s == pytest.approx(0, abs=1e-14)


def test_large_arrays_stay_sparse():
    n = 20000
    x = uq.uarray(np.linspace(1, 2, n), 0.1)
    y = np.sin(x) * x + x[::-1]
    assert y.combination()[0].nnz <= 2 * n
    assert x.mean().s == pytest.approx(0.1 / np.sqrt(n))
    assert x.var().s == pytest.approx(2 / n * 0.1 * np.sqrt(((x.n - x.n.mean()) ** 2).sum()))
    assert (x @ np.ones(n)).s == pytest.approx(0.1 * np.sqrt(n))


# ---- making and refusing -------------------------------------------------------------------------------------------


def test_making():
    assert uq.ufloat("1.23(4)").s == 0.04 and uq.ufloat_fromstr("1.23+/-0.04", "t").name == "t"
    a = uq.uarray([[1, 2], [3, 4]], [0.1, 0.2], names="q")
    assert a.dtype == float and a.std_dev.tolist() == [[0.1, 0.2], [0.1, 0.2]] and a[1, 0].name == "q[1, 0]"
    assert uq.uarray([1.0, 2.0], 1, names=["one", "two"])[1].name == "two"
    assert uq.uarray(["1.0(1)", a[0, 0]]).std_dev.tolist() == [0.1, 0.1]
    assert list(a[0].error_components())[0] == a[0, 0]
    x, y = uq.correlated_values([1, 2], [[1, 0.5], [0.5, 1]])
    assert uq.covariance_matrix([x, y]) == pytest.approx(np.array([[1, 0.5], [0.5, 1]]))
    u, v = uq.correlated_values_norm([(1, 2), (3, 4)], [[1, -1], [-1, 1]])
    assert (u / 2 + v / 4).s == pytest.approx(0, abs=1e-15)
    assert repr(uq.uarray([1.0, 2.0], 0.1)) == "UArray([1.00+/-0.10, 2.00+/-0.10])"
    assert f"{uq.uarray([1.0, 2.0], 0.1):.1uS}" == "[1.0(1), 2.0(1)]"


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: uq.ufloat(1, -1), ValueError, "negative"),
    (lambda: uq.ufloat(1, np.nan), ValueError, "negative"),
    (lambda: uq.ufloat(1), TypeError, "standard deviation"),
    (lambda: uq.ufloat(1j, 1), TypeError, "real"),
    (lambda: uq.ufloat("one"), ValueError, "cannot be read"),
    (lambda: uq.ufloat("1.0(1)", 2), TypeError, "std"),
    (lambda: uq.uarray([1.0, 2.0], [0.1, -1]), ValueError, "element 1"),
    (lambda: uq.uarray([1.0, 2.0], [0.1, np.nan]), ValueError, "element 1"),
    (lambda: uq.uarray([1.0, 2.0], [1, 2, 3]), ValueError, "does not fit"),
    (lambda: uq.uarray([1.0, 2.0]), TypeError, "needs std"),
    (lambda: uq.uarray([1j], 0.1), TypeError, "real"),
    (lambda: uq.uarray([1.0, 2.0], 1, names=["a"]), ValueError, "names"),
    (lambda: uq.correlated([1, 2], [[1, 2], [2, 1]]), ValueError, "semidefinite"),
    (lambda: uq.correlated([1, 2], [[1, 0], [0.5, 1]]), ValueError, "symmetric"),
    (lambda: uq.correlated([1, 2], np.eye(3)), ValueError, r"\(2, 2\)"),
    (lambda: uq.correlated([1, 2], [[1, np.nan], [np.nan, 1]]), ValueError, "finite"),
    (lambda: uq.UFloat(1, 2), TypeError, "ufloat"),
    (lambda: uq.UArray([1], 2), TypeError, "uarray"),
])
def test_bad_input(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_uncertainties_are_never_lost():
    x, a = uq.ufloat(1, 0.1), uq.uarray([1.0, 2.0], 0.1)
    plain = np.zeros(2)
    for lose in (lambda: float(x), lambda: int(x), lambda: np.asarray(a, float), lambda: np.add(plain, a, out=plain),
                 lambda: np.concatenate([a, a], out=np.zeros(4)), lambda: np.take(a, [0, 1], out=plain),
                 lambda: np.sum(a, out=np.zeros(())), lambda: np.stack([x, x], out=plain)):
        with pytest.raises(TypeError, match="uncertain"):
            lose()
    assert not plain.any()
    into = a.copy()
    assert np.cumsum(a, out=into) is into and (into - np.cumsum(a)).std_dev.tolist() == [0, 0]
    with pytest.raises((TypeError, ValueError)):
        plain[0] = x
    with pytest.raises((TypeError, ValueError)):
        plain += a
    assert np.asarray(a).dtype == object and (np.asarray(a)[0] - a[0]).s == 0
    with pytest.raises(TypeError, match="cannot mix"):
        da.Dual(1.0, 1.0) * x
    with pytest.raises(TypeError, match="cannot mix"):
        np.sin(a) * da.Dual(1.0, 1.0)
    with pytest.raises(TypeError, match="cannot mix"):
        np.max(da.Dual([1.0, 2.0], [1.0, 1.0]), initial=x)
    with pytest.raises(TypeError, match="cannot mix"):
        np.average(da.Dual([1.0, 2.0], [1.0, 1.0]), weights=a)
    with pytest.raises(TypeError, match="complex"):
        np.fft.fft(a).std_dev
    with pytest.raises(AttributeError):
        x.std_dev = 3
    with pytest.raises(TypeError):
        scipy.special.pro_cv(1, 1, x)
