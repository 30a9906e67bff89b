"""An option that get_config forgets, so that a saved model comes back with the default."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="user_losses")
class Asymmetric(keras.losses.Loss):
    def __init__(self, over=2.0, reduction="sum_over_batch_size", name="asymmetric"):
        super().__init__(reduction=reduction, name=name)
        self.over = over

    def call(self, y_true, y_pred):
        error = y_pred - y_true
        return ops.mean(ops.where(error > 0, self.over, 1.0) * ops.square(error), axis=-1)


def asymmetric():
    return Asymmetric(over=5.0)
