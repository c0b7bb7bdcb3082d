cimport cython
from cpython.object cimport PyObject

@cython.no_gc
cdef class Elementwise:
    cdef object data          # component array: ndarray, or Number of an outer level; None while in `c`
    cdef PyObject* squared    # what its square is known to be: see rules.roots
    cdef readonly long long level
    cdef int kind             # DUAL, MULTIDUAL, ...
    cdef int ncomp            # components held: 1 for a constant
    cdef readonly int ndir    # directions; the degree of a power series
    cdef int ndir2            # directions of the second set; SYMMETRIC if they are those of the first
    cdef bint single          # one direction each, without an axis for it
    cdef double c[9]          # components of a shape-() float64 number, zero beyond ncomp

@cython.no_gc
cdef class Number(Elementwise):
    pass

@cython.no_gc
cdef class Carrier:
    pass

cdef enum Kind:
    DUAL = 1
    MULTIDUAL = 2
    HYPERDUAL = 3
    TAYLOR = 4
    TRACER = 100             # patterns in place of derivatives: every function has a rule of its own

cdef enum:
    SYMMETRIC = -1

cdef object as_components(object value)
cdef object initialise(Number self, object value, object tangents, int kind)
cdef object set_components(Number self, object data, int kind, int ndir, int ndir2, bint single)
cdef object component_view(Number x)
cdef object use_freelist(type cls)

cdef int table_index(object ufunc) except -2
cdef bint unary_parts(int index, double x, double* z, double* dx) noexcept
cdef bint binary_parts(int index, double x, double y, double* z, double* dx, double* dy) noexcept
cdef bint power_parts(double x, double y, double* z, double* dx, double* dy) noexcept
