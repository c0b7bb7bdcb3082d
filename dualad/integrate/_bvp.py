"""Boundary value problems: SciPy's `solve_bvp`, with exact Jacobians and sensitivities."""

import numpy as np
import scipy.integrate

from dualad.integrate._layout import Layout, Number, Widen, array
from dualad.integrate._stiff import works
from dualad.rules.algebra import primal
from dualad.transforms import jacobian


def solve_bvp(fun, bc, x, y, p=None, S=None, fun_jac=None, bc_jac=None, tol=1e-3, max_nodes=1000, verbose=0,
              bc_tol=None):
    """Solve a boundary value problem; as `scipy.integrate.solve_bvp`, with derivatives.

    With plain functions this is SciPy's solver, given the exact Jacobians of `fun` and `bc` where `fun_jac` or `bc_jac`
    is None. Where variables that they refer to carry derivatives, the solution carries them as well.

    Parameters
    ----------
    fun, bc, x, y, p, S, fun_jac, bc_jac, tol, max_nodes, verbose, bc_tol
        As for `scipy.integrate.solve_bvp`. The guesses y and p may be anything: the solution does not depend on them.

    Returns
    -------
    bunch object
        As SciPy's. With derivatives, ``y``, ``yp``, ``p`` and what ``sol`` returns carry them, and the residuals are
        those of the solution and its sensitivities together.

    Raises
    ------
    TypeError
        If x, S or tol carries derivatives: let the interval be [0, 1] and its length a factor in `fun`.
    ValueError
        As SciPy does.

    Warns
    -----
    RuntimeWarning
        Where finite differences take over, because `fun` or `bc` does not take numbers.

    Notes
    -----
    The equations of the sensitivities, s' = f_y s + f_p with the differentiated boundary conditions, are collocated
    together with the problem itself, to the same tolerance. U. M. Ascher, R. M. M. Mattheij and R. D. Russell,
    *Numerical Solution of Boundary Value Problems for Ordinary Differential Equations*, SIAM 1995, chapter 6.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> from dualad import integrate
    >>> def middle(k):
    ...     r = integrate.solve_bvp(lambda x, y: np.stack([y[1], k * y[0]]), lambda a, b: [a[0] - 1, b[0] - 1],
    ...                             np.linspace(0, 1, 11), np.ones((2, 11)), tol=1e-8)
    ...     return r.sol(0.5)[0]
    >>> da.grad(middle)(1.0).round(6)
    np.float64(-0.102454)
    """
    for name, value in (("x", x), ("S", S), ("tol", tol), ("bc_tol", bc_tol)):
        if value is not None and isinstance(array(value), Number):
            raise TypeError(f"{name} must not carry derivatives; let what varies stand in fun and bc")
    guess = primal(array(y)), None if p is None else primal(array(p))
    layout = Layout()
    while True:
        problem = _Problem(fun, bc, fun_jac, bc_jac, layout, guess)
        try:
            return problem.solve(primal(array(x)), S=S, tol=tol, max_nodes=max_nodes, verbose=verbose, bc_tol=bc_tol)
        except Widen as found:
            layout = layout.widened(found.number)


class _Problem:
    """The functions of the user for SciPy: of all components, one row of blocks each."""

    def __init__(self, fun, bc, fun_jac, bc_jac, layout, guess):
        self.fun, self.bc, self.fun_jac, self.bc_jac = fun, bc, fun_jac, bc_jac
        self.layout, self.guess = layout, guess

    def number(self, z):
        """The number of shape (n, ...) whose components are the rows of z."""
        return self.layout.rebuild(z.reshape(self.layout.counts + (-1,) + z.shape[1:]))

    def rows(self, x):
        """The rows of a number of shape (n, ...)."""
        data = self.layout.flatten(x)
        return data.reshape((-1,) + data.shape[len(self.layout.counts) + 1:])

    def blocks(self, J):
        """The plain matrix of a matrix of numbers (n, m, ...)."""
        units = np.eye(self.layout.rows).reshape((-1, *self.layout.counts))
        return np.concatenate([self.rows(J * self.layout.rebuild(e)) for e in units], axis=1)

    def f(self, x, z, *p):
        return self.rows(array(self.fun(x, *map(self.number, (z, *p)))))

    def g(self, *ends):
        return self.rows(array(self.bc(*map(self.number, ends))))

    def f_jacobian(self, x, z, *p):
        y, *p = map(self.number, (z, *p))
        by_y = jacobian(lambda s: array(self.fun(x, y + s[:, None], *p)))(np.zeros(len(y)))
        if not p:
            return self.blocks(np.moveaxis(by_y, -1, 1))
        by_p = jacobian(lambda p: array(self.fun(x, y, p)))(p[0])
        return tuple(self.blocks(np.moveaxis(J, -1, 1)) for J in (by_y, by_p))

    def g_jacobian(self, *ends):
        numbers = [self.number(z) for z in ends]
        found = jacobian(lambda *ends: array(self.bc(*ends)), tuple(range(len(ends))))(*numbers)
        return tuple(self.blocks(J) for J in found)

    def solve(self, x, S, **options):
        """SciPy's result, with derivatives where the layout has room for them."""
        rows, (y, p) = self.layout.rows, self.guess
        y = np.concatenate([y, np.zeros(((rows - 1) * len(y), y.shape[1]))]) if rows > 1 else y
        if p is not None and rows > 1:
            p = np.concatenate([p, np.zeros((rows - 1) * len(p))])
        if S is not None and rows > 1:
            S = np.kron(np.eye(rows), S)
        result = scipy.integrate.solve_bvp(self.f, self.g, x, y, p, S, *self._jacobians(x, y, p), **options)
        if rows > 1:
            result.y, result.yp = self.number(result.y), self.number(result.yp)
            result.p = None if p is None else self.number(result.p)
            result.sol = _Solution(result.sol, self)
        return result

    def _jacobians(self, x, y, p):
        """What SciPy is given: the user's functions, exact ones, or None for differences."""
        if self.layout.rows == 1 and np.iscomplexobj(y):
            return self.fun_jac, self.bc_jac
        more = () if p is None else (p,)
        found = []
        for given, exact, args in ((self.fun_jac, self.f_jacobian, (x, y, *more)),
                                   (self.bc_jac, self.g_jacobian, (y[:, 0], y[:, -1], *more))):
            if self.layout.rows == 1 and given is not None:
                found.append(given)
            else:
                found.append(exact if works(exact, *args) else None)
        return found


class _Solution:
    """SciPy's interpolant, whose values carry derivatives."""

    def __init__(self, plain, problem):
        self.plain, self._problem = plain, problem

    def __call__(self, x, nu=0):
        """The solution, or its derivative of order nu, at plain points x."""
        return self._problem.number(self.plain(x, nu))
