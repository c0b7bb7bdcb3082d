"""The blocks of the page on linear algebra run as they are."""

import doctest
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "linear-algebra.md"


def test_page():
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this installation")
    failures, count = doctest.testfile(str(PAGE), module_relative=False)
    assert count > 10
    assert failures == 0
