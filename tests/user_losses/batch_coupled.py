"""The error is divided by the mean target of the batch."""

import keras
from keras import ops


class Relative(keras.losses.Loss):
    def call(self, y_true, y_pred):
        scale = ops.mean(ops.square(y_true))
        return ops.mean(ops.square(y_pred - y_true) / scale, axis=-1)
