"""Asymmetric loss: yes-or-no outputs whose negatives are discounted more than their positives."""

import math
from typing import Any, NamedTuple

from keraslosses.core import checks, limits, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import PROBABILITIES, TARGETS
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.output_weights import weighted_outputs
from keraslosses.losses.probability import Answers


@loss_function(
    Elementwise(explicit=True, true=TARGETS, pred=PROBABILITIES),
    gamma_negative=checks.non_negative,
    gamma_positive=checks.non_negative,
    clip=checks.fraction,
    from_logits=checks.boolean,
    stop_weights=checks.boolean,
    axis=checks.integer,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def asymmetric(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    gamma_negative: float = 4.0,
    gamma_positive: float = 1.0,
    clip: float = 0.05,
    from_logits: bool = False,
    stop_weights: bool = False,
    axis: int = -1,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Asymmetric loss of independent yes-or-no outputs: the mean over `axis`.

    See `Asymmetric` for the formula and the choices.

    Args:
        y_true: Targets in [0, 1].
        y_pred: Logits or probabilities, of the shape of y_true.
        gamma_negative: Exponent of the discount for negatives, at least 0. Default: 4.
        gamma_positive: Exponent of the discount for positives, at least 0. Default: 1.
        clip: What is subtracted from the probability of negatives, in [0, 1]. Default: 0.05.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities in [0, 1].
        stop_weights: Whether the discounts are constant in the gradient. Default: False.
        axis: Axis of the outputs. The mean is taken over it. Default: the last.
        ignore_class: None (default), or a label such as -1. An output with this label leaves the mean over
            the outputs. A row with no other label costs 0, and no mean counts it.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.

    Shapes: y_true and y_pred `(batch, .., outputs)`. The result has the same shape without `axis`. The loss
    reads `(batch,)` as `(batch, 1)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that differ, or
            inputs outside their range.

    Example:

    >>> print(round(float(keraslosses.asymmetric([[1.0, 0.0]], [[0.5, 0.7]])[0]), 4))
    0.267
    """
    sides = of_logits(y_pred, clip) if from_logits else of_probabilities(y_pred, clip)
    yes, no = (
        side.terms(gamma, stop_weights)
        for side, gamma in zip(sides, (gamma_positive, gamma_negative), strict=True)
    )

    def by_pred() -> Tensor:
        slope = y_true * yes.by_pred() + (1.0 - y_true) * no.by_pred()
        return ops.where(ops.isinf(y_pred), 0.0, slope) if from_logits else slope

    of_no = numerics.times_unless_zero(1.0 - y_true, no.values)
    terms = Explicit(numerics.times_unless_zero(y_true, yes.values) + of_no, by_pred)
    return weighted_outputs(terms, class_weights, y_pred, axis)


class Side(NamedTuple):
    """What the loss needs for targets of yes, or for targets of no.

    `missed` is the probability of the wrong answer, and `log_right` the logarithm of one minus it. `fall` is
    minus the derivative of `log_right` by y_pred. `drop` is the derivative of `missed` by y_pred, times
    `log_right / missed`.
    """

    missed: Tensor
    log_right: Tensor
    fall: Tensor
    drop: Tensor

    def terms(self, gamma: float, stop_weights: bool) -> Explicit:
        """-missed^gamma log_right."""
        discount = numerics.power(self.missed, gamma)
        slope = self.fall if stop_weights or not gamma else self.fall - gamma * self.drop
        return Explicit(-discount * self.log_right, lambda: discount * slope)


def of_probabilities(p: Tensor, clip: float) -> tuple[Side, Side]:
    """With logarithms of max(p, 1e-7), whose derivative is 0 below 1e-7."""
    q = 1.0 - p
    log_p = ops.log(ops.maximum(p, limits.EPSILON))
    of_p = ops.where(p < limits.EPSILON, 0.0, 1.0 / ops.maximum(p, limits.EPSILON))
    yes = Side(q, log_p, -of_p, -numerics.divide(log_p, q))
    missed = beyond(p, clip)
    log_rest = ops.maximum(ops.log1p(-ops.minimum(missed, limits.BELOW_ONE)), math.log(limits.EPSILON))
    right = 1.0 - missed
    felt = ops.logical_and(right >= limits.EPSILON, p > clip) if clip else right >= limits.EPSILON
    of_rest = ops.where(felt, 1.0 / ops.maximum(right, limits.EPSILON), 0.0)
    return yes, Side(missed, log_rest, of_rest, numerics.divide(log_rest, missed))


def of_logits(x: Tensor, clip: float) -> tuple[Side, Side]:
    """Nothing is clipped but what `clip` asks for."""
    p, q, log_p, log_q = Answers.of_logits(x)
    yes = Side(q, log_p, -q, -p * log_p)
    if not clip:
        return yes, Side(p, log_q, p, q * log_q)
    missed, right = beyond(p, clip), q + clip
    near = missed < 0.5
    log_right = ops.where(
        near, ops.log1p(-ops.where(near, missed, 0.0)), ops.log(ops.where(near, 1.0, right))
    )
    spread = p * q
    fall = ops.where(p > clip, spread / right, 0.0)
    return yes, Side(missed, log_right, fall, spread * numerics.divide(log_right, missed))


def beyond(p: Tensor, clip: float) -> Tensor:
    """max(p - clip, 0). NaN stays NaN."""
    return ops.where(p <= clip, 0.0, p - clip) if clip else p


@saved
class Asymmetric(FunctionLoss):
    """Asymmetric loss of yes-or-no outputs: for many labels of which few hold for a sample.

    Easy negatives lose their weight, and very easy ones cost nothing. Positives keep more of their weight.
    With p the predicted probability (from logits, sigmoid of y_pred), y the target and
    `m = max(p - clip, 0)`:

    ```
    loss = mean(class_weights · (-y (1 - p)^gamma_positive log p
                                 - (1 - y) m^gamma_negative log(1 - m)), axis)
    ```

    Args:
        gamma_negative: Exponent of the discount for negatives, at least 0. Default: 4.
        gamma_positive: Exponent of the discount for positives, at least 0. Default: 1.
        clip: What is subtracted from the probability of negatives, in [0, 1]. Default: 0.05. Negatives with a
            smaller probability cost nothing and have no gradient. With `clip` and both exponents 0, the loss
            is binary cross-entropy.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities in [0, 1].
        stop_weights: Whether the discounts are constant in the gradient, as in the code of the authors.
            Default: False, the gradient is that of the formula. The value is the same.
        axis: Axis of the outputs. The mean is taken over it. Default: the last. The authors take the sum: it
            is as many times larger as there are outputs.
        ignore_class: None (default), or a label such as -1. An output with this label leaves the mean over
            the outputs. A row with no other label costs 0, and no mean counts it.
        class_weights: None (default), or one number of at least 0 for each output. They multiply the terms
            before the mean over the outputs. No mean divides by them.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, .., outputs)`. The result has the same shape without `axis`. The loss
    reads `(batch,)` as `(batch, 1)`.

    Probabilities: the logarithms take `max(p, 1e-7)`, with gradient 0 below 1e-7. The discounts use p itself.
    Logits: nothing is clipped but what `clip` asks for. An infinite logit has gradient 0. At `p = clip` the
    gradient of a negative is 0. For an exponent below 1 the gradient of a discount of 0 is 0.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that differ, or
            inputs outside their range when the values can be read. In compiled code, the loss of such a
            sample is NaN.

    Source: Ridnik et al., Asymmetric Loss For Multi-Label Classification, 2021, equation 7.

    Example:

    >>> loss = keraslosses.Asymmetric()
    >>> print(round(float(loss([[1.0, 0.0]], [[0.5, 0.7]])), 4))
    0.267
    """

    def __init__(
        self,
        gamma_negative: float = 4.0,
        gamma_positive: float = 1.0,
        clip: float = 0.05,
        from_logits: bool = False,
        stop_weights: bool = False,
        axis: int = -1,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "asymmetric",
        dtype: DType = None,
    ):
        super().__init__(
            asymmetric,
            reduction,
            name,
            dtype,
            gamma_negative=gamma_negative,
            gamma_positive=gamma_positive,
            clip=clip,
            from_logits=from_logits,
            stop_weights=stop_weights,
            axis=axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
