"""Sphinx: ``python -m sphinx -W --keep-going docs docs/_build``. Nothing is fetched from the network."""

import dualad

project = "dualad"
author = "the dualad developers"
copyright = author
version = release = dualad.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build"]

# in docstrings `name` is a link where there is such a name of dualad, and a parameter or another package's otherwise
default_role = "autolink"
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(numpy|scipy|matplotlib|contextvars|asyncio)(\..*)?")]

autodoc_member_order = "groupwise"
autosummary_generate = False
numpydoc_show_class_members = False
myst_heading_anchors = 3

html_theme = "alabaster"
html_theme_options = {
    "description": "Exact derivatives of ordinary NumPy programs",
    "fixed_sidebar": True,
    "page_width": "64rem",
    "sidebar_width": "15rem",
}
html_show_sourcelink = False
