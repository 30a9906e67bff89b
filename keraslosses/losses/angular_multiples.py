"""Angular losses that multiply the angle: cross-entropy of cosines, with a factor on the label's angle."""

from functools import partial
from typing import Any

from keraslosses.core import checks
from keraslosses.core.kinds.labels import LabelsOrOneHot
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.angular_margins import all_three, multiplied_angle
from keraslosses.losses.cosine_softmax import COMMON, with_margin


@loss_function(LabelsOrOneHot(), margin=checks.positive_integer, lam=checks.non_negative, **COMMON)
def sphereface(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    margin: int = 4,
    scale: float = 64.0,
    lam: float = 0.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines, with the angle of the label's class multiplied by a margin.

    See `SphereFace` for the formula and the choices.

    Args:
        y_true: Class indices, or one-hot rows.
        y_pred: The cosine of the angle between the embedding and each class, in [-1, 1].
        margin: Factor of the angle: a whole number above 0. Default: 4.
        scale: Factor of all logits, above 0. Default: 64.
        lam: Weight of the cosine without a margin, at least 0. Default: 0.
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

    >>> print(round(float(keraslosses.sphereface([0], [[0.8, 0.3, -0.2]], scale=10.0)[0]), 4))
    11.4387
    """
    moved = partial(multiplied_angle, margin=margin, lam=lam)
    return with_margin(moved, y_true, y_pred, scale, class_weights)


@loss_function(LabelsOrOneHot(), m1=checks.positive, m2=checks.angle, m3=checks.non_negative, **COMMON)
def combined_margin(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    m1: float = 1.0,
    m2: float = 0.5,
    m3: float = 0.0,
    scale: float = 64.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines, with three margins: `m1` and `m2` for the label's angle, `m3` for its cosine.

    See `CombinedMargin` for the formula and the choices.

    Args:
        y_true: Class indices, or one-hot rows.
        y_pred: The cosine of the angle between the embedding and each class, in [-1, 1].
        m1: Factor of the angle, above 0. Default: 1.
        m2: Radians added to the angle, at least 0 and below π. Default: 0.5.
        m3: Number subtracted from the cosine, at least 0. Default: 0.
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

    >>> values = keraslosses.combined_margin([0], [[0.8, 0.3, -0.2]], m2=0.3, m3=0.2, scale=10.0)
    >>> print(round(float(values[0]), 4))
    0.352
    """
    return with_margin(partial(all_three, m1=m1, m2=m2, m3=m3), y_true, y_pred, scale, class_weights)


@saved
class SphereFace(FunctionLoss):
    """SphereFace: cross-entropy of cosines, with the angle to the label's class multiplied by a margin.

    The logit of each other class is `scale cos θ`. The logit of the label is

    ```
    scale (lam cos θ + ψ(θ)) / (1 + lam)
    ψ(θ) = (-1)^k cos(margin θ) - 2k       where k π / margin <= θ <= (k + 1) π / margin
    ```

    Args:
        margin: Factor of the angle: a whole number above 0. Default: 4. With 1 the loss is cross-entropy of
            the scaled cosines.
        scale: Factor of all logits, above 0. Default: 64. (The paper uses the length of the embedding
            instead.)
        lam: Weight of the cosine without a margin, at least 0 and constant. Default: 0. In `LargeMarginHead`
            it falls during training.
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

    The gradient is that of the formula. It is smooth and bounded: margin² at θ = 0. One-hot rows, labels out
    of range, and cosines outside [-1, 1]: see `ArcFace`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Source: Liu et al., SphereFace: Deep Hypersphere Embedding for Face Recognition, 2017, equation 7.

    Example:

    >>> loss = keraslosses.SphereFace(scale=10.0)
    >>> print(round(float(loss([0], [[0.8, 0.3, -0.2]])), 4))
    11.4387
    """

    def __init__(
        self,
        margin: int = 4,
        scale: float = 64.0,
        lam: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "sphereface",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        options = {"ignore_class": ignore_class, "class_weights": class_weights}
        super().__init__(sphereface, reduction, name, dtype, margin=margin, scale=scale, lam=lam, **options)


@saved
class CombinedMargin(FunctionLoss):
    """The margins of SphereFace, ArcFace and CosFace together, in one loss.

    The logit of the label is `scale (cos(m1 θ + m2) - m3)`. The logit of each other class is `scale cos θ`.
    There is no line for large angles as in `ArcFace`.

    Args:
        m1: Factor of the angle, above 0. Default: 1.
        m2: Radians added to the angle, at least 0 and below π. Default: 0.5.
        m3: Number subtracted from the cosine, at least 0. Default: 0.
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

    The gradient is that of the formula. At cos θ = 1 and -1 the true gradient is infinite, so the loss takes
    the gradient 0.001 radians away from there. If m1 θ + m2 exceeds π, the logit rises again with θ. To avoid
    this, use `ArcFace` (which has `m1=1`) or small margins. One-hot rows, labels out of range, and cosines
    outside [-1, 1]: see `ArcFace`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            or a label out of range.

    Source: Deng et al., ArcFace, 2019, equation 4.

    Example:

    >>> loss = keraslosses.CombinedMargin(m1=1.0, m2=0.3, m3=0.2, scale=10.0)
    >>> print(round(float(loss([0], [[0.8, 0.3, -0.2]])), 4))
    0.352
    """

    def __init__(
        self,
        m1: float = 1.0,
        m2: float = 0.5,
        m3: float = 0.0,
        scale: float = 64.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "combined_margin",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        options = {"ignore_class": ignore_class, "class_weights": class_weights}
        super().__init__(combined_margin, reduction, name, dtype, m1=m1, m2=m2, m3=m3, scale=scale, **options)
