"""The picture of the growths: time by length, a panel for each growth."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keraslosses.cli.plot.figure import COLOURS, DASHES, DOTS_PER_INCH
from keraslosses.cli.steps.growth import GROWTHS, OURS, Line


def save_picture(path: Path, lines: Sequence[Line]) -> None:
    """Writes a PNG or an SVG."""
    picture(lines).savefig(path, dpi=DOTS_PER_INCH, format=path.suffix[1:].lower())


def picture(lines: Sequence[Line]) -> Figure:
    panels = list(dict.fromkeys(line.what for line in lines))
    modes = list(dict.fromkeys(line.mode for line in lines))
    rows = (len(panels) + 1) // 2
    figure = Figure(figsize=(11, 4.6 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for what, axes in zip(panels, figure.subplots(rows, 2, squeeze=False).flat, strict=False):
        draw(axes, [line for line in lines if line.what == what], modes)
    for axes in figure.axes[len(panels) :]:
        axes.set_axis_off()
    figure.suptitle("Time of a loss with its gradient, and the fitted exponents", fontsize=14)
    return figure


def draw(axes: Axes, lines: Sequence[Line], modes: Sequence[str]) -> None:
    """A line for our loss and a dashed one for the best peer, in the colour of the backend."""
    for line in lines:
        axes.loglog(
            line.lengths,
            line.ms,
            color=COLOURS[modes.index(line.mode)],
            linestyle=DASHES[line.name != OURS],
            marker="o",
            markersize=4,
            label=f"{line.mode}, {line.name}: {line.exponent:.2f}",
        )
    axes.set_title(GROWTHS[lines[0].what].title, fontsize=12)
    lengths = lines[0].lengths
    axes.set_xticks(lengths, [f"{length:,}" for length in lengths])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(lines[0].what, fontsize=11.5)
    axes.set_ylabel("ms", fontsize=11.5)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, handlelength=4)
