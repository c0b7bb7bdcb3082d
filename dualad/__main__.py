"""The command line: ``python -m dualad demo`` and ``python -m dualad info``."""

import argparse
import os
import platform
import shutil
import sys
import textwrap

import numpy
import scipy

import dualad
from dualad import _core, demo, memory, rules


def main(argv=None):
    """Run the command line ``argv`` and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m dualad", description="Exact derivatives of NumPy programs."
    )
    commands = parser.add_subparsers(title="commands", required=True)
    fit = commands.add_parser(
        "demo",
        help="fit the NIST reference data sets",
        description="Fit NIST reference data sets with exact Jacobians from both published starts and print "
        "certified and computed parameters and standard deviations with the number of agreeing digits. "
        f"The exit code is 1 if a fit agrees to fewer than {demo.FEWEST_DIGITS} digits.",
        epilog="Data sets: " + ", ".join(demo.MODELS),
    )
    fit.add_argument("names", metavar="NAME", nargs="*", type=data_set, help="a data set (default: all)")
    fit.set_defaults(run=lambda options: demo.run(options.names))
    info = commands.add_parser("info", help="print versions, SIMD variant, memory and supported functions")
    info.set_defaults(run=lambda options: print_info())
    options = parser.parse_args(argv)
    return options.run(options)


def data_set(name):
    """Return ``name`` if there is such a data set."""
    if name not in demo.MODELS:
        raise argparse.ArgumentTypeError(f"no data set {name!r}; there are {', '.join(demo.MODELS)}")
    return name


def print_info():
    """Print what dualad runs on and which functions it differentiates."""
    rows = {
        "dualad": dualad.__version__,
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "NumPy": numpy.__version__,
        "SciPy": scipy.__version__,
        "SIMD variant": _core.simd_variant(),
    }
    rows |= {f"memory {key.replace('_', ' ')}": value for key, value in memory.info().items()}
    for label, value in rows.items():
        print(f"{label:28}{value}")
    for family, names in rules.support().items():
        print(f"\n{family} ({len(names)})")
        print(textwrap.indent(columns(names), "  "))
    return 0


def columns(names):
    """Return the names in as many columns as the terminal has room for, read downwards."""
    width = max(map(len, names), default=0) + 2
    count = max(1, (shutil.get_terminal_size().columns - 2) // width)
    rows = -(-len(names) // count)
    return "\n".join("".join(name.ljust(width) for name in names[row::rows]).rstrip() for row in range(rows))


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
