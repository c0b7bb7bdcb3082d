"""Integrals of functions, with derivatives by limits and parameters (Leibniz's rule)."""

import numpy as np
import scipy.integrate

from dualad.integrate._flow import flow
from dualad.integrate._layout import Layout, Number, Widen, array, increment
from dualad.rules.algebra import primal

# ---- Leibniz's rule ------------------------------------------------------------------------------------------------

class Integrand:
    """A function of plain x whose results may carry derivatives, each computed once.

    Parameters
    ----------
    function : callable
        ``function(x, *args)``.
    args : tuple
        Further arguments.
    """

    def __init__(self, function, args=()):
        self.function, self.args = function, args
        self.layout, self._found = Layout(), {}

    def __call__(self, x):
        """The function itself, a number where it carries derivatives."""
        y = array(self.function(x, *self.args))
        return y if isinstance(y, Number) else y[()]

    def value(self, x):
        """The plain value; what else there is will be remembered."""
        y = self(x)
        if not isinstance(y, Number):
            return y
        self._found[x] = y
        self.layout = self.layout.widened(y)
        return primal(y)

    def component(self, i, x):
        """The component i; raises Widen at a number of another level."""
        y = self._found.get(x)
        if y is None:
            y = self._found[x] = self(x)
        return self.layout.flatten(y).reshape((self.layout.rows,) + np.shape(y))[i]

    def integrated(self, integrate, value):
        """The number whose components are the integrals of the components; ``integrate(function)`` gives one."""
        while True:
            try:
                parts = [integrate(lambda x, i=i: self.component(i, x)) for i in range(1, self.layout.rows)]
            except Widen as found:
                self.layout = self.layout.widened(found.number)
                continue
            parts = np.stack([np.asarray(value), *map(np.asarray, parts)])
            return self.layout.rebuild(parts.reshape(self.layout.counts + parts.shape[1:]))


def beyond(f, limit, name):
    """The integral of f from the plain value of a limit to the limit itself."""
    d = increment(limit)
    if not isinstance(d, Number):
        return 0.0
    x = primal(limit)
    if not np.isfinite(x):
        raise ValueError(f"{name} is {x}, where an integral has no derivative by it")
    return flow(lambda t, _: f(t), float(x), np.zeros_like(primal(array(f(float(x))))), d)


def jumps(f, points):
    """What infinitesimal moves of break points add, where f jumps there."""
    points = array(points)
    total = 0.0
    for i in range(len(points)):
        if isinstance(increment(points[i]), Number):
            x = float(primal(points[i]))
            sides = [beyond(lambda t, s=s, x=x: f(np.nextafter(x, s) + (t - x)), points[i], "points") for s in
                     (-np.inf, np.inf)]
            total = total + (sides[0] - sides[1])
    return total


def leibniz(f, integrate, a, b, points=None, weight=None):
    """Integral of an `Integrand` between limits, all with derivatives; ``integrate(function)`` is SciPy's call."""
    result = integrate(f.value)
    at_ends = f if weight is None else lambda x: f(x) * weight(x)
    total = f.integrated(lambda component: integrate(component)[0], result[0])
    total = total + (beyond(at_ends, b, "b") - beyond(at_ends, a, "a"))
    if points is not None:
        total = total + jumps(at_ends, points)
    return (total, *result[1:]) if isinstance(total, Number) else result


# ---- without derivatives -------------------------------------------------------------------------------------------

def plain_or_none(integrate, *limits):
    """SciPy's result where no derivatives turn up, which its loops refuse with TypeError; None where they do."""
    if not all(isinstance(x, (float, int)) for x in limits):
        return None
    try:
        return integrate()
    except TypeError:  # whatever else it comes from comes again
        return None


# ---- one variable --------------------------------------------------------------------------------------------------

def quad(func, a, b, args=(), full_output=0, epsabs=1.49e-8, epsrel=1.49e-8, limit=50, points=None, weight=None,
         wvar=None, wopts=None, maxp1=50, limlst=50, complex_func=False):
    """Integral of a function from a to b; as `scipy.integrate.quad`, with derivatives.

    Parameters
    ----------
    func, a, b, args, full_output, epsabs, epsrel, limit, points, weight, wvar, wopts, maxp1, limlst, complex_func
        As for `scipy.integrate.quad`. Limits, points, args and variables that `func` refers to may carry derivatives.

    Returns
    -------
    y
        SciPy's value, with derivatives.
    abserr : float
        The estimate of the error of the value.
    infodict, message, explain
        Only if full_output: those of the value.

    Raises
    ------
    TypeError
        Where wvar, epsabs or epsrel carry derivatives.
    ValueError
        Where an infinite limit does.

    Notes
    -----
    Leibniz's rule: the derivative of the integrand is integrated in the same way as the value, with the same
    tolerances, and func(b) b' - func(a) a' is added. Where a break point moves, the jump of `func` there is counted.
    H. Flanders, "Differentiation under the integral sign", Amer. Math. Monthly 80 (1973).

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.grad(lambda b: integrate.quad(np.cos, 0, b)[0])(1.0).round(6)
    np.float64(0.540302)
    >>> da.grad(lambda k: integrate.quad(lambda x: np.exp(-k * x), 0, np.inf)[0])(2.0).round(6)
    np.float64(-0.25)
    """
    if points is None and (result := plain_or_none(lambda: scipy.integrate.quad(
            func, a, b, args, full_output, epsabs, epsrel, limit, points, weight, wvar, wopts, maxp1, limlst,
            complex_func), a, b)) is not None:
        return result
    _refuse_derivatives(wvar=wvar, epsabs=epsabs, epsrel=epsrel)
    options = dict(epsabs=epsabs, epsrel=epsrel, limit=limit, weight=weight, wvar=wvar, wopts=wopts, maxp1=maxp1,
                   limlst=limlst, complex_func=complex_func, points=None if points is None else primal(array(points)))
    args = args if isinstance(args, tuple) else (args,)
    a, b = array(a), array(b)
    ends = primal(a)[()], primal(b)[()]
    if not callable(func):
        _refuse_derivatives("limits, points and args of a compiled func", a=a, b=b, points=points, args=args)
        return scipy.integrate.quad(func, *ends, args, full_output, **options)
    moving = isinstance(increment(b - a), Number) or isinstance(increment(a), Number)
    if moving and weight is not None and weight.startswith("alg"):
        return _alg_between(func, a, b, args, full_output, options)

    def integrate(function):
        return scipy.integrate.quad(function, *ends, (), full_output, **options)

    weigh = None if weight is None else lambda x: _WEIGHTS[weight](x, wvar)
    return leibniz(Integrand(func, args), integrate, a, b, points, weigh)


_WEIGHTS = {
    "cos": lambda x, w: np.cos(w * x), "sin": lambda x, w: np.sin(w * x), "cauchy": lambda x, c: 1 / (x - c),
}


def _refuse_derivatives(what="", **named):
    for name, x in named.items():
        if any(isinstance(part, Number) for part in (x if isinstance(x, (tuple, list)) else [x])):
            raise TypeError(f"{what or name} must not carry derivatives; write func in Python, with what varies in it")


def _alg_between(func, a, b, args, full_output, options):
    """The weight (x - a)**alpha (b - x)**beta moves with the limits: a substitution holds it fast."""
    if options["weight"] != "alg":
        raise TypeError(f"limits must not carry derivatives with the weight {options['weight']!r}; write the weight "
                        "into func")
    result = scipy.integrate.quad(lambda x: primal(func(x, *args)), primal(a), primal(b), (), full_output, **options)
    unit = quad(lambda u: func(a + (b - a) * u, *args), 0, 1, **options)[0]
    total = unit * (b - a) ** (1 + sum(options["wvar"]))
    return (total + (result[0] - primal(total)), *result[1:])


def quad_vec(f, a, b, epsabs=1e-200, epsrel=1e-8, norm="2", cache_size=100e6, limit=10000, workers=1, points=None,
             quadrature=None, full_output=False, *, args=()):
    """Integral of a vector-valued function; as `scipy.integrate.quad_vec`, with derivatives.

    Parameters
    ----------
    f, a, b, epsabs, epsrel, norm, cache_size, limit, workers, points, quadrature, full_output, args
        As for `scipy.integrate.quad_vec`. Limits, args and variables that `f` refers to may carry derivatives, if
        `workers` is 1.

    Returns
    -------
    res
        SciPy's value, with derivatives.
    err : float
        The estimate of the error of the value.
    info
        Only if full_output: that of the value.

    Raises
    ------
    TypeError
        If `f` returns numbers with derivatives in several workers.
    ValueError
        If an infinite limit carries derivatives.

    Notes
    -----
    Leibniz's rule, as in `quad`: each direction is integrated for itself, with the same tolerances.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> from dualad import integrate
    >>> rates = np.array([1.0, 2.0])
    >>> da.jacobian(lambda b: integrate.quad_vec(lambda x: np.exp(-rates * x), 0, b)[0])(1.0).round(6)
    array([0.367879, 0.135335])
    """
    args = args if isinstance(args, tuple) else (args,)
    if workers == 1 and points is None and (result := plain_or_none(lambda: scipy.integrate.quad_vec(
            (lambda x: f(x, *args)) if args else f, a, b, epsabs, epsrel, norm, cache_size, limit, workers, points,
            quadrature, full_output), a, b)) is not None:
        return result
    a, b = array(a), array(b)
    options = dict(epsabs=epsabs, epsrel=epsrel, norm=norm, cache_size=cache_size, limit=limit, workers=workers,
                   quadrature=quadrature, full_output=full_output,
                   points=None if points is None else primal(array(points)))
    integrand = Integrand(f, args) if workers == 1 else _PlainIntegrand(f, args)

    def integrate(function):
        return scipy.integrate.quad_vec(function, primal(a)[()], primal(b)[()], **options)

    return leibniz(integrand, integrate, a, b, points)


class _PlainIntegrand(Integrand):
    """One whose results other processes compute: what they remember would be lost."""

    def value(self, x):
        y = self(x)
        if isinstance(y, Number):
            raise TypeError("quad_vec with several workers cannot take numbers with derivatives: use workers=1")
        return y


def fixed_quad(func, a, b, args=(), n=5):
    """Integral by Gaussian quadrature of fixed order; as `scipy.integrate.fixed_quad`, with derivatives.

    Parameters
    ----------
    func, a, b, args, n
        As for `scipy.integrate.fixed_quad`. Limits, args and variables that `func` refers to may carry derivatives;
        `func` then takes numbers.

    Returns
    -------
    val
        The value, with derivatives.
    none : None
        As in SciPy.

    Raises
    ------
    ValueError
        If a limit is infinite.

    Notes
    -----
    The derivative of the formula: P. J. Davis and P. Rabinowitz, *Methods of Numerical Integration*, 2nd ed., 1984.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.grad(lambda b: integrate.fixed_quad(np.cos, 0.0, b)[0])(1.0).round(6)
    np.float64(0.540302)
    """
    result = plain_or_none(lambda: scipy.integrate.fixed_quad(func, a, b, args, n), a, b)
    if result is not None and isinstance(result[0], (float, np.ndarray)) and np.asarray(result[0]).dtype != object:
        return result
    a, b = array(a)[()], array(b)[()]
    if np.any(np.isinf(primal(a))) or np.any(np.isinf(primal(b))):
        raise ValueError("fixed_quad is only for finite limits: a and b must not be infinite")
    nodes, weights = np.polynomial.legendre.leggauss(n)
    if not isinstance(a, Number) and not isinstance(b, Number):
        seen = Integrand(func, args)
        value, none = scipy.integrate.fixed_quad(lambda x: primal(seen(x)), a, b, (), n)
        values = seen((b - a) * (nodes + 1) / 2.0 + a)
    else:
        value, none = scipy.integrate.fixed_quad(lambda x: primal(array(func(x, *args))), primal(a), primal(b), (), n)
        values = array(func((b - a) * (nodes + 1) / 2.0 + a, *args))
    total = (b - a) / 2.0 * np.sum(weights * values, axis=-1)
    return (total + (value - primal(total)) if isinstance(total, Number) else value), none


# ---- several variables ---------------------------------------------------------------------------------------------

def nquad(func, ranges, args=None, opts=None, full_output=False):
    """Integral over several variables; as `scipy.integrate.nquad`, with derivatives.

    Parameters
    ----------
    func, ranges, args, opts, full_output
        As for `scipy.integrate.nquad`. Ranges, args and variables that the functions refer to may carry derivatives.

    Returns
    -------
    result
        SciPy's value, with derivatives.
    abserr : float
        The largest estimate of the errors of the single integrals.
    out_dict : dict
        Only if full_output: ``neval``, how often `func` was evaluated.

    Raises
    ------
    TypeError, ValueError
        As by `quad`.

    Notes
    -----
    `quad` of `quad`, with Leibniz's rule in each.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.grad(lambda r: integrate.nquad(lambda x, y: x * y, [[0, r], [0, 2]])[0])(3.0).round(6)
    np.float64(6.0)
    """
    checked = [_plain_range(r) for r in ranges]
    if (result := plain_or_none(lambda: scipy.integrate.nquad(func, checked, args, opts, full_output))) is not None:
        return result
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    ranges = [r if callable(r) else (lambda *_, r=r: r) for r in ranges]
    opts = [{}] * len(ranges) if opts is None else [opts] * len(ranges) if isinstance(opts, dict) or callable(opts) \
        else opts
    if len(opts) != len(ranges):
        raise ValueError(f"opts has {len(opts)} entries, but there are {len(ranges)} ranges")
    errors, evaluations = [0.0], 0

    def over(i, *outer):
        """Integrate variable i; the ones after it have values."""
        nonlocal evaluations
        low, high = ranges[i](*outer, *args)
        option = dict(opts[i](*outer, *args) if callable(opts[i]) else opts[i])
        if "points" in option:
            option["points"] = [x for x in option["points"] if low <= x <= high]
        inner = (lambda x: func(x, *outer, *args)) if i == 0 else (lambda x: over(i - 1, x, *outer))
        value, error, info = quad(inner, low, high, **option, full_output=True)[:3]
        errors.append(error)
        evaluations += info["neval"] if i == 0 else 0
        return value

    value = over(len(ranges) - 1)
    return (value, max(errors), {"neval": evaluations}) if full_output else (value, max(errors))


def _plain_range(r):
    """A range of `nquad` that raises TypeError where limits carry derivatives: SciPy minds that only if they differ."""
    def limits(*args):
        low, high = r(*args) if callable(r) else r
        if not isinstance(low, (float, int)) or not isinstance(high, (float, int)):
            raise TypeError("a limit may carry derivatives")
        return low, high

    return limits


def _as_function(x):
    return x if callable(x) else lambda *_: x


def dblquad(func, a, b, gfun, hfun, args=(), epsabs=1.49e-8, epsrel=1.49e-8):
    """Double integral; as `scipy.integrate.dblquad`, with derivatives.

    Parameters
    ----------
    func, a, b, gfun, hfun, args, epsabs, epsrel
        As for `scipy.integrate.dblquad`. Limits, args and variables that the functions refer to may carry derivatives.

    Returns
    -------
    y
        The value, with derivatives.
    abserr : float
        The estimate of the error of the value.

    Raises
    ------
    TypeError, ValueError
        As by `quad`.

    Notes
    -----
    See `nquad`.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.grad(lambda r: integrate.dblquad(lambda y, x: x * y, 0, r, 0, lambda x: x)[0])(2.0).round(6)
    np.float64(4.0)
    """
    g, h = _as_function(gfun), _as_function(hfun)
    return nquad(func, [lambda x, *_: (g(x), h(x)), (a, b)], args, {"epsabs": epsabs, "epsrel": epsrel})


def tplquad(func, a, b, gfun, hfun, qfun, rfun, args=(), epsabs=1.49e-8, epsrel=1.49e-8):
    """Triple integral; as `scipy.integrate.tplquad`, with derivatives.

    Parameters
    ----------
    func, a, b, gfun, hfun, qfun, rfun, args, epsabs, epsrel
        As for `scipy.integrate.tplquad`. Limits, args and variables that the functions refer to may carry derivatives.

    Returns
    -------
    y
        The value, with derivatives.
    abserr : float
        The estimate of the error of the value.

    Raises
    ------
    TypeError, ValueError
        As by `quad`.

    Notes
    -----
    See `nquad`.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.grad(lambda r: integrate.tplquad(lambda z, y, x: x * y * z, 0, r, 0, 1, 0, 2)[0])(3.0).round(6)
    np.float64(3.0)
    """
    g, h, q, r = map(_as_function, (gfun, hfun, qfun, rfun))
    ranges = [lambda y, x, *_: (q(x, y), r(x, y)), lambda x, *_: (g(x), h(x)), (a, b)]
    return nquad(func, ranges, args, {"epsabs": epsabs, "epsrel": epsrel})
