"""Statistics, polynomials, differences, storing, decompositions: NumPy's value, derivatives from elsewhere.

Each derivative is compared with the complex step of the same function, or of an equivalent one that is holomorphic,
with a difference quotient where the function is piecewise linear (there the quotient is exact), or with identities
that determine it.
"""


import numpy as np
import pytest

import dualad as da
from conftest import assert_close, assert_same_bits, complex_step, is_number, number, random_number, tangents_of

nan = np.nan
RNG = np.random.default_rng(7)
V = RNG.standard_normal((4, 5))
W = RNG.uniform(1, 2, 5)
X = np.sort(RNG.standard_normal(5))
P = RNG.standard_normal(4)
N = V.copy()
N[1, 2] = N[3, 0] = N[3, 1] = nan
TALL, WIDE, SQUARE = RNG.standard_normal((5, 3)), RNG.standard_normal((3, 5)), RNG.standard_normal((4, 4))
STACK = RNG.standard_normal((2, 3, 3))
LINEAR = "piecewise linear"  # as a reference: the quotient of differences is exact
METHODS = ("inverted_cdf averaged_inverted_cdf closest_observation interpolated_inverted_cdf hazen weibull linear "
           "median_unbiased normal_unbiased lower higher midpoint nearest").split()
SMOOTH_METHODS = "interpolated_inverted_cdf hazen weibull linear median_unbiased normal_unbiased".split()


def reference(f, x, t, source):
    """The derivative of f at x along t from an independent source."""
    if source == LINEAR:
        h = 1e-5
        with np.errstate(all="ignore"):
            return (np.asarray(f(x + h * t)) - f(x - h * t)) / (2 * h)
    return complex_step(source or f, [x], [t])


def check(kind, f, x, source, rng, rtol=1e-9):
    """Value, tangents in each direction, and the derivative of the derivative of f at x."""
    x = np.asarray(x, float)
    d, tangents = random_number(kind, x, rng)
    y = f(d)
    assert is_number(y)
    assert_same_bits(y.value, f(x))
    assert_close(tangents_of(y, kind), [reference(f, x, t, source) for t in tangents], rtol, 1e-9)
    for t, column in zip(tangents, tangents_of(y, kind), strict=True):
        assert_close(f(da.Dual(x, t)).tangent, column, 1e-13, 1e-13)
    t, s = tangents[0], rng.uniform(0.5, 1.0, x.shape)

    def slope(z):
        return da.jvp(f, (z,), (t,))[1]

    h = 1e-4
    twice = np.asarray(da.jvp(slope, (x,), (s,))[1])
    quotient = (8 * (slope(x + h * s) - slope(x - h * s)) - slope(x + 2 * h * s) + slope(x - 2 * h * s)) / (12 * h)
    assert_close(twice, quotient, 1e-6, 1e-6 * max(1.0, np.nanmax(np.abs(quotient), initial=0.0)))


def nan_variance(axis, ddof):
    """The variance of what is no NaN, written as a polynomial."""
    def f(x):
        mask = ~np.isnan(x)
        n = mask.sum(axis)
        z = np.where(mask, x, 0)
        mean = np.expand_dims(z.sum(axis) / n, axis)
        return (np.where(mask, z - mean, 0) ** 2).sum(axis) / (n - ddof)
    return f


def covariance(x, weights=None, ddof=1.0):
    weights = np.ones(x.shape[1]) if weights is None else weights
    total = weights.sum()
    z = x - (x * weights).sum(1, keepdims=True) / total
    return (z * weights) @ z.T / (total - ddof)


def correlation(x):
    c = covariance(x)
    d = np.sqrt(np.diag(c))
    return c / np.outer(d, d)


def in_thirds(w):
    """The weights in three equal bins of X."""
    return np.array([part.sum() for part in np.split(w, np.searchsorted(X, np.linspace(X[0], X[-1], 4)[1:3]))])


def least_squares(a, b):
    return np.linalg.solve(a.T @ a, a.T @ b)


def fit(x, y, w=1.0):
    return least_squares(np.stack([x ** 2, x, x ** 0], 1) * np.reshape(w, (-1, 1)), (y.T * w).T)


STATISTICS = {
    "nansum": (np.nansum, N, None),
    "nansum axis": (lambda x: np.nansum(x, axis=0, keepdims=True), N, None),
    "nansum where": (lambda x: np.nansum(x, axis=1, where=W > 1.3, initial=2.0), N, None),
    "nanprod": (lambda x: np.nanprod(x, axis=1), N, None),
    "nanmean": (np.nanmean, N, None),
    "nanmean axis": (lambda x: np.nanmean(x, axis=1, keepdims=True), N, None),
    "nanvar": (lambda x: np.nanvar(x, axis=1), N, nan_variance(1, 0)),
    "nanvar ddof": (lambda x: np.nanvar(x, axis=0, ddof=1), N, nan_variance(0, 1)),
    "nanvar mean": (lambda x: np.nanvar(x, axis=0, mean=np.zeros((1, 5))), N,
                    lambda x: np.nansum(x ** 2, 0) / np.sum(~np.isnan(x), 0)),
    "nanstd": (lambda x: np.nanstd(x, axis=1, correction=1), N, lambda x: np.sqrt(nan_variance(1, 1)(x))),
    "nanmax": (np.nanmax, N, LINEAR),
    "nanmin axis": (lambda x: np.nanmin(x, axis=1, keepdims=True), N, LINEAR),
    "nancumsum": (np.nancumsum, N, None),
    "nancumsum axis": (lambda x: np.nancumsum(x, axis=1), N, None),
    "nancumprod": (lambda x: np.nancumprod(x, axis=0), N, None),
    "nanmedian": (np.nanmedian, N, LINEAR),
    "nanmedian axis": (lambda x: np.nanmedian(x, axis=1, keepdims=True), N, LINEAR),
    "median": (np.median, V, LINEAR),
    "median even": (lambda x: np.median(x, axis=0, keepdims=True), V, LINEAR),
    "median axes": (lambda x: np.median(x, axis=(0, 1)), V, LINEAR),
    "percentile": (lambda x: np.percentile(x, [[5, 50.0], [75, 99]], axis=1), V, LINEAR),
    "percentile keepdims": (lambda x: np.percentile(x, 30, axis=0, keepdims=True), V, LINEAR),
    "nanpercentile": (lambda x: np.nanpercentile(x, [5, 50.0], axis=1), N, LINEAR),
    "weighted quantile": (lambda x: np.quantile(x, [0.2, 0.7], axis=1, weights=W, method="inverted_cdf"), V, LINEAR),
    "weighted nanquantile": (
        lambda x: np.nanquantile(x, 0.7, axis=1, weights=np.ones((4, 5)) * W, method="inverted_cdf"), N, LINEAR),
    **{f"quantile {m}": (lambda x, m=m: np.quantile(x, [0.0, 0.3, 1.0], axis=1, method=m), V, LINEAR) for m in METHODS},
    **{f"nanquantile {m}": (lambda x, m=m: np.nanquantile(x, 0.3, axis=1, method=m), N, LINEAR) for m in METHODS},
    **{f"q of {m}": (lambda q, m=m: np.quantile(V, q, axis=1, method=m), [0.11, 0.52, 0.87], LINEAR)
       for m in SMOOTH_METHODS},
    "cov": (np.cov, V, covariance),
    "cov of one": (lambda x: np.cov(x[0]), V, lambda x: covariance(x[:1])[0, 0]),
    "cov of two": (lambda x: np.cov(x[0], x[1], bias=True), V, lambda x: covariance(x[:2], ddof=0.0)),
    "cov columns": (lambda x: np.cov(x, rowvar=False), V, lambda x: covariance(x.T)),
    "cov aweights": (lambda x: np.cov(x, aweights=W), V, lambda x: covariance(x, W, (W * W).sum() / W.sum())),
    "cov of aweights": (lambda w: np.cov(V, aweights=w), W, lambda w: covariance(V, w, (w * w).sum() / w.sum())),
    "cov fweights": (lambda x: np.cov(x, fweights=[1, 2, 3, 1, 2]), V,
                     lambda x: covariance(x, np.array([1, 2, 3, 1, 2]))),
    "corrcoef": (np.corrcoef, V, correlation),
    "corrcoef columns": (lambda x: np.corrcoef(x, rowvar=False), V, lambda x: correlation(x.T)),
    "histogram weights": (lambda w: np.histogram(X, 3, weights=w)[0], W, LINEAR),
    "histogram density": (lambda w: np.histogram(X, 3, weights=w, density=True)[0], W,
                          lambda w: in_thirds(w) / w.sum() / (X[-1] - X[0]) * 3),
    "histogram edges": (lambda x: np.histogram(x, 4)[1], V, LINEAR),
    "histogram_bin_edges": (lambda x: np.histogram_bin_edges(x, 4), V, LINEAR),
    "histogram2d": (lambda w: np.histogram2d(V[0], V[1], 3, weights=w)[0], W, LINEAR),
    "histogram2d edges": (lambda x: np.histogram2d(V[0], x, [2, 3])[2], X, LINEAR),
    "histogramdd": (lambda w: np.histogramdd(V.T[:, :2], 2, weights=w)[0], W, LINEAR),
    "histogramdd sequence": (lambda x: np.histogramdd([V[0], x], 2)[1][1], X, LINEAR),
    "bincount": (lambda w: np.bincount([0, 2, 2, 1, 5], w, minlength=8), W, LINEAR),
    "unique": (np.unique, V, LINEAR),
    "unique counts": (lambda x: np.unique(x, return_counts=True)[0], V, LINEAR),
    "unique axis": (lambda x: np.unique(x, axis=1), V, LINEAR),
    "unique_values": (np.unique_values, X, LINEAR),
    "unique_all": (lambda x: np.unique_all(x).values, V, LINEAR),
    "union1d": (lambda x: np.union1d(x, [9.0, 8.0]), X, LINEAR),
    "setdiff1d": (lambda x: np.setdiff1d(x, [9.0, 8.0]), X, LINEAR),
    "setxor1d": (lambda x: np.setxor1d(x, [9.0, 8.0]), X, LINEAR),
}

CALCULUS = {
    "gradient": (lambda x: np.stack(np.gradient(x)), V, None),
    "gradient axis": (lambda x: np.gradient(x, 0.25, axis=-1, edge_order=2), V, None),
    "gradient coordinates": (lambda x: np.gradient(x, X, axis=1, edge_order=2), V, None),
    "gradient of a step": (lambda h: np.stack(np.gradient(V, h, edge_order=2)), 0.3,
                           lambda h: np.stack(np.gradient(V + 0j, h, edge_order=2))),
    "gradient of coordinates": (lambda x: np.gradient(V, x, axis=1), X,
                                lambda x: np.gradient(V + 0j, x, axis=1)),
    "gradient of even coordinates": (lambda x: np.gradient(W, x, edge_order=2), np.arange(5.0), LINEAR),
    "gradient of both": (lambda x: np.gradient(x ** 2, 0.5, x[0], edge_order=2)[1], np.sort(V), None),
    "ediff1d": (np.ediff1d, V, None),
    "ediff1d ends": (lambda x: np.ediff1d(x, to_end=x[:2] ** 2, to_begin=x[0]), X, None),
    "ediff1d of ends": (lambda x: np.ediff1d(W, to_begin=x), X, LINEAR),
    "unwrap": (np.unwrap, 8 * V, LINEAR),
    "unwrap period": (lambda x: np.unwrap(x, axis=0, period=3.0), 8 * V, LINEAR),
    "angle": (lambda x: np.angle(x[0] + 1j * x[1], deg=True), V, lambda x: np.arctan(x[1] / x[0]) * 180 / np.pi),
    "real_if_close": (lambda x: np.real_if_close(x * (1 + 0j)), V, LINEAR),
    "sort_complex": (lambda x: np.real(np.sort_complex(x)), X, LINEAR),
    "vander": (np.vander, W, None),
    "vander columns": (lambda x: np.vander(x, 3, increasing=True), W, None),
    "polyval": (lambda x: np.polyval(P, x), V, None),
    "polyval of coefficients": (lambda p: np.polyval(p, V), P, None),
    "polyval of both": (lambda p: np.polyval(p, p), P, None),
    "polyval of a list": (lambda x: np.polyval([x[0], 2.0, x[1]], x), P, None),
    "poly1d": (lambda p: np.poly1d(p)(p), P, lambda p: np.polyval(p, p)),
    "polyder": (lambda p: np.polyder(p, 2), P, None),
    "polyint": (lambda p: np.polyint(p, 2, [3.0, 4.0]), P, None),
    "polyadd": (lambda p: np.polyadd(p, [1.0, 2.0]), P, None),
    "polysub": (lambda p: np.polysub(W, p), P, None),
    "polymul": (lambda p: np.polymul(p, p[1:]), P, None),
    "polydiv": (lambda p: np.polydiv(W, p[:3])[0], P, None),
    "polydiv remainder": (lambda p: np.polydiv(p, p[:2] + 2.0)[1], P, None),
    "poly": (np.poly, P, None),
    "poly of a matrix": (np.poly, SQUARE,
                         lambda a: np.array([1.0, -np.trace(a), (np.trace(a) ** 2 - np.trace(a @ a)) / 2,
                                             -np.linalg.det(a) * np.trace(np.linalg.inv(a)), np.linalg.det(a)])),
    "polyfit": (lambda y: np.polyfit(X, y, 2), W, lambda y: fit(X, y)),
    "polyfit of points": (lambda x: np.polyfit(x, V.T, 2), X, lambda x: fit(x, V.T)),
    "polyfit of weights": (lambda w: np.polyfit(X, V[0], 2, w=w), W, lambda w: fit(X, V[0], w)),
    "polyfit covariance": (lambda x: np.polyfit(x, W, 2, cov="unscaled")[1], X,
                           lambda x: np.linalg.inv(np.vander(x, 3).T @ np.vander(x, 3))),
    "polyfit residual": (lambda x: np.polyfit(x, W, 2, full=True)[1], X,
                         lambda x: np.sum((np.polyval(fit(x, W), x) - W) ** 2)[None]),
    "linspace": (lambda x: np.linspace(x[0], x[1], 5, axis=-1), V, None),
    "linspace step": (lambda x: np.linspace(x[0], x[1], 5, endpoint=False, retstep=True)[1], V, None),
    "logspace": (lambda x: np.logspace(x[0], x[1], 5, base=3.0), V, None),
    "logspace base": (lambda x: np.logspace(0.0, x[0, 0], 5, base=x[1:, None] ** 2, axis=1), V, None),
    "geomspace": (lambda x: np.geomspace(x[0], x[1], 5), V ** 2 + 0.5,
                  lambda x: x[0] * (x[1] / x[0]) ** np.linspace(0, 1, 5)[:, None]),
    "meshgrid": (lambda x: np.meshgrid(x ** 2, [1.0, 2.0])[0], X, None),
    "meshgrid sparse": (lambda x: np.meshgrid([1.0, 2.0], x ** 2, indexing="ij", sparse=True)[1], X, None),
    "ix_": (lambda x: np.ix_([0, 1], x)[1] ** 2, X, None),
    "apply_along_axis": (lambda x: np.apply_along_axis(lambda r: np.outer(r, r), 0, x), V, None),
    "apply_along_axis scalar": (lambda x: np.apply_along_axis(lambda r: (r * r).sum(), 1, x), V, None),
    "apply_over_axes": (lambda x: np.apply_over_axes(np.sum, x * x, [0, -1]), V, None),
    "piecewise": (lambda x: np.piecewise(x, [x < 0, x >= 1], [lambda z: z ** 2, np.exp, 7.0]), V, None),
    "piecewise point": (lambda x: np.piecewise(x, [x < 0, x >= 0], [lambda z: z ** 2, np.exp]), 0.5, None),
    "trim_zeros": (lambda x: np.trim_zeros(np.where(np.arange(5) < 2, 0.0, x)), X, None),
}

SYMMETRIC = SQUARE + SQUARE.T
MATRIX = {
    "pinv": (np.linalg.pinv, TALL, lambda a: least_squares(a, np.eye(5))),
    "pinv wide": (np.linalg.pinv, WIDE, lambda a: least_squares(a.T, np.eye(5)).T),
    "pinv stack": (np.linalg.pinv, STACK, np.linalg.inv),
    "pinv hermitian": (lambda a: np.linalg.pinv(a + a.T, hermitian=True), SQUARE, lambda a: np.linalg.inv(a + a.T)),
    "lstsq": (lambda a: np.linalg.lstsq(a, V.T[:, :2])[0], TALL, lambda a: least_squares(a, V.T[:, :2])),
    "lstsq of b": (lambda b: np.linalg.lstsq(TALL, b, rcond=-1)[0], W, lambda b: least_squares(TALL, b)),
    "lstsq wide": (lambda a: np.linalg.lstsq(a, W[:3])[0], WIDE, lambda a: a.T @ np.linalg.solve(a @ a.T, W[:3])),
    "lstsq residual": (lambda a: np.linalg.lstsq(a, W)[1], TALL,
                       lambda a: np.sum((a @ least_squares(a, W) - W) ** 2)[None]),
    "cond 1": (lambda a: np.linalg.cond(a, 1), SQUARE,
               lambda a: one_norm(a) * one_norm(np.linalg.inv(a))),
    "cond fro": (lambda a: np.linalg.cond(a, "fro"), STACK,
                 lambda a: np.sqrt((a ** 2).sum((-2, -1)) * (np.linalg.inv(a) ** 2).sum((-2, -1)))),
    "tensorinv": (lambda a: np.linalg.tensorinv(a.reshape(2, 2, 4)), SQUARE, None),
    "tensorinv ind": (lambda a: np.linalg.tensorinv(a.reshape(4, 2, 2), ind=1), SQUARE, None),
    "tensorsolve": (lambda a: np.linalg.tensorsolve(a.reshape(4, 2, 2), P), SQUARE, None),
    "tensorsolve axes": (lambda a: np.linalg.tensorsolve(a.reshape(2, 4, 2), P, axes=(0,)), SQUARE, None),
    "svdvals product": (lambda a: np.prod(np.linalg.svdvals(a)), SQUARE,
                        lambda a: np.sqrt(np.linalg.det(a.T @ a))),
    "eigvals product": (lambda a: np.real(np.prod(np.linalg.eigvals(a), -1)), STACK, np.linalg.det),
    "svd of hermitian": (lambda a: np.sum(np.linalg.svd(a + a.T, compute_uv=False, hermitian=True) ** 2), SQUARE,
                         lambda a: np.sum((a + a.T) ** 2)),
}
TABLE = STATISTICS | CALCULUS | MATRIX


def one_norm(a):
    """The largest column sum, holomorphic in a."""
    sums = (a * np.sign(a.real)).sum(0)
    return sums[np.argmax(sums.real)]


@pytest.mark.parametrize("name", TABLE)
def test_functions(kind, name, rng):
    f, x, source = TABLE[name]
    check(kind, f, x, source, rng)


@pytest.mark.parametrize("name", ["median", "nanmean", "nanvar", "cov", "percentile", "polyfit", "gradient axis",
                                  "pinv"])
def test_single_precision_stays(kind, name, rng):
    f, x, _ = TABLE[name]
    y = f(random_number(kind, np.asarray(x, np.float32), rng)[0])
    assert_same_bits(y.value, f(np.asarray(x, np.float32)))


def test_i0(kind, rng):
    """I0' = I1, whose values are in Abramowitz and Stegun, table 9.8."""
    x = da.Dual(np.array([0.0, 1.0, 2.0]), np.ones(3))
    assert_same_bits(np.i0(x).value, np.i0(x.value))
    assert_close(np.i0(x).tangent, [0.0, 0.5651591039924850, 1.5906368546373291], 1e-14)


# ---- ties, NaN, emptiness ------------------------------------------------------------------------------------------

def test_tied_elements_share(kind):
    x = number(kind, [3.0, 1.0, 3.0, 9.0], np.array([[1.0, 2, 4, 8]] * (1 if kind is da.Dual else 3)))
    for y, expected in ((np.median(x), 2.5), (np.nanmax(x[:3]), 2.5), (np.unique(x), [2, 2.5, 8]),
                        (np.quantile(x, 0.5, method="inverted_cdf", weights=np.ones(4)), 2.5)):
        assert_close(tangents_of(y, kind), np.broadcast_to(expected, tangents_of(y, kind).shape))


def test_nan_takes_the_place_of_a_quantile():
    x = da.Dual([[1.0, nan, 2.0], [1.0, 5.0, 4.0]], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert_close(np.median(x, axis=1).tangent, [2.0, 6.0])
    assert_close(np.nanmedian(x, axis=1).tangent, [2.0, 6.0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_slices_without_numbers_have_no_derivative():
    x = da.Dual([[nan, nan], [1.0, 2.0]], np.ones((2, 2)))
    for f in (np.nanmean, np.nanmax, np.nansum, np.nanvar):
        y = f(x, axis=1)
        assert_same_bits(y.value, f(x.value, axis=1))
        assert y.tangent[0] == 0
    empty = da.Dual(np.zeros((0, 3)), np.zeros((0, 3)))
    for f in (np.median, np.nanmean, np.nansum):
        assert_same_bits(f(empty, axis=0).value, f(np.zeros((0, 3)), axis=0))


def test_the_input_of_a_median_is_left_alone():
    x = da.Dual(V, V)
    np.median(x, axis=0, overwrite_input=True)
    assert_same_bits(x.value, V)


def test_counts_and_places_are_plain():
    x = da.Dual(V, np.ones_like(V))
    assert type(np.histogram(x, 3)[0]) is np.ndarray
    assert type(np.unique(x, return_inverse=True)[1]) is np.ndarray
    assert type(np.isin(x, [1.0])) is np.ndarray
    assert np.linalg.matrix_rank(x) == 4
    assert type(np.quantile(V, da.Dual(0.3, 1.0), method="lower")) is np.float64
    assert np.linspace(0, da.Dual(3.0, 1.0), 4, dtype=int).dtype == np.int64


# ---- out= and storing ----------------------------------------------------------------------------------------------

def test_out(kind, rng):
    x, tangents = random_number(kind, V, rng)
    out = np.zeros_like(x[0])
    for f in (np.median, np.nansum, np.nanmax):
        assert f(x, axis=0, out=out) is out
        assert_close(tangents_of(out, kind), tangents_of(f(x, axis=0), kind))
        with pytest.raises(TypeError, match="derivative would be lost"):
            f(x, axis=0, out=np.zeros(5))
    assert np.median(V, axis=0, out=out) is out
    assert not np.any(tangents_of(out, kind))


@pytest.mark.parametrize("store", [
    lambda a, v: np.put(a, [0, 3, 7], v[:2]),
    lambda a, v: np.put(a, [1, 77, -3], v, mode="wrap"),
    lambda a, v: np.place(a, V < 0, v[:3]),
    lambda a, v: np.putmask(a, V < 0, v[:3]),
    lambda a, v: np.put_along_axis(a, np.argmax(V, 1)[:, None], v[:4, None], 1),
    lambda a, v: np.put_along_axis(a, np.array([3, 4]), v[:2], None),
    lambda a, v: np.fill_diagonal(a, v[0]),
    lambda a, v: np.fill_diagonal(a, v[:3], wrap=True),
])
def test_storing(kind, store, rng):
    x, t = random_number(kind, V, rng)
    v, u = random_number(kind, W, rng)
    expected = V.copy()
    store(expected, W)
    assert store(x, v) is None
    assert_same_bits(x.value, expected)
    for row, column, tangents in zip(t, u, tangents_of(x, kind), strict=True):
        row = row.copy()
        store(row, column)
        assert_same_bits(tangents, row)
    with pytest.raises(TypeError, match="dualad.numpy"):
        store(V.copy(), v)


# ---- decompositions ------------------------------------------------------------------------------------------------

def derivatives(f, a, t):
    """f and its first two derivatives along the line a + h t."""
    first = da.jvp(f, (a,), (t,))
    second = da.jvp(lambda x: da.jvp(f, (x,), (t,))[1], (a,), (t,))[1]
    return first[0], first[1], second


def assert_no_change(f, a, t):
    """f is constant along the line, to second order."""
    _, first, second = derivatives(f, a, t)
    for d in (first, second):
        assert_close(np.abs(d), np.zeros(np.shape(d)), atol=1e-9)


def dagger(a):
    return np.conj(np.swapaxes(a, -1, -2))


COMPLEX = RNG.standard_normal((2, 4, 3)) @ np.diag([1.0, 2.0, 3.0])


@pytest.mark.parametrize("a", [SQUARE, TALL, WIDE, STACK, np.stack([TALL, TALL[::-1]])])
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr(a, mode, rng):
    t = rng.standard_normal(a.shape)
    number_ = da.Dual(a, t)
    for part, expected in zip(np.linalg.qr(number_, mode), np.linalg.qr(a, mode), strict=True):
        assert_same_bits(part.value, expected)
    assert_no_change(lambda x: np.matmul(*np.linalg.qr(x, mode)) - x, a, t)
    assert_no_change(lambda x: (lambda q: dagger(q) @ q)(np.linalg.qr(x, mode)[0]), a, t)
    assert_no_change(lambda x: np.tril(np.linalg.qr(x, mode)[1], -1), a, t)
    assert_close(np.linalg.qr(number_, "r").tangent, np.linalg.qr(number_)[1].tangent)


def test_raw_qr_holds_the_reflections_of_the_complete_one(rng):
    """LAPACK's v below the diagonal of h and tau rebuild Q."""
    def rebuilt(x):
        h, tau = np.linalg.qr(x, "raw")
        q = np.eye(5)
        for j in range(3):
            v = np.concatenate([np.zeros(j), np.ones(1), h[j, j + 1:]])
            q = q - np.outer(q @ v, v) * tau[j]
        return q - np.linalg.qr(x, "complete")[0]

    assert_no_change(rebuilt, TALL, rng.standard_normal(TALL.shape))
    assert_same_bits(np.linalg.qr(da.Dual(TALL, TALL), "raw")[0].value, np.linalg.qr(TALL, "raw")[0])


def test_complex_qr(rng):
    t = rng.standard_normal(COMPLEX.shape)
    for mode in ("reduced", "complete"):
        def conditions(x, mode=mode):
            z = x[0] + 1j * x[1]
            q, r = np.linalg.qr(z, mode)
            return np.concatenate([np.ravel(y) for y in (q @ r - z, dagger(q) @ q, np.imag(np.diagonal(r)))])

        assert_no_change(conditions, COMPLEX, t)


@pytest.mark.parametrize("a", [SQUARE, TALL, WIDE, STACK])
@pytest.mark.parametrize("full", [True, False])
def test_svd(a, full, rng):
    t = rng.standard_normal(a.shape)
    k = min(a.shape[-2:])
    d = da.Dual(a, t)
    for part, expected in zip(np.linalg.svd(d, full), np.linalg.svd(a, full), strict=True):
        assert_same_bits(part.value, expected)

    def rebuilt(x):
        u, s, vh = np.linalg.svd(x, full)
        return (u[..., :k] * s[..., None, :]) @ vh[..., :k, :] - x

    assert_no_change(rebuilt, a, t)
    assert_no_change(lambda x: (lambda u: dagger(u) @ u)(np.linalg.svd(x, full)[0]), a, t)
    assert_no_change(lambda x: (lambda v: v @ dagger(v))(np.linalg.svd(x, full)[2]), a, t)
    assert_no_change(lambda x: np.linalg.svdvals(x) - np.linalg.svd(x)[1], a, t)


def test_svd_of_complex_and_hermitian_matrices(rng):
    t = rng.standard_normal(COMPLEX.shape)

    def rebuilt(x):
        z = x[0] + 1j * x[1]
        u, s, vh = np.linalg.svd(z, full_matrices=False)
        return (u * s) @ vh - z

    assert_no_change(rebuilt, COMPLEX, t)
    assert_no_change(lambda x: (lambda u: dagger(u) @ u)(np.linalg.svd(x[0] + 1j * x[1])[0]), COMPLEX, t)

    def from_eigenvalues(x):
        u, s, vh = np.linalg.svd(x + x.T, hermitian=True)
        return (u * s) @ vh - x - x.T

    assert_no_change(from_eigenvalues, SQUARE, rng.standard_normal(SQUARE.shape))
    for part, expected in zip(np.linalg.svd(da.Dual(SYMMETRIC, SYMMETRIC), hermitian=True),
                              np.linalg.svd(SYMMETRIC, hermitian=True), strict=True):
        assert_same_bits(part.value, expected)


@pytest.mark.parametrize("a", [SQUARE, STACK, SQUARE + 2j * SQUARE[::-1]])
def test_eig(a, rng):
    """A V = V W; each vector keeps its length, and the component that is real stays so."""
    t = rng.standard_normal(a.shape) * (1 if a.dtype == float else 1 + 0.5j)
    d = da.Dual(a, t)
    w, v = np.linalg.eig(d)
    for part, expected in zip((w, v), np.linalg.eig(a), strict=True):
        assert_same_bits(part.value, expected)
    assert_same_bits(np.linalg.eigvals(d).value, np.linalg.eigvals(a))
    residual = d @ v - v * w[..., None, :]
    assert_close(np.abs(residual.tangent), np.zeros(a.shape), atol=1e-11)
    length = np.sum(np.real(v * np.conj(v)), -2)
    assert_close(length.tangent, np.zeros(length.shape), atol=1e-12)
    pivot = np.argmax(np.where(v.value.imag == 0, np.abs(v.value), -1), -2)[..., None, :]
    assert_close(np.take_along_axis(v.tangent, pivot, -2).imag, np.zeros(pivot.shape), atol=1e-12)
    assert_close(np.sort_complex(np.linalg.eigvals(d)).tangent, np.sort_complex(w).tangent, 1e-9)


def test_eig_nested(rng):
    t = rng.standard_normal(SQUARE.shape)

    def rebuilt(x):
        w, v = np.linalg.eig(x)
        return np.real((v * w) @ np.linalg.inv(v)) - x

    assert_no_change(rebuilt, SQUARE, t)
    assert_no_change(lambda x: np.real(np.sum(np.linalg.eigvals(x) ** 2)) - np.trace(x @ x), SQUARE, t)


def test_two_norm_condition(rng):
    """The extreme singular values are square roots of the eigenvalues of A^T A."""
    t = rng.standard_normal(TALL.shape)
    for p, i, j in ((None, -1, 0), (2, -1, 0), (-2, 0, -1)):
        def difference(x, p=p, i=i, j=j):
            w = np.linalg.eigvalsh(x.T @ x)
            return np.linalg.cond(x, p) - np.sqrt(w[i] / w[j])
        assert_no_change(difference, TALL, t)
    assert_same_bits(np.linalg.cond(da.Dual(TALL, t)).value, np.linalg.cond(TALL))


def test_pseudo_inverse_of_constant_rank(rng):
    """Penrose's four conditions along a line of matrices of rank 2."""
    b, c, s = rng.standard_normal((5, 2)), rng.standard_normal((2, 4)), rng.standard_normal((5, 2))

    def conditions(h):
        a = (b + h * s) @ c
        p = np.linalg.pinv(a)
        ap, pa = a @ p, p @ a
        return np.concatenate([np.ravel(x) for x in (ap @ a - a, pa @ p - p, ap - ap.T, pa - pa.T)])

    assert_no_change(conditions, np.float64(0.0), np.float64(1.0))


ROOTS = np.array([[2.0, -1.0, 3.0, 7.0], [1.0, -6.0, 11.0, -6.0], [1.0, -3.0, 2.0, 0.0]])


@pytest.mark.parametrize("p", ROOTS)
def test_roots(kind, p, rng):
    """p(r) = 0 along the line, to second order."""
    d, tangents = random_number(kind, p, rng)
    r = np.roots(d)
    assert_same_bits(r.value, np.roots(p))
    assert_close(np.abs(tangents_of(np.polyval(d, r), kind)), np.zeros((len(tangents), 3)), atol=1e-10)
    assert_no_change(lambda x: np.polyval(x, np.roots(x)), p, tangents[0])


# ---- where there is no derivative ----------------------------------------------------------------------------------

@pytest.mark.parametrize("f, a", [
    (np.linalg.svd, np.eye(3)), (np.linalg.svd, np.ones((3, 3))), (np.linalg.eig, np.eye(2)),
    (np.linalg.eig, [[1.0, 1.0], [0.0, 1.0]]), (np.linalg.eigvals, [[1.0, 1.0], [0.0, 1.0]]),
    (np.linalg.eigh, np.eye(2)), (np.linalg.pinv, np.ones((3, 3))),
    (np.linalg.qr, np.ones((3, 3))), (lambda a: np.linalg.qr(a, "raw"), np.eye(3)), (np.roots, [1.0, -2.0, 1.0]),
    (np.roots, [1.0, -3.0, 3.0, -1.0]),
])
def test_undefined_derivatives_are_errors(f, a, rng):
    a = np.asarray(a)
    with pytest.raises(np.linalg.LinAlgError, match="no(t exist| derivative)"):
        f(da.Dual(a, rng.standard_normal(a.shape)))


def test_tied_singular_values_share():
    """As in sort: the singular values of a diagonal matrix are its sorted absolute elements."""
    t = np.array([[1.0, 2.0], [3.0, 5.0]])
    assert_close(np.linalg.svdvals(da.Dual(np.eye(2), t)).tangent, [3.0, 3.0])
    assert_close(np.linalg.norm(da.Dual(np.eye(2), t), "nuc").tangent, 6.0)
    assert_close(np.linalg.svdvals(da.Dual(np.zeros((2, 2)), t)).tangent, [0.0, 0.0])


# ---- axes ----------------------------------------------------------------------------------------------------------

ALONG = {
    "sum": lambda x, axis: np.sum(x, axis), "prod": lambda x, axis: np.prod(x, axis),
    "max": lambda x, axis: np.max(x, axis),
    "min keepdims": lambda x, axis: np.min(x, axis, keepdims=True), "ptp": lambda x, axis: np.ptp(x, axis),
    "cumsum": lambda x, axis: np.cumsum(x, axis), "cumprod": lambda x, axis: np.cumprod(x, axis),
    "nansum": lambda x, axis: np.nansum(x, axis), "nanprod": lambda x, axis: np.nanprod(x, axis),
    "nanmax": lambda x, axis: np.nanmax(x, axis), "take": lambda x, axis: np.take(x, 0, axis),
    "take of a list": lambda x, axis: np.take(x, [0, 0], axis), "repeat": lambda x, axis: np.repeat(x, 2, axis),
    "squeeze": lambda x, axis: np.squeeze(x, axis),
}


@pytest.mark.parametrize("name", ALONG)
@pytest.mark.parametrize("axis", [0, -1])
def test_scalars_have_the_axis_that_numpy_gives_them(name, axis):
    f, v = ALONG[name], np.float64(1.3)
    expected, slope = f(v, axis), 0.0 if name == "ptp" else 1.0
    for x in (da.Dual(v, 2.0), da.MultiDual(v, np.full(12, 2.0)), da.Taylor([v, 2.0, 0.0])):
        y = f(x, axis)
        assert_same_bits(y.value, expected)
        assert_close(np.ravel(y.components[1]), np.full(np.size(expected), 2.0 * slope))
    nested = da.derivative(da.derivative(lambda t: np.sum(f(t * t, axis))))(v)
    assert_close(nested, 2.0 * slope * np.size(expected))
    pattern = da.jacobian_sparsity(lambda x: np.atleast_1d(f(x[0] * x[1], axis)), np.ones(3)).toarray()
    assert pattern[:, :2].all() and not pattern[:, 2].any()


TOO_FAR = {
    "take": lambda x, axis: np.take(x, [0], axis), "repeat": lambda x, axis: np.repeat(x, 2, axis),
    "take_along_axis": lambda x, axis: np.take_along_axis(x, np.zeros(np.shape(x), int), axis),
    "sort": np.sort, "sum": np.sum, "cumsum": np.cumsum, "cumprod": np.cumprod, "flip": np.flip, "max": np.max,
}


@pytest.mark.parametrize("name", TOO_FAR)
@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_no_axis_reaches_the_components(name, shape):
    v = np.ones(shape)
    for x in (da.Dual(v, v), da.MultiDual(v, [v, v]), da.HyperDual(v, v, v), da.Taylor([v, v, v])):
        for axis in (-v.ndim - 1, v.ndim):
            with pytest.raises(np.exceptions.AxisError, match=f"^axis {axis} is out of bounds for array of dim"):
                TOO_FAR[name](x, axis)
