# cython: language_level=3, auto_pickle=False
"""Numbers with two sets of infinitesimals: v + sum a_i e_i + sum b_j h_j + sum c_ij e_i h_j.

Products within a set vanish, those across sets stay: f(x + e + h) = f(x) + f'(x) e + f'(x) h + f''(x) e h, and c_ij is
the second derivative along directions i and j. (2 + e + h)**3 = 8 + 12e + 12h + 12eh, as (x**3)'' = 6x.
"""
cimport cython
from dualad._core.number cimport (
    Number, as_components, component_view, set_components, use_freelist, HYPERDUAL, SYMMETRIC)

import numpy as np

from dualad._core.number import stack_components


cdef object directions(object part, tuple shape, bint single, str name):
    """A set of tangents as an array with an axis of directions."""
    part = as_components(part)
    got = np.shape(part)
    if single and got == shape:
        return part[None] if got else np.reshape(part, (1,))
    if single or len(got) == 0 or got[1:] != shape:
        wanted = shape if single else "(K,) + " + str(shape)
        raise ValueError(f"{name} has shape {got}, but must have shape {wanted}: tangents of value's shape")
    return part


cdef object mixed_part(object e12, tuple wanted, object like):
    if e12 is None:
        return np.zeros(wanted, like.dtype)
    e12 = as_components(e12)
    if np.shape(e12) != wanted and np.size(e12) == 1 and all(n == 1 for n in wanted):
        e12 = np.reshape(e12, wanted)
    if np.shape(e12) != wanted and (1, 1) + np.shape(e12) == wanted:
        e12 = np.reshape(e12, wanted)
    if np.shape(e12) != wanted:
        raise ValueError(f"e12 has shape {np.shape(e12)}, but with these e1 and e2 must have shape {wanted}")
    return e12


cdef list symmetric_parts(value, first, mixed):
    n = len(first)
    if not np.array_equal(mixed, np.swapaxes(mixed, 0, 1)):
        raise ValueError("e12 is not symmetric, but e2 is not given and thus e1: give e2")
    return [value, *first, *[mixed[i, j] for i in range(n) for j in range(i, n)]]


cdef object stacked(list parts):
    return np.stack(parts) if any(isinstance(p, Number) for p in parts) else stack_components(parts)


@cython.final
@cython.no_gc
cdef class HyperDual(Number):
    """Number with two sets of tangents and their products: exact second derivatives.

    Parameters
    ----------
    value : array_like or number, shape S
        Where to evaluate. Integers are promoted to float64.
    e1 : array_like or number, shape S or (K1,) + S, optional
        First set of directions. Of shape S: one direction each, and the parts have no axis for it. Without it the
        number is a constant.
    e2 : array_like or number, shape S or (K2,) + S, optional
        Second set of directions. Without it, it is `e1`: then ``e12`` is symmetric, and only half of it is computed.
    e12 : array_like or number, shape S or (K1, K2) + S, optional
        Second-order part; zero by default.

    Raises
    ------
    ValueError
        If the shapes do not fit, or `e12` is not symmetric though `e2` is not given.
    TypeError
        If a part is not real or complex.

    Notes
    -----
    J. A. Fike and J. J. Alonso, "The development of hyper-dual numbers for exact second-derivative calculations",
    AIAA 2011-886.

    Examples
    --------
    >>> from dualad import HyperDual
    >>> x = HyperDual(2.0, 1.0, 1.0)
    >>> x**3
    HyperDual(8.0, 12.0, 12.0, 12.0)
    >>> float((x**3).e12)
    12.0
    """

    _kind = HYPERDUAL

    def __init__(self, value, e1=None, e2=None, e12=None):
        value = as_components(value)
        shape = np.shape(value)
        if e1 is None:
            if e2 is not None or e12 is not None:
                raise ValueError("e2 and e12 need e1: give the first set of directions too")
            set_components(self, stacked([value]), HYPERDUAL, 0, SYMMETRIC, False)
            return
        single = np.shape(e1) == shape
        first = directions(e1, shape, single, "e1")
        second = first if e2 is None else directions(e2, shape, single, "e2")
        mixed = mixed_part(e12, (len(first), len(second)) + shape, value)
        if e2 is None:
            set_components(self, stacked(symmetric_parts(value, first, mixed)), HYPERDUAL, len(first), SYMMETRIC, single)
            return
        parts = [value, *second]
        for i in range(len(first)):
            parts += [first[i], *mixed[i]]
        set_components(self, stacked(parts), HYPERDUAL, len(first), len(second), single)

    @property
    def symmetric(self):
        """Whether both sets of directions are the same, so that half of the second-order part is not stored."""
        return self.ndir2 == SYMMETRIC

    @property
    def e1(self):
        """First derivatives along the first set of directions: (K1,) + the value's shape, or the value's shape."""
        data = component_view(self)
        if self.ncomp == 1:
            part = np.zeros((self.ndir,) + data.shape[1:], data.dtype)
        elif self.ndir2 == SYMMETRIC:
            part = data[1:1 + self.ndir]
        else:
            part = data[1 + self.ndir2::1 + self.ndir2]
        return part[0] if self.single else part

    @property
    def e2(self):
        """First derivatives along the second set of directions."""
        if self.ndir2 == SYMMETRIC:
            return self.e1
        data = component_view(self)
        part = data[1:1 + self.ndir2] if self.ncomp > 1 else np.zeros((self.ndir2,) + data.shape[1:], data.dtype)
        return part[0] if self.single else part

    @property
    def e12(self):
        """Second derivatives, (K1, K2) + the value's shape, or the value's shape."""
        data = component_view(self)
        n = self.ndir
        m = n if self.ndir2 == SYMMETRIC else self.ndir2
        if self.ncomp == 1:
            part = np.zeros((n, m) + data.shape[1:], data.dtype)
        elif self.ndir2 == SYMMETRIC:
            part = data[symmetric_places(n)[1:, 1:]]
        else:
            part = np.reshape(data, (1 + n, 1 + m) + data.shape[1:])[1:, 1:]
        return part[0, 0] if self.single else part


cdef dict PLACES = {}


def symmetric_places(int n):
    """Where a symmetric number of n directions keeps the component of e_i e_j; index 0 stands for 1."""
    if n not in PLACES:
        places = np.zeros((1 + n, 1 + n), int)
        places[0, 1:] = places[1:, 0] = np.arange(1, 1 + n)
        upper = np.triu_indices(n)
        places[1:, 1:][upper] = 1 + n + np.arange(len(upper[0]))
        places[1:, 1:][upper[::-1]] = places[1:, 1:][upper]
        PLACES[n] = places
    return PLACES[n]


use_freelist(HyperDual)
