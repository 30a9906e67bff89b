"""Kinds of class indices: one index, or a list of indices, for each row of y_pred."""

import numpy as np

from keraslosses.reference.kinds.changes import CERTAIN_CLASSES, LARGE_LOGITS
from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, placed, scores, width
from keraslosses.reference.kinds.example import HIDDEN, Example, features, sequential
from keraslosses.reference.kinds.kind import InputKind, Named, activation
from keraslosses.reference.kinds.path import (
    CLASSES,
    DEGREES,
    Case,
    Path,
    case,
    first_of_classes,
    one_class,
    own_probability,
    own_score,
    turned,
)
from keraslosses.reference.kinds.sizes import CLASSES as SIZES_OF_CLASSES
from keraslosses.reference.kinds.sizes import Shape, Sizes, normal, softmax

INDICES = "Class indices, some of them ignored if there is an `ignore_class`"
LONGEST_LIST = 5
# The data of the examples.
CLASS_INDICES = features(
    "y = np.argmax(x @ rng.normal(size=(8, 3)), axis=1)  # one of three classes for each sample"
)


def draw_labels(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true = rng.integers(0, width(options), leading).astype("int32")
    if options.get("ignore_class") is not None:
        y_true = np.where(rng.random(leading) < 0.4, options["ignore_class"], y_true).astype("int32")
    return y_true, placed(options, scores(rng, options, leading))[0]


def sized_labels(rng: Rng, shape: Shape, options: Options) -> Pair:
    """Labels against probabilities or logits. With an `ignore_class`, a fifth of the labels are ignored."""
    y_true, y_pred = sized_scores(rng, shape, options)
    if options.get("ignore_class") is not None:
        y_true = np.where(rng.random(shape[:-1]) < 0.2, options["ignore_class"], y_true)
    return y_true, y_pred if options.get("from_logits") else softmax(y_pred)


LABELS = InputKind(
    "labels",
    INDICES,
    "probabilities or logits",
    draw=draw_labels,
    smallest=([0], [[0.5, 0.5]]),
    layer=activation("softmax"),
    path=lambda options: one_class(options, 0),
    sizes=Sizes(sized_labels, SIZES_OF_CLASSES),
    named=(Named("labels", CERTAIN_CLASSES), Named("label-logits", LARGE_LOGITS, {"from_logits": True})),
    labels=True,
    probabilities=True,
    example=Example(
        CLASS_INDICES,
        sequential(HIDDEN, 'keras.layers.Dense(3, activation="softmax")'),
    ),
)


def draw_scores(rng: Rng, options: Options, leading: Leading) -> Pair:
    return draw_labels(rng, {**options, "from_logits": True}, leading)


def sized_scores(rng: Rng, shape: Shape, options: Options) -> Pair:
    return rng.integers(0, shape[-1], shape[:-1]), normal(rng, shape)


LABELS_AND_SCORES = InputKind(
    "labels_and_scores",
    INDICES,
    "scores",
    draw=draw_scores,
    smallest=([0], [[0.5, 0.0]]),
    layer=activation("linear"),
    path=lambda options: own_score(0, "score", (-4.0, 4.0)),
    sizes=Sizes(sized_scores, SIZES_OF_CLASSES),
    labels=True,
    scores=True,
    example=Example(
        CLASS_INDICES,
        sequential(HIDDEN, "keras.layers.Dense(3)"),
    ),
)


def draw_log_probabilities(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true, y_pred = draw_labels(rng, options, leading)
    return y_true, np.log(y_pred)


def sized_log_probabilities(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_true, y_pred = sized_scores(rng, shape, options)
    return y_true, np.log(softmax(y_pred))


def own_log_probability(options: Options) -> Path:
    cases = (case("", 0, lambda x: np.log(own_probability(np.exp(x)))),)
    axis = "log-probability of the true class"
    return Path(axis, "gradient by the log-probability", (-5.0, -0.05), cases)


LABELS_AND_LOG_PROBABILITIES = InputKind(
    "labels_and_log_probabilities",
    INDICES,
    "the logarithms of probabilities",
    draw=draw_log_probabilities,
    smallest=([0], [[-0.5, -1.0]]),
    layer=activation("log_softmax"),
    path=own_log_probability,
    sizes=Sizes(sized_log_probabilities, SIZES_OF_CLASSES),
    labels=True,
    example=Example(
        CLASS_INDICES,
        sequential(HIDDEN, 'keras.layers.Dense(3, activation="log_softmax")'),
    ),
)


def draw_cosines(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true, _ = draw_labels(rng, options, leading)
    return y_true, rng.uniform(-0.98, 0.98, (*leading, width(options)))


def sized_cosines(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_true, y_pred = sized_scores(rng, shape, options)
    return y_true, np.tanh(y_pred)


def angle_to_class(options: Options) -> Path:
    """The angle goes from 1 to 179. Near 0 and 180, the cosine has too few digits to distinguish angles."""
    cases = (case("", 0, lambda x: first_of_classes(turned(x)[:, 0])),)
    axis = "angle to the label's class (degrees), 90 to the others"
    return Path(axis, "gradient per degree", (1, 179), cases, DEGREES)


LABELS_AND_COSINES = InputKind(
    "labels_and_cosines",
    INDICES,
    "cosines",
    draw=draw_cosines,
    smallest=([0], [[0.5, 0.0]]),
    layer=activation("tanh"),
    path=angle_to_class,
    sizes=Sizes(sized_cosines, SIZES_OF_CLASSES),
    labels=True,
    cosines=True,
    example=Example(
        CLASS_INDICES,
        sequential(HIDDEN, "keras.layers.Dense(16)", "keraslosses.CosineDense(3)"),
    ),
)


def draw_lists(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true = rng.integers(0, width(options), (*leading, width(options)))
    length = rng.integers(0, 5, leading)
    y_true = np.where(np.arange(width(options)) == length[..., None], -1, y_true).astype("int32")
    return y_true, rng.normal(0, 2, (*leading, width(options)))


def sized_lists(rng: Rng, shape: Shape, options: Options) -> Pair:
    """One to five class indices for each row."""
    y_true = np.full(shape, -1)
    for row in y_true:
        chosen = rng.choice(shape[-1], rng.integers(1, LONGEST_LIST + 1), replace=False)
        row[: len(chosen)] = chosen
    return y_true, normal(rng, shape)


def scores_of_listed(options: Options) -> Path:
    """All listed labels have the score x."""

    def case_of(count: int) -> Case:
        listed = np.arange(CLASSES) < count
        y_true = np.where(listed, np.arange(CLASSES), -1).astype("int32")
        return case(f"{count} of {CLASSES} classes listed", y_true, lambda x: listed * x[:, None])

    axis = "score of the listed classes, 0 for the others"
    return Path(axis, "gradient by the score", (-3.0, 3.0), (case_of(1), case_of(3)))


LABEL_LISTS = InputKind(
    "label_lists",
    "Lists of class indices ended by -1 (an index may repeat, a list may be empty)",
    "scores",
    draw=draw_lists,
    smallest=([[0, -1]], [[0.5, 0.0]]),
    layer=activation("linear"),
    path=scores_of_listed,
    sizes=Sizes(sized_lists, SIZES_OF_CLASSES),
    scores=True,
    example=Example(
        features(
            "scores = x @ rng.normal(size=(8, 5))",
            "y = np.argsort(-scores, axis=1)",
            "y[:, 2:] = -1  # two of five labels for each sample; -1 ends the list",
        ),
        sequential(HIDDEN, "keras.layers.Dense(5)"),
    ),
)
