"""Functions that move elements: evaluated on positions, which say where the combinations go."""

import numpy as np

from dualad.uq import _combination
from dualad.uq._general import as_array, linearised, replaced
from dualad.uq._numbers import make_array, nominal, terms_of


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


_MOVING = """
    append array_split atleast_1d atleast_2d atleast_3d block broadcast_arrays broadcast_to column_stack concatenate
    copy delete diag diagflat diagonal dsplit dstack expand_dims flip fliplr flipud hsplit hstack insert
    matrix_transpose moveaxis permute_dims ravel repeat reshape resize roll rollaxis rot90 split squeeze stack swapaxes
    take take_along_axis tile transpose tril triu unstack vsplit vstack
""".split()


def _where(condition, *choices):
    return _moved(np.where)(replaced(condition, nominal), *choices)


def _sorted(order, take=np.take_along_axis):
    def rule(a, *args, axis=-1, **kwargs):
        a = as_array(a)
        if axis is None:
            a, axis = np.ravel(a), -1
        return take(a, order(nominal(a), *args, axis=axis, **kwargs), axis)

    return rule


def _sort(a, axis=-1, kind=None, order=None, *, stable=None):
    return _sorted(np.argsort)(a, axis=axis, kind=kind, stable=stable)


def _partition(a, kth, axis=-1, kind="introselect", order=None):
    return _sorted(np.argpartition)(a, kth, axis=axis, kind=kind)


def _pad(array, pad_width, mode="constant", **kwargs):
    if mode in ("constant", "edge", "reflect", "symmetric", "wrap"):
        return _moved(np.pad)(array, pad_width, mode, **kwargs)
    return linearised(np.pad, (array, pad_width, mode), kwargs)


FUNCTIONS = {f: _moved(f) for f in (getattr(np, name, None) for name in _MOVING) if f is not None}
FUNCTIONS |= {np.where: _where, np.sort: _sort, np.partition: _partition, np.pad: _pad}
