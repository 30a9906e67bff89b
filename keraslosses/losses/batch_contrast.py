"""Contrastive losses over a batch: a softmax over the similarities of an embedding to all others."""

from typing import Any

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import EmbeddingPairs
from keraslosses.core.loss import loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pair_chunks import of_anchors
from keraslosses.losses.pair_distances import products
from keraslosses.losses.pair_loss import ANOTHER_SET, PairLoss
from keraslosses.losses.pair_sets import sets_of
from keraslosses.losses.pairs import (
    Pairs,
    as_mean_of_all,
    log_sum_exp_where,
    number,
    softmax_costs,
    sum_where,
)

OPTIONS = {
    "temperature": checks.positive,
    "normalize": checks.boolean,
    "chunk_size": checks.optional_positive_integer,
}


@loss_function(EmbeddingPairs(), **OPTIONS, **ANOTHER_SET)
def supervised_contrastive(
    y_true: Tensor,
    y_pred: Tensor,
    temperature: float = 0.1,
    normalize: bool = True,
    chunk_size: int | None = None,
    *,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Any:
    """Supervised contrastive loss: a softmax over all others, with the others of the class as targets.

    See `SupervisedContrastive` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no pairs.
        y_pred: Embeddings: real numbers, or several views of each sample.
        temperature: The similarities are divided by it, above 0. Default: 0.1.
        normalize: Whether to compare directions, by the cosine. Default: True. False: by the scalar product.
        chunk_size: How many anchors are compared with all others at a time. Value and gradient do not depend
            on it. Default: None, all at once for a small batch, else a size that suits the device.
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
    >>> print(round(float(keraslosses.supervised_contrastive([0, 0, 1], embeddings, temperature=1.0)[0]), 4))
    0.4375
    """

    def terms(pairs: Pairs, anchors: Tensor, others: Tensor) -> tuple[Any, ...]:
        costs, complete = softmax_costs(pairs, products(anchors, others) / temperature)
        return costs, ops.cast(complete, costs.dtype)

    sets = sets_of(y_true, y_pred, references, reference_labels, across_replicas)
    sets = sets.normalized if normalize else sets
    values, complete = of_anchors(terms, sets, chunk_size=chunk_size)
    return values, complete != 0


@saved
class SupervisedContrastive(PairLoss):
    """Supervised contrastive loss: each embedding picks those of its class out of all others in the batch.

    With s the cosine of two embeddings divided by the temperature, P(i) the other samples of the class of
    sample i, and A(i) all other samples:

    ```
    loss(i) = -mean(s(i, p) over p in P(i)) + log(sum(exp(s(i, a)) over a in A(i)))
    ```

    Args:
        temperature: The similarities are divided by it, above 0. Default: 0.1.
        normalize: Whether to compare directions, by the cosine. Default: True. False: by the scalar product.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        chunk_size: How many anchors are compared with all others at a time. Value and gradient do not depend
            on it. Default: None, all at once for a small batch, else a size that suits the device.
        reference: Whether the embeddings are compared with another set. Default: False, with the others of
            the batch.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, whole numbers; y_pred `(batch, dimensions)`, result `(batch,)`.
    Or y_pred `(batch, views, dimensions)`, several views of each sample, result `(batch, views)`.

    With `reference`, y_true is `{"anchors": (batch,), "references": (n,)}` and y_pred
    `{"anchors": (batch, dimensions), "references": (n, dimensions)}`. Each anchor is compared with all
    references, and the values are those of the anchors. In `compile`, write `loss=[loss]`.

    A sample without a positive or without a negative costs 0, with gradient 0, and leaves the mean. So does a
    row with the label -1, a masked row and a row of weight 0: they make no pairs, and may hold anything.
    Other sample weights multiply the value of the anchor. An embedding of zeros has similarity 0, with
    gradient 0.

    A large batch is compared in chunks of anchors, which are computed again for the gradient: no array
    `(batch, batch)` is stored. If the batch size is not known when the code is compiled, chunks need
    `chunk_size`. `torch.compile` compares all at once.

    This is L_out of the paper: the mean over the positives is outside of the logarithm. The factor of the
    temperature in the code of the authors is left out.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Khosla et al., Supervised Contrastive Learning, 2020, equation 2.

    Example:

    >>> loss = keraslosses.SupervisedContrastive(temperature=1.0)
    >>> print(round(float(loss([0, 0, 1], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])), 4))
    0.6178
    """

    def __init__(
        self,
        temperature: float = 0.1,
        normalize: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "supervised_contrastive",
        dtype: DType = None,
        *,
        chunk_size: int | None = None,
        reference: bool = False,
        across_replicas: bool = False,
    ):
        super().__init__(
            supervised_contrastive,
            reduction,
            name,
            dtype,
            temperature=temperature,
            normalize=normalize,
            chunk_size=chunk_size,
            reference=reference,
            across_replicas=across_replicas,
        )


@loss_function(EmbeddingPairs(), **OPTIONS, **ANOTHER_SET)
def nt_xent(
    y_true: Tensor,
    y_pred: Tensor,
    temperature: float = 0.5,
    normalize: bool = True,
    chunk_size: int | None = None,
    *,
    references: Tensor = None,
    reference_labels: Tensor = None,
    across_replicas: bool = False,
) -> Any:
    """NT-Xent: for each positive pair, a softmax over the pair and the negatives of the anchor.

    See `NTXent` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: whole numbers. Rows with the label -1 make no pairs.
        y_pred: Embeddings: real numbers, or several views of each sample.
        temperature: The similarities are divided by it, above 0. Default: 0.5.
        normalize: Whether to compare directions, by the cosine. Default: True. False: by the scalar product.
        chunk_size: How many anchors are compared with all others at a time. Value and gradient do not depend
            on it. Default: None, all at once for a small batch, else a size that suits the device.
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
    >>> print(round(float(keraslosses.nt_xent([0, 0, 1], embeddings, temperature=1.0)[0]), 4))
    0.4375
    """

    def terms(pairs: Pairs, anchors: Tensor, others: Tensor) -> tuple[Any, ...]:
        similar = products(anchors, others) / temperature
        complete, positive = pairs.complete, pairs.of_complete.positive
        of_negatives = log_sum_exp_where(pairs.negative, similar, complete)
        totals = sum_where(positive, ops.softplus(of_negatives[:, None] - similar))
        return totals, number(positive, totals.dtype), ops.cast(complete, totals.dtype)

    sets = sets_of(y_true, y_pred, references, reference_labels, across_replicas)
    sets = sets.normalized if normalize else sets
    totals, counts, complete = of_anchors(terms, sets, chunk_size=chunk_size)
    return as_mean_of_all(totals, counts, complete != 0, across_replicas), complete != 0


@saved
class NTXent(PairLoss):
    """NT-Xent, the normalised temperature-scaled cross-entropy: each positive pair against the negatives.

    With s the cosine of two embeddings divided by the temperature, for an anchor i, a positive p of its class
    and N(i) the samples of other classes:

    ```
    cost(i, p) = -log(exp(s(i, p)) / (exp(s(i, p)) + sum(exp(s(i, n)) over n in N(i))))
    ```

    The loss is the mean over all positive pairs. With two views of each sample, and each sample a class of
    its own, it is the loss of SimCLR: `NTXent()(keras.ops.arange(batch), views)`.

    Args:
        temperature: The similarities are divided by it, above 0. Default: 0.5.
        normalize: Whether to compare directions, by the cosine. Default: True. False: by the scalar product.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        chunk_size: How many anchors are compared with all others at a time. Value and gradient do not depend
            on it. Default: None, all at once for a small batch, else a size that suits the device.
        reference: Whether the embeddings are compared with another set. Default: False, with the others of
            the batch.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, whole numbers; y_pred `(batch, dimensions)`, result `(batch,)`.
    Or y_pred `(batch, views, dimensions)`, several views of each sample, result `(batch, views)`.

    With `reference`, y_true is `{"anchors": (batch,), "references": (n,)}` and y_pred
    `{"anchors": (batch, dimensions), "references": (n, dimensions)}`. Each anchor is compared with all
    references, and the values are those of the anchors. In `compile`, write `loss=[loss]`.

    The other positives of an anchor stand in no denominator. `SupervisedContrastive` has them there.

    The value of a sample is its part of the mean: the sum over its positive pairs, divided by how many an
    anchor has on average. A sample without a positive or without a negative costs 0, with gradient 0, and
    leaves the mean. So does a row with the label -1, a masked row and a row of weight 0: they make no pairs,
    and may hold anything. Other sample weights multiply the value of the anchor. An embedding of zeros has
    similarity 0, with gradient 0.

    A large batch is compared in chunks of anchors, which are computed again for the gradient: no array
    `(batch, batch)` is stored. If the batch size is not known when the code is compiled, chunks need
    `chunk_size`. `torch.compile` compares all at once.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, 2020,
    equation 1.

    Example:

    >>> loss = keraslosses.NTXent(temperature=1.0)
    >>> print(round(float(loss([0, 0, 1], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])), 4))
    0.6178
    """

    def __init__(
        self,
        temperature: float = 0.5,
        normalize: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "nt_xent",
        dtype: DType = None,
        *,
        chunk_size: int | None = None,
        reference: bool = False,
        across_replicas: bool = False,
    ):
        super().__init__(
            nt_xent,
            reduction,
            name,
            dtype,
            temperature=temperature,
            normalize=normalize,
            chunk_size=chunk_size,
            reference=reference,
            across_replicas=across_replicas,
        )
