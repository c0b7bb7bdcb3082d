"""Linear systems with the Jacobian: LU factors, dense or banded by LAPACK or sparse by SuperLU, and ways without."""

import numpy as np
from scipy import linalg, sparse
from scipy.linalg import lapack
from scipy.sparse import linalg as sparse_linalg

from dualad._core.number import all_finite

EPS = np.finfo(np.float64).eps
_FULL_BAND = 4
"""Up to how many places of a band for each entry the band is factorised as a whole."""
_WORTH_A_LOOK = 4_000
"""From how many entries on the best order of elimination is worth finding out."""


class Singular(Exception):
    """The matrix has no inverse, or holds entries that are not finite."""


class Factor:
    """LU factors of a square matrix; raises `Singular` if there are none."""

    def __init__(self, matrix):
        dense = isinstance(matrix, np.ndarray)
        if not all_finite(matrix if dense else matrix.data):
            raise Singular("the Jacobian holds NaN or infinite entries")
        self.matrix = matrix
        self._solve = self._dense(matrix) if dense else self._sparse(matrix)

    @staticmethod
    def _sparse(matrix):
        matrix = matrix if matrix.format == "csc" else sparse.csc_array(matrix)
        solve = _banded(matrix)
        if solve is not None:
            return solve
        # on a symmetric pattern this order leaves less fill than the default for any pattern
        order = "MMD_AT_PLUS_A" if matrix.nnz > _WORTH_A_LOOK and _symmetric(matrix) else "COLAMD"
        try:
            return sparse_linalg.splu(matrix, permc_spec=order).solve
        except RuntimeError:
            raise Singular("the Jacobian is singular") from None

    @staticmethod
    def _dense(matrix):
        if not matrix.size:
            return np.copy
        lu, pivots, info = lapack.dgetrf(matrix)
        if info > 0:
            raise Singular("the Jacobian is singular")
        return lambda b: lapack.dgetrs(lu, pivots, b)[0]

    def solve(self, b):
        """The x with matrix @ x = b, for b of shape (n,) or (n, m)."""
        return self._solve(b)

    def rows(self, b):
        """The same for right-hand sides along the last axis of b."""
        flat = np.ascontiguousarray(b.reshape(-1, b.shape[-1]).T)
        return self._solve(flat).T.reshape(b.shape)


def _banded(matrix):
    """What solves with the LU factors of a CSC array whose entries fill a narrow band; None for any other.

    LAPACK's gbtrf works in kl more diagonals, which pivoting fills.
    """
    n = matrix.shape[1]
    columns = np.repeat(np.arange(n), np.diff(matrix.indptr))
    offsets = matrix.indices - columns
    below, above = max(np.max(offsets, initial=0), 0), max(-np.min(offsets, initial=0), 0)
    rows = 2 * below + above + 1
    if rows * n > _FULL_BAND * matrix.nnz or matrix.dtype != np.float64:
        return None
    band = np.zeros(rows * n)
    np.add.at(band, columns * rows + offsets + below + above, matrix.data)
    lu, pivots, info = lapack.dgbtrf(band.reshape(rows, n, order="F"), below, above, overwrite_ab=True)
    if info > 0:
        raise Singular("the Jacobian is singular")
    return lambda b: lapack.dgbtrs(lu, below, above, b, pivots)[0]


def _symmetric(matrix):
    """Whether the entries of a CSC array lie symmetrically."""
    mirrored = matrix.T.tocsc()
    return np.array_equal(mirrored.indptr, matrix.indptr) and np.array_equal(mirrored.indices, matrix.indices)


def column_norms(matrix):
    """Euclidean norms of the columns, 1 for columns of zeros."""
    if sparse.issparse(matrix):
        norms = np.sqrt(np.asarray(matrix.power(2).sum(axis=0)).ravel())
    else:
        norms = np.linalg.norm(matrix, axis=0)
    return np.where(norms > 0, norms, 1.0)


def nearest(matrix, b):
    """The smallest x that minimises |matrix x - b|, from QR factors if they tell that there is only one."""
    rows, columns = matrix.shape
    if rows >= columns > 0:
        factors, x, _ = lapack.dgels(matrix, b)
        pivots = [abs(r) for r in factors.diagonal().tolist()]
        if min(pivots) > EPS * rows * max(pivots):
            return x[:columns]
    return np.linalg.lstsq(matrix, b, rcond=None)[0]


def damped_step(matrix, f, scale, damping):
    """The s that minimises |f + matrix s|^2 + damping |scale s|^2."""
    if sparse.issparse(matrix):
        normal = matrix.T @ matrix + sparse.diags_array(damping * scale**2)
        return Factor(sparse.csc_array(normal)).solve(-(matrix.T @ f))
    stacked = np.vstack([matrix / scale, np.sqrt(damping) * np.eye(scale.size)])
    if not all_finite(stacked):
        raise Singular("the Jacobian holds NaN or infinite entries")
    right = np.concatenate([-f, np.zeros(scale.size)])
    return linalg.lstsq(stacked, right, check_finite=False)[0] / scale
