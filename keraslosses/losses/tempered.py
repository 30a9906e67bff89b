"""Bi-tempered logistic loss: cross-entropy with a bounded value and a heavy-tailed softmax."""

import math
from typing import Any, NamedTuple

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions, weighted
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.probability import smoothed

# As many steps of Newton's method as float64 needs, for t2 up to 10 and 100,000 classes. Float32 needs 10.
STEPS = 12


@loss_function(
    LabelsOrDistributions(explicit=True, true=DISTRIBUTIONS),
    t1=checks.fraction,
    t2=checks.at_least_one,
    label_smoothing=checks.fraction,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def bi_tempered(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    t1: float = 0.8,
    t2: float = 1.4,
    label_smoothing: float = 0.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Bi-tempered logistic loss of class labels.

    See `BiTempered` for the formula and the choices.

    Args:
        y_true: Class indices, integers in [0, C) for C classes; or distributions over the classes, at least
            0.
        y_pred: Logits, one for each class.
        t1: Temperature of the logarithm, in [0, 1]. Default: 0.8. Below 1, the loss is bounded.
        t2: Temperature of the softmax, at least 1. Default: 1.4. Above 1, its tails are heavy. In float32,
            `C^t2` must be below 3e37.
        label_smoothing: Smoothing s in [0, 1], default 0. Targets become `y (1 - s) + s / C` for C classes.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label; for a distribution, by the sum of `class_weights y_true`.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Raises:
        ValueError: for an option out of range, a t2 too large for the number of classes, a list of weights of
            the wrong length, shapes that do not fit, a label out of range, or numbers below 0 in a
            distribution.

    Example:

    >>> print(round(float(keraslosses.bi_tempered([0], [[2.0, 1.0, 0.1]])[0]), 4))
    0.4149
    """
    reject_too_large(t2, y_pred)
    target = smoothed(y_true, label_smoothing, -1)
    p, log_p = tempered_softmax(y_pred, t2)
    values = ops.sum(divergence(target, p, log_p, t1), axis=-1)

    def by_pred() -> Tensor:
        slope = (p - target) * numerics.power(p, t2 - t1)
        escort = numerics.power(p, t2)
        share = escort / ops.sum(escort, axis=-1, keepdims=True)
        slope = slope - share * ops.sum(slope, axis=-1, keepdims=True)
        return slope if class_weights is None else weighted_rows(slope, class_weights, y_true)

    return Explicit(weighted(values, class_weights, y_true), by_pred)


def reject_too_large(t2: float, y_pred: Tensor) -> None:
    """Raises if C^-t2 underflows, the power t2 of the probability of C equal classes."""
    classes = y_pred.shape[-1]
    limit = -math.log(np.finfo(standardize_dtype(y_pred.dtype)).tiny) - 1.0
    if classes is not None and t2 * math.log(max(classes, 1)) > limit:
        largest = limit / math.log(classes)
        raise checks.invalid("t2", f"be at most {largest:.4g} for {classes} classes", t2)


def weighted_rows(rows: Tensor, class_weights: list[float], y_true: Tensor) -> Tensor:
    return rows * weighted(ops.ones_like(rows[..., 0]), class_weights, y_true)[..., None]


def tempered_softmax(logits: Tensor, t: float) -> tuple[Tensor, Tensor]:
    """The probabilities exp_t(logits - normaliser) and their logarithms, classes last.

    The gradient does not go through the search for the normaliser. It goes through a last step of Newton's
    method, whose derivative at the solution is that of the solution.
    """
    if t == 1:
        log_p = ops.log_softmax(logits, axis=-1)
        return ops.exp(log_p), log_p
    gaps = ops.stop_gradient(backend.largest(logits))[..., None] - logits
    fixed = ops.stop_gradient(gaps)
    shift = ops.zeros_like(fixed[..., :1])
    for _ in range(STEPS):
        shift = shift + step(fixed, shift, t)
    shift = ops.stop_gradient(shift)
    shift = shift + step(gaps, shift, t)
    made = Tempered.of(gaps + shift, t)
    return made.p, made.log_p


class Tempered(NamedTuple):
    """exp_t(-x) = base^(-1 / (t - 1)) with base = 1 + (t - 1) x, for x of at least 0, and its logarithm."""

    base: Tensor
    p: Tensor
    log_p: Tensor

    @classmethod
    def of(cls, x: Tensor, t: float) -> "Tempered":
        log_p = -ops.log1p((t - 1.0) * x) / (t - 1.0)
        return cls(1.0 + (t - 1.0) * x, ops.exp(log_p), log_p)


def step(gaps: Tensor, shift: Tensor, t: float) -> Tensor:
    """A step of Newton's method towards the shift at which the sum of exp_t(-gaps - shift) is 1.

    It solves sum^(1 - t) = 1. The left side is concave and rises, so the steps from 0 never go too far. As t
    goes to 1 it becomes a straight line.
    """
    base, p, _ = Tempered.of(gaps + shift, t)
    total = ops.sum(p, axis=-1, keepdims=True)
    rise = ops.expm1((t - 1.0) * ops.log(total)) / (t - 1.0)
    return total * rise / ops.sum(p / base, axis=-1, keepdims=True)


def divergence(y: Tensor, p: Tensor, log_p: Tensor, t: float) -> Tensor:
    """y (log_t y - log_t p) - (y^(2 - t) - p^(2 - t)) / (2 - t), with all digits where p is near y.

    A y below the smallest normal number counts as 0, because p / y could overflow.
    """
    zero = y < np.finfo(standardize_dtype(y.dtype)).tiny
    gap = ops.where(zero, 0.0, log_p - ops.log(ops.where(zero, ops.ones_like(y), y)))
    of_y, of_p = numerics.power(y, 2.0 - t), numerics.power(p, 2.0 - t)
    near = ops.abs(gap) < 1.0
    small = ops.where(near, gap, ops.zeros_like(gap))
    rise = ops.where(near, of_y * ops.expm1((2.0 - t) * small), of_p - of_y)
    fall = gap if t == 1 else ops.expm1((1.0 - t) * gap) / (1.0 - t)
    return ops.where(zero, of_p / (2.0 - t), rise / (2.0 - t) - of_y * fall)


@saved
class BiTempered(FunctionLoss):
    """Bi-tempered logistic loss: for class labels of which some are wrong, near the boundary or far from it.

    With p the tempered softmax of y_pred, λ the number at which its sum is 1, y the smoothed target,
    `exp_t(x) = max(1 + (1 - t) x, 0)^(1 / (1 - t))` and `log_t(x) = (x^(1 - t) - 1) / (1 - t)`:

    ```
    p = exp_t2(y_pred - λ)
    loss = class_weights · y sum(y (log_t1 y - log_t1 p) - (y^(2 - t1) - p^(2 - t1)) / (2 - t1))
    ```

    Args:
        t1: Temperature of the logarithm, in [0, 1]. Default: 0.8. Below 1, the loss is bounded: a label that
            is far wrong costs at most `1 / ((1 - t1) (2 - t1)) + 1 / (2 - t1)`.
        t2: Temperature of the softmax, at least 1. Default: 1.4. Above 1, its tails are heavy, so a wrong
            label near the boundary moves it less. In float32, `C^t2` must be below 3e37, so t2
            at most 12 for 1,000 classes.
        label_smoothing: Smoothing s in [0, 1], default 0. Targets become `y (1 - s) + s / C` for C classes.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the sum of `class_weights y`, and `"mean_with_sample_weight"` divides by the sum of these. The
            other means divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    y_pred holds logits. With t1 = t2 = 1 the loss is cross-entropy minus the entropy of the target. Twelve
    steps of Newton's method find λ to the precision of the dtype, for t2 up to 7 and 100,000 classes. The
    gradient does not go through these steps: it is that of the solution. A logit of -inf excludes its class:
    its probability is 0. Label smoothing still gives it a share of the target, which costs a bounded amount
    if t1 is below 1, and inf if t1 is 1. For prediction, use the tempered softmax too; the largest logit
    stays the largest.

    Raises:
        ValueError: for an option out of range, a t2 too large for the number of classes, a list of weights of
            the wrong length, shapes that do not fit, a label out of range, or numbers below 0 in a
            distribution.

    Source: Amid et al., Robust Bi-Tempered Logistic Loss Based on Bregman Divergences, 2019, equations 4 and
    5. The label smoothing of the authors' code divides by C - 1, and leaves out the label.

    Example:

    >>> loss = keraslosses.BiTempered()
    >>> print(round(float(loss([0], [[2.0, 1.0, 0.1]])), 4))
    0.4149
    """

    def __init__(
        self,
        t1: float = 0.8,
        t2: float = 1.4,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "bi_tempered",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            bi_tempered,
            reduction,
            name,
            dtype,
            t1=t1,
            t2=t2,
            label_smoothing=label_smoothing,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
