"""The kinds of ordered classes: `Levels`, `ConditionalLevels` and `Thresholds`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.kinds.labels import Labels
from keraslosses.core.reduction import both
from keraslosses.core.types import Options, Tensor


def levels(y_pred: Tensor) -> Any:
    """The numbers 0, 1, .. along the last axis of y_pred, with as many axes as y_pred."""
    numbers = ops.arange(ops.shape(y_pred)[-1], dtype="int32")
    return ops.reshape(numbers, (*[1] * (len(y_pred.shape) - 1), -1))


class Levels(Labels):
    """One class index for each entry, and a logit for each of the K - 1 questions "is the class above k?".

    The questions lie along the last axis of y_pred. The loss of an entry is the sum over its questions; a
    masked question is left out. The options `ignore_class` and `class_weights` are those of `Labels`. The
    formula gets the class indices with one more axis of size 1.

    Shapes: y_pred `(batch, .., K - 1)`. y_true `(batch, ..)` or `(batch, .., 1)`, class indices in [0, K).
    The formula returns the shape of y_pred.

    The formula must be finite for label 0 and a y_pred of ones, because they replace a sample of weight 0.
    """

    more_classes = 1

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        y_pred = ops.where(seen, pair.y_pred, ops.ones((), dtype=pair.y_pred.dtype))
        return replace(pair, y_pred=y_pred, inner=ops.cast(seen, y_pred.dtype))

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        values = formula(ops.expand_dims(pair.y_true, -1), pair.y_pred)
        return ops.sum(values if pair.inner is None else values * pair.inner, axis=-1)


class ConditionalLevels(Labels):
    """As `Levels`, but each level is an entry of its own. It counts if the class is not below the level.

    The formula gets the class indices with one more axis of size 1.

    Shapes: y_pred `(batch, .., K - 1)`. y_true `(batch, ..)` or `(batch, .., 1)`, class indices in [0, K).
    The formula returns the shape of y_pred.

    The formula must be finite if y_pred is 1, because ones replace the levels that do not count.
    """

    more_classes = 1

    def marked(self, name: str, labels: Tensor, y_pred: Tensor, axis: int, options: Options) -> Pair:
        pair = super().marked(name, labels, y_pred, axis, options)
        given = (pair.y_true, pair.valid, pair.broken, pair.class_weight)
        label, valid, broken, weight = (x if x is None else ops.expand_dims(x, -1) for x in given)
        return Pair(label, y_pred, (), both(label >= levels(y_pred), valid), broken, weight)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the levels that are not kept by ones."""
        return replace(pair, y_pred=ops.where(keep, pair.y_pred, ops.ones((), dtype=pair.y_pred.dtype)))


class Thresholds(Labels):
    """One class index for each entry, and a score followed by K - 1 thresholds that do not decrease.

    The options `ignore_class` and `class_weights` are those of `Labels`.

    Shapes: y_pred `(batch, .., K)`: the score, then the thresholds. y_true `(batch, ..)` or `(batch, .., 1)`,
    class indices in [0, K). The formula returns `(batch, ..)`.

    The formula must be finite for label 0 and a y_pred of ones, because they replace a sample of weight 0.
    """

    def marked(self, name: str, labels: Tensor, y_pred: Tensor, axis: int, options: Options) -> Pair:
        if y_pred.shape[-1] == 1:
            raise ValueError(
                f"`y_pred` must hold a score and at least one threshold in each row in {name}. "
                f"Received: y_pred.shape={tuple(y_pred.shape)}"
            )
        pair = super().marked(name, labels, y_pred, axis, options)
        falls = ops.any(y_pred[..., 2:] < y_pred[..., 1:-1], axis=-1)
        seen = backend.peek(falls)
        if seen is None:
            broken = falls if pair.broken is None else ops.logical_or(falls, pair.broken)
            return replace(pair, broken=broken)
        if seen.any():
            place = tuple(int(i) for i in np.argwhere(seen)[0])
            raise ValueError(
                f"`y_pred` must hold a score and then thresholds that do not decrease in {name}. "
                f"Received: y_pred={ops.convert_to_numpy(y_pred)[place].tolist()} at {place}. "
                "(The layer `OrdinalThresholds` makes them.)"
            )
        return pair
