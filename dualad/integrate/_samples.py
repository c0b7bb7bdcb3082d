"""Integrals of samples: formulas in NumPy functions give the derivatives, SciPy the values."""

import numpy as np
import scipy.integrate

from dualad.rules.algebra import Number
from dualad.rules.formula import array, formula_of
from dualad.rules.packing import pack_if_needed


def _formula_of(function):
    """The formula where an argument carries derivatives, SciPy's function where none does any more."""
    def decorate(formula):
        def call(*args, **kwargs):
            found = any(isinstance(pack_if_needed(x), Number) for x in (*args, *kwargs.values()))
            return (rule if found else function)(*args, **kwargs)

        rule = formula_of(call)(formula)
        return call

    return decorate


def _last(y, x, dx, axis):
    """The samples with the axis last, and the spacings there: one number, or an array that broadcasts."""
    y = array(y)
    axis = np.lib.array_utils.normalize_axis_index(axis, y.ndim)
    if x is None:
        steps = array(dx)
        if steps.ndim:
            steps = np.moveaxis(np.broadcast_to(steps, np.shape(np.diff(y, axis=axis))), axis, -1)
    else:
        x = array(x)
        steps = np.diff(x) if x.ndim == 1 else np.moveaxis(np.diff(x, axis=axis), axis, -1)
    y = np.moveaxis(y, axis, -1)
    return y, np.broadcast_to(steps, y.shape[:-1] + (y.shape[-1] - 1,)), axis


@_formula_of(scipy.integrate.trapezoid)
def _trapezoid(y, x=None, dx=1.0, axis=-1):
    y, h, _ = _last(y, x, dx, axis)
    return np.sum(h * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)


@_formula_of(scipy.integrate.cumulative_trapezoid)
def _cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    y, h, axis = _last(y, x, dx, axis)
    total = np.cumsum(h * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)
    return np.moveaxis(_after(initial, total), -1, axis)


def _after(initial, total):
    if initial is None:
        return total
    first = np.broadcast_to(initial, total.shape[:-1] + (1,))
    return np.concatenate([first, total], axis=-1)


def _first_half(y, h):
    """Integrals over the first interval of each pair, of the parabola through its three points."""
    a, b = h[..., :-1], h[..., 1:]
    share, lean = a / (a + b), a * a / (b * (a + b))
    return a / 6 * ((3 - share) * y[..., :-2] + (3 + lean + share) * y[..., 1:-1] - lean * y[..., 2:])


def _second_half(y, h):
    """Integrals over the second interval of each pair."""
    return _first_half(y[..., ::-1], h[..., ::-1])[..., ::-1]


@_formula_of(scipy.integrate.simpson)
def _simpson(y, x=None, *, dx=1.0, axis=-1):
    """Pairs of intervals; an odd last one by the parabola through the last three points."""
    y, h, _ = _last(y, x, dx, axis)
    if y.shape[-1] < 3:
        return np.sum(h * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)
    first, second = _first_half(y, h), _second_half(y, h)
    total = np.sum(first[..., ::2] + second[..., ::2], axis=-1)
    return total if y.shape[-1] % 2 else total + second[..., -1]


@_formula_of(scipy.integrate.cumulative_simpson)
def _cumulative_simpson(y, *, x=None, dx=1.0, axis=-1, initial=None):
    y, h, axis = _last(y, x, dx, axis)
    if y.shape[-1] < 3:
        parts = h * (y[..., 1:] + y[..., :-1]) / 2
    else:
        first, second = _first_half(y, h), _second_half(y, h)
        parts = [first[..., i] if i % 2 == 0 and i < first.shape[-1] else second[..., i - 1] for i in
                 range(y.shape[-1] - 1)]
        parts = np.stack(parts, axis=-1)
    total = np.cumsum(parts, axis=-1)
    if initial is not None:
        total = _after(initial, total + initial)
    return np.moveaxis(total, -1, axis)


@_formula_of(scipy.integrate.romb)
def _romb(y, dx=1.0, axis=-1, show=False):
    """Romberg's extrapolation of trapezoidal sums with steps dx, 2 dx, 4 dx, ..."""
    y = np.moveaxis(array(y), axis, -1)
    steps = y.shape[-1] - 1
    column = []
    while steps:
        stride = (y.shape[-1] - 1) // steps
        samples = y[..., ::stride]
        column.insert(0, dx * stride * (np.sum(samples, axis=-1) - (samples[..., 0] + samples[..., -1]) / 2))
        steps //= 2
    for k in range(1, len(column)):
        column = [b + (b - a) / (4**k - 1) for a, b in zip(column, column[1:], strict=False)]
    return column[0]


def trapezoid(y, x=None, dx=1.0, axis=-1):
    """Integrate samples by the trapezoidal rule; as `scipy.integrate.trapezoid`, with derivatives.

    Parameters
    ----------
    y, x, dx, axis
        As for `scipy.integrate.trapezoid`; y, x and dx may carry derivatives.

    Returns
    -------
    res
        SciPy's value, with derivatives.

    Raises
    ------
    ValueError
        As SciPy does.

    Notes
    -----
    P. J. Davis and P. Rabinowitz, *Methods of Numerical Integration*, 2nd ed., section 2.1.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.grad(integrate.trapezoid)([1.0, 2.0, 4.0])
    array([0.5, 1. , 0.5])
    """
    return _trapezoid(y, x, dx, axis)


def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    """Integrate samples cumulatively by the trapezoidal rule; as `scipy.integrate.cumulative_trapezoid`.

    Parameters
    ----------
    y, x, dx, axis, initial
        As for `scipy.integrate.cumulative_trapezoid`; y, x and dx may carry derivatives.

    Returns
    -------
    res
        SciPy's values, with derivatives.

    Raises
    ------
    ValueError
        As SciPy does.

    Notes
    -----
    P. J. Davis and P. Rabinowitz, *Methods of Numerical Integration*, 2nd ed., section 2.1.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.jacobian(integrate.cumulative_trapezoid)([1.0, 2.0, 4.0])
    array([[0.5, 0.5, 0. ],
           [0.5, 1. , 0.5]])
    """
    return _cumulative_trapezoid(y, x, dx, axis, initial)


def simpson(y, x=None, *, dx=1.0, axis=-1):
    """Integrate samples by Simpson's rule; as `scipy.integrate.simpson`, with derivatives.

    Parameters
    ----------
    y, x, dx, axis
        As for `scipy.integrate.simpson`; y, x and dx may carry derivatives.

    Returns
    -------
    res
        SciPy's value, with derivatives.

    Raises
    ------
    ValueError
        As SciPy does.

    Notes
    -----
    K. V. Cartwright, "Simpson's rule cumulative integration with MS Excel and irregularly-spaced data", J. Math. Sci.
    Math. Educ. 12 (2017).

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> da.grad(lambda y: 3 * integrate.simpson(y))([1.0, 2.0, 4.0]).round(12)
    array([1., 4., 1.])
    """
    return _simpson(y, x=x, dx=dx, axis=axis)


def cumulative_simpson(y, *, x=None, dx=1.0, axis=-1, initial=None):
    """Integrate samples cumulatively by Simpson's rule; as `scipy.integrate.cumulative_simpson`, with derivatives.

    Parameters
    ----------
    y, x, dx, axis, initial
        As for `scipy.integrate.cumulative_simpson`; all but axis may carry derivatives.

    Returns
    -------
    res
        SciPy's values, with derivatives.

    Raises
    ------
    ValueError
        As SciPy does.

    Notes
    -----
    K. V. Cartwright, "Simpson's rule cumulative integration with MS Excel and irregularly-spaced data", J. Math. Sci.
    Math. Educ. 12 (2017).

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> (12 * da.jacobian(integrate.cumulative_simpson)([1.0, 2.0, 4.0])).round(12)
    array([[ 5.,  8., -1.],
           [ 4., 16.,  4.]])
    """
    return _cumulative_simpson(y, x=x, dx=dx, axis=axis, initial=initial)


def romb(y, dx=1.0, axis=-1, show=False):
    """Integrate samples by Romberg's method; as `scipy.integrate.romb`, with derivatives.

    Parameters
    ----------
    y, dx, axis, show
        As for `scipy.integrate.romb`; y and dx may carry derivatives.

    Returns
    -------
    romb
        SciPy's value, with derivatives.

    Raises
    ------
    ValueError
        As SciPy does.

    Notes
    -----
    P. J. Davis and P. Rabinowitz, *Methods of Numerical Integration*, 2nd ed., section 6.3.

    Examples
    --------
    >>> import dualad as da
    >>> from dualad import integrate
    >>> (3 * da.grad(integrate.romb)([1.0, 2.0, 4.0])).round(12)
    array([1., 4., 1.])
    """
    return _romb(y, dx, axis, show)
