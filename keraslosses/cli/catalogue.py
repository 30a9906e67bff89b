"""The catalogue of the package: all that is public, described from the code and the reference."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

import keraslosses
from keraslosses.lookup import CLASSES
from keraslosses.reference import REFERENCES
from keraslosses.reference.by_task import BY_TASK

# The arguments that every loss takes in addition to its own options.
FRAME_OPTIONS = ("reduction", "name", "dtype")
NEEDED = inspect.Parameter.empty
TASK_OF = {name: task for task, names in BY_TASK.items() for name in names}
KINDS = {
    "wrappers": keraslosses.HardExamples,
    "layers": keras.layers.Layer,
    "metrics": keras.metrics.Metric,
}


@dataclass(frozen=True)
class Entry:
    """A loss, wrapper, layer or metric. The value of an option without a default is `NEEDED`."""

    name: str
    family: str
    task: str | None
    purpose: str | None
    inputs: str | None
    options: dict[str, Any]
    paper: str | None


def catalogue() -> list[Entry]:
    """All entries, family by family."""
    return [*losses(), *(entry for family in KINDS for entry in classes_of(family))]


def losses() -> Iterator[Entry]:
    for name, reference in REFERENCES.items():
        yield entry(name, reference.family, reference.kind.text, options_of(CLASSES[name]), reference.source)


def classes_of(family: str) -> Iterator[Entry]:
    """The public names of a family. Their docstrings describe their inputs and name their papers."""
    for name in sorted(keraslosses.__all__):
        thing = getattr(keraslosses, name)
        if inspect.isclass(thing) and issubclass(thing, KINDS[family]):
            inputs, paper = (paragraph(thing.__doc__, start) for start in ("Shapes: ", "Source: "))
            yield entry(name, family, inputs, options_of(thing), paper)


def entry(name: str, family: str, *rest: Any) -> Entry:
    """The entry of a name, with its task and what it is for."""
    task = TASK_OF.get(name)
    return Entry(name, family, task, BY_TASK[task][name] if task else None, *rest)


def options_of(cls: Any) -> dict[str, Any]:
    """The options of a class with their defaults."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return {
        p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD and p.name not in FRAME_OPTIONS
    }


def paragraph(docstring: str | None, start: str) -> str | None:
    """The first paragraph that begins with `start`, as one line, without `start` and the last full stop."""
    for text in inspect.cleandoc(docstring or "").split("\n\n"):
        if text.startswith(start):
            return " ".join(text.removeprefix(start).split()).removesuffix(".")
    return None
