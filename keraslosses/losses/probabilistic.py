"""Divergences between distributions, given as rates or as probabilities."""

from typing import Any

from keraslosses.core import limits
from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS, PROBABILITIES
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.loss import FunctionLoss, loss_function, saved


@loss_function(Elementwise(explicit=True))
def poisson(y_true: Any, y_pred: Any) -> Any:
    """Poisson negative log-likelihood of a rate, without the constant; see `Poisson`."""
    rate = y_pred + limits.EPSILON
    return Explicit(y_pred - y_true * ops.log(rate), lambda: 1.0 - y_true / rate)


@loss_function(Vectors(explicit=True, true=DISTRIBUTIONS, pred=PROBABILITIES))
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Kullback-Leibler divergence over the last axis; see `KLDivergence`."""
    target = ops.minimum(y_true, 1.0)
    p = ops.maximum(y_pred, limits.EPSILON)
    log_ratio = ops.log(ops.maximum(target, limits.NOTHING) / p)
    values = ops.sum(target * log_ratio, axis=-1)
    return Explicit(values, lambda: ops.where(y_pred < limits.EPSILON, 0.0, -target / p))


@saved
class Poisson(FunctionLoss):
    """Poisson loss: for counts, where the prediction is a rate.

    ```
    loss = mean(y_pred - y_true log(y_pred + 1e-7), axis=-1)
    ```

    Args and shapes: as `MeanSquaredError`; y_pred is not negative (a negative rate gives NaN).

    The 1e-7 bounds the loss and its gradient at a rate of 0; elsewhere it biases the value by less than
    `1e-7 y_true / y_pred`. Source: Keras.

    Example:

    >>> loss = keraslosses.Poisson()
    >>> print(round(float(loss([[1.0, 3.0]], [[1.0, 2.0]])), 4))
    0.4603
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None
    ):
        super().__init__(poisson, reduction, name, dtype)


@saved
class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence of the predicted from the true distribution, in nats.

    ```
    loss = sum(y_true log(y_true / max(y_pred, 1e-7)), axis=-1), and 0 log 0 = 0
    ```

    Args:
        reduction, name, dtype: As `MeanSquaredError`.

    Shapes: y_true and y_pred `(batch, .., classes)`, result `(batch, ..)`. Both hold probabilities; they are
    not divided by their sums. A target above 1 counts as 1. A target below 0, and a prediction outside
    [0, 1], raise ValueError where they can be seen; in compiled code such a sample is NaN.

    A predicted probability below 1e-7 counts as 1e-7, with gradient 0. Source: Keras, but for 0 log 0.

    Example:

    >>> loss = keraslosses.KLDivergence()
    >>> print(round(float(loss([[0.5, 0.5, 0.0, 0.0]], [[0.25, 0.25, 0.25, 0.25]])), 4))
    0.6931
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ):
        super().__init__(kl_divergence, reduction, name, dtype)
