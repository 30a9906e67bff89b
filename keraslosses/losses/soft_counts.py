"""Losses of soft counts: F-beta and the Matthews correlation, of probabilities in place of decisions."""

from typing import Any, NamedTuple

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.decisions import Decisions, Truth

OPTIONS = {
    "from_logits": checks.boolean,
    "multi_label": checks.boolean,
    "ignore_class": checks.optional_integer,
}


@loss_function(
    Decisions(), beta=checks.positive, average=checks.one_of("macro", "micro", "samples"), **OPTIONS
)
def soft_f_beta(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    beta: float = 1.0,
    average: str = "macro",
    from_logits: bool = False,
    multi_label: bool = True,
    ignore_class: int | None = None,
) -> Any:
    """One minus the F-beta score of soft counts.

    See `SoftFBeta` for the formula and the choices.

    Args:
        y_true: Targets in [0, 1], of the shape of y_pred. With `multi_label=False`, class indices or
            distributions over the classes.
        y_pred: Logits or probabilities.
        beta: How much recall counts against precision, above 0. Default: 1, both count the same.
        average: `"macro"` (default), the mean over the outputs; `"micro"`, all outputs counted together; or
            `"samples"`, one value for each row.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        multi_label: Whether each output is a yes or no of its own, so that logits go through a sigmoid
            (default). If False, each row has one class, and logits go through a softmax.
        ignore_class: None (default), or a label such as 255 or -1. Outputs or rows with this label are not
            counted. A row with nothing to count costs 0, and no mean counts it.

    Shapes: y_pred `(batch, .., outputs)`. y_true has the same shape. Class indices have it without the last
    axis, or with size 1 there. The result is `(batch,)`, with the same value for each sample; with
    `average="samples"` it is `(batch, ..)`.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a label out of range, or numbers
            outside their range.

    Example:

    >>> print(round(float(keraslosses.soft_f_beta([[1.0, 0.0]], [[0.8, 0.2]], average="micro")[0]), 4))
    0.2
    """
    axes = tuple(range(len(y_pred.shape)))
    over = {"macro": axes[:-1], "micro": axes, "samples": axes[-1:]}[average]
    found = Counts.of(y_true, y_pred, from_logits, multi_label, over)
    wrong = beta**2 * found.false_negative + found.false_positive
    size = (1.0 + beta**2) * found.true_positive + wrong
    values, counted = numerics.divide(wrong, size), size != 0
    if average == "macro":
        return numerics.mean(values, -1, ops.cast(counted, values.dtype)), None
    return values, counted if average == "samples" else None


@loss_function(Decisions(), **OPTIONS)
def soft_matthews(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    from_logits: bool = False,
    multi_label: bool = True,
    ignore_class: int | None = None,
) -> Any:
    """One minus the Matthews correlation coefficient of soft counts.

    See `SoftMatthews` for the formula and the choices.

    Args:
        y_true: Targets in [0, 1], of the shape of y_pred. With `multi_label=False`, class indices or
            distributions over the classes.
        y_pred: Logits or probabilities.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        multi_label: Whether each output is a yes or no of its own, so that logits go through a sigmoid
            (default). If False, each row has one class, and logits go through a softmax.
        ignore_class: None (default), or a label such as 255 or -1. Outputs or rows with this label are not
            counted. A row with nothing to count costs 0, and no mean counts it.

    Shapes: y_pred `(batch, .., outputs)`. y_true has the same shape. Class indices have it without the last
    axis, or with size 1 there. The result is `(batch,)`, with the same value for each sample.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, a label out of range, or numbers
            outside their range.

    Example:

    >>> print(round(float(keraslosses.soft_matthews([[1.0, 0.0]], [[0.8, 0.2]])[0]), 4))
    0.4
    """
    axes = tuple(range(len(y_pred.shape)))
    found = Counts.of(y_true, y_pred, from_logits, multi_label, axes)
    every = sum(found)
    yes, missed, false_alarm, no = (numerics.divide(count, every) for count in found)
    predicted = numerics.root((yes + false_alarm) * (no + missed))
    true = numerics.root((yes + missed) * (no + false_alarm))
    return 1.0 - numerics.divide(yes * no - false_alarm * missed, predicted * true), None


class Counts(NamedTuple):
    """How often a decision is right or wrong, counted by the probabilities of the decisions."""

    true_positive: Tensor
    false_negative: Tensor
    false_positive: Tensor
    true_negative: Tensor

    @classmethod
    def of(
        cls, truth: Truth, y_pred: Tensor, from_logits: bool, multi_label: bool, axes: tuple[int, ...]
    ) -> "Counts":
        p, q = decided(y_pred, from_logits, multi_label)
        pairs = (truth.yes, p), (truth.yes, q), (truth.no, p), (truth.no, q)
        return cls(*(backend.total(target * share, axis=axes) for target, share in pairs))


def decided(y_pred: Tensor, from_logits: bool, multi_label: bool) -> tuple[Tensor, Tensor]:
    """The probabilities of yes and of no."""
    if multi_label and from_logits:
        return ops.sigmoid(y_pred), ops.sigmoid(-y_pred)
    if not multi_label:
        y_pred = ops.softmax(y_pred, axis=-1) if from_logits else numerics.distribution(y_pred, -1)
    return y_pred, 1.0 - y_pred


@saved
class SoftFBeta(FunctionLoss):
    """Soft F-beta loss: for a model whose F1 or F-beta score counts, on outputs of which few are positive.

    With p the predicted probability, y the target, and TP = sum(y p), FP = sum((1 - y) p),
    FN = sum(y (1 - p)):

    ```
    loss = 1 - (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP)
    ```

    Args:
        beta: How much recall counts against precision, above 0. Default: 1, both count the same.
        average: `"macro"` (default), the mean over the outputs; `"micro"`, all outputs counted together; or
            `"samples"`, one value for each row.
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        multi_label: Whether each output is a yes or no of its own, so that logits go through a sigmoid
            (default). If False, each row has one class, and logits go through a softmax.
        ignore_class: None (default), or a label such as 255 or -1. Outputs or rows with this label are not
            counted. A row with nothing to count costs 0, and no mean counts it.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, .., outputs)`. y_true has the same shape. Class indices have it without the last
    axis, or with size 1 there. The result is `(batch,)`, with the same value for each sample; with
    `average="samples"` it is `(batch, ..)`.

    The counts go over the whole batch, so a batch must hold enough positives. Sample weights multiply only
    the result, and under `tf.distribute` the counts go over the batch of one replica. A mask takes outputs
    out of the counts.

    An output that is neither true nor predicted leaves the mean of `"macro"`, and such a row leaves the mean
    of `"samples"`. An output that is predicted a little but never true costs 1. For probabilities of 0 and 1
    the loss is one minus the score of scikit-learn.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, or inputs outside their range when the
            values can be read. In compiled code, the value is NaN.

    Source: van Rijsbergen, Information Retrieval, 1979, chapter 7, with probabilities in place of decisions.

    Example:

    >>> loss = keraslosses.SoftFBeta(average="micro")
    >>> print(round(float(loss([[1.0, 0.0]], [[0.8, 0.2]])), 4))
    0.2
    """

    def __init__(
        self,
        beta: float = 1.0,
        average: str = "macro",
        from_logits: bool = False,
        multi_label: bool = True,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "soft_f_beta",
        dtype: DType = None,
    ):
        super().__init__(
            soft_f_beta,
            reduction,
            name,
            dtype,
            beta=beta,
            average=average,
            from_logits=from_logits,
            multi_label=multi_label,
            ignore_class=ignore_class,
        )


@saved
class SoftMatthews(FunctionLoss):
    """Soft Matthews loss: for yes-or-no outputs of which few are positive, where both kinds of errors count.

    With p the predicted probability, y the target, and TP, FP, FN and TN the soft counts over all outputs of
    the batch, such as FP = sum((1 - y) p):

    ```
    loss = 1 - (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN))
    ```

    Args:
        from_logits: Whether y_pred holds logits. If False (default), it holds probabilities.
        multi_label: Whether each output is a yes or no of its own, so that logits go through a sigmoid
            (default). If False, each row has one class, and logits go through a softmax.
        ignore_class: None (default), or a label such as 255 or -1. Outputs or rows with this label are not
            counted. A row with nothing to count costs 0, and no mean counts it.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, .., outputs)`. y_true has the same shape. Class indices have it without the last
    axis, or with size 1 there. The result is `(batch,)`, with the same value for each sample.

    The counts go over the whole batch, so a batch must hold enough positives. Sample weights multiply only
    the result, and under `tf.distribute` the counts go over the batch of one replica. A mask takes outputs
    out of the counts.

    The loss lies between 0 and 2, and is 1 for a model that guesses. If all targets or all predictions are
    the same answer, the correlation is 0 / 0: the loss is 1, with gradient 0. For probabilities of 0 and 1
    the loss is one minus the coefficient of scikit-learn.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, or inputs outside their range when the
            values can be read. In compiled code, the value is NaN.

    Source: Matthews, Comparison of the Predicted and Observed Secondary Structure of T4 Phage Lysozyme, 1975,
    with probabilities in the place of decisions.

    Example:

    >>> loss = keraslosses.SoftMatthews()
    >>> print(round(float(loss([[1.0, 0.0]], [[0.8, 0.2]])), 4))
    0.4
    """

    def __init__(
        self,
        from_logits: bool = False,
        multi_label: bool = True,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "soft_matthews",
        dtype: DType = None,
    ):
        super().__init__(
            soft_matthews,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            multi_label=multi_label,
            ignore_class=ignore_class,
        )
