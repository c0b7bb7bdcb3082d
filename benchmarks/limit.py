"""The limit as a contender: `limit.c`, compiled when the benchmarks run."""

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from .peers import Peer

SOURCE = Path(__file__).with_name("limit.c")
OPTIMISE = ("-O3", "-march=native")


class Limit(Peer):
    """Hand-written C with libm's functions, one element after the other where they do not vectorise."""

    name = "C"
    flags = OPTIMISE
    rtol = 1e-9

    def __init__(self):
        self.compiler = shlex.split(os.environ.get("CC", "cc"))
        if shutil.which(self.compiler[0]) is None:
            raise FileNotFoundError(f"no C compiler {self.compiler[0]!r}; set CC")
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "limit.so")
            subprocess.run([*self.compiler, *self.flags, "-shared", "-fPIC", "-o", target, SOURCE, "-lm"],
                           check=True, capture_output=True, text=True)
            self.lib = ctypes.CDLL(str(target))
        pointer, count = ctypes.c_void_p, ctypes.c_long
        self.lib.repeat.argtypes = [pointer, count, pointer, pointer, pointer, pointer, count, count]
        self.lib.repeat.restype = None

    def describe(self):
        """Return compiler and flags."""
        first_line = subprocess.run([*self.compiler, "--version"], check=True, capture_output=True,
                                    text=True).stdout.splitlines()[0]
        return f"{self.name}: {first_line}, {' '.join(self.flags)}"

    def _kernel(self, name, x, v, y, dy, directions=1):
        """Return a contender that runs kernel `name` often enough to hide the call; None if there is none."""
        function = getattr(self.lib, name, None)
        if function is None:
            return None
        arrays = [np.ascontiguousarray(a, dtype=float) for a in (x, v, y, dy)]
        calls = max(1, 2000 // (len(arrays[0]) * directions))
        arguments = (ctypes.cast(function, ctypes.c_void_p), calls, *(a.ctypes.data for a in arrays),
                     len(arrays[0]), directions)
        return self._contender("repeat(*arguments)", {"repeat": self.lib.repeat, "arguments": arguments},
                               lambda _: (arrays[2], arrays[3]), calls=calls)

    def jvp(self, f, x, v):
        return self._kernel(f"{f.__name__}_jvps", x, v, np.empty_like(x), np.empty_like(x))

    jvp_transform = jvp

    def jvps(self, f, x, vs):
        return self._kernel(f"{f.__name__}_jvps", x, vs, np.empty_like(x), np.empty_like(vs), len(vs))

    def jacobian(self, f, x):
        # The padded and the in-place form of a function have one and the same limit.
        name = f.__name__.removesuffix("_in_place") + "_jacobian"
        return self._kernel(name, x, x, np.empty_like(x), np.empty((len(x), len(x))))

    def scalar(self, formula, xs, vs):
        return self._kernel("scalar", xs, vs, np.empty(1), np.empty(1))


class FastLimit(Limit):
    """The same with -ffast-math: libm's vector variants, which are up to 4 ulp off."""

    name = "C fast"
    flags = (*OPTIMISE, "-ffast-math")


LIMITS = (Limit, FastLimit)
