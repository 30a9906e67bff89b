"""Two tensors of one shape, with a value for each vector along an axis."""

from collections.abc import Callable
from typing import Any

from keraslosses.core import backend
from keraslosses.core.domain import Range
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.kind import Options, Pair, where
from keraslosses.core.types import Tensor


class Vectors(Elementwise):
    """Two tensors of one shape; the formula consumes `axis` itself."""

    def __init__(self, explicit: bool = False, true: Range | None = None, pred: Range | None = None):
        super().__init__(explicit=explicit, true=true, pred=pred)

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Puts zeros where a vector's element is masked: it adds nothing to a product or a sum."""
        return where(seen, pair, 0.0)

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        if self.explicit:
            return backend.explicit(formula, pair.y_true, pair.y_pred, pair.axis, faster)
        return formula(pair.y_true, pair.y_pred)

    def mean(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        if not self.explicit:
            return None
        return backend.explicit_mean(formula, pair.y_true, pair.y_pred, pair.axis, faster)
