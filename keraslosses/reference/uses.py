"""What a loss is for: the tasks and the symptoms that lead to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TASKS_OF_EMBEDDINGS = (
    "Faces: persons never seen in training",
    "Faces: the margin of a published model",
    "Retrieval and embeddings",
    "Embeddings by all pairs of a batch",
    "Encoders trained by contrast",
    "Embeddings beside a trained vector for each class",
    "Retrieval judged by average precision",
    "Pairs or triplets that you choose",
    "Which of two is better",
    "Two views of each sample, without labels",
    "Two towers: texts with images, queries with documents",
    "Two towers that learn the temperature",
)

TASKS = (
    "Numbers",
    "Numbers with outliers",
    "Numbers over several powers of ten",
    "Counts",
    "Directions of vectors",
    "Yes or no",
    "Yes or no, by a name of torch",
    "Several labels at once",
    "The goal is an F1 score or a Matthews correlation",
    "One class of several",
    "One class of several, by a margin",
    "Classes in an order: ages, grades, ratings",
    "Distributions, such as the outputs of a teacher",
    "Segmentation",
    "Segmentation judged by intersection over union",
    "Segmentation: classes of very different size",
    "Boxes",
    "Detectors: classes and boxes",
    "Sequences: speech, handwriting",
    *TASKS_OF_EMBEDDINGS,
    "Very many classes",
    "Several losses at once",
)

SYMPTOMS = (
    "Small lesions and other small things are missed",
    "False alarms lie far from the object",
    "Thin structures break apart",
    "The overlap jumps at the end of the training",
    "Only 1 % of the samples are positive",
    "One class swallows all the others",
    "A few classes have most of the samples",
    "The model is over-confident",
    "Some labels are wrong",
    "The model learns wrong labels by heart",
    "Errors of several classes are as frequent as errors of one",
    "The labels are not aligned with the frames",
    "The boxes do not overlap",
    "The boxes overlap, but are never quite right",
    "A few far outliers pull the fit",
    "The worst errors stay too large",
    "Most samples are easy, and few teach anything",
    "The features of a class scatter",
    "A batch holds too few samples of a class",
)


@dataclass(frozen=True)
class Use:
    """One answer to the question "Which loss?".

    `place` is one of `TASKS` or `SYMPTOMS`. `when` and `when_not` are one sentence each. `start` holds the
    options to start with.
    """

    place: str
    when: str
    when_not: str
    start: Mapping[str, Any] = field(default_factory=dict)


# Layers and sums have no entry in the reference.
USES_OF_OTHERS: dict[str, tuple[Use, ...]] = {
    "CenterLoss": (
        Use(
            "The features of a class scatter",
            "A classifier is trained, and the features of each class should lie close together.",
            "There is no classification loss beside it: without one, all features may shrink to one point.",
            {"num_classes": 10},
        ),
    ),
    "LargeMarginHead": (
        Use(
            "The features of a class scatter",
            "You train from scratch and want a margin between the angles of the classes.",
            "The training is short: the margin needs about 1,700 steps to reach its full strength.",
            {"num_classes": 10},
        ),
    ),
    "ProxyNCA": (
        Use(
            "Embeddings beside a trained vector for each class",
            "Batches have few samples of a class, so that they hold few pairs: proxies stand for the others.",
            "There are more classes than fit into memory as vectors: `SampledMargin` takes a share of them.",
            {"num_classes": 100},
        ),
    ),
    "ProxyAnchor": (
        Use(
            "Embeddings beside a trained vector for each class",
            "As `ProxyNCA`, and the hard samples of a batch should count most.",
            "The batch is small: each proxy sees only the samples of the batch.",
            {"num_classes": 100},
        ),
    ),
    "SoftTriple": (
        Use(
            "Embeddings beside a trained vector for each class",
            "The samples of one class form several groups: each class has several centers.",
            "There are very many classes: each has ten vectors.",
            {"num_classes": 100},
        ),
    ),
    "CrossBatchMemory": (
        Use(
            "A batch holds too few samples of a class",
            "A loss over pairs should see thousands of samples, and a batch that large does not fit.",
            "The embeddings still change fast, at the start of training: what is stored is soon out of date.",
        ),
    ),
    "ClipHead": (
        Use(
            "Two towers that learn the temperature",
            "As `InfoNCE`, and you do not know a good temperature.",
            "You want the loss in `compile`: `InfoNCE` has no weights.",
            {"initial": 10.0},
        ),
    ),
    "SigLipHead": (
        Use(
            "Two towers that learn the temperature",
            "As `ClipHead`, with small batches: each pair is judged alone, without a softmax over the batch.",
            "The right vector must come first among others: `ClipHead` compares them with each other.",
            {"bias": -10.0},
        ),
    ),
    "ChunkedCrossEntropy": (
        Use(
            "Very many classes",
            "The logits of all classes do not fit into memory, and the loss must be exact.",
            "There are only some thousand classes: a `Dense` layer with a cross-entropy is simpler.",
            {"num_classes": 100_000},
        ),
    ),
    "SampledMargin": (
        Use(
            "Very many classes",
            "You train an angular margin, and a step over all classes takes too long.",
            "The loss must be exact: a training step looks only at a random share of the classes.",
            {"num_classes": 100_000},
        ),
    ),
    "UncertaintyWeighting": (
        Use(
            "Several losses at once",
            "A model has several tasks, and you do not know the weights of their losses.",
            "A loss can reach 0 or is negative: its weight then grows without end.",
            {"num_losses": 2},
        ),
    ),
    "HardExamples": (
        Use(
            "Most samples are easy, and few teach anything",
            "The step should learn from the samples or pixels that cost most, under any loss.",
            "Some labels are wrong: the samples that cost most are then the wrong ones.",
        ),
    ),
    "WeightedSum": (
        Use(
            "Several losses at once",
            "One output has several losses with known weights: `Huber() + 0.5 * LogCosh()`.",
            "The losses read different outputs: give `compile` a list of losses, with `loss_weights`.",
        ),
    ),
}
