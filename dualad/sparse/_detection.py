"""Which elements of a Jacobian or Hessian can be nonzero: one run of the function on tracers.

The method is the propagation of index domains; see U. Geitner, J. Utke and A. Griewank, "Automatic computation of
sparse Jacobians by applying the method of Newton and Griewank, and others", in *Computational Differentiation*, SIAM
1996, and for Hessians the nonlinear interaction domains of A. Walther, "Computing sparse Hessians with automatic
differentiation", ACM Trans. Math. Softw. 34 (2008), no. 1, article 3.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from dualad._context import ACTIVE
from dualad._core.number import Number, primal
from dualad._core.tracer import Table, Trace, Tracer, invert, make, stencil_columns, transpose, union
from dualad._intercept import intercepted
from dualad._sweeps import levels
from dualad._trees import as_output, flatten, rebuild
from dualad.sparse import _tracing
from dualad.sparse._tracing.base import refuse_dense

del _tracing


@dataclass(frozen=True)
class Detection:
    """What a detection noticed beside the pattern.

    Attributes
    ----------
    followed_branches : bool
        Whether the function asked for the truth, the integer part or the order of a traced value (a Python ``if``,
        ``int()``, an index): then the pattern holds for the branches that are taken at the given x.
    local : bool
        Whether it was asked for at x alone.
    shape : tuple of int
        Elements of the result and inputs.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> da.jacobian_sparsity(lambda x: x**2 if x[0] > 0 else x, np.ones(2), return_info=True)[1]
    Detection(followed_branches=True, local=False, shape=(2, 2))
    """

    followed_branches: bool
    local: bool
    shape: tuple


# ---- running the function ------------------------------------------------------------------------------------------


def _as_leaf(x):
    a = primal(x) if isinstance(x, Number) else x
    a = np.asarray(a)
    if a.dtype.kind not in "iuf":
        raise TypeError(f"x must hold real numbers, not {type(x).__name__} of dtype {a.dtype}")
    return np.array(a, np.float64 if a.dtype.kind in "iu" else a.dtype)


def _seed(x, local, second, most):
    """The tree x with tracers as leaves, and their trace."""
    leaves, structure = flatten(x)
    leaves = [_as_leaf(leaf) for leaf in leaves]
    trace = Trace(sum(leaf.size for leaf in leaves), next(levels), local, second, most=most)
    seeded, first = [], 0
    for leaf in leaves:
        rows = np.arange(first, first + leaf.size, dtype=np.int32).reshape(leaf.shape)
        seeded.append(make(trace, leaf, ((None, rows),)))
        first += leaf.size
    return rebuild(structure, seeded), trace


def _run(f, x, args, kwargs, local, second, intercept, most=math.inf):
    """The leaves of f's result and their trace."""
    seeded, trace = _seed(x, local, second, most)
    f = intercepted(f, intercept)
    token = ACTIVE.set(((Tracer, trace.level, trace),))
    try:
        with np.errstate(all="ignore"):
            y = f(seeded, *args, **kwargs)
    finally:
        ACTIVE.reset(token)
    return [as_output(leaf) for leaf in flatten(y)[0]], trace


def _rows(leaf, trace):
    """The pattern of one leaf as (indptr, indices)."""
    size = int(np.size(primal(leaf)))
    terms = leaf.terms if isinstance(leaf, Tracer) and leaf.run is trace else ()
    return union(size, trace.ncols, [(rows, table, None, None, 1) for table, rows in terms])


def _as_csc(indptr, indices, shape):
    """A boolean csc_array of the columns; 32-bit indices where they fit."""
    if indptr[-1] < 2**31:
        indptr = indptr.astype(np.int32, copy=False)
    else:
        indices = indices.astype(np.int64)
    pattern = sparse.csc_array((np.ones(len(indices), bool), indices, indptr), shape=shape)
    pattern.has_sorted_indices = pattern.has_canonical_format = True
    return pattern


# ---- Jacobians -----------------------------------------------------------------------------------------------------


def jacobian_sparsity(f, x, *args, local=False, intercept=False, return_info=False, **kwargs):
    """Sparsity pattern of the Jacobian of f with respect to its first argument.

    Parameters
    ----------
    f : callable
        Function of x and of further arguments.
    x : array_like, or nested tuples, lists and dicts of them
        Where to run it. Rows of the pattern are the elements of the result in C order, leaf after leaf, columns those
        of x.
    *args, **kwargs
        Passed on to f.
    local : bool, optional
        Follow the branches that `numpy.where`, `numpy.maximum`, `numpy.sort` and their like take at x. By default all
        branches count, so that the pattern holds for every x.
    intercept : bool, optional
        Run f with NumPy's array-making functions replaced; see `dualad.intercept_numpy`.
    return_info : bool, optional
        Also return a `Detection`, which tells whether a Python ``if`` on a traced value was followed.

    Returns
    -------
    pattern : scipy.sparse.csc_array of bool, shape (number of results, x.size)
        True where the Jacobian can be nonzero. A structural zero (``x * 0``) counts as nonzero.
    info : Detection
        If `return_info` is true.

    Raises
    ------
    TypeError
        If x is not real, f calls a function that is not supported, or would lose what is traced (``float(x)``).

    Notes
    -----
    One run of f, at a few times the cost of a plain one where f is made of slices, rolls and elementwise functions.
    Constant factors of products (``A @ x``, `numpy.convolve`) are taken for constant: their zeros are no entries; a
    stored zero of a `scipy.sparse` matrix is. `numpy.sort`, `numpy.fft`, inverses and decompositions are dense along
    the axes they work on or altogether; `numpy.linalg.solve` with a constant matrix is dense within the connected
    components of the matrix's graph. Too many entries are possible, too few are not.

    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, section 7.1.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> da.jacobian_sparsity(lambda x: x[1:] * x[:-1], np.ones(4)).toarray().astype(int)
    array([[1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1]])
    """
    _check_flags(local=local, return_info=return_info)
    leaves, trace = _run(f, x, args, kwargs, local, False, intercept)
    found = _found(leaves, trace, local)
    return found if return_info else found[0]


def _check_flags(**flags):
    for name, flag in flags.items():
        if not isinstance(flag, (bool, np.bool_)):
            raise TypeError(f"{name} must be True or False, not {flag!r}")


def pattern_up_to(most, f, x, intercept):
    """As `jacobian_sparsity` with return_info; TooDense is raised for more entries in a row than `most` on average."""
    leaves, trace = _run(f, x, (), {}, False, False, intercept, most)
    rows = sum(int(np.size(primal(leaf))) for leaf in leaves)
    for leaf in leaves:
        if isinstance(leaf, Tracer) and leaf.run is trace and rows > 1:
            refuse_dense(leaf, max((_entries(term) for term in leaf.terms), default=0), rows)
    return _found(leaves, trace, False)


def _found(leaves, trace, local):
    indptr, indices, nrows = _columns(leaves, trace)
    shape = nrows, trace.ncols
    return _as_csc(indptr, indices, shape), Detection(trace.followed, bool(local), shape)


def _columns(leaves, trace):
    """The pattern of all leaves by columns, as (indptr, indices), and its number of rows."""
    if len(leaves) == 1 and isinstance(leaves[0], Tracer) and leaves[0].run is trace:
        found = stencil_columns(leaves[0].size, trace.ncols, leaves[0].terms)
        if found is not None:
            return *found, leaves[0].size
    parts = [_rows(leaf, trace) for leaf in leaves]
    indptr, indices = parts[0] if len(parts) == 1 else _stacked(parts)
    return *transpose(trace.ncols, indptr, indices), len(indptr) - 1


def _stacked(parts):
    starts = np.cumsum([0, *(indptr[-1] for indptr, _ in parts)])
    indptr = np.concatenate([[0], *(p[1:] + s for (p, _), s in zip(parts, starts[:-1], strict=True))])
    return indptr.astype(np.int64), np.concatenate([np.zeros(0, np.int32), *(indices for _, indices in parts)])


# ---- Hessians ------------------------------------------------------------------------------------------------------


def hessian_sparsity(f, x, *args, local=False, intercept=False, return_info=False, **kwargs):
    """Sparsity pattern of the Hessian of a scalar function with respect to its first argument.

    Parameters
    ----------
    f : callable
        Function of x and of further arguments that returns one number.
    x : array_like, or nested tuples, lists and dicts of them
        Where to run it. Rows and columns are the elements of x in C order, leaf after leaf.
    *args, **kwargs
        Passed on to f.
    local : bool, optional
        Follow the branches taken at x; see `jacobian_sparsity`.
    intercept : bool, optional
        Run f with NumPy's array-making functions replaced; see `dualad.intercept_numpy`.
    return_info : bool, optional
        Also return a `Detection`.

    Returns
    -------
    pattern : scipy.sparse.csc_array of bool, shape (x.size, x.size)
        True where the Hessian can be nonzero; symmetric.
    info : Detection
        If `return_info` is true.

    Raises
    ------
    TypeError
        As `jacobian_sparsity`.
    ValueError
        If f returns more than one number.

    Notes
    -----
    Inputs interact where they meet in a nonlinear operation: all that an argument of ``exp`` depends on among
    themselves, those of one factor of a product with those of the other, none in a sum. Which functions are linear
    in which arguments is read off the second derivatives of the derivative table. Interactions count if the array in
    which they happened leads to the result, even if the very element is dropped on the way.

    A. Walther, "Computing sparse Hessians with automatic differentiation", ACM Trans. Math. Softw. 34 (2008), no. 1,
    article 3.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> da.hessian_sparsity(lambda x: np.sum(x[1:] * x[:-1]) + x[0] ** 2, np.ones(3)).toarray().astype(int)
    array([[1, 1, 0],
           [1, 0, 1],
           [0, 1, 0]])
    """
    _check_flags(local=local, return_info=return_info)
    leaves, trace = _run(f, x, args, kwargs, local, True, intercept)
    if len(leaves) != 1 or np.size(primal(leaves[0])) != 1:
        shapes = ", ".join(str(np.shape(primal(leaf))) for leaf in leaves)
        raise ValueError(f"f must return one number to have a Hessian, not results of shape {shapes}")
    y = leaves[0]
    history = y.history if isinstance(y, Tracer) and y.run is trace else None
    n = trace.ncols
    indptr, indices = _interactions(history, n)
    pattern = _as_csc(indptr, indices, (n, n))
    return (pattern, Detection(trace.followed, bool(local), (n, n))) if return_info else pattern


def _recorded(history):
    """The pairs of lists of terms in a history and all that led to it."""
    waiting, seen = [history] if history is not None else [], set()
    while waiting:
        h = waiting.pop()
        if id(h) not in seen:
            seen.add(id(h))
            waiting += h.parents
            yield from h.pairs


def _key(term):
    table, rows = term
    return id(table), rows.__array_interface__["data"][0], rows.shape, rows.strides


def _interactions(history, n):
    """The symmetric pattern of all pairs of inputs that interact."""
    sides, seen = _Sides(n), set()
    for left, right in _recorded(history):
        for a in left:
            for b in right:
                pair = frozenset((_key(a), _key(b)))
                if pair not in seen:
                    seen.add(pair)
                    sides.add(a, b, len(pair) == 1)
    return sides.union()


class _Sides:
    """Products A' B of term pairs, row j the union of the rows of A at the elements where B holds column j."""

    def __init__(self, n):
        self.n, self.pieces, self.inverses, self.symmetric = n, [], {}, True

    def add(self, a, b, same):
        # along axes where both are constant the first element stands for all
        fixed = tuple(
            slice(0, 1) if not p and not q else slice(None) for p, q in zip(a[1].strides, b[1].strides, strict=True)
        )
        a, b = (a[0], a[1][(*fixed, ...)]), (b[0], b[1][(*fixed, ...)])
        if _entries(a) < _entries(b):
            a, b = b, a
        self._piece(a, b)
        if same:
            return
        if _entries(a) <= 4 * a[1].size:
            self._piece(b, a)
        else:
            self.symmetric = False

    def _piece(self, a, b):
        key = _key(b)
        if key not in self.inverses:
            self.inverses[key] = b, self._inverse(b)
        start, members = self.inverses[key][1]
        self.pieces.append((a[1], a[0], start, members, 0))

    def _inverse(self, term):
        table, rows = term
        if table is None:
            return invert(self.n, rows)
        return transpose(self.n, *union(rows.size, self.n, [(rows, table, None, None, 1)]))

    def union(self):
        indptr, indices = union(self.n, self.n, self.pieces)
        if self.symmetric:
            return indptr, indices
        halves = [(indptr, indices), transpose(self.n, indptr, indices)]
        every = np.arange(self.n, dtype=np.int32)
        return union(self.n, self.n, [(every, Table(lambda h=h: h), None, None, 1) for h in halves])


def _entries(term):
    table, rows = term
    if table is None:
        return rows.size
    lengths = np.append(np.diff(table.csr()[0]), 0)
    return int(lengths[rows.reshape(-1)].sum())
