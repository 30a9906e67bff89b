"""The kinds `Labels` and `LabelsOrOneHot`: class indices as targets, and scores of the classes."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import SHARES, Range
from keraslosses.core.kinds.kind import Kind, Pair, without_classes
from keraslosses.core.precision import floating
from keraslosses.core.reduction import both
from keraslosses.core.types import DType, Options, Tensor

PADDING = " (Padding needs its own class, or the option `ignore_class` if the loss has it.)"


def comparable(labels: Tensor) -> Tensor:
    """Labels in a dtype in which they can be compared with any class index and any `ignore_class`."""
    labels = backend.as_tensor(labels)
    dtype = standardize_dtype(labels.dtype)
    if dtype in ("float64", "int64", "int32"):
        return labels
    if "float" in dtype:
        return ops.cast(labels, "float32")
    return ops.cast(labels, "int64" if dtype in ("uint32", "uint64") else "int32")


def warn_of_one_class(y_pred: Tensor, axis: int) -> None:
    """Warns as Keras does: a single class has probability 1 for every prediction."""
    if y_pred.shape[axis] == 1 and backend.may_warn():
        warnings.warn(
            "A categorical loss expects more than one class along `axis`. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}, axis={axis}. For two classes in one output, use "
            "a binary loss.",
            SyntaxWarning,
            stacklevel=5,
        )


class Labels(Kind):
    """One class index for each entry, and the probabilities or logits of the classes along `axis`.

    The axis is the option `axis` of the loss function; the last axis if it has no such option. With an option
    `ignore_class`, entries with this label have loss 0, and the mean does not count them. With an option
    `class_weights`, there must be one number for each class, and the formula itself must apply it. It is also
    the weight of the entry in the reduction `"mean_with_sample_weight"`.

    Args:
        pred: The `Range` in which the numbers of y_pred must lie, unless the loss has the option
            `from_logits` and it is True. Default: None, all numbers are allowed.

    Shapes: y_pred `(batch, .., classes)`, or with the classes in another axis. y_true holds class indices in
    [0, classes). It has the shape of y_pred without the class axis, or with the size 1 in this axis. The
    formula returns the shape of y_pred without the class axis.

    The formula must be finite for label 0 and a y_pred of ones, because they replace a sample of weight 0. A
    masked class gets the probability 0 or the logit -inf.
    """

    # How many more classes there are than numbers in a row of y_pred.
    more_classes = 0

    def __init__(self, pred: Range | None = None):
        self.pred = pred

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        """Gives integer labels in range, marks those that are ignored or invalid, and leaves y_pred as is."""
        y_pred = floating(y_pred)
        if not len(y_pred.shape):
            raise checks.shapes_differ(
                np.asarray(y_true), y_pred, name, "come with a y_pred that has at least one axis"
            )
        if len(y_pred.shape) == 1:
            y_pred = ops.expand_dims(y_pred, -1)
        rank = len(y_pred.shape)
        axis = checks.axis_in_range(options.get("axis", -1), rank)
        given = y_true if isinstance(y_true, np.ndarray) else backend.as_tensor(y_true)
        labels = without_class_axis(given, rank, axis)
        expected = tuple(size for i, size in enumerate(y_pred.shape) if i != axis)
        if not checks.compatible(labels.shape, expected):
            raise checks.shapes_differ(given, y_pred, name, "hold one class index for each entry of y_pred")
        return self.marked(name, labels, y_pred, axis, options)

    def marked(self, name: str, labels: Tensor, y_pred: Tensor, axis: int, options: Options) -> Pair:
        if not self.more_classes:
            warn_of_one_class(y_pred, axis)
        width = y_pred.shape[axis]
        classes = (ops.shape(y_pred)[axis] if width is None else width) + self.more_classes
        labels, valid, broken = class_indices(name, "y_true", labels, classes, options.get("ignore_class"))
        weights = options.get("class_weights")
        checks.vector_length("class_weights", weights, None if width is None else classes)
        chosen = None if weights is None else of_class(weights, labels, y_pred.dtype)
        return Pair(labels, y_pred, (axis,), valid, broken, chosen)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the entries that are not kept by label 0 and a row of ones."""
        keep_rows = ops.expand_dims(keep, pair.axis)
        one = ops.ones((), dtype=pair.y_pred.dtype)
        labels = ops.where(keep, pair.y_true, ops.zeros_like(pair.y_true))
        return replace(pair, y_true=labels, y_pred=ops.where(keep_rows, pair.y_pred, one))

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(pair, y_pred=without_classes(pair, seen, options))

    @property
    def whole_rows(self) -> bool:
        """A formula that divides a row by its sum reads all its numbers. Others may read one number only."""
        return self.pred is not SHARES

    def spread(self, pair: Pair, outside: Any) -> Tensor:
        """Marks the whole row of a number that is out of range, if the formula may read one number only."""
        return ops.any(outside, axis=pair.axis, keepdims=True) if self.whole_rows else outside


class LabelsOrOneHot(Labels):
    """Class indices as in `Labels`, or one-hot rows.

    A one-hot row lies along the last axis, and y_true then has the shape of y_pred. The largest entry of a
    row is its class. A row without an entry above 0 has no class and counts as label -1.

    Args:
        pred: The `Range` in which the numbers of y_pred must lie, unless the loss has the option
            `from_logits` and it is True. Default: None, all numbers are allowed.

    Shapes: as in `Labels`, or y_true with the shape of y_pred.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        y_true = y_true if isinstance(y_true, np.ndarray) else backend.as_tensor(y_true)
        if len(y_true.shape) == len(y_pred.shape) > 1 and y_true.shape[-1] != 1:
            if not checks.compatible(y_true.shape, y_pred.shape):
                raise checks.shapes_differ(y_true, y_pred, name, "hold class indices or one-hot rows")
            y_true = indices_of_rows(y_true)
        return super().read(name, y_true, y_pred, options)


def indices_of_rows(rows: Tensor) -> Tensor:
    """The index of the largest entry of each row; -1 for a row without an entry above 0."""
    rows = backend.as_tensor(rows)
    return ops.where(ops.max(rows, axis=-1) > 0, ops.argmax(rows, axis=-1), -1)


def of_class(numbers: Tensor, labels: Tensor, dtype: DType) -> Tensor:
    """The number for the class of each label; `numbers` is one number for all classes or one for each."""
    numbers = backend.constant(numbers, dtype, labels)
    return backend.take(numbers, labels) if len(numbers.shape) else numbers


def weighted_by_label(values: Tensor, weights: Any, labels: Tensor) -> Tensor:
    """The value of each label times the weight of its class; None are ones."""
    if weights is None:
        return values
    return numerics.weighed(values, of_class(weights, labels, values.dtype), weights)


def without_class_axis(labels: Tensor, rank: int, axis: int) -> Tensor:
    """If labels have the rank of y_pred, removes the class axis or the last axis, if its size is 1."""
    for place in (axis, -1):
        if len(labels.shape) == rank and labels.shape[place] == 1:
            labels = labels.squeeze(place) if isinstance(labels, np.ndarray) else ops.squeeze(labels, place)
    return labels


def class_indices(name: str, argument: str, labels: Tensor, classes: Any, ignore: int | None = None) -> Any:
    """Labels as indices in [0, classes), which of them are valid (None: all), which are broken (None: none).

    Labels that are out of range are broken. If the values can be read, a broken label raises ValueError.
    Ignored and broken labels become some class.
    """
    seen = backend.peek(labels) if isinstance(classes, int) else None
    if seen is not None:
        reject_out_of_range(name, argument, seen, classes, ignore)
    labels = comparable(labels)
    valid = None if ignore is None else labels != ignore
    broken = None
    if seen is None:
        labels, broken = nearest_class(labels, classes)
        broken = both(broken, valid)
    elif valid is not None:
        labels = ops.where(valid, labels, ops.zeros_like(labels))
    return backend.as_indices(labels), valid, broken


def nearest_class(labels: Tensor, classes: Any) -> tuple[Any, Any]:
    """Labels moved into [0, classes), and which of them were no class."""
    if "float" in standardize_dtype(labels.dtype):
        broken = is_broken(labels, classes)
        return ops.where(broken, ops.zeros_like(labels), labels), broken
    highest = classes - 1 if isinstance(classes, int) else ops.cast(classes, labels.dtype) - 1
    nearest = ops.clip(labels, 0, highest)
    return nearest, nearest != labels


def is_broken(labels: Tensor, classes: Any) -> Tensor:
    """Whether each label is outside [0, classes) or is not a whole number."""
    limit = ops.cast(classes, labels.dtype)
    outside = ops.logical_or(labels < 0, ops.logical_not(labels < limit))
    if "float" in standardize_dtype(labels.dtype):
        outside = ops.logical_or(outside, labels % 1 != 0)
    return outside


def reject_out_of_range(
    name: str, argument: str, labels: np.ndarray, classes: int, ignore: int | None
) -> None:
    """Raises for the first label that is neither in [0, classes) nor `ignore_class`."""
    if labels.dtype.kind in "iub" and (not labels.size or (labels.min() >= 0 and labels.max() < classes)):
        return
    wrong = ~((labels >= 0) & (labels < classes) & (labels == np.floor(labels)))
    if ignore is not None:
        wrong &= labels != ignore
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        others, advice = ("", PADDING) if ignore is None else (f", or {ignore},", "")
        raise ValueError(
            f"`{argument}` must hold class indices in [0, {classes}){others} in {name}. "
            f"Received: {argument}={labels[place]} at {place}.{advice}"
        )
