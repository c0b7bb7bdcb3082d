"""Products and sums of products, all of them contractions of indices as `numpy.einsum` has them.

With a constant factor only its nonzeros count; two traced factors contribute their unions.
"""

import functools
import itertools
import math

import numpy as np
from scipy import sparse

from dualad._core.tracer import MOST_TERMS, Partial, make_view
from dualad.sparse._tracing import partials
from dualad.sparse._tracing.base import (
    add_pairs,
    all_terms,
    is_tracer,
    joined,
    leader,
    like,
    listed,
    plain,
    product_terms,
    shared_history,
    strip,
    terms_of,
    untraced,
)
from dualad.sparse._tracing.base import group as group_terms
from dualad.sparse._tracing.blocks import as_block
from dualad.sparse._tracing.observed import is_observed
from dualad.sparse._tracing.refusals import Unsupported

_LARGE = 1 << 26
"""Products of index ranges above which every element of a contraction is taken to depend on all its operands."""
_QUICK = 1 << 16
"""Those up to which a contraction takes less time than a look for the best way to it."""


def contract(lead, value, operands, labels, output):
    """The traced result of einsum(operands with these labels -> output), whose value is given."""
    if lead.run.partials is not None:
        return _with_partials(lead, value, operands, labels, output)
    sizes = {}
    for a, names in zip(operands, labels, strict=True):
        for name, n in zip(names, np.shape(a), strict=True):
            sizes[name] = n if n != 1 else sizes.get(name, 1)
    order = list(output) + [name for name in sizes if name not in output]
    space = tuple(sizes[name] for name in order)
    history = shared_history(lead, operands)
    if np.prod(space, dtype=float) > _LARGE:
        terms = all_terms(lead, operands, np.shape(value))
        several = sum(not untraced(a, lead) for a in operands) > 1
        return like(lead, value, terms, add_pairs(lead, history, (terms, terms)) if several else history)
    mask = _nonzero(operands, labels, order, space)
    lists = [
        _spread(terms_of(a, lead), names, order, space, mask) for a, names in zip(operands, labels, strict=True)
    ]
    pairs = [pair for pair in itertools.combinations(lists, 2) if pair[0] and pair[1]]
    axes = tuple(range(len(output), len(order)))
    parts = [group_terms(lead, terms, axes, len(order)) for terms in lists if terms]
    terms = joined(lead, np.shape(value), *parts)
    return like(lead, value, terms, add_pairs(lead, history, *pairs))


def _with_partials(lead, value, operands, labels, output):
    """The product as a block: what it weighs, contracted with all other operands, is what an operand weighs."""
    sizes = [dict(zip(names, np.shape(a), strict=True)) for a, names in zip(operands, labels, strict=True)]
    every = {name: n for known in sizes for name, n in known.items()}
    if any(known[name] != every[name] for known in sizes for name in known) or \
            any(len(set(names)) < len(names) for names in labels):
        raise Unsupported("a product that repeats or broadcasts an axis")
    value, letters = partials.as_array(value), {name: k for k, name in enumerate(every)}
    named = [[letters[name] for name in names] for names in labels]
    result = [letters[name] for name in output]
    parts, large = [], math.prod(every.values()) > _QUICK
    for k, a in enumerate(operands):
        if not untraced(a, lead):
            others = [(_held(b), names) for j, (b, names) in enumerate(zip(operands, named, strict=True)) if j != k]
            alone = set(named[k]).difference(result, *(names for _, names in others))
            others += [(np.ones(a.shape[named[k].index(name)]), [name]) for name in alone]
            flat = [x for pair in others for x in pair]
            parts.append((a.terms, functools.partial(_contracted, result, flat, named[k], large)))
    return like(lead, value, as_block(lead.run.partials, value, parts))


def _held(x):
    """The value of an operand, copied if the function may write to it unseen."""
    return plain(x).copy() if is_tracer(x) else strip(x)


def _contracted(names, others, wanted, large, weights):
    return np.einsum(weights, names, *others, wanted, optimize=large)


def _expand(a, names, order):
    """An array with an axis for each name of the order, diagonals taken of names that occur twice."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) < len(names):
        letters = {name: i for i, name in enumerate(distinct)}
        a = np.einsum(a, [letters[name] for name in names], list(letters.values()))
    kept = [name for name in order if name in distinct]
    a = np.transpose(a, [distinct.index(name) for name in kept])
    return a.reshape([a.shape[kept.index(name)] if name in distinct else 1 for name in order])


def _nonzero(operands, labels, order, space):
    """Where all constant factors differ from 0; a factor that depends on x without a derivative may be anything."""
    mask = None
    for a, names in zip(operands, labels, strict=True):
        if not is_tracer(a) and not is_observed(a):
            here = _expand(np.asarray(strip(a)) != 0, names, order)
            mask = here if mask is None else mask & here
    return None if mask is None or mask.all() else np.broadcast_to(mask, space)


def _spread(terms, names, order, space, mask):
    spread = tuple((t, np.broadcast_to(_expand(rows, names, order), space)) for t, rows in terms)
    return spread if mask is None else tuple((t, np.where(mask, rows, np.int32(-1))) for t, rows in spread)


# ---- the functions as contractions ---------------------------------------------------------------------------------


def _batched(n, suffix):
    """Names of n leading axes that broadcast, counted from behind, and of the last ones."""
    return [("batch", n - k) for k in range(n)] + list(suffix)


def _gufunc(core_a, core_b, core_out):
    """Labels of a generalised ufunc with these core dimensions."""

    def rule(ufunc, a, b, **kwargs):
        lead, a, b, value = _evaluate(ufunc, a, b, kwargs)
        if kwargs.get("axes") is not None or kwargs.get("axis", -1) != -1 or kwargs.get("keepdims"):
            return _dense(lead, value, a, b)
        ca, cb, out = core_a, core_b, core_out
        if ufunc is np.matmul:
            ca, cb = ca[-min(np.ndim(a), 2):], cb[:min(np.ndim(b), 2)]
            out = ("i",) * (len(ca) > 1) + ("k",) * (len(cb) > 1)
        na, nb = np.ndim(a) - len(ca), np.ndim(b) - len(cb)
        labels = [_batched(na, ca), _batched(nb, cb)]
        a, b, labels = _drop_units(a, b, labels, na, nb)
        return contract(lead, value, [a, b], labels, _batched(max(na, nb), out))

    return rule


def _drop_units(a, b, labels, na, nb):
    """Batch axes of length one broadcast against longer ones: they are left out where the other's is longer."""
    shapes = dict(zip(labels[0][:na], np.shape(a), strict=False)), dict(zip(labels[1][:nb], np.shape(b), strict=False))
    arrays, kept = [], []
    for x, names, own, other in zip((a, b), labels, shapes, shapes[::-1], strict=True):
        gone = tuple(k for k, name in enumerate(names) if own.get(name) == 1 and other.get(name, 1) != 1)
        arrays.append(np.squeeze(x, gone) if gone else x)
        kept.append([name for k, name in enumerate(names) if k not in gone])
    return *arrays, kept


def _evaluate(function, a, b, kwargs, *args):
    a, b = listed(a), listed(b)
    a, b = (x if is_tracer(x) or is_observed(x) else np.asarray(strip(x)) for x in (a, b))
    return leader(a, b), a, b, function(strip(a), strip(b), *args, **kwargs)


def _dense(lead, value, a, b):
    """Every element depends on everything: for the rarer options."""
    terms = all_terms(lead, [a, b], np.shape(value))
    return like(lead, value, terms, add_pairs(lead, shared_history(lead, [a, b]), (terms, terms)))


GUFUNCS = {np.matmul: _gufunc("ij", "jk", "ik")}
for _name, _cores in {"vecdot": ("j", "j", ""), "matvec": ("ij", "j", "i"), "vecmat": ("j", "jk", "k")}.items():
    if hasattr(np, _name):
        GUFUNCS[getattr(np, _name)] = _gufunc(*_cores)


def _two(function, labels):
    """Rule of a product of two arrays; `labels(a, b)` names the axes of both and of the result."""

    def rule(a, b, *args, **kwargs):
        lead, a, b, value = _evaluate(function, a, b, kwargs, *args)
        found = labels(a, b, *args, **kwargs)
        return _dense(lead, value, a, b) if found is None else contract(lead, value, found[0], *found[1:])

    rule.__name__ = function.__name__
    return rule


def _names(prefix, n):
    return [(prefix, k) for k in range(n)]


def _dot_labels(a, b):
    """The last axis of a with the last but one of b."""
    na, nb = _names("a", np.ndim(a)), _names("b", np.ndim(b))
    if na and nb:
        nb[-2 if len(nb) > 1 else 0] = na[-1]
    else:
        return [a, b], [na, nb], na + nb
    return [a, b], [na, nb], na[:-1] + [name for name in nb if name is not na[-1]]


def _inner_labels(a, b):
    na, nb = _names("a", np.ndim(a)), _names("b", np.ndim(b))
    if not na or not nb:
        return [a, b], [na, nb], na + nb
    return [a, b], [na, nb[:-1] + na[-1:]], na[:-1] + nb[:-1]


def _vdot_labels(a, b):
    return [np.ravel(a), np.ravel(b)], [["i"], ["i"]], []


def _outer_labels(a, b):
    return [np.ravel(a), np.ravel(b)], [["i"], ["j"]], ["i", "j"]


def _tensordot_labels(a, b, axes=2):
    na, nb = _names("a", np.ndim(a)), _names("b", np.ndim(b))
    if np.ndim(axes) == 0:
        first, second = range(len(na) - axes, len(na)), range(axes)
    else:
        first, second = (np.atleast_1d(k) for k in axes)
    summed = []
    for i, j in zip(first, second, strict=True):
        nb[j] = na[i]
        summed.append(na[i])
    return [a, b], [na, nb], [name for name in na + nb if name not in summed]


def einsum(*operands, optimize=False, **kwargs):
    """Any number of operands, subscripts as a string or as lists."""
    arrays, labels, output = _subscripts(operands)
    arrays = [listed(a) for a in arrays]
    arrays = [a if is_tracer(a) or is_observed(a) else np.asarray(strip(a)) for a in arrays]
    lead = leader(arrays)
    if len(arrays) == 1:
        value = np.einsum(*_call(operands, [plain(arrays[0])]))
        if value.size and np.may_share_memory(value, plain(arrays[0])):
            return make_view(arrays[0], value, lambda a: np.einsum(*_call(operands, [a])))
    value = np.einsum(*_call(operands, [strip(a) for a in arrays]), optimize=optimize, **kwargs)
    return contract(lead, value, arrays, labels, output)


def _call(operands, values):
    if isinstance(operands[0], str):
        return operands[0], *values
    labels = operands[1::2]
    flat = [x for pair in zip(values, labels, strict=False) for x in pair]
    return (*flat, *operands[2 * len(values):])


def _subscripts(operands):
    """Operands, the names of their axes, and those of the result."""
    if not isinstance(operands[0], str):
        count = len(operands) // 2
        arrays, labels = list(operands[0:2 * count:2]), [list(names) for names in operands[1:2 * count:2]]
        output = list(operands[-1]) if len(operands) % 2 else None
    else:
        arrays = list(operands[1:])
        left, arrow, right = operands[0].replace(" ", "").partition("->")
        labels = [list(part.replace("...", ".")) for part in left.split(",")]
        output = list(right.replace("...", ".")) if arrow else None
    dots = [Ellipsis, "."]
    ranks = [np.ndim(a) - len([n for n in names if n not in dots]) for a, names in zip(arrays, labels, strict=True)]
    labels = [_undotted(names, rank) for names, rank in zip(labels, ranks, strict=True)]
    if output is None:
        flat = [name for names in labels for name in names]
        once = sorted((n for n in flat if not isinstance(n, tuple) and flat.count(n) == 1), key=str)
        output = _undotted(["."], max(ranks, default=0)) + once
    return arrays, labels, _undotted(output, max(ranks, default=0))


def _undotted(names, rank):
    found = []
    for name in names:
        found += _batched(rank, []) if name in (Ellipsis, ".") else [name]
    return found


_LEVI_CIVITA = np.zeros((3, 3, 3))
for _i, _j, _k in itertools.permutations(range(3)):
    _LEVI_CIVITA[_i, _j, _k] = (_j - _i) * (_k - _j) * (_k - _i) / 2


def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Vectors of three components as a contraction; of two, dense."""
    if axis is not None:
        axisa = axisb = axisc = axis
    lead, a, b, value = _evaluate(np.cross, a, b, {}, axisa, axisb, axisc)
    if a.shape[axisa] != 3 or b.shape[axisb] != 3:
        return _dense(lead, value, a, b)
    y = np.einsum("ijk,...j,...k->...i", _LEVI_CIVITA, np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1))
    y = np.moveaxis(y, -1, axisc)
    return like(lead, value, y.terms, y.history)


def kron(a, b):
    """Blocks a[i] * b."""
    lead, a, b, value = _evaluate(np.kron, a, b, {})
    ndim = max(np.ndim(a), np.ndim(b))
    a, b = (np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x)) for x in (a, b))
    rows, columns = _names("a", ndim), _names("b", ndim)
    woven = [name for pair in zip(rows, columns, strict=True) for name in pair]
    product = np.zeros([n for pair in zip(np.shape(a), np.shape(b), strict=True) for n in pair])
    y = np.reshape(contract(lead, product, [a, b], [rows, columns], woven), np.shape(value))
    return like(lead, value, y.terms, y.history)


# ---- products that shift -------------------------------------------------------------------------------------------


def _shifted(function):
    """convolve and correlate: the element of a at i and that of v at j meet in one place of the full result."""
    turned = function is np.correlate  # told here, for interception may replace the name later

    def rule(a, v, *args, **kwargs):
        lead, a, v, value = _evaluate(function, a, v, kwargs, *args)
        a, v = np.atleast_1d(a), np.atleast_1d(v)
        mode = args[0] if args else kwargs.get("mode", "valid" if turned else "full")
        mode = ("valid", "same", "full")[mode] if isinstance(mode, int) else mode
        shortest = min(len(a), len(v))
        first = {"full": 0, "same": (shortest - 1) // 2, "valid": shortest - 1}[mode]
        if turned and mode == "same" and len(v) > len(a):
            first = shortest // 2
        if lead.run.partials is not None:
            return like(lead, value, _shifted_partials(lead, a, v, value, first, turned))
        i, j = np.meshgrid(_relevant(a), _relevant(v), indexing="ij")
        rows = i + len(v) - 1 - j if turned else i + j
        kept = (rows >= first) & (rows < first + len(value))
        parts = [
            product_terms(lead, _ones(rows[kept] - first, places[kept], (len(value), len(x))), terms_of(x, lead))
            for x, places in ((a, i), (v, j))
        ]
        terms = joined(lead, value.shape, *parts)
        history = shared_history(lead, [a, v])
        both = not untraced(a, lead) and not untraced(v, lead)
        return like(lead, value, terms, add_pairs(lead, history, (terms, terms)) if both else history)

    rule.__name__ = function.__name__
    return rule


def _shifted_partials(lead, a, v, value, first, turned):
    """The result as a block: what it weighs, correlated with one argument, is what the other weighs."""
    behind = len(a) + len(v) - 1 - first - len(value)

    def transposed(other, turn_other, turn_result):
        other = _held(other)[::-1] if turn_other else _held(other)

        def of_argument(weights):
            result = np.correlate(np.pad(weights, (first, behind)), other)
            return result[::-1] if turn_result else result

        return of_argument

    parts = [(terms_of(a, lead), transposed(v, turned, False)), (terms_of(v, lead), transposed(a, False, turned))]
    return as_block(lead.run.partials, partials.as_array(value), parts)


def _relevant(x):
    """Positions of the elements that may differ from 0."""
    return np.arange(len(x)) if is_tracer(x) or is_observed(x) else np.flatnonzero(strip(x))


def _ones(rows, columns, shape):
    return sparse.csr_array((np.ones(len(rows), bool), (rows, columns)), shape=shape)


# ---- scipy.sparse --------------------------------------------------------------------------------------------------


def sparse_product(matrix, x):
    """matrix @ x for a constant scipy.sparse matrix: every stored entry counts."""
    value = matrix @ strip(x)
    csr = sparse.csr_array(matrix)
    if x.run.partials is not None:
        return like(x, value, _sparse_of_partials(csr, x, value))
    if x.ndim == 1:
        return like(x, value, product_terms(x, csr, x.terms), x.history)
    columns = [sparse_product(csr, x[:, k]) for k in range(x.shape[1])]
    y = np.stack(columns, 1) if columns else like(x, value)
    return like(x, value, y.terms, x.history)


def _sparse_of_partials(csr, x, value):
    """Few elements to each row: as a sum of so many products of elements; else as a block."""
    lengths = np.diff(csr.indptr)
    longest = int(lengths.max(initial=0))
    if x.ndim > 1 or longest * len(x.terms) > MOST_TERMS:
        transposed = csr.T
        return as_block(x.run.partials, partials.as_array(value), [(x.terms, lambda g: transposed @ g)])
    found = []
    for k in range(longest):
        place = np.minimum(csr.indptr[:-1] + k, csr.nnz - 1)
        factors, columns = np.where(lengths > k, csr.data[place], 0.0), csr.indices[place]
        found += [Partial(q.node, q.weight * factors) for q in (p[columns] for _, p in x.terms)]
    x.run.partials.products += longest * len(x.terms) * len(lengths)
    return partials.added(found, 1)


CONTRACTIONS = (np.dot, np.inner, np.vdot, np.outer, np.tensordot, np.einsum)
FUNCTIONS = {
    np.dot: _two(np.dot, _dot_labels), np.inner: _two(np.inner, _inner_labels), np.vdot: _two(np.vdot, _vdot_labels),
    np.outer: _two(np.outer, _outer_labels), np.linalg.outer: _two(np.linalg.outer, _outer_labels),
    np.tensordot: _two(np.tensordot, _tensordot_labels),
    np.linalg.tensordot: lambda a, b, /, *, axes=2: np.tensordot(a, b, axes),
    np.einsum: einsum, np.kron: kron, np.cross: cross,
    np.linalg.cross: lambda x1, x2, /, *, axis=-1: cross(x1, x2, axis=axis),
    np.convolve: _shifted(np.convolve), np.correlate: _shifted(np.correlate),
    np.linalg.matmul: lambda a, b, /: np.matmul(a, b),
    np.linalg.vecdot: lambda a, b, /, *, axis=-1: np.vecdot(a, b, axis=axis),
}
