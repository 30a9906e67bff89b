"""Sums, means and extremes on TensorFlow. Under XLA, sums keep their digits, and store little."""

from typing import Any

import numpy as np
import tensorflow as tf

from keraslosses.core.backend import totals
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
        return summed_in_float64(values, axes, keepdims)
    return tf.reduce_sum(tf.where(values == values, values, -values), axes, keepdims)


def sums_of_both(a: Tensor, b: Tensor, axis: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Without XLA, the gradient is written out: it takes half the passes over the data."""
    if under_xla():
        return plain_sums_of_both(a, b, axis)

    @tf.custom_gradient
    def sums(a: Tensor, b: Tensor) -> Any:
        def gradient(*upstream: Tensor) -> Any:
            of_both, of_a, of_b = (over_axes(one, axis) for one in upstream)
            return b * of_both + of_a, a * of_both + of_b

        return plain_sums_of_both(a, b, axis), gradient

    return tuple(sums(a, b))


def over_axes(sums: Tensor, axis: tuple[int, ...]) -> Any:
    """Sums with the axes of their numbers, of size 1."""
    for one in sorted(axis):
        sums = tf.expand_dims(sums, one)
    return sums


def plain_sums_of_both(a: Tensor, b: Tensor, axis: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Without the `where` of `total`: both tensors are read anyway for their own sums."""
    whole = a * b, a, b
    if not under_xla():
        return tuple(tf.reduce_sum(x, axis) for x in whole)
    short = short_axes(a.shape, axis)
    return tuple(summed_in_float64(tf.reduce_sum(x, short, keepdims=True), axis) for x in whole)


def short_axes(shape: Any, axis: tuple[int, ...]) -> list[int]:
    """The last of the axes, as many as hold few enough numbers for a sum in float32."""
    found: list[int] = []
    count = 1
    for one in sorted(axis, reverse=True):
        count *= shape[one] or LONG_ROW + 1
        if count > LONG_ROW:
            break
        found.append(one)
    return found


def summed_in_float64(values: Tensor, axis: Any, keepdims: bool = False) -> Any:
    return tf.cast(tf.reduce_sum(tf.cast(values, "float64"), axis, keepdims), values.dtype)


def mean_of(values: Any, count: int) -> Any:
    return total(values) / max(count, 1)


def times_unless_zero(formula: Any, factor: Tensor, values: Tensor) -> Any:
    """One kernel, and one for its gradient. That by a factor of 0 is 0, as in the formula."""
    if factor.shape != values.shape:
        return formula(factor, values)

    @tf.custom_gradient
    def product(factor: Tensor, values: Tensor) -> Any:
        def gradient(upstream: Tensor) -> Any:
            by_factor = tf.where(factor == 0, tf.zeros_like(factor), upstream * values)
            return by_factor, tf.math.multiply_no_nan(upstream, factor)

        return tf.math.multiply_no_nan(values, factor), gradient

    return product(factor, values)


def shown_unless_zero(formula: Any, factor: Tensor, values: Tensor) -> Any:
    """XLA on the CPU leaves a NaN out of the maximum of a large tensor."""
    if under_xla():
        return totals.shown_unless_zero_formula(factor, values)
    return formula(factor, values)


def either(condition: Any, plain: Any, careful: Any) -> Any:
    return tf.cond(condition, plain, careful)


def in_range(numbers: Tensor, high: float | None) -> Any:
    """Whether all numbers lie between 0 and `high`; None stands for no bound.

    On a CPU, one pass over their bits is enough (see `Range.holds`). A GPU has no such operation.
    """
    high = np.inf if high is None else high
    if tf.config.list_physical_devices("GPU"):
        return tf.logical_and(tf.reduce_min(numbers) >= 0, tf.reduce_max(numbers) <= high)
    whole = {"float32": np.uint32, "float64": np.uint64}[numbers.dtype.name]
    most = np.array(high, numbers.dtype.name).view(whole)
    return tf.reduce_max(tf.bitcast(numbers, whole)) <= most
