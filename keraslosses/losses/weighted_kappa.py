"""Cohen's weighted kappa of a batch as a loss."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.disagreement import POWERS, disagreement
from keraslosses.core.kinds.agreement import Agreement
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor

# Added in the logarithm, as in TensorFlow Addons.
EPSILON = 1e-6


@loss_function(
    Agreement(),
    num_classes=checks.positive_integer,
    weighting=checks.one_of(*POWERS),
    from_logits=checks.boolean,
    ignore_class=checks.optional_integer,
)
def weighted_kappa(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    num_classes: int,
    weighting: str = "quadratic",
    from_logits: bool = False,
    ignore_class: int | None = None,
) -> Any:
    """Logarithm of the disagreement of a batch, divided by the disagreement that chance would give.

    See `WeightedKappa` for the formula and the choices.

    Args:
        y_true: Class indices, integers in [0, K) for K ordered classes; or distributions over the classes.
        y_pred: Probabilities or logits of the classes.
        num_classes: Number of classes K.
        weighting: How the cost grows with the distance of two classes: "quadratic" (default) or "linear".
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        ignore_class: None (default), or a label such as 255 or -1. Its entries are no part of the batch.

    Shapes: y_pred `(batch, .., K)`. y_true has the same shape, or `(batch, ..)` or `(batch, .., 1)` for class
    indices. The result is `(batch,)`: the same value for each sample.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a `num_classes` that is not the size
            of the last axis, a label out of range, or a target or probability below 0.

    Example:

    >>> values = keraslosses.weighted_kappa([0, 1], [[0.9, 0.1], [0.2, 0.8]], num_classes=2)
    >>> print(round(float(values[0]), 4))
    -1.204
    """
    ratio = disagreement_ratio(y_true, y_pred, num_classes, weighting, from_logits)
    return logarithm(ratio, EPSILON)


def disagreement_ratio(
    y_true: Tensor, y_pred: Tensor, num_classes: int, weighting: str, from_logits: bool
) -> Any:
    """The disagreement of a batch, divided by the one that chance would give; 0 where that is 0."""
    p = ops.softmax(y_pred, axis=-1) if from_logits else numerics.distribution(y_pred, -1)
    counted = ops.cast(ops.any(y_true > 0, axis=-1, keepdims=True), p.dtype)
    costs = backend.constant(disagreement(num_classes, weighting), p.dtype, p)
    observed = ops.sum(ops.matmul(ops.transpose(y_true), p) * costs)
    truths, guesses = ops.sum(y_true, axis=0), ops.sum(p * counted, axis=0)
    by_chance = ops.sum(truths[:, None] * guesses[None] * costs)
    return numerics.divide(observed * ops.sum(counted), by_chance)


def logarithm(ratio: Tensor, epsilon: float) -> Any:
    # As a tensor: torch's forward mode takes a number beside a scalar tensor for float64.
    return ops.log(ratio + ops.cast(epsilon, ratio.dtype))


@saved
class WeightedKappa(FunctionLoss):
    """Weighted kappa: trains the agreement that `CohenKappa` measures, for ordered classes.

    For grades that people give, such as the stage of a disease, where models are compared by Cohen's kappa.
    The value belongs to the whole batch. With p the predicted probabilities, n the number of entries and K
    classes:

    ```
    loss = log(observed / expected + 1e-6)
    observed = sum over entries e, classes i, j of w[i, j] y_true[e, i] p[e, j]
    expected = sum over i, j of w[i, j] (sum over e of y_true[e, i]) (sum over e of p[e, j]) / n
    w[i, j]  = (i - j)² / (K - 1)²    or |i - j| / (K - 1)  with weighting="linear"
    ```

    So `1 - observed / expected` is the kappa of the probabilities.

    Args:
        num_classes: Number of classes K.
        weighting: How the cost grows with the distance of two classes: "quadratic" (default) or "linear".
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries are no part of the batch.

    Shapes: y_pred `(batch, .., K)`. y_true has the same shape, or `(batch, ..)` or `(batch, .., 1)` for class
    indices. The result is `(batch,)`: the same value for each sample.

    The loss needs batches that hold several classes. It is 0 for the agreement of chance, and at least
    log(1e-6), about -13.8: that of perfect agreement. A batch in which chance cannot disagree has this value
    too, with gradient 0. Sample weights multiply only the result, and under `tf.distribute` the batch is that
    of one replica. A mask removes entries from the batch. TensorFlow Addons replaces a target distribution by
    its mean class: the same for class indices and one-hot rows. Labels out of range: see
    `SparseCategoricalCrossentropy`; they spoil the whole batch.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a `num_classes` that is not the size
            of the last axis, a label out of range, or a target or probability below 0.

    Source: de la Torre et al., Weighted Kappa Loss Function for Multi-class Classification of Ordinal Data in
    Deep Learning, 2018, equation 5; the 1e-6 is that of TensorFlow Addons.

    Example:

    >>> loss = keraslosses.WeightedKappa(num_classes=2)
    >>> print(round(float(loss([0, 1], [[0.9, 0.1], [0.2, 0.8]])), 4))
    -1.204
    """

    def __init__(
        self,
        num_classes: int,
        weighting: str = "quadratic",
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "weighted_kappa",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
    ):
        super().__init__(
            weighted_kappa,
            reduction,
            name,
            dtype,
            num_classes=num_classes,
            weighting=weighting,
            from_logits=from_logits,
            ignore_class=ignore_class,
        )
