"""Linear functions of one array: the same function acts on every component.

Where the function takes an axis, it acts on all components in one call, with the axis counted from behind the
component axis; otherwise component by component.
"""

import numpy as np

from dualad._core.number import stack_components, wrap_view
from dualad.rules.algebra import Number, apart, expanded, innermost, lift, primal, rewrap, shift_axis, together
from dualad.rules.bilinear import store


def each(function, *, array=0):
    """Rule of a linear function without a faster way: component by component."""

    def rule(*args, **kwargs):
        out = kwargs.pop("out", None)
        x = args[array]
        components = [function(*args[:array], c, *args[array + 1 :], **kwargs) for c in x.components]
        result = rewrap(x, stack_components(components))
        return result if out is None else store(out, result)

    rule.__name__ = function.__name__
    return rule


def several(function):
    """Rule of a linear function that returns a list of arrays."""

    def rule(x, *args, **kwargs):
        lists = [function(c, *args, **kwargs) for c in x.components]
        return [rewrap(x, stack_components(parts)) for parts in zip(*lists, strict=True)]

    rule.__name__ = function.__name__
    return rule


def view(x, components):
    """A number like x on a view of its components."""
    return wrap_view(x, components) if components.ndim > 1 else rewrap(x, components)


# ---- shape ---------------------------------------------------------------------------------------------------------


def _reshape(x, /, shape=None, order="C", *, copy=None, newshape=None):
    shape = shape if shape is not None else newshape
    if order == "A":
        flags = primal(x).flags
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    if order == "C" or x.ndim <= 1:
        shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
        if copy:
            x = x.copy()
        if -1 in shape and 0 in x.shape:
            shape = np.empty(x.shape).reshape(shape).shape
        return view(x, x.components.reshape((len(x.components), *shape)))
    return rewrap(x, stack_components([np.reshape(c, shape, order) for c in x.components]))


def _ravel(a, order="C"):
    value = primal(a)
    if order == "F" or not value.flags.c_contiguous:
        return rewrap(a, stack_components([np.ravel(c, order) for c in a.components]))
    return _reshape(a, (a.size,))


def _transpose(a, axes=None):
    axes = tuple(range(a.ndim))[::-1] if axes is None else tuple(axes)
    if len(axes) != a.ndim:
        raise ValueError("axes don't match array")
    return view(a, a.components.transpose(0, *shift_axis([k % a.ndim for k in axes], a.ndim)))


def _normal(axis, ndim):
    """The axes as nonnegative numbers, NumPy's error if they are out of bounds."""
    return np.lib.array_utils.normalize_axis_tuple(axis, ndim)


def _swapaxes(a, axis1, axis2):
    i, j = _normal(axis1, a.ndim)[0], _normal(axis2, a.ndim)[0]
    return view(a, np.swapaxes(a.components, i + 1, j + 1))


def _moveaxis(a, source, destination):
    source, destination = _normal(source, a.ndim), _normal(destination, a.ndim)
    return view(a, np.moveaxis(a.components, shift_axis(source, a.ndim), shift_axis(destination, a.ndim)))


def _rollaxis(a, axis, start=0):
    axis = _normal(axis, a.ndim)[0]
    start = start + a.ndim if start < 0 else start
    axes = [k for k in range(a.ndim) if k != axis]
    axes.insert(start - 1 if axis < start else start, axis)
    return _transpose(a, axes)


def _squeeze(a, axis=None):
    if axis is None:
        axes = tuple(k for k, n in enumerate(a.shape) if n == 1)
    else:
        axes = _normal(axis, a.ndim)
    return view(a, np.squeeze(a.components, shift_axis(axes, a.ndim)))


def _expand_dims(a, axis):
    ndim = a.ndim + np.size(axis)
    return view(a, np.expand_dims(a.components, shift_axis(_normal(axis, ndim), ndim)))


def _broadcast_to(array, shape, subok=False):
    shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
    components = lift(array.components, len(shape))
    return view(array, np.broadcast_to(components, (len(components), *shape)))


def _broadcast_arrays(*args, subok=False):
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


def _at_least(ndim):
    function = (None, np.atleast_1d, np.atleast_2d, np.atleast_3d)[ndim]

    def one(x):
        if not isinstance(x, Number):
            return function(x)
        return _reshape(x, function(np.empty(x.shape, bool)).shape)

    def rule(*arrays):
        return one(arrays[0]) if len(arrays) == 1 else tuple(one(x) for x in arrays)

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
    from dualad.rules.packing import pack_if_needed

    return [pack_if_needed(a) for a in arrays]


def _concatenate(arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind"):
    arrays = _listed(arrays)
    lead = innermost(*arrays)
    if axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    if lead is None or lead.isconstant:
        result = join_arrays(arrays, lambda xs: np.concatenate(xs, axis, dtype=dtype, casting=casting))
    else:
        axis = np.lib.array_utils.normalize_axis_index(axis, np.ndim(arrays[0]))
        result = rewrap(
            lead, np.concatenate([expanded(a, lead) for a in arrays], axis + 1, dtype=dtype, casting=casting)
        )
    return result if out is None else store(out, result)


def _stack(arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    arrays = _listed(arrays)
    lead = innermost(*arrays)
    if lead is None or lead.isconstant:
        result = join_arrays(arrays, lambda xs: np.stack(xs, axis, dtype=dtype, casting=casting))
    else:
        axis = np.lib.array_utils.normalize_axis_index(axis, np.ndim(arrays[0]) + 1)
        result = rewrap(lead, np.stack([expanded(a, lead) for a in arrays], axis + 1, dtype=dtype, casting=casting))
    return result if out is None else store(out, result)


def _columns(a):
    a = np.asarray(a) if not isinstance(a, Number) else a
    return np.reshape(a, (-1, 1)) if a.ndim < 2 else a


def _hstack(tup, *, dtype=None, casting="same_kind"):
    arrays = [np.atleast_1d(a) for a in _listed(tup)]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, dtype=dtype, casting=casting)


def _stacker(prepare, axis):
    def rule(tup, *, dtype=None, casting="same_kind"):
        return np.concatenate([prepare(a) for a in _listed(tup)], axis, dtype=dtype, casting=casting)

    return rule


def _block(arrays):
    leaves = []

    def collect(a):
        if isinstance(a, list):
            return [collect(b) for b in a]
        leaves.append(a)
        return len(leaves) - 1

    tree = collect(arrays)

    def build(t, xs):
        return [build(b, xs) for b in t] if isinstance(t, list) else xs[t]

    return join_arrays(leaves, lambda xs: np.block(build(tree, xs)))


def _append(arr, values, axis=None):
    if axis is None:
        return np.concatenate([np.ravel(arr), np.ravel(values)])
    return np.concatenate([arr, values], axis)


def _insert(arr, obj, values, axis=None):
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return join_arrays([arr, values], lambda xs: np.insert(xs[0], obj, xs[1], axis))


# ---- moving elements -----------------------------------------------------------------------------------------------


def _flip(m, axis=None):
    return view(m, np.flip(m.components, shift_axis(axis if axis is None else _normal(axis, m.ndim), m.ndim)))


def _take(a, indices, axis=None, out=None, mode="raise"):
    if axis is None:
        a, axis = _ravel(a), 0
    result = rewrap(a, np.take(a.components, indices, shift_axis(axis, a.ndim), mode=mode))
    return result if out is None else store(out, result)


def _take_along_axis(arr, indices, axis=-1):
    if axis is None:
        arr, axis = _ravel(arr), 0
    return rewrap(arr, np.take_along_axis(arr.components, np.asarray(indices)[None], shift_axis(axis, arr.ndim)))


def _pad(array, pad_width, mode="constant", **kwargs):
    if mode == "constant":
        fill = kwargs.get("constant_values", 0)
        if innermost(*np.atleast_1d(np.asarray(fill, object)).flat) is not None:
            raise TypeError("pad does not take constant_values with derivatives: use concatenate")
        value, rest = apart(array, array)
        rest = rest if rest is None else np.stack([np.pad(t, pad_width) for t in rest])
        return together(array, np.pad(value, pad_width, **kwargs), rest)
    if mode in ("edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "empty"):
        if mode == "linear_ramp" and np.any(np.asarray(kwargs.get("end_values", 0))):
            value, rest = apart(array, array)
            rest = rest if rest is None else np.stack([np.pad(t, pad_width, mode) for t in rest])
            return together(array, np.pad(value, pad_width, mode, **kwargs), rest)
        return rewrap(array, np.stack([np.pad(c, pad_width, mode, **kwargs) for c in array.components]))
    if mode in ("maximum", "minimum", "median"):
        raise TypeError(
            f"pad with mode={mode!r} does not support numbers with derivatives: pad with concatenate and "
            f"numpy.{mode[:3]}"
        )
    raise TypeError("pad with a function as mode does not support numbers with derivatives: use concatenate")


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
    condition = primal(condition)
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


def _zeros_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None, value=0):
    """An array like a, with room for tangents."""
    shape = a.shape if shape is None else (shape,) if np.ndim(shape) == 0 else tuple(shape)
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        return np.full(shape, value, dtype)
    components = (
        np.zeros((a.ncomponents, *shape), dtype or a.dtype)
        if not isinstance(a.components, Number)
        else np.zeros_like(a.components, dtype, shape=(a.ncomponents, *shape))
    )
    if value != 0:
        components[0] = value
    return rewrap(a, components)


def _ones_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    return _zeros_like(a, dtype, order, subok, shape, value=1)


def _full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    if not isinstance(a, Number):
        return np.broadcast_to(fill_value, np.shape(a) if shape is None else shape).copy()
    result = _zeros_like(a, dtype, order, subok, shape)
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
    return a.copy()


FUNCTIONS = {
    np.reshape: _reshape,
    np.ravel: _ravel,
    np.transpose: _transpose,
    np.swapaxes: _swapaxes,
    np.moveaxis: _moveaxis,
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
    np.take_along_axis: _take_along_axis,
    np.pad: _pad,
    np.diff: _diff,
    np.where: _where,
    np.zeros_like: _zeros_like,
    np.empty_like: _zeros_like,
    np.ones_like: _ones_like,
    np.full_like: _full_like,
    np.copyto: _copyto,
    np.copy: _copy,
    np.matrix_transpose: lambda x, /: _swapaxes(x, -1, -2),
    np.linalg.matrix_transpose: lambda x, /: _swapaxes(x, -1, -2),
    np.permute_dims: _transpose,
    np.compress: each(np.compress, array=1),
    np.extract: each(np.extract, array=1),
    np.trace: each(np.trace),
    np.linalg.trace: each(np.linalg.trace),
}
for _function in (
    np.fliplr,
    np.flipud,
    np.rot90,
    np.roll,
    np.repeat,
    np.tile,
    np.diagonal,
    np.diag,
    np.diagflat,
    np.tril,
    np.triu,
    np.resize,
    np.delete,
    np.real,
    np.imag,
    np.fft.fftshift,
    np.fft.ifftshift,
    np.linalg.diagonal,
):
    FUNCTIONS[_function] = each(_function)
for _function in (
    (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.unstack)
    if hasattr(np, "unstack")
    else (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit)
):
    FUNCTIONS[_function] = several(_function)
FUNCTIONS[np.hstack] = _hstack
FUNCTIONS[np.vstack] = _stacker(np.atleast_2d, 0)
FUNCTIONS[np.dstack] = _stacker(np.atleast_3d, 2)
FUNCTIONS[np.column_stack] = _stacker(_columns, 1)
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
