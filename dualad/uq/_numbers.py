"""Uncertain numbers: values that carry linear combinations of independent variables.

A scalar, `UFloat`, remembers its operands and the partial derivatives by them, and is compiled. An array, `UArray`,
holds its combinations as `_combination` describes. All derivatives come from dualad's rules and table.
"""

import functools
import operator
import sys

import numpy as np

from dualad._core import Number
from dualad._core.uncertain import (
    Row,
    Source,
    UFloat,
    Uncertain,
    combination,
    from_operands,
    from_row,
    load_handlers,
    refuse_to_set,
)
from dualad.rules.sparse import is_operator_of_sparse_array
from dualad.uq import _combination
from dualad.uq._format import format_value

__all__ = ["Source", "UArray", "UFloat", "Uncertain", "from_operands", "from_row", "load_rules", "make_array",
           "make_variables", "make_view", "nominal", "terms_of"]

_DEEPEST = 16
"""Views of views of ... that remember each other."""

RULES = {}
"""Entry points of `dualad.uq._rules`, which knows how NumPy functions act."""


def load_rules(**rules):
    """Called once by `dualad.uq._rules`."""
    RULES.update(rules)
    load_handlers(rules | {"format": format_value, "as tangents": as_tangents, "from tangents": from_tangents,
                           "as array": as_zero_d})


# ---- arrays --------------------------------------------------------------------------------------------------------


class UArray(Uncertain):
    """An array of numbers with standard deviations, made by `uarray` and `correlated`; all of NumPy acts on it.

    It behaves as an ndarray of its nominal values: what is a view there, such as a slice or ``x.T``, is one here.

    Attributes
    ----------
    nominal_value, n : ndarray
        The values.
    std_dev, s : ndarray
        The standard deviations.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad import uq
    >>> x = uq.uarray([1.0, 2.0, 3.0], 0.1)
    >>> np.sin(x).std_dev.round(4)
    array([0.054 , 0.0416, 0.099 ])
    >>> print(x.sum())
    6.00+/-0.17
    >>> (x - x).std_dev
    array([0., 0., 0.])
    """

    __slots__ = ("_held", "_deviations", "_origin", "_version", "__weakref__")

    __hash__ = None

    def __init__(self, *args, **kwargs):
        raise TypeError("use dualad.uq.uarray(values, std) to make an array of uncertain numbers")

    # ---- what it is

    @property
    def _value(self):
        return self._held[0] if self._origin is None else self._seen()[0]

    @property
    def _terms(self):
        return self._held[1] if self._origin is None else self._seen()[1]

    def _changes(self):
        """How often the array whose elements these are has been changed."""
        return self._version if self._origin is None else self._origin[0]._changes()

    def _seen(self):
        """Value and terms of a view, as the array has them now."""
        parent, move, _ = self._origin
        changes = parent._changes()
        if changes != self._version:
            self._held, self._deviations, self._version = moved_parts(parent, move), None, changes
        return self._held

    @property
    def nominal_value(self):
        """The values (a read-only view)."""
        view = self._value.view()
        view.flags.writeable = False
        return view

    @property
    def std_dev(self):
        """The standard deviations."""
        if self._value.dtype.kind == "c":
            raise TypeError("a complex number has no one standard deviation: use those of x.real and x.imag, or of "
                            "numpy.abs(x)")
        terms = self._terms
        if self._deviations is None:
            self._deviations = _combination.deviations(terms, self.shape)
        return self._deviations.copy()

    @std_dev.setter
    def std_dev(self, value):
        refuse_to_set("std_dev")

    @nominal_value.setter
    def nominal_value(self, value):
        refuse_to_set("nominal_value")

    @property
    def shape(self):
        """The shape."""
        return self._value.shape

    @shape.setter
    def shape(self, shape):
        if self._origin is not None:
            raise AttributeError("the shape of a view cannot be set: use x.reshape(shape)")
        self._replace(*moved_parts(self, lambda x: np.reshape(x, shape)))

    @property
    def ndim(self):
        """The number of dimensions."""
        return self._value.ndim

    @property
    def size(self):
        """The number of elements."""
        return self._value.size

    @property
    def dtype(self):
        """dtype of the values."""
        return self._value.dtype

    @property
    def itemsize(self):
        """Bytes of a value."""
        return self._value.itemsize

    @property
    def nbytes(self):
        """Bytes of the values."""
        return self._value.nbytes

    @property
    def strides(self):
        """Strides of the values."""
        return self._value.strides

    @property
    def mT(self):
        """The matrices transposed."""
        return np.swapaxes(self, -1, -2)

    @property
    def T(self):
        """The array transposed."""
        return np.transpose(self)

    @property
    def real(self):
        """The real part."""
        return RULES["linearised"](np.real, (self,), {}) if self._value.dtype.kind == "c" else self[...]

    @real.setter
    def real(self, value):
        if self._value.dtype.kind == "c":
            raise TypeError("the real part of complex numbers cannot be set: write x = value + 1j * x.imag")
        self[...] = value

    @property
    def imag(self):
        """The imaginary part."""
        return np.imag(self)

    @property
    def flat(self):
        """The elements in one dimension, as a view."""
        return make_view(self, np.ravel, always=True)

    @flat.setter
    def flat(self, value):
        self._put(np.arange(self.size), np.resize(value, self.size))

    def error_components(self):
        """Standard deviations that the independent variables contribute to the elements.

        Returns
        -------
        dict
            Keys are the variables, as `UFloat`; values are arrays of the array's shape.
        """
        matrix, ids, sources = self.combination()
        columns = abs(matrix).tocsc()
        variables = Row(sources, ids, np.ones(len(ids))).variables()
        return {source.variable(k): columns[:, [i]].toarray().reshape(self.shape)
                for i, (source, k, _) in enumerate(variables)}

    def combination(self):
        """The linear combinations as one sparse matrix.

        Returns
        -------
        matrix : csr_array, (size, k)
            Standard deviations that k variables contribute, with signs.
        ids : ndarray of int, (k,)
            Numbers of the variables.
        sources : tuple
            Where the variables come from.
        """
        mixed = _combination.expanded(self._terms, self.size)
        return mixed.matrix, mixed.ids, mixed.sources

    # ---- as a sequence

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of unsized object")
        return len(self._value)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        key = _plain_key(key)
        value = self._value[key]
        if not isinstance(value, np.ndarray) and value.dtype.kind == "f":
            terms = [(base, _chosen_positions(self.shape, key) if index is None else index[key], factor[key])
                     for base, index, factor in self._terms]
            return from_row(value, _combination.element(terms, 0))
        return make_view(self, operator.itemgetter(key), functools.partial(_chosen_positions, self.shape, key))

    def __setitem__(self, key, value):
        if not self._value.flags.writeable and self._origin is not None:
            raise ValueError("assignment destination is read-only")
        self._put(_positions(self.shape)[_plain_key(key)], value)

    def _put(self, places, value):
        """Assign to the elements at flat positions."""
        if self._origin is not None:
            parent, move, _ = self._origin
            parent._put(move(_positions(parent.shape)).reshape(-1)[places], value)
            return
        value = RULES["array"](value)
        given = np.broadcast_to(nominal(value), np.shape(places))
        if given.size == 0:
            return
        new = self._value.copy("K")
        new.flat[places] = given
        taken = np.full(self.size, -1)
        taken[places] = np.arange(given.size).reshape(given.shape)
        kept = np.where(taken < 0, np.arange(self.size), -1).reshape(self.shape)
        terms = _combination.taken(self._terms, kept)
        if isinstance(value, Uncertain):
            moved = _combination.scaled(terms_of(value), np.ones(()), given.shape)
            terms = _combination.added(terms, _combination.taken(moved, taken.reshape(self.shape)))
        self._replace(new, terms)

    def _replace(self, value, terms):
        self._held, self._deviations, self._version = (value, terms), None, self._version + 1

    def __contains__(self, x):
        return bool(np.any(self == x))

    def __bool__(self):
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous. Use a.any() or "
                             "a.all()")
        return bool(self.reshape(())[()])

    # ---- arithmetic

    def __pos__(self): return self.copy()
    def __iadd__(x, y): return x._become(x + y)
    def __isub__(x, y): return x._become(x - y)
    def __imul__(x, y): return x._become(x * y)
    def __itruediv__(x, y): return x._become(x / y)
    def __ipow__(x, y): return x._become(x**y)

    def _become(self, other):
        if other.shape != self.shape:
            raise ValueError(f"non-broadcastable output operand with shape {self.shape} doesn't match the broadcast "
                             f"shape {other.shape}")
        if self._origin is not None:
            self[...] = other
        else:
            self._replace(other._value, other._terms)
        return self

    # ---- leaving

    def __array__(self, dtype=None, copy=None):
        if is_operator_of_sparse_array(sys._getframe(1), self):
            box = np.empty((), object)
            box[()] = self
            return box
        if dtype is not None and np.dtype(dtype) != object:
            raise TypeError(f"a UArray cannot become a plain array of dtype {np.dtype(dtype)}: its uncertainty would "
                            "be lost. Use x.nominal_value for the values alone")
        objects = np.empty(self.size, object)
        objects[:] = list(np.ravel(self))
        return objects.reshape(self.shape)

    def fill(self, value):
        """Set all elements to a number."""
        self[...] = value

    def sort(self, axis=-1, kind=None, order=None, *, stable=None):
        """Sort the elements in place."""
        self[...] = np.sort(self, axis, kind, order, stable=stable)

    def partition(self, kth, axis=-1, kind="introselect", order=None):
        """Arrange the elements in place around those of some ranks."""
        self[...] = np.partition(self, kth, axis, kind, order)

    def astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
        """A copy whose values have another floating-point type, or an object array of `UFloat`."""
        dtype = np.dtype(dtype)
        if dtype.kind == "O":
            return self.__array__()
        if dtype.kind not in "fc" or dtype.kind == "f" and self.dtype.kind == "c":
            raise TypeError(f"a UArray cannot become one of dtype {dtype}: its uncertainty would be lost. Use "
                            "x.nominal_value for the values alone")
        return make_array(self._value.astype(dtype, order, casting), list(self._terms))

    def copy(self, order="C"):
        """A copy, fully correlated with the original."""
        return make_array(self._value.copy(order), list(self._terms))

    def __copy__(self): return self.copy()
    def __deepcopy__(self, memo): return self.copy()

    def __reduce__(self):
        return make_array, (self._value, self._terms)

    def reshape(self, *shape, order="C"):
        """The elements in another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes):
        """The axes permuted."""
        axes = axes[0] if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))) else axes
        return np.transpose(self, axes or None)

    def flatten(self, order="C"):
        """The elements in one dimension."""
        return np.ravel(self, order).copy()

    def item(self, *args):
        """One element."""
        if not args and self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        key = args[0] if len(args) == 1 else args
        return np.ravel(self)[key if args else 0] if not isinstance(key, tuple) or not key else self[key]

    def tolist(self):
        """Nested lists of `UFloat`."""
        return self[()] if self.ndim == 0 else [x.tolist() if isinstance(x, UArray) else x for x in self]

    def __repr__(self):
        if self._value.dtype.kind == "c":
            return f"UArray({self._value!r})"

        def text(i):
            return format_value(values[i], deviations[i])

        values, deviations = self._value.reshape(-1), self.std_dev.reshape(-1)
        body = np.array2string(_positions(self.shape), separator=", ", prefix="UArray(", formatter={"int": text})
        return f"UArray({body})"

    def __str__(self):
        return repr(self)[len("UArray("):-1]

    def __format__(self, spec):
        pairs = zip(self._value.reshape(-1), self.std_dev.reshape(-1), strict=True)
        rows = [format_value(v, s, spec) for v, s in pairs]
        return np.array2string(_positions(self.shape), separator=", ", formatter={"int": rows.__getitem__})


def _method(function):
    def method(self, *args, **kwargs):
        return function(self, *args, **kwargs)

    method.__name__ = function.__name__
    method.__doc__ = f"As ``numpy.{function.__name__}(x, ...)``."
    return method


def _writing_method(function):
    def method(self, *args, **kwargs):
        function(self, *args, **kwargs)

    method.__name__ = function.__name__
    method.__doc__ = f"As ``numpy.{function.__name__}(x, ...)``."
    return method


def _compress(x, condition, axis=None, out=None):
    return np.compress(condition, x, axis, out=out)


_compress.__name__ = "compress"
UArray.put, UArray.compress = _writing_method(np.put), _method(_compress)

for _name in """
    all any argmax argmin argpartition argsort clip conj conjugate cumprod cumsum diagonal dot max mean min nonzero prod
    ravel repeat round searchsorted squeeze std sum swapaxes take trace var
""".split():
    setattr(UArray, _name, _method(getattr(np, _name)))


def make_array(value, terms):
    """The array of these values and combinations; a UFloat for a scalar value."""
    if not isinstance(value, np.ndarray):
        if np.asarray(value).dtype.kind != "c":
            return from_row(value, _combination.element(terms, 0))
        value = np.asarray(value)
    x = UArray.__new__(UArray)
    x._held, x._deviations, x._origin, x._version = (value, terms), None, None, 0
    return x


def moved_parts(parent, move, positions=None):
    """Value and terms of an array of elements of another: `move` selects and arranges those of any such array."""
    places = None
    if any(index is None for _, index, _ in parent._terms):
        places = positions() if positions else move(_positions(parent.shape))
    value = move(parent._value)
    return value, [(base, np.asarray(places if index is None else move(index)), np.asarray(move(factor)))
                   for base, index, factor in parent._terms]


def make_view(parent, move, positions=None, always=False):
    """The array of elements of another; a view of it where NumPy's is one of the values."""
    x = make_array(*moved_parts(parent, move, positions))
    if isinstance(x, UArray) and (always or np.may_share_memory(x._held[0], parent._value)):
        depth = 1 if parent._origin is None else 1 + parent._origin[2]
        x._origin = (parent, move, depth) if depth <= _DEEPEST else _shallow(parent, move)
        x._version = parent._changes()
    return x


def _shallow(parent, move):
    """The origin of a view of a view of ..., as one of the array below them all."""
    moves = [move]
    while parent._origin is not None:
        parent, move, _ = parent._origin
        moves.append(move)
    places = _positions(parent.shape)
    for move in reversed(moves):
        places = move(places)
    return parent, lambda x: x.reshape(-1)[places], 1


def _positions(shape):
    return np.arange(int(np.prod(shape, dtype=int))).reshape(shape)


def _chosen_positions(shape, key):
    """Flat positions of what a key chooses; of one element or a slice of a vector without those of all others."""
    if len(shape) == 1 and isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
        return np.int64(key % shape[0])
    if len(shape) == 1 and isinstance(key, slice):
        return np.arange(*key.indices(shape[0]))
    return _positions(shape)[key]


def _plain_key(key):
    """An index without uncertainties: masks may come from uncertain numbers only by comparisons, which are plain."""
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(k, (Uncertain, Number)) for k in parts):
        raise IndexError("an uncertain number cannot be an index: use its nominal_value")
    return key


def nominal(x):
    """Values of an uncertain number or array; anything else as it is."""
    return x._value if isinstance(x, UArray) else x.nominal_value if isinstance(x, UFloat) else x


def terms_of(x):
    """The terms of an uncertain number or array."""
    return x._terms if isinstance(x, UArray) else _combination.terms_of_row(combination(x))


def reshaped(terms, shape):
    """Terms of an array of another shape."""
    return [(base, None if index is None else np.reshape(index, shape), np.reshape(factor, shape))
            for base, index, factor in terms]


def as_tangents(x):
    """The combination of a number in place of tangents, (1,) + shape: an array without a value of its own."""
    shape = (1, *x.shape)
    return make_array(np.zeros(shape, x.dtype if isinstance(x, UArray) else float), reshaped(terms_of(x), shape))


def as_zero_d(x):
    """A scalar as an array of shape ()."""
    return make_array(np.array(nominal(x)), terms_of(x))


def from_tangents(value, tangents):
    """The number of this value and of the combination of tangents."""
    return make_array(value[()] if np.ndim(value) == 0 else value, reshaped(terms_of(tangents), np.shape(value)))


def make_variables(values, std, names):
    """An array of independent variables."""
    source = Source(values.reshape(-1), std.reshape(-1), names)
    return make_array(values, [(source, None, std)])
