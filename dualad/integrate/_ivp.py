"""Initial value problems: SciPy's `solve_ivp`, with exact Jacobians and forward sensitivities."""

import functools
import inspect
import types

import numpy as np
import scipy.integrate
from scipy.integrate import BDF, LSODA, OdeSolver, Radau

from dualad._trees import flatten, rebuild
from dualad.integrate._confirm import Counted, confirmed
from dualad.integrate._flow import crossing, flow, flow_back, flow_each
from dualad.integrate._layout import Layout, Number, Widen, array, increment
from dualad.integrate._stiff import Augmented, augmented_solver, plain_jacobian, sparse_plan, works
from dualad.integrate._tolerances import Tolerances
from dualad.rules.algebra import primal
from dualad.rules.packing import pack_if_needed

_METHODS = {name: getattr(scipy.integrate, name) for name in ("RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA")}
REPETITIONS = 3
_NOTHING = Layout()


class OdeSolution(scipy.integrate.OdeSolution):
    """Continuous solution of an initial value problem, whose values carry derivatives.

    Called with times, plain or with derivatives, it returns the state there, of shape (n,) or (n, m). Everything
    else is as in `scipy.integrate.OdeSolution`.

    Attributes
    ----------
    n_segments : int
        How many interpolants there are.
    ts : ndarray, shape (n_segments + 1,)
        The times between which they are defined.
    interpolants : list of scipy.integrate.DenseOutput
        Those of the state together with its sensitivities.
    t_min, t_max : float
        The span of the solution.

    Raises
    ------
    TypeError
        When copied by pickling, as it holds the function that was integrated; at times with derivatives, if it was made
        of interpolants and not by `solve_ivp`.

    Notes
    -----
    The values of SciPy's interpolant of the state and its sensitivities; at a time with derivatives, a Taylor series
    in its infinitesimal part (A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., chapter 13).

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> def at(k, t):
    ...     decay = integrate.solve_ivp(lambda t, y: -k * y, (0, 1), [1.0], rtol=1e-10, atol=1e-10, dense_output=True)
    ...     return decay.sol(t)[0]
    >>> print(da.jacobian(at)(2.0, 0.5).round(6), da.jacobian(at, 1)(2.0, 0.5).round(6))
    -0.18394 -0.735759
    """

    def __init__(self, ts, interpolants, alt_segment=False):
        super().__init__(ts, interpolants, alt_segment)
        self._rhs, self._layout = None, _NOTHING

    @classmethod
    def _of(cls, solution, rhs, layout, alternate):
        """SciPy's solution of a system and its sensitivities, as one with derivatives."""
        made = cls(solution.ts, solution.interpolants, alternate)
        made._rhs, made._layout = rhs, layout
        return made

    def __call__(self, t):
        t = array(t)
        if self._rhs is None:
            if isinstance(t, Number):
                raise TypeError("this OdeSolution was made of interpolants and knows no right-hand side: t must not "
                                "carry derivatives; use the one that solve_ivp returns")
            return super().__call__(t)
        times = primal(t)
        y = _rows_to_number(super().__call__(times), self._layout)
        if np.ndim(times) == 0:
            return flow(self._rhs, float(times), y, increment(t))
        return flow_each(self._rhs, times, y, increment(t))


def _rows_to_number(z, layout):
    """States (n,) or (n, m) from what the solver sees, (rows n,) or (rows n, m)."""
    return layout.rebuild(z.reshape(layout.counts + (-1,) + z.shape[1:]))


_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)


def numbers_behind(f, seen=()):
    """The numbers that a function gets from its closure, from defaults, or from the object whose method it is."""
    if f in seen:
        return
    for x in _held(f):
        if isinstance(x, _FUNCTIONS):
            yield from numbers_behind(x, (*seen, f))
        else:
            yield from (v for v in map(pack_if_needed, flatten(x)[0]) if isinstance(v, Number))


def _held(f):
    if isinstance(f, functools.partial):
        return [f.func, *f.args, *f.keywords.values()]
    if isinstance(f, types.MethodType):
        return [f.__func__, *getattr(f.__self__, "__dict__", {}).values()]
    if isinstance(f, types.FunctionType):
        return [*map(_content, f.__closure__ or ()), *(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()]
    return getattr(f, "__dict__", {}).values()


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # still empty
        return None


class Problem:
    """What the user gave, as functions of t and y that take and return plain arrays and numbers alike."""

    def __init__(self, fun, args, vectorized=False, events=None, options=None):
        self.fun, self.args, self.vectorized = fun, self._checked(args), vectorized
        self.given_events = () if events is None else (events,) if callable(events) else tuple(events)
        self.events = None if events is None else [self._event(i) for i in range(len(self.given_events))]
        self._started = False
        self.has_numbers = [False] * len(self.given_events)
        leaves, structure = flatten(self.args)
        leaves = [pack_if_needed(x) for x in leaves]
        self.inputs = [*(x for x in leaves if isinstance(x, Number)), *numbers_behind(fun)]
        self.plain_args = rebuild(structure, [primal(x) for x in leaves])
        self.options = dict(options or {})
        jac = self.options.get("jac")
        if callable(jac):
            self.options["jac"] = lambda t, y: jac(t, y, *self.plain_args)

    @staticmethod
    def _checked(args):
        if args is None:
            return ()
        try:
            return tuple(args)
        except TypeError:
            raise TypeError(f"args must be a tuple, not {type(args).__name__}; for one argument write "
                            "args=(p,)") from None

    def rhs(self, t, y):
        """dy/dt of one state."""
        f = array(self.fun(t, y[:, None] if self.vectorized else y, *self.args))
        if f.shape != y.shape:
            if f.size != y.size:
                raise ValueError(f"fun must return an array of the shape of y, {y.shape}, but returned one of shape "
                                 f"{f.shape}")
            f = np.reshape(f, y.shape)
        return f

    @functools.cached_property
    def as_given(self):
        """The right-hand side as the user wrote it."""
        fun, args = self.fun, self.args
        return (lambda t, y: fun(t, y, *args)) if args else fun

    def looks_plain(self, t, y):
        """Whether the right-hand side gives a plain array at the start; if not, each one is looked at."""
        f = array(self.as_given(t, np.array(y[:, None] if self.vectorized else y)))
        return not isinstance(f, Number) and self.checked(t, f).dtype.kind in "fi"

    def plain_fun(self, t, y):
        """What SciPy integrates where nothing carries derivatives."""
        f = array(self.fun(t, y, *self.args))
        return self.checked(t, _NOTHING.flatten(f) if isinstance(f, Number) else f)

    def checked(self, t, f):
        """f itself; what is not finite at the start would keep SciPy's choice of the first step in a loop."""
        if f.dtype.kind not in "biufc":
            raise TypeError(f"fun must return numbers, not an array of dtype {f.dtype}")
        if not self._started and not np.all(np.isfinite(f)):
            raise ValueError(f"fun returned NaN or infinity at the start, t = {t}")
        self._started = True
        return f

    def g(self, i):
        """The event function i."""
        def event(t, y):
            value = array(self.given_events[i](t, y, *self.args))
            return np.reshape(value, ()) if value.size == 1 else value

        return event

    def _event(self, i):
        """The event function i of the first row of what the solver sees; it notes whether it carries derivatives."""
        g = self.g(i)

        def event(t, z):
            value = g(t, z[:self.n])
            self.has_numbers[i] |= isinstance(value, Number)
            return primal(value)

        for name in ("terminal", "direction"):
            if hasattr(self.given_events[i], name):
                setattr(event, name, getattr(self.given_events[i], name))
        return event


def solve_ivp(fun, t_span, y0, method="RK45", t_eval=None, dense_output=False, events=None, vectorized=False,
              args=None, *, tangent_atol=None, **options):
    """Solve an initial value problem; as `scipy.integrate.solve_ivp`, with derivatives.

    With plain arguments this is SciPy's solver, whose methods Radau, BDF and LSODA get the exact Jacobian of `fun`
    unless `jac`, `lband` or `uband` is given: compressed by `jac_sparsity`, or by the pattern that is found, where the
    method takes sparse matrices. Where y0, args, t_span, t_eval or variables that
    `fun` or the events refer to carry derivatives, the solution carries them as well.

    Parameters
    ----------
    fun, t_span, y0, method, t_eval, dense_output, events, vectorized, args, **options
        As for `scipy.integrate.solve_ivp`.
    tangent_atol : float or array_like of shape (n,), optional
        Absolute tolerance of each sensitivity; ``numpy.inf`` keeps the sensitivities out of the error test. By default
        that of the state times the relative change of y0, args and t_span along the direction (``atol / abs(p)`` for
        the derivative by one parameter p, as in CVODES), lowered where it would exceed `rtol` times the sensitivity.

    Returns
    -------
    OdeResult
        As SciPy's. ``t`` (if its ends carry derivatives), ``y``, ``t_events``, ``y_events`` and what ``sol`` returns
        carry the derivatives. ``nfev`` counts evaluations of `fun` on numbers.

    Raises
    ------
    ValueError
        As SciPy does, and where `fun` returns an array of another shape than y, or derivatives are not finite.
    TypeError
        Where args cannot be unpacked, or `fun` cannot take numbers.

    Warns
    -----
    RuntimeWarning
        Where a stiff method falls back to finite differences, because `fun` does not take numbers; where sensitivities
        passed a peak and what is left of them is in doubt.

    Notes
    -----
    The variational equations are integrated together with the state: for y' = f(t, y, p), s' = f_y s + f_p. Each
    sensitivity meets the error test of the method for itself, with `rtol` and its own absolute tolerance, so that
    steps are shorter than for the state alone; with ``tangent_atol=numpy.inf`` they are the same up to rounding. If a
    sensitivity ends far below a peak that it passed, as after the fast transitions of relaxation oscillators, the error
    made at the peak may be all there is of it: then the integration is repeated with a hundredth of the tolerances,
    and once more if the two disagree, and a warning says so if they still do. The
    stiff methods factorise one n x n Jacobian for all sensitivities. At a dual time the derivative includes y' = f,
    and an event at g(t, y) = 0 has t' = -(g_y s + g_p)/(g_t + g_y f), infinite or NaN where the solution only touches
    g = 0. Sources: A. C. Hindmarsh et al., "SUNDIALS", ACM TOMS 31 (2005), on sensitivities in CVODES; E. Hairer,
    S. P. Norsett and G. Wanner, *Solving Ordinary Differential Equations I*, 2nd ed., section I.14.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> def final(p):
    ...     return integrate.solve_ivp(lambda t, y, k: -k * y, (0, 1), [1.0], args=(p,), rtol=1e-9, atol=1e-9).y[0, -1]
    >>> da.derivative(final)(2.0).round(6)
    np.float64(-0.135335)
    """
    problem = Problem(fun, args, vectorized, events, options)
    run = _Run(problem, _solver_class(method), t_span, y0, t_eval, dense_output, tangent_atol)
    while True:
        try:
            return run.solve()
        except Widen as found:
            run.layout = run.layout.widened(found.number)


def _solver_class(method):
    if isinstance(method, str) and method in _METHODS:
        return _METHODS[method]
    if inspect.isclass(method) and issubclass(method, OdeSolver):
        return method
    raise ValueError(f"method must be one of {', '.join(_METHODS)} or a class of OdeSolver, not {method!r}")


@functools.cache
def _takes_jacobian(method):
    return "jac" in inspect.signature(method).parameters


class _Run:
    """One integration, plain or with the derivatives for which the layout has room."""

    def __init__(self, problem, method, t_span, y0, t_eval, dense_output, tangent_atol):
        self.problem, self.method, self.dense_output, self.tangent_atol = problem, method, dense_output, tangent_atol
        t0, tf = t_span
        self.t0, self.tf = array(t0), array(tf)
        self.span = float(primal(self.t0)), float(primal(self.tf))
        self.y0 = array(y0)
        if self.y0.ndim != 1:
            raise ValueError(f"y0 must have one dimension, but has shape {self.y0.shape}")
        problem.n = len(self.y0)
        self.t_eval = None if t_eval is None else array(t_eval)
        self.layout = Layout(self.y0, self.t0, *problem.inputs)

    def solve(self):
        """The result for the present layout; raises Widen if it does not suffice."""
        z0 = self.layout.flatten(flow_back(self.problem.rhs, self.t0, self.y0))
        result = self._plain(z0) if self.layout.rows == 1 else self._augmented(z0)
        return self._with_derivatives(result)

    def _call_scipy(self, fun, z0, method, options, vectorized=False):
        return scipy.integrate.solve_ivp(
            fun, self.span, z0, method, None if self.t_eval is None else primal(self.t_eval), self.dense_output,
            self.problem.events, vectorized, **options)

    def _plain(self, z0):
        problem, options = self.problem, dict(self.problem.options)
        own = any(options.get(name) is not None for name in ("jac", "lband", "uband"))
        if not own and _takes_jacobian(self.method):
            jac = self._sparse_plan(z0) or plain_jacobian(problem.rhs)
            if works(jac, self.span[0], z0):
                options = {**options, "jac": jac}
                options.pop("jac_sparsity", None)
        if not problem.looks_plain(self.span[0], z0):
            return self._call_scipy(problem.plain_fun, z0, self.method, options, problem.vectorized)
        try:
            return self._call_scipy(problem.as_given, z0, self.method, options, problem.vectorized)
        except (TypeError, ValueError):  # one of which a number raises on its way into an array of SciPy's
            return self._call_scipy(problem.plain_fun, z0, self.method, options, problem.vectorized)

    def _sparse_plan(self, z0):
        """``jac(t, y)`` where the solver takes sparse matrices and the Jacobian is one."""
        if not issubclass(self.method, (Radau, BDF)):
            return None
        sparsity = self.problem.options.get("jac_sparsity")
        return sparse_plan(self.problem.rhs, self.span[0], z0.reshape(-1)[:self.problem.n], sparsity)

    # ---- with sensitivities

    def _augmented(self, z0):
        problem, layout, rows = self.problem, self.layout, self.layout.rows
        if not np.all(np.isfinite(z0)):
            raise ValueError("y0 and its derivatives must be finite")
        given = problem.options.get("jac")
        system = Augmented(problem.rhs, layout, problem.n, self._sparse_plan(z0) if given is None else given)

        def fun(t, z):
            return problem.checked(t, system.vector(problem.rhs(t, system.number(z))))

        tolerances = Tolerances(self.method, problem.options, layout, self.y0, [self.t0, *problem.inputs],
                                self.tangent_atol)

        def integrate(share, most):
            for _ in range(REPETITIONS):
                largest = np.zeros(rows * problem.n)
                method, options = augmented_solver(self.method, system, largest,
                                                   {**problem.options, **tolerances.options(share)})
                counted = Counted(fun, most)
                result = self._call_scipy(counted, z0.reshape(-1), method, options)
                if not tolerances.tightened(largest.reshape(rows, problem.n)):
                    break
            return result, counted.count, self._asked_for(result), largest.reshape(rows, problem.n)

        return confirmed(integrate, tolerances)

    def _asked_for(self, result):
        """Components (rows, n, m) at t_eval, or in the end; None where the integration failed."""
        if result.status < 0 or not len(result.t):
            return None
        return result.y[:, (0 if self.t_eval is not None else -1):].reshape(self.layout.rows, self.problem.n, -1)

    # ---- derivatives of the result

    def _with_derivatives(self, result):
        if self.layout.rows > 1:
            self._rebuild(result)
        if result.sol is not None:
            alternate = issubclass(self.method, (BDF, LSODA))
            result.sol = OdeSolution._of(result.sol, self.problem.rhs, self.layout, alternate)
        last = increment(self.tf) if result.status == 0 else 0.0
        for i in range(len(self.problem.given_events)):
            if self.layout.rows > 1 or self.problem.has_numbers[i]:
                found = self._event_derivatives(result, i)
                last = found if result.status == 1 and found is not None else last
        if len(result.t):
            self._move(result, last)
        return result

    def _rebuild(self, result):
        if len(result.t):
            result.y = _rows_to_number(result.y, self.layout)
        if result.y_events is not None:
            result.y_events = [_rows_to_number(y.T, self.layout).T if len(y) else np.zeros((0,))
                               for y in result.y_events]

    def _event_derivatives(self, result, i):
        """Let the times and states of event i carry derivatives; returns those of the time where it ended the run."""
        times, states = result.t_events[i], result.y_events[i]
        if not len(times):
            return None
        rhs = self.problem.rhs
        moves = [crossing(self.problem.g(i), rhs, t, y) for t, y in zip(times, states, strict=True)]
        result.t_events[i] = np.stack([array(t + d) for t, d in zip(times, moves, strict=True)])
        result.y_events[i] = np.stack([flow(rhs, t, y, d) for t, y, d in zip(times, states, moves, strict=True)])
        return moves[-1] if self._ended_by(result, i, times) else None

    def _ended_by(self, result, i, times):
        limit = getattr(self.problem.given_events[i], "terminal", None)
        return result.status == 1 and bool(limit) and len(times) >= int(limit) and (
            self.t_eval is not None or times[-1] == result.t[-1])

    def _move(self, result, last):
        """Let result.t carry the derivatives of t_eval or of the ends of t_span, and result.y follow."""
        times = result.t
        if self.t_eval is not None:
            shifts = increment(self.t_eval[:len(times)])
        else:
            first = increment(self.t0)
            if not isinstance(first, Number) and not isinstance(last, Number):
                return
            shifts = np.stack([array(first), *[np.zeros(())] * (len(times) - 2), array(last)])
        result.y = flow_each(self.problem.rhs, times, result.y, shifts)
        result.t = times + shifts
