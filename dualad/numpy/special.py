"""The functions of `scipy.special` that have a derivative rule.

SciPy in array-API mode (``SCIPY_ARRAY_API=1``) looks in a library's namespace for its own version of a special
function, and would otherwise convert the arguments to plain arrays.

>>> import dualad as da
>>> import dualad.numpy as np
>>> float(da.derivative(np.special.expit)(0.0))
0.25
"""

import inspect as _inspect

import scipy.special as _scipy_special

from dualad.rules.elementwise import PARTIALS as _PARTIALS


def __getattr__(name):
    function = _inspect.unwrap(getattr(_scipy_special, name, None))
    if function not in _PARTIALS:
        raise AttributeError(f"module 'dualad.numpy.special' has no attribute {name!r}: no derivative rule is known")
    return function


def __dir__():
    functions = {name: _inspect.unwrap(getattr(_scipy_special, name)) for name in _scipy_special.__all__}
    return sorted(name for name, function in functions.items() if function in _PARTIALS)
