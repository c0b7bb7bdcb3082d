"""Derivatives of functions: each transform runs the function on dual numbers of a level of its own.

The method is the forward mode of A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 3.
"""

import itertools
import math

import numpy as np

from dualad._context import call_within
from dualad._core import Dual
from dualad._core.number import dual_parts
from dualad._intercept import intercepted
from dualad._sweeps import (
    Sweep,
    along_line,
    checked_order,
    find_position,
    fits_one_sweep,
    levels,
    named_like,
    ones_of,
    results_at,
    seed_tree,
    sweep_once,
    zeros_of,
)
from dualad._trees import as_input, flatten, is_container, rebuild

_NO_KEYWORDS = {}


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
    level = next(levels)
    args = list(map(seed_tree, primals, tangents, itertools.repeat(level), range(len(primals))))
    result = call_within((Dual, level, 1), f, args, _NO_KEYWORDS)
    parts = dual_parts(result, level)
    if parts is not NotImplemented:
        return parts
    pairs, structure = results_at(result, level)
    values = [y for y, _ in pairs]
    dots = [zeros_of(y) if t is None else t[0] for y, t in pairs]
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
        If order is negative or above 170; by the function returned, if it has no such argument.

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
    order = checked_order(order, 170)  # 171! is beyond float64
    f = intercepted(f, intercept)
    if order == 0:
        return f

    @named_like(f, "derivative")
    def df(*args, **kwargs):
        i = find_position(argnum, args, "argnum")
        leaves, structure = flatten(args[i])
        ones = rebuild(structure, [ones_of(as_input(x, f"argument {i}")) for x in leaves])
        if order == 1:
            return jvp(lambda x: f(*args[:i], x, *args[i + 1 :], **kwargs), (args[i],), (ones,))[1]
        coefficients, structure = along_line(f, args, kwargs, {i: ones}, order)
        return rebuild(structure, [math.factorial(order) * c[order] for c in coefficients])

    return df


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
    Vector forward mode: Griewank and Walther, *Evaluating Derivatives*, 2nd ed., section 3.2. With many unknowns as in
    `jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> y, J = da.value_and_jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    >>> J
    array([[2., 0.],
           [0., 4.]])
    """

    return _both(f, argnums, chunk_size, intercept, "value_and_jacobian")


def _both(f, argnums, chunk_size, intercept, what, accept=None):
    """Value and Jacobian of f; `accept` is asked about the value before a large Jacobian is made."""
    f = intercepted(f, intercept)
    by_default = type(argnums) is int and argnums == 0 and chunk_size is None

    @named_like(f, what)
    def wrapped(*args, **kwargs):
        if by_default and args and fits_one_sweep(args[0]):
            return sweep_once(f, args, kwargs)
        sweep = Sweep(f, argnums, args, kwargs, chunk_size)
        sweep.accept = accept
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
    Costs about n / chunk_size evaluations on numbers with chunk_size tangents. By a single argument of 500 elements or
    more, f is first run on sparse vectors, as `dualad.sparse_jacobian` does it, which is enough if its arrays depend on
    few unknowns each; arrays that mix many elements become inputs, which are eliminated in reverse order if the results
    are few. If f is sparse in another way, the Jacobian is compressed and filled with zeros. Where that could go wrong
    the outcome is compared with a directional derivative. With chunk_size given all n directions are taken. Griewank
    and Walther, *Evaluating Derivatives*, 2nd ed., section 3.2 and chapter 9.

    Examples
    --------
    >>> import dualad as da
    >>> da.jacobian(lambda x: [x[0] * x[1], x[0]])([2.0, 3.0])
    array([[3., 2.],
           [1., 0.]])
    """
    both = value_and_jacobian(f, argnums, chunk_size=chunk_size, intercept=intercept)

    @named_like(f, "jacobian")
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
    Forward mode: the cost grows with the number of unknowns. By a single argument of 500 elements or more it takes a
    few tens of evaluations where f is made of elementwise functions, sums, products of matrices, extremes and the like:
    f runs on the sparse vectors of `dualad.sparse_jacobian`, and arrays that mix many elements become inputs, which
    are eliminated in reverse order. What they need is kept until then. Griewank and Walther, *Evaluating Derivatives*,
    2nd ed., section 3.2 and chapter 9.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> y, g = da.value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    >>> float(y), g
    (5.0, array([2., 4.]))
    """
    both = _both(f, argnums, None, intercept, "value_and_jacobian", _accept_scalar)

    @named_like(f, "value_and_grad")
    def wrapped(*args, **kwargs):
        y, gradient = both(*args, **kwargs)
        _accept_scalar(y)
        return y, gradient

    return wrapped


def _accept_scalar(y):
    if is_container(y) or np.shape(y) != () or np.iscomplexobj(y):
        got = "a container" if is_container(y) else f"shape {np.shape(y)}" if np.shape(y) else "a complex number"
        raise TypeError(f"grad needs a function whose result is a real scalar, but got {got}; use jacobian")


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
    Forward mode: the cost grows with the number of unknowns. By a single argument of 500 elements or more it takes a
    few tens of evaluations where f is made of elementwise functions, sums, products of matrices, extremes and the like:
    f runs on the sparse vectors of `dualad.sparse_jacobian`, and arrays that mix many elements become inputs, which
    are eliminated in reverse order. What they need is kept until then. Griewank and Walther, *Evaluating Derivatives*,
    2nd ed., section 3.2 and chapter 9.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> da.grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    both = value_and_grad(f, argnums, intercept=intercept)

    @named_like(f, "grad")
    def wrapped(*args, **kwargs):
        return both(*args, **kwargs)[1]

    return wrapped
