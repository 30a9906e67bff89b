"""`python -m keraslosses list`: lists the losses, layers and metrics of the package."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keraslosses.cli.as_json import AsJson, say_json
from keraslosses.cli.catalogue import NEEDED, Entry, catalogue
from keraslosses.cli.names import entry_name, known_name
from keraslosses.cli.overview import overview
from keraslosses.core.spelling import did_you_mean

console = Console()


def list_losses(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", parser=entry_name, help="Losses, layers or metrics to list. Default: all."
        ),
    ] = None,
    family: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="List only this family, such as boxes, robust or layers."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the losses, layers and metrics by task, with what each is for.

    With names, the command tells the inputs, the options with their defaults, and the paper of each.
    """
    entries = chosen_entries(names or [], family)
    if as_json:
        say_json([plain(entry) for entry in entries])
    else:
        console.print(*(blocks(entries) if names else overview(entries)), sep="\n")


def chosen_entries(names: Sequence[str], family: str | None) -> list[Entry]:
    """The entries to list: all, if no name is given."""
    entries = catalogue()
    known, families = {entry.name for entry in entries}, list(dict.fromkeys(e.family for e in entries))
    for name in names:
        if name not in known:
            raise typer.BadParameter(
                f"keraslosses has no {name!r}; choose from {', '.join(sorted(known))}"
                f"{did_you_mean(name, known)}",
                param_hint="NAME",
            )
    if family is not None:
        family = known_name(family, families, "a family", "--family")
    found = [e for e in entries if e.name in (names or known) and (family is None or e.family == family)]
    if not found:
        raise typer.BadParameter(
            f"none of {', '.join(names)} belongs to the family {family!r}.", param_hint="--family"
        )
    return found


def plain(entry: Entry) -> dict[str, Any]:
    """An entry as data for JSON."""
    options = [
        {"name": name, "required": True}
        if default is NEEDED
        else {"name": name, "required": False, "default": default}
        for name, default in entry.options.items()
    ]
    return {**vars(entry), "options": options}


def blocks(entries: Sequence[Entry]) -> Iterator[Text | Table]:
    """A block of text for each entry, below the name of its family."""
    family = None
    for entry in entries:
        if entry.family != family:
            family = entry.family
            yield Text(f"{family}\n", "bold underline")
        yield Text(f"  {entry.name}", "bold cyan")
        lines = Table.grid(padding=(0, 2))
        lines.add_column(min_width=11, no_wrap=True, style="dim")
        lines.add_column()
        for what, text in facts(entry).items():
            lines.add_row(f"    {what}", Text(text))
        yield lines
        yield Text()


def facts(entry: Entry) -> dict[str, str]:
    """The lines below a name. A line without content is left out."""
    options = ", ".join(
        f"{name} (needed)" if default is NEEDED else f"{name}={default!r}"
        for name, default in entry.options.items()
    )
    found = {"inputs": entry.inputs, "options": options, "paper": entry.paper}
    return {what: text for what, text in found.items() if text}
