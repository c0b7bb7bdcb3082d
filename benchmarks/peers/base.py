"""What a peer is, and what scalar and uncertain works are made of."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..timing import version
from ..work import Contender


@dataclass(frozen=True)
class Formula:
    """A scalar expression of x and y, with sin as a function and, for number classes, as a method."""

    function: str
    method: str

    def bind(self, sin):
        """Return the expression as a Python function of x and y."""
        return eval(f"lambda x, y: {self.function}", {"sin": sin})


@dataclass(frozen=True)
class Kit:
    """How a package makes uncertain numbers and asks for their standard deviations.

    Attributes
    ----------
    scalar, array, correlated : callable
        Of value and standard deviation, of arrays of them, of values and covariance.
    sin, sum, std : callable
        Of an array of uncertain numbers.
    """

    scalar: Callable
    array: Callable
    correlated: Callable
    sin: Callable
    sum: Callable
    std: Callable


class Peer:
    """A package that can do some of the jobs.

    Attributes
    ----------
    name, module, package : str
        Column in the tables, module to import, distribution to install.
    largest : int
        The largest number of elements worth asking for.
    largest_by_job : dict
        Smaller ones where a job's cost or memory grows faster than the number of elements.
    highest_order : int
        The highest derivative worth asking for: nesting doubles the work with each.
    warm_at_size : bool
        Whether the first run at a new size prepares something (compilation) that memory figures leave out.
    compiles : bool
        Whether it translates the program first, which is another class than eager Python.
    rtol : float
        The error its derivatives may have, relative to the largest one.
    """

    name = ""
    module = ""
    package = ""
    largest = 10**7
    largest_by_job = {}
    highest_order = 6
    warm_at_size = False
    compiles = False
    rtol = 1e-10

    def __init__(self):
        self.lib = importlib.import_module(self.module)

    def contend(self, job, size, *arguments):
        """Return the contender for `job`, or None where this peer has no such job or size."""
        make = getattr(self, job, None)
        too_large = size > min(self.largest, self.largest_by_job.get(job, self.largest))
        return None if make is None or too_large else make(*arguments)

    def describe(self):
        """Return package and version."""
        package = self.package or self.module
        return f"{package} {version(package)}"

    def _uncertain(self, kit, program, arguments):
        """Return the contender of a program on uncertain numbers; what are no deviations is not compared."""
        def unpack(result):
            return None, result if isinstance(result, (float, np.ndarray)) else None

        return self._contender("run()", {"run": program(kit, *arguments)}, unpack)

    def _contender(self, statement, names, unpack=tuple, **options):
        return Contender(self.name, statement, names, unpack, rtol=self.rtol, **options)
