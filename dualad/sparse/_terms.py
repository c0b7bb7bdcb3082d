"""Which terms a scalar function is the sum of, seen by running it on arrays that do not add up yet.

A `Watched` array behaves as the array in it, but its full sum is a `Total`: weights and arrays still to be summed. A
Total stays one through sums, differences and products with constants; anything else adds it up. If the function returns
a Total, its arrays are the terms.
"""

import operator
import sys

import numpy as np
from scipy import sparse

from dualad._core.number import Number
from dualad.rules.sparse import is_operator_of_sparse_array

_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
_UNARY = ("neg", "pos", "abs")
_WHOLE = {np.sum: 1, np.mean: None, np.add.reduce: 1}
_INNER = (np.dot, np.inner, np.vdot, np.matmul)
_JOINING = (np.concatenate, np.hstack, np.stack)
_APPEND, _CONCATENATE, _STACK = np.append, np.concatenate, np.stack  # interception may replace the names later


def terms_of(f, x):
    """The terms of f(x) as one flat array (None if f does not return a sum of terms that can be seen)."""
    result = f(_watched_copy(x))
    if not isinstance(result, Total):
        return None
    return result.terms()


def rows_of_terms(f, x):
    """f(x) with the terms in place of the sums among its elements, flat, and the element of f(x) that each belongs to.

    None for both if f does not return sums, or arrays and sums joined.
    """
    result = f(_watched_copy(x))
    if not isinstance(result, (Total, Joined)):
        return None, None
    segments = [result] if isinstance(result, Total) else result.segments
    parts, rows, row = [], [], 0
    for segment in segments:
        terms = segment.terms() if isinstance(segment, Total) else np.ravel(plain(segment))
        parts.append(terms)
        rows.append(np.full(np.size(terms), row) if isinstance(segment, Total) else row + np.arange(np.size(terms)))
        row += 1 if isinstance(segment, Total) else np.size(terms)
    return (parts[0] if len(parts) == 1 else np.concatenate(parts)), np.concatenate(rows)


def _watched_copy(x):
    """A watched array to which f may write; numbers are the transform's own."""
    return Watched(x.copy() if isinstance(x, np.ndarray) else x)


def plain(x):
    """x without watching, inside lists, tuples and dicts too."""
    if isinstance(x, Watched):
        return x.array
    if isinstance(x, (Total, Joined)):
        return x.added()
    if isinstance(x, (list, tuple)):
        return type(x)(plain(v) for v in x)
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    return x


def _watched(x):
    if isinstance(x, Number) or (isinstance(x, (np.ndarray, np.floating)) and x.dtype.kind == "f"):
        return Watched(x)
    if type(x) in (list, tuple):
        return type(x)(_watched(v) for v in x)
    return x


def _adds_all(x, axis=None, **others):
    """Whether a reduction with these arguments leaves one number."""
    every = axis is None or (x.ndim == 1 and axis in (0, -1, (0,)))
    return x.ndim > 0 and every and not any(v is not None and v is not False for v in others.values())


def _call(function, args, kwargs):
    """function(*args, **kwargs), a Total where it adds up everything."""
    x = args[0] if args and isinstance(args[0], Watched) else None
    if function in _WHOLE and x is not None and len(args) <= 2:
        options = {**({"axis": args[1]} if len(args) == 2 else {}), **kwargs}
        if _adds_all(x, **options):
            return Total(0.0, [(_WHOLE[function] or 1 / x.size, x)])
    if function in _INNER and len(args) == 2 and not kwargs and all(np.ndim(plain(a)) == 1 for a in args):
        return Total(0.0, [(1, _watched(plain(args[0]) * plain(args[1])))])
    if function in _JOINING and len(args) == 1 and not kwargs:
        return _joined(function, args[0])
    if function is _APPEND and len(args) == 2 and not kwargs:
        return _joined(_CONCATENATE, (np.ravel(args[0]), [args[1]] if isinstance(args[1], Total) else args[1]))
    return _watched(function(*plain(args), **plain(kwargs)))


def _joined(function, arrays):
    """The arrays side by side, with sums among them left as they are."""
    segments, sums = [], False
    for a in arrays:
        items = a if isinstance(a, (list, tuple)) else [a]
        whole = isinstance(a, Total) or any(isinstance(v, Total) for v in items)
        if not whole and np.ndim(plain(a)) != 1 or isinstance(a, Total) and function is _CONCATENATE:
            return _watched(function(plain(arrays)))
        segments += [v if isinstance(v, Total) else np.reshape(v, (1,)) for v in items] if whole else [a]
        sums |= whole
    if sums and (function is not _STACK or all(isinstance(a, Total) for a in arrays)):
        return Joined(segments)
    return _watched(function(plain(arrays)))


class _Operators:
    """Arithmetic in terms of `operate(function, left, right)`."""

    __slots__ = ()
    __array_priority__ = 1e9
    __hash__ = None

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return _call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return _call(function, args, kwargs)

    def __array__(self, dtype=None, copy=None):
        # scipy.sparse takes an array without dimensions for "not mine", and leaves A @ x to x
        if dtype is None and is_operator_of_sparse_array(sys._getframe(1), self):
            box = np.empty((), object)
            box[()] = self
            return box
        raise TypeError("a term of a sum cannot become a plain array")


def _operators(cls):
    def binary(function):
        return lambda self, other: self.operate(function, self, other)

    def reflected(function):
        return lambda self, other: self.operate(function, other, self)

    def unary(function):
        return lambda self: self.operate(function, self)

    for name in _BINARY:
        function = getattr(operator, name)
        setattr(cls, f"__{name}__", binary(function))
        setattr(cls, f"__r{name}__", reflected(function))
    for name in _COMPARISONS:
        setattr(cls, f"__{name}__", binary(getattr(operator, name)))
    for name in _UNARY:
        setattr(cls, f"__{name}__", unary(getattr(operator, name)))
    return cls


@_operators
class Watched(_Operators):
    """An array whose full sum stays a list of terms."""

    __slots__ = ("array",)

    def __init__(self, array):
        self.array = array

    def operate(self, function, *operands):
        if any(isinstance(x, Total) for x in operands):
            return Total.operate(self, function, *operands)
        if any(sparse.issparse(x) for x in operands):
            return _watched(function(*plain(operands)))
        return _call(np.matmul if function is operator.matmul else function, operands, {})

    def __getattr__(self, name):
        if name.startswith("__array_"):  # NumPy would take the memory, and see no terms any more
            raise AttributeError(name)
        if name == "sum" or name == "mean" or name == "dot":
            return lambda *args, **kwargs: _call(getattr(np, name), (self, *args), kwargs)
        found = getattr(self.array, name)
        if callable(found):
            return lambda *args, **kwargs: _watched(found(*plain(args), **plain(kwargs)))
        return _watched(found)

    def __getitem__(self, key):
        return Watched(self.array[plain(key)])

    def __setitem__(self, key, value):
        self.array[plain(key)] = plain(value)

    def __len__(self):
        return len(self.array)

    def __iter__(self):
        return (Watched(v) for v in self.array)

    def __bool__(self):
        return bool(self.array)


@_operators
class Total(_Operators):
    """constant + sum of weight * array.sum() over parts."""

    __slots__ = ("constant", "parts")

    def __init__(self, constant, parts):
        self.constant, self.parts = constant, parts

    def added(self):
        """The number that this stands for."""
        return sum((w * np.sum(plain(a)) for w, a in self.parts), self.constant)

    def terms(self):
        """All that is to be added, flat, but for a constant."""
        parts = [np.ravel(plain(a)) if w == 1 else w * np.ravel(plain(a)) for w, a in self.parts]
        if isinstance(self.constant, Number):
            parts.append(np.reshape(self.constant, (1,)))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def scaled(self, factor):
        return Total(self.constant * factor, [(w * factor, a) for w, a in self.parts])

    def plus(self, other):
        if isinstance(other, Total):
            return Total(self.constant + other.constant, self.parts + other.parts)
        if isinstance(other, Watched) and other.ndim == 0:
            return Total(self.constant, [*self.parts, (1, other)])
        return Total(self.constant + other, self.parts)

    def operate(self, function, *operands):
        left, right = operands[0], operands[-1]
        scalar = all(isinstance(x, Total) or np.ndim(plain(x)) == 0 for x in operands)
        if scalar and len(operands) == 2:
            if function is operator.add:
                return left.plus(right) if isinstance(left, Total) else right.plus(left)
            if function is operator.sub:
                return left.plus(-right) if isinstance(left, Total) else right.scaled(-1).plus(left)
            if function is operator.mul and (_is_constant(left) or _is_constant(right)):
                return left.scaled(right) if isinstance(left, Total) else right.scaled(left)
            if function is operator.truediv and _is_constant(right):
                return left.scaled(1 / right)
        if function is operator.neg:
            return left.scaled(-1)
        return left if function is operator.pos else _watched(function(*plain(operands)))

    def __getattr__(self, name):
        return getattr(_watched(self.added()), name)

    def __bool__(self):
        return bool(self.added())


@_operators
class Joined(_Operators):
    """Arrays and Totals side by side, as an array of one axis."""

    __slots__ = ("segments",)

    def __init__(self, segments):
        self.segments = segments

    def added(self):
        """The array that this stands for."""
        return np.concatenate([np.reshape(plain(s), (-1,)) for s in self.segments])

    def operate(self, function, *operands):
        return _watched(function(*plain(operands)))

    def __getattr__(self, name):
        return getattr(_watched(self.added()), name)

    def __getitem__(self, key):
        return _watched(self.added())[key]

    def __len__(self):
        return len(self.added())


def _is_constant(x):
    return isinstance(x, (int, float, np.number))
