"""Newton's and Halley's method for many independent equations or small systems at once, and roots of one equation.

J. F. Traub, *Iterative Methods for the Solution of Equations*, 1964; for single equations the iteration is SciPy's.
"""

import warnings
from typing import NamedTuple

import numpy as np
import scipy.optimize

from dualad._core import Number
from dualad._core.number import primal
from dualad.optimize._implicit import lift, lift_at, with_value
from dualad.optimize._system import (
    Adaptive,
    as_tuple,
    holds_number,
    number_or_array,
    plain,
    plain_function,
    push,
)
from dualad.transforms import jvp

_BLOCK = 8192
"""How many elements are iterated together: their numbers stay in the cache, and a slow one holds up few others."""


class ManyRoots(NamedTuple):
    """What `newton` returns for arrays with full_output, with SciPy's names.

    Attributes
    ----------
    root : ndarray
        The roots, or where the iteration ended.
    converged, zero_der : ndarray of bool
        For each element, or each row of systems: whether it converged, and whether it met a zero derivative.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad import optimize
    >>> optimize.newton(lambda x: x**2 - 4, np.array([1.0, 3.0]), full_output=True).converged
    array([ True,  True])
    """

    root: object
    converged: object
    zero_der: object


class Function:
    """func of x alone, plain, with its derivatives; `dual` tells whether it carried others, as far as was seen."""

    def __init__(self, func, args):
        stripped = plain_function(func)
        self.func, self.args = Adaptive(func), as_tuple(args)
        self.plain_func, self.plain_args = Adaptive(stripped), plain(self.args)
        self.dual = stripped is not func or holds_number(self.args)

    def __call__(self, x):
        return self.plain_func(x, *self.plain_args)

    def value(self, x):
        """The plain value at the plain scalar x."""
        y = self.plain_func(x, *self.plain_args)
        return y if isinstance(y, float) else self._plain(_one(y))

    def derivatives(self, x, order):
        """Plain func(x), func'(x) and for order 2 func''(x) at the plain scalar x."""
        return tuple(self._plain(y) for y in _derivatives(self, x, order))

    def _plain(self, y):
        if isinstance(y, float):
            return y
        self.dual = self.dual or isinstance(y, Number)
        return primal(y)

    def full(self, x):
        """With the derivatives that arguments and closure carry."""
        return number_or_array(self.func(x, *self.args))

    def part(self, chosen, shape):
        """The function of the chosen elements (a slice or indices) of x, which had this shape."""
        other = Function.__new__(Function)
        other.plain_func = self.plain_func
        other.plain_args = tuple(a[chosen] if _follows(a, shape) else a for a in self.plain_args)
        return other


def _follows(a, shape):
    """Whether an argument has an element for each element of x."""
    return isinstance(a, np.ndarray) and a.ndim == len(shape) > 0 and a.shape[0] == shape[0]


def _value(y):
    return primal(number_or_array(y))


# ---- one equation ----------------------------------------------------------------------------------------------------


class _Memo:
    """f, f' and f'' of a scalar, computed together; SciPy asks for them one after the other."""

    def __init__(self, function, order):
        self.function, self.order, self.x, self.known = function, order, None, None

    def _at(self, x):
        if self.x is None or x != self.x:
            self.x, self.known = x, self.function.derivatives(x, self.order)
        return self.known

    def value(self, x, *_):
        return self._at(x)[0]

    def first(self, x, *_):
        return self._at(x)[1]

    def second(self, x, *_):
        return self._at(x)[2]


def _one(y):
    """A result as a scalar, whether it is one or an array of one element."""
    if isinstance(y, float):
        return y
    y = number_or_array(y)
    return np.reshape(y, ()) if np.ndim(y) else y


def derivatives(f, x, order):
    """Plain f(x), f'(x) and for order 2 f''(x), element by element."""
    return tuple(primal(y) for y in _derivatives(f, x, order))


def _derivatives(f, x, order):
    """The same with the derivatives that f carries beside those by x."""
    if order == 1 and isinstance(x, float):
        value, slope = jvp(f, (float(x),), (1.0,))
        return _one(value), _one(slope)
    ones = 1.0 if np.ndim(x) == 0 else np.ones(np.shape(x), np.asarray(x).dtype)
    if np.ndim(x) == 0 and not isinstance(x, complex):
        x = complex(x) if np.iscomplexobj(x) else float(x)

    def packed(x):
        y = f(x)
        return _one(y) if np.ndim(x) == 0 else number_or_array(y)

    if order == 1:
        return jvp(packed, (x,), (ones,))
    (value, first), (_, second) = jvp(lambda z: jvp(packed, (z,), (ones,)), (x,), (ones,))
    return value, first, second


def _scalar_newton(function, x0, fprime, fprime2, order, options):
    memo = _Memo(function, order)
    if fprime is not None:
        value = function.value
        first = _with_arguments(fprime, function)
        second = None if fprime2 is None else _with_arguments(fprime2, function)
        if fprime2 is None and order == 2:
            second = memo.second
    else:
        value, first = memo.value, memo.first
        second = memo.second if order == 2 and not callable(fprime2) else None
        second = _with_arguments(fprime2, function) if callable(fprime2) else second
    return scipy.optimize.newton(value, x0, fprime=first, fprime2=second, **options)


def _with_arguments(g, function):
    return lambda x: _value(g(x, *function.plain_args))


# ---- many equations --------------------------------------------------------------------------------------------------


class _Many:
    """The iteration on an array of x: what is known of each element (or each row, for systems).

    `steps` gives Newton's step and where it is undefined because a derivative is zero (None: nowhere).
    """

    def __init__(self, steps, x, tol, rtol, maxiter, cells):
        self.steps, self.x, self.tol, self.rtol, self.maxiter = steps, x, tol, rtol, maxiter
        self.failing = np.ones(cells, dtype=bool)
        self.flat = np.zeros(cells, dtype=bool)

    def run(self, function, shrinks):
        """Newton steps until all have converged; those that have are left out if `shrinks` says that they can be."""
        x, chosen = self.x, slice(None)
        for _ in range(self.maxiter):
            step, flat = self.steps(function, x)
            x = x - step
            failing = ~self._still(step, x)
            if flat is None:
                active = failing
            else:
                failing |= flat
                active = failing & ~flat
            count = np.count_nonzero(active)
            if not count:
                break
            if shrinks and count <= 0.75 * len(failing):
                self._record(x, failing, flat, chosen)
                keep = np.flatnonzero(active)
                function = function.part(keep, x.shape)
                x = x[keep]
                chosen = np.arange(len(self.x))[chosen][keep]
        self._record(x, failing, flat, chosen)

    def _still(self, step, x):
        """Which elements (or rows) hardly moved."""
        moved = np.abs(step)
        if self.rtol:
            moved -= self.rtol * np.abs(x)
        return (moved if moved.ndim == self.failing.ndim else np.max(moved, axis=-1)) < self.tol

    def _record(self, x, failing, flat, chosen):
        self.x[chosen], self.failing[chosen] = x, failing
        self.flat[chosen] = False if flat is None else flat


def _elementwise(order, fprime, fprime2):
    """Newton's or Halley's step for each element, and where the derivative is zero."""

    def steps(function, x):
        if fprime is None:
            parts = derivatives(function, x, order)
        else:
            parts = [_value(g(x, *function.plain_args)) for g in (function.plain_func, fprime)]
            if order == 2:
                parts.append(_value(fprime2(x, *function.plain_args)) if fprime2 else derivatives(function, x, 2)[2])
        if np.shape(parts[0]) != x.shape:
            raise ValueError(f"func must return an array of the shape of x, {x.shape}, not {np.shape(parts[0])}")
        return _newton_step(*parts)

    return steps


def _newton_step(f, slope, curvature=None):
    with np.errstate(all="ignore"):
        step = f / slope
        if curvature is not None:
            adjustment = step * curvature / (2 * slope)
            step = np.where(np.abs(adjustment) < 1, step / (1 - adjustment), step)
    if np.all(slope):
        return step, None
    return np.where(slope == 0, 0.0, step), (slope == 0) & (f != 0)


def unit_directions(x):
    """For each row of x, every unit vector: (n,) + x.shape."""
    n = x.shape[-1]
    return np.broadcast_to(np.eye(n).reshape(n, *(1,) * (x.ndim - 1), n), (n, *x.shape))


def blocks_of(function, x):
    """F and the Jacobians (..., n, n) of the systems in the rows of x."""
    f, tangents = push(function, x, unit_directions(x))
    return primal(f), np.moveaxis(primal(tangents), 0, -1)


def solve_stack(a, b):
    """Solutions of the systems a[i] s = b[i], and which a[i] are singular (None: none); closed forms for n <= 3."""
    n = a.shape[-1]
    if n > 3:
        return _solve_large(a, b)
    if n == 1:
        determinant, adjugate = a[..., 0, 0], np.ones_like(a)
    elif n == 2:
        determinant = a[..., 0, 0] * a[..., 1, 1] - a[..., 0, 1] * a[..., 1, 0]
        adjugate = None
    else:
        rows = [np.cross(a[..., (i + 1) % 3], a[..., (i + 2) % 3], axis=-1) for i in range(3)]
        adjugate = np.stack(rows, -2)
        determinant = np.sum(rows[0] * a[..., 0], -1)
    singular = determinant == 0
    with np.errstate(all="ignore"):
        if n == 2:
            solution = np.stack([a[..., 1, 1] * b[..., 0] - a[..., 0, 1] * b[..., 1],
                                 a[..., 0, 0] * b[..., 1] - a[..., 1, 0] * b[..., 0]], -1)
        else:
            solution = np.matmul(adjugate, b[..., None])[..., 0]
        solution = solution / determinant[..., None]
    if not np.any(singular):
        return solution, None
    return np.where(singular[..., None], 0.0, solution), singular


def _solve_large(a, b):
    singular = ~np.all(np.isfinite(a), axis=(-2, -1)) | (np.linalg.slogdet(a)[0] == 0)
    a = np.where(singular[..., None, None], np.eye(a.shape[-1]), a)
    solution = np.linalg.solve(a, b[..., None])[..., 0]
    return np.where(singular[..., None], 0.0, solution), singular if np.any(singular) else None


def _small_systems(fprime):
    """Newton's step for each row, and where the Jacobian is singular."""

    def steps(function, x):
        if fprime is None:
            f, jacobians = blocks_of(function, x)
        else:
            f, jacobians = (_value(g(x, *function.plain_args)) for g in (function.plain_func, fprime))
        if np.shape(f) != x.shape:
            raise ValueError(f"func must return an array of the shape of x, {x.shape}, not {np.shape(f)}")
        step, singular = solve_stack(jacobians, f)
        return step, None if singular is None else singular & np.any(f != 0, axis=-1)

    return steps


def _is_system(function, x, fprime):
    """Whether the elements of a row of x depend on each other; ValueError if the rows do."""
    if fprime is not None:
        return np.shape(_value(fprime(x, *function.plain_args))) == (*x.shape, x.shape[-1])
    probe = np.random.default_rng(0).uniform(0.5, 1.5, x.shape)
    f, (along_ones, along_probe) = push(function, x, np.stack([np.ones_like(x), probe]))
    if np.shape(f) != x.shape:
        raise ValueError(f"func must return an array of the shape of x0, {x.shape}, not {np.shape(f)}")
    along_ones, along_probe = primal(along_ones), primal(along_probe)
    if _same(along_probe, along_ones * probe):
        return False
    rows = np.matmul(blocks_of(function, x)[1], probe[..., None])[..., 0] if x.ndim > 1 else 0.0
    if x.ndim == 1 or not _same(along_probe, rows):
        what = "rows" if x.ndim > 1 else "elements"
        raise ValueError(f"the {what} of x0 depend on each other in func: newton solves independent equations, or "
                         "independent systems in the rows of x0; use optimize.root for one system")
    return True


def _same(a, b):
    with np.errstate(invalid="ignore"):
        difference = np.abs(a - b)
    usable = np.isfinite(difference)
    scale = max(np.max(np.abs(a[usable]), initial=0.0), 1e-300)
    return not np.any(difference[usable] > 1e-8 * scale)


def _iterate_in_blocks(function, steps, x, settings, cells):
    """Run blocks of elements (or rows) one after the other; all at once if func knows the full shape of x."""
    whole = _Many(steps, x.copy(), *settings, cells)
    length = max(2, _BLOCK // (x.size // len(x)))
    if len(x) > length:
        try:
            for first in range(0, len(x), length):
                chosen = slice(min(first, len(x) - 2), first + length)
                part = _Many(steps, x[chosen].copy(), *settings, (len(x[chosen]), *cells[1:]))
                part.run(function.part(chosen, x.shape), shrinks=len(cells) == 1)
                whole._record(part.x, part.failing, part.flat, chosen)
            return whole
        except (ValueError, IndexError):
            whole = _Many(steps, x.copy(), *settings, cells)
    whole.run(function, shrinks=False)
    return whole


def _many_newton(function, x0, fprime, fprime2, order, tol, rtol, maxiter, full_output, disp):
    kind = np.result_type(x0, np.float64)
    x = np.array(x0, dtype=kind)
    probed = x.ndim > 1 or x.size <= _BLOCK
    if not x.size:
        return ManyRoots(x, np.ones(x.shape, bool), np.zeros(x.shape, bool)) if full_output else x
    system = kind.kind == "f" and probed and _is_system(function, x, fprime)
    if system and order == 2:
        raise ValueError("Halley's method is for independent equations; use order=1 for systems")
    steps = _small_systems(fprime) if system else _elementwise(order, fprime, fprime2)
    cells = x.shape[:-1] if system else x.shape
    if maxiter < 1:
        raise ValueError(f"maxiter must be at least 1, not {maxiter}")
    done = _iterate_in_blocks(function, steps, x, (tol, rtol, maxiter), cells)
    flat = done.flat & done.failing
    _complain(done.failing, flat, maxiter, disp and not full_output)
    root = _lift_many(function, done.x, system, done.failing)
    if full_output:
        return ManyRoots(root, ~done.failing, flat)
    return root


def _complain(failing, flat, maxiter, disp):
    """As SciPy: an error if nothing converged, a warning if something did not."""
    if np.any(flat):
        which = "all" if np.all(flat) else "some"
        warnings.warn(f"{which} derivatives were zero", RuntimeWarning, stacklevel=4)
    if np.any(failing & ~flat):
        which = "all" if np.all(failing) else "some"
        message = f"{which} failed to converge after {maxiter} iterations"
        if np.all(failing) and disp:
            raise RuntimeError(message)
        warnings.warn(message, RuntimeWarning, stacklevel=4)


def _lift_many(function, x, system, failing):
    """The roots with derivatives; NaN where there is no root."""
    f = function.full(x)
    if not isinstance(f, Number):
        return x
    with np.errstate(all="ignore"):
        if system:
            step, singular = solve_stack(blocks_of(function, x)[1], primal(f))
            point = np.where(failing[..., None], x, x - step)
            jacobians = blocks_of(function, point)[1]
            failing = failing if singular is None else failing | singular
            jacobians = np.where(failing[..., None, None], np.nan, jacobians)
            return with_value(x, lift(function.full, point, lambda b: _solve_rows(jacobians, b)))
        slope = derivatives(function, x, 1)[1]
        point = np.where(failing | (slope == 0), x, x - primal(f) / slope)
        slope = np.where(failing, np.nan, derivatives(function, point, 1)[1])
        return with_value(x, lift(function.full, point, lambda b: b / slope))


def _solve_rows(jacobians, b):
    return solve_stack(np.broadcast_to(jacobians, (*b.shape, b.shape[-1])), b)[0]


# ---- the public functions --------------------------------------------------------------------------------------------


def newton(func, x0, fprime=None, args=(), tol=1.48e-08, maxiter=50, fprime2=None, x1=None, rtol=0.0,
           full_output=False, disp=True, *, order=1):
    """Find roots by Newton's method with exact derivatives: one equation, many, or many small systems.

    Parameters
    ----------
    func : callable
        ``func(x, *args)``, which acts element by element, or row by row for systems.
    x0 : float or array_like
        The start. An array holds starts of independent equations. If `func` couples the elements of the last axis, as
        for x0 of shape (batch, n), each row is a system of n equations of its own.
    fprime : callable, optional
        The derivative, instead of the exact one that is filled in; for systems the Jacobians, (batch, n, n).
    args : tuple, optional
        Further arguments. Large arrays of the shape of `x0` are better passed here than in the closure of `func`:
        the iteration then works through blocks that fit into the cache.
    tol, maxiter, rtol, full_output, disp
        As in scipy.optimize.newton: `tol` is the step (of the largest element of a system) that counts as none.
    fprime2 : callable or True, optional
        The second derivative; True fills it in. Either asks for Halley's method.
    x1 : float, optional
        A second start, which asks for the secant method as in SciPy.
    order : {1, 2}, optional
        2 asks for Halley's method with exact second derivatives.

    Returns
    -------
    root : float or ndarray
        Inside a transform with the derivatives of the implicit function theorem.
    r : RootResults
        If full_output is true and x0 is scalar.
    converged, zero_der : ndarray of bool
        If full_output is true and x0 is an array; one for each row of systems.

    Raises
    ------
    ValueError
        If elements or rows of x0 that should be independent are not, or func returns another shape.
    RuntimeError
        If nothing converges and `disp` is true, as in SciPy; what converges in part warns.

    Notes
    -----
    J. F. Traub, *Iterative Methods for the Solution of Equations*, 1964. Systems of up to three equations are solved by
    Cramer's rule, larger ones by LAPACK.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> from dualad import optimize
    >>> float(optimize.newton(lambda x: x**3 - 8, 3.0))
    2.0
    >>> def kepler(E, e, M):
    ...     return E - e * np.sin(E) - M
    >>> M = np.array([0.5, 1.0, 2.0])
    >>> E = optimize.newton(kepler, M, args=(0.3, M))
    >>> bool(np.all(np.abs(kepler(E, 0.3, M)) < 1e-15))
    True
    >>> dE = da.derivative(lambda e: optimize.newton(kepler, M, args=(e, M)))(0.3)
    >>> bool(np.allclose(dE, np.sin(E) / (1 - 0.3 * np.cos(E))))
    True
    """
    if order not in (1, 2):
        raise ValueError(f"order must be 1 (Newton) or 2 (Halley), not {order!r}")
    order = 2 if fprime2 is not None and fprime2 is not False else order
    fprime2 = fprime2 if callable(fprime2) else None
    function, x0 = Function(func, args), plain(x0)
    if np.size(x0) != 1:
        return _many_newton(function, np.asarray(x0), fprime, fprime2, order, tol, rtol, maxiter, full_output, disp)
    options = {"tol": tol, "maxiter": maxiter, "rtol": rtol, "full_output": full_output, "disp": disp}
    if x1 is not None:
        found = scipy.optimize.newton(function.value, x0, x1=plain(x1), **options)
    else:
        found = _scalar_newton(function, x0, fprime, fprime2, order, options)
    root, *rest = found if full_output else (found,)
    root = lift_scalar(function, root, not rest or rest[0].converged)
    if rest:
        rest[0].root = root
    return (root, *rest) if full_output else root


def lift_scalar(function, x, converged):
    """The plain root x with the derivatives that func carries."""
    if not function.dual:
        return x
    if np.ndim(x):
        return lift_at(function.func, x, function.args)
    if not converged or not np.isfinite(x):
        raise np.linalg.LinAlgError("a root that was not found has no derivatives")
    f, slope = function.derivatives(x, 1)
    if slope == 0:
        raise np.linalg.LinAlgError("the derivative of func is zero at the root, so that the root has no derivative")
    point = x - f / slope
    slope = function.derivatives(point, 1)[1]
    return with_value(x, lift(lambda z: _one(function.full(z)), point, lambda b: b / slope))


def root_scalar(f, args=(), method=None, bracket=None, fprime=None, fprime2=None, x0=None, x1=None, xtol=None,
                rtol=None, maxiter=None, options=None):
    """Find a root of one equation: scipy.optimize.root_scalar with exact derivatives.

    Parameters
    ----------
    f, args, method, bracket, x0, x1, xtol, rtol, maxiter, options
        As in SciPy. With `x0` alone the method is Newton's; "halley" gets the second derivative as well.
    fprime, fprime2 : callable or bool, optional
        Instead of the exact derivatives that are filled in, or True if `f` returns them too.

    Returns
    -------
    RootResults
        SciPy's; inside a transform ``root`` has the derivatives of the implicit function theorem.

    Raises
    ------
    ValueError
        If no bracket or start is given, as in SciPy.
    numpy.linalg.LinAlgError
        If the root needs a derivative and has none.

    Notes
    -----
    R. P. Brent, *Algorithms for Minimization Without Derivatives*, 1973, is the method behind a bracket.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import optimize
    >>> optimize.root_scalar(lambda x: x**2 - 2, x0=1.0).method
    'newton'
    >>> def root(a):
    ...     return optimize.root_scalar(lambda x, a: x**3 - a, (a,), bracket=[0, 3]).root
    >>> round(float(da.derivative(root)(8.0)), 12)
    0.083333333333
    """
    returns_more = any(bool(g) and not callable(g) for g in (fprime, fprime2))
    function = Function((lambda x, *rest: f(x, *rest)[0]) if returns_more else f, args)
    plain_f = plain_function(f)
    given = {"bracket": plain(bracket), "x0": plain(x0), "x1": plain(x1), "xtol": xtol, "rtol": rtol,
             "maxiter": maxiter, "options": options}
    if method is None and bracket is None and x0 is not None and x1 is None:
        method = "halley" if fprime2 else "newton"
    filled = method in ("newton", "halley") and fprime is None and not returns_more
    if filled:
        memo = _Memo(function, 1 if method == "newton" or callable(fprime2) else 2)
        second = memo.second if method == "halley" else None
        second = _with_arguments(fprime2, function) if callable(fprime2) else second
        result = scipy.optimize.root_scalar(memo.value, (), method, fprime=memo.first, fprime2=second, **given)
    else:
        wrapped = (lambda x: plain(plain_f(x, *function.plain_args))) if returns_more else function.value
        fprime, fprime2 = (_with_arguments(g, function) if callable(g) else g for g in (fprime, fprime2))
        result = scipy.optimize.root_scalar(wrapped, (), method, fprime=fprime, fprime2=fprime2, **given)
    result.root = lift_scalar(function, result.root, result.converged)
    return result
