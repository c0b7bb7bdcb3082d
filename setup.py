"""Builds the extension modules: Cython over csrc. Everything else is in pyproject.toml."""

import os
import re
import sys
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

HERE = Path(__file__).parent
OPERATORS = {"add", "subtract", "multiply", "divide"}


def write_elementwise_methods():
    """A base class with a method for every line of the derivative table: x.sin() is also what NumPy calls on the
    elements of object arrays."""
    lines = ["@cython.no_gc", "cdef class Elementwise:"]
    table = re.findall(r"^(UNARY|BINARY|PLAIN)\((\w+)", (HERE / "csrc/derivatives.def").read_text(), re.M)
    for index, (kind, name) in enumerate(table):
        if name in OPERATORS:
            continue
        if kind == "BINARY" or getattr(getattr(numpy, name), "nin", 1) == 2:
            lines.append(f"    def {name}(self, other): return binary({index}, self, other)")
        else:
            lines.append(f"    def {name}(self): return unary({index}, self)")
    text = "\n".join(lines) + "\n"
    target = HERE / "dualad/_core/elementwise_methods.pxi"
    if not target.exists() or target.read_text() != text:
        target.write_text(text)


def extensions():
    sources = ["callers", "contract", "drive", "kernels", "pool", "series", "simd", "table"]
    options = {
        "include_dirs": ["csrc", "dualad/_core", numpy.get_include()],
        "define_macros": [
            ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
            ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION"),
        ],
    }
    if sys.platform != "win32":
        # no contraction to fused operations: results do not depend on the processor
        options["extra_compile_args"] = [
            "-O3",
            "-std=c11",
            "-fno-math-errno",
            "-fno-trapping-math",
            "-ffp-contract=off",
        ]
        options["extra_compile_args"] += os.environ.get("DUALAD_CFLAGS", "").split()
        options["libraries"] = ["m"]
    depends = [str(p.relative_to(HERE)) for p in [*(HERE / "csrc").iterdir(), HERE / "dualad/_core/freelist.h"]]
    modules = {
        "number": [f"csrc/{s}.c" for s in sources],
        "dual": [],
        "multidual": [],
        "hyperdual": [],
        "taylor": [],
        "coloring": ["csrc/coloring.c"],
        "tracer": ["csrc/pattern.c"],
        "uncertain": [],
    }
    return [
        Extension(f"dualad._core.{name}", [f"dualad/_core/{name}.pyx", *extra], depends=depends, **options)
        for name, extra in modules.items()
    ]


write_elementwise_methods()
setup(ext_modules=cythonize(extensions(), language_level=3), options={"build_ext": {"parallel": os.cpu_count()}})
