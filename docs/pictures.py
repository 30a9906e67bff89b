"""The pictures of the losses: value and gradient as `python -m keraslosses plot` draws them, and drawings."""

from pathlib import Path
from typing import Any

from drawings import DRAWINGS
from drawings.speed import SPEED

from keraslosses.cli.plot.curves import Curve, curves_of, shown
from keraslosses.cli.plot.figure import save_picture
from keraslosses.cli.plot.plotted import Plotted, plotted
from keraslosses.reference import REFERENCES
from keraslosses.reference.kinds.path import Path as PathOfKind


def draw_pictures(folder: Path) -> None:
    """Draw every loss into the folder, and the picture of the benchmark."""
    folder.mkdir(exist_ok=True)
    for name in REFERENCES:
        draw(name, folder / f"{name}.png")
    for name, drawing in DRAWINGS.items():
        drawing.save(folder / f"{name}-explained.png")
    SPEED.save(folder / "speed.png")


def draw(name: str, path: Path) -> None:
    loss = plotted(name)
    save_picture(path, title(loss), *lines_of(loss))


def lines_of(loss: Plotted) -> tuple[PathOfKind, list[Curve]]:
    """The loss with its defaults, and with the options that "Which loss?" gives for a start."""
    starts = starts_of(loss.name)
    varied = {option: loss.options[option] for start in starts for option in start}
    choices = [varied, *({**varied, **start} for start in starts)]
    return curves_of(loss, [choice for n, choice in enumerate(choices) if choice not in choices[:n]])


def starts_of(name: str) -> list[dict[str, Any]]:
    """Without what moves no curve or changes the x axis: only fractional numbers draw another line."""
    starts = [use.start for use in REFERENCES[name].uses]
    return [{o: v for o, v in start.items() if isinstance(v, float)} for start in starts]


def title(loss: Plotted) -> str:
    """The loss, with the options that it needs."""
    needed = ", ".join(f"{option} = {shown(value)}" for option, value in loss.needed.items())
    return f"{loss.name}: {needed}" if needed else loss.name
