"""The pages of `docs/api/`, which the build makes from `keraslosses.__all__` and the reference."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import keras
from drawings import DRAWINGS
from elsewhere import differences_from_keras, same_losses
from programs import program

import keraslosses
from keraslosses import kinds, rules
from keraslosses.reference import REFERENCES, Reference, Use
from keraslosses.reference.uses import TASKS, TASKS_OF_EMBEDDINGS, USES_OF_OTHERS

FOLDER = Path(__file__).parent / "api"
EXPLORER = Path(__file__).parent / "_static" / "explorer" / "losses.js"
# For your own losses: see the guide.
MODULES = {"Kinds of inputs": kinds, "Rules of options": rules}
# What a kind of your own needs has a page of its own: one page of all is too long on a phone.
OF_OWN_KINDS = ("kinds.Kind", "kinds.Pair", "kinds.Range")
FUNCTION_TITLES = ("Functions", "Rules of options")
# The texts of other packages are not ours to set; their names are enough.
NAMES_ONLY = ("From Keras", "Other names")


def pages() -> dict[str, str]:
    """Every page of the folder, by its name."""
    made = {name: class_page(name) for title in ("Losses", "Layers", "Metrics") for name in names_of(title)}
    made |= {name: function_page(name) for name in other_functions()}
    made["other-names"] = other_names_page()
    for title, names in listings().items():
        made[file_of(title)] = listing_page(title, names)
    return made


def listings() -> dict[str, list[str]]:
    """The names on each page that is a list of classes or functions."""
    found = {title: members(module) for title, module in MODULES.items()}
    found["Kinds of inputs"] = [name for name in found["Kinds of inputs"] if name not in OF_OWN_KINDS]
    return {**found, "Kinds of your own": list(OF_OWN_KINDS)}


def write_pages() -> None:
    """Write the pages that have changed, and remove those of names that are gone."""
    made = pages()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        if old.stem not in made:
            old.unlink()
    for name, text in made.items():
        path = FOLDER / f"{name}.md"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


# What is public


def names_of(title: str) -> list[str]:
    """The public names that belong under a title."""
    return [name for name in sorted(keraslosses.__all__) if title_of(getattr(keraslosses, name)) == title]


def title_of(thing: object) -> str:
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


def other_functions() -> list[str]:
    """The functions that are not the function of a loss, which is on the page of its class."""
    of_losses = {entry.function for entry in REFERENCES.values()}
    return [name for name in names_of("Functions") if name not in of_losses]


def members(module: ModuleType) -> list[str]:
    """The classes and functions of a public module, with its name."""
    short = module.__name__.removeprefix("keraslosses.")
    found = ((name, getattr(module, name)) for name in module.__all__)
    return [f"{short}.{name}" for name, thing in found if inspect.isclass(thing) or inspect.isfunction(thing)]


def uses_of(name: str) -> tuple[Use, ...]:
    return REFERENCES[name].uses if name in REFERENCES else USES_OF_OTHERS.get(name, ())


# The pages


def class_page(name: str) -> str:
    """The page of a loss, layer or metric."""
    reference = REFERENCES.get(name)
    parts = [f"# {name}"]
    if reference:
        parts += [first_sentence(name), facts(reference), formula(reference), *pictures(name), try_it(name)]
    if uses := uses_of(name):
        parts += ["## When to use it", uses_table(uses)]
    if reference:
        parts += ["## Example", example(reference)]
    parts += ["## Class", directive("autoclass", name)]
    if reference:
        parts += [
            "## Function",
            folded(f"`{reference.function}`", directive("autofunction", reference.function)),
        ]
        parts += [*in_other_libraries(name), "## Source", source(reference)]
    return "\n\n".join(filter(None, parts)) + "\n"


def first_sentence(name: str) -> str:
    """What the docstring says first."""
    paragraph, _, _ = (inspect.getdoc(getattr(keraslosses, name)) or "").partition("\n\n")
    return paragraph


def facts(reference: Reference) -> str:
    family = reference.family
    return f"**Inputs:** {reference.kind.text}.\n**Family:** [{family}](../losses.md#{family})."


def formula(reference: Reference) -> str:
    """The formula, and what its symbols mean."""
    return f"```{{math}}\n{reference.tex}\n```\n\n{reference.symbols}."


def pictures(name: str) -> Iterator[str]:
    """The drawing that explains the loss, if there is one, and its curves."""
    if drawing := DRAWINGS.get(name):
        yield f"![{drawing.caption}]({name}-explained.png)\n\n{drawing.caption}"
    yield (
        f"![Value and gradient of {name}]({name}.png)\n\n"
        f"`python -m keraslosses plot {name}` draws it with other options. "
        "[](../commands.md) says what the x axis is."
    )


def try_it(name: str) -> str:
    """A line that opens this loss in the explorer, if it is there."""
    if name in not_in_the_explorer():
        return ""
    # Markdown links know headings, not what a script reads after the #.
    link = f'<a href="../explorer.html#loss={name}">Move its options and inputs</a>'
    return f"{link} in the explorer."


@cache
def not_in_the_explorer() -> set[str]:
    """The losses for which the explorer says why it leaves them out."""
    _, _, left_out = EXPLORER.read_text("utf-8").partition("explorer.missing = {")
    return set(re.findall(r"^ +(\w+): ", left_out, re.MULTILINE))


def example(reference: Reference) -> str:
    return f"```python\n{program(reference)}\n```"


def folded(title: str, text: str) -> str:
    """A text that opens with a click."""
    return f"~~~~{{dropdown}} {title}\n{text}\n~~~~"


def in_other_libraries(name: str) -> Iterator[str]:
    """The same loss elsewhere, and in which cases Keras answers differently."""
    if rows := list(same_losses(name)):
        yield "## The same loss in other libraries"
        yield table(("theirs", "here", "what to know"), rows, "migrations")
        yield "C is the number of outputs or classes. [](../migrate.md) has every loss of these libraries."
    if rows := differences_from_keras(name):
        yield folded(
            f"Where `keras.losses.{name}` answers differently",
            table(("call", "Keras", "here", "why"), rows, "differences")
            + "\n\n[](../keras-differences.md) explains the calls.",
        )


def source(reference: Reference) -> str:
    link = f": [{reference.paper.removeprefix('https://')}]({reference.paper})" if reference.paper else ""
    return f"{reference.source}{link}."


def linked(place: str) -> str:
    """A task or a symptom, with a link to the page that answers it."""
    embedding = place in TASKS_OF_EMBEDDINGS
    page = "which-embedding" if embedding else "which-loss" if place in TASKS else "symptoms"
    return f"[{place}](../{page}.md#{anchor(place)})"


def uses_table(uses: tuple[Use, ...]) -> str:
    rows = [(linked(use.place), started(use), use.when, use.when_not) for use in uses]
    return table(("for", "start with", "use it when", "not when"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "uses") -> str:
    """A table of this kind; `_static/uses.css` knows it by its class."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(["```{table}", f":class: {kind}", *lines, "```"])


def started(use: Use) -> str:
    """The options to start with, as code."""
    return ", ".join(f"`{name}={value!r}`" for name, value in use.start.items()) or "the defaults"


def anchor(heading: str) -> str:
    """The anchor that MyST gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def function_page(name: str) -> str:
    return f"# {name}\n\n{directive('autofunction', name)}\n"


def listing_page(title: str, names: list[str]) -> str:
    return "\n\n".join([f"# {title}", listing(title, names), ""])


def listing(title: str, names: list[str]) -> str:
    """A table of the names, and then each with its text."""
    what = "autofunction" if title in FUNCTION_TITLES else "autoclass"
    summary = [".. autosummary::", "", *(f"   keraslosses.{name}" for name in names)]
    return "\n\n".join([eval_rst("\n".join(summary)), *(directive(what, name) for name in names)])


def other_names_page() -> str:
    parts = ["# Other names", "## Other classes", listing("Other classes", names_of("Other classes"))]
    for title in NAMES_ONLY:
        names = "\n".join(f"- `keraslosses.{name}`" for name in names_of(title))
        parts += [f"## {'Constants' if title == 'Other names' else title}", names]
    return "\n\n".join([*parts, ""])


def directive(what: str, name: str) -> str:
    return eval_rst(f".. {what}:: keraslosses.{name}")


def eval_rst(text: str) -> str:
    return f"```{{eval-rst}}\n{text}\n```"


def file_of(title: str) -> str:
    return title.lower().replace(" ", "-")


def toctree(names: list[str]) -> Iterator[str]:
    yield from ("", "```{toctree}", ":hidden:", "", *(f"api/{name}" for name in names), "```", "")
