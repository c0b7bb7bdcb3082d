# cython: language_level=3, auto_pickle=False
"""Truncated power series: c_0 + c_1 t + ... + c_d t**d.

A function of x(t) = x_0 + u t has the coefficients c_k = f^(k)(x_0) u**k / k!, its derivatives along a line:
(2 + t)**3 = 8 + 12t + 6t**2 + t**3.
"""
cimport cython
from dualad._core.number cimport Number, as_components, component_view, set_components, use_freelist, TAYLOR

import numpy as np


@cython.final
@cython.no_gc
cdef class Taylor(Number):
    """Power series of degree d: derivatives up to order d along a line or curve.

    Parameters
    ----------
    coefficients : array_like or number, shape (d + 1,) + S
        Coefficients of t**0, ..., t**d. Derivatives are ``coefficients[k] * k!``.

    Raises
    ------
    ValueError
        If coefficients has no first axis, or length 0 along it.
    TypeError
        If they are not real or complex.

    Notes
    -----
    A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 13.

    Examples
    --------
    >>> from dualad import Taylor
    >>> Taylor([2.0, 1.0, 0.0, 0.0])**3
    Taylor([ 8., 12.,  6.,  1.])
    """

    _kind = TAYLOR

    def __init__(self, coefficients):
        coefficients = as_components(coefficients)
        shape = np.shape(coefficients)
        if len(shape) == 0 or shape[0] == 0:
            raise ValueError(f"coefficients has shape {shape}, but must have shape (d + 1,) + S: the coefficients of "
                             "t**0, ..., t**d along its first axis")
        if not isinstance(coefficients, Number):
            coefficients = coefficients.copy()
        set_components(self, coefficients, TAYLOR, shape[0] - 1, 0, False)

    @property
    def degree(self):
        """Degree of the series."""
        return self.ndir

    @property
    def coefficients(self):
        """Coefficients of t**0, ..., t**d, (d + 1,) + the value's shape."""
        data = component_view(self)
        if self.ncomp == 1 and self.ndir:
            return np.concatenate([data, np.zeros((self.ndir,) + data.shape[1:], data.dtype)])
        return data


use_freelist(Taylor)
