"""Margin losses over classes: the score of the label must exceed the other scores by a margin."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import forms, ops
from keraslosses.core.kinds.label_lists import LabelLists
from keraslosses.core.kinds.labels import Labels, weighted_by_label
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor

OF_LABELS = {"ignore_class": checks.optional_integer, "class_weights": checks.optional_weights}


@loss_function(
    Labels(), forms.MULTI_MARGIN_MEAN, p=checks.one_of(1, 2), margin=checks.non_negative, **OF_LABELS
)
def multi_margin(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    p: int = 1,
    margin: float = 1.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Sum of the amounts by which the label's score fails to exceed the others by a margin, divided by C.

    See `MultiMargin` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes.
        y_pred: Scores (logits), one for each class.
        p: Exponent of each amount: 1 (default) or 2.
        margin: Margin, at least 0. Default: 1.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., classes)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Example:

    >>> print(round(float(keraslosses.multi_margin([3], [[0.1, 0.2, 0.4, 0.8]])[0]), 4))
    0.325
    """
    values = backend.multi_margin(y_true, y_pred, p, margin)
    return weighted_by_label(values, class_weights, y_true)


@loss_function(LabelLists(), forms.MULTI_LABEL_MARGIN_MEAN)
def multi_label_margin(y_true: Tensor, y_pred: Tensor) -> Any:
    """Sum of the amounts by which label scores fail to exceed the other scores by 1, divided by C.

    See `MultiLabelMargin` for the formula and the choices.

    Args:
        y_true: Lists of class indices. Each row holds a list, then -1, then any numbers.
        y_pred: Scores, one for each class.

    Shapes: y_true and y_pred `(batch, .., classes)`, result `(batch, ..)`.

    Raises:
        ValueError: for shapes that differ, a label out of range, or rows that hold a 0 or 1 for each class
            instead of a list.

    Example:

    >>> print(round(float(keraslosses.multi_label_margin([[3, 0, -1, 1]], [[0.1, 0.2, 0.4, 0.8]])[0]), 4))
    0.85
    """
    return backend.multi_label_margin(y_true, y_pred)


@loss_function(Labels(), margin=checks.non_negative, **OF_LABELS)
def soft_margin_softmax(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    margin: float = 0.35,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy with a margin subtracted from the logit of the label.

    See `SoftMarginSoftmax` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes.
        y_pred: Scores (logits), one for each class.
        margin: Number subtracted from the label's logit, at least 0. Default: 0.35.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., classes)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Example:

    >>> print(round(float(keraslosses.soft_margin_softmax([0], [[2.0, 1.0, 0.1]])[0]), 4))
    0.5506
    """
    # Without this shift, the margin would lose its digits next to a large logit.
    shifted = y_pred - ops.stop_gradient(backend.largest(y_pred))[..., None]
    logits = backend.add_to_picked(shifted, y_true, -margin)
    values = backend.negative_log_likelihood(logits, y_true)
    return weighted_by_label(values, class_weights, y_true)


@saved
class MultiMargin(FunctionLoss):
    """Multi-class margin loss: the label's score must exceed each other score by a margin.

    With k the label, C classes:

    ```
    loss = class_weights[k] / C · sum over i != k of max(margin - y_pred[k] + y_pred[i], 0)^p
    ```

    Args:
        p: Exponent: 1 (default) or 2.
        margin: Margin, at least 0. Default: 1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[k]`, as the weighted mean of torch does. The other means
            divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    y_pred holds scores. The gradient is 0 if a score exactly reaches its margin. Labels below 2^31 are exact
    for every dtype. Labels out of range: see `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Source: torch.nn.MultiMarginLoss, whose mean divides by the number of samples: `reduction="mean"`.

    Example:

    >>> loss = keraslosses.MultiMargin()
    >>> print(round(float(loss([3], [[0.1, 0.2, 0.4, 0.8]])), 4))
    0.325
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "multi_margin",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            multi_margin,
            reduction,
            name,
            dtype,
            p=p,
            margin=margin,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )


@saved
class MultiLabelMargin(FunctionLoss):
    """Multi-label margin loss: the score of each label must exceed the score of each other class by 1.

    ```
    loss = 1 / C · sum over labels j, classes i that are no label, of max(1 - y_pred[j] + y_pred[i], 0)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, .., classes)`, result `(batch, ..)`.

    A row of y_true holds class indices and then a -1. The loss does not read the numbers after the first -1.
    A class listed twice counts twice. An empty list costs 0. The gradient is 0 if a score exactly reaches its
    margin. The time grows with the length of the longest list times the number of classes. No tensor is
    larger than y_pred. Labels out of range: see `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for shapes that differ, a label out of range, or rows that hold a 0 or 1 for each class
            instead of a list.

    Source: torch.nn.MultiLabelMarginLoss.

    Example:

    >>> loss = keraslosses.MultiLabelMargin()
    >>> print(round(float(loss([[3, 0, -1, 1]], [[0.1, 0.2, 0.4, 0.8]])), 4))
    0.85
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "multi_label_margin",
        dtype: DType = None,
    ):
        super().__init__(multi_label_margin, reduction, name, dtype)


@saved
class SoftMarginSoftmax(FunctionLoss):
    """Soft-margin softmax: cross-entropy in which the logit of the label must win by a margin.

    With k the label:

    ```
    loss = -class_weights[k] log(exp(y_pred[k] - margin) / (exp(y_pred[k] - margin)
                                                            + sum over i != k of exp(y_pred[i])))
    ```

    Args:
        margin: Number subtracted from the label's logit, at least 0. Default: 0.35. With 0 the loss is
            cross-entropy.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[k]`, as the weighted mean of torch does. The other means
            divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    y_pred holds logits. A logit of -inf costs nothing if its class is not the label. Otherwise it costs inf,
    with gradient 0. Labels below 2^31 are exact for every dtype. Labels out of range: see
    `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Source: Liang et al., Soft-Margin Softmax for Deep Classification, 2017.

    Example:

    >>> loss = keraslosses.SoftMarginSoftmax()
    >>> print(round(float(loss([0], [[2.0, 1.0, 0.1]])), 6))
    0.5506
    """

    def __init__(
        self,
        margin: float = 0.35,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "soft_margin_softmax",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            soft_margin_softmax,
            reduction,
            name,
            dtype,
            margin=margin,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
