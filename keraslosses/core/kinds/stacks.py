"""The kinds `Stacks` and `Views`: vectors or scores of each sample, stacked along axis 1."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Kind, Pair
from keraslosses.core.kinds.labels import without_class_axis
from keraslosses.core.precision import floating
from keraslosses.core.reduction import extend_to
from keraslosses.core.types import Options, Tensor


class Stacks(Kind):
    """A few vectors, or a few scores, of each sample: a pair or a triplet. One value for each sample.

    Args:
        count: How many there are of each sample: the size of axis 1 of y_pred.
        vectors: Whether each is a vector (default), or a score.
        signs: Whether y_true holds -1 or 1 for each sample. If False (default), y_true is not read.

    Shapes: y_pred `(batch, count, dim)`, or `(batch, count)` for scores. y_true `(batch,)` or `(batch, 1)`;
    if it is not read, any shape with this batch size. The formula returns `(batch,)`.

    The formula must be finite if y_pred holds only ones, because ones replace a sample of weight 0. A mask
    has a number for each sample, or one for each vector or score. A sample counts if none of its vectors is
    masked.
    """

    def __init__(self, count: int, vectors: bool = True, signs: bool = False):
        self.count, self.vectors, self.signs = count, vectors, signs

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        given = y_true if isinstance(y_true, np.ndarray) else backend.as_tensor(y_true)
        if not self.vectors:
            y_pred = without_class_axis(y_pred, 3, 2)
        sizes = {"batch": None, str(self.count): self.count, "dim": None}
        expected = tuple(sizes)[: 3 if self.vectors else 2]
        if not checks.compatible(y_pred.shape, tuple(sizes[size] for size in expected)):
            raise ValueError(
                f"`y_pred` must have the shape ({', '.join(expected)}) in {name}. "
                f"Received: y_pred.shape={tuple(y_pred.shape)}"
            )
        if not len(given.shape) or not checks.compatible(given.shape[:1], y_pred.shape[:1]):
            raise checks.shapes_differ(given, y_pred, name, "have the batch size of y_pred")
        axes = tuple(range(1, len(expected)))
        if not self.signs:
            return Pair(ops.zeros_like(first_numbers(y_pred)), y_pred, axes)
        labels = without_class_axis(given, 2, 1)
        if len(labels.shape) != 1:
            raise checks.shapes_differ(given, y_pred, name, "hold -1 or 1 for each sample")
        labels, broken = signs_of(name, labels, y_pred)
        return Pair(labels, y_pred, axes, broken=broken)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the vectors of the samples that are not kept by ones."""
        return replace(pair, y_pred=where_kept(keep, pair.y_pred, 1.0))

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Changes nothing: `masked` takes whole samples out."""
        return pair

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        """A sample counts if all its vectors or scores are seen."""
        if len(mask.shape) == 2:
            mask = ops.all(extend_to(mask, 2, "mask", pair.y_pred.shape[:2]), axis=1)
        return pair, extend_to(mask, 1, "mask", pair.y_pred.shape[:1])


class Views(Stacks):
    """Two vectors of each sample, compared by their means and variances over the batch: one value for all.

    y_true is not read. In its place the formula gets the weight of each sample in the means: its sample
    weight, or 1, and 0 if it is masked. It gets zeros for the vectors of weight 0.

    Shapes: y_pred `(batch, 2, dim)`, y_true any shape with this batch size. The formula gets weights
    `(batch,)` and returns a scalar. The loss function returns it for each sample, `(batch,)`.

    A single sample has no variance: a batch of one is a ValueError, and NaN if its size is not known before.
    """

    def __init__(self) -> None:
        super().__init__(2)

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        pair = super().read(name, y_true, y_pred, options)
        if pair.y_pred.shape[0] == 1:
            raise ValueError(
                f"`y_pred` must hold at least 2 samples in {name}, because it compares their variances. "
                f"Received: y_pred.shape={tuple(pair.y_pred.shape)}"
            )
        return replace(pair, y_true=ops.ones_like(pair.y_true), coupled=True)

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        pair, seen = super().masked(pair, mask, options)
        return weighed(pair, ops.cast(seen, pair.y_pred.dtype)), seen

    def weighted(self, pair: Pair, weight: Any) -> tuple[Pair, Any]:
        pair, weight = super().weighted(pair, weight)
        return weighed(pair, weight), weight

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        alone = ops.sum(ops.cast(pair.y_true != 0, "int32")) < 2
        value = formula(pair.y_true, pair.y_pred) * backend.one_or_nan(alone, pair.y_pred.dtype)
        return ops.broadcast_to(value, ops.shape(pair.y_true))


def weighed(pair: Pair, weight: Tensor) -> Pair:
    """The pair with these weights of the samples; the vectors of weight 0 become zeros."""
    return replace(pair, y_true=pair.y_true * weight, y_pred=where_kept(weight != 0, pair.y_pred, 0.0))


def where_kept(keep: Tensor, y_pred: Tensor, otherwise: float) -> Tensor:
    keep = ops.reshape(keep, (-1, *[1] * (len(y_pred.shape) - 1)))
    return ops.where(keep, y_pred, ops.cast(otherwise, y_pred.dtype))


def first_numbers(y_pred: Tensor) -> Tensor:
    """One number for each sample, whatever the other axes are."""
    return y_pred[(slice(None), *[0] * (len(y_pred.shape) - 1))]


def signs_of(name: str, labels: Tensor, y_pred: Tensor) -> tuple[Any, Any]:
    """The signs in the dtype of y_pred, and which of them are neither -1 nor 1 (None: none).

    If the values can be read, such a sign raises ValueError.
    """
    seen = backend.peek(labels)
    signs = ops.cast(backend.as_tensor(labels), y_pred.dtype)
    if seen is None:
        broken = ops.abs(signs) != 1
        return ops.where(broken, 1.0, signs), broken
    wrong = np.abs(seen) != 1
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(
            f"`y_true` must hold -1 or 1 for each sample in {name}. "
            f"Received: y_true={seen[place]} at ({place},). (Write labels of 0 and 1 as `2 * y_true - 1`.)"
        )
    return signs, None
