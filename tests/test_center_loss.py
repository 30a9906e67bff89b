"""Center loss against the paper's rule, and what moves a center and what does not."""

import re

import keras
import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.core import backend as seam
from keraslosses.portability.gradients import MODES, value_and_gradient

N = ops.convert_to_numpy
X = np.array([[1, 2], [3, 0], [0, 0]], "float32")
Y = np.array([0, 0, 1])
CENTERS = np.array([[0, 0], [1, 1], [5, 5]], "float32")
MOVED = np.array([[2 / 3, 1 / 3], [0.75, 0.75], [5, 5]])


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def layer_at(centers, **options):
    layer = keraslosses.CenterLoss(len(centers), **options)
    layer.build((None, centers.shape[1]), (None,))
    layer.centers.assign(centers)
    return layer


def by_the_paper(x, y, centers, alpha):
    """The update of equations 3 and 4, class by class."""
    new = centers.copy()
    for j in range(len(centers)):
        mine = x[y == j]
        new[j] = centers[j] - alpha * np.sum(centers[j] - mine, axis=0) / (1 + len(mine))
    return new


def test_worked_example():
    np.testing.assert_allclose(N(keraslosses.center_distances(X, Y, CENTERS)), [2.5, 4.5, 1.0])
    np.testing.assert_allclose(N(keraslosses.updated_centers(X, Y, CENTERS, 0.5)), MOVED, rtol=1e-6)
    layer = layer_at(CENTERS)
    values = layer.per_sample_loss(X, Y, training=True)
    np.testing.assert_allclose(N(values), [2.5, 4.5, 1.0])
    np.testing.assert_allclose(N(layer.centers), MOVED, rtol=1e-6)


def test_update_of_random_batches():
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(7, 4)).astype("float32")
    layer = layer_at(centers, alpha=0.3)
    for size in (5, 1, 0, 64):
        x, y = rng.normal(size=(size, 4)).astype("float32"), rng.integers(0, 7, size)
        expected = by_the_paper(x, y, centers, 0.3)
        np.testing.assert_allclose(
            N(keraslosses.updated_centers(x, y, centers, 0.3)), expected, rtol=1e-5, atol=1e-6
        )
        layer.per_sample_loss(x, y, training=True)
        centers = N(layer.centers)
        np.testing.assert_allclose(centers, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [False, None])
def test_only_training_moves_the_centers(training):
    layer = layer_at(CENTERS)
    layer.per_sample_loss(X, Y, training=training)
    np.testing.assert_array_equal(N(layer.centers), CENTERS)


def test_frozen_layer_keeps_its_centers():
    layer = layer_at(CENTERS)
    layer.trainable = False
    layer.per_sample_loss(X, Y, training=True)
    np.testing.assert_array_equal(N(layer.centers), CENTERS)


@pytest.mark.parametrize("weight", [[0.0, 3.0, 1.0], [[0.0], [3.0], [1.0]]])
def test_sample_of_weight_zero_neither_moves_nor_counts(weight):
    layer = layer_at(CENTERS)
    poisoned = X.copy()
    poisoned[0] = np.inf
    values = layer.per_sample_loss(poisoned, Y, sample_weight=np.array(weight), training=True)
    np.testing.assert_allclose(N(values), [0.0, 4.5, 1.0])
    np.testing.assert_allclose(N(layer.centers), by_the_paper(X[1:], Y[1:], CENTERS, 0.5), rtol=1e-6)


def test_one_hot_labels_and_columns():
    expected = N(keraslosses.center_distances(X, Y, CENTERS))
    for labels in (Y[:, None], np.eye(3)[Y], np.eye(3, dtype="float32")[Y], Y.astype("uint8"), list(Y)):
        np.testing.assert_allclose(N(keraslosses.center_distances(X, labels, CENTERS)), expected)
        np.testing.assert_allclose(N(layer_at(CENTERS).per_sample_loss(X, labels)), expected)


@pytest.mark.parametrize("mode", MODES)
def test_gradient_flows_to_the_features_only(mode):
    layer = layer_at(CENTERS)
    values, gradient = value_and_gradient(lambda y, x: layer.per_sample_loss(x, y), Y, X, mode=mode)
    np.testing.assert_allclose(values, [2.5, 4.5, 1.0])
    np.testing.assert_allclose(gradient, X - CENTERS[Y])
    assert layer.trainable_variables == []


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "eager"])
def test_label_out_of_range_in_compiled_code(mode):
    centers = ops.convert_to_tensor(CENTERS)
    values, gradient = value_and_gradient(
        lambda y, x: keraslosses.center_distances(x, y, centers), np.array([0, 3, -1]), X, mode=mode
    )
    assert np.isnan(values).tolist() == [False, True, True]
    assert np.isnan(gradient).all(axis=1).tolist() == [False, True, True]


def test_label_out_of_range_moves_no_center(monkeypatch):
    layer = layer_at(CENTERS)
    monkeypatch.setattr(seam, "peek", lambda tensor: None)
    values = layer.per_sample_loss(X, np.array([0, 3, -1]), training=True)
    assert np.isnan(N(values)).tolist() == [False, True, True]
    np.testing.assert_allclose(N(layer.centers), by_the_paper(X[:1], Y[:1], CENTERS, 0.5), rtol=1e-6)


def test_called_as_a_layer_it_adds_the_mean_and_returns_the_features():
    layer = layer_at(CENTERS, weight=0.1)
    output = layer(X, Y, training=True)
    np.testing.assert_array_equal(N(output), X)
    np.testing.assert_allclose(N(layer.losses[0]), 0.1 * 8 / 3, rtol=1e-6)
    np.testing.assert_allclose(N(layer.centers), MOVED, rtol=1e-6)
    layer = layer_at(CENTERS)
    layer(X, Y, sample_weight=np.array([2.0, 0.0, 1.0]))
    np.testing.assert_allclose(N(layer.losses[0]), 2.0)


def test_in_a_functional_model_with_labels_as_input():
    features, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    hidden = keras.layers.Dense(2, name="hidden")(features)
    model = keras.Model([features, labels], keraslosses.CenterLoss(3, name="center")(hidden, labels))
    model.compile("sgd", loss=None)
    history = model.fit([X, Y], np.zeros(3), epochs=2, verbose=0).history["loss"]
    assert history[0] > history[1] > 0
    assert np.abs(N(model.get_layer("center").centers)[:2]).min() > 0


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan])
def test_a_sample_with_a_feature_that_is_no_number_moves_no_center(wrong):
    broken = np.concatenate([X, [[wrong, 1.0]]]).astype("float32")
    labels = np.append(Y, 0)
    layer = layer_at(CENTERS)
    values = N(layer.per_sample_loss(broken, labels, training=True))
    np.testing.assert_allclose(values[:3], [2.5, 4.5, 1.0])
    assert not np.isfinite(values[3])
    np.testing.assert_allclose(N(layer.centers), MOVED, rtol=1e-6)
    np.testing.assert_allclose(N(keraslosses.updated_centers(broken, labels, CENTERS, 0.5)), MOVED, rtol=1e-6)


def test_a_feature_that_overflows_in_half_precision_spares_the_center():
    """In `fit` with loss scaling: the step is skipped, and the model goes on."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        inputs = keras.Input((2,))
        dense = keras.layers.Dense(2, use_bias=False, kernel_initializer="identity", name="embedding")
        model = keraslosses.attach(
            keras.Model(inputs, dense(inputs)), keraslosses.CenterLoss(3), at="embedding"
        )
        model.compile("sgd", loss=None)
        x = np.concatenate([X, [[7e4, 1.0]]]).astype("float32")
        model.fit(x, np.append(Y, 0), batch_size=4, shuffle=False, verbose=0)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(N(dense.kernel), np.eye(2))
    expected = by_the_paper(X, Y, np.zeros((3, 2)), 0.5)
    np.testing.assert_allclose(N(model.terms[0].centers), expected, rtol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_centers_are_float32_under_every_policy(policy):
    layer = keraslosses.CenterLoss(3, dtype=policy)
    half = ops.cast(ops.convert_to_tensor(X), "float16")
    output = layer(half, Y, training=True)
    assert keras.backend.standardize_dtype(output.dtype) == "float16"
    assert keras.backend.standardize_dtype(layer.centers.dtype) == "float32"
    np.testing.assert_allclose(N(layer.centers), by_the_paper(X, Y, np.zeros((3, 2)), 0.5), rtol=1e-6)
    values = layer.per_sample_loss(half, Y)
    assert keras.backend.standardize_dtype(values.dtype) == "float32"


def test_config_round_trip():
    layer = keraslosses.CenterLoss(5, alpha=0.2, weight=0.3, initializer="ones", name="mine", trainable=False)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert (again.num_classes, again.alpha, again.weight, again.name) == (5, 0.2, 0.3, "mine")
    again.build((None, 2), (None,))
    np.testing.assert_array_equal(N(again.centers), np.ones((5, 2)))


BAD = {
    "`num_classes` must be a positive integer. Received: num_classes=0": lambda: keraslosses.CenterLoss(0),
    "`alpha` must lie between 0 and 1. Received: alpha=1.5": lambda: keraslosses.CenterLoss(3, alpha=1.5),
    "`weight` must be a number of at least 0. Received: weight=-1": lambda: keraslosses.CenterLoss(
        3, weight=-1
    ),
    "`alpha` must lie between 0 and 1. Received: alpha=2": lambda: keraslosses.updated_centers(
        X, Y, CENTERS, 2
    ),
    "`labels` must hold class indices in [0, 3) in CenterLoss. Received: labels=3 at (1,)": lambda: layer_at(
        CENTERS
    ).per_sample_loss(X, np.array([0, 3, 1])),
    "`labels` must have shape (batch,), (batch, 1) or (batch, 3) in CenterLoss. "
    "Received: labels.shape=(3, 2), features.shape=(3, 2)": lambda: keraslosses.center_distances(
        X, np.zeros((3, 2), "int32"), CENTERS
    ),
    "`features` must have shape (batch, dim) in CenterLoss. Received: features.shape=(3,)": lambda: (
        keraslosses.center_distances(X[:, 0], Y, CENTERS)
    ),
    "`sample_weight` must have the shape of the loss, (3,), or its first axes. "
    "Received: sample_weight.shape=(2,)": lambda: layer_at(CENTERS).per_sample_loss(X, Y, np.ones(2)),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(message):
    with raises(message):
        BAD[message]()
