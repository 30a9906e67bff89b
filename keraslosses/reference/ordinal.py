"""Losses of ordered classes."""

import math
from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import INF, ONE_TO_SEVEN
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.likelihood import BAD, each_entry
from keraslosses.reference.uses import Use


def coral(y: Array, x: Array, ignore_class: int | None = None, class_weights: Any = None) -> Array:
    def term(label: int, row: Array) -> float:
        return sum(answer(label > k, logit) for k, logit in enumerate(row))

    return each_entry(y, x, ignore_class, class_weights, term)


def corn(y: Array, x: Array, ignore_class: int | None = None, class_weights: Any = None) -> Array:
    def of_level(k: int) -> Array:
        def term(label: int, row: Array) -> float:
            return answer(label > k, row[k]) if label >= k else 0.0

        return each_entry(y, x, ignore_class, class_weights, term)

    return np.stack([of_level(k) for k in range(x.shape[-1])], axis=-1)


def answer(yes: bool, logit: float) -> float:
    """-log of the probability of the right answer."""
    return float(np.logaddexp(0, -logit if yes else logit))


def cumulative_link(
    y: Array, x: Array, link: str = "logit", ignore_class: int | None = None, class_weights: Any = None
) -> Array:
    log_below, log_above = DISTRIBUTIONS[link]

    def term(label: int, row: Array) -> float:
        edges = [-INF, *(row[1:] - row[0]), INF]
        lower, upper = edges[label], edges[label + 1]
        outside = np.exp(log_below(lower)) + np.exp(log_above(upper))
        if outside < 0.5:
            return -np.log1p(-outside)
        # F(upper) - F(lower) = (1 - F(lower)) - (1 - F(upper)): the difference of the smaller numbers.
        pairs = (log_below(upper), log_below(lower)), (log_above(lower), log_above(upper))
        larger, smaller = min(pairs)
        return -larger - np.log(-np.expm1(smaller - larger))

    return each_entry(y, x, ignore_class, class_weights, term)


def log_normal(x: float) -> float:
    """log Φ(x). Far below 0, Φ(x) is the density times 1/|x| - 1/|x|³ + 3/|x|⁵ - .."""
    if x > -30:
        return math.log(0.5 * math.erfc(-x / math.sqrt(2)))
    if np.isinf(x):
        return -INF
    return -x * x / 2 - math.log(-x * math.sqrt(2 * math.pi)) + math.log1p(-1 / x**2 + 3 / x**4)


def log_gumbel(x: float) -> float:
    """log(1 - exp(-e^x)). Far below 0, it is x."""
    return x if x < -40 else float(np.log(-np.expm1(-np.exp(x))))


# The logarithms of F(x) and of 1 - F(x), for each link.
DISTRIBUTIONS: dict[str, Any] = {
    "logit": (lambda x: -np.logaddexp(0, -x), lambda x: -np.logaddexp(0, x)),
    "probit": (log_normal, lambda x: log_normal(-x)),
    "cloglog": (log_gumbel, lambda x: -np.exp(x)),
}

OPTIONS = ({}, {"class_weights": ONE_TO_SEVEN}, {"ignore_class": -1})
NOT_RANKED = "The order means little, or the classes have none: use a cross-entropy."
ORDER = "Classes in an order: ages, grades, ratings"

REFERENCES = (
    Reference(
        "Coral",
        "coral",
        "ordinal",
        kinds.LEVELS,
        coral,
        "Cao et al., Rank Consistent Ordinal Regression for Neural Networks with Application to Age "
        "Estimation, 2020, equation 4",
        task=ORDER,
        purpose="a yes or no for each level, from one direction of the features",
        tex=(
            r"\text{loss} = w_y \sum_{k=0}^{K-2} \log\left(1 + e^{x_k}\right) - t_k x_k, \quad "
            r"t_k = \begin{cases} 1 & y > k \\ 0 & \text{else} \end{cases}"
        ),
        symbols=(
            "$y$: the label of $K$ classes; $x$: the predicted logits; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1901.07884",
        options=OPTIONS,
        bad_options=BAD,
        hard=(
            Hard("logits of 1e4, right", [1], [[1e4, -1e4]], gradient=[[0.0, 0.0]]),
            Hard("logits of 1e4, wrong", [1], [[-1e4, 1e4]], gradient=[[-1.0, 1.0]]),
            Hard("logits of 0", [2], [[0.0, 0.0]], gradient=[[-0.5, -0.5]]),
            Hard("two classes", [1], [[-3.0]]),
            Hard("an infinite logit, right", [0], [[-INF, 1.0]], gradient=[[0.0, 1 / (1 + np.exp(-1.0))]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                ORDER,
                "All levels can be read from one direction of the features; the answers do not contradict "
                "each other.",
                NOT_RANKED,
            ),
        ),
    ),
    Reference(
        "Corn",
        "corn",
        "ordinal",
        kinds.CONDITIONAL_LEVELS,
        corn,
        "Shi et al., Deep Neural Networks for Rank-Consistent Ordinal Regression Based on Conditional "
        "Probabilities, 2021, equation 6",
        task=ORDER,
        purpose="as Coral, with features of its own for each level",
        tex=(
            r"\text{loss}_k = w_y \left(\log\left(1 + e^{x_k}\right) - t_k x_k\right) \text{ for } k \le y, "
            r"\quad t_k = \begin{cases} 1 & y > k \\ 0 & \text{else} \end{cases}"
        ),
        symbols=(
            "$y$: the label; $x$: the predicted logits; $w$: `class_weights`, 1 if not set; the questions "
            "$k > y$ do not count"
        ),
        paper="https://arxiv.org/abs/2111.08851",
        options=OPTIONS,
        bad_options=BAD,
        hard=(
            Hard("logits of 1e4, right", [1], [[1e4, -1e4, 1e4]], gradient=[[0.0, 0.0, 0.0]]),
            Hard("logits of 1e4, wrong", [1], [[-1e4, 1e4, 1e4]], gradient=[[-1.0, 1.0, 0.0]]),
            Hard("an infinite logit that does not count", [0], [[0.0, INF]], gradient=[[0.5, 0.0]]),
            Hard("two classes", [1], [[-3.0]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        zeros_count=False,
        uses=(
            Use(
                ORDER,
                "The features that tell the low classes apart differ from those of the high ones.",
                "Few samples reach the highest classes: their questions learn from those samples only.",
            ),
        ),
    ),
    Reference(
        "CumulativeLink",
        "cumulative_link",
        "ordinal",
        kinds.THRESHOLDS,
        cumulative_link,
        "McCullagh, Regression Models for Ordinal Data, 1980, equations 2.1 and 2.3",
        task=ORDER,
        purpose="one score for each sample, and learned thresholds",
        tex=r"\text{loss} = -w_y \log\left(F(\theta_y - f) - F(\theta_{y-1} - f)\right)",
        symbols=(
            r"$y$: the label; $f$: the predicted score; $\theta$: the thresholds, with $-\infty$ before the "
            r"first and $\infty$ after the last; $F$: the distribution function of `link`; $w$: "
            "`class_weights`, 1 if not set"
        ),
        options=(
            {},
            {"link": "probit"},
            {"link": "cloglog"},
            {"class_weights": ONE_TO_SEVEN},
            {"ignore_class": -1, "link": "probit"},
        ),
        bad_options=(*BAD, {"link": "cauchit"}, {"link": None}),
        hard=(
            Hard("a score of 30, wrong", [0], [[30.0, -1.0, 1.0]]),
            Hard("a score of 30, right", [2], [[30.0, -1.0, 1.0]]),
            Hard("a score of 300, wrong", [1], [[300.0, -1.0, 1.0]]),
            Hard("thresholds 1e-6 apart", [1], [[0.0, 0.0, 1e-6]]),
            Hard("thresholds 1e-6 apart, probit", [1], [[3.0, 0.0, 1e-6]], {"link": "probit"}),
            Hard("thresholds 1e-6 apart, cloglog", [1], [[3.0, 0.0, 1e-6]], {"link": "cloglog"}),
            Hard("equal thresholds around another class", [0], [[0.5, 0.0, 0.0]]),
            Hard("equal thresholds", [1], [[0.5, 0.0, 0.0]], gradient=[[0.0, 0.0, 0.0]]),
            Hard("a score of 8, probit", [1], [[8.0, -1.0, 1.0]], {"link": "probit"}),
            Hard("a score of -8, probit", [1], [[-8.0, -1.0, 1.0]], {"link": "probit"}),
            Hard("a score of 30, probit", [0], [[30.0, -1.0, 1.0]], {"link": "probit"}),
            Hard("a score of 300, probit", [1], [[300.0, -1.0, 1.0]], {"link": "probit"}),
            Hard("a score in the middle, probit", [1], [[0.25, -3.0, 3.5]], {"link": "probit"}),
            Hard("a score of 30, cloglog", [0], [[30.0, -1.0, 1.0]], {"link": "cloglog"}),
            Hard("a score of -3, cloglog", [2], [[-3.0, -1.0, 1.0]], {"link": "cloglog"}),
            Hard("two classes", [1], [[0.5, 1.0]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                ORDER,
                "One number for each sample says enough, or you want the ordinal regression of statistics.",
                NOT_RANKED,
            ),
        ),
    ),
)
