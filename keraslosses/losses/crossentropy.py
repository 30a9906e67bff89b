"""Cross-entropies: of yes-or-no outputs, and of classes against a distribution."""

from typing import Any

from keraslosses.core import backend, checks, limits, numerics
from keraslosses.core.backend import forms, ops
from keraslosses.core.domain import DISTRIBUTIONS, PROBABILITIES, SHARES, TARGETS
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.distributions import Distributions
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.labels import warn_of_one_class
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.output_weights import weighted_outputs
from keraslosses.losses.probability import (
    Shares,
    binary_terms,
    smoothed,
    smoothed_binary,
)


@loss_function(
    Elementwise(explicit=True, true=TARGETS, pred=PROBABILITIES),
    forms.BINARY_CROSSENTROPY,
    forms.BINARY_CROSSENTROPY_MEAN,
    from_logits=checks.boolean,
    label_smoothing=checks.fraction,
    axis=checks.integer,
    pos_weight=checks.optional_weight_or_weights,
    class_weights=checks.optional_weights,
    ignore_class=checks.optional_integer,
)
def binary_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    *,
    pos_weight: float | list[float] | None = None,
    class_weights: list[float] | None = None,
    ignore_class: int | None = None,
) -> Any:
    """Cross-entropy of independent yes-or-no outputs: the mean over `axis`.

    See `BinaryCrossentropy` for the formula and the choices.

    Args:
        y_true: Targets in [0, 1].
        y_pred: Logits or probabilities, of the shape of y_true.
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

    >>> print(round(float(keraslosses.binary_crossentropy([[0.0, 1.0, 1.0]], [[0.1, 0.9, 0.8]])[0]), 4))
    0.1446
    """
    terms = binary_terms(smoothed_binary(y_true, label_smoothing), y_pred, from_logits, pos_weight, axis)
    return weighted_outputs(terms, class_weights, y_pred, axis)


@loss_function(
    Distributions(explicit=True, true=DISTRIBUTIONS, pred=SHARES, clipped=True),
    forms.CATEGORICAL_CROSSENTROPY,
    forms.CATEGORICAL_CROSSENTROPY_MEAN,
    from_logits=checks.boolean,
    label_smoothing=checks.fraction,
    axis=checks.integer,
    class_weights=checks.optional_weights,
)
def categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    *,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of classes against one-hot targets or distributions.

    See `CategoricalCrossentropy` for the formula and the choices.

    Args:
        y_true: One-hot rows or distributions, at least 0.
        y_pred: Logits or probabilities, of the shape of y_true.
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

    >>> print(round(float(keraslosses.categorical_crossentropy([[0.0, 0.0, 1.0]], [[0.3, 0.3, 0.4]])[0]), 4))
    0.9163
    """
    warn_of_one_class(y_pred, axis)
    target = smoothed(backend.non_negative(y_true), label_smoothing, axis)
    if class_weights is not None:
        target = target * numerics.along(axis, class_weights, y_pred)
    return against_logits(target, y_pred, axis) if from_logits else against_shares(target, y_pred, axis)


def against_logits(target: Tensor, logits: Tensor, axis: int) -> Explicit:
    log_p = ops.log_softmax(logits, axis=axis)
    values = -ops.sum(numerics.times_unless_zero(target, log_p), axis=axis)

    def by_pred() -> Tensor:
        return ops.exp(log_p) * backend.positive_total(target, axis) - target

    return Explicit(values, by_pred)


def against_shares(target: Tensor, y_pred: Tensor, axis: int) -> Explicit:
    shares = Shares.of(y_pred, axis)
    bounded = ops.maximum(shares.share, limits.EPSILON)
    values = -ops.sum(target * ops.log(bounded), axis=axis)

    def by_pred() -> Tensor:
        felt = ops.where(shares.share < limits.EPSILON, 0.0, target)
        return shares.back(-felt / bounded, -backend.apart(ops.sum(felt, axis=axis, keepdims=True)))

    return Explicit(values, by_pred)


@saved
class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy of yes-or-no outputs: for two classes, or for several labels of which more than one may
    hold.

    With p the predicted probability (from logits, sigmoid of y_pred) and y the smoothed target:

    ```
    loss = mean(class_weights · (-pos_weight y log p - (1 - y) log(1 - p)), axis)
    ```

    Args:
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

    Probabilities: the logarithms take `max(p, 1e-7)` and are exact at 1. A certain prediction that is wrong
    costs 16.118, with gradient 0. Logits: nothing is clipped, and the gradient is `sigmoid(x) - y`. An
    infinite logit on the wrong side costs inf, with gradient 0.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that differ, or
            inputs outside their range when the values can be read. In compiled code, the loss of such a
            sample is NaN.

    Example:

    >>> loss = keraslosses.BinaryCrossentropy()
    >>> print(round(float(loss([[0, 1, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.0, 1.0, 0.0]])), 6))
    0.072311
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: DType = None,
        *,
        pos_weight: float | list[float] | None = None,
        class_weights: list[float] | None = None,
        ignore_class: int | None = None,
    ):
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            pos_weight=pos_weight,
            class_weights=class_weights,
            ignore_class=ignore_class,
        )


@saved
class CategoricalCrossentropy(FunctionLoss):
    """Cross-entropy of exclusive classes, against one-hot targets or distributions.

    With p the predicted distribution (from logits, softmax of y_pred) and y the smoothed target:

    ```
    loss = -sum(class_weights y log p, axis)
    ```

    Args:
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

    Probabilities: the logarithms take `max(p, 1e-7)` and are exact at 1. A row of zeros counts as uniform.
    Logits: nothing is clipped, and the gradient is `softmax(x) - y`. A logit of -inf excludes its class: it
    costs nothing if its target is 0. Otherwise it costs inf, with gradient 0.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that differ, or
            inputs outside their range when the values can be read. In compiled code, the loss of such a
            sample is NaN.

    Example:

    >>> loss = keraslosses.CategoricalCrossentropy()
    >>> print(round(float(loss([[0.0, 0.0, 1.0]], [[0.3, 0.3, 0.4]])), 6))
    0.916291
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: DType = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            class_weights=class_weights,
        )
