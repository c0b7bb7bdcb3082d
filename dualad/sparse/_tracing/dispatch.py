"""NumPy's protocols: which rule serves which function, and what becomes of a function that has none."""

import numpy as np
from scipy import sparse

from dualad._core.number import Number
from dualad.rules import FUNCTIONS as NUMBER_RULES
from dualad.rules import bilinear as number_products
from dualad.rules import emath, plain
from dualad.rules.catalog import reason
from dualad.rules.elementwise import PARTIALS, PLAIN
from dualad.rules.packing import unpack
from dualad.rules.signatures import parameters_of, with_signature
from dualad.rules.ufuncs import check_target, packed, refuse_target
from dualad.rules.ufuncs import dispatch as dispatch_number
from dualad.sparse._tracing import elementwise, indexing, products, selection, structure
from dualad.sparse._tracing import linalg as linear_algebra
from dualad.sparse._tracing import reductions as groups
from dualad.sparse._tracing.base import (
    Tracer,
    add_pairs,
    all_terms,
    is_tracer,
    joined,
    leader,
    like,
    listed,
    refuse_others,
    shared_history,
    store,
    strip,
    terms_of,
    untraced,
)
from dualad.sparse._tracing.base import group as group_terms
from dualad.sparse._tracing.observed import observe
from dualad.sparse._tracing.refusals import Unsupported

# ---- ufuncs --------------------------------------------------------------------------------------------------------


def ufunc(function, method, inputs, kwargs):
    """`__array_ufunc__` of a tracer."""
    out = kwargs.get("out")
    out = out if isinstance(out, tuple) else (out,)
    everything = (*inputs, *out)
    for x in everything:
        if not isinstance(x, _KNOWN) and getattr(x, "__array_ufunc__", None) is not None:
            return NotImplemented
    lead = leader(everything)
    if any(isinstance(x, Number) and not is_tracer(x) and x.level > lead.level for x in everything):
        return dispatch_number(function, method, inputs, kwargs)
    if lead.run.partials is not None:
        refuse_others(lead, everything, kwargs)
        if method != "__call__" and (method != "reduce" or function not in groups.METHODS):
            raise Unsupported(f"{function.__name__}.{method}")
    if method == "at":
        return _at(function, *inputs)
    if any(target is not None for target in out):
        return _into(lead, function, method, inputs, out, kwargs)
    kwargs.pop("out", None)
    if method == "__call__":
        return _call(lead, function, inputs, kwargs)
    return _method(lead, function, method, inputs, kwargs)


_KNOWN = (Number, np.ndarray, np.generic, float, int, complex, list, tuple)


def _call(lead, function, inputs, kwargs):
    if lead.run.partials is not None and not any(function in known for known in (PARTIALS, PLAIN, products.GUFUNCS)):
        raise Unsupported(function.__name__)
    if function in PARTIALS or (function is np.sign and np.iscomplexobj(strip(inputs[0]))):
        return elementwise.elementwise(lead, function, inputs, kwargs)
    if function in products.GUFUNCS:
        return products.GUFUNCS[function](function, *inputs, **kwargs)
    if function in PLAIN:
        return elementwise.observed(lead, function, inputs, kwargs)
    if function.__name__ == "clip":  # what ndarray.clip calls; it has no public name
        return np.clip(*inputs, **kwargs)
    return _of_objects(lead, function, "__call__", inputs, kwargs)


def _of_objects(lead, function, method, inputs, kwargs):
    """A ufunc of Python objects, as frompyfunc makes them: it computes with one element after the other."""
    if set("".join(function.types)) - set("O->"):
        raise TypeError(reason(function))
    results = getattr(function, method)(*(unpack(x) if is_tracer(x) else x for x in inputs), **kwargs)
    return tuple(map(packed, results)) if isinstance(results, tuple) else packed(results)


def _into(lead, function, method, inputs, out, kwargs):
    """Store results in the arrays given as out=, which must be traced."""
    kwargs = {k: v for k, v in kwargs.items() if k != "out"}
    if function in PLAIN and method == "__call__":
        return elementwise.observed(lead, function, inputs, {**kwargs, "out": out if len(out) > 1 else out[0]})
    carries = leader(inputs) is not None
    if function in PARTIALS and method == "__call__" and len(out) == 1 and is_tracer(out[0]) and carries \
            and not untraced(out[0], lead) and "where" not in kwargs:
        return elementwise.into(lead, function, inputs, kwargs, out[0])
    for target in out:
        if target is not None and not is_tracer(target) and carries:
            refuse_target(function, method, target)
    if carries:
        results = ufunc(function, method, inputs, dict(kwargs))
    else:
        results = getattr(function, method)(*inputs, out=None, **kwargs)
    results = results if isinstance(results, tuple) else (results,)
    where = kwargs.get("where", True) if method == "__call__" else True
    stored = []
    for result, target in zip(results, out, strict=True):
        if target is not None:
            check_target(function, strip(result), target, kwargs.get("casting", "same_kind"))
            target[...] = result if where is True else np.where(where, result, target)
        stored.append(result if target is None else target)
    return stored[0] if len(stored) == 1 else tuple(stored)


def foreign(function, x, y):
    """An operator with something that is no array: a scipy.sparse matrix, or not our business."""
    tracer, other = (y, x) if is_tracer(y) else (x, y)
    is_product = function is np.matmul or (function is np.multiply and sparse.isspmatrix(other))
    if sparse.issparse(other) and is_product:
        return products.sparse_product(other, tracer) if tracer is y else _transposed_product(other, tracer)
    return NotImplemented


def _transposed_product(matrix, x):
    y = products.sparse_product(matrix.T, x.T)
    return y.T if x.ndim > 1 else y


# ---- methods of ufuncs ---------------------------------------------------------------------------------------------

_LINEAR = {np.add, np.subtract}


def _method(lead, function, method, inputs, kwargs):
    if function not in PLAIN and function not in PARTIALS:
        return _of_objects(lead, function, method, inputs, kwargs)
    if function in PLAIN:
        return observe(lead.run, getattr(function, method)(*strip(inputs), **strip(kwargs)))
    return _METHODS[method](function, *inputs, **kwargs)


def _outer(function, a, b, **kwargs):
    a = listed(a) if is_tracer(listed(a)) else np.asarray(a)
    return function(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **kwargs)


def _reduce(function, x, axis=0, dtype=None, keepdims=False, initial=np._NoValue, where=True):
    x = listed(x)
    axis = None if np.ndim(x) == 0 and axis in (0, -1) else axis
    rule = groups.METHODS.get(function)
    if rule is None:
        def reduce(a, axis, **options):
            return function.reduce(a, axis, **options)

        rule = groups.reduction(reduce, linear=function in _LINEAR)
    extra = {} if dtype is None else {"dtype": dtype}
    where = np._NoValue if where is True else where
    return rule(x, axis=axis, keepdims=keepdims, initial=initial, where=where, **extra)


def _accumulate(function, x, axis=0, dtype=None):
    def accumulate(a, axis, dtype):
        return function.accumulate(a, axis, dtype)

    return groups.running(accumulate, linear=function in (*_LINEAR, np.maximum, np.minimum))(x, axis, dtype)


def _reduceat(function, x, indices, axis=0, dtype=None):
    value = function.reduceat(strip(x), indices, axis, dtype)
    moved = np.moveaxis(x, axis, 0)
    ends = [*indices[1:], len(moved)]
    parts = [
        group_terms(x, moved[i:j].terms if j > i else moved[i:i + 1].terms, (0,), moved.ndim)
        for i, j in zip(indices, ends, strict=True)
    ]
    stacked = np.stack([like(x, np.zeros(moved.shape[1:]), terms) for terms in parts], axis)
    history = shared_history(x, [x])
    history = history if function in _LINEAR else add_pairs(x, history, (stacked.terms, stacked.terms))
    return like(x, value, stacked.terms, history)


def _at(function, x, indices, y=None):
    if not is_tracer(x):
        refuse_target(function, "at", x)
    if function not in PARTIALS:
        raise TypeError(reason(function))
    indexing.at(function, x, indices, listed(y), function not in _LINEAR)


_METHODS = {"outer": _outer, "reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat}


# ---- functions -----------------------------------------------------------------------------------------------------


def function(func, types, args, kwargs):
    """`__array_function__` of a tracer."""
    for t in types:
        if not issubclass(t, (Number, np.ndarray)):
            return NotImplemented
    lead = leader(args, kwargs)
    if lead.run.partials is not None:
        refuse_others(lead, args, kwargs)
        if func not in _OF_PARTIALS:
            raise Unsupported(func.__name__)
    if any(issubclass(t, Number) and t is not Tracer for t in types) and func in NUMBER_RULES:
        return NUMBER_RULES[func](*args, **kwargs)
    rule = FUNCTIONS.get(func)
    if rule is not None:
        return rule(*args, **kwargs)
    if func not in NUMBER_RULES:
        raise TypeError(reason(func))
    return dense(lead, func, args, kwargs)


def dense(lead, func, args, kwargs):
    """A function without a rule for patterns: every result depends on everything, which is never too little."""
    out = kwargs.pop("out", None)
    values = func(*strip(args), **strip(kwargs))
    y = _dense_results(lead, values, [args, kwargs])
    return y if out is None else store(out, y)


def refuse_components(frame):
    """The error of a function of this package that works with components, named as the traced function called it."""
    name = "x.components"
    while frame is not None and frame.f_globals.get("__name__", "").startswith(("dualad.", "scipy.")):
        name, frame = frame.f_code.co_qualname, frame.f_back
    raise TypeError(
        f"a sparsity pattern cannot be traced through {name}, which works with derivatives: a Tracer holds none. Give "
        "the pattern yourself, as sparsity="
    )


def _dense_results(lead, value, args):
    if isinstance(value, (tuple, list)):
        parts = [_dense_results(lead, part, args) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if not isinstance(value, (np.ndarray, np.generic, float)) or np.asarray(value).dtype.kind not in "fc":
        return observe(lead.run, value)
    terms = all_terms(lead, args, np.shape(value))
    return like(lead, value, terms, add_pairs(lead, shared_history(lead, args), (terms, terms)))


def _elementwise(func):
    """Rule of a function that is elementwise in all its arguments, and nonlinear."""

    def rule(*args):
        lead = leader(args)
        args = [listed(a) for a in args]
        value = func(*(strip(a) for a in args))
        terms = joined(lead, np.shape(value), *(terms_of(a, lead) for a in args))
        return like(lead, value, terms, add_pairs(lead, shared_history(lead, args), (terms, terms)))

    rule.__name__ = func.__name__
    return rule


def _values_only(func):
    def rule(*args, **kwargs):
        return observe(leader(args, kwargs).run, func(*strip(args), **strip(kwargs)))

    rule.__name__ = func.__name__
    return rule


def _types_only(func):
    def rule(*args, **kwargs):
        return func(*strip(args), **strip(kwargs))

    rule.__name__ = func.__name__
    return rule


_OF_TYPES = "can_cast common_type iscomplexobj isrealobj may_share_memory min_scalar_type result_type shares_memory"

# formulas in other functions, which find the rules here
_COMPOSED = """
    ediff1d unwrap i0 angle real_if_close vander polyval polyint polyadd polysub polymul polydiv poly linspace logspace
    geomspace apply_along_axis apply_over_axes put place put_along_axis fill_diagonal trim_zeros gradient cov
    corrcoef median nanmedian quantile percentile nanquantile nanpercentile
""".split()

FUNCTIONS = {
    **{func: _values_only(func) for func in plain.FUNCTIONS},
    **{getattr(np, name): _types_only(getattr(np, name)) for name in _OF_TYPES.split()},
    **{getattr(np, name): NUMBER_RULES[getattr(np, name)] for name in _COMPOSED},
    **{func: _elementwise(func) for func in emath.FUNCTIONS},
    **structure.FUNCTIONS,
    **groups.FUNCTIONS,
    **products.FUNCTIONS,
    **selection.FUNCTIONS,
    **linear_algebra.FUNCTIONS,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: np.size(strip(a), axis),
    np.sinc: lambda x: elementwise.elementwise(x, np.sinc, (x,), {}),
}
FUNCTIONS[np.linalg.multi_dot] = number_products.FUNCTIONS[np.linalg.multi_dot]
if hasattr(np, "astype"):
    FUNCTIONS[np.astype] = lambda x, dtype, /, *, copy=True, device=None: x.astype(dtype, copy=copy)
# functions whose rules hold for terms with weights: they move elements, are composed of such, or give values alone
_OF_PARTIALS = {
    *structure.FUNCTIONS, *plain.FUNCTIONS, np.sum, np.mean, np.shape, np.ndim, np.size, np.sinc, np.trace, np.clip,
    *products.CONTRACTIONS, np.linalg.norm, np.max, np.min, np.prod, np.var, np.std, np.cumsum, np.sort, np.partition,
    np.ptp, np.interp, np.convolve, np.correlate, np.linalg.trace, np.linalg.vecdot, np.linalg.matmul,
    *(getattr(np, name) for name in ("astype", *_OF_TYPES.split()) if hasattr(np, name)),
} - {np.nan_to_num, np.choose, np.real_if_close}
FUNCTIONS = {
    func: with_signature(func, rule, func not in plain.FUNCTIONS and "out" not in parameters_of(rule))
    for func, rule in FUNCTIONS.items()
}
