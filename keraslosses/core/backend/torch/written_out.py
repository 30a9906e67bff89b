"""Mean losses on an accelerator in few kernels: the value and the gradient of a loss are written out.

No value can be looked at there. So the device makes NaN of a sample with a number out of range, and 0 of the
gradient of an infinite loss.

A `Mean` computes the value and what the gradient needs. The gradient is computed from y_pred and that. It can
be differentiated again, because its operations have derivatives.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

from keraslosses.core.backend.torch.at_labels import one_label_each
from keraslosses.core.backend.torch.forms import smoothed
from keraslosses.core.backend.torch.internals import (
    fraction_of_difference,
    log_softmax_backward,
    transforming,
    zero_at_0,
    zero_at_minus_infinity,
    zero_at_plus_infinity,
    zero_up_to,
)
from keraslosses.core.backend.torch.look import peek
from keraslosses.core.backend.torch.ranges import NAN
from keraslosses.core.limits import EPSILON, NOTHING
from keraslosses.core.types import Options, Tensor

# The rounding error of a number near its bound, as in `domain`; a threshold replaces its bound too.
ROUNDING = 1e-5 * (1 + 1e-6)
ABOVE_ONE = (1 + 1e-5) * (1 + 2e-7)
WIDE = {torch.float32, torch.float64}
# Targets without the rounding errors of half precision.
EXACT = {*WIDE, torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}
BELOW_EPSILON = EPSILON * (1 - 1e-7)


class Mean(NamedTuple):
    """`value(y_true, y_pred)` gives the value and a list of tensors to keep.

    `slope(upstream, y_pred, *kept)` gives the gradient by y_pred. It leaves what is kept as it is.
    """

    value: Callable[..., tuple[Any, list[Any]]]
    slope: Callable[..., Any]


class WrittenOut(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mean: Mean, y_true: Tensor, y_pred: Tensor) -> Any:
        value, kept = mean.value(y_true, y_pred)
        ctx.save_for_backward(y_pred, *kept)
        ctx.slope = mean.slope
        return value

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        return None, None, ctx.slope(upstream, *ctx.saved_tensors)


def of_pairs(mean: Callable[[Options], Mean | None]) -> Callable[..., Any]:
    """A mean loss for two tensors of one shape that cannot be looked at; None for others."""

    @functools.wraps(mean)
    def loss(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
        if torch.compiler.is_compiling() or transforming() or not alike(y_true, y_pred):
            return None
        if options.get("axis", -1) not in (-1, y_pred.ndim - 1) or peek(y_pred) is not None:
            return None
        found = mean(options)
        return found and WrittenOut.apply(found, y_true.to(y_pred.dtype), y_pred)

    return loss


def of_labels(mean: Callable[[Options], Mean | None]) -> Callable[..., Any]:
    """The same for a class index for each row of y_pred, with no label ignored and no class weights."""

    @functools.wraps(mean)
    def loss(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
        if torch.compiler.is_compiling() or transforming() or not isinstance(y_pred, torch.Tensor):
            return None
        if y_pred.dtype not in WIDE or y_pred.ndim < 2 or not y_pred.numel() or peek(y_pred) is not None:
            return None
        if options.get("axis", -1) not in (-1, y_pred.ndim - 1) or not one_label_each(y_true, y_pred):
            return None
        if options["ignore_class"] is not None or options["class_weights"] is not None:
            return None
        found, rows = mean(options), y_pred.reshape(-1, y_pred.shape[-1])
        return found and WrittenOut.apply(found, y_true.reshape(-1).long(), rows)

    return loss


def alike(y_true: Any, y_pred: Any) -> bool:
    if type(y_true) is not torch.Tensor or not isinstance(y_pred, torch.Tensor) or y_true.requires_grad:
        return False
    if y_pred.dtype not in WIDE or y_true.dtype not in EXACT:
        return False
    if y_true.shape != y_pred.shape or y_true.device != y_pred.device:
        return False
    return y_pred.ndim > 1 and bool(y_pred.numel())


def minus_in_range(x: Tensor) -> Any:
    """-x, moved into [-1, 0]; NaN where x is outside [0, 1] by more than a rounding error."""
    minus = F.threshold(x, -ROUNDING, NAN).neg_()
    return torch.threshold_(minus, -ABOVE_ONE, NAN).clamp_(-1.0, 0.0)


def with_gradient_of(moved: Tensor, x: Tensor, sign: float) -> Any:
    """x or -x, moved into its range before. If the gradient is differentiated, its derivative is the sign."""
    return moved + sign * (x - x.detach()) if torch.is_grad_enabled() else moved


@of_pairs
def binary_crossentropy(options: Options) -> Mean | None:
    if any(options[name] is not None for name in ("pos_weight", "class_weights", "ignore_class")):
        return None
    smoothing = options["label_smoothing"]
    if options["from_logits"]:
        return Mean(functools.partial(binary_of_logits, smoothing), slope_of_logits)
    return Mean(functools.partial(binary_of_probabilities, smoothing), slope_of_probabilities)


@of_pairs
def multi_label_soft_margin(options: Options) -> Mean | None:
    if options["class_weights"] is not None:
        return None
    return Mean(functools.partial(binary_of_logits, 0.0), slope_of_logits)


def binary_of_logits(label_smoothing: float, y_true: Tensor, x: Tensor) -> Any:
    """softplus(-abs(x)), plus abs(x) times the target of the wrong class: x times `excess`.

    `excess` is 1 - y for a logit above 0, and -y for one below.
    """
    excess = minus_in_range(y_true)
    if label_smoothing:
        excess.mul_(1.0 - label_smoothing).sub_(0.5 * label_smoothing)
    excess.add_(~x.signbit())
    below = torch.copysign(x, -1.0)
    values = F.softplus(below).add_(zero_at_0(excess * x, excess))
    return values.mean(), [excess, below]


def slope_of_logits(upstream: Tensor, x: Tensor, excess: Tensor, below: Tensor) -> Any:
    if torch.is_grad_enabled():
        below = torch.where(x.signbit(), x, -x)
    rest = torch.copysign(below.sigmoid(), x)
    return zero_at_minus_infinity(fraction_of_difference(upstream, excess, rest), below.detach())


def binary_of_probabilities(label_smoothing: float, y_true: Tensor, p: Tensor) -> Any:
    target, minus_p = smoothed(minus_in_range(y_true).neg_(), label_smoothing), minus_in_range(p)
    log_q = minus_p.log1p().clamp_min_(math.log(EPSILON))
    log_p = p.clamp(EPSILON, 1.0).log_()
    return log_q.lerp_(log_p, target).mean().neg_(), [target, minus_p]


def slope_of_probabilities(upstream: Tensor, p: Tensor, target: Tensor, minus_p: Tensor) -> Any:
    """(1 - y) / (1 - p) - y / p; each part is 0 where its divisor is below 1e-7."""
    minus_p = with_gradient_of(minus_p, p, -1.0)
    p_or_inf, q_or_inf = (F.threshold(x, BELOW_EPSILON, math.inf) for x in (-minus_p, 1.0 + minus_p))
    return fraction_of_difference(upstream, (1.0 - target).div_(q_or_inf), target / p_or_inf)


@of_pairs
def kl_divergence(options: Options) -> Mean:
    return Mean(divergence, slope_of_divergence)


def divergence(y_true: Tensor, y_pred: Tensor) -> Any:
    target = F.threshold(y_true, -ROUNDING, NAN).clamp_(0.0, 1.0)
    p = minus_in_range(y_pred).neg_()
    log_ratio = target.clamp_min(NOTHING).div_(p.clamp_min(EPSILON)).log_()
    return log_ratio.mul_(target).sum(-1).mean(), [target, p]


def slope_of_divergence(upstream: Tensor, y_pred: Tensor, target: Tensor, p: Tensor) -> Any:
    """0 for a probability below 1e-7."""
    p_or_inf = F.threshold(with_gradient_of(p, y_pred, 1.0), BELOW_EPSILON, math.inf)
    rows = p.numel() // p.shape[-1]
    return (target / p_or_inf) * (upstream / -rows)


@of_pairs
def categorical_crossentropy(options: Options) -> Mean | None:
    if not options["from_logits"] or options["label_smoothing"] or options["class_weights"] is not None:
        return None
    return Mean(crossentropy, slope_of_crossentropy)


def crossentropy(y_true: Tensor, x: Tensor) -> Any:
    """A class without a share of the target costs nothing, even if its logit is -inf."""
    target = F.threshold(y_true, -ROUNDING, NAN).clamp_min_(0.0)
    log_p = F.log_softmax(x, -1)
    values = zero_up_to(0.0, target, target * log_p).sum(-1).neg_()
    return values.mean(), [target, log_p, values]


def slope_of_crossentropy(upstream: Tensor, x: Tensor, target: Tensor, log_p: Tensor, values: Tensor) -> Any:
    minus = (upstream / -values.numel()).expand_as(values)
    felt = zero_at_plus_infinity(minus, values).unsqueeze(-1)
    if torch.is_grad_enabled():
        return felt * (target - F.softmax(x, -1) * target.sum(-1, keepdim=True))
    return log_softmax_backward(target, log_p, x.ndim - 1).mul_(felt)


@of_pairs
def cosine_similarity(options: Options) -> Mean:
    return Mean(minus_cosine, slope_of_minus_cosine)


def minus_cosine(y_true: Tensor, y_pred: Tensor) -> Any:
    """Rounding can carry a cosine beyond 1. Only the value is clipped."""
    (true, _), (pred, length) = direction(y_true), direction(y_pred)
    cosine = (true * pred).sum(-1, keepdim=True)
    return cosine.clamp(-1.0, 1.0).mean().neg_(), [true, pred, length, cosine]


def direction(x: Tensor) -> tuple[Any, Any]:
    """x divided by its length, or by 1e-7 if that is more; and its length. No square overflows."""
    scale = F.threshold(torch.linalg.vector_norm(x.detach(), math.inf, -1, keepdim=True), 0.0, 1.0)
    scaled = x / scale
    length = torch.linalg.vector_norm(scaled, dim=-1, keepdim=True) * scale
    return scaled * (scale / length.clamp_min(EPSILON)), length


def slope_of_minus_cosine(
    upstream: Tensor, y_pred: Tensor, true: Tensor, pred: Tensor, length: Tensor, cosine: Tensor
) -> Any:
    """0 for a zero vector; a vector shorter than 1e-7 keeps its length."""
    if torch.is_grad_enabled():
        pred, length = direction(y_pred)
        cosine = (true * pred).sum(-1, keepdim=True)
    per_length = (upstream / -length.numel()) / length.clamp_min(EPSILON)
    along = zero_up_to(BELOW_EPSILON, length, cosine)
    return torch.addcmul(true, along, pred, value=-1.0) * zero_up_to(0.0, length, per_length)
