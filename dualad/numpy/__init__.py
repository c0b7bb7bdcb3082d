"""NumPy, with arrays that can hold derivatives: ``import dualad.numpy as np``.

Every public name of `numpy` is here and is NumPy's own, except for the functions that make arrays. Called inside a
function that is being differentiated, those give numbers into which other numbers can be stored, so that programs
like this one need no change:

>>> import dualad as da
>>> import dualad.numpy as np
>>> def f(x):
...     y = np.zeros(3)
...     y[0] = x[0] ** 2
...     y[1:] = x
...     return y
>>> da.jacobian(f)(np.array([3.0, 4.0]))
array([[6., 0.],
       [1., 0.],
       [0., 1.]])

Anywhere else they give plain arrays:

>>> np.zeros(3)
array([0., 0., 0.])

Only floating-point and complex arrays become numbers; ``dtype=int``, ``bool`` and ``object`` give plain arrays always.
``asarray`` and its kin return an array that needs no conversion as it is. Lists that hold numbers are packed into one
number, inside and outside of transforms; the functions of ``linalg`` and ``fft`` take them too.

A number is not a float, even if all its tangents are zero: inside a transform ``float(np.zeros(3)[0])`` raises
TypeError. Use ``.value`` where a plain float is needed, or make the array with `numpy` itself.

Which transform runs is known per thread and asynchronous task. A thread that f itself starts inherits it if it is run
in a copy of the context (`contextvars.copy_context`), as `asyncio.to_thread` does.
"""

import sys as _sys
import types as _types

import numpy as _numpy

from dualad.numpy import _arrays, _tools, special  # noqa: F401

__all__ = _numpy.__all__

_REPLACED = {**_arrays.TAKERS, **_arrays.FUNCTIONS, **_tools.NAMES}

# what NumPy has loaded already; __getattr__ brings the rest when it is asked for
globals().update({name: getattr(_numpy, name) for name in __all__ if name in vars(_numpy)})
globals().update({name: tool for name, tool in _REPLACED.items() if hasattr(_numpy, name)})

# import dualad.numpy.linalg, from dualad.numpy.fft import fft
for _name in ("polynomial", "random"):
    _sys.modules[f"{__name__}.{_name}"] = getattr(_numpy, _name)
for _module, _readers in _arrays.MODULES.items():
    _name = _module.__name__.replace("numpy", __name__)
    _own = _sys.modules[_name] = _types.ModuleType(_name, _module.__doc__)
    vars(_own).update({name: value for name, value in vars(_module).items() if not name.startswith("__")}, **_readers)
    _own.__all__ = _module.__all__
    globals()[_name.rpartition(".")[2]] = _own


def __getattr__(name):
    try:
        return getattr(_numpy, name)
    except AttributeError as error:
        raise AttributeError(str(error).replace("'numpy'", f"'{__name__}'"), name=name) from None


def __dir__():
    return sorted({*dir(_numpy), *globals()})
