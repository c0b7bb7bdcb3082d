"""Packages of scalar numbers, which NumPy holds in arrays of objects."""

import importlib

import numpy as np

from .base import Kit, Peer


def gradients(ys):
    """Return values and gradients of an object array of HyperJet numbers."""
    ys = np.atleast_1d(ys)
    return [y.f for y in ys], np.array([y.g for y in ys])


class HyperJet(Peer):
    """HyperJet: C++ scalars in object arrays; fixed sizes up to 16 directions, else `DScalar`."""

    name = module = "hyperjet"
    largest = 10**4
    largest_by_job = {"hessian": 100}

    def jvp(self, f, x, v):
        numbers = np.array([self.lib.D1Scalar(a, np.array([b])) for a, b in zip(x, v, strict=True)])
        return self._contender("f(x)", {"f": f, "x": numbers}, gradients)

    def jvps(self, f, x, vs):
        kind = getattr(self.lib, f"D{len(vs)}Scalar")
        numbers = np.array([kind(a, b) for a, b in zip(x, vs.T, strict=True)])

        def unpack(ys):
            values, slopes = gradients(ys)
            return values, slopes.T

        return self._contender("f(x)", {"f": f, "x": numbers}, unpack)

    def jacobian(self, f, x):
        def value_and_jacobian(x):
            return gradients(f(np.array(self.lib.DScalar.variables(x))))

        names = {"value_and_jacobian": value_and_jacobian, "x": list(x)}
        return self._contender("value_and_jacobian(x)", names)

    def hessian(self, f, x):
        def hessian(x):
            return f(np.array(self.lib.DDScalar.variables(x))).hm()

        return self._contender("hessian(x)", {"hessian": hessian, "x": list(x)}, lambda H: (None, H))

    def hyper_product(self, x, y):
        x, y = self.lib.DD2Scalar.variables([x, y])
        return self._contender("x * y", {"x": x, "y": y}, lambda z: (z.f, [*z.g, z.hm()[0, 1]]))

    def scalar(self, formula, xs, vs):
        x, y = (self.lib.D1Scalar(a, np.array([b])) for a, b in zip(xs, vs, strict=True))
        return self._contender(formula.method, {"x": x, "y": y}, gradients)


class NumDual(Peer):
    """num-dual: Rust scalars in object arrays, dense Jacobians by its `jacobian`."""

    name, module, package = "num-dual", "num_dual", "num-dual"
    largest = 10**4
    largest_by_job = {"jacobian": 200, "hessian": 100}

    def jvp(self, f, x, v):
        numbers = np.array([self.lib.Dual64(a, b) for a, b in zip(x, v, strict=True)])
        return self._contender("f(x)", {"f": f, "x": numbers},
                               lambda ys: ([y.value for y in ys], [y.first_derivative for y in ys]))

    def jacobian(self, f, x):
        names = {"jacobian": self.lib.jacobian, "f": lambda x: list(f(np.array(x))), "x": list(x)}
        return self._contender("jacobian(f, x)", names)

    def hessian(self, f, x):
        names = {"hessian": self.lib.hessian, "f": lambda x: f(np.array(x)), "x": list(x)}
        return self._contender("hessian(f, x)", names, lambda r: (None, r[2]))

    def hyper_product(self, x, y):
        x, y = self.lib.HyperDual64(x, 1.0, 0.0, 0.0), self.lib.HyperDual64(y, 0.0, 1.0, 0.0)
        return self._contender("x * y", {"x": x, "y": y},
                               lambda z: (z.value, [*z.first_derivative, z.second_derivative]))

    def scalar(self, formula, xs, vs):
        x, y = map(self.lib.Dual64, xs, vs)
        return self._contender(formula.method, {"x": x, "y": y}, lambda z: (z.value, z.first_derivative))


class Fastdual(Peer):
    """fastdual: C scalars that carry sparse gradients, in `DualArray`s."""

    name = module = "fastdual"
    largest = 10**4
    largest_by_job = {"hessian": 100}

    def jvp(self, f, x, v):
        seed = self.lib.Dual(0.0)
        numbers = self.lib.DualArray(np.array([a + seed * b for a, b in zip(x, v, strict=True)], dtype=object))

        def value_and_slopes(x):
            y = f(x)
            return self.lib.val(y), self.lib.der(y, seed)

        return self._contender("value_and_slopes(x)", {"value_and_slopes": value_and_slopes, "x": numbers})

    def jacobian(self, f, x):
        names = {"jacobian": self.lib.autojac(lambda *x: f(np.array(x))), "x": x.tolist()}
        return self._contender("jacobian(*x)", names)

    def hessian(self, f, x):
        names = {"hessian": self.lib.autohess(lambda *x: f(np.array(x))), "x": x.tolist()}
        return self._contender("hessian(*x)", names, lambda r: (None, r[1]))

    def hyper_product(self, x, y):
        x, y = self.lib.HyperDual(x, 1.0, 0.0, 0.0), self.lib.HyperDual(y, 0.0, 1.0, 0.0)
        return self._contender("x * y", {"x": x, "y": y}, lambda z: (z.f, [z.f1, z.f2, z.f12]))

    def scalar(self, formula, xs, vs):
        x, y = map(self.lib.Dual, xs)
        return self._contender(formula.method, {"x": x, "y": y},
                               lambda z: (z.val, z.der(x) * vs[0] + z.der(y) * vs[1]))


class Uncertainties(Peer):
    """uncertainties: derivatives to each independent variable, read from ``.derivatives``."""

    name = module = "uncertainties"
    largest = 10**3

    def __init__(self):
        super().__init__()
        self.unumpy = importlib.import_module("uncertainties.unumpy")
        self.sin = importlib.import_module("uncertainties.umath").sin

    def jvp(self, f, x, v):
        numbers = self.unumpy.uarray(x, np.ones(len(x)))

        def value_and_slopes(x):
            y = f(x, np=self.unumpy)
            return [b.n for b in y], [b.derivatives[a] for a, b in zip(x, y, strict=True)]

        return self._contender("value_and_slopes(x)", {"value_and_slopes": value_and_slopes, "x": numbers},
                               lambda r: (r[0], r[1] * v))

    def jacobian(self, f, x):
        numbers = self.unumpy.uarray(x, np.ones(len(x)))

        def value_and_jacobian(x):
            y = f(x)
            return [b.n for b in y], [[b.derivatives.get(a, 0.0) for a in x] for b in y]

        names = {"value_and_jacobian": value_and_jacobian, "x": numbers}
        return self._contender("value_and_jacobian(x)", names)

    def scalar(self, formula, xs, vs):
        x, y = (self.lib.ufloat(a, 1.0) for a in xs)
        return self._contender(f"({formula.function}).derivatives", {"x": x, "y": y, "sin": self.sin},
                               lambda d: (None, d[x] * vs[0] + d[y] * vs[1]))

    def uncertain(self, program, *arguments):
        def std(x):
            return self.unumpy.std_devs(x) if isinstance(x, np.ndarray) else x.std_dev

        def correlated(values, cov):
            return np.array(self.lib.correlated_values(values, cov))

        kit = Kit(self.lib.ufloat, self.unumpy.uarray, correlated, self.unumpy.sin, np.sum, std)
        return self._uncertain(kit, program, arguments)


class Gvar(Peer):
    """gvar: uncertain numbers, in arrays of objects."""

    name = module = "gvar"

    def uncertain(self, program, *arguments):
        gvar = self.lib
        kit = Kit(gvar.gvar, gvar.gvar, gvar.gvar, gvar.sin, np.sum, gvar.sdev)
        return self._uncertain(kit, program, arguments)
