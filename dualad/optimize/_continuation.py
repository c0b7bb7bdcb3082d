"""Branches of solutions of F(x, p) = 0 as p varies, past folds.

E. L. Allgower and K. Georg, *Introduction to Numerical Continuation Methods*, SIAM 2003, chapters 2 and 6; for the
pseudo-arclength H. B. Keller, "Numerical solution of bifurcation and nonlinear eigenvalue problems", 1977.
"""

import numpy as np
from scipy import linalg
from scipy.optimize import OptimizeResult

from dualad.optimize._linear import Factor, Singular
from dualad.optimize._newton import finite, size
from dualad.optimize._root import root
from dualad.optimize._system import System, as_tuple, holds_number, number_or_array, plain, push


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
        "natural", the default for `p_values`, takes p as the parameter of the branch and halves its steps where it has
        to; it ends at a fold. "arclength", the default for `p_span`, passes folds. With `p_values` and "arclength" the
        branch is followed and the solutions at these values, all that lie on it, are computed.
    step, min_step, max_step : float, optional
        First, smallest and largest step of the arclength, in the norm of (x, p) scaled to the start; by default 0.02,
        1e-8 and 0.1 times the length of `p_span`.
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
                     max_points)
    try:
        branch.correct_start(span[0])
        if branch.message is None and name == "natural":
            branch.follow_values(values)
        elif branch.message is None:
            length = abs(span[1] - span[0])
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
    if numbers.ndim != 1 or not numbers.size or not finite(numbers) or (p_values is None and numbers.size != 2):
        raise ValueError(f"{given} must hold {'two' if p_values is None else 'one or more'} finite numbers")
    if p_values is None and numbers[0] == numbers[1]:
        raise ValueError("p_span must have two different ends")
    return (None, numbers) if p_values is None else (numbers, np.array([numbers[0], numbers[-1]]))


class _Branch:
    """Points found so far on a branch, and the means to find the next one.

    z = (x, p) is flat; `jacobian` gives F and its derivatives by z, n rows and n + 1 columns.
    """

    def __init__(self, fun, x0, args, tol, callback, most):
        self.shape, self.n, self.tol, self.callback, self.most = x0.shape, x0.size, tol, callback, most
        self.x0, self.status, self.message, self.reached = x0.ravel(), 0, None, False

        def flat(z):
            return fun(np.reshape(z[: self.n], self.shape), z[self.n], *args)

        self.system = System(flat, np.zeros(self.n + 1), square=False)
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
        if not found.success:
            self.fail(f"No solution at the first p: {found.message}")
        tangent = np.full(self.n + 1, np.nan)
        if found.success:
            tangent = self.tangent(self.jacobian(z)[1], np.eye(self.n + 1)[-1])
        self.add(z, tangent)

    def correct(self, z, normal):
        """The solution nearest z in the plane normal to a vector, its Jacobian and the iterations it took; or None."""
        anchor = z
        for iteration in range(12):
            f, jac = self.jacobian(z)
            if not finite(f) or not finite(jac):
                return None
            if size(f) <= self.tol:
                return z, jac, iteration
            try:
                step = Factor(np.vstack([jac, normal])).solve(np.append(-f, -normal @ (z - anchor)))
            except Singular:
                return None
            if np.linalg.norm(step) > 10 * (1 + np.linalg.norm(anchor)):
                return None
            z = z + step
        return None

    def tangent(self, jac, along):
        """The unit vector that the Jacobian maps to zero, in the direction that `along` points to."""
        if not finite(jac):
            return np.full(self.n + 1, np.nan)
        try:
            t = Factor(np.vstack([jac, along])).solve(np.eye(self.n + 1)[-1])
        except Singular:
            t = linalg.svd(jac)[2][-1]
        t = t / np.linalg.norm(t)
        return -t if t @ along < 0 else t

    # ---- natural parameter -------------------------------------------------------------------------------------------

    def follow_values(self, values):
        """Solutions at given values of p, with a step along the tangent as prediction; steps are halved on failure."""
        z, tangent = self.points[0], self.tangents[0]
        along = np.eye(self.n + 1)[-1]
        for value in values[1:]:
            while z[-1] != value:
                gap = value - z[-1]
                found = None
                while found is None and abs(gap) > 1e-10 * max(1.0, abs(value)):
                    slope = tangent / tangent[-1] if abs(tangent[-1]) > 1e-12 else along
                    guess = z + gap * slope
                    guess[-1] = value if gap == value - z[-1] else z[-1] + gap
                    found = self.correct(guess, along)
                    gap = gap if found else gap / 2
                if found is None:
                    return self.fail(f"No solution beyond p = {z[-1]:.6g}, where the branch may have a fold: follow it "
                                     "by method='arclength'.")
                z = found[0]
                tangent = self.tangent(found[1], tangent)
            self.add(z, tangent)
        self.reached = True

    # ---- arclength ---------------------------------------------------------------------------------------------------

    def follow_arc(self, span, steps, values):
        """Points along the branch until p leaves the span."""
        step, smallest, largest = steps
        z, tangent = self.points[0], self.tangents[0]
        tangent = tangent if tangent[-1] * (span[1] - span[0]) >= 0 else -tangent
        self.tangents[0] = tangent
        wanted = None if values is None else [(z, tangent)]
        while len(self.points) < self.most:
            guess = z + step * tangent
            found = self.correct(guess, tangent)
            turned = None if found is None else self.tangent(found[1], tangent)
            # what lies far off the prediction, or points elsewhere, may be on another part of the branch
            if found is None or turned @ tangent < 0.9 or np.linalg.norm(found[0] - guess) > 0.2 * step:
                step /= 2
                if step < smallest:
                    return self.fail(f"No progress beyond p = {z[-1]:.6g}: the step became smaller than min_step.")
                continue
            before, before_tangent = z, tangent
            z, tangent = found[0], turned
            if tangent[-1] * before_tangent[-1] < 0:
                self.folds.append(self._fold(before, before_tangent, z))
            ended = self._beyond(z[-1], span)
            if wanted is not None:
                wanted += self._between(before, z, tangent, values)
            if ended:
                z, tangent = self._at_end(before, z, tangent, span)
            self.add(z, tangent)
            if ended:
                break
            if found[2] <= 3 and turned @ before_tangent > 0.98:
                step = min(1.5 * step, largest)
        self.reached = len(self.points) < self.most or self._beyond(z[-1], span)
        if not self.reached:
            self.status, self.message = 2, f"The branch has more than max_points={self.most} points."
        if wanted is not None:
            self.points, self.tangents = (list(part) for part in zip(*wanted, strict=True))

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
        found = self.correct(guess, np.eye(self.n + 1)[-1])
        return found and (found[0], self.tangent(found[1], tangent))

    def _between(self, before, z, tangent, values):
        """Solutions at the wanted values of p that a step has passed."""
        low, high = sorted((before[-1], z[-1]))
        passed = sorted((v for v in values if low < v <= high or (v == low == z[-1])), reverse=bool(z[-1] < before[-1]))
        found = (self._at(before, z, tangent, v) for v in passed if v != before[-1])
        return [f for f in found if f]

    def _fold(self, before, tangent, z):
        """The fold between two points: where F = 0 and F_x v = 0 with |v| = 1."""
        n = self.n
        point, null = (before + z) / 2, tangent[:n] / np.linalg.norm(tangent[:n])

        def equations(y):
            point, null = y[: n + 1], y[n + 1 :]
            direction = np.concatenate([null, np.zeros(1)])
            f, (product,) = push(lambda t: np.ravel(number_or_array(self.system.f(point + t * direction))),
                                 np.zeros(1), np.ones((1, 1)))
            return np.concatenate([f, product, np.reshape(np.sum(null * null) - 1, (1,))])

        found = root(equations, np.concatenate([point, null]), method="newton", tol=max(self.tol, 1e-12))
        near = np.linalg.norm(found.x[: n + 1] - point) <= 2 * np.linalg.norm(z - before)
        point = found.x[: n + 1] if found.success and near else point
        return point[:n].reshape(self.shape), float(point[n])

    # ---- result ------------------------------------------------------------------------------------------------------

    def result(self):
        z, message = np.array(self.points), self.message
        if message is None:
            message = "The end of the interval was reached."
        return OptimizeResult(x=z[:, : self.n].reshape(-1, *self.shape), p=z[:, self.n],
                              tangents=np.array(self.tangents), folds=self.folds,
                              success=self.message is None and self.reached, message=message,
                              status=1 if self.message is None else self.status,
                              nfev=self.system.nfev, njev=self.system.njev)
