"""Eager packages for arrays."""

import functools
import importlib

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

    def scalar(self, formula, xs, vs):
        return self._jvp(formula.bind(self.lib.sin), xs, vs)
