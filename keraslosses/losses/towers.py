"""Losses of two towers: two vectors for each sample, which should find each other among those of a batch."""

from typing import Any

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.towers import Towers
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pair_chunks import of_anchors, size_of_chunks
from keraslosses.losses.pair_distances import products, squares
from keraslosses.losses.pair_sets import sets_of
from keraslosses.losses.pairs import Pairs, log_sum_exp_where, softmax_costs


@loss_function(Towers(labels=True), regularization=checks.non_negative, across_replicas=checks.boolean)
def n_pairs(
    y_true: Tensor, y_pred: Tensor, regularization: float = 0.0, across_replicas: bool = False
) -> Any:
    """N-pairs loss: a softmax over the positives of all samples, with those of the class as targets.

    See `NPairs` for the formula and the choices.

    Args:
        y_true: Classes of the samples: whole numbers. Samples with the label -1 make no pairs.
        y_pred: An anchor and its positive for each sample: real numbers.
        regularization: Weight of the mean squared length of the two vectors, at least 0. Default: 0.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, y_pred `(batch, 2, dimensions)`, result `(batch,)`.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Example:

    >>> vectors = [[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]]
    >>> print(round(float(keraslosses.n_pairs([0, 1], vectors)[0]), 4))
    0.4375
    """
    anchors, positives = ops.unstack(y_pred, 2, axis=1)
    sets = sets_of(y_true, anchors, positives, y_true, across_replicas)
    values, complete = softmax_costs(sets.pairs, products(anchors, sets.references))
    if regularization:
        lengths = 0.5 * (squares(anchors) + squares(positives))
        values = values + ops.where(complete, regularization * lengths, 0.0)
    return values, complete


@saved
class NPairs(FunctionLoss):
    """N-pairs loss: each anchor picks the positives of its class out of those of all samples.

    With s(i, j) the scalar product of anchor i and positive j, P(i) the samples of the class of sample i, and
    a, p the two vectors of sample i:

    ```
    loss(i) = log(sum(exp(s(i, j)) over all j)) - mean(s(i, j) over j in P(i))
            + regularization (|a|² + |p|²) / 2
    ```

    Args:
        regularization: Weight of the mean squared length of the two vectors, at least 0. Default: 0.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch,)` or `(batch, 1)`, whole numbers; y_pred `(batch, 2, dimensions)`, the anchor and
    its positive; result `(batch,)`.

    The vectors are not normalised: the paper keeps them short by `regularization`.

    A sample whose class all others have costs 0, with gradient 0, and leaves the mean. So does a sample with
    the label -1, a masked one and one of weight 0: they make no pairs, and may hold anything. Other sample
    weights multiply the value of the anchor.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Sohn, Improved Deep Metric Learning with Multi-class N-pair Loss Objective, 2016, section 3.2.
    With several samples of a class, the targets are those of TensorFlow Addons.

    Example:

    >>> loss = keraslosses.NPairs()
    >>> print(round(float(loss([0, 1], [[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]])), 4))
    0.3504
    """

    def __init__(
        self,
        regularization: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "n_pairs",
        dtype: DType = None,
        *,
        across_replicas: bool = False,
    ):
        super().__init__(
            n_pairs,
            reduction,
            name,
            dtype,
            regularization=regularization,
            across_replicas=across_replicas,
        )


@loss_function(
    Towers(labels=False),
    temperature=checks.positive,
    symmetric=checks.boolean,
    normalize=checks.boolean,
    negatives=checks.boolean,
    chunk_size=checks.optional_positive_integer,
    across_replicas=checks.boolean,
)
def info_nce(
    y_true: Tensor,
    y_pred: Tensor,
    temperature: float = 0.07,
    symmetric: bool = True,
    normalize: bool = True,
    negatives: bool = False,
    chunk_size: int | None = None,
    across_replicas: bool = False,
) -> Any:
    """InfoNCE: a softmax over the second vectors of all samples, with that of the sample as target.

    See `InfoNCE` for the formula and the choices.

    Args:
        y_true: Anything with one row for each sample: it is not read.
        y_pred: The two vectors of each sample: real numbers. With `negatives`, more vectors follow.
        temperature: The similarities are divided by it, above 0. Default: 0.07.
        symmetric: Whether the second vectors also pick the first ones: the mean of both. Default: True.
        normalize: Whether to compare directions, by the cosine. Default: True. False: by the scalar product.
        negatives: Whether y_pred has negatives of each sample behind its two vectors. Default: False.
        chunk_size: How many anchors are compared with all others at a time. Value and gradient do not depend
            on it. Default: None, all at once for a small batch, else a size that suits the device.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch, ..)`, y_pred `(batch, 2, dimensions)`, or with `negatives`
    `(batch, 2 + negatives, dimensions)`, result `(batch,)`.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Example:

    >>> vectors = [[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]]
    >>> print(round(float(keraslosses.info_nce([0, 0], vectors, temperature=1.0)[0]), 4))
    0.6178
    """
    vectors = numerics.unit(y_pred, -1) if normalize else y_pred
    own = (vectors[:, 2:],) if negatives else ()
    return contrast(
        y_true, vectors[:, 0] / temperature, vectors[:, 1], own, symmetric, chunk_size, across_replicas
    )


def contrast(
    labels: Tensor,
    first: Tensor,
    second: Tensor,
    own: tuple[Tensor, ...] = (),
    symmetric: bool = True,
    chunk_size: int | None = None,
    across_replicas: bool = False,
) -> Any:
    """InfoNCE of two sets whose scalar products are the logits, and which samples have a negative.

    `own` may hold negatives of each sample of the first set, `(batch, negatives, dim)`.
    """

    sets = sets_of(labels, first, second, labels, across_replicas)
    if symmetric and not across_replicas and size_of_chunks(sets, chunk_size) is None:
        similar, of_partner = products(first, second), ops.sum(first * second, axis=1)
        values, complete = costs_of(sets.pairs, similar, of_partner, scores_of(first, *own))
        back, _ = costs_of(sets.pairs, ops.transpose(similar), of_partner)
        return 0.5 * (values + back), complete != 0
    values, complete = of_anchors(terms_of_contrast, sets, (second, *own), chunk_size)
    if symmetric:
        sets = sets_of(labels, second, first, labels, across_replicas)
        back, _ = of_anchors(terms_of_contrast, sets, (first,), chunk_size)
        values = 0.5 * (values + back)
    return values, complete != 0


def terms_of_contrast(
    pairs: Pairs, anchors: Tensor, references: Tensor, partners: Tensor, *own: Tensor
) -> tuple[Any, ...]:
    of_partner = ops.sum(anchors * partners, axis=1)
    return costs_of(pairs, products(anchors, references), of_partner, scores_of(anchors, *own))


def scores_of(anchors: Tensor, own: Tensor = None) -> Any:
    """The scalar products of each anchor with its own negatives; None if there are none."""
    return None if own is None else ops.sum(anchors[:, None, :] * own, axis=-1)


def costs_of(pairs: Pairs, similar: Tensor, of_partner: Tensor, of_own: Tensor = None) -> tuple[Any, Any]:
    """The cross-entropy of each anchor with its partner as target, and 1 where it has a negative, else 0."""
    if of_own is not None:
        pairs, similar = with_own(pairs, of_own), ops.concatenate([similar, of_own], axis=1)
    complete = pairs.complete
    costs = ops.softplus(log_sum_exp_where(pairs.negative, similar, complete) - of_partner)
    return ops.where(complete, costs, ops.zeros_like(costs)), ops.cast(complete, costs.dtype)


def with_own(pairs: Pairs, own: Tensor) -> Pairs:
    """The pairs, and behind them those of each anchor with the negatives of its own row."""
    exist = ops.broadcast_to(ops.any(pairs.positive, axis=1, keepdims=True), ops.shape(own))
    nowhere = ops.zeros_like(exist)
    return Pairs(
        ops.concatenate([pairs.positive, nowhere], axis=1), ops.concatenate([pairs.negative, exist], axis=1)
    )


@saved
class InfoNCE(FunctionLoss):
    """InfoNCE, the loss of CLIP: two vectors of a sample find each other among those of the whole batch.

    With s(i, j) the cosine of the first vector of sample i and the second vector of sample j, divided by the
    temperature:

    ```
    forth(i) = -s(i, i) + log(sum(exp(s(i, j)) over all j))
    back(i)  = -s(i, i) + log(sum(exp(s(j, i)) over all j))
    loss(i)  = (forth(i) + back(i)) / 2
    ```

    Without `symmetric`, the loss is forth(i). With `negatives`, the sum of forth(i) also has the cosines of
    the first vector with the negatives of sample i.

    Args:
        temperature: The similarities are divided by it, above 0. Default: 0.07.
        symmetric: Whether the second vectors also pick the first ones: the mean of both. Default: True.
        normalize: Whether to compare directions, by the cosine. Default: True. False: by the scalar product.
        negatives: Whether y_pred has negatives of each sample behind its two vectors. Default: False.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        chunk_size: How many anchors are compared with all others at a time. Value and gradient do not depend
            on it. Default: None, all at once for a small batch, else a size that suits the device.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.

    Shapes: y_true `(batch, ..)`, anything with one row for each sample, which is not read; y_pred
    `(batch, 2, dimensions)`: `keras.ops.stack` of the outputs of both towers along axis 1. With `negatives`
    y_pred `(batch, 2 + negatives, dimensions)`. The result is `(batch,)`.

    A sample without a negative costs 0, with gradient 0, and leaves the mean. So does a masked sample and one
    of weight 0: they make no pairs, and may hold anything. Other sample weights multiply the value of the
    sample. A vector of zeros has similarity 0, with gradient 0.

    The term `ClipHead` is this loss with a learned temperature.

    A large batch is compared in chunks of anchors, which are computed again for the gradient: no array
    `(batch, batch)` is stored. If the batch size is not known when the code is compiled, chunks need
    `chunk_size`. `torch.compile` compares all at once.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Oord et al., Representation Learning with Contrastive Predictive Coding, 2018, equation 4; Radford
    et al., Learning Transferable Visual Models From Natural Language Supervision, 2021, figure 3.

    Example:

    >>> loss = keraslosses.InfoNCE(temperature=1.0)
    >>> print(round(float(loss([0, 0], [[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]])), 4))
    0.5368
    """

    def __init__(
        self,
        temperature: float = 0.07,
        symmetric: bool = True,
        normalize: bool = True,
        negatives: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "info_nce",
        dtype: DType = None,
        *,
        chunk_size: int | None = None,
        across_replicas: bool = False,
    ):
        super().__init__(
            info_nce,
            reduction,
            name,
            dtype,
            temperature=temperature,
            symmetric=symmetric,
            normalize=normalize,
            negatives=negatives,
            chunk_size=chunk_size,
            across_replicas=across_replicas,
        )
