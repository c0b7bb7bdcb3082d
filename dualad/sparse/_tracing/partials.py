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

import operator

import numpy as np

from dualad._core.number import weigh
from dualad._core.tracer import replace_terms
from dualad.rules.algebra import tangent_product
from dualad.rules.elementwise import PARTIALS
from dualad.rules.roots import has_zero

MOST_TERMS = 32
"""Partial derivatives per element beyond which an array is taken for dense ..."""

MOST_ROWS = 8
"""Elements of an array that may have all partial derivatives: sums of many elements, and what is made of them."""

MOST_NODES = 4096
"""... and different arrays of rows beyond which a function is taken for one that never repeats itself."""

EMPTY = np.array(-1, np.int32)


class Unsupported(TypeError):
    """The function at hand has no rule here; the Jacobian is compressed instead."""


class AtZero(ArithmeticError):
    """A root of zero: its square has derivatives that its own do not tell. Numbers remember it, weights do not."""


# ---- rows ----------------------------------------------------------------------------------------------------------


class Node:
    """An array of input numbers, one for each element, -1 for none; made once for each way to come by it."""

    __slots__ = ("_rows", "graph", "recipe", "shape")

    def __init__(self, graph, recipe, rows):
        self.graph, self.recipe, self._rows, self.shape = graph, recipe, rows, rows.shape

    @property
    def rows(self):
        """The integers; computed again if they were dropped."""
        rows = self._rows  # another thread may drop it
        if rows is None:
            function, args, kwargs, place = self.recipe
            result = function(*_thawed(args), **_thawed(kwargs))
            self._rows = rows = np.asarray(result if place is None else result[place])
        return rows

    def drop(self):
        """Give the memory back."""
        self._rows = None


class _Same:
    """An array that was an argument, by its contents."""

    __slots__ = ("_hash", "array")

    def __init__(self, array):
        sample = array.reshape(-1)[:: max(1, array.size // 8)] if array.flags.c_contiguous else array.flat[:8]
        self.array, self._hash = array, hash((array.shape, array.dtype, np.asarray(sample).tobytes()))

    def __hash__(self):
        return self._hash

    def __eq__(self, other):
        return self.array.dtype == other.array.dtype and np.array_equal(self.array, other.array)

    def keep(self):
        """Hold a copy: the caller may write to the array."""
        self.array = self.array.copy()


_SINGLE, _ENDS = frozenset({int, str, type(None)}), frozenset({int, type(None)})
_PLAIN = (int, float, str, bool, type(None), type(Ellipsis), np.generic, np.dtype, type)


def _frozen(x, arrays):
    """An argument in a form that can be looked up; the arrays in it are added to a list."""
    if isinstance(x, Node):
        return x
    if isinstance(x, slice):
        return slice, _frozen(x.start, arrays), _frozen(x.stop, arrays), _frozen(x.step, arrays)
    if isinstance(x, (tuple, list)):
        return type(x), *[_frozen(v, arrays) for v in x]
    if isinstance(x, dict):
        return dict, *[(k, _frozen(v, arrays)) for k, v in x.items()]
    if isinstance(x, np.ndarray) and x.dtype != object:
        arrays.append(_Same(x))
        return arrays[-1]
    if isinstance(x, _PLAIN):
        return type(x), x
    raise Unsupported(f"an argument of type {type(x).__name__}")


def _kept(x):
    """What the recipe of a node remembers of an argument."""
    if isinstance(x, (tuple, list)):
        return type(x)(map(_kept, x))
    if isinstance(x, dict):
        return {k: _kept(v) for k, v in x.items()}
    return x.copy() if isinstance(x, np.ndarray) else x


def _thawed(x):
    if isinstance(x, Node):
        return x.rows
    if isinstance(x, (tuple, list)):
        return type(x)(map(_thawed, x))
    return {k: _thawed(v) for k, v in x.items()} if isinstance(x, dict) else x


class Graph:
    """All nodes that a function has led to."""

    def __init__(self):
        self._found, self.steps = {}, 0

    def input(self, first, shape):
        """The inputs from number `first` on, in this shape."""
        return self.apply(_inputs, (first, shape), {})

    def apply(self, function, args, kwargs):
        """The node (or list of them) of function(*args, **kwargs), nodes standing for their integers."""
        self.steps += 1
        arrays = []
        key = function, _frozen(args, arrays), _frozen(kwargs, arrays)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= MOST_NODES:
                raise Unsupported("a function that moves elements differently each time")
            for a in arrays:
                a.keep()
            found = self._found.setdefault(key, self._made(function, args, kwargs))
        return found

    def item(self, node, key):
        """The node of node[key]."""
        start, stop, step = (key.start, key.stop, key.step) if type(key) is slice else (key, None, int)
        if type(start) not in _ENDS or type(stop) not in _ENDS or (type(step) not in _ENDS and step is not int):
            return self.apply(operator.getitem, (node, key), {})
        self.steps += 1
        short = operator.getitem, node, start, stop, step
        found = self._found.get(short)
        if found is None:
            found = self._found[short] = self.apply(operator.getitem, (node, key), {})
        return found

    def apply_simple(self, function, node, args, kwargs):
        """apply(function, (node, *args), kwargs) for simple arguments."""
        self.steps += 1
        key = function, node, args, *kwargs.items()
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self.apply(function, (node, *args), kwargs)
        return found

    def _made(self, function, args, kwargs):
        result = function(*_thawed(args), **_thawed(kwargs))
        recipe = function, _kept(args), _kept(kwargs)
        if isinstance(result, (list, tuple)):
            return [Node(self, (*recipe, k), np.asarray(rows)) for k, rows in enumerate(result)]
        return Node(self, (*recipe, None), np.asarray(result))

    def drop(self):
        """Give back the memory of all rows; those that are asked for again are computed again."""
        for found in list(self._found.values()):
            for node in found if isinstance(found, list) else [found]:
                node.drop()


class Run:
    """One evaluation: the graph of its rows, and how much it computes.

    It counts elementwise functions, the elements of their results and of weights, and steps of moving elements.
    """

    __slots__ = ("calls", "elements", "graph", "products", "start")

    def __init__(self, graph):
        self.graph, self.calls, self.elements, self.products, self.start = graph, 0, 0, 0, graph.steps

    @property
    def steps(self):
        """So often was the graph asked for rows."""
        return self.graph.steps - self.start


def _inputs(first, shape):
    return np.arange(first, first + int(np.prod(shape, dtype=int)), dtype=np.int32).reshape(shape)


# ---- one term ------------------------------------------------------------------------------------------------------


class Partial:
    """The rows and weights of one term; NumPy functions that move elements apply to both.

    The weight has the shape of the rows, or none if it is the same for all. It does not count where there is no row.
    """

    __slots__ = ("node", "weight")

    def __init__(self, node, weight):
        self.node, self.weight = node, weight

    @property
    def shape(self):
        """The shape of the array that the term belongs to."""
        return self.node.shape

    @property
    def ndim(self):
        """Its number of dimensions."""
        return len(self.node.shape)

    def copy(self):
        """Terms are never written to."""
        return self

    def reshape(self, *shape):
        """As for arrays."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def __getitem__(self, key):
        weight = self.weight if self.weight.ndim == 0 else self.weight[key]
        return Partial(self.node.graph.item(self.node, key), weight)

    def __array_function__(self, function, types, args, kwargs):
        return _moved(function, args, kwargs)

    def __add__(self, number):
        # part of a function that fills in zeros, for which the rows are shifted
        return Partial(self.node.graph.apply(np.add, (self.node, number), {}), self.weight)

    def __sub__(self, number):
        return self + -number

    def full(self):
        """The weight of every element."""
        return np.broadcast_to(self.weight, self.shape)


class Dense:
    """All partial derivatives, zeros included, of a few elements: a matrix of shape + (number of inputs,)."""

    __slots__ = ("matrix",)

    def __init__(self, matrix):
        self.matrix = matrix

    @property
    def shape(self):
        """The shape of the array that the term belongs to."""
        return self.matrix.shape[:-1]

    @property
    def ndim(self):
        """Its number of dimensions."""
        return self.matrix.ndim - 1

    def copy(self):
        """Terms are never written to."""
        return self

    def __getitem__(self, key):
        return _moved_rows(operator.getitem, (self, key), {})

    def __array_function__(self, function, types, args, kwargs):
        return _moved_rows(function, args, kwargs)


def _moved_rows(function, args, kwargs):
    """function(*args, **kwargs) of a function that moves elements, on dense rows."""
    terms, start = _partials_in((args, kwargs)), 0
    if not all(isinstance(p, Dense) for p in terms):
        raise Unsupported("dense rows beside others")
    numbers = {}
    for p in terms:
        size = int(np.prod(p.shape, dtype=int))
        numbers[id(p)] = np.arange(start, start + size).reshape(p.shape)
        start += size
    places = function(*_each(args, lambda p: numbers[id(p)]), **_each(kwargs, lambda p: numbers[id(p)]))
    if isinstance(places, (list, tuple)) or np.size(places) > MOST_ROWS:
        raise Unsupported("many dense rows")
    rows = [p.matrix.reshape(-1, p.matrix.shape[-1]) for p in terms]
    return Dense((rows[0] if len(rows) == 1 else np.concatenate(rows))[places])


def sparse_only(terms):
    """The terms, none of which may be Dense."""
    if any(isinstance(p, Dense) for p in terms):
        raise Unsupported("dense rows")
    return terms


def _partials_in(x):
    if isinstance(x, (Partial, Dense)):
        return [x]
    if isinstance(x, dict):
        return [p for part in x.values() for p in _partials_in(part)]
    return [p for part in x for p in _partials_in(part)] if isinstance(x, (tuple, list)) else []


def _each(x, pick):
    """Arguments with something of each term in its place."""
    if isinstance(x, (Partial, Dense)):
        return pick(x)
    if isinstance(x, (tuple, list)):
        return type(x)(_each(part, pick) for part in x)
    return {k: _each(v, pick) for k, v in x.items()} if isinstance(x, dict) else x


def _moved(function, args, kwargs):
    """function(*args, **kwargs) of a function that moves elements, on rows and weights."""
    p, rest = args[0], args[1:]
    if type(p) is Partial and _are_simple(rest) and (not kwargs or _are_simple(kwargs.values())):
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


def _are_simple(args):
    """Whether numbers, words and tuples of whole numbers are all that there is."""
    for a in args:
        if type(a) not in _SINGLE and not (type(a) is tuple and all([type(k) is int for k in a])):
            return False
    return True


def _node_of(p):
    return p.node


def common_weight(parts):
    """The number that is the weight of all parts; None if there is none."""
    parts = [p for p in parts if p.weight is not NOTHING] or parts[:1]
    first = parts[0].weight
    if first.ndim == 0 and all(p.weight.ndim == 0 and p.weight == first for p in parts):
        return first
    return None


NOTHING = np.zeros(())
"""The weight of a term without rows."""


def empty(graph, shape):
    """A term without rows."""
    return Partial(graph.apply(np.broadcast_to, (EMPTY, shape), {}), NOTHING)


def line_up(lists, shapes):
    """Lists of terms, one of each array, that stand together: like weights with like, empty terms in the gaps."""
    if any(isinstance(p, Dense) for terms in lists for p in terms):
        inputs = inputs_of(lists)
        yield [Dense(rows_of(terms, shape, inputs)) for terms, shape in zip(lists, shapes, strict=True)]
        return
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
        if np.ndim(p.weight) == np.ndim(lead.weight) == 0 and p.weight == lead.weight:
            return k
    return next((k for k, p in enumerate(terms) if bool(np.ndim(p.weight)) == bool(np.ndim(lead.weight))), 0)


# ---- elementwise ---------------------------------------------------------------------------------------------------


def combined(run, function, values, result, lists):
    """The terms of result = function(*values), whose inputs have these lists of terms of shapes that broadcast."""
    joined, shape = {}, np.shape(result)
    if function in (np.sqrt, np.hypot) and has_zero(result):
        raise AtZero
    run.calls += 1
    run.elements += np.size(result)
    if any(isinstance(p, Dense) for terms in lists for p in terms):
        return ((None, _combined_rows(function, values, result, lists)),)
    for i, terms in enumerate(lists):
        for p in terms:
            p = p if p.shape == shape else np.broadcast_to(p, shape)
            joined.setdefault(p.node, []).append((i, p.weight))
    if len(joined) > MOST_TERMS:
        raise Unsupported(f"{len(joined)} partial derivatives of one element")
    weights = _weighed(function, values, result, list(joined.values()))
    run.products += sum(np.size(w) for w in weights if np.ndim(w))
    return tuple((None, Partial(node, w)) for node, w in zip(joined, weights, strict=True))


def _combined_rows(function, values, result, lists):
    """The dense rows of result = function(*values)."""
    total = 0.0
    with np.errstate(all="ignore"):
        for i, terms in enumerate(lists):
            for p in terms:
                matrix = rows_of([np.broadcast_to(p, np.shape(result))], np.shape(result), inputs_of(lists))
                derivative = np.asarray(_derivative(function, i, values, result))
                total = total + tangent_product(derivative[..., None], matrix)
    return Dense(total.astype(result.dtype, copy=False))


def inputs_of(lists):
    """The number of inputs that dense rows among some lists of terms have."""
    return next(p.matrix.shape[-1] for terms in lists for p in terms if isinstance(p, Dense))


def rows_of(terms, shape, inputs):
    """Dense rows (*shape, inputs): sums of terms whose shape has further axes behind."""
    size = int(np.prod(shape, dtype=int))
    if size > MOST_ROWS:
        raise Unsupported("many dense rows")
    kinds = [p.matrix.dtype if isinstance(p, Dense) else p.weight.dtype for p in terms]
    matrix = np.zeros((size, inputs), np.result_type(*kinds) if kinds else np.float64)
    for p in terms:
        if isinstance(p, Dense):
            matrix += np.sum(p.matrix.reshape(size, -1, inputs), axis=1)
            continue
        rows, weights = p.node.rows.reshape(size, -1), p.full().reshape(size, -1)
        for k in range(size):
            matrix[k] += _scattered(rows[k], weights[k], inputs)
    return matrix.reshape(*shape, inputs)


def _scattered(rows, weights, inputs):
    """Weights added up by input."""
    held = rows >= 0
    if not held.all():
        rows, weights = rows[held], weights[held]
    return np.bincount(rows, weights, inputs)


def _weighed(function, values, result, groups):
    """For each group of pairs (input, weight) the sum of the derivatives by these inputs times the weights."""
    constants = _constant_derivatives(function, values)
    found = [_uniform(constants, group, result.dtype) for group in groups]
    rest = [group for group, w in zip(groups, found, strict=True) if w is None]
    if rest:
        computed = weigh(function, values, result, rest)
        if computed is NotImplemented:
            computed = _weighed_slowly(function, values, result, rest)
        computed = iter(computed)
        found = [next(computed) if w is None else w for w in found]
    return found


def _constant_derivatives(function, values):
    """For each input the derivative by it where that is one number, else None."""
    if function in (np.add, np.subtract):
        return 1, 1 if function is np.add else -1
    if function in (np.negative, np.positive):
        return (-1 if function is np.negative else 1,)
    if function is np.multiply:
        return tuple(v if np.ndim(v) == 0 else None for v in reversed(values))
    if function is np.divide and np.ndim(values[1]) == 0:
        return 1 / np.asarray(values[1]), None
    return (None,) * len(values)


def _uniform(constants, group, dtype):
    """The sum if it is one number or one of the weights, else None."""
    if len(group) == 1 and constants[group[0][0]] is not None:
        (i, weight), = group
        if constants[i] == 1:
            return weight
    if any(constants[i] is None or np.ndim(w) for i, w in group):
        return None
    return np.asarray(sum([float(constants[i]) * float(w) if w else 0.0 for i, w in group]), dtype)


def _weighed_slowly(function, values, result, groups):
    derivatives, found = {}, []
    with np.errstate(all="ignore"):
        for group in groups:
            total = None
            for i, weight in group:
                if i not in derivatives:
                    derivatives[i] = _derivative(function, i, values, result)
                product = tangent_product(derivatives[i], weight)
                total = product if total is None else total + product
            found.append(np.asarray(total).astype(result.dtype, copy=False))
    return found


def _derivative(function, i, values, result):
    partial = PARTIALS[function][i]
    if partial is None:
        raise Unsupported(f"{function.__name__} by its argument {i}")
    return partial(*values, result)


def chosen(mask, x, y, shape):
    """The terms of np.where(mask, x, y): those of both, with weights of zero where they were not chosen."""
    found = {}
    for place, terms in enumerate((x, y)):
        for p in sparse_only([p for _, p in terms]):
            p = p if p.shape == shape else np.broadcast_to(p, shape)
            found.setdefault(p.node, [0.0, 0.0])[place] = p.weight
    return tuple((None, Partial(node, _picked(mask, *weights))) for node, weights in found.items())


def _picked(mask, w, v):
    if np.ndim(w) == np.ndim(v) == 0 and w == v:
        return w
    kind = np.result_type(*(a for a in (w, v) if not isinstance(a, float)))
    return np.where(mask, w, v).astype(kind, copy=False)


def added(terms, share):
    """The sum of several terms of one shape, all of which count with a share."""
    found = {}
    for p in terms:
        found[p.node] = found[p.node] + p.weight if p.node in found else p.weight
    return tuple((None, Partial(node, w if share == 1 else share * w)) for node, w in found.items())


# ---- storing -------------------------------------------------------------------------------------------------------


def put(x, key, terms):
    """The terms of x[key] become these, through all views of x."""
    root = x if x.root is None else x.root

    def region(a):
        return _viewed(x.chain, a)[key]

    def assign(a, weight):
        _viewed(x.chain, a)[key] = weight

    if _is_mask(key) and not terms:
        held = sparse_only([p for _, p in root.terms])
        replace_terms(root, tuple((None, _reweighed(p, root, assign, 0.0)) for p in held))
        return
    graph = x.run.partials.graph
    places = region(Partial(graph.input(0, root.shape), NOTHING)).node
    held, pending = (sparse_only([p for _, p in given]) for given in (root.terms, terms))
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


def _is_same(a, b):
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.ndim(a) == np.ndim(b) and a == b
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
    full = np.empty_like(root.value, np.result_type(p.weight, weight))
    full[...] = p.weight
    assign(full, weight)
    return Partial(p.node, full)


def _viewed(chain, a):
    for function in chain:
        a = function(a)
    return a
