"""Log-cosh Dice: a smooth function of Dice loss."""

from typing import Any

from keraslosses.core.backend import ops
from keraslosses.core.kinds.masks import Masks
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.overlap_counts import OPTIONS, Axes, Weights, counts, one_minus


@loss_function(Masks(), **OPTIONS)
def log_cosh_dice(
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
    """The logarithm of the hyperbolic cosine of Dice loss.

    See `LogCoshDice` for the formula and the choices.

    Args:
        y_true: True regions: masks with numbers in [0, 1], or class indices.
        y_pred: Predicted probabilities in [0, 1], or logits.
        axis, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As `Dice`.

    Shapes: as `Dice`.

    Raises:
        ValueError: for an option out of range, shapes that differ, a class index out of range, or numbers
            outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.log_cosh_dice([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])[0]), 4))
    0.0546
    """
    found = counts(y_true, y_pred.probability())
    half = 0.5 * one_minus(2.0 * found.common, found.apart, smooth)
    return ops.log1p(2.0 * ops.square(ops.sinh(half)))


@saved
class LogCoshDice(FunctionLoss):
    """Log-cosh Dice loss: Dice loss with a gradient that goes to 0 near a perfect prediction.

    With D = 1 - (2 TP + smooth) / (2 TP + FP + FN + smooth), the Dice loss of a region:

    ```
    loss = log(cosh(D))
    ```

    Args:
        axis, smooth, from_logits, multi_label, class_axis, ignore_class, class_weights, absent: As `Dice`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: as `Dice`.

    Nothing is added without `smooth`. Two empty regions agree: the loss is 0. Sample weights: see `Dice`.

    The logarithm is that of each region, before any mean. The value keeps its digits near 0.

    Raises:
        ValueError: for an option out of range, shapes that differ, and, when the values can be read, a class
            index out of range or numbers outside [0, 1]. In compiled code, the value is NaN.

    Source: Jadon, A Survey of Loss Functions for Semantic Segmentation, 2020, section II.O.

    Example:

    >>> loss = keraslosses.LogCoshDice()
    >>> print(round(float(loss([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])), 4))
    0.0546
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
        name: str | None = "log_cosh_dice",
        dtype: DType = None,
    ):
        super().__init__(
            log_cosh_dice,
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
