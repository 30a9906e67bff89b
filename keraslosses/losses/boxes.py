"""Losses between boxes: one minus their overlap, plus terms that also move boxes without an overlap."""

import math
from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.boxes import Boxes
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses import box_geometry
from keraslosses.losses.box_geometry import Comparison, box_format_rule, compare, growth, part_of

# The loss takes no logarithm of a smaller overlap.
LEAST_OVERLAP = 1e-6


@loss_function(Boxes(), box_format=box_format_rule, mode=checks.one_of("linear", "log", "squared"))
def iou(y_true: Tensor, y_pred: Tensor, *, box_format: str = "xyxy", mode: str = "linear") -> Any:
    """One minus the overlap of two boxes, or minus the logarithm of the overlap.

    See `IoU` for the formula and the choices.

    Args:
        y_true, y_pred: True and predicted boxes: four numbers along the last axis.
        box_format: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` (corner of the smallest x and y, and
            the size), or `"center_xywh"`.
        mode: `"linear"` (default), `"log"` or `"squared"`.

    Shapes: y_true and y_pred `(batch, .., 4)`, result `(batch, ..)`. A single box `(4,)` gives `()`.

    Raises:
        ValueError: for an unknown option, or shapes that differ or do not end in 4.

    Example:

    >>> print(round(float(keraslosses.iou([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]])[0]), 4))
    0.8333
    """
    boxes = compare(y_true, y_pred, box_format)
    overlap, grown = boxes.overlap, growth(boxes)
    if mode == "log":
        return -ops.log(backend.at_least(overlap, LEAST_OVERLAP)) - grown
    return 1.0 - (overlap if mode == "linear" else ops.square(overlap)) - grown


@loss_function(Boxes(), box_format=box_format_rule)
def giou(y_true: Tensor, y_pred: Tensor, *, box_format: str = "xyxy") -> Any:
    """One minus the overlap of two boxes, plus the empty part of the smallest box around both.

    See `GIoU` for the formula and the choices.

    Args:
        y_true, y_pred: True and predicted boxes: four numbers along the last axis.
        box_format: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` (corner of the smallest x and y, and
            the size), or `"center_xywh"`.

    Shapes: y_true and y_pred `(batch, .., 4)`, result `(batch, ..)`. A single box `(4,)` gives `()`.

    Raises:
        ValueError: for an unknown option, or shapes that differ or do not end in 4.

    Example:

    >>> print(round(float(keraslosses.giou([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]])[0]), 4))
    1.0833
    """
    boxes = compare(y_true, y_pred, box_format)
    around = boxes.x.span * boxes.y.span
    return 1.0 - boxes.overlap + part_of(around - boxes.union, around) - growth(boxes)


@loss_function(Boxes(), box_format=box_format_rule)
def diou(y_true: Tensor, y_pred: Tensor, *, box_format: str = "xyxy") -> Any:
    """One minus the overlap of two boxes, plus a term for the distance of their centers.

    See `DIoU` for the formula and the choices.

    Args:
        y_true, y_pred: True and predicted boxes: four numbers along the last axis.
        box_format: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` (corner of the smallest x and y, and
            the size), or `"center_xywh"`.

    Shapes: y_true and y_pred `(batch, .., 4)`, result `(batch, ..)`. A single box `(4,)` gives `()`.

    Raises:
        ValueError: for an unknown option, or shapes that differ or do not end in 4.

    Example:

    >>> print(round(float(keraslosses.diou([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]])[0]), 4))
    0.9036
    """
    return overlap_and_distance(compare(y_true, y_pred, box_format))


@loss_function(Boxes(), box_format=box_format_rule, alpha_gradient=checks.boolean, alpha_gate=checks.fraction)
def ciou(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    box_format: str = "xyxy",
    alpha_gradient: bool = False,
    alpha_gate: float = 0.0,
) -> Any:
    """One minus the overlap of two boxes, plus terms for the distance of centers and the aspect ratio.

    See `CIoU` for the formula and the choices.

    Args:
        y_true, y_pred: True and predicted boxes: four numbers along the last axis.
        box_format: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` (corner of the smallest x and y, and
            the size), or `"center_xywh"`.
        alpha_gradient: Whether the gradient also passes through the weight α of the aspect ratio. Default:
            False.
        alpha_gate: Overlap below which the aspect ratio does not count, in [0, 1]. Default: 0.

    Shapes: y_true and y_pred `(batch, .., 4)`, result `(batch, ..)`. A single box `(4,)` gives `()`.

    Raises:
        ValueError: for an option out of range, or shapes that differ or do not end in 4.

    Example:

    >>> print(round(float(keraslosses.ciou([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]])[0]), 4))
    0.9163
    """
    boxes = compare(y_true, y_pred, box_format)
    true, pred = (box_geometry.angle(x, y) for x, y in zip(boxes.x[:2], boxes.y[:2], strict=True))
    aspect = (4 / math.pi**2) * ops.square(true - pred)
    alpha = part_of(aspect, (1.0 - boxes.overlap) + aspect)
    alpha = ops.where(boxes.overlap < alpha_gate, ops.zeros_like(alpha), alpha)
    alpha = alpha if alpha_gradient else ops.stop_gradient(alpha)
    return overlap_and_distance(boxes) + alpha * aspect


def overlap_and_distance(boxes: Comparison) -> Tensor:
    """1 - IoU + ρ² / c², with ρ the distance of the centers and c the diagonal of the box around both."""
    distance = ops.square(boxes.x.apart) + ops.square(boxes.y.apart)
    diagonal = ops.square(boxes.x.span) + ops.square(boxes.y.span)
    return 1.0 - boxes.overlap + part_of(distance, diagonal) - growth(boxes)


@saved
class IoU(FunctionLoss):
    """One minus the overlap of the boxes: for the regression of all four numbers together, at any size.

    With I the area of the intersection and U the area of the union:

    ```
    IoU = I / U
    loss = 1 - IoU, or -log(max(IoU, 1e-6)), or 1 - IoU²
    ```

    Args:
        box_format: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` (corner of the smallest x and y, and
            the size), or `"center_xywh"`.
        mode: `"linear"` (default), `"log"` (the loss of UnitBox and FCOS) or `"squared"`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, .., 4)`, result `(batch, ..)`. A single box `(4,)` gives `()`.

    Equal boxes cost exactly 0 at every scale. Boxes without an intersection cost 1 (`"log"`: 13.8155) with
    gradient 0: use `GIoU`, `DIoU` or `CIoU` if that happens. Inverted boxes count as empty (x2 := max(x1,
    x2), y2 likewise), and two empty boxes have no overlap. A predicted side that is 0 or inverted grows: its
    derivative by the length is -1 / (that side of the smallest box around both), or 0 if that side is 0. If
    two edges coincide, each has half of the gradient.

    Raises:
        ValueError: for an unknown option, or shapes that differ or do not end in 4.

    Source: Yu et al., UnitBox, 2016, equation 2 (the logarithm).

    Example:

    >>> loss = keraslosses.IoU()
    >>> print(round(float(loss([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]])), 4))
    0.8333
    """

    def __init__(
        self,
        box_format: str = "xyxy",
        mode: str = "linear",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "iou",
        dtype: DType = None,
    ):
        super().__init__(iou, reduction, name, dtype, box_format=box_format, mode=mode)


@saved
class GIoU(FunctionLoss):
    """The loss of the overlap, plus the empty part of the smallest box around both boxes.

    It also moves boxes without an overlap towards each other.

    With U the area of the union and C that of the smallest box around both:

    ```
    loss = 1 - IoU + (C - U) / C
    ```

    Args:
        box_format: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` (corner of the smallest x and y, and
            the size), or `"center_xywh"`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, .., 4)`, result `(batch, ..)`. A single box `(4,)` gives `()`.

    The values lie between 0 (equal boxes) and 2. If the box around both has no area, the second term is 0.
    Empty boxes and edges that coincide: see `IoU`.

    Raises:
        ValueError: for an unknown option, or shapes that differ or do not end in 4.

    Source: Rezatofighi et al., Generalized Intersection over Union, 2019, algorithm 1.

    Example:

    >>> loss = keraslosses.GIoU()
    >>> print(round(float(loss([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]])), 4))
    1.0833
    """

    def __init__(
        self,
        box_format: str = "xyxy",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "giou",
        dtype: DType = None,
    ):
        super().__init__(giou, reduction, name, dtype, box_format=box_format)


@saved
class DIoU(FunctionLoss):
    """The loss of the overlap, plus a term for the distance of the centers.

    It moves boxes without an overlap towards each other on the shortest way.

    With ρ the distance of the centers and c the diagonal of the smallest box around both:

    ```
    loss = 1 - IoU + ρ² / c²
    ```

    Args:
        box_format: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` (corner of the smallest x and y, and
            the size), or `"center_xywh"`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, .., 4)`, result `(batch, ..)`. A single box `(4,)` gives `()`.

    The values lie between 0 (equal boxes) and 2. If c is 0, the second term is 0. Empty boxes and edges that
    coincide: see `IoU`.

    Raises:
        ValueError: for an unknown option, or shapes that differ or do not end in 4.

    Source: Zheng et al., Distance-IoU Loss, 2020, equation 7.

    Example:

    >>> loss = keraslosses.DIoU()
    >>> print(round(float(loss([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]])), 4))
    0.9036
    """

    def __init__(
        self,
        box_format: str = "xyxy",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "diou",
        dtype: DType = None,
    ):
        super().__init__(diou, reduction, name, dtype, box_format=box_format)


@saved
class CIoU(FunctionLoss):
    """The loss of `DIoU`, plus a term for the aspect ratio: overlap, distance and shape.

    ```
    v = 4 / π² (atan(w_true / h_true) - atan(w / h))²
    α = v / ((1 - IoU) + v), and 0 where IoU < alpha_gate
    loss = 1 - IoU + ρ² / c² + α v
    ```

    Args:
        box_format: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` (corner of the smallest x and y, and
            the size), or `"center_xywh"`.
        alpha_gradient: Whether the gradient also passes through α. Default: False, which holds α constant, as
            in the paper.
        alpha_gate: Overlap below which the aspect ratio does not count, in [0, 1]. Default: 0. The later
            paper (Zheng et al., Enhancing Geometric Factors, 2021) uses 0.5.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, .., 4)`, result `(batch, ..)`. A single box `(4,)` gives `()`.

    atan(w / h) is atan2(w, h). It is 0 with gradient 0 for a box without width and height. The gradient by w
    and h is that of v; the authors' code omits its factor 1 / (w² + h²). Empty boxes and edges that coincide:
    see `IoU`.

    Raises:
        ValueError: for an option out of range, or shapes that differ or do not end in 4.

    Source: Zheng et al., Distance-IoU Loss, 2020, equations 8 to 11.

    Example:

    >>> loss = keraslosses.CIoU()
    >>> print(round(float(loss([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]])), 4))
    0.9163
    """

    def __init__(
        self,
        box_format: str = "xyxy",
        alpha_gradient: bool = False,
        alpha_gate: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ciou",
        dtype: DType = None,
    ):
        super().__init__(
            ciou,
            reduction,
            name,
            dtype,
            box_format=box_format,
            alpha_gradient=alpha_gradient,
            alpha_gate=alpha_gate,
        )
