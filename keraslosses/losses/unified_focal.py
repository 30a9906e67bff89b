"""Unified Focal loss: a focal cross-entropy of the pixels plus a focal Tversky loss of the classes."""

import math
from typing import Any, NamedTuple

from keraslosses.core import checks, limits, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.class_maps import SIGMOID, SOFTMAX
from keraslosses.core.kinds.masks import Masks, Prediction, Truth
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.overlap_counts import OPTIONS, Axes, Weights, counts, one_minus


class Odds(NamedTuple):
    """p, 1 - p, and their logarithms; `log_q` is None for classes that exclude each other."""

    p: Any
    q: Any
    log_p: Any
    log_q: Any

    @classmethod
    def of(cls, y_pred: Prediction) -> "Odds":
        given = y_pred.given
        if y_pred.activation == SOFTMAX:
            log_p = ops.log_softmax(given, axis=y_pred.class_axis)
            return cls(ops.exp(log_p), -ops.expm1(log_p), log_p, None)
        if y_pred.activation == SIGMOID:
            return cls(
                ops.sigmoid(given), ops.sigmoid(-given), ops.log_sigmoid(given), ops.log_sigmoid(-given)
            )
        log_q = None if y_pred.exclusive else log_of_rest(given)
        return cls(given, 1.0 - given, numerics.log_probability(given), log_q)


def log_of_rest(p: Tensor) -> Any:
    """log(max(1 - p, 1e-7)): exact at 0, and constant with derivative 0 where 1 - p is below 1e-7."""
    sure = 1.0 - p < limits.EPSILON
    log = ops.log1p(-ops.where(sure, ops.zeros_like(p), p))
    return ops.where(sure, ops.cast(math.log(limits.EPSILON), p.dtype), log)


class Form(NamedTuple):
    """The options of the formula, and its two parts."""

    delta: float
    gamma: float
    asymmetric: bool
    smooth: float

    def focal(self, y_true: Truth, odds: Odds) -> Any:
        """The focal cross-entropy of each class: the mean over the pixels of a region."""
        mask = y_true.mask
        terms = self.cross_entropy(mask, odds.log_p, odds.q)
        if odds.log_q is not None:
            terms = terms + self.cross_entropy(1.0 - mask, odds.log_q, odds.p, background=True)
        elif self.asymmetric:
            of_background = self.cross_entropy(mask, odds.log_p, odds.q, background=True)
            terms = ops.where(is_first(mask, y_true.class_axis), of_background, terms)
        return numerics.divide(y_true.total(terms), y_true.pixels())

    def cross_entropy(self, mask: Tensor, log_p: Tensor, q: Tensor, background: bool = False) -> Any:
        """The terms of the pixels in a mask, with log(p) and q = 1 - p; inf with gradient 0 where p is 0."""
        if not self.asymmetric:
            factor = self.delta * numerics.power(q, 1.0 - self.gamma)
        elif background:
            factor = (1.0 - self.delta) * numerics.power(q, self.gamma)
        else:
            factor = self.delta
        share, impossible = mask * factor, ops.isinf(log_p)
        cost = ops.where(ops.logical_or(share == 0, impossible), ops.zeros_like(log_p), -log_p)
        lost = ops.logical_and(share != 0, impossible)
        return ops.where(lost, ops.stop_gradient(-log_p), share * cost)

    def tversky(self, y_true: Truth, odds: Odds) -> Any:
        """The focal Tversky loss of each class."""
        found = counts(y_true, odds.p)
        own = self.gap(found.common, found.false_positives, found.false_negatives)
        values = numerics.power(own, 1.0 - self.gamma if self.asymmetric else self.gamma)
        if odds.log_q is not None:
            neither = y_true.total((1.0 - y_true.mask) * odds.q)
            other = self.gap(neither, found.false_negatives, found.false_positives)
            return values + (other if self.asymmetric else numerics.power(other, self.gamma))
        return ops.where(is_first(own, y_true.class_place), own, values) if self.asymmetric else values

    def gap(self, common: Tensor, false_positives: Tensor, false_negatives: Tensor) -> Any:
        """One minus the Tversky index."""
        wrong = (1.0 - self.delta) * false_positives + self.delta * false_negatives
        return one_minus(common, wrong, self.smooth)


def is_first(tensor: Tensor, axis: int) -> Any:
    """Whether each place along the axis of the tensor is the first."""
    places = ops.arange(ops.shape(tensor)[axis], dtype="int32")
    return ops.reshape(places == 0, [-1 if i == axis else 1 for i in range(len(tensor.shape))])


@loss_function(
    Masks(by_class=False),
    weight=checks.fraction,
    delta=checks.fraction,
    gamma=checks.fraction,
    asymmetric=checks.boolean,
    **OPTIONS,
)
def unified_focal(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    weight: float = 0.5,
    delta: float = 0.6,
    gamma: float = 0.5,
    asymmetric: bool = True,
    axis: Axes = None,
    smooth: float = 0.0,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Weights = None,
    absent: str = "count",
) -> Any:
    """A focal cross-entropy of the pixels plus a focal Tversky loss of the classes.

    See `UnifiedFocal` for the formula and the choices.

    Args:
        y_true: True regions: masks with numbers in [0, 1], or class indices.
        y_pred: Predicted probabilities in [0, 1], or logits.
        weight: The share of the focal part, from 0 to 1. Default: 0.5. The Tversky part has the rest.
        delta: The weight of missed pixels, from 0 to 1. Default: 0.6. False alarms have the weight 1 - delta.
        gamma: How much easy pixels and nearly right classes are suppressed, from 0 to 1. Default: 0.5.
        asymmetric: Whether easy pixels are suppressed in the background only, and the power of the Tversky
            part is only for the other classes. Default: True.
        axis, class_weights, absent: As `UnifiedFocal`.
        smooth, from_logits, multi_label, class_axis, ignore_class: As `Dice`.

    Shapes: as `UnifiedFocal`.

    Raises:
        ValueError: for an option out of range, shapes that differ, a class index out of range, or numbers
            outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.unified_focal([[[1.0], [1.0]]], [[[1.0], [0.5]]])[0]), 4))
    0.8081
    """
    odds, form = Odds.of(y_pred), Form(delta, gamma, asymmetric, smooth)
    parts = weight * form.focal(y_true, odds) + (1.0 - weight) * form.tversky(y_true, odds)
    if absent == "skip":
        parts = ops.where(y_true.absent(), ops.zeros_like(parts), parts)
    if class_weights is not None:
        parts = numerics.weighed(parts, y_true.along_classes(class_weights), class_weights)
    return ops.sum(parts, axis=y_true.class_place)


@saved
class UnifiedFocal(FunctionLoss):
    """Unified Focal loss: a focal cross-entropy of the pixels plus a focal Tversky loss of the classes.

    With the background b and the other classes r, the mean over the pixels of a region, and T of each class,
    its Tversky index with `alpha = 1 - delta` and `beta = delta`:

    ```
    focal = -mean(delta sum_r y_r log(p_r) + (1 - delta) y_b (1 - p_b)^gamma log(p_b))
    tversky = (1 - T_b) + sum_r (1 - T_r)^(1 - gamma)
    loss = weight focal + (1 - weight) tversky
    ```

    With `asymmetric=False`, all classes are treated alike:

    ```
    focal = -mean(delta sum_c y_c (1 - p_c)^(1 - gamma) log(p_c))
    tversky = sum_c (1 - T_c)^gamma
    ```

    Args:
        weight: The share of the focal part, from 0 to 1. Default: 0.5. The Tversky part has the rest.
        delta: The weight of missed pixels, from 0 to 1. Default: 0.6. False alarms have the weight 1 - delta.
        gamma: How much easy pixels and nearly right classes are suppressed, from 0 to 1. Default: 0.5.
        asymmetric: Whether easy pixels are suppressed in the background only, and the power of the Tversky
            part is only for the other classes. Default: True.
        axis: The axes that make up a region. None (default): all axes but those of the batch and the classes,
            so that each image has one value. It must not contain the class axis.
        class_weights: A factor for the part of each class, at least 0, or None (default).
        absent: `"count"` (default), or `"skip"`: a class that y_true does not hold in a region has no part.
        smooth, from_logits, multi_label, class_axis, ignore_class: As `Dice`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred as in `Dice`. The result is `(batch,)`, or the shape of y_pred without the class
    axis and the axes in `axis`.

    Class 0 is the background. With one class, or with `multi_label`, the background of a class is all that
    does not belong to it. Where a power below 1 meets 0, its gradient is 0. A probability below 1e-7 counts
    as 1e-7 in the logarithm; nothing is cut for logits. Sample weights and masks: see `Dice`.

    MONAI divides both parts by the number of classes, two. The code of the authors divides the Tversky part
    only, and `weight` is for that part.

    Raises:
        ValueError: for an option out of range, shapes that differ, and, when the values can be read, a class
            index out of range or numbers outside [0, 1]. In compiled code, the value is NaN.

    Source: Yeung et al., Unified Focal Loss: Generalising Dice and Cross Entropy-based Losses to Handle Class
    Imbalanced Medical Image Segmentation, 2022, section 3.

    Example:

    >>> loss = keraslosses.UnifiedFocal()
    >>> print(round(float(loss([[[1.0], [1.0]]], [[[1.0], [0.5]]])), 4))
    0.8081
    """

    def __init__(
        self,
        weight: float = 0.5,
        delta: float = 0.6,
        gamma: float = 0.5,
        asymmetric: bool = True,
        axis: Axes = None,
        smooth: float = 0.0,
        from_logits: bool = False,
        multi_label: bool = False,
        class_axis: int = -1,
        ignore_class: int | None = None,
        class_weights: Weights = None,
        absent: str = "count",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "unified_focal",
        dtype: DType = None,
    ):
        super().__init__(
            unified_focal,
            reduction,
            name,
            dtype,
            weight=weight,
            delta=delta,
            gamma=gamma,
            asymmetric=asymmetric,
            axis=axis,
            smooth=smooth,
            from_logits=from_logits,
            multi_label=multi_label,
            class_axis=class_axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
            absent=absent,
        )
