"""Sensitivities that had been so large that errors from then may be all that is left of them: integrated again.

While a sensitivity passes a peak, as in the fast transitions of relaxation oscillators, its error may be the relative
tolerance of the peak. If what remains of it afterwards is smaller than that, it may still be right, because the errors
are damped as well, or mere noise. Only another integration, with other tolerances, can tell: the method of tolerance
reduction in R. D. Skeel, "Thirteen ways to estimate global error", Numer. Math. 48 (1986) 1-20.
"""

import itertools
import warnings

_SHARES = (1.0, 1e-2, 1e-4)
"""The tolerances of the integrations, relative to those that were asked for."""
_PATIENCE = 8
"""How many times the evaluations of the first integration another one may take."""


class TooLong(Exception):
    """Another integration takes much longer than the first."""


class Counted:
    """``fun(t, z)``, counted; raises `TooLong` beyond `most` evaluations, if that is not None."""

    def __init__(self, fun, most):
        self.fun, self.most, self.count = fun, float("inf") if most is None else most, 0

    def __call__(self, t, z):
        self.count += 1
        if self.count > self.most:
            raise TooLong
        return self.fun(t, z)


def confirmed(integrate, tolerances):
    """The result of ``integrate(share, most)`` with the first share of the tolerances that a smaller one agrees with.

    `integrate` returns a result, how many evaluations it took (no more than `most`), the components (rows, n, m) at the
    times asked for, which are None after a failure, and the largest magnitudes, (rows, n), on the way.
    """
    result, count, found, largest = integrate(_SHARES[0], None)
    if found is None or not tolerances.doubtful(found, largest):
        return result
    told = "another integration failed"
    for before, share in itertools.pairwise(_SHARES):
        try:
            closer, _, again, _ = integrate(share, _PATIENCE * count)
        except TooLong:
            break
        if again is None or again.shape != found.shape:
            break
        change = tolerances.disagreement(found, again, before)
        result, found, told = closer, again, f"smaller tolerances changed them by {change:.2g} times what is tolerable"
        if change <= 1:
            return result
    warnings.warn("sensitivities passed a peak, beside which what is left of them is as small as its errors, and "
                  f"{told}: they may be wrong; choose smaller rtol and atol, or the method Radau", RuntimeWarning,
                  stacklevel=6)
    return result
