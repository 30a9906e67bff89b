"""Losses of the probability of one class."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import INF, LOGITS, ONE_TO_SEVEN, log_probability
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.uses import Use


def negative_log_likelihood(
    y: Array, p: Array, axis: int = -1, ignore_class: int | None = None, class_weights: Any = None
) -> Array:
    return each_entry(y, np.moveaxis(p, axis, -1), ignore_class, class_weights, lambda k, row: -row[k])


def categorical_generalized_cross_entropy(
    y: Array,
    p: Array,
    q: float = 0.5,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    if from_logits:
        p = np.exp(log_probability(p, True, -1))
    return each_entry(y, p, ignore_class, class_weights, lambda k, row: (1 - row[k] ** q) / q)


def each_entry(y: Array, rows: Array, ignore_class: int | None, class_weights: Any, term: Any) -> Array:
    """term(label, row) for each entry, times the weight of the label's class."""
    values = np.zeros(rows.shape[:-1])
    for place in np.ndindex(*values.shape):
        label = y.reshape(values.shape)[place]
        if ignore_class is None or label != ignore_class:
            weight = 1.0 if class_weights is None else class_weights[int(label)]
            values[place] = weight * term(int(label), rows[place])
    return values


def each_target(y: Array, rows: Array, ignore_class: int | None, class_weights: Any, term: Any) -> Array:
    """term(target, row) for each entry, times the class weight of its target.

    A target is a distribution. If y holds class indices, it is the one-hot row of the label.
    """
    values = np.zeros(rows.shape[:-1])
    targets = y if y.shape == rows.shape else one_hot(y.reshape(values.shape), rows.shape[-1])
    for place in np.ndindex(*values.shape):
        if y.shape == rows.shape or ignore_class is None or y.reshape(values.shape)[place] != ignore_class:
            weight = 1.0 if class_weights is None else np.sum(class_weights * targets[place])
            values[place] = weight * term(targets[place], rows[place])
    return values


def one_hot(labels: Array, classes: int) -> Array:
    return (labels[..., None] == np.arange(classes)).astype("float64")


CLASSES = ({"class_weights": ONE_TO_SEVEN}, {"ignore_class": -1})
BAD = ({"class_weights": 3.0}, {"class_weights": [-1.0]}, {"ignore_class": 0.5})

REFERENCES = (
    Reference(
        "NegativeLogLikelihood",
        "negative_log_likelihood",
        "likelihood",
        kinds.LABELS_AND_LOG_PROBABILITIES,
        negative_log_likelihood,
        "torch.nn.NLLLoss",
        task="One class of several",
        purpose="for models that give log-probabilities",
        tex=r"\text{loss} = -w_k p_k",
        symbols="$k$: the label; $p$: the predicted log-probabilities; $w$: `class_weights`, 1 if not set",
        options=({}, *CLASSES, {"axis": 1, "class_weights": ONE_TO_SEVEN}),
        bad_options=(*BAD, {"axis": "last"}),
        hard=(
            Hard("a log-probability of 0", [0], [[0.0, -5.0]], gradient=[[-1.0, 0.0]]),
            Hard("a log-probability of -inf on the target", [0], [[-INF, 0.0]], gradient=[[0.0, 0.0]]),
            Hard("a log-probability of -inf, not the target", [1], [[-INF, 0.0]], gradient=[[0.0, -1.0]]),
            Hard("all ignored", [-1], [[-0.3, -0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        uses=(
            Use(
                "One class of several",
                "The model gives log-probabilities, for example after a log-softmax.",
                "The model gives logits or probabilities: the value then means nothing, and can be negative.",
            ),
        ),
    ),
    Reference(
        "CategoricalGeneralizedCrossEntropy",
        "categorical_generalized_cross_entropy",
        "likelihood",
        kinds.LABELS,
        categorical_generalized_cross_entropy,
        "Zhang and Sabuncu, Generalized Cross Entropy Loss, 2018, equation 6",
        task="One class of several",
        purpose="labels of which some are wrong",
        tex=r"\text{loss} = w_k \frac{1 - p_k^q}{q}",
        symbols=(
            "$k$: the label; $p$: the predicted probability, with `from_logits` the softmax of y_pred; "
            "$q$: `q`; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1805.07836",
        options=(
            {"q": 0.5},
            {"q": 0.5, **LOGITS},
            {"q": 0.1},
            {"q": 0.9, **LOGITS},
            *({"q": 0.7, **extra} for extra in CLASSES),
        ),
        bad_options=(*BAD, {"q": 0.0}, {"q": 1.0}, {"q": -0.5}, {"from_logits": 1}),
        hard=(
            Hard("certain and right", [1], [[0.0, 1.0]], {"q": 0.5}, [[0.0, -1.0]]),
            Hard("certain and wrong", [0], [[0.0, 1.0]], {"q": 0.5}, [[-np.sqrt(1e7), 0.0]]),
            Hard("a probability of 1e-10", [0], [[1e-10, 1.0]], {"q": 0.5}, [[-np.sqrt(1e7), 0.0]]),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]], {"q": 0.5, **LOGITS}, [[0.0, 0.0]]),
            Hard("logits of 1e4, right", [1], [[-1e4, 1e4]], {"q": 0.5, **LOGITS}, [[0.0, 0.0]]),
            Hard("a small q", [1], [[-1.0, 1.0]], {"q": 0.001, **LOGITS}),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], {"q": 0.5, **LOGITS}, [[0.0, 0.0]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"q": 0.5, "ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=(Measured(options={"q": 0.5}),),
        uses=(
            Use(
                "Some labels are wrong",
                "You cannot find the wrong labels: they pull less than with cross-entropy.",
                "The labels are clean: it learns more slowly than cross-entropy.",
                {"from_logits": True, "q": 0.7},
            ),
        ),
    ),
)
