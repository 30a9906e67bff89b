"""Inputs outside what a loss reads: the mistakes that users make with probabilities and targets.

The first sample is made wrong, the others stay.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray


class Outside(NamedTuple):
    """A pair of inputs of which the first sample lies outside, and what is wrong with it."""

    what: str
    y_true: Array
    y_pred: Array


def logits(y_true: Array, y_pred: Array) -> Outside:
    wrong = y_pred.copy()
    wrong[0] = np.resize([-2.0, 3.0], y_pred[0].shape)
    return Outside("logits where probabilities belong", y_true, wrong)


def mask_of_bytes(y_true: Array, y_pred: Array) -> Outside:
    wrong = y_true.copy()
    wrong[0] = np.resize([255.0, 0.0], y_true[0].shape)
    return Outside("targets of 0 and 255", wrong, y_pred)


def signs(y_true: Array, y_pred: Array) -> Outside:
    wrong = y_true.copy()
    wrong[0] = np.resize([-1.0, 1.0], y_true[0].shape)
    return Outside("targets of -1 and 1", wrong, y_pred)


Change = Callable[[Array, Array], Outside]

# By the name of the draw: what is outside, whatever y_pred holds, and where it holds probabilities.
TARGETS: dict[str, tuple[Change, ...]] = {
    "binary": (mask_of_bytes, signs),
    "regions": (mask_of_bytes, signs),
    "one_hot": (signs,),
    "one_hot_scores": (signs,),
    "distributions": (signs,),
}
PROBABILITIES = ("binary", "regions", "one_hot", "labels", "distributions", "sequences")


def outside(draw: str, options: Mapping[str, Any], y_true: Array, y_pred: Array) -> list[Outside]:
    """What lies outside, made of a drawn pair; nothing of draws of any numbers."""
    from_logits = options.get("from_logits", draw == "sequences")
    changes = TARGETS.get(draw, ())
    if draw in PROBABILITIES and not from_logits:
        changes = (logits, *changes)
    return [change(y_true, y_pred) for change in changes]
