"""Losses over the distances of all pairs of a batch."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import EmbeddingPairs
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pair_distances import DISTANCES
from keraslosses.losses.pair_loss import ANOTHER_SET, PairLoss
from keraslosses.losses.pair_sets import sets_of
from keraslosses.losses.pairs import as_mean_of_all, log_sum_exp_where, number, sum_where


@loss_function(
    EmbeddingPairs(needs_positives=False),
    positive_margin=checks.number,
    negative_margin=checks.number,
    distance=checks.one_of(*DISTANCES),
    **ANOTHER_SET,
)
def batch_contrastive(
    y_true: Tensor,
    y_pred: Tensor,
    positive_margin: float = 0.0,
    negative_margin: float = 1.0,
    distance: str = "euclidean",
    *,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Any:
    """Contrastive loss over all pairs of a batch: a hinge for pairs of one class, and one for the others.

    See `PairContrastive` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no pairs.
        y_pred: Embeddings: real numbers, or several views of each sample.
        positive_margin: The distance up to which a pair of one class costs nothing, any number. Default: 0.
        negative_margin: The distance from which a pair of two classes costs nothing, any number. Default: 1.
        distance: `"euclidean"` (default), `"squared_euclidean"` or `"cosine"`, which is 1 - cosine.
        references: Embeddings `(n, dimensions)` with which those of y_pred are compared. Default: None, the
            others of the batch.
        reference_labels: The classes `(n,)` of the references. Those with the label -1 make no pairs.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, y_pred `(batch, dimensions)` or `(batch, views, dimensions)`,
    result `(batch,)` or `(batch, views)`.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Example:

    >>> embeddings = [[0.0, 0.0], [0.5, 0.0], [0.0, 0.75]]
    >>> print(round(float(keraslosses.batch_contrastive([0, 0, 1], embeddings)[0]), 4))
    0.9375
    """
    sets = sets_of(y_true, y_pred, references, reference_labels, across_replicas)
    pairs, distances = sets.pairs, DISTANCES[distance](sets.anchors, sets.references)
    counted = ops.any(ops.logical_or(*pairs), axis=1)
    pull = backend.at_least(distances - positive_margin, 0.0)
    push = backend.at_least(negative_margin - distances, 0.0)
    sorts = (pairs.positive, pull), (pairs.negative, push)
    return sum(mean_above_zero(*sort, counted, across_replicas) for sort in sorts), counted


def mean_above_zero(condition: Tensor, costs: Tensor, counted: Tensor, across_replicas: bool) -> Any:
    """The part of each anchor in the mean of the costs above 0 of the pairs for which the condition holds."""
    above = ops.logical_and(condition, costs > 0)
    counts = number(above, costs.dtype)
    return as_mean_of_all(sum_where(condition, costs), counts, counted, across_replicas)


@saved
class PairContrastive(PairLoss):
    """Contrastive loss over all pairs of a batch: near in one class, at least a margin apart otherwise.

    With d the distance of two embeddings:

    ```
    loss = mean of max(d - positive_margin, 0) over the pairs of one class for which it is above 0
         + mean of max(negative_margin - d, 0) over the pairs of two classes for which it is above 0
    ```

    Args:
        positive_margin: The distance up to which a pair of one class costs nothing, any number. Default: 0.
        negative_margin: The distance from which a pair of two classes costs nothing, any number. Default: 1.
        distance: `"euclidean"` (default), `"squared_euclidean"` or `"cosine"`, which is 1 - cosine.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        reference: Whether the embeddings are compared with another set. Default: False, with the others of
            the batch.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, whole numbers; y_pred `(batch, dimensions)`, result `(batch,)`.
    Or y_pred `(batch, views, dimensions)`, several views of each sample, result `(batch, views)`.

    With `reference`, y_true is `{"anchors": (batch,), "references": (n,)}` and y_pred
    `{"anchors": (batch, dimensions), "references": (n, dimensions)}`. Each anchor is compared with all
    references, and the values are those of the anchors. In `compile`, write `loss=[loss]`.

    The value of a sample is its part of both means: the sum over the pairs in which it is the anchor, divided
    by how many such pairs an anchor has on average. If a batch has no pair of one sort, the other part is the
    loss. A row without any pair costs 0, with gradient 0, and leaves the mean. So does a row with the label
    -1, a masked row and a row of weight 0: they make no pairs, and may hold anything. Other sample weights
    multiply the value of the anchor.

    The embeddings are not normalised. Distances of near embeddings keep their digits, and the gradient of
    equal ones is 0. At the kink of a margin the gradient is 0.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, 2006, section 2.1, with
    hinges that are not squared, as in pytorch-metric-learning.

    Example:

    >>> loss = keraslosses.PairContrastive()
    >>> print(round(float(loss([0, 0, 1], [[0.0, 0.0], [0.5, 0.0], [0.0, 0.75]])), 4))
    0.6743
    """

    def __init__(
        self,
        positive_margin: float = 0.0,
        negative_margin: float = 1.0,
        distance: str = "euclidean",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "pair_contrastive",
        dtype: DType = None,
        *,
        reference: bool = False,
        across_replicas: bool = False,
    ):
        super().__init__(
            batch_contrastive,
            reduction,
            name,
            dtype,
            positive_margin=positive_margin,
            negative_margin=negative_margin,
            distance=distance,
            reference=reference,
            across_replicas=across_replicas,
        )


@loss_function(
    EmbeddingPairs(), margin=checks.number, distance=checks.one_of(*DISTANCES), across_replicas=checks.boolean
)
def lifted_structure(
    y_true: Tensor,
    y_pred: Tensor,
    margin: float = 1.0,
    distance: str = "euclidean",
    *,
    across_replicas: bool = False,
) -> Any:
    """Lifted structure loss: each positive pair against all negatives of both of its samples.

    See `LiftedStructure` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no pairs.
        y_pred: Embeddings: real numbers, or several views of each sample.
        margin: The distance that negatives should have, any number. Default: 1.
        distance: `"euclidean"` (default), `"squared_euclidean"` or `"cosine"`, which is 1 - cosine.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, y_pred `(batch, dimensions)` or `(batch, views, dimensions)`,
    result `(batch,)` or `(batch, views)`.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Example:

    >>> embeddings = [[0.0, 0.0], [0.5, 0.0], [0.0, 0.75]]
    >>> print(round(float(keraslosses.lifted_structure([0, 0, 1], embeddings)[0]), 4))
    0.9389
    """
    sets = sets_of(y_true, y_pred, across_replicas=across_replicas)
    pairs, distances = sets.pairs, DISTANCES[distance](sets.anchors, sets.references)
    complete, positive = pairs.complete, pairs.of_complete.positive
    negatives = log_sum_exp_where(pairs.negative, margin - distances, complete)
    of_all = backend.gather_over_replicas(negatives) if across_replicas else negatives
    of_both = ops.logaddexp(negatives[:, None], of_all[None, :])
    excess = backend.at_least(of_both + distances, 0.0)
    totals = sum_where(positive, 0.5 * ops.square(excess))
    counts = number(positive, totals.dtype)
    return as_mean_of_all(totals, counts, complete, across_replicas), complete


@saved
class LiftedStructure(FunctionLoss):
    """Lifted structure loss: each pair of one class against all negatives of both samples.

    With d the distance, for a pair (i, j) of one class, and N the samples of other classes:

    ```
    J(i, j) = log(sum(exp(margin - d(i, n)) over n in N) + sum(exp(margin - d(j, n)) over n in N)) + d(i, j)
    loss = mean of max(J(i, j), 0)² / 2 over all pairs of one class
    ```

    Args:
        margin: The distance that negatives should have, any number. Default: 1.
        distance: `"euclidean"` (default), `"squared_euclidean"` or `"cosine"`, which is 1 - cosine.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, whole numbers; y_pred `(batch, dimensions)`, result `(batch,)`.
    Or y_pred `(batch, views, dimensions)`, several views of each sample, result `(batch, views)`.

    The value of a sample is its part of the mean: the sum over the pairs in which it is i, divided by how
    many such pairs a sample has on average. A sample without a positive or without a negative costs 0, with
    gradient 0, and leaves the mean. So does a row with the label -1, a masked row and a row of weight 0: they
    make no pairs, and may hold anything. Other sample weights multiply the value of the anchor.

    The embeddings are not normalised. Distances of near embeddings keep their digits, and the gradient of
    equal ones is 0.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Song et al., Deep Metric Learning via Lifted Structured Feature Embedding, 2016, equation 4.

    Example:

    >>> loss = keraslosses.LiftedStructure()
    >>> print(round(float(loss([0, 0, 1], [[0.0, 0.0], [0.5, 0.0], [0.0, 0.75]])), 4))
    0.9389
    """

    def __init__(
        self,
        margin: float = 1.0,
        distance: str = "euclidean",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "lifted_structure",
        dtype: DType = None,
        *,
        across_replicas: bool = False,
    ):
        super().__init__(
            lifted_structure,
            reduction,
            name,
            dtype,
            margin=margin,
            distance=distance,
            across_replicas=across_replicas,
        )
