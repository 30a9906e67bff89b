"""The kinds of inputs that losses read. An `InputKind` describes each kind.

Checks, plots, benchmark, docs and tests read them. They use the traits of a kind, never its name.
"""

from keraslosses.reference.kinds.boxes import ANCHORS, BOXES, LOCATIONS
from keraslosses.reference.kinds.classes import DISTRIBUTIONS, ONE_HOT, ONE_HOT_SCORES
from keraslosses.reference.kinds.embeddings import EMBEDDINGS
from keraslosses.reference.kinds.kind import CLASSES, InputKind, Named
from keraslosses.reference.kinds.labels import (
    LABEL_LISTS,
    LABELS,
    LABELS_AND_COSINES,
    LABELS_AND_LOG_PROBABILITIES,
    LABELS_AND_SCORES,
)
from keraslosses.reference.kinds.numbers import POSITIVE, REAL, VECTORS
from keraslosses.reference.kinds.outputs import BINARY, CLASS_MASKS, REGIONS, SIGNS
from keraslosses.reference.kinds.pixels import BINARY_PIXELS, DISTANCES, MASKS, PIXELS
from keraslosses.reference.kinds.sequences import SEQUENCES

KINDS: tuple[InputKind, ...] = (
    REAL,
    VECTORS,
    POSITIVE,
    DISTRIBUTIONS,
    BINARY,
    ONE_HOT,
    ONE_HOT_SCORES,
    LABELS,
    LABELS_AND_SCORES,
    LABELS_AND_LOG_PROBABILITIES,
    LABELS_AND_COSINES,
    LABEL_LISTS,
    SIGNS,
    REGIONS,
    CLASS_MASKS,
    BINARY_PIXELS,
    PIXELS,
    DISTANCES,
    MASKS,
    BOXES,
    ANCHORS,
    LOCATIONS,
    EMBEDDINGS,
    SEQUENCES,
)

__all__ = [
    "ANCHORS",
    "BINARY",
    "BINARY_PIXELS",
    "BOXES",
    "CLASSES",
    "CLASS_MASKS",
    "DISTANCES",
    "DISTRIBUTIONS",
    "EMBEDDINGS",
    "KINDS",
    "LABELS",
    "LABELS_AND_COSINES",
    "LABELS_AND_LOG_PROBABILITIES",
    "LABELS_AND_SCORES",
    "LABEL_LISTS",
    "LOCATIONS",
    "MASKS",
    "ONE_HOT",
    "ONE_HOT_SCORES",
    "PIXELS",
    "POSITIVE",
    "REAL",
    "REGIONS",
    "SEQUENCES",
    "SIGNS",
    "VECTORS",
    "InputKind",
    "Named",
]
