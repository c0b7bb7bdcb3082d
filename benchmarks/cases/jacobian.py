"""Dense Jacobians in units of evaluations of f."""

import numpy

from ..peers import Plain
from ..work import Work, complex_step

SIZES = (10, 30, 100, 300, 1000)
QUICK_SIZES = (10, 100)
TARGETS = {100: 10.0}


def broyden(x, np=numpy):
    """Broyden's tridiagonal function, functional form."""
    padded = np.concatenate((np.zeros(1), x, np.zeros(1)))
    return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1


def broyden_in_place(x, np=numpy):
    """Broyden's tridiagonal function, updating slices."""
    y = (3 - 2 * x) * x + 1
    y[1:] -= x[:-1]
    y[:-1] -= 2 * x[1:]
    return y


def works(quick):
    """Yield both forms at every size."""
    for size in QUICK_SIZES if quick else SIZES:
        yield dense(broyden_in_place, "Broyden tridiagonal, slices updated in place", size)
        yield dense(broyden, "Broyden tridiagonal, padded", size)


def dense(f, title, size):
    """Return the dense Jacobian of f at a random point."""
    x = numpy.random.default_rng(size).uniform(-1, 1, size)
    value, columns = complex_step(f, x, *numpy.eye(size))
    return Work("jacobian", title, size, "evaluation of f", "jacobian", (f, x), (value, columns.T),
                Plain().jacobian(f, x), target=TARGETS.get(size))
