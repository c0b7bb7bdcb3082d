"""Sparse arrays and derivatives: SciPy's arrays times numbers, arrays of numbers, and their linear systems."""

import operator
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.sparse.linalg as spl

import dualad as da
from conftest import (
    assert_close,
    assert_number,
    assert_same_bits,
    complex_step,
    directions,
    number,
    random_number,
    tangents_of,
)
from dualad.sparse import csc_array, csr_array, diags_array
from test_higher_order import LAYOUTS, check

RNG = np.random.default_rng(11)
DENSE = np.where(RNG.random((6, 6)) < 0.45, RNG.standard_normal((6, 6)), 0.0)
SQUARE = DENSE + 4 * np.eye(6)
WIDE = DENSE[:4]
FORMATS = ("csr", "csc", "coo", "dia", "bsr", "dok", "lil")
KINDS = {"array": sp.csr_array, "matrix": sp.csr_matrix}


@pytest.fixture(params=[f"{kind} {form}" for kind in KINDS for form in FORMATS])
def plain(request):
    """A wide sparse array, or matrix, of every format."""
    kind, form = request.param.split()
    return KINDS[kind](WIDE).asformat(form)


# ---- SciPy's arrays ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [(), (1,), (3,)], ids=str)
def test_products(kind, rng, plain, columns):
    x, t = random_number(kind, rng.standard_normal((6, *columns)), rng)
    assert_number(plain @ x, kind, plain @ x.value, [WIDE @ d for d in t])
    y, t = random_number(kind, rng.standard_normal((*columns, 4)), rng)
    assert_number(y @ plain, kind, y.value @ plain, [d @ WIDE for d in t])
    if isinstance(plain, sp.spmatrix):
        assert_number(plain * x, kind, plain * x.value, [WIDE @ d for d in x.tangents] if kind is da.MultiDual else
                      [WIDE @ x.tangent])


def test_dot_is_the_product_or_says_so(kind, rng, plain):
    x, t = random_number(kind, rng.standard_normal(6), rng)
    try:
        product = plain.dot(x)
    except TypeError as error:
        assert "A @ x" in str(error)
    else:
        assert_number(product, kind, plain.dot(x.value), [WIDE @ d for d in t])


def test_elementwise_products(kind, rng, plain):
    if isinstance(plain, sp.spmatrix):
        pytest.skip("the product of matrices")
    for shape in ((4, 6), (6,), (4, 1), (1, 6)):
        x, t = random_number(kind, rng.standard_normal(shape), rng)
        for product in products(plain, x):
            assert_same_bits(product.value.toarray(), (plain * x.value).toarray())
            assert_close(tangents_of(product.toarray(), kind), [WIDE * d for d in t])
        assert_close(tangents_of((plain / (2 + x)).toarray(), kind), [-WIDE * d / (2 + x.value) ** 2 for d in t])


def products(plain, x):
    """x * A, and A * x where SciPy leaves it to x."""
    try:
        return x * plain, plain * x
    except (TypeError, ValueError):
        assert not hasattr(sp._compressed._cs_matrix, "_multiply_2d_with_broadcasting")
        return (x * plain,)


def test_scalars(kind, plain):
    s = number(kind, 3.0, np.ones(directions(kind)))
    for product in products(plain, s):
        assert_same_bits(product.value.toarray(), (plain * 3.0).toarray())
        assert_close(tangents_of(product.toarray(), kind), [WIDE] * directions(kind))
    assert_close(tangents_of((plain / s).toarray(), kind), [-WIDE / 9] * directions(kind))
    for f in (lambda: plain @ s, lambda: s @ plain):
        with pytest.raises(ValueError, match="[Ss]calar"):
            f()


def test_sums_are_dense(kind, rng, plain):
    x, t = random_number(kind, rng.standard_normal((4, 6)), rng)
    for f, sign in ((operator.add, 1), (operator.sub, -1)):
        assert_number(f(x, plain), kind, np.asarray(f(x.value, plain)), t)
        assert_number(f(plain, x), kind, np.asarray(f(plain, x.value)), sign * t)


def test_one_dimensional_arrays(kind, rng):
    a = sp.coo_array(np.array([0.0, 2.0, 3.0]))
    x, t = random_number(kind, rng.standard_normal(3), rng)
    assert_number(a @ x, kind, a @ x.value, t @ a.toarray())
    x, t = random_number(kind, rng.standard_normal((3, 2)), rng)
    assert_number(a @ x, kind, a @ x.value, [a.toarray() @ d for d in t])


def test_nested(plain):
    x, v = RNG.random(6), RNG.random(6)

    def f(x):
        y = plain @ np.sin(x)
        return (y * y) @ plain

    expected = complex_step(lambda x: da.jvp(f, (x,), (v,))[1], (x,), (v,))
    assert_close(da.jvp(lambda x: da.jvp(f, (x,), (v,))[1], (x,), (v,))[1], expected, 1e-11)


def test_nothing_is_lost(kind, rng, plain):
    x, _ = random_number(kind, rng.standard_normal(6), rng)
    for f in (lambda: plain.multiply(x), lambda: np.dot(plain, x), lambda: np.maximum(plain, x),
              lambda: np.add(plain, x, out=np.zeros((4, 6))), lambda: np.add.outer(plain, x),
              lambda: spl.spsolve(sp.csc_array(SQUARE), x), lambda: spl.aslinearoperator(plain).matvec(x),
              lambda: np.asarray(x)):
        with pytest.raises((TypeError, ValueError)) as caught:
            f()
        assert "derivative" in str(caught.value) or isinstance(caught.value.__cause__, TypeError)
    for f in (lambda: plain @ x[:3], lambda: x[:3] @ plain):
        with pytest.raises(ValueError):
            f()


# ---- arrays of numbers ---------------------------------------------------------------------------------------------

CLASSES = {"csr": csr_array, "csc": csc_array}
PLAIN = {"csr": sp.csr_array, "csc": sp.csc_array}


@pytest.fixture(params=CLASSES)
def form(request):
    return request.param


def dual_matrix(kind, form, dense, rng):
    """A matrix of numbers; its SciPy values and dense tangents."""
    own = PLAIN[form](dense)
    data, t = random_number(kind, own.data, rng)
    matrix = CLASSES[form]((data, own.indices, own.indptr), shape=own.shape)
    return matrix, own, np.stack([PLAIN[form]((d, own.indices, own.indptr), shape=own.shape).toarray() for d in t])


def test_matrix(kind, rng, form):
    a, own, t = dual_matrix(kind, form, WIDE, rng)
    assert a.shape == own.shape and a.nnz == own.nnz and a.ndim == 2 and a.dtype == own.dtype
    assert_number(a.toarray(), kind, own.toarray(), t)
    assert_number(a.T.toarray(), kind, own.T.toarray(), np.swapaxes(t, 1, 2))
    assert_number(a.tocsr().tocsc().toarray(), kind, own.toarray(), t)
    assert_number((-a).toarray(), kind, (-own).toarray(), -t)
    assert_number(a.diagonal(), kind, own.diagonal(), [np.diagonal(d) for d in t])
    assert_same_bits(a.value.toarray(), own.toarray())
    assert kind.__name__ in repr(a)
    copy = pickle.loads(pickle.dumps(a.copy()))
    assert_number(copy.toarray(), kind, own.toarray(), t)


def test_construction(kind, rng, form):
    make = CLASSES[form]
    data, t = random_number(kind, rng.standard_normal(4), rng)
    where = ([0, 2, 0, 0], [1, 0, 1, 2])
    expected = [sp.coo_array((d, where), shape=(3, 3)).toarray() for d in (data.value, *t)]
    a = make((data, where), shape=(3, 3))
    assert a.nnz == 3
    assert_number(a.toarray(), kind, expected[0], expected[1:])
    assert_number(make((list(data), where)).toarray(), kind, expected[0], expected[1:])
    assert_number(make(a.toarray()).toarray(), kind, expected[0], expected[1:])
    assert_number(make(a.T.T.tocsc()).toarray(), kind, expected[0], expected[1:])
    zero = number(kind, np.zeros((2, 2)), np.broadcast_to(np.eye(2), (directions(kind), 2, 2)))
    assert make(zero).nnz == 2
    assert make(sp.coo_array(WIDE)).nnz == np.count_nonzero(WIDE)
    for bad in (((data, [0, 1], [0, 2]), None), ((data, ([0, 1, 2, 9], [0, 0, 0, 0])), (3, 3)), (data, None)):
        with pytest.raises(ValueError):
            make(bad[0], shape=bad[1])


@pytest.mark.parametrize("columns", [(), (3,)], ids=str)
def test_products_of_matrices_of_numbers(kind, rng, form, columns):
    a, own, a_dot = dual_matrix(kind, form, WIDE, rng)
    x, x_dot = random_number(kind, rng.standard_normal((6, *columns)), rng)
    expected = [p @ x.value + own @ q for p, q in zip(a_dot, x_dot, strict=True)]
    assert_number(a @ x, kind, own @ x.value, expected)
    assert_number(a @ x.value, kind, own @ x.value, [p @ x.value for p in a_dot])
    y, y_dot = random_number(kind, rng.standard_normal((*columns, 4)), rng)
    expected = [y.value @ p + q @ own.toarray() for p, q in zip(a_dot, y_dot, strict=True)]
    assert_close(tangents_of(y @ a, kind), expected)
    assert_close((y.value @ a).value, y.value @ own)
    assert_number(a.dot(list(x.value)) if not columns else a.dot(x.value), kind, own @ x.value,
                  [p @ x.value for p in a_dot])


def test_arithmetic(kind, rng, form):
    a, own, a_dot = dual_matrix(kind, form, WIDE, rng)
    b, other, b_dot = dual_matrix(kind, "csr", DENSE[2:], rng)
    assert_number((a + b).toarray(), kind, (own + other).toarray(), a_dot + b_dot)
    assert_number((a - b).toarray(), kind, (own - other).toarray(), a_dot - b_dot)
    assert_number((other - a).toarray(), kind, (other - own).toarray(), -a_dot)
    assert_number((other + a).toarray(), kind, (other + own).toarray(), a_dot)
    x, x_dot = random_number(kind, rng.standard_normal((4, 6)), rng)
    assert_close(tangents_of(a + x, kind), a_dot + x_dot)
    assert_close(tangents_of(x.value - a, kind), -a_dot)
    s = number(kind, 3.0, np.ones(directions(kind)))
    for product in (a * s, s * a):
        assert_number(product.toarray(), kind, own.toarray() * 3.0, 3 * a_dot + WIDE)
    assert_close(tangents_of((a / s).toarray(), kind), a_dot / 3 - WIDE / 9)
    assert_close(tangents_of((a * x).toarray(), kind), a_dot * x.value + WIDE * x_dot)
    assert_close(tangents_of((x * a).toarray(), kind), a_dot * x.value + WIDE * x_dot)
    assert_close(tangents_of((2.0 * a).toarray(), kind), 2 * a_dot)
    for f in (lambda: a * other, lambda: a @ other, lambda: a / b, lambda: other @ a):
        with pytest.raises(TypeError, match="toarray"):
            f()
    for f in (lambda: a + b.T, lambda: a @ np.ones(3), lambda: a * np.ones(5), lambda: a.asformat("coo")):
        with pytest.raises(ValueError):
            f()
    with pytest.raises(NotImplementedError):
        a + 1.0
    with pytest.raises(TypeError):
        hash(a)


def test_diags_array(kind, rng):
    main, main_dot = random_number(kind, rng.standard_normal(4), rng)
    upper = rng.standard_normal(3)
    for layout in CLASSES:
        a = diags_array([main, upper, [2.0]], offsets=[0, 1, -2], format=layout)
        expected = sp.diags_array([main.value, upper, [2.0]], offsets=[0, 1, -2], shape=(4, 4)).toarray()
        assert_number(a.toarray(), kind, expected, [np.diag(d) for d in main_dot])
    assert diags_array(main, offsets=1).shape == (5, 5)
    assert diags_array([main], offsets=[-1], shape=(6, 4)).shape == (6, 4)
    for call in (lambda: diags_array([main], offsets=[0, 1]), lambda: diags_array([main, main], offsets=[0, 1]),
                 lambda: diags_array(main, format="dia")):
        with pytest.raises(ValueError):
            call()


# ---- linear systems ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [(), (1,), (3,)], ids=str)
def test_spsolve(kind, rng, form, columns):
    a, own, a_dot = dual_matrix(kind, form, SQUARE, rng)
    b, b_dot = random_number(kind, rng.standard_normal((6, *columns)), rng)
    value = spl.spsolve(own, b.value)
    zeros = np.zeros_like(b_dot)
    for matrix, right, left_dot, right_dot in ((a, b, a_dot, b_dot), (a, b.value, a_dot, zeros),
                                               (own, b, 0 * a_dot, b_dot), (a.value, b, 0 * a_dot, b_dot)):
        expected = np.stack([complex_step(np.linalg.solve, (SQUARE, b.value), (p, q)).reshape(value.shape)
                             for p, q in zip(left_dot, right_dot, strict=True)])
        assert_number(da.sparse.linalg.spsolve(matrix, right), kind, value, expected, 1e-10, 1e-11)
    assert_same_bits(da.sparse.linalg.spsolve(own, b.value), value)
    assert_same_bits(da.sparse.linalg.spsolve(csc_array(own), b.value), spl.spsolve(sp.csc_array(own), b.value))


@pytest.mark.parametrize("trans", "NTH")
def test_splu(kind, rng, form, trans):
    a, own, a_dot = dual_matrix(kind, form, SQUARE, rng)
    b, b_dot = random_number(kind, rng.standard_normal(6), rng)
    lu = da.sparse.linalg.splu(a)

    def f(m, b):
        return np.linalg.solve(m if trans == "N" else m.T, b)

    expected = [complex_step(f, (SQUARE, b.value), t) for t in zip(a_dot, b_dot, strict=True)]
    assert_number(lu.solve(b, trans), kind, spl.splu(own.tocsc()).solve(b.value, trans), expected, 1e-10, 1e-11)
    assert lu.shape == (6, 6) and "SuperLU" in repr(lu)
    assert_close(da.sparse.linalg.splu(own).solve(b.value, trans), f(SQUARE, b.value), 1e-10)
    assert_close(tangents_of(da.sparse.linalg.factorized(a)(b), kind),
                 [complex_step(np.linalg.solve, (SQUARE, b.value), t) for t in zip(a_dot, b_dot, strict=True)], 1e-10)


def test_sparse_systems_nested(form):
    own = PLAIN[form](SQUARE)
    u, v, b = RNG.random(own.nnz), RNG.random(own.nnz), RNG.random(6)

    def sparse(data):
        a = CLASSES[form]((data * data, own.indices, own.indptr), shape=own.shape)
        return da.sparse.linalg.spsolve(a, b) + da.sparse.linalg.splu(a).solve(b, "T") * (a @ b) + b @ a

    def dense(data):
        m = np.zeros((6, 6), data.dtype)
        m[own.tocoo().coords] = data * data
        return np.linalg.solve(m, b) + np.linalg.solve(m.T, b) * (m @ b) + b @ m

    data = own.data + 1.5
    if form == "csc":  # SciPy's coordinates are in the order of the entries
        assert_close(dense(data), sparse(data), 1e-10)
    inner = da.jvp(sparse, (data,), (u,))[1]
    assert_close(inner, complex_step(dense, (data,), (u,)), 1e-8, 1e-9)
    second = da.jvp(lambda d: da.jvp(sparse, (d,), (u,))[1], (data,), (v,))[1]
    steps = [da.jvp(sparse, (data + h * v,), (u,))[1] for h in (1e-4, -1e-4)]
    assert_close(second, (steps[0] - steps[1]) / 2e-4, 1e-5, 1e-5)


def test_patterns(form):
    own = PLAIN[form](SQUARE)

    def matrix(data):
        return CLASSES[form]((data, own.indices, own.indptr), shape=own.shape)

    row, _ = own.tocoo().coords
    entries = np.arange(6)[:, None] == row
    for f in (lambda d: matrix(d) @ np.ones(6), lambda d: matrix(d).toarray().sum(1)):
        assert np.array_equal(da.jacobian_sparsity(f, own.data).toarray(), entries)
    for f in (lambda d: da.sparse.linalg.spsolve(matrix(d), np.ones(6)),
              lambda d: da.sparse.linalg.splu(matrix(d)).solve(np.ones(6))):
        assert da.jacobian_sparsity(f, own.data).toarray().all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_higher_order(layout, form, rng):
    own = PLAIN[form](SQUARE)

    def f(data, b):
        a = CLASSES[form]((data, own.indices, own.indptr), shape=own.shape)
        return [own @ b, b @ own, own + b, (b * own).toarray(), a @ b, b @ a, (a * b).toarray(), (a - own).toarray(),
                da.sparse.linalg.spsolve(a, b), da.sparse.linalg.splu(a).solve(b, "T")]

    check(f, (own.data, np.ones(6)), layout, rng, 1e-8)


def test_matrix_is_factorised_once(monkeypatch, rng):
    calls, splu = [], spl.splu
    monkeypatch.setattr(spl, "splu", lambda *args, **kwargs: calls.append(1) or splu(*args, **kwargs))
    a, _, _ = dual_matrix(da.MultiDual, "csc", SQUARE, rng)
    da.jvp(lambda b: da.sparse.linalg.spsolve(a, b), (np.ones(6),), (np.ones(6),))
    assert len(calls) == 1


def test_complex_right_hand_side(form):
    own = PLAIN[form](SQUARE)
    b = RNG.random(6) + 1j * RNG.random(6)
    lu = da.sparse.linalg.splu(own)
    x = lu.solve(da.Dual(b, 2 * b))
    assert_close(x.value, np.linalg.solve(SQUARE, b), 1e-10)
    assert_close(x.tangent, 2 * x.value, 1e-10)


def test_errors_of_systems(kind, rng):
    a, own, _ = dual_matrix(kind, "csc", SQUARE, rng)
    b, _ = random_number(kind, np.ones(6), rng)
    solve = da.sparse.linalg.spsolve
    for call in (lambda: solve(a, b[:3]), lambda: solve(csc_array(WIDE), b),
                 lambda: da.sparse.linalg.splu(sp.csc_array(WIDE)),
                 lambda: solve(a, np.ones((6, 1, 1))), lambda: da.sparse.linalg.splu(a).solve(b, "X")):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(TypeError, match="toarray"):
        solve(a, own)
    with pytest.raises(RuntimeError, match="singular"):
        da.sparse.linalg.splu(csc_array(np.diag([1.0, 0.0]) + np.array([[0, 0.0], [1, 0]])))
    assert da.sparse.linalg.cg is spl.cg and "cg" in dir(da.sparse.linalg)
