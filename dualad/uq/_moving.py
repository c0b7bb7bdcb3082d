"""Functions that move elements: evaluated on positions, which say where the combinations go."""

import numpy as np

from dualad.uq import _combination
from dualad.uq._general import as_array, linearised, replaced
from dualad.uq._numbers import UArray, Uncertain, make_array, nominal, terms_of


def _moved(function):
    """The rule of a function that moves elements: on positions, less what it makes of zeros."""
    def rule(*args, **kwargs):
        leaves = []
        replaced((args, kwargs), leaves.append)
        if any(np.iscomplexobj(nominal(x)) for x in leaves):
            return linearised(function, args, kwargs)
        values = function(*replaced(args, nominal), **replaced(kwargs, nominal))
        starts = np.cumsum([1, *(x.size for x in leaves)])
        runs = []
        for on in (1.0, 0.0):
            seeds = iter([on * np.arange(i, i + x.size).reshape(x.shape) for x, i in zip(leaves, starts, strict=False)])
            a, k = replaced((args, kwargs), lambda _, seeds=seeds: next(seeds))
            runs.append(function(*a, **k))
        return _assembled(values, *runs, leaves, starts)

    return rule


def _assembled(values, positions, zeros, leaves, starts):
    if isinstance(values, (list, tuple)):
        parts = [_assembled(*p, leaves, starts) for p in zip(values, positions, zeros, strict=True)]
        return type(values)(parts)
    with np.errstate(invalid="ignore"):
        difference = np.nan_to_num(np.asarray(positions, float) - np.asarray(zeros, float))
    place = difference.astype(np.int64)
    terms = []
    for x, start, end in zip(leaves, starts[:-1], starts[1:], strict=True):
        inside = (place >= start) & (place < end)
        if inside.any():
            terms = _combination.added(terms, _combination.taken(terms_of(x), np.where(inside, place - start, -1)))
    return make_array(np.asarray(values), terms) if np.ndim(values) else make_array(values, terms)


def _rearranged(function):
    """The rule of a function that only selects elements of one array: it does the same to indices and factors."""
    several = _moved(function)

    def rule(a, *args, **kwargs):
        if not isinstance(a, UArray) or a.dtype.kind == "c":
            return several(a, *args, **kwargs)
        terms = [(base, function(np.arange(a.size).reshape(a.shape) if index is None else index, *args, **kwargs),
                  function(factor, *args, **kwargs)) for base, index, factor in a._terms]
        return make_array(function(a._value, *args, **kwargs), terms)

    return rule


_REARRANGING = """
    broadcast_to copy diagonal expand_dims flip fliplr flipud matrix_transpose moveaxis permute_dims ravel repeat
    reshape roll rollaxis rot90 squeeze swapaxes take take_along_axis tile transpose
""".split()

_MOVING = """
    append array_split atleast_1d atleast_2d atleast_3d block broadcast_arrays column_stack concatenate delete diag
    diagflat dsplit dstack hsplit hstack insert resize split stack tril triu unstack vsplit vstack
""".split()


def _where(condition, *choices):
    """The coefficients of the choice that was taken; those of the other are zero."""
    condition = np.asarray(replaced(condition, nominal), bool)
    choices = [as_array(x) for x in choices]
    value = np.where(condition, *(nominal(x) for x in choices))
    if any(np.iscomplexobj(nominal(x)) for x in choices) or not choices:
        return linearised(np.where, (condition, *choices), {}) if choices else value
    terms = []
    for taken, x in zip((condition, ~condition), choices, strict=True):
        if isinstance(x, Uncertain):
            there = _combination.scaled(terms_of(x), np.ones(()), value.shape)
            there = [(base, index, np.where(taken, factor, 0.0)) for base, index, factor in there]
            terms = _combination.added(terms, there)
    return make_array(value, terms)


def _partition(a, kth, axis=-1, kind="introselect", order=None):
    a = as_array(a)
    if axis is None:
        a, axis = np.ravel(a), -1
    return np.take_along_axis(a, np.argpartition(nominal(a), kth, axis, kind, order), axis)


def _pad(array, pad_width, mode="constant", **kwargs):
    if mode in ("constant", "edge", "reflect", "symmetric", "wrap"):
        return _moved(np.pad)(array, pad_width, mode, **kwargs)
    return linearised(np.pad, (array, pad_width, mode), kwargs)


FUNCTIONS = {f: _moved(f) for f in (getattr(np, name, None) for name in _MOVING) if f is not None}
FUNCTIONS |= {f: _rearranged(f) for f in (getattr(np, name, None) for name in _REARRANGING) if f is not None}
FUNCTIONS |= {np.where: _where, np.partition: _partition, np.pad: _pad}
