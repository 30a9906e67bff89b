"""What the benchmark measures: each loss with its options, its inputs and their sizes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Pair = tuple[np.ndarray, Any]
Draw = Callable[[np.random.Generator, Shape], Pair]

SIZES = ("small", "middle", "large")
# The ways in which a backend runs a loss, as its users do.
MODES = {"tensorflow": ("tensorflow", "tensorflow, XLA"), "jax": ("jax",), "torch": ("torch",)}

# The shapes of y_pred.
OUTPUTS = {"small": (256, 100), "middle": (1024, 1000), "large": (4096, 4000)}
CLASSES = {"small": (256, 100), "middle": (1024, 1000), "large": (512, 20_000)}
IMAGES = {"small": (8, 64, 64), "middle": (16, 256, 256), "large": (64, 512, 512)}
BOXES = {"small": (256, 4), "middle": (100_000, 4), "large": (1_000_000, 4)}
# 20 classes.
DETECTIONS = {"small": (4, 64, 25), "middle": (16, 1024, 25), "large": (16, 16_384, 25)}
# Batch, frames, classes; up to a fifth as many labels as frames.
FRAMES = {"small": (8, 50, 30), "middle": (32, 200, 100), "large": (8, 1000, 5000)}
# Batch, dimensions of the features, classes.
HEADS = {"small": (256, 64, 1000), "middle": (512, 128, 20_000), "large": (1024, 256, 100_000)}
EMBEDDINGS = {"small": (64, 64), "middle": (256, 64), "large": (1024, 256)}

IGNORED = -1
EMBEDDED_CLASSES = 32
LONGEST_LIST = 5


def real(rng: np.random.Generator, shape: Shape) -> Pair:
    """Real numbers, predicted with an error of size 1."""
    y_true = normal(rng, shape)
    return y_true, y_true + normal(rng, shape)


def positive(rng: np.random.Generator, shape: Shape) -> Pair:
    """Positive numbers, as counts, prices and rates."""
    y_true, y_pred = (rng.standard_exponential(shape, dtype="float32") + np.float32(0.1) for _ in range(2))
    return y_true, y_pred


def distributions(rng: np.random.Generator, shape: Shape) -> Pair:
    """Rows of probabilities."""
    return softmax(normal(rng, shape)), softmax(normal(rng, shape))


def distributions_and_logits(rng: np.random.Generator, shape: Shape) -> Pair:
    """Rows of probabilities against logits."""
    return softmax(normal(rng, shape)), normal(rng, shape)


def yes_no(rng: np.random.Generator, shape: Shape) -> Pair:
    """Zeros and ones against probabilities."""
    y_true, logits = yes_no_and_logits(rng, shape)
    return y_true, 1 / (1 + np.exp(-logits))


def yes_no_and_logits(rng: np.random.Generator, shape: Shape) -> Pair:
    """Zeros and ones against logits."""
    return (normal(rng, shape) > 0).astype("float32"), normal(rng, shape)


def signs(rng: np.random.Generator, shape: Shape) -> Pair:
    """-1 and 1 against scores."""
    return np.sign(normal(rng, shape)), normal(rng, shape)


def one_hot_and_scores(rng: np.random.Generator, shape: Shape) -> Pair:
    """One class of all as a row with a single 1, against scores."""
    labels, scores = labels_and_scores(rng, shape)
    y_true = np.zeros(shape, "float32")
    np.put_along_axis(y_true, labels[:, None], 1.0, axis=-1)
    return y_true, scores


def labels_and_scores(rng: np.random.Generator, shape: Shape) -> Pair:
    """Class indices against scores or logits."""
    return rng.integers(0, shape[-1], shape[:-1]), normal(rng, shape)


def labels_and_cosines(rng: np.random.Generator, shape: Shape) -> Pair:
    """Class indices against cosines."""
    y_true, scores = labels_and_scores(rng, shape)
    return y_true, np.tanh(scores)


def labels_and_probabilities(rng: np.random.Generator, shape: Shape) -> Pair:
    """Class indices against rows of probabilities."""
    y_true, scores = labels_and_scores(rng, shape)
    return y_true, softmax(scores)


def labels_and_log_probabilities(rng: np.random.Generator, shape: Shape) -> Pair:
    """Class indices against rows of log-probabilities."""
    y_true, probabilities = labels_and_probabilities(rng, shape)
    return y_true, np.log(probabilities)


def some_ignored(rng: np.random.Generator, shape: Shape) -> Pair:
    """Class indices, a fifth of them to be ignored, against logits."""
    y_true, scores = labels_and_scores(rng, shape)
    return np.where(rng.random(shape[:-1]) < 0.2, IGNORED, y_true), scores


def label_lists(rng: np.random.Generator, shape: Shape) -> Pair:
    """Rows of one to five class indices that end with a -1, against scores."""
    y_true = np.full(shape, -1)
    for row in y_true:
        chosen = rng.choice(shape[-1], rng.integers(1, LONGEST_LIST + 1), replace=False)
        row[: len(chosen)] = chosen
    return y_true, normal(rng, shape)


def boxes(rng: np.random.Generator, shape: Shape) -> Pair:
    """Boxes by their corners, predicted with an error of a quarter of their size."""
    start, size = normal(rng, (*shape[:-1], 2)), rng.random((*shape[:-1], 2), dtype="float32") + 0.5
    y_true = np.concatenate([start, start + size], axis=-1)
    return y_true, y_true + normal(rng, shape) / 4


def anchors(rng: np.random.Generator, shape: Shape) -> Pair:
    """A tenth of the anchors with an object: class and box, by its corners; against logits and boxes."""
    y_true, y_pred = boxes(rng, (*shape[:-1], 4))
    classes = np.where(rng.random(shape[:-1]) < 0.1, rng.integers(1, shape[-1] - 4, shape[:-1]), 0)
    logits = normal(rng, (*shape[:-1], shape[-1] - 4))
    return (
        np.concatenate([classes[..., None], y_true], axis=-1, dtype="float32"),
        np.concatenate([logits, y_pred], axis=-1),
    )


def locations(rng: np.random.Generator, shape: Shape) -> Pair:
    """As `anchors`, with the distances to the edges of the box as four positive numbers."""
    y_true, y_pred = anchors(rng, shape)
    y_true[..., 1:], y_pred[..., -5:-1] = np.exp(y_true[..., 1:]), np.exp(y_pred[..., -5:-1])
    return y_true, y_pred


def sequences(rng: np.random.Generator, shape: Shape) -> Pair:
    """Sequences of labels, padded by the blank 0, against logits."""
    batch, frames, classes = shape
    y_true = rng.integers(1, classes, (batch, frames // 5))
    lengths = rng.integers(frames // 10, frames // 5 + 1, (batch, 1))
    return np.where(np.arange(frames // 5) < lengths, y_true, 0).astype("int32"), normal(rng, shape)


def embeddings(rng: np.random.Generator, shape: Shape) -> Pair:
    """Rows of length 1, at least two of each class."""
    y_pred = normal(rng, shape)
    return np.arange(shape[0]) % EMBEDDED_CLASSES, y_pred / np.linalg.norm(y_pred, axis=-1, keepdims=True)


def labels_and_features(rng: np.random.Generator, shape: Shape) -> Pair:
    """Class indices against features and the kernel of a head, one row for each class."""
    batch, dim, classes = shape
    features, kernel = normal(rng, (batch, dim)), normal(rng, (classes, dim))
    return rng.integers(0, classes, batch), (features, kernel / np.float32(np.sqrt(dim)))


def normal(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.standard_normal(shape, dtype="float32")


def softmax(x: np.ndarray) -> np.ndarray:
    weights = np.exp(x)
    return weights / weights.sum(-1, keepdims=True)


@dataclass(frozen=True)
class Case:
    """One row of the benchmark in every size and mode: a class of keraslosses with its options and inputs.

    `variant` tells apart the cases of one loss. With `weighted`, the option `class_weights` is set too, to
    `class_weights(classes)`; a head (`shapes` is HEADS) gets its `num_classes`.
    """

    loss: str
    draw: Draw
    shapes: Mapping[str, Shape] = field(default_factory=lambda: OUTPUTS)
    variant: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    weighted: bool = False

    @property
    def title(self) -> str:
        return f"{self.loss}, {self.variant}" if self.variant else self.loss

    def options_for(self, shape: Shape) -> dict[str, Any]:
        weights = {"class_weights": class_weights(shape[-1]).tolist()} if self.weighted else {}
        classes = {"num_classes": shape[-1]} if self.shapes is HEADS else {}
        return {**self.options, **weights, **classes}

    def inputs(self, size: str) -> Pair:
        """y_true and y_pred, the same in every run."""
        return self.draw(np.random.default_rng([0, *self.title.encode()]), self.shapes[size])


def class_weights(classes: int) -> np.ndarray:
    return np.linspace(0.5, 2.0, classes, dtype="float32")


LOGITS = {"from_logits": True}

CASES = (
    Case("MeanSquaredError", real),
    Case("MeanAbsoluteError", real),
    Case("MeanAbsolutePercentageError", positive),
    Case("MeanSquaredLogarithmicError", positive),
    Case("RootMeanSquaredError", real),
    Case("MeanPowerError", real, options={"power": 1.5}),
    Case("Huber", real),
    Case("SmoothL1", real),
    Case("BalancedL1", real),
    Case("LogCosh", real),
    Case("CosineSimilarity", real),
    Case("Poisson", positive),
    Case("KLDivergence", distributions),
    Case("BinaryCrossentropy", yes_no, variant="probabilities"),
    Case("BinaryCrossentropy", yes_no_and_logits, variant="logits", options=LOGITS),
    Case("CategoricalCrossentropy", distributions, CLASSES, "probabilities"),
    Case("CategoricalCrossentropy", distributions_and_logits, CLASSES, "logits", LOGITS),
    Case("SparseCategoricalCrossentropy", labels_and_probabilities, CLASSES, "probabilities"),
    Case("SparseCategoricalCrossentropy", labels_and_scores, CLASSES, "logits", LOGITS),
    Case(
        "SparseCategoricalCrossentropy",
        some_ignored,
        CLASSES,
        "ignored and weighted",
        {**LOGITS, "ignore_class": IGNORED, "reduction": "mean_with_sample_weight"},
        weighted=True,
    ),
    Case("BinaryFocalCrossentropy", yes_no, variant="probabilities"),
    Case("BinaryFocalCrossentropy", yes_no_and_logits, variant="logits", options=LOGITS),
    Case("CategoricalFocalCrossentropy", distributions, CLASSES, "probabilities"),
    Case("CategoricalFocalCrossentropy", distributions_and_logits, CLASSES, "logits", LOGITS),
    Case("SparseCategoricalFocalCrossentropy", labels_and_scores, CLASSES, "logits", LOGITS),
    Case("NegativeLogLikelihood", labels_and_log_probabilities, CLASSES),
    Case("CategoricalGeneralizedCrossEntropy", labels_and_probabilities, CLASSES, options={"q": 0.5}),
    Case("SoftMarginSoftmax", labels_and_scores, CLASSES, options={"margin": 0.35}),
    Case("MultiMargin", labels_and_scores, CLASSES),
    Case("MultiLabelMargin", label_lists, CLASSES),
    Case("Hinge", signs),
    Case("SquaredHinge", signs),
    Case("CategoricalHinge", one_hot_and_scores, CLASSES),
    Case("Dice", yes_no, IMAGES),
    # With equal weights, because Keras 3.15.1 has `alpha` and `beta` the other way round.
    Case("Tversky", yes_no, IMAGES, options={"alpha": 0.5, "beta": 0.5}),
    Case("Circle", embeddings, EMBEDDINGS),
    Case("ArcFace", labels_and_cosines, CLASSES),
    Case("CosFace", labels_and_cosines, CLASSES),
    Case("AMSoftmax", labels_and_cosines, CLASSES),
    Case("SphereFace", labels_and_cosines, CLASSES),
    Case("CombinedMargin", labels_and_cosines, CLASSES),
    Case("ChunkedCrossEntropy", labels_and_features, HEADS),
    Case("SampledMargin", labels_and_features, HEADS, options={"seed": 0}),
    Case("IoU", boxes, BOXES),
    Case("GIoU", boxes, BOXES),
    Case("DIoU", boxes, BOXES),
    Case("CIoU", boxes, BOXES),
    Case("MultiTaskDetection", anchors, DETECTIONS, options={"num_classes": 20, "box_loss": "giou"}),
    Case("FCOS", locations, DETECTIONS, options={"num_classes": 20}),
    Case("CTC", sequences, FRAMES),
)


def planned(losses: Sequence[str], sizes: Sequence[str]) -> list[tuple[Case, str]]:
    """What to measure: the cases of the losses, each in the sizes from small to large."""
    return [(case, size) for case in CASES if case.loss in losses for size in SIZES if size in sizes]
