"""Loss functions for Keras 3 that run unchanged on TensorFlow, JAX and PyTorch."""

from keraslosses import keras_import  # noqa: F401

# isort: split

from keras.losses import Loss

from keraslosses import kinds as kinds
from keraslosses import losses
from keraslosses import rules as rules
from keraslosses.batches import BalancedBatches
from keraslosses.core.compose import WeightedSum
from keraslosses.core.hard_examples import HardExamples
from keraslosses.core.loss import FunctionLoss, loss_function
from keraslosses.core.loss_class import loss_class
from keraslosses.decoding.collapse import ctc_collapse
from keraslosses.decoding.decode import ctc_decode
from keraslosses.decoding.ordinal import ordinal_class
from keraslosses.layers.attach import attach, detach
from keraslosses.layers.center_loss import CenterLoss, center_distances, updated_centers
from keraslosses.layers.chunked_cross_entropy import ChunkedCrossEntropy
from keraslosses.layers.clip_head import ClipHead
from keraslosses.layers.cosine_dense import CosineDense
from keraslosses.layers.cross_batch_memory import CrossBatchMemory
from keraslosses.layers.large_margin_head import LargeMarginHead
from keraslosses.layers.ordinal_dense import OrdinalDense
from keraslosses.layers.ordinal_thresholds import OrdinalThresholds
from keraslosses.layers.proxies import ProxyAnchor, ProxyNCA
from keraslosses.layers.sampled_margin import SampledMargin
from keraslosses.layers.sequence_mask import SequenceMask
from keraslosses.layers.siglip_head import SigLipHead
from keraslosses.layers.soft_triple import SoftTriple
from keraslosses.layers.uncertainty import UncertaintyWeighting
from keraslosses.lookup import deserialize, get, names, serialize
from keraslosses.losses import *  # noqa: F403
from keraslosses.metrics.cohen_kappa import CohenKappa
from keraslosses.metrics.edit_distance import EditDistance
from keraslosses.metrics.overlap_scores import DiceScore, IoUScore
from keraslosses.metrics.retrieval import MeanAveragePrecisionAtR, PrecisionAtOne, RecallAtK, RPrecision
from keraslosses.metrics.retrieval_callback import RetrievalMetrics
from keraslosses.metrics.verification import EqualErrorRate, TrueAcceptAtFalseAccept

__version__ = "0.2.0"

__all__ = [
    "BalancedBatches",
    "CenterLoss",
    "ChunkedCrossEntropy",
    "ClipHead",
    "CohenKappa",
    "CosineDense",
    "CrossBatchMemory",
    "DiceScore",
    "EditDistance",
    "EqualErrorRate",
    "FunctionLoss",
    "HardExamples",
    "IoUScore",
    "LargeMarginHead",
    "Loss",
    "MeanAveragePrecisionAtR",
    "OrdinalDense",
    "OrdinalThresholds",
    "PrecisionAtOne",
    "ProxyAnchor",
    "ProxyNCA",
    "RPrecision",
    "RecallAtK",
    "RetrievalMetrics",
    "SampledMargin",
    "SequenceMask",
    "SigLipHead",
    "SoftTriple",
    "TrueAcceptAtFalseAccept",
    "UncertaintyWeighting",
    "WeightedSum",
    "attach",
    "center_distances",
    "ctc_collapse",
    "ctc_decode",
    "deserialize",
    "detach",
    "get",
    "loss_class",
    "loss_function",
    "names",
    "ordinal_class",
    "serialize",
    "updated_centers",
]
__all__ += losses.__all__
