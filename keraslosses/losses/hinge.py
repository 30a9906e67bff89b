"""Hinge losses."""

from typing import Any

from keraslosses.core import backend, checks, domain, numerics
from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit, scaled
from keraslosses.core.kinds.distributions import Distributions
from keraslosses.core.kinds.elementwise import Signs
from keraslosses.core.loss import FunctionLoss, loss_function, saved


@loss_function(Signs(explicit=True), class_weights=checks.optional_weights)
def hinge(y_true: Any, y_pred: Any, *, class_weights: list[float] | None = None) -> Any:
    """Mean shortfall of the score from its margin of 1; see `Hinge`."""
    shortfall = 1.0 - y_true * y_pred
    terms = Explicit(ops.maximum(shortfall, 0.0), lambda: ops.where(shortfall > 0, -y_true, 0.0))
    return per_output(class_weights, y_pred, terms)


@loss_function(Signs(explicit=True), class_weights=checks.optional_weights)
def squared_hinge(y_true: Any, y_pred: Any, *, class_weights: list[float] | None = None) -> Any:
    """Mean squared shortfall of the score from its margin of 1; see `SquaredHinge`."""
    shortfall = ops.maximum(1.0 - y_true * y_pred, 0.0)
    return per_output(
        class_weights, y_pred, Explicit(ops.square(shortfall), lambda: -2.0 * shortfall * y_true)
    )


@loss_function(Distributions(true=domain.DISTRIBUTIONS), class_weights=checks.optional_weights)
def categorical_hinge(y_true: Any, y_pred: Any, *, class_weights: list[float] | None = None) -> Any:
    """Shortfall of the true class from the best of the others; see `CategoricalHinge`."""
    true = ops.sum(y_true * y_pred, axis=-1)
    best = backend.largest((1.0 - y_true) * y_pred)
    values = numerics.at_least(best - true + 1.0, 0.0)
    if class_weights is None:
        return values
    return values * ops.sum(y_true * numerics.along(-1, class_weights, y_true), axis=-1)


def per_output(class_weights: list[float] | None, y_pred: Any, terms: Explicit) -> Explicit:
    if class_weights is None:
        return terms
    return scaled(terms, numerics.per_output("class_weights", class_weights, y_pred, -1))


@saved
class Hinge(FunctionLoss):
    """Hinge loss of yes-or-no scores: the loss of support vector machines.

    ```
    loss = mean(class_weights max(1 - y_true y_pred, 0), axis=-1)
    ```

    Args:
        reduction, name, dtype: As `MeanSquaredError`.
        class_weights: None, or one number for each output: a factor before the mean, in no denominator.

    Shapes: as `MeanSquaredError`. y_true holds -1 and 1. If the whole batch holds only 0 and 1, they are
    read as -1 and 1, as Keras does: a batch with a single other number is read as it is.

    The gradient is 0 where the margin is just reached. Source: Keras.

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
        dtype: Any = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(hinge, reduction, name, dtype, class_weights=class_weights)


@saved
class SquaredHinge(FunctionLoss):
    """Squared hinge loss of yes-or-no scores: smooth where the margin is reached.

    ```
    loss = mean(class_weights max(1 - y_true y_pred, 0)², axis=-1)
    ```

    Args, shapes and the reading of 0 and 1: as `Hinge`. Source: Keras.

    Example:

    >>> loss = keraslosses.SquaredHinge()
    >>> print(float(loss([[1.0, -1.0]], [[0.5, 0.5]])))
    1.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: Any = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(squared_hinge, reduction, name, dtype, class_weights=class_weights)


@saved
class CategoricalHinge(FunctionLoss):
    """Hinge loss of exclusive classes: the true class has to beat the best of the others by 1.

    ```
    loss = class_weights · y_true · max(max((1 - y_true) y_pred) - sum(y_true y_pred) + 1, 0)
    ```

    Args:
        reduction, name, dtype: As `MeanSquaredError`.
        class_weights: None, or one number for each class; in the mean as with `CategoricalCrossentropy`.

    Shapes: y_true (one-hot) and y_pred (scores) `(batch, .., classes)`, result `(batch, ..)`.

    The true class enters the maximum with score 0, as in Keras: negative scores of all others are not told
    apart. Where scores tie for the maximum they share the gradient; where the margin is just reached it is 0.

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
        dtype: Any = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(categorical_hinge, reduction, name, dtype, class_weights=class_weights)
