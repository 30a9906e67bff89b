"""The kind `Masks`: the pixels of regions, with a probability or a logit for each class."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras.backend import is_int_dtype, standardize_dtype

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.class_maps import (
    SOFTMAX,
    ClassPair,
    activation_of,
    probabilities,
    silenced,
    without_unseen,
)
from keraslosses.core.kinds.kind import Pair, tensors_of_one_shape
from keraslosses.core.kinds.labels import class_indices, without_class_axis
from keraslosses.core.kinds.regions import Regions, axes_of
from keraslosses.core.precision import floating
from keraslosses.core.reduction import both, extend_to
from keraslosses.core.types import Options, Shape, Tensor


@dataclass(eq=False, repr=False)
class Truth:
    """What a formula of `Masks` gets in the place of y_true.

    `mask` has the shape of y_pred. `weight` is the weight of each pixel (None: 1). A region spans `axes`.
    """

    mask: Tensor
    weight: Any
    axes: tuple[int, ...]
    class_axis: int

    def total(self, values: Tensor) -> Any:
        """The weighted sum over each region."""
        values = values if self.weight is None else self.weight * values
        return backend.total(values, axis=self.axes) if self.axes else values

    def totals(self, probability: Tensor) -> tuple[Any, Any, Any]:
        """The totals of the mask times a probability, of the mask, and of the probability."""
        if self.weight is None and self.axes:
            return backend.sums_of_both(self.mask, probability, axis=self.axes)
        return tuple(self.total(values) for values in (self.mask * probability, self.mask, probability))

    def pixels(self) -> Any:
        """The number of pixels of each region, or the sum of their weights."""
        return self.total(ops.ones_like(self.mask))

    def absent(self) -> Any:
        """Whether the mask of each region is empty."""
        return self.total(self.mask) == 0

    @property
    def class_place(self) -> int:
        """The class axis of what `total` returns."""
        return self.class_axis - sum(axis < self.class_axis for axis in self.axes)

    def along_classes(self, numbers: Any) -> Any:
        """One number for each class, reshaped so that it can be multiplied with what `total` returns."""
        shape = [1] * (len(self.mask.shape) - len(self.axes))
        shape[self.class_place] = len(numbers)
        return ops.reshape(backend.constant(numbers, self.mask.dtype, self.mask), shape)


@dataclass(eq=False, repr=False)
class Prediction:
    """What a formula of `Masks` gets in the place of y_pred: probabilities, or logits."""

    given: Tensor
    activation: str | None
    class_axis: int
    exclusive: bool

    def probability(self) -> Any:
        return probabilities(self.given, self.activation, self.class_axis)


@dataclass(eq=False, repr=False)
class MaskPair(ClassPair):
    """The pair of `Masks`: also the axes of a region."""

    region: tuple[int, ...] = ()
    exclusive: bool = True
    skip_absent: bool = False

    def truth(self) -> Truth:
        return Truth(self.y_true, self.inner, self.region, self.class_axis)

    def prediction(self) -> Prediction:
        return Prediction(self.y_pred, self.activation, self.class_axis, self.exclusive)


class Masks(Regions):
    """A mask and a prediction for each class. A loss compares them over regions, such as images.

    The formula gets a `Truth` and a `Prediction` in the place of both tensors. The loss function has the
    options of `keraslosses.losses.overlap_counts.OPTIONS`.

    Args:
        by_class: Whether the formula gives a value for each class. Else it consumes the class axis, and
            `axis=None` stands for all axes but those of the batch and the classes. Default: True.
        of_sums: Whether each value is made of sums over the mask and over the probabilities of its region.
            Default: False.
    """

    def __init__(self, by_class: bool = True, of_sums: bool = False):
        self.by_class = by_class
        self.of_sums = of_sums

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        if len(y_pred.shape) == 1:
            y_pred = ops.expand_dims(y_pred, -1)
        rank = len(y_pred.shape)
        class_axis = checks.class_axis(options["class_axis"], max(rank, 2), name)
        mask, y_pred, valid, trusted = masks_of(name, y_true, y_pred, class_axis, options["ignore_class"])
        weights = options["class_weights"]
        checks.vector_length("class_weights", weights, y_pred.shape[class_axis])
        region = self.region(options, rank, class_axis)
        consumed = region if self.by_class else tuple(sorted((*region, class_axis)))
        exclusive = not options["multi_label"] and y_pred.shape[class_axis] != 1
        pair = MaskPair(
            mask,
            y_pred,
            consumed[1:] if self.by_class and options["axis"] is None else consumed,
            coupled=0 in region,
            trusted=trusted,
            region=region,
            class_axis=class_axis,
            activation=activation_of(y_pred, class_axis, options["from_logits"], options["multi_label"]),
            exclusive=exclusive,
            skip_absent=self.by_class and options["absent"] == "skip",
        )
        if weights is not None and self.by_class:
            pair = replace(pair, class_weight=pair.truth().along_classes(weights))
        if valid is None:
            return pair
        known, seen = self.without(pair, ops.expand_dims(valid, class_axis), options)
        return replace(known, valid=seen)

    def region(self, options: Options, rank: int, class_axis: int) -> tuple[int, ...]:
        """The axes that a region spans."""
        axis = options["axis"]
        if axis is None and not self.by_class:
            return tuple(i for i in range(1, rank) if i != class_axis)
        axes = axes_of(axis, rank)
        if class_axis not in axes:
            return axes
        if not self.by_class:
            raise checks.invalid("axis", f"leave the class axis, {class_axis}", axis)
        for option, usual in (("class_weights", None), ("absent", "count")):
            if options[option] != usual:
                raise checks.invalid("axis", f"leave the class axis, {class_axis}, for `{option}`", axis)
        return axes

    def shows_each_nan(self, pair: Any) -> bool:
        """A sum shows each NaN. But a class that is absent leaves the mean with what was predicted for it."""
        return self.of_sums and not pair.skip_absent

    def silence(self, pair: Any, keep: Tensor) -> Pair:
        return silenced(super().silence, pair, keep)

    def hide(self, pair: Any, seen: Tensor, options: Options) -> Pair:
        """Gives the elements that are not seen the weight 0, and replaces their inputs."""
        y_true = ops.where(seen, pair.y_true, ops.zeros_like(pair.y_true))
        counts = ops.cast(seen, pair.y_pred.dtype)
        inner = counts if pair.inner is None else counts * pair.inner
        return replace(pair, y_true=y_true, y_pred=without_unseen(pair, seen), inner=inner)

    def without(self, pair: Any, seen: Tensor, options: Options) -> tuple[Pair, Any]:
        """The pair without the elements that are not seen, and which regions have an element that is seen."""
        known = seen if pair.inner is None else ops.logical_and(seen, pair.inner != 0)
        sizes = ops.shape(pair.y_pred)
        shape = [size for i, size in enumerate(sizes) if i not in pair.axes]
        some = ops.any(known, axis=pair.axes) if pair.axes else known
        return self.hide(pair, seen, options), ops.broadcast_to(some, shape)

    def masked(self, pair: Any, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        return self.without(pair, of_pixels(mask, pair, "mask"), options)

    def weighted(self, pair: Any, weight: Any) -> tuple[Pair, Any]:
        """The weights of pixels become part of the pair; other weights multiply the result."""
        if not is_of_pixels(tuple(weight.shape), pair):
            return super().weighted(pair, weight)
        weight = of_pixels(weight, pair, "sample_weight")
        seen = counted = weight != 0
        if pair.activation == SOFTMAX:  # A class of weight 0 is still part of the softmax of the others.
            counted = ops.any(seen, axis=pair.class_axis, keepdims=True)
        pair = self.hide(pair, counted, {})
        y_true = ops.where(seen, pair.y_true, ops.zeros_like(pair.y_true))
        return replace(pair, y_true=y_true, inner=pair.inner * weight), None

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Any, faster: Any = None) -> Any:
        truth = pair.truth()
        values = formula(truth, pair.prediction())
        if self.by_class and len(pair.axes) < len(pair.region):
            return ops.broadcast_to(values, (ops.shape(pair.y_pred)[0],))
        if pair.class_weight is not None:
            values = values * pair.class_weight
        if not pair.skip_absent:
            return values
        absent = truth.absent()
        return ops.where(absent, ops.zeros_like(values), values), ops.logical_not(absent)

    def counted(self, found: Any, valid: Tensor) -> tuple[Any, Any]:
        values, present = found if isinstance(found, tuple) else (found, None)
        return values, both(valid, present)


def masks_of(name: str, y_true: Tensor, y_pred: Tensor, class_axis: int, ignore: int | None) -> Any:
    """The masks, y_pred, which pixels are valid (None: all), and whether the masks lie in their range."""
    y_true = y_true if isinstance(y_true, np.ndarray) else ops.convert_to_tensor(y_true)
    labels = labels_of(y_true, y_pred, class_axis, ignore)
    if labels is not None:
        mask, valid = masks_of_labels(name, labels, y_pred, class_axis, ignore)
        return mask, y_pred, valid, True
    if ignore is not None:
        raise ValueError(
            "`y_true` must hold integer class indices, without the class axis, if `ignore_class` is given to "
            f"{name}. Received: y_true.shape={tuple(y_true.shape)}, y_true.dtype={y_true.dtype}, "
            f"y_pred.shape={tuple(y_pred.shape)}, ignore_class={ignore}"
        )
    if len(y_true.shape) == len(y_pred.shape) - 1 and y_pred.shape[class_axis] == 1:
        y_true = ops.expand_dims(y_true, class_axis)
    return *tensors_of_one_shape(name, y_true, y_pred), None, False


def labels_of(y_true: Tensor, y_pred: Tensor, class_axis: int, ignore: int | None) -> Any:
    """y_true without the class axis if it holds class indices, else None.

    Without an `ignore_class`, integers for a single class are its mask.
    """
    if not (len(y_pred.shape) and is_int_dtype(standardize_dtype(y_true.dtype))):
        return None
    if ignore is None and y_pred.shape[class_axis] == 1:
        return None
    labels = without_class_axis(y_true, len(y_pred.shape), class_axis)
    expected = [size for i, size in enumerate(y_pred.shape) if i != class_axis]
    return labels if checks.compatible(labels.shape, expected) else None


def masks_of_labels(name: str, labels: Any, y_pred: Tensor, class_axis: int, ignore: int | None) -> Any:
    """A mask for each class, NaN where a label is out of range, and which pixels are valid.

    For a single class, the labels are 0 and 1.
    """
    classes, dtype = ops.shape(y_pred)[class_axis], y_pred.dtype
    indices, valid, broken = class_indices(name, "y_true", labels, 2 if classes == 1 else classes, ignore)
    indices = ops.expand_dims(indices, class_axis)
    if classes == 1:
        mask = ops.cast(indices, dtype)
    else:
        shape = [-1 if i == class_axis else 1 for i in range(len(y_pred.shape))]
        mask = ops.cast(indices == ops.reshape(ops.arange(classes, dtype="int32"), shape), dtype)
    if broken is not None:
        mask = mask + ops.expand_dims(backend.nan_where(broken, dtype), class_axis)
    return mask, valid


def without_classes(shape: Any, class_axis: int) -> list[Any]:
    return [size for i, size in enumerate(shape) if i != class_axis]


def fits(shape: Any, expected: Any) -> bool:
    """Whether a static shape can be broadcast to another one of the same rank."""
    return len(shape) == len(expected) and all(
        a is None or b is None or a in (1, b) for a, b in zip(shape, expected, strict=True)
    )


def is_of_pixels(shape: Shape, pair: MaskPair) -> bool:
    """Whether sample weights of this shape are those of pixels.

    They have the shape of y_true, with the class axis or without it. `(batch,)` and `(batch, 1)` are the
    weights of samples. If the region spans the classes of one pixel, the result has a value for each pixel.
    """
    if len(shape) < 2 or (len(shape) == 2 and shape[1] == 1):
        return False
    full = pair.y_pred.shape
    if pair.region == (pair.class_axis,) and (len(shape) < len(full) or shape[-1] == 1):
        return False
    return fits(shape, full) or fits(shape, without_classes(full, pair.class_axis))


def of_pixels(tensor: Any, pair: MaskPair, argument: str) -> Any:
    """A mask or weights with the rank of y_pred."""
    full = pair.y_pred.shape
    if fits(tensor.shape, without_classes(full, pair.class_axis)):
        return ops.expand_dims(tensor, pair.class_axis)
    return extend_to(tensor, len(full), argument, full)
