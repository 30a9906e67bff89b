"""It takes neither name nor reduction, which the config of every loss has: no copy can be made from it."""

import keras
from keras import ops


class NoName(keras.losses.Loss):
    def __init__(self, factor=2.0):
        super().__init__()
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * ops.mean(ops.abs(y_true - y_pred), axis=-1)


steep = NoName(3.0)


def halved(y_true, y_pred, factor=0.5):
    return factor * ops.mean(ops.abs(y_true - y_pred), axis=-1)


def _hidden(y_true, y_pred):
    return y_pred


def of_one(y_pred):
    return y_pred


class Needs(NoName):
    def __init__(self, factor):
        super().__init__(factor)
