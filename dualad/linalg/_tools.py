"""How a function of SciPy becomes one that takes numbers with derivatives."""

import functools
import inspect

import numpy as np

from dualad.rules.algebra import innermost
from dualad.rules.formula import attach, leaves, value_at
from dualad.rules.packing import pack_if_needed

__all__ = ["adjoint", "from_formula", "from_rule", "swap"]


def _packed(x):
    """Lists and object arrays as numbers; a tuple is several arguments."""
    return tuple(_packed(v) for v in x) if isinstance(x, tuple) else pack_if_needed(x)


def from_rule(function):
    """Decorator: `function` on plain arguments, the rule where an argument carries derivatives.

    The rule has the signature of the function. It gets the arguments that were given, by name, save for permissions to
    overwrite: what is overwritten could be the value of a number.
    """
    def decorate(rule):
        signature = inspect.signature(rule)

        @functools.wraps(rule)
        def public(*args, **kwargs):
            args, kwargs = [_packed(x) for x in args], {name: _packed(x) for name, x in kwargs.items()}
            if innermost(*leaves(args), *leaves(kwargs.values())) is None:
                return function(*args, **kwargs)
            given = signature.bind(*args, **kwargs).arguments
            return rule(**{name: x for name, x in given.items() if not name.startswith("overwrite_")})

        return public

    return decorate


def from_formula(function):
    """Decorator: the derivatives come from a formula, the value, which may round differently, from `function`."""
    def decorate(formula):
        def rule(**given):
            level = innermost(*leaves(given.values())).level
            value = public(**{name: value_at(x, level) for name, x in given.items()})
            with np.errstate(all="ignore"):
                derived = formula(**given)
            return attach(value, derived, level)

        public = from_rule(function)(functools.wraps(formula)(rule))
        return public

    return decorate


def swap(a):
    """The matrix, or stack of matrices, transposed."""
    return np.swapaxes(a, -1, -2)


def adjoint(a):
    """The conjugate transpose."""
    return np.conj(swap(a))
