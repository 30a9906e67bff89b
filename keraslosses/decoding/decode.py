"""`ctc_decode` finds the labels of a sequence from the outputs of a model, and their probability."""

from typing import Any

import numpy as np

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.sequences import blank_class, frame_lengths, frames_of, prefix_mask
from keraslosses.core.precision import floating
from keraslosses.core.symbolic import takes_symbols
from keraslosses.core.types import Tensor
from keraslosses.decoding.beam_search import beam_search
from keraslosses.decoding.collapse import collapsed
from keraslosses.losses.probability import log_probabilities


@takes_symbols
def ctc_decode(
    y_pred: Tensor,
    *,
    strategy: str = "greedy",
    blank_index: int = 0,
    from_logits: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
    logit_length: Tensor = None,
) -> tuple[Tensor, Tensor]:
    """The labels for the outputs of a model that was trained with `CTC`, and their log-probability.

    With both strategies the log-probability is `log P(labels | y_pred)`: the negative CTC loss, with all
    alignments of the labels. It is not the score of a single path or of the beam.

    Args:
        y_pred: Logits or probabilities, `(batch, frames, classes)`. On TensorFlow also a ragged tensor, such
            as `predict` returns for batches of different lengths; then only the frames in it count.
        strategy: `"greedy"` (the default) collapses the most probable class of each frame. It is fast and
            works in compiled code. `"beam_search"` searches for the most probable labels. It does not work in
            compiled code.
        blank_index: Class of the blank; a negative index counts from the end. Default: 0.
        from_logits: Whether y_pred holds logits. If False, it holds probabilities, which are divided by their
            sum. Default: True.
        beam_width: For beam search: the number of prefixes of labels that are kept after each frame, an
            integer above 0. Default: 100.
        top_paths: For beam search: the number of label sequences to return, from 1 to `beam_width`. Default:
            1.
        logit_length: The number of frames that count, integers `(batch,)` or `(batch, 1)`. Default: None, the
            frames that the Keras mask on y_pred keeps, or all frames without a mask. The mask must keep the
            first frames.

    Returns:
        The labels `(batch, frames)`, int32, with -1 after the last label, and the log-probabilities
        `(batch,)`. If `top_paths` is above 1, they are `(batch, top_paths, frames)` and `(batch, top_paths)`,
        most probable first. If fewer label sequences are found, the rest is -1, with log-probability -inf. In
        compiled code, the log-probability is NaN for a sample with an invalid length or mask.

    Raises:
        ValueError: If an option is out of range, if y_pred has another shape, if lengths or mask do not fit
            y_pred, or if beam search is called in compiled code.

    Example:

    >>> frames = [[[0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]]]
    >>> labels, log_probability = keraslosses.ctc_decode(frames, from_logits=False)
    >>> print(keras.ops.convert_to_numpy(labels).tolist(), round(float(np.exp(float(log_probability[0]))), 4))
    [[1, 2, -1]] 0.672
    """
    checks.one_of("greedy", "beam_search")("strategy", strategy)
    checks.boolean("from_logits", from_logits)
    checks.positive_integer("beam_width", beam_width)
    checks.positive_integer("top_paths", top_paths)
    if top_paths > (beam_width if strategy == "beam_search" else 1):
        expected = "be 1 with the greedy strategy, and at most beam_width with beam search"
        raise checks.invalid("top_paths", expected, top_paths)
    y_pred, mask = frames_of("ctc_decode", y_pred)
    blank = blank_class(blank_index, y_pred.shape[2])
    lengths, broken = frame_lengths("ctc_decode", y_pred, mask, logit_length)
    log_probs = log_probabilities(floating(y_pred), from_logits, -1)
    if strategy == "greedy":
        labels = greedy(log_probs, lengths, blank)
        values = of_labels(log_probs, labels, lengths, blank)
    else:
        labels, values = of_beams(log_probs, lengths, blank, beam_width, top_paths)
        labels, values = (labels[:, 0], values[:, 0]) if top_paths == 1 else (labels, values)
    broken = ops.reshape(broken, (-1, *[1] * (len(values.shape) - 1)))
    return labels, values + backend.nan_where(broken, values.dtype)


def greedy(scores: Tensor, lengths: Tensor, blank: int) -> Tensor:
    """The class with the largest score in each frame that counts, collapsed: `(batch, frames)`, int32."""
    path = ops.cast(ops.argmax(scores, axis=-1), "int32")
    return collapsed(ops.where(prefix_mask(lengths, ops.shape(path)[1]), path, -1), blank)


def of_labels(log_probs: Tensor, labels: Tensor, lengths: Tensor, blank: int) -> Tensor:
    """The log-probability `(batch,)` of labels that have -1 after the last label."""
    label_length = ops.sum(ops.cast(labels >= 0, "int32"), axis=1)
    if log_probs.shape[1] == 0:
        return ops.zeros_like(label_length, dtype=log_probs.dtype)
    return -backend.ctc(log_probs, ops.maximum(labels, 0), label_length, lengths, blank, False)


def of_beams(
    log_probs: Tensor, lengths: Tensor, blank: int, beam_width: int, top_paths: int
) -> tuple[Any, Any]:
    """The labels `(batch, top_paths, frames)` of a beam search, and their log-probabilities, best first."""
    if not (backend.computed(log_probs) and backend.computed(lengths)):
        expected = "be 'greedy' in compiled code, because beam search runs in NumPy"
        raise checks.invalid("strategy", expected, "beam_search")
    frames = ops.convert_to_numpy(log_probs).astype("float64")
    labels = np.full((len(frames), top_paths, frames.shape[1]), -1, "int32")
    chance = np.full(labels.shape[:2], -np.inf)
    for i, length in enumerate(ops.convert_to_numpy(lengths)):
        with np.errstate(invalid="ignore"):
            paths = beam_search(frames[i, :length], blank, beam_width, top_paths)
        for k, path in enumerate(paths):
            labels[i, k, : len(path)] = path
            chance[i, k] = 0.0
    of_each = [
        of_labels(log_probs, ops.convert_to_tensor(labels[:, k]), lengths, blank) for k in range(top_paths)
    ]
    # Labels that were not found get -inf added. So NaN in the frames stays visible.
    values = ops.stack(of_each, axis=1) + ops.convert_to_tensor(chance, dtype=log_probs.dtype)
    order = ops.argsort(-values, axis=1)
    labels = ops.take_along_axis(ops.convert_to_tensor(labels), order[:, :, None], axis=1)
    return labels, ops.take_along_axis(values, order, axis=1)
