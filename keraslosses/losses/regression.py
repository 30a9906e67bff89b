"""Losses between real numbers: powers of the error."""

from typing import Any

from keraslosses.core import checks, numerics
from keraslosses.core.backend import forms, ops
from keraslosses.core.explicit import of_error
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor


@loss_function(Elementwise(explicit=True), forms.MEAN_SQUARED_ERROR)
def mean_squared_error(y_true: Tensor, y_pred: Tensor) -> Any:
    """Mean of the squared error over the last axis.

    See `MeanSquaredError` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if the shapes differ.

    Example:

    >>> print(round(float(keraslosses.mean_squared_error([[0.0, 1.0]], [[1.0, 1.0]])[0]), 4))
    0.5
    """
    error = y_pred - y_true
    return of_error(ops.square(error), lambda: 2.0 * error, simple=True)


@loss_function(Elementwise(explicit=True))
def mean_absolute_error(y_true: Tensor, y_pred: Tensor) -> Any:
    """Mean of the absolute error over the last axis.

    See `MeanAbsoluteError` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if the shapes differ.

    Example:

    >>> print(round(float(keraslosses.mean_absolute_error([[3.0, 6.0]], [[2.0, 8.0]])[0]), 4))
    1.5
    """
    error = y_pred - y_true
    return of_error(ops.abs(error), lambda: ops.sign(error), simple=True)


@loss_function(Elementwise(average=numerics.root_mean_square))
def root_mean_squared_error(y_true: Tensor, y_pred: Tensor) -> Any:
    """Root of the mean squared error over the last axis, for each sample.

    See `RootMeanSquaredError` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if the shapes differ.

    Example:

    >>> print(round(float(keraslosses.root_mean_squared_error([[0.0, 0.0]], [[3.0, 3.0]])[0]), 4))
    3.0
    """
    return y_pred - y_true


@loss_function(Elementwise(explicit=True), power=checks.positive)
def mean_power_error(y_true: Tensor, y_pred: Tensor, *, power: float = 2.0) -> Any:
    """Mean of abs(error)^power over the last axis.

    See `MeanPowerError` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.
        power: Exponent, above 0. Default: 2.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if `power` is not a positive number, or the shapes differ.

    Example:

    >>> print(round(float(keraslosses.mean_power_error([[0.0, 0.0]], [[1.0, -2.0]], power=3.0)[0]), 4))
    4.5
    """
    error = y_pred - y_true
    values = ops.power(ops.abs(error), power)
    return of_error(values, lambda: power * (error if power == 2 else numerics.divide(values, error)))


@saved
class MeanSquaredError(FunctionLoss):
    """Mean squared error: the usual loss for regression. Large errors count most.

    ```
    loss = mean((y_pred - y_true)², axis=-1)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    The gradient is `2 (y_pred - y_true) / dN`.

    Source: Keras.

    Example:

    >>> loss = keraslosses.MeanSquaredError()
    >>> print(float(loss([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]])))
    0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: DType = None,
    ):
        super().__init__(mean_squared_error, reduction, name, dtype)


@saved
class MeanAbsoluteError(FunctionLoss):
    """Mean absolute error: each unit of error counts the same. The median has the smallest loss.

    ```
    loss = mean(abs(y_pred - y_true), axis=-1)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    The gradient is `sign(y_pred - y_true) / dN`. It is 0 if prediction and target are equal.

    Source: Keras.

    Example:

    >>> loss = keraslosses.MeanAbsoluteError()
    >>> print(round(float(loss([30.0, 60.0, 90.0], [25.0, 55.0, 96.0])), 4))
    5.3333
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: DType = None,
    ):
        super().__init__(mean_absolute_error, reduction, name, dtype)


@saved
class RootMeanSquaredError(FunctionLoss):
    """Root mean squared error of each sample: the error in the unit of the target.

    ```
    loss = sqrt(mean((y_pred - y_true)², axis=-1))
    ```

    The loss takes the root of each sample, so the reduced loss is the mean of the roots. The root over the
    whole batch is the root of `MeanSquaredError`. It has the same minimum as `MeanSquaredError` itself.

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    The gradient has the length `1 / sqrt(dN)`, however small the error is. It is 0 if prediction and target
    are equal. Squares neither overflow nor underflow.

    Example:

    >>> loss = keraslosses.RootMeanSquaredError()
    >>> print(float(loss([[0.0, 0.0], [0.0, 0.0]], [[3.0, 3.0], [1.0, 1.0]])))
    2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "root_mean_squared_error",
        dtype: DType = None,
    ):
        super().__init__(root_mean_squared_error, reduction, name, dtype)


@saved
class MeanPowerError(FunctionLoss):
    """Mean of a power of the absolute error: absolute error, squared error, and any power between or above.

    ```
    loss = mean(abs(y_pred - y_true)^power, axis=-1)
    ```

    Args:
        power: Exponent, above 0. 1 is the absolute error, and 2 (default) the squared error.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    The gradient is `power · abs(e)^(power - 1) · sign(e) / dN`. It is 0 if prediction and target are equal.
    This also holds for `power < 1`, for which the true gradient is infinite there.

    Raises:
        ValueError: if `power` is not a positive number.

    Example:

    >>> loss = keraslosses.MeanPowerError(power=3.0)
    >>> print(float(loss([[0.0, 0.0]], [[1.0, -2.0]])))
    4.5
    """

    def __init__(
        self,
        power: float = 2.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_power_error",
        dtype: DType = None,
    ):
        super().__init__(mean_power_error, reduction, name, dtype, power=power)
