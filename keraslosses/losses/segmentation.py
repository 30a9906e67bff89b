"""Losses between regions: how much a predicted region and the true region overlap."""

from collections.abc import Sequence
from typing import Any

from keraslosses.core import backend, checks, limits
from keraslosses.core.backend import ops
from keraslosses.core.kinds.regions import Regions, axes_of, axes_or_none
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor

Axes = int | Sequence[int] | None


@loss_function(Regions(), axis=axes_or_none)
def dice(y_true: Tensor, y_pred: Tensor, axis: Axes = None) -> Any:
    """One minus the Dice coefficient of two regions.

    See `Dice` for the formula and the choices.

    Args:
        y_true: True regions: numbers in [0, 1].
        y_pred: Predicted probabilities in [0, 1], of the shape of y_true.
        axis: None (default): the whole batch is one region. Or the axes that make up a region, such as
            `(1, 2)` for one value per image and channel.

    Shapes: y_true and y_pred have the same shape. With `axis=None` the result is `(batch,)`. Otherwise it has
    the shape without the axes in `axis`.

    Raises:
        ValueError: for an `axis` out of range, shapes that differ, or numbers outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.dice([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])[0]), 4))
    0.3333
    """
    axes = axes_of(axis, len(y_pred.shape))
    common = backend.total(y_true * y_pred, axis=axes)
    size = backend.total(y_true, axis=axes) + backend.total(y_pred, axis=axes)
    return unless_empty(size, 1.0 - 2.0 * common / (size + limits.EPSILON))


@loss_function(Regions(), alpha=checks.non_negative, beta=checks.non_negative, axis=axes_or_none)
def tversky(y_true: Tensor, y_pred: Tensor, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None) -> Any:
    """One minus the Tversky index of two regions.

    See `Tversky` for the formula and the choices.

    Args:
        y_true: True regions: numbers in [0, 1].
        y_pred: Predicted probabilities in [0, 1], of the shape of y_true.
        alpha: Weight of false positives, at least 0. Default: 0.5.
        beta: Weight of false negatives, at least 0. Default: 0.5.
        axis: None (default): the whole batch is one region. Or the axes that make up a region, such as
            `(1, 2)` for one value per image and channel.

    Shapes: y_true and y_pred have the same shape. With `axis=None` the result is `(batch,)`. Otherwise it has
    the shape without the axes in `axis`.

    Raises:
        ValueError: for a negative `alpha` or `beta`, an `axis` out of range, shapes that differ, or numbers
            outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.tversky([[1.0, 0.0]], [[1.0, 1.0]], alpha=0.9, beta=0.1)[0]), 4))
    0.4737
    """
    axes = axes_of(axis, len(y_pred.shape))
    common = backend.total(y_true * y_pred, axis=axes)
    of_true, of_pred = backend.total(y_true, axis=axes), backend.total(y_pred, axis=axes)
    false_positive, false_negative = of_pred - common, of_true - common
    size = common + alpha * false_positive + beta * false_negative
    return unless_empty(of_true + of_pred, 1.0 - common / (size + limits.EPSILON))


def unless_empty(size: Tensor, values: Tensor) -> Tensor:
    """The values, and 0 with gradient 0 if both regions are empty: then they agree."""
    return ops.where(size == 0, ops.zeros_like(values), values)


@saved
class Dice(FunctionLoss):
    """Dice loss: for segmentation when the region is a small part of the image.

    ```
    loss = 1 - 2 sum(y_true y_pred, axis) / (sum(y_true, axis) + sum(y_pred, axis) + 1e-7)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        axis: None (default): the whole batch is one region. Or the axes that make up a region, such as
            `(1, 2)` for one value per image and channel.

    Shapes: y_true and y_pred have the same shape, and hold probabilities in [0, 1]. With `axis=None` the
    result is `(batch,)`, with the same value for each sample. Otherwise it has the shape without the axes in
    `axis`.

    Two empty regions agree: the loss is 0, with gradient 0 (Keras gives 1). The 1e-7 costs a region of size S
    at most `1e-7 / S`. If a region spans the batch, sample weights multiply only the result, and under
    `tf.distribute` the region spans the batch of one replica. A mask removes elements from their region.

    Raises:
        ValueError: for an `axis` out of range, shapes that differ, or numbers outside [0, 1] when the values
            can be read. In compiled code, the value is NaN.

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
        dtype: DType = None,
    ):
        super().__init__(dice, reduction, name, dtype, axis=axis)


@saved
class Tversky(FunctionLoss):
    """Tversky loss: Dice loss with separate weights for false positives and false negatives.

    With TP = sum(y_true y_pred), FP = sum((1 - y_true) y_pred), FN = sum(y_true (1 - y_pred)) over `axis`:

    ```
    loss = 1 - TP / (TP + alpha FP + beta FN + 1e-7)
    ```

    Args:
        alpha: Weight of false positives, at least 0. Default: 0.5.
        beta: Weight of false negatives, at least 0. Default: 0.5. With both 0.5 this is Dice loss.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        axis: None (default): the whole batch is one region. Or the axes that make up a region, such as
            `(1, 2)` for one value per image and channel.

    Shapes: y_true and y_pred have the same shape, and hold probabilities in [0, 1]. With `axis=None` the
    result is `(batch,)`, with the same value for each sample. Otherwise it has the shape without the axes in
    `axis`.

    Empty regions, sample weights and masks: see `Dice`. Keras 3.15.1 has `alpha` and `beta` the other way
    round.

    Raises:
        ValueError: for a negative `alpha` or `beta`, an `axis` out of range, shapes that differ, or numbers
            outside [0, 1] when the values can be read. In compiled code, the value is NaN.

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
        dtype: DType = None,
    ):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
