# Views of numbers: what happens to the axes of the value happens to the trailing axes of all components. Included by
# number.pyx.

cdef extern from *:
    int PySlice_Unpack(object, Py_ssize_t*, Py_ssize_t*, Py_ssize_t*) except -1
    Py_ssize_t PySlice_AdjustIndices(Py_ssize_t, Py_ssize_t*, Py_ssize_t*, Py_ssize_t)
    object take_from "PyArray_TakeFrom"(cnp.ndarray, object, int, void*, int)


cdef cnp.ndarray strided(cnp.ndarray memory, char* first, int ndim, Py_ssize_t* shape, Py_ssize_t* strides):
    """A view of an array's memory."""
    cdef cnp.ndarray v = cnp.PyArray_New(
        NDARRAY, ndim, <cnp.npy_intp*>shape, cnp.PyArray_TYPE(memory), <cnp.npy_intp*>strides, first, 0,
        cnp.PyArray_FLAGS(memory) & cnp.NPY_ARRAY_WRITEABLE, None)
    cnp.set_array_base(v, memory)
    return v


cdef Number number_view(Number x, object data):
    """As `wrap_view` of x, whose count of components stays."""
    cdef Number r = like(x)
    r.ncomp = x.ncomp
    r.data = data
    return r


def rearrange(Number x not None, axes):
    """A view with these axes of x in this order; a new axis of length one for each -1. All are known to be in bounds."""
    cdef Py_ssize_t shape[65]
    cdef Py_ssize_t strides[65]
    cdef int d = 1, axis
    cdef cnp.ndarray a
    data = viewable(x)
    if type(data) is not NDARRAY:
        return number_view(x, rearrange(data, (0, *[k + 1 if k >= 0 else k for k in axes])))
    a = <cnp.ndarray>data
    shape[0], strides[0] = cnp.PyArray_DIM(a, 0), cnp.PyArray_STRIDE(a, 0)
    for axis in axes:
        shape[d], strides[d] = 1, 0
        if axis >= 0:
            shape[d], strides[d] = cnp.PyArray_DIM(a, axis + 1), cnp.PyArray_STRIDE(a, axis + 1)
        d += 1
    return number_view(x, strided(a, cnp.PyArray_BYTES(a), d, shape, strides))


def reshaped(Number x not None, shape):
    """x in another shape, in C order, as NumPy's reshape of its components; None where the shape does not fit."""
    cdef Py_ssize_t dims[65]
    cdef Py_ssize_t known = 1, size = 1
    cdef int ndim = 1, unknown = 0
    cdef cnp.PyArray_Dims wanted
    cdef cnp.ndarray a
    data = viewable(x)
    sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
    if len(sizes) > 63:
        return None
    for n in sizes:
        dims[ndim] = operator.index(n) if not PyLong_CheckExact(n) else n
        if dims[ndim] == -1 and not unknown:
            unknown = ndim
        elif dims[ndim] < 0:
            return None
        else:
            known *= dims[ndim]
        ndim += 1
    for n in x.shape:
        size *= n
    if unknown:
        if known == 0 or size % known:
            return None
        dims[unknown] = size // known
    elif known != size:
        return None
    dims[0] = x.ncomp
    if type(data) is not NDARRAY:
        return number_view(x, reshaped(data, [dims[k] for k in range(ndim)]))
    wanted.ptr, wanted.len = <cnp.npy_intp*>dims, ndim
    return number_view(x, cnp.PyArray_Newshape(<cnp.ndarray>data, &wanted, cnp.NPY_CORDER))


def raveled(Number x not None):
    """x in one row, a view; None where its elements do not lie side by side."""
    cdef Py_ssize_t shape[2]
    cdef Py_ssize_t strides[2]
    cdef cnp.ndarray a
    cdef int d
    if type(x.data) is not NDARRAY or x.kind == TRACER:
        return None
    a = <cnp.ndarray>x.data
    if cnp.PyArray_NDIM(a) < 2 or not in_c_order(a, 1):
        return None
    shape[0], shape[1], strides[0], strides[1] = cnp.PyArray_DIM(a, 0), 1, cnp.PyArray_STRIDE(a, 0), sizeof(double)
    for d in range(1, cnp.PyArray_NDIM(a)):
        shape[1] *= cnp.PyArray_DIM(a, d)
    return number_view(x, strided(a, cnp.PyArray_BYTES(a), 2, shape, strides))


def squeezed(Number x not None):
    """x without its axes of length one, a view."""
    cdef list axes = []
    cdef Py_ssize_t n, axis = 0
    for n in x.shape:
        if n != 1:
            axes.append(axis)
        axis += 1
    return rearrange(x, axes)


def spread(Number x not None, cnp.ndarray part):
    """A view like x whose components lie in its memory as `part` lies in that of the very first of them."""
    cdef Py_ssize_t shape[65]
    cdef Py_ssize_t strides[65]
    cdef int depth = 0, d
    cdef cnp.ndarray a
    levels = []
    data = x
    while isinstance(data, Number):
        levels.append(data)
        data = component_view(<Number>data)
    a = <cnp.ndarray>data
    depth = len(levels)
    if depth + cnp.PyArray_NDIM(part) > 64:
        raise ValueError("too many dimensions")
    for d in range(depth):
        shape[d], strides[d] = cnp.PyArray_DIM(a, d), cnp.PyArray_STRIDE(a, d)
    for d in range(cnp.PyArray_NDIM(part)):
        shape[depth + d], strides[depth + d] = cnp.PyArray_DIM(part, d), cnp.PyArray_STRIDE(part, d)
    data = strided(a, cnp.PyArray_BYTES(part), depth + cnp.PyArray_NDIM(part), shape, strides)
    if not cnp.PyArray_FLAGS(part) & cnp.NPY_ARRAY_WRITEABLE:
        data.flags.writeable = False
    for number in reversed(levels):
        data = number_view(<Number>number, data)
    return data


# ---- indexing -----------------------------------------------------------------------------------------------------

cdef object element(Number x, cnp.ndarray a, object key):
    """x[key] for an integer for each axis of float64 components; None for anything else."""
    cdef Py_ssize_t i, n
    cdef int d, k, ndim = cnp.PyArray_NDIM(a) - 1
    cdef char* p = cnp.PyArray_BYTES(a)
    cdef Number r
    cdef bint single = PyLong_CheckExact(key)
    if ndim != (1 if single else len(<tuple>key)) or cnp.PyArray_TYPE(a) != cnp.NPY_DOUBLE or x.ncomp > INLINE:
        return None
    for d in range(ndim):
        index = key if single else (<tuple>key)[d]
        if not PyLong_CheckExact(index):
            return None
        i = PyLong_AsSsize_t(index)
        n = cnp.PyArray_DIM(a, d + 1)
        if i < -n or i >= n:
            raise IndexError(f"index {i} is out of bounds for axis {d} with size {n}")
        p += (i + n if i < 0 else i) * cnp.PyArray_STRIDE(a, d + 1)
    r = like(x)
    r.ncomp = x.ncomp
    for k in range(x.ncomp):
        r.c[k] = (<double*>(p + k * cnp.PyArray_STRIDE(a, 0)))[0]
    return r


cdef inline Py_ssize_t cut(object key, Py_ssize_t* shape, Py_ssize_t* stride) except? -1:
    """Shape and stride of an axis that a slice takes part of; how far off in memory that part begins."""
    cdef Py_ssize_t start, stop, step, offset
    PySlice_Unpack(key, &start, &stop, &step)
    shape[0] = PySlice_AdjustIndices(shape[0], &start, &stop, step)
    offset = start * stride[0] if shape[0] else 0
    stride[0] *= step
    return offset


cdef object sliced(Number x, cnp.ndarray a, object key):
    """x[key] for a slice of the first axis."""
    cdef Py_ssize_t shape[65]
    cdef Py_ssize_t strides[65]
    cdef Py_ssize_t offset
    cdef int d
    if cnp.PyArray_NDIM(a) < 2:
        raise IndexError
    for d in range(cnp.PyArray_NDIM(a)):
        shape[d], strides[d] = cnp.PyArray_DIM(a, d), cnp.PyArray_STRIDE(a, d)
    offset = cut(key, &shape[1], &strides[1])
    return number_view(x, strided(a, cnp.PyArray_BYTES(a) + offset, cnp.PyArray_NDIM(a), shape, strides))


cdef object basic(Number x, cnp.ndarray a, object key):
    """x[key] for integers, slices, None and an ellipsis; None for anything else."""
    cdef Py_ssize_t shape[65]
    cdef Py_ssize_t strides[65]
    cdef Py_ssize_t start, n
    cdef int d = 1, axis = 1, i, k, ndim = cnp.PyArray_NDIM(a) - 1, missing = ndim
    cdef bint dots = False, single = type(key) is not tuple
    cdef int count = 1 if single else <int>len(<tuple>key)
    cdef char* first = cnp.PyArray_BYTES(a)
    for i in range(count):
        item = key if single else (<tuple>key)[i]
        if PyLong_CheckExact(item) or type(item) is slice:
            missing -= 1
        elif item is Ellipsis and not dots:
            dots = True
        elif item is not None:
            return None
    if ndim == 0 or ndim + count > 63:
        return None
    if missing < 0:
        raise IndexError
    shape[0], strides[0] = cnp.PyArray_DIM(a, 0), cnp.PyArray_STRIDE(a, 0)
    for i in range(count + 1):
        item = Ellipsis if i == count else key if single else (<tuple>key)[i]
        if item is None:
            shape[d], strides[d] = 1, 0
            d += 1
        elif item is Ellipsis:  # the axes that the key does not name
            for k in range(missing):
                shape[d], strides[d] = cnp.PyArray_DIM(a, axis), cnp.PyArray_STRIDE(a, axis)
                d += 1
                axis += 1
            missing = 0
        elif type(item) is slice:
            shape[d], strides[d] = cnp.PyArray_DIM(a, axis), cnp.PyArray_STRIDE(a, axis)
            first += cut(item, &shape[d], &strides[d])
            d += 1
            axis += 1
        else:
            start, n = PyLong_AsSsize_t(item), cnp.PyArray_DIM(a, axis)
            if start < -n or start >= n:
                raise IndexError
            first += (start + n if start < 0 else start) * cnp.PyArray_STRIDE(a, axis)
            axis += 1
    view = strided(a, first, d, shape, strides)
    if d > 1:
        return number_view(x, view)
    return wrap_view(x, view) if dots else rewrap(x, view.copy())  # one element is a copy, as NumPy's scalars are


cdef object take_advanced(Number x, tuple key):
    """x[key] for a key with array indices: the value gets the layout that NumPy gives it."""
    index = key[0]
    if len(key) == 1 and type(index) is NDARRAY and type(x.data) is NDARRAY and (<cnp.ndarray>index).ndim == 1:
        if cnp.PyArray_TYPE(<cnp.ndarray>index) == cnp.NPY_BOOL and x.ndim and len(index) == len(x):
            index = cnp.PyArray_Nonzero(<cnp.ndarray>index)[0]
        if (<cnp.ndarray>index).dtype.kind in "iu":
            return take_from(<cnp.ndarray>x.data, index, 1, NULL, cnp.NPY_RAISE)
    return stack_components([c[key] for c in x.data])


cdef bint has_array(tuple key):
    for k in key:
        if isinstance(k, (np.ndarray, list, tuple)):
            return True
    return False


cdef bint has_ellipsis(tuple key):
    for k in key:
        if k is Ellipsis:
            return True
    return False


cdef object check_key(object key):
    for k in key if type(key) is tuple else (key,):
        if isinstance(k, Number):
            raise TypeError(f"a {type(k).__name__} cannot be an index: an index has no derivative; use its .value")
    return None


cdef object get_item(Number x, object key):
    if x.data is None:
        return rewrap(x, component_view(x)[(slice(None), *key) if type(key) is tuple else (slice(None), key)])
    if type(x.data) is NDARRAY and (PyLong_CheckExact(key) or PyTuple_CheckExact(key)):
        r = element(x, <cnp.ndarray>x.data, key)
        if r is not None:
            return r
    elif type(key) is slice:
        return sliced(x, <cnp.ndarray>x.data, key) if type(x.data) is NDARRAY else number_view(x, x.data[:, key])
    if type(x.data) is NDARRAY:
        r = basic(x, <cnp.ndarray>x.data, key)
        if r is not None:
            return r
    if not isinstance(key, tuple):
        check_key(key)
        key = (key,)
    else:
        check_key(key)
    if has_array(key):
        return rewrap(x, take_advanced(x, key))
    data = viewable(x)[(slice(None), *key)]
    if has_ellipsis(key):
        return wrap_view(x, data)
    return rewrap(x, data.copy() if data.ndim == 1 else data)  # one element is a copy, as NumPy's scalars are
