"""The kind `Towers`: two vectors for each sample, from two models, compared with those of all others."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import EmbeddingPairs, small, whole_numbers
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.kinds.labels import comparable, without_class_axis
from keraslosses.core.precision import floating
from keraslosses.core.types import Options, Tensor


class Towers(EmbeddingPairs):
    """An anchor and its positive for each sample, in y_pred. Each anchor is compared with all positives.

    Rows with the label -1, masked samples and samples of weight 0 make no pairs. The formula gets the label
    -1 and vectors of zeros for them. Without labels, y_true is not read: the formula gets the number of the
    row as its label. With an option `across_replicas` that is True, rows are counted over all replicas.

    With an option `negatives` that is True, y_pred has more vectors for each sample: negatives of its own.

    Shapes: y_pred `(batch, 2, dim)`, or `(batch, 2 + negatives, dim)`. y_true `(batch,)` or `(batch, 1)`,
    whole numbers; without labels any shape with `batch` rows. The formula returns a tuple: the values
    `(batch,)`, and which samples the mean counts, `(batch,)` of bool.
    """

    def __init__(self, labels: bool):
        self.labels = labels

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        given, fractions = (
            whole_numbers(name, "y_true", y_true) if self.labels else (backend.as_tensor(y_true), False)
        )
        check_vectors(name, y_pred, options.get("negatives", False))
        labels = without_class_axis(small(given)[0], 2, 1) if self.labels else given
        rows = labels.shape if self.labels else labels.shape[:1]
        if not len(rows) or not checks.compatible(rows, y_pred.shape[:1]):
            expected = "one class" if self.labels else "one row"
            raise checks.shapes_differ(given, y_pred, name, f"hold {expected} for each sample of y_pred")
        batch = ops.shape(y_pred)[:1]
        if not self.labels:
            numbers = ops.arange(batch[0], dtype="int32")
            if options.get("across_replicas"):
                numbers = numbers + backend.rows_before(numbers)
            return Pair(numbers, y_pred, (1, 2), coupled=True)
        labels = ops.reshape(comparable(labels), batch)
        pair = Pair(labels, y_pred, (1, 2), coupled=True)
        return self.with_classes(replace(pair, broken=labels % 1 != 0) if fractions else pair)

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        """A sample takes part if none of its vectors is masked."""
        if len(mask.shape) == 2:
            mask = ops.all(mask, axis=1)
        return super().masked(pair, mask, options)

    def of_rows(self, formula: Callable[[Any, Any], Any], pair: Pair) -> Any:
        return formula(pair.y_true, pair.y_pred)


def check_vectors(name: str, y_pred: Tensor, negatives: bool) -> None:
    """Raises unless there are two vectors for each sample, or with `negatives` more than two."""
    shape = tuple(y_pred.shape)
    count = shape[1] if len(shape) == 3 else 0
    if count is not None and (count <= 2 if negatives else count != 2):
        expected = "(batch, 2 + negatives, dim)" if negatives else "(batch, 2, dim)"
        raise ValueError(
            f"`y_pred` must have the shape {expected} in {name}: an anchor and its positive for each sample"
            f"{', then its negatives' if negatives else ''}. Received: y_pred.shape={shape}"
        )
