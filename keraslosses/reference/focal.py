"""Focal losses."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import (
    INF,
    LOGITS,
    ONE_TO_SEVEN,
    PROBABILITIES_AND_LOGITS,
    laid,
    log_probability,
    mean_of_known,
)
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.uses import Use


def binary_focal_crossentropy(
    y: Array,
    p: Array,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
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
        p, q = np.exp(log_p), np.exp(log_q)
    else:
        log_p, log_q, q = np.log(np.maximum(p, 1e-7)), np.log(np.maximum(1 - p, 1e-7)), 1 - p
    positive = np.where(y == 0, 0, y * log_p) * laid(pos_weight, p, axis)
    negative = np.where(y == 1, 0, (1 - y) * log_q)
    missed = y * q + (1 - y) * p
    balance = y * alpha + (1 - y) * (1 - alpha) if apply_class_balancing else 1.0
    values = -(positive + negative) * missed**gamma * balance
    return mean_of_known(values * laid(class_weights, p, axis), known, axis)


def categorical_focal_crossentropy(
    y: Array,
    p: Array,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    class_weights: Any = None,
) -> Array:
    y = y * (1 - label_smoothing) + label_smoothing / p.shape[axis]
    y = y * laid(class_weights, p, axis) * laid(alpha, p, axis)
    log_p = log_probability(p, from_logits, axis)
    share = np.exp(log_p) if from_logits else p / np.sum(p, axis=axis, keepdims=True)
    share = np.where(np.isnan(share), 1 / p.shape[axis], share)
    return -np.sum(np.where(y == 0, 0, y * log_p * (1 - share) ** gamma), axis=axis)


def sparse_categorical_focal_crossentropy(
    y: Array,
    p: Array,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    """Computes each entry on its own: the categorical form of its row and its one-hot label."""
    rows = np.moveaxis(p, axis, -1)
    values = np.zeros(rows.shape[:-1])
    for place in np.ndindex(*values.shape):
        label = y.reshape(values.shape)[place]
        if ignore_class is None or label != ignore_class:
            one_hot = (np.arange(rows.shape[-1]) == label).astype("float64")
            values[place] = categorical_focal_crossentropy(
                one_hot, rows[place], alpha, gamma, from_logits, label_smoothing, -1, class_weights
            )
    return values


PAPER = "Lin et al., Focal Loss for Dense Object Detection, 2017, equation 5"
BINARY: tuple[dict[str, Any], ...] = (
    {},
    LOGITS,
    {"gamma": 0.0, **LOGITS},
    {"gamma": 0.5},
    {"apply_class_balancing": True, "alpha": 0.4, "gamma": 3.5},
    {"apply_class_balancing": True, "label_smoothing": 0.1, "axis": 1, **LOGITS},
    {"class_weights": ONE_TO_SEVEN, "pos_weight": 3.0},
    {"class_weights": ONE_TO_SEVEN, "pos_weight": ONE_TO_SEVEN[::-1], "axis": 1, **LOGITS},
    {"ignore_class": -1},
)
CATEGORICAL: tuple[dict[str, Any], ...] = (
    {},
    LOGITS,
    {"gamma": 0.0, **LOGITS},
    {"gamma": 0.5, "alpha": 1.0, "label_smoothing": 0.1, "axis": 1},
    {"alpha": ONE_TO_SEVEN[::-1], "axis": 1, **LOGITS},
    {"alpha": ONE_TO_SEVEN[::-1], "label_smoothing": 0.1},
    {"label_smoothing": 0.2, "axis": 1, "class_weights": ONE_TO_SEVEN, **LOGITS},
    {"class_weights": ONE_TO_SEVEN},
)
BAD = (
    {"gamma": -1.0},
    {"from_logits": 1},
    {"label_smoothing": 1.5},
    {"axis": "last"},
    {"class_weights": 3.0},
)
BAD_CATEGORICAL = (*BAD, {"alpha": -1.0}, {"alpha": None}, {"alpha": [0.5, -0.5]})


def hard_of_classes(targets: Any) -> tuple[Hard, ...]:
    """The hard inputs of both forms. `targets(k)` is class k of two, as the loss reads it."""
    return (
        Hard("certain and right", targets(1), [[0.0, 1.0]], gradient=[[0.0, 0.0]]),
        Hard("certain and wrong", targets(0), [[0.0, 1.0]], gradient=[[-0.5 * np.log(1e7), 0.0]]),
        Hard("certain and right, gamma 0.5", targets(1), [[0.0, 1.0]], {"gamma": 0.5}, [[0.0, 0.0]]),
        Hard("a row of zeros", targets(0), [[0.0, 0.0]], gradient=[[0.0, 0.0]]),
        Hard("logits of 100, wrong", targets(0), [[-100.0, 100.0]], LOGITS, [[-0.25, 0.25]]),
        Hard("logits of 1e4, wrong", targets(0), [[-1e4, 1e4]], LOGITS, [[-0.25, 0.25]]),
        Hard("logits of 1e4, right", targets(1), [[-1e4, 1e4]], LOGITS, [[0.0, 0.0]]),
        Hard("logits of 1e4, gamma 0.5", targets(1), [[-1e4, 1e4]], {"gamma": 0.5, **LOGITS}, [[0.0, 0.0]]),
        Hard("a logit of -inf, not the target", targets(0), [[1.0, -INF]], LOGITS, [[0.0, 0.0]]),
        Hard("a logit of -inf on the target", targets(0), [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
        Hard("logits of 0 and log 3", targets(0), [[0.0, np.log(3.0)]], LOGITS),
    )


def one_hot(k: int) -> list[list[float]]:
    return [[float(i == k) for i in range(2)]]


REFERENCES = (
    Reference(
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        "focal",
        kinds.BINARY,
        binary_focal_crossentropy,
        PAPER,
        task="Yes or no",
        purpose="few positives among many easy negatives",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{n} \sum_{i=1}^{n} w_i b_i (1 - q_i)^{\gamma} \ell_i \\ "
            r"\ell_i &= -u_i y_i \log p_i - (1 - y_i) \log(1 - p_i) \\ "
            r"q_i &= y_i p_i + (1 - y_i)(1 - p_i) \\ "
            r"b_i &= y_i \alpha + (1 - y_i)(1 - \alpha) \\ "
            r"y_i &= (1 - s) t_i + \frac{s}{2} "
            r"\end{align*}"
        ),
        symbols=(
            r"$t$: the target; $s$: `label_smoothing`; $y$: the smoothed target; $p$: the predicted "
            r"probability, with `from_logits` the sigmoid of y_pred; $\alpha$, $\gamma$: `alpha`, "
            r"`gamma`; $b_i$ is 1 without `apply_class_balancing`; $u$: `pos_weight`; $w$: "
            r"`class_weights`; a weight that is not set is 1; $n$: the number of outputs, without those "
            r"whose target is `ignore_class`"
        ),
        paper="https://arxiv.org/abs/1708.02002",
        options=BINARY,
        bad_options=(
            *BAD,
            {"alpha": 1.5},
            {"alpha": [0.5]},
            {"apply_class_balancing": 1},
            {"pos_weight": -1.0},
            {"ignore_class": 0.5},
        ),
        hard=(
            Hard("certain and right", [[0.0, 1.0]], [[0.0, 1.0]], gradient=[[0.0, 0.0]]),
            Hard("certain and right, gamma 0.5", [[0.0, 1.0]], [[0.0, 1.0]], {"gamma": 0.5}, [[0.0, 0.0]]),
            Hard("certain and wrong", [[1.0, 0.0]], [[0.0, 1.0]], gradient=[[-np.log(1e7), np.log(1e7)]]),
            Hard("logits of 0", [[0.0, 1.0]], [[0.0, 0.0]], LOGITS),
            Hard("logits of 100", [[0.0, 1.0, 0.0, 1.0]], [[100.0, 100.0, -100.0, -100.0]], LOGITS),
            Hard("logits of 1e4, wrong", [[0.0, 1.0]], [[1e4, -1e4]], LOGITS, [[0.5, -0.5]]),
            Hard("logits of 1e4, right", [[1.0, 0.0]], [[1e4, -1e4]], LOGITS, [[0.0, 0.0]]),
            Hard("a logit of 20 for 1", [[1.0]], [[20.0]], LOGITS),
            Hard("infinite logits, right", [[0.0, 1.0]], [[-INF, INF]], LOGITS, [[0.0, 0.0]]),
            Hard("infinite logits, wrong", [[1.0, 0.0]], [[-INF, INF]], LOGITS, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=PROBABILITIES_AND_LOGITS,
        uses=(
            Use(
                "Only 1 % of the samples are positive",
                "Most negatives are easy, as in dense detection: they lose their weight.",
                "Many labels are wrong: wrong labels look hard, so they get most of the weight.",
                {"from_logits": True, "gamma": 2.0, "apply_class_balancing": True},
            ),
        ),
    ),
    Reference(
        "CategoricalFocalCrossentropy",
        "categorical_focal_crossentropy",
        "focal",
        kinds.ONE_HOT,
        categorical_focal_crossentropy,
        PAPER + ", over classes",
        task="One class of several",
        purpose="rare classes, for one-hot targets",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -\sum_{i=1}^{C} w_i \alpha_i (1 - p_i)^{\gamma} y_i \log p_i \\ "
            r"y_i &= (1 - s) t_i + \frac{s}{C} "
            r"\end{align*}"
        ),
        symbols=(
            r"$C$: the number of classes; $t$: the target; $s$: `label_smoothing`; $y$: the smoothed "
            r"target; $p$: the predicted probability, with `from_logits` the softmax of y_pred; $\alpha$, "
            r"$\gamma$: `alpha`, `gamma`; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1708.02002",
        options=CATEGORICAL,
        bad_options=BAD_CATEGORICAL,
        hard=hard_of_classes(one_hot),
        laws=frozenset({"non_negative"}),
        measured=PROBABILITIES_AND_LOGITS,
        uses=(
            Use(
                "The model is over-confident",
                "Targets are one-hot rows: what is nearly certain gets almost no gradient.",
                "The model is not confident enough already: focal loss lowers its confidence.",
                {"from_logits": True, "gamma": 2.0, "alpha": 1.0},
            ),
        ),
    ),
    Reference(
        "SparseCategoricalFocalCrossentropy",
        "sparse_categorical_focal_crossentropy",
        "focal",
        kinds.LABELS,
        sparse_categorical_focal_crossentropy,
        PAPER + ", over classes",
        task="One class of several",
        purpose="rare classes, for class indices",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= (1 - s) \ell_k + \frac{s}{C} \sum_{i=1}^{C} \ell_i \\ "
            r"\ell_i &= -w_i \alpha_i (1 - p_i)^{\gamma} \log p_i "
            r"\end{align*}"
        ),
        symbols=(
            r"$k$: the label; $C$: the number of classes; $s$: `label_smoothing`; $p$: the predicted "
            r"probability, with `from_logits` the softmax of y_pred; $\alpha$, $\gamma$: `alpha`, "
            r"`gamma`; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1708.02002",
        options=(*CATEGORICAL, {"ignore_class": -1}, {"ignore_class": 255, "axis": 1, **LOGITS}),
        bad_options=(*BAD_CATEGORICAL, {"ignore_class": 0.5}),
        hard=(
            *hard_of_classes(lambda k: [k]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=(Measured("logits", LOGITS),),
        uses=(
            Use(
                "One class swallows all the others",
                "The common class is easy, and the rare ones are hard; `alpha` can also weigh each class.",
                "Many labels are wrong: wrong labels look hard, so they get most of the weight.",
                {"from_logits": True, "gamma": 2.0, "alpha": 1.0},
            ),
        ),
    ),
)
