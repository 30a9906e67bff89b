"""Losses of detectors: one tensor holds the classes and boxes of all anchors of an image."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.loss import loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.anchors import IGNORED, Anchors, DetectionLoss, Part
from keraslosses.losses.box_geometry import box_format_rule
from keraslosses.losses.box_loss import box_loss_rule, box_values, values_where
from keraslosses.losses.boxes import iou
from keraslosses.losses.crossentropy import binary_crossentropy
from keraslosses.losses.focal import binary_focal_crossentropy
from keraslosses.losses.robust import smooth_l1
from keraslosses.losses.sparse_crossentropy import sparse_categorical_crossentropy


@loss_function(
    Anchors(),
    num_classes=checks.positive_integer,
    box_loss=box_loss_rule,
    box_weight=checks.non_negative,
    normalizer=checks.one_of("anchors", "positives"),
    box_format=box_format_rule,
)
def multi_task_detection(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    num_classes: int,
    box_loss: Any = None,
    box_weight: float = 1.0,
    normalizer: str = "anchors",
    box_format: str = "xyxy",
) -> Any:
    """Cross-entropy of the classes, plus a box loss of the positive anchors.

    See `MultiTaskDetection` for the formula and the choices.

    Args:
        y_true: For each anchor, the class (0 background, 1 to C, -1 ignored), then the box.
        y_pred: For each anchor, the logits of background and classes, then the box.
        num_classes: Number of classes C, without the background.
        box_loss: None (default): smooth L1 (beta 1), summed over the four numbers. Or `"iou"`, `"giou"`,
            `"diou"`, `"ciou"`, a loss of this package, or a sum of such losses.
        box_weight: Weight of the box loss, at least 0. Default: 1.
        normalizer: The anchors whose number the sums of an image are divided by: `"anchors"` (default), those
            that are not ignored, or `"positives"`, those that have a class.
        box_format: Format of all boxes: `"xyxy"` (two corners, default), `"yxyx"`, `"xywh"` or
            `"center_xywh"`.

    Shapes: y_true `(batch, anchors, 5)`, y_pred `(batch, anchors, C + 5)`, result `(batch,)`.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a `box_loss` of another format, or a
            class outside [-1, C].

    Example:

    >>> y_true = [[[1, 0.0, 0.0, 2.0, 4.0], [0, 0.0, 0.0, 0.0, 0.0]]]
    >>> y_pred = [[[0.0, 0.0, 1.0, 1.0, 4.0, 3.0], [0.0, 0.0, 5.0, 5.0, 5.0, 5.0]]]
    >>> print(round(float(keraslosses.multi_task_detection(y_true, y_pred, num_classes=1)[0]), 4))
    2.1931
    """
    counted, positive = counted_and_positive(y_true)
    logits, boxes = y_pred[..., : num_classes + 1], y_pred[..., num_classes + 1 :]
    classes = values_where(
        counted,
        sparse_categorical_crossentropy,
        y_true[..., 0],
        logits,
        from_logits=True,
        ignore_class=IGNORED,
    )
    if box_loss is None:
        boxes = 4.0 * values_where(positive, smooth_l1, y_true[..., 1:], boxes)
    else:
        boxes = box_values(box_loss, positive, y_true[..., 1:], boxes, box_format)
    count = number_of(counted if normalizer == "anchors" else positive, y_pred.dtype)
    return {"classification": Part(classes, count), "box": Part(boxes, count, box_weight)}


@loss_function(
    Anchors(),
    num_classes=checks.positive_integer,
    alpha=checks.fraction,
    gamma=checks.non_negative,
    box_loss=box_loss_rule,
)
def fcos(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    num_classes: int,
    alpha: float = 0.25,
    gamma: float = 2.0,
    box_loss: Any = None,
) -> Any:
    """Focal loss of the classes, box loss weighted by centerness, and cross-entropy of the centerness.

    See `FCOS` for the formula and the choices.

    Args:
        y_true: For each location, the class (0 background, 1 to C, -1 ignored), then the distances to the
            left, upper, right and lower edge of the box.
        y_pred: For each location, one logit per class, then the four distances, then the logit of the
            centerness.
        num_classes: Number of classes C.
        alpha: Weight of the true class in the focal loss, in [0, 1]. Default: 0.25.
        gamma: Exponent of the discount in the focal loss, at least 0. Default: 2.
        box_loss: None (default): -log IoU. Or `"iou"`, `"giou"`, `"diou"`, `"ciou"`, a loss of this package,
            or a sum of such losses.

    Shapes: y_true `(batch, locations, 5)`, y_pred `(batch, locations, C + 5)`, result `(batch,)`.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a `box_loss` of another format, or a
            class outside [-1, C].

    Example:

    >>> y_true = [[[1, 1.0, 2.0, 3.0, 4.0], [0, 0.0, 0.0, 0.0, 0.0]]]
    >>> y_pred = [[[2.0, 1.0, 2.0, 3.0, 4.0, 0.0], [-2.0, 1.0, 1.0, 1.0, 1.0, 0.0]]]
    >>> print(round(float(keraslosses.fcos(y_true, y_pred, num_classes=1)[0]), 4))
    0.695
    """
    counted, positive = counted_and_positive(y_true)
    distances = y_true[..., 1:]
    classes = ops.arange(1, num_classes + 1, dtype="int32")[None, None]
    one_hot = ops.cast(ops.cast(y_true[..., :1], "int32") == classes, y_pred.dtype)
    focal = num_classes * values_where(
        counted,
        binary_focal_crossentropy,
        one_hot,
        y_pred[..., :num_classes],
        apply_class_balancing=True,
        alpha=alpha,
        gamma=gamma,
        from_logits=True,
    )
    center = ops.where(positive, centerness(distances), 0.0)
    total = ops.sum(center, axis=1)
    pair = around_location(distances), around_location(y_pred[..., num_classes : num_classes + 4])
    if box_loss is None:
        boxes = values_where(positive, iou, *pair, mode="log")
    else:
        boxes = box_values(box_loss, positive, *pair, "xyxy")
    centers = values_where(
        positive, binary_crossentropy, center[..., None], y_pred[..., num_classes + 4 :], from_logits=True
    )
    positives = number_of(positive, y_pred.dtype)
    return {
        "classification": Part(focal, positives),
        "box": Part(center * boxes, ops.where(total == 0, ops.ones_like(total), total)),
        "centerness": Part(centers, positives),
    }


def counted_and_positive(y_true: Tensor) -> tuple[Tensor, Tensor]:
    """Which anchors are not ignored, and which have a class."""
    return y_true[..., 0] != IGNORED, y_true[..., 0] > 0


def number_of(anchors: Tensor, dtype: DType) -> Tensor:
    """The number of these anchors in each image, at least 1, to divide by."""
    return ops.maximum(ops.sum(ops.cast(anchors, dtype), axis=1), 1.0)


def around_location(distances: Tensor) -> Tensor:
    """The box as corners, with its location at the origin."""
    return distances * backend.constant([[[-1.0, -1.0, 1.0, 1.0]]], distances.dtype, distances)


def centerness(distances: Tensor) -> Tensor:
    """How near a location is to the center of its box: sqrt(min(l, r) / max(l, r) · min(t, b) / max(t, b)).

    It is 0 on the edge, outside the box, and in a box without width or height.
    """
    left, top, right, bottom = ops.unstack(ops.maximum(distances, 0.0), 4, axis=-1)
    across = numerics.divide(ops.minimum(left, right), ops.maximum(left, right))
    down = numerics.divide(ops.minimum(top, bottom), ops.maximum(top, bottom))
    return numerics.root(across * down)


@saved
class MultiTaskDetection(DetectionLoss):
    """The loss of detectors over anchors or proposals: class and box of each anchor.

    It adds the cross-entropy of the class and, for anchors with an object, a box loss.

    With u the class of an anchor and λ = box_weight, summed over the anchors a of each image:

    ```
    loss = (sum_a -log softmax(logits)[u] + λ sum_a [u >= 1] box_loss(box_true, box)) / N
    ```

    Args:
        num_classes: Number of classes C, without the background.
        box_loss: None (default): smooth L1 (beta 1), summed over the four numbers. Or `"iou"`, `"giou"`,
            `"diou"` or `"ciou"`, which use `box_format`. Or a loss of this package, or a sum of such losses:
            its value for each box counts, its reduction does not. `4.0 * BalancedL1()` is the sum over the
            four numbers.
        box_weight: λ, at least 0. Default: 1.
        normalizer: What N counts: `"anchors"` (default), the anchors of the image that are not ignored, or
            `"positives"`, the anchors that have a class. N is at least 1.
        box_format: Format of the boxes in y_true and y_pred: `"xyxy"` (two corners, default), `"yxyx"`,
            `"xywh"` or `"center_xywh"`; see `IoU`. A `box_loss` that has a `box_format` must have the same
            one. A `box_loss` without one compares the numbers as they are.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true `(batch, anchors, 5)`: class (0 background, 1 to C, -1 ignored), then the box. y_pred
    `(batch, anchors, C + 5)`: logits of background and classes, then the box. Result `(batch,)`.

    sample_weight is `(batch,)` or `(batch, anchors)`. Weights of anchors multiply the terms inside both sums,
    but do not change N. A Keras mask `(batch, anchors)` marks anchors as ignored. The gradient of the box
    part is exactly 0 for an anchor without an object, whatever numbers its box holds. An image without
    positive anchors has only the classification part.

    `loss.component("classification")` and `loss.component("box")` are metrics of the two parts, without λ.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a `box_loss` of another format, or a
            class outside [-1, C] when its value can be read. In compiled code, the loss of such an image is
            NaN.

    Source: Girshick, Fast R-CNN, 2015, equation 1.

    Example:

    >>> loss = keraslosses.MultiTaskDetection(num_classes=1)
    >>> y_true = [[[1, 0.0, 0.0, 2.0, 4.0], [0, 0.0, 0.0, 0.0, 0.0]]]
    >>> y_pred = [[[0.0, 0.0, 1.0, 1.0, 4.0, 3.0], [0.0, 0.0, 5.0, 5.0, 5.0, 5.0]]]
    >>> print(round(float(loss(y_true, y_pred)), 4))
    2.1931
    """

    parts = ("classification", "box")

    def __init__(
        self,
        num_classes: int,
        box_loss: Any = None,
        box_weight: float = 1.0,
        normalizer: str = "anchors",
        box_format: str = "xyxy",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "multi_task_detection",
        dtype: DType = None,
    ):
        super().__init__(
            multi_task_detection,
            reduction,
            name,
            dtype,
            num_classes=num_classes,
            box_loss=box_loss,
            box_weight=box_weight,
            normalizer=normalizer,
            box_format=box_format,
        )


@saved
class FCOS(DetectionLoss):
    """The loss of detectors without anchors: class, box and centerness of each location.

    Each location of a feature map predicts the class, the distances to the four edges of its box, and its
    centerness: how near it is to the center of the box.

    With P the number of positive locations of an image (at least 1) and c the centerness of a location:

    ```
    c = sqrt(min(l, r) / max(l, r) · min(t, b) / max(t, b))
    loss = sum focal(class) / P + sum_positive c · box_loss / sum_positive c
           + sum_positive binary_crossentropy(c, centerness) / P
    ```

    Args:
        num_classes: Number of classes C.
        alpha: Weight of the true class in the focal loss, in [0, 1]; the other classes have 1 - alpha.
            Default: 0.25.
        gamma: Exponent of the discount in the focal loss for well classified locations, at least 0. Default:
            2.
        box_loss: None (default): -log IoU. Or `"iou"`, `"giou"`, `"diou"`, `"ciou"`, a loss of this package,
            or a sum of such losses. It reads the box as corners around the location, (-l, -t, r, b), in the
            format `"xyxy"`.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true `(batch, locations, 5)`: class (0 background, 1 to C, -1 ignored), then the distances l, t,
    r, b from the location to the left, upper, right and lower edge. y_pred `(batch, locations, C + 5)`:
    logits, one per class, then l, t, r, b, then the logit of the centerness. Result `(batch,)`.

    Distances are at least 0 in both tensors: predict them through `softplus` or `exp`. A negative distance in
    y_true means that the location is outside its box, with centerness 0. sample_weight is `(batch,)` or
    `(batch, locations)`. Weights of locations multiply the terms inside the three sums, but do not change the
    numbers that the sums are divided by. Masks, and the gradient of locations without an object: see
    `MultiTaskDetection`.

    `loss.component(name)`, with `"classification"`, `"box"` or `"centerness"`, is a metric of one part.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a `box_loss` of another format, or a
            class outside [-1, C] when its value can be read. In compiled code, the loss of such an image is
            NaN.

    Source: Tian et al., FCOS, 2019, equations 2 and 3, with the weights by centerness of the authors' code.

    Example:

    >>> loss = keraslosses.FCOS(num_classes=1)
    >>> y_true = [[[1, 1.0, 2.0, 3.0, 4.0], [0, 0.0, 0.0, 0.0, 0.0]]]
    >>> y_pred = [[[2.0, 1.0, 2.0, 3.0, 4.0, 0.0], [-2.0, 1.0, 1.0, 1.0, 1.0, 0.0]]]
    >>> print(round(float(loss(y_true, y_pred)), 4))
    0.695
    """

    parts = ("classification", "box", "centerness")

    def __init__(
        self,
        num_classes: int,
        alpha: float = 0.25,
        gamma: float = 2.0,
        box_loss: Any = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "fcos",
        dtype: DType = None,
    ):
        super().__init__(
            fcos,
            reduction,
            name,
            dtype,
            num_classes=num_classes,
            alpha=alpha,
            gamma=gamma,
            box_loss=box_loss,
        )
