"""Losses between a sequence of labels and the frames in which they appear."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import log_probability
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use

INF, NAN = np.inf, np.nan


def collapse(path: Sequence[int], blank: int) -> list[int]:
    """The map B of section 3.1: repeats are merged, then blanks dropped."""
    merged = [symbol for t, symbol in enumerate(path) if t == 0 or symbol != path[t - 1]]
    return [symbol for symbol in merged if symbol != blank]


def log_likelihood_by_alignments(log_probs: Array, labels: Sequence[int], blank: int) -> float:
    """log Σ P(path) over all C^T paths that collapse to the labels: the definition itself (equation 3)."""
    frames, classes = log_probs.shape
    total = -INF
    for path in product(range(classes), repeat=frames):
        if collapse(path, blank) == list(labels):
            total = np.logaddexp(total, sum(log_probs[t, symbol] for t, symbol in enumerate(path)))
    return float(total)


def with_blanks(labels: Sequence[int], blank: int) -> list[int]:
    """The labels with a blank before, between and after them."""
    return [blank, *(symbol for label in labels for symbol in (label, blank))]


def may_skip(states: Sequence[int], s: int, blank: int) -> bool:
    """Whether a path may go from state s - 2 to s without the blank between them."""
    return s >= 2 and states[s] != blank and states[s] != states[s - 2]


def prefixes(log_probs: Array, states: Sequence[int], blank: int) -> Array:
    """α (T, S), equations 6 and 7: log P of the paths that are in state s at frame t, up to that frame."""
    alpha = np.full((len(log_probs), len(states)), -INF)
    for t, row in enumerate(log_probs):
        for s, symbol in enumerate(states):
            if t == 0:
                before = 0.0 if s < 2 else -INF
            else:
                before = np.logaddexp.reduce(alpha[t - 1, max(s - 1, 0) : s + 1])
                if may_skip(states, s, blank):
                    before = np.logaddexp(before, alpha[t - 1, s - 2])
            alpha[t, s] = before + row[symbol]
    return alpha


def log_likelihood(log_probs: Array, labels: Sequence[int], blank: int) -> float:
    """log P(labels), equation 8. If there are no frames: 0 if there are no labels, else -inf."""
    if not len(log_probs):
        return -INF if len(labels) else 0.0
    return float(np.logaddexp.reduce(prefixes(log_probs, with_blanks(labels, blank), blank)[-1, -2:]))


def posterior(log_probs: Array, labels: Sequence[int], blank: int) -> Array:
    """(T, C): the probability of each symbol at each frame, given the labels; 0 if they are impossible.

    It is the derivative of `log_likelihood` by `log_probs` (equation 15). A suffix is computed as a prefix
    of the reversed frames and labels. Prefix and suffix both count the frame at which they meet.
    """
    frames, classes = log_probs.shape
    found = np.zeros((frames, classes))
    whole = log_likelihood(log_probs, labels, blank)
    if whole == -INF or not frames:
        return found
    states = with_blanks(labels, blank)
    alpha = prefixes(log_probs, states, blank)
    beta = prefixes(log_probs[::-1], states[::-1], blank)[::-1, ::-1]
    for t in range(frames):
        for s, symbol in enumerate(states):
            if alpha[t, s] > -INF and beta[t, s] > -INF:
                found[t, symbol] += np.exp(alpha[t, s] + beta[t, s] - log_probs[t, symbol] - whole)
    return found


def labels_of(row: Array, length: int | None, classes: int, blank: int) -> list[int] | None:
    """The labels of a sample, without its padding. None if a label is out of range."""
    if length is None:
        length = max((n + 1 for n, label in enumerate(row) if label >= 0 and label != blank), default=0)
    labels = [int(label) for label in row[:length]]
    return labels if all(0 <= label < classes and label != blank for label in labels) else None


def samples(y: Array, x: Array, blank: int, label_length: Any, logit_length: Any) -> list[Any]:
    """The labels (None: out of range) and the number of frames of each sample."""
    lengths = [None] * len(y) if label_length is None else label_length
    frames = [x.shape[1]] * len(x) if logit_length is None else logit_length
    return [(labels_of(row, n, x.shape[-1], blank), t) for row, n, t in zip(y, lengths, frames, strict=True)]


def divisor(labels: Sequence[int], frames: int, normalize: str | None) -> int:
    return max(1, {None: 1, "target": len(labels), "input": frames}[normalize])


def ctc(
    y: Array,
    x: Array,
    blank_index: int = 0,
    from_logits: bool = True,
    zero_infinity: bool = False,
    normalize: str | None = None,
    label_length: Any = None,
    logit_length: Any = None,
) -> Array:
    """-log P(labels), (B,), of labels y (B, N) against frames x (B, T, C); NaN for a label out of range."""
    blank = blank_index % x.shape[-1]
    log_probs = log_probability(x, from_logits, -1)
    values = np.zeros(len(x))
    for i, (labels, frames) in enumerate(samples(y, x, blank, label_length, logit_length)):
        values[i] = NAN
        if labels is not None:
            values[i] = -log_likelihood(log_probs[i, :frames], labels, blank)
            values[i] /= divisor(labels, frames, normalize)
        if values[i] == INF and zero_infinity:
            values[i] = 0.0
    return values


def ctc_gradient(
    y: Array,
    x: Array,
    blank_index: int = 0,
    from_logits: bool = True,
    zero_infinity: bool = False,
    normalize: str | None = None,
    label_length: Any = None,
    logit_length: Any = None,
) -> Array:
    """The derivative (B, T, C) of each sample's `ctc` by its frames; 0 if the loss is inf.

    It does not depend on `zero_infinity`. By a logit it is softmax - posterior (equation 16).
    """
    blank = blank_index % x.shape[-1]
    log_probs = log_probability(x, from_logits, -1)
    gradient = np.zeros_like(x)
    for i, (labels, frames) in enumerate(samples(y, x, blank, label_length, logit_length)):
        if labels is None:
            gradient[i] = NAN
            continue
        log_p, raw = log_probs[i, :frames], x[i, :frames]
        found = posterior(log_p, labels, blank)
        if from_logits:
            possible = found.sum() > 0
            by_frame = possible * (np.exp(log_p) - found)
        else:
            by_frame = by_probabilities(found, raw)
        gradient[i, :frames] = by_frame / divisor(labels, frames, normalize)
    return gradient


def by_probabilities(found: Array, p: Array) -> Array:
    """The gradient through the division by the sum and log(max(share, 1e-7)). It is 0 for rows of zeros."""
    total = p.sum(-1, keepdims=True)
    nothing = np.abs(total) < 1e-30
    total = np.where(nothing, INF, total)
    share = p / total
    felt = np.where(share < 1e-7, 0.0, -found)
    return (felt / np.maximum(share, 1e-7) - felt.sum(-1, keepdims=True)) / total


UNIFORM = [[[0.0, 0.0, 0.0]] * 3]
# Four frames of three classes. These probabilities are also the softmax of their logarithms.
FRAMES = [[[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]]
SHARES = {"from_logits": False}
NOTHING_FLOWS = np.zeros((1, 2, 3))

REFERENCES = (
    Reference(
        "CTC",
        "ctc",
        "sequence",
        kinds.SEQUENCES,
        ctc,
        "Graves et al., Connectionist Temporal Classification, 2006, equations 1 to 16",
        task="Sequences: speech, handwriting",
        purpose="labels whose positions are not known",
        tex=r"\text{loss} = -\frac{1}{N} \log \sum_{\pi \in A(y)} \prod_{t=1}^{T} p_{t, \pi_t}",
        symbols=(
            r"$A(y)$: the paths $\pi$ that make the labels $y$: merge what repeats, then remove the blank "
            "(`blank_index`); $p_t$: the predicted distribution of frame $t$ of $T$, with `from_logits` the "
            "softmax of y_pred; $N$: the number of labels or of frames, as `normalize` says, else 1"
        ),
        paper="https://doi.org/10.1145/1143844.1143891",
        options=(
            {},
            {"blank_index": 2, "from_logits": False},
            {"blank_index": -1, "normalize": "target"},
            {"normalize": "input", "zero_infinity": True},
        ),
        bad_options=(
            {"blank_index": 0.5},
            {"from_logits": 1},
            {"zero_infinity": None},
            {"normalize": "batch"},
        ),
        hard=(
            Hard("uniform frames", [[1, 2]], UNIFORM),
            Hard("a label twice", [[1, 1]], UNIFORM),
            Hard("a label twice in two frames", [[1, 1]], np.zeros((1, 2, 3)), gradient=NOTHING_FLOWS),
            Hard(
                "a label twice in two frames, counted as 0",
                [[1, 1]],
                np.zeros((1, 2, 3)),
                {"zero_infinity": True},
                gradient=NOTHING_FLOWS,
            ),
            Hard("no labels", [[-1, -1]], UNIFORM),
            Hard("padding by blanks", [[1, 0, 0]], UNIFORM),
            Hard("padding by negatives", [[1, -1, -7]], UNIFORM),
            Hard("four frames", [[1, 2]], FRAMES, SHARES),
            Hard("blank is the last class", [[1, 0]], FRAMES, {**SHARES, "blank_index": 2}),
            Hard("one frame", [[1]], [[[0.5, -1.0, 2.0]]]),
            Hard("large logits", [[1, 2]], [[[100.0, -100.0, 0.0], [-100.0, 100.0, 0.0], [0.0, 0.0, 100.0]]]),
            Hard("a label that is ruled out", [[2]], [[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]], SHARES),
        ),
        laws=frozenset({"non_negative"}),
        masks_are_lengths=True,
        uses=(
            Use(
                "Sequences: speech, handwriting",
                "The labels are fewer than the frames and come in the same order.",
                "The order of labels can differ from that of the frames, as in translation.",
                {"blank_index": 0},
            ),
            Use(
                "The labels are not aligned with the frames",
                "Nobody marked at which frame a label starts: the loss adds up all alignments.",
                "Each frame has its own label: `SparseCategoricalCrossentropy` is simpler and faster.",
                {"blank_index": 0, "normalize": "target"},
            ),
        ),
    ),
)
