"""TensorFlow's seam knows what XLA compiles: only there sums take the form that XLA on the CPU wants."""

import keras
import numpy as np
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
