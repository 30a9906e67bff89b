"""Weights of the outputs, for losses with a term for each output."""

from typing import Any

from keraslosses.core import numerics
from keraslosses.core.explicit import Explicit
from keraslosses.core.types import Tensor


def weighted_outputs(terms: Explicit, class_weights: Any, y_pred: Tensor, axis: int = -1) -> Explicit:
    """The terms times the weights of the outputs along an axis; None are ones."""
    if class_weights is None:
        return terms
    weights = numerics.per_output("class_weights", class_weights, y_pred, axis)

    def weighed(values: Tensor) -> Tensor:
        return numerics.weighed(values, weights, class_weights)

    by_true = terms.by_true
    return Explicit(
        weighed(terms.values),
        lambda: weighed(terms.by_pred()),
        None if by_true is None else lambda: weighed(by_true()),
    )
