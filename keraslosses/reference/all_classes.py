"""Overlaps of all classes of an image at once: generalized Dice and Unified Focal loss."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.segmentation import BAD, LABELS, LAYOUT, logarithms, masks, tversky_index
from keraslosses.reference.uses import Use


class Region(NamedTuple):
    """Arrays with the classes last: masks, probabilities p, weights, log(p) and log(1 - p)."""

    t: Array
    s: Array
    w: Array
    log: Array
    log_rest: Array

    def true_size(self) -> Array:
        """The true pixels of each class."""
        return np.sum(self.w * self.t, tuple(range(self.t.ndim - 1)))

    def factors(self, class_weights: Any, absent: str) -> Array:
        """The weight of each class; 0 for a class that is skipped."""
        weights = np.ones(self.t.shape[-1]) if class_weights is None else np.asarray(class_weights)
        return weights * (self.true_size() > 0) if absent == "skip" else weights


def generalized_dice(
    y: Array,
    p: Array,
    weighting: str = "square",
    smooth: float = 0.0,
    class_weights: Any = None,
    absent: str = "count",
    **layout: Any,
) -> Array:
    power = {"square": 2.0, "simple": 1.0, "uniform": 0.0}[weighting]

    def loss(region: Region) -> float:
        pixels, true = tuple(range(region.t.ndim - 1)), region.true_size()
        v = true**-power
        finite = np.isfinite(v)
        if not finite.any():
            return 0.0
        v = np.where(finite, v, np.max(v[finite])) * region.factors(class_weights, absent)
        common = np.sum(region.w * region.t * region.s, pixels)
        below = np.sum(v * (true + np.sum(region.w * region.s, pixels))) + smooth
        return 0.0 if below == 0 else 1 - (2 * np.sum(v * common) + smooth) / below

    return over_images(y, p, loss, **layout)


def unified_focal(
    y: Array,
    p: Array,
    weight: float = 0.5,
    delta: float = 0.6,
    gamma: float = 0.5,
    asymmetric: bool = True,
    smooth: float = 0.0,
    class_weights: Any = None,
    absent: str = "count",
    **layout: Any,
) -> Array:
    apart = layout.get("multi_label", False) or p.shape[layout.get("class_axis", -1)] == 1

    def parts(t: Array, s: Array, w: Array, log: Array, background: bool) -> tuple[float, float]:
        """The focal part and the Tversky part of one class."""
        if asymmetric:
            share, focus, power = (1 - delta, gamma, 1.0) if background else (delta, 0.0, 1 - gamma)
        else:
            share, focus, power = delta, 1 - gamma, gamma
        cost = np.where(t > 0, share * (1 - s) ** focus * t * -log, 0.0)
        index = tversky_index(t, s, w, 1 - delta, delta, smooth)
        return np.sum(w * cost) / np.sum(w), max(1 - index, 0.0) ** power

    def loss(region: Region) -> float:
        value = 0.0
        weights = region.factors(class_weights, absent)
        for c, (t, s, w, log, log_rest) in enumerate(
            zip(*(np.moveaxis(x, -1, 0) for x in region), strict=True)
        ):
            found = [parts(t, s, w, log, background=c == 0 and not apart)]
            if apart:
                found.append(parts(1 - t, 1 - s, w, log_rest, background=True))
            focal, tversky = np.sum(found, axis=0)
            value += weights[c] * (weight * focal + (1 - weight) * tversky)
        return value

    return over_images(y, p, loss, **layout)


def over_images(
    y: Array, p: Array, loss: Callable[[Region], float], axis: Any = None, **layout: Any
) -> Array:
    """The values of regions that hold all classes. `axis` is what a region spans: None is an image."""
    t, s, w = masks(y, p, **layout)
    last = layout.get("class_axis", -1) % s.ndim
    if layout.get("from_logits"):
        logs = logarithms(np.where(w == 0, 0.0, p), last, layout.get("multi_label", False))
    else:
        logs = np.log(np.maximum(s, 1e-7)), np.log(np.maximum(1 - s, 1e-7))
    axes = sorted({a % s.ndim for a in (range(1, s.ndim) if axis is None else np.atleast_1d(axis))} - {last})
    kept = [a for a in range(s.ndim) if a not in (*axes, last)]
    arrays = [np.transpose(x, (*kept, *axes, last)) for x in (t, s, w, *logs)]
    values = np.zeros(arrays[0].shape[: len(kept)])
    for place in np.ndindex(*values.shape):
        region = Region(*(x[place] for x in arrays))
        values[place] = loss(region) if np.any(region.w) else 0.0
    return values


def regions_that_count(y: Array, p: Array, axis: Any = None, **options: Any) -> tuple[Array, None]:
    """Which regions the mean counts: those with a pixel that counts. A value has no class."""
    layout = {option: value for option, value in options.items() if option in LAYOUT}
    return over_images(y, p, lambda region: 1.0, axis, **layout) > 0, None


OF_IMAGES: dict[str, Any] = {**LABELS, "axis": None, "class_axis": 1, "multi_label": False}
HOW_READ = "`from_logits`, `multi_label` and `class_axis` say how $p$ is read"

REFERENCES = (
    Reference(
        "GeneralizedDice",
        "generalized_dice",
        "segmentation",
        kinds.CLASS_MASKS,
        generalized_dice,
        "Sudre et al., Generalised Dice Overlap as a Deep Learning Loss Function, 2017, section 2",
        task="Segmentation: classes of very different size",
        purpose="the overlap of all classes, small ones too",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= 1 - \frac{2 \sum_c v_c \sum_i y_{ci} p_{ci} + s}"
            r"{\sum_c v_c \sum_i (y_{ci} + p_{ci}) + s} \\ "
            r"v_c &= 1 / \left(\sum_i y_{ci}\right)^2 "
            r"\end{align*}"
        ),
        symbols=(
            "$y$, $p$: the true and the predicted pixels of class $c$, over `axis`; $v$ by `weighting`; $s$: "
            f"`smooth`; {HOW_READ}; `class_weights` multiply $v$; `absent` says whether absent classes count"
        ),
        paper="https://arxiv.org/abs/1707.03237",
        options=(
            {},
            {**OF_IMAGES, "weighting": "simple"},
            {"weighting": "uniform", "multi_label": True, "from_logits": True},
        ),
        bad_options=(*BAD, {"weighting": "cubic"}),
        hard=(
            Hard("one class, both empty", [[[0.0], [0.0]]], [[[0.0], [0.0]]], gradient=[[[0.0], [0.0]]]),
            Hard("a class that is absent", [[[1.0, 0.0], [1.0, 0.0]]], [[[0.75, 0.25], [0.5, 0.5]]]),
            Hard("no class at all", [[[0.0], [0.0]]], [[[0.5], [0.25]]], gradient=[[[0.0], [0.0]]]),
        ),
        counting=regions_that_count,
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Segmentation: classes of very different size",
                "Several classes of very different size are in one image.",
                "A class has a few pixels only: its weight makes the gradient jump from batch to batch.",
                {"from_logits": True},
            ),
        ),
    ),
    Reference(
        "UnifiedFocal",
        "unified_focal",
        "segmentation",
        kinds.CLASS_MASKS,
        unified_focal,
        "Yeung et al., Unified Focal Loss, 2022, section 3",
        task="Segmentation: classes of very different size",
        purpose="focal cross-entropy plus focal Tversky loss",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \lambda F + (1 - \lambda) \sum_c (1 - T_c)^{k_c} \\ "
            r"F &= -\frac{1}{n} \sum_i \sum_c d_c \, y_{ci} (1 - p_{ci})^{m_c} \log p_{ci} \\ "
            r"T_c &= \frac{\text{TP}_c + s}{\text{TP}_c + \delta \, \text{FN}_c + (1 - \delta) \, "
            r"\text{FP}_c + s} "
            r"\end{align*}"
        ),
        symbols=(
            r"$y$, $p$: the true and the predicted pixels of class $c$, over `axis`, $n$ of them; "
            r"$\text{TP}$, $\text{FP}$, $\text{FN}$: their counts as in `Tversky`; $\lambda$, $\delta$, "
            r"$\gamma$, $s$: `weight`, `delta`, `gamma`, `smooth`; if `asymmetric`, the background has "
            r"$d = 1 - \delta$, $m = \gamma$, $k = 1$, and other classes have $d = \delta$, $m = 0$, "
            r"$k = 1 - \gamma$; else all have $d = \delta$, $m = 1 - \gamma$, $k = \gamma$; "
            f"{HOW_READ}; `class_weights` multiply the parts of the classes; `absent` says whether absent "
            "classes count"
        ),
        paper="https://arxiv.org/abs/2102.04525",
        options=(
            {},
            OF_IMAGES,
            {"multi_label": True, "from_logits": True, "gamma": 0.3, "delta": 0.7, "weight": 0.25},
            {"asymmetric": False, "gamma": 0.3, "smooth": 0.5},
        ),
        bad_options=(
            *BAD,
            {"weight": 1.5},
            {"delta": -0.1},
            {"gamma": 2.0},
            {"asymmetric": 1},
        ),
        hard=(
            Hard("one class, nearly right", [[[1.0], [0.0]]], [[[0.999], [0.001]]]),
            Hard("one class, a sure error", [[[1.0], [0.0]]], [[[20.0], [10.0]]], {"from_logits": True}),
            Hard("a class that is absent", [[[1.0, 0.0], [1.0, 0.0]]], [[[0.75, 0.25], [0.5, 0.5]]]),
        ),
        counting=regions_that_count,
        laws=frozenset({"non_negative"}),
        measured=(Measured(options={"from_logits": True}),),
        uses=(
            Use(
                "Segmentation: classes of very different size",
                "Few pixels belong to the object, and both pixels and regions should count.",
                "There are no classes with few pixels: `Dice() + CategoricalCrossentropy()` is simpler.",
                {"from_logits": True},
            ),
        ),
    ),
)
