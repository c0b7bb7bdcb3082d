"""LAPACK's gesv as NumPy calls it, with the factors that numpy.linalg.solve throws away.

NumPy's wheels bring a library of their own. Asked through ctypes, it gives the solution that numpy.linalg.solve gives,
bit for bit, and leaves the LU factors behind, which saves the tangents a factorisation. A library that has no such
function, or that answers otherwise than NumPy does on a test, is not used.
"""

import ctypes
import functools

import numpy as np

from dualad._core.number import empty_components

_LETTERS = {"f": "s", "d": "d", "F": "c", "D": "z"}
# the names in the wheels of NumPy, with the integers they take
_SYMBOLS = (("scipy_{}gesv_64_", np.int64), ("scipy_{}gesv_", np.int32))
_SMALLEST = 32  # below this order the detour through ctypes costs more than it saves


@functools.cache
def _gesv(char):
    """NumPy's gesv for a dtype as (function, integer type), None if there is none that can be trusted."""
    try:
        import numpy.linalg._umath_linalg as compiled
        library = ctypes.CDLL(compiled.__file__)
    except (ImportError, OSError):
        return None
    for symbol, integer in _SYMBOLS:
        function = getattr(library, symbol.format(_LETTERS[char]), None)
        if function is not None:
            found = function, integer
            return found if _agrees_with_numpy(found, char) else None
    return None


def _agrees_with_numpy(found, char):
    n = 40
    i, j = np.indices((n, n))
    a = (np.cos(i * n + j) + 2 * (i == j)).astype(char)
    return all(np.array_equal(_call(found, a, b)[0], np.linalg.solve(a, b)) for b in (a[0], a[:, :3]))


def _call(found, a, b):
    """x and (lu, piv) of a x = b; (None, None) if a is singular."""
    function, integer = found
    n = len(a)
    lu, x = empty_components((n, n), a.dtype).T, np.array(b, order="F")
    lu[...] = a
    piv, info = np.empty(n, integer), np.zeros(1, integer)
    order, columns = np.array(n, integer), np.array(1 if b.ndim == 1 else b.shape[1], integer)
    function(*(ctypes.c_void_p(array.ctypes.data) for array in (order, columns, lu, order, piv, x, order, info)))
    if info[0]:
        return None, None
    return np.ascontiguousarray(x), (lu, piv - 1)


def solve(a, b):
    """numpy.linalg.solve(a, b), and the factors (lu, piv) of a or None."""
    fits = a.ndim == 2 and 0 < b.ndim <= 2 and _SMALLEST <= len(a) == a.shape[1] == len(b) and b.size
    if fits and a.dtype.char in _LETTERS and b.dtype.char in _LETTERS:
        char = np.result_type(a, b).char
        found = _gesv(char)
        if found is not None:
            x, factors = _call(found, a.astype(char, copy=False), b.astype(char, copy=False))
            if x is not None:
                return x, factors
    return np.linalg.solve(a, b), None
