"""Elementwise functions: rows of all arguments that have a derivative; what interacts is read off the table."""

import numpy as np

from dualad._core.number import table
from dualad._core.tracer import combined, put_terms
from dualad.rules.elementwise import PARTIALS, WHOLE_OUTPUT
from dualad.sparse._tracing import partials
from dualad.sparse._tracing.base import (
    add_pairs,
    broadcast,
    joined,
    like,
    listed,
    plain,
    shared_history,
    strip,
    terms_of,
    untraced,
)
from dualad.sparse._tracing.observed import observe
from dualad.sparse._tracing.refusals import Unsupported


def _read():
    """For each function of the derivative table the arguments that count, and the pairs of them that interact."""
    dependent, interacting = {}, {}
    for kind, name, *columns in table():
        function = getattr(np, name)
        if kind == "UNARY":
            _, _, first, second = columns
            dependent[function] = (first != "0",)
            interacting[function] = ((0, 0),) if second != "0" else ()
        elif kind == "BINARY":
            _, _, dx, dy, dxx, dxy, dyy = columns
            dependent[function] = (dx != "0", dy != "0")
            pairs = (((0, 0), dxx), ((0, 1), dxy), ((1, 1), dyy))
            interacting[function] = tuple(pair for pair, text in pairs if text != "0")
    dependent[np.modf] = dependent[np.frexp] = (True,)
    dependent[np.divmod] = (True, True)
    dependent[np.sign], interacting[np.sign] = (True,), ((0, 0),)  # of complex numbers
    interacting[np.modf] = interacting[np.frexp] = interacting[np.divmod] = ()
    return dependent, interacting


_DEPENDENT, _INTERACTING = _read()
SMOOTH = frozenset(function for function, counts in _DEPENDENT.items() if all(counts))


def _arguments(function):
    """Which inputs count: of scipy.special functions all with a derivative."""
    known = _DEPENDENT.get(function)
    return known if known is not None else tuple(p is not None for p in PARTIALS[function])


def _interactions(function, inputs):
    pairs = _INTERACTING.get(function)
    if pairs is None:
        n = len(inputs)
        return [(i, j) for i in range(n) for j in range(i, n)]
    if function in (np.power, np.float_power) and _is_linear_power(inputs[1]):
        return []
    if function is np.absolute and np.iscomplexobj(strip(inputs[0])):
        return ((0, 0),)
    return pairs


def _is_linear_power(exponent):
    exponent = exponent if isinstance(exponent, (int, float)) else np.asarray(strip(exponent))
    return bool(np.all((exponent == 0) | (exponent == 1)))


_CHOICES = {
    np.maximum: (np.greater_equal, np.less_equal),
    np.fmax: (np.greater_equal, np.less_equal),
    np.minimum: (np.less_equal, np.greater_equal),
    np.fmin: (np.less_equal, np.greater_equal),
}


def elementwise(lead, function, inputs, kwargs):
    """function(*inputs, **kwargs), several outputs included."""
    inputs = [listed(x) for x in inputs]
    values = [strip(x) for x in inputs]
    where = kwargs.get("where", True)
    outputs = function(*values, **({"out": None, **kwargs} if where is not True else kwargs))
    several = isinstance(outputs, tuple)
    outputs = outputs if several else (outputs,)
    shape = np.shape(outputs[0])
    lists = [terms_of(x, lead) if counts else () for x, counts in zip(inputs, _arguments(function), strict=True)]
    if lead.run.partials is not None:
        return _with_partials(lead, function, values, outputs, lists, kwargs)
    if lead.run.local and function in _CHOICES:
        lists = _chosen(function, values, lists, shape)
    history = _history(lead, function, inputs, lists, shape)
    terms = joined(lead, shape, *lists)
    results = []
    for k, z in enumerate(outputs):
        if WHOLE_OUTPUT.get(function) == k or np.asarray(z).dtype.kind not in "fc":
            results.append(observe(lead.run, z))
        else:
            results.append(like(lead, z, terms, history))
    return tuple(results) if several else results[0]


def _with_partials(lead, function, values, outputs, lists, kwargs):
    """The result with the partial derivatives of its elements."""
    value = partials.as_array(outputs[0])
    if kwargs or len(outputs) != 1 or function is np.sign or value.dtype.kind != "f":
        raise Unsupported(f"{function.__name__} of these arguments")
    return like(lead, value, combined(lead.run.partials, function, values, value, lists))


def _partials_into(lead, function, inputs, kwargs, target):
    """The derivatives come before an operand is overwritten; those of sums do not read it."""
    inputs = [listed(x) for x in inputs]
    if function in (np.add, np.subtract) and not kwargs:
        values, lists = [strip(x) for x in inputs], [terms_of(x, lead) for x in inputs]
        terms = combined(lead.run.partials, function, values, function(*values, out=plain(target)), lists)
    else:
        result = elementwise(lead, function, inputs, kwargs)
        plain(target)[...] = strip(result)
        terms = result.terms
    put_terms(target, Ellipsis, terms, None)
    return target


def into(lead, function, inputs, kwargs, target):
    """target[...] = function(*inputs, **kwargs), computed in place."""
    if lead.run.partials is not None:
        return _partials_into(lead, function, inputs, kwargs, target)
    inputs = [listed(x) for x in inputs]
    values = [strip(x) for x in inputs]
    lists = [terms_of(x, lead) if counts else () for x, counts in zip(inputs, _arguments(function), strict=True)]
    if lead.run.local and function in _CHOICES:
        lists = _chosen(function, values, lists, target.shape)
    function(*values, out=plain(target), **kwargs)
    history = _history(lead, function, [*inputs, target], [*lists, ()], target.shape)
    put_terms(target, Ellipsis, joined(lead, target.shape, *lists), history)
    return target


def _history(lead, function, inputs, lists, shape):
    history = shared_history(lead, inputs)
    if not lead.run.second:
        return history
    traced = [i for i, x in enumerate(inputs) if not untraced(x, lead)]
    pairs = [(lists[i], lists[j]) for i, j in _interactions(function, inputs) if i in traced and j in traced]
    return add_pairs(lead, history, *((broadcast(a, shape), broadcast(b, shape)) for a, b in pairs))


def _chosen(function, values, lists, shape):
    """For local patterns: the rows of the operand that is returned, of both at a tie."""
    chosen = []
    for terms, compare in zip(lists, _CHOICES[function], strict=True):
        taken = compare(*values) | np.isnan(values[0]) | np.isnan(values[1])
        chosen.append([(t, np.where(taken, np.broadcast_to(rows, shape), np.int32(-1))) for t, rows in terms])
    return chosen


def observed(lead, function, inputs, kwargs):
    """A function of the values alone."""
    out = kwargs.get("out")
    for target in out if isinstance(out, tuple) else (out,):
        if target is not None and not untraced(target, lead):
            raise TypeError(f"{function.__name__} has no derivative, so that its result needs a plain array as out=")
    values = [strip(listed(x)) for x in inputs]
    return observe(lead.run, function(*values, **kwargs))
