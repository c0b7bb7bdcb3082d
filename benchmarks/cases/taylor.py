"""Higher derivatives of elementwise functions."""

import numpy
from numpy.polynomial import Polynomial

from ..peers import Plain
from ..work import Work


def tanh(x, np=numpy):
    """The hyperbolic tangent, whose derivatives are polynomials of itself."""
    return np.tanh(x)


def swirl(x, np=numpy):
    """A composite function."""
    return np.exp(np.sin(x)) / (1 + x * x)


def tanh_derivatives(x, order):
    """Return P_k(tanh x) for the polynomials with P_0(t) = t and P_k = (1 - t**2) P_{k-1}'."""
    polynomials = [Polynomial([0, 1])]
    for _ in range(order):
        polynomials.append(Polynomial([1, 0, -1]) * polynomials[-1].deriv())
    return numpy.array([p(numpy.tanh(x)) for p in polynomials])


def swirl_derivatives(x, order):
    """Return Cauchy's integrals over circles around x, between it and the poles at i, by the trapezoidal rule."""
    k, radius, points = numpy.arange(order + 1), 0.8, 256
    turn = numpy.exp(2j * numpy.pi * numpy.arange(points) / points)
    coefficients = numpy.fft.fft(swirl(x[:, None] + radius * turn)).real[:, : order + 1] / points / radius**k
    return (coefficients * numpy.cumprod([1.0, *k[1:]])).T


def works(quick):
    """Yield six derivatives of tanh, in microseconds and as a ratio to tanh, and ten of a composite function."""
    x = numpy.linspace(-2, 2, 200)
    derivatives, expected = (tanh, x, 6), (None, tanh_derivatives(x, 6))
    yield Work("taylor", "tanh and 6 derivatives, time", 200, "microsecond", "derivatives", derivatives, expected,
               target=60.0)
    if not quick:
        yield Work("taylor", "tanh and 6 derivatives", 200, "NumPy's tanh(x)", "derivatives", derivatives, expected,
                   Plain().jacobian(tanh, x))
    for order in (2, 10) if quick else (2, 4, 10, 20):
        yield Work("taylor", f"exp(sin(x))/(1 + x*x) and {order} derivatives", 200, "NumPy's f(x)", "derivatives",
                   (swirl, x, order), (None, swirl_derivatives(x, order)), Plain().jacobian(swirl, x))
