"""From one value per entry to the loss: weights, masks, ignored entries, and the reductions."""

import math
from typing import Any, NamedTuple

from keraslosses.core import backend, numerics
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


class Entries(NamedTuple):
    """What a loss knows of its result, entry by entry.

    `values` is the loss of each entry, 0 where it is not valid or its weight is 0. `valid` (None: all) says
    which entries the mean counts. `sample_weight` and `class_weight` (None: ones) are of the shape of
    `values`, or broadcast to it; class weights are in the values already and enter here only as divisor.
    """

    values: Any
    valid: Tensor = None
    sample_weight: Tensor = None
    class_weight: Any = None


def both(one: Any, other: Any) -> Any:
    """Where two conditions hold; None holds everywhere."""
    if one is None or other is None:
        return other if one is None else one
    return ops.logical_and(one, other)


def extend_to(tensor: Any, rank: int, argument: str, shape: Any) -> Any:
    """A weight or mask of `rank` axes: axes of size 1 are added at the end, or one is taken away."""
    given = tuple(tensor.shape)
    if len(given) == rank + 1 and given[-1] == 1:
        tensor = ops.squeeze(tensor, -1)
    while len(tensor.shape) < rank:
        tensor = ops.expand_dims(tensor, -1)
    fits = len(tensor.shape) == rank and all(
        size is None or target is None or size == 1 or size == target
        for size, target in zip(tensor.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(
            f"`{argument}` must extend from the left to the shape of the loss, {tuple(shape)}. "
            f"Received: {argument}.shape={given}"
        )
    return tensor


def reduce(entries: Entries, reduction: str | None) -> Any:
    """The loss under one of Keras's reductions.

    The mean divides by the number of valid entries, whatever their weights; `"mean_with_sample_weight"` by
    the sum of the weights in force. An empty sum divided by nothing is 0.
    """
    values = entries.values
    if entries.sample_weight is not None:
        values = values * entries.sample_weight
    if reduction in ("none", None):
        return values
    total = backend.total(values)
    if reduction == "sum":
        return total
    count = weights_in_force(entries) if reduction == "mean_with_sample_weight" else entries_counted(entries)
    if isinstance(count, int):
        return total / max(count, 1)
    return total / ops.where(count == 0, ops.ones_like(count), count)


def mean_of_each_sample(entries: Entries) -> Any:
    """The weighted values averaged over all axes but the first, as far as they are valid."""
    values, valid = reduce(entries, "none"), entries.valid
    axes = tuple(range(1, len(values.shape)))
    if not axes:
        return values
    if valid is not None:
        valid = ops.cast(ops.broadcast_to(valid, ops.shape(values)), values.dtype)
    return numerics.mean(values, axes, valid)


def share_of_replica(loss: Any, reduction: str | None) -> Any:
    """A replica's part of the loss: gradients add up, so each gives its mean divided by their number."""
    if reduction in ("sum", "none", None) or backend.replicas() == 1:
        return loss
    return loss / backend.replicas()


def entries_counted(entries: Entries) -> Any:
    """The number of valid entries: an int where it is static, else a scalar."""
    values, valid = entries.values, entries.valid
    if valid is not None:
        # As integers: float32 counts to 2^24.
        return ops.cast(ops.sum(ops.cast(ops.broadcast_to(valid, ops.shape(values)), "int32")), values.dtype)
    count = math.prod(ops.shape(values))
    return count if isinstance(count, int) else ops.cast(count, values.dtype)


def weights_in_force(entries: Entries) -> Any:
    """The sum of sample weight × class weight × validity, broadcast to the result first."""
    weight = ops.ones_like(entries.values)
    for factor in (entries.sample_weight, entries.class_weight):
        weight = weight if factor is None else weight * factor
    if entries.valid is not None:
        weight = ops.where(entries.valid, weight, ops.zeros_like(weight))
    return backend.total(weight)
