# Terms with weights: sparse vectors. See dualad/sparse/_tracing/partials.py, which holds all but elementwise functions.

MOST_TERMS = 32                        # partial derivatives per element beyond which an array is taken for dense


@cython.final
cdef class Run:
    """One evaluation: the graph of its rows, and how much it computes.

    It counts elementwise functions, the elements of their results and of weights, and steps of moving elements.
    """
    cdef readonly object graph
    cdef readonly object blocks        # arrays of many partial derivatives; None if there must be none
    cdef public Py_ssize_t calls, elements, products
    cdef Py_ssize_t start

    def __init__(self, graph, blocks=None):
        self.graph, self.blocks, self.start = graph, blocks, graph.steps

    @property
    def steps(self):
        """So often was the graph asked for rows."""
        return self.graph.steps - self.start


@cython.final
cdef class Partial:
    """The rows and weights of one term; NumPy functions that move elements apply to both.

    The weight has the shape of the rows, or none if it is the same for all. It does not count where there is no row.
    """
    cdef readonly object node
    cdef readonly object weight        # an array, or a number of an outer transform

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

    def full(self):
        """The weight of every element."""
        return np.broadcast_to(self.weight, self.node.shape)

    def __getitem__(self, key):
        weight = self.weight if self.weight.ndim == 0 else self.weight[key]
        return Partial(self.node.graph.item(self.node, key), weight)

    def __array_function__(self, function, types, args, kwargs):
        return HANDLERS["move"](function, args, kwargs)


cdef frozenset PLAIN_TYPES = frozenset({np.ndarray, np.float64, float, int})
cdef object ADD = np.add, SUBTRACT = np.subtract, MULTIPLY = np.multiply, DIVIDE = np.divide
cdef object NEGATIVE = np.negative, POSITIVE = np.positive
cdef frozenset ROOTS = frozenset({np.sqrt, np.hypot, np.absolute, np.fabs})


cdef object with_partials(object function, tuple inputs):
    """function(*inputs) where terms have weights; NotImplemented for patterns, and for what is not plain."""
    cdef Tracer lead = None, x
    cdef Number outer = None
    cdef list values = [], lists = []
    for a in inputs:
        if type(a) is Tracer:
            x = <Tracer>a
            if lead is None:
                lead = x
                if x.run.partials is None:
                    return NotImplemented
            elif x.run is not lead.run:
                return NotImplemented
            values.append(x.array)
            lists.append(x.terms)
        elif type(a) in PLAIN_TYPES or isinstance(a, Number):
            values.append(a)
            lists.append(())
            if isinstance(a, Number) and (outer is None or outer.level < (<Number>a).level):
                outer = <Number>a
        else:
            return NotImplemented
    if function not in <frozenset>HANDLERS["smooth"] or (outer is not None and outer.level > lead.level):
        return NotImplemented
    result = function(*values)
    if type(result) is tuple or result.dtype.kind != "f":
        return NotImplemented
    return make(lead.run, result, combined(lead.run.partials, function, values, result, lists))


def combined(Run run, function, list values, result, list lists):
    """The terms of result = function(*values), whose inputs have these lists of terms of shapes that broadcast."""
    cdef dict joined = {}
    cdef tuple shape = result.shape
    cdef Py_ssize_t i, size = result.size
    cdef Partial p
    if function in ROOTS:
        HANDLERS["check root"](function, result)
    run.calls += 1
    run.elements += size
    for i, terms in enumerate(lists):
        for _, term in terms:
            p = <Partial>(term if term.node.shape == shape else np.broadcast_to(term, shape))
            group = joined.get(p.node)
            if group is None:
                joined[p.node] = [(i, p.weight)]
            else:
                (<list>group).append((i, p.weight))
    terms = []
    for node, weight in zip(joined, weighed(function, values, result, list(joined.values()))):
        if weight.ndim:
            run.products += size
        terms.append((None, Partial(node, weight)))
    if len(terms) > MOST_TERMS:
        parts = ((terms, HANDLERS["itself"]),)
        return HANDLERS["as block"](run, result, parts, hold_values=False)
    return tuple(terms)


cdef list weighed(object function, list values, object result, list groups):
    """For each group of pairs (input, weight) the sum of the derivatives by these inputs times the weights."""
    cdef double constant[2]
    cdef bint known[2]
    cdef list found, rest
    constant_derivatives(function, values, constant, known)
    found = [uniform(constant, known, <list>group, result.dtype) for group in groups]
    rest = [group for group, weight in zip(groups, found) if weight is None]
    if rest:
        computed = NotImplemented if isinstance(result, Number) else weigh(function, values, result, rest)
        if computed is NotImplemented:
            computed = HANDLERS["weigh"](function, values, result, rest)
        remaining = iter(computed)
        found = [next(remaining) if weight is None else weight for weight in found]
    return found


cdef bint is_single(object x):
    """Whether x is one number that carries nothing."""
    return type(x) in (float, int) or (type(x) in PLAIN_TYPES and x.ndim == 0)


cdef void constant_derivatives(object function, list values, double* constant, bint* known):
    """For each of the first two inputs the derivative by it where that is one number."""
    known[0] = known[1] = False
    constant[0] = constant[1] = 1
    if function is ADD or function is POSITIVE:
        known[0] = known[1] = True
    elif function is SUBTRACT:
        known[0] = known[1] = True
        constant[1] = -1
    elif function is NEGATIVE:
        known[0] = True
        constant[0] = -1
    elif function is MULTIPLY:
        for i in range(2):
            if is_single(values[1 - i]):
                known[i] = True
                constant[i] = values[1 - i]
    elif function is DIVIDE and is_single(values[1]):
        known[0] = True
        constant[0] = 1 / <double>values[1]


cdef object uniform(double* constant, bint* known, list group, object dtype):
    """The sum if it is one number or one of the weights, else None."""
    cdef double total = 0, w
    cdef Py_ssize_t i
    if len(group) == 1:
        i, weight = group[0]
        if i < 2 and known[i] and constant[i] == 1:
            return weight
    for i, weight in group:
        if i > 1 or not known[i] or type(weight) is not np.ndarray or (<cnp.ndarray>weight).ndim:
            return None
        w = weight
        if w != 0:
            total += constant[i] * w
    return np.asarray(total, dtype)
