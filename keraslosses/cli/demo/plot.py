"""The picture of the demo: the test images in the plane of the embedding, one panel for each loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

COLOURS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd",
    "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
)  # fmt: skip
PANEL_INCHES = 5.0
DOTS_PER_INCH = 120


@dataclass(frozen=True)
class Panel:
    """The features of one training, with a center for each digit."""

    title: str
    features: np.ndarray
    centers: np.ndarray


def save_picture(path: Path, panels: Sequence[Panel], labels: np.ndarray, title: str) -> None:
    """Writes the panels side by side as a PNG."""
    figure = Figure(figsize=(PANEL_INCHES * len(panels), PANEL_INCHES + 1.5), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        draw_panel(axes, panel, labels)
    figure.suptitle(title, fontsize=15)
    figure.legend(
        handles=legend_handles(), loc="outside lower center", ncols=11, fontsize=13, frameon=False,
        handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip
    figure.savefig(path, dpi=DOTS_PER_INCH, format="png")


def draw_panel(axes: Any, panel: Panel, labels: np.ndarray) -> None:
    """Draws points coloured by digit, and each center as a white disc with its digit."""
    for digit, colour in enumerate(COLOURS):
        points = panel.features[labels == digit]
        axes.scatter(points[:, 0], points[:, 1], s=16, color=colour, alpha=0.75, linewidths=0)
    for digit, (x, y) in enumerate(panel.centers):
        axes.scatter(x, y, s=150, color="white", edgecolors="black", linewidths=1.3, zorder=3)
        axes.text(x, y, str(digit), ha="center", va="center_baseline", fontsize=10, weight="bold", zorder=4)
    axes.set_title(panel.title, fontsize=14)
    axes.set_aspect("equal", adjustable="datalim")
    axes.tick_params(labelsize=11)
    axes.grid(alpha=0.25)


def legend_handles() -> list[Line2D]:
    """The legend: a dot for each digit, and a disc for the centers."""
    dots = [
        Line2D([], [], marker="o", linestyle="", markersize=8, color=colour, label=str(digit))
        for digit, colour in enumerate(COLOURS)
    ]
    center = Line2D(
        [],
        [],
        marker="o",
        linestyle="",
        markersize=12,
        color="white",
        markeredgecolor="black",
        label="class mean, or learned center",
    )
    return [*dots, center]
