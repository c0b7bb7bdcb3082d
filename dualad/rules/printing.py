"""How numbers print: their value, then their tangents."""

import numpy as np

from dualad.rules.algebra import Number, split


def _text(x):
    if isinstance(x, Number):
        return repr(x)
    if np.ndim(x) == 0:
        return str(x)
    return np.array2string(x, separator=", ")


def to_repr(x):
    """Dual(value, tangent), as one would type it."""
    name = type(x).__name__
    value, tangents = split(x, x.level)
    if tangents is None:
        return f"{name}({_text(value)})"
    if name == "Dual":
        return f"{name}({_text(value)}, {_text(tangents[0])})"
    return f"{name}({_text(value)}, {_text(tangents)})"


def to_format(x, spec):
    """format(x, spec): the spec applies to the value and to each tangent of a shape-() number."""
    if not spec:
        return to_repr(x)
    value, tangents = split(x, x.level)
    if x.ndim:
        raise TypeError(f"unsupported format string passed to {type(x).__name__} of shape {x.shape}")
    if tangents is None:
        return format(value, spec)
    parts = [format(t, spec) for t in tangents]
    return f"{format(value, spec)} + {parts[0] if len(parts) == 1 else '[' + ' '.join(parts) + ']'}ε"
