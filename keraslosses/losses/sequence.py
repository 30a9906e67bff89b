"""Losses between a sequence of labels and a longer sequence of frames."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import forms, ops
from keraslosses.core.kinds.sequences import Sequences, blank_class, prefix_mask
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.nonfinite import inf_where
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.probability import log_probabilities


@loss_function(
    Sequences(),
    forms.CTC_MEAN,
    blank_index=checks.integer,
    from_logits=checks.boolean,
    zero_infinity=checks.boolean,
    normalize=checks.one_of(None, "target", "input"),
    label_length=checks.tensor,
    logit_length=checks.tensor,
)
def ctc(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    blank_index: int = 0,
    from_logits: bool = True,
    zero_infinity: bool = False,
    normalize: str | None = None,
    label_length: Tensor = None,
    logit_length: Tensor = None,
) -> Any:
    """Connectionist temporal classification: one value for each sample.

    See `CTC` for the formula and the choices.

    Args:
        y_true: Labels: integers. Negative numbers and the blank are padding at the end of a row.
        y_pred: Logits or probabilities of the classes, one row for each frame.
        blank_index: Class of the blank; a negative number counts from the last class. Default: 0.
        from_logits: Whether y_pred holds logits (default). If False, it holds probabilities, and the loss
            divides them by their sum.
        zero_infinity: Whether labels that no path can make cost 0 instead of inf. Default: False.
        normalize: None (default), `"target"` or `"input"`: what the loss of a sample is divided by, the
            number of its labels or of its frames.
        label_length: `(batch,)` integers: how many labels of each row of y_true count. Default: those before
            the padding.
        logit_length: `(batch,)` integers: how many frames of y_pred count. Default: the frames that the Keras
            mask of y_pred keeps, or all frames without a mask.

    Shapes: y_true `(batch, longest)` integers, y_pred `(batch, frames, classes)`, result `(batch,)`.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a label out of range, a mask that
            keeps no prefix, a probability below 0 in a frame that counts, or lengths of another shape or out
            of range.

    Example:

    >>> print(round(float(keraslosses.ctc([[1]], [[[0.0, 0.0], [0.0, 0.0]]])[0]), 4))
    0.2877
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


def log_shares(p: Tensor, lengths: Tensor) -> Tensor:
    """The logarithms of probabilities divided by their sum. Frames behind the lengths are not read."""
    counts = prefix_mask(lengths, ops.shape(p)[1])[:, :, None]
    return log_probabilities(ops.where(counts, p, ops.ones((), p.dtype)), False, -1)


@saved
class CTC(FunctionLoss):
    """Connectionist temporal classification: for a sequence of labels whose positions are not known.

    A path names a class for each frame; one class is the blank. A path makes labels: first merge its repeats,
    then remove its blanks. With p the predicted distribution of each frame (from logits, softmax of y_pred):

    ```
    loss = -log sum(prod(p[t, path[t]] over the frames t), over the paths that make the labels)
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        blank_index: Class of the blank; a negative number counts from the last class. Default: 0.
        from_logits: Whether y_pred holds logits (default). If False, it holds probabilities, and the loss
            divides them by their sum.
        zero_infinity: Whether labels that no path can make cost 0 instead of inf. Default: False. Such
            samples stay in the mean, and have gradient 0 in both cases.
        normalize: None (default), `"target"` or `"input"`: divides the loss of a sample by the number of its
            labels or of its frames, at least 1.

    Shapes: y_true `(batch, longest)` integers, y_pred `(batch, frames, classes)`, result `(batch,)`.

    Labels: negative entries of y_true, and the blank, are padding behind the labels. Padding before a label
    and a label outside [0, classes) raise ValueError when the values can be read (in eager code on the CPU).
    In compiled code and on accelerators, the loss and the gradient of that sample are NaN. Labels below 2^31
    are exact for every dtype.

    Frames: the loss uses the frames that the Keras mask of y_pred keeps. The mask comes from `Masking`,
    `Embedding` or `SequenceMask`, and must keep a prefix. Without a mask, all frames count. The loss of a
    sample does not depend on the other samples or on padding: nothing behind the lengths is read. A mask that
    keeps no prefix has the same effect as a label out of range.

    The loss is at least 0. Without labels, it is the loss of a blank in every frame. Without frames, it is 0,
    or inf if there are labels. Each label needs a frame, and two equal neighbours need one more between them.

    The gradient by logits is `softmax(x) - P(class at this frame | labels)`, and 0 behind the last frame. The
    loss computes it in the same recursion, in logarithms. A second derivative raises an error. Probabilities:
    the logarithms take `max(p, 1e-7)`, with gradient 0 below 1e-7, as in `CategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a label out of range, a mask that
            keeps no prefix, or a probability below 0 in a frame that counts.

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
        dtype: DType = None,
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
