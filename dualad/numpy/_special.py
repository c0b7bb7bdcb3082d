"""Functions of scipy.special that are written in Python and convert their arguments to plain arrays, with derivatives.

Their values are SciPy's own. Plain arguments go to SciPy's functions.
"""

import functools
import inspect

import numpy as np
import scipy.special as sp
from scipy.special import _ufuncs

from dualad.rules.algebra import innermost, is_number, join, lift, primal, shift_axis, split, tangent_product
from dualad.rules.packing import operand


def _version_of(function):
    """Decorator for what numbers take in place of a function of scipy.special, whose signature and text it gets."""
    plain = inspect.unwrap(function)

    def decorate(rule):
        @functools.wraps(plain)
        def of_any(*args, **kwargs):
            args = [operand(x) for x in args]
            kwargs = {name: operand(x) for name, x in kwargs.items()}
            return (function if innermost(*args, *kwargs.values()) is None else rule)(*args, **kwargs)

        return of_any

    return decorate


def _whole(n, name, function):
    """An argument by which there is no derivative, as an array."""
    if is_number(n):
        raise TypeError(f"{function} has no derivative by {name}: pass {name} as a plain number, such as {name}.value")
    return np.asarray(n)


# ---- from the gamma function ---------------------------------------------------------------------------------------

@_version_of(sp.polygamma)
def polygamma(n, x):
    n = _whole(n, "n", "polygamma")
    return np.where(n == 0, sp.psi(x), (-1.0) ** (n + 1) * sp.gamma(n + 1.0) * sp.zeta(n + 1, x))


@_version_of(sp.multigammaln)
def multigammaln(a, d):
    d = _whole(d, "d", "multigammaln")[()]
    sp.multigammaln(primal(a), d)  # refuses what is no dimension, and what is too small for it
    terms = np.stack([a - (j - 1.0) / 2 for j in range(1, int(d) + 1)])
    return np.sum(sp.gammaln(terms), axis=0) + (d * (d - 1) * 0.25) * np.log(np.pi)


# ---- sums of exponentials ------------------------------------------------------------------------------------------

def _weighted(weights, tangents, axis):
    """sum of weights * tangents along an axis, which stays with length one."""
    ndim = np.ndim(weights)
    return np.sum(tangent_product(weights, lift(tangents, ndim)), shift_axis(axis, ndim), keepdims=True)


@_version_of(sp.logsumexp)
def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False):
    lead = innermost(a, b)
    if return_sign and any(np.iscomplexobj(primal(x)) for x in (a, b)):
        raise TypeError("logsumexp of complex numbers with derivatives gives no sign: leave return_sign away, "
                        "the logarithm is then complex")
    (v, v_dot), (w, w_dot) = split(a, lead.level), split(b, lead.level)
    y = logsumexp(v, axis, w, True, return_sign)
    y, sign = y if return_sign else (y, 1.0)
    with np.errstate(all="ignore"):
        share = sign * np.exp(v - y)
    dots = [_weighted(f, dot, axis) for f, dot in ((share if w is None else share * w, v_dot), (share, w_dot))
            if dot is not None]
    result = join(lead, y, sum(dots) if dots else None)
    if not keepdims:
        axes = tuple(range(result.ndim)) if axis is None else axis
        result, sign = np.squeeze(result, axes), np.squeeze(sign, axes) if return_sign else sign
    return (result, sign) if return_sign else result


@_version_of(sp.softmax)
def softmax(x, axis=None):
    v, dot = split(x, x.level)
    y = softmax(v, axis)
    if dot is not None:
        share = tangent_product(y, dot)
        dot = share - y * np.sum(share, shift_axis(axis, x.ndim), keepdims=True)
    return join(x, y, dot)


@_version_of(sp.log_softmax)
def log_softmax(x, axis=None):
    v, dot = split(x, x.level)
    y = log_softmax(v, axis)
    return join(x, y, None if dot is None else dot - _weighted(np.exp(y), dot, axis))


# ---- spherical Bessel functions ------------------------------------------------------------------------------------

def _spherical(kind, even):
    """spherical_jn and its kin, by their ufuncs; these want numbers that are not negative, which reflection makes them.

    DLMF 10.47(v). `even` is the sign that reflection brings for even n; 0 where it leads through the complex plane.
    """
    function, slope = (getattr(_ufuncs, f"_spherical_{kind}{end}") for end in ("", "_d"))

    @_version_of(getattr(sp, f"spherical_{kind}"))
    def rule(n, z, derivative=False):
        n = _whole(n, "n", f"spherical_{kind}").astype(np.dtype("long"))
        f = slope if derivative else function
        if np.iscomplexobj(primal(z)):
            return f(n, z)
        with np.errstate(all="ignore"):
            if not even:
                return np.where(z >= 0, f(n, np.abs(z)), f(n, z + 0j).real)
            sign = np.where(n % 2 == 0, even, -even) * (-1 if derivative else 1)
            return f(n, np.where(z < 0, -z, z)) * np.where(z < 0, sign, 1)

    return rule


spherical_jn, spherical_yn = _spherical("jn", 1), _spherical("yn", -1)
spherical_in, spherical_kn = _spherical("in", 1), _spherical("kn", 0)

FUNCTIONS = {f.__name__: f for f in (polygamma, multigammaln, logsumexp, softmax, log_softmax, spherical_jn,
                                     spherical_yn, spherical_in, spherical_kn)}
