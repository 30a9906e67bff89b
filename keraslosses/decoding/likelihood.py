"""How probable labels are, over all their alignments."""

from typing import Any

from keras import ops


def log_probability(log_probs: Any, labels: Any, label_length: Any, logit_length: Any, blank: int) -> Any:
    """log P(labels) `(batch,)` over all their alignments with the frames: minus the CTC loss; -inf for none.

    `log_probs` `(batch, frames, classes)` holds logarithms of probabilities, `labels` `(batch, longest)` is
    int32; `label_length` and `logit_length` `(batch,)` int32 say how many of them count. What lies behind is
    never read. `blank` is counted from the front.
    """
    states = with_blanks(labels, label_length, blank)
    size = ops.shape(states)[1]
    impossible = ops.full_like(ops.cast(states, log_probs.dtype), float("-inf"))
    skips = ops.logical_and(states[:, 2:] != blank, states[:, 2:] != states[:, :-2])

    def step(t: Any, alpha: Any) -> Any:
        one_back = ops.concatenate([impossible[:, :1], alpha[:, :-1]], axis=1)
        over_blank = ops.where(skips, alpha[:, :-2], impossible[:, 2:])
        two_back = ops.concatenate([impossible[:, :2], over_blank], axis=1)
        arrived = ops.logsumexp(ops.stack([alpha, one_back, two_back], axis=0), axis=0)
        arrived = arrived + ops.take_along_axis(ops.take(log_probs, t, axis=1), states, axis=1)
        return ops.where(t < logit_length[:, None], arrived, alpha)

    # Before the first frame every path stands at the first blank: from there it may reach the first label.
    start = ops.where(ops.arange(size, dtype="int32") == 0, ops.zeros_like(impossible), impossible)
    frames = ops.shape(log_probs)[1]
    alpha = start if log_probs.shape[1] == 0 else ops.fori_loop(0, frames, step, start)
    end = 2 * label_length[:, None]
    by_blank = ops.take_along_axis(alpha, end, axis=1)
    by_label = ops.take_along_axis(alpha, ops.maximum(end - 1, 0), axis=1)
    by_label = ops.where(end > 0, by_label, impossible[:, :1])
    return ops.logsumexp(ops.concatenate([by_blank, by_label], axis=1), axis=1)


def with_blanks(labels: Any, label_length: Any, blank: int) -> Any:
    """The labels with a blank before, between and behind them: `(batch, 2 longest + 1)`."""
    batch, longest = ops.shape(labels)
    labels = ops.where(ops.arange(longest, dtype="int32") < label_length[:, None], labels, blank)
    pairs = ops.stack([ops.full_like(labels, blank), labels], axis=2)
    pairs = ops.reshape(pairs, (batch, 2 * longest))
    return ops.concatenate([pairs, ops.full_like(label_length, blank)[:, None]], axis=1)
