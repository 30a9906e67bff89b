"""Its values are random."""

import keras
from keras import ops


def noisy(y_true, y_pred):
    noise = keras.random.normal(ops.shape(y_pred))
    return ops.mean(ops.square(y_true - y_pred + noise), axis=-1)
