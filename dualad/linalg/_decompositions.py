"""Decompositions whose factors are results: LU, Cholesky, QR, eigenvalues of Hermitian matrices, singular values."""

import numpy as np
import scipy.linalg

from dualad.linalg._factors import lu_tangents
from dualad.linalg._tools import adjoint, from_formula, from_rule
from dualad.rules.algebra import innermost, join, lift, primal, split
from dualad.rules.formula import array
from dualad.rules.linalg import eigh_tangents, eigvalsh_tangents, half_to_full, singular_value_tangents, svd_tangents


@from_rule(scipy.linalg.lu)
def lu(a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False):
    """LU decomposition with pivoting, a = P L U, as `scipy.linalg.lu` gives it.

    Parameters
    ----------
    a : (..., m, n) array_like or number
        The matrix, or a stack of matrices.
    permute_l : bool, optional
        Whether to multiply P and L.
    overwrite_a : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.
    p_indices : bool, optional
        Whether P is given as row indices, ``a = L[p] @ U``.

    Returns
    -------
    p : array
        The permutation, unless `permute_l`.
    l : (..., m, k) array or number
        L, or P L.
    u : (..., k, n) array or number
        U.

    Raises
    ------
    ValueError
        If a is not a matrix.
    LinAlgError
        If the leading square block is singular, so that the factors have no derivative.

    Notes
    -----
    See `lu_factor`.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(lambda a: da.linalg.lu(a)[2], ([[4.0, 2.0], [2.0, 5.0]],), ([[1.0, 0.0], [0.0, 0.0]],))[1]
    array([[1.  , 0.  ],
           [0.  , 0.25]])
    """
    lead = innermost(a)
    a0, t = split(a, lead.level)
    p, lower, upper = lu(a0, check_finite=check_finite, p_indices=True)
    order = np.argsort(p, -1)
    lower_dot = upper_dot = None
    if t is not None:
        rows = np.broadcast_to(lift(order[None, ..., None], np.ndim(a)), t.shape)
        lower_dot, upper_dot = lu_tangents(lower, upper, np.take_along_axis(t, rows, -2))
    left, right = join(lead, lower, lower_dot), join(lead, upper, upper_dot)
    if permute_l:
        return np.take_along_axis(left, np.broadcast_to(p[..., None], np.shape(left)), -2), right
    return (p if p_indices else lu(primal(a), check_finite=check_finite)[0]), left, right


@from_formula(scipy.linalg.cholesky)
def cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    """Cholesky factor of a Hermitian positive definite matrix, as `scipy.linalg.cholesky` gives it.

    Parameters
    ----------
    a : (..., n, n) array_like or number
        The matrix, of which one triangle is read.
    lower : bool, optional
        Whether to read the lower triangle and return L of a = L L^H; else U of a = U^H U.
    overwrite_a : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    c : array or number of a's shape
        The factor; its derivative is that of `cho_factor`.

    Raises
    ------
    LinAlgError
        If the matrix is not positive definite.
    ValueError
        If it is not square.

    Notes
    -----
    I. Murray 2016, see `cho_factor`.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.cholesky, ([[4.0]],), ([[1.0]],))
    (array([[2.]]), array([[0.25]]))
    """
    return np.linalg.cholesky(a) if lower else adjoint(np.linalg.cholesky(adjoint(a)))


@from_formula(scipy.linalg.qr)
def qr(a, overwrite_a=False, lwork=None, mode="full", pivoting=False, check_finite=True):
    """QR decomposition, as `scipy.linalg.qr` gives it.

    Parameters
    ----------
    a : (m, n) array_like or number
        The matrix.
    overwrite_a : bool, optional
        Ignored for numbers with derivatives.
    lwork : int, optional
        LAPACK's workspace for the value.
    mode : {'full', 'r', 'economic', 'raw'}, optional
        What to return.
    pivoting : bool, optional
        Whether to exchange columns, a[:, P] = Q R.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    Q : array or number
        Not for mode 'r'; for 'raw' the pair (qr, tau) of LAPACK.
    R : array or number
        The upper triangle.
    P : array
        Only if `pivoting`.

    Raises
    ------
    ValueError
        If a is not a matrix.
    LinAlgError
        If its first columns depend on each other, so that the factors have no derivative.

    Notes
    -----
    S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions with application in optimum
    experimental design", 2010.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(lambda a: da.linalg.qr(a, mode="economic")[1], ([[3.0], [4.0]],), ([[1.0], [0.0]],))
    (array([[-5.]]), array([[-0.6]]))
    """
    if pivoting:
        order = scipy.linalg.qr(primal(a), mode="r", pivoting=True, check_finite=False)[1]
        a = a[:, order]
    pivots = (None,) if pivoting else ()
    m, n = np.shape(a)
    if mode == "r":
        r = np.linalg.qr(a, "r")
        return (np.concatenate([r, np.zeros((max(m - n, 0), n))]), *pivots)
    if mode == "raw":
        h, tau = np.linalg.qr(a, "raw")
        return ((np.swapaxes(h, -1, -2), tau), np.linalg.qr(a, "r"), *pivots)
    q, r = np.linalg.qr(a, "complete" if mode == "full" else "reduced")
    return (q, r, *pivots)


def _eigen(a, b, lower, values_only, subset, options):
    """Eigenvalues and, unless values_only, eigenvectors with their derivatives."""
    lead = innermost(a, b)
    (a0, a_dot), (b0, b_dot) = split(a, lead.level), split(b, lead.level)
    chosen = {name: limits for name, limits in subset.items() if limits is not None}
    result = eigh(a0, b0, lower=lower, eigvals_only=values_only, **chosen, **options)
    if a_dot is None and b_dot is None:
        return join(lead, result, None) if values_only else tuple(join(lead, part, None) for part in result)
    w, v = result if not values_only and not chosen else eigh(a0, b0, lower=lower)
    a_dot, b_dot = (None if t is None else half_to_full(t, lower) for t in (a_dot, b_dot))
    where = _chosen(primal(w), **subset) if chosen else slice(None)
    if values_only:
        return join(lead, result, eigvalsh_tangents(w, v, a_dot, b_dot)[..., where])
    w_dot, v_dot = eigh_tangents(w, v, a_dot, b_dot, lower=lower)
    v, w_dot, v_dot = v[..., where], w_dot[..., where], v_dot[..., where]
    if chosen and v.size:
        v_dot = v_dot * _turn(primal(v), primal(result[1]))
    return join(lead, result[0], w_dot), join(lead, result[1], v_dot)


def _chosen(w, subset_by_index=None, subset_by_value=None):
    """Which of the eigenvalues a subset means."""
    if subset_by_index is not None:
        return np.arange(subset_by_index[0], subset_by_index[1] + 1)
    return np.flatnonzero((w > subset_by_value[0]) & (w <= subset_by_value[1]))


def _turn(old, new):
    """The signs, or phases, by which two sets of the same eigenvectors differ."""
    pivot = np.argmax(np.abs(old), -2)[..., None, :]
    ratio = np.take_along_axis(new, pivot, -2) / np.take_along_axis(old, pivot, -2)
    return ratio / np.abs(ratio)


@from_rule(scipy.linalg.eigh)
def eigh(a, b=None, *, lower=True, eigvals_only=False, overwrite_a=False, overwrite_b=False, type=1, check_finite=True,
         subset_by_index=None, subset_by_value=None, driver=None):
    """Eigenvalues and eigenvectors of a Hermitian matrix or pair, as `scipy.linalg.eigh` gives them.

    Parameters
    ----------
    a : (n, n) array_like or number
        The matrix, of which one triangle is read.
    b : (n, n) array_like or number, optional
        A positive definite matrix: a v = w b v.
    lower : bool, optional
        Which triangle is read.
    eigvals_only : bool, optional
        Whether to leave the eigenvectors out.
    overwrite_a, overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    type : int, optional
        Must be 1 for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.
    subset_by_index, subset_by_value : pair, optional
        Which eigenvalues to return.
    driver : str, optional
        LAPACK's driver for the value.

    Returns
    -------
    w : array or number
        The eigenvalues, ascending.
    v : array or number
        The eigenvectors as columns, unless `eigvals_only`.

    Raises
    ------
    LinAlgError
        If b is not positive definite, or eigenvalues coincide that the tangent parts.
    TypeError
        If type is not 1.

    Notes
    -----
    R. L. Fox and M. P. Kapoor, "Rates of change of eigenvalues and eigenvectors", AIAA Journal 6, 1968.

    Examples
    --------
    >>> import dualad as da
    >>> A = [[1.0, 0.0], [0.0, 3.0]]
    >>> da.jvp(lambda a: da.linalg.eigh(a, eigvals_only=True), (A,), ([[0.5, 0.0], [0.0, 0.25]],))
    (array([1., 3.]), array([0.5 , 0.25]))
    """
    if type != 1:
        raise TypeError(f"eigh: type={type} is not supported for numbers with derivatives: write a b v = w v "
                        "as a v = w inv(b) v")
    options = {"check_finite": check_finite, **({} if driver is None else {"driver": driver})}
    subset = {"subset_by_index": subset_by_index, "subset_by_value": subset_by_value}
    return _eigen(array(a), b if b is None else array(b), lower, eigvals_only, subset, options)


@from_rule(scipy.linalg.eigvalsh)
def eigvalsh(a, b=None, *, lower=True, overwrite_a=False, overwrite_b=False, type=1, check_finite=True,
             subset_by_index=None, subset_by_value=None, driver=None):
    """Eigenvalues of a Hermitian matrix or pair, as `scipy.linalg.eigvalsh` gives them.

    Parameters
    ----------
    a : (n, n) array_like or number
        The matrix, of which one triangle is read.
    b : (n, n) array_like or number, optional
        A positive definite matrix: a v = w b v.
    lower : bool, optional
        Which triangle is read.
    overwrite_a, overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    type : int, optional
        Must be 1 for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.
    subset_by_index, subset_by_value : pair, optional
        Which eigenvalues to return.
    driver : str, optional
        LAPACK's driver for the value.

    Returns
    -------
    w : array or number
        The eigenvalues, ascending.

    Raises
    ------
    LinAlgError
        If b is not positive definite, or eigenvalues coincide that the tangent parts.
    TypeError
        If type is not 1.

    Notes
    -----
    Fox and Kapoor 1968, see `eigh`.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.eigvalsh, ([[1.0, 0.0], [0.0, 3.0]],), ([[0.5, 0.0], [0.0, 0.25]],))[1]
    array([0.5 , 0.25])
    """
    return eigh(a, b, lower=lower, eigvals_only=True, type=type, check_finite=check_finite,
                subset_by_index=subset_by_index, subset_by_value=subset_by_value, driver=driver)


@from_rule(scipy.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, overwrite_a=False, check_finite=True, lapack_driver="gesdd"):
    """Singular value decomposition, as `scipy.linalg.svd` gives it.

    Parameters
    ----------
    a : (m, n) array_like or number
        The matrix.
    full_matrices : bool, optional
        Whether U and V are square.
    compute_uv : bool, optional
        Whether to return them.
    overwrite_a : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.
    lapack_driver : {'gesdd', 'gesvd'}, optional
        LAPACK's driver for the value.

    Returns
    -------
    U, s, Vh : arrays or numbers
        The factors; s alone, if not `compute_uv`.

    Raises
    ------
    LinAlgError
        If singular values coincide that the tangent parts.

    Notes
    -----
    M. B. Giles 2008 (see `solve`), section 3.2.

    Examples
    --------
    >>> import dualad as da
    >>> A = [[3.0, 0.0], [0.0, 2.0]]
    >>> da.jvp(lambda a: da.linalg.svd(a, compute_uv=False), (A,), ([[1.0, 9.0], [0.0, 0.5]],))[1]
    array([1. , 0.5])
    """
    lead = innermost(a)
    a0, t = split(a, lead.level)
    result = svd(a0, full_matrices, compute_uv, check_finite=check_finite, lapack_driver=lapack_driver)
    if not compute_uv:
        return join(lead, result, None if t is None else singular_value_tangents(a0, t))
    tangents = (None, None, None) if t is None else svd_tangents(*result, t)
    return tuple(join(lead, part, dot) for part, dot in zip(result, tangents, strict=True))


@from_rule(scipy.linalg.svdvals)
def svdvals(a, overwrite_a=False, check_finite=True):
    """Singular values, as `scipy.linalg.svdvals` gives them.

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
    s : array or number
        The singular values, descending; equal ones share their derivatives.

    Raises
    ------
    ValueError
        If a is not a matrix.

    Notes
    -----
    The tangents of the singular values are the real parts of u^H A' v: M. B. Giles 2008 (see `solve`), section 3.2.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.svdvals, ([[3.0, 0.0], [0.0, 2.0]],), ([[1.0, 9.0], [0.0, 0.5]],))[1]
    array([1. , 0.5])
    """
    lead = innermost(a)
    a0, t = split(a, lead.level)
    return join(lead, svdvals(a0, check_finite=check_finite), None if t is None else singular_value_tangents(a0, t))
