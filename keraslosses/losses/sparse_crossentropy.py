"""Cross-entropy of classes against class indices."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import forms
from keraslosses.core.domain import SHARES
from keraslosses.core.kinds.labels import Labels, weighted_by_label
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.probability import (
    log_probabilities,
    negative_log_likelihood,
    spread_over_classes,
)


@loss_function(
    Labels(pred=SHARES),
    forms.SPARSE_CATEGORICAL_CROSSENTROPY_MEAN,
    from_logits=checks.boolean,
    ignore_class=checks.optional_integer,
    axis=checks.integer,
    label_smoothing=checks.fraction,
    class_weights=checks.optional_weights,
)
def sparse_categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    *,
    label_smoothing: float = 0.0,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of classes against class indices.

    See `SparseCategoricalCrossentropy` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes.
        y_pred: Logits or probabilities, one for each class.
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

    >>> print(round(float(keraslosses.sparse_categorical_crossentropy([2], [[0.3, 0.3, 0.4]])[0]), 4))
    0.9163
    """
    y_pred = numerics.last(y_pred, axis)
    if not label_smoothing:
        values = negative_log_likelihood(y_true, y_pred, from_logits)
        return weighted_by_label(values, class_weights, y_true)
    terms = -log_probabilities(y_pred, from_logits, -1)
    values = spread_over_classes(terms, y_true, label_smoothing, class_weights)
    return backend.without_gradient_at_infinity(values) if from_logits else values


@saved
class SparseCategoricalCrossentropy(FunctionLoss):
    """Cross-entropy of exclusive classes, against class indices. It makes no one-hot array.

    With p the predicted distribution (from logits, softmax of y_pred), k the label and s the smoothing:

    ```
    loss = -(1 - s) class_weights[k] log p[k] - s / C sum(class_weights log p, axis)
    ```

    Args:
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

    A label outside [0, C) that is not `ignore_class` raises ValueError when its value can be read (in eager
    code on the CPU). In compiled code and on accelerators, the loss and the gradient of that entry are NaN.
    Labels below 2^31 are exact for every dtype. With only one class, every prediction is right: a
    SyntaxWarning says so. Probabilities, logits and -inf: see `CategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or probabilities below 0.

    Example:

    >>> loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
    >>> print(round(float(loss([0, 1, 2], [[0.8, 0.1, 0.4], [0.1, 0.9, 0.2], [0.5, 0.4, 0.6]])), 6))
    0.813658
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: DType = None,
        *,
        label_smoothing: float = 0.0,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
            label_smoothing=label_smoothing,
            class_weights=class_weights,
        )
