"""Uncertain numbers: values that carry linear combinations of independent variables.

A scalar, `UFloat`, remembers its operands and the partial derivatives by them; the combination is summed up when it
is asked for. An array, `UArray`, holds its combinations as `_combination` describes. All derivatives come from dualad's
rules, by evaluating a function on dual numbers.
"""

import heapq
import itertools
import math
import operator

import numpy as np

from dualad._core import Dual, Number
from dualad._core.number import dual_parts, seed_tangent
from dualad.uq import _combination
from dualad.uq._combination import Row, Source, find_source
from dualad.uq._format import format_value

LEVEL = (1 << 32) - 1
"""The level of the dual numbers that scalar arithmetic is done on: between those of hand-made ones and transforms."""

_serials = itertools.count()

RULES = {}
"""Entry points of `dualad.uq._rules`, which knows how NumPy functions act."""


def _refuse_to_set(name):
    raise AttributeError(
        f"{name} cannot be set, since what was computed from the number would keep the old one: make a new number with "
        "dualad.uq.ufloat or dualad.uq.uarray"
    )


class Uncertain:
    """Base of scalars and arrays with uncertainties: what both do in the same way."""

    __slots__ = ()
    __array_priority__ = 2000.0

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return RULES["ufunc"](ufunc, method, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        return RULES["function"](func, args, kwargs)

    @property
    def n(self):
        """The nominal value."""
        return self.nominal_value

    @property
    def s(self):
        """The standard deviation."""
        return self.std_dev

    def std_score(self, value):
        """How many standard deviations a value lies above the nominal value.

        Parameters
        ----------
        value : float or array_like

        Returns
        -------
        float or ndarray
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return (value - self.nominal_value) / np.float64(self.std_dev)

    def __float__(self):
        raise TypeError(
            "float() would drop the uncertainty: use numpy functions (numpy.sin(x)) in place of math functions, "
            "dualad.uq.wrap(f)(x) for a function f that solves, integrates or takes no uncertain numbers for other "
            "reasons, and x.nominal_value where only the value is wanted"
        )

    __int__ = __complex__ = __float__

    def __round__(self, ndigits=None): return np.round(self, ndigits or 0)

    def __floordiv__(x, y): return RULES["call"](np.floor_divide, (x, y))
    def __rfloordiv__(x, y): return RULES["call"](np.floor_divide, (y, x))
    def __divmod__(x, y): return RULES["call"](np.divmod, (x, y))
    def __rdivmod__(x, y): return RULES["call"](np.divmod, (y, x))
    def __mod__(x, y): return RULES["call"](np.remainder, (x, y))
    def __rmod__(x, y): return RULES["call"](np.remainder, (y, x))
    def __matmul__(x, y): return np.matmul(x, y)
    def __rmatmul__(x, y): return np.matmul(y, x)
    def __abs__(self): return RULES["call"](np.absolute, (self,))
    def __eq__(x, y): return RULES["compare"](np.equal, x, y)
    def __ne__(x, y): return RULES["compare"](np.not_equal, x, y)
    def __lt__(x, y): return RULES["compare"](np.less, x, y)
    def __le__(x, y): return RULES["compare"](np.less_equal, x, y)
    def __gt__(x, y): return RULES["compare"](np.greater, x, y)
    def __ge__(x, y): return RULES["compare"](np.greater_equal, x, y)

    __hash__ = None


# ---- scalars -------------------------------------------------------------------------------------------------------


class UFloat(Uncertain):
    """A number with a standard deviation, made by `ufloat`, which knows what it was computed from.

    Attributes
    ----------
    nominal_value, n : float
        The value.
    std_dev, s : float
        The standard deviation.
    name, tag : str or None
        The name of an independent variable.
    derivatives : dict
        Derivatives by the independent variables that the number depends on.

    Examples
    --------
    >>> from dualad import uq
    >>> x = uq.ufloat(2.0, 0.1, "x")
    >>> y = x**2 + x
    >>> print(y)
    6.0+/-0.5
    >>> {v.name: round(c, 9) for v, c in y.error_components().items()}
    {'x': 0.5}
    >>> x - x
    0.0+/-0
    """

    __slots__ = ("_value", "_operands", "_row", "_serial", "__weakref__")

    def __new__(cls, *args, **kwargs):
        raise TypeError("use dualad.uq.ufloat(value, std) to make an uncertain number")

    # ---- as an array of shape ()

    @property
    def shape(self):
        """()."""
        return ()

    @property
    def ndim(self):
        """0."""
        return 0

    @property
    def size(self):
        """1."""
        return 1

    @property
    def real(self):
        """Itself."""
        return self

    @property
    def imag(self):
        """0."""
        return 0.0

    def conjugate(self):
        """Itself."""
        return self

    def __getattr__(self, name):
        # an object array of numbers calls the method of a function's name
        ufunc = getattr(np, name, None) if not name.startswith("_") else None
        if not isinstance(ufunc, np.ufunc):
            raise AttributeError(f"'UFloat' object has no attribute {name!r}")
        return lambda *others: RULES["call"](ufunc, (self, *others))

    # ---- what it is

    @property
    def nominal_value(self):
        """The value."""
        return self._value

    @property
    def std_dev(self):
        """The standard deviation."""
        return combination(self).deviation()

    @std_dev.setter
    def std_dev(self, value):
        _refuse_to_set("std_dev")

    @nominal_value.setter
    def nominal_value(self, value):
        _refuse_to_set("nominal_value")

    def error_components(self):
        """Standard deviations that the independent variables contribute: their squares sum to the variance.

        Returns
        -------
        dict
            Keys are the variables, as `UFloat`.
        """
        row = combination(self)
        return {_variable(*find_source(row.sources, i)): abs(c) for i, c in row.mapping().items()}

    @property
    def derivatives(self):
        """Derivatives by the independent variables: a dict. Variables without uncertainty are left out."""
        row = combination(self)
        found = {find_source(row.sources, i): c for i, c in row.mapping().items()}
        return {_variable(s, k): c / float(s.std[k]) for (s, k), c in found.items() if s.std[k]}

    @property
    def name(self):
        """The name of an independent variable; None for a computed number."""
        row = combination(self)
        if len(row.mapping()) != 1:
            return None
        (number, coefficient), = row.items.items()
        source, k = find_source(row.sources, number)
        same = coefficient == source.std[k] and (
            self._value == source.value[k] or self._value != self._value and source.value[k] != source.value[k])
        return source.name(k) if same else None

    tag = name

    def __hash__(self):
        return hash((self._value, tuple(sorted((i, c) for i, c in combination(self).mapping().items() if c))))

    def __bool__(self):
        return self != 0.0

    def __pow__(x, y, z=None):
        return RULES["power"](x, y)

    def __rpow__(x, y):
        return RULES["power"](y, x)

    def __pos__(self):
        return self

    def __trunc__(self):
        return math.trunc(self._value)

    def __floor__(self):
        return math.floor(self._value)

    def __ceil__(self):
        return math.ceil(self._value)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        row = combination(self)
        return _restore, (self._value, row.sources, *row.arrays())

    def __repr__(self):
        """All digits, with the name of a variable; ``str(x)`` rounds."""
        name, std = self.name, self.std_dev
        text = f"{self._value!r}+/-{std!r}" if std else f"{self._value!r}+/-0"
        return text if name is None else f"< {name} = {text} >"

    def __str__(self):
        return format_value(self._value, self.std_dev)

    def __format__(self, spec):
        return format_value(self._value, self.std_dev, spec)

    def format(self, spec):
        """As ``format(x, spec)``."""
        return format(self, spec)


def _restore(value, sources, ids, coefficients):
    known = {s.start: s for s in sources}
    return from_row(value, Row(tuple(known.values()), ids=ids, coefficients=coefficients))


_new = object.__new__
FLOATS = frozenset((float, int, np.float64))


def from_row(value, row):
    """The number of this value and combination."""
    x = _new(UFloat)
    x._value, x._operands, x._row, x._serial = float(value), None, row, next(_serials)
    return x


def from_operands(value, operands):
    """The number of this value that depends on others: pairs of partial derivative and number."""
    x = _new(UFloat)
    x._value, x._operands, x._row, x._serial = value, operands, None, next(_serials)
    return x


def _variable(source, k):
    return from_row(source.value[k], Row((source,), {source.start + k: float(source.std[k])}))


def combination(x):
    """The combination of a number, summed up once over all that it was computed from: newest first, as in reverse mode.

    Griewank and Walther, *Evaluating Derivatives*, 2nd ed., section 3.3.
    """
    if x._row is not None:
        return x._row
    weights, waiting = {x._serial: 1.0}, [(-x._serial, x)]
    summed = {}  # numbers whose combination is known, and their weights
    while waiting:
        _, node = heapq.heappop(waiting)
        weight = weights.pop(node._serial)
        for partial, operand in node._operands:
            serial = operand._serial
            if operand._row is not None:
                summed[serial] = (operand._row, summed[serial][1] + weight * partial if serial in summed
                                  else weight * partial)
            elif serial in weights:
                weights[serial] += weight * partial
            else:
                weights[serial] = weight * partial
                heapq.heappush(waiting, (-serial, operand))
    items, parts, sources = {}, [], {}
    for row, weight in summed.values():
        for source in row.sources:
            sources[source.start] = source
        if row.items is None:
            parts.append((row.ids, weight * row.coefficients))
        else:
            for number, coefficient in row.items.items():
                items[number] = items.get(number, 0.0) + (weight * coefficient if coefficient else 0.0)
    x._row = _sum_up(items, parts, tuple(sources.values()))
    x._operands = None
    return x._row


def _sum_up(items, parts, sources):
    if not parts:
        return Row(sources, items)
    if items:
        parts.append(Row(sources, items).arrays())
    return _combination.merged(parts, sources)


def _arithmetic(op, ufunc):
    """A binary operator and its reflection: both partial derivatives from dual numbers, without a detour."""
    def forward(x, y, seed=seed_tangent, parts=dual_parts):
        kind = type(y)
        if kind is UFloat:
            a, b = x._value, y._value
            value, dx = parts(op(seed(Dual, a, 1.0, LEVEL), b), LEVEL)
            _, dy = parts(op(a, seed(Dual, b, 1.0, LEVEL)), LEVEL)
            operands = ((float(dx), x), (float(dy), y))
        elif kind in FLOATS:
            value, dx = parts(op(seed(Dual, x._value, 1.0, LEVEL), float(y)), LEVEL)
            operands = ((float(dx), x),)
        else:
            return RULES["call"](ufunc, (x, y))
        r = _new(UFloat)
        r._value = float(value)
        r._operands = operands
        r._row = None
        r._serial = next(_serials)
        return r

    def reflected(x, y):
        if type(y) not in FLOATS:
            return RULES["call"](ufunc, (y, x))
        value, dx = dual_parts(op(float(y), seed_tangent(Dual, x._value, 1.0, LEVEL)), LEVEL)
        return from_operands(float(value), ((float(dx), x),))

    return forward, reflected


for _name, _ufunc in (("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("truediv", np.divide)):
    _forward, _reflected = _arithmetic(getattr(operator, _name), _ufunc)
    setattr(UFloat, f"__{_name}__", _forward)
    setattr(UFloat, f"__r{_name}__", _reflected)
UFloat.__neg__ = lambda self: RULES["call"](np.negative, (self,))


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

    def __new__(cls, *args, **kwargs):
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
        _refuse_to_set("std_dev")

    @nominal_value.setter
    def nominal_value(self, value):
        _refuse_to_set("nominal_value")

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
        return {_variable(*find_source(sources, i)): columns[:, [k]].toarray().reshape(self.shape)
                for k, i in enumerate(ids.tolist())}

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
        value = self._value[_plain_key(key)]
        if np.ndim(value) == 0 and not isinstance(value, np.ndarray) and value.dtype.kind == "f":
            position = int(_positions(self.shape)[_plain_key(key)])
            return from_row(value, _combination.element(self._terms, position))
        positions = np.asarray(_positions(self.shape)[_plain_key(key)])
        result = make_array(np.array(value), _combination.taken(self._terms, positions))
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

    def __add__(x, y): return RULES["call"](np.add, (x, y))
    def __radd__(x, y): return RULES["call"](np.add, (y, x))
    def __sub__(x, y): return RULES["call"](np.subtract, (x, y))
    def __rsub__(x, y): return RULES["call"](np.subtract, (y, x))
    def __mul__(x, y): return RULES["call"](np.multiply, (x, y))
    def __rmul__(x, y): return RULES["call"](np.multiply, (y, x))
    def __truediv__(x, y): return RULES["call"](np.divide, (x, y))
    def __rtruediv__(x, y): return RULES["call"](np.divide, (y, x))
    def __pow__(x, y): return RULES["power"](x, y)
    def __rpow__(x, y): return RULES["power"](y, x)
    def __neg__(self): return RULES["call"](np.negative, (self,))
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
    x = _new(UArray)
    x._value, x._terms, x._deviations, x._own = value, terms, None, True
    return x


def _positions(shape):
    return np.arange(int(np.prod(shape, dtype=int))).reshape(shape)


def _plain_key(key):
    """An index without uncertainties: masks may come from uncertain numbers only by comparisons, which are plain."""
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(k, (Uncertain, Number)) for k in parts):
        raise IndexError("an uncertain number cannot be an index: use its nominal_value")
    return key


def nominal(x):
    """Values of an uncertain number or array; anything else as it is."""
    return x._value if isinstance(x, Uncertain) else x


def terms_of(x):
    """The terms of an uncertain number or array."""
    return x._terms if isinstance(x, UArray) else combination(x).terms()


def make_variables(values, std, names):
    """An array of independent variables."""
    source = Source(values.reshape(-1), std.reshape(-1), names)
    return make_array(values, [(source, None, std)])
