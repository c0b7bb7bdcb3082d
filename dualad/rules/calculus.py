"""Differences, polynomials, grids, functions applied piece by piece, and storing into selected elements."""

import numpy as np
import scipy.special
from numpy.polynomial import polynomial

from dualad.rules.algebra import Number, innermost, join, primal, rewrap, split
from dualad.rules.flat import store_at
from dualad.rules.formula import array, formula_of
from dualad.rules.packing import pack, pack_if_needed
from dualad.rules.special import horner

# ---- differences ---------------------------------------------------------------------------------------------------

@formula_of(np.gradient)
def _gradient(f, *varargs, axis=None, edge_order=1):
    f = array(f)
    axes = range(f.ndim) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, f.ndim)
    spacings = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    slopes = [np.moveaxis(_slope(np.moveaxis(f, k, -1), pack_if_needed(h), edge_order), -1, k)
              for k, h in zip(axes, spacings, strict=True)]
    return slopes[0] if len(slopes) == 1 else slopes


def _slope(f, h, edge_order):
    """Second-order differences along the last axis; h is a step or the coordinates."""
    h = np.broadcast_to(h, (f.shape[-1] - 1,)) if np.ndim(h) == 0 else np.diff(h)
    step = np.diff(f) / h
    left, right = h[:-1], h[1:]
    inner = (step[..., :-1] * right + step[..., 1:] * left) / (left + right)
    first, last = step[..., :1], step[..., -1:]
    if edge_order == 2:
        bend = (step[..., 1:] - step[..., :-1]) / (left + right)
        first, last = first - bend[..., :1] * h[:1], last + bend[..., -1:] * h[-1:]
    return np.concatenate([first, inner, last], -1)


@formula_of(np.ediff1d)
def _ediff1d(ary, to_end=None, to_begin=None):
    parts = [to_begin, np.diff(np.ravel(ary)), to_end]
    return np.concatenate([np.ravel(p) for p in parts if p is not None])


@formula_of(np.unwrap)
def _unwrap(p, discont=None, axis=-1, *, period=2 * np.pi):
    """The phase and a whole number of periods."""
    p0, period0 = primal(p), primal(period)
    turns = np.round((np.unwrap(p0, primal(discont), axis, period=period0) - p0) / period0)
    return p + turns * period


# ---- elementwise ---------------------------------------------------------------------------------------------------

@formula_of(np.i0)
def _i0(x):
    return scipy.special.i0(x)


@formula_of(np.angle)
def _angle(z, deg=False):
    angle = np.arctan2(np.imag(z), np.real(z))
    return angle * (180 / np.pi) if deg else angle


def _real_if_close(a, tol=100):
    return np.real(a) if np.isrealobj(np.real_if_close(primal(a), tol)) else a


@formula_of(np.sort_complex)
def _sort_complex(a):
    return np.sort(a) + 0j


# ---- polynomials ---------------------------------------------------------------------------------------------------

def _coefficients(p):
    return p.coeffs if isinstance(p, np.poly1d) else np.atleast_1d(pack_if_needed(p))


@formula_of(np.vander)
def _vander(x, N=None, increasing=False):
    N = len(x) if N is None else N
    if N == 0:
        return np.zeros_like(x, shape=(len(x), 0))
    powers = [np.ones_like(x)]
    for _ in range(1, N):
        powers.append(powers[-1] * x)
    return np.stack(powers if increasing else powers[::-1], -1)


def _polyval(p, x):
    """Horner's scheme, of polynomials too."""
    coefficients = _coefficients(p)
    return _steps_of_horner(coefficients, x, 0) if isinstance(x, np.poly1d) else _polyval_at(coefficients, x)


@formula_of(np.polyval)
def _polyval_at(p, x):
    return _steps_of_horner(p, x, np.zeros_like(array(x)))


def _steps_of_horner(p, x, total):
    for c in p:
        total = total * x + c
    return total


def _polyder(p, m=1):
    if m == 0:
        return p
    return rewrap(p, np.stack([np.polyder(c, m) for c in p.components]))


@formula_of(np.polyint)
def _polyint(p, m=1, k=None):
    p = _coefficients(p)
    constants = np.zeros(m) if k is None else np.atleast_1d(k)
    for i in range(m):
        constant = constants[i if len(constants) > 1 else 0]
        p = np.concatenate([p / np.arange(len(p), 0, -1), np.ravel(constant)])
    return p


def _polynomial_sum(function, operation):
    @formula_of(function)
    def rule(a1, a2):
        a1, a2 = _coefficients(a1), _coefficients(a2)
        n = max(len(a1), len(a2))
        return operation(*(np.concatenate([np.zeros(n - len(a)), a]) for a in (a1, a2)))
    return rule


@formula_of(np.polymul)
def _polymul(a1, a2):
    """The product; leading zeros of the factors are left out."""
    return np.convolve(*(a[_leading_zeros(a):] for a in (_coefficients(a1), _coefficients(a2))))


def _leading_zeros(p):
    """How many, but for the last coefficient."""
    nonzero = np.flatnonzero(primal(p))
    return nonzero[0] if len(nonzero) else max(len(p) - 1, 0)


@formula_of(np.polydiv)
def _polydiv(u, v):
    """Long division; leading coefficients of the remainder that are zero are left out."""
    u, v = _coefficients(u), _coefficients(v)
    quotient, n = [], len(v)
    size = len(np.polydiv(primal(u), primal(v))[1])
    for k in range(len(u) - n + 1):
        d = u[k] / v[0]
        quotient.append(d)
        u = np.concatenate([u[:k], u[k:k + n] - d * v, u[k + n:]])
    return (np.stack(quotient) if quotient else None), u[len(u) - size:]


@formula_of(np.poly)
def _poly(seq_of_zeros):
    x = np.atleast_1d(seq_of_zeros)
    if x.ndim == 2:
        return _characteristic(x)
    coefficients = np.ones(1)
    for i in range(len(x)):
        coefficients = np.concatenate([coefficients, [0.0]]) - np.concatenate([[0.0], coefficients]) * x[i]
    return coefficients


def _characteristic(a):
    """Faddeev and LeVerrier's recurrence: no eigenvalues, which may be repeated."""
    n = len(a)
    coefficients, m = [np.ones(())], np.eye(n)
    for k in range(1, n + 1):
        product = np.matmul(a, m)
        coefficients.append(-np.trace(product) / k)
        m = product + coefficients[-1] * np.eye(n)
    return np.stack(coefficients)


def _roots(p):
    """p(r) = 0, hence r' = -p'(r) / (dp/dr)(r), with p' the tangent of the coefficients."""
    p = pack_if_needed(p)
    lead = innermost(p)
    p0, t = split(p, lead.level)
    r = np.roots(p0)
    if t is None or not len(r):
        return join(lead, r, None if t is None else np.zeros(t.shape[:1] + r.shape))
    fixed = np.arange(len(r)) >= len(r) - _fixed_zeros(primal(p0), primal(t))
    slope = np.where(fixed, 1.0, np.polyval(np.polyder(p0), r))
    change = np.stack([np.polyval(row, r) for row in t])
    _refuse_repeated_roots(primal(p0), primal(r), primal(slope), primal(change))
    return join(lead, r, -change / slope)


def _fixed_zeros(p, t):
    """How many roots are 0 and stay so, if there are several: NumPy appends them."""
    count = len(p) - 1 - int(np.max(np.flatnonzero(p)))
    return count if count > 1 and not np.any(t[:, -count:]) else 0


def _refuse_repeated_roots(p, r, slope, change):
    """Roots that are one up to the rounding of the coefficients part with infinite speed."""
    noise = np.finfo(slope.dtype).eps * np.polyval(np.abs(p), np.abs(r)) * np.abs(np.polyval(np.polyder(p, 2), r))
    if np.any((np.abs(slope) ** 2 <= 100 * noise) & ((change != 0) | (slope == 0))):
        raise np.linalg.LinAlgError("roots: the polynomial has repeated roots, whose derivative does not exist")


@formula_of(np.polyfit)
def _polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    x, y = array(x), array(y)
    lhs = np.vander(x * 1.0, deg + 1)
    if w is not None:
        w = array(w)
        lhs, y = lhs * w[:, None], np.transpose(np.transpose(y) * w)
    scale = np.sqrt(np.sum(lhs * lhs, 0))
    lhs = lhs / scale
    rcond = len(x) * np.finfo(lhs.dtype).eps if rcond is None else rcond
    c, residuals, _, s = np.linalg.lstsq(lhs, y, rcond)
    c = np.transpose(np.transpose(c) / scale)
    if full:
        return c, residuals, None, s, None
    if not cov:
        return c
    base = np.linalg.inv(np.dot(lhs.T, lhs)) / np.outer(scale, scale)
    factor = 1.0 if cov == "unscaled" else residuals / (len(x) - deg - 1)
    return c, base * factor if y.ndim == 1 else base[:, :, None] * factor


# ---- grids and functions applied piece by piece --------------------------------------------------------------------

def _steps(start, stop, num, endpoint, axis):
    """start + k (stop - start) / n along a new axis."""
    fractions = np.arange(num) / max(num - 1 if endpoint else num, 1)
    start, stop = np.broadcast_arrays(array(start), array(stop))
    steps = start + (stop - start) * np.reshape(fractions, (-1,) + (1,) * start.ndim)
    return np.moveaxis(steps, 0, axis)


@formula_of(np.linspace)
def _linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    steps = _steps(start, stop, num, endpoint, axis)
    count = num - 1 if endpoint else num
    return (steps, (stop - start) / count if count > 0 else None) if retstep else steps


@formula_of(np.logspace)
def _logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    ndim = max(np.ndim(x) for x in (start, stop, base))
    start, stop, base = (np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x)) for x in (start, stop, base))
    return np.power(np.expand_dims(base, axis), _steps(start, stop, num, endpoint, axis))


@formula_of(np.geomspace)
def _geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    start, stop = np.broadcast_arrays(array(start), array(stop))
    return np.expand_dims(start, axis) * np.exp(_steps(0.0, np.log(stop / start), num, endpoint, axis))


def _meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n = len(xi)
    grid = []
    for i, x in enumerate(xi):
        place = 1 - i if indexing == "xy" and n > 1 and i < 2 else i
        grid.append(np.reshape(x, (1,) * place + (-1,) + (1,) * (n - 1 - place)))
    if not sparse:
        grid = np.broadcast_arrays(*grid)
    return tuple(x.copy() for x in grid) if copy else tuple(grid)


def _ix(*args):
    for x in args:
        if np.ndim(x) != 1:
            raise ValueError("Cross index must be 1 dimensional")
    n = len(args)
    args = [x if isinstance(x, Number) else np.ix_(x)[0] for x in args]
    return tuple(np.reshape(x, (1,) * i + (-1,) + (1,) * (n - 1 - i)) for i, x in enumerate(args))


def _apply_along_axis(func1d, axis, arr, *args, **kwargs):
    arr = array(arr)
    axis = np.lib.array_utils.normalize_axis_index(axis, arr.ndim)
    moved = np.moveaxis(arr, axis, -1)
    outer = moved.shape[:-1]
    if 0 in outer:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = pack([func1d(moved[index], *args, **kwargs) for index in np.ndindex(outer)])
    inner = np.shape(results)[1:]
    results = np.reshape(results, outer + inner)
    places = range(len(outer), len(outer) + len(inner))
    return np.moveaxis(results, tuple(places), tuple(range(axis, axis + len(inner))))


def _apply_over_axes(func, a, axes):
    for axis in np.ravel(axes):
        axis = int(axis) + a.ndim if axis < 0 else int(axis)
        result = func(a, axis)
        if np.ndim(result) != a.ndim:
            result = np.expand_dims(result, axis)
        if np.ndim(result) != a.ndim:
            raise ValueError("function is not returning an array of the correct shape")
        a = result
    return a


def _piecewise(x, condlist, funclist, *args, **kw):
    x, condlist = array(x), primal(condlist)
    if np.isscalar(condlist) or (not isinstance(condlist[0], (list, np.ndarray, Number)) and x.ndim):
        condlist = [condlist]
    conditions = [np.asarray(primal(c), bool) for c in condlist]
    if len(conditions) == len(funclist) - 1:
        conditions.append(~np.any(conditions, axis=0))
    elif len(conditions) != len(funclist):
        raise ValueError(f"with {len(conditions)} condition(s), either {len(conditions)} or {len(conditions) + 1} "
                         "functions are expected")
    flat = np.reshape(x, (-1,))
    y = np.zeros_like(flat)
    for condition, function in zip(conditions, funclist, strict=True):
        places = np.flatnonzero(np.broadcast_to(condition, x.shape))
        if not callable(function):
            y[places] = function
        elif len(places):
            y[places] = function(flat[places], *args, **kw)
    return np.reshape(y, x.shape)


# ---- storing into selected elements --------------------------------------------------------------------------------

def _flat(values):
    return np.ravel(array(pack_if_needed(values)))


def _put(a, ind, v, mode="raise"):
    places = np.take(np.arange(np.size(primal(a))), np.ravel(ind), mode=mode)
    values = _flat(v)
    if len(values):
        store_at(a, places, values, "put")


def _place(arr, mask, vals):
    _check_mask("place", arr, mask)
    places = np.flatnonzero(primal(mask))
    values = _flat(vals)
    if len(places) and not len(values):
        raise ValueError("Cannot insert from an empty array!")
    store_at(arr, places, values, "place")


def _check_mask(name, a, mask):
    if np.size(mask) != np.size(a):
        raise ValueError(f"{name}: mask and data must be the same size")


def _putmask(a, /, mask, values):
    _check_mask("putmask", a, mask)
    places = np.flatnonzero(primal(mask))
    values = _flat(values)
    if len(values):
        store_at(a, places, values[places % len(values)], "putmask")


def _put_along_axis(arr, indices, values, axis):
    shape = np.shape(arr)
    places = np.reshape(np.arange(np.size(primal(arr))), shape)
    chosen = np.take_along_axis(places, np.asarray(indices), axis)
    store_at(arr, np.ravel(chosen), _flat(np.broadcast_to(pack_if_needed(values), chosen.shape)), "put_along_axis")


def _fill_diagonal(a, val, wrap=False):
    shape = np.shape(a)
    places = np.zeros(shape, bool)
    np.fill_diagonal(places, True, wrap)
    store_at(a, np.flatnonzero(places), _flat(val), "fill_diagonal")


def _trim_zeros(filt, trim="fb", axis=None):
    """The elements between the outermost that are not 0."""
    trim = trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    axes = range(filt.ndim) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, filt.ndim)
    places = np.argwhere(primal(filt))
    if len(places):
        first, last = places.min(0), places.max(0) + 1
        kept = [slice(i if "f" in trim else None, j if "b" in trim else None) for i, j in zip(first, last, strict=True)]
    else:
        kept = [slice(0, 0)] * filt.ndim
    return filt[tuple(kept[k] if k in axes else slice(None) for k in range(filt.ndim))]


# ---- polynomials of two variables, which numpy.polynomial dispatches -------------------------------------------------

def _at_points(c, x):
    """The polynomials with coefficients c, one at least, at every x: their axes come before those of x."""
    return horner(np.atleast_1d(c)[(..., *[None] * x.ndim)], x) + 0 * x


@formula_of(polynomial.polyval2d)
def _polyval2d(x, y, c):
    x, y, c = array(x), array(y), array(c)
    return horner(np.atleast_1d(_at_points(c, x)), y) + 0 * y


@formula_of(polynomial.polygrid2d)
def _polygrid2d(x, y, c):
    x, y, c = array(x), array(y), array(c)
    return _at_points(_at_points(c, x), y)


FUNCTIONS = {
    np.gradient: _gradient, np.ediff1d: _ediff1d, np.unwrap: _unwrap,
    np.i0: _i0, np.angle: _angle, np.real_if_close: _real_if_close, np.sort_complex: _sort_complex,
    np.vander: _vander, np.polyval: _polyval, np.polyder: _polyder, np.polyint: _polyint,
    np.polyadd: _polynomial_sum(np.polyadd, np.add), np.polysub: _polynomial_sum(np.polysub, np.subtract),
    np.polymul: _polymul, np.polydiv: _polydiv, np.poly: _poly, np.roots: _roots, np.polyfit: _polyfit,
    np.linspace: _linspace, np.logspace: _logspace, np.geomspace: _geomspace, np.meshgrid: _meshgrid, np.ix_: _ix,
    np.apply_along_axis: _apply_along_axis, np.apply_over_axes: _apply_over_axes, np.piecewise: _piecewise,
    np.put: _put, np.place: _place, np.putmask: _putmask, np.put_along_axis: _put_along_axis,
    np.fill_diagonal: _fill_diagonal, np.trim_zeros: _trim_zeros,
    polynomial.polyval2d: _polyval2d, polynomial.polygrid2d: _polygrid2d,
}
