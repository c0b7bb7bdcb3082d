"""numpy.emath: functions that go on into the complex plane where the real line ends."""

import numpy as np

from dualad.rules.algebra import primal
from dualad.rules.formula import array, formula_of


def _negative(x):
    return x < 0


def _beyond_one(x):
    return np.abs(x) > 1


def _widened(x, outside):
    """x as complex numbers if some of them lie outside."""
    x = array(x)
    return x.astype(complex) if np.isrealobj(primal(x)) and np.any(outside(primal(x))) else x


def _extended(name, outside):
    function, plain = getattr(np.emath, name), getattr(np, name)

    @formula_of(function)
    def rule(x):
        return plain(_widened(x, outside))

    return rule


@formula_of(np.emath.logn)
def _logn(n, x):
    return np.log(_widened(x, _negative)) / np.log(_widened(n, _negative))


@formula_of(np.emath.power)
def _power(x, p):
    return np.power(_widened(x, _negative), p)


FUNCTIONS = {
    **{getattr(np.emath, name): _extended(name, _negative) for name in ("sqrt", "log", "log2", "log10")},
    **{getattr(np.emath, name): _extended(name, _beyond_one) for name in ("arccos", "arcsin", "arctanh")},
    np.emath.logn: _logn, np.emath.power: _power,
}
