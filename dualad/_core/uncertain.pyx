# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, c_api_binop_methods=True, auto_pickle=False
"""Uncertain scalars: numbers that know which independent variables they were computed from.

An uncertain number is a value and a linear combination of independent variables, each of variance one, so that the
coefficients of the combination are the standard deviations that the variables contribute::

    x = 2.0+/-0.1            0.1 u
    y = 3.0+/-0.2            0.2 v
    x*y                      0.3 u + 0.4 v        of variance 0.3**2 + 0.4**2
    x - x                    0

Arithmetic only remembers the operands and the partial derivatives by them, which are those of the derivative table;
the combination is summed up when it is asked for, over the whole expression at once. Arrays are `dualad.uq.UArray`.
"""
cimport cython
cimport numpy as cnp
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject, Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT, Py_NE
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.float cimport DBL_MAX
from libc.math cimport sqrt
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy
from dualad._core.number cimport Carrier, binary_parts, power_parts, table_index, unary_parts

import math
import os
import secrets
import numpy as np

cnp.import_array()

cdef extern from "Python.h":
    int PyFloat_Check(object)
    int PyLong_CheckExact(object)
    double PyFloat_AS_DOUBLE(object)
    long long PyLong_AsLongLongAndOverflow(object, int*) except? -1
    Py_ssize_t Py_REFCNT(PyObject*)

cdef enum:
    FEW = 16                           # what is not allocated for a short expression

cdef dict HANDLERS = {}                # "ufunc", "function", "call", ...: entry points of dualad.uq


def load_handlers(dict handlers):
    """Called once by dualad.uq: how NumPy functions act on uncertain numbers."""
    HANDLERS.update(handlers)


# ---- variables ----------------------------------------------------------------------------------------------------

cdef int64_t next_variable = 0


def restart_numbering():
    """Number variables as no other process does, so that pickled combinations can meet."""
    global next_variable
    next_variable = secrets.randbits(30) << 32


restart_numbering()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=restart_numbering)


@cython.final
@cython.no_gc
cdef class Source:
    """A batch of independent variables, numbered from `start`, with their values, deviations and names."""
    cdef readonly int64_t start
    cdef readonly Py_ssize_t size
    cdef readonly object value
    cdef readonly object std
    cdef readonly object names

    def __init__(self, value, std, names=None, start=None):
        global next_variable
        self.value, self.std, self.names = value, std, names
        self.size = len(value)
        if start is None:
            self.start = next_variable
            next_variable += self.size
        else:
            self.start = start

    def __eq__(self, other):
        """A pickled source comes back as another object."""
        return isinstance(other, Source) and self.start == (<Source>other).start

    def __hash__(self):
        return self.start

    def __reduce__(self):
        return Source, (self.value, self.std, self.names, self.start)

    @property
    def sources(self):
        """Itself, as a base has them."""
        return (self,)

    @property
    def ids(self):
        """Numbers of its variables."""
        return np.arange(self.start, self.start + self.size)

    def name(self, k):
        """Name of variable k, or None."""
        return None if self.names is None else self.names[k]

    def variable(self, k):
        """Variable k as an uncertain number."""
        return leaf(float(self.value[k]), (self,), self.start + k, float(self.std[k]))


def union(*groups):
    """All sources of several tuples, each once."""
    first = groups[0]
    if all([g is first for g in groups]):
        return first
    return tuple(dict.fromkeys([s for g in groups for s in g]))


# ---- combinations -------------------------------------------------------------------------------------------------

@cython.final
@cython.no_gc
@cython.freelist(64)
cdef class Row:
    """One combination: the numbers of its variables, in ascending order, and their coefficients."""
    cdef readonly tuple sources
    cdef Py_ssize_t size
    cdef int64_t* ids
    cdef double* coefficients
    cdef object arrays_          # whose memory it is; None for its own

    def __init__(self, tuple sources, ids, coefficients):
        """Coefficients of variables in any order; those of one variable are added."""
        cdef cnp.ndarray i = np.ascontiguousarray(ids, np.int64)
        cdef cnp.ndarray c = np.ascontiguousarray(coefficients, np.float64)
        if not is_ascending(<int64_t*>cnp.PyArray_DATA(i), len(i)):
            order = np.argsort(i, kind="stable")
            i, c = i[order], c[order]
            first = np.flatnonzero(np.diff(i, prepend=i[0] - 1))
            i, c = i[first], np.add.reduceat(c, first)
        self.sources, self.arrays_, self.size = sources, (i, c), len(i)
        self.ids = <int64_t*>cnp.PyArray_DATA(i)
        self.coefficients = <double*>cnp.PyArray_DATA(c)

    def __dealloc__(self):
        if self.arrays_ is None:
            PyMem_Free(self.ids)

    def arrays(self):
        """Numbers of the variables and their coefficients."""
        cdef cnp.npy_intp n = self.size
        if self.arrays_ is not None:
            return self.arrays_
        cdef cnp.ndarray ids = cnp.PyArray_SimpleNew(1, &n, cnp.NPY_INT64)
        cdef cnp.ndarray coefficients = cnp.PyArray_SimpleNew(1, &n, cnp.NPY_DOUBLE)
        memcpy(cnp.PyArray_DATA(ids), self.ids, n * sizeof(int64_t))
        memcpy(cnp.PyArray_DATA(coefficients), self.coefficients, n * sizeof(double))
        return ids, coefficients

    def mapping(self):
        """Coefficients by the numbers of their variables."""
        cdef Py_ssize_t i
        return {self.ids[i]: self.coefficients[i] for i in range(self.size)}

    def variables(self):
        """Source, place there and coefficient of every variable."""
        cdef Py_ssize_t i, k = 0
        sources = sorted(self.sources, key=start_of)
        found = []
        for i in range(self.size):
            while self.ids[i] >= (<Source>sources[k]).start + (<Source>sources[k]).size:
                k += 1
            found.append((sources[k], self.ids[i] - (<Source>sources[k]).start, self.coefficients[i]))
        return found

    def deviation(self):
        """The standard deviation."""
        return deviation_of(self)


cdef bint is_ascending(const int64_t* ids, Py_ssize_t n):
    cdef Py_ssize_t i
    for i in range(1, n):
        if ids[i] <= ids[i - 1]:
            return False
    return True


cdef object start_of(Source s):
    return s.start


cdef double deviation_of(Row row):
    cdef Py_ssize_t i, n = row.size
    cdef double total, largest = 0
    if n == 1:
        return abs(row.coefficients[0])
    total = squares(row.coefficients, n, 1.0)
    if LEAST < total < MOST or total != total:
        return sqrt(total)
    for i in range(n):
        largest = max(largest, abs(row.coefficients[i]))
    if largest == 0 or largest > DBL_MAX:
        return largest
    return largest * sqrt(squares(row.coefficients, n, largest))


cdef double LEAST = 1e-280, MOST = 1e300


cdef double squares(const double* c, Py_ssize_t n, double unit):
    """The sum of (c / unit)**2, in blocks for the sake of rounding."""
    cdef Py_ssize_t i, k
    cdef double total = 0, part
    for i in range(0, n, 128):
        part = 0
        for k in range(i, min(i + 128, n)):
            part += (c[k] / unit) * (c[k] / unit)
        total += part
    return total


cdef Row new_row(tuple sources, Py_ssize_t size):
    cdef Row row = <Row>Row.__new__(Row)
    row.ids = <int64_t*>PyMem_Malloc(max(size, 1) * (sizeof(int64_t) + sizeof(double)))
    if row.ids == NULL:
        raise MemoryError
    row.coefficients = <double*>(row.ids + size)
    row.sources, row.size = sources, size
    return row


def row_of(tuple sources, dict items):
    """The combination of these coefficients by the numbers of their variables."""
    cdef Row row = new_row(sources, len(items))
    cdef Py_ssize_t k
    for k, number in enumerate(sorted(items)):
        row.ids[k] = number
        row.coefficients[k] = items[number]
    return row


cdef struct Term:
    PyObject* row
    double weight


cdef Row weighted_sum(Term* terms, Py_ssize_t count):
    """The sum of weighted combinations; a zero coefficient stays zero whatever its weight is."""
    cdef Py_ssize_t i, k, runs, size = 0
    cdef Row row, total, other
    cdef Py_ssize_t few[FEW]
    cdef Py_ssize_t* ends = few
    for i in range(count):
        size += (<Row>terms[i].row).size
    total, other = new_row((), size), None
    if count > FEW:
        ends = <Py_ssize_t*>PyMem_Malloc(count * sizeof(Py_ssize_t))
        if ends == NULL:
            raise MemoryError
    try:
        size = 0
        for i in range(count):
            row = <Row>terms[i].row
            memcpy(total.ids + size, row.ids, row.size * sizeof(int64_t))
            for k in range(row.size):
                total.coefficients[size + k] = terms[i].weight * row.coefficients[k] if row.coefficients[k] else 0.0
            size += row.size
            ends[i] = size
        if count > 1:
            other = new_row((), size)
        runs = count
        while runs > 1:
            runs = merge_neighbours(total, other, ends, runs)
            total, other = other, total
        if count:
            total.size = ends[0]
    finally:
        if ends != few:
            PyMem_Free(ends)
    total.sources = sources_of(terms, count)
    return total


cdef Py_ssize_t merge_neighbours(Row source, Row target, Py_ssize_t* ends, Py_ssize_t runs):
    """Merge every two neighbouring ascending runs into one; returns how many there are then."""
    cdef Py_ssize_t i, start = 0, middle, end, size = 0
    for i in range(0, runs, 2):
        middle = ends[i]
        end = ends[i + 1] if i + 1 < runs else middle
        size = merge(source, start, middle, end, target, size)
        ends[i // 2] = size
        start = end
    return (runs + 1) // 2


cdef Py_ssize_t merge(Row source, Py_ssize_t i, Py_ssize_t middle, Py_ssize_t end, Row target, Py_ssize_t size):
    """Merge the runs from i to middle and on to end; coefficients of one variable are added."""
    cdef Py_ssize_t k = middle
    cdef const int64_t* ids = source.ids
    cdef const double* c = source.coefficients
    while i < middle and k < end:
        if ids[i] == ids[k]:
            target.ids[size], target.coefficients[size] = ids[i], c[i] + c[k]
            i, k = i + 1, k + 1
        elif ids[i] < ids[k]:
            target.ids[size], target.coefficients[size] = ids[i], c[i]
            i += 1
        else:
            target.ids[size], target.coefficients[size] = ids[k], c[k]
            k += 1
        size += 1
    if i == middle:
        i, middle = k, end
    memcpy(target.ids + size, ids + i, (middle - i) * sizeof(int64_t))
    memcpy(target.coefficients + size, c + i, (middle - i) * sizeof(double))
    return size + middle - i


cdef tuple sources_of(Term* terms, Py_ssize_t count):
    """The union of the sources, each once."""
    cdef Py_ssize_t i
    cdef tuple first = (<Row>terms[0].row).sources if count else (), second
    for i in range(1, count):
        second = (<Row>terms[i].row).sources
        if second is not first:
            break
    else:
        return first
    if count == 2 and len(first) == 1 and len(second) == 1:
        return first if first[0] == second[0] else (first[0], second[0])
    found = {}
    for i in range(count):
        for source in (<Row>terms[i].row).sources:
            found[source] = None
    return tuple(found)


# ---- expressions --------------------------------------------------------------------------------------------------

cdef Row sum_up(UFloat x):
    """The combination of a number, summed up once over all that it was computed from: newest first, as in reverse mode.

    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., section 3.3. No other code runs while weights lie in the
    numbers themselves.
    """
    cdef Walk walk
    cdef PyObject* room[2 * FEW]
    cdef Term few[FEW]
    cdef Term* terms = few
    cdef Py_ssize_t i, held
    if x.row is not None:
        return x.row
    walk.waiting, walk.known, walk.given = room, room + FEW, room
    walk.nwaiting = walk.nknown = 0
    walk.room_waiting = walk.room_known = FEW
    cdef bint complete = walk_down(&walk, x)
    if walk.nknown > FEW:
        terms = <Term*>malloc(walk.nknown * sizeof(Term))
    held = 0 if terms == NULL else walk.nknown
    for i in range(walk.nknown):
        (<UFloat>walk.known[i]).queued = False
    for i in range(held):
        terms[i].row = <PyObject*>(<UFloat>walk.known[i]).row
        terms[i].weight = (<UFloat>walk.known[i]).weight
        Py_INCREF(<Row>terms[i].row)
    give_back(&walk, walk.waiting)
    give_back(&walk, walk.known)
    try:
        if terms == NULL or not complete:
            raise MemoryError
        row = weighted_sum(terms, held)
    finally:
        for i in range(held):
            Py_DECREF(<Row>terms[i].row)
        if terms != few:
            free(terms)
    if x.row is None:
        x.row = row
        drop_operands(x)
    return x.row


cdef struct Walk:
    PyObject** waiting             # a heap of numbers whose operands have not been visited, the newest on top
    PyObject** known               # numbers whose combination is known
    PyObject** given               # room for FEW of either, which is not to be freed
    Py_ssize_t nwaiting, nknown, room_waiting, room_known


cdef bint walk_down(Walk* walk, UFloat x) noexcept:
    """Collect what x depends on, with weights; False if there is no memory."""
    cdef UFloat node
    cdef double weight
    x.weight = 1.0
    if not enlist(walk, <PyObject*>x):
        return False
    while walk.nwaiting:
        node = <UFloat>pop(walk)
        node.queued = False
        weight = node.weight
        if node.first != NULL and not visit(walk, node.first, weight * node.by_first):
            return abandon(walk)
        if node.second != NULL and not visit(walk, node.second, weight * node.by_second):
            return abandon(walk)
    return True


cdef bint visit(Walk* walk, PyObject* operand, double weight) noexcept:
    cdef UFloat node = <UFloat>operand
    if node.queued:
        node.weight += weight
        return True
    node.weight = weight
    return enlist(walk, operand)


cdef bint abandon(Walk* walk) noexcept:
    cdef Py_ssize_t i
    for i in range(walk.nwaiting):
        (<UFloat>walk.waiting[i]).queued = False
    return False


cdef bint enlist(Walk* walk, PyObject* x) noexcept:
    """Put a number into the list of the known or into the heap."""
    cdef UFloat node = <UFloat>x
    if node.row is not None:
        if not make_room(walk, &walk.known, &walk.room_known, walk.nknown):
            return False
        walk.known[walk.nknown] = x
        walk.nknown += 1
    else:
        if not make_room(walk, &walk.waiting, &walk.room_waiting, walk.nwaiting):
            return False
        push(walk, x)
    node.queued = True
    return True


cdef bint make_room(Walk* walk, PyObject*** items, Py_ssize_t* room, Py_ssize_t count) noexcept:
    cdef PyObject** larger
    if count < room[0]:
        return True
    larger = <PyObject**>malloc(2 * count * sizeof(PyObject*))
    if larger == NULL:
        return False
    memcpy(larger, items[0], count * sizeof(PyObject*))
    give_back(walk, items[0])
    items[0], room[0] = larger, 2 * count
    return True


cdef void give_back(Walk* walk, PyObject** items) noexcept:
    if items != walk.given and items != walk.given + FEW:
        free(items)


cdef void push(Walk* walk, PyObject* x) noexcept:
    cdef Py_ssize_t parent, k = walk.nwaiting
    walk.nwaiting += 1
    while k > 0:
        parent = (k - 1) // 2
        if (<UFloat>walk.waiting[parent]).serial > (<UFloat>x).serial:
            break
        walk.waiting[k] = walk.waiting[parent]
        k = parent
    walk.waiting[k] = x


cdef PyObject* pop(Walk* walk) noexcept:
    cdef PyObject* top = walk.waiting[0]
    cdef Py_ssize_t k = 0, child
    walk.nwaiting -= 1
    cdef PyObject* last = walk.waiting[walk.nwaiting]
    while True:
        child = 2 * k + 1
        if child >= walk.nwaiting:
            break
        if (child + 1 < walk.nwaiting
                and (<UFloat>walk.waiting[child + 1]).serial > (<UFloat>walk.waiting[child]).serial):
            child += 1
        if (<UFloat>last).serial > (<UFloat>walk.waiting[child]).serial:
            break
        walk.waiting[k] = walk.waiting[child]
        k = child
    walk.waiting[k] = last
    return top


cdef void drop_operands(UFloat x):
    """Let go of the operands, and without recursion of all that nobody else holds."""
    cdef PyObject* dying = NULL
    cdef UFloat node
    release(&x.first, &dying)
    release(&x.second, &dying)
    while dying != NULL:
        node = <UFloat>dying
        dying = node.next
        release(&node.first, &dying)
        release(&node.second, &dying)
        Py_DECREF(node)


cdef inline void release(PyObject** operand, PyObject** dying):
    cdef PyObject* x = operand[0]
    if x == NULL:
        return
    operand[0] = NULL
    if Py_REFCNT(x) == 1:
        (<UFloat>x).next = dying[0]
        dying[0] = x
    else:
        Py_DECREF(<UFloat>x)


# ---- making numbers -----------------------------------------------------------------------------------------------

cdef int64_t serials = 0


cdef inline UFloat new_number(double value):
    global serials
    cdef UFloat x = <UFloat>UFloat.__new__(UFloat)
    x.number = value
    x.serial = serials
    serials += 1
    return x


cdef inline UFloat of_one(double value, double partial, UFloat operand):
    cdef UFloat x = new_number(value)
    x.by_first = partial
    Py_INCREF(operand)
    x.first = <PyObject*>operand
    return x


cdef inline UFloat of_two(double value, double by_first, UFloat first, double by_second, UFloat second):
    cdef UFloat x = of_one(value, by_first, first)
    x.by_second = by_second
    Py_INCREF(second)
    x.second = <PyObject*>second
    return x


cdef UFloat leaf(double value, tuple sources, int64_t variable, double std):
    cdef Row row = new_row(sources, 1)
    cdef UFloat x = new_number(value)
    row.ids[0], row.coefficients[0] = variable, std
    x.row = row
    return x


def new_variable(double value, double std, name=None):
    """An independent number."""
    source = Source((value,), (std,), None if name is None else (name,))
    return leaf(value, (source,), source.start, std)


def from_row(double value, Row row not None):
    """The number of this value and combination."""
    cdef UFloat x = new_number(value)
    x.row = row
    return x


def from_operands(double value, operands):
    """The number of this value that depends on others: pairs of partial derivative and number."""
    cdef UFloat rest = None
    for partial, operand in operands[:0:-1]:
        rest = of_one(0.0, partial, operand) if rest is None else of_two(0.0, partial, operand, 1.0, rest)
    partial, operand = operands[0]
    if rest is None:
        return of_one(value, partial, operand)
    if rest.second == NULL:
        return of_two(value, partial, operand, rest.by_first, <UFloat>rest.first)
    return of_two(value, partial, operand, 1.0, rest)


def combination(UFloat x not None):
    """The combination of a number as a `Row`."""
    return sum_up(x)


def restored(value, known, ids, coefficients):
    """A pickled number; its sources are those at hand, where they are."""
    return from_row(value, Row(tuple(dict.fromkeys(known)), ids, coefficients))


# ---- functions ----------------------------------------------------------------------------------------------------

cdef int ADD = table_index(np.add), SUBTRACT = table_index(np.subtract), MULTIPLY = table_index(np.multiply)
cdef int DIVIDE = table_index(np.divide), NEGATIVE = table_index(np.negative), ABSOLUTE = table_index(np.absolute)
cdef object add = np.add, subtract = np.subtract, multiply = np.multiply, divide = np.divide


cdef inline bint is_float(object x, double* value) except -1:
    """A float, np.float64 or int that a double holds exactly."""
    cdef int overflow = 0
    cdef long long n
    if PyFloat_Check(x):
        value[0] = PyFloat_AS_DOUBLE(x)
        return True
    if not PyLong_CheckExact(x):
        return False
    n = PyLong_AsLongLongAndOverflow(x, &overflow)
    value[0] = <double>n
    return overflow == 0 and -(1LL << 53) <= n <= (1LL << 53)


cdef inline object binary(int index, object x, object y):
    """A function of the table of two scalars; None where its value is not finite, or one of them is no scalar."""
    cdef double a, b, z, dx, dy
    if type(x) is UFloat:
        a = (<UFloat>x).number
        if type(y) is UFloat:
            b = (<UFloat>y).number
            if binary_parts(index, a, b, &z, &dx, &dy):
                return of_two(z, dx, <UFloat>x, dy, <UFloat>y)
        elif is_float(y, &b) and binary_parts(index, a, b, &z, &dx, &dy):
            return of_one(z, dx, <UFloat>x)
    elif type(y) is UFloat and is_float(x, &a):
        b = (<UFloat>y).number
        if binary_parts(index, a, b, &z, &dx, &dy):
            return of_one(z, dy, <UFloat>y)
    return None


cdef inline object operator(int index, object ufunc, object x, object y):
    r = binary(index, x, y)
    return HANDLERS["call"](ufunc, (x, y)) if r is None else r


cdef object power(object x, object y):
    cdef double a, b, z, dx, dy
    if type(x) is UFloat:
        a = (<UFloat>x).number
        if type(y) is UFloat:
            b = (<UFloat>y).number
            if power_parts(a, b, &z, &dx, &dy):
                return of_two(z, dx, <UFloat>x, dy, <UFloat>y)
        elif is_float(y, &b) and power_parts(a, b, &z, &dx, NULL):
            return of_one(z, dx, <UFloat>x)
    elif is_float(x, &a) and power_parts(a, (<UFloat>y).number, &z, NULL, &dy):
        return of_one(z, dy, <UFloat>y)
    return HANDLERS["power"](x, y)


cdef object unary(int index, UFloat x):
    """A function of the table of one scalar; None where its value is not finite."""
    cdef double z, dx
    return of_one(z, dx, x) if unary_parts(index, x.number, &z, &dx) else None


cdef object of_table(object ufunc, tuple inputs):
    """ufunc(*inputs) of scalars; None where the table or the value does not allow it."""
    cdef int index = table_index(ufunc)
    if index < 0:
        return None
    if len(inputs) == 1:
        return unary(index, <UFloat>inputs[0]) if type(inputs[0]) is UFloat else None
    return binary(index, inputs[0], inputs[1]) if len(inputs) == 2 else None


cdef object compared(UFloat x, object y, int op):
    """x op y of scalars, None for other operands: two numbers are equal if they have one value, and their difference has no uncertainty."""
    cdef double a, b
    cdef UFloat difference
    a = x.number
    if type(y) is UFloat:
        b = (<UFloat>y).number
    elif not is_float(y, &b):
        return None
    if op == Py_LT: return a < b
    if op == Py_GT: return a > b
    if a != b:
        return op == Py_NE or (a < b if op == Py_LE else a > b if op == Py_GE else False)
    difference = of_one(0.0, 1.0, x) if type(y) is not UFloat else of_two(0.0, 1.0, x, -1.0, y)
    return (deviation_of(sum_up(difference)) == 0) != (op == Py_NE)


cdef object COMPARISONS = {Py_EQ: np.equal, Py_NE: np.not_equal, Py_LT: np.less, Py_LE: np.less_equal,
                           Py_GT: np.greater, Py_GE: np.greater_equal}


cdef object AS_ARRAY = frozenset("""
    T all any argmax argmin clip copy cumprod cumsum flatten item max mean min prod ravel repeat reshape squeeze std sum
    tolist transpose var
""".split())                           # what NumPy's scalars have of arrays


# ---- the types ----------------------------------------------------------------------------------------------------

def refuse_to_set(name):
    raise AttributeError(
        f"{name} cannot be set, since what was computed from the number would keep the old one: make a new number with "
        "dualad.uq.ufloat or dualad.uq.uarray"
    )


@cython.no_gc
cdef class Uncertain(Carrier):
    """Base of scalars and arrays with uncertainties: what both do in the same way."""

    __array_priority__ = 2000.0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        """How NumPy's universal functions act (NEP 13)."""
        if not kwargs and method == "__call__":
            r = of_table(ufunc, inputs)
            if r is not None:
                return r
        return HANDLERS["ufunc"](ufunc, method, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        """How NumPy's functions act (NEP 18)."""
        return HANDLERS["function"](func, args, kwargs)

    @property
    def level(self):
        """That of no transform, for the rules."""
        return -1

    def as_tangents(self):
        """The combination in place of tangents, (1,) + shape, for the rules."""
        return HANDLERS["as tangents"](self)

    def from_tangents(self, value, tangents):
        """A number of this value and of the combination of tangents, for the rules."""
        return HANDLERS["from tangents"](value, tangents)

    @property
    def n(self):
        """The nominal value."""
        return self.nominal_value

    @property
    def s(self):
        """The standard deviation."""
        return self.std_dev

    def std_score(self, value):
        """How many standard deviations a value lies above the nominal value.

        Parameters
        ----------
        value : float or array_like

        Returns
        -------
        float or ndarray
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return (value - self.nominal_value) / np.float64(self.std_dev)

    def __float__(self): return refuse_float()
    def __int__(self): return refuse_float()
    def __complex__(self): return refuse_float()
    def __round__(self, ndigits=None): return np.round(self, ndigits or 0)

    def __add__(x, y): return operator(ADD, add, x, y)
    def __sub__(x, y): return operator(SUBTRACT, subtract, x, y)
    def __mul__(x, y): return operator(MULTIPLY, multiply, x, y)
    def __truediv__(x, y): return operator(DIVIDE, divide, x, y)

    def __pow__(x, y, z):
        if z is not None:
            raise TypeError("pow() with a modulus is not defined for uncertain numbers")
        return power(x, y) if type(x) is UFloat or type(y) is UFloat else HANDLERS["power"](x, y)

    def __floordiv__(x, y): return HANDLERS["call"](np.floor_divide, (x, y))
    def __divmod__(x, y): return HANDLERS["call"](np.divmod, (x, y))
    def __mod__(x, y): return HANDLERS["call"](np.remainder, (x, y))
    def __matmul__(x, y): return HANDLERS["matmul"](x, y)
    def __neg__(self): return function(NEGATIVE, np.negative, self)
    def __abs__(self): return function(ABSOLUTE, np.absolute, self)

    def __richcmp__(x, y, int op):
        return HANDLERS["compare"](COMPARISONS[op], x, y)


cdef object function(int index, object ufunc, object x):
    r = unary(index, <UFloat>x) if type(x) is UFloat else None
    return HANDLERS["call"](ufunc, (x,)) if r is None else r


cdef object refuse_float():
    raise TypeError(
        "float() would drop the uncertainty: use numpy functions (numpy.sin(x)) in place of math functions, "
        "dualad.uq.wrap(f)(x) for a function f that solves, integrates or takes no uncertain numbers for other "
        "reasons, and x.nominal_value where only the value is wanted"
    )


@cython.final
@cython.no_gc
cdef class UFloat(Uncertain):
    """A number with a standard deviation, made by `ufloat`, which knows what it was computed from.

    Attributes
    ----------
    nominal_value, n : float
        The value.
    std_dev, s : float
        The standard deviation.
    name, tag : str or None
        The name of an independent variable.
    derivatives : dict
        Derivatives by the independent variables that the number depends on.

    Examples
    --------
    >>> from dualad import uq
    >>> x = uq.ufloat(2.0, 0.1, "x")
    >>> y = x**2 + x
    >>> print(y)
    6.0+/-0.5
    >>> {v.name: round(c, 9) for v, c in y.error_components().items()}
    {'x': 0.5}
    >>> x - x
    0.0+/-0
    """

    cdef double number
    cdef double by_first, by_second    # partial derivatives by the operands
    cdef PyObject* first               # the operands, until they have been summed up
    cdef PyObject* second
    cdef Row row                       # the combination, once it is known
    cdef int64_t serial                # operands have lower ones
    cdef double weight                 # of a walk over an expression
    cdef bint queued
    cdef PyObject* next                # in the list of dying numbers
    cdef object __weakref__

    def __init__(self, *args, **kwargs):
        raise TypeError("use dualad.uq.ufloat(value, std) to make an uncertain number")

    def __dealloc__(self):
        if self.first != NULL:
            drop_operands(self)

    # ---- as an array of shape ()

    @property
    def shape(self):
        """()."""
        return ()

    @property
    def ndim(self):
        """0."""
        return 0

    @property
    def size(self):
        """1."""
        return 1

    @property
    def real(self):
        """Itself."""
        return self

    @property
    def imag(self):
        """0."""
        return 0.0

    def conjugate(self):
        """Itself."""
        return self

    def __getattr__(self, name):
        # an object array of numbers calls the method of a function's name
        ufunc = getattr(np, name, None) if not name.startswith("_") else None
        if isinstance(ufunc, np.ufunc):
            return lambda *others: ufunc(self, *others)
        if name in AS_ARRAY:
            return getattr(HANDLERS["as array"](self), name)
        raise AttributeError(f"'UFloat' object has no attribute {name!r}")

    # ---- what it is

    @property
    def nominal_value(self):
        """The value."""
        return self.number

    @property
    def std_dev(self):
        """The standard deviation."""
        return deviation_of(sum_up(self))

    @std_dev.setter
    def std_dev(self, value):
        refuse_to_set("std_dev")

    @nominal_value.setter
    def nominal_value(self, value):
        refuse_to_set("nominal_value")

    @property
    def n(self):
        """The nominal value."""
        return self.number

    @property
    def s(self):
        """The standard deviation."""
        return deviation_of(sum_up(self))

    def error_components(self):
        """Standard deviations that the independent variables contribute: their squares sum to the variance.

        Returns
        -------
        dict
            Keys are the variables, as `UFloat`.
        """
        return {source.variable(k): abs(c) for source, k, c in sum_up(self).variables()}

    @property
    def derivatives(self):
        """Derivatives by the independent variables: a dict. Variables without uncertainty are left out."""
        found = sum_up(self).variables()
        return {source.variable(k): c / float(source.std[k]) for source, k, c in found if source.std[k]}

    @property
    def name(self):
        """The name of an independent variable; None for a computed number."""
        if sum_up(self).size != 1:
            return None
        (source, k, coefficient), = self.row.variables()
        same = coefficient == source.std[k] and (
            self.number == source.value[k] or self.number != self.number and source.value[k] != source.value[k])
        return source.name(k) if same else None

    @property
    def tag(self):
        """Its name, as the package uncertainties calls it."""
        return self.name

    def __richcmp__(x, y, int op):
        r = compared(x, y, op)
        return HANDLERS["compare"](COMPARISONS[op], x, y) if r is None else r

    def __hash__(self):
        items = tuple([(i, c) for i, c in sum_up(self).mapping().items() if c])
        return hash((self.number, items)) if items else hash(self.number)

    def __bool__(self):
        return self != 0.0

    def __pos__(self):
        return self

    def __trunc__(self):
        return math.trunc(self.number)

    def __floor__(self):
        return math.floor(self.number)

    def __ceil__(self):
        return math.ceil(self.number)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        row = sum_up(self)
        return restored, (self.number, row.sources, *row.arrays())

    def __repr__(self):
        """All digits, with the name of a variable; ``str(x)`` rounds."""
        name, std = self.name, self.std_dev
        text = f"{self.number!r}+/-{std!r}" if std else f"{self.number!r}+/-0"
        return text if name is None else f"< {name} = {text} >"

    def __str__(self):
        return HANDLERS["format"](self.number, self.std_dev)

    def __format__(self, spec):
        return HANDLERS["format"](self.number, self.std_dev, spec)

    def format(self, spec):
        """As ``format(x, spec)``."""
        return format(self, spec)
