"""Functions of matrices.

For every analytic function, f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]] with the derivative L of f at A along E
(R. Mathias, "A chain rule for matrix functions and applications", SIAM J. Matrix Anal. Appl. 17, 1996; N. J. Higham,
*Functions of Matrices*, SIAM 2008, section 3.1).
"""

import numpy as np
import scipy.linalg

from dualad.linalg._solve import sylvester_stack
from dualad.linalg._tools import from_formula, from_rule
from dualad.rules.algebra import innermost, join, primal, split
from dualad.rules.formula import array


def _each_matrix(function, a):
    """The function of every matrix of a stack."""
    results = [function(m) for m in np.reshape(a, (-1, *np.shape(a)[-2:]))]
    return np.reshape(np.stack(results), np.shape(a))


def _block(a, e):
    """[[A, E], [0, A]]."""
    return np.concatenate([np.concatenate([a, e], -1), np.concatenate([np.zeros(np.shape(a)), a], -1)], -2)


def _by_block(function, a, e):
    """The derivative of function at A along E, which is scaled to A's size by a power of two."""
    n = np.shape(a)[-1]
    sizes = [np.max(np.abs(primal(x)), initial=0.0) or 1.0 for x in (a, e)]
    scale = np.exp2(np.rint(np.log2(sizes[0] / sizes[1])))
    return function(_block(a, scale * e))[..., :n, n:] / scale


def _derived(a, value, derivative):
    """The number with this value and derivative(A, A') for every direction A'."""
    lead = innermost(a)
    a0, t = split(a, lead.level)
    value = value(a0)
    if t is None or not a.size:
        return join(lead, value, None)
    tangents = np.stack([derivative(a0, d) for d in t])
    return join(lead, value, tangents if np.iscomplexobj(primal(value)) else np.real(tangents))


def _analytic(public, a):
    if np.ndim(a) > 2:
        return _each_matrix(public, a)
    return _derived(a, public, lambda a0, d: _by_block(public, a0, d))


@from_rule(scipy.linalg.expm)
def expm(A):
    """Exponential of a matrix, as `scipy.linalg.expm` gives it.

    Parameters
    ----------
    A : (..., n, n) array_like or number
        The matrix, or a stack of matrices.

    Returns
    -------
    X : array or number of A's shape
        The derivative along E is Frechet's, the integral of e^(sA) E e^((1-s)A) over 0 <= s <= 1.

    Raises
    ------
    LinAlgError, ValueError
        If the matrix is not square.

    Notes
    -----
    A. H. Al-Mohy and N. J. Higham, "Computing the Frechet derivative of the matrix exponential, with an application to
    condition number estimation", SIAM J. Matrix Anal. Appl. 30, 2009.

    Examples
    --------
    >>> import dualad as da
    >>> float(da.derivative(lambda t: da.linalg.expm([[t, 1.0], [0.0, t]])[0, 1])(0.0))
    1.0
    """
    if np.ndim(A) > 2:
        return _each_matrix(expm, A)
    return _derived(A, expm, _expm_along)


def _expm_along(a, e):
    if innermost(a, e) is None and a.shape[0] > 1:
        return scipy.linalg.expm_frechet(a, e, compute_expm=False, check_finite=False)
    return _by_block(expm, a, e)


@from_formula(scipy.linalg.expm_frechet)
def expm_frechet(A, E, method=None, compute_expm=True, check_finite=True):
    """Frechet derivative of the exponential of a matrix, as `scipy.linalg.expm_frechet` gives it.

    Parameters
    ----------
    A, E : (n, n) array_like or number
        The matrix and the direction.
    method : {'SPS', 'blockEnlarge'}, optional
        SciPy's algorithm for the value.
    compute_expm : bool, optional
        Whether to return the exponential as well.
    check_finite : bool, optional
        Whether to refuse infinities and NaNs.

    Returns
    -------
    expm_A : array or number
        Only if `compute_expm`.
    expm_frechet_AE : array or number
        The derivative along E, itself differentiable.

    Raises
    ------
    ValueError
        If shapes do not match.

    Notes
    -----
    The derivative of the derivative comes from the same block identity once more: N. J. Higham, *Functions of
    Matrices*, SIAM 2008, section 3.1.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(lambda E: da.linalg.expm_frechet([[0.0]], E, compute_expm=False), ([[2.0]],), ([[3.0]],))
    (array([[2.]]), array([[3.]]))
    """
    A, E = array(A), array(E)
    n = np.shape(A)[-1]
    both = expm(_block(A, E))
    return (both[:n, :n], both[:n, n:]) if compute_expm else both[:n, n:]


@from_rule(scipy.linalg.logm)
def logm(A, disp=True):
    """Principal logarithm of a matrix, as `scipy.linalg.logm` gives it.

    Parameters
    ----------
    A : (n, n) array_like or number
        A matrix without eigenvalues on the negative real axis.
    disp : bool, optional
        Must be True for numbers with derivatives.

    Returns
    -------
    logm : array or number of A's shape
        With the Frechet derivative by the block identity.

    Raises
    ------
    ValueError
        If the matrix is not square.
    TypeError
        If disp is False.

    Notes
    -----
    A. H. Al-Mohy, N. J. Higham and S. D. Relton, "Computing the Frechet derivative of the matrix logarithm and
    estimating the condition number", SIAM J. Sci. Comput. 35, 2013.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.logm, ([[2.0, 0.0], [0.0, 4.0]],), ([[1.0, 0.0], [0.0, 1.0]],))[1].round(12)
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    _require_disp(disp, "logm")
    return _analytic(logm, A)


def _require_disp(disp, name):
    if disp is not True:
        raise TypeError(f"{name}: disp=False is not supported for numbers with derivatives: leave it away, and take "
                        f"the error estimate from scipy.linalg.{name} of the value")


@from_rule(scipy.linalg.sqrtm)
def sqrtm(A, disp=True, blocksize=None):
    """Principal square root of a matrix, as `scipy.linalg.sqrtm` gives it.

    Parameters
    ----------
    A : (n, n) array_like or number
        A matrix without eigenvalues on the negative real axis.
    disp : bool, optional
        Must be True for numbers with derivatives.
    blocksize : int, optional
        Ignored for numbers with derivatives.

    Returns
    -------
    sqrtm : array or number of A's shape
        The root X, with X X' + X' X = A'.

    Raises
    ------
    LinAlgError
        If the matrix is singular, where the root has no derivative.
    ValueError
        If it is not square.
    TypeError
        If disp is False.

    Notes
    -----
    N. J. Higham, *Functions of Matrices*, SIAM 2008, section 6.1. All directions share one Schur decomposition.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.sqrtm, ([[4.0, 0.0], [0.0, 9.0]],), ([[1.0, 0.0], [0.0, 6.0]],))[1]
    array([[0.25, 0.  ],
           [0.  , 1.  ]])
    """
    _require_disp(disp, "sqrtm")
    if np.ndim(A) > 2:
        return _each_matrix(sqrtm, A)
    lead = innermost(A)
    a0, t = split(A, lead.level)
    root = sqrtm(a0)
    return join(lead, root, None if t is None or not A.size else sylvester_stack(root, root, t))


@from_formula(scipy.linalg.fractional_matrix_power)
def fractional_matrix_power(A, t):
    """Power of a matrix, as `scipy.linalg.fractional_matrix_power` gives it.

    Parameters
    ----------
    A : (n, n) array_like or number
        A nonsingular matrix without eigenvalues on the negative real axis.
    t : float or number
        The exponent.

    Returns
    -------
    X : array or number of A's shape
        With the derivative of exp(t log(A)).

    Raises
    ------
    ValueError
        If the matrix is not square.

    Notes
    -----
    N. J. Higham, *Functions of Matrices*, SIAM 2008, section 7.

    Examples
    --------
    >>> import dualad as da
    >>> da.jvp(da.linalg.fractional_matrix_power, ([[4.0]], 0.5), ([[1.0]], 0.0))[1].round(12)
    array([[0.25]])
    """
    return expm(t * logm(array(A)))


def _trigonometric(name, text):
    own = getattr(scipy.linalg, name)

    def function(A):
        return _analytic(public, A)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{text} of a matrix, as `scipy.linalg.{name}` gives it.

    Parameters
    ----------
    A : (n, n) array_like or number
        The matrix.

    Returns
    -------
    {name} : array or number of A's shape
        With its Frechet derivative.

    Raises
    ------
    ValueError
        If the matrix is not square.

    Notes
    -----
    The derivative comes from the block identity: N. J. Higham, *Functions of Matrices*, SIAM 2008, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> value, tangent = da.jvp(da.linalg.{name}, ([[0.0, 0.0], [0.0, 0.0]],), ([[1.0, 0.0], [2.0, 1.0]],))
    >>> bool(np.allclose(tangent, {_AT_ZERO[name]} * np.array([[1.0, 0.0], [2.0, 1.0]])))
    True
    """
    public = from_rule(own)(function)
    return public


_AT_ZERO = {"cosm": 0, "sinm": 1, "tanm": 1, "coshm": 0, "sinhm": 1, "tanhm": 1}  # the derivative of the function

cosm = _trigonometric("cosm", "Cosine")
sinm = _trigonometric("sinm", "Sine")
tanm = _trigonometric("tanm", "Tangent")
coshm = _trigonometric("coshm", "Hyperbolic cosine")
sinhm = _trigonometric("sinhm", "Hyperbolic sine")
tanhm = _trigonometric("tanhm", "Hyperbolic tangent")
