"""Maxima on TensorFlow: it has no running maximum, and that of Keras fails for an empty batch."""

from typing import Any

import tensorflow as tf

from keraslosses.core.backend.tensorflow_internals import under_xla
from keraslosses.core.nonfinite import one_or_nan
from keraslosses.core.types import Tensor


def smaller(a: Tensor, b: Tensor) -> Any:
    """Of two tensors of one shape. TensorFlow gives the whole gradient of equal numbers to one of them."""
    return -larger(-a, -b)


@tf.custom_gradient
def larger(a: Tensor, b: Tensor) -> Any:
    above, below = (tf.cast(test(a, b), a.dtype) for test in (tf.greater_equal, tf.less_equal))
    share = 0.5 * (1.0 + above - below)

    return tf.maximum(a, b), lambda upstream: (upstream * share, upstream * (1.0 - share))


def largest_along(tensor: Any, axis: int) -> Any:
    """As in `portable`, but for an empty batch too: the max of Keras raises an error there."""
    return tf.reduce_max(tensor, axis=axis)


def smallest_along(tensor: Any, axis: int) -> Any:
    return tf.reduce_min(tensor, axis=axis)


def largest(tensor: Any) -> Any:
    """XLA on the CPU leaves a NaN out of the maximum of a large tensor."""
    most = largest_along(tensor, -1)
    if not under_xla():
        return most
    return most * one_or_nan(tf.reduce_any(tf.math.is_nan(tensor), axis=-1), most.dtype)


def running_max(tensor: Any) -> Any:
    """The steps are those of `portable`, in a loop, because the size may be unknown."""
    size = tf.shape(tensor)[-1]
    places = tf.range(size)

    def further(step: Tensor, tensor: Tensor) -> tuple[Any, Any]:
        before = tf.roll(tensor, step, axis=-1)
        return 2 * step, tf.where(places < step, tensor, tf.maximum(tensor, before))

    return tf.while_loop(lambda step, _: step < size, further, (1, tensor))[1]
