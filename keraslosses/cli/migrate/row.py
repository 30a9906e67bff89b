"""One row of the migration tables: a loss of another library, and what to write here."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

NOT_YET = "Not here yet"


@dataclass(frozen=True)
class Row:
    """A loss of another library, and the Python that takes its place.

    `here` has the same value as `theirs` with its defaults. C stands for the number of outputs or classes.
    If the package has no such loss, `here` is empty and `bites` says what to use. `bites` is what to know, in
    one sentence.

    `takes` lists the arguments of `theirs` in their order: `beta` keeps its name, `l1_cutoff>beta` has
    another name here, and `smooth>` does not exist here. `function` is the name of their function with the
    same formula. With `by_hand`, the value may change, so the user decides. With `is_object`, `theirs` is a
    loss and not a class.
    """

    theirs: str
    here: str
    bites: str
    takes: str = ""
    function: str = ""
    by_hand: bool = False
    is_object: bool = False

    @property
    def arguments(self) -> dict[str, str | None]:
        """The name here of each argument of theirs; None if there is none."""
        names = (word.partition(">") for word in self.takes.split())
        return {theirs: (here or None) if arrow else theirs for theirs, arrow, here in names}

    @property
    def name(self) -> str:
        """The first name of this package in `here`."""
        return next(names_in(self.here), "")

    @property
    def needs_a_hand(self) -> bool:
        """Whether the user must decide or fill in something."""
        free = {node.id for node in ast.walk(ast.parse(self.here)) if isinstance(node, ast.Name)}
        return self.by_hand or not self.here or not free <= {"keraslosses"}


def names_in(code: str) -> Iterator[str]:
    """The names of this package in a piece of Python."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "keraslosses":
            yield node.attr


def told(row: Row) -> str:
    """What becomes of the arguments, as Markdown sentences."""
    renamed = [f"`{old}` is `{new}` here" for old, new in row.arguments.items() if new not in (None, old)]
    gone = ", ".join(f"`{old}`" for old, new in row.arguments.items() if new is None)
    return " ".join(f"{text}." for text in ["; ".join(renamed), f"Not here: {gone}" if gone else ""] if text)
