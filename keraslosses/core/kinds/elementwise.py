"""Two tensors of one shape, with a value for each element."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import Range
from keraslosses.core.kinds.kind import Kind, Options, Pair, tensors_of_one_shape, where
from keraslosses.core.types import Tensor


class Elementwise(Kind):
    """Two tensors of one shape; the formula gives a value per element, averaged along `axis`."""

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
        return Pair(y_true, y_pred, (axis,))

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Puts ones where an entry is not kept: every formula is finite there."""
        return where(ops.expand_dims(keep, pair.axis), pair, 1.0)

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Takes elements of a masked axis out of the mean along it."""
        return replace(where(seen, pair, 1.0), inner=ops.cast(seen, pair.y_pred.dtype))

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        if self.explicit:
            values = backend.explicit(formula, pair.y_true, pair.y_pred, None, faster)
        else:
            values = formula(pair.y_true, pair.y_pred)
        return self.average(values, pair.axis, pair.inner)

    def mean(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        """Rows are of one length, so the mean of their means is that of all elements."""
        if not self.explicit or self.average is not numerics.mean:
            return None
        return backend.explicit_mean(formula, pair.y_true, pair.y_pred, None, faster)


class Signs(Elementwise):
    """Targets -1 and 1. Where the whole batch holds only 0 and 1, they are read as -1 and 1."""

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        pair = super().read(name, y_true, y_pred, options)
        zero_or_one = ops.all(ops.logical_or(pair.y_true == 0, pair.y_true == 1))
        return replace(pair, y_true=ops.where(zero_or_one, 2.0 * pair.y_true - 1.0, pair.y_true))
