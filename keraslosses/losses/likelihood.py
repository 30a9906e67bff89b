"""Losses of the probability of one class: negative log-likelihood and its robust relative."""

from typing import Any

from keraslosses.core import backend, checks, limits, numerics
from keraslosses.core.backend import forms, ops
from keraslosses.core.domain import PROBABILITIES
from keraslosses.core.kinds.labels import Labels, of_class
from keraslosses.core.loss import FunctionLoss, loss_function, saved


@loss_function(
    Labels(),
    forms.NEGATIVE_LOG_LIKELIHOOD_MEAN,
    axis=checks.integer,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def negative_log_likelihood(
    y_true: Any,
    y_pred: Any,
    *,
    axis: int = -1,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Minus the log-probability of the label; see `NegativeLogLikelihood`."""
    values = backend.without_gradient_at_infinity(-backend.pick(numerics.last(y_pred, axis), y_true))
    return values if class_weights is None else values * of_class(class_weights, y_true, y_pred.dtype)


@loss_function(
    Labels(pred=PROBABILITIES),
    q=checks.between_zero_and_one,
    from_logits=checks.boolean,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def categorical_generalized_cross_entropy(
    y_true: Any,
    y_pred: Any,
    q: float,
    *,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Between cross-entropy and absolute error; see `CategoricalGeneralizedCrossEntropy`."""
    if from_logits:
        values = -ops.expm1(-q * backend.negative_log_likelihood(y_pred, y_true)) / q
    else:
        values = (1.0 - power_with_bounded_slope(backend.pick(y_pred, y_true), q)) / q
    return values if class_weights is None else values * of_class(class_weights, y_true, y_pred.dtype)


def power_with_bounded_slope(p: Any, q: float) -> Any:
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
        axis: Axis of the classes in y_pred.
        reduction, name, dtype: As `SparseCategoricalCrossentropy`.
        ignore_class: None, or a label whose entries cost 0 and leave the mean.
        class_weights: None, or one number for each class; in the mean as with
            `SparseCategoricalCrossentropy`.

    Shapes and labels out of range: as `SparseCategoricalCrossentropy`. y_pred is used as it comes: after a
    log-softmax this is cross-entropy, and nothing is checked or divided. A log-probability of -inf costs
    inf, with gradient 0.

    Raises:
        ValueError: as `SparseCategoricalCrossentropy`.

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
        dtype: Any = None,
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
    loss = class_weights[label] (1 - p^q) / q
    ```

    Args:
        q: Strictly between 0 and 1: near 0 it is cross-entropy, near 1 the absolute error `1 - p`, which
            wrong labels disturb less.
        reduction, name, dtype: As `SparseCategoricalCrossentropy`.
        from_logits: Whether y_pred holds logits; probabilities otherwise, which are used as they come.
        ignore_class: None, or a label whose entries cost 0 and leave the mean.
        class_weights: None, or one number for each class; in the mean as with
            `SparseCategoricalCrossentropy`.

    Shapes and labels out of range: as `SparseCategoricalCrossentropy`, classes last. Range 0 to 1 / q.

    The gradient by p is `-max(p, 1e-7)^(q - 1)`; the true one is infinite at 0. From logits it is exact.

    Raises:
        ValueError: if `q` is not strictly between 0 and 1, and as `SparseCategoricalCrossentropy`, but for
            probabilities outside [0, 1].

    Source: Zhang and Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
    Labels, 2018, equation 6; Keras.

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
        dtype: Any = None,
        *,
        from_logits: bool = False,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
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
        )
