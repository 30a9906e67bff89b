"""`IoUScore` and `DiceScore`: how far the predicted pixels of each class are the true ones."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras.backend import is_int_dtype

from keraslosses.core import backend, checks, keras_internals, numerics
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.labels import class_indices, indices_of_rows, without_class_axis
from keraslosses.core.precision import floating
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import extend_to
from keraslosses.core.saving import saved
from keraslosses.core.types import DType, Tensor


class Pixels(NamedTuple):
    """Which pixels belong to each class, in truth and as predicted, with the classes in the last axis.

    `valid` (None: all) says which pixels count, and `broken` (None: none) which have a wrong label or an
    undefined prediction. Their last axis may have size 1.
    """

    true: Tensor
    predicted: Tensor
    valid: Any
    broken: Any


class OverlapScore(FixedOptions, keras.metrics.Metric):
    """Counts the pixels of each class over all batches. A subclass makes scores of the counts."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int] | None,
        ignore_class: int | None,
        class_axis: int,
        threshold: float | None,
        name: str,
        dtype: DType,
    ):
        checks.positive_integer("num_classes", num_classes)
        checks.optional_integer("ignore_class", ignore_class)
        checks.integer("class_axis", class_axis)
        if threshold is not None:
            checks.number("threshold", threshold)
        elif num_classes == 1:
            raise checks.invalid("num_classes", "be at least 2 without a `threshold`", num_classes)
        super().__init__(name=name, dtype=dtype)
        keras_internals.rise_is_better(self)
        self.num_classes, self.threshold = int(num_classes), threshold
        self.class_axis, self.ignore_class = class_axis, ignore_class
        self.target_class_ids = None if target_class_ids is None else checks.plain(target_class_ids)
        self.scored = [k for k in range(num_classes) if threshold is not None or k != ignore_class]
        self.averaged = self.targets()
        shape = (3, self.num_classes)
        self.counts = self.add_weight(name="counts", shape=shape, initializer="zeros", dtype="float32")

    def targets(self) -> list[int]:
        """The classes over which the result is the mean."""
        given = self.target_class_ids
        if given is None:
            return self.scored
        if not given or len(set(given)) < len(given) or not set(given) <= set(self.scored):
            raise checks.invalid(
                "target_class_ids", f"be None or hold some of {self.scored}, once each", given
            )
        return given

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        check_readable(self.owner, y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
        mask = keras_internals.mask_of(y_pred)
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        read = self.one_class_each if self.threshold is None else self.masks
        true, predicted, valid, broken = read(y_true, y_pred)
        weight = ops.ones_like(true[..., :1], dtype="float32")
        for argument, given in (("mask", mask), ("sample_weight", sample_weight)):
            if given is not None:
                weight = weight * self.of_pixels(argument, given, true.shape[:-1])
        if valid is not None:
            weight = ops.where(valid, weight, 0.0)
        axes = tuple(range(len(true.shape) - 1))
        members = ops.logical_and(true, predicted), true, predicted
        counts = ops.stack([backend.total(ops.where(of, weight, 0.0), axis=axes) for of in members])
        if broken is not None:
            counts = counts + backend.nan_where(ops.any(ops.logical_and(broken, weight != 0)), "float32")
        self.counts.assign_add(counts)

    def is_one_hot(self, y_pred: Tensor) -> bool:
        """Whether integers that can be read are one-hot rows along the class axis, not class indices."""
        seen = backend.peek(y_pred)
        if seen is None or seen.ndim < 3 or seen.shape[self.class_axis] != self.num_classes > 1:
            return False
        rows = np.moveaxis(seen, self.class_axis, -1)
        one_each = ((rows == 1).sum(-1) == 1) & ((rows == 0).sum(-1) == self.num_classes - 1)
        return bool(seen.size and one_each.all())

    @property
    def owner(self) -> str:
        return type(self).__name__

    def one_class_each(self, y_true: Tensor, y_pred: Tensor) -> Pixels:
        """The pixels if each has one class: the one with the largest number, or a class index."""
        if is_int_dtype(backend.dtype_name(y_pred)):
            if self.is_one_hot(y_pred):
                expected = f"hold class indices, or one-hot rows of floats, in {self.owner}"
                raise checks.invalid("y_pred", expected, "one-hot rows of integers")
            indices = self.without_class_axis(y_pred, max(len(y_pred.shape), 2))
            guess, _, undefined = class_indices(self.owner, "y_pred", indices, self.num_classes)
        else:
            rows = self.classes_last(y_true, y_pred)
            guess, undefined = ops.argmax(rows, axis=-1), ops.any(ops.isnan(rows), axis=-1)
        rank = len(guess.shape) + 1
        if len(y_true.shape) == rank and y_true.shape[self.class_axis] == self.num_classes:
            labels = indices_of_rows(numerics.last(y_true, self.class_axis))
        else:
            labels = self.without_class_axis(y_true, rank)
        if not checks.compatible(labels.shape, guess.shape):
            expected = f"hold a class index or a one-hot row of {self.num_classes} numbers for each pixel"
            raise checks.shapes_differ(y_true, y_pred, self.owner, expected)
        truth, valid, broken = class_indices(
            self.owner, "y_true", labels, self.num_classes, self.ignore_class
        )
        classes = ops.arange(self.num_classes, dtype="int32")
        classes = ops.reshape(classes, (*[1] * len(guess.shape), self.num_classes))
        return Pixels(
            ops.expand_dims(truth, -1) == classes,
            ops.expand_dims(guess, -1) == classes,
            None if valid is None else ops.expand_dims(valid, -1),
            None if (found := either(broken, undefined)) is None else ops.expand_dims(found, -1),
        )

    def masks(self, y_true: Tensor, y_pred: Tensor) -> Pixels:
        """The pixels if each class is a mask of its own."""
        y_pred = floating(y_pred)
        if len(y_pred.shape) == 1:
            y_pred = ops.expand_dims(y_pred, -1)
        rows = self.classes_last(y_true, y_pred)
        if self.num_classes == 1 and len(y_true.shape) == len(y_pred.shape) - 1:
            y_true = ops.expand_dims(y_true, self.class_axis)
        if not checks.compatible(y_true.shape, y_pred.shape):
            raise checks.shapes_differ(y_true, y_pred, self.owner, "have the shape of y_pred")
        labels = numerics.last(y_true, self.class_axis)
        truth, valid, broken = class_indices(self.owner, "y_true", labels, 2, self.ignore_class)
        return Pixels(truth == 1, rows > self.threshold, valid, either(broken, ops.isnan(rows)))

    def classes_last(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """y_pred with its class axis at the end."""
        rank = len(y_pred.shape)
        axis = checks.axis_in_range(self.class_axis, rank, "class_axis")
        if axis == 0:
            raise checks.invalid("class_axis", "not be the axis of the batch", self.class_axis)
        if y_pred.shape[axis] not in (None, self.num_classes):
            expected = f"come with a y_pred that has {self.num_classes} numbers in axis {self.class_axis}"
            raise checks.shapes_differ(y_true, y_pred, self.owner, expected)
        return numerics.last(y_pred, axis)

    def without_class_axis(self, tensor: Tensor, rank: int) -> Tensor:
        """The tensor without a class axis of size 1, if it has this rank."""
        return without_class_axis(tensor, rank, checks.axis_in_range(self.class_axis, rank, "class_axis"))

    def of_pixels(self, argument: str, given: Tensor, shape: Any) -> Tensor:
        """A mask or weights, for each pixel and all its classes."""
        weight = ops.cast(ops.convert_to_tensor(given), "float32")
        weight = self.without_class_axis(weight, len(shape) + 1)
        return ops.expand_dims(extend_to(weight, len(shape), argument, shape), -1)

    def parts(self, common: Tensor, true: Tensor, predicted: Tensor) -> tuple[Any, Any]:
        """The numerator and the denominator of the score of each class."""
        raise NotImplementedError

    def per_class(self) -> np.ndarray:
        """The score of each class, a NumPy array: NaN for a class without a pixel, or that is ignored."""
        scores, counted = map(ops.convert_to_numpy, self.scores(self.scored))
        return np.where(counted != 0, scores, np.nan)

    def result(self) -> Tensor:
        scores, counted = self.scores(self.averaged)
        return ops.cast(numerics.mean(scores, 0, counted), self.dtype)

    def scores(self, classes: list[int]) -> tuple[Any, Any]:
        """The score of each class, and 1 for each of these classes that has a pixel, 0 for the others."""
        counts = ops.convert_to_tensor(self.counts)
        part, whole = self.parts(counts[0], counts[1], counts[2])
        wanted = backend.constant([k in classes for k in range(self.num_classes)], counts.dtype, counts)
        return numerics.divide(part, whole), ops.where(whole != 0, wanted, 0.0)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "class_axis": self.class_axis,
            "threshold": self.threshold,
        }


def either(one: Any, other: Any) -> Any:
    """Where one of both conditions is true; None is true nowhere."""
    if one is None or other is None:
        return other if one is None else one
    return ops.logical_or(one, other)


@saved
class IoUScore(OverlapScore):
    """Intersection over union, the Jaccard index: the mean over the classes, or the number of each class.

    ```
    IoU of a class = pixels in both / pixels that are true or predicted
    ```

    All pixels of the epoch are counted together, as by `jaccard_score` of scikit-learn: it is not the mean of
    the scores of the images. `per_class()` gives the number of each class as a NumPy array, after `evaluate`
    for example. A class that is neither true nor predicted, or that is `ignore_class`, leaves the mean, and
    is NaN in this array. The result is 0 if no class is left.

    `keras.metrics.MeanIoU` gives the mean only. Up to Keras 3.15, it raises an error for classes in another
    axis than the last. It raises one for weights of samples too. By default it cuts weights to integers and
    reads no probabilities, and on JAX and PyTorch it counts in int32. Labels out of range are left out
    without a word, a NaN counts as a class, and a class that is `ignore_class` stays in the mean.

    Args:
        num_classes: Number of classes C.
        target_class_ids: None (default), or the classes over which the result is the mean. One class alone
            gives a number for the logs of `fit`.
        ignore_class: None (default), or the label of the pixels that are not counted, such as 255 or -1.
        class_axis: The axis of y_pred with the classes. Default: -1.
        threshold: None (default): a pixel has one class, that of the largest number. A number: each class is
            a mask of its own, of the pixels with a larger number. 0.5 is for probabilities, 0 for logits.
        name: Name of the metric.
        dtype: Dtype of the result. The counts are float32. Default: None, `keras.config.floatx()`.

    Shapes: y_pred `(batch, .., C)`, or with the classes in another axis; floats are probabilities or logits,
    and integers without the class axis are the predicted classes. y_true has the shape of y_pred without the
    class axis, or size 1 there, and holds class indices; or it has one-hot rows in the class axis. With
    `threshold`, y_true has the shape of y_pred and holds 0 and 1. Sample weights are a scalar, or have the
    first axes of the pixels, `(batch, ..)`.

    Raises:
        ValueError: If an option is out of range, if shapes do not fit, or if a label is out of range.
            Compiled code cannot raise for values: then the result is NaN. NaN in y_pred makes the result NaN
            too. Pixels that do not count may hold anything.

    Source: Jaccard, Étude comparative de la distribution florale, 1901.

    Example:

    >>> metric = keraslosses.IoUScore(3)
    >>> metric.update_state([[0, 0, 1, 2]], [[0, 1, 1, 2]])
    >>> print(round(float(metric.result()), 4))
    0.6667
    >>> print(metric.per_class())
    [0.5 0.5 1. ]
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int] | None = None,
        ignore_class: int | None = None,
        class_axis: int = -1,
        threshold: float | None = None,
        name: str = "iou_score",
        dtype: DType = None,
    ):
        super().__init__(num_classes, target_class_ids, ignore_class, class_axis, threshold, name, dtype)

    def parts(self, common: Tensor, true: Tensor, predicted: Tensor) -> tuple[Any, Any]:
        return common, true + predicted - common


@saved
class DiceScore(OverlapScore):
    """Dice score, the F1 score of the pixels: the mean over the classes, or the number of each class.

    ```
    Dice of a class = 2 pixels in both / (true pixels + predicted pixels)
    ```

    All pixels of the epoch are counted together, as by `f1_score` of scikit-learn. `keras.metrics.F1Score`
    reads no images. What leaves the mean, and `per_class()`: see `IoUScore`.

    Args:
        num_classes, target_class_ids, ignore_class, class_axis, threshold, name, dtype: As `IoUScore`.

    Shapes: as `IoUScore`.

    Raises:
        ValueError: As `IoUScore`.

    Source: Dice, Measures of the Amount of Ecologic Association Between Species, 1945.

    Example:

    >>> metric = keraslosses.DiceScore(3)
    >>> metric.update_state([[0, 0, 1, 2]], [[0, 1, 1, 2]])
    >>> print(round(float(metric.result()), 4))
    0.7778
    >>> metric = keraslosses.DiceScore(1, threshold=0.5)
    >>> metric.update_state([[1, 1, 0]], [[[0.9], [0.4], [0.2]]])
    >>> print(round(float(metric.result()), 4))
    0.6667
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int] | None = None,
        ignore_class: int | None = None,
        class_axis: int = -1,
        threshold: float | None = None,
        name: str = "dice_score",
        dtype: DType = None,
    ):
        super().__init__(num_classes, target_class_ids, ignore_class, class_axis, threshold, name, dtype)

    def parts(self, common: Tensor, true: Tensor, predicted: Tensor) -> tuple[Any, Any]:
        return 2.0 * common, true + predicted
