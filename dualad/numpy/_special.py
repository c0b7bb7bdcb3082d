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


def _counted(y, N, k):
    return np.where((k <= N) & (N >= 0) & (k >= 0), y, 0.0)


@_version_of(sp.comb)
def comb(N, k, *, exact=False, repetition=False):
    if exact:
        raise TypeError("comb has derivatives with exact=False only, where it is that of the gamma function")
    if not repetition:
        return _counted(sp.binom(N, k), N, k)
    return np.where((primal(k) == 0) & (primal(N) >= 0), 1.0, _counted(sp.binom(N + k - 1, k), N + k - 1, k))


@_version_of(sp.perm)
def perm(N, k, exact=False):
    if exact:
        raise TypeError("perm has derivatives with exact=False only, where it is that of the gamma function")
    return _counted(sp.poch(N - k + 1, k), N, k)


# ---- the Dirichlet kernel and spherical harmonics ------------------------------------------------------------------

@_version_of(sp.diric)
def diric(x, n):
    """By its sum of cosines of (n - 1 - 2k) x/2, k < n, divided by n."""
    n = _whole(n, "n", "diric")
    v, dot = split(x, x.level)
    value = diric(v, n)
    if dot is None:
        return join(x, value, None)
    count = np.where((n > 0) & (n == np.floor(n)), n, 0)[..., None]
    frequency = (count - 1 - 2 * np.arange(np.max(count))) / 2
    terms = frequency * np.sin(frequency * np.expand_dims(v, -1))
    with np.errstate(all="ignore"):
        slope = -np.sum(np.where(frequency > -count / 2, terms, 0.0), -1) / count[..., 0]
    return join(x, value, tangent_product(slope, lift(dot, np.ndim(slope))))


def _other_orders(f, n, m, *args):
    """What raising and lowering the order m of a spherical harmonic gives: DLMF 14.10.1 in normalized functions."""
    return [np.sqrt(np.maximum((n - s * m) * (n + s * m + 1), 0)) * f(n, np.clip(m + s, -n, n), *args) for s in (1, -1)]


def _half(theta):
    """1/2, with the sign of sin(theta), whose absolute value SciPy takes."""
    return np.where(np.sin(primal(theta)) < 0, -0.5, 0.5)


def _spherical_harmonic(name, rule):
    """A version of a function of scipy.special, if there is one, whose diff_n has to be 0."""
    function = getattr(sp, name, None)
    if function is None:  # before SciPy 1.15
        return {}

    def checked(n, m, *angles, diff_n=0):
        if diff_n != 0:
            raise TypeError(f"{name} of numbers with derivatives takes no diff_n: nest derivatives instead")
        n, m = _whole(n, "n", name), _whole(m, "m", name)
        lead = innermost(*angles)
        split_angles = [split(x, lead.level) for x in angles]
        values = [v for v, _ in split_angles]
        y = version(n, m, *values)
        parts = [tangent_product(slope(), lift(dot, np.ndim(primal(y)))) for slope, (_, dot) in
                 zip(rule(version, n, m, y, *values), split_angles, strict=True) if dot is not None]
        return join(lead, y, sum(parts) if parts else None)

    checked.__name__ = name
    version = _version_of(function)(checked)
    return {name: version}


def _legendre_slope(f, n, m, y, theta):
    def by_theta():
        up, down = _other_orders(f, n, m, theta)
        return _half(theta) * (up - down)

    return (by_theta,)


def _harmonic_slopes(f, n, m, y, theta, phi):
    def by_theta():
        up, down = _other_orders(f, n, m, theta, phi)
        return _half(theta) * (np.exp(-1j * phi) * up - np.exp(1j * phi) * down)

    return by_theta, lambda: 1j * m * y


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

FUNCTIONS = {
    **{f.__name__: f for f in (polygamma, multigammaln, comb, perm, diric, logsumexp, softmax, log_softmax,
                               spherical_jn, spherical_yn, spherical_in, spherical_kn)},
    **_spherical_harmonic("sph_legendre_p", _legendre_slope), **_spherical_harmonic("sph_harm_y", _harmonic_slopes),
}
