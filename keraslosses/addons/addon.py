"""The base classes of the losses of TensorFlow Addons, and what their functions share."""

from collections.abc import Callable
from typing import Any, ParamSpec

from keraslosses.core import checks
from keraslosses.core.loss import EntriesLoss
from keraslosses.core.loss_class import loss_class
from keraslosses.core.reduction import Entries, reduce
from keraslosses.core.saving import saved
from keraslosses.core.symbolic import takes_symbols
from keraslosses.core.types import DType, Tensor

P = ParamSpec("P")
PACKAGE = "Addons"


def of_addons(cls: Any) -> Any:
    """Registers a class under the name that TensorFlow Addons gave it."""
    return saved(cls, PACKAGE)


def function_of_addons(function: Callable[P, Any]) -> Callable[P, Any]:
    """Registers a function under the name that TensorFlow Addons gave it; it takes symbolic tensors too."""
    return takes_symbols(function, PACKAGE)


def class_of(function: Any, name: str) -> Any:
    """The loss class of a function that is not public; its messages have a name that users know."""
    function.contract.name = name
    return loss_class(function)


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

    def value(self, y_true: Tensor, y_pred: Tensor) -> Any:
        """The value of the batch in the precision of the computation: what the function returned."""
        return reduce(self.entries(y_true, y_pred), self.reduction)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "reduction": self.given_reduction}
