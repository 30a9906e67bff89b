"""Training that is watched for NaN and infinity: where nothing is wrong, nothing of the kind arises."""

import contextlib
import math

import keras
import numpy as np
import pytest
from compiled import FORMS, outcome
from keras import ops

import keraslosses
from keraslosses.core.backend import nan_where, one_or_nan
from keraslosses.core.nonfinite import inf_where
from keraslosses.portability.checks.lifecycle import layer_for
from keraslosses.portability.gradients import BACKEND, USUAL, value_and_gradient
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

N = ops.convert_to_numpy
# As `fit` runs it.
WATCHED = "graph" if BACKEND == "tensorflow" else USUAL


@contextlib.contextmanager
def watched():
    """Each backend's own watch: on JAX over what a compiled function gives, on torch over gradients."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        tf.debugging.enable_check_numerics(stack_height_limit=5)
        try:
            yield
        finally:
            tf.debugging.disable_check_numerics()
    elif BACKEND == "jax":
        import jax

        with jax.debug_nans(True), jax.debug_infs(True):
            yield
    else:
        import torch

        with torch.autograd.set_detect_anomaly(True):
            yield


def test_the_watch_sees_what_is_wrong():
    def root(y_true, y_pred):
        return ops.sqrt(y_pred - y_true)

    with watched(), pytest.raises(Exception, match=r"(?i)nan|inf"):
        value_and_gradient(root, np.ones((2, 1), "float32"), np.zeros((2, 1), "float32"), mode=WATCHED)


def model_for(names):
    """Of a one-hot row for each sample the predictions of all these losses, and the targets."""
    inputs = keras.Input((22,))
    outputs, targets = [], []
    for name in names:
        y_true, y_pred = REFERENCES[name].inputs(REFERENCES[name].options[0], leading=(22,))
        shape = y_pred.shape[1:]
        flat = keras.layers.Dense(math.prod(shape))(inputs)
        outputs.append(layer_for(REFERENCES[name].kind)(keras.layers.Reshape(shape)(flat)))
        targets.append(y_true)
    return keras.Model(inputs, outputs), np.eye(22, dtype="float32"), targets


@pytest.mark.deep
# All in one model take much memory on TensorFlow.
@pytest.mark.parametrize("part", range(4))
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_fit_with_every_loss(part):
    names = list(REFERENCES)[part::4]
    model, x, targets = model_for(names)
    losses = [getattr(keraslosses, name)(**REFERENCES[name].options[0]) for name in names]
    model.compile("sgd", loss=losses, jit_compile=BACKEND == "jax")
    # Variables that appear in the first step would let TensorFlow trace the step twice.
    model.optimizer.build(model.trainable_variables)
    with watched():
        history = model.fit(x, targets, batch_size=11, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()


# What is meant to be NaN or infinite is, whatever a compiler makes of it.

ON, OFF = np.array([True, False]), np.array([False, False])


@pytest.mark.parametrize("form", [None, *FORMS])
def test_nan_and_infinity_are_computed(form):
    def numbers(condition):
        return [made(condition, "float32") for made in (nan_where, one_or_nan, inf_where)]

    undefined, factor, infinite = outcome(numbers, ON, form=form)
    np.testing.assert_array_equal(undefined, [np.nan, 0.0])
    np.testing.assert_array_equal(factor, [np.nan, 1.0])
    np.testing.assert_array_equal(infinite, [np.inf, 0.0])
    # XLA cannot compile what watches for them.
    with contextlib.nullcontext() if form == "xla" else watched():
        for healthy, expected in zip(outcome(numbers, OFF, form=form), (0.0, 1.0, 0.0), strict=True):
            assert (healthy == expected).all()


# Certain probabilities and logits far apart, at which a formula easily passes through infinity.
CERTAIN = {
    "BinaryCrossentropy": ({}, [[1.0, 0.0]], [[0.0, 1.0]]),
    "BinaryFocalCrossentropy": ({"gamma": 0.5}, [[1.0, 0.0]], [[1.0, 0.0]]),
    "CategoricalCrossentropy": ({}, [[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 1.0]]),
    "SparseCategoricalFocalCrossentropy": ({"from_logits": True}, [0, 1], [[-100.0, 100.0], [-100.0, 100.0]]),
    "KLDivergence": ({}, [[1.0, 0.0]], [[0.0, 1.0]]),
    "MultiMargin": ({}, [0, 1], [[-100.0, 100.0], [-100.0, 100.0]]),
    "CTC": ({"zero_infinity": True}, [[1, 1]], [[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]]),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_certain_passes_through_no_infinity(name):
    options, y_true, y_pred = CERTAIN[name]
    y_true = np.asarray(y_true, "int32" if isinstance(np.ravel(y_true)[0], np.integer) else "float32")
    loss = getattr(keraslosses, name)(**options)
    with watched():
        value, gradient = value_and_gradient(loss, y_true, np.asarray(y_pred, "float32"), mode=WATCHED)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
