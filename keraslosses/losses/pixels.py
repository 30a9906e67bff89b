"""The kind `Pixels`: a class for each pixel of an image, and a value for each image."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import Range
from keraslosses.core.kinds.kind import Kind, Pair, tensors_of_one_shape
from keraslosses.core.kinds.labels import class_indices, warn_of_one_class, without_class_axis
from keraslosses.core.precision import floating
from keraslosses.core.reduction import extend_to
from keraslosses.core.types import Options, Shape, Tensor
from keraslosses.losses.anchors import of_images
from keraslosses.losses.lovasz_extension import lovasz_extension


class Errors(NamedTuple):
    """The error of each pixel for each class, `(batch, classes, pixels)`.

    `members` says which pixels belong to which class. The value of an image is the mean over its classes,
    each times its class weight. With `present_only`, this mean leaves out the classes that have no pixel.
    """

    sizes: Tensor
    members: Tensor
    class_weights: Any = None
    present_only: bool = False


@dataclass(eq=False, repr=False)
class PixelPair(Pair):
    """Labels `(batch, pixels)`, predictions `(batch, classes, pixels)`, and in `inner` the weights of pixels.

    `images` is the shape of the labels as they were given, and `static` is what is known of it before the
    code runs.
    """

    images: Any = ()
    static: Shape = ()

    def per_pixel(self, tensor: Tensor, argument: str) -> Tensor:
        """A mask or weights as `(batch, pixels)`. They have the axes of the labels, or the first of them."""
        tensor = extend_to(tensor, len(self.static), argument, self.static)
        return flat(ops.broadcast_to(tensor, self.images))


class Pixels(Kind):
    """One class index for each pixel in y_true, and numbers for each class in y_pred. A value for each image.

    The classes lie along the option `class_axis`, and y_true may be one-hot. Without such an option, y_pred
    has one number for each pixel, and the classes are 0 and 1. If the option `per_image` is False, the pixels
    of the whole batch are one image, and each sample gets its value. Pixels with the label `ignore_class` and
    masked pixels have no part in any value. Weights of pixels are their sizes in the sets that are compared.
    """

    def __init__(self, pred: Range | None = None):
        self.pred = pred

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> PixelPair:
        if "class_axis" in options:
            labels, scores = labels_and_scores(name, y_true, y_pred, options["class_axis"])
            warn_of_one_class(scores, 1)
            classes = scores.shape[1]
            checks.vector_length("class_weights", options["class_weights"], classes)
        else:
            labels, scores = tensors_of_one_shape(name, y_true, y_pred)
            scores, classes = ops.expand_dims(scores, 1), 2
        images, static = ops.shape(labels), tuple(labels.shape)
        labels, valid, broken = class_indices(name, "y_true", labels, classes, options["ignore_class"])
        scores = flat(scores, 2)
        pair = PixelPair(
            flat(labels),
            scores,
            (1, 2),
            broken=None if broken is None else ops.any(flat(broken), axis=1),
            inner=ops.ones_like(scores[:, 0]),
            coupled=not options["per_image"],
            images=images,
            static=static,
        )
        if broken is not None and pair.coupled:
            pair = replace(pair, broken=ops.logical_or(pair.broken, ops.any(pair.broken)))
        if valid is None:
            return pair
        return replace(self.hide(pair, flat(valid), options), valid=ops.any(flat(valid), axis=1))

    def hide(self, pair: Any, seen: Tensor, options: Options) -> Any:
        """Gives the pixels that are not seen the weight 0. `seen` is `(batch, pixels)`."""
        y_pred = ops.where(seen[:, None], pair.y_pred, ops.zeros_like(pair.y_pred))
        return replace(pair, y_pred=y_pred, inner=ops.where(seen, pair.inner, ops.zeros_like(pair.inner)))

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the predictions for the images that are not kept by zeros."""
        y_pred = ops.where(keep[:, None, None], pair.y_pred, ops.zeros_like(pair.y_pred))
        return replace(pair, y_pred=y_pred)

    def spread(self, pair: Pair, outside: Any) -> Tensor:
        """Marks all numbers of a pixel: the class whose number is out of range may not be there."""
        return ops.any(outside, axis=1, keepdims=True)

    @property
    def whole_rows(self) -> bool:
        return True

    def masked(self, pair: Any, mask: Tensor, options: Options) -> tuple[Pair, Tensor]:
        """Hides the masked pixels. An image is valid if it has other pixels."""
        pair = self.hide(pair, pair.per_pixel(mask, "mask"), options)
        return pair, ops.any(pair.inner != 0, axis=1)

    def weighted(self, pair: Any, weight: Tensor) -> tuple[Pair, Any]:
        """Weights of images multiply the values, weights of pixels count in the sets."""
        if of_images(weight):
            return super().weighted(pair, weight)
        weight = pair.per_pixel(weight, "sample_weight")
        pair = self.hide(pair, weight != 0, {})
        return replace(pair, inner=pair.inner * weight), None

    def evaluate(self, formula: Callable[[Any, Any], Errors], pair: Pair, faster: Any = None) -> Any:
        values = of_images_or_batch(formula(pair.y_true, pair.y_pred), pair.inner, pair.coupled)
        return ops.broadcast_to(values, ops.shape(pair.y_pred)[:1])


def labels_and_scores(name: str, y_true: Tensor, y_pred: Tensor, class_axis: int) -> tuple[Any, Any]:
    """The class indices of the pixels, and y_pred with the classes in axis 1."""
    y_pred = floating(y_pred)
    given = y_true if isinstance(y_true, np.ndarray) else ops.convert_to_tensor(y_true)
    rank = len(y_pred.shape)
    if rank < 2:
        raise checks.shapes_differ(given, y_pred, name, "come with a y_pred that has a class axis")
    axis = checks.class_axis(class_axis, rank, name)
    pixels = tuple(size for place, size in enumerate(y_pred.shape) if place != axis)
    if len(given.shape) == rank and given.shape[axis] != 1 and checks.compatible(given.shape, y_pred.shape):
        labels = indices_of_one_hot(name, numerics.last(ops.convert_to_tensor(given), axis))
    else:
        labels = without_class_axis(given, rank, axis)
    if not checks.compatible(labels.shape, pixels):
        expected = "hold a class index for each pixel, or one-hot rows,"
        raise checks.shapes_differ(given, y_pred, name, expected)
    order = (0, axis, *(place for place in range(1, rank) if place != axis))
    return labels, ops.transpose(y_pred, order)


def indices_of_one_hot(name: str, rows: Tensor) -> Tensor:
    """The class of each one-hot row along the last axis; for another row -1, or an error if it is read."""
    ones, others = (ops.sum(ops.cast(wanted, "int32"), axis=-1) for wanted in (rows == 1, rows != 0))
    one_hot = ops.logical_and(ones == 1, others == 1)
    seen = backend.peek(one_hot)
    if seen is not None and not seen.all():
        place = tuple(int(i) for i in np.argwhere(~seen)[0])
        row = ops.convert_to_numpy(rows)[place].tolist()
        raise ValueError(
            f"`y_true` must hold class indices or one-hot rows in {name}. Received: y_true={row} at {place}"
        )
    return ops.where(one_hot, ops.cast(ops.argmax(rows, axis=-1), "int32"), -1)


def flat(tensor: Tensor, kept: int = 1) -> Tensor:
    """The tensor with its axes after the first `kept` ones joined to one axis."""
    sizes = ops.shape(tensor)
    return ops.reshape(tensor, (*sizes[:kept], math.prod(sizes[kept:])))


def of_images_or_batch(errors: Errors, weights: Tensor, whole: bool) -> Any:
    """The value of each image, `(batch,)`, or of the whole batch as one image, `(1,)`."""
    nothing = ops.zeros_like(errors.sizes)
    inside = ops.where(errors.members, weights[:, None], nothing)
    outside = ops.where(errors.members, nothing, weights[:, None])
    sets = errors.sizes, inside, outside
    if whole:
        sets = tuple(flat(ops.transpose(x, (1, 0, 2)))[None] for x in sets)
    values = lovasz_extension(*sets)
    if errors.class_weights is not None:
        values = values * backend.constant(errors.class_weights, values.dtype, values)[None]
    present = ops.cast(ops.any(sets[1] != 0, axis=-1), values.dtype) if errors.present_only else None
    return numerics.mean(values, -1, present)
