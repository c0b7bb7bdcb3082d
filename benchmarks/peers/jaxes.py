"""JAX, and packages on top of it."""

import functools
import importlib

from .base import Peer


class Jax(Peer):
    """JAX, operation by operation."""

    name = module = "jax"

    def __init__(self):
        super().__init__()
        self.lib.config.update("jax_enable_x64", True)
        self.np = importlib.import_module("jax.numpy")

    def _call(self, function, *arguments):
        """Time `function`, waiting for its result, which JAX computes asynchronously."""
        names = {"wait": self.lib.block_until_ready, "f": self._stage(function)}
        values = [self.lib.tree.map(self.np.asarray, argument) for argument in arguments]
        names.update(zip("abc", values, strict=False))
        return self._contender(f"wait(f({', '.join('abc'[:len(values)])}))", names)

    def _stage(self, function):
        return function

    def jvp(self, f, x, v):
        def jvp(x, v):
            return self.lib.jvp(lambda x: f(x, np=self.np), (x,), (v,))

        return self._call(jvp, x, v)

    jvp_transform = jvp

    def jvps(self, f, x, vs):
        def directions(x, vs):
            push = functools.partial(self.lib.jvp, functools.partial(f, np=self.np), (x,))
            return self.lib.vmap(lambda v: push((v,)), out_axes=(None, 0))(vs)

        return self._call(directions, x, vs)

    def jacobian(self, f, x):
        def value_and_jacobian(x):
            return f(x, np=self.np), self.lib.jacfwd(lambda x: f(x, np=self.np))(x)

        return self._call(value_and_jacobian, x)

    def gradient(self, f, x):
        return self._call(self.lib.value_and_grad(functools.partial(f, np=self.np)), x)

    def hessian(self, f, x):
        hessian = self.lib.hessian(functools.partial(f, np=self.np))
        return self._call(lambda x: (None, hessian(x)), x)

    def hvp(self, f, x, v):
        slope = self.lib.grad(functools.partial(f, np=self.np))
        return self._call(lambda x, v: (None, self.lib.jvp(slope, (x,), (v,))[1]), x, v)

    def laplacian(self, f, x):
        hessian = self.lib.hessian(functools.partial(f, np=self.np))
        laplacian = self.lib.vmap(lambda p: self.np.trace(hessian(p)))
        return self._call(lambda x: (None, laplacian(x)), x)

    def derivatives(self, f, x, order):
        jet = importlib.import_module("jax.experimental.jet").jet

        def derivatives(x):
            line = [self.np.ones_like(x), *(self.np.zeros_like(x) for _ in range(order - 1))]
            value, terms = jet(functools.partial(f, np=self.np), (x,), (line,))
            return None, self.np.stack([value, *terms])

        return self._call(derivatives, x)

    def scalar(self, formula, xs, vs):
        f = formula.bind(self.np.sin)
        return self._call(lambda xs, vs: self.lib.jvp(f, xs, vs), xs, vs)


class JaxCompiled(Jax):
    """JAX under `jit`; compile time is in ``first_seconds`` and not in the figures."""

    name = "jax.jit"
    package = "jax"
    warm_at_size = compiles = True

    def _stage(self, function):
        return self.lib.jit(function)


class Asdex(Peer):
    """asdex: sparsity detection and colouring for JAX; evaluation under `jit`, timed without compilation."""

    name = module = "asdex"
    compiles = True
    largest = 2 * 10**5

    def __init__(self):
        super().__init__()
        self.jax = importlib.import_module("jax")
        self.jax.config.update("jax_enable_x64", True)
        self.np = importlib.import_module("jax.numpy")

    def _staged(self, function, x, v):
        names = {"wait": self.jax.block_until_ready, "f": self.jax.jit(function), "x": self.np.asarray(x)}
        return self._contender("wait(f(x))", names, lambda matrix: (None, matrix @ v))

    def _detection(self, kind, f, x):
        names = {"sparsity": kind, "f": functools.partial(f, np=self.np), "x": self.np.asarray(x)}
        return self._contender("sparsity(f, x)", names, lambda pattern: (None, [pattern.nnz]))

    def sparsity(self, f, x):
        return self._detection(self.lib.jacobian_sparsity, f, x)

    def hessian_sparsity(self, f, x):
        return self._detection(self.lib.hessian_sparsity, f, x)

    def coloring(self, pattern, order):
        if order is not None:
            return None
        bcoo = importlib.import_module("jax.experimental.sparse").BCOO.from_scipy_sparse(pattern.astype(float))
        pattern = self.lib.SparsityPattern.from_bcoo(bcoo)
        names = {"coloring": self.lib.jacobian_coloring_from_sparsity, "pattern": pattern}
        return self._contender("coloring(pattern)", names, lambda _: (None, None))

    def sparse_jacobian(self, f, x, pattern, v):
        return self._staged(self.lib.jacobian(functools.partial(f, np=self.np), self.np.asarray(x)), x, v)

    def sparse_hessian(self, f, x, v):
        return self._staged(self.lib.hessian(functools.partial(f, np=self.np), self.np.asarray(x)), x, v)


class Sparsejac(Asdex):
    """sparsejac: coloured Jacobians for JAX with a given pattern, under `jit`; only evaluation is timed."""

    name = module = "sparsejac"
    largest = 2 * 10**4
    sparse_hessian = sparsity = hessian_sparsity = coloring = None

    def sparse_jacobian(self, f, x, pattern, v):
        bcoo = importlib.import_module("jax.experimental.sparse").BCOO.from_scipy_sparse(pattern.astype(float))
        return self._staged(self.lib.jacfwd(functools.partial(f, np=self.np), bcoo), x, v)
