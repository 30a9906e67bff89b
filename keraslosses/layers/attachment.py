"""A term that is attached to a model, and the value that it adds to the loss."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import tree

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.reduction import Entries, both, extend_to, reduce
from keraslosses.core.types import Tensor
from keraslosses.layers.term import rows


@dataclass(eq=False, repr=False)
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
            features, labels, sample_weight, seen = rows("y", features, labels, sample_weight)
        result = self.term.per_sample_loss(features, labels, sample_weight=sample_weight, training=training)
        values, valid = result if isinstance(result, tuple) else (result, None)
        valid = both(valid, seen)
        if valid is not None:
            values = ops.where(valid, values, ops.zeros_like(values))
        if sample_weight is not None:
            sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), values.dtype)
            sample_weight = extend_to(sample_weight, 1, "sample_weight", values.shape)
        across_replicas = getattr(self.term, "across_replicas", False)
        return reduce(Entries(values, valid, sample_weight, across_replicas=across_replicas), "mean")


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
