"""The probabilities of the classes, for losses of images that take logits too."""

from typing import Any

from keraslosses.core import numerics
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


def class_shares(y_pred: Tensor, from_logits: bool, multi_label: bool, class_axis: int) -> Any:
    """y_pred, or the probabilities of these logits.

    They are a softmax along `class_axis`, or sigmoids if classes do not exclude each other or there is only
    one.
    """
    if not from_logits:
        return y_pred
    if multi_label or y_pred.shape[class_axis] == 1:
        return ops.sigmoid(y_pred)
    return numerics.softmax(y_pred, class_axis)
