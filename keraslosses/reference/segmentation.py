"""Overlaps of regions."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.uses import Use


def dice(y: Array, p: Array, axis: Any = None) -> Array:
    return over_regions(y, p, axis, lambda t, s: 1 - 2 * np.sum(t * s) / (np.sum(t) + np.sum(s) + 1e-7))


def tversky(y: Array, p: Array, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Array:
    def index(t: Array, s: Array) -> float:
        positive = np.sum(t * s)
        false_positive, false_negative = np.sum((1 - t) * s), np.sum(t * (1 - s))
        return 1 - positive / (positive + alpha * false_positive + beta * false_negative + 1e-7)

    return over_regions(y, p, axis, index)


def over_regions(y: Array, p: Array, axis: Any, loss: Any) -> Array:
    """The values region by region. `axis` is what a region spans.

    None is one region for the whole batch. Its value is copied to each sample.
    """
    if axis is None:
        whole = 0.0 if np.sum(y) + np.sum(p) == 0 else loss(y, p)
        return np.full(len(p), whole)
    axes = sorted({a % p.ndim for a in np.atleast_1d(axis)})
    kept = [a for a in range(p.ndim) if a not in axes]
    y, p = (np.transpose(x, (*kept, *axes)) for x in (y, p))
    values = np.zeros(p.shape[: len(kept)])
    for place in np.ndindex(*values.shape):
        empty = np.sum(y[place]) + np.sum(p[place]) == 0
        values[place] = 0.0 if empty else loss(y[place], p[place])
    return values


AXES: tuple[dict[str, Any], ...] = ({}, {"axis": -1}, {"axis": [1, -1]}, {"axis": [0, 1]})
BAD: tuple[dict[str, Any], ...] = ({"axis": 0.5}, {"axis": "all"}, {"axis": [0.5]}, {"axis": []})
EMPTY = Hard("both empty", [[0.0, 0.0]], [[0.0, 0.0]], gradient=[[0.0, 0.0]])
SPLIT = Hard(
    "one region empty, one not",
    [[0.0, 0.0], [1.0, 0.0]],
    [[0.0, 0.0], [0.5, 0.5]],
    {"axis": -1},
)

REFERENCES = (
    Reference(
        "Dice",
        "dice",
        "segmentation",
        kinds.REGIONS,
        dice,
        "Milletari et al., V-Net, 2016, with sums in the place of squares",
        task="Segmentation",
        purpose="the overlap of regions, for small ones too",
        tex=r"\text{loss} = 1 - \frac{2 \sum_i y_i p_i}{\sum_i y_i + \sum_i p_i + 10^{-7}}",
        symbols="$y$, $p$: the true and the predicted pixels, over `axis`",
        paper="https://arxiv.org/abs/1606.04797",
        options=AXES,
        bad_options=BAD,
        hard=(
            EMPTY,
            SPLIT,
            Hard("nearly equal regions", [[1.0, 0.0]], [[0.75, 0.0]]),
            Hard("nothing in common", [[1.0, 0.0]], [[0.0, 1.0]]),
            Hard("a true region that is empty", [[0.0, 0.0]], [[0.5, 0.25]]),
        ),
        laws=frozenset({"symmetric", "non_negative"}),
        uses=(
            Use(
                "Segmentation",
                "Each image has one object, and the overlap is what counts.",
                "Many images have no object: such an image has a gradient of 0, so add a cross-entropy.",
                {"axis": (1, 2)},
            ),
            Use(
                "Small lesions and other small things are missed",
                "The background has far more pixels than the object: it counts only as false alarms.",
                "Missed pixels must cost more than false alarms: `Tversky` can weigh them apart.",
                {"axis": (1, 2)},
            ),
        ),
    ),
    Reference(
        "Tversky",
        "tversky",
        "segmentation",
        kinds.REGIONS,
        tversky,
        "Salehi et al., Tversky Loss Function for Image Segmentation, 2017, equation 2",
        task="Segmentation",
        purpose="Dice with weights for false positives and false negatives",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= 1 - \frac{\text{TP}}{\text{TP} + \alpha \, \text{FP} + \beta \, \text{FN} + "
            r"10^{-7}} \\ "
            r"\text{TP} &= \sum_i y_i p_i, \quad \text{FP} = \sum_i (1 - y_i) p_i, \quad \text{FN} = "
            r"\sum_i y_i (1 - p_i) "
            r"\end{align*}"
        ),
        symbols=(
            "$y$, $p$: the true and the predicted pixels, over `axis`; "
            r"$\alpha$, $\beta$: `alpha`, `beta`"
        ),
        paper="https://arxiv.org/abs/1706.05721",
        options=(*AXES, {"alpha": 0.9, "beta": 0.1}, {"alpha": 0.0, "beta": 2.0, "axis": -1}),
        bad_options=(*BAD, {"alpha": -1.0}, {"beta": -0.5}),
        hard=(
            EMPTY,
            SPLIT,
            Hard("one false positive", [[1.0, 0.0]], [[1.0, 1.0]], {"alpha": 0.9, "beta": 0.1}),
            Hard("one false negative", [[1.0, 1.0]], [[1.0, 0.0]], {"alpha": 0.9, "beta": 0.1}),
            Hard(
                "nothing in common, alpha and beta 0", [[1.0, 0.0]], [[0.0, 1.0]], {"alpha": 0.0, "beta": 0.0}
            ),
        ),
        laws=frozenset({"non_negative"}),
        # The weights are equal, because Keras 3.15.1 swaps `alpha` and `beta`.
        measured=(Measured(options={"alpha": 0.5, "beta": 0.5}),),
        uses=(
            Use(
                "Segmentation",
                "Missed pixels and false alarms must cost differently.",
                "Both cost the same: `Dice` has no weights to choose.",
                {"alpha": 0.3, "beta": 0.7, "axis": (1, 2)},
            ),
            Use(
                "Small lesions and other small things are missed",
                "Missed pixels are the problem: `beta` weighs them, `alpha` weighs false alarms.",
                "There are too many false alarms already: a high `beta` makes more.",
                {"alpha": 0.3, "beta": 0.7, "axis": (1, 2)},
            ),
        ),
    ),
)
