"""The logits of very many classes, some classes at a time: what cross-entropy reads off them.

The logits of a chunk are computed for the values, thrown away, and computed again for the gradient: one more
product of matrices in place of the memory that all logits and their softmax take.
"""

from typing import Any, NamedTuple

from keras import ops

# Below every logit, and finite: where a sample has no class but its own, nothing is undefined.
NO_LOGIT = -1e30


class Sums(NamedTuple):
    """What is read off the logits of each sample, each (batch,)."""

    others: Any  # log Σ exp(logit) over the classes that are not the label
    own: Any  # the logit of the label
    weighted: Any  # Σ weight · logit over all classes; 0 without weights


class Chunk(NamedTuple):
    """The logits of some classes, and what they were computed from."""

    logits: Any  # (batch, size)
    rows: Any  # (size, dim): of the kernel, divided by their lengths where directions count
    shrink: Any  # (size, 1): what they were multiplied with for that; 0 for a row of zeros
    weights: Any  # (size,), or None
    own: Any  # (batch, size): whether the class is the label
    other: Any  # (batch, size): whether it is another class; neither beyond the last class


class Classes(NamedTuple):
    """A linear layer gone through in chunks.

    `weights` (classes,) are those of the weighted sum, None if nobody asks for it. With `directions` the
    lengths of the kernel's rows do not count.
    """

    kernel: Any  # (classes, dim)
    bias: Any  # (classes,)
    weights: Any  # (classes,)
    size: int
    directions: bool

    @property
    def chunks(self) -> int:
        return -(-self.kernel.shape[0] // self.size)

    def at(self, i: Any, features: Any, labels: Any) -> Chunk:
        count = self.kernel.shape[0]
        classes = i * self.size + ops.arange(self.size, dtype="int32")
        inside = classes < count
        there = ops.minimum(classes, count - 1)
        rows = ops.take(self.kernel, there, axis=0)
        shrink = ops.ones_like(rows[:, :1])
        if self.directions:
            squares = ops.sum(ops.square(rows), axis=1, keepdims=True)
            shrink = ops.where(squares == 0, 0.0, ops.rsqrt(ops.where(squares == 0, 1.0, squares)))
            rows = rows * shrink
        logits = ops.matmul(features, ops.transpose(rows)) + ops.take(self.bias, there, axis=0)
        own = labels[:, None] == classes
        weights = self.weights
        if weights is not None:
            weights = ops.where(inside, ops.take(weights, there, axis=0), 0.0)
        return Chunk(logits, rows, shrink, weights, own, ops.logical_and(inside, ops.logical_not(own)))


def sums(features: Any, labels: Any, classes: Classes, do: Any) -> Sums:
    """Chunk by chunk."""

    def step(i: Any, carry: tuple[Any, ...]) -> tuple[Any, ...]:
        of_others, own, weighted = carry
        chunk = classes.at(i, features, labels)
        others = ops.where(chunk.other, chunk.logits, NO_LOGIT)
        if chunk.weights is not None:
            weighted = weighted + ops.matmul(chunk.logits, chunk.weights[:, None])[:, 0]
        return (
            ops.logaddexp(of_others, ops.logsumexp(others, axis=1)),
            own + ops.sum(ops.where(chunk.own, chunk.logits, 0.0), axis=1),
            weighted,
        )

    nothing = ops.zeros_like(features[:, 0])
    return Sums(*do.fold(classes.chunks, step, (nothing + NO_LOGIT, nothing, nothing)))


def gradients(
    features: Any, labels: Any, classes: Classes, others: Any, upstream: Sums, do: Any
) -> tuple[Any, Any, Any]:
    """By the features, the kernel and the bias, from what flows back to each of the sums."""

    def step(i: Any, by_features: Any) -> tuple[Any, tuple[Any, Any]]:
        chunk = classes.at(i, features, labels)
        likelihood = ops.where(chunk.other, ops.exp(chunk.logits - others[:, None]), 0.0)
        slope = upstream.others[:, None] * likelihood + ops.where(chunk.own, upstream.own[:, None], 0.0)
        if chunk.weights is not None:
            slope = slope + upstream.weighted[:, None] * chunk.weights
        by_rows = ops.matmul(ops.transpose(slope), features)
        if classes.directions:
            along = ops.sum(by_rows * chunk.rows, axis=1, keepdims=True)
            by_rows = (by_rows - along * chunk.rows) * chunk.shrink
        return by_features + ops.matmul(slope, chunk.rows), (by_rows, ops.sum(slope, axis=0))

    by_features, (by_kernel, by_bias) = do.fold_and_join(classes.chunks, step, ops.zeros_like(features))
    count = classes.kernel.shape[0]
    return by_features, by_kernel[:count], by_bias[:count]
