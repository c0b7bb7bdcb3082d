"""Sparse Jacobians and Hessians: detection, colouring, and each evaluation, in units of evaluations of f."""

import numpy
from scipy import sparse

from ..peers import Plain
from ..work import Work, complex_step
from .jacobian import broyden

DETECTION = 15.0
HESSIAN_DETECTION = 25.0
RECOVERY = 1.5
JUDGED_SIZES = (180_000, 10**6, 10**5)  # of the Brusselator, the tridiagonal function, the Hessian


def judged(size, target):
    """Return the target at the sizes it is meant for: below, the fixed cost of calls counts."""
    return target if size in JUDGED_SIZES else None


def brusselator(w, np=numpy, a=1.0, b=3.4, rate=10.0):
    """Right-hand side of the Brusselator on a periodic square grid, both fields in one flat array."""
    n = round((w.shape[0] / 2) ** 0.5)
    u, v = np.reshape(w, (2, n, n))

    def laplacian(z):
        return np.roll(z, 1, 0) + np.roll(z, -1, 0) + np.roll(z, 1, 1) + np.roll(z, -1, 1) - 4 * z

    square = u * u * v
    fields = np.stack((a + square - (b + 1) * u + rate * laplacian(u), b * u - square + rate * laplacian(v)))
    return fields.reshape(-1)


def brusselator_pattern(n):
    """Five points in the own field, one in the other."""
    shift = sparse.diags_array([1.0, 1.0, 1.0, 1.0], offsets=[1, -1, n - 1, 1 - n], shape=(n, n))
    one = sparse.eye_array(n)
    grid = sparse.kron(shift, one) + sparse.kron(one, shift) + sparse.eye_array(n * n)
    swapped = sparse.csr_array([[0, 1], [1, 0]])
    return (sparse.kron(sparse.eye_array(2), grid) + sparse.kron(swapped, sparse.eye_array(n * n))).tocsc()


def rosenbrock(x, np=numpy):
    """The chained Rosenbrock function."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_hessian(x):
    """Its Hessian, by hand."""
    diagonal = numpy.zeros(x.size)
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    return sparse.diags_array([-400 * x[:-1], diagonal, -400 * x[:-1]], offsets=[-1, 0, 1]).tocsc()


def works(quick):
    """Yield detection, colouring and evaluation for each case."""
    for side in (50,) if quick else (50, 300):
        pattern = brusselator_pattern(side)
        yield from jacobians(brusselator, "Brusselator, two periodic fields", pattern, 11.0, 50e3)
        yield coloring(pattern, "Brusselator, two periodic fields, natural order", 10e3, order="natural")
    for size in (10**4,) if quick else (10**4, 10**6):
        ones = numpy.ones(size)
        pattern = sparse.diags_array([ones[1:], ones, ones[1:]], offsets=[-1, 0, 1]).tocsc()
        yield from jacobians(broyden, "Broyden tridiagonal", pattern, 4.5, 20e3)
    yield from hessian(10**4 if quick else 10**5)


def jacobians(f, title, pattern, target, coloring_target):
    """Yield detection, colouring and one Jacobian, compared by its product with a vector."""
    size = pattern.shape[1]
    rng = numpy.random.default_rng(size)
    x, v = rng.uniform(0.5, 1.5, (2, size))
    unit, reference = "evaluation of f", Plain().jacobian(f, x)
    yield Work("sparse", f"{title}: detection", size, unit, "sparsity", (f, x), (None, [pattern.nnz]),
               reference, target=judged(size, DETECTION))
    yield coloring(pattern, title, coloring_target)
    yield Work("sparse", f"{title}: Jacobian", size, unit, "sparse_jacobian", (f, x, pattern, v),
               complex_step(f, x, v), reference, target=judged(size, target))
    chunk = 3 if size < 10**5 else 5 if target > 5 else 3
    yield Work("sparse", f"{title}: compressed Jacobian", size, unit, "compressed_jacobian", (f, x, pattern, v, chunk),
               complex_step(f, x, v), reference)
    yield recovery(pattern, title)


def recovery(pattern, title):
    """Return the recovery of a matrix from its compressed columns."""
    matrix = pattern.astype(float)
    matrix.data[:] = numpy.random.default_rng(0).uniform(0.5, 1.5, pattern.nnz)
    return Work("sparse", f"{title}: recovery", pattern.shape[1], "ns per nonzero", "recovery", (matrix,),
                (None, matrix.data), divide=1e-3 * pattern.nnz, target=RECOVERY)


def coloring(pattern, title, target, order=None):
    """Return the colouring of a pattern, in microseconds."""
    return Work("sparse", f"{title}: colouring", pattern.shape[1], "microseconds", "coloring", (pattern, order),
                (None, None), target=judged(pattern.shape[1], target))


def hessian(size):
    """Yield detection and evaluation of the Hessian of a sum, compared by its product with a vector."""
    rng = numpy.random.default_rng(size)
    x, v = rng.uniform(-1, 1, (2, size))
    unit, reference = "evaluation of f", Plain().jacobian(rosenbrock, x)
    yield Work("sparse", "chained Rosenbrock: detection", size, unit, "hessian_sparsity", (rosenbrock, x),
               (None, [3 * size - 2]), reference, target=judged(size, HESSIAN_DETECTION))
    yield Work("sparse", "chained Rosenbrock: Hessian", size, unit, "sparse_hessian", (rosenbrock, x, v),
               (None, rosenbrock_hessian(x) @ v), reference,
               target=judged(size, 25.0))
