"""Divergences between distributions."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use


def poisson(y: Array, p: Array) -> Array:
    return np.mean(p - y * np.log(p + 1e-7), axis=-1)


def kl_divergence(y: Array, p: Array) -> Array:
    y, p = np.minimum(y, 1), np.clip(p, 1e-7, 1)
    terms = np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / p), 0)
    return np.sum(terms, axis=-1)


REFERENCES = (
    Reference(
        "Poisson",
        "poisson",
        "probabilistic",
        kinds.POSITIVE,
        poisson,
        "Keras",
        hard=(
            Hard("a rate of 0", [[0.0, 2.0]], [[0.0, 0.0]], gradient=[[0.5, 0.5 - 1e7]]),
            Hard("a count of 0", [[0.0, 0.0]], [[1.0, 3.0]]),
        ),
        uses=(
            Use(
                "Counts",
                "Targets are counts, and y_pred is the expected count, through `softplus` or `exponential`.",
                "The counts scatter far more than their mean allows: a Poisson variance equals its mean.",
            ),
        ),
    ),
    Reference(
        "KLDivergence",
        "kl_divergence",
        "probabilistic",
        kinds.DISTRIBUTIONS,
        kl_divergence,
        "Kullback and Leibler, On Information and Sufficiency, 1951",
        hard=(
            Hard("equal inputs", [[0.25, 0.75]], [[0.25, 0.75]], gradient=[[-1.0, -1.0]]),
            Hard("a true probability of 0", [[0.0, 1.0]], [[0.5, 0.5]], gradient=[[0.0, -2.0]]),
            Hard("a predicted probability of 0", [[0.5, 0.5]], [[0.0, 1.0]], gradient=[[0.0, -0.5]]),
            Hard("certain and right", [[0.0, 1.0]], [[0.0, 1.0]], gradient=[[0.0, -1.0]]),
            Hard(
                "one class of 1000 for certain",
                np.eye(1, 1000),
                np.full((1, 1000), 1e-3),
                gradient=-1000 * np.eye(1, 1000),
            ),
        ),
        laws=frozenset({"non_negative", "zero_at_equality"}),
        uses=(
            Use(
                "Distributions, such as the outputs of a teacher",
                "Both are probabilities, and the loss must be 0 when they are equal.",
                "The model gives logits: `CategoricalCrossentropy` reads them and has the same gradient.",
            ),
        ),
    ),
)
