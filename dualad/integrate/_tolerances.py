"""Error control of sensitivities."""

import functools

import numpy as np
from scipy.integrate import LSODA

from dualad.integrate._layout import Number

_SMALLEST_RTOL = 100 * np.finfo(float).eps
_MARGIN = 10
_FAR, _LOST = 100, 0.01
"""A sensitivity is in doubt below so many tolerances of its peak, if that is no larger share of the peak."""
_TOLERABLE, _LEAST, _MOST = 1e4, 1e-3, 0.05
"""How many tolerances two integrations may differ by, and between which shares of the sensitivity this has to lie."""
_UNTESTED = 1e100
"""Instead of infinity, which LSODA cannot bear; the inverse of a sensitivity that is nothing but underflow."""


class Tolerances:
    """The tolerances of an augmented system: those of the state, and what follows from them for its sensitivities.

    The error norm of most methods of SciPy is the root of the mean square over all components. Divided by the root of
    the number of rows, the tolerances make every row meet the test that the state alone would have to meet.

    Parameters
    ----------
    method : class
        The solver. LSODA has a maximum norm.
    options : dict
        Those of the solver: its `rtol` and `atol` belong to the state.
    layout : Layout
        The components.
    y0, inputs
        The initial state, and other numbers that derivatives may be taken by. Their relative change along a direction
        makes the absolute tolerance of the sensitivity: atol / abs(p) where one parameter p varies, as in CVODES.
    tangent_atol : float, array_like or None
        The absolute tolerance of each sensitivity if the user gave it.
    """

    def __init__(self, method, options, layout, y0, inputs, tangent_atol):
        n = len(y0)
        self._rtol = np.asarray(options.get("rtol", 1e-3))
        self._atol = np.broadcast_to(np.asarray(options.get("atol", 1e-6), float), (n,))
        self._rows, self._given = layout.rows, tangent_atol
        self._share = 1.0 if issubclass(method, LSODA) else layout.rows ** 0.5
        with np.errstate(all="ignore"):
            smallest = self._atol / self._rtol  # of a state that counts
        smallest = np.where(np.isfinite(smallest), smallest, 0)
        self._scales = _direction_scales(layout, [(y0, smallest), *((x, 0) for x in inputs)])
        if tangent_atol is not None:
            self._given = np.asarray(tangent_atol, float)
            if self._given.shape not in ((), (n,)) or not np.all(self._given >= 0):
                raise ValueError(f"tangent_atol must be a nonnegative number or an array of shape {(n,)}, not "
                                 f"{tangent_atol!r}")

    def _absolute(self):
        if self._given is None:
            return self._scales[:, None] * self._atol
        atol = np.empty((self._rows, len(self._atol)))
        atol[0], atol[1:] = self._atol, np.minimum(self._given, _UNTESTED)
        return atol

    def options(self, share=1.0):
        """rtol and atol for SciPy, or a share of them."""
        wanted = self._rtol * share
        rtol = np.maximum(wanted / self._share, np.minimum(self._rtol, _SMALLEST_RTOL))
        rtol = np.tile(rtol, self._rows) if rtol.ndim else float(rtol)
        return {"rtol": rtol, "atol": (self._absolute() * share / self._share).reshape(-1)}

    def doubtful(self, found, largest):
        """Whether sensitivities, (rows, n, m), are small beside the tolerance of their largest sizes, (rows, n)."""
        if self._given is not None and np.any(self._given == np.inf):
            return False  # whose errors nobody tests
        with np.errstate(all="ignore"):
            limit = np.minimum(_FAR * self._rtol, _LOST) * largest
            small = (np.abs(found) < limit[..., None]) & (self._rtol * largest > self._absolute())[..., None]
        return bool(np.any(small[1:]))

    def disagreement(self, found, again, share):
        """How far sensitivities differ at most, in units of what is tolerable.

        `found` come from this share of the tolerances, `again` from smaller ones.
        """
        relative = np.clip(_TOLERABLE * self._rtol, _LEAST, _MOST)[..., None]
        tolerable = relative * np.abs(again) + 10 * share * self._absolute()[..., None]
        with np.errstate(all="ignore"):
            parts = np.abs(again - found) / tolerable
        return float(np.max(parts[1:], initial=0.0, where=again[1:] != found[1:]))

    def tightened(self, largest):
        """Whether sensitivities were too small for their absolute tolerance, which is then lowered.

        `largest` has the largest magnitudes, (rows, n), that the solver came upon.
        """
        if self._given is not None or not np.all(np.isfinite(largest)):
            return False
        with np.errstate(all="ignore"):
            sizes = np.max(np.where(largest > 0, self._rtol * largest / self._atol, 0), axis=1, initial=0)
        weak = (sizes > 1 / _UNTESTED) & (sizes < self._scales)
        weak[0] = False
        self._scales = np.where(weak, sizes / _MARGIN, self._scales)
        return bool(np.any(weak))


def _direction_scales(layout, inputs):
    """How much the inputs change along each component, relative to their values: 1 for the value."""
    scales = [np.zeros(count) for count in layout.counts]
    for x, floor in inputs:
        if not isinstance(x, Number):
            continue
        data = np.abs(layout.flatten(x))
        value = np.maximum(data[(0,) * len(layout.counts)], floor)
        value = np.where(value == 0, 1, value)
        for axis, scale in enumerate(scales):
            along = np.moveaxis(data, axis, 0)[(slice(None),) + (0,) * (len(scales) - 1)]
            with np.errstate(over="ignore"):
                change = np.max(np.reshape(along / value, (len(scale), -1)), axis=1, initial=0)
            np.maximum(scale, np.minimum(change, _UNTESTED), out=scale)
    for scale in scales:
        scale[scale == 0] = 1
        scale[0] = 1
    return functools.reduce(np.multiply.outer, scales, np.ones(())).reshape(-1)
