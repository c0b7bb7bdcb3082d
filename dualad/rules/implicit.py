"""The one piece behind all functions that solve an equation which is linear in the unknown.

From A x = b follows A x' = b' - A' x, at every level of nesting with the same A: the value comes from NumPy's or
SciPy's own call, and one factorisation of the plain matrix gives all tangents (M. B. Giles, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation", 2008).
"""

import math

import numpy as np
import scipy.linalg

from dualad.rules import lapack
from dualad.rules.algebra import Carrier, innermost, is_series, join, lift, primal, split, together

SMALL = 32
"""Matrices of lower order are factorised again rather than handed from NumPy to SciPy."""

__all__ = ["dense_product", "factorised", "graded_inv", "graded_solve", "in_columns", "numpy_solve", "solve_columns"]


def graded_solve(operands, b, own, factorise, products, *, linear=False):
    """The solution x of an equation A x = b with its derivatives, A being made of some operands.

    Parameters
    ----------
    operands : tuple of numbers and arrays
        What A is made of.
    b : number or array
        The right-hand side, of any shape that the three functions agree about.
    own : callable
        ``own(*operands, b)`` gives x for plain arguments.
    factorise : callable
        ``factorise(*operands)``, called at most once and with plain operands, returns a function that solves for plain
        right-hand sides stacked along any number of axes in front.
    products : sequence of callables, one for each operand
        ``product(t, x, *operands)`` gives A' x for all tangents t of that operand, (K,) + shape, in one array (K,) +
        shape of x. x may have further axes in front.
    linear : bool, optional
        Whether A is linear in the operands, as where they are its entries, so that the products do not read them.
    """
    solver = []

    def by_factors(*arguments):
        if not solver:
            solver.append(factorise(*map(primal, operands)))
        return solver[0](arguments[-1])

    def graded(values, b, bottom):
        lead = innermost(*values, b)
        if lead is None:
            return bottom(*values, b)
        if linear and isinstance(lead, Carrier):
            return carried(values, b, bottom, lead)
        if linear and is_series(lead):
            return series_solve(values, b, bottom, lead)
        pairs = [split(v, lead.level) for v in values]
        values = [v for v, _ in pairs]
        b0, total = split(b, lead.level)
        x = graded(values, b0, bottom)
        for (_, t), product in zip(pairs, products, strict=True):
            if t is not None:
                term = product(t, x, *values)
                total = -term if total is None else lift(total, np.ndim(x)) - term
        if total is None:
            return join(lead, x, None)
        shape = total.shape[:1] + np.shape(x)
        total = total if total.shape == shape else np.broadcast_to(lift(total, np.ndim(x)), shape)
        return join(lead, x, graded(values, total, by_factors))

    def carried(values, b, bottom, lead):
        """What is carried in place of tangents can be multiplied by a matrix, but not be solved for."""
        pairs = [split(v, lead.level) for v in values]
        values = [v for v, _ in pairs]
        b0, total = split(b, lead.level)
        x = bottom(*values, b0)
        for (_, t), product in zip(pairs, products, strict=True):
            if t is not None:
                term = product(t, x, *values)
                total = -term if total is None else lift(total, np.ndim(x)) - term
        ones = np.broadcast_to(np.eye(np.shape(x)[-2]), np.shape(x)[:-2] + np.shape(x)[-2:-1] * 2)
        return together(lead, x, np.matmul(by_factors(*values, ones), total))

    def series_solve(values, b, bottom, lead):
        """A_0 x_k = b_k - (A_1 x_(k-1) + ... + A_k x_0)"""
        values, b = [coefficients_of(v, lead) for v in values], coefficients_of(b, lead)
        first = [v[0] for v in values]
        x = [graded(first, b[0], bottom)]
        for k in range(1, 1 + lead.degree):
            right = b[k] if k < len(b) else np.zeros_like(x[0])
            for v, product in zip(values, products, strict=True):
                for j in range(1, min(k + 1, len(v))):
                    right = right - product(v[j][None], x[k - j], *first)[0]
            x.append(graded(first, np.broadcast_to(right, np.shape(x[0])), by_factors))
        return together(lead, x[0], np.stack(x[1:]))

    return graded(operands, b, own)


def coefficients_of(x, lead):
    """The coefficients of a power series; of anything else, itself alone."""
    return x.components if innermost(x) is not None and x.level == lead.level else [x]


def dense_product(t, x, *_):
    """A' x for matrices A' (K, ..., n, n) and columns x (..., n, m)."""
    if np.ndim(x) == 2 and np.ndim(t) == 3:
        k, m, n = t.shape
        return np.matmul(t.reshape((k * m, n)), x).reshape((k, m, x.shape[-1]))
    return np.matmul(lift(t, np.ndim(x)), x)


def in_columns(solve, ndim=2):
    """Solve for stacks of right-hand sides (..., n, m) at once, as columns beside each other.

    ``solve`` takes columns of `ndim` dimensions, the matrices' own.
    """

    def solve_stack(stack):
        ahead = max(stack.ndim - ndim, 0)
        behind = stack.ndim - ahead
        moved = stack.transpose((*range(ahead, stack.ndim), *range(ahead)))
        kept = moved.shape[:behind - 1]
        x = solve(moved.reshape((*kept, math.prod(moved.shape[behind - 1:])))).reshape(moved.shape)
        return x.transpose((*range(behind, stack.ndim), *range(behind)))

    return solve_stack


def factorised(a):
    """A solver of stacks for a plain general matrix, or a stack of them, factorised once."""
    if a.ndim > 2 or len(a) < SMALL:
        return in_columns(lambda columns: np.linalg.solve(a, columns), a.ndim)
    return by_lu(scipy.linalg.lu_factor(a, check_finite=False))


def by_lu(lu_and_piv):
    """A solver of stacks from the factors of a matrix."""
    return in_columns(lambda columns: scipy.linalg.lu_solve(lu_and_piv, columns, check_finite=False))


def solve_columns(operands, b, own, factorise, products):
    """graded_solve with entries of A as operands, for a vector, shape (n,), or columns, shape (..., n, m)."""
    if np.ndim(b) != 1:
        return graded_solve(operands, b, own, factorise, products, linear=True)

    def own_vector(*arguments):
        return own(*arguments[:-1], arguments[-1][:, 0])[..., None]

    columns = np.reshape(b, (len(b), 1))
    return graded_solve(operands, columns, own_vector, factorise, products, linear=True)[..., 0]


def numpy_solve(a, b):
    """numpy.linalg.solve; its own factors serve the tangents where NumPy's library can be asked for them."""
    factors = []

    def own(a, b):
        x, found = lapack.solve(np.asarray(a), np.asarray(b))
        factors.append(found)
        return x

    def factorise(a):
        return by_lu(factors[0]) if factors[0] is not None else factorised(np.asarray(a))

    return solve_columns((a,), b, own, factorise, (dense_product,))


def graded_inv(a, own, product=dense_product):
    """The inverse of the matrix in a: own(a) for a plain one; A X = I."""
    inverse = []

    def value(a, _):
        inverse.append(own(a))
        return inverse[0]

    return graded_solve((a,), np.eye(np.shape(a)[-1]), value, lambda _: lambda stack: np.matmul(inverse[0], stack),
                        (product,), linear=True)
