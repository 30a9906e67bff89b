"""Ignored labels cost nothing, but still count in the mean."""

import keras
from keras import ops


class CrossEntropy(keras.losses.Loss):
    def __init__(self, ignore_class=None, reduction="sum_over_batch_size", name="cross_entropy", dtype=None):
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self.ignore_class = ignore_class

    def call(self, y_true, y_pred):
        y_true = ops.cast(y_true, "int32")
        if self.ignore_class is None:
            return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        kept = y_true != self.ignore_class
        values = keras.losses.sparse_categorical_crossentropy(ops.where(kept, y_true, 0), y_pred)
        return ops.where(kept, values, 0.0)

    def get_config(self):
        return {**super().get_config(), "ignore_class": self.ignore_class, "dtype": self.dtype}
