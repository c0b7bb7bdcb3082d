"""What is shipped: documentation of the public names, stubs of the compiled modules, data, version."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from importlib.resources import files

import numpy as np
import pytest

import dualad as da

PACKAGE = files("dualad")
COMPILED = ("number", "dual", "multidual", "tracer")
MODULES = ["dualad", *(m.name for m in pkgutil.walk_packages(da.__path__, "dualad.") if m.name != "dualad.__main__")]

# Cython's own, and what any class has
NOT_IN_STUBS = {"__reduce_cython__", "__setstate_cython__", "__pyx_vtable__", "__doc__", "__module__", "__new__"}
# Cython gives plain fields no docstring
FIELDS = {"level", "ndir"}


def public_names():
    """The functions and classes of dualad and of its public modules, by dotted name."""
    found = {f"dualad.{name}": getattr(da, name) for name in da.__all__}
    for path, module in [item for item in found.items() if inspect.ismodule(item[1])]:
        assert inspect.getdoc(module), f"{path} has no docstring"
        del found[path]
        found |= {f"{path}.{name}": getattr(module, name) for name in getattr(module, "__all__", ())}
    return {path: x for path, x in found.items() if getattr(x, "__module__", "").startswith("dualad")}


PUBLIC = public_names()


def sections(docstring):
    """The sections of a numpydoc docstring, by title."""
    parts = re.split(r"^(\w[\w ]*)\n(-+)$", docstring, flags=re.M)
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
    stub = stub_of(thing.__module__.rpartition(".")[2])
    definition = next(node for node in ast.walk(stub) if getattr(node, "name", None) == "__init__")
    return {argument.arg for argument in definition.args.args[1:]}


def stub_of(module):
    """The syntax tree of a compiled module's stub."""
    return ast.parse((PACKAGE / "_core" / f"{module}.pyi").read_text())


def names_in(body):
    """Names that the statements of a stub define."""
    names = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
    return names


# documentation


@pytest.mark.parametrize("path", PUBLIC)
def test_public_names_are_documented(path):
    thing = PUBLIC[path]
    found = sections(inspect.getdoc(thing) or "")
    assert found["Summary"].split("\n\n")[0].rstrip().endswith((".", "?")), "the summary is a sentence"
    assert ">>> " in found.get("Examples", ""), "there is an example"
    missing = parameters_of(thing) - documented_parameters(found.get("Parameters", ""))
    assert not missing, f"parameters without explanation: {missing}"


@pytest.mark.parametrize("kind", [da.Dual, da.MultiDual])
def test_members_are_documented_or_numpys(kind):
    own = [name for name in dir(kind) if not name.startswith("_") and not hasattr(np.ndarray, name)]
    undocumented = [name for name in own if not hasattr(np, name) and not getattr(kind, name).__doc__]
    assert set(undocumented) <= FIELDS


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    with np.printoptions():  # an example may set them
        assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_module_has_a_docstring():
    assert [name for name in MODULES if not importlib.import_module(name).__doc__] == []


# stubs


@pytest.mark.parametrize("module", COMPILED)
def test_stubs_list_the_module(module):
    runtime = importlib.import_module(f"dualad._core.{module}")
    public = {name for name, x in vars(runtime).items() if not name.startswith("_") and not inspect.ismodule(x)}
    stubbed = {name for name in names_in(stub_of(module).body) if not name.startswith("_")}
    assert public == stubbed


@pytest.mark.parametrize("module", COMPILED)
def test_stubs_list_every_member(module):
    runtime = importlib.import_module(f"dualad._core.{module}")
    for node in stub_of(module).body:
        if not isinstance(node, ast.ClassDef):
            continue
        stubbed = names_in(node.body)
        defined = {name for name in vars(getattr(runtime, node.name)) if name not in NOT_IN_STUBS}
        private = {name for name in defined if name.startswith("_") and not name.startswith("__")}
        assert stubbed - defined == set(), f"{node.name} does not have these"
        assert defined - stubbed - private - set(dir(object)) - {"__delitem__"} == set(), f"{node.name} has these too"


# installation


@pytest.fixture
def distribution():
    """What pip installed; a build leaves metadata in the checkout too, which do not count."""
    found = list(metadata.distributions(name="dualad", path=[sysconfig.get_path("platlib")]))
    if not found:
        pytest.skip("dualad is imported from a checkout and not installed")
    return found[0]


def test_version_is_that_of_the_distribution(distribution):
    assert distribution.version == da.__version__


def test_data_is_beside_the_code():
    assert (PACKAGE / "py.typed").is_file()
    assert all((PACKAGE / "_core" / f"{module}.pyi").is_file() for module in COMPILED)
    assert (PACKAGE / "_core" / "number.pxd").is_file()
    assert len([f for f in (PACKAGE / "data" / "nist_strd").iterdir() if f.name.endswith(".dat")]) >= 6


def test_installation_has_data_and_nothing_else(distribution):
    recorded = {str(path) for path in distribution.files}
    if "dualad/__init__.py" not in recorded:
        pytest.skip("an editable installation")
    wanted = {"dualad/py.typed", "dualad/_core/number.pxd", "dualad/data/nist_strd/Thurber.dat"}
    assert wanted | {f"dualad/_core/{module}.pyi" for module in COMPILED} <= recorded
    assert {path.split("/")[0] for path in recorded} == {"dualad", f"dualad-{da.__version__}.dist-info"}
    assert [path for path in recorded if path.endswith((".c", ".h", ".pyx", ".pxi"))] == []


def test_import_needs_numpy_and_scipy_alone():
    optional = {"hypothesis", "matplotlib", "mpmath", "pytest", "tqdm"}
    code = "import sys, dualad; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert optional.isdisjoint(run.stdout.split())
