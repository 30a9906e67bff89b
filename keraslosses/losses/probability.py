"""Log-probabilities and smoothed targets, which the cross-entropies and the focal losses share."""

import math
from typing import Any, NamedTuple

from keraslosses.core import backend, limits, numerics
from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.types import Tensor


def log_probabilities(y_pred: Tensor, from_logits: bool, axis: int) -> Tensor:
    """The logarithm of the softmax of logits, or of probabilities divided by their sum."""
    if from_logits:
        return ops.log_softmax(y_pred, axis=axis)
    return numerics.log_probability(numerics.distribution(y_pred, axis))


def probabilities_and_logarithms(y_pred: Tensor, from_logits: bool) -> tuple[Tensor, Tensor]:
    """The predicted distribution, classes last, and its logarithm."""
    if from_logits:
        log_p = ops.log_softmax(y_pred, axis=-1)
        return ops.exp(log_p), log_p
    p = numerics.distribution(y_pred, -1)
    return p, numerics.log_probability(p)


def crossentropy(target: Tensor, log_p: Tensor) -> Tensor:
    """-sum(target log p), classes last, and 0 log 0 = 0."""
    return -ops.sum(numerics.times_unless_zero(target, log_p), axis=-1)


def probability_of(labels: Tensor, y_pred: Tensor) -> Tensor:
    """The probability of the label, divided by the sum of its row."""
    return numerics.share(backend.pick(y_pred, labels), ops.sum(y_pred, axis=-1), ops.shape(y_pred)[-1])


def negative_log_likelihood(labels: Tensor, y_pred: Tensor, from_logits: bool) -> Tensor:
    """Minus the logarithm of the label's probability, classes last. It has no gradient if it is inf."""
    if from_logits:
        return backend.negative_log_likelihood(y_pred, labels)
    return -numerics.log_probability(probability_of(labels, y_pred))


def smoothed_binary(y_true: Tensor, label_smoothing: float) -> Tensor:
    """Yes-or-no targets, moved towards one half."""
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true


def smoothed(y_true: Tensor, label_smoothing: float, axis: int) -> Tensor:
    """Targets moved towards the uniform distribution over the classes along `axis`."""
    if not label_smoothing:
        return y_true
    classes = ops.cast(ops.shape(y_true)[axis], y_true.dtype)
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def weighted(y_true: Tensor, class_weights: Any) -> Tensor:
    """Targets times the weights of the classes, along the last axis; None are ones."""
    return y_true if class_weights is None else y_true * numerics.along(-1, class_weights, y_true)


class Answers(NamedTuple):
    """The probabilities of yes and no, and their logarithms. All four keep their digits near 0."""

    p: Tensor
    q: Tensor
    log_p: Tensor
    log_q: Tensor

    @classmethod
    def of_logits(cls, x: Tensor) -> "Answers":
        above = x > 0
        size = ops.where(above, x, -x)  # Not abs(x): its derivative at 0 is that of neither side.
        small = ops.exp(-size)
        share, both = 1.0 / (1.0 + small), -ops.log1p(small)
        rest = small * share
        return cls(
            ops.where(above, share, rest),
            ops.where(above, rest, share),
            both - ops.where(above, 0.0, size),
            both - ops.where(above, size, 0.0),
        )


class Shares(NamedTuple):
    """Probabilities divided by the sum of their row. A row of zeros counts as uniform, with gradient 0."""

    share: Tensor
    per_total: Tensor

    @classmethod
    def of(cls, y_pred: Tensor, axis: int) -> "Shares":
        total = backend.positive_total(y_pred, axis)
        nothing = ops.abs(total) < limits.NOTHING
        whole = ops.where(nothing, ops.ones_like(total), total)
        uniform = 1.0 / ops.cast(ops.shape(y_pred)[axis], y_pred.dtype)
        return cls(ops.where(nothing, uniform, y_pred / whole), ops.where(nothing, 0.0, 1.0 / whole))

    def back(self, by_share: Tensor, whole: Tensor) -> Tensor:
        """The derivative by the probabilities; `whole` is the sum of `by_share` times the shares, by rows."""
        return (by_share - whole) * self.per_total


def binary_terms(target: Tensor, y_pred: Tensor, from_logits: bool, pos_weight: Any, axis: int) -> Explicit:
    """Cross-entropy of each output: -pos_weight y log p - (1 - y) log(1 - p)."""
    positive, negative = target, 1.0 - target
    if pos_weight is not None:
        positive = positive * numerics.per_output("pos_weight", pos_weight, y_pred, axis)
    if from_logits:
        return terms_of_logits(positive, negative, y_pred, weighted=pos_weight is not None)
    return terms_of_probabilities(positive, negative, y_pred)


def terms_of_probabilities(positive: Tensor, negative: Tensor, p: Tensor) -> Explicit:
    """With the logarithms of max(p, 1e-7) and max(1 - p, 1e-7): exact at 1, with derivative 0 below 1e-7."""
    log_p = ops.log(ops.maximum(p, limits.EPSILON))
    log_q = ops.maximum(ops.log1p(-ops.minimum(p, limits.BELOW_ONE)), math.log(limits.EPSILON))

    def by_pred() -> Tensor:
        of_positive = ops.where(p < limits.EPSILON, 0.0, positive / ops.maximum(p, limits.EPSILON))
        q = 1.0 - p
        return ops.where(q < limits.EPSILON, 0.0, negative / ops.maximum(q, limits.EPSILON)) - of_positive

    return Explicit(-(positive * log_p + negative * log_q), by_pred)


def terms_of_logits(positive: Tensor, negative: Tensor, x: Tensor, weighted: bool) -> Explicit:
    """softplus(-abs(x)), plus the part of abs(x) on the wrong side. Both parts keep their digits.

    Unless they are `weighted`, `positive` and `negative` sum to 1.
    """
    above = x > 0
    size = ops.where(above, x, -x)  # Not abs(x): its derivative at 0 is that of neither side.
    small = ops.exp(-size)
    wrong, right = ops.where(above, negative, positive), ops.where(above, positive, negative)
    both = (wrong + right) * ops.log1p(small) if weighted else ops.log1p(small)
    values = both + numerics.times_unless_zero(wrong, size)

    def by_pred() -> Tensor:
        rise = ops.where(ops.isinf(size), 0.0, (wrong - right * small) / (1.0 + small))
        return ops.where(above, rise, -rise)

    return Explicit(values, by_pred)


def spread_over_classes(terms: Tensor, labels: Tensor, label_smoothing: float, *weights: Any) -> Tensor:
    """(1 - smoothing) times the term of the label, plus smoothing times the mean of the terms of all classes.

    Each of `weights` is None, one number, or one for each class. It multiplies the terms.
    """
    for weight in weights:
        if weight is not None:
            terms = numerics.times_unless_zero(numerics.per_output("class_weights", weight, terms, -1), terms)
    values = backend.pick(terms, labels)
    return (1.0 - label_smoothing) * values + label_smoothing * ops.mean(terms, axis=-1)
