"""The tasks whose training steps are measured: two models that differ in the loss only, and their data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

import keraslosses
from keraslosses.core.types import Tensor
from keraslosses.reference import REFERENCES

# The batches of one `fit`. With fewer, the start of `fit` takes much of its time.
BATCHES = 8
CLASSES, SYMBOLS, CHANNELS = 10, 32, 16
LEARNING_RATE = 0.01
SEED = 0

Sizes = Mapping[str, int]


class Built(NamedTuple):
    """Our model and the peer's, with the same weights, and the data that both train on."""

    ours: keras.Model
    peer: keras.Model
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Task:
    """`build` makes the models of a size. `peer` is the name of the peer's loss."""

    build: Callable[[Sizes], Built]
    peer: str
    sizes: Mapping[str, Sizes]


def cnn(sizes: Sizes) -> Built:
    """Classifies images."""
    rng, side = np.random.default_rng(SEED), sizes["side"]
    x = images(rng, sizes)
    y = rng.integers(0, CLASSES, len(x))

    def network() -> keras.Model:
        inputs = keras.Input((side, side, 3))
        features = layers.GlobalAveragePooling2D()(convolved(inputs, sizes["filters"]))
        return keras.Model(inputs, layers.Dense(CLASSES)(features))

    ours = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
    peer = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return Built(*compiled(network, ours, peer), x, y)


def detector(sizes: Sizes) -> Built:
    """Finds objects in images: a class and a box for each place of a grid."""
    rng, side = np.random.default_rng(SEED), sizes["side"]
    x, outputs = images(rng, sizes), CLASSES + 5
    draw = REFERENCES["MultiTaskDetection"].kind.sizes.draw
    y, _ = draw(rng, (len(x), (side // 4) ** 2, outputs), {})

    def network() -> keras.Model:
        inputs = keras.Input((side, side, 3))
        grid = layers.Conv2D(outputs, 3, padding="same")(convolved(inputs, sizes["filters"]))
        return keras.Model(inputs, layers.Reshape((-1, outputs))(grid))

    ours = keraslosses.MultiTaskDetection(num_classes=CLASSES)
    return Built(*compiled(network, ours, detection_by_hand), x, y)


def detection_by_hand(y_true: Tensor, y_pred: Tensor) -> Any:
    """The same loss as a user writes it with the functions of Keras. No anchor is ignored."""
    labels, logits = y_true[..., 0], y_pred[..., : CLASSES + 1]
    classes = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    boxes = 4.0 * keras.losses.huber(y_true[..., 1:], y_pred[..., CLASSES + 1 :])
    return ops.mean(classes + ops.where(labels >= 1, boxes, 0.0), axis=-1)


def recogniser(sizes: Sizes) -> Built:
    """Reads sequences of symbols from frames, with CTC."""
    rng, batch, frames = np.random.default_rng(SEED), sizes["batch"], sizes["frames"]
    x = rng.standard_normal((BATCHES * batch, frames, CHANNELS), dtype="float32")
    y, _ = REFERENCES["CTC"].kind.sizes.draw(rng, (len(x), frames, SYMBOLS), {})

    def network() -> keras.Model:
        inputs = keras.Input((frames, CHANNELS))
        hidden = layers.Conv1D(sizes["filters"], 5, padding="same", activation="relu")(inputs)
        return keras.Model(inputs, layers.Dense(SYMBOLS)(hidden))

    return Built(*compiled(network, keraslosses.CTC(), keras.losses.CTC()), x, y)


def head(sizes: Sizes) -> Built:
    """Classifies vectors into very many classes."""
    rng, dim, classes = np.random.default_rng(SEED), sizes["dim"], sizes["classes"]
    x = rng.standard_normal((BATCHES * sizes["batch"], dim), dtype="float32")
    y = rng.integers(0, classes, len(x))
    inputs = keras.Input((dim,))
    backbone = keras.Sequential([inputs, layers.Dense(dim, activation="relu", name="embedding")])
    whole = keras.models.clone_model(backbone)
    whole.add(layers.Dense(classes, use_bias=False))
    weights = [draw(rng, weight.shape) for weight in whole.weights]
    whole.set_weights(weights)
    backbone.set_weights(weights[:-1])
    chunked = keraslosses.ChunkedCrossEntropy(classes)
    ours = keraslosses.attach(backbone, chunked, at="embedding")
    chunked.kernel.assign(weights[-1].T)
    compile_model(ours, None)
    compile_model(whole, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return Built(ours, whole, x, y)


def images(rng: np.random.Generator, sizes: Sizes) -> np.ndarray:
    return rng.random((BATCHES * sizes["batch"], sizes["side"], sizes["side"], 3), dtype="float32")


def convolved(inputs: Tensor, filters: int) -> Tensor:
    """Two convolutions, each of which halves width and height."""
    for width in (filters, 2 * filters):
        inputs = layers.Conv2D(width, 3, strides=2, padding="same", activation="relu")(inputs)
    return inputs


def compiled(
    network: Callable[[], keras.Model], our_loss: Any, peer_loss: Any
) -> tuple[keras.Model, keras.Model]:
    """A model for each loss. Both have the same weights."""
    models = network(), network()
    rng = np.random.default_rng(SEED)
    weights = [draw(rng, weight.shape) for weight in models[0].weights]
    for model, loss in zip(models, (our_loss, peer_loss), strict=True):
        model.set_weights(weights)
        compile_model(model, loss)
    return models


def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Weights for outputs of about the size of the inputs."""
    return rng.standard_normal(shape, dtype="float32") / np.float32(np.sqrt(np.prod(shape[:-1])))


def compile_model(model: keras.Model, loss: Any) -> None:
    """Compiles a model with XLA on the backends that have it."""
    model.compile(
        keras.optimizers.SGD(LEARNING_RATE), loss=loss, jit_compile=keras.backend.backend() != "torch"
    )


TASKS = {
    "cnn": Task(
        cnn,
        "keras.losses.SparseCategoricalCrossentropy",
        {
            "small": {"batch": 8, "side": 16, "filters": 4},
            "middle": {"batch": 64, "side": 32, "filters": 16},
            "large": {"batch": 512, "side": 64, "filters": 64},
        },
    ),
    "detector": Task(
        detector,
        "keras.losses, by hand",
        {
            "small": {"batch": 2, "side": 16, "filters": 4},
            "middle": {"batch": 16, "side": 64, "filters": 16},
            "large": {"batch": 64, "side": 256, "filters": 64},
        },
    ),
    "recogniser": Task(
        recogniser,
        "keras.losses.CTC",
        {
            "small": {"batch": 2, "frames": 20, "filters": 8},
            "middle": {"batch": 32, "frames": 100, "filters": 64},
            "large": {"batch": 64, "frames": 400, "filters": 256},
        },
    ),
    "head": Task(
        head,
        "keras.losses.SparseCategoricalCrossentropy",
        {
            "small": {"batch": 8, "dim": 8, "classes": 1000},
            "middle": {"batch": 128, "dim": 64, "classes": 100_000},
            "large": {"batch": 1024, "dim": 512, "classes": 100_000},
        },
    ),
}
