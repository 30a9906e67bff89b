"""Its value is another one on one backend."""

import keras
from keras import ops


def differs(y_true, y_pred):
    factor = 2.0 if keras.backend.backend() == "jax" else 1.0
    return factor * ops.mean(ops.square(ops.cast(y_pred, "float32") - ops.cast(y_true, "float32")), axis=-1)
