"""Linear functions of one array: the same function acts on every component.

Where the function takes an axis, it acts on all components in one call, with the axis counted from behind the
component axis; otherwise component by component.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from dualad._core.number import (
    components_like,
    quick_concatenate,
    quick_vector,
    raveled,
    rearrange,
    reshaped,
    squeezed,
    stack_components,
)
from dualad.rules.algebra import (
    Number,
    apart,
    as_view,
    expanded,
    innermost,
    is_axis_of_scalar,
    lift,
    primal,
    rewrap,
    shift_axis,
    together,
    view,
)
from dualad.rules.bilinear import store
from dualad.rules.packing import operand


def each(function, *, array=0):
    """Rule of a linear function without a faster way: component by component."""

    def rule(*args, **kwargs):
        x = args[array]
        components = [function(*args[:array], c, *args[array + 1 :], **kwargs) for c in x.components]
        return rewrap(x, stack_components(components))

    return rule


def _of_truths(function):
    """Rule of a function that picks elements by the truth of others."""

    def rule(condition, a, *args, **kwargs):
        condition, a = primal(operand(condition)), operand(a)
        if not isinstance(a, Number):
            return function(condition, a, *args, **kwargs)
        return rewrap(a, stack_components([function(condition, c, *args, **kwargs) for c in a.components]))

    return rule


def viewing(function):
    """Rule of a linear function that returns a view of its first argument, or a list of views, if it can."""

    def rule(x, *args, **kwargs):
        return as_view(x, lambda c: function(c, *args, **kwargs))

    return rule


# ---- shape ---------------------------------------------------------------------------------------------------------


def order_of(order, allowed="CFAK"):
    """NumPy's name of a memory order in upper case."""
    name = "C" if order is None else order.upper() if isinstance(order, str) else order
    if name not in set(allowed):
        names = ", ".join(f"'{name}'" for name in allowed[:-1])
        raise ValueError(f"order must be one of {names}, or '{allowed[-1]}' (got {order!r})")
    return name


def _reshape(a, /, shape, order="C", *, copy=None):
    order = order if order == "C" else order_of(order, "CFA")
    if order == "C" and not copy:
        result = reshaped(a, shape)
        if result is not None:
            return result
    if order == "A":
        flags = primal(a).flags
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    if order == "C":
        shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
        if copy:
            a = a.copy()
        if -1 in shape and 0 in a.shape:
            shape = np.empty(a.shape).reshape(shape).shape
        return view(a, a.components.reshape((len(a.components), *shape)))
    return as_view(a, lambda c: np.reshape(c, shape, order))


def _ravel(a, order="C"):
    result = raveled(a) if order == "C" else None
    if result is not None:
        return result
    order = order if order == "C" else order_of(order)
    if order == "F" or not primal(a).flags.c_contiguous:
        return as_view(a, lambda c: np.ravel(c, order))
    return _reshape(a, (a.size,))


def _transpose(a, axes=None):
    if axes is None:
        return rearrange(a, range(a.ndim - 1, -1, -1))
    axes = tuple(axes)
    if len(axes) != a.ndim:
        raise ValueError("axes don't match array")
    return rearrange(a, _normal(axes, a.ndim))


def _normal(axis, ndim):
    """The axes as nonnegative numbers, NumPy's error if they are out of bounds."""
    return normalize_axis_tuple(axis, ndim)


def _swapaxes(a, axis1, axis2):
    i, j = normalize_axis_index(axis1, a.ndim), normalize_axis_index(axis2, a.ndim)
    axes = list(range(a.ndim))
    axes[i], axes[j] = j, i
    return rearrange(a, axes)


def _moveaxis(a, source, destination):
    source, destination = _normal(source, a.ndim), _normal(destination, a.ndim)
    if len(source) != len(destination):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    axes = [k for k in range(a.ndim) if k not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        axes.insert(to, axis)
    return rearrange(a, axes)


_roll_each = each(np.roll)


def _roll(a, shift, axis=None):
    data = a.components
    if isinstance(data, Number) or not isinstance(shift, (int, np.integer)) or not isinstance(axis, int | None):
        return _roll_each(a, shift, axis)
    if axis is None:
        return _reshape(_roll(_ravel(a), shift, 0), a.shape)
    axis = 1 + _normal(axis, a.ndim)[0]
    length = data.shape[axis]
    shift = shift % length if length else 0
    rolled, whole = components_like(len(data), data[0]), (slice(None),) * axis
    rolled[(*whole, slice(shift, None))] = data[(*whole, slice(0, length - shift))]
    rolled[(*whole, slice(0, shift))] = data[(*whole, slice(length - shift, None))]
    return rewrap(a, rolled)


def _rollaxis(a, axis, start=0):
    axis = _normal(axis, a.ndim)[0]
    start = start + a.ndim if start < 0 else start
    axes = [k for k in range(a.ndim) if k != axis]
    axes.insert(start - 1 if axis < start else start, axis)
    return _transpose(a, axes)


def _squeeze(a, axis=None):
    if axis is None or is_axis_of_scalar(a, axis):
        return squeezed(a)
    shape = a.shape
    axes = _normal(axis, a.ndim)
    if any(shape[k] != 1 for k in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return rearrange(a, [k for k in range(len(shape)) if k not in axes])


def _expand_dims(a, axis):
    ndim = a.ndim + (len(axis) if isinstance(axis, (tuple, list)) else 1)
    new, old = _normal(axis, ndim), iter(range(a.ndim))
    return rearrange(a, [-1 if k in new else next(old) for k in range(ndim)])


def _broadcast_to(array, shape, subok=False):
    shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
    components = lift(array.components, len(shape))
    return view(array, np.broadcast_to(components, (len(components), *shape)))


def _broadcast_arrays(*args, subok=False):
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


_DIAG, _EACH_DIAG = viewing(np.diag), each(np.diag)


def _diag(v, k=0):
    """A view of a matrix's diagonal; a vector on the diagonal of a matrix of zeros."""
    components = v.components
    if v.ndim != 1 or not isinstance(components, np.ndarray):
        return _DIAG(v, k) if v.ndim != 1 else _EACH_DIAG(v, k)
    count, n = components.shape
    size = n + abs(k)
    matrix = np.zeros((count, size * size), components.dtype)
    matrix[:, k if k >= 0 else -k * size :: size + 1][:, :n] = components
    return rewrap(v, matrix.reshape((count, size, size)))


def _triangle(function):
    """tril and triu act on the last two axes, of a vector on what it broadcasts to."""
    one_by_one = each(function)

    def rule(m, k=0):
        return rewrap(m, function(m.components, k)) if m.ndim > 1 else one_by_one(m, k)

    return rule


def _tile(A, reps):
    reps = tuple(reps) if np.ndim(reps) else (reps,)
    if len(reps) > A.ndim:
        A = _reshape(A, (1,) * (len(reps) - A.ndim) + A.shape)
    return rewrap(A, np.tile(A.components, (1,) * (A.ndim + 1 - len(reps)) + reps))


def _at_least(ndim):
    function = (None, np.atleast_1d, np.atleast_2d, np.atleast_3d)[ndim]

    def one(x):
        if not isinstance(x, Number):
            return function(x)
        return x if x.ndim >= ndim else _reshape(x, function(np.empty(x.shape, bool)).shape)

    def rule(*arys):
        return one(arys[0]) if len(arys) == 1 else tuple(one(x) for x in arys)

    return rule


# ---- joining and splitting -----------------------------------------------------------------------------------------


def join_arrays(arrays, function):
    """function(list of arrays) for a linear function of several arrays, numbers and plain ones mixed."""
    lead = innermost(*arrays)
    if lead is None:
        return function(arrays)
    if lead.isconstant:
        return rewrap(lead, stack_components([function([expanded(a, lead)[0] for a in arrays])]))
    parts = [expanded(a, lead) for a in arrays]
    return rewrap(lead, stack_components([function([p[k] for p in parts]) for k in range(lead.ncomponents)]))


def _listed(arrays):
    """The arrays of a sequence, nested lists and object arrays of numbers packed."""
    return [operand(a) for a in arrays]


def _concatenate(arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind"):
    if out is None and dtype is None and type(axis) is int:
        result = quick_concatenate(arrays, axis, False)
        if result is not NotImplemented:
            return result
    arrays = _listed(arrays)
    lead = innermost(*arrays)
    if axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    if lead is None or lead.isconstant:
        result = join_arrays(arrays, lambda xs: np.concatenate(xs, axis, dtype=dtype, casting=casting))
    else:
        axis = normalize_axis_index(axis, np.ndim(arrays[0]))
        result = rewrap(
            lead, np.concatenate([expanded(a, lead) for a in arrays], axis + 1, dtype=dtype, casting=casting)
        )
    return result if out is None else store(out, result)


def _stack(arrays, axis=0, *, dtype=None, casting="same_kind"):
    arrays = _listed(arrays)
    if dtype is None and type(axis) is int:
        result = quick_vector(arrays) if axis in (0, -1) else NotImplemented
        result = quick_concatenate(arrays, axis, True) if result is NotImplemented else result
        if result is not NotImplemented:
            return result
    lead = innermost(*arrays)
    if lead is None or lead.isconstant:
        result = join_arrays(arrays, lambda xs: np.stack(xs, axis, dtype=dtype, casting=casting))
    else:
        axis = normalize_axis_index(axis, np.ndim(arrays[0]) + 1)
        result = rewrap(lead, np.stack([expanded(a, lead) for a in arrays], axis + 1, dtype=dtype, casting=casting))
    return result


def _columns(a):
    a = np.asarray(a) if not isinstance(a, Number) else a
    return np.reshape(a, (-1, 1)) if a.ndim < 2 else a


def _hstack(tup, *, dtype=None, casting="same_kind"):
    arrays = [np.atleast_1d(a) for a in _listed(tup)]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, dtype=dtype, casting=casting)


def _vstack(tup, *, dtype=None, casting="same_kind"):
    return np.concatenate([np.atleast_2d(a) for a in _listed(tup)], 0, dtype=dtype, casting=casting)


def _dstack(tup):
    return np.concatenate([np.atleast_3d(a) for a in _listed(tup)], 2)


def _column_stack(tup):
    return np.concatenate([_columns(a) for a in _listed(tup)], 1)


def leaves_of_lists(arrays):
    """The arrays in nested lists, and what puts others in their places."""
    leaves = []

    def collect(a):
        if isinstance(a, list):
            return [collect(b) for b in a]
        leaves.append(a)
        return len(leaves) - 1

    tree = collect(arrays)

    def build(t, parts):
        return [build(b, parts) for b in t] if isinstance(t, list) else parts[t]

    return leaves, lambda parts: build(tree, parts)


def _block(arrays):
    leaves, build = leaves_of_lists(arrays)
    return join_arrays(leaves, lambda parts: np.block(build(parts)))


def _append(arr, values, axis=None):
    arr, values = _listed([arr, values])
    if axis is None:
        return np.concatenate([np.ravel(arr), np.ravel(values)])
    return np.concatenate([arr, values], axis)


def _insert(arr, obj, values, axis=None):
    arr, values = _listed([arr, values])
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return join_arrays([arr, values], lambda xs: np.insert(xs[0], obj, xs[1], axis))


# ---- moving elements -----------------------------------------------------------------------------------------------


def _flip(m, axis=None):
    if axis is None:
        return m[(_BACKWARDS,) * m.ndim] if m.ndim else m[...]
    axes = _normal(axis, m.ndim)
    return m[tuple(_BACKWARDS if k in axes else _WHOLE for k in range(m.ndim))]


_BACKWARDS, _WHOLE = slice(None, None, -1), slice(None)


def _trace(a, offset=0, axis1=0, axis2=1, dtype=None):
    value, rest = apart(a, a)
    axes = shift_axis(axis1, a.ndim), shift_axis(axis2, a.ndim)
    rest = None if rest is None else rest.trace(offset, *axes, dtype)
    return together(a, value.trace(offset, axis1, axis2, dtype), rest)


def _take(a, indices, axis=None, mode="raise"):
    if axis is None or is_axis_of_scalar(a, axis):
        a, axis = _ravel(a), 0
    return rewrap(a, np.take(a.components, indices, shift_axis(axis, a.ndim), mode=mode))


def _repeat(a, repeats, axis=None):
    if axis is None or is_axis_of_scalar(a, axis):
        a, axis = _ravel(a), 0
    return rewrap(a, np.repeat(a.components, repeats, shift_axis(axis, a.ndim)))


def _take_along_axis(arr, indices, axis=-1):
    if axis is None:
        arr, axis = _ravel(arr), 0
    return rewrap(arr, np.take_along_axis(arr.components, np.asarray(indices)[None], shift_axis(axis, arr.ndim)))


def _pad(array, pad_width, mode="constant", **kwargs):
    if callable(mode):
        return _pad_by_function(array, pad_width, mode, kwargs)
    if mode in _STATISTICS:
        return _pad_by_statistic(array, pad_width, mode, kwargs.get("stat_length"))
    fill = {k: v for k, v in kwargs.items() if k in ("constant_values", "end_values")}
    rest = {k: v for k, v in kwargs.items() if k not in fill}
    lead = innermost(array, *_leaves(fill))
    value, tangents = apart(array, lead)
    if isinstance(tangents, np.ndarray) and innermost(*_leaves(fill)) is None:
        widths = [(0, 0), *_pairs(pad_width, array.ndim)]  # a constant, or the end of a ramp, has zero tangents
        return together(lead, np.pad(value, pad_width, mode, **rest, **fill), np.pad(tangents, widths, mode, **rest))
    fill, fill_dots = _split_tree(fill, lead)
    zero = None if tangents is not None else np.zeros_like(value)
    rows = []
    for k, dots in enumerate(fill_dots):
        rows.append(np.pad(zero if tangents is None else tangents[k], pad_width, mode, **rest, **dots))
    return together(lead, np.pad(value, pad_width, mode, **rest, **fill), np.stack(rows) if rows else None)


def _leaves(tree):
    """The numbers in nested lists, tuples and dictionaries."""
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return [tree] if not isinstance(tree, (dict, list, tuple)) else [leaf for p in parts for leaf in _leaves(p)]


def _split_tree(tree, lead):
    """Nested lists of values, and one of tangents for each direction."""
    def build(part, pick):
        if isinstance(part, dict):
            return {k: build(v, pick) for k, v in part.items()}
        if isinstance(part, (list, tuple)):
            return type(part)(build(v, pick) for v in part)
        return pick(*apart(part, lead))

    def direction(k):
        return build(tree, lambda value, tangents: 0.0 * value if tangents is None else tangents[k])

    return build(tree, lambda value, tangents: value), [direction(k) for k in range(lead.ncomponents - 1)]


_STATISTICS = {"maximum": "max", "minimum": "min", "median": "median", "mean": "mean"}


def _pairs(width, ndim):
    """The two widths of every axis, None for all there is."""
    if isinstance(width, dict):
        pairs = [(0, 0)] * ndim
        for axis, pair in width.items():
            pairs[axis] = tuple(np.broadcast_to(pair, 2).tolist())
        return pairs
    return np.broadcast_to(np.asarray(width, object), (ndim, 2)).tolist()


def _pad_by_statistic(array, pad_width, mode, stat_length):
    """Axis after axis, so that the corners are statistics of what the axes before have put there."""
    value = np.pad(apart(array, array)[0], pad_width, mode, stat_length=stat_length)
    statistic = getattr(np, _STATISTICS[mode])
    widths, lengths = _pairs(pad_width, array.ndim), _pairs(stat_length, array.ndim)
    for axis, (pair, length) in enumerate(zip(widths, lengths, strict=True)):
        n = array.shape[axis]
        parts = [array]
        for side, (width, count) in enumerate(zip(pair, length, strict=True)):
            count = n if count is None else min(count, n)
            chunk = np.take(array, np.arange(count) if side == 0 else np.arange(n - count, n), axis)
            strip = np.repeat(statistic(chunk, axis, keepdims=True), width, axis)
            parts = [strip, *parts] if side == 0 else [*parts, strip]
        array = np.concatenate(parts, axis)
    return together(array, value, apart(array, array)[1])


def _pad_by_function(array, pad_width, function, kwargs):
    """The function changes every line of the padded array in place."""
    padded = np.pad(array, pad_width)
    for axis, pair in enumerate(_pairs(pad_width, array.ndim)):
        lines = np.moveaxis(padded, axis, -1)
        for index in np.ndindex(lines.shape[:-1]):
            function(lines[(*index, ...)], tuple(pair), axis, kwargs)
    return padded


def _diff(a, n=1, axis=-1, prepend=np._NoValue, append=np._NoValue):
    if (
        innermost(prepend, append) is None
        and isinstance(a, Number)
        and prepend is np._NoValue
        and append is np._NoValue
    ):
        axis = _normal(axis, a.ndim)[0]
        return rewrap(a, np.diff(a.components, n, axis + 1))
    axis = _normal(axis, np.ndim(a))[0]
    parts = []
    for x in (prepend, a, append):
        if x is np._NoValue:
            continue
        if np.ndim(x) == 0:
            shape = list(np.shape(a))
            shape[axis] = 1
            x = np.broadcast_to(x, tuple(shape))
        parts.append(x)
    return np.diff(np.concatenate(parts, axis), n, axis)


def _where(condition, x=None, y=None, /):
    if x is None and y is None:
        return np.where(primal(condition))
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    condition, x, y = primal(condition), operand(x), operand(y)
    lead = innermost(x, y)
    if lead is None:
        return np.where(condition, x, y)
    (a, a_dot), (b, b_dot) = apart(x, lead), apart(y, lead)
    value = np.where(condition, a, b)
    if a_dot is None and b_dot is None:
        return together(lead, value, None)
    ndim = np.ndim(value)
    tangents = np.where(
        condition, 0.0 if a_dot is None else lift(a_dot, ndim), 0.0 if b_dot is None else lift(b_dot, ndim)
    )
    shape = tangents.shape[:1] + np.shape(value)
    return together(lead, value, tangents if tangents.shape == shape else np.broadcast_to(tangents, shape))


def _with_room(a, dtype, order, given, value):
    """An array like a that is filled with a value, with room for tangents."""
    shape = a.shape if given is None else (given,) if np.ndim(given) == 0 else tuple(given)
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        return np.full(shape, value, dtype)
    if isinstance(a.components, Number):
        components = np.zeros_like(a.components, dtype, shape=(a.ncomponents, *shape))
    else:
        layout = np.empty_like(primal(a), dtype, order, shape=given)
        components = components_like(a.ncomponents, layout, zero=True)
    if value != 0:
        components[0] = value
    return rewrap(a, components)


def _zeros_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    return _with_room(a, dtype, order, shape, 0)


def _empty_like(prototype, /, dtype=None, order="K", subok=True, shape=None, *, device=None):
    return _with_room(prototype, dtype, order, shape, 0)


def _ones_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    return _with_room(a, dtype, order, shape, 1)


def _full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    if not isinstance(a, Number):
        return np.broadcast_to(fill_value, np.shape(a) if shape is None else shape).copy()
    result = _with_room(a, dtype, order, shape, 0)
    result[...] = fill_value
    return result


def _copyto(dst, src, casting="same_kind", where=True):
    if not isinstance(dst, Number):
        raise TypeError(
            "copyto cannot store numbers with derivatives in a plain array: make the array with dualad.numpy "
            "inside the function that is differentiated"
        )
    dst[...] = src if where is True else np.where(where, src, dst)


def _copy(a, order="K", subok=False):
    return a.copy(order)


FUNCTIONS = {
    np.reshape: _reshape,
    np.ravel: _ravel,
    np.transpose: _transpose,
    np.swapaxes: _swapaxes,
    np.moveaxis: _moveaxis,
    np.roll: _roll,
    np.rollaxis: _rollaxis,
    np.squeeze: _squeeze,
    np.expand_dims: _expand_dims,
    np.broadcast_to: _broadcast_to,
    np.broadcast_arrays: _broadcast_arrays,
    np.atleast_1d: _at_least(1),
    np.atleast_2d: _at_least(2),
    np.atleast_3d: _at_least(3),
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.block: _block,
    np.append: _append,
    np.insert: _insert,
    np.flip: _flip,
    np.take: _take,
    np.repeat: _repeat,
    np.take_along_axis: _take_along_axis,
    np.pad: _pad,
    np.diff: _diff,
    np.where: _where,
    np.zeros_like: _zeros_like,
    np.empty_like: _empty_like,
    np.ones_like: _ones_like,
    np.full_like: _full_like,
    np.copyto: _copyto,
    np.copy: _copy,
    np.matrix_transpose: lambda x, /: _swapaxes(x, -1, -2),
    np.linalg.matrix_transpose: lambda x, /: _swapaxes(x, -1, -2),
    np.permute_dims: _transpose,
    np.compress: _of_truths(np.compress),
    np.extract: _of_truths(np.extract),
    np.real: lambda val: val.real,
    np.imag: lambda val: val.imag,
    np.diag: _diag,
    np.tril: _triangle(np.tril),
    np.triu: _triangle(np.triu),
    np.tile: _tile,
    np.trace: _trace,
    np.linalg.trace: lambda x, /, *, offset=0, dtype=None: _trace(x, offset, -2, -1, dtype),
}
for _function in (
    np.diagflat,
    np.resize,
    np.delete,
    np.fft.fftshift,
    np.fft.ifftshift,
):
    FUNCTIONS[_function] = each(_function)
for _function in (
    np.fliplr,
    np.flipud,
    np.rot90,
    np.diagonal,
    np.linalg.diagonal,
    np.split,
    np.array_split,
    np.hsplit,
    np.vsplit,
    np.dsplit,
    np.lib.stride_tricks.sliding_window_view,
):
    FUNCTIONS[_function] = viewing(_function)
if hasattr(np, "unstack"):
    FUNCTIONS[np.unstack] = viewing(np.unstack)
FUNCTIONS[np.hstack] = _hstack
FUNCTIONS[np.vstack] = _vstack
FUNCTIONS[np.dstack] = _dstack
FUNCTIONS[np.column_stack] = _column_stack
for _name in (
    "fft",
    "ifft",
    "rfft",
    "irfft",
    "hfft",
    "ihfft",
    "fft2",
    "ifft2",
    "rfft2",
    "irfft2",
    "fftn",
    "ifftn",
    "rfftn",
    "irfftn",
):
    _function = getattr(np.fft, _name)
    FUNCTIONS[_function] = each(_function)
