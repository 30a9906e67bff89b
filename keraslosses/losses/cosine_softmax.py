"""Cross-entropy of scaled cosines, with a margin on the cosine of the label. All angular losses use it."""

from collections.abc import Callable
from typing import Any

from keraslosses.core import backend, checks, limits
from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.labels import weighted_by_label
from keraslosses.core.types import Tensor

# How far rounding can carry a cosine outside [-1, 1], also in bfloat16.
ROUNDING = 0.01

COMMON = {
    "scale": checks.positive,
    "ignore_class": checks.optional_integer,
    "class_weights": checks.optional_weights,
}


def with_margin(
    moved: Callable[[Any, Any], Explicit],
    labels: Tensor,
    cosines: Tensor,
    scale: float,
    class_weights: list[float] | None,
) -> Tensor:
    """Cross-entropy of the scaled cosines after `moved` changed the label's cosine.

    It is NaN for a row that holds numbers other than cosines.
    """
    own = backend.pick(cosines, labels)
    change = backend.explicit(moved, ops.stop_gradient(own), own, None) - own
    logits = backend.add_to_picked(scale * cosines, labels, scale * change)
    values = backend.negative_log_likelihood(logits, labels)
    values = values * backend.one_or_nan(ops.logical_not(are_cosines(cosines)), values.dtype)
    return weighted_by_label(values, class_weights, labels)


def are_cosines(numbers: Tensor) -> Tensor:
    """Whether each row holds only cosines, or -inf for an excluded class."""
    outside = ops.logical_and(ops.abs(numbers) > 1.0 + ROUNDING, numbers > limits.LOWEST)
    return ops.logical_not(ops.any(outside, axis=-1))
