"""NumPy alone, and dualad."""

import math

import numpy as np

from ..work import Contender
from .base import Kit, Peer


class Plain(Peer):
    """NumPy (or Python floats): the value alone, the reference."""

    name = module = "numpy"

    def jvp(self, f, x, _):
        return self._contender("f(x)", {"f": f, "x": x}, lambda y: (y, None))

    jvp_transform = jvps = jvp

    def jacobian(self, f, x):
        return self.jvp(f, x, None)

    gradient = hessian = laplacian = jacobian

    def sensitivities(self, problem):
        names = {"by_hand": problem.by_hand}
        return Contender(self.name, "by_hand()", names, problem.scaled, rtol=problem.accuracy)

    def scalar(self, formula, xs, _):
        return self._contender(formula.function, {"x": xs[0], "y": xs[1], "sin": math.sin},
                               lambda z: (z, None))


class Dualad(Peer):
    """dualad: NumPy code on `Dual` and `MultiDual`, and the transforms."""

    name = module = "dualad"

    def jvp(self, f, x, v):
        return self._contender("f(x)", {"f": f, "x": self.lib.Dual(x, v)},
                               lambda y: (y.value, y.tangent), exact=True)

    def jvps(self, f, x, vs):
        return self._contender("f(x)", {"f": f, "x": self.lib.MultiDual(x, vs)},
                               lambda y: (y.value, y.tangents), exact=True)

    def jvp_transform(self, f, x, v):
        names = {"jvp": self.lib.jvp, "f": f, "x": x, "v": v}
        return self._contender("jvp(f, (x,), (v,))", names, exact=True)

    def jacobian(self, f, x):
        return self._contender("jacobian(x)", {"jacobian": self.lib.jacobian(f), "x": x}, lambda J: (None, J))

    def gradient(self, f, x):
        return self._contender("gradient(x)", {"gradient": self.lib.value_and_grad(f), "x": x})

    def hessian(self, f, x):
        return self._contender("hessian(x)", {"hessian": self.lib.hessian(f), "x": x}, lambda H: (None, H))

    def hvp(self, f, x, v):
        names = {"hvp": self.lib.hvp, "f": f, "x": x, "v": v}
        return self._contender("hvp(f, (x,), (v,))", names, lambda r: (None, r[1]))

    def laplacian(self, f, x):
        names = {"laplacian": self.lib.laplacian(f, axis=1), "x": x}
        return self._contender("laplacian(x)", names, lambda y: (None, y))

    def derivatives(self, f, x, order):
        factorials = np.cumprod([1.0, *range(1, order + 1)])[:, None]
        names = {"taylor": self.lib.taylor, "f": f, "x": x, "order": order, "factorials": factorials}
        return self._contender("taylor(f, x, order) * factorials", names, lambda y: (None, y))

    def hyper_product(self, x, y):
        x, y = self.lib.HyperDual(x, 1.0, 0.0, 0.0), self.lib.HyperDual(y, 0.0, 1.0, 0.0)
        return self._contender("x * y", {"x": x, "y": y}, lambda z: (z.value, [z.e1, z.e2, z.e12]))

    def sparsity(self, f, x):
        names = {"sparsity": self.lib.jacobian_sparsity, "f": f, "x": x}
        return self._contender("sparsity(f, x)", names, lambda pattern: (None, [pattern.nnz]))

    def hessian_sparsity(self, f, x):
        names = {"sparsity": self.lib.hessian_sparsity, "f": f, "x": x}
        return self._contender("sparsity(f, x)", names, lambda pattern: (None, [pattern.nnz]))

    def recovery(self, matrix):
        coloring, out = self.lib.coloring(matrix), np.empty(matrix.nnz)
        recovery = self.lib.sparse._recovery.Recovery(coloring)
        names = {"values": recovery.values, "flat": recovery.flatten(coloring.compress(matrix)), "out": out}
        return self._contender("values(flat, out)", names, lambda data: (None, data))

    def coloring(self, pattern, order):
        names = {"coloring": self.lib.coloring, "pattern": pattern, "order": order}
        return self._contender("coloring(pattern, order=order)", names, lambda _: (None, None))

    def sparse_jacobian(self, f, x, pattern, v):
        names = {"jacobian": self.lib.sparse_jacobian(f, pattern), "x": x}
        return self._contender("jacobian(x)", names, lambda J: (None, J @ v))

    def compressed_jacobian(self, f, x, pattern, v, chunk):
        names = {"jacobian": self.lib.sparse_jacobian(f, pattern, chunk_size=chunk), "x": x}
        return self._contender("jacobian(x)", names, lambda J: (None, J @ v))

    def sparse_hessian(self, f, x, v):
        names = {"hessian": self.lib.sparse_hessian(f).prepare(x), "x": x}
        return self._contender("hessian(x)", names, lambda H: (None, H @ v))

    def scalar(self, formula, xs, vs):
        x, y = map(self.lib.Dual, xs, vs)
        return self._contender(formula.method, {"x": x, "y": y}, lambda z: (z.value, z.tangent), exact=True)

    def uncertain(self, program, *arguments):
        uq = self.lib.uq
        kit = Kit(uq.ufloat, uq.uarray, uq.correlated, np.sin, np.sum, lambda x: x.std_dev)
        return self._uncertain(kit, program, arguments)

    def propagate(self, f, x, std):
        names = {"propagate": self.lib.uq.propagate, "f": f, "x": x, "s": std}
        return self._contender("propagate(f, x, std=s).std", names, lambda s: (None, s))

    def solution(self, ours, scipys, rtol, kernel):
        return Contender(self.name, "run()", {"run": ours}, lambda x: (x, None), rtol=rtol)

    def sensitivities(self, problem):
        integrate = self.lib.integrate
        names = {"both": self.lib.value_and_jacobian(lambda p: problem.solve(integrate, p)), "p": problem.p}
        return Contender(self.name, "both(p)", names, problem.scaled, rtol=problem.accuracy)


class DualadTransform(Peer):
    """dualad's `jvp` where the column "dualad" is f on numbers that exist: both ways of use are shown."""

    name, module = "da.jvp", "dualad"
    jvp = Dualad.jvp_transform
