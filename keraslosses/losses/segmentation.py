"""Losses between regions: how far a predicted region overlaps the true one."""

from collections.abc import Sequence
from typing import Any

from keraslosses.core import backend, checks, limits
from keraslosses.core.backend import ops
from keraslosses.core.kinds.regions import Regions, axes_of, axes_or_none
from keraslosses.core.loss import FunctionLoss, loss_function, saved

Axes = int | Sequence[int] | None


@loss_function(Regions(), axis=axes_or_none)
def dice(y_true: Any, y_pred: Any, axis: Axes = None) -> Any:
    """One minus the Dice coefficient of two regions; see `Dice`."""
    axes = axes_of(axis, len(y_pred.shape))
    common = backend.total(y_true * y_pred, axis=axes)
    size = backend.total(y_true, axis=axes) + backend.total(y_pred, axis=axes)
    return unless_empty(size, 1.0 - 2.0 * common / (size + limits.EPSILON))


@loss_function(Regions(), alpha=checks.non_negative, beta=checks.non_negative, axis=axes_or_none)
def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None) -> Any:
    """One minus the Tversky index of two regions; see `Tversky`."""
    axes = axes_of(axis, len(y_pred.shape))
    common = backend.total(y_true * y_pred, axis=axes)
    of_true, of_pred = backend.total(y_true, axis=axes), backend.total(y_pred, axis=axes)
    false_positive, false_negative = of_pred - common, of_true - common
    size = common + alpha * false_positive + beta * false_negative
    return unless_empty(of_true + of_pred, 1.0 - common / (size + limits.EPSILON))


def unless_empty(size: Any, values: Any) -> Any:
    """The values, and 0 with gradient 0 where both regions are empty: they agree."""
    return ops.where(size == 0, ops.zeros_like(values), values)


@saved
class Dice(FunctionLoss):
    """Dice loss: for segmentation where the region is a small part of the image.

    ```
    loss = 1 - 2 sum(y_true y_pred, axis) / (sum(y_true, axis) + sum(y_pred, axis) + 1e-7)
    ```

    Args:
        reduction: As `MeanSquaredError`.
        name: Name of the loss.
        axis: None: the whole batch is one region. Or the axes that make up a region: `(1, 2)` gives a value
            for each image and channel.
        dtype: As `MeanSquaredError`.

    Shapes: y_true and y_pred of one shape, probabilities in [0, 1]. With `axis=None` the result is
    `(batch,)`, the same value for each sample; otherwise what `axis` leaves.

    Two empty regions agree: 0, with gradient 0 (Keras: 1). The 1e-7 costs a region of size S at most
    `1e-7 / S`. Where a region spans the batch, sample weights multiply the result only, and under
    `tf.distribute` the batch is a replica's; a mask takes elements out of their region.

    Raises:
        ValueError: for an `axis` out of range, shapes that differ, or numbers outside [0, 1], where they can
            be seen; in compiled code the value is NaN.

    Source: Milletari et al., V-Net, 2016, section 3, with sums in the place of squares; Keras.

    Example:

    >>> loss = keraslosses.Dice()
    >>> print(round(float(loss([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])), 4))
    0.3333
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Axes = None,
        dtype: Any = None,
    ):
        super().__init__(dice, reduction, name, dtype, axis=axis)


@saved
class Tversky(FunctionLoss):
    """Tversky loss: Dice loss that weighs false positives and false negatives apart.

    With TP = sum(y_true y_pred), FP = sum((1 - y_true) y_pred), FN = sum(y_true (1 - y_pred)) over `axis`:

    ```
    loss = 1 - TP / (TP + alpha FP + beta FN + 1e-7)
    ```

    Args:
        alpha: Weight of false positives, at least 0.
        beta: Weight of false negatives, at least 0. With both 0.5 this is Dice loss.
        reduction, name, axis, dtype: As `Dice`.

    Shapes, empty regions, weights and masks: as `Dice`.

    Keras 3.15.1 has `alpha` and `beta` the other way round.

    Raises:
        ValueError: for a negative `alpha` or `beta`, and as `Dice`.

    Source: Salehi et al., Tversky Loss Function for Image Segmentation Using 3D Fully Convolutional Deep
    Networks, 2017, equation 2.

    Example:

    >>> loss = keraslosses.Tversky(alpha=0.9, beta=0.1)
    >>> print(round(float(loss([[1.0, 0.0]], [[1.0, 1.0]])), 4))
    0.4737
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Axes = None,
        dtype: Any = None,
    ):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
