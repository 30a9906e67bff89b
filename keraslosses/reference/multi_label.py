"""Losses of several yes-or-no labels: of each output, and of soft counts over the batch."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import INF, LOGITS, ONE_TO_SEVEN, laid, log_probability, mean_of_known
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.likelihood import one_hot
from keraslosses.reference.uses import Use


def sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0, -x))


def discounts(
    y: Array, p: Array, gamma_negative: float, gamma_positive: float, clip: float, from_logits: bool
) -> tuple[Array, Array]:
    q = sigmoid(-p) if from_logits else 1 - p
    return q**gamma_positive, np.maximum(1 - q - clip, 0) ** gamma_negative


def asymmetric(
    y: Array,
    p: Array,
    gamma_negative: float = 4.0,
    gamma_positive: float = 1.0,
    clip: float = 0.05,
    from_logits: bool = False,
    stop_weights: bool = False,
    axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Any = None,
    frozen: Any = None,
) -> Array:
    of_yes, of_no = frozen or discounts(y, p, gamma_negative, gamma_positive, clip, from_logits)
    if from_logits:
        log_p, q = -np.logaddexp(0, -p), sigmoid(-p)
        log_rest = np.log(np.minimum(q + clip, 1)) if clip else -np.logaddexp(0, p)
    else:
        log_p = np.log(np.maximum(p, 1e-7))
        log_rest = np.log(np.maximum(1 - np.maximum(p - clip, 0), 1e-7))
    positive = np.where(y == 0, 0, y * of_yes * log_p)
    negative = np.where(y == 1, 0, (1 - y) * of_no * log_rest)
    return mean_of_known(-(positive + negative) * laid(class_weights, p, axis), y != ignore_class, axis)


def frozen_discounts(y: Array, p: Array, **options: Any) -> Any:
    """What the gradient holds constant with `stop_weights`."""
    if not options.get("stop_weights"):
        return None
    names = {"gamma_negative": 4.0, "gamma_positive": 1.0, "clip": 0.05, "from_logits": False}
    return discounts(y, p, **{name: options.get(name, default) for name, default in names.items()})


def decisions(
    y: Array, p: Array, from_logits: bool, multi_label: bool, ignore_class: int | None
) -> tuple[Array, Array, Array]:
    """The targets, the probabilities of yes, and which outputs count."""
    if p.ndim == 1:
        y, p = np.reshape(y, (-1, 1)), p[:, None]
    if multi_label or y.shape == p.shape:
        known = y != ignore_class
    else:
        known = np.repeat(y.reshape(p.shape[:-1])[..., None] != ignore_class, p.shape[-1], axis=-1)
        y = one_hot(y.reshape(p.shape[:-1]), p.shape[-1])
    if from_logits:
        p = sigmoid(p) if multi_label else np.exp(log_probability(p, True, -1))
    elif not multi_label:
        p = p / np.sum(p, axis=-1, keepdims=True)
    return y, p, known


def soft_f_beta(
    y: Array,
    p: Array,
    beta: float = 1.0,
    average: str = "macro",
    from_logits: bool = False,
    multi_label: bool = True,
    ignore_class: int | None = None,
) -> Array:
    y, p, known = decisions(y, p, from_logits, multi_label, ignore_class)

    def loss(y: Array, p: Array) -> float | None:
        """None if nothing is true or predicted."""
        if np.sum(y) + np.sum(p) == 0:
            return None
        precision, recall = np.sum(y * p) / max(np.sum(p), 1e-99), np.sum(y * p) / max(np.sum(y), 1e-99)
        if precision * recall == 0:
            return 1.0
        return 1 - (1 + beta**2) * precision * recall / (beta**2 * precision + recall)

    if average == "samples":
        values = np.zeros(p.shape[:-1])
        for place in np.ndindex(*values.shape):
            values[place] = loss(y[place][known[place]], p[place][known[place]]) or 0.0
        return values
    parts = [loss(y[known], p[known])]
    if average == "macro":
        kept = [known[..., c] for c in range(p.shape[-1])]
        parts = [loss(y[..., c][kept[c]], p[..., c][kept[c]]) for c in range(p.shape[-1])]
    found = [part for part in parts if part is not None]
    return of_each_sample(float(np.mean(found)) if found else 0.0, known)


def soft_matthews(
    y: Array,
    p: Array,
    from_logits: bool = False,
    multi_label: bool = True,
    ignore_class: int | None = None,
) -> Array:
    """As a correlation: the covariance over the roots of the variances of decisions that are yes or no."""
    y, p, known = decisions(y, p, from_logits, multi_label, ignore_class)
    true, said = y[known], p[known]
    spread = np.mean(true) * (1 - np.mean(true)) * np.mean(said) * (1 - np.mean(said))
    together = np.mean(true * said) - np.mean(true) * np.mean(said)
    return of_each_sample(1.0 if spread == 0 else 1 - together / np.sqrt(spread), known)


def of_each_sample(value: float, known: Array) -> Array:
    """The value of the batch for each sample that holds something to count; 0 for the others."""
    return np.where(known.reshape(len(known), -1).any(axis=1), value, 0.0)


BATCH: tuple[dict[str, Any], ...] = (
    {},
    LOGITS,
    {"ignore_class": -1, **LOGITS},
    {"multi_label": False, **LOGITS},
    {"multi_label": False, "ignore_class": -1},
)
BAD_BATCH: tuple[dict[str, Any], ...] = ({"from_logits": 1}, {"multi_label": 0}, {"ignore_class": 0.5})
NO_CLIP = {"clip": 0.0, **LOGITS}

REFERENCES = (
    Reference(
        "Asymmetric",
        "asymmetric",
        "multilabel",
        kinds.BINARY,
        asymmetric,
        "Ridnik et al., Asymmetric Loss For Multi-Label Classification, 2021, equation 7",
        task="Several labels at once",
        purpose="many labels, of which few hold",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{n} \sum_{i=1}^{n} w_i \ell_i \\ "
            r"\ell_i &= -y_i (1 - p_i)^{\gamma_+} \log p_i - (1 - y_i) m_i^{\gamma_-} \log(1 - m_i) \\ "
            r"m_i &= \max(p_i - c, 0) "
            r"\end{align*}"
        ),
        symbols=(
            r"$y$: the target; $p$: the predicted probability, with `from_logits` the sigmoid of y_pred; "
            r"$\gamma_+$, $\gamma_-$: `gamma_positive`, `gamma_negative`; $c$: `clip`; $w$: `class_weights`, "
            r"1 if not set; $n$: the number of outputs, without those whose target is `ignore_class`; with "
            r"`stop_weights`, the powers are constant in the gradient"
        ),
        paper="https://arxiv.org/abs/2009.14119",
        options=(
            {},
            LOGITS,
            {"gamma_negative": 2.0, "gamma_positive": 0.0, **NO_CLIP},
            {"gamma_negative": 0.5, "gamma_positive": 0.5, "clip": 0.2, "class_weights": ONE_TO_SEVEN},
            {"stop_weights": True, "axis": 1, "ignore_class": -1, **LOGITS},
            {"stop_weights": True},
        ),
        bad_options=(
            {"gamma_negative": -1.0},
            {"gamma_positive": "1"},
            {"clip": 1.5},
            {"from_logits": 1},
            {"stop_weights": 0},
            {"axis": "last"},
            {"ignore_class": 0.5},
            {"class_weights": [-1]},
        ),
        frozen=frozen_discounts,
        hard=(
            Hard("certain and right", [[0.0, 1.0]], [[0.0, 1.0]], gradient=[[0.0, 0.0]]),
            Hard(
                "certain and wrong",
                [[1.0, 0.0]],
                [[0.0, 1.0]],
                gradient=[[-0.5 * np.log(1e7), 0.5 * (0.95**4 / 0.05 - 4 * 0.95**3 * np.log(0.05))]],
            ),
            Hard("a negative at the clip", [[0.0]], [[0.05]], gradient=[[0.0]]),
            Hard(
                "exponents below 1",
                [[0.0, 1.0, 0.0]],
                [[0.0, 1.0, 1e-6]],
                {"gamma_negative": 0.5, "gamma_positive": 0.5, "clip": 0.0},
                [[0.0, 0.0, 1e-3 / 2]],
            ),
            Hard("logits of 100", [[0.0, 1.0, 0.0, 1.0]], [[100.0, 100.0, -100.0, -100.0]], NO_CLIP),
            Hard("logits of 1e4, wrong", [[0.0, 1.0]], [[1e4, -1e4]], NO_CLIP, [[0.5, -0.5]]),
            Hard("logits of 1e4, clipped", [[0.0, 1.0]], [[1e4, -1e4]], LOGITS, [[0.0, -0.5]]),
            Hard("a logit of 20 for 1", [[1.0]], [[20.0]], {"gamma_positive": 0.0, **LOGITS}),
            Hard("infinite logits, right", [[0.0, 1.0]], [[-INF, INF]], NO_CLIP, [[0.0, 0.0]]),
            Hard("infinite logits, wrong", [[1.0, 0.0]], [[-INF, INF]], NO_CLIP, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=(Measured("logits", LOGITS),),
        uses=(
            Use(
                "Several labels at once",
                "There are many labels, and most of them do not hold: easy negatives lose their weight.",
                "You need calibrated probabilities: positives and negatives are weighed differently.",
                {"from_logits": True},
            ),
        ),
    ),
    Reference(
        "SoftFBeta",
        "soft_f_beta",
        "multilabel",
        kinds.DECISIONS,
        soft_f_beta,
        "van Rijsbergen, Information Retrieval, 1979, chapter 7, with probabilities in place of decisions",
        task="The goal is an F1 score or a Matthews correlation",
        purpose="one minus a soft F-beta score of the batch",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= 1 - \frac{(1 + \beta^2) \, \text{TP}}{(1 + \beta^2) \, \text{TP} + \beta^2 \, "
            r"\text{FN} + \text{FP}} \\ "
            r"\text{TP} &= \sum_i y_i p_i, \quad \text{FP} = \sum_i (1 - y_i) p_i, \quad \text{FN} = "
            r"\sum_i y_i (1 - p_i) "
            r"\end{align*}"
        ),
        symbols=(
            r"$y$, $p$: the targets and the predicted probabilities, with `from_logits` the sigmoid of "
            r"y_pred, or its softmax without `multi_label`; $\beta$: `beta`; `average` says whether the sums "
            "are over the batch for each output, over all outputs of the batch, or over each row"
        ),
        options=(*BATCH, {"beta": 2.0, "average": "micro"}, {"beta": 0.5, "average": "samples", **LOGITS}),
        bad_options=(*BAD_BATCH, {"beta": 0.0}, {"average": "weighted"}),
        hard=(
            Hard("all right", [[1.0, 0.0]], [[1.0, 0.0]], gradient=[[-0.5, 0.0]]),
            Hard("all wrong", [[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]),
            Hard("nothing true, nothing predicted", [[0.0, 0.0]], [[0.0, 0.0]], gradient=[[0.0, 0.0]]),
            Hard("an output of which nothing is true", [[1.0, 0.0]], [[0.5, 0.0]]),
            Hard("logits of 20", [[1.0, 0.0, 1.0]], [[20.0, -20.0, -20.0]], LOGITS),
            Hard("an empty row", [[0.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [0.5, 0.5]], {"average": "samples"}),
        ),
        laws=frozenset({"non_negative"}),
        measured=(Measured("logits", LOGITS),),
        uses=(
            Use(
                "The goal is an F1 score or a Matthews correlation",
                "Few outputs are positive, and the model is judged by its F score.",
                "The batches are small: a batch without positives teaches almost nothing.",
                {"beta": 1.0, "from_logits": True},
            ),
        ),
    ),
    Reference(
        "SoftMatthews",
        "soft_matthews",
        "multilabel",
        kinds.DECISIONS,
        soft_matthews,
        "Matthews, Comparison of the Predicted and Observed Secondary Structure of T4 Phage Lysozyme, 1975, "
        "with probabilities in place of decisions",
        task="The goal is an F1 score or a Matthews correlation",
        purpose="one minus a soft Matthews correlation of the batch",
        tex=(
            r"\text{loss} = 1 - \frac{\text{TP} \, \text{TN} - \text{FP} \, \text{FN}}{\sqrt{(\text{TP} + "
            r"\text{FP})(\text{TP} + \text{FN})(\text{TN} + \text{FP})(\text{TN} + \text{FN})}}"
        ),
        symbols=(
            r"TP: $\sum_i y_i p_i$; FP: $\sum_i (1 - y_i) p_i$; FN: $\sum_i y_i (1 - p_i)$; "
            r"TN: $\sum_i (1 - y_i) (1 - p_i)$; $y$, $p$: the targets and the predicted probabilities "
            "of all outputs of the batch, with `from_logits` the sigmoid of y_pred, or its softmax without "
            "`multi_label`"
        ),
        paper="https://doi.org/10.1016/0005-2795(75)90109-9",
        options=BATCH,
        bad_options=BAD_BATCH,
        hard=(
            Hard("all wrong", [[1.0, 0.0]], [[0.0, 1.0]]),
            Hard("all targets the same", [[1.0, 1.0]], [[0.5, 0.25]], gradient=[[0.0, 0.0]]),
            Hard("nothing predicted", [[1.0, 0.0]], [[0.0, 0.0]], gradient=[[0.0, 0.0]]),
            Hard("logits of 10", [[1.0, 0.0, 1.0]], [[10.0, -10.0, -10.0]], LOGITS),
            Hard("logits of 100, all no", [[1.0, 0.0]], [[-100.0, -100.0]], LOGITS, [[0.0, 0.0]]),
        ),
        measured=(Measured("logits", LOGITS),),
        uses=(
            Use(
                "The goal is an F1 score or a Matthews correlation",
                "True negatives count too, and the numbers of positives and negatives differ much.",
                "The batches are small: a batch without positives teaches nothing.",
                {"from_logits": True},
            ),
        ),
    ),
)
