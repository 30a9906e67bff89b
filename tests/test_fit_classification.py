"""Classification losses in `fit`: segmentation with a void label, several outputs, labels under mixed precision."""

import itertools

import keras
import numpy as np
import pytest

import keraslosses
from keraslosses.portability.gradients import BACKEND
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

SIZE, CLASSES, VOID = (9, 11), 3, 255
JIT = {"tensorflow": (False, True), "jax": (True,)}.get(BACKEND, (False,))
SPARSE = ["SparseCategoricalCrossentropy", "SparseCategoricalFocalCrossentropy"]


def blobs(count=24):
    """Images of a dark ground, a bright and a middling disc; the class of each pixel, void along two borders."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices(SIZE)
    labels = np.zeros((count, *SIZE), "uint8")
    for image in labels:
        for kind in (1, 2):
            row, column = rng.uniform(2, 7), rng.uniform(2, 9)
            image[(rows - row) ** 2 + (columns - column) ** 2 < 6] = kind
    images = labels / 2 + rng.normal(0, 0.1, labels.shape)
    labels[:, 0] = labels[:, :, -1] = VOID
    return images[..., None].astype("float32"), labels


def network(outputs=CLASSES, activation=None):
    """A convolutional net; its second input is added to the predictions."""
    keras.utils.set_random_seed(0)
    image, added = keras.Input((*SIZE, 1)), keras.Input((*SIZE, outputs))
    hidden = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    scores = keras.layers.Add()([keras.layers.Conv2D(outputs, 3, padding="same")(hidden), added])
    return keras.Model([image, added], keras.layers.Activation(activation)(scores))


def trained(loss, labels, added, jit_compile, epochs=6):
    """The history of the loss, and the weights."""
    images, _ = blobs()
    model = network(added.shape[-1])
    model.compile(keras.optimizers.Adam(0.02), loss, jit_compile=jit_compile)
    history = model.fit([images, added], labels, epochs=epochs, batch_size=8, shuffle=False, verbose=0)
    return history.history["loss"], model.get_weights()


@pytest.mark.parametrize(("name", "jit_compile"), [*((SPARSE[0], jit) for jit in JIT), (SPARSE[1], JIT[-1])])
def test_void_pixels_have_no_part_in_training(name, jit_compile):
    _, labels = blobs()
    nothing = np.zeros((*labels.shape, CLASSES), "float32")
    anything = np.random.default_rng(1).normal(0, 1e4, nothing.shape).astype("float32")
    in_void = np.where((labels == VOID)[..., None], anything, 0)

    def train(labels, added, void):
        loss = getattr(keraslosses, name)(from_logits=True, ignore_class=void, class_weights=[0.5, 2.0, 1.5])
        return trained(loss, labels, added, jit_compile)

    history, weights = train(labels, nothing, VOID)
    assert np.isfinite(history).all()
    assert history[-1] < 0.6 * history[0]
    # Other predictions there, and another label.
    _, others = train(np.where(labels == VOID, -7, labels.astype("int32")), in_void, -7)
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
    # The same predictions where there is a class do have a part.
    _, others = train(np.where(labels == VOID, 0, labels), in_void, VOID)
    assert max(np.abs(one - other).max() for one, other in zip(weights, others, strict=True)) > 1e-2


@pytest.mark.parametrize("jit_compile", JIT)
def test_dice_of_each_image_trains(jit_compile):
    images, labels = blobs()
    mask = (labels == 1)[..., None].astype("float32")
    model = network(1, "sigmoid")
    model.compile(keras.optimizers.Adam(0.02), keraslosses.Dice(axis=(1, 2)), jit_compile=jit_compile)
    history = model.fit([images, np.zeros_like(images)], mask, epochs=25, batch_size=8, verbose=0).history[
        "loss"
    ]
    assert np.isfinite(history).all()
    assert history[-1] < 0.7 * history[0]
    inputs = [images, np.zeros_like(images)]
    predicted = model.predict(inputs, verbose=0)
    expected = REFERENCES["Dice"].values(mask, predicted, {"axis": (1, 2)})
    assert expected.shape == (len(images), 1)
    np.testing.assert_allclose(model.evaluate(inputs, mask, verbose=0), expected.mean(), rtol=1e-4)


# Two outputs


def two_outputs():
    keras.utils.set_random_seed(0)
    x = keras.Input((4,))
    hidden = keras.layers.Dense(8, activation="tanh")(x)
    kind = keras.layers.Dense(3, name="kind")(hidden)
    return keras.Model(x, {"kind": kind, "flags": keras.layers.Dense(2, name="flags")(hidden)})


@pytest.mark.parametrize("jit_compile", JIT)
def test_two_outputs_with_losses_and_weights_of_their_own(jit_compile):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 4)).astype("float32")
    y = {"kind": x[:, :3].argmax(-1), "flags": (x[:, 2:] > 0).astype("float32")}
    weights = {name: rng.uniform(0.5, 2, 64).astype("float32") for name in y}
    losses = {
        "kind": keraslosses.SparseCategoricalFocalCrossentropy(from_logits=True, alpha=1.0),
        "flags": keraslosses.BinaryCrossentropy(from_logits=True),
    }
    parts, model = {"kind": 2.0, "flags": 0.25}, two_outputs()
    model.compile(keras.optimizers.Adam(0.05), losses, loss_weights=parts, jit_compile=jit_compile)
    history = model.fit(x, y, sample_weight=weights, epochs=8, batch_size=16, verbose=0).history
    for name in ("loss", "kind_loss", "flags_loss"):
        assert history[name][-1] < 0.7 * history[name][0]
    total = sum(part * np.array(history[f"{name}_loss"]) for name, part in parts.items())
    np.testing.assert_allclose(history["loss"], total, rtol=1e-4)
    result = model.evaluate(x, y, sample_weight=weights, batch_size=16, verbose=0, return_dict=True)
    predicted = model.predict(x, verbose=0)
    for name, loss in losses.items():
        values = REFERENCES[type(loss).__name__].values(y[name], predicted[name], loss.options)
        np.testing.assert_allclose(result[f"{name}_loss"], np.mean(weights[name] * values), rtol=1e-4)


# Labels under mixed precision

MANY = 600
LABELLED = [name for name, entry in REFERENCES.items() if entry.kind.labels]


POLICIES = [*zip(LABELLED, itertools.cycle(["mixed_bfloat16", "mixed_float16"]), strict=False)]


@pytest.mark.parametrize(("name", "policy"), POLICIES)
def test_labels_reach_the_loss_uncast(name, policy):
    """One sample for each of some labels that half precision rounds; each has to be learned as it is."""
    labels = np.array([257, 259, 511, 513, 599, 1])
    loss = getattr(keraslosses, name)
    loss = loss(from_logits=True) if "from_logits" in loss().options else loss()
    last = {"NegativeLogLikelihood": "log_softmax"}.get(name, "linear")
    if REFERENCES[name].family == "angular":
        last = "tanh"
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((len(labels),)),
            keras.layers.Dense(MANY, last, kernel_initializer="zeros", dtype=policy),
        ]
    )
    model.compile(keras.optimizers.Adam(1.0), loss)
    model.fit(np.eye(len(labels), dtype="float32"), labels, epochs=10, batch_size=6, verbose=0)
    predicted = model.predict(np.eye(len(labels), dtype="float32"), verbose=0).astype("float32")
    assert predicted.argmax(-1).tolist() == labels.tolist()
