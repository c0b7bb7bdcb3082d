"""Lists and object arrays of numbers packed into one number, and back; arrays that are none of NumPy's own."""

import sys

import numpy as np

from dualad._core.number import quick_vector
from dualad.rules.algebra import Number


def _contains_number(a):
    return any(isinstance(v, Number) or (isinstance(v, (list, tuple)) and _contains_number(v)) for v in a)


def pack_if_needed(a):
    """Pack what needs packing; anything else is left as it is."""
    if isinstance(a, (list, tuple)) and _contains_number(a):
        return pack(a)
    if isinstance(a, np.ndarray) and a.dtype == object:
        return pack(a)
    return a


def operand(a):
    """As `pack_if_needed`, quick for what needs no packing."""
    return a if isinstance(a, Number) else pack_if_needed(a)


def pack(a):
    """One number (or plain array) from a list, nested lists or an object array of numbers and scalars."""
    if isinstance(a, np.ndarray):
        return a if a.dtype != object else _pack_objects(a)
    if isinstance(a, (list, tuple)):
        packed = quick_vector(a)
        if packed is not NotImplemented:
            return packed
        return np.stack([pack(v) for v in a]) if _contains_number(a) else np.asarray(a)
    return a


def _pack_objects(a):
    items = a.ravel().tolist()
    packed = quick_vector(items)
    if packed is not NotImplemented and a.ndim == 1:
        return packed
    if packed is NotImplemented:
        if not any(isinstance(v, Number) for v in items):
            return a.astype(np.result_type(*[np.asarray(v).dtype for v in items])) if items else a.astype(float)
        packed = np.stack(items)
    return packed.reshape(a.shape + packed.shape[1:])


def unpack(x):
    """An object array of the elements."""
    result = np.empty(x.shape, object)
    for index in np.ndindex(x.shape):
        result[index] = x[index]
    return result


def is_sparse(x):
    """Whether x is a sparse array or matrix of SciPy; scipy.sparse is not imported for it."""
    module = sys.modules.get("scipy.sparse")
    return module is not None and module.issparse(x)


def has_own_rules(x):
    """Whether NumPy's universal functions ask x itself what to do."""
    rules = getattr(type(x), "__array_ufunc__", None)
    return rules is not None and rules is not np.ndarray.__array_ufunc__


def refuse_subclass(x):
    """An error for arrays that compute in their own way: their masks, or products, would be lost."""
    refuse_masked(x)
    if isinstance(x, np.matrix):
        raise TypeError("a matrix does not compute with numbers that carry derivatives: use numpy.asarray(x) and @")


def refuse_masked(x):
    """An error for arrays whose mask would be lost."""
    if hasattr(x, "_mask"):
        raise TypeError(
            f"a {type(x).__name__} has no derivative, for its mask would be lost: use x.filled(value), and numpy.where "
            "or where= for the elements that count"
        )
