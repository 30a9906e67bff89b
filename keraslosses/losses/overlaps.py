"""Losses of other overlaps: Jaccard and focal Tversky."""

from typing import Any

from keraslosses.core import checks, numerics
from keraslosses.core.backend import forms
from keraslosses.core.kinds.masks import Masks
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.overlap_counts import OPTIONS, Axes, Weights, counts, one_minus


@loss_function(Masks(of_sums=True), forms.JACCARD_MEAN, **OPTIONS)
def jaccard(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    axis: Axes = None,
    smooth: float = 0.0,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Weights = None,
    absent: str = "count",
) -> Any:
    """One minus the Jaccard index of two regions, the intersection over the union.

    See `Jaccard` for the formula and the choices.

    Args:
        y_true: True regions: masks with numbers in [0, 1], or class indices.
        y_pred: Predicted probabilities in [0, 1], or logits.
        axis, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As `Dice`.

    Shapes: as `Dice`.

    Raises:
        ValueError: for an option out of range, shapes that differ, a class index out of range, or numbers
            outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.jaccard([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])[0]), 4))
    0.5
    """
    found = counts(y_true, y_pred.probability())
    return one_minus(found.common, found.apart, smooth)


@loss_function(
    Masks(of_sums=True),
    forms.FOCAL_TVERSKY_MEAN,
    alpha=checks.non_negative,
    beta=checks.non_negative,
    gamma=checks.positive,
    **OPTIONS,
)
def focal_tversky(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    gamma: float = 0.75,
    axis: Axes = None,
    smooth: float = 0.0,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Weights = None,
    absent: str = "count",
) -> Any:
    """A power of one minus the Tversky index of two regions.

    See `FocalTversky` for the formula and the choices.

    Args:
        y_true: True regions: masks with numbers in [0, 1], or class indices.
        y_pred: Predicted probabilities in [0, 1], or logits.
        alpha: Weight of false positives, at least 0. Default: 0.3.
        beta: Weight of false negatives, at least 0. Default: 0.7.
        gamma: The power, above 0. Default: 0.75. A smaller one tells more of nearly right regions, a larger
            one of poor regions.
        axis, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As `Dice`.

    Shapes: as `Dice`.

    Raises:
        ValueError: for an option out of range, shapes that differ, a class index out of range, or numbers
            outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.focal_tversky([[1.0, 1.0]], [[1.0, 0.0]])[0]), 4))
    0.514
    """
    found = counts(y_true, y_pred.probability())
    wrong = alpha * found.false_positives + beta * found.false_negatives
    return numerics.power(one_minus(found.common, wrong, smooth), gamma)


@saved
class Jaccard(FunctionLoss):
    """Jaccard loss: for segmentation that is judged by the intersection over the union.

    With TP = sum(y_true y_pred), FP = sum((1 - y_true) y_pred), FN = sum(y_true (1 - y_pred)) over `axis`:

    ```
    loss = 1 - (TP + smooth) / (TP + FP + FN + smooth)
    ```

    Args:
        axis, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As `Dice`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: as `Dice`.

    Nothing is added without `smooth`. Two empty regions agree: the loss is 0. Sample weights: see `Dice`.

    It orders predictions as `Dice` does: with D for Dice loss without its 1e-7, it is `2 D / (1 + D)`.

    Raises:
        ValueError: for an option out of range, shapes that differ, and, when the values can be read, a class
            index out of range or numbers outside [0, 1]. In compiled code, the value is NaN.

    Source: Rahman and Wang, Optimizing Intersection-Over-Union in Deep Neural Networks for Image
    Segmentation, 2016, equation 3.

    Example:

    >>> loss = keraslosses.Jaccard()
    >>> print(round(float(loss([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])), 4))
    0.5
    """

    def __init__(
        self,
        axis: Axes = None,
        smooth: float = 0.0,
        from_logits: bool = False,
        multi_label: bool = False,
        class_axis: int = -1,
        ignore_class: int | None = None,
        class_weights: Weights = None,
        absent: str = "count",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "jaccard",
        dtype: DType = None,
    ):
        super().__init__(
            jaccard,
            reduction,
            name,
            dtype,
            axis=axis,
            smooth=smooth,
            from_logits=from_logits,
            multi_label=multi_label,
            class_axis=class_axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
            absent=absent,
        )


@saved
class FocalTversky(FunctionLoss):
    """Focal Tversky loss: Tversky loss to a power, for small regions that are hard to find.

    With TP = sum(y_true y_pred), FP = sum((1 - y_true) y_pred), FN = sum(y_true (1 - y_pred)) over `axis`:

    ```
    loss = (1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth))^gamma
    ```

    Args:
        alpha: Weight of false positives, at least 0. Default: 0.3.
        beta: Weight of false negatives, at least 0. Default: 0.7.
        gamma: The power, above 0. Default: 0.75. A smaller one tells more of nearly right regions, a larger
            one of poor regions.
        axis, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As `Dice`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: as `Dice`.

    Nothing is added without `smooth`. Two empty regions agree: the loss is 0. Sample weights: see `Dice`.

    With `gamma=1` this is `Tversky` without its 1e-7. With a power below 1, the true derivative at a perfect
    prediction is infinite. There the loss has the derivative 0. The paper writes the power as 1 / gamma, with
    gamma = 4/3, and its alpha is for false negatives.

    Raises:
        ValueError: for an option out of range, shapes that differ, and, when the values can be read, a class
            index out of range or numbers outside [0, 1]. In compiled code, the value is NaN.

    Source: Abraham and Khan, A Novel Focal Tversky Loss Function with Improved Attention U-Net for Lesion
    Segmentation, 2019, equation 4.

    Example:

    >>> loss = keraslosses.FocalTversky()
    >>> print(round(float(loss([[1.0, 1.0]], [[1.0, 0.0]])), 4))
    0.514
    """

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        gamma: float = 0.75,
        axis: Axes = None,
        smooth: float = 0.0,
        from_logits: bool = False,
        multi_label: bool = False,
        class_axis: int = -1,
        ignore_class: int | None = None,
        class_weights: Weights = None,
        absent: str = "count",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "focal_tversky",
        dtype: DType = None,
    ):
        super().__init__(
            focal_tversky,
            reduction,
            name,
            dtype,
            alpha=alpha,
            beta=beta,
            gamma=gamma,
            axis=axis,
            smooth=smooth,
            from_logits=from_logits,
            multi_label=multi_label,
            class_axis=class_axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
            absent=absent,
        )
