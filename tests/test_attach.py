"""attach: a term on an inner tensor of a model that is still trained with fit(x, y)."""

import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers, ops

import keraslosses

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

N = ops.convert_to_numpy
RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 8)).astype("float32")
Y = RNG.integers(0, 10, 50)


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def plain_model(functional=False):
    keras.utils.set_random_seed(1)
    stack = [
        layers.Dense(16, activation="relu"),
        layers.BatchNormalization(),
        layers.Dense(2, name="embedding"),
        layers.Dense(10, name="logits"),
    ]
    if not functional:
        return keras.Sequential([keras.Input((8,)), *stack])
    inputs = outputs = keras.Input((8,))
    for layer in stack:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


def term(**options):
    return keraslosses.CenterLoss(10, name="center_loss", **options)


def compiled(model, **options):
    options = {"loss": keraslosses.SparseCategoricalCrossentropy(from_logits=True), **options}
    model.compile(keras.optimizers.Adam(0.01), **options)
    return model


def attached(weight=0.01, functional=False, at="embedding", **options):
    model = keraslosses.attach(plain_model(functional), term(), at=at, weight=weight)
    return compiled(model, **options)


def fit(model, epochs=1, **options):
    return model.fit(X, Y, epochs=epochs, batch_size=16, shuffle=False, verbose=0, **options).history


def weights_differ(model, other):
    return max(np.abs(a - b).max() for a, b in zip(model.get_weights(), other.get_weights(), strict=True))


@pytest.mark.parametrize("functional", [False, True])
def test_fit_takes_labels_only_and_logs_the_term(functional):
    model = attached(functional=functional, metrics=["accuracy"])
    history = fit(model, epochs=2, validation_data=(X, Y))
    assert {"loss", "accuracy", "center_loss", "val_loss", "val_center_loss"} <= set(history)
    assert np.abs(N(model.terms[0].centers)).sum() > 0


def test_loss_is_the_models_own_plus_the_weighted_term():
    model = attached(weight=0.5)
    logs = model.evaluate(X, Y, return_dict=True, verbose=0)
    logits = model.predict(X, verbose=0)
    own = float(N(keraslosses.SparseCategoricalCrossentropy(from_logits=True)(Y, logits)))
    features = keras.Model(model.inputs, model.get_layer("embedding").output).predict(X, verbose=0)
    assert logs["center_loss"] == pytest.approx(np.mean(np.sum(features**2, axis=1)) / 2, rel=1e-5)
    assert logs["loss"] == pytest.approx(own + 0.5 * logs["center_loss"], rel=1e-5)


def test_one_step_is_the_step_of_the_summed_loss():
    """Against a model with two outputs and the paper's rule, written out."""
    model = attached(weight=0.5, functional=True)
    base = plain_model(functional=True)
    by_hand = keras.Model(base.input, [base.output, base.get_layer("embedding").output])
    half_squares = lambda y, x: 0.5 * ops.sum(ops.square(x), axis=-1)  # noqa: E731  (centers are 0 at first)
    by_hand.compile(
        keras.optimizers.Adam(0.01),
        loss=[keraslosses.SparseCategoricalCrossentropy(from_logits=True), half_squares],
        loss_weights=[1.0, 0.5],
    )
    batch = X[:16], Y[:16]
    before = keras.Model(base.input, base.get_layer("embedding").output)(X[:16], training=True)
    features = N(before)
    for layer, other in zip(base.layers, model.layers, strict=True):
        layer.set_weights(other.get_weights())
    model.train_on_batch(*batch)
    by_hand.train_on_batch(batch[0], [batch[1], np.zeros((16, 2), "float32")])
    for ours, theirs in zip(model.layers, base.layers, strict=True):
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    expected = N(keraslosses.updated_centers(features, Y[:16], np.zeros((10, 2)), 0.5))
    np.testing.assert_allclose(N(model.terms[0].centers), expected, atol=1e-5)


def test_predict_layers_and_detach_are_those_of_the_plain_model():
    model = attached()
    fit(model)
    plain = keraslosses.detach(model)
    np.testing.assert_array_equal(model.predict(X, verbose=0), plain.predict(X, verbose=0))
    assert [layer.name for layer in model.layers[1:]] == [layer.name for layer in plain.layers]
    assert model.get_layer("embedding") is plain.get_layer("embedding")
    assert len(plain.weights) == len(model.weights) - 1
    assert keraslosses.detach(plain) is plain
    assert len({id(v) for v in model.weights}) == len(model.weights)


@pytest.mark.parametrize("functional", [False, True])
def test_reloaded_model_trains_on_to_the_same_weights(tmp_path, functional):
    model = attached(functional=functional, metrics=["accuracy"])
    fit(model, epochs=2)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is type(model)
    assert weights_differ(model, again) == 0
    before = again.get_weights()
    assert fit(model) == fit(again)
    assert weights_differ(model, again) == 0
    assert any(np.abs(a - b).max() > 0 for a, b in zip(before, again.get_weights(), strict=True))


@pytest.mark.deep
def test_reloaded_in_a_fresh_process_that_only_imports_keraslosses(tmp_path):
    model = attached()
    fit(model)
    model.save(tmp_path / "model.keras")
    code = (
        "import sys, numpy, keraslosses, keras\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "numpy.save(sys.argv[2], model.predict(numpy.ones((3, 8), 'float32'), verbose=0))\n"
    )
    paths = [str(tmp_path / "model.keras"), str(tmp_path / "out.npy")]
    subprocess.run([sys.executable, "-c", code, *paths], check=True, env=os.environ)
    np.testing.assert_allclose(np.load(paths[1]), model.predict(np.ones((3, 8)), verbose=0), rtol=1e-5)


def test_clone_copies_and_weights_files(tmp_path):
    model = attached()
    fit(model)
    model.save_weights(tmp_path / "w.weights.h5")
    other = attached()
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "w.weights.h5")
    assert weights_differ(model, other) == 0


@pytest.mark.parametrize("jit_compile", [True, False])
def test_compiled_or_not_it_trains_the_same(jit_compile, backend):
    if backend == "torch":
        jit_compile = False
    eager, other = attached(run_eagerly=True), attached(jit_compile=jit_compile)
    fit(eager, epochs=2), fit(other, epochs=2)
    assert weights_differ(eager, other) < 1e-5


def test_sample_and_class_weights_reach_the_term():
    weight = (Y < 5).astype("float32")
    weighted, chosen = attached(loss=None, at="logits"), attached(loss=None, at="logits")
    logs = weighted.evaluate(X, Y, sample_weight=weight, return_dict=True, verbose=0)
    few = chosen.evaluate(X[Y < 5], Y[Y < 5], return_dict=True, verbose=0)
    assert logs["center_loss"] == pytest.approx(few["center_loss"] * weight.mean(), rel=1e-5)
    fit(weighted, class_weight={c: float(c < 5) for c in range(10)})
    moved = np.abs(N(weighted.terms[0].centers)).sum(axis=1) > 0
    assert moved.tolist() == [c < 5 for c in range(10)]


def test_trains_on_the_term_alone():
    model = attached(loss=None, weight=1.0, at="logits")
    history = fit(model, epochs=3)
    np.testing.assert_allclose(history["loss"], history["center_loss"], rtol=1e-5)
    assert history["loss"][-1] < history["loss"][0]


def test_frozen_term_keeps_its_centers():
    model = attached()
    model.trainable = False
    assert not model.terms[0].trainable
    model.trainable = True
    model.terms[0].trainable = False
    fit(compiled(model))
    assert np.abs(N(model.terms[0].centers)).sum() == 0


def test_regularisation_of_the_layers_is_kept():
    inputs = keras.Input((8,))
    outputs = layers.Dense(2, name="embedding", kernel_regularizer=keras.regularizers.L2(0.1))(inputs)
    model = compiled(keraslosses.attach(keras.Model(inputs, outputs), term(), at="embedding"), loss=None)
    logs = model.evaluate(X, Y, return_dict=True, verbose=0)
    kernel = N(model.get_layer("embedding").kernel)
    assert logs["loss"] == pytest.approx(logs["center_loss"] + 0.1 * np.sum(kernel**2), rel=1e-5)


@pytest.mark.parametrize("kind", [dict, list])
def test_model_of_two_outputs_takes_the_target(kind):
    inputs = keras.Input((8,))
    embedding = layers.Dense(2, name="embedding")(inputs)
    digit, size = layers.Dense(10, name="digit")(embedding), layers.Dense(1, name="size")(inputs)
    outputs = {"digit": digit, "size": size} if kind is dict else [digit, size]
    parts = {"digit": Y, "size": np.zeros((50, 1), "float32")}
    sparse = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
    losses = {"digit": sparse, "size": keraslosses.Huber()}
    y = parts if kind is dict else list(parts.values())
    target = "digit" if kind is dict else 0
    base = keras.Model(inputs, outputs)
    model = keraslosses.attach(base, term(), at="embedding", target=target)
    compiled(model, loss=losses if kind is dict else list(losses.values()))
    history = model.fit(X, y, epochs=2, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert np.abs(N(model.terms[0].centers)).sum() > 0
    wrong = compiled(keraslosses.attach(base, term(), at="embedding", target="no"), loss=model.loss)
    with raises("`target` must say which part of y holds the labels"):
        wrong.fit(X, y, verbose=0)


def test_two_terms_on_one_model():
    model = keraslosses.attach(plain_model(), term(), at="embedding", weight=0.1)
    model = keraslosses.attach(model, keraslosses.CenterLoss(10, name="second"), at="logits", weight=0.2)
    history = fit(compiled(model, loss=None), epochs=2)
    np.testing.assert_allclose(
        history["loss"], 0.1 * np.array(history["center_loss"]) + 0.2 * np.array(history["second"]), rtol=1e-5
    )


@keras.saving.register_keras_serializable(package="test")
class OwnTerm(layers.Layer):
    """A user's term: no state, values and validity."""

    def per_sample_loss(self, features, labels, sample_weight=None, training=None):
        return ops.sum(ops.square(features), axis=-1), ops.convert_to_tensor(labels) < 5


def test_a_users_term_with_validity():
    model = compiled(keraslosses.attach(plain_model(), OwnTerm(name="own"), at="embedding"), loss=None)
    logs = model.evaluate(X, Y, batch_size=50, return_dict=True, verbose=0)
    features = keras.Model(model.inputs, model.get_layer("embedding").output).predict(X, verbose=0)
    assert logs["own"] == pytest.approx(np.mean(np.sum(features[Y < 5] ** 2, axis=1)), rel=1e-5)


def test_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = attached()
        history = fit(model, epochs=2)
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(history["loss"]).all()
    assert keras.backend.standardize_dtype(model.terms[0].centers.dtype) == "float32"


def test_export_is_the_plain_models(tmp_path, backend):
    """On torch Keras 3.15.1 cannot export a SavedModel of any model, so there the delegation is tested alone."""
    model = attached()
    calls = []
    model.graphs.plain.export = lambda *args, **kwargs: calls.append((args, kwargs))
    model.export(tmp_path / "saved", verbose=False)
    assert calls == [((tmp_path / "saved",), {"verbose": False})]


def shared_layer_model():
    inputs = keras.Input((8,))
    shared = layers.Dense(8, name="shared")
    return keras.Model(inputs, shared(shared(inputs)))


class OwnStep(keras.Model):
    def train_step(self, *args):
        return super().train_step(*args)


def model_with_own_step():
    inputs = keras.Input((8,))
    return OwnStep(inputs, layers.Dense(2, name="embedding")(inputs))


BAD = {
    "`at` must name a layer of the model: dense": lambda: keraslosses.attach(
        plain_model(), term(), at="embeding"
    ),
    "Received: at='embeding'": lambda: keraslosses.attach(plain_model(), term(), at="embeding"),
    "`call` must say which call of 'shared' the term reads: 0: shared(": lambda: keraslosses.attach(
        shared_layer_model(), term(), at="shared"
    ),
    "`weight` must be a number of at least 0. Received: weight=-1": lambda: keraslosses.attach(
        plain_model(), term(), at="embedding", weight=-1
    ),
    "`term` must be a layer with a method `per_sample_loss`. Received: term=": lambda: keraslosses.attach(
        plain_model(), layers.Dense(2), at="embedding"
    ),
    "`target` must be None, a key or an index of y. Received: target=1.5": lambda: keraslosses.attach(
        plain_model(), term(), at="embedding", target=1.5
    ),
    "`model` must be a functional model or a built Sequential model. A subclassed model with": lambda: (
        keraslosses.attach(keras.Sequential([layers.Dense(2, name="embedding")]), term(), at="embedding")
    ),
    "`model` must not override `train_step`: the model with the term would not use it. "
    "Received: model of class OwnStep": lambda: keraslosses.attach(
        model_with_own_step(), term(), at="embedding"
    ),
    "`y` must hold the labels that 'center_loss' needs. Received: y=None": lambda: attached().fit(
        X, verbose=0
    ),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_named(message):
    with raises(message):
        BAD[message]()
