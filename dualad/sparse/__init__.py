"""Sparse Jacobians and Hessians: detection of the pattern, colouring, compressed evaluation, recovery."""

from dualad.sparse._coloring import Coloring, coloring

__all__ = ["Coloring", "coloring"]
