"""The picture of a loss: its curves, and their gradients beside them."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from keraslosses.cli.plot.curves import Curve
from keraslosses.reference.kinds import path as plot_path

# A colour for each choice of options, and a dash for each target. People with colour blindness can
# distinguish these colours.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#222222", "#e69f00", "#56b4e9", "#8c564b")
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)))
DOTS_PER_INCH = 150
# How many letters fit into a line of the title, and of the legend.
TITLE_LETTERS, LEGEND_LETTERS = 95, 120
LEGEND_MARK = 11
ZERO: dict[str, Any] = {"color": "black", "linewidth": 0.8, "alpha": 0.6, "zorder": 1}
# The first lines are wider than the later ones, so that lines in the same place are all visible.
WIDEST, NARROWEST = 3.2, 1.8
# The picture is cut if the range of the gradient is this many times the range of 98 % of its points.
SPIKE = 3.0


def save_picture(path: Path, title: str, along: plot_path.Path, curves: Sequence[Curve]) -> None:
    """Writes a PNG or an SVG."""
    picture(title, along, curves).savefig(path, dpi=DOTS_PER_INCH, format=path.suffix[1:].lower())


def picture(title: str, along: plot_path.Path, curves: Sequence[Curve]) -> Figure:
    figure = Figure(figsize=(10.5, 4.8), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08, wspace=0.04))
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    looks = looks_of(curves)
    for curve in curves:
        look = looks[curve.options, curve.case]
        left.plot(curve.x, curve.loss, **look)
        right.plot(curve.x, curve.gradient, **look)
    right.axhline(0, **ZERO)
    cut_spikes(right, curves)
    low, high = left.get_ylim()
    if low < 0 < high:
        left.axhline(0, **ZERO)
    finish(left, along, "loss")
    finish(right, along, along.gradient)
    figure.suptitle(textwrap.fill(title, TITLE_LETTERS), fontsize=14)
    add_legend(figure, looks)
    return figure


def looks_of(curves: Sequence[Curve]) -> dict[tuple[str, str], dict[str, Any]]:
    """The colour, dashes and width of each curve. If all have the same options, each target has a colour."""
    options = list(dict.fromkeys(curve.options for curve in curves))
    cases = list(dict.fromkeys(curve.case for curve in curves))
    widths = np.linspace(WIDEST, NARROWEST, len(options)) if len(options) > 1 else [2.2]
    looks = {}
    for curve in curves:
        option, case = options.index(curve.options), cases.index(curve.case)
        looks[curve.options, curve.case] = {
            "color": COLOURS[option if len(options) > 1 else case],
            "linestyle": DASHES[case],
            "linewidth": widths[option],
        }
    return looks


def finish(axes: Axes, along: plot_path.Path, up: str) -> None:
    axes.set_xlabel(along.axis, fontsize=11.5)
    axes.set_ylabel(up, fontsize=12)
    axes.tick_params(labelsize=11)
    axes.margins(x=0)
    if along.ticks:
        axes.set_xticks(along.ticks)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def cut_spikes(axes: Axes, curves: Sequence[Curve]) -> None:
    """Limits the y axis if the gradient is much larger at a few points. Else the other points look flat."""
    gradients = np.concatenate([curve.gradient for curve in curves])
    low, high = np.quantile(gradients, [0.01, 0.99])
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < np.ptp(gradients) / SPIKE:
        axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))


def add_legend(figure: Figure, looks: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Adds an entry for each choice of options and each target, if there are several."""
    options = list(dict.fromkeys(label for label, _ in looks))
    cases = list(dict.fromkeys(case for _, case in looks))
    handles: dict[str, dict[str, Any]] = {}
    if len(options) > 1:
        handles |= {label: {**looks[label, cases[0]], "linestyle": "-"} for label in options}
    if len(cases) > 1:
        colour = {"color": "#666666"} if len(options) > 1 else {}
        handles |= {case: {**looks[options[0], case], **colour} for case in cases}
    if handles:
        lines = [Line2D([], [], label=label, **look) for label, look in handles.items()]
        figure.legend(
            handles=lines, loc="outside lower center", ncols=legend_columns(list(handles)), fontsize=11.5,
            frameon=False, handlelength=2.6,
        )  # fmt: skip


def legend_columns(labels: Sequence[str]) -> int:
    """The number of columns: all labels in one row if they fit, else columns as wide as the widest label."""
    widths = [len(label) + LEGEND_MARK for label in labels]
    return len(labels) if sum(widths) <= LEGEND_LETTERS else max(1, LEGEND_LETTERS // max(widths))
