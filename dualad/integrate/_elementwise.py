"""SciPy's integrals and sums of elementwise functions, with derivatives by what the functions refer to."""

import functools

import numpy as np
import scipy.integrate

from dualad.integrate._layout import Layout, Number, array
from dualad.rules.algebra import primal


def _refuse(what, values):
    for name, value in values.items():
        for x in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(x, Number):
                raise TypeError(f"{name} of {what} must not carry derivatives: use quad or quad_vec, or let the "
                                "function refer to what varies")


def by_components(function, field):
    """`function`, applied to each component of the results of its first argument; `field` is what it computes."""
    @functools.wraps(function)
    def differentiable(f, a, b, *, args=(), **options):
        _refuse(function.__name__, {"a": a, "b": b, "args": args, **options})
        layout = Layout()

        def component(i):
            def plain(x, *args):
                nonlocal layout
                y = array(f(x, *args))
                if not isinstance(y, Number):
                    return y if i == 0 else np.zeros(np.shape(y))
                layout = layout.widened(y)
                return primal(y) if i == 0 else layout.flatten(y).reshape((layout.rows, *np.shape(y)))[i]

            return plain

        results = [function(component(0), a, b, args=args, **options)]
        if layout.rows == 1:
            return results[0]
        if options.get("log"):
            raise TypeError(f"{function.__name__} of logarithms (log=True) does not support functions whose results "
                            "carry derivatives")
        results += [function(component(i), a, b, args=args, **options) for i in range(1, layout.rows)]
        return _joined(results, field, layout)

    return differentiable


def _joined(results, field, layout):
    """The result of the value whose field carries the derivatives, as successful as the least of all."""
    first, rest = results[0], results[1:]
    parts = np.stack([getattr(r, field) for r in results])
    setattr(first, field, layout.rebuild(parts.reshape(layout.counts + parts.shape[1:])))
    for r in rest:
        first.status = np.where(first.success, r.status, first.status)[()]
        first.success = np.logical_and(first.success, r.success)[()]
        first.nfev = first.nfev + r.nfev
    return first


ELEMENTWISE = {name: by_components(getattr(scipy.integrate, name), field)
               for name, field in (("tanhsinh", "integral"), ("nsum", "sum")) if hasattr(scipy.integrate, name)}
