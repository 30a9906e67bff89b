"""Dice and Tversky losses: how much a predicted region and the true region overlap, as Keras counts it."""

from typing import Any

from keraslosses.core import checks
from keraslosses.core.backend import forms, ops
from keraslosses.core.kinds.masks import Masks
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.overlap_counts import OPTIONS, Axes, Weights, one_minus_as_keras, quick_counts


@loss_function(Masks(of_sums=True), forms.DICE_MEAN, squared=checks.boolean, **OPTIONS)
def dice(
    y_true: Tensor,
    y_pred: Tensor,
    axis: Axes = None,
    *,
    squared: bool = False,
    smooth: float = 0.0,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Weights = None,
    absent: str = "count",
) -> Any:
    """One minus the Dice coefficient of two regions.

    See `Dice` for the formula and the choices.

    Args:
        y_true: True regions: masks with numbers in [0, 1], or class indices.
        y_pred: Predicted probabilities in [0, 1], or logits.
        axis, squared, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As
            `Dice`.

    Shapes: as `Dice`.

    Raises:
        ValueError: for an option out of range, shapes that differ, a class index out of range, or numbers
            outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.dice([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])[0]), 4))
    0.3333
    """
    probability = y_pred.probability()
    if squared:
        common = 2.0 * y_true.total(y_true.mask * probability)
        apart = y_true.total(ops.square(y_true.mask - probability))
    else:
        found = quick_counts(y_true, probability)
        common, apart = 2.0 * found.common, found.apart
    return one_minus_as_keras(common, apart, common + apart == 0, smooth)


@loss_function(
    Masks(of_sums=True), forms.TVERSKY_MEAN, alpha=checks.non_negative, beta=checks.non_negative, **OPTIONS
)
def tversky(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: Axes = None,
    *,
    smooth: float = 0.0,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Weights = None,
    absent: str = "count",
) -> Any:
    """One minus the Tversky index of two regions.

    See `Tversky` for the formula and the choices.

    Args:
        y_true: True regions: masks with numbers in [0, 1], or class indices.
        y_pred: Predicted probabilities in [0, 1], or logits.
        alpha: Weight of false positives, at least 0. Default: 0.5.
        beta: Weight of false negatives, at least 0. Default: 0.5.
        axis, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As `Dice`.

    Shapes: as `Dice`.

    Raises:
        ValueError: for an option out of range, shapes that differ, a class index out of range, or numbers
            outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.tversky([[1.0, 0.0]], [[1.0, 1.0]], alpha=0.9, beta=0.1)[0]), 4))
    0.4737
    """
    found = quick_counts(y_true, y_pred.probability())
    wrong = alpha * found.false_positives + beta * found.false_negatives
    return one_minus_as_keras(found.common, wrong, found.size == 0, smooth)


@saved
class Dice(FunctionLoss):
    """Dice loss: for segmentation when the region is a small part of the image.

    ```
    loss = 1 - 2 sum(y_true y_pred, axis) / (sum(y_true, axis) + sum(y_pred, axis) + 1e-7)
    ```

    `smooth` is added to both parts of the fraction, in the place of 1e-7. With `squared`, the two sums below
    are those of the squares.

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        axis: None (default): the whole batch is one region. Or the axes that make up a region, such as
            `(1, 2)` for one value per image and class.
        squared: Whether the sums below the fraction are those of squares, as in V-Net. Default: False.
        smooth: A number that is added to both parts of the fraction, at least 0. Default: 0.
        from_logits: Whether y_pred holds logits. Default: False, it holds probabilities. Logits go through a
            softmax over the classes, or through a sigmoid if there is one class.
        multi_label: Whether a pixel may belong to several classes: then logits always go through a sigmoid.
            Default: False.
        class_axis: The axis of y_pred that holds the classes. Default: -1.
        ignore_class: None (default), or an integer: pixels with this label do not count. y_true must then
            hold class indices.
        class_weights: A factor for the value of each class, at least 0, or None (default).
        absent: `"count"` (default), or `"skip"`: a class that y_true does not hold in a region leaves the
            mean.

    Shapes: y_true has the shape of y_pred and holds numbers in [0, 1]. Or y_true holds integer class indices,
    and has the shape of y_pred without the class axis, or with size 1 there. Integers for a single class are
    its mask, 0 or 1. With `axis=None` the result is `(batch,)`, with the same value for each sample.
    Otherwise it has the shape of y_pred without the axes in `axis`. `class_weights` and `absent="skip"` need
    an `axis` without the class axis.

    Two empty regions agree: the loss is 0, and without `smooth` its gradient is 0 (Keras gives 1). The 1e-7
    costs a region of size S at most `1e-7 / S`.

    A sample weight of shape `(batch,)` or `(batch, 1)` multiplies the result. A weight with the shape of
    y_true, with the class axis or without it, is the weight of each pixel inside the sums. A mask removes
    elements from their region. A region without a pixel that counts leaves the mean. If a region spans the
    batch, it spans the batch of one replica under `tf.distribute`.

    Raises:
        ValueError: for an option out of range, shapes that differ, and, when the values can be read, a class
            index out of range or numbers outside [0, 1]. In compiled code, the value is NaN.

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
        *,
        squared: bool = False,
        smooth: float = 0.0,
        from_logits: bool = False,
        multi_label: bool = False,
        class_axis: int = -1,
        ignore_class: int | None = None,
        class_weights: Weights = None,
        absent: str = "count",
    ):
        super().__init__(
            dice,
            reduction,
            name,
            dtype,
            axis=axis,
            squared=squared,
            smooth=smooth,
            from_logits=from_logits,
            multi_label=multi_label,
            class_axis=class_axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
            absent=absent,
        )


@saved
class Tversky(FunctionLoss):
    """Tversky loss: Dice loss with separate weights for false positives and false negatives.

    With TP = sum(y_true y_pred), FP = sum((1 - y_true) y_pred), FN = sum(y_true (1 - y_pred)) over `axis`:

    ```
    loss = 1 - TP / (TP + alpha FP + beta FN + 1e-7)
    ```

    `smooth` is added to both parts of the fraction, in the place of 1e-7.

    Args:
        alpha: Weight of false positives, at least 0. Default: 0.5.
        beta: Weight of false negatives, at least 0. Default: 0.5. With both 0.5 this is Dice loss.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        axis, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As `Dice`.

    Shapes: as `Dice`.

    Empty regions, sample weights and masks: see `Dice`. With `alpha` and `beta` 0.5, a `smooth` of s equals
    `Dice` with 2s. Keras 3.15.1 has `alpha` and `beta` the other way round.

    Raises:
        ValueError: for an option out of range, shapes that differ, and, when the values can be read, a class
            index out of range or numbers outside [0, 1]. In compiled code, the value is NaN.

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
        *,
        smooth: float = 0.0,
        from_logits: bool = False,
        multi_label: bool = False,
        class_axis: int = -1,
        ignore_class: int | None = None,
        class_weights: Weights = None,
        absent: str = "count",
    ):
        super().__init__(
            tversky,
            reduction,
            name,
            dtype,
            alpha=alpha,
            beta=beta,
            axis=axis,
            smooth=smooth,
            from_logits=from_logits,
            multi_label=multi_label,
            class_axis=class_axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
            absent=absent,
        )
