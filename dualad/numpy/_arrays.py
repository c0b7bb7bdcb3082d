"""Functions that make arrays: inside a transform their results have room for its tangents.

The result of NumPy's own function becomes the value of a number whose other components are zeros of the same
allocation: pages of tangents that nobody stores into are never touched. Where several transforms run, the components
are a number of the next outer one, and so on.
"""

import functools
import itertools
import math

import numpy as np

from dualad._context import ACTIVE
from dualad._core.number import component_count, components_like, rewrap, stack_components, wrap
from dualad._core.tracer import Tracer
from dualad._core.tracer import make as make_tracer
from dualad.rules.algebra import Number, innermost, primal, split, together
from dualad.rules.formula import attach, leaves
from dualad.rules.packing import pack

running = ACTIVE.get


# ---- room for tangents ---------------------------------------------------------------------------------------------

def _levels(*numbers):
    """(type, level, directions) of the numbers and the running transforms, from the outermost in."""
    found = {}
    for x in numbers:
        while isinstance(x, Number):
            found[x.level] = type(x), x.level, x.run if type(x) is Tracer else x.directions
            x = None if type(x) is Tracer else x.components
    found.update({transform[1]: transform for transform in running()})
    return [found[level] for level in sorted(found)]


def _holds_all(x):
    """Whether a number has tangents of every running transform."""
    held = set()
    while isinstance(x, Number):
        if not x.isconstant:
            held.add(x.level)
        x = None if type(x) is Tracer else x.components
    return held.issuperset(transform[1] for transform in running())


def with_room(y, guide=None, *, zero=False):
    """A new array, or a number short of tangents, as a number with room for those of all transforms and the guide."""
    if type(y) is np.ndarray:
        if y.dtype.kind not in "fc" or not y.dtype.isnative:
            return y
        return _room(y, running() if guide is None else _levels(guide), zero)
    if isinstance(y, (tuple, list)):
        return type(y)(with_room(part, guide) for part in y)
    if not isinstance(y, Number) or (guide is None and _holds_all(y)):
        return y
    return _filled(primal(y), y, guide)


def _filled(layout, y, guide=None):
    """A number laid out as a plain array is, with the elements of the number y."""
    data = _room(np.atleast_1d(layout), _levels(y, guide))
    data[...] = y
    return data if np.ndim(layout) else np.reshape(data, ())


def _room(value, levels, zero=False):
    counts = tuple([component_count(kind, directions) for kind, _, directions in levels if kind is not Tracer])
    data = components_like(math.prod(counts), value, zero=True)
    if not zero:
        data[0] = value
    if len(counts) != 1:
        data = data.reshape(counts + value.shape)
    for kind, level, directions in levels:
        data = make_tracer(directions, data) if kind is Tracer else wrap(kind, data, level, directions)
    return data


def _guide(kwargs):
    """Take out a number that was given as like=; any other is NumPy's."""
    return kwargs.pop("like") if isinstance(kwargs.get("like"), Number) else None


# ---- lists of numbers ----------------------------------------------------------------------------------------------

_PACKABLE = (Number, float, int, complex, np.number)
_OBJECTS = np.dtype(object)


def contains_number(a):
    if isinstance(a, (list, tuple)):
        return any(contains_number(v) for v in a)
    return isinstance(a, Number)


def _packed_list(a):
    return pack(a) if isinstance(a, (list, tuple)) and contains_number(a) else a


def _packed_result(y):
    """NumPy makes an object array of a list of scalars and numbers: the same as one number."""
    if isinstance(y, (tuple, list)):
        parts = map(_packed_result, y)
        return type(y)(*parts) if hasattr(y, "_fields") else type(y)(parts)
    if type(y) is not np.ndarray or y.dtype.char != "O":
        return y
    elements = list(y.flat)
    if any(isinstance(v, Number) for v in elements) and all(isinstance(v, _PACKABLE) for v in elements):
        return np.reshape(np.stack(elements), y.shape)
    return y


def _wants_objects(args, kwargs):
    return any(a is object or (type(a) is str and a == "O") for a in (*args, kwargs.get("dtype")))


def _call(function, args, kwargs, retry):
    """function(*args, **kwargs); if NumPy cannot take the numbers among the arguments, retry(args, kwargs)."""
    try:
        y = function(*args, **kwargs)
    except np.linalg.LinAlgError:
        raise
    except (TypeError, ValueError, AttributeError):
        if not any(contains_number(a) for a in (*args, *kwargs.values())):
            raise
        return retry(args, kwargs)
    return y if type(y) is np.ndarray and y.dtype.char != "O" or _wants_objects(args, kwargs) else _packed_result(y)


def _is_new(y, args):
    """Whether an array shares no memory with the arguments or with a foreign buffer."""
    if type(y) is not np.ndarray:
        return True
    if any(isinstance(a, np.ndarray) and np.may_share_memory(y, a) for a in args):
        return False
    while isinstance(y, np.ndarray):
        y = y.base
    return y is None


# ---- wrappers ------------------------------------------------------------------------------------------------------

def _wrapped(function, general):
    """`function` where it gives a plain array and no transform runs, at hardly more than its price; else general."""
    @functools.wraps(function)
    def call(*args, **kwargs):
        if not running():
            try:
                y = function(*args, **kwargs)
            except (TypeError, ValueError):
                y = None  # numbers among the arguments, or an error that comes again
            if type(y) is np.ndarray and y.dtype is not _OBJECTS:
                return y
        return general(*args, **kwargs)

    return call


def _maker(function, call=None):
    """For a function whose result is a new array; `call` is what takes numbers among its arguments."""
    zero = function.__name__.startswith(("zeros", "empty"))

    def make(*args, **kwargs):
        guide = _guide(kwargs)
        y = (call or function)(*args, **kwargs)
        if guide is None and not running():
            return y
        return with_room(y, guide, zero=zero and not isinstance(y, Number))

    @functools.wraps(function)
    def make_of_no_numbers(*args, **kwargs):
        if not running() and "like" not in kwargs:
            return function(*args, **kwargs)
        return make(*args, **kwargs)

    if call is None:
        return make_of_no_numbers
    consumes = function is np.fromiter  # an iterator, so that it cannot be tried twice
    return functools.wraps(function)(make) if consumes else _wrapped(function, make)


def _combiner(function, members=False):
    """For a function that copies what it is given into a new array, or gives a view of it.

    Lists of numbers among the arguments are packed, or the members of the first argument, a sequence of arrays.
    """
    def retry(args, kwargs):
        first = [[_packed_list(a) for a in args[0]] if members else _packed_list(args[0])] if args else []
        named = {name: _packed_list(a) for name, a in kwargs.items()}
        return function(*first, *map(_packed_list, args[1:]), **named)

    @functools.wraps(function)
    def combine(*args, **kwargs):
        y = _call(function, args, kwargs, retry)
        return with_room(y) if running() and _is_new(y, args) else y

    return combine


def _reader(function):
    """For a function that makes floats of its arguments: lists of numbers are packed.

    The first argument becomes a number too, since some functions dispatch on no other.
    """
    def retry(args, kwargs):
        args, kwargs = [*map(_packed_list, args)], {name: _packed_list(a) for name, a in kwargs.items()}
        lead = innermost(*leaves(args), *leaves(kwargs.values()))
        if args and lead is not None and _is_of_floats(args[0]):
            args[0] = together(lead, np.asarray(args[0]), None)
        return function(*args, **kwargs)

    @functools.wraps(function)
    def read(*args, **kwargs):
        return _call(function, args, kwargs, retry)

    return read


def _taker(function):
    """As `_reader`, at hardly more than the function's own price where it gets no lists."""
    read = _reader(function)

    @functools.wraps(function)
    def take(*args, **kwargs):
        for a in args:
            if type(a) in _SEQUENCES:
                return read(*args, **kwargs)
        return function(*args, **kwargs)

    return take


_SEQUENCES = frozenset({list, tuple})


def _is_of_floats(a):
    return not isinstance(a, Number) and np.asarray(a).dtype.kind in "fc"


def _converter(function):
    """For asarray and its kin: what needs no conversion is returned as it is, anything else is new."""
    first = "object" if function is np.array else "a"
    of_components = np.asarray if function is np.asarray_chkfinite else function

    def convert_number(x, args, kwargs):
        value = np.asarray(primal(x))
        result = function(value, *args, **kwargs)
        if result is value:
            return x
        if type(x) is Tracer and result.dtype.kind in "fc":
            return x.reshape(result.shape).astype(result.dtype)
        if result.dtype.kind not in "fc":
            return x.astype(result.dtype)
        return rewrap(x, stack_components([convert_component(c, args, kwargs) for c in x.components]))

    def convert_component(c, args, kwargs):
        if isinstance(c, Number):
            return convert_number(c, args, kwargs)
        return of_components(c, *args, **kwargs)

    def convert_list(args, kwargs):
        if kwargs.get("copy", True) is False:  # not without a copy: NumPy's error
            return function(*args, **kwargs)
        return convert_number(pack(args[0]), args[1:], kwargs)

    def convert(*args, **kwargs):
        if kwargs:
            args = (kwargs.pop(first), *args) if first in kwargs else args
            guide = _guide(kwargs)
        else:
            guide = None
        x = args[0] if args else None
        if isinstance(x, Number):
            y = convert_number(x, args[1:], kwargs)
        else:
            y = _call(function, args, kwargs, convert_list)
        needed = guide is not None or running()
        return with_room(y, guide) if needed and y is not x and _is_new(y, args) else y

    return _wrapped(function, convert)


# ---- numbers as arguments where NumPy does not dispatch ------------------------------------------------------------

def _arange(*args, **kwargs):
    for a in (*args, *kwargs.values()):
        if isinstance(a, Number):
            return _number_range(*args, **kwargs)
    return np.arange(*args, **kwargs)


def _number_range(start, stop=None, step=1, dtype=None, **kwargs):
    """arange is linear in start and step; how many elements there are depends on the values alone."""
    if stop is None:
        start, stop = 0, start
    lead = innermost(start, stop, step)
    if lead is None:
        return np.arange(start, stop, step, dtype, **kwargs)
    value = _number_range(*(split(x, lead.level)[0] for x in (start, stop, step)), dtype, **kwargs)
    return attach(value, start + step * np.arange(len(value)), lead.level)


def _full(shape, fill_value, dtype=None, order="C", **kwargs):
    fill_value = _packed_list(fill_value)
    if not isinstance(fill_value, Number):
        return np.full(shape, fill_value, dtype, order, **kwargs)
    dtype = fill_value.dtype if dtype is None else dtype
    return _store(np.full(shape, 0, dtype, order, **kwargs), fill_value)


def _full_like(a, fill_value, *args, **kwargs):
    fill_value = _packed_list(fill_value)
    if not isinstance(fill_value, Number):
        return np.full_like(a, fill_value, *args, **kwargs)
    return _store(np.full_like(primal(a), 0, *args, **kwargs), fill_value)


def _store(plain, y):
    """A plain array with its elements replaced by y: an error if it is one of integers."""
    if plain.dtype.kind in "fc":
        return _filled(plain, y)
    plain[...] = y
    return plain


def _fromiter(iter, dtype, count=-1, **kwargs):
    if not running() and not isinstance(iter, (list, tuple)):
        return np.fromiter(iter, dtype, count, **kwargs)
    items = list(itertools.islice(iter, None if count < 0 else count))
    if not contains_number(items):
        return np.fromiter(items, dtype, count, **kwargs)
    if len(items) < count:
        raise ValueError(f"iterator too short: Expected {count} but iterator had only {len(items)} items.")
    return pack(items).astype(dtype)


# ---- the table -----------------------------------------------------------------------------------------------------

_MAKERS = "zeros ones empty eye identity tri indices fromfunction zeros_like ones_like empty_like".split()
_CONVERTERS = "array asarray asanyarray ascontiguousarray asfortranarray asarray_chkfinite require".split()
_COMBINERS = ("linspace logspace geomspace meshgrid copy append insert diag diagflat tril triu vander tile repeat "
              "resize block").split()
_READERS = ("mean std var median average quantile percentile nanmean nanstd nanvar nanmedian nanquantile nanpercentile "
            "interp gradient cov corrcoef unwrap pad piecewise nan_to_num").split()
_TAKERS = """
    all any sum prod max min amax amin ptp cumsum cumprod cumulative_sum cumulative_prod nansum nanprod nanmax nanmin
    nancumsum nancumprod diff ediff1d outer tensordot cross kron trapezoid convolve correlate polyval
    polyfit sort argsort argmax argmin searchsorted ravel reshape transpose squeeze expand_dims atleast_1d atleast_2d
    atleast_3d moveaxis swapaxes rot90 roll flip fliplr flipud clip diagonal trace take allclose isclose
    array_equal broadcast_to broadcast_arrays split array_split real imag round unique partition histogram
    histogram_bin_edges
    """.split()
_JOINERS = "concatenate concat stack vstack hstack dstack column_stack row_stack".split()

FUNCTIONS = {
    **{name: _maker(getattr(np, name)) for name in _MAKERS},
    "arange": _maker(np.arange, _arange),
    "full": _maker(np.full, _full),
    "full_like": _maker(np.full_like, _full_like),
    "fromiter": _maker(np.fromiter, _fromiter),
    **{name: _converter(getattr(np, name)) for name in _CONVERTERS},
    **{name: _combiner(getattr(np, name)) for name in _COMBINERS},
    **{name: _reader(getattr(np, name)) for name in _READERS},
    **{name: _combiner(getattr(np, name), members=True) for name in _JOINERS if hasattr(np, name)},
}

# functions that take numbers, but no lists of them; these make no arrays into which one stores
TAKERS = {name: _taker(getattr(np, name)) for name in _TAKERS if hasattr(np, name)}
MODULES = {
    module: {name: _reader(f) for name, f in vars(module).items() if name in module.__all__ and not isinstance(f, type)}
    for module in (np.linalg, np.fft)
}
