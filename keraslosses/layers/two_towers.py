"""The base class of the terms that compare two vectors of each sample, with a learned scale."""

from abc import abstractmethod
from typing import Any

import keras

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.contract import Contract
from keraslosses.core.kinds.towers import Towers
from keraslosses.core.precision import floating, in_full_precision
from keraslosses.core.readable import check_readable
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.term import TermLayer
from keraslosses.losses.pair_distances import products


class TwoTowers(TermLayer):
    """A term that reads `(batch, 2, dim)`: the first vectors are compared with all second ones.

    A subclass defines `towers`, which puts its weights into the vectors, and `values`. So the gradient by the
    weights is the one that chunks of vectors have.
    """

    takes_rows = False

    def __init__(self, chunk_size: int | None, across_replicas: bool, **kwargs: Any):
        checks.optional_positive_integer("chunk_size", chunk_size)
        checks.boolean("across_replicas", across_replicas)
        super().__init__(**kwargs)
        self.chunk_size, self.across_replicas = chunk_size, across_replicas
        self.contract = Contract(self.values, Towers(labels=False), {"across_replicas": checks.boolean})

    @abstractmethod
    def towers(self, features: Tensor) -> tuple[Any, Any]:
        """First and second vectors, whose scalar products are the logits."""

    @abstractmethod
    def values(self, labels: Tensor, features: Tensor, across_replicas: bool) -> tuple[Any, Any]:
        """The value of each sample, and which of them count. A sample that takes no part has the label -1."""

    def build(self, features_shape: Shape) -> None:
        check_shape(type(self).__name__, features_shape)

    def number(self, name: str, start: float, constraint: Any = None) -> Any:
        """A trainable number, float32 under every dtype policy."""
        return self.add_weight(
            name=name,
            shape=(),
            initializer=keras.initializers.Constant(start),
            constraint=constraint,
            dtype="float32",
            autocast=False,
        )

    def scaled(self, vectors: Tensor) -> Any:
        return ops.exp(ops.cast(self.log_scale, vectors.dtype)) * vectors

    @in_full_precision
    def call(self, features: Tensor) -> Tensor:
        return products(*self.towers(floating(features)))

    def compute_output_shape(self, features_shape: Shape) -> Shape:
        return features_shape[0], features_shape[0]

    def per_sample_loss(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Any:
        """The values `(batch,)`, and which samples the mean counts.

        The values are not multiplied by `sample_weight`. A sample of weight 0 has the value 0.
        """
        name = type(self).__name__
        check_readable(name, features=features, labels=labels)
        mask = keras_internals.mask_of(features)
        features, labels = floating(features), backend.as_tensor(labels)
        check_shape(name, features.shape)
        check_labels(name, labels, features)
        if not self.built:
            self.build(features.shape)
        options = {"across_replicas": self.across_replicas}
        entries = self.contract.entries(labels, features, options, sample_weight, mask)
        return entries.values, entries.valid

    def get_config(self) -> dict[str, Any]:
        own = {"chunk_size": self.chunk_size, "across_replicas": self.across_replicas}
        return {**super().get_config(), **own}


def check_shape(name: str, shape: Shape) -> None:
    """Raises unless there are two vectors for each sample."""
    if len(shape) != 3 or shape[1] not in (2, None):
        raise ValueError(
            f"`features` must have the shape (batch, 2, dim) in {name}: two vectors for each sample. "
            f"Received: features.shape={tuple(shape)}"
        )


def check_labels(name: str, labels: Tensor, features: Tensor) -> None:
    """Raises unless there is something for each sample. The labels are not read."""
    if not len(labels.shape) or not checks.compatible(labels.shape[:1], features.shape[:1]):
        raise ValueError(
            f"`labels` must have one row for each sample in {name}. "
            f"Received: labels.shape={tuple(labels.shape)}, features.shape={tuple(features.shape)}"
        )
