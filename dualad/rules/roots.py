"""Squares of what has no derivative at zero: abs(x)**2, norm(x)**2 and sqrt(x)**2 are smooth where their roots are not.

The derivatives of a root at zero do not tell those of its square: sqrt has an infinite slope there, and 2 u u' is not
1 but NaN; abs has slope 0, as every transform shows it, and 2 u'**2 + 2 u u'' then is 0, where the second derivative of
abs(x)**2 is 2. So a root that has a zero remembers its square, which the functions that square it ask for; abs and its
like need that from the second order on.
"""

import numpy as np

from dualad._core.number import has_second_order, remember_square, remembered_square
from dualad.rules.algebra import Number, primal


def squared_size(x):
    return np.square(x.real) + np.square(x.imag) if np.iscomplexobj(primal(x)) else np.square(x)


_SQUARES = {
    np.absolute: squared_size,
    np.fabs: np.square,
    np.hypot: lambda x, y: np.square(x) + np.square(y),
    np.sqrt: np.copy,
}


def note_square(root, square, *arguments):
    """The root, which remembers its square, square(*arguments), if one of its elements is zero and it has to."""
    if isinstance(root, Number) and has_zero(primal(root)) and _hides_square(root):
        with np.errstate(all="ignore"):
            remember_square(root, (square(*arguments), _snapshot(root)))
    return root


def has_zero(x):
    if isinstance(x, np.float64):
        return x == 0
    x = np.asarray(x)
    return np.count_nonzero(x) < x.size


def _hides_square(root):
    return has_second_order(root) or not np.all(np.isfinite(_snapshot(root)))


def note_root(function, root, arguments):
    """The same for a ufunc."""
    square = _SQUARES.get(function)
    return root if square is None else note_square(root, square, *arguments)


def hand_on(root, same):
    """A number with the value and derivatives of a root, which remembers what the root does."""
    square = _square_of(root)
    if square is not None:
        remember_square(same, (np.reshape(square, same.shape), _snapshot(same)))
    return same


def known_power(function, arguments):
    """Another way to compute a power of a root at zero, or None."""
    return _POWERS[function](*arguments) if function in _POWERS else None


def _square_of(x):
    if not isinstance(x, Number) or remembered_square(x) is None:
        return None
    square, as_it_was = remembered_square(x)
    return square if np.array_equal(_snapshot(x), as_it_was, equal_nan=True) else None


def _power(x, y):
    """The square to half the power; of higher derivatives only those of even powers are smooth."""
    if isinstance(y, Number) or np.ndim(y) or np.iscomplexobj(y) or y <= 1:
        return None
    square = _square_of(x)
    if square is None or (y % 2 and has_second_order(x)):
        return None
    return square if y == 2 else square ** (y / 2)


def _product(x, y):
    """Of two roots of one square."""
    square, other = _square_of(x), _square_of(y)
    if square is None or other is None or x.shape != y.shape or np.any(_snapshot(square) != _snapshot(other)):
        return None
    return square if x is y or np.array_equal(_snapshot(x), _snapshot(y)) else None


_POWERS = {np.square: _square_of, np.multiply: _product, np.power: _power, np.float_power: _power}


def _snapshot(x):
    """All components, to notice when the root was changed in place."""
    while isinstance(x, Number):
        x = x.components
    return np.array(x)
