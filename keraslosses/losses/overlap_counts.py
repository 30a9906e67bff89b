"""What the losses of regions share: their options, and the soft counts of the pixels of a region."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from keraslosses.core import checks, limits, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.masks import Truth
from keraslosses.core.kinds.regions import axes_or_none
from keraslosses.core.types import Tensor

Axes = int | Sequence[int] | None
Weights = Sequence[float] | None

OPTIONS: dict[str, checks.Rule] = {
    "axis": axes_or_none,
    "smooth": checks.non_negative,
    "from_logits": checks.boolean,
    "multi_label": checks.boolean,
    "class_axis": checks.integer,
    "ignore_class": checks.optional_integer,
    "class_weights": checks.optional_weights,
    "absent": checks.one_of("count", "skip"),
}


class Counts(NamedTuple):
    """The pixels in both masks, in the predicted one only, and in the true one only, of each region."""

    common: Any
    false_positives: Any
    false_negatives: Any

    @property
    def apart(self) -> Any:
        """The pixels in one mask only."""
        return self.false_positives + self.false_negatives

    @property
    def true(self) -> Any:
        """The pixels of the true mask."""
        return self.common + self.false_negatives

    @property
    def size(self) -> Any:
        """The pixels of both masks. Those in common count twice."""
        return 2.0 * self.common + self.apart


def counts(y_true: Truth, probability: Tensor) -> Counts:
    """The counts, exact to the last digit for nearly equal masks too."""
    mask = y_true.mask
    return Counts(
        y_true.total(mask * probability),
        y_true.total((1.0 - mask) * probability),
        y_true.total(mask * (1.0 - probability)),
    )


def quick_counts(y_true: Truth, probability: Tensor) -> Counts:
    """The counts as differences of three sums: fewer passes, and rounded to the digits of the sums."""
    common, true, predicted = y_true.totals(probability)
    return Counts(common, predicted - common, true - common)


def one_minus(part: Tensor, rest: Tensor, smooth: float) -> Any:
    """1 - (part + smooth) / (part + rest + smooth), to the last digit; 0 for 0 / 0."""
    whole = part + rest
    return numerics.fraction(rest, whole + smooth if smooth else whole)


def one_minus_as_keras(part: Tensor, rest: Tensor, empty: Tensor, smooth: float) -> Any:
    """1 - (part + smooth) / (part + rest + smooth). Without `smooth`, 1e-7 is added to the divisor.

    Then `empty` regions agree: they have the value 0, with gradient 0.
    """
    small = 0.0 if smooth else limits.EPSILON
    values = numerics.fraction(rest + small, part + rest + (smooth or small))
    return values if smooth else ops.where(empty, ops.zeros_like(values), values)
