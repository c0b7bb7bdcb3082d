"""The derivative table of scipy.special, against mpmath at 40 digits."""

import inspect
import math
import zlib

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp
from scipy.special import _ufuncs

import dualad as da
from dualad.rules.special import PARTIALS, PLAIN, UNSUPPORTED


def ufunc(name):
    """The ufunc of that name; skips where this SciPy has none."""
    found = [f for f in (getattr(sp, name, None), getattr(_ufuncs, name, None)) if isinstance(f, np.ufunc)]
    if not found:
        pytest.skip(f"this SciPy has no ufunc {name}")
    return found[0]


# ---- Reference functions that mpmath does not have by name -------------------------------------------------------------

SPHERE = {"j": mp.besselj, "y": mp.bessely, "i": mp.besseli, "k": mp.besselk}


def spherical(kind):
    def function(n, z):
        factor = mp.sqrt(2 * z / mp.pi) if kind == "k" else mp.sqrt(mp.pi / (2 * z))
        return mp.pi / 2 * factor * SPHERE[kind](n + 0.5, z) * 2 / (mp.pi * z) * z ** 0 if False else (
            mp.sqrt(mp.pi / (2 * z)) * SPHERE[kind](n + 0.5, z))
    return function
