"""The labels that a model's frames stand for, and how probable they are."""

from typing import Any

import numpy as np

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.sequences import blank_class, frame_lengths, frames_of, prefix_mask
from keraslosses.core.nonfinite import nan_where
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
) -> tuple[Any, Any]:
    """Labels for the outputs of a model that was trained with `CTC`, and their log-probability.

    The log-probability is `log P(labels | y_pred)` over all alignments of these labels, minus their CTC loss,
    under either strategy: it is not the score of one path, nor what a beam has left of it.

    Args:
        y_pred: `(batch, frames, classes)`. On TensorFlow also a ragged tensor, as `predict` gives of batches
            that differ in length: only the frames that it has count.
        strategy: `"greedy"` collapses the most probable class of each frame: fast, and it compiles.
            `"beam_search"` looks for the most probable labels; outside of compiled code only.
        blank_index: Class of the blank, negative from the end.
        from_logits: Whether y_pred holds logits; probabilities otherwise, which are divided by their sum.
        beam_width: Of beam search: how many beginnings of labels are kept after each frame, above 0.
        top_paths: Of beam search: how many different labels to return, from 1 to `beam_width`.
        logit_length: `(batch,)` integers: how many frames count. By default those that the Keras mask on
            y_pred leaves, a prefix; all of them if there is none.

    Returns:
        Labels `(batch, frames)` int32, filled up with -1, and log-probabilities `(batch,)`. With `top_paths`
        above 1 `(batch, top_paths, frames)` and `(batch, top_paths)`, most probable first; where there are
        fewer labels than that, the rest is -1, with log-probability -inf. In compiled code a sample whose
        length or mask makes no sense has log-probability NaN.

    Raises:
        ValueError: for an option out of range, a y_pred of another shape, lengths or a mask that do not fit
            it, and for beam search in compiled code.

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
        raise checks.invalid("top_paths", "be 1 with the greedy strategy, else at most beam_width", top_paths)
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
    return labels, values + nan_where(broken, values.dtype)


def greedy(scores: Tensor, lengths: Tensor, blank: int) -> Any:
    """The class of the largest score in each frame that counts, collapsed: `(batch, frames)` int32."""
    path = ops.cast(ops.argmax(scores, axis=-1), "int32")
    return collapsed(ops.where(prefix_mask(lengths, ops.shape(path)[1]), path, -1), blank)


def of_labels(log_probs: Tensor, labels: Tensor, lengths: Tensor, blank: int) -> Any:
    """The log-probability `(batch,)` of labels that are filled up with -1."""
    label_length = ops.sum(ops.cast(labels >= 0, "int32"), axis=1)
    if log_probs.shape[1] == 0:
        return ops.zeros_like(label_length, dtype=log_probs.dtype)
    return -backend.ctc(log_probs, ops.maximum(labels, 0), label_length, lengths, blank, False)


def of_beams(
    log_probs: Tensor, lengths: Tensor, blank: int, beam_width: int, top_paths: int
) -> tuple[Any, Any]:
    """Labels `(batch, top_paths, frames)` found by beam search, and their log-probabilities, best first."""
    if not (backend.computed(log_probs) and backend.computed(lengths)):
        expected = "be 'greedy' in compiled code: beam search runs in NumPy"
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
    # What was not found has -inf added, so that NaN among the frames still shows.
    values = ops.stack(of_each, axis=1) + ops.convert_to_tensor(chance, dtype=log_probs.dtype)
    order = ops.argsort(-values, axis=1)
    labels = ops.take_along_axis(ops.convert_to_tensor(labels), order[:, :, None], axis=1)
    return labels, ops.take_along_axis(values, order, axis=1)
