"""SciPy's minimisation with the exact derivatives that each method can use, and derivatives of its solutions."""

import numpy as np
import scipy.optimize
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint

from dualad._core import Number
from dualad.optimize._implicit import lift_system
from dualad.optimize._system import (
    Adaptive,
    System,
    as_tuple,
    holds_number,
    number_or_array,
    plain,
    plain_function,
)
from dualad.transforms import grad, jacobian, jvp

WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
WITH_HESSIAN = ("dogleg", "trust-exact", "trust-constr")
WITH_PRODUCTS = ("newton-cg", "trust-ncg", "trust-krylov")
_ACTIVE = 1e-6
"""How near to its bound, relative to its size, a constraint counts as active."""
_NEAR = 1e-4
"""How near to its bound an element is looked at."""


def scalar_of(y):
    """The value of an objective as a scalar, also if it is an array of one element."""
    y = number_or_array(y)
    if np.size(y) != 1 or np.iscomplexobj(y):
        raise TypeError(f"fun must return a real scalar, but its result has shape {np.shape(y)}"
                        f"{' and is complex' * np.iscomplexobj(y)}: use least_squares or root for several values")
    return np.reshape(y, ()) if np.ndim(y) else y


class _Objective:
    """f of x alone, plain, and its derivatives."""

    def __init__(self, fun, args, returns_gradient):
        stripped = plain_function(fun)
        self.fun, self.plain_fun, self.returns_gradient = Adaptive(fun), Adaptive(stripped), returns_gradient
        self.args = as_tuple(args)
        self.plain_args = plain(self.args)
        self.dual = stripped is not fun or holds_number(self.args)

    def number(self, x):
        """f with the plain arguments; with derivatives only if they hide in the closure, or in x."""
        y = self.plain_fun(x, *self.plain_args)
        return scalar_of(y[0] if self.returns_gradient else y)

    def full(self, x):
        """f with all derivatives that arguments and closure carry."""
        y = self.fun(x, *self.args)
        return scalar_of(y[0] if self.returns_gradient else y)

    def plain(self, y):
        self.dual = self.dual or isinstance(y, Number)
        return plain(y)

    def value(self, x):
        return self.plain(self.number(x))

    def gradient(self, x):
        if self.returns_gradient:
            return np.asarray(self.plain_fun(x, *self.plain_args)[1])
        return self.plain(grad(self.number)(x))

    def hessian(self, x):
        return self.plain(jacobian(grad(self.number))(x))

    def product(self, x, v):
        return self.plain(jvp(grad(self.number), (x,), (np.asarray(v, dtype=np.float64),))[1])


def minimize(fun, x0, args=(), method=None, jac=None, hess=None, hessp=None, bounds=None, constraints=(), tol=None,
             callback=None, options=None):
    """Minimise a function: scipy.optimize.minimize with exact gradients and Hessians.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns a scalar. Derivatives that `args` or closures carry end up in the solution.
    x0, args, method, bounds, tol, callback, options
        As in SciPy.
    jac, hess, hessp : optional
        Filled in as the method wants them: gradients; Hessians for "dogleg", "trust-exact" and "trust-constr";
        Hessian-vector products for "newton-cg", "trust-ncg" and "trust-krylov". What is given takes their place.
    constraints : optional
        As in SciPy; Jacobians of constraints are filled in as well.

    Returns
    -------
    OptimizeResult
        SciPy's. Inside a transform ``x`` and ``fun`` have derivatives, by the implicit function theorem for the
        gradient of the Lagrangian at the active bounds and constraints; what else there is stays plain.

    Raises
    ------
    TypeError
        If fun does not return a real scalar.
    numpy.linalg.LinAlgError
        If the solution needs derivatives but is no stationary point, or its Hessian is singular.

    Notes
    -----
    J. Nocedal and S. J. Wright, *Numerical Optimization*, 2nd ed., 2006; for derivatives of solutions A. V. Fiacco,
    *Introduction to Sensitivity and Stability Analysis in Nonlinear Programming*, 1983.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import optimize
    >>> def rosenbrock(x, a):
    ...     return (a - x[0])**2 + 100 * (x[1] - x[0]**2)**2
    >>> best = optimize.minimize(rosenbrock, [-1.2, 1.0], args=(1.0,), method="trust-exact")
    >>> best.success, best.x.round(6)
    (True, array([1., 1.]))
    >>> da.derivative(lambda a: optimize.minimize(rosenbrock, [-1.2, 1.0], args=(a,)).x)(1.0).round(6)
    array([1., 2.])
    """
    name = method.lower() if isinstance(method, str) else method
    objective = _Objective(fun, args, jac is True)
    start = np.atleast_1d(np.asarray(plain(x0), dtype=np.float64))
    given = _filled(objective, name, jac, hess, hessp)
    result = scipy.optimize.minimize(objective.value, start, (), method, bounds=plain_bounds(bounds), tol=tol,
                                     constraints=_filled_constraints(constraints), callback=callback, options=options,
                                     **given)
    held = holds_number((bounds.lb, bounds.ub) if isinstance(bounds, Bounds) else bounds)
    if objective.dual or held or _constraints_hold_numbers(constraints):
        result.x = _lifted(objective, result, bounds, constraints)
        result.fun = objective.full(result.x)
    return result


def _filled(objective, name, jac, hess, hessp):
    """The derivatives that a method wants, exact where none are given."""
    given = {"jac": None, "hess": None, "hessp": None}
    if name in WITHOUT_GRADIENT:
        return given
    given["jac"] = objective.gradient if jac is None or isinstance(jac, bool) else _bound_to(jac, objective)
    given["hess"], given["hessp"] = (_bound_to(h, objective) for h in (hess, hessp))
    if hess is None and hessp is None:
        if name in WITH_HESSIAN:
            given["hess"] = objective.hessian
        elif name in WITH_PRODUCTS:
            given["hessp"] = objective.product
    return given


def _bound_to(g, objective):
    """A user's function with the plain arguments; anything else as it is."""
    return (lambda *x: plain(g(*x, *objective.plain_args))) if callable(g) and not isinstance(g, type) else g


def plain_bounds(bounds):
    """Bounds without derivatives."""
    if isinstance(bounds, Bounds):
        return Bounds(plain(bounds.lb), plain(bounds.ub), bounds.keep_feasible)
    return plain(bounds)


# ---- constraints -----------------------------------------------------------------------------------------------------


def _listed(constraints):
    one = isinstance(constraints, (dict, LinearConstraint, NonlinearConstraint))
    return [constraints] if one else list(constraints)


def _filled_constraints(constraints):
    """Constraints with plain functions and exact Jacobians."""
    filled = [_filled_constraint(c) for c in _listed(constraints)]
    return filled if filled else ()


def _filled_constraint(c):
    if isinstance(c, dict):
        args, f = plain(as_tuple(c.get("args", ()))), Adaptive(plain_function(c["fun"]))
        new = {**c, "fun": lambda x, *_: plain(f(x, *args)), "args": ()}
        if not callable(c.get("jac")):
            new["jac"] = lambda x: plain(jacobian(lambda z: number_or_array(f(z, *args)))(x))
        else:
            new["jac"] = lambda x: c["jac"](x, *args)
        return new
    if isinstance(c, NonlinearConstraint):
        f = Adaptive(plain_function(c.fun))
        exact = (lambda x: plain(jacobian(lambda z: number_or_array(f(z)))(x))) if isinstance(c.jac, str) else c.jac
        return NonlinearConstraint(lambda x: plain(number_or_array(f(x))), plain(c.lb), plain(c.ub), exact, c.hess,
                                   c.keep_feasible)
    return c


def _constraints_hold_numbers(constraints):
    for c in _listed(constraints):
        if isinstance(c, dict):
            if holds_number(c.get("args", ())) or plain_function(c["fun"]) is not c["fun"]:
                return True
        elif isinstance(c, NonlinearConstraint) and (holds_number((c.lb, c.ub)) or plain_function(c.fun) is not c.fun):
            return True
    return False


def _active(constraints, x):
    """Functions of x whose elements are the constraints that hold with equality at the plain x."""
    functions = []
    for c in _listed(constraints):
        if isinstance(c, dict):
            def f(z, c=c):
                return np.ravel(number_or_array(Adaptive(c["fun"])(z, *as_tuple(c.get("args", ())))))
            lower, upper = 0.0, 0.0 if c["type"] == "eq" else np.inf
        elif isinstance(c, LinearConstraint):
            matrix = np.atleast_2d(c.A.toarray() if hasattr(c.A, "toarray") else c.A)
            def f(z, matrix=matrix):
                return np.matmul(matrix, z)
            lower, upper = c.lb, c.ub
        else:
            def f(z, c=c):
                return np.ravel(number_or_array(Adaptive(c.fun)(z)))
            lower, upper = c.lb, c.ub
        functions += _sides(f, lower, upper, x)
    return functions


def _sides(f, lower, upper, x):
    value = plain(f(x))
    lower, upper = (np.broadcast_to(number_or_array(b), value.shape) for b in (lower, upper))
    reach = _ACTIVE * np.maximum(1.0, np.abs(value))
    sides, taken = [], np.zeros(value.shape, dtype=bool)
    for bound in (lower, upper):
        chosen = np.flatnonzero((np.abs(value - plain(bound)) <= reach) & ~taken)
        taken[chosen] = True
        if chosen.size:
            sides.append(lambda z, bound=bound, chosen=chosen: f(z)[chosen] - bound[chosen])
    return sides


# ---- derivatives of the solution -------------------------------------------------------------------------------------


def _lifted(objective, result, bounds, constraints):
    """x with the derivatives that keep the Lagrangian stationary, active constraints and bounds included."""
    x = np.asarray(result.x, dtype=np.float64)
    active = _active(constraints, x)
    multipliers, slope = _multipliers(objective, active, x)
    lower, upper = _both_bounds(bounds, x.size)
    bend = np.maximum(np.diagonal(objective.hessian(x)), 0.0)
    mask = np.where(_pressed(x - plain(lower), slope, bend, x), -1, 0)
    mask = np.where(_pressed(plain(upper) - x, -slope, bend, x), 1, mask)
    fixed = np.where(mask < 0, lower, np.where(mask > 0, upper, 0.0))
    spread = np.eye(x.size)[:, mask == 0]
    free = spread.shape[1]

    def lagrangian(z):
        point = fixed + np.matmul(spread, z[:free])
        total, start = objective.full(point), free
        for f in active:
            c = f(point)
            total = total - np.sum(z[start : start + np.size(c)] * c)
            start += np.size(c)
        return total

    z = np.concatenate([x[mask == 0], multipliers])
    if z.size:
        system = System(grad(lagrangian), z)
        system.dual = True
        z = lift_system(system, z)
    return fixed + np.matmul(spread, z[:free])


def _pressed(gap, slope, bend, x):
    """Whether elements near a bound would cross it if they could: methods of the interior keep off it."""
    with np.errstate(invalid="ignore"):
        return (gap <= _NEAR * np.maximum(1.0, np.abs(x))) & (slope > 0) & (slope >= bend * gap)


def _multipliers(objective, active, x):
    """Lagrange multipliers by least squares, and the gradient of the Lagrangian."""
    slope = plain(grad(objective.number)(x))
    if not active:
        return np.zeros(0), slope
    matrix = np.concatenate([plain(jacobian(f)(x)) for f in active])
    multipliers = np.linalg.lstsq(matrix.T, slope, rcond=None)[0]
    return multipliers, slope - matrix.T @ multipliers


def _both_bounds(bounds, size):
    """Lower and upper bounds of every element; they may carry derivatives."""
    if bounds is None:
        return np.full(size, -np.inf), np.full(size, np.inf)
    if isinstance(bounds, Bounds):
        return tuple(np.broadcast_to(number_or_array(b), (size,)) for b in (bounds.lb, bounds.ub))
    lower = [-np.inf if low is None else low for low, _ in bounds]
    upper = [np.inf if high is None else high for _, high in bounds]
    return number_or_array(lower), number_or_array(upper)
