"""Elementwise chains from one to ten million elements, one direction and eight."""

import numpy

from ..peers import Plain
from ..work import Work, complex_step

DIRECTIONS = 8
SIZES = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000)
QUICK_SIZES = (1, 100, 10_000, 1_000_000)
LARGEST_MULTIDUAL, QUICK_LARGEST_MULTIDUAL = 1_000_000, 10_000


def f1(x, np=numpy):
    """Transcendental functions mixed with arithmetic."""
    r = np.exp(-x * x) * np.sin(3 * x) / (1 + x * x)
    return np.sqrt(r * r + 1) * np.tanh(x) - np.log1p(x * x)


def f2(x, np=numpy):
    """Arithmetic alone, which memory traffic bounds."""
    return (x * x + 3 * x + 1) * (2 * x + 1) - x * x * x


# The most that dualad may take: up to 100 elements, up to 1e5, beyond.
DUAL_TARGETS = {f1: (0.8, 1.6, 1.8), f2: (0.4, 1.8, 1.8)}
MULTIDUAL_TARGETS = (0.5, 0.7, 1.0)


def target(targets, size):
    """Pick the target for a size."""
    return targets[0] if size <= 100 else targets[1] if size <= 100_000 else targets[2]


def works(quick):
    """Yield both functions with `Dual`, then with `MultiDual`, at every size."""
    sizes = QUICK_SIZES if quick else SIZES
    for f in (f1, f2):
        for size in sizes:
            yield dual(f, size)
    for f in (f1, f2):
        for size in sizes:
            if size <= (QUICK_LARGEST_MULTIDUAL if quick else LARGEST_MULTIDUAL):
                yield multidual(f, size, DIRECTIONS)


def dual(f, size):
    """Return value and one directional derivative, as a ratio to the value alone."""
    random = numpy.random.default_rng(size)
    x, v = random.standard_normal((2, size))
    return Work("chains", f"Dual {f.__name__}", size, "NumPy's f(x)", "jvp", (f, x, v), complex_step(f, x, v),
                Plain().jvp(f, x, v), target=target(DUAL_TARGETS[f], size))


def multidual(f, size, directions, family="chains"):
    """Return value and several directional derivatives, per direction."""
    random = numpy.random.default_rng(size)
    x, vs = random.standard_normal(size), random.standard_normal((directions, size))
    value, slope = complex_step(f, x, numpy.ones(size))
    goal = target(MULTIDUAL_TARGETS, size) if directions == DIRECTIONS else None
    return Work(family, f"MultiDual {f.__name__}, K={directions}, per direction", size, "NumPy's f(x)",
                "jvps", (f, x, vs), (value, slope * vs), Plain().jvps(f, x, vs), directions, goal)
