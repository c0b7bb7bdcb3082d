"""Derivatives of special functions in their parameters, where these are integrals without closed form.

The integrands are smooth and keep their sign, so that the sum of a quadrature rule keeps its relative accuracy. The
rule is the trapezoidal one after u = exp(s - exp(-s)), for integrands that decay on u > 0: H. Takahasi and M. Mori,
"Double exponential formulas for numerical integration", Publ. RIMS 9 (1974). All steps take dual numbers, which gives
the higher derivatives.
"""

import math

import numpy as np

_STEP = 1 / 14
_S = np.arange(-3.6, 6.5, _STEP)
_NODES = np.exp(_S - np.exp(-_S))
_WEIGHTS = _STEP * _NODES * (1 + np.exp(-_S))


def _half_line(integrand, width):
    """Integral over u > 0 of integrand(u), which changes on the scale of the width; u is along a new last axis."""
    return width * np.sum(integrand(width[..., None] * _NODES) * _WEIGHTS, axis=-1)


def _columns(*arrays):
    return [np.asarray(a)[..., None] if np.ndim(a) == 0 else a[..., None] for a in arrays]


# ---- incomplete gamma and beta functions ---------------------------------------------------------------------------
# The derivative of P(a, x) in a is the integral over (0, x), and minus that over (x, inf), of the density times
# log(t) - psi(a). The factor changes its sign at t = exp(psi(a)): the side without that point is taken. For a < 1 the
# density is flat on a logarithmic scale; one step of the recurrence in a leads to a + 1.

def gamma_shape(a, x, moment, psi):
    """dP(a, x)/da of the regularized lower incomplete gamma function.

    `moment` is the function x**a exp(-x)/gamma(a), `psi` the digamma function.
    """
    low = np.log(x) < psi(np.where(a < 1, a + 1, a))
    shape = np.where(low & (a < 1), a + 1, a)
    step = np.where(shape != a, moment(a + 1, x) / x * (np.log(x) - psi(a + 1)), 0.0)
    sign = np.where(low, -1.0, 1.0)
    width = 1 / (np.maximum(sign * (x - shape), 0) + np.sqrt(np.minimum(shape, x)))
    down, s, t, edge = _columns(low, shape, x, np.log(x) - psi(shape))

    def integrand(u):  # t = x exp(-u) below, x (1 + u) above
        log = np.where(down, -u, np.log1p(u))
        return np.exp((s - ~down) * log - t * np.where(down, np.expm1(-u), u)) * (edge + log)

    total = step - sign * moment(shape, x) * _half_line(integrand, width)
    return np.where(((x == 0) | (x == np.inf)) & (a == a), 0.0, total)


def beta_shape(a, b, x, q, moment, rise):
    """dI_x(a, b)/da of the regularized incomplete beta function, with q = 1 - x.

    `moment` is the function x**a q**b/B(a, b), `rise(a, b)` is psi(a + b) - psi(a). As for the gamma function; above
    the point of changing sign the step is one in b.
    """
    logx = np.where(q < 0.5, np.log1p(-q), np.log(x))
    low = logx + rise(np.where(a < 1, a + 1, a), b) < 0
    a_up, b_up = low & (a < 1), ~low & (b < 1)
    front = moment(a, b, x, q)
    step = np.where(b_up, -front / b * (logx + rise(a, b)), 0.0)
    step = np.where(a_up, front / a * (logx + rise(a + 1, b - 1)), step)
    front = front * np.where(a_up, x * (a + b) / a, np.where(b_up, q * (a + b) / b, 1.0))
    a, b = np.where(a_up, a + 1, a), np.where(b_up, b + 1, b)
    near, rate = np.where(low, x, q), np.where(low, a, b)
    width = 1 / (np.maximum(rate - (a + b) * near, 0) + np.sqrt((a + b) * x * q))
    down, z, r, n, edge = _columns(low, near, rate, a + b, logx + rise(a, b))
    known = (a == a) & (b == b)

    def integrand(u):  # the odds t/(1 - t) are exp(-u) or exp(u) times those of x
        fall = np.log1p(z * np.expm1(-u))
        return np.exp(-r * u - n * fall) * (edge - fall - np.where(down, u, 0.0))

    total = step + np.where(low, 1.0, -1.0) * front * _half_line(integrand, width)
    return np.where(((x == 0) | (q == 0)) & known, 0.0, total)


# ---- modified Bessel functions of the second kind --------------------------------------------------------------------

_POINTS = np.arange(1, 401) / 400


def bessel_k_order(v, x):
    """exp(x) times the derivative of K_v(x) in v: the integral over t > 0 of exp(-x (cosh(t) - 1)) t sinh(v t).

    DLMF 10.32.9. The trapezoidal rule, up to where the integrand has vanished: it is even and entire.
    """
    end = np.arccosh(1 + 45 / x) + 2 * np.arcsinh(np.abs(v) / x)
    order, x, t = _columns(v, x, end)
    t = t * _POINTS
    rise, half = order * t, np.sinh(t / 2)
    fall = 2 * x * half * half
    far = (np.exp(rise - fall) - np.exp(-rise - fall)) / 2
    terms = t * np.where(np.abs(rise) < 1, np.sinh(rise) * np.exp(-fall), far)
    return end / len(_POINTS) * np.sum(terms, axis=-1)


# ---- zeta functions ------------------------------------------------------------------------------------------------

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


def zeta_order(s, q):
    """The derivative of the Hurwitz zeta function in s, by Euler and Maclaurin's formula; DLMF 25.11.5 and 25.2.9."""
    s, q = s * 1.0, q * 1.0  # integers have no negative powers
    total = 0.0
    for k in range(12):
        total = total - np.log(q + k) * (q + k) ** -s
    end = q + 12
    log, power = np.log(end), end ** -s
    total = total - power * (end * (log / (s - 1) + 1 / (s - 1) ** 2) + log / 2)
    rising, slope = s, 1.0  # s (s+1) ... (s+2j-2) and its derivative
    for j, number in enumerate(_BERNOULLI, 1):
        scale = number / math.factorial(2 * j) * end ** (1 - 2 * j) * power
        total = total + scale * (slope - rising * log)
        for factor in (s + (2 * j - 1), s + 2 * j):
            rising, slope = rising * factor, slope * factor + rising
    return total
