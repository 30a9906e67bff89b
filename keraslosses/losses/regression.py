"""Losses between real numbers: powers of the error, and errors relative to the target."""

from typing import Any

from keraslosses.core import backend, checks, limits, numerics
from keraslosses.core.backend import forms, ops
from keraslosses.core.explicit import Explicit, of_error
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.loss import FunctionLoss, loss_function, saved


@loss_function(Elementwise(explicit=True), forms.MEAN_SQUARED_ERROR)
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of the squared error over the last axis; see `MeanSquaredError`."""
    error = y_pred - y_true
    return of_error(ops.square(error), lambda: 2.0 * error)


@loss_function(Elementwise(explicit=True))
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of the absolute error over the last axis; see `MeanAbsoluteError`."""
    error = y_pred - y_true
    return of_error(ops.abs(error), lambda: ops.sign(error))


@loss_function(Elementwise(explicit=True))
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of the error in percent of the target; see `MeanAbsolutePercentageError`."""
    size = ops.maximum(ops.abs(y_true), limits.EPSILON)
    error = (y_pred - y_true) / size
    return Explicit(100.0 * ops.abs(error), lambda: 100.0 * ops.sign(error) / size)


@loss_function(Elementwise(explicit=True), forms.MEAN_SQUARED_LOGARITHMIC_ERROR)
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of the squared difference of log(1 + y); see `MeanSquaredLogarithmicError`."""
    predicted, true = (ops.maximum(x, limits.EPSILON) for x in (y_pred, y_true))
    error = predicted - true
    size, sign = backend.size_and_sign(error)
    # The difference of the two logarithms, as one.
    size = ops.log1p(size / (1.0 + ops.minimum(predicted, true)))

    def by_pred() -> Any:
        slope = 2.0 * size * sign / (1.0 + predicted)
        return ops.where(y_pred > limits.EPSILON, slope, 0.0)

    return Explicit(ops.square(size), by_pred)


@loss_function(Elementwise(average=numerics.root_mean_square))
def root_mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Root of the mean squared error over the last axis, sample by sample; see `RootMeanSquaredError`."""
    return y_pred - y_true


@loss_function(Elementwise(explicit=True), power=checks.positive)
def mean_power_error(y_true: Any, y_pred: Any, *, power: float = 2.0) -> Any:
    """Mean of abs(error)^power over the last axis; see `MeanPowerError`."""
    error = y_pred - y_true
    values = ops.power(ops.abs(error), power)
    return of_error(values, lambda: power * (error if power == 2 else numerics.divide(values, error)))


@saved
class MeanSquaredError(FunctionLoss):
    """Mean squared error: the default for regression, where large errors should count most.

    ```
    loss = mean((y_pred - y_true)², axis=-1)
    ```

    Args:
        reduction: See `keraslosses.FunctionLoss`.
        name: Name of the loss.
        dtype: Type of the result; the computation runs in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. `(batch,)` counts as
    `(batch, 1)`.

    The gradient is `2 (y_pred - y_true) / dN`. Source: Keras.

    Example:

    >>> loss = keraslosses.MeanSquaredError()
    >>> print(float(loss([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]])))
    0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ):
        super().__init__(mean_squared_error, reduction, name, dtype)


@saved
class MeanAbsoluteError(FunctionLoss):
    """Mean absolute error: every unit of error counts alike; its minimum is the median.

    ```
    loss = mean(abs(y_pred - y_true), axis=-1)
    ```

    Args and shapes: as `MeanSquaredError`.

    The gradient is `sign(y_pred - y_true) / dN`, and 0 where they are equal. Source: Keras.

    Example:

    >>> loss = keraslosses.MeanAbsoluteError()
    >>> print(round(float(loss([30.0, 60.0, 90.0], [25.0, 55.0, 96.0])), 4))
    5.3333
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ):
        super().__init__(mean_absolute_error, reduction, name, dtype)


@saved
class MeanAbsolutePercentageError(FunctionLoss):
    """Mean absolute error in percent of the target: for positive targets of very different size.

    ```
    loss = 100 mean(abs(y_pred - y_true) / max(abs(y_true), 1e-7), axis=-1)
    ```

    Args and shapes: as `MeanSquaredError`.

    A target of 0 makes it enormous (1e9 per unit of error). The gradient is 0 where prediction and target are
    equal. Source: Keras.

    Example:

    >>> loss = keraslosses.MeanAbsolutePercentageError()
    >>> print(float(loss([[2.0, 4.0]], [[1.0, 5.0]])))
    37.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@saved
class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean squared error of log(1 + y): relative error for quantities that grow, such as counts and prices.

    ```
    loss = mean((log(1 + max(y_pred, 1e-7)) - log(1 + max(y_true, 1e-7)))², axis=-1)
    ```

    Args and shapes: as `MeanSquaredError`.

    Values below 1e-7 count as 1e-7: the gradient of a negative prediction is 0. Source: Keras.

    Example:

    >>> loss = keraslosses.MeanSquaredLogarithmicError()
    >>> print(round(float(loss([[1.0, 2.0, 3.0, 100.0]], [[1.0, 2.0, 3.0, 110.0]])), 6))
    0.002228
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


@saved
class RootMeanSquaredError(FunctionLoss):
    """Root mean squared error of each sample: the error in the unit of the target.

    ```
    loss = sqrt(mean((y_pred - y_true)², axis=-1))
    ```

    The root is taken sample by sample, so the reduced loss is the mean of the roots. The root over the batch
    is the root of `MeanSquaredError`, which has the same minimum as `MeanSquaredError` itself.

    Args and shapes: as `MeanSquaredError`.

    The gradient has length `1 / sqrt(dN)` however small the error, and is 0 where prediction and target are
    equal. Squares neither overflow nor underflow.

    Example:

    >>> loss = keraslosses.RootMeanSquaredError()
    >>> print(float(loss([[0.0, 0.0], [0.0, 0.0]], [[3.0, 3.0], [1.0, 1.0]])))
    2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "root_mean_squared_error",
        dtype: Any = None,
    ):
        super().__init__(root_mean_squared_error, reduction, name, dtype)


@saved
class MeanPowerError(FunctionLoss):
    """Mean of a power of the absolute error: between absolute and squared error, or beyond them.

    ```
    loss = mean(abs(y_pred - y_true)^power, axis=-1)
    ```

    Args:
        power: Exponent, above 0; 1 is the absolute and 2 the squared error.
        reduction, name, dtype: As `MeanSquaredError`.

    Shapes: as `MeanSquaredError`.

    The gradient is `power · abs(e)^(power - 1) · sign(e) / dN`. Where prediction and target are equal it is
    0, also for `power < 1`, where the true one is infinite.

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
        dtype: Any = None,
    ):
        super().__init__(mean_power_error, reduction, name, dtype, power=power)
