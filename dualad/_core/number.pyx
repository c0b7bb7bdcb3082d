# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, c_api_binop_methods=True, auto_pickle=False
"""Numbers with infinitesimal parts, and the arithmetic they share.

A number is a polynomial in infinitesimals that is cut off somewhere. ``Dual`` cuts after the first power of one
of them, ``MultiDual`` after the first power of each of K::

    Dual        v + t e           e e = 0         3 + 1e  squared is  9 + 6e
    MultiDual   v + sum t_k e_k   e_i e_j = 0
    HyperDual   v + sum a_i e_i + sum b_j h_j + sum c_ij e_i h_j
    Taylor      sum c_k t**k      t**(d + 1) = 0

Arithmetic on such numbers is the chain rule, f(v + t e) = f(v) + f'(v) t e. All components of an array of numbers
lie in ONE array, components first: (n,) + shape, or (1,) + shape for a constant, all of whose further components are
symbolic zeros. A shape-() float64 number keeps its components in the object itself.

Nested derivatives tag each number with the level of the transform it belongs to. The number of the inner transform
(the higher level) carries the outer one's numbers in its component array. Levels are even; a HyperDual of level L also
reads as a MultiDual of level L whose components are MultiDuals of level L - 1, which is how most rules see it.
"""
cimport cython
cimport numpy as cnp
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from cpython.object cimport PyObject, PyTypeObject, Py_TYPE, Py_EQ, Py_NE, Py_LT, Py_LE, Py_GT, Py_GE
from libc.string cimport memcpy, memset
from cpython.mem cimport PyMem_Calloc, PyMem_Malloc
from libc.math cimport fabs, isfinite, NAN, log as c_log, pow as c_pow

import numbers
import opcode
import operator
import pickle
import sys
import numpy as np

cnp.import_array()

cdef extern from "table.h":
    ctypedef struct NumpyLoop:
        void* loop
        void* data
    ctypedef void expression_loop(Py_ssize_t, const void*, const void*, const void*, const void*, const void*,
                                  const void*, void*) noexcept
    ctypedef struct Function:
        const char* name
        const char* aux
        const char* arg_text
        int nin
        int npartials
        const char* text[5]
        expression_loop* partial[2][5]
    const Function function_table[]
    int function_count

cdef extern from "series.h":
    int OUT_OF_MEMORY, SERIES_STATE
    ctypedef struct Step:
        int code, a, b, c, d, reaches_last
        double constant
        NumpyLoop value
    ctypedef struct Program:
        int length, result
        Step step[1]

cdef extern from "drive.h":
    int MAX_DIMS
    int OP_ADD, OP_SUBTRACT, OP_MULTIPLY, OP_DIVIDE, OP_NEGATE, OP_TABLE
    int VALUE_IS_DONE, ROOT_AT_ZERO
    int PAIR_SINE, PAIR_COSINE, READY_NOT, READY_AUX, READY_VALUE
    ctypedef struct Pair:
        int first, second
        double weight
    ctypedef struct Algebra:
        const Pair* pairs
        const Program* program
    ctypedef struct Operation:
        int code
        int nin
        const Function* function
        NumpyLoop value[2]
        NumpyLoop aux[2]
        int arg_is_x
        int pair
        int root
        int ready[2]
    ctypedef struct Operand:
        char* data
        Py_ssize_t component
        int ncomp
        Py_ssize_t stride[64]
    int drive(const Operation*, int, int, const Py_ssize_t*, const Operand*, const Operand*, int,
              Algebra) noexcept nogil
    void drive_scalar(const Operation*, double, double*, double*, double*) noexcept
    ctypedef struct Flat:
        const char* data
        int repeats
    ctypedef struct Weighted:
        Flat in_ "in"[2]
        void* out
    void drive_weights(const Operation*, int, Py_ssize_t, const Flat*, const void*, int, const Weighted*) noexcept nogil
    void drive_scalars(const Operation*, double, double, double*, double*, double*) noexcept
    void table_partials(const Operation*, int, Py_ssize_t, const void*, const void*, void*, void**) noexcept

cdef extern from "kernels.h":
    void k_sincos(Py_ssize_t, const double*, double*, double*) noexcept

cdef extern from "simd.h":
    const char* c_simd_variant "simd_variant"()

cdef extern from "pool.h":
    void* pool_malloc(void*, size_t) noexcept
    void* pool_calloc(void*, size_t, size_t) noexcept
    void* pool_realloc(void*, void*, size_t) noexcept
    void pool_free(void*, void*, size_t) noexcept
    size_t c_pool_held "pool_held"()
    size_t c_pool_in_use "pool_in_use"()
    size_t c_pool_limit "pool_limit"()
    void c_pool_set_limit "pool_set_limit"(size_t)
    void c_pool_release "pool_release"()

cdef extern from "callers.h":
    int called_by_interpreter() noexcept

cdef extern from *:
    """
    #include <fenv.h>
    #include "numpy/ufuncobject.h"

    #if PY_VERSION_HEX >= 0x030E0000
    #define IS_TEMPORARY(o) PyUnstable_Object_IsUniqueReferencedTemporary(o)
    #else
    #define IS_TEMPORARY(o) (Py_REFCNT(o) == 1 && called_by_interpreter())
    #endif

    static PyDataMem_Handler pool_handler = {
        "dualad_pool", 1, {NULL, pool_malloc, pool_calloc, pool_realloc, pool_free}};

    /* __array_ufunc__ as a method that receives NumPy's tuple and dict as they are: half the price of a def */
    static PyObject *array_ufunc(PyObject *, PyObject *, PyObject *);

    static PyObject *array_ufunc_method(PyObject *self, PyObject *args, PyObject *kwargs)
    {
        return array_ufunc(self, args, kwargs && PyDict_GET_SIZE(kwargs) ? kwargs : Py_None);
    }

    static PyMethodDef array_ufunc_definition = {
        "__array_ufunc__", (PyCFunction)(void (*)(void))array_ufunc_method, METH_VARARGS | METH_KEYWORDS,
        "How NumPy's universal functions act on numbers with derivatives (NEP 13)."};

    static int install_array_ufunc(PyObject *type)
    {
        PyObject *method = PyDescr_NewMethod((PyTypeObject *)type, &array_ufunc_definition);
        int failed = !method || PyDict_SetItemString(((PyTypeObject *)type)->tp_dict, "__array_ufunc__", method);
        Py_XDECREF(method);
        PyType_Modified((PyTypeObject *)type);
        return failed ? -1 : 0;
    }

    /* dot of two vectors of doubles, as numpy.dot computes it */
    static void double_dot(void *x, npy_intp dx, void *y, npy_intp dy, double *result, npy_intp n)
    {
        static PyArray_DotFunc *loop;
        if (!loop)
            loop = PyDataType_GetArrFuncs(PyArray_DescrFromType(NPY_DOUBLE))->dotfunc;
        loop(x, dx, y, dy, result, n, NULL);
    }

    static PyObject *pool_capsule(void) { return PyCapsule_New(&pool_handler, "mem_handler", NULL); }
    """
    int IS_TEMPORARY(PyObject*) noexcept
    object pool_capsule()
    void double_dot(void*, cnp.npy_intp, void*, cnp.npy_intp, double*, cnp.npy_intp) noexcept
    int install_array_ufunc(object) except -1
    object PyDataMem_SetHandler(object)
    int FE_UNDERFLOW, FE_DIVBYZERO, FE_OVERFLOW, FE_INVALID
    ctypedef struct PyUFuncObject:
        int nin, nout, nargs
        void** functions
        void** data
        int ntypes
        const char* types

cdef extern from "Python.h":
    int PyFloat_Check(object)
    int PyFloat_CheckExact(object)
    int PyLong_CheckExact(object)
    int PyTuple_CheckExact(object)
    double PyFloat_AS_DOUBLE(object)
    long long PyLong_AsLongLongAndOverflow(object, int*) except? -1
    Py_ssize_t PyLong_AsSsize_t(object) except? -1
    int PyObject_CheckBuffer(object)
    Py_ssize_t Py_REFCNT(PyObject*)
    PyObject* PyDict_GetItemWithError(object, object) except? NULL

cdef extern from "freelist.h":
    object number_new(PyTypeObject*)
    void use_freelist_of_numbers "use_freelist"(PyTypeObject*)
    PyObject* kept_array(int, const cnp.npy_intp*) noexcept
    void release_kept() noexcept

cdef enum:
    INLINE = 9                         # components that fit into the object itself
    POOLED = 1 << 16                   # bytes from which an array's memory comes from the pool
    ELIDED = 1 << 18                   # bytes from which a temporary operand is reused for the result
    UNLOCKED = 1 << 15                 # elements from which a loop runs without the interpreter lock

cdef object POOL = pool_capsule()
cdef object TRUE = np.True_, FALSE = np.False_
cdef object NDARRAY = np.ndarray
cdef dict OPERATION_OF = {}            # ufunc -> index into `operations`
cdef dict FUNCTIONS = {}               # NumPy function -> rule (filled by dualad.rules)
cdef dict HANDLERS = {}                # "ufunc", "function", ...: entry points of dualad.rules
cdef Operation operations[256]
cdef Operation ARITHMETIC[5]
cdef list UFUNCS = []                  # index into `operations` -> NumPy's function
cdef bint squares[256]                 # whether an operation may square a root
cdef tuple ROOTS = (np.absolute, np.fabs, np.hypot, np.sqrt)
cdef tuple SQUARES = (np.multiply, np.square, np.power, np.float_power)
cdef tuple ARITHMETIC_UFUNCS = (np.add, np.subtract, np.multiply, np.divide, np.negative)
cdef str NO_FLOAT = (
    "{} would drop the derivative of a {}: use numpy functions (numpy.sin(x), or x.sin() for one number) in place of "
    "math functions, and x.value where only the value is wanted")


# ---- the table, bound to NumPy's inner loops ----------------------------------------------------------------------

cdef void bind_loop(object ufunc, NumpyLoop* loops, int nin) except *:
    """Find NumPy's loops for double and float with `nin` equal inputs and one output."""
    cdef PyUFuncObject* u
    cdef int i, j, w
    cdef bint fits
    cdef int* wanted = [cnp.NPY_DOUBLE, cnp.NPY_FLOAT]
    loops[0].loop = loops[1].loop = NULL
    if not isinstance(ufunc, np.ufunc):
        return
    u = <PyUFuncObject*>ufunc
    if u.nin != nin or u.nout != 1:
        return
    for w in range(2):
        for i in range(u.ntypes):
            fits = True
            for j in range(u.nargs):
                fits = fits and u.types[i * u.nargs + j] == wanted[w]
            if fits:
                loops[w].loop = u.functions[i]
                loops[w].data = u.data[i]
                break


cdef bint numpy_has_libm(object function, int which) except -1:
    """Whether NumPy's sine or cosine is that of the fused kernel, bit for bit, on points over the whole range."""
    x = np.concatenate([np.linspace(-7, 7, 4001), 10.0 ** np.linspace(-300, 300, 601), [0.0, -0.0, np.inf, np.nan]])
    pair = np.empty((2, x.size))
    cdef double* angles = <double*>cnp.PyArray_DATA(<cnp.ndarray>x)
    cdef double* results = <double*>cnp.PyArray_DATA(<cnp.ndarray>pair)
    cdef Py_ssize_t n = x.size
    k_sincos(n, angles, results, results + n)
    with np.errstate(invalid="ignore"):
        return np.array_equal(function(x).view(np.int64), pair[which].view(np.int64))


cdef int ready(const char* text):
    return READY_AUX if text == b"a" else READY_VALUE if text in (b"y", b"z") else READY_NOT


cdef void bind_table() except *:
    cdef int i
    cdef Operation* op
    for i in range(function_count):
        op = &operations[i]
        name = function_table[i].name.decode()
        function = getattr(np, name)
        UFUNCS.append(function)
        op.code = OP_TABLE
        op.function = &function_table[i]
        op.nin = function_table[i].nin
        if op.nin == 0:
            continue
        bind_loop(function, op.value, op.nin)
        aux = function_table[i].aux.decode()
        if aux != "none":
            bind_loop(getattr(np, aux), op.aux, 1)
        op.arg_is_x = function_table[i].arg_text == b"x"
        op.ready[0] = ready(function_table[i].text[0])
        if op.nin == 2 and function_table[i].text[0] == b"y":
            op.ready[0] = READY_NOT
        op.ready[1] = READY_NOT
        if name == "sin" and numpy_has_libm(function, 0):
            op.pair = PAIR_SINE
        elif name == "cos" and numpy_has_libm(function, 1):
            op.pair = PAIR_COSINE
        op.root = function in ROOTS
        squares[i] = function in SQUARES
        if function in ARITHMETIC_UFUNCS:
            op.code = ARITHMETIC_UFUNCS.index(function)
            ARITHMETIC[op.code] = op[0]
        if op.value[0].loop != NULL and op.value[1].loop != NULL:
            OPERATION_OF[function] = i


def table():
    """The derivative table as tuples of strings: (kind, name, columns...)."""
    rows = []
    for i in range(function_count):
        f = &function_table[i]
        kind = ("PLAIN", "UNARY", "BINARY")[f.nin]
        columns = [f.aux.decode(), f.arg_text.decode()] if f.nin else []
        rows.append((kind, f.name.decode(), *columns, *[f.text[j].decode() for j in range(f.npartials)]))
    return rows


def partials(str name, x, y=None):
    """Value and all partial derivatives of a table function from the compiled loops, on arrays."""
    cdef int i
    cdef void* out[5]
    for i in range(function_count):
        if function_table[i].name == name.encode():
            break
    else:
        raise KeyError(name)
    x = np.asarray(x)
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    second = x if y is None else y
    x, second = (np.ascontiguousarray(a, dtype) for a in np.broadcast_arrays(x, second))
    arrays = [np.empty(x.shape, dtype) for _ in range(function_table[i].npartials)]
    for j, a in enumerate(arrays):
        out[j] = cnp.PyArray_DATA(<cnp.ndarray>a)
    function = UFUNCS[i]
    with np.errstate(all="ignore"):
        value = np.ascontiguousarray(function(x) if y is None else function(x, y), dtype)
    cdef Operation op = operations[i]
    op.value[0].loop = op.value[1].loop = NULL
    table_partials(&op, dtype is np.float32, x.size, cnp.PyArray_DATA(<cnp.ndarray>x),
                   cnp.PyArray_DATA(<cnp.ndarray>second), cnp.PyArray_DATA(<cnp.ndarray>value), out)
    return (value, *arrays)


cdef enum:
    MOST_WEIGHTS = 64


cdef cnp.ndarray flattened(object x, cnp.ndarray like, list held):
    """x as the compiled loops want it: one element, or contiguous in the shape and dtype of another array."""
    cdef cnp.ndarray a = np.asarray(x, like.dtype)
    if cnp.PyArray_NDIM(a) and not (cnp.PyArray_IS_C_CONTIGUOUS(a) and cnp.PyArray_SAMESHAPE(a, like)):
        a = np.ascontiguousarray(np.broadcast_to(a, (<object>like).shape))
    held.append(a)
    return a


cdef Flat flat_of(cnp.ndarray a):
    cdef Flat f
    f.data = cnp.PyArray_BYTES(a)
    f.repeats = cnp.PyArray_NDIM(a) == 0
    return f


def weigh(function, values, result, list groups):
    """Sums of derivatives times weights of result = function(*values), a float array; NotImplemented without a loop.

    A group is a list of pairs (number of the input, weight), where a weight is an array of the result's shape or one
    number for all of its elements.
    """
    cdef Py_ssize_t index = OPERATION_OF.get(function, -1), k, count = len(groups)
    cdef cnp.ndarray z = np.asarray(result)
    cdef Flat inputs[2]
    cdef Weighted terms[MOST_WEIGHTS]
    cdef list held = [], found = []
    cdef int kind = cnp.PyArray_TYPE(z), i
    if index < 0 or count > MOST_WEIGHTS or not cnp.PyArray_IS_C_CONTIGUOUS(z) or len(values) > 2 \
            or kind not in (cnp.NPY_FLOAT64, cnp.NPY_FLOAT32) or not z.dtype.isnative:
        return NotImplemented
    for k, x in enumerate(values):
        inputs[k] = flat_of(flattened(x, z, held))
    for k, group in enumerate(groups):
        terms[k].in_[0].data = terms[k].in_[1].data = NULL
        for i, weight in group:
            if terms[k].in_[i].data != NULL:
                return NotImplemented
            terms[k].in_[i] = flat_of(flattened(weight, z, held))
        found.append(empty_components((<object>z).shape, z.dtype))
        terms[k].out = cnp.PyArray_DATA(<cnp.ndarray>found[k])
    cdef Operation* op = &operations[index]
    cdef Py_ssize_t n = cnp.PyArray_SIZE(z)
    with nogil:
        drive_weights(op, kind == cnp.NPY_FLOAT32, n, inputs, cnp.PyArray_DATA(z), <int>count, terms)
    return found


def simd_variant():
    """The instruction set that the compiled loops use on this processor."""
    return c_simd_variant().decode()


# ---- memory -------------------------------------------------------------------------------------------------------

def pool_info():
    return {"held": c_pool_held(), "in_use": c_pool_in_use(), "limit": c_pool_limit()}


def pool_release():
    release_kept()
    c_pool_release()


def pool_set_limit(size_t limit):
    c_pool_set_limit(limit)


cdef cnp.ndarray allocate(int ndim, Py_ssize_t* shape, Py_ssize_t* strides, int typenum):
    cdef Py_ssize_t nbytes = 8
    cdef int d
    cdef cnp.ndarray a
    cdef PyObject* kept
    for d in range(ndim):
        nbytes *= shape[d]
    if nbytes < POOLED:
        if strides == NULL and typenum == cnp.NPY_DOUBLE:
            kept = kept_array(ndim, <cnp.npy_intp*>shape)
            if kept != NULL:
                a = <cnp.ndarray>kept
                Py_DECREF(a)
                return a
        return cnp.PyArray_New(NDARRAY, ndim, <cnp.npy_intp*>shape, typenum, <cnp.npy_intp*>strides, NULL, 0, 0, None) \
            if strides != NULL else cnp.PyArray_SimpleNew(ndim, <cnp.npy_intp*>shape, typenum)
    previous = PyDataMem_SetHandler(POOL)
    try:
        return cnp.PyArray_New(NDARRAY, ndim, <cnp.npy_intp*>shape, typenum, <cnp.npy_intp*>strides, NULL, 0, 0, None)
    finally:
        PyDataMem_SetHandler(previous)


def empty_components(shape, dtype, bint zero=False):
    """An uninitialised (or zero) array from the pool."""
    previous = PyDataMem_SetHandler(POOL)
    try:
        return (np.zeros if zero else np.empty)(shape, dtype)
    finally:
        PyDataMem_SetHandler(previous)


@cython.final
cdef class Pooled:
    """Context manager: all arrays that NumPy makes within come from the pool."""
    cdef object previous

    def __enter__(self):
        self.previous = PyDataMem_SetHandler(POOL)

    def __exit__(self, *error):
        PyDataMem_SetHandler(self.previous)


def components_like(Py_ssize_t ncomp, array, dtype=None, bint zero=False):
    """Components for values laid out as `array` is: in its order, with its signs, and with gaps where it has some.

    NumPy's loops take other paths for other strides, which may round differently. The gaps are narrower than in a thin
    slice of a large array, since their width makes no difference.
    """
    dtype = np.dtype(array.dtype if dtype is None else dtype).newbyteorder("=")
    shape = array.shape
    if array.flags.c_contiguous and not has_negative_stride(array):
        return empty_components((ncomp,) + shape, dtype, zero)
    size, strides, previous, wide = dtype.itemsize, [0] * len(shape), -1, array.strides
    for d in sorted(range(len(shape)), key=lambda d: (shape[d] == 1, wide[d] == 0, abs(wide[d]), -d)):
        if previous < 0:
            strides[d] = size if abs(wide[d]) in (0, array.itemsize) else 2 * size
        elif wide[d] == 0 or abs(wide[d]) == abs(wide[previous]) * shape[previous] or shape[d] == 1:
            strides[d] = strides[previous] * shape[previous]
        else:
            strides[d] = strides[previous] * shape[previous] + size
        previous = d
    span = strides[previous] * shape[previous]
    memory = empty_components((ncomp, span // size), dtype, zero)
    offset = sum(strides[d] * (shape[d] - 1) for d in range(len(shape)) if wide[d] < 0)
    signed = [-strides[d] if wide[d] < 0 else strides[d] for d in range(len(shape))]
    return np.ndarray((ncomp,) + shape, dtype, memory, offset, (span, *signed))


cdef bint has_negative_stride(object array):
    """A single element has no order, but NumPy's loops look at its stride."""
    cdef cnp.ndarray a
    cdef int d
    if not isinstance(array, cnp.ndarray):
        return False
    a = <cnp.ndarray>array
    for d in range(cnp.PyArray_NDIM(a)):
        if cnp.PyArray_STRIDE(a, d) < 0:
            return True
    return False


def stack_components(arrays):
    """Component arrays in one, laid out as the first (the value) is."""
    cdef cnp.ndarray quick = stack_plain(arrays)
    if quick is not None:
        return quick
    if any(isinstance(a, Number) for a in arrays):
        return np.stack(arrays)
    value = np.asarray(arrays[0])
    data = components_like(len(arrays), value, np.result_type(*arrays))
    for k, a in enumerate(arrays):
        data[k] = a
    return data


cdef cnp.ndarray stack_plain(object arrays):
    """Float64 arrays in C order, all of one shape; None for anything else."""
    cdef cnp.ndarray result, first
    cdef Py_ssize_t n, k = 0
    if type(arrays) is not list or not arrays or not is_plain_vector(arrays[0]):
        return None
    first = <cnp.ndarray>arrays[0]
    for a in arrays:
        if not is_plain_vector(a) or not cnp.PyArray_SAMESHAPE(first, <cnp.ndarray>a):
            return None
    result, n = components_for(first, len(arrays)), cnp.PyArray_NBYTES(first)
    for a in arrays:
        memcpy(cnp.PyArray_BYTES(result) + k * n, cnp.PyArray_DATA(<cnp.ndarray>a), n)
        k += 1
    return result


def all_finite(cnp.ndarray a):
    """Whether a float64 array has neither infinities nor NaN; others are left to NumPy."""
    cdef Py_ssize_t i, n = cnp.PyArray_SIZE(a)
    cdef double* x = <double*>cnp.PyArray_DATA(a)
    cdef double total = 0
    if cnp.PyArray_TYPE(a) != cnp.NPY_DOUBLE or not cnp.PyArray_ISBEHAVED_RO(a) or not cnp.PyArray_ISONESEGMENT(a):
        return bool(np.isfinite(a).all())
    for i in range(n):
        total += x[i] - x[i]
    return total == 0


# ---- making numbers -----------------------------------------------------------------------------------------------

cdef inline Number like(Number x):
    """A new number of x's type, level and directions, without components."""
    cdef Number r = <Number>number_new(Py_TYPE(x))
    memcpy(&r.level, &x.level, <char*>x.c - <char*>&x.level)  # all between: kind, directions, ...
    r.ncomp = 0
    return r


cdef inline int full_count(Number x):
    """Components of a number like x that is no constant."""
    if x.kind != HYPERDUAL:
        return 1 + x.ndir
    if x.ndir2 == SYMMETRIC:
        return 1 + x.ndir + x.ndir * (x.ndir + 1) // 2
    return (1 + x.ndir) * (1 + x.ndir2)


cdef inline bint same_directions(Number a, Number b):
    return a.ndir == b.ndir and a.ndir2 == b.ndir2


cdef inline int carries(Number x):
    return x.ncomp > 1


def refuse_whole_numbers(dtype):
    """The error for a result with derivatives in a dtype of integers or booleans."""
    raise TypeError(f"a result of dtype {dtype} cannot carry a derivative: ask for no dtype or an inexact one, or use "
                    "x.value for the value alone")


cdef object set_data(Number r, object data):
    """Give r its component array; float64 components of one number move into the object."""
    cdef cnp.ndarray a
    cdef int k, n
    if type(data) is NDARRAY:
        a = <cnp.ndarray>data
        if not cnp.PyArray_ISNOTSWAPPED(a):
            a = data = data.astype(data.dtype.newbyteorder("="))
        n = <int>cnp.PyArray_DIM(a, 0)
        if n > 1 and cnp.PyArray_TYPE(a) <= cnp.NPY_ULONGLONG:
            refuse_whole_numbers(a.dtype)
        r.ncomp = n
        if cnp.PyArray_NDIM(a) == 1 and cnp.PyArray_TYPE(a) == cnp.NPY_DOUBLE and n <= INLINE:
            for k in range(n):
                r.c[k] = (<double*>(<char*>cnp.PyArray_DATA(a) + k * cnp.PyArray_STRIDE(a, 0)))[0]
            r.data = None
            return None
    elif isinstance(data, Number):
        r.ncomp = (<Number>data).shape[0]
    else:
        raise TypeError(f"components are an array, not {type(data).__name__}")
    r.data = data
    return None


cdef object use_freelist(type cls):
    """Let a final type take its numbers from the list of dead ones."""
    use_freelist_of_numbers(<PyTypeObject*>cls)


def component_count(type cls, directions):
    """Length of the component array of numbers of type cls with these directions."""
    cdef Number r = <Number>number_new(<PyTypeObject*>cls)
    set_directions(r, cls._kind, directions)
    return full_count(r)


cdef object set_directions(Number r, int kind, object directions):
    r.kind = kind
    if type(directions) is tuple:
        r.ndir, r.ndir2, r.single = directions
    else:
        r.ndir = directions
    return None


def wrap(type cls, data, long long level, directions):
    """A number of type cls from its component array (ndarray, or number of an outer level).

    `directions` is their number, the degree of a Taylor number, or what `Number.directions` gives.
    """
    cdef Number r = <Number>number_new(<PyTypeObject*>cls)
    set_directions(r, cls._kind, directions)
    r.level = level
    set_data(r, data)
    return r


cdef object set_components(Number self, object data, int kind, int ndir, int ndir2, bint single):
    """Constructors of the types of higher order: components made up already; the level goes above those inside."""
    self.kind, self.ndir, self.ndir2, self.single = kind, ndir, ndir2, single
    self.level = (<Number>data).level + 2 if isinstance(data, Number) else 0
    set_data(self, data)
    return None


def rewrap(Number x not None, data):
    """A number like x with another component array."""
    cdef Number r = like(x)
    set_data(r, data)
    return r


def wrap_view(Number x not None, data):
    """As `rewrap`, but a shape-() result stays a view of `data`."""
    cdef Number r = like(x)
    r.data = data
    r.ncomp = data.shape[0]
    return r


cdef object component_view(Number x):
    """The component array; for a number that keeps its components inline, a copy."""
    cdef Py_ssize_t n
    cdef cnp.ndarray a
    if x.data is not None:
        return x.data
    n = x.ncomp
    a = <cnp.ndarray>cnp.PyArray_SimpleNew(1, <cnp.npy_intp*>&n, cnp.NPY_DOUBLE)
    memcpy(cnp.PyArray_DATA(a), x.c, n * sizeof(double))
    return a


cdef object viewable(Number x):
    """The components of which a view may be made: of a scalar a copy, as NumPy's scalars are no arrays.

    A scalar is a number of shape () whose memory belongs to nobody else; ``x[0, ...]`` is a view of an array.
    """
    cdef int depth = 1
    cdef PyObject* base
    data = x.data
    while isinstance(data, Number):
        data, depth = (<Number>data).data, depth + 1
    if type(data) is NDARRAY and cnp.PyArray_NDIM(<cnp.ndarray>data) == depth:
        base = cnp.PyArray_BASE(<cnp.ndarray>data)
        if base == NULL or Py_REFCNT(base) == 1:
            return x.data.copy()
    return component_view(x)


cdef inline object value_of(Number x):
    if x.data is None:
        return cnp.PyArray_ToScalar(x.c, DOUBLE_ZERO)
    if type(x.data) is NDARRAY and cnp.PyArray_NDIM(<cnp.ndarray>x.data) == 1:
        return x.data[0]
    if type(x.data) is NDARRAY:
        return component(<cnp.ndarray>x.data, 0)
    return x.data[0]

cdef cnp.ndarray DOUBLE_ZERO = np.zeros(())


cdef object component(cnp.ndarray a, Py_ssize_t k):
    """View of component k: a[k], without the machinery of indexing."""
    cdef int n = cnp.PyArray_NDIM(a) - 1
    cdef cnp.ndarray v
    v = cnp.PyArray_New(NDARRAY, n, cnp.PyArray_DIMS(a) + 1, cnp.PyArray_TYPE(a), cnp.PyArray_STRIDES(a) + 1,
                        cnp.PyArray_BYTES(a) + k * cnp.PyArray_STRIDE(a, 0), 0,
                        cnp.PyArray_FLAGS(a) & cnp.NPY_ARRAY_WRITEABLE, None)
    cnp.set_array_base(v, a)
    return v


@cython.no_gc
cdef class Carrier:
    """Base of other types with a value and something linear that stands for its tangents, which rules take apart.

    Such a type has a `level`, `nominal_value`, `as_tangents()`, (1,) + shape, on which NumPy's linear functions act, and
    ``from_tangents(value, tangents)``, which makes an array of such a type.
    """


def primal(x):
    """The plain value below all levels; x itself if it is not a number."""
    while isinstance(x, Number):
        x = value_of(<Number>x)
    return x.nominal_value if isinstance(x, Carrier) else x


cdef object as_components(object value):
    """A float64, float32, complex or number array that can hold components; ints are promoted."""
    if isinstance(value, Number):
        return value
    a = np.asarray(value)
    if a is not value:
        HANDLERS["refuse masked"](value)
    if a.dtype.kind in "biu":
        a = a.astype(np.float64)
    elif a.dtype == object and any(isinstance(v, Number) for v in a.flat):
        return HANDLERS["pack"](a)
    elif a.dtype.kind not in "fc":
        raise TypeError(f"value must be an array of real or complex numbers, not of dtype {a.dtype}")
    return a


cdef object initialise(Number self, object value, object tangents, int kind):
    """Shared constructor: value of shape S; tangents (K,) + S, or None for a constant."""
    value = as_components(value)
    self.kind = kind
    self.level = 0
    if isinstance(value, Number):
        self.level = (<Number>value).level + 2
    self.ndir = 1 if kind == DUAL else 0
    if tangents is None:
        set_data(self, value[None] if isinstance(value, Number) else stack_components([value]))
        return None
    tangents = as_components(tangents)
    if isinstance(tangents, Number):
        self.level = max(self.level, (<Number>tangents).level + 2)
    self.ndir = tangents.shape[0]
    if isinstance(value, Number) or isinstance(tangents, Number):
        set_data(self, np.concatenate([value[None], tangents]))
        return None
    data = components_like(1 + self.ndir, value, np.result_type(value, tangents))
    data[0] = value
    data[1:] = tangents
    set_data(self, data)
    return None


# ---- operands of the compiled loops -------------------------------------------------------------------------------

cdef struct Argument:
    Operand* operand
    int ndim
    int width                      # 0 double, 1 float, 2 a Python scalar that takes the other's width
    Py_ssize_t* shape
    Py_ssize_t* strides
    double scalar
    float scalar32


cdef inline bint small_integer(object x, double* value):
    """A Python int that a double holds exactly."""
    cdef int overflow = 0
    cdef long long n = PyLong_AsLongLongAndOverflow(x, &overflow)
    value[0] = <double>n
    return overflow == 0 and -(1LL << 53) <= n <= (1LL << 53)


cdef int load(object x, Argument* a) except -1:
    """Describe x for the compiled loops. 0 if they cannot take it (other dtypes, nested numbers, ...)."""
    cdef Number n
    cdef cnp.ndarray array
    cdef int t
    a.ndim = 0
    a.operand.ncomp = 1
    a.operand.component = 0
    if isinstance(x, Number):
        n = <Number>x
        a.operand.ncomp = n.ncomp
        if n.data is None:
            a.operand.data = <char*>n.c
            a.operand.component = sizeof(double)
            a.width = 0
            return 1
        if type(n.data) is not NDARRAY:
            return 0
        array = <cnp.ndarray>n.data
        a.ndim = cnp.PyArray_NDIM(array) - 1
        a.shape = <Py_ssize_t*>cnp.PyArray_DIMS(array) + 1
        a.strides = <Py_ssize_t*>cnp.PyArray_STRIDES(array) + 1
        a.operand.component = cnp.PyArray_STRIDE(array, 0)
    elif PyFloat_CheckExact(x):
        a.scalar = PyFloat_AS_DOUBLE(x)
        a.width = 2
        return 1
    elif PyLong_CheckExact(x):
        a.width = 2
        return small_integer(x, &a.scalar)
    elif type(x) is NDARRAY:
        array = <cnp.ndarray>x
        a.ndim = cnp.PyArray_NDIM(array)
        a.shape = <Py_ssize_t*>cnp.PyArray_DIMS(array)
        a.strides = <Py_ssize_t*>cnp.PyArray_STRIDES(array)
    elif isinstance(x, np.float64):
        a.scalar = PyFloat_AS_DOUBLE(x)
        a.operand.data = <char*>&a.scalar
        a.width = 0
        return 1
    else:
        return 0
    t = cnp.PyArray_TYPE(array)
    if not cnp.PyArray_ISBEHAVED_RO(array):
        return 0
    a.width = 0 if t == cnp.NPY_DOUBLE else 1
    a.operand.data = cnp.PyArray_BYTES(array)
    return t == cnp.NPY_DOUBLE or t == cnp.NPY_FLOAT


cdef inline int settle_width(Argument* a, int width):
    """A Python scalar takes the width of the other operand."""
    if a.width == 2:
        a.scalar32 = <float>a.scalar
        a.operand.data = <char*>&a.scalar if width == 0 else <char*>&a.scalar32
        a.width = width
    return a.width == width


cdef int broadcast(Argument* a, int ndim, Py_ssize_t* shape):
    """Strides of `a` along `shape`. Returns whether it walks through memory in C order without gaps."""
    cdef int d, shift = ndim - a.ndim
    cdef Py_ssize_t expected = 8 if a.width == 0 else 4
    cdef bint contiguous = a.ndim == ndim
    for d in range(shift):
        a.operand.stride[d] = 0
    for d in range(a.ndim - 1, -1, -1):
        a.operand.stride[shift + d] = a.strides[d] if a.shape[d] != 1 or shape[shift + d] == 1 else 0
        if a.shape[d] != 1:
            contiguous = contiguous and a.strides[d] == expected
        elif shape[shift + d] != 1 or a.strides[d] < 0:
            contiguous = False
        expected *= shape[shift + d]
    return contiguous


cdef int join_shapes(Argument* a, int nin, Py_ssize_t* shape) except -2:
    """Broadcast shape of the operands; returns its length, or -1 if they do not fit."""
    cdef int i, d, ndim = 0, k
    cdef Py_ssize_t n
    for i in range(nin):
        if a[i].ndim > ndim:
            ndim = a[i].ndim
    if ndim > 63:
        return -1
    for d in range(ndim):
        shape[d] = 1
    for i in range(nin):
        for d in range(a[i].ndim):
            k = ndim - a[i].ndim + d
            n = a[i].shape[d]
            if shape[k] == 1:
                shape[k] = n
            elif n != 1 and n != shape[k]:
                return -1
    return ndim


cdef void keep_order(Argument* a, int nin, int ndim, Py_ssize_t* shape, Py_ssize_t size, Py_ssize_t* strides):
    """Strides of a result in the memory order of the operands, as NumPy's order="K" chooses it."""
    cdef int axes[64]
    cdef int d, e, i, axis
    cdef bint swap, ambiguous
    cdef Py_ssize_t s, t
    for d in range(ndim):
        axes[d] = d
    for d in range(1, ndim):
        axis = axes[d]
        e = d
        while e > 0:
            swap = False
            for i in range(nin):
                s = a[i].operand.stride[axes[e - 1]]
                t = a[i].operand.stride[axis]
                if s != 0 and t != 0 and shape[axis] != 1 and shape[axes[e - 1]] != 1:
                    if abs(t) <= abs(s):
                        swap = False
                        break
                    swap = True
            if not swap:
                break
            axes[e] = axes[e - 1]
            e -= 1
        axes[e] = axis
    s = size
    for d in range(ndim - 1, -1, -1):
        strides[axes[d]] = s
        s *= shape[axes[d]]


cdef object check_floating_point(int status, object ufunc, tuple values):
    """Let NumPy repeat a value that raised a floating-point exception, so that it warns or raises as np.errstate says."""
    cdef int relevant = 0
    state = np.geterr()
    if state["under"] != "ignore":
        relevant |= FE_UNDERFLOW
    if state["over"] != "ignore":
        relevant |= FE_OVERFLOW
    if state["divide"] != "ignore":
        relevant |= FE_DIVBYZERO
    if state["invalid"] != "ignore":
        relevant |= FE_INVALID
    if status & relevant:
        ufunc(*values)
    return None


# operands of +, -, *, / that raise one floating-point exception each
cdef double MOST = np.finfo(np.float64).max, LEAST = np.finfo(np.float64).tiny
cdef tuple TRIGGERS = (
    {FE_OVERFLOW: (MOST, MOST), FE_INVALID: (np.inf, -np.inf)},
    {FE_OVERFLOW: (MOST, -MOST), FE_INVALID: (np.inf, np.inf)},
    {FE_OVERFLOW: (MOST, MOST), FE_UNDERFLOW: (LEAST, LEAST), FE_INVALID: (np.inf, 0.0)},
    {FE_OVERFLOW: (MOST, LEAST), FE_UNDERFLOW: (LEAST, MOST), FE_INVALID: (0.0, 0.0), FE_DIVBYZERO: (1.0, 0.0)},
    {},
)


cdef object report_floating_point(int status, int code):
    """As `check_floating_point`, for operands that the result has replaced."""
    pairs = [pair for flag, pair in TRIGGERS[code].items() if status & flag]
    if pairs:
        ARITHMETIC_UFUNCS[code](*np.array(pairs).T)
    return None


cdef bint is_reusable(object x, Argument* a, int ndim, Py_ssize_t* shape, int ncomp):
    """Whether the result may take the memory of operand x, a temporary of the expression being evaluated."""
    cdef Number n
    cdef cnp.ndarray data
    cdef int d
    if not isinstance(x, Number):
        return False
    n = <Number>x
    if n.data is None or a.ndim != ndim or n.ncomp != ncomp:
        return False
    for d in range(ndim):
        if a.shape[d] != shape[d]:
            return False
    data = <cnp.ndarray>n.data
    # nobody else may see the memory: no view of it, no base, and no name for the number itself
    return (Py_REFCNT(<PyObject*>data) <= 2 and cnp.PyArray_BASE(data) == NULL
            and cnp.PyArray_IS_C_CONTIGUOUS(data) and bool(cnp.PyArray_FLAGS(data) & cnp.NPY_ARRAY_WRITEABLE))


cdef Number leading(object x, object y):
    """The operand that the result is modelled on: a number, and rather one with tangents."""
    if isinstance(x, Number) and (carries(<Number>x) or not isinstance(y, Number)):
        return <Number>x
    return <Number>y


cdef int agree(object x, object y) except -1:
    """Whether two operands belong to one algebra: 0 if their levels or layouts differ; mixed types of one level raise."""
    cdef Number a, b
    if not (isinstance(x, Number) and isinstance(y, Number)):
        return 1
    a = <Number>x
    b = <Number>y
    if a.level != b.level:
        return 0
    if a.kind != b.kind:
        raise TypeError(f"cannot mix {type(x).__name__} and {type(y).__name__} numbers that were made side by side: "
                        "use one type, or nest transforms such as dualad.jvp")
    if not same_directions(a, b) and carries(a) and carries(b):
        if a.kind == HYPERDUAL and directions_of(a) == directions_of(b):
            return 0
        raise TypeError(differ(x, y))
    return 1


cdef inline bint asks_for_square(Operation* op, object x):
    """Whether an operation may square an x that remembers its square: then the rules in Python see to it."""
    return isinstance(x, Number) and (<Number>x).squared != NULL and squares[op.function - function_table]


def remember_square(Number x, known):
    """Keep what the square of x is known to be."""
    Py_XDECREF(x.squared)
    Py_INCREF(known)
    x.squared = <PyObject*>known


def remembered_square(Number x):
    """What was kept, or None."""
    return None if x.squared == NULL else <object>x.squared


def has_second_order(Number x):
    """Whether x carries more than first derivatives."""
    return x.ncomp > 1 and (x.kind > MULTIDUAL or isinstance(x.data, Number))


cdef bint is_root_at_zero(Operation* op, Number model, object x, object y) except -1:
    """Whether the result's derivatives do not tell those of its square: sqrt and its like at zero."""
    if not op.root or model.kind <= MULTIDUAL:
        return False
    value = primal(x)
    if op.nin == 2:
        value = (value == 0) & (primal(y) == 0)
        return bool(np.any(value))
    return not np.all(value)


cdef tuple directions_of(Number x):
    return x.ndir, (x.ndir if x.ndir2 == SYMMETRIC else x.ndir2)


def differ(Number x not None, Number y not None):
    """Why numbers of one type cannot be mixed."""
    name = type(x).__name__
    if x.kind == TAYLOR:
        return f"cannot mix {name} numbers of degrees {x.ndir} and {y.ndir}"
    if x.kind == HYPERDUAL:
        return f"cannot mix {name} numbers of {directions_of(x)} and {directions_of(y)} directions"
    return f"cannot mix {name} numbers of {x.ndir} and {y.ndir} directions"


# ---- algebras of higher order -------------------------------------------------------------------------------------

cdef dict PAIRS = {}                   # (directions, second directions) -> product table
cdef Program* programs[256]            # how a power series goes through each operation of the table
cdef Program* NO_PROGRAM = <Program*>PyMem_Malloc(sizeof(Program))


cdef const Pair* product_table(int first, int second) except NULL:
    """Which two components of first order meet in a component of second order."""
    cdef Number layout
    cdef Py_ssize_t count, i, j, c
    cdef Pair* pairs
    key = first, second
    if key in PAIRS:
        return <const Pair*><size_t>PAIRS[key]
    count = 1 + first + first * (first + 1) // 2 if second == SYMMETRIC else (1 + first) * (1 + second)
    pairs = <Pair*>PyMem_Calloc(count, sizeof(Pair))
    if pairs == NULL:
        raise MemoryError
    if second == SYMMETRIC:
        c = 1 + first
        for i in range(1, first + 1):
            for j in range(i, first + 1):
                pairs[c] = Pair(i, j, 1)
                c += 1
    else:
        for i in range(1, first + 1):
            for j in range(1, second + 1):
                c = i * (1 + second) + j
                pairs[c] = Pair(i * (1 + second), j, 1)
    PAIRS[key] = <size_t>pairs
    return pairs


cdef Program* compile_program(const Function* function) except NULL:
    """The program that `dualad.rules.series` reads off the table; NO_PROGRAM where that does not serve."""
    cdef Program* program
    cdef Step* s
    cdef int i
    found = HANDLERS["series"](function.name.decode())
    if found is None:
        return NO_PROGRAM
    steps, result = found
    program = <Program*>PyMem_Calloc(1, sizeof(Program) + len(steps) * sizeof(Step))
    if program == NULL:
        raise MemoryError
    program.length, program.result = len(steps), result
    for i, (code, a, b, c, d, reaches_last, constant, name) in enumerate(steps):
        s = &program.step[i]
        s.code, s.a, s.b, s.c, s.d, s.reaches_last, s.constant = code, a, b, c, d, reaches_last, constant
        if name is not None:
            s.value = operations[[f.__name__ for f in UFUNCS].index(name)].value[0]
    return program


cdef bint has_program(int index, object x, object y) except -1:
    """Whether a power series can go through an operation of the table by its program."""
    if programs[index] == NULL:
        programs[index] = compile_program(&function_table[index])
    if programs[index] == NO_PROGRAM:
        return False
    if index != POWER:
        return True
    # the recurrence of a power divides by its base
    base = primal(x)
    return bool(np.all(base > 0 if isinstance(y, Number) else base != 0))


cdef bint is_linear(Operation* op, object x, object y):
    """Whether an operation acts on every coefficient of a power series alike."""
    if op.code == OP_MULTIPLY or op.code == OP_DIVIDE:
        return not (isinstance(y, Number) and carries(<Number>y)) or (
            op.code == OP_MULTIPLY and not (isinstance(x, Number) and carries(<Number>x)))
    return op.code != OP_TABLE


# a power series of degree two: c_2 gets f''/2 times the square of c_1
cdef Pair[3] SQUARE_OF_T = [Pair(0, 0, 0), Pair(0, 0, 0), Pair(1, 1, 0.5)]


cdef int find_algebra(Operation* op, Number model, object x, object y, Algebra* algebra) except -1:
    """What the compiled loops need to know of a number type; 0 if they cannot serve it."""
    cdef int index
    if model.kind == HYPERDUAL:
        algebra.pairs = product_table(model.ndir, model.ndir2)
    elif model.ndir == 2:
        algebra.pairs = SQUARE_OF_T
    elif model.ndir > 2 and not is_linear(op, x, y):
        index = <int>(op.function - function_table)
        if not has_program(index, x, y):
            return 0
        algebra.program = programs[index]
    return 1


cdef inline tuple values_of(int nin, object x, object y):
    return (primal(x),) if nin == 1 else (primal(x), primal(y))


cdef object compiled_scalar(Operation* op, object ufunc, int nin, object x, object y, Operand* operands, int ncomp,
                            Algebra algebra):
    """The result of a shape-() operation, whose components stay in the object."""
    cdef Number r = like(leading(x, y))
    cdef Operand out
    r.ncomp = ncomp
    out.ncomp = ncomp
    out.data = <char*>r.c
    out.component = sizeof(double)
    cdef int status = drive(op, 0, 0, NULL, operands, &out, 0, algebra)
    if status:
        check_floating_point(status, ufunc, values_of(nin, x, y))
    return HANDLERS["root"](ufunc, r, (x,)) if status & ROOT_AT_ZERO and nin == 1 else r


cdef inline cnp.ndarray result_array(Argument* a, int nin, bint contiguous, int ndim, Py_ssize_t* shape, Py_ssize_t count,
                                     int width):
    """Memory for a result of shape[1:], shape[0] components, in the order of the operands."""
    cdef Py_ssize_t strides[65]
    cdef Py_ssize_t size = 8 if width == 0 else 4
    cdef int typenum = cnp.NPY_DOUBLE if width == 0 else cnp.NPY_FLOAT
    if contiguous or ndim < 2:
        return allocate(ndim + 1, shape, NULL, typenum)
    keep_order(a, nin, ndim, shape + 1, size, strides + 1)
    strides[0] = count * size if count else size
    return allocate(ndim + 1, shape, strides, typenum)


cdef object compiled(Operation* op, object ufunc, int nin, object x, object y, bint temporary_x, bint temporary_y):
    """ufunc(x[, y]) by the compiled loops; NotImplemented if they cannot take the operands."""
    cdef Argument a[2]
    cdef Operand operands[2]
    cdef Operand out
    cdef Py_ssize_t shape[65]
    cdef Py_ssize_t count = 1
    cdef int i, d, ndim, width, flags = 0, status
    cdef bint contiguous = True, reused = False
    cdef cnp.ndarray data = None
    cdef Number model
    cdef Algebra algebra
    a[0].operand = &operands[0]
    a[1].operand = &operands[1]
    if not load(x, &a[0]) or (nin == 2 and not load(y, &a[1])) or not (nin == 1 or agree(x, y)):
        return of_two_levels(op, ufunc, nin, x, y)
    width = a[0].width if nin == 1 or a[0].width != 2 else a[1].width
    if width == 2 or not settle_width(&a[0], width) or (nin == 2 and not settle_width(&a[1], width)):
        return NotImplemented
    ndim = join_shapes(a, nin, shape + 1)
    if ndim < 0:
        return NotImplemented
    out.ncomp = 1
    for i in range(nin):
        out.ncomp = max(out.ncomp, operands[i].ncomp)
        if not broadcast(&a[i], ndim, shape + 1) and a[i].ndim > 0:
            contiguous = False
    algebra.pairs, algebra.program = NULL, NULL
    model = leading(x, y)
    if model.kind > MULTIDUAL and out.ncomp > 1:
        if not find_algebra(op, model, x, y, &algebra) or is_root_at_zero(op, model, x, y):
            return NotImplemented
    if asks_for_square(op, x):
        return NotImplemented
    if ndim == 0 and width == 0 and out.ncomp <= INLINE:
        return compiled_scalar(op, ufunc, nin, x, y, operands, out.ncomp, algebra)
    for d in range(ndim):
        count *= shape[d + 1]
    if temporary_x and is_reusable(x, &a[0], ndim, shape + 1, out.ncomp):
        data = (<Number>x).data
        reused = True
    elif temporary_y and is_reusable(y, &a[1], ndim, shape + 1, out.ncomp):
        data = (<Number>y).data
        reused = True
    else:
        shape[0] = out.ncomp
        data = result_array(a, nin, contiguous, ndim, shape, count, width)
    out.data = cnp.PyArray_BYTES(data)
    out.component = cnp.PyArray_STRIDE(data, 0)
    for d in range(ndim):
        out.stride[d] = cnp.PyArray_STRIDE(data, d + 1)
    if contiguous:
        flatten(operands, nin, a, &out, count, width)
        ndim = 1
        shape[1] = count
    elif op.code == OP_TABLE:
        # NumPy's loops may round differently along other strides: let it walk as it would
        ufunc(*values_of(nin, x, y), out=component(data, 0))
        flags = VALUE_IS_DONE
    if count * out.ncomp >= UNLOCKED:
        with nogil:
            status = drive(op, width, ndim, shape + 1, operands, &out, flags, algebra)
    else:
        status = drive(op, width, ndim, shape + 1, operands, &out, flags, algebra)
    if status == OUT_OF_MEMORY:
        raise MemoryError("no memory for the coefficients of power series")
    if status and reused:
        report_floating_point(status, op.code)
    elif status and not flags:
        check_floating_point(status, ufunc, values_of(nin, x, y))
    r = number_like(model, data, out.ncomp)
    return HANDLERS["root"](ufunc, r, (x,)) if status & ROOT_AT_ZERO and nin == 1 else r


cdef inline Number number_like(Number model, cnp.ndarray data, int ncomp):
    cdef Number r = like(model)
    r.ncomp = ncomp
    r.data = data
    return r


cdef inline void flatten(Operand* operands, int nin, Argument* a, Operand* out, Py_ssize_t count, int width):
    """Contiguous operands as one dimension."""
    cdef int i
    out.stride[0] = 8 if width == 0 else 4
    for i in range(nin):
        operands[i].stride[0] = out.stride[0] if a[i].ndim else 0


# ---- numbers of two levels ----------------------------------------------------------------------------------------

# v + sum b_j h_j whose parts v and b_j are numbers c + sum a_i e_i of an outer level is a hyper-dual number, and its
# components lie in memory as those of one do: (1 + directions of the outer level, 1 + directions of the inner) + shape.

cdef enum:
    MOST_PADDED = 4096         # components up to which zeros may fill up what only one operand carries

cdef inline bint has_plain_parts(Number n):
    return n.kind <= MULTIDUAL and n.squared == NULL and (n.data is None or (
        type(n.data) is NDARRAY and cnp.PyArray_TYPE(<cnp.ndarray>n.data) == cnp.NPY_DOUBLE
        and cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>n.data)))


cdef inline bint is_nested(Number n):
    """Whether a number of first order has parts that are, too."""
    return n.kind <= MULTIDUAL and n.squared == NULL and isinstance(n.data, Number) and has_plain_parts(<Number>n.data)


cdef object of_two_levels(Operation* op, object ufunc, int nin, object x, object y):
    """`compiled` for numbers of first order whose parts are numbers of first order; NotImplemented for others."""
    cdef Number inner = None, outer = None, r, s
    cdef Py_ssize_t first, second
    cdef tuple shape
    for operand in (x, y)[:nin]:
        if isinstance(operand, Number) and is_nested(<Number>operand):
            inner, outer = <Number>operand, <Number>(<Number>operand).data
    if inner is None:
        if nin == 1 or not (isinstance(x, Number) and isinstance(y, Number)):
            return NotImplemented
        inner, outer = (x, y) if (<Number>x).level > (<Number>y).level else (y, x)
        if not has_plain_parts(inner) or not has_plain_parts(outer):
            return NotImplemented
    x = of_both(x, inner, outer)
    y = of_both(y, inner, outer) if nin == 2 and x is not NotImplemented else None
    if x is NotImplemented or y is NotImplemented:
        return NotImplemented
    result = compiled(op, ufunc, nin, x, y, False, False)
    if not isinstance(result, Number):
        return result
    r = <Number>result
    if r.squared != NULL or r.ncomp == 1:
        return NotImplemented
    data = component_view(r)
    shape = data.shape
    first, second = 1 + outer.ndir, 1 + inner.ndir
    s = like(outer)
    s.ncomp, s.data = <int>first, data.reshape((first, second) + shape[1:])
    r = like(inner)
    r.ncomp, r.data = <int>second, s
    return r


cdef object of_both(object x, Number inner, Number outer):
    """An operand as a hyper-dual number of both levels; plain ones as they are, NotImplemented if it is none of them."""
    cdef Number n, below, r
    cdef Py_ssize_t first = 1, second = 1
    if not isinstance(x, Number):
        return x
    n = <Number>x
    if n.level == inner.level and n.kind == inner.kind and (n.ncomp == 1 or n.ncomp == 1 + inner.ndir):
        second = n.ncomp
        if isinstance(n.data, Number):
            below = <Number>n.data
            if not is_nested(n) or below.level != outer.level or below.kind != outer.kind:
                return NotImplemented
            n, first = below, below.ncomp
            if first != 1 and first != 1 + outer.ndir:
                return NotImplemented
        elif not has_plain_parts(n):
            return NotImplemented
    elif (n.level == outer.level and n.kind == outer.kind and (n.ncomp == 1 or n.ncomp == 1 + outer.ndir)
            and has_plain_parts(n)):
        first = n.ncomp
    else:
        return NotImplemented
    data = component_view(n)
    shape = data.shape[2:] if n is not <Number>x else data.shape[1:]
    counts = (1 + outer.ndir, 1 + inner.ndir)
    if first * second > 1 and (first, second) != counts:
        if counts[0] * counts[1] * (data.size // (first * second)) > MOST_PADDED:
            return NotImplemented
        padded = np.zeros(counts + shape)
        padded[:first, :second] = data.reshape((first, second) + shape)
        data, first, second = padded, counts[0], counts[1]
    r = <Number>number_new(<PyTypeObject*>HANDLERS["second order"])
    r.kind, r.level, r.ndir, r.ndir2 = HYPERDUAL, inner.level, outer.ndir, inner.ndir
    set_data(r, data.reshape((first * second,) + shape))
    return r


# ---- operators ----------------------------------------------------------------------------------------------------

cdef object arithmetic(int code, object x, object y):
    """x (+, -, *, /) y for anything that the scalar paths below did not take."""
    cdef bint temporary_x = False, temporary_y = False
    if is_large(x) and IS_TEMPORARY(<PyObject*>x):
        temporary_x = True
    elif is_large(y) and IS_TEMPORARY(<PyObject*>y):
        temporary_y = True
    r = compiled(&ARITHMETIC[code], ARITHMETIC_UFUNCS[code], 2, x, y, temporary_x, temporary_y)
    if r is not NotImplemented:
        return r
    return general(ARITHMETIC_UFUNCS[code], x, y)


cdef object pooled(object rule, tuple args, dict kwargs):
    """Call a rule while all arrays that NumPy makes come from the pool."""
    previous = PyDataMem_SetHandler(POOL)
    try:
        return rule(*args, **kwargs)
    finally:
        PyDataMem_SetHandler(previous)


cdef inline bint is_large(object x):
    return (isinstance(x, Number) and type((<Number>x).data) is NDARRAY
            and cnp.PyArray_NBYTES(<cnp.ndarray>(<Number>x).data) >= ELIDED)


cdef object general(object ufunc, object x, object y):
    """A binary operator on operands that the compiled loops do not take."""
    if not is_operand(x) or not is_operand(y):
        return NotImplemented
    result = HANDLERS["ufunc"](ufunc, "__call__", (x, y), {})
    return as_scalars(operator.truediv, x, y, result) if type(x) is complex and ufunc is np.divide else result


cdef tuple OPERANDS = (np.ndarray, np.generic, float, int, complex, list, tuple, range)


cdef bint is_operand(object x):
    """Operators defer to objects that are neither numbers nor array-like (or that ask for it)."""
    if isinstance(x, Number) or PyFloat_CheckExact(x) or isinstance(x, OPERANDS):
        return True
    if isinstance(x, numbers.Rational) or PyObject_CheckBuffer(x):
        return True
    return not hasattr(type(x), "__array_ufunc__") and (hasattr(x, "__array__") or hasattr(x, "tocsr"))


cdef inline double scalar_or_nan(object y):
    """A Python float or small int as a double; NaN (which the slow path takes) for anything else."""
    if PyFloat_Check(y):
        return PyFloat_AS_DOUBLE(y)
    cdef double value
    if PyLong_CheckExact(y) and small_integer(y, &value):
        return value
    return NAN


cdef inline bint inline_pair(object x, object y):
    """Two numbers of one algebra that keep their components inline."""
    return (Py_TYPE(x) == Py_TYPE(y) and (<Number>x).data is None and (<Number>y).data is None
            and (<Number>x).level == (<Number>y).level and same_directions(<Number>x, <Number>y))


cdef inline bint is_inline(object x):
    return isinstance(x, Number) and (<Number>x).data is None


cdef inline double tangent(double d, double t):
    """d * t, and 0 where t is: with one branch, which is always the same on finite numbers."""
    cdef double p = d * t
    return p + 0.0 if isfinite(p) else (0.0 if t == 0 else p)


cdef object add(object x, object y):
    cdef Number a, b, r
    cdef int k
    cdef double s
    if inline_pair(x, y):
        a = <Number>x
        b = <Number>y
        r = like(a)
        r.ncomp = max(a.ncomp, b.ncomp)
        for k in range(r.ncomp):
            r.c[k] = a.c[k] + b.c[k]
        if isfinite(r.c[0]):
            return r
    elif is_inline(x):
        s = scalar_or_nan(y)
        a = <Number>x
        s = a.c[0] + s
        if isfinite(s):
            return with_value(a, s)
    elif is_inline(y):
        s = scalar_or_nan(x)
        b = <Number>y
        s = b.c[0] + s
        if isfinite(s):
            return with_value(b, s)
    return arithmetic(OP_ADD, x, y)


cdef inline Number with_value(Number a, double value):
    cdef Number r = like(a)
    cdef int k
    r.ncomp = a.ncomp
    r.c[0] = value
    for k in range(1, a.ncomp):
        r.c[k] = a.c[k]
    return r


cdef inline Number scaled(Number a, double value, double factor):
    cdef Number r = like(a)
    cdef int k
    r.ncomp = a.ncomp
    r.c[0] = value
    for k in range(1, a.ncomp):
        r.c[k] = factor * a.c[k]
    return r


cdef object subtract(object x, object y):
    cdef Number a, b, r
    cdef int k
    cdef double s
    if inline_pair(x, y):
        a = <Number>x
        b = <Number>y
        r = like(a)
        r.ncomp = max(a.ncomp, b.ncomp)
        for k in range(r.ncomp):
            r.c[k] = a.c[k] - b.c[k]
        if isfinite(r.c[0]):
            return r
    elif is_inline(x):
        a = <Number>x
        s = a.c[0] - scalar_or_nan(y)
        if isfinite(s):
            return with_value(a, s)
    elif is_inline(y):
        b = <Number>y
        s = scalar_or_nan(x) - b.c[0]
        if isfinite(s):
            return scaled(b, s, -1.0)
    return arithmetic(OP_SUBTRACT, x, y)


cdef int add_products(Number a, Number b, Number r) except -1:
    """What meets in a product beyond value times component."""
    cdef int c, k
    cdef const Pair* pairs
    if r.kind == TAYLOR:
        for c in range(2, r.ncomp):
            for k in range(1, c):
                r.c[c] += product(a.c[k], b.c[c - k])
        return 0
    if r.ndir == 1 and r.ndir2 == 1:
        r.c[3] += product(a.c[1], b.c[2]) + product(b.c[1], a.c[2])
        return 0
    pairs = pairs_of(r)
    for c in range(2, r.ncomp):
        if pairs[c].first:
            r.c[c] += (product(a.c[pairs[c].first], b.c[pairs[c].second])
                       + product(b.c[pairs[c].first], a.c[pairs[c].second]))
    return 0


cdef const Pair* pairs_of(Number x) except NULL:
    """The product table of a number of second order."""
    if x.kind == TAYLOR:
        return SQUARE_OF_T
    if x.ndir > 1 or x.ndir2 > 1:
        return product_table(x.ndir, x.ndir2)
    return PAIRS_1_1 if x.ndir2 == 1 else PAIRS_1


cdef int add_second(double d, Number a, Number r) except -1:
    """The part of a function's second derivative."""
    cdef int c
    cdef const Pair* pairs = pairs_of(a)
    for c in range(2, r.ncomp):
        if pairs[c].first:
            r.c[c] += tangent(d, pairs[c].weight * product(a.c[pairs[c].first], a.c[pairs[c].second]))
    return 0


cdef int divide_components(Number a, Number b, Number r) except -1:
    """r = a/b from a = r b, component by component: r.c[0] is there."""
    cdef int c, k
    cdef double t
    cdef const Pair* pairs = NULL
    if r.kind == HYPERDUAL:
        pairs = pairs_of(r)
    for c in range(1, r.ncomp):
        t = a.c[c] - tangent(r.c[0], b.c[c])
        if pairs == NULL:
            for k in range(1, c):
                t -= product(r.c[c - k], b.c[k])
        elif pairs[c].first:
            t -= (product(r.c[pairs[c].first], b.c[pairs[c].second])
                  + product(b.c[pairs[c].first], r.c[pairs[c].second]))
        r.c[c] = 0.0 if t == 0 else t / b.c[0]
    return 0


cdef inline double product(double p, double q):
    cdef double pq = p * q
    return pq + 0.0 if isfinite(pq) else (0.0 if p == 0 or q == 0 else pq)


cdef inline bint add_finite(Number a, Number b, Number r):
    """The tangents of a product without a branch for each; False if they are not finite, and then to be done again."""
    cdef int k
    cdef double x = a.c[0], y = b.c[0], t, wrong = 0
    for k in range(1, r.ncomp):
        t = y * a.c[k] + x * b.c[k]
        r.c[k] = t + 0.0
        wrong += t - t
    return wrong == 0


cdef object multiply(object x, object y):
    cdef Number a, b, r
    cdef int k
    cdef double s, p
    if inline_pair(x, y):
        a = <Number>x
        b = <Number>y
        p = a.c[0] * b.c[0]
        if isfinite(p) and a.squared == NULL:
            r = like(a)
            r.ncomp = max(a.ncomp, b.ncomp)
            r.c[0] = p
            if not add_finite(a, b, r):
                for k in range(1, r.ncomp):
                    r.c[k] = tangent(b.c[0], a.c[k]) + tangent(a.c[0], b.c[k])
            if r.kind > MULTIDUAL and a.ncomp > 1 and b.ncomp > 1:
                add_products(a, b, r)
            return r
    elif is_inline(x):
        a = <Number>x
        s = scalar_or_nan(y)
        p = a.c[0] * s
        if isfinite(p):
            return scaled(a, p, s)
    elif is_inline(y):
        b = <Number>y
        s = scalar_or_nan(x)
        p = s * b.c[0]
        if isfinite(p):
            return scaled(b, p, s)
    return arithmetic(OP_MULTIPLY, x, y)


cdef object divide(object x, object y):
    cdef Number a, b, r
    cdef int k
    cdef double s, q
    if inline_pair(x, y):
        a = <Number>x
        b = <Number>y
        q = a.c[0] / b.c[0]
        if isfinite(q) and a.kind > MULTIDUAL:
            r = like(a)
            r.ncomp = max(a.ncomp, b.ncomp)
            r.c[0] = q
            divide_components(a, b, r)
            return r
        if isfinite(q):
            r = like(a)
            r.ncomp = max(a.ncomp, b.ncomp)
            r.c[0] = q
            s = 1 / b.c[0]
            for k in range(1, r.ncomp):
                r.c[k] = tangent(s, a.c[k]) + tangent(-q * s, b.c[k])
            return r
    elif is_inline(x):
        a = <Number>x
        s = scalar_or_nan(y)
        q = a.c[0] / s
        if isfinite(q) and s != 0:
            return scaled(a, q, 1 / s)
    elif is_inline(y):
        b = <Number>y
        q = scalar_or_nan(x) / b.c[0]
        if isfinite(q) and b.kind > MULTIDUAL:
            a = like(b)
            a.ncomp = 1
            r = like(b)
            r.ncomp = b.ncomp
            r.c[0] = q
            divide_components(a, b, r)
            return r
        s = -q / b.c[0]
        if isfinite(s):
            return scaled(b, q, s)
    return arithmetic(OP_DIVIDE, x, y)


cdef object unary(int index, object x):
    """A function of the table of one argument."""
    cdef Number a = <Number>x
    cdef Number r
    cdef Operation* op = &operations[index]
    cdef double z, d, dd
    cdef int k
    if op.nin == 1 and op.value[0].loop != NULL:
        if a.data is None and a.squared == NULL and (a.kind < TAYLOR or a.ndir < 3):
            drive_scalar(op, a.c[0], &z, &d, &dd if a.kind > MULTIDUAL else NULL)
            if isfinite(z) and (z != 0 or not op.root):
                r = like(a)
                r.ncomp = a.ncomp
                r.c[0] = z
                for k in range(1, a.ncomp):
                    r.c[k] = tangent(d, a.c[k])
                if a.kind > MULTIDUAL and a.ncomp > 1:
                    add_second(dd, a, r)
                return r
        result = compiled(op, UFUNCS[index], 1, x, None, False, False)
        if result is not NotImplemented:
            return result
    return HANDLERS["ufunc"](UFUNCS[index], "__call__", (x,), {})


cdef object binary(int index, object x, object y):
    """A function of the table of two arguments."""
    cdef Operation* op = &operations[index]
    if op.nin == 2 and op.value[0].loop != NULL:
        r = compiled(op, UFUNCS[index], 2, x, y, False, False)
        if r is not NotImplemented:
            return r
    return HANDLERS["ufunc"](UFUNCS[index], "__call__", (x, y), {})


cdef object negative(object x):
    cdef Number a = <Number>x
    cdef Number r
    cdef int k
    if a.data is None:
        r = like(a)
        r.ncomp = a.ncomp
        for k in range(a.ncomp):
            r.c[k] = -a.c[k]
        return r
    cdef bint temporary = is_large(x) and IS_TEMPORARY(<PyObject*>x)
    r_ = compiled(&ARITHMETIC[OP_NEGATE], np.negative, 1, x, None, temporary, False)
    return HANDLERS["ufunc"](np.negative, "__call__", (x,), {}) if r_ is NotImplemented else r_


# the exponents for which ndarray.__pow__ calls another ufunc
cdef dict FAST_POWERS = {2.0: np.square, 0.5: np.sqrt, 1.0: np.positive, -1.0: np.reciprocal}


cdef inline double power_dx(double x, double y, double z):
    cdef double dx = 0
    operations[POWER].function.partial[0][0](1, &x, &y, &z, &x, &x, &x, &dx)
    return dx


cdef inline double power_dxx(double x, double y, double z):
    cdef double dxx = 0
    operations[POWER].function.partial[0][2](1, &x, &y, &z, &x, &x, &x, &dxx)
    return dxx


cdef inline double power_dy(double x, double y, double z):
    cdef double dy = 0, log_x = c_log(x)
    operations[POWER].function.partial[0][1](1, &x, &y, &z, &log_x, &x, &x, &dy)
    return dy


cdef object scalar_power(object x, object y):
    """x**y of shape-() numbers by the C library's pow, as np.float64 computes it; None if they are no such numbers."""
    cdef Number lead = <Number>x if isinstance(x, Number) else <Number>y
    cdef Number a = lead, b = lead, r
    cdef double u, v, z, dx, dy
    cdef int k
    if lead.kind > MULTIDUAL and (isinstance(y, Number) or (lead.kind == TAYLOR and lead.ndir > 2)):
        return None
    if is_inline(x) and is_inline(y) and inline_pair(x, y):
        b = <Number>y
        u, v = a.c[0], b.c[0]
    elif is_inline(x) and not isinstance(y, Number):
        u, v = a.c[0], scalar_or_nan(y)
    elif is_inline(y) and not isinstance(x, Number):
        u, v = scalar_or_nan(x), b.c[0]
    else:
        return None
    if u != u or v != v:  # no scalar, of which pow(1, nan) = pow(nan, 0) = 1 would not tell
        return None
    z = c_pow(u, v)
    if not isfinite(z) or (z == 0 and v == 0.5) or a.squared != NULL:
        return None
    r = like(lead)
    r.c[0] = z
    r.ncomp = max(a.ncomp if isinstance(x, Number) else 1, b.ncomp if isinstance(y, Number) else 1)
    if isinstance(x, Number):
        dx = power_dx(u, v, z)
        for k in range(1, a.ncomp):
            r.c[k] = tangent(dx, a.c[k])
        if a.kind > MULTIDUAL and a.ncomp > 1:
            add_second(power_dxx(u, v, z), a, r)
    if isinstance(y, Number):
        dy = power_dy(u, v, z)
        for k in range(1, b.ncomp):
            r.c[k] += tangent(dy, b.c[k])
    return r


class _Asked(np.ndarray):
    """Arrays that tell which ufunc NumPy would call."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return ufunc


# whether NumPy (before 2.3) calls another ufunc than power also for exponents that are scalars of its own
cdef bint SHORTENS_ALL = np.ones(1).view(_Asked) ** np.float64(2.0) is not np.power


cdef bint is_shortened(Number x, object y) except -1:
    if not isinstance(y, (np.generic, np.ndarray)) or y.ndim or not x.ndim:
        return False
    return np.ones(1, x.dtype).view(_Asked) ** y is not np.power


cdef tuple NARROW_REALS = (np.integer, np.float32, np.float16)


cdef object power(object x, object y):
    if not is_operand(x) or not is_operand(y):
        return NotImplemented
    if is_inline(x) and not PyFloat_CheckExact(y) and not PyLong_CheckExact(y) and isinstance(y, NARROW_REALS):
        y = float(y)
    r = scalar_power(x, y)
    if r is not None:
        return r
    cdef bint temporary
    if SHORTENS_ALL and isinstance(x, Number) and is_shortened(<Number>x, y):
        y = y.item()
    if isinstance(x, Number) and (PyFloat_CheckExact(y) or PyLong_CheckExact(y)) and x.ndim:
        fast = FAST_POWERS.get(y)
        if fast is not None:
            # a root may have to remember x
            temporary = is_large(x) and fast is not np.sqrt and IS_TEMPORARY(<PyObject*>x)
            r = compiled(&operations[<int>OPERATION_OF[fast]], fast, 1, x, None, temporary, False)
            return fast(x) if r is NotImplemented else r
    is_root = isinstance(y, float) and y == 0.5 and not x.ndim and not primal(x)
    return as_scalars(operator.pow, x, y, unary(SQRT, x) if is_root else binary(POWER, x, y))


cdef object as_scalars(object function, object x, object y, object result):
    """The result of a ufunc on shape-() operands, with the value that NumPy's, or Python's, scalars have."""
    cdef Number r
    if not isinstance(result, Number) or (<Number>result).kind == TRACER or result.ndim:
        return result
    x, y = primal(x), primal(y)
    if not (isinstance(x, (np.generic, float, int, complex)) and isinstance(y, (np.generic, float, int, complex))):
        return result
    with np.errstate(all="ignore"):
        value = function(x, y)
    r = <Number>result
    if r.data is None:
        r.c[0] = value
        return r
    data = r.data
    while isinstance(data, Number):
        if (<Number>data).data is None:
            (<Number>data).data = component_view(<Number>data)
        data = (<Number>data).data
    data[(0,) * data.ndim] = value
    return result


cdef object compare(object x, object y, int op):
    cdef double a, b
    cdef bint r
    if is_inline(x) and (is_inline(y) or PyFloat_CheckExact(y) or PyLong_CheckExact(y)):
        a = (<Number>x).c[0]
        b = (<Number>y).c[0] if isinstance(y, Number) else float(y)
        if op == Py_LT: r = a < b
        elif op == Py_LE: r = a <= b
        elif op == Py_GT: r = a > b
        elif op == Py_GE: r = a >= b
        elif op == Py_EQ: r = a == b
        else: r = a != b
        return TRUE if r else FALSE
    if op != Py_EQ and op != Py_NE and not is_operand(y) and not isinstance(y, numbers.Number):
        return NotImplemented
    a_, b_ = primal(x), primal(y)
    if op == Py_LT: return a_ < b_
    if op == Py_LE: return a_ <= b_
    if op == Py_GT: return a_ > b_
    if op == Py_GE: return a_ >= b_
    if op == Py_EQ: return a_ == b_
    return a_ != b_


# ---- scalars of other modules -------------------------------------------------------------------------------------

cdef int table_index(object ufunc) except -2:
    """Where a NumPy function stands in the table; -1 if it does not, or has no loop of doubles."""
    cdef PyObject* found = PyDict_GetItemWithError(OPERATION_OF, ufunc)
    return -1 if found == NULL else <int>PyLong_AsSsize_t(<object>found)


cdef bint unary_parts(int index, double x, double* z, double* dx) noexcept:
    """Value and derivative of a function of one number; whether there is one and the value is finite."""
    if operations[index].nin != 1:
        return False
    drive_scalar(&operations[index], x, z, dx, NULL)
    return isfinite(z[0])


cdef bint binary_parts(int index, double x, double y, double* z, double* dx, double* dy) noexcept:
    """The same of two numbers."""
    if operations[index].nin != 2:
        return False
    drive_scalars(&operations[index], x, y, z, dx, dy)
    return isfinite(z[0])


cdef bint power_parts(double x, double y, double* z, double* dx, double* dy) noexcept:
    """The same of the operator ``x**y``; each derivative only where there is a place for it."""
    z[0] = c_pow(x, y)
    if dx != NULL:
        dx[0] = power_dx(x, y, z[0])
    if dy != NULL:
        dy[0] = power_dy(x, y, z[0])
    return isfinite(z[0])


include "views.pxi"


# ---- storing ------------------------------------------------------------------------------------------------------

cdef object make_room(Number x, object v):
    """Let x hold what v carries: tangents in a constant, numbers of an outer level. Views of x must not go stale."""
    cdef Number n
    if not isinstance(v, Number):
        return None
    n = <Number>v
    if n.level > x.level:
        raise TypeError(f"cannot store a {type(v).__name__} of an inner derivative in an array of an outer one: its "
                        "derivative would be lost; make the array inside the inner function")
    deeper = n.level < x.level and not isinstance(x.data, Number)
    if n.level == x.level:
        agree(x, v)
        if carries(n) and not carries(x):
            x.ndir, x.ndir2, x.single = n.ndir, n.ndir2, n.single
        elif carries(n) and not same_directions(n, x) and n.ndir2 != SYMMETRIC:
            raise TypeError("cannot store a HyperDual of two sets of directions in one whose sets are the same: give both "
                            "sets when you make the array")
        deeper = isinstance(n.data, Number) and not isinstance(x.data, Number) and x.data is not None
    elif isinstance(x.data, Number):
        return make_room_inside(x, v)
    if x.data is None:
        if carries(n) and n.level == x.level:
            x.ncomp = max(x.ncomp, n.ncomp)
        if not deeper:
            return None
        x.data = component_view(x)
    grow = n.level == x.level and carries(n) and not carries(x)
    if not (grow or deeper):
        return None
    if type(x.data) is NDARRAY and (Py_REFCNT(<PyObject*>x.data) > 1 or cnp.PyArray_BASE(<cnp.ndarray>x.data) != NULL):
        raise TypeError(f"cannot store a {type(v).__name__} with tangents in a constant {type(x).__name__} that has views "
                        "(or is one): copy the array before you store into it")
    data = x.data
    if deeper:
        inner = n.data if n.level == x.level else n
        data = rewrap(inner, np.asarray(data)[None]) if not isinstance(data, Number) else data
    if grow:
        data = np.concatenate([data, np.zeros((full_count(n) - 1,) + data.shape[1:], data.dtype)])
    x.data = data
    x.ncomp = data.shape[0]
    return None


def reserve(Number x not None, v):
    """Let x hold what v carries, or raise."""
    make_room(x, v)


cdef object make_room_inside(Number x, object v):
    make_room(<Number>x.data, v)
    return None


cdef object set_item(Number x, object key, object value):
    cdef cnp.ndarray a
    cdef Py_ssize_t i, n
    cdef int k
    cdef char* p
    cdef Number v
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and (<object>value).dtype == object):
        value = HANDLERS["pack"](value)
    check_key(key)
    make_room(x, value)
    if x.kind == HYPERDUAL and isinstance(value, Number) and (<Number>value).level == x.level \
            and carries(<Number>value) and not same_directions(x, <Number>value):
        value = HANDLERS["laid out as"](value, x)
    if x.data is None:
        return set_inline(x, key, value)
    if (type(x.data) is NDARRAY and PyLong_CheckExact(key) and is_inline(value) and (<Number>value).level == x.level):
        a = <cnp.ndarray>x.data
        if cnp.PyArray_NDIM(a) == 2 and cnp.PyArray_TYPE(a) == cnp.NPY_DOUBLE and x.ncomp <= INLINE \
                and cnp.PyArray_FLAGS(a) & cnp.NPY_ARRAY_WRITEABLE:
            i = PyLong_AsSsize_t(key)
            n = cnp.PyArray_DIM(a, 1)
            if i < -n or i >= n:
                raise IndexError(f"index {i} is out of bounds for axis 0 with size {n}")
            p = cnp.PyArray_BYTES(a) + (i + n if i < 0 else i) * cnp.PyArray_STRIDE(a, 1)
            v = <Number>value
            for k in range(x.ncomp):
                (<double*>(p + k * cnp.PyArray_STRIDE(a, 0)))[0] = v.c[k]
            return None
    if not isinstance(key, tuple):
        key = (key,)
    if isinstance(value, Number) and (<Number>value).level == x.level:
        store(x, key, component_view(<Number>value))
    else:
        store(x, key, np.asarray(value)[None] if not isinstance(value, Number) else value[None])
    return None


cdef object store(Number x, tuple key, object components):
    """x[key] = number with these components; those it lacks are zero."""
    held = x.data
    if np.iscomplexobj(components) and not np.iscomplexobj(held):
        raise TypeError(f"cannot store complex numbers in a {type(x).__name__} of dtype {held.dtype}")
    if is_same_memory(held, key, components):
        return None
    n = components.shape[0]
    for k in range(x.ncomp):
        held[k, ...][key] = components[k] if k < n else 0
    return None


cdef bint is_same_memory(object held, tuple key, object components):
    """x[key] op= y ends in x[key] = (that view): nothing to copy."""
    if type(held) is not NDARRAY or type(components) is not NDARRAY or len(key) != 1 or type(key[0]) is not slice:
        return False
    target = held[:, key[0]]
    return (cnp.PyArray_DATA(<cnp.ndarray>target) == cnp.PyArray_DATA(<cnp.ndarray>components)
            and target.shape == components.shape and target.strides == components.strides)


cdef object set_inline(Number x, object key, object value):
    data = component_view(x)
    cdef Number full = like(x)
    full.data = data
    full.ncomp = x.ncomp
    set_item(full, key, value)
    set_data(x, data)
    return None


# ---- in-place operators -------------------------------------------------------------------------------------------

cdef object in_place(int code, object x, object y):
    """x op= y for an array x, through all views of it. A shape-() number is immutable, as np.float64 is."""
    cdef Number a = <Number>x
    if a.data is None or a.ndim == 0:
        return NotImplemented
    make_room(a, y)
    if compiled_in_place(code, a, y):
        return x
    return store_result(a, ARITHMETIC_UFUNCS[code], general(ARITHMETIC_UFUNCS[code], x, y))


cdef bint is_immutable(object x):
    return (<Number>x).data is None or x.ndim == 0


cdef bint compiled_in_place(int code, Number x, object y) except -1:
    """x op= y by the compiled loops; False if they cannot take the operands."""
    cdef Argument a[2]
    cdef Operand operands[2]
    cdef Py_ssize_t shape[65]
    cdef int i, ndim, status
    cdef Algebra algebra
    algebra.pairs, algebra.program = NULL, NULL
    a[0].operand = &operands[0]
    a[1].operand = &operands[1]
    if type(x.data) is not NDARRAY or not cnp.PyArray_FLAGS(<cnp.ndarray>x.data) & cnp.NPY_ARRAY_WRITEABLE:
        return False
    if not load(x, &a[0]) or not load(y, &a[1]) or not agree(x, y) or not settle_width(&a[1], a[0].width):
        return False
    if asks_for_square(&ARITHMETIC[code], x):
        return False
    if x.kind > MULTIDUAL and not find_algebra(&ARITHMETIC[code], x, x, y, &algebra):
        return False
    ndim = join_shapes(a, 2, shape)
    if ndim != a[0].ndim or not same_shape(&a[0], shape) or overlaps(x, y, &a[0], &a[1]):
        return False
    for i in range(2):
        broadcast(&a[i], ndim, shape)
    status = drive(&ARITHMETIC[code], a[0].width, ndim, shape, operands, &operands[0], 0, algebra)
    if status == OUT_OF_MEMORY:
        raise MemoryError("no memory for the coefficients of power series")
    if status:
        report_floating_point(status, code)
    return True


cdef object store_result(Number target, object ufunc, object result):
    """target[...] = result of an in-place operator, which must fit as NumPy has it."""
    if result is NotImplemented:
        return result
    if np.shape(result) != target.shape:
        raise ValueError(f"non-broadcastable output operand with shape {target.shape} doesn't match the broadcast "
                         f"shape {np.shape(result)}")
    if not np.can_cast(result.dtype, target.dtype, "same_kind"):
        raise np._core._exceptions._UFuncOutputCastingError(ufunc, "same_kind", result.dtype, target.dtype, 0)
    set_item(target, Ellipsis, result)
    return target


cdef bint same_shape(Argument* t, Py_ssize_t* shape):
    cdef int d
    for d in range(t.ndim):
        if t.shape[d] != shape[d]:
            return False
    return True


cdef bint overlaps(Number target, object x, Argument* t, Argument* a):
    """Whether x shares memory with the target other than element for element."""
    cdef int d
    if x is target:
        return False
    other = (<Number>x).data if isinstance(x, Number) else x
    if type(other) is not NDARRAY or not np.may_share_memory(other, target.data):
        return False
    if a.operand.data != t.operand.data or a.ndim != t.ndim or a.operand.component != t.operand.component:
        return True
    for d in range(t.ndim):
        if a.strides[d] != t.strides[d] or a.shape[d] != t.shape[d]:
            return True
    return False


# ---- the type -----------------------------------------------------------------------------------------------------

cdef object REAL = np.real


cdef object part(Number x, object function):
    """Real or imaginary part of all components, as a view."""
    if type(x.data) is NDARRAY and function is REAL and not cnp.PyArray_ISCOMPLEX(<cnp.ndarray>x.data):
        return number_view(x, x.data)
    data = function(component_view(x))
    return wrap_view(x, data) if data.ndim > 1 else rewrap(x, data)


cdef object set_part(Number x, object function, object value):
    """Store into the real or imaginary part."""
    if x.data is None:
        raise TypeError(f"a shape-() {type(x).__name__} is immutable, as numpy.float64 is")
    make_room(x, value)
    set_item(wrap_view(x, function(x.data)), Ellipsis, value)
    return None


cdef object apply(object function, tuple args, dict kwargs):
    """Call the rule of a NumPy function directly."""
    if isinstance(args[0], Number) and (<Number>args[0]).kind == TRACER:
        return function(*args, **kwargs)
    cdef PyObject* rule = PyDict_GetItemWithError(FUNCTIONS, function)
    if rule == NULL:  # interception has put another function in numpy
        return apply(function.__wrapped__, args, kwargs)
    try:
        return (<object>rule)(*args, **kwargs)
    except (ValueError, IndexError) as error:
        own = HANDLERS["error"](function, args, kwargs, error)
        if own is None:
            raise
        raise own from None


include "elementwise_methods.pxi"


@cython.no_gc
cdef class Number(Elementwise):
    """Base of all number types: behaves like an `numpy.ndarray` of its value. Not made directly."""

    __array_priority__ = 1000.0

    # -- what it is made of

    @property
    def value(self):
        """The value: an array of this number's shape (a view), or a scalar."""
        return value_of(self)

    @property
    def components(self):
        """All components in one array, (n,) + shape; (1,) + shape for a constant."""
        return component_view(self)

    @property
    def directions(self):
        """The directions that the type carries, as `wrap` takes them."""
        if self.kind == HYPERDUAL:
            return self.ndir, self.ndir2, bool(self.single)
        return self.ndir

    @property
    def ncomponents(self):
        """Length of the component array of a number like this one that is no constant."""
        return full_count(self)

    @property
    def isconstant(self):
        """Whether the number has no tangents (symbolic zeros)."""
        return self.ncomp == 1

    @property
    def shape(self):
        """Shape of the value."""
        if self.data is None:
            return ()
        return self.data.shape[1:]

    @shape.setter
    def shape(self, shape):
        view = apply(np.reshape, (self, shape), {})
        if self.ndim and not np.shares_memory(primal(view), primal(self)) and self.size:
            raise AttributeError("incompatible shape for in-place modification: use x.reshape(shape) to make a copy")
        set_data(self, component_view(view))

    @property
    def ndim(self):
        """Number of dimensions of the value."""
        if self.data is None:
            return 0
        return self.data.ndim - 1

    @property
    def size(self):
        """Number of elements of the value."""
        cdef Py_ssize_t n = 1
        for m in self.shape:
            n *= m
        return n

    @property
    def dtype(self):
        """dtype of the value."""
        if self.data is None:
            return FLOAT64
        return self.data.dtype

    @property
    def T(self):
        """The array transposed (a view)."""
        return np.transpose(self) if self.kind == TRACER else rearrange(self, range(self.ndim - 1, -1, -1))

    # -- operators

    def __add__(x, y): return add(x, y)
    def __sub__(x, y): return subtract(x, y)
    def __mul__(x, y): return multiply(x, y)
    def __truediv__(x, y): return divide(x, y)
    def __neg__(self): return negative(self)
    def __pos__(self): return unary(POSITIVE, self)
    def __abs__(self): return unary(ABSOLUTE, self)

    def __pow__(x, y, z):
        if z is not None:
            raise TypeError("pow() with a modulus is not defined for numbers with derivatives")
        return power(x, y)

    def __mod__(x, y): return general(np.remainder, x, y)
    def __floordiv__(x, y): return general(np.floor_divide, x, y)
    def __divmod__(x, y): return general(np.divmod, x, y)

    def __matmul__(x, y):
        if not is_operand(x) or not is_operand(y):
            return NotImplemented
        r = matrix_product(x, y)
        if r is not NotImplemented:
            return r
        arguments = np.matmul, "__call__", (x, y), {}
        return pooled(HANDLERS["ufunc"], arguments, {}) if is_large(x) or is_large(y) else HANDLERS["ufunc"](*arguments)

    def __iadd__(self, y): return in_place(OP_ADD, self, y)
    def __isub__(self, y): return in_place(OP_SUBTRACT, self, y)
    def __imul__(self, y): return in_place(OP_MULTIPLY, self, y)
    def __itruediv__(self, y): return in_place(OP_DIVIDE, self, y)

    def __ipow__(self, y, z):
        if is_immutable(self):
            return NotImplemented
        return store_result(self, np.power, power(self, y))

    def __imod__(self, y):
        if is_immutable(self):
            return NotImplemented
        return store_result(self, np.remainder, general(np.remainder, self, y))

    def __ifloordiv__(self, y):
        if is_immutable(self):
            return NotImplemented
        return store_result(self, np.floor_divide, general(np.floor_divide, self, y))

    def __imatmul__(self, y):
        if is_immutable(self):
            return NotImplemented
        if not is_operand(y):
            return NotImplemented
        return store_result(self, np.matmul, HANDLERS["ufunc"](np.matmul, "__call__", (self, y), {}))

    def __richcmp__(self, other, int op): return compare(self, other, op)

    def __bool__(self): return bool(primal(self))

    def __hash__(self): return hash(primal(self))

    # -- container

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of unsized object")
        return self.data.shape[1]

    def __getitem__(self, key):
        try:
            return get_item(self, key)
        except IndexError:
            primal(self)[key]  # NumPy's own error names the axes of the value
            raise

    def __setitem__(self, key, value): set_item(self, key, value)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return iterate(self)

    def __contains__(self, item):
        return bool(np.any(primal(self) == primal(item)))

    # -- conversions that would lose the derivative

    def __float__(self): raise TypeError(NO_FLOAT.format("float()", type(self).__name__))
    def __int__(self): raise TypeError(NO_FLOAT.format("int()", type(self).__name__))
    def __complex__(self): raise TypeError(NO_FLOAT.format("complex()", type(self).__name__))
    def __index__(self): raise TypeError(NO_FLOAT.format("use as an index", type(self).__name__))

    def __round__(self, ndigits=None): return round(primal(self), ndigits)
    def __floor__(self): return HANDLERS["integer"]("floor", primal(self))
    def __ceil__(self): return HANDLERS["integer"]("ceil", primal(self))
    def __trunc__(self): return HANDLERS["integer"]("trunc", primal(self))

    def __array__(self, dtype=None, copy=None):
        if (self.ndim == 0 and (dtype is None or dtype == object)) or HANDLERS["opaque"](sys._getframe(), self):
            box = np.empty((), object)
            box[()] = self
            return box
        raise TypeError(
            f"a {type(self).__name__} cannot become a plain array of dtype {dtype or self.dtype}: its derivative would be lost. "
            "Use x.value for the value alone; to store into an array, make the array with dualad.numpy (zeros, empty, "
            "array, ...) inside the function that is differentiated, or collect the results in a list and numpy.stack it; "
            "functions that convert their arguments often work with intercept=True (dualad.intercept_numpy)")

    # -- NumPy's protocols

    def __array_function__(self, func, types, args, kwargs):
        cdef PyObject* rule = PyDict_GetItemWithError(FUNCTIONS, func)
        for t in types:
            if t is not NDARRAY and t is not <object>Py_TYPE(self) and not issubclass(t, (Number, NDARRAY)):
                return NotImplemented
        if rule == NULL:
            return HANDLERS["function"](func, types, args, kwargs)
        try:
            return pooled(<object>rule, args, kwargs) if is_large(self) else (<object>rule)(*args, **kwargs)
        except (ValueError, IndexError) as error:
            own = HANDLERS["error"](func, args, kwargs, error)
            if own is None:
                raise
            raise own from None

    def __array_namespace__(self, *, api_version=None):
        """The namespace whose functions keep derivatives, for libraries that follow the array API standard."""
        import dualad.numpy

        np.empty(0).__array_namespace__(api_version=api_version)  # an error if NumPy does not know the version

        return dualad.numpy

    # -- copying and printing

    def __copy__(self): return self.copy("K")
    def __deepcopy__(self, memo): return self.copy("K")

    def copy(self, order="C"):
        """A copy that shares no memory with this number."""
        order = order if order == "C" else HANDLERS["order"](order)
        if order == "C" or self.ndim < 2:
            return rewrap(self, component_view(self).copy())
        return rewrap(self, stack_components([c.copy(order) for c in component_view(self)]))

    def __reduce__(self):
        return wrap, (type(self), component_view(self), self.level, self.directions)

    def __repr__(self): return HANDLERS["repr"](self)
    def __str__(self): return HANDLERS["str"](self)
    def __format__(self, str spec): return HANDLERS["format"](self, spec)

    # -- further attributes of ndarray (no __getattr__: it would double the price of every method call)

    @property
    def mT(self):
        """The matrix, or stack of matrices, transposed (a view)."""
        return apply(np.swapaxes, (self, -1, -2), {})

    @property
    def real(self):
        """The real part of value and derivatives."""
        return part(self, REAL)

    @real.setter
    def real(self, value):
        set_part(self, np.real, value)

    @property
    def imag(self):
        """The imaginary part of value and derivatives."""
        return part(self, np.imag)

    @imag.setter
    def imag(self, value):
        if self.dtype.kind != "c":
            raise TypeError(f"a {type(self).__name__} of real numbers has no imaginary part to set: make it complex first")
        set_part(self, np.imag, value)

    @property
    def flat(self):
        """The elements in one row, to iterate over, to index and to assign to; each has its derivative."""
        return HANDLERS["flat"](self)

    @flat.setter
    def flat(self, values):
        HANDLERS["flat"](self)[:] = values

    @property
    def itemsize(self):
        """Bytes of one element of the value."""
        return self.dtype.itemsize

    @property
    def nbytes(self):
        """Bytes of the value."""
        return self.size * self.dtype.itemsize

    @property
    def strides(self):
        """Strides of the value."""
        return primal(self).strides

    @property
    def flags(self):
        """Memory layout of the value."""
        return primal(self).flags

    @property
    def device(self):
        """Where the array lies, as the array API standard has it."""
        return "cpu"

    @property
    def data(self):
        """Refused: a buffer of the value would lose the derivative."""
        raise TypeError(f"a buffer of a {type(self).__name__} would lose its derivative: use x.value.data")

    @property
    def ctypes(self):
        """Refused: a pointer to the value would lose the derivative."""
        raise TypeError(f"a pointer to a {type(self).__name__} would lose its derivative: use x.value.ctypes")

    def view(self, *args, **kwargs):
        """Refused: it would reinterpret the memory of value and derivatives."""
        raise TypeError(f"view() of a {type(self).__name__} would reinterpret value and derivatives: use astype, or "
                        "x.value.view(...) for the value alone")

    def getfield(self, *args, **kwargs):
        """Refused: it would drop the derivative."""
        raise TypeError(f"getfield() would drop the derivative of a {type(self).__name__}: use x.value.getfield(...)")

    def setfield(self, *args, **kwargs):
        """Refused: it would change the value behind the derivative's back."""
        raise TypeError(f"setfield() would change the value of a {type(self).__name__} and not its derivative: assign to "
                        "x[...]")

    def byteswap(self, *args, **kwargs):
        """Refused: it has no meaning for derivatives."""
        raise TypeError(f"byteswap() has no meaning for a {type(self).__name__}: use x.value.byteswap(...)")

    def tobytes(self, *args, **kwargs):
        """Refused: it would drop the derivative."""
        raise TypeError(f"tobytes() would drop the derivative of a {type(self).__name__}: use x.value.tobytes(), or pickle "
                        "the number")

    def tofile(self, *args, **kwargs):
        """Refused: it would drop the derivative."""
        raise TypeError(f"tofile() would drop the derivative of a {type(self).__name__}: use x.value.tofile(...), or "
                        "x.dump(file)")

    def resize(self, *args, **kwargs):
        """Refused: it would change memory that views share."""
        raise TypeError(f"resize() would change the memory of a {type(self).__name__} in place: use numpy.resize(x, shape)")

    def dump(self, file):
        """Pickle the number, with its derivative, to an open file or a path."""
        if hasattr(file, "write"):
            file.write(self.dumps())
        else:
            with open(file, "wb") as opened:
                opened.write(self.dumps())

    def dumps(self):
        """The number, with its derivative, as a pickle string."""
        return pickle.dumps(self)

    def setflags(self, write=None, align=None, uic=None):
        """Set flags of the memory of all components."""
        component_view(self).setflags(write=write, align=align, uic=uic)

    def to_device(self, device, /, *, stream=None):
        """The number itself: "cpu" is the only device, as the array API standard has it."""
        if device != "cpu" or stream is not None:
            raise ValueError(f"a {type(self).__name__} lives on device 'cpu', without streams; got {device!r}, {stream!r}")
        return self

    # ndarray methods that are a NumPy function of the array, with the same parameters

    def all(self, *args, **kwargs): return np.all(primal(self), *args, **kwargs)
    def any(self, *args, **kwargs): return np.any(primal(self), *args, **kwargs)
    def argmax(self, *args, **kwargs): return primal(self).argmax(*args, **kwargs)
    def argmin(self, *args, **kwargs): return primal(self).argmin(*args, **kwargs)
    def argpartition(self, *args, **kwargs): return primal(self).argpartition(*args, **kwargs)
    def argsort(self, *args, **kwargs): return primal(self).argsort(*args, **kwargs)
    def choose(self, *args, **kwargs): return primal(self).choose(*args, **kwargs)
    def nonzero(self): return primal(self).nonzero()
    def searchsorted(self, v, side="left", sorter=None): return np.searchsorted(primal(self), primal(v), side, sorter)
    def clip(self, min=None, max=None, out=None, **kwargs): return apply(np.clip, (self, min, max, out), kwargs)
    def compress(self, condition, axis=None, out=None): return apply(np.compress, (condition, self, axis, out), {})
    def conj(self): return np.conjugate(self) if self.dtype.kind == "c" else self
    def conjugate(self): return self.conj()
    def cumprod(self, *args, **kwargs): return apply(np.cumprod, (self, *args), kwargs)
    def cumsum(self, *args, **kwargs): return apply(np.cumsum, (self, *args), kwargs)
    def diagonal(self, *args, **kwargs): return apply(np.diagonal, (self, *args), kwargs)
    def dot(self, *args, **kwargs): return apply(np.dot, (self, *args), kwargs)
    def flatten(self, order="C"): return apply(np.ravel, (self, order), {}).copy()
    def max(self, *args, **kwargs): return apply(np.max, (self, *args), kwargs)
    def mean(self, *args, **kwargs): return apply(np.mean, (self, *args), kwargs)
    def min(self, *args, **kwargs): return apply(np.min, (self, *args), kwargs)
    def prod(self, *args, **kwargs): return apply(np.prod, (self, *args), kwargs)
    def repeat(self, *args, **kwargs): return apply(np.repeat, (self, *args), kwargs)
    def round(self, *args, **kwargs): return np.round(primal(self), *args, **kwargs)
    def squeeze(self, axis=None): return apply(np.squeeze, (self, axis), {})
    def std(self, *args, **kwargs): return apply(np.std, (self, *args), kwargs)
    def sum(self, *args, **kwargs): return apply(np.sum, (self, *args), kwargs)
    def swapaxes(self, axis1, axis2): return apply(np.swapaxes, (self, axis1, axis2), {})
    def take(self, *args, **kwargs): return apply(np.take, (self, *args), kwargs)
    def trace(self, *args, **kwargs): return apply(np.trace, (self, *args), kwargs)
    def var(self, *args, **kwargs): return apply(np.var, (self, *args), kwargs)

    def reshape(self, *shape, order="C", copy=None):
        """The elements in another shape; a view where NumPy gives one."""
        if not shape:
            raise TypeError("reshape() takes exactly 1 argument (0 given)")
        wanted = shape[0] if len(shape) == 1 else shape
        if self.kind != TRACER and order == "C" and copy is None:
            r = reshaped(self, wanted)
            if r is not None:
                return r
        return apply(np.reshape, (self, wanted, order), {} if copy is None else {"copy": copy})

    def ravel(self, order="C"):
        """The elements in one row; a view where NumPy gives one."""
        r = raveled(self) if order == "C" else None
        if r is not None:
            return r
        return apply(np.ravel, (self, order), {})

    def transpose(self, *axes):
        """The axes permuted (a view)."""
        axes = axes[0] if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))) else axes
        return apply(np.transpose, (self, axes or None), {})

    def item(self, *args):
        """One element, as a number that keeps its derivative."""
        if not args:
            if self.size != 1:
                raise ValueError("can only convert an array of size 1 to a Python scalar")
            return apply(np.reshape, (self, ()), {})[()]
        if len(args) == 1 and not isinstance(args[0], tuple):
            return apply(np.ravel, (self,), {})[args[0]]
        return self[args[0] if len(args) == 1 else args]

    def tolist(self):
        """Nested lists of numbers that keep their derivatives."""
        return self if self.ndim == 0 else [x.tolist() for x in self]

    def fill(self, value):
        """Set every element to a value, which may be a number with a derivative."""
        self[...] = value

    def sort(self, axis=-1, kind=None, order=None, *, stable=None, **descending):
        """Sort in place by value; the derivatives go with their values."""
        self[...] = apply(np.sort, (self, axis, kind, order), {"stable": stable, **descending})

    def partition(self, kth, axis=-1, kind="introselect", order=None):
        """Partition in place by value; the derivatives go with their values."""
        self[...] = apply(np.partition, (self, kth, axis, kind, order), {})

    def put(self, indices, values, mode="raise"):
        """Store values at flat indices."""
        apply(np.put, (self, indices, values, mode), {})

    def astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
        """The same numbers in another floating-point or complex width; as bool, whether the values are not 0."""
        dtype = np.dtype(dtype)
        if dtype == bool:
            return np.asarray(primal(self)).astype(bool, order, casting)
        if dtype == self.dtype and not copy:
            return self
        if dtype == object:
            return HANDLERS["objects"](self)
        if dtype.kind not in "fc" or (dtype.kind == "f" and self.dtype.kind == "c"):
            raise TypeError(f"astype({dtype.name!r}) would drop the derivative of a {type(self).__name__}: use "
                            f"x.value.astype({dtype.name!r}) for the value alone")
        if order != "K" and self.ndim > 1:
            return rewrap(self, stack_components([c.astype(dtype, order, casting) for c in component_view(self)]))
        return rewrap(self, component_view(self).astype(dtype, order, casting))


cdef object array_ufunc "array_ufunc"(object self, object args, object kwargs):
    """ufunc.method(*inputs, **kwargs); args is (ufunc, method, *inputs), kwargs None where there are none."""
    cdef int i
    cdef tuple t = <tuple>args
    ufunc = t[0]
    if kwargs is None and t[1] == "__call__":
        i = table_index(ufunc)
        if i >= 0:
            if i == POWER and isinstance(t[2], np.generic) and is_immutable(self) and is_operator(sys._getframe()):
                return power(t[2], t[3])
            r = compiled(&operations[i], ufunc, operations[i].nin, t[2], t[3] if operations[i].nin == 2 else None, False,
                         False)
            if r is not NotImplemented:
                return r
        elif ufunc is MATMUL:
            r = matrix_product(t[2], t[3])
            if r is not NotImplemented:
                return r
        elif ufunc in HANDLERS["plain"]:
            r = plain_ufunc(ufunc, t)
            if r is not NotImplemented:
                return r
    arguments = ufunc, t[1], t[2:], {} if kwargs is None else dict(kwargs)
    return pooled(HANDLERS["ufunc"], arguments, {}) if is_large(self) else HANDLERS["ufunc"](*arguments)


cdef object MATMUL = np.matmul


cdef object matrix_product(object x, object y):
    """x @ y of small arrays; NotImplemented for others."""
    r = quick_dot(x, y)
    return sums_of_products(x, y, HANDLERS["matmul"], MATMUL) if r is NotImplemented else r


cdef object plain_ufunc(object ufunc, tuple t):
    """A ufunc without derivatives, of the values; NotImplemented for operands that the rules in Python look at."""
    cdef double value
    cdef list values = []
    cdef Py_ssize_t i
    for i in range(2, len(t)):
        x = t[i]
        if isinstance(x, Number) and (<Number>x).kind != TRACER:
            x = primal(x)
            if isinstance(x, np.complexfloating) or (type(x) is NDARRAY and cnp.PyArray_ISCOMPLEX(<cnp.ndarray>x)):
                return NotImplemented
        elif type(x) is NDARRAY:
            if cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.NPY_OBJECT:
                return NotImplemented
        elif not PyFloat_Check(x) and not (PyLong_CheckExact(x) and small_integer(x, &value)):
            return NotImplemented
        values.append(x)
    return ufunc(*values)


cdef bint is_operator(object frame):
    """Whether the instruction that a frame executes is an operator, as in ``a**b``, and no call."""
    return frame.f_code.co_code[frame.f_lasti] == BINARY_OP


cdef int BINARY_OP = opcode.opmap["BINARY_OP"]

install_array_ufunc(Number)

cdef object FLOAT64 = np.dtype(np.float64)


def iterate(Number x not None):
    cdef Py_ssize_t i
    for i in range(len(x)):
        yield get_item(x, i)


def load_rules(dict handlers, dict functions):
    """Called once by dualad.rules: how NumPy functions act."""
    HANDLERS.update(handlers)
    FUNCTIONS.update(functions)


cdef int POSITIVE = 0, ABSOLUTE = 0, POWER = 0, SQRT = 0
bind_table()
cdef const Pair* PAIRS_1_1 = product_table(1, 1)
cdef const Pair* PAIRS_1 = product_table(1, SYMMETRIC)
for _i in range(function_count):
    if function_table[_i].name == b"positive":
        POSITIVE = _i
    elif function_table[_i].name == b"absolute":
        ABSOLUTE = _i
    elif function_table[_i].name == b"power":
        POWER = _i
    elif function_table[_i].name == b"sqrt":
        SQRT = _i


include "parts.pxi"
include "products.pxi"


# ---- short vectors ------------------------------------------------------------------------------------------------

cdef object ADD_REDUCE = np.add.reduce


cdef double total(const double* x, Py_ssize_t n) noexcept nogil:
    """The sum of a row, in blocks so that rounding errors do not pile up."""
    cdef double block, result = 0
    cdef Py_ssize_t i = 0, end
    while i < n:
        end = min(i + 256, n)
        block = 0
        while i < end:
            block += x[i]
            i += 1
        result += block
    return result


def quick_sum(Number x not None):
    """numpy.sum(x) of float64 components in one row; NotImplemented for anything else."""
    cdef cnp.ndarray a
    cdef Number r
    cdef Py_ssize_t n, k
    if type(x.data) is not NDARRAY or x.kind == TRACER or x.ncomp > INLINE:
        return NotImplemented
    a = <cnp.ndarray>x.data
    if cnp.PyArray_TYPE(a) != cnp.NPY_DOUBLE or not cnp.PyArray_ISCARRAY_RO(a) or cnp.PyArray_NDIM(a) < 2:
        return NotImplemented
    n = cnp.PyArray_SIZE(a) // x.ncomp
    r = like(x)
    r.ncomp = x.ncomp
    r.c[0] = ADD_REDUCE(component(a, 0), None)
    for k in range(1, x.ncomp):
        r.c[k] = total(<double*>cnp.PyArray_DATA(a) + k * n, n)
    return r


def quick_dot(x, y):
    """numpy.dot(x, y) of two float64 vectors by NumPy's own loop; NotImplemented for anything else."""
    cdef Argument a[2]
    cdef Operand operands[2]
    cdef Number r
    cdef Py_ssize_t n
    cdef int i, k
    cdef double term
    a[0].operand = &operands[0]
    a[1].operand = &operands[1]
    if not load(x, &a[0]) or not load(y, &a[1]) or not agree(x, y) or a[0].width or a[1].width:
        return NotImplemented
    if a[0].ndim != 1 or a[1].ndim != 1 or a[0].shape[0] != a[1].shape[0]:
        return NotImplemented
    if a[0].strides[0] <= 0 or a[1].strides[0] <= 0:  # NumPy copies such a vector first, and then sums in another order
        return NotImplemented
    model = leading(x, y)
    if model.kind > MULTIDUAL or max(operands[0].ncomp, operands[1].ncomp) > INLINE:
        return NotImplemented
    n = a[0].shape[0]
    r = like(model)
    r.ncomp = max(operands[0].ncomp, operands[1].ncomp)
    for i in range(2):
        for k in range(operands[i].ncomp) if i == 0 else range(1, operands[i].ncomp):
            double_dot(operands[i].data + k * operands[i].component, a[i].strides[0], operands[1 - i].data,
                       a[1 - i].strides[0], &term, n)
            r.c[k] += term
            if not isfinite(term):
                return NotImplemented
    return r


def quick_concatenate(arrays, Py_ssize_t axis, bint stacked):
    """numpy.concatenate, or numpy.stack, of numbers that are alike and plain arrays; NotImplemented for anything else.

    The components of all are float64 arrays in C order, so that rows of memory are copied.
    """
    cdef Number first = None
    cdef cnp.ndarray model = None, a
    cdef Py_ssize_t shape[65]
    cdef Py_ssize_t outer = 1, inner = 1
    cdef int d, ndim
    if type(arrays) is not list and type(arrays) is not tuple:
        return NotImplemented
    for item in arrays:
        if isinstance(item, Number) and (first is None or (<Number>item).ncomp > first.ncomp):
            first = <Number>item
    if first is None or type(first.data) is not NDARRAY or first.kind == TRACER:
        return NotImplemented
    model = <cnp.ndarray>first.data
    ndim = cnp.PyArray_NDIM(model) - 1
    axis += ndim + stacked if axis < 0 else 0
    if ndim < 1 or ndim > 60 or axis < 0 or axis >= ndim + stacked:
        return NotImplemented
    for d in range(ndim):
        shape[d + 1 + (stacked and d >= axis)] = cnp.PyArray_DIM(model, d + 1)
        outer *= cnp.PyArray_DIM(model, d + 1) if d < axis else 1
        inner *= cnp.PyArray_DIM(model, d + 1) if d > axis - stacked else 1
    shape[0], shape[axis + 1] = first.ncomp, 0
    for item in arrays:
        if not is_alike(item, first, axis, stacked):
            return NotImplemented
        a = <cnp.ndarray>((<Number>item).data if isinstance(item, Number) else item)
        shape[axis + 1] += 1 if stacked else cnp.PyArray_DIM(a, axis + isinstance(item, Number))
    a = allocate(ndim + 1 + stacked, shape, NULL, cnp.NPY_DOUBLE)
    copy_rows(arrays, a, first.ncomp, outer, shape[axis + 1] * inner)
    return number_like(first, a, first.ncomp)


cdef bint in_c_order(cnp.ndarray a, int first):
    """Whether the axes from `first` on walk through doubles in C order without gaps."""
    cdef Py_ssize_t expected = sizeof(double), stride
    cdef int d
    for d in range(cnp.PyArray_NDIM(a) - 1, first - 1, -1):
        stride = cnp.PyArray_STRIDE(a, d)
        if stride < 0 or (stride != expected and cnp.PyArray_DIM(a, d) != 1):
            return False
        expected *= cnp.PyArray_DIM(a, d)
    return True


cdef bint is_alike(object item, Number first, Py_ssize_t axis, bint stacked):
    """Whether the shape of an array fits that of `first`, and its memory and type too."""
    cdef cnp.ndarray a, model = <cnp.ndarray>first.data
    cdef Number x
    cdef int d, lead = 0
    if isinstance(item, Number):
        x = <Number>item
        if (type(x) is not type(first) or type(x.data) is not NDARRAY or x.level != first.level or x.single != first.single
                or not same_directions(x, first) or (x.ncomp != first.ncomp and x.ncomp != 1)):
            return False
        a = <cnp.ndarray>x.data
        lead = 1
    elif type(item) is NDARRAY:
        a = <cnp.ndarray>item
    else:
        return False
    if cnp.PyArray_TYPE(a) != cnp.NPY_DOUBLE or not cnp.PyArray_ISBEHAVED_RO(a) or not in_c_order(a, lead):
        return False
    if cnp.PyArray_NDIM(a) - lead != cnp.PyArray_NDIM(model) - 1:
        return False
    for d in range(cnp.PyArray_NDIM(model) - 1):
        if cnp.PyArray_DIM(a, d + lead) != cnp.PyArray_DIM(model, d + 1) and (stacked or d != axis):
            return False
    return True


cdef object copy_rows(object arrays, cnp.ndarray result, int ncomp, Py_ssize_t outer, Py_ssize_t width):
    """Rows of the arrays one after the other into the rows, `width` long, of each component of the result."""
    cdef char* target = cnp.PyArray_BYTES(result)
    cdef char* source
    cdef Py_ssize_t row, size, apart, total = outer * width * <Py_ssize_t>sizeof(double)
    cdef int k, has
    cdef cnp.ndarray a
    for item in arrays:
        has = (<Number>item).ncomp if isinstance(item, Number) else 1
        a = <cnp.ndarray>((<Number>item).data if isinstance(item, Number) else item)
        size = cnp.PyArray_NBYTES(a) // max(has * outer, 1)
        apart = cnp.PyArray_STRIDE(a, 0) if isinstance(item, Number) else 0
        for k in range(ncomp):
            source = cnp.PyArray_BYTES(a) + k * apart if k < has else NULL
            for row in range(outer):
                if k < has:
                    memcpy(target + k * total + row * width * <Py_ssize_t>sizeof(double), source, size)
                    source += size
                else:
                    memset(target + k * total + row * width * <Py_ssize_t>sizeof(double), 0, size)
        target += size
    return None


def quick_vector(items):
    """The vector of a list or tuple of scalars, floats and numbers that are alike; NotImplemented for anything else."""
    cdef Number first = None, x, r
    cdef Py_ssize_t shape[2]
    cdef Py_ssize_t i
    cdef int k
    shape[0], shape[1] = 1, len(items)
    for item in items:
        if isinstance(item, Number):
            x = <Number>item
            if first is None:
                first = x
            if (x.data is not None or x.kind == TRACER or type(x) is not type(first) or x.level != first.level
                    or x.single != first.single or not same_directions(x, first)):
                return NotImplemented
            shape[0] = max(shape[0], x.ncomp)
        elif not PyFloat_Check(item):
            return NotImplemented
    if shape[1] == 0:
        return NotImplemented
    cdef int ndim = 1 if first is None else 2
    cdef cnp.ndarray data = allocate(ndim, shape + 2 - ndim, NULL, cnp.NPY_DOUBLE)
    cdef double* c = <double*>cnp.PyArray_DATA(data)
    for i, item in enumerate(items):
        if isinstance(item, Number):
            x = <Number>item
            for k in range(<int>shape[0]):
                c[k * shape[1] + i] = x.c[k]
        else:
            c[i] = PyFloat_AS_DOUBLE(item)
            for k in range(1, <int>shape[0]):
                c[k * shape[1] + i] = 0
    return data if first is None else number_like(first, data, <int>shape[0])


# ---- seeds of the transforms --------------------------------------------------------------------------------------

def seed_tangent(type cls, x, t, long long level):
    """A number of value x and tangent t, both of one shape."""
    cdef Number r
    if PyFloat_CheckExact(x) and PyFloat_CheckExact(t):
        r = <Number>number_new(<PyTypeObject*>cls)
        r.kind = DUAL_KIND
        r.level = level
        r.ndir = 1
        r.ncomp = 2
        r.c[0] = PyFloat_AS_DOUBLE(x)
        r.c[1] = PyFloat_AS_DOUBLE(t)
        return r
    if isinstance(x, Number) or isinstance(t, Number):
        return wrap(cls, np.stack([x, t]), level, 1)
    if is_plain_vector(x) and is_plain_vector(t) and x.dtype is t.dtype:
        return seed_plain(cls, <cnp.ndarray>x, <cnp.ndarray>t, level)
    x = np.asarray(x)
    data = components_like(2, x, np.result_type(x, t) if np.iscomplexobj(t) else x.dtype)
    data[0] = x
    data[1] = t
    return wrap(cls, data, level, 1)


cdef bint is_plain_vector(object x):
    return (type(x) is NDARRAY and cnp.PyArray_TYPE(<cnp.ndarray>x) == cnp.NPY_DOUBLE
            and cnp.PyArray_ISCARRAY_RO(<cnp.ndarray>x) and 0 < cnp.PyArray_NDIM(<cnp.ndarray>x) < 32
            and not has_negative_stride(x))


cdef cnp.ndarray components_for(cnp.ndarray x, Py_ssize_t ncomp):
    """Uninitialised doubles of shape (ncomp,) + x.shape."""
    cdef Py_ssize_t shape[33]
    cdef int d, ndim = cnp.PyArray_NDIM(x)
    shape[0] = ncomp
    for d in range(ndim):
        shape[d + 1] = cnp.PyArray_DIM(x, d)
    return allocate(ndim + 1, shape, NULL, cnp.NPY_DOUBLE)


cdef object seed_plain(type cls, cnp.ndarray x, cnp.ndarray t, long long level):
    """Both components copied straight: the price of a small jvp is that of its Python objects."""
    cdef Number r = <Number>number_new(<PyTypeObject*>cls)
    cdef size_t n = cnp.PyArray_NBYTES(x)
    cdef cnp.ndarray data = components_for(x, 2)
    memcpy(cnp.PyArray_DATA(data), cnp.PyArray_DATA(x), n)
    memcpy(cnp.PyArray_BYTES(data) + n, cnp.PyArray_DATA(t), n)
    r.kind, r.level, r.ndir, r.ncomp, r.data = DUAL_KIND, level, 1, 2, data
    return r


def dual_parts(y, long long level):
    """Value and tangent of a `Dual` of this level; NotImplemented for anything else."""
    cdef Number n
    if not isinstance(y, Number):
        return NotImplemented
    n = <Number>y
    if n.level != level or n.kind != DUAL_KIND or n.ncomp != 2:
        return NotImplemented
    if n.data is None:
        return np.float64(n.c[0]), np.float64(n.c[1])
    if type(n.data) is not NDARRAY or cnp.PyArray_NDIM(<cnp.ndarray>n.data) == 1:
        return n.data[0], n.data[1]
    return component(<cnp.ndarray>n.data, 0), component(<cnp.ndarray>n.data, 1)


def seed_directions(type cls, x, Py_ssize_t first, Py_ssize_t count, long long level):
    """A number of value x whose tangents are the unit directions first, ..., first + count - 1 of x's elements."""
    if is_plain_vector(x) and (1 + count) * cnp.PyArray_NBYTES(<cnp.ndarray>x) < POOLED:
        return seed_small(cls, <cnp.ndarray>x, first, count, level)
    shape = np.shape(x)
    cdef Py_ssize_t size = 1
    for n in shape:
        size *= n
    if isinstance(x, Number):
        data = empty_components((1 + count,) + shape, x.dtype, zero=True)
    else:
        x = np.asarray(x)
        data = components_like(1 + count, x, x.dtype, zero=True)
    cdef Py_ssize_t low = max(first, 0), high = min(first + count, size)
    if high > low:
        rows, places = np.arange(low - first + 1, high - first + 1), np.arange(low, high)
        if data.flags.c_contiguous:
            data.reshape(1 + count, size)[rows, places] = 1
        else:
            data[(rows, *np.unravel_index(places, shape))] = 1
    if isinstance(x, Number):
        return wrap(cls, np.concatenate([x[None] if np.ndim(x) else np.reshape(x, (1,)), data[1:]]), level, <int>count)
    data[0] = x
    return wrap(cls, data, level, <int>count)


cdef object seed_small(type cls, cnp.ndarray x, Py_ssize_t first, Py_ssize_t count, long long level):
    """The same where the price is that of the Python objects."""
    cdef Number r = <Number>number_new(<PyTypeObject*>cls)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x), i
    cdef cnp.ndarray data = components_for(x, 1 + count)
    cdef double* c = <double*>cnp.PyArray_DATA(data)
    memcpy(c, cnp.PyArray_DATA(x), n * sizeof(double))
    memset(c + n, 0, count * n * sizeof(double))
    for i in range(max(first, 0), min(first + count, n)):
        c[(1 + i - first) * n + i] = 1
    set_directions(r, cls._kind, count)
    r.level, r.ncomp, r.data = level, 1 + <int>count, data
    return r


cdef int DUAL_KIND = DUAL
