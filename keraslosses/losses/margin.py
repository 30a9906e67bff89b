"""Margin losses: a score has to beat the others, or a bound, by a margin; beyond it nothing is asked."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import forms, ops
from keraslosses.core.kinds.label_lists import LabelLists
from keraslosses.core.kinds.labels import Labels, of_class
from keraslosses.core.loss import FunctionLoss, loss_function, saved

OF_LABELS = {"ignore_class": checks.optional_integer, "class_weights": checks.optional_weights}


@loss_function(
    Labels(), forms.MULTI_MARGIN_MEAN, p=checks.one_of(1, 2), margin=checks.non_negative, **OF_LABELS
)
def multi_margin(
    y_true: Any,
    y_pred: Any,
    *,
    p: int = 1,
    margin: float = 1.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Shortfalls of the label's score from every other, with a margin; see `MultiMargin`."""
    values = backend.multi_margin(y_true, y_pred, p, margin)
    return values if class_weights is None else values * of_class(class_weights, y_true, y_pred.dtype)


@loss_function(LabelLists())
def multi_label_margin(y_true: Any, y_pred: Any) -> Any:
    """Shortfalls of every label's score from every other class; see `MultiLabelMargin`."""
    return backend.multi_label_margin(y_true, y_pred)


@loss_function(Labels(), margin=checks.non_negative, **OF_LABELS)
def soft_margin_softmax(
    y_true: Any,
    y_pred: Any,
    *,
    margin: float = 0.35,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy with a margin taken from the label's logit; see `SoftMarginSoftmax`."""
    # The margin would lose its digits in a large logit.
    shifted = y_pred - ops.stop_gradient(backend.largest(y_pred))[..., None]
    logits = backend.add_to_picked(shifted, y_true, -margin)
    values = backend.negative_log_likelihood(logits, y_true)
    return values if class_weights is None else values * of_class(class_weights, y_true, y_pred.dtype)


@saved
class MultiMargin(FunctionLoss):
    """Multi-class margin loss: the label's score has to beat every other by a margin.

    With k the label, C classes:

    ```
    loss = class_weights[k] / C · sum over i != k of max(margin - y_pred[k] + y_pred[i], 0)^p
    ```

    Args:
        p: 1 or 2.
        margin: At least 0.
        reduction, name, dtype: As `SparseCategoricalCrossentropy`.
        ignore_class: None, or a label whose entries cost 0 and leave the mean.
        class_weights: None, or one number for each class; in the mean as with
            `SparseCategoricalCrossentropy`.

    Shapes and labels out of range: as `SparseCategoricalCrossentropy`, classes last; y_pred holds scores.

    The gradient is 0 where a margin is just reached.

    Raises:
        ValueError: for an option out of range, and as `SparseCategoricalCrossentropy`.

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
        dtype: Any = None,
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
    """Multi-label margin loss: every label's score has to beat that of every class that is no label by 1.

    ```
    loss = 1 / C · sum over labels j, classes i that are no label, of max(1 - y_pred[j] + y_pred[i], 0)
    ```

    Args:
        reduction, name, dtype: As `MeanSquaredError`.

    Shapes: y_true and y_pred `(batch, .., classes)`, result `(batch, ..)`. A row of y_true holds class
    indices and then a -1; what stands behind the first -1 is not looked at. A class listed twice counts
    twice; an empty list costs 0. The gradient is 0 where a margin is just reached. The
    time grows with the longest list times the classes; nothing larger than y_pred is made.

    Raises:
        ValueError: for shapes that differ, a label out of range, as `SparseCategoricalCrossentropy`, or rows
            that are no lists but hold a 0 or 1 for each class.

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
        dtype: Any = None,
    ):
        super().__init__(multi_label_margin, reduction, name, dtype)


@saved
class SoftMarginSoftmax(FunctionLoss):
    """Soft-margin softmax: cross-entropy in which the label's logit has to win by a margin.

    With k the label:

    ```
    loss = -class_weights[k] log(exp(y_pred[k] - margin) / (exp(y_pred[k] - margin)
                                                            + sum over i != k of exp(y_pred[i])))
    ```

    Args:
        margin: Taken from the label's logit, at least 0; 0 is cross-entropy.
        reduction, name, dtype: As `SparseCategoricalCrossentropy`.
        ignore_class: None, or a label whose entries cost 0 and leave the mean.
        class_weights: None, or one number for each class; in the mean as with
            `SparseCategoricalCrossentropy`.

    Shapes and labels out of range: as `SparseCategoricalCrossentropy`, classes last; y_pred holds logits.
    A logit of -inf costs nothing where it is not the label's, and inf with gradient 0 where it is.

    Raises:
        ValueError: for an option out of range, and as `SparseCategoricalCrossentropy`.

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
        dtype: Any = None,
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
