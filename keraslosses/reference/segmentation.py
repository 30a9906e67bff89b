"""Overlaps of regions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.uses import Use


def dice(y: Array, p: Array, squared: bool = False, smooth: float = 0.0, **layout: Any) -> Array:
    def loss(t: Array, s: Array, w: Array) -> float:
        power, small = 2 if squared else 1, 0.0 if smooth else 1e-7
        size = np.sum(w * t**power) + np.sum(w * s**power)
        return 1 - (2 * np.sum(w * t * s) + smooth) / (size + smooth + small)

    return over_regions(y, p, loss, **layout)


def tversky(
    y: Array, p: Array, alpha: float = 0.5, beta: float = 0.5, smooth: float = 0.0, **layout: Any
) -> Array:
    def loss(t: Array, s: Array, w: Array) -> float:
        return 1 - tversky_index(t, s, w, alpha, beta, smooth, small=0.0 if smooth else 1e-7)

    return over_regions(y, p, loss, **layout)


def tversky_index(
    t: Array, s: Array, w: Array, alpha: float, beta: float, smooth: float, small: float = 0.0
) -> float:
    """The index of a region, with `small` added below; 1 for 0 / 0."""
    positive = np.sum(w * t * s)
    false_positive, false_negative = np.sum(w * (1 - t) * s), np.sum(w * t * (1 - s))
    above, below = (
        positive + smooth,
        positive + alpha * false_positive + beta * false_negative + smooth + small,
    )
    return 1.0 if below == 0 else above / below


def over_regions(
    y: Array,
    p: Array,
    loss: Callable[[Array, Array, Array], float],
    axis: Any = None,
    class_weights: Any = None,
    absent: str = "count",
    **layout: Any,
) -> Array:
    """The values region by region. `axis` is what a region spans.

    None is one region for the whole batch. Its value is copied to each sample. A class that is skipped has
    the value 0.
    """

    def value(t: Array, s: Array, w: Array) -> float:
        size = np.sum(w * t)
        left_out = size + np.sum(w * s) == 0 or (absent == "skip" and size == 0)
        return 0.0 if left_out else loss(t, s, w)

    values = by_region(*masks(y, p, **layout), value, axis)
    weights = weights_of(p, axis, class_weights, **layout)
    return values if weights is None else values * weights


def by_region(t: Array, s: Array, w: Array, value: Callable[..., Any], axis: Any) -> Array:
    if axis is None:
        return np.full(len(s), value(t, s, w))
    axes = sorted({a % s.ndim for a in np.atleast_1d(axis)})
    kept = [a for a in range(s.ndim) if a not in axes]
    t, s, w = (np.transpose(x, (*kept, *axes)) for x in (t, s, w))
    values = np.zeros(s.shape[: len(kept)])
    for place in np.ndindex(*values.shape):
        values[place] = value(t[place], s[place], w[place])
    return values


def weights_of(p: Array, axis: Any, class_weights: Any, class_axis: int = -1, **layout: Any) -> Any:
    """The weight of the class of each region; None for all the same."""
    if class_weights is None:
        return None
    shape = [size if a == class_axis % p.ndim else 1 for a, size in enumerate(p.shape)]
    laid = np.broadcast_to(np.reshape(class_weights, shape), p.shape)
    return np.min(laid, tuple(a % p.ndim for a in np.atleast_1d(axis)))


def regions_that_count(
    y: Array, p: Array, axis: Any = None, class_weights: Any = None, absent: str = "count", **options: Any
) -> tuple[Array, Any]:
    """Which regions the mean counts, and the weight of the class of each."""
    layout = {option: value for option, value in options.items() if option in LAYOUT}
    t, s, w = masks(y, p, **layout)
    if axis is None:
        return np.any(w, tuple(range(1, w.ndim))), None

    def counts(t: Array, s: Array, w: Array) -> bool:
        return bool(np.any(w if absent == "count" else w * t))

    return by_region(t, s, w, counts, axis).astype(bool), weights_of(p, axis, class_weights, **layout)


# The options that say how the inputs are read.
LAYOUT = ("from_logits", "multi_label", "class_axis", "ignore_class")


def masks(
    y: Array,
    p: Array,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    pixel_weight: Any = None,
) -> tuple[Array, Array, Array]:
    """The masks, the probabilities, and the weights of the pixels, all of one shape.

    y holds masks, or class indices. `pixel_weight` holds the weights of the pixels, without the class axis.
    """
    p = p[:, None] if p.ndim == 1 else p
    axis, classes = class_axis % p.ndim, p.shape[class_axis]
    w = np.ones(p.shape) if pixel_weight is None else np.expand_dims(pixel_weight, axis) * np.ones(p.shape)
    if y.dtype.kind in "iu" and y.ndim == p.ndim - 1:
        if ignore_class is not None:
            w = w * np.expand_dims(y != ignore_class, axis)
        y = np.stack([y == (1 if classes == 1 else c) for c in range(classes)], axis)
    p = np.where(w == 0, 0.0, p)
    s = np.exp(logarithms(p, axis, multi_label)[0]) if from_logits else p
    return np.reshape(y, p.shape).astype("float64"), s, w


def logarithms(z: Array, axis: int, multi_label: bool) -> tuple[Array, Array]:
    """log(p) and log(1 - p) from logits; the second one for a sigmoid only."""
    if multi_label or z.shape[axis] == 1:
        return -np.logaddexp(0, -z), -np.logaddexp(0, z)
    return z - np.logaddexp.reduce(z, axis, keepdims=True), np.full(z.shape, np.nan)


AXES: tuple[dict[str, Any], ...] = ({}, {"axis": -1}, {"axis": [1, -1]}, {"axis": [0, 1]})
BAD: tuple[dict[str, Any], ...] = (
    {"axis": 0.5},
    {"axis": "all"},
    {"axis": [0.5]},
    {"axis": []},
    {"smooth": -1.0},
    {"from_logits": 1},
    {"multi_label": "yes"},
    {"class_axis": 0.5},
    {"ignore_class": 0.5},
    {"class_weights": [1.0, -1.0]},
    {"absent": "drop"},
)
LOGITS: dict[str, Any] = {"from_logits": True, "smooth": 1.0, "axis": [0, 1]}
LABELS: dict[str, Any] = {
    "axis": 0,
    "class_axis": 1,
    "ignore_class": 254,
    "from_logits": True,
    "multi_label": True,
    "smooth": 0.5,
    "class_weights": [1.0, 0.5, 2.0, 0.0, 1.5, 1.0, 3.0],
    "absent": "skip",
}
MORE_SYMBOLS = (
    "`smooth` is added above and below the fraction; `from_logits`, `multi_label` and `class_axis` say how "
    "$p$ is read; `class_weights` multiply the values of the classes, and `absent` says whether those count "
    "that $y$ does not hold"
)
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
        symbols=(
            "$y$, $p$: the true and the predicted pixels, over `axis`; with `squared`, the sums below are of "
            f"squares; {MORE_SYMBOLS}"
        ),
        paper="https://arxiv.org/abs/1606.04797",
        options=(*AXES, {"squared": True, "axis": 1}, LOGITS, LABELS),
        bad_options=(*BAD, {"squared": 1}),
        hard=(
            EMPTY,
            SPLIT,
            Hard("nearly equal regions", [[1.0, 0.0]], [[0.75, 0.0]]),
            Hard("nothing in common", [[1.0, 0.0]], [[0.0, 1.0]]),
            Hard("a true region that is empty", [[0.0, 0.0]], [[0.5, 0.25]]),
        ),
        counting=regions_that_count,
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
            rf"$\alpha$, $\beta$: `alpha`, `beta`; {MORE_SYMBOLS}"
        ),
        paper="https://arxiv.org/abs/1706.05721",
        options=(*AXES, {"alpha": 0.9, "beta": 0.1}, {"alpha": 0.0, "beta": 2.0, "axis": -1}, LOGITS, LABELS),
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
        counting=regions_that_count,
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
