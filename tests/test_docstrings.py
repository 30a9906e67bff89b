"""Docstrings are complete: arguments, shapes, examples, and references that lead to a text in one step."""

import inspect
import re

import pytest

import keraslosses
from keraslosses.lookup import FUNCTIONS

OWN = {
    name: thing
    for name in keraslosses.__all__
    if (thing := getattr(keraslosses, name)).__module__.startswith("keraslosses.")
}
LOSS_FUNCTIONS = sorted(FUNCTIONS)
CLASSES = sorted(name for name, thing in OWN.items() if inspect.isclass(thing))
NAMES = r"\*{0,2}\w+(?:, \*{0,2}\w+)*"
SECTIONS = ("Args", "Shapes", "Returns", "Raises", "Example")


def section(docstring, title):
    """The text of a section, in one piece; None if the docstring has no such section."""
    lines = inspect.cleandoc(docstring or "").split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith(f"{title}:")), None)
    if start is None:
        return None
    found = [lines[start].removeprefix(f"{title}:").strip()]
    for before, line in zip(lines[start:], lines[start + 1 :], strict=False):
        starts_another = line.startswith(tuple(f"{other}:" for other in SECTIONS))
        if starts_another or (not before and not line.startswith(" ")):
            break
        found.append(line)
    return "\n".join(found)


def arguments(docstring):
    """The text of each argument, by name. `a, b: text` documents both."""
    entries = re.split(r"^ {4}(?! )", section(docstring, "Args") or "", flags=re.M)[1:]
    texts = {}
    for entry in entries:
        names, colon, text = entry.partition(":")
        if colon and re.fullmatch(NAMES, names):
            texts |= {name.strip("*"): " ".join(text.split()) for name in names.split(", ")}
    return texts


def parameters(function):
    """The parameters by name. What `**kwargs` of a layer takes is for Keras to document."""
    found = inspect.signature(function).parameters.values()
    return [p.name for p in found if p.name != "self" and (p.kind, p.name) != (p.VAR_KEYWORD, "kwargs")]


def undocumented(docstring, names):
    """The parameters without a text under `Args`."""
    texts = arguments(docstring)
    return [name for name in names if not texts.get(name)]


def pointers(text):
    """The names that a text refers to instead of saying it: "As `Huber`", or "ValueError: as `Huber`"."""
    return re.findall(
        r"^(?:\s*\w+Error: )?as (?:in |for )?`(?:keraslosses\.)?(\w+)`", text or "", re.I | re.M
    )


def broken_pointers(docstring, docstring_of):
    """References, by argument or section, to a place without the text, or with one more reference."""
    for name, text in arguments(docstring).items():
        for target in pointers(text):
            there = arguments(docstring_of(target)).get(name)
            if not there or pointers(there):
                yield name, target
    for title in ("Shapes", "Raises"):
        for target in pointers(section(docstring, title)):
            there = section(docstring_of(target), title)
            if not there or pointers(there):
                yield title, target


def docstring_of(name):
    return getattr(keraslosses, name).__doc__ if hasattr(keraslosses, name) else None


@pytest.mark.parametrize("name", LOSS_FUNCTIONS)
def test_a_loss_function_documents_its_arguments_and_shapes(name):
    function = FUNCTIONS[name]
    assert undocumented(function.__doc__, parameters(function)) == []
    assert section(function.__doc__, "Shapes")


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_documents_the_arguments_of_its_init(name):
    cls = OWN[name]
    assert undocumented(cls.__doc__, parameters(cls.__init__)) == []


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_public_name_has_an_example(name):
    assert ">>>" in OWN[name].__doc__


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_reference_leads_to_a_text_in_one_step(name):
    assert list(broken_pointers(OWN[name].__doc__, docstring_of)) == []


def test_no_two_blank_lines_stand_together():
    assert [name for name in OWN if "\n\n\n" in OWN[name].__doc__] == []


def test_what_is_wrong_is_found():
    texts = {
        "Complete": "A loss.\n\nArgs:\n    scale: Above 0.\n    name, dtype: Of the loss.\n\nShapes: one.",
        "Pointing": "A loss.\n\nArgs:\n    scale: As `Complete`.\n    gamma:\n\nShapes: as `Complete`.",
        "Chained": "A loss.\n\nArgs:\n    scale: As `Pointing`.\n\nShapes: as `Pointing`.",
        "Astray": "A loss.\n\nArgs:\n    gamma: As `Complete`.\n    beta: As `Nothing`.",
        "Silent": "A loss.\n\nRaises:\n    ValueError: as `Complete`.",
        "Whole": "A loss.\n\nArgs and shapes: as `Complete`.",
    }
    found = {name: list(broken_pointers(text, texts.get)) for name, text in texts.items()}
    assert found == {
        "Complete": [],
        "Pointing": [],
        "Chained": [("scale", "Pointing"), ("Shapes", "Pointing")],
        "Astray": [("gamma", "Complete"), ("beta", "Nothing")],
        "Silent": [("Raises", "Complete")],
        "Whole": [],
    }
    assert undocumented(texts["Complete"], ["scale", "name", "dtype"]) == []
    assert undocumented(texts["Pointing"], ["scale", "gamma", "name"]) == ["gamma", "name"]
    assert undocumented(texts["Whole"], ["scale"]) == ["scale"]
    assert section(texts["Complete"], "Shapes") == "one."
    assert section(texts["Whole"], "Shapes") is None
