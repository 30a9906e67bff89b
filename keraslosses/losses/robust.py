"""Losses between real numbers with a bounded gradient, so that outliers do not dominate."""

import math
from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import forms, ops
from keraslosses.core.explicit import of_error
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor


@loss_function(Elementwise(explicit=True), forms.HUBER, delta=checks.positive)
def huber(y_true: Tensor, y_pred: Tensor, delta: float = 1.0) -> Any:
    """Mean of an error that is quadratic up to `delta` and linear above it, over the last axis.

    See `Huber` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.
        delta: Error at which the loss becomes linear, above 0. Default: 1.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if `delta` is not a positive number, or the shapes differ.

    Example:

    >>> print(round(float(keraslosses.huber([[0.0, 0.0]], [[1.0, 4.0]], delta=2.0)[0]), 4))
    3.25
    """
    error = y_pred - y_true
    near = ops.clip(error, -delta, delta)
    return of_error(near * (error - 0.5 * near), lambda: near)


@loss_function(Elementwise(explicit=True), forms.SMOOTH_L1, beta=checks.non_negative)
def smooth_l1(y_true: Tensor, y_pred: Tensor, *, beta: float = 1.0) -> Any:
    """Mean of an error that is quadratic up to `beta` and linear with slope 1 above it, over the last axis.

    See `SmoothL1` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.
        beta: Error below which the loss is quadratic, at least 0. Default: 1.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if `beta` is negative or not a number, or the shapes differ.

    Example:

    >>> print(round(float(keraslosses.smooth_l1([[1.0, 1.0]], [[0.8, 0.1]])[0]), 4))
    0.2125
    """
    error = y_pred - y_true
    if beta == 0:
        return of_error(ops.abs(error), lambda: ops.sign(error))
    slope = ops.clip(error / beta, -1.0, 1.0)
    return of_error(slope * (error - 0.5 * beta * slope), lambda: slope)


@loss_function(Elementwise(explicit=True), alpha=checks.positive, gamma=checks.positive, beta=checks.positive)
def balanced_l1(
    y_true: Tensor, y_pred: Tensor, *, alpha: float = 0.5, gamma: float = 1.5, beta: float = 1.0
) -> Any:
    """Smooth L1 with a larger gradient for small errors: the mean over the last axis.

    See `BalancedL1` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.
        alpha: Controls the gradient of small errors, above 0: smaller values make it larger. Default: 0.5.
        gamma: Largest gradient, above 0. Default: 1.5.
        beta: Error at which the gradient stops growing, above 0. Default: 1.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if an option is not a positive number, or the shapes differ.

    Example:

    >>> print(round(float(keraslosses.balanced_l1([[0.0]], [[0.5]])[0]), 4))
    0.4006
    """
    b = math.expm1(gamma / alpha)
    error = y_pred - y_true
    size, sign = backend.size_and_sign(error)
    near = ops.minimum(size, beta)
    t = b * near / beta
    slope = ops.log1p(t)
    values = alpha * beta / b * log1p_integral(t, slope) + gamma * (size - near)
    return of_error(values, lambda: alpha * slope * sign)


def log1p_integral(t: Tensor, log1p: Tensor) -> Tensor:
    """(1 + t) log(1 + t) - t for t >= 0.

    The formula cancels for small t, so below 0.1 the first terms of its series are used.
    """
    series = 1 / 2 + t * (-1 / 6 + t * (1 / 12 + t * (-1 / 20 + t * (1 / 30 - t / 42))))
    return ops.where(t < 0.1, t * t * series, (1.0 + t) * log1p - t)


@loss_function(Elementwise(explicit=True), forms.LOG_COSH)
def log_cosh(y_true: Tensor, y_pred: Tensor) -> Any:
    """Mean of log(cosh(error)) over the last axis.

    See `LogCosh` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if the shapes differ.

    Example:

    >>> print(round(float(keraslosses.log_cosh([[0.0]], [[1.0]])[0]), 4))
    0.4338
    """
    error = y_pred - y_true
    slope = ops.tanh(error)
    small = ops.abs(error) < 1.0
    log = ops.log1p(ops.where(small, -slope * slope, ops.abs(slope)))
    return of_error(ops.where(small, -0.5 * log, ops.abs(error) - log), lambda: slope)


@saved
class Huber(FunctionLoss):
    """Huber loss: squared for small errors, absolute for large ones. Outliers have a bounded gradient.

    ```
    loss = mean(e² / 2 where abs(e) <= delta, else delta · abs(e) - delta² / 2, axis=-1)
    ```

    Args:
        delta: Error at which the loss becomes linear, above 0. Default: 1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    `Huber(d)` equals `d · SmoothL1(d)`. The gradient is the error, clipped to [-delta, delta].

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
        dtype: DType = None,
    ):
        super().__init__(huber, reduction, name, dtype, delta=delta)


@saved
class SmoothL1(FunctionLoss):
    """Smooth L1 loss: the absolute error, made smooth at 0. It is the usual loss of box coordinates.

    ```
    loss = mean(e² / (2 beta) where abs(e) < beta, else abs(e) - beta / 2, axis=-1)
    ```

    Args:
        beta: Error below which the loss is quadratic, at least 0. 0 is the absolute error. Default: 1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    The gradient is `e / beta`, clipped to [-1, 1]. With `beta=0` it is 0 if prediction and target are equal.

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
        dtype: DType = None,
    ):
        super().__init__(smooth_l1, reduction, name, dtype, beta=beta)


@saved
class BalancedL1(FunctionLoss):
    """Balanced L1 loss: smooth L1 with a larger gradient for small errors, for box regression.

    With x = abs(y_pred - y_true) and b = exp(gamma / alpha) - 1:

    ```
    loss = mean(alpha/b (b x + beta) log(b x / beta + 1) - alpha x   where x < beta
                else gamma x + gamma beta / b - alpha beta, axis=-1)
    ```

    This is `beta · L(x / beta)` for the L of the paper. Value and slope are continuous for every `beta`.

    Args:
        alpha: Controls the gradient of small errors, above 0: smaller values make it larger. Default: 0.5.
        gamma: Largest gradient, above 0. Default: 1.5.
        beta: Error at which the gradient stops growing, above 0. Default: 1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    The gradient is `alpha log(b x / beta + 1)` below `beta` and `gamma` above it. It is 0 if prediction and
    target are equal.

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
        dtype: DType = None,
    ):
        super().__init__(balanced_l1, reduction, name, dtype, alpha=alpha, gamma=gamma, beta=beta)


@saved
class LogCosh(FunctionLoss):
    """Logarithm of the hyperbolic cosine of the error: like half the square if small, linear if large.

    ```
    loss = mean(log(cosh(y_pred - y_true)), axis=-1)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    The gradient is `tanh(y_pred - y_true) / dN`. The value is exact near 0: for an error of 1e-3 it is
    5.00e-7, and that of Keras is 4.77e-7. It does not overflow.

    Example:

    >>> loss = keraslosses.LogCosh()
    >>> print(round(float(loss([[0.0]], [[1.0]])), 4))
    0.4338
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: DType = None,
    ):
        super().__init__(log_cosh, reduction, name, dtype)
