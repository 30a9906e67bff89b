"""The multi-similarity loss: the pairs that are hard by three sorts of similarity count most."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import EmbeddingPairs
from keraslosses.core.loss import loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pair_distances import products
from keraslosses.losses.pair_loss import ANOTHER_SET, PairLoss
from keraslosses.losses.pair_sets import sets_of
from keraslosses.losses.pairs import Pairs, log_sum_exp_where


@loss_function(
    EmbeddingPairs(),
    alpha=checks.positive,
    beta=checks.positive,
    base=checks.number,
    epsilon=checks.optional_number,
    **ANOTHER_SET,
)
def multi_similarity(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 1.0,
    epsilon: float | None = 0.1,
    *,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Any:
    """Multi-similarity loss of embeddings of length 1.

    See `MultiSimilarity` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no pairs.
        y_pred: Embeddings of length 1, or several views of each sample.
        alpha: Scale of the positive pairs, above 0. Default: 2.
        beta: Scale of the negative pairs, above 0. Default: 50.
        base: The similarity from which both are measured, any number. Default: 1.
        epsilon: Margin of the mining, any number, or None for all pairs. Default: 0.1.
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
    >>> print(round(float(keraslosses.multi_similarity([0, 0, 1], embeddings, epsilon=None)[0]), 4))
    0.5856
    """
    sets = sets_of(y_true, y_pred, references, reference_labels, across_replicas)
    pairs, similar = sets.pairs, products(sets.anchors, sets.references)
    complete = pairs.complete
    chosen = pairs if epsilon is None else hard_pairs(ops.stop_gradient(similar), pairs, epsilon)
    pull = log_one_plus_sum(chosen.positive, alpha * (base - similar)) / alpha
    push = log_one_plus_sum(chosen.negative, beta * (similar - base)) / beta
    return ops.where(complete, pull + push, ops.zeros_like(pull)), complete


def hard_pairs(similar: Tensor, pairs: Pairs, epsilon: float) -> Pairs:
    """Negatives more similar than the least similar positive, and the reverse, within a margin."""
    far_above = 2 * backend.largest(ops.abs(similar))[:, None] + 1
    least = -backend.largest(ops.where(pairs.positive, -similar, -far_above))[:, None]
    most = backend.largest(ops.where(pairs.negative, similar, -far_above))[:, None]
    # A NaN stays among the chosen pairs. (A graph of TensorFlow takes "not above" for "at most".)
    undefined = ops.isnan(most + least + similar)
    hard_positive, hard_negative = similar - epsilon < most, similar + epsilon > least
    return Pairs(
        ops.logical_and(pairs.positive, ops.logical_or(hard_positive, undefined)),
        ops.logical_and(pairs.negative, ops.logical_or(hard_negative, undefined)),
    )


def log_one_plus_sum(condition: Tensor, values: Tensor) -> Any:
    """log(1 + sum(exp(values))) of each anchor, over the pairs for which the condition holds."""
    some = ops.any(condition, axis=1)
    found = ops.softplus(log_sum_exp_where(condition, values, some))
    return ops.where(some, found, ops.zeros_like(found))


@saved
class MultiSimilarity(PairLoss):
    """Multi-similarity loss: pulls and pushes the pairs of a batch by how hard each is among the others.

    With s the scalar product of two embeddings, P(i) the hard positives and N(i) the hard negatives of sample
    i:

    ```
    loss(i) = 1/alpha log(1 + sum(exp(-alpha (s(i, p) - base)) over p in P(i)))
            + 1/beta log(1 + sum(exp(beta (s(i, n) - base)) over n in N(i)))
    ```

    A negative is hard if it is more similar than the least similar positive less `epsilon`. A positive is
    hard if it is less similar than the most similar negative plus `epsilon`.

    Args:
        alpha: Scale of the positive pairs, above 0. Default: 2.
        beta: Scale of the negative pairs, above 0. Default: 50.
        base: The similarity from which both are measured, any number. Default: 1. pytorch-metric-learning
            uses 0.5.
        epsilon: Margin of the mining, any number, or None for all pairs. Default: 0.1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        reference: Whether the embeddings are compared with another set. Default: False, with the others of
            the batch.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, whole numbers; y_pred `(batch, dimensions)`, each row of length
    1, result `(batch,)`. Or y_pred `(batch, views, dimensions)`, several views of each sample, result
    `(batch, views)`.

    With `reference`, y_true is `{"anchors": (batch,), "references": (n,)}` and y_pred
    `{"anchors": (batch, dimensions), "references": (n, dimensions)}`. Each anchor is compared with all
    references, and the values are those of the anchors. In `compile`, write `loss=[loss]`.

    The loss does not normalise the embeddings: end the model with `keras.layers.UnitNormalization`.

    A sample without a positive or without a negative costs 0, with gradient 0, and leaves the mean. A sample
    without a hard pair costs 0 and counts in the mean. A row with the label -1, a masked row and a row of
    weight 0 make no pairs, may hold anything, and leave the mean. Other sample weights multiply the value of
    the anchor. Which pairs are hard is a constant in the gradient.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Wang et al., Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning, 2019,
    equations 11, 12 and 15.

    Example:

    >>> loss = keraslosses.MultiSimilarity()
    >>> print(round(float(loss([0, 0, 1], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])), 4))
    0.2928
    """

    def __init__(
        self,
        alpha: float = 2.0,
        beta: float = 50.0,
        base: float = 1.0,
        epsilon: float | None = 0.1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "multi_similarity",
        dtype: DType = None,
        *,
        reference: bool = False,
        across_replicas: bool = False,
    ):
        super().__init__(
            multi_similarity,
            reduction,
            name,
            dtype,
            alpha=alpha,
            beta=beta,
            base=base,
            epsilon=epsilon,
            reference=reference,
            across_replicas=across_replicas,
        )
