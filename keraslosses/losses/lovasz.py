"""Lovász losses: the Jaccard loss of the pixels that are wrong, made continuous."""

from collections.abc import Sequence
from typing import Any

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.domain import PROBABILITIES
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.pixels import Errors, Pixels


@loss_function(Pixels(), per_image=checks.boolean, ignore_class=checks.optional_integer)
def lovasz_hinge(
    y_true: Tensor, y_pred: Tensor, *, per_image: bool = True, ignore_class: int | None = None
) -> Any:
    """The Lovász extension of the Jaccard loss, over the hinge errors of the pixels of one class.

    See `LovaszHinge` for the formula and the choices.

    Args:
        y_true: Masks: 1 for the pixels of the class, 0 for the others.
        y_pred: Logits, of the shape of y_true.
        per_image: True (default): each image has its own value. False: the pixels of the batch are one image.
        ignore_class: None (default), or the label of the pixels that have no part in the loss.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, result `(batch,)`. One of them may have one more axis of
    size 1 at the end.

    Raises:
        ValueError: for an option out of range, a label other than 0, 1 and `ignore_class`, or shapes that
            differ.

    Example:

    >>> print(round(float(keraslosses.lovasz_hinge([[1, 1, 0]], [[2.0, -1.0, 0.5]])[0]), 4))
    1.25
    """
    members = (y_true == 1)[:, None]
    return Errors(1.0 + ops.where(members, -y_pred, y_pred), members)


@loss_function(
    Pixels(PROBABILITIES),
    per_image=checks.boolean,
    classes=checks.one_of("present", "all"),
    from_logits=checks.boolean,
    class_axis=checks.integer,
    ignore_class=checks.optional_integer,
    class_weights=checks.optional_weights,
)
def lovasz_softmax(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    per_image: bool = False,
    classes: str = "present",
    from_logits: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Sequence[float] | None = None,
) -> Any:
    """The mean over the classes of the Lovász extension of the Jaccard loss.

    See `LovaszSoftmax` for the formula and the choices.

    Args:
        y_true: The class of each pixel: an index in [0, C), or a one-hot row along `class_axis`.
        y_pred: Probabilities of the C classes, or logits if `from_logits`.
        per_image: False (default): the pixels of the batch are one image. True: each image has its own value.
        classes: `"present"` (default): the mean is over the classes that have a pixel in y_true. `"all"`: it
            is over all classes.
        from_logits: Whether y_pred holds logits. Default: False.
        class_axis: The axis of y_pred with the classes. Default: -1.
        ignore_class: None (default), or the label of the pixels that have no part in the loss.
        class_weights: None (default), or one number of at least 0 for each class, a factor of its value.

    Shapes: y_pred `(batch, d0, .. dN, C)`, y_true the same without the C, or one-hot with it; result
    `(batch,)`.

    Raises:
        ValueError: for an option out of range, a label that is no class, a row that is not one-hot, a list of
            weights of the wrong length, or shapes that do not fit.

    Example:

    >>> y_pred = [[[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]]]
    >>> print(round(float(keraslosses.lovasz_softmax([[0, 0, 1]], y_pred)[0]), 4))
    0.4167
    """
    shares = numerics.softmax(y_pred, 1) if from_logits else y_pred
    indices = ops.arange(y_pred.shape[1], dtype="int32")
    members = y_true[:, None] == indices[None, :, None]
    sizes = ops.where(members, 1.0 - shares, shares)
    return Errors(sizes, members, class_weights, present_only=classes == "present")


@saved
class LovaszHinge(FunctionLoss):
    """Lovász hinge: for the intersection over union of one class, from logits.

    ```
    loss = Σ_i g_i max(0, m_i),    m_i = 1 - z_i (2 y_i - 1)
    ```

    The pixels become wrong in the order of their errors m, the largest first. g_i is how much the Jaccard
    loss, 1 - intersection / union, rises when pixel i becomes wrong. If each error is 0 or 1, the loss is the
    Jaccard loss of the wrong pixels.

    Args:
        per_image: True (default): each image has its own value. False: the pixels of the batch are one image.
        ignore_class: None (default), or the label of the pixels that have no part in the loss.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_true and y_pred `(batch, d0, .. dN)`, values `(batch,)`. One of them may have one more axis of
    size 1 at the end. y_pred holds logits: there is no sigmoid before this loss.

    An image without a pixel of the class costs its largest error above 0. Each g is constant in the gradient.
    Pixels with equal errors become wrong together, members of the class first or last: their g are the mean
    of both orders, so they do not depend on the order of the pixels. The gradient is 0 at an error of 0. An
    image with no pixel that counts leaves the mean. With `per_image=False`, each sample gets the value of the
    batch, and sample weights `(batch,)` multiply the result only. Weights of pixels count in intersection and
    union.

    Raises:
        ValueError: for an option out of range, shapes that differ, or a label other than 0, 1 and
            `ignore_class` when the values can be read. In compiled code, the value is NaN.

    Source: Berman et al., The Lovász-Softmax loss, 2018, equations 7 and 9.

    Example:

    >>> loss = keraslosses.LovaszHinge()
    >>> print(round(float(loss([[1, 1, 0]], [[2.0, -1.0, 0.5]])), 4))
    1.25
    """

    def __init__(
        self,
        per_image: bool = True,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "lovasz_hinge",
        dtype: DType = None,
    ):
        super().__init__(lovasz_hinge, reduction, name, dtype, per_image=per_image, ignore_class=ignore_class)


@saved
class LovaszSoftmax(FunctionLoss):
    """Lovász-Softmax: for the mean intersection over union of several classes.

    ```
    loss = mean over classes c of Σ_i g_i(c) m_i(c),    m_i(c) = 1 - p_i(c) if y_i = c, else p_i(c)
    ```

    For each class, the pixels become wrong in the order of their errors m, the largest first. g_i is how much
    the Jaccard loss of the class rises when pixel i becomes wrong.

    Args:
        per_image: False (default): the pixels of the batch are one image. True: each image has its own value.
        classes: `"present"` (default): the mean is over the classes that have a pixel in y_true. `"all"`: it
            is over all classes, and one without a pixel costs its largest error.
        from_logits: Whether y_pred holds logits. Default: False.
        class_axis: The axis of y_pred with the classes. Default: -1.
        ignore_class: None (default), or the label of the pixels that have no part in the loss.
        class_weights: None (default), or one number of at least 0 for each class. They multiply the values of
            the classes before the mean over them. No mean divides by them.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, d0, .. dN, C)`, y_true the same without the C, or one-hot with it; values
    `(batch,)`.

    Probabilities are taken as they are, not divided by their sum. Equal errors, images with no pixel that
    counts, and weights: see `LovaszHinge`.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, or a list of weights of the wrong
            length. When the values can be read, also for a label that is no class, a row that is not one-hot,
            or numbers outside [0, 1]. In compiled code, the value is NaN.

    Source: Berman et al., The Lovász-Softmax loss, 2018, equations 8, 9 and 11.

    Example:

    >>> loss = keraslosses.LovaszSoftmax()
    >>> print(round(float(loss([[0, 0, 1]], [[[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]]])), 4))
    0.4167
    """

    def __init__(
        self,
        per_image: bool = False,
        classes: str = "present",
        from_logits: bool = False,
        class_axis: int = -1,
        ignore_class: int | None = None,
        class_weights: Sequence[float] | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "lovasz_softmax",
        dtype: DType = None,
    ):
        super().__init__(
            lovasz_softmax,
            reduction,
            name,
            dtype,
            per_image=per_image,
            classes=classes,
            from_logits=from_logits,
            class_axis=class_axis,
            ignore_class=ignore_class,
            class_weights=class_weights,
        )
