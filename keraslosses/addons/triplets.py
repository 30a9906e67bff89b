"""The losses of TensorFlow Addons over the pairs and triplets of a batch."""

from collections.abc import Callable
from typing import Any

import keras

from keraslosses.addons.addon import AddonOfBatch, class_of, of_addons
from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import NO_CLASS, EmbeddingPairs
from keraslosses.core.loss import loss_function
from keraslosses.core.precision import floating
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.batch_triplets import cost_of, nearest_where, none_undefined, semihard_negatives
from keraslosses.losses.pair_distances import DISTANCES, euclidean_distances
from keraslosses.losses.pairs import Pairs, as_mean_of_all, diagonal, number, pairs_within, sum_where

METRICS = {"L2": "euclidean", "squared-L2": "squared_euclidean", "angular": "cosine"}
Metric = str | Callable[[Any], Any]


def metric_or_function(name: str, value: Any) -> None:
    """Allows the name of a metric, or a function of the embeddings."""
    if not callable(value) and not (isinstance(value, str) and value in METRICS):
        known = ", ".join(map(repr, METRICS))
        raise checks.invalid(name, f"be one of {known}, or a function of the embeddings", value)


def distances_within(labels: Tensor, embeddings: Tensor, metric: Metric, pairs: Pairs) -> Any:
    """The distance of each row to each other one, at least 0; 0 where they make no pair."""
    if isinstance(metric, str):
        return DISTANCES[METRICS[metric]](embeddings, embeddings)
    return from_the_nearest(of_function(metric, labels, embeddings), pairs)


def of_function(metric: Callable[[Any], Any], labels: Tensor, embeddings: Tensor) -> Any:
    """What a function of the user gives for the embeddings: a number for each two of them.

    Rows without a class are ones here: many a function has no value for zeros.
    """
    embeddings = ops.where((labels != NO_CLASS)[:, None], embeddings, ops.ones_like(embeddings))
    distances = floating(metric(embeddings))
    rows = embeddings.shape[0]
    if not checks.compatible(distances.shape, (rows, rows)):
        raise ValueError(
            "`distance_metric` must give the distances of all pairs, (batch, batch). "
            f"Received: {tuple(distances.shape)} for embeddings {tuple(embeddings.shape)}"
        )
    return ops.cast(distances, embeddings.dtype)


def from_the_nearest(distances: Tensor, pairs: Pairs) -> Any:
    """Distances less the least one of each row, that of the row to itself included.

    The losses take differences of them only. Where a sample has no partner, TensorFlow Addons takes the least
    distance of the row; so that is 0, as it is for the distances that have a name.
    """
    known = ops.logical_or(ops.logical_or(pairs.positive, pairs.negative), diagonal(distances))
    most = backend.largest(ops.stop_gradient(distances))[:, None]
    least = -backend.largest(-ops.where(known, distances, most))[:, None]
    return ops.where(known, distances - least, ops.zeros_like(distances))


def farthest_where(condition: Tensor, distances: Tensor) -> Any:
    return backend.largest(ops.where(condition, distances, ops.zeros_like(distances)))


def has_negatives(pairs: Pairs) -> Any:
    return ops.any(pairs.negative, axis=1, keepdims=True)


def mean_over_positives(costs: Tensor, pairs: Pairs) -> tuple[Any, Any]:
    """Values of the anchors with the mean cost of the positive pairs, and which anchors have such a pair."""
    counted = ops.any(pairs.positive, axis=1)
    counts = number(pairs.positive, costs.dtype)
    return as_mean_of_all(sum_where(pairs.positive, costs), counts, counted), counted


@loss_function(EmbeddingPairs(), margin=checks.number, distance_metric=metric_or_function)
def semihard_of_addons(
    y_true: Tensor, y_pred: Tensor, margin: float = 1.0, distance_metric: Metric = "L2"
) -> Any:
    """An anchor without a negative has one at the distance 0, as in TensorFlow Addons."""
    pairs = pairs_within(y_true)
    distances = distances_within(y_true, y_pred, distance_metric, pairs)
    negatives = semihard_negatives(distances, pairs, distances)
    negatives = ops.where(has_negatives(pairs), negatives, ops.zeros_like(negatives))
    costs = cost_of(margin, False)(distances - negatives) * none_undefined(distances)[:, None]
    return mean_over_positives(costs, pairs)


@loss_function(
    EmbeddingPairs(needs_positives=False),
    margin=checks.number,
    soft=checks.boolean,
    distance_metric=metric_or_function,
)
def hard_of_addons(
    y_true: Tensor, y_pred: Tensor, margin: float = 1.0, soft: bool = False, distance_metric: Metric = "L2"
) -> Any:
    """Every anchor counts. One without a positive has it at the distance 0, as in TensorFlow Addons.

    The negative of an anchor that has none is as far as the farthest row.
    """
    pairs = pairs_within(y_true)
    distances = distances_within(y_true, y_pred, distance_metric, pairs)
    farthest = farthest_where(pairs.positive, distances)
    last = farthest_where(ops.logical_or(pairs.positive, diagonal(distances)), distances)
    nearest = ops.where(has_negatives(pairs)[:, 0], nearest_where(pairs.negative, distances), last)
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


SemiHard: Any = class_of(semihard_of_addons, "triplet_semihard_loss")
Hard: Any = class_of(hard_of_addons, "triplet_hard_loss")
Lifted: Any = class_of(lifted_of_addons, "lifted_struct_loss")


class Triplets(AddonOfBatch):
    """A loss with a `distance_metric`, which may be a function."""

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {**config, "distance_metric": keras.saving.serialize_keras_object(config["distance_metric"])}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        metric = keras.saving.deserialize_keras_object(config.get("distance_metric", "L2"))
        return cls(**{**config, "distance_metric": metric})


@of_addons
class TripletSemiHardLoss(Triplets):
    """Triplet loss with semi-hard negatives, as `Triplet`.

    Args:
        margin: How much nearer the positive should be, any number. Default: 1.
        distance_metric: `"L2"` (default), `"squared-L2"`, `"angular"`, which is 1 - cosine, or a function
            that gives the distances `(batch, batch)` of embeddings `(batch, dim)`, a row for each anchor.
        name: Name of the loss.
        reduction: Has no effect: there is one value. Default: `"none"`.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true, the classes, `(batch,)` or `(batch, 1)`; y_pred, the embeddings, `(batch, dim)`; the
    result is a scalar.

    The mean is over the positive pairs. Without any, the result is 0. (In TensorFlow Addons it is NaN.) An
    anchor without a negative counts as if one were at the distance 0, as in TensorFlow Addons.

    A function as `distance_metric` gets ones for rows that take no part. Register it with
    `keras.saving.register_keras_serializable()` if the loss is saved. Where a distance 0 is named above, it
    is the least distance of the row.

    Example:

    >>> from keraslosses import addons
    >>> loss = addons.TripletSemiHardLoss()
    >>> print(float(loss([0, 0, 1], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.5]])))
    0.5
    """

    def __init__(
        self,
        margin: float = 1.0,
        distance_metric: Metric = "L2",
        name: str | None = None,
        reduction: str | None = "none",
        dtype: DType = None,
    ):
        options = {"margin": margin, "distance_metric": distance_metric}
        super().__init__(SemiHard(**options), reduction, name, dtype, **options)


@of_addons
class TripletHardLoss(Triplets):
    """Triplet loss with the farthest positive and the nearest negative of each anchor, as `Triplet`.

    Args:
        margin: How much nearer the positive should be, any number. Default: 1.
        soft: Whether the softplus of the difference is the cost of a triplet, without a margin. Default:
            False.
        distance_metric: `"L2"` (default), `"squared-L2"`, `"angular"`, which is 1 - cosine, or a function
            that gives the distances `(batch, batch)` of embeddings `(batch, dim)`, a row for each anchor.
        name: Name of the loss.
        reduction: Has no effect: there is one value. Default: `"none"`.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true, the classes, `(batch,)` or `(batch, 1)`; y_pred, the embeddings, `(batch, dim)`; the
    result is a scalar.

    The mean is over all samples, as in TensorFlow Addons: without a positive, a sample counts as if one were
    at the distance 0; without a negative, as if one were as far as the farthest sample. With `soft`, a large
    difference costs as much as itself. (In TensorFlow Addons it costs inf.)

    A function as `distance_metric`: as in `TripletSemiHardLoss`.

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
        distance_metric: Metric = "L2",
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
