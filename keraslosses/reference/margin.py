"""Margin losses."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import INF, ONE_TO_SEVEN, log_probability
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.likelihood import BAD, CLASSES, each_entry
from keraslosses.reference.uses import Use


def signed(y: Array) -> Array:
    """Converts zeros and ones to -1 and 1, if the batch has no other numbers."""
    return 2 * y - 1 if np.all((y == 0) | (y == 1)) else y


def hinge(y: Array, p: Array, class_weights: Any = None) -> Array:
    return np.mean(weights_of_outputs(class_weights) * np.maximum(1 - signed(y) * p, 0), axis=-1)


def squared_hinge(y: Array, p: Array, class_weights: Any = None) -> Array:
    return np.mean(weights_of_outputs(class_weights) * np.maximum(1 - signed(y) * p, 0) ** 2, axis=-1)


def weights_of_outputs(class_weights: Any) -> Any:
    return 1.0 if class_weights is None else np.asarray(class_weights)


def categorical_hinge(y: Array, p: Array, class_weights: Any = None) -> Array:
    values = np.maximum(np.max((1 - y) * p, axis=-1) - np.sum(y * p, axis=-1) + 1, 0)
    return values if class_weights is None else values * np.sum(y * class_weights, axis=-1)


def multi_margin(
    y: Array,
    x: Array,
    p: int = 1,
    margin: float = 1.0,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    def term(label: int, row: Array) -> float:
        others = np.delete(row, label)
        return np.sum(np.maximum(0.0, margin - row[label] + others) ** p) / len(row)

    return each_entry(y, x, ignore_class, class_weights, term)


def multi_label_margin(y: Array, x: Array) -> Array:
    values = np.zeros(x.shape[:-1])
    for place in np.ndindex(*values.shape):
        row, end = x[place], np.argmax(np.append(y[place], -1) == -1)
        listed = [int(label) for label in y[place][:end]]
        others = np.delete(row, listed)
        values[place] = sum(np.sum(np.maximum(0.0, 1 - row[j] + others)) for j in listed) / len(row)
    return values


def soft_margin_softmax(
    y: Array,
    x: Array,
    margin: float = 0.35,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    def term(label: int, row: Array) -> float:
        lowered = row - margin * (np.arange(len(row)) == label)
        return -log_probability(lowered, True, -1)[label]

    return each_entry(y, x, ignore_class, class_weights, term)


OUTPUTS: tuple[dict[str, Any], ...] = ({}, {"class_weights": ONE_TO_SEVEN})
BAD_WEIGHTS = ({"class_weights": 3.0}, {"class_weights": [-1.0]})
KINK = Hard("margins just reached", [[1.0, -1.0]], [[1.0, -1.0]], gradient=[[0.0, 0.0]])
FAR = Hard("scores of 1e4", [[1.0, -1.0, 1.0, -1.0]], [[1e4, -1e4, -1e4, 1e4]])

REFERENCES = (
    Reference(
        "Hinge",
        "hinge",
        "margin",
        kinds.SIGNS,
        hinge,
        "Keras",
        task="Yes or no",
        purpose="scores with a margin, as in support vector machines",
        tex=r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} w_i \max(1 - y_i p_i, 0)",
        symbols=(
            "$y$: the target, -1 or 1; $p$: the predicted score; $n$: the size of the last axis; $w$: "
            "`class_weights`, 1 if not set"
        ),
        options=OUTPUTS,
        bad_options=BAD_WEIGHTS,
        hard=(
            KINK,
            FAR,
            Hard("targets of 0 and 1", [[1.0, 0.0]], [[0.25, 0.5]], gradient=[[-0.5, 0.5]]),
            Hard("targets of 0, 1 and -1", [[1.0, 0.0, -1.0]], [[0.25, 0.5, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Yes or no",
                "You need a decision with a margin, as a support vector machine makes it.",
                "You need a probability: the scores are not one.",
            ),
        ),
    ),
    Reference(
        "SquaredHinge",
        "squared_hinge",
        "margin",
        kinds.SIGNS,
        squared_hinge,
        "Keras",
        task="Yes or no",
        purpose="Hinge that is smooth at the margin",
        tex=r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} w_i \max(1 - y_i p_i, 0)^2",
        symbols=(
            "$y$: the target, -1 or 1; $p$: the predicted score; $n$: the size of the last axis; $w$: "
            "`class_weights`, 1 if not set"
        ),
        options=OUTPUTS,
        bad_options=BAD_WEIGHTS,
        hard=(KINK, FAR, Hard("targets of 0 and 1", [[1.0, 0.0]], [[0.25, 0.5]])),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Yes or no",
                "As `Hinge`, with a loss that is smooth where the margin is reached.",
                "Some labels are wrong: their squares dominate.",
            ),
        ),
    ),
    Reference(
        "CategoricalHinge",
        "categorical_hinge",
        "margin",
        kinds.ONE_HOT_SCORES,
        categorical_hinge,
        "Keras",
        task="One class of several, by a margin",
        purpose="the true class ahead of the best other by 1",
        tex=r"\text{loss} = w_k \max\left(\max_i \left((1 - y_i) p_i\right) - \sum_i y_i p_i + 1, 0\right)",
        symbols=(
            "$y$: the one-hot row of class $k$; $p$: the predicted scores; $w$: `class_weights`, 1 if not set"
        ),
        options=OUTPUTS,
        bad_options=BAD_WEIGHTS,
        hard=(
            Hard("a margin just reached", [[0.0, 1.0]], [[0.5, 1.5]], gradient=[[0.0, 0.0]]),
            Hard("two that tie", [[0.0, 1.0, 0.0]], [[0.5, 0.0, 0.5]], gradient=[[0.5, -1.0, 0.5]]),
            Hard("scores of 1e4", [[0.0, 1.0]], [[1e4, -1e4]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "One class of several, by a margin",
                "Targets are one-hot rows, and the true class must only beat the best of the others.",
                "All scores can be negative: the wrong ones are then not told apart.",
            ),
        ),
    ),
    Reference(
        "MultiMargin",
        "multi_margin",
        "margin",
        kinds.LABELS_AND_SCORES,
        multi_margin,
        "torch.nn.MultiMarginLoss",
        task="One class of several, by a margin",
        purpose="the true class ahead of each other by a margin",
        tex=r"\text{loss} = \frac{w_k}{C} \sum_{i \ne k} \max(m - x_k + x_i, 0)^p",
        symbols=(
            "$k$: the label; $x$: the predicted scores of the $C$ classes; $m$: `margin`; $p$: `p`; $w$: "
            "`class_weights`, 1 if not set"
        ),
        options=({}, {"p": 2}, {"margin": 0.3}, *CLASSES, {"p": 2, "margin": 2.5, **CLASSES[0]}),
        bad_options=(*BAD, {"p": 3}, {"p": True}, {"margin": -1.0}),
        hard=(
            Hard("a margin just reached", [0], [[2.0, 1.0, 0.0]], gradient=[[0.0, 0.0, 0.0]]),
            Hard("equal scores", [1], [[3.0, 3.0]], {"p": 2}, [[1.0, -1.0]]),
            Hard("scores of 1e4", [0], [[-1e4, 1e4]]),
            Hard("scores around 1e4", [0], [[1e4, 9999.75]], {"margin": 0.3}, [[-0.5, 0.5]]),
            Hard("one class", [0], [[5.0]], gradient=[[0.0]]),
            Hard("one class, score -1e4", [0], [[-1e4]], gradient=[[0.0]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "One class of several, by a margin",
                "Targets are class indices, and the true class must beat each of the others.",
                "You need a probability: the scores are not one.",
                {"margin": 1.0},
            ),
        ),
    ),
    Reference(
        "MultiLabelMargin",
        "multi_label_margin",
        "margin",
        kinds.LABEL_LISTS,
        multi_label_margin,
        "torch.nn.MultiLabelMarginLoss",
        task="Several labels at once",
        purpose="each label ahead of each other class by 1",
        tex=r"\text{loss} = \frac{1}{C} \sum_{j \in L} \sum_{i \notin L} \max(1 - p_j + p_i, 0)",
        symbols="$L$: the list of labels $j$; $p$: the predicted scores of the $C$ classes",
        hard=(
            Hard("an empty list", [[-1, 0]], [[0.3, 0.7]], gradient=[[0.0, 0.0]]),
            Hard("nothing right behind the end", [[0, -1, 99]], [[0.3, 0.7, 0.1]]),
            Hard("all classes listed", [[1, 0]], [[0.3, 0.7]], gradient=[[0.0, 0.0]]),
            Hard("a class listed twice", [[1, 1]], [[0.3, 0.7]], gradient=[[1.0, -1.0]]),
            Hard("a margin just reached", [[0, -1]], [[2.0, 1.0]], gradient=[[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Several labels at once",
                "Each true label must have a higher score than each false one.",
                "You need a probability or a threshold for each label.",
            ),
        ),
    ),
    Reference(
        "SoftMarginSoftmax",
        "soft_margin_softmax",
        "margin",
        kinds.LABELS_AND_SCORES,
        soft_margin_softmax,
        "Liang et al., Soft-Margin Softmax for Deep Classification, 2017",
        task="One class of several, by a margin",
        purpose="cross-entropy with a margin for the true class",
        tex=r"\text{loss} = -w_k \log \frac{e^{x_k - m}}{e^{x_k - m} + \sum_{i \ne k} e^{x_i}}",
        symbols=(
            "$k$: the label; $x$: the predicted logits; $m$: `margin`; $w$: `class_weights`, 1 if not set"
        ),
        options=({}, {"margin": 0.0}, {"margin": 20.0}, *CLASSES),
        bad_options=(*BAD, {"margin": -1.0}, {"margin": INF}),
        hard=(
            Hard("logits around 1000", [0], [[1000.5, 1000.0]], {"margin": 0.5}, [[-0.5, 0.5]]),
            Hard("logits around 1e4", [1], [[1e4, 9999.0]]),
            Hard("a margin of 20 against a lead of 20", [0], [[20.0, 0.0]], {"margin": 20.0}, [[-0.5, 0.5]]),
            Hard("logits of 1e4", [0], [[-1e4, 1e4]], gradient=[[-1.0, 1.0]]),
            Hard("a logit of -inf, not the label's", [0], [[1.0, -INF]], gradient=[[0.0, 0.0]]),
            Hard("a logit of -inf on the label", [0], [[-INF, 1.0]], gradient=[[0.0, 0.0]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=(Measured(options={"margin": 0.35}),),
        uses=(
            Use(
                "One class of several, by a margin",
                "You have a classifier with softmax and want a margin without other layers.",
                "You need calibrated probabilities: the margin moves the logits.",
                {"margin": 0.35},
            ),
            Use(
                "The features of a class scatter",
                "You want to change nothing but the loss: the logit of the label must win by a margin.",
                "The weights may grow freely: longer ones reach the margin without better features.",
                {"margin": 1.0},
            ),
        ),
    ),
)
