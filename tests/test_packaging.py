"""What is shipped: stubs of the compiled modules, data, version."""

import ast
import importlib
import inspect
import pkgutil
import runpy
import subprocess
import sys
import sysconfig
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pytest

import dualad as da

PACKAGE = files("dualad")
COMPILED = [module.name for module in pkgutil.iter_modules(da._core.__path__)]
STUBBED = ("dualad", *(f"dualad.{name}" for name in (
    "integrate", "linalg", "memory", "optimize", "plotting", "sparse", "sparse.linalg", "testing", "uq", "uq.umath",
    "uq.unumpy")))

# Cython's own, and what any class has
NOT_IN_STUBS = {"__reduce_cython__", "__setstate_cython__", "__pyx_vtable__", "__doc__", "__module__", "__new__"}


def stub_of(module):
    """The syntax tree of a compiled module's stub."""
    return ast.parse((PACKAGE / "_core" / f"{module}.pyi").read_text())


def plain_stub_of(module):
    """The syntax tree of the stub beside a module or package."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    path = path / "__init__.pyi" if path.is_dir() else path.with_name(path.name + ".pyi")
    return ast.parse(path.read_text())


def declared(arguments):
    """The names of all parameters of a definition."""
    several = [arguments.vararg] if arguments.vararg else []
    named = [arguments.kwarg] if arguments.kwarg else []
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *several, *arguments.kwonlyargs, *named)]


def names_in(body):
    """Names that the statements of a stub define."""
    names = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
    return names


# stubs


@pytest.mark.parametrize("module", COMPILED)
def test_stubs_list_the_module(module):
    runtime = importlib.import_module(f"dualad._core.{module}")
    public = {name for name, x in vars(runtime).items() if not name.startswith("_") and not inspect.ismodule(x)
              and getattr(x, "__module__", runtime.__name__) == runtime.__name__}
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


@pytest.mark.parametrize("module", STUBBED)
def test_stubs_of_plain_modules(module):
    """Functions have the parameters that the stub says, and classes the methods and properties."""
    runtime = importlib.import_module(module)
    for node in plain_stub_of(module).body:
        if isinstance(node, ast.FunctionDef) and node.name != "__getattr__":
            assert declared(node.args) == list(inspect.signature(getattr(runtime, node.name)).parameters), node.name
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            members = {member.name for member in node.body if isinstance(member, ast.FunctionDef)} - {"__getattr__"}
            assert {name for name in members if not hasattr(getattr(runtime, node.name), name)} == set(), node.name


@pytest.mark.parametrize("module", STUBBED)
def test_stubs_of_plain_modules_are_complete(module):
    runtime, tree = importlib.import_module(module), plain_stub_of(module)
    stubbed = names_in(tree.body) | {alias.name for node in tree.body if isinstance(node, ast.ImportFrom)
                                     for alias in node.names}
    assert "__getattr__" in stubbed or set(runtime.__all__) - stubbed == set()


def test_typed_program_runs():
    """What type checkers see of this program, .ci/run tests."""
    runpy.run_path(str(Path(__file__).with_name("typed_program.py")))


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
