"""The probabilities of the classes, for losses of images that take logits too."""

from typing import Any

from keraslosses.core.kinds.class_maps import activation_of, probabilities
from keraslosses.core.types import Tensor


def class_shares(y_pred: Tensor, from_logits: bool, multi_label: bool, class_axis: int) -> Any:
    """y_pred, or the probabilities of these logits."""
    activation = activation_of(y_pred, class_axis, from_logits, multi_label)
    return probabilities(y_pred, activation, class_axis)
