"""Hinge losses: the loss is 0 when a score is right by a margin of at least 1."""

from typing import Any

from keraslosses.core import backend, checks, domain, numerics
from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.distributions import Distributions
from keraslosses.core.kinds.elementwise import Signs
from keraslosses.core.kinds.labels_or_distributions import weighted
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.output_weights import weighted_outputs


@loss_function(Signs(explicit=True), class_weights=checks.optional_weights)
def hinge(y_true: Tensor, y_pred: Tensor, *, class_weights: list[float] | None = None) -> Any:
    """Mean of the amounts by which scores miss their margin of 1, over the last axis.

    See `Hinge` for the formula and the choices.

    Args:
        y_true: Targets -1 and 1, or 0 and 1.
        y_pred: Scores, of the shape of y_true.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: for a list of weights of the wrong length, or shapes that differ.

    Example:

    >>> print(round(float(keraslosses.hinge([[1.0, -1.0]], [[0.5, 0.5]])[0]), 4))
    1.0
    """
    shortfall = 1.0 - y_true * y_pred
    terms = Explicit(ops.maximum(shortfall, 0.0), lambda: ops.where(shortfall > 0, -y_true, 0.0))
    return weighted_outputs(terms, class_weights, y_pred)


@loss_function(Signs(explicit=True), class_weights=checks.optional_weights)
def squared_hinge(y_true: Tensor, y_pred: Tensor, *, class_weights: list[float] | None = None) -> Any:
    """Mean of the squared amounts by which scores miss their margin of 1, over the last axis.

    See `SquaredHinge` for the formula and the choices.

    Args:
        y_true: Targets -1 and 1, or 0 and 1.
        y_pred: Scores, of the shape of y_true.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: for a list of weights of the wrong length, or shapes that differ.

    Example:

    >>> print(round(float(keraslosses.squared_hinge([[1.0, -1.0]], [[0.5, 0.5]])[0]), 4))
    1.25
    """
    shortfall = ops.maximum(1.0 - y_true * y_pred, 0.0)
    terms = Explicit(ops.square(shortfall), lambda: -2.0 * shortfall * y_true)
    return weighted_outputs(terms, class_weights, y_pred)


@loss_function(Distributions(true=domain.DISTRIBUTIONS, clipped=True), class_weights=checks.optional_weights)
def categorical_hinge(y_true: Tensor, y_pred: Tensor, *, class_weights: list[float] | None = None) -> Any:
    """The amount by which the score of the true class fails to exceed the best other score by 1.

    See `CategoricalHinge` for the formula and the choices.

    Args:
        y_true: One-hot rows, at least 0.
        y_pred: Scores, of the shape of y_true.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its class.

    Shapes: y_true and y_pred `(batch, .., classes)`, result `(batch, ..)`.

    Raises:
        ValueError: for a list of weights of the wrong length, shapes that differ, or targets below 0.

    Example:

    >>> print(round(float(keraslosses.categorical_hinge([[0.0, 1.0]], [[0.6, 0.4]])[0]), 4))
    1.2
    """
    target = backend.non_negative(y_true)
    true = ops.sum(backend.shown_unless_zero(numerics.times_unless_zero, target, y_pred), axis=-1)
    best = backend.largest_along(numerics.times_unless_zero(1.0 - target, y_pred), -1)
    values = backend.at_least(best - true + 1.0, 0.0)
    values = values * backend.one_or_nan(ops.isnan(values), values.dtype)
    return weighted(values, class_weights, y_true)


@saved
class Hinge(FunctionLoss):
    """Hinge loss of yes-or-no scores: the loss of support vector machines.

    ```
    loss = mean(class_weights max(1 - y_true y_pred, 0), axis=-1)
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

    y_true holds -1 and 1. If the whole batch holds only 0 and 1, the loss reads them as -1 and 1, as Keras
    does. If the batch holds any other number, the loss uses all its numbers unchanged. The gradient is 0 if a
    score exactly reaches its margin.

    Source: Keras.

    Raises:
        ValueError: for a list of weights of the wrong length, or shapes that differ.

    Example:

    >>> loss = keraslosses.Hinge()
    >>> print(float(loss([[1.0, -1.0]], [[0.5, 0.5]])))
    1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: DType = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(hinge, reduction, name, dtype, class_weights=class_weights)


@saved
class SquaredHinge(FunctionLoss):
    """Squared hinge loss of yes-or-no scores: it is smooth at the margin.

    ```
    loss = mean(class_weights max(1 - y_true y_pred, 0)², axis=-1)
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

    y_true holds -1 and 1. Targets 0 and 1: see `Hinge`.

    Source: Keras.

    Raises:
        ValueError: for a list of weights of the wrong length, or shapes that differ.

    Example:

    >>> loss = keraslosses.SquaredHinge()
    >>> print(float(loss([[1.0, -1.0]], [[0.5, 0.5]])))
    1.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: DType = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(squared_hinge, reduction, name, dtype, class_weights=class_weights)


@saved
class CategoricalHinge(FunctionLoss):
    """Hinge loss of exclusive classes: the score of the true class must exceed the best other score by 1.

    ```
    loss = class_weights · y_true · max(max((1 - y_true) y_pred) - sum(y_true y_pred) + 1, 0)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights y_true`. The other means divide by the number of entries.

    Shapes: y_true (one-hot) and y_pred (scores) `(batch, .., classes)`, result `(batch, ..)`.

    The true class enters the maximum with score 0, as in Keras. So the loss is the same for any negative
    scores of the other classes. If scores tie for the maximum, they share the gradient. The gradient is 0 if
    the score exactly reaches the margin.

    Raises:
        ValueError: for a list of weights of the wrong length, shapes that differ, or targets below 0.

    Source: Keras.

    Example:

    >>> loss = keraslosses.CategoricalHinge()
    >>> print(round(float(loss([[0.0, 1.0]], [[0.6, 0.4]])), 4))
    1.2
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: DType = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(categorical_hinge, reduction, name, dtype, class_weights=class_weights)
