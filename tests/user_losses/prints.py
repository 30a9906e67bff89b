"""It prints what it computes."""

from keras import ops


def talkative(y_true, y_pred):
    print("squared error of", y_pred.shape)
    return ops.mean(ops.square(ops.cast(y_pred, "float32") - ops.cast(y_true, "float32")), axis=-1)
