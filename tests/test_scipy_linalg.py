"""dualad.linalg against scipy.linalg: values to the bit, derivatives by complex step or extrapolated differences."""

import inspect
import warnings

import numpy as np
import pytest
import scipy.linalg as sl

import dualad as da
import dualad.linalg as dl
from conftest import assert_close, assert_same_bits, complex_step, directions, is_number, number, tangents_of, value_of
from test_higher_order import LAYOUTS, check

N = 4
RNG = np.random.default_rng(7)
G = RNG.standard_normal((N, N))
A = G + 4 * np.eye(N)                     # general
S = G @ G.T + N * np.eye(N)               # positive definite
TALL, WIDE = RNG.standard_normal((5, 3)), RNG.standard_normal((3, 5))
B1, B2 = RNG.standard_normal(N), RNG.standard_normal((N, 2))
BAND = RNG.standard_normal((4, 5)) + 5 * (np.arange(4)[:, None] == 2)   # one diagonal below, two above
HALF = np.array([[0, 0, .3, -.2, .1], [0, .5, -.4, .3, .2], [4., 5., 6., 5., 4.]])
LOWER = np.array([[4., 5., 6., 5., 4.], [.5, -.4, .3, .2, 0], [.3, -.2, .1, 0, 0]])
STACK = RNG.standard_normal((2, 3, 3)) + 3 * np.eye(3)
C, R = np.array([5.0, 1.0, -0.5, 0.3]), np.array([5.0, 0.7, 0.2, -0.4])
STABLE = 0.3 * G


def plain(name, **options):
    return lambda module: lambda *args: getattr(module, name)(*args, **options)


def chain_lu(m):
    return lambda a, b: m.lu_solve(m.lu_factor(a), b)


def chain_lu_transposed(m):
    return lambda a, b: m.lu_solve(m.lu_factor(a), b, trans=1)


def chain_cho(lower):
    return lambda m: lambda a, b: m.cho_solve(m.cho_factor(a, lower=lower), b)


# name: (module -> function, arguments, whether SciPy's own takes complex steps)
CASES = {
    "solve": (plain("solve"), (A, B1), True),
    "solve columns": (plain("solve"), (A, B2), True),
    "solve transposed": (plain("solve", transposed=True, assume_a="gen"), (A, B1), False),
    "solve sym": (plain("solve", assume_a="sym"), (A, B2), True),
    "solve sym lower": (plain("solve", assume_a="sym", lower=True), (A, B1), True),
    "solve pos": (plain("solve", assume_a="pos"), (S, B1), False),
    "solve pos lower": (plain("solve", assume_a="pos", lower=True), (S, B1), False),
    "solve her": (plain("solve", assume_a="her"), (S, B1), False),
    "solve one element": (plain("solve"), (np.array([[2.0]]), np.array([3.0])), True),
    "inv": (plain("inv"), (A,), True),
    "det": (plain("det"), (A,), True),
    "solve_triangular": (plain("solve_triangular"), (A, B1), True),
    "solve_triangular lower": (plain("solve_triangular", lower=True), (A, B2), True),
    "solve_triangular unit": (plain("solve_triangular", unit_diagonal=True, lower=True), (A, B1), True),
    "solve_triangular T": (plain("solve_triangular", trans="T"), (A, B2), True),
    "solve_triangular C": (plain("solve_triangular", trans=2, lower=True), (A, B1), False),
    "solve_banded": (lambda m: lambda ab, b: m.solve_banded((1, 2), ab, b), (BAND, np.arange(5.0)), True),
    "solve_banded columns": (lambda m: lambda ab, b: m.solve_banded((1, 2), ab, b), (BAND, RNG.random((5, 2))), True),
    "solve_banded tridiagonal": (lambda m: lambda ab, b: m.solve_banded((1, 1), ab, b),
                                 (BAND[1:] + 0.0, np.arange(5.0)), True),
    "solveh_banded": (plain("solveh_banded"), (HALF, np.arange(5.0)), False),
    "solveh_banded lower": (plain("solveh_banded", lower=True), (LOWER, RNG.random((5, 2))), False),
    "solveh_banded tridiagonal": (plain("solveh_banded"), (HALF[1:], np.arange(5.0)), False),
    "solve_toeplitz": (lambda m: lambda c, r, b: m.solve_toeplitz((c, r), b), (C, R, B1), True),
    "solve_toeplitz symmetric": (plain("solve_toeplitz"), (C, B2), False),
    "matmul_toeplitz": (lambda m: lambda c, r, b: m.matmul_toeplitz((c, r), b), (C, R, B2), False),
    "solve_circulant": (plain("solve_circulant"), (C, B1), False),
    "solve_circulant axes": (plain("solve_circulant", caxis=0, baxis=-1, outaxis=-1), (C, B2.T), False),
    "solve_sylvester": (plain("solve_sylvester"), (A, 2 * S[:2, :2], B2), False),
    "solve_continuous_lyapunov": (plain("solve_continuous_lyapunov"), (A, G), False),
    "solve_discrete_lyapunov": (plain("solve_discrete_lyapunov"), (STABLE, G), False),
    "solve_discrete_lyapunov bilinear": (plain("solve_discrete_lyapunov", method="bilinear"), (STABLE, G), False),
    "lstsq": (plain("lstsq"), (TALL, RNG.random(5)), False),
    "lstsq columns": (plain("lstsq"), (TALL, RNG.random((5, 2))), False),
    "lstsq wide": (plain("lstsq"), (WIDE, RNG.random(3)), False),
    "pinv": (plain("pinv"), (TALL,), False),
    "pinv rank": (plain("pinv", return_rank=True), (WIDE,), False),
    "norm": (plain("norm"), (A,), False),
    "norm 1": (plain("norm", ord=1), (A,), False),
    "norm axis": (plain("norm", axis=0), (A,), False),
    "lu_factor": (plain("lu_factor"), (G,), True),
    "lu_factor and lu_solve": (chain_lu, (G, B1), True),
    "lu_factor and lu_solve T": (chain_lu_transposed, (G, B2), True),
    "cho_factor": (plain("cho_factor"), (S,), False),
    "cho_factor and cho_solve": (chain_cho(False), (S, B1), False),
    "cho_factor and cho_solve lower": (chain_cho(True), (S, B2), False),
    "lu": (plain("lu"), (G,), True),
    "lu tall": (plain("lu", permute_l=True), (TALL,), True),
    "lu wide": (plain("lu", p_indices=True), (WIDE,), True),
    "lu stack": (plain("lu"), (STACK,), True),
    "cholesky": (plain("cholesky"), (S,), False),
    "cholesky lower": (plain("cholesky", lower=True), (S,), False),
    "qr": (plain("qr"), (TALL,), False),
    "qr economic": (plain("qr", mode="economic"), (TALL,), False),
    "qr r": (plain("qr", mode="r"), (TALL,), False),
    "qr raw": (plain("qr", mode="raw"), (TALL,), False),
    "qr pivoting": (plain("qr", mode="economic", pivoting=True), (A,), False),
    "eigh": (plain("eigh"), (S,), False),
    "eigh upper": (plain("eigh", lower=False), (np.diag([1.0, 3.0]) + 0.3 * G[:2, :2],), False),
    "eigh general": (plain("eigh"), (A, S), False),
    "eigh subset": (plain("eigh", subset_by_index=[1, 2]), (S,), False),
    "eigh values": (plain("eigh", eigvals_only=True, subset_by_value=[3.0, 9.0]), (S,), False),
    "eigvalsh": (plain("eigvalsh"), (A, S), False),
    "svd": (plain("svd", full_matrices=False), (TALL,), False),
    "svd gesvd": (plain("svd", lapack_driver="gesvd"), (A,), False),
    "svdvals": (plain("svdvals"), (WIDE,), False),
    "expm": (plain("expm"), (G,), True),
    "expm stack": (plain("expm"), (STACK,), True),
    "expm_frechet": (plain("expm_frechet"), (G, S), True),
    "logm": (plain("logm"), (S,), False),
    "sqrtm": (plain("sqrtm"), (S,), False),
    "fractional_matrix_power": (plain("fractional_matrix_power"), (S, np.float64(0.3)), False),
    "cosm": (plain("cosm"), (STABLE,), False),
    "sinm": (plain("sinm"), (STABLE,), False),
    "tanm": (plain("tanm"), (STABLE,), False),
    "coshm": (plain("coshm"), (STABLE,), True),
    "sinhm": (plain("sinhm"), (STABLE,), True),
    "tanhm": (plain("tanhm"), (STABLE,), True),
    "toeplitz": (plain("toeplitz"), (C,), False),
    "toeplitz rectangular": (plain("toeplitz"), (C, R[:3]), True),
    "hankel": (plain("hankel"), (C, R), True),
    "hankel zeros": (plain("hankel"), (C,), True),
    "circulant": (plain("circulant"), (C,), True),
    "companion": (plain("companion"), (C,), True),
    "block_diag": (plain("block_diag"), (A, B1, TALL), True),
    "khatri_rao": (plain("khatri_rao"), (A, TALL[:, [0, 1, 2, 0]]), True),
}


def parts(result):
    """The arrays of a result, nested tuples flattened."""
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in parts(part)]
    return [] if result is None or getattr(result, "dtype", type(result)) == bool else [result]


def differences(f, values, tangents, h=2e-2):
    """Directional derivatives of all parts by Richardson's extrapolation of central differences."""
    def central(step):
        up, down = (parts(f(*(v + s * t for v, t in zip(values, tangents, strict=True)))) for s in (step, -step))
        return [(p - q) / (2 * step) for p, q in zip(up, down, strict=True)]

    rows = [central(h / 2**k) for k in range(6)]
    order = 1
    while len(rows) > 1:
        rows = [[b + (b - a) / (4**order - 1) for a, b in zip(p, q, strict=True)]
                for p, q in zip(rows, rows[1:], strict=False)]
        order += 1
    return rows[0]


def expected_tangents(f, values, tangents, holomorphic):
    if holomorphic:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shifted = parts(f(*(v + 1e-150j * t for v, t in zip(values, tangents, strict=True))))
        return [np.imag(p) / 1e-150 for p in shifted], 1e-10
    return differences(f, values, tangents), 2e-7


def random_direction(values, seed):
    rng = np.random.default_rng(seed)
    return [0.5 * rng.standard_normal(np.shape(v)) for v in values]


@pytest.mark.parametrize("name", CASES)
def test_value_and_derivatives(kind, name):
    make, values, holomorphic = CASES[name]
    all_tangents = [random_direction(values, seed) for seed in range(directions(kind))]
    stacked = [np.stack(t) for t in zip(*all_tangents, strict=True)]
    duals = [number(kind, v, t) for v, t in zip(values, stacked, strict=True)]
    own = make(sl)
    for x, y in zip(parts(make(dl)(*duals)), parts(own(*values)), strict=True):
        assert_same_bits(value_of(x), y)
    for k, tangents in enumerate(all_tangents):
        expected, rtol = expected_tangents(own, values, tangents, holomorphic)
        result = parts(make(dl)(*duals))
        assert any(is_number(x) for x in result)
        for x, t in zip(result, expected, strict=True):
            assert_close(tangents_of(x, kind)[k], t, rtol, rtol)


@pytest.mark.parametrize("name", [n for n, (_, values, _) in CASES.items() if len(values) > 1])
def test_each_argument_alone(name):
    make, values, _ = CASES[name]
    tangents = random_direction(values, 1)
    together = [da.Dual(v, t) for v, t in zip(values, tangents, strict=True)]
    total = [tangents_of(x, da.Dual) for x in parts(make(dl)(*together))]
    summed = [0] * len(total)
    for i, dual in enumerate(together):
        result = parts(make(dl)(*values[:i], dual, *values[i + 1:]))
        summed = [s + tangents_of(x, da.Dual) for s, x in zip(summed, result, strict=True)]
    for s, t in zip(summed, total, strict=True):
        assert_close(s, t, 1e-9, 1e-10)


@pytest.mark.parametrize("name", CASES)
def test_nested_levels(name):
    make, values, _ = CASES[name]
    inner, outer = random_direction(values, 1), random_direction(values, 2)

    def nested(*values):
        return da.jvp(lambda *xs: tuple(parts(make(dl)(*xs))), tuple(values), tuple(inner))[1]

    def plain_first(*values):
        result = make(dl)(*[da.Dual(v, t) for v, t in zip(values, inner, strict=True)])
        return [tangents_of(x, da.Dual)[0] for x in parts(result)]

    value, second = da.jvp(nested, tuple(values), tuple(outer))
    for x, y in zip(value, plain_first(*values), strict=True):
        assert_close(x, y, 1e-9, 1e-10)
    for x, t in zip(second, differences(plain_first, values, outer), strict=True):
        assert_close(x, t, 1e-6, 1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", CASES)
def test_higher_order(name, layout):
    make, values, _ = CASES[name]
    check(lambda *xs: parts(make(dl)(*xs)), values, layout, np.random.default_rng(3), 1e-8)


@pytest.mark.parametrize("name", CASES)
def test_patterns_hold_all_derivatives(name):
    make, values, _ = CASES[name]
    ends = np.cumsum([np.size(v) for v in values])

    def f(x):
        pieces = [np.reshape(p, np.shape(v)) for p, v in zip(np.split(x, ends[:-1]), values, strict=True)]
        return np.concatenate([np.real(np.ravel(p)) for p in parts(make(dl)(*pieces))])

    x = np.concatenate([np.ravel(v) for v in values])
    pattern = da.jacobian_sparsity(f, x).toarray()
    assert not np.any(da.jacobian(f)(x)[~pattern])


@pytest.mark.parametrize("name", CASES)
def test_plain_arguments_get_scipys_result(name):
    make, values, _ = CASES[name]
    for x, y in zip(parts(make(dl)(*values)), parts(make(sl)(*values)), strict=True):
        assert_same_bits(x, y)


@pytest.mark.skipif("assume_a" not in inspect.signature(sl.inv).parameters,
                    reason="the signatures are those of SciPy 1.17")
@pytest.mark.parametrize("name", [n for n in dl.__all__ if n != "block_diag"])
def test_signatures_are_scipys(name):
    ours = inspect.signature(getattr(dl, name)).parameters
    scipys = inspect.signature(getattr(sl, name)).parameters
    for parameter in scipys.values():
        assert parameter.name in ours
        assert ours[parameter.name].kind is parameter.kind
        if isinstance(parameter.default, (bool, int, float, str, type(None))):
            assert ours[parameter.name].default == parameter.default


def test_other_functions_are_scipys():
    assert dl.hilbert is sl.hilbert
    assert "hilbert" in dir(dl) and "solve" in dir(dl)
    with pytest.raises(AttributeError):
        dl.no_such_function  # noqa: B018
    with pytest.raises((TypeError, ValueError)):
        dl.schur(da.Dual(A, G))


def test_complex_matrices():
    z = A + 1j * G.T
    hermitian = z @ z.conj().T
    tangent = 0.05 * (G - 2j * A)
    both = tangent + tangent.conj().T
    for f in (lambda m: m.solve, lambda m: lambda a, b: m.lu_solve(m.lu_factor(a), b, trans=2)):
        x = f(dl)(da.Dual(z, tangent), B1)
        assert_same_bits(x.value, f(sl)(z, B1))
        assert_close(x.tangent, differences(lambda a, f=f: f(sl)(a, B1), (z,), (tangent,))[0], 1e-7, 1e-8)
    for f in (lambda m: lambda a: m.cho_solve(m.cho_factor(a), B1), lambda m: lambda a: m.eigh(a, eigvals_only=True),
              lambda m: m.sqrtm, lambda m: m.logm, lambda m: m.expm, lambda m: lambda a: m.solve(a, B1, assume_a="her"),
              lambda m: lambda a: m.solve_sylvester(a, S, B2[:, [0, 1, 0, 1]])):
        x = f(dl)(da.Dual(hermitian, both))
        assert_same_bits(x.value, f(sl)(hermitian))
        assert_close(x.tangent, differences(f(sl), (hermitian,), (both,))[0], 1e-6, 1e-6)


def test_lists_of_numbers_are_packed():
    x = dl.solve([[da.Dual(2.0, 1.0), 0.0], [0.0, 4.0]], [2.0, 4.0])
    assert_close(x.tangent, [-0.5, 0.0])


def test_overwriting_is_not_done_to_numbers():
    a = da.Dual(np.asfortranarray(A), G)
    dl.solve(a, B1.copy(), overwrite_a=True, overwrite_b=True)
    dl.lu_factor(a, overwrite_a=True)
    assert_same_bits(a.value, A)


def test_errors_are_scipys():
    singular = da.Dual(np.ones((2, 2)), np.eye(2))
    for call in (lambda: dl.solve(singular, [1.0, 2.0], assume_a="gen"), lambda: dl.inv(singular),
                 lambda: dl.solve_triangular(da.Dual(np.zeros((2, 2)), np.eye(2)), [1.0, 1.0]),
                 lambda: dl.cholesky(-singular), lambda: dl.cho_factor(-singular),
                 lambda: dl.solve_banded((0, 0), da.Dual([[0.0, 1.0]], [[1.0, 1.0]]), [1.0, 1.0]),
                 lambda: dl.solveh_banded(da.Dual([[-1.0, 1.0]], [[1.0, 1.0]]), [1.0, 1.0])):
        with pytest.raises(np.linalg.LinAlgError):
            call()
    a = da.Dual(A, G)
    for call in (lambda: dl.solve(a, np.ones(3)), lambda: dl.solve(a[:3], np.ones(3)), lambda: dl.inv(a[:3]),
                 lambda: dl.solve_banded((1, 1), a, np.ones(4)), lambda: dl.solve(a, B1, assume_a="nothing"),
                 lambda: dl.lu_factor(da.Dual(STACK, STACK)), lambda: dl.expm(a[:3])):
        with pytest.raises((ValueError, np.linalg.LinAlgError)):
            call()
    for call in (lambda: dl.eigh(a, S, type=2), lambda: dl.solve(a, B1, no_such_option=1),
                 lambda: dl.logm(da.Dual(S, G), disp=False)):
        with pytest.raises(TypeError):
            call()


def test_undefined_derivatives_are_errors():
    with pytest.raises(np.linalg.LinAlgError, match="repeated"):
        dl.eigh(da.Dual(np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(np.linalg.LinAlgError):
            dl.sqrtm(da.Dual(np.zeros((2, 2)), np.eye(2)))
        with pytest.raises(np.linalg.LinAlgError):
            dl.lu_factor(da.Dual(np.ones((2, 2)), np.eye(2)))
    with pytest.raises(np.linalg.LinAlgError, match="circulant"):
        dl.solve_circulant(da.Dual(np.ones(3), np.arange(3.0)), np.ones(3), singular="lstsq")


def test_structured_reading_has_no_derivative_by_the_other_triangle():
    x = dl.solve(da.Dual(S, np.tril(G, -1)), B1, assume_a="pos")
    assert_close(x.tangent, np.zeros(N))


@pytest.mark.parametrize("structure", ["diagonal", "tridiagonal", "upper triangular", "lower triangular", "banded"])
def test_newer_structures(structure):
    try:
        expected = sl.solve(np.eye(4), B1, assume_a=structure)
    except ValueError:
        pytest.skip("not in this version of SciPy")
    a = {"diagonal": np.diag(C), "tridiagonal": np.triu(np.tril(A, 1), -1), "upper triangular": np.triu(A),
         "lower triangular": np.tril(A), "banded": A}[structure]
    x = dl.solve(da.Dual(a, a * G), B1, assume_a=structure)
    expected = complex_step(np.linalg.solve, (a, B1), (a * G, 0 * B1))
    assert_same_bits(x.value, sl.solve(a, B1, assume_a=structure))
    assert_close(x.tangent, expected, 1e-11)
