# cython: language_level=3, auto_pickle=False
"""Numbers with one infinitesimal: v + t e with e e = 0.

Evaluating a program on ``x + 1e`` gives its value plus ``f'(x) e``: (3 + 1e)**2 = 9 + 6e + e e = 9 + 6e, and 6 is
the derivative of x**2 at 3. The rules of arithmetic are those of `dualad._core.number`.
"""
cimport cython
from dualad._core.number cimport Number, initialise, component_view, use_freelist, DUAL

import numpy as np


@cython.final
@cython.no_gc
cdef class Dual(Number):
    """Number with one tangent: one Jacobian-vector product per evaluation.

    Parameters
    ----------
    value : array_like or number, shape S
        Where to evaluate. Integers are promoted to float64.
    tangent : array_like or number, shape S, optional
        Direction in which to differentiate. Without one the number is a constant.

    Raises
    ------
    ValueError
        If the shapes of value and tangent differ.
    TypeError
        If either is not real or complex.

    Notes
    -----
    The algebra of dual numbers is W. K. Clifford's (1873); its use for derivatives is described in A. Griewank and
    A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad import Dual
    >>> x = Dual(2.0, 1.0)
    >>> x**3
    Dual(8.0, 12.0)
    >>> np.sin(Dual([0.0, 1.0], [1.0, 0.0])).tangent
    array([1., 0.])
    """

    _kind = DUAL

    def __init__(self, value, tangent=None):
        if tangent is not None:
            shape, got = np.shape(value), np.shape(tangent)
            if shape != got:
                raise ValueError(f"tangent has shape {got}, but must have the shape of value, {shape}")
            tangent = tangent[None] if isinstance(tangent, Number) else np.asarray(tangent)[None]
        initialise(self, value, tangent, DUAL)

    @property
    def tangent(self):
        """The derivative: an array of the value's shape (a view); zeros for a constant."""
        data = component_view(self)
        return data[1] if self.ncomp > 1 else np.zeros_like(data[0])


use_freelist(Dual)
