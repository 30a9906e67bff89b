"""Pairs of rows of two sets of embeddings: which are alike, and what losses sum up over them.

An anchor is a row of the first set, a reference a row of the second one; `losses/pair_sets.py` makes both
sets. All arrays over pairs have the shape `(anchors, references)`.
"""

from typing import Any, NamedTuple

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import NO_CLASS, all_have_class
from keraslosses.core.types import Tensor


class Pairs(NamedTuple):
    """Which pairs are of one class, and which are of two classes. A row without a class makes no pairs."""

    positive: Tensor
    negative: Tensor

    @property
    def complete(self) -> Any:
        """Whether each anchor has a pair of both sorts."""
        return ops.logical_and(ops.any(self.positive, axis=1), ops.any(self.negative, axis=1))

    @property
    def of_complete(self) -> "Pairs":
        """The pairs of the complete anchors."""
        complete = self.complete[:, None]
        return Pairs(*(ops.logical_and(pairs, complete) for pairs in self))


def pairs_between(anchors: Tensor, references: Tensor) -> Pairs:
    """The pairs of two sets with these classes."""
    same = anchors[:, None] == references[None, :]
    sorts = same, ops.logical_not(same)
    if all_have_class(anchors) and all_have_class(references):
        return Pairs(*sorts)
    exist = ops.logical_and((anchors != NO_CLASS)[:, None], (references != NO_CLASS)[None, :])
    return Pairs(*(ops.logical_and(exist, sort) for sort in sorts))


def pairs_within(labels: Tensor) -> Pairs:
    """The pairs of a set with itself. No row is compared with itself."""
    pairs = pairs_between(labels, labels)
    return without(pairs, diagonal(pairs.positive))


def without(pairs: Pairs, itself: Tensor) -> Pairs:
    """The pairs without those of a row with itself, which are of one class."""
    return pairs._replace(positive=ops.logical_and(pairs.positive, ops.logical_not(itself)))


def diagonal(pairs: Tensor) -> Tensor:
    """Whether a pair has the same row number in both sets."""
    rows, columns = (ops.arange(size, dtype="int32") for size in ops.shape(pairs))
    return rows[:, None] == columns[None, :]


def number(condition: Tensor, dtype: Any, axis: int | None = 1) -> Any:
    """How many conditions of each anchor hold, or of all (axis None), as a constant."""
    return ops.cast(ops.sum(ops.cast(condition, "int32"), axis=axis), dtype)


def sum_where(condition: Tensor, values: Tensor) -> Any:
    """The sum over the pairs of each anchor for which the condition holds."""
    return ops.sum(ops.where(condition, values, 0.0), axis=1)


def mean_where(condition: Tensor, values: Tensor) -> Any:
    """The mean over the pairs of each anchor for which the condition holds; 0 if there are none."""
    return sum_where(condition, values) / ops.maximum(number(condition, values.dtype), 1)


def log_sum_exp_where(condition: Tensor, values: Tensor, complete: Tensor) -> Any:
    """log(sum(exp(values))) of each anchor, over the pairs for which the condition holds.

    For an anchor that is not complete, it is a finite number with gradient 0.
    """
    return backend.log_sum_exp_where(log_sum_exp_formula, condition, values, complete)


def log_sum_exp_formula(condition: Tensor, values: Tensor, complete: Tensor) -> Any:
    """`log_sum_exp_where`, with operations that each backend has."""
    far, zero = (ops.cast(number, values.dtype) for number in (backend.FAR_BELOW, 0.0))
    otherwise = ops.where(complete, far, zero)[:, None]
    shown = ops.logical_and(condition, complete[:, None])
    return ops.logsumexp(ops.where(shown, values, otherwise), axis=1)


def softmax_costs(pairs: Pairs, similar: Tensor) -> tuple[Any, Any]:
    """The cross-entropy of a softmax over the pairs of each anchor, whose positives share the target.

    It gives the costs, and which anchors are complete. Others cost 0. A cost is computed as that of all
    positives together, which keeps its digits near 0, and that of each of them among the positives.
    """
    complete, mean = pairs.complete, mean_where(pairs.positive, similar)
    beside_mean = similar - ops.stop_gradient(mean)[:, None]
    of_positives = log_sum_exp_where(pairs.positive, beside_mean, complete)
    together = log_sum_exp_where(pairs.negative, beside_mean, complete) - of_positives
    costs = ops.softplus(together) + of_positives - (mean - ops.stop_gradient(mean))
    return ops.where(complete, costs, 0.0), complete


def as_mean_of_all(totals: Tensor, counts: Tensor, counted: Tensor, across_replicas: bool = False) -> Any:
    """Values of the anchors with the mean sum(totals) / sum(counts), over the anchors that are counted.

    A loss that is a mean over pairs or triplets gives each anchor its part: the sum over its own ones,
    divided by how many an anchor has on average, in the batch or across replicas.
    """
    anchors, all_counts = number(counted, totals.dtype, axis=None), ops.stop_gradient(ops.sum(counts))
    if across_replicas:
        anchors, all_counts = map(backend.mean_over_replicas, (anchors, all_counts))
    return totals * (anchors / ops.where(all_counts == 0, 1.0, all_counts))
