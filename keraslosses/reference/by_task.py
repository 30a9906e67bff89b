"""What each loss, layer and metric is for, in a few words and by task: the list of `keraslosses list`.

A loss that serves several tasks stands below the first of its `uses`. The first groups are `TASKS`.
"""

from collections.abc import Mapping

BY_TASK: Mapping[str, Mapping[str, str]] = {
    "Numbers": {
        "MeanSquaredError": "the usual loss for regression",
        "RootMeanSquaredError": "the error in the unit of the target",
        "MeanAbsoluteError": "each unit of error counts the same",
        "MeanPowerError": "any power of the error",
    },
    "Numbers with outliers": {
        "Huber": "squared for small errors, absolute for large ones",
        "LogCosh": "like Huber, but smooth everywhere",
    },
    "Numbers over several powers of ten": {
        "MeanAbsolutePercentageError": "the error in percent of the target",
        "MeanSquaredLogarithmicError": "the relative error, for prices and counts",
    },
    "Counts": {
        "Poisson": "numbers of events, such as visits per day",
    },
    "Directions of vectors": {
        "CosineSimilarity": "the direction, whatever the length",
    },
    "Yes or no": {
        "BinaryCrossentropy": "the usual loss",
        "BinaryFocalCrossentropy": "few positives among many easy negatives",
        "Hinge": "scores with a margin, as in support vector machines",
        "SquaredHinge": "Hinge that is smooth at the margin",
    },
    "Several labels at once": {
        "MultiLabelMargin": "each label ahead of each other class by 1",
    },
    "One class of several": {
        "CategoricalCrossentropy": "the usual loss, for one-hot targets",
        "SparseCategoricalCrossentropy": "the usual loss, for class indices",
        "NegativeLogLikelihood": "for models that give log-probabilities",
        "CategoricalFocalCrossentropy": "rare classes, for one-hot targets",
        "SparseCategoricalFocalCrossentropy": "rare classes, for class indices",
        "CategoricalGeneralizedCrossEntropy": "labels of which some are wrong",
    },
    "One class of several, by a margin": {
        "CategoricalHinge": "the true class ahead of the best other by 1",
        "MultiMargin": "the true class ahead of each other by a margin",
        "SoftMarginSoftmax": "cross-entropy with a margin for the true class",
    },
    "Distributions, such as the outputs of a teacher": {
        "KLDivergence": "how far one distribution is from another",
    },
    "Segmentation": {
        "Dice": "the overlap of regions, for small ones too",
        "Tversky": "Dice with weights for false positives and false negatives",
    },
    "Boxes": {
        "SmoothL1": "the four numbers, each by itself",
        "BalancedL1": "SmoothL1 with larger gradients for small errors",
        "IoU": "the overlap",
        "GIoU": "the overlap, and how far apart the boxes are",
        "DIoU": "the overlap, and the distance of the centers",
        "CIoU": "the overlap, the distance and the aspect ratio",
    },
    "Detectors: classes and boxes": {
        "MultiTaskDetection": "class and box of each anchor or proposal",
        "FCOS": "class, box and centerness of each location",
    },
    "Sequences: speech, handwriting": {
        "CTC": "labels whose positions are not known",
        "SequenceMask": "layer: a mask from the lengths of the sequences",
        "EditDistance": "metric: the label error rate",
    },
    "Faces: persons never seen in training": {
        "ArcFace": "a margin added to the angle",
        "CosFace": "a margin subtracted from the cosine",
        "CosineDense": "layer: the cosines that these losses read",
    },
    "Faces: the margin of a published model": {
        "AMSoftmax": "CosFace with a scale of 30",
        "SphereFace": "the angle multiplied by a margin",
        "CombinedMargin": "the margins of SphereFace, ArcFace and CosFace together",
    },
    "Retrieval and embeddings": {
        "Circle": "one class close together, other classes apart",
    },
    "Very many classes": {
        "ChunkedCrossEntropy": "layer: the exact cross-entropy in little memory",
        "SampledMargin": "layer: an angular margin over a sample of classes",
    },
    "Several losses at once": {
        "UncertaintyWeighting": "layer: learns the weight of each loss",
    },
    "Features of each class close together": {
        "CenterLoss": "layer: pulls features to the center of their class",
        "LargeMarginHead": "layer: the last layer, with a margin between classes",
    },
}
