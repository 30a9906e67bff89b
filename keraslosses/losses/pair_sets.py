"""The two sets of embeddings that a loss over pairs compares: the anchors, and their references."""

from typing import Any, NamedTuple

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor
from keraslosses.losses.pair_distances import units
from keraslosses.losses.pairs import Pairs, pairs_between, without


class Sets(NamedTuple):
    """Anchors and references, and the classes of both.

    `places` are the rows of the anchors among the references; None if the references are another set.
    """

    labels: Tensor
    anchors: Tensor
    reference_labels: Tensor
    references: Tensor
    places: Tensor = None

    @property
    def pairs(self) -> Pairs:
        """The pairs of both sets. No row is compared with itself."""
        pairs = pairs_between(self.labels, self.reference_labels)
        return pairs if self.places is None else without(pairs, self.itself)

    @property
    def normalized(self) -> "Sets":
        """The sets with vectors of length 1."""
        anchors, references = units(self.anchors, self.references)
        return self._replace(anchors=anchors, references=references)

    @property
    def itself(self) -> Any:
        """Whether a reference is the anchor itself."""
        columns = ops.arange(ops.shape(self.reference_labels)[0], dtype="int32")
        return self.places[:, None] == columns[None, :]


class Memory(NamedTuple):
    """Rows with their classes that follow the batch among its references."""

    labels: Tensor
    rows: Tensor


def sets_of(
    labels: Tensor,
    anchors: Tensor,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Sets:
    """The rows of a batch as anchors; as references the other set, or without one the batch itself.

    With `across_replicas`, the references are those of all replicas. If the other set is a `Memory`, it
    follows the batch, and the references are constant.
    """
    memory = references if isinstance(references, Memory) else None
    others, places = (reference_labels, references), None
    if references is None or memory:
        others, places = (labels, anchors), ops.arange(ops.shape(labels)[0], dtype="int32")
        if across_replicas:
            places = places + backend.rows_before(labels)
    if across_replicas:
        others = tuple(map(backend.gather_over_replicas, others))
    if memory:
        parts = zip(others, memory, strict=True)
        others = tuple(ops.concatenate([ops.stop_gradient(batch), more]) for batch, more in parts)
    return Sets(labels, anchors, *others, places)
