"""The documentation: every Python block of README.md and of the pages runs as it is printed."""

import contextlib
import doctest
import io
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if page.exists()]
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.M | re.S)
SAID = re.compile(r"^print\(.*\)  # (.*)$", re.M)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
OTHER_LANGUAGES = {"c", "sh", "text"}

if not PAGES:
    pytest.skip("the documentation is not part of this installation", allow_module_level=True)


def run_session(block, where, line, names):
    """Run a block of prompts and results as doctest does; `names` is shared by the blocks of a page."""
    test = doctest.DocTestParser().get_doctest(block, names, where, where, line)
    test.globs = names  # get_doctest takes a copy
    report = io.StringIO()
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.write, clear_globs=False)
    assert not result.failed, report.getvalue()


def run_script(block, where, line, names):
    """Run a block without prompts; behind a line that prints stands what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * line + block, where, "exec"), names)
    assert printed.getvalue().splitlines() == SAID.findall(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_run(page):
    """One after the other, in one namespace for each page."""
    text = page.read_text()
    if "plotting." in text:
        pytest.importorskip("matplotlib").use("Agg")
    names = {"__name__": page.stem}
    with np.printoptions():  # a page may set them
        for found in FENCE.finditer(text):
            if found[1] == "python":
                run = run_session if found[2].startswith(">>>") else run_script
                run(found[2], str(page), text.count("\n", 0, found.start(2)), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_have_a_language_that_is_known(page):
    """So that no block of Python escapes the test above."""
    languages = {language for language, _ in FENCE.findall(page.read_text()) if not language.startswith("{")}
    assert languages <= {"python", *OTHER_LANGUAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files(page):
    text = FENCE.sub("", page.read_text())
    targets = [target for target in LINK.findall(text) if not target.startswith(("http:", "https:"))]
    assert [target for target in targets if not (page.parent / target).exists()] == []
