"""Detected patterns: exact where the structure is plain, never too small, and errors in place of empty patterns."""

import numpy as np
import pytest
import scipy.sparse
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

import dualad as da
import numpy_calls
from conftest import assert_same_bits, error_text
from dualad.rules.algebra import Number
from test_numpy_calls import VARIABLES, Call

POINT = np.array([0.31, -0.72, 1.43, 0.55, -1.21, 0.87, 0.12, -0.44, 0.93, 1.71, -0.15, 0.66])
MATRIX = np.array([[1.0, 0, 2], [0, 3, 0], [4, 0, 0], [0, 0, 5]])
OPERATOR = scipy.sparse.csr_array(np.where(np.arange(84).reshape(7, 12) % 4 == 1, np.linspace(-1, 2, 12), 0))


def detected(f, x=POINT, **kwargs):
    return da.jacobian_sparsity(f, x, **kwargs).toarray()


def nonzeros(f, x=POINT):
    """Where the dense Jacobian is nonzero at x or at one of some points around it."""
    rng = np.random.default_rng(11)
    found = 0
    for k in range(3):
        J = np.asarray(da.jacobian(f)(x if k == 0 else x + 0.05 * rng.standard_normal(x.shape)))
        found = found + (J.reshape(-1, x.size) != 0)
    return found > 0


def grid(x):
    return np.reshape(x, (3, 4))


def by_index(x):
    return x[np.array([3, 3, 0, 11])] * x[1]


def in_place(x):
    y = x.copy()
    y[1:-1] += x[2:] * x[:-2]
    y[::3] = 2.0
    return y


def through_a_view(x):
    y = np.zeros_like(x)
    rows = y.reshape(3, 4)
    rows[1] = x[:4]
    rows[:, 2] -= x[4:7] ** 2
    return y


def scattered(x):
    y = np.zeros_like(x[:5])
    np.add.at(y, [0, 2, 2, 0], x[3:7])
    return y


def masked_constant(x):
    y = x.copy()
    y[np.arange(12) % 3 == 0] = x[0]
    return y


def time_steps(x):
    for _ in range(4):
        x = x + 0.1 * (np.roll(x, 1) - 2 * x + np.roll(x, -1))
    return x


# programs whose pattern is exactly the nonzeros of their Jacobian
EXACT = {
    "identity": lambda x: x,
    "constant": lambda x: np.ones(3),
    "elementwise": lambda x: np.exp(x) * np.sin(x) + x / 2,
    "special": lambda x: scipy.special.erf(x[1:]) + scipy.special.jv(2, x[:-1]),
    "shifted": lambda x: x[1:] * x[:-1] - x[::-1][1:],
    "roll": lambda x: np.roll(x, 2) - x,
    "scalar power": lambda x: x[3] ** 2 + 1,
    "fancy": by_index,
    "boolean": lambda x: x[np.arange(12) > 7] * 2,
    "in place": in_place,
    "view": through_a_view,
    "add.at": scattered,
    "constant mask": masked_constant,
    "time steps": time_steps,
    "sum": lambda x: np.sum(x),
    "sum of rows": lambda x: grid(x).sum(1),
    "sum of columns": lambda x: np.sum(grid(x), axis=0, keepdims=True),
    "masked sum": lambda x: np.sum(grid(x), axis=0, where=np.arange(3)[:, None] != 1),
    "mean": lambda x: grid(x).mean(0),
    "deviation": lambda x: x[:5] - x[5:].mean(),
    "prod": lambda x: np.prod(grid(x), 1),
    "var": lambda x: np.var(grid(x), 1),
    "std": lambda x: grid(x).std(axis=0, ddof=1),
    "norm": lambda x: np.linalg.norm(grid(x), axis=1),
    "cumsum": lambda x: np.cumsum(x),
    "cumsum of columns": lambda x: np.cumsum(grid(x), 0),
    "cumprod": lambda x: np.cumprod(grid(x), 1),
    "add.accumulate": lambda x: np.add.accumulate(x[2:6]),
    "add.reduceat": lambda x: np.add.reduceat(x, [0, 3, 7]),
    "multiply.outer": lambda x: np.multiply.outer(x[:3], x[3:6]),
    "matrix": lambda x: MATRIX @ x[2:5],
    "matrix from the right": lambda x: x[:4] @ MATRIX,
    "matrix times matrix": lambda x: MATRIX @ grid(x),
    "both traced": lambda x: np.reshape(x[:6], (2, 3)) @ np.reshape(x[6:], (3, 2)),
    "dot": lambda x: np.dot(x[:3], x[3:6]),
    "vdot": lambda x: np.vdot(MATRIX[0], x[3:6]),
    "inner": lambda x: np.inner(MATRIX, x[3:6]),
    "outer": lambda x: np.outer(x[:3], [1.0, 0.0, 2.0]),
    "tensordot": lambda x: np.tensordot(MATRIX, grid(x)[:, :2], axes=(1, 0)),
    "einsum": lambda x: np.einsum("ij,jk->ik", MATRIX, grid(x)),
    "einsum of three": lambda x: np.einsum("i,ij,j", x[:3], grid(x), x[8:]),
    "einsum diagonal": lambda x: np.einsum("ii->i", grid(x)[:, :3]),
    "einsum implicit": lambda x: np.einsum("ij,j", grid(x), MATRIX[:, 0]),
    "einsum dots": lambda x: np.einsum("...j,j->...", grid(x), x[:4]),
    "einsum lists": lambda x: np.einsum(MATRIX, [0, 1], x[:3], [1], [0]),
    "concatenate": lambda x: np.concatenate([x[:2], np.ones(2), x[5:] * 2]),
    "stack": lambda x: np.stack([x[:3], x[3:6] * x[:3]], axis=1),
    "hstack": lambda x: np.hstack([x[0], x[3:5]]),
    "vstack": lambda x: np.vstack([x[:4], np.zeros(4), x[4:8]]),
    "column_stack": lambda x: np.column_stack([x[:4], x[4:8]]),
    "block": lambda x: np.block([[x[:2], x[2:3]], [np.ones(3)]]),
    "append": lambda x: np.append(x, x[0]),
    "insert": lambda x: np.insert(x, 3, x[0] * x[1]),
    "delete": lambda x: np.delete(x, [0, 5]),
    "take": lambda x: np.take(grid(x), [2, 0], axis=1),
    "take_along_axis": lambda x: np.take_along_axis(grid(x), np.array([[0], [1], [3]]), 1),
    "repeat": lambda x: np.repeat(x[:3], [1, 2, 3]),
    "tile": lambda x: np.tile(x[:3], (2, 2)),
    "flip": lambda x: np.flip(grid(x), 1),
    "rot90": lambda x: np.rot90(grid(x)),
    "transpose": lambda x: grid(x).T,
    "moveaxis": lambda x: np.moveaxis(np.reshape(x, (2, 3, 2)), 0, -1),
    "pad": lambda x: np.pad(x[:4], (2, 1)),
    "pad wrapped": lambda x: np.pad(grid(x), 1, mode="wrap"),
    "pad edge": lambda x: np.pad(x, 2, mode="edge"),
    "diff": lambda x: np.diff(x, 2),
    "diff with ends": lambda x: np.diff(x, prepend=0.0, append=x[0]),
    "ediff1d": lambda x: np.ediff1d(x),
    "gradient": lambda x: np.gradient(x**2),
    "convolve": lambda x: np.convolve(x, [1.0, 0.0, -1.0]),
    "convolve same": lambda x: np.convolve(x, [1.0, 2.0, 0.5, 1.0], mode="same"),
    "convolve long": lambda x: np.convolve(x[:3], [1.0, 2.0, 0.5, 1.0], mode="same"),
    "convolve valid": lambda x: np.convolve([1.0, 0.5], x, mode="valid"),
    "convolve both": lambda x: np.convolve(x[:4], x[4:]),
    "correlate": lambda x: np.correlate(x, [1.0, 0.0, -1.0, 2.0]),
    "correlate same": lambda x: np.correlate(x, [1.0, 3.0, -1.0, 2.0], "same"),
    "correlate long": lambda x: np.correlate(x[:4], np.arange(1.0, 8), "same"),
    "correlate with x": lambda x: np.correlate([1.0, 0.0, 2.0], x, "full"),
    "trapezoid": lambda x: np.trapezoid(grid(x), dx=0.5, axis=0),
    "interp": lambda x: np.interp([0.5, 1.5, 1.7], np.arange(12.0), x),
    "tril": lambda x: np.tril(grid(x)),
    "triu": lambda x: np.triu(grid(x), 1),
    "diag of vector": lambda x: np.diag(x[:3]),
    "diag of matrix": lambda x: np.diag(grid(x)),
    "diagonal": lambda x: np.diagonal(grid(x), 1),
    "trace": lambda x: np.trace(grid(x)),
    "kron": lambda x: np.kron(x[:2], [1.0, 0.0, 2.0]),
    "cross": lambda x: np.cross(x[:3], x[3:6]),
    "polyval": lambda x: np.polyval([2.0, 0.5, 1.0], x),
    "polyval of coefficients": lambda x: np.polyval(x[:3], 2.0),
    "where of a constant": lambda x: np.where(np.arange(12) % 2 == 0, x, x[::-1] ** 2),
    "average": lambda x: np.average(grid(x), axis=0, weights=[1.0, 2.0, 1.0]),
    "ptp": lambda x: np.sum(grid(x), 0) * 0.5,
    "split": lambda x: np.split(x, 3)[1] * np.split(x, 3)[2],
    "swapaxes": lambda x: grid(x).swapaxes(0, 1)[2],
    "newaxis": lambda x: x[:3, None] - x[None, 3:6],
    "broadcast": lambda x: np.broadcast_to(x[:4], (3, 4)) * 2,
    "meshgrid": lambda x: np.meshgrid(x[:2], x[2:5])[0],
    "list": lambda x: [x[0], x[1] * x[2], 3.0],
    "unary": lambda x: -(+x),
    "out": lambda x: np.multiply(x, x[::-1], out=np.zeros_like(x)),
    "where argument": lambda x: np.add(x, x[::-1], out=x.copy(), where=np.arange(12) < 4),
    "solve": lambda x: np.linalg.solve(np.kron(np.eye(3), [[2.0, 1.0], [1.0, 3.0]]), x[:6]),
    "cumulative sum": lambda x: np.cumulative_sum(x) if hasattr(np, "cumulative_sum") else np.cumsum(x),
    "nested jvp": lambda x: da.jvp(lambda t: t**2 * x[::-1], (x,), (np.ones(12),))[1],
}


@pytest.mark.parametrize("name", EXACT)
def test_pattern_is_the_nonzeros_of_the_jacobian(name):
    f = EXACT[name]
    P = da.jacobian_sparsity(f, POINT)
    assert isinstance(P, scipy.sparse.csc_array) and P.dtype == bool and P.has_sorted_indices
    np.testing.assert_array_equal(P.toarray(), nonzeros(f))


SPARSE_PRODUCTS = {
    "from the left": (lambda x: OPERATOR @ x, lambda x: OPERATOR.toarray() @ x),
    "from the right": (lambda x: x[:7] @ OPERATOR, lambda x: x[:7] @ OPERATOR.toarray()),
    "with a matrix": (lambda x: OPERATOR[:, :3] @ grid(x), lambda x: OPERATOR[:, :3].toarray() @ grid(x)),
    "dot": (lambda x: OPERATOR.dot(x), lambda x: OPERATOR.toarray() @ x),
    "of an old matrix": (lambda x: scipy.sparse.csr_matrix(OPERATOR) * x, lambda x: OPERATOR.toarray() @ x),
}


@pytest.mark.parametrize("name", SPARSE_PRODUCTS)
def test_products_with_sparse_matrices(name):
    f, dense = SPARSE_PRODUCTS[name]
    np.testing.assert_array_equal(detected(f), nonzeros(dense))


# ---- programs that hypothesis writes -------------------------------------------------------------------------------

VECTORS = {  # of vectors of length 12; NaN goes through each of them wherever the result depends on an element
    "exp": lambda a, b: np.exp(a * 0.1),
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (b + 9.0),
    "zero times": lambda a, b: 0.0 * a + b,
    "roll": lambda a, b: np.roll(a, 2),
    "flip": lambda a, b: b[::-1],
    "average of neighbours": lambda a, b: np.concatenate([a[:1], 0.5 * (a[2:] + a[:-2]), b[-1:]]),
    "pad": lambda a, b: np.pad(a[3:-2], (2, 3)),
    "in rows": lambda a, b: (a.reshape(3, 4) + b.reshape(3, 4).sum(1, keepdims=True)).ravel(),
    "in columns": lambda a, b: (a.reshape(3, 4) - b.reshape(3, 4).mean(0)).reshape(-1),
    "transposed": lambda a, b: a.reshape(3, 4).T.ravel(),
    "cumsum": lambda a, b: np.cumsum(a),
    "take": lambda a, b: a[[0, 0, 3, 5, 7, 11, 2, 2, 1, 4, 6, 9]],
    "interleave": lambda a, b: np.stack([a[:6], b[6:]], 1).ravel(),
    "where": lambda a, b: np.where(np.arange(12) % 3 == 0, a, b),
    "maximum": lambda a, b: np.maximum(a, b),
    "norm": lambda a, b: a / np.sqrt(1 + np.sum(b[:3] ** 2)),
    "scalar": lambda a, b: a + b[4] * 2,
    "power": lambda a, b: (a * a + 1) ** 1.5,
    "diff": lambda a, b: np.diff(a, append=b[0]),
    "convolve": lambda a, b: np.convolve(a, [1.0, 2.0, 1.0], "same"),
    "dot": lambda a, b: np.dot(a[:4], b[4:8]) + a,
    "repeat": lambda a, b: np.repeat(b[:3], 4),
    "store": lambda a, b: _stored(a, b),
    "store in view": lambda a, b: _stored_in_view(a, b),
    "add.at": lambda a, b: _added(a, b),
    "add into": lambda a, b: np.add(a, b, out=np.zeros_like(a)),
}


def _stored(a, b):
    y = a.copy()
    y[2:5] = b[7:10]
    y[8] = b[0] * a[1]
    y[::4] += a[1:10:3]
    return y


def _stored_in_view(a, b):
    y = np.zeros_like(a)
    rows = y.reshape(3, 4)
    corner = rows[1:, :2]
    corner[...] = b[:2]
    rows[0] -= a[:4]
    corner *= a[5]
    y[1:] += y[:-1]
    return y


def _added(a, b):
    y = 1.0 * a
    np.add.at(y, [1, 1, 4, 6], b[2:6])
    np.subtract.at(y, slice(9, 12), b[0])
    return y


PROGRAMS = st.lists(
    st.tuples(st.sampled_from(sorted(VECTORS)), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12
)


def run(program, x):
    values = [x]
    for name, i, j in program:
        values.append(VECTORS[name](values[-1 - i % len(values)], values[j % len(values)]))
    return values[-1]


def structure(f, x):
    """Which results turn into NaN where an input does."""
    columns = []
    for j in range(x.size):
        broken = x.copy()
        broken[j] = np.nan
        with np.errstate(all="ignore"):
            columns.append(np.isnan(f(broken)))
    return np.stack(columns, -1)


@given(PROGRAMS)
@settings(max_examples=150, derandomize=True)
def test_patterns_are_the_structure_of_programs(program):
    values = []

    def f(x):
        y = run(program, x)
        values.append(y)
        return y

    P = detected(f)
    np.testing.assert_array_equal(P, structure(lambda x: run(program, x), POINT))
    with np.errstate(all="ignore"):
        assert_same_bits(np.asarray(values[0].value), run(program, POINT))


@given(PROGRAMS)
@settings(max_examples=60, derandomize=True)
def test_patterns_hold_the_nonzeros_of_hessians(program):
    def f(x):
        return np.sum(np.sin(run(program, x)[2:6]))

    P = da.hessian_sparsity(f, POINT).toarray()
    H = da.jacobian(da.grad(f))(POINT)
    assert not np.any((np.nan_to_num(H, nan=1.0) != 0) & ~P)
    np.testing.assert_array_equal(P, P.T)


# ---- every function of NumPy that the numbers support --------------------------------------------------------------


def runner(call):
    """A call of numpy_calls.py as a function of its real variables and of the parts of its complex ones."""
    used = {name: VARIABLES[name] for name in call.names}
    real = {name: v for name, v in used.items() if not np.iscomplexobj(v)}
    parts = {name: (v.real.copy(), v.imag.copy()) for name, v in used.items() if np.iscomplexobj(v)}

    def f(tree):
        made = {name: a + 1j * b for name, (a, b) in tree[1].items()}
        return [y for y in call({**VARIABLES, **tree[0], **made}) if np.asarray(value_below(y)).dtype.kind in "fc"]

    return f, (real, parts)


def value_below(y):
    return y.value if isinstance(y, Number) else y


def dense_rows(f, tree):
    """The dense Jacobian of all results by all leaves."""
    with np.errstate(all="ignore"):
        y, J = da.value_and_jacobian(lambda t: tuple(f(t)))(tree)
    sizes = [np.size(v) for v in (*tree[0].values(), *(part for pair in tree[1].values() for part in pair))]
    rows = []
    for value, by in zip(y, J, strict=True):
        blocks = [*by[0].values(), *(part for pair in by[1].values() for part in pair)]
        rows.append(np.hstack([np.reshape(b, (np.size(value), n)) for b, n in zip(blocks, sizes, strict=True)]))
    return np.concatenate(rows) if rows else np.zeros((0, sum(sizes)))


def failures(line):
    call = Call(line)
    f, tree = runner(call)
    P = da.jacobian_sparsity(lambda t: tuple(f(t)), tree).toarray()
    return np.count_nonzero((dense_rows(f, tree) != 0) & ~P)


# not possible on a tracer: see test_errors
UNLIKE = {"z = A.copy(); z.shape = (4, 3); z", "import pickle; pickle.loads(pickle.dumps(x))"}


@pytest.mark.parametrize("family", numpy_calls.CALLS)
def test_no_entry_is_missing(family):
    lines = [line for name, line in numpy_calls.listed() if name == family and line not in UNLIKE]
    numeric = [line for line in lines if all(isinstance(y, NUMERIC) for y in Call(line)(VARIABLES))]
    assert [line for line in numeric if Call(line).names and failures(line)] == []


NUMERIC = (np.ndarray, np.generic, float, int, complex)


# ---- branches ------------------------------------------------------------------------------------------------------

SMALL = np.array([0.31, -0.72, 1.43, 0.55])


def assigned(x):
    y = x.copy()
    y[y < 0] = x[0]
    return y


BRANCHES = {  # the columns of each row, of the pattern that holds everywhere and of the one at SMALL
    "where": (lambda x: np.where(x > 0, x, x[::-1]), "03 12 12 03", "0 2 2 3"),
    "and": (lambda x: np.where((x > 0) & ~(x > 1), x, 0.0), "0 1 2 3", "0 - - 3"),
    "maximum": (lambda x: np.maximum(x, x[0]), "0 01 02 03", "0 0 2 3"),
    "clip": (lambda x: np.clip(x, x[0], 1.0), "0 01 02 03", "0 0 - 3"),
    "max": (lambda x: np.max(x), "0123", "2"),
    "method": (lambda x: x.reshape(2, 2).min(1), "01 23", "1 3"),
    "sort": (np.sort, "0123 0123 0123 0123", "1 0 3 2"),
    "median": (np.median, "0123", "03"),
    "mask": (assigned, "0 01 02 03", "0 0 2 3"),
    "select": (lambda x: np.select([x > 1, x > 0], [x, x[1]]), "01 1 12 13", "1 - 2 1"),
    "choose": (lambda x: np.choose((x > 0).astype(int), [x, x[0]]), "0 01 02 03", "0 1 0 0"),
    "piecewise": (lambda x: np.piecewise(x, [x < 0], [lambda v: v**2, 1.0]), "0 1 2 3", "- 1 - -"),
    "mask as a factor": (lambda x: np.eye(4) @ x * (x > 0), "0 1 2 3", "0 1 2 3"),
    "mask as a matrix": (lambda x: ((x > 0) * 1.0).reshape(2, 2) @ x[:2], "01 01", "01 01"),
    "interp": (lambda x: np.interp(x[:1], [0.0, 1.0, 2.0], x[1:]), "0123", "012"),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_both_branches_or_the_one_taken(name):
    f, everywhere, here = BRANCHES[name]
    for rows, local in ((everywhere, False), (here, True)):
        P, info = da.jacobian_sparsity(f, SMALL, local=local, return_info=True)
        assert ["".join(map(str, np.flatnonzero(row))) or "-" for row in P.toarray()] == rows.split()
        assert info.local is local
        if not local:
            assert not info.followed_branches


FOLLOWED = {
    "if": lambda x: x**2 if x[0] > 0 else x[0],
    "if any": lambda x: x**2 if (x > 0).any() else x[0],
    "if all": lambda x: x**2 if np.all(x < 9) else x[0],
    "truth": lambda x: x if x[0] else 2 * x[:1],
    "chained": lambda x: x if 0 < x[0] < 1 else x[0],
    "min": lambda x: min(x) * x,
    "int": lambda x: x[int(np.floor(x[2]))] * x,
    "float of the value": lambda x: x * float(x.value[0]),
    "boolean index": lambda x: x[x > 0],
    "argsort": lambda x: x[np.argsort(x)],
    "argmax": lambda x: x[x.argmax()] + x,
    "nonzero": lambda x: x[np.nonzero(x > 0)],
    "round": lambda x: x * round(x[2]),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_following_a_branch_is_told(name):
    f = FOLLOWED[name]
    P, info = da.jacobian_sparsity(f, SMALL, return_info=True)
    assert info.followed_branches
    np.testing.assert_array_equal(P.toarray(), nonzeros(f, SMALL))
    assert not da.jacobian_sparsity(np.sin, SMALL, return_info=True)[1].followed_branches


def test_structural_zeros_are_kept():
    np.testing.assert_array_equal(detected(lambda x: 0 * x + np.zeros(4) @ x, SMALL), np.eye(4, dtype=bool))
    stored = scipy.sparse.csr_array((np.zeros(1), ([0], [2])), shape=(1, 4))
    assert detected(lambda x: stored @ x, SMALL).tolist() == [[False, False, True, False]]


# ---- Hessians ------------------------------------------------------------------------------------------------------


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


HESSIANS = {  # functions whose Hessian is nonzero wherever its pattern is
    "linear": lambda x: np.sum(3 * x[::2]) - x.mean(),
    "constant": lambda x: 1.0,
    "rosenbrock": rosenbrock,
    "separable": lambda x: np.sum(np.exp(x) + x**3),
    "product": lambda x: x[0] * x[3] + x[1],
    "quotient": lambda x: np.sum(x[1:3] / x[5:7]),
    "power": lambda x: np.sum(x[:3] ** 1 + x[3:6] ** 3) + x[7] ** 0,
    "dot": lambda x: x[:4] @ x[4:8],
    "quadratic form": lambda x: x[:3] @ (MATRIX[:3] @ x[:3]),
    "root of squares": lambda x: np.linalg.norm(x[2:6]) + x[9] * 2,
    "square of a sum": lambda x: np.sum(x[3:7]) ** 2,
    "loop": lambda x: sum((x[i] * x[i + 2]) for i in range(5)),
    "einsum": lambda x: np.einsum("i,ij,j", x[:2], np.array([[1.0, 0], [2.0, 3.0]]), x[2:4]),
    "outer": lambda x: np.sum(np.outer(x[:2], x[2:5])),
    "deviation": lambda x: np.sum((x[:4] - x[:4].mean()) ** 2),
    "sparse": lambda x: np.sum(np.sin(np.diff(x)[::3])),
    "view": lambda x: np.sum(through_a_view(x)),
    "special": lambda x: np.sum(scipy.special.gammaln(x[3:5] * x[4:6] + 2)),
    "complex": lambda x: np.sum(np.abs(x[:2] + 1j * x[2:4])) + abs(1j * (x[5] + 2j)),
}


@pytest.mark.parametrize("name", HESSIANS)
def test_pattern_is_the_nonzeros_of_the_hessian(name):
    f = HESSIANS[name]
    P = da.hessian_sparsity(f, POINT + 2)
    assert isinstance(P, scipy.sparse.csc_array) and P.dtype == bool and P.has_sorted_indices
    H = np.zeros((12, 12)) if name == "constant" else da.jacobian(da.grad(f))(POINT + 2)
    np.testing.assert_array_equal(P.toarray(), np.abs(H) > 1e-12)


def test_what_does_not_lead_to_the_result_does_not_interact():
    def f(x):
        np.sum(np.exp(x[0] * x[5]))
        y = x.copy()
        y[...] = np.sin(x[0] * x[1])
        y = x * 2
        return y[0] * y[2] + np.where(x[3] * x[4] > 0, y[1], y[2])

    P = da.hessian_sparsity(f, POINT).toarray()
    assert np.argwhere(P).tolist() == [[0, 2], [2, 0]]


def test_local_hessians():
    def f(x):
        return np.sum(np.where(x > 0, x**2, 0.0) + np.maximum(x, 0.5) ** 3)

    assert np.argwhere(da.hessian_sparsity(f, SMALL).toarray()).tolist() == [[k, k] for k in range(4)]


# ---- arguments and results -----------------------------------------------------------------------------------------


def test_containers():
    def f(p, scale, *, shift):
        return {"a": p["u"][0] * p["v"] * scale, "b": [p["u"].sum() + shift, 2.0]}

    x = {"u": np.array([1.0, 2.0]), "v": 3.0}
    P = da.jacobian_sparsity(f, x, 2.0, shift=np.ones(2)).toarray().astype(int)
    assert P.tolist() == [[1, 0, 1], [1, 1, 0], [1, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("x", [2.0, 3, np.float32(1), [1.0, 2.0], np.ones((2, 3)), np.zeros(0), np.arange(3)])
def test_shapes_of_x(x):
    P = da.jacobian_sparsity(lambda x: x * 2, x)
    assert P.shape == (np.size(x), np.size(x)) and P.nnz == np.size(x)


@pytest.mark.parametrize("f", [lambda x: np.zeros(0), lambda x: x[:0], lambda x: np.zeros((0, 3)) @ x, lambda x: ()])
def test_no_results(f):
    assert da.jacobian_sparsity(f, np.ones(3)).shape == (0, 3)


def test_x_is_left_alone():
    x = np.ones(3)

    def f(x):
        x[0] = 5.0
        x += 1
        return x

    assert da.jacobian_sparsity(f, x).nnz == 2
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_arrays_made_inside():
    import dualad.numpy as dnp

    def f(x):
        y = dnp.zeros(4)
        y[0] = x[0] * x[1]
        y[1:3] = dnp.array([x[2], x[3]])
        z = dnp.array(y)
        z[3] += x[1]
        return dnp.asarray(z) + dnp.ones(4)

    assert detected(f, SMALL).astype(int).tolist() == [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]]


def test_plain_numpy_with_interception():
    def f(x):
        y = np.zeros(4)
        for i in range(1, 4):
            y[i] = x[i] - x[i - 1]
        return y

    P = da.jacobian_sparsity(f, SMALL, intercept=True).toarray().astype(int)
    assert P.tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]


def test_inside_another_transform():
    def f(x):
        P = da.jacobian_sparsity(lambda y: y[1:] * x[0], x)
        return x**2 * P.nnz

    np.testing.assert_array_equal(da.jacobian(f)(np.array([1.0, 2.0])), np.diag([2.0, 4.0]))


def test_views_see_what_is_stored_later():
    def f(x):
        y = np.zeros_like(x)
        view, column = y[1:], y.reshape(2, 2)[:, 0]
        y[2] = x[0]
        return np.concatenate([view, column])

    assert [np.flatnonzero(row).tolist() for row in detected(f, SMALL)] == [[], [0], [], [], [0]]


# ---- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: float(x[0]), "float"),
        (lambda x: int(x[0]), "int"),
        (lambda x: np.asarray(x, dtype=float), "dualad.numpy"),
        (lambda x: np.zeros(4)[int(x[0])], "int"),
        (lambda x: np.ones(4)[x], "Tracer"),
        (lambda x: x[x], "index"),
        (lambda x: np.add(x, x, out=np.zeros(4)), "derivative would be lost"),
        (lambda x: np.spacing(x, out=x), "no derivative"),
        (lambda x: np.sum(x, out=np.zeros(())), "derivative would be lost"),
        (lambda x: np.copyto(np.zeros(4), x), "dualad.numpy"),
        (lambda x: np.packbits(x), "does not support"),
        (lambda x: np.bitwise_and(x, 1), "does not support"),
        (lambda x: x.astype(int), "astype"),
        (lambda x: setattr(x, "shape", (2, 2)), "reshape"),
        (lambda x: x.__setitem__(0, 1j), "complex"),
        (lambda x: x.components, "through x.components"),
        (lambda x: da.integrate.solve_ivp(lambda t, y: -y, (0, 1), x).y, "through solve_ivp"),
        (lambda x: da.integrate.quad(lambda t: t * x[0], 0, 1)[0], "through quad"),
        (lambda x: __import__("pickle").dumps(x), "pickle"),
        (lambda x: "text", "returned str"),
    ],
)
def test_errors(f, message):
    with pytest.raises((TypeError, IndexError), match=message):
        da.jacobian_sparsity(f, SMALL)


@pytest.mark.parametrize("function", [np.sort, np.median, np.max, lambda x, axis: np.partition(x, 1, axis=axis)])
def test_local_patterns_at_ties(function):
    x = np.array([1.0, 2.0, 1.0, 1.0, 3.0, 2.0, 5.0, 5.0, 1.0, 2.0, 3.0, 4.0])
    J = np.reshape(da.jacobian(lambda x: function(grid(x), axis=1))(x), (-1, 12))
    P = detected(lambda x: function(grid(x), axis=1), x, local=True)
    assert not np.any((J != 0) & ~P) and not P[:, 4:][0].any()


def test_windows_are_views():
    windows = np.lib.stride_tricks.sliding_window_view

    def moving_sum(x):
        return windows(x, 3) @ np.array([1.0, 1.0, 1.0])

    def blocks(x):
        return windows(grid(x), (2, 2)).sum((2, 3))

    for f in (moving_sum, blocks):
        assert np.array_equal(detected(f), nonzeros(f))


def test_roots_depend_on_all_parameters_of_their_system():
    def f(x):
        return da.optimize.root(lambda y, p: y**3 + y - p, np.ones(2), args=(x[:2],)).x * x[3]

    assert np.array_equal(detected(f, SMALL), [[1, 1, 0, 1]] * 2)
    assert np.array_equal(detected(lambda x: da.optimize.newton(lambda y: y**3 + y - x[1], 1.0), SMALL), [[0, 1, 0, 0]])


def test_storing_into_a_plain_array_gives_advice():
    def f(x):
        y = np.zeros(4)
        y[1] = x[0]

    with pytest.raises((TypeError, ValueError)) as caught:
        da.jacobian_sparsity(f, SMALL)
    assert "would drop the derivative" in error_text(caught.value)


@pytest.mark.parametrize("x", [1j, np.array([1 + 2j]), np.array(["a"]), None, np.array([True])])
def test_x_must_be_real(x):
    with pytest.raises(TypeError, match="x must hold real numbers"):
        da.jacobian_sparsity(lambda x: x, x)


def test_hessians_are_of_one_number():
    with pytest.raises(ValueError, match=r"one number.*\(4,\)"):
        da.hessian_sparsity(lambda x: x**2, SMALL)
    assert da.hessian_sparsity(lambda x: x[:1] ** 2, SMALL).nnz == 1


def test_errors_of_the_function_come_through():
    with pytest.raises(ValueError, match="broadcast"):
        da.jacobian_sparsity(lambda x: x + np.ones(3), SMALL)
    with pytest.raises(IndexError, match="out of bounds"):
        da.jacobian_sparsity(lambda x: x[9], SMALL)
