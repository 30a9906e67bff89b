"""The margin loss of given triplets: an anchor, a positive and a negative."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.stacks import Stacks
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.symbolic import takes_symbols
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.stacking import length, stacked


def norm(name: str, value: Any) -> None:
    """Allows numbers of at least 1, and infinity."""
    if not (checks.is_number(value) and value >= 1):
        raise checks.invalid(name, "be a number of at least 1, or infinity", value)


@loss_function(
    Stacks(3),
    margin=checks.non_negative,
    p=norm,
    eps=checks.non_negative,
    swap=checks.boolean,
)
def stacked_triplet_margin(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
) -> Any:
    """What the negative of each triplet lacks of being a margin further from the anchor than the positive.

    See `TripletMargin` for the formula and the choices.

    Args:
        y_true: Anything with a row for each triplet. It is not read.
        y_pred: The triplets: anchor, positive and negative, in this order.
        margin: How much further away the negative should be, at least 0. Default: 1.
        p: Which norm the distances have, at least 1. Infinity: the largest difference of two numbers.
            Default: 2, the Euclidean distance.
        eps: Number added to each difference of two vectors, at least 0. Default: 1e-6, as in torch.
        swap: Whether the negative is compared with the nearer one of anchor and positive. Default: False.

    Shapes: y_pred `(batch, 3, dim)`, y_true any shape with this batch size, result `(batch,)`.

    `triplet_margin` is the same for three tensors.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Example:

    >>> triplet = [[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]]
    >>> print(round(float(keraslosses.stacked_triplet_margin([0], [triplet])[0]), 4))
    4.0
    """
    anchor, positive, negative = ops.unstack(y_pred, 3, axis=1)
    near, far = length(anchor - positive + eps, p), length(anchor - negative + eps, p)
    if swap:
        far = backend.smaller(far, length(positive - negative + eps, p))
    return backend.at_least(near - far + margin, 0.0)


@takes_symbols
def triplet_margin(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
) -> Any:
    """What each negative lacks of being a margin further from its anchor than the positive is.

    See `TripletMargin` for the formula and the choices.

    Args:
        anchor, positive, negative: The three vectors of each triplet.
        margin: How much further away the negative should be, at least 0. Default: 1.
        p: Which norm the distances have, at least 1. Infinity: the largest difference of two numbers.
            Default: 2, the Euclidean distance.
        eps: Number added to each difference of two vectors, at least 0. Default: 1e-6, as in torch.
        swap: Whether the negative is compared with the nearer one of anchor and positive. Default: False.

    Returns:
        The value of each triplet.

    Shapes: anchor, positive and negative `(batch, dim)`, result `(batch,)`.

    Raises:
        ValueError: for an option out of range, or shapes that differ.

    Example:

    >>> values = keraslosses.triplet_margin([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 2.0]])
    >>> print(round(float(values[0]), 4))
    4.0
    """
    triplets = stacked(anchor=anchor, positive=positive, negative=negative)
    return stacked_triplet_margin(anchor, triplets, margin=margin, p=p, eps=eps, swap=swap)


@saved
class TripletMargin(FunctionLoss):
    """Triplet loss of given triplets: the negative must be further from the anchor than the positive.

    With the anchor a, the positive b and the negative c of a triplet:

    ```
    loss    = max(d(a, b) - d(a, c) + margin, 0)
    d(u, v) = (sum |u - v + eps|^p)^(1/p)
    ```

    With `swap`, `min(d(a, c), d(b, c))` is in the place of `d(a, c)`.

    Args:
        margin: How much further away the negative should be, at least 0. Default: 1.
        p: Which norm the distances have, at least 1. Infinity: the largest difference of two numbers.
            Default: 2, the Euclidean distance.
        eps: Number added to each difference of two vectors, at least 0. Default: 1e-6, as in torch.
        swap: Whether the negative is compared with the nearer one of anchor and positive. Default: False.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, 3, dim)`, y_true any shape with this batch size, result `(batch,)`.

    y_pred holds the anchor, the positive and the negative of each triplet, in this order: stack the three
    outputs with `keras.ops.stack(.., axis=1)`. y_true is not read. The function `triplet_margin` takes three
    tensors. The vectors are not normalised. The gradient is 0 if a triplet exactly reaches the margin, and
    where two vectors have distance 0. If `p` is infinity, the largest differences share the gradient. Two
    equal vectors have the distance of a vector of `eps`; with `eps=0` it is 0. A triplet without loss
    counts in the mean. The mask of y_pred may be one for each vector: a triplet with a masked vector does not
    count.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Balntas et al., Learning Local Feature Descriptors with Triplets and Shallow Convolutional Neural
    Networks, 2016; torch.nn.TripletMarginLoss.

    Example:

    >>> loss = keraslosses.TripletMargin()
    >>> print(round(float(loss([0], [[[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]]])), 4))
    4.0
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2,
        eps: float = 1e-6,
        swap: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "triplet_margin",
        dtype: DType = None,
    ):
        super().__init__(
            stacked_triplet_margin, reduction, name, dtype, margin=margin, p=p, eps=eps, swap=swap
        )
