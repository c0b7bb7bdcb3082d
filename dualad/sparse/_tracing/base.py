"""What the rules of all families are made of."""

import numpy as np
from scipy import sparse

from dualad._core.number import Number
from dualad._core.tracer import (
    History,
    Partial,
    Table,
    TooDense,
    Tracer,
    join_terms,
    leader,
    like,
    plain,
    strip,
    tracers_in,
    union,
)
from dualad.rules.packing import pack_if_needed
from dualad.sparse._tracing import partials
from dualad.sparse._tracing.refusals import Unsupported

__all__ = [
    "TooDense", "Tracer", "add_pairs", "all_terms", "as_rows", "broadcast", "group", "is_tracer", "joined", "leader",
    "like", "line_up", "listed", "member_table", "patterns_only", "plain", "product_terms", "refuse_dense",
    "refuse_others", "result", "shared_history", "store", "strip", "terms_of", "tracers_in", "untraced",
]

EMPTY = np.array(-1, np.int32)


def is_tracer(x):
    """Whether x carries a pattern."""
    return type(x) is Tracer


def untraced(x, lead):
    """Whether x is constant in the run of lead."""
    return type(x) is not Tracer or x.run is not lead.run


def listed(x):
    """Lists and object arrays of tracers as one tracer."""
    return pack_if_needed(x)


def patterns_only(lead):
    """Raises Unsupported where terms have weights: what follows knows patterns alone."""
    if lead.run.partials is not None:
        raise Unsupported("a function without a rule for partial derivatives")


def refuse_dense(lead, entries, nrows):
    """Raises TooDense where so many entries of so many rows are more than the run is to look at."""
    if entries > lead.run.most * nrows:
        lead.run.given_up = True
        raise TooDense


def refuse_others(lead, *args):
    """Raises Unsupported where numbers of other transforms are among the arguments of one with partial derivatives."""
    for x in args:
        if isinstance(x, (list, tuple)):
            refuse_others(lead, *x)
        elif isinstance(x, dict):
            refuse_others(lead, *x.values())
        elif isinstance(x, Number) and untraced(x, lead) or isinstance(x, np.ndarray) and x.dtype == object:
            raise Unsupported("numbers of another transform")


def terms_of(x, lead):
    """The terms of an argument; none for a constant."""
    return () if untraced(x, lead) else x.terms


def as_rows(rows):
    """What a function made of the rows of a term, or of values, as an array."""
    return rows if isinstance(rows, (Partial, Number)) else np.asarray(rows)


def broadcast(terms, shape):
    """The terms of an array that is broadcast to a shape."""
    return tuple((t, rows if rows.shape == shape else np.broadcast_to(rows, shape)) for t, rows in terms)


def shared_history(lead, args):
    """The history of what was computed from the arguments."""
    if not lead.run.second:
        return None
    found = []
    for x in tracers_in(args):
        if x.run is lead.run and x.history is not None and all(x.history is not h for h in found):
            found.append(x.history)
    return found[0] if len(found) == 1 else History(tuple(found), ()) if found else None


def add_pairs(lead, history, *pairs):
    """A history in which terms of one shape also interact: pairs of lists of terms."""
    pairs = tuple((a, b) for a, b in pairs if a and b)
    if not lead.run.second or not pairs:
        return history
    return History(() if history is None else (history,), pairs)


def joined(lead, shape, *lists):
    """The terms of an elementwise function."""
    patterns_only(lead)
    return join_terms(lead.run, shape, *lists)


def result(lead, value, terms, args, *, nonlinear=False):
    """A traced array computed from the arguments; `nonlinear` lets all that an element depends on interact."""
    history = shared_history(lead, args)
    if nonlinear:
        history = add_pairs(lead, history, (terms, terms))
    return like(lead, value, tuple(terms), history)


def store(out, y):
    """out[...] = y, for functions that take out=."""
    if out is None:
        return y
    out = out[0] if isinstance(out, tuple) else out
    if not is_tracer(out):
        raise TypeError(
            f"out= is a plain {type(out).__name__}: the derivative would be lost. Leave out= away, or make the "
            "array with dualad.numpy inside the function"
        )
    if out.shape != y.shape:
        raise ValueError(f"out has shape {out.shape}, but the result has shape {y.shape}")
    out[...] = y
    return out


# ---- groups of elements --------------------------------------------------------------------------------------------


def member_table(lead, terms, nrows, start, members, count):
    """A table whose row i is the union of the rows of members of group i; computed when it is needed."""
    patterns_only(lead)
    refuse_dense(lead, len(members), nrows)
    ncols = lead.run.ncols
    return Table(lambda: union(nrows, ncols, [(rows, table, start, members, count) for table, rows in terms]))


def group(lead, terms, axes, ndim, where=None):
    """Unions over axes: the terms of the result without those axes.

    A few short slices stay terms of their own, which keeps sums of neighbours as cheap as additions.
    """
    patterns_only(lead)
    axes = tuple(sorted(axes))
    if not terms:
        return ()
    shape = terms[0][1].shape
    if where is not None:
        terms = tuple((t, np.where(where, rows, EMPTY)) for t, rows in terms)
    rest = tuple(k for k in range(ndim) if k not in axes)
    count = int(np.prod([shape[k] for k in axes], dtype=int))
    small = tuple(shape[k] for k in rest)
    if count == 0:
        return ()
    moved = [(t, np.transpose(_without_repeats(rows, axes), rest + axes)) for t, rows in terms]
    counts = [int(np.prod(rows.shape[len(rest):], dtype=int)) for _, rows in moved]
    if sum(counts) <= 8:
        slices = [
            (t, rows[(...,) + index]) for t, rows in moved for index in np.ndindex(rows.shape[len(rest):])
        ]
        return joined(lead, small, slices)
    size = int(np.prod(small, dtype=int))
    if size > 1 and sum(counts) > lead.run.most:
        refuse_dense(lead, sum(np.count_nonzero(rows >= 0) for _, rows in moved), size)
    ncols = lead.run.ncols
    pieces = [(rows, t, None, None, n) for (t, rows), n in zip(moved, counts, strict=True)]
    table = Table(lambda: union(size, ncols, pieces))
    return ((table, np.arange(size, dtype=np.int32).reshape(small)),)


def _without_repeats(rows, axes):
    """Of axes along which a term is constant, the first element."""
    return rows[tuple(slice(0, 1) if k in axes and not rows.strides[k] else slice(None) for k in range(rows.ndim))]


def row_of_all(lead, args, shape):
    """Every element depends on all that any element of any argument depends on."""
    patterns_only(lead)
    pieces = []
    for x in tracers_in(args):
        if not untraced(x, lead):
            pieces += [(np.unique(rows) if t is not None else rows, t, None, None, -1) for t, rows in x.terms]
    pieces = [(rows, t, None, None, np.size(rows)) for rows, t, *_ in pieces]
    ncols = lead.run.ncols
    table = Table(lambda: union(1, ncols, pieces))
    return ((table, np.broadcast_to(np.zeros((), np.int32), shape)),)


def all_terms(lead, args, shape):
    """As `row_of_all`, or no terms where nothing is traced."""
    return row_of_all(lead, args, shape) if any(not untraced(x, lead) for x in tracers_in(args)) else ()


def product_terms(lead, matrix, terms):
    """The terms of matrix @ x for a constant scipy.sparse matrix (or what becomes one) and the terms of a vector."""
    csr = sparse.csr_array(matrix)
    nrows = csr.shape[0]
    table = member_table(lead, terms, nrows, csr.indptr, csr.indices, 0)
    return ((table, np.arange(nrows, dtype=np.int32)),) if terms else ()


# ---- several arrays side by side -----------------------------------------------------------------------------------


def line_up(lead, arrays):
    """Lists of rows, one for each array, in which the i-th terms of one table stand together; -1 fills the gaps."""
    shapes = [np.shape(a) for a in arrays]
    lists = [terms_of(a, lead) for a in arrays]
    if lead.run.partials is not None:
        for group in partials.line_up([[p for _, p in terms] for terms in lists], shapes):
            yield None, group
        return
    tables = []
    for terms in lists:
        for t, _ in terms:
            if all(t is not known for known in tables):
                tables.append(t)
    for table in tables:
        chosen = [[rows for t, rows in terms if t is table] for terms in lists]
        for k in range(max(map(len, chosen))):
            yield table, [
                rows[k] if k < len(rows) else np.broadcast_to(EMPTY, shape)
                for rows, shape in zip(chosen, shapes, strict=True)
            ]
