"""Sparse Jacobians and Hessians: detection of the pattern, colouring, compressed evaluation, recovery."""

from dualad.sparse._coloring import Coloring, coloring
from dualad.sparse._detection import Detection, hessian_sparsity, jacobian_sparsity
from dualad.sparse._jacobian import SparseJacobian, sparse_jacobian

__all__ = [
    "Coloring", "Detection", "SparseJacobian", "coloring", "hessian_sparsity", "jacobian_sparsity", "sparse_jacobian",
]
