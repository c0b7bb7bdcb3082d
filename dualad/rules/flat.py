"""The elements of a number in one row: what its attribute `flat` gives."""

import operator

import numpy as np

from dualad.rules.algebra import Number
from dualad.rules.packing import operand


class FlatIterator:
    """Iterator over the elements of a number in C order, which can be indexed and assigned to as `ndarray.flat` can.

    Parameters
    ----------
    base : number, shape S
        The number whose elements it walks through.

    Raises
    ------
    IndexError
        If an index is out of bounds, or names more than one dimension.

    Examples
    --------
    >>> import dualad as da
    >>> x = da.Dual([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    >>> x.flat[3]
    Dual(4.0, 1.0)
    >>> x.flat[:2] = x.flat[2:]
    >>> [float(element.value) for element in x.flat]
    [3.0, 4.0, 3.0, 4.0]
    """

    def __init__(self, base):
        self.base = base
        self.index = 0
        self._places = np.ndindex(base.shape)

    @property
    def coords(self):
        """Indices of the next element."""
        return tuple(int(k) for k in np.unravel_index(self.index, self.base.shape))

    def copy(self):
        """A flat copy of the elements."""
        return self.base.flatten()

    def _compared(compare):
        return lambda self, other: compare(np.ravel(self.base), other)

    __eq__, __ne__, __lt__, __le__, __gt__, __ge__ = map(
        _compared, (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge))
    del _compared

    def __len__(self):
        return self.base.size

    def __iter__(self):
        return self

    def __next__(self):
        element = self.base[next(self._places)]
        self.index += 1
        return element

    def __getitem__(self, key):
        chosen = np.ravel(self.base)[self._key(key)]
        return chosen.copy() if chosen.ndim else chosen

    def __setitem__(self, key, values):
        places = np.ravel(np.arange(len(self))[self._key(key)])
        store_at(self.base, places, np.ravel(operand(values)), "flat")

    def _key(self, key):
        if isinstance(key, tuple) and len(key) == 1:
            key = key[0]
        if isinstance(key, tuple) and key:
            raise IndexError("unsupported iterator index: flat has one dimension")
        return key


def store_at(a, places, values, name):
    """Flat values, repeated as needed, at the flat places of a."""
    if not isinstance(a, Number):
        raise TypeError(f"{name} cannot store numbers with derivatives in a plain {type(a).__name__}: make the array "
                        "with dualad.numpy inside the function that is differentiated")
    if len(places):
        if not len(values):
            raise ValueError(f"{name}: there are no values to store")
        index = np.unravel_index(places, a.shape) if a.ndim else ...
        a[index] = values[np.arange(len(places)) % len(values)] if a.ndim else values[0]
