"""Numbers as plain arrays, and back: the only part of this package that knows how components lie.

A solver of SciPy sees one plain vector: all components of the state, of all levels, one after the other. The rows of
this vector are the components, the first of them the plain value.
"""

import numpy as np

from dualad.rules.algebra import Number, innermost, rewrap
from dualad.rules.packing import pack_if_needed


class Widen(Exception):
    """A number turned up that has derivatives which the layout has no room for."""

    def __init__(self, number):
        super().__init__("a number with further derivatives")
        self.number = number


def array(x):
    """A number or plain array; lists and tuples of numbers are packed."""
    x = pack_if_needed(x)
    return x if isinstance(x, Number) else np.asarray(x)


class Layout:
    """Where the components of numbers lie in a plain array.

    Parameters
    ----------
    *numbers
        Numbers and plain arrays: the layout has room for the derivatives of each of them.

    Attributes
    ----------
    counts : tuple of int
        Lengths of the component axes, those of the outermost level first.
    rows : int
        Their product: 1 without derivatives.
    """

    def __init__(self, *numbers):
        self._leads = []  # innermost level first
        while (lead := innermost(*numbers)) is not None:
            if not lead.isconstant:
                self._leads.append(lead)
            numbers = [x.components if isinstance(x, Number) and x.level == lead.level else x for x in numbers]
        self.counts = self._lengths()
        self.rows = int(np.prod(self.counts, dtype=int))

    def _lengths(self):
        counts = ()
        for lead in self._leads:
            counts = _lengths(lead) + counts
        return counts

    def widened(self, number):
        """A layout that also has room for the derivatives of a number."""
        return Layout(*self._leads, number)

    def flatten(self, x):
        """The components of x as a plain array of shape ``counts + x.shape``; raises Widen where they do not fit."""
        if len(self._leads) == 1 and isinstance(x, Number) and x.level == self._leads[0].level:
            data = x.components
            if type(data) is np.ndarray and data.shape[:data.ndim - x.ndim] == self.counts:
                return data
        return self._flatten(x, self._leads)

    def _flatten(self, x, leads):
        while isinstance(x, Number) and (not leads or x.level > leads[0].level):
            if not x.isconstant:
                raise Widen(x)
            x = x.components[0]
        if not leads:
            return np.asarray(x)
        lead, rest = leads[0], leads[1:]
        full = _lengths(lead)
        if isinstance(x, Number) and x.level == lead.level:
            own = _lengths(x)
            if not x.isconstant and (type(x) is not type(lead) or own != full):
                innermost(lead, x)  # the error of numbers that cannot be mixed
            x = x.components
        else:
            own = (1,) * len(full)
            x = np.reshape(x, own + np.shape(x))
        data = self._flatten(x, rest)
        if own == full:
            return data
        outer = data.ndim - np.ndim(x)
        shape = data.shape[:outer] + full + data.shape[outer + len(full):]
        padded = np.zeros(shape, data.dtype)
        padded[(slice(None),) * outer + tuple(slice(n) for n in own)] = data
        return padded

    def rebuild(self, data):
        """The number whose components are ``data``, of shape ``counts + shape``."""
        for lead in reversed(self._leads):
            data = rewrap(lead, data)
        return data


def _lengths(x):
    components = x.components
    return np.shape(components)[:np.ndim(components) - x.ndim]


def increment(x):
    """The part of x beyond its plain value; 0.0 where there is none."""
    if not isinstance(x, Number):
        return 0.0
    layout = Layout(x)
    data = np.array(layout.flatten(x))
    data[(0,) * len(layout.counts)] = 0
    return layout.rebuild(data) if np.any(data != 0) else 0.0


def order_of(d):
    """The highest power of an increment that is not zero."""
    if not isinstance(d, Number):
        return 0
    layout = Layout(d)
    return len(_powers(layout, layout.flatten(d) != 0))


def grades_of(layout):
    """How many infinitesimals each row of a layout multiplies: 0 for the value."""
    infinitesimals = np.ones(layout.counts, bool)
    infinitesimals[(0,) * len(layout.counts)] = False
    grades = np.zeros(layout.rows, int)
    for k, found in enumerate(_powers(layout, infinitesimals)):
        grades[found.reshape(-1)] = k + 1
    return grades


def _powers(layout, components):
    """Which components the powers of an infinitesimal have, from the first to the last that is not zero."""
    pattern = layout.rebuild(components.astype(float))
    found, power = [], pattern
    while np.any(present := layout.flatten(power) != 0):
        found.append(present)
        power = power * pattern
    return found
