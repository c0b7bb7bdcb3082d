"""Peak memory, each contender in a process of its own: ``python -m benchmarks.cases.memory CONTENDER NUMBER``.

The peak is counted from the moment the inputs exist. What a contender prepares once (imports, compilation at
a size) is done before.
"""

import ctypes
import gc
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy
from scipy import sparse

from .. import peers as field
from ..work import JUDGED, Figure, Note, complex_step, disagreement
from .jacobian import broyden
from .network import WIDTH, perceptron
from .sparse import rosenbrock, rosenbrock_hessian

MEGABYTE = 1e6
BATCH = 1000


def chain(x, np=numpy):
    """A hundred operations, each on the result of the one before."""
    y = x
    for _ in range(20):
        y = np.tanh(np.sin(y * x) + 0.5 * y)
    return y


# ---- programs: what a contender is asked to do at a size, and the answer -----------------------------------------


def chain_jvp(size):
    """JVP of the chain at `size` elements."""
    x, v = numpy.random.default_rng(0).standard_normal((2, size))
    return "jvp_transform", (chain, x, v), lambda: complex_step(chain, x, v)


def network_jvp(layers):
    """JVP of a network of `layers` layers."""
    x, v = numpy.random.default_rng(0).standard_normal((2, BATCH, WIDTH))
    f = perceptron(layers)
    return "jvp_transform", (f, x, v), lambda: complex_step(f, x, v)


def dense_hessian(size):
    """Dense Hessian of the chained Rosenbrock function of `size` unknowns."""
    x = numpy.random.default_rng(0).uniform(-1, 1, size)
    return "hessian", (rosenbrock, x), lambda: (None, rosenbrock_hessian(x).toarray())


def tridiagonal(size):
    """Sparse Jacobian of Broyden's function of `size` unknowns; dualad detects the pattern itself."""
    x, v = numpy.random.default_rng(0).uniform(0.5, 1.5, (2, size))
    ones = numpy.ones(size)
    pattern = sparse.diags_array([ones[1:], ones, ones[1:]], offsets=[-1, 0, 1]).tocsc()
    return "sparse_jacobian", (broyden, x, pattern, v), lambda: complex_step(broyden, x, v)


@dataclass(frozen=True)
class Peak:
    """What is measured of a program: `scale` bytes are one `unit`; `small` is a size at which results are checked."""

    title: str
    unit: str
    scale: float
    size: int
    small: int
    program: Callable
    target: float | None = None


PEAKS = (
    Peak("JVP of 100 operations", "arrays", 8e6, 1_000_000, 10, chain_jvp, 8.0),
    Peak("JVP of a network of 10 layers", "layers of values", 8.0 * BATCH * WIDTH, 10, 2, network_jvp),
    Peak("JVP of a network of 100 layers", "layers of values", 8.0 * BATCH * WIDTH, 100, 2, network_jvp),
    Peak("dense Hessian of chained Rosenbrock", "MB", MEGABYTE, 1000, 10, dense_hessian, 1024.0),
    Peak("tridiagonal sparse Jacobian", "MB", MEGABYTE, 1_000_000, 100, tridiagonal, 600.0),
)


class MemoryWork:
    """One peak, a process per contender."""

    def __init__(self, peak):
        self.family, self.peak = "memory", peak
        self.title, self.size, self.notes = peak.title, peak.size, []

    def figures(self, peers, settings):
        """Return the peak of NumPy's value computation, where it is asked for, and of each peer that can."""
        job, _, _ = self.peak.program(self.peak.small)
        able = [peer.name for peer in peers if peer.name in kinds() and hasattr(peer, job)]
        first = ["numpy"] if hasattr(field.Plain, job) else []
        results = [(name, self._measure(name)) for name in (*first, *able)]
        return [self._figure(name, peak) for name, peak in results if peak is not None]

    def _measure(self, name):
        """Return bytes, or None after a note."""
        index = str(PEAKS.index(self.peak))
        done = subprocess.run([sys.executable, "-m", __name__, name, index], capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            self.notes.append(Note(name, last, self.title))
            return None
        return json.loads(done.stdout.splitlines()[-1])

    def _figure(self, name, peak):
        value = None if peak is None else peak / self.peak.scale
        return Figure(self.family, self.title, self.size, name, self.peak.unit, value, value, value,
                      self.peak.target if name == JUDGED else None)


def works(quick):
    """Yield the peaks."""
    for peak in PEAKS[:1] if quick else PEAKS:
        yield MemoryWork(peak)


def kinds():
    """Return the kinds of contender by name."""
    return {kind.name: kind for kind in (field.Plain, *field.OURS, *field.PEERS)}


def reset_peak():
    """Forget the peak so far and return the memory in use, or the peak where it cannot be forgotten."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as switch:
            switch.write("5")
    except OSError:
        pass
    return peak_bytes()


def give_back():
    """Return freed memory to the system, where the C library can, lest it hide what is used later."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        pass


def peak_bytes():
    """Return the largest resident set so far."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def contender_for(peer, program, size):
    """Return the contender and what makes the right result."""
    job, arguments, expected = program(size)
    contender = peer.contend(job, size, *arguments)
    if contender is None:
        raise SystemExit("skipped, too large")
    return contender, expected


def measure(name, peak):
    """Check contender `name` at the small size, run it at the full one and return its peak in bytes."""
    peer = kinds()[name]()
    small, expected = contender_for(peer, peak.program, peak.small)
    problem = disagreement(small, small.unpack(small.run()), expected())
    if problem:
        raise SystemExit(problem)
    contender, _ = contender_for(peer, peak.program, peak.size)
    if peer.warm_at_size:
        contender.run()
    give_back()
    before = reset_peak()
    result = contender.run()
    used = peak_bytes() - before
    del result
    return used


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], PEAKS[int(sys.argv[2])])))
