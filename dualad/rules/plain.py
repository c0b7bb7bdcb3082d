"""Functions that ask about the value alone and return plain results."""

import numpy as np

from dualad.rules.algebra import Number, primal


def _strip(x):
    """Values in place of numbers, also inside lists and tuples."""
    if isinstance(x, Number):
        return primal(x)
    if isinstance(x, (list, tuple)):
        return type(x)(_strip(v) for v in x)
    return x


def _plain(function):
    def rule(*args, **kwargs):
        return function(*_strip(args), **{k: _strip(v) for k, v in kwargs.items()})

    return rule


_NAMES = """
    all allclose any argmax argmin argpartition argsort argwhere around array_equal array_equiv array_repr
    array_str array2string can_cast common_type count_nonzero diag_indices_from digitize einsum_path fix
    flatnonzero iscomplex iscomplexobj isclose isneginf isposinf isreal isrealobj lexsort may_share_memory
    min_scalar_type nanargmax nanargmin ndim nonzero result_type round searchsorted shape shares_memory size
    tril_indices_from triu_indices_from
""".split()

FUNCTIONS = {getattr(np, name): _plain(getattr(np, name)) for name in _NAMES if hasattr(np, name)}
FUNCTIONS[np.shape] = lambda a: a.shape
FUNCTIONS[np.ndim] = lambda a: a.ndim
FUNCTIONS[np.size] = lambda a, axis=None: a.size if axis is None else np.size(primal(a), axis)
if hasattr(np, "astype"):
    FUNCTIONS[np.astype] = lambda x, dtype, /, *, copy=True, device=None: x.astype(dtype, copy=copy)
