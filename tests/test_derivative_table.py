"""Every line of csrc/derivatives.def against mpmath, in C and in Python.

A reference is a closed form written for mpmath; that it is the derivative of mpmath's function is itself
tested, by mpmath's numerical differentiation at high precision.
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


# ---- where the functions live ------------------------------------------------------------------------------
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


# ---- references: region, derivatives -----------------------------------------------------------------------

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
    "cbrt": (line, lambda x: mp.cbrt(abs(x)) ** -2 / 3, lambda x: -2 * mp.cbrt(abs(x)) ** -2 / (9 * x)),
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

POWER = (powers, lambda x, y: y * x ** (y - 1), lambda x, y: x**y * mp.log(x),
         lambda x, y: y * (y - 1) * x ** (y - 2), lambda x, y: x ** (y - 1) * (1 + y * mp.log(x)),
         lambda x, y: x**y * mp.log(x) ** 2)

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
                lambda x, y: -2 * x * y / (x * x + y * y) ** 2,
                lambda x, y: (x * x - y * y) / (x * x + y * y) ** 2,
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
    "square": lambda x: x * x, "reciprocal": lambda x: 1 / x, "sqrt": mp.sqrt, "exp": mp.exp,
    "exp2": lambda x: 2**x,
    "expm1": mp.expm1, "log": mp.log, "log2": lambda x: mp.log(x) / mp.ln2, "log10": mp.log10,
    "log1p": mp.log1p,
    "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan,
    "sinc": mp.sincpi, "sinh": mp.sinh, "cosh": mp.cosh, "tanh": mp.tanh, "arcsinh": mp.asinh,
    "arccosh": mp.acosh, "arctanh": mp.atanh, "cbrt": mp.cbrt,
    "divide": lambda x, y: x / y, "multiply": lambda x, y: x * y,
    "power": lambda x, y: x**y, "float_power": lambda x, y: x**y, "hypot": mp.hypot, "arctan2": mp.atan2,
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "logaddexp2": lambda x, y: mp.log(2**x + 2**y) / mp.ln2,
}
ORDERS = {1: [1, 2], 2: [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]}
REAL_ONLY = {"absolute", "conjugate", "maximum", "minimum", "fmax", "fmin"}
HOLOMORPHIC = [name for name in REFERENCES if name not in REAL_ONLY
               and (name == "sinc" or "D" in "".join(getattr(np, name).types))]


# ---- special points: name, arguments, derivatives; ANY is not specified ------------------------------------

SPECIAL = [
    # absolute values and signs
    ("absolute", (0.0,), 0, 0), ("absolute", (-0.0,), 0, 0), ("absolute", (-INF,), -1, 0),
    ("fabs", (0.0,), 0, 0), ("copysign", (0.0, -1.0), 0, 0), ("copysign", (3.0, -2.0), -1, 0),
    ("copysign", (-3.0, -0.0), 1, 0),
    # poles at the edge of the domain; a zero of either sign lies at the edge
    ("sqrt", (0.0,), INF, -INF), ("sqrt", (-0.0,), INF, -INF), ("sqrt", (INF,), 0, 0),
    ("cbrt", (0.0,), INF, -INF), ("cbrt", (-0.0,), INF, INF), ("cbrt", (-INF,), 0, 0),
    ("log", (0.0,), INF, -INF), ("log", (-0.0,), INF, -INF), ("log", (INF,), 0, 0),
    ("log2", (-0.0,), INF, -INF), ("log10", (-0.0,), INF, -INF), ("log1p", (-1.0,), INF, -INF),
    ("arcsin", (1.0,), INF, INF), ("arcsin", (-1.0,), INF, -INF), ("arccos", (1.0,), -INF, -INF),
    ("arccosh", (1.0,), INF, -INF), ("arctanh", (1.0,), INF, INF), ("arctanh", (-1.0,), INF, -INF),
    ("reciprocal", (0.0,), -INF, INF), ("reciprocal", (INF,), 0, 0),
    # tails
    ("exp", (-INF,), 0, 0), ("exp", (1e4,), INF, INF), ("expm1", (-INF,), 0, 0), ("tanh", (400.0,), 0, 0),
    ("tanh", (-400.0,), 0, 0), ("tanh", (INF,), 0, 0), ("tanh", (-INF,), 0, 0), ("arctan", (INF,), 0, 0),
    ("arcsinh", (-INF,), 0, 0), ("arccosh", (INF,), 0, 0),
    # smooth points where a formula divides by zero
    ("sinc", (0.0,), 0, -np.pi**2 / 3), ("tanh", (0.0,), 1, 0), ("arctan", (0.0,), 1, 0),
    ("arcsinh", (-0.0,), 1, 0),
    # powers
    ("power", (0.0, 0.0), 0, -INF, 0), ("power", (2.0, 0.0), 0, np.log(2), 0, 0.5, np.log(2) ** 2),
    ("power", (0.0, 1.0), 1, 0, 0, ANY, 0), ("power", (0.0, 2.0), 0, 0, 2, 0, 0),
    ("power", (0.0, 3.0), 0, 0, 0, 0, 0), ("power", (-0.0, 3.0), 0, 0, 0, 0, 0),
    ("power", (0.0, 2.5), 0, 0, 0, 0, 0), ("power", (0.0, 1.5), 0, 0, INF, 0, 0),
    ("power", (0.0, 0.5), INF, 0, -INF, -INF, 0), ("power", (0.0, -1.0), -INF, -INF, INF),
    ("power", (-2.0, 3.0), 12, NAN, -12, NAN, NAN), ("power", (-2.0, 2.0), -4, NAN, 2, NAN, NAN),
    ("power", (-2.0, -1.0), -0.25, NAN, -0.25, NAN, NAN), ("power", (INF, 0.5), 0, INF),
    ("power", (INF, 1.0), 1, INF, 0), ("power", (INF, -2.0), 0, 0, 0), ("power", (NAN, 0.0), 0, ANY, 0),
    ("float_power", (0.0, 1.0), 1, 0, 0, ANY, 0), ("float_power", (-2.0, 3.0), 12, NAN, -12, NAN, NAN),
    # quotients
    ("divide", (1.0, 0.0), INF, -INF), ("divide", (0.0, 2.0), 0.5, 0, 0, -0.25, 0),
    ("remainder", (7.0, 3.0), 1, -2), ("remainder", (-7.0, 3.0), 1, 3), ("remainder", (7.0, -3.0), 1, 3),
    ("remainder", (-1e-20, 1.0), 1, 1), ("fmod", (7.0, 3.0), 1, -2), ("fmod", (-7.0, 3.0), 1, 2),
    # the origin of the plane
    ("hypot", (0.0, 0.0), 0, 0, 0, 0, 0), ("hypot", (0.0, -0.0), 0, 0, 0, 0, 0),
    ("hypot", (3.0, 0.0), 1, 0, 0, 0, 1 / 3), ("arctan2", (0.0, 0.0), 0, 0, 0, 0, 0),
    ("arctan2", (-0.0, -0.0), 0, 0, 0, 0, 0), ("arctan2", (0.0, -2.0), -0.5, 0, 0, -0.25, 0),
    ("arctan2", (1.0, INF), 0, 0, 0, 0, 0),
    # ties, NaN and infinite operands
    ("maximum", (1.0, 1.0), 0.5, 0.5, 0, 0, 0), ("minimum", (0.0, -0.0), 0.5, 0.5),
    ("fmax", (INF, INF), 0.5, 0.5), ("maximum", (NAN, 1.0), 1, 0), ("maximum", (1.0, NAN), 0, 1),
    ("maximum", (NAN, NAN), 1, 0), ("fmin", (NAN, 1.0), 0, 1), ("fmin", (1.0, NAN), 1, 0),
    ("fmin", (NAN, NAN), 1, 0), ("logaddexp", (3.0, 3.0), 0.5, 0.5, 0.25, -0.25, 0.25),
    ("logaddexp", (INF, INF), 0.5, 0.5), ("logaddexp", (-INF, -INF), 0.5, 0.5),
    ("logaddexp", (-INF, 1.0), 0, 1, 0, 0, 0), ("logaddexp", (900.0, 0.0), 1, 0),
    ("logaddexp2", (-INF, -INF), 0.5, 0.5), ("logaddexp2", (INF, 1.0), 1, 0),
    # steps
    ("heaviside", (0.0, 0.3), 0, 1, 0, 0, 0), ("heaviside", (2.0, 0.3), 0, 0, 0, 0, 0),
    ("nextafter", (1.0, 2.0), 1, 0), ("ldexp", (0.0, 3), 8, 0), ("ldexp", (1.5, -2), 0.25, 0),
]


# ---- evaluation --------------------------------------------------------------------------------------------

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
    power_of_two = mp.ldexp(1, mp.mag(derivative) - 1) if derivative else 0
    ulp = max(power_of_two, mp.mpf(float(info.tiny))) * float(info.eps)
    allowed = max(4 * ulp, 2 * motion(reference, point, derivative, float(info.eps)))
    return float(abs(exact(got) - derivative) / allowed)


# ---- tests -------------------------------------------------------------------------------------------------

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
        info = np.finfo(dtype)
        errors = [error(g, reference, point, info) for g, *point in zip(got, *arguments, strict=True)]
        worst = int(np.argmax(errors))
        assert errors[worst] <= 1, (TABLE[name], [x[worst] for x in arguments], got[worst])


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("name", REFERENCES)
def test_python_meaning_equals_c_meaning(name, dtype):
    arguments = draw(name, 2000, dtype)
    info = np.finfo(dtype)
    # x**(y - 1) feels the rounding of y - 1; the derivatives of sinc have zeros
    rtol, atol = (1e4 if "power" in name else 50) * info.eps, 50 * info.eps if name == "sinc" else 0
    for c, p in zip(_core.partials(name, *arguments)[1:], python_partials(name, *arguments), strict=True):
        assert np.result_type(p, dtype) == dtype or name == "float_power"
        ordinary = (c == 0) | ((abs(c) > 1e6 * info.tiny) & (abs(c) < 1e-6 * info.max))
        np.testing.assert_allclose(np.broadcast_to(p, c.shape)[ordinary], c[ordinary], rtol, atol)


@pytest.mark.parametrize("meaning", [lambda *a: _core.partials(*a)[1:], python_partials], ids=["c", "python"])
@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("special", SPECIAL, ids=lambda s: f"{s[0]}{s[1]}".replace(" ", ""))
def test_special_points(special, dtype, meaning):
    name, point, *wanted = special
    arguments = [np.array([v], int if name == "ldexp" and i else dtype) for i, v in enumerate(point)]
    for got, want in zip(meaning(name, *arguments), wanted, strict=False):
        if want is not ANY:
            np.testing.assert_allclose(np.ravel(got), [want], 4 * np.finfo(dtype).eps)


def test_choices_follow_the_operand_that_numpy_returns():
    numbers = np.array([-INF, -1.0, 0.0, 2.0, INF, NAN])
    x, y = (v.ravel() for v in np.meshgrid(numbers, numbers))
    for name in ("maximum", "minimum", "fmax", "fmin"):
        z, dx, dy, *second = _core.partials(name, x, y)
        np.testing.assert_array_equal(dx + dy, 1)
        np.testing.assert_array_equal(np.where(dx == 1, x, y), z)
        np.testing.assert_array_equal(dx == 0.5, x == y)
        assert not np.any(second)


def test_whole_powers_of_negative_numbers():
    x = -magnitudes(np.random.default_rng(3), 300, 1e-20, 1e20, (1,))
    y = np.random.default_rng(4).integers(-9, 10, 300).astype(float)
    _, dx, dy, dxx, dxy, dyy = _core.partials("power", x, y)
    np.testing.assert_allclose(dx, y * x ** (y - 1), 1e-15)
    np.testing.assert_allclose(dxx, y * (y - 1) * x ** (y - 2), 1e-15)
    assert np.all(np.isnan([dy, dyy]))
    assert np.all(np.isnan(dxy[y != 0]))


def differentiated_again(name, arguments, direction):
    """The derivatives along one argument of the first derivatives of a line, which Dual numbers carry."""
    kind, _, aux, arg, *texts = TABLE[name]
    names = ("x", "y") if kind == "UNARY" else ("x", "y", "z")
    scope = [_core.Dual(v, np.ones_like(v)) if i == direction else v for i, v in enumerate(arguments)]
    with np.errstate(all="ignore"):
        scope.append(getattr(np, name)(*scope))
        a = None if aux == "none" else getattr(np, aux)(compile_expression(arg, names)(*scope))
    firsts = [compile_expression(text, (*names, "a"))(*scope, a) for text in texts[: len(arguments)]]
    tangents = [f.tangent if isinstance(f, _core.Dual) else 0.0 for f in firsts]
    return [np.broadcast_to(t, arguments[0].shape) for t in tangents]


@pytest.mark.parametrize("name", sorted(set(REFERENCES) - {"ldexp"}))
def test_first_derivatives_can_be_differentiated_again(name):
    arguments = [np.clip(v, -1e9, 1e9) for v in draw(name, 500, np.float64)]
    arguments = [np.where(abs(v) < 1e-9, 1e-9, v) for v in arguments]
    second = _core.partials(name, *arguments)[1 + len(arguments):]
    second = [second] if name in UNARY else [second[:2], second[1:]]
    for direction, wanted in enumerate(second):
        for got, want in zip(differentiated_again(name, arguments, direction), wanted, strict=True):
            # where a second derivative is small against the first, it is a small difference of rounded terms
            scale = np.max(np.abs(wanted), axis=0)
            ordinary = (scale < 1e290) & (np.abs(want) > 1e-6 * scale)
            np.testing.assert_allclose(got[ordinary], want[ordinary], 1e-7)


@pytest.mark.parametrize("name, point, wanted", [
    ("power", (0.0, 3.0), [0, 0]), ("power", (0.0, 2.0), [2, 0]), ("power", (0.0, 1.0), [0, ANY]),
    ("power", (0.0, 0.0), [0, ANY]), ("power", (0.0, 2.5), [0, 0]), ("power", (-2.0, 3.0), [-12, ANY]),
    ("hypot", (0.0, 0.0), [0, 0]), ("arctan2", (0.0, 0.0), [0, 0]), ("maximum", (1.0, 1.0), [0, 0]),
    ("logaddexp", (2.0, 2.0), [0.25, -0.25]),
    ("sqrt", (0.0,), [-INF]), ("cbrt", (0.0,), [-INF]), ("log", (0.0,), [-INF]),
    ("absolute", (0.0,), [0]), ("tanh", (0.0,), [0]), ("tanh", (400.0,), [0]),
    ("sinc", (0.0,), [-np.pi**2 / 3]), ("arcsinh", (0.0,), [0]),
    ("arctan", (1e200,), [0]), ("arcsinh", (1e200,), [0])])
def test_special_points_differentiated_again(name, point, wanted):
    got = differentiated_again(name, [np.array([v]) for v in point], 0)
    for g, want in zip(got, wanted, strict=True):
        if want is not ANY:
            np.testing.assert_allclose(g, [want], 1e-14)


def complex_points(name, n):
    """Points off the cuts, from the neighbourhood of 0 to where the function still has ordinary values."""
    rng = np.random.default_rng(11)
    large = 1e70 if REFERENCES[name][0] in (line, positive, above_one, plane) else 20
    if REFERENCES[name][0] is powers:
        large = 9
    x, y = (magnitudes(rng, n, 1e-3, large) * np.exp(1j * rng.uniform(0, 2 * np.pi, n)) for _ in range(2))
    return [x] if name in UNARY else [x, y]


def complex_error(got, reference, point):
    """The relative error over what is allowed: a few units, or twice the motion if that is more."""
    point = [exact(p) for p in point]
    derivative = reference(*point)
    eps = 2.0**-52
    moved = motion(reference, point, derivative, eps)
    allowed = max(16 * eps * abs(derivative), 4 * moved, mp.mpf("1e-300"))
    return float(abs(exact(complex(got)) - derivative) / allowed)


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_complex_arguments(name):
    arguments = complex_points(name, 60)
    for got, reference in zip(python_partials(name, *arguments), REFERENCES[name][1:], strict=True):
        got = np.broadcast_to(got, arguments[0].shape)
        errors = [complex_error(g, reference, point) for g, *point in zip(got, *arguments, strict=True)]
        worst = int(np.argmax(errors))
        assert errors[worst] <= 1, (TABLE[name], [x[worst] for x in arguments], got[worst])


@pytest.mark.parametrize("name, x", [
    ("tanh", 500 + 1j), ("tanh", -900 + 1j), ("tan", 1 + 500j), ("tan", 2 - 25j), ("tan", 1 - 900j),
    ("arcsin", 1e200 + 1e200j), ("arccos", -1e200 + 1j), ("arctan", 1e200 - 1e200j),
    ("arcsinh", -1e200 + 1e199j),
    ("arccosh", 1e200j + 1), ("arctanh", 1e200 + 1e200j), ("arcsin", 1 + 1e-9j), ("arctan", 1e-9 + 1j)])
def test_complex_tails_and_poles(name, x):
    got = python_partials(name, np.array([x]))[0][0]
    reference = REFERENCES[name][1](mp.mpc(x))
    assert abs(mp.mpc(complex(got)) - reference) <= mp.mpf("1e-14") * abs(reference) + mp.mpf("1e-300")


@pytest.mark.parametrize(
    "name", ["arcsin", "arccos", "arctanh", "arcsinh", "arctan", "arccosh", "sqrt", "log"])
def test_derivative_is_taken_on_the_side_of_the_cut_where_the_value_is(name):
    zero = np.array([0.0, -0.0])
    cut = {"arccosh": [0.3, -2], "sqrt": [-2], "log": [-2]}.get(name, [2, -2])
    imaginary = name in ("arcsinh", "arctan")
    for end in cut:
        x = np.empty(2, complex)
        x.real, x.imag = (zero, end) if imaginary else (end, zero)
        step = np.copysign(1e-7, zero) * (1 if imaginary else 1j)
        beside = python_partials(name, x + step)[0]
        np.testing.assert_allclose(python_partials(name, x)[0], beside, 1e-6)
