"""`EditDistance`: counts the edits between the labels that a model finds and the true labels."""

from typing import Any

import keras

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.sequences import (
    blank_class,
    frame_lengths,
    frames_of,
    labels_before_padding,
    prefix_mask,
)
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import extend_to
from keraslosses.core.saving import saved
from keraslosses.core.types import DType, Tensor
from keraslosses.decoding.decode import greedy


def edit_distances(labels: Tensor, others: Tensor) -> Tensor:
    """The Levenshtein distance `(batch,)` between labels `(batch, N)` and others `(batch, M)`, int32.

    Both are int32, with -1 after the last label. The distance is the smallest number of insertions, deletions
    and replacements. A cell (i, j) of the usual table depends only on the two antidiagonals before its own.
    So the antidiagonals are computed one after the other, each with all its cells at once.
    """
    label_count, other_count = (ops.sum(ops.cast(x >= 0, "int32"), axis=1) for x in (labels, others))
    # One more column at the start, so that neither is empty. (With `ops.pad`, torch compiles in each call.)
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


def shifted(cells: Tensor) -> Tensor:
    """Moves each cell to the next place; the first place keeps its cell."""
    return ops.concatenate([cells[:, :1], cells[:, :-1]], axis=1)


@saved
class EditDistance(FixedOptions, keras.metrics.Metric):
    """The label error rate: the number of edits from the labels that the model finds to the true labels.

    The edits of all samples of the epoch are divided by the number of labels:

    ```
    Σ weight · edits / Σ weight · number of labels
    ```

    An edit is an insertion, a deletion or a replacement. The number of edits is the smallest possible
    (Levenshtein). If the labels are characters, the result is the character error rate. It may exceed 1. It
    is 0 if there are no labels and no edits, and inf if there are edits but no labels.

    Only the frames that the Keras mask on y_pred keeps are counted, as in `CTC`. In the training step of JAX,
    Keras drops this mask before it computes metrics; `evaluate` and validation keep it. Set `blank_index` of
    `SequenceMask` for this case: then the frames after the end add no labels.

    Args:
        name: Name of the metric.
        dtype: Dtype of the result. The sums are float32. Default: None, `keras.config.floatx()`.
        blank_index: Class of the blank. Default: 0. If y_pred has classes, a negative index counts from the
            end.

    Shapes: y_true `(batch, longest)`, integers; padding is negative or the blank. y_pred is either
    `(batch, frames, classes)`, logits or probabilities, which are decoded greedily; or `(batch, any)`,
    labels with padding, such as `ctc_decode` returns. The sample weight is a scalar, `(batch,)` or
    `(batch, 1)`.

    Raises:
        ValueError: If `blank_index` is out of range, if shapes do not fit, if padding comes before a label,
            if a label is out of range, or if a mask does not keep the first frames. Compiled code cannot
            raise for values: such a sample makes the result NaN. NaN in y_pred makes the result NaN too.

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
        edits = edits + backend.nan_where(broken, "float32")
        count = ops.cast(ops.sum(ops.cast(labels >= 0, "int32"), axis=1), "float32")
        if sample_weight is not None:
            weight = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
            weight = extend_to(weight, 1, "sample_weight", edits.shape)
            edits, count = ops.where(weight == 0, 0.0, edits) * weight, count * weight
        self.edits.assign_add(ops.sum(edits))
        self.labels.assign_add(ops.sum(count))

    def read(self, y_pred: Tensor) -> tuple[int, int | None, Any, Any]:
        """The blank, the number of classes (None: unknown), the labels found, and the broken samples."""
        if len(y_pred.shape) == 2:
            if self.blank_index < 0:
                raise checks.invalid("blank_index", "be at least 0 if y_pred holds labels", self.blank_index)
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

    def result(self) -> Tensor:
        edits, labels = ops.convert_to_tensor(self.edits), ops.convert_to_tensor(self.labels)
        nothing = ops.logical_and(edits == 0, labels == 0)
        rate = edits / ops.where(nothing, ops.ones_like(labels), labels)
        return ops.cast(rate, self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "blank_index": self.blank_index}
