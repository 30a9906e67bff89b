"""What the losses of detectors are made of: their parts as losses and metrics, and the loss of the boxes."""

from typing import Any

import keras
from keras import ops

from keraslosses.core import checks
from keraslosses.core.anchors import IGNORED, Anchors
from keraslosses.core.compose import Component, WeightedSum, component_of, taken_apart
from keraslosses.core.loss import Contract, FunctionLoss, saved
from keraslosses.core.reduction import Entries
from keraslosses.losses.boxes import ciou, diou, giou, iou

BOX_LOSSES = {function.__name__: function for function in (iou, giou, diou, ciou)}


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


def values_where(seen: Any, function: Any, y_true: Any, y_pred: Any, **options: Any) -> Any:
    """The values of a loss function, and 0 with gradient 0 where nothing is to be seen."""
    contract = function.contract
    return contract.entries(y_true, y_pred, contract.options((), options), mask=seen).values


def box_values(box_loss: Any, seen: Any, y_true: Any, y_pred: Any, box_format: str) -> Any:
    """One value for each pair of boxes `(batch, anchors, 4)`, and 0 with gradient 0 where not to be seen."""
    if isinstance(box_loss, str):
        return values_where(seen, BOX_LOSSES[box_loss], y_true, y_pred, box_format=box_format)
    return sum(
        weight * values_of_part(part, seen, y_true, y_pred, box_format)
        for part, weight in taken_apart(box_loss, 1.0)
    )


def values_of_part(loss: FunctionLoss, seen: Any, y_true: Any, y_pred: Any, box_format: str) -> Any:
    own_format = loss.options.get("box_format", box_format)
    if own_format != box_format:
        raise ValueError(
            f"`box_loss` must read boxes as they come, in the format {box_format!r}. "
            f"Received: box_loss={loss!r}"
        )
    values = loss.entries(y_true, y_pred, mask=seen).values
    if len(values.shape) != 2:
        raise ValueError(
            "`box_loss` must give one value for each box of (batch, anchors, 4). "
            f"Received: box_loss={loss!r}, which gives values of shape {tuple(values.shape)}"
        )
    return values


def counted_and_positive(y_true: Any) -> tuple[Any, Any]:
    """Which anchors are not ignored, and which are of a class."""
    return y_true[..., 0] != IGNORED, y_true[..., 0] > 0


def number_of(anchors: Any, dtype: Any) -> Any:
    """How many of each image's anchors; at least 1, to divide by."""
    return ops.maximum(ops.sum(ops.cast(anchors, dtype), axis=1), 1.0)


class DetectionLoss(FunctionLoss):
    """A loss of several parts over the anchors of images. `parts` names them."""

    parts: tuple[str, ...] = ()

    def component(self, name: str) -> Component:
        """A metric that shows one part, without its weight, in `fit`: `compile(metrics=[...])`.

        Raises:
            ValueError: for a name that is not among `parts`.
        """
        return component_of({part: DetectionPart(self, part) for part in self.parts}, name)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if isinstance(config["box_loss"], keras.losses.Loss):
            config["box_loss"] = keras.saving.serialize_keras_object(config["box_loss"])
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DetectionLoss":
        if isinstance(config["box_loss"], dict):
            config = {**config, "box_loss": keras.saving.deserialize_keras_object(config["box_loss"])}
        return cls(**config)


@saved
class DetectionPart(FunctionLoss):
    """One part of a detector's loss as a loss of its own, under the reduction and dtype of the whole.

    Args:
        whole: The loss, a `MultiTaskDetection` or `FCOS`.
        part: One of its `parts`.
    """

    def __init__(self, whole: DetectionLoss, part: str):
        checks.one_of(*whole.parts)("part", part)
        super().__init__(whole.function, whole.reduction, part, whole.dtype, **whole.options)
        self.whole, self.part = whole, part

    def entries(self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Any = None) -> Entries:
        contract = self.function.contract
        of_part = Contract(contract.formula, Anchors(self.part), contract.rules)
        return of_part.entries(y_true, y_pred, self.options, sample_weight, mask)

    def get_config(self) -> dict[str, Any]:
        return {"whole": keras.saving.serialize_keras_object(self.whole), "part": self.part}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DetectionPart":
        return cls(**{**config, "whole": keras.saving.deserialize_keras_object(config["whole"])})
