"""The everyday calls of NumPy on uncertain numbers: the values are those of plain arrays, the deviations J C J^T."""

import numpy as np
import pytest

import dualad as da
import numpy_calls
from dualad import uq
from dualad.rules.algebra import Number
from test_numpy_calls import VARIABLES, Call

REAL = {name: np.asarray(v, float) for name, v in VARIABLES.items() if not np.iscomplexobj(v)}
OFFSETS = dict(zip(REAL, np.cumsum([0, *(v.size for v in REAL.values())]), strict=False))
COUNT = sum(v.size for v in REAL.values())
STD = np.random.default_rng(3).uniform(0.1, 0.3, COUNT)
# elements of scalars, polynomials, values of dual numbers
APART = ("s[", "r[", "poly1d", "p.value", "objects(", "round(s)")


def variable(name, value):
    """An uncertain array or scalar in the layout of the value, and one with a direction for each element of all."""
    inside = slice(OFFSETS[name], OFFSETS[name] + value.size)
    if value.ndim == 0:
        number = uq.ufloat(float(value), STD[inside][0])
    else:
        number = uq.uarray(value, STD[inside].reshape(value.shape))
    tangents = np.zeros((COUNT, *value.shape))
    tangents.reshape(COUNT, -1)[inside] = np.eye(value.size)
    return number, da.MultiDual(value.copy("K"), tangents)


UNCERTAIN, DUAL = ({name: variable(name, v)[k] for name, v in REAL.items()} for k in (0, 1))


def deviation(dual):
    """From the directions."""
    if not isinstance(dual, Number) or dual.isconstant:
        return 0.0
    return np.sqrt(np.tensordot(STD**2, np.square(dual.tangents), 1))


def check(line):
    call = Call(line)
    if not set(call.names) <= set(REAL):
        return
    plain, duals = call(REAL), call(DUAL)
    for value, dual, number in zip(plain, duals, call(UNCERTAIN), strict=True):
        if isinstance(dual, Number) and np.iscomplexobj(dual.value) or np.asarray(value).dtype.kind not in "biuf":
            continue
        assert np.shape(number) == np.shape(value)
        np.testing.assert_allclose(uq.nominal_value(number), value, rtol=4e-15)  # alignment makes a difference to BLAS
        if np.asarray(value).dtype.kind == "f":
            np.testing.assert_allclose(uq.std_dev(number), np.broadcast_to(deviation(dual), np.shape(value)), rtol=1e-8,
                                       atol=1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("section", numpy_calls.CALLS)
def test_calls(section):
    failures = []
    for line in numpy_calls.CALLS[section].strip().splitlines():
        if any(mark in line for mark in APART):
            continue
        try:
            check(line)
        except Exception as error:  # all of them, with their lines
            failures.append(f"{line}\n    {type(error).__name__}: {str(error).strip()[:200]}")
    assert not failures, f"{len(failures)} lines:\n" + "\n".join(failures)
