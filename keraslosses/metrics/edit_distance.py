"""How many edits lie between the labels that a model finds and the right ones."""

from typing import Any

import keras

from keraslosses.core import checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.sequences import (
    blank_class,
    frame_lengths,
    frames_of,
    labels_before_padding,
    prefix_mask,
)
from keraslosses.core.nonfinite import nan_where
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import extend_to
from keraslosses.core.saving import saved
from keraslosses.core.types import DType, Tensor
from keraslosses.decoding.decode import greedy


def edit_distances(labels: Tensor, others: Tensor) -> Any:
    """The Levenshtein distance `(batch,)` of labels `(batch, N)` to others `(batch, M)`, int32.

    Both are int32, and filled up with -1. It is the smallest number of labels to insert, delete and replace.
    Cell (i, j) of the usual table depends on the two antidiagonals i + j before its own, so one is computed
    after the other, all cells at once.
    """
    label_count, other_count = (ops.sum(ops.cast(x >= 0, "int32"), axis=1) for x in (labels, others))
    # A column more in front: neither is empty. (`ops.pad` would make torch compile anew in every call.)
    front = ops.zeros_like(label_count)[:, None]
    labels, others = (ops.concatenate([front, x], axis=1) for x in (labels, others))
    rows, columns = ops.shape(labels)[1], ops.shape(others)[1]
    place = ops.arange(rows, dtype="int32")

    def diagonal(number: Any, carry: Any) -> Any:
        two_before, before, found = carry
        column = number - place
        symbols = ops.take(others, ops.clip(column, 0, columns - 1), axis=1)
        replaced = shifted(two_before) + ops.cast(labels != symbols, "int32")
        cells = ops.minimum(replaced, 1 + ops.minimum(before, shifted(before)))
        at_the_edge = ops.logical_or(place == 0, column <= 0)
        cells = ops.where(at_the_edge, number, cells)
        last = ops.take_along_axis(cells, label_count[:, None], axis=1)[:, 0]
        return before, cells, ops.where(label_count + other_count == number, last, found)

    start = ops.zeros_like(labels)
    return ops.fori_loop(1, rows + columns - 1, diagonal, (start, start, ops.zeros_like(label_count)))[2]


def shifted(cells: Tensor) -> Any:
    """Every cell at the place behind its own; the first stays where it was, too."""
    return ops.concatenate([cells[:, :1], cells[:, :-1]], axis=1)


@saved
class EditDistance(FixedOptions, keras.metrics.Metric):
    """The label error rate: edits that turn what the model found into the labels, for each label.

    ```
    Σ weight · edits / Σ weight · number of labels
    ```

    over all samples of the epoch. Edits are insertions, deletions and replacements, as few as suffice
    (Levenshtein). With characters as labels this is the character error rate. It may exceed 1. It is 0 where
    there were neither labels nor edits, and inf where there were edits but no labels.

    The frames that count are those that the Keras mask on y_pred leaves, as for `CTC`. In the training step
    of JAX Keras drops that mask before metrics are computed (`evaluate` and validation keep it): give
    `SequenceMask` its `blank_index`, and the frames behind the end add no label there either.

    Args:
        name: Name of the metric.
        dtype: Type of the result; the sums are float32.
        blank_index: Class of the blank; negative from the end, where y_pred has classes.

    Shapes: y_true `(batch, longest)` integers, its padding negative or the blank. y_pred `(batch, frames,
    classes)`, logits or probabilities, which are decoded greedily; or `(batch, any)` labels padded as y_true
    is, such as `ctc_decode` finds. sample_weight a scalar, `(batch,)` or `(batch, 1)`.

    Raises:
        ValueError: for a `blank_index` out of range, shapes that do not fit, padding before a label, a label
            out of range, or a mask that is no prefix, where they can be seen; in compiled code such a sample
            makes the result NaN, as NaN in y_pred does.

    Source: Graves et al., Connectionist Temporal Classification, 2006, equation 1, with the sum of the
    lengths as divisor.

    Example:

    >>> metric = keraslosses.EditDistance()
    >>> metric.update_state([[1, 2, 3], [4, -1, -1]], [[1, 3, -1], [4, -1, -1]])
    >>> print(float(metric.result()))
    0.25
    """

    def __init__(self, name: str = "edit_distance", dtype: DType = None, *, blank_index: int = 0):
        checks.integer("blank_index", blank_index)
        super().__init__(name=name, dtype=dtype)
        keras_internals.fall_is_better(self)
        self.blank_index = int(blank_index)
        self.edits = self.add_weight(name="edits", initializer="zeros", dtype="float32")
        self.labels = self.add_weight(name="labels", initializer="zeros", dtype="float32")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        check_readable("EditDistance", y_true=y_true, sample_weight=sample_weight)
        check_readable("EditDistance", ragged=True, y_pred=y_pred)
        y_true = ops.convert_to_tensor(y_true)
        if not hasattr(y_pred, "shape"):
            y_pred = ops.convert_to_tensor(y_pred)
        if not checks.compatible(y_true.shape[:1], y_pred.shape[:1]):
            raise checks.shapes_differ(y_true, y_pred, "EditDistance", "have as many samples as y_pred")
        blank, classes, found, broken = self.read(y_pred)
        labels, wrong = labels_before_padding("EditDistance", "y_true", y_true, blank, classes)
        broken = ops.logical_or(broken, wrong)
        edits = ops.cast(edit_distances(labels, found), "float32")
        edits = edits + nan_where(broken, "float32")
        count = ops.cast(ops.sum(ops.cast(labels >= 0, "int32"), axis=1), "float32")
        if sample_weight is not None:
            weight = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
            weight = extend_to(weight, 1, "sample_weight", edits.shape)
            edits, count = ops.where(weight == 0, 0.0, edits) * weight, count * weight
        self.edits.assign_add(ops.sum(edits))
        self.labels.assign_add(ops.sum(count))

    def read(self, y_pred: Tensor) -> tuple[int, int | None, Any, Any]:
        """The blank, the number of classes if it is known, the labels found, which samples are broken."""
        if len(y_pred.shape) == 2:
            if self.blank_index < 0:
                raise checks.invalid(
                    "blank_index", "be at least 0 where y_pred holds labels", self.blank_index
                )
            found = labels_before_padding("EditDistance", "y_pred", y_pred, self.blank_index)
            return self.blank_index, None, *found
        y_pred, mask = frames_of("EditDistance", y_pred)
        classes = y_pred.shape[2]
        blank = blank_class(self.blank_index, classes)
        lengths, broken = frame_lengths("EditDistance", y_pred, mask)
        undefined = ops.any(ops.isnan(y_pred), axis=2)
        undefined = ops.logical_and(undefined, prefix_mask(lengths, ops.shape(y_pred)[1]))
        broken = ops.logical_or(broken, ops.any(undefined, axis=1))
        return blank, classes, greedy(y_pred, lengths, blank), broken

    def result(self) -> Any:
        edits, labels = ops.convert_to_tensor(self.edits), ops.convert_to_tensor(self.labels)
        nothing = ops.logical_and(edits == 0, labels == 0)
        rate = edits / ops.where(nothing, ops.ones_like(labels), labels)
        return ops.cast(rate, self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "blank_index": self.blank_index}
