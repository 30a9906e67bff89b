"""Generalized Dice loss: the overlap of all classes, with weights for their sizes."""

from typing import Any

from keraslosses.core import backend, checks, limits, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.masks import Masks
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.overlap_counts import OPTIONS, Axes, Counts, Weights, counts

EXPONENTS = {"square": 2, "simple": 1, "uniform": 0}


@loss_function(Masks(by_class=False), weighting=checks.one_of("square", "simple", "uniform"), **OPTIONS)
def generalized_dice(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    weighting: str = "square",
    axis: Axes = None,
    smooth: float = 0.0,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Weights = None,
    absent: str = "count",
) -> Any:
    """One minus the Dice coefficient of all classes together, weighted by their sizes.

    See `GeneralizedDice` for the formula and the choices.

    Args:
        y_true: True regions: masks with numbers in [0, 1], or class indices.
        y_pred: Predicted probabilities in [0, 1], or logits.
        weighting: The weight of a class whose true size is S: `"square"` (default) for 1 / S^2, `"simple"`
            for 1 / S, or `"uniform"` for 1.
        axis, class_weights, absent: As `GeneralizedDice`.
        smooth, from_logits, multi_label, class_axis, ignore_class: As `Dice`.

    Shapes: as `GeneralizedDice`.

    Raises:
        ValueError: for an option out of range, shapes that differ, a class index out of range, or numbers
            outside [0, 1].

    Example:

    >>> y_true, y_pred = [[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]], [[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]]
    >>> print(round(float(keraslosses.generalized_dice(y_true, y_pred)[0]), 4))
    0.1852
    """
    found = Counts(
        *(numerics.last(sums, y_true.class_place) for sums in counts(y_true, y_pred.probability()))
    )
    # From the mask alone: the counts would bring the prediction into the gradient of the weights.
    true = numerics.last(y_true.total(y_true.mask), y_true.class_place)
    weights, scale = size_weights(true, EXPONENTS[weighting])
    if class_weights is not None:
        weights = weights * numerics.along(-1, class_weights, weights)
    if absent == "skip":
        weights = ops.where(true == 0, ops.zeros_like(weights), weights)
    apart, size = (ops.sum(weights * each, axis=-1) for each in (found.apart, found.size))
    return numerics.fraction(apart, size + smooth * scale)


def size_weights(true: Tensor, exponent: int) -> tuple[Tensor, Any]:
    """The weights m / S to a power, where m is the smallest S above 0, and the factor m to this power.

    This factor keeps the weights finite, and cancels. A class with S = 0 has the largest weight. If all S are
    0, all weights are 0. The classes are last.
    """
    if not exponent:
        return ops.ones_like(true), 1.0
    present = true > 0
    smallest = -backend.largest(ops.where(present, -true, ops.cast(limits.LOWEST, true.dtype)))
    some = ops.any(present, axis=-1)
    smallest = ops.where(some, smallest, ops.zeros_like(smallest))
    absent = ops.cast(some[..., None], true.dtype)
    ratio = ops.where(present, smallest[..., None] / ops.where(present, true, ops.ones_like(true)), absent)
    return ratio**exponent, smallest**exponent


@saved
class GeneralizedDice(FunctionLoss):
    """Generalized Dice loss: Dice loss over all classes, in which small classes count like large ones.

    With TP, FP and FN of each class over `axis`, S = sum(y_true, axis), and the weight v of each class:

    ```
    v = 1 / S^2
    loss = 1 - (2 sum_c v TP + smooth) / (sum_c v (2 TP + FP + FN) + smooth)
    ```

    Args:
        weighting: The weight of a class whose true size is S: `"square"` (default) for 1 / S^2, `"simple"`
            for 1 / S, or `"uniform"` for 1.
        axis: The axes that make up a region. None (default): all axes but those of the batch and the classes,
            so that each image has one value. It must not contain the class axis.
        class_weights: A factor for the part of each class, at least 0, or None (default).
        absent: `"count"` (default), or `"skip"`: a class that y_true does not hold in a region has no part.
        smooth, from_logits, multi_label, class_axis, ignore_class: As `Dice`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred as in `Dice`. The result is `(batch,)`, or the shape of y_pred without the class
    axis and the axes in `axis`.

    A class that y_true does not hold in a region has the largest weight of the other classes. If y_true holds
    no class at all, the loss is 0, unless the weights are `"uniform"`. Sample weights and masks: see `Dice`.

    Raises:
        ValueError: for an option out of range, shapes that differ, and, when the values can be read, a class
            index out of range or numbers outside [0, 1]. In compiled code, the value is NaN.

    Source: Sudre et al., Generalised Dice Overlap as a Deep Learning Loss Function for Highly Unbalanced
    Segmentations, 2017, section 2.

    Example:

    >>> loss = keraslosses.GeneralizedDice()
    >>> y_true, y_pred = [[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]], [[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]]
    >>> print(round(float(loss(y_true, y_pred)), 4))
    0.1852
    """

    def __init__(
        self,
        weighting: str = "square",
        axis: Axes = None,
        smooth: float = 0.0,
        from_logits: bool = False,
        multi_label: bool = False,
        class_axis: int = -1,
        ignore_class: int | None = None,
        class_weights: Weights = None,
        absent: str = "count",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "generalized_dice",
        dtype: DType = None,
    ):
        super().__init__(
            generalized_dice,
            reduction,
            name,
            dtype,
            weighting=weighting,
            axis=axis,
            smooth=smooth,
            from_logits=from_logits,
            multi_label=multi_label,
            class_axis=class_axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
            absent=absent,
        )
