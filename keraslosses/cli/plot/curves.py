"""The curves of a loss: its values along a path of predictions, and the gradient by the number that moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from keraslosses.cli.catalogue import NEEDED, options_of
from keraslosses.cli.plot.inputs import path_of
from keraslosses.cli.plot.path import Case, Options, Path
from keraslosses.lookup import CLASSES
from keraslosses.portability.gradients import value_and_gradient
from keraslosses.reference import Reference

# Odd, so that the middle of a span is a point: most kinks lie there. A loss that couples the samples of a
# batch is called for each point.
POINTS = 401
COUPLED_POINTS = 121


@dataclass(frozen=True)
class Curve:
    """The loss and its gradient over the x axis; `options` and `case`, the target, say which line it is."""

    options: str
    case: str
    x: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray


def curves_of(reference: Reference, choices: Sequence[Options]) -> tuple[Path, list[Curve]]:
    """A curve for each choice of options and each target.

    Raises:
        ValueError: for options that the loss refuses, or whose curves have no x axis in common.
    """
    filled = [{**needed_options(reference), **options} for options in choices]
    losses = [CLASSES[reference.name](**options, reduction="none") for options in filled]
    paths = [path_of(reference, options) for options in filled]
    if len({path.axis for path in paths}) > 1:
        axes = "; ".join(dict.fromkeys(path.axis for path in paths))
        raise ValueError(f"the lines of one picture must share their x axis. Received: {axes}")
    drawn = coupled_curves if reference.coupled else curves
    lines = zip(losses, paths, labels_of(reference, choices), strict=True)
    return paths[0], [curve for loss, path, label in lines for curve in drawn(loss, path, label)]


def labels_of(reference: Reference, choices: Sequence[Options]) -> list[str]:
    """What tells the lines apart: the options that differ, and whether they are at their defaults."""
    defaults = options_of(CLASSES[reference.name])
    varied = [name for name in choices[0] if any(choice[name] != choices[0][name] for choice in choices)]
    labels = []
    for choice in choices:
        text = ", ".join(f"{name} = {shown(choice[name])}" for name in varied)
        at_defaults = varied and all(choice[name] == defaults[name] for name in varied)
        labels.append(f"{text} (default)" if at_defaults else text)
    return labels


def shown(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def needed_options(reference: Reference) -> dict[str, Any]:
    """What a loss does not do without, as the reference has it."""
    options = options_of(CLASSES[reference.name])
    return {name: reference.options[0][name] for name, default in options.items() if default is NEEDED}


def curves(loss: Any, path: Path, label: str) -> list[Curve]:
    """A curve for each target, all in one call, so that the loss is compiled once."""
    x = np.linspace(*path.span, POINTS, dtype="float32")
    count = len(path.cases)

    def along(y_true: Any, x: Any) -> Any:
        parts = zip(path.cases, ops.split(x, count), strict=True)
        return loss(y_true, ops.concatenate([case.y_pred(part) for case, part in parts]))

    y_true = np.concatenate([np.repeat(case.y_true[None], POINTS, axis=0) for case in path.cases])
    found = value_and_slope(along, y_true, np.tile(x, count))
    values, slopes = (numbers.reshape(count, POINTS) for numbers in found)
    return [
        Curve(label, case.label, x, *numbers)
        for case, *numbers in zip(path.cases, values, slopes, strict=True)
    ]


def coupled_curves(loss: Any, path: Path, label: str) -> list[Curve]:
    """The same for a loss of a whole batch: each point is a batch, of which the first value is drawn."""
    x = np.linspace(*path.span, COUPLED_POINTS, dtype="float32")

    def curve(case: Case) -> Curve:
        def along(y_true: Any, x: Any) -> Any:
            return loss(y_true, case.y_pred(x))[:1]

        pairs = [value_and_slope(along, case.y_true, x[i : i + 1]) for i in range(COUPLED_POINTS)]
        values, slopes = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
        return Curve(label, case.label, x, values, slopes)

    return [curve(case) for case in path.cases]


def value_and_slope(function: Any, y_true: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where nothing flows back, the slope is 0."""
    values, gradient = value_and_gradient(function, y_true, x)
    return values, np.zeros_like(x) if gradient is None else gradient
