"""Kinds of ordered classes: a class index for each row, and logits of levels, or a score and thresholds."""

from dataclasses import replace

import numpy as np

from keraslosses.reference.kinds.classes import LABELS_OR_DISTRIBUTIONS
from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, width
from keraslosses.reference.kinds.example import HIDDEN, Example, features, sequential
from keraslosses.reference.kinds.kind import CLASSES, InputKind, activation
from keraslosses.reference.kinds.path import Path, case
from keraslosses.reference.kinds.sizes import Shape, Sizes, normal, softmax

ORDERED = "Indices of ordered classes, some of them ignored if there is an `ignore_class`"
# Few classes and many samples. The sizes are those of y_pred.
SIZES = {"small": (256, 9), "middle": (16_384, 9), "large": (262_144, 9)}
# The levels of a plot.
STEPS = np.arange(-4.0, 5.0, 2.0)
ORDERED_CLASSES = features(
    "score = x @ rng.normal(size=8)",
    "y = np.digitize(score, [-2.0, 0.0, 2.0])  # one of four classes, in their order",
)


def ordered_labels(rng: Rng, options: Options, leading: Leading, classes: int) -> np.ndarray:
    labels = rng.integers(0, classes, leading)
    if options.get("ignore_class") is not None:
        labels = np.where(rng.random(leading) < 0.4, options["ignore_class"], labels)
    return labels.astype("int32")


def draw_levels(rng: Rng, options: Options, leading: Leading) -> Pair:
    classes = width(options)
    return ordered_labels(rng, options, leading, classes), rng.normal(0, 2, (*leading, classes - 1))


def sized_levels(rng: Rng, shape: Shape, options: Options) -> Pair:
    return ordered_labels(rng, options, shape[:-1], shape[-1] + 1), normal(rng, shape)


def score_over_levels(options: Options) -> Path:
    """One score against levels at fixed places, as `OrdinalDense` gives them."""
    cases = (
        case("class 0 of 6", 0, lambda x: x[:, None] - STEPS),
        case("class 3 of 6", 3, lambda x: x[:, None] - STEPS),
    )
    return Path("score, with levels at -4, -2, 0, 2 and 4", "gradient by the score", (-8.0, 8.0), cases)


LEVELS = InputKind(
    "levels",
    ORDERED,
    "logits of the levels: is the class above k?",
    draw=draw_levels,
    smallest=([1], [[0.5, -0.5]]),
    layer=activation("linear"),
    path=score_over_levels,
    sizes=Sizes(sized_levels, SIZES),
    example=Example(ORDERED_CLASSES, sequential(HIDDEN, "keraslosses.OrdinalDense(4)")),
)

CONDITIONAL_LEVELS = replace(
    LEVELS,
    name="conditional_levels",
    y_pred="logits of the levels: is the class above k, if it is not below k?",
    example=Example(ORDERED_CLASSES, sequential(HIDDEN, "keras.layers.Dense(3)")),
)


def draw_thresholds(rng: Rng, options: Options, leading: Leading) -> Pair:
    classes = width(options)
    y_pred = rng.normal(0, 2, (*leading, classes))
    y_pred[..., 1:].sort(axis=-1)
    return ordered_labels(rng, options, leading, classes), y_pred


def sized_thresholds(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_pred = np.broadcast_to(np.linspace(-2.0, 2.0, shape[-1], dtype="float32"), shape).copy()
    y_pred[..., :1] = normal(rng, (*shape[:-1], 1))
    return ordered_labels(rng, options, shape[:-1], shape[-1]), y_pred


def score_among_thresholds(options: Options) -> Path:
    cases = tuple(
        case(
            f"class {label} of 6",
            label,
            lambda x: np.concatenate([x[:, None], np.tile(STEPS, (len(x), 1))], axis=1),
        )
        for label in (0, 3)
    )
    return Path("score, with thresholds at -4, -2, 0, 2 and 4", "gradient by the score", (-8.0, 8.0), cases)


# A layer that moves the score only.
MOVES_THE_SCORE = {
    "scale": [1.0] + [0.0] * (CLASSES - 1),
    "offset": [0.0, *np.linspace(-2.0, 2.0, CLASSES - 1).tolist()],
}

THRESHOLDS = InputKind(
    "thresholds",
    ORDERED,
    "a score, then the thresholds between the classes",
    draw=draw_thresholds,
    smallest=([1], [[0.5, -0.5, 1.0]]),
    layer=("Rescaling", MOVES_THE_SCORE),
    path=score_among_thresholds,
    sizes=Sizes(sized_thresholds, SIZES),
    example=Example(
        ORDERED_CLASSES,
        sequential(HIDDEN, "keras.layers.Dense(1)", "keraslosses.OrdinalThresholds(4)"),
    ),
)


def sized_batches(rng: Rng, shape: Shape, options: Options) -> Pair:
    return ordered_labels(rng, options, shape[:-1], shape[-1]), softmax(normal(rng, shape))


def agreement_of_three(options: Options) -> Path:
    """Three samples, each of its own class. All have the same probability of being right."""
    classes = np.eye(options.get("num_classes", 3), dtype="float32")
    y_true = classes[:3]

    def predicted(x: np.ndarray) -> np.ndarray:
        return y_true * x + (1.0 - y_true) * (1.0 - x) / (len(classes) - 1)

    axis = "probability of the true class (the rest shared evenly)"
    return Path(axis, "gradient by this probability", (0.04, 0.96), (case("", y_true, predicted),))


BATCHES_OF_CLASSES = replace(
    LABELS_OR_DISTRIBUTIONS,
    name="batches_of_classes",
    y_true="Class indices or distributions over ordered classes",
    smallest=([[1.0, *[0.0] * (CLASSES - 1)]], [[1 / CLASSES] * CLASSES]),
    path=agreement_of_three,
    sizes=Sizes(sized_batches, {size: (rows, 10) for size, (rows, _) in SIZES.items()}),
    named=(),
    coupled=True,
    example=Example(ORDERED_CLASSES, sequential(HIDDEN, 'keras.layers.Dense(4, activation="softmax")')),
)
