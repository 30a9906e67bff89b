"""Focal losses: cross-entropies that give less weight to well classified outputs."""

import warnings
from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import forms
from keraslosses.core.domain import DISTRIBUTIONS, PROBABILITIES, SHARES, TARGETS
from keraslosses.core.explicit import scaled
from keraslosses.core.kinds.distributions import Distributions
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.labels import warn_of_one_class
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses import focal_terms
from keraslosses.losses.output_weights import weighted_outputs
from keraslosses.losses.probability import (
    binary_terms,
    smoothed,
    smoothed_binary,
)

# The default of `alpha` in the binary loss.
ALPHA = 0.25


@loss_function(
    Elementwise(explicit=True, true=TARGETS, pred=PROBABILITIES),
    forms.BINARY_FOCAL_CROSSENTROPY,
    apply_class_balancing=checks.boolean,
    alpha=checks.fraction,
    gamma=checks.non_negative,
    from_logits=checks.boolean,
    label_smoothing=checks.fraction,
    axis=checks.integer,
    pos_weight=checks.optional_weight_or_weights,
    class_weights=checks.optional_weights,
    ignore_class=checks.optional_integer,
)
def binary_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    apply_class_balancing: bool = False,
    alpha: float = ALPHA,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    *,
    pos_weight: float | list[float] | None = None,
    class_weights: list[float] | None = None,
    ignore_class: int | None = None,
) -> Any:
    """Focal loss of independent yes-or-no outputs: the mean over `axis`.

    See `BinaryFocalCrossentropy` for the formula and the choices. As in Keras, `alpha` has no effect unless
    `apply_class_balancing` is True.

    Args:
        y_true: Targets in [0, 1].
        y_pred: Logits or probabilities, of the shape of y_true.
        apply_class_balancing: Whether the loss uses `alpha`. Default: False.
        alpha: Weight of the positives, in [0, 1]; the negatives have `1 - alpha`. Default: 0.25.
        gamma: Exponent of the discount for well classified outputs, at least 0. Default: 2.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities in [0, 1].
        label_smoothing: Smoothing s in [0, 1], default 0. Targets become `y (1 - s) + s / 2`.
        axis: Axis of the outputs. The mean is taken over it. Default: the last.
        pos_weight: None (default), a number of at least 0, or one for each output. It multiplies the positive
            part, after smoothing.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.
        ignore_class: None (default), or a label such as -1. An output with this label leaves the mean over
            the outputs. A row with no other label costs 0, and no mean counts it.

    Shapes: y_true and y_pred `(batch, .., outputs)`. The result has the same shape without `axis`. The loss
    reads `(batch,)` as `(batch, 1)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that differ, or
            inputs outside their range.

    Example:

    >>> print(round(float(keraslosses.binary_focal_crossentropy([[0.0, 1.0]], [[0.2, 0.9]])[0]), 4))
    0.005
    """
    target = smoothed_binary(y_true, label_smoothing)
    terms = binary_terms(target, y_pred, from_logits, pos_weight, axis)
    if gamma:
        terms = focal_terms.discounted(terms, target, y_pred, from_logits, gamma)
    if apply_class_balancing:
        terms = scaled(terms, target * alpha + (1.0 - target) * (1.0 - alpha))
    return weighted_outputs(terms, class_weights, y_pred, axis)


@loss_function(
    Distributions(explicit=True, true=DISTRIBUTIONS, pred=SHARES, clipped=True),
    alpha=checks.weight_or_weights,
    gamma=checks.non_negative,
    from_logits=checks.boolean,
    label_smoothing=checks.fraction,
    axis=checks.integer,
    class_weights=checks.optional_weights,
)
def categorical_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: float | list[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    *,
    class_weights: list[float] | None = None,
) -> Any:
    """Focal loss of classes against one-hot targets or distributions.

    See `CategoricalFocalCrossentropy` for the formula and the choices.

    Args:
        y_true: One-hot rows or distributions, at least 0.
        y_pred: Logits or probabilities, of the shape of y_true.
        alpha: Factor of the loss: a number of at least 0, or one for each class. Default: 0.25.
        gamma: Exponent of the discount for well classified samples, at least 0. Default: 2.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        label_smoothing: Smoothing s in [0, 1], default 0. Targets become `y (1 - s) + s / C` for C classes.
        axis: Axis of the classes in y_pred. Default: the last.
        class_weights: None (default), or one number of at least 0 for each class. They multiply the terms of
            the classes.

    Shapes: y_true and y_pred `(batch, .., classes)`. The result has the same shape without `axis`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that differ, or
            inputs outside their range.

    Example:

    >>> values = keraslosses.categorical_focal_crossentropy([[0.0, 0.0, 1.0]], [[0.3, 0.3, 0.4]])
    >>> print(round(float(values[0]), 4))
    0.0825
    """
    warn_of_one_class(y_pred, axis)
    target = smoothed(backend.non_negative(y_true), label_smoothing, axis)
    target = target * numerics.per_output("alpha", alpha, y_pred, axis)
    if class_weights is not None:
        target = target * numerics.along(axis, class_weights, y_pred)
    form = focal_terms.against_logits if from_logits else focal_terms.against_shares
    return form(target, y_pred, gamma, axis)


@saved
class BinaryFocalCrossentropy(FunctionLoss):
    """Focal loss of yes-or-no outputs: for many easy negatives and few positives, such as in dense detection.

    With p the predicted probability (from logits, sigmoid of y_pred), y the smoothed target and
    `p_t = y p + (1 - y) (1 - p)`:

    ```
    loss = mean(class_weights · balance · (1 - p_t)^gamma · crossentropy, axis)
    crossentropy = -pos_weight y log p - (1 - y) log(1 - p)
    balance = y alpha + (1 - y) (1 - alpha) with apply_class_balancing, else 1
    ```

    Args:
        apply_class_balancing: Whether the loss uses `alpha`. Default: False.
        alpha: Weight of the positives, in [0, 1]; the negatives have `1 - alpha`. Default: 0.25. As in Keras,
            it has no effect unless `apply_class_balancing` is True. A value other than 0.25 without it warns.
        gamma: Exponent of the discount for well classified outputs, at least 0. Default: 2. With 0 the loss
            is binary cross-entropy.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities in [0, 1].
        label_smoothing: Smoothing s in [0, 1], default 0. Targets become `y (1 - s) + s / 2`.
        axis: Axis of the outputs. The mean is taken over it. Default: the last.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        pos_weight: None (default), a number of at least 0, or one for each output. It multiplies the positive
            part, after smoothing.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.
        ignore_class: None (default), or a label such as -1. An output with this label leaves the mean over
            the outputs. A row with no other label costs 0, and no mean counts it.

    Shapes: y_true and y_pred `(batch, .., outputs)`. The result has the same shape without `axis`. The loss
    reads `(batch,)` as `(batch, 1)`.

    Probabilities: the logarithms take `max(p, 1e-7)`, with gradient 0 below 1e-7. The discount uses p itself.
    Logits: nothing is clipped. An infinite logit on the wrong side costs inf, with gradient 0. For
    `gamma < 1` the gradient of the discount at `p_t = 1` is 0.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that differ, or
            inputs outside their range when the values can be read. In compiled code, the loss of such a
            sample is NaN.

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017, equations 4 and 5.

    Example:

    >>> loss = keraslosses.BinaryFocalCrossentropy(apply_class_balancing=True)
    >>> print(round(float(loss([[0.0, 1.0]], [[0.2, 0.9]])), 6))
    0.003479
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = ALPHA,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: DType = None,
        *,
        pos_weight: float | list[float] | None = None,
        class_weights: list[float] | None = None,
        ignore_class: int | None = None,
    ):
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            pos_weight=pos_weight,
            class_weights=class_weights,
            ignore_class=ignore_class,
        )
        if not apply_class_balancing and alpha != ALPHA:
            warnings.warn(
                "`alpha` has no effect unless `apply_class_balancing` is True. "
                f"Received: alpha={alpha}, apply_class_balancing=False",
                stacklevel=2,
            )


@saved
class CategoricalFocalCrossentropy(FunctionLoss):
    """Focal loss of exclusive classes, against one-hot targets or distributions.

    With p the predicted distribution (from logits, softmax of y_pred) and y the smoothed target:

    ```
    loss = sum(class_weights · alpha · (1 - p)^gamma · y · (-log p), axis)
    ```

    Args:
        alpha: Factor of the loss: a number of at least 0, or one for each class. Default: 0.25.
        gamma: Exponent of the discount for well classified samples, at least 0. Default: 2. With 0 the loss
            is `alpha` times categorical cross-entropy.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        label_smoothing: Smoothing s in [0, 1], default 0. Targets become `y (1 - s) + s / C` for C classes.
        axis: Axis of the classes in y_pred. Default: the last.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights y` (y before smoothing). The other means divide by the number
            of entries.

    Shapes: y_true and y_pred `(batch, .., classes)`. The result has the same shape without `axis`.

    From logits, the loss computes everything from log p: logits of (-100, 100) for class 0 cost 0.25 · 200
    and have a gradient. Clipped probabilities give 4.03 and no gradient. Probabilities and logits of -inf:
    see `CategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that differ, or
            inputs outside their range when the values can be read. In compiled code, the loss of such a
            sample is NaN.

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017, equation 5, over classes; Keras.

    Example:

    >>> loss = keraslosses.CategoricalFocalCrossentropy()
    >>> print(round(float(loss([[0.0, 0.0, 1.0]], [[0.3, 0.3, 0.4]])), 6))
    0.082466
    """

    def __init__(
        self,
        alpha: float | list[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: DType = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            class_weights=class_weights,
        )
