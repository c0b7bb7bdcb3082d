"""SciPy's other solvers. They run on plain numbers; then their solutions get derivatives from what they solve.

Each function here has SciPy's name, signature and docstring. Where no derivatives can be, SciPy's is called as it is.
"""

import functools
import inspect
import operator

import numpy as np
import scipy.optimize
from scipy.optimize import Bounds, NonlinearConstraint

from dualad._context import ACTIVE
from dualad.optimize._constraints import Constraint, listed, plain_bounds
from dualad.optimize._implicit import lift_at
from dualad.optimize._minimize import Objective, bound_to, honest, lifted
from dualad.optimize._system import Adaptive, holds_number, number_or_array, plain, plain_function
from dualad.optimize._zeros import Function, lift_scalar


def _is_plain(args):
    """Whether no derivatives can be anywhere."""
    return not ACTIVE.get() and not holds_number(args) and all(plain_function(a) is a for a in args if callable(a))


def _wrapped(name, handler):
    """SciPy's function of this name, whose arguments go to a handler, by name, if they may carry derivatives."""
    theirs = getattr(scipy.optimize, name)
    signature = inspect.signature(theirs)

    @functools.wraps(theirs)
    def solver(*args, **kwargs):
        if _is_plain((*args, *kwargs.values())):
            return theirs(*args, **kwargs)
        given = dict(signature.bind(*args, **kwargs).arguments)
        return handler(theirs, {**given, **given.pop("kw", {})})

    return solver


def _replaced(found, x, value=None):
    """A result with another solution, and another value of the function if there is a place for it."""
    if isinstance(found, scipy.optimize.OptimizeResult):
        found.x = x
        if value is not None:
            found.fun = value
        return found
    if not isinstance(found, tuple):
        return x
    return (x, *found[1:]) if value is None else (x, value, *found[2:])


# ---- roots -----------------------------------------------------------------------------------------------------------


def _in_bracket(theirs, given):
    function = Function(given.pop("f"), given.pop("args", ()))
    found = theirs(function.value, **plain(given))
    root, *rest = found if isinstance(found, tuple) else (found,)
    root = lift_scalar(function, root, not rest or rest[0].converged)
    if rest:
        rest[0].root = root
    return _replaced(found, root)


def _of_system(theirs, given):
    fun = given.pop("F")
    stripped = Adaptive(plain_function(fun))
    return lift_at(fun, theirs(lambda x: plain(number_or_array(stripped(x))), **plain(given)))


def _fixed_point(theirs, given):
    fun, args = given.pop("func"), given.pop("args", ())
    stripped, plain_args = Adaptive(plain_function(fun)), plain(args)
    x = theirs(lambda x: plain(number_or_array(stripped(x, *plain_args))), **plain(given))
    return lift_at(lambda x, *rest: x - number_or_array(fun(x, *rest)), x, args)


# ---- minima of a function of one variable ----------------------------------------------------------------------------


def _of_one_variable(theirs, given):
    name = "fun" if "fun" in given else "func"
    fun = given.pop(name)
    objective = Objective(lambda z, *rest: fun(z[0], *rest), given.pop("args", ()))
    bounds = given.get("bounds", (given.get("x1"), given.get("x2")))
    found = theirs(**{name: lambda x: objective.value(np.reshape(x, 1))}, **plain(given))
    is_result = isinstance(found, scipy.optimize.OptimizeResult)
    if is_result:
        honest(found)
    x = found.x if is_result else found[0] if isinstance(found, tuple) else found
    solution = lifted(objective, np.reshape(x, 1), None if bounds is None else [bounds], [])
    return _replaced(found, solution[0], objective.full(solution) if is_result or given.get("full_output") else None)


# ---- minima of functions of several variables ------------------------------------------------------------------------


def _older(theirs, given):
    """fmin and its like: with the function's value in second place if everything is to be returned."""
    name = "f" if "f" in given else "func"
    pairs = "approx_grad" in inspect.signature(theirs).parameters and not (given.get("fprime") or
                                                                          given.get("approx_grad"))
    objective = Objective(given.pop(name), given.pop("args", ()), pairs)
    for other in ("fprime", "fhess", "fhess_p"):
        if other in given:
            given[other] = bound_to(given[other], objective)
    found = theirs(**{name: objective.pair if pairs else objective.value}, **plain(given))
    x = lifted(objective, np.asarray(found[0] if isinstance(found, tuple) else found), given.get("bounds"), [])
    whole = given.get("full_output") or theirs is scipy.optimize.fmin_l_bfgs_b
    return _replaced(found, x, objective.full(x) if whole else None)


def _brute(theirs, given):
    objective = Objective(given.pop("func"), given.pop("args", ()))
    found = theirs(objective.value, **plain(given))
    x = found[0] if isinstance(found, tuple) else found
    solution = lifted(objective, np.atleast_1d(x), None, [])
    return _replaced(found, np.reshape(solution, np.shape(x)), objective.full(solution))


def _global(theirs, given):
    local = dict(given.get("minimizer_kwargs") or {})
    args = given.pop("args", local.pop("args", ()))
    objective = Objective(given.pop("func"), args, local.get("jac") is True)
    for name in ("jac", "hess", "hessp"):
        if callable(local.get(name)):
            local[name] = bound_to(local[name], objective)
    bounds = given["bounds"] if "bounds" in given else local.get("bounds")
    constraints = [Constraint(c) for c in listed(given.get("constraints") or local.get("constraints"))]
    made = {"bounds": plain_bounds(bounds), "constraints": [c.filled(False) for c in constraints]}
    given |= {name: made[name] for name in made if name in given}
    local |= {name: made[name] for name in made if name in local}
    if local:
        given["minimizer_kwargs"] = local
    found = theirs(objective.pair if objective.returns_gradient else objective.value, **plain(given))
    honest(found)
    x = lifted(objective, np.asarray(found.x, dtype=np.float64), bounds, constraints)
    return _replaced(found, x, objective.full(x))


# ---- linear problems -------------------------------------------------------------------------------------------------


def _linear_least_squares(theirs, given):
    matrix, right = _array(given["A"]), _array(given["b"])

    def residual(x):
        return matrix @ x - right

    objective, bounds = Objective(lambda x: 0.5 * np.sum(residual(x) ** 2)), given.get("bounds")
    found = theirs(**{**plain(given), **({} if bounds is None else {"bounds": plain_bounds(bounds)})})
    if isinstance(found, tuple):  # nnls
        x = lifted(objective, found[0], [(0.0, None)] * len(found[0]), [])
        return x, np.linalg.norm(residual(x))
    found.x = x = lifted(objective, found.x, bounds if bounds is None else _each(bounds, found.x), [])
    found.fun, found.cost = residual(x), objective.full(x)
    return found


def _array(x):
    """A matrix, number or operator as it is, and lists as arrays."""
    return x if hasattr(x, "dot") else number_or_array(x)


def _each(bounds, x):
    """Bounds in either form, scalars or arrays, for each element of x."""
    lower, upper = (bounds.lb, bounds.ub) if isinstance(bounds, Bounds) else bounds
    return Bounds(*(number_or_array(b) + np.zeros(x.shape) for b in (lower, upper)))


def _linear_program(theirs, given):
    found, costs = theirs(**plain(given)), _array(given["c"])
    if not found.success:
        raise np.linalg.LinAlgError(f"a minimum that was not found has no derivatives: {found.message}")
    bounds = given.get("bounds", (0, None))
    bounds = [bounds] * found.x.size if np.ndim(bounds[0]) == 0 else bounds
    limits = {kind: (_array(given[f"A_{kind}"]), _array(given[f"b_{kind}"])) for kind in ("ub", "eq")
              if given.get(f"A_{kind}") is not None}
    constraints = [Constraint(NonlinearConstraint(functools.partial(operator.matmul, a), b if kind == "eq" else -np.inf,
                                                  b)) for kind, (a, b) in limits.items()]
    found.x = x = lifted(Objective(lambda x: np.matmul(costs, x)), found.x, bounds, constraints)
    found.fun = np.matmul(costs, x)
    for kind, rest in (("ub", "slack"), ("eq", "con")):
        if kind in limits:
            a, b = limits[kind]
            found[rest] = b - a @ x
    return found


@functools.wraps(scipy.optimize.linear_sum_assignment)
def linear_sum_assignment(cost_matrix, maximize=False):
    return scipy.optimize.linear_sum_assignment(plain(cost_matrix), maximize)


@functools.wraps(scipy.optimize.rosen)
def rosen(x):
    if not holds_number(x):
        return scipy.optimize.rosen(x)
    x = number_or_array(x)
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2, axis=0)


# ---- the functions ---------------------------------------------------------------------------------------------------

_HANDLERS = {
    _in_bracket: ("bisect", "brenth", "brentq", "ridder", "toms748"),
    _of_system: ("anderson", "broyden1", "broyden2", "diagbroyden", "excitingmixing", "linearmixing", "newton_krylov"),
    _fixed_point: ("fixed_point",),
    _of_one_variable: ("brent", "fminbound", "golden", "minimize_scalar"),
    _older: ("fmin", "fmin_bfgs", "fmin_cg", "fmin_l_bfgs_b", "fmin_ncg", "fmin_powell", "fmin_tnc"),
    _brute: ("brute",),
    _global: ("basinhopping", "differential_evolution", "direct", "dual_annealing", "shgo"),
    _linear_least_squares: ("lsq_linear", "nnls"),
    _linear_program: ("linprog",),
}
SOLVERS = {name: _wrapped(name, handler) for handler, names in _HANDLERS.items() for name in names}
SOLVERS["linear_sum_assignment"] = linear_sum_assignment
SOLVERS["rosen"] = rosen
