"""Losses between the embeddings of one batch: embeddings of one class should be close to each other."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embeddings import Embeddings
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pairs import diagonal, log_sum_exp_where


@loss_function(
    Embeddings(),
    ref_labels=checks.tensor,
    ref_embeddings=checks.tensor,
    remove_diagonal=checks.boolean,
    gamma=checks.positive,
    margin=checks.number,
)
def circle(
    y_true: Tensor,
    y_pred: Tensor,
    ref_labels: Tensor | None = None,
    ref_embeddings: Tensor | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Circle loss of embeddings of length 1, compared with each other or with another batch.

    See `Circle` for the formula and the choices.

    Args:
        y_true: Classes of the embeddings: any whole numbers.
        y_pred: Embeddings. Each row has length 1.
        ref_labels: Classes of the batch to compare with, one for each row of `ref_embeddings`. Default:
            y_true.
        ref_embeddings: Embeddings to compare with. Default: y_pred.
        remove_diagonal: Whether to leave out the pairs of row i of y_pred with row i of the other batch.
            Default: True.
        gamma: Scale, above 0. Default: 80.
        margin: Distance within a class at which the pull becomes weaker, any number. Between classes it is
            `1 - margin`. Default: 0.4.

    Shapes: y_true `(batch,)` or `(batch, 1)`, y_pred `(batch, dimensions)`, ref_labels `(others,)` or
    `(others, 1)`, ref_embeddings `(others, dimensions)`, result `(batch,)`.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Example:

    >>> embeddings = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]
    >>> print(round(float(keraslosses.circle([0, 0, 1], embeddings, gamma=1.0)[0]), 4))
    0.6163
    """
    labels, embeddings = reference_batch(y_true, y_pred, ref_labels, ref_embeddings)
    distance = backend.at_least(1.0 - ops.matmul(y_pred, ops.transpose(embeddings)), 0.0)
    same = y_true[:, None] == labels[None, :]
    alike, different = same, ops.logical_not(same)
    if remove_diagonal:
        alike = ops.logical_and(alike, ops.logical_not(diagonal(same)))
    pull = gamma * backend.at_least(margin + distance, 0.0) * (distance - margin)
    push = gamma * backend.at_least(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    complete = ops.logical_and(ops.any(alike, axis=1), ops.any(different, axis=1))
    total = log_sum_exp_where(alike, pull, complete) + log_sum_exp_where(different, push, complete)
    return ops.where(complete, ops.softplus(total), ops.zeros_like(total)), complete


def reference_batch(
    y_true: Tensor, y_pred: Tensor, ref_labels: Tensor, ref_embeddings: Tensor
) -> tuple[Tensor, Tensor]:
    """The labels and embeddings to compare with: those given, or by default those of the batch itself."""
    embeddings = y_pred if ref_embeddings is None else ops.cast(ref_embeddings, y_pred.dtype)
    labels = y_true if ref_labels is None else ops.cast(ref_labels, y_true.dtype)
    labels = ops.squeeze(labels, -1) if len(labels.shape) == 2 and labels.shape[-1] == 1 else labels
    sizes = labels.shape, embeddings.shape
    if len(sizes[0]) != 1 or not checks.compatible((*sizes[0], y_pred.shape[1]), sizes[1]):
        raise ValueError(
            "`ref_labels` must hold one class for each row of `ref_embeddings`, as long as y_pred's. "
            f"Received: ref_labels.shape={tuple(sizes[0])}, ref_embeddings.shape={tuple(sizes[1])}, "
            f"y_pred.shape={tuple(y_pred.shape)}"
        )
    return labels, embeddings


@saved
class Circle(FunctionLoss):
    """Circle loss: pulls embeddings of one class together and pushes classes apart. Hard pairs count most.

    With d = max(1 - cosine, 0) the distance of two embeddings, over the other samples of the batch:

    ```
    loss = softplus(logsumexp(gamma max(margin + d, 0) (d - margin) over pairs of one class)
                    + logsumexp(gamma max(1 + margin - d, 0) (1 - margin - d) over pairs of two classes))
    ```

    Args:
        gamma: Scale, above 0. Default: 80.
        margin: Distance within a class at which the pull becomes weaker, any number. Between classes it is
            `1 - margin`. Default: 0.4.
        remove_diagonal: Whether to leave out the pair of a sample with itself. Default: True.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true `(batch,)` or `(batch, 1)`, any whole numbers; y_pred `(batch, dimensions)`, each row of
    length 1; result `(batch,)`.

    The function `circle` also takes `ref_labels` and `ref_embeddings`: another batch to compare with.

    A sample that lacks a pair of its class, or a pair of two classes, costs 0, with gradient 0, and the mean
    does not count it. The factors before the brackets are part of the gradient, as in Keras. (The paper holds
    them constant.) Sample weights multiply only the result: a sample of weight 0, or a masked one, still
    makes pairs with the others.

    Raises:
        ValueError: for an option out of range, or shapes that do not fit.

    Source: Sun et al., Circle Loss, 2020, equations 6 and 8; Keras.

    Example:

    >>> loss = keraslosses.Circle(gamma=1.0)
    >>> print(round(float(loss([0, 0, 1], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])), 4))
    0.789
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: DType = None,
    ):
        super().__init__(
            circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal
        )
