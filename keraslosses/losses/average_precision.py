"""Losses that smooth the average precision: each sample ranks all others of the batch."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import EmbeddingPairs
from keraslosses.core.loss import loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pair_distances import cosine_distances, cosines
from keraslosses.losses.pair_loss import ANOTHER_SET, PairLoss
from keraslosses.losses.pair_sets import sets_of
from keraslosses.losses.pairs import mean_where, number


@loss_function(EmbeddingPairs(), bins=checks.positive_integer, **ANOTHER_SET)
def fast_ap(
    y_true: Tensor,
    y_pred: Tensor,
    bins: int = 10,
    *,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Any:
    """1 - the average precision of the ranking of all others, from histograms of the distances.

    See `FastAP` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no pairs.
        y_pred: Embeddings: real numbers, or several views of each sample.
        bins: Number of bins of the histograms, at least 1. Default: 10.
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

    >>> embeddings = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]
    >>> print(round(float(keraslosses.fast_ap([0, 0, 1], embeddings)[1]), 4))
    0.5
    """
    sets = sets_of(y_true, y_pred, references, reference_labels, across_replicas)
    pairs = sets.pairs
    # The squared distances of embeddings of length 1, in widths of a bin.
    places = cosine_distances(sets.anchors, sets.references) * (0.5 * bins)
    edges = ops.arange(bins + 1, dtype=places.dtype)
    shares = hat(places[None] - edges[:, None, None])
    positive, negative = (ops.sum(ops.where(sort[None], shares, 0.0), axis=2) for sort in pairs)
    nearer_positive, nearer_negative = (ops.cumsum(counts, axis=0) for counts in (positive, negative))
    wrong = numerics.divide(nearer_negative, nearer_positive + nearer_negative)
    values = ops.sum(positive * wrong, axis=0) / ops.maximum(number(pairs.positive, wrong.dtype), 1)
    return ops.where(pairs.complete, values, 0.0), pairs.complete


def hat(x: Tensor) -> Any:
    """max(1 - abs(x), 0): the share of a number in the bin of 0. It is shared with the next bin."""
    return backend.at_least(1.0 - ops.abs(x), 0.0)


@saved
class FastAP(PairLoss):
    """FastAP: 1 - the average precision with which each sample finds its class, by histograms.

    With d the squared distance of two embeddings of length 1, from 0 to 4, each pair is shared by linear
    interpolation between the two nearest of `bins + 1` edges. h(k) is the sum of the shares of the positives
    at edge k, H(k) that of the positives up to edge k, and A(k) that of all others up to edge k:

    ```
    loss(i) = 1 - 1/n sum(h(k) H(k) / A(k) over all edges k),    n the number of positives
    ```

    Args:
        bins: Number of bins of the histograms, at least 1. Default: 10.
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

    The loss compares directions only: the embeddings are normalised. A sample without a positive or without
    a negative costs 0, with gradient 0, and leaves the mean. So does a row with the label -1, a masked row
    and a row of weight 0: they make no pairs, and may hold anything. Other sample weights multiply the value
    of the anchor. At an edge of a bin, which is a kink, the gradient is 0. The memory is that of the pairs of
    a batch for each bin.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Cakir et al., Deep Metric Learning to Rank, 2019, section 3.

    Example:

    >>> loss = keraslosses.FastAP()
    >>> print(round(float(loss([0, 0, 1], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])), 4))
    0.25
    """

    def __init__(
        self,
        bins: int = 10,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "fast_ap",
        dtype: DType = None,
        *,
        reference: bool = False,
        across_replicas: bool = False,
    ):
        super().__init__(
            fast_ap, reduction, name, dtype, bins=bins, reference=reference, across_replicas=across_replicas
        )


@loss_function(EmbeddingPairs(), temperature=checks.positive, **ANOTHER_SET)
def smooth_ap(
    y_true: Tensor,
    y_pred: Tensor,
    temperature: float = 0.01,
    *,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Any:
    """1 - the average precision of the ranking of the batch, with a sigmoid in place of each comparison.

    See `SmoothAP` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no pairs.
        y_pred: Embeddings: real numbers, or several views of each sample.
        temperature: Temperature of the sigmoid, above 0. Default: 0.01.
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

    >>> embeddings = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]
    >>> print(round(float(keraslosses.smooth_ap([0, 0, 1], embeddings)[1]), 4))
    0.1667
    """
    sets = sets_of(y_true, y_pred, references, reference_labels, across_replicas)
    pairs, similar = sets.pairs, cosines(sets.anchors, sets.references) / temperature
    # Without another set, the sample itself is among those that it ranks, as a positive.
    positive = pairs.positive if sets.places is None else ops.logical_or(pairs.positive, sets.itself)
    before = ops.sigmoid(similar[:, None, :] - similar[:, :, None])
    among_positives, among_negatives = (
        ops.sum(ops.where(sort[:, None, :], before, ops.zeros_like(before)), axis=2)
        for sort in (positive, pairs.negative)
    )
    # Each sample counts half of itself: together with this half, the rank begins at 1.
    values = mean_where(positive, among_negatives / (among_positives + 0.5 + among_negatives))
    return ops.where(pairs.complete, values, 0.0), pairs.complete


@saved
class SmoothAP(PairLoss):
    """SmoothAP: 1 - the average precision with which each sample finds its class, by smooth ranks.

    With s the cosine of two embeddings, the rank of sample j among a set S, for the anchor i:

    ```
    rank(i, j, S) = 1 + sum(sigmoid((s(i, k) - s(i, j)) / temperature) over k in S, without j)
    loss(i) = 1 - mean(rank(i, j, P) / rank(i, j, A) over j in P)
    ```

    A are all samples, and P those of the class of sample i. Both hold sample i itself, as in the code of the
    authors.

    Args:
        temperature: Temperature of the sigmoid, above 0. Default: 0.01.
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

    The embeddings are normalised. A sample without another positive or without a negative costs 0, with
    gradient 0, and leaves the mean. So does a row with the label -1, a masked row and a row of weight 0: they
    make no pairs, and may hold anything. Other sample weights multiply the value of the anchor.

    The ranks compare all samples for each anchor: arrays of batch³ numbers, in training 2 GB for 512 samples.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Brown et al., Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval, 2020,
    section 4.

    Example:

    >>> loss = keraslosses.SmoothAP()
    >>> print(round(float(loss([0, 0, 1], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])), 4))
    0.0833
    """

    def __init__(
        self,
        temperature: float = 0.01,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "smooth_ap",
        dtype: DType = None,
        *,
        reference: bool = False,
        across_replicas: bool = False,
    ):
        super().__init__(
            smooth_ap,
            reduction,
            name,
            dtype,
            temperature=temperature,
            reference=reference,
            across_replicas=across_replicas,
        )
