"""NumPy functions on ten elements beside NumPy's own on the values: what dispatch and bookkeeping cost."""

import numpy

from ..peers import Plain
from ..work import Work, complex_step

SIZE = 10
TARGET = 2.5


def total(x, np=numpy):
    """Sum of all elements."""
    return np.sum(x)


def square(x, np=numpy):
    """Scalar product of a vector with itself."""
    return np.dot(x, x)


def inside(x, np=numpy):
    """A slice."""
    return x[1:-1]


def joined(x, np=numpy):
    """Two vectors in one."""
    return np.concatenate([x, x])


def works(quick):
    """Yield each function with `Dual`."""
    x, v = numpy.random.default_rng(SIZE).standard_normal((2, SIZE))
    for f, title in ((total, "np.sum"), (square, "np.dot"), (inside, "x[1:-1]"), (joined, "np.concatenate")):
        yield Work("functions", title, SIZE, "NumPy's f(x)", "jvp", (f, x, v), complex_step(f, x, v),
                   Plain().jvp(f, x, v), target=TARGET)
