"""Functions that keep a computation in the precision of its inputs."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def in_full_precision(function: Callable[P, R]) -> Callable[P, R]:
    """The function, run so that the backend does not reduce the precision; see `backend.full_precision`."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        context = backend.full_precision()
        if context is None:
            return function(*args, **kwargs)
        with context:
            return function(*args, **kwargs)

    return wrapped


def floating(x: Any) -> Tensor:
    """The input as a tensor: in float64 if it is float64, else in float32."""
    x = backend.as_tensor(x)
    return x if backend.dtype_name(x) in ("float32", "float64") else ops.cast(x, "float32")
