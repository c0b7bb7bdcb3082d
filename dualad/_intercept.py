"""Plain NumPy's array-making functions replaced by those of `dualad.numpy`, for one context, while a transform runs.

NumPy has no protocol for ``numpy.zeros(3)``, which has no argument to dispatch on, so the attribute ``numpy.zeros``
itself is replaced for a while. Whoever looks it up meanwhile, in whatever thread, gets a function that decides at each
call: NumPy's own runs, unless interception is on in the caller's context, a transform runs there, and the call comes
from Python code outside NumPy, SciPy and dualad. Compiled code calls ``numpy.empty`` too and writes into the memory of
what it takes for an ndarray (`numpy.random` does), so no number may be returned there. It has no frame of its own: the
frame that is found is that of the Python code which runs it, and stands at another call.
"""

import contextlib
import dis
import functools
import importlib.util
import inspect
import itertools
import os
import sys
import threading
import types
from contextvars import ContextVar

import numpy

from dualad._context import ACTIVE
from dualad._core.number import Number
from dualad._scipy import carries, holds_number, loaded, new_versions
from dualad.numpy._arrays import FUNCTIONS, MODULES, TAKERS, contains_number, with_room
from dualad.numpy._tools import NAMES, call_vectorized

_INTERCEPTING = ContextVar("dualad_intercepting", default=False)


def _folder(package):
    return os.path.dirname(importlib.util.find_spec(package).origin) + os.sep


_OWN = _folder("dualad")
_LIBRARIES = (_OWN, _folder("numpy"), _folder("scipy"))
_REFUSING = (_OWN, os.path.join(_folder("scipy"), "sparse", ""))
"""Own code, which knows what it wants, and code that hands its operand back to us if it finds no array in it."""
_STORING = _folder("numpy.polynomial")
_STORING_NUMBERS = tuple(os.path.join(_folder("scipy"), *path) for path in (
    ("stats", "_distn_infrastructure.py"), ("stats", "_continuous_distns.py"), ("stats", "_multivariate.py"),
    ("_lib", "_util.py")))
"""Code in libraries that stores into arrays that it makes by _MAKERS: always, and where its variables hold numbers.

The former hands none of them to compiled code.
"""
_MAKERS = {kind + like for kind in ("zeros", "ones", "empty", "full") for like in ("", "_like")} | {"array"}


def _is_served(frame, name, args):
    """Whether this caller gets numbers from this function: in libraries only if it passes some, or stores them."""
    file = frame.f_code.co_filename
    if not file.startswith(_LIBRARIES):
        return True
    if file.startswith(_REFUSING):
        return False
    if contains_number(args):
        return True
    return name in _MAKERS and (file.startswith(_STORING) or (
        file.startswith(_STORING_NUMBERS) and any(map(holds_number, frame.f_locals.values()))))


# ---- who calls -----------------------------------------------------------------------------------------------------

_CALLS = ("CALL", "CALL_KW", "CALL_FUNCTION_EX")
_NEUTRAL = ("EXTENDED_ARG", "NOP", "RESUME", "PRECALL", "KW_NAMES", "NOT_TAKEN")
_ENDS = ("RETURN_VALUE", "RETURN_CONST", "RERAISE", "RAISE_VARARGS", "JUMP_FORWARD", "JUMP_BACKWARD",
         "JUMP_BACKWARD_NO_INTERRUPT")
_JUMPS = {*dis.hasjrel, *dis.hasjabs}


@functools.lru_cache(maxsize=4096)
def _callees(code):
    """For each code unit: the names that lead to what its instruction calls or subscripts, (is global, "np", "zeros").

    The byte code is followed with a stack of such names in place of values, None where a value has no name.
    """
    called = [None] * (len(code.co_code) // 2)
    stack, at_target = [], {}
    steps = list(dis.get_instructions(code))
    ends = [step.offset for step in steps[1:]] + [len(code.co_code)]
    for step, end in zip(steps, ends, strict=True):
        stack = at_target.pop(step.offset, stack)
        if step.opcode in _JUMPS:
            at_target.setdefault(step.argval, _after(stack, step, True))
        units = slice(step.offset // 2, end // 2)  # with the caches behind the instruction
        called[units] = [_callee(stack, step)] * (units.stop - units.start)
        stack = [] if step.opname in _ENDS else _after(stack, step, False)
    return called


def _popped(step):
    """How many entries of the stack a call takes: the callee, NULL or self, and the arguments."""
    if step.opname == "CALL" and sys.version_info < (3, 12):
        return 2 + step.arg  # PRECALL counts for the rest
    return 1 - dis.stack_effect(step.opcode, step.arg)


def _callee(stack, step):
    if step.opname in _CALLS:
        start = max(len(stack) - _popped(step), 0)
        return next((path for path in stack[start : start + 2] if path), None)
    if step.opname == "BINARY_SUBSCR" or (step.opname == "BINARY_OP" and step.argrepr == "[]"):
        return stack[-2] if len(stack) > 1 else None
    return None


def _after(stack, step, jump):
    """The stack after an instruction."""
    name = step.opname
    if name in _NEUTRAL:
        return stack
    effect = dis.stack_effect(step.opcode, step.arg if step.opcode >= dis.HAVE_ARGUMENT else None, jump=jump)
    if name in _CALLS:
        return stack[: max(len(stack) - _popped(step), 0)] + [None]
    if name in ("LOAD_ATTR", "LOAD_METHOD"):
        path = stack[-1] and (*stack[-1], step.argval) if stack else None
        return stack[:-1] + [path] + [None] * effect
    if name == "STORE_FAST_LOAD_FAST":
        return stack[:-1] + [(False, step.argval[1])]
    if name.startswith(("LOAD_FAST", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF")):
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        paths = [(name == "LOAD_GLOBAL", n) for n in names]
        nulls = [None] * (effect - len(paths))
        return stack + nulls + paths if sys.version_info < (3, 13) else stack + paths + nulls
    if name == "COPY":
        return stack + [stack[-step.arg] if step.arg <= len(stack) else None]
    if effect >= 0:
        changed = stack[:-1] + [None] if stack and effect == 0 else stack
        return changed + [None] * effect
    left = stack[:effect]
    return left if name.startswith(("POP_", "STORE_")) else left[:-1] + [None]


def _calls(frame, name, replacement):
    """Whether a frame stands at a call of this replacement, and not of compiled code that calls it in turn."""
    path = _callees(frame.f_code)[frame.f_lasti // 2]
    if path is None or (len(path) > 2 and path[-1] != name):
        return False
    is_global, root, *attributes = path
    scope = frame.f_globals if is_global or root not in frame.f_locals else frame.f_locals
    found = scope.get(root)
    for attribute in attributes:
        found = getattr(found, attribute, None)
    return found is replacement


def _is_conversion(name, args):
    """Whether a number is left as it is, for whomever: also in ``map(asarray, numbers)``, of which no frame tells."""
    return name == "asarray" and len(args) == 1 and isinstance(args[0], Number)


def _wanted(frame, name, replacement, args):
    """Whether this call shall give numbers."""
    return (
        _INTERCEPTING.get()
        and ACTIVE.get()
        and _is_served(frame, name, args)
        and (_is_conversion(name, args) or _calls(frame, name, replacement))
    )


# ---- what stands in numpy meanwhile ----------------------------------------------------------------------------------

def _replacement(name, plain, making):
    @functools.wraps(plain, updated=())
    def intercepted(*args, **kwargs):
        called = making if _wanted(sys._getframe(1), name, intercepted, args) else plain
        return called(*args, **kwargs)

    return intercepted


def _taker(plain, reader):
    """In place of a function that takes numbers but no lists of them."""
    @functools.wraps(plain, updated=())
    def intercepted(*args, **kwargs):
        return (reader if _INTERCEPTING.get() and ACTIVE.get() else plain)(*args, **kwargs)

    return intercepted


class _Indexed:
    """In place of numpy.r_, c_, mgrid and ogrid."""

    def __init__(self, name, plain, making):
        self._name, self._plain, self._making = name, plain, making
        self.__doc__ = plain.__doc__

    def __getitem__(self, key):
        wanted = _wanted(sys._getframe(1), self._name, self, key if isinstance(key, tuple) else (key,))
        return (self._making if wanted else self._plain)[key]

    def __getattr__(self, attribute):
        return getattr(self._plain, attribute)

    def __len__(self):
        return len(self._plain)


def _replacements():
    """What is in numpy, and what replaces it."""
    for name, making in {**FUNCTIONS, **NAMES}.items():
        plain = getattr(numpy, name, None)
        if plain is not None and not isinstance(plain, type):  # numpy.vectorize stays a class: see _call_vectorized
            yield plain, (_replacement if callable(plain) else _Indexed)(name, plain, making)
    for module, readers in MODULES.items():
        for name, reader in readers.items():
            yield getattr(module, name), _replacement(name, getattr(module, name), reader)
    for name, reader in TAKERS.items():
        yield getattr(numpy, name), _taker(getattr(numpy, name), reader)


_PAIRS = list(_replacements())
_BY_PLAIN = {id(plain): replacement for plain, replacement in _PAIRS}
_BY_REPLACEMENT = {id(replacement): plain for plain, replacement in _PAIRS}
_NUMPY = [vars(module) for module in (numpy, *MODULES)]


def _names_of(namespace):
    """What is in a namespace of NumPy by name, and what replaces it."""
    plain = {name: value for name, value in namespace.items() if id(value) in _BY_PLAIN}
    return plain, {name: _BY_PLAIN[id(value)] for name, value in plain.items()}


_KNOWN = {id(namespace): _names_of(namespace) for namespace in _NUMPY}


def _version(plain, ours):
    """In place of a function of SciPy that has a version here."""
    @functools.wraps(plain, updated=())
    def intercepted(*args, **kwargs):
        asked = (_INTERCEPTING.get() and ACTIVE.get() and (carries(args) or carries(kwargs))
                 and not sys._getframe(1).f_code.co_filename.startswith(_OWN))
        return (ours if asked else plain)(*args, **kwargs)

    return intercepted


def _apply_where(plain):
    """It stores what functions return into fill_value, or into an array of the library that it is told."""
    def making(*args, fill_value=None, **kwargs):
        fill_value = with_room(fill_value.copy()) if isinstance(fill_value, numpy.ndarray) else fill_value
        return plain(*args, fill_value=fill_value, **{**kwargs, "xp": sys.modules["dualad.numpy"]})

    return making


def _register(plain, replacement):
    _BY_PLAIN[id(plain)] = replacement
    _BY_REPLACEMENT[id(replacement)] = plain


def _namespaces_of_scipy():
    """The namespaces of SciPy with names that are replaced, of which `_substitute` gets to know."""
    namespaces = loaded()
    if all(id(namespace) in _KNOWN for namespace in namespaces):
        return namespaces
    for plain, ours in new_versions():
        _register(plain, _version(plain, ours))
    for namespace in namespaces:
        plain = namespace.get("apply_where")
        if plain is not None and id(plain) not in _BY_REPLACEMENT and id(plain) not in _BY_PLAIN:
            _register(plain, _replacement("apply_where", plain, _apply_where(plain)))
        if id(namespace) not in _patched:
            _KNOWN[id(namespace)] = _names_of(namespace)
    return namespaces


_plain_call = numpy.vectorize.__call__


@functools.wraps(_plain_call)
def _call_vectorized(self, /, *args, **kwargs):
    if _INTERCEPTING.get() and ACTIVE.get():
        return call_vectorized(self, functools.partial(_plain_call, self), args, kwargs)
    return _plain_call(self, *args, **kwargs)


# ---- putting it there and taking it away ---------------------------------------------------------------------------

_lock = threading.RLock()
_patched = {}
"""The namespaces that are patched, by id, and how many interceptions want them so."""
_modules_before = 0


def _substitute(namespace, table):
    known = _KNOWN.get(id(namespace), ({}, {}))
    before, after = known if table is _BY_PLAIN else known[::-1]
    if before and before.items() <= namespace.items():
        namespace.update(after)
        return
    for name in before or list(namespace):
        value = id(namespace.get(name))
        if value in table:
            namespace[name] = table[value]


def _enter(namespaces):
    global _modules_before
    with _lock:
        if not _patched:
            numpy.vectorize.__call__ = _call_vectorized
            _modules_before = len(sys.modules)
        for namespace in namespaces:
            _, count = _patched.get(id(namespace), (None, 0))
            if not count:
                _substitute(namespace, _BY_PLAIN)
            _patched[id(namespace)] = namespace, count + 1


def _leave(namespaces):
    with _lock:
        for namespace in namespaces:
            _, count = _patched.pop(id(namespace))
            if count > 1:
                _patched[id(namespace)] = namespace, count - 1
            else:
                _substitute(namespace, _BY_REPLACEMENT)
        if not _patched:
            numpy.vectorize.__call__ = _plain_call
            for module in list(itertools.islice(sys.modules.values(), _modules_before, None)):
                _substitute(getattr(module, "__dict__", {}), _BY_REPLACEMENT)  # it imported what was there


@contextlib.contextmanager
def _interception(namespaces):
    with _lock:
        namespaces = [*_NUMPY, *_namespaces_of_scipy(), *namespaces]
        _enter(namespaces)
    token = _INTERCEPTING.set(True)
    try:
        yield
    finally:
        _INTERCEPTING.reset(token)
        _leave(namespaces)


def _namespace(where):
    """The global names of a module, or of the module that a callable is from; None if they are not known."""
    if isinstance(where, types.ModuleType):
        return vars(where)
    while isinstance(where, functools.partial):
        where = where.func
    where = inspect.unwrap(where)
    if not isinstance(where, (types.FunctionType, types.MethodType)):
        where = type(where).__call__
    where = getattr(where, "__func__", where)
    if not isinstance(where, types.FunctionType) or where.__code__.co_filename.startswith(_LIBRARIES):
        return None
    return where.__globals__


# ---- public --------------------------------------------------------------------------------------------------------

def intercept_numpy(*where):
    """Context manager in which plain NumPy makes arrays that can hold derivatives, while a transform runs.

    Code that was written for plain NumPy, and that you cannot edit, makes arrays with ``np.zeros(n)`` and stores into
    them. Within this context such calls behave as those of `dualad.numpy` do, in the same thread or asynchronous task
    and while a transform runs there. At any other moment, and in any other thread, NumPy is what it was.

    Parameters
    ----------
    *where : module or callable, optional
        Modules, or functions from modules, that have taken names out of numpy by ``from numpy import zeros``: their
        names are replaced too. Calls by attribute, ``np.zeros(n)``, are reached everywhere. A transform with
        ``intercept=True`` adds the module of its function.

    Returns
    -------
    context manager
        Also usable as a decorator. It may be nested, and entered by several threads at once; the last to leave
        restores NumPy, after an error too.

    Raises
    ------
    TypeError
        If something else than modules and functions is given.

    See Also
    --------
    dualad.numpy : the same by a change of the import, at less cost.

    Notes
    -----
    Reached are all functions of `dualad.numpy` that differ from NumPy's (zeros, ones, empty, full, array, asarray,
    arange, linspace, eye, concatenate of lists, ``r_``, vectorize, ...), called from Python code. Not reached are calls
    from compiled code, such as Cython modules or ``map(np.zeros, sizes)``, and those inside NumPy and SciPy that get
    no number (other than in `numpy.polynomial` and the distributions of `scipy.stats`); they make plain arrays, in
    which a number cannot be stored: that raises TypeError or ValueError.
    Calls are told apart by following the byte code of the function that makes them.

    Functions of SciPy that have versions in ``dualad.linalg``, ``dualad.optimize``, ``dualad.integrate``,
    ``dualad.sparse.linalg`` and ``dualad.numpy.special`` are these versions meanwhile, for calls in which numbers may
    be, if SciPy's module is imported when the interception begins. The functions of `scipy.fft`, `scipy.signal` and
    `scipy.ndimage` that are linear in their data take numbers as data.

    Examples
    --------
    >>> import numpy as np
    >>> import dualad as da
    >>> def f(x):
    ...     y = np.zeros(2)
    ...     y[0] = x**2
    ...     return y
    >>> with da.intercept_numpy():
    ...     da.derivative(f)(3.0)
    array([6., 0.])
    >>> da.derivative(f, intercept=True)(3.0)
    array([6., 0.])
    """
    namespaces = []
    for w in where:
        if not callable(w) and not isinstance(w, types.ModuleType):
            raise TypeError(f"intercept_numpy takes modules and functions, not {type(w).__name__}")
        namespaces.append(_namespace(w))
    return _interception([n for n in namespaces if n is not None])


class _Intercepted:
    """A function run under interception; can be pickled if the function can."""

    def __init__(self, f):
        functools.update_wrapper(self, f, updated=())

    def __call__(self, *args, **kwargs):
        with intercept_numpy(self.__wrapped__):
            return self.__wrapped__(*args, **kwargs)


def intercepted(f, intercept):
    """f, or f run under interception if that is asked for."""
    if not callable(f):
        raise TypeError(f"f must be a function, not {type(f).__name__}")
    if intercept is False:
        return f
    if not isinstance(intercept, (bool, numpy.bool_)):
        raise TypeError(f"intercept must be True or False, not {intercept!r}")
    return _Intercepted(f) if intercept else f
