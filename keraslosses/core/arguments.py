"""The names of a function's arguments and their defaults, quickly: each loss reads them at its import."""

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any


def arguments_of(function: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """The names of the arguments, and the defaults of those that have one.

    A plain function has them in its code; a signature takes ten times as long.
    """
    if type(function) is FunctionType and not hasattr(function, "__wrapped__"):
        code, positional = function.__code__, function.__defaults__ or ()
        names = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        last = names[code.co_argcount - len(positional) : code.co_argcount]
        return names, {**dict(zip(last, positional, strict=True)), **(function.__kwdefaults__ or {})}
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters], {p.name: p.default for p in parameters if p.default is not p.empty}
