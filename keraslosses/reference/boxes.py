"""Overlaps of boxes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use

Box = tuple[float, float, float, float]


def lengths(box: Array, box_format: str) -> tuple[float, float]:
    """Width and height, negative if the box is inverted."""
    a, b, c, d = box
    return {"xyxy": (c - a, d - b), "yxyx": (d - b, c - a)}.get(box_format, (c, d))


def corners(box: Array, box_format: str, at: Array) -> Box:
    """x1, y1, x2, y2. The end of an inverted side is set to its start.

    The length of a side that is empty at `at` changes nothing.
    """
    a, b, c, d = box
    if box_format in ("xywh", "center_xywh"):
        c, d = (own if held > 0 else held for own, held in zip((c, d), lengths(at, box_format), strict=True))
    x1, y1, x2, y2 = {
        "xyxy": (a, b, c, d),
        "yxyx": (b, a, d, c),
        "xywh": (a, b, a + c, b + d),
        "center_xywh": (a - c / 2, b - d / 2, a + c / 2, b + d / 2),
    }[box_format]
    width, height = lengths(at, box_format)
    return x1, y1, max(x1, x2) if width > 0 else x1, max(y1, y2) if height > 0 else y1


def growth(true: Array, pred: Array, at: Array, box_format: str) -> float:
    """How much the sides that are empty at `at` grow from there, relative to the box around both."""
    a, b = corners(true, box_format, true), corners(at, box_format, at)
    around = max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1])
    grown = 0.0
    for own, held, side in zip(lengths(pred, box_format), lengths(at, box_format), around, strict=True):
        grown += (own - held) / side if held <= 0 and side else 0.0
    return grown


def areas(a: Box, b: Box) -> tuple[float, float, float]:
    """The areas of the intersection, of the union, and of the box around both."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = area(a) + area(b) - width * height
    around = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    return width * height, union, around


def area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(a: Box, b: Box) -> float:
    intersection, union, _ = areas(a, b)
    return intersection / union if union else 0.0


def distance(a: Box, b: Box) -> float:
    """ρ² / c²."""
    rho = (a[0] + a[2] - b[0] - b[2]) ** 2 / 4 + (a[1] + a[3] - b[1] - b[3]) ** 2 / 4
    c = (max(a[2], b[2]) - min(a[0], b[0])) ** 2 + (max(a[3], b[3]) - min(a[1], b[1])) ** 2
    return rho / c if c else 0.0


def aspect(a: Box, b: Box) -> float:
    """v."""
    angles = [np.arctan2(box[2] - box[0], box[3] - box[1]) for box in (a, b)]
    return 4 / np.pi**2 * (angles[0] - angles[1]) ** 2


def each_pair(
    y: Array, p: Array, box_format: str, frozen: Array | None, loss: Callable[[Box, Box], float]
) -> Array:
    values = np.zeros(p.shape[:-1])
    frozen = p if frozen is None else frozen
    for place in np.ndindex(*values.shape):
        true = corners(y[place], box_format, y[place])
        values[place] = loss(true, corners(p[place], box_format, frozen[place]))
    return values


def grown(y: Array, p: Array, box_format: str, frozen: Array | None) -> Array:
    """A term of value 0 whose gradient opens empty sides."""
    values = np.zeros(p.shape[:-1])
    if frozen is not None:
        for place in np.ndindex(*values.shape):
            values[place] = growth(y[place], p[place], frozen[place], box_format)
    return values


def prediction(y: Array, p: Array, **options: Any) -> Array:
    """The point of the derivative. It decides whether a side is empty, and the value of alpha."""
    return p


def iou(
    y: Array, p: Array, box_format: str = "xyxy", mode: str = "linear", frozen: Array | None = None
) -> Array:
    forms = {
        "linear": lambda shared: 1 - shared,
        "log": lambda shared: -np.log(max(shared, 1e-6)),
        "squared": lambda shared: 1 - shared**2,
    }
    values = each_pair(y, p, box_format, frozen, lambda a, b: forms[mode](overlap(a, b)))
    return values - grown(y, p, box_format, frozen)


def giou(y: Array, p: Array, box_format: str = "xyxy", frozen: Array | None = None) -> Array:
    def loss(a: Box, b: Box) -> float:
        _, union, around = areas(a, b)
        return 1 - overlap(a, b) + ((around - union) / around if around else 0.0)

    return each_pair(y, p, box_format, frozen, loss) - grown(y, p, box_format, frozen)


def diou(y: Array, p: Array, box_format: str = "xyxy", frozen: Array | None = None) -> Array:
    values = each_pair(y, p, box_format, frozen, lambda a, b: 1 - overlap(a, b) + distance(a, b))
    return values - grown(y, p, box_format, frozen)


def alpha_of(y: Array, p: Array, box_format: str, alpha_gate: float, frozen: Array | None) -> Array:
    def alpha(a: Box, b: Box) -> float:
        shared, v = overlap(a, b), aspect(a, b)
        return v / (1 - shared + v) if v and shared >= alpha_gate else 0.0

    return each_pair(y, p, box_format, frozen, alpha)


def ciou(
    y: Array,
    p: Array,
    box_format: str = "xyxy",
    alpha_gradient: bool = False,
    alpha_gate: float = 0.0,
    frozen: Array | None = None,
) -> Array:
    at = p if frozen is None or alpha_gradient else frozen
    alpha = alpha_of(y, at, box_format, alpha_gate, frozen)
    return diou(y, p, box_format, frozen) + alpha * each_pair(y, p, box_format, frozen, aspect)


FORMATS: tuple[dict[str, Any], ...] = tuple(
    {"box_format": name} for name in ("xyxy", "yxyx", "xywh", "center_xywh")
)
BAD: tuple[dict[str, Any], ...] = ({"box_format": "xxyy"}, {"box_format": 4})
NO_SLOPE = [[0.0, 0.0, 0.0, 0.0]]

# Pairs of corners at which no edge ties with another.
SMOOTH = {
    "boxes that overlap": ([0, 0, 2, 4], [1, 1, 4, 3]),
    "boxes far apart": ([0, 0, 1, 1], [200, 300, 400, 300.5]),
    "a box inside another": ([0, 0, 100, 50], [10, 20, 10.5, 40]),
    "a thin box across another": ([0, 0, 50, 1], [20, -30, 21, 20]),
    "small boxes": ([0, 0, 1e-6, 2e-6], [2e-7, 3e-7, 2.5e-6, 1e-6]),
    "large boxes": ([0, 0, 1e5, 2e5], [2e4, 3e4, 2.5e5, 1e5]),
    "small boxes at large coordinates": ([9999, 9999, 10000, 10000], [9999.25, 9998.5, 10001, 9999.5]),
    "an inverted box": ([0, 0, 2, 4], [1.5, 1, 0.5, 3]),
}
SAME = {
    "the same box": [0.1, 0.2, 0.7, 0.9],
    "the same small box": [0.3, 0.7, 0.300001, 0.700002],
    "the same tiny box": [0.0, 0.0, 1e-20, 2e-20],
    "the same box far away": [9999.0, 10000.0, 10001.0, 10002.0],
    "the same large box": [-1e5, -1e5, 1e5, 3e5],
}


def one(box: Any) -> Array:
    """A batch of one box. float32 represents its numbers exactly."""
    return np.asarray([box], "float32")


SAME_POINT = Hard("one point twice", [[1.0, 2.0, 1.0, 2.0]], [[1.0, 2.0, 1.0, 2.0]], gradient=NO_SLOPE)
HARD = (
    *(Hard(what, one(y_true), one(y_pred)) for what, (y_true, y_pred) in SMOOTH.items()),
    *(Hard(what, one(box), one(box), gradient=NO_SLOPE) for what, box in SAME.items()),
    SAME_POINT,
)
APART = ([0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 4.0, 3.0])

REFERENCES = (
    Reference(
        "IoU",
        "iou",
        "boxes",
        kinds.BOXES,
        iou,
        "Yu et al., UnitBox, 2016, equation 2 (the logarithm)",
        task="Boxes",
        purpose="the overlap",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \begin{cases} "
            r"1 - \text{IoU} & \text{if mode is linear} \\ "
            r"-\log(\max(\text{IoU}, 10^{-6})) & \text{if mode is log} \\ "
            r"1 - \text{IoU}^2 & \text{if mode is squared} "
            r"\end{cases} \\ "
            r"\text{IoU} &= \frac{I}{U} "
            r"\end{align*}"
        ),
        symbols="$I$, $U$: the areas of the intersection and of the union; mode: `mode`",
        paper="https://arxiv.org/abs/1608.01471",
        options=(*FORMATS, {"mode": "log"}, {"mode": "squared"}),
        bad_options=(*BAD, {"mode": "ln"}),
        hard=(
            *HARD,
            Hard("the logarithm of no overlap", [APART[0]], [APART[1]], {"mode": "log"}, NO_SLOPE),
            Hard("the square of no overlap", [APART[0]], [APART[1]], {"mode": "squared"}, NO_SLOPE),
        ),
        laws=frozenset({"symmetric", "non_negative"}),
        frozen=prediction,
        uses=(
            Use(
                "Boxes",
                "The boxes overlap from the start, and you want to train just the overlap.",
                "Boxes may lie apart: the gradient is then 0.",
                {"mode": "linear"},
            ),
        ),
    ),
    Reference(
        "GIoU",
        "giou",
        "boxes",
        kinds.BOXES,
        giou,
        "Rezatofighi et al., Generalized Intersection over Union, 2019, algorithm 1",
        task="Boxes",
        purpose="the overlap, and how far apart the boxes are",
        tex=r"\text{loss} = 1 - \frac{I}{U} + \frac{C - U}{C}",
        symbols=(
            "$I$, $U$: the areas of the intersection and of the union; $C$: the area of the smallest box "
            "around both"
        ),
        paper="https://arxiv.org/abs/1902.09630",
        options=FORMATS,
        bad_options=BAD,
        hard=HARD,
        laws=frozenset({"symmetric", "non_negative"}),
        frozen=prediction,
        uses=(
            Use(
                "The boxes do not overlap",
                "Boxes may lie apart: it shrinks the empty space in the box around both.",
                "One box lies inside the other: it is then the same as `IoU`.",
            ),
        ),
    ),
    Reference(
        "DIoU",
        "diou",
        "boxes",
        kinds.BOXES,
        diou,
        "Zheng et al., Distance-IoU Loss, 2020, equation 7",
        task="Boxes",
        purpose="the overlap, and the distance of the centers",
        tex=r"\text{loss} = 1 - \frac{I}{U} + \frac{\rho^2}{c^2}",
        symbols=(
            r"$I$, $U$: the areas of the intersection and of the union; $\rho$: the distance of the "
            r"centers; $c$: the diagonal of the smallest box around both"
        ),
        paper="https://arxiv.org/abs/1911.08287",
        options=FORMATS,
        bad_options=BAD,
        hard=HARD,
        laws=frozenset({"symmetric", "non_negative"}),
        frozen=prediction,
        uses=(
            Use(
                "The boxes do not overlap",
                "Boxes lie far apart: it moves the centers together, the shortest way.",
                "The shape of the boxes matters too: use `CIoU`.",
            ),
        ),
    ),
    Reference(
        "CIoU",
        "ciou",
        "boxes",
        kinds.BOXES,
        ciou,
        "Zheng et al., Distance-IoU Loss, 2020, equations 8 to 11",
        task="Boxes",
        purpose="the overlap, the distance and the aspect ratio",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= 1 - \frac{I}{U} + \frac{\rho^2}{c^2} + \alpha v \\ "
            r"v &= \frac{4}{\pi^2} \left(\arctan \frac{w_y}{h_y} - \arctan \frac{w_p}{h_p}\right)^2 \\ "
            r"\alpha &= \frac{v}{1 - I/U + v} "
            r"\end{align*}"
        ),
        symbols=(
            r"$I$, $U$: the areas of the intersection and of the union; $\rho$: the distance of the "
            r"centers; $c$: the diagonal of the smallest box around both; $w$, $h$: width and height of "
            r"the true box $y$ and of the predicted box $p$; $\alpha$ is 0 where $I/U$ is below "
            r"`alpha_gate`, and constant in the gradient without `alpha_gradient`"
        ),
        paper="https://arxiv.org/abs/1911.08287",
        options=(*FORMATS, {"alpha_gradient": True}, {"alpha_gate": 0.5}),
        bad_options=(*BAD, {"alpha_gradient": 1}, {"alpha_gate": -0.1}, {"alpha_gate": 1.5}),
        hard=HARD,
        laws=frozenset({"symmetric", "non_negative"}),
        frozen=prediction,
        uses=(
            Use(
                "Boxes",
                "You train whole boxes and have no reason for another loss: overlap, distance and shape.",
                "The box has no aspect ratio to learn, such as all squares: `DIoU` is simpler.",
            ),
            Use(
                "The boxes do not overlap",
                "As `DIoU`, and the aspect ratio must be right too.",
                "The aspect ratio disturbs the first steps: set `alpha_gate=0.5`.",
            ),
            Use(
                "The boxes overlap, but are never quite right",
                "The centers are right and the aspect ratio is not.",
                "The targets themselves are off by some pixels.",
                {"alpha_gate": 0.5},
            ),
        ),
    ),
)
