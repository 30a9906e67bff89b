"""What a drawing is, and what the drawings share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from keraslosses.cli.plot.figure import COLOURS, DOTS_PER_INCH
from keraslosses.reference import REFERENCES

BLUE, ORANGE, GREEN, PINK, *_ = COLOURS
GREY = "#777777"
TEXT = 11.5
WIDTH = 10.5


@dataclass(frozen=True)
class Drawing:
    """A drawing: `draw(figure)` fills the figure, and `caption` says what it shows."""

    draw: Callable[[Figure], None]
    caption: str
    height: float = 4.2

    def save(self, path: Path) -> None:
        figure = Figure(figsize=(WIDTH, self.height), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
        FigureCanvasAgg(figure)
        self.draw(figure)
        figure.savefig(path, dpi=DOTS_PER_INCH)


def value(name: str, y_true: Any, y_pred: Any, **options: Any) -> float:
    """The first value of a loss, from its formula."""
    return float(REFERENCES[name].values(y_true, y_pred, options).reshape(-1)[0])


def blank(axes: Axes) -> None:
    """Axes of equal scale without a frame."""
    axes.set_aspect("equal")
    axes.set_axis_off()


def rectangle(axes: Axes, box: Any, **look: Any) -> None:
    x1, y1, x2, y2 = box
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, **{"fill": False, "linewidth": 2.2, **look}))


def arrow(axes: Axes, start: Any, end: Any, **look: Any) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "linewidth": 1.8, **look})
