"""A chart per family, as SVG."""

import io
import re
from pathlib import Path

from .report import LIMITS, ORDER
from .work import JUDGED

MOST_PANELS = 6
COLOURS = {JUDGED: "#d62728", "da.jvp": "#ff9896", "C": "#000000", "C fast": "#7f7f7f"}


def draw(run, folder):
    """Write FAMILY.svg for each family of a run into `folder`, which is made if it is missing."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text: small files
    matplotlib.rcParams["svg.hashsalt"] = "dualad"  # the same figures give the same file
    Path(folder).mkdir(parents=True, exist_ok=True)
    for family in run.families():
        figure = curves(run, family) if has_sizes(run, family) else dots(run, family)
        drawing = io.StringIO()
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(drawing, format="svg", metadata=metadata, bbox_inches="tight")
        Path(folder, f"{family}.svg").write_text(smaller(drawing.getvalue()), encoding="utf-8")


def smaller(svg):
    """Return a drawing without indentation and comments, to a tenth of a point."""
    return re.sub(r"(\d\.\d)\d+", r"\1", re.sub(r"\n\s+", "\n", re.sub(r"<!--.*?-->", "", svg)))


def has_sizes(run, family):
    """Return whether a work of the family was measured at three sizes or more."""
    works = [work for work, _ in run.lines(family)]
    return max(map(works.count, works)) >= 3


def colour(name):
    """Return the colour of a contender: the same in all charts."""
    import matplotlib

    others = [i for i in range(20) if i not in (6, 7, 14, 15)]  # without reds and greys
    return COLOURS.get(name) or matplotlib.colormaps["tab20"](others[ORDER.index(name) % len(others)])


def panels(count, height, width=5.5):
    """Return a figure and `count` axes of a size in inches, two in a row."""
    import matplotlib.pyplot as plt

    rows, columns = -(-count // 2), min(count, 2)
    figure, axes = plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False)
    for unused in axes.flat[count:]:
        unused.remove()
    plt.close(figure)
    return figure, axes.flat[:count]


def curves(run, family):
    """Draw each work as figures over size, a line per contender, with the quartiles of dualad as a band."""
    lines = run.lines(family)
    works = list(dict.fromkeys(work for work, _ in lines))[:MOST_PANELS]
    figure, axes = panels(len(works), 3.5)
    for work, ax in zip(works, axes, strict=True):
        found = [line for (name, _), line in lines.items() if name == work]
        for contender in (JUDGED, *ORDER):
            points = [line[contender] for line in found if contender in line]
            if points:
                sizes = [point.size for point in points]
                ax.plot(sizes, [point.value for point in points], label=contender, color=colour(contender),
                        marker="o" if contender == JUDGED or len(sizes) == 1 else None, markersize=4,
                        linewidth=2.5 if contender == JUDGED else 1, linestyle="--" if contender in LIMITS else "-")
            if points and contender == JUDGED:
                ax.fill_between(sizes, [point.low for point in points], [point.high for point in points], alpha=0.3,
                                color=colour(contender))
        ax.axhline(1, color="grey", linewidth=0.5)
        ax.set(xscale="log", yscale="log", title=work, xlabel="size",
               ylabel=f"times {next(iter(found[0].values())).unit}")
    legend(figure, axes)
    return figure


def dots(run, family):
    """Draw one row per work, a dot per contender."""
    lines = list(run.lines(family).items())
    figure, (ax,) = panels(1, 1.2 + 0.35 * len(lines), 10)
    for contender in (JUDGED, *ORDER):
        rows = [i for i, (_, found) in enumerate(lines) if contender in found]
        marker, size = ("o", 9) if contender == JUDGED else ("s", 5)
        if rows:
            ax.plot([max(lines[i][1][contender].value, 1e-4) for i in rows], rows, linestyle="", marker=marker,
                    markersize=size, label=contender, color=colour(contender))
    ax.axvline(1, color="grey", linewidth=0.5)
    titles = [f"{work}, {size:,} [{next(iter(found.values())).unit}]" for (work, size), found in lines]
    ax.set_yticks(range(len(lines)), titles, fontsize=8)
    ax.set(xscale="log", title=family, xlabel="times the unit in brackets", ylim=(len(lines) - 0.5, -0.5))
    legend(figure, [ax])
    return figure


def legend(figure, axes):
    """Put one legend for all panels below them."""
    handles = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    for ax in axes:
        ax.minorticks_off()
    figure.tight_layout()
    figure.legend(handles.values(), handles.keys(), loc="upper center", bbox_to_anchor=(0.5, 0.0), ncol=7, fontsize=8)
