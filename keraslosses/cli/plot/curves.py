"""The curves of a loss: its values along a path of predictions, and its gradient by the x axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keraslosses.cli.plot.plotted import Plotted
from keraslosses.core.types import Tensor
from keraslosses.portability.gradients import OFTEN, USUAL, value_and_gradient
from keraslosses.reference.entry import Options
from keraslosses.reference.kinds.path import Case, Path

# Odd numbers, so that the middle of a span is a point: most kinks are there. A loss that couples the samples
# of a batch is called once for each point, so it gets fewer points.
POINTS = 401
COUPLED_POINTS = 121


@dataclass(frozen=True)
class Curve:
    """The loss and its gradient along the x axis. `options` and `case` (the target) name the line."""

    options: str
    case: str
    x: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray


def as_data(curve: Curve) -> dict[str, Any]:
    """A curve as data for JSON."""
    return {
        name: numbers.tolist() if isinstance(numbers, np.ndarray) else numbers
        for name, numbers in vars(curve).items()
    }


def curves_of(plotted: Plotted, choices: Sequence[Options]) -> tuple[Path, list[Curve]]:
    """A curve for each choice of options and each target.

    Raises:
        ValueError: If the loss refuses the options, or if the curves have different x axes.
    """
    filled = [{**plotted.needed, **options} for options in choices]
    losses = [made(plotted, options) for options in filled]
    paths = [plotted.kind.path(options) for options in filled]
    if len({path.axis for path in paths}) > 1:
        axes = "; ".join(dict.fromkeys(path.axis for path in paths))
        raise ValueError(f"the lines of one picture must share their x axis. Received: {axes}")
    drawn = coupled_curves if plotted.coupled else curves
    lines = zip(losses, paths, labels_of(plotted, choices), strict=True)
    return paths[0], [curve for loss, path, label in lines for curve in drawn(loss, path, label)]


def made(plotted: Plotted, options: Options) -> Any:
    """The loss with these options, without a reduction."""
    try:
        return plotted.cls(**options, reduction="none")
    except TypeError as error:
        raise ValueError(
            f"{plotted.name} must take `reduction`, and have a default for each option that --option does "
            f"not give. Received: {error}"
        ) from None


def labels_of(plotted: Plotted, choices: Sequence[Options]) -> list[str]:
    """The label of each line: the options that differ between the lines, with a mark for the defaults."""
    defaults = plotted.options
    varied = [name for name in choices[0] if any(choice[name] != choices[0][name] for choice in choices)]
    labels = []
    for choice in choices:
        text = ", ".join(f"{name} = {shown(choice[name])}" for name in varied)
        at_defaults = varied and all(choice[name] == defaults[name] for name in varied)
        labels.append(f"{text} (default)" if at_defaults else text)
    return labels


def shown(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def curves(loss: Any, path: Path, label: str) -> list[Curve]:
    """A curve for each target. One call computes all of them, so that the loss is compiled once."""
    x, cases = np.linspace(*path.span, POINTS), path.cases
    y_true = np.concatenate([np.repeat(case.y_true[None], POINTS, axis=0) for case in cases])
    y_pred = np.concatenate([case.y_pred(x) for case in cases])
    moves = np.concatenate([case.slope(x) for case in cases])
    found = value_and_slope(loss, y_true, y_pred, moves)
    values, slopes = (numbers.reshape(len(cases), POINTS) for numbers in found)
    return [
        Curve(label, case.label, x, *numbers) for case, *numbers in zip(cases, values, slopes, strict=True)
    ]


def coupled_curves(loss: Any, path: Path, label: str) -> list[Curve]:
    """The curves of a loss that couples the batch. Each point is a batch, and its first value is drawn."""
    x = np.linspace(*path.span, COUPLED_POINTS)

    def first(y_true: Tensor, y_pred: Tensor) -> Any:
        return loss(y_true, y_pred)[:1]

    def curve(case: Case) -> Curve:
        found = [
            value_and_slope(first, case.y_true, case.y_pred(at), case.slope(at), OFTEN) for at in x[:, None]
        ]
        values, slopes = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Curve(label, case.label, x, values, slopes)

    return [curve(case) for case in path.cases]


def value_and_slope(
    function: Any, y_true: np.ndarray, y_pred: np.ndarray, moves: np.ndarray, mode: str = USUAL
) -> tuple[np.ndarray, np.ndarray]:
    """The values, and their derivatives by x: the gradient by y_pred, times the derivative of y_pred by x.

    Several values of a sample are added. If the loss has no gradient, the derivative is 0.
    """
    values, gradient = value_and_gradient(function, y_true, y_pred.astype("float32"), mode=mode)
    changes = np.zeros_like(moves) if gradient is None else gradient * moves
    return tuple(numbers.reshape(len(values), -1).sum(axis=-1) for numbers in (values, changes))
