"""The comparison of two boxes, axis by axis: common length, span, and distance of the centers.

A box is a pair of sides. Along each axis, positions are measured from the start of the true side, in
units of the size of both boxes together. So no digits are lost, far from the origin and at any scale.
"""

from typing import NamedTuple

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor

CORNERS = ("xyxy", "yxyx")
FORMATS = (*CORNERS, "xywh", "center_xywh")

box_format_rule = checks.one_of(*FORMATS)

# A smaller area, in units of the size of both boxes, counts as none: its gradient would overflow.
NOTHING = 1e-24


class Side(NamedTuple):
    """Boxes along one axis: a place, and a length (negative if inverted).

    `before` says how many lengths before the place the side starts: 0, or 1/2 if the place is the center.
    """

    place: Tensor
    length: Tensor
    before: float

    @property
    def start(self) -> Tensor:
        return self.place - self.before * self.length


def sides(boxes: Tensor, box_format: str) -> tuple[Side, Side]:
    """The sides along x and along y."""
    first, second, third, fourth = ops.unstack(boxes, 4, axis=-1)
    if box_format == "yxyx":
        first, second, third, fourth = second, first, fourth, third
    if box_format in CORNERS:
        third, fourth = third - first, fourth - second
    before = 0.5 if box_format == "center_xywh" else 0.0
    return Side(first, third, before), Side(second, fourth, before)


def boxes_of(x: Side, y: Side, box_format: str) -> Tensor:
    """The boxes of these sides."""
    if box_format in CORNERS:
        first, second = (y, x) if box_format == "yxyx" else (x, y)
        numbers = [first.start, second.start, first.start + first.length, second.start + second.length]
    else:
        before = 0.5 if box_format == "center_xywh" else 0.0
        numbers = [x.start + before * x.length, y.start + before * y.length, x.length, y.length]
    return ops.stack(numbers, axis=-1)


class Axis(NamedTuple):
    """Two sides on one axis.

    `true` and `pred` are their lengths, and `common` is the length of their intersection. `span` is the
    length from the first start to the last end, and `apart` the distance of the centers.
    """

    true: Tensor
    pred: Tensor
    common: Tensor
    span: Tensor
    apart: Tensor


class Comparison(NamedTuple):
    """Two boxes: their axes, the area of their union, and their overlap (intersection over union).

    `given` holds the lengths of the second box as they came. `scale` is the unit of all other lengths.
    """

    x: Axis
    y: Axis
    union: Tensor
    overlap: Tensor
    given: tuple[Tensor, Tensor]
    scale: Tensor


def compare(y_true: Tensor, y_pred: Tensor, box_format: str) -> Comparison:
    """The comparison of two boxes. An inverted side counts as empty, at its start."""
    true, pred = sides(y_true, box_format), sides(y_pred, box_format)
    measures = [measured(*pair) for pair in zip(true, pred, strict=True)]
    scale = ops.stop_gradient(sum(ops.abs(length) for lengths in measures for length in lengths))
    scale = backend.above_or_one(scale, 0.0)
    x, y = (axis_of(*(length / scale for length in lengths)) for lengths in measures)
    intersection = x.common * y.common
    union = x.true * y.true + x.pred * y.pred - intersection
    given = pred[0].length, pred[1].length
    return Comparison(x, y, union, part_of(intersection, union), given, scale)


def measured(true: Side, pred: Side) -> tuple[Tensor, Tensor, Tensor]:
    """The two lengths, and how far the second side starts behind the first."""
    offset = pred.place - true.place
    if true.before:
        # The length of an empty side does not move it: `growth` gives the gradient by that length.
        length = ops.where(pred.length <= 0, ops.stop_gradient(pred.length), pred.length)
        offset = offset - true.before * (length - true.length)
    return backend.at_least(true.length, 0.0), backend.at_least(pred.length, 0.0), offset


def growth(boxes: Comparison) -> Tensor:
    """0, with a derivative by the lengths of the second box.

    For a length above 0 the derivative is 0. For any other length it is 1 / (that side of the box around
    both), or 0 if that side is 0. A loss minus this makes the sides of empty boxes grow, because the overlap
    has no gradient there. The difference is computed first, so the value is exactly 0 in compiled code too.
    """
    x, y = (
        (length - ops.stop_gradient(length)) * ops.stop_gradient(steepness(length, axis.span, boxes.scale))
        for length, axis in zip(boxes.given, boxes[:2], strict=True)
    )
    return x + y


def steepness(length: Tensor, span: Tensor, scale: Tensor) -> Tensor:
    """1 / (span in its own units) if a length is not above 0 and there is a span; otherwise 0."""
    grows = ops.logical_and(length <= 0, span >= NOTHING)
    zero = ops.zeros_like(span)
    return ops.where(grows, 1.0 / ops.where(grows, span * scale, zero + 1.0), zero)


def axis_of(true: Tensor, pred: Tensor, offset: Tensor) -> Axis:
    """The common length and the span, from the distances of both starts to both ends.

    The smallest of the four distances is the common length. The largest is the span.
    """
    across, back = true - offset, pred + offset
    least, span = backend.extremes((true, pred), (across, back))
    common = backend.at_least(least, 0.0)
    return Axis(true, pred, common, span, offset + 0.5 * (pred - true))


def part_of(part: Tensor, whole: Tensor) -> Tensor:
    """part / whole, and 0 with gradient 0 if the whole is nearly 0 in units of both boxes.

    First both are divided by the whole, held constant. Otherwise its square would underflow in the gradient.
    """
    empty = whole < NOTHING
    size = backend.above_or_one(ops.stop_gradient(whole), NOTHING)
    return ops.where(empty, 0.0, (part / size) / ops.where(empty, ops.ones_like(whole), whole / size))


def angle(x: Tensor, y: Tensor) -> Tensor:
    """atan2(x, y) of two lengths. It is 0 with gradient 0 if both are 0."""
    size = ops.stop_gradient(ops.maximum(x, y))
    nothing = size == 0
    size = backend.above_or_one(size, 0.0)
    return ops.arctan2(x / size, ops.where(nothing, ops.ones_like(y), y / size))
