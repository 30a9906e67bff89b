"""TensorFlow alone: what its seam knows of XLA, and ragged tensors.

Only where XLA compiles do sums take the form that XLA on the CPU wants.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keraslosses
from keraslosses.core.backend import tensorflow_totals as seam


def seen_in(compiled):
    seen = []

    def step(x):
        seen.append(seam.under_xla())
        return seam.total(x)

    assert float(compiled(step)(tf.constant([1.0, 2.0]))) == 3.0
    return seen


def test_xla_is_seen_where_it_compiles():
    assert seen_in(lambda step: step) == [False]
    assert seen_in(tf.function) == [False]
    assert seen_in(lambda step: tf.function(step, jit_compile=True)) == [True]
    assert seen_in(lambda step: tf.function(tf.function(step, jit_compile=True))) == [True]


def test_a_nan_shows_in_a_maximum_of_many_numbers():
    """XLA on the CPU leaves it out."""
    y_pred = np.full((64, 64), 0.5, "float32")
    y_pred[3, 5] = np.nan
    loss = tf.function(keraslosses.CategoricalHinge(), jit_compile=True)
    assert np.isnan(loss(tf.eye(64), tf.constant(y_pred)))


def test_xla_is_seen_in_fit(monkeypatch):
    seen = []
    monkeypatch.setattr(seam, "under_xla", lambda was=seam.under_xla: seen.append(was()) or seen[-1])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    for jit_compile in (True, False):
        model.compile("sgd", keraslosses.Huber(), jit_compile=jit_compile)
        model.fit(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0)
        assert set(seen) == {jit_compile}
        seen.clear()


def test_ragged_targets_are_refused_in_fit():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    model.compile("sgd", loss=keraslosses.MeanSquaredError())
    ragged = tf.ragged.constant([[1.0, 2.0, 3.0], [4.0]])
    with pytest.raises(ValueError, match="`y_true` must be a dense tensor in mean_squared_error"):
        model.fit(np.zeros((2, 3)), ragged, verbose=0)


def test_what_the_error_of_a_ragged_tensor_advises_gives_the_mean_of_the_rows():
    ragged = tf.ragged.constant([[1.0, 2.0, 3.0], [4.0]])
    y_true, y_pred = ragged.to_tensor(), (ragged * 3.0).to_tensor()
    y_pred = keraslosses.SequenceMask()(y_pred, ragged.row_lengths())
    loss = float(keraslosses.MeanSquaredError()(y_true, y_pred))
    assert loss == pytest.approx(((4 + 16 + 36) / 3 + 64) / 2)
    assert loss == pytest.approx(float(keras.losses.MeanSquaredError()(ragged, ragged * 3.0)))


# Ragged predictions: what `predict` gives of batches that differ in length.

BATCHES = [np.random.default_rng(0).normal(0, 2, (2, frames, 4)).astype("float32") for frames in (5, 3)]


def test_what_predict_gives_of_batches_that_differ_in_length_is_decoded():
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, keras.layers.Activation("linear")(inputs))
    batches = tf.data.Dataset.from_generator(lambda: BATCHES, output_signature=tf.TensorSpec([None, None, 4]))
    frames = model.predict(batches.apply(tf.data.experimental.assert_cardinality(2)), verbose=0)
    assert isinstance(frames, tf.RaggedTensor)
    for options in ({}, {"strategy": "beam_search", "beam_width": 3}):
        labels, chance = keraslosses.ctc_decode(frames, **options)
        alone = [keraslosses.ctc_decode(batch, **options) for batch in BATCHES]
        for i, (own, its) in enumerate(alone):
            np.testing.assert_array_equal(labels[2 * i : 2 * i + 2, : own.shape[1]], own)
            np.testing.assert_allclose(chance[2 * i : 2 * i + 2], its, rtol=1e-6)
        assert np.all(labels[2:, 3:] == -1)


def test_ragged_frames_in_the_loss_and_the_metric():
    frames = tf.ragged.constant([x.tolist() for batch in BATCHES for x in batch], inner_shape=(4,))
    y_true = np.array([[1, 2], [3, -1], [1, -1], [2, 3]])
    values = keraslosses.CTC(reduction="none")(y_true, frames)
    alone = [keraslosses.ctc(y_true[2 * i : 2 * i + 2], batch) for i, batch in enumerate(BATCHES)]
    np.testing.assert_allclose(values, np.concatenate(alone), rtol=1e-6)
    metric, of_each = keraslosses.EditDistance(), keraslosses.EditDistance()
    metric.update_state(y_true, frames)
    for i, batch in enumerate(BATCHES):
        of_each.update_state(y_true[2 * i : 2 * i + 2], batch)
    assert float(metric.result()) == float(of_each.result())
