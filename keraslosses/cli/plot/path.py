"""The path along which one number moves the predictions of a loss, to be drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One target with its path: `y_pred` maps the numbers of the x axis, `(n,)`, to n predictions.

    `y_true` belongs to one prediction. A loss that couples the samples of a batch gets one number at a time;
    there `y_true` and what `y_pred` gives are the whole batch.
    """

    label: str
    y_true: np.ndarray
    y_pred: Callable[[Any], Any]


@dataclass(frozen=True)
class Path:
    """The x axis of a picture, by what the gradient is taken, and the targets.

    `span` is where the curves begin and end; `ticks` are the numbers at the axis where those of matplotlib
    are not the best ones.
    """

    axis: str
    gradient: str
    span: tuple[float, float]
    cases: tuple[Case, ...]
    ticks: tuple[float, ...] = ()


def case(label: str, y_true: Any, y_pred: Callable[[Any], Any]) -> Case:
    y_true = np.asarray(y_true)
    return Case(label, y_true if y_true.dtype.kind == "i" else y_true.astype("float32"), y_pred)


def tensor(numbers: Any) -> Any:
    return ops.convert_to_tensor(np.asarray(numbers, "float32"))
