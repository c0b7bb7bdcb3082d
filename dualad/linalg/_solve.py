"""Linear systems, inverses and determinants; the equations of `dualad.rules.implicit`, one per kind of matrix."""

import numpy as np
import scipy.linalg
from scipy.linalg import LinAlgError, get_lapack_funcs

from dualad.linalg._matrices import toeplitz
from dualad.linalg._tools import adjoint, from_formula, from_rule, swap
from dualad.rules.algebra import lift, primal
from dualad.rules.formula import array
from dualad.rules.implicit import (
    dense_product,
    factorised,
    graded_inv,
    graded_solve,
    in_columns,
    solve_columns,
)
from dualad.rules.linalg import half_to_full

# ---- general matrices ----------------------------------------------------------------------------------------------


def _read(a, assume_a, lower):
    """The matrix that a stands for: the part that LAPACK reads of it."""
    if assume_a == "diagonal":
        return a * np.eye(np.shape(a)[-1])
    if assume_a == "tridiagonal":
        return np.triu(np.tril(a, 1), -1)
    if assume_a in ("upper triangular", "lower triangular"):
        return np.triu(a) if assume_a[0] == "u" else np.tril(a)
    if assume_a in ("sym", "symmetric"):
        return half_to_full(a, lower, conjugate=False)
    if assume_a in ("her", "hermitian", "pos", "positive definite"):
        return half_to_full(a, lower)
    return a


@from_rule(scipy.linalg.solve)
def solve(a, b, lower=False, overwrite_a=False, overwrite_b=False, check_finite=True, assume_a=None, transposed=False):
    """Solve a x = b for a square matrix, as `scipy.linalg.solve` does.

    Parameters
    ----------
    a : (..., n, n) array_like or number
        The matrix, or a stack of matrices where SciPy takes one.
    b : (n,) or (..., n, m) array_like or number
        The right-hand side.
    lower : bool, optional
        Which triangle is read where `assume_a` says that one is enough; there is no derivative by the other.
    overwrite_a, overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.
    assume_a : str, optional
        The structure of the matrix: 'gen', 'sym', 'her', 'pos', 'diagonal', ...
    transposed : bool, optional
        Solve a^T x = b.

    Returns
    -------
    x : array or number of b's shape
        SciPy's solution; x' solves a x' = b' - a' x.

    Raises
    ------
    ValueError
        If shapes do not match.
    LinAlgError
        If the matrix is singular.

    Notes
    -----
    M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008,
    section 2.3.1. One factorisation serves all directions at all levels of nesting.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(lambda t: da.linalg.solve([[t, 0.0], [0.0, 2.0]], [1.0, 1.0]), (4.0,), (1.0,))
    (array([0.25, 0.5 ]), array([-0.0625,  0.    ]))
    """
    options = {"lower": lower, "check_finite": check_finite, "transposed": transposed}
    if assume_a is not None:
        options["assume_a"] = assume_a
    a, b = array(a), array(b)

    def own(a, b):
        return scipy.linalg.solve(a, b, **options)

    if np.size(a) == 1:
        return _divided(a, b, options)

    def matrix(a):
        a = _read(a, assume_a, lower)
        return swap(a) if transposed else a

    return solve_columns((a,), b, own, lambda a: factorised(matrix(a)), (lambda t, x, _: dense_product(matrix(t), x),))


@from_formula(lambda a, b, options: scipy.linalg.solve(a, b, **options))
def _divided(a, b, options):
    """A matrix of one element divides right-hand sides of any length."""
    return np.divide(b, np.reshape(a, ()))


@from_rule(scipy.linalg.inv)
def inv(a, overwrite_a=False, check_finite=True, *, assume_a=None, lower=False):
    """Inverse of a square matrix, as `scipy.linalg.inv` gives it.

    Parameters
    ----------
    a : (..., n, n) array_like or number
        The matrix, or a stack of matrices where SciPy takes one.
    overwrite_a : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.
    assume_a : str, optional
        The structure of the matrix, where SciPy's version has this argument.
    lower : bool, optional
        The triangle that is read for 'sym', 'her' and 'pos'.

    Returns
    -------
    ainv : array or number of a's shape
        The derivative of X = inv(A) is -X A' X.

    Raises
    ------
    ValueError
        If a is not square.
    LinAlgError
        If it is singular.

    Notes
    -----
    M. B. Giles 2008 (see `solve`), section 2.2.3.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.inv, ([[2.0, 0.0], [0.0, 4.0]],), ([[1.0, 0.0], [0.0, 0.0]],))[1]
    array([[-0.25,  0.  ],
           [ 0.  ,  0.  ]])
    """
    options = {} if assume_a is None else {"assume_a": assume_a, "lower": lower}
    return graded_inv(a, lambda a: scipy.linalg.inv(a, check_finite=check_finite, **options),
                      lambda t, x, _: dense_product(_read(t, assume_a, lower), x))


@from_formula(scipy.linalg.det)
def det(a, overwrite_a=False, check_finite=True):
    """Determinant of a square matrix, as `scipy.linalg.det` gives it.

    Parameters
    ----------
    a : (..., n, n) array_like or number
        The matrix, or a stack of matrices.
    overwrite_a : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    det : scalar, array or number
        With the derivative tr(adj(A) A'), C. G. J. Jacobi's formula (1841), also where A is singular.

    Raises
    ------
    ValueError
        If a is not square.

    Notes
    -----
    C. G. J. Jacobi, "De determinantibus functionalibus", 1841; M. B. Giles 2008 (see `solve`), section 2.2.4.

    Examples
    --------
    >>> import dualad as da
    >>> float(da.derivative(lambda t: da.linalg.det([[t, 1.0], [2.0, t]]))(3.0).round(12))
    6.0
    """
    return np.linalg.det(a)


# ---- triangular and banded matrices --------------------------------------------------------------------------------


@from_rule(scipy.linalg.solve_triangular)
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True):
    """Solve a x = b for a triangular matrix, as `scipy.linalg.solve_triangular` does.

    Parameters
    ----------
    a : (n, n) array_like or number
        The matrix, of which one triangle is read.
    b : (n,) or (n, m) array_like or number
        The right-hand side.
    trans : {0, 1, 2, 'N', 'T', 'C'}, optional
        Solve a x = b, a^T x = b or a^H x = b.
    lower : bool, optional
        Whether the lower triangle is the matrix.
    unit_diagonal : bool, optional
        Whether the diagonal counts as ones, whatever stands there.
    overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    x : array or number of b's shape
        The solution, differentiated as that of `solve`.

    Raises
    ------
    ValueError
        If shapes do not match.
    LinAlgError
        If the matrix is singular.

    Notes
    -----
    M. B. Giles 2008 (see `solve`), section 2.3.1.

    Examples
    --------
    >>> import dualad as da
    >>> L = [[2.0, 0.0], [1.0, 1.0]]
    >>> da.jvp(lambda b: da.linalg.solve_triangular(L, b, lower=True), ([2.0, 3.0],), ([1.0, 0.0],))
    (array([1., 2.]), array([ 0.5, -0.5]))
    """
    a, b = array(a), array(b)
    options = {"trans": trans, "lower": lower, "unit_diagonal": unit_diagonal}

    def own(a, b):
        return scipy.linalg.solve_triangular(a, b, check_finite=check_finite, **options)

    def factorise(a):
        return in_columns(lambda c: scipy.linalg.solve_triangular(a, c, check_finite=False, **options), np.ndim(a))

    def product(t, x, _):
        t = np.tril(t, -1 if unit_diagonal else 0) if lower else np.triu(t, 1 if unit_diagonal else 0)
        t = t if trans in (0, "N") else swap(t) if trans in (1, "T") else adjoint(t)
        return dense_product(t, x)

    return solve_columns((a,), b, own, factorise, (product,))


def _banded_product(upper, t, x):
    """A' x for matrices given by their diagonals t (K, bands, n)."""
    bands, n = t.shape[1:]
    rows = np.arange(bands)[:, None]
    columns = np.arange(n) + upper - rows  # of the element of each band that stands in matrix row 0, 1, ...
    inside = (columns >= 0) & (columns < n)
    columns = np.where(inside, columns, 0)
    elements = np.where(inside, t[:, rows, columns], 0.0)
    return np.sum(lift(elements[..., None], np.ndim(x) + 1) * x[..., columns, :], -3)


def _banded_factors(lower, upper, ab):
    """A solver of stacks by LAPACK's gbtrf and gbtrs."""
    padded = np.concatenate([np.zeros((lower, ab.shape[1]), ab.dtype), ab])
    gbtrf, = get_lapack_funcs(("gbtrf",), (padded,))
    factors, piv, _ = gbtrf(padded, lower, upper)

    def solve(columns):
        gbtrs, = get_lapack_funcs(("gbtrs",), (factors, columns))
        return gbtrs(factors, lower, upper, columns, piv)[0]

    return in_columns(solve)


@from_rule(scipy.linalg.solve_banded)
def solve_banded(l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True):
    """Solve a x = b for a banded matrix, as `scipy.linalg.solve_banded` does.

    Parameters
    ----------
    l_and_u : (int, int)
        How many diagonals there are below and above the main one.
    ab : (l + u + 1, n) array_like or number
        The diagonals: ``ab[u + i - j, j] == a[i, j]``.
    b : (n,) or (n, m) array_like or number
        The right-hand side.
    overwrite_ab, overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    x : array or number of b's shape
        The solution, differentiated as that of `solve`; a direction costs no more than l + u + 1 operations an element.

    Raises
    ------
    ValueError
        If shapes do not match.
    LinAlgError
        If the matrix is singular.

    Notes
    -----
    M. B. Giles 2008 (see `solve`), section 2.3.1, with the banded factorisation for all directions.

    Examples
    --------
    >>> import dualad as da
    >>> ab = [[0.0, 1.0], [2.0, 2.0], [1.0, 0.0]]
    >>> da.jvp(lambda b: da.linalg.solve_banded((1, 1), ab, b), ([3.0, 3.0],), ([3.0, 0.0],))
    (array([1., 1.]), array([ 2., -1.]))
    """
    ab, b = array(ab), array(b)
    below, above = l_and_u

    def own(ab, b):
        return scipy.linalg.solve_banded(l_and_u, ab, b, check_finite=check_finite)

    return solve_columns((ab,), b, own, lambda ab: _banded_factors(below, above, ab),
                         (lambda t, x, _: _banded_product(above, t, x),))


def _both_halves(ab, lower):
    """The diagonals (..., bands, n) of a Hermitian matrix from those on one side of the main one."""
    bands, n = np.shape(ab)[-2:]
    half = ab if lower else ab[..., ::-1, :]  # half[d, j] lies d diagonals off the main one
    other = []
    for d in range(1, min(bands, n)):
        gap = np.zeros_like(half, shape=(*half.shape[:-2], d))
        part = np.conj(half[..., d, :n - d] if lower else half[..., d, d:])
        other.append(np.concatenate([gap, part] if lower else [part, gap], -1))
    main = [np.real(half[..., 0, :])]
    same = [half[..., d, :] for d in range(1, min(bands, n))]
    return np.stack([*other[::-1], *main, *same] if lower else [*same[::-1], *main, *other], -2)


@from_rule(scipy.linalg.solveh_banded)
def solveh_banded(ab, b, overwrite_ab=False, overwrite_b=False, lower=False, check_finite=True):
    """Solve a x = b for a Hermitian positive definite banded matrix, as `scipy.linalg.solveh_banded` does.

    Parameters
    ----------
    ab : (u + 1, n) array_like or number
        The diagonals on one side: ``ab[u + i - j, j] == a[i, j]`` above, ``ab[i - j, j] == a[i, j]`` if `lower`.
    b : (n,) or (n, m) array_like or number
        The right-hand side.
    overwrite_ab, overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    lower : bool, optional
        Whether ab holds the lower diagonals.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    x : array or number of b's shape
        The solution, differentiated as that of `solve`; a stored element stands for both of its places.

    Raises
    ------
    ValueError
        If shapes do not match.
    LinAlgError
        If the matrix is not positive definite.

    Notes
    -----
    M. B. Giles 2008 (see `solve`), section 2.3.1, with the banded Cholesky factorisation for all directions.

    Examples
    --------
    >>> import dualad as da
    >>> ab = [[0.0, 1.0], [2.0, 2.0]]
    >>> da.jvp(lambda b: da.linalg.solveh_banded(ab, b), ([3.0, 3.0],), ([3.0, 0.0],))
    (array([1., 1.]), array([ 2., -1.]))
    """
    ab, b = array(ab), array(b)

    def own(ab, b):
        return scipy.linalg.solveh_banded(ab, b, lower=lower, check_finite=check_finite)

    def factorise(ab):
        factor = scipy.linalg.cholesky_banded(ab, lower=lower, check_finite=False)
        return in_columns(lambda c: scipy.linalg.cho_solve_banded((factor, lower), c, check_finite=False))

    above = min(np.shape(ab)) - 1
    return solve_columns((ab,), b, own, factorise,
                         (lambda t, x, _: _banded_product(above, _both_halves(t, lower), x),))


# ---- matrices made of a vector -------------------------------------------------------------------------------------


def _toeplitz_part(t, x, below):
    """The product of x and a Toeplitz matrix's part with the first column (or row) t (K, n)."""
    distance = np.subtract.outer(np.arange(t.shape[-1]), np.arange(t.shape[-1]))
    return dense_product(np.where(distance >= 0 if below else distance < 0, t[..., np.abs(distance)], 0.0), x)


@from_rule(scipy.linalg.solve_toeplitz)
def solve_toeplitz(c_or_cr, b, check_finite=True):
    """Solve t x = b for a Toeplitz matrix by Levinson's recursion, as `scipy.linalg.solve_toeplitz` does.

    Parameters
    ----------
    c_or_cr : (n,) array_like or number, or a tuple (c, r) of two
        First column, and first row (its conjugate, if there is none) of the matrix; r[0] is ignored.
    b : (n,) or (n, m) array_like or number
        The right-hand side.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    x : array or number of b's shape
        The solution, differentiated as that of `solve`.

    Raises
    ------
    ValueError
        If shapes do not match.
    LinAlgError
        If a leading minor is singular.

    Notes
    -----
    M. B. Giles 2008 (see `solve`), section 2.3.1; the recursion is that of N. Levinson, J. Math. Phys. 25 (1946).

    Examples
    --------
    >>> import dualad as da
    >>> x, x_dot = da.jvp(lambda c: da.linalg.solve_toeplitz(c, [3.0, 3.0]), ([2.0, 1.0],), ([0.0, 1.0],))
    >>> x.round(12), x_dot.round(12)
    (array([1., 1.]), array([-0.33333333, -0.33333333]))
    """
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, np.conj(c_or_cr))
    c, r, b = np.ravel(c), np.ravel(r), array(b)

    def own(c, r, b):
        return scipy.linalg.solve_toeplitz((c, r), b, check_finite=check_finite)

    def factorise(c, r):
        # older versions of SciPy cannot read what they may not write
        return in_columns(lambda columns: scipy.linalg.solve_toeplitz((c, r), np.array(columns), check_finite=False))

    return solve_columns((c, r), b, own, factorise, (lambda t, x, *_: _toeplitz_part(t, x, True),
                                                     lambda t, x, *_: _toeplitz_part(t, x, False)))


@from_formula(scipy.linalg.solve_circulant)
def solve_circulant(c, b, singular="raise", tol=None, caxis=-1, baxis=0, outaxis=0):
    """Solve C x = b for a circulant matrix by Fourier transforms, as `scipy.linalg.solve_circulant` does.

    Parameters
    ----------
    c : array_like or number
        First columns of the matrices, along `caxis`.
    b : array_like or number
        The right-hand sides, along `baxis`.
    singular : {'raise', 'lstsq'}, optional
        What to do with a singular matrix, which has no derivative in either case.
    tol : float, optional
        Eigenvalues that count as zero.
    caxis, baxis, outaxis : int, optional
        The axes of c, b and the result along which the vectors lie.

    Returns
    -------
    x : array or number
        The solution.

    Raises
    ------
    ValueError
        If lengths do not match.
    LinAlgError
        If a matrix is singular.

    Notes
    -----
    P. J. Davis, *Circulant Matrices*, Wiley 1979: the discrete Fourier transform diagonalises them all.

    Examples
    --------
    >>> import dualad as da
    >>> x, x_dot = da.jvp(da.linalg.solve_circulant, ([2.0, 1.0], [3.0, 3.0]), ([1.0, 0.0], [0.0, 0.0]))
    >>> x, x_dot.round(12)
    (array([1., 1.]), array([-0.33333333, -0.33333333]))
    """
    c, b = np.atleast_1d(array(c)), np.atleast_1d(array(b))
    eigenvalues = np.fft.fft(np.moveaxis(c, caxis, -1), axis=-1)
    size = np.abs(primal(eigenvalues))
    if np.any(size <= (size.max(-1, keepdims=True) * size.shape[-1] * np.finfo(float).eps if tol is None else tol)):
        raise LinAlgError("near singular circulant matrix: its least-squares solution has no derivative")
    x = np.fft.ifft(np.fft.fft(np.moveaxis(b, baxis, -1), axis=-1) / eigenvalues, axis=-1)
    return np.moveaxis(x, -1, outaxis)


@from_formula(scipy.linalg.matmul_toeplitz)
def matmul_toeplitz(c_or_cr, x, check_finite=False, workers=None):
    """Product of a Toeplitz matrix and columns by Fourier transforms, as `scipy.linalg.matmul_toeplitz` gives it.

    Parameters
    ----------
    c_or_cr : (m,) array_like or number, or a tuple of (m,) and (n,)
        First column, and first row (its conjugate, if there is none) of the matrix.
    x : (n,) or (n, k) array_like or number
        The columns.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.
    workers : int, optional
        Threads for the transforms of the value.

    Returns
    -------
    product : array or number
        T x, with the derivative T' x + T x'.

    Raises
    ------
    ValueError
        If shapes do not match.

    Notes
    -----
    Bilinear. Golub and Van Loan, *Matrix Computations*, 4th ed., 2013, section 4.8: the product is a part of a circular
    convolution.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(lambda x: da.linalg.matmul_toeplitz([2.0, 1.0], x), ([1.0, 1.0],), ([1.0, 0.0],))[1]
    array([2., 1.])
    """
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, np.conj(c_or_cr))
    return np.matmul(toeplitz(np.ravel(c), np.ravel(r)), array(x))


# ---- matrix equations ----------------------------------------------------------------------------------------------


def _sylvester_factors(a, b, complex_values):
    """A solver of stacks for a X + X b = Q by one Schur decomposition of each (Bartels and Stewart 1972)."""
    output = "complex" if complex_values else "real"
    r, u = scipy.linalg.schur(a, output=output)
    s, v = scipy.linalg.schur(adjoint(b), output=output)

    def solve(stack):
        f = adjoint(u) @ stack @ v
        y = np.empty_like(f)
        trsyl, = get_lapack_funcs(("trsyl",), (r, s, f))
        for index in np.ndindex(f.shape[:-2]):
            y[index], scale, info = trsyl(r, s, f[index], tranb="C")
            if info > 0:
                raise LinAlgError("a and -b have a common eigenvalue: the solution has no derivative")
            y[index] *= scale
        return u @ y @ adjoint(v)

    return solve


def sylvester_stack(a, b, q):
    """X of a X + X b = q for a stack of right-hand sides (..., m, n)."""
    complex_values = any(np.iscomplexobj(primal(x)) for x in (a, b, q))

    def factorise(a, b):
        return _sylvester_factors(a, b, complex_values)

    return graded_solve((a, b), q, lambda a, b, q: factorise(a, b)(q), factorise, _SYLVESTER_PRODUCTS,
                        linear=True)


_SYLVESTER_PRODUCTS = (lambda t, x, *_: np.matmul(lift(t, np.ndim(x)), x),
                       lambda t, x, *_: np.matmul(x, lift(t, np.ndim(x))))


@from_rule(scipy.linalg.solve_sylvester)
def solve_sylvester(a, b, q):
    """Solve a X + X b = q, as `scipy.linalg.solve_sylvester` does.

    Parameters
    ----------
    a : (m, m) array_like or number
        The matrix on the left.
    b : (n, n) array_like or number
        The matrix on the right.
    q : (m, n) array_like or number
        The right-hand side.

    Returns
    -------
    x : (m, n) array or number
        The solution; a X' + X' b = q' - a' X - X b', with the same Schur decompositions for all directions.

    Raises
    ------
    LinAlgError
        If a and -b have a common eigenvalue.

    Notes
    -----
    R. H. Bartels and G. W. Stewart, "Solution of the matrix equation AX + XB = C", CACM 15, 1972.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.solve_sylvester, ([[1.0]], [[3.0]], [[8.0]]), ([[1.0]], [[0.0]], [[0.0]]))
    (array([[2.]]), array([[-0.5]]))
    """
    a, b, q = array(a), array(b), array(q)
    complex_values = any(np.iscomplexobj(primal(x)) for x in (a, b, q))
    return graded_solve((a, b), q, scipy.linalg.solve_sylvester,
                        lambda a, b: _sylvester_factors(a, b, complex_values), _SYLVESTER_PRODUCTS, linear=True)


@from_formula(scipy.linalg.solve_continuous_lyapunov)
def solve_continuous_lyapunov(a, q):
    """Solve a X + X a^H = q, as `scipy.linalg.solve_continuous_lyapunov` does.

    Parameters
    ----------
    a, q : (n, n) array_like or number
        The matrix and the right-hand side.

    Returns
    -------
    x : (n, n) array or number
        The solution, differentiated as that of `solve_sylvester`.

    Raises
    ------
    ValueError
        If shapes do not match.
    LinAlgError
        If a and -a^H have a common eigenvalue.

    Notes
    -----
    Bartels and Stewart 1972, see `solve_sylvester`.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.solve_continuous_lyapunov, ([[2.0]], [[8.0]]), ([[1.0]], [[0.0]]))
    (array([[2.]]), array([[-1.]]))
    """
    return solve_sylvester(a, adjoint(array(a)), q)


@from_formula(scipy.linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov(a, q, method=None):
    """Solve a X a^H - X + q = 0, as `scipy.linalg.solve_discrete_lyapunov` does.

    Parameters
    ----------
    a, q : (n, n) array_like or number
        The matrix and the constant term.
    method : {'direct', 'bilinear'}, optional
        By one linear system of order n**2, or by a transformation to the continuous equation.

    Returns
    -------
    x : (n, n) array or number
        The solution.

    Raises
    ------
    ValueError
        If the method is unknown.
    LinAlgError
        If the equation has no unique solution.

    Notes
    -----
    Differentiated the way it is solved: through the system of order n**2, or through the bilinear transformation and
    `solve_continuous_lyapunov`. G. Kitagawa, "An algorithm for solving the matrix equation
    X = F X F' + S", Int. J. Control 25 (1977).

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.solve_discrete_lyapunov, ([[0.5]], [[3.0]]), ([[0.0]], [[1.0]]))
    (array([[4.]]), array([[1.33333333]]))
    """
    a, q = array(a), array(q)
    n = np.shape(a)[0]
    eye = np.eye(n)
    if method == "bilinear" or (method is None and n >= 10):
        right = np.linalg.inv(adjoint(a) + eye)
        b = np.matmul(adjoint(a) - eye, right)
        return solve_continuous_lyapunov(adjoint(b), -2 * np.matmul(np.matmul(np.linalg.inv(a + eye), q), right))
    return np.reshape(np.linalg.solve(np.eye(n * n) - np.kron(a, np.conj(a)), np.ravel(q)), np.shape(q))


# ---- least squares, norms ------------------------------------------------------------------------------------------


@from_formula(scipy.linalg.lstsq)
def lstsq(a, b, cond=None, overwrite_a=False, overwrite_b=False, check_finite=True, lapack_driver=None):
    """Least-squares solution of a x = b, as `scipy.linalg.lstsq` gives it.

    Parameters
    ----------
    a : (m, n) array_like or number
        The matrix.
    b : (m,) or (m, k) array_like or number
        The right-hand side.
    cond : float, optional
        Singular values below this part of the largest count as zero.
    overwrite_a, overwrite_b : bool, optional
        Ignored for numbers with derivatives.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.
    lapack_driver : {'gelsd', 'gelsy', 'gelss'}, optional
        LAPACK's driver for the value.

    Returns
    -------
    x : array or number
        The solution of least norm.
    residues : array or number
        Squares of the norms of b - a x, empty if the rank is deficient or m <= n.
    rank : int
        The rank of a.
    s : array, number or None
        Its singular values.

    Raises
    ------
    ValueError
        If shapes do not match.
    LinAlgError
        If the rank is deficient and changes along a direction.

    Notes
    -----
    G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate", SIAM J. Numer. Anal. 10, 1973.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(lambda b: da.linalg.lstsq([[1.0], [1.0]], b)[0], ([1.0, 3.0],), ([1.0, 0.0],))[1]
    array([0.5])
    """
    a = array(a)
    return np.linalg.lstsq(a, b, np.finfo(a.dtype).eps if cond is None else cond)


@from_rule(scipy.linalg.pinv)
def pinv(a, *, atol=None, rtol=None, return_rank=False, check_finite=True):
    """Pseudo-inverse of a matrix, as `scipy.linalg.pinv` gives it.

    Parameters
    ----------
    a : (m, n) array_like or number
        The matrix.
    atol, rtol : float, optional
        Singular values up to ``atol + rtol * largest`` count as zero.
    return_rank : bool, optional
        Whether to return the rank as well.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    B : (n, m) array or number
        The pseudo-inverse (Golub and Pereyra 1973, see `lstsq`).
    rank : int
        Only if `return_rank`.

    Raises
    ------
    ValueError
        If a tolerance is negative.
    LinAlgError
        If the rank is deficient and changes along a direction.

    Notes
    -----
    Golub and Pereyra 1973, see `lstsq`.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.pinv, ([[2.0], [0.0]],), ([[1.0], [1.0]],))
    (array([[0.5, 0. ]]), array([[-0.25,  0.25]]))
    """
    value, rank = _pinv_and_rank(a, atol, rtol, check_finite)
    return (value, rank) if return_rank else value


@from_formula(lambda a, atol, rtol, check_finite: scipy.linalg.pinv(a, atol=atol, rtol=rtol, return_rank=True,
                                                                    check_finite=check_finite))
def _pinv_and_rank(a, atol, rtol, check_finite):
    plain = primal(a)
    largest = np.max(np.linalg.svd(plain, compute_uv=False), initial=0.0) or 1.0
    rtol = max(plain.shape) * np.finfo(plain.dtype).eps if rtol is None else rtol
    return np.linalg.pinv(a, rtol=rtol + (atol or 0.0) / largest), None


@from_formula(scipy.linalg.norm)
def norm(a, ord=None, axis=None, keepdims=False, check_finite=True):
    """Norm of a vector or matrix, as `scipy.linalg.norm` gives it.

    Parameters
    ----------
    a : array_like or number
        The vectors or matrices.
    ord : {int, inf, -inf, 'fro', 'nuc'}, optional
        Which norm.
    axis : int or pair of ints, optional
        Where the vectors or matrices lie.
    keepdims : bool, optional
        Whether these axes stay, with length one.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    n : scalar, array or number
        The norm; its derivative at the origin counts as 0.

    Raises
    ------
    ValueError
        If there is no such norm.

    Notes
    -----
    The tangent of the Euclidean norm is Re(x^H x') / norm; that of the spectral norm and of the nuclear norm comes from
    the singular values: M. B. Giles 2008 (see `solve`), section 3.2.

    Examples
    --------
    >>> import dualad as da
    >>> da.grad(da.linalg.norm)([3.0, 4.0])
    array([0.6, 0.8])
    """
    return np.linalg.norm(a, ord, axis, keepdims)
