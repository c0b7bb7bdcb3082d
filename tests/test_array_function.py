"""NumPy's functions on dual arrays: NumPy's value to the bit, derivatives from independent sources."""

import inspect

import numpy as np
import pytest

import dualad as da
from conftest import (
    assert_close,
    assert_number,
    assert_same_bits,
    complex_step,
    is_number,
    random_number,
    tangents_of,
    value_of,
)
from dualad.rules.algebra import rewrap

inf = np.inf


def check(kind, f, shapes, rng, slope, dtype=np.float64, rtol=1e-10):
    """f of random numbers has NumPy's value and the tangents slope(values, tangents), direction by direction.

    Each argument is a constant in turn as well, given as a plain array.
    """
    pairs = [random_number(kind, rng.uniform(0.5, 2.0, s).astype(dtype), rng) for s in shapes]
    values = [x.value for x, _ in pairs]
    expected = f(*values)
    for fixed in (None, *range(len(shapes))) if len(shapes) > 1 else (None,):
        args = [v if i == fixed else x for i, (v, (x, _)) in enumerate(zip(values, pairs, strict=True))]
        tangents = [0 * t if i == fixed else t for i, (_, t) in enumerate(pairs)]
        slopes = [slope(values, list(rows)) for rows in zip(*tangents, strict=True)]
        compare(kind, f(*args), expected, slopes, rtol)


def compare(kind, y, expected, slopes, rtol):
    """y, or each part of it, is a number with the expected value and slopes."""
    if isinstance(expected, (tuple, list)):
        assert len(y) == len(expected)
        for i, part in enumerate(y):
            compare(kind, part, expected[i], [s[i] for s in slopes], rtol)
        return
    assert type(y) is kind
    assert_same_bits(y.value, expected)
    assert_close(tangents_of(y, kind), np.stack([np.asarray(s) for s in slopes]), rtol, rtol * 1e-2)


# Linear in its argument, in each component alike: the derivative is the function of the tangent.

LINEAR = {
    "sum": (np.sum, (3, 4)),
    "sum axis": (lambda x: np.sum(x, axis=0), (3, 4)),
    "sum axes": (lambda x: np.sum(x, axis=(0, -1)), (3, 4, 2)),
    "sum keepdims": (lambda x: np.sum(x, axis=1, keepdims=True), (3, 4)),
    "sum where": (lambda x: np.sum(x, where=np.arange(4) > 1), (3, 4)),
    "sum large": (np.sum, (5000,)),
    "mean": (np.mean, (3, 4)),
    "mean axis": (lambda x: np.mean(x, axis=-1), (3, 4)),
    "mean keepdims": (lambda x: np.mean(x, axis=(0, 1), keepdims=True), (3, 4)),
    "mean large": (np.mean, (5000,)),
    "average": (lambda x: np.average(x, axis=0, weights=[1.0, 2.0, 4.0]), (3, 4)),
    "cumsum": (np.cumsum, (3, 4)),
    "cumsum axis": (lambda x: np.cumsum(x, axis=0), (3, 4)),
    "trace": (np.trace, (3, 3)),
    "diff": (np.diff, (3, 4)),
    "diff twice": (lambda x: np.diff(x, n=2, axis=0), (4, 3)),
    "diff prepend": (lambda x: np.diff(x, prepend=0.0), (4,)),
    "trapezoid": (lambda x: np.trapezoid(x, dx=0.25), (5,)),
    "interp values": (lambda x: np.interp([0.25, 1.5, 7.0], np.arange(4.0), x), (4,)),
    "convolve": (lambda x: np.convolve(x, [1.0, 2.0, 0.5]), (5,)),
    "correlate": (lambda x: np.correlate(x, [1.0, 2.0], mode="same"), (5,)),
    "real": (np.real, (3,)),
    "conj": (np.conj, (3,)),
    "reshape": (lambda x: np.reshape(x, (4, 3)), (3, 4)),
    "reshape fortran": (lambda x: np.reshape(x, (2, -1), order="F"), (3, 4)),
    "ravel": (np.ravel, (3, 4)),
    "ravel fortran": (lambda x: np.ravel(x, order="F"), (3, 4)),
    "transpose": (np.transpose, (2, 3, 4)),
    "transpose axes": (lambda x: np.transpose(x, (1, 0, -1)), (2, 3, 4)),
    "permute_dims": (lambda x: np.permute_dims(x, (2, 0, 1)), (2, 3, 4)),
    "matrix_transpose": (np.matrix_transpose, (2, 3, 4)),
    "moveaxis": (lambda x: np.moveaxis(x, 0, -1), (2, 3, 4)),
    "moveaxis several": (lambda x: np.moveaxis(x, [0, 1], [-1, -2]), (2, 3, 4)),
    "rollaxis": (lambda x: np.rollaxis(x, 2), (2, 3, 4)),
    "swapaxes": (lambda x: np.swapaxes(x, -1, 0), (2, 3, 4)),
    "squeeze": (np.squeeze, (1, 3, 1)),
    "squeeze axis": (lambda x: np.squeeze(x, axis=-1), (1, 3, 1)),
    "expand_dims": (lambda x: np.expand_dims(x, (0, -1)), (3, 2)),
    "atleast_1d": (np.atleast_1d, ()),
    "atleast_2d": (np.atleast_2d, (3,)),
    "atleast_3d": (np.atleast_3d, (3, 2)),
    "broadcast_to": (lambda x: np.broadcast_to(x, (3, 2, 4)), (2, 1)),
    "flip": (np.flip, (3, 4)),
    "flip axis": (lambda x: np.flip(x, axis=1), (3, 4)),
    "fliplr": (np.fliplr, (3, 4)),
    "flipud": (np.flipud, (3, 4)),
    "rot90": (lambda x: np.rot90(x, 3), (3, 4)),
    "roll": (lambda x: np.roll(x, 2), (3, 4)),
    "roll axis": (lambda x: np.roll(x, (1, -1), axis=(0, 1)), (3, 4)),
    "repeat": (lambda x: np.repeat(x, 3), (2, 2)),
    "repeat axis": (lambda x: np.repeat(x, [0, 2, 1], axis=0), (3, 2)),
    "tile": (lambda x: np.tile(x, 2), (3,)),
    "tile shape": (lambda x: np.tile(x, (2, 1, 3)), (2, 2)),
    "pad": (lambda x: np.pad(x, 2), (3,)),
    "pad widths": (lambda x: np.pad(x, ((1, 0), (0, 2))), (2, 3)),
    "pad edge": (lambda x: np.pad(x, 2, mode="edge"), (3, 2)),
    "pad wrap": (lambda x: np.pad(x, 1, mode="wrap"), (3,)),
    "pad reflect": (lambda x: np.pad(x, 1, mode="reflect"), (3,)),
    "take": (lambda x: np.take(x, [2, 0, 0]), (3, 4)),
    "take axis": (lambda x: np.take(x, [[1, 0]], axis=1), (3, 4)),
    "take_along_axis": (lambda x: np.take_along_axis(x, np.array([[1], [0], [1]]), axis=1), (3, 2)),
    "compress": (lambda x: np.compress([True, False, True], x, axis=0), (3, 2)),
    "extract": (lambda x: np.extract(np.eye(3) > 0, x), (3, 3)),
    "delete": (lambda x: np.delete(x, 1, axis=0), (3, 2)),
    "diag of vector": (np.diag, (3,)),
    "diag of matrix": (lambda x: np.diag(x, k=1), (3, 4)),
    "diagonal": (lambda x: np.diagonal(x, axis1=0, axis2=2), (2, 3, 4)),
    "diagflat": (np.diagflat, (2, 2)),
    "tril": (np.tril, (3, 4)),
    "triu": (lambda x: np.triu(x, 1), (3, 4)),
    "split": (lambda x: np.split(x, 3), (6, 2)),
    "split indices": (lambda x: np.split(x, [1, 4], axis=1), (2, 6)),
    "array_split": (lambda x: np.array_split(x, 4), (6,)),
    "hsplit": (lambda x: np.hsplit(x, 2), (2, 4)),
    "vsplit": (lambda x: np.vsplit(x, 2), (4, 2)),
    "dsplit": (lambda x: np.dsplit(x, 2), (1, 2, 4)),
    "copy": (np.copy, (3, 4)),
    "stack of itself": (lambda x: np.stack([x, x], axis=-1), (3,)),
    "kron with a constant": (lambda x: np.kron(np.eye(2), x), (2, 2)),
}


@pytest.mark.parametrize(("f", "shape"), LINEAR.values(), ids=LINEAR)
def test_linear_functions(kind, f, shape, rng):
    check(kind, f, [shape], rng, lambda values, tangents: f(tangents[0]))


@pytest.mark.parametrize("name", ["sum", "mean", "cumsum", "reshape", "transpose", "roll", "take", "diff", "tile"])
def test_linear_functions_in_single_precision(kind, name, rng):
    f, shape = LINEAR[name]
    check(kind, f, [shape], rng, lambda values, tangents: f(tangents[0]), np.float32, 1e-5)


LAYOUTS = {
    "transposed": lambda a: a.T,
    "every other": lambda a: a[::2, 1::2],
    "reversed": lambda a: a[::-1, ::-1],
    "fortran": lambda a: np.asarray(a).copy("F") if isinstance(a, np.ndarray) else a.copy("F"),
    "row": lambda a: a[:, 3:4],
    "broadcast": lambda a: np.broadcast_to(a[:, :1], (12, 7)),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(
    "f",
    [
        np.sum, np.mean, np.cumsum, np.ravel, np.prod, np.var, np.max,
        lambda x: x.sum(axis=0), lambda x: x.mean(axis=1), lambda x: np.ravel(x, order="K"),
        lambda x: np.reshape(x, -1, order="A"), lambda x: x @ np.ones((x.shape[1], 3)), lambda x: np.dot(x, x.T),
        lambda x: np.einsum("ij,ij->i", x, x), lambda x: np.linalg.norm(x), lambda x: np.linalg.norm(x, axis=0),
        lambda x: np.tensordot(x, x), lambda x: np.inner(x, x), lambda x: np.cumprod(x, axis=1),
        lambda x: np.concatenate([x, x]), lambda x: np.std(x, axis=0), lambda x: np.vdot(x, x), np.sort,
    ],
)
def test_values_are_numpys_at_every_stride(kind, f, layout, rng):
    x, _ = random_number(kind, rng.uniform(0.9, 1.1, (12, 10)), rng)
    expected = f(layout(x.value))
    y = f(layout(x))
    assert_same_bits(y.value, expected)
    if expected.ndim:
        assert y.value.strides == expected.strides


# Joining

JOINS = {
    "concatenate": lambda a, b: np.concatenate([a, b]),
    "concatenate axis": lambda a, b: np.concatenate((a, b), axis=1),
    "concatenate flat": lambda a, b: np.concatenate([a, b], axis=None),
    "concat": lambda a, b: np.concat([a, b], axis=-1),
    "stack": lambda a, b: np.stack([a, b]),
    "stack axis": lambda a, b: np.stack((a, b), axis=1),
    "vstack": lambda a, b: np.vstack([a, b]),
    "hstack": lambda a, b: np.hstack([a, b]),
    "dstack": lambda a, b: np.dstack([a, b]),
    "column_stack": lambda a, b: np.column_stack([a, b]),
    "append": lambda a, b: np.append(a, b, axis=0),
    "block": lambda a, b: np.block([[a, b], [b, a]]),
    "where": lambda a, b: np.where(np.eye(2, 3) > 0, a, b),
    "select": lambda a, b: np.select([np.eye(2, 3) > 0, np.tri(2, 3) > 0], [a, b], 0.0),
    "insert": lambda a, b: np.insert(a, 1, b[0], axis=0),
    "vstack three": lambda a, b: np.vstack([a, b[0], a]),
}


@pytest.mark.parametrize("f", JOINS.values(), ids=JOINS)
def test_joining(kind, f, rng):
    check(kind, f, [(2, 3), (2, 3)], rng, lambda values, tangents: f(*tangents))


def test_joining_of_scalars_and_lists(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    for f in (np.stack, np.hstack):
        y = f([x[2], x[0], 4.0])
        slope = np.stack([tx[:, 2], tx[:, 0], 0 * tx[:, 0]], axis=1)
        assert_number(y, kind, np.array([x.value[2], x.value[0], 4.0]), slope)


def test_joining_promotes_dtypes(kind, rng):
    x, _ = random_number(kind, np.ones(2, np.float32), rng)
    y, _ = random_number(kind, np.ones(2), rng)
    assert np.concatenate([x, y]).dtype == np.float64
    assert np.concatenate([x, np.arange(2)]).dtype == np.float64
    assert np.concatenate([x, x]).dtype == np.float32


def test_joining_with_constants(kind, rng):
    x, tx = random_number(kind, np.ones(2), rng)
    constant = kind(np.full(2, 3.0))
    y = np.concatenate([constant, x, np.arange(2)])
    assert_number(y, kind, np.array([3.0, 3, 1, 1, 0, 1]), np.pad(tx, ((0, 0), (2, 2))))


# Bilinear: the product rule, one factor after the other

BILINEAR = {
    "dot vectors": (np.dot, (4,), (4,)),
    "dot matrix vector": (np.dot, (3, 4), (4,)),
    "dot matrices": (np.dot, (3, 4), (4, 2)),
    "dot stacks": (np.dot, (2, 3, 4), (5, 4, 2)),
    "dot scalar": (np.dot, (), (3,)),
    "matmul": (np.matmul, (3, 4), (4, 2)),
    "matmul vector": (np.matmul, (4,), (4, 2)),
    "matmul stacks": (np.matmul, (5, 1, 3, 4), (2, 4, 2)),
    "matmul inner": (np.matmul, (4,), (4,)),
    "vdot": (np.vdot, (2, 3), (2, 3)),
    "vecdot": (np.vecdot, (3, 4), (3, 4)),
    "inner": (np.inner, (3, 4), (2, 4)),
    "inner vectors": (np.inner, (4,), (4,)),
    "outer": (np.outer, (3,), (2, 2)),
    "tensordot": (np.tensordot, (2, 3, 4), (3, 4, 2)),
    "tensordot axes": (lambda a, b: np.tensordot(a, b, axes=([0, 2], [1, 0])), (2, 3, 4), (4, 2)),
    "tensordot none": (lambda a, b: np.tensordot(a, b, axes=0), (2,), (3,)),
    "einsum product": (lambda a, b: np.einsum("ij,jk->ik", a, b), (2, 3), (3, 4)),
    "einsum implicit": (lambda a, b: np.einsum("ij,jk", a, b), (2, 3), (3, 4)),
    "einsum all": (lambda a, b: np.einsum("ij,ij->", a, b), (2, 3), (2, 3)),
    "einsum trace": (lambda a, b: np.einsum("ii,j->j", a, b), (3, 3), (2,)),
    "einsum ellipsis": (lambda a, b: np.einsum("...i,...i->...", a, b), (2, 3), (4, 2, 3)),
    "einsum sublists": (lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [0, 2]), (2, 3), (3, 2)),
    "einsum optimized": (lambda a, b: np.einsum("ij,jk->ik", a, b, optimize=True), (2, 3), (3, 4)),
    "kron": (np.kron, (2, 2), (2, 3)),
    "cross": (np.cross, (2, 3), (2, 3)),
    "convolve": (np.convolve, (5,), (3,)),
    "convolve same": (lambda a, b: np.convolve(a, b, mode="same"), (5,), (3,)),
    "correlate": (lambda a, b: np.correlate(a, b, mode="full"), (5,), (3,)),
    "multiply.outer": (np.multiply.outer, (2,), (3, 2)),
}
if hasattr(np, "matvec"):  # NumPy 2.2
    BILINEAR["matvec"] = np.matvec, (2, 3, 4), (4,)
    BILINEAR["vecmat"] = np.vecmat, (3,), (2, 3, 4)


@pytest.mark.parametrize(("f", "left", "right"), BILINEAR.values(), ids=BILINEAR)
def test_bilinear_functions(kind, f, left, right, rng):
    check(kind, f, [left, right], rng, lambda v, t: f(t[0], v[1]) + f(v[0], t[1]))


@pytest.mark.parametrize("name", ["dot matrices", "matmul stacks", "einsum product", "outer", "tensordot"])
def test_bilinear_functions_in_single_precision(kind, name, rng):
    f, left, right = BILINEAR[name]
    check(kind, f, [left, right], rng, lambda v, t: f(t[0], v[1]) + f(v[0], t[1]), np.float32, 1e-4)


def test_products_of_several_factors(kind, rng):
    for f in (
        lambda a, b, c: np.einsum("ij,jk,kl->il", a, b, c),
        lambda a, b, c: np.linalg.multi_dot([a, b, c]),
        lambda a, b, c: a @ b @ c,
    ):
        check(
            kind, f, [(2, 3), (3, 4), (4, 2)], rng,
            lambda v, t, f=f: f(t[0], v[1], v[2]) + f(v[0], t[1], v[2]) + f(v[0], v[1], t[2]),
        )


def test_matmul_is_numpys_to_the_bit_at_every_size(kind, rng):
    for n in (1, 2, 3, 8, 17, 64, 100):
        a, _ = random_number(kind, rng.standard_normal((n, n)), rng)
        b, _ = random_number(kind, rng.standard_normal((n, n)), rng)
        for left, right in ((a, b), (a.T, b), (a, b.T), (a[::-1], b), (a, b[0])):
            assert_same_bits((left @ right).value, left.value @ right.value)
            assert_same_bits(np.dot(left, right).value, np.dot(left.value, right.value))
        assert_same_bits((a @ a.T).value, a.value @ a.value.T)


def test_products_of_shapes_that_do_not_fit_are_errors(kind, rng):
    x, _ = random_number(kind, np.ones((2, 3)), rng)
    for f in (np.dot, np.matmul, np.inner):
        with pytest.raises(ValueError):
            f(x, np.ones(4))
    with pytest.raises(ValueError):
        x @ 2.0


# Holomorphic: complex steps

HOLOMORPHIC = {
    "prod": (np.prod, [(5,)]),
    "prod axis": (lambda x: np.prod(x, axis=1), [(3, 4)]),
    "prod keepdims": (lambda x: np.prod(x, axis=(0, 2), keepdims=True), [(2, 3, 2)]),
    "cumprod": (np.cumprod, [(5,)]),
    "cumprod axis": (lambda x: np.cumprod(x, axis=0), [(3, 4)]),
    "sum of squares": (lambda x: np.sum(x * x), [(3, 4)]),
    "mean of exponentials": (lambda x: np.mean(np.exp(x), axis=0), [(3, 4)]),
    "einsum square": (lambda x: np.einsum("ij,ik->jk", x, x), [(3, 4)]),
    "solve": (np.linalg.solve, [(3, 3), (3,)]),
    "solve columns": (np.linalg.solve, [(3, 3), (3, 2)]),
    "solve stacks": (np.linalg.solve, [(2, 3, 3), (2, 3, 1)]),
    "inv": (np.linalg.inv, [(3, 3)]),
    "inv stacks": (np.linalg.inv, [(2, 3, 3)]),
    "det": (np.linalg.det, [(3, 3)]),
    "det stacks": (np.linalg.det, [(2, 3, 3)]),
    "matrix_power": (lambda x: np.linalg.matrix_power(x, 3), [(3, 3)]),
    "matrix_power negative": (lambda x: np.linalg.matrix_power(x, -2), [(3, 3)]),
    "trapezoid": (lambda y, x: np.trapezoid(y, x), [(5,), (5,)]),
    "average with weights": (lambda x, w: np.average(x, weights=w), [(5,), (5,)]),
    "quadratic form": (lambda x, a: x @ a @ x, [(3,), (3, 3)]),
    "softmax": (lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True), [(2, 4)]),
}


def well_conditioned(x):
    """Random matrices with a heavier diagonal; anything else as it is."""
    return x + 3 * np.eye(3) if np.shape(x)[-2:] == (3, 3) else x


@pytest.mark.parametrize(("f", "shapes"), HOLOMORPHIC.values(), ids=HOLOMORPHIC)
def test_holomorphic_functions(kind, f, shapes, rng):
    def g(*args):
        return f(*map(well_conditioned, args))

    check(kind, g, shapes, rng, lambda values, tangents: complex_step(g, values, tangents))


def test_determinant_and_inverse_by_formula(kind, rng):
    a, ta = random_number(kind, rng.standard_normal((3, 3)) + 3 * np.eye(3), rng)
    v = a.value
    inverse = np.linalg.inv(v)
    assert_number(np.linalg.inv(a), kind, inverse, np.stack([-inverse @ t @ inverse for t in ta]), 1e-10)
    slope = np.array([np.linalg.det(v) * np.trace(inverse @ t) for t in ta])
    assert_number(np.linalg.det(a), kind, np.linalg.det(v), slope, 1e-10)
    sign, logdet = np.linalg.slogdet(a)
    assert_same_bits(value_of(sign), np.linalg.slogdet(v)[0])
    slope = np.array([np.trace(inverse @ t) for t in ta])
    assert_number(logdet, kind, np.linalg.slogdet(v)[1], slope, 1e-10)


def test_determinant_of_a_singular_matrix(kind, rng):
    v = np.array([[1.0, 2.0], [2.0, 4.0]])
    a, ta = random_number(kind, v, rng)
    slope = ta[:, 0, 0] * 4 + ta[:, 1, 1] * 1 - 2 * ta[:, 0, 1] - 2 * ta[:, 1, 0]
    assert_number(np.linalg.det(a), kind, np.linalg.det(v), slope, 1e-10)


def test_singular_systems_are_errors(kind, rng):
    a, _ = random_number(kind, np.ones((2, 2)), rng)
    for call in (lambda: np.linalg.solve(a, np.ones(2)), lambda: np.linalg.inv(a)):
        with pytest.raises(np.linalg.LinAlgError):
            call()


def test_cholesky(kind, rng):
    b = rng.standard_normal((3, 3))
    v = b @ b.T + np.eye(3)
    tangents = rng.standard_normal((1 if kind is da.Dual else 3, 3, 3))
    tangents = tangents + tangents.transpose(0, 2, 1)
    a = kind(v, tangents[0] if kind is da.Dual else tangents)
    factor = np.linalg.cholesky(a)
    assert_same_bits(factor.value, np.linalg.cholesky(v))
    for t, s in zip(tangents, tangents_of(factor, kind), strict=True):
        assert_close(s @ factor.value.T + factor.value @ s.T, t, 1e-9, 1e-11)
        assert_close(np.triu(s, 1), np.zeros((3, 3)))


# Functions beyond those of ordinary programs: right, or refused by name

RARE = {
    "ediff1d": (np.ediff1d, (5,)),
    "gradient": (np.gradient, (6,)),
    "nansum": (np.nansum, (3, 4)),
    "meshgrid": (lambda x: np.meshgrid(x, np.arange(3.0))[0], (2,)),
    "apply_along_axis": (lambda x: np.apply_along_axis(np.cumsum, 0, x), (3, 2)),
    "polyval": (lambda x: np.polyval(x, [0.5, 2.0]), (4,)),
    "vander": (lambda x: np.vander(x, 4), (3,)),
    "choose": (lambda x: np.choose([0, 1, 0], [x, 2 * x]), (3,)),
    "polyfit": (lambda x: np.polyfit(np.arange(5.0), x, 2), (5,)),
    "unwrap": (np.unwrap, (5,)),
    "median": (np.median, (7,)),
    "quantile": (lambda x: np.quantile(x, 0.3), (7,)),
    "cov": (np.cov, (2, 5)),
    "fft": (np.fft.fft, (8,)),
    "pinv": (np.linalg.pinv, (3, 2)),
    "qr": (lambda x: np.linalg.qr(x)[1], (3, 2)),
    "lstsq": (lambda x: np.linalg.lstsq(x, np.ones(3))[0], (3, 2)),
    "histogram": (lambda x: np.histogram([1, 2, 2], bins=3, weights=x)[0], (3,)),
}


@pytest.mark.parametrize("name", RARE)
def test_rarer_functions_are_right_or_refused(kind, name, rng):
    f, shape = RARE[name]
    x, tx = random_number(kind, rng.uniform(0.5, 2.0, shape), rng)
    try:
        y = f(x)
    except TypeError as error:
        assert name in str(error)
        return
    assert_same_bits(y.value, f(x.value))
    step = 1e-6
    numeric = [(f(x.value + step * t) - f(x.value - step * t)) / (2 * step) for t in tx]
    assert_close(tangents_of(y, kind), np.stack(numeric), 1e-6, 1e-7)


# Piecewise smooth: formulas


def check_formula(kind, f, v, slope, rng, rtol=1e-12):
    """f at v has NumPy's value and the tangents slope(t) for each direction t."""
    x, tx = random_number(kind, v, rng)
    y = f(x)
    assert_number(y, kind, f(x.value), np.stack([np.asarray(slope(t)) for t in tx]), rtol)


def test_extrema(kind, rng):
    v = rng.standard_normal((3, 4))
    columns, rows = np.arange(4), np.arange(3)
    check_formula(kind, np.max, v, lambda t: t.ravel()[v.argmax()], rng)
    check_formula(kind, np.amin, v, lambda t: t.ravel()[v.argmin()], rng)
    check_formula(kind, lambda x: np.max(x, axis=0), v, lambda t: t[v.argmax(axis=0), columns], rng)
    check_formula(
        kind, lambda x: np.min(x, axis=1, keepdims=True), v, lambda t: t[rows, v.argmin(axis=1)][:, None], rng
    )
    check_formula(kind, lambda x: np.max(x, initial=9.0), v, lambda t: 0.0, rng)
    check_formula(kind, lambda x: np.max(x, axis=(0, 1)), v, lambda t: t.ravel()[v.argmax()], rng)
    check_formula(kind, np.ptp, v, lambda t: t.ravel()[v.argmax()] - t.ravel()[v.argmin()], rng)


def test_sorting(kind, rng):
    v = rng.standard_normal((3, 5))
    for axis in (0, 1, -1, None):
        order = np.argsort(v, axis=axis)

        def slope(t, axis=axis, order=order):
            return t.ravel()[order] if axis is None else np.take_along_axis(t, order, axis)

        check_formula(kind, lambda x, axis=axis: np.sort(x, axis=axis), v, slope, rng)


@pytest.mark.skipif("descending" not in inspect.signature(np.sort).parameters, reason="this NumPy cannot sort so")
def test_descending(kind, rng):
    v = rng.standard_normal(6)
    order = np.argsort(-v)
    check_formula(kind, lambda x: np.sort(x, descending=True), v, lambda t: t[order], rng)
    x = da.Dual(v, v)
    x.sort(descending=True)
    assert_same_bits(x.tangent, v[order])
    assert_same_bits(np.argsort(da.Dual(v), descending=True), order)


def test_clip(kind, rng):
    v = rng.uniform(-2, 2, 50)
    inside = (v > -1) & (v < 1)
    check_formula(kind, lambda x: np.clip(x, -1, 1), v, lambda t: t * inside, rng)
    check_formula(kind, lambda x: np.clip(x, -1.0, None), v, lambda t: t * (v > -1), rng)
    check_formula(kind, lambda x: np.clip(x, a_min=None, a_max=1.0), v, lambda t: t * (v < 1), rng)
    check_formula(kind, lambda x: np.clip(0.0, x, 5.0), v, lambda t: t * (v > 0), rng)


def test_interpolation_point(kind, rng):
    v, xp, fp = rng.uniform(-1, 4, 20), np.arange(4.0), np.array([1.0, 3.0, 2.0, 5.0])
    slope = np.where((v > 0) & (v < 3), np.diff(fp)[np.clip(np.floor(v).astype(int), 0, 2)], 0.0)
    check_formula(kind, lambda x: np.interp(x, xp, fp), v, lambda t: slope * t, rng)


def test_norms(kind, rng):
    v = rng.standard_normal((3, 4))
    norm = np.linalg.norm
    check_formula(kind, norm, v, lambda t: np.sum(v * t) / norm(v), rng)
    check_formula(kind, lambda x: norm(x, axis=1), v, lambda t: np.sum(v * t, axis=1) / norm(v, axis=1), rng)
    check_formula(kind, lambda x: norm(x, "fro"), v, lambda t: np.sum(v * t) / norm(v), rng)
    check_formula(kind, lambda x: norm(x, 1, axis=0), v, lambda t: np.sum(np.sign(v) * t, axis=0), rng)
    check_formula(
        kind, lambda x: norm(x.ravel(), 3), v,
        lambda t: np.sum(np.sign(v) * v**2 * t) / norm(v.ravel(), 3) ** 2, rng, 1e-10,
    )
    largest = np.abs(v).argmax()
    check_formula(
        kind, lambda x: norm(x.ravel(), inf), v, lambda t: (np.sign(v) * t).ravel()[largest], rng
    )
    check_formula(
        kind, lambda x: norm(x, axis=0, keepdims=True), v,
        lambda t: np.sum(v * t, axis=0, keepdims=True) / norm(v, axis=0, keepdims=True), rng,
    )


def test_variance(kind, rng):
    v = rng.standard_normal((3, 4))

    def slope(t, axis, ddof):
        n = v.size if axis is None else v.shape[axis]
        return 2 * np.sum((v - v.mean(axis=axis, keepdims=True)) * t, axis=axis) / (n - ddof)

    for axis in (None, 0, 1):
        for ddof in (0, 1):
            check_formula(
                kind, lambda x, a=axis, d=ddof: np.var(x, axis=a, ddof=d), v,
                lambda t, a=axis, d=ddof: slope(t, a, d), rng, 1e-10,
            )
            check_formula(
                kind, lambda x, a=axis, d=ddof: np.std(x, axis=a, ddof=d), v,
                lambda t, a=axis, d=ddof: slope(t, a, d) / (2 * np.std(v, axis=a, ddof=d)), rng, 1e-10,
            )


def test_parts_and_absolute_values_of_complex_numbers(kind, rng):
    v = rng.standard_normal(5)
    z = np.exp(1j * v) * (1 + 2j * v)
    dz = 1j * z + 2j * np.exp(1j * v)

    def f(x):
        return np.exp(1j * x) * (1 + 2j * x)

    check_formula(kind, lambda x: np.abs(f(x)), v, lambda t: (z.conj() * dz).real / np.abs(z) * t, rng, 1e-10)
    check_formula(kind, lambda x: np.imag(f(x)), v, lambda t: dz.imag * t, rng, 1e-10)
    product = 2 * (z.conj() * dz).real
    check_formula(kind, lambda x: np.vdot(f(x), f(x)).real, v, lambda t: np.sum(product * t), rng, 1e-10)


# where


def test_where_takes_the_chosen_branch(kind, rng):
    x, tx = random_number(kind, np.array([-1.0, 0.5, 2.0]), rng)
    y, ty = random_number(kind, rng.standard_normal(3), rng)
    mask = x > 0
    assert_number(np.where(mask, x, y), kind, np.where(mask, x.value, y.value), np.where(mask, tx, ty))
    assert_number(np.where(mask, x, 0.0), kind, np.where(mask, x.value, 0.0), np.where(mask, tx, 0.0))
    assert_number(np.where(mask, 1, y), kind, np.where(mask, 1, y.value), np.where(mask, 0.0, ty))
    assert_number(np.where(True, x[0], y[1]), kind, np.array(x.value[0]), tx[:, 0])
    wide = np.where(mask[:, None], x, y[:, None])
    assert_number(wide, kind, np.where(mask[:, None], x.value, y.value[:, None]),
                  np.where(mask[:, None], tx[:, None, :], ty[:, :, None]))


def test_where_of_a_condition_alone_gives_indices(kind, rng):
    x, _ = random_number(kind, np.array([0.0, 2.0, 0.0, -1.0]), rng)
    (indices,) = np.where(x)
    assert_same_bits(indices, np.array([1, 3]))
    assert_number(np.where(x, x, 1.0), kind, np.array([1.0, 2, 1, -1]), tangents_of(x, kind) * (x.value != 0))


# functions of the value alone, and makers of arrays

VALUE_ONLY = {
    "argmax": np.argmax,
    "argmin": lambda x: np.argmin(x, axis=1),
    "argsort": np.argsort,
    "nonzero": lambda x: np.nonzero(x)[1],
    "count_nonzero": np.count_nonzero,
    "searchsorted": lambda x: np.searchsorted(np.arange(3.0), x),
    "isclose": lambda x: np.isclose(x, 1.0),
    "allclose": lambda x: np.allclose(x, x),
    "array_equal": lambda x: np.array_equal(x, x.copy()),
    "any": np.any,
    "all": lambda x: np.all(x, axis=0),
    "round": lambda x: np.round(x, 1),
    "sign": np.sign,
    "floor": np.floor,
    "fix": np.fix,
    "digitize": lambda x: np.digitize(x, [0.0, 1.0]),
    "isfinite": np.isfinite,
    "shape": np.shape,
    "ndim": np.ndim,
    "size": np.size,
    "iscomplexobj": np.iscomplexobj,
}


@pytest.mark.parametrize("f", VALUE_ONLY.values(), ids=VALUE_ONLY)
def test_functions_of_the_value_give_plain_results(kind, f, rng):
    x, _ = random_number(kind, rng.standard_normal((3, 4)), rng)
    assert not is_number(f(x))
    assert_same_bits(f(x), f(x.value))


@pytest.mark.parametrize("make", [np.zeros_like, np.ones_like, np.empty_like, lambda x: np.full_like(x, 2.5)])
def test_makers_of_like_arrays_give_numbers(kind, make, rng):
    x, tx = random_number(kind, rng.standard_normal((3, 4)), rng)
    y = make(x)
    assert type(y) is kind and y.shape == x.shape and y.dtype == x.dtype
    if make is not np.empty_like:
        assert_same_bits(y.value, make(x.value))
        assert not np.any(tangents_of(y, kind))
    y[...] = x
    assert_number(y, kind, x.value, tx)
    z = make(x)
    z[1, 2] = x[0, 0]
    assert_number(z[1, 2], kind, x.value[0, 0], tx[:, 0, 0])


def test_full_like_of_a_number(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(3), rng)
    assert_number(np.full_like(x, x[1]), kind, np.full(3, x.value[1]), np.stack([tx[:, 1]] * 3, axis=1))


def test_like_arrays_of_another_shape_and_dtype(kind, rng):
    x, _ = random_number(kind, rng.standard_normal(3), rng)
    y = np.zeros_like(x, shape=(2, 2), dtype=np.float32)
    assert y.shape == (2, 2) and y.dtype == np.float32


# writing into a number through a function


def test_out_arguments(kind, rng):
    x, tx = random_number(kind, rng.uniform(0.5, 2, (2, 3)), rng)
    for call, source in (
        (lambda out: np.sum(x, axis=0, out=out), lambda a: a.sum(axis=0)),
        (lambda out: np.mean(x, axis=0, out=out), lambda a: a.mean(axis=0)),
        (lambda out: x.sum(axis=0, out=out), lambda a: a.sum(axis=0)),
    ):
        out = np.zeros_like(x[0])
        assert call(out) is out
        assert_number(out, kind, source(x.value), np.stack([source(t) for t in tx]))
    out = np.zeros_like(x)
    assert np.cumsum(x, axis=1, out=out) is out
    assert_number(out, kind, x.value.cumsum(axis=1), tx.cumsum(axis=2))
    assert np.clip(x, 0.0, 1.0, out=out) is out
    assert_number(out, kind, x.value.clip(0, 1), tx * (x.value < 1))
    joined = np.zeros_like(np.concatenate([x, x]))
    assert np.concatenate([x, 2 * x], out=joined) is joined
    assert_number(joined, kind, np.concatenate([x.value, 2 * x.value]), np.concatenate([tx, 2 * tx], axis=1))
    product = np.zeros_like(x @ x.T)
    assert np.matmul(x, x.T, out=product) is product
    assert_close(tangents_of(product, kind), tangents_of(x @ x.T, kind))


def test_copyto_and_put(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(4), rng)
    y = np.zeros_like(x)
    np.copyto(y, x)
    assert_number(y, kind, x.value, tx)
    np.copyto(y, 0.0, where=np.array([True, False, False, True]))
    keep = np.array([False, True, True, False])
    assert_number(y, kind, np.where(keep, x.value, 0.0), np.where(keep, tx, 0.0))


# programs


def test_norm_of_differences_has_no_nan_on_the_diagonal(kind, rng):
    """Pairwise distances, with the zeros of the diagonal."""
    x, tx = random_number(kind, rng.standard_normal((4, 2)), rng)
    distance = np.linalg.norm(x[:, None] - x[None], axis=-1)
    assert np.all(np.isfinite(tangents_of(distance, kind)))
    v = x.value
    expected = np.sum((v[0] - v[1]) * (tx[:, 0] - tx[:, 1]), axis=-1) / np.linalg.norm(v[0] - v[1])
    assert_close(tangents_of(distance, kind)[:, 0, 1], expected)


def test_a_list_of_rows_is_stacked(kind, rng):
    x, tx = random_number(kind, rng.standard_normal(5), rng)
    rows = np.stack([np.roll(x, i) for i in range(3)])
    assert_number(rows, kind, np.stack([np.roll(x.value, i) for i in range(3)]),
                  np.stack([np.roll(tx, i, axis=1) for i in range(3)], axis=1))


def test_functions_of_empty_arrays(kind, rng):
    x, tx = random_number(kind, np.zeros((0, 3)), rng)
    for f in (np.sum, np.prod, lambda x: np.sum(x, axis=0), lambda x: np.prod(x, axis=0), np.ravel, np.transpose,
              lambda x: np.cumsum(x, axis=0), lambda x: x.T @ x, lambda x: np.concatenate([x, x]), np.sort,
              lambda x: np.where(x > 0, x, 1.0)):
        y = f(x)
        assert_same_bits(value_of(y), f(x.value))
        assert not np.any(tangents_of(y, kind))
    for f in (np.max, np.argmax):
        with pytest.raises(ValueError):
            f(x)


# ---- views by compiled code ------------------------------------------------------------------------------------------

TYPES = {
    "Dual": lambda x: da.Dual(x, x + 1.0),
    "constant": lambda x: da.Dual(x),
    "MultiDual": lambda x: da.MultiDual(x, np.stack([x, -x, x * x])),
    "HyperDual": lambda x: da.HyperDual(x, np.stack([x]), np.stack([x, -x])),
    "Taylor": lambda x: da.Taylor(np.stack([x, -x, x * x, x + 1.0])),
    "nested": lambda x: da.Dual(da.Dual(x, x + 2.0), da.Dual(-x, x * x)),
}
VIEWS = """
x.T; x.reshape(3, -1); x.reshape((2, 1, 6)); x.ravel(); x[::-1].ravel(); x.T.reshape(-1); np.transpose(x, (1, 2, 0))
np.swapaxes(x, 0, -1); np.moveaxis(x, [0, 1], [-1, 0]); np.expand_dims(x, (0, -1)); np.real(x); np.rot90(x)
np.squeeze(np.expand_dims(x, (0, -1)), -1); x[1, 0, 2]; x[-1, -1, -1]; x[1]; x[:, 0][np.array([1, 0, -1])]
x[np.array([True, False])]; x[np.array([1])]; np.diagonal(x, axis1=1, axis2=2); np.split(x, 3, 2)[1]; np.atleast_2d(x)
"""
MISFITS = """
x.reshape(3, 5); x.reshape(-1, -1); x.reshape(5, -1); x.reshape(2.0, 6); np.squeeze(x, 0)
np.transpose(x, (0, 0)); np.swapaxes(x, 0, 2); np.moveaxis(x, 0, [0, 1]); np.expand_dims(x, 5); x[12]; x[0, 7]
x[np.array([3])]; x[[1, 5]]; x[np.array([True] * 3)]; x[0, 0, 0]
"""


def leaves(x):
    """All plain component arrays of a number."""
    return [leaf for c in x.components for leaf in leaves(c)] if is_number(x.components) else list(x.components)


def _calls(text):
    return [call.strip() for line in text.strip().splitlines() for call in line.split(";")]


@pytest.mark.parametrize("number", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("call", _calls(VIEWS))
def test_components_of_a_view_are_views_of_components(number, call):
    """What is done to all components at once is what NumPy does to each, and shares memory where NumPy's does."""
    x = np.arange(12.0).reshape(2, 2, 3)
    f = eval("lambda x: " + call)
    y, shared = number(x), np.may_share_memory(f(x), x)
    z = f(y)
    a, b = y.components, z.components
    if not is_number(a) and np.ndim(f(x)):
        assert np.shares_memory(a, b) == shared
    assert_same_bits(leaves(z)[0], f(x))
    for whole, part in zip(leaves(y), leaves(z), strict=True):
        np.testing.assert_array_equal(part, f(whole))


@pytest.mark.parametrize("call", _calls(MISFITS))
def test_errors_of_views_are_those_of_numpy(call):
    f = eval("lambda x: " + call)
    x = da.Dual(np.ones((2, 6)), np.ones((2, 6)))
    with pytest.raises(Exception) as plain:
        f(x.value)
    with pytest.raises(type(plain.value)) as ours:
        f(x)
    assert str(ours.value) == str(plain.value)


JOIN_CALLS = """
np.concatenate([x, y]); np.concatenate((x, y), axis=1); np.concatenate([x, y, x], axis=-1); np.stack([x, y])
np.stack([x, y, y], axis=1); np.stack((y, x), axis=-1); np.vstack([x, y]); np.hstack([x, y]); np.dstack([x, y])
np.append(x, y, 0); np.concatenate([x[:, :1], y], 1); np.concatenate([x.T, y.T]); np.stack([x[:, ::-1], y])
np.concatenate([x[:0], y]); np.column_stack([x, y]); np.stack([x[0, 0], y[0, 0], 2.0]); np.stack([x[0], y[1]], 1)
"""


@pytest.mark.parametrize("other", ["alike", "plain", "constant"])
@pytest.mark.parametrize("number", TYPES.values(), ids=TYPES)
@pytest.mark.parametrize("call", _calls(JOIN_CALLS))
def test_components_of_a_join_are_joins_of_components(number, call, other):
    """Plain arrays and constants join with zero tangents."""
    f = eval("lambda x, y: " + call)
    x = number(np.arange(1.0, 7.0).reshape(2, 3))
    value = np.arange(11.0, 17.0).reshape(2, 3)
    constant = x * 0.0 + value if is_number(x.components) else rewrap(x, value[None])
    y = {"alike": number(value), "plain": value, "constant": constant}[other]
    z = f(x, y)
    assert_same_bits(leaves(z)[0], f(leaves(x)[0], value))
    for k, (t, u) in enumerate(zip(leaves(x), leaves(z), strict=True)):
        v = leaves(y)[k] if other == "alike" else value if k == 0 else np.zeros_like(value)
        with_scalar = "2.0" in call and k > 0
        expected = f(t, v)
        np.testing.assert_array_equal(u[:-1] if with_scalar else u, expected[:-1] if with_scalar else expected)


@pytest.mark.parametrize("call", ["np.concatenate([x, x[0]])", "np.concatenate([x, x], 2)", "np.stack([x, x[0]])",
                                  "np.stack([x, x], 3)", "np.concatenate([x, x[:, :2]])", "np.concatenate([x, x], -3)"])
def test_errors_of_joins_are_those_of_numpy(call):
    test_errors_of_views_are_those_of_numpy(call)
