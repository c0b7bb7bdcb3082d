"""Second and higher derivatives of functions, on hyper-dual numbers and power series.

Hyper-dual numbers carry all second derivatives of a block of directions (J. A. Fike and J. J. Alonso, "The development
of hyper-dual numbers for exact second-derivative calculations", AIAA 2011-886); power series carry the derivatives
along a line (A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 13).
"""

import itertools

import numpy as np

from dualad._context import call_within
from dualad._core import HyperDual, Number
from dualad._core.hyperdual import symmetric_places
from dualad._core.number import component_count, empty_components, wrap
from dualad._intercept import intercepted
from dualad._sweeps import (
    Sweep,
    along_line,
    checked_order,
    components_at,
    find_positions,
    jacobian_matrix,
    levels,
    named_like,
    ones_of,
    result_leaves,
    value_at,
    zeros_of,
)
from dualad._trees import as_input, flatten, is_container, leaves_like, rebuild
from dualad.rules.algebra import innermost
from dualad.sparse import _dense
from dualad.transforms import jacobian, jvp, value_and_jacobian

_SYMMETRIC = -1

_CACHE = 1 << 21
"""Bytes that one number of a block of direction pairs may take."""

_MANY, _MANY_IN_PRODUCT = 160, 600
"""Unknowns from which a Hessian, or its product with a vector, is worth a look at the terms of f ..."""

_MANY_ON_VECTORS = 300
"""... and that product an attempt to take the derivative of the gradient by sparse vectors."""

_WIDEST = 32
"""Directions of either set of a block: more of them save little, and their numbers outgrow the nearest cache."""


# ---- blocks of second derivatives ----------------------------------------------------------------------------------


def _place_units(data, rows, first, offset):
    """Ones in the components `rows` (a range) at the elements that directions first, first + 1, ... move."""
    elements = data.reshape(len(data), -1)
    start = first - offset
    for place in range(max(start, 0), min(start + len(rows), elements.shape[1])):
        elements[rows[place - start], place] = 1


class _SecondSweep(Sweep):
    """Blocks of pairs of unit directions of the chosen arguments, run through f."""

    vectors = ()
    """Directions that are no unit vectors, leaf by leaf."""

    def choose_chunk(self, chunk_size):
        if chunk_size is not None:
            return super().choose_chunk(chunk_size)
        longest = max(self.sizes, default=1)
        most = max(4, min(_WIDEST, int((_CACHE / (8 * max(longest, 1))) ** 0.5)))
        blocks = -(-max(self.total, 1) // most)
        return -(-max(self.total, 1) // blocks)

    def seeded(self, level, directions, place):
        """The arguments as numbers; place(data, offset) writes the directions into components of zeros."""
        numbers, offset = [], 0
        count = component_count(HyperDual, directions)
        outer = innermost(*self.leaves, *self.vectors)
        for x, size in zip(self.leaves, self.sizes, strict=True):
            shape = (count, *np.shape(x))
            if outer is None:
                data = empty_components(shape, getattr(x, "dtype", np.float64), True)
            else:
                data = np.zeros_like(outer, shape=shape)
            data[0] = x
            place(data, offset)
            numbers.append(wrap(HyperDual, data, level, directions))
            offset += size
        args = list(self.args)
        for i, tree in zip(self.positions, rebuild(self.structure, numbers), strict=True):
            args[i] = tree
        return args

    def evaluate(self, directions, place):
        """Leaves of the result as (value, components or None), and their structure."""
        level = next(levels)
        args = self.seeded(level, directions, place)
        y = call_within((HyperDual, level, directions), self.f, args, self.kwargs)
        leaves, structure = result_leaves(y)
        return [(value_at(leaf, level), components_at(leaf, level)) for leaf in leaves], structure

    def diagonal_block(self, first, last):
        """Gradient and Hessian of directions first to last, each with itself and all others of them."""
        count = last - first

        def place(data, offset):
            _place_units(data, range(1, 1 + count), first, offset)

        pairs, structure = self.evaluate((count, _SYMMETRIC, False), place)
        places = symmetric_places(count)[1:, 1:]
        found = [(y, None, None) if c is None else (y, c[1 : 1 + count], c[places]) for y, c in pairs]
        return found, structure

    def block(self, first, last, other, end):
        """Second derivatives of directions first to last with directions other to end."""
        n, m = last - first, end - other

        def place(data, offset):
            _place_units(data, range(1 + m, (1 + m) * (1 + n), 1 + m), first, offset)
            _place_units(data, range(1, 1 + m), other, offset)

        pairs, _ = self.evaluate((n, m, False), place)
        return [None if c is None else np.reshape(c, (1 + n, 1 + m, *c.shape[1:]))[1:, 1:] for _, c in pairs]

    def derivatives(self):
        """Value, gradient (total,) + shape and Hessian (total, total) + shape of each leaf, and their structure."""
        found = self.by_terms(_MANY)
        if found is not None:
            y, gradient, matrix = found
            return [y], [gradient], [matrix.toarray()], None
        found = _derivatives_by_vectors(self)
        if found is not None:
            return found
        starts = range(0, max(self.total, 1), self.chunk)
        ends = [min(first + self.chunk, self.total) for first in starts]
        values, gradients, hessians, structure = None, None, None, None
        for first, last in zip(starts, ends, strict=True):
            found, structure = self.diagonal_block(first, last)
            if values is None:
                values = [y for y, _, _ in found]
                gradients = [[] for _ in found]
                hessians = [_Assembly(y, self.total) for y in values]
            for k, (y, g, h) in enumerate(found):
                gradients[k].append(zeros_of(y, (last - first,)) if g is None else g)
                hessians[k].put(first, first, h)
            for other, end in zip(starts, ends, strict=True):
                if other > first:
                    for k, h in enumerate(self.block(first, last, other, end)):
                        hessians[k].put(first, other, h)
        gradients = [np.concatenate(parts) for parts in gradients]
        return values, gradients, [h.result() for h in hessians], structure

    def by_terms(self, least):
        """Value, gradient and sparse Hessian of a sum of terms of few elements each, for at least so many unknowns;
        None for other functions."""
        if self.total < least or len(self.positions) != 1 or not self.automatic:
            return None
        return _dense.hessian(self.f, self.positions[0], self.args, self.kwargs)

    def arrange_twice(self, y, h):
        """The Hessian (total, total) + y.shape of a leaf y in the structure of the arguments, twice."""
        rows = []
        for x, row in self._slices():
            blocks = []
            for z, column in self._slices():
                block = np.moveaxis(h[row, column], (0, 1), (-2, -1))
                blocks.append(np.reshape(block, np.shape(y) + np.shape(x) + np.shape(z))[()])
            tree = rebuild(self.structure, blocks)
            rows.append(tree if self.several else tree[0])
        tree = rebuild(self.structure, rows)
        return tree if self.several else tree[0]

    def _slices(self):
        start = 0
        for x, size in zip(self.leaves, self.sizes, strict=True):
            yield x, slice(start, start + size)
            start += size


class _Assembly:
    """A Hessian put together from blocks on and above the diagonal."""

    def __init__(self, y, total):
        self.y, self.total, self.array = y, total, None
        self.zeros = zeros_of(y, (total, total))

    def put(self, i, j, block):
        if block is None:
            return
        if self.array is None:
            self.array = _with_room(self.zeros, block)
        n, m = block.shape[:2]
        self.array[i : i + n, j : j + m] = block
        if i != j:
            self.array[j : j + m, i : i + n] = np.swapaxes(block, 0, 1)

    def result(self):
        return self.zeros if self.array is None else self.array


def _with_room(zeros, block):
    """Zeros that can hold the elements of a block, which may be numbers of an outer level or complex."""
    if isinstance(block, Number):
        return np.zeros_like(block, shape=zeros.shape)
    return zeros.astype(np.result_type(zeros, block), copy=False)


# ---- transforms ----------------------------------------------------------------------------------------------------


def _all_second(f, argnums, chunk_size, intercept, what, pick):
    f = intercepted(f, intercept)

    @named_like(f, what)
    def wrapped(*args, **kwargs):
        sweep = _SecondSweep(f, argnums, args, kwargs, chunk_size)
        values, gradients, hessians, structure = sweep.derivatives()
        return pick(sweep, values, gradients, hessians, structure)

    return wrapped


def hessian(f, argnums=0, *, chunk_size=None, intercept=False):
    """Function that returns the dense Hessian of f.

    Parameters
    ----------
    f : callable
        Function of arrays and scalars; its result may be an array, a list of numbers, or nested containers.
    argnums : int or tuple of int, optional
        Which positional arguments to differentiate by.
    chunk_size : int, optional
        How many directions make the side of one block of the Hessian. By default as many as fit into the cache.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments. For each array y of the result and arrays x, z of the arguments it returns
        second derivatives of shape ``y.shape + x.shape + z.shape``; tuples of tuples if `argnums` is a tuple.

    Raises
    ------
    TypeError, ValueError
        By the function returned, if argnums or chunk_size do not fit, or an argument is complex.

    Notes
    -----
    n unknowns take n (n + 1)/2 second derivatives, computed block by block, each about a third of an evaluation of `f`
    on arrays that fit into the cache. If f is visibly a sum of terms that depend on few unknowns each, of which
    there are 160 or more in a single argument, the Hessian is compressed as `dualad.sparse_hessian` does it, compared
    with a derivative along a line, and filled with zeros; with chunk_size given all pairs of directions are taken. Fike
    and Alonso, AIAA 2011-886.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> da.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """

    def pick(sweep, values, gradients, hessians, structure):
        return rebuild(structure, [sweep.arrange_twice(y, h) for y, h in zip(values, hessians, strict=True)])

    return _all_second(f, argnums, chunk_size, intercept, "hessian", pick)


def value_grad_and_hessian(f, argnums=0, *, chunk_size=None, intercept=False):
    """Function that returns the value of f, its gradient (or Jacobian) and its Hessian.

    Parameters
    ----------
    f : callable
        Function of arrays and scalars; usually with a scalar result.
    argnums : int or tuple of int, optional
        Which positional arguments to differentiate by.
    chunk_size : int, optional
        As in `hessian`.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments that returns three things: the value y, the first derivatives of shape
        ``y.shape + x.shape`` and the second ones of shape ``y.shape + x.shape + x.shape``.

    Raises
    ------
    TypeError, ValueError
        As in `hessian`.

    Notes
    -----
    Costs what `hessian` costs. Fike and Alonso, AIAA 2011-886.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> y, g, H = da.value_grad_and_hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    >>> float(y), g
    (9.0, array([ 3., 12.]))
    >>> H
    array([[ 6.,  0.],
           [ 0., 12.]])
    """

    def pick(sweep, values, gradients, hessians, structure):
        first = [sweep.arrange(y, jacobian_matrix(y, g, sweep.total)) for y, g in zip(values, gradients, strict=True)]
        second = [sweep.arrange_twice(y, h) for y, h in zip(values, hessians, strict=True)]
        return rebuild(structure, values), rebuild(structure, first), rebuild(structure, second)

    return _all_second(f, argnums, chunk_size, intercept, "value_grad_and_hessian", pick)


def hvp(f, primals, tangents, *, chunk_size=None, intercept=False):
    """Gradient of f and product of its Hessian with a vector.

    Parameters
    ----------
    f : callable
        Function of ``len(primals)`` arguments, usually with a scalar result.
    primals : tuple
        Where to evaluate: arrays, scalars, or nested containers of them.
    tangents : tuple
        The vector: of the same structure and shapes as `primals`.
    chunk_size : int, optional
        How many directions of the gradient go through f at once. By default as many as fit into the cache.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    gradient, product
        Each of the shape and structure of the primal (``y.shape + x.shape`` for a result y); tuples of them for
        several primals.

    Raises
    ------
    TypeError, ValueError
        If primals or tangents is no tuple, or they differ in number, structure or shape.

    Notes
    -----
    Forward mode has no short cut for a gradient: with n unknowns, 2 n + 2 components go through `f`, so the cost is
    about that of n directional derivatives twice, not that of a few evaluations as in reverse mode. Functions made of
    terms of few unknowns each, sums of them included, are an exception from 300 unknowns on: the derivative of the
    gradient is taken on the sparse vectors of `dualad.sparse_jacobian`, for a few tens of evaluations. One second
    derivative along a line is much cheaper with `taylor`. Fike and Alonso, AIAA 2011-886; Griewank and Walther,
    *Evaluating Derivatives*, 2nd ed., section 7.1.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> g, Hv = da.hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    >>> g, Hv
    (array([ 3., 12.]), array([ 6., 12.]))
    """
    _check_pair(primals, tangents)
    argnums = tuple(range(len(primals)))
    sweep = _SecondSweep(intercepted(f, intercept), argnums, tuple(primals), {}, chunk_size)
    if chunk_size is None:
        sweep.chunk = sweep.chunk**2
    sweep.vectors = _vectors(sweep, tangents)
    values, parts, structure = _product_by_vectors(sweep) or _product_by_terms(sweep) or _products(sweep)

    def arranged(which):
        leaves = []
        for y, part in zip(values, parts, strict=True):
            tree = sweep.arrange(y, jacobian_matrix(y, part[which], sweep.total))
            leaves.append(tree if len(primals) > 1 else tree[0])
        return rebuild(structure, leaves)

    return arranged(0), arranged(1)


class _NotServed(Exception):
    """Sparse vectors do not serve."""


def _gradients(sweep):
    """The values and Jacobians of f's leaves as a function of its argument, by sparse vectors, which may raise
    _NotServed; and a list to which it adds the structure of the leaves. None for what there are too few unknowns."""
    if sweep.total < _MANY_ON_VECTORS or len(sweep.positions) != 1 or not sweep.automatic:
        return None, []
    position, structures = sweep.positions[0], []

    def first_order(x):
        args = (*sweep.args[:position], x, *sweep.args[position + 1 :])
        found = _dense.jacobians(sweep.f, position, args, sweep.kwargs, lambda *_: None)
        if found is None:
            raise _NotServed
        structures.append(found[2])
        return found[:2]

    return first_order, structures


def _product_by_vectors(sweep):
    """As `_products`, by the derivative of the gradient that sparse vectors take; None where they do not serve."""
    first_order, structures = _gradients(sweep)
    if first_order is None:
        return None
    primals, tangents = (rebuild(sweep.structure, leaves) for leaves in (sweep.leaves, sweep.vectors))
    try:
        (values, matrices), (_, products) = jvp(first_order, primals, tangents)
    except _NotServed:
        return None
    by_row = [(_rows(m, y), _rows(p, y)) for y, m, p in zip(values, matrices, products, strict=True)]
    return values, by_row, structures[0]


def _derivatives_by_vectors(sweep):
    """As `derivatives`, for an array as the argument; None where sparse vectors do not serve."""
    first_order, structures = _gradients(sweep)
    argument = rebuild(sweep.structure, sweep.leaves)[0]
    if first_order is None or is_container(argument):
        return None
    try:
        (values, matrices), (_, seconds) = value_and_jacobian(first_order, chunk_size=_WIDEST)(argument)
    except _NotServed:
        return None
    hessians = [np.reshape(h, (np.size(y), sweep.total, sweep.total)) for y, h in zip(values, seconds, strict=True)]
    hessians = [np.moveaxis(0.5 * (h + np.swapaxes(h, 1, 2)), 0, -1) for h in hessians]
    by_pair = [np.reshape(h, h.shape[:2] + np.shape(y)) for y, h in zip(values, hessians, strict=True)]
    return values, [_rows(m, y) for y, m in zip(values, matrices, strict=True)], by_pair, structures[0]


def _rows(matrix, y):
    """A Jacobian (y.size, total) as (total,) + y.shape."""
    return np.reshape(np.swapaxes(matrix, 0, 1), (-1, *np.shape(y)))


def _product_by_terms(sweep):
    """As `_products`, for a sum of terms of few elements each; None for other functions."""
    if any(isinstance(t, Number) for t in sweep.vectors):
        return None
    found = sweep.by_terms(_MANY_IN_PRODUCT)
    if found is None:
        return None
    y, gradient, matrix = found
    vector = np.concatenate([np.ravel(t) for t in sweep.vectors])
    return [y], [(gradient, matrix @ vector)], None


def _products(sweep):
    """Values, pairs of gradient and product (total,) + shape of each leaf, and the structure of the result."""
    parts, values, structure = None, None, None
    for first in range(0, max(sweep.total, 1), sweep.chunk):
        last = min(first + sweep.chunk, sweep.total)
        found, structure = _product_block(sweep, first, last)
        if parts is None:
            values, parts = [y for y, _, _ in found], [([], []) for _ in found]
        for (gradients, products), (_, g, h) in zip(parts, found, strict=True):
            gradients.append(g)
            products.append(h)
    return values, [tuple(map(np.concatenate, part)) for part in parts], structure


def _check_pair(primals, tangents):
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            "primals and tangents must be tuples with one entry for each argument of f; for one argument write "
            "hvp(f, (x,), (v,))"
        )
    if len(primals) != len(tangents) or not primals:
        raise ValueError(
            f"primals and tangents must be of one length, at least one, but have {len(primals)} and {len(tangents)} "
            "entries"
        )


def _vectors(sweep, tangents):
    """The tangents leaf by leaf, checked against the arguments."""
    leaves = leaves_like(sweep.structure, tuple(tangents))
    if leaves is None:
        raise ValueError("tangents must have the same containers as primals")
    leaves = [as_input(t, "a tangent") for t in leaves]
    for x, t in zip(sweep.leaves, leaves, strict=True):
        if np.shape(x) != np.shape(t):
            raise ValueError(f"a tangent has shape {np.shape(t)}, but its primal has shape {np.shape(x)}")
    return leaves


def _product_block(sweep, first, last):
    """Value, gradient and Hessian-vector product of directions first to last."""
    n = last - first
    remaining = iter(sweep.vectors)

    def place(data, offset):
        _place_units(data, range(2, 2 * (1 + n), 2), first, offset)
        data[1] = next(remaining)

    pairs, structure = sweep.evaluate((n, 1, False), place)
    found = []
    for y, c in pairs:
        zeros = zeros_of(y, (n,))
        found.append((y, zeros, zeros) if c is None else (y, c[2::2], c[3::2]))
    return found, structure


# ---- along lines ---------------------------------------------------------------------------------------------------


_HIGHEST_ORDER = 10_000


def taylor(f, x, order, direction=None, *, intercept=False):
    """Taylor coefficients of f along a line.

    Parameters
    ----------
    f : callable
        Function of one argument.
    x : array, scalar or nested containers of them
        Where to expand.
    order : int
        Highest power of t.
    direction : like `x`, optional
        Direction u of the line x + t u; by default ones, which suits elementwise functions.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    coefficients
        c of shape ``(order + 1,) + y.shape`` for each array y of the result, so that f(x + t u) is the sum of
        ``c[k] * t**k``; the k-th derivative along u is ``c[k] * k!``.

    Raises
    ------
    ValueError
        If order is negative or above 10 000, or direction does not have the structure and shapes of x.

    Notes
    -----
    The cost grows with the square of the order. Griewank and Walther, *Evaluating Derivatives*, 2nd ed., section 13.2.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> da.taylor(np.exp, 0.0, 4)
    array([1.        , 1.        , 0.5       , 0.16666667, 0.04166667])
    """
    order = checked_order(order, _HIGHEST_ORDER)
    f = intercepted(f, intercept)
    if order == 0:
        leaves, structure = result_leaves(f(x))
        return rebuild(structure, [np.stack([y]) for y in leaves])
    if direction is None:
        leaves, structure = flatten(x)
        direction = rebuild(structure, [ones_of(as_input(leaf, "x")) for leaf in leaves])
    coefficients, structure = along_line(f, (x,), {}, {0: direction}, order)
    return rebuild(structure, coefficients)


class _PureSweep(_SecondSweep):
    """Second derivatives along single directions: those of a small block at a time, of which the diagonal is kept."""

    def choose_chunk(self, chunk_size):
        # a wide block wastes work off its diagonal, a narrow one repeats what every operation costs at least
        return max(1, min(16, (1 << 14) // max(1, *self.sizes)))

    def along(self, units):
        """For each block of `units`, pairs of a leaf and where it is moved: second derivatives, and the structure."""
        blocks = -(-len(units) // self.chunk)
        for k in range(blocks):
            yield self._block(units[k * len(units) // blocks : (k + 1) * len(units) // blocks])

    def _block(self, units):
        count = len(units)
        numbers = itertools.count()

        def place(data, offset):
            leaf = next(numbers)
            for k, (moved, where) in enumerate(units):
                if moved == leaf:
                    data[(1 + k, *where)] = 1

        pairs, structure = self.evaluate((count, _SYMMETRIC, False), place)
        places = np.diagonal(symmetric_places(count))[1:]
        return [zeros_of(y, (count,)) if c is None else c[places] for y, c in pairs], structure


def _units(x, axis):
    """Where x is moved by each of its directions: one for each element, or for each index along an axis."""
    shape = np.shape(x)
    if axis is None:
        return list(np.ndindex(shape))
    if isinstance(axis, tuple) and not axis:
        return [(...,)]
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis must be None, () or an integer, not {axis!r}")
    if not -len(shape) <= axis < len(shape):
        raise np.exceptions.AxisError(f"axis is {axis}, which is out of bounds for an argument of shape {shape}")
    return [(slice(None),) * (axis % len(shape)) + (k,) for k in range(shape[axis])]


def _plain_positions(argnums, args, what):
    """The positions of the arguments to differentiate by, which must be arrays or scalars."""
    for i in find_positions(argnums, args):
        if is_container(args[i]):
            raise TypeError(
                f"{what} takes arrays and scalars, not {type(args[i]).__name__}: pass each as an argument of its own"
            )
    return argnums


def laplacian(f, argnums=0, *, axis=None, intercept=False):
    """Function that returns the Laplacian of f, the sum of its pure second derivatives, without its Hessian.

    Parameters
    ----------
    f : callable
        Function of arrays and scalars.
    argnums : int or tuple of int, optional
        Which positional arguments to differentiate by.
    axis : int or (), optional
        Where the coordinates are. By default every element of the arguments is one. An integer names the axis that
        counts them, where an argument holds many points and f acts on each alone: for points in the columns of x, of
        shape (d, N), ``axis=0``. With ``()`` each argument is one coordinate of many points: ``u(x, y)`` with arrays
        x and y has ``laplacian(u, (0, 1), axis=())``.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments; its result has the shapes of f's.

    Raises
    ------
    TypeError, ValueError
        By the function returned, if argnums or axis do not fit, or an argument is a container.

    Notes
    -----
    Hyper-dual numbers of a few coordinates at a time go through `f`; of each block of second derivatives only the
    diagonal is used. For two coordinates of many points that costs about four to seven evaluations of `f`.
    Fike and Alonso, AIAA 2011-886.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> float(da.laplacian(lambda x: np.sum(x**4))(np.array([1.0, 2.0])))
    60.0
    >>> x, y = np.array([0.0, 1.0]), np.array([2.0, 3.0])
    >>> da.laplacian(lambda x, y: x**2 * y**2, (0, 1), axis=())(x, y)
    array([ 8., 20.])
    """
    f = intercepted(f, intercept)

    @named_like(f, "laplacian")
    def wrapped(*args, **kwargs):
        sweep = _PureSweep(f, _plain_positions(argnums, args, "laplacian"), args, kwargs, None)
        units = [(leaf, where) for leaf, x in enumerate(sweep.leaves) for where in _units(x, axis)]
        totals, structure = None, None
        for seconds, same in sweep.along(units):
            sums = [np.sum(h, 0) for h in seconds]
            totals = sums if totals is None else [t + s for t, s in zip(totals, sums, strict=True)]
            structure = same
        if totals is None:
            leaves, structure = result_leaves(f(*args, **kwargs))
            totals = [zeros_of(y) for y in leaves]
        return rebuild(structure, totals)

    return wrapped


def hessian_diagonal(f, argnums=0, *, intercept=False):
    """Function that returns the diagonal of the Hessian of f, without the rest of it.

    Parameters
    ----------
    f : callable
        Function of arrays and scalars.
    argnums : int or tuple of int, optional
        Which positional arguments to differentiate by.
    intercept : bool, optional
        Whether plain NumPy's ``zeros``, ``empty``, ``array``, ... in `f` make arrays that hold derivatives: see
        `dualad.intercept_numpy`.

    Returns
    -------
    callable
        A function of f's own arguments. For each array y of the result and x of the arguments it returns the second
        derivatives by each element of x, of shape ``y.shape + x.shape``; a tuple of them if `argnums` is a tuple.

    Raises
    ------
    TypeError, ValueError
        By the function returned, if argnums does not fit, or an argument is a container.

    Notes
    -----
    Hyper-dual numbers of a few unknowns at a time go through `f`, and of each block of second derivatives only the
    diagonal is kept: the cost grows with the number of unknowns, not with its square. Fike and Alonso, AIAA 2011-886.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> da.hessian_diagonal(lambda x: np.sum(x) ** 2 + np.sum(x**3))(np.array([1.0, 2.0]))
    array([ 8., 14.])
    """
    f = intercepted(f, intercept)

    @named_like(f, "hessian_diagonal")
    def wrapped(*args, **kwargs):
        sweep = _PureSweep(f, _plain_positions(argnums, args, "hessian_diagonal"), args, kwargs, None)
        units = [(leaf, where) for leaf, x in enumerate(sweep.leaves) for where in _units(x, None)]
        if not units:
            return jacobian(f, argnums)(*args, **kwargs)
        parts, structures = zip(*sweep.along(units), strict=True)
        leaves = [np.moveaxis(np.concatenate(blocks), 0, -1) for blocks in zip(*parts, strict=True)]
        ends = np.cumsum([0, *sweep.sizes])
        found = [
            [
                np.reshape(h[..., first:last], h.shape[:-1] + np.shape(x))[()]
                for x, first, last in zip(sweep.leaves, ends[:-1], ends[1:], strict=True)
            ]
            for h in leaves
        ]
        several = isinstance(argnums, (tuple, list))
        return rebuild(structures[0], [tuple(h) if several else h[0] for h in found])

    return wrapped
