"""Loss functions for Keras 3 that run unchanged on TensorFlow, JAX and PyTorch."""

from keras.losses import Loss

from keraslosses.core.compose import WeightedSum
from keraslosses.core.loss import FunctionLoss
from keraslosses.layers.attach import attach, detach
from keraslosses.layers.center_loss import CenterLoss, center_distances, updated_centers
from keraslosses.layers.uncertainty import UncertaintyWeighting
from keraslosses.lookup import deserialize, get, names, serialize
from keraslosses.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from keraslosses.losses.probabilistic import KLDivergence, Poisson, kl_divergence, poisson
from keraslosses.losses.regression import (
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanPowerError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    RootMeanSquaredError,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_power_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    root_mean_squared_error,
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
from keraslosses.losses.similarity import CosineSimilarity, cosine_similarity

__version__ = "0.1.0.dev0"

__all__ = [
    "BalancedL1",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CenterLoss",
    "CosineSimilarity",
    "FunctionLoss",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanPowerError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "RootMeanSquaredError",
    "SmoothL1",
    "SparseCategoricalCrossentropy",
    "UncertaintyWeighting",
    "WeightedSum",
    "attach",
    "balanced_l1",
    "binary_crossentropy",
    "categorical_crossentropy",
    "center_distances",
    "cosine_similarity",
    "deserialize",
    "detach",
    "get",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_power_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "names",
    "poisson",
    "root_mean_squared_error",
    "serialize",
    "smooth_l1",
    "sparse_categorical_crossentropy",
    "updated_centers",
]
