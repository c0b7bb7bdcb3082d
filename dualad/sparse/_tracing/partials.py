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

import math
import operator

import numpy as np

from dualad._context import ACTIVE
from dualad._core.number import Number, primal
from dualad._core.tracer import MOST_TERMS, Partial, Tracer, plain, replace_terms
from dualad.rules.algebra import tangent_product
from dualad.rules.elementwise import PARTIALS
from dualad.rules.roots import has_zero

MOST_ROWS = 8
"""Elements of an array that may have all partial derivatives: sums of many elements, and what is made of them."""

MOST_NODES = 4096
"""Different arrays of rows beyond which a function is taken for one that never repeats itself."""

EMPTY = np.array(-1, np.int32)


class Unsupported(TypeError):
    """The function at hand has no rule here; the Jacobian is compressed instead."""

    def __init__(self, *args):
        super().__init__(*args)
        _give_up()


class Crowded(Unsupported):
    """Elements depend on so many inputs that the pattern of f would be of no use either, as far as one can see."""


class AtZero(ArithmeticError):
    """A root of zero: its square has derivatives that its own do not tell. Numbers remember it, weights do not."""

    def __init__(self, *args):
        super().__init__(*args)
        _give_up()


def _give_up():
    """The innermost run is of no use, even if the function catches the error."""
    trace = next((t[2] for t in reversed(ACTIVE.get()) if t[0] is Tracer and t[2].partials is not None), None)
    if trace is not None:
        trace.given_up = True


# ---- rows ----------------------------------------------------------------------------------------------------------


class Node:
    """An array of input numbers, one for each element, -1 for none; made once for each way to come by it."""

    __slots__ = ("_rows", "graph", "recipe", "shape")

    def __init__(self, graph, recipe, rows):
        self.graph, self.recipe, self._rows, self.shape = graph, recipe, np.asarray(rows), rows.shape

    @property
    def rows(self):
        """The integers; computed again if they were dropped."""
        rows = self._rows  # another thread may drop it
        if rows is None:
            function, args, kwargs, place = self.recipe
            result = function(*_thawed(args), **_thawed(kwargs))
            self._rows = rows = np.asarray(result if place is None else result[place])
        return rows

    def key(self):
        """The slice of all inputs that the rows are, if they are one in their order."""
        rows = self._rows
        if rows is None or rows.ndim != 1 or not rows.size or id(rows.base) not in self.graph.bases:
            return None
        step = rows.strides[0] // rows.itemsize
        first = int(rows[0])
        last = first + step * (rows.size - 1)
        return slice(first, last + 1, step) if step > 0 else None

    def region(self, row):
        """The view of one number for each input (n,) in which element i is that of input rows[i]; None if there is no
        such view."""
        rows = self._rows
        first = None if rows is None or not rows.size else self.graph.bases.get(id(rows.base))
        if first is None or not _is_injective(rows):
            return None
        start = rows.item(*(0,) * rows.ndim) * row.itemsize
        wider = row.itemsize // rows.itemsize
        return np.ndarray(rows.shape, row.dtype, row, start, [wider * k for k in rows.strides])

    def drop(self):
        """Give the memory back."""
        self._rows = None


def _is_injective(a):
    """Whether the strides show that no two elements share their place."""
    reach = 0
    for stride, length in sorted((abs(stride), length) for stride, length in zip(a.strides, a.shape, strict=True)):
        if length > 1:
            if stride <= reach:
                return False
            reach += stride * (length - 1)
    return True


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
        self.bases = {}  # by their identity, what the rows of inputs are views of

    def input(self, first, shape):
        """The inputs from number `first` on, in this shape."""
        key = _inputs, first, shape
        found = self._found.get(key)
        if found is None:
            rows = _inputs(first, shape)
            self.bases[id(rows.base)] = rows.base
            found = self._found[key] = Node(self, (_inputs, key[1:], {}, None), rows)
        return found

    def apply(self, function, args, kwargs):
        """The node (or list of them) of function(*args, **kwargs), nodes standing for their integers."""
        self.steps += 1
        arrays = []
        key = function, _frozen(args, arrays), _frozen(kwargs, arrays)
        found = self._found.get(key)
        if found is None:
            self._check_room()
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
            self._check_room()
            found = self._found[short] = Node(self, (operator.getitem, (node, key), {}, None), node.rows[key])
        return found

    def apply_simple(self, function, node, args, kwargs):
        """apply(function, (node, *args), kwargs) for simple arguments."""
        self.steps += 1
        key = function, node, args, *kwargs.items()
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self.apply(function, (node, *args), kwargs)
        return found

    def _check_room(self):
        if len(self._found) >= MOST_NODES:
            raise Unsupported("a function that moves elements differently each time")

    def _made(self, function, args, kwargs):
        result = function(*_thawed(args), **_thawed(kwargs))
        recipe = function, _kept(args), _kept(kwargs)
        if isinstance(result, (list, tuple)):
            return [Node(self, (*recipe, k), rows) for k, rows in enumerate(result)]
        return Node(self, (*recipe, None), result)

    def drop(self):
        """Give back the memory of all rows; those that are asked for again are computed again."""
        self.bases.clear()
        for found in list(self._found.values()):
            for node in found if isinstance(found, list) else [found]:
                node.drop()


def _inputs(first, shape):
    return np.arange(first, first + math.prod(shape), dtype=np.int32).reshape(shape)


# ---- one term ------------------------------------------------------------------------------------------------------


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
        raise Crowded("many dense rows")
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


def moved(function, args, kwargs):
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
        if is_same_number(p.weight, lead.weight):
            return k
    return next((k for k, p in enumerate(terms) if bool(np.ndim(p.weight)) == bool(np.ndim(lead.weight))), 0)


# ---- elementwise ---------------------------------------------------------------------------------------------------


def check_root(function, result):
    """Raises AtZero for a root of zero; absolute values hide something from the second derivative on."""
    if (isinstance(result, Number) or function in (np.sqrt, np.hypot)) and has_zero(primal(result)):
        raise AtZero


def refuse_many(count, size):
    """Raises Unsupported for so many partial derivatives of each of so many elements."""
    raise (Crowded if size < MOST_TERMS else Unsupported)(f"{count} partial derivatives of one element")


def combined_rows(function, values, result, lists):
    """The dense rows of result = function(*values)."""
    if result.size > MOST_ROWS:
        raise Crowded("many dense rows")
    lists, total = [[p for _, p in terms] for terms in lists], 0.0
    with np.errstate(all="ignore"):
        for i, terms in enumerate(lists):
            for p in terms:
                matrix = rows_of([np.broadcast_to(p, np.shape(result))], np.shape(result), inputs_of(lists))
                derivative = as_array(_derivative(function, i, values, result))
                total = total + tangent_product(derivative[..., None], matrix)
    return dense(total, result.dtype)


def dense(rows, dtype):
    """Rows in the precision of the value that they belong to."""
    return Dense(rows if isinstance(rows, Number) else rows.astype(dtype, copy=False))


def as_array(x):
    """An array, or a number of an outer transform as it is."""
    return x if isinstance(x, Number) else np.asarray(x)


def inputs_of(lists):
    """The number of inputs that dense rows among some lists of terms have."""
    return next(p.matrix.shape[-1] for terms in lists for p in terms if isinstance(p, Dense))


def rows_of(terms, shape, inputs):
    """Dense rows (*shape, inputs): sums of terms whose shape has further axes behind."""
    size = math.prod(shape)
    if size > MOST_ROWS:
        raise (Crowded if any(isinstance(p, Dense) for p in terms) else Unsupported)("many dense rows")
    matrix = matrix_for([p.matrix if isinstance(p, Dense) else p.weight for p in terms], (size, inputs))
    for p in terms:
        if isinstance(p, Dense):
            matrix += np.sum(np.reshape(p.matrix, (size, -1, inputs)), axis=1)
            continue
        if size == 1 and _added_in_place(p, matrix):
            continue
        rows, weights = p.node.rows.reshape(size, -1), np.reshape(p.full(), (size, -1))
        for k in range(size):
            _scatter(matrix, k, rows[k], weights[k])
    return np.reshape(matrix, (*shape, inputs))


def matrix_for(parts, shape):
    """Zeros to which these arrays or numbers can be added."""
    numbers = [x for x in parts if isinstance(x, Number)]
    if numbers:
        return np.zeros_like(max(numbers, key=lambda x: x.level), shape=shape)
    return np.zeros(shape, np.result_type(*{x.dtype for x in parts}) if parts else np.float64)


def _added_in_place(p, matrix):
    """matrix[0, rows] += weights, where each row is that of another input; whether that could be done."""
    key = p.node.key()
    if key is not None:
        matrix[0, key] += p.weight
        return True
    region = None if isinstance(matrix, Number) else p.node.region(matrix[0])
    if region is not None:
        region += p.weight
    return region is not None


def _scatter(matrix, k, rows, weights):
    """matrix[k, rows] += weights, added up by input."""
    held = rows >= 0
    if not held.all():
        rows, weights = rows[held], weights[held]
    if isinstance(matrix, Number):
        np.add.at(matrix, (k, rows), weights)
    else:
        matrix[k] += np.bincount(rows, weights, matrix.shape[1])


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
        for p in sparse_only([p for _, p in terms]):
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


# ---- storing -------------------------------------------------------------------------------------------------------


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


def share_memory(a, b):
    """Whether two arrays, or numbers of outer transforms, may be views of one."""
    return np.may_share_memory(_innermost_array(a), _innermost_array(b))


def _innermost_array(x):
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
