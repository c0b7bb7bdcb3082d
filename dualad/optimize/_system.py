"""The residual F as solvers see it: plain flat vectors in, plain flat vectors and exact Jacobians out.

A solver must never iterate on numbers that carry derivatives of an outer transform. Here arguments and results lose
them, and `System.dual` remembers that there were some: then `dualad.optimize._implicit` gives the solution its
derivatives afterwards.
"""

import functools
import math
import types

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from dualad._context import ACTIVE, call_within
from dualad._core import Dual, MultiDual, Number
from dualad._core.number import primal, quick_vector, rewrap, wrap
from dualad._intercept import intercepted
from dualad._sweeps import levels, parts_at, sweep_once
from dualad._trees import as_output
from dualad.rules.packing import pack
from dualad.sparse import SparseJacobian, coloring, jacobian_sparsity, sparse_jacobian
from dualad.transforms import value_and_jacobian

_FLOAT64 = np.dtype(np.float64)
_LARGE = 50
"""From how many unknowns on a pattern is looked for."""
_SPARSE = 200
"""From how many unknowns on a sparse Jacobian is factorised as such."""
_AHEAD = 1024
"""Up to how many entries a Jacobian costs little beside the call of the function."""


def plain(x):
    """x without derivatives; containers and object arrays are searched."""
    if isinstance(x, Number):
        return primal(x)
    if isinstance(x, np.ndarray) and x.dtype == object:
        packed = pack(x) if _holds_number(x.flat) else x
        return primal(packed)
    if isinstance(x, dict):
        return type(x)((k, plain(v)) for k, v in x.items()) if _holds_number(x.values()) else x
    if isinstance(x, (tuple, list)) and _holds_number(x):
        values = [plain(v) for v in x]
        return type(x)(*values) if hasattr(x, "_fields") else type(x)(values)
    return x


def holds_number(x):
    """Whether derivatives are anywhere in x."""
    if isinstance(x, dict):
        return _holds_number(x.values())
    if isinstance(x, (tuple, list)) or (isinstance(x, np.ndarray) and x.dtype == object):
        return _holds_number(x)
    return isinstance(x, Number)


def _holds_number(values):
    for v in values:
        if not isinstance(v, float) and holds_number(v):
            return True
    return False


def plain_function(f):
    """f without the derivatives in its closure, so that iterations do not carry them along; f itself without any."""
    if isinstance(f, functools.partial):
        func = plain_function(f.func)
        if func is f.func and not holds_number(f.args) and not holds_number(f.keywords):
            return f
        return functools.partial(func, *plain(f.args), **plain(f.keywords))
    if not isinstance(f, types.FunctionType) or not f.__closure__:
        return f
    cells = [_plain_cell(cell, f) for cell in f.__closure__]
    if all(new is old for new, old in zip(cells, f.__closure__, strict=True)):
        return f
    copy = types.FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, tuple(cells))
    copy.__kwdefaults__ = f.__kwdefaults__
    return copy


def _plain_cell(cell, owner):
    """A closure cell, or another one in its place if what it holds carries derivatives."""
    try:
        content = cell.cell_contents
    except ValueError:  # still empty
        return cell
    if content is owner:
        return cell
    if isinstance(content, (types.FunctionType, functools.partial)):
        stripped = plain_function(content)
        return cell if stripped is content else types.CellType(stripped)
    return types.CellType(plain(content)) if holds_number(content) else cell


class Adaptive:
    """A function that is called under interception of NumPy from the first time on that it fails without.

    Functions that make arrays with plain NumPy and store numbers into them raise TypeError or ValueError. The first
    call that should return derivatives is watched for whether it does.
    """

    def __init__(self, f):
        self.f, self.needs_interception, self.watched = f, False, False

    def __call__(self, *args, **kwargs):
        if self.needs_interception:
            y = intercepted(self.f, True)(*args, **kwargs)
        else:
            try:
                y = self.f(*args, **kwargs)
            except (TypeError, ValueError) as error:
                y = self._again(error, args, kwargs)
        if not self.watched and isinstance(args[0], Number):
            self.watched = True
            if not holds_number(y):
                self._check_constant(*plain(args), **plain(kwargs))
        return y

    def _check_constant(self, x, *args, **kwargs):
        """TypeError if a function that gave plain numbers for numbers x is not constant around x."""
        here, near = (plain(number_or_array(self.f(z, *args, **kwargs))) for z in (x, x + 1e-7 * (np.abs(x) + 1)))
        if not np.array_equal(here, near, equal_nan=True):
            raise TypeError("fun returns plain numbers although they depend on x: something in it drops derivatives, "
                            "such as x.value or a cache of earlier results")

    def _again(self, failure, args, kwargs):
        """The result under interception after a failure without, which is raised if that fails, too."""
        if not ACTIVE.get():
            raise failure
        try:
            result = intercepted(self.f, True)(*args, **kwargs)
        except (TypeError, ValueError):
            raise failure from None
        self.needs_interception = True
        return result


def as_tuple(args):
    """Further arguments as SciPy takes them: a single one need not be a tuple."""
    return args if isinstance(args, tuple) else (args,)


def number_or_array(y):
    """The result of a residual function as one number or array; tuples and lists are packed."""
    kind = type(y)
    if kind is MultiDual or kind is np.ndarray and y.dtype is _FLOAT64:
        return y
    if (kind is list or kind is tuple) and (packed := quick_vector(y)) is not NotImplemented:
        return packed
    return as_output(list(y) if isinstance(y, tuple) else y)


def push(f, x, directions):
    """Value and directional derivatives (K,) + shape of f at x; zeros where nothing depends on x."""
    level = next(levels)
    count = len(directions)
    kind = Dual if count == 1 else MultiDual
    seeded = wrap(kind, np.concatenate([x[None], directions]), level, count)
    y = call_within((kind, level, count), f, (seeded,), {})
    value, tangents = parts_at(number_or_array(y), level)
    return value, np.zeros((count, *np.shape(value))) if tangents is None else tangents


class System:
    """F(x) = 0 for a function of an array x of any shape and further arguments.

    Attributes
    ----------
    shape : tuple
        The shape of x.
    nfev, njev : int
        Evaluations so far of F, and of its Jacobian or its products with single vectors.
    dual : bool
        Whether an argument or a value of F carried derivatives of an outer transform.
    """

    def __init__(self, fun, x0, args=(), jac=None, sparsity=None, square=True, detect=False):
        stripped = plain_function(fun)
        self.fun, self.plain_fun = Adaptive(fun), Adaptive(stripped)
        self.args = as_tuple(args)
        self.plain_args = plain(self.args)
        self.shape = np.shape(x0)
        self.size = math.prod(self.shape)
        self.square = square
        self.dual = holds_number(self.args) or stripped is not fun
        self.nfev = self.njev = 0
        self.user_jac = jac if callable(jac) else None
        self.with_jac = jac is True
        self.has_given_jacobian = self.with_jac or self.user_jac is not None
        self._sparsity, self._detect, self._plan = sparsity, detect, None
        self._ahead = not self.has_given_jacobian and sparsity is None and 0 < self.size < _LARGE
        self._known = None

    # ---- the function ------------------------------------------------------------------------------------------------

    def f(self, x):
        """F of x (of x's shape) with plain further arguments; its result is plain only if no closure says otherwise."""
        y = self.plain_fun(x, *self.plain_args)
        return y[0] if self.with_jac else y

    def _packed(self, x):
        """F of x (of x's shape) as one array or number."""
        y = self.plain_fun(x, *self.plain_args)
        return number_or_array(y[0] if self.with_jac else y)

    def full(self, x):
        """F of x (flat) with the arguments as they came, as a flat number."""
        y = self.fun(np.reshape(x, self.shape), *self.args)
        return np.ravel(number_or_array(y[0] if self.with_jac else y))

    def value(self, x):
        """F of a flat plain x, flat and plain; F may write into its argument."""
        known = self._known
        if known is not None and known[0] == x.tobytes():
            return known[1].copy()
        self.nfev += 1
        f = self.flat(self._packed(x.reshape(self.shape).copy()))
        if self.size < _LARGE:
            self._known = x.tobytes(), f.copy(), None
        return f

    def trial(self, x):
        """F(x) where F'(x) may well be asked for next: if that costs little, it is kept."""
        if not self._ahead:
            return self.value(x)
        known = self._known
        if known is not None and known[2] is not None and known[0] == x.tobytes():
            return known[1].copy()
        self.nfev, self.njev = self.nfev + 1, self.njev + 1
        value, matrix = sweep_once(self._packed, (x.reshape(self.shape),), {})
        f, matrix = self.flat(value), self._as_matrix(value, matrix)
        self._known = x.tobytes(), f, matrix
        self._ahead = matrix.size <= _AHEAD
        return f.copy()

    def flat(self, y):
        """A result of F, flat and plain; TypeError if it is not as long as x or not real."""
        y = number_or_array(y)
        if isinstance(y, Number):
            self.dual = True
            y = primal(y)
        if type(y) is np.ndarray and y.dtype is _FLOAT64 and y.ndim == 1 and (y.size == self.size or not self.square):
            return y.copy()
        y = np.ravel(y)
        if self.square and y.size != self.size:
            raise TypeError(
                f"fun must return as many values as x has elements: x has shape {self.shape}, but fun(x) has "
                f"{y.size} value{'s' * (y.size != 1)}"
            )
        if y.dtype.kind == "c":
            raise TypeError("fun must return real numbers, but its result is complex: return real and imaginary parts")
        return np.array(y, dtype=np.float64)

    # ---- derivatives -------------------------------------------------------------------------------------------------

    def jvp(self, x, v):
        """F'(x) v."""
        self.njev += 1
        _, tangents = push(self.f, x.reshape(self.shape), v.reshape(1, *self.shape))
        return self._plain(tangents)[0].reshape(-1)

    def _plain(self, y):
        if isinstance(y, Number):
            self.dual = True
            return primal(y)
        return y

    def jacobian(self, x, out=None):
        """F'(x) as a dense array or a sparse CSC array; `out` is an earlier one that nobody needs any more."""
        known = self._known
        if known is not None and known[2] is not None and known[0] == x.tobytes():
            return known[2].copy("K")
        if not self.has_given_jacobian:
            return self.exact_jacobian(x, out)
        self.njev += 1
        point = x.reshape(self.shape)
        given = self.plain_fun(point, *self.plain_args)[1] if self.with_jac else self.user_jac(point, *self.plain_args)
        matrix = self._checked(given)
        if known is not None and known[0] == x.tobytes() and isinstance(matrix, np.ndarray):
            self._known = *known[:2], matrix.copy("K")
        return matrix

    def linearised(self, x):
        """F(x) and F'(x); a dense sweep gives both at once."""
        if self.has_given_jacobian or self._detect or self._sparsity is not None:
            return self.value(x), self.jacobian(x)
        if self._ahead:
            return self.trial(x), self.jacobian(x)
        self.nfev, self.njev = self.nfev + 1, self.njev + 1
        value, matrix = self._both(x.reshape(self.shape))
        return self.flat(value), self._as_matrix(value, matrix)

    def exact_jacobian(self, x, out=None):
        """F'(x) without the user's own, which may be approximate."""
        self.njev += 1
        point = x.reshape(self.shape)
        if self._plan is None:
            self._plan = self._planned(point)
        if out is None or not isinstance(self._plan, SparseJacobian):
            return self._plan(point)
        self._plan.update(out, point)
        return out

    def _planned(self, point):
        """What evaluates Jacobians: compressed if the pattern is given or can be detected, and is worth it."""
        if self._sparsity is not None:
            return sparse_jacobian(self._own, self._sparsity).check(point)
        if not self._detect or self.size < _LARGE:
            return self._dense
        try:
            pattern, info = jacobian_sparsity(self.f, point, return_info=True)
        except (TypeError, ValueError):
            return self._dense
        colors = coloring(pattern)
        if info.followed_branches or 4 * colors.ncolors > self.size:
            return self._dense
        plan = sparse_jacobian(self._own, coloring=colors)
        if self.size < _SPARSE or pattern.nnz > 0.1 * self.size**2:
            return lambda x: plan(x).toarray()
        return plan

    def _own(self, x):
        """F with the derivatives by x alone."""
        y = number_or_array(self.f(x))
        if isinstance(x, Number) and isinstance(y, Number):
            return rewrap(y, primal(y.components)) if y.level == x.level else primal(y)
        return y

    def dense_jacobian(self, x):
        """F'(x) as a dense array."""
        matrix = self.jacobian(x)
        return matrix.toarray() if sparse.issparse(matrix) else matrix

    @functools.cached_property
    def _both(self):
        return value_and_jacobian(self._packed)

    def _dense(self, point):
        return self._as_matrix(*self._both(point))

    def _as_matrix(self, value, matrix):
        if type(matrix) is not np.ndarray or matrix.dtype is not _FLOAT64:
            matrix = np.asarray(self._plain(matrix), dtype=np.float64)
        shape = np.size(value), self.size
        return matrix if matrix.shape == shape else matrix.reshape(shape)

    def _checked(self, matrix):
        """The user's Jacobian as an array, with its shape checked."""
        if isinstance(matrix, LinearOperator):
            return matrix @ np.eye(self.size) if self.square else matrix
        if sparse.issparse(matrix):
            matrix = sparse.csc_array(matrix)
        else:
            matrix = np.atleast_2d(np.asarray(plain(matrix), dtype=np.float64))
            if matrix.size == self.size**2 and matrix.ndim > 2:
                matrix = matrix.reshape(self.size, self.size)
        if self.square and matrix.shape != (self.size, self.size):
            raise TypeError(f"jac must return an array of shape {(self.size, self.size)}, not {matrix.shape}")
        return matrix

    def curvature(self, x, s):
        """F''(x) s s, the second derivative along the line x + t s."""
        self.njev += 1
        direction = s.reshape(1, *self.shape)

        def slope(t):
            return push(self.f, np.reshape(x + t * s, self.shape), direction)[1][0]

        _, tangents = push(slope, np.zeros(1), np.ones((1, 1)))
        return self._plain(tangents)[0].reshape(-1)
