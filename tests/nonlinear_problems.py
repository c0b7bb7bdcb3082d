"""The classical test set of nonlinear systems F(x) = 0: 23 residual functions written for plain NumPy.

Problems 1 to 14 are the square systems of J. J. Moré, B. S. Garbow and K. E. Hillstrom, "Testing unconstrained
optimization software", ACM TOMS 7 (1981) 17-41, with the starts of their driver for hybrd of MINPACK; 15 and 16 ask
for square roots of matrices near a Jordan block (S. Hammarling); 17 is from J. E. Dennis and R. B. Schnabel,
*Numerical Methods for Unconstrained Optimization*, 1983, example 6.5.1; 18 to 22 are those of the collection
test_nonlin by J. Burkardt, with F. Freudenstein and B. Roth, J. ACM 10 (1963) 550, and P. T. Boggs, SIAM J. Numer.
Anal. 8 (1971) 767; 23 is C. T. Kelley, *Solving Nonlinear Equations with Newton's Method*, SIAM 2003, section 5.6.

They know nothing of derivatives: they loop, make arrays with `numpy` and assign to elements.
"""

from typing import NamedTuple

import numpy as np


def rosenbrock(x):
    n = len(x)
    f = np.zeros(n)
    f[0] = 1 - x[0]
    for i in range(1, n):
        f[i] = 10 * (x[i] - x[i - 1] ** 2)
    return f


def powell_singular(x):
    f = np.zeros(4)
    f[0] = x[0] + 10 * x[1]
    f[1] = np.sqrt(5) * (x[2] - x[3])
    f[2] = (x[1] - 2 * x[2]) ** 2
    f[3] = np.sqrt(10) * (x[0] - x[3]) ** 2
    return f


def powell_badly_scaled(x):
    f = np.empty(2)
    f[0] = 1e4 * x[0] * x[1] - 1
    f[1] = np.exp(-x[0]) + np.exp(-x[1]) - 1.0001
    return f


def wood(x):
    f = np.zeros(4)
    a, b = x[1] - x[0] ** 2, x[3] - x[2] ** 2
    f[0] = -200 * x[0] * a - (1 - x[0])
    f[1] = 200 * a + 20.2 * (x[1] - 1) + 19.8 * (x[3] - 1)
    f[2] = -180 * x[2] * b - (1 - x[2])
    f[3] = 180 * b + 20.2 * (x[3] - 1) + 19.8 * (x[1] - 1)
    return f


def helical_valley(x):
    f = np.zeros(3)
    if x[0] > 0:
        turn = np.arctan(x[1] / x[0]) / (2 * np.pi)
    elif x[0] < 0:
        turn = np.arctan(x[1] / x[0]) / (2 * np.pi) + 0.5
    else:
        turn = 0.25 * np.sign(x[1])
    f[0] = 10 * (x[2] - 10 * turn)
    f[1] = 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1)
    f[2] = x[2]
    return f


def watson(x):
    """The gradient of half the sum of squares of Watson's residuals."""
    n = len(x)
    f = np.zeros(n)
    for i in range(1, 30):
        t = i / 29
        slope = level = 0.0
        for j in range(n):
            level += x[j] * t**j
            if j > 0:
                slope += j * x[j] * t ** (j - 1)
        residual = slope - level**2 - 1
        for k in range(n):
            f[k] += t ** (k - 1) * (k - 2 * t * level) * residual
    last = x[1] - x[0] ** 2 - 1
    f[0] += x[0] * (1 - 2 * last)
    f[1] += last
    return f


def chebyquad(x):
    n = len(x)
    f = np.zeros(n)
    for j in range(n):
        before, t = 1.0, 2 * x[j] - 1
        twice = 2 * t
        for i in range(n):
            f[i] += t
            before, t = t, twice * t - before
    for i in range(n):
        f[i] /= n
        if i % 2:
            f[i] += 1 / ((i + 1) ** 2 - 1)
    return f


def brown_almost_linear(x):
    n = len(x)
    f = np.zeros(n)
    f[: n - 1] = x[: n - 1] + np.sum(x) - (n + 1)
    f[n - 1] = np.prod(x) - 1
    return f


def discrete_boundary_value(x):
    n = len(x)
    h = 1 / (n + 1)
    f = np.zeros(n)
    for k in range(n):
        f[k] = 2 * x[k] + 0.5 * h**2 * (x[k] + (k + 1) * h + 1) ** 3
        if k > 0:
            f[k] -= x[k - 1]
        if k < n - 1:
            f[k] -= x[k + 1]
    return f


def discrete_integral_equation(x):
    n = len(x)
    h = 1 / (n + 1)
    t = np.arange(1, n + 1) * h
    f = np.zeros(n)
    for k in range(n):
        below = above = 0.0
        for j in range(k + 1):
            below += t[j] * (x[j] + t[j] + 1) ** 3
        for j in range(k + 1, n):
            above += (1 - t[j]) * (x[j] + t[j] + 1) ** 3
        f[k] = x[k] + 0.5 * h * ((1 - t[k]) * below + t[k] * above)
    return f


def trigonometric(x):
    n = len(x)
    f = np.zeros(n)
    cosines = np.zeros(n)
    for j in range(n):
        cosines[j] = np.cos(x[j])
    for k in range(n):
        f[k] = n - cosines.sum() + (k + 1) * (1 - cosines[k]) - np.sin(x[k])
    return f


def variably_dimensioned(x):
    n = len(x)
    f = np.empty(n)
    total = 0.0
    for j in range(n):
        total += (j + 1) * (x[j] - 1)
    for k in range(n):
        f[k] = x[k] - 1 + (k + 1) * total * (1 + 2 * total**2)
    return f


def broyden_tridiagonal(x):
    n = len(x)
    f = np.zeros(n)
    for k in range(n):
        f[k] = (3 - 2 * x[k]) * x[k] + 1
        if k > 0:
            f[k] -= x[k - 1]
        if k < n - 1:
            f[k] -= 2 * x[k + 1]
    return f


def broyden_banded(x):
    n = len(x)
    f = np.zeros(n)
    for k in range(n):
        near = 0.0
        for j in range(max(0, k - 5), min(n, k + 2)):
            if j != k:
                near += x[j] * (1 + x[j])
        f[k] = x[k] * (2 + 5 * x[k] ** 2) + 1 - near
    return f


def hammarling(x):
    """X @ X - A for the matrix X of these rows, where A has 1e-4 on its diagonal and 1 beside the first entry."""
    n = round(len(x) ** 0.5)
    f = np.zeros(n * n)
    for i in range(n):
        for j in range(n):
            for k in range(n):
                f[n * i + j] += x[n * i + k] * x[n * k + j]
        f[n * i + i] -= 1e-4
    f[1] -= 1
    return f


def dennis_schnabel(x):
    return np.array([x[0] + x[1] - 3, x[0] ** 2 + x[1] ** 2 - 9])


def sample_18(x):
    f = np.zeros(2)
    if x[0] != 0:
        f[0] = x[1] ** 2 * (1 - np.exp(-x[0] ** 2)) / x[0]
    if x[1] != 0:
        f[1] = x[0] * (1 - np.exp(-x[1] ** 2)) / x[1]
    return f


def sample_19(x):
    f = np.zeros(2)
    for i in range(2):
        f[i] = x[i] * (x[0] ** 2 + x[1] ** 2)
    return f


def scalar(x):
    f = np.zeros(1)
    f[0] = x[0] * (x[0] - 5) ** 2
    return f


def freudenstein_roth(x):
    f = np.zeros(2)
    f[0] = x[0] - x[1] ** 3 + 5 * x[1] ** 2 - 2 * x[1] - 13
    f[1] = x[0] + x[1] ** 3 + x[1] ** 2 - 14 * x[1] - 29
    return f


def boggs(x):
    f = np.zeros(2)
    f[0] = x[0] ** 2 - x[1] + 1
    f[1] = x[0] - np.cos(0.5 * np.pi * x[1])
    return f


def chandrasekhar(x):
    """The H-equation with c = 0.9 by the midpoint rule; sum(x) / n is 2 (1 - sqrt(1 - c)) / c at the root."""
    n, c = len(x), 0.9
    mu = np.zeros(n)
    for i in range(n):
        mu[i] = (i + 0.5) / n
    f = np.zeros(n)
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += mu[i] * x[j] / (mu[i] + mu[j])
        f[i] = x[i] - 1 / (1 - c * total / (2 * n))
    return f


class Problem(NamedTuple):
    """F, its standard start, and a root where one is published (not always the one a solver finds)."""

    name: str
    f: object
    x0: np.ndarray
    root: np.ndarray | None = None

    @property
    def n(self):
        return len(self.x0)


def _problem(f, x0, root=None, name=None):
    root = None if root is None else np.array(root, float)
    return Problem(name or f.__name__, f, np.array(x0, float), root)


_t = np.arange(1, 11) / 11
_ones, _zeros = np.ones(10), np.zeros(10)

PROBLEMS = [
    _problem(rosenbrock, [-1.2, 1], [1, 1]),
    _problem(powell_singular, [3, -1, 0, 1], [0, 0, 0, 0]),
    _problem(powell_badly_scaled, [0, 1], [1.098159329699759e-05, 9.106146739867163]),
    _problem(wood, [-3, -1, -3, -1], [1, 1, 1, 1]),
    _problem(helical_valley, [-1, 0, 0], [1, 0, 0]),
    _problem(watson, np.zeros(6), [-0.01572508640145857, 1.012434869369118, -0.2329916259567373, 1.260430087799606,
                                   -1.513728922723441, 0.9929964324311331]),
    _problem(chebyquad, np.arange(1, 6) / 6, [0.08375125649950906, 0.3127292952232055, 0.5, 0.6872707047767945,
                                              0.9162487435004909]),
    _problem(brown_almost_linear, 0.5 * _ones, _ones),
    _problem(discrete_boundary_value, _t * (_t - 1)),
    _problem(discrete_integral_equation, _t * (_t - 1)),
    _problem(trigonometric, 0.1 * _ones, _zeros),
    _problem(variably_dimensioned, 1 - np.arange(1, 11) / 10, _ones),
    _problem(broyden_tridiagonal, -_ones),
    _problem(broyden_banded, -_ones),
    _problem(hammarling, [1, 0, 0, 1], [0.01, 50, 0, 0.01], "hammarling_2"),
    _problem(hammarling, [1, 0, 0, 0, 1, 0, 0, 0, 1], [0.01, 50, 0, 0, 0.01, 0, 0, 0, 0.01], "hammarling_3"),
    _problem(dennis_schnabel, [1, 5], [0, 3]),
    _problem(sample_18, [2, 2], [0, 0]),
    _problem(sample_19, [3, 3], [0, 0]),
    _problem(scalar, [1], [5]),
    _problem(freudenstein_roth, [0.5, -2], [5, 4]),
    _problem(boggs, [1, 0], [0, 1]),
    _problem(chandrasekhar, _ones),
]
