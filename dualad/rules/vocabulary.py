"""What the expressions of ``csrc/derivatives.def`` mean in Python.

Their C meaning, for real numbers, is ``csrc/vocabulary.h``. Here the arguments are complex arrays or dual
numbers of an outer level. Everything is built from NumPy functions, so that a derivative can be
differentiated again, and so that at the special points its own derivative is right as well.
"""

import math
from functools import cache

import numpy as np

PI = math.pi
LN2 = math.log(2)
LN10 = math.log(10)

sqrt, log, exp, rint, sign, fabs = np.sqrt, np.log, np.exp, np.rint, np.sign, np.absolute


def select(condition, p, q):
    """``p`` where the condition holds, ``q`` elsewhere."""
    if type(p) in (int, float) and type(q) in (int, float):
        # Single precision holds these small numbers exactly and widens no factor they are multiplied by.
        return np.where(condition, np.float32(p), np.float32(q))
    return np.where(condition, p, q)


def ratio(p, q):
    """p/q, and 0 where q is 0."""
    return np.where(q == 0, 0, p / np.where(q == 0, 1, q))


def share(x, y, z):
    """The part of z = maximum(x, y) or its like that is x: half of a tie, all if both x and z are NaN."""
    chosen = (z == x) | (np.isnan(x) & np.isnan(z))
    return select(x == y, 0.5, select(chosen, 1, 0))


def gap(x, y):
    """|x - y|, and 0 between equal infinities; at a tie it is differentiated as y - x."""
    difference = np.where(x > y, x - y, y - x)
    return np.where((x == y) & np.isnan(difference), 0, difference)


def _real_1mxx(x):
    return np.where(np.absolute(x) < 0.5, 1 - x * x, (1 - x) * (1 + x))


def inverse_1mxx(x):
    """1/(1 - x**2), accurate near both poles."""
    if np.iscomplexobj(x):
        return 1 / (1 - x) / (1 + x)
    return 1 / _real_1mxx(x)


def inverse_1pxx(x):
    """1/(1 + x**2) without overflow."""
    if np.iscomplexobj(x):
        return inverse_1mxx(1j * x)
    return np.where(np.absolute(x) > 1e9, (1 / x) * (1 / x), 1 / (1 + x * x))


def sqrt_1mxx(x):
    """sqrt(1 - x**2), which on a cut of arcsin follows the sign of a zero imaginary part."""
    if np.iscomplexobj(x):
        return np.sqrt(-(x - 1)) * np.sqrt(x - (-1))
    return np.sqrt(_real_1mxx(x))


def sqrt_1pxx(x):
    """sqrt(1 + x**2) without overflow."""
    if np.iscomplexobj(x):
        # An even function: with a positive real part, 1j*x keeps the sign of a zero.
        return sqrt_1mxx(1j * np.where(np.signbit(np.real(x)), -x, x))
    return np.where(np.absolute(x) > 1e9, np.absolute(x), np.sqrt(1 + x * x))


def sqrt_xxm1(x):
    """sqrt(x**2 - 1), cut along x < 1 as arccosh is."""
    return np.sqrt(x - 1) * np.sqrt(x - (-1))


def tan_d1(x, y):
    """The derivative of y = tan(x); for complex x, 1 + y**2 would cancel far from the real axis."""
    if not np.iscomplexobj(x):
        return 1 + y * y
    height = np.imag(x)
    far = np.absolute(height) > 20
    cosine = np.cos(np.where(far, 0, x))
    return np.where(far, 4 * np.exp(np.where(height > 0, 2j, -2j) * x), 1 / (cosine * cosine))


def arctan2_dx(x, y):
    """y/(x**2 + y**2), and 0 at the origin."""
    steep = np.absolute(x) > np.absolute(y)
    long = np.where(steep, x, y)
    short = np.where(steep, y, x)
    origin = long == 0
    long = np.where(origin, 1, long)
    slope = short / long
    inverse = 1 / (long * (1 + slope * slope))
    return np.where(origin, 0, np.where(steep, slope * inverse, inverse))


def ldexp_dx(x, y):
    """2**y in the precision of x."""
    return np.ldexp(np.ones((), getattr(x, "dtype", float)), np.asarray(y).astype(int))


def power_dx(x, y, z):
    """y * x**(y - 1), and 0 for y = 0."""
    flat = ((x == 0) | np.isnan(x)) & (y == 0)
    return y * np.power(np.where(flat, 1, x), y - 1)


def power_dxx(x, y, z):
    """y * (y - 1) * x**(y - 2), and 0 for y = 0 and y = 1."""
    flat = ((x == 0) | np.isnan(x)) & ((y == 0) | (y == 1))
    return y * (y - 1) * np.power(np.where(flat, 1, x), y - 2)


def power_dxy(x, y, z, log_x):
    """x**(y - 1) * (1 + y*log(x))."""
    below = np.power(x, y - 1)
    return np.where((y == 0) | (below == 0), below, below * (1 + y * log_x))


def _sinc_series(x, coefficients):
    """The sum of c[k] * (pi*x)**(2*k)."""
    square = (PI * x) ** 2
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * square + c
    return total


_SINC1 = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 13)]
_SINC2 = [(2 * k - 1) * c for k, c in enumerate(_SINC1, 1)]


def sinc_d1(x, y):
    """The derivative of y = sinc(x): a series near 0, (cos(pi*x) - y)/x beyond."""
    series = PI * PI * x * _sinc_series(x, _SINC1)
    reduced = x - 2 * np.rint(np.real(x) / 2)
    return np.where(np.absolute(x) < 0.625, series, (np.cos(PI * reduced) - y) / x)


def sinc_d2(x, y, d):
    """The second derivative of y = sinc(x)."""
    return np.where(np.absolute(x) < 0.625, PI * PI * _sinc_series(x, _SINC2), -PI * PI * y - 2 * d / x)


@cache
def compile_expression(text, argument_names):
    """
    Turn an expression of the derivative table into a Python function.

    Parameters
    ----------
    text : str
        The expression, such as ``"-2*y*d"``.
    argument_names : tuple of str
        The names of the arguments of the function.

    Returns
    -------
    function : callable
        Returns the value of the expression; it raises no floating-point warnings, as the C loops do not.
    """
    function = eval(f"lambda {', '.join(argument_names)}: {text}", globals())

    def derivative(*arguments):
        with np.errstate(all="ignore"):
            return function(*arguments)

    return derivative
