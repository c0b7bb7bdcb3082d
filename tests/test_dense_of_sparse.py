"""Dense transforms of many unknowns, which look whether f is sparse: against the sweeps over all directions."""

import numpy as np
import pytest
import scipy.sparse
import scipy.special

import dualad as da
import dualad.numpy as dnp
from dualad._trees import flatten
from dualad.sparse import _dense

N = 1200


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def broyden(x):
    y = (3 - 2 * x) * x + 1
    y[1:] -= x[:-1]
    y[:-1] -= 2 * x[1:]
    return y


def made(x):
    y = dnp.zeros(N)
    y[1:-1] = x[2:] * x[:-2]
    y[0], y[-1] = x[0] ** 2, x[-1] - 1
    return y


def branching(x):
    return broyden(x) if x[0] > 0 else np.roll(x, 1) ** 3


FUNCTIONS = {
    "tridiagonal": broyden,
    "made arrays": made,
    "branch": branching,
    "two results": lambda x: {"a": x[:-1] * x[1:], "b": (np.sum(np.sin(x[:9])), x[5])},
    "a sum by the way": lambda x: x[1:] * x[:-1] if np.sum(x) > 0 else x[1:] * np.mean(x),
    "a sum among others": lambda x: np.concatenate([x[1:] ** 2 * x[:-1], [np.sum(x**2)], x[:3] / np.max(x), x[:40]]),
    "sums beside others": lambda x: (x[1:] * x[:-1], np.sum(x**3), [np.mean(x) * x[:9], x**2]),
    "rectangular": lambda x: x.reshape(-1, 3).sum(axis=1) ** 2,
    "dense column": lambda x: x * x[0],
    "with a constant": lambda x: (np.ones(3), x**2),
    "dense": lambda x: x / np.linalg.norm(x),
    "matrix": lambda x: np.tanh(np.ones((40, N)) @ x / N),
    "running": lambda x: np.cumsum(x)[::40],
    "sorted": lambda x: np.sort(x)[::50] * x[::50],
    "loop over elements": lambda x: np.stack([x[i] * x[i - 1] for i in range(700)]),
    "complex": lambda x: x[:20] * 1j,
}


@pytest.fixture
def looked(monkeypatch):
    """Whether the last transform went the sparse way."""
    seen = []
    for name in ("jacobians", "hessian"):
        function = getattr(_dense, name)

        def watching(*args, function=function):
            found = function(*args)
            seen.append(found is not None)
            return found

        monkeypatch.setattr(_dense, name, watching)
    return seen


def same(tree, other):
    for a, b in zip(da._trees.flatten(tree)[0], da._trees.flatten(other)[0], strict=True):
        assert type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobians(name, looked):
    f, x = FUNCTIONS[name], np.random.default_rng(5).uniform(0.5, 1.5, N)
    value, jacobian = da.value_and_jacobian(f)(x)
    assert looked == [name not in ("dense", "complex", "loop over elements")]
    same(jacobian, da.jacobian(f, chunk_size=60)(x))
    for y, z in zip(da._trees.flatten(value)[0], da._trees.flatten(f(x.copy()))[0], strict=True):
        np.testing.assert_array_equal(y, z)


def test_shapes_and_containers(looked):
    x = np.random.default_rng(5).uniform(0.5, 1.5, (30, 40))

    def g(x):
        return np.diff(x, axis=0)[:5] ** 2

    same(da.jacobian(g)(x), da.jacobian(g, chunk_size=50)(x))

    def f(tree, scale):
        return scale * tree["a"][0][1:] * tree["b"][:-1]

    tree = {"a": [x[0].repeat(20)], "b": x[1].repeat(20)}
    same(da.jacobian(f)(tree, 2.0), da.jacobian(f, chunk_size=50)(tree, 2.0))
    same(da.jacobian(f, (0,))(tree, 2.0), da.jacobian(f, (0,), chunk_size=50)(tree, 2.0))
    assert looked == [True] * 3
    single = x.ravel().astype(np.float32)
    jacobian = da.jacobian(broyden)(single)
    assert jacobian.dtype == np.float32
    np.testing.assert_allclose(jacobian, da.jacobian(broyden)(single.astype(float)), rtol=1e-6)


def test_gradients_of_sums(looked):
    x = np.random.default_rng(5).uniform(0.5, 1.5, 100_000)
    y, gradient = da.value_and_grad(rosenbrock)(x)
    exact = np.zeros_like(x)
    exact[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    exact[1:] += 200 * (x[1:] - x[:-1] ** 2)
    np.testing.assert_allclose(gradient, exact, rtol=1e-13, atol=1e-11)
    assert y == rosenbrock(x) and looked == [True]


SCALARS = {
    "sum": lambda x: np.sum(x**2),
    "function of a sum": lambda x: np.exp(-np.sum(x**2) / x.size),
    "log of a sum of exponentials": lambda x: np.log(np.sum(np.exp(x))),
    "ratio": lambda x: np.sum(x[1:] * x[:-1]) / np.mean(x) ** 2 + x[3],
    "inner products": lambda x: np.dot(x, x[::-1]) + x @ np.arange(float(x.size)) - np.inner(x, x) * np.vdot(x, x),
    "norm": lambda x: np.linalg.norm(x) * np.linalg.norm(np.diff(x)),
    "masked": lambda x: np.sum(np.where(x > 1, x, 0.5 * x**2)) - np.maximum(np.sum(x), np.sum(x**2)),
    "entropy": lambda x: -np.sum(x / np.sum(x[:1]) * np.log(x)),
    "moments": lambda x: np.mean((x - 1.0) ** 3) / np.mean((x - 1.0) ** 2) ** 1.5,
    "sum of sums": lambda x: np.sum(np.sum(x.reshape(-1, 4) ** 2, axis=0) ** 0.5),
    "loop": lambda x: sum(np.sum(x[k:] * x[: x.size - k]) for k in range(1, 12)),
    "scalar from one": lambda x: x[5] * x[7],
}


@pytest.mark.parametrize("name", SCALARS)
def test_gradients(name, looked):
    f, x = SCALARS[name], np.random.default_rng(5).uniform(0.5, 1.5, N)
    y, gradient = da.value_and_grad(f)(x)
    assert looked == [True]
    np.testing.assert_array_equal(y, f(x))
    expected = da.jacobian(f, chunk_size=60)(x)
    assert gradient.shape == expected.shape and gradient.dtype == expected.dtype
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-13 * np.max(np.abs(expected)))
    x = x.astype(np.float32)
    single = da.grad(f)(x)
    assert single.dtype == da.jacobian(f, chunk_size=60)(x).dtype
    np.testing.assert_allclose(single, expected, rtol=2e-3, atol=2e-5 * np.max(np.abs(expected)))


def test_few_results_of_all_unknowns(looked):
    def f(x):
        sums = np.sum(x.reshape(-1, 3) ** 2, axis=0)
        joined = {
            "stacked": np.stack([np.sum(x), x[0] * np.mean(x**2), np.ones(())]) ** 2,
            "concatenated": np.concatenate((sums, x[:2], np.zeros(1))),
            "nested": da.jvp(lambda x: np.sum(x**3), (x,), (x[::-1],)),
        }
        return {"sums": sums, "swapped": np.sqrt(sums[::-1]), "one": sums[1] + x[0], "rest": x[:5] * x[1], **joined}

    x = np.random.default_rng(5).uniform(0.5, 1.5, N)
    same(da.jacobian(f)(x), da.jacobian(f, chunk_size=60)(x))
    assert looked == [True]


SUMS = {
    "chain": rosenbrock,
    "weighted": lambda x: 3 * np.mean(np.exp(x[1:] * x[:-1])) - np.dot(x, x**2) / 2 + 1,
    "grid": lambda x: np.sum((np.diff(x.reshape(20, -1), axis=0) ** 2 + 1) ** 0.5),
    "separate": lambda x: np.sum(x**4),
    "no sum": lambda x: np.exp(-np.sum(x**2) / x.size),
    "dense": lambda x: np.sum((x / np.linalg.norm(x)) ** 3),
    "array": lambda x: x[:2] ** 2,
}


@pytest.mark.parametrize("name", SUMS)
def test_hessians(name, looked):
    f, x = SUMS[name], np.random.default_rng(5).uniform(0.5, 1.5, 200)
    y, gradient, hessian = da.value_grad_and_hessian(f)(x)
    assert looked[0] == (name not in ("no sum", "dense", "array"))
    for a, b in zip((y, gradient, hessian), da.value_grad_and_hessian(f, chunk_size=20)(x), strict=True):
        assert type(a) is type(b) and np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(y, f(x))
    np.testing.assert_array_equal(hessian, np.swapaxes(hessian, -1, -2))
    np.testing.assert_array_equal(da.hessian(f)(x), hessian)


@pytest.mark.parametrize("name", SUMS)
def test_products(name, looked):
    f, rng = SUMS[name], np.random.default_rng(5)
    x, v = rng.uniform(0.5, 1.5, (2, 700 if name != "grid" else 800))
    found, expected = da.hvp(f, (x,), (v,)), da.hvp(f, (x,), (v,), chunk_size=350)
    assert looked == [True]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.max(np.abs(b)))


def stored(x):
    y = x * 2.0
    y[1:] += np.sin(x[:-1])
    first, y[0] = y[0], x[3] ** 3
    y[::5][2:9] *= y[20:27]
    view = y.reshape(-1, 10)[:, 3]
    view[...] = view**2 * first
    y[x > 1.45] = 0.25
    return np.sum(y[:-1] ** 2 * y[1:])


def made_and_summed(x):
    y = dnp.zeros((x.size // 10, 10))
    y[:, 1:] = x.reshape(-1, 10)[:, :-1] ** 2
    y[1:, 0] = np.exp(x[::10])[:-1]
    return np.sum(y**3)


def caught(x):
    try:
        y = np.real(np.fft.fft(x[:5]))
    except TypeError:
        y = 0.0 * x[:5]
    return np.sum(y**2) + np.sum(x**3)


NESTED = {
    **{name: SUMS[name] for name in ("chain", "weighted", "grid", "no sum")},
    "stored": stored,
    "made": made_and_summed,
    "caught": caught,
    "joined": lambda x: np.sum(np.concatenate([x[1:] * x[:-1], np.roll(x, 3), x[:7]]) ** 3),
    "padded": lambda x: np.sum(np.diff(np.pad(x, 1, mode="wrap")) ** 4),
    "chosen": lambda x: np.sum(np.where(x > 1, x**3, np.maximum(x[::-1] ** 2, x))),
    "ratio of sums": lambda x: np.linalg.norm(x[2:]) * np.dot(x, x[::-1]) / np.sum(np.sqrt(x)),
    "special": lambda x: np.sum(scipy.special.xlogy(x.reshape(-1, 10)[1:], x[:10]) ** 2),
    "roots": lambda x: np.sum(np.sqrt(x[1:] ** 2 + (x[:-1] - x[:-1]) ** 2)),
    "sizes at zero": lambda x: np.sum(np.abs(x - np.round(x[0]) * (x > 1.4) * x) ** 2),
}


@pytest.mark.parametrize("name", NESTED)
def test_inside_other_transforms(name, looked, monkeypatch):
    f, rng = NESTED[name], np.random.default_rng(6)
    x, v, w = rng.uniform(0.5, 1.5, (3, 600))
    nested = {
        "line": lambda: da.jvp(da.grad(f), (x,), (v,)),
        "two lines": lambda: da.jvp(lambda x: da.jvp(da.grad(f), (x,), (v,))[1], (x,), (w,)),
        "series": lambda: da.taylor(da.grad(f), x, 3, v),
        "parameter": lambda: da.derivative(lambda t: da.grad(lambda x: f(x * t) + np.sum(x) * t**2)(x + v * t))(0.5),
        "pairs": lambda: da.hessian(lambda p: da.grad(f)(p[0] * x + p[1] * v)[:4])(np.array([0.7, 0.2])),
    }
    found = {key: run() for key, run in nested.items()}
    assert looked.count(True) == {"caught": 0, "sizes at zero": 2}.get(name, 5)
    monkeypatch.setattr(da._sweeps, "_MANY", 10**9)
    for key, run in nested.items():
        for a, b in zip(*(flatten(result)[0] for result in (found[key], run())), strict=True):
            assert np.shape(a) == np.shape(b) and a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11 * max(1.0, np.max(np.abs(b))))


def grid(x):
    return x.reshape(20, -1)


def overwritten(x):
    """The matrix is another one when its product has been taken."""
    matrix = np.ones((5, x.size))
    y = matrix @ (x * 1.0)
    matrix[...] = 7.0
    return np.sum(y**2)


def changed(x):
    """The factors are other ones when their product has been taken."""
    y, z = x * 1.0, x**2
    product = y @ z
    y *= 3.0
    z[4:] = 0.5
    return product + np.sum(y * z) ** 2


FIRST, SECOND = np.sin(np.arange(5400.0)).reshape(9, -1), np.full((9, 9), 0.1)
BANDED = scipy.sparse.diags_array([np.full(600, 2.0), np.full(599, -1.0)], offsets=[0, 1])
FULL = scipy.sparse.csr_array(FIRST)

BLOCKS = {
    "convolution": lambda x: np.sum(np.convolve(x, [1.0, 2.0, 3.0], "same") ** 2),
    "convolution with itself": lambda x: np.convolve(x, x[:30])[5:40:7],
    "correlations": lambda x: np.sum(np.correlate(x[:5], x, "same") ** 3) + np.sum(np.correlate(x[:5], x, "full") ** 2),
    "correlation": lambda x: np.sum(np.correlate(x, x[:9]) ** 2),
    "variances": lambda x: np.var(x) * np.std(grid(x), axis=1, ddof=1).sum(),
    "extremes": lambda x: np.max(x) * np.min(grid(x), 0).sum() + np.ptp(x) ** 2,
    "products": lambda x: np.prod(x[:50]) + np.prod(grid(x)[:, :4], axis=1).sum(),
    "running sums": lambda x: np.sum(np.cumsum(grid(x), 1) ** 2) + np.sum(np.cumsum(x) ** 2),
    "order": lambda x: np.sum(np.sort(grid(x), 0) ** 2 * np.arange(30.0)) + np.partition(x, 5)[5],
    "matrices": lambda x: np.trace(grid(x) @ x.reshape(-1, 20)) + np.sum((grid(x).T @ grid(x)) ** 2),
    "batches": lambda x: np.sum((x.reshape(10, 6, 10) @ x.reshape(10, 10, 6)) ** 2),
    "contraction": lambda x: np.einsum("ij,kj,i->k", grid(x), grid(x), x[:20]).sum(),
    "dot": lambda x: np.dot(grid(x), x[:30]) @ np.arange(20.0) + np.vdot(x, x) * np.inner(x, x),
    "tensordot": lambda x: np.sum(np.tensordot(grid(x), grid(x).T, 1) ** 2),
    "outer": lambda x: np.sum(np.outer(x[:40], x[9:60]) ** 2),
    "interpolation": lambda x: np.sum(np.interp(x, [0.0, 0.7, 1.0, 2.0], [0.0, 1.0, 1.5, 4.0]) ** 2),
    "softmax": lambda x: np.sum((np.exp(x - np.max(x)) / np.sum(np.exp(x - np.max(x)))) ** 2 * np.arange(600.0)),
    "logarithms of sums": lambda x: np.log(np.sum(np.exp(grid(x)), axis=1)).sum(),
    "third moment": lambda x: np.mean((x - np.mean(x)) ** 3),
    "network": lambda x: np.sum(np.tanh(SECOND @ np.tanh(FIRST @ x)) ** 2),
    "few from a loop": lambda x: sum(x[i] * x[i - 1] for i in range(60)) ** 2,
    "unit vector": lambda x: (x / np.linalg.norm(x))[:100],
    "branch at the mean": lambda x: np.sum(np.where(x > np.mean(x), x**2, x)),
    "sparse matrix": lambda x: x @ (BANDED @ x),
    "full sparse matrix": lambda x: np.sum((FULL @ x) ** 2),
    "ufuncs": lambda x: np.add.reduce(x**2) * np.maximum.reduce(x) * np.multiply.reduce(x[:4]),
    "changed factors": changed,
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("intercept", [False, True])
def test_blocks(name, intercept, looked):
    f, rng = BLOCKS[name], np.random.default_rng(8)
    x, v = rng.uniform(0.5, 1.5, (2, 600))
    found = da.jacobian(f, intercept=intercept)(x)
    along = da.jvp(da.jacobian(f, intercept=intercept), (x,), (v,))
    assert looked == [True, True]
    expected = da.jvp(da.jacobian(f, chunk_size=100), (x,), (v,))
    np.testing.assert_array_equal(da.value_and_jacobian(f)(x)[0], f(x.copy()))
    for a, b in zip((found, *along), (expected[0], *expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11 * np.max(np.abs(b)))
    single = da.jacobian(f)(x.astype(np.float32))
    assert single.dtype == da.jacobian(f, chunk_size=100)(x.astype(np.float32)).dtype
    np.testing.assert_allclose(single, expected[0], rtol=0.01, atol=1e-4 * np.max(np.abs(expected[0])))


@pytest.mark.parametrize("name", ["network", "softmax", "third moment", "matrices", "unit vector", "changed factors"])
def test_hessians_by_blocks(name, looked):
    f, x = BLOCKS[name], np.random.default_rng(8).uniform(0.5, 1.5, 600)
    whole = (lambda x: f(x)[:3]) if name == "unit vector" else f
    y, gradient, hessian = da.value_grad_and_hessian(whole)(x)
    assert looked[-1] and looked.count(True) == -(-600 // 32)
    np.testing.assert_array_equal(y, whole(x.copy()))
    directions = da.hvp(whole, (x,), (np.cos(np.arange(600.0)),), chunk_size=600)
    for a, b in ((gradient, directions[0]), (hessian @ np.cos(np.arange(600.0)), directions[1])):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * np.max(np.abs(b)))
    np.testing.assert_array_equal(hessian, np.swapaxes(hessian, -1, -2))


def test_what_a_block_cannot_do_goes_another_way():
    x = np.random.default_rng(8).uniform(0.5, 1.5, 600)
    programs = [
        lambda x: np.sqrt(1e-300 * np.sum((x[:3] - x[:3]) * x[:3]) + x[5] - x[5] + 1e-320),
        lambda x: np.max(np.minimum(x, 1.0)),
        lambda x: np.sum(np.sort(np.maximum(x, 0.9)) * np.arange(600.0)),
        lambda x: np.prod(x[:40] - x[3]),
        lambda x: np.sum(np.einsum("ii->i", x[:576].reshape(24, 24)) ** 2) + np.einsum("ii", x[24:].reshape(24, 24)),
        lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2),
        lambda x: np.sum(np.sqrt(x - x[0])[1:3]) if x[1] < 0 else np.sum(np.linalg.inv(np.diag(x[:9]))),
    ]
    for f in programs:
        np.testing.assert_allclose(da.grad(f)(x), da.jacobian(f, chunk_size=100)(x), rtol=1e-12, atol=1e-12)


def test_a_constant_that_changed_is_noticed(looked, monkeypatch):
    agreed = []
    real = _dense._agree
    monkeypatch.setattr(_dense, "_agree", lambda *args: agreed.append(real(*args)) or agreed[-1])
    x = np.random.default_rng(8).uniform(0.5, 1.5, 600)
    np.testing.assert_allclose(da.grad(overwritten)(x), da.jacobian(overwritten, chunk_size=100)(x), rtol=1e-12)
    assert agreed == [False] and looked == [False]


def test_jacobians_inside_other_transforms(looked):
    x = np.random.default_rng(5).uniform(0.5, 1.5, N)
    y, dy = da.jvp(lambda t: da.jacobian(lambda x: t * x[:3] ** 2)(x), (2.0,), (1.0,))
    np.testing.assert_allclose(np.diagonal(dy), 2 * x[:3])
    assert y.shape == (3, N) and looked == [True]
    _, dy = da.jvp(da.jacobian(lambda x: np.sin(x[1:]) * x[:-1]), (x,), (np.ones(N),))
    np.testing.assert_allclose(np.diagonal(dy), np.cos(x[1:]), rtol=1e-13)
    np.testing.assert_allclose(np.diagonal(dy, 1), np.cos(x[1:]) - np.sin(x[1:]) * x[:-1], rtol=1e-12, atol=1e-12)
    hessian = da.jacobian(da.grad(rosenbrock), chunk_size=50)(x)
    np.testing.assert_allclose(hessian, da.hessian(rosenbrock)(x), rtol=1e-12, atol=1e-10)


def test_errors_are_those_of_f():
    def f(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        da.jacobian(f)(np.ones(N))
    for size in (N, 10**6):  # before the Jacobian of a million results is made
        with pytest.raises(TypeError, match=rf"grad needs .* a real scalar, but got shape \({size},\)"):
            da.grad(broyden)(np.ones(size))
    with pytest.raises(TypeError, match="a real scalar, but got a container"):
        da.grad(lambda x: (np.sum(x), np.sort(x)))(np.ones(N))


def test_a_wrong_pattern_is_noticed(monkeypatch):
    """What compression gives is compared with a directional derivative, and given up if they differ."""
    real = da.sparse._jacobian.pattern_up_to

    def lossy(*args):
        pattern, info = real(*args)
        return (da.sparse._patterns.as_pattern(pattern.multiply(np.eye(N))), info)

    monkeypatch.setattr(da.sparse._jacobian, "pattern_up_to", lossy)
    x = np.random.default_rng(5).uniform(0.5, 1.5, N)
    np.testing.assert_allclose(da.jacobian(broyden)(x), da.jacobian(broyden, chunk_size=60)(x), rtol=1e-13)
