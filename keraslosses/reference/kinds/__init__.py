"""The kinds of inputs that losses read. An `InputKind` describes each kind.

Checks, plots, benchmark, docs and tests read them. They use the traits of a kind, never its name.
"""

from keraslosses.reference.kinds.boxes import ANCHORS, BOXES, LOCATIONS
from keraslosses.reference.kinds.classes import (
    DISTRIBUTIONS,
    LABELS_OR_DISTRIBUTIONS,
    LABELS_OR_DISTRIBUTIONS_AND_SCORES,
    ONE_HOT,
    ONE_HOT_SCORES,
)
from keraslosses.reference.kinds.embeddings import EMBEDDING_PAIRS, EMBEDDINGS, UNIT_EMBEDDING_PAIRS
from keraslosses.reference.kinds.kind import CLASSES, InputKind, Named
from keraslosses.reference.kinds.labels import (
    LABEL_LISTS,
    LABELS,
    LABELS_AND_COSINES,
    LABELS_AND_LOG_PROBABILITIES,
    LABELS_AND_SCORES,
)
from keraslosses.reference.kinds.numbers import POSITIVE, REAL, VECTORS
from keraslosses.reference.kinds.ordinal import BATCHES_OF_CLASSES, CONDITIONAL_LEVELS, LEVELS, THRESHOLDS
from keraslosses.reference.kinds.outputs import BINARY, BINARY_SCORES, CLASS_MASKS, DECISIONS, REGIONS, SIGNS
from keraslosses.reference.kinds.pairs import (
    PAIR_DISTANCES,
    RANKED_PAIRS,
    SIGNED_PAIRS,
    TRIPLETS,
    VIEWS,
    VIEWS_OF_A_BATCH,
)
from keraslosses.reference.kinds.pixels import BINARY_PIXELS, DISTANCES, MASKS, PIXELS
from keraslosses.reference.kinds.sequences import SEQUENCES
from keraslosses.reference.kinds.towers import TOWERS, UNLABELED_TOWERS

KINDS: tuple[InputKind, ...] = (
    REAL,
    VECTORS,
    POSITIVE,
    DISTRIBUTIONS,
    BINARY,
    BINARY_SCORES,
    DECISIONS,
    ONE_HOT,
    ONE_HOT_SCORES,
    LABELS,
    LABELS_AND_SCORES,
    LABELS_AND_LOG_PROBABILITIES,
    LABELS_AND_COSINES,
    LABELS_OR_DISTRIBUTIONS,
    LABELS_OR_DISTRIBUTIONS_AND_SCORES,
    LABEL_LISTS,
    LEVELS,
    CONDITIONAL_LEVELS,
    THRESHOLDS,
    BATCHES_OF_CLASSES,
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
    EMBEDDING_PAIRS,
    UNIT_EMBEDDING_PAIRS,
    PAIR_DISTANCES,
    TRIPLETS,
    SIGNED_PAIRS,
    RANKED_PAIRS,
    VIEWS,
    VIEWS_OF_A_BATCH,
    TOWERS,
    UNLABELED_TOWERS,
    SEQUENCES,
)

__all__ = [
    "ANCHORS",
    "BATCHES_OF_CLASSES",
    "BINARY",
    "BINARY_PIXELS",
    "BINARY_SCORES",
    "BOXES",
    "CLASSES",
    "CLASS_MASKS",
    "CONDITIONAL_LEVELS",
    "DECISIONS",
    "DISTANCES",
    "DISTRIBUTIONS",
    "EMBEDDINGS",
    "EMBEDDING_PAIRS",
    "KINDS",
    "LABELS",
    "LABELS_AND_COSINES",
    "LABELS_AND_LOG_PROBABILITIES",
    "LABELS_AND_SCORES",
    "LABELS_OR_DISTRIBUTIONS",
    "LABELS_OR_DISTRIBUTIONS_AND_SCORES",
    "LABEL_LISTS",
    "LEVELS",
    "LOCATIONS",
    "MASKS",
    "ONE_HOT",
    "ONE_HOT_SCORES",
    "PAIR_DISTANCES",
    "PIXELS",
    "POSITIVE",
    "RANKED_PAIRS",
    "REAL",
    "REGIONS",
    "SEQUENCES",
    "SIGNED_PAIRS",
    "SIGNS",
    "THRESHOLDS",
    "TOWERS",
    "TRIPLETS",
    "UNIT_EMBEDDING_PAIRS",
    "UNLABELED_TOWERS",
    "VECTORS",
    "VIEWS",
    "VIEWS_OF_A_BATCH",
    "InputKind",
    "Named",
]
