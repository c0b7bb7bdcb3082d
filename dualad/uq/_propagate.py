"""The law of propagation of uncertainty, to first and second order.

For y = f(x) with Jacobian J and Hessians H_k, and inputs of covariance C, the first order says cov(y) = J C J^T. The
second order adds tr(H_k C)/2 to the mean and, for normal inputs, tr(H_k C H_l C)/2 to the covariance. Sources: JCGM
100:2008 (GUM), sections 5.1 and 5.2 and appendix G.4 for the degrees of freedom; for the second order S. Mekid and
D. Vaja, "Propagation of uncertainty: expressions of second and third order uncertainty with third and fourth
moments", Measurement 41 (2008) 600-609.
"""

import functools
import warnings

import numpy as np
from scipy import stats

import dualad as da
from dualad._sweeps import Sweep
from dualad._trees import as_output, flatten, rebuild
from dualad.uq import _inputs
from dualad.uq._budget import Budget
from dualad.uq._format import format_value

_TRUSTED = 0.1
"""How far the second order may lie from the first, in units of the standard deviation, without a warning."""

_FEW = 16
"""Inputs up to which two directions are probed for their second derivatives, and one for more."""

_AT_ONCE = 1 << 17
"""Elements of a Jacobian that are squared at once, in the cache."""


class LinearityWarning(UserWarning):
    """A function bends so much within the uncertainty of its inputs that its tangent does not represent it.

    Examples
    --------
    >>> import warnings
    >>> from dualad import uq
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     r = uq.propagate(lambda x: x**2, 0.0, std=0.1)
    >>> caught[0].category.__name__
    'LinearityWarning'
    """


def propagate(f, mean, cov=None, std=None, *, corr=None, order=1, names=None, dof=None, third=None, fourth=None,
              args=(), check=None):
    """Mean and covariance of f(x) from those of x.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, of anything that dualad differentiates. Its result may be a scalar, an array, or nested
        containers of them.
    mean : array_like or nested containers
        The mean of x: what f is called with.
    cov : array_like, optional
        Covariance of the n values in `mean`, (n, n), or a variance for a scalar. Give this or `std`.
    std : array_like or nested containers, optional
        Standard deviations of independent inputs (correlated ones with `corr`): one for all, a vector of n, or of the
        structure of `mean`.
    corr : array_like, optional
        Correlation matrix, (n, n), that goes with `std`.
    order : {1, 2}, optional
        Of the expansion of f. The second order needs its Hessian.
    names : sequence of str, optional
        Of the inputs, n of them. By default their places in `mean`.
    dof : array_like or nested containers, optional
        Degrees of freedom of the standard deviations, for those of the result; ``inf`` for one that is known exactly.
    third, fourth : array_like or nested containers, optional
        Central moments of inputs that are not normal, used with ``order=2``; NaN for inputs that are. Inputs with such
        moments must not be correlated with others.
    args : tuple, optional
        Further arguments of f.
    check : bool, optional
        With ``order=1``, whether to look at the second order, only to warn if it matters: True at all of it, which
        costs a Hessian, None at an estimate from second derivatives along one or two directions, False not at all.

    Returns
    -------
    Propagation
        With `mean`, `std`, `cov`, `corr`, `jacobian`, `hessian`, `budget()`, `effective_dof`,
        `coverage_interval()`.

    Raises
    ------
    ValueError
        If an argument does not fit: a covariance that is not symmetric, not positive semidefinite or of another size,
        a negative standard deviation, NaN; or if f or its derivative is not finite there.
    TypeError
        If f is not a function, or its result is complex or has no derivative.

    Warns
    -----
    LinearityWarning
        If the first order cannot be trusted: the second order differs by more than a tenth of the standard deviation
        (a fifth where it is estimated), or all derivatives of an output vanish.

    Notes
    -----
    The first order costs one Jacobian, and less for the estimate of the second; the covariance of the results is
    computed when it is asked for. JCGM 100:2008, sections 5.1.2 and 5.2.2.

    Examples
    --------
    Length and width of a plate, and its area:

    >>> from dualad import uq
    >>> area = uq.propagate(lambda x: x[0] * x[1], [20.0, 13.0], std=[0.1, 0.2])
    >>> print(area)
    y = 260.0(4.2)
    >>> round(float(area.std), 4)
    4.2059
    """
    _inputs.check_callable(f)
    if order not in (1, 2):
        raise ValueError(f"order must be 1 or 2, not {order!r}")
    layout = _inputs.Layout(mean, "x", "mean")
    names = _inputs.check_names(names, layout)
    point = layout.vector
    if np.iscomplexobj(point):
        raise TypeError("mean must be real: pass real and imaginary parts as inputs of their own")
    _inputs.check_finite(point, "mean", names)
    cov = _inputs.input_covariance(cov, std, corr, layout, names)
    problem = _Inputs(layout, names, point, cov, _degrees(dof, layout, names), _moments(third, fourth, cov, layout))
    value, jacobian = _linearised(f, layout, args)
    variances = _finite_variances(value, jacobian, problem)
    second = order == 2 or check
    hessian = _second_derivatives(f, layout, args) if second else None
    if second and not np.isfinite(np.sum(hessian)):
        hessian = _finite_second(hessian, value, problem, order)
    result = Propagation(problem, value, jacobian, variances, hessian, order)
    _warn_if_bent(result)
    if not second and check is None:
        _warn_if_it_seems_bent(result, functools.partial(_flat, f, layout, args))
    return result


def _linearised(f, layout, args):
    """Layout of f's results and their Jacobian, (m, n)."""
    sweep = Sweep(f, 0, (layout.tree, *args), {}, None)
    values, matrices, structure = sweep.jacobians()
    value = _inputs.Layout(rebuild(structure, values), "y")
    if any(np.iscomplexobj(leaf) for leaf in value.leaves):
        raise TypeError("f returned complex values: return their real and imaginary parts")
    return value, matrices[0] if len(matrices) == 1 else np.concatenate(matrices)


def _second_derivatives(f, layout, args):
    """Hessians of all results, (m, n, n)."""
    return da.hessian(functools.partial(_flat, f, layout, args))(layout.vector)


def _finite_second(hessian, value, problem, order):
    """Second derivatives, of which those by exact inputs need not be finite; None where only a check asked for them."""
    uncertain = np.logical_and.outer(problem.variances > 0, problem.variances > 0)
    bad = np.argwhere(~np.isfinite(hessian) & uncertain)
    if not bad.size:
        return np.where(np.isfinite(hessian), hessian, 0.0)
    k, i, j = bad[0]
    message = (f"f has no second derivative at the mean: that of {value.name_of(k)} with respect to "
               f"{problem.names[i]!r} and {problem.names[j]!r} is {hessian[k, i, j]}")
    if order == 2:
        raise ValueError(f"{message}; move the mean, use order=1, or uq.monte_carlo, which needs no derivative")
    warnings.warn(f"the first order cannot be trusted: {message}; compare uq.monte_carlo", LinearityWarning,
                  stacklevel=3)
    return None


def _flat(f, layout, args, vector):
    """The results of f as one vector."""
    leaves, _ = flatten(f(layout.build(vector), *args))
    return np.concatenate([np.reshape(as_output(y), (-1,)) for y in leaves])


def _finite_variances(value, jacobian, problem):
    """Variances to first order; what they are made of must be finite, but for derivatives by exact inputs."""
    outputs = value.vector
    if not np.isfinite(outputs).all():
        k = int(np.argmax(~np.isfinite(outputs)))
        raise ValueError(f"f is not finite at the mean: {value.name_of(k)} is {outputs[k]}")
    with np.errstate(invalid="ignore"):
        variances = problem.propagated(jacobian)
    if np.isfinite(variances).all():
        return variances
    uncertain = problem.variances > 0
    bad = np.argwhere(~np.isfinite(jacobian) & uncertain)
    if bad.size:
        k, i = bad[0]
        raise ValueError(
            f"f is not differentiable at the mean: the derivative of {value.name_of(k)} with respect to "
            f"{problem.names[i]!r} is {jacobian[k, i]} where {problem.names[i]!r} is {problem.mean[i]}; move the mean, "
            "or use uq.monte_carlo, which needs no derivative"
        )
    jacobian[:, ~uncertain] = np.where(np.isfinite(jacobian[:, ~uncertain]), jacobian[:, ~uncertain], 0.0)
    return problem.propagated(jacobian)


def _degrees(dof, layout, names):
    if dof is None:
        return None
    dof = _inputs.flatten_like(dof, layout, "dof")
    bad = np.flatnonzero(~(dof > 0))
    if bad.size:
        raise ValueError(f"dof must be positive (inf where the deviation is exact), but that of {names[bad[0]]!r} is "
                         f"{dof[bad[0]]}")
    return dof


def _moments(third, fourth, cov, layout):
    """Third moments, and the excess of the fourth over 3 sigma**4; None if all inputs are normal."""
    if third is None and fourth is None:
        return None
    variances = cov if cov.ndim == 1 else np.diagonal(cov)
    normal = [np.zeros(layout.size), 3 * variances**2]
    given = [n if m is None else _inputs.flatten_like(m, layout, name)
             for m, n, name in ((third, normal[0], "third"), (fourth, normal[1], "fourth"))]
    third, fourth = (np.where(np.isnan(m), n, m) for m, n in zip(given, normal, strict=True))
    special = (third != 0) | (fourth != normal[1])
    if cov.ndim == 2 and np.any((cov - np.diag(variances))[special]):
        raise ValueError("third= and fourth= are moments of inputs of their own: leave those of correlated inputs NaN")
    exact = (variances == 0) & special
    if exact.any():
        raise ValueError(f"third= and fourth= of input {int(np.argmax(exact))} must be 0, or NaN, as its variance is 0")
    least = variances**2 + third**2 / np.where(variances > 0, variances, 1)
    if np.any(fourth < least * (1 - 1e-9)):
        i = int(np.argmax(least - fourth))
        raise ValueError(f"fourth is {fourth[i]:.4g} for input {i}, but with its variance and third moment it must be "
                         f"at least {least[i]:.4g}; these are central moments, E[(x - mean)**4]")
    return third, fourth - normal[1]


def _warn_if_bent(result):
    if result._hessian is None:
        uncertain = result._inputs.variances > 0
        flat = result._first == 0
        flat[flat] = ~result._jacobian[flat].any(axis=1, where=uncertain)
        if np.any(flat) and np.any(uncertain):
            k = int(np.argmax(flat))
            warnings.warn(
                f"all derivatives of {result._value.name_of(k)} by uncertain inputs vanish, so that the first order "
                "says that it is exact: use order=2", LinearityWarning, stacklevel=3)
        return
    total, first = np.sqrt(result._total), np.sqrt(result._first)
    with np.errstate(all="ignore"):
        gap = np.maximum(np.abs(result._shift), np.abs(total - first)) / np.where(total > 0, total, 1)
    if np.any(gap > _TRUSTED):
        k = int(np.argmax(gap))
        warnings.warn(
            f"the first order cannot be trusted for {result._value.name_of(k)}: standard deviation {first[k]:.4g} to "
            f"first and {total[k]:.4g} to second order, mean shifted by {result._shift[k]:.4g}; compare uq.monte_carlo",
            LinearityWarning, stacklevel=3)


def _warn_if_it_seems_bent(result, flat):
    """The shift of the mean by the second order, tr(H C)/2, from z^T L^T H L z for a vector z of signs or two.

    With two, the mixed derivatives of neighbours cancel; of many inputs, no pair weighs much.
    M. F. Hutchinson, "A stochastic estimator of the trace of the influence matrix", Commun. Statist. 18 (1989).
    """
    factor, first = result._inputs.factor, np.sqrt(result._first)
    signs = _signs(len(factor))
    probes = [signs, np.where(np.arange(len(factor)) % 2, -signs, signs)]
    probes = probes if 1 < len(factor) <= _FEW else probes[:1]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            bends = [da.taylor(flat, result._inputs.mean, 2, factor * z if factor.ndim == 1 else factor @ z)[2]
                     for z in probes]
    except (TypeError, ValueError, ArithmeticError):  # the first derivative is there, the second is not
        return
    ratio = np.abs(np.mean(bends, axis=0)) / np.where(first > 0, first, np.inf)
    if np.any(ratio > 2 * _TRUSTED):
        k = int(np.nanargmax(ratio))
        warnings.warn(
            f"the first order cannot be trusted for {result._value.name_of(k)}: the second order seems to shift its "
            f"mean by {ratio[k]:.2g} standard deviations; use order=2, or compare uq.monte_carlo", LinearityWarning,
            stacklevel=3)


@functools.lru_cache(maxsize=8)
def _signs(count):
    """The same random signs every time."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], count)
    signs.flags.writeable = False
    return signs


class _Inputs:
    """The uncertain inputs: `cov` is a matrix, or a vector of variances if they are independent."""

    def __init__(self, layout, names, mean, cov, dof, moments):
        self.layout, self.names, self.mean, self.cov, self.dof, self.moments = layout, names, mean, cov, dof, moments

    @property
    def independent(self):
        return self.cov.ndim == 1

    @property
    def variances(self):
        return self.cov if self.independent else np.diagonal(self.cov)

    def times(self, matrix):
        """matrix @ cov."""
        return matrix * self.cov if self.independent else matrix @ self.cov

    def propagated(self, jacobian):
        """Variances of the results, to first order."""
        if not self.independent:
            return np.maximum(np.einsum("ki,ki->k", self.times(jacobian), jacobian), 0)
        variances, step = np.empty(len(jacobian)), max(1, _AT_ONCE // max(len(self.cov), 1))
        for i in range(0, len(jacobian), step):
            np.matmul(np.square(jacobian[i : i + step]), self.cov, out=variances[i : i + step])
        return variances

    @functools.cached_property
    def factor(self):
        """L with L L^T = cov; a vector for a diagonal."""
        if self.independent:
            return np.sqrt(self.cov)
        w, v = np.linalg.eigh(self.cov)
        return v * np.sqrt(np.maximum(w, 0))


class Propagation:
    """What `propagate` returns: the result with its uncertainty, and where that comes from.

    Attributes
    ----------
    value
        f(mean), of the structure that f returns.
    mean, std
        Mean (to second order shifted from `value`) and standard deviation, of the structure that f returns.
    cov, corr : ndarray
        Covariance and correlation of the results, ``y.shape + y.shape``; of m values in containers, (m, m).
    jacobian, hessian : ndarray
        Derivatives, ``y.shape + x.shape`` (and once more ``x.shape``), where values in containers count as vectors.
        `hessian` is None if only the first order was asked for.
    effective_dof
        Effective degrees of freedom by the formula of Welch and Satterthwaite, of the structure that f returns.
    order : int
        1 or 2.
    names, output_names : list of str
        Of inputs and results.

    Examples
    --------
    >>> from dualad import uq
    >>> r = uq.propagate(lambda x: x[0] / x[1], [10.0, 4.0], std=[0.1, 0.1], names=["volts", "amperes"])
    >>> print(r.budget())
    y = 2.500(67)
      input    value  std  sensitivity  contribution  percent
      amperes      4  0.1       -0.625        0.0625     86.2
      volts       10  0.1         0.25         0.025     13.8
    """

    def __init__(self, inputs, value, jacobian, variances, hessian, order):
        self._inputs, self._value, self._jacobian, self._hessian = inputs, value, jacobian, hessian
        self._first = variances  # to first order
        self.order, self.names = order, inputs.names

    @functools.cached_property
    def output_names(self):
        """Names of the results."""
        return self._value.names()

    # ---- variances as vectors

    @functools.cached_property
    def _bends(self):
        """L^T H L, (m, n, n), for inputs L z with z of unit covariance."""
        factor = self._inputs.factor
        if self._inputs.independent:
            return self._hessian * factor * factor[:, None]
        return factor.T @ self._hessian @ factor

    @functools.cached_property
    def _total(self):
        """Variances to second order."""
        second = 0.5 * np.einsum("kij,kij->k", self._bends, self._bends)
        if self._inputs.moments is not None:
            third, excess = self._inputs.moments
            bend = np.diagonal(self._hessian, axis1=1, axis2=2)
            second = second + (self._jacobian * bend) @ third + 0.25 * (bend * bend) @ excess
        return np.maximum(self._first + second, 0)

    @functools.cached_property
    def _variance(self):
        return self._first if self.order == 1 else self._total

    @property
    def _shift(self):
        return 0.5 * np.trace(self._bends, axis1=1, axis2=2)

    def _build(self, vector):
        return self._value.build(np.asarray(vector))

    # ---- results

    @property
    def value(self):
        """f at the mean of the inputs."""
        return self._value.tree

    @property
    def mean(self):
        """Mean of the results."""
        return self.value if self.order == 1 else self._build(self._value.vector + self._shift)

    @property
    def std(self):
        """Standard deviations of the results."""
        return self._build(np.sqrt(self._variance))

    @functools.cached_property
    def _covariance(self):
        cov = self._inputs.times(self._jacobian) @ self._jacobian.T
        if self.order == 2:
            bends = self._bends.reshape(len(cov), -1)
            cov = cov + 0.5 * bends @ bends.T
            if self._inputs.moments is not None:
                third, excess = self._inputs.moments
                bend = np.diagonal(self._hessian, axis1=1, axis2=2)
                mixed = 0.5 * (self._jacobian * third) @ bend.T
                cov = cov + mixed + mixed.T + 0.25 * (bend * excess) @ bend.T
        return (cov + cov.T) / 2

    @property
    def cov(self):
        """Covariance of the results."""
        return self._covariance.reshape(self._value.shape * 2)[()]

    @property
    def corr(self):
        """Correlation of the results; NaN for one without uncertainty."""
        std = np.sqrt(np.diagonal(self._covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            corr = self._covariance / std / std[:, None]
        corr[np.diag_indices_from(corr)] = np.where(std > 0, 1.0, np.nan)
        return np.clip(corr, -1, 1).reshape(self._value.shape * 2)[()]

    @property
    def jacobian(self):
        """First derivatives at the mean."""
        return self._jacobian.reshape(self._value.shape + self._inputs.layout.shape)[()]

    @property
    def hessian(self):
        """Second derivatives at the mean, or None."""
        if self._hessian is None:
            return None
        return self._hessian.reshape(self._value.shape + 2 * self._inputs.layout.shape)[()]

    @property
    def effective_dof(self):
        """Effective degrees of freedom (JCGM 100:2008, G.4.1): inf without `dof`."""
        return self._build(self._effective_dof)

    @functools.cached_property
    def _effective_dof(self):
        inputs = self._inputs
        if inputs.dof is None:
            return np.full(len(self._first), np.inf)
        if not inputs.independent and np.any((inputs.cov - np.diag(inputs.variances))[np.isfinite(inputs.dof)]):
            raise ValueError("effective degrees of freedom need independent inputs: the formula of Welch and "
                             "Satterthwaite says nothing about correlated ones")
        shares = (self._jacobian**2 * inputs.variances) ** 2 @ (1 / inputs.dof)
        with np.errstate(divide="ignore"):
            return np.where(shares > 0, self._first**2 / np.where(shares > 0, shares, 1), np.inf)

    def coverage_interval(self, probability=0.95):
        """Interval that holds a result with a probability: mean -+ k std.

        Parameters
        ----------
        probability : float, optional
            Between 0 and 1.

        Returns
        -------
        low, high
            Of the structure that f returns.

        Raises
        ------
        ValueError
            If probability is not between 0 and 1, or `dof` was given for correlated inputs.

        Notes
        -----
        k is the quantile of Student's distribution with `effective_dof` degrees of freedom. JCGM 100:2008, G.3.

        Examples
        --------
        >>> from dualad import uq
        >>> low, high = uq.propagate(lambda x: 2 * x, 1.0, std=0.5).coverage_interval()
        >>> round(float(low), 3), round(float(high), 3)
        (0.04, 3.96)
        """
        if not 0 < probability < 1:
            raise ValueError(f"probability must lie between 0 and 1, not {probability!r}")
        factor = stats.t.ppf((1 + probability) / 2, self._effective_dof)
        center = np.concatenate([np.reshape(leaf, -1) for leaf in flatten(self.mean)[0]])
        half = factor * np.sqrt(self._variance)
        return self._build(center - half), self._build(center + half)

    def budget(self):
        """How much each input contributes to each result.

        Returns
        -------
        Budget
            A text table when printed; ``to_dict()`` and ``to_records()`` give the numbers.

        Notes
        -----
        The percentages are shares of the variance, c_i sum_j C_ij c_j; they sum to 100, and correlations can make some
        negative. JCGM 100:2008, H.1.
        """
        inputs = self._inputs
        shares = self._jacobian * inputs.times(self._jacobian)
        extra = self._total - self._first if self.order == 2 else None
        return Budget(inputs.names, self.output_names, inputs.mean, np.sqrt(inputs.variances), self._jacobian, shares,
                      self._variance, self._center, extra)

    @property
    def _center(self):
        return np.concatenate([np.reshape(leaf, -1) for leaf in flatten(self.mean)[0]])

    def __format__(self, spec):
        if self._value.size != 1:
            raise TypeError("a format specification needs a single result; print the Propagation for all")
        return format_value(self._center[0], np.sqrt(self._variance[0]), spec)

    def __str__(self):
        rows = zip(self.output_names, self._center, np.sqrt(self._variance), strict=True)
        lines = [f"{name} = {format_value(y, u, '.2uS')}" for name, y, u in rows]
        if len(lines) > 30:
            lines[15:-15] = [f"... ({len(lines) - 30} more)"]
        return "\n".join(lines)

    def __repr__(self):
        return f"<Propagation of order {self.order}: {self._value.size} results of {len(self.names)} inputs>"
