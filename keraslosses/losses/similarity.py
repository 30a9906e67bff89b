"""Losses between directions."""

from typing import Any

from keras import ops

from keraslosses.core import checks, numerics
from keraslosses.core.inputs import Vectors
from keraslosses.core.loss import FunctionLoss, loss_function, saved


@loss_function(Vectors(), axis=checks.integer)
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between two vectors; see `CosineSimilarity`."""
    return -ops.sum(numerics.unit(y_true, axis) * numerics.unit(y_pred, axis), axis=axis)


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
