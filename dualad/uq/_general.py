"""Any function of uncertain numbers: on dual numbers with one direction per variable, or per element, or per colour."""

import functools
import numbers

import numpy as np
from scipy import sparse

from dualad._context import call_within
from dualad._core import MultiDual, Number
from dualad._core.number import wrap
from dualad._core.uncertain import combination, row_of
from dualad._sweeps import levels, parts_at
from dualad._trees import as_output, flatten, rebuild
from dualad.sparse import jacobian_sparsity, sparse_jacobian
from dualad.uq import _combination
from dualad.uq._numbers import UArray, UFloat, Uncertain, make_array, nominal, terms_of

_CHUNK = 1 << 26
"""Bytes that the tangents of one argument may take at once in a general function."""

_MANY = 200
"""Directions from which on a sparse Jacobian is tried ..."""

_MANY_COLORS = 8
"""... which must need less than this part of them."""

_EXACT = row_of((), {})
"""The combination of a number without uncertainty."""

_HARMLESS = frozenset((UArray, UFloat, int, float, bool, str, type(None), slice, np.float64))
"""Types that hold no numbers with derivatives."""


def as_array(x):
    """Object arrays and lists of uncertain numbers as one array; anything else as it is."""
    if isinstance(x, (list, tuple)) and any(isinstance(leaf, Uncertain) for leaf in leaves_of(x)):
        if all(isinstance(part, (UFloat, numbers.Real)) for part in x):
            return _gathered(x, (len(x),))
        return np.stack([_promoted(part) for part in x])
    if isinstance(x, np.ndarray) and x.dtype == object and any(isinstance(v, Uncertain) for v in x.flat):
        if all(isinstance(v, (UFloat, numbers.Real)) for v in x.flat):
            return _gathered(list(x.flat), x.shape)
        return np.reshape(np.stack([_promoted(v) for v in x.flat]), x.shape)
    return x


def _gathered(scalars, shape):
    """The array of uncertain scalars and exact ones."""
    values = np.array([float(nominal(v)) for v in scalars]).reshape(shape)
    rows = [combination(v) if isinstance(v, UFloat) else _EXACT for v in scalars]
    return make_array(values, _combination.terms_of_rows(rows, shape))


def _promoted(x):
    """An uncertain scalar, array or plain array, for joining."""
    x = as_array(x)
    return x if isinstance(x, Uncertain) else np.asarray(x, float)


def leaves_of(x):
    if isinstance(x, (list, tuple)):
        for part in x:
            yield from leaves_of(part)
    elif isinstance(x, dict):
        yield from leaves_of(list(x.values()))
    elif isinstance(x, np.ndarray) and x.dtype == object:
        yield from x.flat
    else:
        yield x


def refuse_numbers(args):
    """Refuse numbers with derivatives among nested arguments."""
    for x in args.values() if isinstance(args, dict) else args:
        if type(x) in _HARMLESS:
            continue
        if isinstance(x, Number):
            raise TypeError(
                f"cannot mix a {type(x).__name__} and uncertain numbers: differentiate a function of plain numbers, or "
                "propagate through it with dualad.uq.propagate"
            )
        if isinstance(x, (list, tuple, dict)):
            refuse_numbers(x)
        elif isinstance(x, np.ndarray) and x.dtype == object:
            refuse_numbers(x.flat)


def first_apart(args, kwargs):
    """The first argument, which may have been given by its name, and the others."""
    if args:
        return args[0], args[1:], kwargs
    name = next((key for key, x in kwargs.items() if any(isinstance(leaf, Uncertain) for leaf in leaves_of(x))),
                next(iter(kwargs), None))
    return kwargs.get(name), (), {key: x for key, x in kwargs.items() if key != name}


def replaced(tree, replace):
    """A tree of arguments with the uncertain leaves replaced."""
    if isinstance(tree, Uncertain):
        return replace(tree)
    if isinstance(tree, np.ndarray) and tree.dtype == object:
        packed = as_array(tree)
        return replace(packed) if isinstance(packed, Uncertain) else tree
    if isinstance(tree, (list, tuple)):
        parts = [replaced(part, replace) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, dict):
        return {key: replaced(part, replace) for key, part in tree.items()}
    return tree


def linearised(function, args, kwargs):
    """function(*args, **kwargs), differentiated by the variables or by the elements, whichever are fewer."""
    refuse_numbers((args, kwargs))
    leaves = []
    replaced((args, kwargs), leaves.append)
    if not leaves:
        return function(*args, **kwargs)
    count = sum(x.size for x in leaves)
    rows = joined_rows(leaves)
    has_complex = any(np.iscomplexobj(nominal(x)) for x in leaves)
    by_variable = len(rows.ids) <= count or has_complex
    width = len(rows.ids) if by_variable else count
    if width >= _MANY and not has_complex:
        result = _compressed(function, args, kwargs, leaves, rows)
        if result is not None:
            return result
    largest = max(x.size for x in leaves)
    step = max(1, min(width, _CHUNK // (8 * max(largest, 1))))
    columns = rows.matrix.tocsc() if by_variable else sparse.identity(count, format="csc")
    structure, values, blocks = None, None, []
    for first in range(0, max(width, 1), step):
        chosen = columns[:, first : first + step].toarray()
        level = next(levels)
        seeded = iter(_seeded(leaves, chosen, level))
        a, k = replaced((tuple(args), kwargs), lambda _, seeded=seeded: next(seeded))
        result = call_within((MultiDual, level, chosen.shape[1]), functools.partial(function, *a, **k), (), {})
        found = []
        structure = _collect(result, level, found)
        values = values or [v for v, _ in found]
        blocks.append([_matrix(v, t, chosen.shape[1]) for v, t in found])
    matrices = [sparse.hstack(parts, format="csr") for parts in zip(*blocks, strict=True)]
    if not by_variable:
        matrices = [sparse.csr_array(m @ rows.matrix) for m in matrices]
    results = [_finished(v, m, rows) for v, m in zip(values, matrices, strict=True)]
    return structure(iter(results))


def _compressed(function, args, kwargs, leaves, rows):
    """By the sparse Jacobian, where its colours are few; None where they are not, or its pattern is not to be had."""
    def of_leaves(parts):
        parts = iter(parts)
        a, k = replaced((tuple(args), kwargs), lambda _: next(parts))
        return function(*a, **k)

    point = tuple(np.asarray(nominal(x)) for x in leaves)
    plain = of_leaves(point)
    if not isinstance(plain, (np.ndarray, np.generic, tuple)) or any(np.iscomplexobj(y) for y in leaves_of(plain)):
        return None
    try:
        pattern = jacobian_sparsity(of_leaves, point)
    except TypeError:  # a function without a pattern; without a derivative too, its own error comes next
        return None
    if np.bincount(pattern.indices, minlength=1).max() > pattern.shape[1] // _MANY_COLORS:
        return None
    value, jacobian = sparse_jacobian(of_leaves, pattern, format="csr").value_and_jacobian(point)
    parts, structure = flatten(value)
    results, start = [], 0
    for part in parts:
        end = start + np.size(part)
        results.append(_finished(part, jacobian[start:end] @ rows.matrix, rows))
        start = end
    return rebuild(structure, results)


def joined_rows(leaves):
    """The combinations of all elements of several numbers as one matrix."""
    if all(isinstance(x, UFloat) for x in leaves):
        return _combination.base_of_rows([combination(x) for x in leaves])
    parts = [_combination.expanded(terms_of(x), x.size) for x in leaves]
    if len(parts) == 1:
        return parts[0]
    ids = np.unique(np.concatenate([p.ids for p in parts]))
    rows = []
    for p in parts:
        place = np.searchsorted(ids, p.ids)
        rows.append(sparse.csr_array((p.matrix.data, place[p.matrix.indices], p.matrix.indptr),
                                     shape=(p.matrix.shape[0], len(ids))))
    return _combination.Mixed(sparse.vstack(rows, format="csr"), ids, _combination.union(*(p.sources for p in parts)))


def _seeded(leaves, directions, level):
    start = 0
    for x in leaves:
        value, block = np.asarray(nominal(x)), directions[start : start + x.size]
        dtype = np.result_type(value, block) if np.iscomplexobj(block) else value.dtype
        components = np.empty((1 + block.shape[1], *value.shape), dtype)
        components[0] = value
        components[1:] = block.T.reshape(components[1:].shape)
        yield wrap(MultiDual, components, level, block.shape[1])
        start += x.size


def _collect(result, level, found):
    """Append values and tangents of a tree of results; returns what builds the tree again."""
    if isinstance(result, (list, tuple)) and any(isinstance(leaf, Number) for leaf in leaves_of(result)):
        builders = [_collect(part, level, found) for part in result]
        if hasattr(result, "_fields"):
            return lambda results: type(result)(*[b(results) for b in builders])
        return lambda results: type(result)([b(results) for b in builders])
    if isinstance(result, dict):
        builders = {key: _collect(part, level, found) for key, part in result.items()}
        return lambda results: {key: b(results) for key, b in builders.items()}
    if isinstance(result, np.poly1d) and any(isinstance(c, Number) for c in leaves_of(result.coeffs)):
        raise TypeError("a poly1d cannot hold uncertain numbers: use the functions of coefficients, such as polyval")
    if isinstance(result, Number) or (isinstance(result, np.ndarray) and result.dtype == object):
        found.append(parts_at(as_output(result), level))
        return next
    return lambda results: result


def _matrix(value, tangents, width):
    if tangents is None:
        return sparse.csr_array((int(np.size(value)), width))
    return sparse.csr_array(np.reshape(tangents, (width, -1)).T)


def _finished(value, matrix, rows):
    base = _combination.Mixed(sparse.csr_array(matrix), rows.ids, rows.sources)
    shape = np.shape(value)
    return make_array(value, [(base, np.arange(matrix.shape[0]).reshape(shape), np.ones(shape))])
