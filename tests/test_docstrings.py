"""Every public name has a numpydoc docstring that tells everything, whose example runs, and stands in the reference."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import textwrap
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import dualad as da

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
PUBLIC_MODULES = ("dualad", *(f"dualad.{name}" for name in (
    "integrate", "linalg", "memory", "optimize", "plotting", "sparse", "sparse.linalg", "testing", "uq", "uq.umath",
    "uq.unumpy")))
MODULES = ["dualad", *(m.name for m in pkgutil.walk_packages(da.__path__, "dualad.") if m.name != "dualad.__main__")]

# Cython gives plain fields no docstring
FIELDS = {"level", "ndir"}
# what looks up, prints or takes anything has neither errors nor a method of its own
SIMPLE = {f"dualad.uq.{name}" for name in ("nominal_value", "nominal_values", "std_dev", "std_devs", "umath.fsum",
                                           "umath.log")}
NO_ERRORS = SIMPLE | {"dualad.linalg.circulant", "dualad.linalg.hankel", "dualad.linalg.toeplitz",
                      "dualad.memory.info", "dualad.memory.release"}


def public_names():
    """The functions and classes of the public modules that are dualad's own, each by its first dotted name."""
    found = {}
    for path in PUBLIC_MODULES:
        module = importlib.import_module(path)
        things = {f"{path}.{name}": getattr(module, name) for name in module.__all__}
        known = {id(x) for x in found.values()}
        found |= {name: x for name, x in things.items() if is_own(x) and id(x) not in known}
    return found


def is_own(thing):
    """Whether a function or class is defined here, and does not wrap one of NumPy's or SciPy's."""
    module = getattr(inspect.unwrap(thing), "__module__", None) if callable(thing) else None
    return bool(module) and module.startswith("dualad")


PUBLIC = public_names()
FUNCTIONS = [path for path, x in PUBLIC.items() if not inspect.isclass(x)]
CLASSES = [path for path, x in PUBLIC.items() if inspect.isclass(x)]


def sections(thing):
    """The sections of a numpydoc docstring, by title."""
    parts = re.split(r"^(\w[\w ]*)\n(-+)$", inspect.getdoc(thing) or "", flags=re.M)
    assert all(len(title) == len(line) for title, line in zip(parts[1::3], parts[2::3], strict=True))
    return {"Summary": parts[0], **dict(zip(parts[1::3], parts[3::3], strict=True))}


def documented_parameters(text):
    """The names that a section of parameters explains."""
    heads = re.findall(r"^(\S.*?)(?: :.*)?$", text, re.M)
    return {name.strip(" *") for head in heads for name in head.split(",")}


def parameters_of(thing):
    """The names of a callable's parameters; a number type's are in its stub, other classes are made by functions."""
    if not inspect.isclass(thing):
        return set(inspect.signature(thing).parameters)
    if not thing.__module__.startswith("dualad._core"):
        return set()
    stub = ast.parse((files("dualad") / "_core" / f"{thing.__module__.rpartition('.')[2]}.pyi").read_text())
    found = next(node for node in stub.body if getattr(node, "name", None) == thing.__name__)
    definition = next(node for node in found.body if getattr(node, "name", None) == "__init__")
    return {argument.arg for argument in definition.args.args[1:]}


def returns_something(function):
    """Whether a function has a return statement with a value, those of functions inside it left out."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    waiting = list(tree.body[0].body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            return True
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return False


@pytest.mark.parametrize("path", PUBLIC)
def test_summary_and_example(path):
    found = sections(PUBLIC[path])
    assert found["Summary"].split("\n\n")[0].rstrip().endswith((".", "?")), "the summary is a sentence"
    assert ">>> " in found.get("Examples", ""), "there is an example"


@pytest.mark.parametrize("path", PUBLIC)
def test_parameters(path):
    """Those that there are, and no others."""
    actual = parameters_of(PUBLIC[path])
    documented = documented_parameters(sections(PUBLIC[path]).get("Parameters", ""))
    assert actual - documented == set(), "these are not explained"
    assert inspect.isclass(PUBLIC[path]) or documented - actual == set(), "there are none of these"


@pytest.mark.parametrize("path", FUNCTIONS)
def test_results_errors_and_sources(path):
    """What a function returns, which errors it raises, and in Notes its method and where that comes from."""
    found = sections(PUBLIC[path])
    assert ("Returns" in found) == returns_something(PUBLIC[path])
    assert "Raises" in found or path in NO_ERRORS
    assert "Notes" in found or path in SIMPLE


@pytest.mark.parametrize("path", CLASSES)
def test_members_of_classes(path):
    """Attributes are listed, methods have docstrings, and what only calls itself by another name has none."""
    kind = PUBLIC[path]
    found = sections(kind)
    assert {"Parameters", "Attributes"} & set(found) or issubclass(kind, Warning)
    listed = documented_parameters(found.get("Attributes", ""))
    own = {name: x for name, x in vars(kind).items() if not name.startswith("_") and not hasattr(np.ndarray, name)}
    undocumented = {name for name, x in own.items() if not inspect.getdoc(x) and not hasattr(np, name)}
    assert undocumented - listed - FIELDS == set()


@pytest.mark.parametrize("path", PUBLIC_MODULES)
def test_modules_that_are_public(path):
    assert inspect.getdoc(importlib.import_module(path))


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    assert module.__doc__
    if name == "dualad.plotting":
        pytest.importorskip("matplotlib").use("Agg")
    with np.printoptions():  # an example may set them
        assert doctest.testmod(module).failed == 0


DIRECTIVE = re.compile(r"^\.\. (currentmodule|autofunction|autoclass):: (\S+)$", re.M)


def reference():
    """The names that the pages of the reference document."""
    for page in REFERENCE.glob("*.md"):
        module = None
        for directive, name in DIRECTIVE.findall(page.read_text()):
            if directive == "currentmodule":
                module = name
            else:
                yield f"{module}.{name}"


def test_reference_is_complete():
    if not REFERENCE.exists():
        pytest.skip("the documentation is not part of this installation")
    documented = set(reference())
    assert set(PUBLIC) - documented == set()
    assert documented - set(PUBLIC) == set()
