"""Loss functions for Keras 3 that run unchanged on TensorFlow, JAX and PyTorch."""

from keraslosses import keras_import  # noqa: F401

# isort: split

from keras.losses import Loss

from keraslosses import kinds as kinds
from keraslosses import rules as rules
from keraslosses.core.compose import WeightedSum
from keraslosses.core.loss import FunctionLoss, loss_function
from keraslosses.core.loss_class import loss_class
from keraslosses.decoding.collapse import ctc_collapse
from keraslosses.decoding.decode import ctc_decode
from keraslosses.layers.attach import attach, detach
from keraslosses.layers.center_loss import CenterLoss, center_distances, updated_centers
from keraslosses.layers.chunked_cross_entropy import ChunkedCrossEntropy
from keraslosses.layers.cosine_dense import CosineDense
from keraslosses.layers.large_margin_head import LargeMarginHead
from keraslosses.layers.sampled_margin import SampledMargin
from keraslosses.layers.sequence_mask import SequenceMask
from keraslosses.layers.uncertainty import UncertaintyWeighting
from keraslosses.lookup import deserialize, get, names, serialize
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
from keraslosses.losses.detection import FCOS, MultiTaskDetection, fcos, multi_task_detection
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
from keraslosses.metrics.edit_distance import EditDistance

__version__ = "0.1.0.dev0"

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
    "CenterLoss",
    "ChunkedCrossEntropy",
    "Circle",
    "CombinedMargin",
    "CosFace",
    "CosineDense",
    "CosineSimilarity",
    "DIoU",
    "Dice",
    "EditDistance",
    "FunctionLoss",
    "GIoU",
    "Hinge",
    "Huber",
    "IoU",
    "KLDivergence",
    "LargeMarginHead",
    "LogCosh",
    "Loss",
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
    "SampledMargin",
    "SequenceMask",
    "SmoothL1",
    "SoftMarginSoftmax",
    "SparseCategoricalCrossentropy",
    "SparseCategoricalFocalCrossentropy",
    "SphereFace",
    "SquaredHinge",
    "Tversky",
    "UncertaintyWeighting",
    "WeightedSum",
    "am_softmax",
    "arcface",
    "attach",
    "balanced_l1",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "center_distances",
    "ciou",
    "circle",
    "combined_margin",
    "convert_boxes",
    "cosface",
    "cosine_similarity",
    "ctc",
    "ctc_collapse",
    "ctc_decode",
    "deserialize",
    "detach",
    "dice",
    "diou",
    "fcos",
    "get",
    "giou",
    "hinge",
    "huber",
    "iou",
    "kl_divergence",
    "log_cosh",
    "loss_class",
    "loss_function",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_power_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "multi_label_margin",
    "multi_margin",
    "multi_task_detection",
    "names",
    "negative_log_likelihood",
    "pairwise_iou",
    "poisson",
    "root_mean_squared_error",
    "serialize",
    "smooth_l1",
    "soft_margin_softmax",
    "sparse_categorical_crossentropy",
    "sparse_categorical_focal_crossentropy",
    "sphereface",
    "squared_hinge",
    "tversky",
    "updated_centers",
]
