"""What an attached model is to Keras: clones, models of models, files, names, and what attach refuses."""

import contextlib

import keras
import numpy as np
import pytest
from attached_models import (
    X,
    Y,
    assert_same_weights,
    center_loss,
    compiled,
    fit,
    functional,
    head,
    raises,
    sequential,
    with_both,
)
from keras import layers, ops

import keraslosses

pytestmark = pytest.mark.deep_on("jax", "tensorflow")


def test_a_clone_is_attached_too():
    model = compiled(with_both())
    clone = keras.models.clone_model(model)
    assert type(clone) is type(model)
    assert [term.name for term in clone.terms] == ["center_loss", "large_margin_head"]
    assert not {id(v) for v in clone.weights} & {id(v) for v in model.weights}
    clone.set_weights(model.get_weights())
    assert fit(clone) == fit(model)
    assert_same_weights(clone, model)
    plain = keraslosses.detach(clone)
    assert len(plain.weights) == len(clone.weights) - 3
    assert [layer.name for layer in plain.layers] == [layer.name for layer in clone.layers]


def test_a_clone_on_other_inputs_and_with_other_layers():
    def other(layer):
        config = layer.get_config()
        return type(layer).from_config({**config, "units": 3} if layer.name == "embedding" else config)

    clone = keras.models.clone_model(with_both(), clone_function=other)
    assert tuple(clone.terms[0].centers.shape) == (5, 3)
    assert tuple(clone.terms[1].kernel.shape) == (3, 5)


def outer_functional(model):
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(3)(model(inputs)))


class Outer(keras.Model):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.last = layers.Dense(5)

    def call(self, x):
        return self.last(self.inner(x))


OUTER = {
    "functional": outer_functional,
    "sequential": lambda model: keras.Sequential([model, layers.Dense(3)]),
    "subclassed": lambda model: compiled(Outer(model)).fit(X, Y, verbose=0),
}


@pytest.mark.parametrize("kind", OUTER)
def test_a_model_with_terms_is_no_part_of_another(kind):
    with raises("Use keraslosses.detach(model) there, and attach the terms to the outer model, at"):
        OUTER[kind](with_both())
    OUTER[kind](keraslosses.detach(with_both()))


def test_a_model_with_terms_can_be_called_in_a_step_of_ones_own():
    class Own(keras.Model):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def loss_of(self, x, y):
            return self.inner.compute_loss(x, y, self.inner(x, training=True))

    model = compiled(with_both())
    assert float(ops.convert_to_numpy(Own(model).loss_of(X, Y))) > 0
    assert model.compute_output_shape((7, 4)) == (7, 5)


def test_a_model_saved_in_the_old_format_says_so_at_once(tmp_path):
    with raises("A model with terms must be saved as a `.keras` file, or its weights as `.weights.h5`"):
        with_both().save(tmp_path / "model.h5")


def test_the_same_term_is_not_attached_twice():
    term = center_loss()
    model = keraslosses.attach(sequential(), term, at="embedding")
    with raises("`term` must be a layer that is not yet a term of the model"):
        keraslosses.attach(model, term, at="embedding")
    keraslosses.attach(sequential(), term, at="embedding")


def test_terms_without_a_name_are_named_by_the_model():
    for _ in range(3):
        center_loss()
    model = sequential()
    for _ in range(3):
        model = keraslosses.attach(model, center_loss(), at="embedding", weight=0.1)
    names = ["center_loss", "center_loss_1", "center_loss_2"]
    assert [term.name for term in model.terms] == names
    assert set(names) <= set(fit(compiled(model)))


def test_names_that_were_given_are_kept():
    model = keraslosses.attach(sequential(), center_loss(name="center_loss_1"), at="embedding")
    for _ in range(2):
        model = keraslosses.attach(model, center_loss(), at="embedding")
    assert [term.name for term in model.terms] == ["center_loss_1", "center_loss", "center_loss_2"]


@pytest.mark.parametrize("name", ["mine", "embedding", "loss"])
def test_a_name_that_is_taken_is_refused(name):
    model = keraslosses.attach(sequential(), center_loss(name="mine"), at="embedding")
    with raises(f"Received: a term with the name {name!r}"):
        keraslosses.attach(model, head() if name == "none" else center_loss(name=name), at="embedding")


@keras.saving.register_keras_serializable(package="test")
class SquareTerm(layers.Layer):
    """A user's term, which does not say whether its name was given."""

    def per_sample_loss(self, features, labels, sample_weight=None, training=None):
        return ops.sum(ops.square(features), axis=-1)


def test_a_users_terms_are_named_likewise():
    model = keraslosses.attach(sequential(), SquareTerm(), at="embedding")
    model = keraslosses.attach(model, SquareTerm(name="other"), at="embedding")
    model = keraslosses.attach(model, SquareTerm(), at="embedding")
    assert [term.name for term in model.terms] == ["square_term", "other", "square_term_1"]


class NoLayer:
    def per_sample_loss(self, features, labels, sample_weight=None, training=None):
        return features


NAN = float("nan")
WRONG = (
    [("weight", wrong) for wrong in (-1, NAN, float("inf"), "x", [1], None, True, np.ones(2))]
    + [("target", wrong) for wrong in (1.5, [0], True)]
    + [("call", wrong) for wrong in ("0", 1.0, [0])]
)


@pytest.mark.parametrize(("option", "wrong"), WRONG)
def test_options_are_checked_in_attach_and_on_load(option, wrong):
    message = f"`{option}` must be"
    with raises(message):
        keraslosses.attach(functional(), center_loss(), at="embedding", **{option: wrong})
    model = keraslosses.attach(functional(), center_loss(), at="embedding")
    config = model.get_config()
    config["attachments"][0][option] = wrong
    with raises(message):
        type(model).from_config(config)


def test_a_term_is_a_layer():
    with raises("`term` must be a layer with a method `per_sample_loss`. Received: term="):
        keraslosses.attach(functional(), NoLayer(), at="embedding")
    with raises("`model` must be a functional model"):
        keraslosses.attach(layers.Dense(2), center_loss(), at="embedding")


def test_a_weight_may_be_any_real_number():
    for weight in (np.float32(0.5), np.int64(0), 1):
        model = keraslosses.attach(functional(), center_loss(), at="embedding", weight=weight)
        assert model.attachments[0].weight == float(weight)


def in_float64():
    """Where JAX computes in float64 at all."""
    if keras.backend.backend() != "jax":
        return contextlib.nullcontext()
    import jax

    return jax.enable_x64(True)


def test_a_float64_model_with_a_loss_in_float32():
    keras.config.set_dtype_policy("float64")
    try:
        with in_float64():
            model = compiled(keraslosses.attach(sequential(), center_loss(), at="embedding"))
            assert model.loss.dtype == "float32"
            loss = model.compute_loss(X, Y, model(X))
            history = fit(model)
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(loss.dtype) == "float64"
    assert np.isfinite(history["loss"]).all()
