"""Functions of SciPy of which there are versions here that take numbers, and which calls are meant for them."""

import importlib
import sys
import types

import numpy as np

from dualad._core import Number
from dualad.rules import filters
from dualad.rules.matrices import Compressed

_OURS = {"scipy.linalg": "dualad.linalg", "scipy.optimize": "dualad.optimize", "scipy.integrate": "dualad.integrate",
         "scipy.special": "dualad.numpy.special", "scipy.sparse.linalg": "dualad.sparse.linalg",
         **dict.fromkeys(filters.MODULES)}
_INSIDE = ("scipy.stats._distn_infrastructure", "scipy.stats._continuous_distns", "scipy.stats._discrete_distns",
           "scipy.stats._multivariate", "scipy.stats._kde", "scipy.special._basic", "scipy._lib.array_api_extra")
"""Modules of SciPy that have taken such functions, or NumPy's, out of other modules."""

_known = {}


def loaded():
    """The namespaces of SciPy, as far as it is imported, that hold names to replace."""
    return [vars(sys.modules[name]) for name in (*_OURS, *_INSIDE) if name in sys.modules]


def new_versions():
    """Pairs of a function of SciPy's and ours, of the modules that were imported since the last call."""
    for name in [name for name in _OURS if name in sys.modules and name not in _known]:
        module = sys.modules[name]
        names = [n for n in module.__all__ if callable(getattr(module, n)) and not isinstance(getattr(module, n), type)]
        if name in filters.MODULES:
            versions = filters.versions(module)
        else:
            ours = importlib.import_module(_OURS[name])
            versions = {n: getattr(ours, n, None) for n in names}
        pairs = [(getattr(module, n), versions.get(n)) for n in names]
        _known[name] = [(plain, version) for plain, version in pairs if version not in (None, plain)]
        yield from _known[name]


def holds_number(x):
    """Whether derivatives are in a value, or in the lists, tuples and dicts that it is made of."""
    if isinstance(x, (tuple, list)):
        return any(map(holds_number, x))
    if isinstance(x, dict):
        return any(map(holds_number, x.values()))
    return isinstance(x, Number)


def carries(x, seen=()):
    """Whether derivatives may be in an argument; a callable that is no plain function can refer to anything."""
    if isinstance(x, (tuple, list)) or (isinstance(x, np.ndarray) and x.dtype == object):
        return any(carries(v, seen) for v in x)
    if isinstance(x, dict):
        return any(carries(v, seen) for v in x.values())
    if isinstance(x, types.FunctionType):
        return x not in seen and any(carries(v, (*seen, x)) for v in _referred(x))
    return isinstance(x, (Number, Compressed)) or (callable(x) and not isinstance(x, (type, types.BuiltinFunctionType)))


def _referred(function):
    """What a function has from outside by its closure and defaults."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # still empty
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
