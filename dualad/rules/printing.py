"""How numbers print: their value, then their tangents."""

import numpy as np

from dualad._core import Dual, HyperDual, Taylor
from dualad.rules.algebra import Number, split


def _text(x):
    if isinstance(x, Number):
        return repr(x)
    if np.ndim(x) == 0:
        return str(x)
    return np.array2string(x, separator=", ")


def _parts(x):
    """What a number was made of, by the names of its constructor."""
    if x.isconstant or type(x) is Taylor:
        return {"coefficients": x.components} if type(x) is Taylor and x.degree else {"value": x.components[0]}
    if type(x) is HyperDual:
        first = {"value": x.value, "e1": x.e1}
        return {**first, "e12=": x.e12} if x.symmetric else {**first, "e2": x.e2, "e12": x.e12}
    return {"value": x.value, "tangent": x.tangent} if type(x) is Dual else {"value": x.value, "tangents": x.tangents}


def to_repr(x):
    """Dual(value, tangent) and so on, as one would type it."""
    parts = [(name if name.endswith("=") else "") + _text(part) for name, part in _parts(x).items()]
    return f"{type(x).__name__}({', '.join(parts)})"


def to_format(x, spec):
    """format(x, spec): the spec applies to the value and to each tangent of a shape-() number."""
    if not spec or isinstance(x, (HyperDual, Taylor)):
        return to_repr(x)
    value, tangents = split(x, x.level)
    if x.ndim:
        raise TypeError(f"unsupported format string passed to {type(x).__name__} of shape {x.shape}")
    if tangents is None:
        return format(value, spec)
    parts = [format(t, spec) for t in tangents]
    return f"{format(value, spec)} + {parts[0] if len(parts) == 1 else '[' + ' '.join(parts) + ']'}ε"
