"""Faster forms of formulas, for torch without a compiler.

They need fewer passes over memory, and fewer new tensors: the system must clear the memory of each new
tensor. They avoid `where`, because it takes the most time of all operations.

A form is correct for finite inputs. If a look shows that not all its values are finite, the formula is used
instead. Where no value can be looked at, a form must be correct for infinite inputs too, or return None.

A form returns `Explicit`, or None for inputs and options that it does not support. A derivative is a new
tensor, so the upstream gradient may be multiplied into it in place.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.core.backend.torch.internals import log_softmax_backward, zero_up_to
from keraslosses.core.backend.torch.look import peek
from keraslosses.core.explicit import Explicit, of_error
from keraslosses.core.limits import BELOW_ONE, EPSILON
from keraslosses.core.types import Tensor


def binary_crossentropy(
    y_true: Tensor, y_pred: Tensor, *, from_logits: bool, label_smoothing: float, **others: Any
) -> Explicit | None:
    if others["pos_weight"] is not None or others["class_weights"] is not None:
        return None
    target = smoothed(y_true, label_smoothing)
    if not from_logits:
        return Explicit(
            terms_of_probabilities(target, y_pred), lambda: slope_of_probabilities(target, y_pred)
        )
    if peek(y_pred) is not None:
        return Explicit(terms_of_logits(target, y_pred), lambda: slope_of_logits(target, y_pred))
    return Explicit(
        terms_of_any_logits(target, y_pred),
        lambda: slope_of_logits(target, y_pred).masked_fill_(y_pred.isinf(), 0.0),
    )


def multi_label_soft_margin(y_true: Tensor, y_pred: Tensor, *, class_weights: Any) -> Explicit | None:
    """It is binary cross-entropy of logits."""
    return binary_crossentropy(
        y_true, y_pred, from_logits=True, label_smoothing=0.0, pos_weight=None, class_weights=class_weights
    )


# Up to here, torch computes the logarithm; above it, the number itself, which is as exact.
LINEAR_FROM = 40.0


def soft_margin(y_true: Tensor, y_pred: Tensor, *, class_weights: Any) -> Explicit | None:
    if class_weights is not None:
        return None
    behind = (y_true * y_pred).neg_()
    values = F.softplus(behind, threshold=LINEAR_FROM)

    def slope_by(other: Tensor) -> Any:
        return behind.sigmoid().mul_(other).neg_()

    return Explicit(values, lambda: slope_by(y_true), lambda: slope_by(y_pred))


def binary_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    apply_class_balancing: bool,
    gamma: float,
    from_logits: bool,
    label_smoothing: float,
    **others: Any,
) -> Explicit | None:
    """The cross-entropy times (1 - p_t)^gamma, for a gamma that leaves the derivative finite."""
    if apply_class_balancing or gamma < 1:
        return None
    terms = binary_crossentropy(
        y_true, y_pred, from_logits=from_logits, label_smoothing=label_smoothing, **others
    )
    if terms is None:
        return None
    target = smoothed(y_true, label_smoothing)
    missed = missed_of_logits(target, y_pred) if from_logits else torch.lerp(y_pred, 1.0 - y_pred, target)

    def by_pred() -> Any:
        steepness = (1.0 - 2.0 * target).mul_(missed ** (gamma - 1.0)).mul_(terms.values)
        if from_logits:
            steepness.mul_(y_pred.sigmoid()).mul_((-y_pred).sigmoid_())
        slope = terms.by_pred().mul_(missed**gamma).add_(steepness, alpha=gamma)
        if from_logits and peek(y_pred) is None:
            slope.masked_fill_(y_pred.isinf(), 0.0)
        return slope

    return Explicit((missed**gamma).mul_(terms.values), by_pred)


def smoothed(y_true: Tensor, label_smoothing: float) -> Any:
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true


def terms_of_logits(target: Any, x: Any) -> Any:
    """softplus(-abs(x)), plus abs(x) weighted with the target of the wrong class."""
    above = x.relu()
    below = above - x
    small = (above + below).neg_().exp_()
    return above.lerp_(below, target).add_(small.log1p_())


def terms_of_any_logits(target: Any, x: Any) -> Any:
    """For infinite logits too: an infinite logit costs nothing if its side is the target's."""
    size = x.abs()
    wrong = torch.add(target, x > 0, alpha=-1).abs_()
    return (wrong * size).masked_fill_(wrong == 0, 0.0).sub_(F.logsigmoid(size))


def slope_of_logits(target: Any, x: Any) -> Any:
    return x.sigmoid().lerp_((-x).sigmoid_().neg_(), target)


def missed_of_logits(target: Any, x: Any) -> Any:
    return x.sigmoid().lerp_((-x).sigmoid_(), target)


def terms_of_probabilities(target: Any, p: Any) -> Any:
    log_p = p.clamp_min(EPSILON).log_()
    log_q = (-p).clamp_min_(-BELOW_ONE).log1p_().clamp_min_(math.log(EPSILON))
    return log_q.lerp_(log_p, target).neg_()


def slope_of_probabilities(target: Any, p: Any) -> Any:
    """(1 - y) / (1 - p) - y / p; each part is 0 where its divisor is below 1e-7."""
    q = 1.0 - p
    of_positive = target / p.clamp_min(EPSILON)
    of_negative = (1.0 - target).div_(q.clamp_min(EPSILON))
    return of_negative.mul_(q.ge_(EPSILON)).sub_(of_positive.mul_(p.clone().ge_(EPSILON)))


def if_seen(form: Callable[..., Explicit | None]) -> Callable[..., Explicit | None]:
    """The form, only for values that can be looked at."""

    @functools.wraps(form)
    def seen(y_true: Tensor, y_pred: Tensor, **options: Any) -> Explicit | None:
        return None if peek(y_pred) is None else form(y_true, y_pred, **options)

    return seen


@if_seen
def log_cosh(y_true: Tensor, y_pred: Tensor) -> Explicit:
    """With u = 1 - exp(-abs(e)), cosh(e) is 1 + u² / (2 - 2u).

    If abs(e) is above 20, 1 - u is almost 0, and the logarithm grows like abs(e).
    """
    error = y_pred - y_true
    rest = error.abs()
    near = rest.clamp_max(20.0)
    rest.sub_(near)
    u = near.neg_().expm1_().neg_()
    values = u.square().div_((2.0 * u).neg_().add_(2.0)).log1p_().add_(rest)

    def slope() -> Any:
        double = (2.0 - u).mul_(u)
        return (double / (2.0 - double)).copysign_(error)

    return of_error(values, slope)


@if_seen
def mean_squared_logarithmic_error(y_true: Tensor, y_pred: Tensor) -> Explicit:
    """Without a `where`: torch has a kernel for the gradient of a threshold."""
    predicted, true = y_pred.clamp_min(EPSILON), y_true.clamp_min(EPSILON)
    error = predicted - true
    lower = torch.minimum(predicted, true, out=true)
    # The difference of the two logarithms, computed as one logarithm.
    size = error.abs().div_(lower.add_(1.0)).log1p_()

    def by_pred() -> Any:
        slope = (2.0 * size).copysign_(error).div_(1.0 + predicted)
        return zero_up_to(EPSILON, y_pred, slope)

    return Explicit(size.square(), by_pred)


def categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    from_logits: bool,
    label_smoothing: float,
    axis: int,
    class_weights: Any,
) -> Explicit | None:
    """Uses torch's kernel for the gradient of the softmax."""
    if not from_logits or label_smoothing or class_weights is not None:
        return None
    log_p = F.log_softmax(y_pred, dim=axis)
    if peek(y_pred) is not None:
        values = torch.linalg.vecdot(y_true, log_p, dim=axis).neg_()
    else:  # A class without a share of the target costs nothing, even if its logit is -inf.
        values = (y_true * log_p).masked_fill_(y_true == 0, 0.0).sum(axis).neg_()
    axis = axis % y_pred.ndim

    def by_pred() -> Any:
        return log_softmax_backward(y_true, log_p, axis).neg_()

    return Explicit(values, by_pred)
