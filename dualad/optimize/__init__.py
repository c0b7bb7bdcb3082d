"""scipy.optimize with exact derivatives: nothing to write for ``jac=``, and solutions that can be differentiated."""

import scipy.optimize as _scipy

from dualad.optimize._continuation import continuation
from dualad.optimize._implicit import implicit
from dualad.optimize._least_squares import curve_fit, least_squares, leastsq
from dualad.optimize._minimize import minimize
from dualad.optimize._root import fsolve, root
from dualad.optimize._zeros import newton, root_scalar

__all__ = [
    "continuation", "curve_fit", "fsolve", "implicit", "least_squares", "leastsq", "minimize", "newton", "root",
    "root_scalar",
]


def __getattr__(name):
    """What is not here is SciPy's."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_scipy, name)


def __dir__():
    return sorted({*globals(), *dir(_scipy)})
