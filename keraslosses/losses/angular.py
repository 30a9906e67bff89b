"""Angular losses with an additive margin: cross-entropy of cosines, with a margin on the label's angle or
cosine.
"""

from functools import partial
from typing import Any

from keraslosses.core import checks
from keraslosses.core.kinds.labels import LabelsOrOneHot
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.angular_margins import added_to_angle, taken_from_cosine
from keraslosses.losses.cosine_softmax import COMMON, with_margin


@loss_function(LabelsOrOneHot(), margin=checks.angle, easy_margin=checks.boolean, **COMMON)
def arcface(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    margin: float = 0.5,
    scale: float = 64.0,
    easy_margin: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines, with a margin added to the angle of the label's class.

    See `ArcFace` for the formula and the choices.

    Args:
        y_true: Class indices, or one-hot rows.
        y_pred: The cosine of the angle between the embedding and each class, in [-1, 1].
        margin: Angle in radians, at least 0 and below π. Default: 0.5.
        scale: Factor of all logits, above 0. Default: 64.
        easy_margin: Whether the margin applies only if the cosine of the label's class is above 0. Default:
            False.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., classes)`. y_true holds one class index for each row, `(batch, ..)` or
    `(batch, .., 1)`, or one-hot rows `(batch, .., classes)`. Result `(batch, ..)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Example:

    >>> print(round(float(keraslosses.arcface([0], [[0.8, 0.3, -0.2]], scale=30.0)[0]), 4))
    0.0318
    """
    moved = partial(added_to_angle, margin=margin, easy_margin=easy_margin)
    return with_margin(moved, y_true, y_pred, scale, class_weights)


@loss_function(LabelsOrOneHot(), margin=checks.non_negative, **COMMON)
def cosface(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    margin: float = 0.35,
    scale: float = 64.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines, with a margin subtracted from the cosine of the label's class.

    See `CosFace` for the formula and the choices.

    Args:
        y_true: Class indices, or one-hot rows.
        y_pred: The cosine of the angle between the embedding and each class, in [-1, 1].
        margin: Number subtracted from the cosine, at least 0. Default: 0.35.
        scale: Factor of all logits, above 0. Default: 64.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., classes)`. y_true holds one class index for each row, `(batch, ..)` or
    `(batch, .., 1)`, or one-hot rows `(batch, .., classes)`. Result `(batch, ..)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Example:

    >>> print(round(float(keraslosses.cosface([0], [[0.8, 0.3, -0.2]], scale=30.0)[0]), 4))
    0.011
    """
    return with_margin(partial(taken_from_cosine, margin=margin), y_true, y_pred, scale, class_weights)


@loss_function(LabelsOrOneHot(), margin=checks.non_negative, **COMMON)
def am_softmax(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    margin: float = 0.35,
    scale: float = 30.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines, with a margin subtracted from the label's cosine: `cosface` with scale 30.

    See `AMSoftmax` for the formula and the choices.

    Args:
        y_true: Class indices, or one-hot rows.
        y_pred: The cosine of the angle between the embedding and each class, in [-1, 1].
        margin: Number subtracted from the cosine, at least 0. Default: 0.35.
        scale: Factor of all logits, above 0. Default: 30.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., classes)`. y_true holds one class index for each row, `(batch, ..)` or
    `(batch, .., 1)`, or one-hot rows `(batch, .., classes)`. Result `(batch, ..)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Example:

    >>> print(round(float(keraslosses.am_softmax([0], [[0.8, 0.3, -0.2]])[0]), 4))
    0.011
    """
    return with_margin(partial(taken_from_cosine, margin=margin), y_true, y_pred, scale, class_weights)


@saved
class ArcFace(FunctionLoss):
    """ArcFace: cross-entropy of cosines, with a margin added to the angle between embedding and class.

    It trains embeddings that can separate classes not seen in training, such as the faces of new people. θ is
    the angle between the embedding and the label's class. The other classes have the logit `scale cos θ`,
    each with its own angle. The logit of the label is

    ```
    scale cos(θ + margin)                  where θ <= π - margin
    scale (cos θ - margin sin margin)      for larger θ, where cos(θ + margin) would rise again
    ```

    Args:
        margin: Angle in radians, at least 0 and below π. Default: 0.5.
        scale: Factor of all logits, above 0. Default: 64.
        easy_margin: Whether the margin applies only if cos θ > 0. Otherwise the logit is `scale cos θ`.
            Default: False.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[k]`, as the weighted mean of torch does. The other means
            divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`. y_true holds one class index for each row, `(batch, ..)` or
    `(batch, .., 1)`, or one-hot rows `(batch, .., classes)`. Result `(batch, ..)`.

    y_pred holds cosines, such as the layer `CosineDense` gives. In a one-hot row, the largest entry is the
    label.

    The gradient is that of the formula, with sin θ at least 1e-3 in its denominator. (It is infinite at cos θ
    = 1 and -1.) The label's cosine counts as 1 or -1 if rounding carries it outside [-1, 1] by at most 0.01.
    A row with a number further outside is NaN. Labels below 2^31 are exact for every dtype. Labels out of
    range: see `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Source: Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, 2019, equation 3;
    the line for θ > π - margin is that of the authors' code.

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
        dtype: DType = None,
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
    """CosFace: cross-entropy of cosines, with a margin subtracted from the cosine of the label's class.

    The logit of the label is `scale (cos θ - margin)`. The logit of each other class is `scale cos θ`.

    Args:
        margin: Number subtracted from the cosine, at least 0. Default: 0.35. With 0 the loss is cross-entropy
            of the scaled cosines.
        scale: Factor of all logits, above 0. Default: 64.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[k]`, as the weighted mean of torch does. The other means
            divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`. y_true holds one class index for each row, `(batch, ..)` or
    `(batch, .., 1)`, or one-hot rows `(batch, .., classes)`. Result `(batch, ..)`.

    The gradient is that of the formula. One-hot rows, labels out of range, and cosines outside [-1, 1]: see
    `ArcFace`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

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
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        options = {"ignore_class": ignore_class, "class_weights": class_weights}
        super().__init__(cosface, reduction, name, dtype, margin=margin, scale=scale, **options)


@saved
class AMSoftmax(FunctionLoss):
    """Additive margin softmax: `CosFace` with a scale of 30.

    Args:
        margin: Number subtracted from the cosine, at least 0. Default: 0.35. With 0 the loss is cross-entropy
            of the scaled cosines.
        scale: Factor of all logits, above 0. Default: 30.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[k]`, as the weighted mean of torch does. The other means
            divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`. y_true holds one class index for each row, `(batch, ..)` or
    `(batch, .., 1)`, or one-hot rows `(batch, .., classes)`. Result `(batch, ..)`.

    The formula is that of `CosFace`. One-hot rows, labels out of range, and cosines outside [-1, 1]: see
    `ArcFace`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Source: Wang et al., Additive Margin Softmax for Face Verification, 2018, equation 6.

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
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        options = {"ignore_class": ignore_class, "class_weights": class_weights}
        super().__init__(am_softmax, reduction, name, dtype, margin=margin, scale=scale, **options)
