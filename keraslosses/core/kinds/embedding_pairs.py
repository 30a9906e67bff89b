"""The kind `EmbeddingPairs`: a vector and a class for each sample, and rows that take no part."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras.backend import result_type

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Kind, Pair
from keraslosses.core.kinds.labels import comparable, without_class_axis
from keraslosses.core.precision import floating
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import both
from keraslosses.core.types import Options, Tensor

# The label of a row that makes no pairs.
NO_CLASS = -1


@dataclass(eq=False, repr=False)
class TwoSets(Pair):
    """Anchors with their classes, and another set, which they are compared with."""

    references: Tensor = None
    reference_labels: Tensor = None


class EmbeddingPairs(Kind):
    """A vector for each sample in y_pred, and its class in y_true; each row is compared with all others.

    Rows with the label -1, masked rows and rows of weight 0 make no pairs. The formula gets the label -1 and
    a vector of zeros for them, so not even NaN in such a row reaches another row.

    Shapes: y_pred `(batch, dim)`, or `(batch, views, dim)` for several views of each sample, which share its
    class. y_true `(batch,)` or `(batch, 1)`, whole numbers. The formula gets the rows of all views:
    `(rows,)` and `(rows, dim)`. It returns a tuple: the values `(rows,)`, and which rows the mean counts,
    `(rows,)` of bool. The result is `(batch,)` or `(batch, views)`.

    Args:
        needs_positives: Whether the loss learns nothing from a batch whose labels all differ. Then a warning
            says so, except in compiled code and on a GPU, where it cannot be seen. Default: True.

    With the options `references` `(n, dim)` and `reference_labels` `(n,)`, the rows are compared with this
    other set. The formula gets both options in the form of its own rows.
    """

    def __init__(self, needs_positives: bool = True):
        self.needs_positives = needs_positives

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        given, fractions = whole_numbers(name, "y_true", y_true)
        others = options.get("references"), options.get("reference_labels")
        if not all(one is None for one in others):
            return self.read_two_sets(name, given, fractions, y_pred, *others)
        pair = self.read_rows(name, small(given)[0], fractions, y_pred)
        if self.needs_positives and len(y_pred.shape) == 2 and not options.get("across_replicas"):
            warn_without_positives(name, given)
        return pair

    def read_rows(self, name: str, given: Tensor, fractions: bool, y_pred: Tensor) -> Pair:
        labels = without_class_axis(given, 2, 1)
        rank = len(y_pred.shape)
        if rank not in (2, 3) or not checks.compatible(labels.shape, y_pred.shape[:1]):
            raise checks.shapes_differ(
                given, y_pred, name, "hold one class for each row of a y_pred with two or three axes"
            )
        # A batch size that differs is seen here if it was not known before.
        labels = ops.reshape(comparable(labels), (ops.shape(y_pred)[0], *[1] * (rank - 2)))
        labels = ops.broadcast_to(labels, ops.shape(y_pred)[:-1])
        pair = Pair(labels, y_pred, (rank - 1,), coupled=True)
        return self.with_classes(replace(pair, broken=labels % 1 != 0) if fractions else pair)

    def with_classes(self, pair: Pair) -> Pair:
        """The pair without the rows that have no class."""
        if all_have_class(pair.y_true):
            return pair
        valid = pair.y_true != NO_CLASS
        return self.silence(replace(pair, valid=valid), valid)

    def read_two_sets(
        self, name: str, given: Tensor, fractions: bool, y_pred: Tensor, references: Tensor, labels: Tensor
    ) -> TwoSets:
        check_both_given(name, references, labels)
        references = ops.cast(floating(references), y_pred.dtype)
        labels, theirs = whole_numbers(name, "reference_labels", labels)
        check_other_set(name, y_pred, references, labels)
        given, labels = of_one_dtype(*map(comparable, small(given, labels)))
        pair = self.read_rows(name, given, fractions, y_pred)
        labels = ops.reshape(labels, ops.shape(references)[:1])
        if theirs:
            references = references * backend.one_or_nan(labels % 1 != 0, references.dtype)[:, None]
        others = silent(Pair(labels, references, (1,)), labels != NO_CLASS)
        others = others if references.shape[0] else with_one_more(others)
        return TwoSets(**vars(pair), references=others.y_pred, reference_labels=others.y_true)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Takes rows out of all pairs."""
        return silent(pair, keep)

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(pair, y_pred=ops.where(seen, pair.y_pred, ops.zeros_like(pair.y_pred)))

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        pair, seen = super().masked(pair, mask, options)
        return self.silence(pair, seen), seen

    def weighted(self, pair: Pair, weight: Any) -> tuple[Pair, Any]:
        pair, weight = super().weighted(pair, weight)
        return self.silence(pair, weight != 0), weight

    def evaluate(self, formula: Callable[..., Any], pair: Pair, faster: Any = None) -> Any:
        """Of an unknown size, a batch might have no sample."""
        if pair.y_true.shape[0]:
            return self.of_rows(formula, pair)
        return tuple(found[:-1] for found in self.of_rows(formula, with_one_more(pair)))

    def of_rows(self, formula: Callable[..., Any], pair: Pair) -> tuple[Any, Any]:
        """What the formula finds for the rows of all views."""
        shape = ops.shape(pair.y_true)
        rows = ops.reshape(pair.y_true, (-1,)), ops.reshape(pair.y_pred, (-1, pair.y_pred.shape[-1]))
        others = {}
        if isinstance(pair, TwoSets):
            others = {"references": pair.references, "reference_labels": pair.reference_labels}
        values, complete = formula(*rows, **others)
        return ops.reshape(values, shape), ops.reshape(complete, shape)

    def counted(self, found: Any, valid: Tensor) -> tuple[Any, Any]:
        values, complete = found
        return values, both(valid, complete)


def all_have_class(labels: Tensor) -> bool:
    """Whether a look shows that each label is a class."""
    seen = backend.peek(labels)
    return seen is not None and not np.any(seen == NO_CLASS)


def silent(pair: Pair, keep: Tensor) -> Pair:
    """The pair without the class and with zeros in place of the vectors of the rows that are not kept."""
    labels = ops.where(keep, pair.y_true, NO_CLASS)
    kept = ops.expand_dims(keep, tuple(range(len(keep.shape), len(pair.y_pred.shape))))
    return replace(pair, y_true=labels, y_pred=ops.where(kept, pair.y_pred, ops.zeros_like(pair.y_pred)))


def with_one_more(pair: Pair) -> Pair:
    """The pair with a last sample that makes no pairs."""
    after = [[0, 1]]
    labels = after + [[0, 0]] * (len(pair.y_true.shape) - 1)
    vectors = after + [[0, 0]] * (len(pair.y_pred.shape) - 1)
    y_true = ops.pad(pair.y_true, labels, constant_values=NO_CLASS)
    return replace(pair, y_true=y_true, y_pred=ops.pad(pair.y_pred, vectors))


def warn_without_positives(name: str, labels: Any) -> None:
    """Warns of a batch from which such a loss learns nothing, if the labels can be read."""
    seen = backend.peek(labels)
    if seen is None:
        return
    classes = seen[seen != NO_CLASS]
    if 1 < classes.size == np.unique(classes).size and backend.may_warn():
        warnings.warn(
            f"{name} needs samples of the same class, but the labels of this batch all differ. "
            "keraslosses.BalancedBatches makes batches with several samples of each class.",
            stacklevel=2,
        )


def check_both_given(name: str, references: Tensor, labels: Tensor) -> None:
    """Raises unless there are references and their labels."""
    if references is None or labels is None:
        missing = "references" if references is None else "reference_labels"
        raise ValueError(
            f"`references` and `reference_labels` must be given together in {name}. Received: {missing}=None"
        )
    check_readable(name, references=references, reference_labels=labels)


def check_other_set(name: str, y_pred: Tensor, references: Tensor, labels: Tensor) -> None:
    """Raises unless the references are as long as the rows of y_pred, and each has a label."""
    shape, of_labels = tuple(references.shape), tuple(labels.shape)
    if len(shape) != 2 or not checks.compatible(shape[1:], y_pred.shape[-1:]):
        raise ValueError(
            f"`references` must have the shape (n, dim) in {name}, with the dim of the anchors. "
            f"Received: references.shape={shape}, y_pred.shape={tuple(y_pred.shape)}"
        )
    if of_labels[1:] not in ((), (1,)) or not checks.compatible(of_labels[:1], shape[:1]):
        raise ValueError(
            f"`reference_labels` must hold one class for each reference in {name}. "
            f"Received: reference_labels.shape={of_labels}, references.shape={shape}"
        )


def whole_numbers(name: str, argument: str, labels: Tensor) -> tuple[Any, bool]:
    """Labels as an array or a tensor, and whether it may hold numbers that are not whole."""
    given = np.asarray(labels) if isinstance(labels, list | tuple) else labels
    given = given if isinstance(given, np.ndarray) else backend.as_tensor(given)
    if "float" not in backend.dtype_name(given):
        return given, False
    seen = backend.peek(given)
    if seen is None:
        return given, True
    seen = np.asarray(seen)
    wrong = seen % 1 != 0
    if wrong.any():
        raise checks.invalid(argument, f"hold whole numbers in {name}", seen[wrong][0])
    return seen.astype("int64") if np.abs(seen).max(initial=0) < 2**62 else given, False


def of_one_dtype(one: Tensor, other: Tensor) -> tuple[Any, Any]:
    """Labels that can be compared with each other. (TensorFlow compares no int32 with an int64.)"""
    common = result_type(one.dtype, other.dtype)
    return ops.cast(one, common), ops.cast(other, common)


def small(*sets: Any) -> Any:
    """The labels; if some do not fit int32, to which JAX would cut them, their places among all labels.

    Where int64 stays, so do the labels: those of other replicas are compared with them.
    """
    if not any(isinstance(labels, np.ndarray) for labels in sets):
        return sets
    arrays = [as_signed(backend.peek(labels)) for labels in sets]
    if any(array is None or array.dtype.kind not in "iu" for array in arrays) or all(map(fit, arrays)):
        return sets
    if all(array.dtype.kind == "i" for array in arrays) and keeps_int64():
        return tuple(arrays)
    found = np.unique(np.concatenate([array.reshape(-1) for array in arrays]), return_inverse=True)[1]
    places = np.split(found, np.cumsum([array.size for array in arrays])[:-1])
    return tuple(
        np.where(array == NO_CLASS, NO_CLASS, place.reshape(array.shape))
        for array, place in zip(arrays, places, strict=True)
    )


def as_signed(labels: Any) -> Any:
    """Unsigned labels as int64, if they fit."""
    unsigned = labels is not None and labels.dtype.kind == "u"
    return labels.astype("int64") if unsigned and labels.max(initial=0) < 2**63 else labels


def fit(labels: np.ndarray) -> bool:
    limits = np.iinfo("int32")
    extremes = (labels.min(), labels.max()) if labels.size else (0, 0)
    return limits.min <= extremes[0] and extremes[1] <= limits.max


def keeps_int64() -> bool:
    return backend.dtype_name(backend.as_tensor(np.zeros(0, "int64"))) == "int64"
