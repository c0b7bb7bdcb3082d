"""The derivative table of scipy.special, against mpmath at 40 digits."""

import inspect
import math
import zlib

import mpmath as mp
import numpy as np
import pytest
import scipy
import scipy.special as sp
from scipy.special import _ufuncs

import dualad as da
from conftest import assert_same_bits
from dualad.rules.special import PARTIALS, PLAIN, UNSUPPORTED

ALL = {f for f in (getattr(sp, name) for name in dir(sp)) if isinstance(f, np.ufunc)}


def named(name):
    """The ufuncs of that name: one, or none in another SciPy; a module may have the name too."""
    found = (getattr(module, name, None) for module in (sp, _ufuncs))
    return [f for f in found if isinstance(f, np.ufunc)][:1]


BROKEN = {"modfresnelp", "ncfdtr", "nctdtr", "hyp1f1", "hyp2f1", "pro_rad1", "obl_rad1", "pro_rad1_cv", "obl_rad1_cv"}
"""Values of SciPy before 1.15 are inaccurate, or end the process (radial functions)."""


def ufunc(name):
    if not named(name):
        pytest.skip(f"this SciPy has no ufunc {name}")
    if name in BROKEN and np.lib.NumpyVersion(scipy.__version__) < "1.15.0":
        pytest.skip(f"{name} of this SciPy is broken")
    return named(name)[0]


# ---- Reference functions, in mpmath ------------------------------------------------------------------------
# A reference is a function of the inputs; or implicit(g), where g(*inputs, output) = 0; or slopes(f), where f
# gives the derivative itself, for integrals of their argument.

class implicit:
    def __init__(self, equation):
        self.equation = equation


class slopes:
    def __init__(self, function):
        self.function = function


def mp_wofz(z):
    return mp.exp(-z * z) * mp.erfc(-1j * z)


def mp_voigt(x, sigma, gamma):
    return mp.re(mp_wofz((x + 1j * gamma) / (sigma * mp.sqrt(2)))) / (sigma * mp.sqrt(2 * mp.pi))


def mp_modfresnel(x, i):
    turn = mp.exp(-i * mp.pi / 4)
    f = mp.sqrt(mp.pi) / 2 / turn * mp.erfc(turn * x)
    return f, mp.exp(-i * (x * x + mp.pi / 4)) * f / mp.sqrt(mp.pi)


def mp_owens(h, a):
    return mp.quad(lambda t: mp.exp(-h * h * (1 + t * t) / 2) / (1 + t * t), [0, a]) / (2 * mp.pi)


def mp_gammap(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def mp_betai(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def mp_boxcox(x, lmbda):
    return (x ** lmbda - 1) / lmbda if lmbda else mp.log(x)


def mp_inv_boxcox(y, lmbda):
    return (1 + lmbda * y) ** (1 / lmbda) if lmbda else mp.exp(y)


def mp_student(df, t):
    tail = mp.hyp2f1(0.5, (df + 1) / 2, 1.5, -t * t / df)
    return 0.5 + t * mp.gamma((df + 1) / 2) / (mp.sqrt(mp.pi * df) * mp.gamma(df / 2)) * tail


def mp_f(n, d, x):
    return mp_betai(n / 2, d / 2, n * x / (d + n * x))


def mp_binomial(k, n, p):
    return mp.fsum(mp.binomial(n, j) * p ** j * (1 - p) ** (n - j) for j in range(int(k) + 1))


def mp_negative_binomial(k, n, p):
    return mp.fsum(mp.binomial(n + j - 1, j) * p ** n * (1 - p) ** j for j in range(int(k) + 1))


def mp_poisson(k, m):
    return mp.fsum(mp.exp(-m) * m ** j / mp.factorial(j) for j in range(int(k) + 1))


def mp_mixture(nc, term):
    """Sum of Poisson weights with mean nc/2 times term(j)."""
    return mp.fsum(mp.exp(-nc / 2) * (nc / 2) ** j / mp.factorial(j) * term(j) for j in range(70))


def mp_chndtr(x, df, nc):
    return mp_mixture(nc, lambda j: mp_gammap(df / 2 + j, x / 2))


def mp_chndtr_density(x, df, nc):
    power = (x / nc) ** (df / 4 - 0.5)
    return mp.exp(-(x + nc) / 2) / 2 * power * mp.besseli(df / 2 - 1, mp.sqrt(nc * x))


def mp_ncfdtr_density(f, n, d, nc):
    return mp_mixture(nc, lambda j: (n / d) ** (n / 2 + j) * f ** (n / 2 + j - 1) / (
        mp.beta(n / 2 + j, d / 2) * (1 + n * f / d) ** ((n + d) / 2 + j)))


def mp_nctdtr_density(t, df, nc):
    """By the integral of y**df exp(-(y - w)**2/2) over y > 0, a parabolic cylinder function."""
    w = nc * t / mp.sqrt(df + t * t)
    front = df ** (df / 2) * mp.exp(-df * nc * nc / (2 * (df + t * t))) / (
        mp.sqrt(mp.pi) * mp.gamma(df / 2) * 2 ** ((df - 1) / 2) * (df + t * t) ** ((df + 1) / 2))
    return front * mp.gamma(df + 1) * mp.exp(-w * w / 4) * mp.pcfd(-df - 1, -w)


def mp_ncfdtr(n, d, nc, f):
    return mp_mixture(nc, lambda j: mp_betai(n / 2 + j, d / 2, n * f / (d + n * f)))


def mp_nctdtr(df, nc, t):
    """AS 243: the normal distribution and two Poisson mixtures of the beta distribution."""
    if t < 0:
        return 1 - mp_nctdtr(df, -nc, -t)
    z, x = nc * nc / 2, t * t / (t * t + df)
    even = mp.fsum(z ** j / mp.factorial(j) * mp_betai(j + 0.5, df / 2, x) for j in range(50))
    odd = mp.fsum(z ** j / mp.gamma(j + 1.5) * mp_betai(j + 1.0, df / 2, x) for j in range(50))
    return mp.ncdf(-nc) + mp.exp(-z) / 2 * (even + nc / mp.sqrt(2) * odd)


def mp_nct_mean(df, nc):
    return nc * mp.sqrt(df / 2) * mp.gamma((df - 1) / 2) / mp.gamma(df / 2)


def mp_skew_normal(x, loc, scale, a):
    z = (x - loc) / scale
    return mp.ncdf(z) - 2 * mp_owens(z, a)


def mp_inverse_gaussian(x, mean, scale):
    root = mp.sqrt(scale / x)
    return mp.ncdf(root * (x / mean - 1)) + mp.exp(2 * scale / mean) * mp.ncdf(-root * (x / mean + 1))


def mp_kolmogorov(x):
    return 2 * mp.fsum((-1) ** (k - 1) * mp.exp(-2 * k * k * x * x) for k in range(1, 60))


def mp_smirnov(n, x):
    terms = range(int(math.floor(n * (1 - x))) + 1)
    return x * mp.fsum(mp.binomial(n, j) * (x + mp.mpf(j) / n) ** (j - 1) * (1 - x - mp.mpf(j) / n) ** (n - j)
                       for j in terms)


def mp_wright(a, b, x):
    return mp.fsum(x ** k / mp.factorial(k) * mp.rgamma(a * k + b) for k in range(120))


def mp_ellipj(u, m):
    sn, cn, dn = (mp.re(mp.ellipfun(kind, u, m=m)) for kind in ("sn", "cn", "dn"))
    return sn, cn, dn, mp.atan2(sn, cn)


def mp_airy(z):
    return mp.airyai(z), mp.airyai(z, derivative=1), mp.airybi(z), mp.airybi(z, derivative=1)


def mp_airye(z):
    ai, aip, bi, bip = mp_airy(z)
    up = mp.exp(2 * z ** 1.5 / 3)
    return up * ai, up * aip, bi / up, bip / up


def mp_kelvin(x):
    be = lambda t: mp.ber(0, t) + 1j * mp.bei(0, t)  # noqa: E731
    ke = lambda t: mp.ker(0, t) + 1j * mp.kei(0, t)  # noqa: E731
    return be(x), ke(x), mp.diff(be, x), mp.diff(ke, x)


def with_slope(f):
    """f and its derivative in the last argument, the outputs of the parabolic cylinder functions."""
    return lambda v, x: (f(v, x), mp.diff(lambda t: f(v, t), x))


def spherical(bessel):
    return lambda n, z: mp.sqrt(mp.pi / (2 * z)) * bessel(n + mp.mpf(1) / 2, z)


def spherical_slope(bessel):
    return lambda n, z: mp.diff(lambda t: spherical(bessel)(n, t), z)


def sh_jacobi(n, p, q, x):
    return mp.factorial(n) * mp.gamma(n + p) / mp.gamma(2 * n + p) * mp.jacobi(n, p - q, q - 1, 2 * x - 1)


# ---- The cases: reference, domain of each argument, options ------------------------------------------------
# A domain is a pair of bounds, drawn from uniformly (log-uniformly over two positive decades and more;
# complex bounds span a box), or a list to choose from.

ORDERS = [0, 1, 2, 5, 9]
REAL_ORDERS = (-3.7, 6.3)
UNIT = (0.02, 0.98)

CASES = {
    # error functions
    "erf": (mp.erf, [(-4, 4)]),
    "erfc": (mp.erfc, [(-4, 20)]),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), [(-4, 40)]),
    "erfi": (mp.erfi, [(-5, 5)]),
    "erfinv": (mp.erfinv, [(-0.99, 0.99)]),
    "erfcinv": (implicit(lambda x, y: mp.erfc(y) - x), [(1e-12, 1.9)]),
    "dawsn": (lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), [(-30, 30)]),
    "wofz": (mp_wofz, [(-20 - 3j, 20 + 9j)]),
    "voigt_profile": (mp_voigt, [(-30, 30), (0.1, 4), (0.1, 4)]),
    "fresnel": (lambda x: (mp.fresnels(x), mp.fresnelc(x)), [(-5, 5)]),
    "modfresnelp": (lambda x: mp_modfresnel(x, 1j), [(0, 20)]),
    "modfresnelm": (lambda x: mp_modfresnel(x, -1j), [(0, 20)]),
    "owens_t": (mp_owens, [(-3, 3), (-3, 3)]),
    # gamma functions
    "gamma": (mp.gamma, [(-5, 9)]),
    "gammaln": (lambda x: mp.log(abs(mp.gamma(x))), [(-5, 30)]),
    "loggamma": (mp.loggamma, [(0.01, 1e5)]),
    "rgamma": (mp.rgamma, [(-8, 9)]),
    "psi": (mp.digamma, [(-5, 30)]),
    "_riemann_zeta": (mp.zeta, [(-9, 9)]),
    "zetac": (lambda s: mp.zeta(s) - 1, [(-9, 9)]),
    "_zeta": (mp.zeta, [(1.2, 9), (0.1, 30)]),
    "poch": (mp.rf, [(-3, 9), (-2, 5)]),
    "beta": (mp.beta, [(0.1, 60), (0.1, 60)]),
    "betaln": (lambda a, b: mp.log(mp.beta(a, b)), [(0.1, 1e6), (0.1, 1e6)]),
    "binom": (mp.binomial, [(1, 30), (-2, 9)]),
    "gammainc": (mp_gammap, [(0.1, 40), (0.1, 60)]),
    "gammaincc": (lambda a, x: 1 - mp_gammap(a, x), [(0.1, 40), (0.1, 60)]),
    "gammaincinv": (implicit(lambda a, p, x: mp_gammap(a, x) - p), [(0.3, 40), UNIT]),
    "gammainccinv": (implicit(lambda a, p, x: 1 - mp_gammap(a, x) - p), [(0.3, 40), UNIT]),
    "betainc": (mp_betai, [(0.2, 40), (0.2, 40), UNIT]),
    "betaincc": (lambda a, b, x: 1 - mp_betai(a, b, x), [(0.2, 40), (0.2, 40), UNIT]),
    "betaincinv": (implicit(lambda a, b, p, x: mp_betai(a, b, x) - p), [(0.5, 40), (0.5, 40), UNIT]),
    "betainccinv": (implicit(lambda a, b, p, x: 1 - mp_betai(a, b, x) - p), [(0.5, 40), (0.5, 40), UNIT]),
    "_beta_pdf": (lambda x, a, b: x ** (a - 1) * (1 - x) ** (b - 1) / mp.beta(a, b), [UNIT, (0.3, 30), (0.3, 30)]),
    "_beta_ppf": (implicit(lambda p, a, b, x: mp_betai(a, b, x) - p), [UNIT, (0.5, 40), (0.5, 40)]),
    "_cauchy_ppf": (lambda p, m, s: m - s * mp.cot(mp.pi * p), [UNIT, (-3, 3), (0.1, 9)]),
    "_cauchy_isf": (lambda p, m, s: m + s * mp.cot(mp.pi * p), [UNIT, (-3, 3), (0.1, 9)]),
    # logistic, entropy and power functions
    "expit": (lambda x: 1 / (1 + mp.exp(-x)), [(-50, 50)]),
    "logit": (lambda x: mp.log(x / (1 - x)), [(0.0001, 0.9999)]),
    "log_expit": (lambda x: -mp.log1p(mp.exp(-x)), [(-50, 50)]),
    "xlogy": (lambda x, y: x * mp.log(y), [(-3, 3), (0.01, 9)]),
    "xlog1py": (lambda x, y: x * mp.log1p(y), [(-3, 3), (-0.99, 9)]),
    "entr": (lambda x: -x * mp.log(x), [(1e-9, 1e3)]),
    "rel_entr": (lambda x, y: x * mp.log(x / y), [(0.01, 5), (0.01, 5)]),
    "kl_div": (lambda x, y: x * mp.log(x / y) - x + y, [(0.01, 5), (0.01, 5)]),
    "huber": (lambda d, r: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2), [(0.5, 3), (-5, 5)]),
    "pseudo_huber": (lambda d, r: d * d * (mp.sqrt(1 + (r / d) ** 2) - 1), [(0.01, 9), (-5, 5)]),
    "powm1": (lambda x, y: x ** y - 1, [(0.1, 9), (-3, 3)]),
    "boxcox": (mp_boxcox, [(0.01, 50), (-2, 3)]),
    "boxcox1p": (lambda x, lmbda: mp_boxcox(1 + x, lmbda), [(-0.9, 9), (-2, 3)]),
    "inv_boxcox": (mp_inv_boxcox, [(0.1, 3), (-0.3, 3)]),
    "inv_boxcox1p": (lambda y, lmbda: mp_inv_boxcox(y, lmbda) - 1, [(0.1, 3), (-0.3, 3)]),
    "wrightomega": (lambda x: mp.lambertw(mp.exp(x)).real, [(-30, 30)]),
    "_lambertw": (lambda z, k, tol: mp.lambertw(z, k), [(-9 - 9j, 9 + 9j), [-1, 0, 1, 3], [1e-8]]),
    # elementary functions
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), [(-9, 9)]),
    "exp2": (lambda x: mp.mpf(2) ** x, [(-30, 30)]),
    "exp10": (lambda x: mp.mpf(10) ** x, [(-30, 30)]),
    "expm1": (mp.expm1, [(-60, 9)]),
    "exprel": (lambda x: mp.expm1(x) / x, [(-60, 60)]),
    "log1p": (mp.log1p, [(-0.99, 30)]),
    "cosm1": (lambda x: mp.cos(x) - 1, [(-9, 9)]),
    "sindg": (lambda x: mp.sin(mp.radians(x)), [(-900, 900)]),
    "cosdg": (lambda x: mp.cos(mp.radians(x)), [(-900, 900)]),
    "tandg": (lambda x: mp.tan(mp.radians(x)), [(-80, 80)]),
    "cotdg": (lambda x: mp.cot(mp.radians(x)), [(10, 170)]),
    "radian": (lambda d, m, s: mp.radians(d + m / 60 + s / 3600), [(-90, 90), (0, 60), (0, 60)]),
    "agm": (mp.agm, [(0.01, 60), (0.01, 60)]),
    # exponential, sine and other integrals
    "_log1mexp": (lambda x: mp.log1p(-mp.exp(x)), [(-60, -1e-6)]),
    "_log1pmx": (lambda x: mp.log1p(x) - x, [(-0.9, 9)]),
    "_lgam1p": (lambda x: mp.log(mp.gamma(1 + x)), [(-0.4, 9)]),
    "_sinpi": (mp.sinpi, [(-9, 9)]),
    "_cospi": (mp.cospi, [(-9, 9)]),
    "_scaled_exp1": (lambda x: x * mp.exp(x) * mp.e1(x), [(0.01, 1e4)]),
    "exp1": (mp.e1, [(0.01, 60)]),
    "expi": (mp.ei, [(-30, 30)]),
    "expn": (mp.expint, [ORDERS, (0.1, 30)]),
    "sici": (lambda x: (mp.si(x), mp.ci(x)), [(0.01, 60)]),
    "shichi": (lambda x: (mp.shi(x), mp.chi(x)), [(0.01, 60)]),
    "spence": (lambda z: mp.re(mp.polylog(2, 1 - z)), [(0.01, 30)]),
    "itj0y0": (slopes(lambda x: (mp.j0(x), mp.bessely(0, x))), [(0.1, 20)]),
    "iti0k0": (slopes(lambda x: (mp.besseli(0, x), mp.besselk(0, x))), [(0.1, 20)]),
    "it2j0y0": (slopes(lambda x: ((1 - mp.j0(x)) / x, -mp.bessely(0, x) / x)), [(0.01, 20)]),
    "it2i0k0": (slopes(lambda x: ((mp.besseli(0, x) - 1) / x, -mp.besselk(0, x) / x)), [(0.01, 20)]),
    "itstruve0": (slopes(lambda x: mp.struveh(0, x)), [(0.1, 20)]),
    "itmodstruve0": (slopes(lambda x: mp.struvel(0, x)), [(0.1, 20)]),
    "it2struve0": (slopes(lambda x: -mp.struveh(0, x) / x), [(0.1, 20)]),
    "itairy": (slopes(lambda x: (mp.airyai(x), mp.airybi(x), mp.airyai(-x), mp.airybi(-x))), [(0.1, 5)]),
    "besselpoly": (lambda a, s, v: mp.quad(lambda t: t ** s * mp.besselj(v, 2 * a * t), [0, 1]),
                   [(0.1, 3), [0.0, 1.0, 2.5], [0.0, 1.0, 3.0]]),
    # Bessel functions
    "j0": (mp.j0, [(-30, 30)]),
    "j1": (mp.j1, [(-30, 30)]),
    "y0": (lambda x: mp.bessely(0, x), [(0.01, 30)]),
    "y1": (lambda x: mp.bessely(1, x), [(0.01, 30)]),
    "i0": (lambda x: mp.besseli(0, x), [(-30, 30)]),
    "i1": (lambda x: mp.besseli(1, x), [(-30, 30)]),
    "k0": (lambda x: mp.besselk(0, x), [(0.01, 30)]),
    "k1": (lambda x: mp.besselk(1, x), [(0.01, 30)]),
    "i0e": (lambda x: mp.exp(-abs(x)) * mp.besseli(0, x), [(-90, 90)]),
    "i1e": (lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), [(-90, 90)]),
    "k0e": (lambda x: mp.exp(x) * mp.besselk(0, x), [(0.1, 900)]),
    "k1e": (lambda x: mp.exp(x) * mp.besselk(1, x), [(0.1, 900)]),
    "jv": (mp.besselj, [REAL_ORDERS, (0.1, 30)]),
    "yv": (mp.bessely, [REAL_ORDERS, (0.1, 30)]),
    "yn": (mp.bessely, [ORDERS, (0.1, 30)]),
    "iv": (mp.besseli, [REAL_ORDERS, (0.1, 30)]),
    "kv": (mp.besselk, [REAL_ORDERS, (0.1, 30)]),
    "kn": (mp.besselk, [ORDERS, (0.1, 30)]),
    "hankel1": (mp.hankel1, [REAL_ORDERS, (0.5 - 3j, 20 + 3j)]),
    "hankel2": (mp.hankel2, [REAL_ORDERS, (0.5 - 3j, 20 + 3j)]),
    "jve": (mp.besselj, [REAL_ORDERS, (0.1, 30)]),
    "yve": (mp.bessely, [REAL_ORDERS, (0.1, 30)]),
    "ive": (lambda v, x: mp.exp(-abs(x)) * mp.besseli(v, x), [REAL_ORDERS, (0.1, 900)]),
    "kve": (lambda v, z: mp.exp(z) * mp.besselk(v, z), [REAL_ORDERS, (0.1, 900)]),
    "hankel1e": (lambda v, z: mp.exp(-1j * z) * mp.hankel1(v, z), [REAL_ORDERS, (0.5 - 9j, 200 + 9j)]),
    "hankel2e": (lambda v, z: mp.exp(1j * z) * mp.hankel2(v, z), [REAL_ORDERS, (0.5 - 9j, 200 + 9j)]),
    "_iv_ratio": (lambda v, x: mp.besseli(v, x) / mp.besseli(v - 1, x), [(0.5, 20), (0.1, 30)]),
    "_iv_ratio_c": (lambda v, x: 1 - mp.besseli(v, x) / mp.besseli(v - 1, x), [(0.5, 20), (0.1, 30)]),
    "_spherical_jn": (spherical(mp.besselj), [ORDERS, (0.1, 30)]),
    "_spherical_yn": (spherical(mp.bessely), [ORDERS, (0.1, 30)]),
    "_spherical_in": (spherical(mp.besseli), [ORDERS, (0.1, 30)]),
    "_spherical_kn": (spherical(mp.besselk), [ORDERS, (0.1, 30)]),
    "_spherical_jn_d": (spherical_slope(mp.besselj), [ORDERS, (0.1, 30)]),
    "_spherical_yn_d": (spherical_slope(mp.bessely), [ORDERS, (0.1, 30)]),
    "_spherical_in_d": (spherical_slope(mp.besseli), [ORDERS, (0.1, 30)]),
    "_spherical_kn_d": (spherical_slope(mp.besselk), [ORDERS, (0.1, 30)]),
    # Airy, Struve, Kelvin and Wright functions
    "airy": (mp_airy, [(-9, 9)]),
    "airye": (mp_airye, [(0.1, 60)]),
    "struve": (mp.struveh, [(-0.4, 6.3), (0.1, 40)]),
    "modstruve": (mp.struvel, [(-0.4, 6.3), (0.1, 40)]),
    "ber": (lambda x: mp.ber(0, x), [(0.1, 9)]),
    "bei": (lambda x: mp.bei(0, x), [(0.1, 9)]),
    "ker": (lambda x: mp.ker(0, x), [(0.1, 9)]),
    "kei": (lambda x: mp.kei(0, x), [(0.1, 9)]),
    "berp": (lambda x: mp.diff(lambda t: mp.ber(0, t), x), [(0.1, 9)]),
    "beip": (lambda x: mp.diff(lambda t: mp.bei(0, t), x), [(0.1, 9)]),
    "kerp": (lambda x: mp.diff(lambda t: mp.ker(0, t), x), [(0.1, 9)]),
    "keip": (lambda x: mp.diff(lambda t: mp.kei(0, t), x), [(0.1, 9)]),
    "kelvin": (mp_kelvin, [(0.1, 9)]),
    "wright_bessel": (mp_wright, [(0.1, 3), (0.5, 3), (0.1, 9)]),
    "log_wright_bessel": (lambda a, b, x: mp.log(mp_wright(a, b, x)), [(0.1, 3), (0.5, 3), (0.1, 9)]),
    # elliptic integrals and functions
    "ellipk": (mp.ellipk, [(-9, 0.99)]),
    "ellipkm1": (lambda p: mp.ellipk(1 - p), [(1e-12, 9)]),
    "ellipe": (mp.ellipe, [(-9, 0.99)]),
    "ellipkinc": (mp.ellipf, [(-9, 9), (-3, 0.99)]),
    "ellipeinc": (mp.ellipe, [(-9, 9), (-3, 0.99)]),
    "ellipj": (mp_ellipj, [(-1.5, 1.5), (0.01, 0.99)]),
    "elliprc": (mp.elliprc, [(0.1, 9), (0.1, 9)]),
    "elliprd": (mp.elliprd, [(0.1, 9), (0.1, 9), (0.1, 9)]),
    "elliprf": (mp.elliprf, [(0.1, 9), (0.1, 9), (0.1, 9)]),
    "elliprg": (mp.elliprg, [(0.1, 9), (0.1, 9), (0.1, 9)]),
    "elliprj": (mp.elliprj, [(0.1, 9), (0.1, 9), (0.1, 9), (0.1, 9)]),
    # hypergeometric functions
    "hyp0f1": (mp.hyp0f1, [(0.5, 9), (-20, 20)]),
    "hyp1f1": (mp.hyp1f1, [(-3, 5), (0.5, 5), (-9, 9)]),
    "hyp2f1": (mp.hyp2f1, [(-3, 3), (-3, 3), (0.5, 5), (-3, 0.9)]),
    "hyperu": (mp.hyperu, [(0.5, 3), (0.2, 2.8), (0.5, 9)]),
    # orthogonal polynomials and Legendre functions
    "eval_legendre": (mp.legendre, [ORDERS, (-1, 1)]),
    "eval_sh_legendre": (lambda n, x: mp.legendre(n, 2 * x - 1), [ORDERS, (0, 1)]),
    "eval_chebyt": (mp.chebyt, [ORDERS, (-1, 1)]),
    "eval_chebyu": (mp.chebyu, [ORDERS, (-1, 1)]),
    "eval_chebyc": (lambda n, x: 2 * mp.chebyt(n, x / 2), [ORDERS, (-2, 2)]),
    "eval_chebys": (lambda n, x: mp.chebyu(n, x / 2), [ORDERS, (-2, 2)]),
    "eval_sh_chebyt": (lambda n, x: mp.chebyt(n, 2 * x - 1), [ORDERS, (0, 1)]),
    "eval_sh_chebyu": (lambda n, x: mp.chebyu(n, 2 * x - 1), [ORDERS, (0, 1)]),
    "eval_gegenbauer": (mp.gegenbauer, [ORDERS, (0.3, 4), (-1, 1)]),
    "eval_jacobi": (mp.jacobi, [ORDERS, (-0.5, 4), (-0.5, 4), (-1, 1)]),
    "eval_sh_jacobi": (sh_jacobi, [ORDERS, (3.1, 5), (0.3, 3), (0, 1)]),
    "eval_laguerre": (lambda n, x: mp.laguerre(n, 0, x), [ORDERS, (-3, 9)]),
    "eval_genlaguerre": (mp.laguerre, [ORDERS, (-0.5, 4), (-3, 9)]),
    "eval_hermite": (mp.hermite, [ORDERS, (-3, 3)]),
    "eval_hermitenorm": (lambda n, x: mp.mpf(2) ** (-mp.mpf(n) / 2) * mp.hermite(n, x / mp.sqrt(2)),
                         [ORDERS, (-3, 3)]),
    "sph_harm": (lambda m, n, theta, phi: mp.spherharm(n, m, phi, theta),
                 [[-2, 0, 1, 2], [2, 4], (-3, 3), (0.2, 3)]),
    "lpmv": (lambda m, v, x: mp.legenp(v, m, x, type=2), [[0, 1, 2, 4], [4, 5, 7], (-0.95, 0.95)]),
    # parabolic cylinder functions; the Mathieu and spheroidal functions are compared with differences below
    "pbdv": (with_slope(mp.pcfd), [(0.5, 6), (-4, 4)]),
    "pbvv": (with_slope(lambda v, x: mp.pcfv(-v - 0.5, x)), [(0.5, 3.5), (0.2, 4)]),
    "pbwa": (with_slope(mp.pcfw), [(-2, 2), (-3, 3)]),
    # distribution functions and their inverses
    "ndtr": (mp.ncdf, [(-30, 8)]),
    "ndtri": (implicit(lambda p, x: mp.ncdf(x) - p), [(1e-20, 0.99)]),
    "log_ndtr": (lambda x: mp.log(mp.ncdf(x)), [(-60, 8)]),
    "ndtri_exp": (implicit(lambda p, x: mp.log(mp.ncdf(x)) - p), [(-300, -0.01)]),
    "nrdtrimn": (lambda p, sd, x: x - sd * mp.sqrt(2) * mp.erfinv(2 * p - 1), [UNIT, (0.1, 3), (-3, 3)]),
    "nrdtrisd": (lambda mn, p, x: (x - mn) / (mp.sqrt(2) * mp.erfinv(2 * p - 1)),
                 [(-3, 0), (0.6, 0.98), (1, 3)]),
    "stdtr": (mp_student, [(0.3, 60), (-9, 9)]),
    "stdtrit": (implicit(lambda df, p, t: mp_student(df, t) - p), [(1, 60), UNIT]),
    "chdtr": (lambda v, x: mp_gammap(v / 2, x / 2), [(0.3, 60), (0.1, 60)]),
    "chdtrc": (lambda v, x: 1 - mp_gammap(v / 2, x / 2), [(0.3, 30), (1, 60)]),
    "stdtridf": (implicit(lambda p, t, df: mp_student(df, t) - p), [(0.75, 0.8), (1.05, 1.3)]),
    "chdtriv": (implicit(lambda p, x, v: mp_gammap(v / 2, x / 2) - p), [UNIT, (0.5, 30)]),
    "chdtri": (implicit(lambda v, p, x: 1 - mp_gammap(v / 2, x / 2) - p), [(1, 60), UNIT]),
    "gdtr": (lambda a, b, x: mp_gammap(b, a * x), [(0.2, 3), (0.2, 20), (0.1, 20)]),
    "gdtrc": (lambda a, b, x: 1 - mp_gammap(b, a * x), [(0.2, 3), (0.2, 9), (1, 20)]),
    "gdtrix": (implicit(lambda a, b, p, x: mp_gammap(b, a * x) - p), [(0.2, 3), (0.8, 20), UNIT]),
    "gdtria": (implicit(lambda p, b, x, a: mp_gammap(b, a * x) - p), [UNIT, (0.8, 20), (0.2, 3)]),
    "gdtrib": (implicit(lambda a, p, x, b: mp_gammap(b, a * x) - p), [(0.2, 3), UNIT, (0.5, 20)]),
    "fdtr": (mp_f, [(0.5, 40), (0.5, 40), (0.1, 9)]),
    "fdtrc": (lambda n, d, x: 1 - mp_f(n, d, x), [(0.5, 40), (0.5, 40), (0.1, 9)]),
    "fdtri": (implicit(lambda n, d, p, x: mp_f(n, d, x) - p), [(1, 40), (1, 40), UNIT]),
    "fdtridfd": (implicit(lambda n, p, x, d: mp_f(n, d, x) - p), [(3, 9), (0.8, 0.85), (2, 2.3)]),
    "btdtr": (mp_betai, [(0.2, 40), (0.2, 40), UNIT]),
    "btdtri": (implicit(lambda a, b, p, x: mp_betai(a, b, x) - p), [(0.5, 40), (0.5, 40), UNIT]),
    "btdtria": (implicit(lambda p, b, x, a: mp_betai(a, b, x) - p), [UNIT, (0.5, 20), (0.1, 0.9)]),
    "btdtrib": (implicit(lambda a, p, x, b: mp_betai(a, b, x) - p), [(0.5, 20), UNIT, (0.1, 0.9)]),
    "bdtrik": (implicit(lambda y, n, p, k: mp_betai(n - k, k + 1, 1 - p) - y), [(0.2, 0.8), (10, 30), (0.3, 0.7)]),
    "bdtrin": (implicit(lambda k, y, p, n: mp_betai(n - k, k + 1, 1 - p) - y), [(2, 9), (0.1, 0.9), (0.1, 0.7)]),
    "nbdtrik": (implicit(lambda y, n, p, k: mp_betai(n, k + 1, p) - y), [(0.4, 0.9), (3, 20), (0.2, 0.7)]),
    "nbdtrin": (implicit(lambda k, y, p, n: mp_betai(n, k + 1, p) - y), [(2, 9), (0.1, 0.9), (0.2, 0.7)]),
    "pdtrik": (implicit(lambda p, m, k: 1 - mp_gammap(k + 1, m) - p), [(0.4, 0.9), (3, 20)]),
    "bdtr": (mp_binomial, [[0.0, 2.0, 5.7, 9.0], [10, 30], UNIT]),
    "bdtrc": (lambda k, n, p: 1 - mp_binomial(k, n, p), [[0.0, 2.0, 5.7, 9.0], [10, 30], (0.02, 0.7)]),
    "bdtri": (implicit(lambda k, n, y, p: mp_binomial(k, n, p) - y), [[0.0, 2.0, 5.0, 9.0], [10, 30], UNIT]),
    "nbdtr": (mp_negative_binomial, [[0, 2, 5, 20], [1, 4, 12], UNIT]),
    "nbdtrc": (lambda k, n, p: 1 - mp_negative_binomial(k, n, p), [[0, 2, 5, 20], [1, 4, 12], UNIT]),
    "nbdtri": (implicit(lambda k, n, y, p: mp_negative_binomial(k, n, p) - y),
               [[0, 2, 5, 20], [1, 4, 12], UNIT]),
    "pdtr": (mp_poisson, [[0.0, 2.0, 5.7, 20.0], (0.1, 30)]),
    "pdtrc": (lambda k, m: 1 - mp_poisson(k, m), [[0.0, 2.0, 5.7, 20.0], (0.1, 30)]),
    "pdtri": (implicit(lambda k, y, m: mp_poisson(k, m) - y), [[0, 2, 5, 20], UNIT]),
    "chndtr": (mp_chndtr, [(0.5, 30), (0.5, 20), (0.1, 20)]),
    "chndtrix": (implicit(lambda p, df, nc, x: mp_chndtr(x, df, nc) - p), [UNIT, (1, 20), (0.1, 20)]),
    "chndtrinc": (implicit(lambda x, df, p, nc: mp_chndtr(x, df, nc) - p), [(9, 30), (1, 3), (0.1, 0.6)]),
    "ncfdtr": (mp_ncfdtr, [(0.5, 20), (0.5, 20), (0.1, 20), (0.1, 9)]),
    "ncfdtri": (implicit(lambda n, d, nc, p, f: mp_ncfdtr(n, d, nc, f) - p),
                [(1, 20), (1, 20), (0.1, 9), UNIT]),
    "ncfdtrinc": (implicit(lambda n, d, p, f, nc: mp_ncfdtr(n, d, nc, f) - p),
                  [(1, 9), (3, 20), (0.1, 0.6), (3, 9)]),
    "nctdtr": (mp_nctdtr, [(1, 20), (-3, 3), (-4, 4)]),
    "nctdtrit": (implicit(lambda df, nc, p, t: mp_nctdtr(df, nc, t) - p), [(1, 20), (-3, 3), UNIT]),
    "nctdtrinc": (implicit(lambda df, p, t, nc: mp_nctdtr(df, nc, t) - p), [(2, 20), UNIT, (0.5, 4)]),
    "_binom_pmf": (lambda k, n, p: mp.binomial(n, k) * p**k * (1 - p) ** (n - k), [[0, 2, 5], [10, 30], UNIT]),
    "_binom_cdf": (mp_binomial, [[0.0, 2.0, 5.0, 9.0], [10, 30], UNIT]),
    "_nbinom_pmf": (lambda k, n, p: mp.binomial(n + k - 1, k) * p**n * (1 - p) ** k, [[0, 2, 5], (0.5, 30), UNIT]),
    "_nbinom_cdf": (lambda k, n, p: mp_betai(n, mp.floor(k) + 1, p), [[0.0, 2.0, 5.0], (0.5, 30), UNIT]),
    "_nbinom_mean": (lambda n, p: n * (1 - p) / p, [(0.5, 30), UNIT]),
    "_nbinom_variance": (lambda n, p: n * (1 - p) / p**2, [(0.5, 30), UNIT]),
    "_ncx2_pdf": (mp_chndtr_density, [(0.5, 30), (0.5, 20), (0.1, 20)]),
    "_ncf_pdf": (mp_ncfdtr_density, [(0.1, 9), (0.5, 20), (0.5, 20), (0.1, 20)]),
    "_nct_pdf": (mp_nctdtr_density, [(-4, 4), (1, 20), (-3, 3)]),
    "_nct_mean": (mp_nct_mean, [(2, 30), (-3, 3)]),
    "_nct_variance": (lambda df, nc: df * (1 + nc**2) / (df - 2) - mp_nct_mean(df, nc) ** 2, [(3, 30), (-3, 3)]),
    "_skewnorm_cdf": (mp_skew_normal, [(-2, 3), (-1, 1), (0.5, 2), (-4, 4)]),
    "_skewnorm_ppf": (implicit(lambda p, m, s, a, x: mp_skew_normal(x, m, s, a) - p),
                      [UNIT, (-1, 1), (0.5, 2), (-4, 4)]),
    "_skewnorm_isf": (implicit(lambda p, m, s, a, x: 1 - mp_skew_normal(x, m, s, a) - p),
                      [UNIT, (-1, 1), (0.5, 2), (-4, 4)]),
    "_invgauss_ppf": (implicit(lambda p, m, s, x: mp_inverse_gaussian(x, m, s) - p), [UNIT, (0.3, 3), (0.5, 2)]),
    "_invgauss_isf": (implicit(lambda p, m, s, x: 1 - mp_inverse_gaussian(x, m, s) - p), [UNIT, (0.3, 3), (0.5, 2)]),
    "_cosine_cdf": (lambda x: 0.5 + (x + mp.sin(x)) / (2 * mp.pi), [(-3, 3)]),
    "_cosine_invcdf": (implicit(lambda p, x: 0.5 + (x + mp.sin(x)) / (2 * mp.pi) - p), [UNIT]),
    "_kolmogp": (lambda x: mp.diff(mp_kolmogorov, x), [(0.25, 3)]),
    "kolmogorov": (mp_kolmogorov, [(0.25, 3)]),
    "kolmogi": (implicit(lambda p, x: mp_kolmogorov(x) - p), [UNIT]),
    "smirnov": (mp_smirnov, [[3, 10, 40], (0.05, 0.6)]),
    "smirnovi": (implicit(lambda n, p, x: mp_smirnov(n, x) - p), [[3, 10, 40], UNIT]),
    "tklmbda": (implicit(lambda x, c, p: mp_boxcox(p, c) - mp_boxcox(1 - p, c) - x),
                [(-0.4, 0.4), (-1.5, 2)]),
}

# relative tolerance beyond the usual 1e-12, as SciPy's own accuracy permits
TOLERANCE = {
    "voigt_profile": 2e-11, "modfresnelp": 1e-11, "modfresnelm": 1e-11, "hankel2e": 1e-11, "hankel1e": 1e-11,
    "airye": 1e-11, "struve": 1e-11, "modstruve": 1e-10, "pbvv": 1e-11, "ker": 1e-8, "kei": 1e-8,
    "kerp": 1e-8, "keip": 1e-8, "kelvin": 1e-8, "hyperu": 1e-8, "nctdtr": 1e-7, "nctdtrit": 1e-7,
    "nctdtrinc": 1e-7, "_nct_pdf": 1e-10, "fresnel": 1e-11,
}

# complex arguments, of the last input
COMPLEX = {
    "erf": (mp.erf, []), "erfc": (mp.erfc, []), "erfi": (mp.erfi, []), "dawsn": (CASES["dawsn"][0], []),
    "erfcx": (CASES["erfcx"][0], []), "fresnel": (CASES["fresnel"][0], []),
    "ndtr": (lambda z: mp.erfc(-z / mp.sqrt(2)) / 2, []),
    "log_ndtr": (lambda z: mp.log(mp.erfc(-z / mp.sqrt(2)) / 2), []), "gamma": (mp.gamma, []),
    "rgamma": (mp.rgamma, []), "loggamma": (mp.loggamma, []), "expm1": (mp.expm1, []), "log1p": (mp.log1p,
               []),
    "xlogy": (lambda x, y: x * mp.log(y), [0.7]), "xlog1py": (lambda x, y: x * mp.log1p(y), [0.7]),
    "exp1": (mp.e1, []), "expi": (mp.ei, []), "spence": (lambda z: mp.polylog(2, 1 - z), []),
    "sici": (lambda z: (mp.si(z), mp.ci(z)), []), "shichi": (lambda z: (mp.shi(z), mp.chi(z)), []),
    "jv": (mp.besselj, [1.3]), "yv": (mp.bessely, [1.3]), "iv": (mp.besseli, [1.3]), "kv": (mp.besselk,
           [1.3]),
    "kve": (CASES["kve"][0], [1.3]), "airy": (mp_airy, []), "wrightomega": (lambda z: mp.lambertw(mp.exp(z)),
            []),
    "hyp0f1": (mp.hyp0f1, [1.3]), "hyp1f1": (mp.hyp1f1, [0.4, 1.3]), "hyp2f1": (mp.hyp2f1, [0.4, 1.3, 2.1]),
    "elliprf": (mp.elliprf, [0.4, 1.3]), "elliprd": (mp.elliprd, [0.4, 1.3]), "elliprc": (mp.elliprc, [0.4]),
    "elliprg": (mp.elliprg, [0.4, 1.3]), "elliprj": (mp.elliprj, [0.4, 1.3, 2.1]),
    "eval_legendre": (mp.legendre, [4.0]), "eval_jacobi": (mp.jacobi, [4.0, 0.3, 1.2]),
    "_spherical_jn": (spherical(mp.besselj), [2]), "_spherical_kn": (spherical(mp.besselk), [2]),
}

# compared with differences of SciPy's own function, for want of a reference
PROLATE, OBLATE = sp.pro_cv(1, 2, 1.5), sp.obl_cv(1, 2, 1.5)
DIFFERENCES = {
    "mathieu_cem": (2, 1.5, 40.0), "mathieu_sem": (1, 3.0, 100.0), "mathieu_modcem1": (2, 1.5, 0.7),
    "mathieu_modcem2": (2, 1.5, 0.7), "mathieu_modsem1": (2, 1.5, 0.7), "mathieu_modsem2": (2, 1.5, 0.7),
    "pro_ang1": (1, 2, 1.5, 0.3), "pro_rad1": (1, 2, 1.5, 3.3), "pro_rad2": (1, 2, 1.5, 3.3),
    "obl_ang1": (1, 2, 1.5, 0.3), "obl_rad1": (1, 2, 1.5, 3.3), "obl_rad2": (1, 2, 1.5, 3.3),
    "itj0y0": (2.3,), "iti0k0": (2.3,), "it2j0y0": (2.3,), "it2i0k0": (2.3,), "itstruve0": (2.3,),
    "itmodstruve0": (2.3,), "it2struve0": (2.3,), "itairy": (1.3,),
    "_landau_cdf": (1.3, 0.4, 1.7), "_landau_sf": (1.3, 0.4, 1.7), "_landau_ppf": (0.3, 0.4, 1.7),
    "_landau_isf": (0.3, 0.4, 1.7), "_smirnovci": (10, 0.3),
    "pro_ang1_cv": (1, 2, 1.5, PROLATE, 0.3), "pro_rad1_cv": (1, 2, 1.5, PROLATE, 3.3),
    "pro_rad2_cv": (1, 2, 1.5, PROLATE, 3.3), "obl_ang1_cv": (1, 2, 1.5, OBLATE, 0.3),
    "obl_rad1_cv": (1, 2, 1.5, OBLATE, 3.3), "obl_rad2_cv": (1, 2, 1.5, OBLATE, 3.3),
}

# one less another function, or another function at one less the first argument, which is tested: the other's name
# and its arguments
OTHER_TAIL = {
    "_binom_sf": ("_binom_cdf", (2.0, 9.0, 0.3), (0, 1, 2)), "_nbinom_sf": ("_nbinom_cdf", (2.0, 9.5, 0.3), (0, 1, 2)),
    "_ncx2_sf": ("chndtr", (3.0, 2.5, 1.3), (0, 1, 2)), "_ncx2_isf": ("chndtrix", (0.3, 2.5, 1.3), (0, 1, 2)),
    "_ncf_sf": ("ncfdtr", (1.3, 2.5, 4.5, 1.3), (1, 2, 3, 0)),
    "_ncf_isf": ("ncfdtri", (0.3, 2.5, 4.5, 1.3), (1, 2, 3, 0)),
    "_nct_sf": ("nctdtr", (1.3, 4.5, 0.7), (1, 2, 0)), "_nct_isf": ("nctdtrit", (0.3, 4.5, 0.7), (1, 2, 0)),
    "_smirnovc": ("smirnov", (10, 0.2), (0, 1)), "_kolmogc": ("kolmogorov", (0.9,), (0,)),
    "_kolmogci": ("kolmogi", (0.3,), (0,)),
}

# references that take seconds at second order, and functions without a second derivative
FIRST_ORDER_ONLY = {"chndtr", "chndtrix", "chndtrinc", "ncfdtr", "ncfdtri", "ncfdtrinc", "nctdtr", "nctdtrit",
                    "_ncf_pdf", "_skewnorm_ppf", "_skewnorm_isf",
                    "nctdtrinc", "pbwa", "lpmv", "kelvin", "kerp", "keip", "k1e", "smirnov", "smirnovi"}


# ---- Tools -------------------------------------------------------------------------------------------------

def draw(rng, domain):
    if isinstance(domain, list):
        return domain[rng.integers(len(domain))]
    low, high = domain
    if isinstance(low, complex):
        return complex(rng.uniform(low.real, high.real), rng.uniform(low.imag, high.imag))
    if low > 0 and high / low >= 100:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return float(rng.uniform(low, high))


def points(name, count):
    """Points of the domain, the same in every run."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return [tuple(draw(rng, domain) for domain in CASES[name][1]) for _ in range(count)]


def as_tuple(y):
    return y if isinstance(y, tuple) else (y,)


def to_mp(x):
    return x if isinstance(x, int) else mp.mpmathify(x)


def outputs(f, args):
    with np.errstate(all="ignore"):
        return as_tuple(f(*args))


def partial(f, i, args):
    """The table's derivative of every output in argument i."""
    outs = outputs(f, args)
    return as_tuple(PARTIALS[f][i](*(np.asarray(x)[()] for x in args), *outs))


def mp_partial(f, args, *orders):
    """A derivative of an mpmath function, once in each argument listed."""
    counts = [orders.count(i) for i in range(len(args))]
    live = [i for i, count in enumerate(counts) if count]

    def moved(*values):
        full = list(args)
        for i, value in zip(live, values, strict=True):
            full[i] = value
        return f(*full)

    return mp.diff(moved, tuple(args[i] for i in live), tuple(counts[i] for i in live))


def mp_partials(f, args, count, *orders):
    """The same for each of the outputs of f."""
    return tuple(mp_partial(lambda *a, k=k: as_tuple(f(*a))[k], args, *orders) for k in range(count))


def reference(case, args, outs, i):
    """d(outputs)/d(argument i) by mpmath."""
    args = [to_mp(x) for x in args]
    if isinstance(case, slopes):
        return as_tuple(case.function(*args))
    if isinstance(case, implicit):
        full = [*args, to_mp(outs[0])]
        return (-mp_partial(case.equation, full, i) / mp_partial(case.equation, full, len(args)),)
    return mp_partials(case, args, len(outs), i)


def second_reference(case, args, outs, i, j):
    """The second derivatives in arguments i and j; those of an implicit function by differentiating twice."""
    args = [to_mp(x) for x in args]
    if isinstance(case, slopes):
        return mp_partials(case.function, args, len(outs), i)
    if isinstance(case, implicit):
        full, y = [*args, to_mp(outs[0])], len(args)
        g = lambda *orders: mp_partial(case.equation, full, *orders)  # noqa: E731
        yi, yj = -g(i) / g(y), -g(j) / g(y)
        return (-(g(i, j) + g(i, y) * yj + g(j, y) * yi + g(y, y) * yi * yj) / g(y),)
    return mp_partials(case, args, len(outs), i, j)


def assert_near(actual, expected, rtol, atol, what):
    error = abs(mp.mpmathify(complex(actual)) - expected)
    assert error <= rtol * abs(expected) + atol, f"{what}: {actual}, not {mp.nstr(expected, 17)}"


def along(f, args, i):
    """f as a function of argument i."""
    return lambda x: f(*args[:i], x, *args[i + 1:])


def slope(f, args, i):
    """df/d(argument i) through the public API."""
    return da.jvp(along(f, args, i), (args[i],), (1.0,))[1]


def second_slope(f, args, i, j):
    inner = lambda x: slope(f, (*args[:j], x, *args[j + 1:]), i)  # noqa: E731
    return da.jvp(inner, (args[j],), (1.0,))[1]


def differentiable(f):
    return [i for i, entry in enumerate(PARTIALS[f]) if entry is not None]


# ---- The table as a whole ----------------------------------------------------------------------------------

def test_every_ufunc_is_in_exactly_one_table():
    tables = [set(PARTIALS), PLAIN, set(UNSUPPORTED)]
    assert {f.__name__ for f in ALL - set.union(*tables)} == set()
    assert len(set.union(*tables)) == sum(map(len, tables))


def test_entries_fit_their_functions():
    for f, entry in PARTIALS.items():
        assert len(entry) == f.nin, f.__name__
        assert any(entry), f.__name__
        for p in filter(None, entry):
            inspect.signature(p).bind(*range(f.nin + f.nout))


def test_every_entry_is_tested():
    tested = {f for name in {*CASES, *DIFFERENCES, *OTHER_TAIL} for f in named(name)}
    assert {f.__name__ for f in PARTIALS} <= {f.__name__ for f in tested}


# ---- Against mpmath ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", CASES)
def test_derivative(name):
    f, case = ufunc(name), CASES[name][0]
    rtol = TOLERANCE.get(name, 1e-12)
    with mp.workdps(40):
        for args in points(name, 5):
            outs = outputs(f, args)
            if not isinstance(case, (slopes, implicit)):
                for y, expected in zip(outs, as_tuple(case(*map(to_mp, args))), strict=True):
                    assert_near(y, expected, 1e-7, 1e-300, f"the value of {name}{args}")
            for i in differentiable(f):
                expected = reference(case, args, outs, i)
                for d, e, y in zip(partial(f, i, args), expected, outs, strict=True):
                    assert_near(d, e, rtol, 1e-14 * abs(y), f"derivative {i} of {name}{args}")


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_derivative(name):
    f, (case, parameters) = ufunc(name), COMPLEX[name]
    rng = np.random.default_rng(5)
    with mp.workdps(40):
        for _ in range(4):
            args = (*parameters, complex(rng.uniform(0.2, 3), rng.uniform(-2, 2)))
            outs, i = outputs(f, args), len(parameters)
            for d, expected, y in zip(partial(f, i, args), reference(case, args, outs, i), outs, strict=True):
                assert_near(d, expected, 1e-11, 1e-14 * abs(y), f"{name}{args}")


@pytest.mark.parametrize("name", DIFFERENCES)
def test_derivative_against_differences(name):
    f, args = ufunc(name), DIFFERENCES[name]
    x, h = args[-1], 1e-2 if name in ("mathieu_cem", "mathieu_sem") else 1e-3
    at = lambda k: np.array(outputs(f, (*args[:-1], x + k * h)))  # noqa: E731
    expected = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
    rtol = 1e-5 if name == "itairy" else 1e-8
    np.testing.assert_allclose(partial(f, len(args) - 1, args), expected, rtol=rtol)


@pytest.mark.parametrize("name", OTHER_TAIL)
def test_derivative_of_the_other_tail(name):
    f, (other, args, order) = ufunc(name), OTHER_TAIL[name]
    inverse = name.endswith("i") or name.endswith("isf")

    def same(*args):
        args = (1 - args[0], *args[1:]) if inverse else args
        y = ufunc(other)(*(args[i] for i in order))
        return y if inverse else 1 - y

    np.testing.assert_allclose(f(*args), same(*args), rtol=1e-9)
    for i in differentiable(f):
        np.testing.assert_allclose(slope(f, args, i), slope(same, args, i), rtol=1e-9)
        if name != "_smirnovc":
            np.testing.assert_allclose(second_slope(f, args, i, i), second_slope(same, args, i, i), rtol=1e-7)


@pytest.mark.parametrize("name", [name for name in CASES if name not in FIRST_ORDER_ONLY])
def test_second_derivative(name):
    f, case = ufunc(name), CASES[name][0]
    rtol = 100 * TOLERANCE.get(name, 1e-12)
    with mp.workdps(40):
        for args in points(name, 1):
            outs, live = outputs(f, args), differentiable(f)
            for i, j in [(i, j) for i in live for j in live if i <= j]:
                actual = as_tuple(second_slope(f, args, i, j))
                expected = second_reference(case, args, outs, i, j)
                scale = [abs(y) + abs(d) for y, d in zip(outs, partial(f, i, args), strict=True)]
                for a, e, s in zip(actual, expected, scale, strict=True):
                    assert_near(a, e, rtol, 1e-13 * s, f"derivative {i}, {j} of {name}{args}")


# ---- Special points: the limit, not NaN --------------------------------------------------------------------

INF, PI, EULER = math.inf, math.pi, 0.57721566490153286
K0 = PI / 2

# name, arguments, argument, derivative, second derivative (None: not claimed)
SPECIAL = [
    ("erf", (0.0,), 0, 2 / math.sqrt(PI), 0), ("erf", (INF,), 0, 0, None), ("erfc", (-INF,), 0, 0, None),
    ("erfcx", (0.0,), 0, -2 / math.sqrt(PI), 2), ("erfinv", (1.0,), 0, INF, INF),
    ("erfcinv", (0.0,), 0, -INF, INF), ("dawsn", (0.0,), 0, 1, 0),
    ("voigt_profile", (1.0, 0.0, 1.0), 0, -1 / (2 * PI), 1 / (2 * PI)),
    ("voigt_profile", (1.0, 0.0, 1.0), 1, 0, 1 / (2 * PI)),
    ("voigt_profile", (1.0, 0.0, 1.0), 2, 0, -1 / (2 * PI)), ("fresnel", (0.0,), 0, (0, 1), (0, 0)),
    ("owens_t", (0.0, 0.0), 1, 1 / (2 * PI), 0), ("gamma", (1.0,), 0, -EULER, EULER ** 2 + PI ** 2 / 6),
    ("rgamma", (0.0,), 0, 1, 2 * EULER), ("rgamma", (-3.0,), 0, -6, 12 * (11 / 6 - EULER)),
    ("poch", (0.0, 3), 0, 2, 6), ("poch", (-1.0, 3), 0, -1, 0), ("poch", (-3.0, 2), 0, -5, 2),
    ("binom", (3.0, 5.0), 0, -0.05, -1 / 12), ("binom", (5.0, 0.0), 0, 0, 0),
    ("gammainc", (1.0, 0.0), 1, 1, -1), ("gammainc", (2.0, 0.0), 1, 0, 1),
    ("gammainc", (0.5, 0.0), 1, INF, -INF), ("gammainc", (50.0, 0.0), 1, 0, 0),
    ("gammainc", (3.0, INF), 1, 0, 0), ("betainc", (1.0, 1.0, 0.0), 2, 1, 0),
    ("betainc", (2.0, 2.0, 0.0), 2, 0, 6), ("betainc", (2.0, 2.0, 1.0), 2, 0, -6),
    ("betainc", (20.0, 20.0, 1.0), 2, 0, 0), ("expit", (-800.0,), 0, 0, 0), ("expit", (800.0,), 0, 0, 0),
    ("expit", (0.0,), 0, 0.25, 0), ("logit", (0.0,), 0, INF, -INF), ("log_expit", (-800.0,), 0, 1, 0),
    ("log_expit", (800.0,), 0, 0, 0), ("xlogy", (0.0, 2.0), 0, math.log(2), 0),
    ("xlogy", (0.0, 2.0), 1, 0, 0), ("xlogy", (0.0, 0.0), 1, 0, 0), ("xlog1py", (0.0, -1.0), 1, 0, 0),
    ("entr", (0.0,), 0, INF, -INF), ("rel_entr", (0.0, 1.0), 0, -INF, INF), ("rel_entr", (0.0, 0.0), 1, 0, 0),
    ("kl_div", (0.0, 1.0), 1, 1, 0), ("kl_div", (0.0, 0.0), 1, 1, 0), ("kl_div", (1.0, 1.0), 0, 0, 1),
    ("huber", (1.0, 1.0), 0, 0, 0), ("huber", (1.0, -1.0), 1, -1, 1), ("pseudo_huber", (0.0, 1.0), 0, 1, -2),
    ("pseudo_huber", (1.0, 0.0), 1, 0, 1), ("pseudo_huber", (0.0, 0.0), 0, 0, 0),
    ("powm1", (0.0, 2.0), 0, 0, 2), ("powm1", (0.0, 0.0), 0, 0, 0),
    ("powm1", (2.0, 0.0), 1, math.log(2), math.log(2) ** 2),
    ("boxcox", (2.0, 0.0), 1, math.log(2) ** 2 / 2, math.log(2) ** 3 / 3), ("boxcox", (0.0, 1.0), 1, 1, -2),
    ("boxcox1p", (0.0, 0.0), 1, 0, 0), ("inv_boxcox", (1.0, 0.0), 1, -math.e / 2, 11 / 12 * math.e),
    ("inv_boxcox", (0.0, 0.0), 0, 1, 1), ("inv_boxcox1p", (1.0, 0.0), 0, math.e, math.e),
    ("wrightomega", (-800.0,), 0, 0, 0), ("_lambertw", (0.0, 0, 1e-8), 0, 1, -2),
    ("cbrt", (0.0,), 0, INF, None), ("expm1", (-50.0,), 0, math.exp(-50), math.exp(-50)),
    ("exprel", (0.0,), 0, 1 / 2, 1 / 3), ("exprel", (1e-9,), 0, 1 / 2 + 1e-9 / 3, 1 / 3 + 1e-9 / 4),
    ("cosm1", (0.0,), 0, 0, -1), ("agm", (1.0, 1.0), 0, 1 / 2, -1 / 8), ("agm", (0.0, 1.0), 0, INF, None),
    ("agm", (0.0, 1.0), 1, 0, 0), ("exp1", (0.0,), 0, -INF, INF), ("expn", (3, 0.0), 1, -1, INF),
    ("expn", (2, 0.0), 1, -INF, INF), ("sici", (0.0,), 0, (1, INF), (0, -INF)),
    ("shichi", (0.0,), 0, (1, INF), (0, -INF)), ("sici", (1e-9,), 0, (1, 1e9), (-1e-9 / 3, -1e18)),
    ("spence", (1.0,), 0, -1, 1 / 2),
    ("spence", (1 + 2.0 ** -30,), 0, -1 + 2.0 ** -31, 1 / 2 - 2 ** -30 * 2 / 3),
    ("spence", (0.0,), 0, -INF, None), ("it2j0y0", (0.0,), 0, (0, INF), (1 / 4, -INF)),
    ("it2i0k0", (0.0,), 0, (0, -INF), (1 / 4, INF)), ("it2struve0", (0.0,), 0, -2 / PI, 0),
    ("besselpoly", (0.0, 0, 0), 0, 0, -2 / 3), ("besselpoly", (0.0, 1, 1), 0, 1 / 3, 0),
    ("jv", (0, 0.0), 1, 0, -1 / 2), ("jv", (1, 0.0), 1, 1 / 2, 0), ("jv", (2, 0.0), 1, 0, 1 / 4),
    ("jv", (0.5, 0.0), 1, INF, -INF), ("iv", (0, 0.0), 1, 0, 1 / 2), ("iv", (1, 0.0), 1, 1 / 2, 0),
    ("j1", (0.0,), 0, 1 / 2, 0), ("i1", (0.0,), 0, 1 / 2, 0), ("i1e", (0.0,), 0, 1 / 2, None),
    ("i0e", (0.0,), 0, 0, None), ("y1", (0.0,), 0, INF, -INF), ("yn", (2, 0.0), 1, INF, -INF),
    ("k0", (0.0,), 0, -INF, INF), ("kn", (1, 0.0), 1, -INF, INF), ("_spherical_jn", (0, 0.0), 1, 0, -1 / 3),
    ("_spherical_jn", (1, 0.0), 1, 1 / 3, 0), ("_spherical_in", (1, 0.0), 1, 1 / 3, 0),
    ("struve", (0.0, 0.0), 1, 2 / PI, 0), ("struve", (1.0, 0.0), 1, 0, 4 / (3 * PI)),
    ("modstruve", (0.0, 0.0), 1, 2 / PI, 0), ("ber", (0.0,), 0, 0, 0), ("bei", (0.0,), 0, 0, 1 / 2),
    ("berp", (0.0,), 0, 0, 0), ("beip", (0.0,), 0, 1 / 2, 0), ("wright_bessel", (1.0, 1.0, 0.0), 2, 1, 1 / 2),
    ("ellipk", (0.0,), 0, K0 / 4, K0 * 9 / 32), ("ellipk", (1.0,), 0, INF, None),
    ("ellipkm1", (1.0,), 0, -K0 / 4, K0 * 9 / 32), ("ellipkm1", (1e-300,), 0, -5e299, None),
    ("ellipe", (0.0,), 0, -K0 / 4, -K0 * 3 / 32), ("ellipe", (1.0,), 0, -INF, None),
    ("ellipkinc", (0.0, 0.5), 0, 1, 0), ("ellipkinc", (0.0, 0.5), 1, 0, 0),
    ("ellipkinc", (1.0, 0.0), 1, (1 - math.sin(2) / 2) / 4, (12 - 8 * math.sin(2) + math.sin(4)) * 3 / 128),
    ("ellipeinc", (1.0, 0.0), 1, (math.sin(2) / 2 - 1) / 4, (8 * math.sin(2) - 12 - math.sin(4)) / 128),
    ("ellipkinc", (PI, 0.0), 1, PI / 4, PI * 9 / 32),
    ("ellipj", (0.0, 0.5), 0, (1, 0, 0, 1), (0, -1, -0.5, 0)),
    ("ellipj", (1.0, 0.0), 0, (math.cos(1), -math.sin(1), 0, 1), (-math.sin(1), -math.cos(1), 0, 0)),
    ("elliprc", (1.0, 1.0), 0, -1 / 6, 3 / 20), ("elliprc", (1.0, 1.0), 1, -1 / 3, 2 / 5),
    ("elliprf", (0.0, 1.0, 1.0), 1, -PI / 8, PI * 9 / 64), ("elliprf", (1.0, 1.0, 1.0), 0, -1 / 6, 3 / 20),
    ("elliprd", (1.0, 1.0, 1.0), 0, -3 / 10, 9 / 28), ("elliprd", (1.0, 1.0, 1.0), 2, -9 / 10, 45 / 28),
    ("elliprg", (1.0, 1.0, 1.0), 0, 1 / 6, -1 / 20), ("elliprg", (0.0, 0.0, 1.0), 2, 1 / 4, -1 / 8),
    ("elliprj", (1.0, 1.0, 1.0, 1.0), 0, -3 / 10, 9 / 28),
    ("elliprj", (1.0, 1.0, 1.0, 1.0), 3, -3 / 5, 6 / 7), ("hyp1f1", (1.0, 2.0, 0.0), 2, 1 / 2, 1 / 3),
    ("eval_legendre", (3, 1.0), 1, 6, 15), ("eval_legendre", (0, 0.5), 1, 0, 0),
    ("eval_chebyt", (4, 1.0), 1, 16, 80), ("eval_hermite", (0, 1.0), 1, 0, 0),
    ("eval_sh_jacobi", (0, 3.0, 2.0, 0.5), 3, 0, 0), ("lpmv", (0, 3, 1.0), 2, 6, 15),
    ("lpmv", (2, 3, -1.0), 2, -30, None), ("ndtri", (0.0,), 0, INF, -INF), ("log_ndtr", (-1e8,), 0, 1e8, -1),
    ("log_ndtr", (40.0,), 0, 0, 0),
    ("stdtr", (INF, 0.0), 1, 1 / math.sqrt(2 * PI), 0), ("chdtr", (2.0, 0.0), 1, 1 / 2, -1 / 4),
    ("fdtr", (2.0, 3.0, 0.0), 2, 1, -5 / 3), ("bdtr", (0, 5, 0.0), 2, -5, 20),
    ("bdtr", (4, 5, 1.0), 2, -5, -20), ("bdtr", (5, 5, 0.5), 2, 0, 0), ("nbdtr", (0, 1, 1.0), 2, 1, 0),
    ("pdtr", (0, 0.0), 1, -1, 1), ("pdtr", (2, 0.0), 1, 0, 0),
    ("chndtr", (1.0, 2.0, 0.0), 0, math.exp(-0.5) / 2, -math.exp(-0.5) / 4),
    ("nctdtr", (3.0, 0.0, 0.0), 2, 2 / (PI * math.sqrt(3)), 0),
    ("nctdtr", (3.0, 0.0, 0.0), 1, -1 / math.sqrt(2 * PI), 0), ("kolmogorov", (0.0,), 0, 0, 0),
    ("kolmogorov", (30.0,), 0, 0, 0), ("kolmogi", (1.0,), 0, -INF, None), ("smirnov", (3, 0.0), 1, -1, None),
    ("tklmbda", (0.0, 1.0), 0, 1 / 2, 0), ("tklmbda", (2.0, 1.0), 0, 0, 0),
    ("tklmbda", (0.0, 0.0), 0, 1 / 4, 0),
    ("modfresnelp", (0.0,), 0, (-1, (1j - 1) / math.sqrt(2 * PI)), None),
]


def first_word(x):
    return x if isinstance(x, str) else ""


@pytest.mark.parametrize("name, args, i, first, second", SPECIAL, ids=first_word)
@pytest.mark.filterwarnings("error")
def test_special_points(name, args, i, first, second):
    f = ufunc(name)
    np.testing.assert_allclose(slope(f, args, i), first, rtol=1e-12, atol=1e-15)
    if second is not None:
        np.testing.assert_allclose(second_slope(f, args, i, i), second, rtol=1e-10, atol=2e-15)


def test_mixed_derivatives_where_a_factor_vanishes():
    """At 0 the first derivative in y vanishes with x, but not its own derivative in x."""
    cases = [(sp.xlogy, (0.0, 2.0), 0.5), (sp.xlog1py, (0.0, 1.0), 0.5), (sp.rel_entr, (0.0, 2.0), -0.5),
             (sp.kl_div, (0.0, 2.0), -0.5), (sp.powm1, (2.0, 0.0), 0.5)]
    for f, args, expected in cases:
        assert second_slope(f, args, 0, 1) == expected
        assert second_slope(f, args, 1, 0) == expected


# ---- Tails and large parameters: full relative accuracy ----------------------------------------------------

def density_of_gamma(a, x):
    return mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))


def density_of_beta(a, b, x):
    return mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - mp.log(mp.beta(a, b)))


def density_of_t(df, t):
    factor = mp.exp(mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2)) / mp.sqrt(mp.pi * df)
    return factor * (1 + t * t / df) ** (-(df + 1) / 2)


def density_of_noncentral_chi2(x, df, nc):
    bessel = mp.besseli(df / 2 - 1, mp.sqrt(nc * x))
    return mp.exp(-(x + nc) / 2) / 2 * (x / nc) ** (df / 4 - 0.5) * bessel


TAILS = [
    ("erfc", (26.0,), 0, lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x)),
    ("erfcx", (6.9,), 0, lambda x: mp.diff(CASES["erfcx"][0], x)),
    ("erfcx", (1e6,), 0, lambda x: -1 / mp.sqrt(mp.pi) / x ** 2 * (1 - 3 / (2 * x * x))),
    ("dawsn", (6.9,), 0, lambda x: mp.diff(CASES["dawsn"][0], x)),
    ("dawsn", (-1e6,), 0, lambda x: -1 / (2 * x * x) * (1 + 3 / (2 * x * x))),
    ("expit", (-700.0,), 0, lambda x: mp.exp(x) / (1 + mp.exp(x)) ** 2),
    ("expit", (40.0,), 0, lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2),
    ("log_expit", (40.0,), 0, lambda x: 1 / (1 + mp.exp(x))),
    ("log_ndtr", (-40.0,), 0, lambda x: mp.npdf(x) / mp.ncdf(x)),
    ("log_ndtr", (30.0,), 0, lambda x: mp.npdf(x) / mp.ncdf(x)),
    ("exprel", (1e-5,), 0, lambda x: (mp.exp(x) * (x - 1) + 1) / x ** 2),
    ("exprel", (-1e4,), 0, lambda x: (mp.exp(x) * (x - 1) + 1) / x ** 2),
    ("kl_div", (1.0, 1 + 1e-9), 0, lambda x, y: mp.log(x / y)),
    ("kl_div", (1.0, 1 + 1e-9), 1, lambda x, y: 1 - x / y),
    ("boxcox", (3.0, 1e-9), 1, lambda x, c: mp.diff(lambda c: (x ** c - 1) / c, c)),
    ("inv_boxcox", (3.0, 1e-9), 1, lambda y, c: mp.diff(lambda c: mp.exp(mp.log1p(c * y) / c), c)),
    ("psi", (1e12,), 0, lambda x: mp.psi(1, x)),
    ("betaln", (1e9, 1e-3), 0, lambda a, b: mp.psi(0, a) - mp.psi(0, a + b)),
    ("betaln", (5.0, 1e-10), 0, lambda a, b: mp.psi(0, a) - mp.psi(0, a + b)),
    ("poch", (1e9, 1.5), 0, lambda z, m: mp.rf(z, m) * (mp.psi(0, z + m) - mp.psi(0, z))),
    ("gammainc", (1e6, 1.001e6), 1, density_of_gamma), ("gammainc", (1e10, 1e10), 1, density_of_gamma),
    ("gammainc", (300.0, 100.0), 1, density_of_gamma), ("gammainc", (11.0, 1e-5), 1, density_of_gamma),
    ("betainc", (1e6, 2e6, 0.3334), 2, density_of_beta), ("betainc", (3.0, 1e8, 2e-8), 2, density_of_beta),
    ("betainc", (1e8, 3.0, 1 - 2e-8), 2, density_of_beta),
    ("betainc", (400.0, 12.0, 0.8), 2, density_of_beta), ("stdtr", (1e7, 2.0), 1, density_of_t),
    ("stdtr", (2e3, 3.0), 1, density_of_t), ("stdtr", (0.3, 1e6), 1, density_of_t),
    ("i0e", (1e4,), 0, lambda x: mp.diff(CASES["i0e"][0], x)),
    ("i1e", (-60.0,), 0, lambda x: mp.diff(CASES["i1e"][0], x)),
    ("k0e", (1e4,), 0, lambda x: mp.diff(CASES["k0e"][0], x)),
    ("ive", (3.5, 1e4), 1, lambda v, x: mp.diff(lambda t: CASES["ive"][0](v, t), x)),
    ("kve", (3.5, 1e4), 1, lambda v, x: mp.diff(lambda t: CASES["kve"][0](v, t), x)),
    ("ellipkm1", (1e-12,), 0, lambda p: mp.diff(lambda t: mp.ellipk(1 - t), p)),
    ("ellipkinc", (1e-4, 0.3), 1, lambda phi, m: mp.diff(lambda t: mp.ellipf(phi, t), m)),
    ("elliprd", (1.0, 2.0, 1 + 1e-9), 0, lambda x, y, z: mp.diff(lambda t: mp.elliprd(t, y, z), x)),
    ("elliprd", (1.2, 30.0, 1.0), 0, lambda x, y, z: mp.diff(lambda t: mp.elliprd(t, y, z), x)),
    ("agm", (1e-12, 1.0), 0, lambda a, b: mp.diff(lambda t: mp.agm(t, b), a)),
    ("kolmogorov", (0.1,), 0,
      lambda x: -mp.diff(lambda t: mp.sqrt(2 * mp.pi) / t * mp.exp(-mp.pi ** 2 / (8 * t * t)), x)),
    ("kolmogorov", (9.0,), 0, lambda x: -8 * x * mp.exp(-2 * x * x)),
    ("tklmbda", (30.0, 0.0), 0, lambda x, c: mp.exp(-x) / (1 + mp.exp(-x)) ** 2),
    ("chndtr", (1e5, 3.0, 1e5), 0,
     density_of_noncentral_chi2),
]


@pytest.mark.parametrize("name, args, i, expected", TAILS, ids=first_word)
def test_tails_and_large_parameters(name, args, i, expected):
    with mp.workdps(60):
        (actual,) = partial(ufunc(name), i, args)
        assert_near(actual, expected(*map(mp.mpf, args)), 2e-12, 0, f"{name}{args}")


# ---- Through the public API --------------------------------------------------------------------------------

@pytest.mark.parametrize("name", CASES)
def test_dual_argument(name, rng):
    """The value is SciPy's to the bit, the tangents are the table's derivative times the given ones."""
    f, args = ufunc(name), points(name, 1)[0]
    for i in differentiable(f):
        x = args[i] + np.zeros(3)
        t = rng.standard_normal((2, 3))
        full = (*args[:i], x, *args[i + 1:])
        outs, derivatives = outputs(f, full), partial(f, i, full)
        single = as_tuple(along(f, args, i)(da.Dual(x, t[0])))
        several = as_tuple(along(f, args, i)(da.MultiDual(x, t)))
        for y, d, one, many in zip(outs, derivatives, single, several, strict=True):
            assert type(one) is da.Dual
            assert type(many) is da.MultiDual
            assert_same_bits(one.value, y)
            assert_same_bits(many.value, y)
            np.testing.assert_allclose(one.tangent, d * t[0], rtol=1e-14)
            np.testing.assert_allclose(many.tangents, d * t, rtol=1e-14)


@pytest.mark.parametrize("f", [f for f in PARTIALS if None in PARTIALS[f]], ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore:non-integer arg n:DeprecationWarning")
def test_argument_without_derivative_raises(f):
    f = ufunc(f.__name__)
    for i in set(range(f.nin)) - set(differentiable(f)):
        with pytest.raises(TypeError, match=rf"{f.__name__}.*(argument {i}\b|input types)"):
            along(f, (2,) * f.nin, i)(da.Dual(2.0, 1.0))


@pytest.mark.parametrize("f", UNSUPPORTED, ids=lambda f: f.__name__)
def test_unsupported_function_raises_with_the_reason(f):
    with pytest.raises(TypeError, match=rf"{f.__name__}.*{UNSUPPORTED[f]}"):
        f(da.Dual(2.0, 1.0), *(2.0,) * (f.nin - 1))


def test_piecewise_constant_functions_give_plain_arrays():
    x = np.array([-1.5, 0.3, 2.5])
    for f in (sp.round, sp.gammasgn):
        y = f(da.Dual(x, np.ones(3)))
        assert type(y) is np.ndarray
        assert_same_bits(y, f(x))
    for f in PLAIN - {sp.round, sp.gammasgn}:  # quantiles that are whole numbers
        assert_same_bits(f(0.3, da.Dual(9.0, 0.0), da.Dual(0.4, 1.0)), f(0.3, 9.0, 0.4))


@pytest.mark.parametrize("f", [sp.jve, sp.yve, sp.ive], ids=lambda f: f.__name__)
def test_function_that_is_not_holomorphic_refuses_complex_duals(f):
    with pytest.raises(TypeError, match="holomorphic"):
        f(1.5, da.Dual(np.array([1 + 2j]), np.array([1 + 0j])))


def test_two_dual_arguments_broadcast():
    a, b = np.array([[0.5], [2.0]]), np.array([1.0, 3.0, 4.0])
    ta, tb = np.array([[1.0], [-2.0]]), np.array([0.5, 0.0, 3.0])
    y = sp.beta(da.Dual(a, ta), da.Dual(b, tb))
    assert_same_bits(y.value, sp.beta(a, b))
    expected = sp.beta(a, b) * (sp.psi(a) * ta + sp.psi(b) * tb - sp.psi(a + b) * (ta + tb))
    np.testing.assert_allclose(y.tangent, expected, rtol=1e-13)


@pytest.mark.parametrize("name", ["erf", "gammaln", "ndtr", "expit", "exp1", "i0e", "ellipk", "log_ndtr"])
def test_single_precision_stays_single(name):
    f, x = ufunc(name), np.array([0.25, 0.5], np.float32)
    y = f(da.Dual(x, np.ones(2, np.float32)))
    assert_same_bits(y.value, f(x))
    assert y.tangent.dtype == np.float32
    np.testing.assert_allclose(y.tangent, partial(f, 0, (x.astype(float),))[0], rtol=1e-5)


def test_zero_tangents_stay_zero_at_singular_points():
    x = da.Dual(np.array([0.0, 0.25]), np.array([0.0, 1.0]))
    for f in (sp.entr, sp.logit, sp.cbrt, sp.k0, sp.ellipkm1):
        assert f(x).tangent[0] == 0


def test_functions_around_ufuncs():
    """Python functions of scipy.special that hand their arguments on to a ufunc."""
    x = da.Dual(1.5, 1.0)
    assert_near(sp.lambertw(x).tangent, mp.diff(mp.lambertw, 1.5), 1e-13, 0, "lambertw")
    assert_near(sp.zeta(3.0, x).tangent, -3 * mp.zeta(4, 1.5), 1e-13, 0, "zeta")
    assert_near(sp.jvp(2.5, x, 2).tangent, mp.besselj(2.5, 1.5, derivative=3), 1e-12, 0, "jvp")
    assert_near(sp.kvp(2.5, x).tangent, mp.diff(lambda t: mp.besselk(2.5, t), 1.5, 2), 1e-12, 0, "kvp")


WITH_DERIVATIVES = {
    "polygamma_0": (lambda s, x: s.polygamma(0, x), lambda x: mp.polygamma(0, x)),
    "polygamma_3": (lambda s, x: s.polygamma(3, x), lambda x: mp.polygamma(3, x)),
    "multigammaln": (lambda s, x: s.multigammaln(x + 2, 3),
                     lambda x: sum(mp.loggamma(x + 2 - mp.mpf(j) / 2) for j in range(3)) + 1.5 * mp.log(mp.pi)),
    "logsumexp": (lambda s, x: s.logsumexp([x, 2.0 * x, 1.0], b=[1.0, x, -0.25]),
                  lambda x: mp.log(mp.exp(x) + x * mp.exp(2 * x) - mp.exp(1) / 4)),
    "logsumexp_sign": (lambda s, x: s.logsumexp([x, 1.0], b=[-x, 1.0], return_sign=True)[0],
                       lambda x: mp.log(abs(mp.exp(1) - x * mp.exp(x)))),
    "softmax": (lambda s, x: s.softmax([x, x * x, 1.0])[1],
                lambda x: mp.exp(x * x) / (mp.exp(x) + mp.exp(x * x) + mp.exp(1))),
    "log_softmax": (lambda s, x: s.log_softmax([[x], [x * x]], axis=0)[0, 0],
                    lambda x: x - mp.log(mp.exp(x) + mp.exp(x * x))),
    "comb": (lambda s, x: s.comb(x + 4, x), lambda x: mp.binomial(x + 4, x)),
    "comb_with_repetition": (lambda s, x: s.comb(x + 4, 2, repetition=True), lambda x: mp.binomial(x + 5, 2)),
    "perm": (lambda s, x: s.perm(x + 4, 3), lambda x: mp.gamma(x + 5) / mp.gamma(x + 2)),
    "diric_odd": (lambda s, x: s.diric(x, 5), lambda x: mp.sin(5 * x / 2) / (5 * mp.sin(x / 2))),
    "diric_even": (lambda s, x: s.diric(x + 5, 4), lambda x: mp.sin(2 * x + 10) / (4 * mp.sin((x + 5) / 2))),
}
HALF_PI = mp.pi / 2
SPHERICAL = {  # DLMF 10.49
    "jn": (lambda z: mp.sin(z) / z, lambda z: mp.sin(z) / z**2 - mp.cos(z) / z,
           lambda z: (3 / z**3 - 1 / z) * mp.sin(z) - 3 / z**2 * mp.cos(z)),
    "yn": (lambda z: -mp.cos(z) / z, lambda z: -mp.cos(z) / z**2 - mp.sin(z) / z,
           lambda z: (1 / z - 3 / z**3) * mp.cos(z) - 3 / z**2 * mp.sin(z)),
    "in": (lambda z: mp.sinh(z) / z, lambda z: mp.cosh(z) / z - mp.sinh(z) / z**2,
           lambda z: (1 / z + 3 / z**3) * mp.sinh(z) - 3 / z**2 * mp.cosh(z)),
    "kn": (lambda z: HALF_PI * mp.exp(-z) / z, lambda z: HALF_PI * mp.exp(-z) * (1 / z + 1 / z**2),
           lambda z: HALF_PI * mp.exp(-z) * (1 / z + 3 / z**2 + 3 / z**3)),
}
WITH_DERIVATIVES |= {
    f"spherical_{kind}_{n}": (lambda s, x, kind=kind, n=n: getattr(s, f"spherical_{kind}")(n, x), reference)
    for kind, references in SPHERICAL.items() for n, reference in enumerate(references)
}
# before SciPy 1.17 some are NaN there
SIGNED = [name for name in WITH_DERIVATIVES if name.startswith("spherical") and
          np.isfinite(WITH_DERIVATIVES[name][0](sp, -1.3))]


@pytest.mark.parametrize(("name", "x"), [(name, 1.3) for name in WITH_DERIVATIVES] + [(name, -1.3) for name in SIGNED])
def test_functions_that_are_no_ufuncs(name, x):
    """The value is SciPy's; first to third derivatives of what SciPy would refuse."""
    function, reference = WITH_DERIVATIVES[name]
    special = da.numpy.special
    y = function(special, da.Taylor([x, 1.0, 0.0, 0.0]))
    assert y.value == function(sp, x) == function(special, x)
    slopes = [mp.diff(reference, x, k) for k in (1, 2, 3)]
    scale = max(1.0, *(abs(s) for s in slopes))
    for k, slope in enumerate(slopes):
        assert_near(y.coefficients[k + 1] * math.factorial(k + 1), slope, 1e-9, 1e-11 * scale, name)
    assert_near(da.derivative(lambda t: da.derivative(lambda u: function(special, u))(t))(x), slopes[1], 1e-9,
                1e-11 * scale, name)


def test_sums_of_exponentials_of_arrays():
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((2, 3, 4))
    special = da.numpy.special
    for axis in (None, 0, -1, (0, 1)):
        for keepdims in (False, True):
            y, slope = da.value_and_jacobian(lambda t, axis=axis, k=keepdims: special.logsumexp(t, axis, b * b, k))(a)
            np.testing.assert_array_equal(y, sp.logsumexp(a, axis, b * b, keepdims))
            np.testing.assert_allclose(slope, da.jacobian(
                lambda t, axis=axis, k=keepdims: np.log(np.sum(b * b * np.exp(t), axis, keepdims=k)))(a), atol=1e-15)
        y, slope = da.value_and_jacobian(lambda t, axis=axis: special.softmax(t, axis))(a)
        np.testing.assert_array_equal(y, sp.softmax(a, axis))
        np.testing.assert_allclose(slope, da.jacobian(
            lambda t, axis=axis: np.exp(t) / np.sum(np.exp(t), axis, keepdims=True))(a), atol=1e-15)
    far = da.Dual([1000.0, 1.0, -np.inf], [1.0, 1.0, 1.0])
    assert special.logsumexp(far).tangent == 1 and list(special.softmax(far).tangent) == [0, 0, 0]
    assert da.jacobian_sparsity(lambda t: special.logsumexp(t, 1), a).nnz == 12


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda s, x: s.polygamma(x, 2.0), TypeError, "no derivative by n: pass n as a plain number"),
    (lambda s, x: s.multigammaln(5.0, x), TypeError, "no derivative by d"),
    (lambda s, x: s.multigammaln(x, 2.5), ValueError, "positive integer"),
    (lambda s, x: s.multigammaln(x, 9), ValueError, "not met"),
    (lambda s, x: s.spherical_jn(x, 1.0), TypeError, "no derivative by n"),
    (lambda s, x: s.logsumexp(x * 1j, return_sign=True), TypeError, "leave return_sign away"),
    (lambda s, x: s.comb(x, 1, exact=True), TypeError, "exact=False"),
    (lambda s, x: s.perm(x, 1, exact=True), TypeError, "exact=False"),
    (lambda s, x: s.diric(0.3, x), TypeError, "no derivative by n"),
])
def test_what_functions_that_are_no_ufuncs_refuse(call, error, words):
    with pytest.raises(error, match=words):
        call(da.numpy.special, da.Dual(2.0, 1.0))


def test_the_dirichlet_kernel_at_its_peaks():
    """1 - (n*n - 1) x*x/24 + ..., and its mirror image where the sign of an even one turns."""
    x = np.array([0.0, 2 * np.pi, -2 * np.pi])
    y = da.taylor(lambda t: da.numpy.special.diric(t, 4), x, 2)
    np.testing.assert_allclose(y, [[1, -1, -1], [0, 0, 0], [-15 / 24, 15 / 24, 15 / 24]], atol=1e-13)
    assert np.isnan(da.derivative(lambda t: da.numpy.special.diric(t, np.array([0, 2.5])))(0.3)).all()


@pytest.mark.skipif(not hasattr(sp, "sph_harm_y"), reason="from SciPy 1.15 on")
@pytest.mark.parametrize(("n", "m"), [(0, 0), (2, 1), (3, -2), (4, 0), (4, 4), (5, -5)])
def test_spherical_harmonics(n, m):
    special, theta, phi = da.numpy.special, 1.2, 0.4
    y = lambda t: special.sph_harm_y(n, m, t[0], t[1])  # noqa: E731
    z = np.array([theta, phi])
    value, slopes = da.value_and_jacobian(y)(z)
    second = da.jacobian(da.jacobian(lambda t: y(t).real))(z)
    assert value == sp.sph_harm_y(n, m, theta, phi)
    with mp.workdps(30):
        f = lambda t, p: mp.spherharm(n, m, t, p)  # noqa: E731
        for i, order in enumerate([(1, 0), (0, 1)]):
            assert_near(slopes[i], mp.diff(f, (theta, phi), order), 1e-12, 1e-14, "slope")
        for (i, j), order in {(0, 0): (2, 0), (0, 1): (1, 1), (1, 1): (0, 2)}.items():
            assert_near(second[i, j], mp.re(mp.diff(f, (theta, phi), order)), 1e-11, 1e-13, "second slope")
    legendre = da.derivative(lambda t: special.sph_legendre_p(n, m, t))(np.array([theta, -theta]))
    expected = slopes[0].real / np.cos(m * phi)
    np.testing.assert_allclose(np.ravel(legendre), [expected, -expected], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ["polygamma", "multigammaln", "diric", "factorial", "comb", "perm"])
def test_functions_that_make_arrays_refuse_duals(name):
    extra = {"polygamma": (1,), "factorial": ()}
    before, after = extra.get(name, ()), () if name in extra else (2,)
    with pytest.raises(TypeError):
        getattr(sp, name)(*before, da.Dual(np.array([2.5, 3.5]), np.ones(2)), *after)


def test_derivatives_in_parameters_at_the_ends():
    """A distribution function is 0 and 1 at the ends whatever its parameters, unless one is not known."""
    for f, ends in ((sp.gammainc, [0.0, np.inf]), (lambda a, x: sp.betainc(a, 2.0, x), [0.0, 1.0])):
        assert list(da.derivative(lambda a, f=f, ends=ends: f(a, ends))(np.full(2, 1.5))) == [0, 0]
        assert np.isnan(da.derivative(lambda a, f=f, ends=ends: f(a, ends))(np.full(2, np.nan))).all()
    assert da.derivative(lambda v: sp.kv(v, 1.3))(0.0) == 0
    second = da.derivative(lambda v: sp.kv(v, 1.3), order=2)(0.0)
    np.testing.assert_allclose(second, float(mp.diff(lambda v: mp.besselk(v, 1.3), 0, 2)), rtol=1e-10)
