"""The sums over the logits of very many classes that cross-entropy needs, computed in chunks of classes.

The logits of the first chunks are kept for the gradient. The logits of the other chunks are not kept. The
gradient computes them again: one more matrix product saves the memory.

If the features are float16 or bfloat16, so are the factors of all products: see `wide_products`. Everything
that is added up is then float32.
"""

import math
from typing import Any, NamedTuple

from keraslosses.core.backend import ops
from keraslosses.core.backend.wide_products import (
    Vectors,
    gradients_of_products,
    is_half,
    of_pairs,
    of_rows,
    sizes_of,
    vectors,
)
from keraslosses.core.types import DType, Tensor

# Smaller than every logit, and finite: so the loss is defined if there is only one class.
NO_LOGIT = -1e30


class Sums(NamedTuple):
    """The sums over the logits of each sample, each (batch,)."""

    others: Any  # log Σ exp(logit) over the classes that are not the label
    own: Any  # the logit of the label
    weighted: Any  # Σ weight · logit over all classes; has no meaning without weights


class Classes(NamedTuple):
    """A linear layer, and how its classes are split into chunks.

    `weights` (classes,) are the weights of the weighted sum, None if it is not needed. `size` is the number
    of classes in a chunk, and `kept` the share of the chunks whose logits are kept. With a `scale`, a logit
    is this number times the cosine of features and row; float32 features already have the length `scale`.
    With a `soft_cap`, a logit is soft_cap · tanh(logit / soft_cap). If some labels are not among the classes,
    these labels are -1, and `own` holds the row of each label.
    """

    kernel: Any  # (classes, dim)
    bias: Any  # (classes,), or None
    weights: Any  # (classes,), or None
    size: int
    kept: float
    scale: float | None = None
    soft_cap: float | None = None
    own: Any = None  # (batch, dim), or None

    @property
    def trained(self) -> tuple[Any, Any, Any]:
        """The tensors that have gradients; None for one that there is not."""
        return self.kernel, self.bias, self.own

    def holding(self, weights: Any, kernel: Any, bias: Any, own: Any) -> "Classes":
        return self._replace(weights=weights, kernel=kernel, bias=bias, own=own)

    @property
    def plain(self) -> bool:
        """Whether the gradient by a logit is its softmax times a number, but for the label."""
        return self.weights is None and self.bias is None and self.soft_cap is None

    @property
    def chunks(self) -> int:
        return self.kernel.shape[0] // self.size

    @property
    def chunks_kept(self) -> int:
        """The number of chunks that are kept, rounded up."""
        return math.ceil(self.kept * self.chunks)

    @property
    def rest(self) -> int:
        """The number of classes before the first chunk; their logits are kept."""
        return self.kernel.shape[0] - self.chunks * self.size

    def samples(self, features: Tensor, do: Any) -> Vectors:
        return vectors(features, self.scale if is_half(features.dtype) else None, do)

    def rows(self, rows: Any, dtype: DType, do: Any) -> Vectors:
        return vectors(ops.cast(rows, dtype), None if self.scale is None else 1.0, do)

    def some(self, start: Any, size: int, dtype: DType, do: Any) -> Vectors:
        return self.rows(do.rows_from(self.kernel, start, size), dtype, do)

    def logits(self, samples: Vectors, some: Vectors, start: Any, do: Any) -> Any:
        logits = of_rows(samples, some, do)
        if self.bias is not None:
            logits = logits + do.rows_from(self.bias, start, logits.shape[1])[None]
        return self.capped(logits)

    def of_labels(self, labels: Tensor, dtype: DType, do: Any) -> Vectors:
        return self.rows(ops.take(self.kernel, labels, axis=0) if self.own is None else self.own, dtype, do)

    def logits_of(self, labels: Tensor, samples: Vectors, do: Any) -> Any:
        """The logit of the label of each sample."""
        logits = of_pairs(samples, self.of_labels(labels, samples.dtype, do), do)
        return self.capped(logits if self.bias is None else logits + ops.take(self.bias, labels, axis=0))

    def capped(self, logits: Any) -> Any:
        return logits if self.soft_cap is None else self.soft_cap * ops.tanh(logits / self.soft_cap)

    def slope(self, logits: Tensor) -> Any:
        """The derivative of a logit by what it was before the cap; 0 for the logit of a label."""
        steepness = 1.0 - ops.square(logits / self.soft_cap)
        return ops.where(logits <= NO_LOGIT / 2, 0.0, steepness)


def sums(features: Tensor, labels: Tensor, classes: Classes, do: Any) -> tuple[Sums, Any]:
    """The sums, and the kept logits: those of the rest and those of the chunks, without those of labels."""
    samples = classes.samples(features, do)

    def further(start: Any, size: int, carry: Any) -> tuple[Any, Any]:
        of_others, weighted = carry
        some = classes.some(start, size, samples.dtype, do)
        logits = classes.logits(samples, some, start, do)
        if classes.weights is not None:
            weights = do.rows_from(classes.weights, start, size)
            weighted = weighted + ops.matmul(logits, weights[:, None])[:, 0]
        logits = at_label(logits, labels - start, NO_LOGIT, do)
        return (ops.logaddexp(of_others, ops.logsumexp(logits, axis=1)), weighted), logits

    def step(i: Any, carry: Any) -> tuple[Any, Any]:
        return further(classes.rest + i * classes.size, classes.size, carry)

    own = classes.logits_of(labels, samples, do)
    nothing = ops.zeros_like(own)
    carry, of_rest = (nothing + NO_LOGIT, nothing), None
    if classes.rest:
        carry, of_rest = further(0, classes.rest, carry)
    carry, kept = do.fold_keeping(classes.chunks_kept, step, carry)
    carry = do.fold(classes.chunks_kept, classes.chunks, lambda i, carry: step(i, carry)[0], carry)
    return Sums(carry[0], own, carry[1]), (of_rest, kept)


def at_label(of_classes: Any, places: Any, change: Any, do: Any) -> Any:
    """The tensor with `change` added at the label. The place of the label may be outside of these classes."""
    there = ops.clip(places, 0, of_classes.shape[1] - 1)
    nothing = ops.zeros_like(of_classes[:, 0])
    return do.add_to_picked(of_classes, there, ops.where(there == places, change, nothing))


def gradients(
    features: Tensor, labels: Tensor, classes: Classes, kept: Any, found: Sums, upstream: Sums, do: Any
) -> tuple[Any, ...]:
    """The gradients by the features, the kernel, the bias and `own` (None if there is none).

    `upstream` is the gradient by the sums.
    """
    samples = classes.samples(features, do)
    by_own = by_logit_of_label(labels, classes, found, upstream)
    sizes = sizes_of(largest_changes(by_own, classes, upstream), samples)
    by_own, upstream = sizes.divided(by_own), Sums(*map(sizes.divided, upstream))
    half = samples.dtype if sizes.of_samples is not None and classes.plain and samples.after is None else None

    def further(start: Any, size: int, logits: Tensor, by_features: Any) -> tuple[Any, tuple[Any, ...]]:
        some = classes.some(start, size, samples.dtype, do)
        if logits is None:
            logits = at_label(classes.logits(samples, some, start, do), labels - start, NO_LOGIT, do)
        changes = do.scaled_exp(logits, found.others[:, None], upstream.others[:, None], half)
        if classes.weights is not None:
            changes = changes + upstream.weighted[:, None] * do.rows_from(classes.weights, start, size)[None]
        if classes.soft_cap is not None:
            changes = changes * classes.slope(logits)
        if classes.own is None:
            changes = at_label(changes, labels - start, ops.cast(by_own, changes.dtype), do)
        of_features, of_rows = gradients_of_products(changes, sizes, samples, some, do)
        by_rows = ops.cast(some.projected(of_rows), classes.kernel.dtype)
        by_bias = [] if classes.bias is None else [sizes.total(changes)]
        return by_features + of_features, (by_rows, *by_bias)

    def step(i: Any, logits: Tensor, by_features: Any) -> Any:
        return further(classes.rest + i * classes.size, classes.size, logits, by_features)

    by_features, first = ops.zeros_like(features, dtype=found.own.dtype), None
    if classes.rest:
        by_features, first = further(0, classes.rest, kept[0], by_features)
    like = [classes.kernel] if classes.bias is None else [classes.kernel, classes.bias]
    by_features, (by_kernel, *by_bias) = do.fold_and_join(
        first, kept[1], classes.chunks, step, by_features, like
    )
    by_features, by_rows = sizes.multiplied(by_features), None
    if classes.own is not None:
        own = classes.of_labels(labels, samples.dtype, do)
        by_own = sizes.multiplied(by_own[:, None])
        by_features = by_features + by_own * own.full()
        by_rows = ops.cast(own.projected(by_own * samples.full()), classes.own.dtype)
    by_features = ops.cast(samples.projected(by_features), features.dtype)
    return by_features, by_kernel, by_bias[0] if by_bias else None, by_rows


def by_logit_of_label(labels: Tensor, classes: Classes, found: Sums, upstream: Sums) -> Any:
    """The gradient by the logit of the label before the cap, without what the sum over all classes gives it.

    With a cap, it contains that too, because the slope at this logit cannot be computed with the others.
    """
    if classes.soft_cap is None:
        return upstream.own
    whole = upstream.own
    if classes.weights is not None:
        whole = whole + upstream.weighted * ops.take(classes.weights, labels, axis=0)
    return whole * classes.slope(found.own)


def largest_changes(by_own: Tensor, classes: Classes, upstream: Sums) -> Any:
    """At least about the largest gradient by a logit of each sample, (batch,)."""
    largest = ops.maximum(ops.abs(by_own), ops.abs(upstream.others))
    if classes.weights is None:
        return largest
    return ops.maximum(largest, ops.abs(upstream.weighted) * ops.max(classes.weights))


def products(features: Tensor, kernel: Any, scale: float | None, do: Any) -> Any:
    """All logits of a linear layer without a bias, (batch, classes)."""
    classes = Classes(kernel, None, None, kernel.shape[0], 1.0, scale)
    return of_rows(classes.samples(features, do), classes.rows(kernel, features.dtype, do), do)


def gradients_of_all(upstream: Tensor, given: Any, scale: float | None, do: Any) -> tuple[Any, Any]:
    """The gradients by the features and the kernel; `upstream` is the gradient by `products`."""
    features, kernel = given
    classes = Classes(kernel, None, None, kernel.shape[0], 1.0, scale)
    samples, rows = classes.samples(features, do), classes.rows(kernel, features.dtype, do)
    sizes = sizes_of(ops.max(ops.abs(upstream), axis=1), samples)
    changes = upstream / sizes.of_samples[:, None]
    by_features, by_rows = gradients_of_products(changes, sizes, samples, rows, do)
    by_features = samples.projected(sizes.multiplied(by_features))
    return ops.cast(by_features, features.dtype), ops.cast(rows.projected(by_rows), kernel.dtype)
