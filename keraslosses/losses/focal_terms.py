"""Parts of the focal losses: cross-entropies times (1 - p)^gamma, with their derivatives."""

from keraslosses.core import backend, limits, numerics
from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.types import Tensor
from keraslosses.losses.probability import Shares, probability_of


def discounted(terms: Explicit, target: Tensor, y_pred: Tensor, from_logits: bool, gamma: float) -> Explicit:
    """The terms times (1 - p_t)^gamma. Here 1 - p_t is y (1 - p) + (1 - y) p."""
    missed, spread = (
        missed_of_logits(target, y_pred) if from_logits else missed_of_probabilities(target, y_pred)
    )
    discount = numerics.power(missed, gamma)

    def by_pred() -> Tensor:
        if gamma < 1:  # This order keeps its own derivative finite too.
            rate = rate_of_logits(target, y_pred) * terms.values if from_logits else share_of(terms, missed)
            fall = discount * rate
        else:
            fall = terms.values * numerics.power(missed, gamma - 1.0) * spread
        slope = terms.by_pred() * discount + gamma * (1.0 - 2.0 * target) * fall
        return ops.where(ops.isinf(terms.values), 0.0, slope) if from_logits else slope

    return Explicit(terms.values * discount, by_pred)


def missed_of_probabilities(target: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    return target * (1.0 - p) + (1.0 - target) * p, 1.0


def missed_of_logits(target: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """1 - p_t, and the derivative of p by x."""
    small, share, wrong = parts_of_logits(target, x)
    return (wrong + (1.0 - wrong) * small) * share, small * share * share


def rate_of_logits(target: Tensor, x: Tensor) -> Tensor:
    """The derivative of p by x, divided by 1 - p_t.

    If nothing of the target is on the other answer, both have the factor exp(-abs(x)), which cancels.
    """
    small, share, wrong = parts_of_logits(target, x)
    certain = wrong == 0
    return ops.where(certain, 1.0, small / ops.where(certain, 1.0, wrong + (1.0 - wrong) * small)) * share


def parts_of_logits(target: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """exp(-abs(x)), the probability of the more likely answer, and the target's part on the other answer."""
    above = x > 0
    small = ops.exp(ops.where(above, -x, x))
    return small, 1.0 / (1.0 + small), ops.where(above, 1.0 - target, target)


def share_of(terms: Explicit, missed: Tensor) -> Tensor:
    """-log(p_t) / (1 - p_t), and its limit 1 if 1 - p_t is nearly 0."""
    nothing = missed < 1e-18
    return ops.where(nothing, 1.0, terms.values / ops.where(nothing, 1.0, missed))


def against_logits(target: Tensor, logits: Tensor, gamma: float, axis: int) -> Explicit:
    log_p = ops.log_softmax(logits, axis=axis)
    p = ops.exp(log_p)
    missed = -ops.expm1(log_p)
    discount = numerics.power(missed, gamma)
    values = -backend.total(numerics.times_unless_zero(target * discount, log_p), axis=axis)

    def by_pred() -> Tensor:
        finite = ops.maximum(log_p, -1e30)
        by_log = target * (gamma * finite * p * numerics.power(missed, gamma - 1.0) - discount)
        return by_log - p * backend.total(by_log, axis=axis, keepdims=True)

    return Explicit(values, by_pred)


def against_shares(target: Tensor, y_pred: Tensor, gamma: float, axis: int) -> Explicit:
    shares = Shares.of(y_pred, axis)
    bounded = ops.maximum(shares.share, limits.EPSILON)
    log_p, missed = ops.log(bounded), 1.0 - shares.share
    discount = numerics.power(missed, gamma)

    def by_pred() -> Tensor:
        felt = ops.where(shares.share < limits.EPSILON, 0.0, discount)
        steepness = gamma * numerics.power(missed, gamma - 1.0) * log_p
        whole = backend.total(target * (steepness * shares.share - felt), axis=axis, keepdims=True)
        return shares.back(target * (steepness - felt / bounded), whole)

    return Explicit(-backend.total(target * discount * log_p, axis=axis), by_pred)


def terms_of_classes(y_pred: Tensor, gamma: float, from_logits: bool, axis: int) -> Tensor:
    """(1 - p)^gamma (-log p) of every class along `axis`."""
    if from_logits:
        return of_log(ops.log_softmax(y_pred, axis=axis), gamma)
    return of_probability(numerics.distribution(y_pred, axis), gamma)


def term_of_label(labels: Tensor, y_pred: Tensor, gamma: float, from_logits: bool) -> Tensor:
    """(1 - p)^gamma (-log p) of the labels' class, classes last."""
    if from_logits:
        return of_log(-backend.negative_log_likelihood(y_pred, labels), gamma)
    return of_probability(probability_of(labels, y_pred), gamma)


def of_log(log_p: Tensor, gamma: float) -> Tensor:
    """The term from log p, without a gradient if log p is -inf."""
    ruled_out = ops.isinf(log_p)
    cost = -ops.stop_gradient(log_p)
    log_p = ops.where(ruled_out, ops.zeros_like(log_p), log_p)
    terms = -log_p * numerics.power(-ops.expm1(log_p), gamma) if gamma else -log_p
    return ops.where(ruled_out, cost, terms)


def of_probability(p: Tensor, gamma: float) -> Tensor:
    log_p = numerics.log_probability(p)
    return -log_p * numerics.power(1.0 - p, gamma) if gamma else -log_p
