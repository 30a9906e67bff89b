"""What the results of a command hold beside them, as text and as data. Works without typer."""

import math
import shlex
import sys
from typing import Any


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
