"""How autodoc reads the docstrings of the package."""

import keras
from sphinx.util.inspect import signature as signature_of
from sphinx.util.inspect import stringify_signature

from keraslosses.reference import REFERENCES


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


def without_first_paragraph(
    app: object, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """The page of a loss begins with this paragraph, so the class on it does without."""
    if what == "class" and name.removeprefix("keraslosses.") in REFERENCES:
        del lines[: lines.index("") + 1]
