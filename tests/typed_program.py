"""A program with types, for `mypy --strict`: what is found out about the results of dualad."""

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

import dualad as da
from dualad import integrate, linalg, optimize, uq
from dualad.testing import check_derivatives

Vector = npt.NDArray[np.float64]


def f(x: Vector) -> Vector:
    return np.sin(x) * x


x: Vector = np.array([1.0, 2.0])
assert_type(da.jvp(f, (x,), (x,)), tuple[Vector, Vector])
assert_type(da.derivative(f)(x), Vector)
assert_type(da.value_and_jacobian(f, chunk_size=4)(x), tuple[Vector, Any])
assert_type(da.Dual(1.0, 1.0) * 2, da.Dual)
assert_type(da.sparse_jacobian(f).prepare(x).coloring.ncolors, int)
assert_type(da.jacobian_sparsity(f, x, return_info=True)[1].followed_branches, bool)
assert_type(uq.propagate(f, x, std=0.1).budget(), uq.Budget)
assert_type(uq.ufloat(1.0, 0.1).std_dev, float)
assert_type(da.memory.info(), dict[str, int])
assert_type(linalg.solve(np.eye(2), x), Any)
with da.intercept_numpy():
    check_derivatives(f, x)


def implicit_root(p: float) -> Vector:
    root: Vector = optimize.root(lambda y: y**3 - p, np.ones(2)).x
    return root


assert_type(da.derivative(implicit_root)(8.0), Vector)
assert_type(optimize.implicit(lambda y, p: y**3 - p, implicit_root)(8.0), Vector)
integrate.solve_ivp(lambda t, y: -y, (0.0, 1.0), [1.0])
