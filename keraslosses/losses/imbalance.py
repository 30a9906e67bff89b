"""Cross-entropies that allow for unequal counts of the classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.crossentropy import against_logits
from keraslosses.losses.probability import weighted


@loss_function(
    LabelsOrDistributions(explicit=True, true=DISTRIBUTIONS),
    counts=checks.counts,
    tau=checks.non_negative,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def logit_adjusted(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    counts: Sequence[float],
    tau: float = 1.0,
    ignore_class: int | None = None,
    class_weights: Sequence[float] | None = None,
) -> Any:
    """Cross-entropy of logits to which the logarithm of the share of each class is added.

    See `LogitAdjusted` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes. Or distributions over them, at least 0.
        y_pred: Logits, one for each class.
        counts: How often each class occurs in the training data, from `class_counts`: one number of at least
            0 for each class, not all 0.
        tau: Strength of the adjustment, at least 0. Default: 1. With 0 the loss is cross-entropy.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. They multiply the terms of
            the classes.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Raises:
        ValueError: for an option out of range, counts or weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution.

    Example:

    >>> print(round(float(keraslosses.logit_adjusted([1], [[0.0, 0.0]], counts=[90, 10])[0]), 4))
    2.3026
    """
    shares = np.log(shares_of(counts)) * tau
    logits = below_largest(y_pred) + of_classes("counts", shares, y_pred)
    return against_logits(weighted(y_true, class_weights), logits, -1)


@loss_function(
    LabelsOrDistributions(explicit=True, true=DISTRIBUTIONS),
    counts=checks.counts,
    max_margin=checks.non_negative,
    scale=checks.positive,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def ldam(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    counts: Sequence[float],
    max_margin: float = 0.5,
    scale: float = 30.0,
    ignore_class: int | None = None,
    class_weights: Sequence[float] | None = None,
) -> Any:
    """Cross-entropy with a margin at the label, which is larger for rare classes.

    See `LDAM` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes. Or distributions over them, at least 0.
        y_pred: Cosines or logits, one for each class.
        counts: How often each class occurs in the training data, from `class_counts`: one number of at least
            0 for each class, not all 0.
        max_margin: Margin of the rarest class, at least 0. Default: 0.5.
        scale: Factor of all logits after the margin, above 0. Default: 30, for cosines.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. They multiply the terms of
            the classes.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Raises:
        ValueError: for an option out of range, counts or weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution.

    Example:

    >>> print(round(float(keraslosses.ldam([1], [[0.2, 0.8]], counts=[90, 10], scale=10.0)[0]), 4))
    0.3133
    """
    rarity = np.maximum(counts, 1.0) ** -0.25
    margins = of_classes("counts", max_margin * rarity / np.max(rarity), y_pred)
    # Twice, so that the largest is 0 and stays 0 when it is scaled, in fused code too.
    logits = scale * below_largest(below_largest(y_pred) - y_true * margins)
    terms = against_logits(weighted(y_true, class_weights), logits, -1)
    return Explicit(terms.values, lambda: scale * terms.by_pred())


def shares_of(counts: Sequence[float]) -> np.ndarray:
    """The share of each class. A class with count 0 counts as half a sample."""
    found = np.asarray(counts, "float64")
    return np.where(found > 0, found, 0.5) / np.sum(found)


def below_largest(logits: Tensor) -> Tensor:
    """Logits less the largest of their row: else a small number that is added to them could lose digits."""
    return logits - ops.stop_gradient(backend.largest(logits))[..., None]


def of_classes(name: str, numbers: Any, like: Tensor) -> Tensor:
    """One number for each class, along the last axis; raises unless there are as many as classes."""
    checks.vector_length(name, numbers, like.shape[-1])
    return numerics.along(-1, numbers, like)


@saved
class LogitAdjusted(FunctionLoss):
    """Logit-adjusted cross-entropy: for classes of which few are common and many are rare.

    With z the logits, k the label, n the counts and N their sum:

    ```
    loss = -class_weights[k] log softmax(z + tau log(n / N))[k]
    ```

    The model learns to be right on average over the classes, and not over the samples. Use its logits as they
    are for predictions: only the loss adds the logarithms. With `tau=1` this is balanced softmax.

    Args:
        counts: How often each class occurs in the training data, from `class_counts`: one number of at least
            0 for each class, not all 0.
        tau: Strength of the adjustment, at least 0. Default: 1. With 0 the loss is cross-entropy.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. They multiply the terms of
            the classes. `"mean_with_sample_weight"` divides by the sum of `class_weights y_true`. The other
            means divide by the number of entries.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    A class with count 0 counts as half a sample: its share is `1 / (2 N)`. For distributions, the loss is the
    sum over the classes of y_true times the loss for that label. A logit may be -inf if its class is not the
    target. On the target it costs inf, with gradient 0.

    Raises:
        ValueError: for an option out of range, counts or weights of the wrong length, shapes that do not fit,
            or labels or distributions outside their range when the values can be read. In compiled code, the
            loss of such a sample is NaN.

    Source: Menon et al., Long-tail Learning via Logit Adjustment, 2021, equation 10.

    Example:

    >>> loss = keraslosses.LogitAdjusted(counts=[90, 10])
    >>> print(round(float(loss([1], [[0.0, 0.0]])), 4))
    2.3026
    """

    def __init__(
        self,
        counts: Sequence[float],
        tau: float = 1.0,
        ignore_class: int | None = None,
        class_weights: Sequence[float] | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "logit_adjusted",
        dtype: DType = None,
    ):
        super().__init__(
            logit_adjusted,
            reduction,
            name,
            dtype,
            counts=counts,
            tau=tau,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )


@saved
class LDAM(FunctionLoss):
    """Label-distribution-aware margin loss: a margin that is larger for rare classes.

    With z the cosines or logits, k the label, n the counts, and e_k the one-hot row of k:

    ```
    loss = -class_weights[k] log softmax(scale (z - margin[k] e_k))[k]
    margin[k] = max_margin (min(n) / n[k])^(1/4)
    ```

    Args:
        counts: How often each class occurs in the training data, from `class_counts`: one number of at least
            0 for each class, not all 0.
        max_margin: Margin of the rarest class, at least 0. Default: 0.5.
        scale: Factor of all logits after the margin, above 0. Default: 30, for cosines.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. They multiply the terms of
            the classes. `"mean_with_sample_weight"` divides by the sum of `class_weights y_true`. The other
            means divide by the number of entries.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    The margin is made for cosines, which `CosineDense` gives. A count below 1 counts as 1. For distributions,
    the margin of each class is multiplied by its y_true. The authors set `class_weights` for the last part of
    the training only. A logit may be -inf if its class is not the target. On the target it costs inf, with
    gradient 0.

    Raises:
        ValueError: for an option out of range, counts or weights of the wrong length, shapes that do not fit,
            or labels or distributions outside their range when the values can be read. In compiled code, the
            loss of such a sample is NaN.

    Source: Cao et al., Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, 2019,
    equation 13; `scale` as in the code of the authors.

    Example:

    >>> loss = keraslosses.LDAM(counts=[90, 10], scale=10.0)
    >>> print(round(float(loss([1], [[0.2, 0.8]])), 4))
    0.3133
    """

    def __init__(
        self,
        counts: Sequence[float],
        max_margin: float = 0.5,
        scale: float = 30.0,
        ignore_class: int | None = None,
        class_weights: Sequence[float] | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ldam",
        dtype: DType = None,
    ):
        super().__init__(
            ldam,
            reduction,
            name,
            dtype,
            counts=counts,
            max_margin=max_margin,
            scale=scale,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
