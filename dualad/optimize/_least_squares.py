"""SciPy's least squares with exact Jacobians, finished to rounding, and derivatives of its solutions.

J. J. Moré, "The Levenberg-Marquardt algorithm: implementation and theory", Lecture Notes in Mathematics 630 (1978), for
the scaling; M. A. Branch, T. F. Coleman and Y. Li, SIAM J. Sci. Comput. 21 (1999) 1-23, for the method within bounds.
"""

import functools
import inspect
import warnings

import numpy as np
import scipy.optimize
from scipy import linalg, sparse
from scipy.linalg.blas import dnrm2
from scipy.optimize import OptimizeResult, OptimizeWarning
from scipy.sparse.linalg import LinearOperator

from dualad._core import Number
from dualad._core.number import all_finite
from dualad.optimize._implicit import lift_system, with_value
from dualad.optimize._linear import Factor, Singular, column_norms, nearest
from dualad.optimize._system import System, as_tuple, number_or_array, plain
from dualad.transforms import value_and_jacobian

_TOLERANCE = 1e-15
_EARLY = 1e-9
"""The tolerance of a fit from which on Gauss-Newton steps are to reach rounding by themselves."""
_ALONE = 1e-8
"""The tolerance of the gradient if it is the only one, for rounding keeps it from the other."""
_SMALL = 64
"""Up to how many unknowns second derivatives are worth their price for the last digits."""
_ROUNDED = 1e-12
"""The relative step from which on rounding may be what keeps the next from being shorter."""
_UNBOUNDED = (-np.inf, np.inf)
_OF_MINPACK = {"ftol", "xtol", "gtol", "maxfev", "epsfcn", "factor", "diag", "col_deriv"}
"""The arguments that curve_fit hands to MINPACK, as SciPy does."""


class _Residuals(System):
    """Residuals f(x), of which there may be more than unknowns; a scalar counts as one."""

    def __init__(self, fun, x0, args, kwargs, jac, sparsity=None):
        keyed = functools.partial(fun, **kwargs) if kwargs else fun
        keyed_jac = functools.partial(jac, **kwargs) if kwargs and callable(jac) else jac
        super().__init__(keyed, x0, args, keyed_jac, sparsity, square=False)

    def differenced(self, x):
        """f(x) as it comes, which is complex for the complex steps of one of SciPy's schemes."""
        self.nfev += 1
        return np.ravel(self._plain(number_or_array(self.f(x))))


def least_squares(fun, x0, jac=None, bounds=_UNBOUNDED, method="trf", ftol=_TOLERANCE, xtol=_TOLERANCE,
                  gtol=_TOLERANCE, x_scale=None, loss="linear", f_scale=1.0, diff_step=None, tr_solver=None,
                  tr_options=None, jac_sparsity=None, max_nfev=None, verbose=0, args=(), kwargs=None, callback=None,
                  workers=None):
    """Minimise a sum of squares within bounds: scipy.optimize.least_squares with an exact Jacobian.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args, **kwargs)`` returns the residuals. Derivatives that `args`, `kwargs`, `bounds` or the closure
        carry end up in the solution.
    x0 : array_like
        The start, of shape (n,).
    jac : callable or str, optional
        By default exact. A function or one of SciPy's schemes takes its place.
    jac_sparsity : array_like or sparse array, optional
        The pattern of the Jacobian, which is then compressed and returned as a sparse one.
    bounds, method, loss, f_scale, diff_step, tr_solver, tr_options, verbose, args, kwargs, callback, workers
        As in SciPy.
    ftol, xtol, gtol : float, optional
        As in SciPy, but as tight as rounding allows by default.
    x_scale : array_like or "jac", optional
        As in SciPy; "jac" by default.
    max_nfev : int, optional
        As in SciPy; 1000 times n by default.

    Returns
    -------
    OptimizeResult
        SciPy's; Gauss-Newton or Newton steps have brought ``x`` to rounding in the end. Inside a transform
        ``x``, ``fun`` and ``cost`` have derivatives, by the implicit function theorem for the gradient of the cost;
        ``jac`` and ``grad`` are plain.

    Raises
    ------
    ValueError
        As in SciPy, for arguments that do not fit.
    numpy.linalg.LinAlgError
        If the solution needs derivatives and the Hessian of the cost is singular.

    Notes
    -----
    M. A. Branch, T. F. Coleman and Y. Li, SIAM J. Sci. Comput. 21 (1999) 1-23. The sum of squares is flat around its
    minimum and tells only half of the digits of x; the Gauss-Newton step, which is judged by its size, gets the rest.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> from dualad import optimize
    >>> t = np.array([0.0, 1.0, 2.0, 3.0])
    >>> def residuals(p, y):
    ...     return p[0] * np.exp(-p[1] * t) - y
    >>> y = np.array([3.0, 1.8, 1.2, 0.7])
    >>> fit = optimize.least_squares(residuals, [1.0, 1.0], args=(y,))
    >>> fit.x.round(6)
    array([2.985528, 0.477951])
    >>> J = da.jacobian(lambda y: optimize.least_squares(residuals, [1.0, 1.0], args=(y,)).x)(y)
    >>> J.shape
    (2, 4)
    """
    start, scheme = _start(x0), jac if isinstance(jac, str) else None
    system = _Residuals(fun, start, args, kwargs, None if scheme else jac, jac_sparsity)
    if ftol is None and xtol is None and gtol == _TOLERANCE:
        gtol = _ALONE
    options = {"ftol": ftol, "xtol": xtol, "gtol": gtol, "diff_step": diff_step, "f_scale": plain(f_scale),
               "loss": (lambda z: plain(number_or_array(loss(z)))) if callable(loss) else loss,
               "tr_solver": tr_solver, "tr_options": tr_options or {}, "verbose": verbose,
               "bounds": plain(_bounds(bounds)),
               "x_scale": _scaling(system, start) if x_scale is None else plain(x_scale),
               "max_nfev": 1000 * max(start.size, 1) if max_nfev is None else max_nfev}
    options |= {k: v for k, v in (("callback", callback), ("workers", workers)) if v is not None}
    if scheme:
        options["jac_sparsity"] = jac_sparsity
    solve = functools.partial(scipy.optimize.least_squares, system.differenced if scheme else system.trial,
                              jac=scheme or system.jacobian, method=method, **options)
    usual = (ftol == xtol == gtol == _TOLERANCE and max_nfev is None and loss == "linear" and jac is None
             and bounds is _UNBOUNDED and callback is None and not verbose)
    with np.errstate(all="ignore"):
        result, problem = _early(system, start, solve, f_scale) if usual else (None, None)
        if problem is None:
            result = solve(start if result is None or not all_finite(result.fun) else result.x)
            problem = _Problem(system, result.active_mask, bounds, loss, f_scale)
            if result.success and not scheme:
                _polish(system, result, problem, jac is None)
    return _with_derivatives(system, result, problem)


def _early(system, start, solve, f_scale):
    """A result from which Gauss-Newton steps reach rounding by themselves, and its problem; None if they do not."""
    result = solve(start, ftol=_EARLY, xtol=_EARLY, gtol=_EARLY)
    problem = _Problem(system, result.active_mask, _UNBOUNDED, "linear", f_scale)
    return result, problem if result.success and _polish(system, result, problem, False) else None


def _start(x0):
    """The start as a float array."""
    x0 = np.atleast_1d(np.asarray(plain(x0)))
    if x0.dtype.kind == "c":
        raise ValueError("`x0` must be real.")
    return x0.astype(np.float64)


def _scaling(system, start):
    """By the Jacobian, unless the user's has no entries to be seen."""
    return 1.0 if system.user_jac and isinstance(system.jacobian(start), LinearOperator) else "jac"


def _bounds(bounds):
    """Lower and upper bounds, also of an object Bounds, which has arrays of one element for scalars."""
    if not isinstance(bounds, scipy.optimize.Bounds):
        return bounds
    return tuple(b[0] if np.shape(b) == (1,) else b for b in (bounds.lb, bounds.ub))


# ---- the last digits -------------------------------------------------------------------------------------------------


def _polish(system, result, problem, exact):
    """Steps that are judged by their size until rounding stops their shrinking; undone if they leave the minimum.

    Returns whether Gauss-Newton steps came down to rounding.
    """
    if not isinstance(result.jac, np.ndarray):
        return False
    x, done = result.x, False
    if problem.plain_sum and not np.any(result.active_mask):
        x, done = _gauss_newton(system, x, result.fun, result.jac)
    if not done and exact and x.size <= _SMALL:
        x = _newton(problem, x)
    if x is result.x:
        return False
    f, jac = system.linearised(x)
    cost = plain(problem.cost(f))
    if cost <= result.cost * (1 + 1e-10) or cost <= 1e-30 * (1 + np.linalg.norm(column_norms(result.jac) * x)) ** 2:
        result.x, result.fun, result.cost, result.jac = x, f, cost, jac
        result.grad = result.jac.T @ (f * plain(problem.weight(f)))
        result.optimality = np.linalg.norm(result.grad[result.active_mask == 0], np.inf) if x.size else 0.0
        result.nfev, result.njev = system.nfev, system.njev
        return done
    return False


def _gauss_newton(system, x, f, jac, most=100):
    """Full Gauss-Newton steps, and whether they came down to rounding: a large curvature keeps them from that."""
    scale = column_norms(jac)
    last, growths = 1e-3 * (1 + dnrm2(scale * x)), 0
    best, smallest = x, np.inf
    for done in range(most):
        if not (all_finite(f) and all_finite(jac)):
            break
        step = -nearest(jac / scale, f)
        length = dnrm2(step)
        step /= scale
        if not length <= 1e3 * last:
            break
        growths += length >= last
        ahead = length * min(length / last, 1.0) if done else length  # the next step, as convergence is linear
        if length < smallest:
            best, smallest = x + step, length
        reached = dnrm2(scale * x)
        if growths == 3 or (growths and smallest <= _ROUNDED * reached) or ahead <= 1e-16 * reached:
            break
        x, last = x + step, length
        f, jac = system.linearised(x)
    return best, smallest <= _ROUNDED * dnrm2(scale * best)


def _newton(problem, x, most=20):
    """Newton steps for the gradient of the cost with the Hessian at the start."""
    if not problem.free.size:
        return x
    free = System(problem.gradient, x[problem.free])
    z, last, start = x[problem.free], np.inf, x
    try:
        factor = Factor(free.jacobian(z))
    except Singular:
        return x
    for _ in range(most):
        step = -factor.solve(free.value(z))
        length = np.linalg.norm(step)
        if not length < 0.5 * last or length > 1e-3 * (1 + np.linalg.norm(z)):
            break
        z, last = z + step, length
    x = start.copy()
    x[problem.free] = z
    return x if problem.feasible(x) else start


# ---- derivatives of the solution -------------------------------------------------------------------------------------


def _rho(loss, z):
    """Loss and its derivative at z = (f / f_scale)^2."""
    if callable(loss):
        rho = loss(z)
        return rho[0], rho[1]
    if loss == "soft_l1":
        root = np.sqrt(1 + z)
        return 2 * (root - 1), 1 / root
    if loss == "huber":
        far = np.where(z > 1, z, 1.0)
        return np.where(z > 1, 2 * np.sqrt(far) - 1, z), np.where(z > 1, 1 / np.sqrt(far), 1.0)
    if loss == "cauchy":
        return np.log1p(z), 1 / (1 + z)
    if loss == "arctan":
        return np.arctan(z), 1 / (1 + z**2)
    return z, np.ones(np.shape(z))


class _Problem:
    """The cost as a function of the unknowns that are at no bound, with all derivatives that its parts carry."""

    def __init__(self, system, mask, bounds, loss, f_scale):
        self.system, self.loss, self.f_scale = system, loss, f_scale
        self.plain_sum = isinstance(loss, str) and loss == "linear"
        self.mask, self.bounds = mask, tuple(number_or_array(b) for b in _bounds(bounds))
        self.dual = any(isinstance(y, Number) for y in (*self.bounds, f_scale, self.weight(np.ones(1))))

    @functools.cached_property
    def free(self):
        """The places of the unknowns that are at no bound."""
        return np.flatnonzero(self.mask == 0)

    @functools.cached_property
    def fixed(self):
        """The unknowns that are at a bound, among zeros."""
        lower, upper = (np.broadcast_to(b, self.mask.shape) for b in self.bounds)
        return np.where(self.mask < 0, lower, np.where(self.mask > 0, upper, 0.0))

    @functools.cached_property
    def spread(self):
        """The matrix that puts the free unknowns at their places."""
        return np.eye(self.mask.size)[:, self.free]

    def embed(self, z):
        """All unknowns."""
        return self.fixed + np.matmul(self.spread, z)

    def residuals(self, x):
        return np.ravel(number_or_array(self.system.fun(x, *self.system.args)))

    def weight(self, f):
        """The factor that the loss puts to each residual in the gradient."""
        return 1.0 if self.plain_sum else _rho(self.loss, (f / self.f_scale) ** 2)[1]

    def cost(self, f):
        if self.plain_sum:
            return 0.5 * np.sum(f * f)
        return 0.5 * self.f_scale**2 * np.sum(_rho(self.loss, (f / self.f_scale) ** 2)[0])

    def gradient(self, z):
        f, jac = value_and_jacobian(self.residuals)(self.embed(z))
        return np.matmul(np.transpose(np.matmul(jac, self.spread)), self.weight(f) * f)

    def feasible(self, x):
        lower, upper = plain(self.bounds)
        return bool(np.all((x >= lower) & (x <= upper)))


def _with_derivatives(system, result, problem):
    """x, fun and cost with the derivatives that make the gradient of the cost vanish; x at a bound moves with it."""
    if not (system.dual or problem.dual):
        return result
    result.x = _lifted_minimum(result, problem)
    result.fun = problem.residuals(result.x)
    result.cost = with_value(result.cost, problem.cost(result.fun))
    return result


def _lifted_minimum(result, problem):
    if not result.success:
        raise np.linalg.LinAlgError(f"a minimum that was not found has no derivatives: {result.message}")
    return with_value(result.x, problem.embed(_lifted(problem.gradient, result.x[problem.free])))


def _lifted(gradient, x):
    """The root x of a gradient with its derivatives."""
    if not x.size:
        return x
    system = System(gradient, x)
    system.dual = True
    return lift_system(system, x)


# ---- SciPy's older interfaces ----------------------------------------------------------------------------------------


def leastsq(func, x0, args=(), Dfun=None, full_output=False, col_deriv=False, ftol=1.49012e-08, xtol=1.49012e-08,
            gtol=0.0, maxfev=0, epsfcn=None, factor=100, diag=None):
    """scipy.optimize.leastsq with an exact Jacobian, and derivatives of the solution.

    Parameters
    ----------
    func, x0, args, Dfun, full_output, col_deriv, ftol, xtol, gtol, maxfev, epsfcn, factor, diag
        As in SciPy. Without `Dfun` the Jacobian is exact and `epsfcn` has no effect.

    Returns
    -------
    x : ndarray
        The solution; inside a transform with its derivatives.
    cov_x, infodict, mesg, ier
        As in SciPy; the last two are `mesg` and `ier` if full_output is true, else `ier` alone.

    Raises
    ------
    TypeError
        If there are fewer residuals than unknowns, as in SciPy.

    Notes
    -----
    MINPACK's lmder: J. J. Moré, Lecture Notes in Mathematics 630 (1978).

    Examples
    --------
    >>> from dualad import optimize
    >>> x, ier = optimize.leastsq(lambda x: [x[0] - 1, 10 * (x[1] - x[0]**2)], [-1.0, 2.0])
    >>> x
    array([1., 1.])
    """
    x0 = np.atleast_1d(np.asarray(plain(x0), dtype=np.float64)).ravel()
    transposed = Dfun is not None and col_deriv
    jac = (lambda x, *rest: np.transpose(Dfun(x, *rest))) if transposed else Dfun
    system = _Residuals(func, x0, as_tuple(args), None, jac)
    found = scipy.optimize.leastsq(system.trial, x0, (), system.jacobian, full_output, 0, ftol, xtol, gtol, maxfev,
                                   None, factor, diag)
    if not system.dual:
        return found
    result = OptimizeResult(x=found[0], active_mask=np.zeros(x0.size), success=found[-1] in range(1, 5),
                                           message="leastsq did not converge")
    problem = _Problem(system, result.active_mask, _UNBOUNDED, "linear", 1.0)
    return (_lifted_minimum(result, problem), *found[1:])


def curve_fit(f, xdata, ydata, p0=None, sigma=None, absolute_sigma=False, check_finite=None,
              bounds=_UNBOUNDED, method=None, jac=None, *, full_output=False, nan_policy=None, **kwargs):
    """Fit a function to data: scipy.optimize.curve_fit with an exact Jacobian.

    Parameters
    ----------
    f : callable
        The model, ``f(xdata, *parameters)``.
    xdata, ydata : array_like
        The data. Derivatives that they, `sigma`, `bounds` or the closure of `f` carry end up in the results.
    p0, sigma, absolute_sigma, check_finite, bounds, full_output, nan_policy
        As in SciPy.
    method : {"lm", "trf", "dogbox"}, optional
        As in SciPy, "lm" by default, "trf" with bounds; should "lm" fail by default, or end where Gauss-Newton steps do
        not come to rest, as on a plateau, "trf" has its turn.
    jac : callable or str, optional
        By default exact. A function ``jac(xdata, *parameters)`` or one of SciPy's schemes takes its place.
    **kwargs
        As in SciPy: arguments of `leastsq` for "lm", of `least_squares` for the others. Those of `least_squares` alone
        choose its "trf" by default.

    Returns
    -------
    popt : ndarray
        The parameters.
    pcov : ndarray
        Their covariance, as in SciPy. Inside a transform both have their derivatives.
    infodict, mesg, ier
        If full_output is true, as in SciPy: in the first are ``nfev``, ``fvec`` and the QR factors of the Jacobian,
        ``fjac``, ``ipvt`` and ``qtf``, whatever the method.

    Raises
    ------
    ValueError, TypeError
        As in SciPy, for data and arguments that do not fit.
    RuntimeError
        If no minimum is found, as in SciPy.

    Notes
    -----
    The covariance comes from the singular values of the Jacobian with columns of equal norm, so that parameters of very
    different size do not count as dependent. G. H. Golub and C. F. Van Loan, *Matrix Computations*, section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad import optimize
    >>> t = np.linspace(0.0, 4.0, 9)
    >>> y = 2.5 * np.exp(-1.3 * t) + 0.5
    >>> popt, pcov = optimize.curve_fit(lambda t, a, b, c: a * np.exp(-b * t) + c, t, y)
    >>> popt.round(6)
    array([2.5, 1.3, 0.5])
    """
    if "args" in kwargs:
        raise ValueError("'args' is not a supported keyword argument.")
    lower, upper = _bounds(bounds)
    p0 = _first_parameters(f, p0, plain(lower), plain(upper))
    xdata, ydata, sigma = _checked_data(xdata, ydata, sigma, check_finite, nan_policy)
    weigh = _weights(sigma, np.size(ydata))
    bounded = np.any(np.isfinite(plain(lower)) | np.isfinite(plain(upper)))
    if method == "lm" and bounded:
        raise ValueError("Method 'lm' only works for unconstrained problems. Use 'trf' or 'dogbox' instead.")
    free = method is None and not bounded
    if (method == "lm" or free) and np.size(ydata) != 1 and p0.size > np.size(ydata):
        raise TypeError(f"The number of func parameters={p0.size} must not exceed the number of data "
                        f"points={np.size(ydata)}")

    def residuals(p):
        return weigh(f(xdata, *p) - ydata)

    def weighted_jacobian(p):
        return weigh(number_or_array(jac(plain(xdata), *p)))

    chosen_jac = weighted_jacobian if callable(jac) else jac
    direct = (method == "lm" or free) and not isinstance(jac, str) and kwargs.keys() <= _OF_MINPACK
    fit = _minpack_fit(residuals, p0, chosen_jac, kwargs) if direct else None
    if fit is None or (free and not (fit.success and fit.settled)):
        other = least_squares(residuals, p0, chosen_jac, bounds, method or "trf", **_renamed(kwargs, method))
        fit = other if fit is None or not fit.success or _is_lower(other, fit) else fit
    if not fit.success:
        raise RuntimeError(f"Optimal parameters not found: {fit.message}")
    pcov = _covariance(fit, residuals, absolute_sigma, singular=method == "lm" or free)
    if not np.all(np.isfinite(plain(pcov))):
        warnings.warn("Covariance of the parameters could not be estimated", OptimizeWarning, stacklevel=2)
    if full_output:
        return fit.x, pcov, _information(fit), fit.message, fit.status
    return fit.x, pcov


def _is_lower(other, fit):
    """Whether another fit has a cost that is lower by more than rounding."""
    return other.success and plain(other.cost) < (1 - 1e-8) * plain(fit.cost)


def _minpack_fit(residuals, p0, jac, options):
    """MINPACK's lmder, finished as `least_squares` does: SciPy's way there has three times the overhead.

    Where the user sets no tolerance, it stops early if that is near enough for the last steps to reach rounding. The
    result is `settled` if they do.
    """
    system = _Residuals(residuals, p0, (), None, jac)
    problem = _Problem(system, np.zeros(p0.size), _UNBOUNDED, "linear", 1.0)
    with np.errstate(all="ignore"):
        if not options and jac is None:
            fit = _lmder(system, problem, p0, _EARLY, options)
            fit.settled = fit.success and _polish(system, fit, problem, False)
            if fit.settled:
                return _with_derivatives(system, fit, problem)
            p0 = fit.x if all_finite(fit.x) else p0
        fit = _lmder(system, problem, p0, _TOLERANCE, options)
        fit.settled = fit.success and _polish(system, fit, problem, jac is None)
    return _with_derivatives(system, fit, problem)


def _lmder(system, problem, p0, tolerance, options):
    """What MINPACK finds."""
    options = dict.fromkeys(("ftol", "xtol", "gtol"), tolerance) | options | {"epsfcn": None, "col_deriv": 0}
    x, _, info, message, status = scipy.optimize.leastsq(system.trial, p0, (), system.dense_jacobian, True, **options)
    fit = OptimizeResult(x=x, fun=info["fvec"], jac=system.dense_jacobian(x), success=status in (1, 2, 3, 4),
                         status=status, message=message, nfev=system.nfev, active_mask=problem.mask)
    if not (all_finite(fit.fun) and all_finite(fit.jac)):  # to which MINPACK is blind
        fit.success, fit.message = False, "f or its Jacobian is not finite where the iteration ended."
    fit.cost = problem.cost(fit.fun)
    return fit


def _information(fit):
    """What SciPy tells of a fit: counts, residuals and the QR factors of the Jacobian with pivoting as MINPACK does."""
    jac = fit.jac.toarray() if sparse.issparse(fit.jac) else fit.jac
    q, r, order = linalg.qr(jac, mode="economic", pivoting=True)
    fjac = np.zeros((jac.shape[1], jac.shape[0]))
    fjac[:, : len(r)] = r.T
    return {"nfev": fit.nfev, "fvec": fit.fun, "fjac": fjac, "ipvt": order, "qtf": q.T @ plain(fit.fun)}


def _first_parameters(f, p0, lower, upper):
    """The start; without one ones, or what lies well within the bounds, as SciPy has it."""
    if p0 is not None:
        return np.atleast_1d(np.asarray(plain(p0), dtype=np.float64))
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p for p in inspect.signature(f).parameters.values() if p.kind in kinds]
    if len(names) < 2:
        raise ValueError("Unable to determine number of fit parameters.")
    lower, upper = (np.resize(b, len(names) - 1).astype(np.float64) for b in (lower, upper))
    below, above = np.isfinite(lower), np.isfinite(upper)
    with np.errstate(invalid="ignore"):
        middle = np.where(below & above, 0.5 * (lower + upper), np.where(below, lower + 1, upper - 1))
    return np.where(below | above, middle, 1.0)


def _checked_data(xdata, ydata, sigma, check_finite, nan_policy):
    """The data as float arrays or numbers, checked for NaN as asked."""
    check_finite = nan_policy is None if check_finite is None else check_finite
    ydata = number_or_array(ydata)
    ydata = ydata if isinstance(ydata, Number) else np.asarray(ydata, dtype=np.float64)
    if isinstance(xdata, (list, tuple, np.ndarray)):
        xdata = number_or_array(list(xdata) if isinstance(xdata, tuple) else xdata)
        xdata = xdata if isinstance(xdata, Number) else np.asarray(xdata, dtype=np.float64)
    sigma = sigma if sigma is None or isinstance(sigma, Number) else number_or_array(np.asarray(sigma))
    if np.size(ydata) == 0:
        raise ValueError("`ydata` must not be empty!")
    arrays = [ydata, *([xdata] if isinstance(xdata, (Number, np.ndarray)) else [])]
    if check_finite and not all(np.all(np.isfinite(a)) for a in arrays):
        raise ValueError("array must not contain infs or NaNs")
    if check_finite or nan_policy is None:
        return xdata, ydata, sigma
    if nan_policy == "propagate":
        raise ValueError("`nan_policy='propagate'` is not supported by this function.")
    if nan_policy not in ("raise", "omit"):
        raise ValueError("nan_policy must be one of {None, 'raise', 'omit'}")
    bad = np.isnan(ydata) | np.any(np.isnan(xdata).reshape(-1, np.shape(xdata)[-1]), axis=0)
    if nan_policy == "raise" and np.any(bad):
        raise ValueError("The input contains nan values")
    if np.any(bad) and sigma is not None and np.ndim(sigma):
        sigma = sigma[~bad] if np.ndim(sigma) == 1 else sigma[~bad][:, ~bad]
    return (xdata[..., ~bad], ydata[~bad], sigma) if np.any(bad) else (xdata, ydata, sigma)


def _weights(sigma, size):
    """The function that divides residuals by their errors: given one by one, or as a covariance."""
    if sigma is None:
        return lambda r: r
    if np.size(sigma) == 1 or np.shape(sigma) == (size,):
        return lambda r: r / sigma if np.ndim(r) < 2 else r / np.reshape(sigma, (-1, 1))
    if np.shape(sigma) != (size, size):
        raise ValueError("`sigma` has incorrect shape.")
    try:
        inverse = np.linalg.inv(np.linalg.cholesky(sigma))
    except np.linalg.LinAlgError as error:
        raise ValueError("`sigma` must be positive definite.") from error
    return lambda r: np.matmul(inverse, r)


def _renamed(kwargs, method):
    """Arguments of leastsq under the names that least_squares has for them."""
    options = dict(kwargs)
    if "maxfev" in options:
        options["max_nfev"] = options.pop("maxfev") or None
    if method in (None, "lm"):
        if options.get("diag") is not None:
            options["x_scale"] = 1 / np.asarray(options["diag"])
        for name in ("diag", "epsfcn", "factor", "col_deriv"):
            options.pop(name, None)
    return options


def _covariance(fit, residuals, absolute_sigma, singular):
    """(J^T J)^-1, times the variance of the residuals unless the errors are absolute.

    If J does not have full rank, it is the pseudo-inverse, as SciPy has it for trf and dogbox, or, if `singular` says
    so, infinite, as for lm.
    """
    m, n = np.size(fit.fun), np.size(fit.x)
    jac = fit.jac.toarray() if sparse.issparse(fit.jac) else fit.jac
    scale = column_norms(jac)
    _, s, vt = np.linalg.svd(jac / scale, False)
    kept = s > np.finfo(float).eps * max(m, n) * s[0]
    if (singular and np.count_nonzero(kept) < n) or (m <= n and not absolute_sigma):
        return np.full((n, n), np.inf)
    root = vt[kept].T / s[kept] / scale[:, None]
    covariance = root @ root.T
    if isinstance(fit.x, Number):
        covariance = with_value(covariance, _inverse_of_normal(residuals, fit.x))
    return covariance if absolute_sigma else covariance * (2 * fit.cost / (m - n))


def _inverse_of_normal(residuals, x):
    """(J^T J)^-1 with derivatives."""
    jac = value_and_jacobian(lambda p: np.ravel(residuals(p)))(x)[1]
    inverse = np.linalg.inv(np.linalg.qr(jac, "r"))
    return np.matmul(inverse, np.transpose(inverse))
