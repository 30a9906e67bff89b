"""The losses of TensorFlow Addons over the pairs and triplets of a batch."""

from typing import Any

from keraslosses.addons.addon import AddonOfBatch, of_addons
from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import EmbeddingPairs
from keraslosses.core.loss import loss_function
from keraslosses.core.loss_class import loss_class
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.batch_triplets import cost_of, nearest_where, none_undefined, semihard_negatives
from keraslosses.losses.pair_distances import DISTANCES, euclidean_distances
from keraslosses.losses.pairs import Pairs, as_mean_of_all, number, pairs_within, sum_where

METRICS = {"L2": "euclidean", "squared-L2": "squared_euclidean", "angular": "cosine"}
METRIC = checks.one_of(*METRICS)


def distances_within(embeddings: Tensor, metric: str) -> Any:
    return DISTANCES[METRICS[metric]](embeddings, embeddings)


def has_negatives(pairs: Pairs) -> Any:
    return ops.any(pairs.negative, axis=1, keepdims=True)


def mean_over_positives(costs: Tensor, pairs: Pairs) -> tuple[Any, Any]:
    """Values of the anchors with the mean cost of the positive pairs, and which anchors have such a pair."""
    counted = ops.any(pairs.positive, axis=1)
    counts = number(pairs.positive, costs.dtype)
    return as_mean_of_all(sum_where(pairs.positive, costs), counts, counted), counted


@loss_function(EmbeddingPairs(), margin=checks.number, distance_metric=METRIC)
def semihard_of_addons(
    y_true: Tensor, y_pred: Tensor, margin: float = 1.0, distance_metric: str = "L2"
) -> Any:
    """An anchor without a negative has one at the distance 0, as in TensorFlow Addons."""
    pairs, distances = pairs_within(y_true), distances_within(y_pred, distance_metric)
    negatives = semihard_negatives(distances, pairs, distances)
    negatives = ops.where(has_negatives(pairs), negatives, ops.zeros_like(negatives))
    costs = cost_of(margin, False)(distances - negatives) * none_undefined(distances)[:, None]
    return mean_over_positives(costs, pairs)


@loss_function(EmbeddingPairs(), margin=checks.number, soft=checks.boolean, distance_metric=METRIC)
def hard_of_addons(
    y_true: Tensor, y_pred: Tensor, margin: float = 1.0, soft: bool = False, distance_metric: str = "L2"
) -> Any:
    """Every anchor counts. One without a positive has it at the distance 0, as in TensorFlow Addons.

    The negative of an anchor that has none is as far as the farthest row.
    """
    pairs, distances = pairs_within(y_true), distances_within(y_pred, distance_metric)
    farthest = backend.largest(ops.where(pairs.positive, distances, ops.zeros_like(distances)))
    nearest = ops.where(has_negatives(pairs)[:, 0], nearest_where(pairs.negative, distances), farthest)
    values = cost_of(margin, soft)(farthest - nearest) * none_undefined(distances)
    return values, ops.ones_like(values, dtype="bool")


@loss_function(EmbeddingPairs(), margin=checks.number)
def lifted_of_addons(y_true: Tensor, y_pred: Tensor, margin: float = 1.0) -> Any:
    """A positive pair whose two samples have no negative costs 0."""
    pairs, distances = pairs_within(y_true), euclidean_distances(y_pred, y_pred)
    nothing = ops.cast(backend.FAR_BELOW, distances.dtype)
    pushes = ops.logsumexp(ops.where(pairs.negative, margin - distances, nothing), axis=1)
    costs = backend.at_least(ops.logaddexp(pushes[:, None], pushes[None, :]) + distances, 0.0)
    return mean_over_positives(0.5 * ops.square(costs), pairs)


SemiHard: Any = loss_class(semihard_of_addons)
Hard: Any = loss_class(hard_of_addons)
Lifted: Any = loss_class(lifted_of_addons)


@of_addons
class TripletSemiHardLoss(AddonOfBatch):
    """Triplet loss with semi-hard negatives, as `Triplet`.

    Args:
        margin: How much nearer the positive should be, any number. Default: 1.
        distance_metric: `"L2"` (default), `"squared-L2"` or `"angular"`, which is 1 - cosine.
        name: Name of the loss.
        reduction: Has no effect: there is one value. Default: `"none"`.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true, the classes, `(batch,)` or `(batch, 1)`; y_pred, the embeddings, `(batch, dim)`; the
    result is a scalar.

    The mean is over the positive pairs. Without any, the result is 0. (In TensorFlow Addons it is NaN.) An
    anchor without a negative counts as if one were at the distance 0, as in TensorFlow Addons.

    Example:

    >>> from keraslosses import addons
    >>> loss = addons.TripletSemiHardLoss()
    >>> print(float(loss([0, 0, 1], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.5]])))
    0.5
    """

    def __init__(
        self,
        margin: float = 1.0,
        distance_metric: str = "L2",
        name: str | None = None,
        reduction: str | None = "none",
        dtype: DType = None,
    ):
        options = {"margin": margin, "distance_metric": distance_metric}
        super().__init__(SemiHard(**options), reduction, name, dtype, **options)


@of_addons
class TripletHardLoss(AddonOfBatch):
    """Triplet loss with the farthest positive and the nearest negative of each anchor, as `Triplet`.

    Args:
        margin: How much nearer the positive should be, any number. Default: 1.
        soft: Whether the softplus of the difference is the cost of a triplet, without a margin. Default:
            False.
        distance_metric: `"L2"` (default), `"squared-L2"` or `"angular"`, which is 1 - cosine.
        name: Name of the loss.
        reduction: Has no effect: there is one value. Default: `"none"`.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true, the classes, `(batch,)` or `(batch, 1)`; y_pred, the embeddings, `(batch, dim)`; the
    result is a scalar.

    The mean is over all samples, as in TensorFlow Addons: without a positive, a sample counts as if one were
    at the distance 0; without a negative, as if one were as far as the farthest sample. With `soft`, a large
    difference costs as much as itself. (In TensorFlow Addons it costs inf.)

    Example:

    >>> from keraslosses import addons
    >>> loss = addons.TripletHardLoss()
    >>> print(float(loss([0, 0, 1], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.5]])))
    0.25
    """

    def __init__(
        self,
        margin: float = 1.0,
        soft: bool = False,
        distance_metric: str = "L2",
        name: str | None = None,
        reduction: str | None = "none",
        dtype: DType = None,
    ):
        options = {"margin": margin, "soft": soft, "distance_metric": distance_metric}
        super().__init__(Hard(**options), reduction, name, dtype, **options)


@of_addons
class LiftedStructLoss(AddonOfBatch):
    """Lifted structure loss: each positive pair against all negatives of both of its samples.

    With d the Euclidean distance, P the pairs of one class, and n the samples of other classes:

    ```
    loss = mean over (i, j) in P of max(J[i, j], 0)² / 2
    J[i, j] = log(sum over n of exp(margin - d(i, n)) + sum over n of exp(margin - d(j, n))) + d(i, j)
    ```

    Args:
        margin: How far apart two classes should be, any number. Default: 1.
        name: Name of the loss.
        reduction: Has no effect: there is one value. Default: `"none"`.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true, the classes, `(batch,)` or `(batch, 1)`; y_pred, the embeddings, `(batch, dim)`; the
    result is a scalar.

    Without a pair of one class, or without a negative, the result is 0. (In TensorFlow Addons it is NaN.)

    Example:

    >>> from keraslosses import addons
    >>> loss = addons.LiftedStructLoss()
    >>> print(round(float(loss([0, 0, 1], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.5]])), 4))
    0.9266
    """

    def __init__(
        self,
        margin: float = 1.0,
        name: str | None = None,
        reduction: str | None = "none",
        dtype: DType = None,
    ):
        super().__init__(Lifted(margin), reduction, name, dtype, margin=margin)
