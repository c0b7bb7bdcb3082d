"""Recovery: where each entry of a matrix stands in its compressed form, computed once, read in one pass.

A compressed matrix is one flat array: for each colour of the columns the sum of its columns, m numbers, then for each
colour of the rows the sum of its rows, n numbers.
"""

import numpy as np
from scipy import sparse

from dualad._core.coloring import gather, scatter, solve_by_substitution
from dualad._core.number import Number, empty_components, rewrap
from dualad.rules import matrices
from dualad.sparse._patterns import columns_of

FORMATS = {"csc": sparse.csc_array, "csr": sparse.csr_array}

_OF_NUMBERS = {"csc": matrices.csc_array, "csr": matrices.csr_array}

_FLOAT64 = np.dtype(np.float64)


def check_format(format):
    """Raises ValueError for a format that matrices cannot have."""
    if format not in FORMATS:
        raise ValueError(f"format must be 'csc' or 'csr', not {format!r}")


class Recovery:
    """How the entries of a pattern, in the order of a format, are read from a compressed matrix.

    With substitution, `index` reads the diagonal, at the places `diagonal`; entry s of `read` the s-th step.
    """

    def __init__(self, coloring, format="csc"):
        check_format(format)
        self.format, self.shape, self.sides = format, coloring.shape, coloring.sides
        pattern, (m, n) = coloring.pattern, coloring.shape
        by_columns, by_rows = self.sides
        self.column_colors, self.row_colors = (0 if c is None else int(c.max(initial=-1)) + 1 for c in self.sides)
        self.size = self.column_colors * m + self.row_colors * n
        self.steps = None
        if coloring.decompression == "substitution":
            self.steps, self.mate = coloring.details
            index = self._plan_substitution(coloring)
        else:
            index = self._positions(coloring)
        places = self._store(pattern)
        if places is not None and self.steps is None:
            index = index[places]
        small = max(self.size, len(index)) <= np.iinfo(np.int32).max
        self.index = np.ascontiguousarray(index, np.int32 if small else np.int64)

    def _store(self, pattern):
        """Takes over the index arrays; for CSR returns the place of each entry among those by columns."""
        if self.format == "csc":
            self.indices, self.indptr = pattern.indices, pattern.indptr
            return None
        places = sparse.csc_array((np.arange(pattern.nnz), pattern.indices, pattern.indptr), shape=pattern.shape)
        by_rows = places.tocsr()
        self.indices, self.indptr = by_rows.indices, by_rows.indptr
        return by_rows.data

    def _positions(self, coloring):
        """Where the compressed matrix holds each entry of the pattern, by columns."""
        m, n = self.shape
        by_columns, by_rows = self.sides
        rows, columns = coloring.pattern.indices.astype(np.int64), columns_of(coloring.pattern)
        if coloring.structure == "symmetric":
            reader = coloring.details
            return by_columns[rows + columns - reader] * n + reader
        if by_rows is None:
            return by_columns[columns] * m + rows
        across = self.column_colors * m + by_rows[rows] * n + columns
        return across if by_columns is None else np.where(coloring.details, by_columns[columns] * m + rows, across)

    def _plan_substitution(self, coloring):
        """A step reads the leaf's row in the parent's colour, the diagonal is read where it stands."""
        rows, columns = coloring.pattern.indices, columns_of(coloring.pattern)
        entry, n = self.steps[0], self.shape[0]
        self.read = np.ascontiguousarray(coloring.colors[rows[entry]] * n + columns[entry])
        self.diagonal = np.flatnonzero(rows == columns)
        at = columns[self.diagonal]
        return coloring.colors[at] * n + at

    def flatten(self, compressed):
        """The flat form of what `Coloring.compress` returns."""
        (m, n), (by_columns, by_rows) = self.shape, self.sides
        wanted = [] if by_columns is None else [(m, self.column_colors)]
        wanted += [] if by_rows is None else [(self.row_colors, n)]
        parts = [np.asarray(p) for p in (compressed if isinstance(compressed, tuple) else (compressed,))]
        if [p.shape for p in parts] != wanted:
            raise ValueError(
                f"compressed has the shape {' and '.join(str(p.shape) for p in parts)}, but the colouring needs "
                f"{' and '.join(map(str, wanted))}"
            )
        if by_columns is not None:
            parts[0] = parts[0].T
        return np.concatenate([p.ravel() for p in parts])

    def values(self, flat, out=None):
        """The entries in the order of the format, from a flat compressed matrix, which may be a number."""
        if isinstance(flat, Number):
            return flat[self.index] if self.steps is None else self._values_by_components(flat)
        if flat.dtype != _FLOAT64:
            return self._values_of_others(flat)
        entries = len(self.indices)
        data = empty_components((entries,), _FLOAT64) if out is None else out
        if self.steps is None:
            gather(data, flat, self.index)
            return data
        data[self.diagonal] = flat[self.index]
        solve_by_substitution(data, flat, self.read, self.steps, self.mate)
        return data

    def _values_by_components(self, flat):
        return rewrap(flat, np.stack([self.values(c) for c in flat.components]))

    def _values_of_others(self, flat):
        if self.steps is None:
            return flat[self.index]
        if flat.dtype.kind == "c":
            return self.values(np.ascontiguousarray(flat.real)) + 1j * self.values(np.ascontiguousarray(flat.imag))
        return self.values(flat.astype(_FLOAT64)).astype(flat.dtype)

    def chunk(self, first, count):
        """Places of the entries that colours first, ..., first + count - 1 of the columns give, and where these
        colours alone hold them."""
        m = self.shape[0]
        here = np.flatnonzero((self.index >= first * m) & (self.index < (first + count) * m)) if m else np.arange(0)
        return here.astype(self.index.dtype), self.index[here] - self.index.dtype.type(first * m)

    def matrix(self, values):
        """A sparse matrix of these entries, with index arrays of its own."""
        return make_matrix(self.format, values, self, self.shape)


class AddingRecovery:
    """As Recovery, for a matrix whose entries are sums of those that a colouring of other rows gives."""

    def __init__(self, recovery, pattern, rows, columns, format):
        check_format(format)
        self.format, self.shape, self.column_colors = format, pattern.shape, recovery.column_colors
        m, n = pattern.shape
        stored = pattern if format == "csc" else pattern.tocsr()
        self.indices, self.indptr = stored.indices, stored.indptr
        major, minor = (columns, rows) if format == "csc" else (rows, columns)
        width = m if format == "csc" else n
        keys = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr)) * width + self.indices
        at = np.searchsorted(keys, major.astype(np.int64) * width + minor)
        self.adding = sparse.csr_array((np.ones(len(at)), (at, recovery.index)), shape=(len(keys), recovery.size))
        self.index = self.adding.indices

    def values(self, flat, out=None):
        """The entries in the order of the format."""
        data = self.adding @ flat
        if isinstance(data, Number):
            return data
        data = data.astype(flat.dtype, copy=False)
        if out is None:
            return data
        out[:] = data
        return out

    def matrix(self, values):
        """A sparse matrix of these entries, with index arrays of its own."""
        return make_matrix(self.format, values, self, self.shape)


def make_matrix(format, values, pattern, shape):
    """A sparse matrix of a format with these entries; one of numbers, if they are."""
    index = pattern.indices.copy(), pattern.indptr.copy()
    if isinstance(values, Number):
        return _OF_NUMBERS[format]((values, *index), shape)
    made = FORMATS[format]((values, *index), shape=shape)
    made.has_sorted_indices = made.has_canonical_format = True
    return made


def put_chunk(data, target, flat, index):
    """data[target] = flat[index], in C where the numbers are double."""
    if data.dtype == _FLOAT64 and flat.dtype == _FLOAT64:
        scatter(data, target, flat, index)
    else:
        data[target] = flat[index]
