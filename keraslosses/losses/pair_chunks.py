"""What losses over all pairs compute for each anchor, for a few anchors at a time where the batch is large.

The pairs of all anchors with all references take an array of (batch, batch). A chunk of anchors has arrays of
(chunk, batch) only. They are not kept for the gradient, but computed again.
"""

from collections.abc import Callable
from typing import Any

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor
from keraslosses.losses.pair_sets import Sets

# Up to this many rows, an array of all pairs takes at most 4 MB.
SMALL_BATCH = 1024
# On a CPU: about the fastest number of pairs in a chunk, and not too few rows for a product of matrices.
PAIRS_ON_CPU, FEWEST_ROWS = 2**20, 64
# On an accelerator, chunks begin where about this many arrays of all pairs take a quarter of the memory.
ARRAYS, BYTES, SHARE_OF_MEMORY = 16, 4, 1 / 4

Terms = Callable[..., tuple[Any, ...]]


def of_anchors(
    terms: Terms, sets: Sets, own: tuple[Tensor, ...] = (), chunk_size: int | None = None
) -> tuple[Any, ...]:
    """What `terms(pairs, anchors, references, *own)` gives for each anchor: tensors `(batch,)` of one dtype.

    `own` are tensors with one row for each anchor.
    """
    size = size_of_chunks(sets, chunk_size)
    if size is None:
        return terms(sets.pairs, sets.anchors, sets.references, *own)
    numbers = () if sets.places is None else (sets.places,)

    def of_chunk(labels: Tensor, anchors: Tensor, *rest: Tensor) -> Any:
        *given, reference_labels, references = rest
        places, own = given[: len(numbers)], given[len(numbers) :]
        pairs = Sets(labels, anchors, reference_labels, references, *places).pairs
        return ops.stack(terms(pairs, anchors, references, *own), axis=-1)

    rows, shared = (sets.labels, sets.anchors, *numbers, *own), (sets.reference_labels, sets.references)
    found = backend.by_rows(of_chunk, rows, shared, size)
    return tuple(found[:, column] for column in range(found.shape[1]))


def size_of_chunks(sets: Sets, chunk_size: int | None) -> int | None:
    """The number of anchors in a chunk. None: all at once."""
    batch = sets.anchors.shape[0]
    size = chunk_size or suitable_size(sets.anchors, sets.references)
    return min(size, batch) if size is not None and isinstance(batch, int) else size


def suitable_size(anchors: Tensor, references: Tensor) -> int | None:
    """The number of anchors in a chunk that suits the device. None: all at once."""
    batch, others = anchors.shape[0], references.shape[0]
    if not isinstance(batch, int) or not isinstance(others, int) or batch * others <= SMALL_BATCH**2:
        return None
    memory = backend.memory_of_device(anchors)
    if memory is None:
        return max(FEWEST_ROWS, PAIRS_ON_CPU // others)
    fitting = int(SHARE_OF_MEMORY * memory / (ARRAYS * BYTES * others))
    return None if fitting >= batch else max(FEWEST_ROWS, fitting)
