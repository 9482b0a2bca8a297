"""How Sphinx builds the documentation: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

import chunkwise

sys.path.insert(0, str(Path(__file__).parent))
import reference

project = "chunkwise"
author = "the chunkwise authors"
copyright = "the chunkwise authors"  # noqa: A001 - Sphinx's name
release = version = chunkwise.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "requirements.txt"]
html_theme = "furo"
html_title = f"chunkwise {release}"

myst_heading_anchors = 3
# A name in single backticks is a link where there is something to link to.
default_role = "autolink"
autosummary_generate = False
autodoc_typehints = "none"
numpydoc_show_class_members = False
# Prompts and results are not copied.
copybutton_prompt_text = ">>> |\\.\\.\\. |\\$ "
copybutton_prompt_is_regexp = True


def setup(app) -> None:
    app.connect("builder-inited", lambda app: reference.write(Path(app.srcdir) / "reference"))
