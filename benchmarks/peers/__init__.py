"""The packages that are measured, each used as its own documentation recommends.

A peer has one method per job it can do; each returns a `Contender`. Case functions are plain NumPy
code with the namespace as their last argument, ``f(x, np=numpy)``, so that all NumPy-like peers run
them unchanged.

The jobs:

- ``jvp(f, x, v)``: one direction, on the peer's own numbers where it has some;
- ``jvp_transform(f, x, v)``: one direction, from arrays to arrays;
- ``jvps(f, x, vs)``: several directions at once;
- ``jacobian(f, x)``: dense;
- ``hessian(f, x)``: dense;
- ``hvp(f, x, v)``: Hessian times vector;
- ``laplacian(f, x)``: of f at each of the points in the rows of x;
- ``derivatives(f, x, order)``: the value of an elementwise function and its first derivatives, a row each;
- ``hyper_product(x, y)``: the product of two scalars with both first derivatives and the mixed second one;
- ``scalar(formula, xs, vs)``: a `Formula` of x and y along one direction;
- ``uncertain(program, *arguments)``: ``program(kit, *arguments)`` makes uncertain numbers by a `Kit` and returns
  what is timed;
- ``propagate(f, x, std)``: standard deviations of f(x);
- ``solution(ours, scipys, rtol)``: what dualad's program, or SciPy's if there is one, returns.
"""

from ..work import Note
from .arrays import Algopy, Autograd, Dualpy, Torch
from .base import Formula, Kit, Peer
from .differences import Numdifftools, SciPy, SciPyColoured
from .jaxes import Asdex, Jax, JaxCompiled, Sparsejac
from .ours import Dualad, DualadTransform, Plain
from .scalars import Fastdual, Gvar, HyperJet, NumDual, Uncertainties
from .symbolic import Casadi

__all__ = ["OURS", "PEERS", "Formula", "Kit", "Peer", "Plain", "Uncertainties", "load"]

OURS = (Dualad, DualadTransform)
PEERS = (Autograd, Jax, JaxCompiled, Torch, Casadi, HyperJet, NumDual, Fastdual, Dualpy, Algopy, Uncertainties, Gvar,
         Numdifftools, SciPy, SciPyColoured, Asdex, Sparsejac)

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
