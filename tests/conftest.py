"""What the test files share: comparison to the last bit, and makers of numbers with random tangents."""

import os

import numpy as np
import pytest
from hypothesis import settings

import dualad as da

settings.register_profile("quick", max_examples=25, deadline=None, database=None)
settings.register_profile("thorough", max_examples=1000, deadline=None, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

NUMBER_TYPES = (da.Dual, da.MultiDual)


@pytest.fixture(params=NUMBER_TYPES, ids=lambda kind: kind.__name__)
def kind(request):
    """Each first-order number type in turn."""
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


def directions(kind):
    """How many directions the numbers of these tests carry."""
    return 1 if kind is da.Dual else 3


def number(kind, value, tangents):
    """A number with these tangents, (K,)+S for either type."""
    return kind(value, tangents[0] if kind is da.Dual else tangents)


def random_number(kind, value, rng):
    """A number with this value and random tangents; returns it and its tangents, (K,)+S."""
    value = np.asarray(value)
    shape = (directions(kind), *value.shape)
    width = np.result_type(value.dtype, np.float32)
    tangents = rng.standard_normal(shape).astype(width)
    return number(kind, value, tangents), tangents


def is_number(y):
    return isinstance(y, NUMBER_TYPES)


def value_of(y):
    """The value of a number; anything else is its own value."""
    return y.value if is_number(y) else y


def tangents_of(y, kind):
    """The tangents of a number as (K,)+S; a constant or a plain array has zeros."""
    if not is_number(y) or y.isconstant:
        return np.zeros((directions(kind), *np.shape(value_of(y))))
    return np.asarray(y.tangent)[None] if kind is da.Dual else np.asarray(y.tangents)


def assert_same_bits(actual, expected):
    """Same dtype, shape and bits; the sign and payload of a NaN do not count."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    if expected.dtype.kind == "c":
        real = expected.real.dtype
        actual, expected = (np.ascontiguousarray(a).reshape(-1).view(real) for a in (actual, expected))
    same = actual == expected
    if expected.dtype.kind in "fc":
        same &= np.signbit(actual) == np.signbit(expected)
        same |= np.isnan(actual) & np.isnan(expected)
    assert np.all(same), f"{np.size(same) - np.count_nonzero(same)} of {np.size(same)} values differ"


def assert_close(actual, expected, rtol=1e-12, atol=1e-13):
    """Close as NumPy has it, with the same infinities and NaNs, and of the very same shape."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


def assert_number(y, kind, value, tangents, rtol=1e-12, atol=1e-13):
    """y is a number of this type with this value, to the bit, and these tangents, (K,)+S."""
    assert type(y) is kind
    assert_same_bits(y.value, value)
    assert_close(tangents_of(y, kind), tangents, rtol, atol)


def complex_step(f, values, tangents):
    """The directional derivative of a holomorphic f, exact to rounding, without dual numbers."""
    step = 1e-150
    shifted = [v + 1j * step * t for v, t in zip(values, tangents, strict=True)]
    return np.imag(f(*shifted)) / step


def error_text(error):
    """An error's message and those of the errors behind it."""
    parts = []
    while error is not None:
        parts.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(parts)
