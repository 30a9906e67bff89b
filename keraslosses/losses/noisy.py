"""Cross-entropies for class labels of which some are wrong."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS, SHARES
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions, weighted
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.probability import crossentropy, probabilities_and_logarithms

OPTIONS = {
    "from_logits": checks.boolean,
    "ignore_class": checks.optional_integer,
    "class_weights": checks.optional_weights,
}


@loss_function(
    LabelsOrDistributions(true=DISTRIBUTIONS, pred=SHARES),
    alpha=checks.non_negative,
    beta=checks.non_negative,
    log_zero=checks.negative,
    **OPTIONS,
)
def symmetric_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    alpha: float = 0.1,
    beta: float = 1.0,
    log_zero: float = -4.0,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy plus the reverse cross-entropy, in which predictions and targets change places.

    See `SymmetricCrossentropy` for the formula and the choices.

    Args:
        y_true: Class indices, integers in [0, C) for C classes; or distributions over the classes, at least
            0.
        y_pred: Logits or probabilities, one for each class.
        alpha: Factor of the cross-entropy, at least 0. Default: 0.1.
        beta: Factor of the reverse cross-entropy, at least 0. Default: 1.
        log_zero: The number below 0 that stands for the logarithm of a target of 0. Default: -4.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label; for a distribution, by the sum of `class_weights y_true`.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution or in probabilities.

    Example:

    >>> print(round(float(keraslosses.symmetric_crossentropy([0], [[0.6, 0.4]])[0]), 4))
    1.6511
    """
    p, log_p = probabilities_and_logarithms(y_pred, from_logits)
    zero = y_true == 0
    log_y = ops.where(zero, log_zero, ops.log(ops.where(zero, ops.ones_like(y_true), y_true)))
    forth, back = crossentropy(y_true, log_p), -ops.sum(p * log_y, axis=-1)
    values = numerics.times_unless_zero(alpha, forth) + beta * back
    return weighted(backend.without_gradient_at_infinity(values), class_weights, y_true)


@loss_function(
    LabelsOrDistributions(true=DISTRIBUTIONS, pred=SHARES),
    beta=checks.fraction,
    hard=checks.boolean,
    **OPTIONS,
)
def bootstrapping(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    beta: float = 0.95,
    hard: bool = False,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Cross-entropy against a mixture of the target and the prediction itself.

    See `Bootstrapping` for the formula and the choices.

    Args:
        y_true: Class indices, integers in [0, C) for C classes; or distributions over the classes, at least
            0.
        y_pred: Logits or probabilities, one for each class.
        beta: Share of the given target, in [0, 1]. Default: 0.95. With 1 the loss is cross-entropy.
        hard: Whether the rest of the target is the class with the largest prediction. If False (default), it
            is the whole predicted distribution.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label; for a distribution, by the sum of `class_weights y_true`.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution or in probabilities.

    Example:

    >>> print(round(float(keraslosses.bootstrapping([0], [[0.6, 0.4]])[0]), 4))
    0.5189
    """
    p, log_p = probabilities_and_logarithms(y_pred, from_logits)
    own = -backend.largest(log_p) if hard else entropy(p, log_p)
    given = numerics.times_unless_zero(beta, crossentropy(y_true, log_p))
    return weighted(backend.without_gradient_at_infinity(given + (1.0 - beta) * own), class_weights, y_true)


def entropy(p: Tensor, log_p: Tensor) -> Tensor:
    """-sum(p log p), where a logarithm of -inf counts as 0."""
    return -ops.sum(p * ops.where(ops.isinf(log_p), 0.0, log_p), axis=-1)


@saved
class SymmetricCrossentropy(FunctionLoss):
    """Symmetric cross-entropy: for class labels of which some are wrong.

    With p the predicted distribution (from logits, softmax of y_pred), y the target, and log 0 read as
    `log_zero` in the second sum:

    ```
    loss = class_weights · y (-alpha sum(y log p) - beta sum(p log y))
    ```

    Args:
        alpha: Factor of the cross-entropy, at least 0. Default: 0.1.
        beta: Factor of the reverse cross-entropy, at least 0. Default: 1.
        log_zero: The number below 0 that stands for the logarithm of a target of 0. Default: -4.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the sum of `class_weights y`, and `"mean_with_sample_weight"` divides by the sum of these. The
            other means divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    For a class index, the second part is `-beta log_zero (1 - p)` with p the probability of the label. It is
    bounded, so a wrong label pulls less. `log_zero` is a constant: targets above 0 have their own logarithm,
    even if it is lower. Probabilities: the logarithms take `max(p, 1e-7)`. A logit of -inf costs inf if its
    target is above 0, with gradient 0.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution or in probabilities.

    Source: Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, 2019, equation 7.

    Example:

    >>> loss = keraslosses.SymmetricCrossentropy()
    >>> print(round(float(loss([0], [[0.6, 0.4]])), 4))
    1.6511
    """

    def __init__(
        self,
        alpha: float = 0.1,
        beta: float = 1.0,
        log_zero: float = -4.0,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "symmetric_crossentropy",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            symmetric_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            beta=beta,
            log_zero=log_zero,
            from_logits=from_logits,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )


@saved
class Bootstrapping(FunctionLoss):
    """Bootstrapping: cross-entropy against the target, mixed with what the model already predicts.

    With p the predicted distribution (from logits, softmax of y_pred) and y the target:

    ```
    soft: loss = class_weights · y (-sum((beta y + (1 - beta) p) log p))
    hard: loss = class_weights · y (-sum((beta y + (1 - beta) one_hot(argmax p)) log p))
    ```

    Args:
        beta: Share of the given target, in [0, 1]. Default: 0.95. With 1 the loss is cross-entropy.
        hard: Whether the rest of the target is the class with the largest prediction. If False (default), it
            is the whole predicted distribution.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the sum of `class_weights y`, and `"mean_with_sample_weight"` divides by the sum of these. The
            other means divide by the number of entries.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Soft: the gradient goes through both p, as in the paper. So the second part is the entropy of the
    prediction. Hard: the class of the largest prediction is constant in the gradient. If several are largest,
    they share it. Probabilities: the logarithms take `max(p, 1e-7)`. A logit of -inf costs inf if its target
    is above 0, with gradient 0.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or numbers below 0 in a distribution or in probabilities.

    Source: Reed et al., Training Deep Neural Networks on Noisy Labels with Bootstrapping, 2015, equations 6
    and 7. It proposes 0.95 for the soft form and 0.8 for the hard one.

    Example:

    >>> loss = keraslosses.Bootstrapping(beta=0.8, hard=True)
    >>> print(round(float(loss([1], [[0.6, 0.4]])), 4))
    0.8352
    """

    def __init__(
        self,
        beta: float = 0.95,
        hard: bool = False,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "bootstrapping",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            bootstrapping,
            reduction,
            name,
            dtype,
            beta=beta,
            hard=hard,
            from_logits=from_logits,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
