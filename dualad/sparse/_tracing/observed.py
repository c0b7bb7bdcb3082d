"""Values that came out of traced numbers: comparisons, signs, positions of maxima.

They carry no derivative and behave as arrays, but they remember where they are from. So `numpy.where` takes both of its
branches, and whoever asks for a plain number (`if`, `int`, an index) is noted to have followed the given x.
"""

import numpy as np


class Observed(np.ndarray):
    """An array whose elements depend on x without having a derivative."""

    run = None

    def __array_finalize__(self, parent):
        self.run = getattr(parent, "run", None)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return _marked(self.run, array)

    def __array_function__(self, func, types, args, kwargs):
        result = super().__array_function__(func, types, args, kwargs)
        return result if result is NotImplemented else _mark_all(self.run, result)

    def __getitem__(self, key):
        result = super().__getitem__(key)
        return result if isinstance(result, np.ndarray) else _marked(self.run, result)

    def __iter__(self):
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return iter([self[i] for i in range(len(self))])

    def _followed(self):
        if self.run is not None:
            self.run.followed = True
        return self.view(np.ndarray)

    def __bool__(self):
        return bool(self._followed())

    def __int__(self):
        return int(self._followed())

    def __float__(self):
        return float(self._followed())

    def __index__(self):
        return self._followed().__index__()

    def __floor__(self):
        return int(np.floor(self._followed()))

    def __ceil__(self):
        return int(np.ceil(self._followed()))

    def __trunc__(self):
        return int(self._followed())

    def __hash__(self):
        return hash(self._followed()[()])

    def tolist(self):
        """The elements as Python numbers: this follows x."""
        return self._followed().tolist()

    def item(self, *args):
        """One element as a Python number: this follows x."""
        return self._followed().item(*args)


def _remembering(name):
    """A method of ndarray that may answer with a NumPy scalar."""
    method = getattr(np.ndarray, name)

    def call(self, *args, **kwargs):
        return _mark_all(self.run, method(self, *args, **kwargs))

    call.__name__ = name
    call.__doc__ = f"As `numpy.ndarray.{name}`."
    return call


for _name in "all any argmax argmin dot max mean min nonzero prod searchsorted std sum trace var".split():
    setattr(Observed, _name, _remembering(_name))


def _marked(trace, array):
    result = np.asarray(array).view(Observed)
    result.run = trace
    return result


def _mark_all(trace, result):
    if isinstance(result, (np.ndarray, np.generic)):
        return result if isinstance(result, Observed) else _marked(trace, result)
    if isinstance(result, (tuple, list)):
        parts = [_mark_all(trace, part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result


def observe(trace, result):
    """Plain results of traced values, marked; a Python bool or number becomes an array without dimensions."""
    if trace.partials is not None:
        return result
    if isinstance(result, (bool, int, float, complex)):
        return _marked(trace, result)
    return _mark_all(trace, result)


def is_observed(x):
    """Whether x is a value that depends on the inputs."""
    return isinstance(x, Observed) and x.run is not None
