"""Dense transforms by other ways than one direction for each unknown: sparse vectors with blocks, or compression.

Rows and patterns are those of the very call. What could go wrong is compared with a derivative along a random line.
"""

import numpy as np

from dualad._context import ACTIVE
from dualad._core import Number
from dualad._core.tracer import Tracer, plain
from dualad._sweeps import result_leaves
from dualad._trees import rebuild
from dualad.sparse._hessian import SparseHessian, looked_at, terms_function
from dualad.sparse._jacobian import Argument, SparseJacobian, _probe, rounding
from dualad.sparse._tracing.blocks import Blocks, matrix_for, put_row
from dualad.sparse._tracing.partials import as_array
from dualad.sparse._tracing.refusals import Crowded
from dualad.sparse._tracing.rows import Graph
from dualad.sparse._tracing.storing import innermost_array
from dualad.sparse._vectors import run_on_vectors
from dualad.transforms import jvp

_FEW = 4
"""Directions, or rows that need products of their own, as a part of the unknowns, from which on the dense way is as
good."""

_WIDEST = 4
"""Columns, as a multiple of the unknowns, that a Jacobian may have before it is folded."""


def jacobians(f, position, args, kwargs, accept):
    """Values of the leaves of the result, their Jacobians (y.size, total), and its structure; None if f is dense.

    accept(values, structure) may raise an error before the Jacobians are made.
    """
    argument = Argument.of(f, position, args, kwargs)
    try:
        found = _by_vectors(argument, accept)
    except Crowded:
        return None
    if found is not None or _is_nested(argument):
        return found
    try:
        plan = SparseJacobian(f, argnum=position)
        prepared = plan.detected(args, kwargs, argument.size // _FEW)
        if prepared is None:
            return None
        value, matrix = plan.evaluated(argument, prepared)
        if len(plan.wrong_rows(argument, matrix)):
            return None
    except Exception:  # f cannot do with such arrays, or has an error of its own: the dense way shows it
        return None
    leaves, structure = result_leaves(value)
    if any(map(np.iscomplexobj, leaves)):
        return None
    accept(leaves, structure)
    ends = np.cumsum([np.size(y) for y in leaves])
    return leaves, np.split(matrix.toarray(), ends[:-1]), structure


def _by_vectors(argument, accept):
    """The same by sparse vectors, which need no pattern; None if f does what these cannot do. Raises Crowded if
    a pattern would be as useless."""
    blocks = Blocks(argument.size)
    try:
        leaves, structure, _ = run_on_vectors(argument, Graph(), argument.size, blocks)
    except Exception:  # as in `jacobians`
        return None
    values = [plain(leaf)[()] if isinstance(leaf, Tracer) else leaf for leaf in leaves]
    accept(values, structure)
    terms = [[p for _, p in leaf.terms] if isinstance(leaf, Tracer) else [] for leaf in leaves]
    try:
        matrices = [_filled(found, y, blocks) for found, y in zip(terms, map(as_array, values), strict=True)]
        if blocks.made and not all(np.isfinite(np.sum(innermost_array(m))) for m in matrices):
            return None  # zeros and infinities meet in another order here
        if blocks.hold_values and not _agree(argument, matrices):
            return None
    except Crowded:
        raise
    except Exception:  # as above
        return None
    return values, matrices, structure


def _filled(terms, value, blocks):
    """The Jacobian (value.size, inputs) with these terms."""
    kind = value.dtype if value.dtype.kind in "fc" else np.float64
    kinds = [p.weight for p in terms] + blocks.weights() + [value if isinstance(value, Number) else np.zeros((), kind)]
    if value.size == 1:
        matrix = matrix_for(kinds, (1, blocks.total))
        for p in terms:
            put_row(matrix, 0, p)
        return blocks.fold(matrix)
    matrix = matrix_for(kinds, (value.size, blocks.inputs))
    behind = _rows_of_blocks(terms, value.size, blocks)
    folded = matrix_for(kinds, (len(behind), blocks.total))
    for p in terms:
        columns, weights = p.node.rows.reshape(-1), np.reshape(p.full(), (-1,))
        rows = np.flatnonzero((columns >= 0) & (columns < blocks.inputs))
        matrix[rows, columns[rows]] += weights[rows]
        rows = np.flatnonzero(columns[behind] >= blocks.inputs)
        folded[rows, columns[behind][rows]] += weights[behind][rows]
    if len(behind):
        matrix[behind] += blocks.fold(folded)
    return matrix


def _rows_of_blocks(terms, size, blocks):
    """The elements that depend on blocks. Raises Crowded for so many that all directions are as good."""
    found = np.zeros(size, bool)
    for p in terms if blocks.made else ():
        found |= p.node.rows.reshape(-1) >= blocks.inputs
    rows = np.flatnonzero(found)
    if _FEW * max(len(rows), blocks.products(len(rows))) > blocks.inputs or (
            len(rows) and blocks.total > _WIDEST * blocks.inputs):
        raise Crowded("more rows than all directions are worth")
    return rows


def _agree(argument, matrices):
    """Whether Jacobians have the derivative that f has along a random line."""
    direction, flat = _probe(argument)
    _, slopes = jvp(argument.bound(), (rebuild(argument.structure, argument.leaves),), (direction,))
    for matrix, slope in zip(matrices, result_leaves(slopes)[0], strict=True):
        error = innermost_array(matrix @ flat - np.reshape(slope, (-1,)))
        size = np.abs(innermost_array(matrix)) @ np.abs(flat)
        tolerance = 1e3 * rounding(*argument.leaves, slope)
        if error.size and not np.max(np.abs(error)) <= tolerance * np.max(size):
            return False
    return True


def hessian(f, position, args, kwargs):
    """Value, gradient and sparse Hessian of f by its terms; None unless f is visibly a sum of terms of few unknowns."""
    argument = Argument.of(f, position, args, kwargs)
    if _is_nested(argument):
        return None
    try:
        x = argument.plain()
        seen, y = looked_at(argument, x)
        most = argument.size / _FEW
        terms = SparseHessian(f, argnum=position).terms(argument, x, seen, False, most) if seen else None
        if terms is None or _FEW * terms.colours**2 > argument.size**2:
            return None
        first = SparseJacobian(terms_function(argument, seen), coloring=terms.coloring)
        gradient = first(rebuild(argument.structure, argument.leaves)).sum(axis=0)
        return y, gradient, terms.matrix(terms.evaluate(argument)[1])
    except Exception:  # as above
        return None


def _is_nested(argument):
    """Whether other transforms are running."""
    return bool(ACTIVE.get()) or any(isinstance(x, Number) for x in argument.leaves)
