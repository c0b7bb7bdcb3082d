"""The page on sparse derivatives runs as it stands."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "sparse.md"


def test_the_blocks_of_the_page_run():
    text = PAGE.read_text().replace("```python\n", "").replace("\n```", "\n")
    test = doctest.DocTestParser().get_doctest(text, {}, "sparse.md", str(PAGE), 0)
    results = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(test)
    assert results.attempted > 20
    assert results.failed == 0
