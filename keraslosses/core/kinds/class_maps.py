"""Predictions that become probabilities of classes: by a softmax or by sigmoids, or as they are."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from keraslosses.core import numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.limits import LOWEST
from keraslosses.core.types import Tensor

SOFTMAX, SIGMOID = "softmax", "sigmoid"


@dataclass(eq=False, repr=False)
class ClassPair(Pair):
    """A pair with an axis of classes, and how y_pred becomes probabilities: None for probabilities."""

    class_axis: int = -1
    activation: str | None = None


def activation_of(y_pred: Tensor, class_axis: int, from_logits: bool, multi_label: bool) -> str | None:
    """A softmax, unless classes do not exclude each other or there is only one; None for probabilities."""
    if not from_logits:
        return None
    return SIGMOID if multi_label or y_pred.shape[class_axis] == 1 else SOFTMAX


def probabilities(y_pred: Tensor, activation: str | None, class_axis: int) -> Any:
    if activation == SOFTMAX:
        return numerics.softmax(y_pred, class_axis)
    return ops.sigmoid(y_pred) if activation else y_pred


def silenced(silence: Callable[[Any, Tensor], Any], pair: Any, keep: Tensor) -> Any:
    """The pair that `silence` makes, but with all logits of a softmax that has a kept class."""
    silent = silence(pair, keep)
    if pair.activation != SOFTMAX or pair.class_axis in pair.axes:
        return silent
    place = pair.class_axis - sum(axis < pair.class_axis for axis in pair.axes)
    some = ops.any(keep, axis=place, keepdims=True)
    return replace(silent, y_pred=silence(pair, some).y_pred)


def without_unseen(pair: ClassPair, seen: Tensor, otherwise: float = 0.0) -> Tensor:
    """y_pred with a number where it is not seen. An unseen class leaves the softmax of the other classes."""
    number = LOWEST if pair.activation == SOFTMAX else otherwise
    return ops.where(seen, pair.y_pred, ops.cast(number, pair.y_pred.dtype))
