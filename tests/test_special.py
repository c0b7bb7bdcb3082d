"""The derivative table of scipy.special, against mpmath at 40 digits."""

import inspect
import math
import zlib

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp
from scipy.special import _ufuncs

import dualad as da
from dualad.rules.special import PARTIALS, PLAIN, UNSUPPORTED

ALL = {f for f in (getattr(sp, name) for name in dir(sp)) if isinstance(f, np.ufunc)}


def ufunc(name):
    """The ufunc of that name; skips where this SciPy has none."""
    found = [f for f in (getattr(sp, name, None), getattr(_ufuncs, name, None)) if isinstance(f, np.ufunc)]
    if not found:
        pytest.skip(f"this SciPy has no ufunc {name}")
    return found[0]


# ---- Reference functions, in mpmath ---------------------------------------------------------------------------------
# References may be given as a function of the inputs; as implicit(g), where g(*inputs, output) = 0; as slopes(f),
# where f gives the derivative itself, for integrals of their last argument.

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


def mp_ncfdtr(n, d, nc, f):
    return mp_mixture(nc, lambda j: mp_betai(n / 2 + j, d / 2, n * f / (d + n * f)))


def mp_nctdtr(df, nc, t):
    """AS 243: the normal distribution and two Poisson mixtures of the beta distribution."""
    if t < 0:
        return 1 - mp_nctdtr(df, -nc, -t)
    z, x = nc * nc / 2, t * t / (t * t + df)
    terms = (z ** j * (mp_betai(j + 0.5, df / 2, x) / mp.factorial(j)
                       + nc / mp.sqrt(2) / mp.gamma(j + 1.5) * mp_betai(j + 1.0, df / 2, x)) for j in range(50))
    return mp.ncdf(-nc) + mp.exp(-z) / 2 * mp.fsum(terms)


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


def mp_airye(z):
    zeta = 2 * z ** 1.5 / 3
    up, down = mp.exp(zeta), mp.exp(-abs(mp.re(zeta)))
    return (up * mp.airyai(z), up * mp.airyai(z, derivative=1), down * mp.airybi(z), down * mp.airybi(z, derivative=1))


def mp_airy(z):
    return mp.airyai(z), mp.airyai(z, derivative=1), mp.airybi(z), mp.airybi(z, derivative=1)


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


# ---- The cases: reference, domain of each argument, options ------------------------------------------------------------
# A domain is a pair of bounds, drawn from uniformly (log-uniformly over two positive decades and more; complex bounds
# span a box), or a list to choose from.

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
    "eval_hermitenorm": (lambda n, x: mp.mpf(2) ** (-mp.mpf(n) / 2) * mp.hermite(n, x / mp.sqrt(2)), [ORDERS, (-3, 3)]),
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
    "nrdtrisd": (lambda mn, p, x: (x - mn) / (mp.sqrt(2) * mp.erfinv(2 * p - 1)), [(-3, 0), (0.6, 0.98), (1, 3)]),
    "stdtr": (mp_student, [(0.3, 60), (-9, 9)]),
    "stdtrit": (implicit(lambda df, p, t: mp_student(df, t) - p), [(1, 60), UNIT]),
    "chdtr": (lambda v, x: mp_gammap(v / 2, x / 2), [(0.3, 60), (0.1, 60)]),
    "chdtrc": (lambda v, x: 1 - mp_gammap(v / 2, x / 2), [(0.3, 60), (0.1, 60)]),
    "chdtri": (implicit(lambda v, p, x: 1 - mp_gammap(v / 2, x / 2) - p), [(1, 60), UNIT]),
    "gdtr": (lambda a, b, x: mp_gammap(b, a * x), [(0.2, 3), (0.2, 20), (0.1, 20)]),
    "gdtrc": (lambda a, b, x: 1 - mp_gammap(b, a * x), [(0.2, 3), (0.2, 20), (0.1, 20)]),
    "gdtrix": (implicit(lambda a, b, p, x: mp_gammap(b, a * x) - p), [(0.2, 3), (0.8, 20), UNIT]),
    "gdtria": (implicit(lambda p, b, x, a: mp_gammap(b, a * x) - p), [UNIT, (0.8, 20), (0.2, 3)]),
    "fdtr": (mp_f, [(0.5, 40), (0.5, 40), (0.1, 9)]),
    "fdtrc": (lambda n, d, x: 1 - mp_f(n, d, x), [(0.5, 40), (0.5, 40), (0.1, 9)]),
    "fdtri": (implicit(lambda n, d, p, x: mp_f(n, d, x) - p), [(1, 40), (1, 40), UNIT]),
    "bdtr": (mp_binomial, [[0.0, 2.0, 5.7, 9.0], [10, 30], UNIT]),
    "bdtrc": (lambda k, n, p: 1 - mp_binomial(k, n, p), [[0.0, 2.0, 5.7, 9.0], [10, 30], UNIT]),
    "bdtri": (implicit(lambda k, n, y, p: mp_binomial(k, n, p) - y), [[0.0, 2.0, 5.0, 9.0], [10, 30], UNIT]),
    "nbdtr": (mp_negative_binomial, [[0, 2, 5, 20], [1, 4, 12], UNIT]),
    "nbdtrc": (lambda k, n, p: 1 - mp_negative_binomial(k, n, p), [[0, 2, 5, 20], [1, 4, 12], UNIT]),
    "nbdtri": (implicit(lambda k, n, y, p: mp_negative_binomial(k, n, p) - y), [[0, 2, 5, 20], [1, 4, 12], UNIT]),
    "pdtr": (mp_poisson, [[0.0, 2.0, 5.7, 20.0], (0.1, 30)]),
    "pdtrc": (lambda k, m: 1 - mp_poisson(k, m), [[0.0, 2.0, 5.7, 20.0], (0.1, 30)]),
    "pdtri": (implicit(lambda k, y, m: mp_poisson(k, m) - y), [[0, 2, 5, 20], UNIT]),
    "chndtr": (mp_chndtr, [(0.5, 30), (0.5, 20), (0.1, 20)]),
    "chndtrix": (implicit(lambda p, df, nc, x: mp_chndtr(x, df, nc) - p), [UNIT, (1, 20), (0.1, 20)]),
    "chndtrinc": (implicit(lambda x, df, p, nc: mp_chndtr(x, df, nc) - p), [(9, 30), (1, 3), (0.1, 0.6)]),
    "ncfdtr": (mp_ncfdtr, [(0.5, 20), (0.5, 20), (0.1, 20), (0.1, 9)]),
    "ncfdtri": (implicit(lambda n, d, nc, p, f: mp_ncfdtr(n, d, nc, f) - p), [(1, 20), (1, 20), (0.1, 9), UNIT]),
    "ncfdtrinc": (implicit(lambda n, d, p, f, nc: mp_ncfdtr(n, d, nc, f) - p), [(1, 9), (3, 20), (0.1, 0.6), (3, 9)]),
    "nctdtr": (mp_nctdtr, [(1, 20), (-3, 3), (-4, 4)]),
    "nctdtrit": (implicit(lambda df, nc, p, t: mp_nctdtr(df, nc, t) - p), [(1, 20), (-3, 3), UNIT]),
    "nctdtrinc": (implicit(lambda df, p, t, nc: mp_nctdtr(df, nc, t) - p), [(2, 20), UNIT, (0.5, 4)]),
    "kolmogorov": (mp_kolmogorov, [(0.25, 3)]),
    "kolmogi": (implicit(lambda p, x: mp_kolmogorov(x) - p), [UNIT]),
    "smirnov": (mp_smirnov, [[3, 10, 40], (0.05, 0.6)]),
    "smirnovi": (implicit(lambda n, p, x: mp_smirnov(n, x) - p), [[3, 10, 40], UNIT]),
    "tklmbda": (implicit(lambda x, c, p: mp_boxcox(p, c) - mp_boxcox(1 - p, c) - x), [(-0.4, 0.4), (-1.5, 2)]),
}

# what SciPy's own accuracy, or that of its inverses, permits
TOLERANCE = {}

# what mpmath does not have: compared with differences of SciPy's own function
DIFFERENCES = {}
