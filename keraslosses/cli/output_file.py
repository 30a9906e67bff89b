"""The option `--output`: the file that a command writes. It is checked before the work begins."""

import os
from collections.abc import Sequence
from pathlib import Path

import typer

OPTION = "--output"


def checked_output(path: Path | None, endings: Sequence[str]) -> Path | None:
    """The file to write, after its folder is made.

    A wrong ending, or a file that cannot be written, is a usage error.
    """
    if path is None:
        return None
    if path.suffix.lower() not in endings:
        expected = f"the name of the file must end in {' or '.join(endings)}"
        raise typer.BadParameter(f"{expected}. Received: {str(path)!r}", param_hint=OPTION)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{str(path.parent)!r} cannot be made: {error}", param_hint=OPTION) from None
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise typer.BadParameter(f"the file {str(path)!r} cannot be written.", param_hint=OPTION)
    return path
