"""Where a term reads: layers given themselves, in nested models, called more than once, and sequences."""

import keras
import numpy as np
import pytest
from attached_models import (
    N,
    X,
    Y,
    assert_same_weights,
    center_loss,
    compiled,
    fit,
    functional,
    head,
    raises,
    stack,
)
from keras import layers, ops

import keraslosses

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

OTHER = np.random.default_rng(3).normal(size=(12, 4)).astype("float32")


def embedding_of(model, x):
    return N(keras.Model(model.inputs[0], model.get_layer("embedding").output)(x))


def value_at_zero(features):
    """Center loss from centers that are 0."""
    return np.mean(np.sum(np.square(features), axis=-1)) / 2


def logged(model, x, y=Y, **options):
    model.compile(loss=None)
    return model.evaluate(x, y, batch_size=12, return_dict=True, verbose=0, **options)["center_loss"]


def nested(kind):
    """A model with the layers of `functional()` inside another model, and once more inside a third."""
    inner = keras.Sequential([keras.Input((4,)), *stack()], name="backbone")
    if kind == "functional":
        inputs = outputs = keras.Input((4,))
        for layer in stack():
            outputs = layer(outputs)
        inner = keras.Model(inputs, outputs, name="backbone")
    if kind == "twice":
        inputs = keras.Input((4,))
        inner = keras.Model(
            inputs, keras.Sequential([keras.Input((4,)), *stack()], name="low")(inputs), name="backbone"
        )
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(5, name="last")(inner(inputs)))


PATHS = {
    "functional": "backbone/embedding",
    "sequential": "backbone/embedding",
    "twice": "backbone/low/embedding",
}


@pytest.mark.parametrize("kind", PATHS)
def test_a_layer_of_a_nested_model(kind, tmp_path):
    plain = nested(kind)
    inner = plain.get_layer("backbone")
    inner = inner.get_layer("low") if kind == "twice" else inner
    model = keraslosses.attach(plain, center_loss(), at=PATHS[kind])
    assert logged(model, X) == pytest.approx(value_at_zero(embedding_of(inner, X)), rel=1e-5)
    np.testing.assert_array_equal(N(model(X)), N(plain(X)))
    by_layer = keraslosses.attach(plain, center_loss(), at=inner.get_layer("embedding"))
    assert by_layer.attachments[0].at == PATHS[kind]
    fit(compiled(model), epochs=2)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert fit(again) == fit(model)
    assert_same_weights(again, model, atol=0)


def test_a_nested_model_runs_once_in_a_step():
    """Its statistics move once, and the gradient of the term reaches it."""
    plain = nested("sequential")
    model = keraslosses.attach(plain, center_loss(), at="backbone/embedding")
    norm = plain.get_layer("backbone").get_layer("norm")
    hidden = N(keras.Model(plain.get_layer("backbone").inputs[0], norm.input)(X))
    compiled(model).train_on_batch(X, Y)
    np.testing.assert_allclose(N(norm.moving_mean), 0.01 * hidden.mean(axis=0), atol=1e-6)


def test_the_layer_itself_and_two_terms_at_one_place():
    plain = functional()
    model = keraslosses.attach(plain, center_loss(), at=plain.get_layer("embedding"))
    model = keraslosses.attach(model, center_loss(name="other"), at=model.get_layer("embedding"), weight=2.0)
    model.compile(loss=None)
    logs = model.evaluate(X, Y, return_dict=True, verbose=0)
    assert logs["center_loss"] == logs["other"] > 0
    assert [each.at for each in model.attachments] == ["embedding", "embedding"]


def siamese(whole=False):
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = layers.Dense(2, name="embedding")
    if whole:
        shared = keras.Sequential([keras.Input((4,)), shared], name="backbone")
    # The second call is the first that the outputs name.
    first, second = shared(left), shared(right)
    return keras.Model([left, right], layers.Dense(5, name="last")(layers.Concatenate()([second, first])))


@pytest.mark.parametrize("whole", [False, True])
def test_a_shared_layer_says_which_call(whole, tmp_path):
    plain = siamese(whole)
    dense = (plain.get_layer("backbone") if whole else plain).get_layer("embedding")
    at = "backbone/embedding" if whole else "embedding"
    for call, x in enumerate((X, OTHER)):
        model = keraslosses.attach(plain, center_loss(), at=at, call=call)
        assert logged(model, [X, OTHER]) == pytest.approx(value_at_zero(N(dense(x))), rel=1e-5)
    again = type(model).from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert logged(again, [X, OTHER]) == logged(model, [X, OTHER])


def test_which_call_is_asked_for_with_a_list():
    with raises(
        "which call of 'embedding' the term reads: 0: embedding(left), 1: embedding(right). Received: call=None"
    ):
        keraslosses.attach(siamese(), center_loss(), at="embedding")
    with raises("Received: call=2"):
        keraslosses.attach(siamese(), center_loss(), at="embedding", call=2)
    listed = "in backbone(left), 1: embedding("
    with raises(listed):
        keraslosses.attach(siamese(whole=True), center_loss(), at="backbone/embedding")


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = layers.Dense(2, name="embedding")

    def call(self, x):
        return self.embedding(x)


def around_subclassed():
    inputs = keras.Input((4,))
    inner = Subclassed()
    return keras.Model(inputs, inner(inputs)), inner.name


def two_outputs():
    inputs = keras.Input((None, 4))
    return keras.Model(inputs, layers.LSTM(2, return_state=True, name="embedding")(inputs)[0])


def test_a_place_that_is_none_is_named():
    with raises("`at` must name a layer of the model: "):
        keraslosses.attach(nested("functional"), center_loss(), at="backbon/embedding")
    with raises("`at` must name a layer of the model: "):
        keraslosses.attach(nested("functional"), center_loss(), at="backbone/embeding")
    with raises(
        "`at` must lead through functional models or built Sequential models only. Received: at='last/embedding'"
    ):
        keraslosses.attach(nested("functional"), center_loss(), at="last/embedding")
    with raises(
        "`at` must be a layer of the model, or the name of a layer. Received: at=<Dense name=elsewhere"
    ):
        keraslosses.attach(functional(), center_loss(), at=layers.Dense(2, name="elsewhere"))
    with raises("`at` must be a layer of the model, or the name of a layer. Received: at=3"):
        keraslosses.attach(functional(), center_loss(), at=3)
    with raises("`at` must name a layer that outputs one tensor. Received: at='embedding', which outputs 3"):
        keraslosses.attach(two_outputs(), center_loss(), at="embedding")
    model, name = around_subclassed()
    with raises(f"Received: at='{name}/embedding', where '{name}' is a Subclassed"):
        keraslosses.attach(model, center_loss(), at=f"{name}/embedding")
    own = Subclassed()
    own(X)
    with raises("call the term in its `compute_loss`"):
        keraslosses.attach(own, center_loss(), at="embedding")


FRAMES = np.random.default_rng(4).normal(size=(6, 3, 4)).astype("float32")
LABELS = np.random.default_rng(5).integers(0, 5, (6, 3))
LENGTHS = np.array([3, 1, 2, 3, 2, 1])
SEEN = np.arange(3) < LENGTHS[:, None]


def sequence_model(frames=None, mask=False):
    inputs = outputs = keras.Input((frames, 4))
    if mask:
        outputs = layers.Masking()(outputs)
    return keras.Model(inputs, layers.Dense(2, name="embedding")(outputs))


def rows_model(plain):
    """The same layer on rows."""
    inputs = keras.Input((4,))
    dense = layers.Dense(2, name="embedding")
    model = keras.Model(inputs, dense(inputs))
    dense.set_weights(plain.get_layer("embedding").get_weights())
    return model


@pytest.mark.parametrize("make", [center_loss, head])
@pytest.mark.parametrize("weights", [None, "of samples", "of frames"])
def test_sequences_train_as_their_rows(make, weights):
    weight = {None: None, "of samples": np.arange(6.0), "of frames": np.arange(18.0).reshape(6, 3) % 4}[
        weights
    ]
    plain = sequence_model(None if weights else 3)
    ours = keraslosses.attach(plain, make(), at="embedding")
    theirs = keraslosses.attach(rows_model(plain), make(), at="embedding")
    theirs.set_weights(ours.get_weights())
    flat = None
    if weight is not None:
        flat = np.broadcast_to(weight.reshape(6, -1), (6, 3)).reshape(-1)
    for model, x, y, w in (
        (ours, FRAMES, LABELS, weight),
        (theirs, FRAMES.reshape(-1, 4), LABELS.reshape(-1), flat),
    ):
        model.compile(keras.optimizers.SGD(0.1), loss=None)
        model.train_on_batch(x, y, sample_weight=w)
    assert_same_weights(ours, theirs)


def test_masked_frames_and_ignored_labels_leave_the_mean():
    masked = FRAMES * SEEN[..., None]
    for model, y in (
        (sequence_model(mask=True), LABELS),
        (sequence_model(), np.where(SEEN, LABELS, -1)),
    ):
        term = center_loss() if y is LABELS else keraslosses.ChunkedCrossEntropy(5, ignore_class=-1)
        dense = model.get_layer("embedding")
        whole = keraslosses.attach(model, term, at="embedding", weight=1.0)
        whole.compile(keras.optimizers.SGD(0.1), loss=None)
        features = N(dense(masked[SEEN]))
        expected = np.mean(
            N(term.per_sample_loss(features, LABELS[SEEN])[()])
            if y is LABELS
            else N(term.per_sample_loss(features, LABELS[SEEN])[0])
        )
        logs = whole.evaluate(masked, y, return_dict=True, verbose=0)
        assert logs["loss"] == pytest.approx(expected, rel=1e-5)
    model = keraslosses.attach(sequence_model(mask=True), center_loss(), at="embedding")
    model.compile(keras.optimizers.SGD(0.0), loss=None)
    features = N(model.get_layer("embedding")(masked[SEEN]))
    model.train_on_batch(masked, LABELS)
    expected = N(keraslosses.updated_centers(features, LABELS[SEEN], np.zeros((5, 2)), 0.5))
    np.testing.assert_allclose(N(model.terms[0].centers), expected, atol=1e-6)


def test_labels_of_frames_in_other_forms():
    model = keraslosses.attach(sequence_model(), center_loss(), at="embedding")
    expected = logged(model, FRAMES, LABELS)
    assert logged(model, FRAMES, LABELS[..., None]) == pytest.approx(expected, rel=1e-6)
    assert logged(model, FRAMES, np.eye(5)[LABELS]) == pytest.approx(expected, rel=1e-6)
    with raises(
        "`y` must hold a label for each row of the features that a term reads. Received: labels.shape="
    ):
        logged(model, FRAMES, LABELS[:, 0])


class WholeSequences(layers.Layer):
    """A user's term that reads the frames together."""

    def per_sample_loss(self, features, labels, sample_weight=None, training=None):
        assert len(features.shape) == 3
        return ops.sum(ops.square(features), axis=(1, 2))


def test_a_users_term_gets_the_frames_as_they_are():
    model = keraslosses.attach(sequence_model(), WholeSequences(name="center_loss"), at="embedding")
    features = N(model.get_layer("embedding")(FRAMES))
    assert logged(model, FRAMES, LABELS[:, 0]) == pytest.approx(
        np.mean(np.sum(features**2, axis=(1, 2))), rel=1e-5
    )
