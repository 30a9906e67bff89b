"""Functions of boxes that are no losses: the overlaps of two sets of boxes, and other box formats."""

from keras.backend import standardize_dtype

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.precision import floating
from keraslosses.core.readable import check_readable
from keraslosses.core.symbolic import takes_symbols
from keraslosses.core.types import Tensor
from keraslosses.losses import box_geometry
from keraslosses.losses.box_geometry import box_format_rule, compare


@takes_symbols
def pairwise_iou(boxes1: Tensor, boxes2: Tensor, *, box_format: str = "xyxy") -> Tensor:
    """The overlap of every box of one set with every box of another: intersection over union.

    Args:
        boxes1: Boxes `(.., N, 4)`.
        boxes2: Boxes `(.., M, 4)`.
        box_format: Format of both: `"xyxy"` (corners, default), `"yxyx"`, `"xywh"` (upper left corner and
            size), or `"center_xywh"`.

    Returns:
        Overlaps `(.., N, M)` in [0, 1]: 1 for equal boxes, 0 for boxes that do not intersect or are both
            empty. The dtype is float64 if one of both sets was float64, or integers of 32 bits or more;
            otherwise float32. JAX has float64 only with `jax_enable_x64`.

    Shapes: boxes1 `(.., N, 4)`, boxes2 `(.., M, 4)`, result `(.., N, M)`.

    Raises:
        ValueError: for an unknown format, or a last axis that is not of size 4.

    Example:

    >>> boxes = [[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]]
    >>> print(round(float(keraslosses.pairwise_iou(boxes, boxes)[0, 1]), 4))
    0.3333
    """
    box_format_rule("box_format", box_format)
    one, other = of_boxes("boxes1", boxes1), of_boxes("boxes2", boxes2)
    dtype = one.dtype if standardize_dtype(one.dtype) == "float64" else other.dtype
    one, other = ops.cast(one, dtype)[..., :, None, :], ops.cast(other, dtype)[..., None, :, :]
    rank = max(len(one.shape), len(other.shape))
    one, other = (ops.expand_dims(x, tuple(range(rank - len(x.shape)))) for x in (one, other))
    return compare(one, other, box_format).overlap


@takes_symbols
def convert_boxes(boxes: Tensor, source: str, target: str) -> Tensor:
    """Converts boxes to another format. An inverted box stays inverted.

    Args:
        boxes: Boxes `(.., 4)` in the format `source`.
        source: Format of the boxes: `"xyxy"`, `"yxyx"`, `"xywh"` or `"center_xywh"`; see `pairwise_iou`.
        target: Format of the result, one of the same names.

    Returns:
        A tensor of the same shape. The dtype is float64 if the boxes were float64, or integers of 32 bits or
            more; otherwise float32.

    Shapes: boxes and result `(.., 4)`.

    Raises:
        ValueError: for an unknown format, or a last axis that is not of size 4.

    Example:

    >>> print(keras.ops.convert_to_numpy(keraslosses.convert_boxes([1.0, 2.0, 4.0, 8.0], "xyxy", "xywh")))
    [1. 2. 3. 6.]
    """
    for name, value in {"source": source, "target": target}.items():
        box_format_rule(name, value)
    boxes = of_boxes("boxes", boxes)
    if source == target:
        return boxes
    if {source, target} == set(box_geometry.CORNERS):
        return ops.take(boxes, [1, 0, 3, 2], axis=-1)
    return box_geometry.boxes_of(*box_geometry.sides(boxes, source), target)


def of_boxes(name: str, boxes: Tensor) -> Tensor:
    """Boxes in float32; in float64 if they came so, or as integers that float32 may not hold exactly."""
    check_readable(None, **{name: boxes})
    boxes = ops.convert_to_tensor(boxes)
    whole = standardize_dtype(boxes.dtype) in ("int32", "int64", "uint32", "uint64")
    boxes = ops.cast(boxes, "float64") if whole and backend.has_float64() else floating(boxes)
    if not len(boxes.shape) or boxes.shape[-1] != 4:
        raise ValueError(
            f"`{name}` must hold four numbers along the last axis. "
            f"Received: {name}.shape={tuple(boxes.shape)}"
        )
    return boxes
