"""Factors that are kept and used again: LU and Cholesky."""

import numpy as np
import scipy.linalg

from dualad.linalg._solve import solve_triangular
from dualad.linalg._tools import adjoint, from_formula, from_rule, swap
from dualad.rules.algebra import innermost, join, primal, split
from dualad.rules.formula import array
from dualad.rules.implicit import in_columns


def left_divide(a, stack, lower, unit_diagonal=False):
    """inv(a) X for a triangular matrix and a stack (K, ..., n, m)."""
    if np.ndim(a) == 2:
        return in_columns(lambda c: solve_triangular(a, c, lower=lower, unit_diagonal=unit_diagonal))(stack)
    return in_columns(lambda c: np.linalg.solve(a, c), np.ndim(a))(stack)


def lu_tangents(lower, upper, t):
    """L' and U' of B = L U for a stack of tangents B' (K, ..., m, n).

    With M = inv(L) B' inv(U) for the leading square blocks, L' = L M's strictly lower part, U' = M's upper part U; the
    rest of the longer factor follows from B' = L' U + L U'.
    """
    k = np.shape(lower)[-1]
    square_lower, square_upper = lower[..., :k, :], upper[..., :k]
    middle = left_divide(square_lower, t[..., :k, :k], True, True)
    middle = swap(left_divide(swap(square_upper), swap(middle), True))
    lower_dot = np.matmul(square_lower, np.tril(middle, -1))
    upper_dot = np.matmul(np.triu(middle), square_upper)
    if np.shape(lower)[-2] > k:
        rest = t[..., k:, :k] - np.matmul(lower[..., k:, :], upper_dot)
        lower_dot = np.concatenate([lower_dot, swap(left_divide(swap(square_upper), swap(rest), True))], -2)
    if np.shape(upper)[-1] > k:
        rest = t[..., :k, k:] - np.matmul(lower_dot[..., :k, :], upper[..., k:])
        upper_dot = np.concatenate([upper_dot, left_divide(square_lower, rest, True, True)], -1)
    return lower_dot, upper_dot


def _permutation(piv, n):
    """The order of the rows after LAPACK's exchanges."""
    order = np.arange(n)
    for i, j in enumerate(piv):
        order[[i, j]] = order[[j, i]]
    return order


@from_rule(scipy.linalg.lu_factor)
def lu_factor(a, overwrite_a=False, check_finite=True):
    """LU factors with pivoting in one array, as `scipy.linalg.lu_factor` gives them.

    Parameters
    ----------
    a : (m, n) array_like or number
        The matrix.
    overwrite_a : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    lu : (m, n) array or number
        U in the upper triangle, L without its diagonal of ones below.
    piv : (min(m, n),) array
        Row i was exchanged with row piv[i].

    Raises
    ------
    ValueError
        If a is not a matrix.
    LinAlgError
        If its leading square block is singular, so that the factors have no derivative.

    Notes
    -----
    The derivatives are those of S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions
    with application in optimum experimental design", 2010.

    Examples
    --------
    >>> import dualad as da
    >>> A = [[4.0, 2.0], [2.0, 5.0]]
    >>> da.jvp(lambda a: da.linalg.lu_factor(a)[0], (A,), ([[1.0, 0.0], [0.0, 0.0]],))
    (array([[4. , 2. ],
           [0.5, 4. ]]), array([[ 1.   ,  0.   ],
           [-0.125,  0.25 ]]))
    """
    if a.ndim != 2:
        raise ValueError(f"lu_factor takes one matrix with derivatives, not an array of shape {a.shape}")
    lead = innermost(a)
    a0, t = split(a, lead.level)
    lu, piv = lu_factor(a0, check_finite=check_finite)
    if t is not None and a.size:
        m, n = a.shape
        k = min(m, n)
        lower = np.tril(lu, -1)[:, :k] + np.eye(m, k)
        lower_dot, upper_dot = lu_tangents(lower, np.triu(lu)[:k], t[:, _permutation(piv, m)])
        t = _padded(lower_dot, m, n) + _padded(upper_dot, m, n)
    return join(lead, lu, t), piv


def _padded(t, m, n):
    """Zeros below or on the right, up to matrices (m, n)."""
    k, p, q = t.shape
    t = np.concatenate([t, np.zeros((k, m - p, q))], 1) if p < m else t
    return np.concatenate([t, np.zeros((k, m, n - q))], 2) if q < n else t


@from_formula(scipy.linalg.lu_solve)
def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    """Solve a x = b with the factors of `lu_factor`, as `scipy.linalg.lu_solve` does.

    Parameters
    ----------
    lu_and_piv : (lu, piv)
        What `lu_factor` returned.
    b : (n,) or (n, m) array_like or number
        The right-hand side.
    trans : {0, 1, 2}, optional
        Solve a x = b, a^T x = b or a^H x = b.
    overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    x : array or number of b's shape
        The solution; derivatives of the factors and of b are carried through both triangular systems.

    Raises
    ------
    ValueError
        If shapes do not match.

    Notes
    -----
    Each triangular system is solved as an equation of its own: M. B. Giles 2008 (see `solve`), section 2.3.1.

    Examples
    --------
    >>> import dualad as da
    >>> factors = da.linalg.lu_factor([[4.0, 2.0], [2.0, 5.0]])
    >>> da.jvp(lambda b: da.linalg.lu_solve(factors, b), ([8.0, 4.0],), ([16.0, 0.0],))
    (array([2., 0.]), array([ 5., -2.]))
    """
    (lu, piv), b = lu_and_piv, array(b)
    order = _permutation(primal(piv), np.shape(b)[0])
    if trans == 0:
        return solve_triangular(lu, solve_triangular(lu, b[order], lower=True, unit_diagonal=True))
    x = solve_triangular(lu, solve_triangular(lu, b, trans=trans), trans=trans, lower=True, unit_diagonal=True)
    return x[np.argsort(order)]


_KEEPS_THE_OTHER_TRIANGLE = bool(scipy.linalg.cho_factor(np.array([[1.0, 0.0], [0.5, 1.0]]))[0][1, 0])


@from_formula(scipy.linalg.cho_factor)
def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """Cholesky factor for `cho_solve`, as `scipy.linalg.cho_factor` gives it.

    Parameters
    ----------
    a : (n, n) array_like or number
        A Hermitian positive definite matrix, of which one triangle is read.
    lower : bool, optional
        Whether the lower triangle is read and holds the factor.
    overwrite_a : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    c : (n, n) array or number
        The factor in its triangle; what a holds in the other, or zeros, as SciPy has it since version 1.18.
    lower : bool
        As given.

    Raises
    ------
    LinAlgError
        If the matrix is not positive definite.
    ValueError
        If it is not square.

    Notes
    -----
    The derivative is L' = L Phi(inv(L) A' inv(L)^H): I. Murray, "Differentiation of the Cholesky decomposition", 2016.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(lambda a: da.linalg.cho_factor(a)[0], ([[4.0]],), ([[1.0]],))
    (array([[2.]]), array([[0.25]]))
    """
    factor = np.linalg.cholesky(a if lower else adjoint(a))
    factor = factor if lower else adjoint(factor)
    if _KEEPS_THE_OTHER_TRIANGLE:
        factor = factor + (np.triu(a, 1) if lower else np.tril(a, -1))
    return factor, lower


@from_formula(scipy.linalg.cho_solve)
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """Solve a x = b with the factor of `cho_factor`, as `scipy.linalg.cho_solve` does.

    Parameters
    ----------
    c_and_lower : (c, lower)
        What `cho_factor` returned.
    b : (n,) or (n, m) array_like or number
        The right-hand side.
    overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    x : array or number of b's shape
        The solution; derivatives of the factor and of b are carried through both triangular systems.

    Raises
    ------
    ValueError
        If shapes do not match.

    Notes
    -----
    Each triangular system is solved as an equation of its own: M. B. Giles 2008 (see `solve`), section 2.3.1.

    Examples
    --------
    >>> import dualad as da
    >>> factor = da.linalg.cho_factor([[4.0]])
    >>> da.jvp(lambda b: da.linalg.cho_solve(factor, b), ([8.0],), ([1.0],))
    (array([2.]), array([0.25]))
    """
    c, lower = c_and_lower
    lower = bool(lower)
    half = solve_triangular(c, array(b), trans=0 if lower else 2, lower=lower)
    return solve_triangular(c, half, trans=2 if lower else 0, lower=lower)
