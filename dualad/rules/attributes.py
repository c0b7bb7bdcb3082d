"""Attributes of `numpy.ndarray` that are neither operators nor methods of the core."""

import numpy as np

from dualad._core.number import wrap_view
from dualad.rules.algebra import primal, rewrap


def _part(function):
    def get(x):
        return wrap_view(x, function(x.components)) if x.ndim else rewrap(x, function(x.components))
    return get


def _flat(x):
    return iter(np.ravel(x))


def _namespace(x):
    def get(*, api_version=None):
        import dualad.numpy

        return dualad.numpy
    return get


_ATTRIBUTES = {
    "mT": lambda x: np.swapaxes(x, -1, -2),
    "real": _part(np.real),
    "imag": _part(np.imag),
    "flat": _flat,
    "itemsize": lambda x: x.dtype.itemsize,
    "nbytes": lambda x: x.size * x.dtype.itemsize,
    "strides": lambda x: primal(x).strides,
    "flags": lambda x: primal(x).flags,
    "device": lambda x: "cpu",
}
_REFUSED = {
    "view": "view would reinterpret the memory of value and derivatives: use astype, or x.value.view(...)",
    "setfield": "setfield would change the value behind the derivative's back: assign to x[...]",
    "getfield": "getfield would drop the derivative: use x.value.getfield(...)",
    "tobytes": "tobytes would drop the derivative: use x.value.tobytes(), or pickle the number",
    "data": "a buffer of the value would lose the derivative: use x.value.data",
    "ctypes": "a pointer to the value would lose the derivative: use x.value.ctypes",
    "byteswap": "byteswap is not defined for numbers with derivatives",
}


def attribute(x, name):
    """`Number.__getattr__`: what the type itself does not have."""
    get = _ATTRIBUTES.get(name)
    if get is not None:
        return get(x)
    if name in _REFUSED:
        raise TypeError(_REFUSED[name])
    raise AttributeError(f"{type(x).__name__!r} object has no attribute {name!r}")
