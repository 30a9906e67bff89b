"""The sums over the logits of very many classes that cross-entropy needs, computed in chunks of classes.

The logits of the first chunks are kept for the gradient. The logits of the other chunks are not kept. The
gradient computes them again: one more matrix product saves the memory.
"""

import math
from typing import Any, NamedTuple

from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor

# Smaller than every logit, and finite: so the loss is defined if there is only one class.
NO_LOGIT = -1e30


class Sums(NamedTuple):
    """The sums over the logits of each sample, each (batch,)."""

    others: Any  # log Σ exp(logit) over the classes that are not the label
    own: Any  # the logit of the label
    weighted: Any  # Σ weight · logit over all classes; has no meaning without weights


class Rows(NamedTuple):
    """The weights of some classes."""

    rows: Any  # (size, dim): rows of the kernel, divided by their lengths if `directions` is True
    shrink: Any  # (size, 1): the factor of this division, 0 for a row of zeros; None without it
    bias: Any  # (size,), or None

    def logits(self, features: Tensor) -> Any:
        logits = ops.matmul(features, ops.transpose(self.rows))
        return logits if self.bias is None else logits + self.bias[None]

    def projected(self, gradient: Tensor) -> Any:
        """The gradient by the rows of the kernel, from the gradient by `rows`."""
        if self.shrink is None:
            return gradient
        along = ops.sum(gradient * self.rows, axis=1, keepdims=True)
        return (gradient - along * self.rows) * self.shrink


class Classes(NamedTuple):
    """A linear layer, and how its classes are split into chunks.

    `weights` (classes,) are the weights of the weighted sum, None if it is not needed. `size` is the number
    of classes in a chunk, and `kept` the share of the chunks whose logits are kept. With `directions`, the
    rows of the kernel are divided by their lengths.
    """

    kernel: Any  # (classes, dim)
    bias: Any  # (classes,), or None
    weights: Any  # (classes,), or None
    size: int
    kept: float
    directions: bool

    @property
    def chunks(self) -> int:
        return self.kernel.shape[0] // self.size

    @property
    def chunks_kept(self) -> int:
        """The number of chunks that are kept, rounded up: a single chunk is never computed again."""
        return math.ceil(self.kept * self.chunks)

    @property
    def rest(self) -> int:
        """The number of classes before the first chunk; their logits are kept."""
        return self.kernel.shape[0] - self.chunks * self.size

    def some(self, start: Any, size: int, do: Any) -> Rows:
        bias = None if self.bias is None else do.rows_from(self.bias, start, size)
        return self.made(do.rows_from(self.kernel, start, size), bias)

    def of(self, labels: Tensor) -> Rows:
        bias = None if self.bias is None else ops.take(self.bias, labels, axis=0)
        return self.made(ops.take(self.kernel, labels, axis=0), bias)

    def made(self, rows: Any, bias: Any) -> Rows:
        if not self.directions:
            return Rows(rows, None, bias)
        squares = ops.sum(ops.square(rows), axis=1, keepdims=True)
        shrink = ops.where(squares == 0, 0.0, ops.rsqrt(ops.where(squares == 0, 1.0, squares)))
        return Rows(rows * shrink, shrink, bias)


def sums(features: Tensor, labels: Tensor, classes: Classes, do: Any) -> tuple[Sums, Any]:
    """The sums, and the kept logits: those of the rest and those of the chunks, without those of labels."""

    def further(start: Any, size: int, carry: Any) -> tuple[Any, Any]:
        of_others, weighted = carry
        logits = classes.some(start, size, do).logits(features)
        if classes.weights is not None:
            weights = do.rows_from(classes.weights, start, size)
            weighted = weighted + ops.matmul(logits, weights[:, None])[:, 0]
        logits = without_label(logits, labels - start, do)
        return (ops.logaddexp(of_others, ops.logsumexp(logits, axis=1)), weighted), logits

    def step(i: Any, carry: Any) -> tuple[Any, Any]:
        return further(classes.rest + i * classes.size, classes.size, carry)

    nothing = ops.zeros_like(features[:, 0])
    carry, of_rest = (nothing + NO_LOGIT, nothing), None
    if classes.rest:
        carry, of_rest = further(0, classes.rest, carry)
    carry, kept = do.fold_keeping(classes.chunks_kept, step, carry)
    carry = do.fold(classes.chunks_kept, classes.chunks, lambda i, carry: step(i, carry)[0], carry)
    own = classes.of(labels)
    of_label = ops.sum(features * own.rows, axis=1)
    return Sums(carry[0], of_label if own.bias is None else of_label + own.bias, carry[1]), (of_rest, kept)


def without_label(logits: Tensor, places: Any, do: Any) -> Any:
    """The logits, with about NO_LOGIT at the label. The place of the label may be outside of these logits."""
    there = ops.clip(places, 0, logits.shape[1] - 1)
    return do.add_to_picked(logits, there, ops.where(there == places, NO_LOGIT, ops.zeros_like(logits[:, 0])))


def gradients(
    features: Tensor, labels: Tensor, classes: Classes, kept: Any, others: Tensor, upstream: Sums, do: Any
) -> tuple[Any, ...]:
    """The gradients by the features, the kernel and the bias (if there is one); `upstream` is by the sums."""
    lifted = upstream.others[:, None] * features

    def further(start: Any, size: int, logits: Tensor, carry: Any) -> tuple[Any, tuple[Any, ...]]:
        by_features, along = carry
        some = classes.some(start, size, do)
        likelihood = do.exp_of_difference(logits, others[:, None])
        # With likelihoodᵀ · lifted, XLA on the CPU would first store the transpose of the largest array.
        by_rows = ops.transpose(ops.matmul(ops.transpose(lifted), likelihood))
        by_bias = None if some.bias is None else ops.matmul(upstream.others, likelihood)
        if classes.weights is not None:
            weights = do.rows_from(classes.weights, start, size)
            by_rows = by_rows + weights[:, None] * ops.matmul(upstream.weighted, features)[None]
            by_bias = None if by_bias is None else by_bias + weights * ops.sum(upstream.weighted)
            along = along + ops.matmul(weights, some.rows)
        carry = by_features + ops.matmul(likelihood, some.rows), along
        return carry, (some.projected(by_rows), *([] if by_bias is None else [by_bias]))

    def step(i: Any, logits: Tensor, carry: Any) -> Any:
        start = classes.rest + i * classes.size
        if logits is None:
            logits = classes.some(start, classes.size, do).logits(features)
            logits = without_label(logits, labels - start, do)
        return further(start, classes.size, logits, carry)

    carry, first = (ops.zeros_like(features), ops.zeros_like(features[0])), None
    if classes.rest:
        carry, first = further(0, classes.rest, kept[0], carry)
    like = [classes.kernel] if classes.bias is None else [classes.kernel, classes.bias]
    (by_features, along), (by_kernel, *by_bias) = do.fold_and_join(
        first, kept[1], classes.chunks, step, carry, like
    )
    own = classes.of(labels)
    by_features = upstream.others[:, None] * by_features + upstream.own[:, None] * own.rows
    if classes.weights is not None:
        by_features = by_features + upstream.weighted[:, None] * along[None]
    by_own = own.projected(upstream.own[:, None] * features)
    by_kernel = do.added_to_rows(by_kernel, labels, by_own)
    return by_features, by_kernel, *(do.added_to_rows(one, labels, upstream.own) for one in by_bias)
