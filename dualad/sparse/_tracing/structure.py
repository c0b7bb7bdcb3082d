"""Functions that move, repeat, join or select elements: they act on the integers of the terms as on the values."""

import numpy as np

from dualad._core.number import Number
from dualad._core.tracer import Partial, make_view
from dualad.rules import calculus, linear
from dualad.sparse._tracing import partials
from dualad.sparse._tracing.base import (
    all_terms,
    as_rows,
    broadcast,
    is_tracer,
    joined,
    leader,
    like,
    line_up,
    listed,
    patterns_only,
    plain,
    result,
    shared_history,
    strip,
    terms_of,
)
from dualad.sparse._tracing.observed import is_observed
from dualad.sparse._tracing.storing import share_memory

_PAD = linear.FUNCTIONS[np.pad]  # interception may replace the name later

EMPTY = np.int32(-1)
_INTEGERS = np.dtype(np.int32)


def moved(function):
    """Rule of a function of one array whose result's elements are elements of it; a view where NumPy gives one."""

    def rule(x, *args, **kwargs):
        if not is_tracer(x):
            return _of_lists(function, (x, *args), kwargs)
        return _moved(function, x, args, kwargs)

    rule.__name__ = function.__name__
    return rule


def _of_lists(function, args, kwargs):
    """A list of tracers as the array; anything else must not be traced."""
    x = listed(args[0])
    if not is_tracer(x):
        raise TypeError(f"{function.__name__} does not take traced parameters: only its array may depend on x")
    return function(x, *args[1:], **kwargs)


def _moved(function, x, args, kwargs):
    value = function(plain(x), *args, **kwargs)
    if isinstance(value, (list, tuple)):
        return [_part(function, x, args, kwargs, value, k) for k in range(len(value))]
    if isinstance(value, (np.ndarray, Number)) and share_memory(value, plain(x)) and value.size:
        return make_view(x, value, lambda a: function(a, *args, **kwargs))
    return like(x, value, tuple((t, as_rows(function(r, *args, **kwargs))) for t, r in x.terms), x.history)


def reshape(a, /, shape=None, order="C", *, newshape=None, copy=None):
    """A view where NumPy gives one."""
    shape = newshape if shape is None else shape
    options = {} if copy is None else {"copy": copy}
    return _in_memory_order(np.reshape, a, (shape,), order, options)


def ravel(a, order="C"):
    """A view where NumPy gives one."""
    return _in_memory_order(np.ravel, listed(a), (), order, {})


def _in_memory_order(function, x, args, order, kwargs):
    """Where the order follows the memory of the value, positions show it."""
    if not is_tracer(x):
        return _of_lists(function, (x, *args, order), kwargs)
    order = linear.order_of(order)
    if order not in ("A", "K") or x.ndim < 2:
        return _moved(function, x, (*args, order), kwargs)
    patterns_only(x)
    layout = plain(x)

    def in_memory_order(rows):
        if [k * layout.itemsize for k in rows.strides] != [k * rows.itemsize for k in layout.strides]:
            aligned = np.empty_like(layout, rows.dtype)
            aligned[...] = rows
            rows = aligned
        return function(rows, *args, order)

    return _moved(in_memory_order, x, (), {})


def _part(function, x, args, kwargs, value, k):
    return make_view(x, value[k], lambda a: function(a, *args, **kwargs)[k])


def filled(function):
    """Rule of such a function that also puts in zeros: the integers are shifted by one, so that 0 is no row."""

    takes_diagonals = function is np.diag  # told here, for interception may replace the name later

    def rule(x, *args, **kwargs):
        if not is_tracer(x):
            return _of_lists(function, (x, *args), kwargs)
        value = function(plain(x), *args, **kwargs)
        if takes_diagonals and x.ndim == 2:
            return _moved(function, x, args, kwargs)
        terms = tuple((t, _shifted(function(_shifted(rows, 1), *args, **kwargs), -1)) for t, rows in x.terms)
        return like(x, value, terms, x.history)

    rule.__name__ = function.__name__
    return rule


def _shifted(rows, number):
    if isinstance(rows, Partial):
        return Partial(rows.node.graph.apply(np.add, (rows.node, number), {}), rows.weight)
    return rows + number


def joining(function, members):
    """Rule of a function that puts several arrays together; `members(args)` are they, `call` puts others in."""

    def rule(*args, **kwargs):
        arrays, call = members(function, args, kwargs)
        arrays = [listed(a) for a in arrays]
        lead = leader(arrays)
        value = call([strip(a) for a in arrays])
        terms = tuple((t, as_rows(call(rows))) for t, rows in line_up(lead, arrays))
        return result(lead, value, terms, arrays)

    rule.__name__ = function.__name__
    return rule


def _sequence(function, args, kwargs):
    arrays = list(args[0])
    kind = kwargs.pop("dtype", None)
    casting = {} if kind is None else {"dtype": kind}

    def call(parts):
        parts = [as_rows(part) for part in parts]
        extra = casting if getattr(parts[0], "dtype", _INTEGERS).kind in "fc" else {}
        return function(parts, *args[1:], **kwargs, **extra)

    return arrays, call


def _block(function, args, kwargs):
    leaves, build = linear.leaves_of_lists(args[0])
    return leaves, lambda parts: function(build(parts))


def _append(function, args, kwargs):
    return [args[0], args[1]], lambda parts: function(*parts, *args[2:], **kwargs)


def _insert(function, args, kwargs):
    arr, obj, values = args[:3]
    return [arr, values], lambda parts: function(parts[0], obj, parts[1], *args[3:], **kwargs)


# ---- choices -------------------------------------------------------------------------------------------------------


def where(condition, x=None, y=None, /):
    """A condition that depends on x takes both branches, but for local patterns."""
    if x is None and y is None:
        return np.where(condition.value if is_tracer(condition) else condition)
    x, y = listed(x), listed(y)
    lead = leader(condition, x, y)
    condition = condition.value if is_tracer(condition) else condition
    mask = np.asarray(condition)
    value = np.where(mask, strip(x), strip(y))
    if lead.run.partials is not None:
        return like(lead, value, partials.chosen(mask, terms_of(x, lead), terms_of(y, lead), value.shape))
    if is_observed(condition) and not lead.run.local:
        if leader(x, y) is None:
            return np.where(condition, x, y)
        terms = joined(lead, value.shape, terms_of(x, lead), terms_of(y, lead))
    else:
        a, b = (broadcast(terms_of(a, lead), value.shape) for a in (x, y))
        mask = np.broadcast_to(mask, value.shape)
        terms = joined(lead, value.shape, _masked(a, mask), _masked(b, ~mask.astype(bool)))
        terms = _overlaid(terms, value.shape, mask, a, b)
    return like(lead, value, terms, shared_history(lead, [x, y]))


def _masked(terms, mask):
    return [(t, np.where(mask, rows, EMPTY)) for t, rows in terms]


def _overlaid(terms, shape, mask, a, b):
    """One term in place of two where both operands have one of the same table."""
    if len(a) == len(b) == 1 and a[0][0] is b[0][0]:
        return ((a[0][0], np.where(mask, a[0][1], b[0][1])),)
    return terms


def select(condlist, choicelist, default=0):
    """As nested choices, the value NumPy's."""
    derived = default
    for condition, choice in zip(reversed(list(condlist)), reversed(list(choicelist)), strict=True):
        derived = np.where(condition, choice, derived)
    return derived


def choose(a, choices, mode="raise"):
    """All choices, but for a constant index or local patterns the chosen."""
    choices = [listed(c) for c in (list(choices) if not is_tracer(choices) else choices)]
    index = a.value if is_tracer(a) else a
    lead = leader(a, choices)
    value = np.choose(np.asarray(index), [strip(c) for c in choices], mode=mode)
    if is_observed(index) and not lead.run.local:
        terms = joined(lead, value.shape, *(terms_of(c, lead) for c in choices))
    else:
        shaped = [np.broadcast_to(c, value.shape) for c in choices]
        terms = [(t, np.choose(np.asarray(index), rows, mode=mode)) for t, rows in line_up(lead, shaped)]
    return result(lead, value, terms, choices)


def copyto(dst, src, casting="same_kind", where=True):
    """dst[...] = src, the value converted as NumPy does."""
    if not is_tracer(dst):
        raise TypeError(
            "copyto cannot store numbers with derivatives in a plain array: make the array with dualad.numpy "
            "inside the function"
        )
    dst[...] = src if where is True else np.where(where, src, dst)


def putmask(a, /, mask, values):
    """Values of one element or of a's size keep both branches of a mask that depends on x."""
    values = listed(values)
    if is_tracer(a) and np.size(strip(values)) in (1, a.size):
        values = np.reshape(values, a.shape if np.size(strip(values)) == a.size else ())
        a[...] = np.where(mask, values, a)
    else:
        calculus.FUNCTIONS[np.putmask](a, mask, values)


def _pad(array, pad_width, mode="constant", **kwargs):
    if mode == "constant":
        if leader(kwargs.get("constant_values", 0)) is not None:
            return _padded_densely(array, pad_width, mode, kwargs)
        value = np.pad(plain(array), pad_width, mode, **kwargs)
        terms = tuple((t, np.pad(rows, pad_width, mode, constant_values=-1)) for t, rows in array.terms)
        return like(array, value, terms, array.history)
    if mode in ("edge", "reflect", "symmetric", "wrap", "empty") and kwargs.get("reflect_type", "even") == "even":
        return _moved(np.pad, array, (pad_width, mode), kwargs)
    if callable(mode) or mode in ("maximum", "minimum", "median", "mean"):
        return _PAD(array, pad_width, mode, **kwargs)
    return _padded_densely(array, pad_width, mode, kwargs)


def _padded_densely(array, pad_width, mode, kwargs):
    """Ramps, odd reflections, traced values in the margin: every element depends on everything."""
    lead = leader(array, kwargs)
    value = np.pad(strip(array), pad_width, mode, **strip(kwargs))
    return result(lead, value, all_terms(lead, [array, kwargs], value.shape), [array, kwargs])


def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """An array like a; it may be traced itself."""
    lead = leader(a, fill_value)
    value = np.full_like(strip(a), 0, dtype, order, False, shape)
    y = like(lead, value) if value.dtype.kind in "fc" else value
    y[...] = fill_value
    return y


def _maker(function):
    def rule(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
        value = function(plain(a), dtype, order, False, shape)
        return like(a, value) if value.dtype.kind in "fc" else value

    return rule


def broadcast_arrays(*args, subok=False):
    """A tuple of views of one shape."""
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


def delete(arr, obj, axis=None):
    """The elements that stay."""
    return _moved(np.delete, arr, (obj, axis), {})


def take_along_axis(arr, indices, axis=-1):
    """Positions that depend on x follow it."""
    return _moved(np.take_along_axis, arr, (_positions(arr, indices), axis), {})


def take(a, indices, axis=None, mode="raise"):
    """Positions that depend on x follow it."""
    a = listed(a)
    return _moved(np.take, a, (_positions(a, indices), axis), {"mode": mode})


def _positions(x, indices):
    if is_observed(indices):
        x.run.followed = True
    indices = np.asarray(indices)
    return indices if indices.size else indices.astype(np.intp)


def compress(condition, a, axis=None):
    """The elements where a condition holds."""
    mask = _positions(a, condition)
    return _moved(lambda m: np.compress(mask, m, axis), a, (), {})


def extract(condition, arr):
    """The elements where a condition holds, in one row."""
    mask = _positions(arr, condition)
    return _moved(lambda m: np.extract(mask, m), arr, (), {})


def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """NaN and infinities replaced; the pattern stays, since they depend on x, and has that of the replacements."""
    args = [x, nan, posinf, neginf]
    lead = leader(args)
    value = np.nan_to_num(*map(strip, (x, True, nan, posinf, neginf)))
    terms = joined(lead, value.shape, *(terms_of(a, lead) for a in args))
    y = like(lead, value, terms, shared_history(lead, args))
    if copy:
        return y
    x[...] = y
    return x


def _at_least(function):
    def one(x):
        return np.reshape(x, function(np.empty(x.shape, bool)).shape) if is_tracer(x) else function(x)

    def rule(*arrays):
        return one(arrays[0]) if len(arrays) == 1 else tuple(one(x) for x in arrays)

    return rule


def diff(a, n=1, axis=-1, prepend=np._NoValue, append=np._NoValue):
    """Differences of neighbours, n times."""
    a = listed(a)
    axis = np.lib.array_utils.normalize_axis_index(axis, np.ndim(a))
    parts = [part for part in (_end(a, prepend, axis), a, _end(a, append, axis)) if part is not None]
    x = np.concatenate(parts, axis) if len(parts) > 1 else a
    for _ in range(n):
        ahead = x[(slice(None),) * axis + (slice(1, None),)]
        x = ahead - x[(slice(None),) * axis + (slice(None, -1),)]
    return x


def _end(a, value, axis):
    if value is np._NoValue:
        return None
    if np.ndim(value):
        return value
    shape = list(np.shape(a))
    shape[axis] = 1
    return np.broadcast_to(value, tuple(shape))


def _complex_part(function, x):
    """A view of one part; what is stored there leaves the other part as it is."""
    return make_view(x, function(plain(x)), whole_element)


def whole_element(rows):
    """Both parts of a complex number have one row."""
    return rows


whole_element.is_part = True

_MOVED = """
    transpose permute_dims swapaxes moveaxis rollaxis squeeze expand_dims broadcast_to flip fliplr flipud
    rot90 roll repeat tile diagonal resize split array_split hsplit vsplit dsplit unstack matrix_transpose
""".split()
_JOINED = "concatenate concat stack hstack vstack dstack column_stack".split()

FUNCTIONS = {
    **{getattr(np, name): moved(getattr(np, name)) for name in _MOVED if hasattr(np, name)},
    **{getattr(np, name): joining(getattr(np, name), _sequence) for name in _JOINED if hasattr(np, name)},
    **{f: moved(f) for f in (np.linalg.diagonal, np.linalg.matrix_transpose, np.fft.fftshift, np.fft.ifftshift)},
    np.lib.stride_tricks.sliding_window_view: moved(np.lib.stride_tricks.sliding_window_view),
    **{f: filled(f) for f in (np.diag, np.diagflat, np.tril, np.triu)},
    np.real: lambda val: _complex_part(np.real, val) if val.dtype.kind == "c" else val,
    np.imag: lambda val: _complex_part(np.imag, val) if val.dtype.kind == "c" else np.imag(plain(val)),
    np.reshape: reshape,
    np.ravel: ravel,
    np.block: joining(np.block, _block),
    np.append: joining(np.append, _append),
    np.insert: joining(np.insert, _insert),
    **{f: _at_least(f) for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d)},
    np.broadcast_arrays: broadcast_arrays,
    np.copy: lambda a, order="K", subok=False: a.copy(order),
    np.copyto: copyto,
    np.putmask: putmask,
    np.zeros_like: _maker(np.zeros_like),
    np.empty_like: _maker(np.zeros_like),
    np.ones_like: _maker(np.ones_like),
    np.full_like: full_like,
    np.where: where,
    np.select: select,
    np.choose: choose,
    np.take: take,
    np.take_along_axis: take_along_axis,
    np.compress: compress,
    np.extract: extract,
    np.delete: delete,
    np.pad: _pad,
    np.nan_to_num: nan_to_num,
    np.diff: diff,
    np.meshgrid: calculus.FUNCTIONS[np.meshgrid],
    np.ix_: calculus.FUNCTIONS[np.ix_],
}
