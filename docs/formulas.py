"""Formulas in the pages: LaTeX becomes MathML when the docs are built, so that a reader needs no script."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

RENDERER = "mathml"
# The converter writes "log x" without a space on either side, and "max" with the spaces of an operator.
FUNCTION = re.compile(
    r"(</m(?!o)\w+>|&#x00029;</mo>)?<m[io]>(log|exp|cos|sin|arctan|cosh|max|min)</m[io]>(?=(<mo stretchy)?)"
)
THIN_SPACE = '<mspace width="0.17em" />'
# What is left over if the converter does not know a command or an environment.
LEFTOVER = re.compile(r"\\|&(?!#?\w+;)|<mi>(?:begin|end)")


def mathml(tex: str, display: str) -> str:
    """The formula as MathML. `display` is "inline" or "block".

    Raises:
        ValueError: If the converter leaves LaTeX in the result.
    """
    made = FUNCTION.sub(spaced, convert(tex, display=display))
    if LEFTOVER.search(made):
        raise ValueError(f"latex2mathml cannot typeset this formula: {tex}")
    return made


def spaced(found: re.Match[str]) -> str:
    """The name of a function, with a thin space on each side. There is none before a bracket."""
    before, name, bracket = found.groups()
    return f"{before + THIN_SPACE if before else ''}<mi>{name}</mi>{'' if bracket else THIN_SPACE}"


def inline(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def block(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="formula">{mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer(RENDERER, (inline, None), (block, None))
