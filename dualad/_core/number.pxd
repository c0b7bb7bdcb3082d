cimport cython

@cython.no_gc
cdef class Elementwise:
    cdef object data          # component array: ndarray, or Number of an outer level; None while in `c`
    cdef readonly long long level
    cdef int kind             # DUAL, MULTIDUAL
    cdef int ncomp            # components held: 1 for a constant, else 1 + ndir
    cdef readonly int ndir    # directions
    cdef double c[9]          # components of a shape-() float64 number, zero beyond ncomp

@cython.no_gc
cdef class Number(Elementwise):
    pass

cdef enum Kind:
    DUAL = 1
    MULTIDUAL = 2
    TRACER = 100             # patterns in place of derivatives: every function has a rule of its own

cdef object initialise(Number self, object value, object tangents, int kind)
cdef object component_view(Number x)
cdef object use_freelist(type cls)
