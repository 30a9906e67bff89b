"""Sums and means on TensorFlow. Under XLA they keep their digits, and store little."""

from typing import Any

import tensorflow as tf

from keraslosses.core.backend.tensorflow_internals import under_xla
from keraslosses.core.types import Tensor

# A sum of more numbers than this loses digits, if they are added one after the other in float32.
LONG_ROW = 2**16


def total(values: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """Under XLA, the values go through a `where` that changes nothing, and the sums of rows are in float64.

    Without the `where`, XLA on the CPU fuses a product with the sum, and stores both factors first. XLA adds
    one number after the other. In float32, the sum of millions of numbers would keep few correct digits.
    """
    if not under_xla() or not len(values.shape):
        return tf.reduce_sum(values, axis, keepdims)
    axes = tuple(range(len(values.shape))) if axis is None else axis
    long = (values.shape[axes[-1] if isinstance(axes, tuple) else axes] or 0) > LONG_ROW
    if isinstance(axes, tuple) and len(axes) > 1 and not long:
        values = total(values, axes[-1], keepdims=True)
    if isinstance(axes, tuple) or long:
        return tf.cast(tf.reduce_sum(tf.cast(values, "float64"), axes, keepdims), values.dtype)
    return tf.reduce_sum(tf.where(values == values, values, -values), axes, keepdims)


def sums_of_both(a: Tensor, b: Tensor, axis: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """The sums of rows have no `where`: both tensors are stored anyway for their own sums."""
    whole = a * b, a, b
    short = len(axis) > 1 and (a.shape[axis[-1]] or 0) <= LONG_ROW
    rows = [tf.reduce_sum(x, axis[-1], keepdims=True) for x in whole] if under_xla() and short else whole
    return tuple(total(x, axis) for x in rows)


def mean_of(values: Any, count: int) -> Any:
    return total(values) / max(count, 1)
