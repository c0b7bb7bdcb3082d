"""Arrays that carry one number for each nonzero of their Jacobian: sparse vectors in forward mode.

The terms of a pattern (see `dualad._core.tracer`) get weights: with the term (rows, w), element i of an array has the
partial derivative w[i] by input rows[i], none where rows[i] is -1. A weight that is the same for all elements is held
once: differences on a grid have such terms alone, and cost nothing until they meet something nonlinear. What a
function of moving elements does to the rows does not depend on x, so it is computed in the first run and found again
in all later ones.

C. H. Bischof, P. M. Khademi, A. Bouaricha and A. Carle, "Efficient computation of gradients and Jacobians by dynamic
exploitation of sparsity in automatic differentiation", Optim. Methods Softw. 7 (1996); Griewank and Walther,
*Evaluating Derivatives*, 2nd ed., SIAM 2008, section 7.1.
"""

import numpy as np

from dualad._core.number import Number, primal
from dualad._core.tracer import Partial
from dualad.rules.algebra import tangent_product
from dualad.rules.elementwise import PARTIALS
from dualad.rules.roots import has_zero
from dualad.sparse._tracing.refusals import AtZero, Unsupported
from dualad.sparse._tracing.rows import are_simple

EMPTY = np.array(-1, np.int32)

# ---- terms ---------------------------------------------------------------------------------------------------------


def _partials_in(x):
    if isinstance(x, Partial):
        return [x]
    if isinstance(x, dict):
        return [p for part in x.values() for p in _partials_in(part)]
    return [p for part in x for p in _partials_in(part)] if isinstance(x, (tuple, list)) else []


def _each(x, pick):
    """Arguments with something of each term in its place."""
    if isinstance(x, Partial):
        return pick(x)
    if isinstance(x, (tuple, list)):
        return type(x)(_each(part, pick) for part in x)
    return {k: _each(v, pick) for k, v in x.items()} if isinstance(x, dict) else x


def moved(function, args, kwargs):
    """function(*args, **kwargs) of a function that moves elements, on rows and weights."""
    p, rest = args[0], args[1:]
    if type(p) is Partial and are_simple(rest) and (not kwargs or are_simple(kwargs.values())):
        nodes, weight = p.node.graph.apply_simple(function, p.node, rest, kwargs), p.weight
        weights = None if weight.ndim == 0 else function(weight, *rest, **kwargs)
    else:
        parts = _partials_in((args, kwargs))
        nodes = parts[0].node.graph.apply(function, _each(args, _node_of), _each(kwargs, _node_of))
        weight = common_weight(parts)
        weights = function(*_each(args, Partial.full), **_each(kwargs, Partial.full)) if weight is None else None
    if weights is None:
        return [Partial(n, weight) for n in nodes] if isinstance(nodes, list) else Partial(nodes, weight)
    if isinstance(nodes, list):
        return [Partial(n, w) for n, w in zip(nodes, weights, strict=True)]
    return Partial(nodes, weights)


def _node_of(p):
    return p.node


def common_weight(parts):
    """The number that is the weight of all parts; None if there is none."""
    parts = [p for p in parts if p.weight is not NOTHING] or parts[:1]
    first = parts[0].weight
    return first if all(is_same_number(p.weight, first) for p in parts) else None


def is_same_number(w, v):
    """Whether two weights are one number; numbers of outer transforms have more than a value to compare."""
    if isinstance(w, Number) or isinstance(v, Number):
        return w is v and w.ndim == 0
    return np.ndim(w) == np.ndim(v) == 0 and w == v


NOTHING = np.zeros(())
"""The weight of a term without rows."""


def empty(graph, shape):
    """A term without rows."""
    return Partial(graph.apply(np.broadcast_to, (EMPTY, shape), {}), NOTHING)


def line_up(lists, shapes):
    """Lists of terms, one of each array, that stand together: like weights with like, empty terms in the gaps."""
    graph = next(terms[0].node.graph for terms in lists if terms)
    while any(lists):
        lead = next(terms[0] for terms in lists if terms)
        group = []
        for terms, shape in zip(lists, shapes, strict=True):
            chosen = _like(lead, terms)
            group.append(empty(graph, shape) if chosen is None else terms.pop(chosen))
        yield group


def _like(lead, terms):
    """Which of the terms has a weight like that of lead; None if there are none."""
    if not terms:
        return None
    for k, p in enumerate(terms):
        if is_same_number(p.weight, lead.weight):
            return k
    return next((k for k, p in enumerate(terms) if bool(np.ndim(p.weight)) == bool(np.ndim(lead.weight))), 0)


# ---- elementwise ---------------------------------------------------------------------------------------------------


def check_root(function, result):
    """Raises AtZero for a root of zero; absolute values hide something from the second derivative on."""
    if (isinstance(result, Number) or function in (np.sqrt, np.hypot)) and has_zero(primal(result)):
        raise AtZero


def as_array(x):
    """An array, or a number of an outer transform as it is."""
    return x if isinstance(x, Number) else np.asarray(x)


def weighed_slowly(function, values, result, groups):
    """As the compiled loop, for functions and layouts that have none."""
    derivatives, found = {}, []
    with np.errstate(all="ignore"):
        for group in groups:
            total = None
            for i, weight in group:
                if i not in derivatives:
                    derivatives[i] = _derivative(function, i, values, result)
                product = tangent_product(derivatives[i], weight)
                total = product if total is None else total + product
            found.append(_weight_of(total, result))
    return found


def _weight_of(total, result):
    """One number, or one for each element of the result, in its precision."""
    total = as_array(total)
    if total.ndim and total.shape != result.shape:
        total = np.broadcast_to(total, result.shape)
    return total if isinstance(total, Number) else total.astype(result.dtype, copy=False)


def _derivative(function, i, values, result):
    partial = PARTIALS[function][i]
    if partial is None:
        raise Unsupported(f"{function.__name__} by its argument {i}")
    return partial(*values, result)


def chosen(mask, x, y, shape):
    """The terms of np.where(mask, x, y): those of both, with weights of zero where they were not chosen."""
    found = {}
    for place, terms in enumerate((x, y)):
        for _, p in terms:
            p = p if p.shape == shape else np.broadcast_to(p, shape)
            found.setdefault(p.node, [0.0, 0.0])[place] = p.weight
    return tuple((None, Partial(node, _picked(mask, *weights))) for node, weights in found.items())


def _picked(mask, w, v):
    if is_same_number(w, v):
        return w
    if isinstance(w, Number) or isinstance(v, Number):
        return np.where(mask, w, v)
    kind = np.result_type(*(a for a in (w, v) if not isinstance(a, float)))
    return np.where(mask, w, v).astype(kind, copy=False)


def added(terms, share):
    """The sum of several terms of one shape, all of which count with a share."""
    found = {}
    for p in terms:
        found[p.node] = found[p.node] + p.weight if p.node in found else p.weight
    return tuple((None, Partial(node, w if share == 1 else share * w)) for node, w in found.items())
