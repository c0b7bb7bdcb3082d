"""Packages that build an expression first."""

import importlib

from .base import Peer


class Rows(list):
    """Matrices that are the leading axis of an array."""

    def reshape(self, _):
        """Return all elements in one column, as NumPy's ``reshape(-1)`` orders them."""
        casadi = importlib.import_module("casadi")
        return casadi.vertcat(*(casadi.vec(m.T) for m in self))


class CasadiNamespace:
    """CasADi's functions under NumPy's names; its own matrices have two axes and go by columns."""

    def __init__(self, casadi):
        self.casadi = casadi
        self.zeros = casadi.DM.zeros

    def __getattr__(self, name):
        return getattr(self.casadi, name)

    def sum(self, x):
        return self.casadi.sum1(x)

    def asarray(self, x):
        return x

    def reshape(self, x, shape):
        """Split a column into matrices, by rows."""
        count, n, m = shape
        return Rows(self.casadi.reshape(part, m, n).T for part in self.casadi.vertsplit(x, x.shape[0] // count))

    def stack(self, matrices):
        return Rows(matrices)

    def roll(self, x, shift, axis):
        join, split = ((self.casadi.vertcat, self.casadi.vertsplit), (self.casadi.horzcat, self.casadi.horzsplit))[axis]
        first, last = split(x, [0, -shift % x.shape[axis], x.shape[axis]])
        return join(last, first)

    def matmul(self, a, b):
        return a @ b

    def concatenate(self, parts):
        return self.casadi.vertcat(*parts)


class Casadi(Peer):
    """CasADi's virtual machine: vector operations as `MX`, scalar ones as `SX`; building it is not timed."""

    name = module = "casadi"
    compiles = True
    largest_by_job = {"jvp": 10**6, "jvps": 10**5, "sparsity": 2 * 10**5}

    def __init__(self):
        super().__init__()
        self.np = CasadiNamespace(self.lib)

    def _call(self, inputs, outputs, arguments, unpack):
        F = self.lib.Function("F", inputs, outputs)
        names = dict(zip("ab", map(self.lib.DM, arguments), strict=False))
        return self._contender(f"F({', '.join(names)})", {"F": F, **names}, unpack)

    def jvp(self, f, x, v):
        a, b = self.lib.MX.sym("a", *x.shape), self.lib.MX.sym("b", *x.shape)
        y = f(a, np=self.np)
        return self._call([a, b], [y, self.lib.jtimes(y, a, b)], (x, v), lambda r: [m.full() for m in r])

    jvp_transform = jvp

    def jvps(self, f, x, vs):
        a, b = self.lib.MX.sym("a", len(x)), self.lib.MX.sym("b", len(x), len(vs))
        y = f(a, np=self.np)
        return self._call([a, b], [y, self.lib.jtimes(y, a, b)], (x, vs.T),
                          lambda r: (r[0].full(), r[1].full().T))

    def jacobian(self, f, x):
        a = self.lib.SX.sym("a", len(x))
        y = f(a, np=self.np)
        return self._call([a], [y, self.lib.jacobian(y, a)], (x,), lambda r: [m.full() for m in r])

    def gradient(self, f, x):
        a = self.lib.SX.sym("a", len(x))
        y = f(a, np=self.np)
        return self._call([a], [y, self.lib.gradient(y, a)], (x,), lambda r: [m.full() for m in r])

    def hessian(self, f, x):
        a = self.lib.SX.sym("a", len(x))
        return self._call([a], [self.lib.hessian(f(a, np=self.np), a)[0]], (x,), lambda m: (None, m.full()))

    def hvp(self, f, x, v):
        a, b = self.lib.SX.sym("a", len(x)), self.lib.SX.sym("b", len(x))
        slope = self.lib.gradient(f(a, np=self.np), a)
        return self._call([a, b], [self.lib.jtimes(slope, a, b)], (x, v), lambda m: (None, m.full()))

    def _mapped(self, point, outputs, points):
        """Evaluate scalar expressions of a point at all `points`, (n, d)."""
        F = self.lib.Function("F", [point], [self.lib.vertcat(*outputs)]).map(len(points))
        return self._contender("F(x)", {"F": F, "x": self.lib.DM(points.T)}, lambda m: (None, m.full()))

    def laplacian(self, f, x):
        p = self.lib.SX.sym("p", x.shape[1])
        return self._mapped(p, [self.lib.trace(self.lib.hessian(f(p.T, np=self.np), p)[0])], x)

    def derivatives(self, f, x, order):
        if order > self.highest_order:
            return None
        a = self.lib.SX.sym("a")
        outputs = [f(a, np=self.np)]
        for _ in range(order):
            outputs.append(self.lib.jacobian(outputs[-1], a))
        return self._mapped(a, outputs, x[:, None])

    def sparsity(self, f, x):
        def sparsity():
            a = self.lib.SX.sym("a", len(x))
            return self.lib.jacobian_sparsity(f(a, np=self.np), a)

        return self._contender("sparsity()", {"sparsity": sparsity}, lambda pattern: (None, [pattern.nnz()]))

    def sparse_jacobian(self, f, x, pattern, v):
        a = self.lib.SX.sym("a", len(x))
        return self._call([a], [self.lib.jacobian(f(a, np=self.np), a)], (x,), lambda m: (None, m.sparse() @ v))

    def scalar(self, formula, xs, vs):
        a, b = self.lib.SX.sym("a", 2), self.lib.SX.sym("b", 2)
        y = formula.bind(self.lib.sin)(a[0], a[1])
        return self._call([a, b], [y, self.lib.jtimes(y, a, b)], (xs, vs), lambda r: [m.full() for m in r])
