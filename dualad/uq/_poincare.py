"""Constants of the Poincare inequality, which links derivatives to variances."""

import numpy as np
from scipy.linalg import eigh_tridiagonal

from dualad.uq._evaluate import distributions_of, moments, quantile, upper_quantile

_STAGES = ((400, (1e-12, 1e-15), 1e-3), (2000, (1e-200, 1e-300), 5e-3))
"""How many cells, how much of the tails is left out, and how little the constant may change with that."""

_QUANTILES = 65


def poincare_constant(distribution):
    """The constant C with Var g(X) <= C E[g'(X)**2] for every smooth g.

    Parameters
    ----------
    distribution
        A continuous distribution of scipy.stats, or a pair (low, high) for a uniform one.

    Returns
    -------
    float
        The least such constant: (b - a)**2/pi**2 for a uniform and sigma**2 for a normal distribution, for others to
        about four digits; infinite where tails are too heavy. Where it cannot be computed, the bound
        4 sup(min(F, 1 - F)/density)**2.

    Raises
    ------
    ValueError
        If the distribution is not continuous.

    Notes
    -----
    1/C is the first eigenvalue above 0 of (p g')' = -lambda p g, p being the density, found with finite volumes; O.
    Roustant, F. Barthe and B. Iooss, "Poincare inequalities on intervals - application to sensitivity analysis",
    Electron. J. Statist. 11 (2017) 3081-3119. The bound is theorem 3.1 of M. Lamboni et al., Math. Comput. Simul. 87
    (2013) 45-54.

    Examples
    --------
    >>> from scipy import stats
    >>> from dualad import uq
    >>> round(uq.poincare_constant(stats.norm(0, 3)), 9), round(uq.poincare_constant(stats.expon(scale=0.5)), 6)
    (9.0, 1.0)
    >>> round(uq.poincare_constant(stats.truncnorm(-1, 1)), 5)
    0.33333
    """
    d, = distributions_of([distribution], "distribution")
    name = getattr(getattr(d, "dist", None), "name", type(d).__name__.lower())
    if name == "uniform":
        return float((quantile(d, 1.0) - quantile(d, 0.0)) ** 2 / np.pi**2)
    if name in ("norm", "normal"):
        return moments(d)[1] ** 2
    if not hasattr(d, "pdf"):
        raise ValueError(f"the Poincare inequality needs a continuous distribution, not {name}")
    bound = _bound(d)
    return float(min(bound, _inverse_eigenvalue(d))) if bound < np.inf else bound


def _bound(d):
    """4 sup(min(F, 1 - F)/density)**2"""
    q = np.concatenate([np.geomspace(1e-300, 1e-12, 50)[:-1], np.geomspace(1e-12, 0.4, 200),
                        np.linspace(0.41, 0.5, 20)])
    largest = 0.0
    for place in (quantile, upper_quantile):
        with np.errstate(all="ignore"):
            ratio = q / d.pdf(place(d, q))
        found = np.isfinite(ratio)
        found[:49] &= np.logical_and.accumulate(found[48::-1])[::-1]  # as far out as the density can be had
        if not found[49:].all():
            return np.inf
        ratio = ratio[found]
        if ratio[0] == ratio.max() and ratio[0] > 1.05 * ratio[-220]:
            return np.inf  # still growing far out in the tail
        largest = max(largest, ratio.max())
    return 4 * largest**2


def _inverse_eigenvalue(d):
    """1 / lambda by less and more of the tails, each from two meshes (Richardson's extrapolation); inf in doubt."""
    variance = moments(d)[1] ** 2
    for cells, tails, settled in _STAGES:
        with np.errstate(all="ignore"):
            meshes = [[_first_eigenvalue(d, tail, count) for count in (cells, 2 * cells)] for tail in tails]
        found = [(4 * fine - coarse) / 3 for coarse, fine in meshes]
        if np.ptp(found) <= settled * found[-1] and found[-1] > 0.999 * variance:
            less, more = np.log(tails) ** 2  # 1 / C converges with these where tails are exponential
            return found[1] + max(found[1] - found[0], 0.0) * less / (more - less)
    return np.inf


def _first_eigenvalue(d, tail, cells):
    faces, centres = _mesh(d, tail, cells)
    below, above = (np.clip(f(faces), 0, 1) for f in (d.cdf, getattr(d, "sf", None) or d.ccdf))
    mass = np.where(below[1:] < 0.5, np.diff(below), -np.diff(above))
    flux = d.pdf(faces[1:-1]) / np.diff(centres)
    diagonal = np.zeros(cells)
    diagonal[:-1] += flux
    diagonal[1:] += flux
    scale = 1 / np.sqrt(mass)
    diagonal, beside = diagonal * scale**2, -flux * scale[1:] * scale[:-1]
    if not (np.all(np.isfinite(diagonal)) and np.all(np.isfinite(beside))):
        return np.nan
    return 1 / eigh_tridiagonal(diagonal, beside, eigvals_only=True, select="i", select_range=(1, 1))[0]


def _mesh(d, tail, cells):
    """Faces and centres of cells between the ends of the support or quantiles far out, finer where there is mass."""
    low, high = d.support()
    low = low if np.isfinite(low) else quantile(d, tail)
    high = high if np.isfinite(high) else upper_quantile(d, tail)
    inside = np.sort(np.concatenate([np.linspace(low, high, cells + 1)[1:-1],
                                     quantile(d, np.linspace(0, 1, _QUANTILES)[1:-1])]))
    x = np.concatenate([[low], inside, [high]])
    place = (x - low) / (high - low) + d.cdf(x)
    nodes = np.interp(np.linspace(place[0], place[-1], 2 * cells + 1), place, x)
    return nodes[::2], nodes[1::2]
