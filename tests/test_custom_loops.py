"""The page "Custom training loops", and terms in checkpoints and torch modules."""

import socket

import keras
import numpy as np
import pytest
from attached_models import TERMS, N, X, Y, assert_same_weights, compiled, fit, sequential, with_both
from custom_loops import code_of
from keras import ops
from test_replicas import finish, start

import keraslosses

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

BATCHES = [(X[i : i + 4], Y[i : i + 4]) for i in range(0, 12, 4)]


@pytest.fixture(autouse=True)
def policy():
    """That of Keras, which the page changes."""
    yield
    keras.config.set_dtype_policy("float32")


def run(*sections, **names):
    """Run the code of sections of the page on this backend; what the code has made."""
    for section in sections:
        for code in code_of(section):
            exec(code, names)
    return names


SETUP, LOOP, EACH, PRECISION, TERMS_LOOP = (
    "",
    "The loop",
    "One value for each sample",
    "Mixed precision",
    "With terms",
)


def fitted(weights, names):
    """The weights of a model of these weights, after `fit` on the data of the page."""
    model = keras.models.clone_model(names["model"])
    model.set_weights(weights)
    model.compile(keras.optimizers.SGD(0.1), names["loss"])
    sample_weight = names["weights"]
    model.fit(names["x"], names["y"], 16, 10, sample_weight=sample_weight, shuffle=False, verbose=0)
    return model


def test_the_loop_gives_the_weights_of_fit():
    names = run(SETUP)
    before = names["model"].get_weights()
    run(LOOP, **names)
    assert_same_weights(names["model"], fitted(before, names))
    assert not np.allclose(names["model"].get_weights()[0], before[0], atol=1e-3)


def test_the_loops_in_half_precision_train():
    names = run(SETUP)
    first = N(names["loss"](names["y"], names["model"](names["x"]), names["weights"]))
    names = run(PRECISION, **names)
    if keras.backend.backend() == "jax":
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        names = run(SETUP, LOOP)
    assert names["model"].compute_dtype in ("float16", "bfloat16")
    value = names["value"]
    assert ops.dtype(value) == "float32" and N(value) < first


def test_values_of_each_sample_are_those_of_the_page():
    names = run(SETUP, EACH)
    values, weighted = N(names["values"]), N(names["weighted"])
    assert values.shape == (64,)
    np.testing.assert_allclose(weighted, values * names["weights"], rtol=1e-6)
    np.testing.assert_allclose(N(names["value"]), np.sort(values)[32:].mean(), rtol=1e-6)


@pytest.mark.parametrize("loss", ["compiled", "terms only"])
def test_the_loop_with_terms_gives_the_weights_of_fit(loss):
    only = {"at": "logits"} if loss == "terms only" else {}
    options = {"loss": None} if only else {}
    ours, theirs = (compiled(with_both(**only), **options) for _ in range(2))
    before = ours.get_weights()
    run(TERMS_LOOP, model=ours, batches=BATCHES)
    fit(theirs)
    assert_same_weights(ours, theirs)
    for term in ours.terms:
        for value in term.get_weights():
            assert not any(value.shape == old.shape and np.array_equal(value, old) for old in before)


@pytest.mark.parametrize("kind", TERMS)
def test_variables_are_there_and_in_order_from_the_start(kind):
    model = compiled(keraslosses.attach(sequential(), TERMS[kind](), at="embedding"))
    own = [id(v) for v in keraslosses.detach(model).weights]
    term = [id(v) for v in model.terms[0].weights]
    assert [id(v) for v in model.weights] == own + term
    trainable = [id(v) for v in model.trainable_variables]
    fit(model)
    assert [id(v) for v in model.trainable_variables] == trainable
    assert [id(v) for v in model.weights] == own + term


def torch_parts(model):
    return {name: id(value) for name, value in model.named_parameters()}, list(model.state_dict())


def test_torch_lists_the_parameters_of_terms(backend):
    if backend != "torch":
        assert not hasattr(with_both(), "named_parameters")
        return
    model = with_both()
    named, states = torch_parts(model)
    assert sorted(named.values()) == sorted(id(v.value) for v in model.weights)
    assert len(named) == len(states) == len(model.weights)
    other = with_both([w + 1 for w in model.get_weights()])
    other.load_state_dict(model.state_dict())
    assert_same_weights(other, model, atol=0)
    fit(compiled(model))
    assert torch_parts(model)[0] == named


def test_a_checkpoint_of_tensorflow_holds_terms_and_optimizer(backend, tmp_path):
    if backend != "tensorflow":
        return
    import tensorflow as tf

    def momentum_model():
        model = with_both()
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
        model.optimizer.build(model.trainable_variables)
        return model

    model, other = momentum_model(), momentum_model()
    fit(model)
    path = tf.train.Checkpoint(model=model, optimizer=model.optimizer).save(str(tmp_path / "checkpoint"))
    status = tf.train.Checkpoint(model=other, optimizer=other.optimizer).restore(path)
    status.assert_existing_objects_matched()
    assert_same_weights(other, model, atol=0)
    fit(model), fit(other)
    assert_same_weights(other, model, atol=0)


@pytest.mark.deep
def test_two_torch_processes_train_a_head_as_one(backend, tmp_path):
    if backend != "torch":
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    files = {name: tmp_path / f"{name}.npz" for name in ("alone", "0", "1")}
    finish(start("ddp.py", 0, 1, port, files["alone"]))
    both = [start("ddp.py", rank, 2, port, files[str(rank)]) for rank in (0, 1)]
    for process in both:
        finish(process)
    alone, *shared = (np.load(path) for path in files.values())
    moved = with_both()
    for name, first in zip(alone.files, moved.get_weights(), strict=True):
        assert "norm/" in name or np.abs(alone[name] - first).max() > 0, name
        for one in shared:
            np.testing.assert_allclose(one[name], alone[name], atol=1e-6, err_msg=name)


def test_features_are_computed_anew_for_other_predictions():
    model = compiled(with_both())
    y_pred = model(X)
    loss = model.compute_loss(X, Y, y_pred, training=False)
    again = model.compute_loss(X, Y, ops.copy(y_pred), training=False)
    np.testing.assert_allclose(ops.convert_to_numpy(again), ops.convert_to_numpy(loss), rtol=1e-6)
