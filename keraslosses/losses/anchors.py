"""The inputs of detection losses: a class and a box for each anchor or location. Such losses have several
parts.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import keras

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.compose import Component, component_of
from keraslosses.core.contract import Contract
from keraslosses.core.kinds.kind import Kind, Options, Pair, where
from keraslosses.core.kinds.labels import class_indices
from keraslosses.core.loss import FunctionLoss, saved
from keraslosses.core.precision import floating
from keraslosses.core.reduction import Entries, extend_to
from keraslosses.core.types import Tensor

IGNORED = -1


class Part(NamedTuple):
    """One part of a detection loss.

    `values` is `(batch, anchors)`. `count` is what their sum over an image is divided by, `(batch,)`.
    `weight` is the weight of the part in the whole loss.
    """

    values: Tensor
    count: Tensor
    weight: float = 1.0


class Anchors(Kind):
    """A class and four numbers for each anchor of an image. The result is one value for each image.

    y_true is `(batch, anchors, 5)`: class (0 background, 1 to `num_classes`, -1 ignored) and box. y_pred is
    `(batch, anchors, num_classes + 5)`. The formula gives its parts by name. With `only`, the value is that
    of the part of this name, without its weight.
    """

    def __init__(self, only: str | None = None):
        self.only = only

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        y_true = backend.as_tensor(y_true)
        expected = (*tuple(y_pred.shape[:2]), 5)
        size = options["num_classes"] + 5
        if (
            len(y_pred.shape) != 3
            or y_pred.shape[-1] != size
            or not checks.compatible(y_true.shape, expected)
        ):
            raise ValueError(
                f"`y_true` must be (batch, anchors, 5) and `y_pred` (batch, anchors, {size}), where "
                f"{size} = num_classes + 5, in {name}. "
                f"Received: y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"
            )
        _, _, broken = class_indices(name, "y_true", y_true[..., 0], options["num_classes"] + 1, IGNORED)
        y_true = ops.cast(y_true, y_pred.dtype)
        if broken is not None:
            y_true = ops.where(broken[..., None], ops.zeros_like(y_true), y_true)
            broken = ops.any(broken, axis=-1)
        return Pair(y_true, y_pred, (1, 2), broken=broken)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces images that are not kept by background."""
        return where(keep[:, None, None], pair, 0.0)

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Marks the anchors that are not seen as ignored. `seen` is `(batch, anchors)`."""
        ignored = ops.cast(IGNORED, pair.y_true.dtype)
        return replace(pair, y_true=ops.where(seen[..., None], pair.y_true, ignored))

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Tensor]:
        """A mask has one entry for each image, or one for each anchor."""
        if of_images(mask):
            return pair, extend_to(mask, 1, "mask", self.shape(pair))
        mask = extend_to(mask, 2, "mask", pair.y_pred.shape[:2])
        return self.hide(pair, mask, options), ops.any(mask, axis=1)

    def weighted(self, pair: Pair, weight: Tensor) -> tuple[Pair, Tensor]:
        """Weights of images multiply the values of the images.

        Weights of anchors multiply the terms inside the sums. Predictions of weight 0 are silenced.
        """
        if of_images(weight):
            return super().weighted(pair, weight)
        weight = extend_to(weight, 2, "sample_weight", pair.y_pred.shape[:2])
        y_pred = ops.where((weight != 0)[..., None], pair.y_pred, ops.zeros_like(pair.y_pred))
        return replace(pair, y_pred=y_pred, inner=weight), None

    def evaluate(self, formula: Callable[[Any, Any], dict[str, Part]], pair: Pair, faster: Any = None) -> Any:
        parts = formula(pair.y_true, pair.y_pred)
        if self.only is not None:
            return of_each_image(parts[self.only], pair.inner)
        return sum(part.weight * of_each_image(part, pair.inner) for part in parts.values())


def of_images(tensor: Tensor) -> bool:
    """Whether weights or a mask have one entry for each image. Otherwise they have one for each anchor."""
    return len(tensor.shape) < 2 or (len(tensor.shape) == 2 and tensor.shape[1] == 1)


def of_each_image(part: Part, weights: Tensor) -> Tensor:
    """The weighted sum of the part over the anchors, divided by its count."""
    values = part.values
    if weights is not None:
        values = ops.where(weights != 0, values * weights, ops.zeros_like(values))
    return ops.sum(values, axis=1) / part.count


class DetectionLoss(FunctionLoss):
    """A loss of several parts over the anchors of images. `parts` holds their names."""

    parts: tuple[str, ...] = ()

    def component(self, name: str) -> Component:
        """A metric of one part, without its weight, for `compile(metrics=[...])`.

        Args:
            name: Name of the part, one of `parts`.

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
        if isinstance(config.get("box_loss"), dict):
            config = {**config, "box_loss": keras.saving.deserialize_keras_object(config["box_loss"])}
        return cls(**config)


@saved
class DetectionPart(FunctionLoss):
    """One part of a detection loss as a loss of its own, with the reduction and dtype of the whole.

    Args:
        whole: The whole loss, a `MultiTaskDetection` or `FCOS`.
        part: Name of the part, one of `whole.parts`.
    """

    def __init__(self, whole: DetectionLoss, part: str):
        checks.one_of(*whole.parts)("part", part)
        super().__init__(whole.function, whole.reduction, part, whole.dtype, **whole.options)
        self.whole, self.part = whole, part

    def entries(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None, mask: Tensor = None
    ) -> Entries:
        contract = self.function.contract
        of_part = Contract(contract.formula, Anchors(self.part), contract.rules)
        return of_part.entries(y_true, y_pred, self.options, sample_weight, mask)

    def get_config(self) -> dict[str, Any]:
        return {"whole": keras.saving.serialize_keras_object(self.whole), "part": self.part}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "DetectionPart":
        return cls(**{**config, "whole": keras.saving.deserialize_keras_object(config["whole"])})
