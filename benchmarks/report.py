"""Tables on the screen, figures as JSON, comparison with an older run."""

import json
from dataclasses import asdict

from .work import JUDGED, Figure

LIMITS = ("C", "C fast")
SLOWER = 1.1


def table(figures, order):
    """Return the Markdown table of one family: a line per work and size, contenders in `order`."""
    lines = {}
    for figure in figures:
        lines.setdefault((figure.work, figure.size), {})[figure.contender] = figure
    present = {figure.contender for figure in figures if figure.contender != JUDGED}
    if all(figure.unit == "arrays" for figure in figures):
        order = ["numpy", *order]
    others = [name for name in order if name in present]
    head = ["work", "size", "1 =", "target", JUDGED, "quartiles", "", "to C", *others]
    rows = [line_cells(work, size, found, others) for (work, size), found in lines.items()]
    return layout([head, *rows])


def line_cells(work, size, found, others):
    """Return the cells of one line."""
    own = found.get(JUDGED)
    unit = next(iter(found.values())).unit
    reference = found.get("numpy")
    if reference and reference.seconds:
        unit += f", {duration(reference.seconds)}"
    cells = [work, f"{size:,}", unit]
    if own is None:
        cells += ["", "", "", ""]
    else:
        verdict = "" if own.target is None else "over" if own.over else "ok"
        cells += ["" if own.target is None else f"{own.target:g}", number(own.value),
                  f"{number(own.low)}..{number(own.high)}" if own.low != own.high else "", verdict]
    return [*cells, distance(found), *(number(found[name].value) if name in found else "" for name in others)]


def distance(found):
    """Return how many times the faster of the C programs dualad takes."""
    own = found.get(JUDGED)
    limits = [found[name].seconds for name in LIMITS if name in found]
    return number(own.seconds / min(limits)) if own and own.seconds and limits else ""


def layout(rows):
    """Return rows of cells as an aligned Markdown table."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
             for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def number(value):
    """Return a figure with about three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 1 else f"{value:.2g}"


def grouped(notes):
    """Return a line per contender and problem, with the works it concerns."""
    works = {}
    for note in notes:
        works.setdefault((note.contender, note.problem), []).append(note.work)
    return [f"{name}: {problem}" + (f" ({'; '.join(dict.fromkeys(where))})" if any(where) else "")
            for (name, problem), where in works.items()]


def duration(seconds):
    """Return a time with its unit."""
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def save(file, figures, notes, machine, versions):
    """Write one run as JSON."""
    run = {"machine": machine, "versions": versions, "notes": list(map(asdict, notes)),
           "figures": list(map(asdict, figures))}
    with open(file, "w", encoding="utf-8") as out:
        json.dump(run, out, indent=1)
        out.write("\n")


def load(file):
    """Return the figures of a saved run by key."""
    with open(file, encoding="utf-8") as saved:
        figures = [Figure(**figure) for figure in json.load(saved)["figures"]]
    return {figure.key: figure for figure in figures}


def compare(figures, older):
    """Compare dualad's figures with an older run.

    Returns
    -------
    text : str
        A table of old and new figures.
    slower : int
        How many are more than a tenth slower with quartiles that do not overlap.
    """
    rows, slower = [["work", "size", "old", "new", "new/old", ""]], 0
    for figure in figures:
        old = older.get(figure.key)
        if figure.contender != JUDGED or old is None:
            continue
        change = figure.value / old.value if old.value else 1.0
        worse = change > SLOWER and figure.low > old.high
        slower += worse
        mark = "SLOWER" if worse else "faster" if change * SLOWER < 1 and figure.high < old.low else ""
        rows.append([figure.work, f"{figure.size:,}", number(old.value), number(figure.value),
                     f"{change:.2f}", mark])
    return layout(rows), slower
