"""It raises when it is called."""


def raises(y_true, y_pred):
    raise RuntimeError("out of luck")
