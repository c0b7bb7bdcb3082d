"""Colouring of sparsity patterns: which columns can be differentiated together.

Columns of one colour are summed in the compressed matrix, and their entries can still be told apart. The algorithms are
those of A. H. Gebremedhin, F. Manne and A. Pothen, "What color is your Jacobian?", SIAM Review 47 (2005), and of
A. H. Gebremedhin, A. Tarafdar, F. Manne and A. Pothen, "New acyclic and star coloring algorithms with application to
computing Hessians", SIAM J. Sci. Comput. 29 (2007). Orders and their ties are those of ColPack: A. H. Gebremedhin,
D. Nguyen, M. M. A. Patwary and A. Pothen, ACM TOMS 40 (2013).
"""

import math

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from dualad._core.coloring import Graph
from dualad.sparse._patterns import as_pattern, columns_of, names
from dualad.sparse._recovery import Recovery

ORDERS = ("natural", "random", "largest_first", "smallest_last", "incidence_degree", "dynamic_largest_first")
"""Names that `order` takes."""

_TRIED = ("natural", "largest_first", "smallest_last")
_UNBOUNDED = np.iinfo(np.int64).max


class Coloring:
    """Colours of the columns (or rows) of a sparsity pattern; what `dualad.coloring` returns.

    Attributes
    ----------
    pattern : scipy.sparse.csc_array
        The pattern that was coloured, boolean.
    colors : numpy.ndarray of int
        The colour of every column (every row with ``partition="row"``), from 0 on. -1 marks columns that recovery does
        not need. With ``partition="bidirectional"`` a tuple: the colours of the columns and those of the rows.
    ncolors : int
        How many colours there are.
    groups : numpy.ndarray of int
        The same as `colors`, named as SciPy does: ``approx_derivative(..., sparsity=(pattern, coloring.groups))``.
    lower_bound : int
        No colouring of this kind has fewer colours.
    partition, structure, decompression : str
        As given to `dualad.coloring`.
    order : str
        The order that gave these colours.

    Notes
    -----
    Objects are made by `dualad.coloring`. They can be pickled.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> c = da.coloring(np.eye(4) + np.eye(4, k=1))
    >>> c.ncolors, c.colors
    (2, array([0, 1, 0, 1]))
    >>> print(c)
    2 colours for 4 columns (natural order); lower bound 2: optimal
    rows 0, 1 and 2 have 2 entries each
    """

    def __init__(self, pattern, colors, ncolors, details, lower_bound, *, partition, structure, decompression, order):
        self.pattern = pattern
        self.colors, self.ncolors = colors, ncolors
        self.partition, self.structure, self.decompression, self.order = partition, structure, decompression, order
        self.lower_bound = lower_bound
        self.details = details  # how star and acyclic colourings are read

    @property
    def groups(self):
        return self.colors

    @property
    def sides(self):
        """Colours of the columns and of the rows, None for a side that is not compressed."""
        if self.partition == "bidirectional":
            return self.colors
        return (self.colors, None) if self.partition == "column" else (None, self.colors)

    @property
    def shape(self):
        """Shape of the pattern."""
        return self.pattern.shape

    def __repr__(self):
        what = ", ".join(f"{key}={getattr(self, key)!r}" for key in ("partition", "structure", "decompression"))
        return f"<Coloring of a {self.shape[0]} x {self.shape[1]} pattern: {self.ncolors} colours, {what}>"

    def __str__(self):
        optimal = ": optimal" if self.ncolors == self.lower_bound else ""
        what = {
            "column": f"{self.shape[1]} columns",
            "row": f"{self.shape[0]} rows",
            "bidirectional": f"{self.shape[0]} rows and {self.shape[1]} columns",
        }[self.partition]
        colours = f"{self.ncolors} colour{'s' * (self.ncolors != 1)}"
        first = f"{colours} for {what} ({self.order.replace('_', ' ')} order); lower bound {self.lower_bound}{optimal}"
        return f"{first}\n{self._reason()}"

    def _reason(self):
        """What forces the lower bound, in words."""
        if self.structure == "symmetric" or self.partition == "bidirectional":
            return "the bound follows from the numbers of entries and of vertices"
        axis, what = (1, "row") if self.partition == "column" else (0, "column")
        counts = _counts(self.pattern, axis)
        if not self.lower_bound:
            return "no row has entries" if axis else "no column has entries"
        full = np.flatnonzero(counts == self.lower_bound)
        entries = "entry" if self.lower_bound == 1 else "entries"
        if len(full) == 1:
            return f"{names(full, what)} has {self.lower_bound} {entries}"
        return f"{names(full, what)} have {self.lower_bound} {entries} each"

    def explain(self):
        """The pattern, the colours and the bound in words.

        Returns
        -------
        str
            A few lines for people: size of the pattern, colours, lower bound with what forces it, and the largest and
            smallest group.

        Examples
        --------
        >>> import numpy as np
        >>> import dualad as da
        >>> print(da.coloring(np.eye(3)).explain())
        pattern: 3 x 3, 3 entries (33.3 %)
        1 colour for 3 columns (natural order); lower bound 1: optimal
        rows 0, 1 and 2 have 1 entry each
        nonsymmetric structure, direct decompression; groups of 3 to 3 columns
        """
        m, n = self.shape
        entries = self.pattern.nnz
        share = f" ({100 * entries / (m * n):.3g} %)" if m * n else ""
        lines = [f"pattern: {m} x {n}, {entries} entries{share}", str(self)]
        sizes = []
        for kind, colors in zip(("columns", "rows"), self.sides, strict=True):
            used = [] if colors is None else np.bincount(colors[colors >= 0])
            if len(used):
                sizes.append(f"groups of {used.min()} to {used.max()} {kind}")
        lines.append("; ".join([f"{self.structure} structure, {self.decompression} decompression", *sizes]))
        return "\n".join(lines)

    def verify(self):
        """Check from the definition that every entry can be recovered.

        Returns
        -------
        Coloring
            The object itself.

        Raises
        ------
        ValueError
            If two entries that the colouring must tell apart fall together; the message names them.

        Notes
        -----
        The check is independent of the algorithms: it counts how many entries of a row meet in a colour, and for
        substitution whether the entries of every two colours form trees.

        Examples
        --------
        >>> import numpy as np
        >>> import dualad as da
        >>> da.coloring(np.eye(3)).verify().ncolors
        1
        """
        if self.decompression == "substitution":
            _verify_acyclic(self.pattern, self.colors)
            return self
        rows, columns = self.pattern.indices, columns_of(self.pattern)
        by_columns, by_rows = self.sides
        ok = np.zeros(self.pattern.nnz, bool)
        if by_columns is not None:
            ok |= _alone(rows, by_columns[columns])
            if self.structure == "symmetric":
                ok |= _alone(columns, by_columns[rows])
        if by_rows is not None:
            ok |= _alone(columns, by_rows[rows])
        if not ok.all():
            bad = int(np.argmin(ok))
            raise ValueError(f"the colouring cannot tell entry ({rows[bad]}, {columns[bad]}) from another one")
        return self

    def compress(self, matrix):
        """Sum the columns (or rows) of each colour of a matrix with this pattern.

        Parameters
        ----------
        matrix : array or sparse array
            Of the shape of the pattern.

        Returns
        -------
        numpy.ndarray
            (m, ncolors), or (ncolors, n) for a row partition; the tuple of both for a bidirectional one.

        Raises
        ------
        ValueError
            If the shape is not that of the pattern.

        Examples
        --------
        >>> import numpy as np
        >>> import dualad as da
        >>> da.coloring(np.eye(3)).compress(np.diag([1.0, 2.0, 3.0]))
        array([[1.],
               [2.],
               [3.]])
        """
        if matrix.shape != self.shape:
            raise ValueError(f"matrix has shape {matrix.shape}, but the pattern has shape {self.shape}")
        by_columns, by_rows = self.sides
        parts = []
        if by_columns is not None:
            parts.append(matrix @ _indicator(by_columns))
        if by_rows is not None:
            parts.append((matrix.T @ _indicator(by_rows)).T)
        parts = [p.toarray() if sparse.issparse(p) else np.asarray(p) for p in parts]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def decompress(self, compressed, *, format="csc"):
        """Recover the matrix from its compressed form, the inverse of `compress`.

        Parameters
        ----------
        compressed : numpy.ndarray, or a tuple of two for a bidirectional partition
            As `compress` returns it.
        format : {"csc", "csr"}, optional
            How the result is stored.

        Returns
        -------
        scipy.sparse.csc_array or csr_array
            The matrix, with exactly the entries of the pattern.

        Raises
        ------
        ValueError
            If a shape does not fit, or the format is unknown.

        Examples
        --------
        >>> import numpy as np
        >>> import dualad as da
        >>> A = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0]])
        >>> c = da.coloring(A)
        >>> np.array_equal(c.decompress(c.compress(A)).toarray(), A)
        True
        """
        recovery = Recovery(self, format)
        return recovery.matrix(recovery.values(recovery.flatten(compressed)))

    def arrays(self):
        """Everything as plain arrays, for `numpy.savez`."""
        held = {name: getattr(self, name) for name in ("ncolors", "lower_bound", *_KIND)}
        held |= {"shape": self.shape, "indices": self.pattern.indices, "indptr": self.pattern.indptr}
        for name, part in (("colors", self.colors), ("details", self.details)):
            parts = part if isinstance(part, tuple) else (part,)
            held |= {f"{name}{i}": x for i, x in enumerate(parts) if x is not None}
        return held


_KIND = ("partition", "structure", "decompression", "order")


def coloring_from_arrays(held):
    """The `Coloring` of which `arrays` are given."""
    stored = np.ones(len(held["indices"]), bool)
    pattern = sparse.csc_array((stored, held["indices"], held["indptr"]), shape=tuple(held["shape"]))
    colors, details = (
        tuple(held[f"{name}{i}"] for i in range(2) if f"{name}{i}" in held) for name in ("colors", "details")
    )
    colors, details = (x[0] if len(x) == 1 else x or None for x in (colors, details))
    kind = {name: str(held[name]) for name in _KIND}
    return Coloring(pattern, colors, int(held["ncolors"]), details, int(held["lower_bound"]), **kind)


def coloring(
    pattern, *, partition="column", structure="nonsymmetric", order=None, decompression="direct", seed=0
):
    """Colour a sparsity pattern: columns (or rows) of one colour can be differentiated together.

    Parameters
    ----------
    pattern : scipy.sparse array or array_like
        Two-dimensional. In a sparse array every stored entry counts, stored zeros too; in a dense one what is not zero.
    partition : {"column", "row", "bidirectional"}, optional
        What gets colours. Columns serve forward mode, rows reverse mode, and both together (a star bicolouring)
        matrices with dense rows and dense columns.
    structure : {"nonsymmetric", "symmetric"}, optional
        With "symmetric", as for Hessians, an entry may be read from its mirror image: fewer colours.
    order : {None, "natural", "random", "largest_first", "smallest_last", "incidence_degree", "dynamic_largest_first"}
        In which order the columns get colours. None tries natural, largest first and smallest last, keeps the first
        with the fewest colours, and stops as soon as one meets the lower bound.
    decompression : {"direct", "substitution"}, optional
        "substitution", for symmetric structure, needs fewer colours (an acyclic colouring in place of a star
        colouring), and recovers the entries from one another.
    seed : int, optional
        Of the random order, so that colours are the same in every run.

    Returns
    -------
    Coloring
        Colours, their number, the lower bound; it can verify, explain and print itself.

    Raises
    ------
    TypeError
        If the pattern is nothing like a matrix.
    ValueError
        If the pattern has not two dimensions, a name is unknown, a combination does not exist, or a pattern that is
        called symmetric is not.

    Notes
    -----
    Distance-2 colouring: Gebremedhin, Manne and Pothen, SIAM Review 47 (2005), Algorithm 3.2. Star and acyclic
    colouring: Gebremedhin, Tarafdar, Manne and Pothen, SIAM J. Sci. Comput. 29 (2007), Algorithms 4.1 and 3.1. Orders:
    Gebremedhin, Nguyen, Patwary and Pothen, ACM TOMS 40 (2013), section 5.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> arrow = np.eye(5, dtype=bool)
    >>> arrow[0] = arrow[:, 0] = True
    >>> da.coloring(arrow).ncolors
    5
    >>> da.coloring(arrow, structure="symmetric").ncolors
    2
    >>> da.coloring(arrow, structure="symmetric", decompression="substitution").ncolors
    2
    """
    _check_choice("partition", partition, ("column", "row", "bidirectional"))
    _check_choice("structure", structure, ("nonsymmetric", "symmetric"))
    _check_choice("decompression", decompression, ("direct", "substitution"))
    if order is not None:
        _check_choice("order", order, ORDERS)
    if structure == "symmetric" and partition != "column":
        raise ValueError(f"a symmetric structure has partition='column', not {partition!r}: its rows are its columns")
    if structure == "nonsymmetric" and decompression == "substitution":
        raise ValueError("decompression='substitution' needs structure='symmetric'")
    pattern = as_pattern(pattern)
    tried = _TRIED if order is None else (order,)
    if structure == "symmetric":
        found = _color_symmetric(pattern, tried, decompression, seed)
    elif partition == "bidirectional":
        found = _color_both(pattern, tried, seed)
    else:
        found = _color_side(pattern if partition == "column" else pattern.T.tocsc(), tried, seed)
    (colors, ncolors, details, order), bound = found
    kind = {"partition": partition, "structure": structure, "decompression": decompression}
    return Coloring(pattern, colors, ncolors, details, bound, order=order, **kind)


def _check_choice(name, value, choices):
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")


# ---- the three kinds of colouring ------------------------------------------------------------------------------------


def _graph(pattern):
    return Graph(pattern.shape[0], pattern.indptr.astype(np.int64), pattern.indices.astype(np.int32, copy=False))


def _ordered(graph, count, order, seed, distance2):
    """The columns in an order, None for the natural one."""
    if order == "natural":
        return None
    if order == "random":
        return np.random.default_rng(seed).permutation(count).astype(np.int64)
    return graph.order(order, distance2)


def _orders(graph, count, tried, seed, distance2):
    """The orders to try, each with its name, without repetition."""
    seen = []
    for name in tried:
        order = _ordered(graph, count, name, seed, distance2)
        key = np.arange(count) if order is None else order
        if not any(np.array_equal(key, other) for other in seen):
            yield name, order
        if len(tried) > 1:
            seen.append(key)


def _color_side(pattern, tried, seed):
    """Distance-2 colouring of the columns."""
    graph, best = _graph(pattern), None
    bound = graph.fullest_row()
    for name, order in _orders(graph, pattern.shape[1], tried, seed, True):
        colors, count = graph.distance2(order, _UNBOUNDED if best is None else best[1])
        if best is None or count < best[1]:
            best = colors, count, None, name
        if best[1] <= bound:
            break
    return best, bound


def _color_symmetric(pattern, tried, decompression, seed):
    """Star or acyclic colouring; the details tell how entries are recovered."""
    graph, best = _symmetric_graph(pattern), None
    bound = _forest_bound(pattern)
    for name, order in _orders(graph, pattern.shape[1], tried, seed, False):
        colors, count, details = graph.star(order) if decompression == "direct" else graph.acyclic(order)
        if best is None or count < best[1]:
            best = colors, count, details, name
        if count <= bound:
            break
    if decompression == "substitution":
        best = best[0], best[1], (best[2], graph.mate), best[3]
    return best, bound


def _symmetric_graph(pattern):
    if pattern.shape[0] != pattern.shape[1]:
        raise ValueError(
            f"a pattern with structure='symmetric' must be square, but it has shape {pattern.shape}"
        )
    graph = _graph(pattern)
    if not graph.is_symmetric():
        lonely = (pattern.astype(np.int8) - pattern.T.astype(np.int8)).tocoo()
        at = np.flatnonzero(lonely.data > 0)[0]
        i, j = lonely.coords[0][at], lonely.coords[1][at]
        raise ValueError(
            f"the pattern is not symmetric: it has entry ({i}, {j}) but not ({j}, {i}); use pattern + pattern.T, or "
            "structure='nonsymmetric'"
        )
    return graph


def _color_both(pattern, tried, seed):
    """Colours for columns and rows: a star bicolouring, or dense rows (columns) apart from the columns (rows) if that
    takes fewer. The details tell which entries the columns give."""
    bound = math.ceil(pattern.nnz / max(pattern.shape)) if pattern.nnz else 0
    best = _star_bicoloring(pattern, tried, seed, bound)
    if best[1] > bound:
        best = min(best, _split_rows(pattern, tried, seed), key=lambda found: found[1])
    if best[1] > bound:
        (rows, columns), count, by_rows, name = _split_rows(pattern.T.tocsc(), tried, seed)
        if count < best[1]:
            flipped = pattern.T.tocsc().astype(np.int8)
            flipped.data[:] = by_rows
            best = (columns, rows), count, flipped.T.tocsc().data == 0, name
    return best, bound


def _star_bicoloring(pattern, tried, seed, bound):
    """A star colouring of the graph of columns and rows, in which only colours that are read count."""
    m, n = pattern.shape
    both = sparse.block_array([[sparse.csc_array((n, n), dtype=bool), pattern.T], [pattern, None]], format="csc")
    both.sort_indices()
    graph, best = _graph(both), None
    graph.is_symmetric()
    for name, order in _orders(graph, m + n, tried, seed, False):
        colors, _, reader = graph.star(order)
        columns, rows = _renumbered(colors[:n]), _renumbered(colors[n:])
        count = int(columns.max(initial=-1) + rows.max(initial=-1) + 2)
        if best is None or count < best[1]:
            best = (columns, rows), count, reader[: pattern.nnz] >= n, name
        if count <= bound:
            break
    return best


def _split_rows(pattern, tried, seed):
    """The densest rows get row colours, which leaves the columns the other rows: rows with more entries than the
    densest (none), than half of it, a quarter, ..."""
    counts, best = _counts(pattern, 1), None
    limit = int(counts.max(initial=0))
    while best is None or limit >= 1:
        dense = counts > limit
        rest = pattern.tocsr()[~dense].tocsc()
        (columns, used, _, name), _ = _color_side(rest, tried, seed)
        (rows, more, _, _), _ = _color_side(pattern.tocsr()[dense].T.tocsc(), tried, seed)
        if best is None or used + more < best[1]:
            columns = np.where(_counts(rest, 0) > 0, columns, -1)
            every = np.full(pattern.shape[0], -1)
            every[dense] = rows
            best = (columns, every), used + more, ~dense[pattern.indices], name
        limit //= 2
    return best


def _renumbered(colors):
    """The same groups with colours 0, 1, ...; -1 stays."""
    used = np.unique(colors[colors >= 0])
    return np.where(colors >= 0, np.searchsorted(used, colors), -1)


# ---- bounds and checks -----------------------------------------------------------------------------------------------


def _counts(pattern, axis):
    """Entries of every row (axis 1) or column (axis 0)."""
    return np.bincount(pattern.indices, minlength=pattern.shape[0]) if axis else np.diff(pattern.indptr)


def _forest_bound(pattern):
    """Two colours of an acyclic (or star) colouring span a forest, so c colours span at most (c - 1) n - c (c - 1) / 2
    edges."""
    diagonal = pattern.diagonal()
    n, edges = pattern.shape[0], (pattern.nnz - np.count_nonzero(diagonal)) // 2
    if not edges:
        return int(diagonal.any())
    if not diagonal.all():  # colours that nothing reads are not counted
        return 1
    c = 1
    while (c - 1) * n - c * (c - 1) // 2 < edges:
        c += 1
    return c


def _alone(lines, colors):
    """Whether an entry is the only one of its line with this colour; never where the colour is -1."""
    keys = lines * (np.int64(colors.max(initial=-1)) + 2) + colors + 1
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return (colors >= 0) & (counts[inverse] == 1)


def _indicator(colors):
    """The seed matrix: a column for each colour."""
    held = np.flatnonzero(colors >= 0)
    shape = (len(colors), int(colors.max(initial=-1)) + 1)
    return sparse.csr_array((np.ones(len(held)), (held, colors[held])), shape=shape)


def _verify_acyclic(pattern, colors):
    """Entries of every two colours form a forest: as many edges as vertices less components."""
    rows, columns = pattern.indices, columns_of(pattern)
    lower = rows > columns
    i, j = rows[lower].astype(np.int64), columns[lower]
    read = np.zeros(int(colors.max(initial=-1)) + 2, bool)
    read[colors[rows[rows == columns]]] = True
    if np.any(colors[rows[rows == columns]] < 0) or np.any((colors[i] < 0) & (colors[j] < 0)):
        raise ValueError("the colouring reads no colour for some entry")
    same = np.flatnonzero(colors[i] == colors[j])
    if len(same):
        one, other = i[same[0]], j[same[0]]
        raise ValueError(f"the colouring gives columns {one} and {other} one colour, though they are adjacent")
    width = len(read)  # colour -1 counts as one more
    ends = i * width + colors[j] % width, j * width + colors[i] % width
    nodes, numbered = np.unique(np.concatenate(ends), return_inverse=True)
    edges = sparse.coo_array((np.ones(len(i)), (numbered[: len(i)], numbered[len(i) :])), shape=(len(nodes),) * 2)
    components = csgraph.connected_components(edges, directed=False)[0]
    if len(i) != len(nodes) - components:
        raise ValueError("the colouring has a cycle of two colours, whose entries substitution cannot tell apart")
