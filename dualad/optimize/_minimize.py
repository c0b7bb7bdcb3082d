"""SciPy's minimisation with the exact derivatives that each method can use, and derivatives of its solutions."""

import numpy as np
import scipy.optimize
from scipy.optimize import Bounds

from dualad._core import Number
from dualad.optimize._constraints import Constraint, both_bounds, listed, plain_bounds, pressing, sides_near
from dualad.optimize._implicit import lift_system, with_value
from dualad.optimize._system import (
    Adaptive,
    System,
    as_tuple,
    holds_number,
    number_or_array,
    plain,
    plain_function,
)
from dualad.transforms import grad, jacobian, jvp, value_and_jacobian

WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
WITH_HESSIAN = ("dogleg", "trust-exact", "trust-constr")
WITH_PRODUCTS = ("newton-cg", "trust-ncg", "trust-krylov")
SCHEMES = ("2-point", "3-point", "cs")
_FEW = 32
"""Unknowns up to which a gradient costs little beside the call of the function."""


def scalar_of(y):
    """The value of an objective as a scalar, also if it is an array of one element."""
    y = number_or_array(y)
    if np.size(y) != 1:
        raise ValueError(f"fun must return a real scalar, but its result has shape {np.shape(y)}: use least_squares or "
                         "root for several values")
    return np.reshape(y, ()) if np.ndim(y) else y


def real(y):
    """y, which must not be complex."""
    if np.iscomplexobj(y):
        raise TypeError("fun must return a real scalar, but its result is complex")
    return y


class Objective:
    """f of x alone, plain, and its derivatives."""

    def __init__(self, fun, args=(), returns_gradient=False):
        stripped = plain_function(fun)
        self.fun, self.plain_fun, self.returns_gradient = Adaptive(fun), Adaptive(stripped), returns_gradient
        self.args = as_tuple(args)
        self.plain_args = plain(self.args)
        self.dual = stripped is not fun or holds_number(self.args)
        self.together, self._known = False, None

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
        if self.together and np.size(x) <= _FEW:
            return self._both(x)[0]
        return real(self.plain(self.number(x)))

    def _both(self, x):
        """Value and gradient from one sweep; methods ask for one after the other."""
        key = x.tobytes()
        if self._known is None or self._known[0] != key:
            value, slope = value_and_jacobian(self.number)(x)
            self._known = key, real(self.plain(value)), self.plain(slope)
        return self._known[1:]

    def differenced(self, x):
        """The value as it comes, which is complex for the complex steps of one of SciPy's schemes."""
        return self.plain(self.number(x))

    def pair(self, x):
        """Value and gradient that the user's function returns together."""
        y = self.plain_fun(x, *self.plain_args)
        return real(self.plain(scalar_of(y[0]))), np.asarray(plain(y[1]))

    def gradient(self, x):
        if self.together and np.size(x) <= _FEW:
            return self._both(x)[1].copy()
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
        SciPy's, but without success where fun is NaN or infinite. Inside a transform ``x`` and ``fun`` have
        derivatives, by the implicit function theorem for the gradient of the Lagrangian at the active bounds and
        constraints; what else there is stays plain.

    Raises
    ------
    ValueError, TypeError
        If fun returns several values, or a complex one.
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
    objective = Objective(fun, args, jac is True)
    start = start_of(x0)
    made = [Constraint(c) for c in listed(constraints)] if not callable(method) else []
    value, given = _filled(objective, name, jac, hess, hessp)
    result = scipy.optimize.minimize(value, start, (), method, bounds=plain_bounds(bounds), tol=tol,
                                     constraints=[c.filled(name == "trust-constr") for c in made] or constraints or (),
                                     callback=callback, options=options, **given)
    honest(result)
    held = holds_number((bounds.lb, bounds.ub) if isinstance(bounds, Bounds) else bounds)
    if objective.dual or held or any(c.dual for c in made):
        result.x = lifted(objective, np.asarray(result.x, dtype=np.float64), bounds, made)
        result.fun = objective.full(result.x)
    return result


def start_of(x0):
    """The start as a float array, of the precision that it comes with."""
    x0 = np.atleast_1d(np.asarray(plain(x0)))
    if x0.dtype.kind == "c":
        raise TypeError("x0 must hold real numbers, but is complex")
    return x0 if x0.dtype.kind == "f" else x0.astype(np.float64)


def honest(result):
    """No success at a value that is NaN or infinite."""
    if result.get("success") and not np.all(np.isfinite(result.get("fun", 0.0))):
        result.success, result.status = False, 3
        result.message = f"The value of fun is {result.fun} where the method ended."


def _filled(objective, name, jac, hess, hessp):
    """The function and the derivatives that a method wants, exact where none are given."""
    given = {"jac": None, "hess": None, "hessp": None}
    if name in WITHOUT_GRADIENT:
        return objective.value, given
    value = objective.value
    if jac is True:
        value, given["jac"] = objective.pair, True
    elif isinstance(jac, str):
        if jac not in SCHEMES:
            raise ValueError(f"jac must be a function, True, one of {', '.join(SCHEMES)} or None, not {jac!r}")
        value, given["jac"] = objective.differenced, jac
    elif callable(jac):
        given["jac"] = bound_to(jac, objective)
    else:
        given["jac"], objective.together = objective.gradient, True
    given["hess"], given["hessp"] = (bound_to(h, objective) for h in (hess, hessp))
    if hess is None and hessp is None:
        if name in WITH_HESSIAN:
            given["hess"] = objective.hessian
        elif name in WITH_PRODUCTS:
            given["hessp"] = objective.product
    return value, given


def bound_to(g, objective):
    """A user's function with the plain arguments; anything else as it is."""
    return (lambda *x: plain(g(*x, *objective.plain_args))) if callable(g) and not isinstance(g, type) else g


# ---- derivatives of the solution -------------------------------------------------------------------------------------


def lifted(objective, x, bounds, constraints):
    """The plain minimiser x with the derivatives that keep the Lagrangian stationary at what holds it back."""
    free, fixed, sides, multipliers = _held(objective, x, both_bounds(bounds, x.size), constraints)
    spread = np.eye(x.size)[:, free]
    count = spread.shape[1]

    def lagrangian(z):
        point, start = fixed + np.matmul(spread, z[:count]), count
        total = objective.full(point)
        for side, index in sides:
            total = total - np.sum(z[start : start + index.size] * side.function(point)[index])
            start += index.size
        return total

    z = np.concatenate([x[free], *multipliers])
    if z.size:
        system = System(grad(lagrangian), z)
        system.dual = True
        z = lift_system(system, z)
    return with_value(x, fixed + np.matmul(spread, z[:count]))


def _held(objective, x, bounds, constraints):
    """Which elements of x are free, where the others are held, and the active sides of constraints with multipliers."""
    boxes = sides_near(lambda z: z, *bounds, x)
    sides = [side for c in constraints for side in sides_near(c.full, c.lower, c.upper, x)]
    free, fixed, active = np.ones(x.size, dtype=bool), np.zeros(x.size), []
    if not boxes and not sides:
        return free, fixed, active, []
    found = pressing([*boxes, *sides], objective.plain(grad(objective.number)(x)), objective.hessian(x))
    for box, (index, _) in zip(boxes, found[: len(boxes)], strict=True):
        elements = np.argmax(box.matrix[index], axis=1)
        free[elements] = False
        # what remains of z minus its limit at z = 0 is the limit
        fixed = fixed - np.matmul(np.eye(x.size)[:, elements], box.function(np.zeros(x.size))[index])
    rest = found[len(boxes) :]
    return free, fixed, [(s, index) for s, (index, _) in zip(sides, rest, strict=True)], [m for _, m in rest]
