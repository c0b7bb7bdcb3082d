"""Jacobians by sparse vectors: every array carries the partial derivatives that its elements have, and no zeros.

Where each element depends on few inputs on its way through the function, that is less work than one direction for each
colour. See `dualad.sparse._tracing.partials` for the arithmetic and its source.
"""

import math

import numpy as np
from scipy import sparse

from dualad._context import ACTIVE, call_within
from dualad._core.coloring import gather
from dualad._core.number import Number, Pooled, empty_components
from dualad._core.tracer import Partial, Run, Trace, Tracer, make, plain
from dualad._sweeps import levels, result_leaves
from dualad._trees import rebuild
from dualad.sparse._tracing.refusals import Unsupported
from dualad.sparse._tracing.rows import Graph

_MOST_LAYOUTS = 16
"""Ways through a function that are remembered; one that takes more is compressed instead."""

# seconds that a run on sparse vectors, each of its steps, one on numbers, and the arithmetic with an element take
_PER_RUN, _PER_STEP, _PER_CALL, _PER_ELEMENT = 6e-5, 7e-6, 4e-6, 4e-10


def run_on_vectors(argument, graph, most=math.inf, blocks=None):
    """The leaves of f's result on sparse vectors, its structure, and what the run computed; given up where f loops over
    elements, if `most` is finite. Elements with many partial derivatives must be blocks."""
    run = Run(graph, blocks)
    trace = Trace(argument.size, next(levels), partials=run, most=most)
    seeded, first = [], 0
    for x in argument.leaves:
        x = x.copy() if isinstance(x, Number) else np.array(x)
        seeded.append(make(trace, x, ((None, Partial(graph.input(first, x.shape), np.ones((), x.dtype))),)))
        first += x.size
    args = list(argument.args)
    args[argument.position] = rebuild(argument.structure, seeded)
    with Pooled():
        leaves, structure = result_leaves(call_within((Tracer, trace.level, trace), argument.f, args, argument.kwargs))
    if trace.given_up:
        raise Unsupported("the function went on after an error that its sparse vectors gave")
    return leaves, structure, run


class Vectors:
    """One function's Jacobian by sparse vectors, for a pattern in a format.

    `chosen` tells whether that is expected to be faster than so many sweeps of so many directions in all; None if that
    takes an evaluation of f to see. `share` is the part of their time that is expected.
    """

    def __init__(self, pattern, format, sweeps, directions):
        self.pattern, self.format, self.sweeps, self.directions = pattern, format, sweeps, directions
        self.graph, self.layouts = Graph(), {}
        self.chosen = None if max(pattern.shape) * directions * _PER_ELEMENT > _PER_STEP else False

    def evaluate(self, argument, out=None):
        """Values of f's leaves, their structure, and the entries, None if there are more or fewer values than rows of
        the pattern; or None alone, if f is to be compressed. Raises Stale if f has entries that the pattern lacks."""
        if self.chosen is False or ACTIVE.get() or any(isinstance(x, Number) for x in argument.leaves):
            return None
        try:
            leaves, structure, run = run_on_vectors(argument, self.graph)
            terms, values = [_terms_of(leaf) for leaf in leaves], [_value_of(leaf) for leaf in leaves]
            if sum(map(np.size, values)) != self.pattern.shape[0]:
                return values, structure, None
            if self.chosen is None:
                self.chosen = self._is_faster(run)
            layout = self._layout(terms, list(map(np.size, values))) if self.chosen else None
        except Exception as error:  # f cannot do with such arrays, or has an error of its own: compression shows it
            if self.chosen is None or isinstance(error, Unsupported):
                self.give_up()
            return None
        if layout is None:
            return None
        return values, structure, layout.entries(terms, _dtype_of(leaves), out)

    def give_up(self):
        """Compress from now on, and free what was prepared."""
        self.chosen, self.graph, self.layouts = False, Graph(), {}

    @property
    def nbytes(self):
        """Memory that is kept for evaluations."""
        return sum(layout.nbytes for layout in self.layouts.values())

    def _is_faster(self, run):
        here = _PER_RUN + (run.calls + run.steps) * _PER_STEP + (run.elements + run.products) * _PER_ELEMENT
        there = self.sweeps * run.calls * _PER_CALL
        there += (self.sweeps + self.directions) * run.elements * _PER_ELEMENT
        self.share = here / there if there else 1.0
        return here <= there

    def _layout(self, terms, sizes):
        """Where the weights of these terms go; None for a function that leads to ever new ones."""
        key = tuple(tuple((p.node, np.ndim(p.weight) > 0) for p in of_leaf) for of_leaf in terms)
        if key not in self.layouts:
            if len(self.layouts) >= _MOST_LAYOUTS:
                raise Unsupported("a function that takes ever new ways")
            self.layouts[key] = _Layout(self.pattern, self.format, terms, sizes)
            self.graph.drop()
        return self.layouts[key]


def _value_of(leaf):
    return plain(leaf)[()] if isinstance(leaf, Tracer) else leaf


def _dtype_of(leaves):
    return np.result_type(*(plain(leaf).dtype if isinstance(leaf, Tracer) else np.float64 for leaf in leaves))


def _terms_of(leaf):
    terms = [p for _, p in leaf.terms] if isinstance(leaf, Tracer) else []
    if any(isinstance(w, Number) for w in (_value_of(leaf), *(p.weight for p in terms))):
        raise Unsupported("numbers of an outer transform")
    return terms


class Stale(Exception):
    """f has entries that the pattern lacks, in these rows."""

    def __init__(self, rows):
        self.rows = rows


class _Layout:
    """Where the entries of a matrix stand among the weights of the terms of f's leaves, laid side by side.

    The element before the first weight is a zero, for entries that no term has. Terms that share an entry (on a grid
    of two cells the left neighbour is the right one) leave `more`: entries and what is added to them. Terms outside of
    the pattern, of a branch that a constant mask does not take, must have weights of zero: `lost` are their rows and
    places.
    """

    def __init__(self, pattern, format, columns, sizes):
        row, column, place, start, length = [], [], [], 0, 1
        for terms, size in zip(columns, sizes, strict=True):
            for p in terms:
                inputs = p.node.rows.reshape(-1)
                here = np.flatnonzero(inputs >= 0)
                row.append(start + here)
                column.append(inputs[here])
                place.append(length + (here if np.ndim(p.weight) else np.zeros_like(here)))
                length += size if np.ndim(p.weight) else 1
            start += size
        row, column, place = (np.concatenate(a) if a else np.zeros(0, np.int64) for a in (row, column, place))
        self.length = length
        place = place.astype(np.int32 if length < 2**31 else np.int64)
        self.index, self.more, self.lost = _find(pattern, format, row, column, place)

    @property
    def nbytes(self):
        """Memory of the arrays."""
        return sum(a.nbytes for a in (self.index, *self.lost, *(a for pair in self.more for a in pair)))

    def entries(self, columns, dtype, out):
        """The entries of the matrix, into `out` if it is given and fits."""
        weights = [p.weight for terms in columns for p in terms]
        flat = empty_components((self.length,), dtype)
        flat[0], start = 0.0, 1
        for w in weights:
            flat[start : start + np.size(w)].reshape(np.shape(w))[...] = w
            start += np.size(w)
        rows, places = self.lost
        if len(rows) and np.any(flat[places]):
            raise Stale(np.unique(rows[flat[places] != 0]))
        if dtype == np.float64:
            data = empty_components((len(self.index),), dtype) if out is None or out.dtype != dtype else out
            gather(data, flat, self.index)
        else:
            data = flat[self.index]
        for at, place in self.more:
            data[at] += flat[place]
        return data


def _find(pattern, format, row, column, place):
    """The place of every entry of the pattern, 0 for one without; pairs of entries and places if it has several; rows
    and places of what is no entry."""
    stored = pattern if format == "csc" else pattern.tocsr()
    made = getattr(sparse.coo_array((place, (row, column)), shape=pattern.shape), f"to{format}")()
    made.sort_indices()
    if made.nnz == len(place) and np.array_equal(made.indptr, stored.indptr) \
            and np.array_equal(made.indices, stored.indices):
        return made.data, [], (row[:0], place[:0])
    major, minor, width = (column, row, pattern.shape[0]) if format == "csc" else (row, column, pattern.shape[1])
    keys = np.repeat(np.arange(len(stored.indptr) - 1), np.diff(stored.indptr)) * width + stored.indices
    wanted = major.astype(np.int64) * width + minor
    found = np.searchsorted(keys, wanted)
    known = found < len(keys)
    known[known] = keys[found[known]] == wanted[known]
    return *_first_of_each(found[known], pattern.nnz, place[known]), (row[~known], place[~known])


def _first_of_each(found, count, place):
    """The place of every entry, 0 for one without; and pairs of entries and places for those that have several."""
    layers = []
    while len(found) or not layers:
        index = np.zeros(count, place.dtype)
        index[found] = place
        rest = index[found] != place
        layers.append(index if not layers else (found[~rest], place[~rest]))
        found, place = found[rest], place[rest]
    return layers[0], layers[1:]
