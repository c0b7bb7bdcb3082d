"""Linear algebra: a constant matrix couples what its graph connects, a traced one whatever stands in its block."""

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from dualad.sparse._tracing.base import (
    add_pairs,
    all_terms,
    leader,
    like,
    listed,
    product_terms,
    shared_history,
    strip,
    untraced,
)
from dualad.sparse._tracing.observed import is_observed


def solve(a, b):
    """x = a^-1 b. With one constant matrix, components of its graph stay apart; triangles and more are not seen."""
    a, b = listed(a), listed(b)
    lead = leader(a, b)
    value = np.linalg.solve(strip(a), strip(b))
    history = shared_history(lead, [a, b])
    if not untraced(a, lead) or is_observed(a) or np.ndim(a) != 2 or b.ndim > 2:
        terms = all_terms(lead, [a, b], value.shape)
        return like(lead, value, terms, history if untraced(a, lead) else add_pairs(lead, history, (terms, terms)))
    blocks = _blocks(np.asarray(strip(a)))
    columns = [product_terms(lead, blocks, b.terms)] if b.ndim == 1 else [
        product_terms(lead, blocks, b[:, k].terms) for k in range(b.shape[1])
    ]
    parts = [like(lead, np.zeros(len(value)), terms) for terms in columns]
    y = parts[0] if b.ndim == 1 else np.stack(parts, 1) if parts else like(lead, value)
    return like(lead, value, y.terms, history)


def _blocks(matrix):
    """The matrix that couples all members of each connected component of the graph of a matrix."""
    _, labels = csgraph.connected_components(sparse.csr_array(matrix), directed=False)
    member = sparse.csr_array((np.ones(len(labels), bool), (np.arange(len(labels)), labels)))
    return member @ member.T


FUNCTIONS = {np.linalg.solve: solve}
