# cython: language_level=3, auto_pickle=False
"""Numbers with K infinitesimals: v + sum t_k e_k with e_i e_j = 0.

One evaluation on ``x + e_1 u_1 + ... + e_K u_K`` gives the value and K Jacobian-vector products; with the unit
vectors as u_k these are K columns of the Jacobian: at (x, y) = (2, 3), (2 + 1e_1)(3 + 1e_2) = 6 + 3e_1 + 2e_2.
"""
cimport cython
from dualad._core.number cimport Number, initialise, component_view, use_freelist, MULTIDUAL

import numpy as np


@cython.final
@cython.no_gc
cdef class MultiDual(Number):
    """Number with K tangents: K Jacobian-vector products per evaluation.

    Parameters
    ----------
    value : array_like or number, shape S
        Where to evaluate. Integers are promoted to float64.
    tangents : array_like or number, shape (K,) + S, optional
        Directions in which to differentiate. Without them the number is a constant.

    Raises
    ------
    ValueError
        If the shape of tangents is not (K,) + S.
    TypeError
        If either is not real or complex.

    Notes
    -----
    See A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, section 3.2 (vector forward mode).

    Examples
    --------
    >>> from dualad import MultiDual
    >>> x, y = MultiDual(2.0, [1.0, 0.0]), MultiDual(3.0, [0.0, 1.0])
    >>> x * y
    MultiDual(6.0, [3., 2.])
    """

    _kind = MULTIDUAL

    def __init__(self, value, tangents=None):
        if tangents is not None:
            shape, got = np.shape(value), np.shape(tangents)
            if len(got) == 0 or got[1:] != shape:
                raise ValueError(f"tangents has shape {got}, but must have shape (K,) + {shape}, K tangents of value's "
                                 "shape")
            tangents = tangents if isinstance(tangents, Number) else np.asarray(tangents)
        initialise(self, value, tangents, MULTIDUAL)

    @property
    def tangents(self):
        """The derivatives, (K,) + the value's shape (a view); zeros for a constant."""
        data = component_view(self)
        return data[1:] if self.ncomp > 1 else np.zeros((self.ndir,) + data.shape[1:], data.dtype)


use_freelist(MultiDual)
