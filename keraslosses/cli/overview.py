"""The short list: a line for each loss, layer and metric, by task."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from keraslosses.cli.catalogue import Entry
from keraslosses.reference.by_task import BY_TASK

MORE = "keraslosses list NAME tells the inputs, options and paper of one."


def overview(entries: Sequence[Entry]) -> Iterator[Text | Table]:
    """The names with what they are for, those of a task below its name."""
    for task, purposes in BY_TASK.items():
        listed = {entry.name for entry in entries if entry.task == task}
        if listed:
            yield Text(task, "bold underline")
            yield lines({name: text for name, text in purposes.items() if name in listed})
            yield Text()
    yield Text(MORE, "dim")


def lines(purposes: dict[str, str]) -> Table:
    """A line for each name."""
    made = Table.grid(padding=(0, 2))
    made.add_column(no_wrap=True, style="cyan")
    made.add_column()
    for name, text in purposes.items():
        made.add_row(f"  {name}", text)
    return made
