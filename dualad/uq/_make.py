"""Making uncertain numbers, and asking several of them about their covariance."""

import numbers

import numpy as np
from scipy import sparse

from dualad._core.uncertain import new_variable
from dualad.uq import _combination, _inputs
from dualad.uq._format import parse_value
from dualad.uq._general import as_array, joined_rows
from dualad.uq._numbers import UFloat, Uncertain, make_array, make_variables, nominal

_DENSE = 0.05
"""The share of stored coefficients from which on products of dense matrices are faster."""


def _checked(value, std, label):
    """A real value and a standard deviation as floats."""
    try:
        value, std = float(value), float(std)
    except (TypeError, ValueError):
        raise TypeError(f"{label} needs real numbers, not {value!r} and {std!r}") from None
    if not std >= 0:
        raise ValueError(f"std must be a number that is not negative, but is {std}")
    return value, std


def ufloat(value=None, std=None, name=None, *, tag=None, nominal_value=None, std_dev=None):
    """An independent number with a standard deviation.

    Parameters
    ----------
    value : float or str
        The value; or text such as "1.23(4)" or "1.23+/-0.04", which holds both.
    std : float, optional
        The standard deviation.
    name : str, optional
        A name.
    nominal_value, std_dev, tag
        What the uncertainties package calls value, std and name.

    Returns
    -------
    UFloat

    Raises
    ------
    ValueError
        If std is negative or NaN, or a text cannot be read.
    TypeError
        If value or std is not a real number, or std is missing.

    Notes
    -----
    Linear error propagation: JCGM 100:2008 (GUM), section 5.

    Examples
    --------
    >>> from dualad import uq
    >>> x = uq.ufloat(1.0, 0.1)
    >>> print(2 * x + uq.ufloat("3.00(15)"))
    5.00+/-0.25
    """
    value, std = nominal_value if value is None else value, std_dev if std is None else std
    if isinstance(value, str):
        if std is not None:
            raise TypeError("a text holds the standard deviation: leave std away")
        value, std = parse_value(value)
    elif std is None:
        raise TypeError("ufloat needs a standard deviation: ufloat(value, std), or a text such as ufloat('1.23(4)')")
    value, std = _checked(value, std, "ufloat")
    return new_variable(value, std, tag if name is None else name)


def ufloat_fromstr(text, name=None, *, tag=None):
    """An independent number with a standard deviation from text: as `ufloat`.

    Parameters
    ----------
    text : str
        Such as "1.23(4)", "1.23+/-0.04", "(1.23+/-0.04)e-5" or "1.23", which has a deviation of 1 in its last digit.
    name, tag : str, optional
        A name.

    Returns
    -------
    UFloat

    Raises
    ------
    ValueError
        If the text cannot be read.

    Notes
    -----
    See `parse_value`.

    Examples
    --------
    >>> from dualad import uq
    >>> uq.ufloat_fromstr("680(41)e-3")
    0.68+/-0.041
    """
    return ufloat(str(text), name=name, tag=tag)


def uarray(values, std=None, names=None):
    """An array of independent numbers with standard deviations.

    Parameters
    ----------
    values : array_like
        The values; or `UFloat` numbers or texts such as "1.23(4)", to be put into an array, with exact numbers among
        them.
    std : array_like, optional
        The standard deviations, broadcast to the shape of the values.
    names : str or sequence of str, optional
        One name for each value, or a common one, which gets their places.

    Returns
    -------
    UArray

    Raises
    ------
    ValueError
        If std is negative or NaN, does not fit the values, or names do not.
    TypeError
        If std is missing, or values are not real.

    Notes
    -----
    Linear error propagation: JCGM 100:2008 (GUM), section 5. Independent values cost two numbers each.

    Examples
    --------
    >>> from dualad import uq
    >>> x = uq.uarray([1.0, 2.0], [0.1, 0.2])
    >>> x * x
    UArray([1.00+/-0.20, 4.0+/-0.8])
    """
    if std is None:
        return _gathered(values)
    values = np.array(values)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"values must be real numbers, not of dtype {values.dtype}; leave std away to gather uncertain "
                        "numbers in an array")
    values = values.astype(float) if values.dtype.kind != "f" else values
    try:
        std = np.broadcast_to(np.asarray(std, float), values.shape).copy()
    except ValueError:
        raise ValueError(f"std of shape {np.shape(std)} does not fit values of shape {values.shape}") from None
    if not np.all(std >= 0):
        i = int(np.argmin(std >= 0))
        raise ValueError(f"std must be numbers that are not negative, but is {std.reshape(-1)[i]} at element {i}")
    return make_variables(values, std, _names(names, values.shape))


def _gathered(values):
    if isinstance(values, Uncertain):
        return np.atleast_1d(values) if isinstance(values, UFloat) else values.copy()
    objects = np.array(values, object)
    made = np.empty(objects.shape, object)
    certain = not any(isinstance(x, (str, UFloat)) for x in objects.flat)
    for i, x in np.ndenumerate(objects):
        if certain or not isinstance(x, (str, UFloat, numbers.Real)):
            raise TypeError("uarray needs std, the standard deviations of the values, unless there are uncertain "
                            f"numbers or texts such as '1.23(4)' among them; element {list(i)} is {x!r}")
        made[i] = ufloat(x) if isinstance(x, str) else x
    return as_array(made) if made.size else make_array(np.zeros(made.shape), [])


def _names(names, shape):
    if names is None:
        return None
    if isinstance(names, str):
        return [f"{names}[{', '.join(map(str, i))}]" if shape else names for i in np.ndindex(shape)]
    names = [str(n) for n in np.ravel(names)]
    count = int(np.prod(shape, dtype=int))
    if len(names) != count:
        raise ValueError(f"names must be one for each of the {count} values, but are {len(names)}")
    return names


def correlated(values, cov, names=None):
    """Numbers with a given covariance.

    Parameters
    ----------
    values : array_like
        Their n values, of any shape.
    cov : array_like, (n, n)
        Their covariance.
    names : str or sequence of str, optional
        Of the independent variables that they are combinations of: the principal components, n of them.

    Returns
    -------
    UArray
        It can be unpacked: ``x, y = uq.correlated(...)``.

    Raises
    ------
    ValueError
        If cov is not a symmetric positive semidefinite matrix of the right size, or holds NaN.

    Notes
    -----
    From the eigenvectors of the correlation matrix, which are insensitive to units.

    Examples
    --------
    >>> from dualad import uq
    >>> x, y = uq.correlated([1.0, 2.0], [[0.01, -0.01], [-0.01, 0.01]])
    >>> x + y
    3.0+/-0
    """
    values = np.array(values, float)
    cov = _inputs.check_covariance(cov, values.size)
    std = np.sqrt(np.diagonal(cov))
    safe = np.where(std > 0, std, 1.0)
    weights, vectors = np.linalg.eigh(cov / safe / safe[:, None])
    # what rounding leaves of a vanishing variance is no variance
    weights = np.where(weights > 1e-14 * values.size * max(weights.max(initial=0), 0), weights, 0.0)
    factor = std[:, None] * vectors * np.sqrt(weights)
    factor *= (std / np.where(std > 0, np.sqrt(np.sum(factor * factor, axis=1)), 1.0))[:, None]
    source = _combination.Source(np.zeros(values.size), np.ones(values.size), _names(names, (values.size,)))
    base = _combination.Mixed(sparse.csr_array(factor), source.ids, (source,))
    return make_array(values, [(base, np.arange(values.size).reshape(values.shape), np.ones(values.shape))])


def correlated_values(values, cov, tags=None):
    """As `correlated`, by the name and with the parameters of the uncertainties package.

    Parameters
    ----------
    values, cov
        See `correlated`.
    tags : sequence of str, optional
        Names of the independent variables.

    Returns
    -------
    UArray

    Raises
    ------
    ValueError
        As `correlated`.

    Notes
    -----
    See `correlated`.

    Examples
    --------
    >>> from dualad import uq
    >>> u, v = uq.correlated_values([1.0, 1.0], [[0.04, 0.0], [0.0, 0.01]])
    >>> print(u)
    1.00+/-0.20
    """
    return correlated(values, cov, tags)


def correlated_values_norm(values_with_std, corr, tags=None):
    """Numbers with given standard deviations and correlation.

    Parameters
    ----------
    values_with_std : sequence of pairs
        Value and standard deviation of each.
    corr : array_like, (n, n)
        Their correlation matrix.
    tags : sequence of str, optional
        Names of the independent variables.

    Returns
    -------
    UArray

    Raises
    ------
    ValueError
        If corr is not a correlation matrix of the right size.

    Notes
    -----
    The covariance is that of JCGM 100:2008 (GUM), section 5.2.2: the correlation times both standard deviations.

    Examples
    --------
    >>> from dualad import uq
    >>> u, v = uq.correlated_values_norm([(1.0, 0.2), (1.0, 0.2)], [[1, 1], [1, 1]])
    >>> u - v
    0.0+/-0
    """
    pairs = [(v.nominal_value, v.std_dev) if isinstance(v, UFloat) else v for v in values_with_std]
    values, std = np.transpose(pairs)
    return correlated(values, _inputs.check_correlation(corr, values.size) * std * std[:, None], tags)


def _collected(numbers):
    """Several numbers, arrays or sequences of them as one vector."""
    x = as_array(numbers if isinstance(numbers, (Uncertain, np.ndarray)) else list(numbers))
    return np.atleast_1d(np.ravel(x)) if isinstance(x, Uncertain) else np.asarray(x, float).ravel()


def covariance_matrix(numbers):
    """Covariance of uncertain numbers.

    Parameters
    ----------
    numbers : UArray or sequence of UFloat
        n numbers; plain ones are exact.

    Returns
    -------
    ndarray, (n, n)

    Raises
    ------
    ValueError
        If an element is no number.
    TypeError
        If it is no sequence.

    Notes
    -----
    JCGM 102:2011, section 6.2: with the sensitivities C of the numbers by the independent variables, of covariance V,
    it is C V C^T.

    Examples
    --------
    >>> from dualad import uq
    >>> x, y = uq.ufloat(1, 1), uq.ufloat(1, 2)
    >>> uq.covariance_matrix([x, x + y])
    array([[1., 1.],
           [1., 5.]])
    """
    x = _collected(numbers)
    if not isinstance(x, Uncertain):
        return np.zeros((x.size, x.size))
    matrix = joined_rows([x]).matrix
    if matrix.nnz > _DENSE * matrix.shape[0] * matrix.shape[1]:
        matrix = matrix.toarray()
        return matrix @ matrix.T
    return (matrix @ matrix.T).toarray()


def correlation_matrix(numbers):
    """Correlation of uncertain numbers; NaN for exact ones.

    Parameters
    ----------
    numbers : UArray or sequence of UFloat
        n numbers.

    Returns
    -------
    ndarray, (n, n)

    Raises
    ------
    ValueError
        If an element is no number.
    TypeError
        If it is no sequence.

    Notes
    -----
    JCGM 100:2008 (GUM), section 5.2.2.

    Examples
    --------
    >>> from dualad import uq
    >>> x = uq.ufloat(1, 1)
    >>> uq.correlation_matrix([x, -2 * x])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    cov = covariance_matrix(numbers)
    std = np.sqrt(np.diagonal(cov))
    with np.errstate(invalid="ignore"):
        return np.clip(cov / std / std[:, None], -1, 1)


def nominal_value(x):
    """The value of an uncertain number or array; anything else as it is.

    Parameters
    ----------
    x
        Anything.

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> from dualad import uq
    >>> uq.nominal_value(uq.ufloat(1, 0.1)), uq.nominal_value(3)
    (1.0, 3)
    """
    return x.nominal_value if isinstance(x, Uncertain) else x


def std_dev(x):
    """The standard deviation of an uncertain number or array, 0 for anything else.

    Parameters
    ----------
    x
        Anything.

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> from dualad import uq
    >>> uq.std_dev(uq.ufloat(1, 0.1)), uq.std_dev(3)
    (0.1, 0.0)
    """
    return x.std_dev if isinstance(x, Uncertain) else 0.0


def nominal_values(numbers):
    """The values of an array or sequence of numbers, uncertain or not.

    Parameters
    ----------
    numbers : array_like
        Of numbers of either kind.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If an element is no number.

    Examples
    --------
    >>> from dualad import uq
    >>> uq.nominal_values([uq.ufloat(1, 0.1), 2.0])
    array([1., 2.])
    """
    return np.array(nominal(as_array(numbers)), float)


def std_devs(numbers):
    """The standard deviations of an array or sequence of numbers, uncertain or not.

    Parameters
    ----------
    numbers : array_like
        Of numbers of either kind.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> from dualad import uq
    >>> uq.std_devs([uq.ufloat(1, 0.1), 2.0])
    array([0.1, 0. ])
    """
    x = as_array(numbers)
    return np.array(x.std_dev) if isinstance(x, Uncertain) else np.zeros(np.shape(x))
