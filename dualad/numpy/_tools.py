"""Names of NumPy that are objects or classes and know no dispatch: here they take numbers."""

import functools
import re

import numpy as np

from dualad.numpy._arrays import FUNCTIONS, running, with_room
from dualad.rules.algebra import Number, innermost, primal, split
from dualad.rules.formula import attach
from dualad.rules.packing import pack_if_needed

# ---- arrays from index expressions ---------------------------------------------------------------------------------

class _Concatenator:
    """np.r_ or np.c_, whose items may be numbers."""

    def __init__(self, plain):
        self._plain = plain
        self.__doc__ = plain.__doc__

    def __getitem__(self, key):
        y = self._joined([_range(pack_if_needed(item)) for item in (key if isinstance(key, tuple) else (key,))])
        return with_room(y) if running() else y

    def _joined(self, items):
        if innermost(*items) is None:
            return self._plain[tuple(items)]
        directive = items[:1] if isinstance(items[0], str) else []
        arrays = [self._plain[item] if isinstance(item, slice) else item for item in items[len(directive):]]
        dtype = np.result_type(*(a if isinstance(a, (int, float, complex)) else _dtype(a) for a in arrays))
        arrays = [np.asarray(a, dtype) if innermost(a) is None else a for a in arrays]
        if not directive:
            wanted = self._plain.ndmin
            columns = [np.reshape(a, np.shape(a) + (1,) * (wanted - np.ndim(a))) for a in arrays]
            return np.concatenate(columns, self._plain.axis)
        return self._placed(directive, arrays)

    def _placed(self, directive, arrays):
        """NumPy puts together the places of the elements among all."""
        starts = np.cumsum([0, *map(np.size, arrays)])
        places = [start + np.arange(np.size(a)).reshape(np.shape(a)) for start, a in zip(starts, arrays, strict=False)]
        elements = np.concatenate([np.ravel(a) for a in arrays])
        return elements[np.asarray(self._plain[(*directive, *places)])]

    def __len__(self):
        return 0


def _dtype(a):
    return np.asarray(a).dtype if innermost(a) is None else np.ravel(a).dtype


def _range(item):
    """The array that a slice with numbers in it stands for; anything else as it is."""
    if not isinstance(item, slice) or innermost(item.start, item.stop, item.step) is None:
        return item
    start = 0 if item.start is None else item.start
    if isinstance(item.step, complex):
        return np.linspace(start, item.stop, int(abs(item.step)))
    return FUNCTIONS["arange"](start, item.stop, 1 if item.step is None else item.step)


class _Grid:
    """np.mgrid or np.ogrid."""

    def __init__(self, plain):
        self._plain = plain
        self.__doc__ = plain.__doc__

    def __getitem__(self, key):
        y = self._plain[key]
        return with_room(y) if running() else y


# ---- functions of one element --------------------------------------------------------------------------------------

class vectorize(np.vectorize):
    """`numpy.vectorize`, with the same parameters, whose function may take and return numbers with derivatives.

    Raises
    ------
    ValueError
        When called on numbers of size 0, or whose dimensions do not fit the signature.

    Examples
    --------
    >>> import dualad as da
    >>> import dualad.numpy as np
    >>> ramp = np.vectorize(lambda x: x**2 if x > 0 else 0.0)
    >>> da.derivative(ramp)(np.array([-1.0, 3.0]))
    array([0., 6.])
    """

    def __call__(self, *args, **kwargs):
        return call_vectorized(self, super().__call__, args, kwargs)


def call_vectorized(vectorized, plain_call, args, kwargs):
    """Call a numpy.vectorize whose arguments or results may be numbers."""
    if not callable(vectorized.pyfunc):  # used as a decorator with arguments
        return plain_call(*args, **kwargs)
    given = {**dict(enumerate(args)), **kwargs}
    varied = {k: pack_if_needed(v) for k, v in given.items() if k not in vectorized.excluded}
    if innermost(*varied.values()) is None:
        try:
            return _packed(plain_call(*args, **kwargs))
        except (TypeError, ValueError):
            if not running():
                raise  # otherwise its results may be numbers, for which a plain array had no room
    cores = _core_dimensions(vectorized.signature, varied)
    loops = [np.shape(v)[:np.ndim(v) - cores[k]] for k, v in varied.items()]
    shape = np.broadcast_shapes(*loops)
    varied = {k: np.broadcast_to(v, shape + np.shape(v)[np.ndim(v) - cores[k]:]) for k, v in varied.items()}
    results = []
    for index in np.ndindex(shape):
        at = {**given, **{k: v[index] for k, v in varied.items()}}
        positional = [at.pop(i) for i in range(len(args))]
        results.append(vectorized.pyfunc(*positional, **at))
    return _assembled(results, shape) if results else _none(vectorized, shape)


def _core_dimensions(signature, varied):
    """How many dimensions of each argument go to one call."""
    if signature is None:
        return dict.fromkeys(varied, 0)
    counts = [len(re.findall(r"\w+", core)) for core in re.findall(r"\(([^)]*)\)", signature.split("->")[0])]
    if len(counts) != len(varied):
        raise TypeError(f"vectorize with signature {signature} takes {len(counts)} arrays, but got {len(varied)}")
    cores = dict(zip(varied, counts, strict=True))
    for k, v in varied.items():
        if np.ndim(v) < cores[k]:
            raise ValueError(f"{np.ndim(v)}-dimensional argument does not have enough dimensions for all core "
                             f"dimensions of the signature {signature}")
    return cores


def _none(vectorized, shape):
    """The results of no call, as NumPy's: their types have to be known."""
    if not vectorized.otypes or vectorized.signature is not None:
        raise ValueError("cannot call `vectorize` on size 0 inputs with derivatives unless `otypes` is set")
    empty = [np.empty(shape, kind) for kind in vectorized.otypes]
    return empty[0] if len(empty) == 1 else tuple(empty)


def _assembled(results, shape):
    if isinstance(results[0], tuple):
        return tuple(_assembled(part, shape) for part in zip(*results, strict=True))
    y = np.stack(results)
    return np.reshape(y, shape + y.shape[1:])


def _packed(y):
    return tuple(_packed(part) for part in y) if isinstance(y, tuple) else \
        pack_if_needed(y) if isinstance(y, np.ndarray) and y.dtype == object else y


class ndenumerate(np.ndenumerate):
    """`numpy.ndenumerate`, which also takes numbers with derivatives.

    Examples
    --------
    >>> import dualad as da
    >>> import dualad.numpy as np
    >>> [index for index, x in np.ndenumerate(da.Dual([1.0, 2.0], [1.0, 0.0]))]
    [(0,), (1,)]
    """

    def __init__(self, arr):
        arr = pack_if_needed(arr)
        self._pairs = None
        if isinstance(arr, Number):
            self._pairs = ((index, arr[index]) for index in np.ndindex(arr.shape))
        else:
            super().__init__(arr)

    def __next__(self):
        return super().__next__() if self._pairs is None else next(self._pairs)


@functools.wraps(np.isscalar)
def isscalar(element):
    return element.ndim == 0 if isinstance(element, Number) else np.isscalar(element)


@functools.wraps(np.kaiser)
def kaiser(M, beta):
    lead = innermost(beta)
    if lead is None:
        return np.kaiser(primal(M), beta)
    n = np.arange(primal(M))
    alpha = (len(n) - 1) / 2.0
    shape = np.sqrt(1 - ((n - alpha) / alpha) ** 2) if len(n) > 1 else np.zeros(len(n))
    return attach(kaiser(M, split(beta, lead.level)[0]), np.i0(beta * shape) / np.i0(beta), lead.level)


NAMES = {
    "r_": _Concatenator(np.r_), "c_": _Concatenator(np.c_), "mgrid": _Grid(np.mgrid), "ogrid": _Grid(np.ogrid),
    "vectorize": vectorize, "ndenumerate": ndenumerate, "isscalar": isscalar, "kaiser": kaiser,
}
