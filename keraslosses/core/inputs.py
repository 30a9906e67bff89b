"""What a loss reads: the kinds of pairs (y_true, y_pred), their shape rules, and how entries are taken out.

An *entry* is one value of the result. A kind turns what the user passed into a `Pair` of tensors that belong
together, and can then silence single entries (weight 0, masked, ignored) before the formula sees them, so
that an infinite or undefined value there reaches neither the loss nor the gradient.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras import ops
from keras.backend import standardize_dtype

from keraslosses.core import backend, checks, numerics

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """Tensors that belong together, what is known of their entries, and the weights of their classes."""

    y_true: Any
    y_pred: Any
    axis: int
    valid: Any = None
    broken: Any = None
    class_weight: Any = None
    inner: Any = None


def floating(x: Any) -> Any:
    """A tensor of float64 if it was one, else of float32: nothing is narrowed."""
    x = ops.convert_to_tensor(x)
    return x if standardize_dtype(x.dtype) == "float64" else ops.cast(x, "float32")


def comparable(labels: Any) -> Any:
    """Labels in a type in which any class index and any `ignore_class` can be compared."""
    labels = ops.convert_to_tensor(labels)
    dtype = standardize_dtype(labels.dtype)
    if dtype in ("float64", "int64", "int32"):
        return labels
    if "float" in dtype:
        return ops.cast(labels, "float32")
    return ops.cast(labels, "int64" if dtype in ("uint32", "uint64") else "int32")


class Elementwise:
    """Two tensors of one shape; the formula gives a value per element, averaged along `axis`."""

    def __init__(self, average: Callable[..., Any] = numerics.mean):
        self.average = average

    def read(self, name: str, y_true: Any, y_pred: Any, options: Options) -> Pair:
        """Tensors of equal shape; (B,) counts as (B, 1), and a trailing 1 may be missing from y_true."""
        y_pred = floating(y_pred)
        y_true = ops.convert_to_tensor(y_true)
        if not len(y_pred.shape):
            raise checks.shapes_differ(y_true, y_pred, name, "come with a y_pred of at least one axis")
        given = y_true, y_pred
        if len(y_pred.shape) == 1:
            y_pred = ops.expand_dims(y_pred, -1)
        if len(y_true.shape) == len(y_pred.shape) - 1 and y_pred.shape[-1] == 1:
            y_true = ops.expand_dims(y_true, -1)
        elif len(y_true.shape) == len(y_pred.shape) + 1 and y_true.shape[-1] == 1:
            y_true = ops.squeeze(y_true, -1)
        if not checks.compatible(y_true.shape, y_pred.shape):
            raise checks.shapes_differ(*given, name, "have the shape of y_pred")
        axis = checks.axis_in_range(options.get("axis", -1), len(y_pred.shape))
        return Pair(ops.cast(y_true, y_pred.dtype), y_pred, axis)

    def silence(self, pair: Pair, keep: Any) -> Pair:
        """Puts ones where an entry is not kept: every formula is finite there."""
        keep = ops.expand_dims(keep, pair.axis)
        one = ops.ones((), dtype=pair.y_pred.dtype)
        return replace(
            pair, y_true=ops.where(keep, pair.y_true, one), y_pred=ops.where(keep, pair.y_pred, one)
        )

    def hide(self, pair: Pair, inner: Any, options: Options) -> Pair:
        """Takes elements of a masked axis out of the mean along it."""
        one = ops.ones((), dtype=pair.y_pred.dtype)
        hidden = replace(
            pair, y_true=ops.where(inner, pair.y_true, one), y_pred=ops.where(inner, pair.y_pred, one)
        )
        return replace(hidden, inner=ops.cast(inner, pair.y_pred.dtype))

    def finish(self, values: Any, pair: Pair) -> Any:
        return self.average(values, pair.axis, pair.inner)


class Vectors(Elementwise):
    """Two tensors of one shape; the formula consumes `axis` itself."""

    def hide(self, pair: Pair, inner: Any, options: Options) -> Pair:
        """Puts zeros where a vector's element is masked: it adds nothing to a product or a sum."""
        zero = ops.zeros((), dtype=pair.y_pred.dtype)
        return replace(
            pair, y_true=ops.where(inner, pair.y_true, zero), y_pred=ops.where(inner, pair.y_pred, zero)
        )

    def finish(self, values: Any, pair: Pair) -> Any:
        return values


class Distributions(Vectors):
    """One probability or one-hot value for each class along `axis`, against probabilities or logits."""

    def read(self, name: str, y_true: Any, y_pred: Any, options: Options) -> Pair:
        pair = super().read(name, y_true, y_pred, options)
        weights = options.get("class_weights")
        if weights is None:
            return pair
        checks.vector_length("class_weights", weights, pair.y_pred.shape[pair.axis])
        laid = numerics.along(pair.axis, weights, pair.y_pred)
        return replace(pair, class_weight=ops.sum(pair.y_true * laid, axis=pair.axis))

    def hide(self, pair: Pair, inner: Any, options: Options) -> Pair:
        return replace(super().hide(pair, inner, options), y_pred=without_classes(pair, inner, options))


class Labels:
    """One class index for each entry, against probabilities or logits along `axis`."""

    def read(self, name: str, y_true: Any, y_pred: Any, options: Options) -> Pair:
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

    def marked(self, name: str, labels: Any, y_pred: Any, axis: int, options: Options) -> Pair:
        classes = y_pred.shape[axis]
        if classes is None:
            classes = ops.shape(y_pred)[axis]
        labels, valid, broken = class_indices(name, "y_true", labels, classes, options.get("ignore_class"))
        weights = options.get("class_weights")
        checks.vector_length("class_weights", weights, y_pred.shape[axis])
        chosen = None
        if weights is not None:
            chosen = ops.take(ops.convert_to_tensor(weights, dtype=y_pred.dtype), labels, axis=0)
        return Pair(labels, y_pred, axis, valid, broken, chosen)

    def silence(self, pair: Pair, keep: Any) -> Pair:
        """Puts class 0 of a row of ones where an entry is not kept."""
        keep_rows = ops.expand_dims(keep, pair.axis)
        one = ops.ones((), dtype=pair.y_pred.dtype)
        labels = ops.where(keep, pair.y_true, ops.zeros_like(pair.y_true))
        return replace(pair, y_true=labels, y_pred=ops.where(keep_rows, pair.y_pred, one))

    def hide(self, pair: Pair, inner: Any, options: Options) -> Pair:
        return replace(pair, y_pred=without_classes(pair, inner, options))

    def finish(self, values: Any, pair: Pair) -> Any:
        return values


def without_class_axis(labels: Any, rank: int, axis: int) -> Any:
    """Labels of the rank of y_pred lose the class axis, or else the last one, where its size is 1."""
    for place in (axis, -1):
        if len(labels.shape) == rank and labels.shape[place] == 1:
            labels = labels.squeeze(place) if isinstance(labels, np.ndarray) else ops.squeeze(labels, place)
    return labels


def class_indices(name: str, argument: str, labels: Any, classes: Any, ignore: int | None = None) -> Any:
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


def without_classes(pair: Pair, inner: Any, options: Options) -> Any:
    """y_pred with the masked classes out of the running: logit -inf, or probability 0."""
    nothing = float("-inf") if options.get("from_logits") else 0.0
    return ops.where(inner, pair.y_pred, ops.cast(nothing, pair.y_pred.dtype))


def is_broken(labels: Any, classes: Any) -> Any:
    """Whether each label is outside [0, classes) or not a whole number."""
    limit = ops.cast(classes, labels.dtype)
    outside = ops.logical_or(labels < 0, ops.logical_not(labels < limit))
    if "float" in standardize_dtype(labels.dtype):
        outside = ops.logical_or(outside, labels != ops.floor(labels))
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
