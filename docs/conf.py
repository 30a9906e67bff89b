"""Sphinx settings. The build needs no network, and one backend of Keras."""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

# Torch draws the pictures fastest: it compiles nothing.
os.environ.setdefault("KERAS_BACKEND", "torch")
sys.path.insert(0, str(Path(__file__).parent))

import formulas
from docstrings import fences_to_blocks, layer_signature, without_first_paragraph
from pages import FOLDER, write_pages
from pictures import draw_pictures
from tables import fill_page

project = "keraslosses"
author = "The keraslosses authors"
copyright = f"2026, {author}"
release = version = installed_version("keraslosses")

extensions = [
    "myst_parser",
    "formulas",
    "sphinx_design",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    # Shows the pages that `make gallery` wrote; runs no example.
    "sphinx_gallery.load_style",
]
exclude_patterns = ["_build", "bench.md"]
html_theme = "furo"
html_title = "keraslosses"
html_static_path = ["_static"]
html_css_files = ["uses.css", "formulas.css"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = formulas.RENDERER

# In docstrings, as in Keras's, single backticks mark code.
default_role = "code"
napoleon_numpy_docstring = False
autodoc_member_order = "bysource"
maximum_signature_line_length = 88


def make_pages(app: object) -> None:
    """Make what is not kept in the repository."""
    write_pages()
    draw_pictures(FOLDER)


def setup(app: object) -> None:
    app.connect("builder-inited", make_pages)
    app.connect("source-read", fill_page)
    app.connect("autodoc-process-docstring", fences_to_blocks)
    app.connect("autodoc-process-docstring", without_first_paragraph)
    app.connect("autodoc-process-signature", layer_signature)
