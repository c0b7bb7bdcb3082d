"""Sparse Hessians by terms and by gradients: against SciPy's own, dense ones, and through every way to use a plan."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import rosen_der, rosen_hess

import dualad as da


def rosen(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def dense(f, x):
    """The Hessian from nested dense transforms."""
    return np.reshape(da.jacobian(da.grad(f))(x), (x.size, x.size))


def cubic_chain(x):
    return np.sum(x[1:] ** 3 * x[:-1] ** 2)


DIFFERENCES = sparse.eye_array(6, k=1, format="csr") - sparse.eye_array(6)

SUMS = {
    "method": lambda x: (x[1:] * x[:-1]).sum(),
    "mean and constants": lambda x: 3 - np.mean(x**2 * np.sin(x)) / 2 + x.sum() * 2 - (-np.sum(x**4)),
    "scalar term": lambda x: np.sum(x**3) + x[0] * x[1],
    "scalar first": lambda x: x[2] ** 3 - np.sum(x**3),
    "dot": lambda x: x @ np.roll(x, 1) + np.dot(x, x**2) + np.inner(x, x),
    "in place": lambda x: in_place(x),
    "two axes": lambda x: np.sum(np.stack([x, x * np.roll(x, 1)]) ** 2),
    "one axis, then the other": lambda x: np.sum(np.sum(np.stack([x, x * np.roll(x, 1)]) ** 2, axis=0)),
    "square of a sum": lambda x: np.sum(x) ** 2 + np.sum(x[:2] ** 3),
    "exp": lambda x: np.sum(np.exp(x[1:] - x[:-1])) + np.add.reduce(x**2),
    "sparse matrix": lambda x: np.sum((DIFFERENCES @ x) ** 3) + x @ (DIFFERENCES.T @ (DIFFERENCES @ x)),
    "sparse matrix behind": lambda x: np.sum((x @ DIFFERENCES) ** 3) - np.sum(DIFFERENCES.dot(x[:, None]) ** 2),
}

WHOLES = {
    "log of a sum": lambda x: np.log(np.sum(np.exp(x))),
    "few elements": lambda x: x[0] * x[1] ** 2 * x[3],
    "product": lambda x: np.prod(x[:3]),
    "no sum": lambda x: np.linalg.norm(x),
}


def in_place(x):
    y = x**2
    y[1:] += x[:-1]
    return np.sum(y * y)


@pytest.mark.parametrize("chunk_size", [None, 1])
@pytest.mark.parametrize("format", ["csc", "csr"])
def test_rosenbrock(chunk_size, format, rng):
    x = rng.uniform(-1, 1, 10)
    plan = da.sparse_hessian(rosen, format=format, chunk_size=chunk_size)
    value, hessian = plan.value_and_hessian(x)
    assert value == rosen(x)
    assert plan.route == "terms"
    assert plan.coloring.ncolors == 2
    assert hessian.format == format
    assert hessian.nnz == 28
    np.testing.assert_allclose(hessian.toarray(), rosen_hess(x), rtol=1e-12, atol=1e-11)
    plan.check(x)


def test_rosenbrock_by_its_gradient(rng):
    x = rng.uniform(-1, 1, 10)
    plan = da.sparse_hessian(rosen, grad=rosen_der_of_any_array)
    np.testing.assert_allclose(rosen_der_of_any_array(x), rosen_der(x))
    np.testing.assert_allclose(plan.check(x)(x).toarray(), rosen_hess(x), rtol=1e-12, atol=1e-11)
    assert plan.route == "gradient"
    assert plan.coloring.ncolors == 3
    pattern = plan.sparsity
    for coloring in (
        da.coloring(pattern, structure="symmetric", decompression="substitution"),
        da.coloring(pattern, structure="symmetric"),
        da.coloring(pattern),
    ):
        again = da.sparse_hessian(rosen, grad=rosen_der_of_any_array, coloring=coloring)
        np.testing.assert_allclose(again.check(x)(x).toarray(), rosen_hess(x), rtol=1e-12, atol=1e-11)
    assert da.coloring(pattern, structure="symmetric", decompression="substitution").ncolors == 2


def rosen_der_of_any_array(x):
    y = np.zeros_like(x)
    y[:-1] += -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    y[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return y


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("chunk_size", [None, 1, 2])
def test_sums_are_seen(name, chunk_size, rng):
    f, x = SUMS[name], rng.uniform(0.5, 1.5, 6)
    plan = da.sparse_hessian(f, chunk_size=chunk_size)
    hessian = plan(x)
    assert plan.route == "terms"
    np.testing.assert_allclose(hessian.toarray(), dense(f, x), rtol=1e-11, atol=1e-11)
    plan.check(x)


@pytest.mark.parametrize("name", WHOLES)
def test_functions_that_are_no_sums(name, rng):
    f, x = WHOLES[name], rng.uniform(0.5, 1.5, 5)
    plan = da.sparse_hessian(f)
    np.testing.assert_allclose(plan.check(x)(x).toarray(), dense(f, x), rtol=1e-11, atol=1e-12)
    assert plan.route == "gradient"
    assert "directions through the gradient" in plan.explain()


def test_a_function_that_returns_its_terms(rng):
    x = rng.uniform(0.5, 1.5, (2, 4))

    def terms(x):
        return x[0] ** 2 * x[1], x[0, 1:] * x[0, :-1]

    plan = da.sparse_hessian(lambda x: np.concatenate(terms(x)))
    value, hessian = plan.value_and_hessian(x)
    np.testing.assert_allclose(value, sum(np.sum(t) for t in terms(x)))
    wanted = dense(lambda x: sum(np.sum(t) for t in terms(x)), x)
    np.testing.assert_allclose(hessian.toarray(), wanted, rtol=1e-12, atol=1e-12)


@given(st.integers(0, 2**32), st.sampled_from([None, 1, 2]))
def test_random_quadratic_forms(seed, chunk_size):
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 9, 2)
    matrix = np.where(rng.random((m, n)) < 0.4, rng.random((m, n)), 0.0)
    plan = da.sparse_hessian(lambda x: np.sum((matrix @ x) ** 3), chunk_size=chunk_size)
    x = rng.standard_normal(n)
    wanted = matrix.T @ np.diag(6 * matrix @ x) @ matrix
    np.testing.assert_allclose(plan(x).toarray(), wanted, rtol=1e-11, atol=1e-11)


def test_linear_terms_have_no_entries():
    plan = da.sparse_hessian(lambda x: np.sum(x) + np.sum(x[:2] ** 2))
    assert plan(np.ones(4)).nnz == 2
    assert da.sparse_hessian(lambda x: np.sum(x))(np.ones(3)).nnz == 0
    assert da.sparse_hessian(lambda x: np.sum(x**2))(np.zeros(0)).shape == (0, 0)


def test_user_patterns(rng):
    x = rng.uniform(-1, 1, 6)
    tridiagonal = np.eye(6) + np.eye(6, k=1) + np.eye(6, k=-1)
    for pattern in (tridiagonal, sparse.csr_array(tridiagonal), np.ones((6, 6)), "auto"):
        plan = da.sparse_hessian(rosen, pattern)
        np.testing.assert_allclose(plan.check(x)(x).toarray(), rosen_hess(x), rtol=1e-12, atol=1e-11)
    for missing in ({}, {"grad": rosen_der_of_any_array}):
        with pytest.raises(ValueError, match="lacks entries that f has"):
            da.sparse_hessian(rosen, np.eye(6), **missing).check(x)


def test_further_arguments_and_argnum(rng):
    plan = da.sparse_hessian(lambda a, x, power: a * np.sum(x**power), argnum=1)
    np.testing.assert_allclose(plan(2.0, np.array([1.0, 2.0]), power=3).toarray(), [[12.0, 0], [0, 24.0]])


def test_inside_another_transform(rng):
    x = rng.uniform(0.5, 1.5, 5)
    plans = (da.sparse_hessian(cubic_chain), da.sparse_hessian(cubic_chain, grad=da.grad(cubic_chain)))
    for plan in plans:
        plan.prepare(x)
        third = da.jacobian(lambda x, plan=plan: plan(x).data)(x)
        wanted = da.jacobian(lambda x: dense_of(cubic_chain, x))(x)
        rows, columns = plan.sparsity.indices, np.repeat(np.arange(5), np.diff(plan.sparsity.indptr))
        np.testing.assert_allclose(third, wanted[rows, columns], rtol=1e-11, atol=1e-11)


def dense_of(f, x):
    return da.jacobian(da.grad(f))(x)


def test_a_stale_pattern_is_found():
    def f(x):
        return np.sum(x[1:] * x[:-1]) if x[0] > 0 else np.sum(x[::-1] ** 2 * x)

    plan = da.sparse_hessian(f).prepare(np.ones(4))
    plan.check(np.ones(4))
    with pytest.raises(ValueError, match="terms"):
        plan.check(-np.ones(4))
    with pytest.raises(ValueError, match="3 terms, but f has 4 now"):
        plan(-np.ones(4))
    assert plan.prepare(-np.ones(4)).check(-np.ones(4)).sparsity.nnz == 8


@pytest.mark.parametrize("grad", [None, rosen_der_of_any_array])
def test_pickled_saved_and_loaded(grad, tmp_path, rng):
    x = rng.uniform(-1, 1, 7)
    plan = da.sparse_hessian(rosen, grad=grad, format="csr")
    assert "not prepared" in repr(pickle.loads(pickle.dumps(plan)))
    wanted = plan(x)
    plan.save(tmp_path / "plan.npz")
    loaded = da.sparse.SparseHessian.load(tmp_path / "plan.npz", rosen, grad=grad)
    for copy in (loaded, pickle.loads(pickle.dumps(plan))):
        assert copy.route == plan.route
        np.testing.assert_array_equal(copy(x).toarray(), wanted.toarray())
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(ValueError, match="does not hold the plan of a Hessian"):
        da.sparse.SparseHessian.load(tmp_path / "other.npz", rosen)


def test_errors():
    with pytest.raises(TypeError, match="f must be callable"):
        da.sparse_hessian(1)
    with pytest.raises(TypeError, match="grad must be callable"):
        da.sparse_hessian(rosen, grad=1)
    with pytest.raises(ValueError, match="square, but sparsity has shape"):
        da.sparse_hessian(rosen, np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"not symmetric: it has entry \(0, 1\)"):
        da.sparse_hessian(rosen, np.triu(np.ones((3, 3))))
    with pytest.raises(TypeError, match="scalar result"):
        da.sparse_hessian(lambda x: (x, x))(np.ones(2))
    with pytest.raises(TypeError, match="real result"):
        da.sparse_hessian(lambda x: np.sum(x) * 1j)(np.ones(2))
    with pytest.raises(ValueError, match="as many results"):
        da.sparse_hessian(rosen, grad=lambda x: x[:1])(np.ones(2))
    plan = da.sparse_hessian(rosen)
    with pytest.raises(RuntimeError, match="prepare"):
        plan.explain()
    plan(np.ones(3))
    with pytest.raises(ValueError, match="3 columns, but x has 4 elements; call .prepare"):
        plan(np.ones(4))
    with pytest.raises(ValueError, match="3 columns, but x has 4 elements"):
        da.sparse_hessian(rosen, np.ones((3, 3)))(np.ones(4))


def test_explain():
    text = da.sparse_hessian(rosen).prepare(np.ones(50)).explain()
    assert "Hessian: 50 x 50, 148 entries" in text
    assert "f is a sum of 49 terms: each Hessian takes 3 second-order directions" in text
    assert "the gradient was given: each Hessian takes 3 directions" in (
        da.sparse_hessian(rosen, grad=rosen_der_of_any_array).prepare(np.ones(50)).explain()
    )


def test_what_watching_gets_wrong_is_noticed():
    def f(x):
        return np.sum(x**3) * (2 if type(x).__name__ == "Watched" else 1)

    plan = da.sparse_hessian(f)
    np.testing.assert_allclose(plan(np.ones(3)).toarray(), 6 * np.eye(3))
    assert plan.route == "gradient"


@pytest.mark.parametrize("log", [False, True])
def test_the_argument_is_left_alone(log):
    def f(x):
        x[1:] *= x[:-1] ** 2
        return np.log(np.sum(x**2)) if log else np.sum(x**2)

    x = np.linspace(0.5, 1.5, 6)
    plan = da.sparse_hessian(f)
    value, found = plan.value_and_hessian(x)
    assert value == f(x.copy())
    np.testing.assert_allclose(found.toarray(), da.hessian(f)(x.copy()), rtol=1e-12, atol=1e-13)
    plan.check(x)
    np.testing.assert_array_equal(x, np.linspace(0.5, 1.5, 6))
