"""Losses of rates and of distributions."""

import math
from typing import Any

from keraslosses.core import backend, checks, limits
from keraslosses.core.backend import forms, ops
from keraslosses.core.domain import DISTRIBUTIONS, PROBABILITIES
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor


@loss_function(Elementwise(explicit=True), log_input=checks.boolean, full=checks.boolean)
def poisson(y_true: Tensor, y_pred: Tensor, *, log_input: bool = False, full: bool = False) -> Any:
    """Negative log-likelihood of a Poisson rate: the mean over the last axis.

    See `Poisson` for the formula and the choices.

    Args:
        y_true: Counts, real numbers of at least 0.
        y_pred: Rates of at least 0, or their logarithms, of the shape of y_true.
        log_input: Whether y_pred holds the logarithms of the rates. Default: False.
        full: Whether to add Stirling's approximation of the constant `log(y_true!)`. Default: False.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if an option is not True or False, or the shapes differ.

    Example:

    >>> print(round(float(keraslosses.poisson([[1.0, 3.0]], [[1.0, 2.0]])[0]), 4))
    0.4603
    """
    added = 0.0 if log_input else limits.EPSILON
    rate = ops.exp(y_pred) if log_input else y_pred + added
    log_rate = y_pred if log_input else ops.log(rate)
    values = (rate if log_input else y_pred) - y_true * log_rate
    if full:
        many = of_many(ops.maximum(y_true, 1.0), rate, log_rate) - added
        values = ops.where(y_true > 1, many, values)
    return Explicit(values, lambda: rate - y_true if log_input else 1.0 - y_true / rate)


def of_many(count: Tensor, rate: Tensor, log_rate: Tensor) -> Tensor:
    """rate - count log(rate) + log(count!) by Stirling's formula, with all digits where both are near."""
    gap = (rate - count) / count
    near = ops.abs(gap) < 0.5
    log_ratio = ops.where(near, ops.log1p(ops.where(near, gap, 0.0)), log_rate - ops.log(count))
    return count * (gap - log_ratio) + 0.5 * ops.log(2.0 * math.pi * count)


@loss_function(
    Vectors(explicit=True, true=DISTRIBUTIONS, pred=PROBABILITIES, clipped=True), forms.KL_DIVERGENCE_MEAN
)
def kl_divergence(y_true: Tensor, y_pred: Tensor) -> Any:
    """Kullback-Leibler divergence of the predicted from the true distribution, over the last axis.

    See `KLDivergence` for the formula and the choices.

    Args:
        y_true: True distributions: numbers of at least 0 along the last axis.
        y_pred: Predicted probabilities in [0, 1], of the shape of y_true.

    Shapes: y_true and y_pred `(batch, .., classes)`, result `(batch, ..)`.

    Raises:
        ValueError: for shapes that differ, a target below 0, or a prediction outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.kl_divergence([[0.5, 0.5, 0.0]], [[0.25, 0.25, 0.5]])[0]), 4))
    0.6931
    """
    target = ops.minimum(backend.non_negative(y_true), 1.0)
    p = backend.between(y_pred, limits.EPSILON, 1.0)
    log_ratio = ops.log(ops.maximum(target, limits.NOTHING) / p)
    values = backend.total(target * log_ratio, axis=-1)
    return Explicit(values, lambda: ops.where(y_pred < limits.EPSILON, 0.0, -target / p))


@saved
class Poisson(FunctionLoss):
    """Poisson loss: for counts. The prediction is a rate, or the logarithm of a rate.

    ```
    loss = mean(y_pred - y_true log(y_pred + 1e-7), axis=-1)
    with log_input: loss = mean(exp(y_pred) - y_true y_pred, axis=-1)
    full adds, where y_true > 1: y_true log(y_true) - y_true + log(2 pi y_true) / 2
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        log_input: Whether y_pred holds the logarithms of the rates: a linear output. Default: False.
        full: Whether to add Stirling's approximation of `log(y_true!)`. Then losses of different models can
            be compared with other likelihoods. The gradient is the same. Default: False.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Rates must be at least 0: a negative rate gives NaN. The 1e-7 bounds the loss and its gradient at a rate
    of 0. Elsewhere it biases the value by less than `1e-7 y_true / y_pred`. With `log_input` there is no such
    constant, and the gradient is `exp(y_pred) - y_true`.

    Raises:
        ValueError: if an option is not True or False, or the shapes differ.

    Source: Keras; `log_input` and `full` as torch.nn.PoissonNLLLoss, whose default is `log_input=True`.

    Example:

    >>> loss = keraslosses.Poisson()
    >>> print(round(float(loss([[1.0, 3.0]], [[1.0, 2.0]])), 4))
    0.4603
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poisson",
        dtype: DType = None,
        *,
        log_input: bool = False,
        full: bool = False,
    ):
        super().__init__(poisson, reduction, name, dtype, log_input=log_input, full=full)


@saved
class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence of the predicted from the true distribution, in nats.

    ```
    loss = sum(y_true log(y_true / max(y_pred, 1e-7)), axis=-1), and 0 log 0 = 0
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, .., classes)`, result `(batch, ..)`.

    Both tensors hold probabilities. The loss does not divide them by their sums. A target above 1 counts as
    1. A predicted probability below 1e-7 counts as 1e-7, with gradient 0.

    Raises:
        ValueError: for shapes that differ, a target below 0, or a prediction outside [0, 1], when the values
            can be read. In compiled code, the loss of such a sample is NaN.

    Source: Keras, except for 0 log 0.

    Example:

    >>> loss = keraslosses.KLDivergence()
    >>> print(round(float(loss([[0.5, 0.5, 0.0, 0.0]], [[0.25, 0.25, 0.25, 0.25]])), 4))
    0.6931
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: DType = None,
    ):
        super().__init__(kl_divergence, reduction, name, dtype)
