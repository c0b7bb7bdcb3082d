"""Derivatives of solutions by the implicit function theorem, never of the iterations that found them.

The solution x of F(x, p) = 0 is found with plain numbers. Then x gets the derivatives that p carries: with the
Jacobian J = F'(x) of the plain root, the map x <- x - J^-1 F(x, p), in the arithmetic of the numbers that p holds,
gains one order of derivatives with each application and leaves the value alone. One factorisation serves all directions
and all orders.

B. Christianson, "Reverse accumulation and attractive fixed points", Optimization Methods and Software 3 (1994) 311-326;
A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 15.
"""

import functools

import numpy as np

from dualad._core import HyperDual, Number, Taylor
from dualad._core.number import primal, rewrap
from dualad._core.tracer import Tracer
from dualad.optimize._linear import Factor, Singular
from dualad.optimize._system import Adaptive, System, holds_number, number_or_array, plain, plain_function
from dualad.sparse._tracing.dispatch import dense

_POLISH = 3
"""Newton steps at most that bring a root to rounding before its derivatives are taken."""
_NEARLY = 1e-5
"""The residual, relative to the terms of the linearised function, beyond which a point is no root."""


def order(y):
    """The total order of derivatives that a number carries through all its levels."""
    total = 0
    while isinstance(y, Number):
        if isinstance(y, Tracer):
            return total + 1
        total += 2 if isinstance(y, HyperDual) else y.degree if isinstance(y, Taylor) else 1
        y = y.components
    return total


def map_components(y, apply):
    """The linear map `apply`, of arrays (...) + shape, on every component of a number; dense in a pattern."""
    if isinstance(y, Tracer):
        return dense(y, apply, (y,), {})
    if isinstance(y, Number):
        return rewrap(y, map_components(y.components, apply))
    return apply(y)


def with_value(x, y):
    """The plain x with the derivatives of y, whose value differs by rounding or by what a solver left."""
    return x + (y - plain(y))


def lift(residual, x, solve):
    """The plain root x with the derivatives that `residual(x)` brings in.

    `solve` applies the inverse of the Jacobian at x to arrays (...) + shape of residuals.
    """
    f = residual(x)
    lifted = x
    for remaining in reversed(range(order(f))):
        lifted = lifted - map_components(f - primal(f), solve)
        if remaining:
            f = residual(lifted)
    return lifted


def refused(error):
    """The error for a root without derivative."""
    return np.linalg.LinAlgError(f"{error} at the solution, so that the solution has no derivative there")


def lift_system(system, x, matrix=None):
    """The flat plain root x of a `System`, where its Jacobian is `matrix`, with derivatives if there are any."""
    if not system.dual:
        return x
    try:
        point, factor = _polished(system, x, None if system.has_given_jacobian else matrix)
    except Singular as error:
        raise refused(error) from None
    return with_value(x, lift(system.full, point, factor.rows))


def _polished(system, x, matrix):
    """Near x a root as exact as rounding allows, and the LU factors there.

    A solver stops at its tolerance, which is no reason for the derivatives to be as wrong.
    """
    f, start = system.value(x), x
    factor = Factor(_exact(system, x) if matrix is None else matrix)
    for _ in range(_POLISH):
        trial = x - factor.solve(f)
        f_trial = system.value(trial)
        if not _size(f_trial) < 0.5 * _size(f):
            break
        x, f = trial, f_trial
    if not np.all(np.abs(f) <= _NEARLY * (1 + abs(factor.matrix) @ np.abs(x))):
        raise np.linalg.LinAlgError(f"the solver did not end at a root, nor a minimiser where the gradient is zero, so "
                                    f"that there is nothing to differentiate: the largest residual is {_size(f):.3g}")
    far = np.max(np.abs(x - start), initial=0.0) > 1e-14 * np.max(np.abs(x), initial=0.0)
    return x, Factor(_exact(system, x)) if far else factor


def _exact(system, x):
    """The Jacobian; the user's, who answers for it, if fun has other derivatives than those by x alone."""
    if not system.has_given_jacobian:
        return system.jacobian(x)
    try:
        return system.exact_jacobian(x)
    except (TypeError, ValueError):
        return system.jacobian(x)


def _size(f):
    return np.max(np.abs(f), initial=0.0)


def implicit(residual, solver):
    """Make the result of any solver differentiable.

    Parameters
    ----------
    residual : callable
        ``residual(x, *args, **kwargs)``, which is zero at the solution and has as many elements as x.
    solver : callable
        ``solver(*args, **kwargs)`` returns the solution x, a scalar or an array, real or complex. It may be anything:
        bisection, a fixed-point loop, a C library. It is called with plain arguments and is never differentiated.

    Returns
    -------
    callable
        A function of ``*args, **kwargs`` that returns what `solver` returns; inside a transform, with its derivatives
        with respect to whatever the arguments, or the closure of `residual`, depend on.

    Raises
    ------
    TypeError
        By the function returned, if the residual has another number of elements than x.
    numpy.linalg.LinAlgError
        By the function returned, if the solution needs a derivative and the Jacobian of the residual is singular.

    Notes
    -----
    The derivatives are those at the root next to what the solver returned: up to three Newton steps bring it to
    rounding first, the value stays the solver's. All orders of derivatives need one factorisation: B. Christianson,
    "Reverse accumulation and attractive fixed points", Optimization Methods and Software 3 (1994) 311-326.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import optimize
    >>> def fixed_point(a):
    ...     x = 1.0
    ...     for _ in range(60):
    ...         x = (x + a / x) / 2
    ...     return x
    >>> root = optimize.implicit(lambda x, a: x * x - a, fixed_point)
    >>> float(root(4.0)), float(da.derivative(root)(4.0)), float(da.derivative(root, order=2)(4.0))
    (2.0, 0.25, -0.03125)
    """

    plain_solver = plain_function(solver)

    @functools.wraps(solver)
    def solve(*args, **kwargs):
        x = plain_solver(*plain(args), **plain(kwargs))
        return lift_at(functools.partial(residual, **kwargs) if kwargs else residual, x, args)

    return solve


def lift_at(residual, x, args=()):
    """A solver's result x, of any shape, with the derivatives that residual(x, *args) = 0 gives it."""
    if holds_number(x):
        raise TypeError("solver must return plain numbers: it found derivatives that are not in its arguments; pass "
                        "everything that may carry derivatives to it as arguments")
    residual = Adaptive(residual)
    if not holds_number(args) and not isinstance(number_or_array(residual(x, *args)), Number):
        return x
    x0 = np.asarray(x)
    if x0.dtype.kind == "c":
        z = lift_at(parts_of(residual), np.stack([x0.real, x0.imag]), args)
        return z[0] + 1j * z[1]
    x0 = x0.astype(np.float64)
    # the residual sees a scalar if the solver found one
    system = System(lambda z, *rest: residual(z[()], *rest), x0, args, detect=True)
    system.dual = True
    return np.reshape(lift_system(system, x0.ravel()), x0.shape)[()]


def parts_of(fun):
    """A function of complex x as one of its real and imaginary parts, stacked along a new first axis."""

    def parts(z, *args):
        f = fun(z[0] + 1j * z[1], *args)
        f = np.stack(list(f)) if isinstance(f, (list, tuple)) else f
        return np.stack([np.real(f), np.imag(f)])

    return parts
