"""The page on uncertainty runs as it is printed."""

import doctest
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "uncertainty.md"


def test_the_page_runs():
    pytest.importorskip("matplotlib").use("Agg")
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this installation")
    with np.printoptions():
        assert doctest.testfile(str(PAGE), module_relative=False).failed == 0
