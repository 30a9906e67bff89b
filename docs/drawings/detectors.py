"""What detectors predict at an anchor or at a location."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drawings.drawing import BLUE, GREEN, GREY, ORANGE, TEXT, Drawing, arrow, blank, rectangle
from keraslosses.reference.detection import centerness

OBJECT = (2.0, 0.8, 4.6, 2.6)
# The anchors, by what their true class is.
ANCHORS = {
    "positive: class and box": (GREEN, [(1.8, 1.1, 4.2, 2.9)]),
    "ignored": (ORANGE, [(3.3, 0.2, 5.9, 2.0)]),
    "background: class only": (GREY, [(0.1, 0.3, 1.3, 1.4), (5.4, 1.8, 6.8, 3.0), (0.2, 1.9, 1.2, 3.1)]),
}


def anchors(figure: Figure) -> None:
    axes = figure.subplots()
    blank(axes)
    rectangle(axes, OBJECT, fill=True, facecolor="#cfe3f1", edgecolor=BLUE)
    axes.text(OBJECT[2] - 0.1, OBJECT[1] + 0.1, "object", color=BLUE, ha="right", fontsize=TEXT)
    for what, (colour, boxes) in ANCHORS.items():
        for box in boxes:
            rectangle(axes, box, edgecolor=colour, linestyle="--")
        axes.plot([], [], color=colour, linestyle="--", linewidth=2.2, label=what)
    axes.set_xlim(0, 9.6)
    axes.set_ylim(0, 3.3)
    axes.legend(loc="center right", fontsize=TEXT, frameon=False)


def location(figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    x, y = 3.0, 2.0
    blank(left)
    rectangle(left, OBJECT, edgecolor=BLUE)
    ends = {"l": (OBJECT[0], y), "t": (x, OBJECT[3]), "r": (OBJECT[2], y), "b": (x, OBJECT[1])}
    for name, end in ends.items():
        arrow(left, (x, y), end, color=ORANGE)
        left.text((x + end[0]) / 2 + 0.05, (y + end[1]) / 2 + 0.05, name, fontsize=15, style="italic")
    left.plot([x], [y], "o", color="black")
    left.set_xlim(1.8, 4.8)
    left.set_ylim(0.6, 2.8)
    left.set_title("the four distances of a location", fontsize=12.5)
    centers(right)


def centers(axes: Axes) -> None:
    """The centerness of each place in the box."""
    x1, y1, x2, y2 = OBJECT
    xs, ys = np.linspace(x1 + 0.01, x2 - 0.01, 120), np.linspace(y1 + 0.01, y2 - 0.01, 90)
    found = [[centerness(x - x1, y2 - y, x2 - x, y - y1) for x in xs] for y in ys]
    shown = axes.imshow(found, extent=(x1, x2, y1, y2), origin="lower", vmin=0, vmax=1, cmap="viridis")
    axes.set_axis_off()
    axes.set_title("centerness c: the weight of a location's box", fontsize=12.5)
    axes.figure.colorbar(shown, ax=axes, shrink=0.8)


DRAWINGS = {
    "MultiTaskDetection": Drawing(
        anchors,
        "Each anchor has a true class. A positive anchor trains class and box, background trains the class, "
        "and an ignored anchor trains nothing.",
        3.6,
    ),
    "FCOS": Drawing(
        location,
        "A location inside an object predicts its distances to the four edges. Locations near the center "
        "count most.",
        3.6,
    ),
}
