"""Derivatives checked against differences: for the tests of programs that use dualad."""

import itertools
import numbers
import warnings

import numpy as np

from dualad._trees import as_input, as_output, flatten, is_container, rebuild
from dualad.transforms import jvp, value_and_jacobian

__all__ = ["check_derivatives"]

_DIRECTIONS = 2
"""Random directions for jvp; the Jacobian tests the unit directions."""

_STEPS = 0.02 * 0.5 ** np.arange(5)
"""Steps of the central differences, relative to the elements of the arguments."""

_LEAST, _ZERO = 1e-6, 1e-3
"""What counts as the size of small elements and of zeros, relative to the largest element of the same array."""


def check_derivatives(f, *args, rtol=1e-6, atol=1e-8, order=1):
    """Compare the derivatives of a function with differences.

    Parameters
    ----------
    f : callable
        Function of ``len(args)`` arguments.
    *args
        Where to compare: real arrays, scalars, or nested containers of them. All are differentiated.
    rtol, atol : float, optional
        How far a derivative may be from the difference d: ``atol + rtol * abs(d)``.
    order : int, optional
        Highest order of the derivatives to compare.

    Raises
    ------
    AssertionError
        If the value or a derivative is wrong. The message names the entry that is off most.
    TypeError
        If f is no function, or an argument is complex: pass its real and imaginary parts.
    ValueError
        If order is no integer of at least one, or rtol or atol no nonnegative number.

    See Also
    --------
    dualad.jvp, dualad.jacobian

    Notes
    -----
    Compares `dualad.jvp` along random directions and every block of `dualad.jacobian` with central differences,
    extrapolated to steps of length zero after L. F. Richardson: C. J. F. Ridders, *Advances in Engineering Software* 4
    (1982), 75-76. Where f takes complex arguments, and the complex step of W. Squire and G. Trapp, *SIAM Review* 40
    (1998), 110-112, agrees roughly with the differences, it is the reference, since it is exact to rounding.

    f is evaluated ten times for each element of the arguments, within 2 percent of it, and must be smooth there. Where
    its value is infinite or NaN, the derivatives are not compared. For higher orders the derivatives along a random
    direction take the place of f.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad.testing import check_derivatives
    >>> check_derivatives(lambda x, a: np.sin(a * x), np.array([1.0, 2.0]), 3.0, order=2)
    """
    if not callable(f):
        raise TypeError(f"f must be a function, not {type(f).__name__}")
    if isinstance(order, bool) or not isinstance(order, (int, np.integer)) or order < 1:
        raise ValueError(f"order must be an integer of at least one, not {order!r}")
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if not isinstance(tolerance, numbers.Real) or not tolerance >= 0:
            raise ValueError(f"{name} must be a nonnegative real number, not {tolerance!r}")
    point = _Point(args)
    rng = np.random.default_rng(0)
    _check_first_order(f, point, rng, rtol, atol)
    if order > 1:
        direction = point.tree(rng.uniform(0.5, 1.0, point.size))
        check_derivatives(lambda *x: jvp(f, x, direction)[1], *point.args, rtol=rtol, atol=atol, order=order - 1)


def _check_first_order(f, point, rng, rtol, atol):
    plain = _Leaves(f(*point.args), "result")
    tolerances = rtol, atol
    finite = np.isfinite(plain.vector)
    for _ in range(_DIRECTIONS):
        v = rng.uniform(-1.0, 1.0, point.size)
        y, ydot = jvp(f, point.args, point.tree(v))
        _compare("the value under jvp", _Leaves(y, "result"), plain.vector, tolerances)
        _compare("jvp along a random direction", _Leaves(ydot, "result"), _reference(f, point, v), tolerances, finite)
    y, jacobian = value_and_jacobian(f, tuple(range(len(point.args))))(*point.args)
    _compare("the value under jacobian", _Leaves(y, "result"), plain.vector, tolerances)
    columns = [_reference(f, point, e) for e in np.eye(point.size)]
    expected = np.stack(columns, axis=1) if columns else np.zeros((plain.size, 0))
    _compare("jacobian", _Blocks(jacobian, plain, point), expected, tolerances, finite[:, None])


# ---- arguments and results as vectors ------------------------------------------------------------------------------

class _Leaves:
    """The arrays of a nested structure, their names and their elements in one vector."""

    def __init__(self, tree, name):
        found, self.structure = flatten(tree) if is_container(tree) else ([tree], None)
        self.names = _names(self.structure, name)
        self.arrays = [np.asarray(self._array(x)) for x in found]
        self.vector = np.concatenate([np.ravel(a) for a in self.arrays]) if found else np.zeros(0)
        self.size = len(self.vector)

    def _array(self, x):
        return as_output(x)

    def entry(self, k):
        """The name of element k of the vector."""
        for name, a in zip(self.names, self.arrays, strict=True):
            if k < a.size:
                index = ", ".join(str(i) for i in np.unravel_index(k, a.shape))
                return f"{name}[{index}]" if index else name
            k -= a.size
        raise IndexError(k)


def _names(structure, name):
    if structure is None:
        return [name]
    return list(itertools.chain.from_iterable(_names(inner, f"{name}[{key!r}]") for key, _, inner in structure[1]))


class _Point(_Leaves):
    """Arguments as float64 arrays."""

    def __init__(self, args):
        super().__init__(tuple(args), "args")
        self.args = self.tree(self.vector)
        self.scale = np.concatenate([self._scale(np.ravel(a)) for a in self.arrays] or [[]])

    @staticmethod
    def _scale(a):
        size = np.abs(a)
        largest = np.max(size, initial=0.0) or 1.0
        return np.where(size == 0, _ZERO * largest, np.maximum(size, _LEAST * largest))

    def steps(self, v):
        """Lengths of the steps along v."""
        moved = v != 0
        return _STEPS * np.min(self.scale[moved] / np.abs(v[moved]), initial=np.inf)

    def _array(self, x):
        a = np.asarray(as_input(x, "the argument"))
        if a.dtype.kind == "c":
            raise TypeError("check_derivatives needs real arguments: pass real and imaginary parts")
        return a.astype(np.float64)

    def tree(self, vector):
        """Arguments with the elements of a vector."""
        parts, start = [], 0
        for a in self.arrays:
            parts.append(np.reshape(vector[start:start + a.size], a.shape)[()])
            start += a.size
        return rebuild(self.structure, parts)


class _Blocks:
    """The blocks of a Jacobian in one matrix, named as the results and arguments are."""

    def __init__(self, tree, results, arguments):
        self.results, self.arguments = results, arguments
        blocks = flatten(tree)[0]
        rows = [np.zeros((y.size, 0)) for y in results.arrays]
        for k, block in enumerate(blocks):
            i, j = divmod(k, len(arguments.arrays))
            shape = results.arrays[i].size, arguments.arrays[j].size
            rows[i] = np.concatenate([rows[i], np.reshape(block, shape)], axis=1)
        self.vector = np.concatenate(rows) if rows else np.zeros((0, arguments.size))

    def entry(self, k):
        i, j = divmod(k, self.arguments.size)
        return f"{self.results.entry(i)} by {self.arguments.entry(j)}"


# ---- differences ---------------------------------------------------------------------------------------------------

def _reference(f, point, v):
    """The derivative of the vector of results along v."""
    x = point.vector

    def g(vector):
        return _Leaves(f(*point.tree(vector)), "result").vector

    with np.errstate(all="ignore"):
        differences = _extrapolate([(g(x + h * v) - g(x - h * v)) / (2 * h) for h in point.steps(v)])
        exact = _complex_step(g, x, v)
    if exact is None or exact.shape != differences.shape:
        return differences
    scale = np.max(np.abs(differences), initial=0.0)
    agrees = np.abs(exact - differences) <= 1e-5 * np.maximum(np.abs(differences), 1e-3 * scale)
    return np.where(agrees, exact, differences)


def _extrapolate(column):
    """Neville's table for halved steps; of each element the entry that differs least from its neighbours."""
    best, error = column[0], np.full(np.shape(column[0]), np.inf)
    weight = 1.0
    while len(column) > 1:
        weight *= 4.0
        new = [b + (b - a) / (weight - 1.0) for a, b in itertools.pairwise(column)]
        for (a, b), c in zip(itertools.pairwise(column), new, strict=True):
            e = np.maximum(np.abs(c - a), np.abs(c - b))
            best, error = np.where(e < error, c, best), np.fmin(e, error)
        column = new
    return best


def _complex_step(g, x, v):
    """Im g(x + ihv) / h, or None if g does not take complex arguments to complex results."""
    h = 1e-100
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            y = g(x + 1j * h * v)
    except Exception:  # whatever f does with what it was not written for
        return None
    return np.imag(y) / h if np.iscomplexobj(y) else None


# ---- comparison ----------------------------------------------------------------------------------------------------

def _compare(what, actual, expected, tolerances, checked=True):
    """AssertionError that names the worst entry, unless all are close; infinities and NaNs must be the same."""
    rtol, atol = tolerances
    found = actual.vector
    if found.shape != expected.shape:
        raise AssertionError(f"{what} has {found.size} elements instead of {expected.size}")
    with np.errstate(all="ignore"):
        excess = np.abs(found - expected) - atol - rtol * np.abs(expected)
    same = (found == expected) | (np.isnan(found) & np.isnan(expected)) | ~np.asarray(checked)
    excess = np.where(same, -1.0, np.where(np.isnan(excess), np.inf, excess))
    wrong = np.count_nonzero(excess > 0)
    if wrong:
        k = int(np.argmax(excess))
        raise AssertionError(
            f"{what} is wrong in {wrong} of {found.size} entries, most at {actual.entry(k)}: {found.flat[k]} instead "
            f"of {expected.flat[k]}")
