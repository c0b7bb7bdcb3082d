"""Uncertain numbers beside the packages made for them, and propagation beside its Jacobian.

The reference of uncertain numbers is the package uncertainties; without it figures are microseconds.
"""

from dataclasses import replace

import numpy as np

import dualad as da

from .. import peers as field
from ..work import Contender, Work


def sine(kit, values, std):
    """Sines of independent numbers and their standard deviations."""
    x = kit.array(values, std)
    return lambda: kit.std(kit.sin(x))


def correlated_sum(kit, values, cov):
    """The standard deviation of the sum of numbers with a full covariance."""
    x = kit.correlated(values, cov)
    return lambda: kit.std(kit.sum(x))


def common_sum(kit, values, std):
    """The standard deviation of a sum of terms that share one number."""
    x = kit.array(values, std) + kit.array(np.ones(1), np.array([0.1]))[0] * np.arange(len(values))
    return lambda: kit.std(kit.sum(x))


def product(kit, *pairs):
    """The product of two scalars, without its deviation."""
    x, y = (kit.scalar(*pair) for pair in pairs)
    return lambda: x * y


def scalar_sum(kit, values, std):
    """The standard deviation of a sum of squares of scalars, one after the other."""
    numbers = [kit.scalar(*pair) for pair in zip(values.tolist(), std.tolist(), strict=True)]
    return lambda: kit.std(sum(x * x for x in numbers))


def works(quick):
    """Yield the works on uncertain numbers, then the propagation of a vector function."""
    random = np.random.default_rng(0)
    n, m = 10_000, 1000
    values, std, root = random.standard_normal(n), random.uniform(0.1, 0.2, n), random.standard_normal((m, m))
    cov = root @ root.T / m + np.eye(m)
    slopes = np.abs(np.cos(values))
    yield uncertain("sine of independent numbers, std", n, sine, (values, std), slopes * std, 1 / 50)
    yield uncertain("sum of correlated numbers, std", m, correlated_sum, (values[:m], cov), np.sqrt(cov.sum()), 1 / 100)
    shared = np.sqrt(np.sum(std[:m] ** 2) + (0.1 * np.arange(m).sum()) ** 2)
    yield uncertain("sum of terms with a common number, std", m, common_sum, (values[:m], std[:m]), shared, 1 / 100)
    yield uncertain("product of two scalars", 1, product, ((1.0, 0.1), (2.0, 0.3)), None, 1.0)
    squares = np.sqrt(np.sum((2 * values[:m] * std[:m]) ** 2))
    yield uncertain("sum of squares of scalars, std", m, scalar_sum, (values[:m], std[:m]), squares, 1 / 10)
    yield propagation(100, 10_000, random)


def uncertain(title, size, program, arguments, expected, target):
    """Return a work of uncertain numbers."""
    try:
        reference = replace(field.Uncertainties().uncertain(program, *arguments), name="reference")
    except ImportError:
        reference, target = None, None
    unit = "microsecond" if reference is None else "uncertainties"
    return Work("uncertainty", title, size, unit, "uncertain", (program, *arguments), (None, expected), reference,
                target=target)


def propagation(n, m, random):
    """Return the propagation of m results of n inputs, in units of their Jacobian."""
    A, x, std = random.standard_normal((m, n)) / n, random.standard_normal(n), np.full(n, 0.1)

    def f(x):
        y = A @ x
        return np.sin(y) * np.exp(-y * y)

    f.parameters = A
    y = A @ x
    slope = (np.cos(y) - 2 * y * np.sin(y)) * np.exp(-y * y)
    expected = 0.1 * np.abs(slope) * np.sqrt(np.sum(A * A, axis=1))
    names = {"jacobian": da.jacobian(f), "x": x}
    reference = Contender("da.jacobian", "jacobian(x)", names, lambda J: (None, 0.1 * np.sqrt(np.sum(J * J, axis=1))))
    return Work("uncertainty", f"propagate {n} inputs", m, "Jacobian", "propagate", (f, x, std), (None, expected),
                reference, target=1.3)
