"""What losses of pairs need, written with `keras.ops`: a part of `portable`."""

from typing import Any

from keraslosses.core.backend import ops


def squared_differences(a: Any, b: Any) -> Any:
    """The squared distance of each row of a to each row of b, without a derivative.

    It is the sum of the squares of the differences, exact for rows that are near each other. A backend does
    not store the differences of all pairs if it can do without them.
    """
    return ops.sum(ops.square(ops.stop_gradient(a)[:, None, :] - ops.stop_gradient(b)[None, :, :]), axis=-1)


def places_among(rows: Any, numbers: Any, side: str) -> Any:
    """How many numbers of a sorted row are below each of the numbers ("left"), or at most that ("right")."""
    pairs = rows[:, None, :], numbers[:, :, None]
    before = pairs[0] < pairs[1] if side == "left" else pairs[0] <= pairs[1]
    return ops.sum(ops.cast(before, "int32"), axis=-1)
