"""The earth mover's distance between distributions over ordered classes."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS, SHARES
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions, weighted
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor


@loss_function(
    LabelsOrDistributions(true=DISTRIBUTIONS, pred=SHARES),
    power=checks.at_least_one,
    root=checks.boolean,
    from_logits=checks.boolean,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def earth_mover(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    power: float = 2.0,
    root: bool = False,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Mean over the classes of the distance between two cumulative distributions, to a power.

    See `EarthMover` for the formula and the choices.

    Args:
        y_true: Class indices, integers in [0, K) for K ordered classes; or distributions over the classes.
        y_pred: Probabilities or logits of the classes.
        power: Exponent of the distances, at least 1. Default: 2.
        root: Whether the mean is raised to the power `1 / power`. Default: False.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., K)`. y_true has the same shape, or `(batch, ..)` or `(batch, .., 1)` for class
    indices. The result is `(batch, ..)`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or a target or probability below 0.

    Example:

    >>> print(round(float(keraslosses.earth_mover([0], [[0.5, 0.3, 0.2]])[0]), 4))
    0.0967
    """
    p = ops.softmax(y_pred, axis=-1) if from_logits else numerics.distribution(y_pred, -1)
    moved = ops.cumsum(p - y_true, axis=-1)
    # The derivative of a distance of 0 is 0: that of abs is 1 on JAX.
    apart = ops.where(moved == 0, ops.zeros_like(moved), ops.abs(moved))
    values = power_mean(apart, power) if root else numerics.mean(numerics.power(apart, power), -1)
    return weighted(values, class_weights, y_true)


def power_mean(apart: Tensor, power: float) -> Any:
    """(mean of apart^power)^(1 / power) of each row. The distances are divided by the largest one first:
    then the largest power is 1, and does not underflow.
    """
    scale = backend.above_or_one(ops.stop_gradient(backend.largest(apart))[..., None], 0.0)
    mean = numerics.mean(numerics.power(apart / scale, power), -1)
    return ops.squeeze(scale, -1) * numerics.power(mean, 1.0 / power)


@saved
class EarthMover(FunctionLoss):
    """Earth mover's distance: how far the predicted probability must be moved along the order of the classes.

    For ordered classes whose targets are class indices or distributions, such as the votes on a scale from 1
    to 10. A probability two classes away costs more than one beside the label. With K classes:

    ```
    loss = class_weights[y] · mean over k of |sum over j <= k of p[j] - y_true[j]|^power
    ```

    With `root`, the mean is raised to the power `1 / power`.

    Args:
        power: Exponent of the distances, at least 1. Default: 2.
        root: Whether the mean is raised to the power `1 / power`, as in NIMA. Default: False.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. For a distribution, its
            weight is the mean over it. `"mean_with_sample_weight"` divides by the sum of these weights. The
            other means divide by the number of entries.

    Shapes: y_pred `(batch, .., K)`. y_true has the same shape, or `(batch, ..)` or `(batch, .., 1)` for class
    indices. The result is `(batch, ..)`.

    Predicted probabilities are divided by their sum; targets are not. The gradient of a distance of 0 is 0,
    also under the root. Hou et al. sum over the classes: K times this mean. Labels out of range: see
    `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for an option out of range, a list of weights of the wrong length, shapes that do not fit,
            a label out of range, or a target or probability below 0.

    Source: Hou et al., Squared Earth Mover's Distance-based Loss for Training Deep Neural Networks, 2016,
    equation 8; with `root`, Talebi and Milanfar, NIMA: Neural Image Assessment, 2017, equation 1.

    Example:

    >>> loss = keraslosses.EarthMover()
    >>> print(round(float(loss([0, 2], [[0.5, 0.3, 0.2], [0.0, 0.1, 0.9]])), 4))
    0.05
    """

    def __init__(
        self,
        power: float = 2.0,
        root: bool = False,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "earth_mover",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            earth_mover,
            reduction,
            name,
            dtype,
            power=power,
            root=root,
            from_logits=from_logits,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
