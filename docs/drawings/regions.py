"""A true and a predicted mask, and how the losses of regions count the pixels."""

from functools import partial

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from drawings.drawing import BLUE, GREEN, ORANGE, TEXT, Drawing, value

TRUE = np.zeros((8, 8))
TRUE[2:6, 2:6] = 1
PREDICTED = np.zeros((8, 8))
PREDICTED[3:7, 2:7] = 1
COLOURS = {"both: TP": GREEN, "predicted only: FP": ORANGE, "true only: FN": BLUE}


def draw(name: str, figure: Figure) -> None:
    parts = figure.subplots(1, 3)
    for axes, mask, title in zip(parts, (TRUE, PREDICTED), ("true mask", "predicted mask"), strict=False):
        axes.imshow(mask, cmap="Greys", vmin=0, vmax=1.6)
        axes.set_title(title, fontsize=12.5)
    kinds = np.where(TRUE * PREDICTED, 1, np.where(PREDICTED, 2, np.where(TRUE, 3, 0)))
    parts[2].imshow(kinds, cmap=ListedColormap(["white", *COLOURS.values()]), vmin=0, vmax=3)
    parts[2].set_title(TITLES[name](), fontsize=12.5)
    for axes in parts:
        axes.set_xticks(np.arange(0.5, 8), [])
        axes.set_yticks(np.arange(0.5, 8), [])
        axes.grid(color="#cccccc", linewidth=0.6)
        axes.tick_params(length=0)
    figure.legend(
        handles=[Patch(color=colour, label=label) for label, colour in COLOURS.items()],
        loc="outside lower center", ncols=3, fontsize=TEXT, frameon=False,
    )  # fmt: skip


def loss(name: str, **options: float) -> str:
    return f"{value(name, TRUE[None], PREDICTED[None], axis=(1, 2), **options):.2f}"


TITLES = {
    "Dice": lambda: f"loss {loss('Dice')}",
    "Tversky": lambda: (
        f"loss {loss('Tversky')}\nalpha = 0.3, beta = 0.7: {loss('Tversky', alpha=0.3, beta=0.7)}"
    ),
}
CAPTIONS = {
    "Dice": "The loss compares the pixels in both masks with all pixels of the two masks. The background, "
    "white on the right, does not count.",
    "Tversky": "`alpha` weighs the pixels that only the prediction has (FP), and `beta` those that it misses "
    "(FN). The background, white on the right, does not count.",
}
DRAWINGS = {name: Drawing(partial(draw, name), caption, 4.0) for name, caption in CAPTIONS.items()}
