"""What the losses of a shape look at: its border, and its center lines."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import keraslosses
from drawings.drawing import ORANGE, TEXT, Drawing, value
from keraslosses.reference.shapes import soft_skeleton

SIZE, ITERATIONS = 32, 4
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE]
BLOB = ((ROWS - 15.5) ** 2 + (COLUMNS - 11.5) ** 2 < 64) | (
    (abs(ROWS - 15.5) < 4) & (COLUMNS > 12) & (COLUMNS < 27)
)
# A vessel that bends; one prediction leaves out a piece of it, the other one side of it.
AWAY = ROWS - 16 - 7 * np.sin(COLUMNS / 5.0)
VESSEL = abs(AWAY) < 3.2
BROKEN = VESSEL & (abs(COLUMNS - 16) > 2)
THINNER = VESSEL & (AWAY > -2.2)


def draw_boundary(figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    left.imshow(BLOB, cmap="Greys", vmin=0, vmax=1.6)
    clean(left, "true mask")
    distances = keraslosses.signed_distance(BLOB)
    most = np.abs(distances).max()
    shown = right.imshow(distances, cmap="PuOr", vmin=-most, vmax=most)
    clean(right, "its signed distances: the y_true of the loss")
    figure.colorbar(shown, ax=right, shrink=0.9).set_label("pixels from the border", fontsize=TEXT)


def draw_center_lines(figure: Figure) -> None:
    masks = {"true mask": VESSEL, "broken": BROKEN, "thinner": THINNER}
    for axes, (title, mask) in zip(figure.subplots(1, 3), masks.items(), strict=True):
        lines = soft_skeleton(mask.astype("float64")[None, None], ITERATIONS)[0, 0] > 0.5
        axes.imshow(1.0 * mask, cmap="Blues", vmin=0, vmax=2.4)
        axes.plot(*np.nonzero(lines)[::-1], "s", color=ORANGE, markersize=3)
        clean(axes, title if mask is VESSEL else f"{title}: {compared(mask)}")


def compared(mask: np.ndarray) -> str:
    """The losses of a predicted mask."""
    true, predicted = (x[None, ..., None].astype("float64") for x in (VESSEL, mask))
    dice = value("Dice", true, predicted, axis=(1, 2))
    lines = value("SoftClDice", true, predicted, iterations=ITERATIONS)
    return f"Dice {dice:.2f}, SoftClDice {lines:.2f}"


def clean(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=12.5)
    axes.set_xticks([])
    axes.set_yticks([])


DRAWINGS = {
    "Boundary": Drawing(
        draw_boundary,
        "The mask becomes a map of distances, negative inside the object. The loss is the mean of the "
        "predicted probabilities, each times its distance. A wrong pixel far from the object costs more than "
        "one next to it.",
        4.4,
    ),
    "SoftClDice": Drawing(
        draw_center_lines,
        "Orange: the center lines. The two predictions miss about as many pixels. For this loss, the one "
        "that interrupts the vessel costs more, because its center line is interrupted too.",
        4.2,
    ),
}
