"""The sum over all alignments of labels with frames, and the probability of each class at each frame.

Source: Graves et al., Connectionist Temporal Classification, 2006, section 4.1.

At each frame, a path is at one of the blanks 0 to N or at one of the labels 0 to N - 1. Label n lies between
blank n and blank n + 1. Prefixes (α in the paper) and suffixes (β) use the same recursion, because a suffix
is a prefix of the reversed frames and labels. So both run in one loop, as the two halves of a double batch.
The batch is the last axis, so that a compiler can vectorize over it. The places are the axis before. There
are N + 1 places, although there is no label N.

All computations use logarithms. The logarithms of a frame are relative to the largest one of the frame
before. So they stay precise for any number of frames. A place after the last label of a sample is impossible.
If it had the probability of a class, the largest logarithm could belong to a path that the sample does not
have.
"""

from typing import Any, NamedTuple

from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.nonfinite import inf_where
from keraslosses.core.types import Tensor

# The logarithm of an impossible event. It is finite, so that the difference of two of them is defined.
IMPOSSIBLE = -1e30


class Frames(NamedTuple):
    """The inputs of the recursion, for both directions."""

    blank: Any  # (frames, 1, 2 batch): log P(blank)
    label: Any  # (frames, places, 2 batch): log P(label)
    counts: Any  # (frames, 1, 2 batch): whether the frame counts
    distinct: Any  # (places, 2 batch): whether the label differs from the one before
    start: Any  # (places, 2 batch): the blank at which the path starts, before the first frame


class Paths(NamedTuple):
    """log Σ P of the paths up to each frame that are at a blank, or at a label, after this frame."""

    blank: Any  # (frames, places, 2 batch)
    label: Any  # (frames, places, 2 batch)
    taken: Any  # (frames, 1, 2 batch): the number that was subtracted from the logarithms at this frame


def alignments(
    scores: Tensor,
    labels: Tensor,
    label_length: Tensor,
    frame_length: Tensor,
    blank: int,
    softmax: bool,
    do: Any,
) -> Explicit:
    """-log P(labels), (batch,), with its derivative by the scores; inf with derivative 0 where P is 0.

    If P is above 1 by a rounding error, the value is 0, and the derivative does not change.

    `scores` (batch, frames, classes) are logits if `softmax` is True, else logarithms of probabilities. There
    is at least one frame. `labels` (batch, N) are classes; the first `label_length` of them count. `do` is
    the backend, with the functions `log_add`, `highest`, `states`, `take_classes` and `by_class`.
    """
    if softmax:  # Subtract the largest first: the logarithm would lose its digits next to a large logit.
        scores = scores - do.highest(scores, 2)
        of_all = ops.log(ops.sum(ops.exp(scores), axis=2, keepdims=True))
    else:
        of_all = ops.zeros_like(scores[:, :, :1])
    frames = read(scores, of_all, labels, label_length, frame_length, blank, do)
    paths = walk(frames, do)
    values = 0.0 - log_likelihood(frames, paths, label_length)
    values = ops.where(values < 0, ops.zeros_like(values), values)
    impossible = values > -IMPOSSIBLE / 2
    values = ops.where(impossible, inf_where(impossible, values.dtype), values)

    def by_pred() -> Any:
        slope = -posterior(frames, paths, labels, blank, ops.shape(scores)[2], do)
        if softmax:
            counts = ops.transpose(forward(frames.counts), (2, 0, 1))
            slope = slope + ops.where(counts, ops.exp(scores - of_all), 0.0)
        return ops.where(impossible[:, None, None], 0.0, slope)

    return Explicit(values, by_pred)


def read(
    scores: Tensor,
    of_all: Tensor,
    labels: Tensor,
    label_length: Tensor,
    frame_length: Tensor,
    blank: int,
    do: Any,
) -> Frames:
    """The log-probabilities of the blank and the labels: their scores minus `of_all` of their frame.

    Numbers after the lengths are not used, because they may be NaN.
    """
    places = ops.concatenate([labels, ops.zeros_like(label_length)[:, None]], axis=1)
    time = ops.arange(ops.shape(scores)[1], dtype="int32")
    counts = (time[:, None] < frame_length[None])[:, None]
    place = ops.arange(ops.shape(places)[1], dtype="int32")[:, None]
    label = ops.transpose(do.take_classes(scores, places) - of_all, (1, 2, 0))
    label = possible(label, ops.logical_and(counts, (place < label_length[None])[None]))
    of_blank = possible(ops.transpose(scores[:, :, blank : blank + 1] - of_all, (1, 2, 0)), counts)
    backwards = ops.concatenate([ops.flip(label[:, :-1], (0, 1)), label[:, -1:]], axis=1)
    start = ops.concatenate([ops.zeros_like(label_length), ops.shape(labels)[1] - label_length], axis=0)
    return Frames(
        ops.concatenate([of_blank, ops.flip(of_blank, 0)], axis=2),
        ops.concatenate([label, backwards], axis=2),
        ops.concatenate([counts, ops.flip(counts, 0)], axis=2),
        ops.concatenate([distinct(labels), distinct(ops.flip(labels, 1))], axis=1),
        ops.where(place == start[None], ops.zeros((), scores.dtype), IMPOSSIBLE),
    )


def possible(log_p: Tensor, real: Any) -> Any:
    """log_p, at least IMPOSSIBLE, and exactly IMPOSSIBLE where `real` is False; NaN stays NaN."""
    least = ops.cast(IMPOSSIBLE, log_p.dtype)
    return ops.where(real, ops.maximum(log_p, least), least)


def distinct(labels: Tensor) -> Any:
    """(places, batch): whether each label differs from the one before; True at the first and last place."""
    none = -ops.ones_like(ops.sum(labels, axis=1, keepdims=True))
    before, here = (ops.concatenate(pair, axis=1) for pair in ((none, labels), (labels, none - 1)))
    return ops.transpose(before != here)


def walk(frames: Frames, do: Any) -> Paths:
    """Runs the recursion frame by frame. A frame that does not count changes nothing."""
    nowhere = ops.full_like(frames.start, IMPOSSIBLE)

    def step(at: tuple[Any, Any, Any], frame: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        blank, label, _ = at
        of_blank, of_label, counts = frame
        largest = ops.where(counts, do.highest(ops.maximum(blank, label), 0), 0.0)
        label_before = ops.concatenate([nowhere[:1], label[:-1]], axis=0)
        to_blank = do.log_add(blank, label_before)
        to_label = do.log_add(label, ops.where(frames.distinct, to_blank, blank))
        return (
            ops.where(counts, to_blank + (of_blank - largest), blank),
            ops.where(counts, to_label + (of_label - largest), label),
            largest,
        )

    start = frames.start, nowhere, ops.zeros_like(frames.start[:1])
    return Paths(*do.states(step, start, (frames.blank, frames.label, frames.counts)))


def log_likelihood(frames: Frames, paths: Paths, label_length: Tensor) -> Any:
    """log P: the sum of all `taken`, plus log Σ P of the paths that end at the last label or blank."""
    taken = ops.sum(forward(paths.taken), axis=(0, 1))
    place = ops.arange(ops.shape(frames.start)[0], dtype="int32")[:, None]
    blank, label = forward(paths.blank[-1]), forward(paths.label[-1])
    ended = (
        ops.where(place == label_length[None], blank, IMPOSSIBLE),
        ops.where(place == label_length[None] - 1, label, IMPOSSIBLE),
    )
    return taken + ops.logsumexp(ops.concatenate(ended, axis=0), axis=0)


def posterior(frames: Frames, paths: Paths, labels: Tensor, blank: int, classes: Any, do: Any) -> Any:
    """(batch, frames, classes): the probability of each class at each frame, given the labels.

    It is 0 after the end. The prefix and the suffix of a path both contain the frame at which they meet, so
    its log-probability is subtracted once.
    """
    at_blank = forward(paths.blank) + read_backwards(paths.blank) - forward(frames.blank)
    at_label = (
        forward(paths.label)[:, :-1] + read_backwards(paths.label[:, :-1]) - forward(frames.label)[:, :-1]
    )
    largest = do.highest(at_blank, 1)
    if labels.shape[1] != 0:
        largest = ops.maximum(largest, do.highest(at_label, 1))
    at_blank, at_label = ops.exp(at_blank - largest), ops.exp(at_label - largest)
    at_blank = ops.sum(at_blank, axis=1, keepdims=True)
    whole = at_blank + ops.sum(at_label, axis=1, keepdims=True)
    share = ops.where(forward(frames.counts), 1.0 / whole, 0.0)
    of_blank = ops.transpose(at_blank * share, (2, 0, 1))
    is_blank = ops.arange(classes, dtype="int32") == blank
    return do.by_class(at_label * share, labels, classes) + ops.where(is_blank[None, None], of_blank, 0.0)


def forward(both: Any) -> Any:
    """The first half of the double batch."""
    return ops.split(both, 2, axis=-1)[0]


def read_backwards(both: Any) -> Any:
    """The second half of the double batch, with frames and places back in their original order."""
    return ops.flip(ops.split(both, 2, axis=-1)[1], (0, 1))
