"""Maxima and minima, of two tensors and along an axis."""

from typing import Any

from keraslosses.core.backend import ops


def smaller(a: Any, b: Any) -> Any:
    """The minimum. For equal numbers, each has half of the gradient."""
    return ops.where(a == b, 0.5 * (a + b), ops.minimum(a, b))


def larger(a: Any, b: Any) -> Any:
    """The maximum. For equal numbers, each has half of the gradient."""
    return ops.where(a == b, 0.5 * (a + b), ops.maximum(a, b))


def largest_along(tensor: Any, axis: int) -> Any:
    """The maximum along an axis. It may leave a NaN out. Equal numbers share the gradient."""
    return ops.max(tensor, axis=axis)


def smallest_along(tensor: Any, axis: int) -> Any:
    """The minimum, likewise."""
    return ops.min(tensor, axis=axis)


def largest(tensor: Any) -> Any:
    """The maximum along the last axis, NaN if there is one. Equal numbers share the gradient."""
    return largest_along(tensor, -1)


def running_max(tensor: Any) -> Any:
    """The largest number so far along the last axis, without a derivative."""
    step = 1
    while step < tensor.shape[-1]:
        before = ops.concatenate([tensor[..., :step], tensor[..., :-step]], axis=-1)
        tensor, step = ops.maximum(tensor, before), 2 * step
    return tensor
