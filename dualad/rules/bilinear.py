"""Bilinear functions f(a, b): the value is f(a, b), the tangent f(a', b) + f(a, b')."""

import functools
import string

import numpy as np

from dualad._core.number import Subscripts, all_finite, is_first_order, quick_dot, sums_of_products
from dualad.rules.algebra import (
    apart,
    as_view,
    innermost,
    is_number,
    is_series,
    join,
    lift,
    primal,
    rewrap,
    rows,
    series_product,
    split,
    together,
)
from dualad.rules.packing import is_sparse, operand


def bilinear(function, a, b, *args, batched=None, **kwargs):
    """function(a, b, *args, **kwargs) for a function that is linear in a and in b.

    `batched(a, b, i)`, where given, is the same function for an operand i with an axis of directions in front.
    """
    a, b = operand(a), operand(b)
    lead = innermost(a, b)
    (a0, a_dot), (b0, b_dot) = apart(a, lead), apart(b, lead)
    linear = a_dot is None or b_dot is None
    if not linear and not is_first_order(lead):
        if is_series(lead):
            return series_product(lambda x, y: function(x, y, *args, **kwargs), (a, b), lead)
        (a0, a_dot), (b0, b_dot) = split(a, lead.level), split(b, lead.level)
    value = function(a0, b0, *args, **kwargs)
    total = None
    if a_dot is not None:
        total = batched(a_dot, b0, 0) if batched else rows(lambda t: function(t, b0, *args, **kwargs), a_dot)
    if b_dot is not None:
        term = batched(a0, b_dot, 1) if batched else rows(lambda t: function(a0, t, *args, **kwargs), b_dot)
        total = term if total is None else total + term
    if total is not None and not all_finite(primal(total)):
        total = _masked(lambda *xs: function(*xs, *args, **kwargs), [(a0, a_dot), (b0, b_dot)])
    return (together if linear else join)(lead, value, total)


def _subscripts(*texts):
    """By the dimensions of both operands."""
    terms = [text.partition("->")[0].split(",") for text in texts]
    return {(len(x), len(y)): Subscripts(text) for text, (x, y) in zip(texts, terms, strict=True)}


# bound here, for interception may put other functions in their places later
_PRODUCTS = {
    "matmul": (np.matmul, "i,i->", "ij,j->i", "i,ij->j", "ij,jk->ik", "aij,ajk->aik", "aij,jk->aik", "aij,j->ai"),
    "dot": (np.dot, "i,i->", "ij,j->i", "i,ij->j", "ij,jk->ik"),
    "inner": (np.inner, "i,i->", "ij,j->i", "i,ji->j", "ij,kj->ik"),
    "vdot": (np.vdot, "i,i->"),
}
SUBSCRIPTS = {name: (_subscripts(*texts), function) for name, (function, *texts) in _PRODUCTS.items()}


def _product(name, a, b):
    """The product of small arrays; NotImplemented for others."""
    result = quick_dot(a, b)
    return sums_of_products(a, b, *SUBSCRIPTS[name]) if result is NotImplemented else result


def _masked(function, pairs):
    """Tangents of a multilinear function with infinite or NaN factors, where zero tangents stay zero.

    The finite part is computed without those factors; a bad factor that meets a nonzero tangent makes the sum NaN, or
    infinite where all such terms have one sign.
    """
    values = [v for v, _ in pairs]
    plain = [np.asarray(primal(v)) for v in values]
    finite = [np.where(np.isfinite(p), v, 0.0) for p, v in zip(plain, values, strict=True)]
    wrong = [1.0 - np.isfinite(p) for p in plain]
    signs = [np.where(np.isinf(p), np.sign(p), 0.0) for p in plain]
    total = None
    for i, (_, tangents) in enumerate(pairs):
        if tangents is None:
            continue
        rows = []
        for t in tangents:

            def call(tangent, others, i=i):
                return function(*others[:i], tangent, *others[i + 1 :])

            t0 = primal(t)
            with np.errstate(all="ignore"):
                met = call((t0 != 0) * 1.0, wrong)
                signed = call(np.sign(t0), signs) if len(pairs) == 2 else np.zeros(np.shape(met))
                infinite = np.where(np.abs(signed) == met, np.sign(signed) * np.inf, np.nan)
                rows.append(np.where(met == 0, call(t, finite), infinite))
        term = np.stack(rows)
        total = term if total is None else total + term
    return total


def _is_plain_matrix(a):
    return type(a) is np.ndarray and a.ndim > 1 and a.dtype.kind in "fc" and all_finite(a)


def _matmul(ufunc, a, b, **kwargs):
    """matmul of stacks of matrices; all directions of one operand go in one call."""
    if not kwargs and is_number(b) and b.ndim > 1 and not is_number(b.components) and _is_plain_matrix(a):
        # a stack of products, so that each component, and with it the value, is computed as if alone
        return rewrap(b, np.matmul(a, lift(b.components, max(a.ndim, b.ndim))))
    if not kwargs and is_number(a) and a.ndim > 1 and not is_number(a.components) and _is_plain_matrix(b):
        return rewrap(a, np.matmul(lift(a.components, max(a.ndim, b.ndim)), b))

    return bilinear(np.matmul, a, b, batched=None if kwargs else _matmul_batched, **kwargs)


def _matmul_batched(x, y, i):
    """A direction axis in front broadcasts against a stack, once vectors are out of the way."""
    x, y = (v if is_number(v) else np.asarray(v) for v in (x, y))
    return _matmul_left(x, y) if i == 0 else _matmul_right(x, y)


def _matmul_left(t, y):
    ndim = t.ndim - 1
    if ndim == 1 and y.ndim <= 2:
        return np.matmul(t, y)
    if ndim == 1:
        return np.matmul(lift(t, y.ndim - 1)[..., None, :], y)[..., 0, :]
    if ndim == 2 and y.ndim <= 2:
        return np.matmul(t.reshape((t.shape[0] * t.shape[1], t.shape[2])), y).reshape(t.shape[:2] + y.shape[1:])
    return np.matmul(lift(t, max(ndim, y.ndim)), y)


def _matmul_right(x, t):
    ndim = t.ndim - 1
    if ndim == 1 and x.ndim == 2:
        return np.matmul(t, x.T)
    if ndim == 1:
        return np.moveaxis(np.matmul(x, t.T), -1, 0)
    if x.ndim == 1:
        return np.matmul(x, t)
    return np.matmul(x, lift(t, max(x.ndim, ndim)))


def _gufunc(ufunc, a, b, **kwargs):
    return bilinear(ufunc, a, b, **kwargs)


GUFUNCS = {np.matmul: _matmul}
for _name in ("vecdot", "matvec", "vecmat"):
    if hasattr(np, _name):
        GUFUNCS[getattr(np, _name)] = _gufunc


def _two(function):
    def rule(a, b, *args, **kwargs):
        return bilinear(function, a, b, *args, **kwargs)

    return rule


def store(out, result):
    """out[...] = result, for functions that take out=."""
    out = out[0] if isinstance(out, tuple) else out
    if np.shape(out) != np.shape(result):
        raise ValueError(f"out has shape {np.shape(out)}, but the result has shape {np.shape(result)}")
    if not hasattr(out, "isconstant"):
        raise TypeError(
            f"out= is a plain {type(out).__name__}: the derivative would be lost. Leave out= away, or make the "
            "array with dualad.numpy inside the function that is differentiated"
        )
    out[...] = result
    return out


def _dot(a, b, out=None):
    if out is None:
        result = _product("dot", a, b)
        if result is not NotImplemented:
            return result
    a, b = operand(a), operand(b)
    if innermost(a, b) is None:  # out= alone is a number
        return store(out, np.dot(a, b))
    if not (_is_usual(a) and _is_usual(b)) and (is_sparse(a) or is_sparse(b)):
        raise TypeError("numpy.dot does not take a sparse array and a number with derivatives: use A @ x")
    result = (
        np.multiply(a, b) if np.ndim(a) == 0 or np.ndim(b) == 0 else bilinear(np.dot, a, b, batched=_dot_batched(a, b))
    )
    return result if out is None else store(out, result)


def _is_usual(a):
    return type(a) is np.ndarray or is_number(a)


def _dot_batched(a, b):
    """dot with all directions of one operand in one call."""

    def batched(x, y, i):
        if i == 0:
            return np.dot(x, y)
        if np.ndim(b) == 1:
            return np.dot(y, np.transpose(x)) if np.ndim(a) <= 2 else np.moveaxis(np.dot(x, y.T), -1, 0)
        return np.moveaxis(np.dot(x, y), np.ndim(a) - 1, 0)

    return batched if np.ndim(b) <= 2 else None


def _einsum(*operands, optimize=False, **kwargs):
    """Any number of operands: the tangent replaces one operand after the other."""
    sublists = not isinstance(operands[0], str)
    if len(operands) == 3 and not sublists and not optimize and not kwargs:
        result = sums_of_products(operands[1], operands[2], _of_two(operands[0]), _EINSUM, operands[:1])
        if result is not NotImplemented:
            return result
    arrays = [operand(x) for x in (operands[0 : 2 * (len(operands) // 2) : 2] if sublists else operands[1:])]

    def call(replaced):
        if not sublists:
            return np.einsum(operands[0], *replaced, optimize=optimize, **kwargs)
        labels = operands[1::2]
        flat = [x for pair in zip(replaced, labels, strict=False) for x in pair]
        return np.einsum(*flat, *operands[2 * len(replaced) :], optimize=optimize, **kwargs)

    if len(arrays) == 1:
        return as_view(arrays[0], lambda c: call([c]))
    lead = innermost(*arrays)
    if is_series(lead):
        return series_product(lambda *xs: call(xs), arrays, lead)
    pairs = [split(x, lead.level) for x in arrays]
    values = [v for v, _ in pairs]
    total = None
    for i, (_, tangents) in enumerate(pairs):
        if tangents is None:
            continue
        subscripts = None if sublists else _with_directions(operands[0], i)
        if subscripts is None:
            term = rows(lambda t, i=i: call([*values[:i], t, *values[i + 1 :]]), tangents)
        else:
            term = np.einsum(subscripts, *values[:i], tangents, *values[i + 1 :], optimize=optimize, **kwargs)
        total = term if total is None else total + term
    if total is not None and not all_finite(primal(total)):
        total = _masked(lambda *xs: call(list(xs)), pairs)
    return join(lead, call(values), total)


# without the protocol, which plain arrays have no need of
_EINSUM = getattr(np.einsum, "__wrapped__", np.einsum)


@functools.lru_cache(256)
def _of_two(subscripts):
    """Subscripts of two operands for the compiled loops, None for those that these do not take."""
    inputs, output = _terms(subscripts)
    if "." in subscripts or not set(output) <= set(inputs) or len(set(output)) < len(output):
        return None
    try:
        return Subscripts(f"{inputs}->{output}")
    except ValueError:
        return None


def _terms(subscripts):
    """Those of the operands, and those of the result, also where they go without saying."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    if not arrow:
        labels = inputs.replace(",", "").replace("...", "")
        output = "..." * ("..." in inputs) + "".join(sorted(c for c in labels if labels.count(c) == 1))
    return inputs, output


@functools.lru_cache(256)
def _with_directions(subscripts, i):
    """Subscripts with an axis of directions in front of operand i and of the result; None if no letter is left."""
    inputs, output = _terms(subscripts)
    free = set(string.ascii_letters).difference(inputs)
    if not free:
        return None
    terms = inputs.split(",")
    direction = min(free)
    terms[i] = direction + terms[i]
    return f"{','.join(terms)}->{direction}{output}"


def _outer(a, b):
    a, b = operand(a), operand(b)
    return np.multiply(np.ravel(a)[:, None], np.ravel(b))


def _inner(a, b):
    result = _product("inner", a, b)
    return bilinear(np.inner, a, b) if result is NotImplemented else result


def _vdot(a, b):
    result = _product("vdot", a, b)
    return bilinear(np.vdot, a, b) if result is NotImplemented else result


def _cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The axes of single vectors, and those at the end, leave room in front for an axis of directions."""
    a, b = operand(a), operand(b)
    ndim, at_end = max(np.ndim(a), np.ndim(b)), (axisa, axisb, axisc, axis) == (-1, -1, -1, None)

    def batched(x, y, i):
        return np.cross(lift(x, ndim), y) if i == 0 else np.cross(x, lift(y, ndim))

    return bilinear(np.cross, a, b, axisa, axisb, axisc, axis, batched=batched if at_end else None)


def _multi_dot(arrays):
    arrays = [operand(a) for a in arrays]
    result = arrays[0]
    for a in arrays[1:]:
        result = np.dot(result, a)
    lead = innermost(*arrays)
    value = np.linalg.multi_dot([apart(a, lead)[0] for a in arrays])
    return together(lead, value, apart(result, lead)[1])


def _matrix_power(a, n):
    if n == 1:
        return a
    result = np.linalg.inv(a) if n < 0 else a
    for _ in range(abs(n) - 1):
        result = result @ (np.linalg.inv(a) if n < 0 else a)
    lead = innermost(a)
    value = np.linalg.matrix_power(apart(a, lead)[0], n)
    return together(lead, value, None if n == 0 else apart(result, lead)[1])


_ALONG_ONE_AXIS, _MODES = Subscripts("i,j->(ij)"), ("full", "same", "valid")


def _convolution(function, turn):
    """convolve, and correlate, which turns its second operand round."""

    def rule(a, v, mode):
        a, v = operand(a), operand(v)
        sums = NotImplemented
        if isinstance(mode, str) and (mode == "full" or (mode in _MODES and np.size(a) >= np.size(v))):
            sums = sums_of_products(a, v[::-1] if turn and np.ndim(v) else v, _ALONG_ONE_AXIS)
        if sums is NotImplemented:
            return bilinear(function, a, v, mode)
        lead, skipped = innermost(a, v), 0 if mode == "full" else (len(v) - 1) // (2 if mode == "same" else 1)
        value = function(apart(a, lead)[0], apart(v, lead)[0], mode)
        return _with_value(lead, value, sums[skipped : skipped + len(value)])

    return rule


def _with_value(lead, value, derived):
    """The value that NumPy computed, with the further components of what the loops here did."""
    rest = apart(derived, lead)[1]
    return together(lead, value, None if rest is None else rest.reshape(rest.shape[:1] + value.shape))


_convolve, _correlate = _convolution(np.convolve, False), _convolution(np.correlate, True)
_KRONECKER = _subscripts("i,k->ik", "ij,kl->ikjl")


def _kron(a, b):
    a, b = operand(a), operand(b)
    sums = sums_of_products(a, b, _KRONECKER)
    if sums is NotImplemented:
        return bilinear(np.kron, a, b)
    lead = innermost(a, b)
    return _with_value(lead, np.kron(apart(a, lead)[0], apart(b, lead)[0]), sums)


FUNCTIONS = {
    np.convolve: lambda a, v, mode="full": _convolve(a, v, mode),
    np.correlate: lambda a, v, mode="valid": _correlate(a, v, mode),
    np.kron: _kron,
    np.cross: _cross,
    np.dot: _dot,
    np.inner: _inner,
    np.vdot: _vdot,
    np.outer: _outer,
    np.einsum: _einsum,
    np.linalg.multi_dot: _multi_dot,
    np.linalg.matrix_power: _matrix_power,
}
for _function in (
    np.tensordot,
    np.linalg.cross,
    np.linalg.outer,
    np.linalg.tensordot,
):
    FUNCTIONS[_function] = _two(_function)
FUNCTIONS[np.linalg.matmul] = lambda x1, x2, /: np.matmul(x1, x2)
FUNCTIONS[np.linalg.vecdot] = lambda x1, x2, /, *, axis=-1: np.vecdot(x1, x2, axis=axis)
