"""scipy.optimize with exact derivatives: nothing to write for ``jac=``, and solutions that can be differentiated.

Every public name of `scipy.optimize` is here. What solves equations or finds minima takes numbers with derivatives in
its arguments and in the variables that its functions refer to; its solution then has derivatives as well.

>>> import dualad as da
>>> from dualad import optimize
>>> float(da.derivative(lambda a: optimize.brentq(lambda x: x**3 - a, 0.0, 5.0))(8.0))
0.08333333333333333
"""

import importlib as _importlib

import scipy.optimize as _scipy

from dualad.optimize._continuation import continuation
from dualad.optimize._implicit import implicit
from dualad.optimize._least_squares import curve_fit, least_squares, leastsq
from dualad.optimize._minimize import minimize
from dualad.optimize._others import SOLVERS as _SOLVERS
from dualad.optimize._root import fsolve, root
from dualad.optimize._zeros import newton, root_scalar

_OURS = (continuation, curve_fit, fsolve, implicit, least_squares, leastsq, minimize, newton, root, root_scalar)

__all__ = sorted({*(function.__name__ for function in _OURS), *_scipy.__all__})

globals().update({name: getattr(_scipy, name) for name in _scipy.__all__})
globals().update(_SOLVERS)
globals().update({function.__name__: function for function in _OURS})


def __getattr__(name):
    """What SciPy does not list in ``__all__``: its modules."""
    try:
        return _importlib.import_module(f"scipy.optimize.{name}")
    except ImportError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
