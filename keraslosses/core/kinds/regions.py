"""The kind `Regions`: two tensors of the same shape, compared over one axis, several axes, or all."""

from collections.abc import Callable, Sequence
from typing import Any

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.domain import PROBABILITIES, TARGETS
from keraslosses.core.kinds.kind import Kind, Pair, tensors_of_one_shape, where
from keraslosses.core.reduction import extend_to
from keraslosses.core.types import Options, Tensor


def axes_or_none(name: str, value: Any) -> None:
    """Allows None, an integer, or a sequence of at least one integer: the rule for an `axis` of `Regions`."""
    several = isinstance(value, Sequence) and len(value) > 0 and all(map(checks.is_integer, value))
    if value is not None and not checks.is_integer(value) and not several:
        raise checks.invalid(name, "be None, an integer, or a sequence of integers", value)


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that a region spans, counted from the first; None stands for all axes."""
    if axis is None:
        return tuple(range(rank))
    given = (axis,) if checks.is_integer(axis) else axis
    axes = tuple(sorted({checks.axis_in_range(int(one), rank) for one in given}))
    if len(axes) < len(given):
        raise checks.invalid("axis", f"name each axis of a y_pred of rank {rank} once", axis)
    return axes


class Regions(Kind):
    """Two tensors of the same shape. The formula compares them over regions, such as the pixels of an image.

    The loss function must have an option `axis`: the axes that a region spans. `axis` is one axis, several
    axes, or None. None means that the whole batch is one region, and each sample gets the value of this
    region. If a region spans the batch axis, sample weights change the result only, not the inputs.

    Shapes: y_true must have the shape of y_pred. y_true `(batch,)` fits y_pred `(batch, 1)`, and the other
    way round. The formula returns one value for each region. With `axis=None` it returns a scalar, and the
    loss function returns `(batch,)`.

    The numbers in y_true must lie in [0, 1], and those in y_pred too, unless the loss has the option
    `from_logits` and it is True. The formula must be finite if all inputs are 0, because zeros replace a
    sample of weight 0.
    """

    true, pred = TARGETS, PROBABILITIES

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_true, y_pred = tensors_of_one_shape(name, y_true, y_pred)
        rank, axis = len(y_pred.shape), options["axis"]
        axes = axes_of(axis, rank)
        return Pair(y_true, y_pred, axes[1:] if axis is None else axes, coupled=0 in axes)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the entries that are not kept by empty regions: all numbers are 0."""
        return where(ops.expand_dims(keep, pair.axes), pair, 0.0)

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Sets the elements that are not seen to 0, so that they are not part of their region."""
        return where(seen, pair, 0.0)

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        """Hides the masked elements. A region is valid if at least one of its elements is not masked."""
        mask = extend_to(mask, len(pair.y_pred.shape), "mask", pair.y_pred.shape)
        seen = ops.any(mask, axis=pair.axes)
        return self.hide(pair, mask, options), ops.broadcast_to(seen, self.shape(pair))

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        values = formula(pair.y_true, pair.y_pred)
        whole = len(values.shape) == 0 and len(pair.axes) < len(pair.y_pred.shape)
        return ops.broadcast_to(values, (ops.shape(pair.y_pred)[0],)) if whole else values
