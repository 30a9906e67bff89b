"""The pairs of an anchor: which samples are pulled, which are pushed, and how strongly."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drawings.drawing import BLUE, GREY, ORANGE, TEXT, Drawing, arrow

MARGIN = 0.4
# Angles of the samples, in degrees; the anchor is at 90.
SAME, OTHERS = (70.0, 150.0), (35.0, 125.0, 200.0)


def draw(figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    on_circle(left)
    by_distance(right)


def on_circle(axes: Axes) -> None:
    axes.set_aspect("equal")
    axes.set_axis_off()
    turn = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(turn), np.sin(turn), color=GREY, linewidth=1)
    anchor = at(90.0)
    for angle in SAME:
        arrow(axes, at(angle), toward(angle, 14), color=BLUE)
        axes.plot([anchor[0], at(angle)[0]], [anchor[1], at(angle)[1]], color=BLUE, alpha=0.4)
    for angle in OTHERS:
        arrow(axes, at(angle), toward(angle, -14), color=ORANGE)
        axes.plot([anchor[0], at(angle)[0]], [anchor[1], at(angle)[1]], color=ORANGE, alpha=0.4)
    axes.plot(
        *np.transpose([at(angle) for angle in SAME]),
        "o",
        color=BLUE,
        markersize=9,
        label="same class: pulled",
    )
    axes.plot(
        *np.transpose([at(angle) for angle in OTHERS]),
        "s",
        color=ORANGE,
        markersize=8,
        label="other classes: pushed",
    )
    axes.plot(*anchor, "*", color="black", markersize=16, label="anchor")
    axes.legend(loc="lower center", fontsize=10.5, frameon=False)
    axes.set_xlim(-1.5, 1.5)
    axes.set_ylim(-1.9, 1.2)


def at(angle: float) -> tuple[float, float]:
    return float(np.cos(np.radians(angle))), float(np.sin(np.radians(angle)))


def toward(angle: float, step: float) -> tuple[float, float]:
    """The place after a step on the circle, towards the anchor at 90 degrees if the step is positive."""
    return at(angle + step * np.sign(90.0 - angle))


def by_distance(axes: Axes) -> None:
    distance = np.linspace(0, 2, 201)
    pull, push = np.maximum(MARGIN + distance, 0), np.maximum(1 + MARGIN - distance, 0)
    axes.plot(distance, pull, color=BLUE, linewidth=2.2, label="weight of a pair of one class")
    axes.plot(
        distance, push, color=ORANGE, linewidth=2.2, linestyle="--", label="weight of a pair of two classes"
    )
    axes.set_xlabel("distance of the pair, 1 − cosine", fontsize=TEXT)
    axes.set_ylabel("weight of the pair / gamma", fontsize=TEXT)
    axes.set_title(f"margin = {MARGIN}", fontsize=12.5)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=10.5, frameon=False)


DRAWINGS = {
    "Circle": Drawing(
        draw,
        "Each sample of a batch is an anchor once. Samples of its class are pulled to it, and the others are "
        "pushed away. The further a pair is from where it should be, the more it weighs.",
        4.4,
    )
}
