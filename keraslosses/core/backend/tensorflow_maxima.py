"""Maxima on TensorFlow: it has no running maximum, and that of Keras fails for an empty batch."""

from typing import Any

import tensorflow as tf

from keraslosses.core.types import Tensor


def largest(tensor: Any) -> Any:
    """As in `portable`, but for an empty batch too: the max of Keras raises an error there."""
    return tf.reduce_max(tensor, axis=-1)


def running_max(tensor: Any) -> Any:
    """The steps are those of `portable`, in a loop, because the size may be unknown."""
    size = tf.shape(tensor)[-1]
    places = tf.range(size)

    def further(step: Tensor, tensor: Tensor) -> tuple[Any, Any]:
        before = tf.roll(tensor, step, axis=-1)
        return 2 * step, tf.where(places < step, tensor, tf.maximum(tensor, before))

    return tf.while_loop(lambda step, _: step < size, further, (1, tensor))[1]
