"""Nested tuples, lists and dicts of arrays and scalars, as arguments and results of functions.

Nested lists of scalars are array_like, as anywhere in NumPy, and are packed into one array, unless they are ragged.
"""

import numbers

import numpy as np

from dualad._core.number import Number
from dualad.rules.packing import pack, refuse_masked

_FLOAT64 = np.dtype(np.float64)
_SCALARS = (float, int, complex, np.number)


def is_container(x):
    """Whether x holds leaves: a tuple, a dict, or a list that is not array_like."""
    return isinstance(x, (tuple, dict)) or (isinstance(x, list) and _shape_as_array(x) is None)


def _shape_as_array(x):
    """The shape that NumPy gives to nested lists of scalars; None if they are ragged or hold something else."""
    if not isinstance(x, list):
        scalar = isinstance(x, _SCALARS) or (isinstance(x, (Number, np.ndarray)) and x.ndim == 0)
        return () if scalar else None
    shapes = {_shape_as_array(v) for v in x} or {()}
    return None if len(shapes) > 1 or None in shapes else (len(x), *shapes.pop())


def flatten(tree):
    """The leaves of a tree, and its structure for `rebuild`."""
    if not is_container(tree):
        return [tree], None
    leaves, parts = [], []
    for key in _keys(tree):
        found, structure = flatten(tree[key])
        leaves += found
        parts.append((key, len(found), structure))
    return leaves, (_maker(tree), parts)


def _keys(tree):
    return tree.keys() if isinstance(tree, dict) else range(len(tree))


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


def leaves_like(structure, tree):
    """The leaves of a tree that holds the containers of a structure, in its order; None if it holds others.

    The keys of a dict may come in another order.
    """
    if structure is None or not is_container(tree):
        return [tree] if structure is None and not is_container(tree) else None
    parts = structure[1]
    if {key for key, _, _ in parts} != set(_keys(tree)):
        return None
    leaves = []
    for key, _, inner in parts:
        found = leaves_like(inner, tree[key])
        if found is None:
            return None
        leaves += found
    return leaves


def _is_exact(x):
    """Whether x is an int, which may lie beyond NumPy's integers, or a fraction."""
    return isinstance(x, numbers.Rational) and not isinstance(x, (bool, np.generic))


def as_input(x, name):
    """A leaf of an argument as a float or complex array, scalar or number."""
    if isinstance(x, (Number, float)) or (type(x) is np.ndarray and x.dtype is _FLOAT64):
        return x
    if _is_exact(x):
        return float(x)
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
