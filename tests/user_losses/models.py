"""A layer and a model: their weights are carried from one backend to the others."""

import keras


def dense():
    return keras.layers.Dense(3, activation="tanh")


def network():
    inputs = keras.Input((6,))
    hidden = keras.layers.Dense(4, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.BatchNormalization()(hidden))


def two_inputs():
    inputs = [keras.Input((3,)), keras.Input((3,))]
    return keras.Model(inputs, keras.layers.Add()(inputs))
