"""How the ufuncs of scipy.special differentiate: one table, one line a function.

``PARTIALS[f]`` has one entry per input of ``f``. An entry is a function of the inputs and outputs of ``f``
that returns d(output)/d(input), a tuple of them where ``f`` has several outputs; None stands where there is
no closed form. For example ``y = erf(x)`` has dy/dx = 2/sqrt(pi) exp(-x x), which reads

    "erf": (lambda x, y: TWO_RSQRTPI * np.exp(-x * x),),

Entries use ufuncs, ``np.where`` and arithmetic alone, so they take dual numbers as they take arrays, and
running them on duals gives the second derivatives. They are written so that

- they keep their relative accuracy: where the obvious formula cancels, a series, an asymptotic expansion or a
  hypergeometric or Carlson form takes over;
- they return the limit where the obvious formula is 0/0, and so do their own derivatives;
- a piecewise formula evaluates every piece and picks with ``np.where``, its floating-point warnings silenced.

``PLAIN`` lists what is piecewise constant, ``UNSUPPORTED`` what has no closed form, with the reason. Names
that the installed SciPy does not have are left out. A name with an underscore is the ufunc behind a Python
function of scipy.special (lambertw, zeta, spherical_jn, ...).
"""

import functools
import inspect
import math

import numpy as np
import scipy.special
from scipy.special import _ufuncs

from dualad.rules.parameters import bessel_k_order, beta_shape, gamma_shape, zeta_order

PI = math.pi
LN2 = math.log(2)
LN10 = math.log(10)
DEGREE = PI / 180
SQRT2 = math.sqrt(2)
SQRTPI = math.sqrt(PI)
SQRT2PI = math.sqrt(2 * PI)
TWO_RSQRTPI = 2 / SQRTPI


class _Functions:
    """scipy.special without the layer that SciPy's array-API mode puts around its functions."""

    def __getattr__(self, name):
        function = inspect.unwrap(getattr(scipy.special, name))
        setattr(self, name, function)
        return function


sp = _Functions()


def _find(name):
    """The ufunc of that name, or None where this SciPy has no such ufunc."""
    found = (getattr(module, name, None) for module in (sp, _ufuncs))
    return next((f for f in found if isinstance(f, np.ufunc)), None)


def _table(entries):
    """The entries keyed by ufunc instead of by name."""
    return {f: entry for name, entry in entries.items() if (f := _find(name)) is not None}


def _partials(entries):
    return {f: tuple(p and _on_arrays(p) for p in entry) for f, entry in _table(entries).items()}


def _on_arrays(partial):
    """NumPy's silent arithmetic, for Python scalars too: theirs raises at 1/0 and at overflow."""
    @functools.wraps(partial)
    def call(*args):
        with np.errstate(all="ignore"):
            return partial(*(np.asarray(x)[()] if isinstance(x, (int, float, complex)) else x for x in args))

    return call


def horner(coefficients, x):
    """Horner's rule, lowest power first."""
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def _holomorphic(name, x):
    """Refuse complex x: the scaling factor of the function holds |Re x| or |Im x|."""
    if getattr(x, "dtype", np.dtype(type(x))).kind == "c":
        raise TypeError(f"scipy.special.{name} has no derivative at complex arguments, because its scaling "
                        "factor is not holomorphic: scale the unscaled function instead")


# ---- Elementary quotients ----------------------------------------------------------------------------------

_SINC = [1 / math.factorial(2 * k + 1) for k in range(9)]
_BESSEL0 = [1 / math.factorial(k) ** 2 for k in range(1, 12)]


def _sinc(x):
    """sin(x)/x."""
    return np.where(np.abs(x) < 0.5, horner(_SINC, -x * x), np.sin(x) / x)


def _sinhc(x):
    """sinh(x)/x."""
    return np.where(np.abs(x) < 0.5, horner(_SINC, x * x), np.sinh(x) / x)


def _one_minus_j0_over(x):
    """(1 - J0(x))/x."""
    return np.where(np.abs(x) < 1, x / 4 * horner(_BESSEL0, -x * x / 4), (1 - sp.j0(x)) / x)


def _i0_minus_one_over(x):
    """(I0(x) - 1)/x."""
    return np.where(np.abs(x) < 1, x / 4 * horner(_BESSEL0, x * x / 4), (sp.i0(x) - 1) / x)


def _exprel_slope(x):
    """d/dx of (exp(x) - 1)/x = 1F1(1; 2; x)."""
    return 0.5 * sp.hyp1f1(2.0, 3.0, x)


def _log1p_quotient_slope(x):
    """d/dx of log1p(x)/x = 2F1(1, 1; 2; -x)."""
    return np.where(np.abs(x) < 0.5, -0.5 * sp.hyp2f1(2.0, 2.0, 3.0, -x), (1 / (1 + x) - np.log1p(x) / x) / x)


def _spence_slope(z):
    """log(z)/(1 - z)."""
    return np.where(np.abs(1 - z) < 0.5, -sp.hyp2f1(1.0, 1.0, 2.0, 1 - z), np.log(z) / (1 - z))


def _log_ratio(x, y):
    """log(x/y), also where x and y nearly agree."""
    far = np.where(x == 0, np.log(x) - np.log(y), np.log(x / y))
    return np.where(np.abs(x - y) < 0.5 * y, np.log1p((x - y) / y), far)


def _boxcox_order(x, logx, lmbda):
    """d/dlmbda of (x**lmbda - 1)/lmbda = log(x) exprel(lmbda log(x))."""
    u, power = lmbda * logx, x ** lmbda
    near = logx * logx * _exprel_slope(u)
    return np.where(u < -1, (1 - power + lmbda * sp.xlogy(power, x)) / (lmbda * lmbda), near)


def _inv_boxcox_order(x, y, lmbda):
    """d/dlmbda of x = (1 + lmbda y)**(1/lmbda)."""
    near = x * y * y * _log1p_quotient_slope(lmbda * y)
    return np.where(np.abs(lmbda * y) < 0.5, near, (y * x ** (1 - lmbda) - sp.xlogy(x, x)) / lmbda)


def _tukey_slope(x, lmbda, p):
    """Density of Tukey's lambda distribution at x, its p-quantile."""
    density = 1 / (p ** (lmbda - 1) + sp.tklmbda(-x, lmbda) ** (lmbda - 1))
    return np.where(np.abs(x) * lmbda > 1, 0.0, density)


def _tukey_order(x, lmbda, p):
    """dp/dlmbda from x = boxcox(p, lmbda) - boxcox(1 - p, lmbda)."""
    q = sp.tklmbda(-x, lmbda)
    rise = _boxcox_order(p, np.log(p), lmbda) - _boxcox_order(q, np.log(q), lmbda)
    return np.where(np.abs(x) * lmbda > 1, 0.0, -rise * _tukey_slope(x, lmbda, p))


def _pseudo_huber_delta(delta, r):
    """With s = hypot(delta, r): r**4 / ((delta + s)**2 s)."""
    s = np.hypot(delta, r)
    t = r / (delta + s)
    return np.where(s == 0, 0.0, r * t * t * (r / s))


# ---- Error functions ---------------------------------------------------------------------------------------

# (2k-1)!! for k = 1, 2, ...: 1 - 2x dawsn(x) ~ -sum (2k-1)!! u**k with u = 1/(2 x x), DLMF 7.12.1
_ODD = [float(math.prod(range(1, 2 * k, 2))) for k in range(1, 21)]
_ODD_SLOPE = [k * c for k, c in enumerate(_ODD, 1)]


def _erfcx_slope(x, y):
    tail = TWO_RSQRTPI * (-0.5 / (x * x)) * horner(_ODD, -0.5 / (x * x))
    return np.where((x.real >= 0) & (np.abs(x) > 7), tail, 2 * x * y - TWO_RSQRTPI)


def _dawsn_slope(x, y):
    u = 0.5 / (x * x)
    return np.where((x * x).real > 49, -u * horner(_ODD, u), 1 - 2 * x * y)


def _wofz_is_asymptotic(z):
    return (np.abs(z) > 7) & ((z.imag >= 0) | ((z * z).real > 49))


def _wofz_slope(z, w):
    u = 0.5 / (z * z)
    far = -1j * TWO_RSQRTPI * u * horner(_ODD, u)
    return np.where(_wofz_is_asymptotic(z), far, 1j * TWO_RSQRTPI - 2 * z * w)


def _wofz_curvature(z, w):
    far = 1j * TWO_RSQRTPI * horner(_ODD_SLOPE, 0.5 / (z * z)) / (z * z * z)
    return np.where(_wofz_is_asymptotic(z), far, -2 * w - 2 * z * _wofz_slope(z, w))


def _voigt(x, sigma, gamma, derivative):
    """A derivative of w(z) at the z of the Voigt profile, over 2 sqrt(pi) sigma**2."""
    z = (x + 1j * gamma) / (SQRT2 * sigma)
    return derivative(z, sp.wofz(z)) / (2 * SQRTPI * sigma * sigma)


def _voigt_x(x, sigma, gamma, y):
    square = x * x + gamma * gamma
    lorentz = -2 * x * gamma / (PI * square * square)
    return np.where(sigma == 0, lorentz, _voigt(x, sigma, gamma, _wofz_slope).real)


def _voigt_sigma(x, sigma, gamma, y):
    """sigma times the second derivative in x: the profile solves the heat equation in sigma**2/2."""
    square = x * x + gamma * gamma
    lorentz = sigma * gamma * (6 * x * x - 2 * gamma * gamma) / (PI * square * square * square)
    return np.where(sigma == 0, lorentz, _voigt(x, sigma, gamma, _wofz_curvature).real / SQRT2)


def _voigt_gamma(x, sigma, gamma, y):
    square = x * x + gamma * gamma
    lorentz = (x * x - gamma * gamma) / (PI * square * square)
    return np.where(sigma == 0, lorentz, -_voigt(x, sigma, gamma, _wofz_slope).imag)


def _modfresnel_slope(x, k, turn):
    """K(x) = erfcx(turn x)/2 with turn = exp(-+i pi/4)."""
    return 0.5 * turn * _erfcx_slope(x * turn, 2 * k)


_TURN = (1 + 1j) / SQRT2


_FACTORIALS = [float((-1) ** (k + 1) * k * math.factorial(k)) for k in range(1, 26)]


def _scaled_exp1_slope(x, y):
    """Of x exp(x) E1(x); DLMF 6.12.1 for large x."""
    return np.where(x > 40, horner(_FACTORIALS, 1 / x) / (x * x), y / x + y - 1)


# ---- Gamma functions ---------------------------------------------------------------------------------------

_STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156]


def _stirling_error(a):
    """log(gamma(a)) - (a - 1/2) log(a) + a - log(2 pi)/2 for a >= 10."""
    return horner(_STIRLING, 1 / (a * a)) / a


def _digamma_rise(a, b):
    """psi(a + b) - psi(a) without cancellation for small b/a, and at poles that cancel each other."""
    reflect = (a == np.rint(a)) & (b == np.rint(b)) & (a <= 0) & (a + b <= 0)
    a, b = np.where(reflect, 1 - a, a), np.where(reflect, -b, b)
    series = b * horner([(-1.0) ** k * sp.zeta(k + 2.0, a) for k in range(8)], b)
    return np.where(np.abs(b) < 0.01 * a, series, sp.psi(a + b) - sp.psi(a))


def _riemann_slope(s):
    """The derivative of the zeta function, for Re s < 0 by reflection: DLMF 25.4.2."""
    angle, log = PI / 2 * s, math.log(2 * PI)
    mirror = (log - sp.psi(1 - s)) * np.sin(angle) + PI / 2 * np.cos(angle)
    left = mirror * sp.zeta(1 - s) - np.sin(angle) * zeta_order(1 - s, 1.0)
    return np.where(s.real < 0, 2 * np.exp((s - 1) * log) * sp.gamma(1 - s) * left, zeta_order(s, 1.0))


def _rgamma_slope(x):
    """d/dx of 1/gamma(x), by reflection near the poles of gamma."""
    mirror = np.cos(PI * x) * sp.gamma(1 - x) - np.sin(PI * x) / PI * sp.gamma(1 - x) * sp.psi(1 - x)
    return np.where((x.real < 0.5) & (np.abs(x.imag) < 1), mirror, -sp.rgamma(x) * sp.psi(x))


def _binom_slopes(n, k, y):
    """In n and in k; where n choose k vanishes, from the zeros of 1/gamma."""
    low, high = n - k + 1, k + 1
    top, by_low = sp.gamma(n + 1), sp.rgamma(high) * _rgamma_slope(low)
    by_high = sp.rgamma(low) * _rgamma_slope(high)
    by_top = sp.rgamma(low) * sp.rgamma(high) * sp.psi(n + 1)
    return (np.where(y == 0, top * (by_low + by_top), y * _digamma_rise(low, k)),
            np.where(y == 0, top * (by_high - by_low), y * _digamma_rise(high, n - 2 * k)))


def _poch_slope(z, m, y):
    zero = sp.gamma(z + m) * (_rgamma_slope(z) + sp.rgamma(z) * sp.psi(z + m))
    return np.where(y == 0, zero, y * _digamma_rise(z, m))


# ---- Densities ---------------------------------------------------------------------------------------------
# exp(-deviance) forms after C. Loader, "Fast and accurate computation of binomial probabilities", 2000.

def _deviance(t, ratio):
    """t - log1p(t), where ratio = 1 + t is given apart so that it may be small."""
    return np.where(np.abs(t) < 0.5, 0.5 * t * t * sp.hyp2f1(1.0, 2.0, 3.0, -t), t - np.log(ratio))


def _log_beta(a, b):
    """log(B(a, b)), also where one argument is large."""
    m, n = np.minimum(a, b), np.maximum(a, b)
    rise = (n - 0.5) * np.log1p(m / n) + m * (np.log(m + n) - 1) + _stirling_error(m + n) - _stirling_error(n)
    return np.where(n > 10, sp.gammaln(m) - rise, sp.betaln(a, b))


def _gamma_pdf(a, x):
    """x**(a-1) exp(-x)/gamma(a)."""
    t = (x - a) / a
    large = np.sqrt(a / (2 * PI)) / x * np.exp(-a * _deviance(t, x / a) - _stirling_error(a))
    small = np.where(x > 1e4, 0.0, x ** (a - 1) * np.exp(-x - sp.gammaln(a)))
    return np.where(x == np.inf, 0.0, np.where((a > 10) & (x > 0), large, small))


def _beta_pdf(a, b, x, q):
    """x**(a-1) q**(b-1)/B(a, b) with q = 1 - x, given apart so that it may be small."""
    n, excess = a + b, x * b - q * a
    error = _stirling_error(a) + _stirling_error(b) - _stirling_error(n)
    deviance = a * _deviance(excess / a, x * n / a) + b * _deviance(-excess / b, q * n / b)
    large = np.sqrt(a / n * b / (2 * PI)) * np.exp(-deviance - error)
    left, right = x ** (a - 1) * np.exp(sp.xlog1py(b - 1, -x)), q ** (b - 1) * np.exp(sp.xlog1py(a - 1, -q))
    small = np.where(x < 0.5, left, right) * np.exp(-_log_beta(a, b))
    return np.where((a > 10) & (b > 10) & (x > 0) & (q > 0), large / (x * q), small)


def _beta_pdf_slope(x, a, b, y):
    """d/dx of x**(a-1) (1-x)**(b-1)/B(a, b), which is y."""
    left = np.where(a == 1, 0.0, (a - 1) * x ** (a - 2)) * (1 - x) ** (b - 1)
    right = np.where(b == 1, 0.0, (b - 1) * (1 - x) ** (b - 2)) * x ** (a - 1)
    inside = (x > 0) & (x < 1)
    return np.where(inside, y * ((a - 1) / x - (b - 1) / (1 - x)), (left - right) * np.exp(-sp.betaln(a, b)))


def _f_pdf(n, d, x):
    """Density of the F distribution."""
    s = d + n * x
    return _beta_pdf(n / 2, d / 2, n * x / s, d / s) * n / s * (d / s)


def _t_pdf(df, t):
    """Density of Student's t distribution."""
    student = np.exp(-0.5 * np.log(df) - _log_beta(0.5, df / 2) - (df + 1) / 2 * np.log1p(t * t / df))
    return np.where(df == np.inf, _normal_pdf(t), student)


def _normal_pdf(x):
    return np.exp(-x * x / 2) / SQRT2PI


def _log_ndtr_slope(x):
    return np.where(x.real > 0, _normal_pdf(x) / sp.ndtr(x), math.sqrt(2 / PI) / sp.erfcx(-x / SQRT2))


def _binomial_slope(k, n, p):
    """d/dp of the chance of at most k successes in n trials."""
    k = np.floor(k)
    return np.where((k >= 0) & (k < n), -_beta_pdf(k + 1, n - k, p, 1 - p), 0.0)


def _negative_binomial_slope(k, n, p):
    """d/dp of the chance of at most k failures before n successes."""
    return _beta_pdf(n, np.floor(k) + 1, p, 1 - p)


def _poisson_slope(k, m):
    """d/dm of the chance of at most k events of a Poisson variable with mean m."""
    return -_gamma_pdf(np.floor(k) + 1, m)


# Distribution functions by their derivatives in all arguments, of which the rules of their inverses are made

def _gamma_shape(a, x):
    return gamma_shape(a, x, lambda a, x: x * _gamma_pdf(a, x), sp.psi)


def _beta_shape(a, b, x, q):
    return beta_shape(a, b, x, q, lambda a, b, x, q: x * q * _beta_pdf(a, b, x, q), _digamma_rise)


def _t_shape(df, t):
    """From the tail I_x(df/2, 1/2)/2 with x = df/(df + t*t)."""
    x, q = df / (df + t * t), t * t / (df + t * t)
    tail = _beta_shape(df / 2, 0.5, x, q) / 4 + x * q * _beta_pdf(df / 2, 0.5, x, q) / (2 * df)
    return np.where(t == 0, 0.0, -np.sign(t) * tail)


def _f_shape(n, d, x):
    """d/dn of I_y(n/2, d/2) with y = n x/(d + n x)."""
    y, q = n * x / (d + n * x), d / (d + n * x)
    return _beta_shape(n / 2, d / 2, y, q) / 2 + y * q * _beta_pdf(n / 2, d / 2, y, q) / n


_GAMMA = (_gamma_shape, lambda a, x: _gamma_pdf(a, x))
_GAMMA_OF_RATE = (lambda a, b, x: x * _gamma_pdf(b, a * x), lambda a, b, x: _gamma_shape(b, a * x),
                  lambda a, b, x: a * _gamma_pdf(b, a * x))
_CHI2 = tuple(lambda v, x, slope=slope: 0.5 * slope(v / 2, x / 2) for slope in _GAMMA)
_POISSON = (lambda k, m: -_gamma_shape(k + 1, m), lambda k, m: -_gamma_pdf(k + 1, m))
_BETA = (lambda a, b, x: _beta_shape(a, b, x, 1 - x), lambda a, b, x: -_beta_shape(b, a, 1 - x, x),
         lambda a, b, x: _beta_pdf(a, b, x, 1 - x))
_BINOMIAL = (lambda k, n, p: -_beta_shape(n - k, k + 1, 1 - p, p) - _beta_shape(k + 1, n - k, p, 1 - p),
             lambda k, n, p: _beta_shape(n - k, k + 1, 1 - p, p),
             lambda k, n, p: -_beta_pdf(n - k, k + 1, 1 - p, p))
_NEGATIVE_BINOMIAL = (lambda k, n, p: -_beta_shape(k + 1, n, 1 - p, p), lambda k, n, p: _beta_shape(n, k + 1, p, 1 - p),
                      lambda k, n, p: _beta_pdf(n, k + 1, p, 1 - p))
_F = (_f_shape, lambda n, d, x: -_f_shape(d, n, 1 / x), lambda n, d, x: _f_pdf(n, d, x))
_T = (_t_shape, lambda df, t: _t_pdf(df, t))


def _forward(slopes, sign=1):
    """Of y = sign F."""
    return tuple(lambda *args, slope=slope: sign * slope(*args[:-1]) for slope in slopes)


def _inverse(slopes, i, sign=1):
    """Of F solved for argument i, in whose place the value of F, or with sign -1 of 1 - F, is given."""
    def partial(j):
        def slope(*args):
            at = (*args[:i], args[-1], *args[i + 1 : -1])
            return (sign if i == j else -slopes[j](*at)) / slopes[i](*at)

        return slope

    return tuple(map(partial, range(len(slopes))))


def _noncentral_chi2_pdf(x, df, nc):
    """By 0F1, and by a scaled Bessel function where 0F1 would overflow."""
    z, order = nc * x / 4, df / 2 - 1
    small = 0.5 * _gamma_pdf(df / 2, x / 2) * np.exp(-nc / 2) * sp.hyp0f1(df / 2, z)
    gap = np.sqrt(x) - np.sqrt(nc)
    large = 0.5 * np.exp(-gap * gap / 2) * (x / nc) ** (order / 2) * sp.ive(order, 2 * np.sqrt(z))
    return np.where(z < 1e4, small, large)


def _noncentral_chi2_pdf_slopes(x, df, nc, y):
    """In x and in nc, by the density with two more degrees of freedom."""
    next_y = _noncentral_chi2_pdf(x, df + 2, nc)
    return y * ((df / 2 - 1) / x - 0.5) + next_y * nc / (2 * x), 0.5 * (next_y - y)


def _noncentral_chi2_nc(x, df, nc):
    """d/dnc of the distribution function."""
    return -_noncentral_chi2_pdf(x, df + 2, nc)


def _noncentral_f_pdf(n, d, nc, f):
    s = d + n * f
    z = nc / 2 * (n * f / s)
    return _f_pdf(n, d, f) * np.exp(-nc / 2 * (d / s)) * sp.hyp1f1(-d / 2, n / 2, -z)


def _noncentral_f_pdf_slopes(f, n, d, nc, y):
    """In f and in nc."""
    s = d + n * f
    factor = _f_pdf(n, d, f) * np.exp(-nc / 2 * (d / s)) * sp.hyp1f1(1 - d / 2, n / 2 + 1, -nc / 2 * (n * f / s))
    by_f = y * ((n / 2 - 1) / f - (n + d) / 2 * n / s + nc / 2 * d * n / (s * s)) + factor * nc * d * d / (2 * s * s)
    return by_f, factor * d * f / (2 * s) - y * d / (2 * s)


def _noncentral_f_nc(n, d, nc, f):
    """d/dnc of the distribution function."""
    s = d + n * f
    x, q = n * f / s, d / s
    term = x * q * _beta_pdf(n / 2, d / 2, x, q) / n
    return -term * np.exp(-nc / 2 * q) * sp.hyp1f1(1 - d / 2, n / 2 + 1, -nc / 2 * x)


def _chi_moment(order, w):
    """Integral over r > 0 of r**order exp(-(r - w)**2/2), relative to its value at w = 0."""
    a, z = (order + 1) / 2, w * w / 2
    even, odd = sp.hyp1f1(0.5 - a, 0.5, -z), sp.hyp1f1(1 - a, 1.5, -z)
    left = sp.gamma(a + 0.5) / SQRTPI * np.exp(-z) * sp.hyperu(a, 0.5, z)
    return np.where(w < -1, left, even + SQRT2 * w * sp.poch(a, 0.5) * odd)


def _noncentral_t_pdf(df, nc, t):
    w, rest = nc * t / np.sqrt(df + t * t), df / (df + t * t)
    return _t_pdf(df, t) * np.exp(-nc * nc / 2 * rest) * _chi_moment(df, w)


def _noncentral_t_pdf_slopes(t, df, nc, y):
    """In t and in nc: the derivative of a chi moment is the next one less w times itself."""
    square = df + t * t
    w, rest = nc * t / np.sqrt(square), df / square
    moment = _t_pdf(df, t) * np.exp(-nc * nc / 2 * rest) * SQRT2 * sp.poch((df + 1) / 2, 0.5) * _chi_moment(df + 1, w)
    return moment * nc * df / square ** 1.5 - y * (df + 1) * t / square, moment * t / np.sqrt(square) - nc * y


def _noncentral_t_mean_df(df, y):
    return y / 2 * (1 / df - _digamma_rise((df - 1) / 2, 0.5))


def _skew_normal_slopes(x, loc, scale, a):
    """Of the distribution function in all arguments."""
    z = (x - loc) / scale
    density = 2 * _normal_pdf(z) * sp.ndtr(a * z) / scale
    return density, -density, -z * density, -np.exp(-z * z * (1 + a * a) / 2) / (PI * (1 + a * a))


_SKEW_NORMAL = tuple(lambda x, m, s, a, i=i: _skew_normal_slopes(x, m, s, a)[i] for i in range(4))


def _inverse_gaussian_mean_slope(x, mean, scale):
    """Of the distribution function in the mean."""
    tail = sp.log_ndtr(-np.sqrt(scale / x) * (x / mean + 1))
    return -2 * scale / (mean * mean) * np.exp(2 * scale / mean + tail)


def _inverse_gaussian_pdf(x, mean, scale):
    gap = (x - mean) / mean
    return np.sqrt(scale / x) / (SQRT2PI * x) * np.exp(-scale * gap * gap / (2 * x))


_INVERSE_GAUSSIAN = (_inverse_gaussian_pdf, _inverse_gaussian_mean_slope, lambda x, mean, scale: -(
    x * _inverse_gaussian_pdf(x, mean, scale) + mean * _inverse_gaussian_mean_slope(x, mean, scale)) / scale)


def _noncentral_t_nc(df, nc, t):
    """d/dnc of the distribution function."""
    w, rest = nc * t / np.sqrt(df + t * t), df / (df + t * t)
    return -np.exp(-nc * nc / 2 * rest - df / 2 * np.log1p(t * t / df)) / SQRT2PI * _chi_moment(df - 1, w)


def _landau_pdf(x, loc, scale):
    return _ufuncs._landau_pdf(x, loc, scale)


# a stable distribution of index 1: scaling it by s shifts it by 2/pi s log(s)
_LANDAU = (_landau_pdf, lambda x, m, s: -_landau_pdf(x, m, s),
           lambda x, m, s: -((x - m) / s + 2 / PI) * _landau_pdf(x, m, s))


def _kolmogorov_slope(x):
    """The alternating series for large x, its theta transform for small x."""
    right = sum((-1) ** k * 8 * k * k * x * np.exp(-2 * k * k * x * x) for k in range(1, 6))
    u = 1 / (x * x)
    c = [k * k * PI * PI / 8 for k in (1, 3, 5, 7)]
    left = -SQRT2PI * u * sum((2 * ck * u - 1) * np.exp(-ck * u) for ck in c)
    return np.where((x < 0.04) | (x > 20), -0.0, np.where(x < 1, left, right))


def _kolmogorov_curvature(x):
    """The derivative of `_kolmogorov_slope`."""
    right = sum((-1) ** k * 8 * k * k * (1 - 4 * k * k * x * x) * np.exp(-2 * k * k * x * x) for k in range(1, 7))
    u = 1 / (x * x)
    c = [k * k * PI * PI / 8 for k in (1, 3, 5, 7)]
    left = SQRT2PI * 2 * u / x * sum((5 * ck * u - 1 - 2 * (ck * u) ** 2) * np.exp(-ck * u) for ck in c)
    return np.where((x < 0.04) | (x > 20), 0.0, np.where(x < 1, left, right))


# ---- Bessel functions --------------------------------------------------------------------------------------

def _scaled_log_slope(v, z, turn):
    """Logarithmic derivative of an exponentially scaled Bessel function for |z| > 50 + v*v.

    The function behaves as z**-0.5 * sum a_k(v) (turn/z)**k, DLMF 10.17 and 10.40, with turn = 1 for K,
    -1 for I, i for H1, -i for H2.
    """
    w, term, total, weighted = 1 / z * turn, 1.0, 1.0, 0.0
    for k in range(1, 17):
        term = term * ((4 * v * v - (2 * k - 1) ** 2) / (8 * k)) * w
        total, weighted = total + term, weighted + k * term
    return -(0.5 + weighted / total) / z


def _bessel_ratio_slope(v, x, r):
    """Of r = I_v(x)/I_{v-1}(x)."""
    return 1 - r * r - (2 * v - 1) / x * r


def _is_asymptotic(v, z):
    return np.abs(z) > 50 + v * v


def _ive_slope(v, x, y):
    _holomorphic("ive", x)
    near = 0.5 * (sp.ive(v - 1, x) + sp.ive(v + 1, x)) - np.sign(x) * y
    return np.where(_is_asymptotic(v, x), np.sign(x) * y * _scaled_log_slope(v, np.abs(x), -1.0), near)


def _kve_slope(v, z, y):
    near = y - 0.5 * (sp.kve(v - 1, z) + sp.kve(v + 1, z))
    return np.where(_is_asymptotic(v, z), y * _scaled_log_slope(v, z, 1.0), near)


def _k_order(name, v, x):
    if np.iscomplexobj(x):
        raise TypeError(f"scipy.special.{name} has a derivative in its order for real arguments only: pass the order "
                        "as a plain number")
    return bessel_k_order(v, x)


def _i0e_slope(x, y):
    far = np.sign(x) * y * _scaled_log_slope(0, np.abs(x), -1.0)
    return np.where(np.abs(x) > 50, far, sp.i1e(x) - np.sign(x) * y)


def _i1e_slope(x, y):
    far = np.sign(x) * y * _scaled_log_slope(1, np.abs(x), -1.0)
    return np.where(np.abs(x) > 51, far, 0.5 * (sp.i0e(x) + sp.ive(2, x)) - np.sign(x) * y)


def _k0e_slope(x, y):
    return np.where(x > 50, y * _scaled_log_slope(0, x, 1.0), y - sp.k1e(x))


def _k1e_slope(x, y):
    return np.where(x > 51, y * _scaled_log_slope(1, x, 1.0), y - sp.k0e(x) - y / x)


def _hankel1e_slope(v, z, y):
    near = 0.5 * (sp.hankel1e(v - 1, z) - sp.hankel1e(v + 1, z)) - 1j * y
    return np.where(_is_asymptotic(v, z) & (z.real > 0), y * _scaled_log_slope(v, z, 1j), near)


def _hankel2e_slope(v, z, y):
    near = 0.5 * (sp.hankel2e(v - 1, z) - sp.hankel2e(v + 1, z)) + 1j * y
    return np.where(_is_asymptotic(v, z) & (z.real > 0), y * _scaled_log_slope(v, z, -1j), near)


def _y_slope(f, v, z):
    return np.where((z == 0) & (v >= 0), -f(v + 1, z), 0.5 * (f(v - 1, z) - f(v + 1, z)))


def _jve_slope(v, x):
    """On the real line jve is jv."""
    _holomorphic("jve", x)
    return 0.5 * (sp.jve(v - 1, x) - sp.jve(v + 1, x))


def _yve_slope(v, x):
    _holomorphic("yve", x)
    return _y_slope(sp.yve, v, x)


def _struve_slope(f, sign, v, x, y):
    """f' = f(v-1) - f(v) v/x for struve (sign -1) and modstruve (+1); the leading terms at x = 0."""
    start = (v + 1 + sign * (v + 3) * x * x / (6 * v + 9)) * (x / 2) ** v / (SQRTPI * sp.gamma(v + 1.5))
    return np.where(x == 0, start, f(v - 1.0, x) - v / x * y)


def _airye_slopes(z, ai, aip, bi, bip):
    """eAi, eBi are scaled by exp(zeta), exp(-|Re zeta|) with zeta = 2/3 z**1.5; eBi is not holomorphic."""
    root = np.sqrt(z)
    zeta = 2 / 3 * z * root
    far = (np.abs(zeta) > 60) & (z.real > 0)
    if getattr(z, "dtype", np.dtype(type(z))).kind == "c":
        dbi = dbip = z * np.nan
    else:
        root = np.where(z > 0, root, 0.0)
        dbi = np.where(far, bi * (0.5 / z + root * _scaled_log_slope(1 / 3, zeta, -1.0)), bip - root * bi)
        dbip = np.where(far, bip * (1 / z + root * _scaled_log_slope(2 / 3, zeta, -1.0)), z * bi - root * bip)
    return (np.where(far, ai * (0.5 / z + root * _scaled_log_slope(1 / 3, zeta, 1.0)), aip + root * ai),
            np.where(far, aip * (1 / z + root * _scaled_log_slope(2 / 3, zeta, 1.0)), z * ai + root * aip),
            dbi, dbip)


def _kelvin_slopes(x, be, ke, bep, kep):
    """From the differential equation f'' = i f - f'/x; Be begins with 1 + i x**2/4 - x**4/64."""
    return bep, kep, np.where(x == 0, 0.5j - 0.1875 * x * x, 1j * be - bep / x), 1j * ke - kep / x


def _spherical_step(f, n, z, sign):
    """The derivative of j and y (sign -1), of i (sign +1), and minus that of k (sign +1); DLMF 10.51."""
    return (n * f(np.maximum(n - 1, 0), z) + sign * (n + 1) * f(n + 1, z)) / (2 * n + 1)


# ---- Elliptic integrals ------------------------------------------------------------------------------------

_RD_SERIES = [(float(sp.poch(1.5, n)) / math.factorial(n), 2.5 + 2 * n) for n in range(6)]


def _rd_slope(x, y, z):
    """d/dx of R_D(x, y, z): a difference quotient; where x and z nearly agree, a series in their gap.

    The quotient is DLMF 19.18.15, the series the expansion of R_{-5/2}(3/2, 1/2, 3/2; x, y, z) about x = z.
    """
    far = 0.5 * (sp.elliprd(y, z, x) - sp.elliprd(x, y, z)) / (x - z)
    c = 0.5 * (x + z)
    gap = (0.5 * (x - z) / c) ** 2
    terms = [w / a * sp.hyp2f1(a, 0.5, a + 1, 1 - y / c) for w, a in _RD_SERIES]
    return np.where(np.abs(gap) < 2.5e-3, -0.75 * horner(terms, gap) / (c * c * np.sqrt(c)), far)


def _rd_slope_last(x, y, z, r):
    """d/dz of r = R_D(x, y, z): R_D is homogeneous of degree -3/2."""
    by_x = np.where(x == 0, 0.0, x * _rd_slope(x, y, z))
    by_y = np.where(y == 0, 0.0, y * _rd_slope(y, x, z))
    return -(1.5 * r + by_x + by_y) / z


def _rj_slope(x, y, z, p, r):
    """d/dx of r = R_J(x, y, z, p); where p is x to 5 digits, to second order about their weighted mean."""
    far = 0.5 * (r - sp.elliprd(y, z, x)) / (p - x)
    c = 0.6 * x + 0.4 * p
    return np.where(np.abs(p - x) < 1e-5 * np.abs(c), _rd_slope_last(y, z, c, sp.elliprd(y, z, c)) / 3, far)


def _rj_slope_last(x, y, z, p, r):
    """d/dp of r = R_J(x, y, z, p): R_J is homogeneous of degree -3/2."""
    cycle = (x, y, z), (y, z, x), (z, x, y)
    parts = [np.where(a == 0, 0.0, a * _rj_slope(a, b, c, p, r)) for a, b, c in cycle]
    return -(1.5 * r + parts[0] + parts[1] + parts[2]) / p


def _rg_slope(x, y, z):
    """d/dx of R_G(x, y, z)."""
    slope = 0.25 * (sp.elliprf(x, y, z) - np.where(x == 0, 0.0, x * sp.elliprd(y, z, x)) / 3)
    return np.where((y == 0) & (z == 0), 0.25 / np.sqrt(x), slope)


def _rc_slopes(x, y, r):
    """In x and in y; R_C(x, y) = R_F(x, y, y), for y < 0 a principal value."""
    gap = 2 * (y - x)
    return (np.where(y.real < 0, (r - 1 / np.sqrt(x)) / gap, -sp.elliprd(y, y, x) / 6),
            np.where(y.real < 0, (np.sqrt(x) / y - r) / gap, -sp.elliprd(x, y, y) / 3))


def _ellipk_slope(m):
    return np.where(np.abs(m) < 0.5, PI / 8 * sp.hyp2f1(1.5, 1.5, 2.0, m), sp.elliprd(0.0, 1.0, 1 - m) / 6)


def _ellipe_slope(m):
    return np.where(np.abs(m) < 0.5, -PI / 8 * sp.hyp2f1(0.5, 1.5, 2.0, m), -sp.elliprd(0.0, 1 - m, 1.0) / 6)


def _ellipkm1_slope(p):
    near = -PI / 8 * sp.hyp2f1(1.5, 1.5, 2.0, 1 - p)
    return np.where(np.abs(1 - p) < 0.5, near, -sp.elliprd(0.0, 1.0, p) / 6)


def _half_periods(phi, slope, m):
    """What the whole half periods of phi add to the derivative in m, and the sine of the rest."""
    k = np.rint(phi / PI)
    return np.where(k == 0, 0.0, 2 * k * slope(m)), np.where(k % 2 == 0, 1.0, -1.0) * np.sin(phi)


def _ellipkinc_m(phi, m):
    """d/dm at fixed amplitude phi."""
    whole, s = _half_periods(phi, _ellipk_slope, m)
    cc, ss = np.cos(phi) ** 2, s * s
    return whole + s * ss * sp.elliprd(cc, 1.0, cc + (1 - m) * ss) / 6


def _ellipeinc_m(phi, m):
    whole, s = _half_periods(phi, _ellipe_slope, m)
    cc, ss = np.cos(phi) ** 2, s * s
    return whole - s * ss * sp.elliprd(cc, cc + (1 - m) * ss, 1.0) / 6


def _delta(phi, m):
    return np.sqrt(np.cos(phi) ** 2 + (1 - m) * np.sin(phi) ** 2)


def _ellipj_m(u, m, sn, cn, dn, ph):
    """At fixed u the amplitude moves by -dn times the derivative of F(ph, m) in m."""
    p = -dn * _ellipkinc_m(ph, m)
    return cn * p, -sn * p, -(sn * sn / 2 + m * sn * cn * p) / dn, p


def _agm_slope(a, b, y):
    """d/da of agm(a, b) = pi/2 / R_F(0, a*a, b*b)."""
    scaled = y / a
    slope = 2 / (3 * PI) * scaled * scaled * sp.elliprd(0.0, (b / a) ** 2, 1.0)
    slope = np.where(np.abs(a) < 1e-9 * np.abs(b), 2 / PI * scaled * (y / b), slope)
    return np.where(a == 0, np.inf, np.where(b == 0, 0.0, slope))


# ---- Functions of differential equations and polynomials ---------------------------------------------------

def _mathieu(characteristic):
    """y'' = (2q cos(2x) - a) y with x in degrees; the second output is dy/dx per radian."""
    def slopes(m, q, x, y, dy):
        return DEGREE * dy, DEGREE * (2 * q * np.cos(2 * DEGREE * x) - characteristic(m, q)) * y

    return None, None, slopes


def _modified_mathieu(characteristic):
    """y'' = (a - 2q cosh(2x)) y."""
    return None, None, lambda m, q, x, y, dy: (dy, (characteristic(m, q) - 2 * q * np.cosh(2 * x)) * y)


def _spheroidal(kind, sign, characteristic=None):
    """(s', s'') by the spheroidal wave equation, DLMF 30.2.1.

    kind is -1 for the radial oblate functions, sign -1 for the angular oblate ones. Where no function gives
    the characteristic value it is the last input but one.
    """
    def slopes(m, n, c, *rest):
        x, s, ds = rest[-3:]
        cv = rest[0] if characteristic is None else characteristic(m, n, c)
        w = 1 - kind * x * x
        return ds, kind * (2 * x * ds - (cv - sign * c * c * x * x - m * m / w) * s) / w

    return (None,) * (4 if characteristic is None else 3) + (slopes,)


def _legendre_slope(m, v, x):
    """Orders m - 1 and m + 1 do not cancel where the usual formula does, near x = +-1.

    At x = +-1 the second derivatives are given for m = 0 alone: the term root - root makes others NaN.
    """
    root = np.sqrt((1 - x) * (1 + x))
    inner = (sp.lpmv(m + 1, v, x) - (v + m) * (v - m + 1) * sp.lpmv(m - 1, v, x)) / (-2 * root)
    end = np.where(m == 2, -0.25 * (v - 1) * v * (v + 1) * (v + 2), np.where(np.abs(m) == 1, np.nan, 0.0))
    order0 = (v + 1) / 2 * sp.eval_jacobi(v - 1, 1.0, 1.0, x)
    return np.where(m == 0, order0, np.where(root == 0, end + (root - root), inner))


def _sph_harm_polar(m, n, theta, phi):
    """By the ladder operators, which are regular at the poles."""
    up, down = (n - m) * (n + m + 1), (n + m) * (n - m + 1)
    above = np.where(up == 0, 0.0, np.sqrt(up) * np.exp(-1j * theta) * sp.sph_harm(m + 1, n, theta, phi))
    below = np.where(down == 0, 0.0, np.sqrt(down) * np.exp(1j * theta) * sp.sph_harm(m - 1, n, theta, phi))
    return 0.5 * (above - below)


def _previous(n):
    """n - 1, or 0 where the term it belongs to has the factor n = 0."""
    return np.where(n == 0, 0, n - 1)


# ---- The table ---------------------------------------------------------------------------------------------

PARTIALS = _partials({
    # error functions
    "erf": (lambda x, y: TWO_RSQRTPI * np.exp(-x * x),),
    "erfc": (lambda x, y: -TWO_RSQRTPI * np.exp(-x * x),),
    "erfcx": (_erfcx_slope,),
    "erfi": (lambda x, y: TWO_RSQRTPI * np.exp(x * x),),
    "erfinv": (lambda x, y: SQRTPI / 2 * np.exp(y * y),),
    "erfcinv": (lambda x, y: -SQRTPI / 2 * np.exp(y * y),),
    "dawsn": (_dawsn_slope,),
    "wofz": (_wofz_slope,),
    "voigt_profile": (_voigt_x, _voigt_sigma, _voigt_gamma),
    "fresnel": (lambda x, s, c: (np.sin(PI / 2 * x * x), np.cos(PI / 2 * x * x)),),
    "modfresnelp": (lambda x, f, k: (-np.exp(1j * x * x), _modfresnel_slope(x, k, _TURN.conjugate())),),
    "modfresnelm": (lambda x, f, k: (-np.exp(-1j * x * x), _modfresnel_slope(x, k, _TURN)),),
    "owens_t": (lambda h, a, y: -0.5 * _normal_pdf(h) * sp.erf(a * h / SQRT2),
                lambda h, a, y: np.exp(-h * h * (1 + a * a) / 2) / (2 * PI * (1 + a * a))),

    # gamma functions
    "gamma": (lambda x, y: y * sp.psi(x),),
    "gammaln": (lambda x, y: sp.psi(x),),
    "loggamma": (lambda x, y: sp.psi(x),),
    "rgamma": (lambda x, y: _rgamma_slope(x),),
    "psi": (lambda x, y: sp.zeta(2.0, x),),
    "_zeta": (lambda s, q, y: zeta_order(s, q), lambda s, q, y: -s * sp.zeta(s + 1, q)),
    "_riemann_zeta": (lambda s, y: _riemann_slope(s),),
    "zetac": (lambda s, y: _riemann_slope(s),),
    "poch": (_poch_slope, lambda z, m, y: y * sp.psi(z + m)),
    "beta": (lambda a, b, y: -y * _digamma_rise(a, b), lambda a, b, y: -y * _digamma_rise(b, a)),
    "betaln": (lambda a, b, y: -_digamma_rise(a, b), lambda a, b, y: -_digamma_rise(b, a)),
    "binom": (lambda n, k, y: _binom_slopes(n, k, y)[0], lambda n, k, y: _binom_slopes(n, k, y)[1]),
    "gammainc": _forward(_GAMMA),
    "gammaincc": _forward(_GAMMA, -1),
    "gammaincinv": _inverse(_GAMMA, 1),
    "gammainccinv": _inverse(_GAMMA, 1, -1),
    "betainc": _forward(_BETA),
    "betaincc": _forward(_BETA, -1),
    "betaincinv": _inverse(_BETA, 2),
    "betainccinv": _inverse(_BETA, 2, -1),

    # logistic, entropy and power functions
    "expit": (lambda x, y: y * sp.expit(-x),),
    "logit": (lambda x, y: 1 / (x * (1 - x)),),
    "log_expit": (lambda x, y: sp.expit(-x),),
    "xlogy": (lambda x, y, z: np.log(y), lambda x, y, z: np.where((x == 0) & (y == 0), 0.0, x / y)),
    "xlog1py": (lambda x, y, z: np.log1p(y),
                lambda x, y, z: np.where((x == 0) & (y == -1), 0.0, x / (1 + y))),
    "entr": (lambda x, y: -np.log(x) - 1,),
    "rel_entr": (lambda x, y, z: 1 + _log_ratio(x, y),
                 lambda x, y, z: np.where((x == 0) & (y == 0), 0.0, -x / y)),
    "kl_div": (lambda x, y, z: _log_ratio(x, y),
               lambda x, y, z: np.where((x == 0) & (y == 0), 1.0, (y - x) / y)),
    "huber": (lambda d, r, y: np.where(np.abs(r) <= d, 0.0, np.abs(r) - d),
              lambda d, r, y: np.where(np.abs(r) <= d, r, d * np.sign(r))),
    "pseudo_huber": (lambda d, r, y: _pseudo_huber_delta(d, r),
                     lambda d, r, y: np.where((d == 0) & (r == 0), 0.0, r * (d / np.hypot(d, r)))),
    "powm1": (lambda x, y, z: np.where((x == 0) & (y == 0), 0.0, y * x ** (y - 1)),
              lambda x, y, z: sp.xlogy(x ** y, x)),
    "boxcox": (lambda x, lmbda, y: x ** (lmbda - 1), lambda x, lmbda, y: _boxcox_order(x, np.log(x), lmbda)),
    "boxcox1p": (lambda x, lmbda, y: np.exp((lmbda - 1) * np.log1p(x)),
                 lambda x, lmbda, y: _boxcox_order(1 + x, np.log1p(x), lmbda)),
    "inv_boxcox": (lambda y, lmbda, x: x ** (1 - lmbda), lambda y, lmbda, x: _inv_boxcox_order(x, y, lmbda)),
    "inv_boxcox1p": (lambda y, lmbda, x: np.exp((1 - lmbda) * np.log1p(x)),
                     lambda y, lmbda, x: _inv_boxcox_order(1 + x, y, lmbda)),
    "wrightomega": (lambda z, w: w / (1 + w),),
    "_lambertw": (lambda z, k, tol, w: np.exp(-w) / (1 + w), None, None),

    # elementary functions
    "cbrt": (lambda x, y: 1 / (3 * y * y),),
    "exp2": (lambda x, y: LN2 * y,),
    "exp10": (lambda x, y: LN10 * y,),
    "expm1": (lambda x, y: np.exp(x),),
    "exprel": (lambda x, y: _exprel_slope(x),),
    "log1p": (lambda x, y: 1 / (1 + x),),
    "cosm1": (lambda x, y: -np.sin(x),),
    "sindg": (lambda x, y: DEGREE * sp.cosdg(x),),
    "cosdg": (lambda x, y: -DEGREE * sp.sindg(x),),
    "tandg": (lambda x, y: DEGREE * (1 + y * y),),
    "cotdg": (lambda x, y: -DEGREE * (1 + y * y),),
    "radian": (lambda d, m, s, y: DEGREE, lambda d, m, s, y: DEGREE / 60, lambda d, m, s, y: DEGREE / 3600),
    "agm": (_agm_slope, lambda a, b, y: _agm_slope(b, a, y)),

    # exponential, sine and other integrals
    "_log1mexp": (lambda x, y: -1 / np.expm1(-x),),
    "_log1pmx": (lambda x, y: -x / (1 + x),),
    "_lgam1p": (lambda x, y: sp.psi(1 + x),),
    "_sinpi": (lambda x, y: PI * _ufuncs._cospi(x),),
    "_cospi": (lambda x, y: -PI * _ufuncs._sinpi(x),),
    "_scaled_exp1": (_scaled_exp1_slope,),
    "exp1": (lambda x, y: -np.exp(-x) / x,),
    "expi": (lambda x, y: np.exp(x) / x,),
    "expn": (None, lambda n, x, y: -np.where(n == 0, (1 / x + 1) * np.exp(-x) / x, sp.expn(_previous(n), x))),
    "sici": (lambda x, s, c: (_sinc(x), np.cos(x) / x),),
    "shichi": (lambda x, s, c: (_sinhc(x), np.cosh(x) / x),),
    "spence": (lambda z, y: _spence_slope(z),),
    "itj0y0": (lambda x, j, y: (sp.j0(x), sp.y0(x)),),
    "iti0k0": (lambda x, i, k: (sp.i0(x), sp.k0(x)),),
    "it2j0y0": (lambda x, j, y: (_one_minus_j0_over(x), -sp.y0(x) / x),),
    "it2i0k0": (lambda x, i, k: (_i0_minus_one_over(x), -sp.k0(x) / x),),
    "itstruve0": (lambda x, y: sp.struve(0, x),),
    "itmodstruve0": (lambda x, y: sp.modstruve(0, x),),
    "it2struve0": (lambda x, y: np.where(x == 0, 2 / PI * (x * x / 9 - 1), -sp.struve(0, x) / x),),
    "itairy": (lambda x, a, b, c, d: (sp.airy(x)[0], sp.airy(x)[2], sp.airy(-x)[0], sp.airy(-x)[2]),),
    "besselpoly": (lambda a, s, v, y: sp.besselpoly(a, s + 1, v - 1) - sp.besselpoly(a, s + 1, v + 1),
                   None, None),

    # Bessel functions
    "j0": (lambda x, y: -sp.j1(x),),
    "j1": (lambda x, y: 0.5 * (sp.j0(x) - sp.jv(2, x)),),
    "y0": (lambda x, y: -sp.y1(x),),
    "y1": (lambda x, y: np.where(x == 0, -y / x, sp.y0(x) - y / x),),
    "i0": (lambda x, y: sp.i1(x),),
    "i1": (lambda x, y: 0.5 * (sp.i0(x) + sp.iv(2, x)),),
    "k0": (lambda x, y: -sp.k1(x),),
    "k1": (lambda x, y: -sp.k0(x) - y / x,),
    "i0e": (_i0e_slope,),
    "i1e": (_i1e_slope,),
    "k0e": (_k0e_slope,),
    "k1e": (_k1e_slope,),
    "jv": (None, lambda v, z, y: 0.5 * (sp.jv(v - 1, z) - sp.jv(v + 1, z))),
    "yv": (None, lambda v, z, y: _y_slope(sp.yv, v, z)),
    "yn": (None, lambda n, x, y: _y_slope(sp.yn, n, x)),
    "iv": (None, lambda v, z, y: 0.5 * (sp.iv(v - 1, z) + sp.iv(v + 1, z))),
    "kv": (lambda v, z, y: _k_order("kv", v, z) * np.exp(-z),
           lambda v, z, y: -0.5 * (sp.kv(v - 1, z) + sp.kv(v + 1, z))),
    "kn": (None, lambda n, x, y: -0.5 * (sp.kn(np.abs(n - 1), x) + sp.kn(n + 1, x))),
    "hankel1": (None, lambda v, z, y: 0.5 * (sp.hankel1(v - 1, z) - sp.hankel1(v + 1, z))),
    "hankel2": (None, lambda v, z, y: 0.5 * (sp.hankel2(v - 1, z) - sp.hankel2(v + 1, z))),
    "jve": (None, lambda v, x, y: _jve_slope(v, x)),
    "yve": (None, lambda v, x, y: _yve_slope(v, x)),
    "ive": (None, _ive_slope),
    "kve": (lambda v, z, y: _k_order("kve", v, z), _kve_slope),
    "_iv_ratio": (None, lambda v, x, r: _bessel_ratio_slope(v, x, r)),
    "_iv_ratio_c": (None, lambda v, x, c: -_bessel_ratio_slope(v, x, 1 - c)),
    "hankel1e": (None, _hankel1e_slope),
    "hankel2e": (None, _hankel2e_slope),
    "_spherical_jn": (None, lambda n, z, y: _spherical_step(_ufuncs._spherical_jn, n, z, -1)),
    "_spherical_yn": (None, lambda n, z, y: _spherical_step(_ufuncs._spherical_yn, n, z, -1)),
    "_spherical_in": (None, lambda n, z, y: _spherical_step(_ufuncs._spherical_in, n, z, 1)),
    "_spherical_kn": (None, lambda n, z, y: -_spherical_step(_ufuncs._spherical_kn, n, z, 1)),
    "_spherical_jn_d": (None, lambda n, z, y: _spherical_step(_ufuncs._spherical_jn_d, n, z, -1)),
    "_spherical_yn_d": (None, lambda n, z, y: _spherical_step(_ufuncs._spherical_yn_d, n, z, -1)),
    "_spherical_in_d": (None, lambda n, z, y: _spherical_step(_ufuncs._spherical_in_d, n, z, 1)),
    "_spherical_kn_d": (None, lambda n, z, y: -_spherical_step(_ufuncs._spherical_kn_d, n, z, 1)),

    # Airy, Struve, Kelvin and Wright functions
    "airy": (lambda z, ai, aip, bi, bip: (aip, z * ai, bip, z * bi),),
    "airye": (_airye_slopes,),
    "struve": (None, lambda v, x, y: _struve_slope(sp.struve, -1, v, x, y)),
    "modstruve": (None, lambda v, x, y: _struve_slope(sp.modstruve, 1, v, x, y)),
    "ber": (lambda x, y: sp.berp(x),),
    "bei": (lambda x, y: sp.beip(x),),
    "ker": (lambda x, y: sp.kerp(x),),
    "kei": (lambda x, y: sp.keip(x),),
    "berp": (lambda x, y: np.where(x == 0, -0.1875 * x * x, -sp.bei(x) - y / x),),
    "beip": (lambda x, y: np.where(x == 0, 0.5, sp.ber(x) - y / x),),
    "kerp": (lambda x, y: -sp.kei(x) - y / x,),
    "keip": (lambda x, y: sp.ker(x) - y / x,),
    "kelvin": (_kelvin_slopes,),
    "wright_bessel": (None, None, lambda a, b, x, y: sp.wright_bessel(a, a + b, x)),
    "log_wright_bessel": (None, None, lambda a, b, x, y: np.exp(sp.log_wright_bessel(a, a + b, x) - y)),

    # elliptic integrals and functions
    "ellipk": (lambda m, y: _ellipk_slope(m),),
    "ellipkm1": (lambda p, y: _ellipkm1_slope(p),),
    "ellipe": (lambda m, y: _ellipe_slope(m),),
    "ellipkinc": (lambda phi, m, y: 1 / _delta(phi, m), lambda phi, m, y: _ellipkinc_m(phi, m)),
    "ellipeinc": (lambda phi, m, y: _delta(phi, m), lambda phi, m, y: _ellipeinc_m(phi, m)),
    "ellipj": (lambda u, m, sn, cn, dn, ph: (cn * dn, -sn * dn, -m * sn * cn, dn), _ellipj_m),
    "elliprc": (lambda x, y, r: _rc_slopes(x, y, r)[0], lambda x, y, r: _rc_slopes(x, y, r)[1]),
    "elliprd": (lambda x, y, z, r: _rd_slope(x, y, z), lambda x, y, z, r: _rd_slope(y, x, z), _rd_slope_last),
    "elliprf": (lambda x, y, z, r: -sp.elliprd(y, z, x) / 6, lambda x, y, z, r: -sp.elliprd(z, x, y) / 6,
                lambda x, y, z, r: -sp.elliprd(x, y, z) / 6),
    "elliprg": (lambda x, y, z, r: _rg_slope(x, y, z), lambda x, y, z, r: _rg_slope(y, z, x),
                lambda x, y, z, r: _rg_slope(z, x, y)),
    "elliprj": (_rj_slope, lambda x, y, z, p, r: _rj_slope(y, z, x, p, r),
                lambda x, y, z, p, r: _rj_slope(z, x, y, p, r), _rj_slope_last),

    # hypergeometric functions
    "hyp0f1": (None, lambda b, z, y: sp.hyp0f1(b + 1, z) / b),
    "hyp1f1": (None, None, lambda a, b, z, y: a / b * sp.hyp1f1(a + 1, b + 1, z)),
    "hyp2f1": (None, None, None, lambda a, b, c, z, y: a * b / c * sp.hyp2f1(a + 1, b + 1, c + 1, z)),
    "hyperu": (None, None, lambda a, b, x, y: -a * sp.hyperu(a + 1, b + 1, x)),

    # orthogonal polynomials and Legendre functions
    "eval_legendre": (None, lambda n, x, y: (n + 1) / 2 * sp.eval_jacobi(n - 1, 1.0, 1.0, x)),
    "eval_sh_legendre": (None, lambda n, x, y: (n + 1) * sp.eval_jacobi(n - 1, 1.0, 1.0, 2 * x - 1)),
    "eval_chebyt": (None, lambda n, x, y: n * sp.eval_chebyu(n - 1, x)),
    "eval_chebyu": (None, lambda n, x, y: 2 * sp.eval_gegenbauer(n - 1, 2.0, x)),
    "eval_chebyc": (None, lambda n, x, y: n * sp.eval_chebys(n - 1, x)),
    "eval_chebys": (None, lambda n, x, y: sp.eval_gegenbauer(n - 1, 2.0, x / 2)),
    "eval_sh_chebyt": (None, lambda n, x, y: 2 * n * sp.eval_sh_chebyu(n - 1, x)),
    "eval_sh_chebyu": (None, lambda n, x, y: 4 * sp.eval_gegenbauer(n - 1, 2.0, 2 * x - 1)),
    "eval_gegenbauer": (None, None, lambda n, a, x, y: 2 * a * sp.eval_gegenbauer(n - 1, a + 1, x)),
    "eval_jacobi": (None, None, None,
                    lambda n, a, b, x, y: (n + a + b + 1) / 2 * sp.eval_jacobi(n - 1, a + 1, b + 1, x)),
    "eval_sh_jacobi": (None, None, None,
                       lambda n, p, q, x, y: n * sp.eval_sh_jacobi(_previous(n), p + 2, q + 1, x)),
    "eval_laguerre": (None, lambda n, x, y: -sp.eval_genlaguerre(n - 1, 1.0, x)),
    "eval_genlaguerre": (None, None, lambda n, a, x, y: -sp.eval_genlaguerre(n - 1, a + 1, x)),
    "eval_hermite": (None, lambda n, x, y: 2 * n * sp.eval_hermite(_previous(n), x)),
    "eval_hermitenorm": (None, lambda n, x, y: n * sp.eval_hermitenorm(_previous(n), x)),
    "sph_harm": (None, None, lambda m, n, theta, phi, y: 1j * m * y,
                 lambda m, n, theta, phi, y: _sph_harm_polar(m, n, theta, phi)),
    "lpmv": (None, None, lambda m, v, x, y: _legendre_slope(m, v, x)),

    # parabolic cylinder, Mathieu and spheroidal functions, by their differential equations
    "pbdv": (None, lambda v, x, y, dy: (dy, (x * x / 4 - v - 0.5) * y)),
    "pbvv": (None, lambda v, x, y, dy: (dy, (x * x / 4 - v - 0.5) * y)),
    "pbwa": (None, lambda a, x, y, dy: (dy, (a - x * x / 4) * y)),
    "mathieu_cem": _mathieu(sp.mathieu_a),
    "mathieu_sem": _mathieu(sp.mathieu_b),
    "mathieu_modcem1": _modified_mathieu(sp.mathieu_a),
    "mathieu_modcem2": _modified_mathieu(sp.mathieu_a),
    "mathieu_modsem1": _modified_mathieu(sp.mathieu_b),
    "mathieu_modsem2": _modified_mathieu(sp.mathieu_b),
    "pro_ang1": _spheroidal(1, 1, sp.pro_cv),
    "pro_rad1": _spheroidal(1, 1, sp.pro_cv),
    "pro_rad2": _spheroidal(1, 1, sp.pro_cv),
    "obl_ang1": _spheroidal(1, -1, sp.obl_cv),
    "obl_rad1": _spheroidal(-1, 1, sp.obl_cv),
    "obl_rad2": _spheroidal(-1, 1, sp.obl_cv),
    "pro_ang1_cv": _spheroidal(1, 1),
    "pro_rad1_cv": _spheroidal(1, 1),
    "pro_rad2_cv": _spheroidal(1, 1),
    "obl_ang1_cv": _spheroidal(1, -1),
    "obl_rad1_cv": _spheroidal(-1, 1),
    "obl_rad2_cv": _spheroidal(-1, 1),

    # distribution functions and their inverses
    "ndtr": (lambda x, y: _normal_pdf(x),),
    "ndtri": (lambda p, x: SQRT2PI * np.exp(x * x / 2),),
    "log_ndtr": (lambda x, y: _log_ndtr_slope(x),),
    "ndtri_exp": (lambda p, x: 1 / _log_ndtr_slope(x),),
    "nrdtrimn": (lambda p, sd, x, mn: -sd / _normal_pdf((x - mn) / sd), lambda p, sd, x, mn: (mn - x) / sd,
                 lambda p, sd, x, mn: 1.0),
    "nrdtrisd": (lambda mn, p, x, sd: -sd / (x - mn),
                 lambda mn, p, x, sd: -sd * (sd / (x - mn)) / _normal_pdf((x - mn) / sd),
                 lambda mn, p, x, sd: sd / (x - mn)),
    "stdtr": _forward(_T),
    "stdtrit": _inverse(_T, 1),
    "stdtridf": _inverse(_T, 0),
    "chdtr": _forward(_CHI2),
    "chdtrc": _forward(_CHI2, -1),
    "chdtri": _inverse(_CHI2, 1, -1),
    "chdtriv": _inverse(_CHI2, 0),
    "gdtr": _forward(_GAMMA_OF_RATE),
    "gdtrc": _forward(_GAMMA_OF_RATE, -1),
    "gdtrix": _inverse(_GAMMA_OF_RATE, 2),
    "gdtria": _inverse(_GAMMA_OF_RATE, 0),
    "gdtrib": _inverse(_GAMMA_OF_RATE, 1),
    "fdtr": _forward(_F),
    "fdtrc": _forward(_F, -1),
    "fdtri": _inverse(_F, 2),
    "fdtridfd": _inverse(_F, 1),
    "_beta_pdf": (lambda x, a, b, y: _beta_pdf_slope(x, a, b, y),
                  lambda x, a, b, y: np.where(y == 0, 0.0, y * (np.log(x) + _digamma_rise(a, b))),
                  lambda x, a, b, y: np.where(y == 0, 0.0, y * (np.log1p(-x) + _digamma_rise(b, a)))),
    "_beta_ppf": tuple(lambda p, a, b, x, slope=slope: slope(a, b, p, x)
                       for slope in map(_inverse(_BETA, 2).__getitem__, (2, 0, 1))),
    "_cauchy_ppf": (lambda p, m, s, x: PI * (s + (x - m) * (x - m) / s), lambda p, m, s, x: np.ones_like(x),
                    lambda p, m, s, x: (x - m) / s),
    "_cauchy_isf": (lambda p, m, s, x: -PI * (s + (x - m) * (x - m) / s), lambda p, m, s, x: np.ones_like(x),
                    lambda p, m, s, x: (x - m) / s),
    "btdtr": _forward(_BETA),
    "btdtri": _inverse(_BETA, 2),
    "btdtria": _inverse(_BETA, 0),
    "btdtrib": _inverse(_BETA, 1),
    "bdtrik": _inverse(_BINOMIAL, 0),
    "bdtrin": _inverse(_BINOMIAL, 1),
    "nbdtrik": _inverse(_NEGATIVE_BINOMIAL, 0),
    "nbdtrin": _inverse(_NEGATIVE_BINOMIAL, 1),
    "pdtrik": _inverse(_POISSON, 0),
    "bdtr": (None, None, lambda k, n, p, y: _binomial_slope(k, n, p)),
    "bdtrc": (None, None, lambda k, n, p, y: -_binomial_slope(k, n, p)),
    "bdtri": (None, None, lambda k, n, y, p: 1 / _binomial_slope(k, n, p)),
    "nbdtr": (None, None, lambda k, n, p, y: _negative_binomial_slope(k, n, p)),
    "nbdtrc": (None, None, lambda k, n, p, y: -_negative_binomial_slope(k, n, p)),
    "nbdtri": (None, None, lambda k, n, y, p: 1 / _negative_binomial_slope(k, n, p)),
    "pdtr": (None, lambda k, m, y: _poisson_slope(k, m)),
    "pdtrc": (None, lambda k, m, y: -_poisson_slope(k, m)),
    "pdtri": (None, lambda k, y, m: 1 / _poisson_slope(k, m)),
    "chndtr": (lambda x, df, nc, y: _noncentral_chi2_pdf(x, df, nc), None,
               lambda x, df, nc, y: _noncentral_chi2_nc(x, df, nc)),
    "chndtrix": (lambda p, df, nc, x: 1 / _noncentral_chi2_pdf(x, df, nc), None,
                 lambda p, df, nc, x: -_noncentral_chi2_nc(x, df, nc) / _noncentral_chi2_pdf(x, df, nc)),
    "chndtrinc": (lambda x, df, p, nc: -_noncentral_chi2_pdf(x, df, nc) / _noncentral_chi2_nc(x, df, nc),
                  None, lambda x, df, p, nc: 1 / _noncentral_chi2_nc(x, df, nc)),
    "ncfdtr": (None, None, lambda n, d, nc, f, y: _noncentral_f_nc(n, d, nc, f),
               lambda n, d, nc, f, y: _noncentral_f_pdf(n, d, nc, f)),
    "ncfdtri": (None, None,
                lambda n, d, nc, p, f: -_noncentral_f_nc(n, d, nc, f) / _noncentral_f_pdf(n, d, nc, f),
                lambda n, d, nc, p, f: 1 / _noncentral_f_pdf(n, d, nc, f)),
    "ncfdtrinc": (None, None, lambda n, d, p, f, nc: 1 / _noncentral_f_nc(n, d, nc, f),
                  lambda n, d, p, f, nc: -_noncentral_f_pdf(n, d, nc, f) / _noncentral_f_nc(n, d, nc, f)),
    "nctdtr": (None, lambda df, nc, t, y: _noncentral_t_nc(df, nc, t),
               lambda df, nc, t, y: _noncentral_t_pdf(df, nc, t)),
    "nctdtrit": (None, lambda df, nc, p, t: -_noncentral_t_nc(df, nc, t) / _noncentral_t_pdf(df, nc, t),
                 lambda df, nc, p, t: 1 / _noncentral_t_pdf(df, nc, t)),
    "nctdtrinc": (None, lambda df, p, t, nc: 1 / _noncentral_t_nc(df, nc, t),
                  lambda df, p, t, nc: -_noncentral_t_pdf(df, nc, t) / _noncentral_t_nc(df, nc, t)),
    "_binom_pmf": (None, None, lambda k, n, p, y: y * (k / p - (n - k) / (1 - p))),
    "_binom_cdf": (None, None, lambda k, n, p, y: _binomial_slope(k, n, p)),  # of whole k, as scipy.stats gives them
    "_binom_sf": (None, None, lambda k, n, p, y: -_binomial_slope(k, n, p)),
    "_nbinom_pmf": (None, lambda k, n, p, y: y * (_digamma_rise(n, k) + np.log(p)),
                    lambda k, n, p, y: y * (n / p - k / (1 - p))),
    "_nbinom_cdf": (None, lambda k, n, p, y: _beta_shape(n, np.floor(k) + 1, p, 1 - p),
                    lambda k, n, p, y: _negative_binomial_slope(k, n, p)),
    "_nbinom_sf": (None, lambda k, n, p, y: -_beta_shape(n, np.floor(k) + 1, p, 1 - p),
                   lambda k, n, p, y: -_negative_binomial_slope(k, n, p)),
    "_nbinom_mean": (lambda n, p, y: (1 - p) / p, lambda n, p, y: -n / (p * p)),
    "_nbinom_variance": (lambda n, p, y: (1 - p) / (p * p), lambda n, p, y: n * (p - 2) / (p * p * p)),
    "_ncx2_pdf": (lambda x, df, nc, y: _noncentral_chi2_pdf_slopes(x, df, nc, y)[0], None,
                  lambda x, df, nc, y: _noncentral_chi2_pdf_slopes(x, df, nc, y)[1]),
    "_ncx2_sf": (lambda x, df, nc, y: -_noncentral_chi2_pdf(x, df, nc), None,
                 lambda x, df, nc, y: -_noncentral_chi2_nc(x, df, nc)),
    "_ncx2_isf": (lambda p, df, nc, x: -1 / _noncentral_chi2_pdf(x, df, nc), None,
                  lambda p, df, nc, x: -_noncentral_chi2_nc(x, df, nc) / _noncentral_chi2_pdf(x, df, nc)),
    "_ncf_pdf": (lambda f, n, d, nc, y: _noncentral_f_pdf_slopes(f, n, d, nc, y)[0], None, None,
                 lambda f, n, d, nc, y: _noncentral_f_pdf_slopes(f, n, d, nc, y)[1]),
    "_ncf_sf": (lambda f, n, d, nc, y: -_noncentral_f_pdf(n, d, nc, f), None, None,
                lambda f, n, d, nc, y: -_noncentral_f_nc(n, d, nc, f)),
    "_ncf_isf": (lambda p, n, d, nc, f: -1 / _noncentral_f_pdf(n, d, nc, f), None, None,
                 lambda p, n, d, nc, f: -_noncentral_f_nc(n, d, nc, f) / _noncentral_f_pdf(n, d, nc, f)),
    "_nct_pdf": (lambda t, df, nc, y: _noncentral_t_pdf_slopes(t, df, nc, y)[0], None,
                 lambda t, df, nc, y: _noncentral_t_pdf_slopes(t, df, nc, y)[1]),
    "_nct_sf": (lambda t, df, nc, y: -_noncentral_t_pdf(df, nc, t), None,
                lambda t, df, nc, y: -_noncentral_t_nc(df, nc, t)),
    "_nct_isf": (lambda p, df, nc, t: -1 / _noncentral_t_pdf(df, nc, t), None,
                 lambda p, df, nc, t: -_noncentral_t_nc(df, nc, t) / _noncentral_t_pdf(df, nc, t)),
    "_nct_mean": (lambda df, nc, y: _noncentral_t_mean_df(df, y),
                  lambda df, nc, y: np.sqrt(df / 2) * sp.poch(df / 2, -0.5)),
    "_nct_variance": (lambda df, nc, y: -2 * (1 + nc * nc) / ((df - 2) * (df - 2)) - 2 * _noncentral_t_mean_df(
                          df, nc * nc * df / 2 * sp.poch(df / 2, -0.5) ** 2),
                      lambda df, nc, y: 2 * nc * (df / (df - 2) - df / 2 * sp.poch(df / 2, -0.5) ** 2)),
    "_skewnorm_cdf": _forward(_SKEW_NORMAL),
    "_skewnorm_ppf": _inverse(_SKEW_NORMAL, 0),
    "_skewnorm_isf": _inverse(_SKEW_NORMAL, 0, -1),
    "_invgauss_ppf": _inverse(_INVERSE_GAUSSIAN, 0),
    "_invgauss_isf": _inverse(_INVERSE_GAUSSIAN, 0, -1),
    "_cosine_cdf": (lambda x, y: np.where(np.abs(x) < PI, (1 + np.cos(x)) / (2 * PI), 0.0),),
    "_cosine_invcdf": (lambda p, x: 2 * PI / (1 + np.cos(x)),),
    "_landau_cdf": _forward(_LANDAU),
    "_landau_sf": _forward(_LANDAU, -1),
    "_landau_ppf": _inverse(_LANDAU, 0),
    "_landau_isf": _inverse(_LANDAU, 0, -1),
    "_kolmogp": (lambda x, y: _kolmogorov_curvature(x),),
    "_kolmogc": (lambda x, y: -_kolmogorov_slope(x),),
    "_kolmogci": (lambda p, x: -1 / _kolmogorov_slope(x),),
    "_smirnovc": (None, lambda n, x, y: -_ufuncs._smirnovp(n, x)),
    "_smirnovci": (None, lambda n, p, x: -1 / _ufuncs._smirnovp(n, x)),
    "kolmogorov": (lambda x, y: _kolmogorov_slope(x),),
    "kolmogi": (lambda p, x: 1 / _kolmogorov_slope(x),),
    "smirnov": (None, lambda n, x, y: _ufuncs._smirnovp(n, x)),
    "smirnovi": (None, lambda n, p, x: 1 / _ufuncs._smirnovp(n, x)),
    "tklmbda": (_tukey_slope, _tukey_order),
})

# piecewise constant
PLAIN = set(_table(dict.fromkeys(("gammasgn", "round", "_binom_ppf", "_binom_isf", "_nbinom_ppf", "_nbinom_isf"))))

_BY_PARAMETER = "its derivatives need that of a distribution in a parameter, which has no closed form"
_BY_CHARACTERISTIC = "the derivatives of the characteristic values have no closed form"

# what has no closed form in any of its arguments, and why
UNSUPPORTED = _table({
    **dict.fromkeys(("chndtridf", "ncfdtridfd", "ncfdtridfn", "nctdtridf"), _BY_PARAMETER),
    **dict.fromkeys(("mathieu_a", "mathieu_b", "obl_cv", "pro_cv"), _BY_CHARACTERISTIC),
    "_ellip_harm": "the derivatives of ellipsoidal harmonics have no closed form",
    "_landau_pdf": "the derivative of Landau's density has no closed form",
    "_smirnovp": "the second derivatives of Smirnov's distribution have no closed form",
})
