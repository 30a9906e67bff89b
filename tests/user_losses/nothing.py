"""It forgets its return."""

from keras import ops


def nothing(y_true, y_pred):
    ops.mean(ops.square(y_true - y_pred), axis=-1)
