"""The base class of losses over pairs that may compare a batch with another set."""

from collections.abc import Mapping
from typing import Any

from keraslosses.core import checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import NO_CLASS
from keraslosses.core.loss import FunctionLoss
from keraslosses.core.reduction import Entries
from keraslosses.core.types import DType, Tensor

ANOTHER_SET = {
    "references": checks.tensor,
    "reference_labels": checks.tensor,
    "across_replicas": checks.boolean,
}


class PairLoss(FunctionLoss):
    """A loss over the pairs of a batch. With `reference`, y_true and y_pred hold two sets.

    Its function has the options `references` and `reference_labels`.
    """

    def __init__(
        self,
        function: Any,
        reduction: str | None,
        name: str | None,
        dtype: DType,
        reference: bool,
        **options: Any,
    ):
        checks.boolean("reference", reference)
        super().__init__(function, reduction, name, dtype, **options)
        self.reference = reference

    def entries(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None, mask: Tensor = None
    ) -> Entries:
        if not self.reference:
            check_one_set(type(self).__name__, y_pred)
            return super().entries(y_true, y_pred, sample_weight, mask)
        name = type(self).__name__
        y_true, labels = two_sets(name, "y_true", y_true)
        y_pred, references = two_sets(name, "y_pred", y_pred)
        others = {"references": references, "reference_labels": seen_only(labels, references)}
        mask = keras_internals.mask_of(y_pred)
        return self.function.contract.entries(y_true, y_pred, self.options | others, sample_weight, mask)

    def mean_in_one_step(self, y_true: Tensor, y_pred: Tensor) -> None:
        """None: the number of anchors that count depends on all of them."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "reference": self.reference}

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, reference={self.reference})"


def check_one_set(name: str, y_pred: Any) -> None:
    if isinstance(y_pred, Mapping):
        raise ValueError(
            f"`reference` must be True in {name} for a y_pred with two sets. "
            f"Received: reference=False, and a y_pred with the keys {sorted(y_pred)}"
        )


def two_sets(name: str, argument: str, given: Any) -> tuple[Any, Any]:
    """The anchors and the references of an argument."""
    if not isinstance(given, Mapping) or given.keys() != {"anchors", "references"}:
        received = f"the keys {sorted(given)}" if isinstance(given, Mapping) else type(given).__name__
        raise ValueError(
            f'`{argument}` must be a dict with the keys "anchors" and "references" in {name}, because '
            f"reference=True. Received: {received}. (In `compile`, write loss=[loss]: Keras gives it the "
            "whole dict.)"
        )
    return given["anchors"], given["references"]


def seen_only(labels: Tensor, references: Tensor) -> Tensor:
    """The labels, with that of no class for masked references."""
    mask = keras_internals.mask_of(references)
    if mask is None:
        return labels
    labels = ops.reshape(ops.convert_to_tensor(labels), (-1,))
    return ops.where(ops.cast(mask, "bool"), labels, NO_CLASS)
