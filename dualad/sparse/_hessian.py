"""Sparse Hessians by forward mode alone.

A sum of terms h_k(x) has the Hessian sum of the terms' Hessians, and a term sees few elements of x. Colour the Jacobian
of the terms with c colours: the c (c + 1) / 2 second derivatives of h along pairs of colours hold each entry of each
term's Hessian by itself. It is the forward form of partial separability: A. Griewank and Ph. L. Toint, "On the
unconstrained optimization of partially separable functions", in *Nonlinear Optimization 1981*, Academic Press 1982.
With a gradient at hand, the Hessian is the gradient's Jacobian, whose symmetry a star or acyclic colouring uses: T. F.
Coleman and J. J. Moré, "Estimation of sparse Hessian matrices and graph coloring problems", Math. Programming 28
(1984).
"""

import math
from dataclasses import replace

import numpy as np
from scipy import sparse

from dualad._context import call_within
from dualad._core import HyperDual, Number
from dualad._core.coloring import seeds
from dualad._core.number import empty_components, primal, wrap
from dualad._intercept import intercepted
from dualad._sweeps import levels
from dualad._trees import as_output, is_container, rebuild
from dualad.sparse._coloring import coloring as color_pattern
from dualad.sparse._coloring import coloring_from_arrays
from dualad.sparse._detection import hessian_sparsity, jacobian_sparsity, pattern_up_to
from dualad.sparse._jacobian import Argument, Plan, SparseJacobian, _probe, check_size, resolve_pattern, rounding
from dualad.sparse._patterns import as_pattern, columns_of, names
from dualad.sparse._recovery import check_format, make_matrix
from dualad.sparse._terms import terms_of
from dualad.transforms import grad, jvp

_CACHE = 1 << 23
_MOST_PAIRS = 1 << 27
"""Pairs of entries in the rows of the terms' Jacobian up to which the terms are a way to the Hessian."""

_SYMMETRIC = -1


# ---- the terms -----------------------------------------------------------------------------------------------------


class Route:
    """What either way to the Hessian is kept and saved as."""

    seen = False

    def state(self):
        """What `SparseHessian._prepare_with` makes it from."""
        return {"route": self.route, "coloring": self.coloring, "sparsity": self.sparsity, "seen": self.seen}

    def arrays(self):
        """What a file holds of it beside the colouring."""
        pattern = {"hessian_indices": self.sparsity.indices, "hessian_indptr": self.sparsity.indptr}
        return {"route": self.route, "seen": self.seen, **pattern}


class Terms(Route):
    """f as a function whose result is the array of its terms, and how the Hessian follows from it."""

    route = "terms"

    def __init__(self, coloring, sparsity, seen, format, chunk_size):
        self.coloring, self.sparsity, self.seen, self.format = coloring, sparsity, seen, format
        self.colours = coloring.ncolors
        count = max(coloring.shape[1], 1)
        fit = 2
        while (fit + 2) * (fit + 3) // 2 * 8 * count <= _CACHE:
            fit += 1
        size = min(self.colours, fit if chunk_size is None else chunk_size) or 1
        self.chunks = [(i, min(size, self.colours - i)) for i in range(0, self.colours, size)]
        self._plan_recovery()

    def _plan_recovery(self):
        """A matrix of ones that adds, for each entry, the second derivatives of the terms that have it."""
        n, jacobian = self.sparsity.shape[0], self.coloring.pattern.tocsr()
        lengths = np.diff(jacobian.indptr)
        terms = np.repeat(np.arange(len(lengths)), lengths)
        first = np.repeat(np.arange(jacobian.nnz), lengths[terms])
        before = np.cumsum(lengths[terms]) - lengths[terms]
        second = jacobian.indptr[terms[first]] + np.arange(len(first)) - np.repeat(before, lengths[terms])
        a, b = jacobian.indices[first].astype(np.int64), jacobian.indices[second].astype(np.int64)
        keys, wanted = columns_of(self.sparsity) * n + self.sparsity.indices, b * n + a
        at = np.searchsorted(keys, wanted)
        held = at < len(keys)
        held[held] = keys[at[held]] == wanted[held]
        colors, count = self.coloring.colors, len(lengths)
        source = self._places()[colors[a[held]], colors[b[held]]] * count + terms[first[held]]
        shape = len(keys), self.colours * (self.colours + 1) // 2 * count
        entries = at[held], source
        if max(*shape, len(source)) <= np.iinfo(np.int32).max:
            entries = tuple(k.astype(np.int32) for k in entries)  # half the memory to read
        self.adding = sparse.csr_array((np.ones(len(source)), entries), shape=shape)

    def _places(self):
        """Where the second derivative along two colours stands."""
        places = np.zeros((self.colours, self.colours), np.int64)
        offset = 0
        for i, (start, count) in enumerate(self.chunks):
            for j, (other, many) in enumerate(self.chunks[i:], i):
                if i == j:
                    upper = np.triu_indices(count)
                    rows, columns = upper[0] + start, upper[1] + start
                else:
                    rows, columns = (k.ravel() for k in np.mgrid[start : start + count, other : other + many])
                places[rows, columns] = places[columns, rows] = offset + np.arange(len(rows))
                offset += len(rows)
        return places

    def evaluate(self, argument):
        """Value of f and the entries of its Hessian."""
        total, found = None, []
        for i, first in enumerate(self.chunks or [(0, 0)]):
            for second in self.chunks[i:] or [(0, 0)]:
                total, mixed = self._sweep(argument, first, second)
                found.append(mixed)
        flat = np.reshape(found[0] if len(found) == 1 else np.concatenate(found), (-1,))
        return total, self.values(flat)

    def _sweep(self, argument, first, second):
        """Value, and second derivatives of the terms along pairs of colours, (pairs, terms)."""
        colors = self.coloring.colors
        directions = (first[1], _SYMMETRIC if first == second else second[1], False)
        pairs = first[1] * (first[1] + 1) // 2 if first == second else first[1] * second[1]
        next(levels)  # a hyper-dual number stands for two levels
        level, start, leaves = next(levels), 0, []
        for x, shape in zip(argument.leaves, argument.shapes, strict=True):
            size = int(np.prod(shape, dtype=int))
            leaves.append(_seeded(x, colors[start : start + size], first, second, level, directions))
            start += size
        args = list(argument.args)
        args[argument.position] = rebuild(argument.structure, leaves)
        made = HyperDual, level, directions
        y = call_within(made, terms_function(argument, self.seen), (args[argument.position],), {})
        terms = self.coloring.shape[0]
        if np.size(y) != terms:
            raise ValueError(
                f"the pattern has {terms} terms, but f has {np.size(y)} now; call .prepare(x) for the new ones"
            )
        if not isinstance(y, Number) or y.level < level:
            return np.sum(y), np.zeros((pairs, terms))
        if y.isconstant:
            return np.sum(y.components[0]), np.zeros((pairs, terms))
        components = np.reshape(y.components, (len(y.components), terms))
        if first == second:
            return np.sum(components[0]), components[1 + first[1] :]
        table = np.reshape(components, (1 + first[1], 1 + second[1], terms))
        return np.sum(components[0]), np.reshape(table[1:, 1:], (pairs, terms))

    def values(self, flat):
        """The entries of the Hessian from all second derivatives of the terms."""
        data = self.adding @ flat
        return data if isinstance(data, Number) else data.astype(flat.dtype, copy=False)

    def matrix(self, values):
        """The Hessian with these entries."""
        return make_matrix(self.format, values, self.sparsity, self.sparsity.shape)

    def cost(self):
        c = self.colours
        sweeps = len(self.chunks) * (len(self.chunks) + 1) // 2
        return (
            f"f is a sum of {self.coloring.shape[0]} terms: each Hessian takes {c * (c + 1) // 2} second-order "
            f"directions in {sweeps} evaluation{'s' * (sweeps != 1)} of f"
        )


def _seeded(x, colors, first, second, level, directions):
    """The hyper-dual number of value x along two chunks of colours."""
    shape, size = np.shape(x), len(colors)
    columns = second[1] if directions[1] != _SYMMETRIC else 0
    count = (1 + first[1]) * (1 + columns) if columns else 1 + first[1] + first[1] * (first[1] + 1) // 2
    data = empty_components((count, size), np.dtype(np.float64))
    if columns:
        rows, other = np.empty((first[1], size)), data[1 : 1 + columns]
        seeds(rows, colors, first[0])
        seeds(other, colors, second[0])
        data[1 + columns :] = 0.0
        data[1 + columns :: 1 + columns] = rows
    else:
        seeds(data[1 : 1 + first[1]], colors, first[0])
        data[1 + first[1] :] = 0.0
    if isinstance(x, Number):
        value = x[None] if shape else np.reshape(x, (1,))
        tangents = data[1:].reshape((count - 1, *shape)).astype(x.dtype)
        return wrap(HyperDual, np.concatenate([value, tangents]), level, directions)
    x = np.asarray(x)
    data[0] = x.reshape(-1)
    return wrap(HyperDual, data.reshape((count, *shape)).astype(x.dtype, copy=False), level, directions)


def terms_function(argument, seen):
    """A function of x alone that returns the terms as a flat array."""
    f = argument.bound()
    if seen:
        return lambda x: terms_of(f, x)
    return lambda x: np.reshape(as_output(f(x)), (-1,))


# ---- the gradient --------------------------------------------------------------------------------------------------


class Gradient(Route):
    """The Hessian as the Jacobian of the gradient."""

    route = "gradient"

    def __init__(self, plan, coloring, given):
        self.given, self.f = given, plan.f
        gradient = plan.gradient if given else grad(plan.f, plan.argnum)
        self.jacobian = SparseJacobian(
            gradient, coloring=coloring, format=plan.format, chunk_size=plan.chunk_size, argnum=plan.argnum,
            intercept=plan.intercept,
        )
        self.coloring, self.sparsity = coloring, coloring.pattern

    def cost(self):
        c, n = self.coloring.ncolors, self.coloring.shape[1]
        if self.given:
            return f"the gradient was given: each Hessian takes {c} directions through it"
        return (
            f"f is not visibly a sum of terms and no gradient was given: each Hessian takes {c} directions through the "
            f"gradient, which forward mode has at {n} directions where sparse vectors do not serve"
        )


class SparseHessian(Plan):
    """A scalar function's sparse Hessian, ready to be evaluated; what `dualad.sparse_hessian` returns.

    Calling it with the arguments of f returns the Hessian as a ``scipy.sparse.csc_array`` (or ``csr_array``).

    Attributes
    ----------
    sparsity : scipy.sparse.csc_array
        The pattern of the Hessian, boolean. A RuntimeError before the plan is prepared.
    coloring : Coloring
        Of the terms' Jacobian, or of the Hessian where it is the Jacobian of the gradient.
    route : {"terms", "gradient"}
        Which way is taken; see `dualad.sparse_hessian`.

    Notes
    -----
    A plan can be called from several threads at once, pickled (functions by reference), saved and loaded.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> plan = da.sparse_hessian(lambda x: np.sum(x[1:] * x[:-1] ** 2))
    >>> plan(np.array([1.0, 2.0, 3.0])).toarray()
    array([[4., 2., 0.],
           [2., 6., 4.],
           [0., 4., 0.]])
    """

    def __init__(
        self, f, sparsity=None, *, coloring=None, grad=None, format="csc", chunk_size=None, argnum=0, intercept=False
    ):
        if grad is not None and not callable(grad):
            raise TypeError(f"grad must be callable, not {type(grad).__name__}")
        self.gradient = grad
        pattern = None if sparsity is None or isinstance(sparsity, str) else as_pattern(sparsity, "sparsity")
        if pattern is not None and pattern.shape[0] != pattern.shape[1]:
            raise ValueError(f"the pattern of a Hessian is square, but sparsity has shape {pattern.shape}")
        chosen = resolve_pattern(sparsity, coloring, structure="symmetric")
        check_format(format)
        check_size(chunk_size)
        self.pattern = pattern
        super().__init__(f, None, format, chunk_size, argnum, intercept)
        if coloring is not None or (grad is not None and chosen is not None):
            self._prepared, self._given = Gradient(self, chosen, grad is not None), chosen

    def __getstate__(self):
        held = self._prepared
        state = {name: x for name, x in self.__dict__.items() if name not in ("_lock", "_prepared")}
        return {**state, "_held": None if held is None else held.state()}

    def _prepare_with(self, route, coloring, sparsity, seen):
        if route == "terms":
            return Terms(coloring, sparsity, seen, self.format, self.chunk_size)
        return Gradient(self, coloring, self.gradient is not None)

    def _detect(self, args, kwargs):
        argument = Argument.of(intercepted(self.f, self.intercept), self.argnum, args, kwargs)
        x = argument.plain()
        if self.gradient is not None:
            of_gradient = Argument.of(self.gradient, self.argnum, args, kwargs)
            pattern = jacobian_sparsity(of_gradient.bound(), x, intercept=self.intercept)
            if pattern.shape[0] != pattern.shape[1]:
                raise ValueError(f"grad must have as many results as x has elements, not {pattern.shape[0]}")
            return Gradient(self, color_pattern(pattern + pattern.T, structure="symmetric"), True)
        if self.pattern is not None and self.pattern.shape[0] != argument.size:
            raise ValueError(f"the pattern has {self.pattern.shape[0]} columns, but x has {argument.size} elements")
        seen, y = looked_at(argument, x)
        if seen is not None:
            try:
                found = self.terms(argument, x, seen, np.ndim(y) == 0)
            except Exception:  # as in looked_at: an array of terms is all there is, a sum is treated as a whole
                if not seen:
                    raise
                found = None
            if found is not None:
                return found
        pattern = hessian_sparsity(argument.bound(), x) if self.pattern is None else self.pattern
        return Gradient(self, color_pattern(pattern, structure="symmetric"), False)

    def terms(self, argument, x, seen, scalar, most=math.inf):
        """The way over the terms, None if it takes more directions than the other, or more memory than there is; a
        TooDense is raised if more than `most`."""
        jacobian, _ = pattern_up_to(most, terms_function(argument, seen), x, False)
        counts = np.diff(jacobian.tocsr().indptr).astype(float)
        if counts @ counts > _MOST_PAIRS:
            return None
        coloring = color_pattern(jacobian)
        ones = jacobian.astype(np.float32)
        pattern = self.pattern
        if pattern is None:
            pattern = as_pattern(ones.T @ ones)
            if scalar:
                pattern = as_pattern(pattern.multiply(hessian_sparsity(argument.bound(), x)))
        found = Terms(coloring, pattern, seen, self.format, self.chunk_size)
        if seen and self.pattern is None and not _curves_alike(argument, x, found):
            return None
        return found

    @property
    def route(self):
        return self._known("route").route

    def _argument(self, args, kwargs, prepared):
        argument = Argument.of(intercepted(self.f, self.intercept), self.argnum, args, kwargs)
        if argument.size != prepared.sparsity.shape[1]:
            again = "; call .prepare(x) for the new size" if self._given is None and self.pattern is None else ""
            raise ValueError(
                f"the pattern has {prepared.sparsity.shape[1]} columns, but x has {argument.size} elements{again}"
            )
        return argument

    def __call__(self, *args, **kwargs):
        prepared = self._ready(args, kwargs)
        argument = self._argument(args, kwargs, prepared)
        if prepared.route == "gradient":
            return prepared.jacobian(*args, **kwargs)
        return prepared.matrix(prepared.evaluate(argument)[1])

    def value_and_hessian(self, *args, **kwargs):
        """Value of f and its Hessian.

        Parameters
        ----------
        *args, **kwargs
            Arguments of f.

        Returns
        -------
        y
            ``f(*args, **kwargs)``; the sum, if f returns the array of its terms.
        hessian : scipy.sparse.csc_array or csr_array
            With exactly the entries of the pattern.

        Raises
        ------
        ValueError
            If x or the terms do not fit the pattern.
        """
        return np.sum(Argument.of(self.f, self.argnum, args, kwargs).value()), self(*args, **kwargs)

    def check(self, *args, **kwargs):
        """Compare with one exact directional derivative in a random direction.

        Parameters
        ----------
        *args, **kwargs
            Arguments of f: where to check.

        Returns
        -------
        SparseHessian
            The plan itself.

        Raises
        ------
        ValueError
            If the pattern lacks entries that f has there. The message names rows of the Hessian, or terms of f whose
            dependence on x has changed.

        Notes
        -----
        By the terms, it costs one Jacobian of them; by the gradient, one derivative of it.

        Examples
        --------
        >>> import numpy as np
        >>> import dualad as da
        >>> plan = da.sparse_hessian(lambda x: np.sum(x**3)).prepare(np.ones(3))
        >>> plan.check(np.ones(3)).route
        'terms'
        """
        prepared = self._ready(args, kwargs)
        argument = self._argument(args, kwargs, prepared)
        if prepared.route == "gradient":
            prepared.jacobian.check(*args, **kwargs)
            return self
        point = rebuild(argument.structure, argument.leaves)
        try:
            SparseJacobian(terms_function(argument, prepared.seen), coloring=prepared.coloring).check(point)
        except ValueError as error:
            raise ValueError(f"among the terms of f (one a row), {error}; call .prepare(x) again") from None
        if self.pattern is not None:
            self._check_given(argument, prepared, point)
        return self

    def _check_given(self, argument, prepared, point):
        """Whether the pattern that was given has all entries that the terms' second derivatives have."""
        ones = prepared.coloring.pattern.astype(np.float32)
        every = Terms(prepared.coloring, as_pattern(ones.T @ ones), prepared.seen, "csc", self.chunk_size)
        whole = every.matrix(every.evaluate(argument)[1]).tocoo()
        held = self.pattern.tocsr()[whole.coords[0], whole.coords[1]]
        lost = np.unique(whole.coords[0][(whole.data != 0) & ~np.asarray(held, bool).ravel()])
        if len(lost):
            where = names(lost, "row")
            raise ValueError(f"the pattern lacks entries that f has at this x, in {where}: give all entries")

    def explain(self):
        """Size of the pattern, colours against their bound, the way that is taken and its cost.

        Returns
        -------
        str
            A few lines for people.

        Raises
        ------
        RuntimeError
            If the plan is not prepared yet.
        """
        prepared = self._known("route")
        n, entries = prepared.sparsity.shape[0], prepared.sparsity.nnz
        of = "Jacobian of the terms" if prepared.route == "terms" else "Hessian"
        return f"Hessian: {n} x {n}, {entries} entries\n{prepared.cost()}\n{of}:\n{prepared.coloring.explain()}"

    def __repr__(self):
        name = getattr(self.f, "__name__", type(self.f).__name__)
        if self._prepared is None:
            return f"<SparseHessian of {name}, not prepared yet>"
        n, c = self.sparsity.shape[0], self.coloring
        entries = self.sparsity.nnz
        return f"<SparseHessian of {name}: {n} x {n}, {entries} entries, {c.ncolors} colours, by the {self.route}>"

    @classmethod
    def load(cls, file, f, *, grad=None):
        """A plan from a file that ``save`` wrote.

        Parameters
        ----------
        file : str, path or file object
            What to read.
        f : callable
            The function that the plan was made for.
        grad : callable, optional
            Its gradient, if the plan had one.

        Returns
        -------
        SparseHessian
            Prepared.

        Raises
        ------
        ValueError
            If the file holds no such plan.
        """
        with np.load(file) as held:
            arrays = dict(held)
        if "route" not in arrays:
            raise ValueError("the file does not hold the plan of a Hessian")
        options = {"format": str(arrays["format"]), "argnum": int(arrays["argnum"])}
        plan = cls(f, grad=grad, chunk_size=int(arrays["chunk_size"]) or None, **options)
        indices, indptr = arrays["hessian_indices"], arrays["hessian_indptr"]
        pattern = sparse.csc_array((np.ones(len(indices), bool), indices, indptr), shape=(len(indptr) - 1,) * 2)
        coloring = coloring_from_arrays(arrays)
        plan._prepared = plan._prepare_with(str(arrays["route"]), coloring, pattern, bool(arrays["seen"]))
        return plan


def _curves_alike(argument, x, terms):
    """Whether the terms have the curvature that f has along a random direction."""
    (direction, flat), f = _probe(argument), argument.bound()
    slope = jvp(lambda x: jvp(f, (x,), (direction,))[1], (x,), (direction,))[1]
    at_x = replace(argument, leaves=[primal(leaf) for leaf in argument.leaves])
    hessian = terms.matrix(terms.evaluate(at_x)[1])
    with np.errstate(all="ignore"):
        curvature, scale = flat @ (hessian @ flat), abs(flat) @ (abs(hessian) @ abs(flat))
        tolerance = max(1e-7, 1e3 * rounding(*argument.leaves, slope))
        return not np.isfinite(slope + curvature) or abs(slope - curvature) <= tolerance * (scale + abs(slope))


def looked_at(argument, x):
    """Whether f returns terms: True if they are seen in a sum, False if it returns an array of them, None if neither;
    and its result."""
    y = argument.bound()(argument.plain())
    if is_container(y):
        raise TypeError("a Hessian needs a function with a scalar result, or with one array of terms")
    y = as_output(y)
    if np.iscomplexobj(y):
        raise TypeError("a Hessian needs a function with a real result")
    if np.ndim(y):
        return False, y
    if argument.structure is not None:
        return None, y
    try:
        terms = terms_of(argument.bound(), x)
    except Exception:  # whatever the watching array cannot do, the function is treated as a whole
        return None, y
    return (None if terms is None or np.size(terms) < 2 else True), y


def sparse_hessian(
    f, sparsity=None, *, coloring=None, grad=None, format="csc", chunk_size=None, argnum=0, intercept=False
):
    """Plan for the sparse Hessian of a scalar function.

    Parameters
    ----------
    f : callable
        Function with a scalar result; or with an array of terms, whose sum is meant.
    sparsity : sparse array or array_like, "auto" or None, optional
        The pattern of the Hessian, symmetric. By default it is detected at the first call or by `prepare`.
    coloring : Coloring, optional
        Of the Hessian's pattern, for instance with ``structure="symmetric", decompression="substitution"``. The Hessian
        is then the Jacobian of the gradient.
    grad : callable, optional
        The gradient of f, as a function of the same arguments, if there is one by hand.
    format : {"csc", "csr"}, optional
        How the matrices are stored.
    chunk_size : int, optional
        How many colours go through f at once. By default as many as suit the cache.
    argnum : int, optional
        Which positional argument to differentiate by.
    intercept : bool, optional
        Run f with NumPy's array-making functions replaced; see `dualad.intercept_numpy`.

    Returns
    -------
    SparseHessian
        Call it with the arguments of f.

    Raises
    ------
    TypeError
        If f or grad are not callable, or f has no real scalar or array result.
    ValueError
        If a pattern is not square and symmetric, or an option does not fit.

    Notes
    -----
    Which way is taken, and what it costs for n unknowns:

    - f ends in sums of arrays (`numpy.sum`, `numpy.mean`, ``x @ y``, and sums and constant multiples of them), or
      returns the array of its terms: the Jacobian of the terms is coloured; c colours take c (c + 1) / 2 second-order
      directions, in one evaluation of f for few colours.
    - `grad` is given: star colouring of the Hessian; c colours take c directions through the gradient.
    - neither: the gradient takes n directions in forward mode, and each of them c: c n second-order directions. Write
      f as a sum of terms, or its gradient, where n is large.

    Griewank and Toint, in *Nonlinear Optimization 1981*; Coleman and Moré, Math. Programming 28 (1984).

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> def rosenbrock(x):
    ...     return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> plan = da.sparse_hessian(rosenbrock)
    >>> plan(np.ones(3)).toarray()
    array([[ 802., -400.,    0.],
           [-400., 1002., -400.],
           [   0., -400.,  200.]])
    >>> plan.route, plan.coloring.ncolors
    ('terms', 2)
    """
    return SparseHessian(
        f, sparsity, coloring=coloring, grad=grad, format=format, chunk_size=chunk_size, argnum=argnum,
        intercept=intercept,
    )
