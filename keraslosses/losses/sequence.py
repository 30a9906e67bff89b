"""Losses between a sequence of labels and the frames in which they appear."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.sequences import Sequences, blank_class, prefix_mask
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.nonfinite import inf_where
from keraslosses.losses.probability import log_probabilities


@loss_function(
    Sequences(),
    blank_index=checks.integer,
    from_logits=checks.boolean,
    zero_infinity=checks.boolean,
    normalize=checks.one_of(None, "target", "input"),
    label_length=checks.tensor,
    logit_length=checks.tensor,
)
def ctc(
    y_true: Any,
    y_pred: Any,
    *,
    blank_index: int = 0,
    from_logits: bool = True,
    zero_infinity: bool = False,
    normalize: str | None = None,
    label_length: Any = None,
    logit_length: Any = None,
) -> Any:
    """Connectionist temporal classification, a value for each sample; see `CTC`.

    Args:
        y_true, y_pred, blank_index, from_logits, zero_infinity, normalize: As `CTC`.
        label_length: `(batch,)` integers: how many labels of y_true count. By default those before its
            padding.
        logit_length: `(batch,)` integers: how many frames of y_pred count. By default those that its Keras
            mask leaves, else all.

    Raises:
        ValueError: as `CTC`, and for lengths of another shape or out of range.
    """
    if y_pred.shape[1] == 0:
        values = ops.sum(y_pred, axis=(1, 2)) + inf_where(label_length > 0, y_pred.dtype)
    else:
        blank = blank_class(blank_index, y_pred.shape[2])
        scores = y_pred if from_logits else log_shares(y_pred, logit_length)
        values = backend.ctc(scores, y_true, label_length, logit_length, blank, softmax=from_logits)
    if zero_infinity:
        values = ops.where(ops.isinf(values), ops.zeros_like(values), values)
    if normalize is None:
        return values
    length = label_length if normalize == "target" else logit_length
    return values / ops.cast(ops.maximum(length, 1), values.dtype)


def log_shares(p: Any, lengths: Any) -> Any:
    """The logarithms of probabilities divided by their sum. Frames behind the lengths are not read."""
    counts = prefix_mask(lengths, ops.shape(p)[1])[:, :, None]
    return log_probabilities(ops.where(counts, p, ops.ones((), p.dtype)), False, -1)


@saved
class CTC(FunctionLoss):
    """Connectionist temporal classification: a sequence of labels, of which nobody says where they appear.

    A path names a class for each frame, one of them the blank. Merging repeats and then dropping blanks makes
    labels of it. With p the predicted distribution of each frame (from logits, softmax of y_pred):

    ```
    loss = -log sum(prod(p[t, path[t]] over the frames t), over the paths that make the labels)
    ```

    Args:
        reduction, name, dtype: As `SparseCategoricalCrossentropy`.
        blank_index: Class of the blank; negative from the end.
        from_logits: Whether y_pred holds logits; probabilities otherwise, which are divided by their sum.
        zero_infinity: Whether labels that no path can make cost 0 instead of inf. They stay in the mean, and
            have gradient 0 either way.
        normalize: None, `"target"` or `"input"`: divides the loss of a sample by the number of its labels or
            its frames, 1 at least.

    Shapes: y_true `(batch, longest)` integers, y_pred `(batch, frames, classes)`, result `(batch,)`.

    Labels: negative entries of y_true, and the blank, are padding behind the labels. Padding before a label
    and a label outside [0, classes) raise ValueError where they can be seen (eager, on the CPU); in compiled
    code and on accelerators that sample's loss and gradient are NaN.

    Frames: those that the Keras mask on y_pred leaves, a prefix, from `Masking`, `Embedding` or
    `SequenceMask`; else all. A sample costs the same alone, in a batch, and however it is padded: nothing is
    read behind the lengths. The loss is at least 0. A mask that is no prefix counts as a label out of range.
    Without labels the loss is that of a blank in every frame; without frames 0, or inf if there are labels.
    Labels need a frame each, and one more between equal neighbours.

    The gradient by logits is `softmax(x) - P(class at this frame | labels)`, and 0 behind the last frame. It
    comes from the recursion itself, in logarithms; a second derivative raises an error. Probabilities: as
    `CategoricalCrossentropy`, logarithms take `max(p, 1e-7)`, with gradient 0 below.

    Raises:
        ValueError: for an option out of range, shapes that do not belong together, a label out of range, a
            mask that is no prefix, or a probability below 0 in a frame that counts.

    Source: Graves et al., Connectionist Temporal Classification, 2006, equations 3 to 16.

    Example:

    >>> loss = keraslosses.CTC()
    >>> print(round(float(loss([[1, 2]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])), 6))
    1.686399
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc",
        dtype: Any = None,
        *,
        blank_index: int = 0,
        from_logits: bool = True,
        zero_infinity: bool = False,
        normalize: str | None = None,
    ):
        super().__init__(
            ctc,
            reduction,
            name,
            dtype,
            blank_index=blank_index,
            from_logits=from_logits,
            zero_infinity=zero_infinity,
            normalize=normalize,
        )
