"""Roots of systems: one function for Newton's method, its relatives and SciPy's methods."""

import contextlib
import sys
import warnings

import numpy as np
import scipy.optimize
from scipy.optimize import OptimizeResult
from scipy.sparse.linalg import LinearOperator

from dualad._core.number import all_finite
from dualad.optimize import _newton
from dualad.optimize._implicit import lift_system, parts_of
from dualad.optimize._linear import Singular
from dualad.optimize._newton import (
    CONVERGED,
    MAXITER,
    MESSAGES,
    NOT_FINITE,
    SINGULAR,
    STALLED,
    STOPPED,
    is_root,
    size,
)
from dualad.optimize._system import System, as_tuple, plain

OWN = {
    "newton": _newton.Newton,
    "halley": _newton.Halley,
    "dogleg": _newton.Dogleg,
    "newton-krylov": _newton.NewtonKrylov,
}
WITH_JACOBIAN = ("hybr", "lm")
DERIVATIVE_FREE = ("broyden1", "broyden2", "anderson", "linearmixing", "diagbroyden", "excitingmixing", "krylov",
                   "df-sane")
LIMIT_REACHED = {"hybr": 2, "lm": 5}
"""MINPACK's status for too many evaluations; SciPy's methods without derivatives fail for no other reason."""
METHODS = ("auto", *OWN, *WITH_JACOBIAN, *DERIVATIVE_FREE)


def root(fun, x0, args=(), method="auto", jac=None, tol=None, callback=None, options=None, *, progress=False):
    """Find a root of a system of equations, with an exact Jacobian.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` with as many values as x has elements. A result that is a list or a tuple is packed.
    x0 : array_like
        The start, of any shape, which `fun` then sees (a scalar counts as one element). Complex starts are solved for
        real and imaginary parts.
    args : tuple, optional
        Further arguments. Derivatives they carry, or that the closure of `fun` carries, end up in the solution.
    method : str, optional
        ``"auto"`` tries, until one succeeds, Newton with a line search, the dogleg, Levenberg-Marquardt and MINPACK's
        hybrid method, from `x0` and from points around it. ``"newton"``: LU factors, dense or sparse, and a line
        search; ``"newton-krylov"``: GMRES on exact Jacobian-vector products; ``"halley"``: cubic convergence from
        second derivatives; ``"dogleg"``: a trust region; ``"lm"`` and ``"hybr"``: MINPACK's with the exact Jacobian;
        SciPy's other methods as they are.
    jac : callable, bool or None, optional
        By default exact. A function ``jac(x, *args)`` takes its place, or True if `fun` returns value and Jacobian.
    tol : float, optional
        The largest component of the residual that counts as zero. By default 1e-10, or what rounding in the terms of
        fun allows; for SciPy's methods 1e-8.
    callback : callable, optional
        ``callback(x, f)`` after each iteration; it may raise StopIteration.
    options : dict, optional
        For the methods of dualad ``maxiter``, ``fatol`` (as `tol`), ``xtol`` (relative step that counts as none),
        ``disp``, ``jac_sparsity`` (the pattern of the Jacobian, which otherwise is detected for 50 unknowns or more;
        a sparse Jacobian is compressed, and factorised as such from 200 unknowns on);
        for "newton" and "halley" ``line_search`` (True) and ``damping`` (1.0, shortens every step); for "newton"
        ``trust_region`` (False; True makes it "dogleg"); for "dogleg" ``factor`` (100, the first radius); for
        "newton-krylov" ``preconditioner`` ("jacobian", an operator or function that applies an approximate inverse of
        the Jacobian), ``eta`` (0.5, the first forcing term), ``inner_maxiter`` and ``restart``. SciPy's own for its
        methods.
    progress : bool, optional
        Show iterations and residual norm (by tqdm, if it is installed).

    Returns
    -------
    OptimizeResult
        ``x``, ``success``, ``status``, ``message``, ``fun``, ``jac`` (plain, at x; dense, sparse, or for
        "newton-krylov" a LinearOperator; None for a `fun` without derivatives and a method that needs none),
        ``nfev``, ``njev``, ``nit``, ``method``. ``success`` is True only if the residual at x is below the tolerance.
        Inside a transform ``x`` has the derivatives of the implicit function theorem, of every order.

    Raises
    ------
    TypeError
        If fun does not return as many real values as x has elements, or jac has the wrong shape.
    ValueError
        If the method or an option is unknown.
    numpy.linalg.LinAlgError
        If the solution needs derivatives and its Jacobian is singular.

    Notes
    -----
    C. T. Kelley, *Solving Nonlinear Equations with Newton's Method*, SIAM 2003; derivatives of the solution:
    A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 15.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> from dualad import optimize
    >>> def circle_and_line(x, r):
    ...     return [x[0]**2 + x[1]**2 - r**2, x[0] - x[1]]
    >>> sol = optimize.root(circle_and_line, [1.0, 2.0], args=(2.0,))
    >>> sol.success, sol.x
    (True, array([1.41421356, 1.41421356]))
    >>> da.derivative(lambda r: optimize.root(circle_and_line, [1.0, 2.0], args=(r,)).x)(2.0)
    array([0.70710678, 0.70710678])
    """
    name, jac = _method(method), _given(jac, method)
    x0, options = np.asarray(plain(x0)), dict(options or {})
    if x0.dtype.kind == "c":
        return _complex_root(fun, x0, args, method, jac, tol, callback, options, progress)
    x0 = _start(x0)
    system = System(fun, x0, args, jac, options.pop("jac_sparsity", None), detect=True)
    if not progress:
        return _finish(system, _solved(system, x0, name, tol, callback, options))
    with _shown(callback, name) as show:
        return _finish(system, _solved(system, x0, name, tol, show, options))


def _solved(system, x0, name, tol, callback, options):
    """What a method, or the chain of them, finds; without derivatives."""
    if name == "auto":
        return _chain(system, x0, tol, callback, options)
    result = _one(system, x0, name, tol, callback, options)
    if result.status in (SINGULAR, STALLED):
        result.message += " Start elsewhere or use method='auto'."
    return result


def _method(method):
    name = method.lower() if isinstance(method, str) else method
    if name not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    return name


def _given(jac, method):
    """The user's Jacobian: a function, True, or None."""
    if jac is not None and not callable(jac) and not isinstance(jac, (bool, np.bool_)):
        raise ValueError(f"jac must be a function, True (if fun returns it as well) or None (for the exact one), not "
                         f"{jac!r}")
    if jac and method in DERIVATIVE_FREE:
        warnings.warn(f"Method {method} does not use the jacobian (jac).", RuntimeWarning, stacklevel=3)
    return jac if callable(jac) else jac and bool(jac)


def _start(x0):
    """The start as a float array of at least one dimension."""
    try:
        x0 = np.atleast_1d(x0).astype(np.float64, casting="unsafe" if x0.dtype.kind == "O" else "same_kind")
    except (TypeError, ValueError):
        raise TypeError(f"x0 must hold real numbers, not dtype {x0.dtype}") from None
    if not all_finite(x0):
        raise ValueError("x0 must be finite, but holds NaN or infinite elements")
    return x0


# ---- one method ----------------------------------------------------------------------------------------------------


def _one(system, x0, name, tol, callback, options):
    """Run one method; a result without derivatives."""
    if name in OWN:
        kind = OWN["dogleg"] if name == "newton" and options.pop("trust_region", False) else OWN[name]
        _check_options(name, options, kind.OPTIONS)
        iteration = kind(system, x0, tol, callback, **options)
        status = iteration.run()
        return _result(system, name, iteration.x, iteration.f, status, iteration.nit, iteration.fatol)
    return _scipy_root(system, x0, name, tol, callback, options)


def _check_options(name, options, known):
    if not options:
        return
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"method {name!r} has no option {', '.join(unknown)}: it has {', '.join(sorted(known))} and "
                         "jac_sparsity")


def _result(system, name, x, f, status, nit, fatol, message=None):
    message = message or MESSAGES[status]
    if status == NOT_FINITE:
        where = np.flatnonzero(~np.isfinite(f))
        message += f" in {len(where)} of {f.size} components, first in component {where[0]}, "
        message += "at x0: start where it is defined." if nit == 0 else f"in iteration {nit}."
    elif status != CONVERGED:
        message += f" The largest residual is {size(f):.3g}; it would have to be at most {fatol:.3g}."
    return OptimizeResult(x=x, fun=f, success=status == CONVERGED, status=status, message=message, nit=nit, method=name)


def _scipy_root(system, x0, name, tol, callback, options):
    """One of SciPy's methods; whether it succeeded is for the residual to say."""
    record, evaluate = _Record(system, callback), system.trial if name in WITH_JACOBIAN else system.value
    fatol = 1e-8 if tol is None else tol
    start = record.noted(x0.ravel(), evaluate(x0.ravel()))
    if not all_finite(start):
        return _result(system, name, x0.ravel(), start, NOT_FINITE, 0, fatol)
    if name in WITH_JACOBIAN:
        options.setdefault("xtol", 1e-12)
        jac = record.jacobian
    else:
        jac = None
        fatol = options.setdefault("fatol", fatol)
        if name == "df-sane":
            options.setdefault("ftol", 0.0)
    status, message, found = STALLED, None, {}
    try:
        with np.errstate(all="ignore"):
            found = scipy.optimize.root(record.value, x0.ravel(), method=name, jac=jac, options=options,
                                        callback=None if name in WITH_JACOBIAN else record.iterated)
        x = np.ravel(found.x)
        status, message = _judged(name, found)
    except StopIteration:
        x, status = record.x, STOPPED
    except (ValueError, Singular, np.linalg.LinAlgError, FloatingPointError, OverflowError) as error:
        x, message = record.best, f"SciPy's {name} gave up: {error}."
    f = evaluate(x)
    if is_root(f, fatol) or not all_finite(f):
        status, message = CONVERGED if all_finite(f) else NOT_FINITE, None
    # what only SciPy's result has, such as factors of the last Jacobian
    return OptimizeResult({**found, **_result(system, name, x, f, status, record.nit, fatol, message)})


def _judged(name, found):
    """Why a method of SciPy ended short of the tolerance: status and message."""
    if found.success:
        return STALLED, f"SciPy's {name} met its own tolerance: too early, or at a local minimum of the residual."
    if name in DERIVATIVE_FREE or found.status == LIMIT_REACHED[name]:
        return MAXITER, None
    return STALLED, f"SciPy's {name} says: {' '.join(str(found.message).rstrip('.').split())}. {MESSAGES[STALLED]}"


class _Record:
    """What a method of SciPy does, seen through the functions that it calls."""

    def __init__(self, system, callback):
        self.system, self.callback = system, callback
        self.nit, self.x, self.best, self.lowest = 0, None, None, np.inf

    def value(self, x):
        x = np.asarray(x, dtype=np.float64).ravel()
        return self.noted(x, self.system.value(x))

    def noted(self, x, f):
        """f, which is remembered if it is the best so far."""
        error = size(f)
        if self.best is None or error < self.lowest:
            self.best, self.lowest = x.copy(), error
        return f

    def jacobian(self, x):
        """MINPACK asks for a Jacobian where an iteration ends."""
        self.iterated(x, self.system.value(x) if self.callback else None)
        return self.system.dense_jacobian(x)

    def iterated(self, x, f):
        self.nit, self.x = self.nit + 1, np.array(x).ravel()
        if self.callback is not None:
            self.callback(self.x.reshape(self.system.shape), np.array(f).reshape(self.system.shape))


# ---- the robust chain ------------------------------------------------------------------------------------------------


_STARTS, _FEW = 12, 3
"""How many starts around x0 the chain tries for small systems, and for large ones ..."""
_MANY_UNKNOWNS = 200
"""... which begin here."""


def _chain(system, x0, tol, callback, options):
    """Methods and starts in turn until one finds a root; else what came nearest."""
    best, nit = None, 0
    _check_options("auto", options, OWN["newton"].OPTIONS + OWN["dogleg"].OPTIONS)
    for start, name in _attempts(x0):
        limits = {k: v for k, v in options.items() if name in OWN and k in OWN[name].OPTIONS}
        result = _one(system, start, name, tol, callback, limits)
        nit += result.nit
        result.nit = nit
        if result.success:
            return result
        if result.status == STOPPED or (result.status == NOT_FINITE and start is x0 and name == "newton"
                                        and np.array_equal(result.x, x0.ravel())):
            return result
        if best is None or _rank(result) < _rank(best):
            best = result
    best.nit = nit
    best.message = f"No root found from x0 or around it. Nearest came {best.method!r}: {best.message}"
    best.method = "auto"
    return best


def _rank(result):
    return size(result.fun) if all_finite(result.fun) else np.inf


def _attempts(x0):
    """Pairs of start and method: all methods at x0, then two at points further and further from it."""
    for name in ("newton", "dogleg", "lm", "hybr"):
        yield x0, name
    random = np.random.default_rng(0)
    for k in range(_STARTS if x0.size < _MANY_UNKNOWNS else _FEW):
        reach = 0.1 * 3.0 ** (k % 6)
        start = x0 + reach * np.maximum(np.abs(x0), 1.0) * random.standard_normal(x0.shape)
        yield start, "newton"
        yield start, "lm"


# ---- complex systems -------------------------------------------------------------------------------------------------


def _complex_root(fun, x0, args, method, jac, tol, callback, options, progress):
    """The same for real and imaginary parts, stacked along a new first axis."""
    if jac:
        raise TypeError("a complex x0 is solved for real and imaginary parts, with their exact Jacobian: jac must be "
                        "None")
    x0 = np.atleast_1d(x0)

    def joined(z, f):
        callback(z[0] + 1j * z[1], f[0] + 1j * f[1])

    result = root(parts_of(fun), np.stack([x0.real, x0.imag]), args, method, None, tol, callback and joined, options,
                  progress=progress)
    result.x = result.x[0] + 1j * result.x[1]
    result.fun = result.fun[0] + 1j * result.fun[1]
    return result


# ---- the result ------------------------------------------------------------------------------------------------------


def _finish(system, result):
    """Jacobian, counts, shapes and derivatives."""
    x = result.x
    matrix = None if result.method == "newton-krylov" else _jacobian(system, x, result.method)
    result.jac = _operator(system, x) if result.method == "newton-krylov" else matrix
    if system.dual and result.success:
        result.x = lift_system(system, x, matrix)
    elif system.dual:
        raise np.linalg.LinAlgError(f"a root that was not found has no derivatives: {result.message}")
    result.x = np.reshape(result.x, system.shape)
    result.fun = np.reshape(result.fun, system.shape)
    result.nfev, result.njev = system.nfev, system.njev
    return result


def _operator(system, x):
    """The Jacobian as its products with vectors."""
    return LinearOperator((x.size, x.size), lambda v: system.jvp(x, np.ravel(v)), dtype=np.float64)


def _jacobian(system, x, method):
    """The Jacobian; None if the method did without and fun cannot be differentiated."""
    if not all_finite(x):
        return np.full((x.size, x.size), np.nan)
    try:
        with np.errstate(all="ignore"):
            return system.jacobian(x)
    except (TypeError, ValueError):
        if method in DERIVATIVE_FREE and not system.dual:
            return None
        raise


@contextlib.contextmanager
def _shown(callback, name):
    """The callback, which moves a bar as well."""
    bar = _bar(name)

    def show(x, f):
        bar.set_postfix_str(f"|F| = {size(f):.3e}", refresh=False)
        bar.update()
        if callback is not None:
            callback(x, f)

    with contextlib.closing(bar):
        yield show


def _bar(name):
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Lines(name)
    return tqdm(desc=name, unit=" iterations")


class _Lines:
    """What stands in for a bar of tqdm: a line for each iteration."""

    def __init__(self, name):
        self.name, self.count, self.text = name, 0, ""

    def set_postfix_str(self, text, refresh=True):
        self.text = text

    def update(self):
        self.count += 1
        print(f"{self.name}: {self.count} iterations, {self.text}", file=sys.stderr)

    def close(self):
        pass


def fsolve(func, x0, args=(), fprime=None, full_output=0, col_deriv=0, xtol=1.49012e-08, maxfev=0, band=None,
           epsfcn=None, factor=100, diag=None):
    """scipy.optimize.fsolve with an exact Jacobian, and derivatives of the solution.

    Parameters
    ----------
    func, x0, args, fprime, full_output, col_deriv, xtol, maxfev, band, epsfcn, factor, diag
        As in SciPy. Without `fprime` the Jacobian is exact; `band` and `epsfcn` then have no effect.

    Returns
    -------
    x : ndarray
        The solution, flat; inside a transform with its derivatives.
    infodict, ier, mesg
        As in SciPy, if full_output is true.

    Raises
    ------
    TypeError
        If func does not return as many values as x0 has elements.

    Notes
    -----
    MINPACK's hybrj: M. J. D. Powell, "A hybrid method for nonlinear equations", 1970.

    Examples
    --------
    >>> from dualad import optimize
    >>> optimize.fsolve(lambda x: [x[0] * x[1] - 6, x[0] + x[1] - 5], [1.0, 4.0])
    array([2., 3.])
    """
    x0 = _start(np.asarray(plain(x0))).ravel()
    columns_first = col_deriv and fprime is not None
    jac = None if fprime is None else (lambda x, *args: np.transpose(fprime(x, *args))) if columns_first else fprime
    system = System(func, x0, as_tuple(args), jac)
    system.trial(x0)
    found = scipy.optimize.fsolve(system.value, x0, (), system.dense_jacobian, full_output, 0, xtol, maxfev, None, None,
                                  factor, diag)
    x = found[0] if full_output else found
    if system.dual:
        if not is_root(system.value(x), 1e-6):
            raise np.linalg.LinAlgError("fsolve found no root: what it ended at has no derivatives")
        x = lift_system(system, x)
    return (x, *found[1:]) if full_output else x
