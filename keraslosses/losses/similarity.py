"""Losses between directions."""

from typing import Any, NamedTuple

from keraslosses.core import checks, limits, numerics
from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.loss import FunctionLoss, loss_function, saved


@loss_function(Vectors(explicit=True), axis=checks.integer)
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between two vectors; see `CosineSimilarity`."""
    true, pred = Vector.of(y_true, axis), Vector.of(y_pred, axis)
    cosine = ops.sum(true.scaled * pred.scaled, axis=axis, keepdims=True) * (true.to_unit * pred.to_unit)
    # Rounding carries a cosine beyond 1. Only the value is cut: the derivative is that of the cosine.
    values = -ops.clip(ops.squeeze(cosine, axis), -1.0, 1.0)
    return Explicit(values, lambda: -pred.towards(true, cosine), lambda: -true.towards(pred, cosine))


class Vector(NamedTuple):
    """A vector of elements of size 1, what makes it one of length 1, and its own length.

    Squares of such elements run neither over nor under. Lengths below 1e-7 count as 1e-7.
    """

    scaled: Any
    to_unit: Any
    length: Any

    @classmethod
    def of(cls, x: Any, axis: int) -> "Vector":
        scale = numerics.scale_of(x, axis)
        scaled = x / scale
        length = ops.sqrt(ops.sum(ops.square(scaled), axis=axis, keepdims=True)) * scale
        return cls(scaled, scale / ops.maximum(length, limits.EPSILON), length)

    def towards(self, other: "Vector", cosine: Any) -> Any:
        """How the cosine grows with this vector; 0 where it is zero."""
        length = ops.maximum(self.length, limits.EPSILON)
        across = ops.where(self.length == 0, 0.0, other.to_unit / length)
        along = ops.where(self.length < limits.EPSILON, 0.0, cosine) * self.to_unit / length
        return other.scaled * across - self.scaled * along


@saved
class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between prediction and target: compares directions, not lengths.

    ```
    loss = -sum(y_true / max(norm(y_true), 1e-7) · y_pred / max(norm(y_pred), 1e-7), axis)
    ```

    Args:
        axis: Axis of the vectors.
        reduction, name, dtype: As `MeanSquaredError`.

    Shapes: y_true and y_pred of one shape, result without `axis`. Range -1 (same direction) to 1.

    A vector of zeros gives value 0 and gradient 0; the gradient grows as the vector shrinks, up to 1e7.
    Squares neither overflow nor underflow. Source: Keras.

    Example:

    >>> loss = keraslosses.CosineSimilarity()
    >>> print(round(float(loss([[3.0, 4.0]], [[4.0, 3.0]])), 4))
    -0.96
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
