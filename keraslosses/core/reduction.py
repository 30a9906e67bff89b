"""Reduces the values of the entries to the loss: weights, masks, ignored entries, and the reductions."""

import math
from typing import Any, NamedTuple

from keraslosses.core import backend, numerics
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


class Entries(NamedTuple):
    """The values of the entries, and what the reduction must know about them.

    `values` holds the loss of each entry; it is 0 if the entry is not valid or its weight is 0. `valid`
    (None: all) says which entries the mean counts. `sample_weight` and `class_weight` (None: ones) have the
    shape of `values` or broadcast to it. The values are already multiplied by the class weights; the class
    weights are only needed for the divisor. With `across_replicas`, the mean is that of all replicas.
    """

    values: Any
    valid: Tensor = None
    sample_weight: Tensor = None
    class_weight: Any = None
    across_replicas: bool = False


def both(one: Any, other: Any) -> Any:
    """Where both conditions are true; None is true everywhere."""
    if one is None or other is None:
        return other if one is None else one
    return ops.logical_and(one, other)


def extend_to(tensor: Any, rank: int, argument: str, shape: Any) -> Tensor:
    """A weight or mask with `rank` axes: axes of size 1 are added at the end, or one is removed."""
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
            f"`{argument}` must have the shape of the loss, {tuple(shape)}, or its first axes. "
            f"Received: {argument}.shape={given}"
        )
    return tensor


def reduce(entries: Entries, reduction: str | None) -> Tensor:
    """The loss under one of the reductions of Keras.

    The mean divides by the number of valid entries; weights do not change this number.
    `"mean_with_sample_weight"` divides by the sum of the weights of the valid entries. If the divisor is 0,
    the result is 0.
    """
    values = entries.values
    if entries.sample_weight is not None:
        values = values * entries.sample_weight
    if reduction in ("none", None):
        return values
    if reduction == "sum":
        return backend.total(values)
    count = weights_in_force(entries) if reduction == "mean_with_sample_weight" else entries_counted(entries)
    if entries.across_replicas:
        count = backend.mean_over_replicas(ops.cast(count, values.dtype))
    if isinstance(count, int):
        return backend.mean_of(values, count)
    return backend.total(values) / ops.where(count == 0, ops.ones_like(count), count)


def mean_of_each_sample(entries: Entries) -> Tensor:
    """For each sample, the mean of the weighted values over its valid entries."""
    values, valid = reduce(entries, "none"), entries.valid
    axes = tuple(range(1, len(values.shape)))
    if not axes:
        return values
    if valid is not None:
        valid = ops.cast(ops.broadcast_to(valid, ops.shape(values)), values.dtype)
    return numerics.mean(values, axes, valid)


def share_of_replica(loss: Any, reduction: str | None) -> Tensor:
    """The part of one replica in the loss. Gradients are summed, so a mean is divided by the replicas."""
    if reduction in ("sum", "none", None) or backend.replicas() == 1:
        return loss
    return loss / backend.replicas()


def entries_counted(entries: Entries) -> Any:
    """The number of valid entries: an int if it is static, else a scalar."""
    values, valid = entries.values, entries.valid
    if valid is not None:
        # In integers: float32 cannot count further than 2^24.
        return ops.cast(ops.sum(ops.cast(ops.broadcast_to(valid, ops.shape(values)), "int32")), values.dtype)
    count = math.prod(ops.shape(values))
    return count if isinstance(count, int) else ops.cast(count, values.dtype)


def weights_in_force(entries: Entries) -> Tensor:
    """The sum over the valid entries of sample weight × class weight, broadcast to the values first."""
    weight = ops.ones_like(entries.values)
    for factor in (entries.sample_weight, entries.class_weight):
        weight = weight if factor is None else weight * factor
    if entries.valid is not None:
        weight = ops.where(entries.valid, weight, ops.zeros_like(weight))
    return backend.total(weight)
