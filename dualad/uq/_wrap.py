"""Functions of numbers made into functions of uncertain numbers."""

import functools
import math
import warnings

from dualad.uq._general import leaves_of, linearised, replaced
from dualad.uq._numbers import UFloat, Uncertain, from_operands, nominal

_STEP = 2.0**-17
"""About the cube root of the rounding error: the step of central differences, as part of the argument."""


def wrap(f, derivatives_args=(), derivatives_kwargs=None):
    """A function that takes and returns uncertain numbers, from one that does not.

    Parameters
    ----------
    f : callable
        Function of numbers and arrays that dualad differentiates; its result may be a nested container of them. Or any
        function of real numbers that returns one, such as those of compiled code.
    derivatives_args : sequence of callable, optional
        Derivatives of a function of real numbers by its positional arguments, each a function of all arguments of f;
        None, or nothing, for one that is not known.
    derivatives_kwargs : dict, optional
        The same by the names of keyword arguments.

    Returns
    -------
    callable
        Takes uncertain numbers anywhere among its arguments; the results are correlated with them.

    Raises
    ------
    TypeError
        If f is no function, or takes neither numbers with derivatives nor real numbers.

    Warns
    -----
    RuntimeWarning
        Where finite differences stand for a derivative that is not given, because f does not take numbers with
        derivatives.

    Notes
    -----
    f runs on dual numbers, and so may solve equations or integrate. It costs one sweep for all variables at once.
    Central differences are those of W. H. Press et al., *Numerical Recipes*, 3rd ed., section 5.7.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from dualad import uq
    >>> @uq.wrap
    ... def hypotenuse(a, b):
    ...     return np.hypot(a, b)
    >>> print(hypotenuse(uq.ufloat(3, 0.1), 4.0))
    5.00+/-0.06
    >>> print(uq.wrap(math.sin, [math.cos])(uq.ufloat(1.0, 0.1)))
    0.84+/-0.05
    """
    if not callable(f):
        raise TypeError(f"wrap needs a function, not {type(f).__name__}")
    given = dict(enumerate(derivatives_args)) | (derivatives_kwargs or {})
    if any(d is not None and not callable(d) for d in given.values()):
        raise TypeError("wrap needs a sequence and a dict of functions as derivatives, None where they are not known")

    @functools.wraps(f)
    def wrapped(*args, **kwargs):
        if any(given.get(key) is not None for key in (*range(len(args)), *kwargs)):
            certain = not any(isinstance(x, Uncertain) for x in leaves_of([args, kwargs]))
            return f(*args, **kwargs) if certain else _of_reals(f, args, kwargs, given)
        try:
            return linearised(f, args, kwargs)
        except TypeError as error:
            if not _all_real(args, kwargs):
                raise
            return _of_reals(f, args, kwargs, given, error)

    return wrapped


def _all_real(args, kwargs):
    """Whether the uncertain arguments are real numbers, each an argument for itself."""
    top = [x for x in (*args, *kwargs.values()) if isinstance(x, UFloat)]
    return bool(top) and len(top) == sum(isinstance(x, Uncertain) for x in leaves_of([args, kwargs]))


def _of_reals(f, args, kwargs, given, reason=None):
    """A function of real numbers by the derivatives that are given, or by differences."""
    if not _all_real(args, kwargs):
        raise TypeError("derivatives are given for real numbers: arguments must be numbers, uncertain or not, and no "
                        "arrays of uncertain numbers")
    plain_args, plain_kwargs = replaced((args, kwargs), nominal)
    value = f(*plain_args, **plain_kwargs)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise reason or TypeError(f"a function with given derivatives must return a real number, not {value!r}")
    operands, differences = [], False
    for key, x in (*enumerate(args), *kwargs.items()):
        if isinstance(x, UFloat):
            derivative = given.get(key)
            differences |= derivative is None
            slope = (_difference(f, plain_args, plain_kwargs, key, x.std_dev) if derivative is None
                     else derivative(*plain_args, **plain_kwargs))
            operands.append((float(slope), x))
    if differences:
        name = getattr(f, "__name__", "the function")
        warnings.warn(f"{name} does not take numbers with derivatives: finite differences stand for them; give them as "
                      "derivatives_args, or write it with numpy functions", RuntimeWarning, stacklevel=3)
    return from_operands(float(value), tuple(operands))


def _difference(f, args, kwargs, key, std):
    """The derivative by one argument, from two points around it; NaN where f is not defined at one of them."""
    parts = dict(enumerate(args)) | kwargs
    x = float(parts[key])
    step = _STEP * (abs(x) or std or 1.0)
    ends = []
    for moved in (x - step, x + step):
        around = parts | {key: moved}
        try:
            ends.append(f(*(around[i] for i in range(len(args))), **{k: around[k] for k in kwargs}))
        except (ArithmeticError, ValueError):
            return math.nan
    return (ends[1] - ends[0]) / ((x + step) - (x - step))
