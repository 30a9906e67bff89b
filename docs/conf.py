"""Sphinx settings. The build needs no network, and one backend of Keras."""

import inspect
import os
from importlib.metadata import version as installed_version
from itertools import groupby
from types import ModuleType

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from sphinx.util.inspect import signature as signature_of
from sphinx.util.inspect import stringify_signature

import keraslosses
from keraslosses import kinds, rules
from keraslosses.portability.report.advice import ADVICE
from keraslosses.reference import REFERENCES

project = "keraslosses"
author = "The keraslosses authors"
copyright = f"2026, {author}"
release = version = installed_version("keraslosses")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "keraslosses"

myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3

# In docstrings, as in Keras's, single backticks mark code.
default_role = "code"
napoleon_numpy_docstring = False
autodoc_member_order = "bysource"
maximum_signature_line_length = 88

API_MARKER = "<!-- public names -->"
LOSSES_MARKER = "<!-- losses by family -->"
CODES_MARKER = "<!-- codes -->"


def api_listing() -> str:
    """The body of the API page, from `keraslosses.__all__`, so that page and package cannot differ."""
    titles = ("Losses", "Layers", "Metrics", "Other classes", "Functions", "From Keras", "Other names")
    sections: dict[str, list[str]] = {title: [] for title in titles}
    for name in sorted(keraslosses.__all__):
        title = section_of(getattr(keraslosses, name))
        sections[title].append(name)
    parts = [section_text(title, names) for title, names in sections.items() if names]
    parts += [section_text(title, members(module)) for title, module in MODULES.items()]
    return "\n".join(parts)


# For losses of one's own: see the guide.
MODULES = {"Kinds of inputs": kinds, "Rules of options": rules}


def members(module: ModuleType) -> list[str]:
    """The classes and functions of a public module, with its name."""
    short = module.__name__.removeprefix("keraslosses.")
    found = ((name, getattr(module, name)) for name in module.__all__)
    return [f"{short}.{name}" for name, thing in found if inspect.isclass(thing) or inspect.isfunction(thing)]


def section_of(thing: object) -> str:
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return "Other names"
    if not thing.__module__.startswith("keraslosses"):
        return "From Keras"
    if not inspect.isclass(thing):
        return "Functions"
    if issubclass(thing, keras.losses.Loss) and thing is not keraslosses.FunctionLoss:
        return "Losses"
    if issubclass(thing, keras.metrics.Metric):
        return "Metrics"
    return "Layers" if issubclass(thing, keras.layers.Layer) else "Other classes"


def section_text(title: str, names: list[str]) -> str:
    if title in ("From Keras", "Other names"):
        # The texts of other packages are not ours to set; their names are enough.
        return "\n".join([f"## {title}", "", *(f"- `keraslosses.{name}`" for name in names), ""])
    directive = "autofunction" if title in ("Functions", "Rules of options") else "autoclass"
    full_names = [f"keraslosses.{name}" for name in names]
    lines = [f"## {title}", "", "```{eval-rst}"]
    lines += [".. autosummary::", "", *(f"   {name}" for name in full_names), ""]
    for name in full_names:
        lines += [f".. {directive}:: {name}", ""]
    return "\n".join([*lines, "```", ""])


def table_of_codes() -> str:
    """The codes of the checker's findings, each with what to do."""
    rows = [f"| `{code}` | {text.replace('|', chr(92) + '|')} |" for code, text in ADVICE.items()]
    return "\n".join(["| code | what to do |", "|---|---|", *rows])


def losses_listing() -> str:
    """The tables of the page of the losses, from their references: one for each family."""
    lines: list[str] = []
    for family, entries in groupby(REFERENCES.values(), lambda entry: entry.family):
        lines += ["", f"## {family.capitalize()}", "", "| loss | inputs | source |", "|---|---|---|"]
        lines += [f"| {{py:obj}}`~keraslosses.{e.name}` | {e.kind.text} | {e.source} |" for e in entries]
    return "\n".join(lines)


# What stands in the place of a line, by the page that holds it.
LISTINGS = {
    "api": (API_MARKER, api_listing),
    "losses": (LOSSES_MARKER, losses_listing),
    "check": (CODES_MARKER, table_of_codes),
}


def fill_page(app: object, docname: str, source: list[str]) -> None:
    if docname in LISTINGS:
        marker, listing = LISTINGS[docname]
        if marker not in source[0]:
            raise ValueError(f"docs/{docname}.md must hold the line {marker}")
        source[0] = source[0].replace(marker, listing())


def layer_signature(
    app: object, what: str, name: str, thing: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """The arguments of `__init__`: Sphinx would show those of Keras's `Layer.__new__`, which tell nothing."""
    if what != "class" or not issubclass(thing, keras.layers.Layer):
        return None
    arguments = signature_of(thing.__init__, bound_method=True)
    return stringify_signature(arguments, show_return_annotation=False), ""


def fences_to_blocks(
    app: object, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Docstrings fence a formula as Keras's do, with three backticks; Sphinx knows `code-block` only."""
    out: list[str] = []
    inside = False
    for line in lines:
        indent, text = line[: len(line) - len(line.lstrip())], line.strip()
        if not text.startswith("```"):
            out.append("    " + line if inside and text else line)
        elif inside := not inside:
            out += ["", f"{indent}.. code-block:: {text[3:] or 'text'}", ""]
        else:
            out.append("")
    lines[:] = out


def setup(app: object) -> None:
    app.connect("source-read", fill_page)
    app.connect("autodoc-process-docstring", fences_to_blocks)
    app.connect("autodoc-process-signature", layer_signature)
