"""Ten losses that people write themselves, as the guide "Your own loss" says."""

import numpy as np
from keras import ops

import keraslosses
from keraslosses import kinds, rules
from keraslosses.reference import Reference
from keraslosses.reference import kinds as inputs


@keraslosses.loss_function(kinds.Elementwise(), under=rules.positive)
def weighted_mse(y_true, y_pred, under=2.0):
    """Squared error, in which a prediction that is too low costs more."""
    square = ops.square(y_pred - y_true)
    return ops.where(y_pred < y_true, under * square, square)


def weighted_mse_in_numpy(y, p, under=2.0):
    return np.mean(np.where(p < y, under, 1.0) * (p - y) ** 2, axis=-1)


WeightedMse = keraslosses.loss_class(
    weighted_mse,
    Reference(
        "WeightedMse",
        "weighted_mse",
        "own",
        inputs.REAL,
        weighted_mse_in_numpy,
        "mine",
        options=({}, {"under": 0.5}),
        bad_options=({"under": 0.0},),
    ),
)


@keraslosses.loss_function(kinds.Elementwise(), missing=rules.number)
def masked_mae(y_true, y_pred, missing=-999.0):
    """Absolute error, without the targets that are missing."""
    return ops.where(y_true == missing, 0.0, ops.abs(y_pred - y_true))


@keraslosses.loss_function(kinds.Regions(), axis=rules.axes_or_none)
def smoothed_dice(y_true, y_pred, axis=(1, 2, 3)):
    """Log-cosh of the Dice loss of each image."""
    common, size = ops.sum(y_true * y_pred, axis=axis), ops.sum(y_true + y_pred, axis=axis)
    return ops.log(ops.cosh(1.0 - (2.0 * common + 1.0) / (size + 1.0)))


@keraslosses.loss_function(kinds.Samples())
def mse_with_weight_column(y_true, y_pred):
    """Squared error, weighted by the last column of y_true."""
    return y_true[:, -1] * ops.mean(ops.square(y_pred - y_true[:, :-1]), axis=-1)


@keraslosses.loss_function(kinds.Samples(), smallest=rules.positive)
def gaussian(y_true, y_pred, smallest=1e-6):
    """A mean and a logarithm of a variance for each sample: two outputs side by side."""
    mean, log_variance = y_pred[:, 0], y_pred[:, 1]
    return 0.5 * (log_variance + ops.square(y_true[:, 0] - mean) / (ops.exp(log_variance) + smallest))


@keraslosses.loss_function(kinds.Labels(), penalty=rules.fraction, ignore_class=rules.optional_integer)
def confident_crossentropy(y_true, y_pred, penalty=0.1, ignore_class=None):
    """Cross-entropy with a penalty for certainty (Pereyra et al., 2017), from logits."""
    log_p = ops.log_softmax(y_pred, axis=-1)
    own = ops.take_along_axis(log_p, y_true[..., None], axis=-1)[..., 0]
    return -own + penalty * ops.sum(ops.exp(log_p) * log_p, axis=-1)


@keraslosses.loss_function(kinds.Vectors(), scale=rules.positive)
def exponential_distance(y_true, y_pred, scale=1.0):
    """One minus the exponential of minus the squared distance."""
    return 1.0 - ops.exp(-ops.sum(ops.square(y_pred - y_true), axis=-1) / scale)


@keraslosses.loss_function(
    kinds.Elementwise(true=kinds.TARGETS, pred=kinds.PROBABILITIES), gamma=rules.non_negative
)
def soft_error(y_true, y_pred, gamma=1.0):
    """The probability of the wrong answer, to a power."""
    wrong = y_true * (1.0 - y_pred) + (1.0 - y_true) * y_pred
    return wrong**gamma


@keraslosses.loss_function(kinds.Signs(), margin=rules.positive)
def smooth_hinge(y_true, y_pred, margin=1.0):
    """A hinge without a corner."""
    return ops.softplus(margin - y_true * y_pred)


@keraslosses.loss_function(kinds.Boxes())
def corner_distance(y_true, y_pred):
    """The mean distance of the corners of two boxes."""
    return ops.mean(ops.abs(y_pred - y_true), axis=-1)


MaskedMae = keraslosses.loss_class(masked_mae)
SmoothedDice = keraslosses.loss_class(smoothed_dice)
MseWithWeightColumn = keraslosses.loss_class(mse_with_weight_column)
Gaussian = keraslosses.loss_class(gaussian)
ConfidentCrossentropy = keraslosses.loss_class(confident_crossentropy)
ExponentialDistance = keraslosses.loss_class(exponential_distance)
SoftError = keraslosses.loss_class(soft_error)
SmoothHinge = keraslosses.loss_class(smooth_hinge)
CornerDistance = keraslosses.loss_class(corner_distance)
