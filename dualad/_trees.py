"""Nested tuples, lists and dicts of arrays and scalars, as arguments and results of functions.

A list whose leaves are all scalars is array_like, as anywhere in NumPy, and is packed into one array.
"""

import numpy as np

from dualad._core.number import Number
from dualad.rules.packing import pack, refuse_masked

_FLOAT64 = np.dtype(np.float64)
_SCALARS = (float, int, complex, np.number)


def is_container(x):
    """Whether x holds leaves: a tuple, a dict, or a list that is not array_like."""
    return isinstance(x, (tuple, dict)) or (isinstance(x, list) and not _is_array_like(x))


def _is_array_like(x):
    if isinstance(x, list):
        return all(_is_array_like(v) for v in x)
    return (
        isinstance(x, _SCALARS)
        or (isinstance(x, Number) and x.ndim == 0)
        or (isinstance(x, np.ndarray) and x.ndim == 0)
    )


def flatten(tree):
    """The leaves of a tree, and its structure for `rebuild`."""
    if not is_container(tree):
        return [tree], None
    keys = list(tree) if isinstance(tree, dict) else range(len(tree))
    leaves, parts = [], []
    for key in keys:
        found, structure = flatten(tree[key])
        leaves += found
        parts.append((key, len(found), structure))
    return leaves, (_maker(tree), parts)


def _maker(tree):
    if isinstance(tree, dict):
        return dict
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return lambda pairs: type(tree)(*(v for _, v in pairs))
    return lambda pairs: type(tree)(v for _, v in pairs)


def rebuild(structure, leaves):
    """The tree of this structure with other leaves."""
    if structure is None:
        return leaves[0]
    make, parts = structure
    pairs, start = [], 0
    for key, count, inner in parts:
        pairs.append((key, rebuild(inner, leaves[start : start + count])))
        start += count
    return make(pairs)


def same_structure(a, b):
    """Whether two structures hold the same containers with the same keys."""
    if a is None or b is None:
        return a is None and b is None
    return len(a[1]) == len(b[1]) and all(
        p[0] == q[0] and same_structure(p[2], q[2]) for p, q in zip(a[1], b[1], strict=True)
    )


def as_input(x, name):
    """A leaf of an argument as a float or complex array, scalar or number."""
    if isinstance(x, (Number, float)) or (type(x) is np.ndarray and x.dtype is _FLOAT64):
        return x
    refuse_masked(x)
    a = pack(x) if isinstance(x, list) or (isinstance(x, np.ndarray) and x.dtype == object) else np.asarray(x)
    if isinstance(a, Number):
        return a
    if a.dtype.kind in "iu":
        return a.astype(np.float64)
    if a.dtype.kind not in "fc":
        raise TypeError(
            f"{name} must hold real numbers to be differentiated, not {type(x).__name__} of dtype {a.dtype}"
        )
    return a


def as_output(y):
    """A leaf of a result: lists and object arrays of numbers packed."""
    if isinstance(y, Number):
        return y
    if isinstance(y, list) or (isinstance(y, np.ndarray) and y.dtype == object):
        return pack(y)
    if not isinstance(y, (np.ndarray, np.generic, float, int, complex)) or np.asarray(y).dtype.kind not in "biufc":
        raise TypeError(
            f"the function returned {type(y).__name__}, which has no derivative: return numbers, arrays, or "
            "tuples, lists and dicts of them"
        )
    return y
