"""Formulas that state their derivative, so that a backend need not compute it or keep data for it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


class Explicit(NamedTuple):
    """The values of a formula, and their derivatives for each element.

    `by_pred()` computes the derivative with respect to y_pred. It can use the intermediate results of the
    values. `by_true()` computes the derivative with respect to y_true. If it is None, the backend
    differentiates the values. Both derivatives have the shape of y_pred. If the formula consumes an axis, the
    derivative is that of the value of the element's row.

    `simple` says that the values are a square or an absolute value. XLA computes these while it sums. Other
    values take less time if they are stored once before the sum. And in a maximum that it computes while it
    sums, XLA on the CPU would lose a NaN.
    """

    values: Any
    by_pred: Callable[[], Any]
    by_true: Callable[[], Any] | None = None
    simple: bool = False


def of_error(values: Any, slope: Callable[[], Any], simple: bool = False) -> Explicit:
    """For a formula that depends only on the error y_pred - y_true."""
    return Explicit(values, slope, lambda: -slope(), simple)


def scaled(explicit: Explicit, factor: Any) -> Explicit:
    """The formula times a factor that depends on neither input."""
    by_true = explicit.by_true
    return Explicit(
        explicit.values * factor,
        lambda: explicit.by_pred() * factor,
        None if by_true is None else lambda: by_true() * factor,
    )


def along_rows(upstream: Tensor, values: Any, axis: int | None) -> Tensor:
    """The upstream gradient of the values, expanded along the axis that the formula consumes (None: none).

    It is 0 for a row whose value is inf.
    """
    if axis is None:
        return upstream
    return ops.expand_dims(ops.where(ops.isinf(values), 0.0, upstream), axis)
