"""Losses of yes-or-no scores as torch has them: soft margins, and the hinge of distances."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import forms, ops
from keraslosses.core.domain import TARGETS
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.elementwise import Elementwise, Signs
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.output_weights import weighted_outputs
from keraslosses.losses.probability import binary_terms


@loss_function(Signs(explicit=True), forms.SOFT_MARGIN, class_weights=checks.optional_weights)
def soft_margin(y_true: Tensor, y_pred: Tensor, *, class_weights: list[float] | None = None) -> Any:
    """Logistic loss of scores against targets -1 and 1: the mean over the last axis.

    See `SoftMargin` for the formula and the choices.

    Args:
        y_true: Targets -1 and 1, or 0 and 1.
        y_pred: Scores (logits), of the shape of y_true.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: for a list of weights of the wrong length, or shapes that differ.

    Example:

    >>> print(round(float(keraslosses.soft_margin([[1.0, -1.0]], [[0.5, 0.5]])[0]), 4))
    0.7241
    """
    lead = y_true * y_pred
    small = ops.exp(-ops.abs(lead))
    wrong = ops.where(lead > 0, small, 1.0) / (1.0 + small)
    values = ops.maximum(-lead, 0.0) + ops.log1p(small)
    terms = Explicit(values, lambda: -y_true * wrong, lambda: -y_pred * wrong)
    return weighted_outputs(terms, class_weights, y_pred)


@loss_function(
    Elementwise(explicit=True, true=TARGETS),
    forms.MULTI_LABEL_SOFT_MARGIN,
    forms.MULTI_LABEL_SOFT_MARGIN_MEAN,
    class_weights=checks.optional_weights,
)
def multi_label_soft_margin(
    y_true: Tensor, y_pred: Tensor, *, class_weights: list[float] | None = None
) -> Any:
    """Cross-entropy of independent yes-or-no logits: the mean over the last axis.

    See `MultiLabelSoftMargin` for the formula and the choices.

    Args:
        y_true: Targets in [0, 1].
        y_pred: Logits, of the shape of y_true.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: for a list of weights of the wrong length, shapes that differ, or targets outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.multi_label_soft_margin([[1.0, 0.0]], [[0.5, 0.5]])[0]), 4))
    0.7241
    """
    return weighted_outputs(binary_terms(y_true, y_pred, True, None, -1), class_weights, y_pred)


@loss_function(Signs(explicit=True), margin=checks.non_negative)
def hinge_embedding(y_true: Tensor, y_pred: Tensor, *, margin: float = 1.0) -> Any:
    """Distances of similar pairs, and the amounts by which other distances miss a margin: their mean.

    See `HingeEmbedding` for the formula and the choices.

    Args:
        y_true: 1 for similar pairs, -1 (or 0) for the others.
        y_pred: Distances, of the shape of y_true.
        margin: Distance that pairs that are not similar should have, at least 0. Default: 1.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if `margin` is below 0, or the shapes differ.

    Example:

    >>> print(round(float(keraslosses.hinge_embedding([[1.0, -1.0]], [[0.5, 0.25]])[0]), 4))
    0.625
    """
    similar, other = y_true != -1, y_true != 1
    values = ops.where(similar, y_pred, 0.0) + ops.where(other, ops.maximum(margin - y_pred, 0.0), 0.0)
    defined = backend.one_or_nan(ops.isnan(y_true), y_pred.dtype)

    def by_pred() -> Tensor:
        short = ops.logical_and(other, y_pred < margin)
        return defined * (ops.cast(similar, y_pred.dtype) - ops.cast(short, y_pred.dtype))

    return Explicit(defined * values, by_pred, lambda: ops.zeros_like(y_true))


@saved
class SoftMargin(FunctionLoss):
    """Soft-margin loss: the logistic loss of yes-or-no scores, for targets -1 and 1.

    ```
    loss = mean(class_weights log(1 + exp(-y_true y_pred)), axis=-1)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    y_true holds -1 and 1. Targets 0 and 1: see `Hinge`. The loss is binary cross-entropy from logits. It
    neither overflows nor loses digits for large scores.

    Raises:
        ValueError: for a list of weights of the wrong length, or shapes that differ.

    Source: torch.nn.SoftMarginLoss, whose mean is over all elements.

    Example:

    >>> loss = keraslosses.SoftMargin()
    >>> print(round(float(loss([[1.0, -1.0]], [[0.5, 0.5]])), 4))
    0.7241
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "soft_margin",
        dtype: DType = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(soft_margin, reduction, name, dtype, class_weights=class_weights)


@saved
class MultiLabelSoftMargin(FunctionLoss):
    """Multi-label soft-margin loss: binary cross-entropy from logits, under the name of torch.

    With p the sigmoid of y_pred:

    ```
    loss = mean(class_weights (-y_true log p - (1 - y_true) log(1 - p)), axis=-1)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    The value and the gradient are those of `BinaryCrossentropy(from_logits=True)`. Nothing is clipped.

    Raises:
        ValueError: for a list of weights of the wrong length, shapes that differ, or targets outside [0, 1]
            when the values can be read. In compiled code, the loss of such a sample is NaN.

    Source: torch.nn.MultiLabelSoftMarginLoss, whose `weight` is `class_weights`.

    Example:

    >>> loss = keraslosses.MultiLabelSoftMargin()
    >>> print(round(float(loss([[1.0, 0.0]], [[0.5, 0.5]])), 4))
    0.7241
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "multi_label_soft_margin",
        dtype: DType = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(multi_label_soft_margin, reduction, name, dtype, class_weights=class_weights)


@saved
class HingeEmbedding(FunctionLoss):
    """Hinge loss of distances: similar pairs should be near, others at least a margin apart.

    ```
    loss = mean(y_pred where y_true is 1, max(margin - y_pred, 0) where y_true is -1, axis=-1)
    ```

    Args:
        margin: Distance that pairs that are not similar should have, at least 0. Default: 1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    y_true holds -1 and 1. Targets 0 and 1: see `Hinge`. For any other target, both parts are added, as in
    torch. The gradient is 0 if a distance exactly reaches the margin. Distances are not checked: a negative
    one gives a negative value.

    Raises:
        ValueError: if `margin` is below 0, or the shapes differ.

    Source: torch.nn.HingeEmbeddingLoss, whose mean is over all elements.

    Example:

    >>> loss = keraslosses.HingeEmbedding()
    >>> print(float(loss([[1.0, -1.0]], [[0.5, 0.25]])))
    0.625
    """

    def __init__(
        self,
        margin: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge_embedding",
        dtype: DType = None,
    ):
        super().__init__(hinge_embedding, reduction, name, dtype, margin=margin)
