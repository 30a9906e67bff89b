"""Cross-entropies for unequal counts of the classes, and one with a linear term more."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import (
    INF,
    LOGITS,
    ONE_TO_SEVEN,
    PROBABILITIES_AND_LOGITS,
    log_probability,
)
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.likelihood import each_target
from keraslosses.reference.uses import Use


def crossentropy(y: Array, z: Array) -> float:
    """Of one row of logits. Only classes with a target above 0 have a term."""
    log_p = log_probability(z, True, -1)
    return float(-np.sum(y[y > 0] * log_p[y > 0]))


def logit_adjusted(
    y: Array,
    z: Array,
    counts: Any,
    tau: float = 1.0,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    counts = np.asarray(counts, "float64")
    prior = np.array([n / counts.sum() if n else 1 / (2 * counts.sum()) for n in counts])
    weights = np.ones(len(counts)) if class_weights is None else np.asarray(class_weights)

    def term(y: Array, row: Array) -> float:
        return crossentropy(weights * y, row + tau * np.log(prior))

    return each_target(y, z, ignore_class, None, term)


def ldam(
    y: Array,
    z: Array,
    counts: Any,
    max_margin: float = 0.5,
    scale: float = 30.0,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    counts = np.maximum(np.asarray(counts, "float64"), 1)
    margins = max_margin * (counts.min() / counts) ** 0.25
    weights = np.ones(len(counts)) if class_weights is None else np.asarray(class_weights)

    def term(y: Array, row: Array) -> float:
        return crossentropy(weights * y, scale * np.where(y > 0, row - margins * y, row))

    return each_target(y, z, ignore_class, None, term)


def poly_crossentropy(
    y: Array,
    p: Array,
    epsilon: float = 1.0,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    weights = np.ones(p.shape[-1]) if class_weights is None else np.asarray(class_weights)

    def term(y: Array, row: Array) -> float:
        log_p, y = log_probability(row, from_logits, -1), weights * y
        total = np.sum(row)
        uniform = np.full(row.shape, 1 / len(row))
        share = np.exp(log_p) if from_logits else (row / total if total > 1e-30 else uniform)
        return float(np.sum((y * (epsilon * (1 - share) - log_p))[y > 0]))

    return each_target(y, p, ignore_class, None, term)


SEVEN_COUNTS = [500, 200, 80, 30, 12, 5, 0]
TWO_COUNTS = {"counts": [90, 10]}
BAD: tuple[dict[str, Any], ...] = (
    {"ignore_class": 0.5},
    {"class_weights": 3.0},
    {"class_weights": [-1.0]},
)
BAD_COUNTS = (
    *BAD,
    {"counts": None},
    {"counts": 7},
    {"counts": [3, -1]},
    {"counts": [0, 0]},
)
REFERENCES = (
    Reference(
        "LogitAdjusted",
        "logit_adjusted",
        "imbalance",
        kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES,
        logit_adjusted,
        "Menon et al., Long-tail Learning via Logit Adjustment, 2021, equation 10",
        task="One class of several",
        purpose="rare classes count as much as common ones",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -\sum_{i=1}^{C} w_i y_i \log \frac{e^{a_i}}{\sum_j e^{a_j}} \\ "
            r"a_i &= z_i + \tau \log \frac{n_i}{\sum_j n_j} "
            r"\end{align*}"
        ),
        symbols=(
            r"$z$: the logits; $y$: the target, for a class index its one-hot row; $C$: the number of "
            r"classes, $i$ and $j$ stand for one; $n$: `counts`, a 0 counts as one half above the line; "
            r"$\tau$: `tau`; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/2007.07314",
        options=(
            {"counts": SEVEN_COUNTS},
            {"counts": ONE_TO_SEVEN, "tau": 1.5, "ignore_class": -1, "class_weights": ONE_TO_SEVEN},
            {"counts": SEVEN_COUNTS, "tau": 0.5, "class_weights": ONE_TO_SEVEN},
        ),
        bad_options=(*BAD_COUNTS, {"tau": -1.0}),
        hard=(
            Hard("equal logits", [[1.0, 0.0]], [[3.0, 3.0]], TWO_COUNTS, [[-0.1, 0.1]]),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]], TWO_COUNTS, [[-1.0, 1.0]]),
            Hard("logits of 1e4, right", [1], [[-1e4, 1e4]], TWO_COUNTS, [[0.0, 0.0]]),
            Hard("a logit of -inf, not the target", [0], [[1.0, -INF]], TWO_COUNTS, [[0.0, 0.0]]),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], TWO_COUNTS, [[0.0, 0.0]]),
            Hard(
                "a class without samples",
                [[1.0, 0.0]],
                [[0.0, 0.0]],
                {"counts": [0, 10]},
                [[-20 / 21, 20 / 21]],
            ),
        ),
        laws=frozenset({"non_negative"}),
        per_class=("counts",),
        measured=(Measured(options={"counts": SEVEN_COUNTS}),),
        uses=(
            Use(
                "A few classes have most of the samples",
                "Rare classes are mistaken for common ones, and all classes are equally important.",
                "Only the share of right answers counts: it is lower for the common classes.",
                {"counts": [900, 90, 10]},
            ),
        ),
    ),
    Reference(
        "LDAM",
        "ldam",
        "imbalance",
        kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES,
        ldam,
        "Cao et al., Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, 2019, "
        "equation 13",
        task="One class of several",
        purpose="a margin that is larger for rare classes",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -\sum_{i=1}^{C} w_i y_i \log \frac{e^{s (z_i - m_i y_i)}}"
            r"{\sum_j e^{s (z_j - m_j y_j)}} \\ "
            r"m_i &= m \sqrt[4]{\min_j n_j / n_i} "
            r"\end{align*}"
        ),
        symbols=(
            r"$z$: the cosines or logits; $y$: the target, for a class index its one-hot row; $C$: the "
            r"number of classes, $i$ and $j$ stand for one; $n$: `counts`, below 1 it counts as 1; $m$: "
            "`max_margin`; $s$: `scale`; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1906.07413",
        options=(
            {"counts": SEVEN_COUNTS, "scale": 1.0},
            {"counts": SEVEN_COUNTS, "max_margin": 0.0, "scale": 2.0, "class_weights": ONE_TO_SEVEN},
            {"counts": ONE_TO_SEVEN, "max_margin": 1.0, "scale": 0.5, "ignore_class": -1},
        ),
        bad_options=(*BAD_COUNTS, {"max_margin": -1.0}, {"scale": 0.0}),
        hard=(
            Hard("equal logits", [[0.0, 1.0]], [[3.0, 3.0]], TWO_COUNTS),
            Hard("opposite cosines", [0], [[-1.0, 1.0]], TWO_COUNTS, [[-30.0, 30.0]]),
            Hard("logits of 1e4, right", [1], [[-1e4, 1e4]], TWO_COUNTS, [[0.0, 0.0]]),
            Hard("a logit of -inf, not the target", [0], [[1.0, -INF]], TWO_COUNTS, [[0.0, 0.0]]),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], TWO_COUNTS, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        per_class=("counts",),
        measured=(Measured(options={"counts": SEVEN_COUNTS}),),
        uses=(
            Use(
                "A few classes have most of the samples",
                "The last layer gives cosines, and rare classes need more distance from the others.",
                "The last layer gives plain logits: they can grow until the margin has no effect.",
                {"counts": [900, 90, 10]},
            ),
        ),
    ),
    Reference(
        "PolyCrossentropy",
        "poly_crossentropy",
        "imbalance",
        kinds.LABELS_OR_DISTRIBUTIONS,
        poly_crossentropy,
        "Leng et al., PolyLoss: A Polynomial Expansion Perspective, 2022, the loss called Poly-1",
        task="One class of several",
        purpose="cross-entropy with one more number to tune",
        tex=r"\text{loss} = \sum_{i=1}^{C} w_i y_i \left( -\log p_i + \varepsilon (1 - p_i) \right)",
        symbols=(
            r"$y$: the target, for a class index its one-hot row; $C$: the number of classes; $p$: the "
            r"predicted probability, with `from_logits` the softmax of y_pred; $\varepsilon$: `epsilon`; "
            "$w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/2204.12511",
        options=(
            {},
            LOGITS,
            {"epsilon": -0.5, "ignore_class": -1, "class_weights": ONE_TO_SEVEN},
            {"epsilon": 2.0, "class_weights": ONE_TO_SEVEN, **LOGITS},
        ),
        bad_options=(*BAD, {"epsilon": INF}, {"from_logits": 1}),
        hard=(
            Hard("certain and right", [1], [[0.0, 1.0]], gradient=[[2.0, 0.0]]),
            Hard("certain and wrong", [[1.0, 0.0]], [[0.0, 1.0]], gradient=[[-1.0, 0.0]]),
            Hard("a row of zeros", [0], [[0.0, 0.0]], gradient=[[0.0, 0.0]]),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]], LOGITS, [[-1.0, 1.0]]),
            Hard("logits of 0 and log 3", [[0.75, 0.25]], [[0.0, np.log(3.0)]], LOGITS),
            Hard("a logit of -inf, not the target", [0], [[1.0, -INF]], LOGITS, [[0.0, 0.0]]),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
        ),
        measured=PROBABILITIES_AND_LOGITS,
        uses=(
            Use(
                "A few classes have most of the samples",
                "You can try a few values of `epsilon`: on unequal classes the best one may be negative.",
                "You cannot tune it: cross-entropy with class weights needs no search.",
                {"from_logits": True},
            ),
        ),
    ),
)
