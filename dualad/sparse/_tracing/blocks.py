"""Arrays whose elements depend on many inputs become inputs themselves, and are eliminated in the end.

A block is such an array: the sum of many elements, a product with a matrix, a maximum. Its elements get numbers behind
those of the inputs, so that what is computed from it has few partial derivatives again. The Jacobian by all numbers is
folded from the last block to the first: the columns of a block, times the derivatives of the block, are added to the
columns of what it was made of. For a function with one result that is one transposed product for each block, as in
reverse mode. It is vertex elimination in reverse order, with arrays for vertices: Griewank and Walther, *Evaluating
Derivatives*, 2nd ed., SIAM 2008, chapters 9 and 10.
"""

import math

import numpy as np

from dualad._core.number import Number, rewrap
from dualad._core.tracer import Partial
from dualad.sparse._tracing.refusals import Unsupported

_FEW = 0.02
"""Elements, as a part of the inputs, that are added one by one."""


class Block:
    """The numbers of its elements, and for each array that it was made of the terms and a transposed product."""

    __slots__ = ("first", "parts", "shape", "size")

    def __init__(self, first, shape, parts):
        self.first, self.shape, self.size, self.parts = first, shape, math.prod(shape), parts


class Blocks:
    """The blocks of one run, in the order in which they were made."""

    def __init__(self, inputs):
        self.inputs = self.total = inputs
        self.made = []
        self.hold_values = False

    def add(self, run, value, parts, hold_values):
        """The terms of an array that becomes a block."""
        first = self.total
        if first + value.size >= 2**31:
            raise Unsupported("more elements than there are numbers for")
        self.total += value.size
        self.hold_values = self.hold_values or hold_values
        self.made.append(Block(first, value.shape, parts))
        return ((None, Partial(run.graph.input(first, value.shape), np.ones((), value.dtype))),)

    def products(self, rows):
        """Transposed products that `fold` takes for a matrix of so many rows."""
        return sum(min(rows, block.size) for block in self.made)

    def weights(self):
        """Of all terms that blocks were made of."""
        return [p.weight for block in self.made for terms, _ in block.parts for _, p in terms]

    def fold(self, matrix):
        """The matrix (rows, inputs) by the inputs alone, from one (rows, total) by all numbers."""
        for block in reversed(self.made):
            columns = slice(block.first, block.first + block.size)
            if len(matrix) <= block.size:
                for k in range(len(matrix)):
                    _pull(block, matrix[k, columns], matrix, k)
            else:
                own = np.zeros_like(matrix, shape=(block.size, block.first))
                for k in range(block.size):
                    unit = np.zeros(block.size, matrix.dtype)
                    unit[k] = 1
                    _pull(block, unit, own, k)
                matrix[:, : block.first] += matrix[:, columns] @ own
        return matrix[:, : self.inputs]


def as_block(run, value, parts, *, hold_values=True):
    """The terms of an array that is made a block; `parts` are pairs of the terms of an argument, and a function from
    what an array of the value's shape weighs to what the argument weighs. Such functions hold values of the run, unless
    told otherwise."""
    if run.blocks is None:
        raise Unsupported("many partial derivatives of one element")
    return run.blocks.add(run, value, [part for part in parts if part[0]], hold_values)


def itself(weights):
    """What an array weighs that is the argument itself."""
    return weights


def _pull(block, weights, matrix, k):
    """matrix[k] += weights @ derivatives of the block."""
    weights = np.reshape(weights, block.shape)
    if not isinstance(weights, Number) and not weights.any():
        return
    for terms, transposed in block.parts:
        of_argument = transposed(weights)
        for _, p in terms:
            put_row(matrix, k, p, of_argument)


def put_row(matrix, k, p, weights=1.0):
    """matrix[k] += what an array that weighs so much has of a term."""
    key = p.node.key()
    region = None if key is not None or isinstance(matrix, Number) else p.node.region(matrix[k])
    if key is not None:
        matrix[k, key] += p.weight * weights
    elif region is not None:
        region += p.weight * weights
    else:
        _scatter(matrix, k, p.node.rows.reshape(-1), np.reshape(np.broadcast_to(p.weight * weights, p.shape), (-1,)))


def _scatter(matrix, k, rows, weights):
    """matrix[k, rows] += weights, none where the row is -1."""
    if rows.min(initial=0) < 0:
        held = rows >= 0
        rows, weights = rows[held], weights[held]
    if len(rows) < _FEW * matrix.shape[1]:
        np.add.at(matrix, (k, rows), weights)
    else:
        matrix[k] += _added_up(rows, weights, matrix.shape[1])


def _added_up(rows, weights, inputs):
    """The sum of the weights of each input."""
    if isinstance(weights, Number):
        return rewrap(weights, np.stack([_added_up(rows, part, inputs) for part in weights.components]))
    return np.bincount(rows, weights, inputs)


def matrix_for(parts, shape):
    """Zeros to which these arrays or numbers can be added."""
    numbers = [x for x in parts if isinstance(x, Number)]
    if numbers:
        return np.zeros_like(max(numbers, key=lambda x: x.level), shape=shape)
    return np.zeros(shape, np.result_type(*{x.dtype for x in parts}) if parts else np.float64)
