"""Dense transforms of functions that turn out to be sparse: few directions in place of one for each unknown.

The pattern is that of the very call, and what comes out is compared with a directional derivative along a random line.
"""

import numpy as np

from dualad._context import ACTIVE
from dualad._core import Number
from dualad._sweeps import result_leaves
from dualad._trees import rebuild
from dualad.sparse._hessian import SparseHessian, looked_at, terms_function
from dualad.sparse._jacobian import Argument, SparseJacobian

_FEW = 4
"""Directions, as a part of the unknowns, from which on the dense way is as good."""


def jacobians(f, position, args, kwargs):
    """Values of the leaves of the result, their Jacobians (y.size, total), and its structure; None if f is dense."""
    argument = _plain_argument(f, position, args, kwargs)
    if argument is None:
        return None
    try:
        plan = SparseJacobian(f, argnum=position)
        prepared = plan.detected(args, kwargs, argument.size // _FEW)
        if prepared is None:
            return None
        value, matrix = plan.evaluated(argument, prepared)
        if len(plan.wrong_rows(argument, matrix)):
            return None
    except Exception:  # f cannot do with such arrays, or has an error of its own: the dense way shows it
        return None
    leaves, structure = result_leaves(value)
    if any(map(np.iscomplexobj, leaves)):
        return None
    ends = np.cumsum([np.size(y) for y in leaves])
    return leaves, np.split(matrix.toarray(), ends[:-1]), structure


def hessian(f, position, args, kwargs):
    """Value, gradient and sparse Hessian of f by its terms; None unless f is visibly a sum of terms of few unknowns."""
    argument = _plain_argument(f, position, args, kwargs)
    if argument is None:
        return None
    try:
        x = argument.plain()
        seen, y = looked_at(argument, x)
        most = argument.size / _FEW
        terms = SparseHessian(f, argnum=position).terms(argument, x, seen, False, most) if seen else None
        if terms is None or _FEW * terms.colours**2 > argument.size**2:
            return None
        first = SparseJacobian(terms_function(argument, seen), coloring=terms.coloring)
        gradient = first(rebuild(argument.structure, argument.leaves)).sum(axis=0)
        return y, gradient, terms.matrix(terms.evaluate(argument)[1])
    except Exception:  # as above
        return None


def _plain_argument(f, position, args, kwargs):
    """The argument; None inside other transforms."""
    argument = Argument.of(f, position, args, kwargs)
    return None if ACTIVE.get() or any(isinstance(x, Number) for x in argument.leaves) else argument
