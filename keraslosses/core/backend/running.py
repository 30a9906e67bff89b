"""The running maximum on TensorFlow, which has no operation for it."""

from typing import Any

import tensorflow as tf

from keraslosses.core.types import Tensor


def running_max(tensor: Any) -> Any:
    """The steps are those of `portable`, in a loop, because the size may be unknown."""
    size = tf.shape(tensor)[-1]
    places = tf.range(size)

    def further(step: Tensor, tensor: Tensor) -> tuple[Any, Any]:
        before = tf.roll(tensor, step, axis=-1)
        return 2 * step, tf.where(places < step, tensor, tf.maximum(tensor, before))

    return tf.while_loop(lambda step, _: step < size, further, (1, tensor))[1]
