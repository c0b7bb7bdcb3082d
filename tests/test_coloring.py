"""Colouring against published counts and against its definition, recovery, and errors."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import approx_fprime
from scipy.optimize._numdiff import approx_derivative

import dualad as da

MATRICES = Path(__file__).parent / "data" / "matrices"
ORDERS = ("natural", "largest_first", "smallest_last", "incidence_degree", "dynamic_largest_first")

# ColPack paper, tables VI and VII: colours of the columns and of the rows in the orders above
PUBLISHED = {
    "lp_cre_a": ((360, 360, 360, 360, 360), (16, 14, 14, 14, 14)),
    "lp_ken_11": ((130, 128, 125, 124, 122), (5, 4, 4, 4, 5)),
    "lp_maros_r7": ((74, 70, 83, 90, 114), (72, 100, 80, 88, 113)),
}

# star and acyclic colours with smallest last
PUBLISHED_SYMMETRIC = {"4elt": (9, 6), "can_715": (15, 9), "bcsstk13": (93, 53)}


def load(name):
    with np.load(MATRICES / f"{name}.npz") as held:
        entries = np.ones(len(held["indices"]), bool)
        return sparse.csc_array((entries, held["indices"], held["indptr"]), shape=tuple(held["shape"]))


@st.composite
def patterns(draw, square=False):
    m = draw(st.integers(0, 12))
    n = m if square else draw(st.integers(0, 12))
    density = draw(st.sampled_from([0.05, 0.2, 0.5, 1.0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.random((m, n)) < density, rng.standard_normal((m, n))


@pytest.mark.parametrize("partition", ["column", "row"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_are_the_published_ones(name, partition):
    pattern = load(name)
    counts = tuple(da.coloring(pattern, partition=partition, order=order).verify().ncolors for order in ORDERS)
    assert counts == PUBLISHED[name][partition == "row"]


def test_many_colours():
    found = da.coloring(load("lp_fit2d"), order="natural").verify()
    assert found.ncolors == 10501
    assert found.lower_bound == 10500


def test_full_rows_among_sparse_ones(rng):
    """More colours than there is room for as sets in every row: still those of a plain first fit."""
    m, n = 600, 2500
    pattern = rng.random((m, n)) < 0.002
    pattern[[5, 77, 400]] |= rng.random((3, n)) < 0.7
    near = pattern.T.astype(np.float32) @ pattern.astype(np.float32) > 0
    wanted = np.full(n, -1)
    for j in range(n):
        taken = set(wanted[near[j]]) - {-1}
        wanted[j] = next(c for c in range(n) if c not in taken)
    found = da.coloring(pattern, order="natural")
    assert found.ncolors > 1700
    np.testing.assert_array_equal(found.colors, wanted)


@pytest.mark.parametrize("name", PUBLISHED_SYMMETRIC)
def test_symmetric_counts_are_the_published_ones(name):
    pattern = load(name)
    pattern = pattern + pattern.T
    star = da.coloring(pattern, structure="symmetric", order="smallest_last").verify()
    acyclic = da.coloring(pattern, structure="symmetric", order="smallest_last", decompression="substitution").verify()
    assert (star.ncolors, acyclic.ncolors) <= PUBLISHED_SYMMETRIC[name]
    assert acyclic.ncolors <= PUBLISHED_SYMMETRIC[name][1]


def test_default_keeps_the_best_of_three_orders():
    pattern = load("lp_ken_11")
    tried = [da.coloring(pattern, order=order).ncolors for order in ORDERS[:3]]
    assert da.coloring(pattern).ncolors == min(tried)


def test_random_order_is_the_same_in_every_run():
    pattern = load("ash608")
    first, second = (da.coloring(pattern, order="random", seed=s) for s in (3, 3))
    assert np.array_equal(first.colors, second.colors)
    assert any(not np.array_equal(first.colors, da.coloring(pattern, order="random", seed=s).colors) for s in range(4))


def test_first_fit_is_greedy():
    """Every column has the first colour that no column before it in its rows has."""
    pattern = load("west0067")
    colors = da.coloring(pattern, order="natural").colors
    near = (pattern.T.astype(int) @ pattern.astype(int)).toarray() > 0
    for j in range(len(colors)):
        before = set(colors[:j][near[j, :j]])
        assert colors[j] == next(c for c in range(len(colors)) if c not in before)


@given(patterns(), st.sampled_from([None, "random", *ORDERS]), st.sampled_from(["column", "row", "bidirectional"]))
def test_every_matrix_is_recovered(drawn, order, partition):
    pattern, values = drawn
    matrix = np.where(pattern, values, 0)
    found = da.coloring(pattern, order=order, partition=partition).verify()
    assert found.lower_bound <= found.ncolors
    for format in ("csc", "csr"):
        recovered = found.decompress(found.compress(matrix), format=format)
        assert recovered.format == format
        np.testing.assert_array_equal(recovered.toarray(), matrix)


@given(patterns(square=True), st.sampled_from([None, "random", *ORDERS]), st.booleans())
def test_every_symmetric_matrix_is_recovered(drawn, order, direct):
    pattern, values = drawn
    pattern, matrix = pattern | pattern.T, values + values.T
    matrix = np.where(pattern, matrix, 0)
    kind = "direct" if direct else "substitution"
    found = da.coloring(pattern, order=order, structure="symmetric", decompression=kind).verify()
    assert found.lower_bound <= found.ncolors
    for format in ("csc", "csr"):
        recovered = found.decompress(found.compress(matrix), format=format).toarray()
        np.testing.assert_allclose(recovered, matrix, rtol=1e-9, atol=1e-9)


def test_arrow_needs_few_colours_in_both_directions():
    arrow = np.eye(50, dtype=bool)
    arrow[0] = arrow[:, 0] = True
    assert da.coloring(arrow).ncolors == 50
    assert da.coloring(arrow, partition="bidirectional").verify().ncolors == 3
    assert da.coloring(arrow[:, ::-1], partition="bidirectional").verify().ncolors == 3
    assert da.coloring(arrow, structure="symmetric").verify().ncolors == 2


def test_lines_without_entries():
    pattern = np.zeros((4, 3), bool)
    pattern[1, 1] = True
    assert da.coloring(pattern).ncolors == 1
    for shape in ((0, 0), (0, 3), (3, 0)):
        for partition in ("column", "row", "bidirectional"):
            found = da.coloring(np.zeros(shape), partition=partition).verify()
            assert found.decompress(found.compress(np.zeros(shape))).shape == shape
    empty = da.coloring(np.zeros((3, 3)), structure="symmetric").verify()
    assert empty.ncolors == 0
    assert list(empty.colors) == [-1, -1, -1]


def test_forms_of_a_pattern():
    dense = np.array([[1, 0, 2], [0, 3, 0]])
    repeated = sparse.coo_array(([1, 1, 1, 1], ([0, 0, 0, 1], [0, 2, 2, 1])), shape=(2, 3))
    stored_zero = sparse.csc_array(([0.0, 3.0, 0.0], ([0, 1, 0], [0, 1, 2])), shape=(2, 3))
    for pattern in (dense, dense.tolist(), dense != 0, sparse.csr_matrix(dense), repeated, stored_zero):
        found = da.coloring(pattern)
        assert found.pattern.dtype == bool
        np.testing.assert_array_equal(found.pattern.toarray(), dense != 0)
        assert list(found.colors) == [0, 0, 1]
    wide = sparse.csc_array(dense)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    assert list(da.coloring(wide).colors) == [0, 0, 1]


@pytest.mark.parametrize(
    ("pattern", "kwargs", "error", "text"),
    [
        ("text", {}, TypeError, "pattern must be"),
        (np.ones(3), {}, ValueError, "two dimensions"),
        (np.ones((2, 2)), {"partition": "columns"}, ValueError, "partition must be one of 'column'"),
        (np.ones((2, 2)), {"structure": "sym"}, ValueError, "structure must be one of"),
        (np.ones((2, 2)), {"order": "best"}, ValueError, "order must be one of 'natural'"),
        (np.ones((2, 2)), {"order": 3}, ValueError, "order must be one of"),
        (np.ones((2, 2)), {"decompression": "indirect"}, ValueError, "decompression must be one of"),
        (np.ones((2, 2)), {"decompression": "substitution"}, ValueError, "needs structure='symmetric'"),
        (np.ones((2, 2)), {"partition": "row", "structure": "symmetric"}, ValueError, "partition='column'"),
        (np.ones((2, 3)), {"structure": "symmetric"}, ValueError, r"square, but it has shape \(2, 3\)"),
        (np.eye(3, k=1), {"structure": "symmetric"}, ValueError, r"entry \(0, 1\) but not \(1, 0\)"),
        (np.eye(3, k=-2), {"structure": "symmetric"}, ValueError, r"entry \(2, 0\) but not \(0, 2\)"),
    ],
)
def test_bad_input(pattern, kwargs, error, text):
    with pytest.raises(error, match=text):
        da.coloring(pattern, **kwargs)


def test_damaged_index_arrays_are_refused():
    pattern = sparse.csc_array(np.eye(3))
    pattern.indices[1] = 7
    with pytest.raises(ValueError, match="out of range"):
        da.coloring(pattern)


def test_compressed_matrices_of_the_wrong_shape():
    found = da.coloring(np.eye(3))
    with pytest.raises(ValueError, match=r"has shape \(2, 3\)"):
        found.compress(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"needs \(3, 1\)"):
        found.decompress(np.ones((1, 3)))
    with pytest.raises(ValueError, match="format must be 'csc' or 'csr'"):
        found.decompress(np.ones((3, 1)), format="coo")


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"partition": "row"},
        {"partition": "bidirectional"},
        {"structure": "symmetric"},
        {"structure": "symmetric", "decompression": "substitution"},
    ],
)
def test_verify_finds_a_wrong_colour(kwargs):
    pattern = np.eye(6, dtype=bool) | np.eye(6, k=1, dtype=bool) | np.eye(6, k=-1, dtype=bool)
    found = da.coloring(pattern, **kwargs)
    for colors in found.colors if isinstance(found.colors, tuple) else (found.colors,):
        colors[:] = 0
    with pytest.raises(ValueError, match="the colouring"):
        found.verify()


def test_verify_finds_a_cycle_of_two_colours():
    ring = np.roll(np.eye(6, dtype=bool), 1, axis=0)
    pattern = ring | ring.T | np.eye(6, dtype=bool)
    found = da.coloring(pattern, structure="symmetric", decompression="substitution")
    found.colors[:] = [0, 1, 0, 1, 0, 1]
    with pytest.raises(ValueError, match="cycle of two colours"):
        found.verify()


def test_a_coloring_is_pickled_and_printed():
    found = da.coloring(np.eye(4) + np.eye(4, k=-1), structure="nonsymmetric")
    again = pickle.loads(pickle.dumps(found))
    assert np.array_equal(again.colors, found.colors)
    assert str(again) == str(found)
    assert str(found).startswith("2 colours for 4 columns")
    assert "rows 1, 2 and 3 have 2 entries each" in str(found)
    assert "4 x 4 pattern: 2 colours" in repr(found)
    one = np.eye(4, dtype=bool)
    one[2] = True
    assert "row 2 has 4 entries" in da.coloring(one).explain()
    assert "column 2 has 4 entries" in da.coloring(one.T, partition="row").explain()
    assert "no row has entries" in str(da.coloring(np.zeros((2, 2))))


def test_groups_are_those_of_scipy():
    def f(x):
        return np.concatenate(([x[0] ** 2], x[1:] ** 2 * x[:-1]))

    x = np.linspace(1, 2, 7)
    pattern = sparse.csc_array(np.eye(7) + np.eye(7, k=-1))
    found = da.coloring(pattern)
    differences = approx_derivative(f, x, method="3-point", sparsity=(pattern, found.groups))
    np.testing.assert_allclose(differences.toarray(), approx_fprime(x, f), atol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_both_sides_never_need_more_than_one(seed):
    rng = np.random.default_rng(seed)
    pattern = rng.random(rng.integers(1, 12, 2)) < rng.choice([0.05, 0.2, 0.5])
    one_sided = [da.coloring(pattern, partition=p).ncolors for p in ("column", "row")]
    assert da.coloring(pattern, partition="bidirectional").verify().ncolors <= min(one_sided)
