"""A formula that comes with its derivative, so that no backend has to find one, or to keep what it needs."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


class Explicit(NamedTuple):
    """Values and how they change with the inputs, element by element.

    `by_pred()` gives the derivative by y_pred, from what the values were computed from; `by_true()` that by
    y_true, where None leaves it to the backend's own differentiation of the values. Both have the shape of
    y_pred. Where a formula consumes an axis, the derivative is that of the value of the element's row.
    """

    values: Any
    by_pred: Callable[[], Any]
    by_true: Callable[[], Any] | None = None


def of_error(values: Any, slope: Callable[[], Any]) -> Explicit:
    """For a formula that sees only the error y_pred - y_true."""
    return Explicit(values, slope, lambda: -slope())


def scaled(explicit: Explicit, factor: Any) -> Explicit:
    """The formula times a factor that depends on neither input."""
    by_true = explicit.by_true
    return Explicit(
        explicit.values * factor,
        lambda: explicit.by_pred() * factor,
        None if by_true is None else lambda: by_true() * factor,
    )


def along_rows(upstream: Tensor, values: Any, axis: int | None) -> Any:
    """What flows back to the values, laid along the axis that the formula consumed (None: none).

    Nothing flows back to a row whose value is inf.
    """
    if axis is None:
        return upstream
    return ops.expand_dims(ops.where(ops.isinf(values), 0.0, upstream), axis)
