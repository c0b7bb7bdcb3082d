"""Sparse matrices whose entries are numbers with derivatives: a fixed pattern and a vector of numbers.

The pattern is that of scipy.sparse's compressed formats. Linear operations act on the vector; products with vectors
are bilinear, (A x)' = A' x + A x', level by level, and end in SciPy's own products.
"""

import numpy as np
import scipy.sparse as sp

from dualad._core.tracer import Tracer
from dualad.rules.algebra import innermost, is_number, join, primal, split
from dualad.rules.formula import array
from dualad.rules.packing import pack_if_needed

__all__ = ["csc_array", "csr_array", "diags_array"]

_SEE_TOARRAY = "use A.toarray(), or A.value for the values alone"


class Compressed:
    """What the two formats share."""

    __array_ufunc__ = None  # operators of arrays and numbers come to the reflected methods
    __hash__ = None
    format = ""
    ndim = 2

    def __init__(self, arg1, shape=None):
        if isinstance(arg1, Compressed) or sp.issparse(arg1):
            own = arg1 if arg1.format == self.format else arg1.asformat(self.format)
            self._set(own.data, own.indices, own.indptr, own.shape if shape is None else shape)
        elif isinstance(arg1, tuple) and len(arg1) == 3:
            self._set(*arg1, shape)
        elif isinstance(arg1, tuple) and len(arg1) == 2 and np.ndim(arg1[1][0]) == 1:
            self._from_coordinates(*arg1, shape)
        else:
            self._from_dense(arg1)

    def _set(self, data, indices, indptr, shape):
        data, indices, indptr = pack_if_needed(data), np.asarray(indices), np.asarray(indptr)
        data = data if is_number(data) else np.asarray(data)
        # SciPy checks the pattern and completes the shape
        model = self._plain((np.zeros(np.shape(data)), indices, indptr), shape=shape)
        if np.shape(data) != indices.shape:
            raise ValueError(f"data has shape {np.shape(data)}, but must have one entry for each of the "
                             f"{indices.shape} indices")
        self.data, self.indices, self.indptr, self.shape = data, model.indices, model.indptr, model.shape

    def _from_coordinates(self, data, coordinates, shape):
        data = array(pack_if_needed(data))
        row, column = (np.asarray(c) for c in coordinates)
        model = sp.coo_array((np.zeros(np.shape(data)), (row, column)), shape=shape)
        major, minor = (row, column) if self.format == "csr" else (column, row)
        order = np.lexsort((minor, major))
        major, minor, data = major[order], minor[order], data[order]
        first = np.flatnonzero(np.concatenate([[True], (np.diff(major) != 0) | (np.diff(minor) != 0)])[:len(order)])
        if len(first) < len(order):
            data, major, minor = np.add.reduceat(data, first), major[first], minor[first]
        count = model.shape[0 if self.format == "csr" else 1]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(major, minlength=count))])
        self._set(data, minor, indptr, model.shape)

    def _from_dense(self, dense):
        dense = array(pack_if_needed(dense))
        if np.ndim(dense) != 2:
            raise ValueError("arg1 must be a sparse matrix, (data, indices, indptr), (data, (row, column)) or a "
                             f"matrix, not an array of shape {np.shape(dense)}")
        stored = _stored(dense)
        row, column = np.nonzero(stored)
        self._from_coordinates(dense[row, column], (row, column), np.shape(dense))

    # ---- what it is

    @property
    def dtype(self):
        """The data type of the entries."""
        return self.data.dtype

    @property
    def nnz(self):
        """How many entries are stored."""
        return len(self.indices)

    @property
    def value(self):
        """The values alone, as an array of scipy.sparse."""
        return self._plain((primal(self.data), self.indices, self.indptr), shape=self.shape)

    @property
    def T(self):
        """The transpose, in the other format; it shares the entries."""
        return self.transpose()

    def __repr__(self):
        kind = type(self.data).__name__ if is_number(self.data) else "plain"
        return f"<{type(self).__name__} of shape {self.shape} with {self.nnz} stored {kind} entries>"

    def with_data(self, data):
        """The same pattern with other entries."""
        result = object.__new__(type(self))
        result.data, result.indices, result.indptr, result.shape = data, self.indices, self.indptr, self.shape
        return result

    @property
    def coords(self):
        """Row and column of every entry."""
        major = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))
        return (major, self.indices) if self.format == "csr" else (self.indices, major)

    def copy(self):
        """A copy that shares nothing but the pattern."""
        return self.with_data(self.data.copy())

    def asformat(self, format):
        """The matrix as 'csr' or 'csc'."""
        if format not in _FORMATS:
            raise ValueError(f"format must be 'csr' or 'csc', not {format!r}")
        return self if format == self.format else _FORMATS[format]((self.data, self.coords), shape=self.shape)

    def tocsr(self):
        """The matrix by rows."""
        return self.asformat("csr")

    def tocsc(self):
        """The matrix by columns."""
        return self.asformat("csc")

    def toarray(self):
        """The dense matrix."""
        row, column = self.coords
        dense = np.zeros_like(self.data, shape=self.shape[0] * self.shape[1])
        np.add.at(dense, row * self.shape[1] + column, self.data)
        return np.reshape(dense, self.shape)

    def transpose(self):
        """The transpose, in the other format; it shares the entries."""
        other = object.__new__(csc_array if self.format == "csr" else csr_array)
        other.data, other.indices, other.indptr, other.shape = self.data, self.indices, self.indptr, self.shape[::-1]
        return other

    def conj(self):
        """The complex conjugate."""
        return self.with_data(np.conj(self.data))

    def diagonal(self):
        """The main diagonal."""
        row, column = self.coords
        on = np.flatnonzero(row == column)
        result = np.zeros_like(self.data, shape=min(self.shape))
        np.add.at(result, row[on], self.data[on])
        return result

    # ---- arithmetic

    def __neg__(self):
        return self.with_data(-self.data)

    def __add__(self, other):
        return self._sum(other, 1)

    __radd__ = __add__

    def __sub__(self, other):
        return self._sum(other, -1)

    def __rsub__(self, other):
        return (-self)._sum(other, 1)

    def _sum(self, other, sign):
        if not isinstance(other, Compressed) and not sp.issparse(other):
            if np.ndim(other) == 0:
                raise NotImplementedError("adding a scalar to a sparse array is not supported")
            return self.toarray() + other if sign > 0 else self.toarray() - other
        if other.shape != self.shape:
            raise ValueError(f"inconsistent shapes: {self.shape} and {other.shape}")
        other = type(self)(other)
        data = np.concatenate([self.data, other.data if sign > 0 else -other.data])
        coordinates = [np.concatenate(pair) for pair in zip(self.coords, other.coords, strict=True)]
        return type(self)((data, tuple(coordinates)), shape=self.shape)

    def __mul__(self, other):
        if isinstance(other, Compressed) or sp.issparse(other):
            raise TypeError(f"products of two sparse arrays with derivatives are not supported: {_SEE_TOARRAY}")
        return times_dense(self, other)

    __rmul__ = multiply = __mul__

    def __truediv__(self, other):
        if isinstance(other, Compressed) or sp.issparse(other):
            raise TypeError(f"quotients of two sparse arrays with derivatives are not supported: {_SEE_TOARRAY}")
        return self.with_data(self.data / array(other)) if np.ndim(other) == 0 else times_dense(self, 1 / array(other))

    def __matmul__(self, other):
        if isinstance(other, Compressed) or sp.issparse(other):
            raise TypeError(f"products of two sparse arrays with derivatives are not supported: {_SEE_TOARRAY}")
        other = array(pack_if_needed(other))
        if np.ndim(other) not in (1, 2) or np.shape(other)[0] != self.shape[1]:
            raise ValueError(f"matmul: dimension mismatch, {self.shape} @ {np.shape(other)}")
        return _product(self, other)

    dot = __matmul__

    def __rmatmul__(self, other):
        if sp.issparse(other):
            return self @ other
        other = array(pack_if_needed(other))
        return np.transpose(self.transpose() @ np.transpose(other))


def _stored(dense):
    """Where a value or a derivative is not zero."""
    lead = innermost(dense)
    if lead is None:
        return np.asarray(dense) != 0
    value, tangents = split(dense, lead.level)
    return _stored(value) if tangents is None else _stored(value) | np.any(_stored(tangents), 0)


def _product(matrix, x):
    """A x of vectors or columns, level by level."""
    lead = innermost(matrix.data, x)
    if lead is None:
        return matrix.value @ x
    if type(lead) is Tracer:
        row, column = matrix.coords
        entries = sp.csr_array((np.ones(matrix.nnz), (row, np.arange(matrix.nnz))), shape=(matrix.shape[0], matrix.nnz))
        return entries @ (np.reshape(matrix.data, (-1,) + (1,) * (np.ndim(x) - 1)) * x[column])
    (data, data_dot), (x0, x_dot) = split(matrix.data, lead.level), split(x, lead.level)
    below = matrix.with_data(data)
    total = None if data_dot is None else np.stack([_product(matrix.with_data(d), x0) for d in data_dot])
    if x_dot is not None:
        columns = np.reshape(np.moveaxis(x_dot, 0, -1), (x.shape[0], -1))
        shape = (matrix.shape[0], *x.shape[1:], len(x_dot))
        term = np.moveaxis(np.reshape(_product(below, columns), shape), -1, 0)
        total = term if total is None else total + term
    return join(lead, _product(below, x0), total)


def times_dense(matrix, x):
    """The sparse matrix times a scalar or a dense array that broadcasts to its shape, element by element."""
    x = array(pack_if_needed(x))
    result = matrix if isinstance(matrix, Compressed) else _FORMATS["csc" if matrix.format == "csc" else "csr"](matrix)
    if np.ndim(x) == 0:
        return result.with_data(result.data * x)
    if np.broadcast_shapes(result.shape, np.shape(x)) != result.shape:
        raise ValueError(f"inconsistent shapes: a sparse {result.shape} times a dense {np.shape(x)}")
    return result.with_data(result.data * np.broadcast_to(x, result.shape)[result.coords])


_ABOUT = """Sparse matrix by {major}, whose entries are numbers with derivatives.

    Parameters
    ----------
    arg1 : tuple, sparse matrix, or matrix
        ``(data, indices, indptr)`` or ``(data, (row, column))`` as `scipy.sparse.{name}` takes them, where data is a
        number, a list of numbers, or an array; repeated coordinates are added. Or a sparse or dense matrix.
    shape : (int, int), optional
        The shape, where the coordinates do not tell it.

    Attributes
    ----------
    data : number or array, shape (nnz,)
        The entries.
    indices, indptr : array
        The pattern.
    value : scipy.sparse.{name}
        The values alone.

    Raises
    ------
    ValueError
        If the pattern is not one, or data has not one entry for each of its places.
    TypeError
        For a product of two sparse arrays.

    Notes
    -----
    The operators @ (with vectors and matrices, plain or with derivatives), + and - (also with sparse arrays), * and /
    (scalars and dense arrays) keep derivatives. T. A. Davis, *Direct Methods for Sparse Linear Systems*, SIAM 2006,
    chapter 2, describes the format.

    Examples
    --------
    >>> import dualad as da
    >>> def f(t):
    ...     A = da.sparse.{name}(([t, 2.0], ([0, 1], [1, 0])), shape=(2, 2))
    ...     return A @ [1.0, 10.0]
    >>> da.jvp(f, (3.0,), (1.0,))
    (array([30.,  2.]), array([10.,  0.]))
    """


class csr_array(Compressed):
    __doc__ = _ABOUT.format(major="rows", name="csr_array")
    format = "csr"
    _plain = sp.csr_array


class csc_array(Compressed):
    __doc__ = _ABOUT.format(major="columns", name="csc_array")
    format = "csc"
    _plain = sp.csc_array


_FORMATS = {"csr": csr_array, "csc": csc_array}


def diags_array(diagonals, /, *, offsets=0, shape=None, format="csr"):
    """Sparse matrix from its diagonals, which may carry derivatives.

    Parameters
    ----------
    diagonals : sequence of array_like or numbers
        The diagonals, each as long as its place or of one element.
    offsets : int or sequence of int, optional
        Where they lie: 0 the main diagonal, k > 0 above, k < 0 below.
    shape : (int, int), optional
        The shape; a square matrix that holds all diagonals, if there is none.
    format : {'csr', 'csc'}, optional
        The format of the result.

    Returns
    -------
    A : csr_array or csc_array
        The matrix.

    Raises
    ------
    ValueError
        If a diagonal is longer or shorter than its place, or the numbers of diagonals and offsets differ.

    See Also
    --------
    scipy.sparse.diags_array : the same for plain entries.

    Notes
    -----
    Linear in the diagonals: the tangents are the same matrix of their tangents.

    Examples
    --------
    >>> import dualad as da
    >>> f = lambda x: da.sparse.diags_array([x, [1.0]], offsets=[0, 1]) @ [1.0, 1.0]
    >>> da.jvp(f, ([2.0, 3.0],), ([1.0, 0.0],))
    (array([3., 3.]), array([1., 0.]))
    """
    if np.ndim(offsets) == 0:
        diagonals, offsets = [diagonals] if np.ndim(pack_if_needed(diagonals)) <= 1 else diagonals, [offsets]
    diagonals = [np.atleast_1d(array(pack_if_needed(d))) for d in diagonals]
    if len(diagonals) != len(offsets):
        raise ValueError(f"there are {len(diagonals)} diagonals, but {len(offsets)} offsets")
    if shape is None:
        order = len(diagonals[0]) + abs(int(offsets[0]))
        shape = (order, order)
    data, rows, columns = [], [], []
    for diagonal, k in zip(diagonals, offsets, strict=True):
        length = min(shape[0] + min(k, 0), shape[1] - max(k, 0))
        if len(diagonal) not in (1, length) or length < 0:
            raise ValueError(f"the diagonal with offset {k} has {len(diagonal)} elements, but its place in a matrix of "
                             f"shape {tuple(shape)} has {max(length, 0)}")
        data.append(np.broadcast_to(diagonal, (length,)))
        rows.append(np.arange(length) - min(k, 0))
        columns.append(np.arange(length) + max(k, 0))
    coordinates = np.concatenate(rows), np.concatenate(columns)
    if format not in _FORMATS:
        raise ValueError(f"format must be 'csr' or 'csc', not {format!r}")
    return _FORMATS[format]((np.concatenate(data), coordinates), shape=shape)
