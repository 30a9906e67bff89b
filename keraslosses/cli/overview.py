"""The short list: a line for each loss, layer and metric."""

import inspect
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.table import Table
from rich.text import Text

import keraslosses
from keraslosses.cli.catalogue import Entry

MORE = "keraslosses list NAME tells the inputs, options and paper of one."


def overview(entries: Sequence[Entry]) -> Iterator[Text | Table]:
    """The names with what they are for, those of a family below its name."""
    width = max(len(entry.name) for entry in entries)
    for family, members in groupby(entries, lambda entry: entry.family):
        yield Text(family, "bold underline")
        lines = Table.grid(padding=(0, 2))
        lines.add_column(min_width=width + 2, no_wrap=True, style="cyan")
        lines.add_column()
        for entry in members:
            lines.add_row(f"  {entry.name}", Text(summary(entry.name)))
        yield lines
        yield Text()
    yield Text(MORE, "dim")


def summary(name: str) -> str:
    """The first sentence of a docstring, without its full stop and marks of code."""
    doc = inspect.getdoc(getattr(keraslosses, name)) or ""
    paragraph = " ".join(doc.split("\n\n")[0].split()).replace("`", "")
    return re.split(r"\.(?: |$)", paragraph, maxsplit=1)[0]
