"""Second derivatives: dense Hessians in units of evaluations of f, products with a vector, and scalar products."""

from dataclasses import replace

import numpy

import dualad as da

from .. import peers as field
from ..work import Contender, Work
from .sparse import rosenbrock, rosenbrock_hessian

FACTORS = (1.3, 0.7)
WIDTH = 100
EXPECTED = (FACTORS[0] * FACTORS[1], [FACTORS[1], FACTORS[0], 1.0])


def works(quick):
    """Yield gradients, dense Hessians, a Hessian times a vector, and the product of two scalars in units of others."""
    for size in (100,) if quick else (100, 1000, 10**5):
        yield gradient(size)
    yield recurrent_gradient()
    for size in (100,) if quick else (100, 1000, 10**5):
        x, v = numpy.random.default_rng(size).uniform(-1, 1, (2, size))
        hessian = rosenbrock_hessian(x)
        reference = field.Plain().jacobian(rosenbrock, x)
        if size <= 1000:
            yield Work("hessian", "chained Rosenbrock, dense", size, "evaluation of f", "hessian", (rosenbrock, x),
                       (None, hessian.toarray()), reference, target=size**2 / 5)
        yield Work("hessian", "chained Rosenbrock, times a vector", size, "evaluation of f", "hvp", (rosenbrock, x, v),
                   (None, hessian @ v), reference)
    x, y = map(da.Dual, FACTORS, (1.0, 0.5))
    yield product("Dual x*y", Contender("reference", "x * y", {"x": x, "y": y}), 3.0)
    for kind in (field.NumDual, field.HyperJet):
        found, _ = field.load([kind])
        if found:
            reference = replace(found[0].hyper_product(*FACTORS), name="reference")
            yield product(f"{kind.name}'s x*y", reference, 1 / 5)


def gradient(size):
    """Return the gradient of a sum of many terms."""
    x = numpy.random.default_rng(size).uniform(-1, 1, size)
    a, b = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    exact = numpy.append(-400 * x[:-1] * a - 2 * b, 0.0)
    exact[1:] += 200 * a
    return Work("hessian", "chained Rosenbrock, gradient", size, "evaluation of f", "gradient", (rosenbrock, x),
                (rosenbrock(x), exact), field.Plain().jacobian(rosenbrock, x))


def recurrent(x, np=numpy):
    """Three layers of a network with the same weights, which are the unknowns, as is what goes in."""
    weights, h = x[:-WIDTH].reshape(WIDTH, WIDTH), x[-WIDTH:]
    for _ in range(3):
        h = np.tanh(weights @ h)
    return np.sum(h**2)


def recurrent_gradient():
    """Return the gradient of a function that mixes all unknowns."""
    x = numpy.random.default_rng(1).uniform(-1, 1, WIDTH**2 + WIDTH) / WIDTH**0.5
    weights, states = x[:-WIDTH].reshape(WIDTH, WIDTH), [x[-WIDTH:]]
    for _ in range(3):
        states.append(numpy.tanh(weights @ states[-1]))
    slope, exact = 2 * states[-1], numpy.zeros_like(x)
    for before, after in zip(states[-2::-1], states[:0:-1], strict=True):
        slope = slope * (1 - after**2)
        exact[:-WIDTH] += numpy.outer(slope, before).ravel()
        slope = weights.T @ slope
    exact[-WIDTH:] = slope
    return Work("hessian", "recurrent network, gradient", len(x), "evaluation of f", "gradient", (recurrent, x),
                (recurrent(x), exact), field.Plain().jacobian(recurrent, x))


def product(unit, reference, target):
    """Return the product of two scalar HyperDuals in units of another product."""
    return Work("hessian", f"HyperDual x*y beside {unit}", 1, unit, "hyper_product", FACTORS, EXPECTED, reference,
                target=target)
