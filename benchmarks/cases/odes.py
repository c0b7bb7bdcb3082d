"""Forward sensitivities of differential equations beside variational equations written by hand and differences."""

import numpy as np
import scipy.integrate

import dualad as da

from ..peers import Plain
from ..work import Work

LOTKA_VOLTERRA = np.array([1.5, 1.0, 3.0, 1.0])
ROBERTSON = np.array([0.04, 1e4, 3e7])
TARGET = 2.0


def lotka_volterra(t, u, p):
    """Prey and predators."""
    return np.array([p[0] * u[0] - p[1] * u[0] * u[1], -p[2] * u[1] + p[3] * u[0] * u[1]])


def lotka_volterra_slopes(u, p):
    """Derivatives by state and parameters."""
    by_state = np.array([[p[0] - p[1] * u[1], -p[1] * u[0]], [p[3] * u[1], p[3] * u[0] - p[2]]])
    return by_state, np.array([[u[0], -u[0] * u[1], 0, 0], [0, 0, -u[1], u[0] * u[1]]])


def robertson(t, y, k):
    """Three reactions, of which one is fast."""
    slow, back, fast = k[0] * y[0], k[1] * y[1] * y[2], k[2] * y[1] ** 2
    return np.array([back - slow, slow - back - fast, fast])


def robertson_slopes(y, k):
    """Derivatives by state and parameters."""
    by_state = np.array([[-k[0], k[1] * y[2], k[1] * y[1]],
                         [k[0], -k[1] * y[2] - 2 * k[2] * y[1], -k[1] * y[1]],
                         [0, 2 * k[2] * y[1], 0]])
    a, b, c = y[0], y[1] * y[2], y[1] ** 2
    return by_state, np.array([[-a, b, 0], [a, -b, -c], [0, 0, c]])


class Problem:
    """One initial value problem and how it is solved; `kernel` is the name of what does so in C, if it exists."""

    def __init__(self, title, fun, slopes, y0, p, t, method, rtol, atol, kernel=None):
        self.kernel = kernel
        self.title, self.fun, self.slopes, self.y0, self.p = title, fun, slopes, np.array(y0), p
        self.t, self.method, self.rtol, self.atol = t, method, rtol, np.broadcast_to(atol, (len(y0),))

    def run(self, integrate, p, **options):
        """The solution, by SciPy or by what replaces it."""
        options = {"rtol": self.rtol, "atol": self.atol, **options}
        return integrate.solve_ivp(self.fun, (0, self.t), self.y0, self.method, args=(p,), **options)

    def solve(self, integrate, p, **options):
        """The final state."""
        return self.run(integrate, p, **options).y[:, -1]

    def times(self):
        """Between which dualad's steps lie when they carry the sensitivities."""
        found = []
        da.jacobian(lambda p: found.append(self.run(da.integrate, p)) or found[0].y[:, -1])(self.p)
        return found[0].t

    def tableau(self):
        """The coefficients of the stages, and of the result, of an explicit Runge-Kutta method."""
        method = getattr(scipy.integrate, self.method)
        return method.A, method.B

    accuracy = 1e-3

    def scaled(self, result):
        """Value and sensitivities that are comparable in size: by the logarithms of the parameters."""
        return result[0], result[1] * np.abs(self.p)

    def by_hand(self, tighter=1.0):
        """State and sensitivities, (n,) and (n, m), from the variational equations written out."""
        n, m, p = len(self.y0), len(self.p), self.p

        def augmented(t, z):
            by_state, by_p = self.slopes(z[:n], p)
            return np.concatenate([self.fun(t, z[:n], p), (z[n:].reshape(m, n) @ by_state.T + by_p.T).ravel()])

        scales = np.concatenate([[1.0], 1 / np.abs(p)])
        tolerances = {"rtol": self.rtol / tighter, "atol": (scales[:, None] * self.atol).ravel() / tighter}
        z0 = np.concatenate([self.y0, np.zeros(n * m)])
        z = scipy.integrate.solve_ivp(augmented, (0, self.t), z0, self.method, **tolerances).y[:, -1]
        return z[:n], z[n:].reshape(m, n).T


def works(quick):
    """Yield a smooth problem, then a stiff one."""
    problems = (
        Problem("Lotka-Volterra, 4 parameters, DOP853", lotka_volterra, lotka_volterra_slopes, [1.0, 1.0],
                LOTKA_VOLTERRA, 10.0, "DOP853", 1e-9, 1e-9, "lotka_volterra_solve"),
        Problem("Robertson, 3 parameters, BDF", robertson, robertson_slopes, [1.0, 0.0, 0.0], ROBERTSON, 40.0, "BDF",
                1e-6, [1e-9, 1e-13, 1e-9]),
    )
    for problem in problems:
        value, slopes = problem.by_hand(tighter=100.0)
        yield Work("odes", problem.title, len(problem.y0), "by hand", "sensitivities", (problem,),
                   problem.scaled((value, slopes)), Plain().sensitivities(problem), target=TARGET)
