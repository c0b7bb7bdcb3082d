"""How NumPy functions act on uncertain numbers: by dualad's rules, which see dual numbers.

- An elementwise function is evaluated on dual numbers of tangent one; its partial derivatives scale the combinations.
- A function that only moves elements is evaluated on their positions, and the combinations are moved likewise.
- Sums over axes group combinations; products of matrices and statistics are composed of products and sums.
- Every other function is evaluated with one direction per variable, or per element where those are fewer.
"""

import functools

import numpy as np
from scipy import sparse

from dualad._context import call_within
from dualad._core import Dual, MultiDual, Number
from dualad._core.number import dual_parts, seed_tangent, wrap
from dualad._trees import as_output
from dualad.rules import FAMILIES
from dualad.rules.elementwise import PARTIALS, PLAIN
from dualad.transforms import _extract, _levels
from dualad.uq import _combination
from dualad.uq._numbers import (
    LEVEL,
    RULES,
    UArray,
    UFloat,
    Uncertain,
    from_operands,
    from_row,
    make_array,
    nominal,
    terms_of,
)

_CHUNK = 1 << 26
"""Bytes that the tangents of one argument may take at once in a general function."""

_LARGEST_PRODUCT = 1 << 24
"""Factors of a product of matrices up to which it is composed of products and sums."""


def as_array(x):
    """Object arrays and lists of uncertain numbers as one array; anything else as it is."""
    if isinstance(x, (list, tuple)) and any(isinstance(leaf, Uncertain) for leaf in _leaves(x)):
        return np.stack([_promoted(part) for part in x])
    if isinstance(x, np.ndarray) and x.dtype == object and any(isinstance(v, Uncertain) for v in x.flat):
        return np.reshape(np.stack([_promoted(v) for v in x.flat]), x.shape)
    return x


def _promoted(x):
    """An uncertain scalar, array or plain array, for joining."""
    x = as_array(x)
    return x if isinstance(x, Uncertain) else np.asarray(x, float)


def _leaves(x):
    if isinstance(x, (list, tuple)):
        for part in x:
            yield from _leaves(part)
    elif isinstance(x, dict):
        yield from _leaves(list(x.values()))
    elif isinstance(x, np.ndarray) and x.dtype == object:
        yield from x.flat
    else:
        yield x


def _refuse_numbers(args):
    for x in _leaves(args):
        if isinstance(x, Number):
            raise TypeError(
                f"cannot mix a {type(x).__name__} and uncertain numbers: differentiate a function of plain numbers, or "
                "propagate through it with dualad.uq.propagate"
            )


# ---- elementwise ---------------------------------------------------------------------------------------------------


def call(ufunc, inputs, kwargs=None):
    """ufunc(*inputs): the partial derivative by each uncertain input from dual numbers."""
    if not kwargs and ufunc in PARTIALS:
        result = _of_scalars(ufunc, inputs)
        if result is not NotImplemented:
            return result
    kwargs = kwargs or {}
    inputs = [as_array(x) if not isinstance(x, Uncertain) else x for x in inputs]
    _refuse_numbers(inputs)
    if ufunc in PLAIN:
        return _plain(ufunc, inputs, kwargs)
    if ufunc not in PARTIALS or any(isinstance(x, UArray) and x.dtype.kind == "c" for x in inputs):
        return linearised(ufunc, inputs, kwargs)
    values = [nominal(x) for x in inputs]
    outputs = None
    for i, x in enumerate(inputs):
        if not isinstance(x, Uncertain):
            continue
        seeded = list(values)
        seeded[i] = Dual(values[i], 1.0) if isinstance(x, UFloat) else Dual(values[i], np.ones(x.shape, x.dtype))
        results = ufunc(*seeded, **kwargs)
        results = results if isinstance(results, tuple) else (results,)
        outputs = outputs or [[_value(r), []] for r in results]
        for output, result in zip(outputs, results, strict=True):
            if isinstance(result, Number):
                output[1].append((result.tangent, x))
    joined = [_joined(*output) for output in outputs]
    return joined[0] if len(joined) == 1 else tuple(joined)


def _of_scalars(ufunc, inputs):
    """Of scalars alone, without a detour; NotImplemented for anything else."""
    values = [x._value if type(x) is UFloat else x for x in inputs]
    if not all(type(v) is float for v in values):
        return NotImplemented
    operands, value = [], None
    for i, x in enumerate(inputs):
        if type(x) is UFloat:
            seeded = list(values)
            seeded[i] = seed_tangent(Dual, values[i], 1.0, LEVEL)
            parts = dual_parts(ufunc(*seeded), LEVEL)
            if parts is NotImplemented:
                return NotImplemented
            value = parts[0]
            operands.append((float(parts[1]), x))
    return from_operands(float(value), tuple(operands)) if operands else NotImplemented


def _value(result):
    return result.value if isinstance(result, Number) else result


def _joined(value, partials):
    """The result of this value from pairs of partial derivative and input."""
    if not partials:
        return value
    if np.ndim(value) == 0 and all(isinstance(x, UFloat) for _, x in partials) and np.asarray(value).dtype.kind == "f":
        return from_operands(float(value), tuple((float(d), x) for d, x in partials))
    terms = []
    for derivative, x in partials:
        terms = _combination.added(terms, _combination.scaled(terms_of(x), derivative, np.shape(value)))
    return make_array(value, terms)


def _plain(ufunc, inputs, kwargs):
    if ufunc in (np.equal, np.not_equal) and not kwargs:
        same = equal(*inputs)
        return same if ufunc is np.equal else np.logical_not(same)
    return ufunc(*(nominal(x) for x in inputs), **kwargs)


def equal(x, y):
    """Where two numbers are the same: of one value, and of a difference without uncertainty."""
    same = np.equal(nominal(x), nominal(y))
    if not np.any(same):
        return bool(same) if np.ndim(same) == 0 else same
    difference = np.subtract(x, y)
    same = np.logical_and(same, np.equal(difference.std_dev, 0) if isinstance(difference, Uncertain) else True)
    return bool(same) if np.ndim(same) == 0 else same


def ufunc_protocol(ufunc, method, inputs, kwargs):
    """`__array_ufunc__` of uncertain numbers."""
    out = kwargs.pop("out", None)
    if out is not None:
        return _into(ufunc, method, inputs, out, kwargs)
    if method == "__call__":
        product = _MATRIX_PRODUCTS.get(ufunc)
        return call(ufunc, inputs, kwargs) if product is None or kwargs else product(*inputs)
    if method == "at":
        raise TypeError(f"{ufunc.__name__}.at does not support uncertain numbers: add the sums to the array instead")
    if method == "reduce" and ufunc is np.add:
        kwargs.setdefault("axis", 0)
        return np.sum(*inputs, **kwargs)
    if method == "outer":
        a, b = (as_array(x) for x in inputs)
        return call(ufunc, (np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b), kwargs)
    return linearised(getattr(ufunc, method), inputs, kwargs)


def _into(ufunc, method, inputs, out, kwargs):
    target = out[0] if len(out) == 1 else None
    if not isinstance(target, UArray):
        raise TypeError(f"{ufunc.__name__} cannot store uncertain numbers into a plain array (out=, or an in-place "
                        "operator such as +=): write a = a + x")
    target[...] = ufunc_protocol(ufunc, method, inputs, kwargs)
    return target


# ---- any function --------------------------------------------------------------------------------------------------


def _replace(tree, replace):
    """A tree of arguments with the uncertain leaves replaced."""
    if isinstance(tree, Uncertain):
        return replace(tree)
    if isinstance(tree, np.ndarray) and tree.dtype == object:
        packed = as_array(tree)
        return replace(packed) if isinstance(packed, Uncertain) else tree
    if isinstance(tree, (list, tuple)):
        parts = [_replace(part, replace) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, dict):
        return {key: _replace(part, replace) for key, part in tree.items()}
    return tree


def linearised(function, args, kwargs):
    """function(*args, **kwargs), differentiated by the variables or by the elements, whichever are fewer."""
    _refuse_numbers((args, kwargs))
    leaves = []
    _replace((args, kwargs), leaves.append)
    if not leaves:
        return function(*args, **kwargs)
    count = sum(x.size for x in leaves)
    rows = joined_rows(leaves)
    by_variable = len(rows.ids) <= count or any(x.dtype.kind == "c" for x in leaves)
    width = len(rows.ids) if by_variable else count
    largest = max(x.size for x in leaves)
    step = max(1, min(width, _CHUNK // (8 * max(largest, 1))))
    columns = rows.matrix.tocsc() if by_variable else sparse.identity(count, format="csc")
    structure, values, blocks = None, None, []
    for first in range(0, max(width, 1), step):
        chosen = columns[:, first : first + step].toarray()
        level = next(_levels)
        seeded = iter(_seeded(leaves, chosen, level))
        a, k = _replace((tuple(args), kwargs), lambda _, seeded=seeded: next(seeded))
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


def joined_rows(leaves):
    """The combinations of all elements of several numbers as one matrix."""
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
        components = np.empty((1 + block.shape[1], *value.shape), np.result_type(value, block))
        components[0] = value
        components[1:] = block.T.reshape(components[1:].shape)
        yield wrap(MultiDual, components, level, block.shape[1])
        start += x.size


def _collect(result, level, found):
    """Append values and tangents of a tree of results; returns what builds the tree again."""
    if isinstance(result, (list, tuple)) and any(isinstance(leaf, Number) for leaf in _leaves(result)):
        builders = [_collect(part, level, found) for part in result]
        if hasattr(result, "_fields"):
            return lambda results: type(result)(*[b(results) for b in builders])
        return lambda results: type(result)([b(results) for b in builders])
    if isinstance(result, dict):
        builders = {key: _collect(part, level, found) for key, part in result.items()}
        return lambda results: {key: b(results) for key, b in builders.items()}
    if isinstance(result, Number) or (isinstance(result, np.ndarray) and result.dtype == object):
        found.append(_extract(as_output(result), level))
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


# ---- functions that move elements ----------------------------------------------------------------------------------


def _moved(function):
    """The rule of a function that moves elements: on positions, less what it makes of zeros."""
    def rule(*args, **kwargs):
        leaves = []
        _replace((args, kwargs), leaves.append)
        if any(x.dtype.kind == "c" for x in leaves):
            return linearised(function, args, kwargs)
        values = function(*_replace(args, nominal), **_replace(kwargs, nominal))
        starts = np.cumsum([1, *(x.size for x in leaves)])
        runs = []
        for on in (1.0, 0.0):
            seeds = iter([on * np.arange(i, i + x.size).reshape(x.shape) for x, i in zip(leaves, starts, strict=False)])
            a, k = _replace((args, kwargs), lambda _, seeds=seeds: next(seeds))
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
    return _moved(np.where)(_replace(condition, nominal), *choices)


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


# ---- sums, and what is composed of products and sums ---------------------------------------------------------------


def _summed(function, is_mean):
    """Rule of a sum or mean over axes."""
    def rule(a, axis=None, dtype=None, out=None, keepdims=np._NoValue, **kwargs):
        a = as_array(a)
        kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue and not (k == "where" and v is True)}
        if dtype is not None or out is not None or kwargs or not isinstance(a, UArray) or a.dtype.kind == "c":
            return linearised(function, (a, axis, dtype, out, keepdims is True), kwargs)
        value = function(a._value, axis, keepdims=keepdims is True)
        share = np.size(value) / max(a.size, 1) if is_mean else 1.0
        terms = a._terms if not is_mean else _combination.scaled(a._terms, np.array(share), a.shape)
        if np.ndim(value) == 0:
            return from_row(value, _combination.total(terms))
        kept = np.sum(np.empty(a.shape, bool), axis, keepdims=True).shape
        rows = np.broadcast_to(np.arange(np.size(value)).reshape(kept), a.shape)
        base = _combination.grouped(terms, rows, np.size(value))
        return make_array(value, [(base, np.arange(np.size(value)).reshape(value.shape), np.ones(value.shape))])

    return rule


def _composed(function):
    """Decorator: derivatives from a formula of products and sums, the value from NumPy's own call."""
    def decorate(formula):
        @functools.wraps(formula)
        def rule(*args, **kwargs):
            args = [as_array(a) for a in args]
            has_complex = any(np.iscomplexobj(nominal(x)) for x in args)
            derived = NotImplemented if has_complex else formula(*args, **kwargs)
            if derived is NotImplemented:
                return linearised(function, args, kwargs)
            value = function(*(nominal(a) for a in args), **kwargs)
            if isinstance(derived, UFloat):
                return from_operands(float(value), ((1.0, derived),))
            return make_array(value, derived._terms)

        return rule

    return decorate


@_composed(np.matmul)
def _matmul(a, b):
    shape_a, shape_b = np.shape(a), np.shape(b)
    if not shape_a or not shape_b or np.size(a) * (shape_b[-1] if len(shape_b) > 1 else 1) > _LARGEST_PRODUCT:
        return NotImplemented
    if len(shape_b) == 1:
        return np.sum(a * b, axis=-1)
    if len(shape_a) == 1:
        return np.sum(np.reshape(a, (*shape_a, 1)) * b, axis=-2)
    b = np.expand_dims(b, -3)
    return np.sum(np.expand_dims(a, -1) * b, axis=-2)


@_composed(np.dot)
def _dot(a, b):
    if not np.ndim(a) or not np.ndim(b):
        return np.multiply(a, b)
    if np.ndim(b) <= 2 or np.ndim(a) == 1:
        return np.matmul(a, b) if np.ndim(a) <= 2 or np.ndim(b) == 1 else NotImplemented
    return NotImplemented


@_composed(np.inner)
def _inner(a, b):
    return np.dot(a, b) if np.ndim(a) <= 1 and np.ndim(b) <= 1 else NotImplemented


@_composed(np.vdot)
def _vdot(a, b):
    return np.dot(np.ravel(a), np.ravel(b))


@_composed(np.outer)
def _outer(a, b):
    return np.reshape(np.ravel(a), (-1, 1)) * np.ravel(b)


@_composed(np.var)
def _var(a, axis=None, ddof=0, keepdims=False, **kwargs):
    if kwargs or not isinstance(a, UArray):
        return NotImplemented
    gap = a - np.mean(a, axis, keepdims=True)
    count = a.size / max(np.size(np.sum(a._value, axis)), 1)
    return np.sum(gap * gap, axis, keepdims=keepdims) / max(count - ddof, 0)


@_composed(np.std)
def _std(a, axis=None, ddof=0, keepdims=False, **kwargs):
    return np.sqrt(np.var(a, axis, ddof=ddof, keepdims=keepdims)) if not kwargs else NotImplemented


def _extreme(function):
    """max and min: the tied share the derivative equally, as in dualad's rule."""
    @_composed(function)
    def rule(a, axis=None, keepdims=False, **kwargs):
        if kwargs or not isinstance(a, UArray):
            return NotImplemented
        tied = a._value == function(a._value, axis, keepdims=True)
        return np.sum(a * (tied / np.sum(tied, axis, keepdims=True)), axis, keepdims=keepdims)

    return rule


@_composed(np.prod)
def _prod(a, axis=None, keepdims=False, **kwargs):
    with np.errstate(all="ignore"):
        others = np.prod(a._value, axis, keepdims=True) / a._value
    if kwargs or not isinstance(a, UArray) or not np.isfinite(others).all():
        return NotImplemented
    return np.sum(a * others, axis, keepdims=keepdims)


@_composed(np.linalg.norm)
def _norm(x, ord=None, axis=None, keepdims=False):
    if ord is not None or not isinstance(x, UArray) or not np.all(np.linalg.norm(x._value, None, axis)):
        return NotImplemented
    return np.sqrt(np.sum(x * x, axis, keepdims=keepdims))


@_composed(np.clip)
def _clip(a, a_min=None, a_max=None, **kwargs):
    if kwargs:
        return NotImplemented
    a = a if a_min is None else np.maximum(a, a_min)
    return a if a_max is None else np.minimum(a, a_max)


@_composed(np.diff)
def _diff(a, n=1, axis=-1, **kwargs):
    if kwargs:
        return NotImplemented
    for _ in range(n):
        a = np.moveaxis(a, axis, 0)
        a = np.moveaxis(a[1:] - a[:-1], 0, axis)
    return a


@_composed(np.average)
def _average(a, axis=None, weights=None, **kwargs):
    if kwargs or (weights is not None and np.shape(weights) != np.shape(a)):
        return NotImplemented
    return np.mean(a, axis) if weights is None else np.sum(a * weights, axis) / np.sum(weights, axis)


_MATRIX_PRODUCTS = {np.matmul: _matmul}


# ---- the table -----------------------------------------------------------------------------------------------------


def _value_only(function):
    def rule(*args, **kwargs):
        return function(*_replace(args, nominal), **_replace(kwargs, nominal))

    return rule


def _like(function):
    def rule(a, *args, **kwargs):
        fill = _replace(args, nominal)
        if function is np.full_like and any(isinstance(x, Uncertain) for x in _leaves(args)):
            shape = kwargs.pop("shape", None)
            return np.broadcast_to(args[0], np.shape(a) if shape is None else shape).copy()
        return make_array(function(nominal(a), *fill, **kwargs), [])

    return rule


FUNCTIONS = {f: _value_only(f) for f in FAMILIES["value only"]}
FUNCTIONS |= {f: _moved(f) for f in (getattr(np, name, None) for name in _MOVING) if f is not None}
FUNCTIONS |= {f: _like(f) for f in (np.zeros_like, np.ones_like, np.empty_like, np.full_like)}
FUNCTIONS |= {
    np.where: _where, np.sort: _sort, np.partition: _partition, np.pad: _pad, np.sum: _summed(np.sum, False),
    np.mean: _summed(np.mean, True), np.dot: _dot, np.inner: _inner, np.vdot: _vdot, np.outer: _outer, np.var: _var,
    np.std: _std, np.diff: _diff, np.average: _average, np.max: _extreme(np.max), np.min: _extreme(np.min),
    np.prod: _prod, np.linalg.norm: _norm, np.clip: _clip,
    np.sinc: lambda x: call(np.sinc, (x,)),
}


def function_protocol(function, args, kwargs):
    """`__array_function__` of uncertain numbers."""
    _refuse_numbers((args, kwargs))
    rule = FUNCTIONS.get(function)
    return linearised(function, args, kwargs) if rule is None else rule(*args, **kwargs)


RULES.update(ufunc=ufunc_protocol, function=function_protocol, call=call, equal=equal, array=as_array)
