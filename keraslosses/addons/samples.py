"""The losses of TensorFlow Addons with a value for each sample."""

from collections.abc import Sequence
from typing import Any

from keraslosses.addons.addon import Addon, class_of, of_addons
from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS
from keraslosses.core.explicit import Explicit, of_error
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.loss import loss_function
from keraslosses.core.reduction import Entries
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.boxes import GIoU, IoU
from keraslosses.losses.contrastive import Contrastive
from keraslosses.losses.focal import BinaryFocalCrossentropy


@of_addons
class ContrastiveLoss(Addon):
    """Contrastive loss of distances, as `Contrastive`.

    Args:
        margin: Distance that pairs that are not alike should have, at least 0. Default: 1.
        reduction: How the values are reduced, as in every loss, or `"auto"`. Default:
            `"sum_over_batch_size"`.
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true and y_pred `(batch,)`, the values `(batch,)`.

    Example:

    >>> from keraslosses import addons
    >>> print(round(float(addons.ContrastiveLoss()([1.0, 0.0], [0.5, 0.75])), 4))
    0.1562
    """

    def __init__(
        self,
        margin: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "contrastive_loss",
        dtype: DType = None,
    ):
        super().__init__(Contrastive(margin), reduction, name, dtype, margin=margin)


@of_addons
class SigmoidFocalCrossEntropy(Addon):
    """Binary focal loss, summed over the last axis: as `BinaryFocalCrossentropy` times the number of outputs.

    Args:
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        alpha: Weight of the positives; the negatives have 1 - alpha. 0 or None: no weights. Default: 0.25.
        gamma: Power of the probability of the wrong answer, at least 0. None is 0. Default: 2.
        reduction: How the values are reduced, as in every loss, or `"auto"`. Default: `"none"`, so training
            needs another one, except with TensorFlow.
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true and y_pred `(batch, .., outputs)`, the values `(batch, ..)`.

    Example:

    >>> from keraslosses import addons
    >>> print(round(float(addons.SigmoidFocalCrossEntropy()([[1.0, 0.0]], [[0.5, 0.5]])[0]), 4))
    0.1733
    """

    def __init__(
        self,
        from_logits: bool = False,
        alpha: float | None = 0.25,
        gamma: float | None = 2.0,
        reduction: str | None = "none",
        name: str | None = "sigmoid_focal_crossentropy",
        dtype: DType = None,
    ):
        ours = BinaryFocalCrossentropy(
            apply_class_balancing=bool(alpha),
            alpha=alpha or 0.25,
            gamma=gamma or 0.0,
            from_logits=from_logits,
        )
        super().__init__(ours, reduction, name, dtype, from_logits=from_logits, alpha=alpha, gamma=gamma)

    def entries(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None, mask: Tensor = None
    ) -> Entries:
        found = super().entries(y_true, y_pred, sample_weight, mask)
        shape = ops.shape(backend.as_tensor(y_pred))
        return found._replace(values=found.values * (shape[-1] if len(shape) > 1 else 1))


@of_addons
class GIoULoss(Addon):
    """Generalised intersection over union of boxes that begin with y, as `GIoU(box_format="yxyx")`.

    Args:
        mode: `"giou"` (default), or `"iou"` for 1 minus the plain overlap.
        reduction: How the values are reduced, as in every loss, or `"auto"`. Default: `"auto"`.
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true and y_pred `(.., 4)`, the values `(..)`.

    Example:

    >>> from keraslosses import addons
    >>> print(round(float(addons.GIoULoss()([[4.0, 3, 7, 5]], [[3.0, 4, 6, 8]])), 4))
    1.075
    """

    def __init__(
        self,
        mode: str = "giou",
        reduction: str | None = "auto",
        name: str | None = "giou_loss",
        dtype: DType = None,
    ):
        checks.one_of("giou", "iou")("mode", mode)
        ours = GIoU(box_format="yxyx") if mode == "giou" else IoU(mode="linear", box_format="yxyx")
        super().__init__(ours, reduction, name, dtype, mode=mode)


def share_or_shares(name: str, value: Any) -> None:
    """Allows a number from 0 to 1, or a sequence of such numbers."""
    for one in value if checks.is_sequence(value) else [value]:
        checks.fraction(name, one)


@loss_function(Elementwise(explicit=True), tau=share_or_shares)
def pinball_of_addons(y_true: Tensor, y_pred: Tensor, tau: float | Sequence[float] = 0.5) -> Any:
    """The pinball loss; its derivative is 0 for an error of 0."""
    share: Any = numerics.per_output("tau", tau, y_pred, -1)
    error = y_true - y_pred
    missed = ops.where(error > 0, share, ops.where(error < 0, share - 1.0, ops.zeros_like(error)))
    return of_error(missed * error, lambda: -missed)


@of_addons
class PinballLoss(Addon):
    """Pinball loss: its least value is at a quantile of the targets.

    ```
    loss = mean(max(tau (y_true - y_pred), (tau - 1) (y_true - y_pred)), axis=-1)
    ```

    Args:
        tau: The quantile, from 0 to 1; or one for each output. Default: 0.5, half the absolute error.
        reduction: How the values are reduced, as in every loss, or `"auto"`. Default: `"auto"`.
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true and y_pred `(batch, .., outputs)`, the values `(batch, ..)`.

    Example:

    >>> from keraslosses import addons
    >>> print(round(float(addons.PinballLoss(tau=0.1)([[0.0, 1.0]], [[1.0, 0.0]])), 4))
    0.5
    """

    def __init__(
        self,
        tau: float | Sequence[float] = 0.5,
        reduction: str | None = "auto",
        name: str | None = "pinball_loss",
        dtype: DType = None,
    ):
        super().__init__(Pinball(tau), reduction, name, dtype, tau=tau)


@loss_function(Vectors(explicit=True, true=DISTRIBUTIONS))
def sparsemax_of_addons(y_true: Tensor, y_pred: Tensor) -> Any:
    """The loss whose gradient is sparsemax(y_pred) - y_true."""
    logits = y_pred - ops.stop_gradient(backend.largest(y_pred))[..., None]
    p = sparsemax(logits)
    parts = numerics.times_unless_zero(p, logits - 0.5 * p)
    parts = parts - numerics.times_unless_zero(y_true, logits - 0.5 * y_true)
    return Explicit(ops.sum(parts, axis=-1), lambda: p - y_true)


def sparsemax(logits: Tensor) -> Any:
    """The nearest distribution to each row of logits. Classes with low logits get 0."""
    falling = -ops.sort(-logits, axis=-1)
    sums = ops.cumsum(falling, axis=-1)
    ranks = ops.cumsum(ops.ones_like(logits), axis=-1)
    kept = ops.cast(1.0 + ranks * falling > sums, logits.dtype)
    count = ops.sum(kept, axis=-1, keepdims=True)
    threshold = (ops.sum(numerics.times_unless_zero(kept, falling), axis=-1, keepdims=True) - 1.0) / count
    return ops.maximum(logits - threshold, 0.0)


@of_addons
class SparsemaxLoss(Addon):
    """Sparsemax loss: as a cross-entropy, but classes with low logits get the probability 0.

    With p the distribution nearest to the logits:

    ```
    loss = sum(p (y_pred - p / 2) - y_true (y_pred - y_true / 2), axis=-1)
    ```

    Args:
        from_logits: Must be True (default).
        reduction: How the values are reduced, as in every loss, or `"auto"`. Default:
            `"sum_over_batch_size"`.
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true (distributions or one-hot rows) and y_pred (logits) `(batch, classes)`, the values
    `(batch,)`.

    Example:

    >>> from keraslosses import addons
    >>> print(round(float(addons.SparsemaxLoss()([[1.0, 0.0]], [[0.5, 0.0]])), 4))
    0.0625
    """

    def __init__(
        self,
        from_logits: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "sparsemax_loss",
        dtype: DType = None,
    ):
        if from_logits is not True:
            raise checks.invalid("from_logits", "be True", from_logits)
        super().__init__(Sparsemax(), reduction, name, dtype, from_logits=from_logits)


Pinball: Any = class_of(pinball_of_addons, "pinball_loss")
Sparsemax: Any = class_of(sparsemax_of_addons, "sparsemax_loss")
