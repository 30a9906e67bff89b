"""The bi-tempered logistic loss."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import INF, ONE_TO_SEVEN
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.likelihood import each_target
from keraslosses.reference.noisy import TARGET, WEIGHT, WRONG
from keraslosses.reference.uses import Use


def bi_tempered(
    y: Array,
    p: Array,
    t1: float = 0.8,
    t2: float = 1.4,
    label_smoothing: float = 0.0,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    def term(target: Array, row: Array) -> Any:
        target = target * (1 - label_smoothing) + label_smoothing / len(target)
        x = row - normaliser(row, t2)
        share = exp_t(x, t2)
        of_share = x if t1 == t2 == 1 else log_t(share, t1)
        ratio = np.where(target == 0, 0, target * (log_t(target, t1) - of_share))
        return np.sum(ratio - (target ** (2 - t1) - share ** (2 - t1)) / (2 - t1))

    return each_target(y, p, ignore_class, class_weights, term)


def log_t(x: Any, t: float) -> Any:
    return np.log(x) if t == 1 else (x ** (1 - t) - 1) / (1 - t)


def exp_t(x: Any, t: float) -> Any:
    return np.exp(x) if t == 1 else np.maximum(1 + (1 - t) * x, 0) ** (1 / (1 - t))


def normaliser(row: Array, t: float) -> Any:
    """The number to subtract from a row so that its exponentials sum to 1, by bisection."""
    if np.isnan(row).any():
        return np.nan
    low = np.max(row)
    high = low - log_t(1 / len(row), t)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.sum(exp_t(row - middle, t)) > 1 else (low, middle)
    return (low + high) / 2


CROSS_ENTROPY = {"t1": 1.0, "t2": 1.0}

REFERENCES = (
    Reference(
        "BiTempered",
        "bi_tempered",
        "noisy",
        kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES,
        bi_tempered,
        "Amid et al., Robust Bi-Tempered Logistic Loss Based on Bregman Divergences, 2019, equations 4 and 5",
        task="One class of several",
        purpose="wrong labels, far off or near the boundary",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= u \sum_{i=1}^{C} \left(z_i (\log_{t_1} z_i - \log_{t_1} p_i) "
            r"- \frac{z_i^{2 - t_1} - p_i^{2 - t_1}}{2 - t_1}\right) \\ "
            r"p_i &= \left(1 + (1 - t_2) (x_i - \lambda)\right)^{1 / (1 - t_2)} \\ "
            r"z_i &= (1 - s) y_i + \frac{s}{C} \\ "
            r"\log_{t_1} a &= \frac{a^{1 - t_1} - 1}{1 - t_1} "
            r"\end{align*}"
        ),
        symbols=(
            rf"{TARGET}; $x$: y_pred; $t_1$, $t_2$: `t1`, `t2`; $s$: `label_smoothing`; $a$: any number; "
            rf"$\lambda$: the number at which the sum of $p$ is 1; {WEIGHT}; for a temperature of 1, the "
            "ordinary logarithm and softmax"
        ),
        paper="https://arxiv.org/abs/1906.03361",
        options=(
            {},
            {"label_smoothing": 0.1, "class_weights": ONE_TO_SEVEN},
            {"ignore_class": -1, "t1": 0.3, "t2": 3.0},
            CROSS_ENTROPY,
            {"t1": 1.0, "t2": 2.0},
            {"t1": 0.0, "t2": 1.0},
        ),
        bad_options=(
            {"t1": 1.1},
            {"t1": -0.1},
            {"t2": 0.9},
            {"t2": float("inf")},
            {"label_smoothing": 1.5},
            {"class_weights": [-1.0]},
            {"ignore_class": 0.5},
        ),
        hard=(
            Hard("equal logits", [1], [[0.0, 0.0]]),
            Hard("logits of 100, right", [1], [[-100.0, 100.0]]),
            Hard("logits of 1e4, right", [1], [[-1e4, 1e4]]),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]]),
            Hard("logits of 1e4, wrong, cross-entropy", [0], [[-1e4, 1e4]], CROSS_ENTROPY, [[-1.0, 1.0]]),
            Hard("a soft target", [[0.25, 0.75, 0.0]], [[0.5, 1.5, -3.0]]),
            Hard("a target just met", [[0.25, 0.75]], [[0.0, 0.0]], {"t1": 0.5, "t2": 1.0}),
            Hard("a tiny target", [[1e-20, 1.0]], [[1.0, 1.0]], {"t1": 0.0}),
            Hard(
                "a logit of -inf, not the target",
                [1],
                [[-INF, 1.0, 1.0]],
                gradient=[[0.0, -0.32987698, 0.32987698]],
            ),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], gradient=[[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                WRONG,
                "Some wrong labels are near the boundary and some far from it: `t2` and `t1` are for these.",
                "You need calibrated probabilities of the ordinary softmax.",
                {"t1": 0.8, "t2": 1.4},
            ),
        ),
    ),
)
