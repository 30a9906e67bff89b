"""The files that a command writes. They are checked before the work begins."""

import os
from pathlib import Path

import typer


def check_writable(option: str, path: Path | None) -> None:
    """Makes the folder of an output file. If the file cannot be written, raises a usage error."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{str(path.parent)!r} cannot be made: {error}", param_hint=option) from None
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise typer.BadParameter(f"the file {str(path)!r} cannot be written.", param_hint=option)
