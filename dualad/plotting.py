"""Pictures, with matplotlib: each function draws into the axes it is given, or makes some, and returns them."""

import numpy as np

__all__ = ["correlation_ellipse", "propagation_histogram", "sensitivity_series", "spy", "spy_text", "tornado"]


def _axes(ax):
    """The axes to draw in."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("dualad.plotting needs matplotlib: pip install dualad[plot]") from error
    return pyplot.subplots()[1]


def _place(names, which, what):
    """The place of a name, or of a number, in a list of names."""
    if isinstance(which, (int, np.integer)) and not isinstance(which, bool):
        if not -len(names) <= which < len(names):
            raise ValueError(f"{what} is {which}, but there are {len(names)}")
        return int(which) % len(names)
    if which not in names:
        raise ValueError(f"there is no {what} {which!r}; there are {', '.join(names[:20])}")
    return names.index(which)


def tornado(budget, output=0, ax=None, *, most=15):
    """The budget of one result as bars, the largest contribution on top.

    Parameters
    ----------
    budget : Budget or Propagation
        From ``uq.propagate(...)`` or its ``budget()``.
    output : int or str, optional
        Which result.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    most : int, optional
        How many inputs at most; the others are added up in one bar.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there is no such output.

    Notes
    -----
    The bars are shares of the variance in percent, JCGM 100:2008 (GUM), section 5; correlations can make some negative.

    Examples
    --------
    >>> from dualad import plotting, uq
    >>> r = uq.propagate(lambda x: x[0] * x[1], [2.0, 3.0], std=0.1, names=["width", "height"])
    >>> ax = plotting.tornado(r)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['width', 'height']
    """
    budget = budget.budget() if hasattr(budget, "budget") else budget
    k = _place(budget.outputs, output, "output")
    ax = _axes(ax)
    rows = budget.to_dict()[budget.outputs[k]]
    names, shares = list(rows), [row["percent"] for row in rows.values()]
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} others"]
        shares = [*shares[: most - 1], sum(shares[most - 1 :])]
    bars = ax.barh(names, shares, color=["C0" if share >= 0 else "C3" for share in shares])
    ax.bar_label(bars, [f"{share:.1f} %" for share in shares], padding=3)
    ax.invert_yaxis()
    ax.margins(x=0.25)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_xlabel("share of the variance in percent")
    ax.set_title(f"Uncertainty budget of {budget.outputs[k]}")
    return ax


def sensitivity_series(sensitivity, t=None, ax=None, *, by="elasticity", names=None, output=None):
    """Sensitivities of a result at many times, a line for each parameter.

    Parameters
    ----------
    sensitivity : LocalSensitivity
        Of a function whose result has the times along its last axis.
    t : array_like, optional
        The times; by default the index.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    by : {"elasticity", "derivative"}, optional
        What to draw.
    names : sequence of str, optional
        Which parameters; by default all, in the order of their importance.
    output : int or tuple of int, optional
        Which component, where the result has further axes; by default all.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If t does not fit, or there is no such parameter.

    Notes
    -----
    R. Brun et al., Water Resour. Res. 37 (2001) 1015-1030.

    Examples
    --------
    >>> import numpy as np
    >>> from dualad import plotting, uq
    >>> t = np.linspace(0, 2, 9)
    >>> s = uq.local_sensitivity(lambda p: np.exp(-p["k"] * t), {"k": 0.5})
    >>> ax = plotting.sensitivity_series(s, t)
    >>> ax.get_lines()[0].get_label()
    'k'
    """
    names = sensitivity.ranking(by) if names is None else list(names)
    lines = {name: np.atleast_1d(sensitivity.series(name, by)) for name in names}
    ax = _axes(ax)
    for name, line in lines.items():
        line = line if output is None else np.atleast_1d(line[output])
        times = np.arange(line.shape[-1]) if t is None else np.asarray(t)
        if times.shape != line.shape[-1:]:
            raise ValueError(f"t must have shape {line.shape[-1:]}, as the result has along its last axis, but has "
                             f"{times.shape}")
        flat = line.reshape(-1, len(times))
        for k, series in enumerate(flat):
            ax.plot(times, series, label=name if len(flat) == 1 else f"{name}, result {k}")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_xlabel("t" if t is not None else "index")
    ax.set_ylabel({"elasticity": "p/y dy/dp", "derivative": "dy/dp"}[by])
    ax.legend()
    return ax


def propagation_histogram(propagation, monte_carlo, output=0, ax=None, *, bins=60, probability=0.95):
    """What `propagate` says of one result over the histogram of samples of `monte_carlo`.

    Parameters
    ----------
    propagation : Propagation
        Drawn as a normal density with its coverage interval.
    monte_carlo : MonteCarlo
        Of the same function.
    output : int or str, optional
        Which result.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    bins : int or sequence, optional
        As for `numpy.histogram`.
    probability : float, optional
        Of the coverage intervals.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there is no such output, or the two differ in their results.

    Notes
    -----
    As the figures of JCGM 101:2008, section 9.

    Examples
    --------
    >>> from dualad import plotting, uq
    >>> f = lambda x: x[0] * x[1]
    >>> r = uq.propagate(f, [2.0, 3.0], std=0.1)
    >>> ax = plotting.propagation_histogram(r, uq.monte_carlo(f, [2.0, 3.0], std=0.1, n=1000, rng=0))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['Monte Carlo, n=1000', 'propagate, order 1']
    """
    from scipy import stats

    if propagation.output_names != monte_carlo.output_names:
        raise ValueError("propagation and monte_carlo have results of different names: they must be of one function")
    k = _place(propagation.output_names, output, "output")
    ax = _axes(ax)
    samples = monte_carlo._samples[:, k]
    center, std = propagation._center[k], np.sqrt(propagation._variance[k])
    ax.hist(samples, bins, density=True, color="C7", alpha=0.6, label=f"Monte Carlo, n={monte_carlo.n}")
    if std > 0:
        low, high = min(samples.min(), center - 4 * std), max(samples.max(), center + 4 * std)
        x = np.linspace(low, high, 400)
        ax.plot(x, stats.norm.pdf(x, center, std), color="C0", label=f"propagate, order {propagation.order}")
    ends = [np.concatenate([np.ravel(leaf) for leaf in _leaves(end)])[k]
            for end in propagation.coverage_interval(probability)]
    for end in ends:
        ax.axvline(end, color="C0", linestyle="--", linewidth=1)
    for end in monte_carlo._interval(probability, False)[:, k]:
        ax.axvline(end, color="black", linestyle=":", linewidth=1)
    ax.set_xlabel(propagation.output_names[k])
    ax.set_ylabel("density")
    ax.set_title(f"{100 * probability:g} % intervals: dashed propagate, dotted Monte Carlo")
    ax.legend()
    return ax


def _leaves(tree):
    from dualad._trees import flatten

    return flatten(tree)[0]


def correlation_ellipse(result, first=0, second=1, ax=None, *, probability=0.95, samples=None, **style):
    """The region that two results share with a probability: an ellipse, tilted by their correlation.

    Parameters
    ----------
    result : Propagation, UArray, or pair (mean, cov)
        What has two values and their covariance, or more.
    first, second : int or str, optional
        Which two values; names of a Propagation.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    probability : float, optional
        Of the region, for normal results.
    samples : MonteCarlo, optional
        Samples of the same results, to draw behind.
    **style
        Of the line, as for `matplotlib.axes.Axes.plot`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there is no such value, or probability is not between 0 and 1.

    Notes
    -----
    The ellipse (y - mean)^T cov^-1 (y - mean) = q, with the quantile q of chi-squared with two degrees of freedom.
    JCGM 102:2011, section 6.5.2.

    Examples
    --------
    >>> from dualad import plotting, uq
    >>> x = uq.correlated([1.0, 2.0], [[1.0, 0.8], [0.8, 1.0]])
    >>> ax = plotting.correlation_ellipse(x)
    >>> ax.get_title()
    '95 % region, correlation 0.800'
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie between 0 and 1, not {probability!r}")
    mean, cov, names = _mean_and_covariance(result)
    places = [_place(names, which, "value") for which in (first, second)]
    center, cov = mean[places], cov[np.ix_(places, places)]
    weights, vectors = np.linalg.eigh(cov)
    angle = np.linspace(0, 2 * np.pi, 241)
    radius = np.sqrt(-2 * np.log1p(-probability))
    circle = radius * np.sqrt(np.maximum(weights, 0))[:, None] * np.stack([np.cos(angle), np.sin(angle)])
    line = center[:, None] + vectors @ circle
    ax = _axes(ax)
    if samples is not None:
        ax.scatter(*samples._samples[:, places].T, s=2, color="C7", alpha=0.5, linewidths=0)
    ax.plot(*line, **{"color": "C0", **style})
    ax.plot(*center, "+", color=style.get("color", "C0"))
    ax.set_xlabel(names[places[0]])
    ax.set_ylabel(names[places[1]])
    with np.errstate(all="ignore"):
        correlation = cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1])
    ax.set_title(f"{100 * probability:g} % region, correlation {correlation:.3f}")
    return ax


def _mean_and_covariance(result):
    from dualad.uq import UArray, covariance_matrix

    if isinstance(result, tuple) and len(result) == 2:
        mean, cov = np.ravel(result[0]).astype(float), np.asarray(result[1], float)
        return mean, cov.reshape(mean.size, mean.size), [f"y[{i}]" for i in range(mean.size)]
    if isinstance(result, UArray) or (isinstance(result, list) and result):
        flat = np.ravel(result) if isinstance(result, UArray) else result
        mean = np.array([x.nominal_value for x in flat])
        return mean, covariance_matrix(flat), [f"y[{i}]" for i in range(mean.size)]
    if hasattr(result, "_covariance"):
        return result._center, result._covariance, result.output_names
    raise TypeError(f"correlation_ellipse needs a Propagation, uncertain numbers or a pair (mean, cov), not "
                    f"{type(result).__name__}")


# ---- sparsity patterns ---------------------------------------------------------------------------------------------

_GOLDEN = 0.6180339887498949
_SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _coloring_of(plan):
    from dualad.sparse import Coloring

    coloring = plan if isinstance(plan, Coloring) else getattr(plan, "coloring", None)
    if not isinstance(coloring, Coloring):
        raise TypeError(f"spy needs a SparseJacobian, a SparseHessian or a Coloring, not {type(plan).__name__}")
    return coloring


def _raster(rows, columns, colors, shape, most):
    """Colours of the entries as a matrix of at most `most` lines either way, -1 where there is none; of the entries
    that share a place, the last is seen."""
    steps = [max(1, -(-size // limit)) for size, limit in zip(shape, most, strict=True)]
    image = np.full([-(-size // step) for size, step in zip(shape, steps, strict=True)], -1)
    image[rows // steps[0], columns // steps[1]] = colors
    return image


def _rasters(coloring, most):
    """The pattern with a colour for each entry, and the compressed matrices by name."""
    pattern = coloring.pattern.tocoo()
    rows, columns = pattern.coords
    by_columns, by_rows = coloring.sides
    m, n = coloring.shape
    first = 0 if by_columns is None else int(by_columns.max(initial=-1)) + 1
    hues, compressed = np.full(len(rows), -1), []
    if by_rows is not None:
        hues, kept = first + by_rows[rows], by_rows[rows] >= 0
        hues[~kept] = -1
        shape = (int(by_rows.max(initial=-1)) + 1, n)
        compressed.append(_raster(by_rows[rows][kept], columns[kept], hues[kept], shape, most))
    if by_columns is not None:
        hue, kept = by_columns[columns], by_columns[columns] >= 0
        hues = np.where(kept, hue, hues)
        compressed.insert(0, _raster(rows[kept], hue[kept], hue[kept], (m, first), most))
    return _raster(rows, columns, np.where(hues < 0, coloring.ncolors, hues), (m, n), most), compressed


def _painted(image, ncolors):
    """Hues a golden section apart; white where there is no entry, grey where it has no colour of its own."""
    from matplotlib.colors import hsv_to_rgb

    k = np.arange(ncolors)
    palette = hsv_to_rgb(np.stack([k * _GOLDEN % 1, 0.55 + 0.4 * (k % 2), 0.9 - 0.25 * (k % 3 == 2)], axis=1))
    return np.concatenate([palette, [[0.6, 0.6, 0.6], [1, 1, 1]]])[image]


def spy(plan, ax=None):
    """The pattern of a plan with one hue for each colour, and the compressed matrix beside it.

    Parameters
    ----------
    plan : SparseJacobian, SparseHessian or Coloring
        What to show; a plan must be prepared.
    ax : sequence of matplotlib.axes.Axes, optional
        Where to draw: two axes, three for a bidirectional colouring. By default a new figure.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        The axes of the pattern and of the compressed matrix (matrices).

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `plan` is nothing of the kind.
    ValueError
        If the number of axes does not fit.

    Notes
    -----
    Large patterns are drawn at 800 dots a side. `spy_text` does the same in a terminal. The picture is that of figure
    2.1 in Gebremedhin, Manne and Pothen, SIAM Review 47 (2005).

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> axes = da.plotting.spy(da.coloring(np.eye(4) + np.eye(4, k=1)))
    >>> axes[1].get_title()
    'compressed: 2 colours'
    """
    coloring = _coloring_of(plan)
    pattern, compressed = _rasters(coloring, (800, 800))
    wanted = 1 + len(compressed)
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ImportError("dualad.plotting needs matplotlib: pip install dualad[plot]") from error
        ratios = [2, *(1 if image.shape[0] >= image.shape[1] else 2 for image in compressed)]
        figure, ax = pyplot.subplots(1, wanted, width_ratios=ratios, layout="constrained", squeeze=False)
        ax = ax[0]
    if np.size(ax) != wanted:
        raise ValueError(f"ax must hold {wanted} axes, but has {np.size(ax)}")
    ax = np.ravel(ax)
    m, n = coloring.shape
    colours = f"{coloring.ncolors} colour{'s' * (coloring.ncolors != 1)}"
    titles = [f"{m} x {n}, {coloring.pattern.nnz} entries", f"compressed: {colours}", ""]
    for where, image, title in zip(ax, [pattern, *compressed], titles, strict=False):
        if image.size:
            where.imshow(_painted(image, coloring.ncolors), interpolation="nearest", aspect="auto")
        where.set_title(title)
        where.set_xticks([])
        where.set_yticks([])
    return ax


def spy_text(plan, *, width=60, height=30):
    """The pattern of a plan as text, for terminals: a character for each colour, and the compressed matrix beside it.

    Parameters
    ----------
    plan : SparseJacobian, SparseHessian or Coloring
        What to show; a plan must be prepared.
    width, height : int, optional
        Characters that the pattern may take; larger ones are thinned out.

    Returns
    -------
    str
        Several lines. Colours are 0 to 9, A to Z, a to z, and again; a dot is no entry.

    Raises
    ------
    TypeError
        If `plan` is nothing of the kind.
    ValueError
        If width or height is not positive.

    Notes
    -----
    The text form of `spy`; see there.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> print(da.plotting.spy_text(da.coloring(np.eye(4) + np.eye(4, k=1))))
    01..  01
    .10.  01
    ..01  01
    ...1  .1
    """
    if width < 1 or height < 1:
        raise ValueError(f"width and height must be positive, not {width} and {height}")
    coloring = _coloring_of(plan)
    pattern, compressed = _rasters(coloring, (height, width))
    symbols = [_SYMBOLS[k % len(_SYMBOLS)] for k in range(coloring.ncolors)] + ["*", "."]
    blocks = [["".join(symbols[k] for k in line) for line in image] for image in (pattern, *compressed)]
    lines = []
    for i in range(max(map(len, blocks))):
        parts = [block[i] if i < len(block) else " " * len("".join(block[:1])) for block in blocks]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)
