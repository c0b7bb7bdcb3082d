"""Constraints of minimisers in SciPy's three forms: with exact derivatives, and which of them hold with equality.

J. Nocedal and S. J. Wright, *Numerical Optimization*, 2nd ed., 2006, chapter 12, for multipliers and their signs.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import BFGS, Bounds, LinearConstraint, NonlinearConstraint, lsq_linear

from dualad._core import Number
from dualad.optimize._system import Adaptive, as_tuple, holds_number, number_or_array, plain, plain_function
from dualad.transforms import grad, jacobian

_NEAR = 1e-2
"""How near to its limit, relative to its size, a constraint is looked at: methods of the interior keep off it."""


class Constraint:
    """lower <= c(x) <= upper, with or without the derivatives that its parts carry.

    Attributes
    ----------
    dual : bool
        Whether something in it carried derivatives of an outer transform.
    """

    def __init__(self, given):
        self.given, args = given, ()
        if isinstance(given, dict):
            fun, args = given["fun"], as_tuple(given.get("args", ()))
            self.lower, self.upper = 0.0, 0.0 if given["type"].lower() == "eq" else np.inf
        else:
            fun = _product(given.A) if isinstance(given, LinearConstraint) else given.fun
            self.lower, self.upper = given.lb, given.ub
        stripped = plain_function(fun)
        self.fun, self.plain_fun = Adaptive(fun), Adaptive(stripped)
        self.args, self.plain_args = args, plain(args)
        self.dual = stripped is not fun or holds_number((args, self.lower, self.upper))

    def full(self, z):
        """c(z), flat, with all derivatives."""
        return np.ravel(number_or_array(self.fun(z, *self.args)))

    def _number(self, z):
        return number_or_array(self.plain_fun(z, *self.plain_args))

    def _plain(self, y):
        self.dual = self.dual or isinstance(y, Number)
        return plain(y)

    def _value(self, x):
        return self._plain(self._number(x))

    def _jacobian(self, x):
        return self._plain(jacobian(self._number)(x))

    def _hessian(self, x, v):
        return self._plain(jacobian(grad(lambda z: np.sum(v * np.ravel(self._number(z)))))(x))

    def filled(self, with_hessian):
        """The constraint as SciPy gets it: plain, with exact derivatives where none are given."""
        given = self.given
        if isinstance(given, LinearConstraint):
            return given
        if isinstance(given, dict):
            jac = given.get("jac")
            exact = (lambda x: plain(jac(x, *self.plain_args))) if callable(jac) else self._jacobian
            return {**given, "fun": lambda x, *_: self._value(x), "args": (), "jac": exact}
        exact = self._jacobian if isinstance(given.jac, str) else given.jac
        hess = self._hessian if with_hessian and isinstance(given.hess, BFGS) else given.hess
        return NonlinearConstraint(self._value, plain(self.lower), plain(self.upper), exact, hess, given.keep_feasible)


def _product(matrix):
    matrix = np.atleast_2d(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
    return lambda z: np.matmul(matrix, z)


def listed(constraints):
    """Constraints as a list: SciPy takes one, several or none."""
    one = isinstance(constraints, (dict, LinearConstraint, NonlinearConstraint))
    return [constraints] if one else list(constraints or ())


def both_bounds(bounds, size):
    """Lower and upper bounds of every element of x; they may carry derivatives."""
    if bounds is None:
        return np.full(size, -np.inf), np.full(size, np.inf)
    if isinstance(bounds, Bounds):
        return tuple(np.broadcast_to(number_or_array(b), (size,)) for b in (bounds.lb, bounds.ub))
    lower = [-np.inf if low is None else low for low, _ in bounds]
    upper = [np.inf if high is None else high for _, high in bounds]
    return number_or_array(lower), number_or_array(upper)


def plain_bounds(bounds):
    """Bounds without derivatives."""
    if isinstance(bounds, Bounds):
        return Bounds(plain(bounds.lb), plain(bounds.ub), bounds.keep_feasible)
    return plain(bounds)


# ---- what holds with equality ----------------------------------------------------------------------------------------


class Side(NamedTuple):
    """Elements of c(z) that are near a limit: what should vanish there, its sign (0 for equations), its gradient."""

    function: object
    sign: int
    gap: np.ndarray
    matrix: np.ndarray


def sides_near(function, lower, upper, x):
    """The sides of lower <= function(z) <= upper that the plain x is near."""
    value = plain(function(x))
    lower, upper = (np.broadcast_to(number_or_array(b), value.shape) for b in (lower, upper))
    low, high = plain(lower), plain(upper)
    reach = _NEAR * np.maximum(1.0, np.abs(value))
    equal = low == high
    chosen = [(lower, 0, equal),
              (lower, 1, ~equal & (value - low <= reach)),
              (upper, -1, ~equal & (high - value <= reach))]
    slopes = plain(jacobian(function)(x)) if any(np.any(c) for _, _, c in chosen) else None
    sides = []
    for limit, sign, picked in chosen:
        index = np.flatnonzero(picked)
        if index.size:
            sides.append(Side(lambda z, limit=limit, index=index: function(z)[index] - limit[index], sign,
                              np.maximum(sign * (value - plain(limit))[index], 0.0), slopes[index]))
    return sides


def pressing(sides, slope, hessian):
    """For each side which of its elements hold a minimiser back, and their multipliers.

    Multipliers fit the gradient of the objective with the signs that they must have. One counts if the objective, left
    alone, would pass the limit: what lies near it by chance has hardly any.
    """
    matrix, gaps = np.concatenate([s.matrix for s in sides]), np.concatenate([s.gap for s in sides])
    signs = np.concatenate([np.full(s.gap.size, s.sign) for s in sides])
    fitted = lsq_linear(matrix.T, slope, (np.where(signs > 0, 0.0, -np.inf), np.where(signs < 0, 0.0, np.inf)),
                        method="bvls").x
    bend = np.maximum(np.einsum("ij,jk,ik->i", matrix, hessian, matrix), 0.0)
    counts = (signs == 0) | ((fitted * signs > 0) & (np.abs(fitted) * np.sum(matrix**2, 1) ** 2 >= bend * gaps))
    ends = np.cumsum([s.gap.size for s in sides])[:-1]
    return [(np.flatnonzero(c), m[c]) for c, m in zip(np.split(counts, ends), np.split(fitted, ends), strict=True)]
