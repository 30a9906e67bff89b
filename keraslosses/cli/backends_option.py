"""The option `--backends`, which several commands share."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from keraslosses.cli.names import known_name, parts_of
from keraslosses.portability.processes import backends

BackendNames = Annotated[
    list[str] | None,
    typer.Option(
        "--backends",
        metavar="NAMES",
        help=f"Backends, separated by commas: {', '.join(backends.BACKENDS)}. Default: all that are "
        "installed.",
    ),
]


def chosen_backends(names: Sequence[str] | None, known: Sequence[str] = backends.BACKENDS) -> list[str]:
    """The backends to run on. A wrong name is a usage error."""
    meant = [known_name(name, known, "a backend", "--backends") for name in parts_of(names)]
    try:
        return backends.chosen(meant, known)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--backends") from None


def say_which_are_absent(console: Console) -> None:
    """Prints the backends that are not installed."""
    if absent := backends.absent():
        console.print(f"Left out because not installed: {', '.join(absent)}.")
