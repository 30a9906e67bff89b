"""The kind `LabelLists`: a list of class indices for each entry, and a score for each class."""

from dataclasses import replace
from typing import Any

import numpy as np

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Kind, Pair, without_classes
from keraslosses.core.kinds.labels import comparable, is_broken, reject_out_of_range
from keraslosses.core.precision import floating
from keraslosses.core.types import Options, Tensor


def reject_multi_hot(name: str, lists: np.ndarray) -> None:
    """Raises if all rows are multi-hot. The first row decides for most inputs; else all rows are checked."""
    rows = lists.reshape(-1, lists.shape[-1])
    if len(rows) and is_multi_hot(rows[0], np.all) and is_multi_hot(rows, np.all):
        raise ValueError(
            f"`y_true` must hold lists of class indices, each ended by -1, in {name}. Received: "
            f"y_true={rows[0].tolist()} in the first row, and only 0 and 1 in all rows. "
            "(If y_true holds a 0 or 1 for each class, give the indices of the ones instead.)"
        )


def is_multi_hot(lists: Tensor, every: Any) -> Any:
    """Whether all rows hold only 0 and 1, and so no -1 that ends a list.

    Read as a list, such a row with more than two entries would name a class twice.
    """
    return every((lists == 0) | (lists == 1))


class LabelLists(Kind):
    """A list of class indices for each entry, ended by the first -1, and a score for each class.

    Shapes: y_pred `(batch, .., classes)`, the scores. y_true must have the same shape and holds the lists
    along the last axis; numbers after the first -1 have no meaning. The formula returns the shape of y_pred
    without the last axis.

    The formula must be finite for an empty list and scores of 1, because they replace a sample of weight 0.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        """Gives the labels, all in range, with -1 after the end of a list."""
        y_pred = floating(y_pred)
        given = y_true if isinstance(y_true, np.ndarray) else backend.as_tensor(y_true)
        if not len(y_pred.shape) or not checks.compatible(given.shape, y_pred.shape):
            expected = "have the shape of y_pred, with one list of labels in each row"
            raise checks.shapes_differ(given, y_pred, name, expected)
        classes = y_pred.shape[-1]
        if classes is None:
            classes = ops.shape(y_pred)[-1]
        seen = backend.peek(given) if isinstance(classes, int) else None
        axes = (len(y_pred.shape) - 1,)
        if seen is not None:
            if classes > 2:
                reject_multi_hot(name, seen)
            ended = np.logical_or.accumulate(seen == -1, axis=-1)
            reject_out_of_range(name, "y_true", np.where(ended, 0, seen), classes, None)
            return Pair(ops.convert_to_tensor(np.where(ended, -1, seen).astype("int32")), y_pred, axes)
        labels = comparable(given)
        ended = ops.cumsum(ops.cast(labels == -1, "int32"), axis=-1) > 0
        broken = ops.logical_and(is_broken(labels, classes), ops.logical_not(ended))
        multi_hot = ops.logical_and(classes > 2, is_multi_hot(labels, ops.all))
        labels = backend.as_indices(ops.where(ops.logical_or(ended, broken), -ops.ones_like(labels), labels))
        broken = ops.logical_or(ops.any(broken, axis=-1), multi_hot)
        return Pair(labels, y_pred, axes, broken=broken)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the entries that are not kept by empty lists and scores of 1."""
        keep = ops.expand_dims(keep, -1)
        y_true = ops.where(keep, pair.y_true, -ops.ones_like(pair.y_true))
        return replace(pair, y_true=y_true, y_pred=ops.where(keep, pair.y_pred, ops.ones_like(pair.y_pred)))

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(pair, y_pred=without_classes(pair, seen, options))
