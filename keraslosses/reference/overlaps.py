"""Overlaps of regions that Keras does not have: Jaccard, focal Tversky, log-cosh Dice."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.segmentation import (
    BAD,
    EMPTY,
    LABELS,
    MORE_SYMBOLS,
    SPLIT,
    over_regions,
    regions_that_count,
    tversky_index,
)
from keraslosses.reference.uses import Use


def jaccard(y: Array, p: Array, smooth: float = 0.0, **layout: Any) -> Array:
    def loss(t: Array, s: Array, w: Array) -> float:
        common = np.sum(w * t * s)
        union = np.sum(w * t) + np.sum(w * s) - common
        return 1 - (common + smooth) / (union + smooth)

    return over_regions(y, p, loss, **layout)


def focal_tversky(
    y: Array,
    p: Array,
    alpha: float = 0.3,
    beta: float = 0.7,
    gamma: float = 0.75,
    smooth: float = 0.0,
    **layout: Any,
) -> Array:
    def loss(t: Array, s: Array, w: Array) -> float:
        return max(1 - tversky_index(t, s, w, alpha, beta, smooth), 0.0) ** gamma

    return over_regions(y, p, loss, **layout)


def log_cosh_dice(y: Array, p: Array, smooth: float = 0.0, **layout: Any) -> Array:
    def loss(t: Array, s: Array, w: Array) -> float:
        size = np.sum(w * t) + np.sum(w * s)
        return float(np.log(np.cosh(1 - (2 * np.sum(w * t * s) + smooth) / (size + smooth))))

    return over_regions(y, p, loss, **layout)


COUNTS = (
    r"\text{TP} &= \sum_i y_i p_i, \quad \text{FP} = \sum_i (1 - y_i) p_i, \quad \text{FN} = "
    r"\sum_i y_i (1 - p_i) "
)
PIXELS = "$y$, $p$: the true and the predicted pixels, over `axis`"
OPTIONS: tuple[dict[str, Any], ...] = ({}, {"from_logits": True, "axis": 1}, LABELS)
RIGHT = Hard("a perfect prediction", [[1.0, 0.0, 1.0]], [[1.0, 0.0, 1.0]], gradient=[[0.0] * 3])
NEARLY = Hard("nearly equal regions", [[1.0, 0.0]], [[0.999, 0.0]])
APART = Hard("nothing in common", [[1.0, 0.0]], [[0.0, 1.0]])
OF_NOTHING = Hard("a true region that is empty", [[0.0, 0.0]], [[0.5, 0.25]])

REFERENCES = (
    Reference(
        "Jaccard",
        "jaccard",
        "segmentation",
        kinds.REGIONS,
        jaccard,
        "Rahman and Wang, Optimizing Intersection-Over-Union in Deep Neural Networks, 2016, equation 3",
        task="Segmentation judged by intersection over union",
        purpose="the intersection over the union of regions",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= 1 - \frac{\text{TP} + s}{\text{TP} + \text{FP} + \text{FN} + s} \\ "
            rf"{COUNTS}\end{{align*}}"
        ),
        symbols=f"{PIXELS}; $s$: `smooth`; {MORE_SYMBOLS}",
        options=OPTIONS,
        bad_options=BAD,
        hard=(EMPTY, SPLIT, NEARLY, APART, OF_NOTHING),
        counting=regions_that_count,
        laws=frozenset({"symmetric", "non_negative"}),
        uses=(
            Use(
                "Segmentation judged by intersection over union",
                "The number that counts at the end is the mean IoU.",
                "The regions are small: `Dice` has a steeper gradient where little overlaps.",
                {"axis": (1, 2)},
            ),
        ),
    ),
    Reference(
        "FocalTversky",
        "focal_tversky",
        "segmentation",
        kinds.REGIONS,
        focal_tversky,
        "Abraham and Khan, A Novel Focal Tversky Loss Function, 2019, equation 4",
        task="Segmentation",
        purpose="Tversky loss to a power, for hard regions",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \left(1 - \frac{\text{TP} + s}{\text{TP} + \alpha \, \text{FP} + \beta \, "
            r"\text{FN} + s}\right)^{\gamma} \\ "
            rf"{COUNTS}\end{{align*}}"
        ),
        symbols=(
            rf"{PIXELS}; $\alpha$, $\beta$, $\gamma$: `alpha`, `beta`, `gamma`; $s$: `smooth`; {MORE_SYMBOLS}"
        ),
        paper="https://arxiv.org/abs/1810.07842",
        options=(*OPTIONS, {"alpha": 0.6, "beta": 0.2, "gamma": 1.5, "axis": -1}),
        bad_options=(*BAD, {"alpha": -1.0}, {"beta": -0.5}, {"gamma": 0.0}),
        hard=(EMPTY, SPLIT, RIGHT, NEARLY, APART, OF_NOTHING),
        counting=regions_that_count,
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Small lesions and other small things are missed",
                "Training with `Tversky` stops at regions that are nearly right.",
                "Most regions are missed wholly: a `gamma` below 1 turns the gradient down there.",
                {"axis": (1, 2)},
            ),
        ),
    ),
    Reference(
        "LogCoshDice",
        "log_cosh_dice",
        "segmentation",
        kinds.REGIONS,
        log_cosh_dice,
        "Jadon, A Survey of Loss Functions for Semantic Segmentation, 2020, section II.O",
        task="Segmentation",
        purpose="Dice loss that flattens near a perfect prediction",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \log \cosh \left(1 - \frac{2 \, \text{TP} + s}{2 \, \text{TP} + \text{FP} + "
            r"\text{FN} + s}\right) \\ "
            rf"{COUNTS}\end{{align*}}"
        ),
        symbols=f"{PIXELS}; $s$: `smooth`; {MORE_SYMBOLS}",
        paper="https://arxiv.org/abs/2006.14822",
        options=OPTIONS,
        bad_options=BAD,
        hard=(EMPTY, SPLIT, RIGHT, NEARLY, APART, OF_NOTHING),
        counting=regions_that_count,
        laws=frozenset({"symmetric", "non_negative"}),
        uses=(
            Use(
                "The overlap jumps at the end of the training",
                "Training with `Dice` is unsteady: this gradient is small for nearly right regions.",
                "The last percent counts: the small gradient learns it slowly.",
                {"axis": (1, 2)},
            ),
        ),
    ),
)
