"""Operators of a plain scipy.sparse array and a number with derivatives.

``A @ x`` asks SciPy first. Its operators hand an operand over to our reflected operator if NumPy makes a 0-d object
array of it, and only there may `Number.__array__` give one. All directions go through one sparse product.
"""

import sys

import numpy as np

from dualad._core.number import empty_components
from dualad.rules.algebra import innermost, join, lift, split
from dualad.rules.packing import is_sparse

__all__ = ["is_operator_of_sparse_array", "sparse_operator"]

_OPERATORS = {"__matmul__", "__rmatmul__", "__mul__", "__rmul__", "__truediv__"}


def is_operator_of_sparse_array(frame, number):
    """Whether a frame, which asks for an array of a number, belongs to an operator of scipy.sparse.

    What else asks in scipy.sparse gets an error that names the operators.
    """
    while frame.f_globals.get("__name__") == "dualad._intercept":
        frame = frame.f_back
    asking = frame
    while frame is not None and frame.f_globals.get("__name__", "").startswith("scipy.sparse."):
        if frame.f_code.co_name in _OPERATORS:
            return True
        frame = frame.f_back
    if frame is not asking:
        raise TypeError(f"{asking.f_code.co_name} of scipy.sparse would lose the derivative of a "
                        f"{type(number).__name__}: use the operators, A @ x, x @ A, A * x, or the functions of "
                        "dualad.sparse.linalg")
    return False


def sparse_operator(ufunc, method, a, b=None, **kwargs):
    """ufunc(a, b) where one of the two is sparse and the other a number."""
    rule = _RULES.get(ufunc)
    if rule is None or method != "__call__" or kwargs or b is None:
        matrix = next(x for x in (a, b) if is_sparse(x))
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        raise TypeError(f"numpy.{name} does not take a {type(matrix).__name__} and a number with derivatives: use "
                        "A @ x, A * x, A + x, or A.toarray()")
    return rule(a, b)


def _matmul(a, b):
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        raise ValueError("Scalar operands are not allowed, use '*' instead")
    lead = innermost(a, b)
    (a0, a_dot), (b0, b_dot) = split(a, lead.level), split(b, lead.level)
    value = a0 @ b0
    if a_dot is None and b_dot is None:
        return join(lead, value, None)
    return join(lead, value, _rows_times(a_dot, b) if b_dot is None else _times_columns(a, b_dot, np.shape(value)))


def _times_columns(matrix, t, shape):
    """The products with all directions (K,) + shape of x, as columns beside each other."""
    if len(t) == 1:
        return (matrix @ t[0])[None]
    columns = np.moveaxis(t, 0, -1)
    if columns.ndim > 2:
        columns = columns.reshape((*columns.shape[:-2], columns.shape[-2] * columns.shape[-1]))
    if innermost(columns) is None:
        columns = _contiguous(columns)
    return np.moveaxis((matrix @ columns).reshape((*shape, len(t))), -1, 0)


def _contiguous(columns):
    """A copy in memory of the pool; SciPy would make one in fresh memory, at ten times the price."""
    copy = empty_components(columns.shape, columns.dtype)
    copy[...] = columns
    return copy


def _rows_times(t, matrix):
    """The products with all directions as rows below each other."""
    if t.ndim > 3 or matrix.ndim > 2:
        return np.stack([d @ matrix for d in t])
    rows = t.reshape((-1, t.shape[-1])) @ matrix
    return rows.reshape((*t.shape[:-1], *rows.shape[1:]))


def _add(a, b):
    return _dense_sum(a, b, np.add)


def _subtract(a, b):
    return _dense_sum(a, b, np.subtract)


def _dense_sum(a, b, ufunc):
    """Sums of a sparse and a dense array are dense."""
    lead = innermost(a, b)
    (a0, a_dot), (b0, b_dot) = split(a, lead.level), split(b, lead.level)
    value = np.asarray(a0 + b0 if ufunc is np.add else a0 - b0) if innermost(a0, b0) is None else ufunc(a0, b0)
    t = a_dot if a_dot is not None else b_dot if ufunc is np.add or b_dot is None else -b_dot
    return join(lead, value, t if t is None else np.broadcast_to(lift(t, np.ndim(value)), (len(t), *np.shape(value))))


def _multiply(a, b):
    from dualad.rules.matrices import times_dense

    matrix, x = (a, b) if is_sparse(a) else (b, a)
    if np.ndim(x) and not _is_array(matrix):
        return a @ b
    return times_dense(matrix, x)


def _divide(a, b):
    if not is_sparse(a):
        return np.divide(a, b.toarray())
    from dualad.rules.matrices import times_dense

    return times_dense(a, np.divide(1, b))


def _is_array(matrix):
    return isinstance(matrix, sys.modules["scipy.sparse"].sparray)


_RULES = {np.matmul: _matmul, np.multiply: _multiply, np.divide: _divide, np.add: _add, np.subtract: _subtract}
