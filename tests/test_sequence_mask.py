"""The layer that attaches a mask made from lengths, alone and in models."""

import re

import keras
import numpy as np
import pytest
from compiled import FORMS, outcome
from keras import ops

import keraslosses
from keraslosses.core import keras_internals

N = ops.convert_to_numpy
X = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
LENGTHS = np.array([4, 0, 2], "int32")
MASK = np.array([[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]], bool)


def mask_after(layer):
    def function(x, lengths):
        return keras_internals.mask_of(layer(x, lengths))

    return function


@pytest.mark.parametrize("lengths", [LENGTHS, LENGTHS[:, None], LENGTHS.astype("int64")])
@pytest.mark.parametrize("x", [X, X[..., 0], X[..., None]])
def test_mask_is_the_frames_before_the_end(x, lengths):
    output = keraslosses.SequenceMask()(ops.convert_to_tensor(x), lengths)
    np.testing.assert_array_equal(N(output), x)
    np.testing.assert_array_equal(N(keras_internals.mask_of(output)), MASK)


@pytest.mark.parametrize("form", FORMS)
def test_compiled(form):
    for layer in (keraslosses.SequenceMask(), keraslosses.SequenceMask(blank_index=-1)):
        np.testing.assert_array_equal(outcome(mask_after(layer), X, LENGTHS, form=form), MASK)
        np.testing.assert_array_equal(outcome(layer, X, LENGTHS, form=form), outcome(layer, X, LENGTHS))


@pytest.mark.parametrize("form", FORMS)
def test_lengths_out_of_range_are_bounded_in_compiled_code(form):
    received = outcome(mask_after(keraslosses.SequenceMask()), X, [9, -1, 2], form=form)
    np.testing.assert_array_equal(received, MASK)


def test_replaces_another_mask_and_leaves_the_input_alone():
    x = keras.layers.Masking()(ops.convert_to_tensor(np.where(MASK[::-1, :, None], X, 0)))
    output = keraslosses.SequenceMask()(x, LENGTHS)
    np.testing.assert_array_equal(N(keras_internals.mask_of(output)), MASK)
    np.testing.assert_array_equal(N(keras_internals.mask_of(x)), MASK[::-1])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_frames_behind_the_end_become_certain_blanks(dtype):
    layer = keraslosses.SequenceMask(blank_index=-2, dtype="mixed_float16")
    output = layer(ops.cast(X, dtype), LENGTHS)
    assert keras.backend.standardize_dtype(output.dtype) == dtype
    np.testing.assert_array_equal(N(output)[MASK], X.astype(dtype)[MASK])
    # NumPy's exponential: TensorFlow's softmax of a certain class is 1 - 2**-24 on some processors.
    exponentials = np.exp(N(output)[~MASK].astype("float64") - N(output)[~MASK].max())
    shares = exponentials / exponentials.sum(-1, keepdims=True)
    np.testing.assert_array_equal(shares, [[0, 0, 0, 1, 0]] * np.sum(~MASK))


def model_with_a_mask(layer):
    x, lengths = keras.Input((None, 5)), keras.Input((), dtype="int32")
    hidden = layer(x, lengths)
    return keras.Model([x, lengths], [keras.layers.LSTM(2, seed=1)(hidden), hidden])


def test_in_a_functional_model_the_next_layer_sees_it(tmp_path):
    model = model_with_a_mask(keraslosses.SequenceMask(name="ends"))
    state, output = model([X, LENGTHS])
    np.testing.assert_array_equal(N(keras_internals.mask_of(output)), MASK)
    alone, _ = model([X[2:, :2], LENGTHS[2:]])
    np.testing.assert_allclose(N(state)[2:], N(alone), rtol=1e-5)
    model.save(tmp_path / "model.keras")
    again, _ = keras.models.load_model(tmp_path / "model.keras")([X, LENGTHS])
    np.testing.assert_allclose(N(again), N(state), rtol=1e-6)


class SeesTheMask(keras.losses.Loss):
    """The number of frames that the mask leaves: fails where there is no mask."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        mask = keras_internals.mask_of(y_pred)
        seen = ops.ones(ops.shape(y_pred)[:2]) if mask is None else ops.cast(mask, "float32")
        return ops.sum(seen) + 0.0 * ops.sum(y_pred)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)
        self.ends = keraslosses.SequenceMask()

    def call(self, inputs):
        x, lengths = inputs
        return self.ends(self.dense(x), lengths)


def functional():
    x, lengths = keras.Input((4, 5)), keras.Input((), dtype="int32")
    return keras.Model([x, lengths], keraslosses.SequenceMask()(keras.layers.Dense(3)(x), lengths))


@pytest.mark.parametrize("make", [functional, Subclassed])
def test_loss_sees_it_in_fit_and_evaluate(make):
    model = make()
    model.compile("sgd", SeesTheMask())
    history = model.fit([X, LENGTHS], np.zeros(3), batch_size=3, verbose=0).history
    assert history["loss"] == [LENGTHS.sum()]
    assert model.evaluate([X, LENGTHS], np.zeros(3), batch_size=3, verbose=0) == LENGTHS.sum()


def test_config_round_trip():
    layer = keraslosses.SequenceMask(blank_index=-1, name="mine")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert (again.blank_index, again.name) == (-1, "mine")


ONE_FOR_EACH = "`lengths` must hold one integer for each sample in SequenceMask. Received: lengths.shape="
MISTAKES = {
    ONE_FOR_EACH + "(3, 4), ": (X, np.ones((3, 4), "int32"), None),
    ONE_FOR_EACH + "(), ": (X, np.array(2), None),
    ONE_FOR_EACH + "(2,), ": (X, LENGTHS[:2], None),
    ONE_FOR_EACH + "(3,), ": (X, np.ones(3), None),
    "`lengths` must lie between 0 and 4 in SequenceMask. Received: 5 at 1": (X, np.array([4, 5, 0]), None),
    "`lengths` must lie between 0 and 4 in SequenceMask. Received: -1 at 2": (X, np.array([4, 0, -1]), None),
    "`x` must have shape (batch, frames, ..) in SequenceMask. Received: x.shape=(3,)": (
        X[:, 0, 0],
        LENGTHS,
        None,
    ),
    "`blank_index` must be an integer in [-5, 5). Received: blank_index=5": (X, LENGTHS, 5),
    "`blank_index` must be None or an integer. Received: blank_index=1.0": (X, LENGTHS, 1.0),
    "`x` must have shape (batch, frames, classes) in SequenceMask with a blank_index. Received: x.shape=(3, 4)": (
        X[..., 0],
        LENGTHS,
        0,
    ),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_bad_input_is_named(message):
    x, lengths, blank_index = MISTAKES[message]
    with pytest.raises(ValueError, match=re.escape(message)):
        keraslosses.SequenceMask(blank_index)(x, lengths)
