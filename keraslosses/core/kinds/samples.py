"""The kind `Samples`: the formula reads the inputs itself and gives one value for each sample."""

from dataclasses import replace
from typing import Any

from keras.backend import standardize_dtype

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Kind, Pair
from keraslosses.core.precision import floating
from keraslosses.core.types import Options, Tensor


class Samples(Kind):
    """A y_true and a y_pred of any shapes with the same batch size. The formula gives one value per sample.

    Choose it if no other kind fits: for example, if a column of y_true holds weights, or if y_pred holds
    several outputs side by side.

    Shapes: y_true `(batch, ..)` and y_pred `(batch, ..)`. The formula must return `(batch,)`. A mask must be
    `(batch,)` or `(batch, 1)`.

    The formula must be finite if all inputs are 1, because ones replace a sample of weight 0.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred, y_true = floating(y_pred), backend.as_tensor(y_true)
        if "float" in standardize_dtype(y_true.dtype):
            y_true = ops.cast(y_true, y_pred.dtype)
        both = len(y_true.shape) and len(y_pred.shape)
        if not both or not checks.compatible(y_true.shape[:1], y_pred.shape[:1]):
            raise checks.shapes_differ(y_true, y_pred, name, "have the batch size of y_pred")
        return Pair(y_true, y_pred, tuple(range(1, len(y_pred.shape))))

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the inputs of the samples that are not kept by ones."""
        return replace(pair, y_true=ones_unless(keep, pair.y_true), y_pred=ones_unless(keep, pair.y_pred))

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        raise ValueError(
            "`mask` must have one number for each sample. Received: a mask of shape "
            f"{tuple(seen.shape)} for a y_pred of shape {tuple(pair.y_pred.shape)}"
        )

    def evaluate(self, formula: Any, pair: Pair, faster: Any = None) -> Any:
        values = formula(pair.y_true, pair.y_pred)
        if len(values.shape) != 1:
            raise ValueError(
                "The formula must give one value for each sample, a tensor of shape (batch,). "
                f"Received: values of shape {tuple(values.shape)}"
            )
        return values


def ones_unless(keep: Tensor, tensor: Any) -> Tensor:
    keep = ops.reshape(keep, (-1, *[1] * (len(tensor.shape) - 1)))
    return ops.where(keep, tensor, ops.ones_like(tensor))
