"""Angular margins, angle by angle."""

from collections.abc import Callable
from math import acos, cos, pi, sin
from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use


def against_others(
    y: Array,
    x: Array,
    scale: float,
    moved: Callable[[float], float],
    ignore_class: int | None,
    class_weights: list[float] | None,
) -> Array:
    """Cross-entropy row by row; `moved` gives the label's cosine from its angle."""
    values = np.zeros(y.shape)
    for place in np.ndindex(*y.shape):
        label = y[place]
        if label == ignore_class:
            continue
        logits = scale * x[place]
        logits[label] = scale * moved(acos(np.clip(x[place][label], -1, 1)))
        largest = logits.max()
        values[place] = np.log(np.sum(np.exp(logits - largest))) - (logits[label] - largest)
        if class_weights is not None:
            values[place] *= class_weights[label]
    return values


def arcface(
    y: Array,
    x: Array,
    margin: float = 0.5,
    scale: float = 64.0,
    easy_margin: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Array:
    def moved(angle: float) -> float:
        if easy_margin:
            return cos(angle + margin) if angle < pi / 2 else cos(angle)
        return cos(angle + margin) if angle <= pi - margin else cos(angle) - margin * sin(margin)

    return against_others(y, x, scale, moved, ignore_class, class_weights)


def cosface(
    y: Array,
    x: Array,
    margin: float = 0.35,
    scale: float = 64.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Array:
    return against_others(y, x, scale, lambda angle: cos(angle) - margin, ignore_class, class_weights)


def am_softmax(y: Array, x: Array, scale: float = 30.0, **options: Any) -> Array:
    return cosface(y, x, scale=scale, **options)


def sphereface(
    y: Array,
    x: Array,
    margin: int = 4,
    scale: float = 64.0,
    lam: float = 0.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Array:
    def moved(angle: float) -> float:
        part = min(np.floor(angle * margin / pi), margin - 1)
        psi = (-1.0) ** part * cos(margin * angle) - 2 * part
        return (lam * cos(angle) + psi) / (1 + lam)

    return against_others(y, x, scale, moved, ignore_class, class_weights)


def combined_margin(
    y: Array,
    x: Array,
    m1: float = 1.0,
    m2: float = 0.5,
    m3: float = 0.0,
    scale: float = 64.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Array:
    return against_others(y, x, scale, lambda angle: cos(m1 * angle + m2) - m3, ignore_class, class_weights)


def gradient_of_two(other: float, value: float, slope: float, scale: float) -> Array:
    """The gradient for two classes with label 0, from the value and slope of the label's moved cosine."""
    wrong = 1 / (1 + np.exp(scale * (value - other)))
    return np.array([[-scale * wrong * slope, scale * wrong]])


def hard(what: str, own: float, value: float, slope: float, **options: Any) -> Hard:
    """One sample of two classes, at a scale of 2. The cosine of the other class is 0.25."""
    gradient = gradient_of_two(0.25, value, slope, 2.0)
    return Hard(what, [0], [[own, 0.25]], {"scale": 2.0, **options}, gradient)


def out_of_the_running(value: float, slope: float) -> Hard:
    """Like `hard`, with 0.5 as the label's cosine, and a third class of probability 0."""
    gradient = np.append(gradient_of_two(0.25, value, slope, 2.0), [[0.0]], axis=1)
    return Hard("a class ruled out", [0], [[0.5, 0.25, float("-inf")]], {"scale": 2.0}, gradient)


def slope_of_sum(cosine: float, margin: float) -> float:
    """d cos(θ + margin) / d cos θ."""
    return sin(acos(cosine) + margin) / sin(acos(cosine))


COMMON_HARD = (
    Hard("far below the others", [0], [[-0.99, 0.99]]),
    Hard("one class", [0], [[0.5]], gradient=[[0.0]]),
)
WEIGHTS = [0.5, 1.0, 2.0, 0.0, 1.5, 3.0, 0.25]
COMMON_BAD = ({"scale": 0.0}, {"class_weights": [-1.0]}, {"ignore_class": 0.5})
# With √(1 - cos²) at least 1e-3 in the denominator.
STEEP = sin(0.5) * 1e3

REFERENCES = (
    Reference(
        "ArcFace",
        "arcface",
        "angular",
        kinds.LABELS_AND_COSINES,
        arcface,
        "Deng et al., ArcFace, 2019, equation 3",
        task="Faces: persons never seen in training",
        purpose="a margin added to the angle",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -w_k \log \frac{e^{z_k}}{e^{z_k} + \sum_{i \ne k} e^{s \cos \theta_i}} \\ "
            r"z_k &= \begin{cases} "
            r"s \cos(\theta_k + m) & \text{if } \theta_k \le \pi - m \\ "
            r"s (\cos \theta_k - m \sin m) & \text{otherwise} "
            r"\end{cases} "
            r"\end{align*}"
        ),
        symbols=(
            r"$\theta_i$: the angle to class $i$, whose cosine is in y_pred; $k$: the label; $s$: "
            r"`scale`; $m$: `margin`; with `easy_margin`, $z_k$ is $s \cos(\theta_k + m)$ below 90 "
            r"degrees and $s \cos \theta_k$ from there on; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1801.07698",
        options=(
            {},
            {"margin": 0.3, "scale": 8.0},
            {"easy_margin": True, "scale": 4.0, "ignore_class": -1},
            {"scale": 4.0, "class_weights": WEIGHTS},
        ),
        bad_options=(*COMMON_BAD, {"margin": -0.1}, {"margin": 3.2}, {"easy_margin": 1}),
        hard=(
            *COMMON_HARD,
            hard("cosine 1", 1.0, cos(0.5), cos(0.5) + STEEP),
            hard("cosine -1", -1.0, -1.0 - 0.5 * sin(0.5), 1.0),
            hard("cosine 0", 0.0, -sin(0.5), cos(0.5)),
            hard("cosine -1, no margin", -1.0, -1.0, 1.0, margin=0.0),
            hard("cosine 0, easy", 0.0, 0.0, 1.0, easy_margin=True),
            hard("just before the line", -0.875, cos(acos(-0.875) + 0.5), slope_of_sum(-0.875, 0.5)),
            hard("on the line", -0.88, -0.88 - 0.5 * sin(0.5), 1.0),
            out_of_the_running(cos(acos(0.5) + 0.5), slope_of_sum(0.5, 0.5)),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Faces: persons never seen in training",
                "You have many persons with several images each; the last layer is `CosineDense`.",
                "The training collapses in the first epochs: start with a smaller `margin`.",
                {"margin": 0.5, "scale": 64.0},
            ),
        ),
    ),
    Reference(
        "CosFace",
        "cosface",
        "angular",
        kinds.LABELS_AND_COSINES,
        cosface,
        "Wang et al., CosFace, 2018, equation 4",
        task="Faces: persons never seen in training",
        purpose="a margin subtracted from the cosine",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -w_k \log \frac{e^{z_k}}{e^{z_k} + \sum_{i \ne k} e^{s \cos \theta_i}} \\ "
            r"z_k &= s (\cos \theta_k - m) "
            r"\end{align*}"
        ),
        symbols=(
            r"$\theta_i$: the angle to class $i$, whose cosine is in y_pred; $k$: the label; $s$: "
            r"`scale`; $m$: `margin`; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1801.09414",
        options=({}, {"margin": 0.2, "scale": 8.0, "ignore_class": 3}, {"class_weights": WEIGHTS}),
        bad_options=(*COMMON_BAD, {"margin": -0.1}),
        hard=(
            *COMMON_HARD,
            hard("cosine 1", 1.0, 0.65, 1.0),
            hard("cosine -1", -1.0, -1.35, 1.0),
            out_of_the_running(0.15, 1.0),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Faces: persons never seen in training",
                "You want a margin that is simple to train: it is taken from the cosine, not from the angle.",
                "There are few classes or images: lower `scale` or `margin` first.",
                {"margin": 0.35, "scale": 64.0},
            ),
        ),
    ),
    Reference(
        "AMSoftmax",
        "am_softmax",
        "angular",
        kinds.LABELS_AND_COSINES,
        am_softmax,
        "Wang et al., Additive Margin Softmax for Face Verification, 2018, equation 6",
        task="Faces: the margin of a published model",
        purpose="CosFace with a scale of 30",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -w_k \log \frac{e^{z_k}}{e^{z_k} + \sum_{i \ne k} e^{s \cos \theta_i}} \\ "
            r"z_k &= s (\cos \theta_k - m) "
            r"\end{align*}"
        ),
        symbols=(
            r"$\theta_i$: the angle to class $i$, whose cosine is in y_pred; $k$: the label; $s$: "
            r"`scale`; $m$: `margin`; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1801.05599",
        options=({}, {"margin": 0.2, "scale": 8.0, "ignore_class": 3}, {"class_weights": WEIGHTS}),
        bad_options=(*COMMON_BAD, {"margin": -0.1}),
        hard=COMMON_HARD,
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Faces: the margin of a published model",
                "You repeat AM-Softmax; it is `CosFace` with a scale of 30.",
                "The data set is large: ArcFace and CosFace use a scale of 64 there.",
                {"margin": 0.35, "scale": 30.0},
            ),
        ),
    ),
    Reference(
        "SphereFace",
        "sphereface",
        "angular",
        kinds.LABELS_AND_COSINES,
        sphereface,
        "Liu et al., SphereFace, 2017, equation 7",
        task="Faces: the margin of a published model",
        purpose="the angle multiplied by a margin",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -w_k \log \frac{e^{z_k}}{e^{z_k} + \sum_{i \ne k} e^{s \cos \theta_i}} \\ "
            r"z_k &= s \, \frac{\lambda \cos \theta_k + \psi(\theta_k)}{1 + \lambda} \\ "
            r"\psi(\theta) &= (-1)^j \cos(m \theta) - 2 j, \quad \frac{j \pi}{m} \le \theta \le \frac{(j "
            r"+ 1) \pi}{m} "
            r"\end{align*}"
        ),
        symbols=(
            r"$\theta_i$: the angle to class $i$, whose cosine is in y_pred; $k$: the label; $s$: "
            r"`scale`; $m$: `margin`; $\lambda$: `lam`; $j$: a whole number; $w$: `class_weights`, 1 if "
            r"not set"
        ),
        paper="https://arxiv.org/abs/1704.08063",
        options=(
            {"scale": 8.0},
            {"margin": 2, "scale": 4.0, "ignore_class": 3},
            {"margin": 3, "lam": 5.0, "scale": 4.0, "class_weights": WEIGHTS},
        ),
        bad_options=(*COMMON_BAD, {"margin": 0}, {"margin": 1.5}, {"lam": -1.0}),
        hard=(
            *COMMON_HARD,
            hard("cosine 1", 1.0, 1.0, 16.0),
            hard("cosine -1", -1.0, -7.0, 16.0),
            hard("cosine 0", 0.0, -3.0, 0.0),
            hard("cosine 1, annealed", 1.0, 1.0, 4.0, lam=4.0),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Faces: the margin of a published model",
                "You repeat SphereFace: the angle is multiplied by the margin.",
                "You start from scratch without `lam`: the margin is hard from the first step.",
                {"margin": 4, "lam": 5.0},
            ),
        ),
    ),
    Reference(
        "CombinedMargin",
        "combined_margin",
        "angular",
        kinds.LABELS_AND_COSINES,
        combined_margin,
        "Deng et al., ArcFace, 2019, equation 4",
        task="Faces: the margin of a published model",
        purpose="the margins of SphereFace, ArcFace and CosFace together",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= -w_k \log \frac{e^{z_k}}{e^{z_k} + \sum_{i \ne k} e^{s \cos \theta_i}} \\ "
            r"z_k &= s (\cos(m_1 \theta_k + m_2) - m_3) "
            r"\end{align*}"
        ),
        symbols=(
            r"$\theta_i$: the angle to class $i$, whose cosine is in y_pred; $k$: the label; $s$: "
            r"`scale`; $m_1$, $m_2$, $m_3$: `m1`, `m2`, `m3`; $w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1801.07698",
        options=(
            {},
            {"m1": 0.9, "m2": 0.4, "m3": 0.15, "scale": 8.0, "class_weights": WEIGHTS},
            {"m1": 2.0, "m2": 0.0, "m3": 0.1, "scale": 4.0, "ignore_class": 3},
        ),
        bad_options=(*COMMON_BAD, {"m1": 0.0}, {"m2": -0.1}, {"m2": 3.2}, {"m3": -0.1}),
        hard=(
            *COMMON_HARD,
            hard("cosine 1", 1.0, cos(0.5), cos(0.5) + STEEP),
            hard("cosine -1", -1.0, cos(pi + 0.5), cos(0.5) - STEEP),
            hard("cosine 0", 0.0, -sin(0.5), cos(0.5)),
            hard("cosine 1, no margin", 1.0, 1.0, 1.0, m2=0.0),
            hard("cosine -1, no margin", -1.0, -1.0, 1.0, m2=0.0),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Faces: the margin of a published model",
                "You repeat a model with three margins, such as (1, 0.3, 0.2) of the ArcFace paper.",
                "Both `m1` and `m2` are large: beyond 180 degrees the loss falls again.",
                {"m1": 1.0, "m2": 0.3, "m3": 0.2},
            ),
        ),
    ),
)
