"""The reference: a second implementation of every loss in NumPy float64, with a description of the loss.

The formulas are written as in the papers. The reference does not import Keras or a loss. Tests, checks, docs,
plots and benchmarks read it.
"""

from keraslosses.reference import (
    all_classes,
    angular,
    boxes,
    contrast,
    crossentropy,
    detection,
    embedding,
    focal,
    given_pairs,
    imbalance,
    likelihood,
    margin,
    masks,
    multi_label,
    noisy,
    ordinal,
    overlaps,
    pairs,
    probabilistic,
    rankings,
    regression,
    robust,
    segmentation,
    sequence,
    shapes,
    similarity,
    soft_margin,
    tempered,
    towers,
    views,
)
from keraslosses.reference.entry import Hard, Measured, Reference
from keraslosses.reference.uses import Use

FAMILIES = (
    regression,
    robust,
    probabilistic,
    similarity,
    crossentropy,
    focal,
    imbalance,
    likelihood,
    noisy,
    tempered,
    multi_label,
    margin,
    soft_margin,
    ordinal,
    segmentation,
    overlaps,
    all_classes,
    masks,
    shapes,
    embedding,
    pairs,
    contrast,
    rankings,
    given_pairs,
    views,
    towers,
    angular,
    boxes,
    detection,
    sequence,
)

REFERENCES: dict[str, Reference] = {entry.name: entry for family in FAMILIES for entry in family.REFERENCES}

__all__ = ["REFERENCES", "Hard", "Measured", "Reference", "Use"]
