"""The x axis of a plot: a path along which one number changes the predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# The number of classes in a plot. One is the class of the label, and the others share the rest.
CLASSES = 10
# The curves over probabilities go from the first to the second number.
PROBABILITIES = (0.04, 0.96)
DEGREES = (0.0, 45.0, 90.0, 135.0, 180.0)
STEP = 1e-5


@dataclass(frozen=True)
class Case:
    """One target with its path. `y_pred` maps the numbers of the x axis, `(n,)`, to n predictions.

    `y_true` belongs to one prediction. A loss that couples the samples of a batch gets one number at a time:
    then `y_true` is a whole batch, and `y_pred` gives a whole batch.
    """

    label: str
    y_true: np.ndarray
    y_pred: Callable[[np.ndarray], np.ndarray]

    def slope(self, x: np.ndarray) -> np.ndarray:
        """The derivative of each element of `y_pred` by x, from central differences."""
        return (self.y_pred(x + STEP) - self.y_pred(x - STEP)) / (2 * STEP)


@dataclass(frozen=True)
class Path:
    """The x axis of a plot and its targets.

    `axis` and `gradient` are the labels of the x axis and of the gradient. `span` is the range of x. `ticks`
    are the numbers at the axis, if those of matplotlib do not fit.
    """

    axis: str
    gradient: str
    span: tuple[float, float]
    cases: tuple[Case, ...]
    ticks: tuple[float, ...] = ()


def case(label: str, y_true: Any, y_pred: Callable[[np.ndarray], np.ndarray]) -> Case:
    y_true = np.asarray(y_true)
    return Case(label, y_true if y_true.dtype.kind == "i" else y_true.astype("float32"), y_pred)


def column(x: np.ndarray) -> np.ndarray:
    return x[:, None]


def turned(x: np.ndarray) -> np.ndarray:
    """Unit vectors in the plane, at these angles to the first axis (degrees)."""
    return np.stack([np.cos(np.radians(x)), np.sin(np.radians(x))], axis=-1)


def first_of_classes(x: np.ndarray) -> np.ndarray:
    """x for the first class, 0 for the others."""
    return np.eye(CLASSES)[0] * x[:, None]


def shared(x: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Rows of probabilities: x for the class that `right` marks, the rest shared evenly."""
    x = np.reshape(x, (-1, *[1] * right.ndim))
    return right * x + (1.0 - right) * (1.0 - x) / (right.shape[-1] - 1)


def own_probability(x: np.ndarray) -> np.ndarray:
    return shared(x, np.eye(CLASSES)[0])


def own_score(y_true: Any, what: str, span: tuple[float, float]) -> Path:
    axis = f"{what} of the true class, 0 for the others"
    return Path(axis, f"gradient by the {what}", span, (case("", y_true, first_of_classes),))


def one_class(options: Any, y_true: Any) -> Path:
    """The path of the true class, as a probability or a logit."""
    if options.get("from_logits"):
        return own_score(y_true, "logit", (-8.0, 8.0))
    axis = "probability of the true class, the rest shared evenly"
    return Path(axis, "gradient by this probability", PROBABILITIES, (case("", y_true, own_probability),))
