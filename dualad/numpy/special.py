"""The functions of `scipy.special` that take numbers with derivatives.

SciPy's ufuncs and what is made of them take such numbers in `scipy.special` too, and are the same functions here. Some
of SciPy's functions are written in Python and convert their arguments to plain arrays, so that they refuse:
`logsumexp`, `log_softmax`, `softmax`, `polygamma`, `multigammaln`, `comb`, `perm`, `diric`, `spherical_jn`,
`spherical_yn`, `spherical_in`, `spherical_kn`, `sph_legendre_p` and `sph_harm_y` are here in versions that do not.
SciPy in array-API mode (``SCIPY_ARRAY_API=1``) looks here too.

>>> import dualad as da
>>> import dualad.numpy as np
>>> float(da.derivative(np.special.expit)(0.0))
0.25
>>> da.grad(np.special.logsumexp)([0.0, 0.0])
array([0.5, 0.5])
"""

import inspect as _inspect

import scipy.special as _scipy_special

from dualad.numpy._special import FUNCTIONS as _FUNCTIONS
from dualad.rules.elementwise import PARTIALS as _PARTIALS


def __getattr__(name):
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    function = _inspect.unwrap(getattr(_scipy_special, name, None))
    if function not in _PARTIALS:
        raise AttributeError(f"module 'dualad.numpy.special' has no attribute {name!r}: no derivative rule is known")
    return function


def __dir__():
    functions = {name: _inspect.unwrap(getattr(_scipy_special, name)) for name in _scipy_special.__all__}
    return sorted({*_FUNCTIONS, *(name for name, function in functions.items() if function in _PARTIALS)})
