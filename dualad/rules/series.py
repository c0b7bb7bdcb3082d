"""How power series go through the functions of the derivative table: programs for ``csrc/series.c``.

The expression of a derivative is run once on symbols that write down what is done to them. Together with z' = f'(x) x'
this gives all coefficients of z = f(x), so that the table's first derivatives are the only rules that series need.
"""

import numpy as np

from dualad._core.number import table
from dualad.rules import vocabulary

# as csrc/series.h numbers them
CONSTANT, ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE, SELECT, STATE = range(8)
LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, AND, OR, IS_NAN, RINT, SIGN, SIGN_BIT = range(8, 18)
INPUTS = 2
NONE = -1

_ROWS = {row[1]: row for row in table() if row[0] != "PLAIN"}

_WHERE, _REAL = np.where, np.real  # interception may replace the names later

# operations that are steps themselves
_STEPS = {
    np.add: ADD,
    np.subtract: SUBTRACT,
    np.multiply: MULTIPLY,
    np.divide: DIVIDE,
    np.negative: NEGATE,
    np.less: LESS,
    np.less_equal: LESS_EQUAL,
    np.equal: EQUAL,
    np.not_equal: NOT_EQUAL,
    np.bitwise_and: AND,
    np.bitwise_or: OR,
    np.isnan: IS_NAN,
    np.rint: RINT,
    np.sign: SIGN,
    np.signbit: SIGN_BIT,
}


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """A series that is not known yet: operations on it become steps of a program."""

    def __init__(self, program, register):
        self.program, self.register = program, register

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or kwargs:
            return NotImplemented
        if ufunc is np.greater or ufunc is np.greater_equal:
            ufunc, inputs = (np.less if ufunc is np.greater else np.less_equal), inputs[::-1]
        registers = [self.program.register(x) for x in inputs]
        if ufunc in _STEPS:
            return self.program.step(_STEPS[ufunc], *registers)
        return self.program.function(ufunc.__name__, *registers)

    def __array_function__(self, function, types, args, kwargs):
        if function is _WHERE:
            return self.program.step(SELECT, *[self.program.register(x) for x in args])
        if function is np.iscomplexobj:
            return False
        if function is _REAL:
            return self
        return NotImplemented


class _NoProgram(Exception):
    """A derivative calls what is no step: the series goes through the general rules."""


class _Program:
    """Steps as (code, a, b, c, d, constant, name), each kind of work done once."""

    def __init__(self):
        self.steps, self.known = [], {}

    def register(self, x):
        if isinstance(x, Symbol):
            return x.register
        return self._add((CONSTANT, NONE, NONE, NONE, NONE, float(x), None)).register

    def step(self, code, *operands):
        operands += (NONE,) * (4 - len(operands))
        return self._add((code, *operands, 0.0, None))

    def _add(self, step):
        if step not in self.known:
            self.known[step] = Symbol(self, INPUTS + len(self.steps))
            self.steps.append(step)
        return self.known[step]

    def function(self, name, *operands):
        """A function of the table: its derivatives are steps too, which may refer to it."""
        if name not in _ROWS or name == "sinc":
            raise _NoProgram(name)
        key = (name, *operands)
        if key in self.known:
            return self.known[key]
        symbol = self.known[key] = Symbol(self, INPUTS + len(self.steps))
        place = len(self.steps)
        self.steps.append(None)
        slopes = [self._slope(d) for d in self._derivatives(name, [Symbol(self, r) for r in operands], symbol)]
        a, c = operands if len(operands) == 2 else (*operands, NONE)
        b, d = slopes if len(slopes) == 2 else (*slopes, NONE)
        self.steps[place] = (STATE, a, b, c, d, 0.0, name)
        return symbol

    def _slope(self, derivative):
        zero = not isinstance(derivative, Symbol) and derivative == 0
        return NONE if zero else self.register(derivative)

    def _derivatives(self, name, operands, z):
        if name in ("power", "float_power"):
            # z/x for x**(y - 1), which would be a power again; bases of zero do not come here
            x, y = operands
            return y * (z / x), z * self.function("log", x.register)
        kind, _, aux, argument, *partials = _ROWS[name]
        names = ("x", "y") if kind == "UNARY" else ("x", "y", "z")
        known = (*operands, z)
        a = None
        if aux != "none":
            a = vocabulary.compile_expression(argument, names)(*known)
            a = self.function(aux, self.register(a))
        wanted = partials[: len(operands)]
        return [vocabulary.compile_expression(text, (*names, "a"))(*known, a) for text in wanted]

    def last_needed(self, result):
        """The steps whose last coefficient the result's last coefficient needs."""
        needed, waiting = set(), [result]
        while waiting:
            register = waiting.pop()
            if register < INPUTS or register in needed:
                continue
            needed.add(register)
            code, a, b, c, *_ = self.steps[register - INPUTS]
            waiting += [a, c] if code == STATE else [a, b, c]
        return needed


def program(name):
    """Steps of a function of the table and the register of its result; None where a series has to go another way."""
    trace = _Program()
    operands = range(1 if _ROWS[name][0] == "UNARY" else 2)
    direct = _STEPS.get(getattr(np, name))
    try:
        if name == "square":
            symbol = trace.step(MULTIPLY, 0, 0)
        else:
            symbol = trace.function(name, *operands) if direct is None else trace.step(direct, *operands)
    except (_NoProgram, TypeError):  # TypeError: NumPy's, of a function that symbols do not take
        return None
    needed = trace.last_needed(symbol.register)
    steps = [(*step[:5], INPUTS + i in needed, *step[5:]) for i, step in enumerate(trace.steps)]
    return steps, symbol.register
