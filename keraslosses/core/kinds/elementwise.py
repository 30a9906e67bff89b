"""The kinds `Elementwise` and `Signs`: two tensors of the same shape, with a value for each element."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import Range
from keraslosses.core.kinds.kind import Kind, Pair, tensors_of_one_shape, where
from keraslosses.core.types import Options, Tensor


class Elementwise(Kind):
    """Two tensors of the same shape. The formula gives one value for each element.

    The loss function returns the mean of these values along an axis: the option `axis` of the loss function,
    or the last axis if it has no such option. With an option `ignore_class`, elements with this label leave
    the mean.

    Args:
        average: How the values become one value along the axis: a function of the values, the axis, and
            weights or None. Default: the mean.
        explicit: Whether the formula returns its values with their derivatives, as an `Explicit` of this
            package. Default: False.
        true: The `Range` in which the numbers of y_true must lie. Default: None, all numbers are allowed.
        pred: The `Range` in which the numbers of y_pred must lie, unless the loss has the option
            `from_logits` and it is True. Default: None, all numbers are allowed.

    Shapes: y_true must have the shape of y_pred, `(batch, ..)`. y_true `(batch,)` fits y_pred `(batch, 1)`,
    and the other way round. The formula returns the shape of y_pred, the loss function the same without the
    axis.

    The formula must be finite if both inputs are 1, because ones replace masked elements and the elements of
    a sample of weight 0.
    """

    def __init__(
        self,
        average: Callable[..., Any] = numerics.mean,
        explicit: bool = False,
        true: Range | None = None,
        pred: Range | None = None,
    ):
        self.average = average
        self.explicit = explicit
        self.true, self.pred = true, pred

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_true, y_pred = tensors_of_one_shape(name, y_true, y_pred)
        axis = checks.axis_in_range(options.get("axis", -1), len(y_pred.shape))
        pair = Pair(y_true, y_pred, (axis,))
        ignored = options.get("ignore_class")
        if ignored is None:
            return pair
        known = y_true != ignored
        return replace(self.hide(pair, known, options), valid=ops.any(known, axis=axis))

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the elements of the entries that are not kept by ones: every formula is finite at 1."""
        return where(ops.expand_dims(keep, pair.axis), pair, 1.0)

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Takes masked and ignored elements out of the mean along the axis."""
        inner = ops.cast(seen, pair.y_pred.dtype)
        return replace(where(seen, pair, 1.0), inner=inner if pair.inner is None else inner * pair.inner)

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        if self.explicit:
            values = backend.explicit(formula, pair.y_true, pair.y_pred, None, faster)
        else:
            values = formula(pair.y_true, pair.y_pred)
        return self.average(values, pair.axis, pair.inner)

    def mean(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        """All rows have the same length, so the mean of their means is the mean of all elements."""
        if not self.explicit or self.average is not numerics.mean:
            return None
        return backend.explicit_mean(formula, pair.y_true, pair.y_pred, None, faster)


class Signs(Elementwise):
    """Targets -1 and 1. If the whole batch holds only 0 and 1, they are read as -1 and 1.

    Args:
        average: How the values become one value along the axis, as in `Elementwise`. Default: the mean.
        explicit: Whether the formula returns its values with their derivatives, as an `Explicit` of this
            package. Default: False.
        true: The `Range` in which the numbers of y_true must lie. Default: None, all numbers are allowed.
        pred: The `Range` in which the numbers of y_pred must lie, unless the loss has the option
            `from_logits` and it is True. Default: None, all numbers are allowed.

    Shapes: as in `Elementwise`.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        pair = super().read(name, y_true, y_pred, options)
        seen = backend.peek(pair.y_true)
        # With one number below 0, which a look finds at once, they stay as they are.
        if seen is not None and seen.min(initial=0.0) < 0:
            return pair
        zero_or_one = ops.all(ops.logical_or(pair.y_true == 0, pair.y_true == 1))
        return replace(pair, y_true=ops.where(zero_or_one, 2.0 * pair.y_true - 1.0, pair.y_true))
