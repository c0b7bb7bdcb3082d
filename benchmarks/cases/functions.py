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
    """Yield each function with `Dual`: those with a compiled way of their own, then what rules in Python do."""
    x, v = numpy.random.default_rng(SIZE).uniform(0.5, 2.0, (2, SIZE))
    for f, title in ((total, "np.sum"), (square, "np.dot"), (inside, "x[1:-1]"), (joined, "np.concatenate")):
        yield work(f, title, x, v, complex_step(f, x, v), TARGET)
    for title, f in ANALYTIC.items():
        yield work(f, title, x, v, complex_step(f, x, v), RULE_TARGET)
    for title, (f, slope) in OTHERS.items():
        yield work(f, title, x, v, (f(x), slope(x, v)), RULE_TARGET)


RULE_TARGET = 5.0
MATRIX = numpy.random.default_rng(1).uniform(-1.0, 1.0, (SIZE, SIZE))
ANALYTIC = {
    "x.reshape": lambda x, np=numpy: x.reshape(2, 5),
    "x[:, None].T": lambda x, np=numpy: x[:, None].T,
    "np.stack": lambda x, np=numpy: np.stack([x, x]),
    "np.mean": lambda x, np=numpy: np.mean(x),
    "np.max": lambda x, np=numpy: np.max(x),
    "np.prod": lambda x, np=numpy: np.prod(x),
    "np.cumsum": lambda x, np=numpy: np.cumsum(x),
    "np.outer": lambda x, np=numpy: np.outer(x, x),
    "np.einsum": lambda x, np=numpy: np.einsum("i,i->", x, x),
    "np.convolve": lambda x, np=numpy: np.convolve(x, x),
    "A @ x": lambda x, np=numpy: np.matmul(np.asarray(MATRIX), x),
}
# functions that look at absolute values: their slopes by hand
OTHERS = {
    "np.linalg.norm": (lambda x, np=numpy: np.linalg.norm(x), lambda x, v: x @ v / numpy.sqrt(x @ x)),
    "np.sort": (lambda x, np=numpy: np.sort(x), lambda x, v: v[numpy.argsort(x)]),
    "np.clip": (lambda x, np=numpy: np.clip(x, 0.8, 1.6), lambda x, v: v * ((x > 0.8) & (x < 1.6))),
    "np.var": (lambda x, np=numpy: np.var(x), lambda x, v: 2 * (x - x.mean()) @ v / SIZE),
}


def work(f, title, x, v, expected, target):
    """Return value and one direction of a function."""
    return Work("functions", title, SIZE, "NumPy's f(x)", "jvp", (f, x, v), expected, Plain().jvp(f, x, v),
                target=target)
