from keras import ops


def squared_error(y_true, y_pred):
    error = ops.cast(y_pred, "float32") - ops.cast(y_true, "float32")
    return ops.mean(ops.square(ops.cast(error, y_pred.dtype)), axis=-1)
