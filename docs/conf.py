"""How the site is built: ``make docs`` (Sphinx, MyST for Markdown, furo)."""

from __future__ import annotations

import hlearn

project = "hlearn"
author = "The hlearn developers"
release = version = hlearn.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "markdown"}
exclude_patterns: list[str] = []
html_theme = "furo"
html_title = f"hlearn {release}"
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "myst.strikethrough", "misc.highlighting_failure"]
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_use_ivar = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
