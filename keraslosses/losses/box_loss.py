"""The box loss inside a detection loss: a name, a loss of this package, or a sum of such losses."""

from typing import Any

from keraslosses.core import checks
from keraslosses.core.compose import WeightedSum, taken_apart
from keraslosses.core.loss import FunctionLoss
from keraslosses.core.types import Tensor
from keraslosses.losses.boxes import ciou, diou, giou, iou

BOX_LOSSES = {"iou": iou, "giou": giou, "diou": diou, "ciou": ciou}


def box_loss_rule(name: str, value: Any) -> None:
    """None, one of `BOX_LOSSES` by name, or losses of this package."""
    if value is None or (isinstance(value, str) and value in BOX_LOSSES):
        return
    losses = value.losses if isinstance(value, WeightedSum) else [value]
    if not all(isinstance(loss, FunctionLoss) for loss in losses):
        known = ", ".join(map(repr, BOX_LOSSES))
        raise checks.invalid(
            name, f"be None, one of {known}, or a loss of keraslosses or a sum of them", value
        )


def values_where(seen: Tensor, function: Any, y_true: Tensor, y_pred: Tensor, **options: Any) -> Tensor:
    """The values of a loss function where `seen` is true, and 0 with gradient 0 elsewhere."""
    return trusted_values(function.contract, seen, y_true, y_pred, function.contract.options((), options))


def trusted_values(contract: Any, seen: Tensor, y_true: Tensor, y_pred: Tensor, options: Any) -> Tensor:
    return contract.entries(y_true, y_pred, options, mask=seen, trusted=True).values


def box_values(box_loss: Any, seen: Tensor, y_true: Tensor, y_pred: Tensor, box_format: str) -> Tensor:
    """One value for each pair of boxes `(batch, anchors, 4)`, and 0 with gradient 0 where `seen` is false."""
    if isinstance(box_loss, str):
        return values_where(seen, BOX_LOSSES[box_loss], y_true, y_pred, box_format=box_format)
    return sum(
        weight * values_of_part(part, seen, y_true, y_pred, box_format)
        for part, weight in taken_apart(box_loss, 1.0)
    )


def values_of_part(
    loss: FunctionLoss, seen: Tensor, y_true: Tensor, y_pred: Tensor, box_format: str
) -> Tensor:
    own_format = loss.options.get("box_format", box_format)
    if own_format != box_format:
        raise ValueError(
            f"`box_loss` must read boxes in the format {box_format!r}. Received: box_loss={loss!r}"
        )
    values = trusted_values(loss.function.contract, seen, y_true, y_pred, loss.options)
    if len(values.shape) != 2:
        raise ValueError(
            "`box_loss` must give one value for each box of (batch, anchors, 4). "
            f"Received: box_loss={loss!r}, which gives values of shape {tuple(values.shape)}"
        )
    return values
