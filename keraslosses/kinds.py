"""The kinds of inputs that a loss function can read: the first argument of `loss_function`.

A kind converts the inputs to tensors, checks their shapes, and applies masks, weights, `ignore_class` and
`class_weights`. The guide "Your own loss" explains which kind to choose.

Some kinds take ranges. The numbers of y_true or y_pred must lie in them. Make your own with `Range`, or use
one of these:

- `PROBABILITIES`: from 0 to 1, for the probabilities in y_pred.
- `TARGETS`: from 0 to 1, for the targets in y_true.
- `DISTRIBUTIONS`: at least 0, for the distributions in y_true.
"""

from keraslosses.core.domain import DISTRIBUTIONS, PROBABILITIES, TARGETS, Range
from keraslosses.core.kinds.boxes import Boxes
from keraslosses.core.kinds.distributions import Distributions
from keraslosses.core.kinds.elementwise import Elementwise, Signs
from keraslosses.core.kinds.embeddings import Embeddings
from keraslosses.core.kinds.kind import Kind, Pair
from keraslosses.core.kinds.label_lists import LabelLists
from keraslosses.core.kinds.labels import Labels, LabelsOrOneHot
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions
from keraslosses.core.kinds.regions import Regions
from keraslosses.core.kinds.samples import Samples
from keraslosses.core.kinds.vectors import Vectors

__all__ = [
    "DISTRIBUTIONS",
    "PROBABILITIES",
    "TARGETS",
    "Boxes",
    "Distributions",
    "Elementwise",
    "Embeddings",
    "Kind",
    "LabelLists",
    "Labels",
    "LabelsOrDistributions",
    "LabelsOrOneHot",
    "Pair",
    "Range",
    "Regions",
    "Samples",
    "Signs",
    "Vectors",
]
