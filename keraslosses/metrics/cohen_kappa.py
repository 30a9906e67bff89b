"""`CohenKappa`: how far predictions agree with the true classes, beyond chance."""

from typing import Any

import keras

from keraslosses.core import backend, checks, keras_internals, numerics
from keraslosses.core.backend import ops
from keraslosses.core.disagreement import POWERS, disagreement
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.labels import class_indices
from keraslosses.core.precision import in_full_precision
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import extend_to
from keraslosses.core.saving import saved
from keraslosses.core.types import DType, Tensor


@saved
class CohenKappa(FixedOptions, keras.metrics.Metric):
    """Cohen's kappa: the agreement of the predicted with the true classes, beyond chance.

    It is 1 for perfect agreement, 0 for that of chance, and negative below chance. With `weighting`, classes
    are in an order, and a prediction near the true class counts less as an error. From the sums of the
    weights c[i, j] of samples of class i for which class j is predicted:

    ```
    kappa = 1 - n Σ w[i, j] c[i, j] / Σ w[i, j] c[i, .] c[., j], with n the sum of all weights
    w[i, j] = 1 if i != j, else 0;  |i - j| with "linear";  (i - j)² with "quadratic"
    ```

    It is 0 before the first sample, and if all true and all predicted classes are the same one.

    Args:
        num_classes: Number of classes K.
        weighting: None (default), "linear" or "quadratic".
        name: Name of the metric.
        dtype: Dtype of the result. The sums are float32. Default: None, `keras.config.floatx()`.

    Shapes: y_true `(batch, ..)` or `(batch, .., 1)`, class indices. y_pred holds scores of the classes,
    `(batch, .., K)`, of which the largest counts; or class indices in the shape of y_true, such as
    `ordinal_class` returns. The sample weight is a scalar, or has the first axes of y_true.

    Raises:
        ValueError: If an option is out of range, if shapes do not fit, or if a class is out of range.
            Compiled code cannot raise for values: such a sample makes the result NaN. NaN in scores makes the
            result NaN too.

    Source: Cohen, Weighted Kappa: Nominal Scale Agreement Provision for Scaled Disagreement or Partial
    Credit, 1968.

    Example:

    >>> metric = keraslosses.CohenKappa(3, weighting="quadratic")
    >>> metric.update_state([0, 1, 2, 2], [0, 1, 1, 2])
    >>> print(round(float(metric.result()), 4))
    0.8
    """

    def __init__(
        self, num_classes: int, weighting: str | None = None, name: str = "cohen_kappa", dtype: DType = None
    ):
        checks.positive_integer("num_classes", num_classes)
        checks.one_of(None, *POWERS)("weighting", weighting)
        super().__init__(name=name, dtype=dtype)
        keras_internals.rise_is_better(self)
        self.num_classes, self.weighting = int(num_classes), weighting
        shape = (self.num_classes, self.num_classes)
        self.counts = self.add_weight(name="counts", shape=shape, initializer="zeros", dtype="float32")

    @in_full_precision
    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        check_readable("CohenKappa", y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        truth, wrong = self.indices("y_true", y_true)
        guess, undefined = self.guesses(y_pred, len(truth.shape))
        if not checks.compatible(truth.shape, guess.shape):
            expected = f"hold one class index for each class index or row of {self.num_classes} scores"
            raise checks.shapes_differ(y_true, y_pred, "CohenKappa", expected)
        weight = ops.ones_like(truth, dtype="float32") + wrong + undefined
        if sample_weight is not None:
            given = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
            given = extend_to(given, len(truth.shape), "sample_weight", truth.shape)
            weight = ops.where(given == 0, 0.0, weight) * given
        rows, columns = (ops.reshape(self.one_hot(x), (-1, self.num_classes)) for x in (truth, guess))
        self.counts.assign_add(ops.matmul(ops.transpose(rows * ops.reshape(weight, (-1, 1))), columns))

    def indices(self, argument: str, labels: Tensor) -> tuple[Any, Any]:
        """Class indices without an axis of size 1 at the end, and a NaN for each that is out of range."""
        if len(labels.shape) > 1 and labels.shape[-1] == 1:
            labels = ops.squeeze(labels, -1)
        labels, _, broken = class_indices("CohenKappa", argument, labels, self.num_classes)
        return labels, 0.0 if broken is None else backend.nan_where(broken, "float32")

    def guesses(self, y_pred: Tensor, rank: int) -> tuple[Any, Any]:
        """The predicted classes, and a NaN for each that is undefined."""
        scores = len(y_pred.shape) == rank + 1 and y_pred.shape[-1] == self.num_classes > 1
        if not scores:
            return self.indices("y_pred", y_pred)
        unknown = ops.any(ops.isnan(y_pred), axis=-1)
        return ops.argmax(y_pred, axis=-1), backend.nan_where(unknown, "float32")

    def one_hot(self, labels: Tensor) -> Any:
        return ops.one_hot(labels, self.num_classes, dtype="float32")

    def result(self) -> Tensor:
        counts = ops.convert_to_tensor(self.counts)
        costs = backend.constant(disagreement(self.num_classes, self.weighting), counts.dtype, counts)
        observed = ops.sum(costs * counts)
        truths, guesses = ops.sum(counts, axis=1), ops.sum(counts, axis=0)

        total = ops.sum(counts)
        by_chance = ops.sum(costs * truths[:, None] * numerics.divide(guesses, total)[None])
        kappa = numerics.divide(by_chance - observed, by_chance)
        return ops.cast(kappa, self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "weighting": self.weighting,
        }
