"""How a function of SciPy becomes one that takes numbers with derivatives."""

import functools
import inspect

import numpy as np

from dualad._core.tracer import Tracer
from dualad.rules.algebra import innermost
from dualad.rules.formula import attach, leaves, value_at
from dualad.rules.packing import pack_if_needed

__all__ = ["adjoint", "depends_on_all", "from_formula", "from_rule", "swap"]


def _packed(x):
    """Lists and object arrays as numbers; a tuple is several arguments."""
    return tuple(_packed(v) for v in x) if isinstance(x, tuple) else pack_if_needed(x)


def from_rule(function, traces=False):
    """Decorator: `function` on plain arguments, the rule where an argument carries derivatives.

    The rule has the signature of the function. It gets the arguments that were given, by name, save for permissions to
    overwrite: what is overwritten could be the value of a number. Unless the rule `traces` patterns of sparsity itself,
    every result depends on everything for them.
    """
    def decorate(rule):
        signature = inspect.signature(rule)
        # SciPy 1.18 takes no lists in cho_factor and lstsq
        kinds = [p.kind for p in signature.parameters.values() if p.default is p.empty]
        matrices = kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD)

        @functools.wraps(rule)
        def public(*args, **kwargs):
            args, kwargs = [_packed(x) for x in args], {name: _packed(x) for name, x in kwargs.items()}
            args[:matrices] = [np.asarray(x) if isinstance(x, list) else x for x in args[:matrices]]
            lead = innermost(*leaves(args), *leaves(kwargs.values()))
            if lead is None:
                return function(*args, **kwargs)
            if type(lead) is Tracer and not traces:
                return depends_on_all(lead, public, args, kwargs)
            given = signature.bind(*args, **kwargs).arguments
            return rule(**{name: x for name, x in given.items() if not name.startswith("overwrite_")})

        return public

    return decorate


def depends_on_all(lead, function, args, kwargs):
    """The results of a function with the pattern where each of them depends on all arguments."""
    from dualad.sparse._tracing.dispatch import dense

    return dense(lead, function, args, kwargs)


def from_formula(function):
    """Decorator: the derivatives come from a formula, the value, which may round differently, from `function`."""
    def decorate(formula):
        def rule(**given):
            level = innermost(*leaves(given.values())).level
            value = public(**{name: value_at(x, level) for name, x in given.items()})
            with np.errstate(all="ignore"):
                derived = formula(**given)
            return attach(value, derived, level)

        public = from_rule(function, traces=True)(functools.wraps(formula)(rule))
        return public

    return decorate


def swap(a):
    """The matrix, or stack of matrices, transposed."""
    return np.swapaxes(a, -1, -2)


def adjoint(a):
    """The conjugate transpose."""
    return np.conj(swap(a))
