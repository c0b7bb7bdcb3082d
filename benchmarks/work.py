"""What is measured: a `Work` is a line of a table, a `Contender` a way to do it, a `Figure` a result."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .timing import quartiles, sample_interleaved

JUDGED = "dualad"


def as_is(result):
    """Return `result`: the default for contenders that return (value, derivatives) themselves."""
    return result


@dataclass(frozen=True)
class Contender:
    """One way to do a piece of work.

    Attributes
    ----------
    name : str
        The column in the tables.
    statement : str
        What is timed. It does the work `calls` times.
    names : dict
        The variables of the statement.
    unpack : callable
        Turns the statement's result into (value or None, derivatives), outside the timing.
    calls : int
        How many times one statement does the work (C loops, which ctypes must not slow down).
    rtol : float
        The error its derivatives may have, relative to the largest one.
    exact : bool
        Whether its value must equal NumPy's bit for bit.
    """

    name: str
    statement: str
    names: dict
    unpack: Callable = as_is
    calls: int = 1
    rtol: float = 1e-10
    exact: bool = False

    def run(self):
        """Do the work once, untimed."""
        return eval(self.statement, dict(self.names))


@dataclass(frozen=True)
class Note:
    """Why `contender` has no figure: in all the works, or in the one named."""

    contender: str
    problem: str
    work: str = ""


@dataclass(frozen=True)
class Figure:
    """One measured number: median and quartiles of `contender` in `unit`.

    `seconds` is the median time of one call, `first_seconds` that of the first one with all its preparation
    (compilation, plans), `samples` the number of rounds that the contender took part in.
    """

    family: str
    work: str
    size: int
    contender: str
    unit: str
    value: float
    low: float
    high: float
    target: float | None = None
    seconds: float | None = None
    first_seconds: float | None = None
    samples: int = 1

    @property
    def key(self):
        """What identifies the figure from run to run."""
        return self.family, self.work, self.size, self.contender

    @property
    def over(self):
        """Whether a target exists and is missed."""
        return self.target is not None and self.value > self.target


@dataclass(frozen=True)
class Work:
    """One piece of work, timed with every contender that can do it.

    Attributes
    ----------
    family, title, size
        Its place in the tables.
    unit : str
        What a figure counts: times of `reference`, or microseconds without one.
    job, arguments
        The method of `peers.Peer` that makes a contender, and what it is given.
    expected : tuple
        The right (value, derivatives), from NumPy and from a source that is no contender.
    reference : Contender, optional
        The value-only computation that figures are ratios to.
    divide : float
        Directions: figures are per direction.
    target : float, optional
        The most that dualad may take.
    """

    family: str
    title: str
    size: int
    unit: str
    job: str
    arguments: tuple
    expected: tuple
    reference: Contender | None = None
    divide: float = 1
    target: float | None = None
    notes: list = field(default_factory=list)

    def figures(self, peers, settings):
        """Check all contenders against `expected`, time them together and return their figures."""
        contenders = [] if self.reference is None else [self.reference]
        first = {}
        for peer in peers:
            contender, seconds = self._prepare(peer)
            if contender is not None:
                contenders.append(contender)
                first[contender.name] = seconds
        samples = sample_interleaved(contenders, settings)
        return [self._figure(c, samples, first.get(c.name)) for c in contenders]

    def _prepare(self, peer):
        """Return the checked contender of `peer` and the time of its first run, or (None, None)."""
        try:
            contender = peer.contend(self.job, self.size, *self.arguments)
            if contender is None:
                return None, None
            start = time.perf_counter()
            result = contender.run()
            seconds = time.perf_counter() - start
            problem = disagreement(contender, contender.unpack(result), self.expected)
        except Exception as error:  # a peer that cannot do the work is a note, not the end of the run
            problem = f"cannot: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        if problem:
            self.notes.append(Note(peer.name, problem, self.title))
            return None, None
        return contender, seconds

    def _figure(self, contender, samples, first_seconds):
        own = samples[contender.name]
        base = 1e-6 if self.reference is None else samples[self.reference.name]
        low, median, high = quartiles(own / base)
        share = 1 if contender is self.reference else self.divide
        target = self.target if contender.name == JUDGED else None
        return Figure(self.family, self.title, self.size, contender.name, self.unit, median / share,
                      low / share, high / share, target, quartiles(own)[1], first_seconds, int(np.isfinite(own).sum()))


def disagreement(contender, result, expected):
    """Say how `result` differs from `expected`, or return None where it agrees."""
    value, derivatives = (None if part is None else np.asarray(part, dtype=float) for part in result)
    if contender.exact and value is not None and not np.array_equal(value, expected[0], equal_nan=True):
        return "WRONG: its value is not NumPy's, bit for bit"
    for what, got, right in (("value", value, expected[0]), ("derivative", derivatives, expected[1])):
        if got is None or right is None:
            continue
        right = np.asarray(right)
        if got.size != right.size:
            return f"WRONG: {what} of shape {got.shape} instead of {right.shape}"
        error = np.max(np.abs(got.reshape(right.shape) - right), initial=0.0)
        scale = np.max(np.abs(right), initial=1e-300)
        if not error <= contender.rtol * scale:
            return f"WRONG: {what} is off by {error / scale:.1e} of the largest"
    return None


def complex_step(f, x, *directions) -> tuple[Any, Any]:
    """Return f(x) and Im f(x + ih v) / h for each direction v: exact to rounding, and from no peer."""
    step = 1e-30
    columns = [np.imag(f(x + 1j * step * np.asarray(v))) / step for v in directions]
    return f(x), np.array(columns) if len(columns) > 1 else columns[0]
