"""The kind `Agreement`: the classes of a whole batch, compared with the predictions for them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS, SHARES
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions
from keraslosses.core.reduction import extend_to
from keraslosses.core.types import Options, Shape, Tensor


class Agreement(LabelsOrDistributions):
    """Class indices or distributions, against probabilities or logits: the whole batch has one value.

    The loss function must have an option `num_classes`, the size of the last axis of y_pred. With an option
    `ignore_class`, entries with this label are not part of the whole. Sample weights change the result only.

    Shapes: y_pred `(batch, .., num_classes)`; y_true has the same shape, or holds class indices in the shape
    without the last axis. The formula gets both in the shape `(entries, num_classes)`, and returns a scalar.
    The loss function returns it for each sample, `(batch,)`. A row of y_true that holds only 0 is no part of
    the whole.
    """

    def __init__(self) -> None:
        super().__init__(true=DISTRIBUTIONS, pred=SHARES)

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        pair = super().read(name, y_true, y_pred, options)
        classes = options["num_classes"]
        if pair.y_pred.shape[-1] != classes:
            raise ValueError(
                f"`y_pred` must have `num_classes` numbers in its last axis in {name}. "
                f"Received: num_classes={classes}, y_pred.shape={tuple(pair.y_pred.shape)}"
            )
        inner = tuple(range(1, len(pair.y_pred.shape)))
        valid, broken = pair.valid, pair.broken
        pair = replace(pair, axes=inner, coupled=True, valid=None)
        if valid is not None:
            pair = without(pair, valid)
            valid = ops.any(valid, axis=inner[:-1]) if inner[:-1] else valid
        if broken is not None:
            broken = ops.broadcast_to(ops.any(broken), ops.shape(pair.y_pred)[:1])
        return replace(pair, valid=valid, broken=broken)

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        """Takes the masked entries out of the whole. A sample counts if one of its entries is not masked."""
        rank = len(pair.y_pred.shape) - 1
        shape = pair.y_pred.shape[:-1]
        mask = extend_to(mask, rank, "mask", shape)
        seen = ops.any(mask, axis=tuple(range(1, rank))) if rank > 1 else mask
        return without(pair, mask), seen

    def shape(self, pair: Pair) -> Shape:
        return (pair.y_pred.shape[0],)

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        classes = pair.y_pred.shape[-1]
        rows = (ops.reshape(x, (-1, classes)) for x in (pair.y_true, pair.y_pred))
        return ops.broadcast_to(formula(*rows), ops.shape(pair.y_pred)[:1])


def without(pair: Pair, kept: Tensor) -> Pair:
    """The pair with empty targets, and predictions of ones, in the entries that are not kept."""
    kept = ops.expand_dims(kept, -1)
    y_true = ops.where(kept, pair.y_true, ops.zeros_like(pair.y_true))
    return replace(pair, y_true=y_true, y_pred=ops.where(kept, pair.y_pred, ops.ones_like(pair.y_pred)))
