"""Jacobians for the stiff solvers, and one factorisation for a state and all its sensitivities.

The Jacobian of a system augmented with its variational equations is block lower triangular, with the Jacobian J of the
state in each diagonal block. In the algebra of the numbers it is one n x n matrix of numbers, and a system with it is
solved from the LU factors of its plain value alone, one order of the infinitesimals after the other. That is
Newton's method for state and sensitivities at once as in T. Maly and L. R. Petzold, "Numerical methods and software for
sensitivity analysis of differential-algebraic systems", Appl. Numer. Math. 20 (1996), with the blocks below the
diagonal, which they leave out, kept: the error tests of SciPy's Newton iterations need them. W. F. Feehery, J. E.
Tolsma and P. I. Barton, "Efficient sensitivity analysis of large-scale differential-algebraic systems", Appl. Numer.
Math. 25 (1997), reuse the factors in the same way.
"""

import warnings

import numpy as np
from scipy.integrate import BDF, LSODA, Radau
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse import csc_array, csr_array, eye_array, issparse
from scipy.sparse.linalg import splu

from dualad.integrate._layout import Number, array, grades_of
from dualad.rules.algebra import primal, rewrap
from dualad.sparse import SparseJacobian as Plan
from dualad.sparse import coloring, jacobian_sparsity, sparse_jacobian
from dualad.transforms import jacobian, jvp, value_and_jacobian

_LARGEST_FULL = 400
"""Unknowns up to which LSODA gets the whole Jacobian of an augmented system, beyond only its diagonal blocks."""

_SMALL = 64
"""Unknowns of an augmented system up to which one call for the whole is faster than several for its blocks."""

_LEAST_SPARSE = 100
"""Unknowns from which on a pattern is looked for."""

_LARGEST_SWEEP = 1 << 22
"""Components that a sweep for compressed columns may have."""


def exact_jacobian(rhs):
    """``jac(t, y)`` (n, n) at a real or complex state, with the derivatives that the right-hand side or it carry."""
    of_real = value_and_jacobian(lambda y, t: array(rhs(t, y)))

    def jac(t, y):
        if np.iscomplexobj(primal(y)):
            return np.stack([jvp(lambda y: rhs(t, y), (y,), (e,))[1] for e in np.eye(len(y), dtype=complex)], -1)
        return of_real(y, t)[1]

    return jac


def plain_jacobian(rhs):
    """``jac(t, y)`` of a right-hand side at plain states, without derivatives."""
    jac = exact_jacobian(rhs)
    return lambda t, y: primal(jac(t, y))


def sparse_plan(rhs, t, y, sparsity=None):
    """``jac(t, y)`` that gives sparse matrices, of this pattern or of one that is found; None where dense is better."""
    def of_state(t, y):
        f = array(rhs(t, y))
        if isinstance(f, Number):
            return rewrap(f, primal(f.components)) if isinstance(y, Number) and f.level == y.level else primal(f)
        return f

    if sparsity is not None:
        return sparse_jacobian(of_state, sparsity, argnum=1)
    if len(y) < _LEAST_SPARSE or np.iscomplexobj(y):
        return None
    try:
        pattern, info = jacobian_sparsity(lambda y: rhs(t, y), y, return_info=True)
    except (TypeError, ValueError):
        return None
    colors = coloring(pattern)
    if info.followed_branches or 4 * colors.ncolors > len(y):
        return None
    return sparse_jacobian(of_state, coloring=colors, argnum=1)


def works(jac, *args):
    """Whether the user's functions take numbers; a warning says why not, and SciPy's differences take over."""
    try:
        jac(*args)
    except (TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        warnings.warn(
            f"the function does not take numbers with derivatives ({reason}): the solver approximates its Jacobian by "
            "finite differences; give jac, or write the function with numpy functions and dualad.numpy",
            RuntimeWarning, stacklevel=5)
        return False
    return True


# ---- matrices of numbers -------------------------------------------------------------------------------------------

class ScaledJacobian:
    """``scale`` times a Jacobian whose plain value is a sparse matrix; ``push(x)`` is its product with a number x."""

    __array_ufunc__ = None  # NumPy scalars leave the multiplication to us

    def __init__(self, plain, push, scale=1.0):
        self.plain, self.push, self.scale = plain, push, scale

    def __rmul__(self, factor):
        return ScaledJacobian(self.plain, self.push, factor * self.scale)

    def __rsub__(self, diagonal):
        return SparseSystem(diagonal, self)


class SparseSystem:
    """A multiple of the identity minus a `ScaledJacobian`."""

    def __init__(self, diagonal, jacobian):
        self.plain = csc_array(diagonal - jacobian.scale * jacobian.plain)
        self._shift, self._jacobian = diagonal.diagonal()[0], jacobian

    def __matmul__(self, x):
        return self._shift * x - self._jacobian.scale * self._jacobian.push(x)


class Factors:
    """LU factors of the plain value of a matrix of numbers, and the matrix."""

    def __init__(self, A):
        self.A = A
        self._sparse = splu(A.plain) if isinstance(A, SparseSystem) else None
        self._dense = lu_factor(primal(A)) if self._sparse is None else None

    def solve_plain(self, rows):
        """Solve with the plain value for each row."""
        if self._sparse is None:
            return lu_solve(self._dense, rows.T).T
        return self._sparse.solve(np.ascontiguousarray(rows.T)).T


class Augmented:
    """The Jacobian of a right-hand side at states that are numbers, and systems with it.

    Parameters
    ----------
    rhs : callable
        The right-hand side.
    layout : Layout
        The components.
    n : int
        Size of the state.
    given : callable, matrix or None
        The Jacobian of the plain state, used where it is sparse.
    """

    def __init__(self, rhs, layout, n, given=None):
        self._rhs, self._layout, self.n, self._given = rhs, layout, n, given
        self._exact, self._plain = exact_jacobian(rhs), plain_jacobian(rhs)
        self.size = n * layout.rows
        grades = grades_of(layout)
        self._grades = [np.flatnonzero(grades == k) for k in range(grades.max() + 1)]

    def number(self, z):
        """The number whose rows are the solver's vector z."""
        return self._layout.rebuild(z.reshape(self._layout.counts + (-1,)))

    def vector(self, x):
        """The solver's vector of a number."""
        return self._layout.flatten(x).reshape(-1)

    def jacobian(self, t, z):
        """A matrix of numbers (n, n), or a `ScaledJacobian`."""
        plain = self._checked_given(t, z)
        if issparse(plain):
            colors = column_colors(self._given)
            push = self._push if colors is None or np.iscomplexobj(z) else self._product(colors)
            return ScaledJacobian(plain, push(t, self.number(z)))
        return self._exact(t, self.number(z))

    def _checked_given(self, t, z):
        """The given Jacobian; a dense one is of no more use, as the one that is needed has derivatives as well."""
        if self._given is None:
            return None
        plain = self._given(t, z[:self.n]) if callable(self._given) else self._given
        if np.shape(plain) != (self.n, self.n):
            raise ValueError(f"jac must have shape {(self.n, self.n)}, but has {np.shape(plain)}")
        if not issparse(plain):
            self._given = None
        return plain

    def _push(self, t, y):
        """The product with the Jacobian by a derivative along x, each time."""
        def along(x):
            return jvp(lambda y: self._rhs(t, y), (y,), (x,))[1]

        return real_and_imaginary(along)

    def _product(self, colors):
        """The product with the entries of the Jacobian, which are numbers, from its columns compressed by colour."""
        def push(t, y):
            pattern = colors.pattern
            rows, columns = pattern.indices, np.repeat(np.arange(self.n), np.diff(pattern.indptr))
            compressed = self._compressed(t, y, colors)
            entries = compressed[rows, colors.colors[columns]]
            sums = csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(self.n, len(rows)))
            return real_and_imaginary(lambda x: sums @ (entries * x[columns]))

        return push

    def _compressed(self, t, y, colors):
        """Sums of the columns of each colour, a number of shape (n, colours)."""
        step = max(1, _LARGEST_SWEEP // self.size)
        parts = []
        for first in range(0, colors.ncolors, step):
            count = min(step, colors.ncolors - first)
            own = colors.colors - first
            inside = (own >= 0) & (own < count)
            own = np.where(inside, own, 0)
            parts.append(jacobian(lambda s, own=own, inside=inside: array(self._rhs(t, y + inside * s[own])))(
                np.zeros(count)))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def solve(self, factors, b):
        """The solution of a system of numbers for a right-hand side that is a vector of the solver."""
        b = residual = b.reshape((self._layout.rows, self.n))
        x = np.zeros_like(b)
        for rows in self._grades:
            x[rows] = factors.solve_plain(residual[rows])
            if rows is not self._grades[-1]:
                residual = b - self.vector(factors.A @ self.number(x.reshape(-1))).reshape(b.shape)
        return x.reshape(-1)

    def full(self, t, z):
        """The Jacobian of the augmented system as one plain matrix: products with each unit of the algebra."""
        self._checked_given(t, z)
        J = self._exact(t, self.number(z))
        rows, counts = self._layout.rows, self._layout.counts
        units = [self._layout.rebuild(e.reshape(counts)) for e in np.eye(rows)]
        blocks = [self._layout.flatten(J * unit).reshape(-1, self.n) for unit in units]
        return np.concatenate(blocks, axis=1)

    def bands(self, t, z, lower, upper):
        """The diagonal blocks of the Jacobian of the augmented system in LSODA's packed form."""
        J = self._plain(t, z[:self.n])
        return np.tile(packed_bands(J, lower, upper), self._layout.rows)


def packed_bands(J, lower, upper):
    """The bands of a matrix as LSODA wants them: ``packed[i - j + upper, j]``."""
    packed = np.zeros((lower + upper + 1, len(J)))
    i, j = np.indices(J.shape)
    inside = (i - j <= lower) & (j - i <= upper)
    packed[(i - j + upper)[inside], j[inside]] = J[inside]
    return packed


def column_colors(jac):
    """The colouring by which `jac` compresses the columns of its matrices; None where it does not."""
    colors = jac.coloring if isinstance(jac, Plan) else None
    return colors if colors is not None and colors.partition == "column" and np.all(colors.colors >= 0) else None


def real_and_imaginary(push):
    """A real linear function, also of complex numbers."""
    return lambda x: push(np.real(x)) + 1j * push(np.imag(x)) if np.iscomplexobj(primal(x)) else push(x)


# ---- solvers -------------------------------------------------------------------------------------------------------

class _Recording:
    """A solver that remembers the largest magnitudes of its components."""

    def __init__(self, fun, t0, y0, t_bound, *, largest, **options):
        super().__init__(fun, t0, y0, t_bound, **options)
        self._largest = largest

    def step(self):
        message = super().step()
        np.maximum(self._largest, np.abs(self.y), out=self._largest)
        return message


class _OneFactorisation(_Recording):
    """Radau or BDF on the components of numbers; systems are solved with factors of the plain value."""

    def __init__(self, fun, t0, y0, t_bound, *, augmented, **options):
        size = len(y0)
        super().__init__(fun, t0, y0, t_bound, jac=csc_array((size, size)), **options)

        def evaluate(t, y, _=None):
            self.njev += 1
            return augmented.jacobian(t, y)

        def factorise(A):
            self.nlu += 1
            return Factors(A)

        self.jac, self.J = evaluate, evaluate(t0, self.y)
        self.I = eye_array(augmented.n, format="csc") if isinstance(self.J, ScaledJacobian) else np.eye(augmented.n)
        self.lu, self.solve_lu = factorise, augmented.solve


def augmented_solver(method, augmented, largest, options):
    """The class with which SciPy's `solve_ivp` solves the augmented system by ``method``, and its options."""
    options = {**options, "largest": largest}
    kind = _Recording
    if issubclass(method, (Radau, BDF)):
        options.pop("jac_sparsity", None)
        if augmented.size <= _SMALL:
            options["jac"] = augmented.full
        else:
            options.pop("jac", None)
            options["augmented"] = augmented
            kind = _OneFactorisation
    elif issubclass(method, LSODA):
        options.update(lsoda_options(augmented, options.get("lband"), options.get("uband")))
    return type(method.__name__, (kind, method), {"__doc__": method.__doc__}), options


def lsoda_options(augmented, lower, upper):
    """The Jacobian for LSODA: the whole, or diagonal blocks as bands no wider than the blocks or than the user's."""
    banded = lower is not None or upper is not None
    if not banded and augmented.size <= _LARGEST_FULL:
        return {"jac": augmented.full, "lband": None, "uband": None}
    lower, upper = (lower or 0, upper or 0) if banded else (augmented.n - 1, augmented.n - 1)
    return {"lband": lower, "uband": upper, "jac": lambda t, z: augmented.bands(t, z, lower, upper)}
