"""Rules take the arguments of the function they stand for: same names, kinds and defaults."""

import inspect

from dualad.rules.algebra import innermost
from dualad.rules.bilinear import store
from dualad.rules.formula import leaves


def with_signature(function, rule, stores=False):
    """The rule itself if its parameters are those of the function, else a function that has them and calls the rule.

    The rule then receives in place what has no default or the same place there, and the rest by name. A parameter
    that it does not know, of another version of NumPy, may only have its default. If it `stores`, the result goes into
    out= here, and the rule sees nothing of it.
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # compiled functions of older versions of NumPy do not tell
        return rule
    stores = stores and "out" in signature.parameters
    if signature == inspect.signature(rule) and not stores:
        return rule
    known = parameters_of(rule)
    anything = any(p.kind is p.VAR_KEYWORD for p in known.values())
    namespace = {"rule": rule, "only_default": _only_default, "into": _into, "function": function}
    arguments = []
    places = [p.name for p in known.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    shared = list(signature.parameters)  # what the function itself, which may be called too, has in the same places
    for name, p in signature.parameters.items():
        namespace[f"default_{name}"] = p.default
        if stores and name == "out":
            continue
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            arguments.append("*" * (1 + (p.kind is p.VAR_KEYWORD)) + name)
        elif p.kind is not p.KEYWORD_ONLY and (
            p.default is p.empty or [*arguments, name] == places[: 1 + len(arguments)] == shared[: 1 + len(arguments)]
        ):
            arguments.append(name)
        elif anything or name in known:
            arguments.append(f"{name}={name}")
        else:
            arguments.append(f"**only_default({function.__name__!r}, {name!r}, {name}, default_{name})")
    parameters, passed = _parameter_list(list(signature.parameters.values())), ", ".join(arguments)
    body = f"rule({passed})"
    if stores:
        body += f" if out is None else into(lambda f: f({passed}), function, rule, out, {_all(signature)})"
    adapted = eval(f"lambda {parameters}: {body}", namespace)
    adapted.__name__, adapted.__doc__, adapted.__wrapped_rule__ = function.__name__, rule.__doc__, rule
    return adapted


def parameters_of(rule):
    return inspect.signature(rule).parameters


def _into(call, function, rule, out, arguments):
    """The result stored in out=, which may be the only number there is."""
    return store(out, call(function if innermost(*leaves(arguments)) is None else rule))


def _all(signature):
    """The text of a tuple of all arguments but out=."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*{}", inspect.Parameter.VAR_KEYWORD: "*{}.values()"}
    names = [stars.get(p.kind, "{}").format(name) for name, p in signature.parameters.items() if name != "out"]
    return f"({', '.join(names)},)"


def _only_default(function, name, value, default):
    if value is not default:
        raise TypeError(f"{function} of numbers with derivatives does not support {name}=")
    return {}


def _parameter_list(parameters):
    """The text between the parentheses of a definition."""
    parts, kinds = [], [p.kind for p in parameters]
    for i, p in enumerate(parameters):
        if p.kind is p.KEYWORD_ONLY and not {p.KEYWORD_ONLY, p.VAR_POSITIONAL} & set(kinds[:i]):
            parts.append("*")
        star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        parts.append(f"{star}{p.name}" + ("" if p.default is p.empty else f"=default_{p.name}"))
        if p.kind is p.POSITIONAL_ONLY and p.POSITIONAL_ONLY not in kinds[i + 1:]:
            parts.append("/")
    return ", ".join(parts)
