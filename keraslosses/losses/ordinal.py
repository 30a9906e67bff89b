"""Losses of ordered classes from logits: one question "is the class above k?" for each k."""

from typing import Any

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.labels import weighted_by_label
from keraslosses.core.kinds.ordinal import ConditionalLevels, Levels, levels
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor

OF_LABELS = {"ignore_class": checks.optional_integer, "class_weights": checks.optional_weights}


def answer_costs(y_true: Tensor, y_pred: Tensor) -> Any:
    """For class indices `(.., 1)`, the binary cross-entropy of each question: is the class above k?"""
    return ops.softplus(ops.where(y_true > levels(y_pred), -y_pred, y_pred))


@loss_function(Levels(), **OF_LABELS)
def coral(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Sum of the binary cross-entropies of the questions "is the class above k?".

    See `Coral` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, K) for K ordered classes.
        y_pred: Logits, one for each k from 0 to K - 2: is the class above k?
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred `(batch, .., K - 1)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    Raises:
        ValueError: for a list of weights of the wrong length, shapes that do not fit, or a label out of
            range.

    Example:

    >>> print(round(float(keraslosses.coral([1], [[2.0, -1.0]])[0]), 4))
    0.4402
    """
    values = answer_costs(y_true, y_pred)
    return weighted_by_label(values, class_weights, y_true)


@loss_function(ConditionalLevels(), **OF_LABELS)
def corn(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    ignore_class: int | None = None,
    class_weights: list[float] | None = None,
) -> Any:
    """Binary cross-entropy of each question "is the class above k, if it is not below k?".

    See `Corn` for the formula and the choices.

    Args:
        y_true: Class indices: integers in [0, K) for K ordered classes.
        y_pred: Logits, one for each k from 0 to K - 2: is the class above k, if it is not below k?
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. An entry is multiplied by
            the weight of its label.

    Shapes: y_pred and the result `(batch, .., K - 1)`, y_true `(batch, ..)` or `(batch, .., 1)`. A question
    that the class does not reach costs 0.

    Raises:
        ValueError: for a list of weights of the wrong length, shapes that do not fit, or a label out of
            range.

    Example:

    >>> values = keraslosses.corn([0], [[2.0, -1.0]])[0]
    >>> print([round(float(value), 4) for value in values])
    [2.1269, 0.0]
    """
    values = answer_costs(y_true, y_pred)
    return weighted_by_label(values, class_weights, y_true)


@saved
class Coral(FunctionLoss):
    """CORAL: classes in an order, by a yes or no for each level k: whether the class is above k.

    For ages, grades, stages and ratings: an error of two classes costs more than an error of one. With y the
    label of K classes, and t_k = 1 if y > k, else 0:

    ```
    loss = class_weights[y] · sum over k of softplus(y_pred[k]) - t_k y_pred[k]
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[y]`. The other means divide by the number of entries.

    Shapes: y_pred `(batch, .., K - 1)`, y_true `(batch, ..)` or `(batch, .., 1)`, result `(batch, ..)`.

    y_pred holds logits. The layer `OrdinalDense` makes them: they fall from level to level, so that the
    answers do not contradict each other. The loss accepts any other logits too. `ordinal_class` finds the
    predicted class. Labels out of range: see `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for a list of weights of the wrong length, shapes that do not fit, or a label out of
            range.

    Source: Cao et al., Rank Consistent Ordinal Regression for Neural Networks with Application to Age
    Estimation, 2020, equation 4, with all importance weights 1.

    Example:

    >>> loss = keraslosses.Coral()
    >>> print(round(float(loss([1, 2], [[2.0, -1.0], [2.0, 1.0]])), 4))
    0.4402
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "coral",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(
            coral, reduction, name, dtype, ignore_class=ignore_class, class_weights=class_weights
        )


@saved
class Corn(FunctionLoss):
    """CORN: classes in an order, by a question for each level that the class reaches: whether it is above k.

    The probability that the class is above k is the product of the answers to the questions 0 to k, so it
    falls with k whatever the logits are. A last layer `Dense(K - 1)` is enough. With y the label of K
    classes, a question k counts if y >= k:

    ```
    loss[k] = class_weights[y] · (softplus(y_pred[k]) - t_k y_pred[k]), with t_k = 1 if y > k, else 0
    ```

    Args:
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.
        ignore_class: None (default), or a label such as 255 or -1. Its entries cost 0, and the mean does not
            count them.
        class_weights: None (default), or one number of at least 0 for each class. `"mean_with_sample_weight"`
            divides by the sum of `class_weights[y]` over the questions that count. The other means divide by
            the number of these questions.

    Shapes: y_pred and the values `(batch, .., K - 1)`, y_true `(batch, ..)` or `(batch, .., 1)`. The sample
    weight is a scalar, `(batch,)`, `(batch, 1)`, or has the first axes of y_pred.

    The means divide by the number of questions that count, not by the number of samples. A question that does
    not count costs 0 with gradient 0, whatever its logit is. Under `tf.distribute`, each replica counts its
    own questions. `ordinal_class` finds the predicted class. Labels out of range: see
    `SparseCategoricalCrossentropy`.

    Raises:
        ValueError: for a list of weights of the wrong length, shapes that do not fit, or a label out of
            range.

    Source: Shi et al., Deep Neural Networks for Rank-Consistent Ordinal Regression Based on Conditional
    Probabilities, 2021, equation 6.

    Example:

    >>> loss = keraslosses.Corn()
    >>> print(round(float(loss([0, 1], [[2.0, -1.0], [2.0, -1.0]])), 4))
    0.8557
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "corn",
        dtype: DType = None,
        *,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
    ):
        super().__init__(corn, reduction, name, dtype, ignore_class=ignore_class, class_weights=class_weights)
