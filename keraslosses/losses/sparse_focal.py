"""Focal loss of classes against class indices."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.domain import SHARES
from keraslosses.core.kinds.labels import Labels, weighted_by_label
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses import focal_terms
from keraslosses.losses.probability import (
    spread_over_classes,
)


@loss_function(
    Labels(pred=SHARES),
    alpha=checks.weight_or_weights,
    gamma=checks.non_negative,
    from_logits=checks.boolean,
    label_smoothing=checks.fraction,
    axis=checks.integer,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def sparse_categorical_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: float | list[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    *,
    label_smoothing: float = 0.0,
    class_weights: list[float] | None = None,
) -> Any:
    """Focal loss of classes against class indices.

    See `SparseCategoricalFocalCrossentropy` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes.
        y_pred: Logits or probabilities, one for each class.
        alpha: Factor of the loss: a number of at least 0, or one for each class. Default: 0.25.
        gamma: Exponent of the discount for well classified samples, at least 0. Default: 2.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        axis: Axis of the classes in y_pred. Default: the last.
        label_smoothing: Share of the target that is spread over all C classes, in [0, 1]. Default: 0.
        class_weights: None (default), or one number of at least 0 for each class. They multiply the terms of
            the classes.

    Shapes: y_pred `(batch, .., classes)`. y_true and the result have the same shape without `axis`; y_true
    may keep `axis` with size 1.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or probabilities below 0.

    Example:

    >>> print(round(float(keraslosses.sparse_categorical_focal_crossentropy([2], [[0.3, 0.3, 0.4]])[0]), 4))
    0.0825
    """
    y_pred = numerics.last(y_pred, axis)
    if checks.is_sequence(alpha):
        checks.vector_length("alpha", alpha, y_pred.shape[-1])
    if label_smoothing:
        terms = focal_terms.terms_of_classes(y_pred, gamma, from_logits, -1)
        values = spread_over_classes(terms, y_true, label_smoothing, alpha, class_weights)
        return backend.without_gradient_at_infinity(values) if from_logits else values
    values = focal_terms.term_of_label(y_true, y_pred, gamma, from_logits)
    values = weighted_by_label(values, alpha, y_true)
    return weighted_by_label(values, class_weights, y_true)


@saved
class SparseCategoricalFocalCrossentropy(FunctionLoss):
    """Focal loss of exclusive classes, against class indices. It makes no one-hot array.

    With p the predicted distribution, k the label and s the smoothing, and w = class_weights · alpha:

    ```
    loss = (1 - s) w[k] (1 - p[k])^gamma (-log p[k]) + s / C sum(w (1 - p)^gamma (-log p), axis)
    ```

    Args:
        alpha: Factor of the loss: a number of at least 0, or one for each class. Default: 0.25.
        gamma: Exponent of the discount for well classified samples, at least 0. Default: 2. With 0 the loss
            is `alpha` times categorical cross-entropy.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        axis: Axis of the classes in y_pred. Default: the last.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        label_smoothing: Share of the target that is spread over all C classes, in [0, 1]. Default: 0.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[k]`, as the weighted mean of torch does. The other means
            divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`. y_true and the result have the same shape without `axis`; y_true
    may keep `axis` with size 1.

    The values are those of `CategoricalFocalCrossentropy` for the one-hot rows of the labels. Labels below
    2^31 are exact for every dtype. Labels out of range: see `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or probabilities below 0.

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017, equation 5, over classes.

    Example:

    >>> loss = keraslosses.SparseCategoricalFocalCrossentropy()
    >>> print(round(float(loss([2], [[0.3, 0.3, 0.4]])), 6))
    0.082466
    """

    def __init__(
        self,
        alpha: float | list[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "sparse_categorical_focal_crossentropy",
        dtype: DType = None,
        *,
        label_smoothing: float = 0.0,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            sparse_categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
            label_smoothing=label_smoothing,
            class_weights=class_weights,
        )
