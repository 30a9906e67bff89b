"""Losses between real numbers: errors relative to the size of the target."""

from typing import Any

from keraslosses.core import backend, limits
from keraslosses.core.backend import forms, ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor


@loss_function(Elementwise(explicit=True))
def mean_absolute_percentage_error(y_true: Tensor, y_pred: Tensor) -> Any:
    """Mean of the absolute error in percent of the target, over the last axis.

    See `MeanAbsolutePercentageError` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if the shapes differ.

    Example:

    >>> print(round(float(keraslosses.mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]])[0]), 4))
    37.5
    """
    size = ops.maximum(ops.abs(y_true), limits.EPSILON)
    error = (y_pred - y_true) / size
    return Explicit(100.0 * ops.abs(error), lambda: 100.0 * ops.sign(error) / size)


@loss_function(Elementwise(explicit=True), forms.MEAN_SQUARED_LOGARITHMIC_ERROR)
def mean_squared_logarithmic_error(y_true: Tensor, y_pred: Tensor) -> Any:
    """Mean of the squared difference of log(1 + y) over the last axis.

    See `MeanSquaredLogarithmicError` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if the shapes differ.

    Example:

    >>> print(round(float(keraslosses.mean_squared_logarithmic_error([[1.0, 100.0]], [[3.0, 110.0]])[0]), 4))
    0.2447
    """
    predicted, true = (ops.maximum(x, limits.EPSILON) for x in (y_pred, y_true))
    error = predicted - true
    size, sign = backend.size_and_sign(error)
    # The difference of the two logarithms, as one logarithm.
    size = ops.log1p(size / (1.0 + ops.minimum(predicted, true)))

    def by_pred() -> Tensor:
        slope = 2.0 * size * sign / (1.0 + predicted)
        return ops.where(y_pred > limits.EPSILON, slope, 0.0)

    return Explicit(ops.square(size), by_pred, simple=True)


@saved
class MeanAbsolutePercentageError(FunctionLoss):
    """Mean absolute error in percent of the target: for positive targets of very different sizes.

    ```
    loss = 100 mean(abs(y_pred - y_true) / max(abs(y_true), 1e-7), axis=-1)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    A target of 0 gives a very large loss (1e9 for each unit of error). The gradient is 0 if prediction and
    target are equal.

    Source: Keras.

    Example:

    >>> loss = keraslosses.MeanAbsolutePercentageError()
    >>> print(float(loss([[2.0, 4.0]], [[1.0, 5.0]])))
    37.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: DType = None,
    ):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@saved
class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean squared error of log(1 + y): relative error for quantities that grow, such as counts and prices.

    ```
    loss = mean((log(1 + max(y_pred, 1e-7)) - log(1 + max(y_true, 1e-7)))², axis=-1)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Values below 1e-7 count as 1e-7, so the gradient of a negative prediction is 0.

    Source: Keras.

    Example:

    >>> loss = keraslosses.MeanSquaredLogarithmicError()
    >>> print(round(float(loss([[1.0, 2.0, 3.0, 100.0]], [[1.0, 2.0, 3.0, 110.0]])), 6))
    0.002228
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: DType = None,
    ):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)
