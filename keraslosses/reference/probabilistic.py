"""Divergences between distributions."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use


def poisson(y: Array, p: Array, log_input: bool = False, full: bool = False) -> Array:
    terms = np.exp(p) - y * p if log_input else p - y * np.log(p + 1e-7)
    if full:
        terms = terms + np.where(y > 1, y * np.log(y) - y + np.log(2 * np.pi * y) / 2, 0)
    return np.mean(terms, axis=-1)


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
        task="Counts",
        purpose="numbers of events, such as visits per day",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{n} \sum_{i=1}^{n} (\ell_i + c_i) \\ "
            r"\ell_i &= \begin{cases} e^{p_i} - y_i p_i & \text{for logarithms} \\ "
            r"p_i - y_i \log(p_i + 10^{-7}) & \text{for rates} \end{cases} \\ "
            r"c_i &= \begin{cases} y_i \log y_i - y_i + \frac{1}{2} \log(2 \pi y_i) "
            r"& \text{if full and } y_i > 1 \\ "
            r"0 & \text{otherwise} \end{cases} "
            r"\end{align*}"
        ),
        symbols=(
            "$y$: the true count; $p$: the predicted rate, with `log_input` its logarithm; $c$: 0 unless "
            "`full`; $n$: the size of the last axis"
        ),
        options=({}, {"log_input": True}, {"full": True}, {"log_input": True, "full": True}),
        bad_options=({"log_input": 1}, {"full": "yes"}),
        hard=(
            Hard("a rate of 0", [[0.0, 2.0]], [[0.0, 0.0]], gradient=[[0.5, 0.5 - 1e7]]),
            Hard("a count of 0", [[0.0, 0.0]], [[1.0, 3.0]]),
            Hard("counts around 1", [[0.0, 1.0, 1.5]], [[1.0, 1.0, 1.0]], {"full": True}),
            Hard("a rate of almost 0", [[0.0, 2.0]], [[-100.0, -100.0]], {"log_input": True}),
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
        task="Distributions, such as the outputs of a teacher",
        purpose="how far one distribution is from another",
        tex=r"\text{loss} = \sum_{i=1}^{n} y_i \log \frac{y_i}{\max(p_i, 10^{-7})}",
        symbols=(
            r"$y$, $p$: the true and the predicted distribution; $n$: the size of the last axis; $0 \log "
            r"0$ is 0"
        ),
        paper="https://doi.org/10.1214/aoms/1177729694",
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
