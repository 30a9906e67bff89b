"""Models, data and terms for the tests of `attach`."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops

import keraslosses

N = ops.convert_to_numpy
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4)).astype("float32")
Y = RNG.integers(0, 5, 12)


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def stack():
    return [
        layers.Dense(6, activation="relu", name="hidden"),
        layers.BatchNormalization(name="norm"),
        layers.Dense(2, name="embedding"),
        layers.Dense(5, name="logits"),
    ]


def sequential():
    return keras.Sequential([keras.Input((4,), name="input"), *stack()], name="model")


def functional():
    inputs = outputs = keras.Input((4,), name="input")
    for layer in stack():
        outputs = layer(outputs)
    return keras.Model(inputs, outputs, name="model")


def head():
    return keraslosses.LargeMarginHead(5, margin=2, base=3.0, rate=1.0, lam_min=0.1)


def center_loss(**options):
    return keraslosses.CenterLoss(5, **options)


TERMS = {"CenterLoss": center_loss, "head": head}


def compiled(model, **options):
    options = {"loss": keraslosses.SparseCategoricalCrossentropy(from_logits=True), **options}
    model.compile(keras.optimizers.SGD(0.1), **options)
    return model


def with_both(weights=None, at="embedding"):
    """A model with a center loss and a head, of the same weights each time."""
    keras.utils.set_random_seed(1)
    model = keraslosses.attach(sequential(), center_loss(), at=at, weight=0.3)
    model = keraslosses.attach(model, head(), at=at, weight=0.5)
    if weights is not None:
        model.set_weights(weights)
    return model


def fit(model, x=X, y=Y, epochs=1, **options):
    return model.fit(x, y, epochs=epochs, batch_size=4, shuffle=False, verbose=0, **options).history


def assert_same_weights(model, other, atol=1e-6):
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=atol)
