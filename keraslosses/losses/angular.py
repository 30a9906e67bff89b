"""Angular margins: cross-entropy of cosines, in which the label's angle has to win by a margin."""

from collections.abc import Callable
from functools import partial
from typing import Any

from keraslosses.core import backend, checks, limits, nonfinite
from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.labels import LabelsOrOneHot, of_class
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.losses.angular_margins import added_to_angle, all_three, multiplied_angle, taken_from_cosine

# How far rounding carries a cosine beyond 1, that of bfloat16 too.
ROUNDING = 0.01

COMMON = {
    "scale": checks.positive,
    "ignore_class": checks.optional_integer,
    "class_weights": checks.optional_weights,
}


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


@loss_function(LabelsOrOneHot(), margin=checks.positive_integer, lam=checks.non_negative, **COMMON)
def sphereface(
    y_true: Any,
    y_pred: Any,
    *,
    margin: int = 4,
    scale: float = 64.0,
    lam: float = 0.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines with the label's angle multiplied; see `SphereFace`."""
    moved = partial(multiplied_angle, margin=margin, lam=lam)
    return with_margin(moved, y_true, y_pred, scale, class_weights)


@loss_function(LabelsOrOneHot(), m1=checks.positive, m2=checks.angle, m3=checks.non_negative, **COMMON)
def combined_margin(
    y_true: Any,
    y_pred: Any,
    *,
    m1: float = 1.0,
    m2: float = 0.5,
    m3: float = 0.0,
    scale: float = 64.0,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy of cosines with three margins at once; see `CombinedMargin`."""
    return with_margin(partial(all_three, m1=m1, m2=m2, m3=m3), y_true, y_pred, scale, class_weights)


def with_margin(
    moved: Callable[[Any, Any], Explicit],
    labels: Any,
    cosines: Any,
    scale: float,
    class_weights: list[float] | None,
) -> Any:
    """Cross-entropy of the scaled cosines, that of the label moved; NaN where a row holds no cosines."""
    own = backend.pick(cosines, labels)
    change = backend.explicit(moved, ops.stop_gradient(own), own, None) - own
    logits = backend.add_to_picked(scale * cosines, labels, scale * change)
    values = backend.negative_log_likelihood(logits, labels)
    values = values * nonfinite.one_or_nan(ops.logical_not(are_cosines(cosines)), values.dtype)
    return values if class_weights is None else values * of_class(class_weights, labels, cosines.dtype)


def are_cosines(numbers: Any) -> Any:
    """Whether each row holds only cosines, or -inf for a class that is out of the running."""
    outside = ops.logical_and(ops.abs(numbers) > 1.0 + ROUNDING, numbers > limits.LOWEST)
    return ops.logical_not(ops.any(outside, axis=-1))


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


@saved
class SphereFace(FunctionLoss):
    """SphereFace: cross-entropy of cosines, with the angle to the label's class multiplied by a margin.

    The label's logit, the others' being `scale cos θ`:

    ```
    scale (lam cos θ + ψ(θ)) / (1 + lam)
    ψ(θ) = (-1)^k cos(margin θ) - 2k       where k π / margin <= θ <= (k + 1) π / margin
    ```

    Args:
        margin: A whole number above 0; 1 is cross-entropy of the scaled cosines.
        scale: Factor of all logits, above 0. (The paper has the length of the embedding in its place.)
        lam: Weight of the plain cosine, at least 0 and constant; `LargeMarginHead` has one that falls.
        reduction, name, dtype, ignore_class, class_weights: As `ArcFace`.

    Shapes, labels, and cosines outside [-1, 1]: as `ArcFace`. The gradient is that of the formula, which is
    smooth and bounded: margin² at θ = 0.

    Raises:
        ValueError: as `ArcFace`.

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
        dtype: Any = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        options = {"ignore_class": ignore_class, "class_weights": class_weights}
        super().__init__(sphereface, reduction, name, dtype, margin=margin, scale=scale, lam=lam, **options)


@saved
class CombinedMargin(FunctionLoss):
    """Margins of SphereFace, ArcFace and CosFace at once, without the line that `ArcFace` has beyond π.

    The label's logit is `scale (cos(m1 θ + m2) - m3)`, that of other classes `scale cos θ`.

    Args:
        m1: Factor of the angle, above 0.
        m2: Radians added to it, at least 0 and below π.
        m3: Taken from its cosine, at least 0.
        scale, reduction, name, dtype, ignore_class, class_weights: As `ArcFace`.

    Shapes, labels, and cosines outside [-1, 1]: as `ArcFace`. The gradient is that of the formula; it is
    infinite at cos θ = 1 and -1, and taken 0.001 radians away from there instead.

    Where m1 θ + m2 exceeds π the logit rises again with θ: `m1=1` with `ArcFace`, or small margins, avoid it.

    Raises:
        ValueError: as `ArcFace`.

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
        dtype: Any = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        options = {"ignore_class": ignore_class, "class_weights": class_weights}
        super().__init__(combined_margin, reduction, name, dtype, m1=m1, m2=m2, m3=m3, scale=scale, **options)
