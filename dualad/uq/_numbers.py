"""Uncertain numbers: values that carry linear combinations of independent variables.

A scalar, `UFloat`, remembers its operands and the partial derivatives by them, and is compiled. An array, `UArray`,
holds its combinations as `_combination` describes. All derivatives come from dualad's rules and table.
"""

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
           "make_variables", "nominal", "terms_of"]

RULES = {}
"""Entry points of `dualad.uq._rules`, which knows how NumPy functions act."""


def load_rules(**rules):
    """Called once by `dualad.uq._rules`."""
    RULES.update(rules)
    load_handlers(rules | {"format": format_value, "as tangents": as_tangents, "from tangents": from_tangents})


# ---- arrays --------------------------------------------------------------------------------------------------------


class UArray(Uncertain):
    """An array of numbers with standard deviations, made by `uarray` and `correlated`; all of NumPy acts on it.

    It behaves as an ndarray of its nominal values, except that slices are copies: assign to ``x[i:j]``, not to a name
    for it.

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

    __slots__ = ("_value", "_terms", "_deviations", "_own", "__weakref__")

    __hash__ = None

    def __init__(self, *args, **kwargs):
        raise TypeError("use dualad.uq.uarray(values, std) to make an array of uncertain numbers")

    # ---- what it is

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
        if self._deviations is None:
            self._deviations = _combination.deviations(self._terms, self.shape)
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
    def T(self):
        """The array transposed (a copy)."""
        return np.transpose(self)

    @property
    def real(self):
        """The real part."""
        return np.real(self)

    @property
    def imag(self):
        """The imaginary part."""
        return np.imag(self)

    @property
    def flat(self):
        """Iterator over the elements."""
        return iter(np.ravel(self))

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
        terms = [(base, _chosen_positions(self.shape, key) if index is None else index[key], factor[key])
                 for base, index, factor in self._terms]
        if not isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return from_row(value, _combination.element(terms, 0))
        result = make_array(np.array(value), [(base, np.asarray(index), np.asarray(factor))
                                              for base, index, factor in terms])
        result._own = False
        return result

    def __setitem__(self, key, value):
        if not self._own:
            raise ValueError("assignment to a slice, which is a copy: assign to the array itself, x[i, j] = y")
        chosen = _positions(self.shape)[_plain_key(key)]
        value = RULES["array"](value)
        given = np.broadcast_to(nominal(value), np.shape(chosen))
        new = self._value.copy()
        new[_plain_key(key)] = given
        places = np.full(self.size, -1)
        places[chosen] = np.arange(np.size(chosen)).reshape(np.shape(chosen))
        kept = np.where(places < 0, np.arange(self.size), -1).reshape(self.shape)
        terms = _combination.taken(self._terms, kept)
        if isinstance(value, Uncertain):
            moved = _combination.scaled(terms_of(value), np.ones(()), np.shape(chosen))
            terms = _combination.added(terms, _combination.taken(moved, places.reshape(self.shape)))
        self._value, self._terms, self._deviations = new, terms, None

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
        if not self._own:
            return other
        self._value, self._terms, self._deviations = other._value, other._terms, other._deviations
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
        return np.ravel(self, order)

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


for _name in ("all any argmax argmin argsort clip conj cumprod cumsum diagonal dot max mean min nonzero prod ravel "
              "repeat round searchsorted squeeze std sum swapaxes take trace var").split():
    setattr(UArray, _name, _method(getattr(np, _name)))


def make_array(value, terms):
    """The array of these values and combinations; a UFloat for a scalar value."""
    if not isinstance(value, np.ndarray):
        if np.asarray(value).dtype.kind != "c":
            return from_row(value, _combination.element(terms, 0))
        value = np.asarray(value)
    x = UArray.__new__(UArray)
    x._value, x._terms, x._deviations, x._own = value, terms, None, True
    return x


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


def from_tangents(value, tangents):
    """The number of this value and of the combination of tangents."""
    return make_array(value[()] if np.ndim(value) == 0 else value, reshaped(terms_of(tangents), np.shape(value)))


def make_variables(values, std, names):
    """An array of independent variables."""
    source = Source(values.reshape(-1), std.reshape(-1), names)
    return make_array(values, [(source, None, std)])
