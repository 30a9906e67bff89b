"""The kind `Vectors`: two tensors of the same shape, with a value for each vector along an axis."""

from collections.abc import Callable
from typing import Any

from keraslosses.core import backend
from keraslosses.core.domain import Range
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.kind import Pair, where
from keraslosses.core.types import Options, Tensor


class Vectors(Elementwise):
    """Two tensors of the same shape. The formula gives one value for each vector along `axis`.

    The axis is the option `axis` of the loss function; the last axis if it has no such option.

    Args:
        explicit: Whether the formula returns its values with their derivatives, as an `Explicit` of this
            package. Default: False.
        true: The `Range` in which the numbers of y_true must lie. Default: None, all numbers are allowed.
        pred: The `Range` in which the numbers of y_pred must lie, unless the loss has the option
            `from_logits` and it is True. Default: None, all numbers are allowed.
        clipped: Whether the formula itself counts a number just outside its range as the bound. Then compiled
            code moves no numbers. It only finds the rows that become NaN, which is faster. Default: False.

    Shapes: y_true must have the shape of y_pred, `(batch, ..)`. y_true `(batch,)` fits y_pred `(batch, 1)`,
    and the other way round. The formula returns the shape of y_pred without `axis`.

    The formula must be finite if all inputs are 1, because ones replace a sample of weight 0. Zeros replace
    masked elements.
    """

    def __init__(
        self,
        explicit: bool = False,
        true: Range | None = None,
        pred: Range | None = None,
        clipped: bool = False,
    ):
        super().__init__(explicit=explicit, true=true, pred=pred)
        self.clipped = clipped

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Sets masked elements to 0, so that they add nothing to a product or a sum."""
        return where(seen, pair, 0.0)

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        if self.explicit:
            return backend.explicit(formula, pair.y_true, pair.y_pred, pair.axis, faster)
        return formula(pair.y_true, pair.y_pred)

    def mean(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        if not self.explicit:
            return None
        return backend.explicit_mean(formula, pair.y_true, pair.y_pred, pair.axis, faster)
