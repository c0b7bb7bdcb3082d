"""Branches of solutions of F(x, p) = 0 as p varies, past folds.

E. L. Allgower and K. Georg, *Introduction to Numerical Continuation Methods*, SIAM 2003, chapters 2 and 6; for the
pseudo-arclength H. B. Keller, "Numerical solution of bifurcation and nonlinear eigenvalue problems", 1977.
"""

import numpy as np
from scipy import linalg, sparse
from scipy.optimize import OptimizeResult, brentq

from dualad._core.number import all_finite
from dualad.optimize._linear import Factor, Singular
from dualad.optimize._newton import size
from dualad.optimize._root import root
from dualad.optimize._system import System, as_tuple, holds_number, plain


def continuation(fun, x0, p_values=None, p_span=None, *, args=(), method=None, step=None, min_step=None, max_step=None,
                 max_points=1000, tol=1e-10, callback=None):
    """Follow the solutions of F(x, p) = 0 as the parameter p varies.

    Parameters
    ----------
    fun : callable
        ``fun(x, p, *args)`` with as many values as x has elements; p is a scalar.
    x0 : array_like
        Near a solution for the first value of p.
    p_values : array_like, optional
        Values of p at which solutions are wanted, in the order in which to visit them.
    p_span : (float, float), optional
        Where p starts and ends. The branch is followed by its arclength, through folds, until p leaves this interval or
        returns to its start, or `max_points` is reached.
    args : tuple, optional
        Further arguments.
    method : {"natural", "arclength"}, optional
        "natural", the default for `p_values`, takes p as the parameter of the branch and halves its steps until each
        solution is near its prediction; it ends at a fold. "arclength", the default for `p_span`, passes folds. With
        `p_values` and "arclength" the branch is followed and the solutions at these values, all that lie on it, are
        computed.
    step, min_step, max_step : float, optional
        First, smallest and largest step of the arclength, by default 0.02, 1e-8 and 0.1 times the length L of `p_span`.
        Steps are in the unit of p: x counts as L times its root mean square over the largest one so far.
    max_points : int, optional
        How many points at most.
    tol : float, optional
        The largest residual that counts as zero.
    callback : callable, optional
        ``callback(x, p)`` after each point; it may raise StopIteration.

    Returns
    -------
    OptimizeResult
        ``x`` (points,) + the shape of x0, ``p`` (points,), ``tangents``, (points, n + 1): unit vectors along the branch
        whose last element belongs to p; ``folds``, a list of pairs (x, p) where p turns round; ``success``, ``status``,
        ``message``, ``nfev``, ``njev``. ``success`` is True if the end of `p_values` or `p_span` was reached.

    Raises
    ------
    TypeError
        If fun returns another number of values than x has elements, or carries derivatives of an outer transform: a
        branch is not differentiated; use `root` at each of its points.
    ValueError
        If neither or both of `p_values` and `p_span` are given, or they do not hold finite numbers.

    Notes
    -----
    Tangents come from the exact Jacobian with respect to (x, p). A fold is where the last element of the tangent
    changes sign; it is located by Newton's method for F = 0, F_x v = 0 with v of length one (R. Seydel, *Practical
    Bifurcation and Stability Analysis*, 3rd ed., 2010, section 5.4). E. L. Allgower and K. Georg, *Introduction to
    Numerical Continuation Methods*, SIAM 2003.

    Examples
    --------
    >>> from dualad import optimize
    >>> branch = optimize.continuation(lambda x, p: x**2 + p**2 - 1, [1.0], p_span=(0.0, 2.0))
    >>> len(branch.folds), round(float(branch.folds[0][1]), 12)
    (1, 1.0)
    >>> at = optimize.continuation(lambda x, p: x**3 + x - p, [0.0], p_values=[0.0, 2.0, 10.0])
    >>> at.x.round(6).ravel()
    array([0., 1., 2.])
    """
    values, span = _checked(p_values, p_span)
    name = method or ("natural" if p_span is None else "arclength")
    if name not in ("natural", "arclength") or (name == "natural" and values is None):
        raise ValueError(f"method must be 'natural' (with p_values) or 'arclength', not {method!r}")
    branch = _Branch(fun, np.atleast_1d(np.asarray(plain(x0), dtype=np.float64)), as_tuple(args), tol, callback,
                     max_points, abs(span[1] - span[0]) or 1.0)
    try:
        with np.errstate(all="ignore"):
            branch.correct_start(span[0])
            if branch.message is None and name == "natural":
                branch.follow_values(values)
            elif branch.message is None:
                length = branch.length
                steps = (step or 0.02 * length, min_step or 1e-8 * length, max_step or 0.1 * length)
                branch.follow_arc(span, steps, values)
    except StopIteration:
        branch.message, branch.status = "The callback stopped the continuation.", 6
    return branch.result()


def _checked(p_values, p_span):
    """Values of p and its interval as float arrays."""
    if (p_values is None) == (p_span is None):
        raise ValueError("give either p_values or p_span")
    given = "p_span" if p_values is None else "p_values"
    numbers = np.atleast_1d(np.asarray(plain(p_span if p_values is None else p_values), dtype=np.float64))
    if numbers.ndim != 1 or not numbers.size or not all_finite(numbers) or (p_values is None and numbers.size != 2):
        raise ValueError(f"{given} must hold {'two' if p_values is None else 'one or more'} finite numbers")
    if p_values is None and numbers[0] == numbers[1]:
        raise ValueError("p_span must have two different ends")
    return (None, numbers) if p_values is None else (numbers, np.array([numbers[0], numbers[-1]]))


class _Branch:
    """Points found so far on a branch, and the means to find the next one.

    z = (x, p) is flat; `jacobian` gives F and its derivatives by z, n rows and n + 1 columns.
    """

    def __init__(self, fun, x0, args, tol, callback, most, length):
        self.shape, self.n, self.tol, self.callback, self.most = x0.shape, x0.size, tol, callback, most
        self.x0, self.status, self.message, self.reached = x0.ravel(), 0, None, False
        self.length, self.largest, self.weight, self.back = length, 0.0, 1.0, False

        def flat(z):
            return fun(np.reshape(z[: self.n], self.shape), z[self.n], *args)

        self.system = System(flat, np.zeros(self.n + 1), square=False, detect=True)
        if holds_number(args):
            self._refuse()
        self.points, self.tangents, self.folds = [], [], []

    def _refuse(self):
        raise TypeError("continuation does not give its branch derivatives with respect to anything but p: call "
                        "optimize.root at the points that you want to differentiate")

    def jacobian(self, z):
        f, jac = self.system.value(z), self.system.jacobian(z)
        if self.system.dual:
            self._refuse()
        return f, jac

    def add(self, z, tangent):
        self.points.append(z)
        self.tangents.append(tangent)
        if self.callback is not None:
            self.callback(z[: self.n].reshape(self.shape), z[self.n])

    def fail(self, message):
        self.status, self.message = 4, message

    # ---- lengths -----------------------------------------------------------------------------------------------------

    def rescale(self, x):
        """Let a change of x by its own size, the largest so far, count as much as one of p by the whole interval."""
        spread = np.linalg.norm(x) / np.sqrt(max(self.n, 1))
        if spread > self.largest:
            self.largest = spread
            self.weight = (self.length / spread) ** 2 / max(self.n, 1)

    def normal(self, t):
        """What gives the inner product with t."""
        return np.append(self.weight * t[: self.n], t[self.n])

    def norm(self, t):
        return np.sqrt(self.normal(t) @ t)

    # ---- correction --------------------------------------------------------------------------------------------------

    def correct_start(self, p):
        """The solution at the first p."""
        z = np.append(self.x0, p)
        f = self.system.value(z)
        if f.size != self.n:
            raise TypeError(f"fun must return as many values as x has elements: x has shape {self.shape}, but "
                            f"fun(x, p) has {f.size} values")
        found = root(lambda x: self.system.value(np.append(x, p)), self.x0, tol=self.tol,
                     jac=lambda x: self.system.jacobian(np.append(x, p))[:, : self.n])
        z = np.append(found.x, p)
        tangent = np.full(self.n + 1, np.nan)
        if found.success:
            tangent = self.tangent(self.jacobian(z)[1], np.eye(1, self.n + 1, self.n)[0])
            slope = self.length * tangent[: self.n] / tangent[-1] if tangent[-1] else tangent[: self.n]
            self.rescale(slope if not np.any(self.x0) and not np.any(z[: self.n]) else z[: self.n])
            self.rescale(self.x0)
            tangent = tangent / self.norm(tangent)
        else:
            self.fail(f"No solution at the first p: {found.message}")
        self.add(z, tangent)

    def correct(self, z, normal, polish=False):
        """The solution nearest z in the plane normal to a vector, its Jacobian and the iterations it took; or None."""
        anchor = z
        for iteration in range(12):
            f, jac = self.jacobian(z)
            if not all_finite(f) or not all_finite(jac.data if sparse.issparse(jac) else jac):
                return None
            if size(f) <= self.tol and not polish:
                return z, jac, iteration
            polish = polish and size(f) > self.tol
            try:
                step = self._bordered(jac, normal).solve(np.append(-f, -normal @ (z - anchor)))
            except Singular:
                return None
            if self.norm(step) > 10 * (self.length + self.norm(anchor)):
                return None
            z = z + step
        return None

    @staticmethod
    def _bordered(jac, row):
        if sparse.issparse(jac):
            return Factor(sparse.vstack([jac, row[None]], format="csc"))
        return Factor(np.vstack([jac, row]))

    def tangent(self, jac, along):
        """The unit vector that the Jacobian maps to zero, in the direction that `along` points to."""
        if not all_finite(jac.data if sparse.issparse(jac) else jac):
            return np.full(self.n + 1, np.nan)
        try:
            t = self._bordered(jac, self.normal(along)).solve(np.eye(1, self.n + 1, self.n)[0])
        except Singular:
            t = linalg.svd(jac.toarray() if sparse.issparse(jac) else jac)[2][-1]
        t = t / self.norm(t)
        return -t if self.normal(along) @ t < 0 else t

    # ---- natural parameter -------------------------------------------------------------------------------------------

    def follow_values(self, values):
        """Solutions at given values of p, with a step along the tangent as prediction; steps are halved on failure."""
        z, tangent = self.points[0], self.tangents[0]
        for value in values[1:]:
            while z[-1] != value:
                gap, found = value - z[-1], None
                while found is None and abs(gap) > 1e-10 * max(1.0, abs(value)):
                    found = self._at_value(z, tangent, value if gap == value - z[-1] else z[-1] + gap)
                    gap = gap / 2
                if found is None:
                    return self.fail(f"No solution beyond p = {z[-1]:.6g}, where the branch may have a fold: follow it "
                                     "by method='arclength'.")
                z, tangent = found
                self.rescale(z[: self.n])
            self.add(z, tangent)
        self.reached = True

    def _at_value(self, z, tangent, p):
        """Solution and tangent at p; None if they are not what the tangent at z makes expect."""
        along = np.eye(1, self.n + 1, self.n)[0]
        guess = z + (p - z[-1]) * (tangent / tangent[-1] if abs(tangent[-1]) > 1e-12 else along)
        guess[-1] = p
        found = self.correct(guess, along)
        if found is None or self.norm(found[0] - guess) > 0.5 * self.norm(found[0] - z):
            return None
        turned = self.tangent(found[1], tangent)
        agree = self.normal(turned) @ tangent >= 0.7 * self.norm(tangent)
        return (found[0], turned) if agree and turned[-1] * tangent[-1] > 0 else None

    # ---- arclength ---------------------------------------------------------------------------------------------------

    def follow_arc(self, span, steps, values):
        """Points along the branch until p leaves the span."""
        step, smallest, largest = steps
        z, tangent = self.points[0], self.tangents[0]
        tangent = tangent if tangent[-1] * (span[1] - span[0]) >= 0 else -tangent
        self.tangents[0] = tangent
        wanted = None if values is None else [(z, tangent)]
        while len(self.points) < self.most:
            found = self._next(z, tangent, step)
            if found is None:
                step /= 2
                if step < smallest:
                    return self.fail(f"No progress beyond p = {z[-1]:.6g}: the step became smaller than min_step.")
                continue
            before, before_tangent = z, tangent
            z, tangent, iterations = found
            if tangent[-1] * before_tangent[-1] < 0:
                self.folds.append(self._fold(before, before_tangent, step))
            ended = self._beyond(z[-1], span)
            if wanted is not None:
                wanted += self._between(before, z, tangent, values)
            if ended:
                z, tangent = self._at_end(before, z, tangent, span)
            self.add(z, tangent)
            if ended:
                break
            if iterations <= 3 and self.normal(tangent) @ before_tangent > 0.98 * self.norm(before_tangent):
                step = min(1.5 * step, largest)
            self.rescale(z[: self.n])
            tangent = tangent / self.norm(tangent)
        self._conclude(z, span)
        if wanted is not None:
            self.points, self.tangents = (list(part) for part in zip(*wanted, strict=True))

    def _next(self, z, tangent, step):
        """The point a step ahead, the tangent there and the iterations it took; None if the step is too long.

        What lies far off the prediction, or points elsewhere, may be on another part of the branch.
        """
        guess = z + step * tangent
        found = self.correct(guess, self.normal(tangent))
        if found is None or self.norm(found[0] - guess) > 0.2 * step:
            return None
        turned = self.tangent(found[1], tangent)
        return (found[0], turned, found[2]) if self.normal(turned) @ tangent >= 0.9 else None

    def _conclude(self, z, span):
        """Where the branch ended."""
        beyond = self._beyond(z[-1], span)
        if len(self.points) >= self.most and not beyond:
            self.status, self.message = 2, f"The branch has more than max_points={self.most} points."
        elif beyond and len(self.points) > 1 and z[-1] == span[0]:
            self.back = True
        self.reached = beyond

    @staticmethod
    def _beyond(p, span):
        return not min(span) < p < max(span)

    def _at_end(self, before, z, tangent, span):
        """The point where the last step crossed an end of the span."""
        end = span[1] if (z[-1] - span[1]) * (span[1] - span[0]) >= 0 else span[0]
        return self._at(before, z, tangent, end) or (z, tangent)

    def _at(self, before, z, tangent, p):
        """The solution at p between two neighbouring points, and the tangent there."""
        share = (p - before[-1]) / (z[-1] - before[-1])
        guess = before + share * (z - before)
        guess[-1] = p
        found = self.correct(guess, np.eye(1, self.n + 1, self.n)[0], polish=True)
        return found and (found[0], self.tangent(found[1], tangent))

    def _between(self, before, z, tangent, values):
        """Solutions at the wanted values of p that a step has passed."""
        low, high = sorted((before[-1], z[-1]))
        passed = sorted((v for v in values if low < v <= high or (v == low == z[-1])), reverse=bool(z[-1] < before[-1]))
        found = (self._at(before, z, tangent, v) for v in passed if v != before[-1])
        return [f for f in found if f]

    def _fold(self, z, tangent, step):
        """The fold within a step: where the tangent is at right angles to the axis of p."""
        points = {}

        def slope(s):
            found = self.correct(z + s * tangent, self.normal(tangent), polish=True)
            if found is None:
                return np.nan
            points[s] = found[0]
            return self.tangent(found[1], tangent)[-1]

        try:
            point = points.get(brentq(slope, 0.0, step, xtol=1e-13 * step, rtol=1e-14), z)
        except (ValueError, RuntimeError):  # no such point on the way, as at a corner
            point = z + 0.5 * step * tangent
        return point[: self.n].reshape(self.shape), float(point[self.n])

    # ---- result ------------------------------------------------------------------------------------------------------

    def result(self):
        z, message = np.array(self.points), self.message
        if message is None:
            message = f"The branch returned to p = {z[-1, -1]:.6g}, where it started." if self.back else \
                "The end of the interval was reached."
        tangents = np.array(self.tangents)
        return OptimizeResult(x=z[:, : self.n].reshape(-1, *self.shape), p=z[:, self.n],
                              tangents=tangents / np.linalg.norm(tangents, axis=1, keepdims=True), folds=self.folds,
                              success=self.message is None and self.reached, message=message,
                              status=1 if self.message is None else self.status,
                              nfev=self.system.nfev, njev=self.system.njev)
