"""x[key], x[key] = y and unbuffered storing: the integers of the terms go the way of the elements."""

import numpy as np

from dualad._core.number import Number
from dualad._core.tracer import make_view, put_terms, taken
from dualad.sparse._tracing.base import (
    add_pairs,
    is_tracer,
    joined,
    like,
    listed,
    member_table,
    plain,
    refuse_others,
    shared_history,
    strip,
    terms_of,
)
from dualad.sparse._tracing.observed import is_observed
from dualad.sparse._tracing.refusals import Unsupported


def _parts(key):
    return key if isinstance(key, tuple) else (key,)


def _check_key(key):
    for part in _parts(key):
        if isinstance(part, Number):
            raise TypeError(f"a {type(part).__name__} cannot be an index: an index has no derivative; use its .value")


def is_basic(key):
    """Whether NumPy answers with a view."""
    return all(
        part is None or part is Ellipsis or isinstance(part, (slice, int, np.integer)) and not isinstance(part, bool)
        for part in _parts(key)
    )


def _plain_key(key, trace):
    """The key without marks; an index that depends on x follows it."""
    parts = []
    for part in _parts(key):
        if is_observed(part):
            trace.followed = True
            part = part.view(np.ndarray)
        parts.append(part)
    return tuple(parts) if isinstance(key, tuple) else parts[0]


def getitem(x, key):
    """x[key]: a view where NumPy gives one."""
    _check_key(key)
    key = _plain_key(key, x.run)
    value = plain(x)[key]
    if (isinstance(value, np.ndarray) or isinstance(value, Number) and value.ndim) and is_basic(key):
        return make_view(x, value, lambda a: a[key])
    return like(x, value, taken(x, key), x.history)


def _history_after(x, y):
    """What interacted on the way to an array that y was stored into."""
    return shared_history(x, [x, y])


def setitem(x, key, y):
    """x[key] = y, through all views of x. Where a mask depends on x, both the old and the new may stay."""
    _check_key(key)
    y = listed(y)
    if x.run.partials is not None:
        refuse_others(x, y)
        if isinstance(plain(x), Number) and not x.ndim:
            raise Unsupported("storing in one number of an outer transform")
    if is_tracer(y) and y.level > x.level:
        raise TypeError(
            "cannot store a Tracer of an inner detection in an array of an outer one: make the array inside the "
            "inner function"
        )
    if np.iscomplexobj(strip(y)) and x.dtype.kind != "c":
        raise TypeError(f"cannot store complex numbers in a Tracer of dtype {x.dtype}")
    if is_observed(key) and key.dtype == bool and not x.run.local and np.size(strip(y)) == 1:
        _store_masked(x, key, y)
        return
    masked = not x.run.local and any(is_observed(part) for part in _parts(key))
    key = _plain_key(key, x.run)
    array = plain(x)
    if is_tracer(y) and y.root is (x if x.root is None else x.root) and _is_same_memory(plain(y), array[key]):
        return  # the end of x[key] += ..., which has been carried out on a view
    shape = np.shape(array[key])
    terms = terms_of(y, x)
    array[key] = strip(y)
    keep = masked or any(getattr(function, "is_part", False) for function in x.chain)
    put_terms(x, key, tuple(_fit(t, rows, shape) for t, rows in terms), _history_after(x, y), keep)


def _is_same_memory(a, b):
    if not isinstance(b, np.ndarray) or a.shape != b.shape or a.strides != b.strides or a.dtype != b.dtype:
        return False
    return a.__array_interface__["data"] == b.__array_interface__["data"]


def _fit(table, rows, shape):
    """Rows in the shape of what is stored into; assignment ignores leading axes of length one."""
    if rows.shape != shape:
        if rows.ndim > len(shape):
            rows = rows.reshape(rows.shape[rows.ndim - len(shape):])
        rows = np.broadcast_to(rows, shape)
    return table, rows


def _store_masked(x, mask, y):
    """x[mask] = one number, for a mask that depends on x: every element may be the old or the new."""
    plain(x)[mask.view(np.ndarray)] = strip(y)
    rows = [(t, np.broadcast_to(rows.reshape(()), x.shape)) for t, rows in terms_of(y, x)]
    if rows:
        put_terms(x, Ellipsis, tuple(rows), _history_after(x, y), True)


def at(function, x, indices, y, nonlinear):
    """function.at(x, indices, y): what is combined with an element stays with it."""
    key = _plain_key(indices, x.run)
    array = plain(x)
    places = np.arange(x.size).reshape(x.shape)[key]
    old, history = x.terms, _history_after(x, y)
    if y is None:
        function.at(array, key)
        if nonlinear:
            put_terms(x, Ellipsis, old, add_pairs(x, history, (old, old)))
        return
    new = [_fit(t, rows, places.shape) for t, rows in terms_of(y, x)]
    function.at(array, key, strip(y))
    terms = joined(x, x.shape, old, _scatter(x, new, places.reshape(-1)))
    put_terms(x, Ellipsis, terms, add_pairs(x, history, (terms, terms)) if nonlinear else history)


def _scatter(x, terms, places):
    """Terms of x's shape: at each place the union of the rows that go there."""
    order = np.argsort(places, kind="stable")
    start = np.searchsorted(places[order], np.arange(x.size + 1))
    flat = [(t, rows.reshape(-1)) for t, rows in terms]
    if len(places) and np.diff(start).max() == 1:
        return [(t, _placed(x, rows, places)) for t, rows in flat]
    table = member_table(x, flat, x.size, start, order, 0)
    return [(table, np.arange(x.size, dtype=np.int32).reshape(x.shape))] if flat else []


def _placed(x, rows, places):
    layer = np.full(x.size, -1, np.int32)
    layer[places] = rows
    return layer.reshape(x.shape)
