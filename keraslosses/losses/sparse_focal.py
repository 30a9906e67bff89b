"""Focal loss against class indices."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.domain import SHARES
from keraslosses.core.kinds.labels import Labels, of_class
from keraslosses.core.loss import FunctionLoss, loss_function, saved
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
    y_true: Any,
    y_pred: Any,
    alpha: float | list[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    *,
    label_smoothing: float = 0.0,
    class_weights: list[float] | None = None,
) -> Any:
    """Focal loss against class indices; see `SparseCategoricalFocalCrossentropy`."""
    y_pred = numerics.last(y_pred, axis)
    if checks.is_sequence(alpha):
        checks.vector_length("alpha", alpha, y_pred.shape[-1])
    if label_smoothing:
        terms = focal_terms.terms_of_classes(y_pred, gamma, from_logits, -1)
        values = spread_over_classes(terms, y_true, label_smoothing, alpha, class_weights)
        return backend.without_gradient_at_infinity(values) if from_logits else values
    values = focal_terms.term_of_label(y_true, y_pred, gamma, from_logits) * of_class(
        alpha, y_true, y_pred.dtype
    )
    return values if class_weights is None else values * of_class(class_weights, y_true, y_pred.dtype)


@saved
class SparseCategoricalFocalCrossentropy(FunctionLoss):
    """Focal loss of exclusive classes, against class indices: no one-hot array is ever made.

    With p the predicted distribution, k the label and s the smoothing, and w = class_weights · alpha:

    ```
    loss = (1 - s) w[k] (1 - p[k])^gamma (-log p[k]) + s / C sum(w (1 - p)^gamma (-log p), axis)
    ```

    Args:
        alpha, gamma, from_logits, axis, label_smoothing: As `CategoricalFocalCrossentropy`.
        ignore_class: None, or a label (255 or -1, say) whose entries cost 0 and leave the mean.
        reduction, name, dtype: As `BinaryCrossentropy`. Labels below 2^31 are exact under every dtype.
        class_weights: None, or one number for each class; in the mean as with
            `SparseCategoricalCrossentropy`.

    Shapes and labels out of range: as `SparseCategoricalCrossentropy`. Values equal those of
    `CategoricalFocalCrossentropy` on the labels' one-hot rows.

    Raises:
        ValueError: as `SparseCategoricalCrossentropy`.

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
        dtype: Any = None,
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
