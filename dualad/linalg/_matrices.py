"""Matrices whose elements are those of the arguments, put in places."""

import numpy as np
import scipy.linalg

from dualad.linalg._tools import from_formula
from dualad.rules.formula import array


def _distance(m, n):
    """i - j for the elements of an m by n matrix."""
    return np.subtract.outer(np.arange(m), np.arange(n))


@from_formula(scipy.linalg.toeplitz)
def toeplitz(c, r=None):
    """Matrix with constant diagonals, as `scipy.linalg.toeplitz` makes it.

    Parameters
    ----------
    c : (m,) array_like or number
        The first column.
    r : (n,) array_like or number, optional
        The first row, without its first element; the conjugate of c, if there is none.

    Returns
    -------
    A : (m, n) array or number
        The matrix.

    Notes
    -----
    The elements are gathered, and their tangents with them. G. H. Golub and C. F. Van Loan, *Matrix Computations*, 4th
    ed., 2013, section 4.7.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.toeplitz, ([1.0, 2.0],), ([0.0, 1.0],))[1]
    array([[0., 1.],
           [1., 0.]])
    """
    c = np.ravel(array(c))
    r = np.conj(c) if r is None else np.ravel(array(r))
    return np.concatenate([c[::-1], r[1:]])[len(c) - 1 - _distance(len(c), len(r))]


@from_formula(scipy.linalg.hankel)
def hankel(c, r=None):
    """Matrix with constant anti-diagonals, as `scipy.linalg.hankel` makes it.

    Parameters
    ----------
    c : (m,) array_like or number
        The first column.
    r : (n,) array_like or number, optional
        The last row, without its first element; zeros, if there is none.

    Returns
    -------
    A : (m, n) array or number
        The matrix.

    Notes
    -----
    The elements are gathered, and their tangents with them. Golub and Van Loan, *Matrix Computations*, 4th ed., 2013,
    section 4.7.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.hankel, ([1.0, 2.0],), ([0.0, 1.0],))[1]
    array([[0., 1.],
           [1., 0.]])
    """
    c = np.ravel(array(c))
    r = np.zeros_like(c) if r is None else np.ravel(array(r))
    return np.concatenate([c, r[1:]])[np.add.outer(np.arange(len(c)), np.arange(len(r)))]


@from_formula(scipy.linalg.circulant)
def circulant(c):
    """Matrix whose columns are rotations of the first, as `scipy.linalg.circulant` makes it.

    Parameters
    ----------
    c : (..., n) array_like or number
        The first column, or a stack of columns where SciPy takes one.

    Returns
    -------
    A : (..., n, n) array or number
        The matrix.

    Notes
    -----
    The elements are gathered, and their tangents with them. P. J. Davis, *Circulant Matrices*, Wiley 1979.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.circulant, ([1.0, 2.0],), ([0.0, 1.0],))[1]
    array([[0., 1.],
           [1., 0.]])
    """
    c = array(c)
    n = np.shape(c)[-1]
    return c[..., _distance(n, n) % n] if n else np.zeros_like(c, shape=(*np.shape(c), 0))


@from_formula(scipy.linalg.companion)
def companion(a):
    """Companion matrix of a polynomial, as `scipy.linalg.companion` makes it.

    Parameters
    ----------
    a : (..., n) array_like or number
        Coefficients, the highest power first.

    Returns
    -------
    c : (..., n - 1, n - 1) array or number
        The matrix, whose eigenvalues are the roots.

    Raises
    ------
    ValueError
        If there are fewer than two coefficients or the first is 0.

    Notes
    -----
    The derivative is that of the quotients in its first row. R. A. Horn and C. R. Johnson, *Matrix Analysis*, 2nd ed.,
    2012, section 3.3.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.companion, ([1.0, 2.0, 3.0],), ([0.0, 1.0, 0.0],))[1]
    array([[-1.,  0.],
           [ 0.,  0.]])
    """
    a = array(a)
    first = (-a[..., 1:] / a[..., :1])[..., None, :]
    n = first.shape[-1]
    return np.concatenate([first, np.zeros((*first.shape[:-2], n - 1, n))], -2)  # the ones are the value's


def block_diag(*arrs):
    """Matrix of blocks along the diagonal, as `scipy.linalg.block_diag` makes it.

    Parameters
    ----------
    *arrs : array_like or numbers, up to two dimensions
        The blocks.

    Returns
    -------
    D : array or number
        The matrix, zero outside of the blocks.

    Raises
    ------
    ValueError
        If a block has more dimensions than SciPy takes.

    Notes
    -----
    Linear in the blocks: the tangents are the same matrix of the blocks' tangents.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(lambda t: da.linalg.block_diag([[t]], [[5.0]]), (2.0,), (1.0,))
    (array([[2., 0.],
           [0., 5.]]), array([[1., 0.],
           [0., 0.]]))
    """
    return _block_diag(arrs)


@from_formula(lambda blocks: scipy.linalg.block_diag(*blocks))
def _block_diag(blocks):
    """The blocks, each between zeros."""
    blocks = [np.atleast_2d(array(b)) for b in blocks]
    width = sum(b.shape[-1] for b in blocks)
    rows, start = [], 0
    for b in blocks:
        ahead, after = (np.zeros((b.shape[-2], n)) for n in (start, width - start - b.shape[-1]))
        rows.append(np.concatenate([ahead, b, after], -1))
        start += b.shape[-1]
    return np.concatenate(rows, -2)


@from_formula(scipy.linalg.khatri_rao)
def khatri_rao(a, b):
    """Kronecker products of the columns, as `scipy.linalg.khatri_rao` gives them.

    Parameters
    ----------
    a : (m, k) array_like or number
        The columns on the left.
    b : (n, k) array_like or number
        The columns on the right.

    Returns
    -------
    c : (m n, k) array or number
        The products.

    Raises
    ------
    ValueError
        If the numbers of columns differ.

    Notes
    -----
    C. G. Khatri and C. R. Rao, "Solutions to some functional equations and their applications", Sankhya A 30, 1968.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.khatri_rao, ([[2.0]], [[3.0], [4.0]]), ([[1.0]], [[0.0], [0.0]]))[1]
    array([[3.],
           [4.]])
    """
    a, b = array(a), array(b)
    product = a[..., :, None, :] * b[..., None, :, :]
    return np.reshape(product, (*product.shape[:-3], a.shape[-2] * b.shape[-2], product.shape[-1]))
