"""The losses of TensorFlow Addons with one value for the batch."""

from typing import Any

from keraslosses.addons.addon import AddonOfBatch, class_of, of_addons
from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.disagreement import POWERS
from keraslosses.core.kinds.agreement import Agreement
from keraslosses.core.kinds.labels import comparable, without_class_axis
from keraslosses.core.loss import loss_function
from keraslosses.core.precision import floating
from keraslosses.core.reduction import Entries, both
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.crossentropy import CategoricalCrossentropy
from keraslosses.losses.weighted_kappa import disagreement_ratio, logarithm


class SimilaritiesOfBatch(AddonOfBatch):
    """Cross-entropy of the rows of a matrix of similarities, against how alike the labels are.

    A sample whose labels are like none does not count.
    """

    def __init__(self, name: str | None, reduction: str | None, dtype: DType):
        super().__init__(CategoricalCrossentropy(from_logits=True), reduction, name, dtype)

    def alike(self, y_true: Tensor) -> Any:
        """How alike the labels of each two samples are, (batch, batch)."""
        raise NotImplementedError

    def check_shapes(self, y_true: Tensor, y_pred: Tensor) -> None:
        batch, shape = y_true.shape[:1], y_pred.shape
        square = len(shape) == 2 and checks.compatible(shape, (*batch, *batch))
        if len(y_true.shape) not in self.ranks or not square:
            expected = f"have {self.words} for a y_pred (batch, batch)"
            raise checks.shapes_differ(y_true, y_pred, type(self).__name__, expected)

    def entries(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None, mask: Tensor = None
    ) -> Entries:
        y_true, y_pred = backend.as_tensor(y_true), floating(y_pred)
        self.check_shapes(y_true, y_pred)
        alike = ops.cast(self.alike(y_true), y_pred.dtype)
        total = ops.sum(alike, axis=1, keepdims=True)
        found = self.ours.entries(numerics.divide(alike, total), y_pred, sample_weight, mask)
        return found._replace(valid=both(found.valid, total[:, 0] > 0))


@of_addons
class NpairsLoss(SimilaritiesOfBatch):
    """N-pairs loss of a matrix of similarities: a sample should be similar to those of its class.

    Args:
        name: Name of the loss.
        reduction: Has no effect: there is one value. Default: `"none"`.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true, the classes, `(batch,)` or `(batch, 1)`; y_pred, the similarities of the anchors with the
    positives, `(batch, batch)`; the result is a scalar.

    Example:

    >>> from keraslosses import addons
    >>> print(round(float(addons.NpairsLoss()([0, 1], [[1.0, 0.0], [0.0, 1.0]])), 4))
    0.3133
    """

    def __init__(self, name: str | None = "npairs_loss", reduction: str | None = "none", dtype: DType = None):
        super().__init__(name, reduction, dtype)

    ranks, words = (1, 2), "the shape (batch,) or (batch, 1)"

    def alike(self, y_true: Tensor) -> Any:
        labels = comparable(without_class_axis(y_true, 2, 1))
        return labels[:, None] == labels[None]


@of_addons
class NpairsMultilabelLoss(SimilaritiesOfBatch):
    """N-pairs loss for samples with several labels: samples are alike by the number of labels they share.

    Args:
        name: Name of the loss.
        reduction: Has no effect: there is one value. Default: `"none"`.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true, a 0 or 1 for each class, `(batch, classes)`; y_pred, the similarities of the anchors with
    the positives, `(batch, batch)`; the result is a scalar.

    A sample without a label does not count. (In TensorFlow Addons the result is NaN.)

    Example:

    >>> from keraslosses import addons
    >>> print(round(float(addons.NpairsMultilabelLoss()([[1, 0], [1, 1]], [[1.0, 0.0], [0.0, 1.0]])), 4))
    0.7299
    """

    def __init__(
        self, name: str | None = "npairs_multilabel_loss", reduction: str | None = "none", dtype: DType = None
    ):
        super().__init__(name, reduction, dtype)

    ranks, words = (2,), "the shape (batch, classes)"

    def alike(self, y_true: Tensor) -> Any:
        labels = floating(y_true)
        return ops.matmul(labels, ops.transpose(labels))


@loss_function(
    Agreement(),
    num_classes=checks.positive_integer,
    weighting=checks.one_of(*POWERS),
    epsilon=checks.non_negative,
)
def kappa_of_addons(
    y_true: Tensor, y_pred: Tensor, num_classes: int, weighting: str = "quadratic", epsilon: float = 1e-6
) -> Any:
    """The loss `WeightedKappa` with another number in the logarithm."""
    return logarithm(disagreement_ratio(y_true, y_pred, num_classes, weighting, False), epsilon)


@of_addons
class WeightedKappaLoss(AddonOfBatch):
    """Weighted kappa of a batch, as `WeightedKappa`.

    Args:
        num_classes: Number of classes.
        weightage: How the cost grows with the distance of two classes: `"quadratic"` (default) or
            `"linear"`.
        name: Name of the loss.
        epsilon: Number added in the logarithm, at least 0. Default: 1e-6.
        reduction: Has no effect: there is one value. Default: `"none"`.
        dtype: Dtype of the result. Default: `keras.config.floatx()`.

    Shapes: y_true (one-hot rows) and y_pred (probabilities) `(batch, num_classes)`; the result is a scalar.

    Example:

    >>> from keraslosses import addons
    >>> loss = addons.WeightedKappaLoss(num_classes=2)
    >>> print(round(float(loss([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])), 4))
    -1.204
    """

    def __init__(
        self,
        num_classes: int,
        weightage: str = "quadratic",
        name: str | None = "cohen_kappa_loss",
        epsilon: float = 1e-6,
        reduction: str | None = "none",
        dtype: DType = None,
    ):
        checks.one_of(*POWERS)("weightage", weightage)
        options = {"num_classes": num_classes, "epsilon": epsilon}
        ours = Kappa(weighting=weightage, **options)
        super().__init__(ours, reduction, name, dtype, weightage=weightage, **options)


Kappa: Any = class_of(kappa_of_addons, "WeightedKappaLoss")
