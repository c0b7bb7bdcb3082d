"""Colouring and recovery: csrc/coloring.h with contiguous NumPy arrays; the interpreter lock is released."""

cimport cython
from libc.stdint cimport int32_t, int64_t

import numpy as np

cdef extern from "coloring.h" nogil:
    ctypedef struct Pattern:
        int64_t rows
        int64_t columns
        const int64_t *start
        const int32_t *row
    ctypedef struct Substitution:
        int64_t *entry
        int64_t *leaf_slot
        int64_t *parent_slot
        int64_t steps
        int64_t slots
    ctypedef enum Order:
        LARGEST_FIRST
        SMALLEST_LAST
        INCIDENCE_DEGREE
        DYNAMIC_LARGEST_FIRST
    const int COLORING_NEEDS_TRANSPOSE
    int pattern_is_valid(const Pattern *a)
    void pattern_of_transpose(const Pattern *a, int64_t *start, int32_t *row)
    int64_t fullest_row(const Pattern *a)
    int64_t pattern_mates(const Pattern *a, int64_t *next, int64_t *mate)
    int64_t count_neighbours(const Pattern *a, const Pattern *t, int64_t *degree)
    int64_t order_columns(const Pattern *a, const Pattern *t, Order kind, const int64_t *degree, int64_t *order)
    int64_t color_distance2(
        const Pattern *a, const Pattern *t, const int64_t *order, int64_t most, int64_t *color)
    int64_t color_star(const Pattern *g, const int64_t *mate, const int64_t *order, int64_t *color, int64_t *reader)
    int64_t color_acyclic(
        const Pattern *g, const int64_t *mate, const int64_t *order, int64_t *color, Substitution *plan)
    void gather32(double *out, const double *inp, const int32_t *index, int64_t count)
    void gather64(double *out, const double *inp, const int64_t *index, int64_t count)
    void scatter32(double *out, const int32_t *target, const double *inp, const int32_t *index, int64_t count)
    void scatter64(double *out, const int64_t *target, const double *inp, const int64_t *index, int64_t count)
    void substitute(
        double *out, const double *inp, const int64_t *read, const Substitution *plan, const int64_t *mate,
        double *sum)
    void seed_rows(double *out, const int64_t *color, int64_t columns, int64_t first, int64_t count)

_KINDS = {
    "largest_first": LARGEST_FIRST,
    "smallest_last": SMALLEST_LAST,
    "incidence_degree": INCIDENCE_DEGREE,
    "dynamic_largest_first": DYNAMIC_LARGEST_FIRST,
}


cdef const int64_t *_ints(const int64_t[::1] a) noexcept:
    return &a[0] if a.shape[0] else NULL


cdef int64_t *_room(int64_t[::1] a) noexcept:
    return &a[0] if a.shape[0] else NULL


cdef const int32_t *_short_ints(const int32_t[::1] a) noexcept:
    return &a[0] if a.shape[0] else NULL


cdef int64_t _checked(int64_t count) except -1:
    if count == -1:
        raise MemoryError("there is not enough memory to colour the pattern")
    return count


@cython.final
@cython.auto_pickle(False)
cdef class Graph:
    """A pattern by columns, its transpose when that is needed, and what is computed from them."""

    cdef Pattern a, t
    cdef object arrays, transpose
    cdef dict degrees
    cdef readonly object mate

    def __init__(self, rows, start, row):
        cdef const int64_t[::1] starts = start
        if max(rows, starts.shape[0] - 1) >= 2**31:
            raise ValueError(f"the pattern is too large to be coloured: at most {2**31 - 1} rows and columns")
        self.arrays, self.degrees = (start, row), {}
        self.a = Pattern(rows, starts.shape[0] - 1, _ints(start), _short_ints(row))
        if starts[starts.shape[0] - 1] != len(row) or not pattern_is_valid(&self.a):
            raise ValueError("the indices of the pattern are out of range or not in order")

    def transposed(self):
        """Index pointer and indices of the transpose."""
        if self.transpose is None:
            start = np.empty(self.a.rows + 1, np.int64)
            row = np.empty(len(self.arrays[1]), np.int32)
            self.t = Pattern(self.a.columns, self.a.rows, _ints(start), _short_ints(row))
            self._transpose(start, row)
            self.transpose = (start, row)
        return self.transpose

    cdef _transpose(self, int64_t[::1] start, int32_t[::1] row):
        cdef int32_t *to = &row[0] if row.shape[0] else NULL
        with nogil:
            pattern_of_transpose(&self.a, &start[0], to)

    def fullest_row(self):
        """How many entries the row with the most has."""
        cdef int64_t most
        with nogil:
            most = fullest_row(&self.a)
        return _checked(most)

    def is_symmetric(self):
        """Whether every entry has its mirror image; `mate` then tells where."""
        cdef int64_t count
        if self.a.rows != self.a.columns:
            return False
        mate = np.empty(len(self.arrays[1]), np.int64)
        work = np.empty(self.a.columns, np.int64)
        cdef int64_t *following = _room(work)
        cdef int64_t *mates = _room(mate)
        with nogil:
            count = pattern_mates(&self.a, following, mates)
        if count == len(mate):
            self.mate = mate
        return count == len(mate)

    cdef _degrees(self, bint distance2):
        if distance2 in self.degrees:
            return self.degrees[distance2]
        if distance2:
            self.transposed()
        degree = np.empty(self.a.columns, np.int64)
        cdef int64_t *out = _room(degree)
        cdef int64_t status
        with nogil:
            status = count_neighbours(&self.a, &self.t if distance2 else NULL, out)
        _checked(status)
        self.degrees[distance2] = degree
        return degree

    def order(self, kind, bint distance2):
        """The columns in an order; neighbours share a row, or are adjacent."""
        cdef Order which = _KINDS[kind]
        degree, order = self._degrees(distance2), np.empty(self.a.columns, np.int64)
        cdef const int64_t *degrees = _ints(degree)
        cdef int64_t *out = _room(order)
        cdef int64_t status
        with nogil:
            status = order_columns(&self.a, &self.t if distance2 else NULL, which, degrees, out)
        _checked(status)
        return order

    def distance2(self, order, int64_t most):
        """Colours such that columns which share a row differ, and their number; given up when `most` are needed."""
        color = np.empty(self.a.columns, np.int64)
        cdef int64_t *out = _room(color)
        cdef const int64_t *by = NULL if order is None else _ints(order)
        cdef const Pattern *t = NULL if self.transpose is None else &self.t
        cdef int64_t count
        with nogil:
            count = color_distance2(&self.a, t, by, most, out)
        if count == COLORING_NEEDS_TRANSPOSE:
            self.transposed()
            return self.distance2(order, most)
        return color, _checked(count)

    def star(self, order):
        """Star colouring: colours, their number, and from which end each entry is read."""
        color, reader = np.empty(self.a.columns, np.int64), np.empty(len(self.arrays[1]), np.int64)
        cdef int64_t *out = _room(color)
        cdef int64_t *readers = _room(reader)
        cdef const int64_t *mate = _ints(self.mate)
        cdef const int64_t *by = NULL if order is None else _ints(order)
        cdef int64_t count
        with nogil:
            count = color_star(&self.a, mate, by, out, readers)
        return color, _checked(count), reader

    def acyclic(self, order):
        """Acyclic colouring: colours, their number, and the steps of the substitution as an array (3, steps)."""
        color = np.empty(self.a.columns, np.int64)
        steps = np.empty((3, len(self.arrays[1]) // 2), np.int64)
        cdef int64_t *out = _room(color)
        cdef const int64_t *mate = _ints(self.mate)
        cdef const int64_t *by = NULL if order is None else _ints(order)
        cdef Substitution plan
        cdef int64_t count
        plan.entry, plan.leaf_slot, plan.parent_slot = _room(steps[0]), _room(steps[1]), _room(steps[2])
        with nogil:
            count = color_acyclic(&self.a, mate, by, out, &plan)
        _checked(count)
        return color, count, np.ascontiguousarray(steps[:, :plan.steps])


def gather(double[::1] out, const double[::1] values, index):
    """out[k] = values[index[k]], for index of int32 or int64."""
    cdef int64_t count = out.shape[0]
    cdef const int32_t[::1] i32
    cdef const int64_t[::1] i64
    if len(index) != count:
        raise ValueError("index and out differ in length")
    if not count:
        return
    if index.dtype == np.int32:
        i32 = index
        with nogil:
            gather32(&out[0], &values[0], &i32[0], count)
    else:
        i64 = index
        with nogil:
            gather64(&out[0], &values[0], &i64[0], count)


def scatter(double[::1] out, target, const double[::1] values, index):
    """out[target[k]] = values[index[k]], for indices of int32 or int64."""
    cdef int64_t count = len(index)
    cdef const int32_t[::1] i32, t32
    cdef const int64_t[::1] i64, t64
    if len(target) != count or index.dtype != target.dtype:
        raise ValueError("index and target differ in length or dtype")
    if not count:
        return
    if index.dtype == np.int32:
        i32, t32 = index, target
        with nogil:
            scatter32(&out[0], &t32[0], &values[0], &i32[0], count)
    else:
        i64, t64 = index, target
        with nogil:
            scatter64(&out[0], &t64[0], &values[0], &i64[0], count)


def solve_by_substitution(
    double[::1] out, const double[::1] values, const int64_t[::1] read, const int64_t[:, ::1] steps,
    const int64_t[::1] mate,
):
    """Entries off the diagonal of a matrix with an acyclic colouring."""
    cdef Substitution plan
    cdef int64_t count = steps.shape[1]
    if not count:
        return
    cdef double[::1] sums = np.empty(1 + np.max(steps[1:]), np.float64)
    plan.entry = <int64_t *>&steps[0, 0]
    plan.leaf_slot = <int64_t *>&steps[1, 0]
    plan.parent_slot = <int64_t *>&steps[2, 0]
    plan.steps, plan.slots = count, sums.shape[0]
    with nogil:
        substitute(&out[0], &values[0], &read[0], &plan, &mate[0], &sums[0])


def seeds(double[:, ::1] out, const int64_t[::1] color, int64_t first):
    """Rows of zeros and ones: one where a column has colour first, first + 1, ..."""
    cdef int64_t columns = color.shape[0], count = out.shape[0]
    if out.shape[1] != columns:
        raise ValueError("out and color differ in length")
    if columns and count:
        with nogil:
            seed_rows(&out[0, 0], &color[0], columns, first, count)
