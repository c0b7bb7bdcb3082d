"""Sparse Jacobians and Hessians: detection of the pattern, colouring, compressed evaluation, recovery."""

from dualad.rules.matrices import csc_array, csr_array, diags_array
from dualad.sparse._coloring import Coloring, coloring
from dualad.sparse._detection import Detection, hessian_sparsity, jacobian_sparsity
from dualad.sparse._hessian import SparseHessian, sparse_hessian
from dualad.sparse._jacobian import SparseJacobian, sparse_jacobian

__all__ = [
    "Coloring", "Detection", "SparseHessian", "SparseJacobian", "coloring", "csc_array", "csr_array", "diags_array",
    "hessian_sparsity", "jacobian_sparsity", "sparse_hessian", "sparse_jacobian",
]


def __getattr__(name):
    if name == "linalg":
        import importlib

        return importlib.import_module("dualad.sparse.linalg")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
