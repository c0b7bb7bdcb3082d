"""The functions of Python's math module for uncertain numbers, by their names there.

``from dualad.uq.umath import sin, atan2`` reads as with the package uncertainties. NumPy's functions do the same, under
NumPy's names, and take arrays as well.

Examples
--------
>>> from dualad import uq
>>> from dualad.uq import umath
>>> print(umath.atan(uq.ufloat(1.0, 0.1)))
0.79+/-0.05
"""

import math

import numpy as np
import scipy.special

_NUMPY = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "pow": "power",
    **{name: name for name in ("cbrt ceil copysign cos cosh degrees exp exp2 expm1 fabs floor fmod frexp hypot "
                               "isfinite isinf isnan ldexp log10 log1p log2 modf radians sin sinh sqrt tan tanh "
                               "trunc").split()},
}
_SPECIAL = {"erf": "erf", "erfc": "erfc", "gamma": "gamma", "lgamma": "gammaln"}

globals().update({name: getattr(np, other) for name, other in _NUMPY.items()})
globals().update({name: getattr(scipy.special, other) for name, other in _SPECIAL.items()})
factorial = math.factorial


def log(x, base=None):
    """The logarithm, natural or to a base.

    Parameters
    ----------
    x : UFloat, UArray or array_like
        Positive.
    base : optional
        A number, uncertain or not.

    Returns
    -------
    UFloat, UArray or ndarray

    Examples
    --------
    >>> from dualad import uq
    >>> print(uq.umath.log(uq.ufloat(8.0, 0.8), 2))
    3.00+/-0.14
    """
    return np.log(x) if base is None else np.log(x) / np.log(base)


def fsum(numbers):
    """The sum of a sequence.

    Parameters
    ----------
    numbers : sequence
        Of uncertain numbers and others.

    Returns
    -------
    UFloat or float

    Examples
    --------
    >>> from dualad import uq
    >>> print(uq.umath.fsum([uq.ufloat(1.0, 0.3), uq.ufloat(2.0, 0.4)]))
    3.0+/-0.5
    """
    return sum(numbers, 0.0)


__all__ = ["factorial", "fsum", "log", *_NUMPY, *_SPECIAL]
