"""Arrays of input numbers: what functions of moving elements do to them is computed once, and found again later."""

import math
import operator

import numpy as np

from dualad.sparse._tracing.refusals import Unsupported

MOST_NODES = 4096
"""Different arrays of rows beyond which a function is taken for one that never repeats itself."""


class Node:
    """An array of input numbers, one for each element, -1 for none; made once for each way to come by it."""

    __slots__ = ("_rows", "graph", "recipe", "shape")

    def __init__(self, graph, recipe, rows):
        self.graph, self.recipe, self._rows, self.shape = graph, recipe, np.asarray(rows), rows.shape

    @property
    def rows(self):
        """The integers; computed again if they were dropped."""
        rows = self._rows  # another thread may drop it
        if rows is None:
            function, args, kwargs, place = self.recipe
            result = function(*_thawed(args), **_thawed(kwargs))
            self._rows = rows = np.asarray(result if place is None else result[place])
        return rows

    def key(self):
        """The slice of all inputs that the rows are, if they are one in their order."""
        rows = self._rows
        if rows is None or rows.ndim != 1 or not rows.size or id(rows.base) not in self.graph.bases:
            return None
        step = rows.strides[0] // rows.itemsize
        first = int(rows[0])
        last = first + step * (rows.size - 1)
        return slice(first, last + 1, step) if step > 0 else None

    def region(self, row):
        """The view of one number for each input (n,) in which element i is that of input rows[i]; None if there is no
        such view."""
        rows = self._rows
        first = None if rows is None or not rows.size else self.graph.bases.get(id(rows.base))
        if first is None or not _is_injective(rows):
            return None
        start = rows.item(*(0,) * rows.ndim) * row.itemsize
        wider = row.itemsize // rows.itemsize
        return np.ndarray(rows.shape, row.dtype, row, start, [wider * k for k in rows.strides])

    def drop(self):
        """Give the memory back."""
        self._rows = None


def _is_injective(a):
    """Whether the strides show that no two elements share their place."""
    reach = 0
    for stride, length in sorted((abs(stride), length) for stride, length in zip(a.strides, a.shape, strict=True)):
        if length > 1:
            if stride <= reach:
                return False
            reach += stride * (length - 1)
    return True


class _Same:
    """An array that was an argument, by its contents."""

    __slots__ = ("_hash", "array")

    def __init__(self, array):
        sample = array.reshape(-1)[:: max(1, array.size // 8)] if array.flags.c_contiguous else array.flat[:8]
        self.array, self._hash = array, hash((array.shape, array.dtype, np.asarray(sample).tobytes()))

    def __hash__(self):
        return self._hash

    def __eq__(self, other):
        return self.array.dtype == other.array.dtype and np.array_equal(self.array, other.array)

    def keep(self):
        """Hold a copy: the caller may write to the array."""
        self.array = self.array.copy()


_SINGLE, _ENDS = frozenset({int, str, type(None)}), frozenset({int, type(None)})
_PLAIN = (int, float, str, bool, type(None), type(Ellipsis), np.generic, np.dtype, type)


def _frozen(x, arrays):
    """An argument in a form that can be looked up; the arrays in it are added to a list."""
    if isinstance(x, Node):
        return x
    if isinstance(x, slice):
        return slice, _frozen(x.start, arrays), _frozen(x.stop, arrays), _frozen(x.step, arrays)
    if isinstance(x, (tuple, list)):
        return type(x), *[_frozen(v, arrays) for v in x]
    if isinstance(x, dict):
        return dict, *[(k, _frozen(v, arrays)) for k, v in x.items()]
    if isinstance(x, np.ndarray) and x.dtype != object:
        arrays.append(_Same(x))
        return arrays[-1]
    if isinstance(x, _PLAIN):
        return type(x), x
    raise Unsupported(f"an argument of type {type(x).__name__}")


def _kept(x):
    """What the recipe of a node remembers of an argument."""
    if isinstance(x, (tuple, list)):
        return type(x)(map(_kept, x))
    if isinstance(x, dict):
        return {k: _kept(v) for k, v in x.items()}
    return x.copy() if isinstance(x, np.ndarray) else x


def _thawed(x):
    if isinstance(x, Node):
        return x.rows
    if isinstance(x, (tuple, list)):
        return type(x)(map(_thawed, x))
    return {k: _thawed(v) for k, v in x.items()} if isinstance(x, dict) else x


class Graph:
    """All nodes that a function has led to."""

    def __init__(self):
        self._found, self._inputs, self.steps = {}, {}, 0
        self.bases = {}  # by their identity, what the rows of inputs are views of

    def input(self, first, shape):
        """The inputs from number `first` on, in this shape."""
        found = self._inputs.get((first, shape))
        if found is None:
            rows = _inputs(first, shape)
            self.bases[id(rows.base)] = rows.base
            found = self._inputs[first, shape] = Node(self, (_inputs, (first, shape), {}, None), rows)
        return found

    def apply(self, function, args, kwargs):
        """The node (or list of them) of function(*args, **kwargs), nodes standing for their integers."""
        self.steps += 1
        arrays = []
        key = function, _frozen(args, arrays), _frozen(kwargs, arrays)
        found = self._found.get(key)
        if found is None:
            self._check_room()
            for a in arrays:
                a.keep()
            found = self._found.setdefault(key, self._made(function, args, kwargs))
        return found

    def item(self, node, key):
        """The node of node[key]."""
        start, stop, step = (key.start, key.stop, key.step) if type(key) is slice else (key, None, int)
        if type(start) not in _ENDS or type(stop) not in _ENDS or (type(step) not in _ENDS and step is not int):
            return self.apply(operator.getitem, (node, key), {})
        self.steps += 1
        short = operator.getitem, node, start, stop, step
        found = self._found.get(short)
        if found is None:
            self._check_room()
            found = self._found[short] = Node(self, (operator.getitem, (node, key), {}, None), node.rows[key])
        return found

    def apply_simple(self, function, node, args, kwargs):
        """apply(function, (node, *args), kwargs) for simple arguments."""
        self.steps += 1
        key = function, node, args, *kwargs.items()
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self.apply(function, (node, *args), kwargs)
        return found

    def _check_room(self):
        if len(self._found) >= MOST_NODES:
            raise Unsupported("a function that moves elements differently each time")

    def _made(self, function, args, kwargs):
        result = function(*_thawed(args), **_thawed(kwargs))
        recipe = function, _kept(args), _kept(kwargs)
        if isinstance(result, (list, tuple)):
            return [Node(self, (*recipe, k), rows) for k, rows in enumerate(result)]
        return Node(self, (*recipe, None), result)

    def drop(self):
        """Give back the memory of all rows; those that are asked for again are computed again."""
        self.bases.clear()
        for found in [*self._found.values(), *self._inputs.values()]:
            for node in found if isinstance(found, list) else [found]:
                node.drop()


def are_simple(args):
    """Whether numbers, words and tuples of whole numbers are all that there is."""
    for a in args:
        if type(a) not in _SINGLE and not (type(a) is tuple and all([type(k) is int for k in a])):
            return False
    return True


def _inputs(first, shape):
    return np.arange(first, first + math.prod(shape), dtype=np.int32).reshape(shape)
