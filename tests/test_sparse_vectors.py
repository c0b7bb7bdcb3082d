"""Jacobians by sparse vectors: against compressed ones, for all that moves, combines and stores elements."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse, special

import dualad as da
import dualad.numpy as dnp
from dualad._trees import flatten
from dualad.sparse import _vectors


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Sparse vectors wherever they work, also for a few elements."""
    monkeypatch.setattr(_vectors, "_PER_STEP", -1.0)
    monkeypatch.setattr(_vectors, "_PER_RUN", -1.0)


def both(f, x, *args, **kwargs):
    """Plans for sparse vectors and for compression, after they agreed at three points."""
    plan, compressed = da.sparse_jacobian(f, **kwargs), da.sparse_jacobian(f, chunk_size=2, **kwargs)
    for shift in (0.0, 0.25, -0.125):
        point = x + np.asarray(shift, x.dtype)
        (y, jacobian), (z, expected) = (p.value_and_jacobian(point, *args) for p in (plan, compressed))
        for a, b in zip(flatten(y)[0], flatten(z)[0], strict=True):
            assert type(a) is type(b)
            np.testing.assert_array_equal(a, b)
        assert jacobian.dtype == expected.dtype and jacobian.format == expected.format
        assert jacobian.has_canonical_format and jacobian.nnz == expected.nnz
        eps = np.finfo(expected.dtype).eps
        np.testing.assert_allclose(jacobian.toarray(), expected.toarray(), rtol=8 * eps, atol=8 * eps)
    return plan


def by_vectors(plan):
    return bool(plan._prepared.vectors.chosen)


def padded(u):
    return np.pad(u, 1)


def in_place(u):
    u = u * u
    u[1:-1, 1:] -= 2 * u[:-2, :-1]
    u[0] = 1.0
    u[:, -1] = u[:, 0] * u[:, 1]
    u[2:, 1] *= u[2:, 0]
    return u


def through_a_view(u):
    w = np.zeros_like(u)
    left = w[:, :2]
    left[...] = u[:, :2] ** 2
    left += 1
    transposed = w.T
    transposed[3] = u[:, 0]
    np.multiply(w, u, out=w)
    return w


def with_made_arrays(u):
    w = dnp.zeros((6, 4))
    w[1:-1, 1:-1] = u[:4, :2] * u[1:5, 1:3]
    w[0, :] = u[0] + 1
    return w


def swapped(u):
    u = u.copy()
    u[[0, 2]] = u[[2, 0]]
    u[u > 1] = 0.5
    u[3, 1:3] = 2.0
    return u


def overwritten(u):
    w = u * u
    v = w[1:3]
    v[...] = u[:2]
    w[1, 1] = u[5, 3]
    v *= 3
    return w


LAPLACIAN = sparse.diags_array([np.full(23, 1.0), np.full(24, -2.0), np.full(20, 0.5)], offsets=[-1, 0, 4]).tocsc()

PROGRAMS = {
    "interpolation": lambda x: np.interp(x * x, [0.0, 1.0, 2.0], [1.0, 4.0, 3.0]),
    "sparse matrix": lambda x: LAPLACIAN @ np.ravel(x**2) + LAPLACIAN @ np.ravel(x)[::-1],
    "slices": lambda u: u[1:, :-1] * u[:-1, 1:] - u[1:, 1:],
    "steps": lambda u: u[::-2, 1] * 2 + u[::2, 3] ** 2,
    "integers": lambda u: u[2] * u[-1] + u[3, 1],
    "fancy": lambda u: u[[0, 3, 3, 1]] * u[:4] + u[np.array([0, 1]), np.array([2, 3])].sum(),
    "new axes": lambda u: u[:, None, :2] * u[None, :2, :2],
    "mask": lambda u: u[np.arange(24).reshape(6, 4) % 3 == 0] ** 2,
    "roll": lambda u: np.roll(u, 1, 0) * u + np.roll(u, -1, 1) - np.roll(u, 2),
    "reshape": lambda u: u.reshape(4, 6).T * u + u.ravel()[:4],
    "order": lambda u: np.ravel(u.T, "F") * np.reshape(u, -1, "F") + np.ravel(u.T, "K"),
    "axes": lambda u: np.swapaxes(u, 0, 1).T + np.moveaxis(u[None], 0, 2)[..., 0] * u,
    "flip": lambda u: np.flip(u, 0) * u[:, ::-1] + np.fliplr(u) - np.rot90(u, 2),
    "repeat": lambda u: np.repeat(u, 2, axis=1)[:, ::2] * np.tile(u, (1, 2))[:, 4:] + u,
    "concatenate": lambda u: np.concatenate((np.zeros((1, 4)), u * u, u[:1]), 0)[:-1] * 2,
    "stack": lambda u: np.stack((u * u, u, np.ones((6, 4)), 3 * u)),
    "columns": lambda u: np.column_stack((u[:, 0], u[:, 1] ** 2, np.hstack((u[:3, 2], u[:3, 0])))),
    "block": lambda u: np.block([[u[:2, :2], u[2:4, 2:]], [np.zeros((1, 2)), u[4:5, 2:] ** 3]]),
    "append": lambda u: np.append(u[0], u[1] ** 2) - np.insert(u[2] * u[3], 1, u[0]),
    "split": lambda u: np.split(u, 3)[1] * np.hsplit(u, 2)[0][:2, :1],
    "pad": lambda u: np.pad(u, 1, "wrap")[2:, 1:-1] - np.pad(u, 1)[1:-1, 2:] + np.pad(u, 1, "edge")[:-2, 1:-1] ** 2,
    "delete": lambda u: np.delete(u, 2, 0) * u[:5],
    "take": lambda u: np.take(u, [1, 0, 3], 1) * np.take_along_axis(u, np.argsort(np.ones((6, 3)), 1), 1),
    "compress": lambda u: np.compress([True, False, True], u, 0) ** 2 + np.extract(np.eye(6, 4), u).sum(),
    "diag": lambda u: np.diag(u) * np.diagonal(u, -2) + np.diag(u[0])[1] + np.tril(u)[:4, 2],
    "triangles": lambda u: np.triu(u, 1) ** 2 + np.tril(u, -1),
    "diff": lambda u: np.diff(u, axis=0)[:, 1:] * np.diff(u, axis=1)[1:] + np.diff(u, 2, 0, prepend=0.0)[:5, :3],
    "broadcast": lambda u: np.broadcast_to(u[0], (6, 4)) * u + u[:, :1],
    "where": lambda u: np.where(u > 1, u * u, np.where(np.eye(6, 4) > 0, 2 * u, 5.0)),
    "select": lambda u: np.select([u > 1.2, u > 0.8], [u**3, -u], u * 2),
    "extremes": lambda u: np.maximum(u, 1) * np.minimum(u, np.roll(u, 1)) + np.clip(u, 0.7, 1.1) + np.abs(u - 1),
    "sum of few": lambda u: np.sum(u * u, axis=1) + np.mean(u, 1) ** 2 + u[:, :3].sum(axis=-1) + np.trace(u[:4]),
    "sums over axes": lambda u: np.sum(u.reshape(2, 3, 2, 2) ** 2, axis=(1, 3), keepdims=True),
    "window": lambda u: np.lib.stride_tricks.sliding_window_view(u[:, 0] ** 2, 3).sum(axis=1),
    "elementary": lambda u: np.exp(u) * np.sin(u) / np.log1p(u) + np.sqrt(u) ** np.tanh(u) - np.arctan2(u, 2.0),
    "powers": lambda u: u**2 + u**-1 + u**0.5 + 2**u + u**3 / u[0],
    "constants": lambda u: 3 - (2 * u - 1) / 4 + np.float32(2) * u + (-u) * np.arange(4.0) + np.pi / u,
    "scalars": lambda u: u[0, 0] * u + u[1, 1] ** 2,
    "in place": in_place,
    "view": through_a_view,
    "made arrays": with_made_arrays,
    "swapped": swapped,
    "overwritten": overwritten,
    "several results": lambda u: {"a": u[0] * u[1], "b": (u[2, 2], np.ones(2), 3.0)},
    "constant": lambda u: np.ones(3),
    "identity": lambda u: u,
    "copies": lambda u: np.copy(u) + u.astype(float) * u.copy(),
    "one cell": lambda u: np.roll(u[:1, :1], 1, 0) * 2 + u[:1, :1] ** 2 + np.roll(u[:1, :1], -1, 1),
    "two neighbours in one": lambda u: np.roll(u[:, :2], 1, 1) + np.roll(u[:, :2], -1, 1) ** 2 - u[:, :2],
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("format", ["csc", "csr"])
def test_programs(name, format):
    x = np.random.default_rng(3).uniform(0.6, 1.4, (6, 4))
    plan = both(PROGRAMS[name], x, format=format)
    assert by_vectors(plan) is (name != "order")


@pytest.mark.parametrize("name", ["slices", "in place", "elementary", "where", "stack", "sum of few", "constants"])
def test_single_precision(name):
    x = np.random.default_rng(3).uniform(0.6, 1.4, (6, 4)).astype(np.float32)
    both(PROGRAMS[name], x)


def test_another_branch_is_an_error_that_names_rows():
    def f(x):
        return x * x if x[0] > 0 else x * np.roll(x, 1)

    plan, x = da.sparse_jacobian(f), np.linspace(1.0, 2.0, 6)
    plan(x)
    with pytest.raises(ValueError, match=r"lacks entries .* in rows 0, 1, 2, 3, 4 and 1 more: f takes another branch"):
        plan(-x)
    np.testing.assert_allclose(plan(x).toarray(), np.diag(2 * x))
    np.testing.assert_allclose(plan.prepare(-x)(-x).toarray(), da.jacobian(f)(-x))


def test_a_given_pattern_may_lack_entries():
    plan = da.sparse_jacobian(lambda x: x * np.roll(x, 1), np.eye(4))
    x = np.arange(1.0, 5.0)
    assert plan(x).nnz == 4 and not by_vectors(plan)
    with pytest.raises(ValueError, match="lacks entries"):
        plan.check(x)


def test_zeros_outside_of_the_pattern():
    mask = np.arange(6) < 3
    plan = both(lambda x: np.where(mask, x * x, np.roll(x, 1)), np.linspace(1.0, 2.0, 6))
    assert by_vectors(plan) and plan.sparsity.nnz == 6


def test_an_error_of_f_does_not_end_it():
    def f(x):
        if x[0] < 0:
            raise ValueError("x must be positive")
        return x * np.roll(x, 1)

    plan, x = da.sparse_jacobian(f), np.linspace(1.0, 2.0, 6)
    plan(x)
    with pytest.raises(ValueError, match="x must be positive"):
        plan(-x)
    assert by_vectors(plan)
    assert plan(x).nnz == 12


def test_squares_of_roots_at_zero():
    plan = da.sparse_jacobian(lambda x: np.sqrt(x) ** 2 + np.roll(x, 1))
    x = np.linspace(1.0, 2.0, 6)
    plan(x)
    assert by_vectors(plan)
    x[2] = 0.0
    np.testing.assert_array_equal(plan(x).diagonal(), 1.0)
    assert by_vectors(plan)


def test_ever_new_indices_are_given_up():
    rng = np.random.default_rng(0)
    plan = da.sparse_jacobian(lambda x: x[rng.permutation(300)] ** 2, np.ones((300, 300)))
    x = np.linspace(1.0, 2.0, 300)
    for _ in range(40):
        assert np.count_nonzero(plan(x).toarray()) == 300
    assert not by_vectors(plan) and not plan._prepared.vectors.layouts


def test_threads(rng):
    plan = da.sparse_jacobian(PROGRAMS["in place"])
    points = [rng.uniform(0.6, 1.4, (6, 4)) for _ in range(40)]
    expected = [da.sparse_jacobian(PROGRAMS["in place"], chunk_size=3)(x).toarray() for x in points]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda x: plan(x).toarray(), points))
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_within_other_transforms_it_compresses():
    plan, x = da.sparse_jacobian(lambda x, a: a * x * np.roll(x, 1)), np.linspace(1.0, 2.0, 6)
    plan(x, 2.0)
    _, dot = da.jvp(lambda a: plan(x, a).data, (2.0,), (1.0,))
    np.testing.assert_allclose(dot, plan(x, 1.0).data)
    _, dot = da.jvp(lambda x: plan(x, 2.0).data, (x,), (np.ones(6),))
    assert np.all(dot == 2.0)


def test_numbers_made_by_hand_keep_their_derivatives():
    a = da.Dual(3.0, 1.0)
    plan, x = da.sparse_jacobian(lambda x: np.roll(x, 1) * a), np.linspace(1.0, 2.0, 6)
    entries = plan(x).data
    np.testing.assert_array_equal(entries.tangent, 1.0)


def changed(change):
    """A program that changes its array in place."""

    def program(u):
        u = u * 1.0
        change(u)
        return u

    return program


# one of each kind that NumPy programs are made of: with a rule or without one, the derivatives are those of compression
EVERYTHING = {
    "fill": changed(lambda u: u.fill(u[0])),
    "sort in place": changed(lambda u: u.sort()),
    "put": changed(lambda u: u.put([1, 2], u[3:5])),
    "flat": changed(lambda u: u.flat.__setitem__(slice(1, 3), u[2])),
    "flat read": lambda u: u.flat[1:4] * 2,
    "putmask": changed(lambda u: np.putmask(u, np.arange(6) > 3, u[::-1] * 2)),
    "copyto": changed(lambda u: np.copyto(u, u[::-1] * 2)),
    "add.at": changed(lambda u: np.add.at(u, [0, 0, 1], u[3:6] * 1.0)),
    "multiply.at": changed(lambda u: np.multiply.at(u, [0, 1], 2.0)),
    "out": changed(lambda u: np.exp(u, out=u)),
    "power in place": changed(lambda u: u.__ipow__(3)),
    "where=": lambda u: np.add(u, u, where=np.arange(6) % 2 == 0, out=u * 3.0),
    "dtype=": lambda u: np.add(u, u**2, dtype=np.float64),
    "maximum of all": lambda u: u.max() * u,
    "minimum of all": lambda u: u.min() + u,
    "product": lambda u: u.prod() * u,
    "deviation": lambda u: u.std() * u,
    "average": lambda u: np.average(u, weights=u) * u,
    "median": lambda u: np.median(u) * u,
    "range": lambda u: np.ptp(u) * u,
    "remainder": lambda u: u % 0.3 + 1.3 % u + divmod(u, 0.4)[1],
    "whole part": lambda u: (u // 0.3) * u + np.floor(u * 3) * u,
    "rounded": lambda u: u.round(1) * u,
    "sign": lambda u: np.sign(u - 1) * u + np.heaviside(u - 1, 0.5) * u + np.copysign(u, -u[::-1]),
    "two outputs": lambda u: np.modf(u * 3)[0] + np.frexp(u)[0],
    "special": lambda u: special.erf(u) * special.gamma(u) + special.xlogy(u, u[::-1]),
    "reduceat": lambda u: np.add.reduceat(u**2, [0, 2, 4]),
    "outer": lambda u: np.multiply.outer(u[:2], u[:3]),
    "einsum": lambda u: np.einsum("i,i->i", u, u),
    "cross": lambda u: np.cross(u[:3], u[3:]),
    "convolution": lambda u: np.convolve(u, [1.0, 2.0], "same"),
    "gradient": lambda u: np.gradient(u**2),
    "trapezoid": lambda u: np.trapezoid(u) * u,
    "polynomial": lambda u: np.polyval([1.0, 2.0, 3.0], u) + np.vander(u, 3)[:, 0],
    "unwrapped": lambda u: np.unwrap(u * 4),
    "sparse matrix": lambda u: sparse.csr_array(np.eye(6, k=1)) @ u + u @ sparse.csr_array(np.eye(6, k=2)),
    "sparse matrix of numbers": lambda u: da.sparse.csr_array((u, (range(6), range(6))), shape=(6, 6)) @ u,
    "solve": lambda u: np.linalg.solve(np.eye(6) + 0.1, u),
    "inverse": lambda u: np.linalg.inv(np.diag(u) + 0.1).ravel(),
    "matrix function": lambda u: da.linalg.expm(np.diag(u[:3]))[0],
    "root": lambda u: da.optimize.newton(lambda y, u: y**3 + y - u, np.ones(6), args=(u,)),
    "derivative": lambda u: da.jvp(lambda z: z**2 * u, (u,), (np.ones(6),))[1],
    "along an axis": lambda u: np.apply_along_axis(lambda row: row * row.sum(), 1, u.reshape(2, 3)).ravel(),
    "piecewise": lambda u: np.piecewise(u, [u < 1, u >= 1], [lambda z: z**2, lambda z: -z]),
    "elements": lambda u: sum(v * v for v in u) * u,
    "positions": lambda u: u[np.argsort(u)] * u[np.argmax(u)],
    "filled": lambda u: dnp.full(3, u[0]) * u[:3] + dnp.linspace(u[0], u[1], 3),
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_everything_has_the_derivatives_of_compression(name):
    both(EVERYTHING[name], np.random.default_rng(0).uniform(0.7, 1.3, 6))


REFUSED = {
    "matrix": lambda x: np.arange(36.0).reshape(6, 6) @ x,
    "sort": lambda x: np.sort(x) * x,
    "running": lambda x: np.cumsum(x),
    "nan_to_num": lambda x: np.nan_to_num(x) ** 2,
    "variance": lambda x: x - np.var(x),
    "choose": lambda x: np.choose([0, 1, 0, 1, 0, 0], [x, x * x]),
    "complex": lambda x: np.real((x + 1j) ** 2),
    "product": lambda x: np.multiply.reduce(x[:2]) * x,
    "scatter": lambda x: _scattered(x),
    "statistic": lambda x: np.pad(x, 1, "maximum"),
    "ramp": lambda x: np.pad(x, 1, "linear_ramp"),
    "objects": lambda x: np.array([x[0], x[1] * x[2]]),
}


def _scattered(x):
    y = np.zeros_like(x)
    np.add.at(y, [0, 1, 1, 2, 4, 5], x * x)
    return y


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_rule_is_compressed(name):
    plan = both(REFUSED[name], np.random.default_rng(3).uniform(0.6, 1.4, 6))
    assert not by_vectors(plan) or name in ("objects", "ramp", "statistic")
