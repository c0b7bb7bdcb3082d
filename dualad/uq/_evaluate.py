"""Evaluating a function at many points: vectorised where it allows, in batches, by workers."""

import collections
import concurrent.futures
import functools
import warnings

import numpy as np
from scipy import stats

from dualad._trees import flatten, rebuild
from dualad.uq import _inputs

_BATCH = 1 << 20
"""Values of inputs and results that a batch may hold."""

_AHEAD = 64
"""Batches that wait for an executor, so that not all of them need memory at once."""


class Points:
    """A function of a tree of inputs as one of many points, (N, n) -> (N, m).

    A function is vectorised if it takes arrays with the points along a trailing axis and returns results with such an
    axis, as functions of x[0], x[1], ... built from elementwise functions do.
    """

    def __init__(self, f, layout, args, vectorized, trial):
        self.f, self.layout, self.args = f, layout, args
        self.output = _output(self._at(trial[0]))
        self.vectorized = self._allows(trial) if vectorized is None else bool(vectorized)

    def _at(self, point):
        return self.f(self.layout.build(point), *self.args)

    def _allows(self, trial):
        """Whether f gives for some points at once what it gives for them one by one."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                together = self._together(trial)
        except Exception:  # whatever f makes of arrays it was not written for
            return False
        with np.errstate(all="ignore"):
            apart = self._one_by_one(trial)
        return together.shape == apart.shape and np.allclose(together, apart, rtol=1e-9, atol=0, equal_nan=True)

    def _together(self, points):
        count = len(points)
        parts, start = [], 0
        for shape, size in zip(self.layout.shapes, self.layout.sizes, strict=True):
            parts.append(np.ascontiguousarray(points[:, start : start + size].T).reshape(*shape, count))
            start += size
        leaves, _ = flatten(self.f(rebuild(self.layout.structure, parts), *self.args))
        columns = []
        for leaf, shape in zip(leaves, self.output.shapes, strict=True):
            leaf = np.asarray(leaf, float)
            if leaf.shape == shape and count not in shape[-1:]:
                leaf = np.broadcast_to(leaf[..., None], (*shape, count))
            if leaf.shape != (*shape, count):
                raise ValueError(f"f is said to be vectorised, but returned shape {leaf.shape} for {count} points, "
                                 f"where {(*shape, count)} was expected")
            columns.append(leaf.reshape(-1, count))
        return np.concatenate(columns).T

    def _one_by_one(self, points):
        rows = np.empty((len(points), self.output.size))
        for row, point in zip(rows, points, strict=True):
            leaves, _ = flatten(self._at(point))
            shapes = [np.shape(leaf) for leaf in leaves]
            if shapes != self.output.shapes:
                raise ValueError(f"f must return results of the same shapes everywhere, but returned {shapes} at one "
                                 f"point and {self.output.shapes} at another")
            row[:] = np.concatenate([np.reshape(np.asarray(leaf, float), -1) for leaf in leaves])
        return rows

    def __call__(self, points):
        """Results of f, (N, m)."""
        return self._together(points) if self.vectorized else self._one_by_one(points)


def _output(result):
    """Layout of what f returned: real numbers, or truth values, which count as 0 and 1."""
    leaves, structure = flatten(result)
    for leaf in leaves:
        kind = np.asarray(leaf).dtype.kind
        if kind == "c":
            raise TypeError("f returned complex values: return their real and imaginary parts")
        if kind not in "biuf":
            raise TypeError(f"f returned {type(leaf).__name__}: return real numbers, arrays, or tuples, lists and "
                            "dicts of them")
    return _inputs.Layout(rebuild(structure, [np.asarray(leaf, float)[()] for leaf in leaves]), "y")


def batch_size(batch, width):
    """How many points go through f at once."""
    if batch is None:
        return max(1, _BATCH // max(width, 1))
    if not isinstance(batch, (int, np.integer)) or batch < 1:
        raise ValueError(f"batch must be a positive integer, not {batch!r}")
    return int(batch)


def mapper(workers):
    """A function that maps over batches: `map`, or what the workers do."""
    if workers is None:
        return map
    if isinstance(workers, concurrent.futures.Executor):
        return lambda function, batches: _executed(workers, function, batches)
    if callable(workers):
        return workers
    kind = type(workers).__name__
    raise TypeError(f"workers must be a map-like callable or a concurrent.futures.Executor, not {kind}")


def _executed(executor, function, batches):
    """Results of an executor, in order."""
    waiting = collections.deque()
    try:
        for batch in batches:
            waiting.append(executor.submit(function, batch))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def count_of(n, least=2):
    """A number of samples as it must be."""
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < least:
        raise ValueError(f"n must be an integer of at least {least}, not {n!r}")
    return int(n)


def reporter(progress, total):
    """A function that is told how many points are done, and one that ends the report."""
    if not progress:
        return (lambda count: None), (lambda: None)
    if callable(progress):
        done = [0]

        def report(count):
            done[0] += count
            progress(done[0], total)

        return report, (lambda: None)
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        message = "progress=True needs the package tqdm; or pass progress= a function of (done, total)"
        raise ImportError(message) from error
    bar = tqdm(total=total, unit="points")
    return bar.update, bar.close


def evaluate(function, batches, total, workers=None, progress=False):
    """Results of a function of points for each batch of them, in order."""
    report, finish = reporter(progress, total)
    try:
        for size, result in mapper(workers)(functools.partial(_counted, function), batches):
            report(size)
            yield result
    finally:
        finish()


def _counted(function, points):
    return len(points), function(points)


def gathered(results, count, width):
    """The rows of all results as one array."""
    rows, start = np.empty((count, width)), 0
    for result in results:
        rows[start : start + len(result)] = result
        start += len(result)
    if start != count:
        raise ValueError(f"workers returned {start} of {count} results: they must map a function over all batches")
    return rows


# ---- distributions -------------------------------------------------------------------------------------------------


def is_distribution(d):
    """Whether d is a distribution of scipy.stats, frozen or new-style."""
    return callable(getattr(d, "cdf", None)) and (hasattr(d, "ppf") or hasattr(d, "icdf"))


def quantile(d, q):
    """The inverse of the distribution function."""
    return d.ppf(q) if hasattr(d, "ppf") else d.icdf(q)


def upper_quantile(d, q):
    """The inverse of the survival function."""
    return d.isf(q) if hasattr(d, "isf") else d.iccdf(q)


def moments(d):
    """Mean and standard deviation of a distribution."""
    std = d.std if hasattr(d, "std") else d.standard_deviation
    return float(d.mean()), float(std())


def distributions_of(given, name="bounds"):
    """A list of distributions from pairs of bounds and distributions."""
    if isinstance(given, dict):
        given = list(given.values())
    result = []
    for i, d in enumerate(given):
        if is_distribution(d):
            result.append(d() if isinstance(d, stats.rv_continuous) else d)
            continue
        try:
            low, high = (float(v) for v in d)
        except (TypeError, ValueError):
            raise TypeError(f"{name} must hold pairs (low, high) and distributions of scipy.stats, but element {i} is "
                            f"{d!r}") from None
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError(f"{name} must be finite with low < high, but element {i} is ({low}, {high})")
        result.append(stats.uniform(low, high - low))
    if not result:
        raise ValueError(f"{name} must hold at least one input")
    return result


def names_of(given, names):
    """Names of the inputs of a sensitivity analysis."""
    count = len(given)
    if names is None:
        return [str(k) for k in given] if isinstance(given, dict) else [f"x[{i}]" for i in range(count)]
    layout = _inputs.Layout(np.zeros(count), "x")
    return _inputs.check_names(names, layout)


