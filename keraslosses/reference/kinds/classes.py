"""Kinds of rows with a number for each class, in y_true and in y_pred."""

import numpy as np

from keraslosses.reference.kinds.changes import CERTAIN_CLASSES, LARGE_LOGITS, equal, signs
from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, placed, scores, simplex, width
from keraslosses.reference.kinds.example import HIDDEN, Example, features, sequential
from keraslosses.reference.kinds.kind import InputKind, Named, activation
from keraslosses.reference.kinds.labels import CLASS_INDICES, draw_labels, sized_labels, sized_scores
from keraslosses.reference.kinds.path import (
    CLASSES,
    PROBABILITIES,
    Case,
    Path,
    case,
    one_class,
    own_probability,
    own_score,
)
from keraslosses.reference.kinds.sizes import CLASSES as SIZES_OF_CLASSES
from keraslosses.reference.kinds.sizes import OUTPUTS, Shape, Sizes, normal, softmax

# The data of two examples.
ONE_HOT_ROWS = features(
    "classes = np.argmax(x @ rng.normal(size=(8, 3)), axis=1)",
    "y = np.eye(3)[classes]  # one-hot rows of three classes",
)


def draw_distributions(rng: Rng, options: Options, leading: Leading) -> Pair:
    return placed(options, simplex(rng, leading, width(options)), simplex(rng, leading, width(options)))


def sized_distributions(rng: Rng, shape: Shape, options: Options) -> Pair:
    """Rows of probabilities, against rows of probabilities or logits."""
    y_true, y_pred = softmax(normal(rng, shape)), normal(rng, shape)
    return y_true, y_pred if options.get("from_logits") else softmax(y_pred)


def first_probability(options: Options) -> Path:
    def case_of(p: float) -> Case:
        y_true = np.where(np.arange(CLASSES) == 0, p, (1 - p) / (CLASSES - 1))
        return case(f"true probability {p:g}", y_true, own_probability)

    axis = "probability of the first class, the rest shared evenly"
    return Path(axis, "gradient by this probability", PROBABILITIES, (case_of(0.3), case_of(0.8)))


DISTRIBUTIONS = InputKind(
    "distributions",
    "Rows of probabilities",
    "Rows of probabilities",
    draw=draw_distributions,
    smallest=([[0.5, 0.5]], [[0.25, 0.75]]),
    layer=activation("softmax"),
    path=first_probability,
    sizes=Sizes(sized_distributions, OUTPUTS),
    wrong_targets=(signs,),
    named=(Named("probabilities", {"equal probabilities": equal, **CERTAIN_CLASSES}),),
    probabilities=True,
    example=Example(
        features(
            "scores = np.exp(x @ rng.normal(size=(8, 4)))",
            "y = scores / scores.sum(axis=1, keepdims=True)  # four probabilities for each sample",
        ),
        sequential(HIDDEN, 'keras.layers.Dense(4, activation="softmax")'),
    ),
)


def draw_one_hot(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true = np.eye(width(options))[rng.integers(0, width(options), leading)]
    soft = rng.random(leading)[..., None] < 0.3
    y_true = np.where(soft, simplex(rng, leading, width(options)), y_true)
    return placed(options, y_true, scores(rng, options, leading))


ONE_HOT = InputKind(
    "one_hot",
    "One class of C as a one-hot row (some rows soft)",
    "probabilities or logits",
    draw=draw_one_hot,
    smallest=([[0.0, 1.0]], [[0.5, 0.5]]),
    layer=activation("softmax"),
    path=lambda options: one_class(options, np.eye(CLASSES)[0]),
    sizes=Sizes(sized_distributions, SIZES_OF_CLASSES),
    wrong_targets=(signs,),
    named=(Named("one-hot", CERTAIN_CLASSES), Named("logits", LARGE_LOGITS, {"from_logits": True})),
    probabilities=True,
    example=Example(
        ONE_HOT_ROWS,
        sequential(HIDDEN, 'keras.layers.Dense(3, activation="softmax")'),
    ),
)


def draw_one_hot_scores(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true = np.eye(width(options))[rng.integers(0, width(options), leading)]
    return y_true, rng.normal(0, 2, (*leading, width(options)))


def sized_one_hot_scores(rng: Rng, shape: Shape, options: Options) -> Pair:
    labels, y_pred = rng.integers(0, shape[-1], shape[:-1]), normal(rng, shape)
    y_true = np.zeros(shape, "float32")
    np.put_along_axis(y_true, labels[:, None], 1.0, axis=-1)
    return y_true, y_pred


ONE_HOT_SCORES = InputKind(
    "one_hot_scores",
    "One class of C as a one-hot row",
    "scores",
    draw=draw_one_hot_scores,
    smallest=([[0.0, 1.0]], [[0.5, 0.5]]),
    layer=activation("linear"),
    path=lambda options: own_score(np.eye(CLASSES)[0], "score", (-4.0, 4.0)),
    sizes=Sizes(sized_one_hot_scores, SIZES_OF_CLASSES),
    wrong_targets=(signs,),
    scores=True,
    example=Example(
        ONE_HOT_ROWS,
        sequential(HIDDEN, "keras.layers.Dense(3)"),
    ),
)


def draw_labels_or_distributions(rng: Rng, options: Options, leading: Leading) -> Pair:
    """Class indices if the loss ignores a class, else one-hot rows of which some are soft."""
    draw = draw_one_hot if options.get("ignore_class") is None else draw_labels
    return draw(rng, options, leading)


LABELS_OR_DISTRIBUTIONS = InputKind(
    "labels_or_distributions",
    "Class indices or distributions",
    "probabilities or logits",
    draw=draw_labels_or_distributions,
    smallest=([[0.0, 1.0]], [[0.5, 0.5]]),
    layer=activation("softmax"),
    path=lambda options: one_class(options, np.eye(CLASSES)[0]),
    sizes=Sizes(sized_labels, SIZES_OF_CLASSES),
    wrong_targets=(signs,),
    probabilities=True,
    example=Example(
        CLASS_INDICES,
        sequential(HIDDEN, 'keras.layers.Dense(3, activation="softmax")'),
    ),
)


def draw_labels_or_distributions_and_scores(rng: Rng, options: Options, leading: Leading) -> Pair:
    return draw_labels_or_distributions(rng, {**options, "from_logits": True}, leading)


LABELS_OR_DISTRIBUTIONS_AND_SCORES = InputKind(
    "labels_or_distributions_and_scores",
    "Class indices or distributions",
    "scores",
    draw=draw_labels_or_distributions_and_scores,
    smallest=([[0.0, 1.0]], [[0.5, 0.0]]),
    layer=activation("linear"),
    path=lambda options: own_score(np.eye(CLASSES)[0], "score", (-4.0, 4.0)),
    sizes=Sizes(sized_scores, SIZES_OF_CLASSES),
    wrong_targets=(signs,),
    scores=True,
    example=Example(
        CLASS_INDICES,
        sequential(HIDDEN, "keras.layers.Dense(3)"),
    ),
)
