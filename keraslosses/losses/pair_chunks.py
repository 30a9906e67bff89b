"""What losses over all pairs compute for each anchor, for a few anchors at a time where the batch is large.

The pairs of all anchors with all references take an array of (batch, batch). A chunk of anchors has arrays of
(chunk, batch) only. They are not kept for the gradient, but computed again.
"""

from collections.abc import Callable
from typing import Any

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor
from keraslosses.losses.pairs import pairs_between, pairs_within, without

# Up to this many rows, an array of all pairs takes at most 4 MB.
SMALL_BATCH = 1024
# On a CPU: about the fastest number of pairs in a chunk, and not too few rows for a product of matrices.
PAIRS_ON_CPU, FEWEST_ROWS = 2**20, 64
# On an accelerator, chunks begin where about this many arrays of all pairs take a quarter of the memory.
ARRAYS, BYTES, SHARE_OF_MEMORY = 16, 4, 1 / 4

Terms = Callable[..., tuple[Any, ...]]


def of_anchors(
    terms: Terms,
    labels: Tensor,
    anchors: Tensor,
    references: Tensor | None = None,
    own: tuple[Tensor, ...] = (),
    chunk_size: int | None = None,
) -> tuple[Any, ...]:
    """What `terms(pairs, anchors, references, *own)` gives for each anchor: tensors `(batch,)` of one dtype.

    Anchors and references have the same labels. Without references, they are the set itself, and no row is
    compared with itself. `own` are tensors with one row for each anchor.
    """
    within = references is None
    references = anchors if within else references
    batch = anchors.shape[0]
    size = chunk_size or suitable_size(anchors)
    if size is not None and isinstance(batch, int):
        size = min(size, batch)
    if size is None:
        pairs = pairs_within(labels) if within else pairs_between(labels, labels)
        return terms(pairs, anchors, references, *own)

    def of_chunk(anchors: Tensor, labels: Tensor, places: Tensor, *rest: Tensor) -> Any:
        *own, references, other_labels = rest
        pairs = pairs_between(labels, other_labels)
        if within:
            numbers = ops.arange(ops.shape(other_labels)[0], dtype="int32")
            pairs = without(pairs, places[:, None] == numbers[None])
        return ops.stack(terms(pairs, anchors, references, *own), axis=-1)

    places = ops.arange(ops.shape(labels)[0], dtype="int32")
    found = backend.by_rows(of_chunk, (anchors, labels, places, *own), (references, labels), size)
    return tuple(found[:, column] for column in range(found.shape[1]))


def suitable_size(anchors: Tensor) -> int | None:
    """The number of anchors in a chunk that suits the device. None: all at once."""
    batch = anchors.shape[0]
    if not isinstance(batch, int) or batch <= SMALL_BATCH:
        return None
    memory = backend.memory_of_device(anchors)
    if memory is None:
        return max(FEWEST_ROWS, PAIRS_ON_CPU // batch)
    fitting = int(SHARE_OF_MEMORY * memory / (ARRAYS * BYTES * batch))
    return None if fitting >= batch else max(FEWEST_ROWS, fitting)
