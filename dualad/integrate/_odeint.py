"""SciPy's older interface to ODEPACK, with exact Jacobians and forward sensitivities."""

import numpy as np
import scipy.integrate
from scipy.integrate import LSODA

from dualad.integrate._confirm import Counted, confirmed
from dualad.integrate._flow import flow_back, flow_each
from dualad.integrate._ivp import REPETITIONS, Problem
from dualad.integrate._layout import Layout, Widen, array, increment
from dualad.integrate._stiff import Augmented, lsoda_options, plain_jacobian, works
from dualad.integrate._tolerances import Tolerances
from dualad.rules.algebra import primal

_DEFAULT_TOLERANCE = 1.49012e-8
_DEFAULT_STEPS, _MORE_STEPS = 500, 10
"""ODEPACK's limit of steps from one time to the next, and by what it grows for smaller tolerances."""


def odeint(func, y0, t, args=(), Dfun=None, col_deriv=0, full_output=0, ml=None, mu=None, rtol=None, atol=None,
           tcrit=None, h0=0.0, hmax=0.0, hmin=0.0, ixpr=0, mxstep=0, mxhnil=0, mxordn=12, mxords=5, printmessg=0,
           tfirst=False, *, tangent_atol=None):
    """Integrate a system of ordinary differential equations; as `scipy.integrate.odeint`, with derivatives.

    With plain arguments this is SciPy's function, given the exact Jacobian unless Dfun, ml or mu is given. Where y0,
    t, args or variables that `func` refers to carry derivatives, the result carries them as well.

    Parameters
    ----------
    func, y0, t, args, Dfun, col_deriv, full_output, ml, mu, rtol, atol, tcrit, h0, hmax, hmin, ixpr, mxstep, mxhnil, \
mxordn, mxords, printmessg, tfirst
        As for `scipy.integrate.odeint`. With derivatives, Dfun is not needed and not used.
    tangent_atol : float or array_like of shape (n,), optional
        Absolute tolerance of each sensitivity; see `solve_ivp`.

    Returns
    -------
    y : shape (len(t), n)
        The states.
    infodict : dict
        Only if full_output: that of the run, which with derivatives is one of the system and its sensitivities.

    Raises
    ------
    ValueError
        If y0 has more than one dimension, or `func` returns an array of another shape.

    Warns
    -----
    RuntimeWarning
        Where finite differences take over, because `func` does not take numbers.

    Notes
    -----
    Sensitivities as in `solve_ivp`; E. Hairer, S. P. Norsett and G. Wanner, *Solving Ordinary Differential Equations
    I*, 2nd ed., section I.14.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.jacobian(lambda k: integrate.odeint(lambda y, t: -k * y, 1.0, [0.0, 0.5, 1.0])[:, 0])(2.0).round(6)
    array([ 0.      , -0.18394 , -0.135335])
    """
    problem = Problem(func if tfirst else _swapped(func), args)
    y0, t = array(y0), array(t)
    y0 = np.reshape(y0, (1,)) if y0.ndim == 0 else y0
    if y0.ndim != 1 or t.ndim != 1:
        raise ValueError(f"y0 and t must have one dimension, but they have shapes {y0.shape} and {t.shape}")
    if Dfun is not None and not tfirst:
        Dfun = _swapped(Dfun)
    given = {"Dfun": Dfun, "col_deriv": col_deriv, "ml": ml, "mu": mu, "rtol": rtol, "atol": atol}
    options = dict(full_output=full_output, tcrit=tcrit, h0=h0, hmax=hmax, hmin=hmin, ixpr=ixpr, mxstep=mxstep,
                   mxhnil=mxhnil, mxordn=mxordn, mxords=mxords, printmessg=printmessg, tfirst=True)
    if not t.size:
        return scipy.integrate.odeint(problem.plain_fun, primal(y0), primal(t), **given, **options)
    layout = Layout(y0, t[0], *problem.inputs)
    while True:
        try:
            return _solve(problem, y0, t, layout, given, tangent_atol, options)
        except Widen as found:
            layout = layout.widened(found.number)


def _swapped(func):
    return lambda t, y, *args: func(y, t, *args)


def _solve(problem, y0, t, layout, given, tangent_atol, options):
    z0, times = layout.flatten(flow_back(problem.rhs, t[0], y0)), primal(t)
    if layout.rows == 1:
        result = _plain(problem, z0, times, given, options)
    else:
        result = _augmented(problem, layout, z0, y0, times, given, tangent_atol, options)
    z = result[0] if options["full_output"] else result
    y = layout.rebuild(np.moveaxis(z.reshape((len(times), *layout.counts, -1)), 0, -1))
    y = flow_each(problem.rhs, times, y, increment(t)).T
    return (y, result[1]) if options["full_output"] else y


def _plain(problem, y0, t, given, options):
    jac = given["Dfun"]
    if jac is not None:
        given = {**given, "Dfun": lambda t, y: jac(t, y, *problem.plain_args)}
    elif given["ml"] is None and given["mu"] is None:
        jac = plain_jacobian(problem.rhs)
        given = {**given, "Dfun": jac, "col_deriv": 0} if works(jac, t[0], y0) else given
    if not problem.looks_plain(t[0], y0):
        return scipy.integrate.odeint(problem.plain_fun, y0, t, **given, **options)
    try:
        return scipy.integrate.odeint(problem.as_given, y0, t, **given, **options)
    except (TypeError, ValueError):  # one of which a number raises on its way into an array of SciPy's
        return scipy.integrate.odeint(problem.plain_fun, y0, t, **given, **options)


def _augmented(problem, layout, z0, y0, t, given, tangent_atol, options):
    if not np.all(np.isfinite(z0)):
        raise ValueError("y0 and its derivatives must be finite")
    system = Augmented(problem.rhs, layout, len(y0))
    jac = lsoda_options(system, given["ml"], given["mu"])
    of_state = {name: _DEFAULT_TOLERANCE if given[name] is None else given[name] for name in ("rtol", "atol")}
    tolerances = Tolerances(LSODA, of_state, layout, y0, [t[0], *problem.inputs], tangent_atol)

    mxstep = options["mxstep"]
    steps = _MORE_STEPS * (mxstep or _DEFAULT_STEPS)

    def integrate(share, most):
        largest = np.zeros(z0.size)

        def fun(t, z):
            np.maximum(largest, np.abs(z), out=largest)
            return problem.checked(t, system.vector(problem.rhs(t, system.number(z))))

        for _ in range(REPETITIONS):
            largest[:], counted = 0, Counted(fun, most)
            z, info = result = scipy.integrate.odeint(
                counted, z0.reshape(-1), t, Dfun=jac["jac"], ml=jac["lband"], mu=jac["uband"],
                **tolerances.options(share), **{**options, "full_output": 1, "mxstep": steps if most else mxstep})
            if not tolerances.tightened(np.max(np.abs(z), axis=0).reshape(layout.rows, -1)):
                break
        failed = info["message"] != "Integration successful."
        found = None if failed else z.T.reshape(layout.rows, -1, len(t))
        return result, counted.count, found, largest.reshape(layout.rows, -1)

    result = confirmed(integrate, tolerances)
    return result if options["full_output"] else result[0]
