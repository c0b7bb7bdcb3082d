"""NumPy's ufunc protocol: calls and the methods reduce, accumulate, outer, reduceat and at."""

import functools
import itertools
import math

import numpy as np

from dualad._core import Dual, HyperDual, MultiDual, Taylor
from dualad._core.number import reserve
from dualad._core.tracer import Tracer
from dualad.rules.algebra import Number, apart, innermost, primal, shift_axis, together
from dualad.rules.bilinear import GUFUNCS
from dualad.rules.catalog import reason
from dualad.rules.elementwise import PARTIALS, PLAIN, WHOLE_OUTPUT, elementwise, plain
from dualad.rules.formula import leaves
from dualad.rules.packing import has_own_rules, is_sparse, pack, refuse_subclass, unpack
from dualad.rules.sparse import sparse_operator


def dispatch(ufunc, method, inputs, kwargs):
    """`__array_ufunc__` of every number type."""
    for x in (*inputs, *(kwargs.get("out") or ())) if kwargs else inputs:
        if type(x) in _ORDINARY:
            continue
        if not isinstance(x, _KNOWN):
            if has_own_rules(x):
                return NotImplemented
            if is_sparse(x):
                return sparse_operator(ufunc, method, *inputs, **kwargs)
            if ufunc not in PLAIN:
                refuse_subclass(x)
        if type(x) is Tracer and type(innermost(*inputs)) is Tracer:
            return x.__array_ufunc__(ufunc, method, *inputs, **kwargs)
    if method == "at":
        return _at(ufunc, *inputs)
    out = kwargs.pop("out", None)
    if out is not None:
        return _into(ufunc, method, inputs, out, kwargs)
    if method == "__call__":
        return _call(ufunc, inputs, kwargs)
    if ufunc not in PLAIN and ufunc not in PARTIALS:
        return _of_objects(ufunc, method, inputs, kwargs)
    return _METHODS[method](ufunc, *inputs, **kwargs)


_ORDINARY = frozenset({Dual, MultiDual, HyperDual, Taylor, np.ndarray, np.float64, float, int, complex})
_KNOWN = (Number, np.generic, float, int, complex)


def _call(ufunc, inputs, kwargs):
    if ufunc in PARTIALS:
        return elementwise(ufunc, inputs, kwargs)
    if ufunc in GUFUNCS:
        return GUFUNCS[ufunc](ufunc, *inputs, **kwargs)
    if ufunc in PLAIN:
        return plain(ufunc, inputs, kwargs)
    if ufunc.__name__ == "clip":  # what ndarray.clip calls; it has no public name
        return np.clip(*inputs, **kwargs)
    return _of_objects(ufunc, "__call__", inputs, kwargs)


def _of_objects(ufunc, method, inputs, kwargs):
    """A ufunc of Python objects, as frompyfunc makes them: it computes with one number after the other."""
    if set("".join(ufunc.types)) - set("O->"):
        raise TypeError(reason(ufunc))
    results = getattr(ufunc, method)(*(unpack(x) if isinstance(x, Number) else x for x in inputs), **kwargs)
    return tuple(map(packed, results)) if isinstance(results, tuple) else packed(results)


def packed(y):
    """An object array of numbers as one number, any other as it is."""
    if isinstance(y, np.ndarray) and all(isinstance(v, (Number, np.number, float, int, complex)) for v in y.flat):
        return pack(y)
    return y


def _into(ufunc, method, inputs, out, kwargs):
    """Store results in the arrays given as out=, which must be able to hold them."""
    out = out if isinstance(out, tuple) else (out,)
    if ufunc in PLAIN:
        return getattr(ufunc, method)(*(primal(x) for x in inputs), out=_plain_targets(ufunc, out), **kwargs)
    carries = innermost(*leaves(inputs), *kwargs.values()) is not None
    for i, target in enumerate(out):
        if target is not None and not isinstance(target, Number) and carries and WHOLE_OUTPUT.get(ufunc) != i:
            refuse_target(ufunc, method, target)
    if carries:
        results = dispatch(ufunc, method, inputs, dict(kwargs))
    else:
        results = getattr(ufunc, method)(*inputs, out=None, **kwargs)
    results = results if isinstance(results, tuple) else (results,)
    where = kwargs.get("where", True) if method == "__call__" else True
    stored = []
    for result, target in zip(results, out, strict=True):
        if target is not None:
            check_target(ufunc, result, target, kwargs.get("casting", "same_kind"))
            target[...] = result if where is True else np.where(where, result, target)
        stored.append(result if target is None else target)
    return stored[0] if len(stored) == 1 else tuple(stored)


def _plain_targets(ufunc, out):
    for target in out:
        if isinstance(target, Number):
            raise TypeError(f"{ufunc.__name__} has no derivative, so that its result needs a plain array as out=")
    return out


def refuse_target(ufunc, method, target):
    name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    raise TypeError(
        f"{name} cannot store a result with derivatives into a plain {type(target).__name__} (out=, or an in-place "
        "operator such as +=): the derivative would be lost. Write a = a + x, or make the array with dualad.numpy "
        "inside the function that is differentiated"
    )


def check_target(ufunc, result, target, casting):
    shape, dtype = np.shape(result), np.result_type(primal(result))
    if shape != target.shape and np.broadcast_shapes(shape, target.shape) != target.shape:
        raise ValueError(
            f"non-broadcastable output operand with shape {target.shape} doesn't match the broadcast shape {shape}"
        )
    if not np.can_cast(dtype, target.dtype, casting):
        raise TypeError(
            f"Cannot cast ufunc '{ufunc.__name__}' output from {dtype!r} to {target.dtype!r} with casting rule "
            f"'{casting}'"
        )


# ---- methods -------------------------------------------------------------------------------------------------------


def _outer(ufunc, a, b, **kwargs):
    a = a if isinstance(a, Number) else np.asarray(a)
    a = a.reshape(a.shape + (1,) * np.ndim(b))
    return dispatch(ufunc, "__call__", (a, b), kwargs)


def _reduce(ufunc, x, axis=0, dtype=None, keepdims=False, initial=np._NoValue, where=True):
    if ufunc in PLAIN:
        extra = {} if initial is np._NoValue else {"initial": initial}
        return ufunc.reduce(primal(x), axis, dtype, None, keepdims, where=where, **extra)
    rule = _REDUCTIONS.get(ufunc)
    if np.ndim(x) == 0 and axis in (0, -1):
        axis = None
    if rule is not None:
        extra = {} if initial is np._NoValue else {"initial": initial}
        if where is not True:
            extra["where"] = where
        if dtype is not None and ufunc in (np.add, np.multiply):
            extra["dtype"] = dtype
        elif dtype is not None:
            x = x.astype(dtype)
        return rule(x, axis=axis, keepdims=keepdims, **extra)
    return _fold_reduce(ufunc, x, axis, dtype, keepdims, initial, where)


def _fold_reduce(ufunc, x, axis, dtype, keepdims, initial, where):
    """Any other reduction: derivatives by folding along the axis; the value is NumPy's own."""
    lead = innermost(x, initial)
    extra = {} if initial is np._NoValue else {"initial": apart(initial, lead)[0]}
    value = ufunc.reduce(apart(x, lead)[0], axis, dtype, keepdims=keepdims, where=where, **extra)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    rows = _rows(_as_the_loop_sees(x, dtype), axes)
    with np.errstate(all="ignore"):
        if where is not True:
            total = _fold_chosen(ufunc, rows, _rows(np.broadcast_to(where, x.shape), axes), initial)
        elif ufunc in _ASSOCIATIVE and len(rows):
            total = _halved(ufunc, rows)
            total = total if initial is np._NoValue else ufunc(initial, total)
        else:
            start = [] if initial is np._NoValue else [np.broadcast_to(initial, rows.shape[1:])]
            items = [*start, *rows]
            total = functools.reduce(ufunc, items) if items else together(lead, value, None)
    return _with_tangents_of(total, lead, value)


def _as_the_loop_sees(x, dtype):
    """A loop of real numbers takes the real part of complex ones."""
    return np.real(x) if dtype is not None and np.dtype(dtype).kind == "f" and np.iscomplexobj(x) else x


def _rows(x, axes):
    """The reduced axes first and as one."""
    moved = np.moveaxis(x, axes, range(len(axes)))
    return moved.reshape((math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes) :]))


def _fold_chosen(ufunc, rows, chosen, initial):
    total = np.broadcast_to(ufunc.identity if initial is np._NoValue else initial, rows.shape[1:])
    for row, here in zip(rows, chosen, strict=True):
        total = np.where(here, ufunc(total, row), total)
    return total


def _with_tangents_of(total, lead, value):
    """A value that NumPy computed, with the tangents of the same computed step by step."""
    rest = apart(total, lead)[1]
    if rest is None:
        return together(lead, value, None)
    return together(lead, value, rest.reshape(rest.shape[:1] + np.shape(value)))


_ASSOCIATIVE = {np.multiply, np.logaddexp, np.logaddexp2, np.hypot, np.fmax, np.fmin, np.maximum, np.minimum}


def _halved(ufunc, x):
    """The reduction of the first axis, half of it with the other half at a time."""
    while len(x) > 1:
        half = len(x) // 2
        x = np.concatenate([ufunc(x[:half], x[half : 2 * half]), x[2 * half :]])
    return x[0]


def _accumulate(ufunc, x, axis=0, dtype=None):
    if ufunc in PLAIN:
        return ufunc.accumulate(primal(x), axis, dtype)
    lead = innermost(x)
    value, rest = apart(x, lead)
    result = ufunc.accumulate(value, axis, dtype)
    if rest is None or not result.size:
        return together(lead, result, None)
    x, rest = _as_the_loop_sees(x, dtype), _as_the_loop_sees(rest, dtype)
    along = shift_axis(np.lib.array_utils.normalize_axis_index(axis, x.ndim), x.ndim)
    if ufunc in (np.add, np.subtract):
        return together(lead, result, ufunc.accumulate(rest, along, dtype))
    if ufunc in _CHOOSING:
        return together(lead, result, _chosen(primal(x), primal(result), rest, along))
    moved = np.moveaxis(x, axis, 0)
    with np.errstate(all="ignore"):
        if ufunc in _ASSOCIATIVE:
            running = _doubled(ufunc, moved)
        else:
            running = np.stack(list(itertools.accumulate(moved, ufunc)))
    return _with_tangents_of(np.moveaxis(running, 0, axis), lead, result)


_CHOOSING = {np.maximum, np.minimum, np.fmax, np.fmin}


def _doubled(ufunc, x):
    """Running results along the first axis, over spans of 1, 2, 4, ... (W. D. Hillis and G. L. Steele, 1986)."""
    span = 1
    while span < len(x):
        x = np.concatenate([x[:span], ufunc(x[:-span], x[span:])])
        span *= 2
    return x


def _chosen(value, result, tangents, along):
    """Tangents of a running extreme: its own element's, and the mean of those that equal it so far."""
    value, result = (np.moveaxis(a, along - 1, 0) for a in (value, result))
    t = np.moveaxis(tangents, along, 0)
    hit = (value == result) | (np.isnan(value) & np.isnan(result))
    fresh = np.ones(result.shape, bool)
    fresh[1:] = (result[1:] != result[:-1]) & ~(np.isnan(result[1:]) & np.isnan(result[:-1]))
    place = np.reshape(np.arange(len(result)), (-1,) + (1,) * (result.ndim - 1))
    start = np.maximum.accumulate(np.where(fresh, place, 0))
    if not np.any(hit & ~fresh):
        return np.moveaxis(np.take_along_axis(t, start[:, None], 0), 0, along)
    total, count, span = np.where(hit[:, None], t, 0.0), hit.astype(t.dtype), 1
    while span < len(result):
        inside = start[span:] <= place[:-span]
        total = np.concatenate([total[:span], total[span:] + np.where(inside[:, None], total[:-span], 0.0)])
        count = np.concatenate([count[:span], count[span:] + np.where(inside, count[:-span], 0.0)])
        span *= 2
    return np.moveaxis(total / count[:, None], 0, along)


def _reduceat(ufunc, x, indices, axis=0, dtype=None):
    if ufunc in PLAIN:
        return ufunc.reduceat(primal(x), indices, axis, dtype)
    lead = innermost(x)
    value, rest = apart(x, lead)
    result = ufunc.reduceat(value, indices, axis, dtype)
    if rest is None:
        return together(lead, result, None)
    x, rest = _as_the_loop_sees(x, dtype), _as_the_loop_sees(rest, dtype)
    if ufunc is np.add:
        return together(lead, result, np.add.reduceat(rest, indices, shift_axis(axis, x.ndim), dtype))
    moved = np.moveaxis(x, axis, 0)
    ends = [*indices[1:], len(moved)]
    with np.errstate(all="ignore"):
        parts = [_reduce(ufunc, moved[i:j]) if j > i else moved[i] for i, j in zip(indices, ends, strict=True)]
    return _with_tangents_of(np.moveaxis(np.stack(parts), 0, axis), lead, result)


def _at(ufunc, x, indices, *operands):
    """ufunc.at(x, indices[, y]): unbuffered in-place, element after element."""
    if not isinstance(x, Number):
        refuse_target(ufunc, "at", x)
    if ufunc in (np.add, np.subtract):
        return _add_at(ufunc, x, indices, operands[0])
    flat = np.arange(x.size).reshape(x.shape)[indices]
    y = np.broadcast_to(operands[0], flat.shape).reshape(-1) if operands else None
    where = np.unravel_index(flat.reshape(-1), x.shape)
    for i, index in enumerate(zip(*where, strict=True)):
        x[index] = ufunc(x[index]) if y is None else ufunc(x[index], y[i])
    return None


def _add_at(ufunc, x, indices, y):
    probe = x[indices]
    y = np.broadcast_to(y, probe.shape) if np.shape(y) != probe.shape else y
    reserve(x, y)
    value, rest = apart(y, x)
    key = indices if isinstance(indices, tuple) else (indices,)
    components = x.components
    ufunc.at(components[0], key, value)
    for k in range(1, len(components)):
        if rest is not None:
            ufunc.at(components[k], key, rest[k - 1])
    return None


_METHODS = {"outer": _outer, "reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat}
_REDUCTIONS = {}


def register_reductions(rules):
    """Reductions that have a rule of their own: add.reduce is sum."""
    _REDUCTIONS.update(rules)
