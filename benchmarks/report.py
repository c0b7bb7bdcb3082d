"""A run with its tables, as JSON, in pages, and beside an older run."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from . import peers
from .work import JUDGED, Figure, Note

LIMITS = ("C", "C fast")
OTHER_WAYS = tuple(kind.name for kind in peers.OURS if kind.name != JUDGED)
COMPILERS = tuple(kind.name for kind in peers.PEERS if kind.compiles)
ORDER = (*OTHER_WAYS, *LIMITS, *(kind.name for kind in peers.PEERS))
SLOWER = 1.1


@dataclass
class Run:
    """All figures of one run, and where they were measured."""

    machine: dict
    versions: list
    figures: list
    notes: list

    def families(self):
        """Return the families in the order of the figures."""
        return list(dict.fromkeys(figure.family for figure in self.figures))

    def lines(self, family=None):
        """Return the figures by contender for each (work, size)."""
        lines = {}
        for figure in self.figures:
            if family in (None, figure.family):
                lines.setdefault((figure.work, figure.size), {})[figure.contender] = figure
        return lines

    def table(self, family):
        """Return the Markdown table of one family: a line per work and size."""
        lines = self.lines(family)
        order = ("numpy", *ORDER) if family == "memory" else ORDER
        present = {name for found in lines.values() for name in found}
        others = [name for name in order if name in present]
        head = ["work", "size", "1 =", "target", JUDGED, "quartiles", "", "to C", *others]
        return layout([head, *(line_cells(work, size, found, others) for (work, size), found in lines.items())])

    def heading(self):
        """Return machine, versions and how to read the tables."""
        lines = [f"{name}: {value}" for name, value in self.machine.items()]
        return "\n".join([*lines, f"one CPU, one thread; {'; '.join(self.versions)}",
                          "figures are medians in units of the column '1 =', less is better; 'to C' is dualad over the "
                          "faster C"])

    def over(self):
        """Return dualad's figures that miss their target."""
        return [figure for figure in self.figures if figure.over]

    def behind(self):
        """Return (figure of dualad, figure of a package that needs less) for every such pair, largest ratio first."""
        pairs = [(found[JUDGED], other) for found in self.lines().values() if JUDGED in found
                 for name, other in found.items() if name in ORDER and name not in (*OTHER_WAYS, *LIMITS)
                 and other.value < found[JUDGED].value]
        return sorted(pairs, key=lambda pair: -ratio(*pair))

    def behind_table(self, compilers):
        """Return the Markdown table of works where a compiler, or else an eager package, needs less than dualad."""
        rows = [[own.family, own.work, f"{own.size:,}", other.contender, number(ratio(own, other))]
                for own, other in self.behind() if (other.contender in COMPILERS) == compilers]
        return layout([["family", "work", "size", "package", "dualad takes, times"], *rows])

    def summary(self):
        """Return notes, missed targets, and where another eager package is ahead."""
        judged = [figure for figure in self.figures if figure.target is not None]
        lines = [f"note: {line}" for line in grouped(self.notes)]
        missed = len(self.over())
        lines.append(f"\n{len(judged)} figures have targets: {len(judged) - missed} ok, {missed} over")
        lines += [f"over: {figure.family}: {figure.work}, {figure.size:,}: {number(figure.value)} instead of "
                  f"{figure.target:g}" for figure in self.over()]
        return "\n".join([*lines, "\nan eager package is ahead:", self.behind_table(False),
                          "\na compiler is ahead:", self.behind_table(True)])

    def save(self, file):
        """Write the run as JSON."""
        run = {"machine": self.machine, "versions": self.versions, "notes": list(map(asdict, self.notes)),
               "figures": [rounded(asdict(figure)) for figure in self.figures]}
        Path(file).write_text(json.dumps(run, indent=0) + "\n", encoding="utf-8")


def rounded(fields):
    """Return a figure's fields with five digits: more are noise."""
    return {name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in fields.items()}


def ratio(own, other):
    """Return how many times dualad takes what another contender takes, of which too little may have been seen."""
    return own.value / max(other.value, 1e-4 * own.value)


def load(file):
    """Return a saved run."""
    saved = json.loads(Path(file).read_text(encoding="utf-8"))
    return Run(saved["machine"], saved["versions"], [Figure(**figure) for figure in saved["figures"]],
               [Note(**note) for note in saved["notes"]])


# ---- tables ------------------------------------------------------------------------------------------------------


def line_cells(work, size, found, others):
    """Return the cells of one line."""
    own = found.get(JUDGED)
    unit = next(iter(found.values())).unit
    reference = found.get("numpy") or found.get("reference")
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


def duration(seconds):
    """Return a time with its unit."""
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def grouped(notes):
    """Return a line per contender and problem, with the works it concerns."""
    works = {}
    for note in notes:
        works.setdefault((note.contender, note.problem), []).append(note.work)
    return [f"{name}: {problem}" + (f" ({'; '.join(dict.fromkeys(where))})" if any(where) else "")
            for (name, problem), where in works.items()]


# ---- pages -------------------------------------------------------------------------------------------------------


def headline(run):
    """Return the short table of README.md: elementwise chains by size, and scalars."""
    lines = {key: found[JUDGED] for key, found in run.lines().items() if JUDGED in found}
    sizes = sorted({size for work, size in lines if work == "Dual f1"})
    rows = [["elements", *(f"{size:,}" if size < 10**4 else f"{size:.0e}".replace("e+0", "e") for size in sizes)]]
    for work in ("Dual f1", "Dual f2", "MultiDual f1, K=8, per direction"):
        rows.append([work, *(number(lines[work, size].value) if (work, size) in lines else "" for size in sizes)])
    scalars = [figure.value for (_, _), figure in lines.items() if figure.family == "scalar"]
    text = f"\n\nScalar arithmetic takes {number(scalars[0])} times as long as with Python floats." if scalars else ""
    return layout(rows) + text


def quote(run, page):
    """Rewrite what stands between the markers of a page; blocks of families that the run lacks stay as they are."""
    writers = {"": headline, "machine": lambda run: "```text\n" + run.heading() + "\n```",
               "eager": lambda run: run.behind_table(False), "compiled": lambda run: run.behind_table(True),
               **{family: lambda run, family=family: run.table(family) for family in run.families()}}

    def rewrite(match):
        name = match["name"].strip()
        body = match["body"] if name not in writers else f"\n{writers[name](run)}\n"
        return f"{match['begin']}{body}{match['end']}"

    pattern = r"(?P<begin><!-- figures(?P<name>[ \w]*): begin -->)(?P<body>.*?)(?P<end><!-- figures(?P=name): end -->)"
    old = Path(page).read_text(encoding="utf-8")
    new, count = re.subn(pattern, rewrite, old, flags=re.S)
    if not count:
        raise SystemExit(f"{page} has no markers <!-- figures FAMILY: begin --> and <!-- figures FAMILY: end -->")
    Path(page).write_text(new, encoding="utf-8")


# ---- runs --------------------------------------------------------------------------------------------------------


def compare(run, older):
    """Compare dualad's figures with an older run.

    Returns
    -------
    text : str
        A table of old and new figures.
    slower : int
        How many are more than a tenth slower with quartiles that do not overlap.
    """
    old_figures = {figure.key: figure for figure in older.figures}
    rows, slower = [["family", "work", "size", "old", "new", "new/old", ""]], 0
    for figure in run.figures:
        old = old_figures.get(figure.key)
        if figure.contender != JUDGED or old is None:
            continue
        change = figure.value / old.value if old.value else 1.0
        worse = change > SLOWER and figure.low > old.high
        slower += worse
        mark = "SLOWER" if worse else "faster" if change * SLOWER < 1 and figure.high < old.low else ""
        rows.append([figure.family, figure.work, f"{figure.size:,}", number(old.value), number(figure.value),
                     f"{change:.2f}", mark])
    warning = "" if run.machine.get("processor") == older.machine.get("processor") else \
        f"\nthe older run is from another machine: {older.machine.get('processor')}"
    return layout(rows) + warning, slower
