"""How NumPy functions act on uncertain numbers: by dualad's rules, which see dual numbers.

- An elementwise function is evaluated on dual numbers of tangent one; its partial derivatives scale the combinations.
- A function that only moves elements is evaluated on their positions, and the combinations are moved likewise.
- Sums over axes group combinations; products of matrices are composed of products and sums.
- Statistics, norms and the like are dualad's rules, which see combinations in place of tangents.
- Every other function is evaluated with one direction per variable, per element, or per colour of its sparse Jacobian.
"""

import functools
import inspect
import numbers
import operator

import numpy as np

from dualad._core import Dual, Number
from dualad._core.number import wrap
from dualad.rules import FAMILIES
from dualad.rules.elementwise import PARTIALS, PLAIN
from dualad.rules.packing import is_sparse
from dualad.uq import _combination, _composed, _moving
from dualad.uq._general import as_array, leaves_of, linearised, refuse_numbers, replaced
from dualad.uq._numbers import (
    UArray,
    UFloat,
    Uncertain,
    from_operands,
    load_rules,
    make_array,
    nominal,
    terms_of,
)

_FULL_LIKE = np.full_like  # interception may replace the name later


_READY = frozenset((UArray, UFloat, float, int, np.float64))
"""Types of operands that need no preparation, beside plain arrays."""

# ---- elementwise ---------------------------------------------------------------------------------------------------


def call(ufunc, inputs, kwargs=None, evaluate=None):
    """ufunc(*inputs): the partial derivative by each uncertain input from dual numbers.

    `evaluate` does what the ufunc does: ``x**2`` need not round as ``numpy.power(x, 2)``.
    """
    evaluate, kwargs = evaluate or ufunc, kwargs or {}
    if not all(type(x) in _READY or type(x) is np.ndarray and x.dtype.kind != "O" for x in inputs):
        inputs = [as_array(x) if not isinstance(x, Uncertain) else x for x in inputs]
        refuse_numbers(inputs)
        if any(is_sparse(x) for x in inputs):
            return _with_sparse(ufunc, "__call__", inputs, kwargs)
    if ufunc in PLAIN:
        return _plain(ufunc, inputs, kwargs)
    if ufunc not in PARTIALS or any(isinstance(x, UArray) and x.dtype.kind == "c" for x in inputs):
        return linearised(ufunc, inputs, kwargs)
    values = [nominal(x) for x in inputs]
    if not any(isinstance(x, Uncertain) for x in inputs):
        return evaluate(*inputs, **kwargs)
    outputs = None
    for i, x in enumerate(inputs):
        if not isinstance(x, Uncertain):
            continue
        seeded = list(values)
        seeded[i] = Dual(values[i], 1.0) if isinstance(x, UFloat) else _seeded(values[i])
        results = evaluate(*seeded, **kwargs)
        results = results if isinstance(results, tuple) else (results,)
        outputs = outputs or [[_value(r), []] for r in results]
        for output, result in zip(outputs, results, strict=True):
            if isinstance(result, Number):
                output[1].append((result.tangent, x))
    joined = [_joined(*output) for output in outputs]
    return joined[0] if len(joined) == 1 else tuple(joined)


def _seeded(value):
    """The values of an array as variables."""
    components = np.empty((2, *value.shape), value.dtype)
    components[0], components[1] = value, 1.0
    return wrap(Dual, components, 0, 1)


def _value(result):
    return result.value if isinstance(result, Number) else result


def _joined(value, partials):
    """The result of this value from pairs of partial derivative and input."""
    if not partials:
        return value
    if np.ndim(value) == 0 and all(isinstance(x, UFloat) for _, x in partials) and np.asarray(value).dtype.kind == "f":
        return from_operands(float(value), tuple((float(d), x) for d, x in partials))
    terms = []
    for derivative, x in partials:
        terms = _combination.added(terms, _combination.scaled(terms_of(x), derivative, np.shape(value)))
    return make_array(value, terms)


def _plain(ufunc, inputs, kwargs):
    if ufunc in _COMPARISONS and not kwargs:
        return _COMPARISONS[ufunc](*inputs)
    return ufunc(*(nominal(x) for x in inputs), **kwargs)


def equal(x, y):
    """Where two numbers are the same: of one value, and of a difference without uncertainty."""
    x, y = as_array(x), as_array(y)
    same = np.equal(nominal(x), nominal(y))
    if not np.any(same):
        return same
    difference = np.subtract(x, y)
    return np.logical_and(same, np.equal(difference.std_dev, 0) if isinstance(difference, Uncertain) else True)


# x >= y is x > y or x == y, and as sharp about equality
_COMPARISONS = {
    np.equal: equal,
    np.not_equal: lambda x, y: np.logical_not(equal(x, y)),
    np.less_equal: lambda x, y: np.logical_or(np.less(x, y), equal(x, y)),
    np.greater_equal: lambda x, y: np.logical_or(np.greater(x, y), equal(x, y)),
}


def compare(ufunc, x, y):
    """An operator that compares; bool for scalars."""
    if not isinstance(y, _COMPARABLE):
        return NotImplemented
    result = call(ufunc, (x, y))
    return bool(result) if np.ndim(result) == 0 else result


_COMPARABLE = (Uncertain, Number, numbers.Number, np.ndarray, np.generic, list, tuple)


def ufunc_protocol(ufunc, method, inputs, kwargs):
    """`__array_ufunc__` of uncertain numbers."""
    out = kwargs.pop("out", None)
    if out is not None:
        return _into(ufunc, method, inputs, out, kwargs)
    if any(is_sparse(x) for x in inputs):
        return _with_sparse(ufunc, method, inputs, kwargs)
    if method == "__call__":
        product = _composed.MATRIX_PRODUCTS.get(ufunc)
        return call(ufunc, inputs, kwargs) if product is None or kwargs else product(*inputs)
    if method == "at":
        return _at(ufunc, inputs)
    if method == "reduce" and ufunc is np.add:
        kwargs.setdefault("axis", 0)
        return np.sum(*inputs, **kwargs)
    if method == "outer":
        a, b = (as_array(x) for x in inputs)
        return call(ufunc, (np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b), kwargs)
    return linearised(getattr(ufunc, method), inputs, kwargs)


def _with_sparse(ufunc, method, inputs, kwargs):
    if ufunc is np.matmul and method == "__call__" and not kwargs:
        return _composed.sparse_product(*inputs)
    matrix = next(x for x in inputs if is_sparse(x))
    raise TypeError(f"numpy.{ufunc.__name__} does not take a {type(matrix).__name__} and uncertain numbers: use A @ x, "
                    "x @ A, or A.toarray()")


def _into(ufunc, method, inputs, out, kwargs):
    if len(out) > 1:
        results = ufunc_protocol(ufunc, method, inputs, kwargs)
        return tuple(_stored(ufunc, *pair) for pair in zip(out, results, strict=True))
    target, = out
    if not isinstance(target, UArray):
        _refuse_to_store(ufunc)
    where = kwargs.pop("where", True) if method == "__call__" else True
    if where is True:
        target[...] = ufunc_protocol(ufunc, method, inputs, kwargs)
        return target
    ufunc(*(nominal(x) for x in inputs), where=where, out=np.array(nominal(target)))  # for its warnings
    with np.errstate(all="ignore"):
        result = ufunc_protocol(ufunc, method, inputs, kwargs)
    target[...] = np.where(where, result, target)
    return target


def _stored(function, target, result):
    """What an array given as out= holds, which may be None."""
    if target is None:
        return result
    if isinstance(result, Uncertain) and not isinstance(target, UArray):
        _refuse_to_store(function)
    target[...] = result
    return target


def _at(ufunc, inputs):
    """ufunc.at(array, indices, ...), which changes the array."""
    if not isinstance(inputs[0], UArray):
        _refuse_to_store(ufunc)

    def changed(array, *rest):
        array = array.copy()
        ufunc.at(array, *rest)
        return array

    inputs[0][...] = linearised(changed, inputs, {})


def _refuse_to_store(function):
    raise TypeError(f"{function.__name__} cannot store uncertain numbers into a plain array (out=, or an in-place "
                    "operator such as +=): write a = a + x, and leave out= away")


# ---- the table -----------------------------------------------------------------------------------------------------


def _value_only(function):
    def rule(*args, **kwargs):
        return function(*replaced(args, nominal), **replaced(kwargs, nominal))

    return rule


def _like(function):
    def rule(a, *args, **kwargs):
        fill = replaced(args, nominal)
        if function is _FULL_LIKE and any(isinstance(x, Uncertain) for x in leaves_of(args)):
            shape = kwargs.pop("shape", None)
            return np.broadcast_to(as_array(args[0]), np.shape(a) if shape is None else shape).copy()
        return make_array(function(nominal(a), *fill, **kwargs), [])

    return rule


FUNCTIONS = {f: _value_only(f) for f in FAMILIES["value only"]}
FUNCTIONS |= {f: _like(f) for f in (np.zeros_like, np.ones_like, np.empty_like, np.full_like)}
FUNCTIONS |= {**_moving.FUNCTIONS, **_composed.FUNCTIONS, np.sinc: lambda x: call(np.sinc, (x,))}


def function_protocol(function, args, kwargs):
    """`__array_function__` of uncertain numbers."""
    refuse_numbers((args, kwargs))
    place = _place_of_out(function)
    if place is not None and len(args) > place:
        arguments = dict(inspect.signature(function).bind(*args, **kwargs).arguments)
        return function_protocol(function, (), arguments | arguments.pop("kwargs", {}))
    rule = FUNCTIONS.get(function) or functools.partial(_general, function)
    if kwargs.get("out") is None or function in FAMILIES["value only"]:
        return rule(*args, **kwargs)
    target = kwargs["out"]
    if not isinstance(target, UArray):
        _refuse_to_store(function)
    rest = {key: x for key, x in kwargs.items() if key != "out"}
    where = rest.pop("where", True) if function is np.clip else True
    with np.errstate(all=None if where is True else "ignore"):
        result = function(*args, **rest)
    target[...] = result if where is True else np.where(where, result, target)
    return target


@functools.cache
def _place_of_out(function):
    """The position of an argument out=, if there is one and it may be given by its name."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # compiled
        return None
    by_name = "out" in parameters and parameters["out"].kind == inspect.Parameter.POSITIONAL_OR_KEYWORD
    return list(parameters).index("out") if by_name else None


def _general(function, *args, **kwargs):
    return linearised(function, args, kwargs)


def _matmul(x, y):
    """x @ y: NumPy does not take sparse arrays here."""
    return _with_sparse(np.matmul, "__call__", (x, y), {}) if is_sparse(x) or is_sparse(y) else np.matmul(x, y)


def power(x, y):
    """x**y."""
    return call(np.power, (x, y), None, operator.pow)


load_rules(matmul=_matmul, power=power, ufunc=ufunc_protocol, function=function_protocol, call=call, compare=compare,
           array=as_array, linearised=linearised)
