"""Sparse Jacobians: a plan holds pattern, colouring and recovery, and evaluates as often as it is called.

The function runs on numbers whose tangents are the seed matrix of the colouring: one direction for each colour, with
ones at its columns; or, where that is less work, on sparse vectors (see `_vectors`). A. R. Curtis, M. J. D. Powell
and J. K. Reid, "On the estimation of sparse Jacobian matrices", IMA J. Appl. Math. 13 (1974); Griewank and
Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 8.
"""

import functools
import math
import threading
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from dualad._context import call_within
from dualad._core import MultiDual, Number
from dualad._core.coloring import seeds
from dualad._core.number import components_like, empty_components, primal, wrap
from dualad._intercept import intercepted
from dualad._sweeps import find_position, levels, results_at
from dualad._trees import as_input, flatten, rebuild
from dualad.sparse._coloring import Coloring, coloring_from_arrays
from dualad.sparse._coloring import coloring as color_pattern
from dualad.sparse._detection import jacobian_sparsity, pattern_up_to
from dualad.sparse._patterns import as_pattern, columns_of, names, same_pattern
from dualad.sparse._recovery import AddingRecovery, Recovery, check_format, put_chunk
from dualad.sparse._terms import rows_of_terms
from dualad.sparse._vectors import Stale, Vectors
from dualad.transforms import jvp

_CACHE = 1 << 23
"""Bytes that one number of a chunk of directions may take, so that a few of them stay in the outer cache ..."""

_LEAST_CHUNK = 3
"""... unless that were fewer directions than this: each chunk computes the value again."""


# ---- compressed evaluation -----------------------------------------------------------------------------------------


def seeded(x, colors, first, count, level):
    """The number of value x whose tangents are the seeds of colours first, ..., first + count - 1."""
    shape = np.shape(x)
    if isinstance(x, Number):
        rows = np.empty((count, len(colors)))
        seeds(rows, colors, first)
        lead = x[None] if shape else np.reshape(x, (1,))
        return wrap(MultiDual, np.concatenate([lead, rows.reshape((count, *shape)).astype(x.dtype)]), level, count)
    x = np.asarray(x)
    data = components_like(1 + count, x, x.dtype)
    data[0] = x
    if data.flags.c_contiguous and data.dtype == np.float64:
        seeds(data.reshape(1 + count, -1)[1:], colors, first)
    else:
        rows = np.empty((count, len(colors)))
        seeds(rows, colors, first)
        data[1:] = rows.reshape((count, *shape))
    return wrap(MultiDual, data, level, count)


@dataclass(frozen=True)
class Argument:
    """The argument to differentiate by, as leaves, and the call with other leaves in its place."""

    f: object
    args: tuple
    kwargs: dict
    position: int
    leaves: list
    structure: object

    @classmethod
    def of(cls, f, argnum, args, kwargs):
        position = find_position(argnum, args, "argnum")
        leaves, structure = flatten(args[position])
        leaves = [as_input(x, "the argument") for x in leaves]
        if any(np.iscomplexobj(x) for x in leaves):
            raise TypeError("a sparse Jacobian with respect to complex arguments is not defined: pass real numbers")
        return cls(f, args, kwargs, position, leaves, structure)

    @functools.cached_property
    def shapes(self):
        return [np.shape(x) for x in self.leaves]

    @functools.cached_property
    def size(self):
        return sum(int(np.prod(s, dtype=int)) for s in self.shapes)

    def plain(self):
        """The argument without derivatives, copied: f may write to it."""
        return rebuild(self.structure, [np.array(primal(x)) for x in self.leaves])

    def bound(self):
        """f as a function of this argument alone."""
        return lambda x: self.f(*self.args[: self.position], x, *self.args[self.position + 1 :], **self.kwargs)

    def value(self):
        """What f returns for a copy of the argument."""
        return self.bound()(rebuild(self.structure, [x.copy() if np.ndim(x) else x for x in self.leaves]))

    def call(self, leaves, level, count):
        """f with these leaves, as pairs of value and tangents, and the structure of the result."""
        args = list(self.args)
        args[self.position] = rebuild(self.structure, leaves)
        return results_at(call_within((MultiDual, level, count), self.f, args, self.kwargs), level)

    def sweep(self, colors, first, count):
        """Values, tangents (count, m) in the directions of these colours (None: they are zero), and structure."""
        level, leaves, start = next(levels), [], 0
        for x, shape in zip(self.leaves, self.shapes, strict=True):
            size = int(np.prod(shape, dtype=int))
            leaves.append(seeded(x, colors[start : start + size], first, count, level))
            start += size
        pairs, structure = self.call(leaves, level, count)
        return [y for y, _ in pairs], stack_tangents(pairs, count), structure


def stack_tangents(pairs, count):
    """Tangents of the leaves of a result side by side, (count, m); None if all are zero."""
    if all(t is None for _, t in pairs):
        return None
    parts = [np.zeros((count, np.size(y))) if t is None else np.reshape(t, (count, np.size(y))) for y, t in pairs]
    if len(parts) > 1:
        return np.concatenate(parts, axis=1)
    return parts[0] if isinstance(parts[0], Number) else np.ascontiguousarray(parts[0])


# ---- plans ---------------------------------------------------------------------------------------------------------


class Prepared:
    """What a plan computes once: recovery, and for each chunk of colours the entries that it gives."""

    def __init__(self, coloring, format, chunk_size, followed=False):
        self.coloring, self.recovery, self.followed = coloring, Recovery(coloring, format), followed
        self.colors = coloring.colors
        colours = self.recovery.column_colors
        size = _chunk_of(chunk_size, coloring.shape[1], colours)
        self.chunks = [(first, min(size, colours - first)) for first in range(0, colours, size)]
        self.at_once = len(self.chunks) < 2 or coloring.decompression == "substitution"
        self.places = [] if self.at_once else [self.recovery.chunk(*chunk) for chunk in self.chunks]
        self.vectors = None
        if chunk_size is None and coloring.structure == "nonsymmetric":
            self.vectors = Vectors(coloring.pattern, format, len(self.chunks), colours)

    @property
    def sparsity(self):
        return self.coloring.pattern

    def state(self):
        """What `Plan._prepare_with` makes it from."""
        return {"coloring": self.coloring, "followed": self.followed}

    def arrays(self):
        """What a file holds of it beside the colouring."""
        return {name: x for name, x in self.state().items() if name != "coloring"}

    def argument(self, argument):
        """The argument with the function that is evaluated for the compressed matrix."""
        return argument

    def value(self, argument, values, structure):
        """What f returns, from an evaluation of that function."""
        return rebuild(structure, values)

    def cost(self):
        """Predicted cost and memory of an evaluation, for people."""
        recovery, vectors, sweeps = self.recovery, self.vectors, len(self.chunks)
        kept = recovery.index.nbytes + recovery.indices.nbytes + recovery.indptr.nbytes
        kept += sum(a.nbytes for pair in self.places for a in pair)
        array = 8 * max(self.coloring.shape)
        if vectors is not None and vectors.chosen:
            return (
                "each Jacobian: one evaluation of f on sparse vectors, expected to take "
                f"{vectors.share:.2g} of the time of {recovery.column_colors} directions",
                f"memory: {_megabytes(kept + vectors.nbytes)} for the plan, {_megabytes(array)} for each array inside "
                "f and each of its partial derivatives that is not one number",
            )
        return (
            f"each Jacobian: {recovery.column_colors} directions in {sweeps} evaluation{'s' * (sweeps != 1)} of f, at "
            f"most {self.directions} directions at once",
            f"memory: {_megabytes(kept)} for the plan, {_megabytes(array * (1 + self.directions))} for each array "
            "inside f",
        )

    @property
    def directions(self):
        """The most directions that go through f at once."""
        return max((count for _, count in self.chunks), default=0)


class Split(Prepared):
    """As Prepared, for a function with dense rows that are sums: their terms are evaluated in place of the rows, and
    `rows` tells which row each of them is added to."""

    def __init__(self, coloring, format, chunk_size, followed, rows):
        super().__init__(coloring, "csc", chunk_size, followed)
        self.vectors = None
        self.rows, self.at_once, self.places = rows, True, []
        terms = coloring.pattern
        shape = int(rows.max(initial=-1)) + 1, len(rows)
        adding = sparse.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=shape)
        self.pattern = as_pattern(adding @ terms.astype(float))
        self.recovery = AddingRecovery(self.recovery, self.pattern, rows[terms.indices], columns_of(terms), format)

    @property
    def sparsity(self):
        return self.pattern

    def state(self):
        return {**super().state(), "rows": self.rows}

    def argument(self, argument):
        f, position = argument.f, argument.position

        def with_terms(*args, **kwargs):
            return rows_of_terms(lambda x: f(*args[:position], x, *args[position + 1 :], **kwargs), args[position])[0]

        return replace(argument, f=with_terms)

    def value(self, argument, values, structure):
        return argument.value()


def _chunk_of(chunk_size, columns, colours):
    if chunk_size is not None:
        return chunk_size
    fit = max(_LEAST_CHUNK, _CACHE // (8 * max(columns, 1)) - 1)
    parts = max(1, -(-colours // fit))
    return max(1, -(-colours // parts))


def check_size(chunk_size):
    """Raises ValueError for a chunk_size that is no positive integer."""
    whole = isinstance(chunk_size, (int, np.integer)) and not isinstance(chunk_size, bool)
    if chunk_size is not None and (not whole or chunk_size < 1):
        raise ValueError(f"chunk_size must be a positive integer, not {chunk_size!r}")


def resolve_pattern(sparsity, coloring, **kind):
    """The colouring that a user's pattern or colouring stands for; None if the pattern is to be detected."""
    if isinstance(sparsity, str):
        if sparsity != "auto":
            raise ValueError(f"sparsity must be a sparse array, 'auto' or None, not {sparsity!r}")
        sparsity = None
    pattern = None if sparsity is None else as_pattern(sparsity, "sparsity")
    if coloring is None:
        return None if pattern is None else color_pattern(pattern, **kind)
    if not isinstance(coloring, Coloring):
        raise TypeError(f"coloring must be a Coloring, as dualad.coloring returns it, not {type(coloring).__name__}")
    if coloring.partition != "column":
        raise ValueError(
            f"coloring has partition={coloring.partition!r}, but forward mode compresses columns: use "
            "partition='column'"
        )
    if pattern is not None and not same_pattern(pattern, coloring.pattern):
        raise ValueError("coloring was made for another pattern than sparsity")
    return coloring


class Plan:
    """What sparse Jacobians and Hessians share: options, a lock, and what is prepared once."""

    def __init__(self, f, coloring, format, chunk_size, argnum, intercept):
        if not callable(f):
            raise TypeError(f"f must be callable, not {type(f).__name__}")
        check_format(format)
        check_size(chunk_size)
        self.f, self.format, self.chunk_size, self.argnum, self.intercept = f, format, chunk_size, argnum, intercept
        self._given = coloring
        self._prepared = None
        self._lock = threading.Lock()
        if coloring is not None:
            self._prepared = self._prepare_with(coloring)

    def __getstate__(self):
        state = {name: x for name, x in self.__dict__.items() if name not in ("_lock", "_prepared")}
        held = self._prepared
        return {**state, "_held": None if held is None else held.state()}

    def __setstate__(self, state):
        held = state.pop("_held")
        self.__dict__.update(state)
        self._lock = threading.Lock()
        self._prepared = None if held is None else self._prepare_with(**held)

    def _prepare_with(self, coloring, followed=False, rows=None):
        if rows is not None:
            return Split(coloring, self.format, self.chunk_size, followed, rows)
        return Prepared(coloring, self.format, self.chunk_size, followed)

    def _ready(self, args, kwargs):
        """What is prepared; the first call detects the pattern."""
        if self._prepared is None:
            with self._lock:
                if self._prepared is None:
                    self._prepared = self._detect(args, kwargs)
        return self._prepared

    def _known(self, what):
        if self._prepared is None:
            raise RuntimeError(f"the {what} is not known yet: call .prepare(x) first")
        return self._prepared

    @property
    def sparsity(self):
        """The pattern, a boolean csc_array."""
        return self._known("pattern").sparsity

    @property
    def coloring(self):
        """The `Coloring` in use."""
        return self._known("colouring").coloring

    def prepare(self, *args, **kwargs):
        """Detect the pattern at these arguments, colour it, lay out the recovery, and see whether sparse vectors are
        faster.

        Parameters
        ----------
        *args, **kwargs
            As for a call of the plan. A pattern that was given is not detected anew, only compared with x.

        Returns
        -------
        the plan itself

        Raises
        ------
        ValueError
            If the pattern does not fit x.
        TypeError
            If detection meets a function that it does not support.
        """
        with self._lock:
            self._prepared = self._detect(args, kwargs) if self._given is None else self._prepared
        self._rehearse(self._argument(args, kwargs, self._prepared))
        return self

    def _rehearse(self, argument):
        """What else only an evaluation of f shows."""

    def _argument(self, args, kwargs, prepared):
        """The argument to differentiate by, checked against the pattern."""
        argument = Argument.of(intercepted(self.f, self.intercept), self.argnum, args, kwargs)
        columns = prepared.coloring.shape[1]
        if argument.size != columns:
            again = "; call .prepare(x) for the new size" if self._given is None else ""
            shape = argument.shapes[0] if argument.structure is None else f"{argument.size} elements"
            raise ValueError(f"the pattern has {columns} columns, but x has {shape} as its shape{again}")
        return argument

    def save(self, file):
        """Save pattern and colouring as an npz file; functions are not saved.

        Parameters
        ----------
        file : str, path or file object
            Where to; as for `numpy.savez`.

        Raises
        ------
        RuntimeError
            If the plan is not prepared yet.
        """
        prepared = self._known("pattern")
        options = {"format": self.format, "chunk_size": self.chunk_size or 0, "argnum": self.argnum}
        np.savez_compressed(file, **options, **prepared.arrays(), **prepared.coloring.arrays())

    @classmethod
    def _loaded(cls, file, f, **more):
        arrays = _arrays_of(file)
        try:
            options = {"format": str(arrays["format"]), "argnum": int(arrays["argnum"])}
            plan = cls(f, chunk_size=int(arrays["chunk_size"]) or None, **options, **more)
            coloring, followed = coloring_from_arrays(arrays), bool(arrays["followed"])
            plan._prepared = plan._prepare_with(coloring, followed, arrays.get("rows"))
            return plan
        except KeyError as missing:
            raise ValueError(f"the file does not hold a plan: it has no {missing}") from None


def _arrays_of(file):
    """The arrays of an npz file."""
    try:
        with np.load(file) as held:
            return dict(held)
    except (ValueError, TypeError, EOFError):  # text, the one array of an npy file, nothing
        raise ValueError(f"{file!r} does not hold a plan: it is no npz file") from None


class SparseJacobian(Plan):
    """A function's sparse Jacobian, ready to be evaluated; what `dualad.sparse_jacobian` returns.

    Calling it with the arguments of f returns the Jacobian as a ``scipy.sparse.csc_array`` (or ``csr_array``).

    Attributes
    ----------
    sparsity : scipy.sparse.csc_array
        The pattern, boolean. A RuntimeError before the plan is prepared.
    coloring : Coloring
        The colouring in use, likewise.
    f : callable
        The function.

    Notes
    -----
    A plan can be called from several threads at once, pickled (f by reference), saved and loaded. It is accepted as
    ``jac=`` by `scipy.optimize.least_squares`, and with ``argnum=1`` by `scipy.integrate.solve_ivp`.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> plan = da.sparse_jacobian(lambda x: x[1:] * x[:-1])
    >>> plan(np.array([1.0, 2.0, 3.0])).toarray()
    array([[2., 1., 0.],
           [0., 3., 2.]])
    """

    def __init__(self, f, sparsity=None, *, coloring=None, format="csc", chunk_size=None, argnum=0, intercept=False):
        super().__init__(f, resolve_pattern(sparsity, coloring), format, chunk_size, argnum, intercept)

    def _detect(self, args, kwargs):
        return self.detected(args, kwargs)

    def detected(self, args, kwargs, most=None):
        """Pattern, colouring and recovery; None if they take more than so many directions."""
        argument = Argument.of(self.f, self.argnum, args, kwargs)
        x = argument.plain()
        pattern, info = pattern_up_to(math.inf if most is None else most, argument.bound(), x, self.intercept)
        fullest = int(np.bincount(pattern.indices, minlength=1).max())
        if most is not None and fullest > most:
            split = self._split(argument, x, fullest, info.followed_branches)
            return split if split is not None and split.directions <= most else None
        coloring = color_pattern(pattern)
        if _has_dense_rows(coloring):
            split = self._split(argument, x, coloring.ncolors, info.followed_branches)
            if split is not None:
                return split
        if most is not None and coloring.ncolors > most:
            return None
        return self._prepare_with(coloring, info.followed_branches)

    def _split(self, argument, x, colours, followed):
        """The way over the terms of dense rows, None if f shows none or it takes hardly fewer colours."""
        f = intercepted(argument.bound(), self.intercept)
        try:
            rows = rows_of_terms(f, x)[1]
            if rows is None:
                return None
            terms = color_pattern(jacobian_sparsity(lambda x: rows_of_terms(f, x)[0], x))
            if 2 * terms.ncolors > colours:
                return None
            split = self._prepare_with(terms, followed, rows)
            at_x = replace(argument, leaves=[primal(leaf) for leaf in argument.leaves])
            return None if len(self.wrong_rows(at_x, self.evaluated(at_x, split)[1])) else split
        except Exception:  # whatever the watching array cannot do, the function is treated as a whole
            return None

    def __call__(self, *args, **kwargs):
        return self.value_and_jacobian(*args, **kwargs)[1]

    def value_and_jacobian(self, *args, **kwargs):
        """Value of f and its Jacobian, from the same evaluations.

        Parameters
        ----------
        *args, **kwargs
            Arguments of f.

        Returns
        -------
        y
            ``f(*args, **kwargs)``.
        jacobian : scipy.sparse.csc_array or csr_array
            With exactly the entries of the pattern; its arrays belong to the caller. If x is a number of an outer
            transform, so are the entries.

        Raises
        ------
        ValueError
            If x or the result of f does not fit the pattern.
        """
        prepared = self._ready(args, kwargs)
        return self.evaluated(self._argument(args, kwargs, prepared), prepared)

    def evaluated(self, argument, prepared):
        """Value and Jacobian for an argument that has been checked."""
        value, data = self._evaluate(argument, prepared, None)
        return value, prepared.recovery.matrix(data)

    def update(self, matrix, *args, **kwargs):
        """Evaluate the Jacobian into the entries of an existing matrix.

        Parameters
        ----------
        matrix : scipy.sparse.csc_array or csr_array
            With the pattern and the format of the plan, for instance the result of an earlier call. Its ``data`` is
            overwritten; nothing else is allocated for it.
        *args, **kwargs
            Arguments of f.

        Returns
        -------
        y
            ``f(*args, **kwargs)``.

        Raises
        ------
        ValueError
            If the matrix, x or the result of f does not fit; the matrix is unchanged then.
        TypeError
            If x is a number of an outer transform, whose derivatives the matrix could not hold.

        Examples
        --------
        >>> import numpy as np
        >>> import dualad as da
        >>> plan = da.sparse_jacobian(lambda x: x**2)
        >>> J = plan(np.ones(2))
        >>> y = plan.update(J, np.array([3.0, 4.0]))
        >>> J.data
        array([6., 8.])
        """
        prepared = self._ready(args, kwargs)
        argument = self._argument(args, kwargs, prepared)
        recovery = prepared.recovery
        if getattr(matrix, "format", None) != self.format or matrix.shape != recovery.shape:
            raise ValueError(f"matrix must be a {self.format} array of shape {recovery.shape}")
        if not (np.array_equal(matrix.indptr, recovery.indptr) and np.array_equal(matrix.indices, recovery.indices)):
            raise ValueError("matrix has other entries than the pattern of the plan")
        direct = matrix.data.dtype == np.float64 and matrix.data.flags.c_contiguous
        value, data = self._evaluate(argument, prepared, matrix.data if direct else None)
        if isinstance(data, Number):
            raise TypeError("the matrix cannot hold derivatives with respect to an outer transform: call the plan")
        if not np.can_cast(data.dtype, matrix.data.dtype):
            raise ValueError(f"the matrix holds {matrix.data.dtype}, which cannot take a Jacobian of {data.dtype}")
        if data is not matrix.data:
            matrix.data[:] = data
        return value

    def _evaluate(self, argument, prepared, out):
        """Value and entries; into `out` where they are written in one go, so that an error of f leaves it as it is."""
        by_vectors = self._by_vectors(argument, prepared.vectors, out)
        if by_vectors is None:
            return self._evaluate_compressed(argument, prepared, out)
        values, structure, data = by_vectors
        self._check_rows(values, prepared.coloring.shape[0])
        return rebuild(structure, values), data

    def _by_vectors(self, argument, vectors, out):
        """Values, their structure and the entries; None for compression. A given pattern may lack entries, and `check`
        tells; one that was detected has become wrong."""
        try:
            return None if vectors is None else vectors.evaluate(argument, out)
        except Stale as stale:
            if self._given is None:
                raise ValueError(
                    f"the pattern lacks entries that f has at this x, in {names(stale.rows, 'row')}: f takes another "
                    "branch here; call .prepare(x) to detect the pattern anew"
                ) from None
            vectors.give_up()
            return None

    def _evaluate_compressed(self, argument, prepared, out):
        rows, found, values, whole, data = prepared.coloring.shape[0], [], None, argument, None
        argument = prepared.argument(argument)
        for k, (first, count) in enumerate(prepared.chunks or [(0, 0)]):
            values, tangents, structure = argument.sweep(prepared.colors, first, count)
            self._check_rows(values, rows)
            if tangents is None:
                tangents = np.zeros((count, rows))
            if prepared.at_once or isinstance(tangents, Number):
                found.append(tangents)
                continue
            flat = tangents.reshape(-1)
            if data is None or (data.dtype != flat.dtype and np.result_type(data, flat) != data.dtype):
                grown = empty_components((len(prepared.recovery.indices),), flat.dtype)
                if data is not None:
                    grown[:] = data
                data = grown
            put_chunk(data, prepared.places[k][0], flat, prepared.places[k][1])
        value = prepared.value(whole, values, structure)
        if not found:
            return value, data
        flat = np.reshape(found[0] if len(found) == 1 else np.concatenate(found), (-1,))
        return value, prepared.recovery.values(flat, out)

    def _rehearse(self, argument):
        vectors = self._prepared.vectors
        if vectors is not None and vectors.chosen is None:
            vectors.evaluate(argument)

    def _check_rows(self, values, rows):
        size = sum(np.size(y) for y in values)
        if size != rows:
            again = "; call .prepare(x) if f has changed" if self._given is None else ""
            raise ValueError(f"the pattern has {rows} rows, but f returned {size} values{again}")

    def check(self, *args, **kwargs):
        """Compare the Jacobian with one exact directional derivative in a random direction.

        Parameters
        ----------
        *args, **kwargs
            Arguments of f: where to check.

        Returns
        -------
        SparseJacobian
            The plan itself.

        Raises
        ------
        ValueError
            If rows of the Jacobian disagree, because the pattern lacks entries that f has there; it names the rows.

        Notes
        -----
        An entry that the pattern lacks goes unseen with probability zero. Costs one Jacobian and one `dualad.jvp`.

        Examples
        --------
        >>> import numpy as np
        >>> import dualad as da
        >>> plan = da.sparse_jacobian(lambda x: x * x[::-1], sparsity=np.eye(3))
        >>> plan.check(np.ones(3))
        Traceback (most recent call last):
            ...
        ValueError: the pattern lacks entries that f has at this x, in rows 0 and 2: give all entries
        """
        prepared = self._ready(args, kwargs)
        argument = self._argument(args, kwargs, prepared)
        bad = self.wrong_rows(argument, self.evaluated(argument, prepared)[1])
        if len(bad):
            advice = "give all entries" if self._given is not None else "detect it again with .prepare(x)"
            raise ValueError(f"the pattern lacks entries that f has at this x, in {names(bad, 'row')}: {advice}")
        return self

    def wrong_rows(self, argument, jacobian):
        """Rows of the Jacobian that a random direction shows to be wrong."""
        point, (direction, flat) = rebuild(argument.structure, argument.leaves), _probe(argument)
        exact = flatten(jvp(argument.bound(), (point,), (direction,), intercept=self.intercept)[1])[0]
        eps = rounding(*argument.leaves, *exact)
        return np.flatnonzero(~_agree(jacobian, flat, _raveled(exact), eps))

    def explain(self):
        """Size of the pattern, colours against their bound, and the predicted cost of an evaluation.

        Returns
        -------
        str
            A few lines for people.

        Raises
        ------
        RuntimeError
            If the plan is not prepared yet.
        """
        prepared = self._known("pattern")
        lines = [prepared.coloring.explain(), _origin(self._given, prepared.followed)]
        if isinstance(prepared, Split):
            m, n = prepared.sparsity.shape
            lines.insert(0, f"Jacobian: {m} x {n}, {prepared.sparsity.nnz} entries, dense rows by their terms:")
        return "\n".join([*lines, *prepared.cost()])

    def __repr__(self):
        name = getattr(self.f, "__name__", type(self.f).__name__)
        if self._prepared is None:
            return f"<SparseJacobian of {name}, not prepared yet>"
        (m, n), entries = self.sparsity.shape, self.sparsity.nnz
        return f"<SparseJacobian of {name}: {m} x {n}, {entries} entries, {self.coloring.ncolors} colours>"

    @classmethod
    def load(cls, file, f):
        """A plan from a file that ``save`` wrote.

        Parameters
        ----------
        file : str, path or file object
            What to read.
        f : callable
            The function that the plan was made for.

        Returns
        -------
        SparseJacobian
            Prepared.

        Raises
        ------
        ValueError
            If the file holds no plan.
        """
        return cls._loaded(file, f)


def _raveled(leaves):
    return np.concatenate([np.ravel(leaf) for leaf in leaves] or [np.zeros(0)])


def _probe(argument):
    """A random direction without small elements, in the structure of the argument and flat."""
    rng = np.random.default_rng(argument.size)
    parts = [rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape) for shape in argument.shapes]
    parts = [np.asarray(p, np.asarray(primal(x)).dtype) for p, x in zip(parts, argument.leaves, strict=True)]
    return rebuild(argument.structure, parts), _raveled(parts)


def _has_dense_rows(coloring):
    """Whether few full rows decide on the number of colours."""
    counts = np.bincount(coloring.pattern.indices, minlength=coloring.shape[0])
    return coloring.ncolors >= 4 and counts.max() > min(4 * np.median(counts), coloring.shape[1] / 2)


def _origin(given, followed):
    if given is not None:
        return "the pattern was given"
    if followed:
        return "the pattern was detected; f looked at values (a Python if): it holds for the branches taken then"
    return "the pattern was detected; it holds for every x"


def _megabytes(count):
    return f"{count / 1e6:.3g} MB"


def rounding(*arrays):
    """The relative rounding error of the narrowest of some arrays."""
    dtypes = {np.asarray(primal(a)).dtype for a in arrays}
    return max([np.finfo(d).eps for d in dtypes if d.kind in "fc"], default=np.finfo(np.float64).eps)


def _agree(jacobian, direction, exact, eps):
    """Whether rows of jacobian @ direction are the exact derivative, up to rounding, which in a row that cancels may be
    all there is; what is not finite agrees with what is not."""
    with np.errstate(all="ignore"):
        product, scale = jacobian @ direction, abs(jacobian) @ abs(direction)
        noise = 4 * eps * np.max(scale, where=np.isfinite(scale), initial=0.0)
        close = abs(product - exact) <= max(1e-7, 1e3 * eps) * (scale + abs(exact)) + noise
    return close | (~np.isfinite(product) & ~np.isfinite(exact))


def sparse_jacobian(
    f, sparsity=None, *, coloring=None, format="csc", chunk_size=None, argnum=0, intercept=False
):
    """Plan for the sparse Jacobian of a function.

    Parameters
    ----------
    f : callable
        Function of arrays; arguments and result may be nested containers, whose elements count leaf after leaf.
    sparsity : sparse array or array_like, "auto" or None, optional
        The pattern, shape (number of results, number of elements of x). It may have too many entries, but none too few:
        see `SparseJacobian.check`. By default it is detected at the first call or by `SparseJacobian.prepare`.
    coloring : Coloring, optional
        From `dualad.coloring`, in place of its default; for instance a symmetric one where the Jacobian is symmetric.
    format : {"csc", "csr"}, optional
        How the matrices are stored.
    chunk_size : int, optional
        Compress, and take so many colours through f at once. By default as many as suit the cache, unless sparse
        vectors are expected to be faster.
    argnum : int, optional
        Which positional argument to differentiate by.
    intercept : bool, optional
        Run f with NumPy's array-making functions replaced; see `dualad.intercept_numpy`.

    Returns
    -------
    SparseJacobian
        Call it with the arguments of f.

    Raises
    ------
    TypeError
        If f is not callable, or sparsity or coloring are nothing of the kind.
    ValueError
        If format or chunk_size do not fit, or the colouring is of rows or of another pattern.

    Notes
    -----
    An evaluation takes as many directions as there are colours, which is at least the number of entries in the fullest
    row. A dense column costs one colour. A dense row costs as many as it has entries, unless it is a sum whose terms
    are sparse: where f returns sums of arrays (`numpy.sum`, `numpy.mean`, ``x @ y`` and their sums and constant
    multiples), alone or joined to other results by `numpy.concatenate`, `numpy.append` or `numpy.hstack`, and the
    pattern is detected, the terms are differentiated in place of the row and added up. So the gradient of a sum takes a
    few directions. Other dense rows need a full sweep, which is as many directions as x has elements, whatever the
    colouring: forward mode has no cheaper way to one row.

    Where the elements of large arrays depend on few inputs each on their way through f, as on grids, the partial
    derivatives themselves go through f in place of directions: one array for each neighbour, one number where it is the
    same for all elements. The first evaluation counts the work of both ways; `SparseJacobian.explain` tells which it
    is. The derivatives are the same, but for rounding.

    Curtis, Powell and Reid, IMA J. Appl. Math. 13 (1974); Gebremedhin, Manne and Pothen, SIAM Review 47 (2005). Sparse
    vectors: Bischof, Khademi, Bouaricha and Carle, Optim. Methods Softw. 7 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> def f(x):
    ...     return np.concatenate((x[:1], x[1:] * x[:-1]))
    >>> plan = da.sparse_jacobian(f)
    >>> plan(np.array([2.0, 3.0, 4.0])).toarray()
    array([[1., 0., 0.],
           [3., 2., 0.],
           [0., 4., 3.]])
    >>> plan.coloring.ncolors
    2
    """
    return SparseJacobian(
        f, sparsity, coloring=coloring, format=format, chunk_size=chunk_size, argnum=argnum, intercept=intercept
    )
