"""The option `--json`, which every command has: one JSON object on the output, and nothing else."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import keraslosses
from keraslosses.cli.as_data import command, without_nan

AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON instead of text.")]


def say_json(results: Sequence[Any], **rest: Any) -> None:
    """Prints the results of a command as JSON, with the version and the command."""
    whole = {"keraslosses": keraslosses.__version__, "command": command(), **rest, "results": results}
    typer.echo(json.dumps(without_nan(whole), indent=2, allow_nan=False))
