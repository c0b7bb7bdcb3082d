"""Sparse, lazy linear combinations of independent variables: what uncertain numbers carry in place of tangents.

Every variable has variance one, so that the coefficients of a combination are the standard deviations that the
variables contribute, and its variance is the sum of their squares. An array of combinations is a short list of terms
(base, index, factor): element i is the sum over the terms of ``factor[i] * base[index[i]]``, where a base is a batch of
independent variables (`Source`), a sparse matrix of combinations of variables (`Mixed`), or a matrix times such a base
that has not been multiplied out (`Product`). Elementwise functions change factors, moving elements changes indices, and
only a sum over elements or many terms make a new matrix. The idea of keeping correlations by keeping the combination is
that of E. O. Lebigot's package uncertainties.
"""

import functools
import operator

import numpy as np
from scipy import sparse

from dualad._core.uncertain import Row, Source, row_of, union

__all__ = ["Mixed", "Product", "Row", "Source", "added", "base_of_rows", "element", "expanded", "grouped",
           "joined_terms", "mapped", "scaled", "taken", "terms_of_row", "terms_of_rows", "total", "union"]

_MANY_TERMS = 8
"""Terms from which on one matrix takes their place."""

_FEW_ROWS = 16
"""Combinations that the elements of an array may share to be treated apart."""

_CHUNK = 1 << 22
"""Stored coefficients up to which a matrix is made only to compute variances."""

_GROWTH = 4
"""A product of matrices is multiplied out if it has at most so many times the coefficients of both, ..."""

_SMALL = 1 << 14
"""... or at most these."""

_DENSE = 0.2
"""The share of stored coefficients from which on products of dense matrices are faster."""


class Mixed:
    """Rows of combinations: `matrix` is a CSR array whose columns are the variables `ids`, in ascending order.

    In place of a matrix of one row its coefficients may be given.
    """

    __slots__ = ("_matrix", "ids", "sources", "_deviations")

    def __init__(self, matrix, ids, sources):
        self._matrix, self.ids, self.sources, self._deviations = matrix, ids, sources, None

    @property
    def matrix(self):
        """The matrix."""
        if isinstance(self._matrix, np.ndarray):
            n = len(self._matrix)
            self._matrix = sparse.csr_array((self._matrix, np.arange(n), [0, n]), shape=(1, n))
        return self._matrix

    @property
    def size(self):
        """The number of rows."""
        return self.matrix.shape[0]

    @property
    def stored(self):
        """How many coefficients are stored."""
        return self.matrix.nnz

    @property
    def deviations(self):
        """Standard deviation of every row."""
        if self._deviations is None:
            self._deviations = _norms(self.matrix)
        return self._deviations

    def row(self, k):
        """Places of the variables of row k, and their coefficients."""
        if isinstance(self._matrix, np.ndarray):
            return slice(None), self._matrix
        inside = slice(self.matrix.indptr[k], self.matrix.indptr[k + 1])
        return self.matrix.indices[inside], self.matrix.data[inside]

    def times(self, factor):
        """factor @ matrix"""
        return _multiplied(factor, self.matrix)

    def weighted(self, weights):
        """weights @ matrix"""
        return self.matrix.T @ weights

    def widths(self):
        """Upper bounds on the coefficients of every row."""
        return np.diff(self.matrix.indptr)


class Product:
    """Rows of combinations: a matrix times the rows of another base, multiplied out by parts and only when asked for.

    The inverse of an n by n matrix of independent elements has n**4 coefficients, but is two matrices of n**3 each
    times the elements.
    """

    __slots__ = ("matrix", "below", "_deviations")

    def __init__(self, matrix, below):
        self.matrix, self.below, self._deviations = matrix, below, None

    @property
    def size(self):
        """The number of rows."""
        return self.matrix.shape[0]

    @property
    def ids(self):
        """Numbers of the variables."""
        return self.below.ids

    @property
    def sources(self):
        """Where the variables come from."""
        return self.below.sources

    @property
    def stored(self):
        """How many coefficients are stored."""
        return self.matrix.nnz + self.below.stored

    @property
    def deviations(self):
        """Standard deviation of every row, of some rows at a time."""
        if self._deviations is None:
            step = max(1, _CHUNK // max(int(self.widths().max(initial=0)), 1))
            parts = [_norms(self.times(sparse.eye_array(self.size, format="csr")[i : i + step]))
                     for i in range(0, self.size, step)]
            self._deviations = np.concatenate(parts)
        return self._deviations

    def row(self, k):
        """Places of the variables of row k, and their coefficients."""
        row = self.below.times(self.matrix[[k]])
        return row.indices, row.data

    def times(self, factor):
        """factor @ matrix @ below"""
        return self.below.times(factor @ self.matrix)

    def weighted(self, weights):
        """weights @ matrix @ below"""
        return self.below.weighted(self.matrix.T @ weights)

    def widths(self):
        """Upper bounds on the coefficients of every row."""
        return _bound(self.matrix, self.below)


def _norms(matrix):
    """The root of the sum of squares of every row; of numbers whose squares are no floats, in other units."""
    largest = np.abs(matrix.data).max(initial=0)
    unit = largest if np.isfinite(largest) and (largest > 1e140 or 0 < largest < 1e-120) else 1.0
    squares = sparse.csr_array((np.square(matrix.data / unit), matrix.indices, matrix.indptr), shape=matrix.shape)
    return unit * np.sqrt(squares @ np.ones(matrix.shape[1]))


def _bound(matrix, base):
    """Upper bounds on the coefficients of the rows of matrix @ base."""
    pattern = sparse.csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    return np.minimum(pattern @ base.widths(), len(base.ids))


def _multiplied(a, b):
    """a @ b, by dense matrices where both are."""
    if min(a.nnz / max(np.prod(a.shape), 1), b.nnz / max(np.prod(b.shape), 1)) < _DENSE:
        return a @ b
    if not np.isfinite(a.data).all() or not np.isfinite(b.data).all():  # infinity times what is not stored is nothing
        return a @ b
    return _stored(a.toarray() @ b.toarray())


def _stored(dense):
    """A dense matrix in CSR form, zeros and all."""
    rows, columns = dense.shape
    indptr = np.arange(rows + 1) * columns
    indices = np.tile(np.arange(columns, dtype=np.int32), rows)
    return sparse.csr_array((dense.reshape(-1), indices, indptr), shape=dense.shape)


def product(matrix, base):
    """The base whose rows are matrix @ base, multiplied out where that is no larger."""
    room = max(_GROWTH * matrix.nnz, _SMALL)
    if _bound(matrix, base).sum() <= room + _GROWTH * base.stored:
        return Mixed(base.times(matrix), base.ids, base.sources)
    if isinstance(base, Product):
        inner = _multiplied(matrix, base.matrix)
        if inner.nnz <= room + _GROWTH * base.matrix.nnz:
            return product(inner, base.below)
    return Product(matrix, base)


# ---- arrays of combinations ----------------------------------------------------------------------------------------


def scaled(terms, derivative, shape):
    """derivative * combination, broadcast to a shape. A zero coefficient stays zero."""
    result = []
    finite = np.isfinite(np.add.reduce(derivative, None))
    for base, index, factor in terms:
        product = factor * derivative
        if not finite:
            product = np.where(factor == 0, 0.0, product)
        if factor.shape != shape:
            place = np.arange(factor.size).reshape(factor.shape) if index is None else index
            index = np.broadcast_to(place, shape)
        result.append((base, index, product if np.shape(product) == shape else np.broadcast_to(product, shape)))
    return result


def same_index(a, b):
    """Whether two indices into one base are the same."""
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def added(first, second):
    """The sum of two combinations of one shape."""
    result = list(first)
    for base, index, factor in second:
        for k, (other, place, weight) in enumerate(result):
            if other == base and same_index(place, index):
                result[k] = (base, index, weight + factor)
                break
        else:
            result.append((base, index, factor))
    if len(result) > _MANY_TERMS:
        shape = np.shape(result[0][2])
        size = int(np.prod(shape, dtype=int))
        bases = grouped(result, np.arange(size), size)
        products = [base for base in bases if isinstance(base, Product)]
        return terms_of_bases([base for base in bases if isinstance(base, Mixed)] + _one_product(products), shape)
    return result


def _one_product(products):
    """The sum of products: their matrices side by side, times the rows of all that they multiply."""
    matrices = {}
    for base in products:
        matrices[base.below] = matrices[base.below] + base.matrix if base.below in matrices else base.matrix
    if not matrices:
        return []
    return [Product(sparse.hstack(list(matrices.values()), format="csr"), stacked(list(matrices)))]


def stacked(bases):
    """The base that has the rows of several ones, one below the other."""
    if len(bases) == 1:
        return bases[0]
    if any(isinstance(base, Product) for base in bases):
        belows = [base.below if isinstance(base, Product) else base for base in bases]
        distinct = list(dict.fromkeys(belows))
        starts = dict(zip(distinct, np.cumsum([0, *(base.size for base in distinct)]), strict=False))
        matrices = [base.matrix if isinstance(base, Product) else sparse.eye_array(base.size, format="csr")
                    for base in bases]
        places = [starts[below] + m.indices for below, m in zip(belows, matrices, strict=True)]
        width = sum(base.size for base in distinct)
        return Product(_below_each_other(matrices, places, width), stacked(distinct))
    ids = np.unique(np.concatenate([base.ids for base in bases]))
    matrices = [sparse.eye_array(base.size, format="csr") if isinstance(base, Source) else base.matrix
                for base in bases]
    places = [np.searchsorted(ids, base.ids)[m.indices] for base, m in zip(bases, matrices, strict=True)]
    return Mixed(_below_each_other(matrices, places, len(ids)), ids, union(*(base.sources for base in bases)))


def _below_each_other(matrices, places, width):
    """The rows of all matrices, with new columns for their coefficients."""
    ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), *(np.diff(m.indptr) for m in matrices)]))
    data = np.concatenate([m.data for m in matrices])
    return sparse.csr_array((data, np.concatenate(places), ends), shape=(len(ends) - 1, width))


def taken(terms, positions):
    """The combinations at flat positions; -1 is a constant."""
    constant = positions < 0
    some = constant.any()
    if some:
        positions = np.where(constant, 0, positions)
    result = []
    for base, index, factor in terms:
        weight = factor.reshape(-1)[positions]
        if some:
            weight = np.where(constant, 0.0, weight)
        result.append((base, positions if index is None else index.reshape(-1)[positions], weight))
    return result


def _selection(term, rows, count, width):
    """The matrix, (count, width), that sums the elements i of a term with rows[i] = r in row r."""
    _, index, factor = term
    factor = np.reshape(factor, -1)
    index = np.arange(factor.size) if index is None else np.reshape(index, -1)
    return _collected(factor, rows, index, (count, width))


def _collected(data, rows, columns, shape):
    """The matrix of these entries; those of one place add up, which older versions of SciPy leave for later."""
    matrix = sparse.csr_array((data, (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _selected(term, rows, count):
    """The same of independent variables, and which they are."""
    base, index, factor = term
    if base.size <= 4 * np.size(factor):
        return _selection(term, rows, count, base.size), base.ids
    used, index = np.unique(np.arange(np.size(factor)) if index is None else index, return_inverse=True)
    return _selection((base, index, factor), rows, count, len(used)), base.start + used


def _bases(terms, count, of_variables, of_rows):
    """The sum of what terms become: of_variables gives a matrix and its variables, of_rows a factor of a base."""
    parts, products = [], []
    for term in terms:
        if isinstance(term[0], Source):
            parts.append((*of_variables(term), term[0].sources))
            continue
        base = product(of_rows(term), term[0])
        if isinstance(base, Mixed):
            parts.append((base.matrix, base.ids, base.sources))
        else:
            products.append(base)
    return _summed_bases(parts, products, count)


def _summed_bases(parts, products, count):
    if parts or not products:
        sources = union(*(own for _, _, own in parts)) if parts else ()
        products.append(joined([part[:2] for part in parts], sources, count))
    return products


def grouped(terms, rows, count):
    """Sums of the elements with equal numbers in `rows`: bases of `count` rows, to be added."""
    rows = np.reshape(rows, -1)
    return _bases(terms, count, lambda term: _selected(term, rows, count),
                  lambda term: _selection(term, rows, count, term[0].size))


def mapped(matrix, terms):
    """matrix @ the elements of a combination: bases to be added."""
    count, size = matrix.shape
    places = np.arange(size)

    def of_variables(term):
        chosen, ids = _selected(term, places, size)
        return matrix @ chosen, ids

    return _bases(terms, count, of_variables, lambda term: matrix @ _selection(term, places, size, term[0].size))


def terms_of_bases(bases, shape):
    """The terms of an array of this shape whose elements are the sums of the rows of bases."""
    return [(base, np.arange(base.size).reshape(shape), np.ones(shape)) for base in bases]


def expanded(terms, size):
    """The combinations of all elements as one matrix."""
    places = np.arange(size)
    parts = [_selected(term, places, size) if isinstance(term[0], Source)
             else (_expanded_rows(*term), term[0].ids) for term in terms]
    return joined(parts, union(*(term[0].sources for term in terms)) if terms else (), size)


def _expanded_rows(base, index, factor):
    factor = np.reshape(factor, -1)
    if isinstance(base, Product):
        return base.times(_selection((base, index, factor), np.arange(factor.size), factor.size, base.size))
    matrix = base.matrix if index is None else base.matrix[np.reshape(index, -1)]
    data = matrix.data * np.repeat(factor, np.diff(matrix.indptr))
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def joined(parts, sources, count):
    """The sum of matrices over different variables."""
    if len(parts) == 1:
        return Mixed(*parts[0], sources)
    if not parts:
        return Mixed(sparse.csr_array((count, 0)), np.zeros(0, np.int64), sources)
    first = parts[0][1]
    if all(np.array_equal(ids, first) for _, ids in parts):
        return Mixed(functools.reduce(operator.add, [m for m, _ in parts]), first, sources)
    ids = np.unique(np.concatenate([ids for _, ids in parts]))
    rows = np.concatenate([np.repeat(np.arange(count), np.diff(m.indptr)) for m, _ in parts])
    columns = np.concatenate([np.searchsorted(ids, own)[m.indices] for m, own in parts])
    data = np.concatenate([m.data for m, _ in parts])
    return Mixed(_collected(data, rows, columns, (count, len(ids))), ids, sources)


def deviations(terms, shape):
    """Standard deviations of an array of combinations."""
    if not terms:
        return np.zeros(shape)
    if len(terms) == 1:
        return _deviations_of_one(*terms[0], shape)
    sources = [source for base, _, _ in terms for source in base.sources]
    if len(set(sources)) == len(sources):
        return np.sqrt(sum(np.square(_deviations_of_one(*term, shape)) for term in terms))
    if len(terms) == 2 and all(isinstance(base, Source) for base, _, _ in terms):
        return _deviations_of_two(*terms)
    if len(terms) == 2 and {type(base) for base, _, _ in terms} == {Source, Mixed}:
        own, common = terms if isinstance(terms[0][0], Source) else terms[::-1]
        rows = np.unique(common[1]) if common[1] is not None else None
        if rows is not None and len(rows) <= _FEW_ROWS:
            return _deviations_with_common_rows(own, common, rows)
    return _deviations_by_rows(terms, shape)


def _deviations_of_one(base, index, factor, shape):
    size = np.abs(factor)
    if isinstance(base, Source):
        return np.array(size)
    with np.errstate(invalid="ignore"):
        return size * (base.deviations.reshape(shape) if index is None else base.deviations[index])


def _deviations_of_two(first, second):
    """Of two terms with one source: x[i] - x[j] is exact where i = j."""
    (base, i, f), (_, j, g) = first, second
    everything = np.arange(base.size).reshape(f.shape) if i is None or j is None else None
    same = (everything if i is None else i) == (everything if j is None else j)
    return np.sqrt(np.where(same, np.square(f + g), np.square(f) + np.square(g)))


def _deviations_with_common_rows(own, common, rows):
    """Of f[i] x[i] + g[i] (m . x): of one variable each and a few combinations that many share, as in x - x.mean().

    The sum of squares without the element's own variable comes from sums before and after it, which do not cancel.
    """
    source, place, f = own
    base, chosen, g = common
    numbers = source.start + (np.arange(source.size).reshape(f.shape) if place is None else place)
    variance = np.empty(f.shape)
    for row in rows.tolist():
        inside = slice(base.matrix.indptr[row], base.matrix.indptr[row + 1])
        ids, m = base.ids[base.matrix.indices[inside]], base.matrix.data[inside]
        order = np.argsort(ids)
        ids, m = ids[order], m[order]
        squares = np.square(m)
        before = np.concatenate([[0.0], np.cumsum(squares)])
        after = np.concatenate([np.cumsum(squares[::-1])[::-1], [0.0, 0.0]])
        here = chosen == row
        at = np.searchsorted(ids, numbers[here])
        found = np.append(ids, -1)[at] == numbers[here]
        mine = np.where(found, np.append(m, 0.0)[at], 0.0)
        others = np.where(found, before[at] + after[at + 1], before[-1])
        variance[here] = np.square(g[here]) * others + np.square(f[here] + g[here] * mine)
    return np.sqrt(variance)


def _deviations_by_rows(terms, shape):
    """By matrices of some rows at a time, since all of them may not fit into memory."""
    size = int(np.prod(shape, dtype=int))
    width = sum(_widest(base, index) for base, index, _ in terms)
    step = max(1, _CHUNK // max(width, 1))
    if size <= step:
        return expanded(terms, size).deviations.reshape(shape)
    flat = [expanded(taken(terms, np.arange(i, min(i + step, size))), min(step, size - i)).deviations
            for i in range(0, size, step)]
    return np.concatenate(flat).reshape(shape)


def _widest(base, index):
    """The most variables in any row of a term."""
    return 1 if isinstance(base, Source) else int(base.widths().max(initial=0))


# ---- one combination -----------------------------------------------------------------------------------------------


def terms_of_row(row):
    """A combination as the terms of a shape-() array."""
    ids, coefficients = row.arrays()
    if len(ids) == 0:
        return []
    if len(ids) == 1:
        (source, k, coefficient), = row.variables()
        return [(source, np.array(k), np.array(coefficient))]
    return [(Mixed(coefficients, ids, row.sources), np.array(0), np.array(1.0))]


def terms_of_rows(rows, shape):
    """Combinations, one for each element, as the terms of an array."""
    if all(len(row.arrays()[0]) == 1 for row in rows) and len({row.sources for row in rows}) == 1:
        source, = rows[0].sources
        place, coefficient = np.transpose([[k, c] for row in rows for _, k, c in row.variables()])
        return [(source, place.astype(np.int64).reshape(shape), coefficient.reshape(shape))]
    return [(base_of_rows(rows), np.arange(len(rows)).reshape(shape), np.ones(shape))]


def base_of_rows(rows):
    """Combinations as one base."""
    ids, coefficients = zip(*(row.arrays() for row in rows), strict=True)
    ends = np.cumsum([0, *map(len, ids)])
    if all(np.array_equal(own, ids[0]) for own in ids):
        found, columns = ids[0], np.tile(np.arange(len(ids[0])), len(ids))
    else:
        found, columns = np.unique(np.concatenate(ids), return_inverse=True)
    matrix = sparse.csr_array((np.concatenate(coefficients), columns, ends), shape=(len(rows), len(found)))
    return Mixed(matrix, found, union(*(row.sources for row in rows)))


def joined_terms(several, sizes):
    """The terms of the elements of several arrays, one array after the other."""
    result, total_size = [], sum(sizes)
    starts = np.cumsum([0, *sizes])
    for k in range(max(map(len, several), default=0)):
        with_term = [(i, terms[k]) for i, terms in enumerate(several) if len(terms) > k]
        bases = list(dict.fromkeys(base for _, (base, _, _) in with_term))
        rows = dict(zip(bases, np.cumsum([0, *(base.size for base in bases)]), strict=False))
        place, weight = np.zeros(total_size, np.int64), np.zeros(total_size)
        for i, (base, index, factor) in with_term:
            inside = slice(starts[i], starts[i + 1])
            place[inside] = rows[base] + (np.arange(sizes[i]) if index is None else np.reshape(index, -1))
            weight[inside] = np.reshape(factor, -1)
        result.append((stacked(bases), place, weight))
    return result


def total(terms):
    """The sum of all elements as a `Row`."""
    parts = [_summed(*term) for term in terms]
    return merged(parts, union(*(base.sources for base, _, _ in terms)) if terms else ())


def _summed(base, index, factor):
    factor = np.reshape(factor, -1)
    if isinstance(base, Source):
        if index is None:
            return base.ids, factor
        index = np.reshape(index, -1)
        if base.size <= 4 * index.size:
            return base.ids, np.bincount(index, factor, base.size)
        used, index = np.unique(index, return_inverse=True)
        return base.start + used, np.bincount(index, factor, len(used))
    return base.ids, base.weighted(factor if index is None else np.bincount(np.reshape(index, -1), factor, base.size))


def merged(parts, sources):
    """One `Row` of several pairs of numbers and coefficients."""
    if len(parts) == 1:
        return Row(sources, *parts[0])
    parts = sorted((part for part in parts if len(part[0])), key=lambda part: part[0][0])
    if not parts:
        return row_of(sources, {})
    return Row(sources, np.concatenate([ids for ids, _ in parts]), np.concatenate([c for _, c in parts]))


def element(terms, position):
    """The combination at one flat position as a `Row`."""
    items, parts = {}, []
    for base, index, factor in terms:
        k = position if index is None else int(index.reshape(-1)[position])
        weight = float(factor.reshape(-1)[position])
        if isinstance(base, Source):
            items[base.start + k] = items.get(base.start + k, 0.0) + weight
        else:
            columns, coefficients = base.row(k)
            parts.append((base.ids[columns], weight * coefficients))
    sources = union(*(base.sources for base, _, _ in terms)) if terms else ()
    if not parts:
        return row_of(sources, items)
    if items:
        parts.append(row_of(sources, items).arrays())
    return merged(parts, sources)
