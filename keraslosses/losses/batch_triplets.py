"""The triplet loss: an anchor should be nearer to a sample of its class than to one of another class."""

from collections.abc import Callable
from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import EmbeddingPairs
from keraslosses.core.loss import loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pair_distances import DISTANCES
from keraslosses.losses.pair_loss import ANOTHER_SET, PairLoss
from keraslosses.losses.pair_sets import sets_of
from keraslosses.losses.pairs import Pairs, as_mean_of_all, number, sum_where

# The cost of a triplet, from the distance to the positive less that to the negative.
Cost = Callable[[Any], Any]
# The sum of the costs of each anchor, and how many there are. None: one.
Costs = tuple[Any, Any]


@loss_function(
    EmbeddingPairs(),
    margin=checks.number,
    distance=checks.one_of(*DISTANCES),
    mining=checks.one_of("semihard", "hard", "all", "easy_positive"),
    soft=checks.boolean,
    **ANOTHER_SET,
)
def triplet(
    y_true: Tensor,
    y_pred: Tensor,
    margin: float = 1.0,
    distance: str = "euclidean",
    mining: str = "semihard",
    soft: bool = False,
    *,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Any:
    """Triplet loss over the triplets of a batch, which `mining` chooses.

    See `Triplet` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no triplets.
        y_pred: Embeddings: real numbers, or several views of each sample.
        margin: How much nearer the positive should be, any number. Default: 1.
        distance: `"euclidean"` (default), `"squared_euclidean"` or `"cosine"`, which is 1 - cosine.
        mining: `"semihard"` (default), `"hard"`, `"all"` or `"easy_positive"`.
        soft: Whether the softplus of the difference is the cost of a triplet, without a margin. Default:
            False.
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

    >>> embeddings = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.5]]
    >>> print(float(keraslosses.triplet([0, 0, 1], embeddings)[0]))
    0.5
    """
    sets = sets_of(y_true, y_pred, references, reference_labels, across_replicas)
    pairs, distances = sets.pairs, DISTANCES[distance](sets.anchors, sets.references)
    totals, counts = MINING[mining](distances, pairs, margin, soft)
    if counts is not None:
        totals = as_mean_of_all(totals, counts, pairs.complete, across_replicas)
    values = totals * none_undefined(distances)
    return ops.where(pairs.complete, values, ops.zeros_like(values)), pairs.complete


def none_undefined(distances: Tensor) -> Any:
    """A factor for each anchor: 1, or NaN if one of its distances is. Sorted, compilers hide a NaN."""
    return backend.one_or_nan(ops.any(ops.isnan(distances), axis=1), distances.dtype)


def cost_of(margin: float, soft: bool) -> Cost:
    return ops.softplus if soft else lambda difference: backend.at_least(difference + margin, 0.0)


def hard(distances: Tensor, pairs: Pairs, margin: float, soft: bool) -> Costs:
    """The farthest positive and the nearest negative of each anchor."""
    farthest = backend.largest(ops.where(pairs.positive, distances, ops.zeros_like(distances)))
    nearest = nearest_where(pairs.negative, distances)
    return cost_of(margin, soft)(farthest - nearest), None


def semihard(distances: Tensor, pairs: Pairs, margin: float, soft: bool) -> Costs:
    """Each positive pair, with its semi-hard negative: the mean over these triplets."""
    chosen = pairs.of_complete
    costs = cost_of(margin, soft)(distances - semihard_negatives(distances, chosen, distances))
    return sum_where(chosen.positive, costs), number(chosen.positive, distances.dtype)


def easy_positive(distances: Tensor, pairs: Pairs, margin: float, soft: bool) -> Costs:
    """The nearest positive of each anchor, with its semi-hard negative."""
    nearest = nearest_where(pairs.positive, distances)
    negatives = semihard_negatives(distances, pairs.of_complete, nearest[:, None])
    return cost_of(margin, soft)(nearest - negatives[:, 0]), None


def all_triplets(distances: Tensor, pairs: Pairs, margin: float, soft: bool) -> Costs:
    """The mean over the triplets with a cost above 0."""
    chosen = pairs.of_complete
    costs, counts = (all_soft if soft else all_hinges)(distances, chosen, margin)
    return sum_where(chosen.positive, costs), sum_where(chosen.positive, counts)


MINING = {"semihard": semihard, "hard": hard, "all": all_triplets, "easy_positive": easy_positive}


def all_hinges(distances: Tensor, pairs: Pairs, margin: float) -> tuple[Any, Any]:
    """For each pair, the sum of the hinges with all negatives, and how many of them are above 0.

    The negatives that are near enough are the first ones in their order, so their sum is a running sum.
    """
    ranked = ranked_negatives(distances, pairs)
    first = ops.stop_gradient(ranked[:, :1])
    past = ops.arange(ops.shape(ranked)[1], dtype="int32")[None, :] >= negatives_of(pairs)
    beyond_first = ops.where(past, ops.zeros_like(ranked), ranked - first)
    sums = ops.cumsum(ops.concatenate([ops.zeros_like(first), beyond_first], axis=1), axis=1)
    reach = distances + margin
    near = ops.minimum(backend.places_among(ranked, reach, "left"), negatives_of(pairs))
    count = ops.cast(near, distances.dtype)
    return count * (reach - first) - ops.take_along_axis(sums, near, axis=1), count


def all_soft(distances: Tensor, pairs: Pairs, margin: float) -> tuple[Any, Any]:
    """For each pair, the sum of the softplus with all negatives, and their number."""
    costs = ops.softplus(distances[:, :, None] - distances[:, None, :])
    total = ops.sum(ops.where(pairs.negative[:, None, :], costs, ops.zeros_like(costs)), axis=2)
    return total, ops.broadcast_to(ops.cast(negatives_of(pairs), total.dtype), ops.shape(total))


def semihard_negatives(distances: Tensor, pairs: Pairs, positives: Tensor) -> Any:
    """The nearest negative that is farther than each of these positives of its anchor, else the farthest."""
    ranked = ranked_negatives(distances, pairs)
    last = ops.maximum(negatives_of(pairs) - 1, 0)
    place = ops.minimum(backend.places_among(ranked, positives, "right"), last)
    return ops.take_along_axis(ranked, place, axis=1)


def ranked_negatives(distances: Tensor, pairs: Pairs) -> Any:
    """The distances to the negatives of each anchor, the nearest first; all other places follow."""
    return ops.sort(ops.where(pairs.negative, distances, beyond_all(distances)), axis=1)


def negatives_of(pairs: Pairs) -> Any:
    """The number of negatives of each anchor, in a column."""
    return ops.sum(ops.cast(pairs.negative, "int32"), axis=1, keepdims=True)


def nearest_where(condition: Tensor, distances: Tensor) -> Any:
    return -backend.largest(-ops.where(condition, distances, beyond_all(distances)))


def beyond_all(distances: Tensor) -> Any:
    """A number for each anchor, larger than its distances: finite, so no infinity enters the graph."""
    return 2 * backend.largest(ops.stop_gradient(distances))[:, None] + 1


@saved
class Triplet(PairLoss):
    """Triplet loss: each embedding should be nearer to those of its class than to others, by a margin.

    With d the distance, for an anchor a, a positive p of its class and a negative n of another class:

    ```
    cost(a, p, n) = max(d(a, p) - d(a, n) + margin, 0)        or, with soft=True,
    cost(a, p, n) = log(1 + exp(d(a, p) - d(a, n)))
    ```

    `mining` chooses the triplets of a batch, and the loss is their mean:

    - `"semihard"`: each positive pair, with the nearest negative that is farther than the positive; if there
      is none, with the farthest negative.
    - `"hard"`: each anchor with its farthest positive and its nearest negative.
    - `"all"`: all triplets. The mean is over those with a cost above 0.
    - `"easy_positive"`: each anchor with its nearest positive, and the negative of `"semihard"` for it.

    Args:
        margin: How much nearer the positive should be, any number. Default: 1. With `soft` it has no effect.
        distance: `"euclidean"` (default), `"squared_euclidean"` or `"cosine"`, which is 1 - cosine.
        mining: `"semihard"` (default), `"hard"`, `"all"` or `"easy_positive"`.
        soft: Whether the softplus of the difference is the cost of a triplet, without a margin. Default:
            False.
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

    The value of a sample is its part of the mean: the sum over the triplets in which it is the anchor,
    divided by how many triplets an anchor has on average. A sample without a positive or without a negative
    costs 0, with gradient 0, and leaves the mean. So does a row with the label -1, a masked row and a row of
    weight 0: they make no triplets, and may hold anything. Other sample weights multiply the value of the
    anchor.

    The embeddings are not normalised. Distances of near embeddings keep their digits, and the gradient of
    equal ones is 0. At the kink of the margin the gradient is 0. The memory is that of the pairs of a batch;
    only `mining="all"` with `soft=True` makes arrays of all triplets, in training 2 GB for 512 samples.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Schroff et al., FaceNet, 2015, equation 3; Hermans et al., In Defense of the Triplet Loss for
    Person Re-Identification, 2017, equations 5 and 7.

    Example:

    >>> loss = keraslosses.Triplet()
    >>> print(round(float(loss([0, 0, 1], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.5]])), 4))
    0.3486
    """

    def __init__(
        self,
        margin: float = 1.0,
        distance: str = "euclidean",
        mining: str = "semihard",
        soft: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "triplet",
        dtype: DType = None,
        *,
        reference: bool = False,
        across_replicas: bool = False,
    ):
        super().__init__(
            triplet,
            reduction,
            name,
            dtype,
            margin=margin,
            distance=distance,
            mining=mining,
            soft=soft,
            reference=reference,
            across_replicas=across_replicas,
        )
