"""The base class of losses over pairs that may compare a batch with another set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras.backend import is_keras_tensor

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import NO_CLASS, as_signed
from keraslosses.core.kinds.labels import comparable
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
        name = type(self).__name__
        if not self.reference:
            check_one_set(name, y_true=y_true, y_pred=y_pred)
            return super().entries(y_true, y_pred, sample_weight, mask)
        y_true, labels = two_sets(name, "y_true", y_true)
        y_pred, references = two_sets(name, "y_pred", y_pred)
        others = {"references": references, "reference_labels": seen_only(labels, references)}
        sample_weight = of_anchors(name, sample_weight)
        mask = keras_internals.mask_of(y_pred)
        return self.function.contract.entries(y_true, y_pred, self.options | others, sample_weight, mask)

    def mean_in_one_step(self, y_true: Tensor, y_pred: Tensor) -> None:
        """None: the number of anchors that count depends on all of them."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "reference": self.reference}

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, reference={self.reference})"


def check_one_set(name: str, **given: Any) -> None:
    for argument, tensor in given.items():
        if isinstance(tensor, Mapping):
            raise ValueError(
                f"`reference` must be True in {name} for two sets. "
                f"Received: reference=False, and {argument} with the keys {sorted(tensor)}"
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
    if any(map(is_keras_tensor, given.values())):
        raise ValueError(
            f"`{argument}` must hold tensors in {name}. Received: outputs of layers. (In a functional model, "
            "use the function of the loss, with `references=`.)"
        )
    return given["anchors"], given["references"]


def of_anchors(name: str, sample_weight: Any) -> Any:
    """The sample weights of the anchors. References have none, but Keras gives the weights to both sets."""
    if not isinstance(sample_weight, Mapping):
        return sample_weight
    return two_sets(name, "sample_weight", sample_weight)[0]


def seen_only(labels: Tensor, references: Tensor) -> Tensor:
    """The labels, with that of no class for masked references."""
    mask = keras_internals.mask_of(references)
    if mask is None:
        return labels
    seen = backend.peek(mask)
    if seen is not None and isinstance(labels, np.ndarray | list | tuple):
        # NumPy keeps labels that a backend would cut.
        labels = as_signed(np.asarray(labels)).reshape(-1)
        return np.where(np.asarray(seen, "bool"), labels, NO_CLASS)
    labels = ops.reshape(comparable(labels), (-1,))
    return ops.where(ops.cast(mask, "bool"), labels, NO_CLASS)
