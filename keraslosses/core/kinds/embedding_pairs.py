"""The kind `EmbeddingPairs`: a vector and a class for each sample, and rows that take no part."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Kind, Pair
from keraslosses.core.kinds.labels import comparable, without_class_axis
from keraslosses.core.precision import floating
from keraslosses.core.reduction import both
from keraslosses.core.types import Options, Tensor

# The label of a row that makes no pairs.
NO_CLASS = -1


class EmbeddingPairs(Kind):
    """A vector for each sample in y_pred, and its class in y_true; each row is compared with all others.

    Rows with the label -1, masked rows and rows of weight 0 make no pairs. The formula gets the label -1 and
    a vector of zeros for them, so not even NaN in such a row reaches another row.

    Shapes: y_pred `(batch, dim)`, or `(batch, views, dim)` for several views of each sample, which share its
    class. y_true `(batch,)` or `(batch, 1)`, whole numbers. The formula gets the rows of all views:
    `(rows,)` and `(rows, dim)`. It returns a tuple: the values `(rows,)`, and which rows the mean counts,
    `(rows,)` of bool. The result is `(batch,)` or `(batch, views)`.

    If all labels of a batch differ, a warning says so. In compiled code and on a GPU it cannot be seen.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        given, fractions = whole_numbers(name, y_true)
        labels = without_class_axis(given, 2, 1)
        rank = len(y_pred.shape)
        if rank not in (2, 3) or not checks.compatible(labels.shape, y_pred.shape[:1]):
            raise checks.shapes_differ(
                given, y_pred, name, "hold one class for each row of a y_pred with two or three axes"
            )
        if rank == 2:
            warn_without_positives(name, labels)
        # A batch size that differs is seen here if it was not known before.
        labels = ops.reshape(comparable(labels), (ops.shape(y_pred)[0], *[1] * (rank - 2)))
        labels = ops.broadcast_to(labels, ops.shape(y_pred)[:-1])
        pair = Pair(labels, y_pred, (rank - 1,), valid=labels != NO_CLASS, coupled=True)
        pair = replace(pair, broken=labels % 1 != 0) if fractions else pair
        return self.silence(pair, pair.valid)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Takes rows out of all pairs."""
        labels = ops.where(keep, pair.y_true, NO_CLASS)
        kept = ops.expand_dims(keep, -1)
        return replace(pair, y_true=labels, y_pred=ops.where(kept, pair.y_pred, ops.zeros_like(pair.y_pred)))

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(pair, y_pred=ops.where(seen, pair.y_pred, ops.zeros_like(pair.y_pred)))

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        pair, seen = super().masked(pair, mask, options)
        return self.silence(pair, seen), seen

    def weighted(self, pair: Pair, weight: Any) -> tuple[Pair, Any]:
        pair, weight = super().weighted(pair, weight)
        return self.silence(pair, weight != 0), weight

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        size = pair.y_true.shape[0]
        if size == 0:
            nothing = ops.sum(pair.y_pred, axis=pair.axes)
            return nothing, nothing != 0
        if size is None:
            return tuple(found[:-1] for found in self.of_rows(formula, with_one_more(pair)))
        return self.of_rows(formula, pair)

    def of_rows(self, formula: Callable[[Any, Any], Any], pair: Pair) -> tuple[Any, Any]:
        """What the formula finds for the rows of all views."""
        shape = ops.shape(pair.y_true)
        rows = ops.reshape(pair.y_true, (-1,)), ops.reshape(pair.y_pred, (-1, pair.y_pred.shape[-1]))
        values, complete = formula(*rows)
        return ops.reshape(values, shape), ops.reshape(complete, shape)

    def counted(self, found: Any, valid: Tensor) -> tuple[Any, Any]:
        values, complete = found
        return values, both(valid, complete)


def with_one_more(pair: Pair) -> Pair:
    """The pair with a last sample that makes no pairs: of an unknown size, a batch might have no sample."""
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


def whole_numbers(name: str, y_true: Tensor) -> tuple[Any, bool]:
    """y_true as an array or a tensor, and whether it may hold numbers that are not whole."""
    given = np.asarray(y_true) if isinstance(y_true, list | tuple) else y_true
    given = given if isinstance(given, np.ndarray) else backend.as_tensor(given)
    if "float" not in backend.dtype_name(given):
        return (small(given) if isinstance(given, np.ndarray) else given), False
    seen = backend.peek(given)
    if seen is None:
        return given, True
    seen = np.asarray(seen)
    wrong = seen % 1 != 0
    if wrong.any():
        raise checks.invalid("y_true", f"hold whole numbers in {name}", seen[wrong][0])
    return small(seen.astype("int64")) if np.abs(seen).max(initial=0) < 2**62 else given, False


def small(labels: Any) -> Any:
    """The labels; if some do not fit int32, to which JAX would cut them, their places among all labels."""
    limits = np.iinfo("int32")
    extremes = (labels.min(), labels.max()) if labels.dtype.kind in "iu" and labels.size else (0, 0)
    if limits.min <= extremes[0] and extremes[1] <= limits.max:
        return labels
    found = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    return np.where(labels == NO_CLASS, NO_CLASS, found)
