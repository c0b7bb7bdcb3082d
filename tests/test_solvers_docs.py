"""The page on solvers runs as it is printed."""

import doctest
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "solvers.md"


def test_the_page_runs():
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this installation")
    with np.printoptions():
        assert doctest.testfile(str(PAGE), module_relative=False).failed == 0
