"""x[key] = y for arrays with partial derivatives: the terms of y take the place of those that were there."""

import numpy as np

from dualad._core.number import Number
from dualad._core.tracer import MOST_TERMS, Partial, plain, replace_terms
from dualad.sparse._tracing.partials import EMPTY, NOTHING, common_weight, empty, is_same_number
from dualad.sparse._tracing.refusals import Unsupported


def put(x, key, terms):
    """The terms of x[key] become these, through all views of x."""
    root = x if x.root is None else x.root

    def region(a):
        return _viewed(x.chain, a)[key]

    def assign(a, weight):
        view = _viewed(x.chain, a)
        if view.size and not share_memory(view, a):
            raise Unsupported("storing in an array whose view is laid out in another way")
        view[key] = weight

    if _is_mask(key) and not terms:
        held = [p for _, p in root.terms]
        replace_terms(root, tuple((None, _reweighed(p, root, assign, 0.0)) for p in held))
        return
    graph = x.run.partials.graph
    places = region(Partial(graph.input(0, root.shape), NOTHING)).node
    held, pending = ([p for _, p in given] for given in (root.terms, terms))
    settled = _settled(held, pending, region)
    stored = []
    for k, p in enumerate(held):
        if k not in settled:
            p = _overwritten(p, places, _taken(p, region(p), pending), root, assign)
        stored.append(p)
    for q in pending:
        stored.append(_overwritten(empty(graph, root.shape), places, q, root, assign))
    if len(stored) > MOST_TERMS:
        raise Unsupported(f"{len(stored)} partial derivatives of one element")
    replace_terms(root, tuple((None, p) for p in stored))


def _is_mask(key):
    return isinstance(key, np.ndarray) and key.dtype == bool


def _settled(held, pending, region):
    """Which terms stay as they are, since the region has them already; they are no longer pending."""
    settled = set()
    for k, p in enumerate(held):
        here = region(p)
        for j, q in enumerate(pending):
            if q.node is here.node and _is_same(q.weight, here.weight):
                settled.add(k)
                del pending[j]
                break
    return settled


def share_memory(a, b):
    """Whether two arrays, or numbers of outer transforms, may be views of one."""
    return np.may_share_memory(innermost_array(a), innermost_array(b))


def innermost_array(x):
    """The array of all components."""
    while isinstance(x, Number):
        x = x.components
    return x


def _is_same(a, b):
    if isinstance(a, Number) or isinstance(b, Number):
        return a is b
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return is_same_number(a, b)
    return a.strides == b.strides and a.__array_interface__["data"] == b.__array_interface__["data"]


def _taken(p, here, pending):
    """The pending term that is best stored beside p; None if there is none."""
    best = next((q for q in pending if q.node is here.node), None)
    if best is None:
        best = next((q for q in pending if common_weight([p, q]) is not None), pending[0] if pending else None)
    if best is not None:
        pending[:] = [q for q in pending if q is not best]
    return best


def _overwritten(p, places, q, root, assign):
    """The term p with q in a region, or with nothing."""
    graph = places.graph
    node = graph.apply(_stored, (p.node, places, EMPTY if q is None else q.node), {})
    if q is None:
        return Partial(node, p.weight)
    weight = common_weight([p, q])
    return _reweighed(Partial(node, p.weight), root, assign, q.weight) if weight is None else Partial(node, weight)


def _stored(rows, places, new):
    rows = rows.copy()
    rows.reshape(-1)[places] = new
    return rows


def _reweighed(p, root, assign, weight):
    """The term with other weights in a region of the array, in whose layout they are held."""
    full = _room_for((p.weight, weight), plain(root))
    full[...] = p.weight
    assign(full, weight)
    return Partial(p.node, full)


def _room_for(weights, like):
    """An array laid out as another, in which these weights can be stored."""
    numbers = [w for w in (*weights, like) if isinstance(w, Number)]
    if not numbers:
        return np.empty_like(like, np.result_type(*weights))
    if not isinstance(like, Number):
        raise Unsupported("storing numbers of an outer transform")
    return np.zeros_like(like)


def _viewed(chain, a):
    for function in chain:
        a = function(a)
    return a
