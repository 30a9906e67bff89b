"""The Lovász losses: how the Jaccard loss rises when the pixels become wrong one after the other."""

import numpy as np
from matplotlib.figure import Figure

from drawings.drawing import BLUE, GREY, ORANGE, TEXT, Drawing
from keraslosses.reference.masks import jaccard_loss, lovasz

# The pixels of an image with few pixels of the class, those with the largest error first.
MEMBERS = np.array([False, True, False, False, True, False, True, False])
ERRORS = np.array([0.95, 0.8, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1])


def draw(figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    places = 1 + np.arange(len(ERRORS))
    colours = [ORANGE if member else BLUE for member in MEMBERS]
    left.bar(places, ERRORS, color=colours)
    left.set_title("errors m, sorted", fontsize=12.5)
    steps = [jaccard_loss(MEMBERS, places <= wrong) for wrong in range(len(ERRORS) + 1)]
    right.step(range(len(steps)), steps, where="post", color=GREY)
    for n, colour in enumerate(colours):
        right.bar(n + 1, steps[n + 1] - steps[n], bottom=steps[n], color=colour, width=0.5)
    right.set_title(f"Jaccard loss after n wrong pixels. Loss: {lovasz(MEMBERS, ERRORS):.2f}", fontsize=12.5)
    left.set_xlabel("pixel", fontsize=TEXT)
    right.set_xlabel("n", fontsize=TEXT)
    for axes in (left, right):
        axes.set_xticks(places)
        axes.spines[["top", "right"]].set_visible(False)
    handles = [left.bar([1], [0], color=colour, label=label) for colour, label in NAMES.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=TEXT, frameon=False)


NAMES = {ORANGE: "pixels of the class", BLUE: "other pixels"}
CAPTION = (
    "On the left the errors of the pixels, on the right how the Jaccard loss rises when one after the other "
    "becomes wrong. The loss is the sum of the errors, each times its rise."
)
DRAWINGS = {name: Drawing(draw, CAPTION, 4.2) for name in ("LovaszHinge", "LovaszSoftmax")}
