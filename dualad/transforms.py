"""Derivatives of functions: each transform runs the function on dual numbers of a level of its own.

The method is the forward mode of A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 3.
Levels keep nested derivatives apart; see J. M. Siskind and B. A. Pearlmutter, "Perturbation confusion and referential
transparency", IFL 2005.
"""

import functools
import itertools
import math

import numpy as np

from dualad._context import call_within
from dualad._core import Dual, MultiDual, Number, Taylor
from dualad._core.number import components_like, dual_parts, rewrap, seed_directions, seed_tangent, wrap
from dualad._intercept import intercepted
from dualad._trees import as_input, as_output, flatten, is_container, leaves_like, rebuild
from dualad.rules.algebra import expanded, split

# numbers made by hand have small levels: they always lie outside; hyper-dual numbers take the odd level below too
_levels = itertools.count(1 << 32, 2)

_NO_KEYWORDS = {}

_FLOAT64 = np.dtype(np.float64)

_CACHE = 1 << 19
"""Bytes that the numbers of one chunk of directions may take, so that a few of them stay in the L2 cache."""


# ---- results -------------------------------------------------------------------------------------------------------


def _extract(y, level):
    """Value and tangents, (K,) + shape, of a result with regard to a level; None for the tangents of a constant."""
    if not isinstance(y, Number) or y.level < level:
        return y, None
    if y.level == level:
        return split(y, level)
    value, tangents = _extract(y.components, level)
    if tangents is None:
        return y, None
    return rewrap(y, value), np.stack([rewrap(y, t) for t in tangents])


def components_at(y, level):
    """All components, (n,) + shape, of a result with regard to a level; None for a constant."""
    if not isinstance(y, Number) or y.level < level:
        return None
    if y.level == level:
        return None if y.isconstant else expanded(y, y)
    inner = components_at(y.components, level)
    return inner if inner is None else np.stack([rewrap(y, c) for c in inner])


def value_at(y, level):
    """The value of a result with regard to a level."""
    if not isinstance(y, Number) or y.level < level:
        return y
    return y.components[0] if y.level == level else rewrap(y, value_at(y.components, level))


def result_leaves(y):
    """The arrays of a result and its structure."""
    if not is_container(y):
        return [as_output(y)], None
    leaves, structure = flatten(y)
    return [as_output(leaf) for leaf in leaves], structure


def _zeros_of(y, leading=()):
    if isinstance(y, Number):
        return np.zeros(leading + y.shape, y.dtype)
    y = np.asarray(y)
    dtype = y.dtype if y.dtype.kind in "fc" else np.float64
    return np.zeros(leading + y.shape, dtype)[()]


def _results(y, level):
    """The leaves of a result as pairs of value and tangents, and its structure."""
    leaves, structure = result_leaves(y)
    return [_extract(leaf, level) for leaf in leaves], structure


# ---- one direction -------------------------------------------------------------------------------------------------


def _plain(x, shape=None):
    """Whether x is an array of doubles, of a given shape if there is one: what needs no further looking at."""
    return type(x) is np.ndarray and x.dtype is _FLOAT64 and (shape is None or x.shape == shape)


def _seed_tree(primal, tangent, level, i):
    """Argument i with its tangents built in."""
    if type(primal) is float and type(tangent) is float or _plain(primal) and _plain(tangent, primal.shape):
        return seed_tangent(Dual, primal, tangent, level)
    name = f"primals[{i}]"
    if not is_container(primal):
        return _seed_leaf(primal, tangent, level, name)
    leaves, structure = flatten(primal)
    directions = leaves_like(structure, tangent)
    if directions is None:
        raise ValueError(f"tangents of {name} must have the same containers as {name} itself")
    seeded = [_seed_leaf(p, t, level, name) for p, t in zip(leaves, directions, strict=True)]
    return rebuild(structure, seeded)


def _shape(x):
    return () if isinstance(x, float) else x.shape


def _seed_leaf(primal, tangent, level, name):
    x, t = as_input(primal, name), as_input(tangent, f"the tangent of {name}")
    if _shape(x) != _shape(t):
        raise ValueError(f"the tangent of {name} has shape {np.shape(t)}, but {name} has shape {np.shape(x)}")
    return seed_tangent(Dual, x, t, level)


def jvp(f, primals, tangents, *, intercept=False):
    """Value of f and its derivative in one direction (Jacobian-vector product).

    Parameters
    ----------
    f : callable
        Function of ``len(primals)`` arguments.
    primals : tuple
        Where to evaluate: arrays, scalars, or nested containers of them.
    tangents : tuple
        The direction: of the same structure and shapes as `primals`.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    y
        ``f(*primals)``.
    ydot
        The directional derivative, of the structure and shapes of `y`.

    Raises
    ------
    TypeError
        If primals or tangents is not a tuple or list, or holds something that cannot be differentiated.
    ValueError
        If they differ in number, structure or shape.

    Notes
    -----
    Costs about two to three evaluations of `f`, whatever the number of arguments. Griewank and Walther, *Evaluating
    Derivatives*, 2nd ed., section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> y, ydot = da.jvp(np.sin, (0.0,), (2.0,))
    >>> float(y), float(ydot)
    (0.0, 2.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            "primals and tangents must be tuples with one entry for each argument of f; for one argument write "
            "jvp(f, (x,), (v,))"
        )
    if len(primals) != len(tangents):
        raise ValueError(
            f"primals and tangents must be of one length, but have {len(primals)} and {len(tangents)} entries"
        )
    f = intercepted(f, intercept)
    level = next(_levels)
    args = list(map(_seed_tree, primals, tangents, itertools.repeat(level), range(len(primals))))
    result = call_within((Dual, level, 1), f, args, _NO_KEYWORDS)
    parts = dual_parts(result, level)
    if parts is not NotImplemented:
        return parts
    pairs, structure = _results(result, level)
    values = [y for y, _ in pairs]
    dots = [_zeros_of(y) if t is None else t[0] for y, t in pairs]
    return rebuild(structure, values), rebuild(structure, dots)


def linearize(f, *primals, intercept=False):
    """Value of f and the linear function that maps tangents to tangents there.

    Parameters
    ----------
    f : callable
        Function of ``len(primals)`` arguments.
    *primals
        Where to linearise: arrays, scalars, or nested containers of them.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    y
        ``f(*primals)``.
    f_jvp : callable
        ``f_jvp(*tangents)`` is the directional derivative. Each call evaluates `f` once on dual numbers.

    Raises
    ------
    ValueError
        By ``f_jvp``, if tangents do not fit the primals.

    Notes
    -----
    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., section 3.1.

    Examples
    --------
    >>> import dualad as da
    >>> y, f_jvp = da.linearize(lambda x: x**2, 3.0)
    >>> y, float(f_jvp(1.0)), float(f_jvp(0.5))
    (9.0, 6.0, 3.0)
    """
    f = intercepted(f, intercept)
    leaves, structure = flatten(primals)
    point = rebuild(structure, [np.copy(x) if isinstance(x, np.ndarray) else x for x in leaves])

    def f_jvp(*tangents):
        return jvp(f, point, tangents)[1]

    return f(*point), f_jvp


def derivative(f, argnum=0, order=1, *, intercept=False):
    """Derivative of a scalar or elementwise function with respect to one argument.

    Parameters
    ----------
    f : callable
        Function whose result depends elementwise on the argument (or whose argument is a scalar).
    argnum : int, optional
        Which positional argument.
    order : int, optional
        How often to differentiate.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments. For an array argument it differentiates along a vector of ones.

    Raises
    ------
    ValueError
        If order is negative; by the function returned, if it has no such argument.

    Notes
    -----
    Orders above one come from a power series of that degree. Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    sections 3.1 and 13.1.

    Examples
    --------
    >>> import dualad as da
    >>> df = da.derivative(lambda x: x**3)
    >>> float(df(2.0))
    12.0
    >>> float(da.derivative(lambda x: x**3, order=2)(2.0))
    12.0
    """
    if not isinstance(order, (int, np.integer)) or order < 0:
        raise ValueError(f"order must be a nonnegative integer, not {order!r}")
    f = intercepted(f, intercept)
    if order == 0:
        return f

    @_named_like(f, "derivative")
    def df(*args, **kwargs):
        i = _position(argnum, args, "argnum")
        leaves, structure = flatten(args[i])
        ones = rebuild(structure, [_ones_of(as_input(x, f"argument {i}")) for x in leaves])
        if order == 1:
            return jvp(lambda x: f(*args[:i], x, *args[i + 1 :], **kwargs), (args[i],), (ones,))[1]
        coefficients, structure = along_line(f, args, kwargs, {i: ones}, order)
        return rebuild(structure, [math.factorial(order) * c[order] for c in coefficients])

    return df


def _ones_of(x):
    return 1.0 if isinstance(x, float) else np.ones(np.shape(x), x.dtype)


# ---- power series --------------------------------------------------------------------------------------------------


def _seed_series(x, direction, order, level):
    """x + t * direction as a power series."""
    if isinstance(x, Number) or isinstance(direction, Number):
        first = np.stack([x, direction])
        zeros = np.zeros((order - 1, *np.shape(x)))
        return wrap(Taylor, np.concatenate([first, zeros]) if order > 1 else first, level, order)
    x = np.asarray(x)
    data = components_like(1 + order, x, np.result_type(x, direction), zero=True)
    data[0] = x
    data[1] = direction
    return wrap(Taylor, data, level, order)


def _seed_series_tree(x, direction, order, level, name):
    leaves, structure = flatten(x)
    directions = leaves_like(structure, direction)
    if directions is None:
        raise ValueError(f"the direction of {name} must have the same containers as {name} itself")
    seeded = []
    for leaf, u in zip(leaves, directions, strict=True):
        leaf, u = as_input(leaf, name), as_input(u, f"the direction of {name}")
        if np.shape(leaf) != np.shape(u):
            raise ValueError(f"the direction of {name} has shape {np.shape(u)}, but {name} has shape {np.shape(leaf)}")
        seeded.append(_seed_series(leaf, u, order, level))
    return rebuild(structure, seeded)


def along_line(f, args, kwargs, directions, order):
    """Coefficients (order + 1,) + shape of f's results along a line, and their structure.

    `directions` maps positions of arguments to directions of the arguments' structure and shapes.
    """
    level = next(_levels)
    args = list(args)
    for i, u in directions.items():
        args[i] = _seed_series_tree(args[i], u, order, level, f"argument {i}")
    leaves, structure = result_leaves(call_within((Taylor, level, order), f, args, kwargs))
    return [_coefficients(y, level, order) for y in leaves], structure


def _coefficients(y, level, order):
    components = components_at(y, level)
    if components is not None:
        return components
    value = np.stack([value_at(y, level)])
    return np.concatenate([value, _zeros_of(value[0], (order,))])


# ---- many directions -----------------------------------------------------------------------------------------------


def _named_like(f, what):
    """As functools.wraps, with a name and docstring that tell what was done to f."""

    def decorate(g):
        functools.update_wrapper(g, f, assigned=("__module__", "__annotations__"), updated=())
        name = getattr(f, "__name__", type(f).__name__)
        g.__name__ = g.__qualname__ = f"{what}_of_{name}"
        g.__doc__ = f"The {what.replace('_', ' ')} of {name}, a function of the same arguments."
        del g.__wrapped__
        return g

    return decorate


def _position(argnum, args, name):
    if not isinstance(argnum, (int, np.integer)) or isinstance(argnum, bool):
        what = "an integer" if name == "argnum" else "an integer or a tuple of integers"
        raise TypeError(f"{name} must be {what}, not {argnum!r}")
    if not -len(args) <= argnum < len(args):
        raise ValueError(f"{name} is {argnum}, but the function was called with {len(args)} positional arguments")
    return int(argnum) % len(args)


def _positions(argnums, args):
    if isinstance(argnums, (tuple, list)):
        positions = tuple(_position(i, args, "argnums") for i in argnums)
        if not positions or len(set(positions)) != len(positions):
            raise ValueError(f"argnums must name different arguments, at least one, not {argnums!r}")
        return positions
    return (_position(argnums, args, "argnums"),)


def _matrix(y, t, count):
    """The Jacobian (y.size, count) of a result of value y and tangents t."""
    if t is None:
        return _zeros_of(np.reshape(y, (-1,)), (count,)).T
    return np.reshape(t, (count, -1)).T if np.size(y) else np.zeros((0, count))


def _by_array(f, args, kwargs):
    """Value and Jacobian by the first argument, a plain array whose directions make one chunk."""
    x, level = args[0], next(_levels)
    count = x.size
    seeded = seed_directions(MultiDual, x, 0, count, level)
    result = call_within((MultiDual, level, count), f, (seeded, *args[1:]), kwargs)
    if type(result) is MultiDual and result.level == level and result.shape == x.shape == (count,):
        y, t = split(result, level)
        return y, _matrix(y, t, count)
    pairs, structure = _results(result, level)
    jacobians = [np.reshape(_matrix(y, t, count), np.shape(y) + x.shape)[()] for y, t in pairs]
    return rebuild(structure, [y for y, _ in pairs]), rebuild(structure, jacobians)


class _Sweep:
    """All unit directions of the chosen arguments, run through f in chunks."""

    def __init__(self, f, argnums, args, kwargs, chunk_size):
        self.f, self.args, self.kwargs = f, args, kwargs
        self.several = isinstance(argnums, (tuple, list))
        self.positions = _positions(argnums, args)
        self.leaves, self.structure = flatten(tuple(args[i] for i in self.positions))
        self.leaves = [as_input(x, "the argument") for x in self.leaves]
        for x in self.leaves:
            if np.iscomplexobj(x):
                raise TypeError(
                    "a Jacobian or gradient with respect to complex arguments is not defined: pass their real "
                    "and imaginary parts"
                )
        self.sizes = [int(np.prod(np.shape(x), dtype=int)) for x in self.leaves]
        self.total = sum(self.sizes)
        self.chunk = self._chunk(chunk_size)

    def _chunk(self, chunk_size):
        if chunk_size is None:
            widest = max(self.sizes, default=1)
            return max(8, min(max(self.total, 1), _CACHE // (8 * max(widest, 1))))
        if not isinstance(chunk_size, (int, np.integer)) or chunk_size < 1:
            raise ValueError(f"chunk_size must be a positive integer, not {chunk_size!r}")
        return int(chunk_size)

    def run(self, first, last):
        """Results of f with the tangents of directions first to last, as pairs and their structure."""
        level = next(_levels)
        seeded, offset = [], 0
        for x, size in zip(self.leaves, self.sizes, strict=True):
            seeded.append(seed_directions(MultiDual, x, first - offset, last - first, level))
            offset += size
        trees = rebuild(self.structure, seeded)
        args = list(self.args)
        for i, tree in zip(self.positions, trees, strict=True):
            args[i] = tree
        return _results(call_within((MultiDual, level, last - first), self.f, args, self.kwargs), level)

    def jacobians(self):
        """Values of the leaves of the result, their Jacobians (y.size, total), and the structure of the result."""
        if self.total <= self.chunk:
            pairs, structure = self.run(0, self.total)
            return [y for y, _ in pairs], [_matrix(y, t, self.total) for y, t in pairs], structure
        parts, values, structure = None, None, None
        for first in range(0, self.total, self.chunk):
            last = min(first + self.chunk, self.total)
            pairs, structure = self.run(first, last)
            if parts is None:
                parts = [[] for _ in pairs]
                values = [y for y, _ in pairs]
            if len(pairs) != len(parts) or any(
                np.shape(y) != np.shape(v) for (y, _), v in zip(pairs, values, strict=True)
            ):
                raise ValueError("the function returned results of different shapes for the same argument")
            for part, (y, t) in zip(parts, pairs, strict=True):
                part.append(_matrix(y, t, last - first))
        return values, [np.concatenate(part, axis=1) for part in parts], structure

    def arrange(self, y, matrix):
        """The Jacobian of one leaf of the result, in the structure of the arguments."""
        blocks, start = [], 0
        for x, size in zip(self.leaves, self.sizes, strict=True):
            block = matrix[:, start : start + size]
            blocks.append(np.reshape(block, np.shape(y) + np.shape(x))[()])
            start += size
        tree = rebuild(self.structure, blocks)
        return tree if self.several else tree[0]


def value_and_jacobian(f, argnums=0, *, chunk_size=None, intercept=False):
    """Function that returns the value of f and its dense Jacobian.

    Parameters
    ----------
    f : callable
        Function of arrays and scalars; its result may be an array, a list of numbers, or nested containers.
    argnums : int or tuple of int, optional
        Which positional arguments to differentiate by.
    chunk_size : int, optional
        How many directions go through f at once. By default as many as fit into the cache.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments that returns the value and, for each array y of the result and each array x
        of the arguments, the Jacobian of shape ``y.shape + x.shape``; a tuple of them if `argnums` is a tuple.

    Raises
    ------
    TypeError, ValueError
        By the function returned, if argnums or chunk_size do not fit, or an argument is complex.

    Notes
    -----
    Vector forward mode: Griewank and Walther, *Evaluating Derivatives*, 2nd ed., section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> y, J = da.value_and_jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    >>> J
    array([[2., 0.],
           [0., 4.]])
    """

    f = intercepted(f, intercept)
    by_default = type(argnums) is int and argnums == 0 and chunk_size is None

    @_named_like(f, "value_and_jacobian")
    def wrapped(*args, **kwargs):
        if by_default and args and _plain(args[0]) and 0 < 8 * args[0].size ** 2 <= _CACHE:
            return _by_array(f, args, kwargs)
        sweep = _Sweep(f, argnums, args, kwargs, chunk_size)
        values, matrices, structure = sweep.jacobians()
        jacobians = [sweep.arrange(y, m) for y, m in zip(values, matrices, strict=True)]
        return rebuild(structure, values), rebuild(structure, jacobians)

    return wrapped


def jacobian(f, argnums=0, *, chunk_size=None, intercept=False):
    """Function that returns the dense Jacobian of f.

    Parameters
    ----------
    f : callable
        Function of arrays and scalars; its result may be an array, a list of numbers, or nested containers.
    argnums : int or tuple of int, optional
        Which positional arguments to differentiate by.
    chunk_size : int, optional
        How many directions go through f at once. By default as many as fit into the cache.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments; its result has shape ``y.shape + x.shape``.

    Raises
    ------
    TypeError, ValueError
        By the function returned, if argnums or chunk_size do not fit, or an argument is complex.

    Notes
    -----
    Costs about n / chunk_size evaluations on numbers with chunk_size tangents. Griewank and Walther, *Evaluating
    Derivatives*, 2nd ed., section 3.2.

    Examples
    --------
    >>> import dualad as da
    >>> da.jacobian(lambda x: [x[0] * x[1], x[0]])([2.0, 3.0])
    array([[3., 2.],
           [1., 0.]])
    """
    both = value_and_jacobian(f, argnums, chunk_size=chunk_size, intercept=intercept)

    @_named_like(f, "jacobian")
    def wrapped(*args, **kwargs):
        return both(*args, **kwargs)[1]

    return wrapped


def value_and_grad(f, argnums=0, *, intercept=False):
    """Function that returns the value of a scalar function and its gradient.

    Parameters
    ----------
    f : callable
        Function with a scalar result.
    argnums : int or tuple of int, optional
        Which positional arguments to differentiate by.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments that returns the value and the gradient, which has the shape and structure
        of the argument; a tuple of gradients if `argnums` is a tuple.

    Raises
    ------
    TypeError
        By the function returned, if the result of f is not a real scalar.

    Notes
    -----
    Forward mode: the cost grows with the number of unknowns. Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> y, g = da.value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    >>> float(y), g
    (5.0, array([2., 4.]))
    """

    f = intercepted(f, intercept)

    @_named_like(f, "value_and_grad")
    def wrapped(*args, **kwargs):
        sweep = _Sweep(f, argnums, args, kwargs, None)
        values, matrices, structure = sweep.jacobians()
        if structure is not None or np.shape(values[0]) != () or np.iscomplexobj(values[0]):
            got = "a container" if structure is not None else f"shape {np.shape(values[0])}"
            got = "a complex number" if structure is None and np.shape(values[0]) == () else got
            raise TypeError(f"grad needs a function whose result is a real scalar, but got {got}; use jacobian")
        return values[0], sweep.arrange(values[0], matrices[0])

    return wrapped


def grad(f, argnums=0, *, intercept=False):
    """Function that returns the gradient of a scalar function.

    Parameters
    ----------
    f : callable
        Function with a scalar result.
    argnums : int or tuple of int, optional
        Which positional arguments to differentiate by.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments; its result has the shape and structure of the argument.

    Raises
    ------
    TypeError
        By the function returned, if the result of f is not a real scalar.

    Notes
    -----
    Forward mode: the cost grows with the number of unknowns. Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> da.grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    both = value_and_grad(f, argnums, intercept=intercept)

    @_named_like(f, "grad")
    def wrapped(*args, **kwargs):
        return both(*args, **kwargs)[1]

    return wrapped
