"""Elementwise functions: value by NumPy, derivatives from the table in csrc/derivatives.def.

The compiled loops of the core serve contiguous float64 and float32 arrays. This module serves everything else
(complex and nested numbers, where=, dtype=, out=, several outputs, scipy.special) from the same lines.
"""

import contextvars
import hashlib
import numbers

import numpy as np

from dualad._core.number import table
from dualad.rules import vocabulary
from dualad.rules.algebra import (
    Number,
    apart,
    innermost,
    is_series,
    join,
    lift,
    primal,
    split,
    tangent_product,
    together,
)
from dualad.rules.packing import pack, unpack
from dualad.rules.roots import known_power, note_root
from dualad.rules.special import PARTIALS as SPECIAL_PARTIALS
from dualad.rules.special import PLAIN as SPECIAL_PLAIN


def _read_unary(row):
    _, _, aux, arg, d1, _ = row
    first = vocabulary.compile_expression(d1, ("x", "y", "a"))
    if aux == "none":
        return (lambda x, y: first(x, y, None),)
    argument = vocabulary.compile_expression(arg, ("x", "y"))
    function = getattr(np, aux)
    return (lambda x, y: first(x, y, function(argument(x, y))),)


def _read_binary(row):
    _, _, aux, arg, dx, dy, *_ = row
    names = ("x", "y", "z", "a")
    partials = [vocabulary.compile_expression(text, names) for text in (dx, dy)]
    if aux == "none":
        return tuple((lambda x, y, z, p=p: p(x, y, z, None)) for p in partials)
    argument = vocabulary.compile_expression(arg, ("x", "y", "z"))
    function = getattr(np, aux)
    return tuple((lambda x, y, z, p=p: p(x, y, z, function(argument(x, y, z)))) for p in partials)


# function -> derivative with respect to each argument, of the arguments and the outputs; None: has none to give
PARTIALS = {
    np.modf: (lambda x, fraction, whole: (1.0, None),),
    np.frexp: (lambda x, mantissa, exponent: (np.ldexp(1.0, -exponent), None),),
    np.divmod: (lambda x, y, quotient, rest: (None, 1.0), lambda x, y, quotient, rest: (None, -quotient)),
    **SPECIAL_PARTIALS,
}
# piecewise constant functions, and those that ask about the value
PLAIN = {np.isnat, *SPECIAL_PLAIN}

for _row in table():
    _function = getattr(np, _row[1])
    if _row[0] == "PLAIN":
        PLAIN.add(_function)
    else:
        PARTIALS[_function] = (_read_unary if _row[0] == "UNARY" else _read_binary)(_row)


def elementwise(function, inputs, kwargs):
    """function(*inputs, **kwargs) with derivatives; `where=` leaves zero tangents where it is false."""
    inputs = [_unbox(x) for x in inputs]
    lead = innermost(*inputs)
    if lead is None:
        return function(*inputs, **kwargs)
    if any(isinstance(x, np.ndarray) and x.dtype == object for x in inputs):  # of polynomials, say
        return function(*(unpack(x) if isinstance(x, Number) else x for x in inputs), **kwargs)
    known = None if kwargs else known_power(function, inputs)
    if known is not None:
        return _with_value(known, function(*map(primal, inputs)))
    if is_series(lead) and not kwargs:
        return _once(function, inputs, lead)
    return _differentiate(function, inputs, kwargs, lead)


def _with_value(x, value):
    """x with the value that NumPy computes, below all levels."""
    if not isinstance(x, Number):
        return value
    first, rest = apart(x, x)
    return together(x, _with_value(first, value), rest)


_DONE = contextvars.ContextVar("results within one function of power series", default=None)


def _once(function, inputs, lead):
    """The function of power series, whose derivatives lead to the same functions of shorter series time and again."""
    done = _DONE.get()
    token = _DONE.set({}) if done is None else None
    try:
        done = _DONE.get()
        key = function, *map(_contents, inputs)
        if key not in done:
            done[key] = _differentiate(function, inputs, {}, lead)
        return done[key]
    finally:
        if token is not None:
            _DONE.reset(token)


def _contents(x):
    if isinstance(x, Number):
        return type(x), x.level, x.directions, _contents(x.components)
    x = np.asarray(x)
    return x.dtype, x.shape, hashlib.blake2b(np.ascontiguousarray(x)).digest()


def _differentiate(function, inputs, kwargs, lead):
    level = lead.level
    values, tangents = zip(*(split(x, level) for x in inputs), strict=True)
    if "where" in kwargs:
        kwargs = {"out": None, **kwargs}
    results = function(*values, **kwargs)
    outputs = results if isinstance(results, tuple) else (results,)
    totals = [None] * len(outputs)
    if ("dtype" in kwargs or "signature" in kwargs) and function is not np.absolute:
        values, tangents = _cast_arguments(values, tangents, outputs)
    if function not in SPECIAL_PARTIALS:
        values = [_as_operand(v, outputs[0]) for v in values]
    if function in _OF_REAL_PARTS and np.iscomplexobj(values[0]):
        totals = [_OF_REAL_PARTS[function](values[0], tangents[0], outputs[0])]
    elif function is np.ldexp and tangents[1] is None:
        totals = [_scaled(tangents[0], primal(inputs[1]), outputs[0], kwargs.get("where", True))]
    else:
        for i, t in enumerate(tangents):
            if t is None:
                continue
            with np.errstate(all="ignore"):
                rows = _partial(function, i)(*values, *outputs)
            _accumulate(totals, rows if isinstance(rows, tuple) else (rows,), outputs, t, kwargs.get("where", True))
    joined = tuple(_join_output(lead, function, i, z, t) for i, (z, t) in enumerate(zip(outputs, totals, strict=True)))
    if isinstance(results, tuple):
        return joined
    return joined[0] if kwargs else note_root(function, joined[0], inputs)


def _partial(function, i):
    partial = PARTIALS[function][i]
    if partial is None:
        raise TypeError(
            f"{function.__name__} has no closed-form derivative with respect to its argument {i}: pass that "
            "argument as a plain number (x.value)"
        )
    return partial


def _accumulate(totals, rows, outputs, t, where):
    for j, derivative in enumerate(rows):
        if derivative is None:
            continue
        with np.errstate(all="ignore"):
            term = tangent_product(derivative, lift(t, np.ndim(outputs[j])))
            if where is not True:
                term = np.where(where, term, 0)
            shape = t.shape[:1] + np.shape(outputs[j])
            if term.shape != shape:
                term = np.broadcast_to(term, shape)
            totals[j] = term if totals[j] is None else totals[j] + term


def _scaled(t, exponent, result, where):
    """Tangents times a power of two, which itself may be too large for a float, or too small."""
    with np.errstate(all="ignore"):
        term = np.ldexp(lift(t, np.ndim(result)), exponent)
    term = term if where is True else np.where(where, term, 0)
    shape = t.shape[:1] + np.shape(result)
    return term if term.shape == shape else np.broadcast_to(term, shape)


def _join_output(lead, function, i, z, t):
    if t is None and not isinstance(z, Number) and not np.issubdtype(np.asarray(z).dtype, np.inexact):
        return z
    if t is None and function in WHOLE_OUTPUT and i == WHOLE_OUTPUT[function]:
        return primal(z)
    if t is not None and not isinstance(z, Number):
        if np.asarray(z).dtype.kind not in "fc":
            raise TypeError(
                f"{function.__name__} gives a result of dtype {np.asarray(z).dtype}, which cannot carry a derivative: "
                "use x.value for the value alone"
            )
    return join(lead, z, t)


# outputs that are piecewise constant
WHOLE_OUTPUT = {np.modf: 1, np.frexp: 1, np.divmod: 0}


def _cast_arguments(values, tangents, outputs):
    """What the loop that dtype= chose made of the arguments: for a real loop, their real parts."""
    if np.iscomplexobj(outputs[0]):
        return values, tangents
    return [np.real(v) for v in values], [None if t is None else np.real(t) for t in tangents]


def _as_operand(v, result):
    """An argument as the table wants it: in the precision of the result, and no Python scalar or integer."""
    if isinstance(v, Number):
        return v.astype(np.result_type(v.dtype, result.dtype)) if v.dtype.kind == "f" and _is_complex(result) else v
    v = np.asarray(v)
    if v.dtype.kind not in "iubf":
        return v
    kind = getattr(result, "dtype", v.dtype)
    return v.astype(np.result_type(v, kind if kind.kind in "fc" else np.float64), copy=False)


def _is_complex(x):
    return getattr(x, "dtype", np.dtype(float)).kind == "c"


def _absolute_tangents(x, t, z):
    """Re(conj(x) t) / |x|, and 0 at 0."""
    if t is None:
        return None
    safe = np.where(z == 0, 1.0, z)
    return np.real(np.conjugate(x / safe) * t)


def _sign_tangents(x, t, z):
    """Of x / |x|: the part of t / |x| that turns it, and 0 at 0."""
    if t is None:
        return None
    along = np.conjugate(z) * t
    return 1j * z * np.imag(along) / np.where(primal(x) == 0, 1.0, np.absolute(x))


# functions of complex numbers that are not analytic: their tangents
_OF_REAL_PARTS = {
    np.absolute: _absolute_tangents,
    np.conjugate: lambda x, t, z: None if t is None else np.conjugate(t),
    np.sign: _sign_tangents,
}


def _unbox(x):
    """An object array or a list of numbers as one number; a fraction or an int beyond NumPy's integers as a float."""
    if isinstance(x, list) or (isinstance(x, np.ndarray) and x.dtype == object):
        return pack(x)
    if (type(x) is int and not -(1 << 63) <= x < 1 << 63) or _is_fraction(x):
        return float(x)
    return x


def _is_fraction(x):
    return not isinstance(x, (np.ndarray, np.generic, Number, float, int)) and isinstance(x, numbers.Rational)


def plain(function, inputs, kwargs):
    """The function of the values alone."""
    if any(isinstance(k, Number) for k in kwargs.get("out") or ()):
        raise TypeError(f"{function.__name__} has no derivative, so that its result needs a plain array as out=")
    if function is np.sign and np.iscomplexobj(primal(inputs[0])):
        return elementwise(function, inputs, kwargs)
    return function(*(primal(_unbox(x)) for x in inputs), **kwargs)
