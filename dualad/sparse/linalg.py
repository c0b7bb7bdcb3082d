"""Sparse linear systems with derivatives: one factorisation by SuperLU for the values and all directions.

What is not here is taken from scipy.sparse.linalg.
"""

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as _scipy

from dualad._core.tracer import Tracer
from dualad.linalg._tools import depends_on_all
from dualad.rules.algebra import innermost, is_number
from dualad.rules.formula import array
from dualad.rules.implicit import in_columns, solve_columns
from dualad.rules.matrices import Compressed, csc_array, csr_array
from dualad.rules.packing import pack_if_needed

__all__ = ["SuperLU", "factorized", "splu", "spsolve"]


def __getattr__(name):
    """What is not here is SciPy's."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_scipy, name)


def __dir__():
    return sorted({*globals(), *dir(_scipy)})


def _matrix(A, name):
    """A square matrix of our class."""
    if not isinstance(A, Compressed):
        A = (csr_array if sp.issparse(A) and A.format == "csr" else csc_array)(A)
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"{name}: the matrix must be square, but has shape {A.shape}")
    return A


def _product(matrix):
    """A' x for stacks of columns."""
    return lambda t, x, *_: np.stack([in_columns(matrix.with_data(d).__matmul__)(x) for d in t])


def _solver(lu, dtype, trans="N"):
    """SuperLU's solve for columns of any kind."""

    def solve(columns):
        columns = np.asarray(columns)
        if np.iscomplexobj(columns) and np.dtype(dtype).kind != "c":
            return lu.solve(np.ascontiguousarray(columns.real), trans) + 1j * lu.solve(
                np.ascontiguousarray(columns.imag), trans)
        return lu.solve(np.ascontiguousarray(columns, np.result_type(columns, dtype)), trans)

    return solve


def _right_hand_side(b, rows, name):
    if sp.issparse(b) or isinstance(b, Compressed):
        raise TypeError(f"{name}: a sparse right-hand side is not supported with derivatives: use b.toarray()")
    b = array(pack_if_needed(b))
    if np.ndim(b) not in (1, 2) or np.shape(b)[0] != rows:
        raise ValueError(f"{name}: the right-hand side has shape {np.shape(b)}, but the matrix has {rows} rows")
    return b


def spsolve(A, b, permc_spec=None, use_umfpack=True):
    """Solve A x = b for a sparse matrix, as `scipy.sparse.linalg.spsolve` does.

    Parameters
    ----------
    A : sparse array, `dualad.sparse.csc_array` or `dualad.sparse.csr_array`, shape (n, n)
        The matrix, plain or with derivatives.
    b : (n,) or (n, m) array_like or number
        The right-hand side.
    permc_spec : str, optional
        How to permute the columns.
    use_umfpack : bool, optional
        Whether SciPy may take UMFPACK for the value.

    Returns
    -------
    x : array or number
        SciPy's solution, with shape (n,) if b is one column; A x' = b' - A' x by one factorisation.

    Raises
    ------
    ValueError
        If shapes do not match.
    TypeError
        If b is sparse and something has derivatives.
    RuntimeError
        If the matrix is singular.

    Notes
    -----
    J. W. Demmel et al., "A supernodal approach to sparse partial pivoting", SIAM J. Matrix Anal. Appl. 20, 1999.

    Examples
    --------
    >>> import dualad as da
    >>> def f(t):
    ...     A = da.sparse.csc_array(([t, 2.0], ([0, 1], [0, 1])))
    ...     return da.sparse.linalg.spsolve(A, [1.0, 1.0])
    >>> da.jvp(lambda t: f(t)[0], (4.0,), (1.0,))
    (np.float64(0.25), np.float64(-0.0625))
    """
    b = pack_if_needed(b)
    if not is_number(b) and not isinstance(A, Compressed):
        return _scipy.spsolve(A, b, permc_spec, use_umfpack)
    A = _matrix(A, "spsolve")
    b = _right_hand_side(b, A.shape[0], "spsolve")
    if np.ndim(b) == 2 and np.shape(b)[1] == 1:
        b = np.reshape(b, (-1,))
    lead = innermost(A.data, b)
    if lead is None:
        return _scipy.spsolve(A.value, b, permc_spec, use_umfpack)
    if type(lead) is Tracer:
        return depends_on_all(lead, lambda data, b: spsolve(A.with_data(data), b), [A.data, b], {})

    def own(data, b):
        x = _scipy.spsolve(A.with_data(data).value, b, permc_spec, use_umfpack)
        return np.reshape(x, np.shape(b))

    def factorise(data):
        return in_columns(_solver(_scipy.splu(A.value.tocsc(), permc_spec), A.dtype))

    return solve_columns((A.data,), b, own, factorise, (_product(A),))


class SuperLU:
    """LU factors of a sparse matrix with derivatives, made by `splu`.

    Attributes
    ----------
    shape : (int, int)
        The shape of the matrix.
    lu : scipy.sparse.linalg.SuperLU
        SciPy's factors of the values.

    Examples
    --------
    >>> import dualad as da
    >>> lu = da.sparse.linalg.splu(da.sparse.csc_array(([4.0, 2.0], ([0, 1], [0, 1]))))
    >>> da.jvp(lu.solve, ([1.0, 1.0],), ([1.0, 0.0],))
    (array([0.25, 0.5 ]), array([0.25, 0.  ]))
    """

    def __init__(self, matrix, lu):
        self._matrix, self.lu, self.shape = matrix, lu, matrix.shape

    def __repr__(self):
        return f"<SuperLU of {self._matrix!r}>"

    def solve(self, rhs, trans="N"):
        """Solve A x = rhs, with trans 'T' or 'H' A^T x = rhs or A^H x = rhs.

        Parameters
        ----------
        rhs : (n,) or (n, m) array_like or number
            The right-hand side.
        trans : {'N', 'T', 'H'}, optional
            Which system.

        Returns
        -------
        x : array or number of rhs's shape
            The solution.

        Raises
        ------
        ValueError
            If the shape of rhs does not fit, or trans is none of the three.
        """
        b = _right_hand_side(rhs, self.shape[0], "SuperLU.solve")
        if trans not in ("N", "T", "H"):
            raise ValueError(f"trans must be 'N', 'T' or 'H', not {trans!r}")
        solve = _solver(self.lu, self._matrix.dtype, trans)
        matrix = self._matrix
        matrix = matrix if trans == "N" else matrix.transpose() if trans == "T" else matrix.transpose().conj()
        lead = innermost(matrix.data, b)
        if lead is None:
            return solve(b)
        if type(lead) is Tracer:
            return depends_on_all(lead, lambda data, b: splu(self._matrix.with_data(data)).solve(b, trans),
                                  [self._matrix.data, b], {})
        return solve_columns((matrix.data,), b, lambda _, b: solve(b), lambda _: in_columns(solve), (_product(matrix),))


def splu(A, permc_spec=None, diag_pivot_thresh=None, relax=None, panel_size=None, options=None):
    """Factorise a sparse matrix, as `scipy.sparse.linalg.splu` does.

    Parameters
    ----------
    A : sparse array, `dualad.sparse.csc_array` or `dualad.sparse.csr_array`, shape (n, n)
        The matrix, plain or with derivatives.
    permc_spec, diag_pivot_thresh, relax, panel_size, options : optional
        As SciPy has them.

    Returns
    -------
    lu : SuperLU
        With a method ``solve`` that takes and returns numbers with derivatives.

    Raises
    ------
    ValueError
        If the matrix is not square.
    RuntimeError
        If it is singular.

    Notes
    -----
    J. W. Demmel et al. 1999, see `spsolve`. All derivatives come from the factors of the values: A x' = b' - A' x.

    Examples
    --------
    >>> import dualad as da
    >>> def f(t):
    ...     A = da.sparse.csc_array(([t, 2.0], ([0, 1], [0, 1])))
    ...     return da.sparse.linalg.splu(A).solve([1.0, 1.0])
    >>> da.jvp(lambda t: f(t)[0], (4.0,), (1.0,))
    (np.float64(0.25), np.float64(-0.0625))
    """
    A = _matrix(A, "splu")
    own = _scipy.splu(A.value.tocsc(), permc_spec, diag_pivot_thresh, relax, panel_size, options or {})
    return SuperLU(A, own)


def factorized(A):
    """The function that solves A x = b for one sparse matrix, as `scipy.sparse.linalg.factorized` makes it.

    Parameters
    ----------
    A : sparse array, `dualad.sparse.csc_array` or `dualad.sparse.csr_array`, shape (n, n)
        The matrix, plain or with derivatives.

    Returns
    -------
    solve : callable
        ``solve(b)`` for plain right-hand sides and such with derivatives.

    Raises
    ------
    ValueError
        If the matrix is not square.
    RuntimeError
        If it is singular.

    Notes
    -----
    J. W. Demmel et al. 1999, see `spsolve`. All derivatives come from the factors of the values: A x' = b' - A' x.

    Examples
    --------
    >>> import dualad as da
    >>> solve = da.sparse.linalg.factorized(da.sparse.csc_array(([4.0, 2.0], ([0, 1], [0, 1]))))
    >>> da.jvp(solve, ([1.0, 1.0],), ([1.0, 0.0],))[1]
    array([0.25, 0.  ])
    """
    return splu(A).solve
