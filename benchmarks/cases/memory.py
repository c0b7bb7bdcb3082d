"""Peak memory of a JVP through a hundred operations, in arrays of the input's size.

Each contender runs in a process of its own, ``python -m benchmarks.cases.memory NAME SIZE``. The peak is
counted from the moment the inputs exist.
"""

import gc
import json
import resource
import subprocess
import sys

import numpy

from .. import peers as field
from ..work import JUDGED, Figure, Note, complex_step, disagreement

SIZE = 1_000_000
TARGET = 8.0


def chain(x, np=numpy):
    """A hundred operations, each on the result of the one before."""
    y = x
    for _ in range(20):
        y = np.tanh(np.sin(y * x) + 0.5 * y)
    return y


class MemoryWork:
    """The chain at one size, a process per contender."""

    def __init__(self, size, target):
        self.family, self.title = "memory", "peak of a JVP of 100 operations"
        self.size, self.target = size, target
        self.notes = []

    def figures(self, peers, settings):
        """Return the peak of NumPy's value computation and of each peer that has a JVP."""
        able = [peer.name for peer in peers if peer.name in kinds() and hasattr(peer, "jvp_transform")]
        results = [(name, self._measure(name)) for name in ("numpy", *able)]
        return [self._figure(name, peak) for name, peak in results if peak is not None]

    def _measure(self, name):
        command = [sys.executable, "-m", __name__, name, str(self.size)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            self.notes.append(Note(name, last, self.title))
            return None
        return json.loads(done.stdout.splitlines()[-1])

    def _figure(self, name, peak):
        return Figure(self.family, self.title, self.size, name, "arrays", peak, peak, peak,
                      self.target if name == JUDGED else None)


def works(quick):
    """Yield the one work."""
    yield MemoryWork(SIZE, TARGET)


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


def peak_bytes():
    """Return the largest resident set so far."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(name, size):
    """Check contender `name` on a few elements, run it on `size` and print its peak in arrays."""
    peer = kinds()[name]()
    x, v = numpy.random.default_rng(0).standard_normal((2, size))
    few = slice(10)
    small = peer.jvp_transform(chain, x[few], v[few])
    problem = disagreement(small, small.unpack(small.run()), complex_step(chain, x[few], v[few]))
    if problem:
        raise SystemExit(problem)
    contender = peer.jvp_transform(chain, x, v)
    if peer.warm_at_size:
        contender.run()
    gc.collect()
    before = reset_peak()
    result = contender.run()
    print(json.dumps((peak_bytes() - before) / x.nbytes))
    del result


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
