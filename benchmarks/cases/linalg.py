"""Dense linear algebra of order 500 beside NumPy's own on the values."""

import numpy

from ..peers import Plain
from ..work import Work, complex_step

ORDER = 500
DIRECTIONS = 16
TARGET = 2.2


def product(x, np=numpy):
    """Numbers times a plain matrix."""
    return np.matmul(x, np.asarray(FIXED))


def square(x, np=numpy):
    """Numbers times numbers: at least three products."""
    return np.matmul(x, x)


def solution(x, np=numpy):
    """A linear system whose matrix and right-hand side depend on x."""
    return np.linalg.solve(x, x[0])


def works(quick):
    """Yield products in one direction, then solutions in sixteen."""
    yield matmul(product, "matmul, Dual @ array")
    yield matmul(square, "matmul, Dual @ Dual")
    yield solve()


FIXED = numpy.random.default_rng(ORDER).standard_normal((ORDER, ORDER))


def matmul(f, title):
    """Return a product of matrices, value and one direction."""
    x, v = numpy.random.default_rng(1).standard_normal((2, ORDER, ORDER))
    return Work("linalg", title, ORDER, "NumPy's f(x)", "jvp", (f, x, v), complex_step(f, x, v), Plain().jvp(f, x, v),
                target=TARGET)


def solve():
    """Return the solution of a linear system, value and sixteen directions."""
    random = numpy.random.default_rng(2)
    x, vs = random.standard_normal((ORDER, ORDER)), random.standard_normal((DIRECTIONS, ORDER, ORDER))
    x += 5 * numpy.sqrt(ORDER) * numpy.eye(ORDER)
    return Work("linalg", f"solve, K={DIRECTIONS}", ORDER, "NumPy's f(x)", "jvps", (solution, x, vs),
                complex_step(solution, x, *vs), Plain().jvps(solution, x, vs), target=TARGET)
