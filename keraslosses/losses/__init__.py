"""The losses: pure maths, one family in each file. Each class is a thin door to the function beside it.

Every public loss and function can be imported from here: `from keraslosses.losses import Huber, huber`.
"""

from keraslosses.losses.angular import (
    AMSoftmax,
    ArcFace,
    CosFace,
    am_softmax,
    arcface,
    cosface,
)
from keraslosses.losses.angular_multiples import CombinedMargin, SphereFace, combined_margin, sphereface
from keraslosses.losses.box_tools import convert_boxes, pairwise_iou
from keraslosses.losses.boxes import CIoU, DIoU, GIoU, IoU, ciou, diou, giou, iou
from keraslosses.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
)
from keraslosses.losses.cumulative_link import CumulativeLink, cumulative_link
from keraslosses.losses.detection import FCOS, MultiTaskDetection, fcos, multi_task_detection
from keraslosses.losses.earth_mover import EarthMover, earth_mover
from keraslosses.losses.embedding import (
    Circle,
    circle,
)
from keraslosses.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from keraslosses.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from keraslosses.losses.likelihood import (
    CategoricalGeneralizedCrossEntropy,
    NegativeLogLikelihood,
    categorical_generalized_cross_entropy,
    negative_log_likelihood,
)
from keraslosses.losses.margin import (
    MultiLabelMargin,
    MultiMargin,
    SoftMarginSoftmax,
    multi_label_margin,
    multi_margin,
    soft_margin_softmax,
)
from keraslosses.losses.ordinal import Coral, Corn, coral, corn
from keraslosses.losses.ordinal_labels import soft_ordinal_labels
from keraslosses.losses.probabilistic import KLDivergence, Poisson, kl_divergence, poisson
from keraslosses.losses.regression import (
    MeanAbsoluteError,
    MeanPowerError,
    MeanSquaredError,
    RootMeanSquaredError,
    mean_absolute_error,
    mean_power_error,
    mean_squared_error,
    root_mean_squared_error,
)
from keraslosses.losses.relative import (
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
)
from keraslosses.losses.robust import (
    BalancedL1,
    Huber,
    LogCosh,
    SmoothL1,
    balanced_l1,
    huber,
    log_cosh,
    smooth_l1,
)
from keraslosses.losses.segmentation import (
    Dice,
    Tversky,
    dice,
    tversky,
)
from keraslosses.losses.sequence import CTC, ctc
from keraslosses.losses.similarity import CosineSimilarity, cosine_similarity
from keraslosses.losses.sparse_crossentropy import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)
from keraslosses.losses.sparse_focal import (
    SparseCategoricalFocalCrossentropy,
    sparse_categorical_focal_crossentropy,
)
from keraslosses.losses.weighted_kappa import WeightedKappa, weighted_kappa

__all__ = [
    "CTC",
    "FCOS",
    "AMSoftmax",
    "ArcFace",
    "BalancedL1",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CIoU",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CombinedMargin",
    "Coral",
    "Corn",
    "CosFace",
    "CosineSimilarity",
    "CumulativeLink",
    "DIoU",
    "Dice",
    "EarthMover",
    "GIoU",
    "Hinge",
    "Huber",
    "IoU",
    "KLDivergence",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanPowerError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "MultiLabelMargin",
    "MultiMargin",
    "MultiTaskDetection",
    "NegativeLogLikelihood",
    "Poisson",
    "RootMeanSquaredError",
    "SmoothL1",
    "SoftMarginSoftmax",
    "SparseCategoricalCrossentropy",
    "SparseCategoricalFocalCrossentropy",
    "SphereFace",
    "SquaredHinge",
    "Tversky",
    "WeightedKappa",
    "am_softmax",
    "arcface",
    "balanced_l1",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "ciou",
    "circle",
    "combined_margin",
    "convert_boxes",
    "coral",
    "corn",
    "cosface",
    "cosine_similarity",
    "ctc",
    "cumulative_link",
    "dice",
    "diou",
    "earth_mover",
    "fcos",
    "giou",
    "hinge",
    "huber",
    "iou",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_power_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "multi_label_margin",
    "multi_margin",
    "multi_task_detection",
    "negative_log_likelihood",
    "pairwise_iou",
    "poisson",
    "root_mean_squared_error",
    "smooth_l1",
    "soft_margin_softmax",
    "soft_ordinal_labels",
    "sparse_categorical_crossentropy",
    "sparse_categorical_focal_crossentropy",
    "sphereface",
    "squared_hinge",
    "tversky",
    "weighted_kappa",
]
