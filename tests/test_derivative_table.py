"""Every line of csrc/derivatives.def against mpmath, in C and in Python.

A reference is a closed form written for mpmath; that it is the derivative of mpmath's function is itself tested, by
mpmath's numerical differentiation at high precision.
"""

import mpmath
import numpy as np
import pytest
from mpmath import mp

from dualad import _core
from dualad.rules.vocabulary import compile_expression

TABLE = {row[1]: row for row in _core.table()}
WIDTHS = [np.float64, np.float32]
INF, NAN, ANY = np.inf, np.nan, None


@pytest.fixture(autouse=True)
def _fifty_digits():
    with mpmath.workdps(50):
        yield


# ---- where the functions live -------------------------------------------------------------------------------------
# A region draws n arguments of the type that `info` describes.

def magnitudes(rng, n, low, high, signs=(-1, 1)):
    return rng.choice(signs, n) * np.exp(rng.uniform(np.log(low), np.log(high), n))


def line(rng, n, info):
    return magnitudes(rng, n, info.tiny, info.max / 2)


def positive(rng, n, info):
    return magnitudes(rng, n, info.tiny, info.max / 2, (1,))


def exponent(rng, n, info):
    limit = np.log(float(info.max))
    return np.where(rng.random(n) < 0.5, rng.uniform(-limit, limit, n), magnitudes(rng, n, info.eps**2, 1))


def unit(rng, n, info):
    """(-1, 1), up to the neighbours of 0 and of the ends."""
    inner = magnitudes(rng, n, info.tiny, 0.99)
    return np.where(rng.random(n) < 0.5, inner, np.sign(inner) * (1 - magnitudes(rng, n, info.eps, 1, (1,))))


def above_one(rng, n, info):
    near = 1 + magnitudes(rng, n, info.eps, 1, (1,))
    return np.where(rng.random(n) < 0.5, near, magnitudes(rng, n, 1.1, info.max / 2, (1,)))


def above_minus_one(rng, n, info):
    return np.where(rng.random(n) < 0.5, -unit(rng, n, info), positive(rng, n, info))


def angle(rng, n, info):
    return np.where(rng.random(n) < 0.5, rng.uniform(-9, 9, n), magnitudes(rng, n, 1e-9, 1e6))


def plane(rng, n, info):
    """Pairs of every size, half of them of like size."""
    x = magnitudes(rng, n, info.tiny, info.max / 1e6)
    return x, np.where(rng.random(n) < 0.5, x * magnitudes(rng, n, 1e-5, 1e5), rng.permutation(x))


def powers(rng, n, info):
    """Bases and exponents whose power neither overflows nor underflows."""
    limit = 0.9 * np.log(float(info.max))
    x = np.where(rng.random(n) < 0.5, magnitudes(rng, n, 0.1, 10, (1,)), positive(rng, n, info))
    return x, np.clip(rng.uniform(-1, 1, n) * limit / np.abs(np.log(x)), -30, 30)


def neighbours(rng, n, info):
    x = magnitudes(rng, n, info.eps, 300)
    return x, x + magnitudes(rng, n, info.eps, 80)


def steps(rng, n, info):
    """Pairs whose quotient is no large number."""
    y = magnitudes(rng, n, 1e-9, 1e9)
    return y * rng.uniform(-9, 9, n), y


def scales(rng, n, info):
    return magnitudes(rng, n, 1e-9, 1e9), rng.integers(-30, 30, n)


# ---- references: region, derivatives ------------------------------------------------------------------------------

def constant(*numbers):
    return tuple(lambda *arguments, c=c: mp.mpf(c) for c in numbers)


def sech(x):
    return 1 / mp.cosh(x)


def sinc_slope(x):
    return (mp.cos(mp.pi * x) - mp.sincpi(x)) / x


def root(x):
    return mp.sqrt(1 - x) * mp.sqrt(1 + x)


def weight(x, y):
    return 1 / (1 + mp.exp(y - x))


def weight2(x, y):
    return 1 / (1 + 2 ** (y - x))


def real_sign(x):
    return mp.mpf(1 if x > 0 else -1)


UNARY = {
    "negative": (line, *constant(-1, 0)),
    "positive": (line, *constant(1, 0)),
    "conjugate": (line, *constant(1, 0)),
    "absolute": (line, real_sign, *constant(0)),
    "fabs": (line, real_sign, *constant(0)),
    "deg2rad": (line, lambda x: mp.pi / 180, *constant(0)),
    "radians": (line, lambda x: mp.pi / 180, *constant(0)),
    "rad2deg": (line, lambda x: 180 / mp.pi, *constant(0)),
    "degrees": (line, lambda x: 180 / mp.pi, *constant(0)),
    "square": (line, lambda x: 2 * x, *constant(2)),
    "reciprocal": (line, lambda x: -(x**-2), lambda x: 2 * x**-3),
    "sqrt": (positive, lambda x: 1 / mp.sqrt(x) / 2, lambda x: -1 / (mp.sqrt(x) * x) / 4),
    "cbrt": (line, lambda x: abs(x) ** (mp.mpf(-2) / 3) / 3, lambda x: -2 * abs(x) ** (mp.mpf(-2) / 3) / (9 * x)),
    "exp": (exponent, mp.exp, mp.exp),
    "exp2": (exponent, lambda x: mp.ln2 * 2**x, lambda x: mp.ln2**2 * 2**x),
    "expm1": (exponent, mp.exp, mp.exp),
    "log": (positive, lambda x: 1 / x, lambda x: -(x**-2)),
    "log2": (positive, lambda x: 1 / x / mp.ln2, lambda x: -(x**-2) / mp.ln2),
    "log10": (positive, lambda x: 1 / x / mp.ln10, lambda x: -(x**-2) / mp.ln10),
    "log1p": (above_minus_one, lambda x: 1 / (1 + x), lambda x: -((1 + x) ** -2)),
    "sin": (angle, mp.cos, lambda x: -mp.sin(x)),
    "cos": (angle, lambda x: -mp.sin(x), lambda x: -mp.cos(x)),
    "tan": (angle, lambda x: mp.cos(x) ** -2, lambda x: 2 * mp.sin(x) * mp.cos(x) ** -3),
    "arcsin": (unit, lambda x: 1 / root(x), lambda x: x * root(x) ** -3),
    "arccos": (unit, lambda x: -1 / root(x), lambda x: -x * root(x) ** -3),
    "arctan": (line, lambda x: 1 / (1 + x * x), lambda x: -2 * x * (1 + x * x) ** -2),
    "sinc": (angle, sinc_slope, lambda x: -(mp.pi**2) * mp.sincpi(x) - 2 * sinc_slope(x) / x),
    "sinh": (exponent, mp.cosh, mp.sinh),
    "cosh": (exponent, mp.sinh, mp.cosh),
    "tanh": (exponent, lambda x: sech(x) ** 2, lambda x: -2 * mp.tanh(x) * sech(x) ** 2),
    "arcsinh": (line, lambda x: 1 / mp.sqrt(1 + x * x), lambda x: -x * mp.sqrt(1 + x * x) ** -3),
    "arccosh": (above_one, lambda x: 1 / (mp.sqrt(x - 1) * mp.sqrt(x + 1)),
                lambda x: -x * (mp.sqrt(x - 1) * mp.sqrt(x + 1)) ** -3),
    "arctanh": (unit, lambda x: 1 / (1 - x) / (1 + x), lambda x: 2 * x * ((1 - x) * (1 + x)) ** -2),
}

POWER = (powers, lambda x, y: y * x ** (y - 1), lambda x, y: x**y * mp.log(x), lambda x, y: y * (y - 1) * x ** (y - 2),
         lambda x, y: x ** (y - 1) * (1 + y * mp.log(x)), lambda x, y: x**y * mp.log(x) ** 2)

BINARY = {
    "add": (plane, *constant(1, 1, 0, 0, 0)),
    "subtract": (plane, *constant(1, -1, 0, 0, 0)),
    "multiply": (plane, lambda x, y: y, lambda x, y: x, *constant(0, 1, 0)),
    "divide": (plane, lambda x, y: 1 / y, lambda x, y: -x / y**2, *constant(0), lambda x, y: -1 / y**2,
               lambda x, y: 2 * x / y**3),
    "power": POWER,
    "float_power": POWER,
    "remainder": (steps, *constant(1), lambda x, y: -mp.floor(x / y), *constant(0, 0, 0)),
    "fmod": (steps, *constant(1), lambda x, y: -real_sign(x / y) * mp.floor(abs(x / y)), *constant(0, 0, 0)),
    "hypot": (plane, lambda x, y: x / mp.hypot(x, y), lambda x, y: y / mp.hypot(x, y),
              lambda x, y: y * y / mp.hypot(x, y) ** 3, lambda x, y: -x * y / mp.hypot(x, y) ** 3,
              lambda x, y: x * x / mp.hypot(x, y) ** 3),
    "arctan2": (plane, lambda x, y: y / (x * x + y * y), lambda x, y: -x / (x * x + y * y),
                lambda x, y: -2 * x * y / (x * x + y * y) ** 2, lambda x, y: (x * x - y * y) / (x * x + y * y) ** 2,
                lambda x, y: 2 * x * y / (x * x + y * y) ** 2),
    "logaddexp": (neighbours, weight, lambda x, y: weight(y, x), lambda x, y: weight(x, y) * weight(y, x),
                  lambda x, y: -weight(x, y) * weight(y, x), lambda x, y: weight(x, y) * weight(y, x)),
    "logaddexp2": (neighbours, weight2, lambda x, y: weight2(y, x),
                   lambda x, y: mp.ln2 * weight2(x, y) * weight2(y, x),
                   lambda x, y: -mp.ln2 * weight2(x, y) * weight2(y, x),
                   lambda x, y: mp.ln2 * weight2(x, y) * weight2(y, x)),
    "maximum": (neighbours, lambda x, y: mp.mpf(x > y), lambda x, y: mp.mpf(y > x), *constant(0, 0, 0)),
    "minimum": (neighbours, lambda x, y: mp.mpf(x < y), lambda x, y: mp.mpf(y < x), *constant(0, 0, 0)),
    "fmax": (neighbours, lambda x, y: mp.mpf(x > y), lambda x, y: mp.mpf(y > x), *constant(0, 0, 0)),
    "fmin": (neighbours, lambda x, y: mp.mpf(x < y), lambda x, y: mp.mpf(y < x), *constant(0, 0, 0)),
    "copysign": (plane, lambda x, y: real_sign(x) * real_sign(y), *constant(0, 0, 0, 0)),
    "heaviside": (plane, *constant(0, 0, 0, 0, 0)),
    "nextafter": (plane, *constant(1, 0, 0, 0, 0)),
    "ldexp": (scales, lambda x, y: mp.mpf(2) ** y, *constant(0, 0, 0, 0)),
}

REFERENCES = {**UNARY, **BINARY}

# mpmath's own functions, where it has them, to differentiate numerically
FUNCTIONS = {
    "square": lambda x: x * x, "reciprocal": lambda x: 1 / x, "sqrt": mp.sqrt, "exp": mp.exp, "exp2": lambda x: 2**x,
    "expm1": mp.expm1, "log": mp.log, "log2": lambda x: mp.log(x) / mp.ln2, "log10": mp.log10, "log1p": mp.log1p,
    "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan,
    "sinc": mp.sincpi, "sinh": mp.sinh, "cosh": mp.cosh, "tanh": mp.tanh, "arcsinh": mp.asinh, "arccosh": mp.acosh,
    "arctanh": mp.atanh, "cbrt": mp.cbrt, "divide": lambda x, y: x / y, "multiply": lambda x, y: x * y,
    "power": lambda x, y: x**y, "float_power": lambda x, y: x**y, "hypot": mp.hypot, "arctan2": mp.atan2,
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), "logaddexp2": lambda x, y: mp.log(2**x + 2**y) / mp.ln2,
}
ORDERS = {1: [1, 2], 2: [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]}
REAL_ONLY = {"absolute", "conjugate", "maximum", "minimum", "fmax", "fmin"}
HOLOMORPHIC = ["sinc"] + sorted(
    name for name in REFERENCES if "D" in "".join(getattr(getattr(np, name), "types", [])) and name not in REAL_ONLY)


# ---- evaluation ---------------------------------------------------------------------------------------------------

def draw(name, n, dtype):
    """Arguments from the region of a function, of the given type."""
    drawn = REFERENCES[name][0](np.random.default_rng(7), n, np.finfo(dtype))
    drawn = drawn if isinstance(drawn, tuple) else (drawn,)
    return [x if x.dtype.kind == "i" else x.astype(dtype) for x in drawn]


def python_partials(name, *arguments):
    """The derivatives of a line by its Python meaning."""
    kind, _, aux, arg, *texts = TABLE[name]
    names = ("x", "y") if kind == "UNARY" else ("x", "y", "z")
    firsts = ("d",) if kind == "UNARY" else ("dx", "dy")
    with np.errstate(all="ignore"):
        scope = [*arguments, getattr(np, name)(*arguments)]
        a = None if aux == "none" else getattr(np, aux)(compile_expression(arg, names)(*scope))
    found = []
    for text in texts:
        known = found[: len(firsts)] if len(found) >= len(firsts) else []
        found.append(compile_expression(text, (*names, "a", *firsts[: len(known)]))(*scope, a, *known))
    return found


def exact(x):
    return mp.mpc(complex(x)) if np.iscomplexobj(x) else mp.mpf(float(x))


def motion(reference, point, derivative, eps):
    """How far the derivative moves when an argument moves by its rounding error."""
    total = mp.mpf(0)
    for i, x in enumerate(point):
        moved = list(point)
        moved[i] = x * (1 + mp.mpf(eps))
        total += abs(reference(*moved) - derivative)
    return total


def error(got, reference, point, info):
    """The error over what is allowed: four ulp, or twice the motion if that is more."""
    point = [exact(p) for p in point]
    derivative = reference(*point)
    if abs(derivative) > info.max:
        return 0 if np.isinf(got) else INF
    if not np.isfinite(got):
        return INF
    ulp = max(mp.ldexp(1, mp.mag(derivative) - 1) if derivative else 0, mp.mpf(float(info.tiny))) * float(info.eps)
    allowed = max(4 * ulp, 2 * motion(reference, point, derivative, float(info.eps)))
    return float(abs(exact(got) - derivative) / allowed)


# ---- tests --------------------------------------------------------------------------------------------------------

def test_every_float_ufunc_has_a_line():
    ufuncs = {f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc) and "d" in "".join(f.types)}
    elsewhere = {"divmod", "modf", "frexp", "matmul", "matvec", "vecmat", "vecdot"}
    assert ufuncs - elsewhere <= set(TABLE)
    assert {name for name, row in TABLE.items() if row[0] != "PLAIN"} == set(REFERENCES)


def test_rows_have_the_columns_of_their_kind():
    assert {(row[0], len(row)) for row in TABLE.values()} == {("UNARY", 6), ("BINARY", 9), ("PLAIN", 2)}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_reference_is_the_derivative_of_the_mpmath_function(name):
    region, *references = REFERENCES[name]
    real = mp.mpf("1.7") if name == "arccosh" else mp.mpf("0.4")
    points = [(real, mp.mpf("2.2"))]
    if name in HOLOMORPHIC:
        points += [(mp.mpc(a, b), mp.mpc("0.7", b)) for a in ("0.6", "-0.8") for b in ("0.5", "-1.9")]
    for point in points:
        nin = 1 if name in UNARY else 2
        for order, reference in zip(ORDERS[nin], references, strict=True):
            argument = point[0] if nin == 1 else point
            numerical = mp.diff(FUNCTIONS[name], argument, order)
            assert abs(reference(*point[:nin]) - numerical) < mp.mpf("1e-30") * max(1, abs(numerical))


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("name", REFERENCES)
def test_compiled_derivatives_within_four_ulp(name, dtype):
    arguments = draw(name, 80, dtype)
    value, *partials = _core.partials(name, *arguments)
    assert value.dtype == dtype
    for got, reference in zip(partials, REFERENCES[name][1:], strict=True):
        errors = [error(g, reference, point, np.finfo(dtype)) for g, *point in zip(got, *arguments, strict=True)]
        worst = int(np.argmax(errors))
        assert errors[worst] <= 1, (TABLE[name], [x[worst] for x in arguments], got[worst])


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("name", REFERENCES)
def test_python_meaning_equals_c_meaning(name, dtype):
    arguments = draw(name, 2000, dtype)
    compiled = _core.partials(name, *arguments)[1:]
    for c, p in zip(compiled, python_partials(name, *arguments), strict=True):
        assert np.result_type(p, dtype) == (np.float64 if name == "float_power" else dtype)
        info = np.finfo(dtype)
        np.testing.assert_allclose(np.broadcast_to(p, c.shape), c, rtol=200 * info.eps, atol=200 * info.smallest_subnormal)
