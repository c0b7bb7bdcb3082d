"""``python -m benchmarks``: run the cases, print a table per family, save and compare figures."""

import argparse
import sys

from . import cases, peers, report
from .limit import LIMITS
from .timing import FULL, QUICK, describe_machine, stay_on_one_cpu, version
from .work import JUDGED


def parse(arguments):
    """Return the parsed command line."""
    names, families = [kind.name for kind in peers.PEERS], cases.families()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and shorter samples")
    parser.add_argument("--case", nargs="+", choices=families, default=families, metavar="NAME",
                        help=f"only these families: {', '.join(families)}")
    parser.add_argument("--peers", nargs="*", choices=names, default=names, metavar="NAME",
                        help=f"only these peers, none without a name: {', '.join(names)}")
    parser.add_argument("--json", metavar="FILE", help="save the figures")
    parser.add_argument("--compare", metavar="OLD.json",
                        help="compare with saved figures; the exit status is 1 if dualad became slower")
    return parser.parse_args(arguments)


def run(families, contenders, quick):
    """Measure the families, print their tables and return all figures and notes."""
    settings, figures, notes = QUICK if quick else FULL, [], []
    for family in families:
        found = []
        for work in cases.works(family, quick):
            print(f"{family}: {work.title}, size {work.size:,}", file=sys.stderr, flush=True)
            found += work.figures(contenders, settings)
            notes += work.notes
        print(f"\n## {family}\n\n{report.table(found, [peer.name for peer in contenders])}\n", flush=True)
        figures += found
    return figures, notes


def summary(figures, notes):
    """Print notes and count targets; return whether dualad failed at any work."""
    for line in report.grouped(notes):
        print(f"note: {line}")
    judged = [figure for figure in figures if figure.target is not None]
    over = sum(figure.over for figure in judged)
    print(f"\n{len(judged)} figures have targets: {len(judged) - over} ok, {over} over")
    return any(note.contender == JUDGED and note.work for note in notes)


def main(arguments=None):
    """Run the command line and return its exit status."""
    options = parse(arguments)
    machine = describe_machine()
    stay_on_one_cpu()
    chosen = [kind for kind in peers.PEERS if kind.name in options.peers]
    contenders, missing = peers.load((*peers.OURS, *LIMITS, *chosen))
    versions = list(dict.fromkeys([f"numpy {version('numpy')}", *(peer.describe() for peer in contenders)]))
    for name, value in machine.items():
        print(f"{name}: {value}")
    print(f"one CPU, one thread; {'; '.join(versions)}")
    print("figures are medians in units of the column '1 =', less is better;"
          " 'to C' is dualad over the faster C")
    figures, notes = run(options.case, contenders, options.quick)
    notes = [*missing, *notes]
    status = int(summary(figures, notes))
    if options.json:
        report.save(options.json, figures, notes, machine, versions)
    if options.compare:
        text, slower = report.compare(figures, report.load(options.compare))
        print(f"\n{text}\n{slower} slower than in {options.compare}")
        status = max(status, int(slower > 0))
    return status


if __name__ == "__main__":
    sys.exit(main())
