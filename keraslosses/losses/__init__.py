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
from keraslosses.losses.asymmetric import Asymmetric, asymmetric
from keraslosses.losses.average_precision import FastAP, SmoothAP, fast_ap, smooth_ap
from keraslosses.losses.batch_contrast import NTXent, SupervisedContrastive, nt_xent, supervised_contrastive
from keraslosses.losses.batch_pairs import (
    LiftedStructure,
    PairContrastive,
    batch_contrastive,
    lifted_structure,
)
from keraslosses.losses.batch_triplets import Triplet, triplet
from keraslosses.losses.boundary import Boundary, boundary
from keraslosses.losses.bounded import (
    NormalizedCrossentropy,
    TaylorCrossentropy,
    normalized_crossentropy,
    taylor_crossentropy,
)
from keraslosses.losses.box_tools import convert_boxes, pairwise_iou
from keraslosses.losses.boxes import CIoU, DIoU, GIoU, IoU, ciou, diou, giou, iou
from keraslosses.losses.class_counts import class_counts, positive_weights, weights_from_counts
from keraslosses.losses.contrastive import Contrastive, contrastive, pair_contrastive
from keraslosses.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
)
from keraslosses.losses.cumulative_link import CumulativeLink, cumulative_link
from keraslosses.losses.detection import FCOS, MultiTaskDetection, fcos, multi_task_detection
from keraslosses.losses.distances import signed_distance, signed_distances
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
from keraslosses.losses.generalized_dice import GeneralizedDice, generalized_dice
from keraslosses.losses.given_pairs import (
    CosineEmbedding,
    MarginRanking,
    cosine_embedding,
    margin_ranking,
    stacked_cosine_embedding,
    stacked_margin_ranking,
)
from keraslosses.losses.given_triplets import TripletMargin, stacked_triplet_margin, triplet_margin
from keraslosses.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from keraslosses.losses.imbalance import LDAM, LogitAdjusted, ldam, logit_adjusted
from keraslosses.losses.likelihood import (
    CategoricalGeneralizedCrossEntropy,
    NegativeLogLikelihood,
    categorical_generalized_cross_entropy,
    negative_log_likelihood,
)
from keraslosses.losses.log_cosh_dice import LogCoshDice, log_cosh_dice
from keraslosses.losses.lovasz import LovaszHinge, LovaszSoftmax, lovasz_hinge, lovasz_softmax
from keraslosses.losses.margin import (
    MultiLabelMargin,
    MultiMargin,
    SoftMarginSoftmax,
    multi_label_margin,
    multi_margin,
    soft_margin_softmax,
)
from keraslosses.losses.multi_similarity import MultiSimilarity, multi_similarity
from keraslosses.losses.noisy import (
    Bootstrapping,
    SymmetricCrossentropy,
    bootstrapping,
    symmetric_crossentropy,
)
from keraslosses.losses.ordinal import Coral, Corn, coral, corn
from keraslosses.losses.ordinal_labels import soft_ordinal_labels
from keraslosses.losses.overlaps import (
    FocalTversky,
    Jaccard,
    focal_tversky,
    jaccard,
)
from keraslosses.losses.poly import PolyCrossentropy, poly_crossentropy
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
from keraslosses.losses.soft_cldice import SoftClDice, soft_cl_dice
from keraslosses.losses.soft_counts import SoftFBeta, SoftMatthews, soft_f_beta, soft_matthews
from keraslosses.losses.soft_margin import (
    HingeEmbedding,
    MultiLabelSoftMargin,
    SoftMargin,
    hinge_embedding,
    multi_label_soft_margin,
    soft_margin,
)
from keraslosses.losses.soft_nearest_neighbors import SoftNearestNeighbors, soft_nearest_neighbors
from keraslosses.losses.sparse_crossentropy import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)
from keraslosses.losses.sparse_focal import (
    SparseCategoricalFocalCrossentropy,
    sparse_categorical_focal_crossentropy,
)
from keraslosses.losses.tempered import BiTempered, bi_tempered
from keraslosses.losses.towers import InfoNCE, NPairs, info_nce, n_pairs
from keraslosses.losses.unified_focal import UnifiedFocal, unified_focal
from keraslosses.losses.views import (
    BarlowTwins,
    NegativeCosine,
    VICReg,
    barlow_twins,
    negative_cosine,
    vicreg,
)
from keraslosses.losses.weighted_kappa import WeightedKappa, weighted_kappa

__all__ = [
    "CTC",
    "FCOS",
    "LDAM",
    "AMSoftmax",
    "ArcFace",
    "Asymmetric",
    "BalancedL1",
    "BarlowTwins",
    "BiTempered",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "Bootstrapping",
    "Boundary",
    "CIoU",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CombinedMargin",
    "Contrastive",
    "Coral",
    "Corn",
    "CosFace",
    "CosineEmbedding",
    "CosineSimilarity",
    "CumulativeLink",
    "DIoU",
    "Dice",
    "EarthMover",
    "FastAP",
    "FocalTversky",
    "GIoU",
    "GeneralizedDice",
    "Hinge",
    "HingeEmbedding",
    "Huber",
    "InfoNCE",
    "IoU",
    "Jaccard",
    "KLDivergence",
    "LiftedStructure",
    "LogCosh",
    "LogCoshDice",
    "LogitAdjusted",
    "LovaszHinge",
    "LovaszSoftmax",
    "MarginRanking",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanPowerError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "MultiLabelMargin",
    "MultiLabelSoftMargin",
    "MultiMargin",
    "MultiSimilarity",
    "MultiTaskDetection",
    "NPairs",
    "NTXent",
    "NegativeCosine",
    "NegativeLogLikelihood",
    "NormalizedCrossentropy",
    "PairContrastive",
    "Poisson",
    "PolyCrossentropy",
    "RootMeanSquaredError",
    "SmoothAP",
    "SmoothL1",
    "SoftClDice",
    "SoftFBeta",
    "SoftMargin",
    "SoftMarginSoftmax",
    "SoftMatthews",
    "SoftNearestNeighbors",
    "SparseCategoricalCrossentropy",
    "SparseCategoricalFocalCrossentropy",
    "SphereFace",
    "SquaredHinge",
    "SupervisedContrastive",
    "SymmetricCrossentropy",
    "TaylorCrossentropy",
    "Triplet",
    "TripletMargin",
    "Tversky",
    "UnifiedFocal",
    "VICReg",
    "WeightedKappa",
    "am_softmax",
    "arcface",
    "asymmetric",
    "balanced_l1",
    "barlow_twins",
    "batch_contrastive",
    "bi_tempered",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "bootstrapping",
    "boundary",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "ciou",
    "circle",
    "class_counts",
    "combined_margin",
    "contrastive",
    "convert_boxes",
    "coral",
    "corn",
    "cosface",
    "cosine_embedding",
    "cosine_similarity",
    "ctc",
    "cumulative_link",
    "dice",
    "diou",
    "earth_mover",
    "fast_ap",
    "fcos",
    "focal_tversky",
    "generalized_dice",
    "giou",
    "hinge",
    "hinge_embedding",
    "huber",
    "info_nce",
    "iou",
    "jaccard",
    "kl_divergence",
    "ldam",
    "lifted_structure",
    "log_cosh",
    "log_cosh_dice",
    "logit_adjusted",
    "lovasz_hinge",
    "lovasz_softmax",
    "margin_ranking",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_power_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "multi_label_margin",
    "multi_label_soft_margin",
    "multi_margin",
    "multi_similarity",
    "multi_task_detection",
    "n_pairs",
    "negative_cosine",
    "negative_log_likelihood",
    "normalized_crossentropy",
    "nt_xent",
    "pair_contrastive",
    "pairwise_iou",
    "poisson",
    "poly_crossentropy",
    "positive_weights",
    "root_mean_squared_error",
    "signed_distance",
    "signed_distances",
    "smooth_ap",
    "smooth_l1",
    "soft_cl_dice",
    "soft_f_beta",
    "soft_margin",
    "soft_margin_softmax",
    "soft_matthews",
    "soft_nearest_neighbors",
    "soft_ordinal_labels",
    "sparse_categorical_crossentropy",
    "sparse_categorical_focal_crossentropy",
    "sphereface",
    "squared_hinge",
    "stacked_cosine_embedding",
    "stacked_margin_ranking",
    "stacked_triplet_margin",
    "supervised_contrastive",
    "symmetric_crossentropy",
    "taylor_crossentropy",
    "triplet",
    "triplet_margin",
    "tversky",
    "unified_focal",
    "vicreg",
    "weighted_kappa",
    "weights_from_counts",
]
