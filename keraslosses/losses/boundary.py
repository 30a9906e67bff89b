"""The boundary loss: how far the predicted pixels are from the true region."""

from dataclasses import replace
from typing import Any

from keraslosses.core import checks
from keraslosses.core.domain import PROBABILITIES
from keraslosses.core.kinds.class_maps import ClassPair, activation_of, silenced, without_unseen
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Options, Tensor
from keraslosses.losses.class_shares import class_shares


class Distances(Elementwise):
    """A distance for each probability, or for each logit of a class."""

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        pair = super().read(name, y_true, y_pred, options)
        axis, from_logits = options["class_axis"], options["from_logits"]
        if from_logits:
            axis = checks.class_axis(axis, len(pair.y_pred.shape), name)
        activation = activation_of(pair.y_pred, axis, from_logits, options["multi_label"])
        return ClassPair(pair.y_true, pair.y_pred, pair.axes, class_axis=axis, activation=activation)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        return silenced(super().silence, pair, keep)

    def hide(self, pair: Any, seen: Tensor, options: Options) -> Pair:
        hidden = super().hide(pair, seen, options)
        return replace(hidden, y_pred=without_unseen(pair, seen, 1.0))


@loss_function(
    Distances(pred=PROBABILITIES),
    from_logits=checks.boolean,
    multi_label=checks.boolean,
    class_axis=checks.integer,
)
def boundary(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
) -> Any:
    """Mean of probability times signed distance, over the last axis.

    See `Boundary` for the formula and the choices.

    Args:
        y_true: The signed distance of each pixel from the boundary of the true region, below 0 inside.
        y_pred: Predicted probabilities of the region, or logits if `from_logits`.
        from_logits: Whether y_pred holds logits. Default: False.
        multi_label: Whether logits become probabilities by a sigmoid each. Default: False, by a softmax along
            `class_axis`, or by a sigmoid if this axis has the size 1.
        class_axis: The axis of y_pred with the classes. Only read for logits. Default: -1.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch, d0, .. dN-1)`.

    Raises:
        ValueError: for an option out of range, shapes that differ, or numbers in y_pred outside [0, 1].

    Example:

    >>> print(round(float(keraslosses.boundary([[-1.0, 0.0, 1.0, 2.0]], [[0.9, 0.8, 0.5, 0.1]])[0]), 4))
    -0.05
    """
    return y_true * class_shares(y_pred, from_logits, multi_label, class_axis)


@saved
class Boundary(FunctionLoss):
    """Boundary loss: pushes a predicted region to the boundary of the true one. Add it to another loss.

    ```
    loss = mean(p d)
    ```

    p is the predicted probability of a pixel. d is its signed distance from the boundary of the true region:
    above 0 outside, and 0 or less inside.

    Args:
        from_logits: Whether y_pred holds logits. Default: False.
        multi_label: Whether logits become probabilities by a sigmoid each. Default: False, by a softmax along
            `class_axis`, or by a sigmoid if this axis has the size 1.
        class_axis: The axis of y_pred with the classes. Only read for logits. Default: -1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, values `(batch, d0, .. dN-1)`: the mean is over the last
    axis.

    `signed_distances` makes y_true from masks, once for all epochs. The loss is negative if the region is
    found. The distances must not be scaled by the size of the image: far pixels are to cost more. Alone, the
    loss may end with an empty region, so it is added to a loss such as `Dice`, with a weight that grows from
    0.01 over the epochs. The two losses have different y_true: give the model two outputs with the same
    probabilities.

    Raises:
        ValueError: for an option out of range, shapes that differ, or numbers in y_pred outside [0, 1] when
            the values can be read. In compiled code, the value is NaN.

    Source: Kervadec et al., Boundary loss for highly unbalanced segmentation, 2019, equation 5.

    Example:

    >>> loss = keraslosses.Boundary()
    >>> print(round(float(loss([[-1.0, 0.0, 1.0, 2.0]], [[0.9, 0.8, 0.5, 0.1]])), 4))
    -0.05
    """

    def __init__(
        self,
        from_logits: bool = False,
        multi_label: bool = False,
        class_axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "boundary",
        dtype: DType = None,
    ):
        super().__init__(
            boundary,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            multi_label=multi_label,
            class_axis=class_axis,
        )
