"""Linear algebra: a constant matrix couples what its graph connects, a traced one whatever stands in it."""

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from dualad.sparse._tracing.base import (
    add_pairs,
    all_terms,
    broadcast,
    group,
    is_tracer,
    joined,
    leader,
    like,
    listed,
    product_terms,
    shared_history,
    strip,
    terms_of,
    untraced,
)
from dualad.sparse._tracing.observed import is_observed, observe


def solve(a, b):
    """x = a^-1 b, column by column. With one constant matrix, the components of its graph stay apart."""
    a, b = listed(a), listed(b)
    lead = leader(a, b)
    value = np.linalg.solve(strip(a), strip(b))
    history = shared_history(lead, [a, b])
    if untraced(a, lead) and not is_observed(a) and np.ndim(a) == 2 and b.ndim <= 2:
        return like(lead, value, _by_components(lead, np.asarray(strip(a)), b), history)
    vectors = np.ndim(b) == 1
    columns = terms_of(b[..., None] if vectors else b, lead) if is_tracer(b) else ()
    shape = value.shape + (1,) * vectors
    ndim = np.ndim(b) + vectors
    columns = [(t, rows[..., None, :]) for t, rows in group(lead, columns, (ndim - 2,), ndim)]
    terms = joined(lead, shape, _matrices(lead, a), columns)
    terms = tuple((t, rows[..., 0]) for t, rows in terms) if vectors else terms
    return like(lead, value, terms, history if untraced(a, lead) else add_pairs(lead, history, (terms, terms)))


def _by_components(lead, a, b):
    """The terms of a^-1 b for a constant matrix."""
    _, labels = csgraph.connected_components(sparse.csr_array(a), directed=False)
    member = sparse.csr_array((np.ones(len(labels), bool), (np.arange(len(labels)), labels)))
    blocks = member @ member.T
    if b.ndim == 1:
        return product_terms(lead, blocks, b.terms)
    columns = [like(lead, np.zeros(len(a)), product_terms(lead, blocks, b[:, k].terms)) for k in range(b.shape[1])]
    return np.stack(columns, 1).terms if columns else ()


def _matrices(lead, a):
    """For each matrix of a stack all that it depends on, with two axes of length one behind."""
    ndim = np.ndim(a)
    return [(t, rows[..., None, None]) for t, rows in group(lead, terms_of(a, lead), (ndim - 2, ndim - 1), ndim)]


def of_matrices(function):
    """Rule of a function of a stack of matrices: each result depends on all of its matrix."""

    def rule(a, *args, **kwargs):
        a = listed(a)
        lead = leader(a, args, kwargs)
        values = function(strip(a), *strip(args), **strip(kwargs))
        if is_tracer(a) and leader(args, kwargs) is None and a.ndim >= 2:
            batch, terms = a.shape[:-2], _matrices(a, a)
        else:
            batch, terms = None, ()

        def traced(value):
            shape = np.shape(value)
            if np.asarray(value).dtype.kind not in "fc":
                return observe(lead.run, value)
            if batch is None or shape[: len(batch)] != batch:
                found = all_terms(lead, [a, args, kwargs], shape)
            else:
                inner = (1,) * (len(shape) - len(batch))
                found = broadcast([(t, rows.reshape(batch + inner)) for t, rows in terms], shape)
            history = add_pairs(lead, shared_history(lead, [a, args, kwargs]), (found, found))
            return like(lead, value, found, history)

        if not isinstance(values, (tuple, list)):
            return traced(values)
        parts = [traced(value) for value in values]
        return type(values)(*parts) if hasattr(values, "_fields") else type(values)(parts)

    rule.__name__ = function.__name__
    return rule


_OF_MATRICES = "inv det slogdet cholesky eigh eigvalsh eig eigvals svd svdvals cond pinv qr matrix_power".split()

FUNCTIONS = {
    np.linalg.solve: solve,
    **{getattr(np.linalg, name): of_matrices(getattr(np.linalg, name)) for name in _OF_MATRICES},
}
