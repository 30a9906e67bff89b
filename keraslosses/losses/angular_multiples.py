"""Multiplied angles."""

from functools import partial
from typing import Any

from keraslosses.core import checks
from keraslosses.core.kinds.labels import LabelsOrOneHot
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.losses.angular_margins import all_three, multiplied_angle
from keraslosses.losses.cosine_softmax import COMMON, with_margin


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
