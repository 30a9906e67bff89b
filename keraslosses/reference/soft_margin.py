"""Soft margins of yes-or-no scores, and the hinge of distances."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.margin import BAD_WEIGHTS, OUTPUTS, signed, weights_of_outputs
from keraslosses.reference.uses import Use


def soft_margin(y: Array, x: Array, class_weights: Any = None) -> Array:
    return np.mean(weights_of_outputs(class_weights) * np.logaddexp(0, -signed(y) * x), axis=-1)


def multi_label_soft_margin(y: Array, x: Array, class_weights: Any = None) -> Array:
    terms = y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x)
    return np.mean(weights_of_outputs(class_weights) * terms, axis=-1)


def hinge_embedding(y: Array, x: Array, margin: float = 1.0) -> Array:
    y = signed(y)
    return np.mean(np.where(y == -1, 0, x) + np.where(y == 1, 0, np.maximum(margin - x, 0)), axis=-1)


FAR = Hard("scores of 1e4", [[1.0, -1.0, 1.0, -1.0]], [[1e4, -1e4, -1e4, 1e4]])

REFERENCES = (
    Reference(
        "SoftMargin",
        "soft_margin",
        "margin",
        kinds.SIGNS,
        soft_margin,
        "torch.nn.SoftMarginLoss",
        task="Yes or no, by a name of torch",
        purpose="binary cross-entropy for targets -1 and 1",
        tex=r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} w_i \log(1 + e^{-y_i x_i})",
        symbols=(
            "$y$: the target, -1 or 1; $x$: the predicted score; $n$: the size of the last axis; $w$: "
            "`class_weights`, 1 if not set"
        ),
        options=OUTPUTS,
        bad_options=BAD_WEIGHTS,
        hard=(
            FAR,
            Hard("scores of 0", [[1.0, -1.0]], [[0.0, 0.0]], gradient=[[-0.25, 0.25]]),
            Hard("a score of 20 for 1", [[1.0]], [[20.0]], gradient=[[-2.0611536e-9]]),
            Hard("targets of 0 and 1", [[1.0, 0.0]], [[0.25, 0.5]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Yes or no, by a name of torch",
                "You need a probability, and the targets are -1 and 1.",
                "The targets are 0 and 1: `BinaryCrossentropy` is the same, with more options.",
            ),
        ),
    ),
    Reference(
        "MultiLabelSoftMargin",
        "multi_label_soft_margin",
        "margin",
        kinds.BINARY_SCORES,
        multi_label_soft_margin,
        "torch.nn.MultiLabelSoftMarginLoss",
        task="Yes or no, by a name of torch",
        purpose="binary cross-entropy, named as in torch",
        tex=(
            r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} w_i "
            r"\left(-y_i \log p_i - (1 - y_i) \log(1 - p_i)\right)"
        ),
        symbols=(
            "$y$: the target; $p$: the sigmoid of y_pred; $n$: the number of outputs; $w$: `class_weights`, "
            "1 if not set"
        ),
        options=OUTPUTS,
        bad_options=BAD_WEIGHTS,
        hard=(
            Hard("logits of 0", [[0.0, 1.0]], [[0.0, 0.0]], gradient=[[0.25, -0.25]]),
            Hard("logits of 1e4", [[0.0, 1.0]], [[1e4, -1e4]], gradient=[[0.5, -0.5]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Yes or no, by a name of torch",
                "You move a model from torch that has this loss: `class_weights` holds its weights.",
                "Positives are rare: `BinaryCrossentropy` can weigh them.",
            ),
        ),
    ),
    Reference(
        "HingeEmbedding",
        "hinge_embedding",
        "similarity",
        kinds.SIGNS,
        hinge_embedding,
        "torch.nn.HingeEmbeddingLoss",
        task="Retrieval and embeddings",
        purpose="distances of similar and of other pairs",
        tex=(
            r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} \begin{cases} x_i & \text{if } y_i = 1 \\ "
            r"\max(m - x_i, 0) & \text{if } y_i = -1 \end{cases}"
        ),
        symbols=(
            "$x$: the predicted distance; $y$: the target, 1 for similar pairs, else -1; $m$: `margin`; "
            "$n$: the size of the last axis"
        ),
        options=({}, {"margin": 0.3}),
        bad_options=({"margin": -1.0}, {"margin": float("inf")}),
        hard=(
            FAR,
            Hard("the margin just reached", [[1.0, -1.0]], [[1.0, 1.0]], gradient=[[0.5, 0.0]]),
            Hard("targets of 0 and 1", [[1.0, 0.0]], [[0.25, 0.5]], gradient=[[0.5, -0.5]]),
            Hard("a target of 0 beside -1", [[0.0, -1.0]], [[0.25, 0.5]], gradient=[[0.0, -0.5]]),
        ),
        uses=(
            Use(
                "Retrieval and embeddings",
                "The model gives a distance for each pair, and you know which pairs are similar.",
                "The model gives embeddings with labels: `Circle` compares all pairs of a batch.",
            ),
        ),
    ),
)
