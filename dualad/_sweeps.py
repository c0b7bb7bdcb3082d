"""How a function is run on numbers of a level of its own: seeding arguments, running f, reading results.

The transforms of `transforms.py` and `higher.py`, the sparse plans and the solvers are made of these parts. Levels keep
nested derivatives apart; see J. M. Siskind and B. A. Pearlmutter, "Perturbation confusion and referential
transparency", IFL 2005.
"""

import functools
import itertools

import numpy as np

from dualad._context import call_within
from dualad._core import Dual, MultiDual, Number, Taylor
from dualad._core.number import components_like, quick_vector, rewrap, seed_directions, seed_tangent, wrap
from dualad._trees import as_input, as_output, flatten, is_container, leaves_like, rebuild
from dualad.rules.algebra import expanded, split

# numbers made by hand have small levels: they always lie outside; hyper-dual numbers take the odd level below too
levels = itertools.count(1 << 32, 2)

_FLOAT64 = np.dtype(np.float64)
_OBJECT = np.dtype(object)

_CACHE = 1 << 19
"""Bytes that the numbers of one chunk of directions may take, so that a few of them stay in the L2 cache."""


_MANY = 500
"""Unknowns from which it is worth a look whether f is sparse."""


# ---- results -------------------------------------------------------------------------------------------------------


def parts_at(y, level):
    """Value and tangents, (K,) + shape, of a result with regard to a level; None for the tangents of a constant."""
    if not isinstance(y, Number) or y.level < level:
        return y, None
    if y.level == level:
        return split(y, level)
    value, tangents = parts_at(y.components, level)
    if tangents is None:
        return y, None
    return rewrap(y, value), np.stack([rewrap(y, t) for t in tangents])


def components_at(y, level):
    """All components, (n,) + shape, of a result with regard to a level; None for a constant."""
    if not isinstance(y, Number) or y.level < level:
        return None
    if y.level == level:
        return None if y.isconstant else expanded(y, y)
    inner = components_at(y.components, level)
    return inner if inner is None else np.stack([rewrap(y, c) for c in inner])


def value_at(y, level):
    """The value of a result with regard to a level."""
    if not isinstance(y, Number) or y.level < level:
        return y
    return y.components[0] if y.level == level else rewrap(y, value_at(y.components, level))


def result_leaves(y):
    """The arrays of a result and its structure."""
    if not is_container(y):
        return [as_output(y)], None
    leaves, structure = flatten(y)
    return [as_output(leaf) for leaf in leaves], structure


def zeros_of(y, leading=()):
    """Zeros, of shape leading + y.shape, for the derivatives of a result that has none."""
    if isinstance(y, Number):
        return np.zeros(leading + y.shape, y.dtype)
    y = np.asarray(y)
    dtype = y.dtype if y.dtype.kind in "fc" else np.float64
    return np.zeros(leading + y.shape, dtype)[()]


def results_at(y, level):
    """The leaves of a result as pairs of value and tangents, and its structure."""
    leaves, structure = result_leaves(y)
    return [parts_at(leaf, level) for leaf in leaves], structure


# ---- one direction -------------------------------------------------------------------------------------------------


def is_plain(x, shape=None):
    """Whether x is an array of doubles, of a given shape if there is one: what needs no further looking at."""
    return type(x) is np.ndarray and x.dtype is _FLOAT64 and (shape is None or x.shape == shape)


def seed_tree(primal, tangent, level, i):
    """Argument i with its tangents built in."""
    if type(primal) is float and type(tangent) is float or is_plain(primal) and is_plain(tangent, primal.shape):
        return seed_tangent(Dual, primal, tangent, level)
    name = f"primals[{i}]"
    if not is_container(primal):
        return _seed_leaf(primal, tangent, level, name)
    leaves, structure = flatten(primal)
    directions = leaves_like(structure, tangent)
    if directions is None:
        raise ValueError(f"tangents of {name} must have the same containers as {name} itself")
    seeded = [_seed_leaf(p, t, level, name) for p, t in zip(leaves, directions, strict=True)]
    return rebuild(structure, seeded)


def _shape(x):
    return () if isinstance(x, float) else x.shape


def _seed_leaf(primal, tangent, level, name):
    x, t = as_input(primal, name), as_input(tangent, f"the tangent of {name}")
    if _shape(x) != _shape(t):
        raise ValueError(f"the tangent of {name} has shape {np.shape(t)}, but {name} has shape {np.shape(x)}")
    return seed_tangent(Dual, x, t, level)


def ones_of(x):
    """The direction of a derivative by an elementwise argument."""
    return 1.0 if isinstance(x, float) else np.ones(np.shape(x), x.dtype)


# ---- power series --------------------------------------------------------------------------------------------------


def _seed_series(x, direction, order, level):
    """x + t * direction as a power series."""
    if isinstance(x, Number) or isinstance(direction, Number):
        first = np.stack([x, direction])
        zeros = np.zeros((order - 1, *np.shape(x)))
        return wrap(Taylor, np.concatenate([first, zeros]) if order > 1 else first, level, order)
    x = np.asarray(x)
    data = components_like(1 + order, x, np.result_type(x, direction), zero=True)
    data[0] = x
    data[1] = direction
    return wrap(Taylor, data, level, order)


def _seed_series_tree(x, direction, order, level, name):
    leaves, structure = flatten(x)
    directions = leaves_like(structure, direction)
    if directions is None:
        raise ValueError(f"the direction of {name} must have the same containers as {name} itself")
    seeded = []
    for leaf, u in zip(leaves, directions, strict=True):
        leaf, u = as_input(leaf, name), as_input(u, f"the direction of {name}")
        if np.shape(leaf) != np.shape(u):
            raise ValueError(f"the direction of {name} has shape {np.shape(u)}, but {name} has shape {np.shape(leaf)}")
        seeded.append(_seed_series(leaf, u, order, level))
    return rebuild(structure, seeded)


def along_line(f, args, kwargs, directions, order):
    """Coefficients (order + 1,) + shape of f's results along a line, and their structure.

    `directions` maps positions of arguments to directions of the arguments' structure and shapes.
    """
    level = next(levels)
    args = list(args)
    for i, u in directions.items():
        args[i] = _seed_series_tree(args[i], u, order, level, f"argument {i}")
    leaves, structure = result_leaves(call_within((Taylor, level, order), f, args, kwargs))
    return [_coefficients(y, level, order) for y in leaves], structure


def _coefficients(y, level, order):
    components = components_at(y, level)
    if components is not None:
        return components
    value = np.stack([value_at(y, level)])
    return np.concatenate([value, zeros_of(value[0], (order,))])


# ---- many directions -----------------------------------------------------------------------------------------------


def named_like(f, what):
    """As functools.wraps, with a name and docstring that tell what was done to f."""

    def decorate(g):
        functools.update_wrapper(g, f, assigned=("__module__", "__annotations__"), updated=())
        name = getattr(f, "__name__", type(f).__name__)
        g.__name__ = g.__qualname__ = f"{what}_of_{name}"
        g.__doc__ = f"The {what.replace('_', ' ')} of {name}, a function of the same arguments."
        del g.__wrapped__
        return g

    return decorate


def checked_order(order, most):
    """The order of a derivative as an int, if it is one from 0 to most."""
    if not isinstance(order, (int, np.integer)) or isinstance(order, bool) or order < 0:
        raise ValueError(f"order must be a nonnegative integer, not {order!r}")
    if order > most:
        raise ValueError(f"order must be at most {most}, not {order}")
    return int(order)


def find_position(argnum, args, name):
    """The index of a positional argument, from 0 on; `name` is what the user calls it."""
    if not isinstance(argnum, (int, np.integer)) or isinstance(argnum, bool):
        what = "an integer" if name == "argnum" else "an integer or a tuple of integers"
        raise TypeError(f"{name} must be {what}, not {argnum!r}")
    if not -len(args) <= argnum < len(args):
        raise ValueError(f"{name} is {argnum}, but the function was called with {len(args)} positional arguments")
    return int(argnum) % len(args)


def find_positions(argnums, args):
    """The indices of one or several positional arguments."""
    if isinstance(argnums, (tuple, list)):
        positions = tuple(find_position(i, args, "argnums") for i in argnums)
        if not positions or len(set(positions)) != len(positions):
            raise ValueError(f"argnums must name different arguments, at least one, not {argnums!r}")
        return positions
    return (find_position(argnums, args, "argnums"),)


def jacobian_matrix(y, t, count):
    """The Jacobian (y.size, count) of a result of value y and tangents t."""
    if t is None:
        return zeros_of(np.reshape(y, (-1,)), (count,)).T
    return np.reshape(t, (count, -1)).T if np.size(y) else np.zeros((0, count))


def fits_one_sweep(x):
    """Whether x is a float, or an array of doubles, plain or not, whose directions make one chunk."""
    if type(x) is float:
        return True
    return (is_plain(x) or isinstance(x, Number) and x.dtype is _FLOAT64) and 0 < 8 * x.size**2 <= _CACHE


def sweep_once(f, args, kwargs):
    """Value and Jacobian by the first argument, which fits one sweep."""
    x, level = args[0], next(levels)
    count, shape = (1, ()) if type(x) is float else (x.size, x.shape)
    seeded = seed_directions(MultiDual, x, 0, count, level)
    result = call_within((MultiDual, level, count), f, (seeded, *args[1:]), kwargs)
    if type(result) is list or type(result) is np.ndarray and result.dtype is _OBJECT and result.ndim == 1:
        packed = quick_vector(result if type(result) is list else result.tolist())
        result = result if packed is NotImplemented else packed
    if type(result) is MultiDual and result.level == level:
        y, t = split(result, level)
        if type(t) is np.ndarray and t.ndim <= 2 and len(shape) == 1:
            return y, t.T
        return y, _shaped(jacobian_matrix(y, t, count), result.shape + shape)
    pairs, structure = results_at(result, level)
    jacobians = [_shaped(jacobian_matrix(y, t, count), np.shape(y) + shape) for y, t in pairs]
    return rebuild(structure, [y for y, _ in pairs]), rebuild(structure, jacobians)


def _shaped(matrix, shape):
    return matrix if matrix.shape == shape else np.reshape(matrix, shape)[()]


class Sweep:
    """All unit directions of the chosen arguments, run through f in chunks."""

    accept = None
    """What raises an error for a value whose Jacobian is not wanted."""

    def __init__(self, f, argnums, args, kwargs, chunk_size):
        self.f, self.args, self.kwargs = f, args, kwargs
        self.several = isinstance(argnums, (tuple, list))
        self.positions = find_positions(argnums, args)
        self.leaves, self.structure = flatten(tuple(args[i] for i in self.positions))
        self.leaves = [as_input(x, "the argument") for x in self.leaves]
        for x in self.leaves:
            if np.iscomplexobj(x):
                raise TypeError(
                    "a Jacobian or gradient with respect to complex arguments is not defined: pass their real "
                    "and imaginary parts"
                )
        self.sizes = [int(np.prod(np.shape(x), dtype=int)) for x in self.leaves]
        self.total = sum(self.sizes)
        self.automatic = chunk_size is None
        self.chunk = self.choose_chunk(chunk_size)

    def choose_chunk(self, chunk_size):
        if chunk_size is None:
            widest = max(self.sizes, default=1)
            return max(8, min(max(self.total, 1), _CACHE // (8 * max(widest, 1))))
        if not isinstance(chunk_size, (int, np.integer)) or isinstance(chunk_size, bool) or chunk_size < 1:
            raise ValueError(f"chunk_size must be a positive integer, not {chunk_size!r}")
        return int(chunk_size)

    def run(self, first, last):
        """Results of f with the tangents of directions first to last, as pairs and their structure."""
        level = next(levels)
        seeded, offset = [], 0
        for x, size in zip(self.leaves, self.sizes, strict=True):
            seeded.append(seed_directions(MultiDual, x, first - offset, last - first, level))
            offset += size
        trees = rebuild(self.structure, seeded)
        args = list(self.args)
        for i, tree in zip(self.positions, trees, strict=True):
            args[i] = tree
        return results_at(call_within((MultiDual, level, last - first), self.f, args, self.kwargs), level)

    def _accept(self, values, structure):
        if self.accept is not None:
            self.accept(rebuild(structure, values))

    def jacobians(self):
        """Values of the leaves of the result, their Jacobians (y.size, total), and the structure of the result."""
        if self.total >= _MANY and self.automatic and len(self.positions) == 1:
            from dualad.sparse import _dense  # sparse plans are made of sweeps themselves

            found = _dense.jacobians(self.f, self.positions[0], self.args, self.kwargs, self._accept)
            if found is not None:
                return found
        if self.total <= self.chunk:
            pairs, structure = self.run(0, self.total)
            return [y for y, _ in pairs], [jacobian_matrix(y, t, self.total) for y, t in pairs], structure
        parts, values, structure = None, None, None
        for first in range(0, self.total, self.chunk):
            last = min(first + self.chunk, self.total)
            pairs, structure = self.run(first, last)
            if parts is None:
                parts = [[] for _ in pairs]
                values = [y for y, _ in pairs]
                self._accept(values, structure)
            if len(pairs) != len(parts) or any(
                np.shape(y) != np.shape(v) for (y, _), v in zip(pairs, values, strict=True)
            ):
                raise ValueError("the function returned results of different shapes for the same argument")
            for part, (y, t) in zip(parts, pairs, strict=True):
                part.append(jacobian_matrix(y, t, last - first))
        return values, [np.concatenate(part, axis=1) for part in parts], structure

    def arrange(self, y, matrix):
        """The Jacobian of one leaf of the result, in the structure of the arguments."""
        blocks, start = [], 0
        for x, size in zip(self.leaves, self.sizes, strict=True):
            block = matrix[:, start : start + size]
            blocks.append(np.reshape(block, np.shape(y) + np.shape(x))[()])
            start += size
        tree = rebuild(self.structure, blocks)
        return tree if self.several else tree[0]
