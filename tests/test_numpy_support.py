"""Every public name of NumPy is supported, and tested, or listed with the reason why not."""

import importlib.util
import inspect
import pathlib
import re

import numpy as np
import pytest

import dualad as da
import dualad.numpy as dnp
import numpy_calls
from dualad.rules import FUNCTIONS, catalog

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "numpy-support.md"
NAMES = catalog.public_names()
LINES = "\n".join(line for _, line in numpy_calls.listed())
# plain results and arrays of a given size, which test_numpy_namespace.py and the tests of the value compare
NOT_CALLED = {"constants and modules", "scalar types", "dualad.numpy", "piecewise constant"}
TESTED_ELSEWHERE = set("""
    broadcast_shapes in1d isfortran iterable ndindex row_stack trapz
""".split())
DEPRECATED = {"interpolation", "bias", "ddof"}  # of quantile and corrcoef, until NumPy 2.3
WITHOUT_A_CALL = re.compile(r"ndarray\.(__\w+__|mT|T|dump|dumps|setflags|to_device|device|flags|itemset|nbytes)$")


def thing(name):
    owner, _, last = name.rpartition(".")
    return getattr(getattr(np, owner) if owner else np, last)


def test_every_name_is_supported_or_listed():
    unknown = [name for name in NAMES if catalog.status(name) is None]
    assert not unknown, (f"{unknown}: write a rule, or list the name with a reason in dualad/rules/catalog.py")


def test_every_ufunc_is_listed():
    ufuncs = {name for name, f in vars(np).items() if isinstance(f, np.ufunc)}
    assert ufuncs <= set(NAMES)


def test_no_name_is_listed_twice():
    names = [*catalog.THROUGH_RULES, *catalog.IN_NAMESPACE]
    for _, _, _, listed in catalog.UNSUPPORTED:
        names += listed.split()
    assert len(names) == len(set(names))
    assert not [name for name in names if name in NAMES and catalog.rule_of(name) is not None]
    assert not [name for name in catalog.REMARKS if catalog.rule_of(name) is None and name not in names
                and not isinstance(getattr(np, name), np.ufunc)]


@pytest.mark.parametrize("name", [name for name in NAMES if catalog.status(name) not in NOT_CALLED
                                  and catalog.status(name) not in {h for h, *_ in catalog.UNSUPPORTED}])
def test_what_is_supported_is_called_by_a_test(name):
    """On everyday calls whose values and derivatives are compared."""
    if name in TESTED_ELSEWHERE or WITHOUT_A_CALL.match(name):
        return
    owner, _, last = name.rpartition(".")
    pattern = rf"\.{last}\b" if owner == "ndarray" else rf"np\.{re.escape(name)}\b"
    assert re.search(pattern, LINES), f"no line of numpy_calls.py calls {name}"


@pytest.mark.parametrize("function", FUNCTIONS, ids=catalog.name_of)
def test_rules_have_numpys_signature(function):
    """Parameters, kinds and defaults."""
    try:
        expected = inspect.signature(function).parameters
    except ValueError:
        pytest.skip("NumPy does not tell")
    parameters = inspect.signature(FUNCTIONS[function]).parameters
    assert list(parameters.values()) == list(expected.values())
    known = inspect.signature(getattr(FUNCTIONS[function], "__wrapped_rule__", FUNCTIONS[function])).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
        optional = {name for name, p in expected.items() if p.default is not p.empty or p.kind is p.KEYWORD_ONLY}
        stored = {"out"}  # with_signature takes it from the rule
        assert optional - DEPRECATED - stored <= set(known), "the rule does not know all of NumPy's parameters"


@pytest.mark.parametrize("call, words", [
    (lambda x: np.save("nowhere.npy", x), "numpy.save .*file.*Pickle"),
    (lambda x: np.savetxt("nowhere.txt", x), "numpy.savetxt .*Pickle"),
    (lambda x: np.packbits(x), "numpy.packbits .*integers"),
    (lambda x: np.gcd(x, 2), "gcd .*integers"),
    (lambda x: np.bitwise_and.reduce(x), "bitwise_and .*integers"),
    (lambda x: np.ravel_multi_index((x, x), (3, 3)), "ravel_multi_index .*indices"),
    (lambda x: np.busday_offset(x, 1), "busday_offset .*whole units"),
    (lambda x: np.ma.median(x), "derivative"),
    (lambda x: np.asmatrix(x), "derivative"),
    (lambda x: x.view(int), "Dual.*value.view"),
    (lambda x: x.getfield(float), "value.getfield"),
    (lambda x: memoryview(x), "Dual"),
])
def test_unsupported_functions_name_reason_and_alternative(call, words):
    with pytest.raises(TypeError, match=words):
        call(da.Dual([1.0, 2.0], [1.0, 0.0]))


def test_parameters_of_another_version_must_have_their_default():
    from dualad.rules.signatures import with_signature

    def function(a, /, *more, new="x", flag=False, **others):
        pass

    rule = with_signature(function, lambda a, *more, flag=None, **others: (a, more, flag, others))
    assert rule(1, 2, 3, flag=True, b=4) == (1, (2, 3), True, {"b": 4, "new": "x"})

    def short(a, new="x"):
        pass

    rule = with_signature(short, lambda a, *, own=1: (a, own))
    assert rule(5) == (5, 1) and rule(5, new="x") == (5, 1)
    with pytest.raises(TypeError, match="short .*new="):
        rule(5, new="y")


def test_the_namespace_has_every_name():
    for name in np.__all__:
        assert hasattr(dnp, name)
    for name in catalog.IN_NAMESPACE:
        assert getattr(dnp, name) is not getattr(np, name), f"dualad.numpy.{name} takes no numbers"


def test_the_page_is_up_to_date():
    if not PAGE.exists():
        pytest.skip("the documentation is not installed")
    version = re.search(r"NumPy (\d+\.\d+)", PAGE.read_text()).group(1)
    if not np.__version__.startswith(version + "."):
        pytest.skip("the page lists the names of another version of NumPy")
    spec = importlib.util.spec_from_file_location("make_numpy_support", PAGE.with_name("make_numpy_support.py"))
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert PAGE.read_text() == script.page(), "run python docs/make_numpy_support.py"


@pytest.mark.parametrize("old, new", [
    (lambda np, x: np.trapz(x, dx=0.5), lambda np, x: np.trapezoid(x, dx=0.5)),
    (lambda np, x: np.in1d(x, [1.0]), lambda np, x: np.isin(x, [1.0])),
])
@pytest.mark.filterwarnings("ignore:.*(trapz|in1d):DeprecationWarning")
def test_names_that_numpy_has_given_up(old, new):
    x = da.Dual([1.0, 4.0, 2.0], [1.0, 0.5, 2.0])
    try:
        y = old(np, x)
    except AttributeError:
        pytest.skip("NumPy has it no more")
    assert str(y) == str(new(np, x))
