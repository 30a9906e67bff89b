"""Bounded forms of cross-entropy, for class labels of which some are wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS, SHARES
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions, weighted
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Options, Tensor
from keraslosses.losses.noisy import OPTIONS
from keraslosses.losses.probability import log_probabilities


@loss_function(
    LabelsOrDistributions(true=DISTRIBUTIONS, pred=SHARES),
    order=checks.positive_integer,
    **OPTIONS,
)
def taylor_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    order: int = 2,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """The first terms of the Taylor series of cross-entropy.

    See `TaylorCrossentropy` for the formula and the choices.

    Args:
        y_true: Class indices, integers in [0, C) for C classes; or distributions over the classes, at least
            0.
        y_pred: Logits or probabilities, one for each class.
        order: Number of terms, at least 1. Default: 2. With 1 the loss is `1 - p`; with many it is
            cross-entropy.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label; for a distribution, by the sum of `class_weights y_true`.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution or in probabilities.

    Example:

    >>> print(round(float(keraslosses.taylor_crossentropy([0], [[0.6, 0.4]])[0]), 4))
    0.48
    """
    if from_logits:
        missing = -ops.expm1(ops.log_softmax(y_pred, axis=-1))
    else:
        missing = 1.0 - numerics.distribution(y_pred, -1)
    return weighted(ops.sum(y_true * series(missing, order), axis=-1), class_weights, y_true)


def series(x: Tensor, order: int) -> Tensor:
    """x + x²/2 + .. + x^order/order."""
    values = x / order
    for k in range(order - 1, 0, -1):
        values = x * (1.0 / k + values)
    return values


class Costs(NamedTuple):
    """What each class costs if it is the label, and the class weights."""

    of_classes: Tensor
    class_weights: list[float] | None


class SeenClasses(LabelsOrDistributions):
    """The cost of the label, divided by the costs of all classes that are not masked."""

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(super().hide(pair, seen, options), inner=seen)

    def evaluate(self, formula: Callable[[Any, Any], Costs], pair: Pair, faster: Any = None) -> Any:
        costs, class_weights = formula(pair.y_true, pair.y_pred)
        counted = ops.logical_not(ops.isinf(costs))
        if pair.inner is not None:
            counted = ops.logical_and(counted, pair.inner)
        of_all = ops.sum(ops.where(counted, costs, 0.0), axis=-1)
        own = ops.sum(numerics.times_unless_zero(pair.y_true, costs), axis=-1)
        infinite = ops.isinf(own)
        share = numerics.divide(ops.where(infinite, 0.0, own), of_all)
        return weighted(ops.where(infinite, ops.stop_gradient(own), share), class_weights, pair.y_true)


@loss_function(
    SeenClasses(true=DISTRIBUTIONS, pred=SHARES),
    **OPTIONS,
)
def normalized_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy divided by the sum of the cross-entropies against every class.

    See `NormalizedCrossentropy` for the formula and the choices.

    Args:
        y_true: Class indices, integers in [0, C) for C classes; or distributions over the classes, at least
            0.
        y_pred: Logits or probabilities, one for each class.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label; for a distribution, by the sum of `class_weights y_true`.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution or in probabilities.

    Example:

    >>> print(round(float(keraslosses.normalized_crossentropy([0], [[0.6, 0.4]])[0]), 4))
    0.3579
    """
    return Costs(-log_probabilities(y_pred, from_logits, -1), class_weights)


@saved
class TaylorCrossentropy(FunctionLoss):
    """Taylor cross-entropy: between cross-entropy and the absolute error, for labels of which some are wrong.

    With p the predicted distribution (from logits, softmax of y_pred) and y the target:

    ```
    loss = class_weights · y sum over classes of y ((1 - p) + (1 - p)^2 / 2 + .. + (1 - p)^order / order)
    ```

    Args:
        order: Number of terms, at least 1. Default: 2. With 1 the loss is `1 - p`; with many it is
            cross-entropy.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
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

    The values lie between 0 and `1 + 1/2 + .. + 1/order`, and the gradient is bounded, so a wrong label pulls
    less. Probabilities: a row of zeros counts as uniform.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution or in probabilities.

    Source: Feng et al., Can Cross Entropy Loss Be Robust to Label Noise?, 2020, equation 7.

    Example:

    >>> loss = keraslosses.TaylorCrossentropy()
    >>> print(round(float(loss([0], [[0.6, 0.4]])), 4))
    0.48
    """

    def __init__(
        self,
        order: int = 2,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "taylor_crossentropy",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            taylor_crossentropy,
            reduction,
            name,
            dtype,
            order=order,
            from_logits=from_logits,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )


@saved
class NormalizedCrossentropy(FunctionLoss):
    """Normalised cross-entropy: for class labels of which some are wrong.

    With p the predicted distribution (from logits, softmax of y_pred) and y the target:

    ```
    loss = class_weights · y sum(y log p) / sum(log p)
    ```

    Args:
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
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

    The values lie between 0 and 1. The loss learns slowly by itself. The paper adds a second loss, such as
    `NormalizedCrossentropy() + SymmetricCrossentropy(alpha=0.0)`. Probabilities: the logarithms take
    `max(p, 1e-7)`. A logit of -inf leaves both sums if its target is 0. Otherwise it costs inf, with gradient
    0. A single class costs 0.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution or in probabilities.

    Source: Ma et al., Normalized Loss Functions for Deep Learning with Noisy Labels, 2020, equation 5.

    Example:

    >>> loss = keraslosses.NormalizedCrossentropy()
    >>> print(round(float(loss([0], [[0.6, 0.4]])), 4))
    0.3579
    """

    def __init__(
        self,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "normalized_crossentropy",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            normalized_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
