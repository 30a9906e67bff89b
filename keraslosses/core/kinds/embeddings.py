"""The kind `Embeddings`: a vector and a class for each sample. The samples are compared in pairs."""

from dataclasses import replace
from typing import Any

import numpy as np

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Kind, Pair
from keraslosses.core.kinds.labels import comparable, without_class_axis
from keraslosses.core.precision import floating
from keraslosses.core.reduction import both
from keraslosses.core.types import Options, Tensor


class Embeddings(Kind):
    """A vector for each sample in y_pred, and its class in y_true. The formula compares samples in pairs.

    Shapes: y_pred `(batch, dim)`. y_true `(batch,)` or `(batch, 1)`, any whole numbers. The formula returns a
    tuple: the values `(batch,)`, and which samples are valid, `(batch,)` of bool. Mark a sample as valid if
    it has a pair of the same class and a pair of different classes. The mean does not count other samples.

    A sample of weight 0 has loss 0, but it still takes part in the pairs of the other samples.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        given = y_true if isinstance(y_true, np.ndarray) else backend.as_tensor(y_true)
        labels = without_class_axis(given, 2, 1)
        if len(y_pred.shape) != 2 or not checks.compatible(labels.shape, y_pred.shape[:1]):
            raise checks.shapes_differ(
                given, y_pred, name, "hold one class for each row of a y_pred with two axes"
            )
        return Pair(comparable(labels), y_pred, (1,), coupled=True)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Changes nothing: each sample takes part in the pairs of the others."""
        return pair

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(pair, y_pred=ops.where(seen, pair.y_pred, ops.zeros_like(pair.y_pred)))

    def counted(self, found: Any, valid: Tensor) -> tuple[Any, Any]:
        values, complete = found
        return values, both(valid, complete)
