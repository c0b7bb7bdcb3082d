"""How NumPy and scipy.special functions act on tracers: what each element of a result depends on, and what interacts.

The value of a result is NumPy's own. Its pattern comes from one of a few ways, by what the function does:

- elementwise: the union of the operands' rows; which arguments count, and which of them interact, is read off the
  derivative table (an entry that is the literal 0);
- structural (reshape, indexing, roll, concatenate, ...): the function itself, applied to the integers of the terms;
- reductions and products with constant matrices: unions over groups of elements;
- formulas: the composition of other functions that is the rule of the other number types;
- anything else that has a rule for the other number types: every element depends on all that went in.
"""

from dualad._core.tracer import load_handlers
from dualad.rules.packing import pack_if_needed
from dualad.sparse._tracing import blocks, dispatch, elementwise, indexing, observed, partials, storing

load_handlers(
    {
        "ufunc": dispatch.ufunc,
        "function": dispatch.function,
        "foreign": dispatch.foreign,
        "pack": pack_if_needed,
        "getitem": indexing.getitem,
        "setitem": indexing.setitem,
        "smooth": elementwise.SMOOTH,
        "move": partials.moved,
        "weigh": partials.weighed_slowly,
        "check root": partials.check_root,
        "as block": blocks.as_block,
        "itself": blocks.itself,
        "put_partials": storing.put,
        "observe": observed.observe,
        "refuse_components": dispatch.refuse_components,
    }
)
