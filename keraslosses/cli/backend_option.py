"""The option `--backend`, which several commands share."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from keraslosses.portability.processes import backends

BackendNames = Annotated[
    list[str] | None,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="Backend to run on. For several, repeat the option or use commas. Default: all installed.",
    ),
]


def chosen_backends(
    names: Sequence[str], known: Sequence[str] = backends.BACKENDS, option: str = "--backend"
) -> list[str]:
    """The backends to run on. A wrong name is a usage error."""
    try:
        return backends.chosen(names, known)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def say_which_are_absent(console: Console) -> None:
    """Prints the backends that are not installed."""
    if absent := backends.absent():
        console.print(f"Left out because not installed: {', '.join(absent)}.")
