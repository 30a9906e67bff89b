"""Log-probabilities and smoothed targets: what the cross-entropies and the focal losses share."""

import warnings
from typing import Any

from keras import ops

from keraslosses.core import backend, numerics


def log_probabilities(y_pred: Any, from_logits: bool, axis: int) -> Any:
    """The logarithm of the softmax of logits, or of probabilities divided by their sum."""
    if from_logits:
        return ops.log_softmax(y_pred, axis=axis)
    return numerics.log_probability(numerics.distribution(y_pred, axis))


def probability_of(labels: Any, y_pred: Any) -> Any:
    """The share that the label's probability has in the sum of its row."""
    return numerics.share(backend.pick(y_pred, labels), ops.sum(y_pred, axis=-1), ops.shape(y_pred)[-1])


def log_probability_of(labels: Any, y_pred: Any, from_logits: bool) -> Any:
    """The logarithm of the label's probability, classes last; without gradient where it is -inf."""
    if not from_logits:
        return numerics.log_probability(probability_of(labels, y_pred))
    return -numerics.without_gradient_at_infinity(-backend.log_likelihood(y_pred, labels))


def smoothed_binary(y_true: Any, label_smoothing: float) -> Any:
    """Targets of yes or no, moved towards one half."""
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true


def smoothed(y_true: Any, label_smoothing: float, axis: int) -> Any:
    """Targets moved towards the uniform distribution over the classes along `axis`."""
    if not label_smoothing:
        return y_true
    classes = ops.cast(ops.shape(y_true)[axis], y_true.dtype)
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def binary_terms(target: Any, y_pred: Any, from_logits: bool, pos_weight: Any, axis: int) -> Any:
    """Cross-entropy of each output: -pos_weight y log p - (1 - y) log(1 - p)."""
    positive = target
    if pos_weight is not None:
        positive = positive * numerics.per_output("pos_weight", pos_weight, y_pred, axis)
    if not from_logits:
        return -positive * numerics.log_probability(y_pred) - (1.0 - target) * numerics.log_one_minus(y_pred)
    values = numerics.times_unless_zero(positive, ops.softplus(-y_pred))
    return values + numerics.times_unless_zero(1.0 - target, ops.softplus(y_pred))


def spread_over_classes(terms: Any, labels: Any, label_smoothing: float, *weights: Any) -> Any:
    """The term of the label, and the mean of the terms of all classes, shared by the smoothing.

    Each of `weights` is None, one number, or one for each class; it multiplies the terms.
    """
    for weight in weights:
        if weight is not None:
            terms = numerics.times_unless_zero(numerics.per_output("class_weights", weight, terms, -1), terms)
    values = backend.pick(terms, labels)
    return (1.0 - label_smoothing) * values + label_smoothing * ops.mean(terms, axis=-1)


def warn_of_one_class(y_pred: Any, axis: int) -> None:
    """As Keras does: one class alone has probability 1 whatever the prediction."""
    if y_pred.shape[axis] == 1:
        warnings.warn(
            "A categorical loss expects more than one class along `axis`. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}, axis={axis}. For two classes in one output, use "
            "a binary one.",
            SyntaxWarning,
            stacklevel=5,
        )
