"""Class indices as targets: which of them count, which are out of range, and how they pick from y_pred."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.domain import SHARES, Range
from keraslosses.core.kinds.kind import Kind, Options, Pair, without_classes
from keraslosses.core.precision import floating
from keraslosses.core.types import DType, Tensor


def comparable(labels: Tensor) -> Any:
    """Labels in a type in which any class index and any `ignore_class` can be compared."""
    labels = ops.convert_to_tensor(labels)
    dtype = standardize_dtype(labels.dtype)
    if dtype in ("float64", "int64", "int32"):
        return labels
    if "float" in dtype:
        return ops.cast(labels, "float32")
    return ops.cast(labels, "int64" if dtype in ("uint32", "uint64") else "int32")


def warn_of_one_class(y_pred: Tensor, axis: int) -> None:
    """As Keras does: one class alone has probability 1 whatever the prediction."""
    if y_pred.shape[axis] == 1 and backend.may_warn():
        warnings.warn(
            "A categorical loss expects more than one class along `axis`. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}, axis={axis}. For two classes in one output, use "
            "a binary one.",
            SyntaxWarning,
            stacklevel=5,
        )


class Labels(Kind):
    """One class index for each entry, against probabilities or logits along `axis`."""

    def __init__(self, pred: Range | None = None):
        self.pred = pred

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        """Integer labels in range, with what is ignored or broken marked, and y_pred as it came."""
        y_pred = floating(y_pred)
        if not len(y_pred.shape):
            raise checks.shapes_differ(
                np.asarray(y_true), y_pred, name, "come with a y_pred of at least one axis"
            )
        if len(y_pred.shape) == 1:
            y_pred = ops.expand_dims(y_pred, -1)
        rank = len(y_pred.shape)
        axis = checks.axis_in_range(options.get("axis", -1), rank)
        given = y_true if isinstance(y_true, np.ndarray) else ops.convert_to_tensor(y_true)
        labels = without_class_axis(given, rank, axis)
        expected = tuple(size for i, size in enumerate(y_pred.shape) if i != axis)
        if not checks.compatible(labels.shape, expected):
            raise checks.shapes_differ(given, y_pred, name, "hold one class index for each entry of y_pred")
        return self.marked(name, labels, y_pred, axis, options)

    def marked(self, name: str, labels: Tensor, y_pred: Tensor, axis: int, options: Options) -> Pair:
        warn_of_one_class(y_pred, axis)
        classes = y_pred.shape[axis]
        if classes is None:
            classes = ops.shape(y_pred)[axis]
        labels, valid, broken = class_indices(name, "y_true", labels, classes, options.get("ignore_class"))
        weights = options.get("class_weights")
        checks.vector_length("class_weights", weights, y_pred.shape[axis])
        chosen = None if weights is None else of_class(weights, labels, y_pred.dtype)
        return Pair(labels, y_pred, (axis,), valid, broken, chosen)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Puts class 0 of a row of ones where an entry is not kept."""
        keep_rows = ops.expand_dims(keep, pair.axis)
        one = ops.ones((), dtype=pair.y_pred.dtype)
        labels = ops.where(keep, pair.y_true, ops.zeros_like(pair.y_true))
        return replace(pair, y_true=labels, y_pred=ops.where(keep_rows, pair.y_pred, one))

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(pair, y_pred=without_classes(pair, seen, options))

    def spread(self, pair: Pair, outside: Any) -> Any:
        """A whole row, of which the formula may read one number only; where it is divided by its sum it
        reads all.
        """
        return outside if self.pred is SHARES else ops.any(outside, axis=pair.axis, keepdims=True)


class LabelsOrOneHot(Labels):
    """As `Labels`; also one-hot rows along the last axis, of which the largest entry counts."""

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        y_true = y_true if isinstance(y_true, np.ndarray) else ops.convert_to_tensor(y_true)
        if len(y_true.shape) == len(y_pred.shape) > 1 and y_true.shape[-1] != 1:
            if not checks.compatible(y_true.shape, y_pred.shape):
                raise checks.shapes_differ(y_true, y_pred, name, "hold class indices or one-hot rows")
            y_true = indices_of_rows(y_true)
        return super().read(name, y_true, y_pred, options)


def indices_of_rows(rows: Tensor) -> Any:
    """Where each row has its largest entry; -1 where none is above 0: that row has no class."""
    rows = ops.convert_to_tensor(rows)
    return ops.where(ops.max(rows, axis=-1) > 0, ops.argmax(rows, axis=-1), -1)


def of_class(numbers: Tensor, labels: Tensor, dtype: DType) -> Any:
    """The number of each label's class: one number for all classes, or one for each."""
    numbers = backend.constant(numbers, dtype, labels)
    return ops.take(numbers, labels, axis=0) if len(numbers.shape) else numbers


def without_class_axis(labels: Tensor, rank: int, axis: int) -> Any:
    """Labels of the rank of y_pred lose the class axis, or else the last one, where its size is 1."""
    for place in (axis, -1):
        if len(labels.shape) == rank and labels.shape[place] == 1:
            labels = labels.squeeze(place) if isinstance(labels, np.ndarray) else ops.squeeze(labels, place)
    return labels


def class_indices(name: str, argument: str, labels: Tensor, classes: Any, ignore: int | None = None) -> Any:
    """Labels as int32 in [0, classes), which of them count, and which are out of range (None: all, none).

    Where the labels can be looked at, one out of range raises ValueError. Ignored and broken ones become 0.
    """
    seen = backend.peek(labels) if isinstance(classes, int) else None
    if seen is not None:
        reject_out_of_range(name, argument, seen, classes, ignore)
    labels = comparable(labels)
    valid = None if ignore is None else labels != ignore
    usable, broken = valid, None
    if seen is None:
        broken = is_broken(labels, classes)
        usable = ops.logical_not(broken)
        if valid is not None:
            broken, usable = ops.logical_and(broken, valid), ops.logical_and(usable, valid)
    if usable is not None:
        labels = ops.where(usable, labels, ops.zeros_like(labels))
    return ops.cast(labels, "int32"), valid, broken


def is_broken(labels: Tensor, classes: Any) -> Any:
    """Whether each label is outside [0, classes) or not a whole number."""
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
        raise ValueError(
            f"`{argument}` must hold class indices in [0, {classes}) in {name}. "
            f"Received: {argument}={labels[place]} at {place}. "
            "(Padding needs a class of its own, or `ignore_class` where there is one.)"
        )
