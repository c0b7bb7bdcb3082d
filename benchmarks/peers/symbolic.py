"""Packages that build an expression first."""

from .base import Peer


class CasadiNamespace:
    """CasADi's functions under NumPy's names."""

    def __init__(self, casadi):
        self.casadi = casadi
        self.zeros = casadi.DM.zeros

    def __getattr__(self, name):
        return getattr(self.casadi, name)

    def concatenate(self, parts):
        return self.casadi.vertcat(*parts)


class Casadi(Peer):
    """CasADi's virtual machine: vector operations as `MX`, scalar ones as `SX`; building it is not timed."""

    name = module = "casadi"

    def __init__(self):
        super().__init__()
        self.np = CasadiNamespace(self.lib)

    def _call(self, inputs, outputs, arguments, unpack):
        F = self.lib.Function("F", inputs, outputs)
        names = dict(zip("ab", map(self.lib.DM, arguments), strict=False))
        return self._contender(f"F({', '.join(names)})", {"F": F, **names}, unpack)

    def jvp(self, f, x, v):
        a, b = self.lib.MX.sym("a", len(x)), self.lib.MX.sym("b", len(x))
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

    def sparse_jacobian(self, f, x, pattern, v):
        a = self.lib.SX.sym("a", len(x))
        return self._call([a], [self.lib.jacobian(f(a, np=self.np), a)], (x,), lambda m: (None, m.sparse() @ v))

    def scalar(self, formula, xs, vs):
        a, b = self.lib.SX.sym("a", 2), self.lib.SX.sym("b", 2)
        y = formula.bind(self.lib.sin)(a[0], a[1])
        return self._call([a, b], [y, self.lib.jtimes(y, a, b)], (xs, vs), lambda r: [m.full() for m in r])
