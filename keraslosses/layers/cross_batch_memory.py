"""`CrossBatchMemory`: a loss over pairs that compares a batch with the samples of batches before it too."""

from typing import Any

import keras
import numpy as np

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.contract import Contract
from keraslosses.core.kinds.embedding_pairs import (
    NO_CLASS,
    EmbeddingPairs,
    keeps_int64,
    whole_numbers,
)
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.precision import floating
from keraslosses.core.readable import check_readable
from keraslosses.core.saving import saved
from keraslosses.core.types import Options, Shape, Tensor
from keraslosses.layers.term import TermLayer
from keraslosses.losses.pair_loss import PairLoss
from keraslosses.losses.pair_sets import Memory


class BatchOfMany(EmbeddingPairs):
    """A batch that is compared with others too: its labels may all differ, and must mean the same in each."""

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        labels, fractions = whole_numbers(name, "labels", y_true)
        check_labels(name, labels, y_pred)
        return self.read_rows(name, labels, fractions, y_pred)


@saved
class CrossBatchMemory(TermLayer):
    """Cross-batch memory: a loss over pairs sees the last samples of training, and not only those of a batch.

    It is a term for `attach`. The memory holds the last `size` embeddings and their labels. Each embedding of
    the batch is compared with all others of the batch and with those in memory.

    Args:
        loss: A loss over the pairs of a batch that can compare it with another set, such as
            `SupervisedContrastive()`. Its own reduction has no effect.
        size: How many samples the memory holds, those of the batch included: an integer above 0.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, dim)`. Labels `(batch,)` or `(batch, 1)`, whole numbers. Values are `(batch,)`.

    The oldest samples make room for those of the batch before the comparison. In training, the batch then
    stays in memory. A batch larger than `size` is compared with itself alone, and its last samples stay.

    What an embedding is compared with is constant in the gradient, the others of the batch too, as in
    pytorch-metric-learning. For their gradient, give the loss itself to `compile` beside this term. Samples
    with the label -1, masked ones and those of weight 0 take no part and are not stored. One with a feature
    that is inf or NaN is not stored either.

    The memory is part of the weights: it is saved with the model, and training goes on as if it had not
    stopped. It is float32 under every dtype policy. It does not move if the layer is frozen. Each step copies
    it once. Under `tf.distribute` and in a `torch.distributed` group, it holds the samples of all replicas;
    whether their batches are compared too is the `across_replicas` of the loss.

    Raises:
        ValueError: If an option is out of range, if features or labels have another shape, or for labels that
            are not whole or, on JAX, do not fit into int32. Compiled code cannot raise for a label that is
            not whole: the loss of the sample is NaN.

    Source: Wang et al., Cross-Batch Memory for Embedding Learning, 2020, algorithm 1.

    Example:

    >>> term = keraslosses.CrossBatchMemory(keraslosses.NTXent(), size=100)
    >>> first, counted = term.per_sample_loss([[1.0, 0.0], [0.0, 1.0]], [0, 1], training=True)
    >>> print([bool(one) for one in counted])
    [False, False]
    >>> second, counted = term.per_sample_loss([[0.8, 0.6]], [0])
    >>> print(round(float(second[0]), 4), bool(counted[0]))
    0.513 True
    """

    def __init__(self, loss: Any, size: int, **kwargs: Any):
        if not isinstance(loss, PairLoss) or loss.reference:
            expected = (
                "be a loss over the pairs of a batch that can compare with another set, such as "
                "SupervisedContrastive(), made without `reference`"
            )
            raise checks.invalid("loss", expected, loss)
        checks.positive_integer("size", size)
        super().__init__(**kwargs)
        self.loss, self.size = loss, int(size)
        self.across_replicas = loss.options["across_replicas"]
        self.contract = Contract(self.values, BatchOfMany(), {"training": checks.tensor})
        self.contract.name = type(self).__name__

    def build(self, features_shape: Shape) -> None:
        check_features(features_shape)
        self.memory = self.state("memory", (self.size, features_shape[-1]), "float32", "zeros")
        no_class = keras.initializers.Constant(NO_CLASS)
        dtype = "int64" if keeps_int64() else "int32"
        self.memory_labels = self.state("memory_labels", (self.size,), dtype, no_class)
        self.place = self.state("place", (), "int32", "zeros")

    def state(self, name: str, shape: Shape, dtype: str, initializer: Any) -> Any:
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            dtype=dtype,
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )

    def per_sample_loss(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Any:
        """The values `(batch,)`, and which samples the mean counts. In training, the batch is stored.

        The values are not multiplied by `sample_weight`. A sample of weight 0 has the value 0.
        """
        name = type(self).__name__
        check_readable(name, features=features, labels=labels)
        mask = keras_internals.mask_of(features)
        features = floating(features)
        check_features(features.shape)
        if not hasattr(self, "memory"):
            self.build(features.shape)
            self.built = True
        self.check_dim(features.shape)
        options = {"training": training}
        entries = self.contract.entries(labels, features, options, sample_weight, mask)
        return entries.values, entries.valid

    def check_dim(self, shape: Shape) -> None:
        """Raises unless the features are as long as those in memory."""
        if shape[-1] != self.memory.shape[-1]:
            raise ValueError(
                f"`features` must have shape (batch, {self.memory.shape[-1]}), as in the memory, in "
                f"{type(self).__name__}. Received: features.shape={tuple(shape)}"
            )

    def values(self, labels: Tensor, features: Tensor, training: bool | None) -> Any:
        """What the loss finds for samples of which those that take no part have the label -1."""
        if "float" in backend.dtype_name(labels):
            labels = ops.where(labels % 1 == 0, labels, NO_CLASS)
        labels = ops.cast(labels, self.memory_labels.dtype)
        stored = ops.stop_gradient(ops.cast(features, "float32"))
        new = tuple(map(backend.gather_over_replicas, (labels, stored)))
        kept = ops.logical_and(new[0] != NO_CLASS, ops.all(ops.isfinite(new[1]), axis=-1))
        count = ops.sum(ops.cast(kept, "int32"))
        rank = last_ranks(self.size, ops.convert_to_tensor(self.place), count)
        older = tuple(map(ops.convert_to_tensor, (self.memory_labels, self.memory)))
        not_replaced = ops.where(rank < 0, older[0], NO_CLASS), ops.cast(older[1], features.dtype)
        found = self.loss.function.contract.formula(
            labels, features, **self.loss.options, references=Memory(*not_replaced)
        )
        if training and self.trainable:
            rows = rows_of_ranks(kept, rank)
            for variable, before, batch in zip((self.memory_labels, self.memory), older, new, strict=True):
                chosen = ops.take(batch, rows, axis=0)
                replaced = ops.reshape(rank >= 0, (-1, *[1] * (len(chosen.shape) - 1)))
                variable.assign(ops.where(replaced, chosen, before))
            self.place.assign((self.place + count) % self.size)
        return found

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "loss": keras.saving.serialize_keras_object(self.loss),
            "size": self.size,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CrossBatchMemory":
        return cls(**{**config, "loss": keras.saving.deserialize_keras_object(config["loss"])})


def check_features(shape: Shape) -> None:
    if len(shape) != 2 or shape[-1] is None:
        raise ValueError(
            "`features` must have shape (batch, dim) with a known dim in CrossBatchMemory. "
            f"Received: features.shape={tuple(shape)}"
        )


def check_labels(name: str, labels: Any, features: Tensor) -> None:
    """Raises unless each sample has a label that the memory can hold."""
    shape = tuple(labels.shape)
    if shape[1:] not in ((), (1,)) or not checks.compatible(shape[:1], features.shape[:1]):
        raise ValueError(
            f"`labels` must have shape (batch,) or (batch, 1) in {name}. "
            f"Received: labels.shape={shape}, features.shape={tuple(features.shape)}"
        )
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and not keeps_int64():
        outside = labels[labels != labels.astype("int32")]
        if outside.size:
            raise checks.invalid("labels", f"fit into int32 in {name} on this backend", int(outside[0]))


def last_ranks(size: int, place: Tensor, count: Tensor) -> Any:
    """For each place of a ring, the last one of `count` new samples that comes there; below 0 if none does.

    The first of them comes to `place`, and the others follow.
    """
    offset = (ops.arange(size, dtype="int32") - place) % size
    return offset + (count - 1 - offset) // size * size


def rows_of_ranks(kept: Tensor, rank: Tensor) -> Any:
    """The rows of the samples with these ranks among the kept ones; any row for a rank below 0."""
    rows = ops.arange(ops.shape(kept)[0], dtype="int32")
    kept_first = ops.argsort(ops.where(kept, rows, rows + ops.shape(kept)[0]))
    return ops.take(kept_first, ops.maximum(rank, 0))
