"""Functions of scipy.fft, scipy.signal and scipy.ndimage that are linear in their data: they run on each component.

The tangent of ``f(x)`` in the direction x' is f(x'), where what is added beside the data, such as the constant outside
of an image, is 0; that of ``f(a, b)``, linear in each, is f(a', b) + f(a, b').
"""

import functools
import inspect

import numpy as np

from dualad._core.tracer import Tracer
from dualad.rules.algebra import innermost, is_number, join, primal, split
from dualad.rules.formula import leaves
from dualad.rules.packing import pack_if_needed

_LINEAR = {
    "scipy.fft": dict.fromkeys("""
        fft ifft fft2 ifft2 fftn ifftn rfft irfft rfft2 irfft2 rfftn irfftn hfft ihfft hfft2 ihfft2 hfftn ihfftn
        dct idct dctn idctn dst idst dstn idstn""".split(), ("x",)) | {"fht": ("a",), "ifht": ("A",)},
    "scipy.signal": {
        "lfilter": ("x", "zi"), "sosfilt": ("x", "zi"), "filtfilt": ("x",), "sosfiltfilt": ("x",),
        "savgol_filter": ("x", "cval"), "detrend": ("data",), "resample": ("x",), "resample_poly": ("x",),
        "decimate": ("x",), "hilbert": ("x",), "hilbert2": ("x",), "spline_filter": ("Iin",), "cspline1d": ("signal",),
        "qspline1d": ("signal",), "stft": ("x",), "istft": ("Zxx",),
    },
    "scipy.ndimage": dict.fromkeys("""
        gaussian_filter gaussian_filter1d uniform_filter uniform_filter1d sobel prewitt laplace gaussian_laplace
        spline_filter spline_filter1d map_coordinates shift zoom rotate affine_transform geometric_transform
        fourier_gaussian fourier_uniform fourier_ellipsoid fourier_shift""".split(), ("input", "cval")),
}
_BILINEAR = {
    "scipy.signal": {
        **dict.fromkeys("convolve correlate fftconvolve oaconvolve".split(), ("in1", "in2")),
        **dict.fromkeys("convolve2d correlate2d".split(), ("in1", "in2", "fillvalue")), "upfirdn": ("h", "x", "cval"),
    },
    "scipy.ndimage": dict.fromkeys("convolve convolve1d correlate correlate1d".split(), ("input", "weights", "cval")),
}
MODULES = tuple(_LINEAR)


def versions(module):
    """The functions of a module by name, for numbers."""
    found = {}
    for table, rule in ((_LINEAR, _linear), (_BILINEAR, _bilinear)):
        for name, data in table.get(module.__name__, {}).items():
            if hasattr(module, name):
                found[name] = _version(getattr(module, name), data, rule)
    return found


def _version(function, data, rule):
    signature = inspect.signature(inspect.unwrap(function))

    @functools.wraps(function)
    def public(*args, **kwargs):
        given = {name: pack_if_needed(x) for name, x in signature.bind(*args, **kwargs).arguments.items()}
        given = {name: x if name in data else _constant(x, name, function, data) for name, x in given.items()}
        lead = innermost(*leaves(given.values()))
        if type(lead) is Tracer:
            from dualad.sparse._tracing.dispatch import dense  # which is built on the rules

            return dense(lead, public, (), given)
        parts = {} if lead is None else {n: split(given[n], lead.level) for n in data if given.get(n) is not None}
        value = _called(function, signature, given | {n: v for n, (v, _) in parts.items()}, public)
        if lead is None:
            return value
        count = next((len(t) for _, t in parts.values() if t is not None), 0)
        tangents = [rule(lambda changed: _called(function, signature, given | changed, public), data, parts, k)
                    for k in range(count)]
        return _joined(lead, value, tangents)

    return public


def _constant(x, name, function, data):
    """The plain value of an argument by which there are no derivatives: it may have room for some, but hold none."""
    if isinstance(x, tuple):
        return tuple(_constant(v, name, function, data) for v in x)
    if is_number(x) and _varies(x):
        raise TypeError(f"{function.__name__} has derivatives by {' and '.join(data)} only: pass {name} as a plain "
                        f"value, such as {name}.value")
    return primal(x) if is_number(x) else x


def _varies(x):
    """Whether a number has a derivative, of whatever level, that is not zero."""
    if not is_number(x):
        return False
    value, tangents = split(x, x.level)
    return _varies(value) or (tangents is not None and (_varies(tangents) or bool(np.any(primal(tangents)))))


def _called(function, signature, given, public):
    """The function, or its version for the numbers of an outer level among the arguments."""
    bound = signature.bind_partial()
    bound.arguments.update(given)
    nested = innermost(*leaves(given.values())) is not None
    return (public if nested else function)(*bound.args, **bound.kwargs)


def _linear(call, data, parts, k):
    """The result for the tangents of all data, those without any being 0."""
    return call({n: np.zeros_like(v)[()] if t is None else t[k] for n, (v, t) in parts.items()})


def _bilinear(call, data, parts, k):
    (a, a_dot), (b, b_dot) = parts[data[0]], parts[data[1]]
    added = {n: np.zeros_like(v)[()] for n, (v, _) in parts.items() if n not in data[:2]}
    total = 0.0
    if a_dot is not None:
        total = total + call({**added, data[0]: a_dot[k], data[1]: b})
    if b_dot is not None:
        total = total + call({**{n: parts[n][0] for n in added}, data[0]: a, data[1]: b_dot[k]})
    return total


def _joined(lead, value, tangents):
    if isinstance(value, tuple):
        results = [_joined(lead, v, [t[i] for t in tangents]) for i, v in enumerate(value)]
        return type(value)(results)
    if not tangents or np.asarray(primal(value)).dtype.kind not in "fc":
        return value
    return join(lead, value, np.stack(tangents))
