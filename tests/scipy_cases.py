"""Derivatives through unmodified SciPy in array-API mode, which has to be chosen before SciPy is imported.

Run as a script with SCIPY_ARRAY_API=1: prints {case: [value, Jacobian]} as JSON, or the error in place of the pair.
"""

import json
import sys

import numpy as np
import scipy.optimize
from scipy import fft, integrate, signal, special, stats
from scipy.spatial.transform import Rotation

import dualad as da
import dualad.numpy as dnp

try:
    import scipy.optimize.elementwise
    from scipy import differentiate
except ImportError:  # the cases are for newer versions of SciPy
    differentiate = None

X = np.array([0.3, 0.7, 1.1, 0.2])
KERNEL = [1.0, 2.0, 3.0]

CASES = {
    "logsumexp": lambda x: special.logsumexp(x),
    "logsumexp_axis": lambda x: special.logsumexp(x.reshape(2, 2), axis=0, keepdims=True),
    "softmax": lambda x: special.softmax(x),
    "log_softmax": lambda x: special.log_softmax(x),
    "expit": lambda x: special.expit(x),
    "xlogy": lambda x: special.xlogy(x, x),
    "entropy": lambda x: stats.entropy(x),
    "zscore": lambda x: stats.zscore(x),
    "gmean": lambda x: stats.gmean(x),
    "skew": lambda x: stats.skew(x),
    "sem": lambda x: stats.sem(x),
    "trapezoid": lambda x: integrate.trapezoid(x, dx=0.1),
    "trapezoid_of_points": lambda x: integrate.trapezoid(x**2, x),
    "cumulative_trapezoid": lambda x: integrate.cumulative_trapezoid(x, dx=0.1),
    "simpson": lambda x: integrate.simpson(x, dx=0.1),
    "cubature": lambda x: integrate.cubature(
        lambda t, a: np.exp(-a * t[:, 0] ** 2), 0 * x[:1], 0 * x[:1] + 1, args=(x[1],)).estimate,
    "cubature_limits": lambda x: integrate.cubature(lambda t: np.exp(-t[:, 0] ** 2), x[:1], x[1:2]).estimate,
    "tanhsinh": lambda x: integrate.tanhsinh(lambda t, a: np.exp(-a * t * t), 0 * x, 0 * x + 1, args=(x,)).integral,
    "tanhsinh_limits": lambda x: integrate.tanhsinh(lambda t: np.exp(-t * t), 0.0, x).integral,
    "fftconvolve": lambda x: signal.fftconvolve(x, dnp.array(KERNEL)),
    "fftconvolve_square": lambda x: signal.fftconvolve(x, x),
    "oaconvolve": lambda x: signal.oaconvolve(x, dnp.array(KERNEL)),
    "fft": lambda x: fft.fft(x).real,
    "irfft": lambda x: fft.irfft(fft.rfft(x) ** 2),
    "hilbert": lambda x: signal.hilbert(x).imag,
    "rotation_matrix": lambda x: Rotation.from_rotvec(x[:3]).as_matrix(),
    "rotation_apply": lambda x: Rotation.from_rotvec(x[:3]).apply(x[1:]),
    "rotation_product": lambda x: (Rotation.from_rotvec(x[:3]) * Rotation.from_rotvec(x[1:])).as_matrix(),
    "rotation_euler": lambda x: Rotation.from_euler("xyz", x[:3]).as_matrix(),
    "derivative": lambda x: differentiate.derivative(np.sin, x).df,
    "derivative_args": lambda x: differentiate.derivative(lambda t, a: np.sin(a * t), x, args=(x,)).df,
    "find_root": lambda x: scipy.optimize.elementwise.find_root(
        lambda t, a: t**3 - a, (0 * x, 0 * x + 3), args=(x,)).x,
    "digamma": lambda x: da.derivative(special.psi)(x),
    "mixed": lambda x: signal.fftconvolve(x, np.array(KERNEL)),
}

INTERCEPTED = {"simpson"}
"""Not of SciPy's array-API functions: their conversions are reached by interception."""


def run(name):
    try:
        y, jacobian = da.value_and_jacobian(CASES[name], intercept=name in INTERCEPTED)(X)
    except TypeError as error:
        return str(error)
    return [np.asarray(y).tolist(), jacobian.tolist()]


if __name__ == "__main__":
    json.dump({name: run(name) for name in CASES}, sys.stdout)
