"""SampledMargin: the full loss at rate 1, a share of the classes below, and the same run from the same seed."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops

import keraslosses
from keraslosses.portability.gradients import BACKEND, MODES, value_and_gradient

N = ops.convert_to_numpy
RNG = np.random.default_rng(8)
CLASSES, DIM, BATCH = 40, 5, 12
X = RNG.normal(size=(BATCH, DIM)).astype("float32")
Y = RNG.integers(0, CLASSES, BATCH)
MARGIN = keraslosses.ArcFace(margin=0.3, scale=6.0)


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def built(rate=0.5, seed=1, **options):
    keras.utils.set_random_seed(2)
    head = keraslosses.SampledMargin(CLASSES, rate, MARGIN, seed, **options)
    head.build((None, DIM))
    return head


def full(classes, kernel):
    head = keraslosses.ChunkedCrossEntropy(classes, margin=MARGIN)
    head.build((None, DIM))
    head.kernel.assign(kernel)
    return head


def in_training(head):
    return lambda labels, features: head.per_sample_loss(features, labels, training=True)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("rate", [1.0, 0.5])
def test_is_the_full_loss_at_rate_1_and_outside_of_training(rate, training):
    head = built(rate)
    expected = value_and_gradient(in_training(full(CLASSES, head.kernel)), Y, X)
    found = value_and_gradient(lambda t, p: head.per_sample_loss(p, t, training=training), Y, X)
    same = rate == 1.0 or not training
    for one, other in zip(found, expected, strict=True):
        assert np.allclose(one, other, rtol=1e-5, atol=1e-6) == same


def test_draws_the_classes_of_the_batch_and_others():
    head = built(0.5)
    first, second = (set(N(head.drawn(ops.convert_to_tensor(Y))).tolist()) for _ in range(2))
    assert len(first) == len(second) == 20
    assert set(Y.tolist()) <= first & second
    assert first != second
    assert max(first | second) < CLASSES


@pytest.mark.parametrize("mode", MODES)
def test_is_the_full_loss_over_the_classes_that_were_drawn(mode):
    head = built(0.5)
    drawn = N(head.drawn(ops.convert_to_tensor(Y))).tolist()
    head.drawn = lambda labels: ops.convert_to_tensor(drawn, dtype="int32")
    few = full(20, N(head.kernel)[drawn])
    found = value_and_gradient(in_training(head), Y, X, mode=mode)
    expected = value_and_gradient(in_training(few), np.array([drawn.index(label) for label in Y]), X)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_only_what_was_looked_at_feels_anything():
    head = built(0.5)
    drawn = N(head.drawn(ops.convert_to_tensor(Y))).tolist()
    head.drawn = lambda labels: ops.convert_to_tensor(drawn, dtype="int32")

    def of_kernel(labels, kernel):
        with keras.StatelessScope(state_mapping=[(head.kernel, kernel)]):
            return head.per_sample_loss(ops.convert_to_tensor(X), labels, training=True)

    _, gradient = value_and_gradient(of_kernel, Y, N(head.kernel))
    assert set(np.flatnonzero(gradient.any(axis=1)).tolist()) == set(drawn)


def test_a_batch_of_more_classes_than_are_looked_at():
    head = built(1 / CLASSES)
    drawn = [N(head.drawn(ops.convert_to_tensor(Y))).tolist() for _ in range(30)]
    assert {len(classes) for classes in drawn} == {1}
    looked_at = {classes[0] for classes in drawn}
    assert looked_at <= set(Y.tolist()) and len(looked_at) > 3
    values, gradient = value_and_gradient(in_training(head), Y, X)
    assert np.isfinite(values).all() and np.isfinite(gradient).all()


def attached(seed=1):
    keras.utils.set_random_seed(0)
    body = keras.Sequential([keras.Input((DIM,)), layers.Dense(8, "tanh"), layers.Dense(4, name="embedding")])
    head = keraslosses.SampledMargin(CLASSES, 0.5, keraslosses.CosFace(0.1, 8.0), seed, name="head")
    model = keraslosses.attach(body, head, at="embedding")
    model.compile(keras.optimizers.Adam(0.05), loss=None, jit_compile=BACKEND == "jax")
    return model


INPUTS = RNG.normal(size=(64, DIM)).astype("float32")
LEARNT = np.argmax(INPUTS @ RNG.normal(size=(DIM, CLASSES)), axis=1)


def fit(model, epochs):
    return model.fit(INPUTS, LEARNT, epochs=epochs, batch_size=16, shuffle=False, verbose=0).history


@pytest.mark.on_cpu
@pytest.mark.deep_on("tensorflow")
def test_same_seed_same_run_and_it_learns():
    one, other, third = attached(), attached(), attached(seed=2)
    history = fit(one, 20)
    assert history == fit(other, 20)
    assert history != fit(third, 20)
    assert history["head"][-1] < 0.7 * history["head"][0]
    head = one.terms[0]
    assert [v is head.kernel for v in one.trainable_variables].count(True) == 1
    assert one.predict(INPUTS, verbose=0).shape == (64, 4)
    accuracy = np.mean(np.argmax(N(head(one.predict(INPUTS, verbose=0))), axis=1) == LEARNT)
    assert accuracy > 0.5


def test_saved_reloaded_and_resumed_it_draws_the_same(tmp_path):
    model = attached()
    fit(model, 1)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert fit(model, 2) == fit(again, 2)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_config_round_trip():
    head = keraslosses.SampledMargin(CLASSES, 0.25, MARGIN, 3, chunk_size=7, ignore_class=-1, name="head")
    again = keraslosses.SampledMargin.from_config(head.get_config())
    assert again.get_config() == head.get_config()
    assert again.margin.get_config() == MARGIN.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0.0}, "`rate` must be above 0 and at most 1. Received: rate=0.0"),
        ({"rate": 1.5}, "`rate` must be above 0 and at most 1. Received: rate=1.5"),
        ({"seed": 0.5}, "`seed` must be None or an integer. Received: seed=0.5"),
        ({"margin": "arc"}, "`margin` must be None or an angular loss"),
    ],
)
def test_bad_options_are_named(options, message):
    with raises(message):
        keraslosses.SampledMargin(CLASSES, **options)
