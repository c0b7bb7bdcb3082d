"""Neural networks: the JVP of a deep one, the Laplacian of a small one at many points."""

import numpy

from ..peers import Plain
from ..work import Work, complex_step

WIDTH, LAYERS, BATCH = 100, 100, 100
SMALL, POINTS, TARGET = 32, 10_000, 8.0
RANDOM = numpy.random.default_rng(0)
WEIGHTS = RANDOM.standard_normal((LAYERS, WIDTH, WIDTH)) / WIDTH**0.5
FIRST, SECOND, LAST = (RANDOM.standard_normal((n, m)) / n**0.5 for n, m in ((2, SMALL), (SMALL, SMALL), (SMALL, 1)))
LAST = LAST[:, 0]


def perceptron(layers):
    """Return a function of the input of so many layers of tanh with fixed weights."""
    def deep(x, np=numpy):
        for weights in np.asarray(WEIGHTS[:layers]):
            x = np.tanh(x @ weights)
        return x

    return deep


def by_weights(weights, np=numpy):
    """Layers of tanh for a fixed input, as a function of all weights."""
    x = np.outer(np.linspace(-1, 1, BATCH), np.linspace(0.5, 1, WIDTH))
    for layer in weights:
        x = np.tanh(x @ layer)
    return x


def field(p, np=numpy):
    """A function u(x, y) with two hidden layers, at points in the last axis of p."""
    hidden = np.tanh(np.tanh(p @ np.asarray(FIRST)) @ np.asarray(SECOND))
    return hidden @ np.asarray(LAST)


field.parameters = numpy.concatenate([FIRST.ravel(), SECOND.ravel(), LAST])


def laplacian_by_hand(p):
    """Sum of second derivatives, pushed forward: (g(u))'' = g'(u) u'' + g''(u) |grad u|**2 at each layer."""
    u, slopes, second = p @ FIRST, numpy.broadcast_to(FIRST[:, None], (2, len(p), SMALL)), 0.0
    for matrix in (SECOND, LAST):
        t = numpy.tanh(u)
        first = 1 - t * t
        second = (first * second - 2 * t * first * numpy.sum(slopes**2, axis=0)) @ matrix
        slopes = (first * slopes) @ matrix
        u = t @ matrix
    return second


def works(quick):
    """Yield JVPs along the input and along all weights, then a Laplacian."""
    layers = LAYERS // 10 if quick else LAYERS
    x, v = numpy.random.default_rng(1).standard_normal((2, BATCH, WIDTH))
    weights = WEIGHTS[:layers]
    w = numpy.random.default_rng(2).standard_normal(weights.shape) / WIDTH
    for title, f, point, direction in (("input", perceptron(layers), x, v), ("weights", by_weights, weights, w)):
        yield Work("network", f"JVP of {layers} layers of {WIDTH}x{WIDTH} weights along the {title}", weights.size,
                   "NumPy's f(x)", "jvp", (f, point, direction), complex_step(f, point, direction),
                   Plain().jvp(f, point, direction))
    size = POINTS // 10 if quick else POINTS
    points = numpy.random.default_rng(3).uniform(-1, 1, (size, 2))
    yield Work("network", "u_xx + u_yy of a small network", size, "NumPy's u(x, y)", "laplacian", (field, points),
               (None, laplacian_by_hand(points)), Plain().laplacian(field, points),
               target=None if quick else TARGET)
