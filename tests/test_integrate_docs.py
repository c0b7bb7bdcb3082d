"""The page on differential equations and integrals: its examples run."""

import doctest
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "odes.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
def test_the_examples_run():
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 10
    assert not found.failed
