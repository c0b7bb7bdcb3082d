"""scipy.integrate with derivatives: ``from dualad import integrate``.

Every public name of `scipy.integrate` is here. Differential equations (`solve_ivp`, `odeint`, `solve_bvp`), integrals
of functions (`quad`, `quad_vec`, `fixed_quad`, `dblquad`, `tplquad`, `nquad`) and of samples (`trapezoid`, `simpson`,
`romb`, `cumulative_trapezoid`, `cumulative_simpson`) take numbers with derivatives in their arguments and in the
variables that their functions refer to; `tanhsinh` and `nsum` in the latter. The other names are SciPy's own.

>>> import dualad as da
>>> from dualad import integrate
>>> def prey_and_predator(p):
...     def fun(t, u):
...         return [p[0] * u[0] - p[1] * u[0] * u[1], -p[2] * u[1] + p[3] * u[0] * u[1]]
...     return integrate.solve_ivp(fun, (0, 10), [1.0, 1.0], rtol=1e-9, atol=1e-9).y[:, -1]
>>> da.jacobian(prey_and_predator)([1.5, 1.0, 3.0, 1.0]).round(4)
array([[ 2.1606,  0.1886,  0.5632,  0.9397],
       [-6.2568, -0.698 , -1.709 , -2.744 ]])
"""

import scipy.integrate as _scipy

from dualad.integrate import _elementwise
from dualad.integrate._bvp import solve_bvp
from dualad.integrate._ivp import OdeSolution, solve_ivp
from dualad.integrate._odeint import odeint
from dualad.integrate._quadrature import dblquad, fixed_quad, nquad, quad, quad_vec, tplquad
from dualad.integrate._samples import cumulative_simpson, cumulative_trapezoid, romb, simpson, trapezoid

_OURS = (OdeSolution, cumulative_simpson, cumulative_trapezoid, dblquad, fixed_quad, nquad, odeint, quad, quad_vec,
         romb, simpson, solve_bvp, solve_ivp, tplquad, trapezoid)

__all__ = [name for name in _scipy.__all__ if name != "test"]

globals().update({name: getattr(_scipy, name) for name in __all__})
globals().update({function.__name__: function for function in _OURS})
globals().update(_elementwise.ELEMENTWISE)
