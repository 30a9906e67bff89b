"""The same loss in other libraries: from the tables of migration, and from the differences from Keras."""

import re
from collections.abc import Iterator
from functools import cache
from inspect import signature
from pathlib import Path

import keras

import keraslosses
from keraslosses.cli.migrate.row import Row, names_in, told
from keraslosses.cli.migrate.table import TABLES

DIFFERENCES = Path(__file__).with_name("keras-differences.md")
KERAS_2 = "Keras 2"  # Its names are those of Keras 3.
AS_ABOVE = "as above"


def what_to_know(row: Row) -> str:
    return f"{row.bites} {told(row)}".strip()


def same_losses(name: str) -> Iterator[tuple[str, str, str]]:
    """Each loss of another library that is this one: its name, the code here, and what to know."""
    if hasattr(keras.losses, name):
        yield f"`keras.losses.{name}`", f"`{name}`", more_than_keras(name)
    for library, rows in TABLES.items():
        for row in rows:
            if library != KERAS_2 and not row.is_object and set(names_in(row.here)) == {name}:
                yield f"`{row.theirs}`", f"`{row.here.replace('keraslosses.', '')}`", what_to_know(row)


def more_than_keras(name: str) -> str:
    """What this package adds to the arguments of Keras."""
    of_keras = signature(getattr(keras.losses, name)).parameters
    more = [option for option in signature(getattr(keraslosses, name)).parameters if option not in of_keras]
    added = f" Only here: {', '.join(f'`{option}`' for option in more)}." if more else ""
    return f"The same arguments in the same order.{added}"


def differences_from_keras(name: str) -> list[tuple[str, ...]]:
    """The rows of the page "Differences from keras.losses" that call this loss."""
    return [row for row in rows_of_differences() if re.search(rf"\b{name}\(", row[0])]


@cache
def rows_of_differences() -> list[tuple[str, ...]]:
    """The rows of that page. "As above" becomes what stands above."""
    rows: list[tuple[str, ...]] = []
    for line in DIFFERENCES.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            *cells, why = (cell.strip() for cell in line.strip("| ").split(" | "))
            above = rows[-1][-1] if rows else ""
            rows.append((*cells, why.replace(AS_ABOVE, above)))
    return rows
