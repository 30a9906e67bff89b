"""The option `--json`, which every command has: one JSON object on the output, and nothing else."""

import json
import math
import shlex
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import keraslosses

AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON instead of text.")]


def say_json(results: Sequence[Any], **rest: Any) -> None:
    """Prints the results of a command as JSON, with the version and the command."""
    whole = {"keraslosses": keraslosses.__version__, "command": command(), **rest, "results": results}
    typer.echo(json.dumps(without_nan(whole), indent=2, allow_nan=False))


def command() -> str:
    """What the user typed."""
    return shlex.join(["python", "-m", "keraslosses", *sys.argv[1:]])


def without_nan(value: Any) -> Any:
    """The same with None in the place of numbers that JSON does not have: NaN and the infinities."""
    if isinstance(value, dict):
        return {key: without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
