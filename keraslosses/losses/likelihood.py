"""Losses of the probability of one class: negative log-likelihood, and a robust variant."""

from typing import Any

from keraslosses.core import backend, checks, limits, numerics
from keraslosses.core.backend import forms, ops
from keraslosses.core.domain import PROBABILITIES
from keraslosses.core.kinds.labels import Labels, weighted_by_label
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor


@loss_function(
    Labels(),
    forms.NEGATIVE_LOG_LIKELIHOOD_MEAN,
    axis=checks.integer,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def negative_log_likelihood(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    axis: int = -1,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Minus the log-probability of the label.

    See `NegativeLogLikelihood` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes.
        y_pred: Log-probabilities, one for each class.
        axis: Axis of the classes in y_pred. Default: the last.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., classes)`. y_true and the result have the same shape without `axis`; y_true
    may keep `axis` with size 1.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Example:

    >>> print(round(float(keraslosses.negative_log_likelihood([1], [[-2.0, -0.5, -1.3]])[0]), 4))
    0.5
    """
    values = backend.without_gradient_at_infinity(-backend.pick(numerics.last(y_pred, axis), y_true))
    return weighted_by_label(values, class_weights, y_true)


@loss_function(
    Labels(pred=PROBABILITIES),
    forms.CATEGORICAL_GENERALIZED_CROSS_ENTROPY_MEAN,
    q=checks.between_zero_and_one,
    from_logits=checks.boolean,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
    truncation=checks.optional_fraction,
)
def categorical_generalized_cross_entropy(
    y_true: Tensor,
    y_pred: Tensor,
    q: float,
    *,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
    truncation: float | None = None,
) -> Any:
    """Generalised cross-entropy: a loss between cross-entropy and absolute error.

    See `CategoricalGeneralizedCrossEntropy` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes.
        y_pred: Logits or probabilities, one for each class.
        q: Number strictly between 0 and 1. Near 0 the loss is cross-entropy, near 1 the absolute error
            `1 - p`.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities in [0, 1].
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.
        truncation: None (default), or a number in [0, 1]. Where p is at most this number, the loss is
            constant and has no gradient.

    Shapes: y_pred `(batch, .., classes)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    Raises:
        ValueError: if `q` is not strictly between 0 and 1, or another option is out of range; for a list of
            weights of the wrong length, shapes that do not fit, a label out of range, or probabilities
            outside [0, 1].

    Example:

    >>> values = keraslosses.categorical_generalized_cross_entropy([0], [[0.64, 0.36]], q=0.5)
    >>> print(round(float(values[0]), 4))
    0.4
    """
    if from_logits:
        costs = backend.negative_log_likelihood(y_pred, y_true)
        p, values = ops.exp(-costs), -ops.expm1(-q * costs) / q
    else:
        p = backend.pick(y_pred, y_true)
        values = (1.0 - power_with_bounded_slope(p, q)) / q
    if truncation is not None:
        # Products, so that the NaN of a label out of range reaches the gradient where it is cut off, too.
        cut = ops.cast(p <= truncation, values.dtype)
        values = (1.0 - cut) * values + cut * ((1.0 - truncation**q) / q)
    return weighted_by_label(values, class_weights, y_true)


def power_with_bounded_slope(p: Tensor, q: float) -> Tensor:
    """p^q for a probability, with the derivative q max(p, 1e-7)^(q - 1)."""
    tiny = p < limits.EPSILON
    inside = ops.power(ops.where(tiny, ops.ones_like(p), p), q)
    fixed = ops.stop_gradient(p)
    slope = q * limits.EPSILON ** (q - 1.0)
    return ops.where(tiny, numerics.power(fixed, q) + slope * (p - fixed), inside)


@saved
class NegativeLogLikelihood(FunctionLoss):
    """Negative log-likelihood of class indices: for models that give log-probabilities.

    With k the label:

    ```
    loss = -class_weights[k] y_pred[k]
    ```

    Args:
        axis: Axis of the classes in y_pred. Default: the last.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[k]`, as the weighted mean of torch does. The other means
            divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`. y_true and the result have the same shape without `axis`; y_true
    may keep `axis` with size 1.

    The loss uses y_pred without a check or a division. After a log-softmax it is cross-entropy. A
    log-probability of -inf costs inf, with gradient 0. Labels below 2^31 are exact for every dtype. Labels
    out of range: see `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Source: torch.nn.NLLLoss, whose weighted mean is `reduction="mean_with_sample_weight"`.

    Example:

    >>> loss = keraslosses.NegativeLogLikelihood()
    >>> print(round(float(loss([1, 2], [[0.1, 0.8, 0.2], [0.4, 0.5, 0.6]])), 4))
    -0.7
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "negative_log_likelihood",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            negative_log_likelihood,
            reduction,
            name,
            dtype,
            axis=axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )


@saved
class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Generalised cross-entropy: for class indices of which some are wrong.

    With p the predicted probability of the label (from logits, softmax of y_pred):

    ```
    loss = class_weights[label] (1 - max(p, truncation)^q) / q
    ```

    Args:
        q: Number strictly between 0 and 1, default 0.5. Near 0 the loss is cross-entropy. Near 1 it is the
            absolute error `1 - p`, on which wrong labels have less effect.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities in [0, 1], and
            the loss does not divide them by their sum.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[k]`, as the weighted mean of torch does. The other means
            divide by the number of entries.
        truncation: None (default), or a number in [0, 1]. Where p is at most this number, the loss is
            constant and has no gradient: such labels are taken to be wrong. The paper proposes 0.5.

    Shapes: y_pred `(batch, .., classes)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    The values lie between 0 and 1 / q. The gradient by p is `-max(p, 1e-7)^(q - 1)`; the true gradient is
    infinite at 0. From logits, the gradient is exact. Labels below 2^31 are exact for every dtype. Labels out
    of range: see `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: if `q` is not strictly between 0 and 1, or another option is out of range; for a list of
            weights of the wrong length, shapes that do not fit, a label out of range, or probabilities
            outside [0, 1].

    Source: Zhang and Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
    Labels, 2018, equation 6, and equation 9 for the truncation; Keras.

    Example:

    >>> loss = keraslosses.CategoricalGeneralizedCrossEntropy(q=0.5)
    >>> print(round(float(loss([0, 1], [[0.64, 0.36], [0.75, 0.25]])), 4))
    0.7
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: DType = None,
        *,
        from_logits: bool = False,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
        truncation: float | None = None,
    ):
        super().__init__(
            categorical_generalized_cross_entropy,
            reduction,
            name,
            dtype,
            q=q,
            from_logits=from_logits,
            ignore_class=ignore_class,
            class_weights=class_weights,
            truncation=truncation,
        )
