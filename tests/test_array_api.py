"""The array API standard: dualad.numpy as a namespace, and SciPy that keeps numbers through it."""

import json
import os
import pathlib
import subprocess
import sys

import mpmath
import numpy
import pytest

import dualad as da
import dualad.numpy as np
from conftest import assert_close, assert_same_bits, complex_step
from scipy_cases import CASES, INTERCEPTED, KERNEL, X

V = da.Dual([1.0, 3.0, 2.0], [1.0, 10.0, 100.0])
M = da.Dual([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])

# ---- SciPy in array-API mode ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results():
    pytest.importorskip("scipy", "1.17")
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    script = pathlib.Path(__file__).with_name("scipy_cases.py")
    command = [sys.executable, "-W", "ignore", str(script)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def rotation(v):
    """O. Rodrigues' formula."""
    angle = numpy.sqrt(v @ v)
    K = numpy.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return numpy.eye(3) + numpy.sin(angle) / angle * K + (1 - numpy.cos(angle)) / angle**2 * (K @ K)


def euler(v):
    x, y, z = (rotation(v * e) for e in numpy.eye(3))
    return z @ y @ x


def zscore(x):
    return (x - x.mean()) / numpy.sqrt(((x - x.mean()) ** 2).mean())


def discrete_entropy(x):
    p = x / x.sum()
    return -(p * numpy.log(p)).sum()


def trigamma(x):
    """Its recurrence up to x + 20, and the asymptotic series there (Abramowitz and Stegun 6.4.6 and 6.4.12)."""
    z = x + 20
    tail = 1 / z + 1 / (2 * z**2) + 1 / (6 * z**3) - 1 / (30 * z**5) + 1 / (42 * z**7) - 1 / (30 * z**9)
    return tail + sum(1 / (x + k) ** 2 for k in range(20))


# what SciPy computes, as formulas that continue to complex arguments
FORMULAS = {
    "logsumexp": lambda x: numpy.log(numpy.exp(x).sum()),
    "logsumexp_axis": lambda x: numpy.log(numpy.exp(x.reshape(2, 2)).sum(0, keepdims=True)),
    "softmax": lambda x: numpy.exp(x) / numpy.exp(x).sum(),
    "log_softmax": lambda x: x - numpy.log(numpy.exp(x).sum()),
    "expit": lambda x: 1 / (1 + numpy.exp(-x)),
    "xlogy": lambda x: x * numpy.log(x),
    "entropy": discrete_entropy,
    "zscore": zscore,
    "gmean": lambda x: numpy.exp(numpy.log(x).mean()),
    "skew": lambda x: (zscore(x) ** 3).mean(),
    "sem": lambda x: numpy.sqrt(((x - x.mean()) ** 2).sum() / 3 / 4),
    "trapezoid": lambda x: 0.1 * (x.sum() - (x[0] + x[-1]) / 2),
    "trapezoid_of_points": lambda x: ((x[1:] ** 2 + x[:-1] ** 2) / 2 * numpy.diff(x)).sum(),
    "cumulative_trapezoid": lambda x: 0.05 * numpy.cumsum(x[1:] + x[:-1]),
    "simpson": lambda x: 0.1 * x @ numpy.array([1 / 3, 15 / 12, 1.0, 5 / 12]),
    "fftconvolve": lambda x: numpy.convolve(x, KERNEL),
    "fftconvolve_square": lambda x: numpy.convolve(x, x),
    "oaconvolve": lambda x: numpy.convolve(x, KERNEL),
    "fft": lambda x: numpy.cos(numpy.pi / 2 * numpy.outer(numpy.arange(4), numpy.arange(4))) @ x,
    "irfft": lambda x: numpy.stack([sum(x[j] * x[(k - j) % 4] for j in range(4)) for k in range(4)]),
    "hilbert": lambda x: (numpy.roll(x, 1) - numpy.roll(x, -1)) / 2,
    "rotation_matrix": lambda x: rotation(x[:3]),
    "rotation_apply": lambda x: rotation(x[:3]) @ x[1:],
    "rotation_product": lambda x: rotation(x[:3]) @ rotation(x[1:]),
    "rotation_euler": lambda x: euler(x[:3]),
    "derivative": numpy.cos,
    "derivative_args": lambda x: x * numpy.cos(x * x),
    "find_root": lambda x: x ** (1 / 3),
    "digamma": trigamma,
}


MIXING = {"simpson"}
"""What SciPy 1.18 computes from truth values, which are plain arrays, and numbers together, and then refuses to mix."""


@pytest.mark.parametrize("name", FORMULAS)
def test_scipy_keeps_derivatives(results, name):
    if name in MIXING and isinstance(results[name], str):
        pytest.skip(results[name])
    value, jacobian = results[name]
    rtol = 1e-6 if name.startswith("derivative") else 1e-10  # SciPy's own differences limit what it gives
    assert_close(numpy.array(value), FORMULAS[name](X), rtol=rtol, atol=1e-13)
    if name not in INTERCEPTED:
        assert_close(numpy.array(value), CASES[name](X), rtol=1e-13)
    expected = numpy.stack([complex_step(FORMULAS[name], [X], [e]) for e in numpy.eye(4)], axis=-1)
    assert_close(numpy.array(jacobian), expected, rtol=rtol, atol=1e-12)


class TestScipyIntegrals:
    @staticmethod
    def slope(a):
        return float(mpmath.quad(lambda t: -(t**2) * mpmath.exp(-a * t**2), [0, 1]))

    def test_parameters(self, results):
        assert_close(numpy.array(results["cubature"][1]), [0.0, self.slope(X[1]), 0.0, 0.0], rtol=1e-9)
        assert_close(numpy.array(results["tanhsinh"][1]), numpy.diag([self.slope(a) for a in X]), rtol=1e-9)

    def test_limits(self, results):
        ends = numpy.exp(-(X**2))
        assert_close(numpy.array(results["cubature_limits"][1]), [-ends[0], ends[1], 0.0, 0.0], rtol=1e-9)
        assert_close(numpy.array(results["tanhsinh_limits"][1]), numpy.diag(ends), rtol=1e-9)


def test_scipy_refuses_to_mix_libraries(results):
    """A plain array beside a number is an error, not an array without derivatives."""
    assert "Multiple namespaces" in results["mixed"]


def test_every_case_is_checked():
    integrals = {name for name in CASES if name.startswith(("cubature", "tanhsinh"))}
    assert set(CASES) == {*FORMULAS, *integrals, "mixed"}


# ---- the namespace -------------------------------------------------------------------------------------------------


class TestNamespace:
    def test_of_a_number(self):
        assert V.__array_namespace__() is np
        for version in (None, "2022.12"):
            assert V.__array_namespace__(api_version=version) is np
        with pytest.raises(ValueError, match="not supported"):
            V.__array_namespace__(api_version="1999.01")

    @pytest.mark.skipif(not hasattr(numpy, "__array_namespace_info__"), reason="this NumPy is older than the standard")
    def test_inspection(self):
        info = np.__array_namespace_info__()
        assert info.default_device() == V.device == "cpu"
        assert info.default_dtypes()["real floating"] == V.dtype
        assert set(info.dtypes(kind="real floating")) == {"float32", "float64"}

    def test_device(self):
        assert_close(V.to_device("cpu").tangent, V.tangent)
        with pytest.raises(ValueError, match="cpu"):
            V.to_device("gpu")

    def test_data_types(self):
        assert np.isdtype(V.dtype, "real floating") and not np.isdtype(V.dtype, "integral")
        assert np.result_type(V, numpy.float32(1)) == numpy.float64
        assert np.finfo(V.dtype).eps == numpy.finfo(float).eps
        y = np.astype(V, numpy.float32)
        assert type(y) is da.Dual and y.dtype == numpy.float32
        assert np.astype(V, numpy.float64, copy=False) is V
        with pytest.raises(TypeError, match="int64.*drop the derivative"):
            np.astype(V, numpy.int64)

    def test_bool_asks_about_the_value(self):
        for truth in (np.astype(V - 1.0, np.bool), (V - 1.0).astype(bool)):
            assert type(truth) is numpy.ndarray
            assert_same_bits(truth, numpy.array([False, True, True]))

    def test_unique(self):
        x = np.concat([V, V[:1] * 3.0 - 2.0])
        results = np.unique_values(x), np.unique_counts(x).values, np.unique_inverse(x).values, np.unique_all(x).values
        for y in results:
            assert_close(y.value, [1.0, 2.0, 3.0])
            assert_close(y.tangent[1:], [100.0, 10.0])
            assert 1.0 <= y.tangent[0] <= 3.0  # of the equal elements 1.0, with tangents 1.0 and 3.0
        assert_same_bits(np.unique_counts(x).counts, numpy.array([2, 1, 1]))
        assert_same_bits(np.unique_all(x).inverse_indices, numpy.array([0, 2, 1, 0]))

    def test_linear_algebra(self):
        assert_close(np.matrix_transpose(M).tangent, M.tangent.T)
        assert_close(M.mT.tangent, M.tangent.T)
        assert_close(np.vecdot(M, M).tangent, 2 * (M.value * M.tangent).sum(-1))
        assert_close(np.linalg.vecdot(M, M, axis=0).tangent, 2 * (M.value * M.tangent).sum(0))
        assert_close(np.permute_dims(M, (1, 0)).tangent, M.tangent.T)
        assert_close(np.linalg.matrix_norm(M).tangent, (M.value * M.tangent).sum() / numpy.sqrt(30))

    @pytest.mark.skipif(not hasattr(numpy, "__array_namespace_info__"), reason="this NumPy is older than the standard")
    def test_names_of_the_standard(self):
        x = V / 4
        pairs = [(np.acos, numpy.arccos), (np.asinh, numpy.arcsinh), (np.atanh, numpy.arctanh)]
        for alias, plain in pairs:
            assert_close(alias(x).tangent, complex_step(plain, [x.value], [x.tangent]))
        assert_close(np.pow(V, 2).tangent, 2 * V.value * V.tangent)
        assert_close(np.cumulative_sum(V, include_initial=True).tangent, [0.0, 1.0, 11.0, 111.0])
        assert_close(np.unstack(M)[1].tangent, M.tangent[1])

    def test_special(self):
        assert_close(np.special.expit(V).tangent, V.tangent * numpy.exp(-V.value) / (1 + numpy.exp(-V.value)) ** 2)
        assert {"erf", "logsumexp"} <= set(dir(np.special)) and "factorial" not in dir(np.special)
        for name in ("factorial", "betaincinv_of_nothing", "airy_zeros"):
            assert not hasattr(np.special, name)


# ---- the conformance suite -----------------------------------------------------------------------------------------


@pytest.mark.skipif("ARRAY_API_TESTS" not in os.environ, reason="ARRAY_API_TESTS names no clone of array-api-tests")
def test_conformance_suite():
    """No test fails with dualad.numpy that does not fail with numpy."""
    def failing(module):
        command = [sys.executable, "-m", "pytest", "array_api_tests", "-q", "--tb=no", "--max-examples=100",
                   "--hypothesis-seed=1", "-p", "no:cacheprovider"]
        paths = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "ARRAY_API_TESTS_MODULE": module, "PYTHONPATH": paths}
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False,
                                cwd=os.environ["ARRAY_API_TESTS"])
        lines = result.stdout.splitlines()
        assert " passed" in lines[-1], result.stdout[-2000:] + result.stderr[-2000:]
        return {line.split()[1].partition("[")[0] for line in lines if line.startswith("FAILED")}

    assert failing("dualad.numpy") <= failing("numpy")
