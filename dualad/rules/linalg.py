"""Implicit functions: x is defined by an equation, its tangents by the equation's derivative.

The formulas are those of M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation", 2008. One factorisation serves the value's equation for all directions.
"""

import numpy as np

from dualad.rules.algebra import innermost, join, lift, split


def _solve(a, b):
    """A x = b, hence A x' = b' - A' x; all right-hand sides in one call."""
    lead = innermost(a, b)
    (a0, a_dot), (b0, b_dot) = split(a, lead.level), split(b, lead.level)
    x = np.linalg.solve(a0, b0)
    vector = np.ndim(b) == 1
    total = None
    if b_dot is not None:
        total = b_dot
    if a_dot is not None:
        term = np.stack([-np.matmul(t, x) for t in a_dot])
        total = term if total is None else total + term
    if total is None:
        return join(lead, x, None)
    if np.ndim(a0) == 2:
        # the directions become columns of one right-hand side
        columns = np.reshape(np.moveaxis(total, 0, -1), (np.shape(a0)[0], -1))
        solved = np.linalg.solve(a0, columns)
        solved = np.moveaxis(np.reshape(solved, np.shape(x) + (len(total),)), -1, 0)
    elif vector:
        solved = np.stack([np.linalg.solve(a0, t[..., None])[..., 0] for t in total])
    else:
        solved = np.stack([np.linalg.solve(a0, t) for t in total])
    return join(lead, x, solved)


def _inv(a):
    """A X = I, hence X' = -X A' X."""
    lead = innermost(a)
    a0, t = split(a, lead.level)
    x = np.linalg.inv(a0)
    return join(lead, x, None if t is None else np.stack([-np.matmul(np.matmul(x, d), x) for d in t]))


def _adjugate(a):
    """det(A) inv(A) from the singular values, also where A is singular."""
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
    if innermost(a0) is None:
        adjugate = _adjugate(a0)
    else:
        adjugate = np.linalg.inv(a0) * np.reshape(value, np.shape(value) + (1, 1))
    return join(lead, value, np.sum(np.swapaxes(adjugate, -1, -2) * t, (-2, -1)))


def _slogdet(a):
    lead = innermost(a)
    a0, t = split(a, lead.level)
    sign, logdet = np.linalg.slogdet(a0)
    if t is not None:
        t = np.sum(np.swapaxes(np.linalg.inv(a0), -1, -2) * t, (-2, -1))
        t = np.real(t) if np.iscomplexobj(t) else t
    return type(np.linalg.slogdet(np.eye(1)))(sign, join(lead, logdet, t))


def _cholesky(a, /, *, upper=False):
    """A = L L^H, hence L' = L Phi(inv(L) A' inv(L)^H), Phi the lower triangle with half the diagonal."""
    lead = innermost(a)
    a0, t = split(a, lead.level)
    if upper:
        a0, t = np.swapaxes(a0, -1, -2).conj(), None if t is None else np.swapaxes(t, -1, -2).conj()
    factor = np.linalg.cholesky(a0)
    if t is not None:
        inverse = np.linalg.inv(factor)
        n = np.shape(a0)[-1]
        phi = np.tril(np.ones((n, n))) - 0.5 * np.eye(n)
        t = (t + np.swapaxes(t, -1, -2).conj()) / 2
        middle = np.matmul(np.matmul(inverse, t), np.swapaxes(inverse, -1, -2).conj())
        t = np.matmul(factor, phi * middle)
    if upper:
        factor, t = np.swapaxes(factor, -1, -2).conj(), None if t is None else np.swapaxes(t, -1, -2).conj()
    return join(lead, factor, t)


def _eigvalsh(a, UPLO="L"):
    """w' = diag(V^H A' V)."""
    return _eigh(a, UPLO, values_only=True)


def _eigh(a, UPLO="L", values_only=False):
    lead = innermost(a)
    a0, t = split(a, lead.level)
    w, v = np.linalg.eigh(a0, UPLO)
    if t is None:
        w_dot = v_dot = None
    else:
        half = np.tril(t) if UPLO.upper() == "L" else np.triu(t)
        diagonal = np.eye(np.shape(a0)[-1])
        t = half + np.swapaxes(half, -1, -2).conj() - diagonal * t
        middle = np.matmul(np.matmul(np.swapaxes(v, -1, -2).conj(), t), v)
        w_dot = np.real(np.diagonal(middle, axis1=-2, axis2=-1))
    if values_only:
        value = np.linalg.eigvalsh(a0, UPLO)
        if t is not None:
            _refuse_repeated(w, middle, "eigvalsh")
        return join(lead, value, w_dot)
    if t is not None:
        gap = w[..., None, :] - w[..., :, None]
        _refuse_repeated(w, middle, "eigh")
        factor = np.where(gap == 0, 0.0, 1.0) / np.where(gap == 0, 1.0, gap)
        v_dot = np.matmul(v, factor * middle)
    return type(np.linalg.eigh(np.eye(1)))(join(lead, w, w_dot), join(lead, v, v_dot))


def _refuse_repeated(w, middle, name):
    """Eigenvalues that coincide part in directions that the tangent decides: there is no derivative to give."""
    from dualad.rules.algebra import primal

    w, middle = primal(w), primal(middle)
    n = w.shape[-1]
    scale = np.max(np.abs(w), axis=-1, initial=0.0)[..., None, None]
    close = np.abs(w[..., None, :] - w[..., :, None]) <= 16 * n * np.finfo(w.dtype).eps * scale
    close &= ~np.eye(n, dtype=bool)
    size = np.max(np.abs(middle), axis=(-2, -1), initial=0.0, keepdims=True)
    if np.any(lift(close[None], middle.ndim - 1) & (np.abs(middle) > 16 * n * np.finfo(w.dtype).eps * size)):
        raise np.linalg.LinAlgError(f"{name}: the matrix has repeated eigenvalues, where their derivative does not exist")


FUNCTIONS = {
    np.linalg.solve: _solve, np.linalg.inv: _inv, np.linalg.det: _det, np.linalg.slogdet: _slogdet,
    np.linalg.cholesky: _cholesky, np.linalg.eigh: _eigh, np.linalg.eigvalsh: _eigvalsh,
}
