"""How a margin changes the logit of the label: on the circle, and by the angle."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drawings.drawing import BLUE, GREY, ORANGE, TEXT, Drawing, value
from keraslosses.cli.plot.figure import COLOURS

DEGREES = np.linspace(1, 179, 357)
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "ArcFace": ({"margin": 0.3}, {"margin": 0.5}, {"margin": 0.5, "easy_margin": True}),
    "CosFace": ({"margin": 0.2}, {"margin": 0.35}),
    "AMSoftmax": ({"margin": 0.2}, {"margin": 0.35}),
    "SphereFace": ({"margin": 2}, {"margin": 4}, {"margin": 4, "lam": 5.0}),
    "CombinedMargin": ({"m1": 1.0, "m2": 0.5, "m3": 0.0}, {"m1": 0.9, "m2": 0.4, "m3": 0.15}),
}


def moved_cosine(name: str, degrees: float, options: Mapping[str, Any]) -> float:
    """The logit z of the label at a scale of 1. The other class has 0, so the loss is log(1 + exp(-z))."""
    cosine = np.cos(np.radians(degrees))
    return -float(np.log(np.expm1(value(name, [0], [[cosine, 0.0]], scale=1.0, **options))))


def draw(name: str, figure: Figure) -> None:
    circle, curves = figure.subplots(1, 2, width_ratios=(1, 1.7))
    on_circle(circle, name, OPTIONS[name][0])
    curves.plot(
        DEGREES, np.cos(np.radians(DEGREES)), color=GREY, linestyle="--", linewidth=2, label="no margin"
    )
    for options, colour in zip(OPTIONS[name], COLOURS, strict=False):
        label = ", ".join(f"{option} = {number}" for option, number in options.items())
        logits = [moved_cosine(name, at, options) for at in DEGREES]
        curves.plot(DEGREES, logits, color=colour, linewidth=2.2, label=label)
    curves.set_xlabel("θ: the angle to the class of the label (degrees)", fontsize=TEXT)
    curves.set_ylabel("logit of the label / scale", fontsize=TEXT)
    curves.set_xticks([0, 45, 90, 135, 180])
    curves.grid(alpha=0.25)
    curves.spines[["top", "right"]].set_visible(False)
    curves.legend(fontsize=10.5, frameon=False)


def on_circle(axes: Axes, name: str, options: Mapping[str, Any]) -> None:
    """Two classes, 90 degrees apart. Up to which angle to its class is a sample nearer to it, by the loss?"""
    axes.set_aspect("equal")
    axes.set_axis_off()
    turn = np.linspace(-0.15, np.pi / 2 + 0.15, 100)
    axes.plot(np.cos(turn), np.sin(turn), color=GREY, linewidth=1.2)
    limit = decision(name, options)
    for start, colour, what in ((0.0, BLUE, "class A"), (90.0, ORANGE, "class B")):
        sign = 1 if start == 0 else -1
        spread = np.radians(np.linspace(start, start + sign * limit, 50))
        axes.fill([0, *np.cos(spread)], [0, *np.sin(spread)], color=colour, alpha=0.25, linewidth=0)
        end = np.cos(np.radians(start)), np.sin(np.radians(start))
        axes.annotate("", end, (0, 0), arrowprops={"arrowstyle": "->", "linewidth": 2, "color": colour})
        axes.text(*((1.06, -0.1) if start == 0 else (0.06, 1.06)), what, color=colour, fontsize=TEXT)
    axes.text(0.5, 0.5, "margin", fontsize=TEXT, rotation=-45, ha="center", va="center", color="#444444")
    axes.set_xlim(-0.1, 1.4)
    axes.set_ylim(-0.25, 1.2)


def decision(name: str, options: Mapping[str, Any]) -> float:
    """The largest angle θ to its class at which the label's logit is above that of a class at 90° - θ."""
    angles = np.linspace(1, 45, 177)
    won = [moved_cosine(name, at, options) >= np.cos(np.radians(90 - at)) for at in angles]
    return float(angles[won][-1]) if any(won) else 0.0


CAPTION = (
    "Left: where a sample of class A or B must lie, so that its logit is the largest in spite of the margin. "
    "Right: the logit of the label by the angle. The margin lowers it, so the loss asks for smaller angles."
)
DRAWINGS = {name: Drawing(partial(draw, name), CAPTION, 4.4) for name in OPTIONS}
