"""A probability for each class along an axis, against probabilities or logits."""

from dataclasses import replace

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Options, Pair, without_classes
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.types import Tensor


class Distributions(Vectors):
    """One probability or one-hot value for each class along `axis`, against probabilities or logits."""

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        pair = super().read(name, y_true, y_pred, options)
        weights = options.get("class_weights")
        if weights is None:
            return pair
        checks.vector_length("class_weights", weights, pair.y_pred.shape[pair.axis])
        laid = numerics.along(pair.axis, weights, pair.y_pred)
        return replace(pair, class_weight=ops.sum(pair.y_true * laid, axis=pair.axis))

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(super().hide(pair, seen, options), y_pred=without_classes(pair, seen, options))
