"""What losses of pairs need, written with `keras.ops`: a part of `portable`."""

from collections.abc import Callable
from typing import Any

from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


def squared_differences(a: Any, b: Any) -> Any:
    """The squared distance of each row of a to each row of b, without a derivative.

    It is the sum of the squares of the differences, exact for rows that are near each other. A backend does
    not store the differences of all pairs if it can do without them.
    """
    return ops.sum(ops.square(ops.stop_gradient(a)[:, None, :] - ops.stop_gradient(b)[None, :, :]), axis=-1)


def squared_distances(formula: Callable[[Any, Any], Any], anchors: Tensor, references: Tensor) -> Any:
    """formula(anchors, references), all squared distances. A backend may compute the gradient faster."""
    return formula(anchors, references)


def root(formula: Callable[[Any], Any], x: Tensor) -> Any:
    """formula(x), the square root with derivative 0 at 0. A backend may compute the gradient faster."""
    return formula(x)


def places_among(rows: Any, numbers: Any, side: str) -> Any:
    """How many numbers of a sorted row are below each of the numbers ("left"), or at most that ("right")."""
    pairs = rows[:, None, :], numbers[:, :, None]
    before = pairs[0] < pairs[1] if side == "left" else pairs[0] <= pairs[1]
    return ops.sum(ops.cast(before, "int32"), axis=-1)


def log_sum_exp_where(
    formula: Callable[..., Any], condition: Tensor, values: Tensor, complete: Tensor
) -> Any:
    """`losses.pairs.log_sum_exp_where`, whose formula is given."""
    return formula(condition, values, complete)
