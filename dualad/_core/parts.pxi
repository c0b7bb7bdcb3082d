# How numbers are taken apart and put together, as `dualad.rules.algebra` describes it. Included by number.pyx, which
# makes the price of a rule that of its NumPy calls. What is not of first order goes on to the functions in Python.

def innermost(*args):
    """The number of the highest level among the arguments (of two, rather one with tangents), or None."""
    cdef Number lead = None, x
    cdef object carrier = None
    cdef int found = 0
    for item in args:
        if isinstance(item, Number):
            found += 1
            x = <Number>item
            if lead is None or x.level > lead.level or (x.level == lead.level and lead.ncomp == 1):
                lead = x
        elif isinstance(item, Carrier):
            carrier = item
    if carrier is not None:
        if lead is None:
            return carrier
        raise TypeError(f"cannot mix a {type(lead).__name__} and a {type(carrier).__name__}: the one carries derivatives, "
                        "the other something else")
    if found < 2:
        return lead
    for item in args:
        if not isinstance(item, Number) or item is lead:
            continue
        x = <Number>item
        if x.level == lead.level and carries(x):
            if type(x) is not type(lead):
                raise TypeError(f"cannot mix {type(lead).__name__} and {type(x).__name__} numbers that were made side by "
                                "side: use one type, or nest transforms such as dualad.jvp")
            if carries(lead) and not (same_directions(x, lead) and x.single == lead.single):
                lead = HANDLERS["wider"](lead, x)
    return lead


cdef object rest_of(Number x):
    """The components beyond the value, as a view."""
    cdef Py_ssize_t shape[65]
    cdef int d
    cdef cnp.ndarray a, v
    if x.data is not None and type(x.data) is not NDARRAY:
        return x.data[1:]
    a = <cnp.ndarray>component_view(x)
    for d in range(cnp.PyArray_NDIM(a)):
        shape[d] = cnp.PyArray_DIM(a, d)
    shape[0] -= 1
    v = cnp.PyArray_New(NDARRAY, cnp.PyArray_NDIM(a), <cnp.npy_intp*>shape, cnp.PyArray_TYPE(a),
                        cnp.PyArray_STRIDES(a),
                        cnp.PyArray_BYTES(a) + cnp.PyArray_STRIDE(a, 0), 0,
                        cnp.PyArray_FLAGS(a) & cnp.NPY_ARRAY_WRITEABLE, None)
    cnp.set_array_base(v, a)
    return v


cpdef inline bint is_first_order(Number x):
    """Whether the components beyond the value are tangents."""
    return x.kind <= MULTIDUAL or (x.kind == TAYLOR and x.ndir == 1)


def split(x, long long level):
    """Value of x and its tangents, (K,) + shape, with regard to a level; None if it has none.

    A tracer has one tangent, whose pattern is its own.
    """
    if not isinstance(x, Number):
        return HANDLERS["split"](x) if isinstance(x, Carrier) else (x, None)
    if (<Number>x).level != level:
        return x, None
    if (<Number>x).ncomp == 1:
        return value_of(<Number>x), None
    if not is_first_order(<Number>x):
        return HANDLERS["split"](x)
    return value_of(<Number>x), rest_of(<Number>x)


def apart(x, lead):
    """Value of x and all its further components in the layout of `lead`, None if it has none: for linear functions."""
    if not isinstance(x, Number):
        return HANDLERS["split"](x) if isinstance(x, Carrier) else (x, None)
    if lead is None or (<Number>x).level != (<Number?>lead).level:
        return x, None
    if (<Number>x).ncomp == 1:
        return value_of(<Number>x), None
    if (<Number>x).kind == TRACER or (<Number>x).ncomp != full_count(<Number>lead):
        return HANDLERS["apart"](x, lead)
    return value_of(<Number>x), rest_of(<Number>x)


def together(lead not None, value, rest):
    """The number with this value and these further components, None for a constant; typed like `lead`."""
    cdef Number r = None
    if (type(rest) is NDARRAY and cnp.PyArray_TYPE(<cnp.ndarray>rest) == cnp.NPY_DOUBLE and isinstance(lead, Number)
            and (<Number>lead).kind != TRACER):
        r = put_together(<Number>lead, value, <cnp.ndarray>rest)
    return HANDLERS["together"](lead, value, rest) if r is None else r


def join(lead not None, value, tangents):
    """The number with this value and these tangents, (K,) + shape, None for a constant; typed like `lead`."""
    if not isinstance(lead, Number) or is_first_order(<Number>lead):
        return together(lead, value, tangents)
    return HANDLERS["join"](lead, value, tangents)


cdef Number put_together(Number lead, object value, cnp.ndarray rest):
    """Small float64 components in C order; None for anything else."""
    cdef Number r
    cdef Py_ssize_t shape[65]
    cdef Py_ssize_t n, k = cnp.PyArray_NDIM(rest) and cnp.PyArray_DIM(rest, 0)
    cdef int d, ndim = cnp.PyArray_NDIM(rest) - 1
    cdef cnp.ndarray v, data
    if ndim == 0 and k < INLINE and isinstance(value, np.float64):
        r = like(lead)
        r.ncomp = 1 + <int>k
        r.c[0] = PyFloat_AS_DOUBLE(value)
        for d in range(k):
            r.c[d + 1] = (<double*>(cnp.PyArray_BYTES(rest) + d * cnp.PyArray_STRIDE(rest, 0)))[0]
        return r
    if ndim < 1 or not is_plain_vector(value) or cnp.PyArray_NDIM(<cnp.ndarray>value) != ndim:
        return None
    v = <cnp.ndarray>value
    for d in range(ndim):
        shape[d + 1] = cnp.PyArray_DIM(v, d)
        if shape[d + 1] != cnp.PyArray_DIM(rest, d + 1):
            return None
    n = cnp.PyArray_NBYTES(v)
    if (1 + k) * n >= POOLED:
        return None
    shape[0] = 1 + k
    data = allocate(ndim + 1, shape, NULL, cnp.NPY_DOUBLE)
    memcpy(cnp.PyArray_DATA(data), cnp.PyArray_DATA(v), n)
    r = number_like(lead, data, 1 + <int>k)
    if cnp.PyArray_ISCARRAY_RO(rest):
        memcpy(cnp.PyArray_BYTES(data) + n, cnp.PyArray_DATA(rest), k * n)
    else:
        cnp.PyArray_CopyInto(<cnp.ndarray>rest_of(r), rest)
    return r


def tangent_product(derivative, tangents):
    """derivative * tangents, and 0 where the tangent is 0, at every level of nesting."""
    r = NotImplemented
    if not isinstance(derivative, Number) and not isinstance(tangents, Number):
        r = plain_product(derivative, tangents)
    return HANDLERS["tangent product"](derivative, tangents) if r is NotImplemented else r


cdef object plain_product(object derivative, object tangents):
    """By the loop that multiplies tangents in a product of numbers."""
    cdef Argument a[2]
    cdef Operand operands[2]
    cdef Operand out
    cdef Py_ssize_t shape[65]
    cdef Py_ssize_t count = 1
    cdef int i, d, ndim
    cdef bint contiguous = True
    cdef Algebra algebra
    algebra.pairs, algebra.program = NULL, NULL
    a[0].operand, a[1].operand = &operands[0], &operands[1]
    if not load(derivative, &a[0]) or not load(tangents, &a[1]) or not settle_width(&a[0], a[1].width):
        return NotImplemented
    ndim = join_shapes(a, 2, shape + 1)
    if ndim < 1 or a[1].width == 2:
        return NotImplemented
    for i in range(2):
        if not broadcast(&a[i], ndim, shape + 1) and a[i].ndim > 0:
            contiguous = False
    for d in range(ndim):
        count *= shape[d + 1]
    shape[0] = 1
    data = <cnp.ndarray>component(result_array(a, 2, contiguous, ndim, shape, count, a[1].width), 0)
    # component 1 of either lies where its component 0 does
    operands[1].ncomp = out.ncomp = 2
    operands[1].component = out.component = 0
    out.data = cnp.PyArray_BYTES(data)
    for d in range(ndim):
        out.stride[d] = cnp.PyArray_STRIDE(data, d)
    if contiguous:
        flatten(operands, 2, a, &out, count, a[1].width)
        ndim = 1
        shape[1] = count
    if count >= UNLOCKED:
        with nogil:
            drive(&ARITHMETIC[OP_MULTIPLY], a[1].width, ndim, shape + 1, operands, &out, VALUE_IS_DONE, algebra)
    else:
        drive(&ARITHMETIC[OP_MULTIPLY], a[1].width, ndim, shape + 1, operands, &out, VALUE_IS_DONE, algebra)
    return data


def are_ordinary(a):
    """Whether floats are neither zero nor subnormal, infinite or NaN."""
    cdef Py_ssize_t i
    cdef double* x
    cdef bint ordinary = True
    a = np.asarray(a)
    if cnp.PyArray_TYPE(<cnp.ndarray>a) != cnp.NPY_DOUBLE or not cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>a):
        return bool(np.all(np.isfinite(a) & (np.abs(a) > np.finfo(a.dtype).tiny)))
    x = <double*>cnp.PyArray_DATA(<cnp.ndarray>a)
    for i in range(cnp.PyArray_SIZE(<cnp.ndarray>a)):
        ordinary = ordinary and LEAST < fabs(x[i]) <= MOST
    return ordinary


def are_moderate(*arrays):
    """Whether the quotient of any two of these values is far from underflow and overflow."""
    for a in arrays:
        if not is_moderate(primal(a)):
            return False
    return True


cdef bint is_moderate(object a) except -1:
    cdef Py_ssize_t i
    cdef double* x
    cdef bint moderate = True
    if isinstance(a, np.float64):
        return 1e-140 < fabs(PyFloat_AS_DOUBLE(a)) < 1e140
    a = np.asarray(a)
    if cnp.PyArray_TYPE(<cnp.ndarray>a) != cnp.NPY_DOUBLE or not cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>a):
        low, high = (1e-140, 1e140) if a.dtype.itemsize % 16 == 0 or a.dtype == np.float64 else (1e-17, 1e17)
        return bool(np.all((low < np.abs(a)) & (np.abs(a) < high)))
    x = <double*>cnp.PyArray_DATA(<cnp.ndarray>a)
    for i in range(cnp.PyArray_SIZE(<cnp.ndarray>a)):
        moderate = moderate and 1e-140 < fabs(x[i]) < 1e140
    return moderate


def quotient(x, y):
    """x / y; of a float64 array and a number the quick way, without floating-point warnings."""
    return with_scalar(OP_DIVIDE, x, y)


def difference(x, y):
    """x - y; of a float64 array and a number the quick way, without floating-point warnings."""
    return with_scalar(OP_SUBTRACT, x, y)


cdef object with_scalar(int code, object x, object y):
    cdef Py_ssize_t i
    cdef cnp.ndarray a, r
    cdef double s
    cdef double* p
    cdef double* q
    cdef bint below = isinstance(x, np.float64)
    array, scalar = (y, x) if below else (x, y)
    if (type(array) is not NDARRAY or not isinstance(scalar, np.float64)
            or cnp.PyArray_TYPE(<cnp.ndarray>array) != cnp.NPY_DOUBLE or not cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>array)):
        return ARITHMETIC_UFUNCS[code](x, y)
    a, s = <cnp.ndarray>array, PyFloat_AS_DOUBLE(scalar)
    r = allocate(cnp.PyArray_NDIM(a), <Py_ssize_t*>cnp.PyArray_DIMS(a), NULL, cnp.NPY_DOUBLE)
    p, q = <double*>cnp.PyArray_DATA(a), <double*>cnp.PyArray_DATA(r)
    if code == OP_SUBTRACT:
        for i in range(cnp.PyArray_SIZE(a)):
            q[i] = s - p[i] if below else p[i] - s
    else:
        for i in range(cnp.PyArray_SIZE(a)):
            q[i] = s / p[i] if below else p[i] / s
    return r


def tie_shares(value, top, axis):
    """1/n for the n elements that equal the extreme along an axis, a NaN too, 0 for others; None if they are no float64."""
    cdef Py_ssize_t outer = 1, n, inner = 1, i, j, k, count
    cdef int d, ndim, along
    cdef double* x
    cdef double* share
    cdef double* extremes
    cdef double t, part, single
    if not is_plain_vector(value):
        return None
    ndim, n = cnp.PyArray_NDIM(<cnp.ndarray>value), cnp.PyArray_SIZE(<cnp.ndarray>value)
    if axis is not None:
        if not PyLong_CheckExact(axis) or not -ndim <= axis < ndim:
            return None
        along = axis if axis >= 0 else axis + ndim
        n = cnp.PyArray_DIM(<cnp.ndarray>value, along)
        for d in range(ndim):
            outer *= cnp.PyArray_DIM(<cnp.ndarray>value, d) if d < along else 1
            inner *= cnp.PyArray_DIM(<cnp.ndarray>value, d) if d > along else 1
    if isinstance(top, np.float64):
        single = PyFloat_AS_DOUBLE(top)
        extremes = &single
    elif is_plain_vector(top):
        extremes = <double*>cnp.PyArray_DATA(<cnp.ndarray>top)
    else:
        return None
    if outer * inner != (1 if isinstance(top, np.float64) else cnp.PyArray_SIZE(<cnp.ndarray>top)):
        return None
    shares = allocate(ndim, <Py_ssize_t*>cnp.PyArray_DIMS(<cnp.ndarray>value), NULL, cnp.NPY_DOUBLE)
    for i in range(outer):
        for k in range(inner):
            x = <double*>cnp.PyArray_DATA(<cnp.ndarray>value) + i * n * inner + k
            share = <double*>cnp.PyArray_DATA(shares) + i * n * inner + k
            t, count = extremes[i * inner + k], 0
            for j in range(n):
                count += x[j * inner] == t or (t != t and x[j * inner] != x[j * inner])
            part = 1.0 / max(count, 1)
            for j in range(n):
                share[j * inner] = part if x[j * inner] == t or (t != t and x[j * inner] != x[j * inner]) else 0.0
    return shares


def clip_slopes(value, low, high):
    """How much of each derivative numpy.clip lets through: half of it at a limit. None if value and limits are no floats."""
    cdef Py_ssize_t i
    cdef double least = -np.inf, most = np.inf, slope, larger, nan = 0
    cdef bint below = low is not None, above = high is not None
    cdef double* x
    cdef double* slopes
    cdef cnp.ndarray result
    if (type(value) is not NDARRAY or cnp.PyArray_TYPE(<cnp.ndarray>value) != cnp.NPY_DOUBLE
            or not cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>value)):
        return None
    if below:
        least = scalar_or_nan(low)
    if above:
        most = scalar_or_nan(high)
    if least != least or most != most:
        return None
    result = allocate(cnp.PyArray_NDIM(<cnp.ndarray>value), <Py_ssize_t*>cnp.PyArray_DIMS(<cnp.ndarray>value), NULL,
                      cnp.NPY_DOUBLE)
    x, slopes = <double*>cnp.PyArray_DATA(<cnp.ndarray>value), <double*>cnp.PyArray_DATA(result)
    for i in range(cnp.PyArray_SIZE(result)):
        # without branches, which would go this way and that
        larger = x[i] if x[i] > least else least
        slope = (x[i] >= least) + (x[i] > least) if below else 2
        slopes[i] = 0.25 * slope * ((larger <= most) + (larger < most) if above else 2)
        nan += x[i] != x[i]
    return result if nan == 0 else None


def in_order(cnp.ndarray tangents, order, keys):
    """Float64 tangents (K, n) in an order, those of equal keys replaced by their mean; NotImplemented for other types."""
    cdef Py_ssize_t shape[2]
    cdef Py_ssize_t i, j, k, n
    cdef cnp.npy_intp* place
    cdef double* key
    cdef double* out
    cdef char* row
    cdef double mean
    cdef cnp.ndarray result
    if (type(order) is not NDARRAY or not is_plain_vector(keys) or cnp.PyArray_NDIM(tangents) != 2
            or cnp.PyArray_TYPE(<cnp.ndarray>order) != cnp.NPY_INTP or not cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>order)
            or cnp.PyArray_TYPE(tangents) != cnp.NPY_DOUBLE or not cnp.PyArray_ISBEHAVED_RO(tangents)):
        return NotImplemented
    shape[0], shape[1] = cnp.PyArray_DIM(tangents, 0), cnp.PyArray_DIM(tangents, 1)
    n = shape[1]
    if cnp.PyArray_SIZE(<cnp.ndarray>order) != n or cnp.PyArray_SIZE(<cnp.ndarray>keys) != n:
        return NotImplemented
    result = allocate(2, shape, NULL, cnp.NPY_DOUBLE)
    place, key = <cnp.npy_intp*>cnp.PyArray_DATA(<cnp.ndarray>order), <double*>cnp.PyArray_DATA(<cnp.ndarray>keys)
    for k in range(shape[0]):
        row = cnp.PyArray_BYTES(tangents) + k * cnp.PyArray_STRIDE(tangents, 0)
        out = <double*>cnp.PyArray_DATA(result) + k * n
        for i in range(n):
            out[i] = (<double*>(row + place[i] * cnp.PyArray_STRIDE(tangents, 1)))[0]
        i = 0
        while i < n:
            j, mean = i + 1, out[i]
            while j < n and key[j] == key[i]:
                mean += out[j]
                j += 1
            if j > i + 1:
                mean /= j - i
                while i < j:
                    out[i] = mean
                    i += 1
            i = j
    return result


def is_tame(cnp.ndarray a):
    """Whether sums of a few float64 numbers raise no floating-point exception; False if finding out takes longer."""
    cdef Py_ssize_t i, n = cnp.PyArray_SIZE(a)
    cdef double* x = <double*>cnp.PyArray_DATA(a)
    cdef bint tame = True
    if n > 4096 or cnp.PyArray_TYPE(a) != cnp.NPY_DOUBLE or not cnp.PyArray_ISCARRAY_RO(a):
        return False
    for i in range(n):
        tame = tame and -1e290 < x[i] < 1e290
    return tame
