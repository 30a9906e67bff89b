from keras import ops


def squared_error(y_true, y_pred):
    y_true, y_pred = (ops.cast(y, "float32") for y in (y_true, y_pred))
    return ops.mean(ops.square(y_pred - y_true), axis=-1)
