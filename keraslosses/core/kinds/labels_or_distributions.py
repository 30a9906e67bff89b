"""The kind `LabelsOrDistributions`: a class index or a distribution for each row of y_pred."""

from dataclasses import replace

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.distributions import Distributions
from keraslosses.core.kinds.kind import Pair
from keraslosses.core.kinds.labels import Labels, warn_of_one_class
from keraslosses.core.precision import floating
from keraslosses.core.types import Options, Tensor

INDICES = Labels()


class LabelsOrDistributions(Distributions):
    """Class indices, or distributions over the classes. The formula always gets distributions.

    The classes lie along the option `axis` of the loss function; along the last axis if it has no such
    option. A class index becomes a one-hot row. With an option `ignore_class`, entries with this label have
    loss 0, and the mean does not count them. With an option `class_weights`, there must be one number for
    each class, and the formula itself must apply it. For the reduction `"mean_with_sample_weight"`, the
    weight of an entry is the sum over its classes of target times class weight.

    Args:
        explicit: Whether the formula returns its values with their derivatives, as an `Explicit` of this
            package. Default: False.
        true: The `Range` in which the numbers of y_true must lie. Default: None, all numbers are allowed.
        pred: The `Range` in which the numbers of y_pred must lie, unless the loss has the option
            `from_logits` and it is True. Default: None, all numbers are allowed.
        clipped: Whether the formula itself counts a number just outside its range as the bound. Then compiled
            code moves no numbers. It only finds the rows that become NaN, which is faster. Default: False.

    Shapes: y_pred `(batch, .., classes)`, or with the classes in another axis. y_true has the same shape, or
    holds class indices in [0, classes): then it has the shape of y_pred without the class axis, or with the
    size 1 in this axis. The formula gets both in the shape of y_pred, and returns this shape without the
    class axis.

    The formula must be finite if all inputs are 1, because ones replace a sample of weight 0. A masked class
    gets the target 0, and the probability 0 or the logit -inf.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        y_pred = floating(y_pred)
        y_true = y_true if isinstance(y_true, np.ndarray) else ops.convert_to_tensor(y_true)
        if not holds_rows(y_true, y_pred, options.get("axis", -1)):
            pair = INDICES.read(name, y_true, y_pred, options)
            return replace(pair, y_true=one_hot(pair), trusted=True)
        if not checks.compatible(y_true.shape, y_pred.shape):
            raise checks.shapes_differ(y_true, y_pred, name, "hold class indices or distributions")
        pair = super().read(name, y_true, y_pred, options)
        warn_of_one_class(pair.y_pred, pair.axis)
        return pair


def holds_rows(y_true: Tensor, y_pred: Tensor, axis: int) -> bool:
    """Whether y_true holds a row for each row of y_pred, and no class index.

    With one single class, floats are rows and integers are indices.
    """
    rank = len(y_pred.shape)
    if len(y_true.shape) != rank or rank < 2:
        return False
    axis = checks.axis_in_range(axis, rank)
    if y_pred.shape[axis] == 1:
        return "float" in standardize_dtype(y_true.dtype)
    return all(y_true.shape[place] != 1 or y_pred.shape[place] == 1 for place in (axis, -1))


def one_hot(pair: Pair) -> Tensor:
    """One-hot rows in the shape of y_pred, from a pair whose y_true holds class indices."""
    shape = [1] * len(pair.y_pred.shape)
    shape[pair.axis] = -1
    classes = ops.reshape(ops.arange(ops.shape(pair.y_pred)[pair.axis], dtype="int32"), shape)
    return ops.cast(ops.expand_dims(pair.y_true, pair.axis) == classes, pair.y_pred.dtype)


def weighted(values: Tensor, class_weights: list[float] | None, y_true: Tensor) -> Tensor:
    """The value of each row times the class weight of its target, classes last."""
    if class_weights is None:
        return values
    weights = ops.sum(y_true * numerics.along(-1, class_weights, y_true), axis=-1)
    return numerics.weighed(values, weights, class_weights)
