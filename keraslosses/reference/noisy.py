"""Losses for class labels of which some are wrong."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import INF, LOGITS, ONE_TO_SEVEN, log_probability
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.likelihood import each_target
from keraslosses.reference.uses import Use


def crossentropy(target: Array, log_p: Array) -> Any:
    return -np.sum(np.where(target == 0, 0, target * log_p))


def predicted(row: Array, from_logits: bool) -> tuple[Array, Array]:
    """The probabilities and their logarithms."""
    log_p = log_probability(row, from_logits, -1)
    nothing = not from_logits and np.sum(row) < 1e-30
    return (np.exp(log_p) if from_logits or nothing else row / np.sum(row)), log_p


def symmetric_crossentropy(
    y: Array,
    p: Array,
    alpha: float = 0.1,
    beta: float = 1.0,
    log_zero: float = -4.0,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    def term(target: Array, row: Array) -> Any:
        share, log_p = predicted(row, from_logits)
        log_y = np.where(target == 0, log_zero, np.log(target))
        forth = alpha * crossentropy(target, log_p) if alpha else 0.0
        return forth - beta * np.sum(share * log_y)

    return each_target(y, p, ignore_class, class_weights, term)


def bootstrapping(
    y: Array,
    p: Array,
    beta: float = 0.95,
    hard: bool = False,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    def term(target: Array, row: Array) -> Any:
        share, log_p = predicted(row, from_logits)
        own = np.arange(len(row)) == np.argmax(row) if hard else share
        return crossentropy(beta * target + (1 - beta) * own, log_p)

    return each_target(y, p, ignore_class, class_weights, term)


def taylor_crossentropy(
    y: Array,
    p: Array,
    order: int = 2,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    def term(target: Array, row: Array) -> Any:
        share, _ = predicted(row, from_logits)
        return np.sum(target * sum((1 - share) ** k / k for k in range(1, order + 1)))

    return each_target(y, p, ignore_class, class_weights, term)


def normalized_crossentropy(
    y: Array,
    p: Array,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    def term(target: Array, row: Array) -> Any:
        _, log_p = predicted(row, from_logits)
        of_all = -np.sum(np.where(np.isinf(log_p), 0, log_p))
        return crossentropy(target, log_p) / of_all if of_all else 0.0

    return each_target(y, p, ignore_class, class_weights, term)


SHARED: tuple[dict[str, Any], ...] = (
    {},
    LOGITS,
    {"class_weights": ONE_TO_SEVEN},
    {"ignore_class": -1, **LOGITS},
)
BAD: tuple[dict[str, Any], ...] = (
    {"from_logits": 1},
    {"class_weights": 3.0},
    {"class_weights": [-1.0]},
    {"ignore_class": 0.5},
)
TARGET = "$C$: the number of classes; $y$: the target, for a class index its one-hot row"
PREDICTED = "$p$: the predicted probability, with `from_logits` the softmax of y_pred"
WEIGHT = r"$u = \sum_i w_i y_i$ with $w$: `class_weights`, 1 if not set"
WRONG, BY_HEART = "Some labels are wrong", "The model learns wrong labels by heart"
ALL_RIGHT = Hard("logits of 100, right", [1], [[-100.0, 100.0]], LOGITS, [[0.0, 0.0]])

REFERENCES = (
    Reference(
        "SymmetricCrossentropy",
        "symmetric_crossentropy",
        "noisy",
        kinds.LABELS_OR_DISTRIBUTIONS,
        symmetric_crossentropy,
        "Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019, equation 7",
        task="One class of several",
        purpose="wrong labels, by a bounded second part",
        tex=(
            r"\text{loss} = u \left(-\alpha \sum_{i=1}^{C} y_i \log p_i "
            r"- \beta \sum_{i=1}^{C} p_i \log y_i\right)"
        ),
        symbols=(
            rf"{TARGET}, with $\log 0$ read as `log_zero`; {PREDICTED}; $\alpha$, $\beta$: `alpha`, `beta`; "
            rf"{WEIGHT}"
        ),
        paper="https://arxiv.org/abs/1908.06112",
        options=(*SHARED, {"alpha": 0.0, **LOGITS}, {"alpha": 2.0, "beta": 0.5, "log_zero": -6.0}),
        bad_options=(*BAD, {"alpha": -0.1}, {"beta": -1.0}, {"log_zero": 0.0}),
        hard=(
            Hard("certain and right", [1], [[0.0, 1.0]], gradient=[[4.1, 0.0]]),
            Hard("certain and wrong", [[1.0, 0.0]], [[0.0, 1.0]], gradient=[[-4.0, 0.0]]),
            Hard("a soft target", [[0.25, 0.75]], [[0.5, 0.5]]),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]], LOGITS, [[-0.1, 0.1]]),
            Hard("a logit of -inf, not the target", [1], [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
            ALL_RIGHT,
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                WRONG,
                "Cross-entropy learns the clean labels well: the second part holds back the wrong ones.",
                "The labels are clean: the second part only slows the training.",
                {"from_logits": True},
            ),
        ),
    ),
    Reference(
        "Bootstrapping",
        "bootstrapping",
        "noisy",
        kinds.LABELS_OR_DISTRIBUTIONS,
        bootstrapping,
        "Reed et al., Training Deep Neural Networks on Noisy Labels with Bootstrapping, 2015, section 3",
        task="One class of several",
        purpose="wrong labels, mixed with predictions",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -u \sum_{i=1}^{C} \left(\beta y_i + (1 - \beta) q_i\right) \log p_i \\ "
            r"q_i &= \begin{cases} p_i & \text{soft} \\ "
            r"1 \text{ if } p_i \text{ is the largest, else } 0 & \text{hard} \end{cases} "
            r"\end{align*}"
        ),
        symbols=rf"{TARGET}; {PREDICTED}; $\beta$: `beta`; {WEIGHT}; hard with the option `hard`",
        paper="https://arxiv.org/abs/1412.6596",
        options=(*SHARED, {"beta": 0.8, "hard": True}, {"beta": 0.0, "hard": True, **LOGITS}),
        bad_options=(*BAD, {"beta": 1.5}, {"beta": -0.1}, {"hard": 1}),
        hard=(
            Hard("certain and right", [1], [[0.0, 1.0]], gradient=[[1 - 0.05 * np.log(1e-7), 0.0]]),
            Hard("equal logits, soft", [1], [[0.0, 0.0]], LOGITS),
            Hard(
                "two that tie, hard",
                [1],
                [[0.0, 0.0]],
                {"hard": True, "beta": 0.5, **LOGITS},
                [[0.25, -0.25]],
            ),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]], LOGITS, [[-0.95, 0.95]]),
            Hard("a logit of -inf, not the target", [1], [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
            ALL_RIGHT,
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                BY_HEART,
                "The model is already good: it may correct the labels by what it predicts.",
                "Training starts from scratch: the first predictions are worse than the labels.",
                {"from_logits": True},
            ),
        ),
    ),
    Reference(
        "TaylorCrossentropy",
        "taylor_crossentropy",
        "noisy",
        kinds.LABELS_OR_DISTRIBUTIONS,
        taylor_crossentropy,
        "Feng et al., Can Cross Entropy Loss Be Robust to Label Noise?, 2020, equation 7",
        task="One class of several",
        purpose="wrong labels, by a bounded series",
        tex=r"\text{loss} = u \sum_{i=1}^{C} y_i \sum_{k=1}^{K} \frac{(1 - p_i)^k}{k}",
        symbols=rf"{TARGET}; {PREDICTED}; $k$: from 1 to $K$, the `order`; {WEIGHT}",
        paper="https://doi.org/10.24963/ijcai.2020/305",
        options=(*SHARED, {"order": 1}, {"order": 6, **LOGITS}),
        bad_options=(*BAD, {"order": 0}, {"order": 2.0}),
        hard=(
            Hard("certain and right", [1], [[0.0, 1.0]], gradient=[[1.0, 0.0]]),
            Hard("certain and wrong", [[1.0, 0.0]], [[0.0, 1.0]], gradient=[[-2.0, 0.0]]),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]], LOGITS, [[0.0, 0.0]]),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0]], LOGITS, [[0.0, 0.0]]),
            ALL_RIGHT,
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                BY_HEART,
                "As generalised cross-entropy, with a number of terms to choose instead of a power.",
                "There are many classes: with few terms it learns slowly.",
                {"from_logits": True},
            ),
        ),
    ),
    Reference(
        "NormalizedCrossentropy",
        "normalized_crossentropy",
        "noisy",
        kinds.LABELS_OR_DISTRIBUTIONS,
        normalized_crossentropy,
        "Ma et al., Normalized Loss Functions for Deep Learning with Noisy Labels, 2020, equation 5",
        task="One class of several",
        purpose="wrong labels, as a part of a sum",
        tex=r"\text{loss} = u \frac{\sum_{i=1}^{C} y_i \log p_i}{\sum_{i=1}^{C} \log p_i}",
        symbols=rf"{TARGET}; {PREDICTED}; {WEIGHT}",
        paper="https://arxiv.org/abs/2006.13554",
        options=SHARED,
        bad_options=BAD,
        hard=(
            Hard("certain and right", [1], [[0.0, 1.0]], gradient=[[1 / -np.log(1e-7), 0.0]]),
            Hard("certain and wrong", [[1.0, 0.0]], [[0.0, 1.0]]),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]], LOGITS, [[0.0, 0.0]]),
            Hard(
                "a logit of -inf, not the target",
                [1],
                [[-INF, 1.0, 0.5]],
                LOGITS,
                [[0.0, -0.31607055, 0.31607055]],
            ),
            Hard("a logit of -inf on the target", [0], [[-INF, 1.0, 0.5]], LOGITS, [[0.0, 0.0, 0.0]]),
            ALL_RIGHT,
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                BY_HEART,
                "You add a second loss that learns faster, such as `SymmetricCrossentropy(alpha=0.0)`.",
                "You want one loss alone: by itself it learns slowly.",
                {"from_logits": True},
            ),
        ),
    ),
)
