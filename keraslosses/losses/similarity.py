"""Losses between the directions of vectors."""

from typing import Any, NamedTuple

from keraslosses.core import checks, limits, numerics
from keraslosses.core.backend import forms, ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor


@loss_function(Vectors(explicit=True), forms.COSINE_SIMILARITY_MEAN, axis=checks.integer)
def cosine_similarity(y_true: Tensor, y_pred: Tensor, axis: int = -1) -> Any:
    """Minus the cosine of the angle between two vectors.

    See `CosineSimilarity` for the formula and the choices.

    Args:
        y_true, y_pred: Targets and predictions: real numbers, in tensors or arrays of one shape.
        axis: Axis of the vectors. Default: the last.

    Shapes: y_true and y_pred have the same shape. The result has that shape without `axis`.

    Raises:
        ValueError: for an `axis` out of range, or shapes that differ.

    Example:

    >>> print(round(float(keraslosses.cosine_similarity([[3.0, 4.0]], [[4.0, 3.0]])[0]), 4))
    -0.96
    """
    true, pred = Vector.of(y_true, axis), Vector.of(y_pred, axis)
    cosine = ops.sum(true.scaled * pred.scaled, axis=axis, keepdims=True) * (true.to_unit * pred.to_unit)
    # Rounding can carry a cosine beyond 1. Only the value is clipped: the derivative is that of the cosine.
    values = -ops.clip(ops.squeeze(cosine, axis), -1.0, 1.0)
    return Explicit(values, lambda: -pred.towards(true, cosine), lambda: -true.towards(pred, cosine))


class Vector(NamedTuple):
    """A vector, scaled so that the squares of its elements neither overflow nor underflow.

    `to_unit` is the factor from the scaled vector to one of length 1. `length` is the length of the original.
    Lengths below 1e-7 count as 1e-7.
    """

    scaled: Tensor
    to_unit: Tensor
    length: Tensor

    @classmethod
    def of(cls, x: Tensor, axis: int) -> "Vector":
        scale, length = numerics.scale_and_length(x, axis)
        return cls(x / scale, scale / ops.maximum(length, limits.EPSILON), length)

    def towards(self, other: "Vector", cosine: Tensor) -> Tensor:
        """The derivative of the cosine by this vector. It is 0 for a zero vector."""
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
        axis: Axis of the vectors. Default: the last.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred have the same shape. The result has that shape without `axis`.

    The values lie between -1 (same direction) and 1. A vector of zeros gives value 0 and gradient 0. The
    gradient grows as the vector becomes shorter, up to 1e7. Squares neither overflow nor underflow.

    Source: Keras.

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
        dtype: DType = None,
    ):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
