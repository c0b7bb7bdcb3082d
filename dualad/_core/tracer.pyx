# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, c_api_binop_methods=True, auto_pickle=False
"""Arrays that know which inputs each of their elements depends on.

A ``Tracer`` holds its value and a sparsity pattern: a boolean matrix with a row for each element and a column for each
input. The pattern is kept as a union of *terms*, and none is computed before it is needed. A term is an array of
integers of the value's shape that names, for each element, a row of a table of rows, or -1 for an empty row. The
inputs themselves are the table whose row r is column r alone::

    x                   [0 1 2 3]
    x[1:] - x[:-1]      [1 2 3] and [0 1 2]
    x - x.mean()        [0 1 2 3] and [0 0 0 0] of a table with the one row {0, 1, 2, 3}

Indexing and all that moves elements does the same to the integers; elementwise functions join the lists of terms;
only reductions, and lists that have grown long, go through the rows themselves (csrc/pattern.c). Arrays of integers
are shared between tracers and copied before they are written to.
"""
cimport cython
cimport numpy as cnp
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc
from libc.math cimport INFINITY as inf
from dualad._core.number cimport Number, TRACER
from dualad._core.number import primal, weigh

import sys
import numpy as np

cnp.import_array()

cdef extern from "pattern.h":
    ctypedef struct PatternTerm:
        const int32_t* rows
        const int64_t* indptr
        const int32_t* indices
        const int64_t* start
        const int32_t* members
        int64_t count
    int pattern_union(int64_t, int64_t, int, const PatternTerm*, int64_t*, int32_t**) nogil
    void pattern_columns(int64_t, int64_t, const int64_t*, const int32_t*, int64_t*, int32_t*) nogil
    int32_t pattern_stencil(int32_t, int32_t, int, const int32_t* const*, int32_t*, int32_t*) nogil
    int64_t pattern_places(int64_t, int64_t, const int32_t*, int64_t*, int32_t*) nogil

@cython.final
cdef class TooDense(Exception):
    """A run that is to find sparsity, if there is, would take long: it has too many entries, or loops over elements."""


cdef enum:
    MOST_PIECES = 300                  # small arrays, or as many as inputs, beyond which a look for sparsity is given up
    PIECE = 16                         # inputs for each element of what is not small
    FEW_TERMS = 16                     # more terms than these are merged into one
    SMALL = 64                         # elements up to which integers are copied rather than shared

cdef dict HANDLERS = {}                # "ufunc", "function", ...: entry points of dualad.sparse


def load_handlers(dict handlers):
    """Called once by dualad.sparse: how NumPy functions act on tracers."""
    HANDLERS.update(handlers)


# ---- patterns -----------------------------------------------------------------------------------------------------

@cython.final
cdef class Table:
    """Rows of a pattern in CSR form, computed when they are first asked for."""
    cdef object make
    cdef object arrays

    def __init__(self, make):
        self.make = make

    def csr(self):
        """(indptr, indices) as int64 and int32 arrays."""
        if self.arrays is None:
            self.arrays = self.make()
            self.make = None
        return self.arrays


@cython.final
cdef class Trace:
    """One run of a function on tracers: what it asks for and what was noticed on the way."""
    cdef readonly Py_ssize_t ncols     # inputs
    cdef readonly long long level      # of the transform, as every number has it
    cdef readonly bint local           # follow the branches taken at x
    cdef readonly bint second          # record which inputs interact
    cdef readonly double most          # entries in a row, on average, beyond which the run is given up
    cdef readonly object partials      # the rows that terms with weights may have; None for patterns alone
    cdef Py_ssize_t pieces             # arrays of a small part of the inputs that were made
    cdef public bint followed          # whether the function asked for a value
    cdef public bint given_up          # whether something was met that the run cannot do

    def __init__(self, Py_ssize_t ncols, long long level, bint local=False, bint second=False, partials=None,
                 double most=float("inf")):
        if ncols >= 2**31:
            raise ValueError(f"x has {ncols} elements; at most {2**31 - 1} can be traced")
        self.ncols, self.level, self.local, self.second, self.partials = ncols, level, local, second, partials
        self.most = most
        self.followed = False


@cython.final
@cython.no_gc
cdef class History:
    """Which terms interacted on the way to an array: those of its own last operation, and its operands' histories."""
    cdef readonly tuple parents
    cdef readonly tuple pairs

    def __init__(self, tuple parents, tuple pairs):
        self.parents, self.pairs = parents, pairs


cdef cnp.ndarray flat_int32(object rows):
    return np.ascontiguousarray(rows, np.int32).reshape(-1)


def union(Py_ssize_t nrows, Py_ssize_t ncols, list pieces):
    """Pattern (indptr, indices) whose rows are unions of what the pieces contribute.

    A piece is (rows, table, start, members, count): row i takes the elements at positions start[i] to start[i + 1] of
    `members`, or `count` of them from i*count on where start is None; members None stands for the elements in order.
    """
    cdef Py_ssize_t k, n = len(pieces)
    cdef PatternTerm* terms = <PatternTerm*>malloc((n + 1) * sizeof(PatternTerm))
    cdef int32_t* indices = NULL
    cdef cnp.ndarray indptr = np.empty(nrows + 1, np.int64)
    cdef cnp.ndarray a
    cdef int64_t* p = <int64_t*>cnp.PyArray_DATA(indptr)
    cdef int status
    held = []
    if terms == NULL:
        raise MemoryError
    try:
        for k, (rows, table, start, members, count) in enumerate(pieces):
            a = flat_int32(rows)
            held.append(a)
            terms[k].rows = <int32_t*>cnp.PyArray_DATA(a)
            terms[k].indptr = NULL
            terms[k].indices = NULL
            if table is not None:
                arrays = (<Table>table).csr()
                held.append(arrays)
                terms[k].indptr = <int64_t*>cnp.PyArray_DATA(<cnp.ndarray>arrays[0])
                terms[k].indices = <int32_t*>cnp.PyArray_DATA(<cnp.ndarray>arrays[1])
            terms[k].count = count
            terms[k].start = NULL
            if start is not None:
                a = np.ascontiguousarray(start, np.int64)
                held.append(a)
                terms[k].start = <int64_t*>cnp.PyArray_DATA(a)
            terms[k].members = NULL
            if members is not None:
                a = flat_int32(members)
                held.append(a)
                terms[k].members = <int32_t*>cnp.PyArray_DATA(a)
        with nogil:
            status = pattern_union(nrows, ncols, <int>n, terms, p, &indices)
        if status:
            raise MemoryError("the sparsity pattern does not fit into memory")
    finally:
        free(terms)
    return indptr, owned_array(indices, p[nrows])


cdef object owned_array(int32_t* data, cnp.npy_intp n):
    """An array that frees the memory that it is given."""
    cdef cnp.ndarray a = cnp.PyArray_SimpleNewFromData(1, &n, cnp.NPY_INT32, data)
    cnp.set_array_base(a, PyCapsule_New(data, NULL, free_capsule))
    return a


cdef void free_capsule(object capsule) noexcept:
    free(PyCapsule_GetPointer(capsule, NULL))


def transpose(Py_ssize_t ncols, cnp.ndarray indptr, cnp.ndarray indices):
    """The transpose of a pattern with so many columns, as (indptr, indices)."""
    cdef cnp.ndarray tptr = np.empty(ncols + 1, np.int64)
    cdef cnp.ndarray tindices = np.empty(len(indices), np.int32)
    cdef int64_t* p = <int64_t*>cnp.PyArray_DATA(indptr)
    cdef int32_t* q = <int32_t*>cnp.PyArray_DATA(indices)
    cdef int64_t* tp = <int64_t*>cnp.PyArray_DATA(tptr)
    cdef int32_t* tq = <int32_t*>cnp.PyArray_DATA(tindices)
    cdef Py_ssize_t nrows = len(indptr) - 1
    with nogil:
        pattern_columns(nrows, ncols, p, q, tp, tq)
    return tptr, tindices


def stencil_columns(Py_ssize_t nrows, Py_ssize_t ncols, terms):
    """The transpose of the union of terms as (indptr, indices) of 32 bits; None unless all are of single inputs."""
    cdef const int32_t* rows[FEW_TERMS]
    cdef cnp.ndarray a, tptr
    cdef int32_t* q
    cdef int32_t* tq
    cdef int32_t found
    cdef int k, n = <int>len(terms)
    if n > FEW_TERMS or nrows * max(n, 1) >= 2**31 or any([table is not None for table, _ in terms]):
        return None
    held = [flat_int32(r) for _, r in terms]
    for k in range(n):
        a = held[k]
        rows[k] = <int32_t*>cnp.PyArray_DATA(a)
    tptr = np.empty(ncols + 1, np.int32)
    q = <int32_t*>cnp.PyArray_DATA(tptr)
    tq = <int32_t*>malloc((nrows * n + 1) * sizeof(int32_t))
    if tq == NULL:
        raise MemoryError("the sparsity pattern does not fit into memory")
    with nogil:
        found = pattern_stencil(<int32_t>nrows, <int32_t>ncols, n, rows, q, tq)
    return tptr, owned_array(tq, found)


def invert(Py_ssize_t ncols, object rows):
    """The transpose of the pattern with column rows[i] alone in row i, none where it is -1."""
    cdef cnp.ndarray a = flat_int32(rows)
    cdef cnp.ndarray tptr = np.empty(ncols + 1, np.int64)
    cdef cnp.ndarray tindices = np.empty(len(a), np.int32)
    cdef int32_t* q = <int32_t*>cnp.PyArray_DATA(a)
    cdef int64_t* tp = <int64_t*>cnp.PyArray_DATA(tptr)
    cdef int32_t* tq = <int32_t*>cnp.PyArray_DATA(tindices)
    cdef int64_t found
    cdef Py_ssize_t nrows = len(a)
    with nogil:
        found = pattern_places(nrows, ncols, q, tp, tq)
    return tptr, tindices[:found]


# ---- lists of terms -----------------------------------------------------------------------------------------------
# A term is a tuple (table, rows), the table None for the inputs themselves.

cdef bint same_rows(cnp.ndarray a, cnp.ndarray b):
    """Whether two arrays of one shape are the same elements in memory; of one element, also equal ones."""
    cdef int d
    if cnp.PyArray_SIZE(a) == 1:
        return (<int32_t*>cnp.PyArray_DATA(a))[0] == (<int32_t*>cnp.PyArray_DATA(b))[0]
    if cnp.PyArray_DATA(a) != cnp.PyArray_DATA(b):
        return False
    for d in range(cnp.PyArray_NDIM(a)):
        if cnp.PyArray_STRIDE(a, d) != cnp.PyArray_STRIDE(b, d) and cnp.PyArray_DIM(a, d) > 1:
            return False
    return True


cdef bint contains(list terms, tuple term):
    for t in terms:
        if (<tuple>t)[0] is term[0] and same_rows((<tuple>t)[1], term[1]):
            return True
    return False


def join_terms(Trace trace, tuple shape, *lists):
    """The terms of an elementwise function of arrays with these lists of terms."""
    cdef list found = []
    for terms in lists:
        for term in terms:
            if (<object>term[1]).shape != shape:
                term = (term[0], np.broadcast_to(term[1], shape))
            if not contains(found, term):
                found.append(term)
    if len(found) > FEW_TERMS:
        found = merge_terms(trace, shape, found)
    return tuple(found)


cdef tuple varied_axes(cnp.ndarray rows):
    """Along which axes a term is not constant."""
    return tuple([cnp.PyArray_STRIDE(rows, d) != 0 or cnp.PyArray_DIM(rows, d) == 1
                  for d in range(cnp.PyArray_NDIM(rows))])


cdef list merge_terms(Trace trace, tuple shape, list terms):
    """One term in place of all that vary along the same axes."""
    groups = {}
    for term in terms:
        groups.setdefault(varied_axes(term[1]), []).append(term)
    merged = []
    for axes, group in groups.items():
        if len(group) == 1:
            merged += group
            continue
        key = tuple([slice(None) if varies else slice(0, 1) for varies in axes])
        small = [(rows[key], table, None, None, 1) for table, rows in group]
        merged.append(table_term(trace, small[0][0].shape, small, shape))
    return merged


cdef tuple table_term(Trace trace, tuple small, list pieces, tuple shape):
    cdef Py_ssize_t n = 1
    for m in small:
        n *= m
    table = Table(None)
    table.arrays = union(n, trace.ncols, pieces)
    return table, np.broadcast_to(np.arange(n, dtype=np.int32).reshape(small), shape)


# ---- the type -----------------------------------------------------------------------------------------------------

cdef tuple unshared(tuple terms):
    """Small terms are copied, so that whoever holds them does not keep others from being written in place."""
    return tuple([(t, rows.copy()) for t, rows in terms])


@cython.final
@cython.no_gc
cdef class Tracer(Number):
    """Array that knows which inputs each of its elements depends on. Made by `dualad.jacobian_sparsity`."""
    cdef object array                  # the value, always an ndarray
    cdef readonly Trace run
    cdef tuple own                     # the terms; of a view, as they were at `version` of its root
    cdef list owned                    # for each of them whether nobody else holds its integers
    cdef readonly Tracer root          # of a view: the array it looks into
    cdef readonly tuple chain          # of a view: the functions that lead there from the root
    cdef long version                  # how often the array was written to
    cdef object past                   # History, or None

    # -- what it is made of

    @property
    def value(self):
        """The value, as an array that remembers to be traced: asking it for a number follows x."""
        return self.array if isinstance(self.array, Number) else observe(self.run, self.array)

    @property
    def terms(self):
        """The pattern as a tuple of terms."""
        cdef Tracer root = self.root
        if root is None:
            if self.run.partials is not None:
                return self.own
            if self.array.size <= SMALL:
                return unshared(self.own)
            for k in range(len(self.owned)):
                self.owned[k] = False
            return self.own
        if self.own is None or self.version != root.version:
            small = self.run.partials is None and self.array.size <= SMALL
            terms = root.own if small else root.terms
            for function in self.chain:
                terms = tuple([(t, function(rows)) for t, rows in terms])
            self.own = unshared(terms) if small else terms
            self.version = root.version
        return self.own

    @property
    def history(self):
        """What interacted on the way to this array."""
        return self.past if self.root is None else self.root.past

    @property
    def components(self):
        """Refused: a tracer has no components."""
        HANDLERS["refuse_components"](sys._getframe())

    @property
    def shape(self):
        """Shape of the value."""
        return self.array.shape

    @shape.setter
    def shape(self, shape):
        raise TypeError("the shape of a Tracer cannot be set in place: use x.reshape(shape)")

    @property
    def ndim(self):
        """Number of dimensions of the value."""
        return self.array.ndim

    @property
    def size(self):
        """Number of elements of the value."""
        return self.array.size

    @property
    def dtype(self):
        """dtype of the value."""
        return self.array.dtype

    # -- operators

    def __add__(x, y): return operate(np.add, x, y)
    def __sub__(x, y): return operate(np.subtract, x, y)
    def __mul__(x, y): return operate(np.multiply, x, y)
    def __truediv__(x, y): return operate(np.divide, x, y)
    def __mod__(x, y): return operate(np.remainder, x, y)
    def __floordiv__(x, y): return operate(np.floor_divide, x, y)
    def __divmod__(x, y): return operate(np.divmod, x, y)
    def __matmul__(x, y): return operate(np.matmul, x, y)
    def __neg__(self): return apply(np.negative, (self,))
    def __pos__(self): return apply(np.positive, (self,))
    def __abs__(self): return apply(np.absolute, (self,))

    def __pow__(x, y, z):
        if z is not None:
            raise TypeError("pow() with a modulus is not defined for a Tracer")
        if isinstance(x, Tracer) and type(y) in (int, float):
            fast = FAST_POWERS.get(y)
            if fast is not None:
                return apply(fast, (x,))
        return operate(np.power, x, y)

    def __iadd__(self, y): return operate_in_place(np.add, self, y)
    def __isub__(self, y): return operate_in_place(np.subtract, self, y)
    def __imul__(self, y): return operate_in_place(np.multiply, self, y)
    def __itruediv__(self, y): return operate_in_place(np.divide, self, y)
    def __ipow__(self, y, z): return operate_in_place(np.power, self, y)
    def __imod__(self, y): return operate_in_place(np.remainder, self, y)
    def __imatmul__(self, y): return operate_in_place(np.matmul, self, y)

    def __ifloordiv__(self, y):
        if self.ndim == 0 or not is_operand(y):
            return NotImplemented
        self[...] = self // y
        return self

    def __richcmp__(self, other, int op):
        if not is_operand(other):
            return NotImplemented
        return operate(COMPARISONS[op], self, other)

    def __bool__(self):
        result = bool(self.array)
        self.run.followed = True
        return result

    def __hash__(self): return object.__hash__(self)

    # -- container

    def __len__(self): return len(self.array)

    def __getitem__(self, key): return HANDLERS["getitem"](self, key)

    def __setitem__(self, key, value): HANDLERS["setitem"](self, key, value)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return iter([self[i] for i in range(len(self.array))])

    def __contains__(self, item): return bool((self == item).any())

    def __round__(self, ndigits=None):
        self.run.followed = True
        return round(self.array[()], ndigits)

    def __floor__(self): return self.value.__floor__()
    def __ceil__(self): return self.value.__ceil__()
    def __trunc__(self): return self.value.__trunc__()

    def __array__(self, dtype=None, copy=None):
        # scipy.sparse takes an array without dimensions for "not mine", and leaves A @ x to x
        if dtype is None and sys._getframe().f_globals.get("__name__", "").startswith("scipy.sparse"):
            box = np.empty((), object)
            box[()] = self
            return box
        return Number.__array__(self, dtype, copy)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method == "__call__" and not kwargs:
            return apply(ufunc, inputs)
        return HANDLERS["ufunc"](ufunc, method, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        return HANDLERS["function"](func, types, args, kwargs)

    # -- copying and printing

    def copy(self, order="C"):
        """A copy that shares no memory with this array."""
        return like(self, self.array.copy(order), self.terms, self.history)

    def __copy__(self): return self.copy("K")
    def __deepcopy__(self, memo): return self.copy("K")
    def __reduce__(self): raise TypeError("a Tracer cannot be pickled: it belongs to the run of one function")
    def __repr__(self): return f"Tracer({np.array2string(self.array, separator=', ', prefix='Tracer(')})"
    def __str__(self): return str(self.array)
    def __format__(self, spec): return format(self.array, spec)

    # -- methods of ndarray that the other number types carry out on the value

    @property
    def real(self):
        """The real part."""
        return np.real(self)

    @real.setter
    def real(self, value):
        np.real(self)[...] = value

    @property
    def imag(self):
        """The imaginary part."""
        return np.imag(self)

    @imag.setter
    def imag(self, value):
        if self.dtype.kind != "c":
            raise TypeError("a Tracer of real numbers has no imaginary part to set: make it complex first")
        np.imag(self)[...] = value

    def setflags(self, write=None, align=None, uic=None):
        """Set flags of the memory of the value."""
        self.array.setflags(write=write, align=align, uic=uic)

    def all(self, *args, **kwargs): return self.value.all(*args, **kwargs)
    def any(self, *args, **kwargs): return self.value.any(*args, **kwargs)
    def argmax(self, *args, **kwargs): return self.value.argmax(*args, **kwargs)
    def argmin(self, *args, **kwargs): return self.value.argmin(*args, **kwargs)
    def argpartition(self, *args, **kwargs): return self.value.argpartition(*args, **kwargs)
    def argsort(self, *args, **kwargs): return self.value.argsort(*args, **kwargs)
    def choose(self, *args, **kwargs): return np.choose(self.value, *args, **kwargs)
    def compress(self, condition, axis=None, out=None): return np.compress(condition, self, axis, out)
    def nonzero(self): return self.value.nonzero()
    def round(self, *args, **kwargs): return self.value.round(*args, **kwargs)
    def searchsorted(self, v, side="left", sorter=None): return np.searchsorted(self, v, side, sorter)

    def astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
        """The same numbers in another floating-point or complex width."""
        dtype = np.dtype(dtype)
        if dtype == self.dtype and not copy:
            return self
        if dtype.kind not in "fc" or (dtype.kind == "f" and self.dtype.kind == "c"):
            return Number.astype(self, dtype, order, casting, subok, copy)
        return like(self, self.array.astype(dtype, order, casting), self.terms, self.history)


# the exponents for which ndarray.__pow__ calls another ufunc
cdef dict FAST_POWERS = {2.0: np.square, 0.5: np.sqrt, 1.0: np.positive, -1.0: np.reciprocal}
cdef tuple COMPARISONS = (np.less, np.less_equal, np.equal, np.not_equal, np.greater, np.greater_equal)


cdef object observe(Trace trace, object array):
    return HANDLERS["observe"](trace, array)


cdef bint is_operand(object x):
    return isinstance(x, (Number, np.ndarray, np.generic, float, int, complex, list, tuple))


cdef object operate(object ufunc, object x, object y):
    if not is_operand(x) or not is_operand(y):
        return HANDLERS["foreign"](ufunc, x, y)
    return apply(ufunc, (x, y))


cdef object apply(object ufunc, tuple inputs):
    result = with_partials(ufunc, inputs)
    return HANDLERS["ufunc"](ufunc, "__call__", inputs, {}) if result is NotImplemented else result


cdef object operate_in_place(object ufunc, Tracer x, object y):
    """x op= y through all views of x. An array without dimensions is immutable, as np.float64 is."""
    if x.ndim == 0 or not is_operand(y):
        return NotImplemented
    return HANDLERS["ufunc"](ufunc, "__call__", (x, y), {"out": (x,)})


include "partials.pxi"


# ---- tracers among arguments ---------------------------------------------------------------------------------------

cdef int collect(object x, list found) except -1:
    if type(x) is Tracer:
        found.append(x)
    elif isinstance(x, (list, tuple)):
        for part in x:
            collect(part, found)
    elif isinstance(x, dict):
        for part in x.values():
            collect(part, found)
    elif isinstance(x, np.ndarray) and x.dtype == object:
        for part in x.flat:
            collect(part, found)
    return 0


def tracers_in(x):
    """All tracers among arguments, also in nested lists and tuples."""
    cdef list found = []
    collect(x, found)
    return found


def leader(*args):
    """The tracer of the innermost run among the arguments, or None."""
    cdef list found = []
    cdef Tracer best = None
    collect(args, found)
    for x in found:
        if best is None or (<Tracer>x).level > best.level:
            best = <Tracer>x
    return best


def strip(x):
    """Values in place of tracers and of numbers of outer transforms, also inside containers."""
    if type(x) is Tracer:
        return (<Tracer>x).array
    if isinstance(x, Number):
        return primal(x)
    if isinstance(x, (list, tuple)):
        parts = [strip(v) for v in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if isinstance(x, dict):
        return {k: strip(v) for k, v in x.items()}
    if isinstance(x, np.ndarray) and x.dtype == object:
        return strip(HANDLERS["pack"](x))
    return x


# ---- making tracers -----------------------------------------------------------------------------------------------

def make(Trace trace, value, tuple terms=(), history=None):
    """A tracer of this value and these terms, each of the value's shape; nothing else may write to the value."""
    cdef Tracer r = Tracer.__new__(Tracer)
    r.array = value if type(value) is np.ndarray or isinstance(value, Number) else np.asarray(value)
    if trace.most < inf and r.array.size * PIECE < trace.ncols:
        trace.pieces += 1
        if trace.pieces > MOST_PIECES and (trace.partials is None or trace.pieces > trace.ncols):
            trace.given_up = True
            raise TooDense
    r.run = trace
    r.chain = ()
    r.own = terms
    r.owned = [False] * len(terms)
    r.past = history
    r.kind = TRACER
    r.level = trace.level
    r.ncomp = 2
    r.ndir = 1
    r.data = (r.array,)                # what `primal` takes
    return r


def like(Tracer x, value, tuple terms=(), history=None):
    """A tracer of the same trace."""
    return make(x.run, value, terms, history)


def plain(Tracer x):
    """The value as an ndarray that remembers nothing."""
    return x.array


def make_view(Tracer x, value, function):
    """A tracer that looks into x: `value` is function(x's value), a view, and so will its integers be."""
    cdef Tracer r = make(x.run, value)
    r.root = x if x.root is None else x.root
    r.chain = (*x.chain, function)
    r.own = None
    return r


def put_terms(Tracer x, key, tuple terms, history, bint keep=False):
    """The pattern of x[key] becomes these terms, each of the shape of x[key]; `keep` adds them to what is there."""
    if x.run.partials is not None:
        HANDLERS["put_partials"](x, key, terms)
        return
    cdef Tracer root = x if x.root is None else x.root
    cdef tuple chain = x.chain
    cdef list pending = list(terms)
    cdef list slots = list(root.own)
    cdef Py_ssize_t k
    root.version += 1
    root.past = history
    settled = set()
    for k in range(len(slots)):
        old = selected(slots[k][1], chain, key)
        for term in pending:
            if term[0] is slots[k][0] and same_rows(old, term[1]):
                pending = [other for other in pending if other is not term]
                settled.add(k)
                break
    for k in range(len(slots)):
        if k in settled or keep:
            continue
        new = next((term for term in pending if term[0] is slots[k][0]), None)
        if new is not None:
            pending = [term for term in pending if term is not new]
        if not root.owned[k]:
            slots[k] = (slots[k][0], copy_like(root.array, slots[k][1]))
            root.owned[k] = True
        assign(slots[k][1], chain, key, -1 if new is None else new[1])
    for term in pending:
        rows = copy_like(root.array, -1)
        assign(rows, chain, key, term[1])
        slots.append((term[0], rows))
        root.owned.append(True)
    root.own = tuple(slots)
    if len(slots) > 2 * FEW_TERMS:
        root.own = tuple(merge_terms(root.run, root.shape, slots))
        root.owned = [False] * len(root.own)


def replace_terms(Tracer root, tuple terms):
    """The pattern of an array that is no view becomes these terms."""
    root.version += 1
    root.own = terms
    root.owned = [False] * len(terms)


cdef object copy_like(object array, object rows):
    """Integers laid out as an array is, so that what gives a view of the one gives a view of the other."""
    result = np.empty_like(array, np.int32, subok=False)
    result[...] = rows
    return result


cdef object selected(object rows, tuple chain, object key):
    for function in chain:
        rows = function(rows)
    return np.asarray(rows[key])


cdef object assign(object rows, tuple chain, object key, object new):
    for function in chain:
        rows = function(rows)
    rows[key] = new
    return None


def taken(Tracer x, key):
    """The terms of x[key], copied: nobody holds x's own integers afterwards."""
    if x.run.partials is not None:
        return tuple([(table, term[key]) for table, term in x.terms])
    cdef Tracer root = x if x.root is None else x.root
    cdef tuple chain = x.chain
    cdef list found = []
    for table, rows in root.own:
        rows = np.array(selected(rows, chain, key))
        if rows.ndim or rows >= 0:
            found.append((table, rows))
    return tuple(found)


def as_direction(Tracer x):
    """x as the one tangent of its value, (1,) + shape: what is linear in it has the pattern of the derivative."""
    return like(x, x.array[None], tuple([(t, rows[None]) for t, rows in x.terms]), x.history)


def from_direction(Tracer lead, value, tangents):
    """A tracer of this value with the pattern of the one tangent, or none."""
    if not isinstance(tangents, Tracer):
        return like(lead, value)
    terms = (<Tracer>tangents).terms
    return like(lead, value, tuple([(t, rows[0, ...]) for t, rows in terms]), (<Tracer>tangents).history)
