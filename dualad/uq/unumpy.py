"""NumPy's elementary functions under the roof that the package uncertainties gives them.

``from dualad.uq import unumpy`` reads as with uncertainties. The functions take object arrays and lists of uncertain
numbers too, and return a `UArray`. On a `UArray` NumPy's own functions do the same.

Examples
--------
>>> from dualad.uq import unumpy
>>> x = unumpy.uarray([1.0, 2.0], [0.1, 0.2])
>>> unumpy.std_devs(unumpy.exp(x)).round(3)
array([0.272, 1.478])
"""

import functools

import numpy as np

from dualad.uq import umath
from dualad.uq._general import as_array
from dualad.uq._make import nominal_values, std_devs, uarray

_NAMES = ("arccos arccosh arcsin arcsinh arctan arctan2 arctanh ceil copysign cos cosh degrees exp expm1 fabs floor "
          "fmod frexp hypot isinf isnan ldexp log log10 log1p modf radians sin sinh sqrt tan tanh trunc").split()


def _gathering(function):
    """The function of arrays that its arguments are gathered into."""
    @functools.wraps(function)
    def gathering(*args, **kwargs):
        return function(*(as_array(x) for x in args), **kwargs)

    return gathering


_FROM_UMATH = ("asinh", "erf", "erfc", "gamma", "lgamma", "pow")

globals().update({name: _gathering(getattr(np, name)) for name in _NAMES})
globals().update({name: _gathering(getattr(umath, name)) for name in _FROM_UMATH})


class ulinalg:
    """Inverse matrices of uncertain numbers.

    Attributes
    ----------
    inv, pinv : callable
        As `numpy.linalg.inv` and `numpy.linalg.pinv`.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad.uq import unumpy
    >>> print(unumpy.ulinalg.inv(unumpy.uarray([[2.0]], 0.4)))
    [[0.50+/-0.10]]
    """

    inv = staticmethod(_gathering(np.linalg.inv))
    pinv = staticmethod(_gathering(np.linalg.pinv))


__all__ = ["nominal_values", "std_devs", "uarray", "ulinalg", *_NAMES, *_FROM_UMATH]
