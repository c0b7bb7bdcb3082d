"""What a transform costs by itself: the JVP of the identity, in microseconds."""

import numpy

from ..work import Work

TARGET = 3.0


def identity(x, np=numpy):
    """Return x."""
    return x


def works(quick):
    """Yield the identity of one element and of a hundred."""
    for size in (1, 100):
        x, v = numpy.random.default_rng(size).standard_normal((2, size))
        yield Work("overhead", "jvp of the identity", size, "microsecond", "jvp_transform", (identity, x, v),
                   (x, v), target=TARGET)
