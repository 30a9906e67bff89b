"""CosineDense: cosines, whatever the lengths, and a model that ends with it."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops

import keraslosses
from keraslosses.portability.gradients import value_and_gradient

N = ops.convert_to_numpy
RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 5)).astype("float32")
Y = RNG.integers(0, 3, 40)


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def built(units=3, **options):
    layer = keraslosses.CosineDense(units, **options)
    layer.build((None, 5))
    return layer


def cosines(x, kernel):
    x, kernel = x.astype("float64"), kernel.astype("float64")
    return (x / np.linalg.norm(x, axis=-1, keepdims=True)) @ (kernel / np.linalg.norm(kernel, axis=0))


@pytest.mark.parametrize("length", [1e-3, 1.0, 1e25])
def test_gives_cosines_whatever_the_lengths(length):
    layer = built()
    layer.kernel.assign(N(layer.kernel) * length)
    for x in (X, X.reshape(4, 10, 5), X * np.float32(length)):
        np.testing.assert_allclose(N(layer(x)), cosines(x, N(layer.kernel)), atol=1e-6)


def test_a_vector_of_zeros_is_at_right_angles_and_feels_nothing():
    layer = built()
    kernel = N(layer.kernel).copy()
    kernel[:, 1] = 0
    layer.kernel.assign(kernel)
    x = X[:2].copy()
    x[0] = 0
    values, gradient = value_and_gradient(lambda _, x: layer(x), np.zeros(2), x)
    assert not values[0].any() and not values[:, 1].any()
    assert not gradient[0].any() and gradient[1].all()


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_cosines_are_float32_under_every_policy(policy):
    layer = built(dtype=policy)
    narrow = ops.cast(ops.convert_to_tensor(X * 1000), keras.DTypePolicy(policy).compute_dtype)
    found = layer(narrow)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    same = N(ops.cast(narrow, "float32"))
    np.testing.assert_allclose(N(found), cosines(same, N(layer.kernel)), atol=1e-6)


def model_of(loss, **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4, "tanh"), keraslosses.CosineDense(3)])
    model.compile(keras.optimizers.Adam(0.02), loss, **options)
    return model


def test_trains_with_a_margin_predicts_without_labels_and_comes_back(tmp_path):
    model = model_of(keraslosses.ArcFace(margin=0.2, scale=8.0), metrics=["accuracy"])
    history = model.fit(X, np.argmax(X[:, :3], axis=1), epochs=30, batch_size=8, verbose=0).history
    assert history["accuracy"][-1] > 0.9
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    before = model.predict(X, verbose=0)
    assert np.abs(before).max() <= 1 + 1e-6
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), before, rtol=1e-6, atol=1e-7)
    assert again.loss.get_config() == model.loss.get_config()


def test_config_round_trip():
    layer = built(
        kernel_initializer=keras.initializers.RandomNormal(seed=1),
        kernel_regularizer="l2",
        kernel_constraint="unit_norm",
        name="cosines",
    )
    again = keraslosses.CosineDense.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    again.build((None, 5))
    np.testing.assert_array_equal(N(again.kernel), N(layer.kernel))
    assert len(layer.losses) == 1


def test_shape_and_unknown_batch():
    inputs = keras.Input((None, 5))
    assert keraslosses.CosineDense(3)(inputs).shape == (None, None, 3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: keraslosses.CosineDense(0), "`units` must be a positive integer. Received: units=0"),
        (
            lambda: keraslosses.CosineDense(3).build((None, None)),
            "`features` must have shape (batch, .., dim) with a known dim in CosineDense. "
            "Received: features.shape=(None, None)",
        ),
    ],
)
def test_bad_input_is_named(wrong, message):
    with raises(message):
        wrong()
