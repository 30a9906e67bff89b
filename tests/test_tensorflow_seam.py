"""TensorFlow alone: what its seam knows of XLA, and ragged tensors.

Only where XLA compiles do sums take the form that XLA on the CPU wants.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keraslosses
from keraslosses.core.backend import tensorflow as seam


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


def test_xla_is_seen_in_fit(monkeypatch):
    seen = []
    monkeypatch.setattr(seam, "under_xla", lambda was=seam.under_xla: seen.append(was()) or seen[-1])
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    for jit_compile in (True, False):
        model.compile("sgd", keraslosses.Huber(), jit_compile=jit_compile)
        model.fit(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0)
    assert set(seen[: len(seen) // 2]) == {True}
    assert set(seen[len(seen) // 2 :]) == {False}


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
