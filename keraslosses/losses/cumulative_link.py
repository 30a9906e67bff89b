"""The loss of cumulative link models: ordered classes as the parts of a line that thresholds divide."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.labels import weighted_by_label
from keraslosses.core.kinds.ordinal import Thresholds
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.nonfinite import inf_where
from keraslosses.core.types import DType, Tensor
from keraslosses.losses import links

LINKS = {"logit": links.logit, "probit": links.probit, "cloglog": links.cloglog}
# Stands for an infinite threshold: with each link, the probability beyond it is 0 in float64.
BEYOND = 1000.0


@loss_function(
    Thresholds(),
    link=checks.one_of(*LINKS),
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def cumulative_link(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    link: str = "logit",
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Minus the log-probability that a score with noise lies between the thresholds of the label.

    See `CumulativeLink` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, K) for K ordered classes.
        y_pred: A score and K - 1 thresholds, which do not decrease.
        link: The distribution of the noise: "logit" (default), "probit" or "cloglog".
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., K)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or thresholds that decrease.

    Example:

    >>> print(round(float(keraslosses.cumulative_link([1], [[0.0, -1.0, 1.0]])[0]), 4))
    0.7719
    """
    lower, upper, gap = bounds(y_true, y_pred)
    closed = gap == 0
    cost = LINKS[link](lower, upper, ops.where(closed, ops.ones_like(gap), gap))
    values = ops.where(closed, inf_where(closed, cost.dtype), cost)
    return weighted_by_label(values, class_weights, y_true)


def bounds(labels: Tensor, y_pred: Tensor) -> tuple[Any, Any, Any]:
    """The thresholds below and above each label, measured from the score, and the gap between them."""
    score, thresholds = y_pred[..., 0], y_pred[..., 1:]
    last = ops.shape(thresholds)[-1] - 1
    below = backend.pick(thresholds, ops.maximum(labels - 1, 0))
    above = backend.pick(thresholds, ops.minimum(labels, last))
    lower, upper = below - score, above - score
    first_class, last_class = labels == 0, labels > last
    before_all = ops.minimum(ops.stop_gradient(upper), 0.0) - BEYOND
    behind_all = ops.maximum(ops.stop_gradient(lower), 0.0) + BEYOND
    return (
        ops.where(first_class, before_all, lower),
        ops.where(last_class, behind_all, upper),
        ops.where(ops.logical_or(first_class, last_class), BEYOND, above - below),
    )


@saved
class CumulativeLink(FunctionLoss):
    """Cumulative link model: classes in an order, as the parts of a line that thresholds divide.

    The model gives one score for each sample, and all samples share the thresholds, which are learned. It is
    ordinal regression (proportional odds with the link "logit"). For ages, grades, stages and ratings, and
    where one number for each sample says enough. With f the score, θ the thresholds and y the label of K
    classes:

    ```
    loss = -class_weights[y] log(F(θ[y] - f) - F(θ[y-1] - f)), with θ[-1] = -inf and θ[K-1] = inf
    F(x) = 1 / (1 + exp(-x))    with link="logit"
    F(x) = Φ(x)                 with link="probit": the normal distribution function
    F(x) = 1 - exp(-exp(x))     with link="cloglog"
    ```

    Args:
        link: The distribution of the noise: "logit" (default), "probit" or "cloglog".
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[y]`. The other means divide by the number of entries.

    Shapes: y_pred `(batch, .., K)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    y_pred holds the score, then the K - 1 thresholds. The layer `OrdinalThresholds` makes it from the score.
    The value keeps its digits for scores far from the thresholds, and for thresholds close together. Two
    equal thresholds leave nothing to the class between them: it costs inf, with gradient 0. `ordinal_class`
    finds the predicted class. Labels out of range: see `SparseCategoricalCrossentropy`. Thresholds that
    decrease are treated as such a label.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or thresholds that decrease.

    Source: McCullagh, Regression Models for Ordinal Data, 1980, equations 2.1 and 2.3.

    Example:

    >>> loss = keraslosses.CumulativeLink()
    >>> print(round(float(loss([1, 2], [[0.0, -1.0, 1.0], [2.0, -1.0, 1.0]])), 4))
    0.5426
    """

    def __init__(
        self,
        link: str = "logit",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cumulative_link",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            cumulative_link,
            reduction,
            name,
            dtype,
            link=link,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
