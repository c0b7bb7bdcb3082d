"""Eager packages for arrays."""

import functools
import importlib

import numpy as np

from .base import Peer


class Autograd(Peer):
    """autograd: forward mode by `make_jvp`, dense Jacobians by `jacobian` (reverse mode)."""

    name = module = "autograd"

    def __init__(self):
        super().__init__()
        self.np = importlib.import_module("autograd.numpy")

    def jvp(self, f, x, v):
        names = {"make_jvp": self.lib.make_jvp, "f": functools.partial(f, np=self.np), "x": x, "v": v}
        return self._contender("make_jvp(f)(x)(v)", names)

    jvp_transform = jvp

    def jvps(self, f, x, vs):
        def directions(x, vs):
            push = self.lib.make_jvp(functools.partial(f, np=self.np))(x)
            return [push(v) for v in vs]

        return self._contender("directions(x, vs)", {"directions": directions, "x": x, "vs": vs},
                               lambda pairs: (pairs[0][0], [dy for _, dy in pairs]))

    def jacobian(self, f, x):
        jacobian = self.lib.jacobian(functools.partial(f, np=self.np))
        return self._contender("jacobian(x)", {"jacobian": jacobian, "x": x}, lambda J: (None, J))

    def gradient(self, f, x):
        names = {"gradient": self.lib.value_and_grad(functools.partial(f, np=self.np)), "x": x}
        return self._contender("gradient(x)", names)

    def hessian(self, f, x):
        names = {"hessian": self.lib.hessian(functools.partial(f, np=self.np)), "x": x}
        return self._contender("hessian(x)", names, lambda H: (None, H))

    def hvp(self, f, x, v):
        names = {"hvp": self.lib.hessian_vector_product(functools.partial(f, np=self.np)), "x": x, "v": v}
        return self._contender("hvp(x, v)", names, lambda y: (None, y))

    def laplacian(self, f, x):
        slope = self.lib.elementwise_grad(functools.partial(f, np=self.np))
        seconds = [self.lib.elementwise_grad(lambda x, i=i: slope(x)[:, i]) for i in range(x.shape[1])]

        def laplacian(x):
            return sum(second(x)[:, i] for i, second in enumerate(seconds))

        return self._contender("laplacian(x)", {"laplacian": laplacian, "x": x}, lambda y: (None, y))

    def derivatives(self, f, x, order):
        if order > self.highest_order:
            return None
        functions = [functools.partial(f, np=self.np)]
        for _ in range(order):
            functions.append(self.lib.elementwise_grad(functions[-1]))
        names = {"functions": functions, "x": x}
        return self._contender("[f(x) for f in functions]", names, lambda rows: (None, rows))

    def scalar(self, formula, xs, vs):
        f = formula.bind(self.np.sin)
        names = {"make_jvp": self.lib.make_jvp, "f": f, "x": xs[0], "y": xs[1], "v": vs}
        return self._contender("make_jvp(f, (0, 1))(x, y)(v)", names)


class Torch(Peer):
    """PyTorch on the CPU, eager, by `torch.func`."""

    name = module = "torch"

    def __init__(self):
        super().__init__()
        self.lib.set_num_threads(1)
        self.lib.set_default_dtype(self.lib.float64)

    def _jvp(self, f, xs, vs):
        xs, vs = (tuple(self.lib.as_tensor(a, dtype=self.lib.float64) for a in group) for group in (xs, vs))
        return self._contender("jvp(f, xs, vs)", {"jvp": self.lib.func.jvp, "f": f, "xs": xs, "vs": vs})

    def jvp(self, f, x, v):
        return self._jvp(functools.partial(f, np=self.lib), (x,), (v,))

    jvp_transform = jvp

    def jvps(self, f, x, vs):
        func = self.lib.func

        def directions(x, vs):
            push = functools.partial(func.jvp, functools.partial(f, np=self.lib), (x,))
            return func.vmap(lambda v: push((v,)), out_dims=(None, 0))(vs)

        return self._contender("directions(x, vs)", {"directions": directions, "x": self.lib.as_tensor(x),
                                                     "vs": self.lib.as_tensor(vs)})

    def jacobian(self, f, x):
        jacobian = self.lib.func.jacfwd(functools.partial(f, np=self.lib))
        names = {"jacobian": jacobian, "x": self.lib.as_tensor(x)}
        return self._contender("jacobian(x)", names, lambda J: (None, J))

    def gradient(self, f, x):
        gradient = self.lib.func.grad_and_value(functools.partial(f, np=self.lib))
        names = {"gradient": gradient, "x": self.lib.as_tensor(x)}
        return self._contender("gradient(x)", names, lambda pair: pair[::-1])

    def hessian(self, f, x):
        names = {"hessian": self.lib.func.hessian(functools.partial(f, np=self.lib)), "x": self.lib.as_tensor(x)}
        return self._contender("hessian(x)", names, lambda H: (None, H))

    def hvp(self, f, x, v):
        slope = self.lib.func.grad(functools.partial(f, np=self.lib))
        names = {"jvp": self.lib.func.jvp, "slope": slope, "x": self.lib.as_tensor(x), "v": self.lib.as_tensor(v)}
        return self._contender("jvp(slope, (x,), (v,))", names, lambda r: (None, r[1]))

    def laplacian(self, f, x):
        hessian = self.lib.func.hessian(functools.partial(f, np=self.lib))
        names = {"laplacian": self.lib.func.vmap(lambda p: hessian(p).trace()), "x": self.lib.as_tensor(x)}
        return self._contender("laplacian(x)", names, lambda y: (None, y))

    def derivatives(self, f, x, order):
        if order > self.highest_order:
            return None
        functions = [functools.partial(f, np=self.lib)]
        for _ in range(order):
            functions.append(self.lib.func.grad(functions[-1]))
        names = {"functions": [self.lib.func.vmap(f) for f in functions], "x": self.lib.as_tensor(x)}
        return self._contender("[f(x) for f in functions]", names, lambda rows: (None, rows))

    def scalar(self, formula, xs, vs):
        return self._jvp(formula.bind(self.lib.sin), xs, vs)


class Dualpy(Peer):
    """dualpy: dual numbers in Python on NumPy's protocols."""

    name = module = "dualpy"
    largest_by_job = {"jacobian": 200, "hessian": 100, "hvp": 1000}

    def jvp(self, f, x, v):
        return self._contender("jvp(f, x, v)", {"jvp": self.lib.jvp, "f": f, "x": x, "v": v})

    jvp_transform = jvp

    def jacobian(self, f, x):
        return self._contender("jacobian(x)", {"jacobian": self.lib.jacobian(f), "x": x}, lambda J: (None, J))

    def hessian(self, f, x):
        return self._contender("hessian(x)", {"hessian": self.lib.hessian(f), "x": x}, lambda H: (None, H))

    def hvp(self, f, x, v):
        return self._contender("hvp(x)", {"hvp": self.lib.hvp(f, v), "x": x}, lambda y: (None, y))

    def derivatives(self, f, x, order):
        if order > self.highest_order:
            return None
        functions = [f, *(self.lib.nth_derivative(f, n) for n in range(1, order + 1))]
        names = {"functions": functions, "x": x.tolist()}
        return self._contender("[[f(a) for a in x] for f in functions]", names, lambda rows: (None, rows))

    def scalar(self, formula, xs, vs):
        names = {"jvp": self.lib.jvp, "f": formula.bind(np.sin), "xs": xs, "vs": vs}
        return self._contender("jvp(f, xs, vs)", names)


class AlgopyNamespace:
    """AlgoPy's functions, and NumPy's on what is constant."""

    def __init__(self, algopy):
        self.algopy = algopy

    def __getattr__(self, name):
        return getattr(self.algopy, name, None) or getattr(np, name)


class Algopy(Peer):
    """AlgoPy: Taylor arithmetic in Python, `UTPM` arrays of (order + 1, directions) + shape."""

    name = module = "algopy"
    largest = 10**6
    largest_by_job = {"jvps": 10**5, "hessian": 100}

    def __init__(self):
        super().__init__()
        self.np = AlgopyNamespace(self.lib)

    def _numbers(self, x, vs, order=1):
        """Return x plus the directions vs times t."""
        data = np.zeros((order + 1, len(vs), *np.shape(x)))
        data[0], data[1] = x, vs
        return self.lib.UTPM(data)

    def jvp(self, f, x, v):
        if np.ndim(x) != 1:  # UTPM has no operator @: NumPy would go through the elements for minutes
            return None
        names = {"f": functools.partial(f, np=self.np), "x": self._numbers(x, [v])}
        return self._contender("f(x)", names, lambda y: (y.data[0, 0], y.data[1, 0]))

    def jvps(self, f, x, vs):
        if np.ndim(x) != 1:
            return None
        names = {"f": functools.partial(f, np=self.np), "x": self._numbers(x, vs)}
        return self._contender("f(x)", names, lambda y: (y.data[0, 0], y.data[1]))

    def _driver(self, kind, f, x, *size):
        """Use one of AlgoPy's pairs of functions that seed and that read the result."""
        seed, read = getattr(self.lib.UTPM, f"init_{kind}"), getattr(self.lib.UTPM, f"extract_{kind}")
        names = {"seed": seed, "read": read, "f": functools.partial(f, np=self.np), "x": x, "size": size}
        return self._contender("read(*size, f(seed(x)))", names, lambda y: (None, y))

    def jacobian(self, f, x):
        return self._driver("jacobian", f, x)

    def hessian(self, f, x):
        return self._driver("hessian", f, x, len(x))

    def derivatives(self, f, x, order):
        factorials = np.cumprod([1.0, *range(1, order + 1)])[:, None]

        def derivatives(x):
            return f(self._numbers(x, [np.ones_like(x)], order), np=self.np).data[:, 0] * factorials

        return self._contender("derivatives(x)", {"derivatives": derivatives, "x": x}, lambda y: (None, y))

    def scalar(self, formula, xs, vs):
        x, y = (self._numbers(a, [b]) for a, b in zip(xs, vs, strict=True))
        return self._contender(formula.function, {"x": x, "y": y, "sin": self.np.sin},
                               lambda z: (z.data[0, 0], z.data[1, 0]))
