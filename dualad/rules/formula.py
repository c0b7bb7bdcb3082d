"""Rules written as the formula of a function: derivatives from the formula, the value from NumPy's own call."""

import functools
import inspect

import numpy as np

from dualad.rules.algebra import can_split, innermost, join, split
from dualad.rules.bilinear import store
from dualad.rules.packing import pack_if_needed
from dualad.rules.roots import hand_on

_REPLACED = {"out": None, "overwrite_input": False}  # the rule stores the result, and the value is not scratch space


def array(x):
    """A number as it is, anything else as an array."""
    return x if can_split(x) else np.asarray(x)


def formula_of(function, packs=True):
    """Decorator: a formula in NumPy functions, which may return several results, becomes the rule of `function`.

    The formula has the function's signature. Its derivatives are kept; its value, which may round differently, is
    replaced by what `function` returns for the values. A result None stands for one without derivatives. Lists of
    numbers are packed unless a list means something else than an array.
    """
    def decorate(formula):
        names = list(inspect.signature(formula).parameters)

        @functools.wraps(formula)
        def rule(*args, **kwargs):
            args = [pack_if_needed(a) if packs else a for a in args]
            if packs:
                kwargs = {name: pack_if_needed(a) for name, a in kwargs.items()}
            out = _take_out(names, args, kwargs)
            lead = innermost(*leaves(args), *leaves(kwargs.values()))
            if lead is None:
                return store(out, function(*args, **kwargs))
            level = lead.level
            value = function(*[value_at(a, level) for a in args], **{k: value_at(v, level) for k, v in kwargs.items()})
            with np.errstate(all="ignore"):
                derived = formula(*args, **kwargs)
            result = attach(value, derived, level)
            return result if out is None else store(out, result)
        return rule
    return decorate


def _take_out(names, args, kwargs):
    """Remove from the arguments what concerns the memory; returns out=."""
    out = kwargs.pop("out", None)
    kwargs.pop("overwrite_input", None)
    for i, name in enumerate(names[:len(args)]):
        if name in _REPLACED:
            out = args[i] if name == "out" else out
            args[i] = _REPLACED[name]
    return out


def leaves(args):
    """All that the arguments, nested in lists and tuples, consist of."""
    for x in args:
        if isinstance(x, (list, tuple)):
            yield from leaves(x)
        else:
            yield x


def value_at(x, level):
    """x, or tuples and lists of such, without the derivatives of a level."""
    if isinstance(x, (list, tuple)):
        return type(x)(value_at(v, level) for v in x)
    return split(x, level)[0]


def attach(value, derived, level):
    """The values with the tangents of what was derived, result by result."""
    if isinstance(value, (list, tuple)):
        parts = [attach(v, d, level) for v, d in zip(value, derived, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    kind = (value if hasattr(value, "dtype") else np.asarray(value)).dtype.kind
    if not can_split(derived) or derived.level != level or kind not in "fcO":
        return value
    if kind == "O":
        raise TypeError("a result of dtype object cannot carry a derivative: ask for no dtype or an inexact one, or "
                        "make a number of the list or object array with dualad.numpy.array first")
    tangents = split(derived, level)[1]
    if tangents is not None:
        shape = np.shape(value)
        tangents = tangents if tangents.shape[1:] == shape else np.reshape(tangents, tangents.shape[:1] + shape)
        if kind == "f" and tangents.dtype.kind == "c":
            tangents = np.real(tangents)
    return hand_on(derived, join(derived, value, tangents))
