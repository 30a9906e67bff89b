"""A term that is attached to a model, and the value that it adds to the loss."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import tree

from keraslosses.core import checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.reduction import Entries, both, extend_to, reduce
from keraslosses.core.types import Tensor


@dataclass(frozen=True)
class Attachment:
    """A term with the arguments of `attach`: where it reads, its weight, its y, and the call of the layer."""

    term: Any
    at: str
    weight: float = 1.0
    target: str | int | None = None
    call: int | None = None

    def __post_init__(self) -> None:
        method = callable(getattr(self.term, "per_sample_loss", None))
        if not (method and isinstance(self.term, keras.layers.Layer)):
            raise checks.invalid("term", "be a layer with a method `per_sample_loss`", self.term)
        checks.non_negative("weight", self.weight)
        if (
            self.target is not None
            and not isinstance(self.target, str)
            and not checks.is_integer(self.target)
        ):
            raise checks.invalid("target", "be None, a key or an index of y", self.target)
        checks.optional_integer("call", self.call)
        object.__setattr__(self, "weight", float(self.weight))

    @property
    def takes_rows(self) -> bool:
        """Whether the term reads features `(batch, dim)` only."""
        return getattr(self.term, "takes_rows", False)

    def config(self) -> dict[str, Any]:
        return {**vars(self), "term": keras.saving.serialize_keras_object(self.term)}

    def value(self, features: Tensor, y: Any, sample_weight: Tensor, training: bool) -> Any:
        """The mean of the term's values over the batch, with the sample weights applied as in Keras."""
        labels = chosen("y", y, self.target)
        if tree.is_nested(sample_weight):
            sample_weight = chosen("sample_weight", sample_weight, self.target)
        seen = None
        if self.takes_rows and len(features.shape) > 2:
            features, labels, sample_weight, seen = rows(features, labels, sample_weight)
        result = self.term.per_sample_loss(features, labels, sample_weight=sample_weight, training=training)
        values, valid = result if isinstance(result, tuple) else (result, None)
        valid = both(valid, seen)
        if valid is not None:
            values = ops.where(valid, values, ops.zeros_like(values))
        if sample_weight is not None:
            sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), values.dtype)
            sample_weight = extend_to(sample_weight, 1, "sample_weight", values.shape)
        return reduce(Entries(values, valid, sample_weight), "mean")


def chosen(argument: str, structure: Any, target: str | int | None) -> Any:
    """The part of y or of the sample weights that a term takes."""
    if not tree.is_nested(structure):
        return structure
    try:
        if target is not None:
            return structure[target]
    except (KeyError, IndexError, TypeError):
        pass
    parts = list(structure) if isinstance(structure, dict) else f"indices below {len(structure)}"
    raise ValueError(
        f"`target` must say which part of {argument} holds the labels: {parts}. Received: target={target!r}"
    )


def rows(features: Tensor, labels: Tensor, sample_weight: Tensor) -> tuple[Any, Any, Any, Any]:
    """Reshapes features `(batch, .., dim)` to rows; gives rows, their labels, weights, and unmasked rows.

    A masked row gets the weight 0, so that the term does not learn from it.
    """
    axes = len(features.shape) - 1
    labels = ops.convert_to_tensor(labels)
    if not axes <= len(labels.shape) <= axes + 1 or not checks.compatible(
        labels.shape[:axes], features.shape[:-1]
    ):
        raise ValueError(
            "`y` must hold a label for each row of the features that a term reads. "
            f"Received: labels.shape={tuple(labels.shape)}, features.shape={tuple(features.shape)}"
        )
    mask = keras_internals.mask_of(features)
    size = ops.shape(features)[:-1]
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight)
        sample_weight = extend_to(sample_weight, axes, "sample_weight", features.shape[:-1])
        sample_weight = ops.reshape(ops.broadcast_to(sample_weight, size), (-1,))
    if mask is not None:
        mask = extend_to(ops.cast(mask, "bool"), axes, "mask", features.shape[:-1])
        mask = ops.reshape(ops.broadcast_to(mask, size), (-1,))
        given = ops.ones_like(mask, dtype="float32") if sample_weight is None else sample_weight
        sample_weight = ops.where(mask, given, ops.zeros_like(given))
    features = ops.reshape(features, (-1, features.shape[-1]))
    labels = ops.reshape(labels, (-1, *labels.shape[axes:]))
    return features, labels, sample_weight, mask
