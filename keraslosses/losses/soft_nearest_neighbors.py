"""The soft nearest neighbours loss: how entangled the classes are."""

from typing import Any

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import EmbeddingPairs
from keraslosses.core.loss import loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pair_distances import squared_distances
from keraslosses.losses.pair_loss import ANOTHER_SET, PairLoss
from keraslosses.losses.pair_sets import sets_of
from keraslosses.losses.pairs import log_sum_exp_where


@loss_function(EmbeddingPairs(), temperature=checks.positive, **ANOTHER_SET)
def soft_nearest_neighbors(
    y_true: Tensor,
    y_pred: Tensor,
    temperature: float = 1.0,
    *,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Any:
    """Minus the log-probability that a neighbour, drawn by its distance, is of the same class.

    See `SoftNearestNeighbors` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no pairs.
        y_pred: Embeddings: real numbers, or several views of each sample.
        temperature: The squared distances are divided by it, above 0. Default: 1.
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

    >>> embeddings = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    >>> print(round(float(keraslosses.soft_nearest_neighbors([0, 0, 1], embeddings)[0]), 4))
    0.6931
    """
    sets = sets_of(y_true, y_pred, references, reference_labels, across_replicas)
    pairs, near = sets.pairs, -squared_distances(sets.anchors, sets.references) / temperature
    complete = pairs.complete
    negatives, positives = (
        log_sum_exp_where(sort, near, complete) for sort in (pairs.negative, pairs.positive)
    )
    return ops.where(complete, ops.softplus(negatives - positives), 0.0), complete


@saved
class SoftNearestNeighbors(PairLoss):
    """Soft nearest neighbours loss: among the near neighbours of a sample, those of its class should prevail.

    With d the euclidean distance, P(i) the other samples of the class of sample i, and A(i) all other
    samples:

    ```
    loss(i) = -log(sum(exp(-d(i, p)² / temperature) over p in P(i))
                   / sum(exp(-d(i, a)² / temperature) over a in A(i)))
    ```

    Args:
        temperature: The squared distances are divided by it, above 0. Default: 1.
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

    The embeddings are not normalised. A sample without a positive or without a negative costs 0, with
    gradient 0, and leaves the mean. So does a row with the label -1, a masked row and a row of weight 0: they
    make no pairs, and may hold anything. Other sample weights multiply the value of the anchor.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Frosst et al., Analyzing and Improving Representations with the Soft Nearest Neighbor Loss, 2019,
    equation 1.

    Example:

    >>> loss = keraslosses.SoftNearestNeighbors()
    >>> print(round(float(loss([0, 0, 1], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])), 4))
    0.5032
    """

    def __init__(
        self,
        temperature: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "soft_nearest_neighbors",
        dtype: DType = None,
        *,
        reference: bool = False,
        across_replicas: bool = False,
    ):
        super().__init__(
            soft_nearest_neighbors,
            reduction,
            name,
            dtype,
            temperature=temperature,
            reference=reference,
            across_replicas=across_replicas,
        )
