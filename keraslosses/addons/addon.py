"""The base classes of the losses of TensorFlow Addons."""

from typing import Any

from keraslosses.core import checks
from keraslosses.core.loss import EntriesLoss
from keraslosses.core.reduction import Entries
from keraslosses.core.saving import saved
from keraslosses.core.types import DType, Tensor


def of_addons(cls: Any) -> Any:
    """Registers a class under the name that TensorFlow Addons gave it."""
    return saved(cls, "Addons")


def reduction_of(reduction: str | None) -> str | None:
    """The reduction under its name in Keras 3: `"auto"` was the mean, except in a custom training loop."""
    reduction = "sum_over_batch_size" if reduction == checks.AUTO else reduction
    checks.reduction("reduction", reduction)
    return reduction


class Addon(EntriesLoss):
    """A loss with the arguments of TensorFlow Addons, computed by a loss of this package."""

    def __init__(self, ours: Any, reduction: str | None, name: str | None, dtype: DType, **options: Any):
        super().__init__(name=name, reduction=reduction_of(reduction), dtype=dtype)
        self.ours = ours
        self.options = {option: checks.plain(value) for option, value in options.items()}

    def entries(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None, mask: Tensor = None
    ) -> Entries:
        return self.ours.entries(y_true, y_pred, sample_weight, mask)

    def get_config(self) -> dict[str, Any]:
        return {**self.options, "reduction": self.reduction, "name": self.name, "dtype": self.dtype}


class AddonOfBatch(Addon):
    """A loss with one value for the batch: the result is this number with every reduction."""

    def __init__(self, ours: Any, reduction: str | None, name: str | None, dtype: DType, **options: Any):
        super().__init__(ours, "sum_over_batch_size", name, dtype, **options)
        self.given_reduction = reduction_of(reduction)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "reduction": self.given_reduction}
