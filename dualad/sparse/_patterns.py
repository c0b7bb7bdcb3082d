"""What a user may give as a sparsity pattern, as one form: boolean, by columns, ascending, every stored entry True."""

import numpy as np
from scipy import sparse


def as_pattern(pattern, name="pattern"):
    """A pattern as a csc_array of bool in canonical form; stored zeros count as entries."""
    if sparse.issparse(pattern):
        if pattern.ndim != 2:
            raise ValueError(f"{name} must have two dimensions, not {pattern.ndim}")
        matrix = sparse.csc_array(pattern)
        ordered = pattern if pattern.format == "csc" else matrix
    else:
        try:
            dense = np.asarray(pattern)
        except ValueError:  # a ragged list
            dense = np.empty(0, object)
        if dense.dtype.kind not in "biufc":
            raise TypeError(
                f"{name} must be a scipy.sparse array or a two-dimensional array of zeros and nonzeros, "
                f"not {type(pattern).__name__}"
            )
        if dense.ndim != 2:
            raise ValueError(f"{name} must have two dimensions, not {dense.ndim}")
        matrix = ordered = sparse.csc_array(dense != 0)
    stored = np.ones(len(matrix.indices), bool)
    matrix = sparse.csc_array((stored, matrix.indices, matrix.indptr), shape=matrix.shape)
    if ordered.has_canonical_format:
        matrix.has_sorted_indices = matrix.has_canonical_format = True
    else:
        matrix = sparse.csc_array(matrix, copy=True)
        matrix.sum_duplicates()
        matrix.data[:] = True
    return matrix


def columns_of(pattern):
    """The column of every entry of a pattern stored by columns."""
    return np.repeat(np.arange(pattern.shape[1]), np.diff(pattern.indptr))


def same_pattern(a, b):
    """Whether two canonical patterns have the same shape and entries."""
    return a.shape == b.shape and np.array_equal(a.indptr, b.indptr) and np.array_equal(a.indices, b.indices)


def names(indices, what, most=5):
    """'rows 3, 7 and 9' for a message, shortened when there are many."""
    shown = [str(int(i)) for i in indices[:most]]
    if len(indices) == 1:
        return f"{what} {shown[0]}"
    if len(indices) > most:
        return f"{what}s {', '.join(shown)} and {len(indices) - most} more"
    return f"{what}s {', '.join(shown[:-1])} and {shown[-1]}"
