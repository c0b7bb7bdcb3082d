"""The limit as a contender: `limit.c`, compiled when the benchmarks run."""

import ctypes
import math
import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import sparse

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
            made, target = Path(folder, "limit.o"), Path(folder, "limit.so")
            # linked without -ffast-math, which would add code that switches subnormal numbers off in the whole process
            for step in ([*self.flags, "-fPIC", "-c", "-o", made, SOURCE], ["-shared", "-o", target, made, "-lm"]):
                subprocess.run([*self.compiler, *step], check=True, capture_output=True, text=True)
            self.lib = ctypes.CDLL(str(target))
        pointer, count = ctypes.c_void_p, ctypes.c_long
        self.lib.repeat.argtypes = [pointer, count, pointer, pointer, pointer, pointer, count, count]
        self.lib.repeat.restype = None

    def describe(self):
        """Return compiler and flags."""
        first_line = subprocess.run([*self.compiler, "--version"], check=True, capture_output=True,
                                    text=True).stdout.splitlines()[0]
        return f"{self.name}: {first_line}, {' '.join(self.flags)}"

    def _kernel(self, name, x, v, y, dy, directions=1, unpack=None):
        """Return a contender that runs kernel `name` often enough to hide the call; None if there is none."""
        function = getattr(self.lib, name, None)
        if function is None:
            return None
        arrays = [np.ascontiguousarray(a, dtype=float) for a in (x, v, y, dy)]
        calls = max(1, 2000 // (len(arrays[0]) * directions))
        arguments = (ctypes.cast(function, ctypes.c_void_p), calls, *(a.ctypes.data for a in arrays),
                     len(arrays[0]), directions)
        return self._contender("repeat(*arguments)", {"repeat": self.lib.repeat, "arguments": arguments},
                               lambda _: (unpack or tuple)(arrays[2:]), calls=calls)

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

    def gradient(self, f, x):
        return self._kernel(f"{f.__name__}_gradient", x, x, np.empty(1), np.empty_like(x))

    def hessian(self, f, x):
        return self._kernel(f"{f.__name__}_hessian", x, x, np.empty(1), np.empty((len(x), len(x))),
                            unpack=derivatives_alone)

    def hvp(self, f, x, v):
        return self._kernel(f"{f.__name__}_hvp", x, v, np.empty(1), np.empty_like(x), unpack=derivatives_alone)

    def laplacian(self, f, x):
        return self._kernel(f"{f.__name__}_laplacian", x, f.parameters, np.empty(len(x)), np.empty(len(x)),
                            unpack=derivatives_alone)

    def derivatives(self, f, x, order):
        return self._kernel(f"{f.__name__}_derivatives", x, x, np.empty_like(x), np.empty((order + 1, len(x))), order,
                            derivatives_alone)

    def sparse_jacobian(self, f, x, pattern, v):
        layout = {"brusselator": periodic_columns, "broyden": tridiagonal_columns}.get(f.__name__)
        return layout and self._sparse(f"{f.__name__}_sparse_jacobian", x, layout(len(x)), v)

    def sparse_hessian(self, f, x, v):
        return self._sparse(f"{f.__name__}_sparse_hessian", x, tridiagonal_columns(len(x)), v)

    def solution(self, ours, scipys, rtol, kernel):
        """`kernel`: the name of one, its two inputs and the shape of the solution; None where there is none."""
        if kernel is None:
            return None
        name, x, v, shape = kernel
        return self._kernel(name, x, v, np.empty(shape), np.empty(0), unpack=lambda arrays: (arrays[0], None))

    def sensitivities(self, problem):
        if problem.kernel is None:
            return None
        n, m, steps = len(problem.y0), len(problem.p), np.diff(problem.times())
        tableau = problem.tableau()
        x, v = np.concatenate([problem.y0, problem.p]), np.concatenate([*(part.ravel() for part in tableau), steps])
        made = self._kernel(problem.kernel, x, v, np.empty(n), np.empty((m, n)), len(steps),
                            lambda arrays: problem.scaled((arrays[0], arrays[1].T)))
        return replace(made, rtol=problem.accuracy)

    def uncertain(self, program, *arguments):
        name = f"{program.__name__}_std"
        x, v = arguments
        if program.__name__ == "product":
            return self._kernel(name, *np.transpose(arguments), np.empty(1), np.empty(2), unpack=nothing)
        if program.__name__ == "common_sum":
            v = np.append(v, 0.1)
        shape = len(x) if program.__name__ == "sine" else 1
        return self._kernel(name, x, v, np.empty(shape), np.empty(shape), unpack=derivatives_alone)

    def propagate(self, f, x, std):
        rows = len(f.parameters)
        return self._kernel("propagate_std", x, np.concatenate([std, f.parameters.ravel()]), np.empty(rows),
                            np.empty(rows), rows, derivatives_alone)

    def _sparse(self, name, x, layout, v):
        """Return the contender of a kernel that fills the values of a matrix with columns (indices, indptr, side)."""
        indices, indptr, side = layout

        def unpack(arrays):
            return None, sparse.csc_array((arrays[1], indices, indptr), shape=(len(x), len(x))) @ v

        return self._kernel(name, x, x, np.empty_like(x), np.empty(len(indices)), side, unpack)


def derivatives_alone(arrays):
    """Return no value: the other contenders return none."""
    return None, arrays[1]


def nothing(arrays):
    """Return nothing to compare."""
    return None, None


def tridiagonal_columns(n):
    """Return indices, indptr and 1 for a tridiagonal matrix by columns."""
    rows = np.arange(n)[:, None] + np.array([-1, 0, 1])
    return rows[(rows >= 0) & (rows < n)], np.concatenate([[0], 3 * np.arange(1, n) - 1, [3 * n - 2]]), 1


def periodic_columns(n):
    """Return indices, indptr and the side of the grid for two fields on a periodic grid, as in the C code."""
    side = math.isqrt(n // 2)
    grid = np.arange(n).reshape(2, side, side)
    rows = [grid, *(np.roll(grid, shift, axis) for axis, shift in ((1, -1), (1, 1), (2, 1), (2, -1))), grid[::-1]]
    return np.stack(rows, -1).ravel(), 6 * np.arange(n + 1), side


class FastLimit(Limit):
    """The same with -ffast-math: libm's vector variants, which are up to 4 ulp off."""

    name = "C fast"
    flags = (*OPTIMISE, "-ffast-math")


LIMITS = (Limit, FastLimit)
