"""The contrastive loss: of distances of pairs, or of the two vectors of each pair."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTANCES, TARGETS
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.symbolic import takes_symbols
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.stacking import length, same_shape


@loss_function(
    Elementwise(explicit=True, true=TARGETS, pred=DISTANCES),
    margin=checks.non_negative,
    squared=checks.boolean,
)
def contrastive(y_true: Tensor, y_pred: Tensor, *, margin: float = 1.0, squared: bool = True) -> Any:
    """Squared distances of pairs that are alike, and what other distances lack of a margin: their mean.

    See `Contrastive` for the formula and the choices.

    Args:
        y_true: 1 for a pair that is alike, 0 for another pair.
        y_pred: The distance of each pair, at least 0.
        margin: Distance that pairs that are not alike should have, at least 0. Default: 1.
        squared: Whether distances and shortfalls are squared. Default: True.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    Raises:
        ValueError: for an option out of range, shapes that differ, targets outside [0, 1], or distances
            below 0.

    Example:

    >>> print([round(float(value), 2) for value in keraslosses.contrastive([1.0, 0.0], [0.5, 0.75])])
    [0.25, 0.06]
    """
    other, short = 1.0 - y_true, backend.at_least(margin - y_pred, 0.0)
    if squared:
        values = y_true * ops.square(y_pred) + other * ops.square(short)
        return Explicit(
            values,
            lambda: 2.0 * (y_true * y_pred - other * short),
            lambda: ops.square(y_pred) - ops.square(short),
        )
    below = ops.cast(y_pred < margin, y_pred.dtype)
    return Explicit(y_true * y_pred + other * short, lambda: y_true - other * below, lambda: y_pred - short)


@takes_symbols
def pair_contrastive(
    a: Tensor, b: Tensor, alike: Tensor, *, margin: float = 1.0, squared: bool = True
) -> Any:
    """The contrastive loss of pairs of vectors: `contrastive` of their Euclidean distances.

    See `Contrastive` for the formula and the choices.

    Args:
        a, b: The first and the second vector of each pair.
        alike: 1 for a pair that is alike, 0 for another pair.
        margin: Distance that pairs that are not alike should have, at least 0. Default: 1.
        squared: Whether distances and shortfalls are squared. Default: True.

    Returns:
        The value of each pair.

    Shapes: a and b `(batch, dim)`, alike `(batch,)` or `(batch, 1)`, result `(batch,)`.

    The gradient is 0 for a pair of equal vectors.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, or an `alike` outside [0, 1].

    Example:

    >>> values = keraslosses.pair_contrastive([[0.0, 0.0]], [[0.3, 0.4]], [1.0])
    >>> print(round(float(values[0]), 4))
    0.25
    """
    a, b = same_shape(a=a, b=b)
    return contrastive(alike, length(a - b, 2), margin=margin, squared=squared)


@saved
class Contrastive(FunctionLoss):
    """Contrastive loss of distances: pairs that are alike come close, others keep a distance of a margin.

    ```
    loss = mean(y_true y_pred² + (1 - y_true) max(margin - y_pred, 0)², axis=-1)
    ```

    Args:
        margin: Distance that pairs that are not alike should have, at least 0. Default: 1.
        squared: Whether distances and shortfalls are squared. Default: True.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`. The loss reads `(batch,)`
    as `(batch, 1)`.

    y_pred holds distances, and y_true is 1 for a pair that is alike. (In the paper, 1 is the other pair, and
    the loss is half of this one.) The function `pair_contrastive` takes the two vectors of each pair. With
    `squared=False`, the gradient is 0 if a distance exactly reaches the margin. Targets between 0 and 1 mix
    both parts.

    Raises:
        ValueError: for an option out of range, shapes that differ, or, when the values can be read, targets
            outside [0, 1] or distances below 0. In compiled code, the loss of such a sample is NaN.

    Source: Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, 2006, equation 4;
    without its factor 1/2, as TensorFlow Addons.

    Example:

    >>> loss = keraslosses.Contrastive()
    >>> print(round(float(loss([1.0, 0.0], [0.5, 0.75])), 4))
    0.1562
    """

    def __init__(
        self,
        margin: float = 1.0,
        squared: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "contrastive",
        dtype: DType = None,
    ):
        super().__init__(contrastive, reduction, name, dtype, margin=margin, squared=squared)
