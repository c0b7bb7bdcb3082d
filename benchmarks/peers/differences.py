"""Finite differences: inexact, what most programs use today."""

import importlib
import math

import numpy as np

from ..work import Contender
from .base import Peer


class SciPy(Peer):
    """SciPy's finite differences: inexact, what most programs use today."""

    name, module = "scipy FD", "scipy"
    largest = 10**4
    rtol = 1e-5

    def __init__(self):
        super().__init__()
        self.derivative = importlib.import_module("scipy.differentiate").derivative
        self.approx_fprime = importlib.import_module("scipy.optimize").approx_fprime

    def jvp(self, f, x, v):
        names = {"derivative": self.derivative, "f": f, "x": x}
        return self._contender("derivative(f, x)", names, lambda r: (None, r.df * v))

    def jacobian(self, f, x):
        names = {"approx_fprime": self.approx_fprime, "f": f, "x": x}
        return self._contender("approx_fprime(x, f)", names, lambda J: (None, J))

    def solution(self, ours, scipys, rtol, kernel):
        return scipys and Contender(self.name, "run()", {"run": scipys}, lambda x: (x, None), rtol=self.rtol)

    def scalar(self, formula, xs, vs):
        f = formula.bind(math.sin)
        names = {"approx_fprime": self.approx_fprime, "f": lambda p: f(p[0], p[1]), "x": np.array(xs)}
        return self._contender("approx_fprime(x, f)", names, lambda g: (None, g @ np.array(vs)))

    def sensitivities(self, problem):
        integrate = importlib.import_module("scipy.integrate")

        def differences(p):
            y, tighter = problem.solve(integrate, p), {"rtol": problem.rtol / 100, "atol": problem.atol / 100}
            steps = np.diag(1e-4 * p)
            return y, np.stack([problem.solve(integrate, p + h, **tighter) - problem.solve(integrate, p - h, **tighter)
                                for h in steps], -1) / (2e-4 * p)

        return Contender(self.name, "differences(p)", {"differences": differences, "p": problem.p}, problem.scaled,
                         rtol=problem.accuracy)


class SciPyColoured(Peer):
    """SciPy's finite differences with groups of columns, which are found before."""

    name, module = "scipy coloured FD", "scipy"
    rtol = 1e-4

    def sparse_jacobian(self, f, x, pattern, v):
        numdiff = importlib.import_module("scipy.optimize._numdiff")
        groups = numdiff.group_columns(pattern)
        names = {"derivative": numdiff.approx_derivative, "f": f, "x": x, "pattern": (pattern, groups)}
        return self._contender("derivative(f, x, method='2-point', sparsity=pattern)", names, lambda J: (None, J @ v))


class Numdifftools(Peer):
    """numdifftools: adaptive differences with Richardson extrapolation."""

    name = module = "numdifftools"
    largest = 100
    rtol = 1e-5

    def _driver(self, kind, f, x):
        return self._contender("driver(x)", {"driver": kind(f), "x": x}, lambda y: (None, y))

    def jacobian(self, f, x):
        return self._driver(self.lib.Jacobian, f, x)

    def hessian(self, f, x):
        return self._driver(self.lib.Hessian, f, x)

    def scalar(self, formula, xs, vs):
        f, xs, vs = formula.bind(math.sin), np.array(xs), np.array(vs)
        names = {"gradient": self.lib.Gradient(lambda p: f(p[0], p[1])), "x": xs}
        return self._contender("gradient(x)", names, lambda g: (None, g @ vs))
