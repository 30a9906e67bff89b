"""Soft clDice: the overlap of thin structures, measured along their center lines."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.class_maps import ClassPair, activation_of, silenced, without_unseen
from keraslosses.core.kinds.kind import Pair, tensors_of_one_shape
from keraslosses.core.kinds.regions import Regions
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Options, Tensor
from keraslosses.losses.class_shares import class_shares


class Compared(NamedTuple):
    """The true masks and the probabilities, and how their skeletons are compared."""

    masks: Tensor
    shares: Tensor
    iterations: int
    smooth: float


class Images(Regions):
    """Masks of images of two or three dimensions. A value for each image and class."""

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_true, y_pred = tensors_of_one_shape(name, y_true, y_pred)
        rank = len(y_pred.shape)
        if rank not in (4, 5):
            raise checks.shapes_differ(
                y_true, y_pred, name, "have a batch, two or three axes of an image, and a class axis"
            )
        axis = checks.class_axis(options["class_axis"], rank, name)
        return ClassPair(
            y_true,
            y_pred,
            tuple(place for place in range(1, rank) if place != axis),
            class_axis=axis,
            activation=activation_of(y_pred, axis, options["from_logits"], options["multi_label"]),
        )

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        return silenced(super().silence, pair, keep)

    def hide(self, pair: Any, seen: Tensor, options: Options) -> Pair:
        """Empties the masks where they are not seen. Logits become probabilities first, in the formula."""
        hidden = super().hide(pair, seen, options)
        return replace(hidden, y_pred=without_unseen(pair, seen), inner=seen)

    def evaluate(self, formula: Callable[[Any, Any], Compared], pair: Pair, faster: Any = None) -> Any:
        found = formula(pair.y_true, pair.y_pred)
        if pair.inner is not None:
            found = found._replace(shares=ops.where(pair.inner, found.shares, ops.zeros_like(found.shares)))
        return without_overlap(found, pair.axes)


@loss_function(
    Images(),
    iterations=checks.positive_integer,
    smooth=checks.positive,
    from_logits=checks.boolean,
    multi_label=checks.boolean,
    class_axis=checks.integer,
)
def soft_cl_dice(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    iterations: int = 3,
    smooth: float = 1.0,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
) -> Any:
    """One minus the soft clDice of two masks.

    See `SoftClDice` for the formula and the choices.

    Args:
        y_true: Masks: numbers in [0, 1].
        y_pred: Predicted probabilities, or logits if `from_logits`.
        iterations: How often the skeleton is thinned, at least 1. Default: 3.
        smooth: Added to both parts of each ratio, above 0. Default: 1.
        from_logits: Whether y_pred holds logits. Default: False.
        multi_label: Whether logits become probabilities by a sigmoid each. Default: False, by a softmax along
            `class_axis`, or by a sigmoid if this axis has the size 1.
        class_axis: The axis with the classes. Default: -1.

    Shapes: y_true and y_pred `(batch, height, width, classes)`, or with three axes of an image; result
    `(batch, classes)`.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, or numbers outside [0, 1].

    Example:

    >>> line = [[[[0.0], [1.0], [0.0]]] * 3]
    >>> print(round(float(keraslosses.soft_cl_dice(line, [[[[0.0], [0.5], [0.0]]] * 3])[0, 0]), 4))
    0.2308
    """
    shares = class_shares(y_pred, from_logits, multi_label, class_axis)
    return Compared(y_true, shares, iterations, smooth)


def without_overlap(found: Compared, axes: tuple[int, ...]) -> Any:
    """One minus the clDice over the axes of an image."""
    masks, shares, iterations, smooth = found
    precision = share_covered(soft_skeleton(shares, axes, iterations), masks, axes, smooth)
    sensitivity = share_covered(soft_skeleton(masks, axes, iterations), shares, axes, smooth)
    return 1.0 - 2.0 * precision * sensitivity / (precision + sensitivity)


def share_covered(skeleton: Tensor, mask: Tensor, axes: tuple[int, ...], smooth: float) -> Any:
    """How much of a skeleton lies in a mask."""
    covered, whole = backend.total(skeleton * mask, axis=axes), backend.total(skeleton, axis=axes)
    return (covered + smooth) / (whole + smooth)


def soft_skeleton(image: Tensor, axes: tuple[int, ...], iterations: int) -> Any:
    """What is thin at some stage of the erosion: the pixels that an opening would remove."""
    skeleton = ops.zeros_like(image)
    for _ in range(iterations + 1):
        eroded = eroded_by_cross(image, axes)
        thin = backend.at_least(image - dilated_by_window(eroded, axes), 0.0)
        skeleton = skeleton + backend.at_least(thin - skeleton * thin, 0.0)
        image = eroded
    return skeleton


def eroded_by_cross(image: Tensor, axes: tuple[int, ...]) -> Any:
    """The smallest number of each pixel and its neighbours along the axes."""
    return functools.reduce(backend.smaller, [of_three(backend.smaller, image, axis) for axis in axes])


def dilated_by_window(image: Tensor, axes: tuple[int, ...]) -> Any:
    """The largest number of each pixel and all its neighbours, also the diagonal ones."""
    for axis in axes:
        image = of_three(backend.larger, image, axis)
    return image


def of_three(chosen: Any, image: Tensor, axis: int) -> Any:
    """The smaller or larger number of each pixel and its two neighbours along an axis."""
    first, last = [slice(None)] * len(image.shape), [slice(None)] * len(image.shape)
    first[axis], last[axis] = slice(0, 1), slice(-1, None)
    but_first, but_last = [*first], [*last]
    but_first[axis], but_last[axis] = slice(1, None), slice(0, -1)
    before = ops.concatenate([image[tuple(first)], image[tuple(but_last)]], axis=axis)
    after = ops.concatenate([image[tuple(but_first)], image[tuple(last)]], axis=axis)
    return chosen(chosen(before, after), image)


@saved
class SoftClDice(FunctionLoss):
    """Soft clDice: for thin structures such as vessels and roads, which must stay connected.

    ```
    loss = 1 - 2 Tprec Tsens / (Tprec + Tsens)
    Tprec = (Σ s(p) y + smooth) / (Σ s(p) + smooth),    Tsens = (Σ s(y) p + smooth) / (Σ s(y) + smooth)
    ```

    s is the soft skeleton: the image is eroded by a cross, `iterations` times. At each stage, the skeleton
    gets the pixels that an erosion by a cross and a dilation by a full window would remove.

    Args:
        iterations: How often the skeleton is thinned, at least 1: half the width of the widest structure.
            Default: 3.
        smooth: Added to both parts of each ratio, above 0. Default: 1.
        from_logits: Whether y_pred holds logits. Default: False.
        multi_label: Whether logits become probabilities by a sigmoid each. Default: False, by a softmax along
            `class_axis`, or by a sigmoid if this axis has the size 1.
        class_axis: The axis with the classes. Default: -1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, height, width, classes)`, or with three axes of an image; values
    `(batch, classes)`.

    Pixels outside the image have no part in an erosion or dilation. A mask makes pixels empty in both images.
    Equal numbers share the gradient of a minimum or maximum. The loss alone does not see how thick a
    structure is: the authors add it to Dice loss.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, or numbers outside [0, 1] when the
            values can be read. In compiled code, the value is NaN.

    Source: Shit et al., clDice, 2021, algorithms 1 and 2.

    Example:

    >>> line = [[[[0.0], [1.0], [0.0]]] * 3]
    >>> loss = keraslosses.SoftClDice()
    >>> print(round(float(loss(line, [[[[0.0], [0.5], [0.0]]] * 3])), 4))
    0.2308
    """

    def __init__(
        self,
        iterations: int = 3,
        smooth: float = 1.0,
        from_logits: bool = False,
        multi_label: bool = False,
        class_axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "soft_cl_dice",
        dtype: DType = None,
    ):
        super().__init__(
            soft_cl_dice,
            reduction,
            name,
            dtype,
            iterations=iterations,
            smooth=smooth,
            from_logits=from_logits,
            multi_label=multi_label,
            class_axis=class_axis,
        )
