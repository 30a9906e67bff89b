"""The check of shapes: one value for each sample, and no silent broadcasting."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from keraslosses.core.types import Options, Tensor
from keraslosses.portability import gradients
from keraslosses.portability.finding import Finding, disagreement
from keraslosses.portability.targets.subject import Subject


def check_shapes(subject: Subject) -> Iterator[Finding]:
    """Each sample has one value (or row of values). Inputs of different shapes do not give wrong numbers."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(5,))
    values = gradients.usual_values_of(subject.entries(options), y_true, y_pred)
    if values.shape[:1] != (5,):
        yield not_one_for_each(5, values)
        return
    if not subject.reference.coupled and subject.layer is None:
        yield from nothing_broadcast(subject, options, y_true, y_pred, values)


def not_one_for_each(count: int, values: np.ndarray) -> Finding:
    """The finding for a batch of `count` samples that does not have one value for each sample."""
    what = "one number" if values.ndim == 0 else f"values of shape {values.shape}"
    return Finding(
        "not-one-per-sample" if values.ndim else "one-number",
        f"{what} for a batch of {count}: a loss gives one value for each sample; Keras computes the mean",
        f"an array of shape ({count},)",
        f"an array of shape {values.shape}",
    )


def nothing_broadcast(
    subject: Subject, options: Options, y_true: np.ndarray, y_pred: np.ndarray, values: np.ndarray
) -> Iterator[Finding]:
    """One target for five predictions, and (5,) against (5, 1), raise an error or give the right values."""
    function = subject.entries(options)
    yield from refused_or(f"y_true of shape {y_true[:1].shape}", function, y_true[:1], y_pred, None)
    if y_true.ndim == 1:
        yield from refused_or("y_true of shape (5, 1)", function, y_true[:, None], y_pred, values)
    elif subject.reference.kind.elementwise:
        true, pred = y_true[:, :1], y_pred[:, :1]
        expected = gradients.usual_values_of(function, true, pred).reshape(-1)
        yield from refused_or("y_true of shape (5,)", function, true[:, 0], pred, expected)


def refused_or(what: str, function: Any, y_true: Tensor, y_pred: Tensor, expected: Any) -> Iterator[Finding]:
    """A finding, unless the function raises an error or gives the expected values in any shape.

    If `expected` is None, only an error is right.
    """
    what = f"{what} against y_pred of shape {y_pred.shape}"
    try:
        received = gradients.usual_values_of(function, y_true, y_pred)
    except Exception:
        return
    if expected is None:
        shape = f"values of shape {np.shape(received)}"
        yield Finding("broadcast", f"{what} is broadcast silently", "an error", shape)
    elif np.size(received) != np.size(expected):
        yield Finding(
            "broadcast",
            f"{what} is broadcast silently to {np.shape(received)}",
            f"an error, or {np.size(expected)} values",
            f"values of shape {np.shape(received)}",
        )
    else:
        yield from disagreement("broadcast", what, np.reshape(expected, -1), np.reshape(received, -1))
