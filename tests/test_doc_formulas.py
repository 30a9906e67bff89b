"""The formulas of the docs: each loss has one, it is typeset without leftovers, and it names the options."""

import inspect
import re
import sys
from pathlib import Path

import pytest

import keraslosses
from keraslosses.reference import REFERENCES

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

import formulas

# What does not change the value of an entry that counts: where it is read, and whether it counts.
NOT_IN_FORMULAS = {
    "across_replicas",
    "axis",
    "box_format",
    "chunk_size",
    "class_axis",
    "ignore_class",
    "num_classes",
    "reference",
    "zero_infinity",
}
OF_EVERY_LOSS = {"reduction", "name", "dtype"}


def not_named(options, tex, symbols):
    """The options that neither the formula nor the explanation of its symbols names."""
    return {o for o in options if rf"\text{{{o}}}" not in tex and f"`{o}`" not in symbols}


# The commands of LaTeX that are no symbols, the number e, pi, and the index of a sum.
WORDS = r"begin|end|text|frac|sum|prod|left|right|max|min|log|cosh|cos|sin|arctan|sqrt|cdot|quad|in|notin|ne|le|ge|[lr]Vert"
KNOWN = {r"\pi", "e", "i"}


def letters(tex):
    """The symbols of a formula."""
    plain = re.sub(r"\\(?:begin|end|text)\{.*?\}", "", tex)
    return set(re.findall(r"\\[A-Za-z]+|[A-Za-z]", re.sub(rf"\\(?:{WORDS})(?![A-Za-z])", " ", plain)))


def unexplained(tex, symbols):
    """The symbols that neither stand on the left of an equation nor in the explanation."""
    explained = letters(" ".join(re.findall(r"\$(.*?)\$", symbols)))
    for left in re.findall(r"(?:^|\\\\)([^&]*?)&=", tex):
        explained |= letters(left)
    return letters(tex) - explained - KNOWN


@pytest.mark.parametrize("name", REFERENCES)
def test_the_formula_of_a_loss_is_typeset(name):
    made = formulas.mathml(REFERENCES[name].tex, "block")
    assert made.startswith("<math") and "loss" in made
    for inline in re.findall(r"\$(.*?)\$", REFERENCES[name].symbols):
        assert formulas.mathml(inline, "inline").startswith("<math")


@pytest.mark.parametrize("name", REFERENCES)
def test_the_formula_of_a_loss_names_its_options(name):
    reference = REFERENCES[name]
    options = (
        inspect.signature(getattr(keraslosses, name)).parameters.keys() - OF_EVERY_LOSS - NOT_IN_FORMULAS
    )
    assert not_named(options, reference.tex, reference.symbols) == set()


@pytest.mark.parametrize("name", REFERENCES)
def test_each_symbol_of_a_formula_is_explained(name):
    assert unexplained(REFERENCES[name].tex, REFERENCES[name].symbols) == set()


def test_a_symbol_that_is_not_explained_is_found():
    assert unexplained(r"\text{loss} &= \sum_i w_i \ell_i \\ \ell_i &= \gamma p_i^s", "$w$: a; $s$: b") == {
        r"\gamma",
        "p",
    }


def test_an_option_that_is_not_named_is_found():
    assert not_named({"delta", "power"}, r"e^{\text{power}}", "$d$: delta") == {"delta"}


@pytest.mark.parametrize("tex", [r"\unknown{x}", r"\begin{aligned} a &= b \end{aligned}"])
def test_what_the_converter_does_not_know_is_an_error(tex):
    with pytest.raises(ValueError, match="latex2mathml cannot typeset this formula: "):
        formulas.mathml(tex, "block")


def test_functions_are_set_with_spaces():
    space = formulas.THIN_SPACE
    assert f"<mi>y</mi>{space}<mi>log</mi>{space}<mi>p</mi>" in formulas.mathml(r"y \log p", "inline")
    assert f"<mi>m</mi>{space}<mi>max</mi><mo stretchy" in formulas.mathml(r"m \max(x, 0)", "inline")
