"""`HardExamples`: the mean of the largest values of a loss."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import keras
import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.loss import EntriesLoss
from keraslosses.core.reduction import Entries, reduce
from keraslosses.core.saving import saved
from keraslosses.core.types import DType, Tensor

# The products of the whole numbers in `part` are at most twice this one, so that they fit int32.
LARGEST_PRODUCT = 2**30


@saved
class HardExamples(EntriesLoss):
    """The mean of the largest values of another loss: training on the hard examples only (OHEM, top k).

    ```
    loss = mean of the k largest values,    k = max(at_least, ceil(fraction n)),    at most n
    ```

    n is the number of the values that count: those that no mask and no `ignore_class` takes out. So k changes
    with the batch.

    Args:
        loss: A loss of this package. Its own reduction has no effect. A sum of losses has no values of its
            own: wrap its parts.
        fraction: The share of the values that is kept, above 0 and at most 1. Default: 0.25.
        at_least: The smallest number of values that is kept. Default: 1.
        per: `"batch"` (default): the largest values of the batch. `"sample"`: those of each sample, for
            losses with several values for a sample, such as one for each pixel.
        reduction: How the kept values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None): then the others are 0.
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred as the inner loss takes them. The result is a scalar; with the reduction
    `"none"` it has the shape of the values of the inner loss.

    k is exact for a fraction of up to four decimals, and for a quotient of whole numbers up to 30,000. Others
    are rounded to such a quotient, to nine digits after the point at least.

    The values are compared after multiplication with their sample weights. Of equal values, the first ones
    are kept. What is kept is constant in the gradient. With `"sample"`, the mean is over the kept values of
    all samples. Under `tf.distribute`, the batch is that of one replica.

    Raises:
        ValueError: for an option out of range, or a `loss` that is no loss of this package with values.

    Source: Shrivastava et al., Training Region-based Object Detectors with Online Hard Example Mining, 2016;
    Fan et al., Learning with Average Top-k Loss, 2017, equation 2.

    Example:

    >>> loss = keraslosses.HardExamples(keraslosses.MeanSquaredError(), fraction=0.5)
    >>> print(float(loss([[0.0], [0.0], [0.0], [0.0]], [[1.0], [2.0], [3.0], [0.0]])))
    6.5
    """

    def __init__(
        self,
        loss: Any,
        fraction: float = 0.25,
        at_least: int = 1,
        per: str = "batch",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hard_examples",
        dtype: DType = None,
    ):
        if not isinstance(loss, EntriesLoss):
            expected = "be a loss of keraslosses with a value for each entry, such as Huber(), and no sum"
            raise checks.invalid("loss", expected, loss)
        checks.share("fraction", fraction)
        checks.positive_integer("at_least", at_least)
        checks.one_of("batch", "sample")("per", per)
        checks.reduction("reduction", reduction)
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.loss = loss
        self.fraction, self.at_least, self.per = float(fraction), int(at_least), per
        self.share, self.left_out = (whole_numbers(x) for x in (Fraction(fraction), 1 - Fraction(fraction)))

    def entries(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None, mask: Tensor = None
    ) -> Entries:
        """The entries of the inner loss. Only the largest of them are valid."""
        found = self.loss.entries(y_true, y_pred, sample_weight, mask)
        kept = self.kept(found)
        return found._replace(values=ops.where(kept, found.values, ops.zeros_like(found.values)), valid=kept)

    def kept(self, entries: Entries) -> Tensor:
        """Which entries are among the largest that count, in the shape of the values."""
        values = ops.stop_gradient(reduce(entries, "none"))
        valid = ops.ones_like(values, dtype="bool")
        if entries.valid is not None:
            valid = ops.broadcast_to(entries.valid, ops.shape(values))
        sizes = ops.shape(values)
        rows = sizes[0] if self.per == "sample" else 1
        shape = rows, math.prod(sizes[1:] if self.per == "sample" else sizes)
        chosen = largest(ops.reshape(values, shape), ops.reshape(valid, shape), self.count)
        return ops.reshape(chosen, sizes)

    def count(self, n: Tensor) -> Tensor:
        """How many of n values are kept: ceil(fraction · n) in whole numbers, and no less than `at_least`."""
        kept = n - part(n, *self.left_out) if self.fraction > 0.5 else part(n, *self.share, up=True)
        return ops.maximum(kept, self.at_least)

    def get_config(self) -> dict[str, Any]:
        return {
            "loss": keras.saving.serialize_keras_object(self.loss),
            "fraction": self.fraction,
            "at_least": self.at_least,
            "per": self.per,
            "reduction": self.reduction,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "HardExamples":
        return cls(**{**config, "loss": keras.saving.deserialize_keras_object(config["loss"])})


def whole_numbers(share: Fraction) -> tuple[int, int]:
    """A quotient of whole numbers near a share. If the share is at most 1/2, `part` can use it in int32."""
    largest = math.isqrt(int(LARGEST_PRODUCT / max(float(share), 1e-9)))
    return share.limit_denominator(min(10**9, largest)).as_integer_ratio()


def part(n: Tensor, numerator: int, denominator: int, up: bool = False) -> Any:
    """numerator / denominator · n in whole numbers, rounded down or up."""
    whole, rest = n // denominator, n % denominator
    more = denominator - 1 if up else 0
    return whole * numerator + (rest * numerator + more) // denominator


def largest(values: Tensor, valid: Tensor, count: Callable[[Tensor], Tensor]) -> Any:
    """Which of the values of each row are among its largest valid ones; `count` says how many of n are.

    A NaN counts as the largest value, so that it shows. Nothing infinite is made, because tools that look for
    faults would report it.
    """
    top = ops.zeros_like(values) + float(np.finfo(standardize_dtype(values.dtype)).max)
    ranked = ops.where(valid, ops.where(values < top, values, top), -top)
    rank = ops.argsort(ops.argsort(-ranked, axis=-1), axis=-1)
    n = ops.sum(ops.cast(valid, "int32"), axis=-1, keepdims=True)
    return ops.logical_and(valid, rank < count(n))
