"""Losses between real numbers whose gradient stays bounded, so that outliers do not rule."""

import math
from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import forms, ops
from keraslosses.core.explicit import of_error
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.loss import FunctionLoss, loss_function, saved


@loss_function(Elementwise(explicit=True), forms.HUBER, delta=checks.positive)
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Quadratic up to `delta`, linear beyond; see `Huber`."""
    error = y_pred - y_true
    near = ops.clip(error, -delta, delta)
    return of_error(near * (error - 0.5 * near), lambda: near)


@loss_function(Elementwise(explicit=True), forms.SMOOTH_L1, beta=checks.non_negative)
def smooth_l1(y_true: Any, y_pred: Any, *, beta: float = 1.0) -> Any:
    """Quadratic up to `beta`, linear with slope 1 beyond; see `SmoothL1`."""
    error = y_pred - y_true
    if beta == 0:
        return of_error(ops.abs(error), lambda: ops.sign(error))
    slope = ops.clip(error / beta, -1.0, 1.0)
    return of_error(slope * (error - 0.5 * beta * slope), lambda: slope)


@loss_function(Elementwise(explicit=True), alpha=checks.positive, gamma=checks.positive, beta=checks.positive)
def balanced_l1(
    y_true: Any, y_pred: Any, *, alpha: float = 0.5, gamma: float = 1.5, beta: float = 1.0
) -> Any:
    """Smooth L1 with a larger gradient for small errors; see `BalancedL1`."""
    b = math.expm1(gamma / alpha)
    error = y_pred - y_true
    size, sign = backend.size_and_sign(error)
    near = ops.minimum(size, beta)
    t = b * near / beta
    slope = ops.log1p(t)
    values = alpha * beta / b * log1p_integral(t, slope) + gamma * (size - near)
    return of_error(values, lambda: alpha * slope * sign)


def log1p_integral(t: Any, log1p: Any) -> Any:
    """(1 + t) log(1 + t) - t for t >= 0; below 0.1, where that cancels, the first terms of its series."""
    series = 1 / 2 + t * (-1 / 6 + t * (1 / 12 + t * (-1 / 20 + t * (1 / 30 - t / 42))))
    return ops.where(t < 0.1, t * t * series, (1.0 + t) * log1p - t)


@loss_function(Elementwise(explicit=True), forms.LOG_COSH)
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Mean of log(cosh(error)) over the last axis; see `LogCosh`.

    log(cosh(e)) is -log(1 - tanh(e)²) / 2, and abs(e) - log(1 + tanh(abs(e))): the first is exact near 0,
    the second beyond.
    """
    error = y_pred - y_true
    slope = ops.tanh(error)
    small = ops.abs(error) < 1.0
    log = ops.log1p(ops.where(small, -slope * slope, ops.abs(slope)))
    return of_error(ops.where(small, -0.5 * log, ops.abs(error) - log), lambda: slope)


@saved
class Huber(FunctionLoss):
    """Huber loss: squared for small errors, absolute for large ones, so outliers pull with bounded force.

    ```
    loss = mean(e² / 2 where abs(e) <= delta, else delta · abs(e) - delta² / 2, axis=-1)
    ```

    Args:
        delta: Error at which the loss turns linear, above 0.
        reduction, name, dtype: As `MeanSquaredError`.

    Shapes: as `MeanSquaredError`. `Huber(d)` equals `d · SmoothL1(d)`.

    The gradient is the error, clipped to [-delta, delta].

    Raises:
        ValueError: if `delta` is not a positive number.

    Source: Huber, Robust Estimation of a Location Parameter, 1964; Keras.

    Example:

    >>> loss = keraslosses.Huber(delta=2.0)
    >>> print(float(loss([[0.0, 0.0]], [[1.0, 4.0]])))
    3.25
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ):
        super().__init__(huber, reduction, name, dtype, delta=delta)


@saved
class SmoothL1(FunctionLoss):
    """Smooth L1 loss: absolute error with a rounded tip; the usual loss of box coordinates.

    ```
    loss = mean(e² / (2 beta) where abs(e) < beta, else abs(e) - beta / 2, axis=-1)
    ```

    Args:
        beta: Error below which the loss is quadratic, at least 0; 0 is the absolute error.
        reduction, name, dtype: As `MeanSquaredError`.

    Shapes: as `MeanSquaredError`.

    The gradient is `e / beta`, clipped to [-1, 1]; with `beta=0` it is 0 at equality.

    Raises:
        ValueError: if `beta` is negative or not a number.

    Source: Girshick, Fast R-CNN, 2015, equation 3 (beta 1).

    Example:

    >>> loss = keraslosses.SmoothL1()
    >>> print(round(float(loss([[1.0, 1.0]], [[0.8, 0.1]])), 4))
    0.2125
    """

    def __init__(
        self,
        beta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "smooth_l1",
        dtype: Any = None,
    ):
        super().__init__(smooth_l1, reduction, name, dtype, beta=beta)


@saved
class BalancedL1(FunctionLoss):
    """Balanced L1 loss: smooth L1 that lets accurate samples pull harder, for box regression.

    With x = abs(y_pred - y_true) and b = exp(gamma / alpha) - 1:

    ```
    loss = mean(alpha/b (b x + beta) log(b x / beta + 1) - alpha x   where x < beta
                else gamma x + gamma beta / b - alpha beta, axis=-1)
    ```

    This is `beta · L(x / beta)` for the paper's L, continuous in value and slope for every `beta`.

    Args:
        alpha: Gradient of small errors, above 0: smaller values raise it.
        gamma: Largest gradient, above 0.
        beta: Error at which the gradient stops growing, above 0.
        reduction, name, dtype: As `MeanSquaredError`.

    Shapes: as `MeanSquaredError`.

    The gradient is `alpha log(b x / beta + 1)` below `beta` and `gamma` above, and 0 at equality.

    Raises:
        ValueError: if an option is not a positive number.

    Source: Pang et al., Libra R-CNN, 2019, equations 8 to 10 (beta 1).

    Example:

    >>> loss = keraslosses.BalancedL1()
    >>> print(round(float(loss([[0.0]], [[0.5]])), 5))
    0.40057
    """

    def __init__(
        self,
        alpha: float = 0.5,
        gamma: float = 1.5,
        beta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "balanced_l1",
        dtype: Any = None,
    ):
        super().__init__(balanced_l1, reduction, name, dtype, alpha=alpha, gamma=gamma, beta=beta)


@saved
class LogCosh(FunctionLoss):
    """Logarithm of the hyperbolic cosine of the error: as half the square near 0, as the absolute beyond.

    ```
    loss = mean(log(cosh(y_pred - y_true)), axis=-1)
    ```

    Args and shapes: as `MeanSquaredError`.

    The gradient is `tanh(y_pred - y_true) / dN`. The value is exact near 0 (5.00e-7 at an error of 1e-3,
    where Keras gives 4.77e-7) and does not overflow.

    Example:

    >>> loss = keraslosses.LogCosh()
    >>> print(round(float(loss([[0.0]], [[1.0]])), 4))
    0.4338
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None
    ):
        super().__init__(log_cosh, reduction, name, dtype)
