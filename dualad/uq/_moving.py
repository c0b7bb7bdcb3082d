"""Functions that move elements: evaluated on positions, which say where the combinations go."""

import itertools

import numpy as np

from dualad.uq import _combination
from dualad.uq._general import as_array, first_apart, linearised, replaced
from dualad.uq._numbers import UArray, Uncertain, make_array, make_view, nominal, terms_of

_OPTIONS = frozenset("""
    axis casting dtype ind indices indices_or_sections k mask mode new_shape obj order pad_width subok where wrap
""".split())
"""Names of parameters that hold no elements."""

_SEVERAL = 8
"""Arrays from which on their combinations are put into one, before they are moved."""


def _moved(function, data=(0,)):
    """The rule of a function that moves elements of its arguments `data` (None: of all that have no names).

    It is evaluated on the positions of the elements, counted from 1; where it makes 0 of these, there are constants.
    """
    def rule(*args, **kwargs):
        args, kwargs = replaced((args, kwargs), lambda x: x)  # with arrays in place of object arrays
        leaves = []
        replaced((args, kwargs), leaves.append)
        if any(np.iscomplexobj(nominal(x)) for x in leaves):
            return linearised(function, args, kwargs)
        values = function(*replaced(args, nominal), **replaced(kwargs, nominal))
        next_place = itertools.accumulate([1, *(x.size for x in leaves)])
        of_args = [_places(x, next_place) if data is None or i in data else x for i, x in enumerate(args)]
        of_kwargs = {key: x if key in _OPTIONS else _places(x, next_place) for key, x in kwargs.items()
                     if key not in ("dtype", "casting")}
        places = function(*of_args, **of_kwargs)
        return _assembled(values, places, leaves)

    return rule


def _places(x, next_place):
    """Positions of the elements of uncertain arrays, 0 for those of others."""
    if isinstance(x, (list, tuple)):
        return [_places(part, next_place) for part in x]
    if isinstance(x, Uncertain):
        start = next(next_place)
        return np.arange(start, start + x.size).reshape(x.shape)
    return np.zeros(np.shape(x), np.int64)


def _assembled(values, places, leaves):
    if isinstance(values, (list, tuple)):
        return type(values)([_assembled(*pair, leaves) for pair in zip(values, places, strict=True)])
    places = np.asarray(places)
    if len(leaves) > _SEVERAL:
        joined = _combination.joined_terms([terms_of(x) for x in leaves], [x.size for x in leaves])
        return make_array(values, _combination.taken(joined, places - 1))
    terms, start = [], 1
    for x in leaves:
        if len(leaves) == 1:
            chosen = places - 1
        else:
            inside = (places >= start) & (places < start + x.size)
            chosen, start = np.where(inside, places - start, -1), start + x.size
            if not inside.any():
                continue
        terms = _combination.added(terms, _combination.taken(terms_of(x), chosen))
    return make_array(values, terms)


def _rearranged(function):
    """The rule of a function that only selects elements of one array: it does the same to indices and factors."""
    several = _moved(function)

    def rule(*args, **kwargs):
        a, args, kwargs = first_apart(args, kwargs)
        if not isinstance(a, UArray) or a.dtype.kind == "c":
            return several(a, *args, **kwargs)

        def move(x):
            return function(x, *args, **kwargs)

        if any(isinstance(x, str) and x in "AaKk" for x in (*args, *kwargs.values())):
            return make_view(a, lambda x: move(_laid_out(x, a._value)))
        return make_view(a, move)

    return rule


def _laid_out(x, model):
    """x in the memory layout of another array, by which functions go that are asked to."""
    if x is model:
        return x
    copy = np.empty_like(model, x.dtype)
    copy[...] = x
    return copy


def _of_all(function):
    """The rule of a function of any number of arrays."""
    one, several = _rearranged(function), _moved(function, None)
    gives_lists = function is np.broadcast_arrays
    return lambda *args, **kwargs: (one if len(args) == 1 and not gives_lists else several)(*args, **kwargs)


def _split(function):
    """The rule of a function that takes one array apart."""
    several = _moved(function)

    def rule(*args, **kwargs):
        a, args, kwargs = first_apart(args, kwargs)
        if not isinstance(a, UArray) or a.dtype.kind == "c":
            return several(a, *args, **kwargs)
        parts = function(a._value, *args, **kwargs)
        return type(parts)([make_view(a, lambda x, k=k: function(x, *args, **kwargs)[k]) for k in range(len(parts))])

    return rule


def _written(function, name, data):
    """The rule of a function that writes into its first argument, of this name."""
    def write(target, *args, **kwargs):
        target = np.array(target)
        function(target, *args, **kwargs)
        return target

    moved = _moved(write, data)

    def rule(*args, **kwargs):
        if name in kwargs:
            args, kwargs = (kwargs[name], *args), {key: x for key, x in kwargs.items() if key != name}
        if not isinstance(args[0], UArray):
            return linearised(function, args, kwargs)
        args[0][...] = moved(*args, **kwargs)

    return rule


_REARRANGING = """
    broadcast_to copy diagonal expand_dims flip fliplr flipud matrix_transpose moveaxis permute_dims ravel repeat
    reshape roll rollaxis rot90 squeeze swapaxes take take_along_axis tile transpose
""".split()

_MOVING = "block column_stack concatenate delete diag diagflat dstack hstack resize stack tril triu vstack".split()

_SPLITTING = "array_split dsplit hsplit split unstack vsplit".split()

_WRITING = {  # name of the array that is written to, and where the elements are
    np.copyto: ("dst", (0, 1)), np.fill_diagonal: ("a", (0, 1)), np.place: ("arr", (0, 2)), np.put: ("a", (0, 2)),
    np.put_along_axis: ("arr", (0, 2)), np.putmask: ("a", (0, 2)),
}


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


def _einsum(*operands, **kwargs):
    """Of one array and without sums NumPy's einsum gives a view."""
    if len(operands) == 2 and isinstance(operands[1], UArray) and not kwargs:
        subscripts, a = operands
        if a.dtype.kind != "c" and np.may_share_memory(np.einsum(subscripts, a._value), a._value):
            return make_view(a, lambda x: np.einsum(subscripts, x))
    return linearised(np.einsum, operands, kwargs)


def _pad(array, pad_width, mode="constant", **kwargs):
    moves = mode in ("constant", "edge", "reflect", "symmetric", "wrap") and kwargs.get("reflect_type") != "odd"
    kwargs = {key: x for key, x in kwargs.items() if key != "reflect_type" or not moves}
    if moves:
        return _moved(np.pad)(array, pad_width, mode, **kwargs)
    return linearised(np.pad, (array, pad_width, mode), kwargs)


FUNCTIONS = {f: _moved(f) for f in (getattr(np, name, None) for name in _MOVING) if f is not None}
FUNCTIONS |= {f: _split(f) for f in (getattr(np, name, None) for name in _SPLITTING) if f is not None}
FUNCTIONS |= {f: _written(f, *rest) for f, rest in _WRITING.items()}
FUNCTIONS |= {f: _of_all(f) for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_arrays)}
FUNCTIONS |= {np.append: _moved(np.append, (0, 1)), np.insert: _moved(np.insert, (0, 2))}
FUNCTIONS |= {f: _rearranged(f) for f in (getattr(np, name, None) for name in _REARRANGING) if f is not None}
FUNCTIONS |= {np.einsum: _einsum, np.where: _where, np.partition: _partition, np.pad: _pad}
FUNCTIONS |= {np.real: lambda val: as_array(val).real}
