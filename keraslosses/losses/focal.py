"""Focal losses: cross-entropies in which what is already well classified counts less."""

import warnings
from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import forms
from keraslosses.core.domain import DISTRIBUTIONS, PROBABILITIES, SHARES, TARGETS
from keraslosses.core.explicit import scaled
from keraslosses.core.kinds.distributions import Distributions
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.labels import Labels, of_class, warn_of_one_class
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.losses import focal_terms
from keraslosses.losses.probability import (
    binary_terms,
    smoothed,
    smoothed_binary,
    spread_over_classes,
)

# The default of `alpha` in the binary loss.
ALPHA = 0.25


@loss_function(
    Elementwise(explicit=True, true=TARGETS, pred=PROBABILITIES),
    forms.BINARY_FOCAL_CROSSENTROPY,
    apply_class_balancing=checks.boolean,
    alpha=checks.fraction,
    gamma=checks.non_negative,
    from_logits=checks.boolean,
    label_smoothing=checks.fraction,
    axis=checks.integer,
    pos_weight=checks.optional_weight_or_weights,
    class_weights=checks.optional_weights,
)
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = ALPHA,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    *,
    pos_weight: float | list[float] | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Focal loss of independent yes-or-no outputs, averaged over `axis`; see `BinaryFocalCrossentropy`.

    As in Keras, `alpha` has no effect unless `apply_class_balancing` is True.
    """
    target = smoothed_binary(y_true, label_smoothing)
    terms = binary_terms(target, y_pred, from_logits, pos_weight, axis)
    if gamma:
        terms = focal_terms.discounted(terms, target, y_pred, from_logits, gamma)
    if apply_class_balancing:
        terms = scaled(terms, target * alpha + (1.0 - target) * (1.0 - alpha))
    if class_weights is not None:
        terms = scaled(terms, numerics.per_output("class_weights", class_weights, y_pred, axis))
    return terms


@loss_function(
    Distributions(explicit=True, true=DISTRIBUTIONS, pred=SHARES),
    alpha=checks.weight_or_weights,
    gamma=checks.non_negative,
    from_logits=checks.boolean,
    label_smoothing=checks.fraction,
    axis=checks.integer,
    class_weights=checks.optional_weights,
)
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float | list[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    *,
    class_weights: list[float] | None = None,
) -> Any:
    """Focal loss against one-hot targets or distributions; see `CategoricalFocalCrossentropy`."""
    warn_of_one_class(y_pred, axis)
    target = smoothed(y_true, label_smoothing, axis) * numerics.per_output("alpha", alpha, y_pred, axis)
    if class_weights is not None:
        target = target * numerics.along(axis, class_weights, y_pred)
    form = focal_terms.against_logits if from_logits else focal_terms.against_shares
    return form(target, y_pred, gamma, axis)


@loss_function(
    Labels(pred=SHARES),
    alpha=checks.weight_or_weights,
    gamma=checks.non_negative,
    from_logits=checks.boolean,
    label_smoothing=checks.fraction,
    axis=checks.integer,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def sparse_categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float | list[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    *,
    label_smoothing: float = 0.0,
    class_weights: list[float] | None = None,
) -> Any:
    """Focal loss against class indices; see `SparseCategoricalFocalCrossentropy`."""
    y_pred = numerics.last(y_pred, axis)
    if checks.is_sequence(alpha):
        checks.vector_length("alpha", alpha, y_pred.shape[-1])
    if label_smoothing:
        terms = focal_terms.terms_of_classes(y_pred, gamma, from_logits, -1)
        values = spread_over_classes(terms, y_true, label_smoothing, alpha, class_weights)
        return backend.without_gradient_at_infinity(values) if from_logits else values
    values = focal_terms.term_of_label(y_true, y_pred, gamma, from_logits) * of_class(
        alpha, y_true, y_pred.dtype
    )
    return values if class_weights is None else values * of_class(class_weights, y_true, y_pred.dtype)


@saved
class BinaryFocalCrossentropy(FunctionLoss):
    """Focal loss of yes-or-no outputs: for many easy negatives and few positives, as in dense detection.

    With p the predicted probability (from logits, sigmoid of y_pred), y the smoothed target and
    p_t = y p + (1 - y) (1 - p):

    ```
    loss = mean(class_weights · balance · (1 - p_t)^gamma · crossentropy, axis)
    crossentropy = -pos_weight y log p - (1 - y) log(1 - p)
    balance = y alpha + (1 - y) (1 - alpha) with apply_class_balancing, else 1
    ```

    Args:
        apply_class_balancing: Whether the values are weighted by `alpha`.
        alpha: Weight of the positives, in [0, 1]; the negatives get `1 - alpha`. As in Keras, it has no
            effect unless `apply_class_balancing` is True. Another value than the default warns then.
        gamma: How strongly well classified outputs are discounted, at least 0; 0 is binary cross-entropy.
        from_logits: Whether y_pred holds logits; probabilities in [0, 1] otherwise.
        label_smoothing: In [0, 1]: targets become `y (1 - s) + s / 2`.
        axis: Axis of the outputs, over which the mean is taken.
        reduction, name, dtype: As `BinaryCrossentropy`.
        pos_weight: None, a number, or one for each output: multiplies the positive part, after smoothing.
        class_weights: None, or one number for each output: a factor before the mean, in no denominator.

    Shapes: y_true and y_pred `(batch, .., outputs)`, result without `axis`; `(batch,)` is `(batch, 1)`.

    Probabilities: logarithms take `max(p, 1e-7)`, with gradient 0 below; the discount is that of p itself.
    Logits: nothing is clipped; an infinite logit on the wrong side costs inf, with gradient 0. For
    `gamma < 1` the discount's gradient at `p_t = 1` is 0.

    Raises:
        ValueError: as `BinaryCrossentropy`.

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017, equations 4 and 5.

    Example:

    >>> loss = keraslosses.BinaryFocalCrossentropy(apply_class_balancing=True)
    >>> print(round(float(loss([[0.0, 1.0]], [[0.2, 0.9]])), 6))
    0.003479
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = ALPHA,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
        *,
        pos_weight: float | list[float] | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            pos_weight=pos_weight,
            class_weights=class_weights,
        )
        if not apply_class_balancing and alpha != ALPHA:
            warnings.warn(
                "`alpha` has no effect unless `apply_class_balancing` is True. "
                f"Received: alpha={alpha}, apply_class_balancing=False",
                stacklevel=2,
            )


@saved
class CategoricalFocalCrossentropy(FunctionLoss):
    """Focal loss of exclusive classes, against one-hot targets or distributions.

    With p the predicted distribution (from logits, softmax of y_pred) and y the smoothed target:

    ```
    loss = sum(class_weights · alpha · (1 - p)^gamma · y · (-log p), axis)
    ```

    Args:
        alpha: A number, or one for each class, at least 0.
        gamma: How strongly well classified samples are discounted, at least 0; 0 is `alpha` times
            categorical cross-entropy.
        from_logits: Whether y_pred holds logits; probabilities otherwise, which are divided by their sum.
        label_smoothing: In [0, 1]: targets become `y (1 - s) + s / C`, C the size of `axis`.
        axis: Axis of the classes.
        reduction, name, dtype: As `BinaryCrossentropy`.
        class_weights: None, or one number for each class; in the mean as with `CategoricalCrossentropy`.

    Shapes: y_true and y_pred `(batch, .., classes)`, result without `axis`.

    From logits all is computed from log p: logits of (-100, 100) for class 0 cost 0.25 · 200, with a
    gradient, where clipped probabilities give 4.03 and none. Probabilities and -inf: as
    `CategoricalCrossentropy`.

    Raises:
        ValueError: as `CategoricalCrossentropy`.

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017, equation 5, over classes; Keras.

    Example:

    >>> loss = keraslosses.CategoricalFocalCrossentropy()
    >>> print(round(float(loss([[0.0, 0.0, 1.0]], [[0.3, 0.3, 0.4]])), 6))
    0.082466
    """

    def __init__(
        self,
        alpha: float | list[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
        *,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            class_weights=class_weights,
        )


@saved
class SparseCategoricalFocalCrossentropy(FunctionLoss):
    """Focal loss of exclusive classes, against class indices: no one-hot array is ever made.

    With p the predicted distribution, k the label and s the smoothing, and w = class_weights · alpha:

    ```
    loss = (1 - s) w[k] (1 - p[k])^gamma (-log p[k]) + s / C sum(w (1 - p)^gamma (-log p), axis)
    ```

    Args:
        alpha, gamma, from_logits, axis, label_smoothing: As `CategoricalFocalCrossentropy`.
        ignore_class: None, or a label (255 or -1, say) whose entries cost 0 and leave the mean.
        reduction, name, dtype: As `BinaryCrossentropy`. Labels below 2^31 are exact under every dtype.
        class_weights: None, or one number for each class; in the mean as with
            `SparseCategoricalCrossentropy`.

    Shapes and labels out of range: as `SparseCategoricalCrossentropy`. Values equal those of
    `CategoricalFocalCrossentropy` on the labels' one-hot rows.

    Raises:
        ValueError: as `SparseCategoricalCrossentropy`.

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017, equation 5, over classes.

    Example:

    >>> loss = keraslosses.SparseCategoricalFocalCrossentropy()
    >>> print(round(float(loss([2], [[0.3, 0.3, 0.4]])), 6))
    0.082466
    """

    def __init__(
        self,
        alpha: float | list[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "sparse_categorical_focal_crossentropy",
        dtype: Any = None,
        *,
        label_smoothing: float = 0.0,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            sparse_categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
            label_smoothing=label_smoothing,
            class_weights=class_weights,
        )
