"""Solvers of equations beside the same solvers with derivatives written by hand, and derivatives of solutions."""

import numpy as np
import scipy.optimize
from scipy import sparse
from scipy.sparse import linalg

import dualad as da
from dualad import optimize

from ..work import Contender, Work

TOLERANCE = 1e-10


def works(quick):
    """Yield small solves, many equations, many systems, large systems, then derivatives of a solution."""
    yield two_unknowns()
    yield curve(50)
    yield kepler(100_000 if quick else 1_000_000)
    yield small_systems(100_000)
    yield tridiagonal(1000)
    for cells in (32,) if quick else (64, 128):
        yield bratu(cells)
        yield preconditioned_bratu(cells)
    yield sensitivity(500, 16)


def solution(title, size, ours, expected, unit, by_hand=None, target=None, scipys=None, rtol=1e-9, divide=1,
             kernel=None):
    """Return a work that is done by `ours` and, as the reference, by a program written by hand.

    `kernel` is what solves it in C: its name, its two inputs and the shape of the solution.
    """
    reference = by_hand and Contender("reference", "run()", {"run": by_hand}, lambda x: (x, None))
    return Work("solvers", title, size, unit, "solution", (ours, scipys, rtol, kernel), (expected, None), reference,
                divide, target)


# ---- small solves ------------------------------------------------------------------------------------------------


def two_unknowns():
    """Return a system of two equations, whose price is that of the calls."""
    def f(x, r):
        return [x[0] ** 2 + x[1] ** 2 - r**2, x[0] - x[1]]

    def slopes(x, r):
        return [[2 * x[0], 2 * x[1]], [1.0, -1.0]]

    def by_hand():
        return scipy.optimize.root(f, [1.0, 2.0], (2.0,), jac=slopes).x

    return solution("circle and line", 2, lambda: optimize.root(f, [1.0, 2.0], (2.0,)).x, np.full(2, np.sqrt(2)),
                    "SciPy's root, Jacobian by hand", by_hand, scipys=lambda: scipy.optimize.root(f, [1, 2], (2,)).x)


def curve(size):
    """Return a fit of three parameters."""
    def f(t, a, b, c):
        return a * np.exp(-b * t) + c

    def slopes(t, a, b, c):
        return np.stack([np.exp(-b * t), -a * t * np.exp(-b * t), np.ones_like(t)], -1)

    t = np.linspace(0, 4, size)
    y = f(t, 2.5, 1.3, 0.5) + 0.02 * np.random.default_rng(0).standard_normal(size)

    def fit(module, **options):
        return module.curve_fit(f, t, y, [1.0, 1.0, 1.0], **options)[0]

    exact = fit(scipy.optimize, jac=slopes, ftol=1e-15, xtol=1e-15, gtol=1e-15)
    return solution("fit of 3 parameters", size, lambda: fit(optimize), exact, "SciPy's curve_fit, Jacobian by hand",
                    lambda: fit(scipy.optimize, jac=slopes), scipys=lambda: fit(scipy.optimize))


# ---- many equations ----------------------------------------------------------------------------------------------


def kepler(size):
    """Return Kepler's equation for many orbits."""
    random = np.random.default_rng(0)
    e, M = random.uniform(0, 0.9, size), random.uniform(0, 2 * np.pi, size)

    def f(E, e, M):
        return E - e * np.sin(E) - M

    def slope(E, e, M):
        return 1 - e * np.cos(E)

    def by_hand():
        return scipy.optimize.newton(f, M, slope, args=(e, M))

    return solution("Kepler's equation", size, lambda: optimize.newton(f, M, args=(e, M)), by_hand(),
                    "SciPy's newton, derivative by hand", by_hand, 1.0, kernel=("kepler", M, e, size))


def small_systems(size):
    """Return independent systems of two equations; the target is 3 microseconds for each."""
    p = np.random.default_rng(1).uniform(1, 3, (size, 2))

    def f(x, p):
        return np.stack([x[:, 0] ** 2 + x[:, 1] - p[:, 0] - 1, x[:, 1] ** 2 - x[:, 0] * p[:, 1] + 0.3], -1)

    def ours():
        return optimize.newton(f, np.full((size, 2), 1.5), args=(p,))

    x = ours()
    assert np.abs(f(x, p)).max() < 1e-12
    return solution("systems of 2 equations", size, ours, x, "microsecond", target=3.0, divide=size,
                    kernel=("small_systems", p, p, (size, 2)))


# ---- large systems -----------------------------------------------------------------------------------------------


def sparse_newton(f, jacobian, x):
    """Newton's method as one writes it by hand."""
    while np.abs(y := f(x)).max() > TOLERANCE:
        x = x - linalg.splu(jacobian(x)).solve(y.ravel()).reshape(x.shape)
    return x


def tridiagonal(size):
    """Return Broyden's tridiagonal system."""
    def f(x):
        y = (3 - 2 * x) * x + 1
        y[1:] -= x[:-1]
        y[:-1] -= 2 * x[1:]
        return y

    off = np.ones(size - 1)

    def jacobian(x):
        return sparse.diags_array([-off, 3 - 4 * x, -2 * off], offsets=[-1, 0, 1], format="csc")

    def by_hand():
        return sparse_newton(f, jacobian, -np.ones(size))

    def hybr():
        return scipy.optimize.root(f, -np.ones(size), method="hybr").x

    def ours():
        return optimize.root(f, -np.ones(size), method="newton").x

    return solution("Broyden tridiagonal", size, ours, by_hand(), "sparse Newton, Jacobian by hand", by_hand, 1.5, hybr,
                    kernel=("broyden_root", -np.ones(size), np.ones(size), size))


def bratu_problem(cells):
    """Return Bratu's problem on a square, lambda = 6, its Laplacian and the factor of exp."""
    factor = 6.0 / (cells + 1) ** 2

    def f(u):
        y = 4 * u - factor * np.exp(u)
        y[1:] -= u[:-1]
        y[:-1] -= u[1:]
        y[:, 1:] -= u[:, :-1]
        y[:, :-1] -= u[:, 1:]
        return y

    off, eye = -np.ones(cells - 1), sparse.eye_array(cells)
    line = sparse.diags_array([off, np.full(cells, 2.0), off], offsets=[-1, 0, 1])
    return f, sparse.csc_array(sparse.kron(line, eye) + sparse.kron(eye, line)), factor


def bratu(cells):
    """Return Bratu's problem with the Jacobian factorised."""
    f, laplacian, factor = bratu_problem(cells)
    start = np.zeros((cells, cells))

    def by_hand():
        return sparse_newton(f, lambda u: sparse.csc_array(laplacian - sparse.diags_array(factor * np.exp(u.ravel()))),
                             start)

    return solution("Bratu", cells**2, lambda: optimize.root(f, start, method="newton").x, by_hand(),
                    "sparse Newton, Jacobian by hand", by_hand, 1.2)


def preconditioned_bratu(cells):
    """Return Bratu's problem by Krylov methods to SciPy's tolerance, preconditioned by the Laplacian."""
    f, laplacian, _ = bratu_problem(cells)
    start = np.zeros((cells, cells))
    inverse = linalg.LinearOperator(laplacian.shape, linalg.splu(laplacian).solve)

    def scipys():
        return scipy.optimize.root(f, start, method="krylov", options={"jac_options": {"inner_M": inverse}}).x

    def ours():
        return optimize.root(f, start, method="newton-krylov", tol=6e-6, options={"preconditioner": inverse}).x

    expected = optimize.root(f, start, method="newton").x
    return solution("Bratu, preconditioned", cells**2, ours, expected, "SciPy's krylov", scipys, 1.2, rtol=1e-3)


# ---- derivatives of a solution -----------------------------------------------------------------------------------


def sensitivity(size, parameters):
    """Return the derivatives of a dense root with respect to parameters, in units of the solve alone."""
    random = np.random.default_rng(0)
    A, B = 0.3 * random.standard_normal((size, size)) / np.sqrt(size), random.standard_normal((size, parameters))
    q = random.standard_normal(parameters)

    def f(x, q):
        return x + np.tanh(A @ x) - B @ q

    def solve(q):
        return optimize.root(f, np.zeros(size), args=(q,), method="newton").x

    x = solve(q)
    slope = np.linalg.solve(np.eye(size) + A / np.cosh(A @ x)[:, None] ** 2, B)
    jacobian = da.value_and_jacobian(solve)
    return solution(f"derivatives by {parameters} parameters", size, lambda: jacobian(q)[1], slope, "the solve alone",
                    lambda: solve(q), 1.2)
