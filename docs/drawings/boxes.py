"""Two boxes that overlap and two that do not, with what each loss of boxes measures."""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drawings.drawing import BLUE, GREEN, GREY, ORANGE, PINK, TEXT, Drawing, blank, rectangle, value

Box = tuple[float, float, float, float]

PAIRS: dict[str, tuple[Box, Box]] = {
    "the boxes overlap": ((0.4, 0.9, 3.6, 2.6), (2.2, 0.0, 3.8, 2.2)),
    "the boxes lie apart": ((0.2, 1.2, 2.8, 2.4), (3.8, 0.0, 4.8, 2.4)),
}


def draw(name: str, figure: Figure) -> None:
    for axes, (title, (true, pred)) in zip(figure.subplots(1, 2), PAIRS.items(), strict=True):
        blank(axes)
        intersection(axes, true, pred)
        MEASURES[name](axes, true, pred)
        rectangle(axes, true, edgecolor=BLUE)
        rectangle(axes, pred, edgecolor=ORANGE)
        axes.text(true[0], true[3] + 0.08, label(name, "true", true), color=BLUE, fontsize=TEXT)
        axes.text(
            pred[2], pred[1] - 0.08, label(name, "predicted", pred),
            color=ORANGE, ha="right", va="top", fontsize=TEXT,
        )  # fmt: skip
        axes.set_title(f"{title}: loss {value(name, [true], [pred]):.2f}", fontsize=12.5)
        axes.set_xlim(-0.3, 5.3)
        axes.set_ylim(-0.5, 3.0)


def label(name: str, what: str, box: Box) -> str:
    """Which box it is. `CIoU` also compares the shapes."""
    return f"{what}, w / h = {(box[2] - box[0]) / (box[3] - box[1]):.2f}" if name == "CIoU" else what


def intersection(axes: Axes, a: Box, b: Box) -> None:
    shared = (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    if shared[0] < shared[2] and shared[1] < shared[3]:
        rectangle(axes, shared, fill=True, color=GREEN, alpha=0.35, linewidth=0)
        axes.text(
            *center(shared), "I", color="#00563f", ha="center", va="center", fontsize=14, style="italic"
        )


def around(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def center(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def nothing_more(axes: Axes, a: Box, b: Box) -> None:
    pass


def empty_part(axes: Axes, a: Box, b: Box) -> None:
    """The smallest box around both, with its empty part hatched."""
    whole = around(a, b)
    rectangle(
        axes, whole, fill=True, facecolor="#eeeeee", edgecolor=GREY, hatch="//", linestyle="--", linewidth=1.4
    )
    for box in (a, b):
        rectangle(axes, box, fill=True, facecolor="white", edgecolor="none")
    intersection(axes, a, b)


def distance(axes: Axes, a: Box, b: Box) -> None:
    """The diagonal c of the smallest box around both, and the distance ρ of the centers."""
    whole = around(a, b)
    rectangle(axes, whole, edgecolor=GREY, linestyle="--", linewidth=1.4)
    axes.plot(whole[::2], whole[3::-2], color=GREY, linestyle="--", linewidth=1.4)
    axes.text(whole[2] - 0.5, whole[1] + 0.45, "c", color="#444444", fontsize=14, style="italic")
    ends = np.array([center(a), center(b)])
    axes.plot(*ends.T, color=PINK, linewidth=2.2, marker="o", zorder=5)
    x, y = ends.mean(axis=0)
    axes.text(x + 0.1, y + 0.12, "ρ", color="#8f3f6d", fontsize=15, zorder=6)


MEASURES = {"IoU": nothing_more, "GIoU": empty_part, "DIoU": distance, "CIoU": distance}
CAPTIONS = {
    "IoU": "I is the intersection of the boxes. Once they lie apart, the loss is 1 however far they are.",
    "GIoU": "C is the box around both boxes. The loss grows with its empty part C − U (hatched), so "
    "it also falls when boxes that lie apart come closer.",
    "DIoU": "The loss grows with the distance ρ of the centers, relative to the diagonal c of the box around "
    "both.",
    "CIoU": "The loss compares the overlap, the distance ρ of the centers, and the ratio of width to height.",
}
DRAWINGS = {name: Drawing(partial(draw, name), caption) for name, caption in CAPTIONS.items()}
