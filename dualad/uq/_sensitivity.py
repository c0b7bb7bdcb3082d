"""Which input matters: local derivatives, and global measures over the whole range of the inputs."""

import functools
import warnings

import numpy as np
from scipy import stats
from scipy.stats import qmc

import dualad as da
from dualad._trees import rebuild
from dualad.uq import _inputs
from dualad.uq._evaluate import (
    Points,
    batch_size,
    count_of,
    distributions_of,
    evaluate,
    is_distribution,
    names_of,
    quantile,
)
from dualad.uq._poincare import poincare_constant
from dualad.uq._propagate import _linearised

_TRIAL = 5


# ---- local ---------------------------------------------------------------------------------------------------------


def local_sensitivity(f, p, *, names=None, args=()):
    """Derivatives of f by its parameters at one point, as they are and relative.

    Parameters
    ----------
    f : callable
        ``f(p, *args)``: a model of anything that dualad differentiates, such as the solution of a differential
        equation at many times.
    p : array_like or nested containers
        The parameters.
    names : sequence of str, optional
        Of the parameters.
    args : tuple, optional
        Further arguments of f.

    Returns
    -------
    LocalSensitivity
        With `value`, `derivatives`, `elasticities`, `ranking()`, `series()`.

    Raises
    ------
    ValueError
        If p or names do not fit, or f or its derivative is not finite there.

    Notes
    -----
    Elasticities are p/y dy/dp. Saltelli et al., *Global Sensitivity Analysis: The Primer*, Wiley 2008, section 1.2;
    the ranking by root mean squares over the results follows R. Brun et al., Water Resour. Res. 37 (2001) 1015-1030.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad import uq
    >>> t = np.linspace(0, 2, 3)
    >>> r = uq.local_sensitivity(lambda p: p["a"] * np.exp(-p["k"] * t), {"a": 2.0, "k": 0.5})
    >>> r.elasticities
    array([[ 1. ,  0. ],
           [ 1. , -0.5],
           [ 1. , -1. ]])
    >>> r.ranking()
    ['a', 'k']
    """
    _inputs.check_callable(f)
    layout = _inputs.Layout(p, "p")
    names = _inputs.check_names(names, layout)
    point = layout.vector
    _inputs.check_finite(point, "p", names)
    value, jacobian = _linearised(f, layout, args)
    if not np.isfinite(value.vector).all():
        raise ValueError(f"f is not finite at p: {value.names()[int(np.argmax(~np.isfinite(value.vector)))]}")
    if not np.isfinite(jacobian).all():
        k, i = np.argwhere(~np.isfinite(jacobian))[0]
        raise ValueError(f"f is not differentiable at p: the derivative of {value.names()[k]} with respect to "
                         f"{names[i]!r} is {jacobian[k, i]}")
    return LocalSensitivity(names, layout, value, jacobian)


class LocalSensitivity:
    """What `local_sensitivity` returns.

    Attributes
    ----------
    value
        f(p).
    derivatives : ndarray
        dy/dp, ``y.shape + p.shape``, where values in containers count as vectors.
    elasticities : ndarray
        p/y dy/dp, of the same shape; NaN where y is 0.
    names, output_names : list of str
        Of parameters and results.

    Examples
    --------
    >>> from dualad import uq
    >>> r = uq.local_sensitivity(lambda p: p[0] * p[1]**3, [2.0, 1.0], names=["a", "b"])
    >>> print(r)
    y = 2
      parameter  value  derivative  elasticity
      b              1           6           3
      a              2           1           1
    """

    def __init__(self, names, layout, value, jacobian):
        self.names, self._layout, self._value, self._jacobian = names, layout, value, jacobian

    @functools.cached_property
    def output_names(self):
        """Names of the results."""
        return self._value.names()

    @property
    def value(self):
        """f(p)."""
        return self._value.tree

    def _shaped(self, matrix):
        return matrix.reshape(self._value.shape + self._layout.shape)[()]

    @property
    def derivatives(self):
        """dy/dp."""
        return self._shaped(self._jacobian)

    @functools.cached_property
    def _relative(self):
        y = self._value.vector[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y == 0, np.nan, self._jacobian * self._layout.vector / y)

    @property
    def elasticities(self):
        """p/y dy/dp: by how many percent y changes with a percent of p."""
        return self._shaped(self._relative)

    def importance(self, by="elasticity"):
        """Root mean squares over the results, a value for each parameter.

        Parameters
        ----------
        by : {"elasticity", "derivative"}

        Returns
        -------
        ndarray, (n,)
        """
        matrices = {"elasticity": self._relative, "derivative": self._jacobian}
        if by not in matrices:
            raise ValueError(f"by must be 'elasticity' or 'derivative', not {by!r}")
        squares = np.square(matrices[by])
        counted = np.isfinite(squares)
        return np.sqrt(np.sum(np.where(counted, squares, 0), axis=0) / np.maximum(counted.sum(axis=0), 1))

    def ranking(self, by="elasticity"):
        """Names of the parameters, the most important first.

        Parameters
        ----------
        by : {"elasticity", "derivative"}

        Returns
        -------
        list of str
        """
        return [self.names[i] for i in np.argsort(-self.importance(by), kind="stable")]

    def series(self, name, by="derivative"):
        """Sensitivity of all results to one parameter: of a solution at many times, a time series.

        Parameters
        ----------
        name : str
            The parameter.
        by : {"derivative", "elasticity"}

        Returns
        -------
        ndarray
            Of the shape of the result.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        if name not in self.names:
            raise ValueError(f"there is no parameter {name!r}; there are {', '.join(self.names)}")
        if by not in ("derivative", "elasticity"):
            raise ValueError(f"by must be 'elasticity' or 'derivative', not {by!r}")
        matrix = self._jacobian if by == "derivative" else self._relative
        return matrix[:, self.names.index(name)].reshape(self._value.shape)[()]

    def to_records(self):
        """A list of dicts: ``output``, ``parameter``, ``value``, ``derivative``, ``elasticity``, ranked."""
        records = []
        for k, output in enumerate(self.output_names):
            size = np.nan_to_num(np.abs(self._relative[k]))
            for i in np.lexsort((-np.abs(self._jacobian[k]), -size)):
                records.append({"output": output, "parameter": self.names[i], "value": float(self._layout.vector[i]),
                                "derivative": float(self._jacobian[k, i]), "elasticity": float(self._relative[k, i])})
        return records

    def __str__(self):
        records, count, blocks = self.to_records(), len(self.names), []
        columns = ("parameter", "value", "derivative", "elasticity")
        for k, output in enumerate(self.output_names[:10]):
            rows = [[r[c] if c == "parameter" else f"{r[c]:.6g}" for c in columns]
                    for r in records[k * count : (k + 1) * count]]
            cells = [list(columns), *rows]
            widths = [max(len(row[c]) for row in cells) for c in range(4)]
            blocks.append(f"{output} = {self._value.vector[k]:.6g}")
            blocks += ["  ".join(["", row[0].ljust(widths[0]), *(t.rjust(w) for t, w in
                                                                zip(row[1:], widths[1:], strict=True))])
                       for row in cells]
        if len(self.output_names) > 10:
            blocks.append(f"... ({len(self.output_names) - 10} more)")
        return "\n".join(blocks)

    def __repr__(self):
        return f"<LocalSensitivity: {len(self.output_names)} results, {len(self.names)} parameters>"


# ---- sampling ------------------------------------------------------------------------------------------------------


class _Box:
    """Independent inputs of a global analysis, with f as a function of many points."""

    def __init__(self, f, given, names, args, vectorized):
        _inputs.check_callable(f)
        if is_distribution(given):
            given = [given]
        self.distributions = distributions_of(given, "bounds_or_distributions")
        self.names = names_of(given, names)
        self.size = len(self.distributions)
        keys = list(given) if isinstance(given, dict) else None
        self.layout = _inputs.Layout(np.zeros(self.size) if keys is None else dict.fromkeys(keys, 0.0), "x")
        self.f, self.args = f, args
        trial = self.points(np.random.default_rng(0).random((_TRIAL, self.size)))
        self.evaluate = Points(f, self.layout, args, vectorized, trial)

    @property
    def output(self):
        return self.evaluate.output

    def points(self, u):
        """Points of the inputs from points of the unit cube."""
        return np.column_stack([quantile(d, u[:, i]) for i, d in enumerate(self.distributions)])

    def values(self, points):
        """Results at all points, (N, m), which must be finite."""
        values = self.evaluate(points)
        bad = np.count_nonzero(~np.isfinite(values).all(axis=1))
        if bad:
            raise ValueError(f"f is not finite at {bad} of {len(points)} points: keep the inputs where f is defined")
        return values

    def gradients(self, points):
        """Results and derivatives at all points, (N, m) and (N, m, n)."""
        if self.evaluate.vectorized:
            return self._gradients_together(points)
        values = np.empty((len(points), self.output.size))
        slopes = np.empty((len(points), self.output.size, self.size))
        for k, point in enumerate(points):
            layout = _inputs.Layout(self.layout.build(point), "x")
            value, slopes[k] = _linearised(self.f, layout, self.args)
            values[k] = value.vector
        return values, slopes

    def _gradients_together(self, points):
        """One direction for each input, and each through all points at once."""
        columns = np.ascontiguousarray(points.T)

        def together(x):
            return self.f(rebuild(self.layout.structure, list(x)) if self.layout.structure else x, *self.args)

        values, slopes = None, []
        for i in range(self.size):
            direction = np.zeros_like(columns)
            direction[i] = 1.0
            value, slope = da.jvp(together, (columns,), (direction,))
            values = value if values is None else values
            slopes.append(self._rows(slope, len(points)))
        return self._rows(values, len(points)), np.stack(slopes, axis=-1)

    def _rows(self, tree, count):
        leaves, _ = _inputs.flatten(tree)
        rows = [np.broadcast_to(np.asarray(leaf), (*shape, count)).reshape(-1, count) if np.ndim(leaf)
                else np.full((size, count), leaf)
                for leaf, shape, size in zip(leaves, self.output.shapes, self.output.sizes, strict=True)]
        return np.concatenate(rows).T


def _batches(box, count, size, sampler, rng):
    """Points of the inputs, a batch at a time, from such of the unit cube that are not on its boundary."""
    if sampler not in ("random", "sobol"):
        raise ValueError(f"sampler must be 'sobol' or 'random', not {sampler!r}")
    sequence = _sobol_sequence(box.size, rng) if sampler == "sobol" else None
    for first in range(0, count, size):
        number = min(size, count - first)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The balance properties")  # which more batches restore
            u = rng.random((number, box.size)) if sequence is None else sequence.random(number)
        yield box.points(np.clip(u, np.finfo(float).eps / 2, 1 - np.finfo(float).eps / 2))


def _sobol_sequence(size, rng):
    try:
        return qmc.Sobol(size, rng=rng)
    except TypeError:  # before SciPy 1.15
        return qmc.Sobol(size, seed=rng)


def _quantile_of(confidence):
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence!r}")
    return stats.norm.ppf((1 + confidence) / 2)


# ---- derivative-based global measures ------------------------------------------------------------------------------


def dgsm(f, bounds_or_distributions, n=1024, rng=None, *, names=None, args=(), confidence=0.95, sampler="sobol",
         vectorized=None, batch=None, workers=None, progress=False):
    """Derivative-based global sensitivity measures: the mean square of every derivative, exactly differentiated.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` of a vector x (a dict, if the bounds are one); its result may be an array.
    bounds_or_distributions : sequence or dict
        For each input a pair (low, high) or a distribution of scipy.stats.
    n : int, optional
        How many points; a power of two is best.
    rng : None, int or numpy.random.Generator, optional
        As for `numpy.random.default_rng`.
    names : sequence of str, optional
        Of the inputs.
    args : tuple, optional
        Further arguments of f.
    confidence : float, optional
        Of the intervals `v_conf`.
    sampler : {"sobol", "random"}, optional
        Scrambled points of Sobol' or random ones.
    vectorized, batch, workers, progress
        As for `monte_carlo`.

    Returns
    -------
    DGSM
        With `v`, `v_conf`, `sobol_total_bound`, `mean`, `variance`.

    Raises
    ------
    ValueError, TypeError
        If an argument does not fit, or f or a derivative is not finite at some points.

    Notes
    -----
    I. M. Sobol' and S. Kucherenko, "Derivative based global sensitivity measures and their link with global
    sensitivity indices", Math. Comput. Simul. 79 (2009) 3009-3017; for distributions M. Lamboni, B. Iooss, A.-L.
    Popelin and F. Gamboa, Math. Comput. Simul. 87 (2013) 45-54.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad import uq
    >>> r = uq.dgsm(lambda x: x[0] + 2 * x[1], [(0, 1), (0, 1)], 256, rng=0)
    >>> r.v
    array([1., 4.])
    >>> (r.sobol_total_bound >= [0.2, 0.8]).all()
    np.True_
    """
    box = _Box(f, bounds_or_distributions, names, args, vectorized)
    n, width = count_of(n), _quantile_of(confidence)
    constants = np.array([poincare_constant(d) for d in box.distributions])
    size = batch_size(batch, (box.output.size + 1) * box.size)
    batches = _batches(box, n, size, sampler, np.random.default_rng(rng))
    total = _Moments()
    for part in evaluate(functools.partial(_squares, box), batches, n, workers, progress):
        total.add(part)
    m, shape = box.output.size, box.output.shape + (box.size,)
    for what, bad in zip(("f", "a derivative of f"), total.bad, strict=True):
        if bad:
            raise ValueError(f"{what} is not finite at {bad} of {n} points: keep the inputs where f is differentiable")
    conf = width * np.sqrt(total.squares[m:] / (n - 1)) / np.sqrt(n)
    return DGSM(box.names, box.output.names(), total.mean[m:].reshape(shape), conf.reshape(shape), constants,
                total.mean[:m].reshape(box.output.shape)[()], (total.squares[:m] / n).reshape(box.output.shape)[()], n)


class _Moments:
    """Count, mean and sum of squared deviations of columns, and how many rows are not finite, of batches of rows.

    T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample variance", Amer. Statist. 37 (1983).
    """

    def __init__(self, rows=None, widths=None):
        self.count, self.mean, self.squares, self.bad = 0, 0.0, 0.0, np.zeros(2, int)
        if rows is not None:
            self.count, self.mean = len(rows), rows.mean(axis=0)
            self.squares = np.sum(np.square(rows - self.mean), axis=0)
            self.bad = np.array([np.count_nonzero(~np.isfinite(part).all(axis=1))
                                 for part in np.split(rows, widths, axis=1)])

    def add(self, other):
        """Take in what another batch has."""
        count = self.count + other.count
        gap = other.mean - self.mean
        self.mean = self.mean + gap * (other.count / count)
        self.squares = self.squares + other.squares + np.square(gap) * (self.count * other.count / count)
        self.bad = self.bad + other.bad
        self.count = count


def _squares(box, points):
    """Moments of results and squared derivatives, side by side."""
    with np.errstate(all="ignore"):
        values, slopes = box.gradients(points)
        rows = np.concatenate([values, np.square(slopes).reshape(len(points), -1)], axis=1)
        return _Moments(rows, [box.output.size])


class DGSM:
    """What `dgsm` returns; arrays have the inputs along the last axis, after those of the result.

    Attributes
    ----------
    v : ndarray
        Mean squares of the derivatives.
    v_conf : ndarray
        Half-widths of their confidence intervals, those of random points: an upper estimate for Sobol' points.
    sobol_total_bound : ndarray
        Upper bounds of the total Sobol' indices, C v / variance, by the Poincare inequality.
    poincare : ndarray, (n,)
        The constants C.
    mean, variance
        Of the results.
    names, output_names : list of str
        Of inputs and results.
    n : int
        How many points.

    Examples
    --------
    >>> from dualad import uq
    >>> print(uq.dgsm(lambda x: x["a"] - 3 * x["b"], {"a": (0, 1), "b": (0, 1)}, 64, rng=0))
    output  input  v  v_conf  sobol_total_bound
    y       a      1       0           0.121769
    y       b      9       0            1.09592
    """

    def __init__(self, names, output_names, v, v_conf, poincare, mean, variance, n):
        self.names, self.output_names, self.v, self.v_conf, self.n = names, output_names, v, v_conf, n
        self.poincare, self.mean, self.variance = poincare, mean, variance

    @property
    def sobol_total_bound(self):
        """Upper bounds of the total Sobol' indices."""
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = self.poincare * self.v / np.asarray(self.variance)[..., None]
        return np.where(self.v == 0, 0.0, bound)

    def ranking(self):
        """Names of the inputs by their bounds, largest first; over all results."""
        bound = self.sobol_total_bound.reshape(-1, len(self.names))
        return [self.names[i] for i in np.argsort(-bound.max(axis=0), kind="stable")]

    def to_records(self):
        """A list of dicts: ``output``, ``input``, ``v``, ``v_conf``, ``sobol_total_bound``."""
        count = len(self.names)
        columns = [a.reshape(-1, count) for a in (self.v, self.v_conf, self.sobol_total_bound)]
        return [{"output": output, "input": name, "v": float(columns[0][k, i]), "v_conf": float(columns[1][k, i]),
                 "sobol_total_bound": float(columns[2][k, i])}
                for k, output in enumerate(self.output_names) for i, name in enumerate(self.names)]

    def __str__(self):
        cells = [["output", "input", "v", "v_conf", "sobol_total_bound"]]
        cells += [[r["output"], r["input"], *(f"{r[c]:.6g}" for c in cells[0][2:])] for r in self.to_records()]
        widths = [max(len(row[c]) for row in cells) for c in range(5)]
        return "\n".join("  ".join(t.ljust(w) if c < 2 else t.rjust(w)
                                   for c, (t, w) in enumerate(zip(row, widths, strict=True))) for row in cells)

    def __repr__(self):
        return f"<DGSM of {self.n} points: {len(self.output_names)} results of {len(self.names)} inputs>"


# ---- for comparison: Morris and Sobol' -----------------------------------------------------------------------------


def morris(f, bounds_or_distributions, n=100, rng=None, *, levels=4, names=None, args=(), confidence=0.95,
           vectorized=None):
    """Elementary effects: a screening that needs no derivative.

    Parameters
    ----------
    f, bounds_or_distributions, rng, names, args, confidence, vectorized
        As for `dgsm`.
    n : int, optional
        How many trajectories, each of as many points as there are inputs, and one.
    levels : int, optional
        Of the grid, an even number.

    Returns
    -------
    Morris
        With `mu`, `mu_star`, `mu_star_conf` and `sigma`; effects are per unit of the inputs' quantiles.

    Raises
    ------
    ValueError, TypeError
        If an argument does not fit, or f is not finite at some points.

    Notes
    -----
    M. D. Morris, "Factorial sampling plans for preliminary computational experiments", Technometrics 33 (1991)
    161-174; `mu_star` of F. Campolongo, J. Cariboni and A. Saltelli, Environ. Model. Softw. 22 (2007) 1509-1518. On a
    distribution without bounds the grid's ends lie at the quantiles 0.005 and 0.995.

    Examples
    --------
    >>> from dualad import uq
    >>> uq.morris(lambda x: x[0] - 3 * x[1], [(0, 1), (0, 1)], 10, rng=0).mu_star.round(9)
    array([1., 3.])
    """
    box = _Box(f, bounds_or_distributions, names, args, vectorized)
    n, width = count_of(n), _quantile_of(confidence)
    if not isinstance(levels, (int, np.integer)) or levels < 2 or levels % 2:
        raise ValueError(f"levels must be an even positive integer, not {levels!r}")
    rng, step = np.random.default_rng(rng), levels / (2 * (levels - 1))
    grid, order, signs = _trajectories(n, box.size, levels, step, rng)
    ends = [np.isfinite(quantile(d, np.array([0.0, 1.0]))).all() for d in box.distributions]
    u = np.where(ends, grid, 0.005 + 0.99 * grid)
    y = box.values(box.points(u.reshape(-1, box.size))).reshape(n, box.size + 1, -1)
    effects = np.empty((n, y.shape[-1], box.size))
    change = np.diff(y, axis=1) / step
    rows = np.arange(n)
    for k in range(box.size):
        effects[rows, :, order[:, k]] = change[:, k] * signs[rows, order[:, k], None]
    shape = box.output.shape + (box.size,)
    absolute = np.abs(effects)
    return Morris(box.names, *(a.reshape(shape) for a in (
        effects.mean(axis=0), absolute.mean(axis=0), width * absolute.std(axis=0, ddof=1) / np.sqrt(n),
        effects.std(axis=0, ddof=1))))


def _trajectories(n, size, levels, step, rng):
    """Points of n trajectories on the grid, (n, size + 1, size), and the order and signs of their steps."""
    low = rng.integers(0, levels // 2, (n, size)) / (levels - 1)
    signs = rng.choice([-1.0, 1.0], (n, size))
    start = np.where(signs > 0, low, low + step)
    order = rng.permuted(np.tile(np.arange(size), (n, 1)), axis=1)
    points = np.repeat(start[:, None], size + 1, axis=1)
    for k in range(size):
        for i in range(size):
            moved = order[:, k] == i
            points[moved, k + 1 :, i] += step * signs[moved, i][:, None]
    return points, order, signs


class Morris:
    """What `morris` returns; the inputs lie along the last axis.

    Attributes
    ----------
    mu, sigma : ndarray
        Mean and standard deviation of the elementary effects.
    mu_star, mu_star_conf : ndarray
        Mean of their absolute values, and the half-width of its confidence interval.
    names : list of str
        Of the inputs.

    Examples
    --------
    >>> from dualad import uq
    >>> uq.morris(lambda x: 2 * x[0], [(0, 1)], 4, rng=0, names=["a"]).names
    ['a']
    """

    def __init__(self, names, mu, mu_star, mu_star_conf, sigma):
        self.names, self.mu, self.mu_star, self.mu_star_conf, self.sigma = names, mu, mu_star, mu_star_conf, sigma

    def __repr__(self):
        return f"<Morris: {', '.join(self.names)}>"


def sobol(f, bounds_or_distributions, n=1024, rng=None, *, args=(), vectorized=None, **options):
    """Sobol' indices by `scipy.stats.sobol_indices`.

    Parameters
    ----------
    f, bounds_or_distributions, rng, args, vectorized
        As for `dgsm`.
    n : int, optional
        A power of two; f is evaluated n (inputs + 2) times.
    **options
        Further keyword arguments of `scipy.stats.sobol_indices`, such as `method`.

    Returns
    -------
    SobolResult
        As SciPy's: `first_order`, `total_order`, `bootstrap()`.

    Raises
    ------
    ValueError, TypeError
        If an argument does not fit.

    Notes
    -----
    A. Saltelli et al., Comput. Phys. Commun. 181 (2010) 259-270.

    Examples
    --------
    >>> from dualad import uq
    >>> uq.sobol(lambda x: x[0] + 2 * x[1], [(0, 1), (0, 1)], 1024, rng=0).total_order.round(1)
    array([0.2, 0.8])
    """
    box = _Box(f, bounds_or_distributions, None, args, vectorized)

    def columns(x):
        return box.values(x.T).T

    given = dict(func=columns, n=n, dists=box.distributions, **options)
    rng = np.random.default_rng(rng)
    try:
        return stats.sobol_indices(rng=rng, **given)
    except TypeError as error:  # before SciPy 1.15
        if "rng" not in str(error):
            raise
        return stats.sobol_indices(random_state=rng, **given)
