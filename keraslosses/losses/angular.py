"""Angular margins: cross-entropy of cosines, in which the label's angle has to win by a margin."""

from functools import partial
from typing import Any

from keraslosses.core import checks
from keraslosses.core.kinds.labels import LabelsOrOneHot
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.losses.angular_margins import added_to_angle, taken_from_cosine
from keraslosses.losses.cosine_softmax import COMMON, with_margin


@loss_function(LabelsOrOneHot(), margin=checks.angle, easy_margin=checks.boolean, **COMMON)
def arcface(
    y_true: Any,
    y_pred: Any,
    *,
    margin: float = 0.5,
    scale: float = 64.0,
    easy_margin: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines with a margin added to the label's angle; see `ArcFace`."""
    moved = partial(added_to_angle, margin=margin, easy_margin=easy_margin)
    return with_margin(moved, y_true, y_pred, scale, class_weights)


@loss_function(LabelsOrOneHot(), margin=checks.non_negative, **COMMON)
def cosface(
    y_true: Any,
    y_pred: Any,
    *,
    margin: float = 0.35,
    scale: float = 64.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines with a margin taken from the label's; see `CosFace`."""
    return with_margin(partial(taken_from_cosine, margin=margin), y_true, y_pred, scale, class_weights)


@loss_function(LabelsOrOneHot(), margin=checks.non_negative, **COMMON)
def am_softmax(
    y_true: Any,
    y_pred: Any,
    *,
    margin: float = 0.35,
    scale: float = 30.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """`cosface` with the scale of another paper; see `AMSoftmax`."""
    return with_margin(partial(taken_from_cosine, margin=margin), y_true, y_pred, scale, class_weights)


@saved
class ArcFace(FunctionLoss):
    """ArcFace: cross-entropy of cosines, with a margin added to the angle between embedding and class.

    For embeddings that shall tell apart classes never seen in training, as of faces. θ is the angle to the
    label's class; other classes have the logit `scale cos θ`, the label's is

    ```
    scale cos(θ + margin)                  where θ <= π - margin
    scale (cos θ - margin sin margin)      beyond, where cos(θ + margin) would rise again
    ```

    Args:
        margin: Radians, at least 0 and below π.
        scale: Factor of all logits, above 0.
        easy_margin: The margin holds only where cos θ > 0; elsewhere the logit is `scale cos θ`.
        reduction, name, dtype: As `SparseCategoricalCrossentropy`.
        ignore_class: None, or a label whose entries cost 0 and leave the mean.
        class_weights: None, or one number for each class; in the mean as with
            `SparseCategoricalCrossentropy`.

    Shapes: y_pred `(batch, .., classes)`, cosines, as the layer `CosineDense` gives them; y_true one class
    index for each row, `(batch, ..)` or `(batch, .., 1)`, or one-hot rows `(batch, .., classes)`, of which
    the largest entry counts. Result `(batch, ..)`.

    The gradient is that of the formula, with sin θ at least 1e-3 in its denominator: it is infinite at
    cos θ = 1 and -1. The label's cosine counts as 1 or -1 where it lies outside by at most 0.01, as rounding
    makes it; a row with a number further outside is NaN. Labels out of range: as
    `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, and as `SparseCategoricalCrossentropy`.

    Source: Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, 2019, equation 3;
    the line beyond π - margin is that of the authors' code.

    Example:

    >>> loss = keraslosses.ArcFace(scale=30.0)
    >>> print(round(float(loss([0], [[0.8, 0.3, -0.2]])), 4))
    0.0318
    """

    def __init__(
        self,
        margin: float = 0.5,
        scale: float = 64.0,
        easy_margin: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "arcface",
        dtype: Any = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            arcface,
            reduction,
            name,
            dtype,
            margin=margin,
            scale=scale,
            easy_margin=easy_margin,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )


@saved
class CosFace(FunctionLoss):
    """CosFace: cross-entropy of cosines, with a margin taken from the cosine of the label's class.

    The label's logit is `scale (cos θ - margin)`, that of other classes `scale cos θ`.

    Args:
        margin: At least 0, where it is cross-entropy of the scaled cosines.
        scale, reduction, name, dtype, ignore_class, class_weights: As `ArcFace`.

    Shapes, labels, and cosines outside [-1, 1]: as `ArcFace`. The gradient is that of the formula.

    Raises:
        ValueError: as `ArcFace`.

    Source: Wang et al., CosFace: Large Margin Cosine Loss for Deep Face Recognition, 2018, equation 4.

    Example:

    >>> loss = keraslosses.CosFace(scale=30.0)
    >>> print(round(float(loss([0], [[0.8, 0.3, -0.2]])), 4))
    0.011
    """

    def __init__(
        self,
        margin: float = 0.35,
        scale: float = 64.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosface",
        dtype: Any = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        options = {"ignore_class": ignore_class, "class_weights": class_weights}
        super().__init__(cosface, reduction, name, dtype, margin=margin, scale=scale, **options)


@saved
class AMSoftmax(FunctionLoss):
    """Additive margin softmax: `CosFace` with a scale of 30.

    Args, shapes, gradient, errors: as `CosFace`. Source: Wang et al., Additive Margin Softmax for Face
    Verification, 2018, equation 6.

    Example:

    >>> loss = keraslosses.AMSoftmax()
    >>> print(round(float(loss([0], [[0.8, 0.3, -0.2]])), 4))
    0.011
    """

    def __init__(
        self,
        margin: float = 0.35,
        scale: float = 30.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "am_softmax",
        dtype: Any = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        options = {"ignore_class": ignore_class, "class_weights": class_weights}
        super().__init__(am_softmax, reduction, name, dtype, margin=margin, scale=scale, **options)
