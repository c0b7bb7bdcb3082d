"""Solutions moved along by infinitesimal times, and times that are defined by an equation.

Where a time carries derivatives it is t + d with a plain t and an infinitesimal d, some power of which is zero. The
solution there is a finite Taylor series in d whose coefficients are total derivatives of the right-hand side along the
solution. This serves every number type and every depth of nesting: the powers of d vanish where the algebra ends.
"""

import numpy as np

from dualad.integrate._layout import Number, increment, order_of
from dualad.rules.algebra import primal
from dualad.transforms import jvp


def along(g, rhs):
    """The total time derivative of g(t, y) along solutions of y' = rhs(t, y), as a function of t and y."""
    def derivative(t, y):
        return jvp(g, (t, y), (1.0, rhs(t, y)))[1]

    return derivative


def flow(rhs, t, y, d):
    """The solution at t + d that is y at t: y + rhs d + (d rhs/dt) d**2/2 + ..."""
    total, power, slope = y, 1.0, rhs
    for k in range(1, order_of(d) + 1):
        slope = slope if k == 1 else along(slope, rhs)
        power = power * d / k
        total = total + slope(t, y) * power
    return total


def flow_back(rhs, t, y):
    """The solution at the plain value of t that is y at t itself."""
    d = increment(t)
    around = t if order_of(d) > 1 else float(primal(t))
    return flow(rhs, around, y, -d)


def flow_each(rhs, times, y, d):
    """`flow` of the columns of y, (n, m), at m times by m increments."""
    if not isinstance(d, Number):
        return y
    moved = [flow(rhs, t, y[:, i], d[i]) for i, t in enumerate(times)]
    return np.stack(moved, axis=-1)


def crossing(g, rhs, t, y):
    """The infinitesimal d with g(t + d, y(t + d)) = g0, the plain value of g(t, y), where y(t) = y is a number.

    Newton's method with a slope without derivatives: each iteration gets one more order of the infinitesimals right.
    To first order d = -g' / (g_t + g_y f), the derivative of the implicit function; see A. Griewank and A. Walther,
    *Evaluating Derivatives*, 2nd ed., SIAM 2008, section 15.1.
    """
    residual = increment(g(t, y))
    if not isinstance(residual, Number):
        return 0.0
    slope = primal(along(g, lambda t, y: primal(rhs(t, y)))(t, primal(y)))
    with np.errstate(all="ignore"):
        d = -residual / slope
        for _ in range(1, order_of(d)):
            d = d - increment(g(t + d, flow(rhs, t, y, d))) / slope
    return d
