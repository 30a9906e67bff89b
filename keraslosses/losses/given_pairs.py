"""Losses of given pairs with a sign: `CosineEmbedding` compares two vectors, `MarginRanking` two scores."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.stacks import Stacks
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.symbolic import takes_symbols
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.stacking import cosine, stacked


@loss_function(Stacks(2, signs=True), margin=checks.cosine)
def stacked_cosine_embedding(y_true: Tensor, y_pred: Tensor, *, margin: float = 0.0) -> Any:
    """1 minus the cosine of vectors that are alike, and what the cosine of others exceeds a margin by.

    See `CosineEmbedding` for the formula and the choices.

    Args:
        y_true: 1 for a pair that is alike, -1 for another pair.
        y_pred: The pairs of vectors.
        margin: Cosine that pairs that are not alike may have, from -1 to 1. Default: 0.

    Shapes: y_pred `(batch, 2, dim)`, y_true `(batch,)` or `(batch, 1)`, result `(batch,)`.

    `cosine_embedding` is the same for two tensors.

    Raises:
        ValueError: for a `margin` out of range, shapes that do not fit, or a target that is neither -1 nor 1.

    Example:

    >>> pair = [[1.0, 0.0], [3.0, 4.0]]
    >>> print(round(float(keraslosses.stacked_cosine_embedding([1], [pair])[0]), 4))
    0.4
    """
    alike = cosine(*ops.unstack(numerics.unit(y_pred, -1), 2, axis=1))
    return ops.where(y_true > 0, 1.0 - alike, backend.at_least(alike - margin, 0.0))


@takes_symbols
def cosine_embedding(a: Tensor, b: Tensor, sign: Tensor, *, margin: float = 0.0) -> Any:
    """1 minus the cosine of vectors that are alike, and what the cosine of others exceeds a margin by.

    See `CosineEmbedding` for the formula and the choices.

    Args:
        a, b: The first and the second vector of each pair.
        sign: 1 for a pair that is alike, -1 for another pair.
        margin: Cosine that pairs that are not alike may have, from -1 to 1. Default: 0.

    Returns:
        The value of each pair.

    Shapes: a and b `(batch, dim)`, sign `(batch,)` or `(batch, 1)`, result `(batch,)`.

    Raises:
        ValueError: for a `margin` out of range, shapes that do not fit, or a sign that is neither -1 nor 1.

    Example:

    >>> values = keraslosses.cosine_embedding([[1.0, 0.0]], [[3.0, 4.0]], [1])
    >>> print(round(float(values[0]), 4))
    0.4
    """
    return stacked_cosine_embedding(sign, stacked(a=a, b=b), margin=margin)


@loss_function(Stacks(2, vectors=False, signs=True), margin=checks.number)
def stacked_margin_ranking(y_true: Tensor, y_pred: Tensor, *, margin: float = 0.0) -> Any:
    """What the score that should be higher lacks of being a margin above the other one.

    See `MarginRanking` for the formula and the choices.

    Args:
        y_true: 1 if the first score should be higher, -1 if the second one should be.
        y_pred: The pairs of scores.
        margin: How much higher the score should be, any number. Default: 0.

    Shapes: y_pred `(batch, 2)` or `(batch, 2, 1)`, y_true `(batch,)` or `(batch, 1)`, result `(batch,)`.

    `margin_ranking` is the same for two tensors.

    Raises:
        ValueError: for a `margin` that is no finite number, shapes that do not fit, or a target that is
            neither -1 nor 1.

    Example:

    >>> print(float(keraslosses.stacked_margin_ranking([1], [[0.5, 2.0]])[0]))
    1.5
    """
    first, second = ops.unstack(y_pred, 2, axis=1)
    return backend.at_least(margin - y_true * (first - second), 0.0)


@takes_symbols
def margin_ranking(a: Tensor, b: Tensor, sign: Tensor, *, margin: float = 0.0) -> Any:
    """What the score that should be higher lacks of being a margin above the other one.

    See `MarginRanking` for the formula and the choices.

    Args:
        a, b: The first and the second score of each pair.
        sign: 1 if the first score should be higher, -1 if the second one should be.
        margin: How much higher the score should be, any number. Default: 0.

    Returns:
        The value of each pair.

    Shapes: a and b `(batch,)` or `(batch, 1)`, sign `(batch,)` or `(batch, 1)`, result `(batch,)`.

    Raises:
        ValueError: for a `margin` that is no finite number, shapes that do not fit, or a sign that is neither
            -1 nor 1.

    Example:

    >>> print(float(keraslosses.margin_ranking([0.5], [2.0], [1])[0]))
    1.5
    """
    return stacked_margin_ranking(sign, stacked(a=a, b=b), margin=margin)


@saved
class CosineEmbedding(FunctionLoss):
    """Cosine loss of given pairs: vectors that are alike have one direction, others at least an angle.

    With c the cosine of the two vectors of a pair:

    ```
    loss = 1 - c               where y_true is 1
           max(c - margin, 0)  where y_true is -1
    ```

    Args:
        margin: Cosine that pairs that are not alike may have, from -1 to 1. Default: 0.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, 2, dim)`, y_true `(batch,)` or `(batch, 1)`, result `(batch,)`.

    y_pred holds the two vectors of each pair: stack two outputs with `keras.ops.stack(.., axis=1)`. The
    function `cosine_embedding` takes two tensors. A vector of zeros has the cosine 0, with gradient 0; a
    length below 1e-7 counts as 1e-7. The gradient is 0 if a cosine exactly reaches the margin. The mask of
    y_pred may be one for each vector: a pair with a masked vector does not count.

    Raises:
        ValueError: for a `margin` out of range, shapes that do not fit, or, when the values can be read, a
            target that is neither -1 nor 1. In compiled code, the loss of such a sample is NaN.

    Source: torch.nn.CosineEmbeddingLoss.

    Example:

    >>> loss = keraslosses.CosineEmbedding()
    >>> print(round(float(loss([1], [[[1.0, 0.0], [3.0, 4.0]]])), 4))
    0.4
    """

    def __init__(
        self,
        margin: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_embedding",
        dtype: DType = None,
    ):
        super().__init__(stacked_cosine_embedding, reduction, name, dtype, margin=margin)


@saved
class MarginRanking(FunctionLoss):
    """Ranking loss of given pairs: of two scores, the one that should be higher must win by a margin.

    With a and b the two scores of a pair:

    ```
    loss = max(margin - y_true (a - b), 0)
    ```

    Args:
        margin: How much higher the score should be, any number. Default: 0.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, 2)` or `(batch, 2, 1)`, y_true `(batch,)` or `(batch, 1)`, result `(batch,)`.

    y_true is 1 if the first score should be higher, and -1 if the second one should be. The function
    `margin_ranking` takes two tensors. The gradient is 0 if a pair exactly reaches the margin. So with the
    default margin, two equal scores stay equal: set a margin above 0. The mask of y_pred may be one for each
    score: a pair with a masked score does not count.

    Raises:
        ValueError: for a `margin` that is no finite number, shapes that do not fit, or, when the values can
            be read, a target that is neither -1 nor 1. In compiled code, the loss of such a sample is NaN.

    Source: torch.nn.MarginRankingLoss.

    Example:

    >>> loss = keraslosses.MarginRanking(margin=0.5)
    >>> print(float(loss([1], [[0.5, 2.0]])))
    2.0
    """

    def __init__(
        self,
        margin: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "margin_ranking",
        dtype: DType = None,
    ):
        super().__init__(stacked_margin_ranking, reduction, name, dtype, margin=margin)
