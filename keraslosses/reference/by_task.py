"""What each loss, layer and metric is for, in a few words and by task: the list of `keraslosses list`.

A loss that serves several tasks stands below the first of its `uses`. The first groups are `TASKS`.
"""

from collections.abc import Mapping

from keraslosses.reference import REFERENCES
from keraslosses.reference.uses import TASKS

# Wrappers, layers and metrics have no entry in the reference: the task, and what each is for.
OTHERS = {
    "SequenceMask": ("Sequences: speech, handwriting", "layer: a mask from the lengths of the sequences"),
    "EditDistance": ("Sequences: speech, handwriting", "metric: the label error rate"),
    "IoUScore": ("Segmentation judged by intersection over union", "metric: the overlap of each class"),
    "DiceScore": ("Segmentation", "metric: the F1 score of the pixels of each class"),
    "CohenKappa": ("Classes in an order: ages, grades, ratings", "metric: the agreement beyond chance"),
    "OrdinalDense": ("Classes in an order: ages, grades, ratings", "layer: the logits that Coral reads"),
    "OrdinalThresholds": (
        "Classes in an order: ages, grades, ratings",
        "layer: puts thresholds beside a score",
    ),
    "RecallAtK": ("Retrieval and embeddings", "metric: one of the k nearest has the class"),
    "PrecisionAtOne": ("Retrieval and embeddings", "metric: the nearest has the class"),
    "RPrecision": ("Retrieval and embeddings", "metric: the share of the class in the R nearest"),
    "MeanAveragePrecisionAtR": ("Retrieval and embeddings", "metric: R-precision with the order"),
    "EqualErrorRate": (
        "Faces: persons never seen in training",
        "metric: where both kinds of errors are equal",
    ),
    "TrueAcceptAtFalseAccept": (
        "Faces: persons never seen in training",
        "metric: pairs accepted at a given error",
    ),
    "CosineDense": ("Faces: persons never seen in training", "layer: the cosines that these losses read"),
    "ChunkedCrossEntropy": ("Very many classes", "layer: the exact cross-entropy in little memory"),
    "SampledMargin": ("Very many classes", "layer: an angular margin over a sample of classes"),
    "ProxyNCA": (
        "Embeddings beside a trained vector for each class",
        "layer: nearest to the proxy of the class",
    ),
    "ProxyAnchor": (
        "Embeddings beside a trained vector for each class",
        "layer: proxies that weigh the hard samples",
    ),
    "SoftTriple": (
        "Embeddings beside a trained vector for each class",
        "layer: several centers for each class",
    ),
    "CrossBatchMemory": (
        "Around another loss",
        "layer: a loss over pairs sees past batches too",
    ),
    "ClipHead": (
        "Two towers that learn the temperature",
        "layer: pairs find each other, as in CLIP",
    ),
    "SigLipHead": (
        "Two towers that learn the temperature",
        "layer: each pair is a yes or a no",
    ),
    "UncertaintyWeighting": ("Several losses at once", "layer: learns the weight of each loss"),
    "HardExamples": ("Around another loss", "the mean of its largest values only"),
    "CenterLoss": (
        "Features of each class close together",
        "layer: pulls features to the center of their class",
    ),
    "LargeMarginHead": (
        "Features of each class close together",
        "layer: the last layer, with a margin between classes",
    ),
}


def by_task() -> dict[str, dict[str, str]]:
    """The names of each task, with what they are for."""
    found: dict[str, dict[str, str]] = {task: {} for task in TASKS}
    lines = {name: (reference.task, reference.purpose) for name, reference in REFERENCES.items()}
    for name, (task, purpose) in {**lines, **OTHERS}.items():
        if task:
            found.setdefault(task, {})[name] = purpose
    return {task: purposes for task, purposes in found.items() if purposes}


BY_TASK: Mapping[str, Mapping[str, str]] = by_task()
