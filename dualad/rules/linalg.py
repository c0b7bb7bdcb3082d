"""Implicit functions: x is defined by an equation, its tangents by the equation's derivative.

The formulas are those of M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation", 2008.
"""

import numpy as np

from dualad._core.number import Subscripts, largest, sums_of_products
from dualad.rules.algebra import innermost, join, primal, split
from dualad.rules.formula import array, attach, formula_of
from dualad.rules.implicit import graded_inv, numpy_solve
from dualad.rules.packing import operand


def _solve(a, b):
    return numpy_solve(array(operand(a)), array(operand(b)))


def _inv(a):
    return graded_inv(a, np.linalg.inv)


def _adjugate(a, det):
    """det(A) inv(A); of numbers where A is singular, its cofactors, unless there are too many."""
    n = a.shape[-1]
    if innermost(a) is None:
        return _plain_adjugate(a, det)
    if n > 32 or np.all(np.linalg.matrix_rank(primal(a)) == n):
        return np.linalg.inv(a) * np.reshape(det, np.shape(det) + (1, 1))
    others = np.array([[j for j in range(n) if j != i] for i in range(n)], int).reshape(n, n - 1)
    minors = a[..., others[:, None, :, None], others[None, :, None, :]]
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return np.swapaxes(signs * np.linalg.det(minors), -1, -2)


def _plain_adjugate(a, det):
    """det(A) inv(A) where A is far from singular, else from the singular values."""
    try:
        inverse = np.linalg.inv(a)
        if a.size and largest(a) * largest(inverse) * a.shape[-1] < 1e4:
            return np.multiply(det, inverse) if a.ndim == 2 else det[..., None, None] * inverse
    except np.linalg.LinAlgError:
        pass
    u, s, vh = np.linalg.svd(a)
    n = s.shape[-1]
    others = np.stack([np.prod(np.delete(s, i, -1), -1) for i in range(n)], -1) if n else s
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * np.matmul(np.swapaxes(vh, -1, -2).conj() * others[..., None, :],
                                             np.swapaxes(u, -1, -2).conj())


def _det(a):
    """Jacobi's formula: tr(adj(A) A')."""
    lead = innermost(a)
    a0, t = split(a, lead.level)
    value = np.linalg.det(a0)
    if t is None:
        return join(lead, value, None)
    adjugate = _adjugate(a0, value)
    total = sums_of_products(adjugate, t, _TRACE)
    return join(lead, value, np.sum(np.swapaxes(adjugate, -1, -2) * t, (-2, -1)) if total is NotImplemented else total)


_TRACE = Subscripts("ij,kji->k")


def _slogdet(a):
    lead = innermost(a)
    a0, t = split(a, lead.level)
    result = np.linalg.slogdet(a0)
    sign, logdet = result
    if t is not None:
        t = np.sum(np.swapaxes(np.linalg.inv(a0), -1, -2) * t, (-2, -1))
    if np.iscomplexobj(primal(sign)):
        sign = join(lead, sign, None if t is None else 1j * sign * np.imag(t))
        t = None if t is None else np.real(t)
    return type(result)(sign, join(lead, logdet, t))


def _cholesky(a, /, *, upper=False):
    """A = L L^H, hence L' = L Phi(inv(L) A' inv(L)^H), Phi the lower triangle with half the diagonal."""
    lead = innermost(a)
    a0, t = split(a, lead.level)
    value = np.linalg.cholesky(a0, upper=upper) if upper else np.linalg.cholesky(a0)
    if t is None:
        return join(lead, value, None)
    factor = _adjoint(value) if upper else value
    inverse = np.linalg.inv(factor)
    n = np.shape(a0)[-1]
    phi = np.tril(np.ones((n, n))) - 0.5 * np.eye(n)
    middle = np.matmul(np.matmul(inverse, half_to_full(t, not upper)), _adjoint(inverse))
    t = np.matmul(factor, phi * middle)
    return join(lead, value, _adjoint(t) if upper else t)


def half_to_full(a, lower, conjugate=True):
    """The Hermitian (or symmetric) matrix of which only one triangle is read; the real part of the diagonal."""
    half = np.tril(a, -1) if lower else np.triu(a, 1)
    eye = np.eye(np.shape(a)[-1])
    return half + _adjoint(half) + np.real(a) * eye if conjugate else half + np.swapaxes(half, -1, -2) + a * eye


def _eigvalsh(a, UPLO="L"):
    lead = innermost(a)
    a0, t = split(a, lead.level)
    value = np.linalg.eigvalsh(a0, UPLO)
    if t is None:
        return join(lead, value, None)
    w, v = np.linalg.eigh(a0, UPLO)
    return join(lead, value, eigvalsh_tangents(w, v, half_to_full(t, UPLO.upper() == "L")))


def _eigh(a, UPLO="L"):
    lead = innermost(a)
    a0, t = split(a, lead.level)
    result = np.linalg.eigh(a0, UPLO)
    lower = UPLO.upper() == "L"
    tangents = (None, None) if t is None else eigh_tangents(*result, half_to_full(t, lower), lower=lower)
    return type(result)(*(join(lead, part, dot) for part, dot in zip(result, tangents, strict=True)))


def _pair_in_eigenvectors(w, v, a_dot, b_dot):
    """M = V^H A' V - V^H B' V diag(w) and V^H B' V (None where B is constant), A V = B V diag(w) and V^H B V = I."""
    middle = 0.0 if a_dot is None else np.matmul(np.matmul(_adjoint(v), a_dot), v)
    if b_dot is None:
        return middle, None
    stretch = np.matmul(np.matmul(_adjoint(v), b_dot), v)
    return middle - stretch * w[..., None, :], stretch


def eigvalsh_tangents(w, v, a_dot, b_dot=None):
    """w' = diag(M); equal eigenvalues share, as equal elements do in sort, so that their sums are exact."""
    middle, _ = _pair_in_eigenvectors(w, v, a_dot, b_dot)
    return _shared(np.real(_diagonal(middle)), primal(w))


def eigh_tangents(w, v, a_dot, b_dot=None, *, lower=True):
    """w' = diag(M) and V' = V C, C being M over the gaps and, on the diagonal, -V^H B' V / 2 to keep the length.

    LAPACK's Householder vectors leave the first row of complex vectors real, the last if it reads the upper triangle.
    """
    middle, stretch = _pair_in_eigenvectors(w, v, a_dot, b_dot)
    _refuse_repeated(w, middle, "eigh")
    turn = _inverse_gaps(w) * middle
    turn = turn if stretch is None else turn - 0.5 * stretch * np.eye(np.shape(v)[-1])
    v_dot, row = np.matmul(v, turn), 0 if lower else -1
    phase = _phase_of_real_row(v[..., row, :], v_dot[..., row, :]) if v.size else None
    return np.real(_diagonal(middle)), v_dot if phase is None else v_dot + phase[..., None, :] * v


def _phase_of_real_row(row, row_dot):
    """The turns i theta of complex vectors that keep a row of them real, None if it is not."""
    row0 = primal(row)
    if row0.dtype.kind != "c" or not np.all(np.abs(row0.imag) <= 64 * np.finfo(row0.dtype).eps * np.abs(row0)):
        return None
    return -1j * np.imag(row_dot) / np.where(row0 == 0, 1.0, np.real(row))


def _shared(tangents, w):
    """Tangents of the rows of w, those of elements equal up to rounding replaced by their mean."""
    share = _coincide(w).astype(w.real.dtype)
    share = share / np.sum(share, -1, keepdims=True)
    if w.size == 0 or np.all(share == np.eye(w.shape[-1])):
        return tangents
    return np.matmul(share, tangents[..., None])[..., 0]


def _refuse_repeated(w, middle, name):
    """Eigenvalues that coincide part in directions that the tangent decides: there is no derivative to give."""
    w, middle = primal(w), primal(middle)
    n = w.shape[-1]
    tiny = 16 * n * np.finfo(w.dtype).eps
    close = _coincide(w) & ~np.eye(n, dtype=bool)
    size = np.max(np.abs(middle), axis=(-2, -1), initial=0.0, keepdims=True)
    if np.any(close & (np.abs(middle) > tiny * size)):
        raise np.linalg.LinAlgError(
            f"{name}: the matrix has repeated eigenvalues or singular values, whose vectors have no derivative; "
            "eigvalsh, eigvals and svdvals give the values alone: equal ones share the mean of their derivatives")


def _coincide(w):
    """Which of the numbers of each row w are equal up to rounding, pair by pair."""
    scale = np.max(np.abs(w), axis=-1, initial=0.0)[..., None, None]
    return np.abs(w[..., None, :] - w[..., :, None]) <= 16 * w.shape[-1] * np.finfo(w.dtype).eps * scale


def _inverse_gaps(w):
    """1 / (w_j - w_i), and 0 where the two coincide."""
    return _reciprocal(w[..., None, :] - w[..., :, None], _coincide(primal(w)))


def _reciprocal(x, none):
    """1 / x, and 0 where there is none."""
    return np.where(none, 0.0, 1.0) / np.where(none, 1.0, x)


def _adjoint(a):
    return np.conj(np.swapaxes(a, -1, -2))


def _diagonal(a):
    return np.diagonal(a, axis1=-2, axis2=-1)


# ---- eigenvalues of general matrices -------------------------------------------------------------------------------

def _in_eigenvectors(w, v, t, name):
    """inv(V) A' V, whose diagonal is w'; an error where eigenvectors are missing."""
    eps = np.finfo(primal(w).dtype).eps
    v0 = primal(v)
    if v0.size and np.any(np.linalg.cond(v0) > 0.1 / np.sqrt(eps)):
        raise np.linalg.LinAlgError(f"{name}: the matrix is defective: its repeated eigenvalues have no derivative")
    return np.matmul(np.linalg.solve(v, t), v)


def _eig(a):
    """V' = V C with C = inv(V) A' V over the gaps; each column keeps its length and the phase that LAPACK gives it."""
    lead = innermost(a)
    a0, t = split(a, lead.level)
    result = np.linalg.eig(a0)
    if t is None:
        return type(result)(*(join(lead, part, None) for part in result))
    w, v = result
    middle = _in_eigenvectors(w, v, t, "eig")
    _refuse_repeated(w, middle, "eig")
    turn = np.matmul(v, _inverse_gaps(w) * middle)
    turn = turn - v * np.sum(np.real(np.conj(v) * turn), -2, keepdims=True)
    if np.iscomplexobj(primal(v)):
        # the largest component is real
        v0 = primal(v)
        pivot = np.argmax(np.where(v0.imag == 0, np.abs(v0), -1.0), -2)[..., None, :]
        angle = np.imag(_at_pivot(turn, pivot)) / np.real(_at_pivot(v, pivot))
        turn = turn - 1j * v * angle
    return type(result)(join(lead, w, _diagonal(middle)), join(lead, v, turn))


def _at_pivot(a, pivot):
    """The pivot row of every column."""
    return np.take_along_axis(a, np.broadcast_to(pivot, np.shape(a)[:-2] + pivot.shape[-2:]), -2)


def _eigvals(a):
    lead = innermost(a)
    a0, t = split(a, lead.level)
    value = np.linalg.eigvals(a0)
    if t is None or not value.size:
        return join(lead, value, None)
    w, v = np.linalg.eig(a0)
    tangents = _shared(_diagonal(_in_eigenvectors(w, v, t, "eigvals")), primal(w))
    # computed without vectors the eigenvalues may come in another order
    nearest = np.argmin(np.abs(primal(value)[..., :, None] - primal(w)[..., None, :]), -1)
    tangents = np.take_along_axis(tangents, np.broadcast_to(nearest, np.shape(tangents)), -1)
    return join(lead, value, tangents if np.iscomplexobj(primal(value)) else np.real(tangents))


# ---- singular values -----------------------------------------------------------------------------------------------

def _svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    if hermitian:
        return _hermitian_svd(a, compute_uv)
    lead = innermost(a)
    a0, t = split(a, lead.level)
    if not compute_uv:
        value = np.linalg.svd(a0, compute_uv=False)
        return join(lead, value, None if t is None else singular_value_tangents(a0, t))
    result = np.linalg.svd(a0, full_matrices)
    tangents = (None, None, None) if t is None else svd_tangents(*result, t)
    return type(result)(*(join(lead, part, dot) for part, dot in zip(result, tangents, strict=True)))


def svd_tangents(u, s, vh, t):
    """U' = U (F o (C S + S C^H)) and so on, with C = U^H A' V; the phases of complex vectors share their freedom.

    The vectors that a full U or V has beyond the singular values span a given space and are free in it: they turn no
    more than that space does.
    """
    k = s.shape[-1]
    left, right = u[..., :k], _adjoint(vh)[..., :k]
    middle = np.matmul(np.matmul(_adjoint(left), t), right)
    row, column = s[..., None, :], s[..., :, None]
    by_left, by_right = middle * row + column * _adjoint(middle), column * middle + _adjoint(middle) * row
    _refuse_repeated(s, by_left, "svd")
    _refuse_repeated(s, by_right, "svd")
    null = _refuse_null(primal(s), primal(middle))
    gaps = _inverse_gaps(s) * _reciprocal(row + column, null[..., None, :] & null[..., :, None])
    phase = 0.5j * np.imag(_diagonal(middle)) * _reciprocal(s, null) if np.iscomplexobj(primal(middle)) else None
    u_dot = _singular_vectors(u, gaps * by_left, np.matmul(t, right), s, null, phase)
    v_dot = _singular_vectors(_adjoint(vh), gaps * by_right, np.matmul(_adjoint(t), left), s, null,
                              None if phase is None else -phase)
    u_dot, vh_dot = _in_phase(u, u_dot, vh, _adjoint(v_dot), k)
    return u_dot, np.real(_diagonal(middle)), vh_dot


def _in_phase(u, u_dot, vh, vh_dot, k):
    """LAPACK's Householder vectors leave real the first elements of complex vectors on the shorter side."""
    if not (u.size and vh.size):
        return u_dot, vh_dot
    if u.shape[-2] >= vh.shape[-1]:
        phase = _phase_of_real_row(np.conj(vh[..., :k, 0]), np.conj(vh_dot[..., :k, 0]))
    else:
        phase = _phase_of_real_row(u[..., 0, :k], u_dot[..., 0, :k])
    if phase is None:
        return u_dot, vh_dot
    left = u_dot[..., :k] + phase[..., None, :] * u[..., :k]
    right = vh_dot[..., :k, :] - phase[..., :, None] * vh[..., :k, :]
    return np.concatenate([left, u_dot[..., k:]], -1), np.concatenate([right, vh_dot[..., k:, :]], -2)


def _refuse_null(s, middle):
    """Which singular values count as 0; an error if the tangent mixes several of those."""
    null = s <= 16 * s.shape[-1] * np.finfo(s.dtype).eps * s[..., :1]
    _refuse_repeated(np.where(null, 0.0, np.arange(1.0, s.shape[-1] + 1)), middle, "svd")
    return null


def _singular_vectors(u, rotation, image, s, null, phase):
    """Tangents of the columns of u: a rotation among the first, (I - U U^H) image / s out of their space."""
    k = s.shape[-1]
    left = u[..., :k]
    if phase is not None:
        rotation = rotation + phase[..., None, :] * np.eye(k)
    total = np.matmul(left, rotation)
    if u.shape[-2] > k:
        rest = image - np.matmul(left, np.matmul(_adjoint(left), image))
        if np.any(np.where(null[..., None, :], primal(rest), 0.0)):
            raise np.linalg.LinAlgError("svd: the vectors of a singular value 0 have no derivative")
        total = total + rest * _reciprocal(s, null)[..., None, :]
    if u.shape[-1] > k:
        free = u[..., k:]
        follow = -np.matmul(left, np.matmul(_adjoint(total), free))
        total = np.concatenate([total, follow], -1)
    return total


def singular_value_tangents(a0, t):
    """The diagonal of U^H A' V; equal singular values share, as equal elements do in sort, and 0 stays (|x| at 0)."""
    u, s, vh = np.linalg.svd(a0, full_matrices=False)
    tangents = np.real(_diagonal(np.matmul(np.matmul(_adjoint(u), t), _adjoint(vh))))
    s0 = primal(s)
    return _shared(np.where(s0 == 0, 0.0, tangents) if np.any(s0 == 0) else tangents, s0)


def _hermitian_svd(a, compute_uv):
    """From eigh: the singular values are the absolute eigenvalues, the signs go to V."""
    if not compute_uv:
        return np.sort(np.abs(np.linalg.eigvalsh(a)))[..., ::-1]
    w, u = np.linalg.eigh(a)
    order = np.argsort(np.abs(primal(w)))[..., ::-1]
    w, u = np.take_along_axis(w, order, -1), np.take_along_axis(u, order[..., None, :], -1)
    result = type(np.linalg.svd(np.eye(1)))
    return result(u, np.abs(w), _adjoint(u * np.sign(primal(w))[..., None, :]))


def _svdvals(x, /):
    return _svd(x, compute_uv=False)


@formula_of(np.linalg.cond)
def _cond(x, p=None):
    if p in (None, 2, -2):
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, p, (-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, (-2, -1))


def _matrix_rank(A, tol=None, hermitian=False, *, rtol=None):
    return np.linalg.matrix_rank(primal(A), primal(tol), hermitian, rtol=primal(rtol))


# ---- least squares -------------------------------------------------------------------------------------------------

def _pinv(a, rcond=None, hermitian=False, *, rtol=np._NoValue):
    """Golub and Pereyra 1973: P' = -P A' P + P P^H A'^H (I - A P) + (I - P A) A'^H P^H P, the rank being constant."""
    lead = innermost(a)
    a0, t = split(a, lead.level)
    options = {} if rtol is np._NoValue else {"rtol": primal(rtol)}
    p = np.linalg.pinv(a0, primal(rcond), hermitian, **options)
    if t is None:
        return join(lead, p, None)
    if hermitian:
        a0, t = half_to_full(a0, True), half_to_full(t, True)
    _refuse_change_of_rank(a0, p, t, "pinv")
    total = -np.matmul(np.matmul(p, t), p)
    rows, columns = np.shape(t)[-2:]
    if rows != columns or _deficient(a0, p):
        outside = np.eye(rows) - np.matmul(a0, p)
        kernel = np.eye(columns) - np.matmul(p, a0)
        total = total + np.matmul(np.matmul(np.matmul(p, _adjoint(p)), _adjoint(t)), outside)
        total = total + np.matmul(np.matmul(kernel, _adjoint(t)), np.matmul(_adjoint(p), p))
    return join(lead, p, total)


def _deficient(a, p):
    """Whether some singular values count as zero: the rank is the trace of A P."""
    a, p = primal(a), primal(p)
    rank = np.round(np.real(np.trace(np.matmul(a, p), axis1=-2, axis2=-1)))
    return bool(np.any(rank < min(a.shape[-2:])))


def _refuse_change_of_rank(a, p, t, name):
    """A tangent that raises the rank leads across a jump of the pseudo-inverse."""
    if not _deficient(a, p):
        return
    a, p, t = primal(a), primal(p), primal(t)
    rising = t - np.matmul(np.matmul(a, p), t)
    rising = rising - np.matmul(rising, np.matmul(p, a))
    if np.any(np.abs(rising) > np.sqrt(np.finfo(rising.dtype).eps) * np.max(np.abs(t), initial=0.0)):
        raise np.linalg.LinAlgError(f"{name}: the rank is deficient and changes along the tangent: there is no "
                                    "derivative")


@formula_of(np.linalg.lstsq)
def _lstsq(a, b, rcond=None):
    """x = P b; the part of b that A does not reach gives the residuals."""
    a, b = array(a), array(b)
    eps = np.finfo(np.result_type(a.dtype, b.dtype, np.float32)).eps
    rcond = eps * max(a.shape) if rcond is None else eps if rcond == -1 else rcond
    p = np.linalg.pinv(a, rcond)
    x = np.matmul(p, b)
    rest = b - np.matmul(a, x)
    residuals = np.sum(np.real(rest * np.conj(rest)) if np.iscomplexobj(primal(rest)) else rest * rest, 0)
    full = a.shape[0] > a.shape[1] and not _deficient(a, p)
    return x, residuals if full else None, None, np.linalg.svd(a, compute_uv=False)


def _tensorinv(a, ind=2):
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    shape = np.shape(a)
    rows = int(np.prod(shape[ind:], dtype=int))
    return np.reshape(np.linalg.inv(np.reshape(a, (rows, -1))), shape[ind:] + shape[:ind])


def _tensorsolve(a, b, axes=None):
    a, b = array(a), array(b)
    if axes is not None:
        order = list(range(a.ndim))
        for k in axes:
            order.remove(k)
            order.insert(a.ndim, k)
        a = np.transpose(a, order)
    shape = a.shape[b.ndim - a.ndim:] if b.ndim < a.ndim else ()
    size = int(np.prod(shape, dtype=int))
    if a.size != size ** 2:
        raise np.linalg.LinAlgError("Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == "
                                    "prod(a.shape[:b.ndim])")
    return np.reshape(np.linalg.solve(np.reshape(a, (size, size)), np.ravel(b)), shape)


# ---- QR ------------------------------------------------------------------------------------------------------------

def _qr(a, mode="reduced"):
    """With X = Q^H A' inv(R) for the first columns: Q' = (A' - Q R') inv(R), R' = X's upper part times R."""
    lead = innermost(a)
    a0, t = split(a, lead.level)
    value = np.linalg.qr(a0, mode)
    if mode == "raw" or (mode == "complete" and a.shape[-2] > a.shape[-1]):
        return _householder(a, value, mode, lead)
    q, r = np.linalg.qr(a0) if mode == "r" else value
    q_dot = r_dot = None
    if t is not None:
        k = min(a.shape[-2:])
        first, upper = t[..., :k], r[..., :k]
        if np.any(np.abs(_diagonal(primal(upper))) <= 16 * k * np.finfo(primal(r).dtype).eps * _largest(primal(upper))):
            raise np.linalg.LinAlgError("qr: the first columns depend on each other: the factors have no derivative")
        scaled = _adjoint(np.linalg.solve(_adjoint(upper), _adjoint(first)))
        inner = np.matmul(_adjoint(q), scaled)
        turn = np.tril(inner, -1)
        turn = turn - _adjoint(turn)
        if np.iscomplexobj(primal(inner)):
            turn = turn + 1j * np.imag(inner * np.eye(k))
        q_dot = scaled - np.matmul(q, inner - turn)
        r_dot = np.triu(np.matmul(_adjoint(q), t) - np.matmul(turn, r))
    if mode == "r":
        return join(lead, value, r_dot)
    return type(value)(join(lead, q, q_dot), join(lead, r, r_dot))


def _largest(a):
    return np.max(np.abs(a), axis=(-2, -1), initial=0.0)[..., None]


def _householder(a, value, mode, lead):
    """The reflections I - tau v v^H themselves, for the modes whose results show them."""
    rows, vectors, taus, rest = [], [], [], a
    m, n = a.shape[-2:]
    if min(m, n) == 0:  # identities and empty arrays
        return value
    for _ in range(min(m, n)):
        v, tau = _reflector(rest[..., :, 0], lead.level)
        image = np.matmul(np.conj(v)[..., None, :], rest)
        rest = rest - (np.conj(tau)[..., None] * v)[..., :, None] * image
        rows.append(rest[..., 0, :])
        vectors.append(v)
        taus.append(tau)
        rest = rest[..., 1:, 1:]
    r = np.stack([_padded(row, i) for i, row in enumerate(rows)], -2)
    r = np.concatenate([r, np.zeros_like(r, shape=r.shape[:-2] + (m - len(rows), n))], -2)
    if mode == "raw":
        lower = np.stack([_padded(v[..., 1:], j + 1) for j, v in enumerate(vectors)], -2)
        h = np.swapaxes(r, -1, -2) + np.concatenate(
            [lower, np.zeros_like(lower, shape=lower.shape[:-2] + (n - len(vectors), m))], -2)
        return attach(value, (h, np.stack(taus, -1)), lead.level)
    q = np.eye(m)
    for j, (v, tau) in enumerate(zip(vectors, taus, strict=True)):
        v = _padded(v, j)
        q = q - np.matmul(q, v[..., :, None]) * (tau[..., None] * np.conj(v))[..., None, :]
    return attach(value, (q, r), lead.level)


def _padded(x, count):
    """Zeros in front along the last axis."""
    return np.concatenate([np.zeros_like(x, shape=x.shape[:-1] + (count,)), x], -1)


def _reflector(x, level):
    """LAPACK's v with v_0 = 1 and tau, which map x to a multiple of the first unit vector."""
    first, rest = x[..., 0], x[..., 1:]
    x0 = primal(x)
    trivial = ~np.any(x0[..., 1:], -1) & (np.imag(x0[..., 0]) == 0)
    tangents = split(rest, level)[1]
    if tangents is not None and np.any(trivial[..., None] & (primal(tangents) != 0)):
        raise np.linalg.LinAlgError("qr: a column that is zero below the diagonal is a jump of its reflection: there "
                                    "is no derivative; mode='reduced' has one")
    size = np.sqrt(np.sum(np.real(x * np.conj(x)), -1))
    beta = -np.copysign(1.0, np.real(x0[..., 0])) * size
    tau = np.where(trivial, 0.0, (beta - first) / np.where(trivial, 1.0, beta))
    v = rest / np.where(trivial, 1.0, first - beta)[..., None]
    return np.concatenate([np.ones_like(x[..., :1]), v], -1), tau


FUNCTIONS = {
    np.linalg.solve: _solve, np.linalg.inv: _inv, np.linalg.det: _det, np.linalg.slogdet: _slogdet,
    np.linalg.cholesky: _cholesky, np.linalg.eigh: _eigh, np.linalg.eigvalsh: _eigvalsh, np.linalg.eig: _eig,
    np.linalg.eigvals: _eigvals, np.linalg.svd: _svd, np.linalg.svdvals: _svdvals, np.linalg.cond: _cond,
    np.linalg.matrix_rank: _matrix_rank, np.linalg.pinv: _pinv, np.linalg.lstsq: _lstsq, np.linalg.qr: _qr,
    np.linalg.tensorinv: _tensorinv, np.linalg.tensorsolve: _tensorsolve,
}
