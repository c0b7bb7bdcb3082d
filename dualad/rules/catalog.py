"""What is supported, and why the rest is not: one table for the error messages, the documentation and its test."""

import re
import types

import numpy as np

from dualad.rules import (
    bilinear,
    calculus,
    elementwise,
    emath,
    linalg,
    linear,
    plain,
    reductions,
    selection,
    special,
    statistics,
)

FAMILIES = {
    "linear": linear.FUNCTIONS,
    "bilinear": bilinear.FUNCTIONS,
    "reductions": reductions.FUNCTIONS,
    "selection": selection.FUNCTIONS,
    "statistics": statistics.FUNCTIONS,
    "calculus": calculus.FUNCTIONS,
    "linear algebra": linalg.FUNCTIONS,
    "numpy.emath": emath.FUNCTIONS,
    "value only": plain.FUNCTIONS,
}

# names without a rule that do with numbers what they do with arrays, because they are written in terms of rules
THROUGH_RULES = """
    broadcast_shapes fft.fftfreq fft.rfftfreq frompyfunc isfortran iterable ndindex poly1d row_stack
""".split()

# names that make arrays or take lists, and know no dispatch
IN_NAMESPACE = """
    arange array asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray c_ empty eye fromfunction
    fromiter full identity indices isscalar kaiser mgrid ogrid ones r_ require tri vectorize zeros
""".split()

# (heading, why, what to do instead, names)
UNSUPPORTED = (
    ("Integers and bits", "it is defined for integers and booleans alone", "Use x.value.astype(int) or a comparison",
     """bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
     bitwise_xor gcd invert lcm left_shift right_shift packbits unpackbits base_repr binary_repr
     ndarray.__and__ ndarray.__iand__ ndarray.__rand__ ndarray.__or__ ndarray.__ior__ ndarray.__ror__ ndarray.__xor__
     ndarray.__ixor__ ndarray.__rxor__ ndarray.__invert__ ndarray.__lshift__ ndarray.__ilshift__ ndarray.__rlshift__
     ndarray.__rshift__ ndarray.__irshift__ ndarray.__rrshift__"""),
    ("Sizes and indices", "its arguments are sizes or indices, which have no derivative", "Use x.shape or x.value",
     """bartlett blackman hamming hanning diag_indices mask_indices tril_indices triu_indices ravel_multi_index
     unravel_index"""),
    ("Dates", "dates are counted in whole units", "Use x.value for the value alone",
     "busday_count busday_offset busdaycalendar datetime_as_string datetime_data is_busday"),
    ("Files, buffers and text", "neither a file, a buffer nor a text of it has room for derivatives",
     "Pickle the number, or use x.value for the value alone",
     """format_float_positional format_float_scientific from_dlpack frombuffer fromfile fromregex fromstring genfromtxt
     load loadtxt memmap save savetxt savez savez_compressed"""),
    ("Types and settings", "it asks about types or settings, not about arrays", "Use x.dtype",
     """__array_namespace_info__ dtype errstate finfo get_include get_printoptions getbufsize geterr geterrcall iinfo
     info isdtype issubdtype mintypecode printoptions promote_types set_printoptions setbufsize seterr seterrcall
     show_config show_runtime test typename linalg.LinAlgError linalg.test fft.test"""),
    ("Matrix objects", "numpy.matrix is a type of plain arrays that NumPy advises against",
     "Use two-dimensional arrays, @ and numpy.block", "asmatrix bmat matrix"),
    ("Plain arrays and iterators", "it is made of plain arrays and their memory",
     "Iterate over the number or over x.flat, or use x.value for the value alone",
     """broadcast flatiter ndarray ndenumerate nditer nested_iters recarray record ufunc"""),
    ("Memory", "what it gives shows the memory of the value, whose derivatives lie next to it",
     "Use x.value for the value alone",
     """ndarray.__array_interface__ ndarray.__array_struct__ ndarray.__dlpack__ ndarray.__dlpack_device__
     ndarray.__buffer__ ndarray.base ndarray.byteswap ndarray.ctypes ndarray.data ndarray.getfield ndarray.resize
     ndarray.setfield ndarray.tobytes ndarray.tofile ndarray.view"""),
    ("Given up", "NumPy itself has given it up", "Use numpy.ptp(x), x.astype(dtype) or x[index] = value",
     "ndarray.itemset ndarray.newbyteorder ndarray.ptp ndarray.tostring"),
    ("Subclasses and typing", "it serves subclasses of ndarray and type annotations", "Nothing needs it",
     "ndarray.__array_finalize__ ndarray.__array_wrap__ ndarray.__class_getitem__ ndarray.__setstate__"),
)

# what is not plain from the function itself
_TIED = "elements that are equal share the derivative equally"
REMARKS = {
    **dict.fromkeys(("max", "min", "amax", "amin", "ptp", "nanmax", "nanmin", "sort", "unique", "union1d", "median",
                     "quantile", "percentile", "linalg.svdvals"), _TIED),
    "absolute": "the derivative at 0 is 0; of complex numbers, that of the two real parts",
    "maximum": "half to each argument at a tie", "minimum": "half to each argument at a tie",
    "clip": "half at the limits, as for maximum and minimum",
    "partition": "the derivatives go with the elements; those that are equal keep their own",
    "where": "the branch that was taken", "select": "the branch that was taken",
    "piecewise": "the branch that was taken", "choose": "the branch that was taken; the index has no derivative",
    "prod": "exact where elements are zero", "cumprod": "exact where elements are zero",
    "interp": "with respect to all arguments; at a node the slope of the segment to its right",
    "histogram": "linear in the weights; the edges follow range or the outermost elements",
    "bincount": "linear in the weights",
    "linalg.norm": "0 at the origin, in every order that is a norm of vectors",
    "linalg.cholesky": "of the triangle that NumPy reads",
    "linalg.eigh": "of the triangle that NumPy reads; an error at repeated eigenvalues, whose vectors have no "
    "derivative, unless the tangent keeps them together",
    "linalg.eigvalsh": "of the triangle that NumPy reads; equal eigenvalues share the mean of their derivatives, so "
    "that symmetric functions of them are exact",
    "linalg.eigvals": "equal eigenvalues share the mean of their derivatives; an error for defective matrices",
    "linalg.eig": "vectors keep NumPy's length and phase; an error at repeated eigenvalues and for defective matrices",
    "linalg.svd": "an error where vectors belong to repeated or zero singular values and would turn; several vectors "
    "beyond the singular values, of full matrices, turn no more than the space that they span",
    "linalg.pinv": "an error along tangents that change the rank", "linalg.lstsq": "as pinv",
    "linalg.qr": "an error where the leading columns depend on each other",
    "roots": "an error at repeated roots",
    "pad": "every mode; with derivatives in constant_values and end_values, and functions as mode",
    "frompyfunc": "the function is called with one number after the other",
}

_REASONS = {name: (why, instead) for _, why, instead, names in UNSUPPORTED for name in names.split()}
_PREFIXES = {"numpy.linalg": "linalg.", "numpy.fft": "fft.", "numpy.lib.scimath": "emath."}


def name_of(function):
    """A function's name as users of ``import numpy as np`` write it behind ``np.``."""
    module = getattr(function, "__module__", "") or ""
    return _PREFIXES.get(module, "") + function.__name__


def families():
    """The supported functions by family."""
    return {
        "elementwise": [f for f in elementwise.PARTIALS if f not in elementwise.SPECIAL_PARTIALS],
        "scipy.special": [f for f in elementwise.SPECIAL_PARTIALS if not f.__name__.endswith("_d")],
        "piecewise constant": list(elementwise.PLAIN),
        "products of matrices": list(bilinear.GUFUNCS),
        **FAMILIES,
    }


def support():
    """Names of the supported functions by family."""
    return {family: sorted({name_of(f).lstrip("_") for f in functions}) for family, functions in families().items()}


def reason(function):
    """Why a function without a rule takes no numbers with derivatives, and what to do instead."""
    why, instead = _REASONS.get(name_of(function), (
        special.UNSUPPORTED.get(function, "no derivative rule is known for it"),
        "Use x.value where only the value is wanted, or compose it from supported functions (python -m dualad info "
        "lists them)"))
    name = function.__name__ if isinstance(function, np.ufunc) else f"{function.__module__}.{function.__name__}"
    return f"{name} does not support numbers with derivatives: {why}. {instead}"


def status(name):
    """How a public name of NumPy stands: its family, another heading of the documentation, or None for an unknown name.

    Methods and attributes of arrays are written ``ndarray.name``.
    """
    owner, _, last = name.rpartition(".")
    if name in _REASONS:
        return next(heading for heading, _, _, names in UNSUPPORTED if name in names.split())
    if owner == "ndarray":
        from dualad import MultiDual

        return "methods and attributes" if hasattr(MultiDual, last) else None
    thing = getattr(getattr(np, owner) if owner else np, last)
    if name in IN_NAMESPACE:
        return "dualad.numpy"
    if name in THROUGH_RULES:
        return "through other rules"
    if isinstance(thing, type) and issubclass(thing, np.generic):
        return "scalar types"
    if not callable(thing) or isinstance(thing, types.ModuleType) or isinstance(thing, type) and last == "bool":
        return "constants and modules"
    return next((family for family, functions in families().items() if _is_in(thing, functions)), None)


def rule_of(name):
    """The rule of a function of the families, or None."""
    owner, _, last = name.rpartition(".")
    thing = getattr(getattr(np, owner) if owner else np, last, None)
    return next((functions[thing] for functions in FAMILIES.values() if _is_in(thing, functions)), None)


def _is_in(thing, functions):
    return callable(thing) and not isinstance(thing, type) and thing in functions


def public_names():
    """Every public name of NumPy's main namespace, linalg, fft and emath, and of arrays."""
    names = [name for name in np.__all__ if name not in ("emath", "linalg", "fft") and not re.match("_[^_]", name)]
    for owner in ("linalg", "fft", "emath"):
        module = getattr(np, owner)
        public = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
        names += [f"{owner}.{n}" for n in public if not isinstance(getattr(module, n), types.ModuleType)]
    return sorted({*names, *(f"ndarray.{n}" for n in dir(np.ndarray) if not re.match("_[^_]", n))})
