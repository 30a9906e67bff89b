"""A set of embeddings with their labels, and the scores of its pairs, block by block."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras
import numpy as np

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.readable import check_readable
from keraslosses.core.types import DType, Tensor

Array = np.ndarray[Any, Any]

# Pairs in one block: it bounds the memory of a metric, whatever the size of the set.
PAIRS = 2**19
IGNORED = -1


class Rows(NamedTuple):
    """Embeddings `(N, D)` in float64, with labels and weights `(N,)`."""

    embeddings: Array
    labels: Array
    weights: Array

    def counted(self) -> "Rows":
        """Without the rows of weight 0 and of label -1."""
        keep = (self.weights != 0) & (self.labels != IGNORED)
        return Rows(self.embeddings[keep], self.labels[keep], self.weights[keep])


@dataclass
class Collected:
    """The rows of a set, in the batches in which they came."""

    batches: list[Rows] = field(default_factory=list)

    def joined(self) -> Rows:
        if not self.batches:
            return Rows(np.zeros((0, 1)), np.zeros(0, "int64"), np.zeros(0))
        return Rows(*map(np.concatenate, zip(*self.batches, strict=True))).counted()


class EmbeddingSet(FixedOptions, keras.metrics.Metric):
    """The base class of metrics that compare all embeddings of a set. They are computed on the host."""

    def __init__(self, distance: str, name: str, dtype: DType):
        checks.one_of("cosine", "euclidean")("distance", distance)
        super().__init__(name=name, dtype=dtype)
        self.distance = distance
        self.collected, self.others = Collected(), Collected()

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        """Adds embeddings `(batch, D)` with their labels to the set."""
        self.collected.batches.append(self.read(y_true, y_pred, sample_weight))

    def update_references(self, y_true: Tensor, y_pred: Tensor) -> None:
        """Adds embeddings to the set in which the others are searched. Without it, that is their own set."""
        self.others.batches.append(self.read(y_true, y_pred, None))

    def read(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor) -> Rows:
        labels = without_last_axis(on_host(self, "y_true", y_true))
        embeddings = on_host(self, "y_pred", y_pred)
        name = type(self).__name__
        if labels.dtype.kind not in "iu":
            raise checks.invalid("y_true", f"hold integer labels in {name}", labels.dtype.name)
        if embeddings.ndim != 2 or labels.shape != embeddings.shape[:1]:
            raise checks.shapes_differ(
                labels, embeddings, name, "hold a label for each row (batch, D) of y_pred"
            )
        sizes = {rows.embeddings.shape[1] for rows in (*self.collected.batches, *self.others.batches)}
        if sizes - {embeddings.shape[1]}:
            expected = f"have {sizes.pop()} numbers for each sample, as before, in {name}"
            raise checks.invalid("y_pred", expected, embeddings.shape[1])
        weights = weights_of(self, sample_weight, len(labels))
        return Rows(embeddings.astype("float64"), labels.astype("int64"), weights)

    def reset_state(self) -> None:
        self.collected, self.others = Collected(), Collected()

    def result(self) -> Tensor:
        return ops.cast(self.value(), self.dtype)

    def value(self) -> float:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "distance": self.distance}


def on_host(metric: keras.metrics.Metric, argument: str, tensor: Tensor) -> Array:
    """The numbers of a tensor; raises in compiled code, where there are none."""
    name = type(metric).__name__
    check_readable(name, **{argument: tensor})
    read = backend.peek(tensor if isinstance(tensor, np.ndarray) else ops.convert_to_tensor(tensor))
    if read is None:
        raise ValueError(
            f"`{name}` compares all embeddings of a set, so it cannot run in compiled code. "
            "Use the callback keraslosses.RetrievalMetrics, or call it on the result of model.predict."
        )
    return np.asarray(read)


def without_last_axis(array: Array) -> Array:
    """`(N, 1)` as `(N,)`."""
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def weights_of(metric: keras.metrics.Metric, sample_weight: Tensor, count: int) -> Array:
    """One weight of at least 0 for each row."""
    if sample_weight is None:
        return np.ones(count)
    weights = without_last_axis(on_host(metric, "sample_weight", sample_weight)).astype("float64")
    if weights.shape not in ((), (count,)) or not (weights >= 0).all():
        expected = f"be one number of at least 0, or one for each of the {count} rows"
        raise checks.invalid("sample_weight", expected, weights)
    return np.broadcast_to(weights, (count,)).copy()


class Block(NamedTuple):
    """The scores of some rows with some references, `(rows, references)` in float32, and which are alike.

    `place` is where the rows begin in their set. The references are the set, or what is left of it there.
    """

    place: int
    scores: Array
    alike: Array


def blocks(rows: Rows, others: Rows, distance: str, half: bool = False) -> Iterator[Block]:
    """The scores of all pairs: a higher score is a smaller distance.

    With `half`, the references of a block begin at its own rows: of one set, each pair is there once.
    """
    height = max(1, PAIRS // max(1, len(others.labels)))
    a, b = prepared(rows.embeddings, others.embeddings, distance)
    for place in range(0, len(a), height):
        part, there = slice(place, place + height), slice(place if half else 0, None)
        alike = rows.labels[part, None] == others.labels[None, there]
        yield Block(place, scores(a[part], b[there], distance), alike)


def prepared(a: Array, b: Array, distance: str) -> tuple[Array, Array]:
    """Of length 1 for the cosine; zeros stay zeros. Else measured from the mean of b, which keeps digits."""
    if distance == "euclidean":
        center = b.mean(axis=0) if len(b) else 0.0
        return a - center, b - center
    return of_length_one(a), of_length_one(b)


def of_length_one(embeddings: Array) -> Array:
    largest = np.abs(embeddings).max(axis=1, keepdims=True, initial=0.0)
    scaled = embeddings / np.where(largest > 0, largest, 1.0)
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    return scaled / np.where(lengths > 0, lengths, 1.0)


def scores(a: Array, b: Array, distance: str) -> Array:
    """The cosines minus 1, or minus the squared distances: near 0, float32 has most digits.

    They are computed in float64 and rounded, so that equal embeddings have equal scores.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if distance == "euclidean":
            squares = (np.square(x).sum(axis=1) for x in (a, b))
            found = 2.0 * (a @ b.T) - np.add.outer(*squares)
        else:
            found = np.round(a @ b.T - 1.0, 14)
        # Not -0.0, which sorts below 0.0.
        return found.astype("float32") + np.float32(0.0)


def ordered(scores: Array) -> Array:
    """Unsigned integers in the order of the floating-point scores."""
    bits = scores.view(f"uint{8 * scores.itemsize}")
    sign = bits.dtype.type(1) << bits.dtype.type(8 * scores.itemsize - 1)
    return np.where(bits & sign, ~bits, bits | sign)
