# Bilinear functions of small arrays, as one sum over the product table of the number type. Included by number.pyx.

cdef extern from "contract.h":
    int MOST_LABELS
    ctypedef struct Contraction:
        int n
        Py_ssize_t size[16]
        Py_ssize_t x[16]
        Py_ssize_t y[16]
        Py_ssize_t out[16]
    void arrange(Contraction*) noexcept nogil
    void contract(const Contraction*, const char*, const char*, char*) noexcept nogil

cdef enum:
    MOST_TERMS = 4096              # products up to which the loops here take less time than calls of NumPy


@cython.final
cdef class Subscripts:
    """Which axes of two operands and of a result go together, spelt as numpy.einsum has it: "ij,jk->ik".

    Both indices of "i,j->(ij)", a convolution, move along one axis of the result.
    """
    cdef int n
    cdef int naxes[3]
    cdef int label[3][16]
    cdef bint convolves

    def __init__(self, str text):
        self.convolves = text == "i,j->(ij)"
        inputs, _, output = text.replace("(ij)", "ij").partition("->")
        terms = [*inputs.split(","), output]
        letters = list(dict.fromkeys(output + inputs.replace(",", "")))
        if len(terms) != 3 or max(map(len, [letters, *terms])) > MOST_LABELS:
            raise ValueError(f"subscripts {text!r} must be of two operands, with up to {MOST_LABELS} letters")
        self.n = len(letters)
        for i, term in enumerate(terms):
            self.naxes[i] = len(term)
            for d, letter in enumerate(term):
                self.label[i][d] = letters.index(letter)
        self.naxes[2] -= self.convolves


cdef bint is_labelled(Subscripts s, int i, Argument* a, Py_ssize_t* size):
    """Whether an operand has the axes that the subscripts give it; note how long they are."""
    cdef int d, label
    if a.ndim != s.naxes[i] or a.width:
        return False
    for d in range(a.ndim):
        label = s.label[i][d]
        if size[label] == 1:
            size[label] = a.shape[d]
        elif a.shape[d] != 1 and a.shape[d] != size[label]:
            return False
    return True


cdef void note_strides(Subscripts s, int i, int ndim, Py_ssize_t* shape, Py_ssize_t* strides, Py_ssize_t* moves):
    """How far each index moves; an axis of length one serves all of its values."""
    cdef int d
    for d in range(s.n):
        moves[d] = 0
    for d in range(ndim):
        if shape[d] != 1:
            moves[s.label[i][d]] += strides[d]


cdef void add_products_of(Number model, Contraction* sums, Operand* p, Operand* q, int first, int ncomp, char* out,
                          Py_ssize_t apart, const Pair* pairs) noexcept nogil:
    """The components from `first` on of a product, each `apart` from the next, added to what is there."""
    cdef int c, k
    cdef bint both = p.ncomp > 1 and q.ncomp > 1
    for c in range(first, ncomp):
        if c < p.ncomp:
            contract(sums, p.data + c * p.component, q.data, out + c * apart)
        if 0 < c < q.ncomp:
            contract(sums, p.data, q.data + c * q.component, out + c * apart)
        if both and model.kind == TAYLOR:
            for k in range(1, c):
                contract(sums, p.data + k * p.component, q.data + (c - k) * q.component, out + c * apart)
        elif both and pairs != NULL and pairs[c].first:
            contract(sums, p.data + pairs[c].first * p.component, q.data + pairs[c].second * q.component, out + c * apart)
            contract(sums, p.data + pairs[c].second * p.component, q.data + pairs[c].first * q.component, out + c * apart)


cdef bint is_finite(double* x, Py_ssize_t n):
    cdef double wrong = 0
    cdef Py_ssize_t i
    for i in range(n):
        wrong += x[i] - x[i]
    return wrong == 0


def largest(cnp.ndarray a):
    """The largest absolute value of an array that is not empty; NaN if there is one."""
    cdef double most = 0, wrong = 0, value
    cdef double* x = <double*>cnp.PyArray_DATA(a)
    cdef Py_ssize_t i
    if cnp.PyArray_TYPE(a) != cnp.NPY_DOUBLE or not cnp.PyArray_ISCARRAY_RO(a):
        return np.max(np.abs(a))
    for i in range(cnp.PyArray_SIZE(a)):
        value = fabs(x[i])
        wrong += 0 if value == value else value
        most = value if value > most else most
    return most if wrong == 0 else NAN


cdef bint take_value(object value, cnp.ndarray data):
    """Copy a value into component 0; whether it is what belongs there."""
    cdef cnp.ndarray v
    cdef int d
    if cnp.PyArray_NDIM(data) == 1 and isinstance(value, np.float64):
        (<double*>cnp.PyArray_DATA(data))[0] = PyFloat_AS_DOUBLE(value)
        return True
    if type(value) is not NDARRAY or cnp.PyArray_NDIM(<cnp.ndarray>value) != cnp.PyArray_NDIM(data) - 1:
        return False
    v = <cnp.ndarray>value
    for d in range(cnp.PyArray_NDIM(v)):
        if cnp.PyArray_DIM(v, d) != cnp.PyArray_DIM(data, d + 1):
            return False
    if cnp.PyArray_TYPE(v) != cnp.NPY_DOUBLE or not cnp.PyArray_ISCARRAY_RO(v):
        return False
    memcpy(cnp.PyArray_DATA(data), cnp.PyArray_DATA(v), cnp.PyArray_NBYTES(v))
    return True


def sums_of_products(x, y, subscripts, function=None, tuple before=()):
    """The sums of products x y that the subscripts describe, of float64 arrays; NotImplemented for anything else.

    Subscripts may depend on the dimensions: then they come as a dictionary of (dimensions of x, those of y).
    The value is that of ``function(*before, x, y)``, where there is one; NotImplemented also where a derivative would be
    infinite or NaN.
    """
    cdef Argument a[2]
    cdef Operand operands[2]
    cdef Contraction sums
    cdef Py_ssize_t shape[17]
    cdef Py_ssize_t n = 1, terms
    cdef int d, first = function is not None
    cdef Number model = None
    cdef const Pair* pairs = NULL
    cdef cnp.ndarray data
    a[0].operand, a[1].operand = &operands[0], &operands[1]
    if not load(x, &a[0]) or not load(y, &a[1]) or not agree(x, y):
        return NotImplemented
    for d in range(2):
        if a[d].width == 2 and not first:
            settle_width(&a[d], 0)
    cdef Subscripts s = subscripts.get((a[0].ndim, a[1].ndim)) if type(subscripts) is dict else subscripts
    if s is None:
        return NotImplemented
    for d in range(s.n):
        sums.size[d] = 1
    if not is_labelled(s, 0, &a[0], sums.size) or not is_labelled(s, 1, &a[1], sums.size):
        return NotImplemented
    if isinstance(x, Number) or isinstance(y, Number):
        model = leading(x, y)
        if model.kind == TRACER or model.ncomp <= first:
            return NotImplemented
        if model.kind == HYPERDUAL and model.ncomp > 1:
            pairs = product_table(model.ndir, model.ndir2)
    shape[0] = terms = 1 if model is None else model.ncomp
    sums.n = s.n
    for d in range(s.n):
        terms *= sums.size[d]
    for d in range(s.naxes[2]):
        shape[d + 1] = sums.size[s.label[2][d]]
        n *= shape[d + 1]
    if s.convolves:
        shape[1] = n = sums.size[0] + sums.size[1] - 1
    # two operands with tangents take several calls
    if n < 0 or (terms >> (operands[0].ncomp > 1 and operands[1].ncomp > 1)) > MOST_TERMS and (first or s.convolves):
        return NotImplemented
    data = allocate(s.naxes[2] + 1, shape, NULL, cnp.NPY_DOUBLE)
    memset(cnp.PyArray_DATA(data), 0, cnp.PyArray_NBYTES(data))
    note_strides(s, 0, a[0].ndim, a[0].shape, a[0].strides, sums.x)
    note_strides(s, 1, a[1].ndim, a[1].shape, a[1].strides, sums.y)
    note_strides(s, 2, s.naxes[2], shape + 1, <Py_ssize_t*>cnp.PyArray_STRIDES(data) + 1, sums.out)
    if s.convolves:
        sums.out[1] = sums.out[0] = sizeof(double)
    arrange(&sums)
    if terms >= UNLOCKED:
        with nogil:
            add_products_of(model, &sums, &operands[0], &operands[1], first, <int>shape[0], cnp.PyArray_BYTES(data),
                            n * sizeof(double), pairs)
    else:
        add_products_of(model, &sums, &operands[0], &operands[1], first, <int>shape[0], cnp.PyArray_BYTES(data),
                        n * sizeof(double), pairs)
    if not is_finite(<double*>cnp.PyArray_DATA(data) + first * n, (shape[0] - first) * n):
        return NotImplemented
    if first and not take_value(function(*before, value_of(<Number>x) if isinstance(x, Number) else x,
                                         value_of(<Number>y) if isinstance(y, Number) else y), data):
        return NotImplemented
    return component(data, 0) if model is None else of_array(model, data, <int>shape[0])


cdef dict WEIGHINGS = {}
cdef Subscripts ONE_AXIS = Subscripts("a,ka->k")


def weighted_sums(weights, tangents, axis):
    """Sums of weights * tangents along axes of the value, all if None; (K,) + what is left. NotImplemented as above.

    The weights are a float or have the value's dimensions.
    """
    cdef Subscripts s
    cdef Py_ssize_t depth = 0 if PyFloat_CheckExact(weights) else weights.ndim, ndim = tangents.ndim
    if axis is None and depth == 1 and ndim == 2:
        return sums_of_products(weights, tangents, ONE_AXIS)
    key = depth, ndim, axis
    if key not in WEIGHINGS:
        WEIGHINGS[key] = HANDLERS["weighing"](*key)
    return sums_of_products(weights, tangents, WEIGHINGS[key])


cdef Number of_array(Number model, cnp.ndarray data, int ncomp):
    """A number like another; of shape () it keeps its components inside."""
    cdef Number r
    if cnp.PyArray_NDIM(data) > 1 or ncomp > INLINE:
        return number_like(model, data, ncomp)
    r = like(model)
    r.ncomp = ncomp
    memcpy(r.c, cnp.PyArray_DATA(data), ncomp * sizeof(double))
    return r
