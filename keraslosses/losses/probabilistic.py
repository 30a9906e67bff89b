"""Losses of rates and of distributions."""

from typing import Any

from keraslosses.core import limits
from keraslosses.core.backend import forms, ops
from keraslosses.core.domain import DISTRIBUTIONS, PROBABILITIES
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor


@loss_function(Elementwise(explicit=True))
def poisson(y_true: Tensor, y_pred: Tensor) -> Any:
    """Negative log-likelihood of a Poisson rate, without its constant: the mean over the last axis.

    See `Poisson` for the formula and the choices.

    Args:
        y_true: Counts, real numbers of at least 0.
        y_pred: Rates of at least 0, of the shape of y_true.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: if the shapes differ.

    Example:

    >>> print(round(float(keraslosses.poisson([[1.0, 3.0]], [[1.0, 2.0]])[0]), 4))
    0.4603
    """
    rate = y_pred + limits.EPSILON
    return Explicit(y_pred - y_true * ops.log(rate), lambda: 1.0 - y_true / rate)


@loss_function(Vectors(explicit=True, true=DISTRIBUTIONS, pred=PROBABILITIES), forms.KL_DIVERGENCE_MEAN)
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
    target = ops.minimum(y_true, 1.0)
    p = ops.maximum(y_pred, limits.EPSILON)
    log_ratio = ops.log(ops.maximum(target, limits.NOTHING) / p)
    values = ops.sum(target * log_ratio, axis=-1)
    return Explicit(values, lambda: ops.where(y_pred < limits.EPSILON, 0.0, -target / p))


@saved
class Poisson(FunctionLoss):
    """Poisson loss: for counts. The prediction is a rate.

    ```
    loss = mean(y_pred - y_true log(y_pred + 1e-7), axis=-1)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    y_pred must be at least 0: a negative rate gives NaN. The 1e-7 bounds the loss and its gradient at a rate
    of 0. Elsewhere it biases the value by less than `1e-7 y_true / y_pred`.

    Source: Keras.

    Example:

    >>> loss = keraslosses.Poisson()
    >>> print(round(float(loss([[1.0, 3.0]], [[1.0, 2.0]])), 4))
    0.4603
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: DType = None
    ):
        super().__init__(poisson, reduction, name, dtype)


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
