"""Rules at the places that everyday calls do not reach: ties, zeros, repeated eigenvalues, attributes that store."""

import io
import pickle

import numpy as np
import pytest

import dualad as da
from conftest import assert_close, assert_same_bits, complex_step, random_number, tangents_of
from dualad._core.number import primal

nan, inf = np.nan, np.inf


# ---- running extremes and products ---------------------------------------------------------------------------------

def mean_of_tied(value, t, better):
    """The tangent of a running extreme, element by element."""
    best, sharing, result = None, [], []
    for v, s in zip(value, t, strict=True):
        if best is None or better(v, best):
            best, sharing = v, []
        if v == best:
            sharing.append(s)
        result.append(np.mean(sharing))
    return result


@pytest.mark.parametrize("value", [[1.0, 3.0, 3.0, 2.0, 3.0, 4.0, 4.0, 0.0], [2.0] * 9, [1.0], [-0.0, 0.0, -1.0]])
@pytest.mark.parametrize("ufunc, better", [(np.maximum, float.__gt__), (np.minimum, float.__lt__),
                                           (np.fmax, float.__gt__), (np.fmin, float.__lt__)])
def test_running_extremes_share_ties(kind, ufunc, better, value, rng):
    d, tangents = random_number(kind, value, rng)
    y = ufunc.accumulate(d)
    assert_same_bits(y.value, ufunc.accumulate(value))
    assert_close(tangents_of(y, kind), [mean_of_tied(value, t, better) for t in tangents])


def test_running_extremes_along_an_axis(kind, rng):
    d, tangents = random_number(kind, rng.integers(0, 4, (3, 50, 2)).astype(float), rng)
    y = np.maximum.accumulate(d, axis=1)
    expected = np.empty(tangents.shape)
    for k, i, j in np.ndindex(len(tangents), 3, 2):
        expected[k, i, :, j] = mean_of_tied(d.value[i, :, j], tangents[k, i, :, j], float.__gt__)
    assert_close(tangents_of(y, kind), expected)


def test_running_maximum_of_many(rng):
    v, t = rng.standard_normal(100_000), rng.standard_normal(100_000)
    y = np.maximum.accumulate(da.Dual(v, t))
    places = np.maximum.accumulate(np.where(v == y.value, np.arange(len(v)), 0))
    assert_close(y.tangent, t[places])


@pytest.mark.parametrize("zeros", [[], [7], [0, 40], [99]])
@pytest.mark.parametrize("f", [np.cumprod, np.multiply.accumulate, np.prod, np.multiply.reduce])
def test_products_with_zeros(kind, f, zeros, rng):
    v = rng.uniform(0.8, 1.25, 100)
    v[zeros] = 0.0
    d, tangents = random_number(kind, v, rng)
    y = f(d)
    assert_same_bits(y.value, f(v))
    assert_close(tangents_of(y, kind), [complex_step(f, [v], [t]) for t in tangents])


def test_products_that_overflow_or_meet_infinities():
    with np.errstate(over="ignore"):
        y = np.prod(da.Dual([1e300, 1e300, 1e-300], [0.0, 0.0, 1.0]))
    assert y.tangent == inf
    assert np.prod(da.Dual([inf, 2.0], [0.0, 1.0])).tangent == inf
    assert np.prod(da.Dual([inf, 2.0], [1.0, 0.0])).tangent == 2.0
    assert_close(np.cumprod(da.Dual([2.0, inf, 3.0], [1.0, 0.0, 0.0])).tangent, [1.0, inf, inf])


@pytest.mark.parametrize("ufunc", [np.logaddexp, np.logaddexp2, np.hypot])
@pytest.mark.parametrize("shape, axis", [((1,), 0), ((6,), 0), ((7, 3), 0), ((2, 9), 1)])
def test_associative_ufuncs(kind, ufunc, shape, axis, rng):
    """The reduction is the last of the running results, whose derivative is that of the formula."""
    d, tangents = random_number(kind, rng.uniform(0.5, 2.0, shape), rng)
    formula = {
        np.logaddexp: lambda x: np.log(np.cumsum(np.exp(x), axis)),
        np.logaddexp2: lambda x: np.log(np.cumsum(np.exp(x * np.log(2)), axis)) / np.log(2),
        np.hypot: lambda x: np.sqrt(np.cumsum(x * x, axis)),
    }[ufunc]
    running = ufunc.accumulate(d, axis)
    assert_close(tangents_of(running, kind), [complex_step(formula, [d.value], [t]) for t in tangents])
    total = ufunc.reduce(d, axis)
    assert_same_bits(total.value, ufunc.reduce(d.value, axis))
    assert_close(tangents_of(total, kind), np.take(tangents_of(running, kind), -1, axis + 1))


def test_reductions_of_fmax_leave_nan_out(kind, rng):
    d, tangents = random_number(kind, [[nan, 1.0], [2.0, 5.0], [2.0, nan]], rng)
    y = np.fmax.reduce(d)
    assert_same_bits(y.value, np.fmax.reduce(d.value))
    assert_close(tangents_of(y, kind), np.stack([tangents[:, 1:, 0].mean(1), tangents[:, 1, 1]], 1))


# ---- ufuncs of Python objects --------------------------------------------------------------------------------------

def test_frompyfunc_packs_numbers_only():
    x = da.Dual([1.0, 2.0], [1.0, 0.0])
    y = np.frompyfunc(lambda a: a * a, 1, 1)(x)
    assert type(y) is da.Dual and y.tangent.tolist() == [2.0, 0.0]
    assert np.frompyfunc(lambda a: "big" if a > 1 else "small", 1, 1)(x).tolist() == ["small", "big"]
    assert np.frompyfunc(lambda a, b: a + b, 2, 1).reduce(x).tangent == 1.0


# ---- interpolation -------------------------------------------------------------------------------------------------

def test_interp_at_and_beyond_the_nodes():
    """At a node the slope to its right, outside none; at the last node the slope to its left."""
    x = da.Dual([-1.0, 0.0, 1.0, 2.0, 3.0, nan], np.ones(6))
    y = np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 4.0])
    assert_same_bits(y.value, np.interp(x.value, [0.0, 1.0, 2.0], [0.0, 1.0, 4.0]))
    assert y.tangent[:5].tolist() == [0.0, 1.0, 3.0, 3.0, 0.0]


def test_interp_of_one_node():
    y = np.interp(da.Dual([0.0, 1.0, 2.0], np.ones(3)), [1.0], da.Dual([5.0], [2.0]), left=0.0)
    assert y.value.tolist() == [0.0, 5.0, 5.0]
    assert y.tangent.tolist() == [0.0, 2.0, 2.0]


# ---- repeated eigenvalues ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("f", [np.linalg.eigvalsh, np.linalg.eigvals])
def test_equal_eigenvalues_share(kind, f, rng):
    """Their mean is the trace over their space: the derivative of any symmetric function of them is exact."""
    q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    a = q @ np.diag([2.0, 2.0, 2.0, 5.0]) @ q.T
    t = rng.standard_normal((3, 4, 4))
    t = t + np.swapaxes(t, 1, 2)
    d = da.Dual(a, t[0]) if kind is da.Dual else da.MultiDual(a, t)
    y = f(d)
    tangents = tangents_of(y, kind)
    single = np.argmax(y.value)
    for row, s in zip(tangents, t, strict=False):
        inner = q.T @ s @ q
        expected = np.full(4, np.trace(inner[:3, :3]) / 3)
        expected[single] = inner[3, 3]
        assert_close(row, expected, 1e-10, 1e-10)


def test_eigvalsh_of_the_identity():
    t = np.array([[1.0, 7.0], [7.0, 3.0]])
    assert np.linalg.eigvalsh(da.Dual(np.eye(2), t)).tangent.tolist() == [2.0, 2.0]


# ---- attributes that store -----------------------------------------------------------------------------------------

def test_flat_walks_and_indexes_as_ndarray_flat(kind, rng):
    d, _ = random_number(kind, rng.standard_normal((2, 3)).T, rng)
    flat = d.flat
    assert flat.base is d and len(flat) == 6 and flat.coords == (0, 0)
    assert next(flat).value == d.value[0, 0]
    assert flat.index == 1 and flat.coords == (0, 1)
    assert [float(x.value) for x in flat] == d.value.ravel()[1:].tolist()
    with pytest.raises(StopIteration):
        next(flat)
    assert_same_bits(flat.copy().value, d.value.flatten())
    with pytest.raises(IndexError, match="one dimension"):
        d.flat[0, 1]
    with pytest.raises(IndexError, match="out of bounds"):
        d.flat[6]
    with pytest.raises(IndexError, match="out of bounds"):
        d.flat[6] = 1.0
    with pytest.raises(ValueError, match="no values"):
        d.flat = []


def test_flat_of_a_single_number():
    z = da.Dual(np.array(2.0), np.array(1.0))
    assert z.flat[0].tangent == 1.0
    assert [x.value for x in z.flat] == [2.0]


def test_shape_can_be_set_where_no_copy_is_needed(kind, rng):
    d, tangents = random_number(kind, rng.standard_normal((3, 4)), rng)
    view = d[:]
    view.shape = (2, -1)
    assert view.shape == (2, 6) and d.shape == (3, 4)
    view[0, 0] = 9.0
    assert d.value[0, 0] == 9.0
    turned = d.T
    with pytest.raises(AttributeError, match="in-place"):
        turned.shape = (12,)
    assert turned.shape == (4, 3)


def test_parts_can_be_set(kind, rng):
    z, _ = random_number(kind, np.array([1 + 2j, 3 - 1j]), rng)
    x, tangents = random_number(kind, [5.0, 6.0], rng)
    z.imag = x
    assert_same_bits(z.value, np.array([1 + 5j, 3 + 6j]))
    assert_close(tangents_of(z, kind).imag, tangents)
    with pytest.raises(TypeError, match="no imaginary part"):
        x.imag = 1.0
    with pytest.raises(TypeError, match="immutable"):
        x[0].real = 1.0


def test_dump_and_flags(kind, rng, tmp_path):
    d, tangents = random_number(kind, [1.0, 2.0], rng)
    file = io.BytesIO()
    d.dump(file)
    d.dump(tmp_path / "number")
    for text in (file.getvalue(), (tmp_path / "number").read_bytes(), d.dumps()):
        assert_close(tangents_of(pickle.loads(text), kind), tangents)
    d.setflags(write=False)
    for key in (0, slice(None), [0, 1]):
        with pytest.raises(ValueError, match="read-only"):
            d[key] = 1.0
    assert d.to_device("cpu") is d
    with pytest.raises(ValueError, match="device"):
        d.to_device("gpu")


@pytest.mark.parametrize("call", [lambda x: x.tofile("nowhere"), lambda x: x.resize((2, 2))])
def test_refused_methods_say_why(call):
    with pytest.raises(TypeError, match="Dual.*: use"):
        call(da.Dual([1.0], [1.0]))


# ---- padding -------------------------------------------------------------------------------------------------------

def test_pad_by_a_function(kind, rng):
    def border(vector, widths, axis, options):
        vector[:widths[0]] = options["scale"] * vector[widths[0]]
        vector[len(vector) - widths[1]:] = axis

    d, tangents = random_number(kind, rng.standard_normal((2, 3)), rng)
    y = np.pad(d, ((1, 2), (2, 1)), border, scale=3.0)
    assert_same_bits(y.value, np.pad(d.value, ((1, 2), (2, 1)), border, scale=3.0))
    assert_close(tangents_of(y, kind)[:, 0, 2:5], 3.0 * tangents[:, 0])


def test_pad_widths_by_axis(kind, rng):
    d, tangents = random_number(kind, rng.standard_normal((2, 3)), rng)
    y = np.pad(d, ((0, 0), (1, 2)), "median")
    assert_close(tangents_of(y, kind)[:, :, 1:4], tangents)


# ---- short vectors -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 127, 128, 129, 1000, 20_000])
@pytest.mark.parametrize("part", [slice(None), slice(None, None, 2), slice(None, None, -1)])
def test_sums_and_products_of_vectors(kind, n, part, rng):
    """The value is NumPy's to the bit at every length and stride."""
    x, t = random_number(kind, rng.standard_normal(n), rng)
    y, s = random_number(kind, rng.standard_normal(n), rng)
    x, y, t, s = x[part], y[part], t[:, part], s[:, part]
    for z, value, tangents in (
        (np.sum(x), np.sum(x.value), t.sum(1)),
        (np.dot(x, y), np.dot(x.value, y.value), t @ y.value + s @ x.value),
        (np.dot(x, y.value), np.dot(x.value, y.value), t @ y.value),
        (np.dot(x.value, y), np.dot(x.value, y.value), s @ x.value),
        (np.concatenate([x, y]), np.concatenate([x.value, y.value]), np.concatenate([t, s], 1)),
    ):
        assert_same_bits(z.value, value)
        assert_close(tangents_of(z, kind), tangents, 1e-9, 1e-11)


def test_dot_of_infinities_keeps_zero_tangents():
    assert np.dot(da.Dual([1.0, 2.0], [0.0, 1.0]), [inf, 3.0]).tangent == 3.0
    assert np.isnan(np.dot(da.Dual([1.0, 2.0], [1.0, -1.0]), [inf, inf]).tangent)


def test_dot_of_numbers_of_two_levels():
    """d/dx x . d/dy (x . y) along ones, with x = y = (1, 2)."""
    x = np.array([1.0, 2.0])

    def outer(u):
        return np.dot(u, u) * da.jvp(lambda w: np.dot(u, w), (x,), (np.ones(2),))[1]

    assert da.jvp(outer, (x,), (np.ones(2),))[1] == 2 * 3.0 * 3.0 + 5.0 * 2.0


# ---- lists of scalars ----------------------------------------------------------------------------------------------

SCALARS = {
    "Dual": lambda v: da.Dual(v, 2 * v),
    "MultiDual": lambda v: da.MultiDual(v, [v, -v, 3 * v]),
    "many directions": lambda v: da.MultiDual(v, v * np.arange(20.0)),
    "HyperDual": lambda v: da.HyperDual(v, 2 * v, 3 * v, 4 * v),
    "Taylor": lambda v: da.Taylor([v, 2 * v, 3 * v]),
    "of numbers": lambda v: da.Dual(da.Dual(v, 2 * v), da.Dual(3 * v, 4 * v)),
}


@pytest.mark.parametrize("make", SCALARS.values(), ids=SCALARS)
def test_lists_of_scalars_become_vectors(make):
    """Components stand side by side; plain scalars and constants have none but the value."""
    numbers = [make(2.0), make(-0.0), 5.0, np.float64(-0.0), 3, make(1.0) * 0.0]
    vector = np.stack(numbers)
    assert type(vector) is type(numbers[0]) and vector.shape == (6,)
    assert np.signbit(primal(vector)).tolist() == [False, True, False, True, False, False]
    for k, wanted in enumerate(numbers):
        assert_same_bits(primal(vector[k]), np.float64(primal(wanted)))
        difference = vector[k] - wanted
        while isinstance(difference, da.Dual | da.MultiDual | da.HyperDual | da.Taylor):
            difference = difference.components
        assert not np.any(difference)


def test_lists_of_scalars_of_different_kinds():
    """Numbers of two levels, of two widths, and constants alone."""
    inner = da.jacobian(lambda x: da.jvp(lambda y: [x[0] * y, y * y, x[1], 1.0], (3.0,), (1.0,))[1])
    assert inner(np.array([2.0, 5.0])).tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    mixed = np.stack([da.Dual(np.float32(2), np.float32(1)), da.Dual(1.5, 0.5)])
    assert mixed.dtype == np.float64 and mixed.tangent.tolist() == [1.0, 0.5]
    assert np.stack([da.Dual(1.0), da.Dual(2.0)]).isconstant
    with pytest.raises(TypeError, match="directions"):
        np.stack([da.MultiDual(1.0, [1.0]), da.MultiDual(1.0, [1.0, 2.0])])


# ---- arguments that stand for truths, counts and steps ---------------------------------------------------------------

def test_numbers_as_conditions(kind, rng):
    """A condition has no derivative; plain elements that it picks stay plain."""
    truth, _ = random_number(kind, np.array([1.5, 0.0, -2.0]), rng)
    a, tangents = random_number(kind, np.array([4.0, 5.0, 6.0]), rng)
    for pick in (np.compress, np.extract):
        assert_same_bits(pick(truth, a.value), np.array([4.0, 6.0]))
        picked = pick(truth, a)
        assert_same_bits(picked.value, np.array([4.0, 6.0]))
        assert_close(tangents_of(picked, kind), [t[[0, 2]] for t in tangents])
    assert_same_bits(np.compress(truth, np.eye(3), axis=1), np.eye(3)[:, [0, 2]])


def test_edges_of_bins_with_weights_of_numbers():
    x, w = da.Dual([1.0, 2.0, 5.0], [1.0, 0.0, 3.0]), da.Dual([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    edges = np.histogram_bin_edges(x, 2, weights=w)
    assert edges.value.tolist() == [1, 3, 5] and edges.tangent.tolist() == [1, 2, 3]
    assert_same_bits(np.histogram_bin_edges(x.value, 2, weights=w), np.array([1.0, 3.0, 5.0]))


@pytest.mark.parametrize("num", [0, 1, 2, 5])
@pytest.mark.parametrize("endpoint", [False, True])
@pytest.mark.parametrize("shapes", [((), ()), ((), (2,)), ((2, 2), (2,)), ((2, 2), (2, 2))])
def test_linspace_of_arrays_gives_its_step(num, endpoint, shapes):
    """The step is NaN where there is none."""
    start, stop = np.ones(shapes[0]), np.full(shapes[1], 2.0)
    for axis in (0, -1):
        wanted = np.linspace(start, stop, num, endpoint, True, axis=axis)
        steps, step = np.linspace(da.Dual(start, start), stop, num, endpoint, True, axis=axis)
        assert_same_bits(primal(steps), wanted[0])
        assert_same_bits(primal(step), wanted[1])
        if num - endpoint > 0:
            assert_close(step.tangent, np.full(np.shape(wanted[1]), -1 / (num - endpoint)))


@pytest.mark.parametrize("axis, shape", [(1, (3, 5)), (-2, (3, 3, 5)), (0, (5,)), (2, (4,)), (-1, (4, 1)), (1, ())])
def test_trapezoid_with_an_array_of_steps(axis, shape, rng):
    """The steps are broadcast as NumPy does it, not along the axis."""
    y, dy = rng.standard_normal((2, 3, 4, 5))
    dx, ddx = rng.standard_normal((2, *shape))
    assert_same_bits(np.trapezoid(da.Dual(y, dy), dx=dx, axis=axis).value, np.trapezoid(y, dx=dx, axis=axis))
    assert_close(np.trapezoid(da.Dual(y, dy), dx=dx, axis=axis).tangent, np.trapezoid(dy, dx=dx, axis=axis))
    assert_close(np.trapezoid(y, dx=da.Dual(dx, ddx), axis=axis).tangent, np.trapezoid(y, dx=ddx, axis=axis))


@pytest.mark.parametrize("shape", [(2, 0), (0, 2), (0, 0), (3, 2, 0), (0, 3, 2)])
@pytest.mark.parametrize("mode", ["reduced", "complete", "r", "raw"])
def test_qr_of_empty_matrices(shape, mode):
    a = np.ones(shape)
    for y, wanted in zip(np.linalg.qr(da.Dual(a, a), mode), np.linalg.qr(a, mode), strict=True):
        assert_same_bits(primal(y), wanted)


@pytest.mark.parametrize("name", ["polyval2d", "polygrid2d"])
@pytest.mark.parametrize("shapes", [((4,), (4,), ()), ((4,), (4,), (3,)), ((), (), (2,)), ((3,), (3,), (2, 2))])
def test_polynomials_of_two_variables_with_few_coefficients(name, shapes, rng):
    """A polynomial of x alone has values that stand for coefficients of y, as NumPy takes them."""
    function = getattr(np.polynomial.polynomial, name)
    args = [rng.standard_normal(shape) for shape in shapes]
    def along(i):
        return lambda z: function(*(z if k == i else a for k, a in enumerate(args)))

    for i in range(3):
        direction = np.ones(shapes[i])
        y, slope = da.jvp(along(i), (args[i],), (direction,))
        assert_same_bits(y, function(*args))
        assert_close(slope, complex_step(along(i), [args[i]], [direction]), 1e-9, 1e-12)
