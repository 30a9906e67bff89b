"""How one score, with noise, becomes the probabilities of ordered classes."""

import numpy as np
from matplotlib.figure import Figure

from drawings.drawing import BLUE, GREEN, GREY, ORANGE, PINK, TEXT, Drawing, value

THRESHOLDS, SCORE = (-2.0, 0.3, 2.2), 1.0
X = np.linspace(-5.0, 6.0, 400)


def draw(figure: Figure) -> None:
    axes = figure.subplots()
    density = 0.25 / np.cosh((X - SCORE) / 2) ** 2
    axes.plot(X, density, color=GREY)
    borders = (X[0], *THRESHOLDS, X[-1])
    for label, colour in enumerate((BLUE, ORANGE, GREEN, PINK)):
        inside = (borders[label] <= X) & (borders[label + 1] >= X)
        axes.fill_between(X[inside], density[inside], color=colour, alpha=0.45, linewidth=0)
        cost = value("CumulativeLink", [label], [[SCORE, *THRESHOLDS]])
        place = (max(borders[label], -4.0) + min(borders[label + 1], 5.0)) / 2
        words = f"class {label}\np = {np.exp(-cost):.2f}\nloss {cost:.2f}"
        axes.text(place, 0.275, words, ha="center", color=colour, fontsize=TEXT, weight="bold")
    for n, threshold in enumerate(THRESHOLDS):
        axes.axvline(threshold, color="black", linewidth=1.2, ymax=0.78)
        axes.annotate(f"threshold {n}", (threshold, -0.012), ha="center", va="top", annotation_clip=False)
    axes.plot([SCORE], [0.25], "v", color="black", clip_on=False)
    axes.annotate("score", (SCORE, 0.256), ha="center", va="bottom", fontsize=TEXT)
    axes.set(ylim=(0, 0.34), xlim=(X[0], X[-1]))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)


DRAWINGS = {
    "CumulativeLink": Drawing(
        draw,
        "The score with its noise, and the thresholds that all samples share. The probability of a class is "
        "the area between its two thresholds. The loss is minus the logarithm of it.",
        4.0,
    )
}
