"""Newton's method for systems, made global by a line search or a trust region, and its relatives.

C. T. Kelley, *Solving Nonlinear Equations with Newton's Method*, SIAM 2003; J. E. Dennis and R. B. Schnabel, *Numerical
Methods for Unconstrained Optimization and Nonlinear Equations*, 1983, chapter 6 and algorithm A6.3.1; M. J. D. Powell,
"A hybrid method for nonlinear equations", 1970, for the dogleg; A. Cuyt and L. B. Rall, "Computational implementation
of the multivariate Halley method", ACM TOMS 11 (1985) 20-36; S. C. Eisenstat and H. F. Walker, "Choosing the forcing
terms in an inexact Newton method", SIAM J. Sci. Comput. 17 (1996) 16-32.
"""

import numpy as np
from scipy import sparse
from scipy.linalg.blas import dnrm2, idamax
from scipy.sparse import linalg as sparse_linalg

from dualad._core.number import all_finite
from dualad.optimize._linear import Factor, Singular, column_norms, damped_step

PATIENCE, PROGRESS = 20, 1e-3
"""After so many iterations F must have become smaller by this share of it."""
EPS = np.finfo(np.float64).eps
FATOL = 1e-10
"""The largest component of F that counts as zero by default ..."""
SMALL = 1e-8
"""... if it is no larger than this beside F at the start or the terms of F: F may be small for its unit alone ..."""
MORE = 10
"""... which is looked into for so many iterations at most."""

CONVERGED, MAXITER, SINGULAR, STALLED, NOT_FINITE, STOPPED = 1, 2, 3, 4, 5, 6

MESSAGES = {
    CONVERGED: "The solution converged.",
    MAXITER: "The number of iterations has reached maxiter.",
    SINGULAR: "The Jacobian is singular and no step makes the residual smaller.",
    STALLED: "No further progress: the residual cannot be made smaller from here, where it may have a local minimum "
             "that is no root.",
    NOT_FINITE: "fun returned NaN or infinite values",
    STOPPED: "The callback stopped the iteration.",
}


def size(f):
    """The largest absolute component; NaN if there is one."""
    if f.ndim == 1 and f.size and all_finite(f):
        return abs(f.item(idamax(f)))
    return float(np.maximum.reduce(np.abs(f), axis=None, initial=0.0))


def is_root(f, fatol):
    """Whether every component of F counts as zero."""
    return size(f) <= fatol < np.inf


def squares(f, unit):
    """The sum of squares of f / unit: that of f may overflow."""
    length = dnrm2(f) / unit
    return length * length


class Iteration:
    """What the methods share: tests of convergence, callbacks, the record of what was done.

    A method is a subclass with `step`, which returns a better x and its F, or None if it knows of none.

    Attributes
    ----------
    x, f, error : ndarray, ndarray, float
        The point, F there and its largest absolute component, which is not finite if any is not.
    """

    OPTIONS = ("maxiter", "fatol", "xtol", "disp")
    monotone = True

    def __init__(self, system, x0, tol=None, callback=None, *, maxiter=None, fatol=None, xtol=4 * EPS, disp=False):
        self.system, self.callback, self.disp = system, callback, disp
        self.explicit = fatol is not None or tol is not None
        self.fatol = fatol if fatol is not None else FATOL if tol is None else tol
        self.xtol = xtol
        self.maxiter = 100 if maxiter is None else maxiter
        self.nit = 0
        self.matrix = self.factor = None
        self.reason = ""
        x = np.array(x0, dtype=np.float64).ravel()
        self._move(x, system.trial(x))
        self.goal = self.fatol if self.explicit else min(self.fatol, SMALL * self.error)
        self.left = 0 if self.explicit else MORE
        self.milestone = np.inf

    def _move(self, x, f):
        self.x, self.f, self.error = x, f, size(f)

    def run(self):
        """Iterate; returns the status."""
        with np.errstate(all="ignore"):
            return self._run()

    def _run(self):
        status = self._status()
        while status is None:
            found = self._attempt()
            if found is None:
                return self._give_up()
            before = self.x
            self._move(*found)
            self.nit += 1
            status = self._report() or self._status()
            if status is None and (self._rests(before) or self._crawls()):
                return self._give_up()
        if status == CONVERGED:
            self._polish()
        return status

    def _rests(self, before):
        """Whether x is, but for the relative step that counts as none, where it was."""
        step = self.x - before
        if dnrm2(step) > 2 * self.xtol * dnrm2(self.x):  # which is quickly seen
            return False
        return bool((np.abs(step) <= self.xtol * np.abs(self.x)).all())

    def _crawls(self):
        """Whether |F|, which falls with every step, hardly fell in the last iterations."""
        if not self.monotone or self.nit % PATIENCE:
            return False
        before, self.milestone = self.milestone, self.error
        return self.milestone > (1 - PROGRESS) * before

    def _attempt(self):
        try:
            return self.step()
        except Singular as error:
            self.reason = str(error)
            return None

    def _status(self):
        if not self.error < np.inf:
            return NOT_FINITE
        done = self.nit >= self.maxiter
        if self.error <= self.fatol and (done or self._settled()):
            return CONVERGED
        return MAXITER if done else None

    def _settled(self):
        """Whether an F that counts as zero is small beside what it was, or beside its terms, too."""
        if self.left <= 0 or self.error <= self.goal:
            return True
        self.left -= 1
        return self._beside_terms(SMALL)

    def _beside_terms(self, rtol):
        """Whether F is small beside the terms of its linearisation."""
        matrix = self.linearise() if self.matrix is None else self.matrix
        return bool(np.all(np.abs(self.f) <= rtol * (abs(matrix) @ np.abs(self.x))))

    def _report(self):
        if self.disp:
            print(f"{self.nit:4d}:  |F(x)| = {self.error:.6g}")
        if self.callback is None:
            return None
        try:
            self.callback(self.x.reshape(self.system.shape).copy(), self.f.reshape(self.system.shape).copy())
        except StopIteration:
            return CONVERGED if self.error <= self.fatol else STOPPED
        return None

    def _give_up(self):
        """Without a tolerance from the user, a residual that is rounding in the terms of F is as good as zero."""
        if self.error <= self.fatol or (not self.explicit and self._beside_terms(16 * EPS)):
            return CONVERGED
        return SINGULAR if self.reason else STALLED

    def _polish(self):
        """One more step with the factors that are there brings the root near rounding for one evaluation of F."""
        if self.factor is None or self.error == 0:
            return
        x = self.x - self.factor.solve(self.f)
        f = self.system.trial(x)
        if size(f) < self.error:
            self._move(x, f)

    # ---- what methods build on ---------------------------------------------------------------------------------------

    def linearise(self):
        """The Jacobian at x."""
        self.matrix = self.system.jacobian(self.x, out=self.matrix)
        self.factor = None
        return self.matrix

    def newton_step(self):
        """-J^-1 F."""
        self.factor = Factor(self.linearise())
        return -self.factor.solve(self.f)

    def backtrack(self, step, largest=1.0):
        """x and F along a step that lowers |F|, by quadratic interpolation; None if nothing does."""
        unit = self.error or 1.0
        start = squares(self.f, unit)
        length, evaluate = largest, self.system.trial
        for _ in range(40):
            x = self.x + length * step
            f = evaluate(x)
            evaluate = self.system.value
            there = squares(f, unit)
            if there <= (1 - 2e-4 * length) * start:
                return x, f
            if length * size(step / np.maximum(np.abs(self.x), 1e-10)) < EPS:
                break
            length *= _shorter(start, there, length)
        return None


def _shorter(start, there, length):
    """The factor for the next length: the minimum of a parabola through both ends with Newton's slope -2 start."""
    if not np.isfinite(there):
        return 0.1
    curvature = there - start + 2 * start * length
    best = start * length / curvature if curvature > 0 else 0.5
    return min(max(best, 0.1), 0.5)


class Newton(Iteration):
    """Newton's method with a line search on |F|; with `damping`, each step is shortened by that factor first."""

    OPTIONS = (*Iteration.OPTIONS, "line_search", "damping")

    def __init__(self, *args, line_search=True, damping=1.0, **options):
        if not 0 < damping <= 1:
            raise ValueError(f"option damping must lie in (0, 1], not {damping!r}")
        self.line_search, self.damping, self.monotone = line_search, damping, line_search
        super().__init__(*args, **options)

    def step(self):
        try:
            step = self.newton_step()
        except Singular:
            step = None
        if step is not None and all_finite(step):
            found = self.advance(step)
            if found is not None or not self.line_search:
                return found
        return self.regularised()

    def advance(self, step):
        """x and F after a step, searched along it unless that is switched off."""
        if self.line_search:
            return self.backtrack(step, self.damping)
        x = self.x + self.damping * step
        f = self.system.trial(x)
        return (x, f) if all_finite(f) else None

    def regularised(self):
        """Where Newton's direction fails, that of Levenberg and Marquardt, from little to much damping."""
        scale = column_norms(self.matrix)
        for damping in (1e-8, 1e-4, 1e-2, 1.0, 100.0):
            found = self.backtrack(damped_step(self.matrix, self.f, scale, damping))
            if found is not None:
                return found
        if self.factor is None:
            raise Singular("the Jacobian is singular")
        return None


class Halley(Newton):
    """Cuyt and Rall's multivariate Halley step, cubic in the end; Newton's where it does not lower |F|."""

    def advance(self, step):
        half = -0.5 * self.factor.solve(self.system.curvature(self.x, step))
        halley = step * step / (step - half)
        halley = np.where(np.abs(half) < 0.5 * np.abs(step), halley, step + half)
        x = self.x + halley
        f = self.system.value(x)
        if squares(f, self.error) < 0.25 * squares(self.f, self.error):
            return x, f
        return super().advance(step)


class Dogleg(Iteration):
    """Powell's dogleg in a trust region scaled by the norms of the Jacobian's columns, as MINPACK scales it."""

    OPTIONS = (*Iteration.OPTIONS, "factor")

    def __init__(self, *args, factor=100.0, **options):
        super().__init__(*args, **options)
        self.scale, self.radius, self.first = np.zeros(self.x.size), None, factor

    def step(self):
        matrix = self.linearise()
        self.scale = np.maximum(self.scale, column_norms(matrix))
        if self.radius is None:
            self.radius = self.first * (np.linalg.norm(self.scale * self.x) or 1.0)
        newton = self._full_step(matrix)
        gradient = (matrix.T @ self.f) / self.scale
        slope = matrix @ (gradient / self.scale)
        unit = self.error or 1.0
        start = squares(self.f, unit)
        while self.radius > EPS * np.linalg.norm(self.scale * self.x) and self.radius > 1e-300:
            z = dogleg(newton * self.scale, gradient, slope @ slope, self.radius)
            step = z / self.scale
            x = self.x + step
            f = self.system.value(x)
            predicted = start - squares(self.f + matrix @ step, unit)
            ratio = (start - squares(f, unit)) / predicted if predicted > 0 else -1.0
            self._resize(ratio, np.linalg.norm(z))
            if ratio > 1e-4:
                return x, f
            if not predicted > 0:
                return None
        return None

    def _full_step(self, matrix):
        try:
            self.factor = Factor(matrix)
            step = -self.factor.solve(self.f)
            if all_finite(step):
                return step
        except Singular:
            if not all_finite(matrix.data if sparse.issparse(matrix) else matrix):
                raise
        return damped_step(matrix, self.f, self.scale, 1e-10)

    def _resize(self, ratio, length):
        if not ratio > 0.1:
            self.radius = 0.5 * min(self.radius, length)
        elif ratio > 0.75:
            self.radius = max(self.radius, 2 * length)


def dogleg(newton, gradient, curvature, radius):
    """The step in a ball on Powell's path: to the Cauchy point, from there to Newton's."""
    if np.linalg.norm(newton) <= radius:
        return newton
    size_of_gradient = np.linalg.norm(gradient)
    if size_of_gradient == 0:
        return newton * (radius / np.linalg.norm(newton))
    cauchy = -gradient * (size_of_gradient**2 / curvature) if curvature > 0 else -gradient * np.inf
    length = np.linalg.norm(cauchy)
    if not length < radius:
        return -gradient * (radius / size_of_gradient)
    turn = newton - cauchy
    a, b, c = turn @ turn, cauchy @ turn, length**2 - radius**2
    root = np.sqrt(b * b - a * c)
    share = -c / (b + root) if b > 0 else (root - b) / a
    return cauchy + share * turn


class NewtonKrylov(Iteration):
    """Newton steps solved by GMRES with exact Jacobian-vector products, as precisely as Eisenstat and Walker advise."""

    OPTIONS = (*Iteration.OPTIONS, "preconditioner", "eta", "inner_maxiter", "restart")

    def __init__(self, *args, preconditioner=None, eta=0.5, inner_maxiter=20, restart=30, **options):
        super().__init__(*args, **options)
        self.eta, self.largest_eta = eta, 0.9
        self.inner = {"maxiter": inner_maxiter, "restart": restart}
        self.preconditioner = preconditioner
        self.before = None

    def step(self):
        self.eta = self._forcing()
        self.before = size_2 = np.linalg.norm(self.f)
        step = self.solve(-self.f, self.eta)
        if not all_finite(step) or size_2 == 0:
            return None
        return self.backtrack(step)

    def _forcing(self):
        """Choice 2 of Eisenstat and Walker with gamma 0.9 and exponent 2, their safeguards, and Kelley's last."""
        norm = np.linalg.norm(self.f)
        if self.before is None:
            return self.eta
        eta = 0.9 * (norm / self.before) ** 2
        if 0.9 * self.eta**2 > 0.1:
            eta = max(eta, 0.9 * self.eta**2)
        return min(self.largest_eta, max(eta, 0.5 * self.goal / max(norm, 1e-300)))

    def solve(self, b, rtol):
        """GMRES on J s = b at x."""
        n = self.x.size
        x = self.x
        operator = sparse_linalg.LinearOperator((n, n), lambda v: self.system.jvp(x, np.ravel(v)), dtype=np.float64)
        return sparse_linalg.gmres(operator, b, rtol=rtol, atol=0.0, M=self._inverse(), **self.inner)[0]

    def _inverse(self):
        """The preconditioner as a linear operator: an approximate inverse of the Jacobian."""
        given, n = self.preconditioner, self.x.size
        if given is None or isinstance(given, sparse_linalg.LinearOperator):
            return given
        if isinstance(given, str):
            if given != "jacobian":
                raise ValueError(f"option preconditioner must be 'jacobian', an operator or a function, not {given!r}")
            if self.factor is None:
                self.factor = Factor(self.linearise())
            given = self.factor.solve
        if callable(given):
            return sparse_linalg.LinearOperator((n, n), given, dtype=np.float64)
        return sparse_linalg.aslinearoperator(given)

    def _polish(self):
        """The last step was as exact as asked for."""

    def _beside_terms(self, rtol):
        """Without a matrix there are no terms to sum one by one: their sum has to do."""
        return self.error <= rtol * size(self.system.jvp(self.x, self.x))
