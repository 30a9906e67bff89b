"""The kind `Boxes`: two tensors of boxes, with a value for each box."""

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.precision import floating
from keraslosses.core.types import Options, Tensor


class Boxes(Vectors):
    """Boxes: four numbers along the last axis. The formula gives one value for each box.

    Args:
        explicit: Whether the formula returns its values with their derivatives, as an `Explicit` of this
            package. Default: False.
        true: The `Range` in which the numbers of y_true must lie. Default: None, all numbers are allowed.
        pred: The `Range` in which the numbers of y_pred must lie. Default: None, all numbers are allowed.

    Shapes: y_true and y_pred `(.., 4)` with the same shape; `(4,)` is a single box. The formula returns the
    shape of y_pred without the last axis.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        y_true = backend.as_tensor(y_true)
        rank = len(y_pred.shape)
        if not rank or y_pred.shape[-1] != 4 or not checks.compatible(y_true.shape, y_pred.shape):
            raise checks.shapes_differ(y_true, y_pred, name, "be boxes, (.., 4), in the shape of y_pred")
        return Pair(ops.cast(y_true, y_pred.dtype), y_pred, (rank - 1,))
