"""Poly-1: cross-entropy with one more term of its series."""

from collections.abc import Sequence
from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import forms, ops
from keraslosses.core.domain import DISTRIBUTIONS, SHARES
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.probability import log_probabilities, weighted


@loss_function(
    LabelsOrDistributions(true=DISTRIBUTIONS, pred=SHARES),
    forms.POLY_CROSSENTROPY_MEAN,
    epsilon=checks.number,
    from_logits=checks.boolean,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def poly_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    epsilon: float = 1.0,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: Sequence[float] | None = None,
) -> Any:
    """Cross-entropy plus a multiple of `1 - p`, the first term of its Taylor series.

    See `PolyCrossentropy` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, C) for C classes. Or distributions over them, at least 0.
        y_pred: Logits or probabilities, one for each class.
        epsilon: Weight of `1 - p` of the target. Default: 1. With 0 the loss is cross-entropy.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. They multiply the terms of
            the classes.

    Shapes: y_pred `(batch, .., classes)`, result `(batch, ..)`. y_true has the shape of y_pred; class indices
    have the shape of the result, or `(batch, .., 1)`.

    Raises:
        ValueError: for an option out of range, weights of the wrong length, shapes that do not fit, a label
            out of range, or numbers below 0 in a distribution or in probabilities.

    Example:

    >>> print(round(float(keraslosses.poly_crossentropy([0], [[0.6, 0.4]])[0]), 4))
    0.9108
    """
    log_p = log_probabilities(y_pred, from_logits, -1)
    missed = -ops.expm1(log_p) if from_logits else 1.0 - numerics.distribution(y_pred, -1)
    terms = numerics.times_unless_zero(weighted(y_true, class_weights), epsilon * missed - log_p)
    return backend.without_gradient_at_infinity(ops.sum(terms, axis=-1))


@saved
class PolyCrossentropy(FunctionLoss):
    """Poly-1 loss: cross-entropy with one more term, which often helps after some tuning of `epsilon`.

    With p the predicted distribution (from logits, softmax of y_pred) and y the target:

    ```
    loss = sum(class_weights · y · (-log p + epsilon (1 - p)))
    ```

    Args:
        epsilon: Weight of `1 - p` of the target. Default: 1. With 0 the loss is cross-entropy.
            A negative number makes nearly right predictions count less, a positive one more.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities, and the loss
            divides them by their sum.
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

    Probabilities: the logarithm takes `max(p, 1e-7)`, with gradient 0 below 1e-7. Logits: nothing is clipped.
    A logit may be -inf if its class is not the target. On the target it costs inf, with gradient 0.

    Raises:
        ValueError: for an option out of range, weights of the wrong length, shapes that do not fit, or inputs
            outside their range when the values can be read. In compiled code, the loss of such a sample is
            NaN.

    Source: Leng et al., PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, 2022,
    the loss called Poly-1.

    Example:

    >>> loss = keraslosses.PolyCrossentropy()
    >>> print(round(float(loss([0], [[0.6, 0.4]])), 4))
    0.9108
    """

    def __init__(
        self,
        epsilon: float = 1.0,
        from_logits: bool = False,
        ignore_class: int | None = None,
        class_weights: Sequence[float] | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poly_crossentropy",
        dtype: DType = None,
    ):
        super().__init__(
            poly_crossentropy,
            reduction,
            name,
            dtype,
            epsilon=epsilon,
            from_logits=from_logits,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
