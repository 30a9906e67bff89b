"""Cross-entropies."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.uses import Use

ONE_TO_SEVEN = [1.0, 0.5, 2.0, 0.25, 3.0, 1.5, 0.75]
INF = float("inf")


def binary_crossentropy(
    y: Array,
    p: Array,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    pos_weight: Any = None,
    class_weights: Any = None,
    ignore_class: int | None = None,
) -> Array:
    known = y != ignore_class
    y = y * (1 - label_smoothing) + label_smoothing / 2
    if from_logits:
        log_p, log_q = -np.logaddexp(0, -p), -np.logaddexp(0, p)
    else:
        log_p, log_q = np.log(np.maximum(p, 1e-7)), np.log(np.maximum(1 - p, 1e-7))
    positive = np.where(y == 0, 0, y * log_p) * laid(pos_weight, p, axis)
    negative = np.where(y == 1, 0, (1 - y) * log_q)
    return mean_of_known(-(positive + negative) * laid(class_weights, p, axis), known, axis)


def categorical_crossentropy(
    y: Array,
    p: Array,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    class_weights: Any = None,
) -> Array:
    y = y * (1 - label_smoothing) + label_smoothing / p.shape[axis]
    y = y * laid(class_weights, p, axis)
    return -np.sum(np.where(y == 0, 0, y * log_probability(p, from_logits, axis)), axis=axis)


def sparse_categorical_crossentropy(
    y: Array,
    p: Array,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    label_smoothing: float = 0.0,
    class_weights: Any = None,
) -> Array:
    """Computes each entry on its own: the categorical form of its row and its one-hot label."""
    rows = np.moveaxis(p, axis, -1)
    values = np.zeros(rows.shape[:-1])
    for place in np.ndindex(*values.shape):
        label = y.reshape(values.shape)[place]
        if ignore_class is None or label != ignore_class:
            one_hot = (np.arange(rows.shape[-1]) == label).astype("float64")
            values[place] = categorical_crossentropy(
                one_hot, rows[place], from_logits, label_smoothing, -1, class_weights
            )
    return values


def log_probability(p: Array, from_logits: bool, axis: int) -> Array:
    if from_logits:
        p = p - np.max(p, axis=axis, keepdims=True)
        return p - np.log(np.sum(np.exp(p), axis=axis, keepdims=True))
    total = np.sum(p, axis=axis, keepdims=True)
    nothing = np.abs(total) < 1e-30
    share = np.where(nothing, 1 / p.shape[axis], p / np.where(nothing, 1, total))
    return np.log(np.maximum(share, 1e-7))


def mean_of_known(values: Array, known: Array, axis: int) -> Array:
    """The mean along an axis over the values that are known; 0 where none is."""
    count = np.sum(known, axis=axis)
    return np.sum(np.where(known, values, 0.0), axis=axis) / np.maximum(count, 1)


def laid(weights: Any, like: Array, axis: int) -> Any:
    """Weights along an axis: none, one number, or one number for each index."""
    if weights is None:
        return 1.0
    if np.ndim(weights) == 0:
        return weights
    shape = [1] * like.ndim
    shape[axis] = -1
    return np.reshape(weights, shape)


LOGITS = {"from_logits": True}
PROBABILITIES_AND_LOGITS = (Measured("probabilities"), Measured("logits", LOGITS))
# The class that the benchmark ignores.
IGNORED = -1
SHARED: tuple[dict[str, Any], ...] = (
    {},
    LOGITS,
    {"axis": 1, **LOGITS},
    {"label_smoothing": 0.1},
    {"label_smoothing": 0.1, "axis": 1, **LOGITS},
)
WEIGHTED = (
    {"class_weights": ONE_TO_SEVEN},
    {"class_weights": ONE_TO_SEVEN, "axis": 1, "label_smoothing": 0.2, **LOGITS},
)
BAD = (
    {"from_logits": 1},
    {"label_smoothing": 1.5},
    {"axis": "last"},
    {"class_weights": 3.0},
    {"class_weights": [-1]},
)

REFERENCES = (
    Reference(
        "BinaryCrossentropy",
        "binary_crossentropy",
        "crossentropy",
        kinds.BINARY,
        binary_crossentropy,
        "Keras; pos_weight as torch.nn.BCEWithLogitsLoss",
        task="Yes or no",
        purpose="the usual loss for yes or no",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{n} \sum_{i=1}^{n} w_i \ell_i \\ "
            r"\ell_i &= -u_i y_i \log p_i - (1 - y_i) \log(1 - p_i) \\ "
            r"y_i &= (1 - s) t_i + \frac{s}{2} "
            r"\end{align*}"
        ),
        symbols=(
            "$t$: the target; $s$: `label_smoothing`; $y$: the smoothed target; $p$: the predicted "
            "probability, with `from_logits` the sigmoid of y_pred; $u$: `pos_weight`; $w$: "
            "`class_weights`; a weight that is not set is 1; $n$: the number of outputs, without those whose "
            "target is `ignore_class`"
        ),
        options=(
            *SHARED,
            *WEIGHTED,
            {"pos_weight": 3.0},
            {"pos_weight": ONE_TO_SEVEN, "axis": 1, "label_smoothing": 0.2, **LOGITS},
            {"ignore_class": -1, "axis": 1, "class_weights": ONE_TO_SEVEN, **LOGITS},
        ),
        bad_options=(*BAD, {"pos_weight": -1.0}, {"ignore_class": 0.5}),
        hard=(
            Hard(
                "ignored outputs of inf, and a row of them",
                [[-1.0, 1.0], [-1.0, -1.0]],
                [[INF, 0.0], [-INF, INF]],
                {"ignore_class": -1, **LOGITS},
                [[0.0, -0.5], [0.0, 0.0]],
            ),
            Hard("certain and right", [[0.0, 1.0]], [[0.0, 1.0]], gradient=[[0.5, -0.5]]),
            Hard("certain and wrong", [[1.0, 0.0]], [[0.0, 1.0]], gradient=[[0.0, 0.0]]),
            Hard("probabilities of 1e-6", [[0.0, 1.0]], [[1e-6, 1e-6]], gradient=[[0.5, -5e5]]),
            Hard("logits of 0", [[0.0, 1.0]], [[0.0, 0.0]], LOGITS, [[0.25, -0.25]]),
            Hard("logits of 100", [[0.0, 1.0, 0.0, 1.0]], [[100.0, 100.0, -100.0, -100.0]], LOGITS),
            Hard("logits of 1e4", [[0.0, 1.0]], [[1e4, -1e4]], LOGITS, [[0.5, -0.5]]),
            Hard("a logit of 20 for 1", [[1.0]], [[20.0]], LOGITS, [[-2.0611536e-9]]),
            Hard("infinite logits, right", [[0.0, 1.0]], [[-INF, INF]], LOGITS, [[0.0, 0.0]]),
            Hard("infinite logits, wrong", [[1.0, 0.0]], [[-INF, INF]], LOGITS, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=PROBABILITIES_AND_LOGITS,
        uses=(
            Use(
                "Yes or no",
                "You need a probability, and positives and negatives are both common.",
                "Positives are rare: set `pos_weight`, or use focal loss.",
                {"from_logits": True},
            ),
            Use(
                "Several labels at once",
                "Any number of the labels can be true for one sample.",
                "Exactly one class is true: use a categorical loss.",
                {"from_logits": True},
            ),
            Use(
                "Only 1 % of the samples are positive",
                "You must find the positives: each one counts as much as `pos_weight` negatives.",
                "You need calibrated probabilities: the weight moves them up.",
                {"from_logits": True, "pos_weight": 10.0},
            ),
        ),
    ),
    Reference(
        "CategoricalCrossentropy",
        "categorical_crossentropy",
        "crossentropy",
        kinds.ONE_HOT,
        categorical_crossentropy,
        "Keras",
        task="One class of several",
        purpose="the usual loss, for one-hot targets",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -\sum_{i=1}^{C} w_i y_i \log p_i \\ "
            r"y_i &= (1 - s) t_i + \frac{s}{C} "
            r"\end{align*}"
        ),
        symbols=(
            "$C$: the number of classes; $t$: the target; $s$: `label_smoothing`; $y$: the smoothed "
            "target; $p$: the predicted probability, with `from_logits` the softmax of y_pred; $w$: "
            "`class_weights`, 1 if not set"
        ),
        options=(*SHARED, *WEIGHTED),
        bad_options=BAD,
        hard=(
            Hard("certain and right", [[0.0, 1.0]], [[0.0, 1.0]], gradient=[[1.0, 0.0]]),
            Hard("certain and wrong", [[1.0, 0.0]], [[0.0, 1.0]], gradient=[[0.0, 0.0]]),
            Hard("a row of zeros", [[1.0, 0.0]], [[0.0, 0.0]], gradient=[[0.0, 0.0]]),
            Hard("a row that sums to 4e-25", [[1.0, 0.0]], [[1e-25, 3e-25]], gradient=[[-7.5e24, 2.5e24]]),
            Hard("logits of 1e4", [[1.0, 0.0]], [[-1e4, 1e4]], LOGITS, [[-1.0, 1.0]]),
            Hard("a logit of -inf, not the target", [[1.0, 0.0]], [[1.0, -INF]], LOGITS, [[0.0, 0.0]]),
            Hard("a logit of -inf on the target", [[1.0, 0.0]], [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
            Hard("equal logits", [[1.0, 0.0]], [[3.0, 3.0]], LOGITS, [[-0.5, 0.5]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=PROBABILITIES_AND_LOGITS,
        uses=(
            Use(
                "One class of several",
                "Targets are one-hot rows.",
                "Targets are class indices: `SparseCategoricalCrossentropy` needs no one-hot rows.",
                {"from_logits": True},
            ),
            Use(
                "Distributions, such as the outputs of a teacher",
                "The targets are distributions and the model gives logits.",
                "The loss must be 0 at the best fit: here it is the entropy of the targets.",
                {"from_logits": True},
            ),
            Use(
                "The model is over-confident",
                "Targets are one-hot rows: smoothing asks for less than 100 %.",
                "Another model will learn from its outputs: smoothing hides how similar the classes are.",
                {"from_logits": True, "label_smoothing": 0.1},
            ),
        ),
    ),
    Reference(
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        "crossentropy",
        kinds.LABELS,
        sparse_categorical_crossentropy,
        "Keras; class weights as torch.nn.CrossEntropyLoss",
        task="One class of several",
        purpose="the usual loss, for class indices",
        tex=r"\text{loss} = -(1 - s) w_k \log p_k - \frac{s}{C} \sum_{i=1}^{C} w_i \log p_i",
        symbols=(
            "$k$: the label; $C$: the number of classes; $s$: `label_smoothing`; $p$: the predicted "
            "probability, with `from_logits` the softmax of y_pred; $w$: `class_weights`, 1 if not set"
        ),
        options=(*SHARED, *WEIGHTED, {"ignore_class": -1}, {"ignore_class": 255, "axis": 1, **LOGITS}),
        bad_options=(*BAD, {"ignore_class": 0.5}),
        hard=(
            Hard("certain and right", [1], [[0.0, 1.0]], gradient=[[1.0, 0.0]]),
            Hard("certain and wrong", [0], [[0.0, 1.0]], gradient=[[0.0, 0.0]]),
            Hard("a row of zeros", [0], [[0.0, 0.0]], gradient=[[0.0, 0.0]]),
            Hard("a row that sums to 4e-25", [0], [[1e-25, 3e-25]], gradient=[[-7.5e24, 2.5e24]]),
            Hard("logits around 1000", [0], [[1000.0, 998.0]], LOGITS, [[-0.11920292, 0.11920292]]),
            Hard("logits of 1e4", [0], [[-1e4, 1e4]], LOGITS, [[-1.0, 1.0]]),
            Hard("a logit of -inf, not the target", [0], [[1.0, -INF]], LOGITS, [[0.0, 0.0]]),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
            Hard(
                "an ignored row of -inf",
                [-1, 0],
                [[-INF, -INF], [0.0, 0.0]],
                {"ignore_class": -1, **LOGITS},
                [[0.0, 0.0], [-0.5, 0.5]],
            ),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=(
            *PROBABILITIES_AND_LOGITS,
            Measured(
                "ignored and weighted",
                {**LOGITS, "ignore_class": IGNORED, "reduction": "mean_with_sample_weight"},
                weighted=True,
            ),
        ),
        uses=(
            Use(
                "One class of several",
                "Targets are class indices; this is the usual loss of a classifier.",
                "Several classes can be true at once: use `BinaryCrossentropy`.",
                {"from_logits": True},
            ),
            Use(
                "Segmentation",
                "Each pixel has one class, and some pixels have no label (`ignore_class`).",
                "The object fills a tiny part of the image: add `Dice` or `Tversky`.",
                {"from_logits": True, "ignore_class": 255},
            ),
            Use(
                "One class swallows all the others",
                "You know the share of each class: a weight is about one divided by the share.",
                "A class has only a handful of samples: a very large weight makes the training unstable.",
                {"from_logits": True, "class_weights": [0.5, 2.0, 5.0]},
            ),
        ),
    ),
)
