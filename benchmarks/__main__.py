"""Benchmarks of dualad beside NumPy, other packages and hand-written C.

Runs each piece of work with every package that is installed and can do it, prints a table per family, and saves,
compares, draws or quotes the figures. All results are checked against each other before they are timed.
"""

import argparse
import difflib
import sys
from dataclasses import replace

from . import cases, charts, peers, report
from .limit import LIMITS
from .timing import CLOCKS, FULL, QUICK, describe_machine, stay_on_one_cpu, version
from .work import JUDGED, Note

EPILOG = """\
examples:
  python -m benchmarks --list                      what there is
  python -m benchmarks chains sparse --quick       two families, fewer sizes and shorter samples
  python -m benchmarks --peers jax.jit casadi      beside two packages only
  python -m benchmarks --json run.json --chart docs/charts
  python -m benchmarks --from run.json --quote README.md docs/performance.md
  python -m benchmarks --compare run.json          exit status 1 if dualad became slower
"""


def parse(arguments):
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="only these families of cases; by default all")
    parser.add_argument("--list", action="store_true", help="list the families and the packages, and stop")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and shorter samples, in under two minutes")
    parser.add_argument("--peers", nargs="*", metavar="NAME", help="only these packages, none without a name")
    parser.add_argument("--clock", choices=CLOCKS, default="wall",
                        help="wall time, or the CPU time of the process where other programs keep the machine busy")
    parser.add_argument("--json", metavar="FILE", help="save the figures")
    parser.add_argument("--from", metavar="RUN.json", dest="saved", help="take the figures of a saved run")
    parser.add_argument("--compare", metavar="OLD.json",
                        help="compare with saved figures; the exit status is 1 if dualad became slower")
    parser.add_argument("--chart", metavar="FOLDER", help="draw a chart per family, FAMILY.svg (needs matplotlib)")
    parser.add_argument("--quote", nargs="+", default=[], metavar="PAGE.md",
                        help="rewrite the tables between the markers <!-- figures FAMILY: begin --> and "
                             "<!-- figures FAMILY: end --> of these pages")
    options = parser.parse_args(arguments)
    check_names(parser, "family", options.families, cases.families())
    check_names(parser, "package", options.peers or [], [kind.name for kind in peers.PEERS])
    return options


def check_names(parser, what, given, known):
    """End with a message if a name is not known."""
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            advice = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
            parser.error(f"unknown {what} {name!r}; {advice}")


def listing():
    """Return all families with what they measure, and the packages."""
    lines = [f"  {name:12} {cases.summary(name)}" for name in cases.families()]
    named = [f"  {kind.name:18} {(kind.__doc__ or '').splitlines()[0]}" for kind in (*peers.PEERS, *LIMITS)]
    return "\n".join(["families:", *lines, "packages:", *named])


def measure(options):
    """Measure the families, print a table each and return the run."""
    machine = describe_machine()
    stay_on_one_cpu()
    chosen = [kind for kind in peers.PEERS if options.peers is None or kind.name in options.peers]
    contenders, missing = peers.load((*peers.OURS, *LIMITS, *chosen))
    versions = list(dict.fromkeys([f"numpy {version('numpy')}", *(peer.describe() for peer in contenders)]))
    run = report.Run({**machine, "clock": options.clock}, versions, [], list(missing))
    print(run.heading(), flush=True)
    settings = replace(QUICK if options.quick else FULL, clock=CLOCKS[options.clock])
    for family in options.families or cases.families():
        try:
            measure_family(run, family, contenders, settings, options.quick)
        except Exception as error:  # a case that cannot be made is a note, not the end of the run
            run.notes.append(Note(JUDGED, f"cannot: {type(error).__name__}: {error}", family))
        print(f"\n## {family}\n\n{run.table(family)}\n", flush=True)
        if options.json:
            run.save(options.json)
    return run


def measure_family(run, family, contenders, settings, quick):
    """Add the figures and notes of a family to the run."""
    for work in cases.works(family, quick):
        print(f"{family}: {work.title}, size {work.size:,}", file=sys.stderr, flush=True)
        run.figures += work.figures(contenders, settings)
        run.notes += work.notes


def reload(options):
    """Return a saved run, without the families that are not wanted."""
    run = report.load(options.saved)
    run.figures = [figure for figure in run.figures if not options.families or figure.family in options.families]
    print(run.heading())
    for family in run.families():
        print(f"\n## {family}\n\n{run.table(family)}\n")
    return run


def main(arguments=None):
    """Run the command line and return its exit status."""
    options = parse(arguments)
    if options.list:
        print(listing())
        return 0
    run = reload(options) if options.saved else measure(options)
    print(run.summary())
    status = int(any(note.contender == JUDGED and note.work for note in run.notes))
    if options.json:
        run.save(options.json)
    if options.chart:
        charts.draw(run, options.chart)
    for page in options.quote:
        report.quote(run, page)
    if options.compare:
        text, slower = report.compare(run, report.load(options.compare))
        print(f"\n{text}\n{slower} slower than in {options.compare}")
        status = max(status, int(slower > 0))
    return status


if __name__ == "__main__":
    sys.exit(main())
