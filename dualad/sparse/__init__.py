"""Sparse Jacobians and Hessians: detection of the pattern, colouring, compressed evaluation, recovery."""

from dualad.sparse._coloring import Coloring, coloring
from dualad.sparse._detection import Detection, hessian_sparsity, jacobian_sparsity

__all__ = ["Coloring", "Detection", "coloring", "hessian_sparsity", "jacobian_sparsity"]
