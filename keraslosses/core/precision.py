"""What keeps a computation in the precision of its inputs."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from keraslosses.core import backend

P = ParamSpec("P")
R = TypeVar("R")


def in_full_precision(function: Callable[P, R]) -> Callable[P, R]:
    """The function, in which the backend narrows nothing by itself; see `backend.full_precision`."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        context = backend.full_precision()
        if context is None:
            return function(*args, **kwargs)
        with context:
            return function(*args, **kwargs)

    return wrapped
