"""Propagation of distributions by sampling, to check what the expansion of a function says.

Source: JCGM 101:2008, "Propagation of distributions using a Monte Carlo method" (supplement 1 to the GUM).
"""

import functools

import numpy as np
from scipy import stats

from dualad._trees import flatten
from dualad.uq import _inputs
from dualad.uq._evaluate import (
    Points,
    batch_size,
    count_of,
    distributions_of,
    evaluate,
    gathered,
    is_distribution,
    moments,
    quantile,
)
from dualad.uq._format import format_value
from dualad.uq._propagate import Propagation, propagate

_CHECKPOINTS = 10
_TRIAL = 5


def monte_carlo(f, mean=None, cov=None, n=10000, rng=None, *, std=None, corr=None, distributions=None, names=None,
                args=(), vectorized=None, batch=None, workers=None, progress=False):
    """Distribution of f(x) from samples of x.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, as for `propagate`; it need not be differentiable.
    mean, cov, std, corr, names, args
        As for `propagate`; the inputs are normal.
    n : int, optional
        How many samples.
    rng : None, int or numpy.random.Generator, optional
        As for `numpy.random.default_rng`.
    distributions : sequence or dict, optional
        Distributions of scipy.stats, one for each input, in place of `mean` and `cov`; pairs (low, high) are uniform.
        With `corr` they are coupled by a normal copula of that correlation. With `mean` x has its structure; otherwise
        x is a vector, or a dict if the distributions are one.
    vectorized : bool, optional
        Whether f takes arrays of points along a trailing axis, and returns results with such an axis. By default f is
        tried with five points.
    batch : int, optional
        How many points go through f at once. By default as many as fit into some megabytes.
    workers : callable or concurrent.futures.Executor, optional
        What maps f over batches: a function like `map`, or an executor (one of processes needs an f that can be
        pickled).
    progress : bool or callable, optional
        Show a progress bar (with tqdm), or call ``progress(done, n)``.

    Returns
    -------
    MonteCarlo
        With `samples`, `mean`, `std`, `cov`, `corr`, `coverage_interval()`, `convergence()`, `compare()`.

    Raises
    ------
    ValueError, TypeError
        If an argument does not fit, or f is not finite at some samples.

    Notes
    -----
    JCGM 101:2008, section 5.

    Examples
    --------
    >>> from dualad import uq
    >>> r = uq.monte_carlo(lambda x: x[0] * x[1], [20.0, 13.0], std=[0.1, 0.2], n=20000, rng=1)
    >>> print(r)
    y = 259.9(4.2)
    >>> bool(abs(r.std - 4.206) < 4 * r.std_error)
    True
    """
    _inputs.check_callable(f)
    n, rng = count_of(n), np.random.default_rng(rng)
    inputs = _Sampled(mean, cov, std, corr, distributions, names)
    points = Points(f, inputs.layout, args, vectorized, inputs.draw(_TRIAL, np.random.default_rng(0)))
    size = batch_size(batch, inputs.layout.size + points.output.size)
    if workers is not None and batch is None:
        size = min(size, -(-n // 16))
    batches = (inputs.draw(min(size, n - first), rng) for first in range(0, n, size))
    samples = gathered(evaluate(points, batches, n, workers, progress), n, points.output.size)
    bad = np.count_nonzero(~np.isfinite(samples).all(axis=1))
    if bad:
        raise ValueError(f"f is not finite at {bad} of {n} samples: choose distributions that stay where f is defined")
    return MonteCarlo(f, inputs, args, points.output, samples)


class _Sampled:
    """Inputs that can be drawn."""

    def __init__(self, mean, cov, std, corr, distributions, names):
        if distributions is None and mean is not None:
            listed = mean if isinstance(mean, (list, tuple, dict)) else [mean]
            if any(is_distribution(d) for d in (listed.values() if isinstance(listed, dict) else listed)):
                mean, distributions = None, listed
        if distributions is None:
            if mean is None:
                raise ValueError("give mean= and cov= or std=, or distributions=")
            self.layout = _inputs.Layout(mean, "x", "mean")
            self.names = _inputs.check_names(names, self.layout)
            self.mean = self.layout.vector
            _inputs.check_finite(self.mean, "mean", self.names)
            self.cov = _inputs.input_covariance(cov, std, corr, self.layout, self.names)
            self.distributions = None
            return
        if cov is not None or std is not None:
            raise ValueError("distributions= takes the place of cov= and std=; correlate them by corr=")
        if isinstance(distributions, dict) and isinstance(mean, dict):
            if distributions.keys() != mean.keys():
                raise ValueError(f"distributions and mean must have the same keys, but have {list(distributions)} and "
                                 f"{list(mean)}")
            distributions = {key: distributions[key] for key in mean}
        self.distributions = distributions_of(distributions, "distributions")
        count = len(self.distributions)
        means, stds = np.transpose([moments(d) for d in self.distributions])
        if mean is None:
            mean = dict(zip(distributions, means, strict=True)) if isinstance(distributions, dict) else means
        self.layout = _inputs.Layout(mean, "x", "mean")
        if self.layout.size != count:
            raise ValueError(f"distributions must be one for each of the {self.layout.size} inputs, but are {count}")
        self.names = _inputs.check_names(names, self.layout)
        self.mean, self.cov = means, stds**2
        self.copula = None if corr is None else _inputs.check_correlation(corr, count, self.names)

    @functools.cached_property
    def factor(self):
        """L with L L^T = cov, or the correlation of the copula."""
        matrix = self.cov if self.distributions is None else self.copula
        w, v = np.linalg.eigh(matrix)
        return v * np.sqrt(np.maximum(w, 0))

    def draw(self, count, rng):
        """Points, (count, n)."""
        if self.distributions is None:
            z = rng.standard_normal((count, len(self.mean)))
            return self.mean + (z * np.sqrt(self.cov) if self.cov.ndim == 1 else z @ self.factor.T)
        if self.copula is not None:
            z = rng.standard_normal((count, len(self.mean))) @ self.factor.T
            u = stats.norm.cdf(z)
        else:
            u = rng.random((count, len(self.mean)))
            u[u == 0] = 0.5 * np.finfo(float).eps
        return np.column_stack([quantile(d, u[:, i]) for i, d in enumerate(self.distributions)])


class MonteCarlo:
    """What `monte_carlo` returns.

    Attributes
    ----------
    samples : ndarray or nested containers
        The results, samples first: ``(n,) + y.shape``.
    mean, std, mean_error, std_error
        Mean and standard deviation, and the standard errors of both, of the structure that f returns.
    cov, corr : ndarray
        Covariance and correlation, ``y.shape + y.shape``; of m values in containers, (m, m).
    n : int
        How many samples.

    Examples
    --------
    >>> from dualad import uq
    >>> r = uq.monte_carlo(lambda x: x**2, 1.0, 0.01, 1000, 0)
    >>> r.n, r.samples.shape
    (1000, (1000,))
    """

    def __init__(self, f, inputs, args, output, samples):
        self._f, self._inputs, self._args, self._output, self._samples = f, inputs, args, output, samples
        self.names, self.n = inputs.names, len(samples)

    @functools.cached_property
    def output_names(self):
        """Names of the results."""
        return self._output.names()

    @property
    def samples(self):
        """All results, samples first."""
        parts, start = [], 0
        for shape, size in zip(self._output.shapes, self._output.sizes, strict=True):
            parts.append(self._samples[:, start : start + size].reshape(self.n, *shape))
            start += size
        return _inputs.rebuild(self._output.structure, parts)

    @functools.cached_property
    def _mean(self):
        return self._samples.mean(axis=0)

    @functools.cached_property
    def _std(self):
        return self._samples.std(axis=0, ddof=1)

    @property
    def mean(self):
        """Means."""
        return self._output.build(self._mean)

    @property
    def std(self):
        """Standard deviations."""
        return self._output.build(self._std)

    @property
    def mean_error(self):
        """Standard errors of the means."""
        return self._output.build(self._std / np.sqrt(self.n))

    @functools.cached_property
    def _std_error(self):
        fourth = np.mean((self._samples - self._mean) ** 4, axis=0)
        safe = np.where(self._std > 0, self._std, 1.0)
        return np.sqrt(np.maximum(fourth - self._std**4, 0) / self.n) / (2 * safe)

    @property
    def std_error(self):
        """Standard errors of the standard deviations, from the fourth moments."""
        return self._output.build(self._std_error)

    @property
    def cov(self):
        """Covariance of the results."""
        return np.cov(self._samples, rowvar=False).reshape(self._output.shape * 2)[()]

    @property
    def corr(self):
        """Correlation of the results; NaN for one that does not vary."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.corrcoef(self._samples, rowvar=False).reshape(self._output.shape * 2)[()]

    def _interval(self, probability, shortest):
        if not 0 < probability < 1:
            raise ValueError(f"probability must lie between 0 and 1, not {probability!r}")
        if not shortest:
            return np.quantile(self._samples, [(1 - probability) / 2, (1 + probability) / 2], axis=0)
        ordered = np.sort(self._samples, axis=0)
        inside = max(1, round(probability * self.n))
        inside = min(inside, self.n - 1)
        first = np.argmin(ordered[inside:] - ordered[:-inside], axis=0)
        columns = np.arange(ordered.shape[1])
        return np.stack([ordered[first, columns], ordered[first + inside, columns]])

    def coverage_interval(self, probability=0.95, *, shortest=False):
        """Interval that holds a result with a probability.

        Parameters
        ----------
        probability : float, optional
            Between 0 and 1.
        shortest : bool, optional
            The shortest such interval, in place of the one with equal tails.

        Returns
        -------
        low, high
            Of the structure that f returns.

        Raises
        ------
        ValueError
            If probability is not between 0 and 1.

        Notes
        -----
        JCGM 101:2008, section 7.7.
        """
        low, high = self._interval(probability, shortest)
        return self._output.build(low), self._output.build(high)

    def convergence(self):
        """How mean and standard deviation settle with the number of samples.

        Returns
        -------
        list of dict
            For each result and some numbers of samples: ``output``, ``n``, ``mean``, ``std``, ``mean_error`` and
            ``std_error``, standard errors.
        """
        counts = np.unique(np.linspace(0, self.n, _CHECKPOINTS + 1)[1:].astype(int).clip(2))
        rows = []
        for count in counts.tolist():
            part = MonteCarlo(self._f, self._inputs, self._args, self._output, self._samples[:count])
            for k, name in enumerate(self.output_names):
                rows.append({"output": name, "n": count, "mean": float(part._mean[k]), "std": float(part._std[k]),
                             "mean_error": float(part._std[k] / np.sqrt(count)),
                             "std_error": float(part._std_error[k])})
        return rows

    def compare(self, *results, probability=0.95):
        """Beside the law of propagation of uncertainty.

        Parameters
        ----------
        *results : Propagation
            What to compare with; by default the first-order propagation of the same inputs.
        probability : float, optional
            Of the coverage intervals.

        Returns
        -------
        Comparison
            Prints as a table; ``to_records()`` gives the numbers.

        Raises
        ------
        ValueError
            If the results are of another size.
        TypeError
            If they are none of `propagate`.

        Notes
        -----
        JCGM 101:2008, section 8: the expansion is validated if the ends of its coverage interval differ from those of
        the samples by no more than half a unit of the second significant digit of the standard deviation.
        """
        for r in results:
            if not isinstance(r, Propagation):
                raise TypeError(f"compare takes results of propagate, not {type(r).__name__}")
        if not results:
            inputs = self._inputs
            mean = inputs.layout.build(inputs.mean)
            cov = inputs.cov
            cov = cov if cov.ndim == 2 else np.diag(cov)
            if inputs.distributions is not None and inputs.copula is not None:
                raise ValueError("propagate does not know the correlation that a copula gives: pass its result to "
                                 "compare")
            results = (propagate(self._f, mean, cov, args=self._args),)
        rows = []
        for r in results:
            if len(r._variance) != self._samples.shape[1]:
                raise ValueError(f"results to compare have {len(r._variance)} values, but the samples have "
                                 f"{self._samples.shape[1]}")
            low, high = (_flat(end) for end in r.coverage_interval(probability))
            label = ("first order", "second order")[r.order - 1]
            rows.append((label, r._center, np.sqrt(r._variance), low, high))
        low, high = self._interval(probability, False)
        rows.append((f"Monte Carlo, n={self.n}", self._mean, self._std, low, high))
        return Comparison(self.output_names, rows, self._std_error)

    def __str__(self):
        rows = list(zip(self.output_names, self._mean, self._std, strict=True))
        lines = [f"{name} = {format_value(y, u, '.2uS')}" for name, y, u in rows[:30]]
        return "\n".join(lines + ([f"... ({len(rows) - 30} more)"] if len(rows) > 30 else []))

    def __repr__(self):
        return f"<MonteCarlo of {self.n} samples: {self._output.size} results of {len(self.names)} inputs>"


def _flat(tree):
    return np.concatenate([np.reshape(leaf, -1) for leaf in flatten(tree)[0]])


class Comparison:
    """Results of several methods, one below the other: what `MonteCarlo.compare` returns.

    Attributes
    ----------
    validated : list of bool
        For each result, whether the first method agrees with the samples (JCGM 101:2008, section 8).

    Examples
    --------
    >>> from dualad import uq
    >>> c = uq.monte_carlo(lambda x: 2 * x, 1.0, 0.25, 1000, 3).compare()
    >>> [row["method"] for row in c.to_records()], c.validated
    (['first order', 'Monte Carlo, n=1000'], [False])
    """

    def __init__(self, outputs, rows, std_error):
        self._outputs, self._rows, self._std_error = outputs, rows, std_error

    def to_records(self):
        """A list of dicts: ``output``, ``method``, ``mean``, ``std``, ``low``, ``high``, and ``validated``."""
        records = []
        for k, output in enumerate(self._outputs):
            for label, mean, std, low, high in self._rows:
                records.append({"output": output, "method": label, "mean": float(mean[k]), "std": float(std[k]),
                                "low": float(low[k]), "high": float(high[k]), "validated": self._agrees(k, low, high)})
        return records

    def _agrees(self, k, low, high):
        _, _, std, *ends = self._rows[-1]
        tolerance = 0.5 * 10.0 ** (np.floor(np.log10(std[k])) - 1) if std[k] > 0 else 0.0
        return bool(max(abs(low[k] - ends[0][k]), abs(high[k] - ends[1][k])) <= tolerance)

    @property
    def validated(self):
        """For each result, whether the first method agrees with the samples to two digits of the uncertainty."""
        return [self._agrees(k, *self._rows[0][3:]) for k in range(len(self._outputs))]

    def __str__(self):
        cells = [["output", "method", "mean", "std", "low", "high"]]
        cells += [[r["output"], r["method"], *(f"{r[c]:.6g}" for c in ("mean", "std", "low", "high"))]
                  for r in self.to_records()]
        widths = [max(len(row[c]) for row in cells) for c in range(6)]
        return "\n".join(
            "  ".join(t.ljust(w) if c < 2 else t.rjust(w) for c, (t, w) in enumerate(zip(row, widths, strict=True)))
            for row in cells)

    __repr__ = __str__
