"""The packages that are measured, each used as its own documentation recommends.

A peer has one method per job it can do; each returns a `Contender`. Case functions are plain NumPy
code with the namespace as their last argument, ``f(x, np=numpy)``, so that all NumPy-like peers run
them unchanged.

The jobs:

- ``jvp(f, x, v)``: one direction, on the peer's own numbers where it has some;
- ``jvp_transform(f, x, v)``: one direction, from arrays to arrays;
- ``jvps(f, x, vs)``: several directions at once;
- ``jacobian(f, x)``: dense;
- ``scalar(formula, xs, vs)``: a `Formula` of x and y along one direction;
- ``uncertain(program, *arguments)``: ``program(kit, *arguments)`` makes uncertain numbers by a `Kit` and returns
  what is timed;
- ``propagate(f, x, std)``: standard deviations of f(x);
- ``solution(ours, scipys, rtol)``: what dualad's program, or SciPy's if there is one, returns.
"""

import functools
import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .timing import version
from .work import Contender, Note


@dataclass(frozen=True)
class Formula:
    """A scalar expression of x and y, with sin as a function and, for number classes, as a method."""

    function: str
    method: str

    def bind(self, sin):
        """Return the expression as a Python function of x and y."""
        return eval(f"lambda x, y: {self.function}", {"sin": sin})


@dataclass(frozen=True)
class Kit:
    """How a package makes uncertain numbers and asks for their standard deviations.

    Attributes
    ----------
    scalar, array, correlated : callable
        Of value and standard deviation, of arrays of them, of values and covariance.
    sin, sum, std : callable
        Of an array of uncertain numbers.
    """

    scalar: Callable
    array: Callable
    correlated: Callable
    sin: Callable
    sum: Callable
    std: Callable


class Peer:
    """A package that can do some of the jobs.

    Attributes
    ----------
    name, module, package : str
        Column in the tables, module to import, distribution to install.
    largest : int
        The largest number of elements worth asking for.
    warm_at_size : bool
        Whether the first run at a new size prepares something (compilation) that memory figures leave out.
    """

    name = ""
    module = ""
    package = ""
    largest = 10**7
    warm_at_size = False
    rtol = 1e-10

    def __init__(self):
        self.lib = importlib.import_module(self.module)

    def contend(self, job, size, *arguments):
        """Return the contender for `job`, or None where this peer has no such job or size."""
        make = getattr(self, job, None)
        return None if make is None or size > self.largest else make(*arguments)

    def describe(self):
        """Return package and version."""
        package = self.package or self.module
        return f"{package} {version(package)}"

    def _uncertain(self, kit, program, arguments):
        """Return the contender of a program on uncertain numbers; what are no deviations is not compared."""
        def unpack(result):
            return None, result if isinstance(result, (float, np.ndarray)) else None

        return self._contender("run()", {"run": program(kit, *arguments)}, unpack)

    def _contender(self, statement, names, unpack=tuple, **options):
        return Contender(self.name, statement, names, unpack, rtol=self.rtol, **options)


class Plain(Peer):
    """NumPy (or Python floats): the value alone, the reference."""

    name = module = "numpy"

    def jvp(self, f, x, _):
        return self._contender("f(x)", {"f": f, "x": x}, lambda y: (y, None))

    jvp_transform = jvps = jvp

    def jacobian(self, f, x):
        return self.jvp(f, x, None)

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

    def sparsity(self, f, x):
        names = {"sparsity": self.lib.jacobian_sparsity, "f": f, "x": x}
        return self._contender("sparsity(f, x)", names, lambda pattern: (None, [pattern.nnz]))

    def coloring(self, pattern, order):
        names = {"coloring": self.lib.coloring, "pattern": pattern, "order": order}
        return self._contender("coloring(pattern, order=order)", names, lambda _: (None, None))

    def sparse_jacobian(self, f, x, pattern, v):
        names = {"jacobian": self.lib.sparse_jacobian(f, pattern), "x": x}
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

    def solution(self, ours, scipys, rtol):
        return Contender(self.name, "run()", {"run": ours}, lambda x: (x, None), rtol=rtol)


    def sensitivities(self, problem):
        integrate = self.lib.integrate
        names = {"both": self.lib.value_and_jacobian(lambda p: problem.solve(integrate, p)), "p": problem.p}
        return Contender(self.name, "both(p)", names, problem.scaled, rtol=problem.accuracy)


class DualadTransform(Peer):
    """dualad's `jvp` where the column "dualad" is f on numbers that exist: both ways of use are shown."""

    name, module = "da.jvp", "dualad"
    jvp = Dualad.jvp_transform


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

    def scalar(self, formula, xs, vs):
        f = formula.bind(self.np.sin)
        return self._call(lambda xs, vs: self.lib.jvp(f, xs, vs), xs, vs)


class JaxCompiled(Jax):
    """JAX under `jit`; compile time is in ``first_seconds`` and not in the figures."""

    name = "jax.jit"
    package = "jax"
    warm_at_size = True

    def _stage(self, function):
        return self.lib.jit(function)


class Asdex(Peer):
    """asdex: sparsity detection and colouring for JAX, evaluated under `jit`; only evaluation is timed."""

    name = module = "asdex"
    largest = 2 * 10**5

    def __init__(self):
        super().__init__()
        self.jax = importlib.import_module("jax")
        self.jax.config.update("jax_enable_x64", True)
        self.np = importlib.import_module("jax.numpy")

    def _staged(self, function, x, v):
        names = {"wait": self.jax.block_until_ready, "f": self.jax.jit(function), "x": self.np.asarray(x)}
        return self._contender("wait(f(x))", names, lambda matrix: (None, matrix @ v))

    def sparse_jacobian(self, f, x, pattern, v):
        return self._staged(self.lib.jacobian(functools.partial(f, np=self.np), self.np.asarray(x)), x, v)

    def sparse_hessian(self, f, x, v):
        return self._staged(self.lib.hessian(functools.partial(f, np=self.np), self.np.asarray(x)), x, v)


class Sparsejac(Asdex):
    """sparsejac: coloured Jacobians for JAX with a given pattern, under `jit`; only evaluation is timed."""

    name = module = "sparsejac"
    largest = 2 * 10**4
    sparse_hessian = None

    def sparse_jacobian(self, f, x, pattern, v):
        bcoo = importlib.import_module("jax.experimental.sparse").BCOO.from_scipy_sparse(pattern.astype(float))
        return self._staged(self.lib.jacfwd(functools.partial(f, np=self.np), bcoo), x, v)


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


def gradients(ys):
    """Return values and gradients of an object array of HyperJet numbers."""
    ys = np.atleast_1d(ys)
    return [y.f for y in ys], np.array([y.g for y in ys])


class HyperJet(Peer):
    """HyperJet: C++ scalars in object arrays; fixed sizes up to 16 directions, else `DScalar`."""

    name = module = "hyperjet"
    largest = 10**4

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

    def scalar(self, formula, xs, vs):
        x, y = (self.lib.D1Scalar(a, np.array([b])) for a, b in zip(xs, vs, strict=True))
        return self._contender(formula.method, {"x": x, "y": y}, gradients)


class NumDual(Peer):
    """num-dual: Rust scalars in object arrays, dense Jacobians by its `jacobian`."""

    name, module, package = "num-dual", "num_dual", "num-dual"
    largest = 10**4

    def jvp(self, f, x, v):
        numbers = np.array([self.lib.Dual64(a, b) for a, b in zip(x, v, strict=True)])
        return self._contender("f(x)", {"f": f, "x": numbers},
                               lambda ys: ([y.value for y in ys], [y.first_derivative for y in ys]))

    def jacobian(self, f, x):
        names = {"jacobian": self.lib.jacobian, "f": lambda x: list(f(np.array(x))), "x": list(x)}
        return self._contender("jacobian(f, x)", names)

    def scalar(self, formula, xs, vs):
        x, y = map(self.lib.Dual64, xs, vs)
        return self._contender(formula.method, {"x": x, "y": y}, lambda z: (z.value, z.first_derivative))


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


class SciPy(Peer):
    """SciPy's finite differences: inexact, what most programs use today."""

    name, module = "scipy FD", "scipy"
    largest = 10**4
    rtol = 1e-5

    def __init__(self):
        super().__init__()
        self.derivative = importlib.import_module("scipy.differentiate").derivative
        self.approx_fprime = importlib.import_module("scipy.optimize").approx_fprime

    def jvp(self, f, x, v):
        names = {"derivative": self.derivative, "f": f, "x": x}
        return self._contender("derivative(f, x)", names, lambda r: (None, r.df * v))

    def jacobian(self, f, x):
        names = {"approx_fprime": self.approx_fprime, "f": f, "x": x}
        return self._contender("approx_fprime(x, f)", names, lambda J: (None, J))

    def solution(self, ours, scipys, rtol):
        return scipys and Contender(self.name, "run()", {"run": scipys}, lambda x: (x, None), rtol=self.rtol)

    def scalar(self, formula, xs, vs):
        f = formula.bind(math.sin)
        names = {"approx_fprime": self.approx_fprime, "f": lambda p: f(p[0], p[1]), "x": np.array(xs)}
        return self._contender("approx_fprime(x, f)", names, lambda g: (None, g @ np.array(vs)))


    def sensitivities(self, problem):
        integrate = importlib.import_module("scipy.integrate")

        def differences(p):
            y, tighter = problem.solve(integrate, p), {"rtol": problem.rtol / 100, "atol": problem.atol / 100}
            steps = np.diag(1e-4 * p)
            return y, np.stack([problem.solve(integrate, p + h, **tighter) - problem.solve(integrate, p - h, **tighter)
                                for h in steps], -1) / (2e-4 * p)

        return Contender(self.name, "differences(p)", {"differences": differences, "p": problem.p}, problem.scaled,
                         rtol=problem.accuracy)


class SciPyColoured(Peer):
    """SciPy's finite differences with groups of columns, which are found before."""

    name, module = "scipy coloured FD", "scipy"
    rtol = 1e-4

    def sparse_jacobian(self, f, x, pattern, v):
        numdiff = importlib.import_module("scipy.optimize._numdiff")
        groups = numdiff.group_columns(pattern)
        names = {"derivative": numdiff.approx_derivative, "f": f, "x": x, "pattern": (pattern, groups)}
        return self._contender("derivative(f, x, method='2-point', sparsity=pattern)", names, lambda J: (None, J @ v))


OURS = (Dualad, DualadTransform)
PEERS = (Autograd, Jax, JaxCompiled, Torch, Casadi, HyperJet, NumDual, Uncertainties, Gvar, SciPy,
         SciPyColoured, Asdex, Sparsejac)


def load(kinds):
    """Make an instance of each kind of peer that is installed.

    Returns
    -------
    peers : list of Peer
    notes : list of Note
        One for each that was skipped, with the reason.
    """
    peers, notes = [], []
    for kind in kinds:
        try:
            peers.append(kind())
        except Exception as error:  # broken installations fail in many ways
            notes.append(Note(kind.name, f"skipped, {type(error).__name__}: {error}"))
    return peers, notes
