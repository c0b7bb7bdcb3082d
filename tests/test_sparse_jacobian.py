"""Sparse Jacobians: against dense ones and complex steps, through every way to make, keep and use a plan."""

import pickle
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

import dualad as da
from conftest import complex_step


def broyden(x):
    y = (3 - 2 * x) * x + 1
    y[1:] -= x[:-1]
    y[:-1] -= 2 * x[1:]
    return y


def brusselator(w, a=1.0, b=3.4, rate=10.0):
    u, v = w

    def laplacian(z):
        return np.roll(z, 1, 0) + np.roll(z, -1, 0) + np.roll(z, 1, 1) + np.roll(z, -1, 1) - 4 * z

    square = u * u * v
    return np.stack((a + square - (b + 1) * u + rate * laplacian(u), b * u - square + rate * laplacian(v)))


def arrow(x):
    """One dense row, one dense column."""
    return np.concatenate(([np.sum(x**2)], x[1:] ** 3 * x[0]))


def exact(f, x, *args):
    """The dense Jacobian by complex steps."""
    identity = np.eye(x.size).reshape((x.size, *x.shape))
    return np.stack([np.ravel(complex_step(lambda z: f(z, *args), (x,), (e,))) for e in identity], axis=1)


CASES = {
    "broyden": (broyden, (9,)),
    "brusselator": (brusselator, (2, 5, 4)),
    "arrow": (arrow, (7,)),
    "rectangular": (lambda x: x[:3] * x[4:], (7,)),
    "tall": (lambda x: np.concatenate((x, x**2, x[:1] * x[1:2])), (4,)),
    "constant rows": (lambda x: np.concatenate((x * x, np.ones(2))), (3,)),
    "matrix product": (lambda x: (np.eye(5) + 2 * np.eye(5, k=1)) @ x**2, (5,)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("format", ["csc", "csr"])
@pytest.mark.parametrize("chunk_size", [None, 1, 2])
def test_jacobian_is_that_of_complex_steps(name, format, chunk_size, rng):
    f, shape = CASES[name]
    plan = da.sparse_jacobian(f, format=format, chunk_size=chunk_size)
    for _ in range(2):
        x = rng.uniform(0.5, 1.5, shape)
        value, jacobian = plan.value_and_jacobian(x)
        np.testing.assert_array_equal(value, f(x))
        assert type(jacobian) is {"csc": sparse.csc_array, "csr": sparse.csr_array}[format]
        assert jacobian.has_canonical_format
        np.testing.assert_allclose(jacobian.toarray(), exact(f, x), rtol=1e-13, atol=1e-13)
        np.testing.assert_array_equal(plan(x).toarray(), jacobian.toarray())
    plan.check(x)


@given(st.integers(0, 2**32), st.sampled_from([1, 2, None]), st.sampled_from(["csc", "csr"]))
def test_random_patterns(seed, chunk_size, format):
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 12, 2)
    matrix = np.where(rng.random((m, n)) < rng.choice([0.1, 0.4]), rng.random((m, n)), 0.0)
    x = rng.standard_normal(n)
    plan = da.sparse_jacobian(lambda z: np.sin(matrix @ z), sparsity=matrix, chunk_size=chunk_size, format=format)
    wanted = np.cos(matrix @ x)[:, None] * matrix
    np.testing.assert_allclose(plan(x).toarray(), wanted, rtol=1e-12, atol=1e-14)
    plan.check(x)


def test_user_patterns():
    x = np.linspace(1, 2, 6)
    tridiagonal = sparse.diags_array([np.ones(5), np.ones(6), np.ones(5)], offsets=[-1, 0, 1])
    wanted = exact(broyden, x)
    forms = (tridiagonal, tridiagonal.tocsr(), tridiagonal.toarray(), np.ones((6, 6)), sparse.coo_matrix(wanted))
    for pattern in forms:
        plan = da.sparse_jacobian(broyden, pattern)
        np.testing.assert_allclose(plan.check(x)(x).toarray(), wanted)
        assert plan.sparsity.nnz == np.count_nonzero(sparse.csc_array(pattern).toarray())
    assert da.sparse_jacobian(broyden, "auto").check(x)(x).nnz == 16


def test_user_colorings():
    x = np.linspace(1, 2, 6)
    symmetric = da.coloring(abs(exact(lambda z: z * np.roll(z, 1) * np.roll(z, -1), x)) > 0)
    plan = da.sparse_jacobian(lambda z: z * np.roll(z, 1) * np.roll(z, -1), coloring=symmetric)
    assert plan.coloring is symmetric
    plan.check(x)
    with pytest.raises(ValueError, match="forward mode compresses columns"):
        da.sparse_jacobian(broyden, coloring=da.coloring(np.eye(6), partition="row"))
    with pytest.raises(ValueError, match="another pattern"):
        da.sparse_jacobian(broyden, np.ones((6, 6)), coloring=da.coloring(np.eye(6)))
    with pytest.raises(TypeError, match="must be a Coloring"):
        da.sparse_jacobian(broyden, coloring=np.arange(6))


@pytest.mark.parametrize("decompression", ["direct", "substitution"])
@pytest.mark.parametrize("chunk_size", [None, 1])
def test_symmetric_jacobians(decompression, chunk_size, rng):
    """The gradient of a chain of products."""

    def gradient(x):
        y = np.zeros_like(x)
        y[1:] += 2 * x[1:] * x[:-1] ** 2
        y[:-1] += 2 * x[:-1] * x[1:] ** 2
        return y

    x = rng.uniform(1, 2, 12)
    pattern = da.jacobian_sparsity(gradient, x)
    colors = da.coloring(pattern, structure="symmetric", decompression=decompression)
    plan = da.sparse_jacobian(gradient, coloring=colors, chunk_size=chunk_size)
    np.testing.assert_allclose(plan(x).toarray(), exact(gradient, x), rtol=1e-12, atol=1e-13)


def test_update_writes_into_a_matrix(rng):
    x, other = rng.uniform(1, 2, (2, 8))
    for chunk_size in (None, 1):
        plan = da.sparse_jacobian(broyden, chunk_size=chunk_size)
        matrix = plan(x)
        data = matrix.data
        np.testing.assert_array_equal(plan.update(matrix, other), broyden(other))
        assert matrix.data is data
        np.testing.assert_array_equal(matrix.toarray(), plan(other).toarray())
        before = data.copy()
        for wrong in (matrix.tocsr(), sparse.csc_array(np.eye(8)), matrix.astype(np.float32), np.eye(8)):
            with pytest.raises(ValueError, match="matrix"):
                plan.update(wrong, x)
        np.testing.assert_array_equal(data, before)


def test_an_error_of_f_leaves_the_matrix_as_it_is(rng):
    calls = []

    def f(x):
        calls.append(x)
        if len(calls) == fails_at:
            raise RuntimeError("f cannot go on")
        return broyden(x)

    x, other, fails_at = *rng.uniform(1, 2, (2, 8)), 0
    plan = da.sparse_jacobian(f, chunk_size=1)
    matrix = plan(x)
    before, fails_at = matrix.data.copy(), len(calls) + 2
    with pytest.raises(RuntimeError, match="cannot go on"):
        plan.update(matrix, other)
    np.testing.assert_array_equal(matrix.data, before)


def test_matrices_own_their_arrays(rng):
    x = rng.uniform(1, 2, 5)
    plan = da.sparse_jacobian(lambda z: z * np.array([0.0, 1.0, 1.0, 0.0, 1.0]))
    first = plan(x)
    first.eliminate_zeros()
    assert first.nnz == 3
    assert plan(x).nnz == 5


def test_further_arguments_and_argnum(rng):
    w = rng.uniform(0.5, 1.5, (2, 4, 4))
    plan = da.sparse_jacobian(brusselator)
    np.testing.assert_allclose(
        plan(w, 2.0, b=5.0).toarray(), exact(lambda z: brusselator(z, 2.0, b=5.0), w), rtol=1e-12, atol=1e-12
    )
    second = da.sparse_jacobian(lambda t, x, rate: rate * t * x**2, argnum=1)
    np.testing.assert_allclose(second(3.0, np.array([1.0, 2.0]), 2.0).toarray(), [[12.0, 0.0], [0.0, 24.0]])
    with pytest.raises(ValueError, match="argnum is 1, but"):
        second(3.0)


def test_containers_and_other_types():
    tree = {"a": np.array([1.0, 2.0]), "b": (3.0, [4.0, 5.0])}

    def f(t):
        return t["a"] * t["b"][0], [t["b"][1][0] * 2, t["a"][1]]

    value, jacobian = da.sparse_jacobian(f).value_and_jacobian(tree)
    np.testing.assert_array_equal(value[0], [3.0, 6.0])
    wanted = np.zeros((4, 5))
    wanted[0, [0, 2]], wanted[1, [1, 2]], wanted[2, 3], wanted[3, 1] = (3, 1), (3, 2), 2, 1
    np.testing.assert_array_equal(jacobian.toarray(), wanted)
    integers = da.sparse_jacobian(lambda x: x**2)
    np.testing.assert_array_equal(integers([1, 2]).toarray(), np.diag([2.0, 4.0]))
    single = integers(np.array([3, 5], np.float32))
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single.toarray(), np.diag([6.0, 10.0]))
    scalar = da.sparse_jacobian(lambda x: x**3)(2.0)
    np.testing.assert_array_equal(scalar.toarray(), [[12.0]])


def test_complex_results_of_real_arguments():
    turn = np.array([1.0, 1j])
    for chunk_size in (None, 1):
        plan = da.sparse_jacobian(lambda x: turn * x * x[::-1], chunk_size=chunk_size)
        np.testing.assert_array_equal(plan(np.array([2.0, 3.0])).toarray(), [[3, 2], [3j, 2j]])


def test_empty_arguments_and_results():
    assert da.sparse_jacobian(lambda x: x**2)(np.zeros(0)).shape == (0, 0)
    assert da.sparse_jacobian(lambda x: x[:0])(np.ones(3)).shape == (0, 3)
    nothing = da.sparse_jacobian(lambda x: np.ones(2))(np.ones(3))
    assert nothing.shape == (2, 3)
    assert nothing.nnz == 0


def test_values_that_are_not_finite():
    jacobian = da.sparse_jacobian(lambda x: x * np.roll(x, 1))(np.array([np.nan, 1.0, np.inf, 2.0])).toarray()
    wanted = np.zeros((4, 4))
    for i, x in enumerate([np.nan, 1.0, np.inf, 2.0]):
        wanted[(i + 1) % 4, (i + 1) % 4] = x
        wanted[(i + 1) % 4, i] = [np.nan, 1.0, np.inf, 2.0][(i + 1) % 4]
    np.testing.assert_array_equal(jacobian, wanted)


def test_x_or_result_that_does_not_fit():
    plan = da.sparse_jacobian(broyden)
    plan(np.ones(4))
    with pytest.raises(ValueError, match=r"4 columns, but x has \(5,\).*prepare"):
        plan(np.ones(5))
    assert plan.prepare(np.ones(5))(np.ones(5)).shape == (5, 5)
    given = da.sparse_jacobian(broyden, np.eye(3))
    with pytest.raises(ValueError, match=r"3 columns, but x has \(5,\)"):
        given(np.ones(5))
    with pytest.raises(ValueError, match="3 columns"):
        given.prepare(np.ones(2))
    with pytest.raises(ValueError, match="3 rows, but f returned 2 values"):
        da.sparse_jacobian(lambda x: x[:2], np.eye(3))(np.ones(3))
    lengths = iter((3, 3, 2))
    changing = da.sparse_jacobian(lambda x: x[: next(lengths)])
    changing(np.ones(3))
    with pytest.raises(ValueError, match="3 rows, but f returned 2 values; call .prepare"):
        changing(np.ones(3))


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "text"),
    [
        ((3,), {}, TypeError, "f must be callable"),
        ((broyden, "all"), {}, ValueError, "'auto' or None, not 'all'"),
        ((broyden, np.ones(3)), {}, ValueError, "sparsity must have two dimensions"),
        ((broyden, object()), {}, TypeError, "sparsity must be a scipy.sparse array"),
        ((broyden, [[1, 0], [1]]), {}, TypeError, "sparsity must be a scipy.sparse array"),
        ((broyden,), {"format": "coo"}, ValueError, "'csc' or 'csr', not 'coo'"),
        ((broyden,), {"chunk_size": True}, ValueError, "chunk_size must be a positive integer, not True"),
        ((broyden,), {"chunk_size": 0}, ValueError, "chunk_size must be a positive integer"),
    ],
)
def test_bad_options(args, kwargs, error, text):
    with pytest.raises(error, match=text):
        da.sparse_jacobian(*args, **kwargs)


def test_complex_arguments_are_refused():
    with pytest.raises(TypeError, match="complex arguments"):
        da.sparse_jacobian(broyden)(np.ones(3) + 1j)


def test_check_names_the_rows_that_lack_entries():
    pattern = np.eye(7, dtype=bool)
    with pytest.raises(ValueError, match="in rows 0, 1, 2, 3, 4 and 2 more: give all entries"):
        da.sparse_jacobian(broyden, pattern).check(np.ones(7))
    missing = sparse.diags_array([np.ones(6), np.ones(7), np.ones(6)], offsets=[-1, 0, 1]).toarray()
    missing[4, 5] = 0
    with pytest.raises(ValueError, match="in row 4:"):
        da.sparse_jacobian(broyden, missing).check(np.ones(7))


def test_a_branch_that_changes_is_caught():
    def f(x):
        return x**2 if x[0] > 0 else x * x[::-1]

    plan = da.sparse_jacobian(f).prepare(np.ones(3))
    assert "looked at values" in plan.explain()
    plan.check(np.ones(3))
    with pytest.raises(ValueError, match="in rows 0 and 2: detect it again"):
        plan.check(-np.ones(3))
    np.testing.assert_array_equal(plan.prepare(-np.ones(3)).check(-np.ones(3)).sparsity.nnz, 5)


def test_what_is_not_known_before_preparation():
    plan = da.sparse_jacobian(broyden)
    for ask in (lambda: plan.sparsity, lambda: plan.coloring, plan.explain, lambda: plan.save("nowhere")):
        with pytest.raises(RuntimeError, match="prepare"):
            ask()
    assert "not prepared" in repr(plan)
    assert plan.prepare(np.ones(4)) is plan
    assert "4 x 4, 10 entries, 3 colours" in repr(plan)


def test_explain():
    text = da.sparse_jacobian(broyden, chunk_size=2).prepare(np.ones(1000)).explain()
    assert "pattern: 1000 x 1000, 2998 entries" in text
    assert "lower bound 3: optimal" in text
    assert "3 directions in 2 evaluations of f, at most 2 directions at once" in text
    assert "holds for every x" in text
    assert "memory: " in text
    assert "was given" in da.sparse_jacobian(broyden, np.eye(2)).explain()


def test_grids_take_sparse_vectors(rng, tmp_path):
    """By default, at the size where they are faster, and after a plan was pickled or saved too."""
    plan, w = da.sparse_jacobian(brusselator), rng.uniform(0.5, 1.5, (2, 200, 200))
    text = plan.prepare(w).explain()
    assert "one evaluation of f on sparse vectors, expected to take 0." in text and "MB for the plan" in text
    compressed = da.sparse_jacobian(brusselator, plan.sparsity, chunk_size=5)
    assert "12 directions in 3 evaluations" in compressed.explain()
    plan.save(tmp_path / "plan.npz")
    others = pickle.loads(pickle.dumps(plan)), da.sparse.SparseJacobian.load(tmp_path / "plan.npz", brusselator)
    v = rng.standard_normal(w.shape)
    exact_product = complex_step(brusselator, (w,), (v,)).ravel()
    for made in (plan, *others):
        value, jacobian = made.value_and_jacobian(w)
        np.testing.assert_array_equal(value, brusselator(w))
        np.testing.assert_allclose(jacobian @ v.ravel(), exact_product, rtol=1e-12, atol=1e-10)
        np.testing.assert_allclose(jacobian.data, compressed(w).data, rtol=1e-14, atol=1e-14)
        assert "on sparse vectors" in made.explain()
    plan.check(w)


@pytest.mark.parametrize("kwargs", [{}, {"format": "csr", "chunk_size": 1}])
def test_pickled_saved_and_loaded(kwargs, tmp_path, rng):
    x = rng.uniform(1, 2, 9)
    plan = da.sparse_jacobian(broyden, **kwargs)
    assert pickle.loads(pickle.dumps(plan))(x).nnz == 25
    wanted = plan(x)
    again = pickle.loads(pickle.dumps(plan))
    assert again.coloring.ncolors == 3
    plan.save(tmp_path / "plan.npz")
    loaded = da.sparse.SparseJacobian.load(tmp_path / "plan.npz", broyden)
    for copy in (again, loaded):
        result = copy(x)
        assert result.format == wanted.format
        np.testing.assert_array_equal(result.toarray(), wanted.toarray())
    np.savez(tmp_path / "other.npz", a=1)
    np.save(tmp_path / "array.npy", np.ones(3))
    (tmp_path / "text").write_text("text")
    (tmp_path / "empty").write_text("")
    for name in ("array.npy", "text", "empty"):
        with pytest.raises(ValueError, match="does not hold a plan: it is no npz file"):
            da.sparse.SparseJacobian.load(tmp_path / name, broyden)
    with pytest.raises(ValueError, match="does not hold a plan"):
        da.sparse.SparseJacobian.load(tmp_path / "other.npz", broyden)


@pytest.mark.parametrize("decompression", ["direct", "substitution"])
def test_symmetric_plans_are_saved(decompression, tmp_path):
    pattern = np.eye(4) + np.eye(4, k=1) + np.eye(4, k=-1)
    colors = da.coloring(pattern, structure="symmetric", decompression=decompression)

    def f(x):
        return 2 * x + np.concatenate((x[1:], [0])) + np.concatenate(([0], x[:-1]))

    plan = da.sparse_jacobian(f, coloring=colors)
    plan.save(tmp_path / "plan.npz")
    loaded = da.sparse.SparseJacobian.load(tmp_path / "plan.npz", f)
    np.testing.assert_array_equal(loaded(np.ones(4)).toarray(), plan(np.ones(4)).toarray())
    assert loaded.coloring.verify().decompression == decompression


def test_threads_share_a_plan(rng):
    plan = da.sparse_jacobian(broyden, chunk_size=1)
    xs = rng.uniform(1, 2, (8, 500))
    results = [None] * len(xs)

    def work(k):
        for _ in range(5):
            results[k] = plan(xs[k]).toarray()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(xs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for x, result in zip(xs, results, strict=True):
        np.testing.assert_array_equal(result, plan(x).toarray())


def test_as_jac_of_least_squares():
    plan = da.sparse_jacobian(broyden)
    solution = least_squares(broyden, -np.ones(50), jac=plan)
    assert solution.success
    assert np.abs(broyden(solution.x)).max() < 1e-6
    plan.check(solution.x)


def test_as_jac_of_solve_ivp():
    def f(t, y, rate):
        return rate * (np.roll(y, 1) - 2 * y + np.roll(y, -1)) - y**3 + t

    y = np.linspace(0, 1, 20)
    options = {"t_span": (0, 1), "y0": y, "args": (5.0,), "rtol": 1e-8, "atol": 1e-8}
    exact_jacobian = solve_ivp(f, method="BDF", jac=da.sparse_jacobian(f, argnum=1), **options)
    reference = solve_ivp(f, method="LSODA", **options)
    np.testing.assert_allclose(exact_jacobian.y[:, -1], reference.y[:, -1], rtol=1e-5)


def test_inside_another_transform(rng):
    """Entries carry the derivatives of the outer transform, in any format and chunk."""
    x, v = rng.uniform(0.5, 1.5, (2, 7))
    for chunk_size in (None, 1):
        for format in ("csc", "csr"):
            plan = da.sparse_jacobian(lambda x: np.sin(x) * np.roll(x, 1) ** 2, format=format, chunk_size=chunk_size)
            value, moved = da.jvp(lambda x, plan=plan: plan(x).data, (x,), (v,))
            np.testing.assert_array_equal(value, plan(x).data)
            step = 1e-6
            differences = (plan(x + step * v).data - plan(x - step * v).data) / (2 * step)
            np.testing.assert_allclose(moved, differences, rtol=1e-7, atol=1e-8)
    with pytest.raises(TypeError, match="cannot hold derivatives"):
        da.jvp(lambda x: plan.update(plan(np.ones(7)), x), (x,), (v,))


DENSE_ROWS = {
    "concatenate": (lambda x: np.concatenate(([np.sum(x**2) - 1], x[1:] ** 3 * x[0], [x @ x, 3.0])), 2),
    "append": (lambda x: np.append(x * np.roll(x, 1), np.mean(np.sin(x))), 2),
    "hstack": (lambda x: np.hstack((np.sum(x[1:] * x[:-1]) / 2, x)), 2),
    "stack": (lambda x: np.stack([np.sum(x**2), 2 * np.sum(x[1:] * x[:-1]) + 1]), 2),
    "scalar": (lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2), 2),
    "changed after": (lambda x: 2 * np.append(x, np.sum(x**2)), 12),
    "nonlinear": (lambda x: np.append(x, np.sum(x) ** 2), 12),
}


@pytest.mark.parametrize("name", DENSE_ROWS)
@pytest.mark.parametrize("chunk_size", [None, 1])
@pytest.mark.parametrize("format", ["csc", "csr"])
def test_dense_rows_are_differentiated_by_their_terms(name, chunk_size, format, rng, tmp_path):
    (f, colours), x = DENSE_ROWS[name], rng.uniform(0.5, 1.5, 12)
    plan = da.sparse_jacobian(f, chunk_size=chunk_size, format=format)
    value, jacobian = plan.value_and_jacobian(x)
    np.testing.assert_array_equal(value, f(x))
    wanted = np.reshape(exact(f, x), (-1, x.size))
    np.testing.assert_allclose(jacobian.toarray(), wanted, rtol=1e-12, atol=1e-13)
    assert plan.coloring.ncolors == colours
    assert plan.sparsity.shape == wanted.shape
    assert ("by their terms" in plan.explain()) == (colours == 2)
    plan.check(x)
    plan.update(jacobian, 2 * x)
    np.testing.assert_allclose(jacobian.toarray(), np.reshape(exact(f, 2 * x), (-1, x.size)), rtol=1e-12, atol=1e-13)
    plan.save(tmp_path / "plan.npz")
    loaded = da.sparse.SparseJacobian.load(tmp_path / "plan.npz", f)
    np.testing.assert_array_equal(loaded(x).toarray(), plan(x).toarray())
    moved = da.jvp(lambda x: plan(x).data, (x,), (x,))[1]
    assert np.shape(moved) == jacobian.data.shape


def test_what_watching_gets_wrong_is_noticed():
    """A function that treats what is no plain array in its own way."""

    def f(x):
        watched = type(x).__name__ == "Watched"
        return np.append(x, np.sum(x**2) * (2 if watched else 1))

    plan = da.sparse_jacobian(f).prepare(np.ones(9))
    assert plan.coloring.ncolors == 9
    plan.check(np.ones(9))


@pytest.mark.parametrize("coloring", [None, "substitution"])
def test_patterns_go_through_plans(coloring):
    pattern = np.eye(6) + np.eye(6, k=1) + np.eye(6, k=-1)
    kind = {} if coloring is None else {"structure": "symmetric", "decompression": coloring}
    inner = da.sparse_jacobian(lambda x: x**3 - np.roll(x, 1) * 0, coloring=da.coloring(pattern, **kind))
    if coloring:
        with pytest.raises(TypeError, match="through SparseJacobian.__call__"):
            da.jacobian_sparsity(lambda x: inner(x).data, np.ones(6))
    else:
        assert da.jacobian_sparsity(lambda x: inner(x) @ np.ones(6), np.ones(6)).nnz < 36


def writing(x):
    x[1:] *= x[:-1]
    x[0] = 2.0
    return np.concatenate((x[::-1], [np.sum(x**2)]))


@pytest.mark.parametrize("part", [slice(None), slice(0, -1), -1], ids=["split", "all", "sum"])
def test_the_argument_is_left_alone(part):
    def f(x):
        return writing(x)[part]

    x = np.linspace(0.5, 1.5, 9)
    wanted = da.jacobian(f)(x.copy())
    plan = da.sparse_jacobian(f)
    for _ in range(2):
        value, found = plan.value_and_jacobian(x)
        np.testing.assert_array_equal(x, np.linspace(0.5, 1.5, 9))
        np.testing.assert_allclose(found.toarray(), np.reshape(wanted, (-1, 9)), rtol=1e-13, atol=1e-15)
        np.testing.assert_array_equal(value, f(x.copy()))
    plan.check(x)
    np.testing.assert_array_equal(x, np.linspace(0.5, 1.5, 9))


@pytest.mark.parametrize("format", ["csc", "csr"])
@pytest.mark.parametrize("chunk_size", [None, 1])
def test_results_need_not_be_contiguous(chunk_size, format):
    for f in (lambda x: (x**2)[::-1], lambda x: np.outer(x, x).T[::2, ::-1], lambda x: x.reshape(2, 3).T ** 2):
        x = np.arange(6.0)
        found = da.sparse_jacobian(f, chunk_size=chunk_size, format=format)(x)
        np.testing.assert_array_equal(found.toarray(), da.jacobian(f)(x).reshape(-1, 6))


def test_rounding_alone_is_no_missing_entry():
    def f(x):
        return np.array([x[0] * 3, (x[0] * 0.1 + x[1] * 0.2) * 3 - x[0] * 0.3 - x[1] * 0.6])

    assert da.sparse_jacobian(f).check(np.array([0.7, 0.9])).sparsity.nnz == 3


def test_single_precision():
    def f(x):
        return np.sin(x) * np.roll(x, 1) - np.exp(np.roll(x, 2)) * x + 1 / (x + 1)

    x = np.random.default_rng(0).random(2000).astype(np.float32)
    plan = da.sparse_jacobian(f)
    J = plan.check(x)(x)
    assert J.dtype == np.float32
    J.data[:] = 0
    plan.update(J, x)
    np.testing.assert_array_equal(J.data, plan(x).data)
    with pytest.raises(ValueError, match="holds float32, which cannot take a Jacobian of float64"):
        plan.update(J, x.astype(float))
    with pytest.raises(ValueError, match="rows 0, 1, 2"):
        da.sparse_jacobian(f, sparsity=np.eye(2000)).check(x)
    hessian = da.sparse_hessian(lambda x: np.sum(f(x) ** 2))
    assert hessian.check(x).route == "terms" and hessian(x).dtype == np.float32


@pytest.mark.parametrize("chunk_size", [None, 1])
def test_places_beyond_32_bits(chunk_size):
    x = np.linspace(0.5, 1.5, 9)
    plan = da.sparse_jacobian(broyden, chunk_size=chunk_size).prepare(x)
    wanted, prepared = plan(x), plan._prepared
    prepared.recovery.index = prepared.recovery.index.astype(np.int64)
    prepared.places = [tuple(p.astype(np.int64) for p in pair) for pair in prepared.places]
    np.testing.assert_array_equal(plan(x).data, wanted.data)
